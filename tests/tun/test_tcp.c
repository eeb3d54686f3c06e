/* tests/tun/test_tcp.c - a connection opens, carries bytes, and closes */
#include <errno.h>
#include <string.h>

#include "tests/tun/nomem.h"
#include "tests/tun/peer.h"
#include "tests/unit.h"
#include "tun/tcp_conn.h"
#include "tun/tcp_table.h"

static struct net net;
static struct peer peer;

static void
start(const struct stack_conf *conf)
{
	net_init(&net, conf);
	peer_init(&peer, &net, "10.9.0.11:40000", "203.0.113.80:80");
}

static void
turn(void)
{
	loop_end_turn(&net.loop);
}

/* --- opening --- */

START_TEST(syn_is_held_until_the_holder_accepts)
{
	start(NULL);
	peer_syn(&peer);
	ck_assert_uint_eq(net.opens, 1);
	ck_assert(addr_equal(&net.holds->client, &peer.me));
	ck_assert(addr_equal(&net.holds->dest, &peer.dest));
	net_advance(&net, 3000);
	peer_syn(&peer);		/* the client asks again */
	ck_assert_uint_eq(net.opens, 1);
	ck_assert(peer_none(&peer));
	endpoint_accept(net.holds->ep);
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_SYN | TCP_ACK);
	ck_assert_uint_eq(peer.got.ack, peer.iss + 1);
	ck_assert_uint_eq(net_totals(&net).opening, 1);
	net_fini(&net);
}
END_TEST

START_TEST(syn_ack_offers_what_the_client_offered_and_no_more)
{
	int all = _i;

	start(NULL);
	if (all) {
		peer.sack = peer.ts = 1;
		peer.wscale = 7;
	}
	net.accept = 100000;
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.mss, 1460);
	ck_assert_int_eq(peer.got.wscale, all ? TCP_RCV_SCALE : -1);
	ck_assert_uint_eq(peer.got.sack_ok, (unsigned)all);
	ck_assert_uint_eq(peer.got.has_ts, (unsigned)all);
	ck_assert_uint_eq(peer.got.wnd, 65535);
	if (all)
		ck_assert_uint_eq(peer.got.ts_ecr, peer.ts_val);
	net_fini(&net);
}
END_TEST

