/* onion/circ/streams.c - the streams of a circuit, all to its last hop
 *
 * Theory of operation
 *	One table from stream ids to slots: streams, lookups, and halves, which
 *	are ids that we gave up and the relay may not have yet.  A message for
 *	an id that is in none of them, or of a kind that its slot does not
 *	expect, closes the circuit: who may send us cells that we pass over may
 *	signal with them to somebody who watches our guard.
 *
 *	What we have to say besides data (BEGIN, END, SENDME, XON, XOFF,
 *	RESOLVE) is not queued as cells but as bits: a slot *owes*.  So what
 *	waits for the channel is bounded by the number of slots.  SENDMEs of the
 *	circuit go first, then what is owed, then data.
 *
 *	Data goes from the holder's send() straight into the channel's queue
 *	while nobody waits.  Less than a cell stays in the stream's part until
 *	the turn ends, so that small writes share a cell but none is late.  When
 *	the window closes or the channel is full, send() comes up short and the
 *	stream waits; streams that wait are served in turn, STREAMS_SHARE cells
 *	each, by calling their room().
 *
 *	        send() --part--> [PART] --end of turn--> cell
 *	             \--short--> [WAIT] --SENDME, room--> room() -> send()
 *
 *	Inbound data goes straight to the holder as far as its credit reaches;
 *	the rest is held, and delivered at the end of a turn after a grant.
 *
 * Invariants
 *	->last is a slot in ->ids, or NULL.  A dead stream is in ->dead and in
 *	no other list.  Nothing is freed before the turn ends.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/rand.h"
#include "onion/circ/streams_int.h"

static void turn(void *);

int
streams_new(struct streams **out, const struct streams_conf *conf)
{
	struct streams *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	s->ids = map_new(sizeof(uint16_t), STREAMS_MAX + STREAMS_HALF_MAX);
	if (s->ids == NULL) {
		free(s);
		return -ENOMEM;
	}
	s->conf = *conf;
	s->next_id = (uint16_t)rand_u32();
	hopflow_init(&s->flow, conf->flow, conf->cc, conf->sendme_inc);
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->dead);
	TAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->part);
	TAILQ_INIT(&s->wait);
	TAILQ_INIT(&s->lookups);
	TAILQ_INIT(&s->halves);
	TAILQ_INIT(&s->ctl);
	loop_item_init(&s->turn, turn, s);
	*out = s;
	return 0;
}

static void
reap(struct streams *s)
{
	struct stream *st;

	while ((st = TAILQ_FIRST(&s->dead)) != NULL) {
		TAILQ_REMOVE(&s->dead, st, link);
		stream_free(st);
	}
}

void
streams_cut(struct streams *s)
{
	s->cut = 1;
	loop_item_clear(s->conf.loop, &s->turn);
}

void
streams_end(struct streams *s, int why)
{
	struct stream *st;
	struct lookup *l;

	assert(s->cut);
	while ((st = TAILQ_FIRST(&s->all)) != NULL)
		stream_gone(st, why);
	while ((l = TAILQ_FIRST(&s->lookups)) != NULL)
		lookup_gone(l, why);
}

void
streams_free(struct streams *s)
{
	if (s == NULL)
		return;
	assert(TAILQ_EMPTY(&s->all) && TAILQ_EMPTY(&s->lookups));
	loop_item_clear(s->conf.loop, &s->turn);
	reap(s);
	half_free_all(s);
	hopflow_fini(&s->flow);
	map_free(s->ids);
	free(s->spare);
	free(s);
}

void
streams_wake(struct streams *s)
{
	if (!s->cut)
		loop_item_add(s->conf.loop, &s->turn);
}

/* Found out where the circuit can't be closed at once. */
void
streams_fail(struct streams *s, int err)
{
	if (s->fail == 0)
		s->fail = err;
	streams_wake(s);
}

/* Slots. */

static struct streams_slot *
find(struct streams *s, uint16_t id)
{
	/* Messages for one stream come in runs. */
	if (s->last == NULL || s->last->id != id)
		s->last = map_get(s->ids, &id);
	return s->last;
}

int
streams_put(struct streams *s, struct streams_slot *slot)
{
	return map_put(s->ids, &slot->id, slot);
}

