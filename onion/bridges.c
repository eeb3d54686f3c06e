/* onion/bridges.c - the bridges of the configuration (UseBridges)
 *
 * Theory of operation
 *	For each bridge, one struct relay, by which it is a guard:
 *
 *	  no descriptor: not usable --descriptor--> usable
 *	        '-- asked at once, again after BASE_MS, longer each time, to
 *	            CAP_MS; or when somebody waits
 *	  with one: asked again after AGAIN_MS, as tor does; where that fails the
 *	  old one stays
 *
 *	The question is one hop long, by CREATE_FAST, to the bridge itself: the
 *	channel has proven the fingerprint before anything is asked.
 *
 *	Who may be dialled at all with UseBridges is decided here, and by address:
 *	bridges_may_dial() is the last gate of the channels, so that whatever is
 *	wrong above it, no relay but a bridge is ever connected to.
 * Invariants
 *	Address and identity of a relay here are those of the configuration; what
 *	the descriptor says of addresses is not looked at.
 * Limits
 *	BRIDGES_MAX bridges, one request out to each.
 */
#include "onion/bridges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"
#include "onion/dir/backoff.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/bridgedesc.h"
#include "onion/dir/dirclient.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dir/router.h"
#include "onion/dircirc.h"
#include "onion/onionconf.h"

enum {
	WARN_EVERY_S = 30,
	BASE_MS = 2 * 1000,
	CAP_MS = 5 * 60 * 1000,
	AGAIN_MS = 3 * 3600 * 1000,
	TEST_BASE_MS = 500,
	TEST_CAP_MS = 5 * 1000,
	TEST_AGAIN_MS = 10 * 1000
};

/* What a bridge is by being one (as tor has it); usable once it has its keys. */
#define BRIDGE_FLAGS (RELAY_RUNNING | RELAY_VALID | RELAY_FAST |	\
	RELAY_STABLE | RELAY_GUARD | RELAY_V2DIR)

struct bridge {
	char		 name[12];	/* "$ABCDEF12", for the log */
	int		 asked;		/* a request is out */
	int64_t		 next;		/* loop ms: to ask again */
	struct backoff	 backoff;
	const char	*trouble;	/* "", or what is wrong */
	struct log_limit quiet;
};

struct bridges {
	struct loop	*loop;
	const struct bridges_user *user;
	void		*arg;
	int		 testing;
	int		 running;
	size_t		 n;
	struct bridge	 row[BRIDGES_MAX];
	struct relay	 relay[BRIDGES_MAX];
	struct dirsources *sources;	/* themselves, to be asked */
	struct dircircs	*dircircs;
	struct loop_timer timer;
	int		 use_v4, use_v6;
	int		 (*may_reach)(void *, const struct addr *);
	void		*may_reach_arg;
};

/* --- who they are --- */

/* @source: how it is asked; an authority could have the same identity, and other
 * addresses, so that these are not among the directory's. */
static int
add(struct bridges *b, const struct onion_bridge *from,
    struct dirsource_conf *source)
{
	struct bridge *row = &b->row[b->n];
	struct relay *r = &b->relay[b->n];

	if ((from->addr.family != 4 && from->addr.family != 6) ||
	    from->addr.port == 0 || secret_is_zero(from->rsa_id, 20))
		return -EINVAL;
	memcpy(r->rsa, from->rsa_id, sizeof(r->rsa));
	*(from->addr.family == 4 ? &r->or4 : &r->or6) = from->addr;
	r->flags = BRIDGE_FLAGS;
	memcpy(source->rsa_id, r->rsa, sizeof(source->rsa_id));
	source->or4 = r->or4;
	source->or6 = r->or6;
	row->quiet.every_s = WARN_EVERY_S;
	row->name[0] = '$';
	enc_hex(row->name + 1, from->rsa_id, 4);
	row->trouble = "its descriptor has not come yet";
	backoff_init(&row->backoff, b->testing ? TEST_BASE_MS : BASE_MS,
	    b->testing ? TEST_CAP_MS : CAP_MS, 3);
	b->n++;
	return 0;
}

const struct relay *
bridges_relays(const struct bridges *b, size_t *n)
{
	*n = b->n;
	return b->relay;
}

const char *
bridges_name(const struct bridges *b, size_t i)
{
	return b->row[i].name;
}

const char *
bridges_trouble(const struct bridges *b, size_t i)
{
	return b->row[i].trouble;
}

static const struct addr *
addr_of(const struct relay *r)
{
	return r->or4.family ? &r->or4 : &r->or6;
}

