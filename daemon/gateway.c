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
#include "daemon/gateway_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/quota.h"
#include "base/why.h"
#include "daemon/conf.h"
#include "daemon/facts.h"
#include "daemon/given.h"
#include "daemon/names.h"
#include "daemon/sock.h"
#include "dnsport/automap.h"
#include "onion/onion.h"

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
		.exits = gateway_exits(r->d.rule),
		.alone = r->d.rule && (r->d.rule->isolate &
		    RULE_ISOLATE_FLOW)
	};

	gateway_flow_token(gw, r, token);
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
	gateway_set_minute(gw);
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

	gateway_decide(gw, r, &facts);
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

static void
go_mapped(struct gateway *gw, struct request *r)
{
	uint8_t group[ISOLATE_TOKEN];

	gateway_group(gw, r->door, r->door->came.ifindex, r->client, group);
	r->mapping = automap_hold(gw->automap, group, &r->dest);
	if (r->mapping == NULL) {
		reject(gw, r, -EACCES, "a virtual address that no name of this "
		    "client has");
		return;
	}
	r->name = automap_held_name(r->mapping);
	gateway_target(gw, r->name, &r->target);
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
	gateway_target(gw, host, &r.target);
	go(gw, &r);
}

/* --- the whole --- */

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
	gateway_end_direct(gw);
	gateway_set_minute(gw);
	if (!(gateway_wants(gw) & RULES_WANT_NAMES))
		given_forget(gw->given);
}

void
gateway_gate(struct gateway *gw, int open)
{
	gw->shut = !open;
	names_gate(gw->names, open);
	gateway_end_direct(gw);
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
	loop_timer_init(&gw->minute, gateway_on_minute, gw);
	if ((gw->quota = places(gw->conf.flows_max)) == NULL ||
	    (gw->sockets = places(gw->conf.sockets_max)) == NULL ||
	    (gw->isolate = isolate_new()) == NULL ||
	    given_new(&gw->given, gw->conf.loop) < 0)
		goto fail;
	if ((rc = gateway_rules_new(&gw->rules, conf)) < 0)
		goto fail;
	use_rules(gw, gw->rules);
	if ((rc = make_automap(gw)) < 0 || (rc = gateway_names_new(gw)) < 0)
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
