/* onion/path/vanguard.h - layer-2 guards of onion service circuits
 * (proposal 333, "vanguards lite")
 *
 * A few relays, of which one is the second hop of every circuit to an onion
 * service or to what leads there, each for some days.  So who runs many relays
 * and makes us build many circuits does not soon stand next to our guard and
 * learn who that is.
 *
 * A plain value, given the time and the network by who draws (path.c).
 */
#ifndef ONION_PATH_VANGUARD_H
#define ONION_PATH_VANGUARD_H

#include <stddef.h>
#include <stdint.h>

struct netdir;
struct params;
struct relay;

enum { VANGUARDS_MAX = 19 };	/* guard-hs-l2-number, at most */

struct vanguard {
	uint8_t	rsa[20];
	int64_t	until;		/* loop ms */
	uint8_t	makeshift;	/* not Stable and Fast: there was none */
};

struct vanguards {
	struct vanguard	v[VANGUARDS_MAX];
	size_t		n;
};

/* May it still stand there, whatever its flags?  1 yes. */
typedef int vanguard_ok_fn(void *arg, const struct relay *);

/* Does the consensus want them (vanguards-lite-enabled), and how many? */
int	vanguards_wanted(const struct params *, size_t *n);
/* Out goes whose time is over, who is not listed, not Stable and Fast any more,
 * or not @ok. */
void	vanguards_expire(struct vanguards *, const struct netdir *,
	    vanguard_ok_fn *ok, void *arg, int64_t now);
int	vanguards_has(const struct vanguards *, const uint8_t rsa[20]);
/* For a time that is drawn (guard-hs-l2-lifetime-min, -max).  Nothing happens
 * where there are VANGUARDS_MAX. */
void	vanguards_add(struct vanguards *, const struct relay *,
	    const struct params *, int64_t now);
void	vanguards_drop_all(struct vanguards *);		/* new identity */

#endif
