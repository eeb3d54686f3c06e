/* tests/daemon/test_gateway_options.c - what a FlowRule's options do to a flow
 *
 * The engine is made up: by which token, to which exits and how alone it is
 * asked for a stream or an answer is looked at.
 */
#include <errno.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/sock.h"
#include "onion/crypto/crypt.h"
#include "policy/isolate.h"
#include "tests/daemon/fakedial.h"
#include "tests/daemon/fakeengine.h"
#include "tests/daemon/testconf.h"
#include "tests/dnsport/query.h"
#include "tests/unit.h"

enum { A = 1, NOERROR = 0, NXDOMAIN = 3 };

static struct loop loop;
static struct gateway *gw;
static int code, answers;		/* of the DNS server */
static struct addr answer;

/* --- what is made up --- */

int
onion_relay_named(const struct onion *o, const char *n, uint8_t rsa[20])
{
	(void)o;
	memset(rsa, 7, 20);
	return strcmp(n, "relay") == 0 ? 0 : -ENOENT;
}

int
onion_relay_addr(const struct onion *o, const uint8_t rsa[20], struct addr *a)
{
	(void)o;
	(void)rsa;
	addr_v4(a, 0x08080404, 0);
	return 0;
}

static void
init(const char *rules)
{
	struct gateway_conf gc = { .loop = &loop, .flows_max = 32,
	    .sockets_max = 32 };
	struct conf *c = testconf(rules);

	crypt_init();
	loop_init(&loop, 1000, 1795300000);
	log_set_use(log_set_new());
	fake_begin(&fake_held);
	ck_assert_int_eq(gateway_new(&gw, &gc, c), 0);
	conf_free(c);
}

static void
end(void)
{
	gateway_free(gw);
	loop_end_turn(&loop);
	ck_assert_ptr_null(loop.items);
}

static const struct door trans = { .proto = DOOR_TRANS, .session_group = -1,
    .isolate = ISOLATE_CLIENT_ADDR }, other = { .proto = DOOR_TRANS,
    .session_group = -2, .isolate = ISOLATE_CLIENT_ADDR }, dns = {
    .proto = DOOR_DNS, .session_group = -3, .isolate = ISOLATE_CLIENT_ADDR };

#define LAN1 "10.9.0.11"
#define LAN2 "10.9.0.12"

static struct addr
parsed(const char *ip)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(&a, ip, -1), 0);
	a.port = 4000;
	return a;
}

/* By name where it is one.  Ended at once; whether it was let through. */
static int
flow_by(const struct door *door, const char *from, const char *to, uint16_t p)
{
	struct addr c = parsed(from), a;
	struct fake *f = fake();
	int dead;

	memset(token, 0, sizeof(token));
	exits[0] = '\0';
	alone = exit_id = 0;
	if (addr_parse_ip(&a, to, -1) == 0) {
		a.port = p;
		gateway_flow(gw, door, &c, &a, &f->ep);
	} else
		gateway_flow_to(gw, door, &c, to, p, &f->ep);
	dead = f->dead;
	if (!dead)
		f->ep.user->gone(f->ep.arg, 0);
	loop_end_turn(&loop);
	nfakes = 0;
	return !dead;
}

static int
flow(const char *from, const char *to, uint16_t p)
{
	return flow_by(&trans, from, to, p);
}

/* --- isolate= --- */

static int
differ_by(const struct door *x, const char *from, const char *to, uint16_t p,
    const struct door *y, const char *from2, const char *to2, uint16_t p2)
{
	uint8_t first[ONION_TOKEN];

	ck_assert(flow_by(x, from, to, p));
	memcpy(first, token, sizeof(first));
	ck_assert(flow_by(y, from2, to2, p2));
	return memcmp(first, token, sizeof(first)) != 0;
}

/* Do two flows like this have different tokens? */
static const struct {
	const char	*isolate;
	int		 same, client, dest, port, name, door;
} isolations[] = {
	{ "",				0, 1, 0, 0, 0, 1 },
	{ "isolate=client",		0, 1, 0, 0, 0, 1 },
	{ "isolate=dest",		0, 0, 1, 0, 1, 1 },
	{ "isolate=port",		0, 0, 0, 1, 0, 1 },
	{ "isolate=name",		0, 0, 0, 0, 1, 1 },
	{ "isolate=user",		0, 0, 0, 0, 0, 1 },
	{ "isolate=app",		0, 0, 0, 0, 0, 1 },
	{ "isolate=flow",		1, 1, 1, 1, 1, 1 },
	{ "isolate=client,port",	0, 1, 0, 1, 0, 1 },
	{ "isolate=client,dest,name",	0, 1, 1, 0, 1, 1 },
};

