/* tests/policy/test_netrecord.c - what was before, from a file anybody wrote */
#include "policy/netrecord.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

#define HERE	"boot 1\nnetns 2\n"
#define HEAD	"onion-transparent network 1\n" HERE

static const struct {
	const char	*name, *text;
	int		 want;
} parse_cases[] = {
	{ "nothing was changed", HEAD, 0 },
	{ "all of it", HEAD "link ot0\nold net/ipv4/conf/lan0/forwarding 0\n"
	    "old net/ipv6/conf/a.7/accept_ra 1\n"
	    "old net/ipv6/conf/x/router_solicitations -1\n", 0 },
	{ "twice: the first stands", HEAD
	    "old net/ipv4/conf/a/rp_filter 1\n"
	    "old net/ipv4/conf/a/rp_filter 2\n", 0 },
	{ "empty", "", -EPROTO },
	{ "another file", "onion-transparent network 2\n" HERE, -EPROTO },
	{ "another boot", "onion-transparent network 1\nboot 3\nnetns 2\n",
	    -ENOENT },
	{ "another namespace", "onion-transparent network 1\nboot 1\nnetns 3\n",
	    -ENOENT },
	{ "cut off", HEAD "old net/ipv4/conf/lan0/forwarding 1", -EPROTO },
	{ "cut off in the head", "onion-transparent network 1\nboot 1\nnetns",
	    -ENOENT },
	{ "a word of its own", HEAD "run /bin/sh\n", -EPROTO },
	{ "no value", HEAD "old net/ipv4/conf/lan0/forwarding\n", -EPROTO },
	{ "no number", HEAD "old net/ipv4/conf/a/forwarding x\n", -EPROTO },
	{ "more than a number", HEAD "old net/ipv4/conf/a/forwarding 1 2\n",
	    -EPROTO },
	{ "a number too long", HEAD
	    "old net/ipv4/conf/a/forwarding 1234567890\n", -EPROTO },
	{ "only a sign", HEAD "old net/ipv4/conf/a/forwarding -\n", -EPROTO },
	{ "another sysctl", HEAD "old kernel/core_pattern 1\n", -EPROTO },
	{ "another leaf", HEAD "old net/ipv4/conf/a/log_martians 1\n",
	    -EPROTO },
	{ "of the whole host", HEAD "old net/ipv4/ip_forward 0\n"
	    "old net/netfilter/nf_conntrack_tcp_loose 1\n"
	    "old net/ipv4/tcp_timestamps 1\n", 0 },
	{ "another of the whole host", HEAD "old net/ipv4/tcp_rmem 0\n",
	    -EPROTO },
	{ "what all interfaces have", HEAD
	    "old net/ipv4/conf/all/route_localnet 0\n"
	    "old net/ipv6/conf/default/accept_redirects 1\n", 0 },
	{ "a leaf of the other family", HEAD
	    "old net/ipv4/conf/a/accept_ra 1\n", -EPROTO },
	{ "a way out", HEAD "old net/ipv4/conf/../forwarding 1\n", -EPROTO },
	{ "a way around", HEAD
	    "old net/ipv4/conf/../../../kernel/forwarding 1\n", -EPROTO },
	{ "no interface", HEAD "old net/ipv4/conf//forwarding 1\n", -EPROTO },
	{ "a name too long", HEAD
	    "old net/ipv4/conf/0123456789abcdef/forwarding 1\n", -EPROTO },
	{ "a link that is a path", HEAD "link ../ot0\n", -EPROTO },
	{ "a link too long", HEAD "link 0123456789abcdef\n", -EPROTO },
	{ "no link", HEAD "link \n", -EPROTO },
};

START_TEST(netrecord_parse_takes_only_small_numbers_for_our_sysctls)
{
	const char *text = parse_cases[_i].text;
	struct netrecord r;
	int rc = netrecord_parse(&r, text, strlen(text), HERE);

	ck_assert_msg(rc == parse_cases[_i].want, "%s: %d",
	    parse_cases[_i].name, rc);
	if (rc < 0)
		ck_assert_ptr_null(r.old);
	else
		netrecord_free(&r);
}
END_TEST

START_TEST(netrecord_parse_line_with_a_nul_is_refused)
{
	static const char text[] = HEAD
	    "old net/ipv4/conf/a/forwarding\0 1\n";
	struct netrecord r;

	ck_assert_int_eq(netrecord_parse(&r, text, sizeof(text) - 1, HERE),
	    -EPROTO);
}
END_TEST

