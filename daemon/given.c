/* daemon/given.c - which names a client was told have an address
 *
 * Theory of operation
 *	A holder is whoever has a share; it has entries, one for each group and
 *	address, the one that was told of longest ago first.  An entry has
 *	answers, each of them names, the newest first.
 *
 *	  holder -> entry (group, address) -> answer (names)
 *
 *	An answer that comes again moves to the front.  Of more than
 *	GIVEN_ANSWERS_MAX the last one goes, and the entry says from then on that
 *	there is more.  An entry without memory for an answer goes whole, and one
 *	for which there is no room is not made.
 * Limits
 *	As in given.h; bytes are counted as they are allocated.
 */
#include "daemon/given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/loop.h"
#include "base/map.h"

enum {
	IP = 16,
	KEY = GIVEN_GROUP + 1 + IP + 4,		/* a family, a scope */
	ENTRIES_MAX = GIVEN_BYTES_MAX / 64	/* whatever one costs */
};

struct answer {
	TAILQ_ENTRY(answer) link;
	size_t		 len;
	uint8_t		 n;
	char		 names[];	/* each with its NUL */
};

struct entry {
	TAILQ_ENTRY(entry) link;
	struct holder	*holder;
	uint8_t		 key[KEY];
	TAILQ_HEAD(answers, answer) answers;	/* the newest first */
	unsigned	 n;
	int		 more;		/* than these */
	int64_t		 until;		/* loop ms */
	size_t		 bytes;
};

struct holder {
	TAILQ_ENTRY(holder) link;
	uint8_t		 owner[GIVEN_OWNER];
	TAILQ_HEAD(, entry) entries;
	size_t		 bytes;		/* with its own */
};

struct given {
	struct loop	*loop;
	struct map	*holders, *entries;
	TAILQ_HEAD(, holder) list;	/* the longest idle first */
	size_t		 bytes;
	struct loop_timer sweep;
};

static void
key_of(uint8_t key[KEY], const uint8_t group[GIVEN_GROUP],
    const struct addr *a)
{
	memset(key, 0, KEY);
	memcpy(key, group, GIVEN_GROUP);
	key[GIVEN_GROUP] = a->family;
	memcpy(key + GIVEN_GROUP + 1, a->ip, addr_iplen(a));
	memcpy(key + GIVEN_GROUP + 1 + IP, &a->scope, sizeof(a->scope));
}

/* --- what it costs --- */

static void
count(struct given *g, struct entry *e, size_t bytes)
{
	e->bytes += bytes;
	e->holder->bytes += bytes;
	g->bytes += bytes;
}

static void
uncount(struct given *g, struct entry *e, size_t bytes)
{
	e->bytes -= bytes;
	e->holder->bytes -= bytes;
	g->bytes -= bytes;
}

/* --- the end of things --- */

static void
answer_drop(struct given *g, struct entry *e, struct answer *a)
{
	TAILQ_REMOVE(&e->answers, a, link);
	e->n--;
	uncount(g, e, sizeof(*a) + a->len);
	free(a);
}

static void
holder_drop(struct given *g, struct holder *h)
{
	TAILQ_REMOVE(&g->list, h, link);
	map_del(g->holders, h->owner);
	g->bytes -= h->bytes;
	free(h);
}

/* Its holder goes with its last one. */
static void
entry_drop(struct given *g, struct entry *e)
{
	struct holder *h = e->holder;
	struct answer *a;

	while ((a = TAILQ_FIRST(&e->answers)) != NULL)
		answer_drop(g, e, a);
	uncount(g, e, e->bytes);
	TAILQ_REMOVE(&h->entries, e, link);
	map_del(g->entries, e->key);
	free(e);
	if (TAILQ_EMPTY(&h->entries))
		holder_drop(g, h);
}

/* @h goes, too. */
static void
drop_all_of(struct given *g, struct holder *h)
{
	struct entry *e, *next;

	for (e = TAILQ_FIRST(&h->entries); e; e = next) {
		next = TAILQ_NEXT(e, link);
		entry_drop(g, e);
	}
}

