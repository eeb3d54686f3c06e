/* daemon/fwrules.h - from a configuration to what policy/fwstate.h wants
 *
 * Of the interfaces that the configuration names, and of all where it names
 * none, those that are here now: the kernel knows no chain of a device that is
 * missing.  When others come, there is another one of these.
 */
#ifndef DAEMON_FWRULES_H
#define DAEMON_FWRULES_H

#include <stddef.h>
#include <stdint.h>

#include "policy/fwplan.h"
#include "policy/fwsysctl.h"
#include "policy/nftlist.h"

struct conf;

enum { FWRULES_TABLES = 2 };

struct fwrules {			/* zeroed is none */
	uint32_t	 uid;		/* the engine's */
	char		*text;		/* for nft */
	struct fwplan_links devices;	/* that it has chains of */
	struct fwsysctl	*sysctls;
	size_t		 nsysctls;
	struct addr	*relays;	/* from the start */
	size_t		 nrelays;
};

extern const struct nftlist_table fwrules_tables[FWRULES_TABLES];

/* 0 or negative, and @why says what is wrong; then it is none. */
int	fwrules_make(struct fwrules *, const struct conf *, char *why,
	    size_t max);
/* Those that are in force until the daemon starts: nothing leaves. */
int	fwrules_make_closed(struct fwrules *, const struct conf *, char *why,
	    size_t max);
void	fwrules_free(struct fwrules *);
/* Would the kernel be told the same? */
int	fwrules_same(const struct fwrules *, const struct fwrules *);

#endif
