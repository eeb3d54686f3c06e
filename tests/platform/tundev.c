/* tests/platform/tundev.c - what we assume of /dev/net/tun, and tundev on it
 *
 *	tundev NAME
 *
 * Runs one check in the network namespace that it finds itself in, which has
 * to be its own alone, and writes "good", or what was not so.  Where a packet
 * is needed it is made by hand: nothing of the stack is in here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/wire.h"
#include "tun/csum.h"
#include "tun/pkt.h"
#include "tun/tundev.h"

enum {
	BIG = 300 * 1000,	/* bytes to and fro */
	SUPER = 60000,		/* of payload in one packet of ours */
	MSS = 1400, ISS = 1000, SYN = 2, RST = 4, PSH = 8, ACK = 16, FIN = 1,
	WAIT_MS = 10000
};

#define need(x) do {							\
	if (!(x)) {							\
		printf("line %d: not so: %s (%s)\n", __LINE__, #x,	\
		    strerror(errno));					\
		exit(1);						\
	}								\
} while (0)

static uint8_t buf[TUNDEV_READ];
static uint8_t data[BIG];

static void
sh(const char *cmd)
{
	if (system(cmd) != 0) {
		printf("failed: %s\n", cmd);
		exit(1);
	}
}

static struct tundev *
open_dev(const char *name)
{
	struct tundev *d;
	int rc = tundev_open(&d, name, 0);

	if (rc < 0) {
		printf("tundev_open: %s\n", strerror(-rc));
		exit(1);
	}
	return d;
}

static int
open_raw(const char *name, short flags)
{
	struct ifreq r = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	need(fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0);
	return fd;
}

static void
wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	need(poll(&p, 1, WAIT_MS) == 1);
}

/* --- packets by hand --- */

struct tcp {			/* as it came, or is to go */
	struct addr	src, dst;	/* with ports */
	uint32_t	seq, ack;
	uint8_t		flags;
	const uint8_t	*data;
	size_t		len;
};

static size_t
put_ip(uint8_t *h, const struct tcp *t, size_t len)
{
	uint16_t sum;

	if (t->src.family == 4) {
		h[0] = 0x45;
		wire_set16(h + 2, (uint16_t)(20 + len));
		h[6] = 0x40;
		h[8] = 64;
		h[9] = 6;
		memcpy(h + 12, t->src.ip, 4);
		memcpy(h + 16, t->dst.ip, 4);
		sum = csum_fold(csum_add(0, h, 20));
		wire_set16(h + 10, sum);
		return 20;
	}
	h[0] = 0x60;
	wire_set16(h + 4, (uint16_t)len);
	h[6] = 6;
	h[7] = 64;
	memcpy(h + 8, t->src.ip, 16);
	memcpy(h + 24, t->dst.ip, 16);
	return 40;
}

/* @partial: the kernel completes the checksum, and cuts. */
static void
make(struct pkt_out *p, const struct tcp *t, int partial)
{
	size_t iplen, tcplen = t->flags & SYN ? 28 : 20;
	uint64_t sum;
	uint8_t *h;

	memset(p, 0, sizeof(*p));
	iplen = put_ip(p->head, t, tcplen + t->len);
	p->headlen = iplen + tcplen;
	h = p->head + iplen;
	wire_set16(h, t->src.port);
	wire_set16(h + 2, t->dst.port);
	wire_set32(h + 4, t->seq);
	wire_set32(h + 8, t->ack);
	h[12] = (uint8_t)(tcplen << 2);
	h[13] = t->flags;
	wire_set16(h + 14, 0xffff);
	if (t->flags & SYN)		/* MSS; window scale */
		memcpy(h + 20, "\2\4\5\170\1\3\3\7", 8);
	sum = csum_pseudo(&t->src, &t->dst, 6, tcplen + t->len);
	if (partial) {
		p->csum_start = (uint16_t)iplen;
		p->csum_offset = 16;
		p->seg = t->len > MSS ? MSS : 0;
		wire_set16(h + 16, csum_partial(sum));
	} else {
		sum = csum_add(csum_add(sum, h, tcplen), t->data, t->len);
		wire_set16(h + 16, csum_fold(sum));
	}
	if (t->len) {		/* in two slices, as a ring gives it */
		p->body[0] = (struct pkt_slice){ t->data, t->len / 2 };
		p->body[1] = (struct pkt_slice){ t->data + t->len / 2,
		    t->len - t->len / 2 };
		p->nbody = 2;
	}
}

