/* onion/circ/stream.c - one stream of a circuit, as an endpoint
 *
 * Theory of operation
 *
 *	CONNECTING --CONNECTED--> OPEN --END--> ENDED --all delivered--> DEAD
 *	     \--------END-----------------------^ \
 *	      `--- kill(), silence after fin ------`--> DEAD, id becomes a half
 *
 *	Data may be sent from the start: it goes out right behind BEGIN.
 *
 *	An onion stream can't be half closed: END ends both directions.  So
 *	when the holder has sent all it has to send, nothing goes out, and the
 *	stream stays for the answer until the relay ends it, or until all was
 *	sent and then nothing came for STREAMS_SILENT_MS.  That is how what is
 *	uploaded until end-of-file gets its end; and since all that was sent
 *	has been taken, and all that came delivered, it is an end in order to
 *	the holder, too.
 *
 *	After END came, or after the circuit went, what the holder has not taken
 *	yet is still delivered as it grants credit; then fin() if it ended in
 *	order, and gone().  A holder that takes nothing is not waited for longer
 *	than STREAMS_UNREAD_MS.
 *
 * Limits
 *	Outbound one cell, besides what is in the channel's queue.  Inbound one
 *	window of 500 cells, or STREAMS_HELD_MAX with congestion control, where
 *	XOFF stops the relay long before that.
 *
 *	What stands in a stream's target or its data is never logged.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/streams_int.h"

static const struct endpoint_ops ops;

static struct stream *
from_endpoint(struct endpoint *e)
{
	return (struct stream *)(void *)((char *)e -
	    offsetof(struct stream, ep));
}

static const struct stream *
from_const(const struct endpoint *e)
{
	assert(e->ops == &ops);
	return (const struct stream *)(const void *)((const char *)e -
	    offsetof(struct stream, ep));
}

/* Life. */

static void on_timer(void *);

static int
take_target(struct stream *st, const uint8_t *target, size_t len)
{
	if (len == 0)
		return 0;
	if ((st->target = malloc(len)) == NULL)
		return -ENOMEM;
	memcpy(st->target, target, len);
	st->target_len = (uint16_t)len;
	return 0;
}

int
stream_new(struct streams *set, struct endpoint **out, int is_dir,
    const uint8_t *target, size_t len)
{
	struct stream *st;
	int rc;

	if ((st = calloc(1, sizeof(*st))) == NULL)
		return -ENOMEM;
	st->slot.kind = SLOT_STREAM;
	if ((rc = streams_draw_id(set, &st->slot.id)) < 0 ||
	    (rc = take_target(st, target, len)) < 0 ||
	    (rc = streams_put(set, &st->slot)) < 0) {
		free(st->target);
		free(st);
		return rc;
	}
	st->ep.ops = &ops;
	st->set = set;
	st->state = STREAM_S_CONNECTING;
	st->is_dir = is_dir != 0;
	st->window = st->rwindow = FLOWCTL_STREAM_WINDOW;
	st->heard = stream_now(st);
	st->pace_at = LOOP_NEVER;
	buf_init(&st->held, STREAMS_HELD_MAX);
	loop_timer_init(&st->timer, on_timer, st);
	TAILQ_INSERT_TAIL(&set->all, st, link);
	set->live++;
	set->busy = 1;
	streams_owe(set, &st->slot, OWES_BEGIN);
	(void)streams_pay(set);
	*out = &st->ep;
	return 0;
}

void
stream_free(struct stream *st)
{
	buf_free(&st->held);
	free(st->target);
	free(st->part);
	free(st);
}

/* Off all lists; no call to the holder after this. */
static void
bury(struct stream *st)
{
	struct streams *s = st->set;

	if (st->state != STREAM_S_ENDED)
		streams_drop(s, &st->slot);
	st->state = STREAM_S_DEAD;
	stream_stop_sending(st);
	if (st->is_ready)
		TAILQ_REMOVE(&s->ready, st, ready);
	st->is_ready = 0;
	loop_timer_clear(s->conf.loop, &st->timer);
	TAILQ_REMOVE(&s->all, st, link);
	TAILQ_INSERT_HEAD(&s->dead, st, link);
	s->live--;
	streams_wake(s);
}

void
stream_gone(struct stream *st, int why)
{
	bury(st);
	if (st->ep.user && st->ep.user->gone)
		st->ep.user->gone(st->ep.arg, why);
}

/* We end it: the relay hears so, unless it never heard of the stream, or ended
 * it itself. */
static void
close_here(struct stream *st)
{
	int heard_of = !(st->slot.owes & OWES_BEGIN);
	int over = st->state == STREAM_S_ENDED || st->set->cut;

	if (!over && heard_of) {
		if (half_from_stream(st) < 0)
			streams_fail(st->set, -ENOMEM);
	}
	bury(st);
}

/* The stream fails, while its circuit lives on. */
void
stream_refuse(struct stream *st, int why)
{
	close_here(st);
	if (st->ep.user && st->ep.user->gone)
		st->ep.user->gone(st->ep.arg, why);
}

