/* tests/sim/simrelay.c - a network of fake relays behind one link */
#include "tests/sim/simrelay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "onion/crypto/handshake.h"
#include "onion/link/cell.h"
#include "onion/link/relayid.h"
#include "tests/sim/simlink.h"

enum {				/* relay commands, tor-spec 6.1 */
	R_BEGIN = 1, R_DATA = 2, R_END = 3, R_CONNECTED = 4, R_SENDME = 5,
	R_TRUNCATED = 9, R_RESOLVE = 11, R_RESOLVED = 12, R_BEGIN_DIR = 13,
	R_EXTEND2 = 14, R_EXTENDED2 = 15, R_LINK = 19, R_LINKED = 20,
	R_LINKED_ACK = 21, R_SWITCH = 22, R_ESTABLISH_REND = 33,
	R_INTRODUCE1 = 34, R_REND_ESTABLISHED = 39, R_INTRODUCE_ACK = 40,
	R_PADDING_NEGOTIATE = 41, R_PADDING_NEGOTIATED = 42, R_DROP = 10,
	R_XOFF = 43, R_XON = 44
};

enum { HEAD = 11, DATA_MAX = 498, BODY = 509 };
enum {				/* of V1, behind a tag of 16 bytes */
	V1_CMD = 16, V1_LEN = 17, V1_STREAM = 19, V1_HEAD = 19,
	V1_HEAD_STREAM = 21
};

struct simsaid {		/* a message, borrowed from its body */
	uint8_t			 cmd;
	uint16_t		 id, len;
	const uint8_t		*p;
};

struct simlate {		/* a SENDME that is held back */
	struct loop_timer	 timer;
	struct simcirc		*c;
	struct simlate		*next;
	uint8_t			 tag[20];
};

struct simcell {		/* one that is held back */
	struct simcell		*next;
	uint8_t			 cmd;
	uint8_t			 body[BODY];
};

struct simheld {		/* a message whose turn it is not yet */
	struct simheld		*next;
	uint64_t		 number;
	struct simcirc		*c;
	uint8_t			 body[BODY];
};

struct simlay {			/* one relay on a simlink */
	struct simnet		*net;
	size_t			 i;
	struct simlay		*next;
	struct simlink_relay	*r;
};

static void broken(struct simnet *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
broken(struct simnet *net, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(net->broke, sizeof(net->broke), fmt, ap);
	va_end(ap);
	net->broken++;
}

struct simnet *
simnet_new(struct loop *loop, size_t nrelays)
{
	struct simnet *net = calloc(1, sizeof(*net));
	size_t i;

	if (net == NULL || nrelays > SIM_RELAYS_MAX)
		abort();
	net->loop = loop;
	net->nrelays = nrelays;
	for (i = 0; i < nrelays; i++) {
		simhand_relay_new(&net->relay[i]);
		net->relay[i].cc = net->relay[i].cgo = 1;
		addr_v4(&net->addr[i], 0x5bc80001u + (uint32_t)i, 9001);
	}
	addr_v4(&net->exit_addr, 0x5db8d822u, 0);	/* 93.184.216.34 */
	return net;
}

static void
free_streams(struct simstream *st)
{
	struct simstream *next;

	for (; st; st = next) {
		next = st->next;
		free(st->echo);
		free(st);
	}
}

static void
free_set(struct simset *set)
{
	struct simset **p;
	struct simheld *h;

	for (p = &set->net->sets; *p != set; p = &(*p)->next)
		;
	*p = set->next;
	while ((h = set->held) != NULL) {
		set->held = h->next;
		free(h);
	}
	free_streams(set->streams);
	free(set);
}

static void
leave_set(struct simcirc *c)
{
	struct simset *set = c->set;
	size_t i;

	if (set == NULL)
		return;
	set->over = 1;
	set->leg[c->leg] = NULL;
	for (i = 0; i < SIM_LEGS; i++)
		if (set->leg[i])
			return;
	free_set(set);
}

static void
free_circ(struct simcirc *c)
{
	struct simcell *cell;
	struct simlate *late;

	leave_set(c);
	while (c->n > 0)
		simhand_hop_free(c->hop[--c->n]);
	free_streams(c->streams);
	while ((cell = c->back) != NULL) {
		c->back = cell->next;
		free(cell);
	}
	while ((late = c->late) != NULL) {
		c->late = late->next;
		loop_timer_clear(c->net->loop, &late->timer);
		free(late);
	}
	free(c->tags);
	free(c);
}

void
simnet_free(struct simnet *net)
{
	struct simcirc *c;
	struct simlay *lay;

	while ((c = net->circs) != NULL) {
		net->circs = c->next;
		free_circ(c);
	}
	while ((lay = net->lays) != NULL) {
		net->lays = lay->next;
		free(lay);
	}
	free(net);
}

void
simnet_hopinfo(const struct simnet *net, size_t i, struct hopinfo *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->id.rsa, net->relay[i].rsa_id, 20);
	memcpy(h->id.ed, net->relay[i].ed_id, 32);
	h->id.has_ed = 1;
	h->has_ntor = 1;
	memcpy(h->ntor, net->relay[i].ntor_pub, 32);
	h->or4 = net->addr[i];
	h->caps = CAP_NTOR3 | CAP_FLOWCTRL;
	(void)snprintf(h->nickname, sizeof(h->nickname), "sim%zu", i);
}

struct simcirc *
simnet_circ(const struct simnet *net)
{
	return net->circs;
}

/* Formats: V0, and V1 where the hop is of CGO. */

int
simcirc_is_v1(const struct simcirc *c, size_t hop)
{
	return simhand_hop_is_cgo(c->hop[hop]);
}

/* How many bytes of a tag does a SENDME quote? */
static size_t
tag_len(const struct simcirc *c)
{
	return simcirc_is_v1(c, c->n - 1) ? 16 : 20;
}

