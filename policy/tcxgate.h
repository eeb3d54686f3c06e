/* policy/tcxgate.h - what leaves an interface bears a mark
 *
 * What tc's mirred, or a BPF program, leads from one interface to another
 * passes no hook of netfilter's there.  But it passes tcx (Linux 6.6), which
 * comes after netfilter's egress and before all that tc has: there a program of
 * ours drops what lacks the mark that our egress chains give to whatever passes
 * them.  No qdisc is taken, and all that comes after it goes on as before.
 *
 * Whoever may set marks (CAP_NET_ADMIN, CAP_NET_RAW) can set this one, too
 * (FWPLAN_OUT_MARK).
 *
 * Needs CAP_NET_ADMIN, and CAP_BPF or CAP_SYS_ADMIN.  A link of ours is there
 * as long as somebody has its descriptor, or until its interface is gone.
 */
#ifndef POLICY_TCXGATE_H
#define POLICY_TCXGATE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/netplan.h"

struct tcxgate_link {
	int		 fd;
	unsigned	 index;		/* the interface's */
	uint32_t	 id;		/* its own */
};

struct tcxgate {
	uint64_t	 tag;		/* the program's, by which it is known */
	struct tcxgate_link *links;
	size_t		 n;
	int		 missing;	/* there is no such thing here */
	int		 refused;	/* or there is, but not for us */
	int		 known;		/* there is: one was attached */
	unsigned	 changes;	/* how often there were others */
	char		 mended[NETPLAN_IFNAME];	/* see tcxgate_put() */
};

void	tcxgate_init(struct tcxgate *);
void	tcxgate_free(struct tcxgate *);

/* Each of these has it afterwards, before all others' programs.  @mended names
 * one where somebody had taken it away, or come before it; or is "".  0; 1 with
 * @why: there is none here; or -errno with @why. */
int	tcxgate_put(struct tcxgate *, const char (*devices)[NETPLAN_IFNAME],
	    size_t n, char *why, size_t max);
/* What others than these have of it goes, whoever holds it besides. */
void	tcxgate_keep(struct tcxgate *, const char (*devices)[NETPLAN_IFNAME],
	    size_t n);
/* 0: each of them has it, by whomever, or there is none here; 1: @why says
 * which has not; or -errno. */
int	tcxgate_look(const char (*devices)[NETPLAN_IFNAME], size_t n, char *why,
	    size_t max);

#endif
