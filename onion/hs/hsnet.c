/* onion/hs/hsnet.c - the network as the client of onion services sees it
 *
 * Theory of operation
 *	A circuit is a struct hscirc to hsclient, and a struct pool_circ to the
 *	pool; it begins with open() and ends with close() or with the pool's
 *	gone(), whichever is first, and is freed then.
 *
 *	hsclient --open, close--> pool --built, message, gone--> hsclient
 *	         --fetch--> BEGIN_DIR, dirclient --answer-->
 *	         --send, join--> circ
 *	         --solve--> hspow --proof-->
 *	attach   --get--> hsclient --wake--> attach
 *
 *	What hsclient knows is kept by a token made of the stream's token and
 *	its identity (nym), so that a stream that began to wait before a new
 *	identity shares nothing with one that came after.
 */
#include "onion/hs/hsnet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "base/wire.h"
#include "onion/circ/circ.h"
#include "onion/circ/pool.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/dirclient.h"
#include "onion/hs/hsauth.h"
#include "onion/hs/hsclient.h"
#include "onion/hs/hspow.h"
#include "onion/path/path.h"

struct hscirc {
	LIST_ENTRY(hscirc) link;
	struct hsnet	*net;
	struct pool_circ *pc;
	struct dirclient *fetch;	/* or NULL */
	uint8_t		 has_last;
	struct hopinfo	 last;		/* else the third hop is */
};

struct hsnet {
	struct hsnet_conf conf;
	struct hsclient	*client;
	struct hspow	*pow;		/* NULL: none */
	struct hsauth	*auth;
	LIST_HEAD(, hscirc) circs;
};

static void
drop_circ(struct hscirc *hc)
{
	if (hc->fetch)
		dirclient_cancel(hc->fetch);
	LIST_REMOVE(hc, link);
	free(hc);
}

/* --- what circuits tell --- */

static void
on_built(void *arg)
{
	struct hscirc *hc = arg;

	hsclient_built(hc->net->client, hc);
}

static int
on_message(void *arg, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct hscirc *hc = arg;

	return hsclient_message(hc->net->client, hc, cmd, data, len);
}

static void
on_gone(void *arg, int reached)
{
	struct hscirc *hc = arg;

	hsclient_gone(hc->net->client, hc, reached);
	drop_circ(hc);
}

static const struct pool_hs_user circ_users = {
	.built = on_built, .message = on_message, .gone = on_gone
};

static void
on_fetched(void *arg, struct dir_result *res)
{
	struct hscirc *hc = arg;

	hc->fetch = NULL;
	hsclient_fetched(hc->net->client, hc, res->err ? 0 : res->status,
	    res->body, res->err ? 0 : res->len);
}

/* --- what hsclient wants --- */

static enum pool_hs_kind
kind_of(const struct hsclient_want *want)
{
	if (want->purpose == HS_DIR)
		return POOL_HS_DIR;
	if (want->purpose == HS_INTRO)
		return POOL_HS_INTRO;
	return want->stable ? POOL_HS_REND_STABLE : POOL_HS_REND;
}

static int
net_open(void *arg, const struct hsclient_want *want, void **out)
{
	struct hsnet *n = arg;
	struct hscirc *hc;
	int rc;

	if ((hc = calloc(1, sizeof(*hc))) == NULL)
		return -ENOMEM;
	hc->net = n;
	hc->has_last = want->last != NULL;
	if (want->last)
		hc->last = *want->last;
	rc = pool_hs_open(n->conf.pool, kind_of(want), want->token,
	    want->last, &circ_users, hc, &hc->pc);
	if (rc < 0) {
		free(hc);
		return rc;
	}
	LIST_INSERT_HEAD(&n->circs, hc, link);
	*out = hc;
	return 0;
}

static int
net_excluded(void *arg, const struct hopinfo *h)
{
	struct hsnet *n = arg;

	return path_excludes(n->conf.path, h);
}

static void
net_close(void *arg, void *circ)
{
	struct hscirc *hc = circ;

	(void)arg;
	pool_circ_close(hc->pc);
	drop_circ(hc);
}

static int
net_fetch(void *arg, void *circ, const char *path)
{
	struct dir_request req = { .kind = DIR_KIND_HSDESC, .path = path,
		.anonymised = 1 };
	struct hsnet *n = arg;
	struct hscirc *hc = circ;
	struct circ *c = pool_circ(hc->pc);
	struct endpoint *ep;
	int rc;

	if (hc->fetch)
		return -EBUSY;
	if (c == NULL)
		return -ENOTCONN;
	if ((rc = circ_begin_dir(c, &ep)) < 0)
		return rc;
	return dirclient_get(&hc->fetch, n->conf.loop, ep, &req, on_fetched,
	    hc);
}

static int
net_send(void *arg, void *circ, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct circ *c = pool_circ(((struct hscirc *)circ)->pc);

	(void)arg;
	return c ? circ_tell(c, cmd, data, len) : -ENOTCONN;
}

static const struct hopinfo *
net_last(void *arg, void *circ)
{
	struct hscirc *hc = circ;
	struct circ *c = pool_circ(hc->pc);

	(void)arg;
	if (hc->has_last)
		return &hc->last;
	return c ? circ_hopinfo(c, circ_nhops(c) - 1) : NULL;
}

