/* onion/circ/attach.c - streams and lookups, until they are answered
 *
 * Theory of operation
 *	A waiter is a stream or a lookup that has no circuit at this time.  All
 *	waiters stand in one list, in order of arrival, and are offered to the
 *	pool whenever it says that something changed.
 *
 *	  WAITING --pool_get()--> TRYING --CONNECTED--> OPEN --> gone
 *	     ^                      |
 *	     '----- may retry ------'---- may not ----> gone
 *
 *	Streams to an onion service are offered to services.get() instead, which
 *	leads to one circuit for each service, or says why not.
 *
 *	Whether a failed try may be repeated is for the kind to say
 *	(attach_stream.c, attach_lookup.c).  Whatever exit a waiter failed at, it
 *	avoids from then on, as long as there are others.
 *	To ask the pool costs a look at each of its circuits.  So of one client
 *	no more than ATTACH_ASKS_MAX are told to wait in one go, and the others
 *	behind them wait unasked: those in front have what is built first.
 * Limits
 *	ATTACH_FAILURES_MAX tries that ended for the exit's own reasons,
 *	ATTACH_TRIES_MAX in all, total_ms altogether.
 */
#include "onion/circ/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/wire.h"
#include "onion/circ/attach_int.h"
#include "onion/path/path.h"

/* --- states --- */

void
attach_move(struct attach_waiter *w, enum attach_state to)
{
	struct attach *at = w->at;

	if (w->state == ATTACH_WAITING) {
		TAILQ_REMOVE(&at->waiting, w, link);
		at->nwaiting--;
	} else if (w->state != ATTACH_GONE)
		TAILQ_REMOVE(&at->rest, w, link);
	w->state = to;
	if (to == ATTACH_WAITING) {
		TAILQ_INSERT_TAIL(&at->waiting, w, link);
		at->nwaiting++;
		loop_item_add(at->conf.loop, &at->wake);
	} else if (to != ATTACH_GONE)
		TAILQ_INSERT_TAIL(&at->rest, w, link);
}

void
attach_drop_seek(struct attach_waiter *w)
{
	struct loop *loop = w->at->conf.loop;
	struct attach_seek *k = w->seek;

	if (k == NULL)
		return;
	w->seek = NULL;
	loop_timer_clear(loop, &k->try_timer);
	loop_timer_clear(loop, &k->total_timer);
	w->at->early -= k->early.len;
	buf_free(&k->early);
	free(k);
}

void
attach_settle(struct attach_waiter *w)
{
	struct attach_seek *k = w->seek;

	attach_move(w, ATTACH_OPEN);
	if (k->early_sent == k->early.len) {
		attach_drop_seek(w);
		return;
	}
	loop_timer_clear(w->at->conf.loop, &k->try_timer);
	loop_timer_clear(w->at->conf.loop, &k->total_timer);
}

void
attach_retire(struct attach_waiter *w)
{
	struct attach *at = w->at;

	attach_move(w, ATTACH_GONE);
	attach_drop_seek(w);
	w->circ = NULL;
	if (w->kind == &attach_stream_kind)
		at->nstreams--;
	else
		at->nlookups--;
	loop_item_add(at->conf.loop, &w->reap);
}

void
attach_finish(struct attach_waiter *w, int why)
{
	if (w->state == ATTACH_GONE)
		return;
	attach_retire(w);
	w->kind->tell(w, why);
}

static void
reap(void *arg)
{
	struct attach_waiter *w = arg;

	w->kind->reap(w);
}

/* --- tries --- */

static void
avoid(struct attach_seek *k, const uint8_t rsa[20])
{
	size_t slot = k->need.navoid;

	if (k->need.navoid < POOL_AVOID_MAX)
		k->need.navoid++;
	else
		slot = k->tries % POOL_AVOID_MAX;
	memcpy(k->avoid[slot], rsa, sizeof(k->avoid[slot]));
}

void
attach_try_again(struct attach_waiter *w, struct pool_circ *pc, int err)
{
	struct attach_seek *k = w->seek;

	k->err = err;
	w->circ = NULL;
	loop_timer_clear(w->at->conf.loop, &k->try_timer);
	if (k->failures >= ATTACH_FAILURES_MAX ||
	    k->tries >= ATTACH_TRIES_MAX) {
		attach_finish(w, err);
		return;
	}
	if (pc && !k->has_service && !k->need.has_exit)
		avoid(k, pool_circ_exit(pc));
	k->early_sent = 0;
	attach_move(w, ATTACH_WAITING);
}

static void
on_try_timer(void *arg)
{
	struct attach_waiter *w = arg;
	struct pool_circ *pc;

	if (w->state != ATTACH_TRYING)
		return;
	pc = pool_find(w->at->conf.pool, w->circ);
	w->kind->abandon(w, -ETIMEDOUT);
	if (pc)
		pool_circ_spoil(pc);
	attach_try_again(w, pc, -ETIMEDOUT);
}

