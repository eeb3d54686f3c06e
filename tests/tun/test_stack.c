/* tests/tun/test_stack.c - the door: which packet leads where
 *
 * Rows D12 and D15 of the threat catalogue, UDP, ICMP, and counting.
 */
#include "tun/stack.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "base/wire.h"
#include "tests/tun/peer.h"
#include "tests/tun/raw.h"
#include "tests/unit.h"
#include "tun/csum.h"
#include "tun/ip.h"
#include "tun/udp.h"

static struct net net;

/* A packet of any protocol; @v6 says between which addresses. */
static struct raw
packet(int v6, uint8_t proto, const char *dest, const void *p, size_t len)
{
	struct addr a = raw_addr(v6 ? "fd00::11" : "10.9.0.11");
	struct addr b = raw_addr(dest);
	struct raw r = { .len = 0 };

	r.len = ip_build(r.b, &a, &b, proto, len);
	raw_put(&r, p, len);
	return r;
}

static struct raw
datagram(int v6, const char *dest, uint16_t port, const char *text)
{
	struct addr a = raw_addr(v6 ? "fd00::11" : "10.9.0.11");
	struct addr b = raw_addr(dest);
	uint8_t u[600];
	size_t len = 8 + strlen(text);

	wire_set16(u, 5353);
	wire_set16(u + 2, port);
	wire_set16(u + 4, (uint16_t)len);
	memcpy(u + 8, text, strlen(text));
	wire_set16(u + 6, raw_sum(u, len, 6, &a, &b, IP_UDP));
	return packet(v6, IP_UDP, dest, u, len);
}

static struct raw
echo(int v6, const char *dest, size_t len)
{
	struct addr a = raw_addr(v6 ? "fd00::11" : "10.9.0.11");
	struct addr b = raw_addr(dest);
	static uint8_t i[2000];
	size_t k;

	i[0] = v6 ? 128 : 8;
	i[1] = 0;
	raw_set16(i + 4, 0x1234);
	raw_set16(i + 6, 1);
	for (k = 8; k < len; k++)
		i[k] = (uint8_t)k;
	wire_set16(i + 2, raw_sum(i, len, 2, &a, &b, v6 ? IP_ICMP6 : 0));
	return packet(v6, v6 ? IP_ICMP6 : IP_ICMP, dest, i, len);
}

static void
input(const struct raw *r)
{
	net_packet(&net, r->b, r->len, 0);
}

/* What came out: an ICMP message of this type and code? */
static int
is_icmp(uint8_t type, uint8_t code)
{
	const struct out *o = net_out(&net);
	struct ip ip;

	return o && ip_parse(&ip, o->b, o->len) == DROP_NOT &&
	    (ip.proto == IP_ICMP || ip.proto == IP_ICMP6) &&
	    ip.payload[0] == type && ip.payload[1] == code;
}

/* --- UDP --- */

START_TEST(datagram_to_the_served_port_of_any_address_is_a_question)
{
	struct raw r = datagram(_i, _i ? "2001:db8::53" : "9.9.9.9", 53,
	    "who?");

	net_init(&net, NULL);
	input(&r);
	ck_assert_uint_eq(net.datagrams, 1);
	ck_assert_uint_eq(net.dgramlen, 4);
	ck_assert_uint_eq(net.from.port, 5353);
	ck_assert_uint_eq(net.to.port, 53);
	ck_assert_ptr_null(net_out(&net));
	net_fini(&net);
}
END_TEST

START_TEST(answer_comes_from_the_address_that_was_asked)
{
	int v6 = _i & 1;
	struct stack_conf conf = { .offload = _i >> 1 };
	struct raw r = datagram(v6, v6 ? "2001:db8::53" : "9.9.9.9", 53,
	    "who?");
	const struct out *o;
	struct ip ip;
	struct udp u;

	net_init(&net, &conf);
	input(&r);
	stack_send(net.stack, &net.to, &net.from, "it is", 5);
	ck_assert_ptr_nonnull(o = net_out(&net));
	ck_assert_int_eq(ip_parse(&ip, o->b, o->len), DROP_NOT);
	ck_assert(addr_same_ip(&ip.src, &net.to));
	ck_assert(addr_same_ip(&ip.dst, &net.from));
	ck_assert_int_eq(udp_parse(&u, &ip, 0), DROP_NOT);
	ck_assert_uint_eq(u.sport, 53);
	ck_assert_uint_eq(u.dport, 5353);
	ck_assert_mem_eq(u.data, "it is", 5);
	net_fini(&net);
}
END_TEST

