/* tests/daemon/test_selftest.c - frames, and the oracle that judges them */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/selftest_items.h"
#include "daemon/selftest_oracle.h"
#include "daemon/selftest_packet.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

static struct addr
ip(const char *text)
{
	struct addr a;

	if (addr_parse_ip(&a, text, -1) < 0)
		ck_abort_msg("%s", text);
	return a;
}

static struct packet_way
way(const char *src, const char *dst)
{
	struct packet_way w = { .hops = 64, .src = ip(src), .dst = ip(dst) };

	return w;
}

/* --- packets --- */

static uint32_t
add16(uint32_t sum, const uint8_t *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	return sum;
}

static unsigned
folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* With its own checksum in it, and the pseudo-header, it is all ones. */
static void
is_right(const struct packet *p, int six, uint8_t proto)
{
	const uint8_t *h = p->b + PACKET_HEAD;
	size_t head = six ? 40 : 20, n = p->len - PACKET_HEAD - head;
	uint32_t sum = proto + (uint32_t)n;

	if (!six)
		ck_assert_uint_eq(folded(add16(0, h, 20)), 0xffff);
	sum = add16(sum, h + (six ? 8 : 12), six ? 32 : 8);
	if (proto == IPPROTO_ICMP)
		sum = 0;
	ck_assert_uint_eq(folded(add16(sum, h + head, n)), 0xffff);
	ck_assert_uint_eq(h[six ? 6 : 9], proto);
	ck_assert_uint_eq((unsigned)(six ? h[4] << 8 | h[5] :
	    (h[2] << 8 | h[3]) - 20), n);
}

