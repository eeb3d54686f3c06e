/* tests/daemon/test_gateway_facts.c - every match of a FlowRule, by what the
 * gateway finds out
 *
 * The engine, the neighbours, the sockets of this host and the clock are made
 * up.  Clients ask at a DNSPort and connect by whichever door.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/kin.h"
#include "daemon/owner.h"
#include "daemon/sock.h"
#include "policy/isolate.h"
#include "policy/rule.h"
#include "tests/daemon/fakedial.h"
#include "tests/daemon/fakeengine.h"
#include "tests/daemon/norelays.h"
#include "tests/daemon/testconf.h"
#include "tests/dnsport/query.h"
#include "tests/unit.h"

enum { FLOWS_MAX = 32, MONDAY = 1795392000 };

#define LAN1 "10.9.0.11"
#define LAN2 "10.9.0.12"
#define OWN "10.9.0.1"
#define PRINTER "192.0.2.7"
#define ELSE "192.0.2.8"

static struct loop loop;
static struct gateway *gw;
static struct kin *kin;
static struct owner *owner;
static int finds, code;
static uint8_t reply[1024];
static size_t reply_len;
static struct kin_neighbour table[4];
static size_t ntable;

/* --- what is made up --- */

const char *
onion_country(const struct onion *o, const struct addr *a, char out[3])
{
	(void)o;
	strcpy(out, a->ip[0] == 192 ? "de" : "");
	return out;
}

static int
neighbours(void *arg, void (*fn)(void *, const struct kin_neighbour *),
    void *fn_arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < ntable; i++)
		fn(fn_arg, &table[i]);
	return 0;
}

static int
own(void *arg, void (*fn)(void *, const struct addr *), void *fn_arg)
{
	struct addr a;

	(void)arg;
	ck_assert_int_eq(addr_parse_ip(&a, OWN, -1), 0);
	fn(fn_arg, &a);
	return 0;
}

static int
ifname(void *arg, int ifindex, char out[KIN_IFNAME])
{
	(void)arg;
	snprintf(out, KIN_IFNAME, "%s", ifindex == KIN_LO ? "lo" :
	    ifindex == 3 ? "lan3" : "lan4");
	return 0;
}

/* Of OWN, port 4000, user 1000 in a group, to whatever is not at port 99. */
static int
find(void *arg, const struct addr *at, const struct addr *to,
    struct owner_is *out)
{
	(void)arg;
	finds++;
	if (at->port != 4000 || to->port == 99)
		return -ENOENT;
	out->has_uid = 1;
	out->uid = 1000;
	out->group = 5;
	return 0;
}

static int
path(void *arg, uint64_t group, char out[OWNER_APP])
{
	(void)arg;
	(void)group;
	snprintf(out, OWNER_APP, "/user.slice/mail");
	return 0;
}

static void
neighbour(const char *ip, int ifindex, uint8_t link)
{
	struct kin_neighbour *n = &table[ntable++];

	memset(n, 0, sizeof(*n));
	ck_assert_int_eq(addr_parse_ip(&n->addr, ip, -1), 0);
	n->ifindex = ifindex;
	n->link[0] = 2;
	n->link[5] = link;
	n->link_len = 6;
}

static void quiet(void *a, enum log_level l, const char *t)
{
	(void)a;
	(void)l;
	(void)t;
}

static void
init(const char *rules)
{
	static const struct kin_source neighbourhood = {
		.neighbours = neighbours, .own = own, .ifname = ifname };
	static const struct owner_source sockets = { .find = find,
		.path = path };
	struct gateway_conf gc = { .loop = &loop, .flows_max = FLOWS_MAX,
	    .sockets_max = FLOWS_MAX, .onion = (struct onion *)(void *)&loop };
	struct conf *c = testconf(rules);

	setenv("TZ", "UTC", 1);
	tzset();
	log_set_use(log_set_new());
	log_capture(quiet, NULL);
	loop_init(&loop, 100000, MONDAY);
	fake_begin(&fake_held);
	dials = finds = 0;
	ntable = 0;
	neighbour(LAN1, 3, 1);
	neighbour(LAN2, 4, 2);
	ck_assert_int_eq(kin_new(&kin, &loop, &neighbourhood), 0);
	ck_assert_int_eq(owner_new(&owner, &loop, &sockets), 0);
	gc.kin = kin;
	gc.owner = owner;
	ck_assert_int_eq(gateway_new(&gw, &gc, c), 0);
	conf_free(c);
}

