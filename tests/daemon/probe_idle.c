/* tests/daemon/probe_idle.c - what 100,000 idle connections cost, by hand
 *
 * usage: probe_idle [CONNECTIONS [CLIENTS]]	(100000, and 40 addresses)
 *
 * The TUN's stack, the gateway, streams and circuits are the program's own;
 * packets of the clients and the relays are made up, in this process.  A row
 * for each tenth: memory in use, without what the relays keep of a stream, and
 * the processor's time of a connection's handshake and stream, with what the
 * relays need for that.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/wire.h"
#include "daemon/conf.h"
#include "daemon/gateway.h"
#include "onion/onion.h"
#include "policy/isolate.h"
#include "tests/daemon/nolookup.h"
#include "tests/daemon/norelays.h"
#include "tests/onion/circ/poolrig.h"
#include "tests/quiet.h"
#include "tests/unit.h"
#include "tun/pkt.h"
#include "tun/stack.h"

enum {
	MANY_MAX = 120000, CLIENTS_MAX = 200, TENTHS = 10,
	BATCH = 25,	/* half open at a time; more have to prove addresses */
	SYN = 2, ACK = 16
};

static struct poolrig rig;
static struct stack *stack;
static struct gateway *gw;
static struct door door = { .isolate = ISOLATE_CLIENT_ADDR,
	.proto = DOOR_TUN };
static unsigned nclients = 40;
static size_t many = 100000, accepted;
static uint32_t iss[MANY_MAX];		/* of our stack, by connection */

static void
give_up(const char *what)
{
	fprintf(stderr, "probe_idle: %s\n", what);
	exit(1);
}

/* --- the engine's door, on the laboratory's streams --- */

int
onion_connect(struct onion *o, const uint8_t token[ONION_TOKEN],
    const struct onion_target *t, struct endpoint **out)
{
	struct attach_target at = { .host = t->host, .port = t->port };

	(void)o;
	if (addr_parse_ip(&at.addr, t->host, -1) < 0)
		at.addr.family = 0;
	return attach_connect(rig.attach, token, &at, out);
}

/* --- clients --- */

/* Connection i is of client i % nclients; its port tells the rest. */
static void
packet(size_t i, uint8_t flags, uint32_t ack)
{
	uint8_t b[40] = { 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6 };
	struct pkt_in p = { .p = b, .len = sizeof(b), .csum_ok = 1 };
	size_t client = i % nclients;
	uint32_t sum = 0;
	size_t k;

	wire_set32(b + 12, 0x0a090100u + (uint32_t)client);
	wire_set32(b + 16, 0xcb007150u);
	wire_set16(b + 20, (uint16_t)(1024 + i / nclients));
	wire_set16(b + 22, SIM_MUTE);
	wire_set32(b + 24, (uint32_t)i + (flags == ACK));
	wire_set32(b + 28, ack);
	b[32] = 5 << 4;
	b[33] = flags;
	wire_set16(b + 34, 65535);
	for (k = 0; k < 20; k += 2)
		sum += wire_get16(b + k);
	wire_set16(b + 10, (uint16_t)~((sum >> 16) + sum));
	stack_input(stack, &p);
}

static void
on_emit(void *arg, const struct pkt_out *p)
{
	const uint8_t *tcp = p->head + 20;
	size_t client, i;

	(void)arg;
	if (p->head[9] != 6 || (tcp[13] & (SYN | ACK)) != (SYN | ACK))
		return;
	client = wire_get32(p->head + 16) - 0x0a090100u;
	i = (wire_get16(tcp + 2) - 1024u) * nclients + client;
	if (i >= many)
		give_up("a SYN-ACK for nobody");
	accepted += iss[i] == 0;
	iss[i] = wire_get32(tcp + 4);
}

static void
on_open(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *ep)
{
	(void)arg;
	gateway_flow(gw, &door, client, dest, ep);
}

static void
on_datagram(void *arg, const struct addr *client, const struct addr *dest,
    const void *p, size_t len)
{
	(void)arg;
	(void)client;
	(void)dest;
	(void)p;
	(void)len;
}

static const struct stack_user stack_users = {
	.emit = on_emit, .open = on_open, .datagram = on_datagram
};

static void
open_batch(size_t from, size_t n)
{
	size_t i, patience;

	for (i = from; i < from + n; i++)
		packet(i, SYN, 0);
	loop_end_turn(&rig.loop);
	for (patience = 0; accepted < from + n; patience++) {
		if (patience == 10000)
			give_up("connections are not accepted");
		poolrig_run(&rig, 10);
	}
	for (i = from; i < from + n; i++)
		packet(i, ACK, iss[i] + 1);
	loop_end_turn(&rig.loop);
}

/* --- the whole --- */

static void
make(void)
{
	struct gateway_conf gc = { .flows_max = MANY_MAX,
		.sockets_max = 1000 };
	struct stack_conf sc = { .mtu = 1500, .conns_max = MANY_MAX,
		.conns_client_max = MANY_MAX, .opening_max = 1000,
		.opening_client_max = 1000, .bytes_max = 1 << 28,
		.user = &stack_users };
	struct conf_args args = { .text = "", .no_files = 1 };
	struct conf_err err;
	struct conf *conf;

	if (conf_load(&conf, &args, &err) < 0)
		give_up(err.text);
	poolrig_new(&rig);
	gc.loop = sc.loop = &rig.loop;
	if (gateway_new(&gw, &gc, conf) < 0 || stack_new(&stack, &sc) < 0)
		give_up("no memory");
	conf_free(conf);
	poolrig_run(&rig, 5000);
}

static double
cpu_us(void)
{
	return (double)clock() * 1e6 / CLOCKS_PER_SEC;
}

static double
memory(void)
{
	struct mallinfo2 m = mallinfo2();

	return (double)(m.uordblks + m.hblkhd);
}

static void
argument(int argc, char **argv)
{
	if (argc > 1)
		many = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		nclients = (unsigned)strtoul(argv[2], NULL, 10);
	if (many < TENTHS * BATCH || many > MANY_MAX || nclients < 1 ||
	    nclients > CLIENTS_MAX || many / nclients > 60000)
		give_up("usage: probe_idle [CONNECTIONS [CLIENTS]]");
	many -= many % (TENTHS * BATCH);
}

/* The laboratory is made of libcheck's assertions, which want a test around
 * them. */
START_TEST(idle)
{
	double was, us, m0, m, sims = 0;
	size_t row, i, n;

	(void)_i;
	log_capture(quiet, NULL);
	make();
	n = many / TENTHS;
	m0 = memory();
	printf("| connections | memory, KiB each | CPU us for each new one |\n"
	    "|---|---|---|\n");
	for (row = 0; row < TENTHS; row++) {
		was = cpu_us();
		for (i = 0; i < n; i += BATCH)
			open_batch(row * n + i, BATCH);
		us = cpu_us() - was;
		sims += (double)n * (sizeof(struct simstream) + 8);
		m = memory() - m0 - sims;
		printf("| %zu | %.2f | %.0f |\n", (row + 1) * n,
		    m / 1024 / (double)((row + 1) * n), us / (double)n);
		fflush(stdout);
	}
}
END_TEST

int
main(int argc, char **argv)
{
	static const struct unit_test tests[] = { UNIT(idle) };

	argument(argc, argv);
	setenv("CK_FORK", "no", 1);
	return unit_run("idle", tests, NELEM(tests));
}
