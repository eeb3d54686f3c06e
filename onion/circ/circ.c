/* onion/circ/circ.c - circuits: telescoped through relays, carrying streams
 *
 * Theory of operation
 *	Hop 1 is made by CREATE2 or CREATE_FAST on the channel, each further one
 *	by EXTEND2 sent to the one before it (tor-spec 5.1-5.5).  When all stand
 *	the last one gets a set of streams (streams.c).  States and what leads
 *	from one to another are a table, circ_fsm.c.
 *
 *	Every cell that comes is unwrapped, hop by hop, until one knows it.
 *
 *	   from			may say
 *	   hop n-1 of n		EXTENDED2, once, while we wait for it
 *	   any hop		TRUNCATED
 *	   the last, when built	what streams expect, and SENDME
 *	   the last, if asked	CONFLUX_LINKED, once; then SWITCH, too; what
 *				answers circ_tell(), once
 *
 *	A service that was joined is the last hop; the relay before it may say
 *	TRUNCATED from then on and nothing else (circ_service.c).
 *
 *	All else closes the circuit: a cell that no hop knows (somebody
 *	changed it), one from another hop (TROVE-2021-003), RELAY_EARLY (a
 *	signal along the path), commands that we don't know or that are for
 *	relays.
 *
 *	DROP is among them.  The specification has us drop it, but relays send
 *	it only from padding machines that the client negotiated
 *	(circuitpadding.c of C tor has no other sender).  From the hop that we
 *	negotiated with, as much as that may send, it is taken (circpad.h); any
 *	other comes from somebody who wants cells to pass us unseen, which
 *	is what makes a guard see a pattern.
 *
 *	Nothing that a relay gives as reason is passed on to another: our
 *	DESTROY always says 0.
 *
 * Death
 *	Has two phases.  circ_kill(), or whatever goes wrong, detaches from the
 *	channel and cuts off the streams at once; when the turn ends, holders of
 *	streams are told, then our owner, unless it did it itself, and the
 *	memory goes.
 */
#include "onion/circ/circ.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onion/circ/circ_int.h"
#include "onion/link/chan.h"

_Static_assert((int)CIRC_HOPS_MAX == (int)HOPS_MAX, "as many keys as hops");

static struct log_limit protocol_limit = { .every_s = 60 };

void
circ_log(const struct circ *c, enum log_level level, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_at(level, LD_CIRC, "circuit %u (%s, %u of %zu hops): %s", c->id,
	    circ_state_name(c->state), c->hops.n, c->nhops, text);
}

/* Death. */

static void
reap(void *arg)
{
	struct circ *c = arg;

	if (c->streams)
		streams_end(c->streams, -ECONNRESET,
		    c->why == CIRC_WHY_MEMORY);
	circ_names_end(c, -ECONNRESET);
	if (c->user)
		c->user->gone(c->arg, c->why);
	streams_free(c->streams);
	circ_names_free(c);
	hops_fini(&c->hops);
	handshake_free(c->shake);
	free(c->link);
	free(c->told);
	free(c);
}

static void
detach(struct circ *c, int destroy)
{
	if (c->chan)
		chan_detach(c->chan, c->chan_id, destroy);
	c->chan = NULL;
	c->hops.chan = NULL;
}

void
circ_die(struct circ *c, enum circ_why why, int destroy)
{
	struct circ *mate = c->mate;

	if (c->why)			/* the first reason stands */
		return;
	c->why = why;
	c->state = CIRC_S_DEAD;
	detach(c, destroy);
	if (c->streams)
		streams_cut(c->streams);
	if (mate && c->leg)	/* holders of its streams hear before owners */
		loop_item_add(c->conf.loop, &mate->reap);
	loop_item_add(c->conf.loop, &c->reap);
	c->mate = NULL;
	if (mate) {
		mate->mate = NULL;
		circ_die(mate, why, 1);
	}
}

void
circ_kill(struct circ *c, enum circ_why why)
{
	c->user = NULL;
	if (!c->why)
		circ_log(c, LL_DEBUG, "closed by us, reason %d", (int)why);
	circ_die(c, why ? why : CIRC_WHY_FINISHED, c->state != CIRC_S_WAITING);
}

