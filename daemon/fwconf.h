/* daemon/fwconf.h - from a configuration to a plan of the firewall
 */
#ifndef DAEMON_FWCONF_H
#define DAEMON_FWCONF_H

#include <stddef.h>
#include <stdio.h>

#include "daemon/conf.h"

struct fwconf;
struct fwplan_conf;

/* What policy/fwplan.h wants to know.  0, -EINVAL, -E2BIG, -ENOMEM or -ENOENT
 * (no such user), and @why says what is wrong and what to do. */
int	fwconf_new(struct fwconf **, const struct conf *, char *why,
	    size_t max);
void	fwconf_free(struct fwconf *);
/* Without Uplink: the interfaces that this machine has now, but for those with
 * another part.  With it nothing changes. */
int	fwconf_find_uplinks(struct fwconf *, const struct conf *, char *why,
	    size_t max);
/* Uplinks that this machine does not have now are left out. */
void	fwconf_drop_missing(struct fwconf *);
const struct fwplan_conf *fwconf_plan(const struct fwconf *);

/* All of it: the text of that kind, for an operator to load. */
int	fwconf_print(const struct conf *, enum conf_format, FILE *, char *why,
	    size_t max);

/* To the log, where nothing of ours closes what leaves past Tor. */
void	fwconf_tell(const struct conf *);

#endif
