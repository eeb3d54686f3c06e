/* tests/tun/difftcp.c - our TCP beside the kernel's, on the same segments
 *
 * usage: difftcp [-v] [-n SCRIPTS] [-s SEED]
 *
 * Each script is a client: a handshake, and then random segments, right and
 * wrong, among what the application at the other end does.  It is played to our
 * stack, whose holder is here, and to a socket that listens in a network
 * namespace of our own, whose packets come and go by a TUN device.  After each
 * step both are asked where they stand, by a segment that must be answered:
 *
 *	is the connection there, or is it answered by a reset?
 *	what is acknowledged, and which stretches beyond it (SACK)
 *	how much has the application got, and was it told of the end
 *
 * What a kernel does to a packet that is written to the device is done when
 * write() returns, so that no answer has to be waited for, but for what the
 * kernel delays; which is why only the state is compared, not each packet.  Time
 * stands still for our stack.
 *
 * Where we differ from Linux on purpose stands beside what compares.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/loop.h"
#include "base/rand.h"
#include "tun/csum.h"
#include "tun/ip.h"
#include "tun/pkt.h"
#include "tun/stack.h"
#include "tun/tcp_seg.h"

enum {
	AGAIN = 5,			/* plays that must all differ */
	STEPS = 40, MSS = 1400, DATA_MAX = 4 * MSS,
	CREDIT = 1 << 20,
	SIDES = 2
};
enum side { OURS, KERNEL };

#define SERVER	0x0a4d0001	/* 10.77.0.1 */
#define CLIENT	0x0a4d0002

/* What the client knows of one of the two: sequence numbers differ. */
struct view {
	uint32_t	irs;		/* its initial sequence number */
	uint32_t	nxt;		/* next byte that it will send, seen */
	uint32_t	ack;		/* of ours; the newest */
	uint32_t	ts;		/* its last timestamp */
	struct tcp_sack	sack[TCP_SND_SACK_MAX];
	unsigned	nsack;
	int		synack, rst, fin, answers;
	/* its application */
	size_t		got;
	uint64_t	hash;
	int		end, gone;
};

static struct view view[SIDES];
static int verbose;
static uint64_t prng;
static uint32_t iss;			/* the client's own */
static uint16_t sport = 20000;
static int app_fin;			/* both applications sent it */

/* --- random, from a seed --- */

static uint32_t
draw(uint32_t below)
{
	prng ^= prng << 13;
	prng ^= prng >> 7;
	prng ^= prng << 17;
	return (uint32_t)(prng >> 11) % below;
}

static void
take_in(struct view *v, const uint8_t *p, size_t len)
{
	for (v->got += len; len; p++, len--)
		v->hash = (v->hash ^ *p) * 0x100000001b3;
}

/* --- our side --- */

static struct loop loop;
static struct stack *stack;
static struct endpoint *conn;

static void
on_data(void *arg, const void *p, size_t len)
{
	(void)arg;
	take_in(&view[OURS], p, len);
	endpoint_grant(conn, len);
}

static void
on_room(void *arg)
{
	(void)arg;
}

static void
on_fin(void *arg)
{
	(void)arg;
	view[OURS].end = 1;
}

static void
on_gone(void *arg, int why)
{
	(void)arg;
	view[OURS].gone = why < 0;
	view[OURS].end |= why == 0;
	conn = NULL;
}

static const struct endpoint_user holder = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

static void
on_open(void *arg, const struct addr *client, const struct addr *dest,
    struct endpoint *ep)
{
	(void)arg;
	(void)client;
	(void)dest;
	conn = ep;
	endpoint_hold(ep, &holder, NULL);
	endpoint_grant(ep, CREDIT);
	endpoint_accept(ep);
}

static void heard(enum side, const uint8_t *, size_t);

static void
on_emit(void *arg, const struct pkt_out *out)
{
	uint8_t buf[PKT_MAX];
	size_t len = out->headlen;
	unsigned i;

	(void)arg;
	memcpy(buf, out->head, len);
	for (i = 0; i < out->nbody; i++) {
		memcpy(buf + len, out->body[i].p, out->body[i].len);
		len += out->body[i].len;
	}
	heard(OURS, buf, len);
}

static const struct stack_user stack_user = {
	.emit = on_emit, .open = on_open
};

static void
start_ours(void)
{
	struct stack_conf conf = {
		.loop = &loop, .mtu = 1500, .conns_max = 1000,
		.conns_client_max = 1000, .opening_max = 1000,
		.opening_client_max = 1000, .bytes_max = 1 << 26,
		.user = &stack_user
	};

	loop_init(&loop, 1000000, 1700000000);
	if (stack_new(&stack, &conf) < 0)
		abort();
}

