/* tun/tcp_table.c - all connections of a stack, and segments of none
 *
 * Theory of operation
 *	A map from both ends to the connection.  Those that are not in TIME_WAIT
 *	have a place in the quota of their client, and stand in host.active, the
 *	one whose bytes moved longest ago first; those in TIME_WAIT have no
 *	place and stand in ->waiting by the time of their end, with one timer
 *	for all.
 *
 *	What a SYN meets:
 *	  a connection	it is that one's; in TIME_WAIT it may take its place
 *	  a crowd	more than a 32nd of opening_max are half open: the
 *			address must prove itself
 *	  its limits	half open: silence, for the client asks again and the
 *			crowd may be gone; connections: they last, so a reset
 *			says so at once.  Before that, where the limit is that
 *			of all, the one that is idle longest goes, if that is
 *			long.
 *
 *	To prove itself a client is sent an ACK that answers nothing it asked:
 *	from a SYN-SENT that draws a reset with the very number that was
 *	acknowledged (RFC 9293 3.10.7.3), our cookie, and the client's next SYN,
 *	at once or in a second, is let in.  It is the spoofed SYN flood's turn
 *	to keep state: we keep none.
 * Numbers
 *	RFC 6528: a clock of 4 us and a keyed hash of both ends; timestamps
 *	begin at another one, so that they tell nobody how long we have been up.
 * Limits
 *	conns_max and TCP_TIME_WAIT_MAX entries; opening_max of them half open.
 *	bytes_max of memory for what waits in queues, of which no client's
 *	connections take more than they leave: whoever takes nothing that is
 *	sent to it, on all of them, can't make the others wait for that.
 */
#include "tun/tcp_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/quota.h"
#include "base/wire.h"
#include "tun/icmp.h"
#include "tun/pkt.h"
#include "tun/proven.h"
#include "tun/tcp.h"
#include "tun/tcp_in.h"
#include "tun/tcp_conn.h"
#include "tun/tcp_life.h"
#include "tun/tcp_out.h"
#include "tun/tcp_seg.h"
#include "tun/tell.h"

enum { KEY = 1 + 2 * (16 + 2) };	/* family, both ends */
enum { TICKS_PER_MS = 250 };		/* RFC 6528 3 */
enum { TRUSTED = 32 };			/* a part of opening_max: each may
					 * cost a circuit */
enum { NEW_NUMBERS = 1 << 16 };		/* beyond those of the last one */

struct tcp_table {
	struct tcp_table_conf conf;
	struct tcp_host	 host;
	struct map	*conns;		/* KEY -> struct tcp */
	struct quota	*places, *opening;
	struct proven	*proven;
	struct tcp_list	 waiting;	/* TIME_WAIT */
	size_t		 nwaiting;
	struct loop_timer timer;	/* of the first of them */
	struct hash_key	 numbers;
	uint64_t	 opened, refused;
};

static int64_t
now(const struct tcp_table *t)
{
	return t->conf.loop->now;
}

static void
make_key(uint8_t key[KEY], const struct addr *client, const struct addr *dest)
{
	memset(key, 0, KEY);
	key[0] = client->family;
	memcpy(key + 1, client->ip, addr_iplen(client));
	memcpy(key + 17, dest->ip, addr_iplen(dest));
	wire_set16(key + 33, client->port);
	wire_set16(key + 35, dest->port);
}

/* --- where they are --- */

static int
is_opening(enum tcp_state s)
{
	return s == TCP_S_HELD || s == TCP_S_SYN_RCVD;
}

static void
wait_on(struct tcp_table *t)
{
	struct tcp *c = TAILQ_FIRST(&t->waiting);

	if (c)
		loop_timer_set(t->conf.loop, &t->timer, c->at);
	else
		loop_timer_clear(t->conf.loop, &t->timer);
}

static void
on_timer(void *arg)
{
	struct tcp_table *t = arg;
	struct tcp *c;

	while ((c = TAILQ_FIRST(&t->waiting)) != NULL && c->at <= now(t))
		tcp_event(c, TCP_E_TIMEOUT, 0);
	wait_on(t);
}

static void
enter_waiting(struct tcp_table *t, struct tcp *c)
{
	c->at = now(t) + TCP_TIME_WAIT_MS;
	TAILQ_INSERT_TAIL(&t->waiting, c, link);
	if (++t->nwaiting > TCP_TIME_WAIT_MAX)
		tcp_event(TAILQ_FIRST(&t->waiting), TCP_E_TIMEOUT, 0);
	if (!t->timer.armed)
		wait_on(t);
}

