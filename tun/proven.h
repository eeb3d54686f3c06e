/* tun/proven.h - addresses that have shown that they are there
 *
 * A SYN may come from an address that its sender made up.  Whoever has answered
 * something that only the owner of the address can have seen is proven for a
 * while.  The set has a fixed size; where it is full, the oldest of a few goes.
 */
#ifndef TUN_PROVEN_H
#define TUN_PROVEN_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct proven;

enum {
	PROVEN_MAX = 4096,
	PROVEN_MS = 10 * 60 * 1000,	/* a proof holds */
	PROVEN_COOKIE_MS = 64 * 1000	/* a cookie holds, once or twice that */
};

struct proven	*proven_new(void);		/* NULL: no memory */
void		 proven_free(struct proven *);
void		 proven_add(struct proven *, const struct addr *, int64_t now);
int		 proven_has(const struct proven *, const struct addr *,
		    int64_t now);
/* What the owner of @client's address, and port, is to send back; never
 * @not. */
uint32_t	 proven_cookie(const struct proven *, const struct addr *client,
		    const struct addr *dest, uint32_t not, int64_t now);
int		 proven_cookie_ok(const struct proven *,
		    const struct addr *client, const struct addr *dest,
		    uint32_t cookie, int64_t now);

#endif
