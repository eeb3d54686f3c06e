/* tests/daemon/test_gateway_direct.c - flows by rule: direct, refused, let in
 *
 * The engine and the kernel are made up: which of them a flow is given to is
 * what counts.  Clients are of two kinds, a socket that is connected, and one
 * behind a TUN that is kept waiting until it is accepted.
 */
#include <errno.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/sock.h"
#include "onion/onion.h"
#include "tests/daemon/nolookup.h"
#include "tests/daemon/norelays.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

enum { FLOWS_MAX = 32, SOCKETS_MAX = 8, FAKES_MAX = 100 };

struct fake {
	struct endpoint	ep;
	int		dead, why, accepted;
	size_t		took;
};

static struct loop loop;
static struct gateway *gw;
static struct fake fakes[FAKES_MAX];
static int nfakes, connects, dials, connect_rc, dial_rc, own, told;
static struct fake *far;		/* the last one */
static struct addr dialled;
static const struct dial_conf dial_conf;
static const struct dial_conf *dial_with;

static size_t
take(struct endpoint *e, const void *p, size_t len)
{
	(void)p;
	((struct fake *)(void *)e)->took += len;
	return len;
}

static void grant(struct endpoint *e, size_t n) { (void)e; (void)n; }
static void fin(struct endpoint *e) { (void)e; }

static void
die(struct endpoint *e, int why)
{
	struct fake *f = (struct fake *)(void *)e;

	ck_assert_int_eq(f->dead, 0);
	f->dead = 1;
	f->why = why;
}

static void
accepted(struct endpoint *e)
{
	((struct fake *)(void *)e)->accepted++;
}

static const struct endpoint_ops socket_ops = {
	.send = take, .grant = grant, .fin = fin, .kill = die
}, held_ops = {
	.send = take, .grant = grant, .fin = fin, .kill = die,
	.accept = accepted
};

static struct fake *
fake(const struct endpoint_ops *ops)
{
	struct fake *f = &fakes[nfakes];

	ck_assert_int_lt(nfakes++, FAKES_MAX);
	memset(f, 0, sizeof(*f));
	f->ep.ops = ops;
	return f;
}

int
onion_connect(struct onion *o, const uint8_t t[ONION_TOKEN],
    const struct onion_target *target, struct endpoint **out)
{
	(void)o;
	(void)t;
	(void)target;
	connects++;
	if (connect_rc < 0)
		return connect_rc;
	far = fake(&socket_ops);
	*out = &far->ep;
	return 0;
}

int
sock_dial(struct endpoint **out, struct evloop *ev, const struct addr *to,
    const struct dial_conf *conf)
{
	(void)ev;
	dials++;
	dialled = *to;
	dial_with = conf;
	if (dial_rc < 0)
		return dial_rc;
	far = fake(&socket_ops);
	*out = &far->ep;
	return 0;
}

int
dial_is_own(const struct addr *a)
{
	(void)a;
	return own;
}

static void
hear(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	told += level == LL_NOTICE && strstr(text, "not go through Tor");
}

static void
init(const char *rules)
{
	static const struct addr_net behind_tun[] = {
		{ .addr = { .family = 6, .ip = "\xfd\0\x6f\x74" }, .bits = 64 },
		{ .addr = { .family = 4, .ip = "\xc0\xa8\x63\1" }, .bits = 24 },
	};
	struct gateway_conf gc = { .loop = &loop, .flows_max = FLOWS_MAX,
	    .sockets_max = SOCKETS_MAX, .dial = &dial_conf,
	    .tun = behind_tun, .ntun = NELEM(behind_tun) };
	struct conf *c = testconf(rules);
	struct log_set *none = log_set_new();

	log_set_use(none);
	log_capture(hear, NULL);
	loop_init(&loop, 1000, 1795300000);
	nfakes = connects = dials = connect_rc = dial_rc = own = told = 0;
	ck_assert_int_eq(gateway_new(&gw, &gc, c), 0);
	conf_free(c);
}

static void
end(void)
{
	gateway_free(gw);
	loop_end_turn(&loop);
	ck_assert_ptr_null(loop.items);
}

