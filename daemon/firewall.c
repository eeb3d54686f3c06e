/* daemon/firewall.c - the firewall, as the engine sees it
 *
 * Theory of operation
 *	Authorities and fallbacks are in the firewall's sets from the start, and
 *	so is where a FlowRule leads that says direct by network: nobody has to
 *	ask for those.  All else is asked for once, and remembered in the order
 *	of asking, less of it than the firewall's process keeps.
 *
 *	A question has a number, and so has its answer: one that came too late
 *	is passed over.  The gate may change while an answer is waited for; that
 *	is told in the next turn.
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
#include "daemon/conf.h"
#include "daemon/evloop.h"
#include "daemon/fwsets.h"
#include "daemon/procmsg.h"
#include "policy/rule.h"

enum {
	ANSWER_MS = 10 * 1000,
	PASSED_MAX = 256	/* other messages before an answer */
};

struct firewall {
	int		 fd;
	struct evloop	*ev;
	const struct conf *conf;
	struct event	*readable;
	struct loop_timer later;
	struct fwsets	*known;
	const struct firewall_user *user;
	void		*arg;
	int32_t		 number;	/* of the last question */
	int		 is_open, told;	/* the gate; what the user knows */
	int		 dead, told_dead;
	struct log_limit limit;
};

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
	f->dead = 1;
	event_del(f->readable);
	loop_timer_in(&f->ev->loop, &f->later, 0);
}

/* 1: it is the answer to @number. */
static int
take(struct firewall *f, struct procmsg *m, int32_t number)
{
	procmsg_close(m);
	if (m->type == PROCMSG_GATE) {
		f->is_open = m->value == 1;
		loop_timer_in(&f->ev->loop, &f->later, 0);
	}
	return (m->type == PROCMSG_DONE || m->type == PROCMSG_FAILED) &&
	    m->value == number;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct firewall *f = arg;
	struct procmsg m;
	int rc, i;

	(void)what;
	evloop_enter(f->ev);
	for (i = 0; i < PASSED_MAX; i++) {
		if ((rc = procmsg_recv(fd, &m, 0)) < 0)
			break;
		(void)take(f, &m, 0);
	}
	if (i < PASSED_MAX && rc != -ETIMEDOUT)
		die(f);
	tell_user(f);
	evloop_leave(f->ev);
}

/* --- questions --- */

static int
await(struct firewall *f, int32_t number)
{
	struct procmsg m;
	int rc, i;

	for (i = 0; i < PASSED_MAX; i++) {
		if ((rc = procmsg_recv(f->fd, &m, ANSWER_MS)) < 0)
			return rc;
		if (!take(f, &m, number))
			continue;
		if (m.type == PROCMSG_DONE)
			return 0;
		log_limited(&f->limit, LL_WARN, LD_NET, "the firewall does not "
		    "let the program connect: %s", m.text);
		return -EACCES;
	}
	return -ETIMEDOUT;
}

static int
ask(struct firewall *f, enum procmsg_type type, const struct addr *a)
{
	struct procmsg m = { .type = type };
	int rc;

	/* 0 is no question's */
	f->number = f->number == INT32_MAX ? 1 : f->number + 1;
	m.value = f->number;
	addr_raw(a, m.text);
	if (f->dead)
		return -EPIPE;
	if ((rc = procmsg_send_now(f->fd, &m)) == 0)
		rc = await(f, f->number);
	if (rc < 0 && rc != -EACCES)
		log_limited(&f->limit, LL_WARN, LD_NET, "the firewall's "
		    "process does not answer");
	if (rc == -EPIPE || rc == -EPROTO)
		die(f);
	return rc;
}

static int
permit(struct firewall *f, enum fwsets_kind kind, enum procmsg_type type,
    const struct addr *a)
{
	struct addr plain = *a;		/* what is of an interface only would
					 * be another one each time */
	int rc;

	plain.scope = 0;
	if (fwsets_has(f->known, kind, &plain))
		return 0;
	if ((rc = ask(f, type, &plain)) < 0)
		return rc;
	(void)fwsets_add(f->known, kind, &plain);
	return 0;
}

int
firewall_relay(void *arg, const struct addr *a)
{
	return permit(arg, FWSETS_RELAYS, PROCMSG_PERMIT_RELAY, a);
}

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

int
firewall_direct(void *arg, const struct addr *a)
{
	struct firewall *f = arg;

	return is_by_network(f->conf, a) ? 0 :
	    permit(f, FWSETS_DIRECT, PROCMSG_PERMIT_DIRECT, a);
}

/* --- its life --- */

static int
set_base(struct firewall *f, const struct conf *c)
{
	size_t n = 2 * (c->nauthorities + c->nfallbacks), k = 0, i;
	struct addr *all = calloc(n + 1, sizeof(*all));
	int rc;

	if (all == NULL)
		return -ENOMEM;
	for (i = 0; i < c->nauthorities; i++) {
		all[k++] = c->authorities[i].or4;
		all[k++] = c->authorities[i].or6;
	}
	for (i = 0; i < c->nfallbacks; i++) {
		all[k++] = c->fallbacks[i].or4;
		all[k++] = c->fallbacks[i].or6;
	}
	rc = fwsets_set_base(f->known, all, k);
	free(all);
	return rc;
}

int
firewall_set_conf(struct firewall *f, const struct conf *c)
{
	f->conf = c;
	fwsets_forget(f->known, FWSETS_DIRECT);
	return set_base(f, c);
}

int
firewall_new(struct firewall **out, int fd, struct evloop *ev,
    const struct conf *c, const struct firewall_user *user, void *arg)
{
	struct firewall *f = calloc(1, sizeof(*f));

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

void
firewall_free(struct firewall *f)
{
	if (f == NULL)
		return;
	loop_timer_clear(&f->ev->loop, &f->later);
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