static void
end(void)
{
	gateway_free(gw);
	kin_free(kin);
	loop_end_turn(&loop);
	ck_assert_ptr_null(loop.items);
	ck_assert_ptr_null(loop.timers);
	owner_free(owner);
	log_capture(NULL, NULL);
}

static void
reload(const char *rules)
{
	struct gateway_rules *new;
	struct conf *c = testconf(rules);

	ck_assert_int_eq(gateway_rules_new(&new, c), 0);
	conf_free(c);
	gateway_set_rules(gw, new);
}

/* The loop's wall does not go by itself. */
static void
wall_is(int minutes)
{
	int64_t now = loop.now + ((int64_t)MONDAY + minutes * 60 - loop.wall) *
	    1000;

	loop_set(&loop, now, (int64_t)MONDAY + minutes * 60);
	loop_run_timers(&loop);
	loop_end_turn(&loop);
}

/* --- clients --- */

static const struct door dns = { .proto = DOOR_DNS, .session_group = -3,
    .isolate = ISOLATE_CLIENT_ADDR }, trans = { .proto = DOOR_TRANS,
    .session_group = -1, .isolate = ISOLATE_CLIENT_ADDR }, tun = {
    .proto = DOOR_TUN, .session_group = -2, .isolate = ISOLATE_CLIENT_ADDR },
    socks = { .proto = DOOR_SOCKS, .session_group = -4,
    .isolate = ISOLATE_CLIENT_ADDR };

static struct addr
at(const char *ip, uint16_t p)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(&a, ip, -1), 0);
	a.port = p;
	return a;
}

static struct fake *
flow_by(const struct door *rules, int ifindex, const char *from,
    const char *to, uint16_t p)
{
	struct addr c = at(from, 4000), d = at(to, p);
	struct door door = *rules;
	struct fake *f = fake();

	door.came.ifindex = ifindex;
	gateway_flow(gw, &door, &c, &d, &f->ep);
	return f;
}

static struct fake *
flow(const char *from, const char *to)
{
	return flow_by(&tun, 0, from, to, 80);
}

static void
finish(struct fake *f)
{
	f->ep.user->gone(f->ep.arg, 0);
	loop_end_turn(&loop);
}

/* 'd'irect, 't'orified, 'r'ejected, or 0: dropped. */
static int
fate(struct fake *f)
{
	int was_direct = dials, was_tor = connects;

	dials = connects = 0;
	if (f->dead)
		return f->why == 0 ? 0 : f->why == -EACCES ? 'r' : '?';
	finish(f);
	return was_direct ? 'd' : was_tor ? 't' : '?';
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	(void)arg;
	ck_assert_uint_le(len, sizeof(reply));
	memcpy(reply, msg, len);
	reply_len = len;
	code = msg[3] & 15;
}

static void
ask_by(int ifindex, const char *from, const char *name, uint16_t type)
{
	struct dns_from f = { .client = at(from, 5353), .tcp = 1,
	    .ifindex = ifindex, .listener = (void *)(uintptr_t)&dns };
	static struct query msg;
	struct dns_query *q;

	reply_len = 0;
	query_make(&msg, name, type);
	ck_assert_int_eq(dnsport_query(gateway_dnsport(gw), msg.buf,
	    query_len(&msg), &f, on_reply, NULL, &q), 0);
	loop_end_turn(&loop);
}