START_TEST(packet_of_each_kind_has_right_sums_and_lengths)
{
	static const char *const far[] = { "203.0.113.80", "2001:db8::80" };
	static const char *const near[] = { "10.9.0.11", "fd00::11" };
	static const uint8_t rest[4] = { 1, 2, 3, 4 };
	struct packet_way w = way(near[_i], far[_i]);
	struct packet p;
	size_t len;

	for (len = 0; len < 40; len++) {
		packet_tcp(&p, &w, 40000, 80, PACKET_SYN, "0123456789"
		    "0123456789012345678901234567890", len);
		is_right(&p, _i, IPPROTO_TCP);
		packet_udp(&p, &w, 40000, 53, "0123456789"
		    "0123456789012345678901234567890", len);
		is_right(&p, _i, IPPROTO_UDP);
		packet_icmp(&p, &w, 8, 0, rest, "0123456789"
		    "0123456789012345678901234567890", len);
		is_right(&p, _i, _i ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	}
}
END_TEST

START_TEST(packet_too_long_is_cut_off)
{
	static uint8_t big[4000];
	struct packet_way w = way("10.9.0.11", "203.0.113.80");
	struct packet p;

	packet_ip(&p, &w, 253, big, sizeof(big));
	ck_assert_uint_eq(p.len, PACKET_MAX);
	packet_udp(&p, &w, 1, 2, big, sizeof(big));
	ck_assert_uint_le(p.len, PACKET_MAX);
	is_right(&p, 0, IPPROTO_UDP);
}
END_TEST

/* --- the oracle --- */

static struct lab lab;
static int into;			/* what is sent there is seen */

static void
begin(void)
{
	struct lab_uplink *u = &lab.uplink[0];
	int pair[2];

	memset(&lab, 0, sizeof(lab));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	into = pair[0];
	u->raw = pair[1];
	snprintf(u->name, sizeof(u->name), "up0");
	u->gw[LAB_4].addr = ip("198.51.100.2");
	u->gw[LAB_4].bits = 24;
	u->gw[LAB_6].addr = ip("2001:db8:100::2");
	u->gw[LAB_6].bits = 64;
	lab.nuplink = 1;
	lab.relay[LAB_4] = ip("203.0.113.7");
	lab.relay[LAB_6] = ip("2001:db8:7::7");
	lab.relay[LAB_4].port = lab.relay[LAB_6].port = 9001;
}

static void
finish(void)
{
	close(into);
	close(lab.uplink[0].raw);
}

static struct seen
see(const struct conf *c, const struct packet *p)
{
	struct seen s;

	memset(&s, 0, sizeof(s));
	ck_assert_int_eq(send(into, p->b, p->len, 0), (ssize_t)p->len);
	oracle_read(&lab, c, &s);
	return s;
}

enum kind { TCP, UDP, ICMP, ARP };
enum class { LEAK, GOOD, CONTROL, DIRECT, NOTHING, NOISE };

static const struct {
	const char	*name, *src, *dst;
	enum kind	 kind;
	uint16_t	 sport, dport;	/* or the ICMP type */
	enum class	 want;
} frames[] = {
	{ "relay", "198.51.100.2", "203.0.113.7", TCP, 40000, 9001, GOOD },
	{ "relay 6", "2001:db8:100::2", "2001:db8:7::7", TCP, 40000, 9001,
	    GOOD },
	{ "ourselves", "198.51.100.2", "203.0.113.7", TCP, LAB_CONTROL, 9001,
	    CONTROL },
	{ "a stray program", "198.51.100.2", "203.0.113.7", TCP, LAB_STRAY,
	    9001, LEAK },
	{ "a client", "10.9.0.11", "203.0.113.7", TCP, 40000, 9001, LEAK },
	{ "another port", "198.51.100.2", "203.0.113.7", TCP, 40000, 9002,
	    LEAK },
	{ "another address", "198.51.100.2", "203.0.113.8", TCP, 40000, 9001,
	    LEAK },
	{ "UDP", "198.51.100.2", "203.0.113.7", UDP, 40000, 9001, LEAK },
	{ "direct", "198.51.100.2", "192.0.2.9", TCP, 40000, 443, DIRECT },
	{ "direct, another port", "198.51.100.2", "192.0.2.9", TCP, 40000, 80,
	    LEAK },
	{ "direct, a stray", "198.51.100.2", "192.0.2.9", TCP, LAB_STRAY, 443,
	    LEAK },
	{ "direct, ourselves", "198.51.100.2", "192.0.2.9", TCP, LAB_CONTROL,
	    443, LEAK },
	{ "direct, a client", "10.9.0.11", "192.0.2.9", TCP, 40000, 443,
	    LEAK },
	{ "DHCP", "0.0.0.0", "255.255.255.255", UDP, 68, 67, NOTHING },
	{ "DHCP, from an address", "198.51.100.2", "255.255.255.255", UDP, 68,
	    67, LEAK },
	{ "DHCP, to an address", "0.0.0.0", "203.0.113.80", UDP, 68, 67,
	    LEAK },
	{ "ARP", "198.51.100.2", "198.51.100.1", ARP, 0, 0, NOTHING },
	{ "ARP for a far one", "198.51.100.2", "203.0.113.7", ARP, 0, 0,
	    LEAK },
	{ "ARP of another", "10.9.0.1", "198.51.100.1", ARP, 0, 0, LEAK },
	{ "ping", "198.51.100.2", "203.0.113.7", ICMP, 0, 8, LEAK },
	{ "MLD", "2001:db8:100::2", "ff02::16", ICMP, 0, 143, NOISE },
	{ "neighbour, by a router", "2001:db8:100::2", "2001:db8:100::1",
	    ICMP, 0, 135, LEAK },
};

static void
make(struct packet *p, size_t i)
{
	static const uint8_t rest[4];
	struct packet_way w = way(frames[i].src, frames[i].dst);

	if (frames[i].kind == TCP)
		packet_tcp(p, &w, frames[i].sport, frames[i].dport,
		    PACKET_SYN, NULL, 0);
	else if (frames[i].kind == UDP)
		packet_udp(p, &w, frames[i].sport, frames[i].dport, "x", 1);
	else if (frames[i].kind == ICMP)
		packet_icmp(p, &w, (uint8_t)frames[i].dport, 0, rest,
		    w.dst.ip, 16);
	else
		packet_arp(p, &w);
}

START_TEST(oracle_read_lets_pass_what_is_on_its_list)
{
	struct conf *c = testconf("SocksPort 1\n"
	    "FlowRule direct to 192.0.2.0/24 port 443\n");
	struct packet p;
	struct seen s;
	enum class got = NOTHING;

	begin();
	make(&p, (size_t)_i);
	s = see(c, &p);
	if (s.noise)
		got = NOISE;
	else if (oracle_leaks(&s))
		got = LEAK;
	else if (s.good[LAB_4] + s.good[LAB_6])
		got = GOOD;
	else if (s.control[LAB_4])
		got = CONTROL;
	else if (s.direct)
		got = DIRECT;
	ck_assert_msg(got == frames[_i].want, "%s: %d", frames[_i].name, got);
	ck_assert_uint_eq(s.nlines, oracle_leaks(&s));
	finish();
	conf_free(c);
}
END_TEST

START_TEST(oracle_read_knows_neighbour_discovery_of_the_link)
{
	static const char *const targets[] = { "2001:db8:100::1", "fe80::9",
		"2001:db8:80::80" };
	static const uint8_t rest[4];
	struct conf *c = testconf("SocksPort 1\n");
	struct packet_way w = way("2001:db8:100::2", "ff02::1:ff00:1");
	struct addr target = ip(targets[_i]);
	struct packet p;
	struct seen s;

	begin();
	w.hops = 255;
	packet_icmp(&p, &w, 135, 0, rest, target.ip, 16);
	s = see(c, &p);
	ck_assert_uint_eq(oracle_leaks(&s), _i == 2);
	finish();
	conf_free(c);
}
END_TEST

/* Whatever comes, it is a leak or on the list; nothing is read beyond. */
START_TEST(oracle_read_of_any_frame_counts_it)
{
	static const unsigned types[] = { 0x0800, 0x86dd, 0x0806, 0x8100 };
	struct conf *c = testconf("SocksPort 1\n");
	struct packet p;
	struct seen s;
	size_t len;

	begin();
	for (len = 0; len < 120; len++) {
		memset(&p, 0x45, sizeof(p));
		p.b[12] = (uint8_t)(types[_i] >> 8);
		p.b[13] = (uint8_t)types[_i];
		p.len = PACKET_HEAD + len;
		s = see(c, &p);
		ck_assert_uint_eq(oracle_leaks(&s), 1);
		ck_assert_uint_eq(s.nlines, 1);
	}
	p.len = PACKET_HEAD - 1;		/* no frame at all */
	s = see(c, &p);
	ck_assert_uint_eq(oracle_leaks(&s), 0);
	finish();
	conf_free(c);
}
END_TEST

START_TEST(oracle_read_keeps_the_first_lines_only)
{
	struct conf *c = testconf("SocksPort 1\n");
	struct packet p;
	struct seen s;
	int i;

	begin();
	memset(&s, 0, sizeof(s));
	make(&p, 4);
	for (i = 0; i < 100; i++) {
		ck_assert_int_gt(send(into, p.b, p.len, 0), 0);
		oracle_read(&lab, c, &s);
	}
	ck_assert_uint_eq(oracle_leaks(&s), 100);
	ck_assert_uint_eq(s.nlines, SEEN_LINES);
	ck_assert_str_eq(s.line[0],
	    "up0: TCP 10.9.0.11:40000 > 203.0.113.7:9001, flags 02, 40 bytes");
	finish();
	conf_free(c);
}
END_TEST

/* --- items --- */

START_TEST(items_have_names_of_their_own_and_something_to_do)
{
	size_t i, j;

	ck_assert_uint_gt(nitems, 40);
	for (i = 0; i < nitems; i++) {
		ck_assert_ptr_eq(item_find(items[i].id), &items[i]);
		ck_assert_ptr_nonnull(item_group_name(items[i].group));
		ck_assert_int_eq((items[i].frames != NULL) +
		    (items[i].sockets != NULL) + (items[i].event != NULL), 1);
		for (j = 0; j < i; j++)
			ck_assert_int_ne(strcasecmp(items[i].id,
			    items[j].id), 0);
	}
	ck_assert_ptr_null(item_find("X99"));
	ck_assert_ptr_eq(item_find("a01"), item_find("A01"));
}
END_TEST

static const struct {
	const char	*torrc, *id;
	int		 fits;
} fit_cases[] = {
	{ "SocksPort 1\n", "A01", 0 },
	{ "SocksPort 1\n", "A10", 1 },
	{ "SocksPort 1\n", "B06a", 1 },
	{ "SocksPort 1\n", "flush", 0 },
	{ "SocksPort 1\n", "D16", 0 },
	{ "TunClients lan0\n", "A01", 1 },
	{ "TunClients lan0\n", "C02", 0 },
	{ "TunClients lan0\n", "B11", 1 },
	{ "TunClients local\n", "D16", 1 },
	{ "TunClients local\n", "A01", 0 },
	{ "TransPort 10.9.0.1:9040\nTransClients lan0\n", "C02", 1 },
	{ "TransPort 10.9.0.1:9040\nTransClients lan0\n", "B11", 0 },
	{ "User nobody\nFailClosed 1\nSocksPort 1\n", "flush", 1 },
};

START_TEST(item_fits_what_the_configuration_has)
{
	struct conf *c = testconf(fit_cases[_i].torrc);

	ck_assert_msg(item_fits(item_find(fit_cases[_i].id), c) ==
	    fit_cases[_i].fits, "%s: %s", fit_cases[_i].torrc,
	    fit_cases[_i].id);
	conf_free(c);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(packet_of_each_kind_has_right_sums_and_lengths, 2),
	UNIT(packet_too_long_is_cut_off),
	UNIT_LOOP(oracle_read_lets_pass_what_is_on_its_list,
	    (int)(sizeof(frames) / sizeof(frames[0]))),
	UNIT_LOOP(oracle_read_knows_neighbour_discovery_of_the_link, 3),
	UNIT_LOOP(oracle_read_of_any_frame_counts_it, 4),
	UNIT(oracle_read_keeps_the_first_lines_only),
	UNIT(items_have_names_of_their_own_and_something_to_do),
	UNIT_LOOP(item_fits_what_the_configuration_has,
	    (int)(sizeof(fit_cases) / sizeof(fit_cases[0]))),
};
UNIT_MAIN("selftest", tests)