void
circ_die_of_protocol(struct circ *c, const char *what)
{
	log_limited(&protocol_limit, LL_INFO, LD_CIRC,
	    "circuit %u (%s, %u of %zu hops): closing it: %s", c->id,
	    circ_state_name(c->state), c->hops.n, c->nhops, what);
	circ_die(c, CIRC_WHY_PROTOCOL, 1);
}

/* Streams. */

static void
deliver(struct circ *c, const struct relaymsg *m, const uint8_t *tag)
{
	struct streams *s = c->leg && c->mate ? c->mate->streams : c->streams;
	int rc = -EPROTO;

	if (c->state == CIRC_S_BUILT || c->state == CIRC_S_JOINED || c->mate)
		rc = streams_message(s, c->leg, m, tag);
	if (rc == 0 || c->why)
		return;
	if (rc == -ENOMEM)
		circ_die(c, CIRC_WHY_MEMORY, 1);
	else
		circ_die_of_protocol(c, relaymsg_name(m->cmd));
}

static void
on_idle(void *arg)
{
	struct circ *c = arg;

	if (c->user && c->user->idle)
		c->user->idle(c->arg);
}

static void
on_failed(void *arg, int err)
{
	struct circ *c = arg;

	circ_log(c, LL_WARN, "closing it: %s", strerror(-err));
	circ_die(c, CIRC_WHY_MEMORY, 1);
}

static const struct streams_user streams_users = {
	.idle = on_idle,
	.failed = on_failed
};

int
circ_make_streams(struct circ *c, int cc, uint8_t sendme_inc)
{
	struct streams_conf conf = {
		.loop = c->conf.loop, .hops = &c->hops, .flow = &c->flow,
		.cc = cc, .sendme_inc = sendme_inc,
		.reject_internal = c->conf.reject_internal,
		.user = &streams_users, .arg = c
	};

	c->sendme_inc = cc ? sendme_inc : 0;
	return streams_new(&c->streams, &conf);
}

/* Events. */

static void
act(struct circ *c, enum circ_action action, uint8_t *body,
    const struct relaymsg *m, const uint8_t *tag)
{
	switch (action) {
	case CIRC_A_CREATE:
		circ_build_create(c);
		break;
	case CIRC_A_FINISH:
		circ_build_reply(c, body, m);
		break;
	case CIRC_A_EXTEND:
		circ_build_extend(c);
		break;
	case CIRC_A_ANNOUNCE:
		if (c->user && c->user->built)
			c->user->built(c->arg);
		break;
	case CIRC_A_LINK:
		circ_link_begin(c);
		break;
	case CIRC_A_LINKED:
		circ_link_reply(c, m);
		break;
	case CIRC_A_DELIVER:
		deliver(c, m, tag);
		break;
	case CIRC_A_TELL:
		circ_service_message(c, m);
		break;
	case CIRC_A_PAD:
		if (circpad_got(&c->pad, m) < 0)
			circ_die_of_protocol(c, relaymsg_name(m->cmd));
		break;
	case CIRC_A_REST:
		break;
	case CIRC_A_KILL_TRUNCATED:
		circ_die(c, CIRC_WHY_TRUNCATED, 1);
		break;
	case CIRC_A_KILL_DESTROYED:
		circ_die(c, CIRC_WHY_DESTROYED, 0);
		break;
	case CIRC_A_KILL_CHANNEL:
		circ_die(c, CIRC_WHY_CHANNEL, 0);
		break;
	default:
		circ_die_of_protocol(c, m ? relaymsg_name(m->cmd) :
		    "wrong cell");
		break;
	}
}

void
circ_event(struct circ *c, enum circ_event e, uint8_t *body,
    const struct relaymsg *m, const uint8_t *tag)
{
	struct circ_step step = circ_fsm_step(c->state, e);

	if (c->why)
		return;
	if (step.next != c->state) {
		circ_log(c, LL_DEBUG, "%s: now %s", circ_event_name(e),
		    circ_state_name(step.next));
		/* circ_die() does it itself, after a look at where we were. */
		if (step.next != CIRC_S_DEAD)
			c->state = step.next;
	}
	act(c, step.action, body, m, tag);
}