START_TEST(syn_ack_is_sent_again_and_given_up)
{
	int64_t at[] = { 1250, 3750, 8750, 18750, 38750 };
	size_t i;
	int64_t t = 0;

	start(NULL);
	net.accept = 1000;
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	for (i = 0; i < NELEM(at); i++) {
		net_advance(&net, at[i] - t - 1);
		ck_assert(peer_none(&peer));
		net_advance(&net, 1);
		t = at[i];
		ck_assert(peer_got(&peer));
		ck_assert_uint_eq(peer.got.flags, TCP_SYN | TCP_ACK);
	}
	net_advance(&net, 39999);
	ck_assert_uint_eq(net.holds->gones, 0);
	net_advance(&net, 1);
	ck_assert_uint_eq(net.holds->gones, 1);
	ck_assert_int_eq(net.holds->why, -ETIMEDOUT);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(windows_never_exceed_the_credit)
{
	static const size_t credits[] = { 0, 1, 15, 16, 1000, 65535, 70001 };
	size_t credit = credits[_i / 2], wnd;

	start(NULL);
	peer.wscale = _i % 2 ? 3 : -1;
	peer_open(&peer, credit);
	ck_assert_uint_le(peer.got.wnd, credit);
	peer_data(&peer, "x", credit ? 1 : 0);
	net_advance(&net, 100);
	if (credit)
		ck_assert(peer_got(&peer));
	wnd = (size_t)peer.got.wnd << (_i % 2 ? TCP_RCV_SCALE : 0);
	ck_assert_uint_le(wnd, credit ? credit - 1 : 0);
	net_fini(&net);
}
END_TEST

/* --- bytes --- */

START_TEST(bytes_go_both_ways)
{
	int v6 = _i & 1, offload = _i >> 1 & 1, ts = _i >> 2 & 1;
	struct stack_conf conf = { .offload = offload };
	static uint8_t big[20000];
	size_t got = 0, i;

	start(&conf);
	if (v6)
		peer_init(&peer, &net, "[fd00::11]:40000", "[2001:db8::80]:80");
	peer.ts = peer.sack = ts != 0;
	peer_open(&peer, 1000);
	peer_data(&peer, "GET / HTTP/1.0\r\n\r\n", 18);
	ck_assert_uint_eq(peer.hold->len, 18);
	ck_assert(memcmp(peer.hold->got, "GET /", 5) == 0);
	for (i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, big, sizeof(big)),
	    sizeof(big));
	ck_assert_uint_eq(endpoint_under_way(peer.hold->ep), sizeof(big));
	turn();
	while (got < sizeof(big)) {
		size_t was = got;

		while (peer_got(&peer)) {
			ck_assert_uint_eq(peer.got.ack, peer.nxt);
			ck_assert_uint_eq(peer.got.seq, peer.ack);
			ck_assert(memcmp(peer.got.data, big + got,
			    peer.got.len) == 0);
			if (offload && peer.got.len > 1500)
				ck_assert_uint_eq(peer.cut,
				    1500u - (v6 ? 60 : 40) - (ts ? 12 : 0));
			got += peer.got.len;
			peer.ack += (uint32_t)peer.got.len;
		}
		ck_assert_uint_gt(got, was);
		peer_ack(&peer);
	}
	ck_assert_uint_eq(endpoint_under_way(peer.hold->ep), 0);
	net_fini(&net);
}
END_TEST

START_TEST(ack_is_delayed_or_one_for_all_of_a_turn)
{
	static const uint8_t in[1460];
	unsigned n = 0, i;

	start(NULL);
	peer_open(&peer, 1000000);
	peer_data(&peer, "x", 1);
	ck_assert(peer_none(&peer));
	net_advance(&net, TCP_DELACK_MS - 1);
	ck_assert(peer_none(&peer));
	net_advance(&net, 1);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	peer.same_turn = 1;
	for (i = 0; i < 50; i++)
		peer_data(&peer, in, sizeof(in));
	turn();
	while (peer_got(&peer))
		n++;
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	net_advance(&net, 1000);
	ck_assert(peer_none(&peer));
	net_fini(&net);
}
END_TEST

/* What is fetched to where it belongs is sent like any other. */
START_TEST(answer_in_place_goes_like_any_other)
{
	static uint8_t big[100000];
	struct iovec v[2];
	size_t got = 0;

	start(NULL);
	peer_open(&peer, 1000);
	ck_assert_uint_eq(endpoint_place(peer.hold->ep, sizeof(big), v), 0);
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, big, sizeof(big)),
	    sizeof(big));
	memset(big, 7, sizeof(big));
	ck_assert_uint_eq(endpoint_place(peer.hold->ep, sizeof(big), v), 1);
	ck_assert_uint_eq(v[0].iov_len, sizeof(big));
	memcpy(v[0].iov_base, big, sizeof(big));
	endpoint_placed(peer.hold->ep, sizeof(big) - 1);
	ck_assert_uint_eq(endpoint_under_way(peer.hold->ep),
	    2 * sizeof(big) - 1);
	turn();
	while (got < 2 * sizeof(big) - 1) {
		size_t was = got, i;

		for (; peer_got(&peer); got += peer.got.len) {
			for (i = 0; i < peer.got.len; i++)
				if (peer.got.data[i] !=
				    (got + i < sizeof(big) ? 0 : 7))
					ck_abort_msg("at %zu", got + i);
			peer.ack += (uint32_t)peer.got.len;
		}
		ck_assert_uint_gt(got, was);
		peer_ack(&peer);
	}
	ck_assert_uint_eq(endpoint_under_way(peer.hold->ep), 0);
	ck_assert(endpoint_roomy(peer.hold->ep));
	endpoint_fin(peer.hold->ep);
	ck_assert_uint_eq(endpoint_place(peer.hold->ep, sizeof(big), v), 0);
	net_fini(&net);
}
END_TEST

