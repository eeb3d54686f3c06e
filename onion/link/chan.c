/* onion/link/chan.c - one channel: dialling, handshake, death
 *
 * Theory of operation
 *	A channel dials one address, and where no TCP connection comes of it a
 *	second one.  Once TLS is up it says VERSIONS and waits for the relay's
 *	flight; chan_fsm.c tells in which order that may come:
 *
 *	    -> VERSIONS
 *	    <- VERSIONS, CERTS, AUTH_CHALLENGE, NETINFO
 *	    -> NETINFO, sent as soon as CERTS holds; circuits may follow
 *
 *	Nothing is dialled or closed, and nobody is told anything, inside
 *	chan_new() or a call from a circuit: what those start happens in @work,
 *	at the end of the turn.
 * Invariants
 *	->why is set once, with state DEAD; after that no call goes up, but for
 *	gone().  ->wire is NULL from then on.  ->version is 0 exactly as long as
 *	circuit ids have 2 bytes.
 * Limits
 *	CHAN_PREAUTH_MAX bytes and CHAN_DIAL_MS until it is open.
 * Not here
 *	What the handshake's cells must say: chanshake.c.  Circuits: chanmux.c.
 *	Which relay to connect to, and when to try again: chanset.c and above.
 */
#include "onion/link/chan_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/rand.h"

static struct log_limit odd_peer = { .every_s = 60 };

static const char *
describe(const struct chan *c, char out[64])
{
	char nick[2 * sizeof(c->wanted.nickname)], id[9];

	enc_hex(id, c->id.rsa, 4);
	log_text(nick, sizeof(nick), c->wanted.nickname,
	    strnlen(c->wanted.nickname, sizeof(c->wanted.nickname)));
	snprintf(out, 64, "$%s~%s", id, nick);
	return out;
}

void
chan_log(const struct chan *c, enum log_level level, const char *fmt, ...)
{
	char who[64], text[256];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_at(level, LD_CHAN, "channel to %s: %s", describe(c, who), text);
}

/* The relay did what no honest one does, or isn't the one it should be. */
void
chan_odd(const struct chan *c, const char *what)
{
	char who[64];

	log_limited(&odd_peer, LL_NOTICE, LD_CHAN, "channel to %s: %s",
	    describe(c, who), what);
}

static void
enter(struct chan *c, enum chan_state next)
{
	chan_log(c, LL_DEBUG, "%s -> %s", chan_fsm_state_name(c->state),
	    chan_fsm_state_name(next));
	c->state = next;
}

static void
drop_wire(struct chan *c)
{
	if (c->wire == NULL)
		return;
	c->set->gone.bytes_in += c->wire->net_in;
	c->set->gone.bytes_out += c->wire->net_out;
	c->wire = NULL;
}

static void
kill_wire(struct chan *c)
{
	struct link *l = c->wire;

	drop_wire(c);
	if (l)
		link_kill(l);
}

/* Where a connection was given up before it was open, what the network makes of
 * it says nothing about the relay. */
static enum chan_why
blame(const struct chan *c, enum chan_why why)
{
	if (!c->distrusted || c->was_open || why == CHAN_WHY_IDENTITY ||
	    why == CHAN_WHY_PROTOCOL)
		return why;
	return CHAN_WHY_CLOSED;
}

void
chan_kill(struct chan *c, enum chan_why why)
{
	static const char *const texts[] = {
		[CHAN_WHY_NONE] = "?", [CHAN_WHY_CLOSED] = "closed",
		[CHAN_WHY_CONNECT] = "no connection",
		[CHAN_WHY_TLS] = "TLS failed",
		[CHAN_WHY_IDENTITY] = "not the relay that was wanted",
		[CHAN_WHY_PROTOCOL] = "broke the protocol",
		[CHAN_WHY_TIMEOUT] = "took too long",
		[CHAN_WHY_LOST] = "connection lost"
	};
	struct chanset *set = c->set;

	if (c->why)			/* the first reason stands */
		return;
	chanset_enter(set);
	c->why = why = blame(c, why);
	chan_log(c, LL_INFO, "%s in state %s", texts[why],
	    chan_fsm_state_name(c->state));
	enter(c, CHAN_S_DEAD);
	loop_timer_clear(set->conf.loop, &c->timer);
	loop_timer_clear(set->conf.loop, &c->first_timer);
	loop_item_clear(set->conf.loop, &c->work);
	chanpad_stop(&c->pad);
	kill_wire(c);
	chanset_buried(c);
	chanmux_tell_gone(c);
	if (set->conf.user && set->conf.user->gone && !set->closing)
		set->conf.user->gone(set->conf.arg, &c->wanted, why,
		    c->was_open);
	chanset_leave(set);
}