/* Asks, and the exit answers so. */
static void
told(const char *from, const char *name, const char *ip)
{
	struct onion_answer a = { .addr = at(ip, 0), .ttl = 60 };
	int before = resolves;

	ask_by(0, from, name, a.addr.family == 4 ? Q_A : Q_AAAA);
	ck_assert_int_eq(resolves, before + 1);
	lookup.fn(lookup.arg, 0, &a, 1);
	loop_end_turn(&loop);
	ck_assert_int_eq(code, 0);
	ck_assert_uint_gt(reply_len, 12);
}

/* --- interface, link, user, app, country --- */

static const struct {
	const char	*rule;
	const struct door *door;
	int		 ifindex;
	const char	*from;
	uint16_t	 port;
	int		 fate;
} facts[] = {
	{ "in lan3", &tun, 0, LAN1, 80, 'r' },
	{ "in lan4", &tun, 0, LAN1, 80, 't' },
	{ "in lan4", &tun, 0, LAN2, 80, 'r' },
	{ "in lan3", &trans, 3, LAN1, 80, 'r' },
	/* what the socket says is more than the neighbour table */
	{ "in lan4", &trans, 4, LAN1, 80, 'r' },
	{ "in lan3", &trans, 4, LAN1, 80, 't' },
	{ "in lan3", &tun, 0, "10.9.0.99", 80, 't' },
	{ "in lan3", &trans, 3, "10.9.0.99", 80, 'r' },
	{ "in lo", &tun, 0, OWN, 80, 'r' },
	{ "in lo", &trans, KIN_LO, OWN, 80, 'r' },
	{ "in lo", &trans, KIN_LO, "127.0.0.1", 80, 'r' },
	{ "in lo", &trans, 3, OWN, 80, 'r' },	/* that is bound to lan3 */
	{ "in lan3", &trans, 3, OWN, 80, 't' },
	{ "mac 02:00:00:00:00:01", &tun, 0, LAN1, 80, 'r' },
	{ "mac 02:00:00:00:00:01", &trans, 3, LAN1, 80, 'r' },
	{ "mac 02:00:00:00:00:01", &trans, 4, LAN1, 80, 't' },
	{ "mac 02:00:00:00:00:01", &tun, 0, LAN2, 80, 't' },
	{ "mac 00:00:00:00:00:00", &tun, 0, "10.9.0.99", 80, 't' },
	{ "mac 00:00:00:00:00:00", &tun, 0, OWN, 80, 't' },
	{ "user 1000", &tun, 0, OWN, 80, 'r' },
	{ "user 1000", &trans, KIN_LO, "127.0.0.1", 80, 'r' },
	{ "user 1001", &tun, 0, OWN, 80, 't' },
	{ "user 0", &tun, 0, OWN, 99, 't' },		/* nobody knows */
	{ "user 1000", &tun, 0, LAN1, 80, 't' },	/* not a program here */
	{ "user 1000", &trans, 3, OWN, 80, 'r' },
	{ "app /user.slice", &tun, 0, OWN, 80, 'r' },
	{ "app /user.slice/mail", &tun, 0, OWN, 80, 'r' },
	{ "app /user.slice/web", &tun, 0, OWN, 80, 't' },
	{ "app /", &tun, 0, OWN, 99, 't' },
	{ "app /", &tun, 0, LAN1, 80, 't' },
	{ "to {de}", &tun, 0, LAN1, 80, 'r' },
	{ "to {fr}", &tun, 0, LAN1, 80, 't' },
	{ "to {de} in lan3 mac 02:00:00:00:00:01 time Mon", &tun, 0, LAN1, 80,
	    'r' },
	{ "to {de} in lan3 mac 02:00:00:00:00:01 time Tue", &tun, 0, LAN1, 80,
	    't' },
};

START_TEST(gateway_flow_matches_by_what_is_found_out)
{
	char text[200];
	int got;

	snprintf(text, sizeof(text), "FlowRule reject %s\n", facts[_i].rule);
	init(text);
	got = fate(flow_by(facts[_i].door, facts[_i].ifindex, facts[_i].from,
	    PRINTER, facts[_i].port));
	ck_assert_msg(got == facts[_i].fate, "%s: %c", facts[_i].rule, got);
	end();
}
END_TEST

