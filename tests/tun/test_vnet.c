/* tests/tun/test_vnet.c - the header before a packet, as virtio has it */
#include "tun/vnet.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/unit.h"
#include "tun/pkt.h"

#ifdef __linux__
#include <linux/virtio_net.h>

_Static_assert(sizeof(struct virtio_net_hdr) == VNET_HEAD, "its length");
#endif

static uint16_t
field(const uint8_t *head, size_t at)
{
	uint16_t n;

	memcpy(&n, head + at, sizeof(n));
	return n;
}

START_TEST(vnet_build_whole_packet_asks_for_nothing)
{
	static const uint8_t zero[VNET_HEAD];
	struct pkt_out p = { .head = { 0x45 }, .headlen = 40 };
	uint8_t head[VNET_HEAD];

	memset(head, 0xff, sizeof(head));
	vnet_build(head, &p);
	ck_assert_mem_eq(head, zero, VNET_HEAD);
}
END_TEST

START_TEST(vnet_build_partial_checksum_says_where_it_goes)
{
	struct pkt_out p = { .head = { 0x60 }, .headlen = 60,
	    .csum_start = 40, .csum_offset = 16 };
	uint8_t head[VNET_HEAD];

	vnet_build(head, &p);
	ck_assert_uint_eq(head[0], 1);
	ck_assert_uint_eq(head[1], 0);
	ck_assert_uint_eq(field(head, 6), 40);
	ck_assert_uint_eq(field(head, 8), 16);
}
END_TEST

static const struct {
	uint8_t	first, type;
} families[] = { { 0x45, 1 }, { 0x60, 4 } };

START_TEST(vnet_build_super_segment_says_how_it_is_cut)
{
	struct pkt_out p = { .head = { families[_i].first }, .headlen = 52,
	    .seg = 1448, .csum_start = 20, .csum_offset = 16 };
	uint8_t head[VNET_HEAD];

	vnet_build(head, &p);
	ck_assert_uint_eq(head[0], 1);
	ck_assert_uint_eq(head[1], families[_i].type);
	ck_assert_uint_eq(field(head, 2), 52);
	ck_assert_uint_eq(field(head, 4), 1448);
}
END_TEST

static const struct {
	const char	*name;
	uint8_t		 flags, type;
	int		 want, csum_ok;
} parse_cases[] = {
	{ "from the wire",		0, 0, 0, 0 },
	{ "never made",			1, 0, 0, 1 },
	{ "verified",			2, 0, 0, 1 },
	{ "another flag",		4, 0, 0, 0 },
	{ "super-segment, IPv4",	1, 1, 0, 1 },
	{ "super-segment, IPv6",	1, 4, 0, 1 },
	{ "with ECN",			1, 0x81, 0, 1 },
	{ "ECN alone",			0, 0x80, 0, 0 },
	{ "UDP fragments",		1, 3, -EPROTONOSUPPORT, 1 },
	{ "UDP segments",		1, 5, -EPROTONOSUPPORT, 1 },
	{ "two types at once",		1, 0x85, -EPROTONOSUPPORT, 1 },
	{ "unknown",			0, 0x7f, -EPROTONOSUPPORT, 0 },
};

START_TEST(vnet_parse_takes_tcp_and_tells_whose_checksum_holds)
{
	uint8_t head[VNET_HEAD] = { parse_cases[_i].flags,
	    parse_cases[_i].type };
	struct pkt_in p = { .csum_ok = 9 };
	int rc = vnet_parse(head, &p);

	ck_assert_msg(rc == parse_cases[_i].want &&
	    p.csum_ok == parse_cases[_i].csum_ok, "%s", parse_cases[_i].name);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(vnet_build_whole_packet_asks_for_nothing),
	UNIT(vnet_build_partial_checksum_says_where_it_goes),
	UNIT_LOOP(vnet_build_super_segment_says_how_it_is_cut,
	    NELEM(families)),
	UNIT_LOOP(vnet_parse_takes_tcp_and_tells_whose_checksum_holds,
	    NELEM(parse_cases)),
};

UNIT_MAIN("vnet", tests)
