/* onion/path/timeout.h - how long a circuit may take to be built
 *
 * Learned from the build times of 3-hop circuits, as a Pareto distribution
 * (path-spec 2.4).  A circuit slower than timeout_use_ms() is not used, but
 * left to build until timeout_close_ms(), so that its time can be told.
 *
 * For each circuit that goes to three hops or more its owner tells:
 *	timeout_built()		the third hop stands, after so long
 *	timeout_slow()		it passed timeout_use_ms() (once)
 *	timeout_closed()	it passed timeout_close_ms() and was closed
 * and timeout_cell() whenever any cell comes, which is cheap.
 *
 * Consensus parameters cbt*, LearnCircuitBuildTimeout, CircuitBuildTimeout.
 */
#ifndef ONION_PATH_TIMEOUT_H
#define ONION_PATH_TIMEOUT_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct loop;
struct netdir;
struct timeout;

enum {
	TIMEOUT_TIMES = 1000,		/* build times kept */
	TIMEOUT_BIN_MS = 10
};

struct timeout_conf {
	uint8_t	 learn;		/* LearnCircuitBuildTimeout */
	int64_t	 fixed_ms;	/* CircuitBuildTimeout; 0: not set */
	void	(*dirty)(void *arg);	/* timeout_save() has news */
	void	*arg;
};

int	 timeout_new(struct timeout **, struct loop *,
	    const struct timeout_conf *);
void	 timeout_free(struct timeout *);
void	 timeout_set_conf(struct timeout *, const struct timeout_conf *);
void	 timeout_set_netdir(struct timeout *, const struct netdir *);

/* For a circuit of so many hops; 0 counts as 3. */
int64_t	 timeout_use_ms(const struct timeout *, size_t hops);
int64_t	 timeout_close_ms(const struct timeout *, size_t hops);
int	 timeout_is_learned(const struct timeout *);

void	 timeout_built(struct timeout *, int64_t took_ms);
/* @first_hop: did the first hop stand?  If not, the network or the guard is
 * to blame and nothing is learned. */
void	 timeout_slow(struct timeout *, int first_hop);
void	 timeout_closed(struct timeout *, int first_hop, int64_t started_ms);
void	 timeout_cell(struct timeout *);

/* Should a circuit be built only to time it?  Says 1 at most once in
 * cbttestfreq seconds, while fewer than cbtmincircs times are known and fewer
 * than cbtmaxopencircs circuits are open. */
int	 timeout_wants_test(struct timeout *, size_t open_circuits);
/* How long an unused circuit may stand, where cbtlearntimeout says so: ms; 0
 * once all has been learned. */
int64_t	 timeout_learn_idle_ms(const struct timeout *);

/* State: the lines CircuitBuildTimeBin, CircuitBuildAbandonedCount and
 * TotalBuildTimes of tor's state file.  Given line by line, they take effect at
 * timeout_state_done(), which is -EPROTO and takes nothing where they
 * contradict each other or were spoilt. */
typedef void timeout_put_fn(void *arg, const char *key, const char *value);
extern const char *const timeout_state_keys[];	/* ends with NULL */
int	 timeout_state_line(struct timeout *, const char *key,
	    const char *value);		/* 0 or -EINVAL */
int	 timeout_state_done(struct timeout *);
void	 timeout_state_each(const struct timeout *, timeout_put_fn *,
	    void *arg);
/* The same with a text, of which other lines are passed over; -ENOBUFS where
 * they don't fit. */
int	 timeout_load(struct timeout *, const char *text, size_t len);
int	 timeout_save(const struct timeout *, struct buf *);

struct timeout_info {
	size_t	 times;
	double	 xm_ms, alpha;
	double	 use_ms, close_ms;
	double	 timeout_rate, close_rate;
	uint8_t	 learned, live;
};
void	 timeout_info(const struct timeout *, struct timeout_info *);

#endif
