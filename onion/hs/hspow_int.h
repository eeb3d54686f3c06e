/* onion/hs/hspow_int.h - the search for a proof of work, attempt by attempt
 *
 * Nothing in here knows of threads: hspow.c runs it in one, tests do it by
 * hand.
 */
#ifndef ONION_HS_HSPOW_INT_H
#define ONION_HS_HSPOW_INT_H

#include "onion/hs/equix.h"
#include "onion/hs/hspow.h"

/* "Tor hs intro v1" NUL | blinded key | seed | nonce | effort | solution */
enum {
	HSPOW_P		= 16,
	HSPOW_BLINDED_AT = HSPOW_P,
	HSPOW_SEED_AT	= HSPOW_BLINDED_AT + 32,
	HSPOW_NONCE_AT	= HSPOW_SEED_AT + 32,
	HSPOW_NONCE	= 16,
	HSPOW_EFFORT_AT	= HSPOW_NONCE_AT + HSPOW_NONCE,
	HSPOW_CHALLENGE	= HSPOW_EFFORT_AT + 4,
	HSPOW_SEED_HEAD	= 4		/* bytes of the seed in a proof */
};

struct hspow_search {
	uint8_t		challenge[HSPOW_CHALLENGE];
	uint32_t	effort;
	uint32_t	attempts;
};

void	hspow_search_init(struct hspow_search *, const struct hspow_ask *,
	    const uint8_t nonce[HSPOW_NONCE]);
/* One nonce, the one given and then the next ones: 1 and a proof, or 0. */
int	hspow_search_attempt(struct hspow_search *, struct equix *,
	    uint8_t proof[INTROMSG_POW]);

#endif
