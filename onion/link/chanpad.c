/* onion/link/chanpad.c - padding an idle channel (padding-spec 2)
 *
 * Theory of operation
 *	Routers that keep flow records close a record after 10 or 15 s without
 *	a packet; a PADDING cell before that keeps it whole and so coarse.
 *	A time to wait is drawn as max(X, X), X uniform in [low, high); whatever
 *	goes either way draws it anew; when it has passed without anything, one
 *	cell goes, which is itself something that went.
 *
 *	Cells come by the thousand, so the time is drawn once in a millisecond,
 *	and the timer is moved only where it would be late: one that fires too
 *	early is set again.
 * Invariants
 *	While on, the timer is armed and never later than @due, unless what is
 *	configured says never.
 * Not here
 *	Whether to pad at all (link protocol 5, circuits that carry traffic):
 *	the channel's, which starts and stops this.
 */
#include "onion/link/chanpad.h"

#include "base/rand.h"
#include "base/wire.h"
#include "onion/link/cell.h"

enum { NEGOTIATE_STOP = 1, NEGOTIATE_START = 2 };

static void
range(const struct chan_padding *conf, int32_t *low, int32_t *high)
{
	*low = conf->low_ms;
	*high = conf->high_ms;
	if (conf->reduced) {
		if (conf->low_reduced_ms > *low)
			*low = conf->low_reduced_ms;
		if (conf->high_reduced_ms > *high)
			*high = conf->high_reduced_ms;
	}
	if (*low < 0)
		*low = 0;
	if (*high < *low)
		*high = *low;
}

int64_t
chanpad_draw(const struct chan_padding *conf)
{
	int32_t low, high;
	uint64_t a, b;

	/* A consensus that says 0 and 0 switches padding off. */
	if (conf->off || (conf->low_ms <= 0 && conf->high_ms <= 0))
		return 0;
	range(conf, &low, &high);
	a = rand_below((uint64_t)(high - low));
	b = rand_below((uint64_t)(high - low));
	if (b > a)
		a = b;
	return low + (int64_t)a > 0 ? low + (int64_t)a : 1;
}

int
chanpad_wants_relay(const struct chan_padding *conf)
{
	return !conf->off && !conf->reduced;
}

void
chanpad_negotiate(uint8_t *body, const struct chan_padding *conf)
{
	int32_t low, high;
	struct pack p;

	pack_init(&p, body, CELL_BODY);
	pack_u8(&p, 0);
	if (!chanpad_wants_relay(conf)) {
		pack_u8(&p, NEGOTIATE_STOP);
		return;
	}
	range(conf, &low, &high);
	pack_u8(&p, NEGOTIATE_START);
	pack_u16(&p, (uint16_t)(low < UINT16_MAX ? low : UINT16_MAX));
	pack_u16(&p, (uint16_t)(high < UINT16_MAX ? high : UINT16_MAX));
}

static void
draw(struct chanpad *p)
{
	int64_t wait = chanpad_draw(p->conf);

	p->seen = p->loop->now;
	if (wait == 0) {
		loop_timer_clear(p->loop, &p->timer);
		return;
	}
	p->due = p->seen + wait;
	if (!p->timer.armed || p->due < p->timer.at)
		loop_timer_set(p->loop, &p->timer, p->due);
}

static void
on_timer(void *arg)
{
	struct chanpad *p = arg;

	if (p->due > p->loop->now) {
		loop_timer_set(p->loop, &p->timer, p->due);
		return;
	}
	draw(p);
	if (!p->user->busy(p->arg))
		p->user->send(p->arg);		/* last: it may end us */
}

void
chanpad_init(struct chanpad *p, struct loop *loop,
    const struct chan_padding *conf, const struct chanpad_user *user,
    void *arg)
{
	p->loop = loop;
	p->conf = conf;
	p->user = user;
	p->arg = arg;
	p->due = p->seen = 0;
	p->on = 0;
	loop_timer_init(&p->timer, on_timer, p);
}

void
chanpad_start(struct chanpad *p)
{
	if (p->on)
		return;
	p->on = 1;
	draw(p);
}

void
chanpad_stop(struct chanpad *p)
{
	p->on = 0;
	loop_timer_clear(p->loop, &p->timer);
}

void
chanpad_changed(struct chanpad *p)
{
	if (!p->on)
		return;
	loop_timer_clear(p->loop, &p->timer);
	draw(p);
}

void
chanpad_touch(struct chanpad *p)
{
	if (p->on && p->seen != p->loop->now)
		draw(p);
}