void
given_forget(struct given *g)
{
	struct holder *h;

	while ((h = TAILQ_FIRST(&g->list)) != NULL)
		drop_all_of(g, h);
	loop_timer_clear(g->loop, &g->sweep);
}

/* --- room --- */

static struct holder *
greatest(const struct given *g)
{
	struct holder *h, *most = TAILQ_FIRST(&g->list);

	TAILQ_FOREACH(h, &g->list, link)
		if (h->bytes > most->bytes)
			most = h;
	return most;
}

/* For @bytes more of that owner's, who may not have anything yet. */
static void
make_room(struct given *g, const uint8_t owner[GIVEN_OWNER], size_t bytes)
{
	struct holder *h;

	while ((h = map_get(g->holders, owner)) != NULL &&
	    h->bytes + bytes > GIVEN_CLIENT_MAX)
		entry_drop(g, TAILQ_FIRST(&h->entries));
	while (g->bytes + bytes > GIVEN_BYTES_MAX)
		entry_drop(g, TAILQ_FIRST(&greatest(g)->entries));
	if (h == NULL && map_count(g->holders) >= GIVEN_CLIENTS_MAX)
		drop_all_of(g, TAILQ_FIRST(&g->list));
}

/* --- making things --- */

static struct holder *
holder_new(struct given *g, const uint8_t owner[GIVEN_OWNER])
{
	struct holder *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	memcpy(h->owner, owner, GIVEN_OWNER);
	if (map_put(g->holders, h->owner, h) < 0) {
		free(h);
		return NULL;
	}
	TAILQ_INIT(&h->entries);
	TAILQ_INSERT_TAIL(&g->list, h, link);
	h->bytes = sizeof(*h);
	g->bytes += h->bytes;
	return h;
}

static struct holder *
holder_of(struct given *g, const uint8_t owner[GIVEN_OWNER])
{
	struct holder *h = map_get(g->holders, owner);

	if (h == NULL)
		return holder_new(g, owner);
	TAILQ_REMOVE(&g->list, h, link);
	TAILQ_INSERT_TAIL(&g->list, h, link);
	return h;
}

static struct entry *
entry_new(struct given *g, struct holder *h, const uint8_t key[KEY])
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	memcpy(e->key, key, KEY);
	e->holder = h;
	TAILQ_INIT(&e->answers);
	if (map_put(g->entries, e->key, e) < 0) {
		free(e);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&h->entries, e, link);
	count(g, e, sizeof(*e));
	return e;
}

/* What is over is not to live on by what is told anew. */
static struct entry *
alive(struct given *g, const uint8_t key[KEY])
{
	struct entry *e = map_get(g->entries, key);

	if (e == NULL || g->loop->now < e->until)
		return e;
	entry_drop(g, e);
	return NULL;
}

static struct entry *
entry_of(struct given *g, const uint8_t key[KEY])
{
	struct entry *e = alive(g, key);
	struct holder *h = holder_of(g, key);

	if (h == NULL)
		return NULL;
	if (e) {
		TAILQ_REMOVE(&h->entries, e, link);
		TAILQ_INSERT_TAIL(&h->entries, e, link);
	} else if ((e = entry_new(g, h, key)) == NULL &&
	    TAILQ_EMPTY(&h->entries))
		holder_drop(g, h);
	return e;
}

static size_t
length(const char *const *names, size_t n)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += strlen(names[i]) + 1;
	return len;
}

static struct answer *
answer_new(const char *const *names, size_t n)
{
	size_t i, at = 0, len = length(names, n);
	struct answer *a = malloc(sizeof(*a) + len);

	if (a == NULL)
		return NULL;
	a->len = len;
	a->n = (uint8_t)n;
	for (i = 0; i < n; i++) {
		memcpy(a->names + at, names[i], strlen(names[i]) + 1);
		at += strlen(names[i]) + 1;
	}
	return a;
}