static struct gateway_totals
totals(void)
{
	struct gateway_totals t;

	gateway_totals(gw, &t);
	return t;
}

static const struct door trans = { .proto = DOOR_TRANS, .session_group = -1 },
    tun = { .proto = DOOR_TUN, .session_group = -2 };

static struct fake *
flow(const struct door *d, const char *from, const char *to)
{
	struct fake *f = fake(d == &tun ? &held_ops : &socket_ops);
	struct addr a, b;

	ck_assert_int_eq(addr_parse(&a, from, -1), 0);
	ck_assert_int_eq(addr_parse(&b, to, -1), 0);
	gateway_flow(gw, d, &a, &b, &f->ep);
	return f;
}

static const char rules[] =
    "FlowRule drop to 192.168.66.0/24\n"
    "FlowRule reject to 192.168.67.0/24\n"
    "FlowRule direct to 192.168.0.0/16 port 1-1000\n"
    "FlowRule direct to 203.0.113.0/24 accept=optimistic\n"
    "FlowRule torify to 198.51.100.0/24 accept=optimistic\n";

START_TEST(gateway_flow_by_a_direct_rule_is_dialled)
{
	const struct door *door = _i ? &tun : &trans;
	struct fake *f;

	init(rules);
	f = flow(door, "10.0.0.1:1000", "192.168.1.9:631");
	ck_assert_int_eq(dials, 1);
	ck_assert_int_eq(connects, 0);
	ck_assert_ptr_eq(dial_with, &dial_conf);
	ck_assert_uint_eq(dialled.port, 631);
	ck_assert_mem_eq(dialled.ip, "\xc0\xa8\1\x9", 4);
	ck_assert_uint_eq(totals().direct, 1);
	ck_assert_uint_eq(totals().accepted, 1);
	ck_assert_int_eq(f->accepted, 0);
	f->ep.user->data(f->ep.arg, "x", 1);
	ck_assert_uint_eq(far->took, 1);
	far->ep.user->open(far->ep.arg);
	ck_assert_int_eq(f->accepted, _i);
	far->ep.user->gone(far->ep.arg, -ECONNRESET);
	ck_assert_int_eq(f->why, -ECONNRESET);
	ck_assert_uint_eq(totals().flows, 0);
	end();
}
END_TEST

START_TEST(gateway_gate_that_is_shut_ends_what_goes_direct)
{
	struct fake *direct, *through;

	init(rules);
	direct = flow(&trans, "10.0.0.1:1000", "192.168.1.9:631");
	through = flow(&trans, "10.0.0.1:1", "8.8.8.8:80");
	ck_assert_int_eq(dials, 1);
	gateway_gate(gw, 0);
	loop_end_turn(&loop);
	ck_assert_int_eq(direct->dead, 1);
	ck_assert_int_eq(through->dead, 0);
	ck_assert_int_eq(flow(&trans, "10.0.0.1:1000",
	    "192.168.1.9:631")->dead, 1);
	ck_assert_int_eq(dials, 1);
	gateway_gate(gw, 1);
	ck_assert_int_eq(flow(&trans, "10.0.0.1:1000",
	    "192.168.1.9:631")->dead, 0);
	ck_assert_int_eq(dials, 2);
	end();
}
END_TEST

START_TEST(gateway_flow_without_a_direct_rule_is_not_dialled)
{
	init(rules);
	flow(&trans, "10.0.0.1:1", "8.8.8.8:80");
	ck_assert_int_eq(connects, 1);
	ck_assert_int_eq(flow(&trans, "10.0.0.1:1", "192.168.1.9:1001")->why,
	    -EACCES);
	ck_assert_int_eq(dials, 0);
	ck_assert_uint_eq(totals().direct, 0);
	end();
}
END_TEST

