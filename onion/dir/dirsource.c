/* onion/dir/dirsource.c - where directory documents come from at first
 *
 * Theory of operation
 *	One table: authorities, then fallbacks.  Each row is busy, resting until
 *	->next, or free.  A pick draws one of the free by weight: fallbacks
 *	alone at first; DIRSOURCE_AUTH_DELAY_MS after the need arose, or where
 *	no fallback can be asked, authorities too, the first such pick and every
 *	fourth after it among them alone, so that the few are not lost between
 *	the many.
 *
 *	Where they are few (bridges) a dead one is half of them or more.  Those
 *	are drawn then that have failed least since they last answered.
 *
 *	A row that failed rests for a while that grows with its failures.  Where
 *	nobody is free the one that has rested longest may be asked STARVED_MS
 *	after it failed: when all are down we go on asking at a gentle pace, and
 *	find out within that time that they are back.
 * Limits
 *	DIRSOURCES_MAX rows.
 * Not here
 *	How often to pick at all: bootstrap's business.
 */
#include "onion/dir/dirsource.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/secret.h"
#include "onion/dir/backoff.h"

enum {
	AUTH_EVERY = 4,
	REST_BASE_MS = 10 * 1000,
	REST_CAP_MS = 10 * 60 * 1000,
	STARVED_MS = 30 * 1000,
	BUSY_MS = 1000,			/* look again at one that is asked */
	TEST_REST_BASE_MS = 500,
	TEST_REST_CAP_MS = 5000
};

/* An authority's weight beside fallbacks (DirAuthorityFallbackRate). */
#define AUTH_WEIGHT 0.1

struct dirsource {
	struct dirsources	*set;
	struct dirsource_conf	 conf;
	char			 name[48];
	int			 authority;
	int			 busy;
	int64_t			 failed;	/* loop ms; with next != 0 */
	int64_t			 next;		/* loop ms; 0: free */
	unsigned		 fails;		/* since it last answered */
	struct backoff		 rest;
};

struct dirsources {
	struct loop		*loop;
	struct dirsource	*row;
	size_t			 n, nauths;
	size_t			*voter;		/* rows that vote */
	size_t			 nvoters;
	int			 use_v4, use_v6;
	int			(*may_reach)(void *, const struct addr *);
	void			*may_reach_arg;
	int			(*excluded)(void *,
				    const struct dirsource_conf *);
	void			*excluded_arg;
	int			 strict;
	int			 few;
	int			 desperate;	/* excluded ones are asked */
	int			 testing;
	unsigned		 picks;		/* since authorities count */
	int64_t			 since;		/* the need they count for */
};

static int
add_row(struct dirsources *s, const struct dirsource_conf *c, int authority)
{
	struct dirsource *d = &s->row[s->n];
	char hex[41];

	if ((c->or4.family != 4 && c->or6.family != 6) ||
	    secret_is_zero(c->rsa_id, sizeof(c->rsa_id)))
		return -EINVAL;
	d->set = s;
	d->conf = *c;
	d->conf.nickname[sizeof(d->conf.nickname) - 1] = '\0';
	d->authority = authority;
	enc_hex(hex, c->rsa_id, 20);
	snprintf(d->name, sizeof(d->name), "%s%.19s$%.8s",
	    authority ? "authority " : "", d->conf.nickname, hex);
	if (s->testing)
		backoff_init(&d->rest, TEST_REST_BASE_MS, TEST_REST_CAP_MS, 2);
	else
		backoff_init(&d->rest, REST_BASE_MS, REST_CAP_MS, 3);
	if (authority && !secret_is_zero(c->v3ident, 20))
		s->voter[s->nvoters++] = s->n;
	s->n++;
	return 0;
}

