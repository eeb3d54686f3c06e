/* tests/tun/test_tcp_hard.c - a connection among those who mean it ill
 *
 * By the rows of the threat catalogue: D02 to D06, D08, D13.
 */
#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "tests/tun/peer.h"
#include "tests/unit.h"
#include "tun/csum.h"
#include "tun/ip.h"
#include "tun/tcp_conn.h"
#include "tun/tcp_table.h"

enum { CREDIT = 10000 };

static struct net net;
static struct peer peer;

static void
start(void)
{
	net_init(&net, NULL);
	peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
}

static void
start_open(void)
{
	start();
	peer_open(&peer, CREDIT);
}

static void
turn(void)
{
	loop_end_turn(&net.loop);
}

/* An ACK of where we are, and nothing else. */
static int
is_challenged(void)
{
	return peer_got(&peer) && peer.got.flags == TCP_ACK &&
	    peer.got.len == 0 && peer.got.ack == peer.nxt &&
	    peer.got.seq == peer.ack;
}

static int
is_open(void)
{
	return peer.hold->gones == 0 && peer.hold->ep != NULL;
}

/* --- D02, D03, D04, D05: RFC 5961 --- */

START_TEST(d02_rst_at_the_next_number_ends_the_connection)
{
	start_open();
	peer_send(&peer, TCP_RST, peer.nxt, 0, NULL, 0);
	ck_assert_uint_eq(peer.hold->gones, 1);
	ck_assert_int_eq(peer.hold->why, -ECONNRESET);
	ck_assert(peer_none(&peer));
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(d02_rst_elsewhere_in_the_window_is_challenged)
{
	static const uint32_t off[] = { 1, 2, 100, CREDIT - 1, CREDIT };

	start_open();
	peer_send(&peer, TCP_RST, peer.nxt + off[_i], 0, NULL, 0);
	ck_assert(is_challenged());
	ck_assert(peer_none(&peer));
	ck_assert(is_open());
	net_fini(&net);
}
END_TEST

START_TEST(d02_rst_out_of_the_window_means_nothing)
{
	static const uint32_t off[] = {
		0xffffffff, 0xfffff000, CREDIT + 1, 100000, 0x7fffffff,
		0x80000000
	};

	start_open();
	peer_send(&peer, TCP_RST, peer.nxt + off[_i], 0, NULL, 0);
	ck_assert(peer_none(&peer));
	ck_assert(is_open());
	net_fini(&net);
}
END_TEST

START_TEST(d03_syn_in_an_open_connection_is_challenged)
{
	static const uint32_t off[] = { 0, 1, 0xffffffff, 0x80000000 };

	start_open();
	peer_send(&peer, _i & 1 ? TCP_SYN : TCP_SYN | TCP_ACK,
	    peer.nxt + off[_i / 2], peer.ack, NULL, 0);
	ck_assert(is_challenged());
	ck_assert(is_open());
	peer_data(&peer, "x", 1);
	ck_assert_uint_eq(peer.hold->len, 1);
	net_fini(&net);
}
END_TEST

static void
carry_down(size_t len)
{
	static uint8_t some[100000];

	endpoint_send(peer.hold->ep, some, len);
	turn();
	while (endpoint_under_way(peer.hold->ep)) {
		peer_take(&peer);
		peer_ack(&peer);
	}
	net_flush(&net);
}

/* una and max lie 1000 apart; the largest window of the client was 65535. */
START_TEST(d04_ack_is_taken_within_its_range_and_nowhere_else)
{
	static const struct {
		uint32_t	off;	/* from una */
		int		ok;
	} c[] = {
		{ 0, 1 }, { 1000, 1 }, { 1001, 0 }, { 0x7fffffff, 0 },
		{ (uint32_t)-1, 1 }, { (uint32_t)-65535, 1 },
		{ (uint32_t)-65536, 0 }, { 0x80000000, 0 }
	};
	uint8_t some[1000] = { 0 };

	start_open();
	carry_down(100000);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	net_flush(&net);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack + c[_i].off, "x", 1);
	ck_assert_uint_eq(peer.hold->len, (unsigned)c[_i].ok);
	if (!c[_i].ok) {
		ck_assert(peer_got(&peer));
		ck_assert_uint_eq(peer.got.ack, peer.nxt);
		ck_assert_uint_eq(net_dropped(&net, DROP_WINDOW), 1);
	}
	ck_assert_uint_eq(endpoint_under_way(peer.hold->ep),
	    c[_i].off == 1000 ? 0 : 1000);
	net_fini(&net);
}
END_TEST

