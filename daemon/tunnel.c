/* daemon/tunnel.c - a TUN device with its stack, as a door
 *
 * Theory of operation
 *	One turn reads up to TUNNEL_BATCH packets, so that acknowledgements and
 *	data of all of them go out together when it ends, and others have their
 *	turn, too.  A packet that the device does not take is lost; TCP repeats
 *	it, and so does whoever asked.
 *
 *	A question is one UDP datagram that waits for its answer: it knows who
 *	asked, and which address.  It ends with the answer, or with the tunnel,
 *	which drops it.  How many there are is dnsport's to bound.
 *
 *	While the interface is down there is nothing to read.  Should reading
 *	say so as an error, the descriptor could be readable for ever, so it
 *	rests for TUNNEL_REST_MS.  Any other error is the end of the device.
 *
 *	The device is closed at once when the tunnel is freed, so that its name
 *	can be opened again; the rest goes when the turn ends, behind what the
 *	stack has queued in it.
 */
#include "daemon/tunnel.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "daemon/dnsflow.h"
#include "daemon/evloop.h"
#include "dnsport/dnsport.h"
#include "tun/pkt.h"
#include "tun/tundev.h"

enum { PORT_DNS = 53 };

_Static_assert((int)TUNDEV_READ <= (int)EVLOOP_SCRATCH, "a packet has room");

struct question {
	LIST_ENTRY(question) link;
	struct tunnel	*tunnel;
	struct dns_query *query;
	struct addr	 client, dest;
};

struct tunnel {
	struct tunnel_conf conf;
	struct tundev	*dev;
	struct stack	*stack;
	struct dnsflows	*dnsflows;
	struct event	*event;
	struct loop_timer rest;
	LIST_HEAD(, question) questions;
	struct loop_item reap;
};

/* --- what the stack says --- */

static void
on_emit(void *arg, const struct pkt_out *p)
{
	static struct log_limit limit = { .every_s = 60 };
	struct tunnel *t = arg;
	int rc;

	if (t->dev == NULL)		/* it is being freed */
		return;
	if ((rc = tundev_write(t->dev, p)) < 0)
		log_limited(&limit, LL_INFO, LD_NET, "%s: a packet is lost: %s",
		    tundev_name(t->dev), rc == -EIO ? "the interface is down" :
		    strerror(-rc));
}

static void
on_open(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *ep)
{
	struct tunnel *t = arg;

	if (dest->port == PORT_DNS)
		dnsflows_take(t->dnsflows, door_share(t->conf.door, client),
		    ep);
	else
		gateway_flow(t->conf.gateway, t->conf.door, client, dest, ep);
}

static void
question_free(struct question *q)
{
	LIST_REMOVE(q, link);
	free(q);
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	struct question *q = arg;

	if (msg)
		stack_send(q->tunnel->stack, &q->dest, &q->client, msg, len);
	question_free(q);
}

static void
on_datagram(void *arg, const struct addr *client, const struct addr *dest,
    const void *msg, size_t len)
{
	struct tunnel *t = arg;
	struct dns_from from = { .client = *door_share(t->conf.door, client),
	    .listener = (void *)(uintptr_t)t->conf.door };
	struct dns_query *query = NULL;
	struct question *q;

	if (!dnsport_may_answer(client->port) ||
	    (q = calloc(1, sizeof(*q))) == NULL)
		return;
	q->tunnel = t;
	q->client = *client;
	q->dest = *dest;
	LIST_INSERT_HEAD(&t->questions, q, link);
	if (dnsport_query(gateway_dnsport(t->conf.gateway), msg, len, &from,
	    on_reply, q, &query) < 0)
		question_free(q);
	else if (query)		/* else it was answered, and @q is gone */
		q->query = query;
}

static const struct stack_user stack_users = {
	.emit = on_emit, .open = on_open, .datagram = on_datagram
};

/* --- what the device says --- */

