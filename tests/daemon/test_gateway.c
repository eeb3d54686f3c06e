/* tests/daemon/test_gateway.c - flows and questions, between two fakes
 *
 * The engine is made up: what it is asked for is looked at, and streams and
 * answers come when the test says so.
 */
#include "daemon/gateway.h"

#include <errno.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/conf.h"
#include "daemon/gateway_rules.h"
#include "onion/onion.h"
#include "policy/isolate.h"
#include "tests/daemon/fakeengine.h"
#include "tests/daemon/norelays.h"
#include "tests/daemon/testconf.h"
#include "tests/dnsport/query.h"
#include "tests/quiet.h"
#include "tests/unit.h"

enum { FLOWS_MAX = 12, SOCKETS_MAX = 8 };

static struct loop loop;
static struct gateway *gw;
static int replies, reply_len, reply_code, reply_answers;

static void
init_with(const char *text)
{
	struct gateway_conf gc = { .loop = &loop, .flows_max = FLOWS_MAX,
	    .sockets_max = SOCKETS_MAX };
	struct conf *c = testconf(text);

	log_capture(quiet, NULL);
	loop_init(&loop, 1000, 1795300000);
	fake_begin(&fake_taken);
	replies = 0;
	ck_assert_int_eq(gateway_new(&gw, &gc, c), 0);
	conf_free(c);
}

static void
init(void)
{
	init_with("");
}

static void
end(void)
{
	gateway_free(gw);
	loop_end_turn(&loop);
	ck_assert_ptr_null(loop.items);
}

static struct gateway_totals
totals(void)
{
	struct gateway_totals t;

	gateway_totals(gw, &t);
	return t;
}

static const struct door plain = { .proto = DOOR_TRANS, .session_group = -1,
    .isolate = ISOLATE_CLIENT_ADDR };

static struct fake *
flow(const struct door *d, const char *from, const char *to)
{
	struct fake *f = fake();
	struct addr a, b;

	ck_assert_int_eq(addr_parse(&a, from, -1), 0);
	ck_assert_int_eq(addr_parse(&b, to, -1), 0);
	gateway_flow(gw, d, &a, &b, &f->ep);
	return f;
}

START_TEST(gateway_flow_goes_to_its_destination_and_ends)
{
	struct fake *f;

	init();
	f = flow(&plain, "10.0.0.1:1000", "[2001:4860::8]:443");
	ck_assert_int_eq(connects, 1);
	ck_assert_str_eq(host, "2001:4860::8");
	ck_assert_uint_eq(port, 443);
	ck_assert_uint_eq(totals().flows, 1);
	ck_assert_uint_eq(totals().accepted, 1);
	far->ep.user->gone(far->ep.arg, -ECONNRESET);
	loop_end_turn(&loop);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_uint_eq(totals().flows, 0);
	ck_assert_uint_eq(totals().failed, 1);
	end();
}
END_TEST

static const struct {
	const char	*from, *to;
	struct door	 door;
} refused[] = {
	{ "10.0.0.1:1", "192.168.0.1:80", { .proto = DOOR_TRANS } },
	{ "10.0.0.1:1", "8.8.8.8:80", { .proto = DOOR_TRANS, .no_ipv4 = 1 } },
	{ "10.0.0.1:1", "[2001:4860::8]:80",
	    { .proto = DOOR_TRANS, .no_ipv6 = 1 } },
};

START_TEST(gateway_flow_that_policy_refuses_is_reset)
{
	struct fake *f;

	init();
	f = flow(&refused[_i].door, refused[_i].from, refused[_i].to);
	ck_assert_int_eq(connects, 0);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(f->why, -EACCES);
	ck_assert_uint_eq(totals().rejected, 1);
	ck_assert_uint_eq(totals().flows, 0);
	end();
}
END_TEST

START_TEST(gateway_flow_that_the_engine_refuses_is_reset)
{
	struct fake *f;

	init();
	connect_rc = -ENOSPC;
	f = flow(&plain, "10.0.0.1:1", "8.8.8.8:80");
	ck_assert_int_eq(f->dead, 1);
	ck_assert_uint_eq(totals().failed, 1);
	ck_assert_uint_eq(totals().flows, 0);
	/* and it took no place */
	connect_rc = 0;
	ck_assert_int_eq(flow(&plain, "10.0.0.1:1", "8.8.8.8:80")->dead, 0);
	end();
}
END_TEST

