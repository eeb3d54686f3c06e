/* tests/tun/hostile_tcp.c - numbers, guesses and states: D01 to D05, D13 */
#include "tests/tun/hostile.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tun/rawdev.h"
#include "tun/seq.h"
#include "tun/tcp_conn.h"

static struct client a, b;

/* --- D01: initial sequence numbers, RFC 6528 --- */

enum { SYNS = 10000, BATCH = 100, BINS = 256, AGAIN = 64, TICKS = 250 };

/* One handshake's first half for each of @p: the numbers. */
static int
numbers(struct client *p, size_t n, uint32_t *isn)
{
	size_t i, came = 0;

	for (i = 0; i < n; i++)
		came += (size_t)client_syn(&p[i]);
	for (i = 0; i < n; i++) {
		isn[i] = p[i].irs;
		client_flags(&p[i], RST, p[i].nxt, 0);
	}
	rawdev_settle();
	rawdev_drop();
	return came == n;
}

static int
by_number(const void *x, const void *y)
{
	const uint32_t *i = x, *j = y;

	return *i < *j ? -1 : *i > *j;
}

static double
chi_square(const uint32_t *isn, size_t n)
{
	double want = (double)n / BINS, sum = 0;
	size_t bin[BINS] = { 0 }, i;

	for (i = 0; i < n; i++)
		bin[isn[i] >> 24]++;
	for (i = 0; i < BINS; i++)
		sum += ((double)bin[i] - want) * ((double)bin[i] - want) / want;
	return sum;
}

/* 255 degrees of freedom: beyond these once in ten million runs.  Of 10,000 out
 * of 2^32 two are the same in one run of a hundred. */
static void
d01_numbers_of_many_clients_are_spread(int n)
{
	static uint32_t isn[SYNS];
	static struct client p[BATCH];
	size_t i, j, same = 0;
	double chi;

	(void)n;
	for (i = 0; i < SYNS; i += BATCH) {
		for (j = 0; j < BATCH; j++)
			client_init(&p[j], family, ECHO);
		need(numbers(p, BATCH, isn + i));
	}
	chi = chi_square(isn, SYNS);
	need(chi > 140 && chi < 410);
	qsort(isn, SYNS, sizeof(isn[0]), by_number);
	for (i = 1; i < SYNS; i++)
		same += isn[i] == isn[i - 1];
	need(same <= 3);
	need(rawdev_total("opening") == 0);
}

static void
d01_number_of_one_client_grows_with_the_clock(int n)
{
	uint32_t before, after;
	int64_t ms;
	int i;

	(void)n;
	client_init(&a, family, ECHO);
	for (i = 0; i < 20; i++) {
		ms = rawdev_now();
		need(numbers(&a, 1, &before));
		sleep_ms(3);
		need(numbers(&a, 1, &after));
		ms = rawdev_now() - ms + 2;
		need(after - before > 0);
		need(after - before <= (uint64_t)ms * TICKS);
	}
}

/* The clock alone would move all of them by as much. */
static void
d01_numbers_after_a_restart_are_others(int n)
{
	static struct client p[AGAIN];
	uint32_t before[AGAIN], after[AGAIN];
	int64_t ms = rawdev_now();
	size_t i, same = 0;

	(void)n;
	for (i = 0; i < AGAIN; i++)
		client_init(&p[i], family, ECHO);
	need(numbers(p, AGAIN, before));
	rawdev_stop();
	rawdev_start(plain);
	need(numbers(p, AGAIN, after));
	ms = rawdev_now() - ms + 2;
	for (i = 0; i < AGAIN; i++)
		same += after[i] - before[i] <= (uint64_t)ms * TICKS;
	need(same < AGAIN / 4);
}

/* --- D02, D03, D04, D05: RFC 5961 --- */

static void
d02_rst_in_the_window_is_challenged(int n)
{
	static const uint32_t off[] = { 1, 2, 1000, 65000 };

	open_to(&a, ECHO);
	client_flags(&a, RST, a.nxt + off[n], 0);
	need(client_challenged(&a));
	need(client_alive(&a));
	client_kill(&a);
}

