/* onion/dir/bootstrap.c - getting and keeping a view of the network
 *
 * Theory of operation
 *	Whatever happens (an answer, a timer, the owner's word) only changes
 *	what we hold and asks for a look around when the turn ends.  The look:
 *	did the clock jump, is the consensus still good, is there a new view to
 *	build, what state is that, what is to be asked for.  So nothing
 *	recurses, whatever callbacks do.
 *
 *	    answers -> bootdocs -> hold (consensus, certificates, descriptors)
 *	                             |            \-> bootcache -> disk
 *	      look: clock, liveness, v
 *	            view -> netdir() -> owner       bootplan -> fetch() -> owner
 *
 *	A view is built when something was added to it: at once when the round
 *	of microdescriptors is complete, else twice a second at most.  A new
 *	consensus does not replace a view that works until its own is enough as
 *	well, as long as the old one is within its time.
 * States
 *	Not a machine, but a description computed from what we hold:
 *	OBSOLETE, NO_CONSENSUS, NO_CERTS, NO_DESCS, READY, in that order of what
 *	is missing first.
 * Limits
 *	Those of the parts: documents by dirclient, sets by microdesc and
 *	consensus, requests by bootplan.
 */
#include "onion/dir/bootstrap_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/store.h"
#include "onion/link/relayid.h"

enum {
	BUILD_EVERY_MS = 500,
	QUIET_S = 60,
	ADVICE_S = 24 * 3600,
	TROUBLE_AFTER = 3		/* failures, before they are told */
};

static const char *const state_names[] = {
	[BOOTSTRAP_IDLE] = "idle",
	[BOOTSTRAP_OBSOLETE] = "obsolete",
	[BOOTSTRAP_NO_CONSENSUS] = "no consensus",
	[BOOTSTRAP_NO_CERTS] = "no authority certificates",
	[BOOTSTRAP_NO_DESCS] = "too few relay descriptors",
	[BOOTSTRAP_READY] = "ready"
};

/* control-spec 5.5 */
static const struct {
	int		 percent;
	const char	*tag;
	const char	*summary;
} steps[] = {
	{ 0, "starting", "Starting" },
	{ 25, "requesting_status", "Asking for networkstatus consensus" },
	{ 30, "loading_status", "Loading networkstatus consensus" },
	{ 40, "loading_keys", "Loading authority key certs" },
	{ 45, "requesting_descriptors", "Asking for relay descriptors" },
	{ 50, "loading_descriptors", "Loading relay descriptors" },
	{ 75, "enough_dirinfo",
	    "Loaded enough directory info to build circuits" }
};

const char *
bootstrap_state_name(enum bootstrap_state s)
{
	return (size_t)s < sizeof(state_names) / sizeof(state_names[0]) ?
	    state_names[s] : "unknown";
}

/* --- what we say --- */

static void
set_step(struct bootstrap *b, int percent)
{
	size_t i = sizeof(steps) / sizeof(steps[0]);

	while (i > 1 && steps[i - 1].percent > percent)
		i--;
	b->percent = percent;
	b->tag = steps[i - 1].tag;
	b->summary = steps[i - 1].summary;
	b->conf.user->progress(b->conf.arg, percent, b->tag, b->summary);
}

void
bootstrap_progress(struct bootstrap *b, int percent)
{
	if (percent > b->percent)
		set_step(b, percent);
}

int
bootstrap_view_live(const struct bootstrap *b)
{
	return b->cons && !b->obsolete && consensus_reasonably_live(
	    b->cons->valid_after, b->cons->valid_until, b->loop->wall);
}

static enum bootstrap_state
state_of(const struct bootstrap *b)
{
	if (!b->running)
		return BOOTSTRAP_IDLE;
	if (b->obsolete)
		return BOOTSTRAP_OBSOLETE;
	if (!bootstrap_view_live(b))
		return b->wait ? BOOTSTRAP_NO_CERTS : BOOTSTRAP_NO_CONSENSUS;
	return b->ready ? BOOTSTRAP_READY : BOOTSTRAP_NO_DESCS;
}

void
bootstrap_tell_changed(struct bootstrap *b)
{
	if (b->conf.user->changed)
		b->conf.user->changed(b->conf.arg);
}

void
bootstrap_update(struct bootstrap *b)
{
	enum bootstrap_state s = state_of(b);

	if (s == b->state)
		return;
	log_info(LD_DIR, "Directory: %s -> %s.", bootstrap_state_name(b->state),
	    bootstrap_state_name(s));
	b->state = s;
	bootstrap_tell_changed(b);
}

/* --- the view --- */

static int
old_view_serves(const struct bootstrap *b)
{
	return b->ready && b->view && b->view_after != b->cons->valid_after &&
	    consensus_live(b->view->valid_after, b->view->valid_until,
	    b->loop->wall);
}

static int
ask_enough(struct bootstrap *b, const struct netdir *nd)
{
	int percent = 0, enough;

	enough = b->conf.user->enough(b->conf.arg, nd, &percent);
	if (percent < 0)
		percent = 0;
	else if (percent > 99)
		percent = 99;
	bootstrap_progress(b, enough ? 75 : 50 + percent / 4);
	return enough;
}

