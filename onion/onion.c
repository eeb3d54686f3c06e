/* onion/onion.c - the door: a Tor client as one object
 *
 * Theory of operation
 *	Nothing but the joints.  Parts are made from the lowest layer up, and
 *	freed the other way; what one tells its owner is passed to those whom it
 *	concerns:
 *
 *	  bootstrap --netdir--> guards, path, timeout, pool
 *	            --fetch---> dircircs --result--> bootstrap
 *	  chanset   --failed--> guards      --skew--> bootstrap
 *	  guards    --ready---> pool
 *	  bootstrap --jumped--> pool
 *	  pool      --ready---> attach      --built--> "Bootstrapped 100%"
 *
 *	A new view of the network replaces the old one in all parts before the
 *	call returns; the old one is freed when the turn ends.
 * Progress
 *	Percentages are tor's.  They only grow, until the view is lost.
 */
#include "onion/onion.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "onion/circ/attach.h"
#include "onion/circ/pool.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/dir/statefile.h"
#include "onion/dir/store.h"
#include "onion/dircirc.h"
#include "onion/link/chan.h"
#include "onion/link/tlslink.h"
#include "onion/nodes.h"
#include "onion/onion_int.h"
#include "onion/onionconf.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"
#include "onion/path/pathstate.h"
#include "onion/path/relayset.h"
#include "onion/path/timeout.h"

/* --- progress --- */

static void
progress(struct onion *o, int percent, const char *tag, const char *summary)
{
	if (percent <= o->percent)
		return;
	o->percent = percent;
	o->tag = tag;
	o->summary = summary;
	o->user->progress(o->arg, percent, tag, summary);
}

static void
on_boot_progress(void *arg, int percent, const char *tag, const char *summary)
{
	struct onion *o = arg;

	if (percent == 0 && o->percent > 0)	/* the view is lost */
		o->percent = -1;
	progress(o, percent, tag, summary);
}

static void
set_ready(struct onion *o, int ready)
{
	if (o->ready == ready)
		return;
	o->ready = ready;
	o->user->ready(o->arg, ready);
}

/* --- channels --- */

static void
on_dialling(void *arg, const struct hopinfo *hop)
{
	struct onion *o = arg;

	(void)hop;
	if (o->percent < 75)
		progress(o, 5, "conn", "Connecting to a relay");
	else
		progress(o, 80, "ap_conn",
		    "Connecting to a relay to build circuits");
}

static void
on_connected(void *arg, const struct hopinfo *hop)
{
	struct onion *o = arg;

	(void)hop;
	if (o->percent < 75)
		progress(o, 10, "conn_done", "Connected to a relay");
	else
		progress(o, 85, "ap_conn_done",
		    "Connected to a relay to build circuits");
}

static void
on_chan_open(void *arg, struct chan *chan)
{
	struct onion *o = arg;

	if (o->guards)
		guard_note_online(o->guards);
	pool_chan_open(o->pool, chan);
	if (o->percent < 75)
		progress(o, 15, "handshake_done",
		    "Handshake with a relay done");
	else
		progress(o, 90, "ap_handshake_done", "Handshake finished with "
		    "a relay to build circuits");
}

static void
on_chan_gone(void *arg, const struct hopinfo *wanted, enum chan_why why,
    int was_open)
{
	struct onion *o = arg;

	if (!was_open && why != CHAN_WHY_CLOSED && o->guards)
		guard_chan_failed(o->guards, wanted->id.rsa);
}

static void
on_skew(void *arg, const struct relayid *id, int64_t seconds)
{
	struct onion *o = arg;

	bootstrap_skew(o->boot, id, seconds);
}

static const struct chanset_user chan_users = {
	.dialling = on_dialling, .connected = on_connected,
	.open = on_chan_open, .gone = on_chan_gone, .skew = on_skew
};

/* --- guards and build times, and what they keep on disk --- */

static void
on_guard_dirty(void *arg)
{
	struct onion *o = arg;

	statefile_dirty(o->state, 1);
}

static void
on_guard_ready(void *arg, struct guard_use *use, void *use_arg)
{
	(void)arg;
	(void)use;
	pool_guard_ready(use_arg);
}

