/* policy/fwstate.h - the kernel's rules, put in force and kept there
 *
 * A text for nft goes in, with the tables that it makes; from then on the
 * kernel has them, exactly, or the gate is told to close.  Others' tables are
 * not looked at.  Beside the rules: sysctls, and a copy of what lets packets
 * out that survives `nft flush ruleset` (policy/nfthold.h).
 *
 * For a process with CAP_NET_ADMIN in its network namespace (root, or it may
 * make user namespaces), with CAP_NET_RAW for queues, and with CAP_SYS_ADMIN, or
 * CAP_BPF, for the program at the egress, that has no child reaped behind its
 * back.  0 or a
 * negative errno, with a sentence in @why that says what is wrong and what to
 * do.  Whatever fails leaves what was in force.  A call that changes rules
 * waits for nft: some 50 ms.
 *
 *	fwstate_open(&s, "/var/lib/...", &ops, arg, why, sizeof(why));
 *	fwstate_apply(s, &rules, why, sizeof(why));
 *	for (;;) {
 *		wait for fwstate_watch_fd(s) until fwstate_due(s)
 *		fwstate_follow(s, now);
 *	}
 */
#ifndef POLICY_FWSTATE_H
#define POLICY_FWSTATE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/fwsysctl.h"
#include "policy/netplan.h"
#include "policy/nftlist.h"

enum {
	FWSTATE_TABLES_MAX = 8,
	FWSTATE_DEVICES_MAX = 64,
	FWSTATE_SYSCTLS_MAX = 2048,
	FWSTATE_TEXT_MAX = 16 << 20,	/* bytes, of each text */
	FWSTATE_WHY = 512
};

struct fwstate;

/* Told from within fwstate_apply(), _update(), _check() and _follow(); none of
 * them may be called from there. */
struct fwstate_ops {
	/* What is in force is not what was planned: nothing may go out. */
	void	(*shut)(void *arg, const char *why);
	/* It is again, read back. */
	void	(*open)(void *arg);
	/* For the log: something happened, or fails. */
	void	(*said)(void *arg, const char *text);
	/* The same, of what is so with this kernel. */
	void	(*noted)(void *arg, const char *text);
	/* Interfaces or addresses changed: is there another plan? */
	void	(*network)(void *arg);
};

struct fwstate_rules {
	/* What nft is given: adds the tables and chains, flushes the chains,
	 * adds the rules; the same text may be given again at any time. */
	const char	*text;
	/* What is in the sets, as "flush set ..." and "add element ...": may
	 * be "".  fwstate_update() gives another one. */
	const char	*elements;
	const struct nftlist_table *tables;	/* all that @text names */
	size_t		 ntables;
	/* That chains are bound to. */
	const char	(*devices)[NETPLAN_IFNAME];
	size_t		 ndevices;
	const struct fwsysctl *sysctls;		/* in the order of writing */
	size_t		 nsysctls;
	/* What no rule sees is kept from these devices: AF_XDP sockets of
	 * others, and what tc leads there (mirred). */
	int		 unseen;
	/* What passes @text's chains at their egress bears FWPLAN_OUT_MARK:
	 * with @unseen what lacks it is dropped, where the kernel has tcx. */
	int		 marked;
};

/* @directory holds the record of what sysctls were before; -EBUSY: another
 * process has it.  @ops is borrowed.  Changes nothing. */
int	fwstate_open(struct fwstate **, const char *directory,
	    const struct fwstate_ops *ops, void *arg, char *why, size_t max);
/* What is in force stays so. */
void	fwstate_close(struct fwstate *);

/* Tries the text in a namespace of its own; puts it in force, in one
 * transaction; reads it back.  @rules is copied.  The first time, connections
 * that were there before are forgotten.  -EAGAIN: the plan is taken, but
 * something differs: the gate is shut, and fwstate_follow() goes on with it. */
int	fwstate_apply(struct fwstate *, const struct fwstate_rules *, char *why,
	    size_t max);
/* Other elements, and nothing else.  0: they are taken, and if they are not in
 * force as they should be, the gate was told to close, and it is tried
 * again. */
int	fwstate_update(struct fwstate *, const char *elements, char *why,
	    size_t max);

/* 0: what is in force is what was planned; 1: it is not, and @why says what is
 * first; or -errno.  Repairs nothing. */
int	fwstate_check(struct fwstate *, char *why, size_t max);

/* Is it in force, whoever put it there?  Needs no state, takes no lock and
 * changes nothing.  What is in the sets named in @filled, up to a NULL, does not
 * count.  0: it is; 1: it is not, and @tell was told all that differs, a
 * sentence each; or -errno. */
typedef void fwstate_tell(void *arg, const char *what);
int	fwstate_look(const struct fwstate_rules *, const char *const *filled,
	    fwstate_tell *, void *arg, char *why, size_t max);

/* Has the kernel one of these tables?  1, 0 or -errno. */
int	fwstate_is_there(const struct nftlist_table *, size_t n);

/* Readable when something may have changed. */
int	fwstate_watch_fd(const struct fwstate *);
/* When fwstate_follow() wants to be called at the latest, by the same clock. */
int64_t	fwstate_due(const struct fwstate *);
/* Looks, shuts, repairs, opens, as it is called for.  @now: ms, monotonic. */
void	fwstate_follow(struct fwstate *, int64_t now);
/* Was the gate told to close, and not yet to open? */
int	fwstate_is_shut(const struct fwstate *);

/* The tables go, and the sysctls are what they were, also where an earlier
 * process changed them. */
int	fwstate_undo(struct fwstate *, const struct nftlist_table *, size_t n,
	    char *why, size_t max);

#endif
