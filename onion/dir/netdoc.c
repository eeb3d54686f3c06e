/* onion/dir/netdoc.c - tokenizer of directory documents
 *
 * Theory of operation
 *	One forward pass; each byte of the document is looked at a bounded
 *	number of times.  The two characters that no document may hold are
 *	searched for once, at the start, so that the rest need not care.
 *
 * Stricter than C tor, where authorities never write such a thing: no white
 * space before a keyword, no document that ends within a line, "-----END" only
 * at the start of a line.  What is signed is found by searching for words at
 * line starts, and must not differ from what the tokenizer sees.
 */
#include "onion/dir/netdoc.h"

#include <errno.h>
#include <string.h>

#include "base/enc.h"

static const char begin_tag[] = "-----BEGIN ";
static const char end_tag[] = "-----END ";
static const char dashes[] = "-----";

enum { OBJECT_CHARS = 8192 };	/* most base64 that netdoc_object() decodes */

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The length of the UTF-8 sequence that begins here (RFC 3629); 0: none. */
static size_t
sequence(const uint8_t *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
	    p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	size_t i;

	if (n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;	/* too long, a surrogate, or beyond U+10FFFF */
	return n;
}

static int
is_text(const uint8_t *p, size_t len)
{
	size_t n;

	while (len > 0) {
		if (*p == '\0' || *p == '\r' || (n = sequence(p, len)) == 0)
			return 0;
		p += n;
		len -= n;
	}
	return 1;
}

void
netdoc_init(struct netdoc *d, const void *p, size_t len)
{
	d->at = p;
	d->end = d->at + len;
	d->err = 0;
	d->steps = 0;
	if (!is_text(p, len))
		d->err = -EBADMSG;
}

static int
fail(struct netdoc *d)
{
	d->err = -EBADMSG;
	return d->err;
}

/* The next line without its newline; 0 where there is no whole one. */
static int
take_line(struct netdoc *d, struct slice *line)
{
	const char *nl = memchr(d->at, '\n', (size_t)(d->end - d->at));

	d->steps++;
	if (nl == NULL || nl - d->at > NETDOC_LINE_MAX)
		return 0;
	line->p = d->at;
	line->len = (size_t)(nl - d->at);
	d->at = nl + 1;
	return 1;
}

static int
starts(struct slice s, const char *with, size_t n)
{
	return s.len >= n && memcmp(s.p, with, n) == 0;
}

/* "-----BEGIN X-----": X into @type. */
static int
tag_type(struct slice line, const char *tag, struct slice *type)
{
	size_t head = strlen(tag), tail = strlen(dashes);

	if (!starts(line, tag, head) || line.len <= head + tail ||
	    memcmp(line.p + line.len - tail, dashes, tail) != 0)
		return 0;
	type->p = line.p + head;
	type->len = line.len - head - tail;
	return 1;
}

static int
take_object(struct netdoc *d, struct netdoc_item *it)
{
	struct slice line, type;

	if (!take_line(d, &line) || !tag_type(line, begin_tag, &it->type))
		return 0;
	it->body.p = d->at;
	while (take_line(d, &line)) {
		if (!starts(line, dashes, strlen(dashes)))
			continue;
		if (!tag_type(line, end_tag, &type) ||
		    type.len != it->type.len ||
		    memcmp(type.p, it->type.p, type.len) != 0)
			return 0;
		it->body.len = (size_t)(line.p - it->body.p);
		return it->body.len <= NETDOC_OBJECT_MAX;
	}
	return 0;
}

static void
split_key(struct netdoc_item *it, struct slice line)
{
	size_t n = 0;

	while (n < line.len && !is_blank(line.p[n]))
		n++;
	it->key.p = line.p;
	it->key.len = n;
	while (n < line.len && is_blank(line.p[n]))
		n++;
	it->rest.p = line.p + n;
	it->rest.len = line.len - n;
}

int
netdoc_next(struct netdoc *d, struct netdoc_item *it)
{
	struct slice line;

	if (d->err < 0)
		return d->err;
	while (d->at < d->end && *d->at == '\n')
		d->at++;
	if (d->at == d->end)
		return 0;
	memset(it, 0, sizeof(*it));
	it->begin = d->at;
	if (!take_line(d, &line) || is_blank(line.p[0]))
		return fail(d);
	split_key(it, line);
	if (netdoc_is(it, "opt") && it->rest.len > 0)
		split_key(it, it->rest);
	if ((size_t)(d->end - d->at) >= strlen(begin_tag) &&
	    memcmp(d->at, begin_tag, strlen(begin_tag)) == 0 &&
	    !take_object(d, it))
		return fail(d);
	it->end = d->at;
	return 1;
}

int
netdoc_eq(struct slice s, const char *str)
{
	return strlen(str) == s.len && memcmp(s.p, str, s.len) == 0;
}

int
netdoc_is(const struct netdoc_item *it, const char *key)
{
	return netdoc_eq(it->key, key);
}

unsigned
netdoc_which(const struct netdoc_item *it, const struct netdoc_key *keys,
    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (netdoc_is(it, keys[i].key))
			return keys[i].bit;
	return 0;
}

int
netdoc_arg(struct slice *rest, struct slice *arg)
{
	const char *p = rest->p, *end = rest->p + rest->len;

	while (p < end && is_blank(*p))
		p++;
	arg->p = p;
	while (p < end && !is_blank(*p))
		p++;
	arg->len = (size_t)(p - arg->p);
	rest->len = (size_t)(end - p);
	rest->p = p;
	return arg->len > 0;
}

int
netdoc_object(const struct netdoc_item *it, const char *type, uint8_t *out,
    size_t max)
{
	char text[OBJECT_CHARS];
	size_t i, n = 0;
	int rc;

	if (it->type.len == 0 || !netdoc_eq(it->type, type))
		return -EBADMSG;
	for (i = 0; i < it->body.len; i++) {
		if (it->body.p[i] == '\n')
			continue;
		if (n == sizeof(text))
			return -EBADMSG;
		text[n++] = it->body.p[i];
	}
	rc = dec_b64(out, max, text, n);
	return rc < 0 ? -EBADMSG : rc;
}

int
netdoc_u32(uint32_t *out, struct slice s, uint32_t min, uint32_t max)
{
	uint64_t v = 0;
	size_t i;

	if (s.len == 0 || s.len > 10)
		return -EBADMSG;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -EBADMSG;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v < min || v > max)
		return -EBADMSG;
	*out = (uint32_t)v;
	return 0;
}