static void
on_guard_stale(void *arg, struct guard_use *use, void *use_arg)
{
	(void)arg;
	(void)use;
	pool_guard_stale(use_arg);
}

static void
on_guard_switched(void *arg)
{
	struct onion *o = arg;

	if (o->pool)
		pool_guards_switched(o->pool);
}

static const struct guard_user guard_users = {
	.dirty = on_guard_dirty, .ready = on_guard_ready,
	.stale = on_guard_stale, .switched = on_guard_switched
};

static void
on_timeout_dirty(void *arg)
{
	struct onion *o = arg;

	if (o->state)
		statefile_dirty(o->state, 0);
}

static int
load_state(struct onion *o)
{
	int rc;

	if ((o->guards && (rc = statefile_own(o->state, pathstate_guards(),
	    o->guards)) < 0) ||
	    (rc = statefile_own(o->state, pathstate_timeout(), o->timeout)) < 0)
		return rc;
	rc = statefile_load(o->state);
	if (rc < 0 && rc != -EBADMSG)
		log_warn(LD_GENERAL, "the state file cannot be read: %s",
		    strerror(-rc));
	if ((rc = timeout_state_done(o->timeout)) < 0)
		log_warn(LD_GENERAL, "the build times of circuits in the state "
		    "file contradict each other (%s); they are learned anew",
		    strerror(-rc));
	o->loaded = 1;
	return 0;
}

/* --- the view of the network --- */

static void
drop_old(void *arg)
{
	struct onion *o = arg;

	netdir_free(o->old_netdir);
	o->old_netdir = NULL;
}

static void
set_padding(struct onion *o, const struct params *p)
{
	struct chan_padding pad = {
		.off = o->padding == 0, .reduced = (uint8_t)o->reduced_padding
	};

	pad.low_ms = params_get(p, "nf_ito_low", 1500, 0, 60000);
	pad.high_ms = params_get(p, "nf_ito_high", 9500, pad.low_ms, 60000);
	pad.low_reduced_ms = params_get(p, "nf_ito_low_reduced", 9000, 0,
	    60000);
	pad.high_reduced_ms = params_get(p, "nf_ito_high_reduced", 14000,
	    pad.low_reduced_ms, 60000);
	pad.after_use = params_get(p, "nf_pad_before_usage", 1, 0, 1) == 0;
	chanset_set_padding(o->chans, &pad);
}

static void
lend_netdir(struct onion *o, const struct netdir *nd)
{
	if (o->guards)
		guard_set_netdir(o->guards, nd);
	path_set_netdir(o->path, nd);
}

/* A view that is long out of its time, or of a network that wants protocols
 * that we don't speak, is shown but not used. */
static int
may_use_view(const struct onion *o)
{
	struct bootstrap_status st;

	if (o->boot == NULL)
		return 0;
	bootstrap_status(o->boot, &st);
	return st.live > 0 && st.state != BOOTSTRAP_OBSOLETE;
}

/* Some circuit stands. */
static void
on_pool_built(void *arg)
{
	struct onion *o = arg;

	progress(o, 100, "done", "Done");
	set_ready(o, 1);
}

static void
recheck(struct onion *o)
{
	int usable = !o->disabled && o->netdir && may_use_view(o) &&
	    path_have_enough(o->path, NULL);

	pool_set_netdir(o->pool, o->netdir, usable);
	if (!usable)
		set_ready(o, 0);
	else if (pool_standing(o->pool) > 0)
		on_pool_built(o);
	attach_wake(o->attach);
}

static void
on_netdir(void *arg, struct netdir *nd)
{
	struct onion *o = arg;

	if (o->old_netdir) {		/* two in one turn */
		loop_item_clear(o->loop, &o->drop_old);
		netdir_free(o->old_netdir);
	}
	o->old_netdir = o->netdir;
	o->netdir = nd;
	lend_netdir(o, nd);
	timeout_set_netdir(o->timeout, nd);
	set_padding(o, nd ? nd->params : NULL);
	recheck(o);
	if (o->old_netdir)
		loop_item_add(o->loop, &o->drop_old);
}