static void
hand_over(struct bootstrap *b, struct netdir *nd)
{
	b->view = nd;
	b->view_after = nd->valid_after;
	b->conf.user->netdir(b->conf.arg, nd);
}

void
bootstrap_build_view(struct bootstrap *b)
{
	struct netdir *nd;
	int rc;

	b->view_stale = 0;
	b->view_built = b->loop->now;
	if ((rc = netdir_build(&nd, b->cons, b->mds)) < 0) {
		log_warn(LD_DIR, "Cannot build a view of the network: %s",
		    strerror(-rc));
		return;
	}
	if (old_view_serves(b)) {
		if (!ask_enough(b, nd)) {
			netdir_free(nd);
			return;
		}
		hand_over(b, nd);
		return;
	}
	hand_over(b, nd);
	b->ready = ask_enough(b, nd);
}

static int
is_time_to_build(const struct bootstrap *b)
{
	return b->view_stale && bootstrap_view_live(b) &&
	    (b->view == NULL || b->need[DOC_MICRODESCS].out == 0 ||
	    b->view_after != b->cons->valid_after ||
	    b->loop->now - b->view_built >= BUILD_EVERY_MS);
}

/* Did the consensus we hold come into its time, or leave it? */
static void
notice_live(struct bootstrap *b)
{
	int live = bootstrap_view_live(b);

	if (live == b->was_live)
		return;
	b->was_live = live;
	if (live) {
		b->view_stale = 1;
		return;
	}
	b->ready = 0;
	bootplan_cancel(b, DOC_MICRODESCS, 0);
	if (!b->obsolete)
		log_notice(LD_DIR, "Our consensus is out of its time; no "
		    "circuits until there is another.");
	set_step(b, 0);
}

static void
look(void *arg)
{
	struct bootstrap *b = arg;

	if (!b->running)
		return;
	bootclock_notice_jump(b);
	notice_live(b);
	if (is_time_to_build(b))
		bootstrap_build_view(b);
	bootstrap_update(b);
	if (b->need[DOC_MICRODESCS].out == 0)
		bootcache_compact(b);
	if (b->running)
		bootplan_run(b);
}

void
bootstrap_look(struct bootstrap *b)
{
	loop_item_add(b->loop, &b->work);
}

/* --- answers --- */

static int
judge_status(const struct dir_result *r)
{
	if (r->err < 0)
		return r->err;
	switch (r->status) {
	case 200:
		return 0;
	case 304:
		return 0;
	case 404:
		return -ENOENT;
	case 503:
		return -EBUSY;
	default:
		return -EPROTO;
	}
}

static int
digest_answer(struct bootstrap *b, const struct fetch *f,
    struct dir_result *r)
{
	const char *body = r->body ? (const char *)r->body : "";
	int rc = judge_status(r);
	size_t got;

	if (rc < 0)
		return rc;
	if (f->doc == DOC_CONSENSUS)
		return bootdocs_consensus(b, f, r);
	if (r->status != 200)
		return -EPROTO;
	if (f->doc == DOC_CERTS)
		return bootdocs_certs(b, body, r->len);
	rc = bootdocs_microdescs(b, f, body, r->len, &got);
	if (got == f->nmd)
		bootplan_success(b, DOC_MICRODESCS);
	return rc;
}

static void
remember_failure(struct bootstrap *b, const struct fetch *f,
    const struct dir_result *r, int rc)
{
	static const char *const what[DOC_KINDS] = {
		[DOC_CERTS] = "certificates", [DOC_CONSENSUS] = "consensus",
		[DOC_MICRODESCS] = "microdescriptors"
	};
	char status[32];

	if (r->err == 0 && r->status != 200)
		snprintf(status, sizeof(status), "HTTP status %d", r->status);
	else
		snprintf(status, sizeof(status), "%.31s",
		    rc == -ENOENT ? "it had too few" : strerror(-rc));
	snprintf(b->last_failure, sizeof(b->last_failure), "%s from %s: %s",
	    what[f->doc], f->source ? dirsource_name(f->source) :
	    "a directory guard", status);
	log_info(LD_DIR, "No %s.", b->last_failure);
}

int
bootstrap_result(struct bootstrap *b, uint32_t id, struct dir_result *r)
{
	struct fetch *row = bootplan_find(b, id), f;
	int rc;

	if (row == NULL)
		return 0;
	/* The row is free before the answer is looked at, which may give up
	 * all others of its kind. */
	f = *row;
	b->need[f.doc].out--;
	if (f.begun)
		b->need[f.doc].begun = 0;
	memset(row, 0, sizeof(*row));
	bootclock_date(b, &f, r);
	if (r->err == 0)
		bootplan_answered(b);
	rc = digest_answer(b, &f, r);
	if (rc < 0 && rc != -ECANCELED) {
		remember_failure(b, &f, r, rc);
		bootplan_failure(b, f.doc, r->err == 0);
	}
	if (f.source)
		dirsource_done(f.source, rc);
	free(f.md);
	bootstrap_look(b);
	return rc == -ECANCELED ? 0 : rc;
}

