/* onion/path/guard_state.c - guards in the state file (guard-spec A.5)
 *
 * Theory of operation
 *	One line a guard, words KEY=VALUE in any order:
 *
 *	  Guard in=default rsa_id=... nickname=... sampled_on=... sampled_idx=0
 *	    sampled_by=... listed=1 confirmed_on=... confirmed_idx=0
 *
 *	Words that we don't know (and those of path bias and bridges, which are
 *	somebody else's) are kept and written again, so that a tor can take the
 *	file over.  A line without "in" or a good "rsa_id" is lost; a bad date
 *	or number is mended, for a guard that is forgotten means a new one.
 * Limits
 *	GUARD_STATE_MAX guards, GUARD_SELECTIONS_MAX selections, lines of
 *	GUARD_LINE_MAX bytes.
 */
#include "onion/path/guard_int.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/enc.h"

enum {
	IDX_MAX = 1000000, DATE_TEXT = 40,
	EXTRA_MAX = 2048,		/* of what we don't know, in a line */
	VERSION_MAX = 128
};

const char *const guard_state_keys[] = { "Guard", NULL };

/* --- dates --- */

static int
two_digits(const char *s)
{
	if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]))
		return -1;
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* "2016-11-29T19:39:31", UTC; -1 where it is none. */
static int64_t
parse_date(const char *s, size_t len)
{
	struct tm tm = { 0 };
	int y1, y2;

	if (len != 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':')
		return -1;
	y1 = two_digits(s);
	y2 = two_digits(s + 2);
	tm.tm_mon = two_digits(s + 5) - 1;
	tm.tm_mday = two_digits(s + 8);
	tm.tm_hour = two_digits(s + 11);
	tm.tm_min = two_digits(s + 14);
	tm.tm_sec = two_digits(s + 17);
	if (y1 < 19 || y2 < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 ||
	    tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
	    tm.tm_sec < 0 || tm.tm_sec > 60)
		return -1;
	tm.tm_year = y1 * 100 + y2 - 1900;
	return timegm(&tm);
}

static const char *
date_text(char out[DATE_TEXT], int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, DATE_TEXT, "%Y-%m-%dT%H:%M:%S", &tm) != 19)
		strcpy(out, "1970-01-01T00:00:01");
	return out;
}

/* --- reading --- */

struct word {
	const char	*s;
	size_t		 len;	/* 0: it did not come */
};

enum {
	W_IN, W_RSA, W_NICKNAME, W_SAMPLED_ON, W_SAMPLED_IDX, W_SAMPLED_BY,
	W_UNLISTED, W_LISTED, W_CONFIRMED_ON, W_CONFIRMED_IDX, W_COUNT
};
static const char *const word_names[W_COUNT] = {
	"in", "rsa_id", "nickname", "sampled_on", "sampled_idx", "sampled_by",
	"unlisted_since", "listed", "confirmed_on", "confirmed_idx"
};

static int
word_index(const char *s, size_t keylen)
{
	int i;

	for (i = 0; i < W_COUNT; i++)
		if (strlen(word_names[i]) == keylen &&
		    memcmp(word_names[i], s, keylen) == 0)
			return i;
	return -1;
}

static void
keep_extra(char *extra, const char *s, size_t len)
{
	size_t at = strlen(extra);

	if (at + len + 1 > EXTRA_MAX)
		return;
	if (at > 0)
		extra[at++] = ' ';
	memcpy(extra + at, s, len);
	extra[at + len] = '\0';
}

/* What is unknown goes to @extra; what is known counts once. */
static void
split(struct word *w, char *extra, const char *s, const char *end)
{
	const char *stop, *eq;
	int i;

	for (; s < end; s = stop) {
		if (*s == ' ') {
			stop = s + 1;
			continue;
		}
		if ((stop = memchr(s, ' ', (size_t)(end - s))) == NULL)
			stop = end;
		eq = memchr(s, '=', (size_t)(stop - s));
		i = eq ? word_index(s, (size_t)(eq - s)) : -1;
		if (i < 0)
			keep_extra(extra, s, (size_t)(stop - s));
		else if (w[i].len == 0) {
			w[i].s = eq + 1;
			w[i].len = (size_t)(stop - eq - 1);
		}
	}
}

