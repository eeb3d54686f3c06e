/* daemon/mapaddress.c - MapAddress: one name or address in another's place
 *
 * The rules stand in the order of what they replace, one for each name, so that
 * a search is a bisection: for the whole name first, and then for what is left
 * of it after each dot, as rules for all below that.  (tor's rules, but for a
 * chain that does not end: tor takes what it has come to after 16 steps, and
 * here it is refused.)
 */
#include "daemon/mapaddress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

enum { LABEL = 63, NICKNAME = 19, FINGERPRINT = 40 };

struct mapaddress {
	size_t		 n;
	struct mapaddress_rule rule[];
};

static int
wrong(char why[MAPADDRESS_WHY], const char *text)
{
	snprintf(why, MAPADDRESS_WHY, "%s", text);
	return -EINVAL;
}

/* --- reading --- */

static int
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static int
is_relay(const char *s, size_t len)
{
	size_t i = 0;

	if (len && *s == '$') {
		s++;
		len--;
		if (len != FINGERPRINT)
			return 0;
	}
	if (len == FINGERPRINT)
		return strspn(s, "0123456789abcdef") >= len;
	while (i < len && is_alnum(s[i]))
		i++;
	return len > 0 && len <= NICKNAME && i == len;
}

static size_t
ends_in_exit(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".exit") == 0 ? len - 5 : 0;
}

int
mapaddress_exit(const char *name, size_t *rest, const char **relay,
    size_t *relay_len)
{
	size_t len = ends_in_exit(name), at = len;

	while (at > 0 && name[at - 1] != '.')
		at--;
	if (!is_relay(name + at, len - at))
		return -EINVAL;
	*relay = name + at;
	*relay_len = len - at;
	*rest = at ? at - 1 : 0;
	return at == 1 ? -EINVAL : 0;	/* ".RELAY.exit" */
}

/* A host's name: labels of letters, digits, hyphens and underscores. */
static int
is_name(const char *s, size_t len)
{
	size_t i, label = 0;

	for (i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0)
				return 0;
			label = 0;
		} else if ((!is_alnum(s[i]) && s[i] != '-' && s[i] != '_') ||
		    ++label > LABEL)
			return 0;
	}
	return label > 0;
}

static int
is_host(const char *s, size_t len)
{
	struct addr a;

	return is_name(s, len) || addr_parse_ip(&a, s, (int)len) == 0;
}

/* One word, lower case, without a final dot; "*." goes to @all.  An address in
 * the one form that addresses have. */
static int
read_side(const char **s, char out[MAPADDRESS_NAME + 1], int *all)
{
	const char *p = *s + strspn(*s, " \t");
	size_t i, len = strcspn(p, " \t");
	char text[ADDR_TEXT];
	struct addr a;

	*s = p + len;
	*all = len > 2 && p[0] == '*' && p[1] == '.';
	if (*all) {
		p += 2;
		len -= 2;
	}
	if (len > 1 && p[len - 1] == '.')
		len--;
	if (len == 0 || len > MAPADDRESS_NAME)
		return -EINVAL;
	for (i = 0; i < len; i++)
		out[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 :
		    p[i]);
	out[len] = '\0';
	if (addr_parse_ip(&a, out, -1) < 0)
		return 0;
	addr_unmap(&a);
	snprintf(out, MAPADDRESS_NAME + 1, "%s", addr_ip_raw(&a, text));
	return *all ? -EINVAL : 0;
}

static int
check_to(const struct mapaddress_rule *r, char why[MAPADDRESS_WHY])
{
	size_t rest, len;
	const char *relay;

	if (!ends_in_exit(r->to))
		return is_host(r->to, strlen(r->to)) && strcmp(r->to, "exit") ?
		    0 : wrong(why, "the second word is neither a host's name "
		    "nor an address");
	if (mapaddress_exit(r->to, &rest, &relay, &len) < 0)
		return wrong(why, "before .exit there is neither a relay's "
		    "nickname nor its fingerprint");
	if (rest == 0 && r->to_all)
		return wrong(why, "what is below a relay's name in .exit is "
		    "no relay");
	if (rest && !is_host(r->to, rest))
		return wrong(why, "before the relay in .exit there is neither "
		    "a host's name nor an address");
	return 0;
}

