/* onion/dir/bootplan.c - what to ask for, when, and of whom
 *
 * Theory of operation
 *	Three needs, looked at together at the end of any turn in which
 *	something happened, and when the timer says:
 *
 *	certificates	while a consensus waits for them
 *	consensus	when there is none, or it is time for the next
 *	microdescriptors	see bootround
 *
 *	The first two go out one request at a time, at the times that a jittered
 *	backoff draws; where there is no usable view a further source is asked
 *	when the time comes and none has begun to deliver, up to HEDGES_MAX at
 *	once; as soon as one delivers the others are given up.
 *
 *	Beyond the backoff there is a budget: BOOT_BUDGET requests without one
 *	that shows that the network works.  Who waits gets one past it (hurry).
 *
 *	Once there is a live view directory guards are asked; configured sources
 *	only where the owner has no guard to ask.
 * Invariants
 *	need.out is the number of rows of its kind.
 * Limits
 *	DIR_FETCHES_MAX rows; HEDGES_MAX of the first two kinds, and of the
 *	third where configured sources are asked.
 */
#include "onion/dir/bootstrap_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/rand.h"
#include "onion/dir/dirsource.h"

enum {
	HEDGES_MAX = 3,
	BASE_MS = 1000,
	URGENT_CAP_MS = 55 * 1000,	/* nothing works until it comes */
	CALM_CAP_MS = 10 * 60 * 1000,
	TEST_CAP_MS = 2 * 1000,
	GUARD_WAIT_MS = 10 * 1000,	/* with a view, for a guard */
	TEST_GUARD_WAIT_MS = 2 * 1000,
	RETRY_EVERY_MS = 60 * 1000,	/* however many users wait */
	TEST_RETRY_EVERY_MS = 1000,
	PATIENCE_MS = 120 * 1000,	/* with one that delivers */
	WAIT_MAX_MS = 20 * 60 * 1000,	/* for certificates */
	DOUBT_MS = 60 * 1000,		/* whether they will ever come */
	TEST_DOUBT_MS = 5 * 1000,
	TICK_MS = 60 * 1000,
	TEST_ROUND_MS = 5 * 1000,	/* microdescriptors: look again */
	DIFF_MAX_AGE_S = 72 * 3600
};

void
bootplan_init(struct bootstrap *b)
{
	int i;

	for (i = 0; i < DOC_KINDS; i++) {
		backoff_init(&b->need[i].backoff, BASE_MS, URGENT_CAP_MS, 3);
		bootplan_no_need(b, (enum doc)i);
	}
	b->md_asked = -1;
}

static int64_t
draw(struct bootstrap *b, struct need *n)
{
	n->backoff.cap = n->answered && b->conf.testing ? TEST_CAP_MS :
	    !b->conf.testing && b->ready && bootstrap_view_live(b) ?
	    CALM_CAP_MS : URGENT_CAP_MS;
	return b->loop->now + backoff_next(&n->backoff);
}

void
bootplan_success(struct bootstrap *b, enum doc doc)
{
	struct need *n = &b->need[doc];

	backoff_reset(&n->backoff);
	n->failures = 0;
	bootplan_network_works(b);
	if (doc != DOC_MICRODESCS)
		n->next = b->loop->now;
}

/* @answered: by a directory that has not what we want (yet), which in a testing
 * network will have it in a moment. */
void
bootplan_failure(struct bootstrap *b, enum doc doc, int answered)
{
	struct need *n = &b->need[doc];

	n->failures++;
	n->answered = answered;
	if (answered && b->conf.testing && doc != DOC_MICRODESCS &&
	    n->next > b->loop->now + TEST_CAP_MS)
		n->next = b->loop->now + TEST_CAP_MS;
	/* The others drew their time when they were sent. */
	if (doc == DOC_MICRODESCS && n->next <= b->loop->now)
		n->next = draw(b, n);
}

