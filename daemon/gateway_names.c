/* daemon/gateway_names.c - whose questions for names are, and their ways */
#include "daemon/gateway_int.h"

#include "daemon/facts.h"
#include "daemon/given.h"
#include "daemon/names.h"
#include "dnsport/automap.h"
#include "onion/onion.h"

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

	facts_find(f, &conf, gateway_wants(gw) &
	    (RULES_WANT_LINK | RULES_WANT_TIME), &of);
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
	gateway_token(gw, door, from->ifindex, &from->client, &key, token);
	return gateway_exits(rule);
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
	gateway_target(gw, name, &t);
	about.names = names;
	about.nnames = target_names(&t, names);
	about.dest = t.addr;
	return t.asked_exit && gateway_rules_may_dotexit(gw->rules, &about);
}

static void
name_who(void *arg, const struct dns_from *from, struct names_who *who)
{
	const struct door *door = from->listener;

	gateway_group(arg, door, from->ifindex, &from->client, who->group);
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

	if (!(gateway_wants(gw) & RULES_WANT_NAMES))
		return;
	gateway_group(gw, from->listener, from->ifindex, &from->client, group);
	for (i = 0; i < t->naddrs; i++)
		if (!automap_is_virtual(gw->automap, &t->addrs[i]))
			given_add(gw->given, group, &t->addrs[i], t->names,
			    t->nnames, t->ttl);
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
	gateway_token(gw, &door, from->ifindex, &from->client, &key, token);
	return onion_connect(gw->conf.onion, token, &target, out);
}

int
gateway_names_new(struct gateway *gw)
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
	    .ifindex = door->came.ifindex,
	    .listener = (void *)(uintptr_t)door };

	return names_lookup(gw->names, &from, name, family, reverse, fn, arg,
	    out);
}

void
gateway_lookup_cancel(struct gateway_lookup *l)
{
	names_lookup_cancel(l);
}