/* A cell of the channel's own; NULL where there is no room. */
uint8_t *
chan_own_cell(struct chan *c, uint8_t cmd)
{
	uint8_t *p = link_reserve(c->wire, CELL_LEN), *body;

	if (p == NULL)
		return NULL;
	body = cell_begin(p, 0, cmd);
	link_commit(c->wire, CELL_LEN);
	chan_sent(c);
	return body;
}

/* ---- steps ---- */

static void
negotiate_padding(struct chan *c)
{
	const struct chan_padding *conf = &c->set->conf.padding;
	int stop = !chanpad_wants_relay(conf);
	uint8_t *body;

	if (c->state != CHAN_S_OPEN || c->version < 5 ||
	    stop == c->told_relay_stop)
		return;
	if ((body = chan_own_cell(c, CELL_PADDING_NEGOTIATE)) == NULL)
		return;
	chanpad_negotiate(body, conf);
	c->told_relay_stop = (uint8_t)stop;
}

static void
opened(struct chan *c)
{
	const struct chanset_user *u = c->set->conf.user;
	void *arg = c->set->conf.arg;

	c->was_open = 1;
	c->open_since = c->set->conf.loop->now;
	loop_timer_clear(c->set->conf.loop, &c->timer);
	chan_log(c, LL_INFO, "open, link protocol %u", c->version);
	chanset_worked(c);
	chanset_index(c);
	if (chan_circuits(c) == 0)
		chan_idle_again(c);
	negotiate_padding(c);
	if (u && u->open)
		u->open(arg, c);
	if (!c->why)
		chanmux_opened(c);
	if (!c->why && c->has_skew && u && u->skew)
		u->skew(arg, &c->id, c->skew);
}

static void
drop(struct chan *c, const struct cell *cell)
{
	if (cell->cmd == CELL_PADDING || cell->cmd == CELL_VPADDING)
		return;
	if (cell->cmd == CELL_PADDING_NEGOTIATE)
		chan_odd(c, "sent PADDING_NEGOTIATE, which only clients may");
	else
		chan_log(c, LL_DEBUG, "dropped a cell %u (%s)", cell->cmd,
		    cell_name(cell->cmd));
}

static enum chan_why
act(struct chan *c, enum chan_action a, struct cell *cell)
{
	switch (a) {
	case CHAN_A_DELIVER:
		chanmux_deliver(c, cell);
		return CHAN_WHY_NONE;
	case CHAN_A_DROP:
		drop(c, cell);
		return CHAN_WHY_NONE;
	case CHAN_A_NOTE_TCP:
		loop_timer_clear(c->set->conf.loop, &c->first_timer);
		return CHAN_WHY_NONE;
	case CHAN_A_SEND_VERSIONS:
		return chanshake_versions(c);
	case CHAN_A_KEEP_VERSION:
		return chanshake_keep_version(c, cell);
	case CHAN_A_CHECK_CERTS:
		return chanshake_certs(c, cell);
	case CHAN_A_CHECK_CHALLENGE:
		return chanshake_challenge(cell);
	case CHAN_A_CHECK_NETINFO:
		return chanshake_netinfo(c, cell);
	case CHAN_A_KILL:
	case CHAN_NACTIONS:
		break;
	}
	return CHAN_WHY_PROTOCOL;
}

static void
chan_event(struct chan *c, enum chan_event e, struct cell *cell)
{
	struct chan_step step = chan_fsm_step(c->state, e);
	enum chan_why why;

	why = act(c, step.action, cell);
	if (c->why)
		return;
	if (why) {
		if (why == CHAN_WHY_PROTOCOL)
			chan_log(c, LL_INFO, "%s is not acceptable in state %s",
			    chan_fsm_event_name(e),
			    chan_fsm_state_name(c->state));
		chan_kill(c, why);
		return;
	}
	if (step.next == c->state)
		return;
	enter(c, step.next);
	if (step.next == CHAN_S_OPEN)
		opened(c);
}

static enum chan_event
event_of(uint8_t cmd)
{
	switch (cmd) {
	case CELL_RELAY:
	case CELL_RELAY_EARLY:
	case CELL_DESTROY:
	case CELL_CREATED_FAST:
	case CELL_CREATED2:
		return CHAN_E_GOT_CIRC_CELL;
	case CELL_VERSIONS:
		return CHAN_E_GOT_VERSIONS;
	case CELL_CERTS:
		return CHAN_E_GOT_CERTS;
	case CELL_AUTH_CHALLENGE:
		return CHAN_E_GOT_CHALLENGE;
	case CELL_NETINFO:
		return CHAN_E_GOT_NETINFO;
	default:
		return cell_is_var(cmd) ? CHAN_E_GOT_FILLER :
		    CHAN_E_GOT_LINK_CELL;
	}
}

/* ---- the link's calls ---- */

