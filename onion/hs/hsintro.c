/* onion/hs/hsintro.c - telling the service where we wait (rend-spec-v3 3.2)
 *
 * Introduction points are tried one at a time, drawn among those that failed
 * least.  What an introduction point did wrong is remembered for HS_FAILURE_MS:
 * one that refused, or did not answer, is not used in that time; one to which
 * no circuit came about HS_UNREACHABLE_MAX times, neither.  One that
 * ExcludeNodes names comes after all others, or never (StrictNodes).
 *
 * Where the descriptor has a puzzle, its solution is begun as soon as circuits
 * are, with the effort that the service suggests, and more for each time that
 * it did not come in spite of it (proposal 327).  A proof is good for one
 * INTRODUCE1.  Without one, the service serves us when it has nothing better
 * to do, which is better than not to ask: so it is where none can be had, or
 * not within HS_POW_MS.  The search goes on meanwhile, for the next one.
 */
#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret.h"
#include "base/why.h"
#include "onion/hs/hsclient_int.h"

static int64_t
now(const struct hs_service *s)
{
	return s->hs->conf.loop->now;
}

/* --- failures --- */

static int
is_recent(const struct hs_service *s, const struct hs_failure *f)
{
	return f->at != 0 && now(s) - f->at < HS_FAILURE_MS;
}

int
hs_failed_any(const struct hs_service *s)
{
	size_t i;

	for (i = 0; i < HSDESC_INTROS_MAX; i++)
		if (is_recent(s, &s->failures[i]))
			return 1;
	return 0;
}

static struct hs_failure *
failure_of(struct hs_service *s, const uint8_t auth[32])
{
	size_t i;

	for (i = 0; i < HSDESC_INTROS_MAX; i++)
		if (is_recent(s, &s->failures[i]) &&
		    memcmp(s->failures[i].auth, auth, 32) == 0)
			return &s->failures[i];
	return NULL;
}

static struct hs_failure *
failure_make(struct hs_service *s, const uint8_t auth[32])
{
	struct hs_failure *f = &s->failures[0];
	size_t i;

	for (i = 1; i < HSDESC_INTROS_MAX; i++)		/* the oldest */
		if (s->failures[i].at < f->at)
			f = &s->failures[i];
	memset(f, 0, sizeof(*f));
	memcpy(f->auth, auth, sizeof(f->auth));
	f->at = now(s) > 0 ? now(s) : 1;
	return f;
}

static void
note(struct hs_service *s, const uint8_t auth[32], enum hs_intro_fault fault)
{
	struct hs_failure *f = failure_of(s, auth);

	if (f == NULL)
		f = failure_make(s, auth);
	if (fault == HS_REFUSED)
		f->refused = 1;
	else if (fault == HS_TIMED_OUT)
		f->timed_out = 1;
	else if (f->unreachable < HS_UNREACHABLE_MAX)
		f->unreachable++;
}

/* More work may help; but what came of no work says nothing of that. */
static void
note_too_little(struct hs_service *s)
{
	if (s->try->unproven)
		return;
	s->pow_failures++;
	s->pow_failed_at = now(s);
}

/* It passed us on, and nothing came of it: others go first from now on. */
void
hs_intro_silent(struct hs_service *s, const uint8_t auth[32])
{
	note(s, auth, HS_UNREACHABLE);
	note_too_little(s);
}

/* No relay of a public network is there; who says so wants others to knock at
 * doors of somebody's own network. */
static int
is_nowhere(const struct hs_service *s, const struct hsdesc_intro *i)
{
	const struct addr *four = &i->relay.or4, *six = &i->relay.or6;

	return !s->hs->conf.testing &&
	    ((four->family && addr_is_internal(four)) ||
	    (six->family && addr_is_internal(six)));
}

static int
has_failed(const struct hs_failure *f)
{
	return f && (f->refused || f->timed_out ||
	    f->unreachable >= HS_UNREACHABLE_MAX);
}

/* How bad it is: 0 is spotless, -EACCES excluded, any other that is negative
 * not to be used either. */
static int
badness(struct hs_service *s, const struct hsdesc_intro *i)
{
	const struct hs_failure *f = failure_of(s, i->auth);
	struct hsclient *hs = s->hs;
	int excluded;

	if (is_nowhere(s, i) || has_failed(f))
		return -EHOSTUNREACH;
	excluded = hs->conf.net->excluded(hs->conf.arg, &i->relay);
	if (excluded < 0)
		return excluded;
	return (f ? f->unreachable : 0) +
	    (excluded ? HS_UNREACHABLE_MAX : 0);
}