/* Its id may be another's from now on.  Harmless the second time. */
void
streams_drop(struct streams *s, struct streams_slot *slot)
{
	if (slot->id == 0)
		return;
	streams_waive(s, slot, slot->owes);
	map_del(s->ids, &slot->id);
	slot->id = 0;
	if (s->last == slot)
		s->last = NULL;
}

/* There are far more ids than slots, so the search is short. */
int
streams_draw_id(struct streams *s, uint16_t *id)
{
	if (s->cut)
		return -ENOTCONN;
	if (s->live >= STREAMS_MAX)
		return -ENOSPC;
	do {
		if (++s->next_id == 0)
			s->next_id = 1;
	} while (map_get(s->ids, &s->next_id) != NULL);
	*id = s->next_id;
	return 0;
}

void
streams_owe(struct streams *s, struct streams_slot *slot, unsigned what)
{
	slot->owes |= (uint8_t)what;
	if (!slot->listed)
		TAILQ_INSERT_TAIL(&s->ctl, slot, ctl);
	slot->listed = 1;
	streams_wake(s);
}

void
streams_waive(struct streams *s, struct streams_slot *slot, unsigned what)
{
	slot->owes &= (uint8_t)~what;
	if (slot->owes || !slot->listed)
		return;
	TAILQ_REMOVE(&s->ctl, slot, ctl);
	slot->listed = 0;
}

/* Sending. */

int
streams_send(struct streams *s, enum relay_cmd cmd, uint16_t id,
    const uint8_t *data, size_t len)
{
	struct hops *h = s->conf.hops;
	size_t to = h->n - 1u;
	uint8_t tag[RELAY_TAG], *body;

	if ((body = hops_cell(h, to, cmd)) == NULL)
		return -ENOBUFS;
	if (len)
		memcpy(body + RELAY_HEAD, data, len);
	hops_send(h, to, body, cmd, id, len, tag);
	if (cmd != RELAY_DATA)
		return 0;
	s->bytes_fwd += len;
	if (hopflow_sent(&s->flow, len, tag, s->conf.loop->now) < 0)
		streams_fail(s, -ENOMEM);
	return 0;
}

int
streams_open_for_data(const struct streams *s)
{
	return !s->cut && !s->conf.hops->no_room && hopflow_room(&s->flow) > 0;
}

static int
pay_slot(struct streams *s, struct streams_slot *slot)
{
	switch (slot->kind) {
	case SLOT_STREAM:
		return stream_pay((struct stream *)slot);
	case SLOT_LOOKUP:
		return lookup_pay((struct lookup *)slot);
	default:
		return half_pay(s, (struct half *)slot);
	}
}

int
streams_pay(struct streams *s)
{
	struct streams_slot *slot;
	uint8_t data[RELAY_DATA_MAX];
	const uint8_t *tag;
	int rc;

	if (s->cut || s->conf.hops->no_room)
		return -ENOBUFS;
	while ((tag = sendme_due(&s->flow.sendme)) != NULL) {
		rc = streams_send(s, RELAY_SENDME, 0, data,
		    relaymsg_put_sendme(data, tag));
		if (rc < 0)
			return rc;
		sendme_paid(&s->flow.sendme);
	}
	while ((slot = TAILQ_FIRST(&s->ctl)) != NULL)
		if ((rc = pay_slot(s, slot)) < 0)
			return rc;
	return 0;
}

static void
flush_parts(struct streams *s)
{
	struct stream *st;

	while (!s->cut && (st = TAILQ_FIRST(&s->part)) != NULL) {
		TAILQ_REMOVE(&s->part, st, out);
		st->queue = STREAM_Q_NONE;
		stream_flush(st);
	}
}

static void
serve_waiting(struct streams *s)
{
	struct stream *st;

	while (streams_open_for_data(s) &&
	    (st = TAILQ_FIRST(&s->wait)) != NULL) {
		TAILQ_REMOVE(&s->wait, st, out);
		st->queue = STREAM_Q_NONE;
		s->quota = TAILQ_EMPTY(&s->wait) ? UINT32_MAX : STREAMS_SHARE;
		s->serving = st;
		stream_serve(st);
		s->serving = NULL;
	}
}

static void
pump(struct streams *s)
{
	if (streams_pay(s) < 0)
		return;
	flush_parts(s);
	serve_waiting(s);
}