/* What a message is to the state machine, by what it is and from where. */
static enum circ_event
classify(const struct circ *c, const struct relaymsg *m, int from)
{
	int last = from == c->hops.n - 1;
	int is_relay = (size_t)from < c->nhops;

	switch (m->cmd) {
	case RELAY_EXTENDED2:
		return last && m->stream == 0 ? CIRC_E_EXTENDED :
		    CIRC_E_NONSENSE;
	case RELAY_TRUNCATED:
		return m->stream == 0 && is_relay ? CIRC_E_TRUNCATED :
		    CIRC_E_NONSENSE;
	case RELAY_DATA:
	case RELAY_END:
	case RELAY_CONNECTED:
	case RELAY_SENDME:
	case RELAY_RESOLVED:
	case RELAY_XOFF:
	case RELAY_XON:
	case RELAY_CONFLUX_SWITCH:
		return last ? CIRC_E_MESSAGE : CIRC_E_NONSENSE;
	case RELAY_CONFLUX_LINKED:
		return last && m->stream == 0 ? CIRC_E_LINKED :
		    CIRC_E_NONSENSE;
	case RELAY_RENDEZVOUS2:
	case RELAY_RENDEZVOUS_ESTABLISHED:
	case RELAY_INTRODUCE_ACK:
		return last && m->stream == 0 ? CIRC_E_SERVICE :
		    CIRC_E_NONSENSE;
	case RELAY_PADDING_NEGOTIATED:
	case RELAY_DROP:
		return from == CIRCPAD_HOP && m->stream == 0 &&
		    c->pad.state != CIRCPAD_OFF ? CIRC_E_PADDING :
		    CIRC_E_NONSENSE;
	default:
		return CIRC_E_NONSENSE;
	}
}

static void
got_relay(struct circ *c, uint8_t *body)
{
	uint8_t tag[RELAY_TAG];
	struct relaymsg m;
	int from, rc;

	if ((from = hops_recv(&c->hops, body, tag)) < 0) {
		circ_die_of_protocol(c, "a cell that no hop sent");
		return;
	}
	rc = relaymsg_parse(&m, hops_format(&c->hops, (size_t)from), body);
	if (rc < 0) {
		circ_die_of_protocol(c, rc == -EMSGSIZE ?
		    "a length beyond the cell" : "a command of which nothing "
		    "is known");
		return;
	}
	circ_event(c, classify(c, &m, from), body, &m, tag);
}

static enum circ_event
classify_created(const struct circ *c, uint8_t cmd)
{
	return circ_build_wants_fast(c) == (cmd == CELL_CREATED_FAST) ?
	    CIRC_E_CREATED : CIRC_E_NONSENSE;
}

static void
on_cell(void *arg, uint8_t cmd, uint8_t body[CELL_BODY])
{
	struct circ *c = arg;

	switch (cmd) {
	case CELL_RELAY:
		got_relay(c, body);
		break;
	case CELL_CREATED_FAST:
	case CELL_CREATED2:
		circ_event(c, classify_created(c, cmd), body, NULL, NULL);
		break;
	case CELL_DESTROY:
		circ_log(c, LL_DEBUG, "DESTROY, reason %u", body[0]);
		circ_event(c, CIRC_E_DESTROYED, NULL, NULL, NULL);
		break;
	default:
		circ_event(c, CIRC_E_NONSENSE, NULL, NULL, NULL);
		break;
	}
}

static void
on_open(void *arg)
{
	circ_event(arg, CIRC_E_CHAN_OPEN, NULL, NULL, NULL);
}

static void
on_room(void *arg)
{
	struct circ *c = arg;

	c->hops.no_room = 0;
	if (c->owes_extend)
		circ_build_extend(c);
	else if (circ_service_pay(c) < 0)
		return;
	else if (c->link && circ_link_pay(c) < 0)
		return;
	else if (c->mate && c->leg)
		streams_room(c->mate->streams);
	else if (c->streams)
		streams_room(c->streams);
}

static void
on_chan_gone(void *arg, enum chan_why why)
{
	struct circ *c = arg;

	circ_log(c, LL_DEBUG, "the channel went, reason %d", (int)why);
	c->chan = NULL;			/* it has detached us */
	c->hops.chan = NULL;
	circ_event(c, CIRC_E_CHAN_GONE, NULL, NULL, NULL);
}

static const struct chan_user chan_users = {
	.open = on_open,
	.cell = on_cell,
	.room = on_room,
	.gone = on_chan_gone
};