int
dirsources_new(struct dirsources **out, struct loop *loop,
    const struct dirsource_conf *auths, size_t nauths,
    const struct dirsource_conf *fallbacks, size_t nfallbacks, int testing)
{
	struct dirsources *s;
	size_t n = nauths + nfallbacks, i;
	int rc = -E2BIG;

	if (nauths > DIRSOURCES_MAX || nfallbacks > DIRSOURCES_MAX - nauths)
		return rc;
	rc = -ENOMEM;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return rc;
	s->loop = loop;
	s->nauths = nauths;
	s->testing = testing;
	s->use_v4 = s->use_v6 = 1;
	s->since = -1;
	if ((s->row = calloc(n + 1, sizeof(*s->row))) == NULL ||
	    (s->voter = calloc(nauths + 1, sizeof(*s->voter))) == NULL)
		goto fail;
	for (i = 0; i < n; i++)
		if ((rc = add_row(s, i < nauths ? &auths[i] :
		    &fallbacks[i - nauths], i < nauths)) < 0)
			goto fail;
	*out = s;
	return 0;

fail:
	dirsources_free(s);
	return rc;
}

void
dirsources_free(struct dirsources *s)
{
	if (s == NULL)
		return;
	free(s->row);
	free(s->voter);
	free(s);
}

size_t
dirsources_nvoters(const struct dirsources *s)
{
	return s->nvoters;
}

const uint8_t *
dirsources_voter(const struct dirsources *s, size_t i)
{
	return s->row[s->voter[i]].conf.v3ident;
}

void
dirsources_use(struct dirsources *s, int v4, int v6)
{
	s->use_v4 = v4 != 0;
	s->use_v6 = v6 != 0;
}

void
dirsources_reach(struct dirsources *s,
    int (*may_reach)(void *, const struct addr *), void *arg)
{
	s->may_reach = may_reach;
	s->may_reach_arg = arg;
}

void
dirsources_exclude(struct dirsources *s, int (*excluded)(void *,
    const struct dirsource_conf *), void *arg, int strict)
{
	s->excluded = excluded;
	s->excluded_arg = arg;
	s->strict = strict;
}

/* --- choice --- */

static int
can_dial(const struct dirsources *s, const struct addr *a)
{
	if (!((a->family == 4 && s->use_v4) || (a->family == 6 && s->use_v6)))
		return 0;
	return s->may_reach == NULL || s->may_reach(s->may_reach_arg, a);
}

static int
can_be_asked(const struct dirsource *d)
{
	return d->conf.weight > 0 && (can_dial(d->set, &d->conf.or4) ||
	    can_dial(d->set, &d->conf.or6));
}

static int
is_excluded(const struct dirsource *d)
{
	const struct dirsources *s = d->set;

	return s->excluded && s->excluded(s->excluded_arg, &d->conf);
}

/* That all others fail is no reason: whoever stands between could bring that
 * about. */
static int
is_desperate(const struct dirsources *s)
{
	size_t i;

	if (s->excluded == NULL || s->strict)
		return 0;
	for (i = 0; i < s->n; i++)
		if (can_be_asked(&s->row[i]) && !is_excluded(&s->row[i]))
			return 0;
	return 1;
}

static int
is_usable(const struct dirsource *d)
{
	return can_be_asked(d) && (d->set->desperate || !is_excluded(d));
}

/* When may it be asked?  @starved: nobody else is there. */
static int64_t
free_at(const struct dirsource *d, int starved)
{
	int64_t soon = d->failed + STARVED_MS;

	return starved && d->next > soon ? soon : d->next;
}

struct pool {
	int	fallbacks, authorities;
	int	starved;
};

void
dirsources_are_few(struct dirsources *s)
{
	s->few = 1;
}

static double
weight_in(const struct dirsource *d, const struct pool *p, int64_t now)
{
	if (d->busy || !is_usable(d) || free_at(d, p->starved) > now)
		return 0;
	if (!d->authority)
		return p->fallbacks ? d->conf.weight : 0;
	if (!p->authorities)
		return 0;
	return p->fallbacks ? d->conf.weight * AUTH_WEIGHT : d->conf.weight;
}

static unsigned
fewest_fails(const struct dirsources *s, const struct pool *p)
{
	unsigned least = UINT_MAX;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->row[i].fails < least &&
		    weight_in(&s->row[i], p, s->loop->now) > 0)
			least = s->row[i].fails;
	return least;
}