START_TEST(roomy_until_half_is_queued_then_room_comes)
{
	static uint8_t big[TCP_SND_QUEUE_MAX / 2];

	start(NULL);
	peer_open(&peer, 60000);
	ck_assert(endpoint_roomy(peer.hold->ep));
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, big, sizeof(big)),
	    sizeof(big));
	ck_assert(endpoint_roomy(peer.hold->ep));
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, big, 1), 1);
	turn();
	ck_assert_uint_eq(peer.hold->rooms, 0);
	ck_assert(!endpoint_roomy(peer.hold->ep));
	turn();
	ck_assert_uint_eq(peer.hold->rooms, 0);
	while (peer_got(&peer))
		peer.ack += (uint32_t)peer.got.len;
	peer_ack(&peer);
	turn();
	ck_assert_uint_eq(peer.hold->rooms, 1);
	ck_assert(endpoint_roomy(peer.hold->ep));
	net_fini(&net);
}
END_TEST

START_TEST(ack_rides_on_data)
{
	start(NULL);
	peer_open(&peer, 1000);
	peer.same_turn = 1;
	peer_data(&peer, "question", 8);
	endpoint_send(peer.hold->ep, "answer", 6);
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.len, 6);
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	ck_assert(peer.got.flags & TCP_PSH);
	peer.ack += 6;
	peer_ack(&peer);
	net_advance(&net, 1000);
	ck_assert(peer_none(&peer));
	net_fini(&net);
}
END_TEST

START_TEST(ack_tells_at_once_what_came_early_or_twice)
{
	int ts = _i;

	start(NULL);
	peer.sack = 1;
	peer.ts = ts != 0;
	peer_open(&peer, 1000);
	peer_send(&peer, TCP_ACK, peer.nxt + 3, peer.ack, "def", 3);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	ck_assert_uint_eq(peer.got.nsack, 1);
	ck_assert_uint_eq(peer.got.sack[0].from, peer.nxt + 3);
	ck_assert_uint_eq(peer.got.sack[0].to, peer.nxt + 6);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "abc", 3);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt + 6);
	ck_assert_uint_eq(peer.got.nsack, 0);
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "abc", 3);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt + 6);
	ck_assert_uint_eq(peer.got.nsack, 1);
	ck_assert_uint_eq(peer.got.sack[0].from, peer.nxt);
	ck_assert_uint_eq(peer.hold->len, 6);
	net_fini(&net);
}
END_TEST

/* A client without SACK counts three of them. */
START_TEST(ack_of_each_that_came_early_or_twice_is_one_even_in_a_turn)
{
	uint32_t first;
	unsigned i;

	start(NULL);
	peer.sack = 1;
	peer_open(&peer, 1000);
	peer.same_turn = 1;
	first = peer.nxt;
	for (i = 1; i <= 3; i++)
		peer_send(&peer, TCP_ACK, first + 2 * i, peer.ack, "xy", 2);
	peer_send(&peer, TCP_ACK, first, peer.ack, "xy", 2);
	for (i = 0; i < 2; i++)
		peer_send(&peer, TCP_ACK, first + 2 * i, peer.ack, "xy", 2);
	turn();
	for (i = 1; i <= 3; i++) {
		ck_assert(peer_got(&peer));
		ck_assert_uint_eq(peer.got.ack, first);
		ck_assert_uint_eq(peer.got.nsack, 1);
		ck_assert_uint_eq(peer.got.sack[0].to, first + 2 * i + 2);
	}
	for (i = 0; i < 2; i++) {	/* the gap's is as good as the next */
		ck_assert(peer_got(&peer));
		ck_assert_uint_eq(peer.got.ack, first + 8);
		ck_assert_uint_eq(peer.got.nsack, 1);
		ck_assert_uint_eq(peer.got.sack[0].from, first + 2 * i);
	}
	ck_assert(peer_none(&peer));
	net_fini(&net);
}
END_TEST

