/* tun/csum.c - the internet checksum (RFC 1071) */
#include "tun/csum.h"

#include "base/addr.h"
#include "base/wire.h"

uint64_t
csum_add(uint64_t sum, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (; len >= 4; b += 4, len -= 4)
		sum += wire_get32(b);
	if (len >= 2) {
		sum += wire_get16(b);
		b += 2;
		len -= 2;
	}
	if (len)
		sum += (uint64_t)b[0] << 8;
	return sum;
}

uint64_t
csum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto,
    size_t len)
{
	uint64_t sum = (uint64_t)proto + len;

	sum = csum_add(sum, src->ip, addr_iplen(src));
	return csum_add(sum, dst->ip, addr_iplen(dst));
}

uint16_t
csum_partial(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t
csum_fold(uint64_t sum)
{
	return (uint16_t)~csum_partial(sum);
}
