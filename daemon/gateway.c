/* daemon/gateway.c - the story of a flow
 *
 * Theory of operation
 *	A flow is one client connection joined to one onion stream by a splice,
 *	or, where a rule says so, to a socket that connects to its destination.
 *	It begins when a door hands in a connection whose original destination
 *	is known, or what its client calls it, and ends when the splice says
 *	that both sides are gone.
 *
 *	  door -> target -> policy -> token -> onion_connect -> splice -> done
 *	   virtual address           \-> direct: sock_dial ----/
 *	   -> its name
 *
 *	A virtual address (dnsport/automap.h) stands for a name, for the client
 *	alone that was given it; for anybody else, or where it is forgotten, it
 *	leads nowhere.  A flow holds its mapping.  What a name is in the end
 *	says daemon/target.h.
 *
 *	What policy refuses, or what has no room (flows_max in all, sockets_max
 *	that are sockets of ours, three quarters of either for one client), is
 *	told so: a client must not take a refusal for silence, nor wait.  It is
 *	a reset where its connection was taken already; where it is still kept
 *	waiting it is the reason itself (base/endpoint.h).  Only what is to be
 *	dropped hears nothing, if it has heard nothing yet.
 *
 *	A question of the DNS server takes the same way (names).  What it is
 *	told of addresses is remembered (given.h) while there is a rule by name.
 *
 *	A direct flow lives for as long as its rule lets it: a copy of what was
 *	found out of it (facts.h) is put to the rules again when those are
 *	others, and, where any of them says a time, each minute.
 */
#include "daemon/gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/quota.h"
#include "base/why.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/facts.h"
#include "daemon/gateway_rules.h"
#include "daemon/given.h"
#include "daemon/kin.h"
#include "daemon/names.h"
#include "daemon/sock.h"
#include "daemon/splice.h"
#include "daemon/target.h"
#include "dnsport/automap.h"
#include "onion/onion.h"
#include "policy/isolate.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/rules.h"

_Static_assert((int)ISOLATE_OWNER == (int)ONION_OWNER &&
    (int)ISOLATE_OWNER == (int)AUTOMAP_OWNER &&
    (int)ISOLATE_OWNER == (int)GIVEN_OWNER &&
    (int)ISOLATE_TOKEN == (int)GIVEN_GROUP, "what tokens begin with");

enum { MINUTE = 60 };

struct flow {
	LIST_ENTRY(flow) link;
	struct gateway	*gw;
	struct addr	 share;		/* whose it takes a place of */
	struct addr	 client, dest;
	uint8_t		 direct, no_ipv4, no_ipv6;
	struct facts_kept *facts;	/* a direct one's */
	struct automap_entry *mapping;	/* that it came by, or NULL */
	struct splice	 splice;
	struct loop_item reap;
	unsigned	 sockets;	/* that it owns */
};

struct request {			/* somebody wants to connect */
	const struct door *door;
	const struct addr *client;
	struct addr	 dest;		/* original; without a family where
					 * there is but a name */
	struct addr	 asked;		/* the same before anything was made of
					 * it: what the client connected to */
	const struct facts *facts;	/* once they are found */
	struct endpoint	*ep;		/* the client's */
	const char	*name;		/* as it asked, or as what it asked is
					 * mapped to; NULL: an address */
	struct automap_entry *mapping;
	struct target	 target;
	const char	*names[2];	/* that rules know it by */
	struct policy_flow flow;
	struct policy_decision d;
};

struct gateway {
	struct gateway_conf conf;
	struct gateway_rules *rules;
	struct isolate	*isolate;
	struct quota	*quota;		/* of flows */
	struct quota	*sockets;	/* of flows with one: descriptors are
					 * fewer than what memory has room for */
	struct automap	*automap;
	struct names	*names;
	struct given	*given;
	LIST_HEAD(, flow) flows;
	uint64_t	 flow;		/* counts those that are isolated */
	size_t		 ndirect;	/* of them */
	struct loop_timer minute;
	struct gateway_totals totals;
};

/* What rules ask of flows. */
static unsigned
wants(const struct gateway *gw)
{
	return rules_wants(gateway_rules_policy(gw->rules)->rules);
}

static void
flow_reap(void *arg)
{
	struct flow *f = arg;

	free(f->facts);
	free(f);
}

