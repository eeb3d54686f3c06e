/* onion/dircirc.c - directory requests over one-hop circuits
 *
 * Theory of operation
 *	One circuit for each request; the channel below is shared, so that a
 *	circuit costs one CREATE.  Where the relay's onion key is known it is
 *	used (ntor), else CREATE_FAST: TLS has proven who it is already.
 *
 *	  fetch -> circuit --built--> BEGIN_DIR, dirclient --> result
 *	              '--gone--> result (an error)
 *
 *	Where an open channel leaves CREATE unanswered it may be dead without
 *	our knowing, and is not used again.
 *
 *	A request ends once: whichever of its parts fails first takes the others
 *	down.  A directory guard has succeeded once it answered by HTTP: it can
 *	be reached, which is all that matters to those who go through it.  If
 *	the answer was no good (503, a broken document) that kind of document is
 *	asked of others for AVOID_MS.  It failed where there was no answer.
 * Limits
 *	AVOIDED_MAX guards are avoided, so that none can lead us on to ever more
 *	of them; where no other can be had they are asked all the same.
 */
#include "onion/dircirc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/loop.h"
#include "onion/circ/circ.h"
#include "onion/circ/flowctl.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/dirclient.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/link/chan.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"

enum {
	BUILD_MS	= 30 * 1000,
	ANSWER_MS	= 10 * 1000,	/* for CREATE, at the least */
	AVOIDED_MAX	= 3,
	AVOID_MS	= 10 * 60 * 1000
};

struct avoided {
	enum dir_kind	 kind;
	uint8_t		 rsa[20];
	int64_t		 until;		/* loop ms */
};

struct dircirc {
	LIST_ENTRY(dircirc) link;
	struct dircircs	*set;
	uint32_t	 id;
	struct circ	*circ;
	struct dirclient *client;
	struct guard_use *guard;
	struct dir_request request;
	char		*path;		/* copies of the request's strings */
	char		*host;
	int64_t		 began;
	struct loop_timer timer;
	struct loop_item reap;
	uint8_t		 dead;
};

struct dircircs {
	struct dircirc_conf conf;
	const struct dircirc_user *user;
	void		*arg;
	struct flow_params flow;
	struct avoided	 avoided[AVOIDED_MAX];
	LIST_HEAD(, dircirc) all;
	size_t		 count;
};

static void
reap(void *arg)
{
	struct dircirc *d = arg;

	free(d->path);
	free(d->host);
	free(d);
}

static void
discard(struct dircirc *d)
{
	d->dead = 1;
	LIST_REMOVE(d, link);
	d->set->count--;
	loop_timer_clear(d->set->conf.loop, &d->timer);
	if (d->client)
		dirclient_cancel(d->client);
	if (d->circ)
		circ_kill(d->circ, CIRC_WHY_FINISHED);
	guard_use_free(d->guard);
	d->client = NULL;
	d->circ = NULL;
	d->guard = NULL;
	loop_item_add(d->set->conf.loop, &d->reap);
}

static void
avoid(struct dircircs *set, enum dir_kind kind, const uint8_t rsa[20])
{
	struct avoided *a, *best = set->avoided;

	for (a = set->avoided; a < set->avoided + AVOIDED_MAX; a++) {
		if (a->kind == kind && memcmp(a->rsa, rsa, 20) == 0) {
			best = a;
			break;
		}
		if (a->until < best->until)
			best = a;
	}
	best->kind = kind;
	memcpy(best->rsa, rsa, sizeof(best->rsa));
	best->until = set->conf.loop->now + AVOID_MS;
}

static void
judge_guard(struct dircircs *set, struct guard_use *guard, enum dir_kind kind,
    int status, int verdict)
{
	int bad = verdict < 0 && verdict != -ENOENT;

	if (bad && status == 0) {
		guard_failed(guard);
		return;
	}
	if (bad)
		avoid(set, kind, guard_rsa(guard));
	guard_succeeded(guard);
}

static void
end(struct dircirc *d, struct dir_result *res)
{
	struct dircircs *set = d->set;
	struct guard_use *guard = d->guard;
	int verdict, status = res->status;

	if (d->dead)
		return;
	d->guard = NULL;
	discard(d);
	verdict = set->user->result(set->arg, d->id, res);
	if (guard)
		judge_guard(set, guard, d->request.kind, status, verdict);
	guard_use_free(guard);
}

static void
fail(struct dircirc *d, int err)
{
	struct dir_result res = { .err = err };

	end(d, &res);
}

static void
on_result(void *arg, struct dir_result *res)
{
	struct dircirc *d = arg;

	d->client = NULL;
	end(d, res);
}

static void
on_built(void *arg)
{
	struct dircirc *d = arg;
	struct endpoint *ep;
	int rc;

	loop_timer_clear(d->set->conf.loop, &d->timer);
	if (d->set->conf.guards)
		guard_note_online(d->set->conf.guards);
	if ((rc = circ_begin_dir(d->circ, &ep)) < 0) {
		fail(d, rc);
		return;
	}
	rc = dirclient_get(&d->client, d->set->conf.loop, ep, &d->request,
	    on_result, d);
	if (rc < 0)
		fail(d, rc);
}

static void
on_gone(void *arg, enum circ_why why)
{
	struct dircirc *d = arg;

	d->circ = NULL;
	fail(d, why == CIRC_WHY_CHANNEL ? -EHOSTUNREACH : -ECONNRESET);
}

static void
on_hop(void *arg, size_t built)
{
	(void)arg;
	(void)built;
}

