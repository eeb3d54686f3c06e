/* onion/circ/sendme.h - who owes whom a SENDME, and what it has to quote
 *
 * One hop, both directions (tor-spec 7.3, proposal 289): every @inc-th DATA
 * cell makes its receiver send a SENDME that quotes the cell's digest, so
 * that nobody can ask for data that he hasn't seen.
 */
#ifndef ONION_CIRC_SENDME_H
#define ONION_CIRC_SENDME_H

#include <stddef.h>
#include <stdint.h>

enum {
	SENDME_TAG	= 20,
	/* Owed by us and not sent, since the channel has no room: a peer that
	 * sends on and on without one does not keep to its window. */
	SENDME_OWED_MAX	= 1024,
	/* Expected by us: the cells in flight bound it. */
	SENDME_WANTED_MAX = 20001
};

struct sendme_tag {
	uint8_t	tag[SENDME_TAG];
	int64_t	at;		/* when the cell was sent, ms */
};

struct sendme_queue {
	struct sendme_tag	*v;
	uint32_t		 head, n, cap, max;
};

struct sendme {
	uint32_t		inc;
	uint32_t		sent;	/* DATA cells since the last tag kept */
	uint32_t		got;	/* DATA cells since the last one owed */
	struct sendme_queue	wanted;
	struct sendme_queue	owed;
};

void	sendme_init(struct sendme *, uint32_t inc);
void	sendme_fini(struct sendme *);

/* We sent a DATA cell: 0 or -ENOMEM. */
int	sendme_sent(struct sendme *, const uint8_t tag[SENDME_TAG],
	    int64_t now);
/* A SENDME came: 0 and when its cell was sent, or -EPROTO: none was due, or it
 * quotes another cell. */
int	sendme_acked(struct sendme *, const uint8_t *tag, int64_t *sent_at);

/* A DATA cell came: 0, -EPROTO (SENDME_OWED_MAX) or -ENOMEM. */
int	sendme_got(struct sendme *, const uint8_t tag[SENDME_TAG]);
/* What the next SENDME of ours has to quote, NULL if none is due; and it went
 * out. */
const uint8_t *sendme_due(const struct sendme *);
void	sendme_paid(struct sendme *);

#endif