static void
give_place(struct gateway *gw, const struct addr *client, unsigned sockets)
{
	quota_give(gw->quota, client);
	while (sockets-- > 0)
		quota_give(gw->sockets, client);
}

static int
take_place(struct gateway *gw, const struct addr *client, unsigned sockets)
{
	int rc = quota_take(gw->quota, client);
	unsigned n;

	if (rc < 0)
		return rc;
	for (n = 0; n < sockets; n++)
		if ((rc = quota_take(gw->sockets, client)) < 0) {
			give_place(gw, client, n);
			return rc;
		}
	return 0;
}

static void
flow_done(void *arg, int why)
{
	struct flow *f = arg;
	struct gateway *gw = f->gw;

	LIST_REMOVE(f, link);
	automap_release(gw->automap, f->mapping, gw->conf.loop->now / 1000);
	give_place(gw, &f->share, f->sockets);
	gw->totals.flows--;
	gw->ndirect -= f->direct;
	gw->totals.failed += why < 0;
	gw->totals.bytes_fwd += f->splice.client.bytes;
	gw->totals.bytes_bwd += f->splice.stream.bytes;
	log_info(LD_STREAM, "flow ended: %s, %llu bytes out, %llu in",
	    why_text(why),
	    (unsigned long long)f->splice.client.bytes,
	    (unsigned long long)f->splice.stream.bytes);
	loop_item_add(gw->conf.loop, &f->reap);
}

void
gateway_share(struct gateway *gw, const struct door *door,
    const struct addr *client, struct addr *out)
{
	if (door->as_client.family || gw->conf.kin == NULL)
		*out = *door_share(door, client);
	else
		kin_share(gw->conf.kin, client, out);
}

/* Where a client is, as bytes; none where that is not known. */
enum { PLACE = sizeof(int) + 1 + KIN_LINK };

static size_t
place_of(struct gateway *gw, const struct door *door,
    const struct addr *client, int ifindex, uint8_t out[PLACE])
{
	struct kin_place as;

	if (gw->conf.kin == NULL || door->as_client.family)
		return 0;
	kin_place(gw->conf.kin, client, ifindex, NULL, &as);
	if (as.ifindex == 0 && as.link_len == 0)
		return 0;
	memcpy(out, &as.ifindex, sizeof(as.ifindex));
	out[sizeof(as.ifindex)] = as.link_len;
	memcpy(out + sizeof(as.ifindex) + 1, as.link, KIN_LINK);
	return PLACE;
}

/* Fills in what is the door's and the client's.  An address that another host
 * has by now, or that hosts of two networks have, is another client's. */
static void
token_for(struct gateway *gw, const struct door *door, int ifindex,
    const struct addr *client, struct isolate_key *key,
    uint8_t token[ISOLATE_TOKEN])
{
	uint8_t place[PLACE];

	key->session_group = door->session_group;
	key->proto = door->proto;
	key->client = *client;
	key->auth = door->auth;
	key->auth_len = door->auth_len;
	key->place = place;
	if (key->flags & ISOLATE_CLIENT_ADDR)
		key->place_len = place_of(gw, door, client, ifindex, place);
	gateway_share(gw, door, client, &key->owner);
	isolate_token(gw->isolate, key, token);
}

/* Who is one client to the address map: whatever door it comes by, since it
 * asks at one and connects at another; but where all that comes by a door is
 * one client, no other door's. */
static void
group_of(struct gateway *gw, const struct door *door, int ifindex,
    const struct addr *client, uint8_t group[ISOLATE_TOKEN])
{
	uint8_t place[PLACE];
	struct isolate_key key = { .flags = ISOLATE_CLIENT_ADDR,
	    .client = *client };

	if (door->as_client.family) {
		key.flags = 0;
		key.session_group = door->session_group;
	} else if (gw->conf.kin) {
		kin_of(gw->conf.kin, client, &key.client);
		key.place = place;
		key.place_len = place_of(gw, door, &key.client, ifindex,
		    place);
	}
	gateway_share(gw, door, client, &key.owner);
	isolate_token(gw->isolate, &key, group);
}

static const char *
exits_of(const struct rule *r)
{
	return r && r->exit[0] ? r->exit : NULL;
}