int
stream_outlives(struct stream *st, int why)
{
	if (st->held.len == 0 || st->is_dir)
		return 0;
	if (st->state == STREAM_S_OPEN) {
		streams_drop(st->set, &st->slot);
		stream_stop_sending(st);
		st->state = STREAM_S_ENDED;
		st->why = why;
		st->pace_at = LOOP_NEVER;
		stream_heard(st);
	}
	return st->state == STREAM_S_ENDED;
}

/* Time. */

/* When it is over, if nothing happens until then. */
static int64_t
patience_ends(const struct stream *st)
{
	if (st->state == STREAM_S_ENDED)
		return st->heard + STREAMS_UNREAD_MS;
	/* Else the silence is ours, or its holder's. */
	if (st->fin && st->state == STREAM_S_OPEN && st->part_len == 0 &&
	    st->held.len == 0)
		return st->heard + STREAMS_SILENT_MS;
	return LOOP_NEVER;
}

void
stream_set_timer(struct stream *st)
{
	struct loop *loop = st->set->conf.loop;
	int64_t at = patience_ends(st);

	if (st->pace_at < at)
		at = st->pace_at;
	if (at != LOOP_NEVER && !streams_are_still(st->set))
		loop_timer_set(loop, &st->timer, at);
}

void
stream_heard(struct stream *st)
{
	st->heard = stream_now(st);
	if (st->fin || st->state == STREAM_S_ENDED)
		stream_set_timer(st);
}

static void
lose_patience(struct stream *st)
{
	if (st->state == STREAM_S_ENDED) {
		stream_gone(st, -ETIMEDOUT);
		return;
	}
	if (st->ep.user && st->ep.user->fin)
		st->ep.user->fin(st->ep.arg);
	if (st->state != STREAM_S_DEAD && !st->set->cut)
		stream_refuse(st, 0);
}

static void
on_timer(void *arg)
{
	struct stream *st = arg;

	if (streams_are_still(st->set))
		return;
	if (patience_ends(st) <= stream_now(st)) {
		lose_patience(st);
		return;
	}
	if (st->pace_at <= stream_now(st)) {
		st->pace_at = LOOP_NEVER;
		stream_enqueue(st);
	}
	stream_set_timer(st);
}

/* What its holder may do. */

static size_t
op_send(struct endpoint *e, const void *data, size_t len)
{
	return stream_take(from_endpoint(e), data, len);
}

static void
op_grant(struct endpoint *e, size_t credit)
{
	struct stream *st = from_endpoint(e);

	if (st->state == STREAM_S_DEAD)
		return;
	st->credit = credit > SIZE_MAX - st->credit ? SIZE_MAX :
	    st->credit + credit;
	stream_make_ready(st);
}

static void
op_fin(struct endpoint *e)
{
	struct stream *st = from_endpoint(e);

	if (st->fin || st->state == STREAM_S_DEAD)
		return;
	st->fin = 1;
	st->wants_room = 0;
	stream_heard(st);
}

static void
op_kill(struct endpoint *e, int why)
{
	struct stream *st = from_endpoint(e);

	(void)why;		/* the relay is told MISC, always */
	if (st->state != STREAM_S_DEAD)
		close_here(st);
}

/* While the circuit is there it counts the bytes. */
static void
op_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	const struct stream *st = from_const(e);

	if (st->held.len == 0)
		return;
	if (st->set->cut)
		q->bytes = st->held.cap;
	else
		q->counted = st->held.cap;
	q->since = st->held_since;
}

/* What its holder may ask. */

uint8_t
stream_end_reason(const struct endpoint *e)
{
	return from_const(e)->end_reason;
}

const struct addr *
stream_addr(const struct endpoint *e)
{
	const struct stream *st = from_const(e);

	return st->addr.family ? &st->addr : NULL;
}

int
stream_is_open(const struct endpoint *e)
{
	return from_const(e)->opened;
}

static const struct endpoint_ops ops = {
	.send = op_send,
	.grant = op_grant,
	.fin = op_fin,
	.kill = op_kill,
	.queued = op_queued
};

/* How a set begins one. */

int
streams_connect(struct streams *s, const char *host, uint16_t port,
    uint32_t flags, struct endpoint **out)
{
	uint8_t data[RELAY_DATA_MAX];
	int len, rc;

	if ((len = relaymsg_put_begin(data, host, port, flags)) < 0)
		return len;
	if ((rc = stream_new(s, out, 0, data, (size_t)len)) == 0)
		from_endpoint(*out)->flags = flags;
	return rc;
}

int
streams_connect_service(struct streams *s, uint16_t port,
    struct endpoint **out)
{
	uint8_t data[RELAY_DATA_MAX];
	int len;

	if ((len = relaymsg_put_begin_service(data, port)) < 0)
		return len;
	return stream_new(s, out, 0, data, (size_t)len);
}

int
streams_begin_dir(struct streams *s, struct endpoint **out)
{
	return stream_new(s, out, 1, NULL, 0);
}
