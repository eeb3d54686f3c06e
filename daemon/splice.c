/* daemon/splice.c - joins two endpoints; the only place with backpressure
 *
 * Theory of operation
 *	Each side is granted credit for what the other side has taken.  A slice
 *	goes straight across, or is fetched to where the other side wants it;
 *	only what the other side refuses is copied, into
 *	@wait, and goes when it calls room().
 *
 *	Before the stream is open the client is granted SPLICE_EARLY bytes,
 *	which travel with BEGIN and save a round trip; what they were worth is
 *	granted anew, with the rest of the credit, when the stream opens.  A
 *	client that is kept waiting until then is accepted with all of it, one
 *	that splice_accept() lets in at once with SPLICE_EARLY.
 * Invariant
 *	What a side was granted and did not send yet, what of it waits here, and
 *	what is owed to it make up SPLICE_CREDIT (for a client before the
 *	stream is open, SPLICE_EARLY), as long as the other side is there.
 * Ends
 *	client FIN	-> drained -> stream fin (it lives on for the answer)
 *	client gone	-> stream killed with the same reason
 *	stream gone, 0	-> drained -> client fin; done when the client is gone
 *			   too, or took nothing for SPLICE_LINGER_MS
 *	stream gone, <0	-> drained -> client killed: a reset; at once where
 *			   it was not let in yet: that is how it hears why
 *
 *	What the client has taken is what its kernel says has arrived, not what
 *	our own queue got rid of: a reset throws away all between the two, and a
 *	slow reader makes progress long after our queue is empty.  One that
 *	takes nothing any more is closed in order if nothing waits here and its
 *	FIN is out; the kernel then goes on offering it the rest.  No event tells
 *	that all has arrived, so before a reset it is asked every
 *	SPLICE_POLL_MS.
 *
 *	A client whose stream has ended may go on sending: that is read and
 *	dropped, so that its end is seen.
 */
#include "daemon/splice.h"

#include <errno.h>
#include <string.h>

#include "base/endpoint.h"

static void
finish(struct splice *s)
{
	if (s->over || s->client.ep || s->stream.ep)
		return;
	s->over = 1;
	loop_timer_clear(s->loop, &s->linger);
	buf_free(&s->client.wait);
	buf_free(&s->stream.wait);
	if (s->done)
		s->done(s->arg, s->why);
}

static void
kill_side(struct splice_side *side, int why)
{
	struct endpoint *ep = side->ep;

	side->ep = NULL;
	if (ep)
		endpoint_kill(ep, why);
}

/* All that @from sent has gone across: was it the end? */
static void
pass_fin(struct splice_side *from)
{
	struct splice_side *to = from->other;

	if (!from->fin || from->fin_sent || from->wait.len || to->ep == NULL)
		return;
	if (from->splice->why < 0)	/* it gets a reset instead */
		return;
	from->fin_sent = 1;
	endpoint_fin(to->ep);
}

/* A client's credit waits for the stream to open.  Where bytes wait, so does
 * credit until much of it is owed: little would be read at a time.  Where they
 * would have to wait, nothing is read. */
static int
grants_wait(const struct splice_side *from)
{
	const struct splice *s = from->splice;

	if (s->stream.ep == NULL)
		return 0;
	if (from == &s->client && !s->open)
		return 1;
	if (from->wait.len > 0 && from->owed < SPLICE_GRANT)
		return 1;
	return from->other->ep && !endpoint_roomy(from->other->ep);
}

/* Credit goes back as bytes are taken. */
static void
taken(struct splice_side *from, size_t n)
{
	from->owed += n;
	if (from->owed == 0 || from->ep == NULL || grants_wait(from))
		return;
	n = from->owed;
	from->owed = 0;
	endpoint_grant(from->ep, n);
}

/* Bytes for the client that it does not have yet. */
static size_t
untaken(const struct splice *s)
{
	return s->stream.wait.len + endpoint_under_way(s->client.ep);
}

static void
set_linger(struct splice *s)
{
	loop_timer_in(s->loop, &s->linger, s->why < 0 ? SPLICE_POLL_MS :
	    SPLICE_LINGER_MS);
}

/* The stream ended and the client is still there. */
static void
linger(struct splice *s)
{
	if (s->stream.ep || s->client.ep == NULL || s->over)
		return;
	s->left = untaken(s);
	s->moved = s->loop->now;
	set_linger(s);
}

static void
on_data(void *arg, const void *p, size_t len)
{
	struct splice_side *from = arg, *to = from->other;
	size_t n = 0;

	from->bytes += len;
	if (to->ep && from->wait.len == 0)
		n = endpoint_send(to->ep, p, len);
	if (from->splice->over)
		return;
	if (to->ep == NULL) {
		taken(from, len);	/* nobody wants it: let it end */
		return;
	}
	if (n < len && from->wait.len == 0)
		from->since = from->splice->loop->now;
	if (n < len && buf_add(&from->wait, (const uint8_t *)p + n,
	    len - n) < 0) {
		splice_kill(from->splice, -ENOBUFS);
		return;
	}
	taken(from, n);
}

