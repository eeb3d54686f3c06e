/* tests/tun/test_tcp_snd_link.c - the sending half across all kinds of links
 *
 * Time is virtual and chance is seeded, so each run is the same on any machine,
 * and how long it took may be judged.  Where the bound on time is 0, the client
 * may also be given up; what it got is right in any case.
 */
#include <check.h>
#include <errno.h>

#include "tests/tun/simtcp.h"
#include "tests/unit.h"

enum { RUNS = 5 };

static const struct {
	const char	*name;
	double		 loss, reorder, twice;
	uint32_t	 delay_us, reorder_us, rate, queue, rcvbuf, read;
	int		 no_sack, no_ts, whole;
	uint32_t	 kb;
	int64_t		 ms;		/* most, of virtual time */
} cases[] = {
	{ .name = "the local kernel", .delay_us = 25, .kb = 4000, .ms = 10 },
	{ .name = "a LAN", .delay_us = 500, .kb = 4000, .ms = 40 },
	{ .name = "no SACK", .delay_us = 500, .kb = 4000, .ms = 40,
	    .no_sack = 1, .no_ts = 1 },
	{ .name = "1 %", .loss = .01, .delay_us = 500, .kb = 4000, .ms = 500 },
	{ .name = "5 %", .loss = .05, .delay_us = 500, .kb = 4000,
	    .ms = 1500 },
	/* 2 MB/s; with RFC 8985 to the letter it would be 0.5 */
	{ .name = "20 %", .loss = .2, .delay_us = 500, .kb = 4000,
	    .ms = 2000 },
	{ .name = "20 %, 0.05 ms", .loss = .2, .delay_us = 25, .kb = 4000,
	    .ms = 1000 },
	{ .name = "20 % of super-segments", .loss = .2, .delay_us = 25,
	    .kb = 4000, .ms = 1000, .whole = 1 },
	{ .name = "20 %, no timestamps", .loss = .2, .delay_us = 500,
	    .kb = 1000, .ms = 1500, .no_ts = 1 },
	{ .name = "5 %, no SACK", .loss = .05, .delay_us = 500, .kb = 1000,
	    .ms = 1000, .no_sack = 1 },
	{ .name = "20 %, no SACK", .loss = .2, .delay_us = 500, .kb = 500,
	    .ms = 20000, .no_sack = 1 },
	{ .name = "20 %, neither", .loss = .2, .delay_us = 500, .kb = 500,
	    .ms = 60000, .no_sack = 1, .no_ts = 1 },
	{ .name = "50 %", .loss = .5, .delay_us = 500, .kb = 200 },
	{ .name = "50 %, no SACK", .loss = .5, .delay_us = 500, .kb = 200,
	    .no_sack = 1 },
	{ .name = "50 %, neither", .loss = .5, .delay_us = 500, .kb = 200,
	    .no_sack = 1, .no_ts = 1 },
	{ .name = "reordering", .reorder = .1, .delay_us = 500,
	    .reorder_us = 3000, .kb = 4000, .ms = 1000 },
	{ .name = "nothing in order, 1 % lost, 10 % twice", .loss = .01,
	    .reorder = 1, .twice = .1, .delay_us = 500, .reorder_us = 5000,
	    .kb = 4000, .ms = 4000 },
	{ .name = "all twice", .twice = 1, .delay_us = 500, .kb = 4000,
	    .ms = 100 },
	{ .name = "nothing in order, 20 % lost, no SACK", .loss = .2,
	    .reorder = 1, .twice = .1, .delay_us = 500, .reorder_us = 5000,
	    .kb = 300, .ms = 60000, .no_sack = 1, .no_ts = 1 },
	/* 100 Mbit/s take 330 ms for it, 8 take 2000 */
	{ .name = "100 Mbit/s", .rate = 12500, .queue = 100000,
	    .delay_us = 1000, .kb = 4000, .ms = 360 },
	{ .name = "100 Mbit/s, a short queue", .rate = 12500, .queue = 20000,
	    .delay_us = 1000, .kb = 4000, .ms = 450 },
	{ .name = "8 Mbit/s, a long queue", .rate = 1000, .queue = 400000,
	    .delay_us = 5000, .kb = 2000, .ms = 2300 },
	{ .name = "8 Mbit/s, 5 %", .rate = 1000, .queue = 60000, .loss = .05,
	    .delay_us = 2000, .kb = 2000, .ms = 4000 },
	{ .name = "a slow reader", .read = 500, .rcvbuf = 20000,
	    .delay_us = 500, .kb = 1000, .ms = 2600 },
	{ .name = "a slow reader, 20 %", .read = 500, .rcvbuf = 20000,
	    .loss = .2, .delay_us = 500, .kb = 1000, .ms = 10000 },
	{ .name = "a tiny window", .read = 500, .rcvbuf = 1000,
	    .delay_us = 500, .kb = 100, .ms = 600 },
	{ .name = "a tiny window, 5 %", .read = 500, .rcvbuf = 1000,
	    .loss = .05, .delay_us = 500, .kb = 100, .ms = 6000 },
};

