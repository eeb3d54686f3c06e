/* onion/dir/bootstrap_int.h - what the parts of bootstrap share
 *
 *	bootstrap	life, state, progress
 *	bootclock	opinions of the clock
 *	bootplan	what to ask for, when, and of whom
 *	bootround	the same for microdescriptors: many requests at once
 *	bootdocs	what to make of an answer
 *	bootcache	the documents on disk
 *
 * Nobody else includes this.
 */
#ifndef ONION_DIR_BOOTSTRAP_INT_H
#define ONION_DIR_BOOTSTRAP_INT_H

#include "base/log.h"
#include "base/loop.h"
#include "onion/dir/authcert.h"
#include "onion/dir/backoff.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/consensus.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/skew.h"

enum doc { DOC_CERTS, DOC_CONSENSUS, DOC_MICRODESCS, DOC_KINDS };

struct need {			/* of one kind of document */
	struct backoff	backoff;
	int64_t		next;	/* loop ms: no request before */
	int64_t		since;	/* loop ms: it arose; -1: there is none */
	int64_t		guardless; /* loop ms: no guard since; -1: there is */
	unsigned	out;	/* requests on their way */
	int		begun;	/* one of them is delivering ... */
	int64_t		begun_at;	/* ... since (loop ms) */
	int		answered;	/* the last failure, by HTTP */
	unsigned	failures;	/* since the last success */
};

struct fetch {			/* a request that is out */
	uint32_t	 id;	/* 0: a free row */
	enum doc	 doc;
	struct dirsource *source; /* NULL: a directory guard has it */
	int		 begun;
	int		 diff;	/* a difference was asked for */
	uint8_t		(*md)[32]; /* ascending; what was asked for */
	size_t		 nmd;
};

enum {				/* requests without one success between */
	BOOT_BUDGET = 50,	/* ... in BOOT_BUDGET_MS at the most; and one
				 * more for each hurry */
	BOOT_BUDGET_MS = 10 * 60 * 1000
};

struct bootstrap {
	struct bootstrap_conf	 conf;
	struct loop		*loop;
	int			 running;
	int			 loaded;	/* the cache, once */
	struct loop_timer	 timer;
	struct loop_item	 work;		/* look around, once a turn */
	int64_t			 place[BOOT_BUDGET]; /* of the budget: taken
						 * until then, loop ms */
	int			 pass;		/* one may go beyond it */
	int64_t			 offset;	/* wall - loop, ms */
	int			 jumped;	/* told, not yet dealt with */

	/* What we hold. */
	struct authcert_set	*certs;
	struct consensus	*cons;		/* verified, or NULL */
	int			 cons_on_disk;	/* its text: for diffs */
	struct consensus	*wait;		/* lacks certificates */
	char			*wait_text;	/* its text, owned */
	size_t			 wait_len;
	int64_t			 wait_since;	/* loop ms */
	struct consensus_tally	 tally;		/* of @wait */
	struct mdset		*mds;
	size_t			 nmissing;	/* of @cons, not in @mds */
	int			 obsolete;

	/* The view in the owner's hands. */
	const struct netdir	*view;		/* NULL: none yet */
	int64_t			 view_after;	/* its consensus' valid_after */
	int			 view_stale;	/* more has come since */
	int64_t			 view_built;	/* loop ms */
	int			 ready;		/* it was enough */
	int			 was_live;	/* at the last look */

	/* What we want. */
	struct need		 need[DOC_KINDS];
	struct fetch		 fetch[DIR_FETCHES_MAX];
	uint32_t		 last_id;
	int64_t			 next_consensus; /* wall s */
	int			 no_diff;	/* the last one was no good */
	int64_t			 md_asked;	/* loop ms, last round; -1 */
	int			 hurried;	/* once, and last then: */
	int64_t			 hurried_at;	/* loop ms */

	/* The cache of microdescriptors. */
	size_t			 main_size, journal_size;
	int			 compact_due;