void
bootplan_renew(struct bootstrap *b, enum doc doc)
{
	backoff_reset(&b->need[doc].backoff);
	b->need[doc].next = b->loop->now;
}

void
bootplan_forgive(struct bootstrap *b)
{
	int i;

	for (i = 0; i < DOC_KINDS; i++)
		bootplan_renew(b, (enum doc)i);
	bootplan_network_works(b);
	dirsources_forgive(b->conf.sources);
}

void
bootplan_hurry(struct bootstrap *b)
{
	int64_t every = b->conf.testing ? TEST_RETRY_EVERY_MS : RETRY_EVERY_MS;
	int i;

	if (b->hurried && b->loop->now - b->hurried_at < every)
		return;
	b->hurried = 1;
	b->hurried_at = b->loop->now;
	b->pass = 1;
	for (i = 0; i < DOC_KINDS; i++)
		if (b->need[i].out == 0)
			b->need[i].next = b->loop->now;
	dirsources_forgive(b->conf.sources);
}

/* --- the budget --- */

static size_t
first_place(const struct bootstrap *b)
{
	size_t i, best = 0;

	for (i = 1; i < BOOT_BUDGET; i++)
		if (b->place[i] < b->place[best])
			best = i;
	return best;
}

/* A network that is down is not to be hammered, whatever the jitter draws: 0,
 * or when the next request may go out. */
static int64_t
over_budget(const struct bootstrap *b)
{
	int64_t at = b->place[first_place(b)];

	return b->pass || at <= b->loop->now ? 0 : at;
}

void
bootplan_network_works(struct bootstrap *b)
{
	memset(b->place, 0, sizeof(b->place));
}

/* In a testing network all directories are at hand, and have a new consensus
 * in a moment: who answers is not down. */
void
bootplan_answered(struct bootstrap *b)
{
	if (b->conf.testing)
		bootplan_network_works(b);
}

/* --- requests that are out --- */

struct fetch *
bootplan_find(struct bootstrap *b, uint32_t id)
{
	size_t i;

	for (i = 0; i < DIR_FETCHES_MAX; i++)
		if (id && b->fetch[i].id == id)
			return &b->fetch[i];
	return NULL;
}

struct fetch *
bootplan_new(struct bootstrap *b, enum doc doc)
{
	size_t i;

	for (i = 0; i < DIR_FETCHES_MAX; i++) {
		if (b->fetch[i].id)
			continue;
		b->fetch[i].id = ++b->last_id;
		b->fetch[i].doc = doc;
		b->need[doc].out++;
		return &b->fetch[i];
	}
	return NULL;
}

/* @err: what its source is to be held guilty of; -ECANCELED: nothing. */
void
bootplan_drop(struct bootstrap *b, struct fetch *f, int err)
{
	struct need *n = &b->need[f->doc];

	if (f->source)
		dirsource_done(f->source, err);
	n->out--;
	if (f->begun)
		n->begun = 0;
	free(f->md);
	memset(f, 0, sizeof(*f));
}

void
bootplan_cancel(struct bootstrap *b, int doc, int only_idle)
{
	struct fetch *f;
	uint32_t id;

	for (f = b->fetch; f < b->fetch + DIR_FETCHES_MAX; f++) {
		if (!f->id || (doc >= 0 && (int)f->doc != doc) ||
		    (only_idle && f->begun))
			continue;
		id = f->id;
		bootplan_drop(b, f, -ECANCELED);
		b->conf.user->cancel(b->conf.arg, id);
	}
}

static void
on_stage(void *arg, uint32_t id, enum dir_stage stage)
{
	struct bootstrap *b = arg;
	struct fetch *f = bootplan_find(b, id);

	if (f == NULL)
		return;
	if (f->doc == DOC_CONSENSUS)
		bootstrap_progress(b, stage == DIR_STAGE_SENT ? 25 : 30);
	if (stage != DIR_STAGE_BEGUN || f->doc == DOC_MICRODESCS || f->begun)
		return;
	if (b->need[f->doc].begun)
		return;
	f->begun = b->need[f->doc].begun = 1;
	b->need[f->doc].begun_at = b->loop->now;
	bootplan_cancel(b, (int)f->doc, 1);
}