static int32_t
index_of(const struct word *w, int32_t fallback)
{
	int32_t v = 0;
	size_t i;

	if (w->len == 0 || w->len > 9)
		return fallback;
	for (i = 0; i < w->len; i++) {
		if (!isdigit((unsigned char)w->s[i]))
			return fallback;
		v = v * 10 + w->s[i] - '0';
	}
	return v < IDX_MAX ? v : fallback;
}

static void
take_nickname(struct guard *g, const struct word *w)
{
	size_t i;

	if (w->len == 0 || w->len >= sizeof(g->nickname))
		return;
	for (i = 0; i < w->len; i++)
		if (!isalnum((unsigned char)w->s[i]))
			return;
	memcpy(g->nickname, w->s, w->len);
}

static void
take_dates(struct guards *gs, struct guard *g, const struct word *w)
{
	g->sampled_on = parse_date(w[W_SAMPLED_ON].s, w[W_SAMPLED_ON].len);
	if (g->sampled_on <= 0)
		g->sampled_on = gs->loop->wall;
	g->unlisted_since = parse_date(w[W_UNLISTED].s, w[W_UNLISTED].len);
	if (g->unlisted_since < 0 || g->listed)
		g->unlisted_since = 0;
	if (w[W_CONFIRMED_ON].len == 0 && w[W_CONFIRMED_IDX].len == 0)
		return;
	g->confirmed_idx = index_of(&w[W_CONFIRMED_IDX], IDX_MAX);
	g->confirmed_on = parse_date(w[W_CONFIRMED_ON].s,
	    w[W_CONFIRMED_ON].len);
	if (g->confirmed_on <= 0)
		g->confirmed_on = g->sampled_on;
}

static int
dup_text(char **out, const char *s, size_t len)
{
	if (len == 0)
		return 0;
	return (*out = strndup(s, len)) != NULL ? 0 : -ENOMEM;
}

static struct guard *
make_guard(struct guards *gs, const struct word *w, const char *extra)
{
	struct guard *g = guard_new_blank();

	if (g == NULL)
		return NULL;
	if (dup_text(&g->sampled_by, w[W_SAMPLED_BY].s,
	    w[W_SAMPLED_BY].len < VERSION_MAX ? w[W_SAMPLED_BY].len : 0) ||
	    dup_text(&g->extra, extra, strlen(extra))) {
		guard_discard(g);
		return NULL;
	}
	take_nickname(g, &w[W_NICKNAME]);
	g->listed = w[W_LISTED].len > 0 &&
	    !(w[W_LISTED].len == 1 && *w[W_LISTED].s == '0');
	take_dates(gs, g, w);
	/* A tor of old had no order of sampling. */
	g->sampled_idx = index_of(&w[W_SAMPLED_IDX], g->confirmed_idx >= 0 ?
	    g->confirmed_idx : IDX_MAX);
	return g;
}

static size_t
count_all(const struct guards *gs)
{
	size_t i, n = 0;

	for (i = 0; i < gs->nsels; i++)
		n += gs->sels[i]->n;
	return n;
}

/* Where two lines are about one guard the first one stands.  Bridges whose
 * identity is not known have all zeros, and may be many. */
static int
add_guard(struct guards *gs, const struct word *w, const char *extra,
    const uint8_t rsa[20])
{
	static const uint8_t none[20];
	char name[GUARD_NAME_MAX] = { 0 };
	struct selection *sel;
	struct guard *g;

	memcpy(name, w[W_IN].s, w[W_IN].len);
	if ((sel = guards_selection(gs, name)) == NULL)
		return -EINVAL;
	if (memcmp(rsa, none, 20) != 0 && sel_find(sel, rsa) != NULL)
		return -EINVAL;
	if ((g = make_guard(gs, w, extra)) == NULL)
		return -ENOMEM;
	memcpy(g->rsa, rsa, sizeof(g->rsa));
	if (sel_insert(sel, g) < 0) {
		guard_discard(g);
		return -ENOMEM;
	}
	return 0;
}