START_TEST(answer_that_does_not_fit_is_dropped_and_counted)
{
	static uint8_t big[1500];
	struct addr a, b;

	net_init(&net, NULL);
	addr_v4(&a, 0x09090909, 53);
	addr_v4(&b, 0x0a000001, 5353);
	stack_send(net.stack, &a, &b, big, 1500 - 28);
	ck_assert_ptr_nonnull(net_out(&net));
	stack_send(net.stack, &a, &b, big, 1500 - 27);
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_dropped(&net, DROP_DATAGRAM), 1);
	net_fini(&net);
}
END_TEST

START_TEST(datagram_to_any_other_port_is_prohibited_at_once)
{
	struct raw r = datagram(_i, _i ? "2001:db8::1" : "9.9.9.9", 443,
	    "quic");

	net_init(&net, NULL);
	input(&r);
	ck_assert(_i ? is_icmp(1, 1) : is_icmp(3, 13));
	ck_assert_uint_eq(net.datagrams, 0);
	ck_assert_uint_eq(net_dropped(&net, DROP_UNSERVED), 1);
	net_fini(&net);
}
END_TEST

START_TEST(datagrams_by_the_thousand_are_not_all_answered)
{
	struct raw r = datagram(0, "9.9.9.9", 443, "quic");
	struct addr a;
	uint32_t i;
	size_t one;

	net_init(&net, NULL);
	net.quiet = 1;
	for (i = 0; i < 10000; i++)
		input(&r);
	one = net.nout;
	ck_assert_uint_ge(one, 100);
	ck_assert_uint_le(one, 200);
	/* Nor where each has another source; the checksums are vouched for. */
	for (i = 0; i < 100000; i++) {
		addr_v4(&a, 0x0b000001 + i, 0);
		memcpy(r.b + 12, a.ip, 4);
		wire_set16(r.b + 10, raw_sum4(r.b));
		net_packet(&net, r.b, r.len, 1);
	}
	ck_assert_uint_le(net.nout, 1000);
	/* A second later there is more. */
	net_advance(&net, 1000);
	one = net.nout;
	for (i = 0; i < 1000; i++)
		net_packet(&net, r.b, r.len, 1);
	ck_assert_uint_gt(net.nout, one);
	net_fini(&net);
}
END_TEST

/* --- ICMP --- */

START_TEST(echo_to_our_own_address_is_answered)
{
	struct raw r = echo(_i, _i ? "fd00:6f74::1" : "10.191.0.1", 64);
	const struct out *o;
	struct ip ip;

	net_init(&net, NULL);
	input(&r);
	ck_assert_ptr_nonnull(o = net_out(&net));
	ck_assert_int_eq(ip_parse(&ip, o->b, o->len), DROP_NOT);
	ck_assert_uint_eq(ip.payload[0], _i ? 129 : 0);
	ck_assert_uint_eq(ip.len, 64);
	ck_assert_mem_eq(ip.payload + 4, r.b + r.len - 60, 60);
	net_fini(&net);
}
END_TEST

START_TEST(echo_that_is_longer_than_the_device_takes_is_dropped)
{
	struct raw r = echo(_i, _i ? "fd00:6f74::1" : "10.191.0.1",
	    _i ? 1461 : 1481);

	net_init(&net, NULL);
	input(&r);
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_dropped(&net, DROP_ICMP), 1);
	net_fini(&net);
}
END_TEST

START_TEST(echo_to_any_other_address_is_prohibited)
{
	struct raw r = echo(_i, _i ? "2001:db8::1" : "9.9.9.9", 64);

	net_init(&net, NULL);
	input(&r);
	ck_assert(_i ? is_icmp(1, 1) : is_icmp(3, 13));
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_dropped(&net, DROP_ICMP), 1);
	net_fini(&net);
}
END_TEST

