/* onion/onion.h - the door: a Tor client as one object
 *
 * Give it a configuration and a loop, and it bootstraps, keeps guards, a view
 * of the network and circuits, and carries byte streams and lookups through
 * them.  Nobody outside onion/ includes anything else of it.
 *
 * A struct onion belongs to whoever made it.  Endpoints that onion_connect()
 * gives belong to it; their holder gets gone(), or kills them.
 */
#ifndef ONION_ONION_H
#define ONION_ONION_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct endpoint;
struct event_base;
struct loop;
struct onion;
struct onion_change;
struct onion_conf;		/* onion/onionconf.h */
struct onion_lookup;

enum {
	ONION_TOKEN = 16,
	ONION_OWNER = 6,	/* of that, at its start: whose circuits it has,
				 * as to how many one may have */
	ONION_HOST_MAX = 255,
	ONION_STREAMS_MAX = 131072,	/* waiting or open, in all */
	ONION_LOOKUPS_MAX = 8192
};

struct onion_user {
	/* Progress of the bootstrap, with tor's tags; only upwards until the
	 * network is lost.  100 is "done". */
	void	(*progress)(void *arg, int percent, const char *tag,
		    const char *summary);
	/* Circuits can be built, or can't any more. */
	void	(*ready)(void *arg, int ready);
	/* Around each event that the engine takes from libevent. */
	void	(*enter)(void *arg);
	void	(*leave)(void *arg);
	/* MaxMemInQueues is a limit for all that waits: what the user holds of
	 * its streams counts, too.  How much that is, and since when (loop ms);
	 * and an end to what has waited longest, until @bytes are free or the
	 * rest is younger than @at: how much it was.  Both may be NULL. */
	uint64_t (*queued)(void *arg, int64_t *oldest);
	uint64_t (*shed)(void *arg, uint64_t bytes, int64_t at);
};

/* Once, before onionaddr.h is asked where there is no engine, or before a process
 * loses its files; onion_new() does it, too. */
void	onion_init(void);

/* @why gets a sentence for the operator where it fails. */
int	onion_new(struct onion **, const struct onion_conf *, struct loop *,
	    struct event_base *, const struct onion_user *, void *arg,
	    char *why, size_t max);
int	onion_start(struct onion *);
/* What can change at runtime, in two steps: all that can fail is done by the
 * first, which changes nothing; then it is committed, which cannot fail, or
 * dropped.  What @conf borrows must live for as long as the change, and what
 * may_reach needs for as long as it is in force. */
int	onion_prepare(struct onion_change **, const struct onion_conf *,
	    char *why, size_t max);
void	onion_commit(struct onion *, struct onion_change *take);
void	onion_change_free(struct onion_change *);
/* Writes state, ends everything at once. */
void	onion_free(struct onion *);

struct onion_target {
	const char	*host;		/* a name, or an IP address as text; one in
					 * .onion is reached as a service */
	uint16_t	 port;
	const uint8_t	*exit;		/* RSA id (20 bytes) of the relay to leave
					 * by; NULL: any */
	int		 no_ipv4, no_ipv6, prefer_ipv6;	/* for names */
	/* One of the texts of onion_conf's exit_sets: it leaves by a relay of
	 * that set, and where none will do it is refused, -ENETUNREACH.  NULL:
	 * by any.  Nothing to a service, which no exit leads to. */
	const char	*exits;
	int		 alone;		/* no other stream is to follow on its
					 * circuit; nothing to a service */
};

/* A stream.  It waits for the network and for a circuit, and is tried on
 * others as the reasons for failure allow; open() tells when it is connected,
 * gone() what was wrong.  Bytes sent before open() travel with BEGIN.
 * -EINVAL (no such host can be, or it is in .exit, which is for the caller to
 * take apart), -ENOSPC (ONION_STREAMS_MAX), -WHY_HS_ADDRESS. */
int	onion_connect(struct onion *, const uint8_t token[ONION_TOKEN],
	    const struct onion_target *, struct endpoint **);

