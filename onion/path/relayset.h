/* onion/path/relayset.h - a set of relays, as torrc options describe one
 *
 * ExcludeNodes, ExitNodes, EntryNodes, NodeFamily and their like: a list with
 * commas of
 *
 *	$FINGERPRINT, FINGERPRINT, $FINGERPRINT=Name, $FINGERPRINT~Name
 *	Name			a nickname, whatever its case
 *	1.2.3.4, 10.0.0.0/8, 10.0.0.0/255.0.0.0, [2001:db8::]/32, *, *4, *6
 *				optionally with :PORT or :FROM-TO, the ORPort's
 *	{cc}			a country; {??} one that is not known
 *
 * White space around an item and empty items are passed over.  A set belongs
 * to whoever parsed it; it does not change after that, except that a country
 * database may be lent to it, without which no {cc} matches.
 */
#ifndef ONION_PATH_RELAYSET_H
#define ONION_PATH_RELAYSET_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct geoip;
struct netdir;
struct relay;
struct relayset;

enum { RELAYSET_ITEMS_MAX = 65536 };

struct relayset_error {
	size_t		 at;	/* where the bad item begins, from 0 */
	size_t		 len;	/* of the item */
	const char	*what;	/* what is wrong with it, in words */
};

/* 0; -EINVAL and *@err (which may be NULL); -E2BIG: RELAYSET_ITEMS_MAX. */
int	 relayset_parse(struct relayset **, const char *text,
	    struct relayset_error *err);
void	 relayset_free(struct relayset *);

/* NULL as a set is an empty one, in all that follow. */
int	 relayset_is_empty(const struct relayset *);
int	 relayset_needs_geoip(const struct relayset *);
void	 relayset_use_geoip(struct relayset *, const struct geoip *);
/* GeoIPExcludeUnknown: {??} and {a1} join the set.  @always 0: only if it has
 * a country already (which is what "auto" means).  0 or -ENOMEM. */
int	 relayset_add_unknown(struct relayset *, int always);

/* Is the relay in the set?  The netdir is the relay's own. */
int	 relayset_has(const struct relayset *, const struct netdir *,
	    const struct relay *);
/* The same for what is no relay of a netdir: a directory cache, a hop that a
 * controller named.  Each of them may be NULL. */
int	 relayset_has_parts(const struct relayset *, const uint8_t rsa[20],
	    const char *nickname, const struct addr *);

#endif
