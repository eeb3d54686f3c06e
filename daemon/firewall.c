/* daemon/firewall.c - the firewall, as the engine sees it
 *
 * Theory of operation
 *	Authorities and fallbacks, or bridges, are in its sets from the start, and
 *	so is where a FlowRule leads that says direct by network: nobody has to
 *	ask for those.  All else is asked for once, and remembered; but what was
 *	asked for so many questions ago that the firewall's process may have
 *	forgotten it is asked for again.  Each question counts that was sent,
 *	also one that was withdrawn.
 *
 *	  ask -> unsent -> sent -> answer
 *
 *	A question has a number, and so has its answer: who withdrew does not
 *	hear it, and nothing is remembered of it.  Only so many are sent at a
 *	time, as many as one run of nft serves, those for relays first: what
 *	clients begin past Tor never holds up the way to it.  As long as some
 *	are, answers come; when none did for a while, all that wait are told so.
 *
 *	With another configuration, what may go direct is forgotten; so are then
 *	the answers to what was asked before.
 */
#include "daemon/firewall.h"

#include <errno.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/permit.h"
#include "daemon/conf.h"
#include "daemon/evloop.h"
#include "daemon/fwsets.h"
#include "daemon/procmsg.h"
#include "policy/rule.h"

enum {
	ANSWER_MS = 10 * 1000,
	TURN_MAX = 256,		/* messages of one turn */
	SENT_MAX = 64,
	WAITING_MAX = 4096	/* of a kind */
};

static const uint32_t kept[FWSETS_NKINDS] = {
	[FWSETS_RELAYS] = FWSETS_RELAYS_MAX,
	[FWSETS_DIRECT] = FWSETS_DIRECT_MAX
};

struct firewall {
	int		 fd;
	struct evloop	*ev;
	const struct conf *conf;
	struct event	*readable;
	struct loop_timer later;
	struct loop_timer patience;
	struct fwsets	*known;
	struct permit_giver relays, direct;
	struct permits	 unsent[FWSETS_NKINDS], sent;
	size_t		 nunsent[FWSETS_NKINDS], nsent;
	const struct firewall_user *user;
	void		*arg;
	int32_t		 number;	/* of the last question */
	int32_t		 stale;		/* up to that one: see above */
	int		 is_open, told;	/* the gate; what the user knows */
	int		 dead, told_dead;
	struct log_limit limit;
};

/* --- who waits --- */

static void
take_out(struct firewall *f, struct permit *p)
{
	if (p->number) {
		TAILQ_REMOVE(&f->sent, p, list);
		f->nsent--;
	} else {
		TAILQ_REMOVE(&f->unsent[p->kind], p, list);
		f->nunsent[p->kind]--;
	}
	p->waits = 0;
}

/* In the order of their kinds: relays are the first. */
static struct permit *
first_unsent(struct firewall *f)
{
	struct permit *p = NULL;
	size_t i;

	for (i = 0; i < FWSETS_NKINDS && p == NULL; i++)
		p = TAILQ_FIRST(&f->unsent[i]);
	return p;
}

static size_t
count_waiting(const struct firewall *f)
{
	size_t i, n = f->nsent;

	for (i = 0; i < FWSETS_NKINDS; i++)
		n += f->nunsent[i];
	return n;
}

static void
withdraw(void *arg, struct permit *p)
{
	take_out(arg, p);
}

static void
tell(struct firewall *f, struct permit *p, int rc)
{
	take_out(f, p);
	p->answer(p->arg, rc);
}

/* All that wait now; who asks anew meanwhile does so behind them. */
static void
tell_all(struct firewall *f, int rc)
{
	struct permit *p;
	size_t n = count_waiting(f);

	for (; n > 0; n--) {
		if ((p = TAILQ_FIRST(&f->sent)) == NULL &&
		    (p = first_unsent(f)) == NULL)
			break;
		tell(f, p, rc);
	}
}

/* --- what it says --- */

static void
tell_user(struct firewall *f)
{
	int shut = !f->is_open || f->dead;

	if (f->told == shut) {
		f->told = !shut;
		f->user->gate(f->arg, !shut);
	}
	if (f->dead && !f->told_dead) {
		f->told_dead = 1;
		tell_all(f, -EPIPE);
		f->user->gone(f->arg);
	}
}

static void
on_later(void *arg)
{
	tell_user(arg);
}