/* The channel shares its room by who takes it within this call. */
void
streams_room(struct streams *s)
{
	if (!s->cut)
		pump(s);
}

static void
turn(void *arg)
{
	struct streams *s = arg;
	struct stream *st;

	while (!s->cut && (st = TAILQ_FIRST(&s->ready)) != NULL)
		stream_deliver(st);
	if (!s->cut)
		pump(s);
	reap(s);
	if (!s->cut && s->fail)
		s->conf.user->failed(s->conf.arg, s->fail);
	if (!s->cut && s->live == 0 && s->busy) {
		s->busy = 0;
		s->conf.user->idle(s->conf.arg);
	}
}

/* Receiving. */

static int
got_data(struct streams *s, const struct relaymsg *m,
    const uint8_t tag[RELAY_TAG])
{
	struct streams_slot *slot;
	int rc;

	/* An empty one is traffic that nobody sees the end of. */
	if (m->stream == 0 || m->len == 0)
		return -EPROTO;
	if ((rc = hopflow_got(&s->flow, tag)) < 0)
		return rc;
	if (sendme_due(&s->flow.sendme))
		(void)streams_pay(s);	/* else when there is room */
	if ((slot = find(s, m->stream)) == NULL)
		return -EPROTO;
	if (slot->kind == SLOT_STREAM)
		return stream_data((struct stream *)slot, m);
	if (slot->kind == SLOT_HALF)
		return half_message(s, (struct half *)slot, m);
	return -EPROTO;
}

static int
got_sendme(struct streams *s, const struct relaymsg *m)
{
	int rc;

	rc = hopflow_acked(&s->flow, m, s->conf.loop->now,
	    s->conf.hops->no_room);
	if (rc == 0 && !TAILQ_EMPTY(&s->wait))
		streams_wake(s);
	return rc;
}

static int
to_stream(struct stream *st, const struct relaymsg *m)
{
	switch (m->cmd) {
	case RELAY_CONNECTED:
		return stream_connected(st, m);
	case RELAY_END:
		return stream_ended(st, m);
	case RELAY_SENDME:
		return stream_sendme(st);
	case RELAY_XOFF:
		return stream_xoff(st, m);
	case RELAY_XON:
		return stream_xon(st, m);
	default:
		return -EPROTO;
	}
}

static int
to_lookup(struct lookup *l, const struct relaymsg *m)
{
	switch (m->cmd) {
	case RELAY_RESOLVED:
		return lookup_answered(l, m);
	case RELAY_END:
		return lookup_ended(l, m);
	default:
		return -EPROTO;
	}
}

/* What a relay says of a stream before it has heard of it is nonsense. */
static int
is_unheard_of(const struct streams_slot *slot)
{
	return slot->owes & OWES_BEGIN;
}

int
streams_message(struct streams *s, const struct relaymsg *m,
    const uint8_t tag[RELAY_TAG])
{
	struct streams_slot *slot;

	if (m->cmd == RELAY_DATA)
		return got_data(s, m, tag);
	if (m->cmd == RELAY_SENDME && m->stream == 0)
		return got_sendme(s, m);
	if (m->stream == 0 || (slot = find(s, m->stream)) == NULL ||
	    is_unheard_of(slot))
		return -EPROTO;
	switch (slot->kind) {
	case SLOT_STREAM:
		return to_stream((struct stream *)slot, m);
	case SLOT_LOOKUP:
		return to_lookup((struct lookup *)slot, m);
	default:
		return half_message(s, (struct half *)slot, m);
	}
}

/* Figures. */

size_t
streams_count(const struct streams *s)
{
	return s->live;
}

static void
note_oldest(int64_t *oldest, int64_t since)
{
	if (since < *oldest)
		*oldest = since;
}

size_t
streams_queued(const struct streams *s, int64_t *oldest)
{
	const struct stream *st;
	size_t n = 0;

	*oldest = LOOP_NEVER;
	TAILQ_FOREACH(st, &s->all, link) {
		n += st->held.len + st->part_len;
		if (st->held.len)
			note_oldest(oldest, st->held_since);
		if (st->part_len)
			note_oldest(oldest, st->part_since);
	}
	return n;
}

void
streams_totals(const struct streams *s, uint64_t *fwd, uint64_t *bwd)
{
	*fwd = s->bytes_fwd;
	*bwd = s->bytes_bwd;
}
