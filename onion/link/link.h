/* onion/link/link.h - an encrypted byte stream to a relay, as a channel sees it
 *
 * The seam between the channel, which does no IO, and TLS over TCP (tlslink)
 * or, in tests, an in-process fake relay.  A link belongs to whoever dialled
 * it; link_kill() ends it without a further call, down() does so by itself.
 *
 * Output is queued in place (reserve, commit) and written when the turn ends.
 * What was reserved may still be changed after commit, up to the next reserve.
 * reserve() is NULL where the queue has no room, or the link is not up.
 *
 * Any call up may call link_kill(); nothing is touched afterwards but memory
 * of the link's own, which goes at the end of the turn.
 */
#ifndef ONION_LINK_LINK_H
#define ONION_LINK_LINK_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct link;

struct link_user {
	void	(*connected)(void *arg);	/* TCP is up, TLS begins */
	/* TLS is up; SHA-256 of the peer's certificate (DER). */
	void	(*up)(void *arg, const uint8_t cert_sha256[32]);
	/* Bytes came, all that are not consumed yet; returns how many were
	 * consumed.  They may be changed in place, and die with the call. */
	size_t	(*input)(void *arg, uint8_t *, size_t);
	void	(*drained)(void *arg);	/* the queue fell below the low mark */
	void	(*down)(void *arg, int err);	/* last call; 0: peer closed */
};

struct link_ops {
	uint8_t	*(*reserve)(struct link *, size_t);	/* NULL: no room */
	void	 (*commit)(struct link *, size_t);
	size_t	 (*room)(const struct link *);	/* bytes it would take */
	size_t	 (*queued)(const struct link *); /* bytes not yet taken by
						 * the network below us */
	void	 (*kill)(struct link *);
};

struct link {
	const struct link_ops	*ops;
	const struct link_user	*user;
	void			*arg;
	uint64_t		 net_in;	/* bytes, with TLS's own */
	uint64_t		 net_out;
};

struct link_dialer {
	/* Begins.  0 and the link, or a negative errno; no call to the user
	 * before this returned. */
	int	 (*dial)(void *arg, const struct addr *,
		    const struct link_user *, void *user_arg, struct link **);
	void	  *arg;
};

static inline uint8_t *
link_reserve(struct link *l, size_t n)
{
	return l->ops->reserve(l, n);
}

static inline void
link_commit(struct link *l, size_t n)
{
	l->ops->commit(l, n);
}

static inline size_t
link_room(const struct link *l)
{
	return l->ops->room(l);
}

static inline size_t
link_queued(const struct link *l)
{
	return l->ops->queued(l);
}

static inline void
link_kill(struct link *l)
{
	l->ops->kill(l);
}

#endif