static void
token_of(struct gateway *gw, const struct request *r,
    uint8_t token[ISOLATE_TOKEN])
{
	const struct rule_flow *about = &r->flow.about;
	const struct target *t = &r->target;
	struct isolate_key key = {
		.flags = policy_isolation(r->d.rule, r->door->isolate),
		.dest = r->dest,
		.dest_name = t->kind == TARGET_ADDR ? NULL : t->host,
		.uid = about->uid, .app = about->app,
		.names = about->names, .nnames = about->nnames,
		.flow = ++gw->flow
	};

	token_for(gw, r->door, r->door->came.ifindex, r->client, &key, token);
}

static int
through_tor(struct gateway *gw, const struct request *r, struct endpoint **out)
{
	const struct target *t = &r->target;
	int by_exit = t->kind == TARGET_NAME;	/* it finds the address */
	uint8_t token[ISOLATE_TOKEN];
	struct onion_target target = {
		.host = t->host, .port = r->dest.port,
		.exit = t->has_exit ? t->exit : NULL,
		.no_ipv4 = by_exit && r->door->no_ipv4,
		.no_ipv6 = by_exit && r->door->no_ipv6,
		.prefer_ipv6 = by_exit && r->door->prefer_ipv6,
		.exits = exits_of(r->d.rule),
		.alone = r->d.rule && (r->d.rule->isolate &
		    RULE_ISOLATE_FLOW)
	};

	token_of(gw, r, token);
	return onion_connect(gw->conf.onion, token, &target, out);
}

static int
far_side(struct gateway *gw, const struct request *r, struct endpoint **out)
{
	if (r->d.verdict == POLICY_DIRECT)
		return sock_dial(out, gw->conf.ev, &r->dest, gw->conf.dial);
	return through_tor(gw, r, out);
}

static unsigned
sockets_of(const struct request *r)
{
	return (r->door->proto != DOOR_TUN) + (r->d.verdict == POLICY_DIRECT);
}

/* Before its stream stands?  A proxy's client waits for what it is answered,
 * and would take that for a success. */
static int
accept_at_once(const struct request *r)
{
	return r->d.optimistic && r->door->proto != DOOR_SOCKS &&
	    r->door->proto != DOOR_HTTP;
}

/* Whoever goes direct by the clock is to be looked at when it has gone on. */
static void
set_minute(struct gateway *gw)
{
	int64_t wall = gw->conf.loop->wall;

	if (gw->ndirect == 0 || gw->minute.armed ||
	    !(wants(gw) & RULES_WANT_TIME))
		return;
	loop_timer_in(gw->conf.loop, &gw->minute,
	    (MINUTE - (wall % MINUTE + MINUTE) % MINUTE) * 1000);
}

static void
join(struct gateway *gw, struct flow *f, const struct request *r,
    struct endpoint *far)
{
	f->gw = gw;
	f->client = *r->client;
	f->dest = r->dest;
	f->mapping = r->mapping;
	f->direct = r->d.verdict == POLICY_DIRECT;
	f->no_ipv4 = r->door->no_ipv4;
	f->no_ipv6 = r->door->no_ipv6;
	f->sockets = sockets_of(r);
	f->splice.done = flow_done;
	f->splice.arg = f;
	loop_item_init(&f->reap, flow_reap, f);
	LIST_INSERT_HEAD(&gw->flows, f, link);
	gw->totals.flows++;
	gw->totals.accepted++;
	gw->totals.direct += f->direct;
	gw->ndirect += f->direct;
	set_minute(gw);
	splice_open(&f->splice, gw->conf.loop, r->ep, far);
	if (accept_at_once(r))
		splice_accept(&f->splice);
}

static int
begin(struct gateway *gw, const struct request *r)
{
	struct endpoint *far;
	struct addr share;
	struct flow *f;
	int rc;

	gateway_share(gw, r->door, r->client, &share);
	if ((rc = take_place(gw, &share, sockets_of(r))) < 0)
		return rc;
	rc = -ENOMEM;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		goto fail;
	f->share = share;
	if (r->d.verdict == POLICY_DIRECT &&
	    (f->facts = facts_keep(r->facts)) == NULL)
		goto fail_flow;
	if ((rc = far_side(gw, r, &far)) < 0)
		goto fail_flow;
	join(gw, f, r, far);
	return 0;

fail_flow:
	free(f->facts);
	free(f);
fail:
	give_place(gw, &share, sockets_of(r));
	return rc;
}

static void
refused_user_gone(void *arg, int why)
{
	(void)arg;
	(void)why;
}

static const struct endpoint_user refused_user = { .gone = refused_user_gone };