START_TEST(d04_ack_of_what_was_before_our_syn_is_not_taken)
{
	start_open();
	carry_down(1000);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack - 1001, "x", 1);
	ck_assert_uint_eq(peer.hold->len, 0);
	ck_assert(is_challenged());
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack - 1000, "x", 1);
	ck_assert_uint_eq(peer.hold->len, 1);
	net_fini(&net);
}
END_TEST

static unsigned
challenges(struct peer *p, unsigned n)
{
	unsigned got = 0, i;

	for (i = 0; i < n; i++) {
		peer_send(p, TCP_RST, p->nxt + 5, 0, NULL, 0);
		while (peer_got(p))
			got++;
	}
	return got;
}

START_TEST(d05_challenges_are_counted_per_connection_not_in_all)
{
	struct peer other;

	start_open();
	peer_init(&other, &net, "10.9.0.66:40000", "203.0.113.80:80");
	peer_open(&other, CREDIT);
	ck_assert_uint_eq(challenges(&peer, 1000), TCP_CHALLENGE_BURST);
	/* One's are used up; the other's are all there. */
	ck_assert_uint_eq(challenges(&other, 1000), TCP_CHALLENGE_BURST);
	net_advance(&net, TCP_CHALLENGE_MS);
	ck_assert_uint_eq(challenges(&peer, 1000), 1);
	net_fini(&net);
}
END_TEST

/* --- D06: RFC 5927 --- */

/* An ICMP error from somebody about a segment of ours. */
static void
forge(uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq)
{
	uint8_t b[IP4_HEAD + 8 + IP4_HEAD + 8], *icmp, *tcp;
	struct addr from;
	size_t at;

	addr_v4(&from, 0x0a090042, 0);
	at = ip_build(b, &from, &peer.dest, IP_ICMP, sizeof(b) - IP4_HEAD);
	icmp = b + at;
	memset(icmp, 0, 8);
	icmp[0] = type;
	icmp[1] = code;
	wire_set16(icmp + 6, mtu);
	tcp = icmp + 8 + ip_build(icmp + 8, &peer.dest, &peer.me, IP_TCP, 20);
	wire_set16(tcp, peer.dest.port);
	wire_set16(tcp + 2, peer.me.port);
	wire_set32(tcp + 4, seq);
	wire_set16(icmp + 2, csum_fold(csum_add(0, icmp, sizeof(b) - at)));
	net_packet(&net, b, sizeof(b), 0);
}

START_TEST(d06_a_hundred_thousand_forged_errors_do_no_harm)
{
	static const uint8_t types[][2] = {
		{ 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 13 }, { 4, 0 },
		{ 11, 0 }, { 12, 0 }, { 5, 1 }, { 3, 4 }
	};
	uint8_t some[1000] = { 0 };
	unsigned i;

	start_open();
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	net.quiet = 1;
	for (i = 0; i < 100000; i++)
		forge(types[i % 10][0], types[i % 10][1],
		    (uint16_t)(i % 576), peer.ack + i % 1100);
	net.quiet = 0;
	ck_assert(is_open());
	ck_assert_uint_eq(peer_take(&peer), 1000);
	ck_assert_uint_eq(net_dropped(&net, DROP_ICMP), 100000);
	net_fini(&net);
}
END_TEST

START_TEST(d06_too_big_leaves_room_for_timestamps)
{
	static uint8_t some[2000];

	start();
	peer.ts = 1;
	peer_open(&peer, CREDIT);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	net_flush(&net);
	forge(3, 4, 1400, peer.ack);
	peer.ack += sizeof(some);
	peer_ack(&peer);
	net_flush(&net);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.len, 1400 - 40 - 12);
	net_fini(&net);
}
END_TEST

START_TEST(d06_too_big_is_believed_if_it_quotes_what_is_under_way)
{
	static const struct {
		uint16_t	mtu;
		uint32_t	off;
		size_t		len;		/* of what is sent then */
	} c[] = {
		{ 1400, 0, 1360 }, { 1400, 2919, 1360 }, { 576, 0, 536 },
		{ 1400, 2920, 1460 }, { 1400, 0xffffffff, 1460 },
		{ 575, 0, 1460 }, { 0, 0, 1460 }, { 1500, 0, 1460 },
		{ 9000, 0, 1460 }
	};
	static uint8_t some[2920];
	size_t most = 0;

	start_open();
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	net_flush(&net);
	forge(3, 4, c[_i].mtu, peer.ack + c[_i].off);
	net_flush(&net);
	peer.ack += sizeof(some);
	peer_ack(&peer);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	while (peer_got(&peer))
		if (peer.got.len > most)
			most = peer.got.len;
	ck_assert_uint_eq(most, c[_i].len);
	net_fini(&net);
}
END_TEST