static int
all_timed_out(struct hs_service *s)
{
	const struct hs_failure *f;
	size_t i;

	for (i = 0; i < s->desc->nintros; i++) {
		f = failure_of(s, s->desc->intro[i].auth);
		if (f == NULL || !f->timed_out)
			return 0;
	}
	return s->desc->nintros != 0;
}

/* --- choice --- */

struct choice {
	const struct hsdesc_intro *to;
	int	bad;
};

static size_t
usable(struct hs_service *s, struct choice out[HSDESC_INTROS_MAX])
{
	size_t i, n = 0, excluded = 0;
	int bad;

	for (i = 0; i < s->desc->nintros && i < HSDESC_INTROS_MAX; i++) {
		if ((bad = badness(s, &s->desc->intro[i])) >= 0)
			out[n++] = (struct choice){ &s->desc->intro[i], bad };
		excluded += bad == -EACCES;
	}
	if (n == 0 && excluded > 0)
		hs_note_excluded(s->hs, "introduction points");
	return n;
}

/* Any of the least bad ones, of @n > 0. */
static size_t
draw(const struct choice *of, size_t n)
{
	size_t i, nbest = 0, best[HSDESC_INTROS_MAX] = { 0 };

	for (i = 0; i < n; i++) {
		if (nbest > 0 && of[i].bad > of[best[0]].bad)
			continue;
		if (nbest > 0 && of[i].bad < of[best[0]].bad)
			nbest = 0;
		best[nbest++] = i;
	}
	return best[rand_below((uint32_t)nbest)];
}

/* A new descriptor may name others; else that is all. */
static void
none_left(struct hs_service *s)
{
	struct hs_try *t = s->try;

	if (!t->refreshed) {
		t->refresh = 1;
		hs_kick(s);
		return;
	}
	hs_asked_forget(s);
	hs_try_fail(s, t->silent || all_timed_out(s) ? -WHY_HS_TIMEOUT :
	    -WHY_HS_INTRO);
}

static int
open_to(struct hs_service *s, const struct hsdesc_intro *to)
{
	struct hs_circ *c;
	int rc;

	if ((rc = hs_circ_open(s, HS_INTRO, &to->relay, &c)) < 0)
		return rc;
	c->intro = *to;
	return 0;
}

void
hs_intro_step(struct hs_service *s)
{
	struct choice of[HSDESC_INTROS_MAX];
	struct hs_try *t = s->try;
	size_t i, n;
	int rc = 0;

	if (t->intro || !hs_circ_may_open(s))
		return;
	if (t->intro_tries >= HS_INTRO_TRIES_MAX)
		t->refreshed = 1;
	if (t->intro_tries >= HS_INTRO_TRIES_MAX || (n = usable(s, of)) == 0) {
		none_left(s);
		return;
	}
	for (; n > 0; of[i] = of[--n]) {
		i = draw(of, n);
		rc = open_to(s, of[i].to);
		if (rc == 0 || rc == -EAGAIN)
			return;
	}
	hs_try_fail(s, rc);
}

/* --- proof of work --- */

int
hs_pow_expired(const struct hs_service *s)
{
	const struct hsdesc_pow *p = &s->desc->pow;

	return p->has && p->expires <= s->hs->conf.now_s(s->hs->conf.arg);
}

static uint32_t
effort(const struct hs_service *s)
{
	uint32_t e = s->desc->pow.effort;
	unsigned i;

	if (e > HSPOW_EFFORT_MAX)
		e = HSPOW_EFFORT_MAX;
	if (now(s) - s->pow_failed_at >= HS_FAILURE_MS)
		return e;
	for (i = 0; i < s->pow_failures && e < HSPOW_EFFORT_MAX; i++)
		e = hspow_effort_again(e);
	return e < HSPOW_EFFORT_MAX ? e : HSPOW_EFFORT_MAX;
}

int
hs_pow_needed(const struct hs_service *s)
{
	return s->desc->pow.has && !hs_pow_expired(s) && effort(s) > 0;
}

static int
is_pending(const struct hs_try *t)
{
	return t->pow_stage == HS_POW_WAITING ||
	    t->pow_stage == HS_POW_SOLVING;
}