/* V1 has a stream's id in these, and only in these. */
static int
is_for_stream(uint8_t cmd)
{
	static const uint8_t cmds[] = {
		R_BEGIN, R_DATA, R_END, R_CONNECTED, R_RESOLVE, R_RESOLVED,
		R_BEGIN_DIR, R_XOFF, R_XON
	};

	return memchr(cmds, cmd, sizeof(cmds)) != NULL;
}

static int
is_known(uint8_t cmd)
{
	static const uint8_t cmds[] = {
		R_SENDME, R_TRUNCATED, R_DROP, R_EXTEND2, R_EXTENDED2, R_LINK,
		R_LINKED, R_LINKED_ACK, R_SWITCH, R_ESTABLISH_REND,
		R_INTRODUCE1, R_REND_ESTABLISHED, R_INTRODUCE_ACK,
		R_PADDING_NEGOTIATE, R_PADDING_NEGOTIATED
	};

	return is_for_stream(cmd) || memchr(cmds, cmd, sizeof(cmds)) != NULL;
}

static size_t
head_of(int v1, uint8_t cmd)
{
	if (!v1)
		return HEAD;
	return is_for_stream(cmd) ? V1_HEAD_STREAM : V1_HEAD;
}

size_t
simcirc_data_max(const struct simcirc *c)
{
	return BODY - head_of(simcirc_is_v1(c, c->n - 1), R_DATA);
}

static void
put_head(uint8_t body[BODY], int v1, uint8_t cmd, uint16_t stream, size_t len)
{
	body[v1 ? V1_CMD : 0] = cmd;
	wire_set16(body + (v1 ? V1_LEN : 9), (uint16_t)len);
	if (!v1)
		wire_set16(body + 3, stream);
	else if (is_for_stream(cmd))
		wire_set16(body + V1_STREAM, stream);
}

static void
read_body(const uint8_t body[BODY], int v1, struct simsaid *m)
{
	m->cmd = body[v1 ? V1_CMD : 0];
	m->len = wire_get16(body + (v1 ? V1_LEN : 9));
	m->id = 0;
	if (!v1)
		m->id = wire_get16(body + 3);
	else if (is_for_stream(m->cmd))
		m->id = wire_get16(body + V1_STREAM);
	m->p = body + head_of(v1, m->cmd);
}

/* Is it a message that this format can say? */
static int
check_said(struct simcirc *c, int v1, const struct simsaid *m)
{
	if (v1 && !is_known(m->cmd))
		broken(c->net, "command %u in V1", m->cmd);
	else if (m->len > BODY - head_of(v1, m->cmd))
		broken(c->net, "length %u", m->len);
	else if (v1 && is_for_stream(m->cmd) && m->id == 0)
		broken(c->net, "command %u for stream 0", m->cmd);
	else
		return 0;
	return -1;
}

/* Talking back. */

static void
emit(struct simcirc *c, uint8_t cmd, const uint8_t body[BODY])
{
	struct simcell *cell;

	if (!c->holds) {
		c->pipe->send(c->pipe->arg, c->id, cmd, body);
		return;
	}
	if ((cell = calloc(1, sizeof(*cell))) == NULL)
		abort();
	cell->cmd = cmd;
	memcpy(cell->body, body, BODY);
	*c->back_end = cell;
	c->back_end = &cell->next;
}

void
simcirc_hold(struct simcirc *c)
{
	if (!c->holds)
		c->back_end = &c->back;
	c->holds = 1;
}

void
simcirc_let_go(struct simcirc *c, size_t cells)
{
	struct simcell *cell;

	for (; cells > 0 && (cell = c->back) != NULL; cells--) {
		if ((c->back = cell->next) == NULL)
			c->back_end = &c->back;
		c->pipe->send(c->pipe->arg, c->id, cell->cmd, cell->body);
		free(cell);
	}
}

void
simcirc_release(struct simcirc *c)
{
	simcirc_let_go(c, SIZE_MAX);
	c->holds = 0;
}

void
simcirc_cell(struct simcirc *c, uint8_t cmd, const void *body, size_t len)
{
	uint8_t cell[BODY] = { 0 };

	if (len)
		memcpy(cell, body, len);
	emit(c, cmd, cell);
}

static void
say(struct simcirc *c, size_t hop, uint8_t cmd, uint16_t stream,
    const void *data, size_t len, int flip, uint8_t tag[20])
{
	uint8_t body[BODY] = { 0 };
	int v1 = simcirc_is_v1(c, hop);
	size_t head = head_of(v1, cmd);
	size_t n = len > BODY - head ? BODY - head : len;

	put_head(body, v1, cmd, stream, len);
	if (n && data)
		memcpy(body + head, data, n);
	if (head + n + 4 < BODY)
		rand_bytes(body + head + n + 4, BODY - head - n - 4);
	simhand_bwd(c->hop, hop, body, tag);
	if (flip >= 0)
		body[flip / 8] ^= (uint8_t)(1 << (flip % 8));
	emit(c, CELL_RELAY, body);
}

void
simcirc_say(struct simcirc *c, size_t hop, uint8_t cmd, uint16_t stream,
    const void *data, size_t len)
{
	uint8_t tag[20];

	say(c, hop, cmd, stream, data, len, -1, tag);
}

void
simcirc_say_flipped(struct simcirc *c, size_t hop, uint8_t cmd,
    uint16_t stream, const void *data, size_t len, unsigned bit)
{
	uint8_t tag[20];

	say(c, hop, cmd, stream, data, len, (int)bit, tag);
}

static void
say_last(struct simcirc *c, uint8_t cmd, uint16_t stream, const void *data,
    size_t len)
{
	simcirc_say(c, c->n - 1, cmd, stream, data, len);
}

static void
remember(struct simcirc *c, const uint8_t tag[20])
{
	if (c->head + c->ntags == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->tags = realloc(c->tags, c->cap * 20);
		if (c->tags == NULL)
			abort();
	}
	memcpy(c->tags[c->head + c->ntags++], tag, 20);
}