static void
on_timer(void *arg)
{
	struct dircirc *d = arg;
	struct chan *chan = d->circ ? circ_chan(d->circ) : NULL;

	if (chan && chan_open_ms(chan) >= ANSWER_MS)
		(void)chanset_distrust(d->set->conf.chans, chan);
	fail(d, -ETIMEDOUT);
}

static const struct circ_user circ_users = {
	.hop = on_hop, .built = on_built, .gone = on_gone
};

static int
pick_guard(struct dircircs *set, enum dir_kind kind, struct dircirc *d)
{
	uint8_t not[AVOIDED_MAX][20];
	struct guard_limit limit = { .exclude = (const uint8_t (*)[20])not };
	const struct avoided *a;

	for (a = set->avoided; a < set->avoided + AVOIDED_MAX; a++)
		if (a->kind == kind && a->until > set->conf.loop->now)
			memcpy(not[limit.nexclude++], a->rsa, 20);
	if (limit.nexclude > 0 && guard_pick(set->conf.guards, GUARD_FOR_DIR,
	    &limit, d, &d->guard) == 0)
		return 0;
	return guard_pick(set->conf.guards, GUARD_FOR_DIR, NULL, d, &d->guard);
}

/* Whom to ask; 0 or -EAGAIN. */
static int
choose(struct dircircs *set, const struct dir_fetch *f, struct dircirc *d,
    struct hopinfo *hop)
{
	static const struct path_request any = { .kind = PATH_ONE_HOP };
	const struct relay *r;
	struct path path;

	if (f->source) {
		dirsource_hopinfo(f->source, hop);
		return 0;
	}
	if (set->conf.guards == NULL) {
		if (path_choose(set->conf.path, &any, &path) < 0)
			return -EAGAIN;
		relay_hopinfo(path.hop[0], hop);
		return 0;
	}
	if (pick_guard(set, f->request.kind, d) < 0)
		return -EAGAIN;
	if ((r = guard_relay(d->guard)) == NULL)
		return -EAGAIN;
	relay_hopinfo(r, hop);
	return 0;
}

static int
open_circ(struct dircircs *set, struct dircirc *d, const struct hopinfo *hop)
{
	struct circ_hop one = { .info = *hop };
	struct circ_conf conf = { .loop = set->conf.loop, .flow = &set->flow };
	struct chan *chan;
	int rc;

	one.kind = hop->has_ntor ? HANDSHAKE_NTOR : HANDSHAKE_FAST;
	if ((rc = chanset_get(set->conf.chans, hop, &chan)) < 0)
		return rc;
	return circ_new(&d->circ, &conf, chan, &one, 1, &circ_users, d);
}

/* The stage callback is copied with the rest: its owner cancels what it asked
 * for before it goes.  Who asks a guard does not know where that is. */
static int
copy_request(struct dircirc *d, const struct dir_request *r,
    const struct hopinfo *hop)
{
	const struct addr *a = hop->or4.family ? &hop->or4 : &hop->or6;
	const char *host = r->host;
	char text[ADDR_TEXT];

	if (host == NULL && !r->anonymised && a->family)
		host = addr_raw(a, text);
	d->request = *r;
	d->request.path = d->path = strdup(r->path);
	d->request.host = d->host = host ? strdup(host) : NULL;
	return d->path && (d->host || host == NULL) ? 0 : -ENOMEM;
}

int
dircirc_fetch(struct dircircs *set, const struct dir_fetch *f)
{
	struct dircirc *d = calloc(1, sizeof(*d));
	struct hopinfo hop;
	int rc = -ENOMEM;

	if (d == NULL)
		return rc;
	d->set = set;
	d->id = f->id;
	d->began = set->conf.loop->now;
	loop_timer_init(&d->timer, on_timer, d);
	loop_item_init(&d->reap, reap, d);
	if ((rc = choose(set, f, d, &hop)) < 0 ||
	    (rc = copy_request(d, &f->request, &hop)) < 0)
		goto fail;
	if ((rc = open_circ(set, d, &hop)) < 0)
		goto fail_guard;
	LIST_INSERT_HEAD(&set->all, d, link);
	set->count++;
	loop_timer_in(set->conf.loop, &d->timer, BUILD_MS);
	set->user->begun(set->arg);
	return 0;

fail_guard:
	if (d->guard && rc == -EHOSTDOWN)
		guard_failed(d->guard);
	if (f->source == NULL)
		rc = -EAGAIN;
fail:
	guard_use_free(d->guard);
	reap(d);
	return rc;
}

void
dircirc_cancel(struct dircircs *set, uint32_t id)
{
	struct dircirc *d;

	LIST_FOREACH(d, &set->all, link) {
		if (d->id == id) {
			discard(d);
			return;
		}
	}
}

int
dircirc_new(struct dircircs **out, const struct dircirc_conf *conf,
    const struct dircirc_user *user, void *arg)
{
	struct dircircs *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	set->conf = *conf;
	set->user = user;
	set->arg = arg;
	flow_params_load(&set->flow, NULL);
	LIST_INIT(&set->all);
	*out = set;
	return 0;
}

void
dircirc_free(struct dircircs *set)
{
	struct dircirc *d;

	if (set == NULL)
		return;
	while ((d = LIST_FIRST(&set->all)) != NULL)
		discard(d);
	free(set);
}

size_t
dircirc_count(const struct dircircs *set)
{
	return set->count;
}

void
dircirc_each(const struct dircircs *set, void (*fn)(void *,
    const struct circ *, int64_t), void *arg)
{
	const struct dircirc *d;

	LIST_FOREACH(d, &set->all, link)
		if (d->circ)
			fn(arg, d->circ, set->conf.loop->now - d->began);
}
