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

struct rules;

/* @v is borrowed, and must not change.  0, -E2BIG, -ENOMEM. */
int	rules_new(struct rules **, const struct rule *v, size_t n);
void	rules_free(struct rules *);

/* The first rule at or behind @from that matches, or NULL. */
const struct rule *rules_find(const struct rules *, size_t from,
	    const struct rule_flow *);
size_t	rules_number(const struct rules *, const struct rule *);
size_t	rules_count(const struct rules *);
const struct rule *rules_at(const struct rules *, size_t);

#endif