void
simcirc_data(struct simcirc *c, uint16_t stream, const void *data, size_t len)
{
	uint8_t tag[20];

	say(c, c->n - 1, R_DATA, stream, data, len, -1, tag);
	if (c->cc)
		c->inflight++;
	else
		c->window--;
	if (++c->data_out % c->inc == 0)
		remember(c, tag);
}

/* Which leg of a set what we say goes over (conflux). */

static int
has_window(const struct simcirc *c)
{
	unsigned cwnd = c->net->knobs.cwnd ? c->net->knobs.cwnd : c->cwnd;

	return c->cc ? c->inflight < cwnd : c->window > 0;
}

static struct simcirc *
choose_leg(struct simcirc *c, int data)
{
	const struct simknobs *k = &c->net->knobs;
	struct simcirc *leg, *other;

	if (c->set == NULL || c->set->over)
		return c;
	leg = c->set->leg[c->set->cur];
	other = c->set->leg[!c->set->cur];
	if (other == NULL)
		return leg;
	if (k->switch_every && c->set->run >= k->switch_every) {
		leg = other;
		other = c->set->leg[c->set->cur];
	}
	if (data && k->pass_by && !has_window(leg) && has_window(other))
		leg = other;
	return leg;
}

static void
say_switch(struct simcirc *c, uint64_t jump)
{
	uint8_t body[4];

	wire_set32(body, (uint32_t)jump);
	c->switches_out++;
	say_last(c, R_SWITCH, 0, body, sizeof(body));
}

/* The next message goes over this leg. */
static void
number(struct simcirc *c)
{
	struct simset *set = c->set;
	struct simcirc *old;

	if (set == NULL || set->over)
		return;
	old = set->leg[set->cur];
	if (set->cur != c->leg) {
		if (old && old->count_out != c->count_out)
			say_switch(c, old->count_out - c->count_out);
		if (old)
			c->count_out = old->count_out;
		set->cur = c->leg;
		set->run = 0;
	}
	c->count_out++;
	set->run++;
}

void
simcirc_say_next(struct simcirc *c, uint8_t cmd, uint16_t stream,
    const void *data, size_t len)
{
	number(c);
	if (cmd == R_DATA)
		simcirc_data(c, stream, data, len);
	else
		say_last(c, cmd, stream, data, len);
}

/* Something that is not data: it needs no window. */
static void
say_next(struct simcirc *c, uint8_t cmd, uint16_t stream, const void *data,
    size_t len)
{
	if (c->set == NULL || !c->set->over)
		simcirc_say_next(choose_leg(c, 0), cmd, stream, data, len);
}

/* What scripts have to send. */

static int
may_send(const struct simcirc *c, const struct simstream *st)
{
	if (st->stopped || st->ended || !st->connected)
		return 0;
	return has_window(c) && (c->cc || st->window > 0);
}

static void
send_end(struct simcirc *c, struct simstream *st, uint8_t reason)
{
	say_next(c, R_END, st->id, &reason, 1);
	st->ended = 1;
}

static size_t
next_bytes(const struct simnet *net, struct simstream *st,
    uint8_t out[DATA_MAX], size_t max)
{
	const uint8_t *answer = st->is_dir ? net->dir_answer : NULL;
	size_t i, n;

	if (st->port == SIM_ECHO) {
		n = st->echo_len < max ? st->echo_len : max;
		memcpy(out, st->echo, n);
		memmove(st->echo, st->echo + n, st->echo_len - n);
		st->echo_len -= n;
		return n;
	}
	n = st->left < max ? (size_t)st->left : max;
	for (i = 0; i < n; i++)
		out[i] = answer ? answer[st->sent + i] :
		    sim_byte(st->sent + i);
	st->left -= n;
	return n;
}

static int
has_more(const struct simstream *st)
{
	return st->port == SIM_ECHO ? st->echo_len > 0 : st->left > 0;
}

static int
sends_source(const struct simstream *st)
{
	return st->is_dir || st->port == SIM_SOURCE || st->port == SIM_HTTP;
}

static struct simfind *
find_of(struct simcirc *c)
{
	return c->set ? &c->set->find : &c->find;
}

static void
talk(struct simcirc *c, struct simstream *st, uint64_t len)
{
	st->left = len;
	find_of(c)->talks = 1;
}

void
simcirc_pump(struct simcirc *c)
{
	uint8_t data[DATA_MAX];
	struct simstream *st;
	struct simcirc *leg;
	int more = c->set == NULL || !c->set->over;
	size_t n;

	if (!find_of(c)->talks)
		return;
	while (more) {
		more = 0;
		for (st = simcirc_streams(c); st; st = st->next) {
			leg = choose_leg(c, 1);
			if (!has_more(st) || !may_send(leg, st))
				continue;
			n = next_bytes(c->net, st, data,
			    simcirc_data_max(leg));
			simcirc_say_next(leg, R_DATA, st->id, data, n);
			st->sent += n;
			st->window--;
			more = 1;
			if (!has_more(st) && sends_source(st))
				send_end(c, st, 6);
		}
	}
}

/* What the client says. */

struct simstream *
simcirc_streams(const struct simcirc *c)
{
	return c->set ? c->set->streams : c->streams;
}

struct simstream *
simcirc_stream(struct simcirc *c, uint16_t id)
{
	struct simfind *f = find_of(c);
	struct simstream **slot = &f->slot[id % SIM_SLOTS], *st;

	if ((f->used[id / 8] & 1 << id % 8) == 0)
		return NULL;
	if (*slot && (*slot)->id == id)
		return *slot;
	for (st = simcirc_streams(c); st && st->id != id; st = st->next)
		;
	return *slot = st;
}

static void
send_connected(struct simcirc *c, struct simstream *st)
{
	uint8_t body[25] = { 0 };
	const struct addr *a = &c->net->exit_addr;
	size_t n = 0;

	if (a->family == 4) {
		memcpy(body, a->ip, 4);
		wire_set32(body + 4, 300);
		n = 8;
	} else if (a->family == 6) {
		body[4] = 6;
		memcpy(body + 5, a->ip, 16);
		wire_set32(body + 21, 300);
		n = 25;
	}
	if (st->is_dir || c->net->knobs.no_connected_addr)
		n = 0;
	say_next(c, R_CONNECTED, st->id, body, n);
	st->connected = 1;
}

