/* tests/base/test_addr.c */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/log.h"
#include "tests/unit.h"

static const struct {
	const char	*text;
	const char	*want;		/* NULL: refused */
} ip_cases[] = {
	{ "1.2.3.4", "1.2.3.4" }, { "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "2001:db8::1", "2001:db8::1" }, { "[2001:db8::1]", "2001:db8::1" },
	{ "::", "::" }, { "[::1]", "::1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "::ffff:1.2.3.4", "::ffff:1.2.3.4" },
	{ "", NULL }, { "[", NULL }, { "]", NULL }, { "[]", NULL },
	{ "1.2.3", NULL }, { "1.2.3.4.5", NULL }, { "1.2.3.256", NULL },
	{ "01.2.3.4", NULL }, { "0x1.2.3.4", NULL }, { " 1.2.3.4", NULL },
	{ "1.2.3.4 ", NULL }, { "[1.2.3.4]", NULL }, { "[::1", NULL },
	{ "::1]", NULL }, { ":::", NULL }, { "fe80::1%lo", NULL },
	{ "12345::", NULL }, { "localhost", NULL }, { "16909060", NULL },
	{ "2001:db8:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5", NULL },
};

START_TEST(addr_parse_ip_case_gives_its_result)
{
	const char *text = ip_cases[_i].text, *want = ip_cases[_i].want;
	struct addr a, before;
	char out[ADDR_TEXT];
	int rc;

	memset(&before, 0x55, sizeof(before));
	a = before;
	rc = addr_parse_ip(&a, text, -1);
	ck_assert_msg(rc == (want ? 0 : -EINVAL), "%s", text);
	if (want == NULL) {
		ck_assert_mem_eq(&a, &before, sizeof(a));
		return;
	}
	ck_assert_str_eq(addr_ip_raw(&a, out), want);
	ck_assert_uint_eq(a.port, 0);
}
END_TEST

START_TEST(addr_parse_ip_reads_only_its_length)
{
	struct addr a;
	char out[ADDR_TEXT];

	ck_assert_int_eq(addr_parse_ip(&a, "1.2.3.45", 7), 0);
	ck_assert_str_eq(addr_ip_raw(&a, out), "1.2.3.4");
	ck_assert_int_eq(addr_parse_ip(&a, "1.2.3.4\0x", 9), -EINVAL);
	ck_assert_int_eq(addr_parse_ip(&a, "1.2.3.4", 0), -EINVAL);
}
END_TEST

static const struct {
	const char	*text;
	const char	*want;
} port_cases[] = {
	{ "1.2.3.4:80", "1.2.3.4:80" }, { "[::1]:65535", "[::1]:65535" },
	{ "1.2.3.4:1", "1.2.3.4:1" },
	{ "1.2.3.4", NULL }, { "1.2.3.4:", NULL }, { "1.2.3.4:0", NULL },
	{ "1.2.3.4:65536", NULL }, { "1.2.3.4:999999", NULL },
	{ "1.2.3.4:+1", NULL }, { "1.2.3.4:-1", NULL }, { "1.2.3.4:8x", NULL },
	{ "1.2.3.4: 8", NULL }, { ":80", NULL }, { "80", NULL }, { "", NULL },
	{ ":", NULL }, { "::1:80", NULL }, { "[::1]", NULL },
	{ "[::1]80", NULL }, { "[::1]:", NULL }, { "[1.2.3.4]:80", NULL },
	{ "1.2.3.4:80:90", NULL }, { "[::1]:80:90", NULL },
};

START_TEST(addr_parse_case_gives_its_result)
{
	const char *text = port_cases[_i].text, *want = port_cases[_i].want;
	char out[ADDR_TEXT];
	struct addr a;

	ck_assert_msg(addr_parse(&a, text, -1) == (want ? 0 : -EINVAL), "%s",
	    text);
	if (want)
		ck_assert_str_eq(addr_raw(&a, out), want);
}
END_TEST

static const struct {
	const char	*text;
	int		 bits;		/* -1: refused */
} net_cases[] = {
	{ "10.0.0.0/8", 8 }, { "10.0.0.0/0", 0 }, { "10.0.0.0/32", 32 },
	{ "10.0.0.1", 32 }, { "[2001:db8::]/32", 32 }, { "2001:db8::/128", 128 },
	{ "::/0", 0 }, { "[::1]", 128 },
	{ "10.0.0.0/33", -1 }, { "::/129", -1 }, { "10.0.0.0/", -1 },
	{ "/8", -1 }, { "10.0.0.0/-1", -1 }, { "10.0.0.0/8x", -1 },
	{ "10.0.0.0/0008", -1 }, { "10.0.0.0/8/8", -1 }, { "", -1 },
	{ "10.0.0/8", -1 }, { "10.0.0.0/255.0.0.0", -1 }, { "::/999", -1 },
};

START_TEST(addr_net_parse_case_gives_its_result)
{
	struct addr_net net;
	int rc = addr_net_parse(&net, net_cases[_i].text, -1);

	ck_assert_msg(rc == (net_cases[_i].bits < 0 ? -EINVAL : 0), "%s",
	    net_cases[_i].text);
	if (rc == 0)
		ck_assert_int_eq(net.bits, net_cases[_i].bits);
}
END_TEST

static const struct {
	const char	*net;
	const char	*ip;
	int		 in;
} in_cases[] = {
	{ "10.0.0.0/8", "10.255.255.255", 1 }, { "10.0.0.0/8", "11.0.0.0", 0 },
	{ "10.9.9.9/8", "10.1.1.1", 1 },	/* host bits don't count */
	{ "192.168.4.0/22", "192.168.7.255", 1 },
	{ "192.168.4.0/22", "192.168.8.0", 0 },
	{ "1.2.3.4", "1.2.3.4", 1 }, { "1.2.3.4", "1.2.3.5", 0 },
	{ "0.0.0.0/0", "9.9.9.9", 1 }, { "0.0.0.0/0", "::1", 0 },
	{ "::/0", "9.9.9.9", 0 }, { "2001:db8::/33", "2001:db8:7fff::1", 1 },
	{ "2001:db8::/33", "2001:db8:8000::1", 0 },
	{ "::ffff:0:0/96", "1.2.3.4", 0 },
	{ "1.2.3.0/31", "1.2.3.1", 1 }, { "1.2.3.0/31", "1.2.3.2", 0 },
};

START_TEST(addr_in_net_case_gives_its_result)
{
	struct addr_net net;
	struct addr a;

	ck_assert_int_eq(addr_net_parse(&net, in_cases[_i].net, -1), 0);
	ck_assert_int_eq(addr_parse_ip(&a, in_cases[_i].ip, -1), 0);
	ck_assert_msg(addr_in_net(&a, &net) == in_cases[_i].in, "%s in %s",
	    in_cases[_i].ip, in_cases[_i].net);
}
END_TEST

START_TEST(addr_zeroed_matches_nothing)
{
	struct addr none = { 0 }, any;
	struct addr_net nets = { { 0 }, 0 };
	struct sockaddr_storage ss;
	char out[ADDR_TEXT];

	addr_v4(&any, 0, 0);
	ck_assert_int_eq(addr_same_ip(&none, &none), 0);
	ck_assert_int_eq(addr_equal(&none, &none), 0);
	ck_assert_int_eq(addr_same_ip(&none, &any), 0);
	ck_assert_int_eq(addr_in_net(&none, &nets), 0);
	ck_assert_int_eq(addr_in_net(&any, &nets), 0);
	ck_assert_int_eq(addr_same_prefix(&none, &none, 0), 0);
	ck_assert_int_eq(addr_is_internal(&none), 1);
	ck_assert_uint_eq(addr_iplen(&none), 0);
	ck_assert_uint_eq(addr_to_sock(&none, &ss), 0);
	ck_assert_str_eq(addr_ip_raw(&none, out), "none");
}
END_TEST

START_TEST(addr_equal_minds_the_port_and_same_ip_does_not)
{
	struct addr a, b;

	addr_v4(&a, 0x01020304, 80);
	addr_v4(&b, 0x01020304, 81);
	ck_assert_int_eq(addr_same_ip(&a, &b), 1);
	ck_assert_int_eq(addr_equal(&a, &b), 0);
	b.port = 80;
	ck_assert_int_eq(addr_equal(&a, &b), 1);
	b.ip[3] = 5;
	ck_assert_int_eq(addr_same_ip(&a, &b), 0);
	b = a;
	b.ip[15] = 1;			/* beyond an IPv4 address */
	ck_assert_int_eq(addr_equal(&a, &b), 1);
}
END_TEST

START_TEST(addr_same_prefix_bounds_its_bits)
{
	struct addr a, b;

	addr_v4(&a, 0x01020304, 0);
	addr_v4(&b, 0x01020305, 0);
	ck_assert_int_eq(addr_same_prefix(&a, &b, 31), 1);
	ck_assert_int_eq(addr_same_prefix(&a, &b, 32), 0);
	ck_assert_int_eq(addr_same_prefix(&a, &b, 4000), 0);
	ck_assert_int_eq(addr_same_prefix(&a, &b, -5), 1);
	ck_assert_int_eq(addr_same_prefix(&a, &a, 4000), 1);
}
END_TEST

static const struct {
	const char	*ip;
	int		 internal;
} internal_cases[] = {
	{ "0.0.0.0", 1 }, { "0.1.2.3", 1 }, { "10.0.0.1", 1 },
	{ "100.64.0.1", 1 }, { "100.63.255.255", 0 }, { "100.128.0.0", 0 },
	{ "127.0.0.1", 1 }, { "127.255.255.255", 1 }, { "128.0.0.0", 0 },
	{ "169.254.1.1", 1 }, { "169.253.1.1", 0 }, { "172.16.0.1", 1 },
	{ "172.31.255.255", 1 }, { "172.32.0.0", 0 }, { "172.15.0.0", 0 },
	{ "192.168.0.1", 1 }, { "192.167.0.1", 0 }, { "192.0.0.1", 1 },
	{ "192.0.1.1", 0 }, { "198.18.0.1", 1 }, { "198.19.9.9", 1 },
	{ "198.20.0.0", 0 }, { "224.0.0.1", 1 }, { "239.9.9.9", 1 },
	{ "240.0.0.1", 1 }, { "255.255.255.255", 1 }, { "8.8.8.8", 0 },
	{ "223.255.255.255", 0 }, { "11.0.0.0", 0 }, { "1.0.0.0", 0 },
	{ "::", 1 }, { "::1", 1 }, { "::2", 1 }, { "::8.8.8.8", 1 },
	{ "::1.2.3.4", 1 }, { "2001:db8::1", 0 }, { "2a00::1", 0 },
	{ "fc00::1", 1 }, { "fdff::1", 1 }, { "fe00::1", 0 },
	{ "fe80::1", 1 }, { "febf::1", 1 }, { "fec0::1", 1 }, { "ff02::1", 1 },
	{ "100::1", 1 }, { "100:0:0:1::", 0 },
	{ "::ffff:10.0.0.1", 1 }, { "::ffff:8.8.8.8", 0 },
	{ "::ffff:127.0.0.1", 1 },
	{ "64:ff9b::10.0.0.1", 1 }, { "64:ff9b::8.8.8.8", 0 },
	{ "64:ff9b:1::1", 1 }, { "64:ff9b:1:ffff::8.8.8.8", 1 },
	{ "64:ff9b:2::1", 0 },
	{ "::ffff:0:10.0.0.1", 1 }, { "::ffff:0:8.8.8.8", 0 },
	{ "2002:a00:1::1", 1 }, { "2002:7f00:1::", 1 },
	{ "2002:808:808::1", 0 }, { "2003:a00:1::1", 0 },
	/* Teredo: a server, and a client, whose address is turned round */
	{ "2001:0:808:808:0:0:f7f7:f7f7", 0 },
	{ "2001:0:a00:1:0:0:f7f7:f7f7", 1 },
	{ "2001:0:808:808:0:0:f5ff:fffe", 1 },
	{ "2001:1:808:808:0:0:f5ff:fffe", 0 },
};

static const struct { const char *net; int internal; } wholes[] = {
	{ "10.0.0.0/8", 1 }, { "10.0.0.0/7", 0 }, { "10.1.0.0/16", 1 },
	{ "0.0.0.0/0", 0 }, { "0.0.0.0/8", 1 }, { "192.0.0.0/8", 0 },
	{ "192.0.0.0/16", 0 }, { "192.0.0.0/24", 1 }, { "172.0.0.0/8", 0 },
	{ "172.16.0.0/12", 1 }, { "240.0.0.0/4", 1 }, { "8.8.8.8/32", 0 },
	{ "::/0", 0 }, { "::/4", 0 }, { "::/95", 0 }, { "::/96", 1 },
	{ "fc00::/7", 1 }, { "fc00::/8", 1 }, { "fe00::/8", 0 },
	{ "fe80::/12", 1 }, { "64:ff9b:1::/48", 1 }, { "64:ff9b:1::/47", 0 },
	{ "::ffff:10.0.0.0/104", 1 }, { "::ffff:0.0.0.0/96", 0 },
	{ "2002::/16", 0 }, { "2002:a00::/24", 1 }, { "2002:a00::/23", 0 },
	{ "2001::/32", 0 }, { "2001:0:a00::/40", 1 },
	{ "2001:0:808:808::/96", 0 },
};

START_TEST(addr_net_is_internal_if_all_of_it_is)
{
	struct addr_net net;

	ck_assert_int_eq(addr_net_parse(&net, wholes[_i].net, -1), 0);
	ck_assert_msg(addr_net_is_internal(&net) == wholes[_i].internal,
	    "%s", wholes[_i].net);
}
END_TEST

START_TEST(addr_is_internal_case_gives_its_result)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(&a, internal_cases[_i].ip, -1), 0);
	ck_assert_msg(addr_is_internal(&a) == internal_cases[_i].internal,
	    "%s", internal_cases[_i].ip);
}
END_TEST

