/* onion/circ/circ.h - circuits: telescoped through relays, carrying streams
 *
 * A circuit is built hop by hop over a channel (tor-spec 5), then carries
 * streams to its last hop (tor-spec 6).  It belongs to whoever made it;
 * circ_kill() ends it without a further call, gone() comes when it ends by
 * itself; in both cases its memory goes at the end of the turn.  All streams
 * and lookups on it are told -ECONNRESET before gone() is called, and also
 * after circ_kill(); only a stream that holds what came before still delivers
 * that, and is told afterwards (not so for CIRC_WHY_MEMORY).  No call down calls
 * up: what it leads to is told when the turn ends.
 *
 * How long building, connecting or looking up may take is the owner's business;
 * nothing here times out, but a stream that is silent after its holder shut it
 * down, or whose holder is after it ended (STREAMS_SILENT_MS, _UNREAD_MS).
 *
 * Anything a relay sends that is not expected in the state that the circuit is
 * in, from the hop that it comes from, closes the circuit.
 */
#ifndef ONION_CIRC_CIRC_H
#define ONION_CIRC_CIRC_H

#include <stddef.h>
#include <stdint.h>

#include "onion/crypto/handshake.h"
#include "onion/link/relayid.h"

struct chan;
struct circ;
struct endpoint;
struct flow_params;
struct loop;
struct addr;

enum {
	CIRC_HOPS_MAX = 8,
	CIRC_FACTS_MAX = 128,		/* names whose answers are kept */
	CIRC_FACT_ANSWERS_MAX = 8,	/* answers with more are not */
	CIRC_FACT_S = 300		/* for so long at most */
};

enum circ_why {			/* why a circuit is no more */
	CIRC_WHY_NONE,
	CIRC_WHY_FINISHED,	/* we are done with it */
	CIRC_WHY_CHANNEL,	/* its channel failed or could not be opened */
	CIRC_WHY_DESTROYED,	/* the first hop sent DESTROY */
	CIRC_WHY_TRUNCATED,	/* a later hop could not extend, or went */
	CIRC_WHY_HANDSHAKE,	/* a hop did not prove who it is */
	CIRC_WHY_PROTOCOL,	/* somebody broke the protocol */
	CIRC_WHY_TIMEOUT,	/* building took too long */
	CIRC_WHY_MEMORY		/* a ceiling, ours or the program's */
};

struct circ_hop {
	struct hopinfo	info;
	enum handshake_kind kind;
	uint8_t		want_cc;	/* ask for congestion control */
	uint8_t		want_cgo;	/* and with it CGO */
};

struct circ_user {
	void	(*hop)(void *arg, size_t built);	/* so many hops stand */
	void	(*built)(void *arg);			/* all of them */
	void	(*linked)(void *arg);	/* circ_link() did; may be NULL */
	void	(*idle)(void *arg);	/* the last stream went; may be NULL */
	/* A message of an onion service's kind (RELAY_RENDEZVOUS2,
	 * _RENDEZVOUS_ESTABLISHED, _INTRODUCE_ACK) from the last hop, stream 0.
	 * 0, or -EPROTO: nobody asked for it, the circuit is closed.  NULL:
	 * none may come. */
	int	(*message)(void *arg, uint8_t cmd, const uint8_t *data,
		    size_t len);
	void	(*gone)(void *arg, enum circ_why);	/* last call */
};

struct circ_conf {
	struct loop			*loop;
	const struct flow_params	*flow;	/* copied */
	int				 extend_by_ed;	/* ExtendByEd25519ID */
	int				 pad;	/* circpad.h, where hop 2 can */
	int				 reject_internal; /* ClientDNSReject-
							 InternalAddresses */
};

int	 circ_new(struct circ **, const struct circ_conf *, struct chan *,
	    const struct circ_hop *, size_t nhops, const struct circ_user *,
	    void *arg);
void	 circ_kill(struct circ *, enum circ_why);

/* Conflux (proposal 329; conflux.h).  A circuit that stands, was given nothing
 * to carry yet and has congestion control asks its exit to link it by @nonce
 * (CONFLUX_NONCE bytes); linked() comes when it did.  Two to one exit that did
 * so with the same nonce are joined: streams of the first go over both, the
 * second takes none of its own, and they die together.  -ENOTCONN, -EOPNOTSUPP,
 * -EINVAL. */
int	 circ_link(struct circ *, const uint8_t *nonce, uint8_t ux);
int	 circ_join(struct circ *first, struct circ *second);
int64_t	 circ_link_rtt_us(const struct circ *);
const struct circ *circ_joined_to(const struct circ *);	/* or NULL */

