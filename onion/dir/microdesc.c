/* onion/dir/microdesc.c - reading microdescriptors
 *
 * The bytes that a digest covers run from the line "onion-key" to the next
 * such line, the next annotation, or the end: nothing within is parsed to find
 * them.  The RSA key that may stand there is not for clients any more and is
 * not looked at.  Nor are `a` lines: for years the consensus has had them.
 *
 * What a relay wrote into its own descriptor (family, ports) can make its own
 * microdescriptor useless and no other.
 */
#include "onion/dir/microdesc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/intern.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/portlist.h"

static const char first_key[] = "onion-key";
static const char listed_key[] = "@last-listed ";

/* --- finding them --- */

void
microdesc_read_init(struct microdesc_reader *r, const char *text, size_t len)
{
	r->at = text;
	r->end = text + len;
}

static const char *
next_line(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl == NULL ? end : nl + 1;
}

static int
is_first(const char *p, const char *end)
{
	const size_t n = sizeof(first_key) - 1;

	return (size_t)(end - p) > n && memcmp(p, first_key, n) == 0 &&
	    (p[n] == '\n' || p[n] == ' ');
}

static void
read_annotation(struct microdesc_raw *raw, const char *p, const char *next)
{
	const size_t n = sizeof(listed_key) - 1;
	struct slice when;
	int64_t t;

	if ((size_t)(next - p) <= n || memcmp(p, listed_key, n) != 0)
		return;
	when.p = p + n;
	when.len = (size_t)(next - p) - n;
	if (when.p[when.len - 1] == '\n')
		when.len--;
	if (netdoc_time(&t, when) == 0)
		raw->listed = t;
}

int
microdesc_read(struct microdesc_reader *r, struct microdesc_raw *raw)
{
	const char *p, *next;

	raw->listed = 0;
	for (p = r->at; p < r->end && !is_first(p, r->end); p = next) {
		next = next_line(p, r->end);
		if (*p == '@')
			read_annotation(raw, p, next);
	}
	raw->body = p;
	if (p < r->end)
		do
			p = next_line(p, r->end);
		while (p < r->end && *p != '@' && !is_first(p, r->end));
	r->at = p;
	raw->len = (size_t)(r->at - raw->body);
	if (raw->len == 0)
		return 0;
	crypt_sha256(raw->digest, raw->body, raw->len);
	return 1;
}

const char *
microdesc_annotation(char out[MICRODESC_ANNOTATION], int64_t when)
{
	char text[20];

	netdoc_time_text(text, when);
	snprintf(out, MICRODESC_ANNOTATION, "%s%s\n", listed_key, text);
	return out;
}

/* --- parsing one --- */

enum {
	SEEN_NTOR = 1 << 0, SEEN_FAMILY = 1 << 1, SEEN_FAMIDS = 1 << 2,
	SEEN_P = 1 << 3, SEEN_P6 = 1 << 4, SEEN_FIRST = 1 << 5
};

static int
compare_member(const void *a, const void *b)
{
	return memcmp(a, b, 21);
}

