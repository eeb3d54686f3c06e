/* daemon/fwsets.h - where the program may connect to, as the firewall holds it
 *
 * Addresses with ports, of relays and of direct flows.  Those of the base are
 * always there; of the others the ones that were asked for last, up to a
 * ceiling: one more, and the one goes whose last request is the oldest.  So
 * whoever counts what it asked the holder for knows what that cannot have
 * forgotten: what so many requests ago was there, and no more than the ceiling
 * is, is there.
 *
 * Pure: no clock, no IO but the text.
 */
#ifndef DAEMON_FWSETS_H
#define DAEMON_FWSETS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct addr;
struct fwsets;

enum fwsets_kind { FWSETS_RELAYS, FWSETS_DIRECT, FWSETS_NKINDS };

enum {
	/* in the kernel's sets, of both families together */
	FWSETS_RELAYS_MAX = 512, FWSETS_DIRECT_MAX = 2048,
	/* what the engine remembers of them */
	FWSETS_RELAYS_KNOWN = 256, FWSETS_DIRECT_KNOWN = 1024
};

/* How many of each kind, beside the base; 0: none.  -ENOMEM. */
int	fwsets_new(struct fwsets **, size_t relays_max, size_t direct_max);
void	fwsets_free(struct fwsets *);

/* Relays that are always there, in the place of those before.  0 or -ENOMEM:
 * then all is as it was. */
int	fwsets_set_base(struct fwsets *, const struct addr *, size_t n);

/* Is it there? */
int	fwsets_has(const struct fwsets *, enum fwsets_kind,
	    const struct addr *);
/* 1: it was there, and is now the youngest; 0: now it is; -EINVAL: that is no
 * address with a port; -ENOSPC: there is room for none. */
int	fwsets_add(struct fwsets *, enum fwsets_kind, const struct addr *);
/* A request counts, whatever comes of it; its number, of that kind. */
uint32_t fwsets_count_request(struct fwsets *, enum fwsets_kind);
/* As fwsets_add(), with the number of an earlier request. */
int	fwsets_add_asked(struct fwsets *, enum fwsets_kind,
	    const struct addr *, uint32_t number);
/* How many requests of that kind there were since the one for it; 0 for one of
 * the base, UINT32_MAX for one that is not there. */
uint32_t fwsets_age(const struct fwsets *, enum fwsets_kind,
	    const struct addr *);
void	fwsets_remove(struct fwsets *, enum fwsets_kind, const struct addr *);
void	fwsets_forget(struct fwsets *, enum fwsets_kind);
/* Those go that @may does not want.  1: there were some. */
int	fwsets_keep(struct fwsets *, enum fwsets_kind,
	    int (*may)(void *arg, const struct addr *), void *arg);
size_t	fwsets_count(const struct fwsets *, enum fwsets_kind);

/* All of it as text for nft: exactly these elements.  0 or -ENOMEM. */
int	fwsets_write(const struct fwsets *, FILE *);

#endif
