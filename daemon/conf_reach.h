/* daemon/conf_reach.h - ReachableAddresses and its like: rules by address
 *
 * accept|reject ADDRESS[/BITS][:PORT[-PORT]], ...; the first that matches
 * decides.  "private" is all networks that the internet does not route.
 */
#ifndef DAEMON_CONF_REACH_H
#define DAEMON_CONF_REACH_H

#include <stddef.h>
#include <stdio.h>

struct addr;
struct conf_note;
struct conf_rule;

/* "*", "*4", "*6", "1.2.3.4", "10.0.0.0/8", "10.0.0.0/255.0.0.0",
 * "[2001:db8::]/32", each optionally with ":PORT", ":FROM-TO" or ":*".
 * 0 or -EINVAL; ->accept is not touched. */
int	conf_pattern(struct conf_rule *, const char *, size_t len);

int	conf_read_rules(void *array, const char *, struct conf_note *);
void	conf_print_rule(FILE *, const void *item);
/* Does the first rule that matches @a accept it?  0 where none matches. */
int	conf_rules_accept(const struct conf_rule *, size_t n,
	    const struct addr *a);

#endif