static void
play(struct simcirc *c, struct simstream *st)
{
	uint16_t p = st->port;

	if (p >= SIM_CLOSE && p < SIM_CLOSE + 256) {
		send_connected(c, st);
		send_end(c, st, (uint8_t)(p - SIM_CLOSE));
	} else if (p >= SIM_REFUSE && p < SIM_REFUSE + 256)
		send_end(c, st, (uint8_t)(p - SIM_REFUSE));
	else if (p != SIM_DEAD)
		send_connected(c, st);
	if (p == SIM_SOURCE && c->net->source > 0)
		talk(c, st, c->net->source);
	else if (p == SIM_SOURCE)
		send_end(c, st, 6);
}

static struct simstream *
new_stream(struct simcirc *c, uint16_t id)
{
	struct simstream **list = c->set ? &c->set->streams : &c->streams;
	struct simfind *f = find_of(c);
	struct simstream *st;

	st = simcirc_stream(c, id);
	if (id == 0 || (st && !st->ended))
		broken(c->net, "stream id %u twice", id);
	if ((st = calloc(1, sizeof(*st))) == NULL)
		abort();
	st->id = id;
	st->window = st->rwindow = 500;
	st->next = *list;
	*list = st;
	f->used[id / 8] |= (uint8_t)(1 << id % 8);
	f->slot[id % SIM_SLOTS] = st;
	return st;
}

static void
on_begin(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	struct simstream *st = new_stream(c, id);
	const uint8_t *nul = memchr(p, 0, len);
	const char *colon;
	size_t n;

	if (nul == NULL || (colon = strrchr((const char *)p, ':')) == NULL) {
		broken(c->net, "BEGIN without address");
		return;
	}
	n = (size_t)(colon - (const char *)p);
	if (n >= sizeof(st->host)) {
		broken(c->net, "BEGIN's host has %zu bytes", n);
		return;
	}
	if ((n == 0) != c->joined)
		broken(c->net, "BEGIN's host has %zu bytes", n);
	memcpy(st->host, p, n);
	st->port = (uint16_t)atoi(colon + 1);
	n = len - (size_t)(nul + 1 - p);
	if (n == 4)
		st->flags = wire_get32(nul + 1);
	else if (n != 0)
		broken(c->net, "BEGIN with %zu bytes behind it", n);
	play(c, st);
}

static void
on_begin_dir(struct simcirc *c, uint16_t id, size_t len)
{
	struct simstream *st = new_stream(c, id);

	if (len != 0)
		broken(c->net, "BEGIN_DIR with a body");
	st->is_dir = 1;
	send_connected(c, st);
}

static void
echo_add(struct simcirc *c, struct simstream *st, const uint8_t *p, size_t len)
{
	if (st->echo_len + len > st->echo_cap) {
		st->echo_cap = (st->echo_len + len) * 2;
		if ((st->echo = realloc(st->echo, st->echo_cap)) == NULL)
			abort();
	}
	memcpy(st->echo + st->echo_len, p, len);
	st->echo_len += len;
	find_of(c)->talks = 1;
}

static void
send_sendme(struct simcirc *c, const uint8_t tag[20])
{
	size_t n = tag_len(c);
	uint8_t body[23] = { 1, 0, (uint8_t)n };

	memcpy(body + 3, tag, n);
	if (c->net->knobs.bad_sendmes)
		body[2 + n] ^= 1;
	c->sendmes_out++;
	say_last(c, R_SENDME, 0, body, 3 + n);
}

static void
drop_late(struct simcirc *c, struct simlate *late)
{
	struct simlate **p;

	for (p = &c->late; *p != late; p = &(*p)->next)
		;
	*p = late->next;
	loop_timer_clear(c->net->loop, &late->timer);
	free(late);
}

/* Whichever timer it was: the oldest tag goes.  Those in between move up. */
static void
late_sendme(void *arg)
{
	struct simlate *late = arg, *l;
	struct simcirc *c = late->c;
	uint8_t tag[20];

	memcpy(tag, c->late->tag, sizeof(tag));
	for (l = c->late; l != late; l = l->next)
		memcpy(l->tag, l->next->tag, sizeof(l->tag));
	drop_late(c, late);
	send_sendme(c, tag);
}

/* The client's DATA cell with this tag is one that we acknowledge. */
static void
acknowledge(struct simcirc *c, const uint8_t tag[20])
{
	const struct simknobs *k = &c->net->knobs;
	int64_t ms = c->sendme_late_ms ? c->sendme_late_ms : k->sendme_late_ms;
	struct simlate *late, **end;

	memcpy(c->tag_before, c->tag_in, 20);
	memcpy(c->tag_in, tag, 20);
	if (k->no_sendmes)
		return;
	if (ms == 0) {
		send_sendme(c, tag);
		return;
	}
	if ((late = calloc(1, sizeof(*late))) == NULL)
		abort();
	late->c = c;
	for (end = &c->late; *end; end = &(*end)->next)
		;
	*end = late;
	memcpy(late->tag, tag, 20);
	loop_timer_init(&late->timer, late_sendme, late);
	loop_timer_in(c->net->loop, &late->timer, ms);
}

static void
take_bytes(struct simcirc *c, struct simstream *st, const uint8_t *p,
    size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		st->bad += p[i] != sim_byte(st->got + i);
	st->got += len;
	st->cells++;
	st->full += len == simcirc_data_max(c);
	if (st->port == SIM_ECHO || st->is_dir)
		echo_add(c, st, p, len);
	if ((st->port == SIM_HTTP || st->is_dir) && st->got == len)
		talk(c, st, st->is_dir && c->net->dir_answer ?
		    c->net->dir_len : c->net->source);
	if (c->cc)
		return;
	if (--st->rwindow < 0)
		broken(c->net, "stream window overrun");
	while (st->rwindow <= 450 && st->connected && !st->ended &&
	    !c->net->knobs.no_sendmes) {
		st->rwindow += 50;
		say_last(c, R_SENDME, st->id, NULL, 0);
	}
}