static void
run(const struct simtcp_conf *c, const char *name, int64_t most)
{
	struct simtcp_result r;

	simtcp_run(c, &r);
	ck_assert_msg(r.broken == NULL, "%s, seed %d: %s", name, (int)c->seed,
	    r.broken);
	if (most == 0 && r.rc == -ETIMEDOUT)
		return;
	ck_assert_msg(r.rc == 0, "%s, seed %d: %d after %d ms", name,
	    (int)c->seed, r.rc, (int)r.ms);
	ck_assert_msg(most == 0 || r.ms <= most, "%s, seed %d: %d ms", name,
	    (int)c->seed, (int)r.ms);
}

START_TEST(tcp_snd_across_a_link_delivers_every_byte_in_time)
{
	struct simtcp_conf c = {
		.loss = cases[_i].loss, .ack_loss = cases[_i].loss,
		.reorder = cases[_i].reorder, .twice = cases[_i].twice,
		.delay_us = cases[_i].delay_us,
		.reorder_us = cases[_i].reorder_us,
		.rate = cases[_i].rate, .queue = cases[_i].queue,
		.rcvbuf = cases[_i].rcvbuf ? cases[_i].rcvbuf : 262144,
		.read = cases[_i].read, .no_sack = cases[_i].no_sack,
		.no_ts = cases[_i].no_ts, .whole = cases[_i].whole, .mss = 1448,
		.bytes = cases[_i].kb * UINT64_C(1000),
		.iss = UINT32_MAX - 100000,	/* it wraps */
		.limit_ms = 3600 * 1000
	};

	for (c.seed = 1; c.seed <= RUNS; c.seed++) {
		c.most = c.seed % 2 ? 65160 : 1448;
		run(&c, cases[_i].name, cases[_i].ms);
	}
}
END_TEST

START_TEST(tcp_snd_across_links_at_random_delivers_what_it_delivers)
{
	struct simtcp_conf c = { .seed = (uint64_t)_i + 1000, .delay_us = 300,
	    .iss = (uint32_t)_i * 0x10000001u, .limit_ms = 3600 * 1000,
	    .bytes = 150000 };
	unsigned n = (unsigned)_i;

	c.loss = n % 4 * .08;
	c.ack_loss = n / 4 % 4 * .08;
	c.reorder = n / 16 % 3 * .3;
	c.reorder_us = 500u << n % 5;
	c.twice = n / 7 % 3 * .1;
	c.mss = n % 3 ? 1448 : 536;
	c.most = n % 2 ? 65160 : c.mss;
	c.rcvbuf = 3000u << n % 7;
	c.read = n % 5 ? 0 : 300;
	c.no_sack = n % 11 == 0;
	c.no_ts = n % 7 == 0;
	c.rate = n % 6 ? 0 : 2000;
	c.queue = 15000;
	run(&c, "at random", 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(tcp_snd_across_a_link_delivers_every_byte_in_time,
	    NELEM(cases)),
	UNIT_LOOP(tcp_snd_across_links_at_random_delivers_what_it_delivers,
	    200),
};

UNIT_MAIN("tcp_snd_link", tests)