/* Asked of a view that may not be the one in use yet. */
static int
on_enough(void *arg, const struct netdir *nd, int *percent)
{
	struct onion *o = arg;
	struct path_info info;
	int enough;

	if (nd != o->netdir)
		lend_netdir(o, nd);
	enough = path_have_enough(o->path, &info);
	if (nd != o->netdir)
		lend_netdir(o, o->netdir);
	*percent = info.needed > 0 && info.paths < info.needed ?
	    (int)(100 * info.paths / info.needed) : 100;
	return enough;
}

static int
on_fetch(void *arg, const struct dir_fetch *f)
{
	struct onion *o = arg;

	return o->disabled ? -EAGAIN : dircirc_fetch(o->dircircs, f);
}

static void
on_cancel(void *arg, uint32_t id)
{
	struct onion *o = arg;

	dircirc_cancel(o->dircircs, id);
}

/* A network that requires what we don't speak is left at once, with the
 * circuits that stand (tor-spec 9). */
static void
on_boot_changed(void *arg)
{
	struct bootstrap_status st;
	struct onion *o = arg;

	recheck(o);
	bootstrap_status(o->boot, &st);
	if (st.state != BOOTSTRAP_OBSOLETE)
		return;
	pool_close_all(o->pool);
	chanset_close(o->chans, 1);
}

static void
on_clock_jumped(void *arg)
{
	struct onion *o = arg;

	pool_clock_jumped(o->pool);
}

static const struct bootstrap_user boot_users = {
	.fetch = on_fetch, .cancel = on_cancel, .netdir = on_netdir,
	.enough = on_enough, .progress = on_boot_progress,
	.changed = on_boot_changed, .jumped = on_clock_jumped
};

static void
on_dircirc_begun(void *arg)
{
	struct onion *o = arg;

	if (o->percent >= 15)
		progress(o, 20, "onehop_create",
		    "Establishing an encrypted directory connection");
}

static int
on_dir_result(void *arg, uint32_t id, struct dir_result *res)
{
	struct onion *o = arg;
	int rc = bootstrap_result(o->boot, id, res);

	recheck(o);
	return rc;
}

static const struct dircirc_user dircirc_users = {
	.begun = on_dircirc_begun, .result = on_dir_result
};

/* --- circuits --- */

static void
on_pool_ready(void *arg)
{
	struct onion *o = arg;

	attach_serve(o->attach);
	if (o->boot)			/* this comes every second */
		bootstrap_check_clock(o->boot);
}

static void
on_pool_building(void *arg)
{
	struct onion *o = arg;

	if (o->percent >= 75)
		progress(o, 95, "circuit_create",
		    "Establishing a Tor circuit");
}

static uint64_t
on_pool_queued(void *arg, int64_t *oldest)
{
	struct onion *o = arg;

	return o->user->queued ? o->user->queued(o->arg, oldest) : 0;
}

static uint64_t
on_pool_shed(void *arg, uint64_t bytes, int64_t at)
{
	struct onion *o = arg;

	return o->user->shed ? o->user->shed(o->arg, bytes, at) : 0;
}

static const struct pool_user pool_users = {
	.ready = on_pool_ready, .built = on_pool_built,
	.building = on_pool_building, .queued = on_pool_queued,
	.shed = on_pool_shed
};

/* --- configuration --- */

static void
path_conf(const struct onion *o, const struct onion_conf *c,
    const struct nodes *n, struct path_conf *out)
{
	memset(out, 0, sizeof(*out));
	out->exclude = n->exclude;
	out->exclude_exits = n->exclude_exits;
	out->exits = n->exits;
	out->entries = n->entries;
	out->middles = n->middles;
	out->strict = c->strict_nodes != 0;
	out->kin = n->kin;
	out->long_lived = c->long_lived_ports;
	out->nlong_lived = c->nlong_lived_ports;
	out->paths_needed = c->paths_needed;
	out->guards = o->guards;
	out->reachable = c->may_reach;
	out->reachable_arg = c->may_reach_arg;
}

static void
guard_conf(const struct onion *o, const struct onion_conf *c,
    const struct nodes *n, struct guard_conf *out)
{
	memset(out, 0, sizeof(*out));
	out->nguards = c->num_entry_guards;
	out->ndir = c->num_dir_guards;
	out->nprimary = c->num_primary_guards;
	out->lifetime_s = c->guard_lifetime_s;
	out->exclude = n->exclude;
	out->entries = n->entries;
	out->reachable = c->may_reach;
	out->reachable_arg = c->may_reach_arg;
	out->kin = &n->kin;
	out->version = o->version;
}

