/* onion/circ/streamin.c - what a stream gets: data, and what a relay says
 *
 * See streams.c for what comes here, and stream.c for a stream's life.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "onion/circ/circ.h"
#include "onion/circ/streams_int.h"

/* Stream SENDMEs go out while less than this waits for the holder. */
enum { HELD_FEW = 10 * FLOWCTL_CELL_MAX };

void
stream_make_ready(struct stream *st)
{
	if (st->is_ready || st->delivering || st->credit == 0 ||
	    st->held.len == 0)
		return;
	st->is_ready = 1;
	TAILQ_INSERT_TAIL(&st->set->ready, st, ready);
	streams_wake(st->set);
}

/* The relay's window on this stream opens as the holder takes what came. */
static void
reopen_window(struct stream *st)
{
	if (st->held.len > HELD_FEW)
		return;
	while (st->rwindow <= FLOWCTL_STREAM_WINDOW - FLOWCTL_STREAM_INC) {
		st->rwindow += FLOWCTL_STREAM_INC;
		st->sendmes++;
		streams_owe(st->set, &st->slot, OWES_SENDME);
	}
}

/* So many bytes were delivered; the relay may have to hear that. */
static void
note_taken(struct stream *st, size_t n)
{
	struct xonxoff *x = &st->flow;

	if (st->state != STREAM_S_OPEN)
		return;
	if (!stream_has_cc(st)) {
		reopen_window(st);
		return;
	}
	/* Nothing waits and nothing was told: the usual case. */
	if (!x->drain_since && !x->kbps_told && !x->xoff_out)
		return;
	if (st->held.len == 0 && (st->slot.owes & OWES_XOFF))
		streams_waive(st->set, &st->slot, OWES_XOFF);
	if (xonxoff_drained(x, stream_params(st), n, st->held.len,
	    stream_now(st)))
		streams_owe(st->set, &st->slot, OWES_XON);
}

static int
hold_back(struct stream *st, const uint8_t *p, size_t n)
{
	if (n > buf_room(&st->held))
		return -EPROTO;
	if (st->held.len == 0)
		st->held_since = stream_now(st);
	if (buf_add(&st->held, p, n) < 0)
		return -ENOMEM;
	if (stream_has_cc(st) && xonxoff_over(&st->flow, stream_params(st),
	    st->held.len, stream_now(st)) && !(st->slot.owes & OWES_XOFF)) {
		streams_waive(st->set, &st->slot, OWES_XON);
		streams_owe(st->set, &st->slot, OWES_XOFF);
	}
	stream_make_ready(st);
	return 0;
}

int
stream_data(struct stream *st, const struct relaymsg *m)
{
	const uint8_t *p = m->data;
	size_t len = m->len, n = 0;

	if (st->state != STREAM_S_OPEN)
		return -EPROTO;
	if (!stream_has_cc(st) && --st->rwindow < 0)
		return -EPROTO;
	st->heard = stream_now(st);
	if (st->held.len == 0 && st->credit > 0) {
		n = len < st->credit ? len : st->credit;
		st->credit -= n;
		st->ep.user->data(st->ep.arg, p, n);
		if (st->state == STREAM_S_DEAD)
			return 0;
	}
	if (n < len)
		return hold_back(st, p + n, len - n);
	note_taken(st, n);
	return 0;
}

/* It ended there, and the holder has had everything. */
static void
finish(struct stream *st)
{
	const struct endpoint_user *user = st->ep.user;

	if (user && user->fin && st->why == 0)
		user->fin(st->ep.arg);
	if (st->state == STREAM_S_DEAD || streams_are_still(st->set))
		return;
	stream_gone(st, st->why);
}

void
stream_deliver(struct stream *st)
{
	size_t n = st->held.len < st->credit ? st->held.len : st->credit;

	TAILQ_REMOVE(&st->set->ready, st, ready);
	st->is_ready = 0;
	st->delivering = 1;
	st->credit -= n;
	st->ep.user->data(st->ep.arg, buf_head(&st->held), n);
	st->delivering = 0;
	if (st->state == STREAM_S_DEAD)
		return;
	st->held_since = buf_since(st->held_since, stream_now(st), n,
	    st->held.len);
	buf_drain(&st->held, n);
	if (streams_are_still(st->set))
		return;
	note_taken(st, n);
	stream_heard(st);
	if (st->state == STREAM_S_ENDED && st->held.len == 0)
		finish(st);
	else
		stream_make_ready(st);
}

int
stream_addr_is_wrong(const struct addr *a, uint32_t flags, int reject_internal)
{
	static const uint8_t zero[16];

	if (memcmp(a->ip, zero, addr_iplen(a)) == 0)
		return 1;
	if (reject_internal && addr_is_internal(a))
		return 1;
	return a->family == 4 ? (flags & BEGIN_IPV4_NOT_OK) != 0 :
	    (flags & BEGIN_IPV6_OK) == 0;
}

int
stream_connected(struct stream *st, const struct relaymsg *m)
{
	static struct log_limit limit = { .every_s = 60 };
	struct addr a;
	uint32_t ttl;

	if (st->state != STREAM_S_CONNECTING ||
	    relaymsg_get_connected(m, &a, &ttl) < 0)
		return -EPROTO;
	st->addr = a;
	st->state = STREAM_S_OPEN;
	if (a.family && !st->is_dir && stream_addr_is_wrong(&a, st->flags,
	    st->set->conf.reject_internal)) {
		log_limited(&limit, LL_INFO, LD_STREAM, "An exit claims to "
		    "have connected a stream to an internal address, or to "
		    "one of a kind that was not asked for; closing it.");
		stream_refuse(st, -EACCES);
		return 0;
	}
	st->opened = 1;
	stream_heard(st);
	if (st->ep.user && st->ep.user->open)
		st->ep.user->open(st->ep.arg);
	return 0;
}

int
stream_ended(struct stream *st, const struct relaymsg *m)
{
	struct addr a;
	uint8_t reason;

	if (relaymsg_get_end(m, &reason, &a) < 0)
		return -EPROTO;
	if (a.family)
		st->addr = a;
	st->end_reason = reason;
	st->why = relaymsg_end_errno(reason, st->opened);
	streams_drop(st->set, &st->slot);	/* its id is free now */
	st->state = STREAM_S_ENDED;
	stream_stop_sending(st);
	st->pace_at = LOOP_NEVER;
	loop_timer_clear(st->set->conf.loop, &st->timer);
	stream_heard(st);
	if (st->held.len == 0)
		finish(st);
	return 0;
}

int
stream_sendme(struct stream *st)
{
	if (st->state != STREAM_S_OPEN || stream_has_cc(st) ||
	    st->window > FLOWCTL_STREAM_WINDOW - FLOWCTL_STREAM_INC)
		return -EPROTO;
	st->window += FLOWCTL_STREAM_INC;
	stream_enqueue(st);
	return 0;
}

/* May come before CONNECTED: an exit that still connects holds what was sent
 * meanwhile, and that may be too much for it. */
int
stream_xoff(struct stream *st, const struct relaymsg *m)
{
	if (!stream_has_cc(st) || relaymsg_get_xoff(m) < 0)
		return -EPROTO;
	return xonxoff_stop(&st->flow, stream_params(st));
}

int
stream_xon(struct stream *st, const struct relaymsg *m)
{
	uint32_t kbps;
	int rc;

	if (!stream_has_cc(st) || relaymsg_get_xon(m, &kbps) < 0)
		return -EPROTO;
	rc = xonxoff_start(&st->flow, stream_params(st), kbps,
	    stream_now(st));
	if (rc == 0)
		stream_enqueue(st);
	return rc;
}