static void
on_connected(void *arg)
{
	struct chan *c = arg;
	struct chanset *set = c->set;

	chanset_enter(set);
	chan_event(c, CHAN_E_TCP_UP, NULL);
	chanset_leave(set);
}

static void
on_up(void *arg, const uint8_t cert_sha256[32])
{
	struct chan *c = arg;
	struct chanset *set = c->set;

	chanset_enter(set);
	memcpy(c->tls_sha256, cert_sha256, sizeof(c->tls_sha256));
	chan_event(c, CHAN_E_TLS_UP, NULL);
	if (!c->why && set->conf.user && set->conf.user->connected)
		set->conf.user->connected(set->conf.arg, &c->wanted);
	chanset_leave(set);
}

/* Does what is to come before the channel is open exceed what we take? */
static int
too_much(struct chan *c, size_t n)
{
	if (c->state == CHAN_S_OPEN)
		return 0;
	c->preauth += n;
	return c->preauth > CHAN_PREAUTH_MAX;
}

static size_t
input(struct chan *c, uint8_t *p, size_t len)
{
	struct cell cell;
	size_t off = 0;
	int n;

	while (!c->why) {
		n = cell_parse(&cell, p + off, len - off, c->version != 0);
		if (n == 0)
			break;
		if (n < 0 || too_much(c, (size_t)n)) {
			chan_odd(c, "sent more than is acceptable");
			chan_kill(c, CHAN_WHY_PROTOCOL);
			break;
		}
		off += (size_t)n;
		c->cells_in++;
		chan_event(c, event_of(cell.cmd), &cell);
	}
	return c->why ? len : off;
}

static size_t
on_input(void *arg, uint8_t *p, size_t len)
{
	struct chan *c = arg;
	struct chanset *set = c->set;
	size_t used;

	chanset_enter(set);
	chanpad_touch(&c->pad);
	used = input(c, p, len);
	chanset_leave(set);
	return used;
}

static void
on_drained(void *arg)
{
	struct chan *c = arg;
	struct chanset *set = c->set;

	chanset_enter(set);
	chanmux_serve(c);
	chanset_leave(set);
}

/* No connection to this address: there may be another one. */
static void
dial_failed(struct chan *c, enum chan_why why)
{
	if (c->other.family == 0) {
		chan_kill(c, why);
		return;
	}
	chan_log(c, LL_INFO, "no connection; trying its other address");
	loop_timer_clear(c->set->conf.loop, &c->first_timer);
	c->peer = c->other;
	memset(&c->other, 0, sizeof(c->other));
	loop_item_add(c->set->conf.loop, &c->work);
}

static void
on_down(void *arg, int err)
{
	struct chan *c = arg;
	struct chanset *set = c->set;
	enum chan_why why = CHAN_WHY_LOST;

	chanset_enter(set);
	chan_log(c, LL_INFO, "link is down: %s",
	    err ? strerror(err < 0 ? -err : err) : "closed by the relay");
	drop_wire(c);
	if (c->state == CHAN_S_DIALLING)
		why = CHAN_WHY_CONNECT;
	else if (c->state == CHAN_S_SECURING || err == -EPROTO)
		why = CHAN_WHY_TLS;
	if (err == -ETIMEDOUT && !c->was_open)
		why = CHAN_WHY_TIMEOUT;
	if (c->state == CHAN_S_DIALLING)
		dial_failed(c, why);
	else
		chan_kill(c, why);
	chanset_leave(set);
}

static const struct link_user link_user = {
	.connected = on_connected, .up = on_up, .input = on_input,
	.drained = on_drained, .down = on_down
};

/* ---- timers, and work at the end of the turn ---- */

static void
on_timer(void *arg)
{
	struct chan *c = arg;
	struct chanset *set = c->set;

	chanset_enter(set);
	if (c->state != CHAN_S_OPEN)
		chan_kill(c, CHAN_WHY_TIMEOUT);
	else if (chan_circuits(c) == 0)
		chan_kill(c, CHAN_WHY_CLOSED);
	chanset_leave(set);
}

static void
on_first_timer(void *arg)
{
	struct chan *c = arg;
	struct chanset *set = c->set;

	chanset_enter(set);
	kill_wire(c);
	dial_failed(c, CHAN_WHY_TIMEOUT);
	chanset_leave(set);
}

