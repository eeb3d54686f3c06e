/* tests/fuzz/fz_ipc_firewall.c - what an engine that is somebody else's may say
 * to the firewall's process
 *
 * Packets: how many descriptors, how long, and the bytes.  Whatever they are,
 * the sets hold no more than they may, what nft gets is one element each and
 * nothing else, and no descriptor stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/fwhear.h"
#include "daemon/procmsg.h"
#include "tests/fuzz/fuzz.h"

enum { RELAYS = 8, DIRECT = 4 };

static const char conf_text[] = "DataDirectory /x\nSocksPort 1\n"
    "FlowRule direct to www.example port 80-90\n";
static struct conf *conf;
static int null;

static void
load(void)
{
	struct conf_args args = { .text = conf_text,
		.text_len = strlen(conf_text) };
	struct conf_err err;

	log_set_use(log_set_new());
	if (conf_load(&conf, &args, &err) < 0)
		abort();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
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
hear(struct fwhear *h, int fd, int64_t now)
{
	enum fwsets_kind kind;
	struct procmsg m;
	struct addr a;
	int rc = procmsg_recv(fd, &m, 0);

	if (rc == -ETIMEDOUT || rc == -EPIPE)
		return 0;
	switch (fwhear(h, rc, &m, now, &kind, &a)) {
	case FWHEAR_NEW:
		if (!fwsets_has(h->sets, kind, &a) || (kind == FWSETS_DIRECT ?
		    a.port < 80 || a.port > 90 : addr_is_internal(&a)))
			abort();
		return 1;
	case FWHEAR_KNOWN:
		return 1;
	case FWHEAR_REFUSED:
		if (h->why == NULL)
			abort();
		return 1;
	default:
		if (h->why == NULL)
			abort();
		return 0;
	}
}

/* Words of nft, figures and what stands between them. */
static void
check_text(const struct fwsets *s)
{
	char *text, *at;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL || fwsets_write(s, f) < 0 || fclose(f) != 0)
		abort();
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789.:,{} \n") !=
	    len)
		abort();
	for (at = text; *at; at = strchr(at, '\n') + 1)
		if (strncmp(at, "flush set ", 10) != 0 &&
		    strncmp(at, "add element ", 12) != 0)
			abort();
	free(text);
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
	struct fwhear h = { .sets = NULL };
	int pair[2], before, go = 1;
	int64_t now = 0;
	size_t n;

	if (conf == NULL)
		load();
	before = lowest_free();
	h.conf = conf;
	if (fwsets_new(&h.sets, RELAYS, DIRECT) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	while (go && len >= 2) {
		n = data[1] < len - 2 ? data[1] : len - 2;
		if (n == 0)
			break;		/* an empty packet is an end */
		say(pair[0], data + 2, n, data[0] & 3);
		now += data[0] >> 2;
		go = hear(&h, pair[1], now);
		data += 2 + n;
		len -= 2 + n;
	}
	if (fwsets_count(h.sets, FWSETS_RELAYS) > RELAYS ||
	    fwsets_count(h.sets, FWSETS_DIRECT) > DIRECT)
		abort();
	check_text(h.sets);
	fwsets_free(h.sets);
	close(pair[0]);
	close(pair[1]);
	if (lowest_free() != before)
		abort();
	return 0;
}
