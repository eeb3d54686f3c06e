/* onion/circ/attach_stream.c - a stream, over however many tries
 *
 * Theory of operation
 *	To its holder it is one endpoint, the outer; each try is another, the
 *	inner, on some circuit.  What the holder sent before CONNECTED goes out
 *	at once behind BEGIN, and is kept for the next try; fin() and credit are
 *	repeated too.  After CONNECTED nothing is ever retried, and the outer is
 *	but a call through to the inner.
 *
 *	What an END before CONNECTED means (tor-spec 6.3; map 7):
 *
 *	  EXITPOLICY			another exit; no, where the address that
 *					it found can't be what was asked for
 *	  HIBERNATING, RESOURCELIMIT	another; this one is left alone a while
 *	  RESOLVEFAILED, MISC, NOROUTE	another: a real exit says MISC of a
 *					closed port
 *	  DESTROY, TORPROTOCOL		another; the circuit is closed
 *	  none				another; the circuit is gone
 *	  all else			the answer
 *
 *	From an onion service any END is the answer: there is no other to ask.
 *	Only a circuit that went is replaced, by another to the same service.
 *	Where a certain exit was asked for (.exit), "another" is another circuit
 *	to that one.
 *
 *	Whatever reasons exits give, ATTACH_FAILURES_MAX of them are enough.
 *	tor counts RESOLVEFAILED, MISC and NOROUTE alone, and goes on for two
 *	minutes with the others; then a target that all refuse, or exits that
 *	agreed on it, choose how many circuits we build, and show our guard a
 *	pattern.  Only circuits that went without a word are no answer from an
 *	exit: they count as tries.
 *
 *	We differ from tor in what a refusal does to a circuit and its exit:
 *	nothing, but that this stream goes elsewhere.  What is refused is up to
 *	whoever asks; if refusals spent circuits, or took exits out of the
 *	choice of all others, a page full of closed ports could make us go
 *	through circuits, and steer which exits are left.  And the summary of a
 *	policy in a microdescriptor promises nothing for an address, so that
 *	EXITPOLICY breaks no promise.
 * Limits
 *	ATTACH_EARLY_MAX bytes kept, ATTACH_EARLY_SUM_MAX of all streams.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "onion/circ/attach_int.h"
#include "onion/circ/relaymsg.h"
#include "onion/path/path.h"

enum { EXIT_SHORT_MS = 10 * 60 * 1000 };

struct attach_stream {
	struct endpoint	 ep;		/* first: what the holder has */
	struct attach_waiter w;
	struct endpoint	*inner;		/* TRYING, OPEN */
	uint32_t	 id;		/* to be shown */
	uint16_t	 port;
	uint8_t		 fin;		/* the holder sends no more */
	uint8_t		 refused;	/* the holder waits for room() */
	char		 host[];
};

static struct attach_stream *
stream_of(struct attach_waiter *w)
{
	return (struct attach_stream *)(void *)((char *)w -
	    offsetof(struct attach_stream, w));
}

const struct attach_stream *
attach_stream_of(const struct attach_waiter *w)
{
	return (const struct attach_stream *)(const void *)((const char *)w -
	    offsetof(struct attach_stream, w));
}

static struct attach_stream *
stream_of_ep(struct endpoint *e)
{
	return (struct attach_stream *)(void *)e;
}

/* --- what was sent early --- */

static int
has_early(const struct attach_stream *s)
{
	const struct attach_seek *k = s->w.seek;

	return k && k->early_sent < k->early.len;
}

/* Sends what the inner has not taken yet; the last of it brings fin along. */
static void
push_early(struct attach_stream *s)
{
	struct attach_seek *k = s->w.seek;

	if (has_early(s))
		k->early_sent += endpoint_send(s->inner,
		    buf_head(&k->early) + k->early_sent,
		    k->early.len - k->early_sent);
	if (has_early(s))
		return;
	if (s->w.state == ATTACH_OPEN)
		attach_drop_seek(&s->w);
	if (s->fin)
		endpoint_fin(s->inner);
}

static size_t
keep_early(struct attach_stream *s, const void *p, size_t len)
{
	struct attach *at = s->w.at;
	size_t n = buf_room(&s->w.seek->early);
	size_t left = at->early < ATTACH_EARLY_SUM_MAX ?
	    ATTACH_EARLY_SUM_MAX - at->early : 0;

	if (n > left)
		n = left;
	if (n > len)
		n = len;
	if (n == 0 || buf_add(&s->w.seek->early, p, n) < 0)
		return 0;
	at->early += n;
	return n;
}

/* --- a try, and what it tells --- */

static void
tell_room(struct attach_stream *s)
{
	if (!s->refused || s->w.state != ATTACH_OPEN || has_early(s))
		return;
	s->refused = 0;
	s->ep.user->room(s->ep.arg);
}

static void
in_open(void *arg)
{
	struct attach_stream *s = arg;

	attach_settle(&s->w);
	if (s->ep.user->open)
		s->ep.user->open(s->ep.arg);
	tell_room(s);
}