START_TEST(gateway_flow_is_isolated_as_its_rule_says)
{
	static const char a[] = "8.8.8.8", b[] = "8.8.4.4";
	const char *what = isolations[_i].isolate;
	char rules[100];

	snprintf(rules, sizeof(rules), "FlowRule torify %s\n", what);
	init(rules);
#define DIFFER(field, ...)						\
	ck_assert_msg(differ_by(__VA_ARGS__) == isolations[_i].field,	\
	    "%s: " #field, what)
	DIFFER(same, &trans, LAN1, a, 80, &trans, LAN1, a, 80);
	DIFFER(client, &trans, LAN1, a, 80, &trans, LAN2, a, 80);
	DIFFER(dest, &trans, LAN1, a, 80, &trans, LAN1, b, 80);
	DIFFER(port, &trans, LAN1, a, 80, &trans, LAN1, a, 81);
	DIFFER(name, &trans, LAN1, "a.example", 80, &trans, LAN1, "b.example",
	    80);
	DIFFER(door, &trans, LAN1, a, 80, &other, LAN1, a, 80);
	end();
}
END_TEST

/* Under a rule's words and the same of a door the same counts. */
START_TEST(gateway_flow_of_another_rule_may_share_if_the_same_counts)
{
	init("FlowRule torify port 80 isolate=client\n"
	    "FlowRule torify port 81 isolate=client,dest\n");
	ck_assert(!differ_by(&trans, LAN1, "8.8.8.8", 80, &trans, LAN1,
	    "8.8.4.4", 82));
	ck_assert(differ_by(&trans, LAN1, "8.8.8.8", 80, &trans, LAN1,
	    "8.8.8.8", 81));
	end();
}
END_TEST

static int
owner_differs(const char *from, const char *from2)
{
	uint8_t first[ONION_TOKEN];

	ck_assert(flow(from, "8.8.8.8", 80));
	memcpy(first, token, sizeof(first));
	ck_assert(flow(from2, "8.8.8.8", 80));
	return memcmp(first, token, ONION_OWNER) != 0;
}

/* However many circuits: they are one client's, as to how many that may have;
 * and nothing else goes onto them. */
START_TEST(gateway_flow_by_itself_is_its_clients_and_alone)
{
	int i;

	init("FlowRule torify port 80 isolate=flow\n");
	for (i = 0; i < 100; i++)
		ck_assert(!owner_differs(LAN1, LAN1));
	ck_assert(owner_differs(LAN1, LAN2));
	ck_assert_int_eq(alone, 1);
	ck_assert(flow(LAN1, "8.8.8.8", 81));
	ck_assert_int_eq(alone, 0);
	end();
}
END_TEST

/* --- exit= --- */

static const char exit_rules[] =
    "AllowDotExit 1\n"
    "MapAddress www.mapped.example a.example.com\n"
    "FlowRule torify from " LAN2 " exit={fr}\n"
    "FlowRule torify to .example.com port 443 exit={us},moria1\n"
    "FlowRule torify to 8.8.8.0/24 exit={de}\n"
    "FlowRule torify port 80 isolate=port\n";

static const struct {
	const char	*from, *to;
	uint16_t	 port;
	const char	*exits;
} by_exits[] = {
	{ LAN1, "8.8.8.8", 443, "{de}" }, { LAN1, "8.8.4.4", 443, "" },
	{ LAN1, "8.8.4.4", 80, "" },
	{ LAN1, "www.example.com", 443, "{us},moria1" },
	{ LAN1, "WWW.Example.COM.", 443, "{us},moria1" },
	{ LAN1, "www.example.com", 444, "" },
	{ LAN1, "www.example.org", 443, "" },
	{ LAN1, "www.mapped.example", 443, "{us},moria1" },
	{ LAN1, "a.example.com.relay.exit", 443, "{us},moria1" },
	{ LAN2, "www.example.com", 443, "{fr}" },
	{ LAN2, "8.8.8.8", 1, "{fr}" },
};

START_TEST(gateway_flow_leaves_by_its_rules_exits)
{
	init(exit_rules);
	ck_assert(flow(by_exits[_i].from, by_exits[_i].to, by_exits[_i].port));
	ck_assert_str_eq(exits, by_exits[_i].exits);
	end();
}
END_TEST

START_TEST(gateway_set_rules_other_exits_hold_at_once)
{
	struct gateway_rules *new;
	struct conf *c;

	init("FlowRule torify exit={de}\n");
	ck_assert(flow(LAN1, "8.8.8.8", 80));
	ck_assert_str_eq(exits, "{de}");
	c = testconf("FlowRule torify exit={fr}\n");
	ck_assert_int_eq(gateway_rules_new(&new, c), 0);
	conf_free(c);
	gateway_set_rules(gw, new);
	ck_assert(flow(LAN1, "8.8.8.8", 80));
	ck_assert_str_eq(exits, "{fr}");
	end();
}
END_TEST

/* --- names that are asked for --- */

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	(void)arg;
	ck_assert_uint_ge(len, 12);
	code = msg[3] & 15;
	answers = msg[6] << 8 | msg[7];
	memset(&answer, 0, sizeof(answer));
	answer.family = 4;
	if (answers)
		memcpy(answer.ip, msg + len - 4, 4);
}

