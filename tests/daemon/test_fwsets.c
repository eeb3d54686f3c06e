/* tests/daemon/test_fwsets.c - the firewall's sets, and who may fill them
 *
 * tests/fuzz/fz_ipc_firewall.c has what is said as bytes.
 */
#include "daemon/fwsets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/fwhear.h"
#include "daemon/procmsg.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

static struct addr
at(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text, -1), 0);
	return a;
}

static struct addr
nth(unsigned i)
{
	struct addr a;

	addr_v4(&a, 0x01010000u + i, 443);
	return a;
}

static struct fwsets *
new(size_t relays, size_t direct)
{
	struct fwsets *s;

	ck_assert_int_eq(fwsets_new(&s, relays, direct), 0);
	return s;
}

/* --- sets --- */

START_TEST(fwsets_add_says_whether_it_was_there)
{
	struct fwsets *s = new(4, 4);
	struct addr a = nth(1), b = nth(2), none = { .family = 0 };

	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a), 0);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a), 1);
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &a), 1);
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &b), 0);
	ck_assert_int_eq(fwsets_has(s, FWSETS_DIRECT, &a), 0);
	b = a;
	b.port = 80;
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &b), 0);
	b.port = 0;
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &b), -EINVAL);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &none), -EINVAL);
	fwsets_free(s);
}
END_TEST

START_TEST(fwsets_add_beyond_the_ceiling_drops_the_one_asked_for_first)
{
	struct fwsets *s = new(3, 0);
	struct addr a[5];
	unsigned i;

	for (i = 0; i < 5; i++)
		a[i] = nth(i);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a[i]), 0);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a[0]), 1);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a[3]), 0);
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &a[0]), 1);
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &a[1]), 0);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a[4]), 0);
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &a[2]), 0);
	ck_assert_uint_eq(fwsets_count(s, FWSETS_RELAYS), 3);
	ck_assert_int_eq(fwsets_add(s, FWSETS_DIRECT, &a[0]), -ENOSPC);
	fwsets_free(s);
}
END_TEST

/* The engine's memory against the holder's: whatever it does not ask for is
 * there. */
START_TEST(fwsets_of_fewer_never_remember_what_those_of_more_forgot)
{
	struct fwsets *engine = new(8, 0), *kernel = new(16, 0);
	unsigned i, x = 1, asked = 0;
	struct addr a;

	for (i = 0; i < 20000; i++) {
		x = x * 1103515245u + 12345u;
		a = nth((x >> 16) % 40);
		if (fwsets_has(engine, FWSETS_RELAYS, &a)) {
			ck_assert_int_eq(fwsets_has(kernel, FWSETS_RELAYS,
			    &a), 1);
			continue;
		}
		asked++;
		ck_assert_int_ge(fwsets_add(kernel, FWSETS_RELAYS, &a), 0);
		ck_assert_int_eq(fwsets_add(engine, FWSETS_RELAYS, &a), 0);
	}
	ck_assert_uint_gt(asked, 40);
	ck_assert_uint_lt(asked, 20000);
	ck_assert((int)FWSETS_RELAYS_KNOWN < (int)FWSETS_RELAYS_MAX);
	ck_assert((int)FWSETS_DIRECT_KNOWN < (int)FWSETS_DIRECT_MAX);
	fwsets_free(engine);
	fwsets_free(kernel);
}
END_TEST

START_TEST(fwsets_base_stays_whatever_is_added)
{
	struct fwsets *s = new(2, 0);
	struct addr base[] = { nth(100), nth(101), nth(100),
		{ .family = 0 } }, a;
	unsigned i;

	ck_assert_int_eq(fwsets_set_base(s, base, NELEM(base)), 0);
	for (i = 0; i < 10; i++) {
		a = nth(i);
		ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &a), 0);
	}
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &base[1]), 1);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &base[0]), 1);
	ck_assert_uint_eq(fwsets_count(s, FWSETS_RELAYS), 2);
	ck_assert_int_eq(fwsets_has(s, FWSETS_DIRECT, &base[0]), 0);
	ck_assert_int_eq(fwsets_set_base(s, base + 1, 1), 0);
	ck_assert_int_eq(fwsets_has(s, FWSETS_RELAYS, &base[0]), 0);
	fwsets_free(s);
}
END_TEST