/* The endpoint makes no call any more, but has to have a holder.  One whose
 * client is connected already can't be silent: 0 would be an end in order, as
 * if it had spoken with somebody. */
static void
refuse(struct endpoint *ep, int why)
{
	if (why == 0 && ep->ops->accept == NULL)
		why = -ECONNREFUSED;
	endpoint_hold(ep, &refused_user, NULL);
	endpoint_kill(ep, why);
}

/* What the client is told of a failure: what it says of the destination or of
 * the way there; of our own troubles, that it may come again. */
static int
reason(int rc)
{
	switch (rc) {
	case -EACCES:
	case -ECONNREFUSED:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ENOENT:
	case -ETIMEDOUT:
		return rc;
	default:
		return -rc >= WHY_HS_FIRST && -rc < WHY_HS_END ? rc : -EAGAIN;
	}
}

/* Does a connection of ours to there come back to us?  Where that can't be
 * found out, it may. */
static int
leads_here(const struct gateway *gw, const struct addr *dest)
{
	unsigned i;

	for (i = 0; i < gw->conf.ntun; i++)
		if (addr_in_net(dest, &gw->conf.tun[i]))
			return 1;
	return dial_is_own(dest) != 0;
}

static void
find_facts(struct gateway *gw, const struct request *r, unsigned wants,
    struct facts *f)
{
	const struct came *came = &r->door->came;
	struct facts_conf conf = { .loop = gw->conf.loop,
	    .onion = gw->conf.onion, .kin = gw->conf.kin,
	    .owner = gw->conf.owner, .given = gw->given };
	struct facts_of of = { .client = r->client,
	    .asked = came->to.family ? &came->to : &r->asked,
	    .dest = r->name ? NULL : &r->dest, .ifindex = came->ifindex,
	    .elsewhere = r->door->as_client.family != 0,
	    .has_uid = came->has_uid, .uid = came->uid };
	struct addr told = r->asked;
	uint8_t group[ISOLATE_TOKEN];

	addr_unmap(&told);
	if ((wants & RULES_WANT_NAMES) && r->name == NULL) {
		group_of(gw, r->door, came->ifindex, r->client, group);
		of.group = group;
		of.told = &told;
	}
	facts_find(f, &conf, wants, &of);
}

/* Our own connection to ourselves would come from inside of whatever guards us
 * against the client; and through the TUN it would be the next one that goes
 * direct. */
static void
settle_direct(struct gateway *gw, struct request *r, struct facts *facts)
{
	if (leads_here(gw, &r->dest)) {
		r->d.verdict = POLICY_REJECT;
		r->d.why = "its destination is this host itself, and nothing "
		    "is let go direct to that";
		return;
	}
	/* Rules that a reload brings may ask for more (still_direct). */
	find_facts(gw, r, wants(gw) | RULES_WANT_LINK | RULES_WANT_USER |
	    RULES_WANT_APP, facts);
}

static void
decide(struct gateway *gw, struct request *r, struct facts *facts)
{
	struct policy_flow flow = {
		.about = { .client = *r->client, .dest = r->dest,
		    .names = r->names,
		    .nnames = target_names(&r->target, r->names),
		    .proto = RULE_PROTO_TCP },
		.name = r->name,
		.no_addr = r->target.kind != TARGET_ADDR,
		.onion = r->target.kind == TARGET_ONION,
		.asked_exit = r->target.asked_exit,
		.no_ipv4 = r->door->no_ipv4, .no_ipv6 = r->door->no_ipv6,
		.no_onion = r->door->no_onion
	};

	find_facts(gw, r, wants(gw), facts);
	r->facts = facts;
	facts_lend(facts, &flow);
	r->flow = flow;
	policy_decide(gateway_rules_policy(gw->rules), &flow, &r->d);
	if (r->d.verdict == POLICY_DIRECT)
		settle_direct(gw, r, facts);
}

static void
turn_away(struct gateway *gw, const struct request *r, int why)
{
	static struct log_limit limits[2] = { { .every_s = 10 },
		{ .every_s = 10 } };
	int typo = why == -WHY_HS_ADDRESS;	/* somebody will wonder */
	char text[TARGET_HOST + 1];

	gw->totals.rejected += r->d.verdict == POLICY_REJECT;
	gw->totals.dropped += r->d.verdict == POLICY_DROP;
	log_limited(&limits[typo], typo ? LL_NOTICE : LL_INFO,
	    LD_STREAM, "refused a connection to %s: %s", r->name ?
	    log_scrub(log_text(text, sizeof(text), r->name, strlen(r->name))) :
	    addr_show(&r->dest, text), r->d.why);
	refuse(r->ep, why);
}