static int
parse(struct tcp *t, const uint8_t *p, size_t len)
{
	size_t iplen = p[0] >> 4 == 4 ? 20 : 40, al = iplen == 20 ? 4 : 16;
	const uint8_t *h = p + iplen;

	if (len < iplen + 20 || p[iplen == 20 ? 9 : 6] != 6)
		return 0;
	memset(t, 0, sizeof(*t));
	t->src.family = t->dst.family = iplen == 20 ? 4 : 6;
	memcpy(t->src.ip, p + (al == 4 ? 12 : 8), al);
	memcpy(t->dst.ip, p + (al == 4 ? 16 : 24), al);
	t->src.port = wire_get16(h);
	t->dst.port = wire_get16(h + 2);
	t->seq = wire_get32(h + 4);
	t->ack = wire_get32(h + 8);
	t->flags = h[13];
	t->data = h + (h[12] >> 4) * 4;
	t->len = len - (size_t)(t->data - p);
	return 1;
}

static int
checksum_holds(const struct tcp *t, const uint8_t *p, size_t len)
{
	size_t iplen = p[0] >> 4 == 4 ? 20 : 40;

	return csum_fold(csum_add(csum_pseudo(&t->src, &t->dst, 6,
	    len - iplen), p + iplen, len - iplen)) == 0;
}

/* The next TCP segment that the kernel sends to one of ours. */
static void
next(struct tundev *d, struct tcp *t, struct pkt_in *p)
{
	int rc;

	for (;;) {
		while ((rc = tundev_read(d, buf, p)) == 0)
			wait_readable(tundev_fd(d));
		need(rc == 1);
		if (parse(t, p->p, p->len))
			return;
	}
}

static int
put(struct tundev *d, const struct tcp *t, int partial)
{
	struct pkt_out p;

	make(&p, t, partial);
	return tundev_write(d, &p);
}

static struct tcp
answer(const struct tcp *to, uint8_t flags)
{
	struct tcp t = { .src = to->dst, .dst = to->src, .seq = to->ack,
	    .ack = to->seq + (uint32_t)to->len + !!(to->flags & SYN),
	    .flags = flags };

	return t;
}

/* --- a connection of the kernel's to an address behind the device --- */

struct conn {
	struct tundev	*dev;
	int		 fd;		/* the kernel's end */
	struct tcp	 last;		/* that was heard */
	uint32_t	 next;		/* to be heard */
};

static void
up(const char *name)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "ip addr add 10.98.0.1/24 dev %s && "
	    "ip addr add fd98::1/64 dev %s nodad && ip link set %s up", name,
	    name, name);
	sh(cmd);
}

static void
dial(struct conn *c, struct tundev *d, const char *to)
{
	struct sockaddr_storage ss;
	struct addr a;
	struct tcp t;
	struct pkt_in p;
	socklen_t len;

	c->dev = d;
	need(addr_parse(&a, to, -1) == 0);
	len = addr_to_sock(&a, &ss);
	c->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	need(c->fd >= 0);
	need(connect(c->fd, (struct sockaddr *)&ss, len) < 0 &&
	    errno == EINPROGRESS);
	next(d, &c->last, &p);
	need(c->last.flags == SYN && addr_equal(&c->last.dst, &a));
	need(p.csum_ok);
	t = answer(&c->last, SYN | ACK);
	t.seq = ISS;
	need(put(d, &t, 1) == 0);
	next(d, &c->last, &p);
	need(c->last.flags == ACK && c->last.ack == ISS + 1);
	c->next = c->last.seq;
}

