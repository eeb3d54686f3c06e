/* onion/circ/vegas.c - how many cells may be in flight (proposal 324, 3.3)
 *
 * Theory of operation
 *	Every SENDME acknowledges @inc cells and tells a round trip time.  The
 *	smoothed RTT against the smallest gives the bandwidth-delay product,
 *
 *		bdp = cwnd * rtt_min / rtt_ewma
 *
 *	and cwnd - bdp is taken for what our cells use of the queues between
 *	here and there.  In slow start cwnd grows with each SENDME until that
 *	exceeds gamma; after that it moves by one step once per cwnd: up while
 *	below alpha, down above beta, cut above delta.  A full channel of our
 *	own counts as congestion at once.
 *
 *	cwnd only grows while it has been in use, or it would grow without
 *	having been tried.
 *
 * Clocks
 *	An RTT of 0 is a clock that did not move: the SENDME acknowledges, and
 *	nothing is learned from it.  So is one that is 5000 times the average,
 *	after slow start; one 5000 times below it is only if the clock was seen
 *	standing still before.  rtt_min can be too small for good (a hiccup, or
 *	a peer that cheats); so where cwnd stands at its smallest, rtt_min is
 *	raised towards the average: that unwedges a circuit (TROVE-2022-001).
 */
#include "onion/circ/vegas.h"

#include <string.h>

#include "onion/circ/flowctl.h"

enum { JUMP_RATIO = 5000 };	/* more than this is no RTT but a clock */

static int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
cwnd_floor(const struct vegas *v)
{
	return max64(v->p->cwnd_min, v->inc);
}

static int64_t
cwnd_ceiling(const struct vegas *v)
{
	return max64(min64(v->p->cwnd_max, FLOWCTL_CWND_MAX), cwnd_floor(v));
}

/* SENDMEs between changes of cwnd. */
static uint32_t
event_rate(const struct vegas *v)
{
	int64_t step = (int64_t)v->p->cwnd_inc_rate * v->inc;

	if (v->slow_start)
		return 1;
	return (uint32_t)((v->cwnd + step / 2) / step);
}

static uint32_t
sendmes_per_cwnd(const struct vegas *v)
{
	return (uint32_t)((v->cwnd + v->inc / 2) / v->inc);
}

void
vegas_init(struct vegas *v, const struct flow_params *p, uint32_t inc)
{
	memset(v, 0, sizeof(*v));
	v->p = p;
	v->inc = inc ? inc : 1;
	v->cwnd = min64(max64(p->cwnd_init, v->inc), cwnd_ceiling(v));
	v->slow_start = 1;
	v->next_event = event_rate(v);
}

int64_t
vegas_room(const struct vegas *v)
{
	return max64(v->cwnd - v->inflight, 0);
}

void
vegas_sent(struct vegas *v)
{
	v->inflight++;
}

static int
rtt_is_believable(struct vegas *v, int64_t rtt)
{
	if (rtt <= 0) {
		v->stalled = 1;
		return 0;
	}
	if (v->slow_start || v->rtt_ewma == 0)
		return 1;
	if (v->rtt_ewma > rtt * JUMP_RATIO)
		return !v->stalled;
	if (rtt > v->rtt_ewma * JUMP_RATIO)
		return 0;
	v->stalled = 0;
	return 1;
}

/* Over how many SENDMEs RTT is averaged. */
static int64_t
ewma_count(const struct vegas *v)
{
	int64_t n = v->p->ewma_ss;

	if (!v->slow_start)
		n = min64((int64_t)event_rate(v) * v->p->ewma_cwnd_pct / 100,
		    v->p->ewma_max);
	return max64(n, 2);
}

