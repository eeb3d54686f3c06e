/* daemon/links.h - interfaces, addresses and routes of a namespace
 *
 * For namespaces of our own: what `run` gives its program, and the laboratory of
 * selftest.  By libnl, in the network namespace in which the socket was opened.
 * All return 0 or a negative errno.
 */
#ifndef DAEMON_LINKS_H
#define DAEMON_LINKS_H

#include <stdint.h>

struct addr_net;
struct addr;
struct nl_sock;

int	link_open(struct nl_sock **);
void	link_close(struct nl_sock *);
/* @name here, and its other end @peer in the network namespace @ns. */
int	link_pair(struct nl_sock *, const char *name, const char *peer, int ns);
int	link_delete(struct nl_sock *, const char *name);
int	link_set(struct nl_sock *, const char *name, int up);
int	link_rename(struct nl_sock *, const char *name, const char *to);
int	link_address(struct nl_sock *, const char *name,
	    const struct addr_net *, int add);
/* To @to by @via: all of @via's family where @to is NULL, and what is on the link
 * where @via is.  @metric 0: the kernel's own. */
int	link_route(struct nl_sock *, const char *name,
	    const struct addr_net *to, const struct addr *via,
	    uint32_t metric);
/* What TPROXY wants, of one family: packets with @mark are this host's. */
int	link_marked_home(struct nl_sock *, uint8_t family, uint32_t mark);

#endif
