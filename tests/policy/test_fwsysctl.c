/* tests/policy/test_fwsysctl.c - which sysctls hold while the rules do */
#include "policy/fwsysctl.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "policy/netrecord.h"
#include "tests/unit.h"

static const struct fwsysctl *
find(const struct fwsysctl *list, size_t n, const char *path)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i].path, path) == 0)
			return &list[i];
	return NULL;
}

static const struct { const char *path, *value; } wanted[] = {
	{ "net/ipv4/ip_forward", "0" },
	{ "net/ipv6/conf/all/forwarding", "0" },
	{ "net/netfilter/nf_conntrack_tcp_loose", "0" },
	{ "net/ipv4/icmp_echo_ignore_broadcasts", "1" },
	{ "net/ipv4/conf/all/rp_filter", "1" },
	{ "net/ipv4/conf/default/rp_filter", "1" },
	{ "net/ipv4/conf/up0.7/rp_filter", "2" },
	{ "net/ipv4/conf/up0.7/arp_ignore", "2" },
	{ "net/ipv4/conf/all/arp_announce", "2" },
	{ "net/ipv4/conf/all/accept_redirects", "0" },
	{ "net/ipv4/conf/default/send_redirects", "0" },
	{ "net/ipv4/conf/up0.7/accept_source_route", "0" },
	{ "net/ipv4/conf/up0.7/route_localnet", "0" },
	{ "net/ipv6/conf/all/accept_ra", "0" },
	{ "net/ipv6/conf/all/accept_redirects", "0" },
};

static const struct fwsysctl_link links[] = {
	{ "up0.7", 2, FWSYSCTL_LEAVE }
};
static const struct fwsysctl_conf conf = { .rp_filter = 1, .links = links,
	.nlinks = 1, .timestamps = FWSYSCTL_LEAVE };

START_TEST(fwsysctl_make_has_what_has_to_hold)
{
	const struct fwsysctl *at;
	struct fwsysctl *list;
	size_t n;

	ck_assert_int_eq(fwsysctl_make(&list, &n, &conf), 0);
	at = find(list, n, wanted[_i].path);
	ck_assert_ptr_nonnull(at);
	ck_assert_str_eq(at->value, wanted[_i].value);
	free(list);
}
END_TEST

START_TEST(fwsysctl_make_leaves_what_is_to_be_left)
{
	struct fwsysctl *list;
	size_t n;

	ck_assert_int_eq(fwsysctl_make(&list, &n, &conf), 0);
	ck_assert_ptr_null(find(list, n, "net/ipv4/tcp_timestamps"));
	ck_assert_ptr_null(find(list, n, "net/ipv6/conf/up0.7/accept_ra"));
	free(list);
}
END_TEST

START_TEST(fwsysctl_make_is_liberal_where_it_is_wanted)
{
	static const char path[] = "net/netfilter/nf_conntrack_tcp_be_liberal";
	struct fwsysctl_conf c = conf;
	struct fwsysctl *list;
	size_t n;

	ck_assert_int_eq(fwsysctl_make(&list, &n, &c), 0);
	ck_assert_ptr_null(find(list, n, path));
	free(list);
	c.liberal = 1;
	ck_assert_int_eq(fwsysctl_make(&list, &n, &c), 0);
	ck_assert_ptr_nonnull(find(list, n, path));
	ck_assert_str_eq(find(list, n, path)->value, "1");
	free(list);
}
END_TEST

/* The kernel changes others' values with it. */
START_TEST(fwsysctl_make_forwarding_comes_first)
{
	struct fwsysctl *list;
	size_t n;

	ck_assert_int_eq(fwsysctl_make(&list, &n, &conf), 0);
	ck_assert_uint_ge(n, 2);
	ck_assert_str_eq(list[0].path, "net/ipv4/ip_forward");
	ck_assert_str_eq(list[1].path, "net/ipv6/conf/all/forwarding");
	free(list);
}
END_TEST

START_TEST(fwsysctl_make_each_can_be_recorded_and_stands_once)
{
	struct netrecord r = { .n = 0 };
	struct fwsysctl *list;
	size_t i, n;

	ck_assert_int_eq(fwsysctl_make(&list, &n, &conf), 0);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(netrecord_add(&r, list[i].path,
		    list[i].value), 0);
	ck_assert_uint_eq(r.n, n);
	netrecord_free(&r);
	free(list);
}
END_TEST

static const char *const bad[] = { "", ".", "..", "a/b", "../../kernel",
	"a b", "a\n" };

START_TEST(fwsysctl_make_a_name_that_is_none_is_refused)
{
	struct fwsysctl_link l = { .rp_filter = 1 };
	struct fwsysctl_conf c = { .links = &l, .nlinks = 1 };
	struct fwsysctl *list = NULL;
	size_t n;

	snprintf(l.name, sizeof(l.name), "%s", bad[_i]);
	ck_assert_int_eq(fwsysctl_make(&list, &n, &c), -EINVAL);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(fwsysctl_make_has_what_has_to_hold, NELEM(wanted)),
	UNIT(fwsysctl_make_leaves_what_is_to_be_left),
	UNIT(fwsysctl_make_is_liberal_where_it_is_wanted),
	UNIT(fwsysctl_make_forwarding_comes_first),
	UNIT(fwsysctl_make_each_can_be_recorded_and_stands_once),
	UNIT_LOOP(fwsysctl_make_a_name_that_is_none_is_refused, NELEM(bad)),
};
UNIT_MAIN("fwsysctl", tests)