START_TEST(addr_to_sock_and_back_is_the_same)
{
	static const char *const texts[] = { "1.2.3.4:80", "[2001:db8::1]:1" };
	struct sockaddr_storage ss;
	struct addr a, b;

	ck_assert_int_eq(addr_parse(&a, texts[_i], -1), 0);
	ck_assert_uint_eq(addr_to_sock(&a, &ss), _i ?
	    sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	ck_assert_int_eq(addr_from_sock(&b, (struct sockaddr *)&ss), 0);
	ck_assert_int_eq(addr_equal(&a, &b), 1);
}
END_TEST

START_TEST(addr_from_sock_link_local_is_one_of_its_interface)
{
	struct sockaddr_in6 s6 = { .sin6_family = AF_INET6,
		.sin6_scope_id = 2 };
	struct sockaddr_storage ss;
	struct addr a, b, c;
	struct addr_net net;

	ck_assert_int_eq(addr_net_parse(&net, "fe80::/64", -1), 0);
	ck_assert_int_eq(inet_pton(AF_INET6, "fe80::1", &s6.sin6_addr), 1);
	ck_assert_int_eq(addr_from_sock(&a, (struct sockaddr *)&s6), 0);
	s6.sin6_scope_id = 3;
	ck_assert_int_eq(addr_from_sock(&b, (struct sockaddr *)&s6), 0);
	ck_assert(!addr_same_ip(&a, &b) && !addr_equal(&a, &b));
	ck_assert(addr_in_net(&a, &net) && addr_in_net(&b, &net));
	addr_to_sock(&b, &ss);		/* or it could not be answered */
	ck_assert_uint_eq(((struct sockaddr_in6 *)&ss)->sin6_scope_id, 3);
	ck_assert_int_eq(addr_from_sock(&c, (struct sockaddr *)&ss), 0);
	ck_assert(addr_equal(&b, &c));
	/* What is the same everywhere is so by whatever interface it comes. */
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8::1", &s6.sin6_addr), 1);
	ck_assert_int_eq(addr_from_sock(&a, (struct sockaddr *)&s6), 0);
	ck_assert_uint_eq(a.scope, 0);
}
END_TEST

START_TEST(addr_from_sock_mapped_becomes_ipv4)
{
	struct sockaddr_in6 s6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(443) };
	struct addr a;
	char out[ADDR_TEXT];

	ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:1.2.3.4",
	    &s6.sin6_addr), 1);
	ck_assert_int_eq(addr_from_sock(&a, (struct sockaddr *)&s6), 0);
	ck_assert_str_eq(addr_raw(&a, out), "1.2.3.4:443");
}
END_TEST

