/* onion/onionmake.c - how an engine is made, changed and ended
 *
 * Theory of operation
 *	Parts are made from the lowest layer up, and freed the other way; what
 *	was made when something fails goes by the same onion_free().
 *
 *	A change of the configuration has two steps.  onion_prepare() does all
 *	that can fail and touches nothing; onion_commit() cannot fail, and puts
 *	the rules of who may be dialled in place before anything else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "onion/bridges.h"
#include "onion/circ/attach.h"
#include "onion/circ/pool.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dir/statefile.h"
#include "onion/dir/store.h"
#include "onion/dircirc.h"
#include "onion/hs/hsauth.h"
#include "onion/hs/hsnet.h"
#include "onion/link/chan.h"
#include "onion/link/tlslink.h"
#include "onion/nodes.h"
#include "onion/onion_int.h"
#include "onion/onionconf.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"
#include "onion/path/relayset.h"
#include "onion/path/timeout.h"

/* --- configuration --- */

static void
path_conf(const struct onion *o, const struct onion_conf *c,
    const struct nodes *n, struct path_conf *out)
{
	memset(out, 0, sizeof(*out));
	out->exclude = n->exclude;
	out->exclude_exits = n->exclude_exits;
	out->exits = n->exits;
	out->exit_sets = n->exit_sets;
	out->nexit_sets = n->nexit_sets;
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
	if (o->bridges == NULL)
		return;
	out->reachable = bridges_may_dial;
	out->reachable_arg = o->bridges;
	out->bridges = bridges_relays(o->bridges, &out->nbridges);
}

static void
timeout_conf(struct onion *o, const struct onion_conf *c,
    struct timeout_conf *out)
{
	out->learn = c->learn_timeout != 0;
	out->fixed_ms = c->build_timeout_s * 1000;
	out->dirty = onion_timeout_dirty;
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
	out->max_queued = c->max_memory ? c->max_memory : ONION_MEMORY;
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
	out->services.get = hsnet_get;
	out->services.spoil = hsnet_spoil;
	out->services.arg = o->hsnet;
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
	if (o->bridges)
		dirsources_reach(o->sources, bridges_may_dial, o->bridges);
	else
		dirsources_reach(o->sources, c->may_reach, c->may_reach_arg);
	/* A bridge that ExcludeNodes names is no guard, nor asked then. */
	dirsources_exclude(o->sources, is_excluded_source, o,
	    c->strict_nodes != 0 || o->bridges != NULL);
}

static void
take_source(struct dirsource_conf *to, const struct onion_authority *a)
{
	memcpy(to->nickname, a->nickname, sizeof(to->nickname));
	memcpy(to->rsa_id, a->rsa_id, sizeof(to->rsa_id));
	memcpy(to->v3ident, a->v3ident, sizeof(to->v3ident));
	to->or4 = a->or4;
	to->or6 = a->or6;
	to->weight = a->weight;
}

static void
take_bridge(struct dirsource_conf *to, const struct onion_bridge *b)
{
	memcpy(to->rsa_id, b->rsa_id, sizeof(to->rsa_id));
	*(b->addr.family == 4 ? &to->or4 : &to->or6) = b->addr;
	to->weight = 1;
}

/* With bridges these are all that is ever asked; authorities still have their
 * say on a consensus. */
static int
make_sources(struct onion *o, const struct onion_conf *c)
{
	size_t more = c->nbridges ? c->nbridges : c->nfallbacks, i;
	struct dirsource_conf *all = calloc(c->nauths + more + 1, sizeof(*all));
	int rc;

	if (all == NULL)
		return -ENOMEM;
	for (i = 0; i < c->nauths; i++) {
		take_source(&all[i], &c->auths[i]);
		if (c->nbridges)
			all[i].weight = 0;
	}
	for (i = 0; i < more; i++)
		if (c->nbridges)
			take_bridge(&all[c->nauths + i], &c->bridges[i]);
		else
			take_source(&all[c->nauths + i], &c->fallbacks[i]);
	rc = dirsources_new(&o->sources, o->loop, all, c->nauths,
	    all + c->nauths, more, c->testing);
	free(all);
	if (rc < 0)
		return rc;
	reach_sources(o, c);
	if (c->nbridges)
		dirsources_are_few(o->sources);
	return 0;
}

static void
reach_conf(const struct onion *o, const struct onion_conf *c,
    struct chanset_conf *out)
{
	out->prefer_v6 = c->prefer_v6_or == 1;
	out->use_v4 = c->use_v4 != 0;
	out->use_v6 = c->use_v6 != 0;
	out->may_reach = c->may_reach;
	out->may_reach_arg = c->may_reach_arg;
	if (o->bridges == NULL)
		return;
	out->may_reach = bridges_may_dial;
	out->may_reach_arg = o->bridges;
}

static int
make_links(struct onion *o, const struct onion_conf *c,
    struct event_base *base)
{
	struct tlslink_conf tls = {
		.base = base, .loop = o->loop, .enter = o->user->enter,
		.leave = o->user->leave, .arg = o->arg,
		.bind4 = c->bind4, .bind6 = c->bind6,
		.dial = { .socket = c->socket, .arg = c->socket_arg },
		.permit = c->permit
	};
	struct chanset_conf chans = {
		.loop = o->loop, .user = &onion_chan_users, .arg = o
	};
	int rc;

	reach_conf(o, c, &chans);
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
	if ((c->use_guards || o->bridges) && (rc = guard_new(&o->guards, o->loop, &gc,
	    &onion_guard_users, o)) < 0)
		return rc;
	pc.guards = o->guards;
	if ((rc = path_new(&o->path, o->loop, &pc)) < 0)
		return rc;
	return onion_load_state(o);
}

