/* onion/circ/hops.h - the hops of a circuit: cells to them and from them
 *
 * Wraps relay messages in the layers of the hops that stand, and unwraps what
 * comes (tor-spec 5.5, 6.1); decides which cells are RELAY_EARLY (5.6).  A
 * message is written straight into the channel's queue:
 *
 *	body = hops_cell(h, to, RELAY_DATA);	NULL: no room now
 *	hops_send(h, to, body, RELAY_DATA, stream, data, len, tag);
 *
 * with nothing in between.  How much it may hold, and how long tags are, is a
 * matter of the hop's format: relaymsg_max(hops_format(h, to), RELAY_DATA).
 */
#ifndef ONION_CIRC_HOPS_H
#define ONION_CIRC_HOPS_H

#include <stddef.h>
#include <stdint.h>

#include "onion/circ/relaymsg.h"

struct chan;
struct handshake_keys;
struct hopcrypt;

enum {
	HOPS_MAX	= 8,
	/* RELAY_EARLY cells that a circuit may send; a guard counts them, so
	 * we send as many as C tor does: all, or one less. */
	HOPS_EARLY	= 8
};

struct hops {
	struct chan	*chan;		/* borrowed; NULL: cut off */
	uint32_t	 circ_id;
	uint8_t		 n;		/* stand */
	uint8_t		 early;		/* RELAY_EARLY cells left */
	uint8_t		 no_room;	/* room() was asked for */
	uint8_t		 cell_cmd;	/* of the cell that is being made */
	struct hopcrypt	*crypt[HOPS_MAX];
};

void	hops_init(struct hops *, struct chan *, uint32_t circ_id);
void	hops_fini(struct hops *);
int	hops_add(struct hops *, const struct handshake_keys *);	/* -ENOMEM */
int	hops_add_service(struct hops *, const uint8_t df[32],
	    const uint8_t db[32], const uint8_t kf[32], const uint8_t kb[32]);
void	hops_drop_last(struct hops *);
enum relay_format hops_format(const struct hops *, size_t hop);

/* NULL: no room; the channel's room() will be called. */
uint8_t	*hops_cell(struct hops *, size_t to, enum relay_cmd);
void	 hops_send(struct hops *, size_t to, uint8_t *body, enum relay_cmd,
	    uint16_t stream, const uint8_t *data, size_t len,
	    uint8_t tag[RELAY_TAG]);

/* Which hop is it from?  -1: none knows it, the circuit must be closed. */
int	hops_recv(struct hops *, uint8_t body[RELAY_BODY],
	    uint8_t tag[RELAY_TAG]);

#endif
