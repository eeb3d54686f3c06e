/* daemon/gateway.c - the story of a flow
 *
 * Theory of operation
 *	A flow is one client connection joined to one onion stream by a splice,
 *	or, where a rule says so, to a socket that connects to its destination.
 *	It begins when a door hands in a connection whose original destination
 *	is known, and ends when the splice says that both sides are gone.
 *
 *	  door -> policy -> isolation token -> onion_connect -> splice -> done
 *	                \-> direct: sock_dial ----------------/
 *
 *	What policy refuses, or what has no room (flows_max in all, sockets_max
 *	that are sockets of ours, three quarters of either for one client), is
 *	told so: a client must not take a refusal for silence, nor wait.  It is
 *	a reset where its connection was taken already; where it is still kept
 *	waiting it is the reason itself (base/endpoint.h).  Only what is to be
 *	dropped hears nothing, if it has heard nothing yet.
 *
 *	A question of the DNS server takes the same way (names).
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
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/gateway_rules.h"
#include "daemon/names.h"
#include "daemon/sock.h"
#include "daemon/splice.h"
#include "onion/onion.h"
#include "policy/isolate.h"
#include "policy/policy.h"

struct flow {
	LIST_ENTRY(flow) link;
	struct gateway	*gw;
	struct addr	 share;		/* whose it takes a place of */
	struct addr	 client, dest;
	uint8_t		 direct, no_ipv4, no_ipv6;
	struct splice	 splice;
	struct loop_item reap;
	unsigned	 sockets;	/* that it owns */
};

struct request {			/* somebody wants to connect */
	const struct door *door;
	const struct addr *client, *dest;
	struct endpoint	*ep;		/* the client's */
	struct policy_decision d;
};

struct gateway {
	struct gateway_conf conf;
	struct gateway_rules *rules;
	struct isolate	*isolate;
	struct quota	*quota;		/* of flows */
	struct quota	*sockets;	/* of flows with one: descriptors are
					 * fewer than what memory has room for */
	struct names	*names;
	LIST_HEAD(, flow) flows;
	struct gateway_totals totals;
};

static void
flow_reap(void *arg)
{
	free(arg);
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
	give_place(gw, &f->share, f->sockets);
	gw->totals.flows--;
	gw->totals.failed += why < 0;
	gw->totals.bytes_fwd += f->splice.client.bytes;
	gw->totals.bytes_bwd += f->splice.stream.bytes;
	log_info(LD_STREAM, "flow ended: %s, %llu bytes out, %llu in",
	    why ? strerror(-why) : "in order",
	    (unsigned long long)f->splice.client.bytes,
	    (unsigned long long)f->splice.stream.bytes);
	loop_item_add(gw->conf.loop, &f->reap);
}

static void
token_for(const struct gateway *gw, const struct door *door,
    const struct addr *client, const struct addr *dest, const char *name,
    uint8_t token[ISOLATE_TOKEN])
{
	struct isolate_key key = {
		.flags = door->isolate, .session_group = door->session_group,
		.proto = door->proto, .client = *client, .dest_name = name
	};

	if (dest)
		key.dest = *dest;
	isolate_token(gw->isolate, &key, token);
}

static int
through_tor(struct gateway *gw, const struct request *r, struct endpoint **out)
{
	uint8_t token[ISOLATE_TOKEN];
	char host[ADDR_TEXT];
	struct onion_target target = {
		.host = addr_ip_raw(r->dest, host), .port = r->dest->port
	};

	token_for(gw, r->door, r->client, r->dest, NULL, token);
	return onion_connect(gw->conf.onion, token, &target, out);
}

static int
far_side(struct gateway *gw, const struct request *r, struct endpoint **out)
{
	if (r->d.verdict == POLICY_DIRECT)
		return sock_dial(out, gw->conf.ev, r->dest, gw->conf.dial);
	return through_tor(gw, r, out);
}

static unsigned
sockets_of(const struct request *r)
{
	return (r->door->proto != DOOR_TUN) + (r->d.verdict == POLICY_DIRECT);
}

static void
join(struct gateway *gw, struct flow *f, const struct request *r,
    struct endpoint *far)
{
	f->gw = gw;
	f->share = *door_share(r->door, r->client);
	f->client = *r->client;
	f->dest = *r->dest;
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
	splice_open(&f->splice, gw->conf.loop, r->ep, far);
	if (r->d.optimistic)
		splice_accept(&f->splice);
}