static struct answer *
same(const struct entry *e, const struct answer *as)
{
	struct answer *a;

	TAILQ_FOREACH(a, &e->answers, link)
		if (a->len == as->len && memcmp(a->names, as->names,
		    a->len) == 0)
			return a;
	return NULL;
}

static void
put_answer(struct given *g, struct entry *e, struct answer *a)
{
	struct answer *old = same(e, a);

	if (old)
		answer_drop(g, e, old);
	else if (e->n == GIVEN_ANSWERS_MAX) {
		answer_drop(g, e, TAILQ_LAST(&e->answers, answers));
		e->more = 1;
	}
	TAILQ_INSERT_HEAD(&e->answers, a, link);
	e->n++;
	count(g, e, sizeof(*a) + a->len);
}

void
given_add(struct given *g, const uint8_t group[GIVEN_GROUP],
    const struct addr *addr, const char *const *names, size_t n, uint32_t ttl)
{
	uint8_t key[KEY];
	struct answer *a;
	struct entry *e;
	int64_t until;

	if (n > GIVEN_NAMES_MAX)
		n = GIVEN_NAMES_MAX;
	key_of(key, group, addr);
	make_room(g, key, sizeof(struct holder) + sizeof(*e) + sizeof(*a) +
	    length(names, n));
	if ((e = entry_of(g, key)) == NULL)
		return;
	if ((a = answer_new(names, n)) == NULL) {
		entry_drop(g, e);
		return;
	}
	put_answer(g, e, a);
	until = g->loop->now + ((int64_t)ttl + GIVEN_GRACE_S) * 1000;
	if (until > e->until)
		e->until = until;
	if (!g->sweep.armed)
		loop_timer_in(g->loop, &g->sweep, GIVEN_SWEEP_MS);
}

/* --- asking --- */

static void
take_names(struct given_names *out, const struct answer *a, uint8_t number)
{
	const char *s = a->names;
	unsigned i;

	for (i = 0; i < a->n; i++) {
		out->name[out->n] = s;
		out->answer[out->n++] = number;
		s += strlen(s) + 1;
	}
}

void
given_find(struct given *g, const uint8_t group[GIVEN_GROUP],
    const struct addr *addr, struct given_names *out)
{
	const struct answer *a;
	const struct entry *e;
	uint8_t key[KEY], number = 0;

	out->n = 0;
	out->more = 0;
	key_of(key, group, addr);
	if ((e = alive(g, key)) == NULL)
		return;
	out->more = e->more;
	TAILQ_FOREACH(a, &e->answers, link)
		take_names(out, a, number++);
}

size_t
given_bytes(const struct given *g)
{
	return g->bytes;
}

/* --- the whole --- */

static void
on_sweep(void *arg)
{
	struct given *g = arg;
	struct entry *e;
	size_t i = 0;

	while ((e = map_next(g->entries, &i)) != NULL)
		if (g->loop->now >= e->until)
			entry_drop(g, e);
	if (map_count(g->entries))
		loop_timer_in(g->loop, &g->sweep, GIVEN_SWEEP_MS);
}

int
given_new(struct given **out, struct loop *loop)
{
	struct given *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return -ENOMEM;
	g->loop = loop;
	TAILQ_INIT(&g->list);
	loop_timer_init(&g->sweep, on_sweep, g);
	g->holders = map_new(GIVEN_OWNER, GIVEN_CLIENTS_MAX);
	g->entries = map_new(KEY, ENTRIES_MAX);
	if (g->holders == NULL || g->entries == NULL) {
		map_free(g->holders);
		map_free(g->entries);
		free(g);
		return -ENOMEM;
	}
	*out = g;
	return 0;
}

void
given_free(struct given *g)
{
	if (g == NULL)
		return;
	given_forget(g);
	map_free(g->holders);
	map_free(g->entries);
	free(g);
}
