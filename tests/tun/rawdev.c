/* tests/tun/rawdev.c - raw frames to our stack by a real TUN, and back */
#include "tests/tun/rawdev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/wire.h"
#include "tests/tun/rawsum.h"

/* The device holds 500, and drops what is more. */
enum { UNREAD_MAX = 200, RX_QUEUE = 32 << 20, LINE = 4096 };
enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58, ECHO_ID = 0x7a7a };

TAILQ_HEAD(frames, frame);

static struct {
	const char	*program;
	pid_t		 pid;
	int		 out;		/* what echo_tun says */
	int		 fd, index;
	struct frames	 came;
	unsigned	 unread;
	uint16_t	 seq, answered;	/* of echo requests */
	unsigned	 strange;
	char		 said[LINE];
	size_t		 nsaid;
	const char	*totals;	/* when all was settled last */
} d;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	exit(1);
}

int64_t
rawdev_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
sh(const char *cmd)
{
	if (system(cmd) != 0) {
		fprintf(stderr, "hostile: failed: %s\n", cmd);
		exit(1);
	}
}

/* --- echo_tun --- */

void
rawdev_init(const char *echo_tun)
{
	d.program = echo_tun;
	d.fd = -1;
	TAILQ_INIT(&d.came);
	/* What is freed counts as memory while a sanitizer keeps it. */
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 0);
	if (unshare(CLONE_NEWNET) < 0)
		die("a network namespace");
	/* The kernel has nothing to say there. */
	sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 "
	    "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
}

/* A line of what it says; it ends within patience, or the program does. */
static const char *
line(void)
{
	struct pollfd p = { .fd = d.out, .events = POLLIN };
	static char l[LINE];
	char *end;
	ssize_t n;

	while ((end = memchr(d.said, '\n', d.nsaid)) == NULL) {
		if (d.nsaid == sizeof(d.said) ||
		    poll(&p, 1, RAWDEV_PATIENCE_MS) != 1)
			die("echo_tun says nothing");
		n = read(d.out, d.said + d.nsaid, sizeof(d.said) - d.nsaid);
		if (n <= 0)
			die("echo_tun is gone");
		d.nsaid += (size_t)n;
	}
	*end++ = '\0';
	strcpy(l, d.said);
	d.nsaid -= (size_t)(end - d.said);
	memmove(d.said, end, d.nsaid);
	return l;
}

static void
run(int plain)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0 || (d.pid = fork()) < 0)
		die("echo_tun");
	if (d.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(p[1], STDOUT_FILENO);
		execl(d.program, d.program, plain ? "-p" : NULL, NULL);
		_exit(127);
	}
	close(p[1]);
	d.out = p[0];
	d.nsaid = 0;
	if (strcmp(line(), "ready") != 0)
		die("echo_tun is not ready");
}

static void
bind_socket(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = d.index };
	int on = 1, size = RX_QUEUE;

	d.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d.fd < 0 ||
	    setsockopt(d.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) < 0 ||
	    setsockopt(d.fd, SOL_PACKET, PACKET_VNET_HDR, &on,
	    sizeof(on)) < 0 ||
	    setsockopt(d.fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on,
	    sizeof(on)) < 0 ||
	    setsockopt(d.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
	    sizeof(on)) < 0 ||
	    bind(d.fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("a packet socket");
}

void
rawdev_start(int plain)
{
	run(plain);
	sh("ip addr add 10.191.0.1/24 dev ot0 && ip link set ot0 up && "
	    "ip route add default dev ot0");
	d.index = (int)if_nametoindex("ot0");
	d.unread = 0;
	bind_socket();
}

void
rawdev_stop(void)
{
	int status;

	rawdev_drop();
	close(d.fd);
	if (kill(d.pid, SIGTERM) < 0 || waitpid(d.pid, &status, 0) < 0)
		die("echo_tun");
	close(d.out);
	if (status != 0) {
		fprintf(stderr, "hostile: echo_tun ended with %#x\n",
		    (unsigned)status);
		exit(1);
	}
}

uint64_t
rawdev_total(const char *name)
{
	char key[64];
	const char *at;

	rawdev_settle();
	snprintf(key, sizeof(key), "\"%s\":", name);
	if ((at = strstr(d.totals, key)) == NULL)
		die(name);
	return strtoull(at + strlen(key), NULL, 10);
}

size_t
rawdev_memory(void)
{
	unsigned long all, resident;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)d.pid);
	if ((f = fopen(path, "r")) == NULL ||
	    fscanf(f, "%lu %lu", &all, &resident) != 2)
		die(path);
	fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* --- out --- */

static void
put(const void *p, size_t len)
{
	struct virtio_net_hdr head = { 0 };
	struct iovec iov[] = { { &head, sizeof(head) },
	    { (void *)(uintptr_t)p, len } };
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
	    .sll_ifindex = d.index };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to),
	    .msg_iov = iov, .msg_iovlen = 2 };
	int v6 = *(const uint8_t *)p >> 4 == 6;

	to.sll_protocol = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
	while (sendmsg(d.fd, &m, 0) < 0) {
		struct pollfd pfd = { .fd = d.fd, .events = POLLOUT };

		if (errno != EAGAIN || poll(&pfd, 1, RAWDEV_PATIENCE_MS) != 1)
			die("a frame");
	}
}

