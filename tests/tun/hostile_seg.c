/* tests/tun/hostile_seg.c - what segments carry, and errors: D06 to D09 */
#include "tests/tun/hostile.h"

#include <string.h>

#include "base/wire.h"
#include "tests/tun/rawdev.h"
#include "tests/tun/rawsum.h"

static struct client a;

/* --- D06: ICMP errors, RFC 5927 --- */

/* About a segment of the stack's that begins at @seq. */
static void
forge(const struct client *p, uint8_t type, uint8_t code, uint32_t second,
    uint32_t seq)
{
	size_t head = ip_head(), n = addr_iplen(&p->me);
	uint8_t f[40 + 8 + 40 + 8] = { 0 }, *icmp = f + head, *q = icmp + 8;
	size_t len = 8 + head + 8, i;

	for (i = 0; i < 2; i++) {	/* around, and quoted */
		uint8_t *h = i ? q : f;
		const struct addr *src = i ? &p->it : &p->me;
		const struct addr *dst = i ? &p->me : &p->it;

		memcpy(h + (n == 4 ? 12 : 8), src->ip, n);
		memcpy(h + (n == 4 ? 16 : 24), dst->ip, n);
		h[0] = n == 4 ? 0x45 : 0x60;
		h[n == 4 ? 8 : 7] = 60;
		h[n == 4 ? 9 : 6] = i ? 6 : n == 4 ? ICMP : ICMP6;
		raw_set16(h + (n == 4 ? 2 : 4), (n == 4 ? 20 : 0) +
		    (i ? 1480 : len));
		if (n == 4)
			raw_set16(h + 10, raw_sum4(h));
	}
	icmp[0] = type;
	icmp[1] = code;
	wire_set32(icmp + 4, second);
	raw_set16(q + head, p->it.port);
	raw_set16(q + head + 2, p->me.port);
	wire_set32(q + head + 4, seq);
	raw_set16(icmp + 2, raw_sum(icmp, len, 2, &p->me, &p->it,
	    n == 4 ? 0 : ICMP6));
	rawdev_send(f, head + len);
}

static void
forge_some(const struct client *p, uint32_t i)
{
	static const uint8_t types4[][2] = {
		{ 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 13 }, { 4, 0 },
		{ 11, 0 }, { 12, 0 }, { 5, 1 }, { 3, 4 }
	}, types6[][2] = {
		{ 1, 0 }, { 1, 1 }, { 1, 3 }, { 1, 4 }, { 1, 5 }, { 3, 0 },
		{ 4, 0 }, { 4, 1 }, { 137, 0 }, { 2, 0 }
	};
	const uint8_t *t = family == 6 ? types6[i % 10] : types4[i % 10];

	/* a size that no link has; the sequence often right */
	forge(p, t[0], t[1], i % (family == 6 ? 1280 : 576), p->una + i % 1100);
}

static void
d06_a_hundred_thousand_forged_errors_do_no_harm(int n)
{
	uint64_t dropped = rawdev_total("icmp"), resets;
	uint32_t i;

	(void)n;
	in_flight(&a);
	need(a.ack - a.una == 1000);
	resets = rawdev_total("resets");
	for (i = 0; i < 100000; i++)
		forge_some(&a, i);
	need(rawdev_total("icmp") == dropped + 100000);
	need(rawdev_total("resets") == resets);
	need(client_silent(&a));
	a.wnd = 60000;
	client_ack(&a);
	need(client_read(&a, 200000));
	need(a.got.part <= 1460);
	client_kill(&a);
}

/* The largest part in which the next @len bytes come. */
static size_t
largest(struct client *p, uint32_t len)
{
	uint32_t end = p->ack + len;
	size_t most = 0;

	while ((int32_t)(end - p->ack) > 0) {
		if (!client_wait(p) || client_take(p))
			return 0;
		if (p->got.part > most)
			most = p->got.part;
		client_ack(p);
	}
	return most;
}

