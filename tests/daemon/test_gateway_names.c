/* tests/daemon/test_gateway_names.c - names, virtual addresses and exits
 *
 * The engine is made up: what it is asked for is looked at.  Clients are two of
 * a LAN, who ask at a DNSPort and connect at a TransPort or a TUN, and programs
 * that speak to a proxy.
 */
#include <errno.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/why.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/kin.h"
#include "daemon/sock.h"
#include "daemon/target.h"
#include "dnsport/automap.h"
#include "onion/crypto/crypt.h"
#include "onion/onion.h"
#include "policy/isolate.h"
#include "tests/daemon/fakedial.h"
#include "tests/daemon/fakeengine.h"
#include "tests/daemon/onionfake.h"
#include "tests/daemon/testconf.h"
#include "tests/dnsport/query.h"
#include "tests/unit.h"

enum { FLOWS_MAX = 32, ANSWER_MAX = 2048 };
enum { A = 1, PTR = 12, MX = 15, AAAA = 28 };
enum { NOERROR = 0, FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4 };

static struct loop loop;
static struct gateway *gw;
static int relay_rc;
static int replies, code;		/* of the DNS server */
static uint8_t reply[ANSWER_MAX];
static size_t reply_len;
static uint16_t ede;
static char ede_text[200];
static char logged[4096];

/* --- what is made up --- */

int
onion_relay_named(const struct onion *o, const char *n, uint8_t rsa[20])
{
	(void)o;
	if (relay_rc < 0)
		return relay_rc;
	if (strcmp(n, "relay") != 0)
		return -ENOENT;
	memset(rsa, 7, 20);
	return 0;
}

int
onion_relay_addr(const struct onion *o, const uint8_t rsa[20], struct addr *a)
{
	(void)o;
	ck_assert_uint_eq(rsa[0], 7);
	addr_v4(a, 0x08080404, 0);
	return 0;
}

void	__real_dnsport_explain(struct dns_query *, uint16_t, const char *);
void	__wrap_dnsport_explain(struct dns_query *, uint16_t, const char *);

void
__wrap_dnsport_explain(struct dns_query *q, uint16_t e, const char *text)
{
	ede = e;
	snprintf(ede_text, sizeof(ede_text), "%s", text);
	__real_dnsport_explain(q, e, text);
}

static void
hear(void *arg, enum log_level level, const char *text)
{
	size_t n = strlen(logged);

	(void)arg;
	(void)level;
	snprintf(logged + n, sizeof(logged) - n, "%s\n", text);
}

static void
init_with(const char *rules, struct kin *kin)
{
	struct gateway_conf gc = { .loop = &loop, .flows_max = FLOWS_MAX,
	    .sockets_max = FLOWS_MAX, .kin = kin };
	struct conf *c = testconf(rules);

	log_set_use(log_set_new());
	log_capture(hear, NULL);
	fake_begin(&fake_held);
	dials = replies = relay_rc = 0;
	ede = 0;
	ede_text[0] = logged[0] = '\0';
	ck_assert_int_eq(gateway_new(&gw, &gc, c), 0);
	conf_free(c);
}

static void
init(const char *rules)
{
	loop_init(&loop, 1000, 1795300000);
	init_with(rules, NULL);
}

static void
end(void)
{
	gateway_free(gw);
	loop_end_turn(&loop);
	ck_assert_ptr_null(loop.items);
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

static struct gateway_totals
totals(void)
{
	struct gateway_totals t;

	gateway_totals(gw, &t);
	return t;
}

/* --- clients --- */

static const struct door dns = { .proto = DOOR_DNS, .session_group = -3,
    .isolate = ISOLATE_CLIENT_ADDR }, trans = { .proto = DOOR_TRANS,
    .session_group = -1, .isolate = ISOLATE_CLIENT_ADDR }, tun = {
    .proto = DOOR_TUN, .session_group = -2, .isolate = ISOLATE_CLIENT_ADDR },
    socks = { .proto = DOOR_SOCKS, .session_group = -4,
    .isolate = ISOLATE_CLIENT_ADDR | ISOLATE_SOCKS_AUTH };

static struct addr
client(const char *ip)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(&a, ip, -1), 0);
	a.port = 4000;
	return a;
}

#define LAN1 "10.9.0.11"
#define LAN2 "10.9.0.12"

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	(void)arg;
	replies++;
	ck_assert_uint_ge(len, 12);
	ck_assert_uint_le(len, sizeof(reply));
	memcpy(reply, msg, len);
	reply_len = len;
	code = msg[3] & 15;
}

static void
ask_by(const struct door *door, const char *from_ip, const char *name,
    uint16_t type)
{
	struct dns_from from = { .client = client(from_ip), .tcp = 1,
	    .listener = (void *)(uintptr_t)door };
	static struct query msg;
	struct dns_query *q;

	query_make(&msg, name, type);
	ck_assert_int_eq(dnsport_query(gateway_dnsport(gw), msg.buf,
	    query_len(&msg), &from, on_reply, NULL, &q), 0);
	loop_end_turn(&loop);
}

static void
ask(const char *from_ip, const char *name, uint16_t type)
{
	ask_by(&dns, from_ip, name, type);
}

static int
answers(void)
{
	return reply[6] << 8 | reply[7];
}

/* The one answer's data, which stands at its end; without EDNS nothing is
 * behind it. */
static struct addr
answer(int family)
{
	struct addr a = { .family = (uint8_t)family };
	size_t len = addr_iplen(&a);

	ck_assert_int_eq(code, NOERROR);
	ck_assert_int_eq(answers(), 1);
	ck_assert_uint_eq(reply[reply_len - len - 1], len);
	memcpy(a.ip, reply + reply_len - len, len);
	return a;
}