/* --- D07 --- */

START_TEST(d07_mss_has_a_floor)
{
	static const uint16_t mss[] = { 0, 1, 88, 535, 536, 1000, 65535 };
	static const size_t want[] = { 536, 536, 536, 536, 536, 1000, 1460 };
	static uint8_t some[4000];
	size_t most = 0;

	start();
	peer.mss = mss[_i];
	peer_open(&peer, CREDIT);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	while (peer_got(&peer))
		if (peer.got.len > most)
			most = peer.got.len;
	ck_assert_uint_eq(most, want[_i]);
	net_fini(&net);
}
END_TEST

START_TEST(d07_timestamps_fit_into_the_smallest_mss)
{
	static uint8_t some[4000];
	size_t most = 0;

	start();
	peer.mss = 536;
	peer.ts = 1;
	peer_open(&peer, CREDIT);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	while (peer_got(&peer))
		if (peer.got.len > most)
			most = peer.got.len;
	ck_assert_uint_eq(most, 536 - 12);
	net_fini(&net);
}
END_TEST

START_TEST(d07_old_timestamps_are_dropped_for_24_days)
{
	start();
	peer.ts = 1;
	peer_open(&peer, CREDIT);
	peer.ts_val = 6000;
	peer_data(&peer, "a", 1);
	peer.ts_val = 5999;
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "b", 1);
	ck_assert_uint_eq(peer.hold->len, 1);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ts_ecr, 6000);
	/* An old one must not become the newest, nor one from the future that
	 * lies beyond what was acknowledged. */
	peer.ts_val = 7000;
	peer_send(&peer, TCP_ACK, peer.nxt + 10, peer.ack, "z", 1);
	peer_got(&peer);
	ck_assert_uint_eq(peer.got.ts_ecr, 6000);
	/* None at all where they were agreed on. */
	peer.ts = 0;
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "b", 1);
	ck_assert_uint_eq(peer.hold->len, 1);
	/* A reset needs none. */
	peer_send(&peer, TCP_RST, peer.nxt, peer.ack, NULL, 0);
	ck_assert_uint_eq(peer.hold->gones, 1);
	net_fini(&net);
}
END_TEST

/* Our ACK was lost: what comes again is echoed, not what came first; but from
 * far away, or with an ACK of nothing that was sent, it is somebody else's. */
START_TEST(d07_timestamp_of_bytes_that_come_again_is_echoed)
{
	static const struct {
		uint32_t	back, ack;
		int		ok;
	} c[] = {
		{ 1, 0, 1 }, { 1, 1, 0 }, { 1 << 21, 0, 0 },
		{ 0x40000000, 0, 0 }
	};

	start();
	peer.ts = 1;
	peer_open(&peer, CREDIT);
	peer.ts_val = 6000;
	peer_data(&peer, "a", 1);
	net_advance(&net, 100);
	net_flush(&net);
	peer.ts_val = 7000;
	peer_send(&peer, TCP_ACK, peer.nxt - c[_i].back,
	    peer.ack + c[_i].ack, "a", 1);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ts_ecr, c[_i].ok ? 7000 : 6000);
	net_fini(&net);
}
END_TEST

START_TEST(d07_timestamp_that_wrapped_in_24_days_of_silence_is_new)
{
	start();
	peer.ts = 1;
	peer_open(&peer, CREDIT);
	peer.ts_val = 6000;
	peer_data(&peer, "a", 1);
	peer.ts_val = 5999;
	/* It answers what it is asked, but is not heard: no turn of the hand
	 * makes 24 days pass for a connection that is asked every two hours. */
	net.loop.now += (int64_t)24 * 86400 * 1000 - 1;
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "b", 1);
	ck_assert_uint_eq(peer.hold->len, 1);
	net.loop.now += 1;
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "b", 1);
	ck_assert_uint_eq(peer.hold->len, 2);
	net_fini(&net);
}
END_TEST

