/* tests/fuzz/fz_tcp_snd.c - any order of writes, ACKs, segments and timers
 *
 * The first byte is the connection: bit 0, SACK; bit 1, timestamps; bit 2, a
 * small MSS; bit 3, sequence numbers that wrap soon.  Then operations, each a
 * byte that says which and how many bytes follow; numbers count in units that
 * the operation has, so that small ones make sense.
 *
 * Oracles: what sndcheck.h says, after each operation; every segment is of what
 * was put, within the window unless it is a probe; and in the end, when an
 * honest client acknowledges all, everything goes out and nothing is held.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tun/sndcheck.h"

static struct tcp_snd s;
static uint32_t first;			/* sequence number of the first byte */
static int64_t now;
static int gone;

static uint8_t
byte(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

static void
holds(void)
{
	must(sndcheck(&s) == NULL);
}

static void
put(size_t n)
{
	static uint8_t p[65536];
	uint32_t at = s.una + s.q.len - first;
	size_t room = tcp_snd_room(&s), i;

	for (i = 0; i < n; i++)
		p[i] = byte(at + (uint32_t)i);
	must(tcp_snd_put(&s, p, n, now) == (n < room ? n : room));
}

static int
next(size_t most)
{
	uint32_t una = s.una, max = s.max, at;
	struct tcp_seg_out o;
	size_t i, k, sum = 0;

	if (!tcp_snd_next(&s, &o, most, now))
		return 0;
	must(o.len <= most);
	must(o.nbody <= PKT_BODY_MAX);
	if (o.len == 0 && !o.fin) {
		must(o.seq == una - 1 && s.max == max);
		return 1;
	}
	must(seq_le(una, o.seq) && seq_le(o.seq, max));
	must(seq_le(o.seq + (uint32_t)o.len + o.fin, s.max));
	must(seq_le(o.seq + (uint32_t)o.len + o.fin, una + s.wnd));
	at = o.seq - first;
	for (i = 0; i < o.nbody; i++)
		for (sum += o.body[i].len, k = 0; k < o.body[i].len; k++)
			must(((const uint8_t *)o.body[i].p)[k] == byte(at++));
	must(sum == o.len);
	return 1;
}

static void
ack(struct wire *w, uint8_t how)
{
	uint32_t out = s.max - s.una, unit = how & 1 ? 1 : s.mss;
	struct tcp_ack a = { .seq = 1, .has_ts = how >> 1 & 1 };
	unsigned i;

	a.ack = s.una + wire_u8(w) * unit;
	if (how & 4)
		a.ack = s.una + wire_u32(w);
	else if (a.ack - s.una > out)
		a.ack = s.max;
	a.wnd = (uint32_t)wire_u16(w) << (how >> 3 & 3);
	a.seq += wire_u8(w) & 3;
	a.ts_ecr = (uint32_t)now - wire_u8(w);
	a.nsack = wire_u8(w) % (TCP_SND_SACK_MAX + 1);
	for (i = 0; i < a.nsack; i++) {
		a.sack[i].from = s.una + (uint32_t)(int8_t)wire_u8(w) * unit;
		a.sack[i].to = a.sack[i].from +
		    (uint32_t)(int8_t)wire_u8(w) * unit;
		if (how & 32)
			a.sack[i].to = wire_u32(w);
	}
	must(tcp_snd_ack(&s, &a, now) >= 0);
}

static void
operate(struct wire *w)
{
	uint8_t op = wire_u8(w);
	int64_t wait;

	switch (op & 7) {
	case 0:
		put((size_t)wire_u8(w) * (op & 8 ? 256 : 1));
		break;
	case 1:
	case 2:
		ack(w, op >> 2);
		break;
	case 3:
		(void)next(op & 8 ? 65000 : s.mss);
		break;
	case 4:
		wait = wire_u8(w) * (op & 8 ? 100 : 1);
		now += wait;
		break;
	case 5:
		if (s.deadline != LOOP_NEVER && s.deadline > now && op & 8)
			now = s.deadline;
		gone |= tcp_snd_timer(&s, now) < 0;
		break;
	case 6:
		while (next(op & 8 ? 65000 : s.mss))
			holds();
		break;
	case 7:
		if (op & 8)
			tcp_snd_fin(&s);
		else if (op & 16)
			tcp_snd_set_mss(&s, wire_u16(w), now);
		break;
	}
	holds();
}

/* An honest client from now on, one round trip at a time. */
static void
settle(void)
{
	struct tcp_ack a = { .wnd = 1000000, .seq = 1000 };
	int i;

	tcp_snd_fin(&s);
	for (i = 0; i < 3000 && !tcp_snd_fin_acked(&s); i++) {
		a.ack = s.max;
		a.seq++;
		(void)tcp_snd_ack(&s, &a, now);
		holds();
		if (s.deadline != LOOP_NEVER && s.deadline <= now)
			must(tcp_snd_timer(&s, now) == 0);
		while (next(65000))
			holds();
	}
	must(tcp_snd_fin_acked(&s));
	must(tcp_snd_queued(&s) == 0 && s.tx.v == NULL);
	must(s.deadline == LOOP_NEVER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcp_ack a = { .wnd = 20000, .seq = 1 };
	struct wire w;

	if (size < 1)
		return 0;
	wire_init(&w, data + 1, size - 1);
	now = 5000;
	gone = 0;
	first = data[0] & 8 ? UINT32_MAX - 3000 : 1000;
	tcp_snd_init(&s, first - 1, data[0] & 4 ? 536 : 1448, data[0] & 1,
	    data[0] >> 1 & 1);
	a.ack = first;
	(void)tcp_snd_ack(&s, &a, now);
	holds();
	while (wire_left(&w) && !gone)
		operate(&w);
	if (!gone)
		settle();
	tcp_snd_free(&s);
	return 0;
}