static void
d06_too_big_is_believed_if_it_quotes_what_is_under_way(int n)
{
	static const struct {
		uint32_t	mtu;
		uint32_t	off;
		int		ok;
	} c[] = {
		{ 1300, 0, 1 }, { 1300, 999, 1 }, { 1300, 1000, 0 },
		{ 1300, (uint32_t)-1, 0 }, { 1500, 0, 0 }, { 9000, 0, 0 },
		{ 0, 0, 0 }, { 575, 0, 0 }
	};
	size_t head = ip_head() + 20, most;

	in_flight(&a);
	need(a.ack - a.una == 1000);
	forge(&a, family == 6 ? 2 : 3, family == 6 ? 0 : 4, c[n].mtu,
	    a.una + c[n].off);
	rawdev_settle();
	a.wnd = 60000;
	client_ack(&a);
	need(largest(&a, 10000) > 0);	/* that were cut before */
	most = largest(&a, 200000);
	need(most == (c[n].ok ? 1300 - head : 1500 - head));
	client_kill(&a);
}

/* --- D07: options --- */

struct option {
	const char	*name;
	uint8_t		 doff;
	uint8_t		 n, b[40];
};
static const struct option malformed[] = {
	{ "length_0", 0, 2, { 2, 0 } },
	{ "length_1", 0, 2, { 253, 1 } },
	{ "length_beyond_the_end", 0, 4, { 253, 5, 0, 0 } },
	{ "length_missing", 0, 4, { 1, 1, 1, 253 } },
	{ "mss_of_3", 0, 3, { 2, 3, 5 } },
	{ "mss_of_5", 0, 5, { 2, 5, 5, 5, 5 } },
	{ "scale_of_2", 0, 2, { 3, 2 } },
	{ "sack_permitted_of_3", 0, 3, { 4, 3, 0 } },
	{ "timestamps_of_9", 0, 9, { 8, 9 } },
	{ "sack_of_half_a_block", 0, 6, { 5, 6 } },
	{ "sack_of_no_block", 0, 2, { 5, 2 } },
	{ "data_offset_0", 16, 0, { 0 } },	/* 16 << 4 is 0 */
	{ "data_offset_4", 4, 0, { 0 } },
	{ "data_offset_beyond_the_end", 15, 0, { 0 } },
};

static void
d07_malformed_segment_is_dropped(int n)
{
	const struct option *o = &malformed[n];
	struct seg s = { .flags = SYN, .opt = o->b, .nopt = o->n,
	    .doff = o->doff };
	uint64_t dropped = rawdev_total("segment");

	label = o->name;
	client_init(&a, family, ECHO);
	s.seq = a.iss;
	client_say(&a, &s);
	need(client_silent(&a));
	need(rawdev_total("segment") == dropped + 1);
	open_to(&a, ECHO);
	s.flags = ACK;
	s.seq = a.nxt;
	s.ack = a.ack;
	client_say(&a, &s);
	need(client_silent(&a));
	need(rawdev_total("segment") == dropped + 2);
	need(client_alive(&a));
	client_kill(&a);
}

static const struct option odd[] = {
	{ "unknown", 0, 6, { 253, 4, 1, 2, 254, 2 } },
	{ "fast_open_cookie", 0, 10, { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ "empty_unknown", 0, 2, { 200, 2 } },
	{ "twice", 0, 8, { 2, 4, 0, 100, 2, 4, 5, 180 } },
	{ "end_and_rubbish", 0, 8, { 0, 1, 2, 3, 2, 0, 9, 255 } },
	{ "nothing_but_nops", 0, 40, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1 } },
	{ "scale_of_255", 0, 3, { 3, 3, 255 } },
	{ "mss_of_0", 0, 4, { 2, 4, 0, 0 } },
	{ "sack_in_a_syn", 0, 10, { 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 } },
	{ "md5", 0, 18, { 19, 18 } },
};

static void
d07_odd_options_are_passed_over(int n)
{
	const struct option *o = &odd[n];

	label = o->name;
	client_init(&a, family, ECHO);
	memcpy(a.opt, o->b, o->n);
	a.nopt = o->n;
	need(client_open(&a));
	need(client_alive(&a));
	client_say(&a, &(struct seg){ .flags = ACK, .seq = a.nxt, .ack = a.ack,
	    .opt = o->b, .nopt = o->n });
	need(client_silent(&a));
	need(client_alive(&a));
	client_kill(&a);
}