static int
is_even(void *arg, const struct addr *a)
{
	(void)arg;
	return a->ip[3] % 2 == 0;
}

START_TEST(fwsets_keep_throws_out_what_may_not_be_there)
{
	struct fwsets *s = new(0, 16);
	struct addr a;
	unsigned i;

	for (i = 0; i < 10; i++) {
		a = nth(i);
		ck_assert_int_eq(fwsets_add(s, FWSETS_DIRECT, &a), 0);
	}
	ck_assert_int_eq(fwsets_keep(s, FWSETS_DIRECT, is_even, NULL), 1);
	ck_assert_int_eq(fwsets_keep(s, FWSETS_DIRECT, is_even, NULL), 0);
	ck_assert_uint_eq(fwsets_count(s, FWSETS_DIRECT), 5);
	for (i = 0; i < 10; i++) {
		a = nth(i);
		ck_assert_int_eq(fwsets_has(s, FWSETS_DIRECT, &a), i % 2 == 0);
	}
	a = nth(4);
	fwsets_remove(s, FWSETS_DIRECT, &a);
	fwsets_remove(s, FWSETS_DIRECT, &a);
	ck_assert_uint_eq(fwsets_count(s, FWSETS_DIRECT), 4);
	fwsets_forget(s, FWSETS_DIRECT);
	ck_assert_uint_eq(fwsets_count(s, FWSETS_DIRECT), 0);
	fwsets_free(s);
}
END_TEST

START_TEST(fwsets_write_has_every_set_of_both_tables)
{
	static const char want[] =
	    "flush set inet onion_transparent relays4\n"
	    "add element inet onion_transparent relays4 "
	    "{ 9.9.9.9 . 9001, 1.2.3.4 . 443 }\n"
	    "flush set netdev onion_transparent relays4\n"
	    "add element netdev onion_transparent relays4 "
	    "{ 9.9.9.9 . 9001, 1.2.3.4 . 443 }\n"
	    "flush set inet onion_transparent relays6\n"
	    "add element inet onion_transparent relays6 { 2001:db8::1 . 1 }\n"
	    "flush set netdev onion_transparent relays6\n"
	    "add element netdev onion_transparent relays6 "
	    "{ 2001:db8::1 . 1 }\n"
	    "flush set inet onion_transparent direct4\n"
	    "add element inet onion_transparent direct4 { 1.2.3.4 . 80 }\n"
	    "flush set netdev onion_transparent direct4\n"
	    "add element netdev onion_transparent direct4 { 1.2.3.4 . 80 }\n"
	    "flush set inet onion_transparent direct6\n"
	    "flush set netdev onion_transparent direct6\n";
	struct addr base = at("9.9.9.9:9001"), r = at("1.2.3.4:443"),
	    r6 = at("[2001:db8::1]:1"), d = at("1.2.3.4:80");
	struct fwsets *s = new(4, 4);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &base), 0);
	ck_assert_int_eq(fwsets_set_base(s, &base, 1), 0);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &r), 0);
	ck_assert_int_eq(fwsets_add(s, FWSETS_RELAYS, &r6), 0);
	ck_assert_int_eq(fwsets_add(s, FWSETS_DIRECT, &d), 0);
	ck_assert_int_eq(fwsets_write(s, f), 0);
	fclose(f);
	ck_assert_str_eq(text, want);
	free(text);
	fwsets_free(s);
}
END_TEST

/* --- who may fill them --- */

static struct fwhear h;
static enum fwsets_kind kind;
static struct addr asked;

static enum fwhear_verdict
say(enum procmsg_type type, const char *text, int64_t now)
{
	struct procmsg m = { .type = type, .value = 7 };

	snprintf(m.text, sizeof(m.text), "%s", text);
	return fwhear(&h, 0, &m, now, &kind, &asked);
}

