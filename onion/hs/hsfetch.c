/* onion/hs/hsfetch.c - getting a descriptor (rend-spec-v3 2.2.6)
 *
 * One directory of those that have it is asked at a time, drawn from those that
 * were not asked for a while; a circuit that comes to nothing counts as asked,
 * too, but not what we failed at ourselves.  When none is left the reach has
 * failed, and all may be asked by the next one: who runs the service may just
 * have started it.  How often that may be is for the growing hold after failures
 * (hstry.c).
 *
 * Whom ExcludeNodes names is asked when all others were, or never, where
 * StrictNodes is set: which directories have it nobody can choose.
 *
 * A descriptor that we may not open is kept as it came, for a key that may yet
 * be given to us.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/rand.h"
#include "base/why.h"
#include "onion/dir/netdir.h"
#include "onion/hs/hsclient_int.h"
#include "onion/hs/hsauth.h"

/* --- who is asked --- */

static int64_t
now(const struct hs_service *s)
{
	return s->hs->conf.loop->now;
}

static int
is_recent(const struct hs_service *s, const struct hs_asked *a)
{
	int64_t ms = s->hs->conf.testing ? HS_REQUERY_TESTING_MS :
	    HS_REQUERY_MS;

	return a->at != 0 && now(s) - a->at < ms;
}

static int
was_asked(const struct hs_service *s, const uint8_t ed[32])
{
	size_t i;

	for (i = 0; i < HS_ASKED_MAX; i++)
		if (is_recent(s, &s->asked[i]) &&
		    memcmp(s->asked[i].ed, ed, 32) == 0)
			return 1;
	return 0;
}

static void
note_asked(struct hs_service *s, const uint8_t ed[32])
{
	struct hs_asked *a = &s->asked[0];
	size_t i;

	for (i = 1; i < HS_ASKED_MAX; i++)	/* the oldest */
		if (s->asked[i].at < a->at)
			a = &s->asked[i];
	memcpy(a->ed, ed, sizeof(a->ed));
	a->at = now(s) > 0 ? now(s) : 1;
}

void
hs_asked_forget(struct hs_service *s)
{
	memset(s->asked, 0, sizeof(s->asked));
}

int
hs_asked_any(const struct hs_service *s)
{
	size_t i;

	for (i = 0; i < HS_ASKED_MAX; i++)
		if (is_recent(s, &s->asked[i]))
			return 1;
	return 0;
}

static size_t
not_asked(const struct hs_service *s, const struct hsring *ring,
    const struct relay *out[HSRING_MAX])
{
	const struct relay *all[HSRING_MAX];
	size_t i, n, left = 0;

	n = hsring_find(ring, s->blind.key, all);
	for (i = 0; i < n; i++)
		if (!was_asked(s, all[i]->ed))
			out[left++] = all[i];
	return left;
}

/* Of @n, those that are not excluded; where there are none, all that may be
 * used in spite of it. */
static size_t
pass_excluded(const struct hs_service *s, const struct relay **of, size_t n)
{
	const struct relay *spare[HSRING_MAX];
	struct hsclient *hs = s->hs;
	size_t i, left = 0, nspare = 0;
	struct hopinfo h;
	int rc;

	for (i = 0; i < n; i++) {
		relay_hopinfo(of[i], &h);
		if ((rc = hs->conf.net->excluded(hs->conf.arg, &h)) == 0)
			of[left++] = of[i];
		else if (rc > 0)
			spare[nspare++] = of[i];
	}
	if (left > 0)
		return left;
	memcpy(of, spare, nspare * sizeof(spare[0]));
	if (n > 0 && nspare == 0)
		hs_note_excluded(hs, "directories");
	return nspare;
}

/* --- asking --- */

/* Where there is an old one that still opens, the service is known, but its
 * introduction points are of no use. */
static void
exhausted(struct hs_service *s)
{
	struct hs_try *t = s->try;

	if (t->refresh && hs_has_descriptor(s)) {
		t->refresh = 0;
		t->refreshed = 1;
		hs_kick(s);
		return;
	}
	hs_asked_forget(s);
	hs_try_fail(s, t->invalid ? -WHY_HS_INVALID : -WHY_HS_NOT_FOUND);
}

static int
open_to(struct hs_service *s, const struct relay *r)
{
	struct hopinfo last;
	struct hs_circ *c;
	int rc;

	relay_hopinfo(r, &last);
	if ((rc = hs_circ_open(s, HS_DIR, &last, &c)) == 0)
		c->intro.relay = last;
	return rc;
}

/* To any of them. */
static void
ask_one(struct hs_service *s, const struct relay **of, size_t n)
{
	size_t i;
	int rc = 0;

	for (; n > 0; of[i] = of[--n]) {
		i = rand_below((uint32_t)n);
		rc = open_to(s, of[i]);
		if (rc == 0 || rc == -EAGAIN)
			return;
	}
	hs_try_fail(s, rc);
}