static void
reject(struct gateway *gw, struct request *r, int err, const char *why)
{
	r->d.verdict = POLICY_REJECT;
	r->d.why = why;
	turn_away(gw, r, reason(err));
}

static void
tell_plaintext(const struct request *r)
{
	static struct log_limit limit = { .every_s = 3600 };

	if (r->d.plaintext)
		log_limited(&limit, LL_WARN, LD_STREAM, "a client connects to "
		    "port %u, which is commonly used for unencrypted "
		    "passwords: the exit could read them (WarnPlaintextPorts)",
		    r->dest.port);
}

/* What is left of a request when it is known where it goes to.  0: it is a
 * flow. */
static int
pursue(struct gateway *gw, struct request *r)
{
	static struct log_limit failed = { .every_s = 10 };
	struct facts facts;
	int rc;

	decide(gw, r, &facts);
	tell_plaintext(r);
	if (r->d.verdict != POLICY_TORIFY && r->d.verdict != POLICY_DIRECT) {
		turn_away(gw, r, r->d.verdict == POLICY_DROP ? 0 : -EACCES);
		return -EACCES;
	}
	if ((rc = begin(gw, r)) < 0) {
		gw->totals.failed++;
		log_limited(&failed, LL_WARN, LD_STREAM,
		    "cannot take another connection: %s", why_text(rc));
		refuse(r->ep, reason(rc));
	}
	return rc;
}

/* @r->target says where to. */
static int
go(struct gateway *gw, struct request *r)
{
	const struct target *t = &r->target;
	uint16_t port = r->dest.port;

	if (t->kind == TARGET_REFUSED) {
		reject(gw, r, t->err == -EINVAL ? -ENOENT : t->err, t->why);
		return -EACCES;
	}
	if (t->kind != TARGET_ADDR) {
		if (r->name == NULL)	/* an address that stands for one */
			r->name = t->host;
		return pursue(gw, r);
	}
	if (automap_is_virtual(gw->automap, &t->addr)) {
		reject(gw, r, -EACCES, "a virtual address that stands for "
		    "nothing");
		return -EACCES;
	}
	r->dest = t->addr;
	r->dest.port = port;
	if (t->has_exit && r->name == NULL)
		r->name = t->host;	/* never direct */
	return pursue(gw, r);
}

/* Where some rule lets clients choose exits, whether it is this one's is found
 * out once it is known which decides. */
static void
find_target(const struct gateway *gw, const char *name, struct target *t)
{
	struct target_conf conf = gateway_rules_names(gw->rules)->target;

	conf.allow_dot_exit |= gateway_rules_have_dotexit(gw->rules);
	target_find(t, &conf, name);
}

static void
go_mapped(struct gateway *gw, struct request *r)
{
	uint8_t group[ISOLATE_TOKEN];

	group_of(gw, r->door, r->door->came.ifindex, r->client, group);
	r->mapping = automap_hold(gw->automap, group, &r->dest);
	if (r->mapping == NULL) {
		reject(gw, r, -EACCES, "a virtual address that no name of this "
		    "client has");
		return;
	}
	r->name = automap_held_name(r->mapping);
	find_target(gw, r->name, &r->target);
	if (go(gw, r) < 0)
		automap_release(gw->automap, r->mapping,
		    gw->conf.loop->now / 1000);
}

void
gateway_flow(struct gateway *gw, const struct door *door,
    const struct addr *client, const struct addr *dest, struct endpoint *ep)
{
	struct request r = {
		.door = door, .client = client, .dest = *dest, .ep = ep
	};

	r.asked = *dest;
	/* All doors lead here.  What an exit or this host takes for IPv4 is
	 * that, to rules and to the map. */
	addr_unmap(&r.dest);
	if (automap_is_virtual(gw->automap, &r.dest)) {
		go_mapped(gw, &r);
		return;
	}
	if (r.dest.family == 0) {	/* of which policy has a word to say */
		r.target.kind = TARGET_ADDR;
		pursue(gw, &r);
		return;
	}
	target_find_addr(&r.target, &gateway_rules_names(gw->rules)->target,
	    &r.dest);
	go(gw, &r);
}

