/* onion/hs/hstime.c - time periods, and which shared random value goes with one
 *
 * Shared random values are made in runs of 24 votings, the periods begin half
 * a run later:
 *
 *	00:00   12:00   00:00   12:00		(votings every hour)
 *	SRV#1   TP#1    SRV#2   TP#2
 *	  |=======|-------|=======|
 *
 * Clients use the current period with the value of the same number: in "-" the
 * current one, in "=" the previous.
 */
#include "onion/hs/hstime.h"

#include <string.h>

#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"

enum {
	ROUNDS = 12,			/* votings in each half of a run */
	MINUTES = 1440, MINUTES_MIN = 30, MINUTES_MAX = 14400,
	INTERVAL = 3600			/* s, where a consensus has no sense */
};

/* Everything that the arithmetic needs. */
struct schedule {
	int64_t	interval;		/* s between votings */
	int64_t	minutes;		/* a period's */
};

static void
schedule_of(struct schedule *s, const struct netdir *nd, int testing)
{
	s->interval = nd->fresh_until - nd->valid_after;
	if (s->interval <= 0)
		s->interval = INTERVAL;
	s->minutes = params_get(nd->params, "hsdir_interval", MINUTES,
	    MINUTES_MIN, MINUTES_MAX);
	if (testing)
		s->minutes = 2 * ROUNDS * s->interval / 60;
	if (s->minutes < 1)
		s->minutes = 1;
}

static int64_t
period_at(const struct schedule *s, int64_t t)
{
	int64_t minutes = t / 60 - ROUNDS * s->interval / 60;

	return minutes < 0 ? 0 : minutes / s->minutes;
}

static int64_t
period_end(const struct schedule *s, int64_t period)
{
	return (period + 1) * s->minutes * 60 + ROUNDS * s->interval;
}

/* Between the beginning of a run and that of the next period? */
static int
wants_previous(const struct schedule *s, int64_t t)
{
	int64_t run = t - t / s->interval % (2 * ROUNDS) * s->interval;

	return t < period_end(s, period_at(s, run));
}

static void
make_disaster(uint8_t out[32], const struct hstime *t)
{
	static const char prefix[] = "shared-random-disaster";
	uint8_t in[sizeof(prefix) + 16];
	struct pack p;

	pack_init(&p, in, sizeof(in));
	pack_put(&p, prefix, sizeof(prefix) - 1);
	pack_u64(&p, t->minutes);
	pack_u64(&p, t->period);
	crypt_sha3(out, in, pack_len(&p));
}

void
hstime_of(struct hstime *out, const struct netdir *nd, int testing)
{
	const uint8_t *srv = NULL;
	struct schedule s;
	int64_t period;

	schedule_of(&s, nd, testing);
	period = period_at(&s, nd->valid_after);
	memset(out, 0, sizeof(*out));
	out->period = (uint64_t)period;
	out->minutes = (uint64_t)s.minutes;
	out->ends = period_end(&s, period);
	if (wants_previous(&s, nd->valid_after))
		srv = nd->has_srv_previous ? nd->srv_previous : NULL;
	else
		srv = nd->has_srv_current ? nd->srv_current : NULL;
	out->disaster = srv == NULL;
	if (srv != NULL)
		memcpy(out->srv, srv, sizeof(out->srv));
	else
		make_disaster(out->srv, out);
}
