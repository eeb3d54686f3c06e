/* onion/circ/streamout.c - what a stream sends: data, and what it owes
 *
 * See streams.c for when it is its turn, and stream.c for its life.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/streams_int.h"

static void
unqueue(struct stream *st)
{
	struct streams *s = st->set;

	if (st->queue == STREAM_Q_PART)
		TAILQ_REMOVE(&s->part, st, out);
	else if (st->queue == STREAM_Q_WAIT)
		TAILQ_REMOVE(&s->wait, st, out);
	st->queue = STREAM_Q_NONE;
}

static void
give_part_back(struct stream *st)
{
	if (st->set->spare == NULL)
		st->set->spare = st->part;
	else
		free(st->part);
	st->part = NULL;
	st->part_len = 0;
}

/* Nothing goes out any more; what came in may still have to be delivered. */
void
stream_stop_sending(struct stream *st)
{
	unqueue(st);
	give_part_back(st);
	st->wants_room = 0;
	if (st->set->serving == st)
		st->set->serving = NULL;
}

/* May this stream send, for its own part? */
static int
may_send(struct stream *st)
{
	if (st->slot.owes & OWES_BEGIN)
		return 0;
	if (!stream_has_cc(st))
		return st->window > 0;
	if (xonxoff_may_send(&st->flow, stream_now(st), &st->pace_at))
		return 1;
	if (st->pace_at != LOOP_NEVER)
		stream_set_timer(st);
	return 0;
}

/* And is it its turn? */
static int
can_go(struct stream *st)
{
	struct streams *s = st->set;

	if (!streams_open_for_data(s))
		return 0;
	if (s->serving == st ? s->quota == 0 : !TAILQ_EMPTY(&s->wait))
		return 0;
	return may_send(st);
}

static int
emit(struct stream *st, const uint8_t *p, size_t n)
{
	struct streams *s = st->set;

	if (streams_send(s, RELAY_DATA, st->slot.id, p, n) < 0)
		return -ENOBUFS;
	if (s->serving == st)
		s->quota--;
	if (stream_has_cc(st))
		xonxoff_sent(&st->flow, n);
	else
		st->window--;
	return 0;
}

static int
emit_part(struct stream *st)
{
	size_t n = streams_cell(st->set);

	if (n > st->part_len)
		n = st->part_len;
	if (emit(st, st->part, n) < 0)
		return -ENOBUFS;
	st->part_len = (uint16_t)(st->part_len - n);
	if (st->part_len)
		memmove(st->part, st->part + n, st->part_len);
	else {
		give_part_back(st);
		if (st->fin)		/* it was the last */
			stream_heard(st);
	}
	return 0;
}

/* Puts it where it gets what it needs next. */
void
stream_enqueue(struct stream *st)
{
	struct streams *s = st->set;

	if (st->wants_room && st->queue == STREAM_Q_PART)
		unqueue(st);
	if (st->queue != STREAM_Q_NONE || !(st->wants_room || st->part_len))
		return;
	st->queue = st->wants_room ? STREAM_Q_WAIT : STREAM_Q_PART;
	if (st->wants_room)
		TAILQ_INSERT_TAIL(&s->wait, st, out);
	else
		TAILQ_INSERT_TAIL(&s->part, st, out);
	streams_wake(s);
}

static size_t
add_to_part(struct stream *st, const uint8_t *p, size_t len)
{
	struct streams *s = st->set;
	size_t n = s->cell > st->part_len ? s->cell - st->part_len : 0;

	if (st->part == NULL) {
		st->part = s->spare ? s->spare : malloc(RELAY_DATA_MAX);
		s->spare = NULL;
		st->part_len = 0;
		if (st->part == NULL) {
			streams_fail(s, -ENOMEM);
			return 0;
		}
	}
	if (n > len)
		n = len;
	memcpy(st->part + st->part_len, p, n);
	st->part_len = (uint16_t)(st->part_len + n);
	return n;
}

/* Whole cells, straight into the channel's queue. */
static size_t
send_cells(struct stream *st, const uint8_t *p, size_t len)
{
	size_t n, done = 0;

	while (st->part_len == 0 && can_go(st)) {
		n = streams_cell(st->set);
		if (len - done < n || emit(st, p + done, n) < 0)
			break;
		done += n;
	}
	return done;
}