static void
leave(struct tcp_table *t, struct tcp *c, enum tcp_state from)
{
	if (from == TCP_S_TIME_WAIT) {
		TAILQ_REMOVE(&t->waiting, c, link);
		t->nwaiting--;
		return;
	}
	TAILQ_REMOVE(&t->host.active, c, link);
	tcp_count(c);
	c->share = NULL;
	quota_give(t->places, &c->client);
}

static void
on_moved(void *arg, struct tcp *c, enum tcp_state from)
{
	struct tcp_table *t = arg;
	enum tcp_state to = c->state;
	uint8_t key[KEY];

	if (is_opening(from) && !is_opening(to))
		quota_give(t->opening, &c->client);
	if (from == TCP_S_SYN_RCVD && to == TCP_S_ESTABLISHED) {
		t->opened++;
		proven_add(t->proven, &c->client, now(t));
	}
	if (to != TCP_S_DEAD && to != TCP_S_TIME_WAIT)
		return;
	leave(t, c, from);
	if (to == TCP_S_TIME_WAIT) {
		enter_waiting(t, c);
		return;
	}
	make_key(key, &c->client, &c->dest);
	map_del(t->conns, key);
}

static void
on_emit(void *arg, const struct pkt_out *p)
{
	const struct tcp_table *t = arg;

	t->conf.emit(t->conf.arg, p);
}

static void
on_refuse(void *arg, const struct tcp *c, int why)
{
	struct tcp_table *t = arg;

	t->refused++;
	tell_refused(t->conf.tell, &c->client, &c->dest, c->irs, why);
}

/* --- a SYN --- */

static uint64_t
number(const struct tcp_table *t, const uint8_t key[KEY], uint8_t what)
{
	uint8_t in[KEY + 1];

	memcpy(in, key, KEY);
	in[KEY] = what;
	return hash_keyed(&t->numbers, in, sizeof(in));
}

static uint32_t
initial(const struct tcp_table *t, const uint8_t key[KEY])
{
	return (uint32_t)number(t, key, 0) +
	    (uint32_t)((uint64_t)now(t) * TICKS_PER_MS);
}

/* Is the address to prove that it is one? */
static int
crowded(const struct tcp_table *t)
{
	return quota_count(t->opening) > t->conf.opening_max / TRUSTED;
}

static void
challenge(struct tcp_table *t, const struct addr *client,
    const struct addr *dest, const struct tcp_seg *syn)
{
	struct tcp_seg s = { .flags = TCP_ACK };
	struct pkt_out p;

	s.ack = proven_cookie(t->proven, client, dest, syn->seq + 1, now(t));
	s.seq = ~s.ack;			/* nobody looks at it */
	tcp_out_bare(&p, dest, client, &s, t->conf.offload);
	t->conf.emit(t->conf.arg, &p);
}

/* One whose bytes moved long ago makes place. */
static int
evict(struct tcp_table *t)
{
	struct tcp *c = TAILQ_FIRST(&t->host.active);

	if (c == NULL || quota_count(t->places) < t->conf.conns_max ||
	    now(t) - c->moved < TCP_EVICT_MS)
		return 0;
	tcp_abort(c, -ECONNRESET);
	return 1;
}

/* 0, and there is a place among the half open and one in all. */
static int
take_places(struct tcp_table *t, const struct addr *client)
{
	int rc;

	if ((rc = quota_take(t->opening, client)) < 0)
		return rc == -ENOSPC ? -EAGAIN : rc;
	rc = quota_take(t->places, client);
	if (rc == -ENOSPC && !quota_is_full(t->places, client) && evict(t))
		rc = quota_take(t->places, client);
	if (rc < 0)
		quota_give(t->opening, client);
	return rc;
}

static enum drop
open_conn(struct tcp_table *t, const struct addr *client,
    const struct addr *dest, const struct tcp_seg *syn, uint32_t iss)
{
	uint8_t key[KEY];
	struct tcp *c;

	make_key(key, client, dest);
	c = tcp_new(&t->host, syn, client, dest, iss,
	    (uint32_t)number(t, key, 1));
	if (c == NULL || map_put(t->conns, key, c) < 0) {
		quota_give(t->opening, client);
		quota_give(t->places, client);
		if (c)
			tcp_discard(c);
		return DROP_MEMORY;
	}
	c->share = quota_note(t->places, client);
	t->conf.open(t->conf.arg, client, dest, tcp_endpoint(c));
	if (c->ep.user == NULL && c->state == TCP_S_HELD)
		tcp_event(c, TCP_E_KILL, -ECONNREFUSED);	/* not taken */
	return DROP_NOT;
}