void
hs_fetch_step(struct hs_service *s)
{
	const struct relay *dirs[HSRING_MAX];
	const struct hsring *ring;
	size_t n;

	if (s->try->dir || !hs_circ_may_open(s) ||
	    (ring = hs_ring(s->hs)) == NULL)
		return;
	n = not_asked(s, ring, dirs);
	if ((n = pass_excluded(s, dirs, n)) == 0)
		exhausted(s);
	else
		ask_one(s, dirs, n);
}

void
hs_fetch_built(struct hs_circ *c)
{
	struct hs_service *s = c->service;
	struct hsclient *hs = c->hs;
	char key[ENC_B64_LEN(BLIND_KEY)], path[sizeof(key) + 16];
	int rc;

	enc_b64_bare(key, s->blind.key, BLIND_KEY);
	(void)snprintf(path, sizeof(path), "/tor/hs/3/%s", key);
	rc = hs->conf.net->fetch(hs->conf.arg, c->circ, path);
	if (rc < 0) {
		hs_circ_drop(c);
		hs_try_ours(s, rc);
		return;
	}
	note_asked(s, c->intro.relay.id.ed);
	hs_circ_stage(c, HS_ASKED, HS_FETCH_MS);
}

void
hs_fetch_failed(struct hs_circ *c)
{
	struct hs_service *s = c->service;

	if (c->stage == HS_BUILDING)
		note_asked(s, c->intro.relay.id.ed);
	hs_circ_drop(c);
	hs_kick(s);
}

/* --- answers --- */

/* An increment far from the consensus's would tell its client from others;
 * where no flow control is offered it is 0. */
static int
is_far(const struct hsclient *hs, const struct hsdesc *d)
{
	int32_t inc = d->sendme_inc;

	return inc != 0 && (inc < hs->flow.sendme_inc - 1 ||
	    inc > hs->flow.sendme_inc + 1);
}

static int
open_text(struct hs_service *s, const char *text, size_t len,
    struct hsdesc **out)
{
	struct hsclient *hs = s->hs;
	const uint8_t *key = NULL;
	int rc;

	if (len > HSDESC_TEXT_MAX)
		return -WHY_HS_INVALID;
	if (hs->conf.auth)
		key = hsauth_key(hs->conf.auth, s->key + HSCLIENT_TOKEN);
	if ((rc = hsdesc_open(out, text, len, &s->blind, key,
	    hs->conf.now_s(hs->conf.arg))) < 0)
		return rc;
	if (!is_far(hs, *out))
		return 0;
	free(*out);
	return -WHY_HS_INVALID;
}

/* An older one than we have is a directory's mistake, or worse. */
static void
keep(struct hs_service *s, struct hsdesc *d, int64_t fetched_at)
{
	if (hs_has_descriptor(s) && s->desc->revision > d->revision) {
		free(d);
		return;
	}
	hs_forget_descriptor(s);
	s->desc = d;
	s->desc_until = fetched_at + d->lifetime_s * 1000;
	s->hs->totals.fetched++;
}

/* For so many bytes; who was not asked for the longest has to go. */
static void
make_room(struct hsclient *hs, size_t len)
{
	struct hs_service *s;

	TAILQ_FOREACH(s, &hs->used, link) {
		if (hs->sealed + len <= HS_SEALED_SUM_MAX)
			return;
		hs_forget_sealed(s);
	}
}

static void
keep_sealed(struct hs_service *s, const void *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	hs_forget_descriptor(s);
	if (copy == NULL)
		return;
	make_room(s->hs, len);
	memcpy(copy, text, len);
	s->sealed = copy;
	s->sealed_len = len;
	s->sealed_at = now(s);
	s->hs->sealed += len;
}

int
hs_reopen(struct hs_service *s)
{
	struct hsdesc *d;
	int rc = open_text(s, s->sealed, s->sealed_len, &d);

	if (rc == 0)
		keep(s, d, s->sealed_at);
	else if (rc != -WHY_HS_AUTH_MISSING && rc != -WHY_HS_AUTH_WRONG)
		hs_forget_descriptor(s);
	return rc;
}

static void
answered(struct hs_service *s, const void *body, size_t len)
{
	struct hs_try *t = s->try;
	struct hsdesc *d;
	int rc = open_text(s, body, len, &d);

	if (rc == -WHY_HS_AUTH_MISSING || rc == -WHY_HS_AUTH_WRONG) {
		keep_sealed(s, body, len);
		hs_asked_forget(s);
		hs_try_fail(s, rc);
		return;
	}
	if (rc == 0) {
		keep(s, d, now(s));
		t->refreshed |= t->refresh;
		t->refresh = 0;
	} else if (rc == -WHY_HS_INVALID)
		t->invalid = 1;
	hs_kick(s);
}

void
hsclient_fetched(struct hsclient *hs, void *circ, int status,
    const uint8_t *body, size_t len)
{
	struct hs_circ *c = hs_circ_find(hs, circ);
	struct hs_service *s;

	if (c == NULL || c->stage != HS_ASKED)
		return;
	s = c->service;
	hs_circ_drop(c);
	if (status == 200)
		answered(s, body, len);
	else
		hs_kick(s);
}