START_TEST(d07_scale_of_the_client_counts_and_14_is_the_most)
{
	static const int8_t scales[] = { -1, 0, 3, 14, 15, 127 };
	static const size_t want[] = { 100, 100, 800, 40000, 40000, 40000 };
	static uint8_t some[40000];
	size_t i, n = 0;

	start();
	peer.wscale = scales[_i];
	peer.wnd = 100;
	peer_open(&peer, CREDIT);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	for (i = 0; i < 20; i++) {
		while (peer_got(&peer))
			n += peer.got.len;
		if (want[_i] < 1000)
			break;
		peer.ack = peer.got.seq + (uint32_t)peer.got.len;
		peer_ack(&peer);
	}
	ck_assert_uint_eq(n, want[_i]);
	net_fini(&net);
}
END_TEST

/* Only the echo tells which of the two was answered. */
START_TEST(d07_echoed_timestamp_measures_the_round_trip)
{
	struct tcp *c;

	start();
	peer.ts = 1;
	peer_open(&peer, CREDIT);
	c = (struct tcp *)(void *)peer.hold->ep;
	ck_assert_uint_eq(tcp_rtt_ms(&c->snd.rtt), 0);	/* the handshake's */
	endpoint_send(peer.hold->ep, "x", 1);
	turn();
	net_flush(&net);
	while (peer_none(&peer))
		net_advance(&net, 1);
	net_advance(&net, 80);
	peer.ack++;
	peer_ack(&peer);
	ck_assert_uint_eq(tcp_rtt_ms(&c->snd.rtt), 80 / 8);
	net_fini(&net);
}
END_TEST

/* --- D08 --- */

START_TEST(d08_urgent_data_are_as_any_other)
{
	start_open();
	peer_send(&peer, TCP_ACK | TCP_URG, peer.nxt, peer.ack, "abc", 3);
	ck_assert_uint_eq(peer.hold->len, 3);
	ck_assert(memcmp(peer.hold->got, "abc", 3) == 0);
	ck_assert(is_open());
	net_fini(&net);
}
END_TEST

/* --- D13: states --- */

START_TEST(d13_window_that_stays_shut_ends_after_a_while)
{
	static uint8_t some[5000];
	int64_t t;

	start_open();
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	peer_take(&peer);
	peer.wnd = 0;
	peer_ack(&peer);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	for (t = 0; t < TCP_STALL_MS + 120000 && is_open(); t += 1000) {
		net_advance(&net, 1000);
		if (peer_got(&peer))
			peer_ack(&peer);	/* there, and no more */
		net_flush(&net);
		if (t == TCP_STALL_MS - 120000)
			ck_assert(is_open());
	}
	ck_assert(!is_open());
	ck_assert_int_eq(peer.hold->why, -ETIMEDOUT);
	net_fini(&net);
}
END_TEST

START_TEST(d13_slow_reader_that_stops_for_a_minute_goes_on)
{
	static uint8_t some[100000];
	int i;

	start_open();
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, some, sizeof(some)),
	    sizeof(some));
	turn();
	peer_take(&peer);
	peer.wnd = 0;
	peer_ack(&peer);
	for (i = 0; i < 120; i++) {
		net_advance(&net, 1000);
		if (peer_got(&peer))
			peer_ack(&peer);
		net_flush(&net);
	}
	peer.wnd = 65535;
	peer_ack(&peer);
	for (i = 0; i < 50 && endpoint_under_way(peer.hold->ep); i++) {
		peer_take(&peer);
		peer_ack(&peer);
		net_advance(&net, 10);
	}
	ck_assert_uint_eq(endpoint_under_way(peer.hold->ep), 0);
	net_fini(&net);
}
END_TEST

/* In which the client leaves a connection and is silent for ever. */
static const struct {
	const char	*name;
	int		 sends, fins, client_fins, acks_fin;
	int64_t		 within_ms;
} left[] = {
	{ "ESTABLISHED", 0, 0, 0, 0,
	    TCP_IDLE_MS + TCP_IDLE_TRIES * TCP_IDLE_EVERY_MS },
	{ "ESTABLISHED, sending", 1, 0, 0, 0, TCP_GIVE_UP_MS },
	{ "FIN_WAIT_1", 0, 1, 0, 0, TCP_GIVE_UP_MS },
	{ "FIN_WAIT_2", 0, 1, 0, 1,
	    TCP_HALF_MS + TCP_HALF_TRIES * TCP_HALF_EVERY_MS },
	{ "CLOSE_WAIT", 0, 0, 1, 0,
	    TCP_HALF_MS + TCP_HALF_TRIES * TCP_HALF_EVERY_MS },
	{ "CLOSING", 0, 1, 1, 0, TCP_GIVE_UP_MS },
};

