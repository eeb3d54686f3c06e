/* policy/rules.h - a table of rules, made so that a decision costs little
 *
 * However many rules there are, only those are looked at that could match the
 * flow by the one thing that says most of them: where it goes to, or else where
 * it comes from.
 */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include <stddef.h>

#include "policy/rule.h"

enum { RULES_MAX = 65536 };

/* What has to be found out of a flow, so that every rule can match: the rest
 * need not cost anybody anything. */
enum rules_want {
	RULES_WANT_LINK		= 1 << 0,	/* mac, in */
	RULES_WANT_USER		= 1 << 1,	/* or to isolate by it, */
	RULES_WANT_APP		= 1 << 2,	/* or by it */
	RULES_WANT_COUNTRY	= 1 << 3,
	RULES_WANT_TIME		= 1 << 4,
	RULES_WANT_NAMES	= 1 << 5	/* of an address */
};

struct rules;

/* @v is borrowed, and must not change.  0, -E2BIG, -ENOMEM. */
int	rules_new(struct rules **, const struct rule *v, size_t n);
void	rules_free(struct rules *);

/* The first rule at or behind @from that matches, or NULL. */
const struct rule *rules_find(const struct rules *, size_t from,
	    const struct rule_flow *);
/* The first rule in front of @number that is not direct and would match if it
 * were known who sent the flow: by which link, or which program of this host
 * (see struct rule_flow, in); or NULL. */
const struct rule *rules_unsure(const struct rules *, size_t number,
	    const struct rule_flow *);
/* RULES_WANT_*; NULL: there are no rules. */
unsigned rules_wants(const struct rules *);
/* Could a connection to what has that name go direct, by a rule that says its
 * name?  Whose it is, to which port and when is not asked. */
int	rules_may_be_direct(const struct rules *, const char *name);
size_t	rules_number(const struct rules *, const struct rule *);
size_t	rules_count(const struct rules *);
const struct rule *rules_at(const struct rules *, size_t);

#endif