int
bridges_may_dial(void *arg, const struct addr *a)
{
	const struct bridges *b = arg;
	size_t i;

	if (!((a->family == 4 && b->use_v4) || (a->family == 6 && b->use_v6)))
		return 0;
	for (i = 0; i < b->n; i++)
		if (addr_equal(addr_of(&b->relay[i]), a))
			return b->may_reach == NULL ||
			    b->may_reach(b->may_reach_arg, a);
	return 0;
}

void
bridges_set_reach(struct bridges *b, const struct onion_conf *c)
{
	b->use_v4 = c->use_v4 != 0;
	b->use_v6 = c->use_v6 != 0;
	b->may_reach = c->may_reach;
	b->may_reach_arg = c->may_reach_arg;
}

void
bridges_set_netdir(struct bridges *b, const struct netdir *nd)
{
	const struct relay *listed;
	size_t i;

	for (i = 0; i < b->n; i++) {
		listed = nd ? netdir_by_rsa(nd, b->relay[i].rsa) : NULL;
		b->relay[i].family = listed ? listed->family : NULL;
		b->relay[i].famids = listed ? listed->famids : NULL;
	}
}

/* --- what is wrong --- */

/* Said once as a warning, until something else is, and not too often. */
static void
fail(struct bridge *row, const char *why)
{
	if (strcmp(row->trouble, why) == 0)
		log_info(LD_GUARD, "bridge %s: %s", row->name, why);
	else
		log_limited(&row->quiet, LL_WARN, LD_GUARD, "bridge %s: %s",
		    row->name, why);
	row->trouble = why;
}

static struct bridge *
find(struct bridges *b, const uint8_t rsa[20])
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (memcmp(b->relay[i].rsa, rsa, 20) == 0)
			return &b->row[i];
	return NULL;
}

void
bridges_chan_failed(struct bridges *b, const uint8_t rsa[20], enum chan_why why)
{
	static const char *const words[] = {
		[CHAN_WHY_CONNECT] = "there is no connection to its address",
		[CHAN_WHY_TLS] = "there is no TLS at its address",
		[CHAN_WHY_IDENTITY] = "at its address is another relay than "
		    "the fingerprint says: it is not used",
		[CHAN_WHY_PROTOCOL] = "what is at its address breaks the "
		    "protocol",
		[CHAN_WHY_TIMEOUT] = "its address does not answer",
		[CHAN_WHY_LOST] = "it hung up before it had said who it is"
	};
	struct bridge *row = find(b, rsa);

	if (row && (size_t)why < sizeof(words) / sizeof(words[0]) && words[why])
		fail(row, words[why]);
}

void
bridges_chan_open(struct bridges *b, const uint8_t rsa[20])
{
	struct bridge *row = find(b, rsa);

	if (row == NULL || row->trouble[0] == '\0' ||
	    !relay_usable(&b->relay[row - b->row]))
		return;
	log_notice(LD_GUARD, "bridge %s: it is reached again", row->name);
	row->trouble = "";
}

/* --- descriptors --- */

/* 1: it says something new. */
static int
take(struct relay *r, const struct bridgedesc *d)
{
	struct relay was = *r;

	memcpy(r->nickname, d->nickname, sizeof(r->nickname));
	memcpy(r->ed, d->ed, sizeof(r->ed));
	memcpy(r->ntor, d->ntor, sizeof(r->ntor));
	r->has_ed = r->has_ntor = 1;
	r->caps = d->caps;
	r->flags |= RELAY_HAS_MD;
	return memcmp(&was, r, sizeof(was)) != 0;
}

static int
read_descriptor(struct bridges *b, size_t i, const struct dir_result *res)
{
	struct bridge *row = &b->row[i];
	struct bridgedesc d;
	int rc;

	if (res->err != 0 || res->status != 200 || res->body == NULL) {
		if (res->err != -EHOSTUNREACH)	/* the channel's: told */
			fail(row, res->err == 0 ? "it does not give its "
			    "descriptor: it may be no bridge" : "it was "
			    "reached, and did not give its descriptor");
		return res->err != 0 ? res->err : -ENOENT;
	}
	rc = bridgedesc_parse(&d, (const char *)res->body, res->len,
	    b->relay[i].rsa, b->loop->wall);
	if (rc < 0) {
		fail(row, rc == -ENOENT ? "its descriptor is another relay's" :
		    rc == -ESTALE ? "the certificate in its descriptor has "
		    "expired: is our clock right?" :
		    "its descriptor is no good");
		return rc;
	}
	row->trouble = "";
	if (!take(&b->relay[i], &d))
		return 0;
	log_notice(LD_GUARD, "bridge %s: its descriptor is here (%s)",
	    row->name, d.nickname);
	b->user->changed(b->arg);
	return 0;
}