START_TEST(d13_client_that_vanishes_frees_its_state)
{
	start_open();
	if (left[_i].sends)
		endpoint_send(peer.hold->ep, "x", 1);
	if (left[_i].fins)
		endpoint_fin(peer.hold->ep);
	turn();
	if (left[_i].acks_fin) {
		peer.ack++;
		peer_ack(&peer);
	}
	if (left[_i].client_fins)
		peer_fin(&peer);
	net.quiet = 1;
	net_advance(&net, left[_i].within_ms - 5000);
	ck_assert_msg(is_open(), "%s", left[_i].name);
	net_advance(&net, 10000);
	ck_assert_msg(!is_open(), "%s", left[_i].name);
	ck_assert_int_eq(peer.hold->why, -ETIMEDOUT);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(d13_client_that_answers_is_not_taken_for_gone)
{
	int64_t t;

	start_open();
	for (t = 0; t < 86400; t += 60) {
		net_advance(&net, 60000);
		while (peer_got(&peer)) {
			ck_assert_uint_eq(peer.got.seq, peer.ack - 1);
			peer_ack(&peer);
		}
	}
	ck_assert(is_open());
	net_fini(&net);
}
END_TEST

START_TEST(d13_fin_wait_2_held_by_a_live_client_ends)
{
	int64_t t;

	start_open();
	endpoint_fin(peer.hold->ep);
	turn();
	peer_take(&peer);
	peer_ack(&peer);
	for (t = 0; t < TCP_STALL_MS + 10000; t += 10000) {
		net_advance(&net, 10000);
		while (peer_got(&peer))
			if (is_open())
				peer_ack(&peer);
	}
	ck_assert(!is_open());
	ck_assert_int_eq(peer.hold->why, -ETIMEDOUT);
	net_fini(&net);
}
END_TEST

START_TEST(d13_held_syn_whose_client_gave_up_ends)
{
	start();
	peer_syn(&peer);
	net_advance(&net, TCP_HELD_MS - 1000);
	peer_syn(&peer);
	net_advance(&net, TCP_HELD_MS - 1000);
	ck_assert_uint_eq(net.holds->gones, 0);
	net_advance(&net, 2000);
	ck_assert_int_eq(net.holds->why, -ETIMEDOUT);
	ck_assert(peer_none(&peer));
	net_fini(&net);
}
END_TEST

START_TEST(d13_data_after_fin_are_not_taken)
{
	start_open();
	peer_fin(&peer);
	net_flush(&net);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "late", 4);
	ck_assert(is_challenged());
	ck_assert_uint_eq(peer.hold->len, 0);
	ck_assert(is_open());
	net_fini(&net);
}
END_TEST

START_TEST(d13_slow_reader_that_takes_a_little_lives)
{
	static uint8_t some[200000];
	int64_t t;

	start_open();
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	for (t = 0; t < 2 * TCP_STALL_MS && is_open(); t += 20000) {
		net_flush(&net);
		peer.wnd = 100;
		peer_ack(&peer);	/* opens a little */
		net_advance(&net, 10000);
		peer_take(&peer);
		peer.wnd = 0;
		peer_ack(&peer);	/* and shuts again */
		net_advance(&net, 10000);
	}
	ck_assert(is_open());
	net_fini(&net);
}
END_TEST

START_TEST(held_syn_is_ended_by_its_own_reset_alone)
{
	start();
	peer_syn(&peer);
	peer_send(&peer, TCP_RST, peer.nxt + 1, 0, NULL, 0);
	peer_send(&peer, TCP_RST, peer.nxt - 1, 0, NULL, 0);
	peer_send(&peer, TCP_ACK, peer.nxt, 1, "x", 1);
	ck_assert_uint_eq(net.holds->gones, 0);
	ck_assert_uint_eq(net_dropped(&net, DROP_STRAY), 3);
	ck_assert(peer_none(&peer));
	peer_send(&peer, TCP_RST, peer.nxt, 0, NULL, 0);
	ck_assert_int_eq(net.holds->why, -ECONNRESET);
	net_fini(&net);
}
END_TEST

