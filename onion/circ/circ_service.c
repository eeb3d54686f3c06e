/* onion/circ/circ_service.c - what onion services need of a circuit
 * (rend-spec-v3 3, 4)
 *
 * Theory of operation
 *	A circuit that stands and carries nothing may be made longer, hop by
 *	hop.  Then its owner talks with the last hop on stream 0:
 *
 *	  circ_tell()		what may come for it, once
 *	  ESTABLISH_RENDEZVOUS	RENDEZVOUS_ESTABLISHED, then RENDEZVOUS2
 *	  INTRODUCE1		INTRODUCE_ACK
 *
 *	Each answer is expected from when the question went out, and no longer
 *	than until it came: what comes before, or a second time, closes the
 *	circuit.  What it says is its owner's business.
 *
 *	Padding is negotiated behind INTRODUCE1 and RENDEZVOUS_ESTABLISHED, if
 *	the second hop can; where there is no room it isn't, since what came
 *	later would hide nothing.
 *
 *	RENDEZVOUS2 done, the service is joined: a hop behind the last relay,
 *	with keys that only we and the service have.  From then on nothing is
 *	heard of relays but that the circuit is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/circ_int.h"
#include "onion/hs/hsntor.h"

enum {				/* c->due */
	DUE_ESTABLISHED = 1 << 0, DUE_RENDEZVOUS2 = 1 << 1, DUE_ACK = 1 << 2
};

struct circ_told {		/* a message that waits for room */
	uint8_t		 cmd;
	size_t		 len;
	uint8_t		 data[];
};

/* Told something, it has a use that a further hop would change. */
static int
is_unused(const struct circ *c)
{
	return c->due == 0 && !c->has_told && c->told == NULL &&
	    streams_are_fresh(c->streams);
}

int
circ_lengthen(struct circ *c, const struct circ_hop *hop)
{
	if (c->state != CIRC_S_BUILT)
		return -ENOTCONN;
	if (!is_unused(c))
		return -EBUSY;
	if (c->nhops >= CIRC_HOPS_MAX || !circ_hop_is_sane(hop, c->nhops))
		return -EINVAL;
	streams_cut(c->streams);
	streams_free(c->streams);
	c->streams = NULL;
	c->sendme_inc = 0;
	c->hop[c->nhops++] = *hop;
	circ_event(c, CIRC_E_LENGTHEN, NULL, NULL, NULL);
	return 0;
}

/* --- messages --- */

static uint8_t
due_for(uint8_t cmd)
{
	switch (cmd) {
	case RELAY_ESTABLISH_RENDEZVOUS:
		return DUE_ESTABLISHED;
	case RELAY_INTRODUCE1:
		return DUE_ACK;
	default:
		return 0;
	}
}

static int
send_to_pad_hop(struct circ *c, enum relay_cmd cmd, const uint8_t *data,
    size_t len)
{
	uint8_t *body, tag[RELAY_TAG];

	if (c->hops.no_room ||
	    (body = hops_cell(&c->hops, CIRCPAD_HOP, cmd)) == NULL)
		return -ENOBUFS;
	hops_send(&c->hops, CIRCPAD_HOP, body, cmd, 0, data, len, tag);
	return 0;
}

static void
negotiate_padding(struct circ *c, enum circpad_machine machine)
{
	struct circpad asked = { 0 };
	uint8_t data[CIRCPAD_ASK_LEN];
	size_t len = circpad_ask(&asked, machine, data);

	if (!c->conf.pad || c->pad.state != CIRCPAD_OFF ||
	    c->nhops <= CIRCPAD_HOP + 1 ||
	    (c->hop[CIRCPAD_HOP].info.caps & CAP_PADDING) == 0 ||
	    send_to_pad_hop(c, RELAY_PADDING_NEGOTIATE, data, len) < 0)
		return;
	c->pad = asked;
	if (machine == CIRCPAD_REND)
		(void)send_to_pad_hop(c, RELAY_DROP, NULL, 0);
}

