/* daemon/selftest_oracle.h - what leaves the gateway, seen from outside of it
 *
 * At the other ends of the uplinks, in another network namespace, by packet
 * sockets: nothing in the gateway can touch that, and what was sent by a packet
 * socket there is seen, too.  It is a whitelist: TCP to the relays, ARP and
 * neighbour discovery of the link, DHCP's questions, and what a FlowRule sends
 * past Tor by its network; everything else is a leak.
 */
#ifndef DAEMON_SELFTEST_ORACLE_H
#define DAEMON_SELFTEST_ORACLE_H

#include <stddef.h>

#include "daemon/selftest_lab.h"

struct conf;

enum { SEEN_LINES = 12, SEEN_LINE = 160 };

struct seen {
	unsigned	leak[LAB_NFAMILIES];	/* what is no IPv6 is 4 */
	unsigned	noise;		/* leaks of which the kernel alone is
					 * the author: MLD */
	unsigned	good[LAB_NFAMILIES];	/* to relays, by the program */
	unsigned	control[LAB_NFAMILIES];	/* the same, by ourselves */
	unsigned	direct;		/* by FlowRules */
	unsigned	arp;		/* answers */
	unsigned	lost;		/* there was no room for these */
	unsigned	nlines;
	char		line[SEEN_LINES][SEEN_LINE];	/* the first leaks */
};

/* All that came so far is added to @seen. */
void	oracle_read(const struct lab *, const struct conf *, struct seen *);
/* Of the LANs: what came from the gateway and has @token in it is a leak; NULL:
 * what there is is thrown away. */
void	oracle_lan(const struct lab *, const char *token, struct seen *);
unsigned oracle_leaks(const struct seen *);	/* all of them */

#endif