static void
d02_rst_out_of_the_window_is_met_by_silence(int n)
{
	static const uint32_t off[] = {
		(uint32_t)-1, (uint32_t)-1000, 1 << 21, 0x7fffffff, 0x80000000
	};
	uint64_t dropped = rawdev_total("window");

	open_to(&a, ECHO);
	client_flags(&a, RST, a.nxt + off[n], 0);
	need(client_silent(&a));
	need(rawdev_total("window") == dropped + 1);
	need(client_alive(&a));
	client_kill(&a);
}

static void
d02_rst_at_the_next_number_closes(int n)
{
	uint64_t resets = rawdev_total("resets");

	(void)n;
	open_to(&a, ECHO);
	client_flags(&a, RST, a.nxt, 0);
	need(client_silent(&a));
	need(rawdev_total("resets") == resets + 1);
	need(client_gone(&a));
}

static void
d03_syn_in_an_open_connection_is_challenged(int n)
{
	static const uint32_t off[] = {
		0, 1, (uint32_t)-1, 1000, (uint32_t)-1000, 0x80000000
	};

	open_to(&a, ECHO);
	client_flags(&a, n & 1 ? SYN : SYN | ACK, a.nxt + off[n / 2],
	    n & 1 ? 0 : a.ack);
	need(client_challenged(&a));
	need(client_alive(&a));
	client_kill(&a);
}

static void
d04_ack_counts_within_its_range_and_nowhere_else(int n)
{
	static const struct {
		uint32_t	off;		/* from what was ACKed */
		int		ok;
	} c[] = {
		{ 0, 1 }, { 1000, 1 }, { 1001, 0 }, { 0x7fffffff, 0 },
		{ (uint32_t)-1, 1 }, { (uint32_t)-1000, 1 },
		{ (uint32_t)-1001, 0 }, { 0x80000000, 0 }
	};
	uint64_t dropped;

	in_flight(&a);
	need(a.ack - a.una == 1000);
	dropped = rawdev_total("window");
	client_say(&a, &(struct seg){ .flags = ACK, .seq = a.nxt,
	    .ack = a.una + c[n].off, .data = "x", .len = 1 });
	if (!c[n].ok) {
		need(client_challenged(&a));
		need(rawdev_total("window") == dropped + 1);
	} else
		need(rawdev_total("window") == dropped);
	need(where(&a) == a.nxt + (uint32_t)c[n].ok);
	client_flags(&a, RST, a.nxt + (uint32_t)c[n].ok, 0);
	need(client_silent(&a));
}

/* Resets that are almost right, each in a turn of its own: how many are
 * answered? */
static unsigned
challenges(struct client *p, unsigned n)
{
	unsigned got = 0, i;

	for (i = 0; i < n; i++) {
		client_flags(p, RST, p->nxt + 5, 0);
		while (client_got(p))
			got++;
	}
	return got;
}

static void
d05_challenges_are_counted_for_each_connection(int n)
{
	int64_t ms = rawdev_now();
	unsigned got;
	size_t most;

	(void)n;
	open_to(&a, ECHO);
	open_to(&b, ECHO);
	got = challenges(&a, 200);
	need(got >= TCP_CHALLENGE_BURST);
	/* Who used up those of one has taken none of the other's. */
	need(challenges(&b, 200) >= TCP_CHALLENGE_BURST);
	got += challenges(&a, 200);
	most = TCP_CHALLENGE_BURST + 1 +
	    (size_t)(rawdev_now() - ms) / TCP_CHALLENGE_MS;
	need(got <= most);
	need(client_alive(&a) && client_alive(&b));
	client_kill(&a);
	client_kill(&b);
}

/* --- D13: states --- */

/* The far side ended at once: its hash has come, and its FIN, which is not
 * ACKed. */
static int
ended_there(struct client *p)
{
	int fin = 0;

	client_init(p, family, SOURCE);
	if (!client_open(p))
		return 0;
	client_data(p, "0\n", 2);
	while (!fin && client_wait(p)) {
		p->ack += (uint32_t)p->got.len;
		fin = p->got.flags & FIN;
	}
	return fin && p->ack - p->irs - 1 == 64;
}