static uint32_t
ttl(int family)
{
	const uint8_t *p = reply + reply_len - (family == 4 ? 4 : 16) - 6;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static struct addr
virtual_by(const struct door *door, const char *from, const char *name,
    int family)
{
	ask_by(door, from, name, family == 4 ? A : AAAA);
	return answer(family);
}

static struct addr
virtual_of(const char *from, const char *name)
{
	return virtual_by(&dns, from, name, 4);
}

static struct fake *
flow_by(const struct door *door, const char *from, struct addr to, uint16_t p)
{
	struct addr c = client(from);
	struct fake *f = fake();

	to.port = p;
	gateway_flow(gw, door, &c, &to, &f->ep);
	return f;
}

static struct fake *
flow(const char *from, struct addr to)
{
	return flow_by(&trans, from, to, 80);
}

static struct fake *
flow_to(const struct door *door, const char *name, uint16_t p)
{
	struct addr c = client(LAN1);
	struct fake *f = fake();

	gateway_flow_to(gw, door, &c, name, p, &f->ep);
	return f;
}

static void
finish(struct fake *f)
{
	f->ep.user->gone(f->ep.arg, 0);
	loop_end_turn(&loop);
}

static void
reverse_name(char *out, size_t max, const struct addr *a)
{
	int i;

	if (a->family == 4)
		snprintf(out, max, "%u.%u.%u.%u.in-addr.arpa", a->ip[3],
		    a->ip[2], a->ip[1], a->ip[0]);
	for (i = 15; a->family == 6 && i >= 0; i--)
		snprintf(out + (15 - i) * 4, max - (size_t)(15 - i) * 4,
		    "%x.%x.%s", a->ip[i] & 15u, a->ip[i] >> 4u,
		    i ? "" : "ip6.arpa");
}

static void
ask_back(const char *from, const struct addr *a)
{
	char name[100];

	reverse_name(name, sizeof(name), a);
	ask(from, name, PTR);
}

/* Does the answer have that name as its data? */
static int
is_back(const char *name)
{
	uint8_t wire[256];
	size_t n = strlen(name), at = 0, i;

	for (i = 0; i < n; i += wire[at] + 1u, at = i) {
		wire[at] = (uint8_t)strcspn(name + i, ".");
		memcpy(wire + at + 1, name + i, wire[at]);
	}
	wire[n + 1] = 0;
	return code == NOERROR && answers() == 1 && reply_len > n + 2 &&
	    memcmp(reply + reply_len - n - 2, wire, n + 2) == 0;
}

/* --- virtual addresses --- */

START_TEST(gateway_question_for_an_onion_gets_a_virtual_address)
{
	struct addr_net net4, net6;
	struct addr a, b;

	init("");
	addr_net_parse(&net4, "10.192.0.0/10", -1);
	addr_net_parse(&net6, "fd61:7574:6f6d::/48", -1);
	a = virtual_by(&dns, LAN1, ONION_GOOD, 4);
	ck_assert(addr_in_net(&a, &net4));
	ck_assert_uint_eq(ttl(4), 60);
	b = virtual_by(&dns, LAN1, ONION_GOOD, 6);
	ck_assert(addr_in_net(&b, &net6));
	ck_assert_uint_eq(ttl(6), 60);
	b = virtual_by(&dns, LAN1, ONION_GOOD, 4);
	ck_assert(addr_same_ip(&a, &b));
	b = virtual_by(&dns, LAN1, "www." ONION_GOOD, 4);
	ck_assert(!addr_same_ip(&a, &b));
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

START_TEST(gateway_flow_to_a_virtual_address_goes_to_its_name)
{
	static const struct door *const doors[] = { &trans, &tun };
	struct addr a;
	struct fake *f;

	init("");
	a = virtual_by(&dns, LAN1, "www." ONION_GOOD, _i / 2 ? 6 : 4);
	f = flow_by(doors[_i % 2], LAN1, a, 6667);
	ck_assert_int_eq(connects, 1);
	ck_assert_str_eq(host, "www." ONION_GOOD);
	ck_assert_uint_eq(port, 6667);
	ck_assert_int_eq(exit_id, 0);
	ck_assert_int_eq(f->accepted, 0);
	ck_assert_uint_eq(totals().flows, 1);
	finish(f);
	ck_assert_uint_eq(totals().flows, 0);
	end();
}
END_TEST

/* C10 */
START_TEST(gateway_flow_to_anothers_virtual_address_is_refused)
{
	struct addr a, own;
	struct fake *f;

	init("");
	a = virtual_of(LAN1, ONION_GOOD);
	f = flow(LAN2, a);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(f->why, -EACCES);
	ck_assert_int_eq(f->accepted, 0);
	own = virtual_of(LAN2, ONION_GOOD);
	ck_assert(!addr_same_ip(&a, &own));
	ck_assert_int_eq(flow(LAN2, a)->dead, 1);
	ck_assert_int_eq(flow(LAN1, own)->dead, 1);
	ck_assert_int_eq(connects, 0);
	ck_assert_uint_eq(totals().rejected, 3);
	ck_assert_int_eq(flow(LAN2, own)->dead, 0);
	ck_assert_int_eq(connects, 1);
	ask_back(LAN2, &a);
	ck_assert_int_eq(code, NXDOMAIN);
	ask_back(LAN1, &a);
	ck_assert(is_back(ONION_GOOD));
	ask_back(LAN1, &own);
	ck_assert_int_eq(code, NXDOMAIN);
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

/* Of the other family, too (C10). */
START_TEST(gateway_flow_to_anothers_ipv6_virtual_address_is_refused)
{
	struct addr a;

	init("");
	a = virtual_by(&dns, LAN1, ONION_GOOD, 6);
	ck_assert_int_eq(flow(LAN2, a)->why, -EACCES);
	ask_back(LAN2, &a);
	ck_assert_int_eq(code, NXDOMAIN);
	ask_back(LAN1, &a);
	ck_assert(is_back(ONION_GOOD));
	ck_assert_int_eq(connects + resolves, 0);
	end();
}
END_TEST

static const char *const unknown[] = {
	"10.192.0.1", "10.255.255.254", "fd61:7574:6f6d:1::1",
};

START_TEST(gateway_flow_to_an_unknown_virtual_address_is_refused)
{
	struct addr a = client(unknown[_i]);
	struct fake *f;

	/* also where a rule lets it all go direct, or nothing is mapped */
	init("FlowRule direct to 10.0.0.0/8\nFlowRule direct to fc00::/7\n"
	    "AutomapHostsOnResolve 0\n");
	f = flow(LAN1, a);
	ck_assert_int_eq(f->why, -EACCES);
	ck_assert_int_eq(connects + dials, 0);
	ask_back(LAN1, &a);
	ck_assert_int_eq(code, NXDOMAIN);
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

/* Nothing survives a restart; what a client still has in its cache fails. */
START_TEST(gateway_flow_to_a_forgotten_virtual_address_is_refused)
{
	struct addr a;

	init("");
	a = virtual_of(LAN1, ONION_GOOD);
	end();
	init("");
	ck_assert_int_eq(flow(LAN1, a)->why, -EACCES);
	ck_assert_int_eq(connects, 0);
	end();
}
END_TEST

START_TEST(gateway_flow_holds_its_mapping)
{
	struct addr a;
	struct fake *f;

	init("");
	a = virtual_of(LAN1, ONION_GOOD);
	f = flow(LAN1, a);
	loop_set(&loop, loop.now + (AUTOMAP_KEEP_S + 10) * INT64_C(1000),
	    loop.wall);
	ask_back(LAN1, &a);
	ck_assert(is_back(ONION_GOOD));
	finish(f);
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	finish(&fakes[nfakes - 2]);
	loop_set(&loop, loop.now + (AUTOMAP_KEEP_S + 10) * INT64_C(1000),
	    loop.wall);
	ask_back(LAN1, &a);
	ck_assert_int_eq(code, NXDOMAIN);
	end();
}
END_TEST

/* A program of `run': its network is its own, whatever its addresses. */
START_TEST(gateway_flow_of_a_door_that_is_one_client_has_its_names)
{
	struct door one = { .proto = DOOR_TUN, .session_group = 1 },
	    two = { .proto = DOOR_TUN, .session_group = 2 };
	struct addr a;

	init("");
	one.as_client = two.as_client = client("100::1");	/* one user */
	a = virtual_by(&one, "100::1", ONION_GOOD, 4);
	ck_assert_int_eq(flow_by(&two, "10.0.0.1", a, 80)->dead, 1);
	ck_assert_int_eq(flow_by(&tun, "10.0.0.1", a, 80)->dead, 1);
	ck_assert_int_eq(flow_by(&tun, "100::1", a, 80)->dead, 1);
	ck_assert_int_eq(flow_by(&one, "10.0.0.1", a, 80)->dead, 0);
	end();
}
END_TEST

static int
one_neighbour(void *arg, void (*fn)(void *, const struct kin_neighbour *),
    void *fn_arg)
{
	struct kin_neighbour n = { .ifindex = 1, .link = { 9 },
	    .link_len = 6 };

	(void)arg;
	n.addr = client(LAN1);
	fn(fn_arg, &n);
	n.addr = client("fd09:9::11");
	fn(fn_arg, &n);
	n.link[0] = 7;			/* a host without IPv4 */
	n.addr = client("fd09:a::7");
	fn(fn_arg, &n);
	n.addr = client("fd09:b::7");
	fn(fn_arg, &n);
	return 0;
}

static int
no_own(void *arg, void (*fn)(void *, const struct addr *), void *fn_arg)
{
	(void)arg;
	(void)fn;
	(void)fn_arg;
	return 0;
}

START_TEST(gateway_flow_from_another_address_of_a_client_is_his)
{
	static const struct kin_source source = { .neighbours = one_neighbour,
	    .own = no_own };
	struct addr a, b;
	struct kin *kin;

	loop_init(&loop, 100000, 1795300000);
	ck_assert_int_eq(kin_new(&kin, &loop, &source), 0);
	init_with("", kin);
	a = virtual_by(&dns, LAN1, ONION_GOOD, 6);
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	ck_assert_int_eq(flow("fd09:9::11", a)->dead, 0);
	ck_assert_int_eq(flow("fd09:9::12", a)->dead, 1);
	ck_assert_int_eq(flow(LAN2, a)->dead, 1);
	b = virtual_by(&dns, "127.0.0.1", ONION_GOOD, 6);
	ck_assert_int_eq(flow("::1", b)->dead, 0);
	ck_assert_int_eq(flow("::1", a)->dead, 1);
	end();
	kin_free(kin);
}
END_TEST

/* How many of so many questions, by turns, are not refused? */
static int
taken_of(int n, const char *const *from)
{
	int i;

	replies = 0;
	for (i = 0; i < n; i++)
		ask(from[i % 2], "www.example.com", A);
	ck_assert(replies == 0 || code == 5);
	return n - replies;
}

/* The addresses of a host are one client when it asks, too. */
START_TEST(gateway_questions_of_all_addresses_of_a_client_are_its_own)
{
	static const char *const kin_ips[] = { LAN1, "fd09:9::11" },
	    *const six_only[] = { "fd09:a::7", "fd09:b::7" },
	    *const others[] = { LAN2, "fd09:9::12" };
	static const struct kin_source source = { .neighbours = one_neighbour,
	    .own = no_own };
	struct kin *kin;

	loop_init(&loop, 100000, 1795300000);
	ck_assert_int_eq(kin_new(&kin, &loop, &source), 0);
	init_with("", kin);
	ck_assert_int_eq(taken_of(2 * DNSPORT_CLIENT_MAX, kin_ips),
	    DNSPORT_CLIENT_MAX);
	ck_assert_int_eq(taken_of(2 * DNSPORT_CLIENT_MAX, six_only),
	    DNSPORT_CLIENT_MAX);
	ck_assert_int_eq(taken_of(2 * DNSPORT_CLIENT_MAX, others),
	    2 * DNSPORT_CLIENT_MAX);
	end();
	kin_free(kin);
}
END_TEST

/* Its addresses are many, what it may have it has but once. */
START_TEST(gateway_client_has_one_share_by_all_its_addresses)
{
	static const struct kin_source source = { .neighbours = one_neighbour,
	    .own = no_own };
	static const char *const from[] = { LAN1, "fd09:9::11" };
	struct addr to = client("8.8.8.8");
	uint8_t owner[ONION_OWNER];
	struct kin *kin;
	int i;

	loop_init(&loop, 100000, 1795300000);
	ck_assert_int_eq(kin_new(&kin, &loop, &source), 0);
	init_with("", kin);
	ck_assert_int_eq(flow(LAN1, to)->dead, 0);
	memcpy(owner, token, sizeof(owner));
	for (i = 1; i < FLOWS_MAX / 4 * 3; i++) {
		ck_assert_int_eq(flow(from[i % 2], to)->dead, 0);
		ck_assert_mem_eq(token, owner, sizeof(owner));
	}
	ck_assert_int_eq(flow(from[0], to)->dead, 1);
	ck_assert_int_eq(flow(from[1], to)->dead, 1);
	ck_assert_int_eq(flow("2001:db8::1", to)->dead, 0);
	ck_assert_mem_ne(token, owner, sizeof(owner));
	memcpy(owner, token, sizeof(owner));
	ck_assert_int_eq(flow("2001:db8::2", to)->dead, 0);
	ck_assert_mem_eq(token, owner, sizeof(owner));
	end();
	kin_free(kin);
}
END_TEST

START_TEST(gateway_set_rules_keeps_virtual_addresses)
{
	struct addr a;

	init("");
	a = virtual_of(LAN1, ONION_GOOD);
	reload("AutomapHostsSuffixes .onion\nRejectPlaintextPorts 23\n");
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	reload("AutomapHostsOnResolve 0\n");
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	/* and nothing makes such an address an ordinary one */
	reload("FlowRule direct to 10.0.0.0/8\n");
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	ck_assert_int_eq(flow(LAN2, a)->dead, 1);
	reload("VirtualAddrNetworkIPv4 10.64.0.0/10\n"
	    "FlowRule direct to 10.0.0.0/8\n");
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	ck_assert_int_eq(flow(LAN2, a)->dead, 1);
	ck_assert_int_eq(dials, 0);
	end();
}
END_TEST

/* --- questions --- */

static const struct {
	const char	*rules;
	const char	*name;
	uint16_t	 type;
	int		 code, answers, resolves;
	int		 told;		/* why, by an extended error */
} questions[] = {
	{ "", ONION_GOOD, A, NOERROR, 1, 0, 0 },
	{ "", "WWW." ONION_GOOD, AAAA, NOERROR, 1, 0, 0 },
	{ "AutomapHostsOnResolve 0\n", ONION_GOOD, A, NXDOMAIN, 0, 0, 1 },
	{ "AutomapHostsSuffixes .exit\n", ONION_GOOD, A, NOERROR, 1, 0, 0 },
	{ "", ONION_BAD, A, NXDOMAIN, 0, 0, 1 },
	{ "", "www." ONION_BAD, AAAA, NXDOMAIN, 0, 0, 1 },
	{ "", ONION_V2, A, NXDOMAIN, 0, 0, 1 },
	{ "", "something.onion", A, NXDOMAIN, 0, 0, 1 },
	{ "", "onion", A, NXDOMAIN, 0, 0, 1 },
	{ "AutomapHostsSuffixes .\n", "something.onion", A, NXDOMAIN, 0, 0,
	    1 },
	/* C11 */
	{ "", "www.example.com.relay.exit", A, NXDOMAIN, 0, 0, 1 },
	{ "", "relay.exit", A, NXDOMAIN, 0, 0, 1 },
	{ "", "exit", AAAA, NXDOMAIN, 0, 0, 1 },
	{ "AllowDotExit 1\n", "www.example.com.relay.exit", A, NOERROR, 1, 0,
	    0 },
	{ "AllowDotExit 1\n", "relay.exit", AAAA, NOERROR, 1, 0, 0 },
	{ "AllowDotExit 1\n", "www.example.com.nobody.exit", A, NXDOMAIN, 0,
	    0, 1 },
	{ "AllowDotExit 1\nAutomapHostsSuffixes .onion\n",
	    "www.example.com.relay.exit", A, NOERROR, 1, 0, 0 },
	{ "AllowDotExit 1\nAutomapHostsOnResolve 0\n",
	    "www.example.com.relay.exit", A, NXDOMAIN, 0, 0, 1 },
	{ "AllowDotExit 1\n", ONION_GOOD ".relay.exit", A, NXDOMAIN, 0, 0,
	    1 },
	{ "AllowDotExit 1\n", "a.relay.exit.relay.exit", A, NXDOMAIN, 0, 0,
	    1 },
	{ "AllowDotExit 1\n", "exit", A, NXDOMAIN, 0, 0, 1 },
	/* local names never leave, every name mapped or not */
	{ "", "printer.local", A, NXDOMAIN, 0, 0, 1 },
	{ "", "single", A, NXDOMAIN, 0, 0, 1 },
	{ "AutomapHostsSuffixes .\n", "printer.local", A, NXDOMAIN, 0, 0, 1 },
	{ "AutomapHostsSuffixes .\n", "nas.internal", A, NXDOMAIN, 0, 0, 1 },
	{ "AutomapHostsSuffixes .\n", "x.home.arpa", A, NXDOMAIN, 0, 0, 1 },
	{ "AutomapHostsSuffixes .\n", "single", A, NXDOMAIN, 0, 0, 1 },
	{ "", "1.0.0.10.in-addr.arpa", PTR, NXDOMAIN, 0, 0, 1 },
	/* every name, and some */
	{ "AutomapHostsSuffixes .\n", "www.example.com", A, NOERROR, 1, 0, 0 },
	{ "AutomapHostsSuffixes .\n", "www.example.com", AAAA, NOERROR, 1, 0,
	    0 },
	{ "AutomapHostsSuffixes .example.com,example.net\n",
	    "www.example.com", A, NOERROR, 1, 0, 0 },
	{ "AutomapHostsSuffixes .example.com,example.net\n", "example.net", A,
	    NOERROR, 1, 0, 0 },
	/* MapAddress */
	{ "MapAddress a.example 203.0.113.9\n", "a.example", A, NOERROR, 1, 0,
	    0 },
	{ "MapAddress a.example 203.0.113.9\n", "a.example", AAAA, NOERROR, 0,
	    0, 0 },
	{ "MapAddress a.example " ONION_GOOD "\n", "a.example", A, NOERROR, 1,
	    0, 0 },
	{ "MapAddress a.example " ONION_BAD "\n", "a.example", A, NXDOMAIN, 0,
	    0, 1 },
	{ "MapAddress a.example a.example.relay.exit\n", "a.example", A,
	    NOERROR, 1, 0, 0 },
	{ "MapAddress a.example b.example\nMapAddress b.example a.example\n",
	    "a.example", A, NXDOMAIN, 0, 0, 1 },
	{ "MapAddress *.example *.mapped.net\n"
	    "AutomapHostsSuffixes mapped.net\n",
	    "a.example", A, NOERROR, 1, 0, 0 },
	{ "MapAddress a.example 10.200.0.1\n", "a.example", A, NXDOMAIN, 0, 0,
	    1 },
};

START_TEST(gateway_question_is_answered_here_and_leaves_not)
{
	init(questions[_i].rules);
	ask(LAN1, questions[_i].name, questions[_i].type);
	ck_assert_int_eq(replies, 1);
	ck_assert_msg(code == questions[_i].code, "%s: %d",
	    questions[_i].name, code);
	ck_assert_int_eq(answers(), questions[_i].answers);
	ck_assert_int_eq(resolves, questions[_i].resolves);
	ck_assert_int_eq(ede_text[0] != '\0', questions[_i].told);
	ck_assert_uint_eq(totals().rejected, questions[_i].told);
	if (questions[_i].told)		/* and says so, but not of what */
		ck_assert_ptr_nonnull(strstr(logged, ede_text));
	ck_assert_ptr_null(strstr(logged, "xample"));
	ck_assert_ptr_null(strstr(logged, "2gzyxa5i"));
	end();
}
END_TEST

START_TEST(gateway_question_before_relays_are_known_may_come_again)
{
	init("AllowDotExit 1\n");
	relay_rc = -EAGAIN;
	ask(LAN1, "www.example.com.relay.exit", A);
	ck_assert_int_eq(code, SERVFAIL);
	end();
}
END_TEST

/* Types that exits can't be asked for, without a resolver: what is ours has
 * none such, what may not leave is not there, the rest is not implemented. */
static const struct {
	const char	*rules, *name;
	int		 code;
} others[] = {
	{ "", ONION_GOOD, NOERROR }, { "", ONION_BAD, NOTIMP },
	{ "", "www.example.com", NOTIMP },
	{ "AllowDotExit 1\n", "www.example.com.relay.exit", NOERROR },
	{ "MapAddress a.example b.example\n", "a.example", NOERROR },
	{ "AutomapHostsSuffixes .\n", "www.example.com", NOTIMP },
};

START_TEST(gateway_question_of_another_type_stays_here)
{
	init(others[_i].rules);
	ask(LAN1, others[_i].name, MX);
	ck_assert_int_eq(code, others[_i].code);
	ck_assert_int_eq(answers(), 0);
	ck_assert_int_eq(resolves + connects, 0);
	end();
}
END_TEST

static const struct {
	const char	*rules, *name, *asked;
} left[] = {
	{ "", "www.example.com", "www.example.com" },
	{ "MapAddress *.example *.tame.net\n", "a.example", "a.tame.net" },
	{ "AutomapHostsOnResolve 0\nAutomapHostsSuffixes .\n",
	    "www.example.com", "www.example.com" },
	{ "AutomapHostsSuffixes .example.net\n", "xexample.net",
	    "xexample.net" },
};

START_TEST(gateway_question_for_another_name_goes_to_the_engine)
{
	struct onion_answer a = { .ttl = 600 };

	init(left[_i].rules);
	ask(LAN1, left[_i].name, A);
	ck_assert_int_eq(replies, 0);
	ck_assert_int_eq(resolves, 1);
	ck_assert_str_eq(asked, left[_i].asked);
	ck_assert_int_eq(addr_parse_ip(&a.addr, "203.0.113.7", -1), 0);
	lookup.fn(lookup.arg, 0, &a, 1);
	loop_end_turn(&loop);
	a.addr.port = 0;
	ck_assert_int_eq(answers(), 1);
	ck_assert_mem_eq(answer(4).ip, a.addr.ip, 4);
	end();
}
END_TEST

/* Rebinding: an exit has no virtual addresses to give. */
START_TEST(gateway_question_answered_with_a_virtual_address_gets_none)
{
	struct onion_answer a = { .ttl = 600 };
	struct addr virt;

	init("");
	virt = virtual_of(LAN1, ONION_GOOD);
	ask(LAN1, "www.example.com", A);
	a.addr = virt;
	lookup.fn(lookup.arg, 0, &a, 1);
	loop_end_turn(&loop);
	ck_assert_int_eq(answers(), 0);
	end();
}
END_TEST

static const struct {
	struct door	 door;
	int		 a, aaaa;	/* answers of them */
} families[] = {
	{ { .no_ipv4 = 0 }, 1, 1 }, { { .no_ipv6 = 1 }, 1, 0 },
	{ { .no_ipv4 = 1 }, 0, 1 },
	{ { .no_ipv4 = 1, .no_ipv6 = 1 }, 1, 1 },	/* OnionTrafficOnly */
};

START_TEST(gateway_question_of_a_door_without_a_family_gets_no_such_address)
{
	struct door door = families[_i].door;

	init("");
	door.proto = DOOR_DNS;
	ask_by(&door, LAN1, ONION_GOOD, A);
	ck_assert_int_eq(code, NOERROR);
	ck_assert_int_eq(answers(), families[_i].a);
	ask_by(&door, LAN1, ONION_GOOD, AAAA);
	ck_assert_int_eq(code, NOERROR);
	ck_assert_int_eq(answers(), families[_i].aaaa);
	door.no_onion = 1;
	ask_by(&door, LAN1, ONION_GOOD, A);
	ck_assert_int_eq(code, NXDOMAIN);
	end();
}
END_TEST

/* --- flows by name --- */

static const struct {
	const char	*rules;
	const char	*name;		/* that is asked for */
	const char	*host;		/* that is connected to */
	int		 exit_id;
} by_name[] = {
	{ "", ONION_GOOD, ONION_GOOD, 0 },
	{ "AutomapHostsSuffixes .\n", "www.example.com", "www.example.com",
	    0 },
	{ "AllowDotExit 1\n", "www.example.com.relay.exit", "www.example.com",
	    7 },
	{ "AllowDotExit 1\n", "8.8.8.8.relay.exit", "8.8.8.8", 7 },
	{ "AllowDotExit 1\n", "relay.exit", "8.8.4.4", 7 },
	{ "MapAddress a.example " ONION_GOOD "\n", "a.example", ONION_GOOD,
	    0 },
	{ "MapAddress *.example *.example.relay.exit\n", "a.example",
	    "a.example", 7 },
	{ "AutomapHostsSuffixes .\nMapAddress a.example b.example\n",
	    "a.example", "b.example", 0 },
	{ "FlowRule direct to 10.0.0.0/8\n", ONION_GOOD, ONION_GOOD, 0 },
	{ "FlowRule direct to 0.0.0.0/0\nAutomapHostsSuffixes .\n",
	    "www.example.com", "www.example.com", 0 },
};

START_TEST(gateway_flow_by_name_goes_where_the_name_does)
{
	struct addr a;
	int i;

	init(by_name[_i].rules);
	a = virtual_of(LAN1, by_name[_i].name);
	for (i = 0; i < 2; i++) {	/* by address, and to a proxy */
		host[0] = '\0';
		if (i == 0)
			ck_assert_int_eq(flow(LAN1, a)->dead, 0);
		else
			ck_assert_int_eq(flow_to(&socks, by_name[_i].name,
			    80)->dead, 0);
		ck_assert_str_eq(host, by_name[_i].host);
		ck_assert_uint_eq(port, 80);
		ck_assert_int_eq(exit_id, by_name[_i].exit_id);
		ck_assert_int_eq(dials, 0);
	}
	end();
}
END_TEST

static const struct {
	const char	*rules;
	const char	*host;
	int		 why;
	struct door	 door;
} refusals[] = {
	{ "", ONION_BAD, -WHY_HS_ADDRESS, { .proto = DOOR_SOCKS } },
	{ "", ONION_V2, -WHY_HS_ADDRESS, { .proto = DOOR_SOCKS } },
	{ "", "www.example.com.relay.exit", -EACCES, { .proto = DOOR_SOCKS } },
	{ "", "relay.exit.", -EACCES, { .proto = DOOR_HTTP } },
	{ "AllowDotExit 1\n", "a.example.nobody.exit", -ENOENT,
	    { .proto = DOOR_SOCKS } },
	{ "", "printer.local", -ENOENT, { .proto = DOOR_SOCKS } },
	{ "", "single", -ENOENT, { .proto = DOOR_SOCKS } },
	{ "", "10.1.2.3", -EACCES, { .proto = DOOR_SOCKS } },
	{ "", "10.192.0.7", -EACCES, { .proto = DOOR_SOCKS } },
	{ "", "fd61:7574:6f6d::7", -EACCES, { .proto = DOOR_SOCKS } },
	{ "", "8.8.8.8", -EACCES, { .proto = DOOR_SOCKS, .no_ipv4 = 1 } },
	{ "", "::ffff:8.8.8.8", -EACCES,
	    { .proto = DOOR_SOCKS, .no_ipv4 = 1 } },
	{ "", "::ffff:10.200.0.1", -EACCES, { .proto = DOOR_SOCKS } },
	{ "FlowRule reject to 8.0.0.0/8\n", "::ffff:8.8.8.8", -EACCES,
	    { .proto = DOOR_HTTP } },
	{ "MapAddress 8.8.8.8 192.168.0.1\n", "::ffff:8.8.8.8", -EACCES,
	    { .proto = DOOR_SOCKS } },
	{ "", "www.example.com", -EACCES,
	    { .proto = DOOR_SOCKS, .no_ipv4 = 1, .no_ipv6 = 1 } },
	{ "", ONION_GOOD, -EACCES, { .proto = DOOR_SOCKS, .no_onion = 1 } },
	{ "FlowRule reject to 0.0.0.0/0 port 80\n", "www.example.com",
	    -EACCES, { .proto = DOOR_SOCKS } },
	{ "FlowRule reject port 80\n", ONION_GOOD, -EACCES,
	    { .proto = DOOR_SOCKS } },
	{ "RejectPlaintextPorts 80\n", "www.example.com", -EACCES,
	    { .proto = DOOR_SOCKS } },
	{ "MapAddress a.example 10.200.0.1\n", "a.example", -EACCES,
	    { .proto = DOOR_SOCKS } },
	{ "MapAddress a.example 192.168.0.1\n", "a.example", -EACCES,
	    { .proto = DOOR_SOCKS } },
	{ "MapAddress a.example 192.168.0.1\nFlowRule direct to 192.168.0.0/16",
	    "a.example", -EACCES, { .proto = DOOR_SOCKS } },
	{ "", "a b.example", -ENOENT, { .proto = DOOR_SOCKS } },
	{ "AllowDotExit 1\n", ONION_GOOD ".relay.exit", -ENOENT,
	    { .proto = DOOR_SOCKS } },
	{ "FlowRule drop port 80\n", "www.example.com", 0,
	    { .proto = DOOR_SOCKS } },
};

START_TEST(gateway_flow_to_what_is_refused_ends_at_once)
{
	struct fake *f;

	init(refusals[_i].rules);
	f = flow_to(&refusals[_i].door, refusals[_i].host, 80);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_msg(f->why == refusals[_i].why, "%s: %d", refusals[_i].host,
	    f->why);
	ck_assert_int_eq(connects + dials + resolves, 0);
	ck_assert_uint_eq(totals().rejected + totals().dropped, 1);
	ck_assert_ptr_null(strstr(logged, "xample"));
	end();
}
END_TEST

START_TEST(gateway_flow_to_takes_addresses_and_virtual_ones)
{
	char text[ADDR_TEXT], mapped[ADDR_TEXT + 8];
	struct addr a;

	init("");
	ck_assert_int_eq(flow_to(&socks, "8.8.8.8", 443)->dead, 0);
	ck_assert_str_eq(host, "8.8.8.8");
	ck_assert_int_eq(flow_to(&socks, "2001:4860:0::8", 443)->dead, 0);
	ck_assert_str_eq(host, "2001:4860::8");
	a = virtual_of(LAN1, ONION_GOOD);
	ck_assert_int_eq(flow_to(&socks, addr_ip_raw(&a, text), 443)->dead,
	    0);
	ck_assert_str_eq(host, ONION_GOOD);
	/* IPv4 is IPv4, however it is written */
	ck_assert_int_eq(flow_to(&socks, "::ffff:8.8.4.4", 443)->dead, 0);
	ck_assert_str_eq(host, "8.8.4.4");
	snprintf(mapped, sizeof(mapped), "::ffff:%s", text);
	host[0] = '\0';
	ck_assert_int_eq(flow_to(&socks, mapped, 443)->dead, 0);
	ck_assert_str_eq(host, ONION_GOOD);
	a = virtual_of(LAN2, ONION_GOOD);
	ck_assert_int_eq(flow_to(&socks, addr_ip_raw(&a, text), 443)->dead,
	    1);
	end();
}
END_TEST

START_TEST(gateway_flow_to_an_address_that_is_mapped_goes_elsewhere)
{
	init("MapAddress 192.0.2.80 203.0.113.9\nMapAddress 192.0.2.81 "
	    ONION_GOOD "\nMapAddress 203.0.113.8 192.168.0.1\n"
	    "MapAddress 192.0.2.82 www.example.com\n"
	    "FlowRule direct to 203.0.113.0/24 port 22\n");
	ck_assert_int_eq(flow(LAN1, client("192.0.2.80"))->dead, 0);
	ck_assert_str_eq(host, "203.0.113.9");
	ck_assert_int_eq(flow(LAN1, client("192.0.2.81"))->dead, 0);
	ck_assert_str_eq(host, ONION_GOOD);
	ck_assert_int_eq(flow(LAN1, client("192.0.2.82"))->dead, 0);
	ck_assert_str_eq(host, "www.example.com");
	ck_assert_int_eq(flow(LAN1, client("203.0.113.8"))->dead, 1);
	ck_assert_int_eq(connects, 3);
	end();
}
END_TEST

static const struct {
	const char	*rules;
	uint16_t	 port;
	int		 at_once;
} lets_in[] = {
	{ "", 80, 1 }, { "", 443, 1 }, { "", 22, 0 }, { "", 6667, 0 },
	{ "FlowRule torify to 10.192.0.0/10 accept=deferred\n", 80, 0 },
	{ "FlowRule torify port 22 accept=optimistic\n", 22, 1 },
};

START_TEST(gateway_flow_by_name_is_let_in_where_the_client_speaks_first)
{
	struct addr a;
	struct fake *f;

	init(lets_in[_i].rules);
	a = virtual_of(LAN1, ONION_GOOD);
	f = flow_by(&tun, LAN1, a, lets_in[_i].port);
	ck_assert_int_eq(f->dead, 0);
	ck_assert_int_eq(f->accepted, lets_in[_i].at_once);
	far->ep.user->open(far->ep.arg);
	ck_assert_int_eq(f->accepted, 1);
	end();
}
END_TEST

/* What it is answered is all that it learns: a reply too early would lie. */
START_TEST(gateway_flow_of_a_proxys_client_is_let_in_when_it_stands)
{
	struct door door = tun;
	struct fake *f;

	init("FlowRule torify accept=optimistic\n");
	door.proto = _i ? DOOR_HTTP : DOOR_SOCKS;
	f = flow_to(&door, "www.example.com", 80);
	ck_assert_int_eq(f->dead, 0);
	ck_assert_int_eq(f->accepted, 0);
	far->ep.user->open(far->ep.arg);
	ck_assert_int_eq(f->accepted, 1);
	end();
}
END_TEST

START_TEST(gateway_flow_by_name_tells_the_exit_the_doors_families)
{
	struct door door = trans;
	struct addr a;

	init("AutomapHostsSuffixes .\n");
	a = virtual_of(LAN1, "www.example.com");
	door.no_ipv6 = 1;
	ck_assert_int_eq(flow_by(&door, LAN1, a, 80)->dead, 0);
	ck_assert_int_eq(no_ipv6, 1);
	ck_assert_int_eq(no_ipv4, 0);
	door.no_ipv6 = 0;
	door.no_ipv4 = 1;	/* its virtual address is none of the exit's */
	ck_assert_int_eq(flow_by(&door, LAN1, a, 80)->dead, 0);
	ck_assert_int_eq(no_ipv4, 1);
	a = virtual_of(LAN1, ONION_GOOD);
	door.no_ipv6 = 1;
	ck_assert_int_eq(flow_by(&door, LAN1, a, 80)->dead, 0);
	ck_assert_int_eq(no_ipv4 + no_ipv6, 0);
	end();
}
END_TEST

static void
token_of(const struct door *d, const char *name, uint8_t out[ONION_TOKEN])
{
	finish(flow_to(d, name, 80));
	memcpy(out, token, ONION_TOKEN);
}

START_TEST(gateway_flow_is_isolated_by_name_and_password)
{
	struct door by_dest = trans, one = socks, two = socks;
	uint8_t a[ONION_TOKEN], b[ONION_TOKEN];

	init("AutomapHostsSuffixes .\n");
	by_dest.isolate |= ISOLATE_DEST_ADDR;
	token_of(&by_dest, "www.example.com", a);
	token_of(&by_dest, "www.example.net", b);
	ck_assert_mem_ne(a, b, ONION_TOKEN);
	token_of(&by_dest, "WWW.Example.com.", b);
	ck_assert_mem_eq(a, b, ONION_TOKEN);
	/* by its virtual address it is the same one */
	finish(flow_by(&by_dest, LAN1, virtual_of(LAN1, "www.example.com"),
	    80));
	ck_assert_mem_eq(a, token, ONION_TOKEN);
	token_of(&trans, "www.example.com", a);
	token_of(&trans, "www.example.net", b);
	ck_assert_mem_eq(a, b, ONION_TOKEN);
	one.auth = "user:one";
	two.auth = "user:two";
	one.auth_len = two.auth_len = 8;
	token_of(&one, "www.example.com", a);
	token_of(&two, "www.example.com", b);
	ck_assert_mem_ne(a, b, ONION_TOKEN);
	one.isolate = two.isolate = ISOLATE_CLIENT_ADDR;
	token_of(&one, "www.example.com", a);
	token_of(&two, "www.example.com", b);
	ck_assert_mem_eq(a, b, ONION_TOKEN);
	end();
}
END_TEST

/* --- a proxy's questions --- */

static int told, told_err;
static struct addr told_addr;
static char told_name[256];

static void
on_told(void *arg, int err, const struct addr *a, const char *name,
    uint32_t seconds)
{
	(void)arg;
	(void)seconds;
	told++;
	told_err = err;
	memset(&told_addr, 0, sizeof(told_addr));
	told_name[0] = '\0';
	if (a)
		told_addr = *a;
	if (name)
		snprintf(told_name, sizeof(told_name), "%s", name);
	ck_assert(err == 0 || (a == NULL && name == NULL));
}

static struct gateway_lookup *
resolve(const struct door *door, const char *name, int family, int reverse)
{
	struct addr c = client(LAN1);
	struct gateway_lookup *l = NULL;

	told = 0;
	ck_assert_int_eq(gateway_resolve(gw, door, &c, name, family, reverse,
	    on_told, NULL, &l), 0);
	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(told, 0);
	return l;
}

static const struct {
	const char	*name;
	int		 family, prefer6, err;
	uint8_t		 first;		/* byte of the address */
} settled[] = {
	{ ONION_GOOD, 4, 0, 0, 10 }, { ONION_GOOD, 6, 0, 0, 0xfd },
	{ ONION_GOOD, 0, 0, 0, 10 }, { ONION_GOOD, 0, 1, 0, 0xfd },
	{ ONION_BAD, 0, 0, -WHY_HS_ADDRESS, 0 },
	{ "a.example.relay.exit", 0, 0, -EACCES, 0 },
	{ "printer.local", 0, 0, -ENOENT, 0 }, { "x", 4, 0, -ENOENT, 0 },
	{ "8.8.8.8", 0, 1, 0, 8 }, { "8.8.8.8", 4, 0, 0, 8 },
	{ "8.8.8.8", 6, 0, -ENOENT, 0 }, { "2001:4860::8", 0, 0, 0, 0x20 },
	{ "10.192.0.9", 0, 0, -ENOENT, 0 },
};

START_TEST(gateway_resolve_of_what_is_known_here_tells_later)
{
	struct door door = socks;

	init("");
	door.virtual_ipv6 = (uint8_t)settled[_i].prefer6;
	resolve(&door, settled[_i].name, settled[_i].family, 0);
	loop_end_turn(&loop);
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(told_err, settled[_i].err);
	ck_assert_uint_eq(told_addr.ip[0], settled[_i].first);
	ck_assert_int_eq(resolves, 0);
	/* One that is cancelled says nothing. */
	gateway_lookup_cancel(resolve(&door, settled[_i].name,
	    settled[_i].family, 0));
	loop_end_turn(&loop);
	ck_assert_int_eq(told, 0);
	gateway_lookup_cancel(NULL);
	end();
}
END_TEST

START_TEST(gateway_resolve_asks_the_engine)
{
	struct onion_answer a[3] = { { .ttl = 1 }, { .ttl = 2 }, { .ttl = 3 } };

	init("");
	addr_parse_ip(&a[0].addr, "2001:4860::8", -1);
	addr_parse_ip(&a[1].addr, "203.0.113.7", -1);
	addr_parse_ip(&a[2].addr, "203.0.113.8", -1);
	resolve(&socks, "www.example.com", 0, 0);
	ck_assert_str_eq(asked, "www.example.com");
	lookup.fn(lookup.arg, 0, a, 3);
	ck_assert_int_eq(told, 1);
	ck_assert_uint_eq(told_addr.ip[3], 7);
	resolve(&socks, "www.example.com", 6, 0);
	lookup.fn(lookup.arg, 0, a, 3);
	ck_assert_uint_eq(told_addr.family, 6);
	resolve(&socks, "www.example.com", 4, 0);
	lookup.fn(lookup.arg, 0, a, 1);
	ck_assert_int_eq(told_err, -ENOENT);
	resolve(&socks, "www.example.com", 4, 0);
	lookup.fn(lookup.arg, -EAGAIN, NULL, 0);
	ck_assert_int_eq(told_err, -EAGAIN);
	gateway_lookup_cancel(resolve(&socks, "www.example.com", 4, 0));
	ck_assert_int_eq(lookup.cancelled, 1);
	resolve(&socks, "www.example.com", 4, 0);
	end();				/* forgets what is left */
	ck_assert_int_eq(lookup.cancelled, 1);
	ck_assert_int_eq(told, 0);
}
END_TEST

START_TEST(gateway_resolve_gives_names_of_addresses)
{
	struct onion_answer a = { .name = "host.example.com" };
	struct gateway_lookup *l;
	char text[ADDR_TEXT];
	struct addr v, c;

	init("");
	resolve(&socks, "8.8.8.8", 0, 1);
	ck_assert_str_eq(asked, "8.8.8.8");
	lookup.fn(lookup.arg, 0, &a, 1);
	ck_assert_str_eq(told_name, "host.example.com");
	v = virtual_of(LAN1, ONION_GOOD);
	resolve(&socks, addr_ip_raw(&v, text), 0, 1);
	loop_end_turn(&loop);
	ck_assert_str_eq(told_name, ONION_GOOD);
	v = virtual_of(LAN2, ONION_GOOD);
	resolve(&socks, addr_ip_raw(&v, text), 0, 1);
	loop_end_turn(&loop);
	ck_assert_int_eq(told_err, -ENOENT);
	resolve(&socks, "192.168.0.1", 0, 1);
	loop_end_turn(&loop);
	ck_assert_int_eq(told_err, -ENOENT);
	ck_assert_int_eq(resolves, 1);
	c = client(LAN1);
	ck_assert_int_eq(gateway_resolve(gw, &socks, &c, "www.example.com", 0,
	    1, on_told, NULL, &l), -EINVAL);
	end();
}
END_TEST

static void
asked_for(size_t at, const char *text, size_t len)
{
	ck_assert_uint_ge(reply_len, at + len);
	ck_assert_mem_eq(reply + at, text, len);
}

/* It is one service in capitals, and the answer's question has them still. */
START_TEST(gateway_question_for_an_onion_in_capitals_is_for_the_same)
{
	char upper[] = ONION_GOOD;
	struct addr a, b;
	size_t i;

	for (i = 0; upper[i]; i++)
		if (i % 2 == 0 && upper[i] >= 'a' && upper[i] <= 'z')
			upper[i] = (char)(upper[i] - 'a' + 'A');
	ck_assert_str_ne(upper, ONION_GOOD);
	init("");
	a = virtual_of(LAN1, ONION_GOOD);
	b = virtual_of(LAN1, upper);
	ck_assert(addr_same_ip(&a, &b));
	asked_for(13, upper, 56);
	asked_for(70, upper + 57, 5);
	ck_assert_int_eq(flow(LAN1, b)->dead, 0);
	ck_assert_str_eq(host, ONION_GOOD);
	end();
}
END_TEST

/* The longest name that there can be in .onion, and what is too long. */
START_TEST(gateway_question_for_a_very_long_onion_is_answered_or_refused)
{
	char name[TARGET_HOST + 2];
	struct addr a;

	init("");
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[190] = '.';
	strcpy(name + 191, ONION_GOOD);
	ck_assert_uint_eq(strlen(name), TARGET_HOST);
	a = virtual_of(LAN1, name);
	ck_assert_int_eq(flow(LAN1, a)->dead, 0);
	ck_assert_str_eq(host, name);
	ask_back(LAN1, &a);
	ck_assert(is_back(name));
	name[190] = 'a';		/* one byte more */
	name[191] = '.';
	strcpy(name + 192, ONION_GOOD);
	ask(LAN1, name, A);
	ck_assert_int_eq(code, FORMERR);
	strcpy(name + 57, ".onion");	/* a label of one more, and of 63 */
	ask(LAN1, name, A);
	ck_assert_int_eq(code, NXDOMAIN);
	memset(name, 'a', 63);
	strcpy(name + 63, ".onion");
	ask(LAN1, name, AAAA);
	ck_assert_int_eq(code, NXDOMAIN);
	ck_assert_ptr_nonnull(strstr(ede_text, "56 characters"));
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

/* --- what an exit may answer --- */

static void
answered(const struct onion_answer *a, size_t n)
{
	lookup.fn(lookup.arg, 0, a, n);
	loop_end_turn(&loop);
}

/* C09: an answer is nobody else's, and a circuit isn't either. */
START_TEST(gateway_question_of_each_client_is_asked_anew)
{
	struct onion_answer a = { .ttl = 3600 };
	uint8_t first[ONION_TOKEN];

	init("");
	addr_v4(&a.addr, 0x08080808, 0);
	ask(LAN1, "www.example.com", A);
	memcpy(first, token, sizeof(first));
	answered(&a, 1);
	ck_assert_int_eq(answers(), 1);
	ask(LAN1, "www.example.com", AAAA);
	ck_assert_int_eq(resolves, 2);
	ck_assert_mem_eq(token, first, sizeof(first));
	answered(&a, 1);
	replies = 0;
	ask(LAN2, "www.example.com", A);
	ck_assert_int_eq(replies, 0);
	ck_assert_int_eq(resolves, 3);
	ck_assert_mem_ne(token, first, sizeof(first));
	end();
}
END_TEST

START_TEST(gateway_question_with_a_hundred_answers_gets_sixteen)
{
	struct onion_answer a[100];
	size_t i;

	init("");
	memset(a, 0, sizeof(a));
	for (i = 0; i < NELEM(a); i++) {
		addr_v4(&a[i].addr, 0x08080800 + (uint32_t)i, 0);
		a[i].ttl = 300;
	}
	ask(LAN1, "www.example.com", A);
	answered(a, NELEM(a));
	ck_assert_int_eq(code, NOERROR);
	ck_assert_int_eq(answers(), 16);
	end();
}
END_TEST

static const struct { uint32_t says, told; } times[] = {
	{ 0, 60 }, { 0x7fffffff, 3600 }, { 0x80000000, 3600 },
	{ 0xffffffff, 3600 }
};

START_TEST(gateway_question_gets_a_time_to_live_within_bounds)
{
	struct onion_answer a = { .ttl = times[_i].says };

	init("");
	addr_v4(&a.addr, 0x08080808, 0);
	ask(LAN1, "www.example.com", A);
	answered(&a, 1);
	ck_assert_int_eq(answers(), 1);
	ck_assert_uint_eq(ttl(4), times[_i].told);
	end();
}
END_TEST

/* Answers of a type that was not asked for are none. */
static const struct { const char *name; uint16_t type; int code; } wrong[] = {
	{ "www.example.com", A, NOERROR }, { "www.example.com", AAAA, NOERROR },
	{ "8.8.8.8.in-addr.arpa", PTR, NXDOMAIN },
};

START_TEST(gateway_question_answered_with_another_type_gets_nothing)
{
	struct onion_answer a[2] = { { .ttl = 300 }, { .ttl = 300 } };

	init("");
	ask(LAN1, wrong[_i].name, wrong[_i].type);
	if (wrong[_i].type != A)
		addr_v4(&a[0].addr, 0x08080808, 0);
	else
		addr_parse_ip(&a[0].addr, "2001:4860::8", -1);
	if (wrong[_i].type == PTR)
		addr_parse_ip(&a[1].addr, "2001:4860::8", -1);
	else
		a[1].name = "host.example.com";
	answered(a, 2);
	ck_assert_int_eq(code, wrong[_i].code);
	ck_assert_int_eq(answers(), 0);
	end();
}
END_TEST

/* --- names that would write into the log --- */

static unsigned lines;

static void
hear_text(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	lines++;
	for (; *text; text++)
		ck_assert_msg(*text >= 0x20 && *text < 0x7f, "0x%02x",
		    (unsigned char)*text);
}

static const struct { const char *label; size_t len; } odd[] = {
	{ "a\nNov 28 19:00:00.000 [err] all is lost", 39 }, { "a\r\nb", 4 },
	{ "\x1b[2J", 4 }, { "%s%s%n", 6 }, { "\xc3\xa9", 2 }, { "\xff", 1 },
	{ "a\\x0a", 5 }, { "a\0b", 3 }, { "a b", 3 }, { "a.b", 3 },
	{ "\x7f", 1 }, { "\"'`;", 4 },
};

static void
ask_odd(const char *label, size_t len, const char *top, uint16_t type)
{
	struct dns_from from = { .client = client(LAN1), .tcp = 1,
	    .listener = (void *)(uintptr_t)&dns };
	static struct query msg;
	struct dns_query *q;

	query_head(&msg, 0x0100, 1, 0, 0, 0);
	query_label(&msg, label, len);
	query_ask(&msg, top, type, 1);
	ck_assert_int_eq(dnsport_query(gateway_dnsport(gw), msg.buf,
	    query_len(&msg), &from, on_reply, NULL, &q), 0);
	loop_end_turn(&loop);
}

/* Even where names are shown.  By DNS they don't come as far as the log. */
START_TEST(gateway_log_has_text_whatever_is_asked_for)
{
	static const uint16_t types[] = { A, AAAA, PTR, MX };
	static const char *const tops[] = { "onion", "exit", "local" };
	char name[100];
	size_t i, j;

	init("");
	log_set_scrub(0);
	log_capture(hear_text, NULL);
	for (i = 0; i < NELEM(types); i++)
		for (j = 0; j < NELEM(tops); j++)
			ask_odd(odd[_i].label, odd[_i].len, tops[j], types[i]);
	ck_assert_int_eq(replies, (int)(NELEM(types) * NELEM(tops)));
	ck_assert_uint_eq(lines, 0);
	snprintf(name, sizeof(name), "%s.local", odd[_i].label);
	ck_assert_int_eq(flow_to(&socks, name, 80)->dead, 1);
	ck_assert_uint_eq(lines, 1);
	resolve(&socks, name, 4, 0);
	ck_assert_uint_eq(lines, 2);
	loop_end_turn(&loop);
	ck_assert_int_lt(told_err, 0);
	ck_assert_int_eq(connects + resolves, 0);
	log_set_scrub(1);
	end();
}
END_TEST

static struct { enum log_level level; char text[200]; } heard;

static void
hear_last(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	heard.level = level;
	snprintf(heard.text, sizeof(heard.text), "%s", text);
}

/* Who runs it sees why an address does not work, and not whose it is. */
START_TEST(gateway_mistyped_onion_is_told_in_the_log)
{
	static const char v2[] = "expyuzz4wqqyqhjn.onion";

	init("");
	log_capture(hear_last, NULL);
	if (_i == 0)
		ask(LAN1, v2, A);
	else
		ck_assert_int_eq(flow_to(&socks, v2, 80)->dead, 1);
	ck_assert_int_eq(heard.level, LL_NOTICE);
	ck_assert_ptr_nonnull(strstr(heard.text, "(version 2) are gone"));
	ck_assert_ptr_nonnull(strstr(heard.text, "[scrubbed]"));
	ck_assert_ptr_null(strstr(heard.text, "expyuzz"));
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(gateway_question_for_an_onion_gets_a_virtual_address),
	UNIT_LOOP(gateway_flow_to_a_virtual_address_goes_to_its_name, 4),
	UNIT(gateway_flow_to_anothers_virtual_address_is_refused),
	UNIT(gateway_flow_to_anothers_ipv6_virtual_address_is_refused),
	UNIT_LOOP(gateway_flow_to_an_unknown_virtual_address_is_refused,
	    NELEM(unknown)),
	UNIT(gateway_flow_to_a_forgotten_virtual_address_is_refused),
	UNIT(gateway_flow_holds_its_mapping),
	UNIT(gateway_flow_of_a_door_that_is_one_client_has_its_names),
	UNIT(gateway_flow_from_another_address_of_a_client_is_his),
	UNIT(gateway_questions_of_all_addresses_of_a_client_are_its_own),
	UNIT(gateway_client_has_one_share_by_all_its_addresses),
	UNIT(gateway_set_rules_keeps_virtual_addresses),
	UNIT_LOOP(gateway_question_is_answered_here_and_leaves_not,
	    NELEM(questions)),
	UNIT_LOOP(gateway_question_of_another_type_stays_here, NELEM(others)),
	UNIT(gateway_question_before_relays_are_known_may_come_again),
	UNIT_LOOP(gateway_question_for_another_name_goes_to_the_engine,
	    NELEM(left)),
	UNIT(gateway_question_answered_with_a_virtual_address_gets_none),
	UNIT_LOOP(
	    gateway_question_of_a_door_without_a_family_gets_no_such_address,
	    NELEM(families)),
	UNIT_LOOP(gateway_flow_by_name_goes_where_the_name_does,
	    NELEM(by_name)),
	UNIT_LOOP(gateway_flow_to_what_is_refused_ends_at_once,
	    NELEM(refusals)),
	UNIT(gateway_flow_to_takes_addresses_and_virtual_ones),
	UNIT(gateway_flow_to_an_address_that_is_mapped_goes_elsewhere),
	UNIT_LOOP(gateway_flow_by_name_is_let_in_where_the_client_speaks_first,
	    NELEM(lets_in)),
	UNIT_LOOP(gateway_flow_of_a_proxys_client_is_let_in_when_it_stands, 2),
	UNIT(gateway_flow_by_name_tells_the_exit_the_doors_families),
	UNIT(gateway_flow_is_isolated_by_name_and_password),
	UNIT_LOOP(gateway_resolve_of_what_is_known_here_tells_later,
	    NELEM(settled)),
	UNIT(gateway_resolve_asks_the_engine),
	UNIT(gateway_resolve_gives_names_of_addresses),
	UNIT(gateway_question_for_an_onion_in_capitals_is_for_the_same),
	UNIT(gateway_question_for_a_very_long_onion_is_answered_or_refused),
	UNIT(gateway_question_of_each_client_is_asked_anew),
	UNIT(gateway_question_with_a_hundred_answers_gets_sixteen),
	UNIT_LOOP(gateway_question_gets_a_time_to_live_within_bounds,
	    NELEM(times)),
	UNIT_LOOP(gateway_question_answered_with_another_type_gets_nothing,
	    NELEM(wrong)),
	UNIT_LOOP(gateway_log_has_text_whatever_is_asked_for, NELEM(odd)),
	UNIT_LOOP(gateway_mistyped_onion_is_told_in_the_log, 2),
};

int
main(void)
{
	crypt_init();			/* for addresses of onion services */
	return unit_run("gateway_names", tests, NELEM(tests));
}
