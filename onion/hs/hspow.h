/* onion/hs/hspow.h - proof of work for introductions (proposal 327, v1)
 *
 * Equi-X over a challenge that names the service, its seed, a nonce and an
 * effort.  Solving takes long and is done in a thread, bounded by an effort and
 * by a time; the answer comes on the loop.  Owners take turns, so that nobody
 * waits for what others want.
 */
#ifndef ONION_HS_HSPOW_H
#define ONION_HS_HSPOW_H

#include <stddef.h>
#include <stdint.h>

#include "onion/hs/intromsg.h"

struct hspow;
struct hspow_job;
struct event_base;

enum {
	HSPOW_EFFORT_MAX = 10000,	/* as C tor's clients */
	HSPOW_EFFORT_MIN = 8,		/* of a second try with effort 0 */
	HSPOW_JOBS_MAX = 64,		/* without an answer yet, of all, */
	HSPOW_JOBS_EACH = 2,		/* and of one owner */
	HSPOW_OWNER = 6,
	HSPOW_LIMIT_MS = 600000		/* a job's time, of what it runs */
};

struct hspow_conf {
	struct event_base *base;
	void	(*enter)(void *turn);	/* around each event; may be NULL */
	void	(*leave)(void *turn);
	void	*turn;
	int64_t	limit_ms;		/* tests; 0: HSPOW_LIMIT_MS */
};

struct hspow_ask {
	uint8_t		blinded[32];
	uint8_t		seed[32];
	uint32_t	effort;	/* <= HSPOW_EFFORT_MAX; 0: any solution */
	uint8_t		owner[HSPOW_OWNER];	/* no part of the puzzle */
};

/* err: 0 and INTROMSG_POW bytes of proof, or -errno (-ETIMEDOUT: the limit;
 * -ENOMEM) and NULL. */
typedef void hspow_fn(void *arg, int err, const uint8_t proof[INTROMSG_POW]);

int	hspow_new(struct hspow **, const struct hspow_conf *);
/* Ends the thread, within the time of one attempt; no call comes.  Also from
 * within a callback. */
void	hspow_free(struct hspow *);
/* -EINVAL (the effort is too high: ask for hspow_effort_first()), -ENOMEM,
 * -EAGAIN (enough jobs are there, or no thread).  The callback comes once, never
 * from within, unless cancelled; when it comes, the job is gone. */
int	hspow_solve(struct hspow *, const struct hspow_ask *, hspow_fn *,
	    void *arg, struct hspow_job **);
void	hspow_cancel(struct hspow_job *);

/* The effort of the first try, where the service suggests so much, and what
 * that of the next one should be (C tor's rules; map 15). */
uint32_t hspow_effort_first(uint32_t suggested);
uint32_t hspow_effort_again(uint32_t effort);
/* Is it a proof for this service, this seed and exactly this effort, be it
 * above HSPOW_EFFORT_MAX?  1 or 0. */
int	hspow_verify(const struct hspow_ask *,
	    const uint8_t proof[INTROMSG_POW]);

#endif
