/* policy/fwstate_int.h - the parts of policy/fwstate*.c */
#ifndef POLICY_FWSTATE_INT_H
#define POLICY_FWSTATE_INT_H

#include <stddef.h>
#include <stdint.h>

#include "policy/fwstate.h"
#include "policy/holder.h"
#include "policy/netrecord.h"
#include "policy/nftevent.h"
#include "policy/nftlist.h"
#include "policy/scratch.h"
#include "policy/tcxgate.h"
#include "policy/xskhold.h"

/* One plan: what was given, and what the kernel made of it elsewhere. */
struct fwstate_plan {
	char		*text, *elements;
	struct nftlist_table tables[FWSTATE_TABLES_MAX];
	size_t		 ntables;
	char		 devices[FWSTATE_DEVICES_MAX][NETPLAN_IFNAME];
	size_t		 ndevices;
	struct fwsysctl	*sysctls;
	size_t		 nsysctls;
	int		 unseen, marked;
	struct scratch	 scratch;
	struct nftlist	 list;
	struct nftnormal want;
};

/* The copies that survive a flush; two sets of them while one replaces the
 * other. */
struct fwhold {
	int		 fd;		/* the owner's socket; -1: none yet */
	int		 missing;	/* the kernel has no such tables */
	int		 needless;	/* nothing decides what leaves */
	int		 stale;		/* it is of an older plan */
	long		 things;	/* that have to be in it */
	int64_t		 start;		/* the process, not before */
	int		 ended;		/* by somebody */
	char		 id[8];		/* of the directory, not of us */
	char		 instance[24];	/* of this process */
	unsigned	 next;		/* number of the next copy */
	struct nftlist_table tables[FWSTATE_TABLES_MAX];
	size_t		 n;
	struct holder	 holder;
	unsigned	 changes;	/* of what it has besides */
};

struct fwstate {
	const struct fwstate_ops *ops;
	void		*arg;
	int		 lock;
	char		*path;		/* of the record */
	struct netrecord record;
	int		 has_record;
	int		 ask, watch, links, poll;
	struct netlink	*net;
	struct fwstate_plan plan;
	struct fwhold	 hold;
	struct xskhold	 queues;	/* of uplinks */
	struct tcxgate	 gate;		/* at their egress */
	int		 has_said;	/* that there is none */
	int		 in_force;
	int		 is_shut;
	uint32_t	 verified;	/* the transaction after which it was
					 * as planned; 0: unknown */
	struct nftevent	 event;		/* the last that is none of our own */
	int		 dirty;		/* to be looked at */
	int64_t		 rested;	/* not before */
	int		 awaits;	/* another plan, without what is gone */
	int64_t		 periodic;
	int64_t		 sysctls;	/* the next look at them alone */
	int64_t		 retry;		/* repair not before */
	int64_t		 pause;		/* between repairs, ms */
	int64_t		 repaired;	/* when it was last tried */
	char		 said[FWSTATE_WHY];	/* not to be said twice */
	char		*why;
	size_t		 max;
};

int	fwstate_fail(struct fwstate *, int rc, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	fwstate_say(struct fwstate *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	fwstate_shut(struct fwstate *, const char *why);
void	fwstate_reopen(struct fwstate *);

/* fwstate_load.c */
int	fwstate_try(struct fwstate *, struct fwstate_plan *,
	    const struct fwstate_rules *);
int	fwstate_try_elements(struct fwstate *, struct fwstate_plan *,
	    const char *elements);
/* The same text, perhaps by another nft than before. */
int	fwstate_try_again(struct fwstate *, struct fwstate_plan *);
/* @anew: the tables are deleted in the same transaction. */
int	fwstate_load(struct fwstate *, const struct fwstate_plan *, int anew);
void	fwstate_plan_free(struct fwstate_plan *);

/* fwstate_check.c: 0, 1 with @why, or -errno */
int	fwstate_lacks_device(const struct fwstate_plan *);
int	fwstate_check_rules(struct fwstate *, const struct fwstate_plan *);
int	fwstate_check_all(struct fwstate *, const struct fwstate_plan *);

/* fwstate_unseen.c */
/* At @p's devices, as far as it wants that, is the program that drops what did
 * not pass the rules, and it is nowhere else.  What fails of that,
 * fwstate_close_unseen() tells. */
void	fwstate_begin_gate(struct fwstate *, const struct fwstate_plan *);
/* Of queues that were inherited, those of @p's devices stay ours. */
void	fwstate_keep_queues(struct fwstate *, const struct fwstate_plan *);
/* Of @p's devices, as far as it wants that: that program is there, their queues
 * are ours, and nothing of tc's leads there.  Each is tried, whatever fails.
 * @before: what failed already, with @why: that is told rather.  0, 1 or
 * -errno, with @why.  @patience_ms: for queues of one that was just ended. */
int	fwstate_close_unseen(struct fwstate *, const struct fwstate_plan *,
	    int before, int64_t patience_ms);
int	fwstate_cut_mirred(struct fwstate *, const struct fwstate_plan *);
/* What of it is open, is told; how much, or -errno. */
int	fwstate_look_unseen(struct fwstate *, const struct fwstate_plan *,
	    fwstate_tell *, void *arg);

/* fwstate_sysctl.c */
int	fwstate_remember(struct fwstate *, const struct fwstate_plan *);
int	fwstate_set_sysctls(struct fwstate *, const struct fwstate_plan *);
int	fwstate_check_sysctls(struct fwstate *, const struct fwstate_plan *);
int	fwstate_restore_sysctls(struct fwstate *);

/* fwstate_hold.c */
void	fwhold_init(struct fwhold *, const char *directory);
/* What an earlier one's process keeps of queues is ours, too. */
void	fwhold_inherit(struct fwstate *);
/* A copy of @plan is there beside the one before; fwhold_drop() takes @old
 * away, fwhold_keep() the new one. */
int	fwhold_make(struct fwstate *, const struct fwstate_plan *,
	    struct fwhold *old);
void	fwhold_drop(struct fwstate *, const struct fwhold *old);
void	fwhold_back(struct fwstate *, const struct fwhold *old);
int	fwhold_check(struct fwstate *);		/* 0, or 1: a copy is gone */
/* The process, if there is none, or another one if it lacks something by now. */
void	fwhold_start(struct fwstate *, int64_t now);
void	fwhold_start_now(struct fwstate *, int64_t now);
int	fwhold_lacks(const struct fwstate *);
int64_t	fwhold_due(const struct fwstate *);	/* when it has to be started */
void	fwhold_leave(struct fwhold *);		/* all stays */
void	fwhold_end(struct fwhold *);		/* nothing stays */

/* fwstate_watch.c */
int	fwstate_watch_open(struct fwstate *);
void	fwstate_watch_holder(struct fwstate *);
enum {
	FWSTATE_HEARD_LINKS = 1, FWSTATE_HEARD_SYSCTLS = 2,
	FWSTATE_HEARD_RULES = 4, FWSTATE_HEARD_TC = 8
};
unsigned fwstate_hear(struct fwstate *);

#endif