/* A DATA cell came, whatever its number: windows are its circuit's. */
static void
count_data(struct simcirc *c, size_t len, const uint8_t tag[20])
{
	if (len == 0)
		broken(c->net, "empty DATA");
	c->data_in++;
	if (c->data_in % c->inc == 0)
		acknowledge(c, tag);
	if (!c->cc && c->data_in - c->sendmes_out * c->inc > 1000)
		broken(c->net, "circuit window overrun");
}

static void
on_data(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	struct simstream *st = simcirc_stream(c, id);

	if (st == NULL)
		broken(c->net, "DATA for stream %u", id);
	else if (!st->ended)
		take_bytes(c, st, p, len);
}

static void
on_circuit_sendme(struct simcirc *c, const uint8_t *p, size_t len)
{
	size_t n = tag_len(c);

	c->sendmes_in++;
	if (len != 3 + n || p[0] != 1 || wire_get16(p + 1) != n)
		broken(c->net, "SENDME of %zu bytes", len);
	else if (c->ntags == 0)
		broken(c->net, "SENDME that is not due");
	else if (memcmp(c->tags[c->head], p + 3, n) != 0)
		broken(c->net, "SENDME quotes another cell");
	else {
		c->head++;
		if (--c->ntags == 0)
			c->head = 0;
		c->window += 100;
		c->inflight -= c->inc;
	}
}

static void
on_stream_sendme(struct simcirc *c, struct simstream *st)
{
	if (c->cc)
		broken(c->net, "stream SENDME with congestion control");
	if (st == NULL)
		return;
	st->sendmes++;
	st->window += 50;
	if (st->window > 500)
		broken(c->net, "stream SENDME that is not due");
}

static void
on_resolve(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	c->resolves++;
	if (len < 2 || p[len - 1] != 0)
		broken(c->net, "RESOLVE without an end");
	if (c->net->resolved_len)
		say_next(c, R_RESOLVED, id, c->net->resolved,
		    c->net->resolved_len);
}

static void
on_end(struct simcirc *c, struct simstream *st, const uint8_t *p, size_t len)
{
	c->ends++;
	if (len != 1 || p[0] != 1)
		broken(c->net, "END with another reason than MISC");
	if (st == NULL)
		broken(c->net, "END for no stream");
	else
		st->ended = 1;
}

static void
on_xonxoff(struct simcirc *c, struct simstream *st, int on, const uint8_t *p,
    size_t len)
{
	if (!c->cc || len != (on ? 5 : 1) || p[0] != 0)
		broken(c->net, "XON or XOFF is wrong");
	if (st == NULL)
		return;
	st->stopped = !on;
	st->xons += (unsigned)on;
	st->xoffs += !on;
	if (on)
		st->kbps = wire_get32(p + 1);
}

/* Building. */

static void
add_hop(struct simcirc *c, unsigned relay, const struct handshake_keys *keys)
{
	if ((c->hop[c->n] = simhand_hop_new(keys)) == NULL)
		abort();
	c->relay[c->n++] = relay;
	c->cc = keys->cc_on;
	c->inc = keys->cc_on ? keys->sendme_inc : 100;
}

static int
find_relay(const struct simnet *net, const uint8_t rsa[20])
{
	size_t i;

	for (i = 0; i < net->nrelays; i++)
		if (memcmp(net->relay[i].rsa_id, rsa, 20) == 0)
			return (int)i;
	return -1;
}

/* Link specifiers in the order of C tor; the relay that they name, or -1. */
static int
read_specs(struct simcirc *c, struct wire *w)
{
	static const uint8_t order[] = { 0, 2, 3 }, lens[] = { 6, 20, 32 };
	const uint8_t *p, *rsa = NULL;
	uint8_t n = wire_u8(w), i;

	if (n < 2 || n > 3)
		broken(c->net, "%u link specifiers", n);
	for (i = 0; i < n && i < 3; i++) {
		if (wire_u8(w) != order[i] || wire_u8(w) != lens[i])
			broken(c->net, "link specifier %u is odd", i);
		p = wire_take(w, lens[i]);
		if (i == 1)
			rsa = p;
	}
	return w->err || rsa == NULL ? -1 : find_relay(c->net, rsa);
}

static void
destroy(struct simcirc *c, uint8_t reason)
{
	simcirc_cell(c, CELL_DESTROY, &reason, 1);
	c->destroyed = 1;
	if (c->set)
		c->set->over = 1;
}

/* Does @n have something else in store for this hop? */
static int
spoil(struct simcirc *c, size_t n)
{
	const struct simknobs *k = &c->net->knobs;

	if (k->destroy_at == n)
		destroy(c, k->reason);
	else if (k->truncate_at == n)
		simcirc_say(c, c->n - 1, R_TRUNCATED, 0, &k->reason, 1);
	else if (k->mute_at != n)
		return 0;
	return 1;
}

/* That hop can't do what it was asked: it says so by DESTROY, and the relay
 * before it, which knows no better, by TRUNCATED. */
static void
refuse(struct simcirc *c)
{
	static const uint8_t protocol = 1;

	if (c->n == 0)
		destroy(c, protocol);
	else
		say_last(c, R_TRUNCATED, 0, &protocol, 1);
}

/* How much the relay before it can carry back. */
static size_t
reply_max(const struct simcirc *c)
{
	if (c->n == 0)
		return DATA_MAX;
	return BODY - head_of(simcirc_is_v1(c, c->n - 1), R_EXTENDED2);
}

