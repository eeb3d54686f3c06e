/* daemon/gateway.h - the story of a flow
 *
 * All entrances end here: a client's connection with its original destination,
 * a client's question for a name.  Policy says what may happen to it, isolation
 * whose circuit it may share, and what is left is joined to an onion stream.
 */
#ifndef DAEMON_GATEWAY_H
#define DAEMON_GATEWAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dnsport/dnsport.h"

struct conf;
struct dial_conf;		/* daemon/dial.h */
struct endpoint;
struct evloop;
struct gateway;
struct gateway_rules;		/* daemon/gateway_rules.h */
struct kin;			/* daemon/kin.h */
struct loop;
struct onion;
struct owner;			/* daemon/owner.h */

/* How one connection came.  Zero: not known. */
struct came {
	int		 ifindex;	/* by which interface */
	struct addr	 to;		/* to which address of ours, a proxy's */
	uint8_t		 has_uid;	/* a unix socket's client */
	uint32_t	 uid;
};

/* A door is a listener's rules.  It is looked at within a call only. */
struct door {
	unsigned	isolate;	/* ISOLATE_* */
	int		session_group;
	uint8_t		proto;		/* DOOR_* */
	uint8_t		no_ipv4, no_ipv6, prefer_ipv6;
	uint8_t		no_onion;
	uint8_t		virtual_ipv6;	/* for a proxy's client who would take a
					 * virtual address of either family */
	/* Whoever comes by it has the share of this one client together, as to
	 * what one client may have; family 0: each address has its own. */
	struct addr	as_client;
	const char	*auth;		/* SOCKS user and password, or NULL; */
	size_t		 auth_len;	/* counts with ISOLATE_SOCKS_AUTH */
	struct came	 came;		/* where it is a copy, for one
					 * connection */
};
enum { DOOR_TRANS = 1, DOOR_DNS, DOOR_TUN, DOOR_SOCKS, DOOR_HTTP,
	DOOR_RESOLVER };	/* no door: to DNSUpstream */

/* Whose share a client of it has. */
static inline const struct addr *
door_share(const struct door *d, const struct addr *client)
{
	return d->as_client.family ? &d->as_client : client;
}

struct gateway_conf {
	struct loop	*loop;
	struct onion	*onion;
	size_t		 flows_max;	/* no more than ONION_STREAMS_MAX */
	size_t		 sockets_max;	/* that they own: a client that is not
					 * behind a TUN is one, and so is the
					 * far side of a direct flow */
	struct evloop	*ev;		/* for those */
	const struct dial_conf *dial;	/* how they are made; NULL: plainly */
	/* Networks behind a TUN of this host: whoever connects there meets
	 * us.  For the gateway's life. */
	const struct addr_net *tun;
	unsigned	 ntun;
	/* Which addresses are one client; NULL: each is one of its own. */
	struct kin	*kin;
	/* Whose a local program's connection is; NULL: nobody knows. */
	struct owner	*owner;
};

int	gateway_new(struct gateway **, const struct gateway_conf *,
	    const struct conf *);
void	gateway_free(struct gateway *);
/* For a reload.  What flows goes on under the rules that it began with, but for
 * what goes direct and would not any more: that ends.  So it does when the time
 * of day is another one. */
void	gateway_set_rules(struct gateway *, struct gateway_rules *take);

/* The gate: while it is shut no flow begins, no name is asked for, and nothing
 * goes direct; what goes through circuits goes on.  It is open at first. */
void	gateway_gate(struct gateway *, int open);

/* Who a client that comes by that door is, as to what one client may have
 * (daemon/kin.h).  It may be somebody else a moment later. */
void	gateway_share(struct gateway *, const struct door *,
	    const struct addr *client, struct addr *out);

/* Takes the client's endpoint, whatever becomes of the flow. */
void	gateway_flow(struct gateway *, const struct door *,
	    const struct addr *client, const struct addr *dest,
	    struct endpoint *take);
/* The same, to a host as a client of a proxy names it: a name, an address as text
 * (no brackets), a name in .onion or .exit. */
void	gateway_flow_to(struct gateway *, const struct door *,
	    const struct addr *client, const char *host, uint16_t port,
	    struct endpoint *take);
/* A proxy's client asks for addresses of a name (@family 4 or 6; 0: either), or
 * for the name of an address (reverse).  The callback comes once, never from
 * within the call, unless cancelled.  err as onion.h has it, or base/why.h. */
struct gateway_lookup;
typedef void gateway_lookup_fn(void *arg, int err, const struct addr *,
	    const char *name, uint32_t ttl);
int	gateway_resolve(struct gateway *, const struct door *,
	    const struct addr *client, const char *name, int family,
	    int reverse, gateway_lookup_fn *, void *arg,
	    struct gateway_lookup **);
void	gateway_lookup_cancel(struct gateway_lookup *);
/* The DNS server; its questions are answered here. */
struct dnsport *gateway_dnsport(struct gateway *);

/* Of the memory limit (onion.h): bytes that wait in its flows, and the oldest,
 * loop ms; and to end flows, those with the oldest first, until @bytes are free
 * or the rest is younger than @at. */
uint64_t gateway_queued(const struct gateway *, int64_t *oldest);
uint64_t gateway_shed(struct gateway *, uint64_t bytes, int64_t at);

struct gateway_totals {
	size_t		flows;			/* now */
	uint64_t	accepted, rejected, dropped, failed;
	uint64_t	direct;			/* of those accepted */
	uint64_t	bytes_fwd, bytes_bwd;	/* of flows that ended */
	struct dnsport_totals dns;
};
void	gateway_totals(const struct gateway *, struct gateway_totals *);

#endif
