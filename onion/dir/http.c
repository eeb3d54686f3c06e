/* onion/dir/http.c - the client's side of HTTP/1.0 GET, as directories speak it
 *
 * The head is gathered in a buffer of fixed size until its blank line and then
 * looked through once.  What we don't know in it is passed over; what we do
 * know and can't read is an error only where the body's meaning hangs on it.
 */
#include "onion/dir/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* --- request --- */

static int
is_safe(const char *s, int blanks)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f ||
		    (*s == ' ' && !blanks))
			return 0;
	return 1;
}

static void
put(char *out, size_t max, size_t *at, const char *s)
{
	size_t n = strlen(s);

	if (*at < max && n < max - *at)
		memcpy(out + *at, s, n + 1);
	*at += n;
}

int
http_get(char *out, size_t max, const char *path, const struct http_field *f,
    size_t n)
{
	size_t at = 0, i;

	if (path[0] != '/' || !is_safe(path, 0))
		return -EINVAL;
	put(out, max, &at, "GET ");
	put(out, max, &at, path);
	put(out, max, &at, " HTTP/1.0\r\n");
	for (i = 0; i < n; i++) {
		if (!is_safe(f[i].name, 0) || !is_safe(f[i].value, 1))
			return -EINVAL;
		put(out, max, &at, f[i].name);
		put(out, max, &at, ": ");
		put(out, max, &at, f[i].value);
		put(out, max, &at, "\r\n");
	}
	put(out, max, &at, "\r\n");
	return at < max ? (int)at : -ENOBUFS;
}

/* --- answer --- */

static int
digits(const char *s, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (len == 0 || len > 18)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

static int
status_line(struct http_resp *r, const char *s, size_t len)
{
	uint64_t v;

	if (len < 12 || memcmp(s, "HTTP/1.", 7) != 0 ||
	    (s[7] != '0' && s[7] != '1') || s[8] != ' ' ||
	    (len > 12 && s[12] != ' '))
		return -EPROTO;
	if (digits(s + 9, 3, 599, &v) < 0 || v < 100)
		return -EPROTO;
	r->status = (int)v;
	return 0;
}

static int
is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

static enum http_coding
coding(const char *v, size_t len)
{
	if (is_word(v, len, "identity") || len == 0)
		return HTTP_CODING_NONE;
	if (is_word(v, len, "deflate") || is_word(v, len, "x-deflate"))
		return HTTP_CODING_DEFLATE;
	if (is_word(v, len, "gzip") || is_word(v, len, "x-gzip"))
		return HTTP_CODING_GZIP;
	return HTTP_CODING_OTHER;
}

static int
field(struct http_resp *r, const char *name, size_t nlen, const char *v,
    size_t vlen)
{
	uint64_t length;

	if (is_word(name, nlen, "Content-Encoding"))
		r->coding = coding(v, vlen);
	else if (is_word(name, nlen, "Date")) {
		if (http_date_parse(v, vlen, &r->date) == 0)
			r->has_date = 1;
	} else if (is_word(name, nlen, "Content-Length")) {
		if (digits(v, vlen, INT64_MAX, &length) < 0 ||
		    (r->has_length && r->length != length))
			return -EPROTO;
		r->has_length = 1;
		r->length = length;
	}
	return 0;
}

static int
header_line(struct http_resp *r, const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len), *v, *end = s + len;

	if (colon == NULL || colon == s)
		return -EPROTO;
	for (v = colon + 1; v < end && (*v == ' ' || *v == '\t'); v++)
		;
	while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return field(r, s, (size_t)(colon - s), v, (size_t)(end - v));
}

static int
read_head(struct http_resp *r)
{
	const char *at = r->head, *end = r->head + r->headlen, *nl;
	size_t len;
	int rc = 0, first = 1;

	if (memchr(at, '\0', r->headlen))
		return -EPROTO;
	for (; rc == 0 && (nl = memchr(at, '\n', (size_t)(end - at))) != NULL;
	    at = nl + 1, first = 0) {
		len = (size_t)(nl - at);
		if (len && at[len - 1] == '\r')
			len--;
		if (len == 0)
			break;
		rc = first ? status_line(r, at, len) : header_line(r, at, len);
	}
	return first && rc == 0 ? -EPROTO : rc;
}

/* Does the head end with this newline? */
static int
is_blank_line(const struct http_resp *r)
{
	size_t n = r->headlen;

	return (n >= 2 && r->head[n - 2] == '\n') ||
	    (n >= 3 && memcmp(r->head + n - 3, "\n\r\n", 3) == 0);
}

int
http_feed(struct http_resp *r, const void *data, size_t len)
{
	const char *p = data;
	size_t i;
	int rc;

	if (r->done) {
		r->got += len;
		return 0;
	}
	for (i = 0; i < len; ) {
		if (r->headlen == sizeof(r->head))
			return -EMSGSIZE;
		r->head[r->headlen++] = p[i++];
		if (p[i - 1] != '\n' || !is_blank_line(r))
			continue;
		if ((rc = read_head(r)) < 0)
			return rc;
		r->done = 1;
		r->got = len - i;
		break;
	}
	return (int)i;
}

int
http_end(const struct http_resp *r)
{
	if (!r->done)
		return -EPIPE;
	if (r->has_length && r->got != r->length)
		return r->got < r->length ? -EPIPE : -EPROTO;
	return 0;
}

/* --- dates (RFC 1123) --- */

static const char days[7][4] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};
static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
	"Nov", "Dec"
};

static int
month_of(const char *s)
{
	int i;

	for (i = 0; i < 12; i++)
		if (memcmp(s, months[i], 3) == 0)
			return i;
	return -EINVAL;
}

int
http_date_parse(const char *s, size_t len, int64_t *wall)
{
	struct tm tm;
	uint64_t day, year, hour, min, sec;
	int month;

	if (len != 29 || memcmp(s + 3, ", ", 2) != 0 || s[7] != ' ' ||
	    s[11] != ' ' || s[16] != ' ' || s[19] != ':' || s[22] != ':' ||
	    memcmp(s + 25, " GMT", 4) != 0)
		return -EINVAL;
	if (digits(s + 5, 2, 31, &day) < 0 || day == 0 ||
	    (month = month_of(s + 8)) < 0 ||
	    digits(s + 12, 4, 9999, &year) < 0 || year < 1970 ||
	    digits(s + 17, 2, 23, &hour) < 0 ||
	    digits(s + 20, 2, 59, &min) < 0 || digits(s + 23, 2, 60, &sec) < 0)
		return -EINVAL;
	memset(&tm, 0, sizeof(tm));
	tm.tm_mday = (int)day;
	tm.tm_mon = month;
	tm.tm_year = (int)year - 1900;
	tm.tm_hour = (int)hour;
	tm.tm_min = (int)min;
	tm.tm_sec = (int)sec;
	*wall = timegm(&tm);
	return 0;
}

void
http_date_build(char out[HTTP_DATE_LEN], int64_t wall)
{
	const int64_t last = INT64_C(253402300799);	/* of the year 9999 */
	time_t t = wall < 0 ? 0 : wall > last ? last : wall;
	struct tm tm;

	gmtime_r(&t, &tm);
	snprintf(out, HTTP_DATE_LEN, "%s, %02u %s %04u %02u:%02u:%02u GMT",
	    days[tm.tm_wday], (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}
