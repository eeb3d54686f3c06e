/* daemon/facts.h - what is found out of a flow, for rules
 *
 * Policy is pure: whatever a rule asks of a flow is found out before, and only
 * what some rule of the table asks for (rules_wants()).
 *
 *	in, mac		by which interface it came: what the client's socket says
 *			(base/arrival.h), else on which the one neighbour with
 *			its address is; "lo" for programs of this host.  And the
 *			neighbour's link-layer address there.  What is behind
 *			another router is not known.
 *	user, app	of the program, if it is one of this host (owner.h)
 *	country		of the destination's address, not of a name
 *	time		this host's local time
 *	names		that our DNS server told this client for the address
 *			(given.h)
 *
 * What could not be found out is not there.
 */
#ifndef DAEMON_FACTS_H
#define DAEMON_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "daemon/given.h"
#include "daemon/kin.h"
#include "daemon/owner.h"
#include "policy/rule.h"

struct loop;
struct onion;
struct policy_flow;

struct facts_conf {			/* each NULL: nobody knows */
	struct loop	*loop;
	struct onion	*onion;
	struct kin	*kin;
	struct owner	*owner;
	struct given	*given;
};

struct facts_of {			/* a flow */
	const struct addr *client;
	const struct addr *asked;	/* what the client's own socket is
					 * connected to */
	const struct addr *dest;	/* where it is going to; NULL: a name,
					 * or what stands for one */
	const uint8_t	*group;		/* of given.h, and the address that it
					 * was told; NULL: it was told none */
	const struct addr *told;
	int		 ifindex;	/* that it came by; 0: not known */
	uint8_t		 elsewhere;	/* its addresses are of another
					 * namespace: they say nothing here */
	uint8_t		 has_uid;	/* it is known already */
	uint32_t	 uid;
};

struct facts {
	unsigned	 wants;		/* that it was asked for */
	uint8_t		 has_mac, has_uid, has_time;
	uint8_t		 elsewhere;
	uint8_t		 mac[6];
	uint16_t	 minute;
	uint32_t	 uid;
	char		 in[KIN_IFNAME];
	char		 country[3];
	char		 app[OWNER_APP];
	struct given_names names;
};

/* @wants: RULES_WANT_*. */
void	facts_find(struct facts *, const struct facts_conf *, unsigned wants,
	    const struct facts_of *);
/* The flow borrows them; only what is known is set.  Its time is now. */
void	facts_lend(const struct facts *, struct policy_flow *);

/* A copy that stays, no larger than it has to be; free() it.  NULL: no
 * memory. */
struct facts_kept;
struct facts_kept *facts_keep(const struct facts *);
/* RULES_WANT_* that were found out then, or could not be. */
unsigned facts_kept_wants(const struct facts_kept *);
/* As above.  The time is not kept: it goes on. */
void	facts_lend_kept(const struct facts_kept *, struct policy_flow *);

/* The minute of the week in this host's local time, from Monday 0:00; negative:
 * not known. */
int	facts_minute(const struct loop *);
void	facts_set_time(struct policy_flow *, const struct loop *);

#endif
