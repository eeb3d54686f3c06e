/* onion/circ/circ_lookup.c - the names that a circuit's exit is asked for
 *
 * Theory of operation
 *	A question is a name that the exit is being asked for.  Whoever asks
 *	for it meanwhile waits with the first; whoever asks later hears when
 *	the turn ends what was answered then, as long as its TTL lasts.  Both
 *	are common: a resolver asks for A and AAAA at once, which RESOLVE does
 *	not tell apart, and then another program asks for the same name.
 *
 *	  question --addresses--> fact --TTL, or CIRC_FACTS_MAX newer ones--> .
 *	      '------ anything else -----> .
 *
 *	Facts go with the circuit.  So nobody sees them, not even by time, but
 *	who uses the circuit anyway; and an exit that answers each client with
 *	an address of its own, to know it again, does so no longer than it
 *	knows it by the circuit.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "onion/circ/circ_int.h"

enum { BUCKETS = 256 };

struct answer {			/* an address */
	struct addr	 addr;
	uint32_t	 ttl;		/* s */
	uint8_t		 type;
};

struct fact {
	LIST_ENTRY(fact) bucket;
	TAILQ_ENTRY(fact) age;
	int64_t		 since, until;	/* ms */
	size_t		 n;
	struct answer	*answers;	/* behind it */
	char		 name[RELAY_HOST_MAX + 1];
};

struct question {
	struct lookup	 l;		/* first */
	LIST_ENTRY(question) bucket;
	struct circ	*circ;
	TAILQ_HEAD(, circ_lookup) askers;
	uint8_t		 over;		/* they are being told */
	char		 name[];	/* in small letters */
};

struct circ_lookup {		/* one who asks */
	TAILQ_ENTRY(circ_lookup) link;
	struct question	*question;	/* NULL: it is due */
	struct circ_names *names;
	circ_lookup_fn	*fn;
	void		*arg;
	size_t		 n;		/* due: what will be told */
	struct answer	 answers[CIRC_FACT_ANSWERS_MAX];
};

struct circ_names {
	struct circ	*circ;
	struct hash_key	 key;
	LIST_HEAD(, question) questions[BUCKETS];
	LIST_HEAD(, fact) facts[BUCKETS];
	TAILQ_HEAD(, fact) by_age;	/* the oldest first */
	size_t		 nfacts;
	TAILQ_HEAD(, circ_lookup) due;	/* told when the turn ends */
	struct loop_item turn;
};

static size_t
bucket_of(const struct circ_names *s, const char *name)
{
	return hash_keyed(&s->key, name, strlen(name)) % BUCKETS;
}

/* --- facts --- */

static void
forget(struct circ_names *s, struct fact *f)
{
	LIST_REMOVE(f, bucket);
	TAILQ_REMOVE(&s->by_age, f, age);
	s->nfacts--;
	free(f);
}

static struct fact *
known(struct circ_names *s, const char *name)
{
	struct fact *f;

	LIST_FOREACH(f, &s->facts[bucket_of(s, name)], bucket)
		if (strcmp(f->name, name) == 0)
			break;
	if (f && f->until <= s->circ->conf.loop->now) {
		forget(s, f);
		return NULL;
	}
	return f;
}

/* Only addresses, and not more than anybody has use for. */
static int
is_worth_keeping(const struct resolved *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((v[i].type != RESOLVED_V4 && v[i].type != RESOLVED_V6) ||
		    v[i].addr.family == 0)
			return 0;
	return n > 0 && n <= CIRC_FACT_ANSWERS_MAX;
}

static void
learn(struct circ_names *s, const char *name, const struct resolved *v,
    size_t n)
{
	uint32_t ttl = CIRC_FACT_S;
	struct fact *f;
	size_t i;

	if (!is_worth_keeping(v, n))
		return;
	for (i = 0; i < n; i++)
		if (v[i].ttl < ttl)
			ttl = v[i].ttl;
	if (ttl == 0 ||
	    (f = calloc(1, sizeof(*f) + n * sizeof(*f->answers))) == NULL)
		return;
	if (s->nfacts == CIRC_FACTS_MAX)
		forget(s, TAILQ_FIRST(&s->by_age));
	f->since = s->circ->conf.loop->now;
	f->until = f->since + (int64_t)ttl * 1000;
	memcpy(f->name, name, strlen(name) + 1);
	f->answers = (struct answer *)(void *)(f + 1);
	for (f->n = 0; f->n < n; f->n++) {
		f->answers[f->n].addr = v[f->n].addr;
		f->answers[f->n].ttl = v[f->n].ttl;
		f->answers[f->n].type = v[f->n].type;
	}
	LIST_INSERT_HEAD(&s->facts[bucket_of(s, name)], f, bucket);
	TAILQ_INSERT_TAIL(&s->by_age, f, age);
	s->nfacts++;
}

/* --- who asks --- */

static void
tell_due(struct circ_lookup *cl, int why)
{
	struct circ_answer a[CIRC_FACT_ANSWERS_MAX];
	size_t i;

	TAILQ_REMOVE(&cl->names->due, cl, link);
	for (i = 0; i < cl->n; i++) {
		a[i].type = cl->answers[i].type;
		a[i].ttl = cl->answers[i].ttl;
		a[i].addr = &cl->answers[i].addr;
		a[i].name = NULL;
	}
	cl->fn(cl->arg, a, why ? 0 : cl->n, why);
	free(cl);
}