static void
in_data(void *arg, const void *p, size_t len)
{
	struct attach_stream *s = arg;

	s->w.at->read += len;
	s->ep.user->data(s->ep.arg, p, len);
}

static void
in_room(void *arg)
{
	struct attach_stream *s = arg;

	if (has_early(s))
		push_early(s);
	tell_room(s);
}

static void
in_fin(void *arg)
{
	struct attach_stream *s = arg;

	if (s->w.state == ATTACH_OPEN)
		s->ep.user->fin(s->ep.arg);
}

/* Is what the exit found not what can have been meant? */
static int
is_wrong_addr(const struct attach_stream *s, const struct addr *a)
{
	return a && stream_addr_is_wrong(a, s->w.seek->flags,
	    s->w.at->conf.reject_internal);
}

/* What a service says of a port that it does not have is DONE, so that none can
 * be told from one that nobody listens at. */
static int
judge_service(struct attach_seek *k, uint8_t reason)
{
	k->err = -ECONNRESET;
	if (reason == END_NONE)
		return 0;
	if (reason == END_DONE || reason == END_MISC)
		return -ECONNREFUSED;
	return relaymsg_end_errno(reason, 0);
}

/* The try ended before CONNECTED: the error to give up with, or 0 to try
 * again, with the error in the seek should it have been the last one. */
static int
judge(struct attach_stream *s, struct pool_circ *pc, int why)
{
	struct attach_seek *k = s->w.seek;
	uint8_t reason = stream_end_reason(s->inner);

	k->failures += reason != END_NONE;
	if (k->has_service)
		return judge_service(k, reason);
	switch (reason) {
	case END_EXITPOLICY:
		k->err = -EHOSTUNREACH;
		return is_wrong_addr(s, stream_addr(s->inner)) ? -EACCES : 0;
	case END_HIBERNATING:
	case END_RESOURCELIMIT:
		k->err = -EAGAIN;
		if (pc && !k->need.has_exit)
			path_exit_bad(s->w.at->conf.path, pool_circ_exit(pc),
			    EXIT_SHORT_MS);
		return 0;
	case END_RESOLVEFAILED:
	case END_MISC:
	case END_NOROUTE:
		k->err = reason == END_MISC ? -ECONNREFUSED :
		    relaymsg_end_errno(reason, 0);
		return 0;
	case END_NONE:
		k->err = -ECONNRESET;
		return why == -EACCES ? why : 0;
	case END_DESTROY:
	case END_TORPROTOCOL:
		k->err = -ECONNRESET;
		return 0;
	default:
		return relaymsg_end_errno(reason, 0);
	}
}

static void
in_gone(void *arg, int why)
{
	struct attach_stream *s = arg;
	struct attach_waiter *w = &s->w;
	struct pool_circ *pc;
	uint8_t reason;
	int give_up;

	if (w->state != ATTACH_TRYING) {
		s->inner = NULL;
		attach_finish(w, why);
		return;
	}
	pc = pool_find(w->at->conf.pool, w->circ);
	reason = stream_end_reason(s->inner);
	give_up = judge(s, pc, why);
	s->inner = NULL;
	if (give_up) {
		attach_finish(w, give_up);
		return;
	}
	log_info(LD_STREAM, "try %u ended: reason %u", w->seek->tries, reason);
	attach_try_again(w, pc, w->seek->err);
	if (pc && (reason == END_DESTROY || reason == END_TORPROTOCOL))
		pool_circ_close(pc);
}

static const struct endpoint_user inner_user = {
	.open = in_open, .data = in_data, .room = in_room, .fin = in_fin,
	.gone = in_gone
};

/* An exit whose policy knows no IPv6 is not asked for it. */
static uint32_t
flags_for(const struct attach_stream *s, const struct pool_circ *pc)
{
	uint32_t flags = s->w.seek->flags;

	if ((flags & BEGIN_IPV6_OK) && !(flags & BEGIN_IPV4_NOT_OK) &&
	    !pool_circ_takes(pc, s->port, 6))
		flags &= ~(uint32_t)(BEGIN_IPV6_OK | BEGIN_IPV6_PREFERRED);
	return flags;
}

/* Never a name to a service, and never one of a service's to an exit. */
static int
begin_on(struct attach_stream *s, struct pool_circ *pc)
{
	struct circ *circ = pool_circ(pc);

	if (s->w.seek->has_service != circ_is_of_service(circ))
		return -EINVAL;
	if (s->w.seek->has_service)
		return circ_connect(circ, "", s->port, 0, &s->inner);
	return circ_connect(circ, s->host, s->port, flags_for(s, pc),
	    &s->inner);
}

static int
begin(struct attach_waiter *w, struct pool_circ *pc)
{
	struct attach_stream *s = stream_of(w);
	int rc;

	if ((rc = begin_on(s, pc)) < 0)
		return rc;
	endpoint_hold(s->inner, &inner_user, s);
	if (w->seek->credit)
		endpoint_grant(s->inner, w->seek->credit);
	push_early(s);
	return 0;
}

