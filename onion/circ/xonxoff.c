/* onion/circ/xonxoff.c - start, stop and pace of one stream
 *
 * Theory of operation
 *	Their side.  XOFF stops us, XON starts us and may carry a rate, which a
 *	token bucket of one second keeps.  A relay sends XOFF when more than
 *	cc_xoff_exit bytes wait there, and the next only after all of them
 *	went; it sends XON after an XOFF, or to correct a rate after
 *	cc_xon_rate bytes.  So what may come is bounded by what we sent, and
 *	more is somebody who signals with them, or means to keep us busy.
 *
 *	Our side.  What the holder takes at once never waits here.  When more
 *	than cc_xoff_client bytes have waited for XONXOFF_GRACE_MS, or twice as
 *	many wait, XOFF; when none waits any more, XON.  While data waits, the
 *	speed at which it drains is measured each cc_xon_rate bytes; if it comes
 *	to differ from what was told last by cc_xon_change_pct, another XON
 *	tells it.
 */
#include "onion/circ/xonxoff.h"

#include <errno.h>

#include "base/loop.h"
#include "onion/circ/flowctl.h"

int
xonxoff_stop(struct xonxoff *x, const struct flow_params *p)
{
	uint64_t most = x->sent / (uint64_t)p->xoff_exit;

	if (x->stopped || x->xoffs >= most + XONXOFF_SLACK)
		return -EPROTO;
	x->xoffs++;
	x->stopped = 1;
	return 0;
}

static void
refill(struct xonxoff *x, int64_t now)
{
	int64_t ms = now - x->filled_at, rate = (int64_t)x->rate;

	if (ms <= 0)
		return;
	x->filled_at = now;
	/* Debt is below one send; a second and a half is always enough. */
	x->tokens += ms > 1500 ? rate + rate / 2 : rate * ms / 1000;
	if (x->tokens > rate)
		x->tokens = rate;
}

/* What is in the bucket stays, as far as the new one holds it: a relay that
 * says XON again and again must not be a second ahead each time.  It is full
 * where there was no rate before. */
static void
set_rate(struct xonxoff *x, uint64_t rate, int64_t now)
{
	int64_t most = rate > INT32_MAX ? 0 : (int64_t)rate;

	if (x->rate)
		refill(x, now);
	if (x->rate == 0 || x->tokens > most)
		x->tokens = most;
	x->rate = (uint64_t)most;
	x->filled_at = now;
}

int
xonxoff_start(struct xonxoff *x, const struct flow_params *p, uint32_t kbps,
    int64_t now)
{
	int32_t each = p->xoff_exit < p->xon_rate ? p->xoff_exit : p->xon_rate;
	uint64_t most = x->sent / (uint64_t)each;

	if (x->xons >= most + x->xoffs + XONXOFF_SLACK)
		return -EPROTO;
	x->xons++;
	x->stopped = 0;
	set_rate(x, (uint64_t)kbps * 1000, now);
	return 0;
}
int
xonxoff_may_send(struct xonxoff *x, int64_t now, int64_t *when)
{
	*when = LOOP_NEVER;
	if (x->stopped)
		return 0;
	if (x->rate == 0)
		return 1;
	refill(x, now);
	if (x->tokens > 0)
		return 1;
	/* Not for each byte: worth a cell at least. */
	*when = now + 1 + (FLOWCTL_CELL_MAX - x->tokens) * 1000 /
	    (int64_t)x->rate;
	return 0;
}

void
xonxoff_sent(struct xonxoff *x, size_t bytes)
{
	x->sent += bytes;
	if (x->rate)
		x->tokens -= (int64_t)bytes;
}

int
xonxoff_over(struct xonxoff *x, const struct flow_params *p, size_t held,
    int64_t now)
{
	if (held && x->drain_since == 0) {
		x->drain_since = now;
		x->drained = 0;
	}
	if (held <= (size_t)p->xoff_client) {
		x->over_since = 0;
		return 0;
	}
	if (x->xoff_out)
		return 0;
	if (x->over_since == 0)
		x->over_since = now;
	return now - x->over_since >= XONXOFF_GRACE_MS ||
	    held / 2 > (size_t)p->xoff_client;
}

static void
measure(struct xonxoff *x, const struct flow_params *p, int64_t now)
{
	int64_t ms = now - x->drain_since;
	uint64_t rate, n = (uint64_t)p->xon_ewma;

	if (x->drain_since == 0 || ms <= 0 ||
	    x->drained <= (uint64_t)p->xon_rate)
		return;
	rate = x->drained / (uint64_t)ms;	/* bytes/ms: 1000 bytes/s */
	if (x->kbps)
		rate = (2 * rate + (n - 1) * x->kbps) / (n + 1);
	x->kbps = rate > INT32_MAX ? INT32_MAX : rate ? (uint32_t)rate : 1;
	x->drained = 0;
	x->drain_since = now;
}

static int
rate_changed(const struct xonxoff *x, const struct flow_params *p)
{
	uint64_t pct = (uint64_t)p->xon_change_pct;
	uint64_t now = (uint64_t)x->kbps * 100, told = x->kbps_told;

	return told && (now > (100 + pct) * told || now < (100 - pct) * told);
}

int
xonxoff_drained(struct xonxoff *x, const struct flow_params *p, size_t drained,
    size_t held, int64_t now)
{
	x->drained += drained;
	measure(x, p, now);
	if (held > 0)
		return !x->xoff_out && rate_changed(x, p);
	x->drain_since = 0;
	if (x->xoff_out)
		return 1;
	/* Nothing waits for so long now: what was told is too low. */
	if (x->kbps_told && x->drained >= (uint64_t)p->xon_rate) {
		x->drained = 0;
		x->kbps = x->kbps > INT32_MAX / 2 ? INT32_MAX : x->kbps * 2;
	}
	return rate_changed(x, p);
}

void
xonxoff_xoff_sent(struct xonxoff *x)
{
	x->xoff_out = 1;
	x->over_since = 0;
	x->kbps = 0;		/* it was wrong, if it came to this */
}

uint32_t
xonxoff_xon_sent(struct xonxoff *x)
{
	x->xoff_out = 0;
	x->kbps_told = x->kbps;
	return x->kbps;
}
