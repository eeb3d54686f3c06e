/* onion/onion.c - the door: a Tor client as one object
 *
 * Theory of operation
 *	Nothing but the joints: what a part tells its owner is passed to those
 *	whom it concerns.  (How it is made and changed: onionmake.c.)
 *
 *	  bootstrap --netdir--> guards, path, timeout, pool
 *	            --fetch---> dircircs --result--> bootstrap
 *	  chanset   --failed--> guards      --skew--> bootstrap
 *	  guards    --ready---> pool
 *	  bootstrap --jumped--> pool
 *	  pool      --ready---> attach      --built--> "Bootstrapped 100%"
 *	            --ready---> hsnet       --wake---> attach
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
#include <strings.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/why.h"
#include "onion/bridges.h"
#include "onion/circ/attach.h"
#include "onion/circ/pool.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/dir/statefile.h"
#include "onion/dircirc.h"
#include "onion/hs/hsnet.h"
#include "onion/hs/onionaddr.h"
#include "onion/link/chan.h"
#include "onion/nodes.h"
#include "onion/onion_int.h"
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
	if (o->bridges)
		bridges_chan_open(o->bridges, chan_id(chan)->rsa);
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

	if (was_open || why == CHAN_WHY_CLOSED)
		return;
	if (o->guards)
		guard_chan_failed(o->guards, wanted->id.rsa);
	if (o->bridges)
		bridges_chan_failed(o->bridges, wanted->id.rsa, why);
}

static void
on_skew(void *arg, const struct relayid *id, int64_t seconds)
{
	struct onion *o = arg;

	bootstrap_skew(o->boot, id, seconds);
}

const struct chanset_user onion_chan_users = {
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

const struct guard_user onion_guard_users = {
	.dirty = on_guard_dirty, .ready = on_guard_ready,
	.stale = on_guard_stale, .switched = on_guard_switched
};

void
onion_timeout_dirty(void *arg)
{
	struct onion *o = arg;

	if (o->state)
		statefile_dirty(o->state, 0);
}

int
onion_load_state(struct onion *o)
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

void
onion_drop_old(void *arg)
{
	struct onion *o = arg;

	netdir_free(o->old_netdir);
	o->old_netdir = NULL;
}

void
onion_set_padding(struct onion *o, const struct params *p)
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
	if (o->bridges)
		bridges_set_netdir(o->bridges, nd);
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

void
onion_recheck(struct onion *o)
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
on_bridges_changed(void *arg)
{
	struct onion *o = arg;

	guard_bridges_changed(o->guards);
	bootstrap_recheck(o->boot);
	onion_recheck(o);
}

static int
is_excluded_bridge(void *arg, const struct relay *r)
{
	const struct onion *o = arg;

	return relayset_has(o->nodes->exclude, o->netdir, r);
}

const struct bridges_user onion_bridge_users = {
	.changed = on_bridges_changed, .excluded = is_excluded_bridge
};

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
	hsnet_set_netdir(o->hsnet, nd);
	timeout_set_netdir(o->timeout, nd);
	onion_set_padding(o, nd ? nd->params : NULL);
	onion_recheck(o);
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

	onion_recheck(o);
	bootstrap_status(o->boot, &st);
	if (st.state != BOOTSTRAP_OBSOLETE)
		return;
	bridges_stop(o->bridges);
	pool_close_all(o->pool);
	chanset_close(o->chans, 1);
}

static void
on_clock_jumped(void *arg)
{
	struct onion *o = arg;

	pool_clock_jumped(o->pool);
	if (o->bridges)
		bridges_retry(o->bridges);
}

const struct bootstrap_user onion_boot_users = {
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

	onion_recheck(o);
	return rc;
}

const struct dircirc_user onion_dircirc_users = {
	.begun = on_dircirc_begun, .result = on_dir_result
};

/* --- circuits --- */

/* After a sleep the first who wants something may come before any timer of ours:
 * nothing from before is to be used for that either. */
static void
notice_sleep(struct onion *o)
{
	if (o->boot)
		bootstrap_check_clock(o->boot);
}