START_TEST(protocol_that_is_not_carried_is_told_so)
{
	static const uint8_t protos[] = { 132, 47, 33, 88, 255 };
	struct raw r = packet(_i & 1, protos[_i / 2],
	    _i & 1 ? "2001:db8::1" : "9.9.9.9", "whatever it is..", 16);

	net_init(&net, NULL);
	input(&r);
	ck_assert(_i & 1 ? is_icmp(4, 1) : is_icmp(3, 2));
	ck_assert_ptr_null(net_out(&net));
	net_fini(&net);
}
END_TEST

/* RFC 8200 4.7: there is nothing to be told about. */
START_TEST(packet_with_nothing_in_it_is_dropped)
{
	struct raw r = packet(1, 59, "2001:db8::1", "whatever", 8);

	net_init(&net, NULL);
	input(&r);
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_dropped(&net, DROP_PROTOCOL), 1);
	net_fini(&net);
}
END_TEST

START_TEST(icmp_of_the_other_family_is_dropped)
{
	static const uint8_t ping[64] = { 8 };
	struct raw r = packet(_i, _i ? IP_ICMP : IP_ICMP6,
	    _i ? "fd00:6f74::1" : "10.191.0.1", ping, sizeof(ping));

	net_init(&net, NULL);
	input(&r);
	ck_assert_ptr_null(net_out(&net));
	ck_assert_uint_eq(net_dropped(&net, DROP_PROTOCOL), 1);
	net_fini(&net);
}
END_TEST

/* --- D12: what is dropped, in silence --- */

static struct raw
syn(const char *from, const char *to, uint16_t sport, uint16_t dport)
{
	struct addr a = raw_addr(from), b = raw_addr(to);
	struct raw r = { .len = 0 };
	uint8_t t[20] = { 0 };

	wire_set16(t, sport);
	wire_set16(t + 2, dport);
	t[12] = 5 << 4;
	t[13] = TCP_SYN;
	wire_set16(t + 16, raw_sum(t, 20, 16, &a, &b, IP_TCP));
	r.len = ip_build(r.b, &a, &b, IP_TCP, 20);
	raw_put(&r, t, 20);
	return r;
}

static const struct {
	const char	*name, *from, *to;
	uint16_t	 sport, dport;
	int		 spoil;		/* xor 1 at this offset */
	int		 cut;
	enum drop	 why;
} bad[] = {
	{ "LAND", "9.9.9.9", "9.9.9.9", 80, 80, 0, 0, DROP_SOURCE },
	{ "LAND6", "2001:db8::1", "2001:db8::1", 80, 80, 0, 0, DROP_SOURCE },
	{ "from multicast", "224.0.0.1", "9.9.9.9", 1, 80, 0, 0, DROP_SOURCE },
	{ "from broadcast", "255.255.255.255", "9.9.9.9", 1, 80, 0, 0,
	    DROP_SOURCE },
	{ "from nobody", "0.0.0.0", "9.9.9.9", 1, 80, 0, 0, DROP_SOURCE },
	{ "from loopback", "127.0.0.1", "9.9.9.9", 1, 80, 0, 0, DROP_SOURCE },
	{ "from us", "10.191.0.1", "9.9.9.9", 1, 80, 0, 0, DROP_SOURCE },
	{ "from us6", "fd00:6f74::1", "2001:db8::1", 1, 80, 0, 0, DROP_SOURCE },
	{ "to multicast", "10.0.0.1", "224.0.0.1", 1, 80, 0, 0, DROP_DEST },
	{ "to multicast6", "fd00::1", "ff02::1", 1, 80, 0, 0, DROP_DEST },
	{ "from port 0", "10.0.0.1", "9.9.9.9", 0, 80, 0, 0, DROP_SEGMENT },
	{ "to port 0", "10.0.0.1", "9.9.9.9", 1, 0, 0, 0, DROP_SEGMENT },
	{ "TCP checksum", "10.0.0.1", "9.9.9.9", 1, 80, 25, 0, DROP_CHECKSUM },
	{ "TCP6 checksum", "fd00::1", "2001:db8::1", 1, 80, 45, 0,
	    DROP_CHECKSUM },
	{ "IP checksum", "10.0.0.1", "9.9.9.9", 1, 80, 11, 0, DROP_CHECKSUM },
	{ "shorter than it says", "10.0.0.1", "9.9.9.9", 1, 80, 0, 1,
	    DROP_RUNT },
	{ "a runt", "10.0.0.1", "9.9.9.9", 1, 80, 0, 30, DROP_RUNT },
	{ "nothing", "10.0.0.1", "9.9.9.9", 1, 80, 0, 40, DROP_RUNT },
};