/* Segments with payload keep their full length. */
START_TEST(blocks_go_apart_from_data)
{
	static uint8_t some[3000];
	int twice = _i;

	start(NULL);
	peer.sack = 1;
	peer_open(&peer, 1000);
	if (twice) {
		peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "def", 3);
		net_advance(&net, 100);
		net_flush(&net);
	}
	peer.same_turn = 1;
	peer_send(&peer, TCP_ACK, peer.nxt + (twice ? 0 : 3), peer.ack, "def",
	    3);
	endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.len, 0);
	ck_assert_uint_eq(peer.got.nsack, 1);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.len, 1460);
	net_fini(&net);
}
END_TEST

START_TEST(room_comes_when_half_of_the_queue_is_empty)
{
	static uint8_t big[TCP_SND_QUEUE_MAX + 1];
	size_t took;

	start(NULL);
	peer.wscale = 8;
	peer_open(&peer, 1000);
	took = endpoint_send(peer.hold->ep, big, sizeof(big));
	ck_assert_uint_eq(took, TCP_SND_QUEUE_MAX);
	turn();
	while (endpoint_under_way(peer.hold->ep) > TCP_SND_QUEUE_MAX / 2) {
		ck_assert_uint_eq(peer.hold->rooms, 0);
		peer_take(&peer);
		peer_ack(&peer);
	}
	ck_assert_uint_eq(peer.hold->rooms, 1);
	net_advance(&net, 10);
	ck_assert_uint_eq(peer.hold->rooms, 1);
	net_fini(&net);
}
END_TEST

/* The queue is a ring: a segment may lie in two pieces, the first of an odd
 * length.  peer.c checks the sum of each. */
/* Without memory a part of the queue stands, and there is room in it. */
START_TEST(room_waits_for_memory_and_the_turn_ends)
{
	static const uint8_t some[1000];
	size_t n;

	start(NULL);
	peer_open(&peer, 1000);
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, some, 300), 300);
	peer.hold->sends = sizeof(some);
	nomem_after = 0;
	n = endpoint_send(peer.hold->ep, some, sizeof(some));
	turn();
	net_advance(&net, 10 * TCP_RETRY_MS);
	nomem_after = -1;
	ck_assert_uint_lt(n, sizeof(some));
	ck_assert_uint_le(peer.hold->rooms, 11);
	peer.hold->sends = 0;
	net_advance(&net, TCP_RETRY_MS);
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, some, 1000), 1000);
	net_fini(&net);
}
END_TEST

START_TEST(checksum_is_right_however_the_payload_lies)
{
	static uint8_t some[3001];
	size_t i, n;

	for (i = 0; i < sizeof(some); i++)
		some[i] = (uint8_t)(i * i);
	start(NULL);
	peer_open(&peer, 1000);
	for (i = 0; i < 300; i++) {
		endpoint_send(peer.hold->ep, some, 1 + i * 10);
		turn();
		for (n = 0; n < 2 && peer_got(&peer); n++)
			if (peer.got.seq == peer.ack)
				peer.ack += (uint32_t)peer.got.len;
		net_flush(&net);
		peer_ack(&peer);
	}
	net_fini(&net);
}
END_TEST

START_TEST(data_after_a_long_silence_have_their_time)
{
	int i;

	start(NULL);
	peer_open(&peer, 1000);
	net_advance(&net, 3600 * 1000);
	peer.wnd = 0;
	peer_ack(&peer);
	if (_i == 0)
		endpoint_send(peer.hold->ep, "x", 1);
	else
		endpoint_fin(peer.hold->ep);
	for (i = 0; i < 60; i++) {
		net_advance(&net, 10000);
		if (peer_got(&peer))
			peer_ack(&peer);
		net_flush(&net);
	}
	ck_assert_uint_eq(peer.hold->gones, 0);
	net_fini(&net);
}
END_TEST