/* --- the kernel's side --- */

static int tun, listener, sock = -1;

static void
die(const char *what)
{
	perror(what);
	exit(77);
}

static void
set_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

static void
configure(const char *name)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&ifr.ifr_addr;
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(SERVER);
	if (ioctl(s, SIOCSIFADDR, &ifr) < 0)
		die("address");
	in->sin_addr.s_addr = htonl(0xffffff00);
	if (ioctl(s, SIOCSIFNETMASK, &ifr) < 0)
		die("netmask");
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
		die("up");
	close(s);
}

static void
start_kernel(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons(80) };
	int on = 1, size = CREDIT;

	if (unshare(CLONE_NEWNET) < 0)
		die("a network namespace");
	if ((tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK)) < 0 ||
	    ioctl(tun, TUNSETIFF, &ifr) < 0)
		die("/dev/net/tun");
	configure(ifr.ifr_name);
	/* Each question is answered, as ours are. */
	set_sysctl("/proc/sys/net/ipv4/tcp_invalid_ratelimit", "0");
	set_sysctl("/proc/sys/net/ipv4/tcp_challenge_ack_limit", "1000000");
	set_sysctl("/proc/sys/net/ipv4/tcp_ecn", "0");
	set_sysctl("/proc/sys/net/ipv4/tcp_fastopen", "0");
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* Urgent bytes are bytes like others (RFC 6093). */
	setsockopt(listener, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(listener, 100) < 0)
		die("listen");
}

static void
kernel_reads(void)
{
	struct view *v = &view[KERNEL];
	uint8_t buf[65536];
	ssize_t n;

	if (sock < 0) {
		sock = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		if (sock < 0)
			return;
	}
	while ((n = recv(sock, buf, sizeof(buf), 0)) > 0)
		take_in(v, buf, (size_t)n);
	if (n == 0)
		v->end = 1;
	else if (errno != EAGAIN)
		v->gone = 1;
}

static void
kernel_hears(void)
{
	uint8_t buf[PKT_MAX];
	ssize_t n;

	while ((n = read(tun, buf, sizeof(buf))) > 0)
		heard(KERNEL, buf, (size_t)n);
}

/* --- what both say --- */

static void
tell(const char *who, const struct tcp_seg *s, uint32_t mine, uint32_t theirs)
{
	unsigned i;

	if (!verbose)
		return;
	printf("    %-7s %s%s%s%s seq %d ack %d len %zu wnd %u", who,
	    s->flags & TCP_SYN ? "S" : "", s->flags & TCP_FIN ? "F" : "",
	    s->flags & TCP_RST ? "R" : "", s->flags & TCP_ACK ? "A" : "",
	    (int)(s->seq - mine), (int)(s->ack - theirs), s->len, s->wnd);
	for (i = 0; i < s->nsack; i++)
		printf(" %d-%d", (int)(s->sack[i].from - theirs),
		    (int)(s->sack[i].to - theirs));
	printf("\n");
}

static void
heard(enum side side, const uint8_t *p, size_t len)
{
	struct view *v = &view[side];
	struct tcp_seg s;
	struct ip ip;
	uint32_t end;

	if (ip_parse(&ip, p, len) != DROP_NOT || ip.proto != IP_TCP ||
	    tcp_seg_parse(&s, ip.payload, ip.len) != DROP_NOT ||
	    s.dport != sport)
		return;
	tell(side == OURS ? "ours" : "kernel", &s, v->irs, iss);
	v->answers++;
	if (s.flags & TCP_RST) {
		v->rst++;
		return;
	}
	if (s.flags & TCP_SYN) {
		v->irs = s.seq;
		v->nxt = s.seq + 1;
		v->synack = 1;
	}
	end = s.seq + (uint32_t)s.len + !!(s.flags & (TCP_SYN | TCP_FIN));
	if (seq_lt(v->nxt, end))
		v->nxt = end;
	v->fin |= !!(s.flags & TCP_FIN);
	v->ack = s.ack;
	if (s.has_ts)
		v->ts = s.ts_val;
	v->nsack = s.nsack;
	memcpy(v->sack, s.sack, sizeof(v->sack));
}

/* --- the client --- */