START_TEST(netrecord_add_a_second_value_changes_nothing)
{
	static const char path[] = "net/ipv4/conf/lan0/forwarding";
	struct netrecord r = { .n = 0 };

	ck_assert_int_eq(netrecord_add(&r, path, "0"), 0);
	ck_assert_int_eq(netrecord_add(&r, path, "1"), 0);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_str_eq(netrecord_find(&r, path)->value, "0");
	ck_assert_int_eq(netrecord_add(&r, "net/ipv4/tcp_ecn", "1"),
	    -EINVAL);
	netrecord_free(&r);
}
END_TEST

START_TEST(netrecord_add_too_many_are_refused)
{
	struct netrecord r = { .n = 0 };
	char path[NETPLAN_SYSCTL];
	int i;

	for (i = 0; i < NETRECORD_OLD_MAX; i++) {
		snprintf(path, sizeof(path), "net/ipv4/conf/i%d/rp_filter", i);
		ck_assert_int_eq(netrecord_add(&r, path, "2"), 0);
	}
	ck_assert_int_eq(netrecord_add(&r, "net/ipv4/conf/x/rp_filter", "2"),
	    -ENOSPC);
	netrecord_free(&r);
}
END_TEST

static char dir[] = "/tmp/test_netrecord.XXXXXX";

static int
is_of_lan(const char *path)
{
	return strstr(path, "lan") != NULL;
}

START_TEST(netrecord_forget_keeps_what_there_is_in_its_order)
{
	struct netrecord r = { .n = 0 };

	ck_assert_int_eq(netrecord_add(&r, "net/ipv4/conf/up0/rp_filter",
	    "0"), 0);
	ck_assert_int_eq(netrecord_add(&r, "net/ipv4/conf/lan1/rp_filter",
	    "1"), 0);
	ck_assert_int_eq(netrecord_add(&r, "net/ipv4/ip_forward", "1"), 0);
	ck_assert_int_eq(netrecord_add(&r, "net/ipv4/conf/lan0/rp_filter",
	    "2"), 0);
	ck_assert_uint_eq(netrecord_forget(&r, is_of_lan), 2);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_str_eq(r.old[0].value, "1");
	ck_assert_str_eq(r.old[1].path, "net/ipv4/conf/lan0/rp_filter");
	ck_assert_uint_eq(netrecord_forget(&r, is_of_lan), 0);
	netrecord_free(&r);
}
END_TEST

START_TEST(netrecord_load_gives_what_was_saved)
{
	struct netrecord a = { .n = 0 }, b;
	char path[64];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r", dir);
	ck_assert_int_eq(netrecord_load(&b, path), -ENOENT);
	strcpy(a.link, "ot0");
	ck_assert_int_eq(netrecord_add(&a, "net/ipv6/conf/x/accept_ra", "1"),
	    0);
	ck_assert_int_eq(netrecord_add(&a, "net/ipv6/conf/all/forwarding",
	    "0"), 0);
	ck_assert_int_eq(netrecord_save(&a, path), 0);
	ck_assert_int_eq(netrecord_load(&b, path), 0);
	ck_assert_str_eq(b.link, "ot0");
	ck_assert_uint_eq(b.n, 2);
	ck_assert_str_eq(b.old[0].path, "net/ipv6/conf/x/accept_ra");
	ck_assert_str_eq(b.old[1].value, "0");
	netrecord_free(&a);
	netrecord_free(&b);
	unlink(path);
	rmdir(dir);
}
END_TEST

/* Whoever may write there cannot have another file read or written. */
START_TEST(netrecord_load_and_save_follow_no_link)
{
	struct netrecord r = { .n = 0 };
	char path[64], tmp[80], victim[80];
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r", dir);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(netrecord_load(&r, path), -ELOOP);
	ck_assert_int_eq(symlink(victim, tmp), 0);
	ck_assert_int_eq(netrecord_save(&r, path), -ELOOP);
	ck_assert_int_eq(stat(victim, &st), -1);
	unlink(path);
	unlink(tmp);
	rmdir(dir);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(netrecord_parse_takes_only_small_numbers_for_our_sysctls,
	    NELEM(parse_cases)),
	UNIT(netrecord_parse_line_with_a_nul_is_refused),
	UNIT(netrecord_add_a_second_value_changes_nothing),
	UNIT(netrecord_add_too_many_are_refused),
	UNIT(netrecord_forget_keeps_what_there_is_in_its_order),
	UNIT(netrecord_load_gives_what_was_saved),
	UNIT(netrecord_load_and_save_follow_no_link),
};
UNIT_MAIN("netrecord", tests)