/* A service has all the time there is for an answer: only it could give
 * another.  Where none came, the next stream gets another circuit. */
static void
spoil_service(struct attach_waiter *w)
{
	const struct attach_services *s = &w->at->conf.services;
	struct pool_circ *pc;

	if (w->state != ATTACH_TRYING || !w->seek->has_service)
		return;
	if ((pc = pool_find(w->at->conf.pool, w->circ)) != NULL && s->spoil)
		s->spoil(s->arg, pc);
}

static void
on_total_timer(void *arg)
{
	struct attach_waiter *w = arg;
	int err = w->seek->err;

	if (w->state == ATTACH_OPEN)
		return;
	spoil_service(w);
	w->kind->abandon(w, -ETIMEDOUT);
	attach_finish(w, err ? err : -ETIMEDOUT);
}

static int64_t
try_ms(const struct attach *at, unsigned tries)
{
	if (at->conf.try_ms)
		return at->conf.try_ms;
	return tries <= 2 ? 10 * 1000 : 15 * 1000;
}

static void
try_on(struct attach_waiter *w, struct pool_circ *pc)
{
	struct attach_seek *k = w->seek;
	int rc;

	w->circ = pool_circ(pc);
	k->tries++;
	attach_move(w, ATTACH_TRYING);
	if (!k->has_service)
		loop_timer_in(w->at->conf.loop, &k->try_timer,
		    try_ms(w->at, k->tries));
	pool_circ_used(pc, &k->need);
	rc = w->kind->begin(w, pc);
	if (rc == -EINVAL || rc == -ENOMEM)
		attach_finish(w, rc == -EINVAL ? -EHOSTUNREACH : -EAGAIN);
	else if (rc < 0) {
		spoil_service(w);
		pool_circ_spoil(pc);		/* it is full, or going */
		attach_try_again(w, NULL, rc);
	}
}

/* --- the queue --- */

/* Nothing that is there, or will be soon, may carry it. */
static void
tell_no_exit(const struct attach_waiter *w)
{
	static struct log_limit limit = { .every_s = 60 };
	const struct pool_need *need = &w->seek->need;
	const struct path_exits *exits;

	if (!need->has_exits)
		return;
	exits = path_exits(w->at->conf.path, need->exits);
	log_limited(&limit, LL_WARN, LD_STREAM, "refused what a FlowRule wants "
	    "to leave by exit=%s: %s", exits ? exits->text : "...", exits ?
	    "no relay of those is an exit that takes it and is not excluded" :
	    "there is no such rule any more");
}

static int
serve_service(struct attach_waiter *w)
{
	const struct attach_services *s = &w->at->conf.services;
	struct attach_seek *k = w->seek;
	struct pool_circ *pc;
	int rc = -EHOSTUNREACH;

	if (s->get)
		rc = s->get(s->arg, &k->need, k->service, &pc);
	if (rc == -EAGAIN)
		return 0;
	if (rc == 0)
		try_on(w, pc);
	else
		attach_finish(w, rc);
	return 1;
}

/* One waiter's turn: 0 where it has to go on waiting. */
static int
serve_one(struct attach_waiter *w)
{
	struct attach_seek *k = w->seek;
	struct pool_circ *pc;
	int rc;

	if (k->has_service)
		return serve_service(w);
	rc = pool_get(w->at->conf.pool, &k->need, &pc);
	if (rc == -ENOENT && k->need.navoid) {
		k->need.navoid = 0;	/* no other exit takes it */
		rc = pool_get(w->at->conf.pool, &k->need, &pc);
	}
	if (rc == -EAGAIN)
		return 0;
	if (rc == 0)
		try_on(w, pc);
	else {
		if (k->err == 0)
			tell_no_exit(w);
		attach_finish(w, k->err ? k->err : -ENETUNREACH);
	}
	return 1;
}

/* Would the pool say the same to both, if nothing happens in between?  Of what
 * goes to services each is asked for itself. */
static int
asks_the_same(const struct attach_seek *k, const struct pool_need *b)
{
	const struct pool_need *a = &k->need;

	return !k->has_service && a->navoid == 0 && b->navoid == 0 &&
	    a->nym == b->nym && a->port == b->port &&
	    a->family == b->family && a->has_exit == b->has_exit &&
	    memcmp(a->exit, b->exit, sizeof(a->exit)) == 0 &&
	    a->has_exits == b->has_exits &&
	    memcmp(a->exits, b->exits, sizeof(a->exits)) == 0 &&
	    memcmp(a->token, b->token, sizeof(a->token)) == 0;
}

/* How many of whose tokens begin so were told to wait: a hash is even, so that
 * two clients seldom count as one. */
enum { ASKS = 4096 };

struct asks {
	uint16_t	n[ASKS];
};