static void
timeout_conf(struct onion *o, const struct onion_conf *c,
    struct timeout_conf *out)
{
	out->learn = c->learn_timeout != 0;
	out->fixed_ms = c->build_timeout_s * 1000;
	out->dirty = on_timeout_dirty;
	out->arg = o;
}

static void
pool_conf(struct onion *o, const struct onion_conf *c, struct pool_conf *out)
{
	memset(out, 0, sizeof(*out));
	out->loop = o->loop;
	out->chans = o->chans;
	out->path = o->path;
	out->guards = o->guards;
	out->timeout = o->timeout;
	out->dirtiness_ms = c->dirtiness_s * 1000;
	out->keep_clean_ms = c->predict_s * 1000;
	out->reduced_padding = c->reduced_padding;
	out->retry_ms = c->new_circuit_period_s * 1000;
	out->predict = c->predict;
	out->max_pending = c->max_pending;
	out->reject_internal = c->reject_internal_answers;
	out->extend_by_ed = c->extend_by_ed;
	out->conflux = c->conflux;
	out->conflux_ux = c->conflux_ux;
	out->max_queued = c->max_memory ? c->max_memory : ONION_QUEUED_DEFAULT;
}

static void
attach_conf(struct onion *o, const struct onion_conf *c,
    struct attach_conf *out)
{
	out->loop = o->loop;
	out->pool = o->pool;
	out->path = o->path;
	out->total_ms = c->request_timeout_s * 1000;
	out->try_ms = c->stream_timeout_s * 1000;
	out->reject_internal = c->reject_internal_answers;
}

/* What nodes_new() does not look at, and what path_set_conf() would refuse. */
static int
check_conf(const struct onion_conf *c, char *why, size_t max)
{
	if (c->nlong_lived_ports <= PATH_LONG_LIVED_MAX)
		return 0;
	snprintf(why, max, "LongLivedPorts: there are more than %d",
	    PATH_LONG_LIVED_MAX);
	return -E2BIG;
}

/* --- birth and death --- */

static int
is_excluded_source(void *arg, const struct dirsource_conf *d)
{
	const struct onion *o = arg;
	const struct relayset *set = o->nodes->exclude;

	return relayset_has_parts(set, d->rsa_id, d->nickname, &d->or4) ||
	    relayset_has_parts(set, NULL, NULL, &d->or6);
}

static void
reach_sources(struct onion *o, const struct onion_conf *c)
{
	dirsources_use(o->sources, c->use_v4, c->use_v6);
	dirsources_reach(o->sources, c->may_reach, c->may_reach_arg);
	dirsources_exclude(o->sources, is_excluded_source, o,
	    c->strict_nodes != 0);
}

static int
make_sources(struct onion *o, const struct onion_conf *c)
{
	size_t i, n = c->nauths + c->nfallbacks;
	struct dirsource_conf *all = calloc(n + 1, sizeof(*all));
	int rc;

	if (all == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct onion_authority *a = i < c->nauths ?
		    &c->auths[i] : &c->fallbacks[i - c->nauths];

		memcpy(all[i].nickname, a->nickname, sizeof(all[i].nickname));
		memcpy(all[i].rsa_id, a->rsa_id, sizeof(all[i].rsa_id));
		memcpy(all[i].v3ident, a->v3ident, sizeof(all[i].v3ident));
		all[i].or4 = a->or4;
		all[i].or6 = a->or6;
		all[i].weight = a->weight;
	}
	rc = dirsources_new(&o->sources, o->loop, all, c->nauths,
	    all + c->nauths, c->nfallbacks, c->testing);
	free(all);
	if (rc == 0)
		reach_sources(o, c);
	return rc;
}

static void
reach_conf(const struct onion_conf *c, struct chanset_conf *out)
{
	out->prefer_v6 = c->prefer_v6_or == 1;
	out->use_v4 = c->use_v4 != 0;
	out->use_v6 = c->use_v6 != 0;
	out->may_reach = c->may_reach;
	out->may_reach_arg = c->may_reach_arg;
}

