/* daemon/fwhear.h - what the firewall's process makes of what the engine says
 *
 * The engine may be anybody's.  It is heard here, and nowhere else: a message
 * asks for one address with a port, as text, and for nothing else, or it is the
 * last one.  What may be asked for:
 *
 *	PERMIT_RELAY	any address of the internet; where the configuration
 *			names authorities of its own, or is a testing network's,
 *			also another one; with UseBridges, bridges alone
 *	PERMIT_DIRECT	what a FlowRule that says direct, and not by network,
 *			has the port of: of which name, or country, an address
 *			is, only the engine knows
 *
 * New ones are counted: a bucket of each kind that is filled again by and by, so
 * that nobody can keep nft running, and no client the program from its relays.
 */
#ifndef DAEMON_FWHEAR_H
#define DAEMON_FWHEAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "daemon/fwsets.h"

struct conf;
struct procmsg;

enum {
	FWHEAR_BURST = 256,		/* new ones at once */
	FWHEAR_EACH_MS = 100		/* and one more each */
};

enum fwhear_verdict {
	FWHEAR_KILL,			/* no engine of ours says that */
	FWHEAR_REFUSED,			/* not that one */
	FWHEAR_KNOWN,			/* it is in the set */
	FWHEAR_NEW			/* it is in @sets now: to be written */
};

struct fwhear {				/* zeroed: nothing was heard yet */
	struct fwsets	*sets;		/* borrowed */
	const struct conf *conf;	/* borrowed; in force */
	struct {
		int64_t	 at;		/* ms; when it was filled */
		unsigned used;
	} bucket[FWSETS_NKINDS];
	const char	*why;		/* of KILL: "says ..."; of REFUSED */
};

/* One message, or @rc, which procmsg_recv() had instead; its descriptors are
 * closed.  @kind and @addr: what it was about, of NEW. */
enum fwhear_verdict fwhear(struct fwhear *, int rc, struct procmsg *,
	    int64_t now, enum fwsets_kind *kind, struct addr *);

/* Do direct flows to that address have to be asked for, and may they? */
int	fwhear_may_direct(const struct conf *, const struct addr *);

#endif
