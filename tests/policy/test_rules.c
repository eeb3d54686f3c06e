/* tests/policy/test_rules.c - a table of rules finds what a walk would find */
#include "policy/rules.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

enum { RULES = 400, FLOWS = 3000 };

static uint64_t seed;

static unsigned
draw(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static struct rule
parsed(const char *text)
{
	struct rule_error err;
	struct rule r;

	if (rule_parse(&r, text, &err) < 0)
		ck_abort_msg("%s: %zu: %s", text, err.at, err.why);
	return r;
}

/* Few values, so that much matches. */
static const char *const dests[] = {
	"10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1", "192.0.2.1", "2001:db8::1",
	"2001:db8:1::1", "fd00::1"
};
static const char *const nets[] = {
	"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.1",
	"192.0.2.0/31", "::/0", "2001:db8::/32", "2001:db8:1::/48", "fd00::1"
};
static const char *const hosts[] = {
	"a.example", "b.a.example", "c.b.a.example", "example", "b.example",
	"a-name-that-is-longer-than-a-key.has-room-for.example",
	"b-name-that-is-longer-than-a-key.has-room-for.example"
};
static const char *const ifs[] = { "lan0", "lan1" };
static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
static const char *const actions[] = { "drop", "reject", "torify" };

static void
draw_rule(char text[300])
{
	const char *net = nets[draw(NELEM(nets))], *kind[] = { "", ".", "*." };
	int n = sprintf(text, "%s", actions[draw(NELEM(actions))]);

	switch (draw(6)) {
	case 0: case 1:
		n += sprintf(text + n, " to %s", net);
		break;
	case 2:
		n += sprintf(text + n, " to %s%s", kind[draw(3)],
		    hosts[draw(NELEM(hosts))]);
		break;
	case 3:
		n += sprintf(text + n, " to %s", draw(2) ? "{de}" : "*");
		break;
	case 4:
		n += sprintf(text + n, " from %s", net);
	}
	if (draw(8) == 0)
		n += sprintf(text + n, " mac 02:00:00:00:00:0%u", 1 + draw(2));
	if (draw(8) == 0)
		n += sprintf(text + n, " in %s", ifs[draw(2)]);
	sprintf(text + n, " port %u", 1 + draw(40));
}

static const char *two[2];

static void
draw_flow(struct rule_flow *f)
{
	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(addr_parse_ip(&f->client, dests[draw(NELEM(dests))],
	    -1), 0);
	if (draw(4))
		ck_assert_int_eq(addr_parse_ip(&f->dest,
		    dests[draw(NELEM(dests))], -1), 0);
	f->dest.port = (uint16_t)(1 + draw(40));
	f->names = two;
	f->nnames = draw(3);
	two[0] = hosts[draw(NELEM(hosts))];
	two[1] = hosts[draw(NELEM(hosts))];
	f->mac = draw(2) ? macs[draw(2)] : NULL;
	f->in = draw(2) ? ifs[draw(2)] : NULL;
	strcpy(f->country, draw(2) ? "de" : "");
	f->proto = RULE_PROTO_TCP;
}

static const struct rule *
walk(const struct rule *v, size_t from, const struct rule_flow *f)
{
	for (; from < RULES; from++)
		if (rule_matches(&v[from], f))
			return &v[from];
	return NULL;
}

START_TEST(rules_find_finds_what_a_walk_finds)
{
	static struct rule v[RULES];
	const struct rule *r;
	struct rules *s;
	struct rule_flow f;
	size_t i, from, found = 0;
	char text[300];

	seed = (uint64_t)_i;
	for (i = 0; i < RULES; i++) {
		draw_rule(text);
		v[i] = parsed(text);
	}
	ck_assert_int_eq(rules_new(&s, v, RULES), 0);
	for (i = 0; i < FLOWS; i++) {
		draw_flow(&f);
		from = draw(3) ? 0 : draw(RULES + 1);
		r = walk(v, from, &f);
		ck_assert_ptr_eq(rules_find(s, from, &f), r);
		found += r != NULL;
	}
	ck_assert_uint_gt(found, FLOWS / 3);
	ck_assert_uint_lt(found, FLOWS);
	rules_free(s);
}
END_TEST

/* A flow of which more is known than there is room for. */
START_TEST(rules_find_with_very_many_names_walks)
{
	static char text[2000][64];
	static const char *names[2000];
	static struct rule v[2001];
	struct rule_flow f = { .names = names, .nnames = 2000 };
	struct rules *s;
	size_t i;

	for (i = 0; i < 2000; i++) {
		sprintf(text[i], "drop to n%zu.example port 1", i);
		v[i] = parsed(text[i]);
		names[i] = v[i].name;
	}
	v[2000] = parsed("reject to n1999.example");
	f.dest.port = 2;
	ck_assert_int_eq(rules_new(&s, v, 2001), 0);
	ck_assert_ptr_eq(rules_find(s, 0, &f), &v[2000]);
	f.dest.port = 1;
	ck_assert_ptr_eq(rules_find(s, 0, &f), &v[0]);
	ck_assert_ptr_eq(rules_find(s, 7, &f), &v[7]);
	rules_free(s);
}
END_TEST

static const struct { const char *rule; unsigned wants; } want[] = {
	{ "torify", 0 },
	{ "drop from 10.0.0.0/8 to 192.168.0.0/16 port 25 proto tcp", 0 },
	{ "drop mac 02:00:00:00:00:01", RULES_WANT_LINK },
	{ "drop in lan0", RULES_WANT_LINK },
	{ "drop user root", RULES_WANT_USER },
	{ "drop app /a", RULES_WANT_APP },
	{ "torify isolate=user", RULES_WANT_USER },
	{ "torify isolate=app", RULES_WANT_APP },
	{ "torify isolate=client,dest,port,flow", 0 },
	{ "torify isolate=client,name", RULES_WANT_NAMES },
	{ "drop to {de}", RULES_WANT_COUNTRY },
	{ "drop time Mon", RULES_WANT_TIME },
	{ "drop time 00:00-08:00", RULES_WANT_TIME },
	{ "drop to a.example", RULES_WANT_NAMES },
	{ "drop to .a.example", RULES_WANT_NAMES },
	{ "drop to *.a.example", RULES_WANT_NAMES },
	{ "drop to *", RULES_WANT_NAMES },
};

START_TEST(rules_wants_what_its_rules_ask_for)
{
	struct rule v[2] = { parsed(want[_i].rule), parsed("drop in lan1") };
	struct rules *s;

	ck_assert_int_eq(rules_new(&s, v, 1), 0);
	ck_assert_msg(rules_wants(s) == want[_i].wants, "%s", want[_i].rule);
	rules_free(s);
	ck_assert_int_eq(rules_new(&s, v, 2), 0);
	ck_assert_uint_eq(rules_wants(s), want[_i].wants | RULES_WANT_LINK);
	rules_free(s);
	ck_assert_uint_eq(rules_wants(NULL), 0);
}
END_TEST

static const struct { const char *rules[3], *name; int may; } may_be[] = {
	{ { "direct to p.example" }, "p.example", 1 },
	{ { "direct to p.example" }, "a.p.example", 0 },
	{ { "direct to p.example" }, "q.example", 0 },
	{ { "direct to .p.example" }, "a.p.example", 1 },
	{ { "direct to *.p.example" }, "p.example", 0 },
	{ { "torify to p.example" }, "p.example", 0 },
	{ { "direct to 10.0.0.0/8" }, "p.example", 0 },
	{ { "direct to {de}" }, "p.example", 0 },
	{ { "direct to p.example from 10.0.0.1 port 80 mac 02:00:00:00:00:01 "
	    "in lan0 user root app /a time Mon" }, "p.example", 1 },
	{ { "torify to p.example", "direct to .example" }, "p.example", 0 },
	{ { "torify to p.example", "direct to .example" }, "q.example", 1 },
	{ { "torify to p.example port 80", "direct to .example" },
	    "p.example", 1 },
	{ { "drop from 10.0.0.1", "direct to .example" }, "p.example", 1 },
	{ { "torify to *", "direct to .example" }, "p.example", 0 },
	{ { "torify", "direct to .example" }, "p.example", 0 },
	{ { "torify proto tcp", "direct to .example" }, "p.example", 0 },
	{ { "drop proto udp", "direct to .example" }, "p.example", 1 },
	{ { "drop time Mon", "direct to .example" }, "p.example", 1 },
	{ { "drop to 0.0.0.0/0", "direct to .example" }, "p.example", 1 },
};

START_TEST(rules_may_be_direct_by_name)
{
	struct rule v[3];
	struct rules *s;
	size_t n;

	for (n = 0; n < 3 && may_be[_i].rules[n]; n++)
		v[n] = parsed(may_be[_i].rules[n]);
	ck_assert_int_eq(rules_new(&s, v, n), 0);
	ck_assert_int_eq(rules_may_be_direct(s, may_be[_i].name),
	    may_be[_i].may);
	rules_free(s);
	ck_assert_int_eq(rules_may_be_direct(NULL, may_be[_i].name), 0);
}
END_TEST

/* In front of "direct to 10.0.0.0/8": by what is known of the sender, which
 * rule might take the flow?  IN "-": not known. */
static const struct {
	const char *rules[2], *in;
	int has_mac, has_uid, has_app;
	int unsure;			/* its number, or -1 */
} sender[] = {
	{ { "reject mac 02:00:00:00:00:01" }, "-", 0, 0, 0, 0 },
	{ { "reject mac 02:00:00:00:00:01" }, "lan0", 0, 0, 0, 0 },
	{ { "reject mac 02:00:00:00:00:01" }, "lan0", 1, 0, 0, -1 },
	{ { "reject mac 02:00:00:00:00:01" }, "lo", 0, 0, 0, -1 },
	{ { "reject mac 02:00:00:00:00:01" }, "", 0, 0, 0, -1 },
	{ { "torify in lan1" }, "-", 0, 0, 0, 0 },
	{ { "torify in lan1" }, "lan0", 0, 0, 0, -1 },
	{ { "torify in lan1" }, "lo", 0, 0, 0, -1 },
	{ { "torify in lan1" }, "", 0, 0, 0, -1 },
	{ { "torify user 7" }, "-", 0, 0, 0, 0 },
	{ { "torify user 7" }, "lan0", 0, 0, 0, -1 },
	{ { "torify user 7" }, "lo", 0, 0, 0, 0 },
	{ { "torify user 7" }, "lo", 0, 1, 0, -1 },
	{ { "torify user 7" }, "", 0, 0, 0, 0 },
	{ { "drop app /x" }, "lo", 0, 1, 0, 0 },
	{ { "drop app /x" }, "lo", 0, 1, 1, -1 },
	{ { "drop app /x" }, "lan0", 0, 0, 0, -1 },
	/* one that cannot match for another reason */
	{ { "torify user 7 to 192.0.2.0/24" }, "lo", 0, 0, 0, -1 },
	{ { "torify user 7 port 81" }, "lo", 0, 0, 0, -1 },
	{ { "torify user 7 to {de}" }, "lo", 0, 0, 0, -1 },
	/* the first of them; nor one that lets it go direct itself */
	{ { "torify port 81", "torify user 7" }, "lo", 0, 0, 0, 1 },
	{ { "direct user 7 to 10.0.0.0/8" }, "lo", 0, 0, 0, -1 },
};

START_TEST(rules_unsure_of_who_sent_it)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	static const uint32_t uid = 5;
	struct rule_flow f = { .proto = RULE_PROTO_TCP };
	const struct rule *r;
	struct rules *s;
	struct rule v[4];
	size_t n;

	for (n = 0; n < 2 && sender[_i].rules[n]; n++)
		v[n] = parsed(sender[_i].rules[n]);
	v[n] = parsed("direct to 10.0.0.0/8");
	v[n + 1] = parsed("reject user 7");	/* behind it */
	addr_v4(&f.dest, 0x0a000001, 80);
	addr_v4(&f.client, 0x0a000101, 5000);
	f.in = strcmp(sender[_i].in, "-") ? sender[_i].in : NULL;
	f.mac = sender[_i].has_mac ? mac : NULL;
	f.uid = sender[_i].has_uid ? &uid : NULL;
	f.app = sender[_i].has_app ? "/y" : NULL;
	ck_assert_int_eq(rules_new(&s, v, n + 2), 0);
	ck_assert_ptr_eq(rules_find(s, 0, &f), &v[n]);
	r = rules_unsure(s, n, &f);
	ck_assert_int_eq(r ? (int)(r - v) : -1, sender[_i].unsure);
	/* for that, whose link it was has to be found out */
	ck_assert(rules_wants(s) & RULES_WANT_LINK);
	rules_free(s);
}
END_TEST

START_TEST(rules_of_none_match_nothing)
{
	struct rule_flow f = { .nnames = 0 };
	struct rules *s;

	ck_assert_int_eq(rules_new(&s, NULL, 0), 0);
	ck_assert_ptr_null(rules_find(s, 0, &f));
	rules_free(s);
	rules_free(NULL);
	ck_assert_int_eq(rules_new(&s, NULL, RULES_MAX + 1), -E2BIG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(rules_find_finds_what_a_walk_finds, 8),
	UNIT(rules_find_with_very_many_names_walks),
	UNIT_LOOP(rules_wants_what_its_rules_ask_for, NELEM(want)),
	UNIT_LOOP(rules_may_be_direct_by_name, NELEM(may_be)),
	UNIT_LOOP(rules_unsure_of_who_sent_it, NELEM(sender)),
	UNIT(rules_of_none_match_nothing),
};

UNIT_MAIN("rules", tests)