static void
die(struct firewall *f)
{
	if (f->dead)
		return;
	f->dead = 1;
	event_del(f->readable);
	loop_timer_clear(&f->ev->loop, &f->patience);
	loop_timer_in(&f->ev->loop, &f->later, 0);
	log_limited(&f->limit, LL_WARN, LD_NET, "the firewall's process does "
	    "not answer");
}

static void
on_patience(void *arg)
{
	struct firewall *f = arg;

	log_limited(&f->limit, LL_WARN, LD_NET, "the firewall's process does "
	    "not answer");
	tell_all(f, -ETIMEDOUT);
}

/* --- questions --- */

static int
send_one(struct firewall *f, struct permit *p)
{
	struct procmsg m = { .type = p->kind == FWSETS_RELAYS ?
		PROCMSG_PERMIT_RELAY : PROCMSG_PERMIT_DIRECT };
	int rc;

	/* 0 is no question's */
	m.value = f->number == INT32_MAX ? 1 : f->number + 1;
	addr_raw(&p->to, m.text);
	if ((rc = procmsg_send_now(f->fd, &m)) < 0)
		return rc;
	f->number = m.value;
	TAILQ_REMOVE(&f->unsent[p->kind], p, list);
	f->nunsent[p->kind]--;
	p->number = m.value;
	p->asked = fwsets_count_request(f->known, p->kind);
	TAILQ_INSERT_TAIL(&f->sent, p, list);
	f->nsent++;
	return 0;
}

/* As many as may be; where the socket is full, the next answer is the
 * occasion. */
static void
send_more(struct firewall *f)
{
	struct permit *p;
	int rc = 0;

	while (rc == 0 && f->nsent < SENT_MAX &&
	    (p = first_unsent(f)) != NULL)
		rc = send_one(f, p);
	if (rc < 0 && rc != -EAGAIN) {
		die(f);
		return;
	}
	if (count_waiting(f) == 0)
		loop_timer_clear(&f->ev->loop, &f->patience);
	else if (!f->patience.armed)
		loop_timer_in(&f->ev->loop, &f->patience, ANSWER_MS);
}

static int
ask(struct firewall *f, enum fwsets_kind kind, struct permit *p,
    const struct addr *a)
{
	struct addr plain = *a;		/* what is of an interface only would
					 * be another one each time */

	plain.scope = 0;
	if (fwsets_age(f->known, kind, &plain) < kept[kind])
		return 0;
	if (f->dead)
		return -EPIPE;
	if (f->nunsent[kind] >= WAITING_MAX)
		return -EAGAIN;
	p->to = *a;
	p->kind = (uint8_t)kind;
	p->number = 0;
	p->waits = 1;
	TAILQ_INSERT_TAIL(&f->unsent[kind], p, list);
	f->nunsent[kind]++;
	send_more(f);
	return -EINPROGRESS;
}

static int
ask_relay(void *arg, struct permit *p, const struct addr *a)
{
	return ask(arg, FWSETS_RELAYS, p, a);
}

/* --- answers --- */

static void
remember(struct firewall *f, const struct permit *p)
{
	struct addr plain = p->to;

	plain.scope = 0;
	if (p->kind == FWSETS_RELAYS || p->number > f->stale)
		(void)fwsets_add_asked(f->known, p->kind, &plain, p->asked);
}

static void
take_answer(struct firewall *f, const struct procmsg *m)
{
	struct permit *p;

	TAILQ_FOREACH(p, &f->sent, list)
		if (p->number == m->value)
			break;
	if (p == NULL)
		return;
	loop_timer_clear(&f->ev->loop, &f->patience);
	if (m->type == PROCMSG_DONE) {
		remember(f, p);
		tell(f, p, 0);
		return;
	}
	log_limited(&f->limit, LL_WARN, LD_NET, "the firewall does not let "
	    "the program connect: %s", m->text);
	tell(f, p, -EACCES);
}

static void
take(struct firewall *f, struct procmsg *m)
{
	procmsg_close(m);
	if (m->type == PROCMSG_GATE)
		f->is_open = m->value == 1;
	else if (m->type == PROCMSG_DONE || m->type == PROCMSG_FAILED)
		take_answer(f, m);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct firewall *f = arg;
	struct procmsg m;
	int rc, i;

	(void)what;
	evloop_enter(f->ev);
	for (i = 0; i < TURN_MAX; i++) {
		if ((rc = procmsg_recv(fd, &m, 0)) < 0)
			break;
		take(f, &m);
	}
	if (i < TURN_MAX && rc != -ETIMEDOUT)
		die(f);
	if (!f->dead)
		send_more(f);
	tell_user(f);
	evloop_leave(f->ev);
}

