/* onion/hs/hsring.h - which directories have a service's descriptor
 * (rend-spec-v3 2.2.3)
 */
#ifndef ONION_HS_HSRING_H
#define ONION_HS_HSRING_H

#include <stddef.h>
#include <stdint.h>

#include "onion/hs/blind.h"
#include "onion/hs/hstime.h"

struct hsring;
struct netdir;
struct relay;

enum { HSRING_MAX = 2 * 8 };	/* replicas times hsdir_spread_fetch, at most */

/* All directories of that netdir, which it borrows: it is freed before.  0 or
 * -ENOMEM. */
int	hsring_new(struct hsring **, const struct netdir *,
	    const struct hstime *);
void	hsring_free(struct hsring *);
/* Those that are asked, in the order of the ring, each once; how many.  They
 * belong to the netdir. */
size_t	hsring_find(const struct hsring *, const uint8_t blinded[BLIND_KEY],
	    const struct relay *out[HSRING_MAX]);

#endif