/* --- sending --- */

/* Rounds of microdescriptors are many requests to one guard, over one
 * connection; to sources each is a connection like any other. */
static int
is_counted(const struct dir_fetch *df)
{
	return df->request.kind != DIR_KIND_MICRODESCS || df->source;
}

/* To the owner.  The time of the one after it is drawn before, as the answer
 * may come from within.  What was not sent costs nothing. */
static int
hand_out(struct bootstrap *b, struct fetch *f, const struct dir_fetch *df)
{
	struct need *n = &b->need[f->doc], was = *n;
	size_t i = first_place(b);
	int64_t place = b->place[i];
	int pass = b->pass, rc;

	if (!is_counted(df))
		return b->conf.user->fetch(b->conf.arg, df);
	b->place[i] = b->loop->now + BOOT_BUDGET_MS;
	b->pass = 0;
	if (f->doc != DOC_MICRODESCS)	/* a round draws when it failed */
		n->next = draw(b, n);
	rc = b->conf.user->fetch(b->conf.arg, df);
	if (rc != -EAGAIN)
		return rc;
	b->place[i] = place;
	b->pass = pass;
	if (df->source == NULL) {
		n->backoff = was.backoff;
		n->next = was.next;
	}
	return rc;
}

static unsigned
sources_asked(const struct bootstrap *b, enum doc doc)
{
	const struct fetch *f;
	unsigned n = 0;

	for (f = b->fetch; f < b->fetch + DIR_FETCHES_MAX; f++)
		n += f->id && f->doc == doc && f->source;
	return n;
}

static int
send_to_source(struct bootstrap *b, struct fetch *f, struct dir_fetch *df)
{
	struct need *n = &b->need[f->doc];
	char host[ADDR_TEXT];
	struct hopinfo hop;
	int64_t retry_at;

	if (sources_asked(b, f->doc) >= HEDGES_MAX)
		return -EAGAIN;		/* an answer makes us look again */
	if (over_budget(b) > 0) {
		n->next = b->loop->now + GUARD_WAIT_MS;
		return -EAGAIN;		/* a guard may be there before */
	}
	f->source = dirsources_pick(b->conf.sources, n->since, &retry_at);
	if (f->source == NULL) {
		if (retry_at > n->next)
			n->next = retry_at;
		return -EAGAIN;
	}
	dirsource_hopinfo(f->source, &hop);
	df->source = f->source;
	df->request.host = addr_raw(hop.or4.family ? &hop.or4 : &hop.or6, host);
	log_info(LD_DIR, "Asking %s for %s.", dirsource_name(f->source),
	    dir_kind_name(df->request.kind));
	return hand_out(b, f, df);
}

/* No guard has it.  With a view guards come back by themselves, mostly; only
 * where that takes its time are the few sources troubled that all clients have
 * in common. */
static int
without_guard(struct bootstrap *b, struct fetch *f, struct dir_fetch *df)
{
	int64_t most = b->conf.testing ? TEST_GUARD_WAIT_MS : GUARD_WAIT_MS;
	struct need *n = &b->need[f->doc];

	if (n->guardless < 0)
		n->guardless = b->loop->now;
	if (bootstrap_view_live(b) && b->loop->now - n->guardless < most) {
		if (n->next < b->loop->now + BASE_MS)
			n->next = b->loop->now + BASE_MS;
		return -EAGAIN;
	}
	return send_to_source(b, f, df);
}

