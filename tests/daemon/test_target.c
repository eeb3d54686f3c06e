/* tests/daemon/test_target.c */
#include "daemon/target.h"

#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "daemon/mapaddress.h"
#include "onion/crypto/crypt.h"
#include "tests/daemon/onionfake.h"
#include "tests/unit.h"

#define FP "0123456789abcdef0123456789abcdef01234567"

static int asked;

static int
relay(void *arg, const char *name, uint8_t id[TARGET_ID], struct addr *a)
{
	(void)arg;
	asked++;
	if (strcmp(name, "early") == 0)
		return -EAGAIN;
	memset(id, 7, TARGET_ID);
	if (strcmp(name, "noaddr") == 0)
		return 0;
	addr_v4(a, 0x08080404, 0);
	return strcmp(name, "relay") == 0 || strcmp(name, "$" FP) == 0 ||
	    strcmp(name, FP) == 0 ? 0 : -ENOENT;
}

static const char *const lines[] = {
	"*.wild.example *.tame.example",
	"exit.example www.example.com.relay.exit",
	"onion.example " ONION_GOOD, "bad.example " ONION_BAD,
	"addr.example 203.0.113.9", "192.0.2.80 www.example.com",
	"local.example printer.local", "loop.example pool.example",
	"pool.example loop.example", "192.0.2.81 " ONION_GOOD,
	"six.example 2001:4860::8", "*.onion *.blocked.example.relay.exit",
	"chain.example exit.example", "nested.example a.onion.relay.exit",
};

static void
find(struct target *t, const char *name, int allow)
{
	struct target_conf conf = { .allow_dot_exit = allow, .relay = relay };
	struct mapaddress *m;

	asked = 0;
	/* The line for all of .onion is the last test's own. */
	ck_assert_int_eq(mapaddress_new(&m, (char *const *)(uintptr_t)lines,
	    NELEM(lines) - 3), 0);
	conf.map = m;
	target_find(t, &conf, name);
	mapaddress_free(m);
}