/* --- the owner's word --- */

void
bootstrap_retry(struct bootstrap *b)
{
	bootplan_hurry(b);
	bootstrap_look(b);
}

void
bootstrap_recheck(struct bootstrap *b)
{
	if (b->view == NULL || b->obsolete || !bootstrap_view_live(b))
		return;
	b->ready = ask_enough(b, b->view);
	bootstrap_look(b);
}

static void
describe_trouble(const struct bootstrap *b, char *out, size_t max)
{
	unsigned failures = 0;
	char text[32];
	int i;

	out[0] = '\0';
	for (i = 0; i < DOC_KINDS; i++)
		failures += b->need[i].failures;
	if (b->obsolete)
		snprintf(out, max, "the network requires protocols that this "
		    "version does not speak: %.180s", b->cons ?
		    b->cons->lacks_required_text : "");
	else if (b->clock == BOOTSTRAP_CLOCK_BEHIND ||
	    b->clock == BOOTSTRAP_CLOCK_AHEAD)
		snprintf(out, max, "clock is %s %s the network's",
		    skew_text(text, sizeof(text), b->skew_s),
		    b->skew_s > 0 ? "behind" : "ahead of");
	else if (!b->ready && failures >= TROUBLE_AFTER)
		snprintf(out, max, "%u requests failed, the last: %s",
		    failures, b->last_failure);
	else if (b->conf.store && store_failing(b->conf.store))
		snprintf(out, max, "cannot write to the data directory: %s",
		    strerror(-store_failing(b->conf.store)));
}

void
bootstrap_status(const struct bootstrap *b, struct bootstrap_status *s)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	s->state = b->state;
	s->clock = b->clock;
	s->skew_s = b->skew_s;
	s->percent = b->percent;
	s->tag = b->tag;
	s->summary = b->summary;
	describe_trouble(b, s->trouble, sizeof(s->trouble));
	s->microdescs = mdset_count(b->mds);
	for (i = 0; i < DOC_KINDS; i++)
		s->fetching += b->need[i].out;
	if (b->cons == NULL)
		return;
	s->valid_after = b->cons->valid_after;
	s->fresh_until = b->cons->fresh_until;
	s->valid_until = b->cons->valid_until;
	s->relays = b->cons->nrouters;
	s->missing = b->nmissing;
	s->next_consensus_at = b->next_consensus;
	s->live = bootstrap_view_live(b) ? 1 + consensus_live(s->valid_after,
	    s->valid_until, b->loop->wall) : 0;
}

/* --- life --- */

static struct authcert_set *
make_certs(const struct dirsources *sources)
{
	size_t n = dirsources_nvoters(sources), i;
	struct authcert_set *set;
	uint8_t (*id)[20];

	if ((id = calloc(n, sizeof(*id))) == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		memcpy(id[i], dirsources_voter(sources, i), 20);
	set = authcert_set_new((const uint8_t (*)[20])id, n);
	free(id);
	return set;
}

int
bootstrap_new(struct bootstrap **out, const struct bootstrap_conf *conf)
{
	size_t n = dirsources_nvoters(conf->sources);
	struct bootstrap *b;

	if (n == 0 || n > AUTHCERT_AUTH_MAX)
		return -EINVAL;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return -ENOMEM;
	b->conf = *conf;
	b->loop = conf->loop;
	b->quiet.every_s = QUIET_S;
	b->advice.every_s = ADVICE_S;
	b->tag = steps[0].tag;
	b->summary = steps[0].summary;
	loop_timer_init(&b->timer, look, b);
	loop_item_init(&b->work, look, b);
	bootplan_init(b);
	b->certs = make_certs(conf->sources);
	b->mds = mdset_new();
	if (b->certs == NULL || b->mds == NULL) {
		bootstrap_free(b);
		return -ENOMEM;
	}
	*out = b;
	return 0;
}

int
bootstrap_start(struct bootstrap *b)
{
	if (b->running)
		return 0;
	b->running = 1;
	b->offset = b->loop->wall * 1000 - b->loop->now;
	set_step(b, b->percent);
	if (!b->loaded) {
		b->loaded = 1;
		bootcache_load(b);
	} else
		bootplan_schedule_consensus(b);
	look(b);
	return 0;
}

void
bootstrap_stop(struct bootstrap *b)
{
	if (!b->running)
		return;
	b->running = 0;
	loop_timer_clear(b->loop, &b->timer);
	bootplan_cancel(b, -1, 0);
	bootstrap_update(b);
}

void
bootstrap_free(struct bootstrap *b)
{
	if (b == NULL)
		return;
	loop_timer_clear(b->loop, &b->timer);
	bootplan_cancel(b, -1, 0);
	loop_item_clear(b->loop, &b->work);
	consensus_free(b->wait);
	free(b->wait_text);
	consensus_free(b->cons);
	authcert_set_free(b->certs);
	mdset_free(b->mds);
	free(b);
}