static struct conf *
begin(const char *lines)
{
	struct conf *c = testconf(lines);

	memset(&h, 0, sizeof(h));
	h.conf = c;
	h.sets = new(FWSETS_RELAYS_MAX, FWSETS_DIRECT_MAX);
	return c;
}

static void
finish(struct conf *c)
{
	fwsets_free(h.sets);
	conf_free(c);
}

START_TEST(fwhear_a_relay_is_new_and_then_known)
{
	struct conf *c = begin("SocksPort 1\n");

	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "1.2.3.4:443", 0),
	    FWHEAR_NEW);
	ck_assert_int_eq(kind, FWSETS_RELAYS);
	ck_assert_uint_eq(asked.port, 443);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "1.2.3.4:443", 0),
	    FWHEAR_KNOWN);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "[2001:4860::1]:9001", 0),
	    FWHEAR_NEW);
	finish(c);
}
END_TEST

START_TEST(fwhear_an_address_of_no_relay_is_refused)
{
	static const char *const none[] = { "10.0.0.1:443", "127.0.0.1:1",
		"[::1]:9050", "[fe80::1]:443", "224.0.0.1:443",
		"255.255.255.255:1", "[::ffff:10.0.0.1]:443" };
	struct conf *c = begin("SocksPort 1\n");
	size_t i;

	for (i = 0; i < NELEM(none); i++)
		ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, none[i], 0),
		    FWHEAR_REFUSED);
	ck_assert_uint_eq(fwsets_count(h.sets, FWSETS_RELAYS), 0);
	finish(c);
	c = begin("SocksPort 1\nTestingTorNetwork 1\nDirAuthority a "
	    "orport=9001 v3ident=0123456789012345678901234567890123456789 "
	    "10.0.0.9:9030 0123456789012345678901234567890123456789\n");
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, none[0], 0), FWHEAR_NEW);
	finish(c);
}
END_TEST

START_TEST(fwhear_with_bridges_nobody_else_is_a_relay)
{
	struct conf *c = begin("SocksPort 1\nUseBridges 1\n"
	    "Bridge 192.0.2.1:443 0123456789012345678901234567890123456789\n"
	    "Bridge 10.0.0.1:9 1123456789012345678901234567890123456789\n");

	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "1.2.3.4:443", 0),
	    FWHEAR_REFUSED);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "192.0.2.1:444", 0),
	    FWHEAR_REFUSED);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "192.0.2.1:443", 0),
	    FWHEAR_NEW);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "10.0.0.1:9", 0),
	    FWHEAR_NEW);
	ck_assert_uint_eq(fwsets_count(h.sets, FWSETS_RELAYS), 2);
	finish(c);
}
END_TEST

START_TEST(fwhear_direct_wants_a_rule_that_is_not_by_network)
{
	struct conf *c = begin("SocksPort 1\n"
	    "FlowRule direct to 192.0.2.0/24\n"
	    "FlowRule torify to other.example port 81\n"
	    "FlowRule direct to www.example port 80,8000-8010\n"
	    "FlowRule reject to {de} port 53\n");

	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "1.2.3.4:80", 0),
	    FWHEAR_NEW);
	ck_assert_int_eq(kind, FWSETS_DIRECT);
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "1.2.3.4:8010", 0),
	    FWHEAR_NEW);
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "10.0.0.1:80", 0),
	    FWHEAR_NEW);
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "1.2.3.4:81", 0),
	    FWHEAR_REFUSED);
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "1.2.3.4:53", 0),
	    FWHEAR_REFUSED);
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "192.0.2.1:443", 0),
	    FWHEAR_REFUSED);
	finish(c);
	c = begin("SocksPort 1\n");
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, "1.2.3.4:80", 0),
	    FWHEAR_REFUSED);
	finish(c);
}
END_TEST