static void
fill(void)
{
	size_t i;

	for (i = 0; i < BIG; i++)
		data[i] = (uint8_t)(i * 31 + i / 256);
}

/* The kernel sends @data; we acknowledge each packet.  The largest. */
static size_t
hear(struct conn *c)
{
	size_t sent = 0, heard = 0, largest = 0;
	struct pkt_in p;
	struct tcp t;
	ssize_t n;

	while (heard < BIG) {
		n = write(c->fd, data + sent, BIG - sent);
		sent += n > 0 ? (size_t)n : 0;
		next(c->dev, &c->last, &p);
		need(p.csum_ok);
		need(c->last.seq == c->next);
		need(heard + c->last.len <= BIG);
		need(memcmp(c->last.data, data + heard, c->last.len) == 0);
		heard += c->last.len;
		c->next += (uint32_t)c->last.len;
		if (c->last.len > largest)
			largest = c->last.len;
		t = answer(&c->last, ACK);
		need(put(c->dev, &t, 1) == 0);
	}
	return largest;
}

static void
check_read_super(const char *to)
{
	struct conn c;
	struct tundev *d = open_dev("ot0");

	need(tundev_offload(d));
	up("ot0");
	fill();
	dial(&c, d, to);
	need(hear(&c) > 30000);		/* of 65,483 at most */
}

static void
check_write_super(const char *to)
{
	static uint8_t got[BIG];
	struct tundev *d = open_dev("ot0");
	struct tcp t;
	struct conn c;
	size_t at = 0;
	ssize_t n;

	up("ot0");
	fill();
	dial(&c, d, to);
	t = answer(&c.last, ACK | PSH);
	t.data = data;
	t.len = SUPER;
	need(put(d, &t, 1) == 0);
	for (; at < SUPER; at += (size_t)n) {
		wait_readable(c.fd);
		need((n = read(c.fd, got + at, sizeof(got) - at)) > 0);
	}
	need(at == SUPER && memcmp(got, data, SUPER) == 0);
}

/* A second device, plain, is the wire: what comes out there is whole. */
static void
forward(void)
{
	sh("sysctl -qw net.ipv4.ip_forward=1");
	sh("ip addr add 10.97.0.1/24 dev wire && ip link set wire up");
}

static void
check_kernel_cuts_and_completes(void)
{
	struct tundev *d = open_dev("ot0");
	int wire = open_raw("wire", IFF_TUN | IFF_NO_PI);
	struct tcp t = { .seq = 5000, .ack = 1, .flags = ACK, .data = data,
	    .len = 3 * MSS + 17 }, got;
	size_t at = 0;
	ssize_t n;

	fill();
	up("ot0");
	forward();
	need(addr_parse(&t.src, "10.98.0.2:80", -1) == 0);
	need(addr_parse(&t.dst, "10.97.0.2:4000", -1) == 0);
	need(put(d, &t, 1) == 0);
	while (at < t.len) {
		wait_readable(wire);
		need((n = read(wire, buf, sizeof(buf))) > 0);
		if (!parse(&got, buf, (size_t)n))
			continue;
		need(n <= 1500 && checksum_holds(&got, buf, (size_t)n));
		need(got.seq == t.seq + at && got.len <= MSS);
		need(memcmp(got.data, data + at, got.len) == 0);
		at += got.len;
	}
}

static void
check_from_the_wire_is_unverified(void)
{
	struct tundev *d = open_dev("ot0");
	int wire = open_raw("wire", IFF_TUN | IFF_NO_PI);
	struct tcp t = { .seq = 5000, .flags = SYN }, got;
	struct pkt_out p;
	struct pkt_in in;

	up("ot0");
	forward();
	need(addr_parse(&t.src, "10.97.0.2:4000", -1) == 0);
	need(addr_parse(&t.dst, "10.98.0.2:80", -1) == 0);
	make(&p, &t, 0);
	p.head[20 + 17] ^= 1;		/* its checksum is wrong */
	need(write(wire, p.head, p.headlen) == (ssize_t)p.headlen);
	next(d, &got, &in);
	need(got.seq == 5000 && !in.csum_ok);
	need(!checksum_holds(&got, in.p, in.len));
}