/* Flows of three clients, more than there is room for: how many are taken. */
static int
fill(const struct door *d)
{
	static const char *const clients[] = { "10.0.0.1:1", "10.0.0.2:1",
		"10.0.0.3:1" };
	int i, taken = 0;
	size_t c;

	for (c = 0; c < NELEM(clients); c++)
		for (i = 0; i < FLOWS_MAX + 1 - (int)c * 5; i++)
			taken += !flow(d, clients[c], "8.8.8.8:80")->dead;
	return taken;
}

START_TEST(gateway_flow_one_client_cannot_take_all)
{
	int i;

	init();
	for (i = 0; i < SOCKETS_MAX; i++)
		ck_assert_int_eq(flow(&plain, "10.0.0.1:1",
		    "8.8.8.8:80")->dead, i >= SOCKETS_MAX * 3 / 4);
	for (i = SOCKETS_MAX * 3 / 4; i < SOCKETS_MAX + 1; i++)
		ck_assert_int_eq(flow(&plain, "10.0.0.2:1",
		    "8.8.8.8:80")->dead, i >= SOCKETS_MAX);
	ck_assert_uint_eq(totals().flows, SOCKETS_MAX);
	end();
}
END_TEST

/* Whatever its address: a program's network is its own. */
START_TEST(gateway_flow_of_a_door_that_is_one_client_has_its_share)
{
	struct door one = { .proto = DOOR_TUN }, other = one;
	char from[32];
	int i, taken = 0;

	init();
	ck_assert_int_eq(addr_parse_ip(&one.as_client, "100::1", -1), 0);
	ck_assert_int_eq(addr_parse_ip(&other.as_client, "100::2", -1), 0);
	for (i = 0; i < FLOWS_MAX; i++) {
		snprintf(from, sizeof(from), "10.0.0.%d:1", i + 1);
		taken += !flow(&one, from, "8.8.8.8:80")->dead;
	}
	ck_assert_int_eq(taken, FLOWS_MAX - FLOWS_MAX / 4);
	ck_assert(!flow(&other, "10.0.0.1:1", "8.8.8.8:80")->dead);
	/* What ends gives back that share, and no other. */
	fakes[0].ep.user->gone(fakes[0].ep.arg, -ECONNRESET);
	loop_end_turn(&loop);
	ck_assert(!flow(&one, "10.0.0.1:1", "8.8.8.8:80")->dead);
	ck_assert(flow(&one, "10.0.0.1:1", "8.8.8.8:80")->dead);
	end();
}
END_TEST

START_TEST(gateway_flow_of_a_tun_needs_no_descriptor)
{
	static const struct door tun = { .proto = DOOR_TUN };

	init();
	ck_assert_int_eq(fill(&tun), FLOWS_MAX);
	ck_assert_int_eq(flow(&plain, "10.0.0.9:1", "8.8.8.8:80")->dead, 1);
	end();
	init();
	connect_rc = -ENOSPC;		/* takes no place of either kind */
	ck_assert_int_eq(fill(&plain), 0);
	connect_rc = 0;
	nfakes = 0;
	ck_assert_int_eq(flow(&plain, "10.0.0.1:1", "8.8.8.8:80")->dead, 0);
	end();
}
END_TEST

static void
token_of(const struct door *d, const char *from, const char *to,
    uint8_t out[ONION_TOKEN])
{
	struct fake *f = flow(d, from, to);

	memcpy(out, token, ONION_TOKEN);
	f->ep.user->gone(f->ep.arg, 0);
	loop_end_turn(&loop);
}

START_TEST(gateway_flow_shares_circuits_as_the_door_says)
{
	struct door by_dest = plain, group = plain;
	uint8_t a[ONION_TOKEN], b[ONION_TOKEN];

	init();
	by_dest.isolate |= ISOLATE_DEST_ADDR;
	group.session_group = -2;
	token_of(&plain, "10.0.0.1:1", "8.8.8.8:80", a);
	token_of(&plain, "10.0.0.1:2", "8.8.4.4:443", b);
	ck_assert_mem_eq(a, b, ONION_TOKEN);
	token_of(&plain, "10.0.0.2:1", "8.8.8.8:80", b);
	ck_assert_mem_ne(a, b, ONION_TOKEN);
	token_of(&group, "10.0.0.1:1", "8.8.8.8:80", b);
	ck_assert_mem_ne(a, b, ONION_TOKEN);
	token_of(&by_dest, "10.0.0.1:1", "8.8.8.8:80", a);
	token_of(&by_dest, "10.0.0.1:1", "8.8.4.4:80", b);
	ck_assert_mem_ne(a, b, ONION_TOKEN);
	end();
}
END_TEST