static int
make_links(struct onion *o, const struct onion_conf *c,
    struct event_base *base)
{
	struct tlslink_conf tls = {
		.base = base, .loop = o->loop, .enter = o->user->enter,
		.leave = o->user->leave, .arg = o->arg,
		.bind4 = c->bind4, .bind6 = c->bind6
	};
	struct chanset_conf chans = {
		.loop = o->loop, .user = &chan_users, .arg = o
	};
	int rc;

	reach_conf(c, &chans);
	if ((rc = tlslink_dialer_new(&o->dialer, &tls)) < 0)
		return rc;
	chans.dialer = tlslink_dialer(o->dialer);
	return chanset_new(&o->chans, &chans);
}

static int
make_paths(struct onion *o, const struct onion_conf *c)
{
	struct timeout_conf tc;
	struct guard_conf gc;
	struct path_conf pc;
	int rc;

	timeout_conf(o, c, &tc);
	if ((rc = timeout_new(&o->timeout, o->loop, &tc)) < 0)
		return rc;
	path_conf(o, c, o->nodes, &pc);
	guard_conf(o, c, o->nodes, &gc);
	if (c->use_guards && (rc = guard_new(&o->guards, o->loop, &gc,
	    &guard_users, o)) < 0)
		return rc;
	pc.guards = o->guards;
	if ((rc = path_new(&o->path, o->loop, &pc)) < 0)
		return rc;
	return load_state(o);
}

static int
make_circuits(struct onion *o, const struct onion_conf *c)
{
	struct dircirc_conf dc = {
		.loop = o->loop, .chans = o->chans, .guards = o->guards,
		.path = o->path
	};
	struct attach_conf ac;
	struct pool_conf pc;
	int rc;

	if ((rc = dircirc_new(&o->dircircs, &dc, &dircirc_users, o)) < 0)
		return rc;
	pool_conf(o, c, &pc);
	if ((rc = pool_new(&o->pool, &pc, &pool_users, o)) < 0)
		return rc;
	attach_conf(o, c, &ac);
	return attach_new(&o->attach, &ac);
}

static int
open_store(struct onion *o, const struct onion_conf *c, char *why, size_t max)
{
	char what[256];
	int rc = store_open(&o->store, c->data_dir, what, sizeof(what));

	if (rc < 0)
		snprintf(why, max, "DataDirectory %s: %s", c->data_dir, what);
	return rc;
}

static int
make_bootstrap(struct onion *o)
{
	struct bootstrap_conf bc = {
		.loop = o->loop, .store = o->store, .sources = o->sources,
		.testing = o->testing, .user = &boot_users, .arg = o
	};

	return bootstrap_new(&o->boot, &bc);
}

int
onion_new(struct onion **out, const struct onion_conf *c, struct loop *loop,
    struct event_base *base, const struct onion_user *user, void *arg,
    char *why, size_t max)
{
	struct onion *o = calloc(1, sizeof(*o));
	int rc = -ENOMEM;

	snprintf(why, max, "no memory");
	if (o == NULL)
		return rc;
	crypt_init();
	o->loop = loop;
	o->user = user;
	o->arg = arg;
	o->testing = c->testing;
	o->disabled = c->disable_network != 0;
	snprintf(o->version, sizeof(o->version), "%s", c->version ?
	    c->version : "");
	o->padding = c->padding;
	o->reduced_padding = c->reduced_padding;
	o->tag = "starting";
	o->summary = "Starting";
	loop_item_init(&o->drop_old, drop_old, o);
	if ((rc = check_conf(c, why, max)) < 0 ||
	    (rc = nodes_new(&o->nodes, c, why, max)) < 0 ||
	    (rc = open_store(o, c, why, max)) < 0)
		goto fail;
	snprintf(why, max, "the engine cannot be set up");
	if ((rc = statefile_new(&o->state, loop, o->store)) < 0 ||
	    (rc = make_sources(o, c)) < 0 ||
	    (rc = make_links(o, c, base)) < 0 ||
	    (rc = make_paths(o, c)) < 0 ||
	    (rc = make_circuits(o, c)) < 0 ||
	    (rc = make_bootstrap(o)) < 0)
		goto fail;
	set_padding(o, NULL);
	*out = o;
	return 0;

fail:
	onion_free(o);
	return rc;
}