void
rawdev_send(const void *p, size_t len)
{
	if (d.unread == UNREAD_MAX)
		rawdev_settle();
	put(p, len);
	d.unread++;
}

/* --- in --- */

static int
parse(struct frame *f)
{
	const uint8_t *h = f->b;
	size_t head = h[0] >> 4 == 6 ? 40 : 20, n = head == 40 ? 16 : 4;

	if (f->len < head)
		return 0;
	f->src.family = f->dst.family = head == 40 ? 6 : 4;
	memcpy(f->src.ip, h + (head == 40 ? 8 : 12), n);
	memcpy(f->dst.ip, h + (head == 40 ? 24 : 16), n);
	f->proto = head == 40 ? h[6] : h[9];
	f->payload = h + head;
	f->payload_len = f->len - head;
	return 1;
}

static int
sum_ok(const struct frame *f)
{
	static const struct { uint8_t proto, at; } ats[] = {
		{ TCP, 16 }, { UDP, 6 }, { ICMP, 2 }, { ICMP6, 2 }
	};
	size_t i;

	for (i = 0; i < sizeof(ats) / sizeof(ats[0]); i++)
		if (ats[i].proto == f->proto)
			return f->payload_len >= ats[i].at + 2u &&
			    wire_get16(f->payload + ats[i].at) ==
			    raw_sum(f->payload, f->payload_len, ats[i].at,
			    &f->src, &f->dst, f->proto == ICMP ? 0 : f->proto);
	return 0;
}

/* No part of it tells anything. */
static int
header_ok(const struct frame *f)
{
	static const uint8_t class6[4] = { 0x60 };
	const uint8_t *h = f->b;

	if (f->src.family == 6)
		return memcmp(h, class6, 4) == 0 && h[7] == 64 &&
		    wire_get16(h + 4) == f->payload_len;
	return h[0] == 0x45 && h[1] == 0 && wire_get16(h + 2) == f->len &&
	    wire_get16(h + 4) == 0 && wire_get16(h + 6) == 0x4000 &&
	    h[8] == 64 && wire_get16(h + 10) == raw_sum4(h);
}

static int
is_answer(const struct frame *f)
{
	return f->proto == ICMP && f->payload_len == 8 && f->payload[0] == 0 &&
	    wire_get16(f->payload + 4) == ECHO_ID;
}

static void
keep(const struct virtio_net_hdr *head, const uint8_t *p, size_t len)
{
	struct frame *f = calloc(1, sizeof(*f) + len);

	if (f == NULL)
		die("memory");
	f->at = rawdev_now();
	f->len = len;
	f->seg = head->gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : head->gso_size;
	memcpy(f->b, p, len);
	if (len == 0 || !parse(f)) {
		d.strange++;
		free(f);
		return;
	}
	if (!header_ok(f) || (!sum_ok(f) &&
	    !(head->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)))
		d.strange++;
	if (is_answer(f)) {
		d.answered = wire_get16(f->payload + 6);
		free(f);
	} else
		TAILQ_INSERT_TAIL(&d.came, f, link);
}

/* 0: nothing came in all that time. */
static int
receive(int ms)
{
	static uint8_t buf[sizeof(struct virtio_net_hdr) + RAWDEV_RX];
	struct pollfd p = { .fd = d.fd, .events = POLLIN };
	struct virtio_net_hdr head;
	ssize_t n;

	if (poll(&p, 1, ms) != 1)
		return 0;
	while ((n = recv(d.fd, buf, sizeof(buf), 0)) >= (ssize_t)sizeof(head)) {
		memcpy(&head, buf, sizeof(head));
		keep(&head, buf + sizeof(head), (size_t)n - sizeof(head));
	}
	return 1;
}

static void
lost_none(void)
{
	struct tpacket_stats s;
	socklen_t len = sizeof(s);

	if (getsockopt(d.fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) < 0 ||
	    s.tp_drops)
		die("what the stack sent was lost");
}

static void
ping(void)
{
	uint8_t b[28] = { 0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, ICMP, 0, 0,
	    10, 97, 0, 1, 10, 191, 0, 2, 8 };

	raw_set16(b + 24, ECHO_ID);
	raw_set16(b + 26, ++d.seq);
	raw_set16(b + 22, raw_sum(b + 20, 8, 2, NULL, NULL, 0));
	raw_set16(b + 10, raw_sum4(b));
	put(b, sizeof(b));
	while (d.answered != d.seq)
		if (!receive(RAWDEV_PATIENCE_MS))
			die("the stack answers no ping");
}

/* A signal is handled between two turns, never within one. */
void
rawdev_settle(void)
{
	ping();
	if (kill(d.pid, SIGUSR1) < 0)
		die("echo_tun");
	d.totals = line();
	receive(0);
	lost_none();
	d.unread = 0;
}

struct frame *
rawdev_take(void)
{
	struct frame *f = TAILQ_FIRST(&d.came);

	if (f)
		TAILQ_REMOVE(&d.came, f, link);
	return f;
}

struct frame *
rawdev_wait(void)
{
	int64_t end = rawdev_now() + RAWDEV_PATIENCE_MS, left;

	while (TAILQ_EMPTY(&d.came) && (left = end - rawdev_now()) > 0)
		receive((int)left);
	return rawdev_take();
}

void
rawdev_drop(void)
{
	struct frame *f;

	while ((f = rawdev_take()) != NULL)
		free(f);
}

unsigned
rawdev_strange(void)
{
	return d.strange;
}
