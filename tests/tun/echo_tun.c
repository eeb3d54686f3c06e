/* tests/tun/echo_tun.c - the stack on a real device, with ends of our own
 *
 *	echo_tun [-n NAME] [-m MTU] [-p] [-l LOSS] [-d DUP] [-r REORDER]
 *	    [-t DELAY] [-s SEED]
 *
 * Opens a TUN in the network namespace that it finds itself in, writes "ready"
 * and serves every connection by its destination's port, until SIGTERM;
 * SIGUSR1 and the end write totals.  tests/tun/run and peer.py are the other
 * side.
 *
 *	7	gives back what comes
 *	9	reads to the end; answers with the SHA-256 of it, in hex
 *	19	reads a number and a newline, gives so many bytes, and then
 *		their SHA-256 in hex
 *	20	like 9, but reads nothing for STALL_MS in between
 *	5	like 7, but accepts after HOLD_MS
 *	1-4	refuses: refused, no such host, prohibited, silence
 *	53	UDP: gives back what comes
 *
 * -p opens a device without offloads.  The others make a bad link of what is
 * between device and stack, both ways: LOSS, DUP and REORDER in percent of
 * packets, which are super-segments where there are offloads; DELAY in ms.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/rand.h"
#include "daemon/evloop.h"
#include "tun/pkt.h"
#include "tun/stack.h"
#include "tun/tundev.h"

enum {
	CREDIT = 256 * 1024,		/* as a splice grants */
	UNIT = 16,			/* less of it is not offered */
	BATCH = 64, BLOCK = 64 * 1024, HASH = 32, HEX = 2 * HASH,
	STALL_MS = 3000, HOLD_MS = 1500, REORDER_MS = 10,
	NSIGNALS = 3
};
enum { PORT_ECHO = 7, PORT_SINK = 9, PORT_SOURCE = 19, PORT_STALL = 20,
	PORT_HOLD = 5, PORT_DNS = 53 };

struct end {
	struct endpoint	*ep;
	uint16_t	 port;
	crypto_hash_sha256_state sha;
	struct buf	 out;		/* echo: what was not taken */
	char		 line[32];	/* source: how many */
	size_t		 nline;
	uint64_t	 left, at;
	char		 hex[HEX + 1];
	size_t		 nhex;		/* of it, sent */
	size_t		 owed;		/* stall: credit */
	struct loop_timer timer;
	struct loop_item reap;
	uint8_t		 started, stalled, hashed, eof, fin;
};

struct held {			/* a packet on its slow way */
	TAILQ_ENTRY(held) link;
	struct loop_timer timer;
	struct pkt_out	 out;		/* but its body is @data */
	uint8_t		 outward, csum_ok;
	size_t		 len;
	uint8_t		 data[];
};

static struct {
	struct evloop	 ev;
	struct tundev	*dev;
	struct stack	*stack;
	struct event	*event, *signal[NSIGNALS];
	TAILQ_HEAD(, held) held;
	unsigned	 loss, dup, reorder, delay;
	uint64_t	 seed, lost;
} t = { .seed = 1 };

/* --- the link --- */

static unsigned
dice(unsigned sides)
{
	t.seed ^= t.seed << 13;
	t.seed ^= t.seed >> 7;
	t.seed ^= t.seed << 17;
	return (unsigned)((t.seed >> 11) % sides);
}

static int
is_bad(void)
{
	return t.loss || t.dup || t.reorder || t.delay;
}

static void
arrive(void *arg)
{
	struct held *h = arg;
	struct pkt_in in = { h->data, h->len, h->csum_ok };

	TAILQ_REMOVE(&t.held, h, link);
	if (h->outward) {
		h->out.body[0] = (struct pkt_slice){ h->data, h->len };
		h->out.nbody = h->len > 0;
		t.lost += tundev_write(t.dev, &h->out) < 0;
	} else
		stack_input(t.stack, &in);
	free(h);
}

static struct held *
hold(size_t len)
{
	struct held *h = calloc(1, sizeof(*h) + len);

	if (h == NULL)
		abort();
	h->len = len;
	loop_timer_init(&h->timer, arrive, h);
	TAILQ_INSERT_TAIL(&t.held, h, link);
	return h;
}

