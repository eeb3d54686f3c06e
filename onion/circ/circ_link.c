/* onion/circ/circ_link.c - linking a circuit with another one to the same exit
 *
 * Theory of operation (proposal 329, 2.3)
 *
 *	BUILT --circ_link()--> LINKING --LINKED--> LINKED --circ_join()--> a leg
 *
 *	We send LINK with a nonce that only the exit learns, it answers LINKED
 *	with the same one, and we LINKED_ACK, from which it learns the RTT, as
 *	we did from LINKED.  That has to be the first thing on the circuit.  A
 *	circuit that is linked and not joined carries nothing, so that whatever
 *	comes on it then closes it.
 *
 *	Both ends of a new set begin to count at 0.  An exit that says another
 *	number talks of another set, or of data that we will never see.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/circ_int.h"

enum { US_PER_MS = 1000 };

static int
say(struct circ *c, enum relay_cmd cmd, const uint8_t *data, size_t len)
{
	size_t to = c->hops.n - 1u;
	uint8_t *body, tag[RELAY_TAG];

	if ((body = hops_cell(&c->hops, to, cmd)) == NULL)
		return -ENOBUFS;
	hops_send(&c->hops, to, body, cmd, 0, data, len, tag);
	return 0;
}

int
circ_link_pay(struct circ *c)
{
	struct circ_link *l = c->link;
	uint8_t data[RELAY_DATA_MAX];

	if (l->owes_link) {
		if (say(c, RELAY_CONFLUX_LINK, data,
		    conflux_put_link(data, &l->ours)) < 0)
			return -ENOBUFS;
		l->owes_link = 0;
		l->sent_at = c->conf.loop->now;
	}
	if (l->owes_ack) {
		if (say(c, RELAY_CONFLUX_LINKED_ACK, NULL, 0) < 0)
			return -ENOBUFS;
		l->owes_ack = 0;
	}
	return 0;
}

void
circ_link_begin(struct circ *c)
{
	c->link->owes_link = 1;
	(void)circ_link_pay(c);
}

void
circ_link_reply(struct circ *c, const struct relaymsg *m)
{
	struct circ_link *l = c->link;
	int64_t ms = c->conf.loop->now - l->sent_at;

	if (l->owes_link || conflux_get_link(m, &l->theirs) < 0 ||
	    memcmp(l->theirs.nonce, l->ours.nonce, CONFLUX_NONCE) != 0 ||
	    l->theirs.sent != 0 || l->theirs.received != 0) {
		circ_die_of_protocol(c, "it is not our LINK that was answered");
		return;
	}
	l->rtt_us = ms > 0 ? ms * US_PER_MS : 1;
	l->owes_ack = 1;
	(void)circ_link_pay(c);
	if (c->user && c->user->linked)
		c->user->linked(c->arg);
}

int
circ_link(struct circ *c, const uint8_t *nonce, uint8_t ux)
{
	if (c->state != CIRC_S_BUILT || !streams_are_fresh(c->streams))
		return -ENOTCONN;
	if (c->sendme_inc == 0)
		return -EOPNOTSUPP;
	if ((c->link = calloc(1, sizeof(*c->link))) == NULL)
		return -ENOMEM;
	memcpy(c->link->ours.nonce, nonce, CONFLUX_NONCE);
	c->link->ours.ux = ux;
	circ_event(c, CIRC_E_LINK, NULL, NULL, NULL);
	return 0;
}

static int
have_one_exit(const struct circ *a, const struct circ *b)
{
	return memcmp(a->hop[a->nhops - 1].info.id.rsa,
	    b->hop[b->nhops - 1].info.id.rsa, 20) == 0;
}

int
circ_join(struct circ *first, struct circ *second)
{
	struct streams_leg leg = { .hops = &second->hops,
		.sendme_inc = second->sendme_inc };

	if (first == second || first->mate || second->mate ||
	    first->state != CIRC_S_LINKED || second->state != CIRC_S_LINKED ||
	    !have_one_exit(first, second) ||
	    memcmp(first->link->ours.nonce, second->link->ours.nonce,
	    CONFLUX_NONCE) != 0)
		return -EINVAL;
	leg.rtt_us = second->link->rtt_us;
	streams_cut(second->streams);
	streams_free(second->streams);
	second->streams = NULL;
	second->leg = 1;
	first->mate = second;
	second->mate = first;
	streams_link(first->streams, first->link->rtt_us, &leg,
	    conflux_passes_by(first->link->theirs.ux));
	return 0;
}

int64_t
circ_link_rtt_us(const struct circ *c)
{
	return c->link ? c->link->rtt_us : 0;
}

const struct circ *
circ_joined_to(const struct circ *c)
{
	return c->mate;
}
