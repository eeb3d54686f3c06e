/* onion/path/geoip.h - which country an address is in
 *
 * Reads the files of Debian's tor-geoipdb: for IPv4 lines "LOW,HIGH,CC" with
 * addresses as decimal integers, for IPv6 the same with addresses as text;
 * '#' begins a comment.  They are compacted into sorted arrays that are
 * searched by bisection: about 8 MiB for both, so they are loaded only where a
 * {cc} stands in the configuration (relayset_needs_geoip()).
 *
 * A country is its two letters in one integer, lower case, GEOIP_CC('d', 'e');
 * GEOIP_UNKNOWN stands for "??", an address that no line covers.
 */
#ifndef ONION_PATH_GEOIP_H
#define ONION_PATH_GEOIP_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct geoip;

#define GEOIP_CC(a, b)	((uint16_t)((uint16_t)(a) << 8 | (uint8_t)(b)))

enum {
	GEOIP_UNKNOWN = GEOIP_CC('?', '?'),
	GEOIP_LINES_MAX = 2000000	/* in each file */
};

/* Either text may be NULL.  Lines that can't be read are passed over and
 * counted in *@bad, unless that is NULL; a text without one good line is
 * -EINVAL. */
int	 geoip_parse(struct geoip **, const char *v4, size_t v4len,
	    const char *v6, size_t v6len, size_t *bad);
/* From files (before the process gives up its view of the file system);
 * either path may be NULL.  0 or -errno. */
int	 geoip_load(struct geoip **, const char *v4path, const char *v6path);
void	 geoip_free(struct geoip *);

uint16_t geoip_country(const struct geoip *, const struct addr *);
int	 geoip_has_country(const struct geoip *, uint16_t cc);
size_t	 geoip_count(const struct geoip *, int family);	/* 4 or 6: ranges */
const char *geoip_text(uint16_t cc, char out[3]);

#endif