static void
send_off(struct held *h)
{
	unsigned ms = t.delay;

	if (t.reorder && dice(100) < t.reorder)
		ms += 1 + dice(REORDER_MS);
	if (ms)
		loop_timer_in(&t.ev.loop, &h->timer, ms);
	else
		arrive(h);
}

/* How many times does it arrive? */
static unsigned
copies(void)
{
	if (t.loss && dice(100) < t.loss)
		return 0;
	return t.dup && dice(100) < t.dup ? 2 : 1;
}

static void
inward(const struct pkt_in *p)
{
	unsigned n;
	struct held *h;

	if (!is_bad()) {
		stack_input(t.stack, p);
		return;
	}
	for (n = copies(); n > 0; n--) {
		h = hold(p->len);
		memcpy(h->data, p->p, p->len);
		h->csum_ok = p->csum_ok;
		send_off(h);
	}
}

static void
on_emit(void *arg, const struct pkt_out *p)
{
	size_t len = 0, at = 0;
	struct held *h;
	unsigned n, i;

	(void)arg;
	if (!is_bad()) {
		t.lost += tundev_write(t.dev, p) < 0;
		return;
	}
	for (i = 0; i < p->nbody; i++)
		len += p->body[i].len;
	for (n = copies(); n > 0; n--, at = 0) {
		h = hold(len);
		h->out = *p;
		h->outward = 1;
		for (i = 0; i < p->nbody; at += p->body[i++].len)
			memcpy(h->data + at, p->body[i].p, p->body[i].len);
		send_off(h);
	}
}

/* --- the ends --- */

static void
reap(void *arg)
{
	free(arg);
}

static void
retire(struct end *e)
{
	buf_free(&e->out);
	loop_timer_clear(&t.ev.loop, &e->timer);
	loop_item_add(&t.ev.loop, &e->reap);
}

static void
say_fin(struct end *e)
{
	if (e->fin)
		return;
	e->fin = 1;
	endpoint_fin(e->ep);
}

static void
say_hash(struct end *e)
{
	uint8_t hash[HASH];

	if (!e->hashed) {
		crypto_hash_sha256_final(&e->sha, hash);
		sodium_bin2hex(e->hex, sizeof(e->hex), hash, sizeof(hash));
		e->hashed = 1;
	}
	e->nhex += endpoint_send(e->ep, e->hex + e->nhex, HEX - e->nhex);
	if (e->nhex == HEX)
		say_fin(e);
}

/* Bytes that count: each eight of them say where they are. */
static void
give(struct end *e)
{
	static uint64_t block[BLOCK / 8];
	uint64_t first;
	size_t off, len, i, n;

	while (e->left) {
		first = e->at / BLOCK * (BLOCK / 8);
		off = e->at % BLOCK;
		len = e->left < BLOCK - off ? (size_t)e->left : BLOCK - off;
		for (i = 0; i < BLOCK / 8; i++)
			block[i] = first + i;
		n = endpoint_send(e->ep, (uint8_t *)block + off, len);
		crypto_hash_sha256_update(&e->sha, (uint8_t *)block + off, n);
		e->left -= n;
		e->at += n;
		if (n < len)
			return;
	}
	say_hash(e);
}

static void
read_line(struct end *e, const char *p, size_t len)
{
	for (; len > 0 && !e->started; p++, len--) {
		if (*p == '\n') {
			e->started = 1;
			e->left = strtoull(e->line, NULL, 10);
			give(e);
		} else if (e->nline + 1 < sizeof(e->line))
			e->line[e->nline++] = *p;
	}
}

static void
echo(struct end *e, const void *p, size_t len)
{
	size_t n = 0;

	if (e->out.len == 0)
		n = endpoint_send(e->ep, p, len);
	if (n < len && buf_add(&e->out, (const uint8_t *)p + n, len - n) < 0)
		abort();		/* more than was granted */
	if (n)
		endpoint_grant(e->ep, n);
}

