/* onion/path/timeout.c - how long a circuit may take to be built
 *
 * Theory of operation
 *	The last TIMEOUT_TIMES build times stand in a ring, circuits that were
 *	given up among them as ABANDONED: those count as attempts, but are left
 *	out of the curve.  From cbtmincircs on, each new time gives a new curve
 *	and with it new timeouts.
 *
 *	  timeout	what the fastest 80% (cbtquantile) stay below, but not
 *			more than the slowest ever seen
 *	  close		the same for 99% (cbtclosequantile), not more than twice
 *			the slowest seen, and at least cbtinitialtimeout
 *
 *	The network is taken to be dead where a circuit lived and died and no
 *	cell came in all its life: until one comes nothing is recorded, or an
 *	unplugged cable would teach us that circuits take for ever.  And it is
 *	taken to have changed where most of the latest circuits that got past
 *	their first hop were too slow: all is forgotten then and learned anew,
 *	with twice the timeout if it was long already, up to SLOWEST_MS.
 * Invariants
 *	use_ms <= close_ms once learned; ntimes <= TIMEOUT_TIMES.
 * Not here
 *	The curve (pareto.c); lines of the state file (timeout_state.c).
 */
#include "onion/path/timeout_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"

static void
read_params(struct cbt_params *c, const struct params *p)
{
	c->disabled = params_get(p, "cbtdisabled", 0, 0, 1);
	c->modes = params_get(p, "cbtnummodes", 10, 1, 20);
	c->recent = params_get(p, "cbtrecentcount", 20, 3, RECENT_MAX);
	c->max_timeouts = params_get(p, "cbtmaxtimeouts", 18, 3, 10000);
	c->min_circs = params_get(p, "cbtmincircs", 100, 1, 10000);
	c->quantile = params_get(p, "cbtquantile", 80, 10, 99);
	c->close_quantile = params_get(p, "cbtclosequantile", 99, c->quantile,
	    99);
	c->test_freq_s = params_get(p, "cbttestfreq", 10, 1, INT32_MAX);
	c->min_ms = params_get(p, "cbtmintimeout", TIMEOUT_BIN_MS,
	    TIMEOUT_BIN_MS, INT32_MAX);
	c->initial_ms = params_get(p, "cbtinitialtimeout", 60000, c->min_ms,
	    INT32_MAX);
	c->learn_idle_s = params_get(p, "cbtlearntimeout", 180, 10, 60000);
	c->max_open = params_get(p, "cbtmaxopencircs", 10, 0, 14);
}

int
timeout_learns(const struct timeout *t)
{
	return t->conf.learn && !t->par.disabled;
}

static double
initial(const struct timeout *t)
{
	if (t->conf.fixed_ms <= 0)
		return t->par.initial_ms;
	if (timeout_learns(t) && t->conf.fixed_ms < t->par.min_ms)
		return t->par.min_ms;
	return (double)t->conf.fixed_ms;
}

void
timeout_forget(struct timeout *t)
{
	memset(t->times, 0, sizeof(t->times));
	t->ntimes = t->next = 0;
	t->learned = 0;
}

/* Nothing is known: start from the first guess. */
static void
start_over(struct timeout *t)
{
	timeout_forget(t);
	memset(t->recent, 0, sizeof(t->recent));
	t->recent_next = 0;
	t->use_ms = t->close_ms = initial(t);
}

int
timeout_new(struct timeout **out, struct loop *loop,
    const struct timeout_conf *conf)
{
	struct timeout *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->loop = loop;
	t->conf = *conf;
	t->last_live = t->last_test = -1;
	t->load.total = -1;
	t->quiet.every_s = t->quiet_dead.every_s = 60;
	read_params(&t->par, NULL);
	start_over(t);
	*out = t;
	return 0;
}

void
timeout_free(struct timeout *t)
{
	if (t == NULL)
		return;
	free(t->load.times);
	free(t);
}

/* --- the curve --- */

size_t
timeout_finished(const struct timeout *t, uint32_t *out)
{
	size_t i, n = 0;

	for (i = 0; i < t->ntimes; i++)
		if (t->times[i] != ABANDONED)
			out[n++] = t->times[i];
	return n;
}