size_t
stream_take(struct stream *st, const uint8_t *p, size_t len)
{
	size_t done = 0;

	if ((st->state != STREAM_S_CONNECTING && st->state != STREAM_S_OPEN) ||
	    st->fin || st->set->cut || len == 0)
		return 0;
	/* Before the first cell, so that ours comes before the channel's. */
	streams_wake(st->set);
	while (done < len) {
		if (st->part_len == 0)
			done += send_cells(st, p + done, len - done);
		if (done < len)
			done += add_to_part(st, p + done, len - done);
		if (st->part_len < st->set->cell || !can_go(st) ||
		    emit_part(st) < 0)
			break;
	}
	st->wants_room = done < len;
	stream_enqueue(st);
	return done;
}

/* The end of a turn: what there is goes, full or not.  It may have gone as a
 * full cell meanwhile. */
void
stream_flush(struct stream *st)
{
	if (st->part_len == 0 || !may_send(st))
		return;			/* until something changes that */
	if (!streams_open_for_data(st->set) || emit_part(st) < 0) {
		st->queue = STREAM_Q_WAIT;
		TAILQ_INSERT_TAIL(&st->set->wait, st, out);
		return;
	}
	stream_enqueue(st);
}

void
stream_serve(struct stream *st)
{
	if (!may_send(st))
		return;
	if (st->part_len && emit_part(st) < 0) {
		st->queue = STREAM_Q_WAIT;
		TAILQ_INSERT_HEAD(&st->set->wait, st, out);
		return;
	}
	if (st->wants_room) {
		st->wants_room = 0;
		st->ep.user->room(st->ep.arg);
	}
	if (st->state != STREAM_S_DEAD && !st->set->cut)
		stream_enqueue(st);
}

/* What it owes. */

static int
pay_begin(struct stream *st)
{
	enum relay_cmd cmd = st->is_dir ? RELAY_BEGIN_DIR : RELAY_BEGIN;

	if (streams_send(st->set, cmd, st->slot.id, st->target,
	    st->target_len) < 0)
		return -ENOBUFS;
	free(st->target);
	st->target = NULL;
	streams_waive(st->set, &st->slot, OWES_BEGIN);
	stream_enqueue(st);		/* what was sent meanwhile */
	return 0;
}

static int
pay_sendmes(struct stream *st)
{
	while (st->sendmes > 0) {
		if (streams_send(st->set, RELAY_SENDME, st->slot.id, NULL,
		    0) < 0)
			return -ENOBUFS;
		st->sendmes--;
	}
	streams_waive(st->set, &st->slot, OWES_SENDME);
	return 0;
}

static int
pay_xoff(struct stream *st)
{
	uint8_t data[RELAY_DATA_MAX];

	if (streams_send(st->set, RELAY_XOFF, st->slot.id, data,
	    relaymsg_put_xoff(data)) < 0)
		return -ENOBUFS;
	xonxoff_xoff_sent(&st->flow);
	streams_waive(st->set, &st->slot, OWES_XOFF);
	return 0;
}

static int
pay_xon(struct stream *st)
{
	uint8_t data[RELAY_DATA_MAX];

	if (streams_send(st->set, RELAY_XON, st->slot.id, data,
	    relaymsg_put_xon(data, st->flow.kbps)) < 0)
		return -ENOBUFS;
	(void)xonxoff_xon_sent(&st->flow);
	streams_waive(st->set, &st->slot, OWES_XON);
	return 0;
}

int
stream_pay(struct stream *st)
{
	int rc = 0;

	if (st->slot.owes & OWES_BEGIN)
		rc = pay_begin(st);
	if (rc == 0 && (st->slot.owes & OWES_SENDME))
		rc = pay_sendmes(st);
	if (rc == 0 && (st->slot.owes & OWES_XOFF))
		rc = pay_xoff(st);
	if (rc == 0 && (st->slot.owes & OWES_XON))
		rc = pay_xon(st);
	return rc;
}