START_TEST(d12_impossible_packet_is_dropped_in_silence_and_counted)
{
	struct raw r = syn(bad[_i].from, bad[_i].to, bad[_i].sport,
	    bad[_i].dport);
	struct stack_totals t;

	net_init(&net, NULL);
	if (bad[_i].spoil)
		r.b[bad[_i].spoil] ^= 1;
	net_packet(&net, r.b, r.len - (size_t)bad[_i].cut, 0);
	ck_assert_uint_eq(net.opens, 0);
	ck_assert_uint_eq(net.nout, 0);
	t = net_totals(&net);
	ck_assert_msg(t.dropped[bad[_i].why] == 1, "%s", bad[_i].name);
	ck_assert_uint_eq(t.packets_in, 1);
	net_fini(&net);
}
END_TEST

START_TEST(checksum_that_the_device_vouches_for_is_not_looked_at)
{
	struct raw r = syn("10.0.0.1", "9.9.9.9", 1, 80);

	net_init(&net, NULL);
	r.b[36] ^= 0xff;
	net_packet(&net, r.b, r.len, 1);
	ck_assert_uint_eq(net.opens, 1);
	net_fini(&net);
}
END_TEST

/* --- D15, and what else could tell one client from another --- */

START_TEST(d15_ip_id_tells_nothing_of_what_else_is_sent)
{
	struct peer a, b;
	uint16_t first = 0, id;
	int i, same = 1, next = 0;
	const struct out *o;
	uint16_t was = 0;

	net_init(&net, NULL);
	net.accept = 1000;
	peer_init(&a, &net, "10.9.0.11:1000", "203.0.113.80:80");
	peer_init(&b, &net, "10.9.0.12:1000", "203.0.113.80:80");
	for (i = 0; i < 1000; i++) {
		a.me.port++;
		b.me.port++;
		peer_syn(&a);
		o = net_out(&net);
		PEER_MUST(o != NULL);
		id = wire_get16(o->b + 4);
		PEER_MUST(o->b[6] & 0x40);	/* don't fragment */
		if (i == 0)
			first = id;
		same &= id == first;
		next += i && (uint16_t)(id - was) < 8;
		was = id;
		peer_send(&a, TCP_RST, a.iss + 1, 0, NULL, 0);
		peer_syn(&b);
		peer_send(&b, TCP_RST, b.iss + 1, 0, NULL, 0);
		net_flush(&net);
	}
	/* One and the same, or as by chance: no counter. */
	ck_assert(same || next < 20);
	net_fini(&net);
}
END_TEST

/* Two clients that could not differ more get the same but for numbers. */
START_TEST(what_we_send_does_not_show_what_the_client_sent)
{
	struct peer a, b;
	const struct out *o;
	uint8_t ha[60], hb[60];

	net_init(&net, NULL);
	net.accept = 1000;
	peer_init(&a, &net, "10.9.0.11:1000", "203.0.113.80:80");
	peer_init(&b, &net, "10.9.0.12:1000", "203.0.113.80:80");
	a.sack = b.sack = a.ts = b.ts = 1;
	a.wscale = 2;
	b.wscale = 14;
	a.mss = 1400;
	b.mss = 536;
	a.wnd = 1000;
	b.wnd = 65000;
	peer_syn(&a);
	o = net_out(&net);
	ck_assert_uint_eq(o->len, 60);
	memcpy(ha, o->b, 60);
	peer_syn(&b);
	o = net_out(&net);
	ck_assert_uint_eq(o->len, 60);
	memcpy(hb, o->b, 60);
	ck_assert_mem_eq(ha, hb, 10);		/* up to the IP checksum */
	ck_assert_mem_eq(ha + 32, hb + 32, 4);	/* flags, window */
	ck_assert_mem_eq(ha + 40, hb + 40, 7);	/* options, up to values */
	net_fini(&net);
}
END_TEST

/* --- the rest --- */

