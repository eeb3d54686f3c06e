/* tests/daemon/fakeengine.h - an engine that is made up, for tests of a gateway
 *
 * What it is asked for is looked at; streams and answers come when the test says
 * so.  Its functions come before those of libonion.a.  Included by one file of
 * a program.
 */
#ifndef TESTS_DAEMON_FAKEENGINE_H
#define TESTS_DAEMON_FAKEENGINE_H

#include <stdio.h>
#include <string.h>

#include "base/endpoint.h"
#include "onion/onion.h"
#include "tests/unit.h"

enum { FAKES_MAX = 60 };

struct fake {			/* a client's end, or a stream's */
	struct endpoint	ep;
	int		dead, why, fin, accepted;
};

struct onion_lookup {
	onion_lookup_fn	*fn;
	void		*arg;
	int		 cancelled;
};

static struct fake fakes[FAKES_MAX];
static int nfakes, connects, resolves;
static int connect_rc, resolve_rc;	/* what is said to it */
static struct fake *far;		/* the last stream */
static uint8_t token[ONION_TOKEN];	/* and what it was asked for by: */
static char host[ONION_HOST_MAX + 1], asked[ONION_HOST_MAX + 1];
static uint16_t port;
static int exit_id, no_ipv4, no_ipv6, alone;
static char exits[600];			/* "": any */
static struct onion_lookup lookup;

static size_t
fake_take(struct endpoint *e, const void *p, size_t len)
{
	(void)e;
	(void)p;
	return len;
}

static void fake_grant(struct endpoint *e, size_t n) { (void)e; (void)n; }

static void
fake_fin(struct endpoint *e)
{
	((struct fake *)(void *)e)->fin = 1;
}

static void
fake_die(struct endpoint *e, int why)
{
	struct fake *f = (struct fake *)(void *)e;

	ck_assert_int_eq(f->dead, 0);
	f->dead = 1;
	f->why = why;
}

static void
fake_accepted(struct endpoint *e)
{
	((struct fake *)(void *)e)->accepted++;
}

/* Clients that are let in already, and such as are kept waiting. */
static const struct endpoint_ops fake_taken = {
	.send = fake_take, .grant = fake_grant, .fin = fake_fin,
	.kill = fake_die
};
static const struct endpoint_ops fake_held = {
	.send = fake_take, .grant = fake_grant, .fin = fake_fin,
	.kill = fake_die, .accept = fake_accepted
};
static const struct endpoint_ops *fake_ops = &fake_taken;

static struct fake *
fake(void)
{
	struct fake *f = &fakes[nfakes];

	ck_assert_int_lt(nfakes++, FAKES_MAX);
	memset(f, 0, sizeof(*f));
	f->ep.ops = fake_ops;
	return f;
}

static void
fake_begin(const struct endpoint_ops *ops)
{
	fake_ops = ops;
	nfakes = connects = resolves = connect_rc = resolve_rc = 0;
}

int
onion_connect(struct onion *o, const uint8_t t[ONION_TOKEN],
    const struct onion_target *target, struct endpoint **out)
{
	(void)o;
	connects++;
	memcpy(token, t, ONION_TOKEN);
	snprintf(host, sizeof(host), "%s", target->host);
	port = target->port;
	exit_id = target->exit ? target->exit[0] : 0;
	no_ipv4 = target->no_ipv4;
	no_ipv6 = target->no_ipv6;
	alone = target->alone;
	snprintf(exits, sizeof(exits), "%s", target->exits ? target->exits :
	    "");
	if (connect_rc < 0)
		return connect_rc;
	far = fake();
	*out = &far->ep;
	return 0;
}

int
onion_resolve(struct onion *o, const uint8_t t[ONION_TOKEN],
    const struct onion_question *q, onion_lookup_fn *fn, void *arg,
    struct onion_lookup **out)
{
	(void)o;
	resolves++;
	memcpy(token, t, ONION_TOKEN);
	snprintf(asked, sizeof(asked), "%s", q->name);
	snprintf(exits, sizeof(exits), "%s", q->exits ? q->exits : "");
	lookup.fn = fn;
	lookup.arg = arg;
	lookup.cancelled = 0;
	*out = &lookup;
	return resolve_rc;
}

void onion_lookup_cancel(struct onion_lookup *l) { l->cancelled = 1; }

#endif