static int
net_join(void *arg, void *circ, const struct hsntor_keys *keys, int cc,
    uint8_t sendme_inc)
{
	struct hscirc *hc = circ;
	struct circ *c = pool_circ(hc->pc);
	int rc;

	(void)arg;
	if (c == NULL)
		return -ENOTCONN;
	if ((rc = circ_join_service(c, keys, cc, sendme_inc)) == 0)
		pool_circ_joined(hc->pc);
	return rc;
}

static void
net_wake(void *arg)
{
	struct hsnet *n = arg;

	n->conf.wake(n->conf.arg);
}

static int
net_solve(void *arg, const struct hspow_ask *ask, hspow_fn *fn, void *cb_arg,
    struct hspow_job **out)
{
	struct hsnet *n = arg;

	return n->pow ? hspow_solve(n->pow, ask, fn, cb_arg, out) : -ENOTSUP;
}

static void
net_unsolve(void *arg, struct hspow_job *job)
{
	(void)arg;
	hspow_cancel(job);
}

static const struct hsclient_net net_calls = {
	.open = net_open, .excluded = net_excluded,
	.fetch = net_fetch, .send = net_send,
	.last = net_last, .join = net_join, .close = net_close,
	.wake = net_wake, .solve = net_solve, .unsolve = net_unsolve
};

/* --- what streams want --- */

/* @out: HSCLIENT_TOKEN bytes. */
static void
token_of(const struct pool_need *need, uint8_t out[HSCLIENT_TOKEN])
{
	uint8_t in[POOL_TOKEN + 4], digest[SHA3_LEN];

	memcpy(in, need->token, POOL_TOKEN);
	wire_set32(in + POOL_TOKEN, need->nym);
	crypt_sha3(digest, in, sizeof(in));
	memcpy(out, digest, HSCLIENT_TOKEN);
	memcpy(out, need->token, POOL_OWNER);	/* the same client's */
}

static void
spoil(struct hsnet *n, struct hscirc *hc)
{
	hsclient_spoil(n->client, hc);
	pool_circ_spoil(hc->pc);
}

/* It got old, or went, or is not made to last. */
static int
is_unfit(const struct hscirc *hc, int stable)
{
	return pool_circ_is_over(hc->pc) ||
	    (stable && !pool_circ_is_stable(hc->pc));
}

int
hsnet_get(void *arg, const struct pool_need *need, const uint8_t service[32],
    struct pool_circ **out)
{
	uint8_t token[HSCLIENT_TOKEN];
	struct hsnet *n = arg;
	int rc, stable = path_port_is_long_lived(n->conf.path, need->port);
	struct hscirc *hc;
	void *circ;

	token_of(need, token);
	if ((rc = hsclient_get(n->client, token, service, stable, &circ)) < 0)
		return rc;
	hc = circ;
	if (is_unfit(hc, stable)) {
		spoil(n, hc);
		if ((rc = hsclient_get(n->client, token, service, stable,
		    &circ)) < 0)
			return rc;
		hc = circ;
	}
	*out = hc->pc;
	return is_unfit(hc, stable) ? -EAGAIN : 0;
}

void
hsnet_spoil(void *arg, struct pool_circ *pc)
{
	struct hsnet *n = arg;
	struct hscirc *hc;

	LIST_FOREACH(hc, &n->circs, link) {
		if (hc->pc == pc) {
			spoil(n, hc);
			return;
		}
	}
}

/* --- life --- */

/* The consensus' time is hsclient's own business; this is for what expires. */
static int64_t
now_s(void *arg)
{
	struct hsnet *n = arg;

	return n->conf.loop->wall;
}

static int
make_pow(struct hsnet *n)
{
	struct hspow_conf conf = {
		.base = n->conf.base, .enter = n->conf.enter,
		.leave = n->conf.leave, .turn = n->conf.turn
	};

	return conf.base ? hspow_new(&n->pow, &conf) : 0;
}

int
hsnet_new(struct hsnet **out, const struct hsnet_conf *conf,
    struct hsauth *auth)
{
	struct hsclient_conf cc = {
		.loop = conf->loop, .net = &net_calls, .auth = auth,
		.testing = conf->testing, .now_s = now_s
	};
	struct hsnet *n;
	int rc = -ENOMEM;

	if ((n = calloc(1, sizeof(*n))) == NULL) {
		hsauth_free(auth);
		return rc;
	}
	n->conf = *conf;
	n->auth = auth;
	LIST_INIT(&n->circs);
	cc.arg = n;
	if ((rc = make_pow(n)) < 0 ||
	    (rc = hsclient_new(&n->client, &cc)) < 0) {
		hsnet_free(n);
		return rc;
	}
	*out = n;
	return 0;
}

void
hsnet_free(struct hsnet *n)
{
	if (n == NULL)
		return;
	if (n->client)
		hsclient_free(n->client);	/* closes all, and cancels */
	hspow_free(n->pow);
	hsauth_free(n->auth);
	free(n);
}

void
hsnet_set_auth(struct hsnet *n, struct hsauth *take)
{
	struct hsauth *old = n->auth;

	n->auth = take;
	hsclient_set_auth(n->client, take);
	hsauth_free(old);
}

void
hsnet_set_netdir(struct hsnet *n, const struct netdir *nd)
{
	hsclient_set_netdir(n->client, nd);
}

void
hsnet_newnym(struct hsnet *n)
{
	hsclient_newnym(n->client);
}

void
hsnet_room(struct hsnet *n)
{
	hsclient_room(n->client);
}

void
hsnet_totals(const struct hsnet *n, struct hsclient_totals *t)
{
	hsclient_totals(n->client, t);
}