START_TEST(queued_tells_how_much_waits_and_since_when)
{
	struct endpoint_queued q;

	start(NULL);
	peer_open(&peer, 1000);
	endpoint_queued(peer.hold->ep, &q);
	ck_assert_uint_eq(q.bytes, 0);
	ck_assert_int_eq(q.since, INT64_MAX);
	net_advance(&net, 100);
	endpoint_send(peer.hold->ep, "abc", 3);
	net_advance(&net, 100);
	endpoint_queued(peer.hold->ep, &q);
	ck_assert_uint_ge(q.bytes, 3);
	ck_assert_uint_le(q.bytes, 256);
	ck_assert_int_eq(q.since, net.loop.now - 100);
	peer_take(&peer);
	peer_ack(&peer);
	peer_send(&peer, TCP_ACK, peer.nxt + 3, peer.ack, "def", 3);
	endpoint_queued(peer.hold->ep, &q);
	ck_assert_uint_ge(q.bytes, 3);
	ck_assert_int_eq(q.since, net.loop.now);
	net_fini(&net);
}
END_TEST

/* --- closing --- */

START_TEST(close_by_the_client_first_ends_in_order)
{
	start(NULL);
	peer_open(&peer, 1000);
	peer_fin(&peer);
	ck_assert_uint_eq(peer.hold->fins, 1);
	ck_assert(peer_got(&peer));		/* at once */
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	/* its answer still comes */
	ck_assert_uint_eq(endpoint_send(peer.hold->ep, "answer", 6), 6);
	turn();
	ck_assert_uint_eq(peer_take(&peer), 6);
	endpoint_fin(peer.hold->ep);
	turn();
	ck_assert(peer_got(&peer));
	ck_assert(peer.got.flags & TCP_FIN);
	ck_assert_uint_eq(peer.got.seq, peer.ack++);
	ck_assert_uint_eq(peer.hold->gones, 0);
	peer_ack(&peer);
	ck_assert_uint_eq(peer.hold->gones, 1);
	ck_assert_int_eq(peer.hold->why, 0);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	ck_assert_uint_eq(loop_next(&net.loop), LOOP_NEVER);
	net_fini(&net);
}
END_TEST

START_TEST(close_by_the_holder_first_lets_the_client_go_on_sending)
{
	start(NULL);
	peer_open(&peer, 1000);
	endpoint_send(peer.hold->ep, "bye", 3);
	endpoint_fin(peer.hold->ep);
	turn();
	ck_assert_uint_eq(peer_take(&peer), 3);
	ck_assert(peer.got.flags & TCP_FIN);
	peer_ack(&peer);
	peer_data(&peer, "more", 4);
	ck_assert_uint_eq(peer.hold->len, 4);
	ck_assert_uint_eq(peer.hold->gones, 0);
	peer_fin(&peer);
	ck_assert_uint_eq(peer.hold->gones, 1);
	ck_assert_int_eq(peer.hold->why, 0);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	/* Its FIN again: again the ACK, for a while. */
	net_advance(&net, TCP_TIME_WAIT_MS - 1);
	peer_send(&peer, TCP_FIN | TCP_ACK, peer.nxt - 1, peer.ack, NULL, 0);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	net_advance(&net, TCP_TIME_WAIT_MS - 1);
	peer_send(&peer, TCP_FIN | TCP_ACK, peer.nxt - 1, peer.ack, NULL, 0);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_ACK);
	net_advance(&net, TCP_TIME_WAIT_MS);
	ck_assert_uint_eq(loop_next(&net.loop), LOOP_NEVER);
	net_fini(&net);
}
END_TEST

