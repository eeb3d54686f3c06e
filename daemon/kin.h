/* daemon/kin.h - which addresses are one client
 *
 * A client of a LAN asks for a name from one of its addresses, and connects
 * from another: it has IPv4 and IPv6, and of the latter many.  What it was told
 * must be good for all of them, and for nobody else's.  So an IPv6 address is
 * taken for the IPv4 address that its link-layer address has, too, if that is
 * one and no more; and all addresses of this host for one.  Whatever is not
 * known to be kin is not.
 *
 * As to how much one client may have it is the other way round: whoever has many
 * addresses must not be many clients.  So those count together that are behind
 * one link-layer address, and else all of an IPv6 network of 64 bits.
 *
 * Where a client is, its interface and link-layer address, is told as it is now,
 * for rules, and as what makes it another client than one that had its address
 * before (a lease goes to the next host).  The latter is what was first found
 * out of it, and stays while nothing says otherwise: so that to get to know a
 * neighbour better, or to forget it for a while, makes it nobody else.
 *
 * The link is trusted: a host that takes another's link-layer address, or
 * answers for its IPv6 addresses, is taken for it, as it is by everybody else
 * there; and what the table says may have changed KIN_FRESH_MS ago.
 */
#ifndef DAEMON_KIN_H
#define DAEMON_KIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct kin;
struct loop;

enum {
	KIN_LINK = 20,			/* bytes of a link-layer address */
	KIN_MAX = 4096,			/* addresses that are remembered */
	KIN_NEIGHBOURS_MAX = 16384,	/* looked at, and no more */
	KIN_FRESH_MS = 5000,		/* what was found out is good for so
					 * long, */
	KIN_KEEP_MS = 60 * 60 * 1000	/* or so long, if the kernel has
					 * forgotten since */
};

struct kin_neighbour {
	struct addr	 addr;
	int		 ifindex;
	uint8_t		 link[KIN_LINK];
	uint8_t		 link_len;	/* 0: not known */
};

struct kin_place {			/* zero: not known */
	int		 ifindex;
	uint8_t		 link[KIN_LINK];
	uint8_t		 link_len;
};

enum { KIN_LO = 1, KIN_IFNAME = 16 };	/* the index of "lo"; IFNAMSIZ */

struct kin_source {		/* what the kernel knows; tests make it up */
	/* Calls fn() for each; 0 or -errno. */
	int	(*neighbours)(void *arg, void (*fn)(void *,
		    const struct kin_neighbour *), void *fn_arg);
	int	(*own)(void *arg, void (*fn)(void *, const struct addr *),
		    void *fn_arg);
	/* 0 or -errno. */
	int	(*ifname)(void *arg, int ifindex, char out[KIN_IFNAME]);
	void	*arg;
};

extern const struct kin_source kin_kernel;	/* netlink */

int	kin_new(struct kin **, struct loop *, const struct kin_source *);
void	kin_free(struct kin *);
/* The one address that stands for whoever has @client (family 0: he came by no
 * network); no port. */
void	kin_of(struct kin *, const struct addr *client, struct addr *out);
/* The same, as to shares. */
void	kin_share(struct kin *, const struct addr *client, struct addr *out);
/* Is it a program of this host?  Nobody else can connect from its addresses:
 * what comes in from them is dropped, and an answer would not leave. */
int	kin_is_local(struct kin *, const struct addr *client);
/* Where @client is, whose connection came by @ifindex (0: not known, and then it
 * is the neighbour's with that address, if there is one only): @now, as the
 * kernel knows it; @as, what makes it another client, nothing for programs of
 * this host, whose interface is KIN_LO, even if they have bound their socket to
 * another.  Either may be NULL. */
void	kin_place(struct kin *, const struct addr *client, int ifindex,
	    struct kin_place *now, struct kin_place *as);
/* "" where there is none. */
void	kin_ifname(const struct kin *, int ifindex, char out[KIN_IFNAME]);

#endif
