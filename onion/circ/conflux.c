/* onion/circ/conflux.c - one set of streams over several circuits
 *
 * Theory of operation
 *	Each leg keeps a count: of its numbered messages, and of the jumps that
 *	SWITCH made it take, which stand for what went over other legs.  So the
 *	count after a message is its number in the set.  What is the next in the
 *	set is delivered; what is further on waits in its leg's queue.  Within a
 *	leg numbers only grow, so that a queue is in order by itself, and the
 *	next one overall, if it is here at all, is at the head of one of them.
 * Invariants
 *	delivered < the number at the head of each queue.
 *	At least one leg's count <= delivered: since counts only grow, the next
 *	message could never come otherwise, and the set would stand still.
 * Limits
 *	held_max bytes a leg, in whole records.  An honest exit has no more than
 *	its window in flight, which is far less.
 *
 *	A set lives as long as all of its legs: what a leg takes with it, nobody
 *	sends again.
 */
#include "onion/circ/conflux.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"

enum {
	LINK_VERSION	= 1,
	SWITCH_LEN	= 4
};

struct record {			/* a message that waits; its data follow */
	uint64_t	number;
	int64_t		at;		/* ms; it came */
	uint16_t	stream, len;
	uint8_t		cmd;
};

/* --- messages --- */

size_t
conflux_put_link(uint8_t data[RELAY_DATA_MAX], const struct conflux_link *l)
{
	struct pack p;

	pack_init(&p, data, RELAY_DATA_MAX);
	pack_u8(&p, LINK_VERSION);
	pack_put(&p, l->nonce, sizeof(l->nonce));
	pack_u64(&p, l->sent);
	pack_u64(&p, l->received);
	pack_u8(&p, l->ux);
	return pack_len(&p);
}

size_t
conflux_put_switch(uint8_t data[RELAY_DATA_MAX], uint32_t jump)
{
	wire_set32(data, jump);
	return SWITCH_LEN;
}

int
conflux_get_link(const struct relaymsg *m, struct conflux_link *out)
{
	struct conflux_link l;
	const uint8_t *nonce;
	struct wire w;
	uint8_t version;

	wire_init(&w, m->data, m->len);
	version = wire_u8(&w);
	nonce = wire_take(&w, sizeof(l.nonce));
	l.sent = wire_u64(&w);
	l.received = wire_u64(&w);
	l.ux = wire_u8(&w);
	if (w.err || version != LINK_VERSION ||
	    l.ux > CONFLUX_UX_THROUGHPUT_LOWMEM)
		return -EPROTO;
	memcpy(l.nonce, nonce, sizeof(l.nonce));
	*out = l;
	return 0;
}

int
conflux_get_switch(const struct relaymsg *m, uint32_t *jump)
{
	if (m->len < SWITCH_LEN)
		return -EPROTO;
	*jump = wire_get32(m->data);
	return 0;
}

int
conflux_counts(uint8_t cmd)
{
	switch (cmd) {
	case RELAY_BEGIN:
	case RELAY_DATA:
	case RELAY_END:
	case RELAY_CONNECTED:
	case RELAY_RESOLVE:
	case RELAY_RESOLVED:
	case RELAY_XOFF:
	case RELAY_XON:
		return 1;
	default:
		return 0;
	}
}

int
conflux_passes_by(uint8_t ux)
{
	return ux == CONFLUX_UX_ANY || ux == CONFLUX_UX_THROUGHPUT;
}

/* --- order --- */

void
conflux_in_init(struct conflux_in *in, size_t nlegs, size_t held_max)
{
	size_t i;

	memset(in, 0, sizeof(*in));
	in->nlegs = nlegs;
	for (i = 0; i < nlegs; i++)
		buf_init(&in->leg[i].held, held_max);
}

void
conflux_in_fini(struct conflux_in *in)
{
	size_t i;

	for (i = 0; i < in->nlegs; i++)
		buf_free(&in->leg[i].held);
	in->taken = 0;
}

static int
is_stuck(const struct conflux_in *in)
{
	size_t i;

	for (i = 0; i < in->nlegs; i++)
		if (in->leg[i].count <= in->delivered)
			return 0;
	return 1;
}

/* Whoever switches has something to send: another SWITCH before that would be
 * a message that changes nothing, and so could be a signal to others. */
int
conflux_in_switch(struct conflux_in *in, size_t leg, uint32_t jump)
{
	struct conflux_leg_in *l = &in->leg[leg];

	if (l->switched || l->count > UINT64_MAX / 2)
		return -EPROTO;
	l->switched = 1;
	l->count += jump;
	return is_stuck(in) ? -EPROTO : 0;
}

static int
hold(struct conflux_in *in, struct conflux_leg_in *l, const struct relaymsg *m,
    int64_t now)
{
	struct record r = { .number = l->count, .at = now,
		.stream = m->stream, .len = m->len, .cmd = m->cmd };
	uint8_t *p;

	if (buf_room(&l->held) < sizeof(r) + m->len)
		return -EPROTO;
	if (conflux_in_held(in) == 0)
		in->since = now;
	if ((p = buf_reserve(&l->held, sizeof(r) + m->len)) == NULL)
		return -ENOMEM;
	memcpy(p, &r, sizeof(r));
	if (m->len)
		memcpy(p + sizeof(r), m->data, m->len);
	buf_commit(&l->held, sizeof(r) + m->len);
	return 0;
}

int
conflux_in_got(struct conflux_in *in, size_t leg, const struct relaymsg *m,
    int64_t now)
{
	struct conflux_leg_in *l = &in->leg[leg];

	l->switched = 0;
	l->count++;
	if (l->count == in->delivered + 1) {
		in->delivered++;
		return 1;
	}
	if (l->count <= in->delivered || in->nlegs < 2)
		return -EPROTO;
	return hold(in, l, m, now);
}

static void
drop_taken(struct conflux_in *in)
{
	struct record r;
	size_t i;

	if (in->taken == 0)
		return;
	buf_drain(&in->leg[in->from].held, in->taken);
	in->taken = 0;
	in->since = INT64_MAX;
	for (i = 0; i < in->nlegs; i++) {
		if (in->leg[i].held.len == 0)
			continue;
		memcpy(&r, buf_head(&in->leg[i].held), sizeof(r));
		if (r.at < in->since)
			in->since = r.at;
	}
}

int
conflux_in_next(struct conflux_in *in, struct relaymsg *m)
{
	struct record r;
	size_t i;

	drop_taken(in);
	for (i = 0; i < in->nlegs; i++) {
		if (in->leg[i].held.len == 0)
			continue;
		memcpy(&r, buf_head(&in->leg[i].held), sizeof(r));
		if (r.number != in->delivered + 1)
			continue;
		m->stream = r.stream;
		m->len = r.len;
		m->cmd = r.cmd;
		m->data = buf_head(&in->leg[i].held) + sizeof(r);
		in->delivered++;
		in->from = i;
		in->taken = sizeof(r) + r.len;
		return 1;
	}
	return 0;
}

size_t
conflux_in_held(const struct conflux_in *in)
{
	size_t i, n = 0;

	for (i = 0; i < in->nlegs; i++)
		n += in->leg[i].held.len;
	return n - in->taken;
}

size_t
conflux_in_memory(const struct conflux_in *in)
{
	size_t i, n = 0;

	for (i = 0; conflux_in_held(in) > 0 && i < in->nlegs; i++)
		n += in->leg[i].held.cap;
	return n;
}