static void
stall(struct end *e, size_t len)
{
	e->owed += len;
	if (!e->stalled && e->owed > CREDIT - UNIT) {
		e->stalled = 1;
		loop_timer_in(&t.ev.loop, &e->timer, STALL_MS);
	} else if (e->stalled && !e->timer.armed) {
		endpoint_grant(e->ep, e->owed);
		e->owed = 0;
	}
}

static void
on_data(void *arg, const void *p, size_t len)
{
	struct end *e = arg;

	switch (e->port) {
	case PORT_SINK:
		crypto_hash_sha256_update(&e->sha, p, len);
		endpoint_grant(e->ep, len);
		break;
	case PORT_STALL:
		crypto_hash_sha256_update(&e->sha, p, len);
		stall(e, len);
		break;
	case PORT_SOURCE:
		endpoint_grant(e->ep, len);
		read_line(e, p, len);
		break;
	default:
		echo(e, p, len);
	}
}

static void
on_room(void *arg)
{
	struct end *e = arg;
	size_t n;

	if (e->port == PORT_SOURCE && e->started)
		give(e);
	else if (e->hashed)
		say_hash(e);
	else if (e->out.len) {
		n = endpoint_send(e->ep, buf_head(&e->out), e->out.len);
		buf_drain(&e->out, n);
		if (n)
			endpoint_grant(e->ep, n);
		if (e->eof && e->out.len == 0)
			say_fin(e);
	}
}

static void
on_fin(void *arg)
{
	struct end *e = arg;

	e->eof = 1;
	if (e->port == PORT_SINK || e->port == PORT_STALL)
		say_hash(e);
	else if (e->port != PORT_SOURCE && e->out.len == 0)
		say_fin(e);
}

static void
on_gone(void *arg, int why)
{
	(void)why;
	retire(arg);
}

static const struct endpoint_user end_user = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

/* Of a connection that is held back, or whose data are. */
static void
on_timer(void *arg)
{
	struct end *e = arg;

	if (e->port == PORT_HOLD)
		endpoint_accept(e->ep);
	else {
		endpoint_grant(e->ep, e->owed);
		e->owed = 0;
	}
}

static void
on_open(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *ep)
{
	static const int whys[] = { [1] = -ECONNREFUSED, [2] = -EHOSTUNREACH,
		[3] = -EACCES, [4] = 0 };
	struct end *e = calloc(1, sizeof(*e));

	(void)arg;
	(void)client;
	if (e == NULL)
		abort();
	e->ep = ep;
	e->port = dest->port;
	crypto_hash_sha256_init(&e->sha);
	buf_init(&e->out, CREDIT);
	loop_timer_init(&e->timer, on_timer, e);
	loop_item_init(&e->reap, reap, e);
	endpoint_hold(ep, &end_user, e);
	if (dest->port < sizeof(whys) / sizeof(whys[0])) {
		endpoint_kill(ep, whys[dest->port]);
		retire(e);
		return;
	}
	endpoint_grant(ep, CREDIT);
	if (dest->port == PORT_HOLD)
		loop_timer_in(&t.ev.loop, &e->timer, HOLD_MS);
	else
		endpoint_accept(ep);
}

static void
on_datagram(void *arg, const struct addr *client, const struct addr *dest,
    const void *p, size_t len)
{
	(void)arg;
	stack_send(t.stack, dest, client, p, len);
}

static const struct stack_user users = {
	.emit = on_emit, .open = on_open, .datagram = on_datagram
};

/* --- the whole --- */