void
onion_free(struct onion *o)
{
	if (o == NULL)
		return;
	attach_free(o->attach);
	pool_free(o->pool);
	bootstrap_free(o->boot);	/* cancels what dircircs fetch */
	dircirc_free(o->dircircs);
	chanset_free(o->chans);
	loop_end_turn(o->loop);		/* what died above goes now */
	if (o->loaded)			/* else it would be overwritten */
		statefile_flush(o->state);
	statefile_free(o->state);
	path_free(o->path);
	guard_free(o->guards);
	timeout_free(o->timeout);
	dirsources_free(o->sources);
	tlslink_dialer_free(o->dialer);
	store_close(o->store);
	netdir_free(o->old_netdir);
	netdir_free(o->netdir);
	nodes_free(o->nodes);
	loop_item_clear(o->loop, &o->drop_old);
	free(o);
}

int
onion_start(struct onion *o)
{
	o->user->progress(o->arg, 0, o->tag, o->summary);
	if (o->disabled) {
		log_notice(LD_GENERAL, "DisableNetwork is set: nothing is "
		    "sent or received until it is 0");
		return 0;
	}
	return bootstrap_start(o->boot);
}

/* The rest is recheck()'s: the pool builds nothing while we are disabled. */
static void
switch_network(struct onion *o, int disabled)
{
	if (o->disabled == disabled)
		return;
	o->disabled = disabled;
	if (!disabled) {
		bootstrap_start(o->boot);
		return;
	}
	bootstrap_stop(o->boot);
	pool_close_all(o->pool);
	chanset_close(o->chans, 1);
}

static void
new_nodes(struct onion *o, struct nodes *take)
{
	struct nodes *old = o->nodes;

	o->nodes = take;
	/* Circuits of before may go through relays that are excluded now. */
	if (!nodes_same(old, take))
		pool_guards_switched(o->pool);
	nodes_free(old);
}

struct onion_change {
	struct onion_conf conf;
	struct nodes	*nodes;
};

int
onion_prepare(struct onion_change **out, const struct onion_conf *c,
    char *why, size_t max)
{
	struct onion_change *ch;
	int rc;

	if ((rc = check_conf(c, why, max)) < 0)
		return rc;
	snprintf(why, max, "no memory");
	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		return -ENOMEM;
	ch->conf = *c;
	if ((rc = nodes_new(&ch->nodes, c, why, max)) < 0) {
		free(ch);
		return rc;
	}
	*out = ch;
	return 0;
}

void
onion_change_free(struct onion_change *ch)
{
	if (ch == NULL)
		return;
	nodes_free(ch->nodes);
	free(ch);
}

static void
commit_paths(struct onion *o, const struct onion_conf *c, struct nodes *take)
{
	struct timeout_conf tc;
	struct guard_conf gc;
	struct path_conf pc;

	path_conf(o, c, take, &pc);
	guard_conf(o, c, take, &gc);
	path_set_conf(o->path, &pc);	/* check_conf() said that it will */
	if (o->guards)
		guard_set_conf(o->guards, &gc);
	new_nodes(o, take);
	timeout_conf(o, c, &tc);
	timeout_set_conf(o->timeout, &tc);
}

static void
commit_links(struct onion *o, const struct onion_conf *c)
{
	struct chanset_conf cc;

	reach_sources(o, c);
	reach_conf(c, &cc);
	chanset_set_reach(o->chans, &cc);
	tlslink_set_bind(o->dialer, &c->bind4, &c->bind6);
	o->padding = c->padding;
	o->reduced_padding = c->reduced_padding;
	set_padding(o, o->netdir ? o->netdir->params : NULL);
}

void
onion_commit(struct onion *o, struct onion_change *ch)
{
	const struct onion_conf *c = &ch->conf;
	struct attach_conf ac;
	struct pool_conf pc;

	commit_links(o, c);	/* first: nobody is dialled by old rules */
	commit_paths(o, c, ch->nodes);
	pool_conf(o, c, &pc);
	pool_set_conf(o->pool, &pc);
	attach_conf(o, c, &ac);
	attach_set_conf(o->attach, &ac);
	switch_network(o, c->disable_network != 0);
	bootstrap_recheck(o->boot);
	recheck(o);
	free(ch);
}