static unsigned
on_place(void *arg, size_t len, struct iovec v[2])
{
	struct splice_side *from = arg, *to = from->other;

	return to->ep && from->wait.len == 0 ?
	    endpoint_place(to->ep, len, v) : 0;
}

static void
on_placed(void *arg, size_t len)
{
	struct splice_side *from = arg;

	from->bytes += len;
	endpoint_placed(from->other->ep, len);
	if (len)
		taken(from, len);
}

static void
on_room(void *arg)
{
	struct splice_side *to = arg, *from = to->other;
	size_t n;

	if (from->wait.len) {
		n = endpoint_send(to->ep, buf_head(&from->wait),
		    from->wait.len);
		if (from->splice->over || to->ep == NULL)
			return;
		from->since = buf_since(from->since, to->splice->loop->now, n,
		    from->wait.len);
		buf_drain(&from->wait, n);
		taken(from, n);
	} else {
		taken(from, 0);
	}
	pass_fin(from);
	linger(from->splice);
}

/* The client was kept waiting until there is somebody to talk to; also where
 * the stream ends in order before it said that it is open. */
void
splice_accept(struct splice *s)
{
	if (s->accepted || s->client.ep == NULL)
		return;
	s->accepted = 1;
	endpoint_accept(s->client.ep);
}

static void
on_fin(void *arg)
{
	struct splice_side *from = arg;

	if (from == &from->splice->stream)
		splice_accept(from->splice);
	from->fin = 1;
	pass_fin(from);
}

static void
on_linger(void *arg)
{
	struct splice *s = arg;
	size_t left = untaken(s);

	if (left < s->left) {
		s->left = left;
		s->moved = s->loop->now;
	}
	if (s->why < 0 && left == 0)
		splice_kill(s, s->why);
	else if (s->loop->now - s->moved < SPLICE_LINGER_MS)
		set_linger(s);
	else
		splice_kill(s, s->why < 0 ? s->why :
		    s->stream.fin_sent ? 0 : -ETIMEDOUT);
}

static void
on_gone(void *arg, int why)
{
	struct splice_side *from = arg, *to = from->other;
	struct splice *s = from->splice;

	from->ep = NULL;
	if (s->why == 0)
		s->why = why;
	if (to->ep == NULL) {
		finish(s);
		return;
	}
	if (from == &s->client ||
	    (why < 0 && (!s->accepted || untaken(s) == 0))) {
		kill_side(to, why);
		finish(s);
		return;
	}
	splice_accept(s);
	/* What the client had sent and is owed is read on, and dropped. */
	taken(to, to->wait.len);
	buf_free(&to->wait);
	from->fin = 1;
	pass_fin(from);
	linger(s);
}

static void
on_open(void *arg)
{
	struct splice_side *side = arg;
	struct splice *s = side->splice;

	if (s->open || side != &s->stream)
		return;
	s->open = 1;
	if (s->opened)
		s->opened(s->arg);
	if (s->over || s->client.ep == NULL)
		return;
	endpoint_grant(s->client.ep,
	    SPLICE_CREDIT - SPLICE_EARLY + s->client.owed);
	s->client.owed = 0;
	splice_accept(s);
}

static const struct endpoint_user splice_user = {
	.open = on_open, .data = on_data, .place = on_place,
	.placed = on_placed, .room = on_room, .fin = on_fin, .gone = on_gone
};

static void
side_init(struct splice *s, struct splice_side *side,
    struct splice_side *other, struct endpoint *ep)
{
	side->splice = s;
	side->other = other;
	side->ep = ep;
	buf_init(&side->wait, SPLICE_CREDIT);	/* it was granted: it fits */
	endpoint_hold(ep, &splice_user, side);
}

void
splice_open(struct splice *s, struct loop *loop, struct endpoint *client,
    struct endpoint *stream)
{
	s->loop = loop;
	loop_timer_init(&s->linger, on_linger, s);
	side_init(s, &s->client, &s->stream, client);
	side_init(s, &s->stream, &s->client, stream);
	endpoint_grant(stream, SPLICE_CREDIT);
	endpoint_grant(client, SPLICE_EARLY);
}

void
splice_kill(struct splice *s, int why)
{
	if (s->over)
		return;
	if (s->why == 0)
		s->why = why;
	kill_side(&s->client, why);
	kill_side(&s->stream, why);
	finish(s);
}

static void
add_side(const struct splice_side *side, struct endpoint_queued *sum)
{
	struct endpoint_queued q = { .since = INT64_MAX };

	if (side->ep)
		endpoint_queued(side->ep, &q);
	if (side->wait.len && side->since < q.since)
		q.since = side->since;
	sum->bytes += q.bytes + side->wait.len;
	sum->counted += q.counted;
	if (q.since < sum->since)
		sum->since = q.since;
}

void
splice_queued(const struct splice *s, struct endpoint_queued *q)
{
	q->bytes = q->counted = 0;
	q->since = INT64_MAX;
	add_side(&s->client, q);
	add_side(&s->stream, q);
}