START_TEST(gateway_flow_asks_for_sockets_only_where_a_rule_does)
{
	init("FlowRule reject in lan9\nFlowRule reject to {fr} time Tue\n"
	    "FlowRule reject to a.example\n");
	ck_assert_int_eq(fate(flow(OWN, PRINTER)), 't');
	ck_assert_int_eq(finds, 0);
	reload("FlowRule torify isolate=user\n");
	ck_assert_int_eq(fate(flow(OWN, PRINTER)), 't');
	ck_assert_int_eq(finds, 1);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	ck_assert_int_eq(finds, 1);
	end();
}
END_TEST

/* A proxy's client is connected to the proxy, by whatever name it asks for. */
START_TEST(gateway_flow_of_a_proxys_client_has_its_user)
{
	struct addr c = at("127.0.0.1", 4000);
	struct door door = socks;
	struct fake *f;

	init("FlowRule reject user 1000 in lo\n");
	door.came.ifindex = KIN_LO;
	door.came.to = at("127.0.0.1", 9050);
	f = fake();
	gateway_flow_to(gw, &door, &c, "www.lab.example", 80, &f->ep);
	ck_assert_int_eq(fate(f), 'r');
	door.came.to.port = 99;			/* nobody's, it seems */
	f = fake();
	gateway_flow_to(gw, &door, &c, "www.lab.example", 80, &f->ep);
	ck_assert_int_eq(fate(f), 't');
	end();
}
END_TEST

START_TEST(gateway_flow_by_a_unix_socket_has_its_peers_user)
{
	struct addr c = at("127.0.0.1", 0);
	struct door door = socks;
	struct fake *f;

	init("FlowRule reject user 77\n");
	door.came.has_uid = 1;
	door.came.uid = 77;
	f = fake();
	gateway_flow_to(gw, &door, &c, "www.lab.example", 80, &f->ep);
	ck_assert_int_eq(fate(f), 'r');
	ck_assert_int_eq(finds, 0);
	end();
}
END_TEST

/* A program in a namespace of its own may have any address there. */
START_TEST(gateway_flow_of_another_namespace_is_not_looked_up_here)
{
	struct addr c = at(OWN, 4000), d = at(PRINTER, 80);
	struct door door = tun;
	struct fake *f;

	init("FlowRule reject in lo\nFlowRule reject user 1000\n"
	    "FlowRule reject app /user.slice\nFlowRule drop user 77\n");
	door.as_client = at("127.0.0.9", 0);
	f = fake();
	gateway_flow(gw, &door, &c, &d, &f->ep);
	ck_assert_int_eq(fate(f), 't');
	ck_assert_int_eq(finds, 0);
	door.came.has_uid = 1;			/* who ran it */
	door.came.uid = 77;
	f = fake();
	gateway_flow(gw, &door, &c, &d, &f->ep);
	ck_assert_int_eq(fate(f), 0);
	end();
}
END_TEST

/* --- names --- */

START_TEST(gateway_flow_to_an_address_has_the_names_that_our_dns_gave_it)
{
	init("FlowRule direct to printer.example\nFlowRule reject to "
	    ".ads.example\n");
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	told(LAN1, "Printer.Example", PRINTER);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 'd');
	ck_assert_int_eq(fate(flow_by(&trans, 3, LAN1, PRINTER, 80)), 'd');
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	told(LAN1, "x.ads.example", ELSE);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 'r');
	/* another client was told nothing */
	ck_assert_int_eq(fate(flow(LAN2, PRINTER)), 't');
	ck_assert_int_eq(fate(flow(LAN2, ELSE)), 't');
	/* an address that says it is IPv4 in IPv6 is that */
	ck_assert_int_eq(fate(flow(LAN1, "::ffff:" PRINTER)), 'd');
	end();
}
END_TEST

START_TEST(gateway_flow_to_an_address_that_others_share_is_not_direct)
{
	init("FlowRule direct to printer.example\n");
	told(LAN1, "printer.example", PRINTER);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 'd');
	told(LAN1, "secret.example", PRINTER);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	end();
}
END_TEST