/* Once it is asked of the engine: cancelled. */
static void
ask(const char *from_ip, const char *name)
{
	struct dns_from from = { .client = parsed(from_ip), .tcp = 1,
	    .listener = (void *)(uintptr_t)&dns };
	static struct query msg;
	struct dns_query *q;

	memset(token, 0, sizeof(token));
	exits[0] = '\0';
	code = -1;
	query_make(&msg, name, A);
	ck_assert_int_eq(dnsport_query(gateway_dnsport(gw), msg.buf,
	    query_len(&msg), &from, on_reply, NULL, &q), 0);
	loop_end_turn(&loop);
	if (code < 0)
		lookup.fn(lookup.arg, -ENOENT, NULL, 0);
	loop_end_turn(&loop);
}

static const char ask_rules[] =
    "AutomapHostsOnResolve 0\n"
    "FlowRule torify from " LAN2 " exit={fr}\n"
    "FlowRule drop to .bad.example.com\n"
    "FlowRule torify to a.example.com\n"
    "FlowRule torify to .example.com port 443 exit={us} isolate=dest\n"
    "FlowRule torify to 0.0.0.0/0 user 1000 exit={de}\n";

static const struct {
	const char	*from, *name, *exits;
} asked_by[] = {
	{ LAN1, "www.example.com", "{us}" },
	{ LAN1, "Www.Example.Com", "{us}" },
	{ LAN1, "a.example.com", "" },		/* another rule is first */
	{ LAN1, "x.bad.example.com", "" },
	{ LAN1, "www.example.org", "" },	/* whose user asks is unknown */
	{ LAN2, "www.example.org", "{fr}" },
};

START_TEST(gateway_question_leaves_by_the_exits_of_its_names_rule)
{
	init(ask_rules);
	ask(asked_by[_i].from, asked_by[_i].name);
	ck_assert_int_eq(resolves, 1);
	ck_assert_str_eq(exits, asked_by[_i].exits);
	end();
}
END_TEST

static int
ask_differ(const char *from, const char *name, const char *from2,
    const char *name2)
{
	uint8_t first[ONION_TOKEN];

	ask(from, name);
	memcpy(first, token, sizeof(first));
	ask(from2, name2);
	return memcmp(first, token, sizeof(first)) != 0;
}

START_TEST(gateway_question_is_isolated_as_its_names_rule_says)
{
	init("AutomapHostsOnResolve 0\n"
	    "FlowRule torify to .shared.example isolate=dest\n"
	    "FlowRule torify to .alone.example isolate=flow\n");
	ck_assert(!ask_differ(LAN1, "a.example", LAN1, "b.example"));
	ck_assert(ask_differ(LAN1, "a.example", LAN2, "a.example"));
	ck_assert(ask_differ(LAN1, "a.shared.example", LAN1,
	    "b.shared.example"));
	ck_assert(!ask_differ(LAN1, "a.shared.example", LAN2,
	    "a.shared.example"));
	/* both families of a name are asked for at once */
	ck_assert(!ask_differ(LAN1, "a.alone.example", LAN1,
	    "a.alone.example"));
	ck_assert(ask_differ(LAN1, "a.alone.example", LAN1,
	    "b.alone.example"));
	ck_assert(ask_differ(LAN1, "a.alone.example", LAN2,
	    "a.alone.example"));
	end();
}
END_TEST

