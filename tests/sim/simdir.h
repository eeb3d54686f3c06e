/* tests/sim/simdir.h - a network that exists in documents only
 *
 * Makes up relays, writes the consensus and the microdescriptors that would
 * list them, and reads those back with the code under test:
 *
 *	simdir_init(&sd, 1000, 42, NOW);	varied flags, families, policies
 *	sd.relay[3].flags &= ~RELAY_GUARD;	change what you like
 *	nd = simdir_netdir(&sd);		as if it had been downloaded
 *
 * The same seed gives the same network.  The consensus carries one signature
 * that nobody made: it can be parsed, not verified.  Nothing here defends
 * itself; what cannot be made ends the test.
 */
#ifndef TESTS_SIM_SIMDIR_H
#define TESTS_SIM_SIMDIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct netdir;

enum { SIMDIR_TEXT = 256 };

struct simdir_relay {
	uint8_t		rsa[20];
	uint8_t		ed[32];
	uint8_t		ntor[32];
	char		nickname[20];
	struct addr	or4, or6;	/* or6: family 0 for none */
	uint32_t	bw;		/* kB/s */
	uint32_t	flags;		/* RELAY_*; HAS_BW for a `w` line,
					 * HAS_MD for a microdescriptor */
	char		p[SIMDIR_TEXT];	/* "accept 80,443"; "" for no line */
	char		p6[SIMDIR_TEXT];
	char		family[SIMDIR_TEXT * 2];
	char		family_ids[SIMDIR_TEXT];
	char		pr[SIMDIR_TEXT];
	uint8_t		gone;		/* is not listed at all */
};

struct simdir {
	struct simdir_relay	*relay;		/* in order of rsa */
	size_t			 n;
	int64_t			 valid_after;	/* fresh for 1 h, valid for 3 */
	char			 params[1024];	/* "a=1 b=2" or "" */
	char			 weights[1024];	/* the same */
	uint64_t		 state;		/* of the generator */
};

/* @n relays: about half are guards, a quarter exits (some both), some are
 * slow, unstable, BadExit or MiddleOnly, a few have no bandwidth; some share a
 * /16 or an IPv6 /32, some a family of either kind. */
void	 simdir_init(struct simdir *, size_t n, uint64_t seed,
	    int64_t valid_after);
/* @n relays that are all alike, good for everything, apart from each other. */
void	 simdir_init_plain(struct simdir *, size_t n, uint64_t seed,
	    int64_t valid_after);
void	 simdir_fini(struct simdir *);

uint64_t simdir_rand(struct simdir *);			/* 64 bits */
uint64_t simdir_below(struct simdir *, uint64_t n);

/* free() what they give. */
char	*simdir_consensus(struct simdir *, size_t *len);
char	*simdir_microdescs(struct simdir *, size_t *len);
struct netdir *simdir_netdir(struct simdir *);		/* netdir_free() */

struct simdir_relay *simdir_by_rsa(struct simdir *, const uint8_t rsa[20]);
struct simdir_relay *simdir_by_name(struct simdir *, const char *nickname);

#endif