void
gateway_flow_to(struct gateway *gw, const struct door *door,
    const struct addr *client, const char *host, uint16_t port,
    struct endpoint *ep)
{
	struct request r = {
		.door = door, .client = client, .dest = { .port = port },
		.ep = ep, .name = host
	};
	struct addr dest;

	if (addr_parse_ip(&dest, host, -1) == 0) {
		dest.port = port;
		gateway_flow(gw, door, client, &dest, ep);
		return;
	}
	find_target(gw, host, &r.target);
	go(gw, &r);
}

/* --- memory --- */

uint64_t
gateway_queued(const struct gateway *gw, int64_t *oldest)
{
	struct endpoint_queued q;
	const struct flow *f;
	uint64_t sum = 0;

	*oldest = INT64_MAX;
	LIST_FOREACH(f, &gw->flows, link) {
		splice_queued(&f->splice, &q);
		sum += q.bytes;
		if (q.since < *oldest)
			*oldest = q.since;
	}
	return sum;
}

struct candidate {
	struct flow	*flow;
	struct endpoint_queued q;
};

static int
by_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->q.since > y->q.since) - (x->q.since < y->q.since);
}

static size_t
candidates(const struct gateway *gw, struct candidate *c, int64_t at)
{
	struct flow *f;
	size_t n = 0;

	LIST_FOREACH(f, &gw->flows, link) {
		c[n].flow = f;
		splice_queued(&f->splice, &c[n].q);
		n += c[n].q.since != INT64_MAX && c[n].q.since <= at;
	}
	return n;
}

/* To end one flow calls nobody up, and so ends no other. */
uint64_t
gateway_shed(struct gateway *gw, uint64_t bytes, int64_t at)
{
	struct candidate *c;
	uint64_t sum = 0;
	size_t i, n;

	if ((c = calloc(gw->totals.flows + 1, sizeof(*c))) == NULL)
		return 0;
	n = candidates(gw, c, at);
	qsort(c, n, sizeof(*c), by_age);
	for (i = 0; i < n && sum < bytes; i++) {
		sum += c[i].q.bytes + c[i].q.counted;
		splice_kill(&c[i].flow->splice, -ENOBUFS);
	}
	free(c);
	return sum;
}

/* --- names --- */

/* Of who asks for a name: where he is, and when. */
static void
find_asker(struct gateway *gw, const struct dns_from *from, struct facts *f)
{
	const struct door *door = from->listener;
	struct facts_conf conf = { .loop = gw->conf.loop,
	    .kin = gw->conf.kin };
	struct facts_of of = { .client = &from->client,
	    .ifindex = from->ifindex,
	    .elsewhere = door->as_client.family != 0 };

	facts_find(f, &conf, wants(gw) & (RULES_WANT_LINK | RULES_WANT_TIME),
	    &of);
}

/* What is asked for a name goes as its flows would, as far as that can be said
 * before there is one.  A question by itself would be each family's; so it is
 * each name's, and each client's. */
static const char *
name_token(void *arg, const struct dns_from *from, const char *name,
    uint8_t token[ONION_TOKEN])
{
	struct gateway *gw = arg;
	const struct door *door = from->listener;
	struct isolate_key key = { .dest_name = name };
	struct policy_flow flow = {
		.about = { .client = from->client, .names = &name,
		    .nnames = 1, .any_port = 1, .proto = RULE_PROTO_TCP },
		.name = name, .no_addr = 1
	};
	const struct rule *rule = NULL;
	struct addr reverse;
	struct facts facts;

	if (addr_parse_ip(&reverse, name, -1) < 0) {
		find_asker(gw, from, &facts);
		facts_lend(&facts, &flow);
		rule = policy_rule(gateway_rules_policy(gw->rules), &flow);
		key.names = flow.about.names;
		key.nnames = flow.about.nnames;
	}
	key.flags = policy_isolation(rule, door->isolate);
	if (key.flags & ISOLATE_FLOW)
		key.flags = (key.flags & ~(unsigned)ISOLATE_FLOW) |
		    ISOLATE_DEST_ADDR | ISOLATE_CLIENT_ADDR;
	token_for(gw, door, from->ifindex, &from->client, &key, token);
	return exits_of(rule);
}