static struct dirsource *
draw(struct dirsources *s, const struct pool *p)
{
	struct dirsource *last = NULL;
	unsigned most = s->few ? fewest_fails(s, p) : UINT_MAX;
	double sum = 0, at, w;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->row[i].fails <= most)
			sum += weight_in(&s->row[i], p, s->loop->now);
	at = rand_unit() * sum;
	for (i = 0; i < s->n; i++) {
		if (s->row[i].fails > most ||
		    (w = weight_in(&s->row[i], p, s->loop->now)) <= 0)
			continue;
		last = &s->row[i];
		if ((at -= w) < 0)
			break;
	}
	return last;
}

static int
has_fallbacks(const struct dirsources *s)
{
	size_t i;

	for (i = s->nauths; i < s->n; i++)
		if (is_usable(&s->row[i]))
			return 1;
	return 0;
}

/* The earliest time at which anything of this will change. */
static int64_t
next_change(const struct dirsources *s, int64_t auth_at)
{
	int64_t at = LOOP_NEVER, t;
	const struct dirsource *d;
	size_t i;

	for (i = 0; i < s->n; i++) {
		d = &s->row[i];
		if (!is_usable(d))
			continue;
		t = d->busy ? s->loop->now + BUSY_MS : free_at(d, 1);
		if (d->authority && t < auth_at)
			t = auth_at;
		if (t < at)
			at = t;
	}
	return at <= s->loop->now ? s->loop->now + 1 : at;
}

static struct dirsource *
draw_in_order(struct dirsources *s, int authorities_too)
{
	struct dirsource *d = NULL;
	struct pool p = { .starved = 0 };

	if (authorities_too && s->picks++ % AUTH_EVERY == 0) {
		p.authorities = 1;
		d = draw(s, &p);
	}
	for (; d == NULL && p.starved < 2; p.starved++) {
		p.fallbacks = 1;
		p.authorities = authorities_too;
		d = draw(s, &p);
	}
	return d;
}

struct dirsource *
dirsources_pick(struct dirsources *s, int64_t since, int64_t *retry_at)
{
	int64_t auth_at = since;
	struct dirsource *d;

	s->desperate = is_desperate(s);
	if (!s->testing && has_fallbacks(s))
		auth_at += DIRSOURCE_AUTH_DELAY_MS;
	if (since != s->since) {
		s->since = since;
		s->picks = 0;
	}
	d = draw_in_order(s, s->loop->now >= auth_at);
	if (d == NULL) {
		*retry_at = next_change(s, auth_at);
		return NULL;
	}
	d->busy = 1;
	return d;
}

void
dirsource_done(struct dirsource *d, int err)
{
	d->busy = 0;
	if (err == -ECANCELED)
		return;
	if (err == 0) {
		d->next = 0;
		d->fails = 0;
		backoff_reset(&d->rest);
		return;
	}
	d->fails++;
	d->failed = d->set->loop->now;
	d->next = d->failed + backoff_next(&d->rest);
}

void
dirsources_forgive(struct dirsources *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		s->row[i].next = 0;
		backoff_reset(&s->row[i].rest);
	}
}

/* --- about one --- */

void
dirsource_hopinfo(const struct dirsource *d, struct hopinfo *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->id.rsa, d->conf.rsa_id, sizeof(h->id.rsa));
	memcpy(h->nickname, d->conf.nickname, sizeof(h->nickname));
	h->or4 = d->conf.or4;
	h->or6 = d->conf.or6;
}

const char *
dirsource_name(const struct dirsource *d)
{
	return d->name;
}

int
dirsource_is_authority(const struct dirsource *d)
{
	return d->authority;
}

int
dirsource_votes(const struct dirsource *d)
{
	return d->authority && !secret_is_zero(d->conf.v3ident, 20);
}

struct dirsource *
dirsources_find(struct dirsources *s, const uint8_t rsa_id[20])
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (memcmp(s->row[i].conf.rsa_id, rsa_id, 20) == 0)
			return &s->row[i];
	return NULL;
}