static int
begin(struct gateway *gw, const struct request *r)
{
	const struct addr *share = door_share(r->door, r->client);
	struct endpoint *far;
	struct flow *f;
	int rc;

	if ((rc = take_place(gw, share, sockets_of(r))) < 0)
		return rc;
	rc = -ENOMEM;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		goto fail;
	if ((rc = far_side(gw, r, &far)) < 0)
		goto fail_flow;
	join(gw, f, r, far);
	return 0;

fail_flow:
	free(f);
fail:
	give_place(gw, share, sockets_of(r));
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
	case -ETIMEDOUT:
		return rc;
	default:
		return -EAGAIN;
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
decide(const struct gateway *gw, struct request *r)
{
	struct policy_flow flow = {
		.client = *r->client, .dest = *r->dest,
		.no_ipv4 = r->door->no_ipv4, .no_ipv6 = r->door->no_ipv6
	};

	policy_decide(gateway_rules_policy(gw->rules), &flow, &r->d);
	/* Our own connection to ourselves would come from inside of whatever
	 * guards us against the client; and through the TUN it would be the
	 * next one that goes direct. */
	if (r->d.verdict == POLICY_DIRECT && leads_here(gw, r->dest)) {
		r->d.verdict = POLICY_REJECT;
		r->d.why = "its destination is this host itself, and nothing "
		    "is let go direct to that";
	}
}

static void
turn_away(struct gateway *gw, const struct request *r)
{
	static struct log_limit limit = { .every_s = 10 };
	char text[ADDR_TEXT];

	gw->totals.rejected += r->d.verdict == POLICY_REJECT;
	gw->totals.dropped += r->d.verdict == POLICY_DROP;
	log_limited(&limit, LL_INFO, LD_STREAM, "refused a connection to %s: "
	    "%s", addr_show(r->dest, text), r->d.why);
	refuse(r->ep, r->d.verdict == POLICY_DROP ? 0 : -EACCES);
}

void
gateway_flow(struct gateway *gw, const struct door *door,
    const struct addr *client, const struct addr *dest, struct endpoint *ep)
{
	static struct log_limit failed = { .every_s = 10 };
	static struct log_limit plain = { .every_s = 3600 };
	struct request r = {
		.door = door, .client = client, .dest = dest, .ep = ep
	};
	int rc;

	decide(gw, &r);
	if (r.d.plaintext)
		log_limited(&plain, LL_WARN, LD_STREAM, "a client connects to "
		    "port %u, which is commonly used for unencrypted "
		    "passwords: the exit could read them (WarnPlaintextPorts)",
		    dest->port);
	if (r.d.verdict != POLICY_TORIFY && r.d.verdict != POLICY_DIRECT) {
		turn_away(gw, &r);
		return;
	}
	if ((rc = begin(gw, &r)) < 0) {
		gw->totals.failed++;
		log_limited(&failed, LL_WARN, LD_STREAM,
		    "cannot take another connection: %s", strerror(-rc));
		refuse(ep, reason(rc));
	}
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

static void
name_token(void *arg, const struct dns_from *from, const char *name,
    uint8_t token[ONION_TOKEN])
{
	token_for(arg, from->listener, &from->client, NULL, name, token);
}

/* To a resolver of DNSUpstream: on circuits that carry nothing else. */
static int
name_connect(void *arg, const struct dns_from *from, const struct addr *a,
    struct endpoint **out)
{
	struct gateway *gw = arg;
	struct door door = *(const struct door *)from->listener;
	uint8_t token[ISOLATE_TOKEN];
	char host[ADDR_TEXT];
	struct onion_target target = {
		.host = addr_ip_raw(a, host), .port = a->port
	};

	door.proto = DOOR_RESOLVER;
	door.isolate |= ISOLATE_CLIENT_PROTO;
	token_for(gw, &door, &from->client, a, NULL, token);
	return onion_connect(gw->conf.onion, token, &target, out);
}

static int
make_names(struct gateway *gw)
{
	struct names_conf nc = { .loop = gw->conf.loop,
		.onion = gw->conf.onion, .token = name_token,
		.connect = name_connect, .arg = gw };
	int rc = names_new(&gw->names, &nc);

	return rc < 0 ? rc : names_set_dns(gw->names,
	    gateway_rules_dns(gw->rules));
}

/* --- the whole --- */

static int
still_direct(const struct gateway *gw, const struct flow *f)
{
	struct policy_flow flow = {
		.client = f->client, .dest = f->dest,
		.no_ipv4 = f->no_ipv4, .no_ipv6 = f->no_ipv6
	};
	struct policy_decision d;

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

void
gateway_set_rules(struct gateway *gw, struct gateway_rules *r)
{
	gateway_rules_free(gw->rules);
	gw->rules = r;
	if (names_set_dns(gw->names, gateway_rules_dns(r)) < 0)
		log_warn(LD_DNS, "the resolvers of DNSUpstream stay as they "
		    "were: no memory");
	gateway_rules_tell(r);
	end_direct(gw);
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
	if ((gw->quota = places(gw->conf.flows_max)) == NULL ||
	    (gw->sockets = places(gw->conf.sockets_max)) == NULL ||
	    (gw->isolate = isolate_new()) == NULL)
		goto fail;
	if ((rc = gateway_rules_new(&gw->rules, conf)) < 0 ||
	    (rc = make_names(gw)) < 0)
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
	names_free(gw->names);
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
