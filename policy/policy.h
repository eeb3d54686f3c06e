/* policy/policy.h - what may happen to a flow: pure decisions
 *
 * Bytes in, verdict out; nothing is looked up and nothing remembered.  Zero is
 * DROP.  So is everything while the gate is shut, which it is while the kernel's
 * rules are not known to be in force.  An action is given with the reason, in words, for the log.
 *
 * The order: a rule that says drop or reject is final.  What else refuses comes
 * next, whatever a rule says: the door's families and RejectPlaintextPorts.
 * ClientRejectInternalAddresses is about what an exit can reach, so it is the
 * one that `direct' sets aside: printers and the like are what it is for.  A
 * direct flow never goes to this host itself, nor to many at once, and nowhere
 * under DisableNetwork.  `torify' is the ordinary way, with all that may
 * refuse; so is what no rule matches.
 *
 * A connection to a name (a proxy's, or one to a virtual address) is never
 * direct: who asked for it by name did so through us, and what the name is to
 * the host's own resolver nobody asks.  Rules see its virtual address, or none.
 * A `direct' rule for networks passes it over; one for that name refuses it,
 * since it was not to go through Tor either.
 *
 * A connection to an address has the names that our own DNS server told this
 * client for it, and no others: not what a program says to a proxy, nor in TLS,
 * nor what another client was told.  Rules by name hold for it as they do for a
 * connection to the name.  But an address may be shared (a web host's are), and
 * then nobody knows which of its names is meant: so `direct' by name holds only
 * where the client was told of no other name for it that the rule does not
 * mean.  All names of one answer, which follow from the one that was asked for
 * (CNAME), are as one: to mean one of them is enough.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/rule.h"

enum policy_verdict {
	POLICY_DROP,		/* silence */
	POLICY_REJECT,		/* a reset, or REFUSED */
	POLICY_TORIFY,		/* through a circuit */
	POLICY_DIRECT		/* past Tor, because a rule says so: the far
				 * side sees this host's own address */
};

struct rules;

struct policy_conf {
	const struct rules *rules;		/* FlowRule; NULL: none */
	int		 no_network;		/* DisableNetwork */
	int		 allow_dot_exit;	/* AllowDotExit */
	int		 reject_internal;	/* ClientRejectInternal-
						 * Addresses */
	const uint16_t	*reject_ports;		/* RejectPlaintextPorts */
	size_t		 nreject_ports;
	const uint16_t	*warn_ports;		/* WarnPlaintextPorts */
	size_t		 nwarn_ports;
};

struct policy_flow {
	struct rule_flow about;		/* dest: where it was really going */
	const char	*name;		/* that is connected to, or NULL */
	int		 no_addr;	/* about.dest is not where it goes to: it
					 * stands for the name, or is a port */
	int		 asked_exit;	/* the client wrote .exit */
	int		 onion;		/* the name is an onion service's */
	/* Of each of about.names, the number of the answer that had it; NULL:
	 * they are all of one. */
	const uint8_t	*answer;
	int		 more_names;	/* than are known, of the address */
	int		 no_ipv4, no_ipv6, no_onion;	/* the door's rule */
	int		 shut;		/* the gate is: nothing may be */
	int		 supposed;	/* no flow, but a question about one: what
					 * is not said of it is not so */
};

struct policy_decision {
	enum policy_verdict verdict;
	const char	*why;		/* NULL for TORIFY and DIRECT */
	const struct rule *rule;	/* that matched, or NULL */
	int		 plaintext;	/* say once that it is unencrypted */
	int		 optimistic;	/* accept at once, before it is known
					 * whether the far side does */
};

/* The rule that decides a flow, whatever policy says beside it; NULL: none.  As
 * to what is asked for a name, with about.any_port. */
const struct rule *policy_rule(const struct policy_conf *,
	    const struct policy_flow *);
/* ISOLATE_*: what has to be equal for flows of that rule to share a circuit,
 * where the door says @door.  isolate= stands instead of the flags that it has
 * a word for; what clients say of themselves (SOCKS credentials, the kind of
 * door) counts as the door has it. */
unsigned policy_isolation(const struct rule *, unsigned door);
void	policy_decide(const struct policy_conf *, const struct policy_flow *,
	    struct policy_decision *);

/* A name from a client: may it be asked of an exit, or of a resolver?  Not what
 * is only good in a local network (RFC 6761, 6762, 8375, 9462, 9476) or in Tor
 * itself, whatever a search domain adds to that; not what is an address written
 * as a name; and not a reverse name, or a zone of them, of addresses none of
 * which may (RFC 6303). */
int	policy_name_may_leave(const char *name);
/* The same of a zone whose keys are asked for: that may be the root, or what is
 * right below it. */
int	policy_zone_may_leave(const char *name);
/* A reverse lookup of that address? */
int	policy_addr_may_leave(const struct addr *);

#endif
