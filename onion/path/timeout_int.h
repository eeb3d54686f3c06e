/* onion/path/timeout_int.h - what timeout.c and timeout_state.c share */
#ifndef ONION_PATH_TIMEOUT_INT_H
#define ONION_PATH_TIMEOUT_INT_H

#include "base/log.h"
#include "onion/path/pareto.h"
#include "onion/path/timeout.h"

enum {
	RECENT_MAX = 1000,
	LOAD_MAX = 10 * TIMEOUT_TIMES,
	SAVE_EVERY = 10,		/* new times */
	SLOWEST_MS = 10 * 60 * 1000,
	ACTIONS_3 = 3 * (3 + 1) / 2
};
#define ABANDONED	((uint32_t)INT32_MAX - 1)
#define TIME_MAX	((uint32_t)INT32_MAX - 2)

struct cbt_params {
	int32_t	disabled, modes, recent, max_timeouts, min_circs, quantile,
		close_quantile, test_freq_s, min_ms, initial_ms, learn_idle_s,
		max_open;
};

struct loading {		/* what a state file has said so far */
	uint32_t	*times;
	size_t		 n;
	int64_t		 total;		/* TotalBuildTimes; -1: not yet */
	int64_t		 abandoned;
	int		 bad;
};

struct timeout {
	struct loop		*loop;
	struct timeout_conf	 conf;
	struct cbt_params	 par;
	uint32_t		 times[TIMEOUT_TIMES];	/* a ring */
	size_t			 ntimes, next;
	double			 use_ms, close_ms;
	struct pareto		 curve;
	int			 learned;
	uint8_t			 recent[RECENT_MAX];	/* a ring: 1 too slow */
	size_t			 recent_next;
	int64_t			 last_live;	/* ms; -1: never */
	unsigned		 dead;		/* circuits since */
	int64_t			 last_test;	/* ms; -1: never */
	struct loading		 load;
	struct log_limit	 quiet, quiet_dead;
};

int	timeout_learns(const struct timeout *);
void	timeout_forget(struct timeout *);
void	timeout_add(struct timeout *, uint32_t ms);	/* or ABANDONED */
void	timeout_learn(struct timeout *);
/* All but those that were abandoned; @out has room for TIMEOUT_TIMES. */
size_t	timeout_finished(const struct timeout *, uint32_t *out);

#endif