START_TEST(close_by_both_at_once_ends_in_order)
{
	start(NULL);
	peer_open(&peer, 1000);
	endpoint_fin(peer.hold->ep);
	turn();
	ck_assert(peer_got(&peer));
	ck_assert(peer.got.flags & TCP_FIN);
	peer_fin(&peer);		/* it has not seen ours: CLOSING */
	ck_assert_uint_eq(peer.hold->fins, 1);
	ck_assert_uint_eq(peer.hold->gones, 0);
	ck_assert(peer_got(&peer));
	peer.ack++;
	peer_ack(&peer);
	ck_assert_uint_eq(peer.hold->gones, 1);
	ck_assert_int_eq(peer.hold->why, 0);
	net_fini(&net);
}
END_TEST

START_TEST(kill_of_an_open_connection_resets_it)
{
	start(NULL);
	peer_open(&peer, 1000);
	endpoint_kill(peer.hold->ep, -ECONNRESET);
	peer.hold->ep = NULL;
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_RST | TCP_ACK);
	ck_assert_uint_eq(peer.got.seq, peer.ack);
	ck_assert(peer_none(&peer));
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(kill_with_0_after_all_has_arrived_closes_in_order)
{
	start(NULL);
	peer_open(&peer, 1000);
	endpoint_send(peer.hold->ep, "bye", 3);
	turn();
	peer_take(&peer);
	peer_ack(&peer);
	net_advance(&net, 600000);
	endpoint_kill(peer.hold->ep, 0);
	peer.hold->ep = NULL;
	turn();
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_FIN | TCP_ACK);
	peer.ack++;
	if (_i == 0) {			/* and the client closes, too */
		peer_fin(&peer);
		ck_assert(peer_got(&peer));
		ck_assert_uint_eq(peer.got.flags, TCP_ACK);
		ck_assert_uint_eq(net_totals(&net).conns, 0);
	} else if (_i == 1) {		/* it sends what nobody wants */
		peer_data(&peer, "x", 1);
		ck_assert(peer_got(&peer));
		ck_assert(peer.got.flags & TCP_RST);
		ck_assert_uint_eq(net_totals(&net).conns, 0);
	} else {			/* it does nothing */
		peer_ack(&peer);
		net_advance(&net, TCP_ORPHAN_MS - 1000);
		ck_assert_uint_eq(net_totals(&net).conns, 1);
		net_advance(&net, 2000);
		ck_assert_uint_eq(net_totals(&net).conns, 0);
	}
	net_fini(&net);
}
END_TEST

