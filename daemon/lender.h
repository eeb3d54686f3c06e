/* daemon/lender.h - what the parent makes of what the engine says
 *
 * The engine may be anybody's.  It is heard here, and nowhere else: each
 * message is one of three that it has, asks for a row of a list
 * (daemon/lend.h), and is one of a number that is bounded until the operator
 * wants something new; or else it is the last one.
 */
#ifndef DAEMON_LENDER_H
#define DAEMON_LENDER_H

#include "daemon/conf.h"

struct procmsg;

enum { LENDER_HEARD_MAX = 1024 };	/* messages in a round */

enum lender_verdict {
	LENDER_KILL,		/* no engine of ours says that */
	LENDER_ANSWER,		/* send it; then close what it has */
	LENDER_UP		/* it has started */
};

struct lender {			/* zeroed is empty */
	/* lend_open(), or what stands for it in a test. */
	int		(*open)(const struct conf *, size_t row, int *fd);
	int		 up;		/* it has said so */
	unsigned	 heard;		/* in this round */
	struct conf_strings asked;	/* Unix sockets, in this round */
	struct conf_strings made;	/* and all that there are */
	int		 tun;		/* the device was lent */
	const char	*why;		/* of LENDER_KILL: "says ..." */
};

/* A new round: a start, a reload, other log files. */
void	lender_round(struct lender *);
void	lender_free(struct lender *);
/* One message, or @rc, which procmsg_recv() had instead.  @fresh is the
 * configuration that is being tried, or NULL. */
enum lender_verdict lender_hear(struct lender *, int rc, struct procmsg *,
	    const struct conf *, const struct conf *fresh,
	    struct procmsg *answer);

#endif
