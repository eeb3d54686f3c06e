/* tun/csum.h - the internet checksum (RFC 1071)
 *
 * Sums are kept unfolded, in host order, and may be added up as long as every
 * part but the last has an even length.  What csum_fold() gives is the field's
 * value in host order: 0xffff where the sum over a whole packet was right
 * before the complement, so that csum_fold() of a good packet is 0.
 */
#ifndef TUN_CSUM_H
#define TUN_CSUM_H

#include <stddef.h>
#include <stdint.h>

struct addr;

uint64_t	csum_add(uint64_t sum, const void *, size_t len);
/* The pseudo header of TCP, UDP and, for IPv6, ICMPv6 (RFC 9293 3.1, 8200
 * 8.1). */
uint64_t	csum_pseudo(const struct addr *src, const struct addr *dst,
		    uint8_t proto, size_t len);
uint16_t	csum_fold(uint64_t sum);	/* complemented */
/* For a field that a device completes: folded, not complemented. */
uint16_t	csum_partial(uint64_t sum);

#endif