START_TEST(gateway_set_rules_holds_for_flows_to_come)
{
	struct gateway_rules *rules;
	struct fake *before;
	struct conf *c;

	init();
	before = flow(&plain, "10.0.0.1:1", "8.8.8.8:23");
	c = testconf("RejectPlaintextPorts 23\nTestingTorNetwork 1\nDirAuthority "
	    "10.0.0.1:1 0123456789012345678901234567890123456789\n");
	ck_assert_int_eq(gateway_rules_new(&rules, c), 0);
	conf_free(c);		/* nothing is borrowed from it */
	gateway_set_rules(gw, rules);
	ck_assert_int_eq(before->dead, 0);
	ck_assert_int_eq(flow(&plain, "10.0.0.1:1", "8.8.8.8:23")->dead, 1);
	ck_assert_int_eq(flow(&plain, "10.0.0.1:1", "10.1.1.1:80")->dead, 0);
	end();
}
END_TEST

START_TEST(gateway_free_ends_flows)
{
	struct fake *f;

	init();
	f = flow(&plain, "10.0.0.1:1", "8.8.8.8:80");
	end();
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(far->dead, 1);
}
END_TEST

/* --- names --- */

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	(void)arg;
	replies++;
	reply_len = (int)len;
	if (len < 12)
		return;
	reply_code = msg[3] & 15;
	reply_answers = msg[6] << 8 | msg[7];
}

static struct dns_query *
ask(const char *question, uint16_t type)
{
	static const struct door dns = { .proto = DOOR_DNS,
	    .session_group = -3, .isolate = ISOLATE_CLIENT_ADDR };
	struct dns_from from = { .listener = (void *)(uintptr_t)&dns };
	static struct query msg;
	struct dns_query *q;

	query_make(&msg, question, type);
	addr_v4(&from.client, 0x0a000001, 4000);
	ck_assert_int_eq(dnsport_query(gateway_dnsport(gw), msg.buf,
	    query_len(&msg), &from,
	    on_reply, NULL, &q), 0);
	return q;
}

static const struct {
	const char	*name;
	uint16_t	 type;
	int		 err;
	int		 family;	/* of what is answered; 0: a name */
	int		 code, answers;
} answers[] = {
	{ "www.example.com", 1, 0, 4, 0, 1 },
	{ "www.example.com", 1, 0, 6, 0, 0 },
	{ "www.example.com", 28, 0, 6, 0, 1 },
	{ "8.8.8.8.in-addr.arpa", 12, 0, 0, 0, 1 },
	{ "8.8.8.8.in-addr.arpa", 12, 0, 4, 3, 0 },
	{ "www.example.com", 1, -ENOENT, 0, 3, 0 },
	{ "www.example.com", 1, -EACCES, 0, 3, 0 },
	{ "www.example.com", 1, -EAGAIN, 0, 2, 0 },
};

START_TEST(gateway_question_is_asked_and_answered)
{
	struct onion_answer a = { .ttl = 60 };

	init();
	ask(answers[_i].name, answers[_i].type);
	ck_assert_int_eq(resolves, 1);
	ck_assert_str_eq(asked, answers[_i].type == 12 ? "8.8.8.8" :
	    answers[_i].name);
	ck_assert_int_eq(replies, 0);
	if (answers[_i].family == 4)
		addr_parse_ip(&a.addr, "192.0.2.1", -1);
	else if (answers[_i].family == 6)
		addr_parse_ip(&a.addr, "2001:db8::1", -1);
	else
		a.name = "host.example.com";
	lookup.fn(lookup.arg, answers[_i].err, &a, answers[_i].err == 0);
	loop_end_turn(&loop);
	ck_assert_int_eq(replies, 1);
	ck_assert_int_eq(reply_code, answers[_i].code);
	ck_assert_int_eq(reply_answers, answers[_i].answers);
	end();
}
END_TEST

static const struct {
	const char	*name;
	uint16_t	 type;
} private[] = {
	{ "printer.local", 1 }, { "something.onion", 28 },
	{ "1.0.0.10.in-addr.arpa", 12 }, { "printer", 1 },
};

START_TEST(gateway_question_that_must_not_leave_is_not_asked)
{
	init();
	ask(private[_i].name, private[_i].type);
	loop_end_turn(&loop);
	ck_assert_int_eq(resolves, 0);
	ck_assert_int_eq(replies, 1);
	ck_assert_int_eq(reply_code, 3);
	ck_assert_uint_eq(totals().rejected, 1);
	end();
}
END_TEST

START_TEST(gateway_question_that_the_engine_refuses_is_servfail)
{
	init();
	resolve_rc = -ENOSPC;
	ask("www.example.com", 1);
	loop_end_turn(&loop);
	ck_assert_int_eq(replies, 1);
	ck_assert_int_eq(reply_code, 2);
	end();
}
END_TEST