static const struct {
	const char	*name;
	int		 allow;
	enum target_kind kind;
	const char	*host;
	int		 has_exit;
	int		 err;
} cases[] = {
	{ "www.example.com", 0, TARGET_NAME, "www.example.com", 0, 0 },
	{ "WWW.Example.COM.", 0, TARGET_NAME, "www.example.com", 0, 0 },
	{ "_x._tcp.example.com", 0, TARGET_NAME, "_x._tcp.example.com", 0, 0 },
	{ "8.8.8.8", 0, TARGET_ADDR, "8.8.8.8", 0, 0 },
	{ "2001:4860:0::8", 0, TARGET_ADDR, "2001:4860::8", 0, 0 },
	{ ONION_GOOD, 0, TARGET_ONION, ONION_GOOD, 0, 0 },
	{ "www." ONION_GOOD ".", 0, TARGET_ONION, "www." ONION_GOOD, 0, 0 },
	{ ONION_BAD, 0, TARGET_REFUSED, "", 0, -WHY_HS_ADDRESS },
	{ ONION_V2, 0, TARGET_REFUSED, "", 0, -WHY_HS_ADDRESS },
	{ "onion", 0, TARGET_REFUSED, "", 0, -WHY_HS_ADDRESS },
	{ "a.onion", 0, TARGET_REFUSED, "", 0, -WHY_HS_ADDRESS },
	{ "a.ONION.", 1, TARGET_REFUSED, "", 0, -WHY_HS_ADDRESS },
	/* which mean nothing at an exit */
	{ "printer.local", 0, TARGET_REFUSED, "", 0, -ENOENT },
	{ "single", 0, TARGET_REFUSED, "", 0, -ENOENT },
	{ "nas.lan", 0, TARGET_REFUSED, "", 0, -ENOENT },
	{ "x.home.arpa", 0, TARGET_REFUSED, "", 0, -ENOENT },
	{ "a.noconnect", 0, TARGET_REFUSED, "", 0, -ENOENT },
	{ "1.2.3", 0, TARGET_REFUSED, "", 0, -ENOENT },
	/* which are none */
	{ "", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ ".", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a..example", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ ".example.com", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a.example..", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a b.example", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a\n.example", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a%.example", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "\xc3\xa4.example", 0, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a$b.example", 0, TARGET_REFUSED, "", 0, -EINVAL },
	/* .exit of clients (C11) */
	{ "www.example.com.relay.exit", 0, TARGET_REFUSED, "", 0, -EACCES },
	{ "relay.EXIT.", 0, TARGET_REFUSED, "", 0, -EACCES },
	{ "exit", 0, TARGET_REFUSED, "", 0, -EACCES },
	{ "exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	{ "www.example.com.relay.exit", 1, TARGET_NAME, "www.example.com", 1,
	    0 },
	{ "WWW.example.com.Relay.Exit.", 1, TARGET_NAME, "www.example.com", 1,
	    0 },
	{ "www.example.com.$" FP ".exit", 1, TARGET_NAME, "www.example.com",
	    1, 0 },
	{ "www.example.com." FP ".exit", 1, TARGET_NAME, "www.example.com", 1,
	    0 },
	{ "8.8.8.8.relay.exit", 1, TARGET_ADDR, "8.8.8.8", 1, 0 },
	{ "relay.exit", 1, TARGET_ADDR, "8.8.4.4", 1, 0 },
	{ "noaddr.exit", 1, TARGET_REFUSED, "", 0, -ENOENT },
	{ "a.example.nobody.exit", 1, TARGET_REFUSED, "", 0, -ENOENT },
	{ "a.example.early.exit", 1, TARGET_REFUSED, "", 0, -EAGAIN },
	{ "a.example.re_lay.exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a.example.$0123.exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	{ "a.example.relay.exit.relay.exit", 1, TARGET_REFUSED, "", 0,
	    -EINVAL },
	{ "exit.relay.exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	{ ONION_GOOD ".relay.exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	{ "onion.relay.exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	{ "single.relay.exit", 1, TARGET_REFUSED, "", 0, -ENOENT },
	{ "printer.local.relay.exit", 1, TARGET_REFUSED, "", 0, -ENOENT },
	{ "a$.example.relay.exit", 1, TARGET_REFUSED, "", 0, -EINVAL },
	/* MapAddress, of whoever made the configuration */
	{ "www.wild.example", 0, TARGET_NAME, "www.tame.example", 0, 0 },
	{ "exit.example", 0, TARGET_NAME, "www.example.com", 1, 0 },
	{ "Exit.Example.", 0, TARGET_NAME, "www.example.com", 1, 0 },
	{ "onion.example", 0, TARGET_ONION, ONION_GOOD, 0, 0 },
	{ "bad.example", 0, TARGET_REFUSED, "", 0, -WHY_HS_ADDRESS },
	{ "addr.example", 0, TARGET_ADDR, "203.0.113.9", 0, 0 },
	{ "six.example", 0, TARGET_ADDR, "2001:4860::8", 0, 0 },
	{ "192.0.2.80", 0, TARGET_NAME, "www.example.com", 0, 0 },
	{ "192.0.2.81", 0, TARGET_ONION, ONION_GOOD, 0, 0 },
	{ "local.example", 0, TARGET_REFUSED, "", 0, -ENOENT },
	{ "loop.example", 0, TARGET_REFUSED, "", 0, -EINVAL },
};

START_TEST(target_find_understands_a_name)
{
	struct target t;

	find(&t, cases[_i].name, cases[_i].allow);
	ck_assert_msg(t.kind == cases[_i].kind, "%s: kind %d, %s",
	    cases[_i].name, (int)t.kind, t.why ? t.why : "");
	ck_assert_str_eq(t.host, cases[_i].host);
	ck_assert_int_eq(t.has_exit, cases[_i].has_exit);
	ck_assert_msg(t.err == cases[_i].err, "%s: %d", cases[_i].name,
	    t.err);
	ck_assert((t.why != NULL) == (t.kind == TARGET_REFUSED));
	ck_assert((t.addr.family != 0) == (t.kind == TARGET_ADDR));
	if (t.has_exit)
		ck_assert_uint_eq(t.exit[0], 7);
}
END_TEST

/* Whoever may not choose an exit learns nothing of relays either. */
START_TEST(target_find_of_a_forbidden_exit_asks_nobody)
{
	struct target t;

	find(&t, "www.example.com.relay.exit", 0);
	ck_assert_int_eq(asked, 0);
	find(&t, "www.example.com.relay.exit", 1);
	ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(target_find_of_a_name_that_is_too_long_is_refused)
{
	char name[TARGET_HOST + 3];
	struct target t;
	size_t i;

	for (i = 0; i < TARGET_HOST; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	strcpy(name + TARGET_HOST - 4, ".com");
	find(&t, name, 0);
	ck_assert_int_eq(t.kind, TARGET_NAME);
	strcpy(name + TARGET_HOST, ".");
	find(&t, name, 0);
	ck_assert_int_eq(t.kind, TARGET_NAME);
	strcpy(name + TARGET_HOST, "m");
	find(&t, name, 0);
	ck_assert_int_eq(t.err, -EINVAL);
	memset(name, 'a', 64);
	strcpy(name + 64, ".com");
	find(&t, name, 0);
	ck_assert_int_eq(t.err, -EINVAL);
	find(&t, name + 1, 0);
	ck_assert_int_eq(t.kind, TARGET_NAME);
}
END_TEST

static const struct {
	const char	*name;
	enum target_kind kind;
	const char	*host;		/* ends so */
} into_exit[] = {
	{ "chain.example", TARGET_NAME, "www.example.com" },
	{ "nested.example", TARGET_REFUSED, "" },
	{ ONION_GOOD, TARGET_NAME, ".blocked.example" },
};

START_TEST(target_find_follows_chains_into_exit)
{
	struct target_conf conf = { .relay = relay };
	const char *want = into_exit[_i].host;
	struct mapaddress *m;
	struct target t;

	ck_assert_int_eq(mapaddress_new(&m, (char *const *)(uintptr_t)lines,
	    NELEM(lines)), 0);
	conf.map = m;
	target_find(&t, &conf, into_exit[_i].name);
	ck_assert_int_eq(t.kind, into_exit[_i].kind);
	ck_assert_int_eq(t.has_exit, t.kind != TARGET_REFUSED);
	ck_assert_uint_ge(strlen(t.host), strlen(want));
	ck_assert_str_eq(t.host + strlen(t.host) - strlen(want), want);
	mapaddress_free(m);
}
END_TEST

START_TEST(target_find_addr_stays_what_it_is)
{
	struct target_conf conf = { .relay = relay };
	struct target t;
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, "10.1.2.3:80", -1), 0);
	target_find_addr(&t, &conf, &a);
	ck_assert_int_eq(t.kind, TARGET_ADDR);
	ck_assert_int_eq(t.mapped, 0);
	ck_assert(addr_same_ip(&t.addr, &a));
	ck_assert_uint_eq(t.addr.port, 0);
	ck_assert_int_eq(addr_parse(&a, "[::ffff:1.2.3.4]:80", -1), 0);
	target_find_addr(&t, &conf, &a);
	ck_assert(addr_same_ip(&t.addr, &a));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(target_find_understands_a_name, NELEM(cases)),
	UNIT(target_find_of_a_forbidden_exit_asks_nobody),
	UNIT(target_find_of_a_name_that_is_too_long_is_refused),
	UNIT_LOOP(target_find_follows_chains_into_exit, NELEM(into_exit)),
	UNIT(target_find_addr_stays_what_it_is),
};

int
main(void)
{
	crypt_init();			/* for addresses of onion services */
	return unit_run("target", tests, NELEM(tests));
}