static void
print_totals(void)
{
	struct stack_totals s;
	int d;

	stack_totals(t.stack, &s);
	printf("{\"conns\":%zu,\"opening\":%zu,\"opened\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"resets\":%" PRIu64
	    ",\"packets_in\":%" PRIu64 ",\"packets_out\":%" PRIu64
	    ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64
	    ",\"lost\":%" PRIu64, s.conns, s.opening, s.opened, s.refused,
	    s.resets, s.packets_in, s.packets_out, s.bytes_in, s.bytes_out,
	    t.lost);
	for (d = DROP_NOT + 1; d < DROP_N; d++)
		printf(",\"%s\":%" PRIu64, drop_name(d), s.dropped[d]);
	printf("}\n");
	fflush(stdout);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)what;
	(void)arg;
	evloop_enter(&t.ev);
	print_totals();
	evloop_leave(&t.ev);
	if (sig != SIGUSR1)
		evloop_stop(&t.ev);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct pkt_in p;
	int i, rc = 1;

	(void)fd;
	(void)what;
	(void)arg;
	evloop_enter(&t.ev);
	for (i = 0; i < BATCH && rc > 0; i++)
		if ((rc = tundev_read(t.dev, t.ev.scratch, &p)) > 0)
			inward(&p);
	if (rc < 0)
		evloop_stop(&t.ev);
	evloop_leave(&t.ev);
}

static int
open_plain(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0)
		return -errno;
	return tundev_adopt(&t.dev, fd);
}

/* Addresses of its own are none of the kernel's: from there it would take no
 * packet, and to there it would send us none. */
static int
make_stack(uint16_t mtu)
{
	struct stack_conf sc = {
		.loop = &t.ev.loop, .mtu = mtu,
		.offload = tundev_offload(t.dev), .nown = 2,
		.udp_port = PORT_DNS, .conns_max = STACK_CONNS_MAX,
		.conns_client_max = STACK_CONNS_MAX, .opening_max = 8192,
		.opening_client_max = 4096, .bytes_max = 256 * 1024 * 1024,
		.user = &users
	};

	addr_parse_ip(&sc.own[0], "10.191.0.2", -1);
	addr_parse_ip(&sc.own[1], "fd00:6f74::2", -1);
	return stack_new(&t.stack, &sc);
}

static int
start(const char *name, uint16_t mtu, int plain)
{
	static const int sigs[NSIGNALS] = { SIGTERM, SIGINT, SIGUSR1 };
	int i, rc;

	rand_init();
	TAILQ_INIT(&t.held);
	if ((rc = evloop_init(&t.ev)) < 0 ||
	    (rc = plain ? open_plain(name) :
	    tundev_open(&t.dev, name, 0)) < 0 || (rc = make_stack(mtu)) < 0)
		return rc;
	t.event = event_new(t.ev.base, tundev_fd(t.dev), EV_READ | EV_PERSIST,
	    on_readable, NULL);
	event_add(t.event, NULL);
	for (i = 0; i < NSIGNALS; i++) {
		t.signal[i] = evsignal_new(t.ev.base, sigs[i], on_signal, NULL);
		event_add(t.signal[i], NULL);
	}
	return 0;
}

static void
stop(void)
{
	struct held *h;
	int i;

	evloop_enter(&t.ev);
	while ((h = TAILQ_FIRST(&t.held)) != NULL) {
		loop_timer_clear(&t.ev.loop, &h->timer);
		TAILQ_REMOVE(&t.held, h, link);
		free(h);
	}
	t.loss = t.dup = t.reorder = t.delay = 0;
	stack_free(t.stack);
	evloop_leave(&t.ev);
	for (i = 0; i < NSIGNALS; i++)
		event_free(t.signal[i]);
	event_free(t.event);
	tundev_free(t.dev);
	evloop_fini(&t.ev);
}

int
main(int argc, char **argv)
{
	const char *name = "ot0";
	int c, rc, plain = 0;
	long mtu = 1500;

	while ((c = getopt(argc, argv, "n:m:pl:d:r:t:s:")) != -1) {
		long n = optarg ? atol(optarg) : 0;

		switch (c) {
		case 'n': name = optarg; break;
		case 'm': mtu = n; break;
		case 'p': plain = 1; break;
		case 'l': t.loss = (unsigned)n; break;
		case 'd': t.dup = (unsigned)n; break;
		case 'r': t.reorder = (unsigned)n; break;
		case 't': t.delay = (unsigned)n; break;
		case 's': t.seed = (uint64_t)n; break;
		default: return 2;
		}
	}
	if ((rc = start(name, (uint16_t)mtu, plain)) < 0) {
		fprintf(stderr, "echo_tun: %s\n", strerror(-rc));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	evloop_run(&t.ev);
	stop();
	return 0;
}
