/* tun/tcp_cwnd.c - how much may be under way (RFC 5681, 6928, 6937) */
#include "tun/tcp_cwnd.h"

#include <string.h>

static uint32_t
min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t
max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* RFC 6928: ten segments, unless they are large. */
void
tcp_cwnd_init(struct tcp_cwnd *c, uint32_t mss)
{
	memset(c, 0, sizeof(*c));
	c->cwnd = min32(10 * mss, max32(2 * mss, 14600));
	c->ssthresh = TCP_CWND_MAX;
}

static void
grow(struct tcp_cwnd *c, uint32_t bytes, uint32_t mss)
{
	if (c->cwnd < c->ssthresh) {
		c->cwnd += bytes;
	} else {
		c->arrived += bytes;
		if (c->arrived >= c->cwnd) {
			c->arrived -= c->cwnd;
			c->cwnd += mss;
		}
	}
	c->cwnd = min32(c->cwnd, TCP_CWND_MAX);
}

/* RFC 6937 3, with the slow start reduction bound. */
static void
recover(struct tcp_cwnd *c, uint32_t bytes, uint32_t under_way, uint32_t mss)
{
	uint64_t want;
	uint32_t more;

	c->prr.in += bytes;
	if (under_way > c->ssthresh) {
		want = ((uint64_t)c->prr.in * c->ssthresh + c->prr.flight - 1) /
		    c->prr.flight;
		more = want > c->prr.out ? (uint32_t)(want - c->prr.out) : 0;
	} else {
		more = c->prr.in > c->prr.out ? c->prr.in - c->prr.out : 0;
		more = min32(max32(more, bytes) + mss,
		    c->ssthresh - under_way);
	}
	if (c->prr.out == 0)		/* what is lost goes at once */
		more = max32(more, mss);
	c->cwnd = max32(min32(under_way + more, TCP_CWND_MAX), mss);
}

void
tcp_cwnd_arrived(struct tcp_cwnd *c, uint32_t bytes, uint32_t under_way,
    uint32_t mss)
{
	if (bytes == 0)
		return;
	if (c->state == TCP_CWND_RECOVERY)
		recover(c, bytes, under_way, mss);
	else if (c->full)
		grow(c, bytes, mss);
}

void
tcp_cwnd_sent(struct tcp_cwnd *c, uint32_t bytes)
{
	if (c->state == TCP_CWND_RECOVERY)
		c->prr.out += bytes;
}

static void
set_ssthresh(struct tcp_cwnd *c, uint32_t flight, uint32_t mss)
{
	c->ssthresh = max32(flight / 2, 2 * mss);
	c->arrived = 0;
}

void
tcp_cwnd_lost(struct tcp_cwnd *c, uint32_t flight, uint32_t under_way,
    uint32_t end, uint32_t mss)
{
	set_ssthresh(c, flight, mss);
	c->state = TCP_CWND_RECOVERY;
	c->end = end;
	c->prr.flight = max32(flight, 1);
	c->prr.in = c->prr.out = 0;
	c->cwnd = under_way + mss;
}

void
tcp_cwnd_timeout_again(struct tcp_cwnd *c, uint32_t end, uint32_t mss)
{
	c->cwnd = mss;
	c->arrived = 0;
	c->end = end;
}

void
tcp_cwnd_timeout(struct tcp_cwnd *c, uint32_t flight, uint32_t end,
    uint32_t mss, int64_t now)
{
	c->old.cwnd = c->cwnd;
	c->old.ssthresh = c->ssthresh;
	c->old.at = (uint32_t)now;
	set_ssthresh(c, flight, mss);
	tcp_cwnd_timeout_again(c, end, mss);
	c->state = TCP_CWND_LOSS;
}

void
tcp_cwnd_recovered(struct tcp_cwnd *c)
{
	if (c->state == TCP_CWND_RECOVERY)
		c->cwnd = c->ssthresh;
	c->state = TCP_CWND_OPEN;
}

void
tcp_cwnd_undo(struct tcp_cwnd *c)
{
	c->cwnd = max32(c->cwnd, c->old.cwnd);
	c->ssthresh = c->old.ssthresh;
	c->state = TCP_CWND_OPEN;
}

void
tcp_cwnd_halve(struct tcp_cwnd *c, uint32_t flight, uint32_t mss)
{
	set_ssthresh(c, flight, mss);
	c->cwnd = min32(c->cwnd, c->ssthresh);
}