int
netdoc_i32(int32_t *out, struct slice s)
{
	int negative = s.len > 0 && s.p[0] == '-';
	uint32_t v;

	if (negative) {
		s.p++;
		s.len--;
	}
	if (netdoc_u32(&v, s, 0, (uint32_t)INT32_MAX + negative) < 0)
		return -EBADMSG;
	*out = (int32_t)(negative ? -(int64_t)v : (int64_t)v);
	return 0;
}

int
netdoc_hex(uint8_t *out, size_t len, struct slice s)
{
	if (s.len != len * 2 || dec_hex(out, len, s.p, s.len) != (int)len)
		return -EBADMSG;
	return 0;
}

int
netdoc_b64(uint8_t *out, size_t len, struct slice s)
{
	if (s.len > ENC_B64_LEN(len) ||
	    dec_b64(out, len, s.p, s.len) != (int)len)
		return -EBADMSG;
	return 0;
}

int
netdoc_is_nickname(struct slice s)
{
	size_t i;

	if (s.len < 1 || s.len > 19)
		return 0;
	for (i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= 'A' && s.p[i] <= 'Z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9'))
			return 0;
	return 1;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar; counted in years
 * that begin in March, so that the leap day is the last. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	m = (m + 9) % 12;
	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + d - 1 -
	    719468;
}

static int
days_in(uint32_t y, uint32_t m)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return days[m - 1] + (m == 2 && leap);
}

int
netdoc_time(int64_t *out, struct slice s)
{
	static const struct {
		uint8_t	at, len, after;
		uint16_t min, max;
	} part[6] = {
		{ 0, 4, '-', 1970, 9999 }, { 5, 2, '-', 1, 12 },
		{ 8, 2, ' ', 1, 31 }, { 11, 2, ':', 0, 23 },
		{ 14, 2, ':', 0, 59 }, { 17, 2, 0, 0, 60 },
	};
	uint32_t v[6];
	size_t i;

	if (s.len != 19)
		return -EBADMSG;
	for (i = 0; i < 6; i++) {
		struct slice digits = { s.p + part[i].at, part[i].len };

		if (netdoc_u32(&v[i], digits, part[i].min, part[i].max) < 0)
			return -EBADMSG;
		if (part[i].after && s.p[part[i].at + part[i].len] !=
		    part[i].after)
			return -EBADMSG;
	}
	if ((int)v[2] > days_in(v[0], v[1]))
		return -EBADMSG;
	*out = days_of(v[0], v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 +
	    v[5];
	return 0;
}

void
netdoc_time_text(char out[20], int64_t t)
{
	int64_t day, sec, era, doe, yoe, doy, mp, y, v[6];
	static const uint8_t at[6] = { 3, 6, 9, 12, 15, 18 };
	int i, j;

	if (t < 0)
		t = 0;
	if (t > INT64_C(253402300799))	/* the end of the year 9999 */
		t = INT64_C(253402300799);
	day = t / 86400 + 719468;
	sec = t % 86400;
	era = day / 146097;
	doe = day % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	y = yoe + era * 400 + (mp >= 10);
	v[0] = y;
	v[1] = mp < 10 ? mp + 3 : mp - 9;
	v[2] = doy - (153 * mp + 2) / 5 + 1;
	v[3] = sec / 3600;
	v[4] = sec / 60 % 60;
	v[5] = sec % 60;
	memcpy(out, "0000-00-00 00:00:00", 20);
	for (i = 0; i < 6; i++)
		for (j = 0; j < (i == 0 ? 4 : 2); j++, v[i] /= 10)
			out[at[i] - j] = (char)('0' + v[i] % 10);
}
