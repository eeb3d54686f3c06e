/* onion/circ/circpad.h - padding of circuits towards onion services
 * (padding-spec 3, "Padding=2")
 *
 * Two machines, as clients of C tor have them, negotiated with the second hop:
 * a circuit's first cells should look like those of any other.
 *
 *	INTRO	behind INTRODUCE1; the hop sends some DROP, then says STOP
 *	REND	behind RENDEZVOUS_ESTABLISHED; one DROP each way
 *
 * A plain value: it says what to send, and judges what comes.
 */
#ifndef ONION_CIRC_CIRCPAD_H
#define ONION_CIRC_CIRCPAD_H

#include <stddef.h>
#include <stdint.h>

#include "onion/circ/relaymsg.h"

enum circpad_machine { CIRCPAD_INTRO, CIRCPAD_REND };	/* as on the wire */

enum {
	CIRCPAD_HOP	= 1,		/* the second */
	CIRCPAD_ASK_LEN	= 8,
	CIRCPAD_INTRO_MAX = 10,		/* DROPs that may come */
	CIRCPAD_REND_MAX = 1
};

enum circpad_state {
	CIRCPAD_OFF, CIRCPAD_ASKED, CIRCPAD_ON, CIRCPAD_REFUSED, CIRCPAD_OVER
};

struct circpad {
	uint8_t	state;		/* enum circpad_state */
	uint8_t	machine;
	uint8_t	drops;		/* that may still come */
};

/* PADDING_NEGOTIATE, and that it goes out; its length.  Once for a circuit. */
size_t	circpad_ask(struct circpad *, enum circpad_machine,
	    uint8_t data[CIRCPAD_ASK_LEN]);
/* PADDING_NEGOTIATED or DROP from that hop, stream 0: 0, or -EPROTO: it has no
 * place now. */
int	circpad_got(struct circpad *, const struct relaymsg *);
/* Should the circuit stay for as long as others do, to look like them? */
int	circpad_stays(const struct circpad *);

#endif
