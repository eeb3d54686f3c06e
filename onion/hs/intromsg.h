/* onion/hs/intromsg.h - messages of introduction and rendezvous
 * (rend-spec-v3 3.2, 3.2.2, 4.1; proposal 327 for the proof of work)
 */
#ifndef ONION_HS_INTROMSG_H
#define ONION_HS_INTROMSG_H

#include <stddef.h>
#include <stdint.h>

#include "onion/hs/hsdesc.h"
#include "onion/hs/hsntor.h"

enum {
	INTROMSG_COOKIE = 20,
	INTROMSG_MAX = 490,	/* bytes of INTRODUCE1, whichever cell format */
	INTROMSG_POW = 41	/* bytes of the proof: version, nonce, effort,
				 * head of the seed, solution */
};

struct intromsg {
	const uint8_t		*cookie;	/* INTROMSG_COOKIE */
	const struct hsntor	*hs;
	const struct hsdesc_intro *intro;
	const uint8_t		*subcredential;	/* 32 */
	const struct hopinfo	*rend;		/* who waits with that cookie */
	uint8_t			 want_cc;
	const uint8_t		*pow;		/* INTROMSG_POW, or NULL */
};

/* The length of INTRODUCE1's data in @out, or -EINVAL: something is unset (an
 * all-zero cookie or key), -EBADMSG: the introduction point's key is of no use,
 * -EMSGSIZE. */
int	intromsg_put(const struct intromsg *, uint8_t out[INTROMSG_MAX]);

enum intromsg_status {
	INTROMSG_OK, INTROMSG_UNKNOWN_ID, INTROMSG_BAD_FORMAT,
	INTROMSG_CANT_RELAY, INTROMSG_OTHER
};
/* Of INTRODUCE_ACK: 0 or -EBADMSG. */
int	intromsg_ack(const uint8_t *data, size_t len, enum intromsg_status *);

#endif