START_TEST(gateway_flow_direct_to_ourselves_is_refused)
{
	static const struct { int own; const char *to; } rows[] = {
		{ 1, "192.168.1.1:22" }, { -EMFILE, "192.168.1.1:22" },
		{ 0, "192.168.99.77:22" },	/* behind our TUN */
	};
	struct fake *f;

	init(rules);
	own = rows[_i].own;
	f = flow(&trans, "10.0.0.1:1", rows[_i].to);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(f->why, -EACCES);
	ck_assert_int_eq(dials + connects, 0);
	ck_assert_uint_eq(totals().rejected, 1);
	ck_assert_uint_eq(totals().direct, 0);
	end();
}
END_TEST

/* What each kind of client is told, of whatever it is. */
static const struct {
	const char	*to;
	int		 connect_rc, dial_rc;
	int		 held, socket;
} ends[] = {
	{ "192.168.66.1:80", 0, 0, 0, -ECONNREFUSED },	/* drop */
	{ "192.168.67.1:80", 0, 0, -EACCES, -EACCES },	/* reject */
	{ "10.1.1.1:80", 0, 0, -EACCES, -EACCES },	/* internal */
	{ "8.8.8.8:80", -ENOSPC, 0, -EAGAIN, -EAGAIN },
	{ "8.8.8.8:80", -ENOMEM, 0, -EAGAIN, -EAGAIN },
	{ "8.8.8.8:80", -EINVAL, 0, -EAGAIN, -EAGAIN },
	{ "192.168.1.9:80", 0, -ECONNREFUSED, -ECONNREFUSED, -ECONNREFUSED },
	{ "192.168.1.9:80", 0, -ENETUNREACH, -ENETUNREACH, -ENETUNREACH },
	{ "192.168.1.9:80", 0, -EHOSTUNREACH, -EHOSTUNREACH, -EHOSTUNREACH },
	{ "192.168.1.9:80", 0, -EACCES, -EACCES, -EACCES },
	{ "192.168.1.9:80", 0, -EMFILE, -EAGAIN, -EAGAIN },
	{ "192.168.1.9:80", 0, -EAGAIN, -EAGAIN, -EAGAIN },
};

START_TEST(gateway_flow_that_is_refused_tells_why)
{
	struct fake *f;

	init(rules);
	connect_rc = ends[_i].connect_rc;
	dial_rc = ends[_i].dial_rc;
	f = flow(&tun, "10.0.0.1:1", ends[_i].to);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(f->accepted, 0);
	ck_assert_int_eq(f->why, ends[_i].held);
	f = flow(&trans, "10.0.0.1:1", ends[_i].to);
	ck_assert_int_eq(f->dead, 1);
	ck_assert_int_eq(f->why, ends[_i].socket);
	ck_assert_uint_eq(totals().flows, 0);
	ck_assert_uint_eq(totals().direct, 0);
	ck_assert_uint_eq(totals().rejected + totals().dropped +
	    totals().failed, 2);
	end();
}
END_TEST

/* A client may have three quarters of the sockets: a redirected flow that
 * goes direct owns two of them, a flow of the TUN one or none. */
static const struct {
	const struct door *door;
	const char	*to;
	int		 fit;
} owned[] = {
	{ &trans, "192.168.1.9:80", SOCKETS_MAX * 3 / 4 / 2 },
	{ &trans, "8.8.8.8:80", SOCKETS_MAX * 3 / 4 },
	{ &tun, "192.168.1.9:80", SOCKETS_MAX * 3 / 4 },
	{ &tun, "8.8.8.8:80", FLOWS_MAX * 3 / 4 },
};

START_TEST(gateway_flow_owns_as_many_sockets_as_it_has)
{
	struct fake *f[FLOWS_MAX], *last;
	int i, round, n = owned[_i].fit;

	init(rules);
	dial_rc = connect_rc = -ENOMEM;		/* which takes no place */
	for (i = 0; i < FLOWS_MAX; i++)
		flow(owned[_i].door, "10.0.0.1:1", owned[_i].to);
	dial_rc = connect_rc = 0;
	for (round = 0; round < 2; round++) {
		nfakes = 0;
		for (i = 0; i < n; i++) {
			f[i] = flow(owned[_i].door, "10.0.0.1:1",
			    owned[_i].to);
			ck_assert_int_eq(f[i]->dead, 0);
		}
		last = flow(owned[_i].door, "10.0.0.1:1", owned[_i].to);
		ck_assert_int_eq(last->dead, 1);
		ck_assert_int_eq(last->why, -EAGAIN);
		ck_assert_uint_eq(totals().flows, n);
		for (i = 0; i < n; i++)
			f[i]->ep.user->gone(f[i]->ep.arg, 0);
		loop_end_turn(&loop);
	}
	end();
}
END_TEST