static void
rest(struct tunnel *t)
{
	static struct log_limit limit = { .every_s = 60 };

	log_limited(&limit, LL_WARN, LD_NET, "%s is down: nothing can pass "
	    "until it is up again", tundev_name(t->dev));
	event_del(t->event);
	loop_timer_in(&t->conf.ev->loop, &t->rest, TUNNEL_REST_MS);
}

static void
rested(void *arg)
{
	struct tunnel *t = arg;

	event_add(t->event, NULL);
}

static void
gone(struct tunnel *t, int why)
{
	log_warn(LD_NET, "%s is gone: %s", tundev_name(t->dev),
	    strerror(-why));
	event_del(t->event);
	t->conf.gone(t->conf.arg, why);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tunnel *t = arg;
	struct evloop *ev = t->conf.ev;
	struct pkt_in p;
	int i, rc = 1;

	(void)fd;
	(void)what;
	evloop_enter(ev);
	for (i = 0; i < TUNNEL_BATCH && rc > 0; i++)
		if ((rc = tundev_read(t->dev, ev->scratch, &p)) > 0)
			stack_input(t->stack, &p);
	if (rc == -EIO)
		rest(t);
	else if (rc < 0)
		gone(t, rc);
	evloop_leave(ev);
}

/* --- the whole --- */

static void
reap(void *arg)
{
	free(arg);
}

static int
make_stack(struct tunnel *t)
{
	struct stack_conf sc = {
		.loop = &t->conf.ev->loop, .mtu = t->conf.mtu,
		.offload = tundev_offload(t->dev), .nown = t->conf.nown,
		.udp_port = PORT_DNS, .conns_max = t->conf.conns_max,
		.conns_client_max = t->conf.conns_max / 4 * 3,
		.opening_max = t->conf.opening_max,
		.opening_client_max = t->conf.opening_max / 2,
		.bytes_max = t->conf.bytes_max, .memory = t->conf.memory,
		.user = &stack_users, .arg = t
	};

	memcpy(sc.own, t->conf.own, sizeof(sc.own));
	return stack_new(&t->stack, &sc);
}

static int
make_dnsflows(struct tunnel *t)
{
	struct dnsflow_conf dc = {
		.loop = &t->conf.ev->loop,
		.dnsport = gateway_dnsport(t->conf.gateway),
		.listener = (void *)(uintptr_t)t->conf.door
	};

	return dnsflows_new(&t->dnsflows, &dc);
}

int
tunnel_new(struct tunnel **out, const struct tunnel_conf *conf,
    struct tundev *dev)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return -ENOMEM;
	t->conf = *conf;
	t->dev = dev;
	LIST_INIT(&t->questions);
	loop_timer_init(&t->rest, rested, t);
	loop_item_init(&t->reap, reap, t);
	if ((rc = make_dnsflows(t)) < 0 || (rc = make_stack(t)) < 0)
		goto fail;
	rc = -ENOMEM;
	t->event = event_new(conf->ev->base, tundev_fd(dev),
	    EV_READ | EV_PERSIST, on_readable, t);
	if (t->event == NULL || event_add(t->event, NULL) < 0)
		goto fail;
	*out = t;
	return 0;

fail:
	t->dev = NULL;			/* the caller's still */
	tunnel_free(t);
	return rc;
}

void
tunnel_free(struct tunnel *t)
{
	struct question *q;

	if (t == NULL)
		return;
	while ((q = LIST_FIRST(&t->questions)) != NULL) {
		dnsport_drop(q->query);
		question_free(q);
	}
	dnsflows_free(t->dnsflows);
	dnsport_forget(gateway_dnsport(t->conf.gateway), t->conf.door);
	if (t->stack)
		stack_free(t->stack);
	loop_timer_clear(&t->conf.ev->loop, &t->rest);
	if (t->event)
		event_free(t->event);
	tundev_free(t->dev);
	t->dev = NULL;
	loop_item_add(&t->conf.ev->loop, &t->reap);
}

const char *
tunnel_name(const struct tunnel *t)
{
	return tundev_name(t->dev);
}

void
tunnel_totals(const struct tunnel *t, struct stack_totals *totals)
{
	stack_totals(t->stack, totals);
}