static int
compare_id(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Sorts, and drops what comes twice; how many remain. */
static size_t
distinct(uint8_t *p, size_t n, size_t size,
    int (*compare)(const void *, const void *))
{
	size_t i, m = 0;

	if (n == 0)
		return 0;
	qsort(p, n, size, compare);
	for (i = 1; i < n; i++)
		if (memcmp(p + m * size, p + i * size, size) != 0)
			memmove(p + ++m * size, p + i * size, size);
	return m + 1;
}

/* "nickname", "$HEX", "$HEX=nickname", "$HEX~nickname"; 0: none of these. */
static int
read_member(uint8_t out[21], struct slice s)
{
	struct slice hex, name;
	size_t i;

	memset(out, 0, 21);
	if (netdoc_is_nickname(s)) {
		out[0] = 'N';
		for (i = 0; i < s.len; i++)
			out[1 + i] = (uint8_t)(s.p[i] >= 'A' &&
			    s.p[i] <= 'Z' ? s.p[i] - 'A' + 'a' : s.p[i]);
		return 1;
	}
	if (s.len > 0 && s.p[0] == '$') {
		s.p++;
		s.len--;
	}
	if (s.len < 40)
		return 0;
	hex.p = s.p;
	hex.len = 40;
	if (s.len > 40) {
		name.p = s.p + 41;
		name.len = s.len - 41;
		if ((s.p[40] != '=' && s.p[40] != '~') ||
		    !netdoc_is_nickname(name))
			return 0;
	}
	out[0] = 'R';
	return netdoc_hex(out + 1, 20, hex) == 0;
}

/* A list of @n things of @size bytes each as struct family or famids. */
static int
give_list(const void **out, struct intern *pool, uint32_t n, const void *p,
    size_t size)
{
	size_t len = sizeof(n) + n * size;
	uint8_t *block;

	if (n == 0)
		return 0;
	if ((block = malloc(len)) == NULL)
		return -ENOSPC;
	memcpy(block, &n, sizeof(n));
	memcpy(block + sizeof(n), p, n * size);
	*out = intern_get(pool, block, len);
	free(block);
	return *out == NULL ? -ENOSPC : 0;
}

static int
read_family(struct microdesc *md, struct slice rest, struct intern *pool)
{
	uint8_t member[MICRODESC_FAMILY_MAX][21];
	struct slice arg;
	size_t n = 0;

	while (n < MICRODESC_FAMILY_MAX && netdoc_arg(&rest, &arg))
		n += (size_t)read_member(member[n], arg);
	n = distinct(member[0], n, sizeof(member[0]), compare_member);
	return give_list((const void **)&md->family, pool, (uint32_t)n,
	    member, sizeof(member[0]));
}

static int
read_famids(struct microdesc *md, struct slice rest, struct intern *pool)
{
	uint8_t id[MICRODESC_FAMIDS_MAX][32];
	struct slice arg;
	size_t n = 0;

	while (n < MICRODESC_FAMIDS_MAX && netdoc_arg(&rest, &arg))
		crypt_sha256(id[n++], arg.p, arg.len);
	n = distinct(id[0], n, sizeof(id[0]), compare_id);
	return give_list((const void **)&md->famids, pool, (uint32_t)n, id,
	    sizeof(id[0]));
}

/* A summary that cannot be read promises no port. */
static int
read_ports(const struct portlist **out, struct slice rest,
    struct intern *pool)
{
	struct portlist *l;
	int rc;

	if ((rc = portlist_parse(&l, rest.p, rest.len)) == -EBADMSG)
		return 0;
	if (rc < 0)
		return -ENOSPC;
	if (portlist_accepts_any(l)) {
		*out = intern_get(pool, l, portlist_size(l));
		rc = *out == NULL ? -ENOSPC : 0;
	}
	free(l);
	return rc;
}

static int
read_ntor(struct microdesc *md, struct slice rest)
{
	struct slice arg;

	if (!netdoc_arg(&rest, &arg) || netdoc_b64(md->ntor, 32, arg) < 0)
		return -EBADMSG;
	md->has |= MICRODESC_HAS_NTOR;
	return 0;
}

static int
read_id(struct microdesc *md, struct slice rest)
{
	struct slice kind, key;

	if (!netdoc_arg(&rest, &kind) || !netdoc_arg(&rest, &key))
		return -EBADMSG;
	if (!netdoc_eq(kind, "ed25519"))
		return 0;
	if (md->has & MICRODESC_HAS_ED || netdoc_b64(md->ed, 32, key) < 0)
		return -EBADMSG;
	md->has |= MICRODESC_HAS_ED;
	return 0;
}

static unsigned
line_of(const struct netdoc_item *it)
{
	static const struct netdoc_key lines[] = {
		{ first_key, SEEN_FIRST }, { "ntor-onion-key", SEEN_NTOR },
		{ "family", SEEN_FAMILY }, { "family-ids", SEEN_FAMIDS },
		{ "p", SEEN_P }, { "p6", SEEN_P6 },
	};

	return netdoc_which(it, lines, sizeof(lines) / sizeof(lines[0]));
}

static int
read_item(struct microdesc *md, const struct netdoc_item *it, unsigned *seen,
    struct intern *pool)
{
	unsigned line = line_of(it);

	if (*seen & line || (*seen == 0) != (line == SEEN_FIRST))
		return -EBADMSG;	/* twice, or not the first */
	*seen |= line;
	switch (line) {
	case SEEN_NTOR:
		return read_ntor(md, it->rest);
	case SEEN_FAMILY:
		return read_family(md, it->rest, pool);
	case SEEN_FAMIDS:
		return read_famids(md, it->rest, pool);
	case SEEN_P:
		return read_ports(&md->exit4, it->rest, pool);
	case SEEN_P6:
		return read_ports(&md->exit6, it->rest, pool);
	default:
		return netdoc_is(it, "id") ? read_id(md, it->rest) : 0;
	}
}

int
microdesc_parse(struct microdesc *out, const struct microdesc_raw *raw,
    struct intern *pool)
{
	struct microdesc md;
	struct netdoc doc;
	struct netdoc_item it;
	unsigned seen = 0;
	int rc;

	if (raw->len > MICRODESC_TEXT_MAX)
		return -EBADMSG;
	memset(&md, 0, sizeof(md));
	memcpy(md.digest, raw->digest, sizeof(md.digest));
	netdoc_init(&doc, raw->body, raw->len);
	while ((rc = netdoc_next(&doc, &it)) > 0)
		if ((rc = read_item(&md, &it, &seen, pool)) < 0)
			break;
	if (rc == 0 && (seen & SEEN_NTOR) == 0)
		rc = -EBADMSG;
	if (rc < 0) {
		microdesc_drop(&md, pool);
		return rc;
	}
	*out = md;
	return 0;
}

void
microdesc_drop(struct microdesc *md, struct intern *pool)
{
	intern_drop(pool, md->exit4);
	intern_drop(pool, md->exit6);
	intern_drop(pool, md->family);
	intern_drop(pool, md->famids);
}
