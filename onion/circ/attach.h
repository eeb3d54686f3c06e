/* onion/circ/attach.h - streams and lookups, until they are answered
 *
 * What a client asks for is tried on a circuit from the pool, and on others,
 * as the reason for which it failed allows (tor-spec 6.2, 6.3; map 7), within
 * a time and a number of tries.  To its holder a stream is one endpoint from
 * the first byte to the last, whatever circuits it was tried on.
 */
#ifndef ONION_CIRC_ATTACH_H
#define ONION_CIRC_ATTACH_H

#include <stddef.h>
#include <stdint.h>

#include "onion/circ/circ.h"
#include "onion/circ/pool.h"

struct attach;
struct attach_lookup;
struct endpoint;
struct loop;
struct path_ctx;

enum {
	ATTACH_STREAMS_MAX = 131072,
	ATTACH_LOOKUPS_MAX = 8192,
	ATTACH_HOST_MAX = 255,
	ATTACH_ASKS_MAX = 256,		/* of one client, at a time */
	ATTACH_EARLY_MAX = 32 * 1024,	/* bytes kept for a retry */
	ATTACH_EARLY_SUM_MAX = 32 * 1024 * 1024,	/* of all streams */
	/* That ended for reasons that exits gave, whichever; see
	 * attach_stream.c. */
	ATTACH_FAILURES_MAX = 3,
	ATTACH_TRIES_MAX = 10		/* in all: circuits that went, too */
};

/* Who leads to onion services (onion/hs/hsclient.h): 0 and a circuit on which a
 * stream can be begun (it is joined, and not pool_circ_is_over()); -EAGAIN:
 * attach_wake() will come; else why not. */
struct attach_services {
	int	(*get)(void *arg, const struct pool_need *,
		    const uint8_t service[32], struct pool_circ **);
	void	(*spoil)(void *arg, struct pool_circ *);
	void	*arg;
};

struct attach_conf {
	struct loop	*loop;
	struct pool	*pool;
	struct path_ctx	*path;
	int64_t		 total_ms;	/* SocksTimeout */
	int64_t		 try_ms;	/* CircuitStreamTimeout; 0: 10, 10 and
					 * then 15 s */
	int		 reject_internal; /* ClientDNSRejectInternalAddresses */
	struct attach_services services;	/* get NULL: none are reached */
};

int	attach_new(struct attach **, const struct attach_conf *);
/* All ends, -ECANCELED.  Not from within a callback of it. */
void	attach_free(struct attach *);
void	attach_set_conf(struct attach *, const struct attach_conf *);
/* A circuit may be had now: whoever waits is served when the turn ends, or by
 * attach_serve() at once, which is for the pool's ready(). */
void	attach_wake(struct attach *);
void	attach_serve(struct attach *);

struct attach_target {
	const char	*host;		/* name or address, no brackets */
	struct addr	 addr;		/* family 0 where @host is a name */
	uint16_t	 port;
	uint32_t	 flags;		/* BEGIN_* */
	const uint8_t	*exit;		/* RSA id of the one to leave by; NULL */
	const uint8_t	*exits;		/* name of the set that has to have it
					 * (POOL_EXITS bytes); NULL: any */
	int		 alone;		/* no other stream is to follow on its
					 * circuit */
	const uint8_t	*service;	/* 32 bytes: an onion service's key;
					 * @host is only shown then, @addr does
					 * not count; NULL */
};

/* -EINVAL (no such target can be), -ENOSPC, -ENOMEM; -ECANCELED: it ends. */
int	attach_connect(struct attach *, const uint8_t token[POOL_TOKEN],
	    const struct attach_target *, struct endpoint **);

struct attach_question {
	const char	*name;
	const uint8_t	*exits;		/* as of a stream */
};

/* @err as in onion.h, or -ECANCELED; the callback never comes from within the
 * call. */
typedef void attach_lookup_fn(void *arg, int err, const struct circ_answer *,
    size_t n);
int	attach_resolve(struct attach *, const uint8_t token[POOL_TOKEN],
	    const struct attach_question *, attach_lookup_fn *, void *arg,
	    struct attach_lookup **);
void	attach_cancel(struct attach_lookup *);

struct attach_totals {
	size_t		waiting, streams, lookups;
	uint64_t	read, written;		/* bytes of streams */
};
void	attach_totals(const struct attach *, struct attach_totals *);

struct attach_show {		/* one stream */
	uint32_t	 id;
	const struct circ *circ;	/* NULL: none at this time */
	const char	*state;
	const char	*host;
	uint16_t	 port;
};
void	attach_each(const struct attach *, void (*fn)(void *arg,
	    const struct attach_show *), void *arg);

#endif