static int
load_auth(struct hsauth **out, const struct onion_conf *c, char *why,
    size_t max)
{
	return hsauth_load(out, c->client_onion_auth_dir, why, max);
}

static int
make_services(struct onion *o, struct event_base *base, struct hsauth *take)
{
	struct hsnet_conf hc = {
		.loop = o->loop, .base = base, .enter = o->user->enter,
		.leave = o->user->leave, .turn = o->arg, .pool = o->pool,
		.path = o->path, .testing = o->testing, .wake = onion_wake, .arg = o
	};

	return hsnet_new(&o->hsnet, &hc, take);
}

static int
make_circuits(struct onion *o, const struct onion_conf *c,
    struct event_base *base, struct hsauth *auth)
{
	struct dircirc_conf dc = {
		.loop = o->loop, .chans = o->chans, .guards = o->guards,
		.path = o->path
	};
	struct attach_conf ac;
	struct pool_conf pc;
	int rc;

	if ((rc = dircirc_new(&o->dircircs, &dc, &onion_dircirc_users, o)) < 0)
		goto fail;
	pool_conf(o, c, &pc);
	if ((rc = pool_new(&o->pool, &pc, &onion_pool_users, o)) < 0)
		goto fail;
	if ((rc = make_services(o, base, auth)) < 0)
		return rc;
	attach_conf(o, c, &ac);
	return attach_new(&o->attach, &ac);

fail:
	hsauth_free(auth);
	return rc;
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
		.testing = o->testing, .user = &onion_boot_users, .arg = o
	};

	return bootstrap_new(&o->boot, &bc);
}

void
onion_init(void)
{
	crypt_init();
}

int
onion_new(struct onion **out, const struct onion_conf *c, struct loop *loop,
    struct event_base *base, const struct onion_user *user, void *arg,
    char *why, size_t max)
{
	struct onion *o = calloc(1, sizeof(*o));
	struct hsauth *auth = NULL;
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
	loop_item_init(&o->drop_old, onion_drop_old, o);
	if ((rc = check_conf(c, why, max)) < 0 ||
	    (rc = nodes_new(&o->nodes, c, why, max)) < 0 ||
	    (rc = open_store(o, c, why, max)) < 0 ||
	    (rc = load_auth(&auth, c, why, max)) < 0)
		goto fail;
	snprintf(why, max, "the engine cannot be set up");
	if ((rc = statefile_new(&o->state, loop, o->store)) < 0 ||
	    (c->nbridges && (rc = bridges_new(&o->bridges, loop, c,
	    &onion_bridge_users, o)) < 0) ||
	    (rc = make_sources(o, c)) < 0 ||
	    (rc = make_links(o, c, base)) < 0 ||
	    (o->bridges && (rc = bridges_attach(o->bridges, o->chans)) < 0) ||
	    (rc = make_paths(o, c)) < 0)
		goto fail;
	rc = make_circuits(o, c, base, auth);
	auth = NULL;			/* it has been taken */
	if (rc < 0 || (rc = make_bootstrap(o)) < 0)
		goto fail;
	onion_set_padding(o, NULL);
	*out = o;
	return 0;

fail:
	hsauth_free(auth);
	onion_free(o);
	return rc;
}

void
onion_free(struct onion *o)
{
	if (o == NULL)
		return;
	attach_free(o->attach);
	o->attach = NULL;
	hsnet_free(o->hsnet);
	pool_free(o->pool);
	bootstrap_free(o->boot);	/* cancels what dircircs fetch */
	dircirc_free(o->dircircs);
	bridges_stop(o->bridges);
	chanset_free(o->chans);
	loop_end_turn(o->loop);		/* what died above goes now */
	if (o->loaded)			/* else it would be overwritten */
		statefile_flush(o->state);
	statefile_free(o->state);
	path_free(o->path);
	guard_free(o->guards);
	bridges_free(o->bridges);	/* they were lent to the guards */
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
	if (o->bridges)
		bridges_start(o->bridges);
	return bootstrap_start(o->boot);
}

/* The rest is onion_recheck()'s: the pool builds nothing while we are disabled. */
static void
switch_network(struct onion *o, int disabled)
{
	if (o->disabled == disabled)
		return;
	o->disabled = disabled;
	if (!disabled) {
		if (o->bridges)
			bridges_start(o->bridges);
		bootstrap_start(o->boot);
		return;
	}
	bootstrap_stop(o->boot);
	bridges_stop(o->bridges);
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
	struct hsauth	*auth;
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
	if ((rc = nodes_new(&ch->nodes, c, why, max)) < 0 ||
	    (rc = load_auth(&ch->auth, c, why, max)) < 0) {
		onion_change_free(ch);
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
	hsauth_free(ch->auth);
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

	if (o->bridges) {
		bridges_set_reach(o->bridges, c);
		bridges_retry(o->bridges);
	}
	reach_sources(o, c);
	reach_conf(o, c, &cc);
	chanset_set_reach(o->chans, &cc);
	tlslink_set_bind(o->dialer, &c->bind4, &c->bind6);
	o->padding = c->padding;
	o->reduced_padding = c->reduced_padding;
	onion_set_padding(o, o->netdir ? o->netdir->params : NULL);
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
	hsnet_set_auth(o->hsnet, ch->auth);
	attach_conf(o, c, &ac);
	attach_set_conf(o->attach, &ac);
	switch_network(o, c->disable_network != 0);
	bootstrap_recheck(o->boot);
	onion_recheck(o);
	free(ch);
}
