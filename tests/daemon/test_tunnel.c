/* tests/daemon/test_tunnel.c - a door between a device and a stack, both ours
 *
 * Packets are numbers here: the fake device gives them, the fake stack counts
 * them.  What the stack would say of them the tests say.
 */
#include "daemon/tunnel.h"

#include <check.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "daemon/evloop.h"
#include "tests/dnsport/server.h"
#include "tests/quiet.h"
#include "tests/unit.h"
#include "tun/pkt.h"
#include "tun/tundev.h"

struct tundev {
	int		 fd[2];		/* readable while there is something */
	int		 left;		/* packets */
	int		 error;		/* once they are read; 0: none */
	unsigned	 reads, writes, frees;
};

struct stack {
	struct stack_conf conf;
	unsigned	 inputs, frees;
	struct addr	 from, to;	/* of the last answer */
	unsigned	 answers;
	struct loop_item last;
};

static struct evloop ev;
static struct tundev dev;
static struct stack stack;
static struct tunnel *tunnel;
static struct query query;
static int stack_rc;
static struct door door = { .proto = DOOR_TUN };
static unsigned gones, flows, forgets;
static int gone_why;
static struct addr flow_client, flow_dest;

/* --- the device --- */

int tundev_fd(const struct tundev *d) { return d->fd[0]; }
int tundev_offload(const struct tundev *d) { (void)d; return 1; }
const char *tundev_name(const struct tundev *d) { (void)d; return "ot0"; }

int
tundev_read(struct tundev *d, uint8_t *buf, struct pkt_in *p)
{
	d->reads++;
	if (d->left == 0)
		return d->error;
	d->left--;
	buf[TUNDEV_READ - 1] = 0;
	*p = (struct pkt_in){ .p = buf, .len = 1 };
	return 1;
}

int
tundev_write(struct tundev *d, const struct pkt_out *p)
{
	(void)p;
	d->writes++;
	return -EIO;
}

void
tundev_free(struct tundev *d)
{
	if (d)
		d->frees++;
}

/* --- the stack --- */

/* A stack may have something to say until the turn ends. */
static void
last_word(void *arg)
{
	struct pkt_out out = { .headlen = 1 };
	struct stack *s = arg;

	s->conf.user->emit(s->conf.arg, &out);
}

int
stack_new(struct stack **out, const struct stack_conf *conf)
{
	memset(&stack, 0, sizeof(stack));
	stack.conf = *conf;
	loop_item_init(&stack.last, last_word, &stack);
	*out = &stack;
	return stack_rc;
}

void
stack_free(struct stack *s)
{
	struct pkt_out out = { .headlen = 1 };

	s->frees++;
	s->conf.user->emit(s->conf.arg, &out);
	loop_item_add(s->conf.loop, &s->last);
}

void
stack_input(struct stack *s, const struct pkt_in *p)
{
	struct pkt_out out = { .headlen = 1 };

	ck_assert_uint_eq(p->len, 1);
	s->inputs++;
	s->conf.user->emit(s->conf.arg, &out);
}

void
stack_send(struct stack *s, const struct addr *from, const struct addr *client,
    const void *p, size_t len)
{
	ldns_pkt_free(query_read(p, len));
	s->from = *from;
	s->to = *client;
	s->answers++;
}

void
stack_totals(const struct stack *s, struct stack_totals *t)
{
	memset(t, 0, sizeof(*t));
	t->packets_in = s->inputs;
}

/* --- the gateway --- */

struct dnsport *
gateway_dnsport(struct gateway *gw)
{
	(void)gw;
	return server.dp;
}

void
gateway_flow(struct gateway *gw, const struct door *d,
    const struct addr *client, const struct addr *dest, struct endpoint *ep)
{
	(void)gw;
	ck_assert_ptr_eq(d, &door);
	ck_assert_ptr_nonnull(ep);
	flow_client = *client;
	flow_dest = *dest;
	flows++;
}

/* Another door may get its address. */
void	__wrap_dnsport_forget(struct dnsport *, const void *);

void
__wrap_dnsport_forget(struct dnsport *dp, const void *listener)
{
	struct dnsport_totals t;

	ck_assert_ptr_eq(dp, server.dp);
	ck_assert_ptr_eq(listener, &door);
	dnsport_totals(dp, &t);
	ck_assert_uint_eq(t.waiting, 0);	/* its questions went before */
	forgets++;
}

static void
on_gone(void *arg, int why)
{
	ck_assert_ptr_eq(arg, &gones);
	gones++;
	gone_why = why;
	if (gones == 1) {
		tunnel_free(tunnel);
		tunnel = NULL;
	}
}

/* --- the tests --- */

static void
fill(struct tunnel_conf *tc)
{
	*tc = (struct tunnel_conf){ .ev = &ev, .door = &door, .mtu = 1500,
		.conns_max = TUNNEL_CONNS_MAX,
		.opening_max = TUNNEL_OPENING_MAX, .bytes_max = 1000000,
		.nown = 1, .gone = on_gone, .arg = &gones };
	addr_v4(&tc->own[0], 0x0abf0001, 0);
}