START_TEST(gateway_question_of_one_who_left_is_cancelled)
{
	init();
	dnsport_drop(ask("www.example.com", 1));
	ck_assert_int_eq(lookup.cancelled, 1);
	end();
	ck_assert_int_eq(replies, 0);
}
END_TEST

/* --- what exits can't be asked --- */

START_TEST(gateway_question_of_another_type_goes_to_a_resolver_by_a_stream)
{
	static const struct door dns = { .proto = DOOR_DNS,
	    .session_group = -3, .isolate = ISOLATE_CLIENT_ADDR };
	struct addr client, dest;
	uint8_t first[ONION_TOKEN];
	struct dns_query *q;

	init_with("DNSPort 53\nDNSUpstream 9.9.9.9:5353\n");
	q = ask("example.com", 15);
	loop_end_turn(&loop);
	ck_assert_int_eq(connects, 1);
	ck_assert_int_eq(resolves, 0);
	ck_assert_str_eq(host, "9.9.9.9");
	ck_assert_uint_eq(port, 5353);
	memcpy(first, token, ONION_TOKEN);
	/* no flow of that client shares the circuit, not even one to there */
	addr_v4(&client, 0x0a000001, 4000);
	addr_v4(&dest, 0x09090909, 5353);
	gateway_flow(gw, &dns, &client, &dest, &fake()->ep);
	ck_assert_int_eq(connects, 2);
	ck_assert_mem_ne(token, first, ONION_TOKEN);
	dnsport_drop(q);
	loop_end_turn(&loop);
	end();
}
END_TEST

/* While the kernel's rules are not in force: who flows goes on, nobody begins,
 * and names wait for better times. */
START_TEST(gateway_gate_that_is_shut_lets_nobody_begin)
{
	struct fake *before, *f;

	init_with("DNSPort 53\nDNSUpstream 9.9.9.9:5353\n");
	before = flow(&plain, "10.0.0.1:1", "8.8.8.8:80");
	ck_assert_int_eq(connects, 1);
	gateway_gate(gw, 0);
	ck_assert_int_eq(before->dead, 0);
	f = flow(&plain, "10.0.0.1:2", "8.8.8.8:80");
	ck_assert_int_eq(f->dead, 1);
	ck_assert_uint_eq(totals().dropped, 1);
	ask("www.example.com", 1);
	ask("8.8.8.8.in-addr.arpa", 12);
	ask("example.com", 15);
	loop_end_turn(&loop);
	ck_assert_int_eq(replies, 3);
	ck_assert_int_eq(reply_code, 2);	/* SERVFAIL */
	ck_assert_int_eq(connects, 1);
	ck_assert_int_eq(resolves, 0);
	before->ep.user->data(before->ep.arg, "x", 1);
	ck_assert_int_eq(before->dead, 0);

	gateway_gate(gw, 1);
	f = flow(&plain, "10.0.0.1:2", "8.8.8.8:80");
	ck_assert_int_eq(f->dead, 0);
	ck_assert_int_eq(connects, 2);
	ask("www.example.com", 1);
	ck_assert_int_eq(resolves, 1);
	end();
}
END_TEST

static const char *const stay[] = { "printer.local", "x.internal", "local",
	"nas.home.arpa", "x.onion", "x.exit", "x.invalid", "localhost",
	"1.0.0.10.in-addr.arpa", "10.in-addr.arpa", "_dns.resolver.arpa",
	"b._dns-sd._udp.0.1.168.192.in-addr.arpa", "d.f.ip6.arpa",
	"use-application-dns.net", "corp", "onion",
	"abcdefghijklmnop.onion.example.com" };