void
timeout_learn(struct timeout *t)
{
	uint32_t times[TIMEOUT_TIMES];
	struct pareto curve;
	double most;
	size_t n;

	if (!timeout_learns(t) || t->ntimes < (size_t)t->par.min_circs)
		return;
	n = timeout_finished(t, times);
	if (pareto_fit(&curve, times, n, TIMEOUT_BIN_MS,
	    (size_t)t->par.modes) < 0)
		return;
	most = times[n - 1];
	t->curve = curve;
	t->use_ms = pareto_quantile(&curve, t->par.quantile / 100.0);
	t->close_ms = pareto_quantile(&curve, t->par.close_quantile / 100.0);
	if (t->use_ms > most)
		t->use_ms = most;
	if (t->close_ms > 2 * most)
		t->close_ms = 2 * most;
	if (t->close_ms < t->par.initial_ms)
		t->close_ms = t->par.initial_ms;
	if (t->use_ms < t->par.min_ms)
		t->use_ms = t->par.min_ms;
	if (t->use_ms > t->close_ms)
		t->use_ms = t->close_ms;
	if (!t->learned)
		log_info(LD_CIRC, "circuit build timeout is %.0f ms now, from "
		    "%zu circuits", t->use_ms, t->ntimes);
	t->learned = 1;
}

void
timeout_add(struct timeout *t, uint32_t ms)
{
	t->times[t->next] = ms;
	t->next = (t->next + 1) % TIMEOUT_TIMES;
	if (t->ntimes < TIMEOUT_TIMES)
		t->ntimes++;
}

static void
record(struct timeout *t, uint32_t ms)
{
	timeout_add(t, ms);
	timeout_learn(t);
	if (t->next % SAVE_EVERY == 0 && t->conf.dirty)
		t->conf.dirty(t->conf.arg);
}

/* --- settings --- */

void
timeout_set_conf(struct timeout *t, const struct timeout_conf *conf)
{
	int same = conf->learn == t->conf.learn &&
	    conf->fixed_ms == t->conf.fixed_ms;

	t->conf = *conf;
	if (same)
		return;
	if (!timeout_learns(t))
		start_over(t);
	else if (!t->learned)
		t->use_ms = t->close_ms = initial(t);
}

void
timeout_set_netdir(struct timeout *t, const struct netdir *nd)
{
	int32_t before = t->par.initial_ms, recent = t->par.recent;
	int learned_before = timeout_learns(t);

	read_params(&t->par, nd ? nd->params : NULL);
	if (recent != t->par.recent) {
		memset(t->recent, 0, sizeof(t->recent));
		t->recent_next = 0;
	}
	if (learned_before && !timeout_learns(t))
		start_over(t);
	else if (!t->learned && before != t->par.initial_ms)
		t->use_ms = t->close_ms = initial(t);
	timeout_learn(t);
}

/* path-spec 2.4.3: a circuit of N hops takes N(N+1)/2 trips between relays.
 * One second on top for what comes after the third hop, as tor allows. */
static int64_t
scaled(double ms, size_t hops)
{
	if (hops > 16)
		hops = 16;
	if (hops > 3)
		ms = ms * (double)(hops * (hops + 1) / 2) / ACTIONS_3 + 1000;
	return ms < INT32_MAX ? (int64_t)(ms + 0.5) : INT32_MAX;
}

int64_t
timeout_use_ms(const struct timeout *t, size_t hops)
{
	return scaled(t->use_ms, hops);
}

int64_t
timeout_close_ms(const struct timeout *t, size_t hops)
{
	return scaled(t->close_ms, hops);
}

int
timeout_is_learned(const struct timeout *t)
{
	return t->learned;
}

/* --- what happens to circuits --- */

static void
note_outcome(struct timeout *t, int slow)
{
	t->recent[t->recent_next] = (uint8_t)slow;
	t->recent_next = (t->recent_next + 1) % (size_t)t->par.recent;
}

static int
slow_count(const struct timeout *t)
{
	int i, n = 0;

	for (i = 0; i < t->par.recent; i++)
		n += t->recent[i];
	return n;
}

