/* onion/dir/netdir.h - the network as it stands: every relay, ready for use
 *
 * Joins a verified consensus with the microdescriptors at hand.  A netdir owns
 * all it shows, depends on neither of the two afterwards, and never changes:
 * its owner builds a new one, swaps the pointer, and frees the old one at the
 * end of the turn.  So pointers to relays (and to anything else in here) are
 * good for one turn of the loop; who needs a relay for longer copies its
 * identity or takes a hopinfo.
 *
 * A relay without its microdescriptor is listed but cannot be used
 * (relay_usable()): no keys, no ports, no family are known of it.
 */
#ifndef ONION_DIR_NETDIR_H
#define ONION_DIR_NETDIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct consensus;
struct famids;
struct family;
struct hopinfo;
struct mdset;
struct params;
struct portlist;

struct relay {
	uint8_t			 rsa[20];	/* the fingerprint */
	uint8_t			 ed[32];	/* all zero: not known */
	uint8_t			 ntor[32];
	char			 nickname[20];
	struct addr		 or4;
	struct addr		 or6;		/* family 0: none */
	uint32_t		 bw;		/* kB/s */
	uint32_t		 flags;		/* RELAY_*, dir/consensus.h */
	uint32_t		 caps;		/* CAP_*, link/relayid.h */
	uint8_t			 has_ntor;
	uint8_t			 has_ed;
	const struct portlist	*exit4;		/* NULL: no port at all */
	const struct portlist	*exit6;
	const struct family	*family;
	const struct famids	*famids;
};

/* Bandwidth weights (dir-spec 3.8.3): W, the position (guard, middle, exit,
 * directory), the kind of relay (guard, middle, exit, both). */
enum netdir_weight {
	NETDIR_WGG, NETDIR_WGM, NETDIR_WGD,
	NETDIR_WMG, NETDIR_WMM, NETDIR_WME, NETDIR_WMD,
	NETDIR_WEG, NETDIR_WEM, NETDIR_WEE, NETDIR_WED,
	NETDIR_WGB, NETDIR_WMB, NETDIR_WEB, NETDIR_WDB,
	NETDIR_WBG, NETDIR_WBM, NETDIR_WBE, NETDIR_WBD,
	NETDIR_NWEIGHTS
};

struct netdir {
	struct relay	*relays;	/* ascending by rsa */
	size_t		 nrelays;
	size_t		 nusable;
	size_t		 nmissing;	/* without a microdescriptor */
	int64_t		 valid_after;	/* s since 1970 */
	int64_t		 fresh_until;
	int64_t		 valid_until;
	struct params	*params;	/* NULL: all have their defaults */
	/* In [0, weight_scale].  Where the consensus has not all of those that
	 * it should, has_weights is 0 and all are weight_scale. */
	int		 has_weights;
	int32_t		 weight_scale;
	int32_t		 weight[NETDIR_NWEIGHTS];
	int		 use_family_lists;
	int		 use_family_ids;
	/* Shared random values for the ring of onion services. */
	uint8_t		 has_srv_current, has_srv_previous;
	uint8_t		 srv_current[32], srv_previous[32];
	/* For the lookups. */
	uint32_t	*by_ed;		/* those that have one, in order */
	size_t		 ned;
	uint32_t	*by_name;	/* in order of nickname without case */
	void		*lists;		/* one block: all ports and families */
};

int	netdir_build(struct netdir **, const struct consensus *,
	    const struct mdset *);	/* 0 or -ENOMEM */
void	netdir_free(struct netdir *);

const struct relay *netdir_by_rsa(const struct netdir *,
	    const uint8_t rsa[20]);
const struct relay *netdir_by_ed(const struct netdir *, const uint8_t ed[32]);
/* Nicknames are anybody's choice and may come often; case does not count.
 * All of them: for (i = 0; (r = netdir_by_nickname(nd, name, &i)) != NULL;) */
const struct relay *netdir_by_nickname(const struct netdir *, const char *,
	    size_t *i);

/* Does each of the two say that the other is of its family, or have they a
 * proven family in common?  As far as the consensus wants those to count.  A
 * relay is of its own family.  Subnets are not looked at. */
int	netdir_same_family(const struct netdir *, const struct relay *,
	    const struct relay *);

/* Has all that a circuit needs: Running, Valid, ntor key, address. */
int	relay_usable(const struct relay *);
void	relay_hopinfo(const struct relay *, struct hopinfo *);

#endif