/* --- dotexit --- */

static const char dotexit_rules[] =
    "AutomapHostsOnResolve 1\n"
    "FlowRule torify from " LAN1 " to .example.com port 443 dotexit\n"
    "FlowRule torify from " LAN1 " to .user.example user 1000 dotexit\n"
    "FlowRule torify port 8080\n"
    "FlowRule torify to .relay.exit from 10.8.0.0/16 dotexit\n";

static const struct {
	const char	*from, *to;
	uint16_t	 port;
	int		 ok;
} dotexits[] = {
	{ LAN1, "www.example.com.relay.exit", 443, 1 },
	{ LAN1, "WWW.example.com.Relay.Exit.", 443, 1 },
	{ LAN1, "www.example.com.relay.exit", 80, 0 },
	{ LAN1, "www.example.com.relay.exit", 8080, 0 },
	{ LAN2, "www.example.com.relay.exit", 443, 0 },
	{ LAN1, "www.example.org.relay.exit", 443, 0 },
	{ LAN1, "www.example.com.nobody.exit", 443, 0 },
	{ LAN1, "a.user.example.relay.exit", 443, 0 },
	{ LAN1, "relay.exit", 443, 0 },
	{ "10.8.0.1", "www.example.org.relay.exit", 80, 1 },
	{ "10.8.0.1", "relay.exit", 80, 1 },
	{ LAN1, "a.b.onion.relay.exit", 443, 0 },
	{ LAN1, "a.x.exit.relay.exit", 443, 0 },
};

/* What goes to the exit is never a name in .exit. */
START_TEST(gateway_flow_chooses_its_exit_only_where_its_rule_lets_it)
{
	init(dotexit_rules);
	connects = 0;
	host[0] = '\0';
	ck_assert_msg(flow(dotexits[_i].from, dotexits[_i].to,
	    dotexits[_i].port) == dotexits[_i].ok, "%s", dotexits[_i].to);
	ck_assert_int_eq(connects, dotexits[_i].ok);
	ck_assert_int_eq(exit_id, dotexits[_i].ok ? 7 : 0);
	ck_assert_ptr_null(strstr(host, "exit"));
	end();
}
END_TEST

static const struct {
	const char	*from, *name;
	int		 ok;
} dotexit_asked[] = {
	{ LAN1, "www.example.com.relay.exit", 1 },
	{ LAN2, "www.example.com.relay.exit", 0 },
	{ LAN1, "www.example.org.relay.exit", 0 },
	{ LAN1, "a.user.example.relay.exit", 1 },	/* it may be his */
	{ LAN1, "www.example.com.nobody.exit", 0 },
	{ "10.8.0.1", "www.example.org.relay.exit", 1 },
};

START_TEST(gateway_question_for_dotexit_is_mapped_where_a_rule_could_let_it)
{
	init(dotexit_rules);
	ask(dotexit_asked[_i].from, dotexit_asked[_i].name);
	ck_assert_int_eq(resolves, 0);
	ck_assert_msg(code == (dotexit_asked[_i].ok ? NOERROR : NXDOMAIN),
	    "%s: %d", dotexit_asked[_i].name, code);
	ck_assert_int_eq(answers, dotexit_asked[_i].ok);
	end();
}
END_TEST

/* The mapping alone is no leave: the rule that decides has to give it. */
START_TEST(gateway_flow_to_a_mapped_dotexit_is_decided_when_it_connects)
{
	char ip[ADDR_TEXT];

	init(dotexit_rules);
	ask(LAN1, "www.example.com.relay.exit");
	addr_ip_raw(&answer, ip);
	ck_assert(!flow(LAN1, ip, 80));
	ck_assert_int_eq(connects, 0);
	ck_assert(flow(LAN1, ip, 443));
	ck_assert_int_eq(exit_id, 7);
	ck_assert_str_eq(host, "www.example.com");
	ask(LAN1, "a.user.example.relay.exit");
	addr_ip_raw(&answer, ip);
	ck_assert(!flow(LAN1, ip, 443));
	ck_assert_int_eq(connects, 1);
	end();
}
END_TEST