struct say {			/* one segment, for both */
	uint32_t	at;		/* sequence number, from iss */
	size_t		len;
	uint8_t		flags;
	int32_t		ack_off;	/* from what each has sent */
	uint16_t	wnd;
	int32_t		ts_off;		/* from the clock */
};

static struct {
	uint32_t	next;		/* offset of the next new byte */
	uint32_t	most;		/* behind all that was sent */
	uint32_t	fin;		/* of the FIN, once it was sent */
	uint32_t	clock;
	int		ts, sack;
} me;

static uint8_t
byte_at(uint32_t off)
{
	return (uint8_t)(off * 2654435761u >> 24);
}

static size_t
make(uint8_t *out, enum side side, const struct say *say)
{
	struct tcp_seg s = {
		.sport = sport, .dport = 80, .seq = iss + say->at,
		.flags = say->flags, .wnd = say->wnd, .wscale = -1
	};
	struct addr from, to;
	size_t head, len, i;
	uint16_t sum;

	addr_v4(&from, CLIENT, 0);
	addr_v4(&to, SERVER, 0);
	if (say->flags & TCP_ACK)
		s.ack = view[side].nxt + (uint32_t)say->ack_off;
	if (say->flags & TCP_SYN) {
		s.mss = MSS;
		s.wscale = 7;
		s.sack_ok = (uint8_t)me.sack;
	}
	if (me.ts) {
		s.has_ts = 1;
		s.ts_val = me.clock + (uint32_t)say->ts_off;
		s.ts_ecr = say->flags & TCP_ACK ? view[side].ts : 0;
	}
	head = tcp_seg_build(out + IP4_HEAD, &s);
	len = head + say->len;
	for (i = 0; i < say->len; i++)
		out[IP4_HEAD + head + i] = byte_at(say->at + (uint32_t)i);
	sum = csum_fold(csum_add(csum_pseudo(&from, &to, IP_TCP, len),
	    out + IP4_HEAD, len));
	out[IP4_HEAD + 16] = (uint8_t)(sum >> 8);
	out[IP4_HEAD + 17] = (uint8_t)sum;
	ip_build(out, &from, &to, IP_TCP, len);
	return IP4_HEAD + len;
}

static void
say(const struct say *what)
{
	uint8_t buf[PKT_MAX];
	struct pkt_in in = { .p = buf };

	if (verbose)
		printf("  client  %s%s%s%s%s at %u len %zu ack %+d wnd %u\n",
		    what->flags & TCP_SYN ? "S" : "",
		    what->flags & TCP_FIN ? "F" : "",
		    what->flags & TCP_RST ? "R" : "",
		    what->flags & TCP_ACK ? "A" : "",
		    what->flags & TCP_URG ? "U" : "",
		    what->at, what->len, what->ack_off, what->wnd);
	in.len = make(buf, OURS, what);
	stack_input(stack, &in);
	loop_end_turn(&loop);
	in.len = make(buf, KERNEL, what);
	if (write(tun, buf, in.len) < 0)
		die("write to the TUN");
	kernel_reads();
	kernel_hears();
}

static struct say
plain(void)
{
	struct say s = {
		.at = me.next, .flags = TCP_ACK, .wnd = 0xffff
	};

	return s;
}

/* A segment that is too old is answered with where the connection stands. */
static void
ask(void)
{
	struct say s = plain();
	int i;

	for (i = 0; i < SIDES; i++)
		view[i].answers = view[i].rst = 0;
	s.at = 0;			/* the SYN's own place */
	s.len = 1;
	say(&s);
}

static void
app_sends(size_t len)
{
	static const uint8_t zero[DATA_MAX];

	if (verbose)
		printf("  application sends %zu\n", len);
	if (conn)
		endpoint_send(conn, zero, len);
	loop_end_turn(&loop);
	if (sock >= 0)
		(void)!send(sock, zero, len, MSG_NOSIGNAL);
	kernel_hears();
}

static void
app_ends(void)
{
	if (verbose)
		printf("  application sends no more\n");
	if (conn)
		endpoint_fin(conn);
	loop_end_turn(&loop);
	if (sock >= 0)
		shutdown(sock, SHUT_WR);
	kernel_hears();
}

/* No client sends more bytes after its FIN, or a FIN before what it has sent:
 * what to make of that is up to each (RFC 9293 ignores it, Linux resets). */