static void
abandon(struct attach_waiter *w, int why)
{
	struct endpoint *inner = stream_of(w)->inner;

	stream_of(w)->inner = NULL;
	if (inner)
		endpoint_kill(inner, why);
}

static void
tell(struct attach_waiter *w, int why)
{
	struct attach_stream *s = stream_of(w);

	s->ep.user->gone(s->ep.arg, why);
}

static void
reap(struct attach_waiter *w)
{
	free(stream_of(w));
}

const struct attach_kind attach_stream_kind = {
	.begin = begin, .abandon = abandon, .tell = tell, .reap = reap
};

/* --- the outer endpoint --- */

static size_t
op_send(struct endpoint *e, const void *p, size_t len)
{
	struct attach_stream *s = stream_of_ep(e);
	size_t n;

	if (s->w.state == ATTACH_GONE || s->fin)
		return 0;
	if (s->w.seek == NULL)
		n = endpoint_send(s->inner, p, len);
	else {
		n = keep_early(s, p, len);
		if (s->inner)
			push_early(s);
	}
	if (n < len)
		s->refused = 1;
	s->w.at->written += n;
	return n;
}

static void
op_grant(struct endpoint *e, size_t credit)
{
	struct attach_stream *s = stream_of_ep(e);
	struct attach_seek *k = s->w.seek;

	if (s->w.state == ATTACH_GONE)
		return;
	if (k && s->w.state != ATTACH_OPEN)
		k->credit = credit > SIZE_MAX - k->credit ? SIZE_MAX :
		    k->credit + credit;
	if (s->inner)
		endpoint_grant(s->inner, credit);
}

static void
op_fin(struct endpoint *e)
{
	struct attach_stream *s = stream_of_ep(e);

	if (s->w.state == ATTACH_GONE || s->fin)
		return;
	s->fin = 1;
	if (s->inner && !has_early(s))
		endpoint_fin(s->inner);
}

static void
op_kill(struct endpoint *e, int why)
{
	struct attach_stream *s = stream_of_ep(e);

	if (s->w.state == ATTACH_GONE)
		return;
	abandon(&s->w, why);
	attach_retire(&s->w);
}

static void
op_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	const struct attach_stream *s = (const struct attach_stream *)e;

	if (s->inner)
		endpoint_queued(s->inner, q);
}

static const struct endpoint_ops outer_ops = {
	.send = op_send, .grant = op_grant, .fin = op_fin, .kill = op_kill,
	.queued = op_queued
};

static uint8_t
family_of(const struct attach_target *t)
{
	if (t->addr.family == 0 && (t->flags & BEGIN_IPV4_NOT_OK))
		return 6;
	return t->addr.family;
}

static int
check_target(const struct attach *at, const struct attach_target *t)
{
	uint8_t scratch[RELAY_DATA_MAX];
	size_t n = strlen(t->host);
	int rc = 0;

	if (n == 0 || n > ATTACH_HOST_MAX || t->port == 0 ||
	    (t->service && t->exit))
		return -EINVAL;
	if (t->service == NULL)
		rc = relaymsg_put_begin(scratch, t->host, t->port, t->flags);
	if (rc < 0)
		return rc;
	if (at->closing)
		return -ECANCELED;
	return at->nstreams < ATTACH_STREAMS_MAX ? 0 : -ENOSPC;
}

static void
set_target(struct attach_seek *k, const struct attach_target *t)
{
	k->need.alone = t->alone != 0;
	if (t->exit) {
		k->need.has_exit = 1;
		memcpy(k->need.exit, t->exit, sizeof(k->need.exit));
	}
	if (t->service) {
		k->has_service = 1;
		memcpy(k->service, t->service, sizeof(k->service));
	}
}

int
attach_connect(struct attach *at, const uint8_t token[POOL_TOKEN],
    const struct attach_target *t, struct endpoint **out)
{
	size_t n = strlen(t->host) + 1;
	struct attach_stream *s;
	int rc;

	if ((rc = check_target(at, t)) < 0)
		return rc;
	if ((s = calloc(1, sizeof(*s) + n)) == NULL)
		return -ENOMEM;
	s->ep.ops = &outer_ops;
	memcpy(s->host, t->host, n);
	s->port = t->port;
	if ((rc = attach_enter(at, &s->w, &attach_stream_kind, token)) < 0) {
		free(s);
		return rc;
	}
	s->w.seek->flags = t->flags;
	s->w.seek->need.port = t->port;
	s->w.seek->need.family = family_of(t);
	set_target(s->w.seek, t);
	attach_set_exits(&s->w, t->exits);
	s->id = ++at->last_id;
	*out = &s->ep;
	return 0;
}

void
attach_stream_describe(const struct attach_stream *s, struct attach_show *out)
{
	out->id = s->id;
	out->host = s->host;
	out->port = s->port;
}
