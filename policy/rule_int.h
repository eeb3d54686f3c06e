/* policy/rule_int.h - the words of a rule, for those who read and write them */
#ifndef POLICY_RULE_INT_H
#define POLICY_RULE_INT_H

#include "policy/rule.h"

enum {
	RULE_NACTIONS = RULE_DIRECT + 1,
	RULE_NACCEPTS = RULE_ACCEPT_OPTIMISTIC + 1,
	RULE_NPROTOS = RULE_PROTO_ICMP + 1,
	RULE_NISOLATIONS = 7,
	RULE_NDAYS = 7
};

/* By enum rule_*; "" is what is not said.  isolations: by bit. */
extern const char *const rule_actions[RULE_NACTIONS];
extern const char *const rule_accepts[RULE_NACCEPTS];
extern const char *const rule_protos[RULE_NPROTOS];
extern const char *const rule_isolations[RULE_NISOLATIONS];
extern const char *const rule_days[RULE_NDAYS];

#endif
