/* policy/netstate_int.h - one part of the state at a time */
#ifndef POLICY_NETSTATE_INT_H
#define POLICY_NETSTATE_INT_H

#include <stddef.h>
#include <stdint.h>

#include "policy/netplan.h"
#include "policy/netrecord.h"
#include "policy/netstate.h"

struct netlink;

struct netstate {
	struct netlink	*nl;
	struct netplan_conf conf;
	struct netrecord record;
	int		 prepared;	/* and so the record is read */
	int		 tun;		/* its index, once it was seen; 0 */
	char		*path;		/* of the record */
	int		 lock;
	int		 changed;	/* in this pass */
	char		*why;
	size_t		 max;
};

/* Writes the sentence, with the reason of @rc, and returns @rc. */
int	netstate_fail(struct netstate *, int rc, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

int	netstate_set_sysctls(struct netstate *, const struct netplan *,
	    enum netplan_when);
int	netstate_set_link(struct netstate *, const struct netplan_link *tun);
/* The TUN has another name now: it gets its own back. */
int	netstate_keep_name(struct netstate *);
int	netstate_set_addresses(struct netstate *, const struct netplan_world *,
	    int link);
int	netstate_set_routes(struct netstate *, uint8_t family,
	    const struct netplan_route *want, size_t nwant,
	    const struct netplan_world *);
/* @want: all of one family */
int	netstate_set_rules(struct netstate *, uint8_t family,
	    const struct netplan_rule *want, size_t nwant);

#endif