START_TEST(addr_from_sock_of_another_family_is_none)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	struct addr a;

	addr_v4(&a, 1, 1);
	ck_assert_int_eq(addr_from_sock(&a, (struct sockaddr *)&ss),
	    -EAFNOSUPPORT);
	ck_assert_uint_eq(a.family, 0);
}
END_TEST

START_TEST(addr_show_scrubs_unless_told_otherwise)
{
	char out[ADDR_TEXT];
	struct addr a;

	addr_v4(&a, 0x01020304, 80);
	ck_assert_str_eq(addr_show(&a, out), "[scrubbed]");
	log_set_scrub(0);
	ck_assert_str_eq(addr_show(&a, out), "1.2.3.4:80");
	log_set_scrub(1);
	ck_assert_str_eq(addr_show(&a, out), "[scrubbed]");
}
END_TEST

START_TEST(addr_raw_longest_text_fits)
{
	char out[ADDR_TEXT];
	struct addr a, b;

	memset(&a, 0xff, sizeof(a));
	a.family = 6;
	a.scope = 0;			/* has no text */
	addr_raw(&a, out);
	ck_assert_int_eq(addr_parse(&b, out, -1), 0);
	ck_assert_int_eq(addr_equal(&a, &b), 1);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(addr_parse_ip_case_gives_its_result, NELEM(ip_cases)),
	UNIT(addr_parse_ip_reads_only_its_length),
	UNIT_LOOP(addr_parse_case_gives_its_result, NELEM(port_cases)),
	UNIT_LOOP(addr_net_parse_case_gives_its_result, NELEM(net_cases)),
	UNIT_LOOP(addr_in_net_case_gives_its_result, NELEM(in_cases)),
	UNIT(addr_zeroed_matches_nothing),
	UNIT(addr_equal_minds_the_port_and_same_ip_does_not),
	UNIT(addr_same_prefix_bounds_its_bits),
	UNIT_LOOP(addr_is_internal_case_gives_its_result,
	    NELEM(internal_cases)),
	UNIT_LOOP(addr_net_is_internal_if_all_of_it_is, NELEM(wholes)),
	UNIT_LOOP(addr_to_sock_and_back_is_the_same, 2),
	UNIT(addr_from_sock_link_local_is_one_of_its_interface),
	UNIT(addr_from_sock_mapped_becomes_ipv4),
	UNIT(addr_from_sock_of_another_family_is_none),
	UNIT(addr_show_scrubs_unless_told_otherwise),
	UNIT(addr_raw_longest_text_fits),
};

UNIT_MAIN("addr", tests)