static void
init(void)
{
	struct tunnel_conf tc;

	log_capture(quiet, NULL);
	server_open();
	ck_assert_int_eq(evloop_init(&ev), 0);
	memset(&dev, 0, sizeof(dev));
	gones = flows = forgets = 0;
	stack_rc = 0;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, dev.fd), 0);
	fill(&tc);
	ck_assert_int_eq(tunnel_new(&tunnel, &tc, &dev), 0);
}

static void
fini(void)
{
	evloop_enter(&ev);
	tunnel_free(tunnel);
	evloop_leave(&ev);
	ck_assert_uint_eq(dev.frees, 1);
	ck_assert_uint_eq(stack.frees, 1);
	ck_assert_uint_eq(forgets, 1);
	ck_assert_int_eq(loop_next(&ev.loop), LOOP_NEVER);
	evloop_fini(&ev);
	server_close();
	close(dev.fd[0]);
	close(dev.fd[1]);
}

static void
give(int packets)
{
	dev.left = packets;
	ck_assert_int_eq(write(dev.fd[1], "x", 1), 1);
}

static void
once(void)
{
	event_base_loop(ev.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static struct addr
at(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text, -1), 0);
	return a;
}

static void
ask(const char *client, const char *dest, const char *name)
{
	struct addr c = at(client), d = at(dest);

	query_make(&query, name, Q_A);
	stack.conf.user->datagram(stack.conf.arg, &c, &d, query.buf,
	    query_len(&query));
}

START_TEST(tunnel_new_tells_the_stack_what_it_is_for)
{
	init();
	ck_assert_uint_eq(stack.conf.mtu, 1500);
	ck_assert_int_eq(stack.conf.offload, 1);
	ck_assert_uint_eq(stack.conf.udp_port, 53);
	ck_assert_uint_eq(stack.conf.nown, 1);
	ck_assert_uint_eq(stack.conf.own[0].ip[3], 1);
	ck_assert_uint_gt(stack.conf.conns_max, 100000);
	ck_assert_uint_le(stack.conf.conns_max, STACK_CONNS_MAX);
	ck_assert_uint_gt(stack.conf.opening_client_max, 2000);
	ck_assert_str_eq(tunnel_name(tunnel), "ot0");
	fini();
}
END_TEST

START_TEST(tunnel_new_that_fails_leaves_the_device)
{
	struct tunnel_conf tc;

	init();
	fini();
	server_open();
	ck_assert_int_eq(evloop_init(&ev), 0);
	memset(&dev, 0, sizeof(dev));
	fill(&tc);
	stack_rc = -ENOMEM;
	ck_assert_int_eq(tunnel_new(&tunnel, &tc, &dev), -ENOMEM);
	ck_assert_uint_eq(dev.frees, 0);
	loop_end_turn(&ev.loop);
	evloop_fini(&ev);
	server_close();
}
END_TEST

START_TEST(tunnel_turn_reads_a_batch_and_no_more)
{
	struct stack_totals t;

	init();
	give(TUNNEL_BATCH + 10);
	once();
	ck_assert_uint_eq(stack.inputs, TUNNEL_BATCH);
	once();
	ck_assert_uint_eq(stack.inputs, TUNNEL_BATCH + 10);
	ck_assert_uint_eq(dev.reads, TUNNEL_BATCH + 11);
	ck_assert_uint_eq(dev.writes, TUNNEL_BATCH + 10);
	tunnel_totals(tunnel, &t);
	ck_assert_uint_eq(t.packets_in, TUNNEL_BATCH + 10);
	fini();
}
END_TEST

START_TEST(tunnel_connection_goes_to_the_gateway)
{
	struct addr c = at("10.0.0.1:4000"), d = at("[2001:db8::1]:443");
	struct endpoint ep;

	init();
	stack.conf.user->open(stack.conf.arg, &c, &d, &ep);
	ck_assert_uint_eq(flows, 1);
	ck_assert(addr_equal(&flow_client, &c) && addr_equal(&flow_dest, &d));
	fini();
}
END_TEST

static unsigned accepts, kills;

static void ep_accept(struct endpoint *e) { (void)e; accepts++; }
static void ep_grant(struct endpoint *e, size_t n) { (void)e; (void)n; }
static void ep_kill(struct endpoint *e, int why)
{
	(void)e;
	(void)why;
	kills++;
}

START_TEST(tunnel_connection_to_port_53_is_a_client_of_dns)
{
	static const struct endpoint_ops ops = { .accept = ep_accept,
	    .grant = ep_grant, .kill = ep_kill };
	struct addr c = at("10.0.0.1:4000"), d = at("8.8.8.8:53");
	struct endpoint ep = { .ops = &ops };

	init();
	stack.conf.user->open(stack.conf.arg, &c, &d, &ep);
	ck_assert_uint_eq(flows, 0);
	ck_assert_uint_eq(accepts, 1);
	fini();
	ck_assert_uint_eq(kills, 1);
}
END_TEST