/* The operator's own word for an exit needs no leave. */
START_TEST(gateway_flow_by_an_exit_of_mapaddress_needs_no_dotexit)
{
	init("MapAddress a.example a.example.relay.exit\n"
	    "FlowRule torify to b.example dotexit\n");
	ck_assert(flow(LAN1, "a.example", 80));
	ck_assert_int_eq(exit_id, 7);
	ck_assert(!flow(LAN1, "a.example.relay.exit", 80));
	end();
}
END_TEST

/* --- accept= --- */

static const struct {
	const char	*rules, *to;
	int		 proto;
	int		 at_once;
} accepts[] = {
	{ "", "www.example.com", DOOR_TUN, 1 },
	{ "", "8.8.8.8", DOOR_TUN, 0 },
	{ "FlowRule torify to .example.com accept=deferred\n",
	    "www.example.com", DOOR_TUN, 0 },
	{ "FlowRule torify to .example.org accept=deferred\n",
	    "www.example.com", DOOR_TUN, 1 },
	{ "FlowRule torify to 8.8.8.8 accept=optimistic\n", "8.8.8.8",
	    DOOR_TUN, 1 },
	{ "FlowRule torify from " LAN2 " accept=optimistic\n", "8.8.8.8",
	    DOOR_TUN, 0 },
	{ "FlowRule direct to 8.8.8.8 accept=optimistic\n", "8.8.8.8",
	    DOOR_TUN, 1 },
	{ "FlowRule direct to 8.8.8.8\n", "8.8.8.8", DOOR_TUN, 0 },
	{ "FlowRule torify accept=optimistic\n", "8.8.8.8", DOOR_SOCKS, 0 },
	{ "FlowRule torify accept=optimistic\n", "8.8.8.8", DOOR_HTTP, 0 },
};

START_TEST(gateway_flow_is_accepted_as_its_rule_says)
{
	struct door door = trans;
	struct addr c = parsed(LAN1), a;
	struct fake *f;

	init(accepts[_i].rules);
	f = fake();
	door.proto = (uint8_t)accepts[_i].proto;
	if (addr_parse_ip(&a, accepts[_i].to, -1) == 0) {
		a.port = 80;
		gateway_flow(gw, &door, &c, &a, &f->ep);
	} else
		gateway_flow_to(gw, &door, &c, accepts[_i].to, 80, &f->ep);
	ck_assert_int_eq(f->dead, 0);
	ck_assert_int_eq(f->accepted, accepts[_i].at_once);
	far->ep.user->open(far->ep.arg);
	ck_assert_int_eq(f->accepted, 1);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(gateway_flow_is_isolated_as_its_rule_says,
	    NELEM(isolations)),
	UNIT(gateway_flow_of_another_rule_may_share_if_the_same_counts),
	UNIT(gateway_flow_by_itself_is_its_clients_and_alone),
	UNIT_LOOP(gateway_flow_leaves_by_its_rules_exits, NELEM(by_exits)),
	UNIT(gateway_set_rules_other_exits_hold_at_once),
	UNIT_LOOP(gateway_question_leaves_by_the_exits_of_its_names_rule,
	    NELEM(asked_by)),
	UNIT(gateway_question_is_isolated_as_its_names_rule_says),
	UNIT_LOOP(gateway_flow_chooses_its_exit_only_where_its_rule_lets_it,
	    NELEM(dotexits)),
	UNIT_LOOP(
	    gateway_question_for_dotexit_is_mapped_where_a_rule_could_let_it,
	    NELEM(dotexit_asked)),
	UNIT(gateway_flow_to_a_mapped_dotexit_is_decided_when_it_connects),
	UNIT(gateway_flow_by_an_exit_of_mapaddress_needs_no_dotexit),
	UNIT_LOOP(gateway_flow_is_accepted_as_its_rule_says, NELEM(accepts)),
};
UNIT_MAIN("gateway_options", tests)
