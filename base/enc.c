/* base/enc.c - bytes as text: hexadecimal, base32 and base64 (RFC 4648) */
#include "base/enc.h"

#include <errno.h>

static const char b32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char b64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
enc_hex(char *out, const void *in, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	const uint8_t *p = in;
	size_t i;

	for (i = 0; i < n; i++) {
		*out++ = hex[p[i] >> 4];
		*out++ = hex[p[i] & 15];
	}
	*out = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
dec_hex(void *out, size_t max, const char *s, size_t n)
{
	uint8_t *p = out;
	size_t i;
	int hi, lo;

	if (n % 2 || n / 2 > max)
		return -EINVAL;
	for (i = 0; i < n; i += 2) {
		hi = hex_digit(s[i]);
		lo = hex_digit(s[i + 1]);
		if (hi < 0 || lo < 0)
			return -EINVAL;
		*p++ = (uint8_t)(hi << 4 | lo);
	}
	return (int)(n / 2);
}

void
enc_b32(char *out, const void *in, size_t n)
{
	const uint8_t *p = in;
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		acc = (acc << 8 | p[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			*out++ = b32[acc >> (bits - 5) & 31];
	}
	if (bits)
		*out++ = b32[acc << (5 - bits) & 31];
	*out = '\0';
}

static int
b32_digit(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

int
dec_b32(void *out, size_t max, const char *s, size_t n)
{
	uint8_t *p = out;
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i, len = 0;
	int d;

	if (n % 8 == 1 || n % 8 == 3 || n % 8 == 6)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if ((d = b32_digit(s[i])) < 0)
			return -EINVAL;
		acc = acc << 5 | (uint32_t)d;
		if ((bits += 5) < 8)
			continue;
		bits -= 8;
		if (len == max)
			return -EINVAL;
		p[len++] = (uint8_t)(acc >> bits);
	}
	if (acc & ((1u << bits) - 1))
		return -EINVAL;		/* bits that mean nothing */
	return (int)len;
}

static void
b64_out(char *out, const uint8_t *p, size_t n, int pad)
{
	uint32_t v;

	for (; n >= 3; n -= 3, p += 3) {
		v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		*out++ = b64[v >> 18];
		*out++ = b64[v >> 12 & 63];
		*out++ = b64[v >> 6 & 63];
		*out++ = b64[v & 63];
	}
	if (n) {
		v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
		*out++ = b64[v >> 18];
		*out++ = b64[v >> 12 & 63];
		if (n == 2)
			*out++ = b64[v >> 6 & 63];
		for (; pad && n < 3; n++)
			*out++ = '=';
	}
	*out = '\0';
}

void
enc_b64(char *out, const void *in, size_t n)
{
	b64_out(out, in, n, 1);
}

void
enc_b64_bare(char *out, const void *in, size_t n)
{
	b64_out(out, in, n, 0);
}

static int
b64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
dec_b64(void *out, size_t max, const char *s, size_t n)
{
	uint8_t *p = out;
	uint32_t acc = 0;
	size_t i, bits = 0, len = 0;
	int d;

	if (n % 4 == 0 && n && s[n - 1] == '=') {
		n--;
		if (s[n - 1] == '=')
			n--;
	}
	if (n % 4 == 1)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if ((d = b64_digit(s[i])) < 0)
			return -EINVAL;
		acc = acc << 6 | (uint32_t)d;
		if ((bits += 6) < 8)
			continue;
		bits -= 8;
		if (len == max)
			return -EINVAL;
		p[len++] = (uint8_t)(acc >> bits);
	}
	if (bits && (acc & ((1u << bits) - 1)))
		return -EINVAL;		/* bits that mean nothing */
	return (int)len;
}
