/* policy/nftsock.h - netfilter's netlink: asking, telling, listening
 *
 * Sockets are descriptors, the caller's, and work for the network namespace in
 * which they were opened, whoever has them.  A request waits for its answer,
 * some seconds at most.  0 or a negative errno.
 */
#ifndef POLICY_NFTSOCK_H
#define POLICY_NFTSOCK_H

#include <stddef.h>
#include <stdint.h>

struct nftbatch;
struct nftevent;
struct nftlist;
struct nftlist_table;

int	nftsock_open(void);		/* a descriptor, or -errno */
int	nftsock_watch(void);		/* one that hears of changes */

/* The number of the last transaction, of whomever. */
int	nftsock_generation(int fd, uint32_t *out);
/* What is in @ours; 1: it was changed meanwhile, so that it may never have been
 * like that. */
int	nftsock_list(int fd, const struct nftlist_table *ours, size_t n,
	    struct nftlist *out);
/* All or nothing.  It may be sent again. */
int	nftsock_batch(int fd, const struct nftbatch *);
/* The connections that netfilter knows are forgotten. */
int	nftsock_flush_flows(int fd);
/* Are there copies (nfthold.h) whose instance does not begin with @ours?  1, 0
 * or -errno; the name of one. */
int	nftsock_other_hold(int fd, const char *ours, char *name, size_t max);

/* All that is there of a watching socket. */
void	nftsock_hear(int fd, struct nftevent *,
	    const struct nftlist_table *ours, size_t n);

#endif