/* Birth. */

int
circ_hop_is_sane(const struct circ_hop *hop, size_t i)
{
	switch (hop->kind) {
	case HANDSHAKE_FAST:
		return i == 0;
	case HANDSHAKE_NTOR:
		return hop->info.has_ntor;
	case HANDSHAKE_NTOR3:
		return hop->info.has_ntor && hop->info.id.has_ed &&
		    (!hop->want_cgo || hop->want_cc);
	default:
		return 0;
	}
}

static uint32_t
draw_serial(void)
{
	static uint32_t serial;

	if (++serial == 0)
		serial = 1;
	return serial;
}

int
circ_new(struct circ **out, const struct circ_conf *conf, struct chan *chan,
    const struct circ_hop *hop, size_t nhops, const struct circ_user *user,
    void *arg)
{
	struct circ *c;
	size_t i;
	int rc;

	if (nhops == 0 || nhops > CIRC_HOPS_MAX)
		return -EINVAL;
	for (i = 0; i < nhops; i++)
		if (!circ_hop_is_sane(&hop[i], i))
			return -EINVAL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -ENOMEM;
	c->id = draw_serial();
	c->state = CIRC_S_WAITING;
	c->conf = *conf;
	c->flow = *conf->flow;
	c->conf.flow = &c->flow;
	c->user = user;
	c->arg = arg;
	c->nhops = nhops;
	memcpy(c->hop, hop, nhops * sizeof(*hop));
	loop_item_init(&c->reap, reap, c);
	if ((rc = chan_attach(chan, &chan_users, c, &c->chan_id)) < 0) {
		free(c);
		return rc;
	}
	c->chan = chan;
	hops_init(&c->hops, chan, c->chan_id);
	*out = c;
	if (chan_is_open(chan))
		circ_event(c, CIRC_E_CHAN_OPEN, NULL, NULL, NULL);
	return 0;
}

/* What an owner may ask. */

int
circ_is_built(const struct circ *c)
{
	return c->state == CIRC_S_BUILT || c->state == CIRC_S_JOINED ||
	    (c->mate && c->leg == 0);
}

size_t
circ_nhops(const struct circ *c)
{
	return c->nhops;
}

size_t
circ_nbuilt(const struct circ *c)
{
	return c->hops.n < c->nhops ? c->hops.n : c->nhops;
}

const struct hopinfo *
circ_hopinfo(const struct circ *c, size_t i)
{
	return i < c->nhops ? &c->hop[i].info : NULL;
}

size_t
circ_nstreams(const struct circ *c)
{
	return c->streams ? streams_count(c->streams) : 0;
}

uint32_t
circ_id(const struct circ *c)
{
	return c->id;
}

struct chan *
circ_chan(const struct circ *c)
{
	return c->chan;
}

size_t
circ_queued(const struct circ *c, int64_t *oldest)
{
	*oldest = LOOP_NEVER;
	return c->streams ? streams_queued(c->streams, oldest) : 0;
}

const char *
circ_crypto(const struct circ *c)
{
	if (c->hops.n == 0)
		return "";
	return hops_format(&c->hops, c->hops.n - 1u) == RELAY_V1 ? "CGO" :
	    "tor1";
}

void
circ_totals(const struct circ *c, uint64_t *fwd, uint64_t *bwd)
{
	*fwd = *bwd = 0;
	if (c->streams)
		streams_totals(c->streams, 0, fwd, bwd);
	else if (c->mate)
		streams_totals(c->mate->streams, c->leg, fwd, bwd);
}

int
circ_connect(struct circ *c, const char *host, uint16_t port, uint32_t flags,
    struct endpoint **out)
{
	if (!circ_is_built(c))
		return -ENOTCONN;
	if (c->state != CIRC_S_JOINED)
		return streams_connect(c->streams, host, port, flags, out);
	if (host[0] != '\0' || flags != 0)
		return -EINVAL;		/* a service is told no name */
	return streams_connect_service(c->streams, port, out);
}

int
circ_begin_dir(struct circ *c, struct endpoint **out)
{
	if (c->state != CIRC_S_BUILT)	/* no leg may carry it */
		return -ENOTCONN;
	return streams_begin_dir(c->streams, out);
}
