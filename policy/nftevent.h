/* policy/nftevent.h - who changed which tables, as the kernel tells it
 *
 * Messages of the group NFNLGRP_NFTABLES come in the order of what was done; a
 * transaction ends with one that says its number, and who did it.  No IO here.
 */
#ifndef POLICY_NFTEVENT_H
#define POLICY_NFTEVENT_H

#include <stddef.h>
#include <stdint.h>

struct nftlist_table;
struct nlmsghdr;

enum { NFTEVENT_COMM = 16 };

struct nftevent {
	int	 touching;	/* the transaction that is being told */
	int	 touched;	/* one that is over touched our tables; the last
				 * such: */
	uint32_t generation;
	uint32_t pid;		/* of who did it; 0: not told */
	char	 comm[NFTEVENT_COMM];	/* printable */
};

/* @h is whole (nlmsg_ok()). */
void	nftevent_read(struct nftevent *, const struct nlmsghdr *h,
	    const struct nftlist_table *ours, size_t n);
/* Something was lost: it may have been about our tables. */
void	nftevent_lost(struct nftevent *);

#endif