	/* What we say. */
	enum bootstrap_state	 state;
	enum bootstrap_clock	 clock;
	int64_t			 skew_s;
	struct skew		 skew;
	int			 percent;
	const char		*tag;
	const char		*summary;
	char			 last_failure[128];
	struct log_limit	 quiet;		/* for what peers send */
	struct log_limit	 advice;	/* what is recommended */
};

/* bootstrap */
int	 bootstrap_view_live(const struct bootstrap *);	/* @cons, reasonably */
void	 bootstrap_look(struct bootstrap *);	/* at the end of this turn */
void	 bootstrap_progress(struct bootstrap *, int percent);
void	 bootstrap_update(struct bootstrap *);	/* the state; tell */
void	 bootstrap_build_view(struct bootstrap *);
void	 bootstrap_tell_changed(struct bootstrap *);

/* bootclock */
void	 bootclock_judge(struct bootstrap *);	/* by the consensus we hold */
void	 bootclock_date(struct bootstrap *, const struct fetch *,
	    const struct dir_result *);
void	 bootclock_notice_jump(struct bootstrap *);

/* bootplan */
void	 bootplan_init(struct bootstrap *);
void	 bootplan_run(struct bootstrap *);	/* asks, and sets the timer */
int	 bootplan_doubts_waiting(const struct bootstrap *);
void	 bootplan_schedule_consensus(struct bootstrap *);
void	 bootplan_cancel(struct bootstrap *, int doc, int only_idle);
				/* doc < 0: all; not those that deliver */
struct fetch *bootplan_find(struct bootstrap *, uint32_t id);
struct fetch *bootplan_new(struct bootstrap *, enum doc); /* NULL: all busy */
/* Sends it; on failure the row is free again.  0, or -errno. */
int	 bootplan_send(struct bootstrap *, struct fetch *,
	    struct dir_request *);
void	 bootplan_no_need(struct bootstrap *, enum doc);
void	 bootplan_drop(struct bootstrap *, struct fetch *, int err);
void	 bootplan_success(struct bootstrap *, enum doc);
void	 bootplan_failure(struct bootstrap *, enum doc, int answered);
void	 bootplan_answered(struct bootstrap *);	/* by HTTP, whatever it was */
void	 bootplan_network_works(struct bootstrap *);
void	 bootplan_forgive(struct bootstrap *);	/* all begins anew */
void	 bootplan_renew(struct bootstrap *, enum doc); /* of one kind */
void	 bootplan_hurry(struct bootstrap *);	/* one try now */

/* bootround */
void	 bootround_plan(struct bootstrap *);
/* When even a few are asked for (loop ms). */
int64_t	 bootround_few_at(const struct bootstrap *);

/* bootdocs: 0, or what the sender is to be held guilty of */
int	 bootdocs_certs(struct bootstrap *, const char *, size_t);
int	 bootdocs_consensus(struct bootstrap *, const struct fetch *,
	    struct dir_result *);
int	 bootdocs_microdescs(struct bootstrap *, const struct fetch *,
	    const char *, size_t, size_t *got);
/* A whole consensus from anywhere; the text is taken, freed by free().
 * @from_disk: nothing is written. 0, -EAGAIN (it waits), -ESTALE (not newer
 * than ours), -ETIME (by our clock too old to be loaded), -EBADMSG. */
int	 bootdocs_offer(struct bootstrap *, char *text, size_t len,
	    int from_disk);
void	 bootdocs_recheck(struct bootstrap *);	/* certificates came */
void	 bootdocs_forget_waiting(struct bootstrap *);

/* bootcache */
void	 bootcache_load(struct bootstrap *);
void	 bootcache_save_certs(struct bootstrap *);
int	 bootcache_save_consensus(struct bootstrap *, const char *, size_t,
	    int verified);
void	 bootcache_drop_waiting(struct bootstrap *);
int	 bootcache_read_consensus(struct bootstrap *, char **, size_t *);
/* Adds to the journal. */
void	 bootcache_add_microdescs(struct bootstrap *,
	    const struct microdesc_raw *, size_t n);
/* Dates by @cons; drops what is long unlisted. */
void	 bootcache_expire(struct bootstrap *);
void	 bootcache_compact(struct bootstrap *);	/* if it is due */

#endif
