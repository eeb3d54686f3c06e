/* onion/dir/consdiff.c - a consensus from an older one and a diff
 *
 * Theory of operation
 *	A diff is two lines and a script of ed(1) commands, which come from the
 *	end of the document to its start:
 *
 *	  network-status-diff-version 1
 *	  hash FROM TO
 *	  12,$d		5,7c		3a
 *			new lines	new lines
 *			.		.
 *
 *	Because they run backwards, each leaves the numbers of all lines before
 *	it alone.  So the result is composed from the end, in one pass: what
 *	follows the command unchanged, then the lines that it adds.  Lengths
 *	are added up first; then one block is filled from its end.  Nothing is
 *	copied twice, and no diff can make us allocate more than the two
 *	documents are long.
 *
 *	"$" stands for the last line and may only end the range of a "d".
 *	"0a" adds before the first line.
 */
#include "onion/dir/consdiff.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdoc.h"

static const char first_line[] = "network-status-diff-version 1\n";

struct lines {
	const char	*text;
	size_t		 len;
	size_t		 n;
	uint32_t	*at;	/* n + 1 offsets: where line i begins, from 0 */
};

struct edit {
	size_t		 from, to;	/* lines, from 1; @from 0: before all */
	char		 what;		/* 'a', 'c' or 'd' */
	struct slice	 add;		/* whole lines */
};

struct output {
	char		*text;		/* NULL: only measure */
	size_t		 at;		/* grows down from the end */
	size_t		 len;		/* put so far */
};

int
consdiff_is(const char *text, size_t len)
{
	return len >= sizeof(first_line) - 1 &&
	    memcmp(text, first_line, sizeof(first_line) - 1) == 0;
}

static int
split(struct lines *l, const char *text, size_t len)
{
	const char *p, *end = text + len;
	size_t n = 0;

	if (len == 0 || len > CONSENSUS_TEXT_MAX || end[-1] != '\n')
		return -EBADMSG;
	for (p = text; p < end; n++)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	if ((l->at = malloc((n + 1) * sizeof(*l->at))) == NULL)
		return -ENOMEM;
	l->text = text;
	l->len = len;
	l->n = n;
	for (p = text, n = 0; p < end; n++) {
		l->at[n] = (uint32_t)(p - text);
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	}
	l->at[n] = (uint32_t)len;
	return 0;
}

/* --- the script --- */

static int
take_line(struct slice *s, struct slice *line)
{
	const char *nl = s->len == 0 ? NULL : memchr(s->p, '\n', s->len);

	if (nl == NULL)
		return 0;
	line->p = s->p;
	line->len = (size_t)(nl - s->p);
	s->p = nl + 1;
	s->len -= line->len + 1;
	return 1;
}

static int
take_number(struct slice *s, size_t *out)
{
	struct slice digits = { s->p, 0 };
	uint32_t v;

	while (digits.len < s->len && digits.p[digits.len] >= '0' &&
	    digits.p[digits.len] <= '9')
		digits.len++;
	if (netdoc_u32(&v, digits, 0, INT32_MAX) < 0)
		return 0;
	s->p += digits.len;
	s->len -= digits.len;
	*out = v;
	return 1;
}

/* "5,7c", "5d", "3a", "12,$d" in a document of @last lines, of which those
 * after @bound have been dealt with. */
static int
parse_command(struct edit *e, struct slice s, size_t last, size_t bound)
{
	int range = 0, dollar = 0;

	if (!take_number(&s, &e->from))
		return -EBADMSG;
	e->to = e->from;
	if (s.len > 0 && s.p[0] == ',') {
		range = 1;
		s.p++;
		s.len--;
		if (s.len > 0 && s.p[0] == '$') {
			dollar = 1;
			e->to = last;
			s.p++;
			s.len--;
		} else if (!take_number(&s, &e->to))
			return -EBADMSG;
		if (e->to <= e->from)
			return -EBADMSG;
	}
	if (s.len != 1 || e->to > bound)
		return -EBADMSG;
	e->what = s.p[0];
	switch (e->what) {
	case 'a':
		return range ? -EBADMSG : 0;
	case 'c':
		return dollar || e->from == 0 ? -EBADMSG : 0;
	case 'd':
		return e->from == 0 ? -EBADMSG : 0;
	}
	return -EBADMSG;
}

/* The lines up to one of a single dot; at least one. */
static int
take_added(struct slice *script, struct slice *add)
{
	struct slice line;

	add->p = script->p;
	while (take_line(script, &line))
		if (line.len == 1 && line.p[0] == '.') {
			add->len = (size_t)(line.p - add->p);
			return add->len > 0 ? 0 : -EBADMSG;
		}
	return -EBADMSG;
}