START_TEST(tunnel_question_is_answered_from_the_address_asked)
{
	struct addr c = at("10.0.0.1:4000"), d = at("8.8.8.8:53");

	init();
	ask("10.0.0.1:4000", "8.8.8.8:53", "a.test");
	ck_assert_uint_eq(stack.answers, 1);
	ck_assert(addr_equal(&stack.from, &d) && addr_equal(&stack.to, &c));
	ck_assert_ptr_eq(server.from.listener, &door);
	ck_assert_int_eq(server.from.tcp, 0);
	ask("10.0.0.1:4001", "[2001:db8::53]:53", "hold.test");
	ck_assert_uint_eq(stack.answers, 1);
	server_release();
	ck_assert_uint_eq(stack.answers, 2);
	ck_assert_uint_eq(stack.from.family, 6);
	ck_assert_uint_eq(stack.to.port, 4001);
	fini();
}
END_TEST

START_TEST(tunnel_question_is_counted_for_whom_the_door_says)
{
	struct addr one = at("[100::7]:1"), c = at("10.0.0.1:4000");

	init();
	door.as_client = one;
	ask("10.0.0.1:4000", "8.8.8.8:53", "a.test");
	ck_assert(addr_same_ip(&server.from.client, &one));
	ck_assert(addr_equal(&stack.to, &c));
	memset(&door.as_client, 0, sizeof(door.as_client));
	fini();
}
END_TEST

static const struct { const char *client; unsigned answers; } ports[] = {
	{ "10.0.0.1:53", 1 }, { "10.0.0.1:1024", 1 },
	{ "10.0.0.1:1023", 0 }, { "10.0.0.1:19", 0 }, { "10.0.0.1:161", 0 },
};

START_TEST(tunnel_question_from_a_port_of_a_service_is_not_answered)
{
	init();
	ask(ports[_i].client, "8.8.8.8:53", "a.test");
	ck_assert_uint_eq(stack.answers, ports[_i].answers);
	fini();
}
END_TEST

START_TEST(tunnel_datagram_that_is_no_question_is_not_answered)
{
	struct addr c = at("10.0.0.1:4000"), d = at("8.8.8.8:53");

	init();
	stack.conf.user->datagram(stack.conf.arg, &c, &d, "hello", 5);
	ck_assert_uint_eq(stack.answers, 0);
	fini();
}
END_TEST

START_TEST(tunnel_free_forgets_questions)
{
	init();
	ask("10.0.0.1:4000", "8.8.8.8:53", "hold.test");
	ask("10.0.0.1:4000", "8.8.8.8:53", "hold.test");
	evloop_enter(&ev);
	tunnel_free(tunnel);
	tunnel = NULL;
	evloop_leave(&ev);
	ck_assert_uint_eq(server.forgotten, 2);
	ck_assert_uint_eq(stack.answers, 0);
	fini();
}
END_TEST

START_TEST(tunnel_free_lets_resets_out_and_nothing_after_them)
{
	init();
	fini();
	ck_assert_uint_eq(dev.writes, 1);
}
END_TEST

START_TEST(tunnel_device_that_is_gone_is_told_once)
{
	init();
	dev.error = -EBADFD;
	give(3);
	once();
	ck_assert_uint_eq(stack.inputs, 3);
	ck_assert_uint_eq(gones, 1);
	ck_assert_int_eq(gone_why, -EBADFD);
	once();
	ck_assert_uint_eq(dev.reads, 4);
	fini();
}
END_TEST

START_TEST(tunnel_device_that_is_down_rests_and_goes_on)
{
	init();
	dev.error = -EIO;
	give(0);
	once();
	once();
	once();
	ck_assert_uint_eq(dev.reads, 1);	/* it does not spin */
	dev.error = 0;
	dev.left = 5;
	evloop_enter(&ev);
	loop_advance(&ev.loop, TUNNEL_REST_MS);
	evloop_leave(&ev);
	once();
	ck_assert_uint_eq(stack.inputs, 5);
	ck_assert_uint_eq(gones, 0);
	fini();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tunnel_new_tells_the_stack_what_it_is_for),
	UNIT(tunnel_new_that_fails_leaves_the_device),
	UNIT(tunnel_turn_reads_a_batch_and_no_more),
	UNIT(tunnel_connection_goes_to_the_gateway),
	UNIT(tunnel_connection_to_port_53_is_a_client_of_dns),
	UNIT(tunnel_question_is_answered_from_the_address_asked),
	UNIT(tunnel_question_is_counted_for_whom_the_door_says),
	UNIT_LOOP(tunnel_question_from_a_port_of_a_service_is_not_answered,
	    NELEM(ports)),
	UNIT(tunnel_datagram_that_is_no_question_is_not_answered),
	UNIT(tunnel_free_forgets_questions),
	UNIT(tunnel_free_lets_resets_out_and_nothing_after_them),
	UNIT(tunnel_device_that_is_gone_is_told_once),
	UNIT(tunnel_device_that_is_down_rests_and_goes_on),
};

UNIT_MAIN("tunnel", tests)