START_TEST(held_syn_is_kept_alive_by_itself_alone)
{
	start();
	peer_syn(&peer);
	net_advance(&net, TCP_HELD_MS - 1000);
	peer_send(&peer, TCP_SYN, peer.iss + 77, 0, NULL, 0);
	ck_assert_uint_eq(net.opens, 1);
	net_advance(&net, 2000);
	ck_assert_uint_eq(net.holds->gones, 1);
	net_fini(&net);
}
END_TEST

START_TEST(segment_without_ack_is_dropped)
{
	start_open();
	peer_send(&peer, 0, peer.nxt, 0, "x", 1);
	peer_send(&peer, TCP_FIN, peer.nxt, 0, NULL, 0);
	ck_assert_uint_eq(peer.hold->len, 0);
	ck_assert_uint_eq(peer.hold->fins, 0);
	ck_assert(peer_none(&peer));
	net_fini(&net);
}
END_TEST

START_TEST(d05_empty_segments_out_of_the_window_are_counted_too)
{
	unsigned n = 0, i;

	start_open();
	for (i = 0; i < 1000; i++)
		peer_send(&peer, TCP_ACK, peer.nxt - 1, peer.ack, NULL, 0);
	while (peer_got(&peer))
		n++;
	ck_assert_uint_eq(n, TCP_CHALLENGE_BURST);
	net_fini(&net);
}
END_TEST

START_TEST(d13_syn_with_data_takes_no_data)
{
	start();
	peer_send(&peer, TCP_SYN, peer.iss, 0, "early", 5);
	peer.nxt = peer.iss + 1;
	net.holds->granted = 100;
	endpoint_grant(net.holds->ep, 100);
	endpoint_accept(net.holds->ep);
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.iss + 1);
	peer.ack = peer.got.seq + 1;
	peer_ack(&peer);
	ck_assert_uint_eq(net.holds->len, 0);
	peer_data(&peer, "early", 5);
	ck_assert_uint_eq(net.holds->len, 5);
	net_fini(&net);
}
END_TEST

/* Into TIME_WAIT: we close first. */
static void
to_time_wait(void)
{
	endpoint_fin(peer.hold->ep);
	turn();
	peer_take(&peer);
	peer_ack(&peer);
	peer_fin(&peer);
	ck_assert_uint_eq(peer.hold->gones, 1);
	net_flush(&net);
}

START_TEST(d13_time_wait_is_not_assassinated)
{
	start_open();
	to_time_wait();
	peer_send(&peer, TCP_RST, peer.nxt, 0, NULL, 0);
	peer_send(&peer, TCP_RST, peer.nxt + 1, 0, NULL, 0);
	ck_assert(peer_none(&peer));
	peer_send(&peer, TCP_FIN | TCP_ACK, peer.nxt - 1, peer.ack, NULL, 0);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_ACK);	/* it is still there */
	/* An old duplicate: an ACK, of which a reset would come: no matter. */
	peer_send(&peer, TCP_ACK, peer.nxt - 100, peer.ack, NULL, 0);
	ck_assert(is_challenged());
	net_fini(&net);
}
END_TEST

START_TEST(d13_time_wait_is_made_longer_by_its_fin_alone)
{
	start_open();
	to_time_wait();
	net_advance(&net, 1000);
	peer_send(&peer, TCP_FIN | TCP_ACK, peer.nxt - 50, peer.ack, NULL, 0);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "x", 1);
	peer_send(&peer, TCP_SYN, peer.nxt - 50, 0, NULL, 0);
	net_flush(&net);
	net_advance(&net, TCP_TIME_WAIT_MS - 1000);
	peer_ack(&peer);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_RST);
	net_fini(&net);
}
END_TEST

START_TEST(d13_new_syn_takes_the_place_of_a_time_wait)
{
	uint32_t last;

	start();
	peer.ts = _i & 1;
	peer_open(&peer, CREDIT);
	to_time_wait();
	last = peer.ack;
	/* An old one does not. */
	peer.ts_val -= 1;
	peer_send(&peer, TCP_SYN, peer.nxt - 1000, 0, NULL, 0);
	ck_assert_uint_eq(net.opens, 1);
	ck_assert(is_challenged());
	peer.ts_val += 2;
	/* With a newer timestamp the number may be any. */
	peer.iss = _i & 1 ? peer.nxt - 100000 : peer.nxt + 1;
	peer_open(&peer, CREDIT);
	ck_assert_uint_eq(net.opens, 2);
	ck_assert(seq_lt(last, peer.got.seq));
	peer_data(&peer, "x", 1);
	ck_assert_uint_eq(peer.hold->len, 1);
	net_fini(&net);
}
END_TEST