static size_t
reply_to(struct simcirc *c, unsigned relay, int kind, const uint8_t *data,
    size_t len, uint8_t *out, struct handshake_keys *keys)
{
	const struct simknobs *k = &c->net->knobs;
	size_t head = kind == HANDSHAKE_FAST ? 0 : 2;
	int n = simhand_answer(&c->net->relay[relay], kind, data, len,
	    out + head, reply_max(c) - head, keys);

	if (n == -EOPNOTSUPP) {
		refuse(c);
		return 0;
	}
	if (n < 0) {
		broken(c->net, "handshake of hop %zu: %d", c->n + 1, n);
		return 0;
	}
	if (head)
		wire_set16(out, (uint16_t)n);
	if (k->flip_reply == c->n + 1)
		out[head] ^= 1;
	if (k->short_reply == c->n + 1)
		wire_set16(out, 600);
	return (size_t)n + head;
}

static void
on_extend(struct simcirc *c, const uint8_t *p, size_t len)
{
	const struct simknobs *k = &c->net->knobs;
	struct handshake_keys keys;
	uint8_t reply[BODY];
	const uint8_t *data;
	struct wire w;
	size_t n, hlen;
	int relay, kind;

	if (c->carried || c->joined || c->establishes || c->introduces)
		broken(c->net, "EXTEND2 on a circuit in use");
	c->extends++;
	wire_init(&w, p, len);
	relay = read_specs(c, &w);
	kind = wire_u16(&w);
	hlen = wire_u16(&w);
	data = wire_take(&w, hlen);
	if (wire_done(&w) < 0 || relay < 0) {
		broken(c->net, "EXTEND2 is malformed, or to nobody");
		return;
	}
	if (spoil(c, c->n + 1))
		return;
	if ((n = reply_to(c, (unsigned)relay, kind, data, hlen, reply,
	    &keys)) == 0)
		return;
	simcirc_say(c, c->n - 1, R_EXTENDED2, 0, reply, n);
	if (k->twice_at == c->n + 1)
		simcirc_say(c, c->n - 1, R_EXTENDED2, 0, reply, n);
	add_hop(c, (unsigned)relay, &keys);
}

static void
on_create(struct simnet *net, size_t at, struct simpipe *pipe, uint32_t id,
    uint8_t cmd, uint8_t *body)
{
	int fast = cmd == CELL_CREATE_FAST;
	struct handshake_keys keys;
	uint8_t reply[BODY] = { 0 };
	struct simcirc *c;
	int kind = HANDSHAKE_FAST;
	size_t len = 20, n;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		abort();
	c->net = net;
	c->pipe = pipe;
	c->id = id;
	c->window = c->cwnd = 1000;
	c->next = net->circs;
	net->circs = c;
	net->circuits++;
	if (!fast) {
		kind = wire_get16(body);
		len = wire_get16(body + 2);
		body += 4;
	}
	if (spoil(c, 1) ||
	    (n = reply_to(c, (unsigned)at, kind, body, len, reply, &keys)) == 0)
		return;
	cmd = fast ? CELL_CREATED_FAST : CELL_CREATED2;
	simcirc_cell(c, cmd, reply, n);
	if (net->knobs.twice_at == 1)
		simcirc_cell(c, cmd, reply, n);
	add_hop(c, (unsigned)at, &keys);
}

/* Onion services. */

void
simcirc_join(struct simcirc *c, const uint8_t df[32], const uint8_t db[32],
    const uint8_t kf[32], const uint8_t kb[32], int cc, unsigned inc)
{
	c->hop[c->n++] = simhand_hop_new_service(df, db, kf, kb);
	c->joined = 1;
	c->cc = cc;
	c->inc = cc ? inc : 100;
}

static void
on_establish(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	static const uint8_t zeros[20];

	if (id != 0 || len != 20 || memcmp(p, zeros, 20) == 0)
		broken(c->net, "ESTABLISH_RENDEZVOUS is wrong");
	else if (c->establishes || c->introduces || c->carried || c->joined)
		broken(c->net, "ESTABLISH_RENDEZVOUS on a circuit in use");
	else
		memcpy(c->cookie, p, 20);
	c->establishes++;
	if (!c->net->knobs.no_established)
		say_last(c, R_REND_ESTABLISHED, 0, NULL, 0);
}

static void
on_introduce(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	uint8_t ack[3] = { 0 };

	if (id != 0 || len == 0)
		broken(c->net, "INTRODUCE1 is wrong");
	else if (c->establishes || c->introduces || c->carried || c->joined)
		broken(c->net, "INTRODUCE1 on a circuit in use");
	memcpy(c->introduce, p, len);
	c->introduce_len = len;
	c->introduces++;
	wire_set16(ack, c->net->knobs.ack_status);
	if (!c->net->knobs.no_established)
		say_last(c, R_INTRODUCE_ACK, 0, ack, sizeof(ack));
}

/* Linking. */

void
sim_put_link(uint8_t out[SIM_LINK_LEN], const uint8_t nonce[32], uint64_t sent,
    uint64_t received, uint8_t ux)
{
	struct pack p;

	pack_init(&p, out, SIM_LINK_LEN);
	pack_u8(&p, 1);
	pack_put(&p, nonce, 32);
	pack_u64(&p, sent);
	pack_u64(&p, received);
	pack_u8(&p, ux);
}

static struct simset *
find_set(struct simnet *net, const uint8_t nonce[32])
{
	struct simset *set;

	for (set = net->sets; set; set = set->next)
		if (memcmp(set->nonce, nonce, sizeof(set->nonce)) == 0)
			return set;
	if ((set = calloc(1, sizeof(*set))) == NULL)
		abort();
	set->net = net;
	memcpy(set->nonce, nonce, sizeof(set->nonce));
	set->next = net->sets;
	net->sets = set;
	return set;
}

static void
join_set(struct simcirc *c)
{
	struct simset *set = find_set(c->net, c->nonce);
	const struct simcirc *first = set->leg[0];

	if (set->nlegs == SIM_LEGS || set->over) {
		broken(c->net, "a leg too many");
		return;
	}
	if (first && first->relay[first->n - 1] != c->relay[c->n - 1])
		broken(c->net, "legs to different relays");
	if (set->delivered || set->streams)
		broken(c->net, "a leg for a set in use");
	c->leg = set->nlegs++;
	set->leg[c->leg] = c;
	c->set = set;
}