/* The answer may come from within, so @f may be gone afterwards. */
int
bootplan_send(struct bootstrap *b, struct fetch *f, struct dir_request *rq)
{
	struct dir_fetch df = { .id = f->id };
	struct need *n = &b->need[f->doc];
	int rc = -EAGAIN;

	rq->stage = on_stage;
	rq->stage_arg = b;
	rq->stage_id = f->id;
	df.request = *rq;
	if (bootstrap_view_live(b) && b->view) {
		rc = hand_out(b, f, &df);
		if (rc != -EAGAIN)
			n->guardless = -1;
	}
	if (rc == -EAGAIN && bootplan_find(b, df.id) == f)
		rc = without_guard(b, f, &df);
	if (rc < 0 && bootplan_find(b, df.id) == f) {
		if (f->source || rc != -EAGAIN)
			bootplan_failure(b, f->doc, 0);
		bootplan_drop(b, f, rc);
	}
	return rc;
}

/* May another request of this kind go out now? */
static int
may_send(struct bootstrap *b, enum doc doc)
{
	struct need *n = &b->need[doc];
	unsigned most = b->ready && bootstrap_view_live(b) ? 1 : HEDGES_MAX;
	int64_t auth_at;

	if (n->since < 0)
		n->since = b->loop->now;
	auth_at = n->since + (b->conf.testing ? 0 : DIRSOURCE_AUTH_DELAY_MS);
	if (n->out == HEDGES_MAX - 1 && n->next < auth_at)
		n->next = auth_at;	/* the last one is an authority's */
	if (n->begun && b->loop->now - n->begun_at < PATIENCE_MS)
		return 0;
	return b->running && n->out < most && b->loop->now >= n->next &&
	    over_budget(b) == 0;
}

void
bootplan_no_need(struct bootstrap *b, enum doc doc)
{
	b->need[doc].since = -1;
	b->need[doc].guardless = -1;
}

/* --- certificates --- */

static void
put_cert(char *path, const struct consensus_missing *m, int first)
{
	char *at = path + strlen(path);

	if (!first)
		*at++ = '+';
	enc_hex(at, m->id, 20);
	at[40] = '-';
	enc_hex(at + 41, m->sk, 20);
}

static void
plan_certs(struct bootstrap *b)
{
	struct dir_request rq = { .kind = DIR_KIND_CERTS };
	char path[32 + CONSENSUS_SIGS_MAX * 82 + 4] = "/tor/keys/fp-sk/";
	struct fetch *f;
	size_t i;

	if (b->wait == NULL || b->tally.nmissing == 0) {
		bootplan_no_need(b, DOC_CERTS);
		return;
	}
	if (!may_send(b, DOC_CERTS) ||
	    (f = bootplan_new(b, DOC_CERTS)) == NULL)
		return;
	for (i = 0; i < b->tally.nmissing; i++)
		put_cert(path, &b->tally.missing[i], i == 0);
	strcat(path, ".z");
	rq.path = path;
	bootstrap_progress(b, 40);
	bootplan_send(b, f, &rq);
}

/* --- consensus --- */

static int
cmp_id(const void *a, const void *b)
{
	return memcmp(a, b, 20);
}

/* The servers send it only if more than half of these signed it; sorted, so
 * that all clients ask alike. */
static void
consensus_path(const struct bootstrap *b, char *path, size_t max)
{
	uint8_t id[AUTHCERT_AUTH_MAX][20];
	size_t n = authcert_set_trusted(b->certs), i, at;

	for (i = 0; i < n; i++)
		memcpy(id[i], authcert_set_id(b->certs, i), 20);
	qsort(id, n, 20, cmp_id);
	at = (size_t)snprintf(path, max,
	    "/tor/status-vote/current/consensus-microdesc/");
	for (i = 0; i < n; i++) {
		if (i)
			path[at++] = '+';
		enc_hex(path + at, id[i], 3);
		at += 6;
	}
	snprintf(path + at, max - at, ".z");
}

