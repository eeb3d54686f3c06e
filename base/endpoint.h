/* base/endpoint.h - one end of a byte stream: the seam of the whole program
 *
 * A redirected socket, a TUN connection, a directory request and an onion
 * stream are all endpoints.  Whoever implements one embeds struct endpoint and
 * fills @ops; whoever holds one sets @user and @arg (endpoint_hold()).
 *
 *	holder -> endpoint	accept, send, grant, fin, kill
 *	endpoint -> holder	open, data, room, fin, gone
 *	either			place, placed
 *
 * Credit: an endpoint delivers by data() no more bytes than were granted in
 * sum; what it holds back beyond that is bounded by its own protocol.  send()
 * copies what it takes and returns how much that was; where that is less than
 * offered, room() comes later.  Slices given to data() die with the call.
 * place() asks whoever takes bytes that are yet to be fetched where they belong,
 * so that they need not be copied, and placed() says how many were put there.
 * queued() tells the memory limit what waits in it, under_way() whoever ends
 * it whether all that was sent has arrived.
 *
 * A door may keep its client waiting until the holder knows that there is
 * somebody to talk to, and says so by accept(); before that it gives no data,
 * takes none, and a kill() is a refusal: the client is told the reason, or, for
 * 0, nothing at all.  Other endpoints have no accept(), and need none.
 *
 * Death: gone() is the last call, ever, and comes exactly once unless the
 * holder killed the endpoint itself, after which there is no call at all.
 * After either the pointer must not be used again: the implementation frees it
 * at the end of the turn.  Reasons are 0 (ended in order) or a negative errno:
 * -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, -ETIMEDOUT, -ECONNRESET,
 * -EACCES (policy), -ENOENT (no such name), -EAGAIN (come again later); or what
 * is wrong with an onion service (base/why.h).
 */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct endpoint;

struct endpoint_queued {
	size_t	bytes;		/* of this program's memory: what waits, and the
				 * room that its queue has for more */
	size_t	counted;	/* more of them, that its maker counts itself */
	int64_t	since;		/* loop ms, the oldest; INT64_MAX: none */
};

struct endpoint_ops {
	size_t	(*send)(struct endpoint *, const void *, size_t);
	void	(*grant)(struct endpoint *, size_t credit);	/* adds */
	void	(*fin)(struct endpoint *);	/* no more send() from here */
	void	(*kill)(struct endpoint *, int why);
	void	(*accept)(struct endpoint *);	/* NULL: nobody waits for it */
	/* NULL: nothing ever waits in it that is its own to count. */
	void	(*queued)(const struct endpoint *, struct endpoint_queued *);
	/* Bytes of send() that wait in it or, as far as it knows, between it
	 * and the other end.  NULL: not known, or none. */
	size_t	(*under_way)(const struct endpoint *);
	/* Is much that is sent now taken?  Where not, room() comes later.
	 * NULL: not known. */
	int	(*roomy)(struct endpoint *);
	/* Where at most so many bytes of a send() would be put: the pieces of
	 * memory, two at most; 0: nowhere, they are to be sent.  After any
	 * other answer placed() is the next call, with how many there are,
	 * from the first on, if only 0.  NULL: never. */
	unsigned (*place)(struct endpoint *, size_t, struct iovec[2]);
	void	(*placed)(struct endpoint *, size_t);
};

struct endpoint_user {
	void	(*open)(void *arg);		/* connected; may be NULL */
	void	(*data)(void *arg, const void *, size_t);
	/* The same of what would come by data(); NULL: never */
	unsigned (*place)(void *arg, size_t, struct iovec[2]);
	void	(*placed)(void *arg, size_t);
	void	(*room)(void *arg);
	void	(*fin)(void *arg);		/* no more data() from now on */
	void	(*gone)(void *arg, int why);
};

struct endpoint {
	const struct endpoint_ops	*ops;
	const struct endpoint_user	*user;
	void				*arg;
};

static inline void
endpoint_hold(struct endpoint *e, const struct endpoint_user *user, void *arg)
{
	e->user = user;
	e->arg = arg;
}

static inline size_t
endpoint_send(struct endpoint *e, const void *p, size_t len)
{
	return e->ops->send(e, p, len);
}

static inline int
endpoint_roomy(struct endpoint *e)
{
	return e->ops->roomy == NULL || e->ops->roomy(e);
}

static inline unsigned
endpoint_place(struct endpoint *e, size_t len, struct iovec v[2])
{
	return e->ops->place ? e->ops->place(e, len, v) : 0;
}

static inline void
endpoint_placed(struct endpoint *e, size_t len)
{
	e->ops->placed(e, len);
}

static inline void
endpoint_grant(struct endpoint *e, size_t credit)
{
	e->ops->grant(e, credit);
}

static inline void
endpoint_fin(struct endpoint *e)
{
	e->ops->fin(e);
}

static inline void
endpoint_kill(struct endpoint *e, int why)
{
	e->ops->kill(e, why);
}

static inline void
endpoint_accept(struct endpoint *e)
{
	if (e->ops->accept)
		e->ops->accept(e);
}

static inline void
endpoint_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	q->bytes = q->counted = 0;
	q->since = INT64_MAX;
	if (e->ops->queued)
		e->ops->queued(e, q);
}

static inline size_t
endpoint_under_way(const struct endpoint *e)
{
	return e->ops->under_way ? e->ops->under_way(e) : 0;
}

#endif