static int
read_line(struct guards *gs, const char *s, size_t len)
{
	struct word w[W_COUNT] = { { NULL, 0 } };
	char extra[EXTRA_MAX + 1] = { 0 };
	uint8_t rsa[20];
	size_t i;

	if (len > GUARD_LINE_MAX || count_all(gs) >= GUARD_STATE_MAX)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (!isprint((unsigned char)s[i]))
			return -EINVAL;
	split(w, extra, s, s + len);
	if (w[W_IN].len == 0 || w[W_IN].len >= GUARD_NAME_MAX ||
	    w[W_RSA].len != 40 || dec_hex(rsa, 20, w[W_RSA].s, 40) < 0)
		return -EINVAL;
	return add_guard(gs, w, extra, rsa);
}

int
guard_state_line(struct guards *gs, const char *value)
{
	int rc = read_line(gs, value, strlen(value));

	if (rc == 0 && gs->nd)
		sel_relink(gs, gs->cur);
	return rc;
}

static void
forget_all(struct guards *gs)
{
	size_t i, k;

	for (i = 0; i < gs->nsels; i++) {
		for (k = 0; k < gs->sels[i]->n; k++)
			uses_forget(gs, gs->sels[i]->sample[k]);
		sel_empty(gs->sels[i]);
	}
	gs->chosen = 0;
}

int
guard_load(struct guards *gs, const char *text, size_t len)
{
	static const char key[] = "Guard ";
	const size_t keylen = sizeof(key) - 1;
	const char *s = text, *end = text + len, *nl;
	int bad = 0;
	size_t n;

	forget_all(gs);
	for (; s < end; s = nl < end ? nl + 1 : end) {
		if ((nl = memchr(s, '\n', (size_t)(end - s))) == NULL)
			nl = end;
		n = (size_t)(nl - s);
		if (n > 0 && s[n - 1] == '\r')
			n--;
		if (n > keylen && strncasecmp(s, key, keylen) == 0)
			bad += read_line(gs, s + keylen, n - keylen) < 0;
	}
	if (gs->nd)
		guard_set_netdir(gs, gs->nd);
	return bad;
}

/* --- writing --- */

static void
add_text(char *line, const char *key, const char *value)
{
	size_t at = strlen(line);

	snprintf(line + at, GUARD_LINE_MAX + 1 - at, "%s%s%s", at ? " " : "",
	    key, value);
}

static void
add_number(char *line, const char *key, long v)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", v);
	add_text(line, key, text);
}

static void
add_date(char *line, const char *key, int64_t when)
{
	char text[DATE_TEXT];

	add_text(line, key, date_text(text, when));
}

/* @idx: its place in the sample, which leaves no gaps. */
static void
write_line(char *line, const struct guard *g, size_t idx)
{
	char id[41];

	line[0] = '\0';
	add_text(line, "in=", g->sel->name);
	enc_hex(id, g->rsa, sizeof(g->rsa));
	add_text(line, "rsa_id=", id);
	if (g->nickname[0])
		add_text(line, "nickname=", g->nickname);
	add_date(line, "sampled_on=", g->sampled_on);
	add_number(line, "sampled_idx=", (long)idx);
	if (g->sampled_by)
		add_text(line, "sampled_by=", g->sampled_by);
	if (g->unlisted_since > 0)
		add_date(line, "unlisted_since=", g->unlisted_since);
	add_number(line, "listed=", g->listed);
	if (g->confirmed_idx >= 0) {
		add_date(line, "confirmed_on=", g->confirmed_on);
		add_number(line, "confirmed_idx=", g->confirmed_idx);
	}
	if (g->extra)
		add_text(line, "", g->extra);
}

void
guard_state_each(const struct guards *gs, guard_put_fn *put, void *arg)
{
	char line[GUARD_LINE_MAX + 1];
	size_t i, k;

	for (i = 0; i < gs->nsels; i++)
		for (k = 0; k < gs->sels[i]->n; k++) {
			write_line(line, gs->sels[i]->sample[k], k);
			put(arg, guard_state_keys[0], line);
		}
}

struct text_out {
	struct buf	*buf;
	int		 rc;
};

static void
put_text(void *arg, const char *key, const char *value)
{
	char line[GUARD_LINE_MAX + 16];
	struct text_out *o = arg;
	int n = snprintf(line, sizeof(line), "%s %s\n", key, value);

	if (o->rc == 0)
		o->rc = buf_add(o->buf, line, (size_t)n);
}

int
guard_save(const struct guards *gs, struct buf *out)
{
	struct text_out o = { out, 0 };

	guard_state_each(gs, put_text, &o);
	return o.rc;
}
