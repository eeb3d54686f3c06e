/* tests/tun/test_udp.c - datagrams, in and out */
#include "tun/udp.h"

#include "base/addr.h"
#include "base/wire.h"
#include "tests/tun/raw.h"
#include "tests/unit.h"
#include "tun/ip.h"
#include "tun/pkt.h"

/* A datagram to port 53 as a client would send it. */
static struct raw
datagram(int v6, size_t len)
{
	struct raw r = { .len = 0 };
	struct addr a = raw_addr(v6 ? "fd00::11" : "10.9.0.11");
	struct addr b = raw_addr(v6 ? "2001:db8::53" : "203.0.113.53");
	size_t head = ip_build(r.b, &a, &b, IP_UDP, 8 + len);
	uint8_t *u = r.b + head;
	size_t i;

	raw_set16(u, 5353);
	raw_set16(u + 2, 53);
	raw_set16(u + 4, 8 + len);
	for (i = 0; i < len; i++)
		u[8 + i] = (uint8_t)i;
	raw_set16(u + 6, raw_sum(u, 8 + len, 6, &a, &b, 17));
	r.len = head + 8 + len;
	return r;
}

static enum drop
parse(struct raw *r, struct udp *u, int csum_ok)
{
	static struct ip ip;

	ck_assert_int_eq(ip_parse(&ip, r->b, r->len), DROP_NOT);
	return udp_parse(u, &ip, csum_ok);
}

START_TEST(udp_parse_gives_ports_and_payload)
{
	size_t len = (size_t)_i / 2;
	struct raw r = datagram(_i & 1, len);
	struct udp u;

	ck_assert_int_eq(parse(&r, &u, 0), DROP_NOT);
	ck_assert_uint_eq(u.sport, 5353);
	ck_assert_uint_eq(u.dport, 53);
	ck_assert_uint_eq(u.len, len);
	if (len)
		ck_assert_uint_eq(u.data[len - 1], len - 1);
}
END_TEST

START_TEST(udp_parse_of_a_wrong_checksum_drops_it_unless_vouched_for)
{
	struct raw r = datagram(_i, 10);
	struct udp u;

	r.b[r.len - 1] ^= 1;
	ck_assert_int_eq(parse(&r, &u, 0), DROP_CHECKSUM);
	ck_assert_int_eq(parse(&r, &u, 1), DROP_NOT);
}
END_TEST

START_TEST(udp_parse_takes_no_checksum_from_ipv4_alone)
{
	struct raw r = datagram(_i, 10);
	struct udp u;

	raw_set16(r.b + r.len - 18 + 6, 0);
	ck_assert_int_eq(parse(&r, &u, 0), _i ? DROP_CHECKSUM : DROP_NOT);
}
END_TEST

START_TEST(udp_parse_of_a_length_that_lies_drops_it)
{
	static const size_t lens[] = { 0, 7, 19, 65535 };
	struct raw r = datagram(0, 10);
	struct udp u;

	raw_set16(r.b + r.len - 18 + 4, lens[_i]);
	ck_assert_int_eq(parse(&r, &u, 1), DROP_DATAGRAM);
}
END_TEST

/* Nobody can be answered there, or asked. */
START_TEST(udp_parse_of_port_0_drops_it)
{
	struct raw r = datagram(_i / 2, 10);
	struct udp u;

	raw_set16(r.b + r.len - 18 + 2 * (_i % 2), 0);
	ck_assert_int_eq(parse(&r, &u, 1), DROP_DATAGRAM);
}
END_TEST

START_TEST(udp_parse_of_padding_leaves_it_out)
{
	struct raw r = datagram(0, 10);
	struct udp u;

	raw_set16(r.b + r.len - 18 + 4, 12);
	ck_assert_int_eq(parse(&r, &u, 1), DROP_NOT);
	ck_assert_uint_eq(u.len, 4);
}
END_TEST

/* Payloads whose checksum comes out as 0 among them: it is sent as 0xffff. */
START_TEST(udp_build_makes_what_udp_parse_takes)
{
	struct addr a = raw_addr("203.0.113.53"), b = raw_addr("10.9.0.11");
	struct pkt_out p;
	struct raw r;
	struct udp u;
	uint8_t data[2];
	uint32_t i, sum, seen = 0;

	a.port = 53;
	b.port = 5353;
	for (i = 0; i < 65536; i++) {
		wire_set16(data, (uint16_t)i);
		udp_build(&p, &a, &b, data, 2, 0);
		sum = wire_get16(p.head + 26);
		if (sum == 0)
			ck_abort_msg("no checksum for %u", i);
		seen += sum == 0xffff;
		if (sum != 0xffff && i % 5000)
			continue;
		r.len = 0;
		raw_put(&r, p.head, p.headlen);
		raw_put(&r, data, 2);
		ck_assert_int_eq(parse(&r, &u, 0), DROP_NOT);
		ck_assert_uint_eq(u.dport, 5353);
	}
	ck_assert_uint_ge(seen, 1);
}
END_TEST

START_TEST(udp_build_for_a_device_that_sums_leaves_it_the_rest)
{
	struct addr a = raw_addr("fd00::53"), b = raw_addr("fd00::11");
	struct pkt_out p;

	a.port = 53;
	b.port = 5353;
	udp_build(&p, &a, &b, "abc", 3, 1);
	ck_assert_uint_eq(p.csum_start, 40);
	ck_assert_uint_eq(p.csum_offset, 6);
	ck_assert_uint_eq(p.nbody, 1);
	ck_assert_uint_eq(p.body[0].len, 3);
	/* The pseudo header's: fd00::53, fd00::11, 11 bytes, 17. */
	ck_assert_uint_eq(wire_get16(p.head + 46),
	    (0xfd00 + 0x53 + 0xfd00 + 0x11 + 11 + 17) % 0xffff);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(udp_parse_gives_ports_and_payload, 20),
	UNIT_LOOP(udp_parse_of_a_wrong_checksum_drops_it_unless_vouched_for, 2),
	UNIT_LOOP(udp_parse_takes_no_checksum_from_ipv4_alone, 2),
	UNIT_LOOP(udp_parse_of_a_length_that_lies_drops_it, 4),
	UNIT_LOOP(udp_parse_of_port_0_drops_it, 4),
	UNIT(udp_parse_of_padding_leaves_it_out),
	UNIT(udp_build_makes_what_udp_parse_takes),
	UNIT(udp_build_for_a_device_that_sums_leaves_it_the_rest),
};

UNIT_MAIN("udp", tests)