/* Both ends at once: the connection is over, and in TIME_WAIT. */
static int
closed_at_once(struct client *p)
{
	if (!ended_there(p))
		return 0;
	client_flags(p, FIN | ACK, p->nxt, p->ack);
	p->nxt++;
	if (!client_got(p) || p->got.flags != ACK || p->got.ack != p->nxt ||
	    p->got.seq != p->ack + 1)
		return 0;
	/* It is not over: a FIN that comes again is answered. */
	client_flags(p, FIN | ACK, p->nxt - 1, p->ack);
	if (!client_got(p) || p->got.flags != ACK)
		return 0;
	p->ack++;
	client_ack(p);
	return client_silent(p);
}

static void
d13_simultaneous_close_ends_in_order(int n)
{
	uint64_t conns = rawdev_total("conns"), resets = rawdev_total("resets");

	(void)n;
	need(closed_at_once(&a));
	need(rawdev_total("conns") == conns);
	need(rawdev_total("resets") == resets);
	client_flags(&a, FIN | ACK, a.nxt - 1, a.ack);
	need(client_challenged(&a));	/* in TIME_WAIT it is still known */
}

static void
d13_time_wait_is_not_assassinated(int n)
{
	(void)n;
	need(closed_at_once(&a));
	client_flags(&a, RST, a.nxt, 0);
	client_flags(&a, RST, a.nxt + 1, 0);
	client_flags(&a, RST | ACK, a.nxt, a.ack);
	need(client_silent(&a));
	/* an old duplicate */
	client_flags(&a, ACK, a.nxt - 3, a.ack);
	need(client_challenged(&a));
	client_flags(&a, SYN, a.nxt - 100, 0);
	need(client_challenged(&a));
	client_flags(&a, FIN | ACK, a.nxt - 1, a.ack);
	need(client_challenged(&a));
}

static void
d13_time_wait_gives_way_to_a_new_syn(int n)
{
	uint32_t last;

	(void)n;
	need(closed_at_once(&a));
	last = a.ack;
	a.iss = a.nxt + 1;
	need(client_open(&a));
	need(seq_lt(last, a.irs));
	client_data(&a, "1000000\n", 8);
	need(client_read(&a, 50000));
	client_kill(&a);
}

/* 10 seconds, that only its own FIN makes longer. */
static void
d13_time_wait_ends(int n)
{
	int64_t end = rawdev_now() + RAWDEV_PATIENCE_MS;
	int reset = 0;

	(void)n;
	only_if(family == 4 && !plain);	/* once, for its time */
	need(closed_at_once(&a));
	while (!reset && rawdev_now() < end) {
		sleep_ms(500);
		client_flags(&a, SYN, a.nxt - 100, 0);
		while (client_got(&a))
			reset |= (a.got.flags & (SYN | RST)) != 0;
	}
	need(reset);
	need(a.got.flags == (SYN | ACK));	/* it is one like any other */
	client_flags(&a, RST, a.nxt - 99, 0);
	need(client_silent(&a));
}

/* In CLOSE_WAIT, LAST_ACK, CLOSING. */
static void
d13_data_behind_a_fin_is_not_taken(int n)
{
	if (n < 2)
		open_to(&a, n ? ECHO : SOURCE);
	else
		need(ended_there(&a));
	client_flags(&a, FIN | ACK, a.nxt, a.ack);
	a.nxt++;
	need(where(&a) == a.nxt);
	client_say(&a, &(struct seg){ .flags = ACK, .seq = a.nxt, .ack = a.ack,
	    .data = "late", .len = 4 });
	need(where(&a) == a.nxt);
	client_kill(&a);
}

/* And a cookie of TCP Fast Open with it makes no difference. */
static void
d13_syn_with_data_takes_no_data(int n)
{
	static const uint8_t tfo[] = { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8 };

	client_init(&a, family, ECHO);
	client_say(&a, &(struct seg){ .flags = SYN, .seq = a.iss, .opt = tfo,
	    .nopt = n ? sizeof(tfo) : 0, .data = "early", .len = 5 });
	a.nxt = a.iss + 1;
	need(client_got(&a));
	need(a.got.flags == (SYN | ACK) && a.got.ack == a.iss + 1);
	a.irs = a.got.seq;
	a.ack = a.irs + 1;
	a.up = 1;
	client_ack(&a);
	need(client_silent(&a));
	client_data(&a, "early", 5);
	need(client_got(&a));
	need(a.got.len == 5 && memcmp(a.got.data, "early", 5) == 0);
	a.ack += 5;
	need(client_alive(&a));
	client_kill(&a);
}