static void
d07_mss_has_a_floor_and_a_ceiling(int n)
{
	static const uint16_t mss[] = { 0, 1, 87, 535, 536, 1000, 65535 };
	static const size_t want4[] = { 536, 536, 536, 536, 536, 1000, 1460 };
	static const size_t want6[] = { 1220, 536, 536, 536, 536, 1000, 1440 };

	client_init(&a, family, SOURCE);
	raw_set16(a.opt + 2, mss[n]);
	need(client_open(&a));
	client_data(&a, "1000000\n", 8);
	need(largest(&a, 50000) == (family == 6 ? want6 : want4)[n]);
	client_kill(&a);
}

static void
d07_window_scale_is_14_at_most(int n)
{
	static const uint8_t scale[] = { 14, 15, 127, 255 };
	uint32_t most = 0, now;
	int more = 30;

	client_init(&a, family, SOURCE);
	memcpy(a.opt + a.nopt, (uint8_t[]){ 1, 3, 3, scale[n] }, 4);
	a.nopt += 4;
	a.wnd = 1;			/* 16 KiB */
	need(client_open(&a));
	client_data(&a, "100000000\n", 10);
	while (more && (a.ack - a.irs) < 90000000) {
		need(client_wait(&a));
		need(client_take(&a) == 0);
		now = client_flight(&a);
		if (now > most)
			most = now;
		more -= most > 16384 - 1460;	/* what is not less ... */
		client_ack(&a);
	}
	need(more == 0 && most <= 16384);	/* ... must not be more */
	client_kill(&a);
}

/* Four blocks, as much as fits, of nonsense about what is under way. */
static size_t
nonsense(const struct client *p, int kind, uint8_t *o)
{
	static const int32_t from_to[][8] = {
		{ 2000, 1000, 4000, 3000, 500, 0, 100, 50 },	/* reversed */
		{ 1000000, 2000000, 1 << 30, (1 << 30) + 1,
		    0x7ffffff0, 0x7fffffff, 3000000, 3000001 },
		{ -5000, -1000, -100, -50, -2, -1, -100000, 0 },
		{ 0, 0, 1000, 1000, 1460, 1460, -1, -1 },	/* empty */
		{ 0, 9000, 100, 5000, 2000, 9000, 0, 9000 },	/* overlap */
		{ 1, 0x7fffffff, -0x7fffffff, 1, 0, -1, 1, -1 },
		{ 1, 2, 3, 4, 5, 6, 7, 8 },			/* crumbs */
		{ 100, 101, 102, 103, 1459, 1461, 1, 0x40000000 }
	};
	size_t i;

	o[0] = o[1] = 1;
	o[2] = 5;
	o[3] = 2 + 32;
	for (i = 0; i < 8; i++)
		wire_set32(o + 4 + 4 * i, p->ack + (uint32_t)from_to[kind][i]);
	return 36;
}

static void
d07_nonsense_in_sack_blocks_costs_nothing(int n)
{
	uint8_t o[40];
	uint32_t end;
	size_t nopt;

	client_init(&a, family, SOURCE);
	memcpy(a.opt + a.nopt, "\1\1\4\2", 4);
	a.nopt += 4;
	need(client_open(&a));
	client_data(&a, "500000\n", 7);
	for (end = a.ack + 300000; (int32_t)(end - a.ack) > 0; ) {
		/* it is told so before what is under way is ACKed, too */
		nopt = nonsense(&a, n, o);
		client_say(&a, &(struct seg){ .flags = ACK, .seq = a.nxt,
		    .ack = a.una, .opt = o, .nopt = nopt });
		need(client_wait(&a));
		need((a.got.flags & RST) == 0);
		need(client_take(&a) == 0);
		nopt = nonsense(&a, n, o);
		client_say(&a, &(struct seg){ .flags = ACK, .seq = a.nxt,
		    .ack = a.ack, .opt = o, .nopt = nopt });
	}
	need(client_read(&a, 100000));
	client_kill(&a);
}

static void
d07_old_timestamps_are_dropped(int n)
{
	struct seg s = { .flags = ACK, .data = "y", .len = 1 };
	uint64_t dropped;

	(void)n;
	client_init(&a, family, ECHO);
	a.ts = 1;
	a.ts_val = 1000;
	need(client_open(&a));
	need(client_alive(&a));
	s.seq = a.nxt;
	s.ack = a.ack;
	a.ts_val = 999;
	client_say(&a, &s);
	need(client_challenged(&a));
	a.ts_val = 1000 + 0x80000001;
	client_say(&a, &s);
	need(client_challenged(&a));
	/* None at all, where they were agreed on. */
	dropped = rawdev_total("window");
	a.ts = 0;
	client_say(&a, &s);
	need(client_silent(&a));
	need(rawdev_total("window") == dropped + 1);
	a.ts = 1;
	a.ts_val = 1001;
	need(client_alive(&a));
	client_flags(&a, RST, a.nxt, 0);	/* which needs none */
	need(client_silent(&a));
	need(client_gone(&a));
}