/* Could a rule that has dotexit decide what connects to it? */
static int
name_dotexit(void *arg, const struct dns_from *from, const char *name)
{
	struct gateway *gw = arg;
	struct rule_flow about = { .client = from->client, .any_port = 1,
		.proto = RULE_PROTO_TCP };
	const char *names[2];
	struct target t;

	if (!gateway_rules_have_dotexit(gw->rules))
		return 0;
	find_target(gw, name, &t);
	about.names = names;
	about.nnames = target_names(&t, names);
	about.dest = t.addr;
	return t.asked_exit && gateway_rules_may_dotexit(gw->rules, &about);
}

static void
name_who(void *arg, const struct dns_from *from, struct names_who *who)
{
	const struct door *door = from->listener;

	group_of(arg, door, from->ifindex, &from->client, who->group);
	who->no_ipv4 = door->no_ipv4;
	who->no_ipv6 = door->no_ipv6;
	who->no_onion = door->no_onion;
	who->prefer_ipv6 = door->virtual_ipv6;
}

static void
name_share(void *arg, const struct dns_from *from, struct addr *out)
{
	gateway_share(arg, from->listener, &from->client, out);
}

/* Somebody is told addresses of a name. */
static void
name_told(void *arg, const struct dns_from *from, const struct dns_told *t)
{
	struct gateway *gw = arg;
	uint8_t group[ISOLATE_TOKEN];
	size_t i;

	if (!(wants(gw) & RULES_WANT_NAMES))
		return;
	group_of(gw, from->listener, from->ifindex, &from->client, group);
	for (i = 0; i < t->naddrs; i++)
		if (!automap_is_virtual(gw->automap, &t->addrs[i]))
			given_add(gw->given, group, &t->addrs[i], t->names,
			    t->nnames, t->ttl);
}

static int
relay_named(void *arg, const char *name, uint8_t id[TARGET_ID],
    struct addr *addr)
{
	const struct gateway *gw = arg;
	int rc = onion_relay_named(gw->conf.onion, name, id);

	return rc < 0 ? rc : onion_relay_addr(gw->conf.onion, id, addr);
}

static void
use_rules(struct gateway *gw, struct gateway_rules *r)
{
	gw->rules = r;
	gateway_rules_set_relay(r, relay_named, gw);
	if (gw->names)
		names_set_rules(gw->names, gateway_rules_names(r));
}

/* For good: virtual networks do not change while the program runs. */
static int
make_automap(struct gateway *gw)
{
	struct automap_conf ac = {
		.net4 = *gateway_rules_virtual(gw->rules, 4),
		.net6 = *gateway_rules_virtual(gw->rules, 6)
	};

	return automap_new(&gw->automap, &ac);
}

/* To a resolver of DNSUpstream: on circuits that carry nothing else. */
static int
name_connect(void *arg, const struct dns_from *from, const struct addr *a,
    struct endpoint **out)
{
	struct gateway *gw = arg;
	struct door door = *(const struct door *)from->listener;
	struct isolate_key key = { .dest = *a };
	uint8_t token[ISOLATE_TOKEN];
	char host[ADDR_TEXT];
	struct onion_target target = {
		.host = addr_ip_raw(a, host), .port = a->port
	};

	door.proto = DOOR_RESOLVER;
	key.flags = door.isolate | ISOLATE_CLIENT_PROTO;
	token_for(gw, &door, from->ifindex, &from->client, &key, token);
	return onion_connect(gw->conf.onion, token, &target, out);
}

static int
make_names(struct gateway *gw)
{
	struct names_conf nc = { .loop = gw->conf.loop,
		.onion = gw->conf.onion, .automap = gw->automap,
		.token = name_token, .dotexit = name_dotexit, .who = name_who,
		.share = name_share, .connect = name_connect,
		.told = name_told, .arg = gw };
	int rc = names_new(&gw->names, &nc);

	if (rc < 0)
		return rc;
	names_set_rules(gw->names, gateway_rules_names(gw->rules));
	return names_set_dns(gw->names, gateway_rules_dns(gw->rules));
}

int
gateway_resolve(struct gateway *gw, const struct door *door,
    const struct addr *client, const char *name, int family, int reverse,
    gateway_lookup_fn *fn, void *arg, struct gateway_lookup **out)
{
	struct dns_from from = { .client = *client,
	    .ifindex = door->came.ifindex, .listener = (void *)(uintptr_t)door };

	return names_lookup(gw->names, &from, name, family, reverse, fn, arg,
	    out);
}

void
gateway_lookup_cancel(struct gateway_lookup *l)
{
	names_lookup_cancel(l);
}

