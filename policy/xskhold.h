/* policy/xskhold.h - the queues of interfaces, taken before others do
 *
 * What an AF_XDP socket sends no rule sees.  But a queue of an interface has
 * room for one such socket (but for those that share the first one's memory,
 * by its descriptor): so each is given one of ours, which has nothing to send
 * with.  It changes nothing for packets.  An interface that goes away takes its
 * sockets' bindings along; that fewer queues be used than are taken, the kernel
 * refuses (ethtool -L).
 *
 * Needs CAP_NET_RAW, and a page of locked memory for each queue.  Where the
 * kernel has no AF_XDP there is nothing to take, and that is no failure.
 *
 * What is taken bears a mark (SO_MARK, SO_PRIORITY) that says what it is: nothing
 * else tells who has but a descriptor of it.
 *
 * What was taken stays so, also when the interface has another name or is asked
 * for no more, until it is gone, xskhold_keep() or xskhold_free().
 */
#ifndef POLICY_XSKHOLD_H
#define POLICY_XSKHOLD_H

#include <stddef.h>
#include <stdint.h>

#include "policy/netplan.h"

enum { XSKHOLD_MAX = 4096 };	/* queues */

struct xskhold_queue {
	int		 fd;
	unsigned	 index;		/* the interface's */
	unsigned	 number;
};

struct xskhold {
	struct xskhold_queue *queues;
	size_t		 n;
	int		 spare;		/* bound to nothing yet; or -1 */
	unsigned	 changes;	/* how often there were others */
};

void	xskhold_init(struct xskhold *);
void	xskhold_free(struct xskhold *);

/* Every queue of these is ours afterwards, those of interfaces that are not
 * here excepted.  0; 1: one is another program's, which @why names; or -errno with
 * @why.  @patience_ms: one whose process has just ended becomes free in a
 * moment. */
int	xskhold_take(struct xskhold *, const char (*devices)[NETPLAN_IFNAME],
	    size_t n, int64_t patience_ms, char *why, size_t max);
/* One that another process took, and that we have a descriptor of: it is ours, too,
 * if it is that.  Otherwise @fd is closed. */
void	xskhold_inherit(struct xskhold *, int fd);
/* What others than these have is ours no more. */
void	xskhold_keep(struct xskhold *, const char (*devices)[NETPLAN_IFNAME],
	    size_t n);
/* 0: somebody has each of them; 1: @why says which nobody has; or -errno. */
int	xskhold_look(const char (*devices)[NETPLAN_IFNAME], size_t n, char *why,
	    size_t max);

#endif