START_TEST(gateway_flow_by_a_name_is_not_direct)
{
	struct addr c = at(LAN1, 4000);
	struct fake *f;

	init("FlowRule direct to printer.example\n");
	told(LAN1, "printer.example", PRINTER);
	f = fake();
	gateway_flow_to(gw, &socks, &c, "PRINTER.example.", 80, &f->ep);
	ck_assert_int_eq(fate(f), 'r');
	f = fake();
	gateway_flow_to(gw, &socks, &c, "other.example", 80, &f->ep);
	ck_assert_int_eq(fate(f), 't');
	f = fake();				/* by address it may */
	gateway_flow_to(gw, &socks, &c, PRINTER, 80, &f->ep);
	ck_assert_int_eq(fate(f), 'd');
	end();
}
END_TEST

START_TEST(gateway_rules_by_name_hold_for_a_proxys_name_in_any_case)
{
	struct addr c = at(LAN1, 4000);
	struct fake *f;

	init("FlowRule reject to .ads.example\nMapAddress a.example "
	    "b.ads.example\nMapAddress c.ads.example c.example\n");
	f = fake();
	gateway_flow_to(gw, &socks, &c, "X.Ads.EXAMPLE", 80, &f->ep);
	ck_assert_int_eq(fate(f), 'r');
	f = fake();				/* what it means in the end */
	gateway_flow_to(gw, &socks, &c, "a.example", 80, &f->ep);
	ck_assert_int_eq(fate(f), 'r');
	f = fake();				/* and what it was */
	gateway_flow_to(gw, &socks, &c, "C.Ads.Example", 80, &f->ep);
	ck_assert_int_eq(fate(f), 'r');
	end();
}
END_TEST

static void
on_resolved(void *arg, int err, const struct addr *a, const char *name,
    uint32_t ttl)
{
	(void)arg;
	(void)name;
	(void)ttl;
	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(a->family, 4);
}

/* That is no answer of the DNS server: a program may say such a name for
 * whatever reason. */
START_TEST(gateway_resolve_for_a_proxy_gives_no_names)
{
	struct onion_answer a = { .addr = at(PRINTER, 0), .ttl = 60 };
	struct addr c = at(LAN1, 4000);
	struct gateway_lookup *l;

	init("FlowRule direct to printer.example\n");
	ck_assert_int_eq(gateway_resolve(gw, &socks, &c, "printer.example", 4,
	    0, on_resolved, NULL, &l), 0);
	lookup.fn(lookup.arg, 0, &a, 1);
	loop_end_turn(&loop);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	end();
}
END_TEST

/* What goes direct by name needs the address that the name really has. */
START_TEST(gateway_question_for_a_direct_name_is_not_mapped)
{
	init("AutomapHostsOnResolve 1\nAutomapHostsSuffixes .\n"
	    "FlowRule direct to printer.example\n");
	told(LAN1, "printer.example", PRINTER);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 'd');
	resolves = 0;
	ask_by(0, LAN1, "www.example.com", Q_A);
	ck_assert_int_eq(resolves, 0);		/* a virtual address */
	ck_assert_int_eq(reply[7], 1);
	reload("AutomapHostsOnResolve 1\nAutomapHostsSuffixes .\n"
	    "MapAddress other.example printer.example\n"
	    "FlowRule direct to printer.example\n");
	told(LAN1, "other.example", ELSE);	/* which is the same */
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 'd');
	reload("AutomapHostsOnResolve 1\nAutomapHostsSuffixes .\n");
	resolves = 0;
	ask_by(0, LAN1, "printer.example", Q_A);
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

START_TEST(gateway_mapaddress_gives_a_name_to_a_private_address)
{
	init("MapAddress printer.example 192.168.1.9\n"
	    "FlowRule direct to printer.example\n");
	ck_assert_int_eq(fate(flow(LAN1, "192.168.1.9")), 'r');
	ask_by(0, LAN1, "printer.example", Q_A);
	ck_assert_int_eq(code, 0);
	ck_assert_int_eq(resolves, 0);
	ck_assert_int_eq(fate(flow(LAN1, "192.168.1.9")), 'd');
	ck_assert_int_eq(fate(flow(LAN2, "192.168.1.9")), 'r');
	end();
}
END_TEST

