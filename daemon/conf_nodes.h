/* daemon/conf_nodes.h - ExitNodes and its like: is this a set of relays?
 *
 * A set stays a text here, since only the engine knows relays; but an item
 * that it could not read must be found when the configuration is.
 */
#ifndef DAEMON_CONF_NODES_H
#define DAEMON_CONF_NODES_H

#include <stddef.h>

struct conf_note;

/* One item: 0, or -EINVAL and why. */
int	conf_check_node(const char *, size_t len, struct conf_note *);
int	conf_read_nodes(void *field, const char *, struct conf_note *);
int	conf_read_node_set(void *array, const char *, struct conf_note *);

#endif