static void
learn_rtt(struct vegas *v, int64_t rtt)
{
	int64_t n = ewma_count(v), hi, lo;

	if (v->rtt_ewma == 0)
		v->rtt_ewma = rtt;
	else
		v->rtt_ewma = (2 * rtt + (n - 1) * v->rtt_ewma) / (n + 1);
	v->rtt_max = max64(v->rtt_max, rtt);
	if (v->rtt_min == 0)
		v->rtt_min = v->rtt_ewma;
	else if (v->cwnd == cwnd_floor(v) && !v->slow_start) {
		hi = max64(v->rtt_ewma, v->rtt_min);
		lo = min64(v->rtt_ewma, v->rtt_min);
		v->rtt_min = v->p->rtt_reset_pct * hi / 100 +
		    (100 - v->p->rtt_reset_pct) * lo / 100;
	} else
		v->rtt_min = min64(v->rtt_min, v->rtt_ewma);
	if (v->rtt_min < 1)
		v->rtt_min = 1;
}

/* 1 if there is news to act on. */
static int
learn(struct vegas *v, int64_t rtt, int blocked)
{
	int known = rtt_is_believable(v, rtt);

	if (known)
		learn_rtt(v, rtt);
	if (v->rtt_ewma == 0) {
		v->bdp = v->cwnd;
		v->blocked = blocked != 0;
		return blocked;
	}
	v->bdp = v->cwnd * v->rtt_min / v->rtt_ewma;
	if (v->blocked != (blocked != 0)) {
		v->blocked = blocked != 0;
		v->next_event = 0;	/* judge anew, at once */
	}
	return known || blocked;
}

static void
judge_fullness(struct vegas *v)
{
	if (v->inflight + (int64_t)v->p->cwnd_full_gap * v->inc >= v->cwnd)
		v->full = 1;
	else if (100 * v->inflight < v->p->cwnd_full_minpct * v->cwnd)
		v->full = 0;
}

/* RFC 3742, limited slow start. */
static int64_t
slow_start_step(const struct vegas *v)
{
	int64_t inc = v->inc;

	if (v->cwnd <= v->p->ss_cap)
		return (v->p->cwnd_inc_pct_ss * inc + 50) / 100;
	return max64((inc * v->p->ss_cap + v->cwnd) / (2 * v->cwnd), 1);
}

static void
slow_start(struct vegas *v, int64_t queue)
{
	int64_t step;

	if (queue >= v->p->gamma || v->blocked) {
		v->cwnd = v->bdp + v->p->gamma;
		v->slow_start = 0;
	} else if (v->full) {
		step = slow_start_step(v);
		v->cwnd += step;
		/* Not faster than steady state would be: no use for it. */
		if (step * sendmes_per_cwnd(v) <=
		    (int64_t)v->p->cwnd_inc * v->p->cwnd_inc_rate)
			v->slow_start = 0;
	}
	if (v->cwnd >= v->p->ss_max) {
		v->cwnd = v->p->ss_max;
		v->slow_start = 0;
	}
}

static void
steady_state(struct vegas *v, int64_t queue)
{
	if (queue > v->p->delta)
		v->cwnd = v->bdp + v->p->delta - v->p->cwnd_inc;
	else if (queue > v->p->beta || v->blocked)
		v->cwnd -= v->p->cwnd_inc;
	else if (v->full && queue < v->p->alpha)
		v->cwnd += v->p->cwnd_inc;
}

static void
count_down(struct vegas *v)
{
	int anew;

	if (v->next_cwnd == 0)
		v->next_cwnd = sendmes_per_cwnd(v);
	if (v->next_event == 0)
		v->next_event = event_rate(v);
	if (v->p->cwnd_full_per_cwnd)
		anew = v->next_cwnd == sendmes_per_cwnd(v);
	else
		anew = v->next_event == event_rate(v);
	if (anew)
		v->full = 0;
}

void
vegas_acked(struct vegas *v, int64_t rtt_us, int blocked)
{
	int64_t queue;

	if (v->next_event)
		v->next_event--;
	if (v->next_cwnd)
		v->next_cwnd--;
	if (learn(v, rtt_us, blocked)) {
		queue = max64(v->cwnd - v->bdp, 0);
		judge_fullness(v);
		if (v->slow_start)
			slow_start(v, queue);
		else if (v->next_event == 0)
			steady_state(v, queue);
		v->cwnd = max64(v->cwnd, cwnd_floor(v));
		v->cwnd = min64(v->cwnd, cwnd_ceiling(v));
		count_down(v);
	}
	v->inflight = max64(v->inflight - v->inc, 0);
}
