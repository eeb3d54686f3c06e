/* policy/nftdiff.c - two normal forms compared, and what differs said
 *
 * Lines of the same thing begin with the same four words, and both forms are
 * sorted, so that one pass finds all that is only in one of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/nftlist.h"

struct words {			/* kind, family, table, name */
	char	w[4][NFTLIST_NAME];
	size_t	len;		/* of all four in the line */
};

static void
split(struct words *w, const char *line)
{
	size_t i, n;
	const char *at = line;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < 4; i++) {
		n = strcspn(at, " ");
		snprintf(w->w[i], sizeof(w->w[i]), "%.*s", (int)n, at);
		at += n;
		w->len = (size_t)(at - line);
		at += *at == ' ';
	}
}

static size_t
count(const struct nftnormal *f, const char *line, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += strncmp(f->lines[i], line, len) == 0 &&
		    f->lines[i][len] == ' ';
	return n;
}

static int
has_head(const struct nftnormal *f, const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (strncmp(f->lines[i], line, len) == 0 &&
		    (f->lines[i][len] == ' ' || f->lines[i][len] == '\0'))
			return 1;
	return 0;
}

static const char *
how(const char *line, size_t len, const struct nftnormal *want,
    const struct nftnormal *have)
{
	return !has_head(have, line, len) ? "is gone" :
	    !has_head(want, line, len) ? "was added" : "was changed";
}

static void
say(char *why, size_t max, const char *line, const struct nftnormal *want,
    const struct nftnormal *have)
{
	struct words w;
	size_t n, m;

	split(&w, line);
	n = count(want, line, w.len);
	m = count(have, line, w.len);
	if (strcmp(w.w[0], "table") == 0)
		snprintf(why, max, "table %s %s %s", w.w[1], w.w[2],
		    how(line, w.len, want, have));
	else if (strcmp(w.w[0], "rule") == 0 && n != m)
		snprintf(why, max, "chain %s of table %s %s has %zu rules "
		    "instead of %zu", w.w[3], w.w[1], w.w[2], m, n);
	else if (strcmp(w.w[0], "rule") == 0)
		snprintf(why, max, "rule %d of chain %s of table %s %s was "
		    "changed", atoi(line + w.len), w.w[3], w.w[1], w.w[2]);
	else if (strcmp(w.w[0], "element") == 0)
		snprintf(why, max, "set %s of table %s %s has other elements",
		    w.w[3], w.w[1], w.w[2]);
	else
		snprintf(why, max, "%s %s of table %s %s %s", w.w[0], w.w[3],
		    w.w[1], w.w[2], how(line, w.len, want, have));
}

static int
may_miss(const char *line)
{
	struct words w;

	if (strncmp(line, "element ", 8) != 0)
		return 0;
	split(&w, line);
	return line[w.len] == ' ' && line[w.len + 1] == '~';
}

/* What is gone explains why what was in it is gone too: tables first, then
 * chains and sets, then what they hold. */
static int
rank(const char *line)
{
	static const char *const order[] = { "table ", "chain ", "set ",
		"object ", "flowtable ", "rule ", "element " };
	int i;

	for (i = 0; i < 6; i++)
		if (strncmp(line, order[i], strlen(order[i])) == 0)
			break;
	return i;
}

struct walk {
	const struct nftnormal *want, *have;
	size_t	 i, k;
};

/* The next line that is only in one of them, or NULL. */
static const char *
next_odd(struct walk *w)
{
	const char *odd;
	int c;

	while (w->i < w->want->n || w->k < w->have->n) {
		c = w->i == w->want->n ? 1 : w->k == w->have->n ? -1 :
		    strcmp(w->want->lines[w->i], w->have->lines[w->k]);
		if (c == 0) {
			w->i++;
			w->k++;
			continue;
		}
		odd = c < 0 ? w->want->lines[w->i++] : w->have->lines[w->k++];
		if (c > 0 || !may_miss(odd))
			return odd;
	}
	return NULL;
}

int
nftnormal_differ(const struct nftnormal *want, const struct nftnormal *have,
    char *why, size_t max)
{
	struct walk w = { .want = want, .have = have };
	const char *first = NULL, *odd;

	while ((odd = next_odd(&w)) != NULL)
		if (first == NULL || rank(odd) < rank(first))
			first = odd;
	if (first == NULL)
		return 0;
	say(why, max, first, want, have);
	return 1;
}

/* What it was in is gone, and that is said. */
static int
is_explained(const char *line, const struct nftnormal *have)
{
	char head[4 * NFTLIST_NAME];
	struct words w;

	split(&w, line);
	if (strcmp(w.w[0], "table") == 0)
		return 0;
	snprintf(head, sizeof(head), "table %s %s", w.w[1], w.w[2]);
	if (!has_head(have, head, strlen(head)))
		return 1;
	if (strcmp(w.w[0], "rule") != 0 && strcmp(w.w[0], "element") != 0)
		return 0;
	snprintf(head, sizeof(head), "%s %s %s %s", strcmp(w.w[0], "rule") ?
	    "set" : "chain", w.w[1], w.w[2], w.w[3]);
	return !has_head(have, head, strlen(head));
}

unsigned
nftnormal_differences(const struct nftnormal *want,
    const struct nftnormal *have, void (*tell)(void *, const char *),
    void *arg)
{
	struct walk w = { .want = want, .have = have };
	char why[512], last[512] = "";
	unsigned n = 0;
	const char *odd;

	while ((odd = next_odd(&w)) != NULL) {
		say(why, sizeof(why), odd, want, have);
		if (strcmp(why, last) == 0 || is_explained(odd, have))
			continue;
		snprintf(last, sizeof(last), "%s", why);
		tell(arg, why);
		n++;
	}
	return n;
}