static void
be_consistent(struct say *s)
{
	if ((s->flags & TCP_FIN) && !me.fin) {
		s->at = me.most;
		me.fin = s->at + (uint32_t)s->len;
	}
	if (me.fin) {
		if (s->at + s->len > me.fin)
			s->len = s->at < me.fin ? me.fin - s->at : 0;
		s->flags &= (uint8_t)~TCP_FIN;
		if (s->at + s->len == me.fin)
			s->flags |= TCP_FIN;
	}
	if (s->len && s->at + s->len - me.next < CREDIT &&
	    me.most < s->at + s->len)
		me.most = s->at + (uint32_t)s->len;
}

/* Linux takes a reset that stands behind a stretch of which it has told, too:
 * a client may not know yet what was acknowledged.  RFC 5961 wants it exact. */
static int
at_a_sack(uint32_t seq)
{
	unsigned i;

	for (i = 0; i < view[KERNEL].nsack; i++)
		if (view[KERNEL].sack[i].to == seq)
			return 1;
	return 0;
}

/* What no client should say. */
static void
wrong(struct say *s, uint32_t what)
{
	switch (what) {
	case 0:					/* acknowledges too much */
		s->ack_off = (int32_t)(1 + draw(100000));
		break;
	case 1:					/* ... or little */
		s->ack_off = -(int32_t)draw(3000);
		break;
	case 2:					/* ... or what never was */
		s->ack_off = -(int32_t)(200000 + draw(1 << 30));
		s->len = draw(2) ? draw(MSS) : 0;
		/* Without URG Linux has a fast way, which takes the bytes. */
		s->flags |= TCP_URG;
		break;
	case 3:					/* beyond the window */
		s->at += 3 * CREDIT + draw(1 << 20);
		s->len = draw(MSS);
		break;
	case 4:					/* no ACK at all */
		s->flags = 0;
		s->len = draw(100);
		break;
	case 5:					/* a SYN in the middle */
		s->flags = draw(2) ? TCP_SYN : TCP_SYN | TCP_ACK;
		s->at += draw(1000);
		break;
	case 6:					/* a reset that is not exact */
		s->flags = TCP_RST;
		s->at += 1 + draw(10000);
		if (at_a_sack(iss + s->at))
			s->at++;
		break;
	case 7:
		s->flags = TCP_RST;
		s->at += 3 * CREDIT + draw(1 << 20);
		break;
	default:				/* an old timestamp (PAWS) */
		s->ts_off = -(int32_t)(1000 + draw(100000));
		s->len = draw(100);
		break;
	}
}

/* What clients do, if not all in this order. */
static void
right(struct say *s, uint32_t what)
{
	switch (what) {
	case 0: case 1: case 2:			/* with a gap before it */
		s->at += 1 + draw(3 * MSS);
		s->len = 1 + draw(MSS);
		break;
	case 3: case 4:				/* again, or partly again */
		s->at = 1 + draw(me.next);
		s->len = 1 + draw(MSS);
		break;
	case 5:
		s->flags |= TCP_URG;
		s->len = 1 + draw(100);
		break;
	case 6:					/* takes hardly anything */
		s->wnd = (uint16_t)draw(3);
		break;
	case 7:					/* rarely, the end */
		if (draw(3) == 0)
			s->flags |= TCP_FIN;
		s->len = draw(200);
		break;
	case 8:					/* ... or an exact reset */
		if (draw(8) == 0)
			s->flags = TCP_RST;
		break;
	default:				/* what comes next */
		s->len = 1 + draw(MSS);
		break;
	}
}

static void
app_acts(void)
{
	if (app_fin)
		return;
	if (draw(8) == 0) {
		app_fin = 1;
		app_ends();
	} else
		app_sends(1 + draw(DATA_MAX));
}

static void
step(void)
{
	struct say s = plain();
	uint32_t what = draw(24);

	me.clock += draw(3);
	if (what < 2) {
		app_acts();
		return;
	}
	if (what < 11)
		wrong(&s, what - 2);
	else
		right(&s, what - 11);
	if (!(s.flags & (TCP_SYN | TCP_RST)))
		be_consistent(&s);
	say(&s);
	/* A script that is right stays right: its next new byte is where the
	 * other end is, as far as both agree. */
	if (view[KERNEL].ack == view[OURS].ack &&
	    seq_lt(iss + me.next, view[KERNEL].ack))
		me.next = view[KERNEL].ack - iss;
}

/* --- comparing --- */

static int
alive(enum side side)
{
	return view[side].answers > 0 && view[side].rst == 0;
}

/* Bytes beyond what is acknowledged.  The order of the blocks tells of arrivals
 * and may differ; a report of a duplicate (DSACK) is none of them. */
