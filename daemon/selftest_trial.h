/* daemon/selftest_trial.h - one stimulus, and what was seen of it
 *
 * All of a selftest that its items have in common.  It has two halves: in the
 * first there is no program, and each stimulus has to be seen by the oracle
 * (the anti-test); in the second there is one, and none may be seen.
 */
#ifndef DAEMON_SELFTEST_TRIAL_H
#define DAEMON_SELFTEST_TRIAL_H

#include "daemon/selftest_daemon.h"
#include "daemon/selftest_lab.h"
#include "daemon/selftest_oracle.h"
#include "daemon/selftest_stimuli.h"

struct conf;

enum {
	TRIAL_WHY = 160,
	TRIAL_SETTLE_MS = 2000,		/* longest for a link to answer */
	TRIAL_SEEN_MS = 5000,		/* ... for an anti-test to be seen */
	TRIAL_CONTROL_MS = 20 * 1000,	/* ... for a relay to answer */
	TRIAL_EVENT_MS = 60 * 1000,	/* ... for the program to be back */
	TRIAL_OLD_MAX = 2 * (LAB_LANS_MAX + 1)
};

struct trial {
	struct lab	 lab;
	const struct conf *conf;
	struct tested	 tested;
	int		 armed;		/* the second half */
	int		 old[TRIAL_OLD_MAX];	/* sockets from the first */
	unsigned	 nold, nold_lan;	/* the LANs' first */
	struct tried	*now;		/* what is tried */
};

struct tried {				/* how it went */
	unsigned	 sent;
	unsigned	 unseen;	/* stimuli of which nothing was seen,
					 * by a family or in a LAN */
	struct seen	 seen;
	char		 why[TRIAL_WHY];	/* something else went wrong */
};

/* Waits until what was sent has passed, and has the oracle look. */
void	trial_settle(struct trial *);
/* In the first half, a moment for what has to be seen: for a leak of each
 * family that @wanted has a bit for, beside those that @before had. */
void	trial_see(struct trial *, const struct seen *before, unsigned wanted);
/* The positive control: who has the program's account reaches the relays.  0,
 * or -1: not all of them. */
int	trial_control(struct trial *);
/* Frames of all LANs, by all families. */
void	trial_frames(struct trial *, stimulus *);
/* Some of everything. */
void	trial_flood(struct trial *);
/* The same until @done says so; 0: it never did. */
int	trial_flood_until(struct trial *, int (*done)(struct trial *), int ms);
/* The program is there, or a sentence in @why says that it can't be. */
int	trial_ensure(struct trial *, char *why, size_t max);
/* To @a: 1: connected, 0: not yet, -1: refused. */
int	trial_connected(int fd);

#endif