START_TEST(kill_with_0_leaves_an_orphan_its_time)
{
	int i;

	start(NULL);
	peer_open(&peer, 1000);
	endpoint_fin(peer.hold->ep);
	turn();
	peer_take(&peer);
	for (i = 0; i < 60; i++) {
		peer_ack(&peer);
		net_advance(&net, 10000);
	}
	endpoint_kill(peer.hold->ep, 0);
	peer.hold->ep = NULL;
	net_advance(&net, 20000);
	ck_assert_uint_eq(net_totals(&net).conns, 1);
	peer_fin(&peer);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(kill_with_0_before_all_has_arrived_resets)
{
	start(NULL);
	peer_open(&peer, 1000);
	endpoint_send(peer.hold->ep, "bye", 3);
	turn();
	net_flush(&net);
	endpoint_kill(peer.hold->ep, 0);
	peer.hold->ep = NULL;
	turn();
	ck_assert(peer_got(&peer));
	ck_assert(peer.got.flags & TCP_RST);
	net_fini(&net);
}
END_TEST

START_TEST(holder_that_kills_within_a_call_is_not_called_again)
{
	start(NULL);
	peer_open(&peer, 1000);
	/* Two stretches, so that data() would come twice. */
	peer_send(&peer, TCP_ACK, peer.nxt + 3, peer.ack, "def", 3);
	peer.hold->kills = 1;
	peer_send(&peer, TCP_ACK | TCP_FIN, peer.nxt, peer.ack, "abc", 3);
	ck_assert_uint_eq(peer.hold->len, 3);
	ck_assert_uint_eq(peer.hold->fins, 0);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(holder_that_leaves_within_data_takes_no_more_of_it)
{
	start(NULL);
	peer_open(&peer, 1000);
	peer_send(&peer, TCP_ACK, peer.nxt + 3, peer.ack, "def", 3);
	net_flush(&net);
	peer.hold->kills = 2;			/* with 0 */
	peer_send(&peer, TCP_ACK, peer.nxt, peer.ack, "abc", 3);
	ck_assert_uint_eq(peer.hold->len, 3);
	ck_assert(peer_got(&peer));
	ck_assert(peer.got.flags & TCP_RST);
	ck_assert_uint_eq(net_totals(&net).conns, 0);
	net_fini(&net);
}
END_TEST

START_TEST(client_that_begins_anew_before_the_handshake_is_over_gets_in)
{
	start(NULL);
	net.accept = 1000;
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	peer.iss += 100000;
	peer_send(&peer, TCP_SYN, peer.iss, 0, NULL, 0);
	ck_assert(peer_got(&peer));		/* a challenge */
	ck_assert_uint_eq(peer.got.flags, TCP_ACK);
	ck_assert_uint_eq(peer.got.ack, peer.iss - 100000 + 1);
	peer_send(&peer, TCP_RST, peer.got.ack, 0, NULL, 0);
	ck_assert_int_eq(net.holds->why, -ECONNRESET);
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_SYN | TCP_ACK);
	ck_assert_uint_eq(peer.got.ack, peer.iss + 1);
	net_fini(&net);
}
END_TEST

START_TEST(syn_again_after_the_answer_is_answered_again)
{
	start(NULL);
	net.accept = 1000;
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.flags, TCP_SYN | TCP_ACK);
	ck_assert_uint_eq(net.opens, 1);
	net_fini(&net);
}
END_TEST

/* Else the client takes its own timeouts for round trips. */
START_TEST(syn_again_is_the_one_that_is_echoed)
{
	int held = _i;

	start(NULL);
	peer.ts = 1;
	peer.ts_val = 5000;
	net.accept = held ? 0 : 1000;
	peer_syn(&peer);
	net_flush(&net);
	peer.ts_val = 6000;
	peer_syn(&peer);
	net_flush(&net);
	peer.ts_val = 5500;		/* it was slower */
	peer_syn(&peer);
	if (held) {
		endpoint_accept(net.holds->ep);
		turn();
	}
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ts_ecr, 6000);
	net_fini(&net);
}
END_TEST

/* The first SYN|ACK is lost, or its ACK. */
START_TEST(syn_again_makes_no_round_trip_of_the_wait)
{
	int ts = _i;
	struct tcp *c;

	start(NULL);
	peer.ts = ts & 1;
	net.accept = 1000;
	peer_syn(&peer);
	net_flush(&net);
	net_advance(&net, 1000);
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	net_advance(&net, 7);
	peer.ack = peer.got.seq + 1;
	peer.ts_ecr = peer.got.ts_val;
	peer.nxt = peer.iss + 1;
	peer_ack(&peer);
	ck_assert_uint_eq(net.holds->opens, 1);
	c = (struct tcp *)(void *)net.holds->ep;
	ck_assert_uint_eq(c->snd.rtt.known, peer.ts);
	ck_assert_uint_eq(tcp_rtt_ms(&c->snd.rtt), ts ? 7 : 0);
	net_fini(&net);
}
END_TEST