static void
on_pool_ready(void *arg)
{
	struct onion *o = arg;

	notice_sleep(o);		/* this comes every second */
	hsnet_room(o->hsnet);
	attach_serve(o->attach);
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

const struct pool_user onion_pool_users = {
	.ready = on_pool_ready, .built = on_pool_built,
	.building = on_pool_building, .queued = on_pool_queued,
	.shed = on_pool_shed
};

void
onion_wake(void *arg)
{
	struct onion *o = arg;

	if (o->attach)			/* else all ends, or begins */
		attach_wake(o->attach);
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
	if (o->bridges)
		bridges_retry(o->bridges);
	bootstrap_retry(o->boot);
}

/* Is the last label of @name that one?  Dots behind it don't count. */
static int
is_under(const char *name, const char *top)
{
	size_t n = strlen(name), len = strlen(top);

	while (n > 0 && name[n - 1] == '.')
		n--;
	return n >= len && strncasecmp(name + n - len, top, len) == 0 &&
	    (n == len || name[n - len - 1] == '.');
}

/* No exit is ever told such a name: it would say who is wanted, and find out
 * nothing. */
static int
is_ours_alone(const char *name)
{
	return is_under(name, "onion") || is_under(name, "exit");
}

/* 0 or -WHY_HS_ADDRESS, which the log explains without saying who. */
static int
find_service(const char *host, uint8_t key[ONIONADDR_KEY])
{
	static struct log_limit limit = { .every_s = 60 };
	enum onionaddr_verdict v = onionaddr_parse(host, key);

	if (v == ONIONADDR_OK)
		return 0;
	log_limited(&limit, LL_NOTICE, LD_STREAM, "an address of an onion "
	    "service that cannot be was asked for: %s", v == ONIONADDR_NOT ?
	    "it has no label" : onionaddr_why(v));
	return -WHY_HS_ADDRESS;
}

static const uint8_t *
exits_of(const char *text, uint8_t id[PATH_EXITS_ID])
{
	if (text == NULL || *text == '\0')
		return NULL;
	nodes_exits_id(id, text);
	return id;
}

int
onion_connect(struct onion *o, const uint8_t token[ONION_TOKEN],
    const struct onion_target *t, struct endpoint **out)
{
	struct attach_target at = { .host = t->host, .port = t->port,
		.exit = t->exit, .alone = t->alone };
	uint8_t key[ONIONADDR_KEY], exits[PATH_EXITS_ID];

	if (is_under(t->host, "exit"))
		return -EINVAL;
	if (is_under(t->host, "onion")) {
		if (find_service(t->host, key) < 0)
			return -WHY_HS_ADDRESS;
		at.service = key;
	} else {
		at.exits = exits_of(t->exits, exits);
		if (addr_parse_ip(&at.addr, t->host, -1) < 0)
			at.addr.family = 0;
		at.flags = begin_flags(t, &at.addr);
	}
	notice_sleep(o);
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
    const struct onion_question *q, onion_lookup_fn *fn, void *arg,
    struct onion_lookup **out)
{
	uint8_t exits[PATH_EXITS_ID];
	struct attach_question aq = { .name = q->name,
		.exits = exits_of(q->exits, exits) };
	struct onion_lookup *l;
	char reverse[80];
	struct addr a;
	int rc;

	if (is_ours_alone(q->name))
		return -ENOENT;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -ENOMEM;
	l->attach = o->attach;
	l->fn = fn;
	l->arg = arg;
	if (addr_parse_ip(&a, q->name, -1) == 0) {
		reverse_name(&a, reverse);
		aq.name = reverse;
	}
	notice_sleep(o);
	hurry(o);
	if ((rc = attach_resolve(o->attach, token, &aq, on_lookup, l,
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

static const struct relay *
relay_of_fingerprint(const struct netdir *nd, const char *hex)
{
	uint8_t rsa[20];

	if (strlen(hex) != 2 * sizeof(rsa) || dec_hex(rsa, sizeof(rsa), hex,
	    strlen(hex)) != (int)sizeof(rsa))
		return NULL;
	return netdir_by_rsa(nd, rsa);
}

static const struct relay *
relay_of_nickname(const struct netdir *nd, const char *name)
{
	const struct relay *r, *next;
	size_t i = 0;

	r = netdir_by_nickname(nd, name, &i);
	next = r ? netdir_by_nickname(nd, name, &i) : NULL;
	return next ? NULL : r;
}

/* A nickname has 19 characters at most, so it can't be a fingerprint. */
int
onion_relay_named(const struct onion *o, const char *name, uint8_t rsa[20])
{
	const struct relay *r;

	if (o->netdir == NULL)
		return -EAGAIN;
	if (name[0] == '$')
		r = relay_of_fingerprint(o->netdir, name + 1);
	else if ((r = relay_of_fingerprint(o->netdir, name)) == NULL)
		r = relay_of_nickname(o->netdir, name);
	if (r == NULL)
		return -ENOENT;
	memcpy(rsa, r->rsa, sizeof(r->rsa));
	return 0;
}

void
onion_newnym(struct onion *o)
{
	pool_newnym(o->pool);
	hsnet_newnym(o->hsnet);
}
