/* onion/link/relayid.h - who a relay is, and what it takes to extend to it
 *
 * Plain values: copied, never shared.  A circuit keeps hopinfos of its own, so
 * that it does not depend on the directory that they came from.
 */
#ifndef ONION_LINK_RELAYID_H
#define ONION_LINK_RELAYID_H

#include <stdint.h>

#include "base/addr.h"

struct relayid {
	uint8_t	rsa[20];		/* all zero: not known */
	uint8_t	ed[32];
	uint8_t	has_ed;
};

/* What a relay understands, from its `pr` line. */
enum {
	CAP_NTOR3	= 1 << 0,	/* Relay=4 */
	CAP_SUBPROTO	= 1 << 1,	/* Relay=5 */
	CAP_CGO		= 1 << 2,	/* Relay=6 */
	CAP_FLOWCTRL	= 1 << 3,	/* FlowCtrl=2: congestion control */
	CAP_EXTEND_V6	= 1 << 4,	/* Relay=3 */
	CAP_CONFLUX	= 1 << 5,	/* Conflux=1 */
	CAP_HSDIR	= 1 << 6,	/* HSDir=2 */
	CAP_HSINTRO	= 1 << 7,	/* HSIntro=4 */
	CAP_HSREND	= 1 << 8,	/* HSRend=2 */
	CAP_PADDING	= 1 << 9	/* Padding=2 */
};

struct hopinfo {
	struct relayid	id;
	uint8_t		has_ntor;	/* else only CREATE_FAST will do */
	uint8_t		ntor[32];	/* onion key, Curve25519 */
	struct addr	or4;		/* ORPort; family 0 where it has none */
	struct addr	or6;
	uint32_t	caps;		/* CAP_* */
	char		nickname[20];
};

#endif
