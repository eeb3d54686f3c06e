/* onion/hs/hstry.c - one reach for a service, step by step
 *
 * A step looks at what there is and begins what is missing; it is taken at the
 * end of each turn in which something changed, never within a call.  So no
 * function here is called by one that it calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/why.h"
#include "onion/hs/hsclient_int.h"
#include "onion/hs/onionaddr.h"

void
hs_kick(struct hs_service *s)
{
	struct hsclient *hs = s->hs;

	if (s->is_ready || s->try == NULL)
		return;
	s->is_ready = 1;
	TAILQ_INSERT_TAIL(&hs->ready, s, ready);
	loop_item_add(hs->conf.loop, &hs->work);
}

int
hs_try_begin(struct hs_service *s, int stable)
{
	struct hsclient *hs = s->hs;
	struct hs_try *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->service = s;
	t->stable = stable != 0;
	t->asked = hs->conf.loop->now;
	hs_pow_init(t);
	TAILQ_INSERT_TAIL(&hs->tries, t, link);
	s->try = t;
	s->client->ntrying++;
	hs->ntrying++;
	s->err = 0;
	hs_kick(s);
	return 0;
}

void
hs_try_end(struct hs_service *s)
{
	struct hsclient *hs = s->hs;
	struct hs_try *t = s->try;

	if (t == NULL)
		return;
	hs_pow_stop(t);
	if (t->dir)
		hs_circ_drop(t->dir);
	if (t->intro)
		hs_circ_drop(t->intro);
	if (t->rend)
		hs_circ_drop(t->rend);
	TAILQ_REMOVE(&hs->tries, t, link);
	s->try = NULL;
	s->client->ntrying--;
	hs->ntrying--;
	secret_wipe(t, sizeof(*t));
	free(t);
	hs_wake(hs);			/* there is room for another */
}

static void
tell(struct hs_service *s)
{
	char addr[ONIONADDR_TEXT];

	onionaddr_format(s->key + HSCLIENT_TOKEN, addr);
	log_limited(&s->hs->failed_limit, LL_INFO, LD_CIRC, "%s: %s.",
	    log_scrub(addr), why_text(s->err));
	secret_wipe(addr, sizeof(addr));
}

static int64_t
hold_ms(const struct hs_service *s)
{
	int64_t ms = HS_HOLD_MS;
	unsigned i;

	if (s->err == -WHY_HS_AUTH_MISSING || s->err == -WHY_HS_AUTH_WRONG)
		return HS_AUTH_MS;
	if (s->hs->conf.testing)
		return ms;
	for (i = 1; i < s->errs && ms < HS_HOLD_MAX_MS; i++)
		ms *= 2;
	return ms < HS_HOLD_MAX_MS ? ms : HS_HOLD_MAX_MS;
}

void
hs_try_fail(struct hs_service *s, int err)
{
	struct hsclient *hs = s->hs;

	hs_try_end(s);
	s->err = err;
	s->errs++;
	s->err_until = hs->conf.loop->now + hold_ms(s);
	hs->totals.failed++;
	tell(s);
}

void
hs_try_ours(struct hs_service *s, int err)
{
	if (++s->try->ours < HS_OUR_FAILURES_MAX)
		hs_kick(s);
	else
		hs_try_fail(s, err == -EAGAIN ? -ENOBUFS : err);
}

/* --- steps --- */

/* With keys that were not there before. */
static int
unseal(struct hs_service *s)
{
	int rc;

	if (!s->reopen || s->sealed == NULL)
		return 0;
	s->reopen = 0;
	rc = hs_reopen(s);
	if (rc == -WHY_HS_AUTH_MISSING || rc == -WHY_HS_AUTH_WRONG) {
		hs_try_fail(s, rc);
		return -1;
	}
	return 0;
}

static int
needs_descriptor(struct hs_service *s)
{
	struct hs_try *t = s->try;

	if (!hs_has_descriptor(s)) {
		if (s->desc)
			hs_forget_descriptor(s);
		return 1;
	}
	if (!t->refreshed && hs_pow_expired(s))
		t->refresh = 1;
	return t->refresh;
}

static void
meet(struct hs_service *s)
{
	hs_pow_step(s);
	hs_rend_step(s);
	if (s->try)
		hs_intro_step(s);
	if (s->try && !s->try->refresh)
		hs_introduce(s);
}

static void
step(struct hs_service *s)
{
	struct hs_try *t = s->try;

	if (t == NULL || !hs_is_live(s->hs))
		return;
	if (t->rend && t->rend->stage == HS_INTRODUCED)
		return;			/* it is for others to act */
	if (hs_blind(s) < 0) {
		hs_try_fail(s, -WHY_HS_ADDRESS);
		return;
	}
	if (unseal(s) < 0)
		return;
	if (needs_descriptor(s))
		hs_fetch_step(s);
	else
		meet(s);
}

void
hs_work(void *arg)
{
	struct hsclient *hs = arg;
	struct hs_service *s;

	while ((s = TAILQ_FIRST(&hs->ready)) != NULL) {
		TAILQ_REMOVE(&hs->ready, s, ready);
		s->is_ready = 0;
		step(s);
	}
	hs_circs_close(hs);
}