/* One job less. */
static void
kick_waiting(struct hsclient *hs)
{
	struct hs_try *t;

	TAILQ_FOREACH(t, &hs->tries, link)
		if (t->pow_stage == HS_POW_WAITING)
			hs_kick(t->service);
}

static void
on_solved(void *arg, int err, const uint8_t proof[INTROMSG_POW])
{
	struct hs_try *t = arg;

	t->job = NULL;
	t->pow_stage = err ? HS_POW_FAILED : HS_POW_SOLVED;
	if (err == 0)
		memcpy(t->proof, proof, sizeof(t->proof));
	else
		log_info(LD_CIRC, "No proof of work for an onion service: %s.",
		    why_text(err));
	hs_kick(t->service);
	kick_waiting(t->service->hs);
}

static void
on_late(void *arg)
{
	struct hs_try *t = arg;

	if (is_pending(t))
		log_info(LD_CIRC, "A proof of work for an onion service takes "
		    "long: asking without one.");
	t->pow_late = 1;
	hs_kick(t->service);
}

void
hs_pow_init(struct hs_try *t)
{
	loop_timer_init(&t->pow_timer, on_late, t);
}

static void
await(struct hs_try *t)
{
	t->pow_late = 0;
	loop_timer_in(t->service->hs->conf.loop, &t->pow_timer, HS_POW_MS);
}

static int
solve(struct hs_service *s)
{
	struct hsclient *hs = s->hs;
	struct hspow_ask ask;

	if (hs->conf.net->solve == NULL)
		return -ENOTSUP;
	memcpy(ask.blinded, s->blind.key, sizeof(ask.blinded));
	memcpy(ask.seed, s->desc->pow.seed, sizeof(ask.seed));
	memcpy(ask.owner, s->key, sizeof(ask.owner));
	ask.effort = effort(s);
	return hs->conf.net->solve(hs->conf.arg, &ask, on_solved, s->try,
	    &s->try->job);
}

void
hs_pow_step(struct hs_service *s)
{
	struct hs_try *t = s->try;
	int rc;

	if (!hs_pow_needed(s)) {
		if (is_pending(t))
			hs_pow_stop(t);
		return;
	}
	if (t->pow_stage == HS_POW_NONE)
		await(t);
	else if (t->pow_stage != HS_POW_WAITING)
		return;
	if ((rc = solve(s)) == 0)
		t->pow_stage = HS_POW_SOLVING;
	else {
		t->job = NULL;
		t->pow_stage = rc == -EAGAIN || rc == -ENOMEM ?
		    HS_POW_WAITING : HS_POW_FAILED;
	}
}

void
hs_pow_stop(struct hs_try *t)
{
	struct hsclient *hs = t->service->hs;

	loop_timer_clear(hs->conf.loop, &t->pow_timer);
	t->pow_late = 0;
	t->pow_stage = HS_POW_NONE;
	memset(t->proof, 0, sizeof(t->proof));
	if (t->job == NULL)
		return;
	hs->conf.net->unsolve(hs->conf.arg, t->job);
	t->job = NULL;
	kick_waiting(hs);
}

/* A proof that was used is spent; one that was not there is waited for again,
 * should there be another introduction. */
static void
spend(struct hs_try *t)
{
	t->unproven = (uint8_t)is_pending(t);
	if (t->unproven)
		await(t);
	else
		hs_pow_stop(t);
}

/* --- INTRODUCE1 and its answer --- */

/* As the service offers, and as the network wants by now: an increment far from
 * the consensus's is not to be had with it (map 12). */
static int
wants_cc(const struct hs_service *s)
{
	const struct flow_params *f = &s->hs->flow;
	int32_t inc = s->desc->sendme_inc;

	return s->desc->flow_control && f->cc_on && inc != 0 &&
	    inc >= f->sendme_inc - 1 && inc <= f->sendme_inc + 1;
}

static int
lacks_keys(const struct hsdesc_intro *i)
{
	return secret_is_zero(i->auth, sizeof(i->auth)) ||
	    secret_is_zero(i->enc, sizeof(i->enc));
}

/* The length of what went out; -EBADMSG: the introduction point is no good;
 * -ENOTCONN: its circuit is on its way out; -EINVAL: the rendezvous is no good;
 * else it is our own fault. */