static enum drop
input_syn(struct tcp_table *t, const struct addr *client,
    const struct addr *dest, const struct tcp_seg *syn, uint32_t iss)
{
	int rc;

	if (crowded(t) && !proven_has(t->proven, client, now(t))) {
		challenge(t, client, dest, syn);
		return DROP_LIMIT;
	}
	rc = take_places(t, client);
	if (rc == 0)
		return open_conn(t, client, dest, syn, iss);
	if (rc == -ENOSPC) {
		t->refused++;
		tell_reset(t->conf.tell, client, dest, syn);
	}
	return rc == -ENOMEM ? DROP_MEMORY : DROP_LIMIT;
}

/* Numbers that the last connection between the two cannot have used. */
static enum drop
replace(struct tcp_table *t, struct tcp *old, const struct tcp_seg *syn)
{
	struct addr client = old->client, dest = old->dest;
	uint32_t last = old->snd.max, iss;
	uint8_t key[KEY];

	make_key(key, &client, &dest);
	iss = initial(t, key);
	if (seq_lt(iss, last + NEW_NUMBERS))
		iss = last + NEW_NUMBERS;
	tcp_event(old, TCP_E_TIMEOUT, 0);
	return input_syn(t, &client, &dest, syn, iss);
}

/* --- segments --- */

static enum drop
input_stray(struct tcp_table *t, const struct addr *client,
    const struct addr *dest, const struct tcp_seg *s)
{
	if (s->flags & TCP_RST) {
		if (proven_cookie_ok(t->proven, client, dest, s->seq, now(t)))
			proven_add(t->proven, client, now(t));
		return DROP_STRAY;
	}
	tell_reset(t->conf.tell, client, dest, s);
	return DROP_STRAY;
}

static int
is_syn(const struct tcp_seg *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

enum drop
tcp_table_input(struct tcp_table *t, const struct ip *ip,
    const struct tcp_seg *s)
{
	struct addr client = ip->src, dest = ip->dst;
	uint8_t key[KEY];
	struct tcp *c;

	client.port = s->sport;
	dest.port = s->dport;
	make_key(key, &client, &dest);
	c = map_get(t->conns, key);
	if (c && is_syn(s) && tcp_replaceable(c, s))
		return replace(t, c, s);
	if (c)
		return tcp_input(c, s);
	if (is_syn(s))
		return input_syn(t, &client, &dest, s, initial(t, key));
	return input_stray(t, &client, &dest, s);
}

enum drop
tcp_table_icmp(struct tcp_table *t, const struct icmp *i)
{
	uint8_t key[KEY];
	struct tcp *c;

	make_key(key, &i->dst, &i->src);
	c = map_get(t->conns, key);
	return c ? tcp_icmp(c, i) : DROP_ICMP;
}

/* --- the table --- */

static void
init_host(struct tcp_table *t)
{
	struct tcp_host *h = &t->host;

	h->loop = t->conf.loop;
	h->mtu = t->conf.mtu;
	h->offload = t->conf.offload != 0;
	h->bytes_max = t->conf.bytes_max;
	h->memory = t->conf.memory;
	h->emit = on_emit;
	h->moved = on_moved;
	h->refuse = on_refuse;
	h->arg = t;
	TAILQ_INIT(&h->active);
}

int
tcp_table_new(struct tcp_table **out, const struct tcp_table_conf *conf)
{
	struct tcp_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->conf = *conf;
	init_host(t);
	TAILQ_INIT(&t->waiting);
	loop_timer_init(&t->timer, on_timer, t);
	hash_draw(&t->numbers);
	t->conns = map_new(KEY, conf->conns_max + TCP_TIME_WAIT_MAX);
	t->places = quota_new(conf->conns_max, conf->conns_client_max);
	t->opening = quota_new(conf->opening_max, conf->opening_client_max);
	t->proven = proven_new();
	if (!t->conns || !t->places || !t->opening || !t->proven) {
		tcp_table_free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

void
tcp_table_close(struct tcp_table *t)
{
	struct tcp *c;
	size_t i = 0;

	while ((c = map_next(t->conns, &i)) != NULL)
		tcp_abort(c, -ECONNRESET);
	loop_timer_clear(t->conf.loop, &t->timer);
}

void
tcp_table_free(struct tcp_table *t)
{
	if (t == NULL)
		return;
	map_free(t->conns);
	quota_free(t->places);
	quota_free(t->opening);
	proven_free(t->proven);
	free(t);
}

void
tcp_table_totals(const struct tcp_table *t, struct tcp_totals *out)
{
	out->conns = quota_count(t->places);
	out->opening = quota_count(t->opening);
	out->waiting = t->nwaiting;
	out->bytes = t->host.bytes;
	out->opened = t->opened;
	out->refused = t->refused;
	out->resets = t->host.resets;
}
