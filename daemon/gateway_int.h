/* daemon/gateway_int.h - the gateway's parts among themselves
 *
 *	gateway.c		the story of a flow
 *	gateway_decide.c	what becomes of it
 *	gateway_who.c		whose it is: circuits, names and shares
 *	gateway_names.c		the same of questions for names
 *	gateway_memory.c	what waits in all of them
 */
#ifndef DAEMON_GATEWAY_INT_H
#define DAEMON_GATEWAY_INT_H

#include <stdint.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/loop.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/splice.h"
#include "daemon/target.h"
#include "policy/isolate.h"
#include "policy/policy.h"
#include "policy/rules.h"

struct automap;
struct automap_entry;
struct endpoint;
struct facts;
struct facts_kept;
struct given;
struct names;
struct quota;

struct flow {
	LIST_ENTRY(flow) link;
	struct gateway	*gw;
	struct addr	 share;		/* whose it takes a place of */
	struct addr	 client, dest;
	uint8_t		 direct, no_ipv4, no_ipv6;
	struct facts_kept *facts;	/* a direct one's */
	struct automap_entry *mapping;	/* that it came by, or NULL */
	struct splice	 splice;
	struct loop_item reap;
	unsigned	 sockets;	/* that it owns */
};

struct request {			/* somebody wants to connect */
	const struct door *door;
	const struct addr *client;
	struct addr	 dest;		/* original; without a family where
					 * there is but a name */
	struct addr	 asked;		/* the same before anything was made of
					 * it: what the client connected to */
	const struct facts *facts;	/* once they are found */
	struct endpoint	*ep;		/* the client's */
	const char	*name;		/* as it asked, or as what it asked is
					 * mapped to; NULL: an address */
	struct automap_entry *mapping;
	struct target	 target;
	const char	*names[2];	/* that rules know it by */
	struct policy_flow flow;
	struct policy_decision d;
};

struct gateway {
	struct gateway_conf conf;
	struct gateway_rules *rules;
	struct isolate	*isolate;
	struct quota	*quota;		/* of flows */
	struct quota	*sockets;	/* of flows with one: descriptors are
					 * fewer than what memory has room for */
	struct automap	*automap;
	struct names	*names;
	struct given	*given;
	LIST_HEAD(, flow) flows;
	uint64_t	 flow;		/* counts those that are isolated */
	size_t		 ndirect;	/* of them */
	struct loop_timer minute;
	int		 shut;		/* see gateway_gate() */
	struct gateway_totals totals;
};

/* What rules ask of flows. */
static inline unsigned
gateway_wants(const struct gateway *gw)
{
	return rules_wants(gateway_rules_policy(gw->rules)->rules);
}

/* --- gateway_decide.c --- */

/* @r->target says where to; @facts is filled in, and @r borrows it. */
void	gateway_decide(struct gateway *, struct request *r, struct facts *);
/* A name, as rules and the configuration have it. */
void	gateway_target(const struct gateway *, const char *name,
	    struct target *);
/* Direct flows that may not be any more are ended; each minute, where rules go
 * by the clock. */
void	gateway_end_direct(struct gateway *);
void	gateway_set_minute(struct gateway *);
void	gateway_on_minute(void *gateway);

/* --- gateway_who.c --- */

/* Fills in what is the door's and the client's. */
void	gateway_token(struct gateway *, const struct door *, int ifindex,
	    const struct addr *client, struct isolate_key *,
	    uint8_t token[ISOLATE_TOKEN]);
void	gateway_flow_token(struct gateway *, const struct request *,
	    uint8_t token[ISOLATE_TOKEN]);
/* Who is one client to the address map. */
void	gateway_group(struct gateway *, const struct door *, int ifindex,
	    const struct addr *client, uint8_t group[ISOLATE_TOKEN]);
/* The rule's exit=, or NULL. */
const char *gateway_exits(const struct rule *);

/* --- gateway_names.c --- */

int	gateway_names_new(struct gateway *);	/* 0 or -errno */

#endif