int
mapaddress_parse(struct mapaddress_rule *r, const char *text,
    char why[MAPADDRESS_WHY])
{
	memset(r, 0, sizeof(*r));
	if (read_side(&text, r->from, &r->from_all) < 0 ||
	    !is_host(r->from, strlen(r->from)))
		return wrong(why, "the first word is neither a host's name nor "
		    "an address, nor *. and a name");
	if (ends_in_exit(r->from) || strcmp(r->from, "exit") == 0)
		return wrong(why, "names in .exit are not replaced");
	if (read_side(&text, r->to, &r->to_all) < 0)
		return wrong(why, "the second word is neither a host's name "
		    "nor an address");
	if (text[strspn(text, " \t")])
		return wrong(why, "there is more than two words");
	if (r->to_all && !r->from_all)
		return wrong(why, "*. is in the second word and not in the "
		    "first: there is nothing to put in its place");
	return check_to(r, why);
}

const char *
mapaddress_text(const struct mapaddress_rule *r, char out[MAPADDRESS_TEXT])
{
	snprintf(out, MAPADDRESS_TEXT, "%s%s %s%s", r->from_all ? "*." : "",
	    r->from, r->to_all ? "*." : "", r->to);
	return out;
}

/* --- the table --- */

/* Of one name the last line comes first. */
static int
by_from(const void *a, const void *b)
{
	const struct mapaddress_rule *x = a, *y = b;
	int order = strcmp(x->from, y->from);

	return order ? order : (x->line < y->line) - (x->line > y->line);
}

static const struct mapaddress_rule *
find(const struct mapaddress *m, const char *from)
{
	size_t lo = 0, hi = m->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (strcmp(m->rule[mid].from, from) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->n && strcmp(m->rule[lo].from, from) == 0 ?
	    &m->rule[lo] : NULL;
}

/* Sorted, and of each name the first. */
static void
settle(struct mapaddress *m)
{
	size_t i, n = 0;

	qsort(m->rule, m->n, sizeof(m->rule[0]), by_from);
	for (i = 0; i < m->n; i++)
		if (n == 0 || strcmp(m->rule[n - 1].from, m->rule[i].from))
			m->rule[n++] = m->rule[i];
	m->n = n;
}

int
mapaddress_new(struct mapaddress **out, char *const *lines, size_t n)
{
	struct mapaddress *m = calloc(1, sizeof(*m) + n * sizeof(m->rule[0]));
	char why[MAPADDRESS_WHY];
	int rc;

	if (m == NULL)
		return -ENOMEM;
	for (; m->n < n; m->n++) {
		rc = mapaddress_parse(&m->rule[m->n], lines[m->n], why);
		if (rc < 0) {
			free(m);
			return rc;
		}
		m->rule[m->n].line = m->n;
	}
	settle(m);
	*out = m;
	return 0;
}

void
mapaddress_free(struct mapaddress *m)
{
	free(m);
}

/* The rule for a name: its own, or one for all below a name that it is below
 * of; *@before is how much of it stands before that. */
static const struct mapaddress_rule *
rule_of(const struct mapaddress *m, const char *name, size_t *before)
{
	const struct mapaddress_rule *r = find(m, name);
	const char *at = name;
	struct addr a;

	*before = 0;
	if (r || addr_parse_ip(&a, name, -1) == 0)
		return r;
	while ((at = strchr(at, '.')) != NULL) {
		at++;
		if ((r = find(m, at)) != NULL && r->from_all) {
			*before = (size_t)(at - name);
			return r;
		}
	}
	return NULL;
}

/* 1: replaced, 0: it is what it is. */
static int
step(const struct mapaddress *m, char name[MAPADDRESS_NAME + 1])
{
	char next[MAPADDRESS_NAME + 1];
	const struct mapaddress_rule *r;
	size_t before;
	int n;

	if ((r = rule_of(m, name, &before)) == NULL)
		return 0;
	n = snprintf(next, sizeof(next), "%.*s%s", r->to_all ? (int)before : 0,
	    name, r->to);
	if (n < 0 || n > MAPADDRESS_NAME)
		return -ENAMETOOLONG;
	if (strcmp(next, name) == 0)
		return 0;
	memcpy(name, next, sizeof(next));
	return 1;
}

int
mapaddress_find(const struct mapaddress *m, const char *name,
    char out[MAPADDRESS_NAME + 1])
{
	int rc, n = 0;

	if (strlen(name) > MAPADDRESS_NAME)
		return -ENAMETOOLONG;
	snprintf(out, MAPADDRESS_NAME + 1, "%s", name);
	while (m && (rc = step(m, out)) != 0) {
		if (rc < 0)
			return rc;
		if (n++ == MAPADDRESS_CHAIN)
			return -ELOOP;
	}
	return n;
}