/* Told to wait; of those to services each has its own to ask. */
static int
must_wait(struct attach_waiter *w, struct asks *asks)
{
	struct attach_seek *k = w->seek;
	uint16_t *n = &asks->n[wire_get16(k->need.token) % ASKS];

	if (k->has_service)
		return !serve_one(w);
	if (*n >= ATTACH_ASKS_MAX)
		return 1;
	if (serve_one(w))
		return 0;
	++*n;
	return 1;
}

/* Those who must go on waiting move behind a marker, in their order; what a
 * callback adds goes there too, and what it ends is simply no longer met. */
void
attach_serve(struct attach *at)
{
	struct attach_waiter marker = { .state = ATTACH_WAITING }, *w;
	struct pool_need refused = { .navoid = 1 };
	struct asks asks = { { 0 } };

	if (at->nwaiting == 0)
		return;
	TAILQ_INSERT_TAIL(&at->waiting, &marker, link);
	while ((w = TAILQ_FIRST(&at->waiting)) != &marker) {
		if (!asks_the_same(w->seek, &refused)) {
			refused.navoid = 1;
			if (!must_wait(w, &asks))
				continue;
			if (!w->seek->has_service)
				refused = w->seek->need;
		}
		TAILQ_REMOVE(&at->waiting, w, link);
		TAILQ_INSERT_TAIL(&at->waiting, w, link);
	}
	TAILQ_REMOVE(&at->waiting, &marker, link);
}

static void
on_wake(void *arg)
{
	attach_serve(arg);
}

void
attach_wake(struct attach *at)
{
	if (at->nwaiting)
		loop_item_add(at->conf.loop, &at->wake);
}

void
attach_set_exits(struct attach_waiter *w, const uint8_t *exits)
{
	struct pool_need *need = &w->seek->need;

	need->has_exits = exits != NULL;
	if (exits)
		memcpy(need->exits, exits, sizeof(need->exits));
}

int
attach_enter(struct attach *at, struct attach_waiter *w,
    const struct attach_kind *kind, const uint8_t token[POOL_TOKEN])
{
	struct attach_seek *k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return -ENOMEM;
	memcpy(k->need.token, token, POOL_TOKEN);
	k->need.nym = pool_nym(at->conf.pool);
	k->need.avoid = (const uint8_t (*)[20])k->avoid;
	buf_init(&k->early, ATTACH_EARLY_MAX);
	loop_timer_init(&k->try_timer, on_try_timer, w);
	loop_timer_init(&k->total_timer, on_total_timer, w);
	loop_timer_in(at->conf.loop, &k->total_timer, at->conf.total_ms);
	w->kind = kind;
	w->at = at;
	w->seek = k;
	loop_item_init(&w->reap, reap, w);
	if (kind == &attach_stream_kind)
		at->nstreams++;
	else
		at->nlookups++;
	attach_move(w, ATTACH_WAITING);
	return 0;
}

/* --- life --- */

int
attach_new(struct attach **out, const struct attach_conf *conf)
{
	struct attach *at = calloc(1, sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	at->conf = *conf;
	TAILQ_INIT(&at->waiting);
	TAILQ_INIT(&at->rest);
	loop_item_init(&at->wake, on_wake, at);
	*out = at;
	return 0;
}

void
attach_free(struct attach *at)
{
	struct attach_waiter *w;

	if (at == NULL)
		return;
	at->closing = 1;
	while ((w = TAILQ_FIRST(&at->waiting)) != NULL ||
	    (w = TAILQ_FIRST(&at->rest)) != NULL) {
		w->kind->abandon(w, -ECANCELED);
		attach_finish(w, -ECANCELED);
	}
	loop_item_clear(at->conf.loop, &at->wake);
	free(at);
}

void
attach_set_conf(struct attach *at, const struct attach_conf *conf)
{
	at->conf = *conf;
}

/* --- what there is to show --- */

void
attach_totals(const struct attach *at, struct attach_totals *t)
{
	t->waiting = at->nwaiting;
	t->streams = at->nstreams;
	t->lookups = at->nlookups;
	t->read = at->read;
	t->written = at->written;
}

static void
show(const struct attach_waiters *list, void (*fn)(void *,
    const struct attach_show *), void *arg)
{
	static const char *const names[] = { [ATTACH_GONE] = "closed",
		[ATTACH_WAITING] = "waiting", [ATTACH_TRYING] = "connecting",
		[ATTACH_OPEN] = "open" };
	const struct attach_waiter *w;
	struct attach_show out;

	TAILQ_FOREACH(w, list, link) {
		if (w->kind != &attach_stream_kind)
			continue;
		/* A stream may outlive it. */
		out.circ = pool_find(w->at->conf.pool, w->circ) ? w->circ :
		    NULL;
		out.state = names[w->state];
		attach_stream_describe(attach_stream_of(w), &out);
		fn(arg, &out);
	}
}

void
attach_each(const struct attach *at, void (*fn)(void *,
    const struct attach_show *), void *arg)
{
	show(&at->rest, fn, arg);
	show(&at->waiting, fn, arg);
}
