/* onion/circ/circpad.c - padding of circuits towards onion services
 *
 * Theory of operation
 *
 *	OFF --ask--> ASKED --START, OK--> ON --STOP--> OVER
 *	               '-----START, ERR--> REFUSED
 *
 *	A DROP has a place in ON alone, and no more of them than the machine
 *	ever sends.  So the hop can't use them to send a pattern past us that a
 *	guard would see: what is more than that closes the circuit, as any DROP
 *	does where no padding was negotiated.
 */
#include "onion/circ/circpad.h"

#include <errno.h>

#include "base/wire.h"

enum {
	VERSION = 0, STOP = 1, START = 2, OK = 1, ERR = 2,
	COUNTER = 1		/* of machines on this circuit: there is one */
};

size_t
circpad_ask(struct circpad *p, enum circpad_machine machine,
    uint8_t data[CIRCPAD_ASK_LEN])
{
	p->state = CIRCPAD_ASKED;
	p->machine = (uint8_t)machine;
	data[0] = VERSION;
	data[1] = START;
	data[2] = p->machine;
	data[3] = 0;
	wire_set32(data + 4, COUNTER);
	return CIRCPAD_ASK_LEN;
}

static int
got_start(struct circpad *p, uint8_t response)
{
	if (p->state != CIRCPAD_ASKED || (response != OK && response != ERR))
		return -EPROTO;
	p->state = response == OK ? CIRCPAD_ON : CIRCPAD_REFUSED;
	p->drops = p->machine == CIRCPAD_INTRO ? CIRCPAD_INTRO_MAX :
	    CIRCPAD_REND_MAX;
	return 0;
}

static int
got_negotiated(struct circpad *p, const struct relaymsg *m)
{
	uint8_t version, command, response, machine;
	uint32_t counter;
	struct wire w;

	wire_init(&w, m->data, m->len);
	version = wire_u8(&w);
	command = wire_u8(&w);
	response = wire_u8(&w);
	machine = wire_u8(&w);
	counter = wire_u32(&w);
	if (w.err || version != VERSION || machine != p->machine ||
	    counter != COUNTER)
		return -EPROTO;
	if (command == START)
		return got_start(p, response);
	if (command != STOP || p->state != CIRCPAD_ON)
		return -EPROTO;
	p->state = CIRCPAD_OVER;
	return 0;
}

int
circpad_got(struct circpad *p, const struct relaymsg *m)
{
	if (m->cmd == RELAY_PADDING_NEGOTIATED)
		return got_negotiated(p, m);
	if (m->cmd != RELAY_DROP || p->state != CIRCPAD_ON || p->drops == 0)
		return -EPROTO;
	p->drops--;
	return 0;
}

int
circpad_stays(const struct circpad *p)
{
	return p->machine == CIRCPAD_INTRO && (p->state == CIRCPAD_ASKED ||
	    p->state == CIRCPAD_ON || p->state == CIRCPAD_OVER);
}