/* --- the work --- */

static uint32_t
begin_flags(const struct onion_target *t, const struct addr *addr)
{
	uint32_t flags = 0;

	if (addr->family == 4)
		return 0;
	if (addr->family == 6)
		return BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK;
	if (!t->no_ipv6)
		flags |= BEGIN_IPV6_OK;
	if (t->no_ipv4)
		flags |= BEGIN_IPV4_NOT_OK;
	if (t->prefer_ipv6)
		flags |= BEGIN_IPV6_PREFERRED;
	return flags;
}

/* Somebody waits for a network that does not work: all that holds back after
 * failures tries at once, but not for each who comes. */
static void
hurry(struct onion *o)
{
	int64_t every = o->testing ? TEST_HURRY_EVERY_MS : HURRY_EVERY_MS;

	if (o->ready || o->disabled ||
	    (o->hurried && o->loop->now - o->hurried_at < every))
		return;
	o->hurried = 1;
	o->hurried_at = o->loop->now;
	chanset_forgive(o->chans);
	if (o->guards)
		guard_retry_all(o->guards);
	bootstrap_retry(o->boot);
}

int
onion_connect(struct onion *o, const uint8_t token[ONION_TOKEN],
    const struct onion_target *t, struct endpoint **out)
{
	struct attach_target at = { .host = t->host, .port = t->port };

	if (addr_parse_ip(&at.addr, t->host, -1) < 0)
		at.addr.family = 0;
	at.flags = begin_flags(t, &at.addr);
	hurry(o);
	return attach_connect(o->attach, token, &at, out);
}

struct onion_lookup {
	struct attach_lookup *inner;
	struct attach	*attach;
	onion_lookup_fn	*fn;
	void		*arg;
};

static void
on_lookup(void *arg, int err, const struct circ_answer *ans, size_t n)
{
	struct onion_lookup *l = arg;
	struct onion_answer out[ONION_ANSWERS_MAX];
	size_t i, got = 0;

	memset(out, 0, sizeof(out));
	for (i = 0; i < n && got < ONION_ANSWERS_MAX; i++) {
		if (ans[i].type == 4 || ans[i].type == 6)
			out[got].addr = *ans[i].addr;
		else if (ans[i].type == 0)
			out[got].name = ans[i].name;
		else
			continue;
		out[got++].ttl = ans[i].ttl;
	}
	l->inner = NULL;		/* cancelled from within is too late */
	l->fn(l->arg, err, out, got);
	free(l);
}

/* What RESOLVE takes for a reverse lookup: the name of the address in
 * in-addr.arpa or ip6.arpa (tor-spec 6.4). */
static void
reverse_name(const struct addr *a, char out[80])
{
	int i;
	size_t n = 0;

	if (a->family == 4) {
		snprintf(out, 80, "%u.%u.%u.%u.in-addr.arpa", a->ip[3],
		    a->ip[2], a->ip[1], a->ip[0]);
		return;
	}
	for (i = 15; i >= 0; i--)
		n += (size_t)snprintf(out + n, 80 - n, "%x.%x.",
		    a->ip[i] & 15, a->ip[i] >> 4);
	snprintf(out + n, 80 - n, "ip6.arpa");
}

int
onion_resolve(struct onion *o, const uint8_t token[ONION_TOKEN],
    const char *name, onion_lookup_fn *fn, void *arg,
    struct onion_lookup **out)
{
	struct onion_lookup *l = calloc(1, sizeof(*l));
	char reverse[80];
	struct addr a;
	int rc;

	if (l == NULL)
		return -ENOMEM;
	l->attach = o->attach;
	l->fn = fn;
	l->arg = arg;
	if (addr_parse_ip(&a, name, -1) == 0) {
		reverse_name(&a, reverse);
		name = reverse;
	}
	hurry(o);
	if ((rc = attach_resolve(o->attach, token, name, on_lookup, l,
	    &l->inner)) < 0) {
		free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void
onion_lookup_cancel(struct onion_lookup *l)
{
	if (l->inner == NULL)
		return;
	attach_cancel(l->inner);
	free(l);
}

void
onion_newnym(struct onion *o)
{
	pool_newnym(o->pool);
}
