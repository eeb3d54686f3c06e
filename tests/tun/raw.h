/* tests/tun/raw.h - packets made by hand, by nothing of tun/
 *
 * Headers are written byte by byte, so that a mistake of tun/ is not made here
 * a second time.
 */
#ifndef TESTS_TUN_RAW_H
#define TESTS_TUN_RAW_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "tests/tun/rawsum.h"

struct raw {
	uint8_t	b[66000];
	size_t	len;
};

static inline struct addr
raw_addr(const char *text)
{
	struct addr a;

	ck_assert_msg(addr_parse_ip(&a, text, -1) == 0, "%s", text);
	return a;
}

static inline void
raw_put(struct raw *r, const void *p, size_t len)
{
	ck_assert_uint_le(r->len + len, sizeof(r->b));
	if (len)
		memcpy(r->b + r->len, p, len);
	r->len += len;
}

/* After a change of the IPv4 header. */
static inline void
raw_seal(struct raw *r)
{
	raw_set16(r->b + 10, raw_sum4(r->b));
}

static inline void
raw4(struct raw *r, const char *src, const char *dst, uint8_t proto,
    const void *payload, size_t len)
{
	uint8_t head[20] = { 0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 63, proto };

	memcpy(head + 12, raw_addr(src).ip, 4);
	memcpy(head + 16, raw_addr(dst).ip, 4);
	raw_set16(head + 2, 20 + len);
	r->len = 0;
	raw_put(r, head, sizeof(head));
	raw_put(r, payload, len);
	raw_seal(r);
}

/* Puts options, of a length that is a multiple of 4, behind the header. */
static inline void
raw4_options(struct raw *r, const void *options, size_t len)
{
	memmove(r->b + 20 + len, r->b + 20, r->len - 20);
	if (len)
		memcpy(r->b + 20, options, len);
	r->len += len;
	r->b[0] = (uint8_t)(0x40 | (5 + len / 4));
	raw_set16(r->b + 2, r->len);
	raw_seal(r);
}

static inline void
raw6(struct raw *r, const char *src, const char *dst, uint8_t next,
    const void *payload, size_t len)
{
	uint8_t head[40] = { 0x60, 0, 0, 0, 0, 0, next, 63 };

	memcpy(head + 8, raw_addr(src).ip, 16);
	memcpy(head + 24, raw_addr(dst).ip, 16);
	raw_set16(head + 4, len);
	r->len = 0;
	raw_put(r, head, sizeof(head));
	raw_put(r, payload, len);
}

/* A copy of exact size, so that a sanitizer sees a read past its end. */
static inline uint8_t *
raw_copy(const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	if (len)
		memcpy(copy, p, len);
	return copy;
}

#endif
