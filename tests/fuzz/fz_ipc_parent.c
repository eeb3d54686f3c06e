/* tests/fuzz/fz_ipc_parent.c - what an engine that is somebody else's may say
 *
 * Packets: how many descriptors, how long, and the bytes.  Whatever they are,
 * nothing is opened that the configuration does not name, there is an end to
 * it, and no descriptor stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/lend.h"
#include "daemon/lender.h"
#include "daemon/procmsg.h"
#include "tests/fuzz/fuzz.h"

static const char now_text[] = "DataDirectory /x\nSocksPort 1\nDNSPort 2\n"
    "Log notice file /x/log\nStatusSocket /x/status\nTunClients lan0\n"
    "SocksPort unix:/x/socks\n";
static const char new_text[] = "DataDirectory /x\nSocksPort 3\n"
    "StatusSocket /x/status\n";
static struct conf *now, *fresh;
static int null;
static unsigned opened, unix_opened;

static struct conf *
load(const char *text)
{
	struct conf_args args = { .text = text, .text_len = strlen(text) };
	struct conf_err err;
	struct conf *c;

	if (conf_load(&c, &args, &err) < 0)
		abort();
	return c;
}

static int
fake_open(const struct conf *c, size_t row, int *fd)
{
	struct lend_row r;
	unsigned i;

	if ((c != now && c != fresh) || !lend_row(c, row, &r) ||
	    r.kind == BORROW_NONE)
		abort();
	opened++;
	if (r.kind == BORROW_UNIX)
		unix_opened++;
	if (row % 3 == 2)
		return -EACCES;
	for (i = 0; i < borrow_count(r.kind); i++)
		if ((fd[i] = dup(null)) < 0)
			abort();
	return 0;
}

static void
say(int fd, const uint8_t *data, size_t len, unsigned nfds)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int) * 3)]; }
	    c;
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[3] = { null, null, null };

	if (nfds) {
		memset(&c, 0, sizeof(c));
		m.msg_control = &c;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(&c.head), fds, sizeof(int) * nfds);
	}
	if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN)
		abort();
}

/* 0: it was the last one. */
static int
hear(struct lender *l, int fd, const struct conf *trying)
{
	struct procmsg m, answer;
	int rc = procmsg_recv(fd, &m, 0);

	if (rc == -ETIMEDOUT || rc == -EPIPE)
		return 0;
	switch (lender_hear(l, rc, &m, now, trying, &answer)) {
	case LENDER_ANSWER:
		if (answer.nfds > BORROW_FDS_MAX ||
		    (answer.type != PROCMSG_LENT &&
		    answer.type != PROCMSG_FAILED) ||
		    (answer.nfds == 0) != (answer.type == PROCMSG_FAILED))
			abort();
		procmsg_close(&answer);
		return 1;
	case LENDER_UP:
		return 1;
	default:
		if (l->why == NULL)
			abort();
		return 0;
	}
}

static int
lowest_free(void)
{
	int fd = dup(null);

	close(fd);
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct lender l = { .open = fake_open };
	int pair[2], before, go = 1;
	size_t n;

	if (now == NULL) {
		log_set_use(log_set_new());
		now = load(now_text);
		fresh = load(new_text);
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	}
	before = lowest_free();
	opened = unix_opened = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	while (go && len >= 2) {
		n = data[1] < len - 2 ? data[1] : len - 2;
		if (n == 0)
			break;		/* an empty packet is an end */
		say(pair[0], data + 2, n, data[0] & 3);
		go = hear(&l, pair[1], data[0] & 4 ? fresh : NULL);
		data += 2 + n;
		len -= 2 + n;
	}
	if (opened > LENDER_HEARD_MAX || unix_opened > 6)
		abort();
	lender_free(&l);
	close(pair[0]);
	close(pair[1]);
	if (lowest_free() != before)
		abort();
	return 0;
}