static int
next_edit(struct slice *script, struct edit *e, size_t last, size_t bound)
{
	struct slice line;
	int rc;

	memset(e, 0, sizeof(*e));
	if (!take_line(script, &line))
		return -EBADMSG;
	if ((rc = parse_command(e, line, last, bound)) < 0 || e->what == 'd')
		return rc;
	return take_added(script, &e->add);
}

/* --- composing --- */

static int
put(struct output *o, const char *p, size_t len)
{
	if (len > CONSENSUS_TEXT_MAX - o->len)
		return -E2BIG;
	o->len += len;
	if (o->text != NULL && len > 0) {
		o->at -= len;
		memcpy(o->text + o->at, p, len);
	}
	return 0;
}

/* Lines @from to @to of the old document, counted from 1, inclusive. */
static int
put_old(struct output *o, const struct lines *l, size_t from, size_t to)
{
	return put(o, l->text + l->at[from - 1], l->at[to] - l->at[from - 1]);
}

static int
run(struct output *o, const struct lines *l, struct slice script)
{
	size_t bound = l->n;
	struct edit e;
	int rc;

	while (script.len > 0) {
		if ((rc = next_edit(&script, &e, l->n, bound)) < 0)
			return rc;
		if (e.to < bound && (rc = put_old(o, l, e.to + 1, bound)) < 0)
			return rc;
		if ((rc = put(o, e.add.p, e.add.len)) < 0)
			return rc;
		bound = e.what == 'a' ? e.to : e.from - 1;
	}
	return bound > 0 ? put_old(o, l, 1, bound) : 0;
}

/* --- the whole --- */

static int
read_head(struct slice *script, uint8_t from[SHA3_LEN], uint8_t to[SHA3_LEN])
{
	struct slice line, word;

	if (!consdiff_is(script->p, script->len) ||
	    !take_line(script, &line) || !take_line(script, &line))
		return -EBADMSG;
	if (!netdoc_arg(&line, &word) || !netdoc_eq(word, "hash") ||
	    !netdoc_arg(&line, &word) ||
	    netdoc_hex(from, SHA3_LEN, word) < 0 ||
	    !netdoc_arg(&line, &word) ||
	    netdoc_hex(to, SHA3_LEN, word) < 0 || netdoc_arg(&line, &word))
		return -EBADMSG;
	return 0;
}

int
consdiff_from(uint8_t from[SHA3_LEN], const char *diff, size_t len)
{
	struct slice script = { diff, len };
	uint8_t to[SHA3_LEN];

	return read_head(&script, from, to);
}

static int
check_base(const char *base, size_t len, const uint8_t want[SHA3_LEN])
{
	uint8_t digest[SHA3_LEN];
	size_t begin, end;

	if (consensus_signed_part(base, len, &begin, &end) < 0)
		return -ESTALE;
	crypt_sha3(digest, base + begin, end - begin);
	return memcmp(digest, want, SHA3_LEN) == 0 ? 0 : -ESTALE;
}

static int
compose(struct output *o, const struct lines *l, struct slice script,
    const uint8_t want[SHA3_LEN])
{
	uint8_t digest[SHA3_LEN];
	int rc;

	if ((rc = run(o, l, script)) < 0)
		return rc;
	o->at = o->len;
	if ((o->text = malloc(o->len + 1)) == NULL)
		return -ENOMEM;
	o->len = 0;
	if ((rc = run(o, l, script)) < 0)
		return rc;
	crypt_sha3(digest, o->text, o->len);
	return memcmp(digest, want, SHA3_LEN) == 0 ? 0 : -EBADMSG;
}

int
consdiff_apply(char **out, size_t *outlen, const char *base, size_t baselen,
    const char *diff, size_t difflen)
{
	uint8_t from[SHA3_LEN], to[SHA3_LEN];
	struct slice script = { diff, difflen };
	struct output o = { NULL, 0, 0 };
	struct lines l = { .at = NULL };
	int rc;

	if (difflen > CONSENSUS_TEXT_MAX)
		return -E2BIG;
	if ((rc = read_head(&script, from, to)) < 0 ||
	    (rc = check_base(base, baselen, from)) < 0 ||
	    (rc = split(&l, base, baselen)) < 0)
		return rc;
	rc = compose(&o, &l, script, to);
	free(l.at);
	if (rc < 0) {
		free(o.text);
		return rc;
	}
	*out = o.text;
	*outlen = o.len;
	return 0;
}