START_TEST(totals_count_packets_and_bytes_both_ways)
{
	struct raw r = echo(0, "10.191.0.1", 64);
	struct stack_totals t;

	net_init(&net, NULL);
	input(&r);
	input(&r);
	t = net_totals(&net);
	ck_assert_uint_eq(t.packets_in, 2);
	ck_assert_uint_eq(t.packets_out, 2);
	ck_assert_uint_eq(t.bytes_in, 2 * 84);
	ck_assert_uint_eq(t.bytes_out, 2 * 84);
	net_fini(&net);
}
END_TEST

START_TEST(stack_new_of_an_mtu_below_that_of_ipv6_is_refused)
{
	struct stack_conf conf;
	struct stack *s;

	net_init(&net, NULL);
	conf = net.conf;
	conf.mtu = 1279;
	ck_assert_int_eq(stack_new(&s, &conf), -EINVAL);
	net_fini(&net);
}
END_TEST

static void
free_it(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *e)
{
	(void)client;
	(void)dest;
	(void)e;
	stack_free(((struct net *)arg)->stack);
}

START_TEST(stack_free_from_within_a_call_is_safe)
{
	struct stack_user user;
	struct stack_conf conf;
	struct raw r = syn("10.0.0.1", "9.9.9.9", 1, 80);
	struct stack *s, *was;

	net_init(&net, NULL);
	conf = net.conf;
	user = *conf.user;
	user.open = free_it;
	conf.user = &user;
	ck_assert_int_eq(stack_new(&s, &conf), 0);
	was = net.stack;
	net.stack = s;
	net_packet_in_turn(&net, r.b, r.len, 0);
	net_packet_in_turn(&net, r.b, r.len, 0);	/* nobody is there */
	ck_assert_uint_eq(net_totals(&net).packets_in, 1);
	loop_end_turn(&net.loop);
	net.stack = was;
	net_fini(&net);
}
END_TEST

static void
leave_it(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *e)
{
	(void)arg;
	(void)client;
	(void)dest;
	(void)e;
}

START_TEST(open_that_nobody_takes_is_refused)
{
	struct raw r = syn("10.0.0.1", "9.9.9.9", 1, 80);
	struct stack_user user;
	struct stack_conf conf;

	net_init(&net, NULL);
	conf = net.conf;
	user = *conf.user;
	user.open = leave_it;
	conf.user = &user;
	stack_free(net.stack);
	loop_end_turn(&net.loop);
	ck_assert_int_eq(stack_new(&net.stack, &conf), 0);
	input(&r);
	ck_assert_ptr_nonnull(net_out(&net));
	ck_assert_uint_eq(net_totals(&net).refused, 1);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(datagram_to_the_served_port_of_any_address_is_a_question, 2),
	UNIT_LOOP(answer_comes_from_the_address_that_was_asked, 4),
	UNIT(answer_that_does_not_fit_is_dropped_and_counted),
	UNIT_LOOP(datagram_to_any_other_port_is_prohibited_at_once, 2),
	UNIT(datagrams_by_the_thousand_are_not_all_answered),
	UNIT_LOOP(echo_to_our_own_address_is_answered, 2),
	UNIT_LOOP(echo_that_is_longer_than_the_device_takes_is_dropped, 2),
	UNIT_LOOP(echo_to_any_other_address_is_prohibited, 2),
	UNIT(packet_with_nothing_in_it_is_dropped),
	UNIT_LOOP(protocol_that_is_not_carried_is_told_so, 10),
	UNIT_LOOP(icmp_of_the_other_family_is_dropped, 2),
	UNIT_LOOP(d12_impossible_packet_is_dropped_in_silence_and_counted,
	    NELEM(bad)),
	UNIT(checksum_that_the_device_vouches_for_is_not_looked_at),
	UNIT(d15_ip_id_tells_nothing_of_what_else_is_sent),
	UNIT(what_we_send_does_not_show_what_the_client_sent),
	UNIT(totals_count_packets_and_bytes_both_ways),
	UNIT(stack_new_of_an_mtu_below_that_of_ipv6_is_refused),
	UNIT(stack_free_from_within_a_call_is_safe),
	UNIT(open_that_nobody_takes_is_refused),
};

UNIT_MAIN("stack", tests)