static const struct { const char *to; int at_once; } lets_in[] = {
	{ "8.8.8.8:443", 0 },		/* an address: nobody says so */
	{ "192.168.1.9:80", 0 },
	{ "203.0.113.80:22", 1 },
	{ "198.51.100.1:22", 1 },
};

START_TEST(gateway_flow_is_let_in_as_its_rule_says)
{
	struct fake *f;

	init(rules);
	f = flow(&tun, "10.0.0.1:1", lets_in[_i].to);
	ck_assert_int_eq(f->accepted, lets_in[_i].at_once);
	far->ep.user->open(far->ep.arg);
	ck_assert_int_eq(f->accepted, 1);
	end();
}
END_TEST

static const struct { const char *rules; int ends; } reloads[] = {
	{ "", 1 },
	{ "FlowRule direct to 203.0.113.0/24\n", 0 },
	{ "FlowRule direct to 203.0.113.0/24 port 443\n", 1 },
	{ "FlowRule reject from 10.0.0.1\nFlowRule direct to ::/0\n", 1 },
	{ "DisableNetwork 1\nFlowRule direct to 203.0.113.0/24\n", 1 },
	{ "RejectPlaintextPorts 80\nFlowRule direct to 203.0.113.0/24\n", 1 },
};

START_TEST(gateway_set_rules_ends_direct_flows_that_may_not_be_any_more)
{
	struct fake *before, *dialled_ep, *torified;
	struct gateway_rules *new;
	struct conf *c;

	init(rules);
	ck_assert_int_eq(told, 2);		/* once for each such rule */
	before = flow(&trans, "10.0.0.1:1", "203.0.113.80:80");
	dialled_ep = far;
	torified = flow(&trans, "10.0.0.1:1", "8.8.8.8:80");
	ck_assert_int_eq(dials, 1);
	c = testconf(reloads[_i].rules);
	ck_assert_int_eq(gateway_rules_new(&new, c), 0);
	conf_free(c);
	gateway_set_rules(gw, new);
	ck_assert_int_eq(before->dead, reloads[_i].ends);
	ck_assert_int_eq(dialled_ep->dead, reloads[_i].ends);
	ck_assert_int_eq(torified->dead, 0);
	ck_assert_uint_eq(totals().flows, 2 - reloads[_i].ends);
	flow(&trans, "10.0.0.1:1", "203.0.113.80:80");
	ck_assert_int_eq(dials, 2 - reloads[_i].ends);
	end();
}
END_TEST

START_TEST(gateway_flow_under_disable_network_is_not_dialled)
{
	init("DisableNetwork 1\nFlowRule direct to 203.0.113.0/24\n");
	ck_assert_int_eq(flow(&trans, "10.0.0.1:1", "203.0.113.80:80")->why,
	    -EACCES);
	ck_assert_int_eq(dials, 0);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(gateway_flow_by_a_direct_rule_is_dialled, 2),
	UNIT(gateway_gate_that_is_shut_ends_what_goes_direct),
	UNIT(gateway_flow_without_a_direct_rule_is_not_dialled),
	UNIT_LOOP(gateway_flow_direct_to_ourselves_is_refused, 3),
	UNIT_LOOP(gateway_flow_that_is_refused_tells_why, NELEM(ends)),
	UNIT_LOOP(gateway_flow_owns_as_many_sockets_as_it_has, NELEM(owned)),
	UNIT_LOOP(gateway_flow_is_let_in_as_its_rule_says, NELEM(lets_in)),
	UNIT_LOOP(gateway_set_rules_ends_direct_flows_that_may_not_be_any_more,
	    NELEM(reloads)),
	UNIT(gateway_flow_under_disable_network_is_not_dialled),
};

UNIT_MAIN("gateway_direct", tests)