static void
on_link(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	static const uint8_t zeros[16];
	const struct simknobs *k = &c->net->knobs;
	uint8_t body[SIM_LINK_LEN];

	if (id != 0 || len != SIM_LINK_LEN || p[0] != 1 ||
	    memcmp(p + 33, zeros, sizeof(zeros)) != 0)
		broken(c->net, "LINK is malformed");
	else if (!c->cc || c->carried || c->set)
		broken(c->net, "LINK on a circuit that can't take it");
	else {
		memcpy(c->nonce, p + 1, sizeof(c->nonce));
		c->ux = p[49];
		join_set(c);
		if (k->no_linked)
			return;
		sim_put_link(body, c->nonce, 0, 0, k->ux ? k->ux : 1);
		c->said_linked = 1;
		say_last(c, R_LINKED, 0, body, sizeof(body));
	}
}

static void
on_linked_ack(struct simcirc *c, uint16_t id, size_t len)
{
	if (id != 0 || len != 0 || !c->said_linked || c->acked)
		broken(c->net, "LINKED_ACK for nothing");
	c->acked = 1;
}

static void
on_switch(struct simcirc *c, uint16_t id, const uint8_t *p, size_t len)
{
	if (id != 0 || len != 4 || c->set == NULL || !c->acked)
		broken(c->net, "SWITCH is wrong");
	else if (c->switched_in)
		broken(c->net, "SWITCH twice, and nothing in between");
	else if (wire_get32(p) == 0)
		broken(c->net, "SWITCH by nothing");
	else {
		c->count_in += wire_get32(p);
		c->switched_in = 1;
		c->switches_in++;
	}
}

static int
is_numbered(uint8_t cmd)
{
	return cmd == R_BEGIN || cmd == R_DATA || cmd == R_END ||
	    cmd == R_CONNECTED || cmd == R_RESOLVE || cmd == R_RESOLVED ||
	    cmd == R_XON || cmd == R_XOFF;
}

/* What belongs to a stream, in order. */
static void
on_stream_message(struct simcirc *c, const struct simsaid *m)
{
	struct simstream *st = simcirc_stream(c, m->id);

	if (m->cmd == R_BEGIN)
		on_begin(c, m->id, m->p, m->len);
	else if (m->cmd == R_BEGIN_DIR)
		on_begin_dir(c, m->id, m->len);
	else if (m->cmd == R_DATA)
		on_data(c, m->id, m->p, m->len);
	else if (m->cmd == R_SENDME)
		on_stream_sendme(c, st);
	else if (m->cmd == R_END)
		on_end(c, st, m->p, m->len);
	else if (m->cmd == R_RESOLVE)
		on_resolve(c, m->id, m->p, m->len);
	else if (m->cmd == R_XON || m->cmd == R_XOFF)
		on_xonxoff(c, st, m->cmd == R_XON, m->p, m->len);
	else
		broken(c->net, "command %u", m->cmd);
}

static struct simheld **
find_held(struct simset *set, uint64_t n)
{
	struct simheld **p;

	for (p = &set->held; *p; p = &(*p)->next)
		if ((*p)->number == n)
			break;
	return p;
}

static void
hold_message(struct simcirc *c, const uint8_t *body)
{
	struct simset *set = c->set;
	struct simheld *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		abort();
	h->number = c->count_in;
	h->c = c;
	memcpy(h->body, body, BODY);
	h->next = set->held;
	set->held = h;
	if (++set->nheld > set->most_held)
		set->most_held = set->nheld;
}

static void
deliver_held(struct simset *set)
{
	struct simheld **p, *h;
	struct simsaid m;

	while ((h = *(p = find_held(set, set->delivered + 1))) != NULL) {
		*p = h->next;
		set->nheld--;
		set->delivered++;
		read_body(h->body, simcirc_is_v1(h->c, h->c->n - 1), &m);
		on_stream_message(h->c, &m);
		free(h);
	}
}

/* The set counts what its legs brought, and what they jumped over. */
static void
on_leg_message(struct simcirc *c, const uint8_t *body,
    const struct simsaid *m)
{
	struct simset *set = c->set;

	c->switched_in = 0;
	if (set->over)
		return;
	if (!c->acked)
		broken(c->net, "command %u before LINKED_ACK", m->cmd);
	else if (!is_numbered(m->cmd))
		broken(c->net, "command %u on a leg", m->cmd);
	else if (++c->count_in <= set->delivered ||
	    *find_held(set, c->count_in))
		broken(c->net, "number %u twice", (unsigned)c->count_in);
	else if (c->count_in > set->delivered + 1)
		hold_message(c, body);
	else {
		if (set->delivered++ == 0)	/* the client's choice, first */
			set->cur = c->leg;
		on_stream_message(c, m);
		deliver_held(set);
	}
}

static void
on_streams(struct simcirc *c, const uint8_t *body, const struct simsaid *m,
    const uint8_t tag[20])
{
	c->carried = 1;
	if (m->cmd == R_DATA)
		count_data(c, m->len, tag);
	if (c->set)
		on_leg_message(c, body, m);
	else
		on_stream_message(c, m);
}

/* Hop 2's padding machines: some cells behind an introduction, one behind a
 * rendezvous. */
static void
on_pad_ask(struct simcirc *c, const uint8_t *p, size_t len)
{
	uint8_t answer[8] = { 0, 2, 1, 0, 0, 0, 0, 1 };
	unsigned i;

	if (len != 8 || p[0] != 0 || p[1] != 2 || p[2] > 1 || p[3] != 0 ||
	    wire_get32(p + 4) != 1 || c->pad_asked ||
	    (p[2] ? c->establishes : c->introduces) == 0)
		broken(c->net, "PADDING_NEGOTIATE is wrong");
	c->pad_asked++;
	c->pad_machine = answer[3] = p[2];
	answer[2] = c->net->knobs.pad_refused ? 2 : 1;
	if (c->net->knobs.pad_mute)
		return;
	simcirc_say(c, 1, R_PADDING_NEGOTIATED, 0, answer, sizeof(answer));
	if (c->net->knobs.pad_refused)
		return;
	for (i = 0; i < (p[2] ? 1 : 10); i++)
		simcirc_say(c, 1, R_DROP, 0, NULL, 0);
	answer[1] = 1;
	if (p[2] == 0)
		simcirc_say(c, 1, R_PADDING_NEGOTIATED, 0, answer,
		    sizeof(answer));
}