static void
ask_for_newer(const struct bootstrap *b, struct dir_request *rq)
{
	int64_t delay = 180, interval;

	if (b->cons == NULL)
		return;
	interval = b->cons->fresh_until - b->cons->valid_after;
	if (interval > 0 && delay > interval / 2)
		delay = interval / 2;
	rq->if_newer = b->cons->valid_after + delay;
	if (b->conf.full_only || b->no_diff || !b->cons_on_disk ||
	    b->cons->valid_after < b->loop->wall - DIFF_MAX_AGE_S)
		return;
	rq->has_diff_from = 1;
	memcpy(rq->diff_from, b->cons->sha3, sizeof(rq->diff_from));
}

static void
plan_consensus(struct bootstrap *b)
{
	struct dir_request rq = { .kind = DIR_KIND_CONSENSUS };
	char path[64 + AUTHCERT_AUTH_MAX * 7];
	struct fetch *f;

	if (b->wait && b->loop->now - b->wait_since >= WAIT_MAX_MS)
		bootdocs_forget_waiting(b);
	if ((b->wait && !bootplan_doubts_waiting(b)) ||
	    (b->cons && b->loop->wall < b->next_consensus)) {
		bootplan_no_need(b, DOC_CONSENSUS);
		return;
	}
	if (!may_send(b, DOC_CONSENSUS) ||
	    (f = bootplan_new(b, DOC_CONSENSUS)) == NULL)
		return;
	consensus_path(b, path, sizeof(path));
	rq.path = path;
	ask_for_newer(b, &rq);
	f->diff = rq.has_diff_from;
	bootplan_send(b, f, &rq);
}

int
bootplan_doubts_waiting(const struct bootstrap *b)
{
	int64_t most = b->conf.testing ? TEST_DOUBT_MS : DOUBT_MS;

	return b->wait && b->loop->now - b->wait_since >= most;
}

/* When to get the next one: map 14.5, dir-spec 5.1.  Caches need a while, and
 * clients must not all come at once. */
void
bootplan_schedule_consensus(struct bootstrap *b)
{
	const struct consensus *c = b->cons;
	int64_t start, span;

	if (c == NULL || !consensus_live(c->valid_after, c->valid_until,
	    b->loop->wall)) {
		b->next_consensus = b->loop->wall;
		return;
	}
	start = c->fresh_until + (c->fresh_until - c->valid_after) * 3 / 4;
	span = (c->valid_until - start) * 7 / 8;
	if (span < 1)
		span = 1;
	if (start + span >= c->valid_until)
		start = c->valid_until - span - 1;
	b->next_consensus = start + (int64_t)rand_below((uint64_t)span);
}

/* --- all of it --- */

static void
sooner(int64_t *at, int64_t t)
{
	if (t < *at)
		*at = t;
}

/* When to look again; answers make us look by themselves. */
static int64_t
next_look(const struct bootstrap *b)
{
	int64_t now = b->loop->now, at = now + TICK_MS;
	int64_t due = b->next_consensus - b->loop->wall;
	int64_t budget = over_budget(b);
	int i;

	for (i = 0; i < DOC_KINDS; i++)
		if (b->need[i].since >= 0 && b->need[i].next > now)
			sooner(&at, b->need[i].next);
	if (budget > 0)
		sooner(&at, budget);
	if (b->cons && due > 0 && due < TICK_MS / 1000)
		sooner(&at, now + due * 1000);
	if (b->need[DOC_MICRODESCS].since >= 0 && bootround_few_at(b) > now)
		sooner(&at, bootround_few_at(b));
	if (b->wait || (b->need[DOC_MICRODESCS].since >= 0 && b->conf.testing))
		sooner(&at, now + TEST_ROUND_MS);
	return at > now ? at : now + 1;
}

void
bootplan_run(struct bootstrap *b)
{
	if (!b->obsolete) {
		plan_consensus(b);
		plan_certs(b);
		bootround_plan(b);
	}
	if (b->running)			/* fetch() may have stopped us */
		loop_timer_set(b->loop, &b->timer, next_look(b));
}
