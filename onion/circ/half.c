/* onion/circ/half.c - streams that we ended, while the relay may not know yet
 *
 * Theory of operation
 *	What is under way when we send END still arrives, and is no fault of
 *	the relay's.  So a stream that we end leaves a half behind, which knows
 *	what could still come: no more DATA or SENDMEs than the windows allowed
 *	(or STREAMS_HALF_DATA_MAX, and not for long, where there is none),
 *	CONNECTED only if it had not come, one END.  All beyond that closes the
 *	circuit, as for any unknown stream.
 *
 *	A relay answers END with nothing, so a half goes by itself, some time
 *	after its END went out; sooner if END or RESOLVED comes from there.
 */
#include <errno.h>
#include <stdlib.h>

#include "onion/circ/streams_int.h"

static void
forget(struct streams *s, struct half *h)
{
	streams_drop(s, &h->slot);
	TAILQ_REMOVE(&s->halves, h, link);
	s->nhalf--;
	free(h);
}

/* Those whose time is over; and the oldest, where there are too many. */
static void
expire(struct streams *s)
{
	struct half *h;

	while ((h = TAILQ_FIRST(&s->halves)) != NULL &&
	    (h->until <= s->conf.loop->now || s->nhalf >= STREAMS_HALF_MAX))
		forget(s, h);
}

static struct half *
half_new(struct streams *s, const struct streams_slot *old)
{
	struct half *h;

	expire(s);
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	h->slot.kind = SLOT_HALF;
	h->slot.id = old->id;
	h->until = h->data_until = LOOP_NEVER;
	return h;
}

/* In the place of @old, which is dropped. */
static int
take_place(struct streams *s, struct half *h, struct streams_slot *old)
{
	int rc;

	streams_drop(s, old);
	if ((rc = streams_put(s, &h->slot)) < 0) {
		free(h);
		return rc;
	}
	TAILQ_INSERT_TAIL(&s->halves, h, link);
	s->nhalf++;
	return 0;
}

static int
used_up(int32_t window)
{
	return FLOWCTL_STREAM_WINDOW - window;
}

int
half_from_stream(struct stream *st)
{
	struct streams *s = st->set;
	struct half *h = half_new(s, &st->slot);

	if (h == NULL)
		return -ENOMEM;
	h->connected = st->state == STREAM_S_CONNECTING;
	if (s->conf.cc) {
		h->flow = STREAMS_HALF_FLOW_MAX;
		h->data = STREAMS_HALF_DATA_MAX;
	} else {
		h->data = (uint16_t)st->rwindow;
		h->sendmes = (uint8_t)(used_up(st->window) /
		    FLOWCTL_STREAM_INC);
	}
	if (take_place(s, h, &st->slot) < 0)
		return -ENOMEM;
	streams_owe(s, &h->slot, OWES_END);
	return 0;
}

/* A relay does not expect END for a RESOLVE; it is only forgotten here. */
int
half_from_lookup(struct lookup *l)
{
	struct half *h = half_new(l->set, &l->slot);

	if (h == NULL)
		return -ENOMEM;
	h->resolved = 1;
	h->until = l->set->conf.loop->now + STREAMS_HALF_MS;
	return take_place(l->set, h, &l->slot) < 0 ? -ENOMEM : 0;
}

/* How long DATA may come after END went out. */
static int64_t
data_ms(const struct streams *s)
{
	int64_t ms = STREAMS_HALF_DATA_MS, rtt;
	size_t i;

	if (!s->conf.cc)
		return STREAMS_HALF_MS;		/* the window is limit enough */
	for (i = 0; i < s->nlegs; i++) {
		rtt = s->leg[i].flow.vegas.rtt_max / 1000;
		if (rtt > ms)
			ms = rtt;
	}
	return ms < STREAMS_HALF_MS ? ms : STREAMS_HALF_MS;
}

int
half_pay(struct streams *s, struct half *h)
{
	uint8_t data[RELAY_DATA_MAX];

	if (streams_send(s, RELAY_END, h->slot.id, data,
	    relaymsg_put_end(data, END_MISC)) < 0)
		return -ENOBUFS;
	streams_waive(s, &h->slot, OWES_END);
	h->until = s->conf.loop->now + STREAMS_HALF_MS;
	h->data_until = s->conf.loop->now + data_ms(s);
	TAILQ_REMOVE(&s->halves, h, link);
	TAILQ_INSERT_TAIL(&s->halves, h, link);
	return 0;
}

static int
take_one(uint8_t *left)
{
	if (*left == 0)
		return -EPROTO;
	--*left;
	return 0;
}

static int
take_data(struct streams *s, struct half *h)
{
	if (h->resolved || h->data == 0 || h->data_until <= s->conf.loop->now)
		return -EPROTO;
	h->data--;
	return 0;
}

int
half_message(struct streams *s, struct half *h, const struct relaymsg *m)
{
	struct addr a;
	uint8_t reason;

	if (h->until <= s->conf.loop->now)
		return -EPROTO;
	switch (m->cmd) {
	case RELAY_DATA:
		return take_data(s, h);
	case RELAY_CONNECTED:
		return take_one(&h->connected);
	case RELAY_SENDME:
		return take_one(&h->sendmes);
	case RELAY_XON:
	case RELAY_XOFF:
		return take_one(&h->flow);
	case RELAY_RESOLVED:
		if (!h->resolved)
			return -EPROTO;
		break;
	case RELAY_END:
		if (relaymsg_get_end(m, &reason, &a) < 0)
			return -EPROTO;
		break;
	default:
		return -EPROTO;
	}
	forget(s, h);
	return 0;
}

void
half_free_all(struct streams *s)
{
	struct half *h;

	while ((h = TAILQ_FIRST(&s->halves)) != NULL)
		forget(s, h);
}
