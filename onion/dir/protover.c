/* onion/dir/protover.c - subprotocol versions
 *
 * A set of versions is a 64-bit mask, since versions end at 63: no range, how
 * ever large, can make us count (TROVE class: UINT32_MAX as a version).
 */
#include "onion/dir/protover.h"

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "onion/dir/netdoc.h"
#include "onion/link/relayid.h"

enum { VERSION_MAX = 63 };

#define BIT(v)		(UINT64_C(1) << (v))
#define UPTO(v)		(BIT(v) | (BIT(v) - 1))
#define RANGE(lo, hi)	(UPTO(hi) & ~(BIT(lo) - 1))

/* What this client speaks.  Names under PROTOVER_LACK_HS matter to onion
 * services only. */
static const struct {
	const char	*name;
	uint64_t	 versions;
	int		 lack;
} ours[] = {
	{ "Cons",	RANGE(1, 2),	PROTOVER_LACK_CORE },
	{ "Desc",	RANGE(1, 4),	PROTOVER_LACK_CORE },
	{ "DirCache",	BIT(2),		PROTOVER_LACK_CORE },
	{ "FlowCtrl",	RANGE(1, 2),	PROTOVER_LACK_CORE },
	{ "Link",	RANGE(4, 5),	PROTOVER_LACK_CORE },
	{ "Microdesc",	RANGE(1, 3),	PROTOVER_LACK_CORE },
	{ "Relay",	RANGE(2, 6),	PROTOVER_LACK_CORE },
	{ "HSDir",	BIT(2),		PROTOVER_LACK_HS },
	{ "HSIntro",	RANGE(4, 5),	PROTOVER_LACK_HS },
	{ "HSRend",	BIT(2),		PROTOVER_LACK_HS },
};

static const struct {
	const char	*name;
	int		 version;
	uint32_t	 cap;
} caps_of[] = {
	{ "Relay",	4, CAP_NTOR3 },
	{ "Relay",	5, CAP_SUBPROTO },
	{ "Relay",	6, CAP_CGO },
	{ "Relay",	3, CAP_EXTEND_V6 },
	{ "FlowCtrl",	2, CAP_FLOWCTRL },
	{ "Conflux",	1, CAP_CONFLUX },
	{ "HSDir",	2, CAP_HSDIR },
	{ "HSIntro",	4, CAP_HSINTRO },
	{ "HSRend",	2, CAP_HSREND },
	{ "Padding",	2, CAP_PADDING },
};

int64_t
protover_released(void)
{
	static const char date[] = RELEASED " 00:00:00";
	int64_t t;

	return netdoc_time(&t, (struct slice){ date, sizeof(date) - 1 }) == 0 ?
	    t : 0;
}

struct entry {
	struct slice	name;
	uint64_t	versions;
};

static int
good_name(struct slice s)
{
	size_t i;

	if (s.len == 0 || s.len > PROTOVER_NAME_MAX)
		return 0;
	for (i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-')
			return 0;
	}
	return 1;
}

/* "4" or "4-5" up to a comma or the end. */
static int
take_range(struct slice *s, uint64_t *versions)
{
	const char *comma = memchr(s->p, ',', s->len), *dash;
	size_t n = comma != NULL ? (size_t)(comma - s->p) : s->len;
	struct slice lo = { s->p, n }, hi = { NULL, 0 };
	uint32_t a, b;

	if ((dash = memchr(s->p, '-', n)) != NULL) {
		lo.len = (size_t)(dash - s->p);
		hi.p = dash + 1;
		hi.len = n - lo.len - 1;
	}
	if (netdoc_u32(&a, lo, 0, VERSION_MAX) < 0)
		return -EBADMSG;
	b = a;
	if (dash != NULL && netdoc_u32(&b, hi, a, VERSION_MAX) < 0)
		return -EBADMSG;
	*versions |= RANGE(a, b);
	s->p += n;
	s->len -= n;
	if (s->len == 1)		/* a comma with nothing after it */
		return -EBADMSG;
	if (s->len > 0) {
		s->p++;
		s->len--;
	}
	return 0;
}

/* 1: one more; 0: the end; -EBADMSG. */
static int
next_entry(struct slice *line, struct entry *e)
{
	struct slice arg, set;
	const char *eq;

	if (!netdoc_arg(line, &arg))
		return 0;
	if ((eq = memchr(arg.p, '=', arg.len)) == NULL)
		return -EBADMSG;
	e->name.p = arg.p;
	e->name.len = (size_t)(eq - arg.p);
	e->versions = 0;
	if (!good_name(e->name))
		return -EBADMSG;
	set.p = eq + 1;
	set.len = arg.len - e->name.len - 1;
	while (set.len > 0)
		if (take_range(&set, &e->versions) < 0)
			return -EBADMSG;
	return 1;
}

int
protover_caps(uint32_t *caps, const char *p, size_t len)
{
	struct slice line = { p, len };
	struct entry e;
	uint32_t got = 0;
	size_t i;
	int rc;

	while ((rc = next_entry(&line, &e)) > 0)
		for (i = 0; i < sizeof(caps_of) / sizeof(caps_of[0]); i++)
			if ((e.versions & BIT(caps_of[i].version)) != 0 &&
			    netdoc_eq(e.name, caps_of[i].name))
				got |= caps_of[i].cap;
	if (rc < 0)
		return rc;
	*caps = got;
	return 0;
}

/* What is not ours of @e, into @missing; what that costs. */
static int
lacking(const struct entry *e, uint64_t *missing)
{
	int lack = PROTOVER_LACK_CORE;	/* a name that we do not know */
	size_t i;

	*missing = e->versions;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (netdoc_eq(e->name, ours[i].name)) {
			*missing &= ~ours[i].versions;
			lack = ours[i].lack;
		}
	return *missing != 0 ? lack : 0;
}

static size_t
put(char *out, size_t at, const char *sep, const char *text, size_t len)
{
	int n;

	if (at >= PROTOVER_TEXT - 1)
		return at;
	n = snprintf(out + at, PROTOVER_TEXT - at, "%s%.*s", sep, (int)len,
	    text);
	return at + (size_t)n;
}

/* " Link=6-7,9": runs of bits. */
static size_t
put_entry(char *out, size_t at, struct slice name, uint64_t versions)
{
	const char *sep = "=";
	char run[16];
	int lo, hi;

	at = put(out, at, at > 0 ? " " : "", name.p, name.len);
	for (lo = 0; lo <= VERSION_MAX; lo = hi + 1) {
		hi = lo;
		if ((versions & BIT(lo)) == 0)
			continue;
		while (hi < VERSION_MAX && (versions & BIT(hi + 1)) != 0)
			hi++;
		snprintf(run, sizeof(run), lo == hi ? "%d" : "%d-%d", lo, hi);
		at = put(out, at, sep, run, strlen(run));
		sep = ",";
	}
	return at;
}

int
protover_missing(char out[PROTOVER_TEXT], const char *p, size_t len)
{
	struct slice line = { p, len };
	struct entry e;
	uint64_t missing;
	size_t at = 0;
	int rc, lack = 0, one;

	out[0] = '\0';
	while ((rc = next_entry(&line, &e)) > 0) {
		if ((one = lacking(&e, &missing)) == 0)
			continue;
		lack |= one;
		at = put_entry(out, at, e.name, missing);
	}
	return rc < 0 ? rc : lack;
}