/* --- direct flows --- */

/* Rules by network stand in the firewall's own text. */
static int
is_by_network(const struct conf *c, const struct addr *a)
{
	const struct rule *r;
	size_t i;
	unsigned j;

	for (i = 0; i < c->nflow_rules; i++) {
		r = &c->flow_rules[i];
		if (r->action != RULE_DIRECT || r->to_kind != RULE_TO_NET ||
		    (r->proto != RULE_PROTO_ANY &&
		    r->proto != RULE_PROTO_TCP) || !addr_in_net(a, &r->to))
			continue;
		for (j = 0; j < r->nports; j++)
			if (a->port >= r->ports[j].lo &&
			    a->port <= r->ports[j].hi)
				return 1;
		if (r->nports == 0)
			return 1;
	}
	return 0;
}

static int
ask_direct(void *arg, struct permit *p, const struct addr *a)
{
	struct firewall *f = arg;

	return is_by_network(f->conf, a) ? 0 : ask(f, FWSETS_DIRECT, p, a);
}

/* --- its life --- */

static int
set_base(struct firewall *f, const struct conf *c)
{
	size_t n = 2 * (c->nauthorities + c->nfallbacks) + c->nbridges, k = 0;
	struct addr *all = calloc(n + 1, sizeof(*all));
	int rc;

	if (all == NULL)
		return -ENOMEM;
	while (k < n && conf_first_relay(c, k, &all[k]))
		k++;
	rc = fwsets_set_base(f->known, all, k);
	free(all);
	return rc;
}

int
firewall_set_conf(struct firewall *f, const struct conf *c)
{
	f->conf = c;
	f->stale = f->number;
	fwsets_forget(f->known, FWSETS_DIRECT);
	return set_base(f, c);
}

int
firewall_new(struct firewall **out, int fd, struct evloop *ev,
    const struct conf *c, const struct firewall_user *user, void *arg)
{
	struct firewall *f = calloc(1, sizeof(*f));
	size_t i;

	if (f == NULL) {
		close(fd);
		return -ENOMEM;
	}
	f->fd = fd;
	f->ev = ev;
	f->conf = c;
	f->user = user;
	f->arg = arg;
	f->limit.every_s = 60;
	loop_timer_init(&f->later, on_later, f);
	loop_timer_init(&f->patience, on_patience, f);
	for (i = 0; i < FWSETS_NKINDS; i++)
		TAILQ_INIT(&f->unsent[i]);
	TAILQ_INIT(&f->sent);
	f->relays = (struct permit_giver){ ask_relay, withdraw, f };
	f->direct = (struct permit_giver){ ask_direct, withdraw, f };
	f->readable = event_new(ev->base, fd, EV_READ | EV_PERSIST,
	    on_readable, f);
	if (f->readable == NULL || event_add(f->readable, NULL) < 0 ||
	    fwsets_new(&f->known, FWSETS_RELAYS_KNOWN,
	    FWSETS_DIRECT_KNOWN) < 0 || set_base(f, c) < 0) {
		firewall_free(f);
		return -ENOMEM;
	}
	*out = f;
	return 0;
}

/* Whoever still waits does so for nobody. */
static void
forget_all(struct permits *all)
{
	struct permit *p;

	while ((p = TAILQ_FIRST(all)) != NULL) {
		TAILQ_REMOVE(all, p, list);
		p->waits = 0;
	}
}

void
firewall_free(struct firewall *f)
{
	size_t i;

	if (f == NULL)
		return;
	loop_timer_clear(&f->ev->loop, &f->later);
	loop_timer_clear(&f->ev->loop, &f->patience);
	for (i = 0; i < FWSETS_NKINDS; i++)
		forget_all(&f->unsent[i]);
	forget_all(&f->sent);
	if (f->readable)
		event_free(f->readable);
	fwsets_free(f->known);
	close(f->fd);
	free(f);
}

int
firewall_is_open(const struct firewall *f)
{
	return f->is_open && !f->dead;
}

const struct permit_giver *
firewall_relays(const struct firewall *f)
{
	return &f->relays;
}

const struct permit_giver *
firewall_direct(const struct firewall *f)
{
	return &f->direct;
}