/* --- names, persistence, descriptors --- */

static void
check_names(void)
{
	struct tundev *any = open_dev(""), *d = open_dev("fifteenletters1"), *e;

	need(strncmp(tundev_name(any), "tun", 3) == 0);
	need(if_nametoindex(tundev_name(any)) > 0);
	need(strcmp(tundev_name(d), "fifteenletters1") == 0);
	need(fcntl(tundev_fd(d), F_GETFL) & O_NONBLOCK);
	need(fcntl(tundev_fd(d), F_GETFD) & FD_CLOEXEC);
	need(tundev_open(&e, "fifteenletters1", 0) == -EBUSY);
	need(tundev_open(&e, "sixteenletters12", 0) == -ENAMETOOLONG);
	need(tundev_open(&e, "lo", 0) == -EINVAL);
	tundev_free(d);
	need(if_nametoindex("fifteenletters1") == 0);
	tundev_free(any);
}

static void
check_persistent(void)
{
	struct tundev *d;

	need(tundev_open(&d, "ot0", 1) == 0);
	tundev_free(d);
	need(if_nametoindex("ot0") > 0);
	need(tundev_open(&d, "ot0", 0) == 0);	/* the same again */
	need(tundev_offload(d));
	tundev_free(d);
	need(if_nametoindex("ot0") > 0);
	sh("ip link del ot0");
}

static int
pass(int fd)
{
	union {
		struct cmsghdr	h;
		uint8_t		b[CMSG_SPACE(sizeof(int))];
	} u = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char x = 'x';
	struct iovec iov = { &x, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = u.b, .msg_controllen = sizeof(u.b) };
	int pair[2], out;

	memcpy(CMSG_DATA(&u.h), &fd, sizeof(fd));
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	need(sendmsg(pair[0], &m, 0) == 1);
	need(recvmsg(pair[1], &m, 0) == 1);
	memcpy(&out, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(out));
	close(pair[0]);
	close(pair[1]);
	return out;
}

static void
check_adopt(const char *to)
{
	struct tundev *d;
	struct conn c;
	int fd = open_raw("ot7", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR), head = 12;

	need(ioctl(fd, TUNSETVNETHDRSZ, &head) == 0);
	need(tundev_adopt(&d, pass(fd)) == 0);
	close(fd);
	need(strcmp(tundev_name(d), "ot7") == 0 && tundev_offload(d));
	need(fcntl(tundev_fd(d), F_GETFD) & FD_CLOEXEC);
	up("ot7");
	fill();
	dial(&c, d, to);
	need(hear(&c) > 30000);
	tundev_free(d);
	need(if_nametoindex("ot7") == 0);
}