START_TEST(handshake_ack_of_another_number_is_reset_and_harmless)
{
	uint32_t seq;

	start();
	net.accept = CREDIT;
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	seq = peer.got.seq;
	peer_send(&peer, TCP_ACK, peer.nxt, seq + 2, NULL, 0);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_RST);
	ck_assert_uint_eq(peer.got.seq, seq + 2);
	ck_assert_uint_eq(net_totals(&net).opening, 1);
	peer.ack = seq + 1;
	peer_ack(&peer);
	ck_assert_uint_eq(net_totals(&net).opening, 0);
	net_fini(&net);
}
END_TEST

START_TEST(zero_window_probe_is_answered_and_gives_nothing)
{
	start();
	peer_open(&peer, 0);
	net_flush(&net);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "x", 1);
	ck_assert(is_challenged());
	ck_assert_uint_eq(peer.got.wnd, 0);
	ck_assert_uint_eq(peer.hold->len, 0);
	peer.hold->granted = 5000;
	endpoint_grant(peer.hold->ep, 5000);
	turn();
	ck_assert(is_challenged());		/* at once */
	ck_assert_uint_eq(peer.got.wnd, 5000);
	net_fini(&net);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(d02_rst_at_the_next_number_ends_the_connection),
	UNIT_LOOP(d02_rst_elsewhere_in_the_window_is_challenged, 5),
	UNIT_LOOP(d02_rst_out_of_the_window_means_nothing, 6),
	UNIT_LOOP(d03_syn_in_an_open_connection_is_challenged, 8),
	UNIT_LOOP(d04_ack_is_taken_within_its_range_and_nowhere_else, 8),
	UNIT(d04_ack_of_what_was_before_our_syn_is_not_taken),
	UNIT(d05_challenges_are_counted_per_connection_not_in_all),
	UNIT(d06_a_hundred_thousand_forged_errors_do_no_harm),
	UNIT(d06_too_big_leaves_room_for_timestamps),
	UNIT_LOOP(d06_too_big_is_believed_if_it_quotes_what_is_under_way, 9),
	UNIT_LOOP(d07_mss_has_a_floor, 7),
	UNIT(d07_timestamps_fit_into_the_smallest_mss),
	UNIT(d07_old_timestamps_are_dropped_for_24_days),
	UNIT_LOOP(d07_timestamp_of_bytes_that_come_again_is_echoed, 4),
	UNIT(d07_timestamp_that_wrapped_in_24_days_of_silence_is_new),
	UNIT_LOOP(d07_scale_of_the_client_counts_and_14_is_the_most, 6),
	UNIT(d07_echoed_timestamp_measures_the_round_trip),
	UNIT(d08_urgent_data_are_as_any_other),
	UNIT(d13_window_that_stays_shut_ends_after_a_while),
	UNIT(d13_slow_reader_that_stops_for_a_minute_goes_on),
	UNIT_LOOP(d13_client_that_vanishes_frees_its_state, NELEM(left)),
	UNIT(d13_client_that_answers_is_not_taken_for_gone),
	UNIT(d13_fin_wait_2_held_by_a_live_client_ends),
	UNIT(d13_held_syn_whose_client_gave_up_ends),
	UNIT(d13_data_after_fin_are_not_taken),
	UNIT(d13_slow_reader_that_takes_a_little_lives),
	UNIT(held_syn_is_ended_by_its_own_reset_alone),
	UNIT(held_syn_is_kept_alive_by_itself_alone),
	UNIT(segment_without_ack_is_dropped),
	UNIT(d05_empty_segments_out_of_the_window_are_counted_too),
	UNIT(d13_syn_with_data_takes_no_data),
	UNIT(d13_time_wait_is_not_assassinated),
	UNIT(d13_time_wait_is_made_longer_by_its_fin_alone),
	UNIT_LOOP(d13_new_syn_takes_the_place_of_a_time_wait, 2),
	UNIT(handshake_ack_of_another_number_is_reset_and_harmless),
	UNIT(zero_window_probe_is_answered_and_gives_nothing),
};

UNIT_MAIN("tcp_hard", tests)
