/* daemon/virtnet.h - are virtual addresses somebody's real ones?
 *
 * The networks that this host's interfaces are in, beside VirtualAddrNetwork:
 * what both have in common would be reached by name or by address, as it
 * happens.  It is the operator who has to choose another; a warning says so.
 */
#ifndef DAEMON_VIRTNET_H
#define DAEMON_VIRTNET_H

struct conf;

void	virtnet_check(const struct conf *);

#endif
