/* daemon/gateway_decide.c - what becomes of a flow, and whether it still may */
#include "daemon/gateway_int.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/dial.h"
#include "daemon/facts.h"
#include "daemon/names.h"

enum { MINUTE = 60 };

/* Where some rule lets clients choose exits, whether it is this one's is found
 * out once it is known which decides. */
void
gateway_target(const struct gateway *gw, const char *name, struct target *t)
{
	struct target_conf conf = gateway_rules_names(gw->rules)->target;

	conf.allow_dot_exit |= gateway_rules_have_dotexit(gw->rules);
	target_find(t, &conf, name);
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
		gateway_group(gw, r->door, came->ifindex, r->client, group);
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
	find_facts(gw, r, gateway_wants(gw) | RULES_WANT_LINK |
	    RULES_WANT_USER | RULES_WANT_APP, facts);
}

void
gateway_decide(struct gateway *gw, struct request *r, struct facts *facts)
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
		.shut = gw->shut,
		.no_ipv4 = r->door->no_ipv4, .no_ipv6 = r->door->no_ipv6,
		.no_onion = r->door->no_onion
	};

	find_facts(gw, r, gateway_wants(gw), facts);
	r->facts = facts;
	facts_lend(facts, &flow);
	r->flow = flow;
	policy_decide(gateway_rules_policy(gw->rules), &flow, &r->d);
	if (r->d.verdict == POLICY_DIRECT)
		settle_direct(gw, r, facts);
}

static int
still_direct(const struct gateway *gw, const struct flow *f)
{
	struct policy_flow flow = {
		.about = { .client = f->client, .dest = f->dest,
		    .proto = RULE_PROTO_TCP },
		.shut = gw->shut,
		.no_ipv4 = f->no_ipv4, .no_ipv6 = f->no_ipv6
	};
	struct policy_decision d;

	/* Names and countries that nobody asked for then are not known now. */
	if (gateway_wants(gw) & ~facts_kept_wants(f->facts) &
	    (RULES_WANT_NAMES | RULES_WANT_COUNTRY))
		return 0;
	facts_lend_kept(f->facts, &flow);
	facts_set_time(&flow, gw->conf.loop);
	policy_decide(gateway_rules_policy(gw->rules), &flow, &d);
	return d.verdict == POLICY_DIRECT;
}

/* Whoever goes direct by the clock is to be looked at when it has gone on. */
void
gateway_set_minute(struct gateway *gw)
{
	int64_t wall = gw->conf.loop->wall;

	if (gw->ndirect == 0 || gw->minute.armed ||
	    !(gateway_wants(gw) & RULES_WANT_TIME))
		return;
	loop_timer_in(gw->conf.loop, &gw->minute,
	    (MINUTE - (wall % MINUTE + MINUTE) % MINUTE) * 1000);
}

/* Whoever takes a rule away wants nothing to pass Tor by any more. */
void
gateway_end_direct(struct gateway *gw)
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
gateway_on_minute(void *arg)
{
	struct gateway *gw = arg;

	gateway_end_direct(gw);
	gateway_set_minute(gw);
}