START_TEST(gateway_names_are_known_for_an_hour_and_the_ttl)
{
	init("FlowRule reject to a.example\n");
	told(LAN1, "a.example", PRINTER);
	loop_advance(&loop, 3600 * 1000);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 'r');
	loop_advance(&loop, 60 * 1000);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	end();
}
END_TEST

/* An address that another host has by now: neither names nor circuits. */
START_TEST(gateway_client_with_anothers_address_is_nobody_it_was)
{
	uint8_t was[ONION_TOKEN];

	init("FlowRule direct to printer.example\n");
	told(LAN1, "printer.example", PRINTER);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	memcpy(was, token, sizeof(was));
	loop_advance(&loop, KIN_FRESH_MS);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	ck_assert_mem_eq(was, token, sizeof(was));
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 'd');
	table[0].link[5] = 99;
	loop_advance(&loop, KIN_FRESH_MS);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	ck_assert_mem_ne(was, token, sizeof(was));
	/* though no one has more than one share by that */
	ck_assert_mem_eq(was, token, ONION_OWNER);
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	end();
}
END_TEST

/* Two networks with the same addresses. */
START_TEST(gateway_clients_of_two_interfaces_are_two)
{
	uint8_t was[ONION_TOKEN];
	const struct door shared = { .proto = DOOR_TRANS,
	    .session_group = -1 };

	init("");
	fate(flow_by(&trans, 3, "10.9.0.99", ELSE, 80));
	memcpy(was, token, sizeof(was));
	fate(flow_by(&trans, 4, "10.9.0.99", ELSE, 80));
	ck_assert_mem_ne(was, token, sizeof(was));
	fate(flow_by(&trans, 3, "10.9.0.99", ELSE, 80));
	ck_assert_mem_eq(was, token, sizeof(was));
	/* where clients may share, it is all the same */
	fate(flow_by(&shared, 3, "10.9.0.99", ELSE, 80));
	memcpy(was, token, sizeof(was));
	fate(flow_by(&shared, 4, "10.9.0.98", ELSE, 80));
	ck_assert_mem_eq(was, token, sizeof(was));
	end();
}
END_TEST

/* --- time --- */

START_TEST(gateway_flow_matches_by_the_time_of_day)
{
	init("FlowRule reject time Mon,08:00-17:00\n");
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	wall_is(8 * 60);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 'r');
	wall_is(17 * 60 - 1);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 'r');
	wall_is(17 * 60);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	wall_is(RULE_DAY + 8 * 60);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	end();
}
END_TEST

START_TEST(gateway_time_is_this_hosts)
{
	init("FlowRule reject time Mon,08:00-17:00\n");
	setenv("TZ", "XXX-9", 1);		/* nine hours on */
	tzset();
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 'r');
	setenv("TZ", "XXX7", 1);		/* Sunday still */
	tzset();
	wall_is(8 * 60);
	ck_assert_int_eq(fate(flow(LAN1, ELSE)), 't');
	end();
}
END_TEST

static const struct { const char *rules; int last; } hours[] = {
	{ "FlowRule direct to " PRINTER " time 00:00-08:00\n", 8 * 60 - 1 },
	{ "FlowRule reject time 08:00-17:00\nFlowRule direct to " PRINTER "\n",
	    8 * 60 - 1 },
};

START_TEST(gateway_direct_flow_ends_when_its_time_does)
{
	struct fake *f, *through_tor;

	init(hours[_i].rules);
	wall_is(8 * 60 - 5);
	f = flow(LAN1, PRINTER);
	through_tor = flow(LAN1, ELSE);
	ck_assert_int_eq(dials, 1);
	ck_assert_int_eq(connects, 1);
	wall_is(8 * 60 - 1);
	ck_assert_int_eq(f->dead, 0);
	wall_is(8 * 60);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(f->why, -ECONNRESET);
	ck_assert_int_eq(through_tor->dead, 0);
	ck_assert_ptr_null(loop.timers);	/* there is none any more */
	finish(through_tor);
	end();
}
END_TEST