START_TEST(gateway_question_that_must_not_leave_goes_to_no_resolver)
{
	static const uint16_t types[] = { 1, 2, 6, 12, 15, 16, 28, 33, 43, 65,
		257 };
	size_t i;

	init_with("DNSPort 53\nDNSUpstream 9.9.9.9\nDNSValidate 1\n");
	for (i = 0; i < NELEM(types); i++) {
		replies = 0;
		ask(stay[_i], types[i]);
		loop_end_turn(&loop);
		ck_assert_int_eq(replies, 1);
		ck_assert_int_eq(reply_code,
		    strcmp(stay[_i], "localhost") ? 3 : 0);
	}
	ck_assert_int_eq(connects + resolves, 0);
	ask("example.com", 1);		/* and what may, does, validated */
	loop_end_turn(&loop);
	ck_assert_int_eq(connects, 1);
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

/* A label alone is a host of the LAN, unless it is asked for what only top-level
 * domains have. */
static const struct { uint16_t type; int leaves; } of_labels[] = {
	{ 1, 0 }, { 2, 0 }, { 6, 1 }, { 12, 0 }, { 15, 0 }, { 16, 0 },
	{ 28, 0 }, { 33, 0 }, { 43, 1 }, { 48, 1 }, { 64, 0 }, { 65, 0 },
	{ 257, 0 },
};

START_TEST(gateway_question_for_keys_of_a_top_level_domain_leaves)
{
	init_with("DNSPort 53\nDNSUpstream 9.9.9.9\nDNSValidate 1\n");
	ask("com", of_labels[_i].type);
	loop_end_turn(&loop);
	ck_assert_int_eq(connects, of_labels[_i].leaves);
	ck_assert_int_eq(replies, !of_labels[_i].leaves);
	ck_assert_int_eq(resolves, 0);
	end();
}
END_TEST

START_TEST(gateway_set_rules_changes_the_resolvers)
{
	struct gateway_rules *rules;
	struct conf *c;

	init();
	ask("example.com", 15);
	ck_assert_int_eq(reply_code, 4);
	c = testconf("DNSPort 53\nDNSUpstream 9.9.9.9\n");
	ck_assert_int_eq(gateway_rules_new(&rules, c), 0);
	conf_free(c);
	gateway_set_rules(gw, rules);
	ask("example.com", 15);
	loop_end_turn(&loop);
	ck_assert_int_eq(connects, 1);
	end();
}
END_TEST

static const struct { const char *option, *path; int good; } files[] = {
	{ "DNSTrustAnchor", "tests/vectors/dnssec/anchor", 1 },
	{ "DNSTrustAnchor", "no/such/file", 0 },
	{ "DNSTrustAnchor", "tests/vectors/dnssec/make", 0 },
	{ "DNSTrustAnchor", "tests/vectors/dnssec", 0 },
	{ "DNSUpstreamCA", "tests/vectors/dnssec/anchor", 0 },
	{ "DNSUpstreamCA", "no/such/file", 0 },
};

START_TEST(gateway_rules_new_wants_files_with_something_of_use)
{
	const char *srcdir = getenv("srcdir");
	struct gateway_rules *rules;
	char text[4096];
	struct conf *c;
	int rc;

	log_capture(quiet, NULL);
	snprintf(text, sizeof(text), "DNSPort 53\nDNSValidate 1\n"
	    "DNSUpstream 9.9.9.9 tls=dns.example.test\n%s %s/%s\n",
	    files[_i].option, srcdir ? srcdir : ".", files[_i].path);
	c = testconf(text);
	rc = gateway_rules_new(&rules, c);
	conf_free(c);
	ck_assert_int_eq(rc == 0, files[_i].good);
	if (rc == 0)
		gateway_rules_free(rules);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(gateway_flow_goes_to_its_destination_and_ends),
	UNIT_LOOP(gateway_flow_that_policy_refuses_is_reset, NELEM(refused)),
	UNIT(gateway_flow_that_the_engine_refuses_is_reset),
	UNIT(gateway_flow_one_client_cannot_take_all),
	UNIT(gateway_flow_of_a_door_that_is_one_client_has_its_share),
	UNIT(gateway_flow_of_a_tun_needs_no_descriptor),
	UNIT(gateway_flow_shares_circuits_as_the_door_says),
	UNIT(gateway_set_rules_holds_for_flows_to_come),
	UNIT(gateway_free_ends_flows),
	UNIT_LOOP(gateway_question_is_asked_and_answered, NELEM(answers)),
	UNIT_LOOP(gateway_question_that_must_not_leave_is_not_asked,
	    NELEM(private)),
	UNIT(gateway_question_that_the_engine_refuses_is_servfail),
	UNIT(gateway_question_of_one_who_left_is_cancelled),
	UNIT(gateway_question_of_another_type_goes_to_a_resolver_by_a_stream),
	UNIT(gateway_gate_that_is_shut_lets_nobody_begin),
	UNIT_LOOP(gateway_question_that_must_not_leave_goes_to_no_resolver,
	    NELEM(stay)),
	UNIT_LOOP(gateway_question_for_keys_of_a_top_level_domain_leaves,
	    NELEM(of_labels)),
	UNIT(gateway_set_rules_changes_the_resolvers),
	UNIT_LOOP(gateway_rules_new_wants_files_with_something_of_use,
	    NELEM(files)),
};

UNIT_MAIN("gateway", tests)
