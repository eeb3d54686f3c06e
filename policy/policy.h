/* policy/policy.h - what may happen to a flow: pure decisions
 *
 * Bytes in, verdict out; nothing is looked up and nothing remembered.  Zero is
 * DROP.  An action is given with the reason, in words, for the log.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum policy_verdict {
	POLICY_DROP,		/* silence */
	POLICY_REJECT,		/* a reset, or REFUSED */
	POLICY_TORIFY		/* through a circuit */
};

struct policy_conf {
	int		 reject_internal;	/* ClientRejectInternal-
						 * Addresses */
	const uint16_t	*reject_ports;		/* RejectPlaintextPorts */
	size_t		 nreject_ports;
	const uint16_t	*warn_ports;		/* WarnPlaintextPorts */
	size_t		 nwarn_ports;
};

struct policy_flow {
	struct addr	 client;
	struct addr	 dest;		/* where it was really going */
	int		 no_ipv4, no_ipv6;	/* the door's rule */
};

struct policy_decision {
	enum policy_verdict verdict;
	const char	*why;		/* NULL for an ordinary TORIFY */
	int		 plaintext;	/* say once that it is unencrypted */
};

void	policy_decide(const struct policy_conf *, const struct policy_flow *,
	    struct policy_decision *);

/* A name from a client: may it be asked of an exit?  Not what is only good in
 * a local network (RFC 6761, 6762, 8375, 9476) or in Tor itself, and not what
 * is an address written as a name. */
int	policy_name_may_leave(const char *name);
/* A reverse lookup of that address? */
int	policy_addr_may_leave(const struct addr *);

#endif
