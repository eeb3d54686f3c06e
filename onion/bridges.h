/* onion/bridges.h - the bridges of the configuration (UseBridges)
 *
 * Each is dialled at the address of its Bridge line only, and has to prove that
 * it is the relay of that line's fingerprint.  Its descriptor, which no consensus
 * vouches for, is asked of itself; with it, it can be a guard.
 *
 * The relays that it shows live as long as it does and change in place; the
 * user's changed() tells.
 */
#ifndef ONION_BRIDGES_H
#define ONION_BRIDGES_H

#include <stddef.h>
#include <stdint.h>

#include "onion/link/chan.h"

struct addr;
struct bridges;
struct chanset;
struct loop;
struct netdir;
struct onion_conf;
struct relay;

enum { BRIDGES_MAX = 64 };

struct bridges_user {
	/* A descriptor came that says something new. */
	void	(*changed)(void *arg);
	/* Does ExcludeNodes name it?  Then it is not even asked. */
	int	(*excluded)(void *arg, const struct relay *);
};

/* -EINVAL: none, or one without address or fingerprint; -E2BIG; -ENOMEM. */
int	 bridges_new(struct bridges **, struct loop *,
	    const struct onion_conf *, const struct bridges_user *, void *arg);
void	 bridges_free(struct bridges *);

/* What of the configuration may change: who may be dialled; borrowed. */
void	 bridges_set_reach(struct bridges *, const struct onion_conf *);
/* The families of those that the consensus lists, too.  Borrowed until the next
 * call; NULL: none. */
void	 bridges_set_netdir(struct bridges *, const struct netdir *);

/* What they are asked by, which lives until bridges_stop().  Before
 * bridges_start(). */
int	 bridges_attach(struct bridges *, struct chanset *);
void	 bridges_start(struct bridges *);	/* asks; more than once: goes on */
void	 bridges_stop(struct bridges *);
void	 bridges_retry(struct bridges *);	/* somebody waits */

/* @bridges: is that the address of one of them, and may it be dialled? */
int	 bridges_may_dial(void *bridges, const struct addr *);
/* A channel to it is open, or could not be opened.  Nothing happens where it is
 * none of them. */
void	 bridges_chan_open(struct bridges *, const uint8_t rsa[20]);
void	 bridges_chan_failed(struct bridges *, const uint8_t rsa[20],
	    enum chan_why);

const struct relay *bridges_relays(const struct bridges *, size_t *n);
/* How that one is called in the log, "$ABCDEF12"; and what is wrong with it: ""
 * or some words. */
const char *bridges_name(const struct bridges *, size_t i);
const char *bridges_trouble(const struct bridges *, size_t i);

#endif
