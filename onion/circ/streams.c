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
 *	Two circuits to one exit that were linked (conflux.c) are two legs of
 *	one set.  Windows, SENDMEs and their digests are a leg's own and are
 *	dealt with as cells come; all else waits for its turn.  What is sent
 *	goes over the leg of the lower RTT.  If that has no room, it waits, or
 *	takes the other leg, as the exit wished when it linked them; it wishes
 *	for the former, since it has to put in order what comes.
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

/* All of a stream's data goes in cells of one size, over whichever leg. */
static void
init_flow(struct streams *s, size_t i, int cc, uint8_t inc)
{
	struct leg *l = &s->leg[i];
	enum relay_format format = hops_format(l->hops, l->hops->n - 1u);
	size_t most = relaymsg_max(format, RELAY_DATA);

	hopflow_init(&l->flow, s->conf.flow, cc, inc, format);
	if (i == 0 || most < s->cell)
		s->cell = most;
}

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
	s->leg[0].hops = conf->hops;
	s->nlegs = 1;
	init_flow(s, 0, conf->cc, conf->sendme_inc);
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

void
streams_link(struct streams *s, int64_t rtt_us,
    const struct streams_leg *second, int passes_by)
{
	struct leg *l = &s->leg[s->nlegs++];
	size_t most = (size_t)s->conf.flow->conflux_held;

	assert(s->nlegs == CONFLUX_LEGS && s->live == 0 && s->conf.cc);
	s->leg[0].rtt = rtt_us;
	l->hops = second->hops;
	l->rtt = second->rtt_us;
	init_flow(s, 1, 1, second->sendme_inc);
	s->cur = l->rtt < rtt_us;
	s->linked = 1;
	s->passes_by = passes_by != 0;
	conflux_in_init(&s->in, s->nlegs, most < CONFLUX_HELD_MAX ? most :
	    CONFLUX_HELD_MAX);
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
streams_end(struct streams *s, int why, int at_once)
{
	struct stream *st;
	struct lookup *l;

	assert(s->cut);
	st = TAILQ_FIRST(&s->all);
	while (st) {
		if (!at_once && stream_outlives(st, why)) {
			st = TAILQ_NEXT(st, link);
			continue;
		}
		stream_gone(st, st->held.len == 0 &&
		    st->state == STREAM_S_ENDED ? st->why : why);
		st = TAILQ_FIRST(&s->all);	/* it may have ended any */
	}
	while ((l = TAILQ_FIRST(&s->lookups)) != NULL)
		lookup_gone(l, why);
}

static void
free_set(struct streams *s)
{
	loop_item_clear(s->conf.loop, &s->turn);
	reap(s);
	map_free(s->ids);
	free(s->spare);
	free(s);
}

/* Those that outlive the circuit go on with what they hold. */
static void
leave_over(struct streams *s)
{
	struct stream *st;

	s->left_over = 1;
	TAILQ_FOREACH(st, &s->all, link) {
		stream_set_timer(st);
		stream_make_ready(st);
	}
	streams_wake(s);		/* some were ready before */
}

void
streams_free(struct streams *s)
{
	size_t i;

	if (s == NULL)
		return;
	assert(s->cut && TAILQ_EMPTY(&s->lookups));
	half_free_all(s);
	for (i = 0; i < s->nlegs; i++)
		hopflow_fini(&s->leg[i].flow);
	conflux_in_fini(&s->in);
	if (TAILQ_EMPTY(&s->all))
		free_set(s);
	else
		leave_over(s);
}

void
streams_wake(struct streams *s)
{
	if (!streams_are_still(s))
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
	s->used = 1;
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

static int
leg_has_room(const struct leg *l)
{
	return !l->hops->no_room && hopflow_room(&l->flow) > 0;
}

/* Clearly, not by the noise of measuring: each change makes the exit wait for
 * what is still on its way. */
static int
is_faster(const struct leg *a, const struct leg *b)
{
	return a->rtt < b->rtt - b->rtt / 8;
}

/* The leg that data should go over now.  It may have no room.  A SWITCH is
 * followed by what it was sent for: nothing else may change a count. */
static size_t
choose_leg(const struct streams *s)
{
	size_t i, best = s->cur;

	if (s->leg[best].switched)
		return best;
	for (i = 0; i < s->nlegs; i++) {
		if (i == best)
			continue;
		if (s->passes_by && leg_has_room(&s->leg[i]) !=
		    leg_has_room(&s->leg[best]))
			best = leg_has_room(&s->leg[i]) ? i : best;
		else if (is_faster(&s->leg[i], &s->leg[best]))
			best = i;
	}
	return best;
}

int
streams_open_for_data(const struct streams *s)
{
	return !s->cut && s->fail == 0 &&
	    leg_has_room(&s->leg[choose_leg(s)]);
}

size_t
streams_cell(const struct streams *s)
{
	size_t n = hopflow_cell(&s->leg[choose_leg(s)].flow);

	return n < s->cell ? n : s->cell;
}

static int
leg_send(struct leg *l, enum relay_cmd cmd, uint16_t id, const uint8_t *data,
    size_t len, uint8_t tag[RELAY_TAG])
{
	size_t to = l->hops->n - 1u;
	uint8_t *body;

	if ((body = hops_cell(l->hops, to, cmd)) == NULL)
		return -ENOBUFS;
	hops_send(l->hops, to, body, cmd, id, data, len, tag);
	return 0;
}

/* From here on over that leg: its count jumps to where the other's stands. */
static int
switch_to(struct streams *s, size_t i)
{
	struct leg *l = &s->leg[i], *old = &s->leg[s->cur];
	uint8_t data[RELAY_DATA_MAX], tag[RELAY_TAG];
	uint64_t jump = old->count - l->count;
	int rc;

	if (jump > UINT32_MAX) {	/* after 2 TB; C tor closes it, too */
		streams_fail(s, -EOVERFLOW);
		return -ENOBUFS;
	}
	if (jump == 0) {		/* at the start: there is none */
		s->cur = i;
		return 0;
	}
	rc = leg_send(l, RELAY_CONFLUX_SWITCH, 0, data,
	    conflux_put_switch(data, (uint32_t)jump), tag);
	if (rc < 0)
		return rc;
	l->count = old->count;
	l->switched = 1;
	s->cur = i;
	return 0;
}

/* Whatever is not data needs no window, and goes where data went last unless
 * it can go where data should. */
static int
take_leg(struct streams *s, enum relay_cmd cmd)
{
	size_t i;

	if (s->nlegs < 2 || !conflux_counts((uint8_t)cmd))
		return 0;
	i = choose_leg(s);
	if (i == s->cur || (cmd != RELAY_DATA && !leg_has_room(&s->leg[i])))
		return 0;
	return switch_to(s, i);
}

int
streams_send(struct streams *s, enum relay_cmd cmd, uint16_t id,
    const uint8_t *data, size_t len)
{
	uint8_t tag[RELAY_TAG];
	struct leg *l;
	int rc;

	if ((rc = take_leg(s, cmd)) < 0)
		return rc;
	l = &s->leg[s->cur];
	if ((rc = leg_send(l, cmd, id, data, len, tag)) < 0)
		return rc;
	l->switched = 0;
	if (s->linked)
		l->count++;
	if (cmd != RELAY_DATA)
		return 0;
	l->bytes_fwd += len;
	if (hopflow_sent(&l->flow, len, tag, s->conf.loop->now) < 0)
		streams_fail(s, -ENOMEM);
	return 0;
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

static int
pay_sendmes(struct leg *l)
{
	uint8_t data[RELAY_DATA_MAX], unused[RELAY_TAG];
	const uint8_t *tag;
	int rc;

	if (l->hops->no_room)
		return -ENOBUFS;
	while ((tag = sendme_due(&l->flow.sendme)) != NULL) {
		rc = leg_send(l, RELAY_SENDME, 0, data,
		    relaymsg_put_sendme(data, l->flow.format, tag), unused);
		if (rc < 0)
			return rc;
		sendme_paid(&l->flow.sendme);
	}
	return 0;
}

int
streams_pay(struct streams *s)
{
	struct streams_slot *slot;
	size_t i;
	int rc;

	if (s->cut)
		return -ENOBUFS;
	for (i = 0; i < s->nlegs; i++)
		(void)pay_sendmes(&s->leg[i]);
	if (s->leg[s->cur].hops->no_room &&
	    s->leg[choose_leg(s)].hops->no_room)
		return -ENOBUFS;
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

	while (!streams_are_still(s) && (st = TAILQ_FIRST(&s->ready)) != NULL)
		stream_deliver(st);
	if (!s->cut)
		pump(s);
	reap(s);
	if (s->left_over && TAILQ_EMPTY(&s->all)) {
		free_set(s);
		return;
	}
	if (!s->cut && s->fail)
		s->conf.user->failed(s->conf.arg, s->fail);
	if (!s->cut && s->live == 0 && s->busy) {
		s->busy = 0;
		s->conf.user->idle(s->conf.arg);
	}
}

/* Receiving. */

/* A DATA cell came, whoever it is for. */
static int
note_data(struct streams *s, struct leg *l, const struct relaymsg *m,
    const uint8_t tag[RELAY_TAG])
{
	int rc;

	/* An empty one is traffic that nobody sees the end of. */
	if (m->stream == 0 || m->len == 0)
		return -EPROTO;
	if ((rc = hopflow_got(&l->flow, tag)) < 0)
		return rc;
	l->bytes_bwd += m->len;
	if (sendme_due(&l->flow.sendme))
		(void)streams_pay(s);	/* else when there is room */
	return 0;
}

static int
got_data(struct streams *s, const struct relaymsg *m)
{
	struct streams_slot *slot = find(s, m->stream);

	if (slot == NULL)
		return -EPROTO;
	if (slot->kind == SLOT_STREAM)
		return stream_data((struct stream *)slot, m);
	if (slot->kind == SLOT_HALF)
		return half_message(s, (struct half *)slot, m);
	return -EPROTO;
}

static int
got_sendme(struct streams *s, struct leg *l, const struct relaymsg *m)
{
	int rc;

	rc = hopflow_acked(&l->flow, m, s->conf.loop->now, l->hops->no_room);
	if (l->flow.vegas.rtt_ewma)
		l->rtt = l->flow.vegas.rtt_ewma;
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

static int
deliver(struct streams *s, const struct relaymsg *m)
{
	struct streams_slot *slot;

	if (m->cmd == RELAY_DATA)
		return got_data(s, m);
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

/* It, if it is the next, and what waited for it. */
static int
deliver_in_order(struct streams *s, size_t leg, const struct relaymsg *m)
{
	struct relaymsg next;
	int rc;

	if (!conflux_counts(m->cmd))
		return -EPROTO;
	rc = conflux_in_got(&s->in, leg, m, s->conf.loop->now);
	if (rc <= 0)
		return rc;
	rc = deliver(s, m);
	while (rc == 0 && !s->cut && conflux_in_next(&s->in, &next))
		rc = deliver(s, &next);
	return rc;
}

static int
got_switch(struct streams *s, size_t leg, const struct relaymsg *m)
{
	uint32_t jump;

	if (!s->linked || m->stream != 0 || conflux_get_switch(m, &jump) < 0)
		return -EPROTO;
	return conflux_in_switch(&s->in, leg, jump);
}

int
streams_message(struct streams *s, size_t leg, const struct relaymsg *m,
    const uint8_t tag[RELAY_TAG])
{
	struct leg *l = &s->leg[leg];
	int rc;

	if (m->cmd == RELAY_SENDME && m->stream == 0)
		return got_sendme(s, l, m);
	if (m->cmd == RELAY_CONFLUX_SWITCH)
		return got_switch(s, leg, m);
	if (m->cmd == RELAY_DATA && (rc = note_data(s, l, m, tag)) < 0)
		return rc;
	return s->linked ? deliver_in_order(s, leg, m) : deliver(s, m);
}

/* Figures. */

int
streams_are_fresh(const struct streams *s)
{
	return !s->used;
}

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
	size_t n = s->linked ? conflux_in_memory(&s->in) : 0;

	*oldest = n ? s->in.since : LOOP_NEVER;
	TAILQ_FOREACH(st, &s->all, link) {
		n += st->held.cap + st->part_len;
		/* Not that of a part: to free it is not worth a circuit. */
		if (st->held.len)
			note_oldest(oldest, st->held_since);
	}
	return n;
}

void
streams_totals(const struct streams *s, size_t leg, uint64_t *fwd,
    uint64_t *bwd)
{
	*fwd = s->leg[leg].bytes_fwd;
	*bwd = s->leg[leg].bytes_bwd;
}