/* --- the whole --- */

static int
still_direct(const struct gateway *gw, const struct flow *f)
{
	struct policy_flow flow = {
		.about = { .client = f->client, .dest = f->dest,
		    .proto = RULE_PROTO_TCP },
		.no_ipv4 = f->no_ipv4, .no_ipv6 = f->no_ipv6
	};
	struct policy_decision d;

	/* Names and countries that nobody asked for then are not known now. */
	if (wants(gw) & ~facts_kept_wants(f->facts) &
	    (RULES_WANT_NAMES | RULES_WANT_COUNTRY))
		return 0;
	facts_lend_kept(f->facts, &flow);
	facts_set_time(&flow, gw->conf.loop);
	policy_decide(gateway_rules_policy(gw->rules), &flow, &d);
	return d.verdict == POLICY_DIRECT;
}

/* Whoever takes a rule away wants nothing to pass Tor by any more. */
static void
end_direct(struct gateway *gw)
{
	struct flow *f, *next;
	size_t n = 0;

	for (f = LIST_FIRST(&gw->flows); f; f = next) {
		next = LIST_NEXT(f, link);
		if (!f->direct || still_direct(gw, f))
			continue;
		splice_kill(&f->splice, -ECONNRESET);
		n++;
	}
	if (n)
		log_notice(LD_STREAM, "%zu connections that went direct and "
		    "may not any more have been ended", n);
}

static void
on_minute(void *arg)
{
	struct gateway *gw = arg;

	end_direct(gw);
	set_minute(gw);
}

void
gateway_set_rules(struct gateway *gw, struct gateway_rules *r)
{
	struct gateway_rules *old = gw->rules;

	use_rules(gw, r);
	gateway_rules_free(old);
	if (names_set_dns(gw->names, gateway_rules_dns(r)) < 0)
		log_warn(LD_DNS, "the resolvers of DNSUpstream stay as they "
		    "were: no memory");
	gateway_rules_tell(r);
	end_direct(gw);
	set_minute(gw);
	if (!(wants(gw) & RULES_WANT_NAMES))
		given_forget(gw->given);
}

/* One client may have most of it, but never all. */
static struct quota *
places(size_t max)
{
	return quota_new(max, max - max / 4);
}

int
gateway_new(struct gateway **out, const struct gateway_conf *gconf,
    const struct conf *conf)
{
	struct gateway *gw = calloc(1, sizeof(*gw));
	int rc = -ENOMEM;

	if (gw == NULL)
		return rc;
	gw->conf = *gconf;
	if (gw->conf.flows_max > ONION_STREAMS_MAX)
		gw->conf.flows_max = ONION_STREAMS_MAX;
	LIST_INIT(&gw->flows);
	loop_timer_init(&gw->minute, on_minute, gw);
	if ((gw->quota = places(gw->conf.flows_max)) == NULL ||
	    (gw->sockets = places(gw->conf.sockets_max)) == NULL ||
	    (gw->isolate = isolate_new()) == NULL ||
	    given_new(&gw->given, gw->conf.loop) < 0)
		goto fail;
	if ((rc = gateway_rules_new(&gw->rules, conf)) < 0)
		goto fail;
	use_rules(gw, gw->rules);
	if ((rc = make_automap(gw)) < 0 || (rc = make_names(gw)) < 0)
		goto fail;
	gateway_rules_tell(gw->rules);
	*out = gw;
	return 0;

fail:
	gateway_free(gw);
	return rc;
}

void
gateway_free(struct gateway *gw)
{
	struct flow *f;

	if (gw == NULL)
		return;
	while ((f = LIST_FIRST(&gw->flows)) != NULL)
		splice_kill(&f->splice, -ECONNRESET);
	loop_timer_clear(gw->conf.loop, &gw->minute);
	names_free(gw->names);
	given_free(gw->given);
	automap_free(gw->automap);
	isolate_free(gw->isolate);
	quota_free(gw->quota);
	quota_free(gw->sockets);
	gateway_rules_free(gw->rules);
	free(gw);
}

struct dnsport *
gateway_dnsport(struct gateway *gw)
{
	return names_dnsport(gw->names);
}

void
gateway_totals(const struct gateway *gw, struct gateway_totals *t)
{
	*t = gw->totals;
	t->rejected += names_rejected(gw->names);
	dnsport_totals(names_dnsport(gw->names), &t->dns);
}
