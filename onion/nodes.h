/* onion/nodes.h - the node sets of a configuration, parsed
 *
 * ExcludeNodes and its like, NodeFamily, and the countries that they need.
 * Made whole or not at all; lent to paths and guards, so the old one goes only
 * after both were given the new one.
 */
#ifndef ONION_NODES_H
#define ONION_NODES_H

#include <stddef.h>

#include "onion/path/kin.h"
#include "onion/path/path.h"

struct geoip;
struct onion_conf;
struct relayset;

struct nodes {
	struct relayset	*exclude;	/* each NULL where not configured */
	struct relayset	*exclude_exits;
	struct relayset	*exits;
	struct relayset	*entries;
	struct relayset	*middles;
	struct relayset	**families;
	size_t		 nfamilies;
	struct path_exits *exit_sets;	/* each once, by rising id */
	size_t		 nexit_sets;
	struct kin	 kin;		/* of the families above */
	struct geoip	*geoip;		/* NULL: no country is asked for */
	char		*text;		/* all that it was made of */
	size_t		 text_len;
};

/* @why gets the option and what is wrong with it. */
int	nodes_new(struct nodes **, const struct onion_conf *, char *why,
	    size_t max);
void	nodes_free(struct nodes *);
/* What a set of exits is asked for by: its text alone says it. */
void	nodes_exits_id(uint8_t id[PATH_EXITS_ID], const char *text);
/* Do both come from the same options?  Sets of exits don't count: which circuit
 * suits is asked for each stream. */
int	nodes_same(const struct nodes *, const struct nodes *);

#endif