static void
set_timer(struct bridges *b)
{
	int64_t at = LOOP_NEVER;
	size_t i;

	for (i = 0; i < b->n; i++)
		if (!b->row[i].asked && b->row[i].next < at)
			at = b->row[i].next;
	if (!b->running || at == LOOP_NEVER)
		loop_timer_clear(b->loop, &b->timer);
	else
		loop_timer_set(b->loop, &b->timer, at > b->loop->now ? at :
		    b->loop->now + 1);
}

static void
wait_for_next(struct bridges *b, struct bridge *row, int ok)
{
	row->asked = 0;
	if (ok) {
		backoff_reset(&row->backoff);
		row->next = b->loop->now + (b->testing ? TEST_AGAIN_MS :
		    AGAIN_MS);
	} else
		row->next = b->loop->now + backoff_next(&row->backoff);
	set_timer(b);
}

static void
on_begun(void *arg)
{
	(void)arg;
}

/* The request's number is the bridge's, from 1. */
static int
on_result(void *arg, uint32_t id, struct dir_result *res)
{
	struct bridges *b = arg;
	int rc = read_descriptor(b, id - 1, res);

	wait_for_next(b, &b->row[id - 1], rc == 0);
	return rc;
}

static const struct dircirc_user dircirc_users = {
	.begun = on_begun, .result = on_result
};

static void
ask(struct bridges *b, size_t i)
{
	struct bridge *row = &b->row[i];
	struct dir_fetch f = {
		.id = (uint32_t)i + 1,
		.source = dirsources_find(b->sources, b->relay[i].rsa),
		.request = { .kind = DIR_KIND_BRIDGEDESC,
			.path = "/tor/server/authority.z" }
	};
	int rc = -ENOENT;

	row->asked = 1;
	if (!bridges_may_dial(b, addr_of(&b->relay[i])))
		fail(row, "ReachableAddresses, ClientUseIPv4 or ClientUseIPv6 "
		    "does not let its address be reached");
	else if (b->user->excluded(b->arg, &b->relay[i]))
		fail(row, "ExcludeNodes names it: it is not used");
	else if (f.source)
		rc = dircirc_fetch(b->dircircs, &f);
	if (rc < 0)		/* else on_result() comes, or came */
		wait_for_next(b, row, 0);
}

static void
on_timer(void *arg)
{
	struct bridges *b = arg;
	size_t i;

	for (i = 0; i < b->n && b->running; i++)
		if (!b->row[i].asked && b->row[i].next <= b->loop->now)
			ask(b, i);
	set_timer(b);
}

/* --- life --- */

int
bridges_new(struct bridges **out, struct loop *loop, const struct onion_conf *c,
    const struct bridges_user *user, void *arg)
{
	struct dirsource_conf source[BRIDGES_MAX];
	struct bridges *b;
	size_t i;
	int rc = 0;

	if (c->nbridges == 0 || c->nbridges > BRIDGES_MAX)
		return c->nbridges ? -E2BIG : -EINVAL;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return -ENOMEM;
	memset(source, 0, sizeof(source));
	b->loop = loop;
	b->user = user;
	b->arg = arg;
	b->testing = c->testing;
	loop_timer_init(&b->timer, on_timer, b);
	for (i = 0; i < c->nbridges && rc == 0; i++)
		rc = add(b, &c->bridges[i], &source[i]);
	if (rc < 0 || (rc = dirsources_new(&b->sources, loop, NULL, 0, source,
	    b->n, b->testing)) < 0) {
		free(b);
		return rc;
	}
	bridges_set_reach(b, c);
	*out = b;
	return 0;
}

int
bridges_attach(struct bridges *b, struct chanset *chans)
{
	struct dircirc_conf dc = { .loop = b->loop, .chans = chans };

	return dircirc_new(&b->dircircs, &dc, &dircirc_users, b);
}

void
bridges_free(struct bridges *b)
{
	if (b == NULL)
		return;
	bridges_stop(b);
	dircirc_free(b->dircircs);
	dirsources_free(b->sources);
	free(b);
}

void
bridges_start(struct bridges *b)
{
	b->running = 1;
	bridges_retry(b);
}

void
bridges_stop(struct bridges *b)
{
	size_t i;

	if (b == NULL)
		return;
	b->running = 0;
	for (i = 0; i < b->n; i++) {
		if (b->row[i].asked)
			dircirc_cancel(b->dircircs, (uint32_t)i + 1);
		b->row[i].asked = 0;
	}
	set_timer(b);
}

void
bridges_retry(struct bridges *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (!relay_usable(&b->relay[i]))
			b->row[i].next = b->loop->now;
	set_timer(b);
}