static uint32_t
beyond(const struct view *v)
{
	const struct tcp_sack *b;
	uint32_t sum = 0;
	unsigned i;

	for (i = 0; i < v->nsack; i++) {
		b = &v->sack[i];
		if (seq_lt(v->ack, b->from))
			sum += b->to - b->from;
		/* Linux counts a FIN that came early; we do not say it. */
		if (me.fin && b->to == iss + me.fin + 1)
			sum--;
	}
	return sum;
}

/* At most three or four blocks are said: with more gaps than that they may have
 * chosen differently. */
static int
same_sacks(void)
{
	return beyond(&view[OURS]) == beyond(&view[KERNEL]) ||
	    view[OURS].nsack >= 3 || view[KERNEL].nsack >= 3;
}

/* Where both have sent their FIN, Linux reads the acknowledgement of a segment
 * whose bytes are all old, and we wait for one that is not (RFC 9293 3.10.7.4):
 * it may be rid of the connection before us. */
static int
both_ended(void)
{
	return me.fin && app_fin && view[OURS].end && view[KERNEL].end;
}

static const char *
differ(void)
{
	struct view *o = &view[OURS], *k = &view[KERNEL];

	if (both_ended())
		return NULL;
	if (alive(OURS) != alive(KERNEL))
		return "one is there, the other is not";
	if (o->got != k->got || o->hash != k->hash)
		return "the applications got different bytes";
	if (o->end != k->end && alive(OURS))
		return "one application was told of the end";
	if (!alive(OURS))
		return NULL;
	if (o->ack != k->ack)
		return "they acknowledge different bytes";
	if (me.sack && !same_sacks())
		return "they acknowledge different stretches";
	return NULL;
}

static int
handshake(void)
{
	struct say s = { .flags = TCP_SYN, .wnd = 0xffff };

	memset(view, 0, sizeof(view));
	memset(&me, 0, sizeof(me));
	view[OURS].hash = view[KERNEL].hash = 0xcbf29ce484222325;
	app_fin = 0;
	sport++;
	iss = draw(4) ? draw(UINT32_MAX) : UINT32_MAX - draw(5000);
	me.clock = 1 + draw(1u << 30);
	me.ts = draw(4) != 0;
	me.sack = draw(4) != 0;
	say(&s);
	if (!view[OURS].synack || !view[KERNEL].synack) {
		printf("no SYN|ACK: ours %d, kernel %d\n",
		    view[OURS].synack, view[KERNEL].synack);
		return -1;
	}
	me.next = me.most = 1;
	s = plain();
	say(&s);
	return 0;
}

static void
clean_up(void)
{
	struct linger hard = { .l_onoff = 1 };

	if (conn)
		endpoint_kill(conn, -ECONNRESET);
	conn = NULL;
	loop_end_turn(&loop);
	/* One that was reset at once may still be in the queue. */
	do {
		if (sock >= 0) {
			setsockopt(sock, SOL_SOCKET, SO_LINGER, &hard,
			    sizeof(hard));
			close(sock);
		}
		sock = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	} while (sock >= 0);
	kernel_hears();
}

static int
play(uint64_t seed)
{
	const char *what;
	int i;

	prng = seed * 0x9e3779b97f4a7c15 + 1;
	if (handshake() < 0)
		return -1;
	for (i = 0; i < STEPS; i++) {
		step();
		ask();
		if ((what = differ()) != NULL) {
			printf("script %llu, step %d: %s\n",
			    (unsigned long long)seed, i, what);
			clean_up();
			return -1;
		}
		if (!alive(OURS))
			break;
	}
	clean_up();
	return 0;
}

/* The kernel's clock runs on, and a busy machine may put its work off: what does
 * not come again came from that. */
static int
differs(uint64_t seed)
{
	int i;

	for (i = 0; i < AGAIN; i++)
		if (play(seed) == 0)
			return 0;
	return 1;
}

int
main(int argc, char **argv)
{
	unsigned long long seed = 1, n = 2000, i, bad = 0;
	int opt;

	while ((opt = getopt(argc, argv, "vn:s:")) != -1) {
		switch (opt) {
		case 'v':
			verbose = 1;
			break;
		case 'n':
			n = strtoull(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	rand_init();
	start_ours();
	start_kernel();
	for (i = seed; i < seed + n; i++)
		bad += differs(i);
	printf("%llu scripts, %llu differ\n", n, bad);
	printf("%d passed, %d failed\n", bad == 0, bad != 0);
	stack_free(stack);
	loop_end_turn(&loop);
	return bad != 0;
}