static int
on_padding(struct simcirc *c, size_t h, const struct simsaid *m)
{
	if (h != 1 || m->id != 0)
		return 0;
	if (m->cmd == R_PADDING_NEGOTIATE)
		on_pad_ask(c, m->p, m->len);
	else if (m->cmd == R_DROP && c->pad_asked)
		c->pad_drops++;
	else
		return 0;
	return 1;
}

/* From the hop @h; streams are only the last one's business. */
static void
on_message(struct simcirc *c, size_t h, int early, uint8_t *body,
    const uint8_t tag[20])
{
	int v1 = simcirc_is_v1(c, h);
	struct simsaid m;

	read_body(body, v1, &m);
	if (check_said(c, v1, &m) < 0 || on_padding(c, h, &m))
		return;
	c->last_cmd = m.cmd;
	c->last_stream = m.id;
	if (h != c->n - 1)
		broken(c->net, "command %u to hop %zu", m.cmd, h);
	else if (m.cmd == R_EXTEND2 && early)
		on_extend(c, m.p, m.len);
	else if (m.cmd == R_SENDME && m.id == 0)
		on_circuit_sendme(c, m.p, m.len);
	else if (m.cmd == R_ESTABLISH_REND)
		on_establish(c, m.id, m.p, m.len);
	else if (m.cmd == R_INTRODUCE1)
		on_introduce(c, m.id, m.p, m.len);
	else if (m.cmd == R_LINK)
		on_link(c, m.id, m.p, m.len);
	else if (m.cmd == R_LINKED_ACK)
		on_linked_ack(c, m.id, m.len);
	else if (m.cmd == R_SWITCH)
		on_switch(c, m.id, m.p, m.len);
	else
		on_streams(c, body, &m, tag);
	simcirc_pump(c);
}

static void
on_relay(struct simcirc *c, uint8_t cmd, uint8_t *body)
{
	int early = cmd == CELL_RELAY_EARLY, h;
	uint8_t tag[20];

	if (early && ++c->early > 8)
		broken(c->net, "too many RELAY_EARLY");
	if (c->n == 0) {
		broken(c->net, "RELAY before CREATED");
		return;
	}
	if ((h = simhand_fwd(c->hop, c->n, cmd, body, tag)) < 0)
		broken(c->net, "a cell that no hop knows");
	else
		on_message(c, (size_t)h, early, body, tag);
}

void
simnet_cell(struct simnet *net, size_t at, struct simpipe *pipe,
    uint32_t circ_id, uint8_t cmd, uint8_t *body)
{
	struct simcirc *c;

	for (c = net->circs; c; c = c->next)
		if (c->id == circ_id && c->pipe == pipe)
			break;
	if (cmd == CELL_CREATE2 || cmd == CELL_CREATE_FAST) {
		if (c)
			broken(net, "circuit id twice");
		on_create(net, at, pipe, circ_id, cmd, body);
	} else if (c == NULL || (cmd != CELL_DESTROY && c->destroyed == 2))
		broken(net, "cell %u for no circuit", cmd);
	else if (cmd == CELL_DESTROY) {
		if (body[0] != 0)
			broken(net, "DESTROY with reason %u", body[0]);
		c->destroyed = 2;	/* it may have crossed one of ours */
		if (c->set)
			c->set->over = 1;
	} else if (cmd == CELL_RELAY || cmd == CELL_RELAY_EARLY) {
		if (!c->destroyed)
			on_relay(c, cmd, body);
	} else
		broken(net, "cell %u", cmd);
}

void
simnet_closed(struct simnet *net, struct simpipe *pipe)
{
	struct simcirc **p = &net->circs, *c;

	while ((c = *p) != NULL) {
		if (c->pipe != pipe) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		free_circ(c);
	}
}

/* On a simlink: a pipe for each connection. */

static void
lay_send(void *arg, uint32_t circ_id, uint8_t cmd, const uint8_t body[509])
{
	sim_send_cell(arg, circ_id, cmd, body, BODY);
}

static void
lay_open(void *arg, struct simlink_conn *conn)
{
	struct simpipe *pipe = calloc(1, sizeof(*pipe));

	(void)arg;
	if (pipe == NULL)
		abort();
	pipe->send = lay_send;
	pipe->arg = conn;
	conn->data = pipe;
}

static void
lay_cell(void *arg, struct simlink_conn *conn, uint32_t circ_id, uint8_t cmd,
    uint8_t *body, size_t len)
{
	struct simlay *lay = arg;

	(void)len;
	if (circ_id != 0 && conn->data)
		simnet_cell(lay->net, lay->i, conn->data, circ_id, cmd, body);
}

static void
lay_closed(void *arg, struct simlink_conn *conn)
{
	struct simlay *lay = arg;

	if (conn->data)
		simnet_closed(lay->net, conn->data);
	free(conn->data);
	conn->data = NULL;
}

struct simlink_relay *
simnet_attach(struct simnet *net, size_t i, struct simlink *sl)
{
	static const struct simlink_user users = {
		.open = lay_open, .cell = lay_cell, .closed = lay_closed
	};
	struct simlay *lay = calloc(1, sizeof(*lay));

	if (lay == NULL)
		abort();
	lay->net = net;
	lay->i = i;
	lay->r = simlink_relay_new(sl, NULL);
	lay->next = net->lays;
	net->lays = lay;
	memcpy(net->relay[i].rsa_id, lay->r->rsa_id, 20);
	memcpy(net->relay[i].ed_id, lay->r->ed_id, 32);
	net->addr[i] = lay->r->addr;
	simlink_relay_user(lay->r, &users, lay);
	return lay->r;
}