static void
d13_simultaneous_open_is_none(int n)
{
	(void)n;
	client_init(&a, family, ECHO);
	client_flags(&a, SYN | ACK, a.iss, 12345);
	need(client_got(&a));
	need(a.got.flags == RST && a.got.seq == 12345 && a.got.len == 0);
	need(client_silent(&a));
	need(rawdev_total("opening") == 0);
}

static void
d13_handshake_is_ended_by_the_right_ack_alone(int n)
{
	static const uint32_t off[] = {
		1, (uint32_t)-1, 1000, 0x80000000, (uint32_t)-1000
	};

	client_init(&a, family, ECHO);
	need(client_syn(&a));
	client_flags(&a, ACK, a.nxt, a.ack + off[n]);
	need(client_got(&a));
	need(a.got.flags == RST && a.got.seq == a.ack + off[n]);
	need(rawdev_total("opening") == 1);
	client_ack(&a);
	need(client_silent(&a));
	need(client_alive(&a));
	client_kill(&a);
}

static void
d13_odd_flags_open_nothing(int n)
{
	static const uint8_t flags[] = {
		0, FIN, PSH, URG, FIN | PSH | URG, SYN | FIN, SYN | RST,
		SYN | FIN | PSH | URG, 0x3f, 0xff, ACK, FIN | ACK
	};
	uint8_t f = flags[n];

	client_init(&a, family, ECHO);
	client_flags(&a, f, a.iss, 777);
	if (f & RST)
		need(client_silent(&a));
	else {
		need(client_got(&a));
		need((a.got.flags & (SYN | RST)) == RST);
		need(client_silent(&a));
	}
	need(rawdev_total("opening") == 0);
}

enum { STARVERS = 32 };

static void
d13_windows_that_stay_shut_take_bounded_memory(int n)
{
	static struct client p[STARVERS];
	size_t before = rawdev_memory(), i;
	uint64_t conns = rawdev_total("conns");

	(void)n;
	for (i = 0; i < STARVERS; i++) {
		open_to(&p[i], SOURCE);
		p[i].wnd = 0;
		client_data(&p[i], "8000000\n", 8);
	}
	rawdev_settle();
	need(rawdev_memory() < before + STARVERS * TCP_SND_QUEUE_MAX * 5 / 4 +
	    4 * MIB);
	need(serves());
	need(rawdev_total("conns") == conns + STARVERS);
	for (i = 0; i < STARVERS; i++)
		client_kill(&p[i]);
	need(rawdev_total("conns") == conns);
}

const struct row hostile_tcp[] = {
	ROW(d01_numbers_of_many_clients_are_spread, 1),
	ROW(d01_number_of_one_client_grows_with_the_clock, 1),
	ROW(d01_numbers_after_a_restart_are_others, 1),
	ROW(d02_rst_in_the_window_is_challenged, 4),
	ROW(d02_rst_out_of_the_window_is_met_by_silence, 5),
	ROW(d02_rst_at_the_next_number_closes, 1),
	ROW(d03_syn_in_an_open_connection_is_challenged, 12),
	ROW(d04_ack_counts_within_its_range_and_nowhere_else, 8),
	ROW(d05_challenges_are_counted_for_each_connection, 1),
	ROW(d13_simultaneous_close_ends_in_order, 1),
	ROW(d13_time_wait_is_not_assassinated, 1),
	ROW(d13_time_wait_gives_way_to_a_new_syn, 1),
	ROW(d13_time_wait_ends, 1),
	ROW(d13_data_behind_a_fin_is_not_taken, 3),
	ROW(d13_syn_with_data_takes_no_data, 2),
	ROW(d13_simultaneous_open_is_none, 1),
	ROW(d13_handshake_is_ended_by_the_right_ack_alone, 5),
	ROW(d13_odd_flags_open_nothing, 12),
	ROW(d13_windows_that_stay_shut_take_bounded_memory, 1),
	{ NULL, NULL, 0 }
};
