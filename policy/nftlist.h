/* policy/nftlist.h - what the kernel has of our tables, and what differs
 *
 * The kernel's own messages are taken (not nft's print of them, which is of its
 * version): tables, chains, rules, sets and their elements, objects and flow
 * tables.  Two lists are compared in a normal form without what differs by
 * chance or changes by itself: handles, use counts, counters, the numbers of
 * anonymous sets and chains, the order of chains and of elements, when an
 * element expires.  In a set that packets fill (flags dynamic) elements do not
 * count; one with a timeout may be missing.
 *
 * No IO here: messages come in, lists and sentences go out.
 */
#ifndef POLICY_NFTLIST_H
#define POLICY_NFTLIST_H

#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;

enum {
	NFTLIST_NAME = 64,		/* of our tables */
	NFTLIST_ITEMS_MAX = 1 << 20	/* in all of them */
};

struct nftlist_table {
	uint8_t	 family;		/* NFPROTO_* */
	char	 name[NFTLIST_NAME];
};

enum nftlist_kind {
	NFTLIST_NONE, NFTLIST_TABLE, NFTLIST_CHAIN, NFTLIST_RULE, NFTLIST_SET,
	NFTLIST_ELEMENT, NFTLIST_OBJECT, NFTLIST_FLOWTABLE
};

struct nftlist_item {
	enum nftlist_kind kind;
	uint8_t		 family;
	const char	*table;		/* in the item's own memory */
	const char	*name;		/* a rule's chain, an element's set */
	void		*attrs;		/* as the kernel told them */
	size_t		 len;
};

struct nftlist {
	struct nftlist_item *items;	/* in the kernel's order */
	size_t		 n;
};

void	nftlist_free(struct nftlist *);
/* Adds what @h tells, if it is in one of @ours, and passes over all else.  The
 * message is whole (nlmsg_ok()).  -EPROTO: it is none of the kernel's. */
int	nftlist_read(struct nftlist *, const struct nlmsghdr *h,
	    const struct nftlist_table *ours, size_t n);

/* The flags of a table, chain or set; 0 where it has none. */
uint32_t nftlist_flags(const struct nftlist_item *);

/* The normal form: lines of text, sorted. */
struct nftnormal {
	char	**lines;
	size_t	 n;
};

int	nftnormal_make(struct nftnormal *, const struct nftlist *);
void	nftnormal_free(struct nftnormal *);
/* 0: they are the same; 1: they are not, and @why says what is first. */
int	nftnormal_differ(const struct nftnormal *want,
	    const struct nftnormal *have, char *why, size_t max);
/* All that differs, a sentence each; how many there were. */
unsigned nftnormal_differences(const struct nftnormal *want,
	    const struct nftnormal *have, void (*tell)(void *, const char *),
	    void *arg);

/* "ip", "inet", ...; "family N" for what has no name. */
const char *nftlist_family(uint8_t family, char out[16]);

#endif