/* Onion services (rend-spec-v3).  A circuit that stands and was given nothing to
 * carry yet may get one more hop: built() comes again.  Its owner may exchange
 * messages with its last hop.  And it may be joined with a service, which is
 * one more hop then, made of the keys of hs-ntor (SHA3-256, AES-256), and the
 * one that streams go to; relays are never told of it.
 *
 * circ_tell() takes RELAY_ESTABLISH_RENDEZVOUS or RELAY_INTRODUCE1, one of them
 * once; what has no room now waits.  message() comes for what answers it, for
 * each kind once.  After joining none comes, circ_connect() takes the host ""
 * and no other, and there are no lookups.
 *
 * -ENOTCONN, -EINVAL (CIRC_HOPS_MAX), -EBUSY (it carries something), -EMSGSIZE,
 * -ENOMEM. */
struct hsntor_keys;
int	 circ_lengthen(struct circ *, const struct circ_hop *);
int	 circ_tell(struct circ *, uint8_t cmd, const uint8_t *data, size_t len);
int	 circ_join_service(struct circ *, const struct hsntor_keys *, int cc,
	    uint8_t sendme_inc);
/* Closed when it has done its work it would show what it was. */
int	 circ_should_stay(const struct circ *);
int	 circ_is_of_service(const struct circ *);	/* joined with one */

int	 circ_is_built(const struct circ *);	/* and may carry streams */
size_t	 circ_nhops(const struct circ *);
size_t	 circ_nbuilt(const struct circ *);
const struct hopinfo *circ_hopinfo(const struct circ *, size_t i);
size_t	 circ_nstreams(const struct circ *);	/* and lookups */
uint32_t circ_id(const struct circ *);		/* ours; for logs and status */
struct chan *circ_chan(const struct circ *);	/* NULL: it is over */
/* Memory of what waits in its streams and queues, and since when (loop ms; for the
 * memory limit: oldest data goes first). */
size_t	 circ_queued(const struct circ *, int64_t *oldest);
/* How the last hop that stands is spoken to: "tor1", "CGO", or "" before. */
const char *circ_crypto(const struct circ *);
void	 circ_totals(const struct circ *, uint64_t *bytes_fwd,
	    uint64_t *bytes_bwd);

/* Streams.  The endpoint is open when open() was called; bytes sent earlier go
 * out right behind BEGIN (optimistic data).  -ENOSPC: as many as there may be
 * (STREAMS_MAX, with lookups); -ENOTCONN: not built; -EINVAL: no host that
 * could be meant; -ENOMEM.
 *
 * gone() is told what END's reason means (relaymsg_end_errno), -EACCES where
 * the exit connected to an internal address and those are rejected, -ETIMEDOUT
 * after silence, -ECONNRESET if the circuit went. */
enum {				/* BEGIN flags, tor-spec 6.2 */
	BEGIN_IPV6_OK = 1, BEGIN_IPV4_NOT_OK = 2, BEGIN_IPV6_PREFERRED = 4
};
int	 circ_connect(struct circ *, const char *host, uint16_t port,
	    uint32_t flags, struct endpoint **);	/* host: no brackets */
int	 circ_begin_dir(struct circ *, struct endpoint **);

/* The END reason that ended a stream (tor-spec 6.3), 0 if none came; and the
 * address that CONNECTED or END told.  Valid inside open() and gone(). */
/* Can what was meant, with those BEGIN_* flags, not be at that address? */
int	 stream_addr_is_wrong(const struct addr *, uint32_t flags,
	    int reject_internal);
uint8_t	 stream_end_reason(const struct endpoint *);
const struct addr *stream_addr(const struct endpoint *);	/* or NULL */
int	 stream_is_open(const struct endpoint *);	/* CONNECTED came */

/* RESOLVE (tor-spec 6.4).  The callback comes once, unless cancelled.  There is
 * at least one answer where @why is 0; answers that point to internal addresses
 * are left out where those are rejected, and names that could not be names.  A
 * name, in whatever case, that is being asked for on this circuit is not asked
 * twice, and addresses that the exit said are told again while their TTL lasts,
 * CIRC_FACT_S at most (circ_lookup.c). */
struct circ_answer {
	uint8_t		 type;	/* 0 host name, 4, 6, 0xf0 transient error,
				 * 0xf1 error that lasts */
	uint32_t	 ttl;	/* s */
	struct addr	 *addr;	/* types 4 and 6 */
	const char	 *name;	/* type 0; checked, NUL-terminated */
};
struct circ_lookup;
typedef void circ_lookup_fn(void *arg, const struct circ_answer *, size_t n,
    int why);		/* why: 0, or -errno where no answer came */
int	 circ_resolve(struct circ *, const char *name, circ_lookup_fn *,
	    void *arg, struct circ_lookup **);
void	 circ_lookup_cancel(struct circ_lookup *);

#endif
