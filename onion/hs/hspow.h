/* onion/hs/hspow.h - proof of work for introductions (proposal 327, v1)
 *
 * Equi-X over a challenge that names the service, its seed, a nonce and an
 * effort.  Solving takes long and is done in a thread, one at a time, bounded by
 * an effort and by a time; the answer comes on the loop.
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
	HSPOW_JOBS_MAX = 64		/* that wait */
};

struct hspow_conf {
	struct event_base *base;
	void	(*enter)(void *turn);	/* around each event */
	void	(*leave)(void *turn);
	void	*turn;
};

struct hspow_ask {
	uint8_t		blinded[32];
	uint8_t		seed[32];
	uint32_t	effort;		/* <= HSPOW_EFFORT_MAX; 0: any solution */
};

/* err: 0 and INTROMSG_POW bytes of proof, or -errno. */
typedef void hspow_fn(void *arg, int err, const uint8_t proof[INTROMSG_POW]);

int	hspow_new(struct hspow **, const struct hspow_conf *);
void	hspow_free(struct hspow *);	/* ends the thread; no call comes */
/* -ENOSPC, -ENOMEM.  The callback comes once, never from within, unless
 * cancelled. */
int	hspow_solve(struct hspow *, const struct hspow_ask *, hspow_fn *,
	    void *arg, struct hspow_job **);
void	hspow_cancel(struct hspow_job *);

/* What the effort of the next try should be (C tor's rule; map 15). */
uint32_t hspow_effort_again(uint32_t effort);
/* Is it a proof?  1 or 0. */
int	hspow_verify(const struct hspow_ask *,
	    const uint8_t proof[INTROMSG_POW]);

#endif