static void
on_turn(void *arg)
{
	struct circ_names *s = arg;
	struct circ_lookup *cl;

	/* Of one that died meanwhile circ_names_end() tells. */
	while (!s->circ->why && (cl = TAILQ_FIRST(&s->due)) != NULL)
		tell_due(cl, 0);
}

static void
remind(struct circ_names *s, struct circ_lookup *cl, const struct fact *f)
{
	int64_t age = (s->circ->conf.loop->now - f->since) / 1000;

	for (cl->n = 0; cl->n < f->n; cl->n++) {
		cl->answers[cl->n] = f->answers[cl->n];
		cl->answers[cl->n].ttl -= (uint32_t)age;
	}
	TAILQ_INSERT_TAIL(&s->due, cl, link);
	loop_item_add(s->circ->conf.loop, &s->turn);
}

static void
tell(struct question *q, const struct resolved *v, size_t n, int why)
{
	struct circ_answer a[RESOLVED_MAX];
	struct addr addr[RESOLVED_MAX];
	struct circ_lookup *cl;
	size_t i;

	for (i = 0; i < n; i++) {
		addr[i] = v[i].addr;
		a[i].type = v[i].type;
		a[i].ttl = v[i].ttl;
		a[i].addr = v[i].addr.family ? &addr[i] : NULL;
		a[i].name = v[i].type == RESOLVED_NAME ? v[i].name : NULL;
	}
	while ((cl = TAILQ_FIRST(&q->askers)) != NULL) {
		TAILQ_REMOVE(&q->askers, cl, link);
		cl->fn(cl->arg, a, n, why);
		free(cl);
	}
}

/* Whoever asks again while it is told asks anew, or for the fact. */
static void
on_answer(struct lookup *l, const struct resolved *v, size_t n, int why)
{
	struct question *q = (struct question *)(void *)l;

	LIST_REMOVE(q, bucket);
	q->over = 1;
	if (why == 0)
		learn(q->circ->names, q->name, v, n);
	tell(q, v, n, why);
	free(q);
}

/* --- questions --- */

static struct question *
being_asked(struct circ_names *s, const char *name)
{
	struct question *q;

	LIST_FOREACH(q, &s->questions[bucket_of(s, name)], bucket)
		if (strcmp(q->name, name) == 0)
			return q;
	return NULL;
}

static int
ask(struct circ_names *s, const char *name, struct question **out)
{
	size_t len = strlen(name);
	struct question *q = calloc(1, sizeof(*q) + len + 1);
	int rc;

	if (q == NULL)
		return -ENOMEM;
	if ((rc = lookup_start(&q->l, s->circ->streams, name, on_answer)) < 0) {
		free(q);
		return rc;
	}
	memcpy(q->name, name, len + 1);
	q->circ = s->circ;
	TAILQ_INIT(&q->askers);
	LIST_INSERT_HEAD(&s->questions[bucket_of(s, name)], q, bucket);
	*out = q;
	return 0;
}

static int
have_names(struct circ *c)
{
	struct circ_names *s;

	if (c->names)
		return 0;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	s->circ = c;
	hash_draw(&s->key);
	TAILQ_INIT(&s->by_age);
	TAILQ_INIT(&s->due);
	loop_item_init(&s->turn, on_turn, s);
	c->names = s;
	return 0;
}

static int
put(struct circ_names *s, struct circ_lookup *cl, const char *name)
{
	const struct fact *f = known(s, name);
	struct question *q;
	int rc;

	if (f) {
		remind(s, cl, f);
		return 0;
	}
	if ((q = being_asked(s, name)) == NULL && (rc = ask(s, name, &q)) < 0)
		return rc;
	cl->question = q;
	TAILQ_INSERT_TAIL(&q->askers, cl, link);
	return 0;
}

int
circ_resolve(struct circ *c, const char *name, circ_lookup_fn *fn, void *arg,
    struct circ_lookup **out)
{
	char small[RELAY_HOST_MAX + 1];
	struct circ_lookup *cl;
	size_t i, len = strlen(name);
	int rc;

	if (!circ_is_built(c) || c->state == CIRC_S_JOINED)
		return -ENOTCONN;
	if (len >= sizeof(small))
		return -EINVAL;
	for (i = 0; i <= len; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	if ((rc = have_names(c)) < 0)
		return rc;
	if ((cl = calloc(1, sizeof(*cl))) == NULL)
		return -ENOMEM;
	cl->names = c->names;
	cl->fn = fn;
	cl->arg = arg;
	if ((rc = put(c->names, cl, small)) < 0) {
		free(cl);
		return rc;
	}
	*out = cl;
	return 0;
}

void
circ_lookup_cancel(struct circ_lookup *cl)
{
	struct question *q = cl->question;

	if (q == NULL)
		TAILQ_REMOVE(&cl->names->due, cl, link);
	else {
		TAILQ_REMOVE(&q->askers, cl, link);
		if (!q->over && TAILQ_EMPTY(&q->askers)) {
			LIST_REMOVE(q, bucket);
			lookup_cancel(&q->l);
			free(q);
		}
	}
	free(cl);
}

/* --- the end --- */

void
circ_names_end(struct circ *c, int why)
{
	struct circ_lookup *cl;

	while (c->names && (cl = TAILQ_FIRST(&c->names->due)) != NULL)
		tell_due(cl, why);
}

void
circ_names_free(struct circ *c)
{
	struct circ_names *s = c->names;
	struct fact *f;

	if (s == NULL)
		return;
	while ((f = TAILQ_FIRST(&s->by_age)) != NULL)
		forget(s, f);
	loop_item_clear(c->conf.loop, &s->turn);
	free(s);
	c->names = NULL;
}