START_TEST(bytes_again_are_the_ones_that_are_echoed)
{
	static const uint8_t some[70000];
	static const struct {
		uint32_t	 ago;	/* before all that has come */
		uint32_t	 val, want;
	} cases[] = {
		{ 10, 6000, 6000 }, { 10, 4000, 5000 }, { 65535, 6000, 6000 },
		/* nobody would send that again */
		{ 65536, 6000, 5000 }
	};
	size_t i, n;

	start(NULL);
	peer.ts = 1;
	peer.ts_val = 5000;
	peer_open(&peer, 1000000);
	for (i = 0; i < sizeof(some); i += n) {
		n = sizeof(some) - i < 1000 ? sizeof(some) - i : 1000;
		peer_data(&peer, some + i, n);
	}
	net_advance(&net, TCP_DELACK_MS);	/* all is acknowledged */
	net_flush(&net);
	peer.ts_val = cases[_i].val;
	peer_send(&peer, TCP_ACK, peer.nxt - cases[_i].ago, peer.ack, some, 10);
	ck_assert(peer_got(&peer));
	ck_assert_uint_eq(peer.got.ack, peer.nxt);
	ck_assert_uint_eq(peer.got.ts_ecr, cases[_i].want);
	net_fini(&net);
}
END_TEST

START_TEST(fin_before_the_handshake_is_over_follows_it)
{
	start(NULL);
	net.accept = 1000;
	peer_syn(&peer);
	ck_assert(peer_got(&peer));
	peer.ack = peer.got.seq + 1;
	ck_assert_uint_eq(endpoint_send(net.holds->ep, "hi", 2), 2);
	endpoint_fin(net.holds->ep);
	turn();
	ck_assert(peer_none(&peer));
	peer_ack(&peer);
	ck_assert_uint_eq(peer_take(&peer), 2);
	ck_assert(peer.got.flags & TCP_FIN);
	net_fini(&net);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(syn_is_held_until_the_holder_accepts),
	UNIT_LOOP(syn_ack_offers_what_the_client_offered_and_no_more, 2),
	UNIT(syn_ack_is_sent_again_and_given_up),
	UNIT_LOOP(windows_never_exceed_the_credit, 14),
	UNIT_LOOP(bytes_go_both_ways, 8),
	UNIT(ack_is_delayed_or_one_for_all_of_a_turn),
	UNIT(answer_in_place_goes_like_any_other),
	UNIT(roomy_until_half_is_queued_then_room_comes),
	UNIT(ack_rides_on_data),
	UNIT_LOOP(ack_tells_at_once_what_came_early_or_twice, 2),
	UNIT(ack_of_each_that_came_early_or_twice_is_one_even_in_a_turn),
	UNIT_LOOP(blocks_go_apart_from_data, 2),
	UNIT(room_comes_when_half_of_the_queue_is_empty),
	UNIT(room_waits_for_memory_and_the_turn_ends),
	UNIT(checksum_is_right_however_the_payload_lies),
	UNIT_LOOP(data_after_a_long_silence_have_their_time, 2),
	UNIT(queued_tells_how_much_waits_and_since_when),
	UNIT(close_by_the_client_first_ends_in_order),
	UNIT(close_by_the_holder_first_lets_the_client_go_on_sending),
	UNIT(close_by_both_at_once_ends_in_order),
	UNIT(kill_of_an_open_connection_resets_it),
	UNIT_LOOP(kill_with_0_after_all_has_arrived_closes_in_order, 3),
	UNIT(kill_with_0_leaves_an_orphan_its_time),
	UNIT(kill_with_0_before_all_has_arrived_resets),
	UNIT(holder_that_kills_within_a_call_is_not_called_again),
	UNIT(holder_that_leaves_within_data_takes_no_more_of_it),
	UNIT(client_that_begins_anew_before_the_handshake_is_over_gets_in),
	UNIT(syn_again_after_the_answer_is_answered_again),
	UNIT_LOOP(syn_again_is_the_one_that_is_echoed, 2),
	UNIT_LOOP(syn_again_makes_no_round_trip_of_the_wait, 2),
	UNIT_LOOP(bytes_again_are_the_ones_that_are_echoed, 4),
	UNIT(fin_before_the_handshake_is_over_follows_it),
};

UNIT_MAIN("tcp", tests)