/* Its sender takes O_NONBLOCK away. */
static void
check_adopt_does_not_wait(void)
{
	struct tundev *d;
	struct pkt_in in;
	int fd = open_raw("ot7", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR), rc;

	need(tundev_adopt(&d, pass(fd)) == 0);
	while (tundev_read(d, buf, &in) > 0)
		;
	need(fcntl(fd, F_SETFL, O_RDWR) == 0);
	rc = tundev_read(d, buf, &in);
	need(rc == 0 || rc == -EINTR);
	need(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
}

static void
check_adopt_refuses(void)
{
	struct tundev *d;
	int null = open("/dev/null", O_RDWR);
	int loose = open("/dev/net/tun", O_RDWR);

	need(tundev_adopt(&d, open_raw("a", IFF_TAP | IFF_NO_PI)) == -EINVAL);
	need(tundev_adopt(&d, null) == -ENOTTY);
	need(tundev_adopt(&d, loose) == -EBADFD);
	need(fcntl(null, F_GETFD) >= 0);	/* it stays the caller's */
	need(tundev_adopt(&d, -1) == -EBADF);
}

/* A kernel that told whether there is PI would let us refuse it. */
static void
check_pi_is_not_told(void)
{
	struct ifreq with = { 0 }, without = { 0 };

	need(ioctl(open_raw("a", IFF_TUN), TUNGETIFF, &with) == 0);
	need(ioctl(open_raw("b", IFF_TUN | IFF_NO_PI), TUNGETIFF,
	    &without) == 0);
	need(with.ifr_flags == without.ifr_flags);
}

static void
check_plain(void)
{
	struct tundev *d;
	struct tcp t = { .flags = SYN };

	need(tundev_adopt(&d, open_raw("p", IFF_TUN | IFF_NO_PI)) == 0);
	need(!tundev_offload(d));
	need(put(d, &t, 1) == -EOPNOTSUPP);
	tundev_free(d);
}

static void
check_down_and_up(void)
{
	struct tundev *d = open_dev("ot0");
	struct pkt_in p;
	struct conn c;
	struct tcp t;

	up("ot0");
	dial(&c, d, "10.98.0.2:80");
	sh("ip link set ot0 down");
	while (tundev_read(d, buf, &p) == 1)
		;
	need(tundev_read(d, buf, &p) == 0);
	t = answer(&c.last, ACK);
	need(put(d, &t, 1) == -EIO);
	sh("ip link set ot0 up");
	need(put(d, &t, 1) == 0);
	dial(&c, d, "10.98.0.2:81");
	sh("ip link del ot0");
	wait_readable(tundev_fd(d));
	need(tundev_read(d, buf, &p) == -EBADFD);
	need(put(d, &t, 1) < 0);
	tundev_free(d);
}

static void
check_no_rights(void)
{
	struct tundev *d;

	need(setresuid(65534, 65534, 65534) == 0);
	need(tundev_open(&d, "ot0", 0) == -EPERM);
}

static void check_read4(void) { check_read_super("10.98.0.2:80"); }
static void check_read6(void) { check_read_super("[fd98::2]:80"); }
static void check_write4(void) { check_write_super("10.98.0.2:80"); }
static void check_write6(void) { check_write_super("[fd98::2]:80"); }
static void check_adopt4(void) { check_adopt("10.98.0.2:80"); }

static const struct {
	const char	*name;
	void		(*fn)(void);
} checks[] = {
	{ "open_gives_names_and_refuses_others", check_names },
	{ "open_persistent_interface_stays", check_persistent },
	{ "open_without_rights_is_refused", check_no_rights },
	{ "adopt_passed_descriptor_works", check_adopt4 },
	{ "adopt_device_that_is_made_to_wait_does_not",
	    check_adopt_does_not_wait },
	{ "adopt_refuses_what_is_no_tun_of_ours", check_adopt_refuses },
	{ "kernel_does_not_tell_whether_there_is_pi", check_pi_is_not_told },
	{ "adopt_plain_device_has_no_offload", check_plain },
	{ "read_gives_super_segments_ipv4", check_read4 },
	{ "read_gives_super_segments_ipv6", check_read6 },
	{ "write_takes_super_segments_ipv4", check_write4 },
	{ "write_takes_super_segments_ipv6", check_write6 },
	{ "write_kernel_cuts_and_completes_checksums",
	    check_kernel_cuts_and_completes },
	{ "read_leaves_checksums_of_the_wire_to_us",
	    check_from_the_wire_is_unverified },
	{ "write_fails_while_down_and_works_again", check_down_and_up },
};

int
main(int argc, char **argv)
{
	size_t i;

	alarm(60);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (argc < 2)
			printf("%s\n", checks[i].name);
		else if (strcmp(argv[1], checks[i].name) == 0) {
			checks[i].fn();
			printf("good\n");
			return 0;
		}
	}
	return argc >= 2;
}