static void
dial(struct chan *c)
{
	struct chanset *set = c->set;
	const struct link_dialer *d = set->conf.dialer;
	int rc;

	if (!c->told_dialling && set->conf.user && set->conf.user->dialling) {
		c->told_dialling = 1;
		set->conf.user->dialling(set->conf.arg, &c->wanted);
	}
	if (c->why)
		return;
	/* It may have been allowed when the channel was made. */
	rc = chanset_may_dial(set, &c->peer) ?
	    d->dial(d->arg, &c->peer, &link_user, c, &c->wire) : -EACCES;
	if (rc < 0) {
		c->wire = NULL;
		chan_log(c, LL_INFO, "dialling: %s", strerror(-rc));
		dial_failed(c, CHAN_WHY_CONNECT);
	} else if (c->other.family != 0)
		loop_timer_in(set->conf.loop, &c->first_timer, CHAN_FIRST_MS);
}

static void
on_work(void *arg)
{
	struct chan *c = arg;
	struct chanset *set = c->set;

	chanset_enter(set);
	if (c->distrusted && chan_circuits(c) == 0)
		chan_kill(c, CHAN_WHY_CLOSED);
	else if (c->state == CHAN_S_DIALLING && c->wire == NULL)
		dial(c);
	else
		chanmux_serve(c);
	chanset_leave(set);
}

/* ---- padding and idleness ---- */

static int
pad_busy(void *arg)
{
	const struct chan *c = arg;

	return link_queued(c->wire) > 0;
}

static void
pad_send(void *arg)
{
	struct chan *c = arg;

	chan_own_cell(c, CELL_PADDING);	/* no room: then it isn't idle */
}

static const struct chanpad_user pad_user = {
	.busy = pad_busy, .send = pad_send
};

static void
pad_if_used(struct chan *c)
{
	enum chan_use from = c->set->conf.padding.after_use ?
	    CHAN_USE_TRAFFIC : CHAN_USE_BUILT;

	if (c->version >= 5 && c->use >= from)
		chanpad_start(&c->pad);
	else
		chanpad_stop(&c->pad);
}

/* Only a circuit of several hops sends RELAY_EARLY, and only channels that
 * carry such are padded: not those to directories.  RELAY behind that is
 * traffic, as C tor counts it. */
void
chan_note_use(struct chan *c, uint8_t cmd)
{
	if (cmd == CELL_RELAY_EARLY && c->use == CHAN_USE_NONE)
		c->use = CHAN_USE_BUILT;
	else if (cmd == CELL_RELAY && c->use == CHAN_USE_BUILT)
		c->use = CHAN_USE_TRAFFIC;
	else
		return;
	pad_if_used(c);
}

void
chan_padding_changed(struct chan *c)
{
	negotiate_padding(c);
	pad_if_used(c);
	chanpad_changed(&c->pad);
}

void
chan_sent(struct chan *c)
{
	c->cells_out++;
	chanpad_touch(&c->pad);
}

void
chan_idle_again(struct chan *c)
{
	int64_t idle = CHAN_IDLE_MS;

	c->idle_since = c->set->conf.loop->now;
	if (c->distrusted && !c->why)
		loop_item_add(c->set->conf.loop, &c->work);
	if (c->distrusted || c->state != CHAN_S_OPEN)
		return;
	idle += (int64_t)rand_below(CHAN_IDLE_MS / 2);
	if (c->set->conf.padding.reduced)
		idle /= 2;
	loop_timer_in(c->set->conf.loop, &c->timer, idle);
}

/* ---- life ---- */

int
chan_new(struct chan **out, struct chanset *set, const struct hopinfo *wanted,
    const struct addr *peer, const struct addr *other)
{
	struct chan *c = calloc(1, sizeof(*c));
	struct loop *loop = set->conf.loop;

	if (c == NULL)
		return -ENOMEM;
	if (chanmux_init(c) < 0) {
		free(c);
		return -ENOMEM;
	}
	c->set = set;
	c->state = CHAN_S_DIALLING;
	c->wanted = *wanted;
	c->id = wanted->id;
	c->peer = *peer;
	c->other = *other;
	c->idle_since = loop->now;
	loop_timer_init(&c->timer, on_timer, c);
	loop_timer_init(&c->first_timer, on_first_timer, c);
	loop_item_init(&c->work, on_work, c);
	chanpad_init(&c->pad, loop, &set->conf.padding, &pad_user, c);
	loop_timer_in(loop, &c->timer, CHAN_DIAL_MS);
	loop_item_add(loop, &c->work);
	*out = c;
	return 0;
}

void
chan_free(struct chan *c)
{
	chanmux_fini(c);
	free(c);
}

int
chan_is_open(const struct chan *c)
{
	return c->state == CHAN_S_OPEN;
}

int64_t
chan_open_ms(const struct chan *c)
{
	return chan_is_open(c) ? c->set->conf.loop->now - c->open_since : 0;
}

uint64_t
chan_cells_in(const struct chan *c)
{
	return c->cells_in;
}

const struct relayid *
chan_id(const struct chan *c)
{
	return &c->id;
}

const struct addr *
chan_peer(const struct chan *c)
{
	return &c->peer;
}