static int
send_introduce1(struct hs_service *s, struct hs_circ *intro,
    struct hs_circ *rend)
{
	struct hsclient *hs = s->hs;
	struct hs_try *t = s->try;
	uint8_t out[INTROMSG_MAX];
	struct intromsg m = {
		.cookie = rend->cookie, .hs = &rend->ntor,
		.intro = &intro->intro,
		.subcredential = s->blind.subcredential,
		.rend = hs->conf.net->last(hs->conf.arg, rend->circ),
		.want_cc = (uint8_t)wants_cc(s),
		.pow = t->pow_stage == HS_POW_SOLVED && !hs_pow_expired(s) ?
		    t->proof : NULL
	};
	int rc, len = m.rend ? intromsg_put(&m, out) : -EINVAL;

	if (len == -EINVAL && lacks_keys(&intro->intro))
		len = -EBADMSG;
	if (len > 0 && (rc = hs_circ_send(intro, HS_CMD_INTRODUCE1, out,
	    (size_t)len)) < 0)
		len = rc == -ENOTCONN ? rc : -ENOBUFS;
	secret_wipe(out, sizeof(out));
	rend->want_cc = m.want_cc;
	rend->sendme_inc = s->desc->sendme_inc;
	return len;
}

/* Never with anything that was not drawn (map 15: 41297): a circuit of which
 * that could be said is given up. */
static int
is_drawn(const struct hs_circ *rend)
{
	return !secret_is_zero(rend->cookie, sizeof(rend->cookie)) &&
	    !secret_is_zero(rend->ntor.x, sizeof(rend->ntor.x)) &&
	    !secret_is_zero(rend->ntor.X, sizeof(rend->ntor.X));
}

static int
is_ready(const struct hs_service *s)
{
	const struct hs_try *t = s->try;

	return t->intro && t->intro->stage == HS_BUILT &&
	    t->rend && t->rend->stage == HS_READY &&
	    (t->pow_late || !is_pending(t));
}

void
hs_introduce(struct hs_service *s)
{
	struct hs_try *t = s->try;
	int rc;

	if (!is_ready(s))
		return;
	rc = is_drawn(t->rend) ? send_introduce1(s, t->intro, t->rend) :
	    -EINVAL;
	if (rc > 0) {
		hs_rend_introduced(t->rend, &t->intro->intro);
		hs_circ_stage(t->intro, HS_ACK_WAIT, HS_ACK_MS);
		spend(t);
	} else if (rc == -EINVAL)
		hs_rend_failed(t->rend);
	else if (rc == -EBADMSG || rc == -ENOTCONN)
		hs_intro_failed(t->intro, rc == -EBADMSG ? HS_REFUSED :
		    HS_UNREACHABLE);
	else {
		hs_circ_drop(t->intro);
		hs_try_ours(s, rc);
	}
}

/* Where it may have told the service, that one rendezvous is spent: the answer
 * to it could come when another is waited for. */
void
hs_intro_failed(struct hs_circ *c, enum hs_intro_fault fault)
{
	struct hs_service *s = c->service;
	struct hs_try *t = s->try;

	t->intro_tries++;
	note(s, c->intro.auth, fault);
	if (fault == HS_TIMED_OUT)
		note_too_little(s);
	hs_circ_drop(c);
	if (t->rend && t->rend->stage == HS_INTRODUCED)
		hs_circ_drop(t->rend);
	hs_kick(s);
}

/* It says so itself: nothing was passed on. */
static void
refused(struct hs_circ *c, enum intromsg_status status)
{
	struct hs_service *s = c->service;
	struct hs_circ *rend = s->try->rend;

	log_info(LD_CIRC, "An introduction point of an onion service refused "
	    "(%u).", (unsigned)status);
	if (rend && rend->stage == HS_INTRODUCED)
		hs_rend_refused(rend);
	hs_intro_failed(c, HS_REFUSED);
}

int
hs_intro_message(struct hs_circ *c, uint8_t cmd, const uint8_t *data,
    size_t len)
{
	struct hs_circ *rend = c->service->try->rend;
	enum intromsg_status status;

	if (cmd != HS_CMD_INTRODUCE_ACK || c->stage != HS_ACK_WAIT ||
	    intromsg_ack(data, len, &status) < 0)
		return -EPROTO;
	if (status != INTROMSG_OK) {
		refused(c, status);
		return 0;
	}
	c->hs->totals.introduced++;
	if (rend)
		hs_rend_acked(rend);
	hs_circ_drop(c);
	return 0;
}
