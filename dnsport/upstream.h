/* dnsport/upstream.h - questions to the resolvers of DNSUpstream
 *
 * RFC 7766 and 7858.
 *
 * Over streams that somebody else provides; nothing here knows a socket.  A
 * connection belongs to one client at one listener, and to one resolver: what
 * different clients ask never shares one.  Several questions are under way on
 * it at a time, each with an id that was drawn for it.
 */
#ifndef DNSPORT_UPSTREAM_H
#define DNSPORT_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct dns_from;
struct dns_resolver;
struct dnstls_ctx;
struct endpoint;
struct loop;
struct upstream;
struct upstream_query;

enum {
	UPSTREAM_CONNS_MAX = 128,	/* of all clients; */
	UPSTREAM_CONNS_CLIENT_MAX = 32,	/* of one */
	UPSTREAM_QUERIES_MAX = 8192,	/* under way, of all clients; */
	UPSTREAM_CLIENT_MAX = 2048,	/* of one */
	UPSTREAM_TRIES_MAX = 3,
	UPSTREAM_TRY_MS = 10 * 1000,	/* with making the connection */
	UPSTREAM_TOTAL_MS = 20 * 1000,
	UPSTREAM_IDLE_MS = 30 * 1000,	/* a connection that nobody uses */
	UPSTREAM_OLD_MS = 600 * 1000,	/* takes no new questions */
	UPSTREAM_STRAYS_MAX = 64,	/* answers that nobody waits for */
	UPSTREAM_NAME_MAX = 255
};

enum { UPSTREAM_CD = 1, UPSTREAM_DO = 2 };

struct upstream_conf {
	struct loop	*loop;
	const struct dns_resolver *resolvers;	/* borrowed for its life */
	size_t		 n;
	struct dnstls_ctx *tls;		/* for those that have a name */
	int		(*connect)(void *arg, const struct dns_from *,
			    const struct addr *, struct endpoint **);
	void		*arg;
};

struct upstream_ask {
	const struct dns_from *from;
	const uint8_t	*name;		/* on the wire, not compressed */
	size_t		 name_len;
	uint16_t	 type;
	unsigned	 flags;		/* UPSTREAM_* */
};

/* err 0: the answer, to that very question, with any rcode; its id is not the
 * client's.  Else -ETIMEDOUT, -EKEYREJECTED (no certificate for its name) or
 * why no resolver could be asked.  Once, never from within upstream_ask(). */
typedef void upstream_done_fn(void *arg, int err, const uint8_t *msg,
	    size_t len);

int	upstream_new(struct upstream **, const struct upstream_conf *);
/* All that is under way is forgotten, without a call. */
void	upstream_free(struct upstream *);
/* 0; -ENOSPC (for anybody, or for this one's share), -ENOMEM. */
int	upstream_ask(struct upstream *, const struct upstream_ask *,
	    upstream_done_fn *, void *arg, struct upstream_query **);
void	upstream_cancel(struct upstream_query *);
/* That listener is gone; another one may get its address. */
void	upstream_forget(struct upstream *, const void *listener);
size_t	upstream_conns(const struct upstream *);

#endif
