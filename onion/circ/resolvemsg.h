/* onion/circ/resolvemsg.h - the answers in RESOLVED (tor-spec 6.4) */
#ifndef ONION_CIRC_RESOLVEMSG_H
#define ONION_CIRC_RESOLVEMSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "onion/circ/relaymsg.h"

enum resolvemsg_type {
	RESOLVED_NAME		= 0x00,
	RESOLVED_V4		= 0x04,
	RESOLVED_V6		= 0x06,
	RESOLVED_TRANSIENT	= 0xf0,	/* try again, or elsewhere */
	RESOLVED_PERMANENT	= 0xf1
};

enum {
	RESOLVED_MIN = 6,	/* type, length, TTL: the shortest answer */
	RESOLVED_MAX = RELAY_DATA_MAX / RESOLVED_MIN
};

struct resolved {
	uint8_t		type;
	uint32_t	ttl;		/* s */
	struct addr	addr;
	char		name[RELAY_HOST_MAX + 1];	/* of RESOLVED_NAME */
};

/* The number of answers that we understand, or -EPROTO.  Names with other
 * characters than letters, digits, '-', '_' and '.' are passed over, and so
 * are answers of types that are not listed. */
int	resolvemsg_parse(struct resolved out[RESOLVED_MAX],
	    const struct relaymsg *);

#endif
