/* tun/tcp_life.c - what happens to a connection, and what follows from it
 *
 * Theory of operation
 *	tcp_fsm says which state and action follow; here the state is written,
 *	the table is told, and then the action is done, the holder's call last.
 *	Who dies is out of the table, has no timer and no holder at once; its
 *	memory goes with its turn, as whoever called may be in the midst of it.
 */
#include "tun/tcp_life.h"

#include <errno.h>

#include "base/log.h"
#include "tun/tcp_conn.h"
#include "tun/tcp_out.h"

void
tcp_count(struct tcp *c)
{
	struct memory *all = c->host->memory;
	size_t n = 0;

	if (c->share == NULL)
		return;
	if (c->state != TCP_S_DEAD && c->state != TCP_S_TIME_WAIT)
		n = tcp_snd_memory(&c->snd) + c->rcv.early_bytes;
	c->host->bytes += n - c->counted;
	if (all)
		all->used += n - c->counted;
	*c->share += n - c->counted;
	c->counted = (uint32_t)n;
}

/* Half of the difference, since a queue may take twice as much as waits. */
size_t
tcp_room(const struct tcp *c)
{
	const struct tcp_host *h = c->host;
	size_t left = h->bytes < h->bytes_max ? h->bytes_max - h->bytes : 0;
	size_t own = c->share && left > *c->share ? (left - *c->share) / 2 : 0;
	size_t all = h->memory ? memory_room(h->memory, h->bytes) : own;

	return own < all ? own : all;
}

void
tcp_challenge(struct tcp *c)
{
	if (!rate_bucket_take(&c->challenges, c->host->loop->now,
	    TCP_CHALLENGE_MS, TCP_CHALLENGE_BURST))
		return;
	c->ack_now = 1;
	tcp_wake(c);
}

static void
die(struct tcp *c)
{
	loop_timer_clear(c->host->loop, &c->timer);
	tcp_count(c);
	tcp_wake(c);
}

static void
tell_gone(struct tcp *c, int why)
{
	const struct endpoint_user *user = c->ep.user;

	c->ep.user = NULL;
	if (user)
		user->gone(c->ep.arg, why);
}

static void
answer(struct tcp *c)
{
	c->syn_now = 1;
	c->tries = 0;
	c->at = c->host->loop->now + TCP_SYN_MS;
	tcp_wake(c);
}

static void
send_fin(struct tcp *c)
{
	tcp_snd_fin(&c->snd);
	c->moved = c->host->loop->now;
	tcp_wake(c);
}

static void
opened(struct tcp *c)
{
	c->tries = 0;
	c->at = LOOP_NEVER;
	tcp_wake(c);
	if (c->fin)
		tcp_event(c, TCP_E_CLOSE, 0);
	if (c->ep.user && c->ep.user->open)
		c->ep.user->open(c->ep.arg);
}

static void
told_fin(struct tcp *c)
{
	c->ack_now = 1;
	tcp_wake(c);
	if (c->ep.user)
		c->ep.user->fin(c->ep.arg);
}

/* Both ended in order; TIME_WAIT needs but the numbers. */
static void
ended(struct tcp *c)
{
	if (c->state == TCP_S_DEAD) {
		die(c);
	} else {
		loop_timer_clear(c->host->loop, &c->timer);
		tcp_snd_free(&c->snd);
		tcp_rcv_free(&c->rcv);
		tcp_count(c);
		tcp_wake(c);
	}
	tell_gone(c, 0);
}

static void
lost(struct tcp *c, int why, int tell_client)
{
	c->host->resets++;
	if (tell_client)
		tcp_out_rst(c);
	die(c);
	tell_gone(c, why);
}

static void
act(struct tcp *c, enum tcp_action a, enum tcp_state from, int why)
{
	switch (a) {
	case TCP_A_KILL:
	case TCP_NACTIONS:
		die(c);
		break;
	case TCP_A_NONE:
		break;
	case TCP_A_ANSWER:
		answer(c);
		break;
	case TCP_A_REFUSE:
		c->host->refuse(c->host->arg, c, why);
		die(c);
		break;
	case TCP_A_RESET:
		lost(c, 0, 1);
		break;
	case TCP_A_OPEN:
		opened(c);
		break;
	case TCP_A_SEND_FIN:
		send_fin(c);
		break;
	case TCP_A_TELL_FIN:
		told_fin(c);
		break;
	case TCP_A_TELL_LOST:
		lost(c, -ECONNRESET, 0);
		break;
	case TCP_A_TELL_LATE:
		lost(c, why, from != TCP_S_HELD);
		break;
	case TCP_A_TELL_END:
		ended(c);
		break;
	case TCP_A_CHALLENGE:
		tcp_challenge(c);
		break;
	case TCP_A_ACK_AGAIN:
		c->ack_now = 1;
		tcp_wake(c);
		break;
	}
}

void
tcp_event(struct tcp *c, enum tcp_event e, int why)
{
	enum tcp_state from = c->state;
	struct tcp_step step = tcp_fsm_step(from, e);

	if (from == TCP_S_DEAD)
		return;
	log_debug(LD_NET, "client's connection: %s in %s: %s",
	    tcp_fsm_event_name(e), tcp_fsm_state_name(from),
	    tcp_fsm_state_name(step.next));
	c->state = (uint8_t)step.next;
	if (step.next != from || e == TCP_E_GOT_FIN)
		c->host->moved(c->host->arg, c, from);
	act(c, step.action, from, why);
}