START_TEST(gateway_without_a_rule_of_time_sets_no_timer)
{
	struct fake *f;

	init("FlowRule direct to " PRINTER "\n");
	f = flow(LAN1, PRINTER);
	ck_assert_int_eq(dials, 1);
	ck_assert_ptr_null(loop.timers);
	reload("FlowRule direct to " PRINTER " time 00:00-08:00\n");
	ck_assert_int_eq(f->dead, 0);
	ck_assert_ptr_nonnull(loop.timers);
	wall_is(8 * 60);
	ck_assert_int_eq(f->dead, 1);
	end();
}
END_TEST

/* --- what stays direct --- */

static const struct { const char *rules; int ends; } reloads[] = {
	{ "direct to printer.example", 0 },
	{ "direct to .example in lan3", 0 },
	{ "direct to cdn.example", 1 },
	{ "direct to .example in lan4", 1 },
	{ "direct to .example mac 02:00:00:00:00:01", 0 },
	{ "direct to .example mac 02:00:00:00:00:02", 1 },
	{ "direct to .example user 1000", 1 },
	{ "direct to {de}", 0 },
	{ "direct to {fr}", 1 },
};

/* By what was known of it: names may be forgotten since, and a client gone. */
START_TEST(gateway_set_rules_looks_at_what_was_found_out)
{
	char text[200];
	struct fake *f;

	init("FlowRule direct to printer.example in lan3 "
	    "mac 02:00:00:00:00:01\nFlowRule drop to {xx}\n");
	told(LAN1, "printer.example", PRINTER);
	f = flow(LAN1, PRINTER);
	ck_assert_int_eq(dials, 1);
	loop_advance(&loop, 4 * 3600 * 1000);
	ntable = 0;
	snprintf(text, sizeof(text), "FlowRule %s\n", reloads[_i].rules);
	reload(text);
	ck_assert_int_eq(f->dead, reloads[_i].ends);
	end();
}
END_TEST

static const struct { const char *rules; int ends; } more[] = {
	{ "reject in lan3", 1 }, { "reject in lan4", 0 },
	{ "reject mac 02:00:00:00:00:01", 1 },
	{ "reject user 1000", 0 }, { "reject app /x", 0 },
	{ "reject time Mon", 1 }, { "reject time Tue", 0 },
	/* nobody asked for that then */
	{ "reject to a.example", 1 }, { "reject to {fr}", 1 },
};

START_TEST(gateway_set_rules_that_ask_for_more_find_it_or_end_what_is_direct)
{
	char text[200];
	struct fake *f;

	init("FlowRule direct to " PRINTER "\n");
	f = flow(LAN1, PRINTER);
	ck_assert_int_eq(dials, 1);
	snprintf(text, sizeof(text), "FlowRule %s\nFlowRule direct to "
	    PRINTER "\n", more[_i].rules);
	reload(text);
	ck_assert_int_eq(f->dead, more[_i].ends);
	end();
}
END_TEST

/* --- options, by what is found out --- */

static int
tokens_differ(const char *from, const char *to, uint16_t p, const char *from2,
    const char *to2, uint16_t p2)
{
	uint8_t first[ONION_TOKEN];

	ck_assert_int_eq(fate(flow_by(&tun, 0, from, to, p)), 't');
	memcpy(first, token, sizeof(first));
	ck_assert_int_eq(fate(flow_by(&tun, 0, from2, to2, p2)), 't');
	return memcmp(first, token, sizeof(first)) != 0;
}

