/* policy/rule.h - FlowRule: what the operator says of single flows
 *
 *	ACTION [from NET] [to NET] [port N[-M][,N[-M]...]]
 *	       [accept=deferred|optimistic]
 *
 * A rule is plain data: it is copied by assignment and owns nothing.  A table
 * is an array of them, of which the first that matches decides.  Zeroed memory
 * is a rule that drops everything.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum rule_action {
	RULE_DROP,			/* silence */
	RULE_REJECT,			/* told so at once */
	RULE_TORIFY,			/* through a circuit */
	RULE_DIRECT			/* past Tor: the far side sees us */
};

enum rule_accept {
	RULE_ACCEPT_UNSAID,		/* as is best for the flow */
	RULE_ACCEPT_DEFERRED,		/* once the far side has */
	RULE_ACCEPT_OPTIMISTIC		/* at once */
};

enum {
	RULE_PORTS_MAX = 16,		/* ranges in one rule */
	RULE_TEXT = 400,		/* fits any rule and a NUL */
	RULE_WHY = 120
};

struct rule_ports {
	uint16_t	lo, hi;		/* both are in it */
};

struct rule {
	uint8_t		action;		/* enum rule_action */
	uint8_t		accept;		/* enum rule_accept */
	uint8_t		nports;		/* 0: any port */
	struct addr_net	from, to;	/* family 0: anywhere */
	struct rule_ports ports[RULE_PORTS_MAX];
};

struct rule_error {
	size_t		at;		/* of the word that is wrong: bytes
					 * before it in the text */
	char		why[RULE_WHY];
};

/* 0, or -EINVAL and what is wrong; then @rule is not touched. */
int	rule_parse(struct rule *, const char *text, struct rule_error *);
/* The one form that rule_parse() gives back exactly. */
const char *rule_text(const struct rule *, char out[RULE_TEXT]);

/* The first that matches a connection, or NULL. */
const struct rule *rule_find(const struct rule *, size_t n,
	    const struct addr *client, const struct addr *dest);

#endif
