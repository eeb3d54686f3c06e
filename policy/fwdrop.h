/* policy/fwdrop.h - everything is dropped, whatever else is wrong
 *
 * For when the rules that were planned cannot be loaded: no configuration, no
 * program nft and no kernel's module but nf_tables itself are needed.  The base
 * chains of the plan (policy/fwplan.h) are there afterwards, or stay, with
 * nothing in them but the loopback, and the egress of each interface that is
 * here; who puts a plan in force later finds chains of its own.
 */
#ifndef POLICY_FWDROP_H
#define POLICY_FWDROP_H

#include <stddef.h>

/* What drops is one transaction, and read back.  0; 1: but of some interface the
 * egress is open, to packet sockets; or -errno.  @why says what is wrong. */
int	fwdrop(char *why, size_t max);

#endif