START_TEST(fwhear_new_ones_are_counted_and_known_ones_are_not)
{
	struct conf *c = begin("SocksPort 1\n");
	char text[ADDR_TEXT];
	struct addr a;
	unsigned i;

	for (i = 0; i < FWHEAR_BURST; i++) {
		a = nth(i);
		ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY,
		    addr_raw(&a, text), 1000), FWHEAR_NEW);
	}
	a = nth(i);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, addr_raw(&a, text), 1000),
	    FWHEAR_REFUSED);
	ck_assert_ptr_nonnull(h.why);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, "1.1.0.1:443", 1000),
	    FWHEAR_KNOWN);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, addr_raw(&a, text),
	    1000 + FWHEAR_EACH_MS), FWHEAR_NEW);
	a = nth(i + 1);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, addr_raw(&a, text),
	    1000 + FWHEAR_EACH_MS), FWHEAR_REFUSED);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, addr_raw(&a, text),
	    INT64_MAX / 2), FWHEAR_NEW);
	finish(c);
}
END_TEST

/* Clients can begin as many direct flows as they like. */
START_TEST(fwhear_direct_ones_take_nothing_from_relays)
{
	struct conf *c = begin("SocksPort 1\nFlowRule direct to {de}\n");
	char text[ADDR_TEXT];
	struct addr a;
	unsigned i;

	for (i = 0; i < FWHEAR_BURST; i++) {
		a = nth(i);
		ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT,
		    addr_raw(&a, text), 1000), FWHEAR_NEW);
	}
	a = nth(i);
	ck_assert_int_eq(say(PROCMSG_PERMIT_DIRECT, addr_raw(&a, text), 1000),
	    FWHEAR_REFUSED);
	ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, addr_raw(&a, text), 1000),
	    FWHEAR_NEW);
	finish(c);
}
END_TEST

START_TEST(fwhear_kills_who_says_anything_else)
{
	static const char *const none[] = { "", "1.2.3.4", "1.2.3.4:0",
		"www.example:80", "1.2.3.4:99999", "1.2.3.4:443 }; flush" };
	struct conf *c = begin("SocksPort 1\n");
	struct procmsg m = { .type = PROCMSG_PERMIT_RELAY };
	int type;
	size_t i;

	for (type = 0; type < PROCMSG_NTYPES; type++)
		if (type != PROCMSG_PERMIT_RELAY &&
		    type != PROCMSG_PERMIT_DIRECT)
			ck_assert_int_eq(say((enum procmsg_type)type,
			    "1.2.3.4:443", 0), FWHEAR_KILL);
	for (i = 0; i < NELEM(none); i++)
		ck_assert_int_eq(say(PROCMSG_PERMIT_RELAY, none[i], 0),
		    FWHEAR_KILL);
	ck_assert_int_eq(fwhear(&h, -EPROTO, &m, 0, &kind, &asked),
	    FWHEAR_KILL);
	ck_assert_uint_eq(fwsets_count(h.sets, FWSETS_RELAYS), 0);
	finish(c);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(fwsets_add_says_whether_it_was_there),
	UNIT(fwsets_add_beyond_the_ceiling_drops_the_one_asked_for_first),
	UNIT(fwsets_of_fewer_never_remember_what_those_of_more_forgot),
	UNIT(fwsets_base_stays_whatever_is_added),
	UNIT(fwsets_keep_throws_out_what_may_not_be_there),
	UNIT(fwsets_write_has_every_set_of_both_tables),
	UNIT(fwhear_a_relay_is_new_and_then_known),
	UNIT(fwhear_an_address_of_no_relay_is_refused),
	UNIT(fwhear_with_bridges_nobody_else_is_a_relay),
	UNIT(fwhear_direct_wants_a_rule_that_is_not_by_network),
	UNIT(fwhear_new_ones_are_counted_and_known_ones_are_not),
	UNIT(fwhear_direct_ones_take_nothing_from_relays),
	UNIT(fwhear_kills_who_says_anything_else),
};
UNIT_MAIN("fwsets", tests)
