/* tests/onion/dir/bootrig.h - a bootstrap with a network that answers it
 *
 * The owner's part is played here: requests become jobs that are answered after
 * a while (loop time) from documents that fakeauth signs hour by hour, as the
 * network's own clock has it.  A test changes what it likes: latency, what is
 * answered (mangle), who is a guard, both clocks.
 */
#ifndef TESTS_ONION_DIR_BOOTRIG_H
#define TESTS_ONION_DIR_BOOTRIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "onion/dir/bootstrap.h"
#include "tests/sim/simdir.h"

struct bootstrap;
struct dirsources;
struct map;
struct netdir;
struct rig;
struct store;

enum {
	RIG_JOBS = 64, RIG_DOCS = 200, RIG_AUTHS = 3
};
#define RIG_T0 INT64_C(1795392000)	/* 2026-11-23 00:00:00, on the hour */

struct rig_job {
	struct rig		*rig;
	uint32_t		 id;		/* 0: free */
	struct dir_request	 request;
	char			*path;
	const struct dirsource	*source;
	struct loop_timer	 timer;
	int			 begun;
};

struct rig_doc {
	int64_t	 valid_after;
	char	*text;
	size_t	 len;
	uint8_t	 sha3[32];	/* of the signed part */
};

struct rig {
	struct loop		 loop;
	struct store		*store;		/* NULL unless asked for */
	struct dirsources	*sources;
	struct bootstrap	*boot;
	struct simdir		 sd;

	/* To be changed before or at any time. */
	int64_t	 skew;		/* the network's time minus ours, s */
	int64_t	 interval;	/* of consensuses, s */
	int64_t	 lifetime;
	int	 generation;	/* of signing keys */
	unsigned signers, forged;	/* as in fakeauth_conf */
	const char *lines;
	int	 guards;	/* directory guards can be asked */
	int64_t	 latency;	/* ms from request to answer */
	int	 no_diffs;	/* the servers have none */
	size_t	 churn;		/* relays that change each interval */
	int	 full_only;
	int	 testing;
	double	 fraction;	/* of relays usable that is enough */
	/* May change the answer; 1: it never comes. */
	int	(*mangle)(struct rig *, const struct rig_job *,
		    struct dir_result *);
	unsigned failing;	/* for rig_fail_some(): so many answers ... */
	enum dir_kind failing_kind;	/* ... of this kind ... */
	int	 failure;	/* ... in this way, 0 to 8 or silence */
	int	 fetch_rc;	/* what fetch() gives instead, if not 0 */

	/* What happened. */
	struct netdir	*view, *old;
	struct loop_item free_old;
	unsigned	 netdirs, changes, cancels, jumps;
	unsigned	 asked[DIR_NKINDS];
	unsigned	 to_guards, to_authorities, to_fallbacks;
	unsigned	 diffs, answers_304, full;
	int		 verdict;	/* of the last answer */
	int		 percent, resets;
	unsigned	 most_out;

	struct rig_job	 jobs[RIG_JOBS];
	unsigned	 out;
	struct rig_doc	 docs[RIG_DOCS];
	size_t		 ndocs;
	struct map	*mds;		/* digest -> struct rig_md */
	size_t		 nfallbacks;
	char		*dir;		/* data directory, or NULL */
};

/* @n relays; @disk: in tmpdir, which the caller made. The wall clock starts
 * half an hour into the interval. */
void	 rig_init(struct rig *, size_t n, const char *disk);
void	 rig_make(struct rig *);	/* all but bootstrap_start() */
struct bootstrap_conf rig_conf(struct rig *);	/* as rig_make() has it */
void	 rig_start(struct rig *);	/* makes, if need be, and begins */
void	 rig_run(struct rig *, int64_t ms);
/* Until READY or @ms went by: ms it took, or -1. */
int64_t	 rig_until_ready(struct rig *, int64_t ms);
enum bootstrap_state rig_state(struct rig *);
void	 rig_stop(struct rig *);	/* the network stays */
void	 rig_forget(struct rig *);	/* what happened so far */
void	 rig_fini(struct rig *);

/* The consensus of that time, made when first wanted. */
const struct rig_doc *rig_doc(struct rig *, int64_t valid_after);
const struct rig_doc *rig_doc_now(struct rig *);
/* A result with a copy of this as its body. */
void	 rig_body(struct dir_result *, const void *, size_t);
void	 rig_status(struct dir_result *, int status);	/* and no body */
void	 rig_error(struct dir_result *, int err);

/* For mangle: see above; no connection at all. */
int	 rig_fail_some(struct rig *, const struct rig_job *,
	    struct dir_result *);
int	 rig_all_down(struct rig *, const struct rig_job *,
	    struct dir_result *);

#endif