/* --- D08: urgent data --- */

static void
d08_urgent_data_is_as_any_other(int n)
{
	static const uint16_t pointer[] = { 0, 1, 2, 3, 4, 65535 };

	open_to(&a, ECHO);
	client_say(&a, &(struct seg){ .flags = ACK | URG, .seq = a.nxt,
	    .ack = a.ack, .data = "abc", .len = 3, .urgent = pointer[n] });
	a.nxt += 3;
	need(client_got(&a));
	need(a.got.len == 3 && memcmp(a.got.data, "abc", 3) == 0);
	need((a.got.flags & URG) == 0 && a.got.ack == a.nxt);
	a.ack += 3;
	client_ack(&a);
	need(client_alive(&a));
	/* a pointer and nothing to point at */
	client_say(&a, &(struct seg){ .flags = ACK | URG, .seq = a.nxt,
	    .ack = a.ack, .urgent = pointer[n] });
	need(client_silent(&a));
	need(client_alive(&a));
	client_kill(&a);
}

/* --- D09: out of order --- */

enum { CRUMBS = 4000, CRUMBLERS = 32 };

static uint8_t
crumb(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

/* The last byte first; the very first never. */
static void
crumble(struct client *p)
{
	uint8_t c;
	uint32_t i;

	for (i = CRUMBS - 1; i > 0; i--) {
		c = crumb(i);
		client_say(p, &(struct seg){ .flags = ACK, .seq = p->nxt + i,
		    .ack = p->ack, .data = &c, .len = 1 });
	}
	rawdev_settle();
	rawdev_drop();
}

static int
complete(struct client *p)
{
	uint8_t all[CRUMBS];
	uint32_t start = p->ack, at;
	size_t i, wrong = 0;

	for (i = 0; i < CRUMBS; i++)
		all[i] = crumb(i);
	for (i = 0; i < CRUMBS; i += 1000)
		client_data(p, all + i, 1000);
	while ((at = p->ack - start) < CRUMBS) {
		if (!client_wait(p) || (p->got.flags & RST))
			return 0;
		for (i = p->ack - p->got.seq; i < p->got.len; i++)
			wrong += p->got.data[i] != crumb(at++);
		p->ack = start + at;
	}
	client_ack(p);
	return wrong == 0 && at == CRUMBS;
}

/* With 100 bytes of memory for each it would be 13 MB. */
static void
d09_crumbs_in_reverse_are_bounded_and_put_together(int n)
{
	static struct client p[CRUMBLERS];
	size_t before, i;

	(void)n;
	for (i = 0; i < CRUMBLERS; i++)
		open_to(&p[i], ECHO);
	before = rawdev_memory();
	for (i = 0; i < CRUMBLERS; i++)
		crumble(&p[i]);
	need(rawdev_memory() < before + 4 * MIB);
	need(serves());
	for (i = 0; i < CRUMBLERS; i++) {
		need(complete(&p[i]));
		client_kill(&p[i]);
	}
}

const struct row hostile_seg[] = {
	ROW(d06_a_hundred_thousand_forged_errors_do_no_harm, 1),
	ROW(d06_too_big_is_believed_if_it_quotes_what_is_under_way, 8),
	ROW(d07_malformed_segment_is_dropped, COUNT(malformed)),
	ROW(d07_odd_options_are_passed_over, COUNT(odd)),
	ROW(d07_mss_has_a_floor_and_a_ceiling, 7),
	ROW(d07_window_scale_is_14_at_most, 4),
	ROW(d07_nonsense_in_sack_blocks_costs_nothing, 8),
	ROW(d07_old_timestamps_are_dropped, 1),
	ROW(d08_urgent_data_is_as_any_other, 6),
	ROW(d09_crumbs_in_reverse_are_bounded_and_put_together, 1),
	{ NULL, NULL, 0 }
};