struct onion_answer {
	struct addr	 addr;		/* family 0: it is a name */
	const char	*name;
	uint32_t	 ttl;		/* s */
};
/* err: 0 with answers; -ENOENT there is no such name; -EAGAIN could not find
 * out; -EACCES the answer pointed into a private network. */
typedef void onion_lookup_fn(void *arg, int err, const struct onion_answer *,
    size_t n);
struct onion_question {
	const char	*name;		/* a host's; or an IP address, whose
					 * name is wanted */
	const char	*exits;		/* as of a target */
};
/* The callback
 * comes once, never from within this call, unless cancelled.
 * Names in .onion and .exit are refused, -ENOENT. */
int	onion_resolve(struct onion *, const uint8_t token[ONION_TOKEN],
	    const struct onion_question *, onion_lookup_fn *, void *arg,
	    struct onion_lookup **);
void	onion_lookup_cancel(struct onion_lookup *);

/* A relay by nickname, or by fingerprint with or without "$" (address-spec 2):
 * 0; -ENOENT none, or more than one of that nickname; -EAGAIN: no relays are
 * known yet. */
int	onion_relay_named(const struct onion *, const char *name,
	    uint8_t rsa[20]);
/* Where it listens; no port, IPv4 if it has that. */
int	onion_relay_addr(const struct onion *, const uint8_t rsa[20],
	    struct addr *);

/* Which country an address is in, two small letters; "" where that is not known,
 * or was not asked for (onion_conf.countries). */
const char *onion_country(const struct onion *, const struct addr *,
	    char out[3]);

/* New identity: no stream to come shares a circuit with one that was. */
void	onion_newnym(struct onion *);

/* What there is to show.  Each callback may be NULL; strings die with it. */
struct onion_summary {
	int		 percent;
	const char	*state;		/* "ready", "no consensus", ... */
	const char	*tag, *summary, *trouble;	/* trouble: "" or more */
	const char	*clock;		/* "good", "behind", ... */
	int64_t		 skew_s;
	int64_t		 valid_after, fresh_until, valid_until;
	size_t		 relays, microdescs;
	size_t		 circuits, building, streams, waiting, lookups;
	size_t		 channels;
	uint64_t	 bytes_in, bytes_out;	/* of the channels */
	uint64_t	 read, written;		/* of the streams */
	int64_t		 build_timeout_ms;
};
struct onion_relay_show {
	char		 fingerprint[41];
	const char	*nickname;
	struct addr	 addr;
};
struct onion_guard_show {
	struct onion_relay_show relay;
	const char	*rank;		/* "primary", "confirmed", "bridge" */
	const char	*state;		/* "up", "down", "untried", "unlisted",
					 * "no descriptor" */
};
struct onion_circuit_show {
	uint32_t	 id;
	const char	*state;		/* "building", "built", ... */
	const char	*purpose;	/* "general", "directory", ... */
	const struct onion_relay_show *path;
	size_t		 nhops, nbuilt;
	const char	*crypto;	/* with the last: "tor1", "CGO", or "" */
	size_t		 streams;
	uint32_t	 joined;	/* streams go over this one, too; or 0 */
	int64_t		 age_s;
	int64_t		 dirty_s;	/* since first used; -1: clean */
	uint64_t	 read, written;
};
struct onion_stream_show {
	uint32_t	 id;
	uint32_t	 circuit;	/* 0: none at this time */
	const char	*state;		/* "waiting", "connecting", "open" */
	const char	*target;	/* "[scrubbed]" unless SafeLogging is 0 */
};
struct onion_show {
	void	(*summary)(void *arg, const struct onion_summary *);
	void	(*guard)(void *arg, const struct onion_guard_show *);
	void	(*circuit)(void *arg, const struct onion_circuit_show *);
	void	(*stream)(void *arg, const struct onion_stream_show *);
};
void	onion_show(const struct onion *, const struct onion_show *, void *arg);

#endif