static double
twice(double ms)
{
	return ms * 2 < SLOWEST_MS ? ms * 2 : SLOWEST_MS;
}

/* Most circuits are too slow of late: the network is another one.  (tor
 * doubles on and on, up to weeks; where ten minutes don't do, nothing will.) */
static void
unlearn(struct timeout *t)
{
	double use = t->use_ms, close = t->close_ms;

	start_over(t);
	if (use >= t->use_ms && use < SLOWEST_MS) {
		t->use_ms = twice(use);
		t->close_ms = twice(close);
	} else if (use >= t->use_ms) {
		t->use_ms = use;
		t->close_ms = close;
	}
	log_limited(&t->quiet, LL_NOTICE, LD_CIRC, "circuits have become slow: "
	    "the timeout for building one is %.0f ms until better is known",
	    t->use_ms);
	if (t->conf.dirty)
		t->conf.dirty(t->conf.arg);
}

void
timeout_built(struct timeout *t, int64_t took_ms)
{
	if (!timeout_learns(t))
		return;
	if (took_ms < 0 || (double)took_ms > 2 * t->close_ms + 1000 ||
	    took_ms > (int64_t)TIME_MAX) {
		log_info(LD_CIRC, "a circuit took %" PRId64 " ms: we slept",
		    took_ms);
		return;
	}
	if ((double)took_ms <= t->use_ms)
		note_outcome(t, 0);
	if (t->dead == 0)
		record(t, took_ms > 0 ? (uint32_t)took_ms : 1);
}

void
timeout_slow(struct timeout *t, int first_hop)
{
	if (!timeout_learns(t) || !first_hop)
		return;
	note_outcome(t, 1);
	if (slow_count(t) >= t->par.max_timeouts)
		unlearn(t);
}

void
timeout_closed(struct timeout *t, int first_hop, int64_t started_ms)
{
	if (!timeout_learns(t))
		return;
	if (t->last_live < started_ms && t->dead++ == 0)
		log_limited(&t->quiet_dead, LL_NOTICE, LD_CIRC, "nothing comes "
		    "from the network: build times of circuits are not "
		    "recorded for now");
	if (t->dead == 0 && first_hop)
		record(t, ABANDONED);
}

void
timeout_cell(struct timeout *t)
{
	if (t->dead > 0)
		log_limited(&t->quiet_dead, LL_NOTICE, LD_CIRC, "the network "
		    "is there again after %" PRId64 " s",
		    (t->loop->now - t->last_live) / 1000);
	t->last_live = t->loop->now;
	t->dead = 0;
}

static int
wants_times(const struct timeout *t)
{
	return timeout_learns(t) && t->ntimes < (size_t)t->par.min_circs &&
	    t->par.min_circs <= TIMEOUT_TIMES;
}

int
timeout_wants_test(struct timeout *t, size_t open_circuits)
{
	if (!wants_times(t) || open_circuits >= (size_t)t->par.max_open)
		return 0;
	if (t->last_test >= 0 && t->loop->now - t->last_test <
	    (int64_t)t->par.test_freq_s * 1000)
		return 0;
	t->last_test = t->loop->now;
	return 1;
}

int64_t
timeout_learn_idle_ms(const struct timeout *t)
{
	return wants_times(t) ? (int64_t)t->par.learn_idle_s * 1000 : 0;
}

void
timeout_info(const struct timeout *t, struct timeout_info *out)
{
	size_t i, slow = 0, gone = 0;

	for (i = 0; i < t->ntimes; i++) {
		gone += t->times[i] == ABANDONED;
		slow += t->times[i] >= t->use_ms;
	}
	memset(out, 0, sizeof(*out));
	out->times = t->ntimes;
	out->xm_ms = t->curve.xm;
	out->alpha = t->curve.alpha;
	out->use_ms = t->use_ms;
	out->close_ms = t->close_ms;
	out->timeout_rate = t->ntimes ? (double)slow / (double)t->ntimes : 0;
	out->close_rate = t->ntimes ? (double)gone / (double)t->ntimes : 0;
	out->learned = (uint8_t)t->learned;
	out->live = t->dead == 0;
}
