/* onion/circ/hopflow.h - how much DATA may go to and from one hop
 *
 * Joins sendme (what is owed and expected) with what limits the sender: the
 * fixed window of tor-spec 7.3, or vegas where congestion control was agreed.
 * Only DATA cells count, whatever stream they are for.
 */
#ifndef ONION_CIRC_HOPFLOW_H
#define ONION_CIRC_HOPFLOW_H

#include "onion/circ/flowctl.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/sendme.h"
#include "onion/circ/vegas.h"

struct hopflow {
	struct flow_params	params;
	struct sendme		sendme;
	struct vegas		vegas;		/* if cc */
	int32_t			window;		/* if not; cells */
	enum relay_format	format;		/* the hop's */
	uint8_t			cc;
	uint8_t			unpredictable;	/* a padded cell was sent */
	uint8_t			until_random;	/* cells until one must be */
};

/* @inc: what was agreed along with congestion control, cells. */
void	hopflow_init(struct hopflow *, const struct flow_params *, int cc,
	    uint8_t inc, enum relay_format);
void	hopflow_fini(struct hopflow *);

/* Sending: cells that may go now; how much data the next one may hold; and
 * that it went, with @len bytes: 0 or -ENOMEM. */
size_t	hopflow_room(const struct hopflow *);
size_t	hopflow_cell(const struct hopflow *);
int	hopflow_sent(struct hopflow *, size_t len,
	    const uint8_t tag[SENDME_TAG], int64_t now);
/* A SENDME for the hop came: 0, or -EPROTO. */
int	hopflow_acked(struct hopflow *, const struct relaymsg *, int64_t now,
	    int blocked);

/* Receiving: a DATA cell came: 0, -EPROTO: more than the window, or -ENOMEM.
 * sendme_due(&f->sendme) tells whether one has to be sent. */
int	hopflow_got(struct hopflow *, const uint8_t tag[SENDME_TAG]);

#endif