/* Of what goes to port 99 nobody knows whose it is. */
START_TEST(gateway_flow_is_isolated_by_user_and_app)
{
	init(_i ? "FlowRule torify isolate=app\n" :
	    "FlowRule torify isolate=user\n");
	ck_assert(!tokens_differ(OWN, ELSE, 80, OWN, PRINTER, 443));
	ck_assert(tokens_differ(OWN, ELSE, 80, OWN, ELSE, 99));
	ck_assert(tokens_differ(OWN, ELSE, 80, LAN1, ELSE, 80));
	ck_assert(!tokens_differ(OWN, ELSE, 99, LAN1, ELSE, 80));
	end();
}
END_TEST

START_TEST(gateway_flow_is_isolated_by_the_name_its_address_was_given)
{
	init("AutomapHostsOnResolve 0\n"
	    "FlowRule torify isolate=client,name\n");
	told(LAN1, "a.example", PRINTER);
	told(LAN1, "b.example", ELSE);
	ck_assert(tokens_differ(LAN1, PRINTER, 80, LAN1, ELSE, 80));
	ck_assert(!tokens_differ(LAN1, PRINTER, 80, LAN1, PRINTER, 443));
	ck_assert(tokens_differ(LAN1, PRINTER, 80, LAN1, "192.0.2.9", 80));
	ck_assert(!tokens_differ(LAN1, "192.0.2.10", 80, LAN1, "192.0.2.9",
	    80));
	end();
}
END_TEST

/* The question as its connection. */
START_TEST(gateway_question_leaves_by_the_exits_of_its_client)
{
	init("AutomapHostsOnResolve 0\n"
	    "FlowRule torify mac 02:00:00:00:00:01 time Mon exit={us}\n"
	    "FlowRule torify in lan4 exit={fr}\n");
	told(LAN1, "a.example", PRINTER);
	ck_assert_str_eq(exits, "{us}");
	ck_assert_int_eq(fate(flow(LAN1, PRINTER)), 't');
	ck_assert_str_eq(exits, "{us}");
	told(LAN2, "a.example", PRINTER);
	ck_assert_str_eq(exits, "{fr}");
	wall_is(24 * 60);
	told(LAN1, "b.example", PRINTER);
	ck_assert_str_eq(exits, "");
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(gateway_flow_is_isolated_by_user_and_app, 2),
	UNIT(gateway_flow_is_isolated_by_the_name_its_address_was_given),
	UNIT(gateway_question_leaves_by_the_exits_of_its_client),
	UNIT_LOOP(gateway_flow_matches_by_what_is_found_out, NELEM(facts)),
	UNIT(gateway_flow_asks_for_sockets_only_where_a_rule_does),
	UNIT(gateway_flow_of_a_proxys_client_has_its_user),
	UNIT(gateway_flow_by_a_unix_socket_has_its_peers_user),
	UNIT(gateway_flow_of_another_namespace_is_not_looked_up_here),
	UNIT(gateway_flow_to_an_address_has_the_names_that_our_dns_gave_it),
	UNIT(gateway_flow_to_an_address_that_others_share_is_not_direct),
	UNIT(gateway_flow_by_a_name_is_not_direct),
	UNIT(gateway_rules_by_name_hold_for_a_proxys_name_in_any_case),
	UNIT(gateway_resolve_for_a_proxy_gives_no_names),
	UNIT(gateway_question_for_a_direct_name_is_not_mapped),
	UNIT(gateway_mapaddress_gives_a_name_to_a_private_address),
	UNIT(gateway_names_are_known_for_an_hour_and_the_ttl),
	UNIT(gateway_client_with_anothers_address_is_nobody_it_was),
	UNIT(gateway_clients_of_two_interfaces_are_two),
	UNIT(gateway_flow_matches_by_the_time_of_day),
	UNIT(gateway_time_is_this_hosts),
	UNIT_LOOP(gateway_direct_flow_ends_when_its_time_does, NELEM(hours)),
	UNIT(gateway_without_a_rule_of_time_sets_no_timer),
	UNIT_LOOP(gateway_set_rules_looks_at_what_was_found_out,
	    NELEM(reloads)),
	UNIT_LOOP(
	    gateway_set_rules_that_ask_for_more_find_it_or_end_what_is_direct,
	    NELEM(more)),
};

UNIT_MAIN("gateway_facts", tests)
