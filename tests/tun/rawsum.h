/* tests/tun/rawsum.h - numbers and checksums of packets, by nothing of tun/
 *
 * Summed up as RFC 1071 defines it, so that a mistake of tun/ is not made here
 * a second time.
 */
#ifndef TESTS_TUN_RAWSUM_H
#define TESTS_TUN_RAWSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

static inline void
raw_set16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t
raw_add(uint32_t sum, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (sum > 0xffff)
			sum = (sum & 0xffff) + 1;
	}
	return sum;
}

/* What an IPv4 header at @p must have as its checksum. */
static inline uint16_t
raw_sum4(const uint8_t *p)
{
	uint32_t sum = raw_add(0, p, 10);

	return (uint16_t)~raw_add(sum, p + 12, (p[0] & 15u) * 4u - 12);
}

/* What @len bytes of a transport at @p must have as their checksum at @at,
 * with a pseudo header, if @proto is not 0. */
static inline uint16_t
raw_sum(const uint8_t *p, size_t len, size_t at, const struct addr *src,
    const struct addr *dst, uint8_t proto)
{
	uint8_t tail[4] = { 0, proto };
	uint32_t sum = 0;

	if (proto) {
		sum = raw_add(sum, src->ip, addr_iplen(src));
		sum = raw_add(sum, dst->ip, addr_iplen(dst));
		raw_set16(tail + 2, len);
		sum = raw_add(sum, tail, 4);
	}
	sum = raw_add(sum, p, at);
	return (uint16_t)~raw_add(sum, p + at + 2, len - at - 2);
}

#endif