int
circ_should_stay(const struct circ *c)
{
	return circpad_stays(&c->pad);
}

int
circ_service_pay(struct circ *c)
{
	struct circ_told *t = c->told;
	size_t to = c->hops.n - 1u;
	uint8_t *body, tag[RELAY_TAG];

	if (t == NULL)
		return 0;
	body = hops_cell(&c->hops, to, (enum relay_cmd)t->cmd);
	if (body == NULL)
		return -ENOBUFS;
	hops_send(&c->hops, to, body, (enum relay_cmd)t->cmd, 0, t->data,
	    t->len, tag);
	c->due |= due_for(t->cmd);
	c->told = NULL;
	free(t);
	if (c->due & DUE_ACK)
		negotiate_padding(c, CIRCPAD_INTRO);
	return 0;
}

int
circ_tell(struct circ *c, uint8_t cmd, const uint8_t *data, size_t len)
{
	struct circ_told *t;

	if (c->state != CIRC_S_BUILT)
		return -ENOTCONN;
	if (due_for(cmd) == 0)
		return -EINVAL;
	if (len > relaymsg_max(hops_format(&c->hops, c->hops.n - 1u), cmd))
		return -EMSGSIZE;
	if (c->has_told || !streams_are_fresh(c->streams))
		return -EBUSY;
	if ((t = calloc(1, sizeof(*t) + len)) == NULL)
		return -ENOMEM;
	t->cmd = cmd;
	t->len = len;
	if (len)
		memcpy(t->data, data, len);
	c->told = t;
	c->has_told = 1;
	(void)circ_service_pay(c);	/* else when there is room */
	return 0;
}

/* Which of those that are due is it; what is due after it? */
static uint8_t
due_as(uint8_t cmd, uint8_t *next)
{
	*next = 0;
	switch (cmd) {
	case RELAY_RENDEZVOUS_ESTABLISHED:
		*next = DUE_RENDEZVOUS2;
		return DUE_ESTABLISHED;
	case RELAY_RENDEZVOUS2:
		return DUE_RENDEZVOUS2;
	case RELAY_INTRODUCE_ACK:
		return DUE_ACK;
	default:
		return 0;
	}
}

void
circ_service_message(struct circ *c, const struct relaymsg *m)
{
	uint8_t next, as = due_as(m->cmd, &next);

	if ((c->due & as) == 0 || c->user == NULL || c->user->message == NULL) {
		circ_die_of_protocol(c, "an answer to no question");
		return;
	}
	c->due = (uint8_t)((c->due & ~as) | next);
	if (next & DUE_RENDEZVOUS2)
		negotiate_padding(c, CIRCPAD_REND);
	if (c->user->message(c->arg, m->cmd, m->data, m->len) < 0 && !c->why)
		circ_die_of_protocol(c, relaymsg_name(m->cmd));
}

/* --- the service itself --- */

int
circ_join_service(struct circ *c, const struct hsntor_keys *k, int cc,
    uint8_t sendme_inc)
{
	struct streams *relays = c->streams;
	int rc;

	if (c->state != CIRC_S_BUILT)
		return -ENOTCONN;
	if (!streams_are_fresh(relays))
		return -EBUSY;
	if (c->hops.n >= HOPS_MAX || (cc && sendme_inc == 0))
		return -EINVAL;
	if ((rc = hops_add_service(&c->hops, k->df, k->db, k->kf, k->kb)) < 0)
		return rc;
	flow_params_for_service(&c->flow);
	if ((rc = circ_make_streams(c, cc, sendme_inc)) < 0) {
		hops_drop_last(&c->hops);
		return rc;
	}
	streams_cut(relays);
	streams_free(relays);
	c->due = 0;
	circ_event(c, CIRC_E_JOIN, NULL, NULL, NULL);
	return 0;
}

int
circ_is_of_service(const struct circ *c)
{
	return c->state == CIRC_S_JOINED;
}
