/* tun/tcp_rtt.c - the round trip, and what follows from it for timers */
#include "tun/tcp_rtt.h"

enum { UNIT = 256, BACKOFF_MAX = 9 };	/* 200 << 9 > TCP_RTO_MAX_MS */

/* RFC 6298 2.2, 2.3: alpha 1/8, beta 1/4. */
void
tcp_rtt_sample(struct tcp_rtt *r, uint32_t ms)
{
	uint32_t v, d;

	if (ms > TCP_RTO_MAX_MS)
		ms = TCP_RTO_MAX_MS;
	v = ms * UNIT;
	if (!r->known) {
		r->srtt = v;
		r->var = v / 2;
		r->min = ms;
	} else {
		d = v > r->srtt ? v - r->srtt : r->srtt - v;
		r->var = r->var - r->var / 4 + d / 4;
		r->srtt = r->srtt - r->srtt / 8 + v / 8;
	}
	if (ms < r->min)
		r->min = ms;
	r->known = 1;
	r->backoff = 0;
}

void
tcp_rtt_backoff(struct tcp_rtt *r)
{
	if (r->backoff < BACKOFF_MAX)
		r->backoff++;
}

/* Karn would keep it all until there is a sample: on a bad link, to a client
 * without timestamps, that comes too late.  This much is kept so that there is
 * one in the end, even where a round trip takes longer than the timeout. */
void
tcp_rtt_progress(struct tcp_rtt *r)
{
	uint8_t most = r->known ? 1 : 2;

	if (r->backoff > most)
		r->backoff = most;
}

static uint32_t
rto(const struct tcp_rtt *r, unsigned shift)
{
	uint32_t ms, var = 4 * r->var;

	if (var < UNIT)				/* the clock's grain */
		var = UNIT;
	ms = r->known ? (r->srtt + var) / UNIT : TCP_RTO_FIRST_MS;
	if (ms < TCP_RTO_MIN_MS)
		ms = TCP_RTO_MIN_MS;
	if (ms > (uint32_t)TCP_RTO_MAX_MS >> shift)
		return TCP_RTO_MAX_MS;
	return ms << shift;
}

uint32_t
tcp_rtt_rto(const struct tcp_rtt *r)
{
	return rto(r, r->backoff);
}

uint32_t
tcp_rtt_ms(const struct tcp_rtt *r)
{
	return (r->srtt + UNIT - 1) / UNIT;
}

uint32_t
tcp_rtt_persist(const struct tcp_rtt *r, unsigned n)
{
	return rto(r, n < BACKOFF_MAX ? n : BACKOFF_MAX);
}
