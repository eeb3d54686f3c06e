/* policy/scratch.c - a network namespace in which rules are tried
 *
 * A child makes it and sends its descriptors: so the caller never leaves its
 * own.  Where making one takes rights that we lack, it is made within a new
 * user namespace.
 */
#include "policy/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/netlink.h"
#include "policy/netlink_int.h"
#include "policy/nftsock.h"

enum { FDS = 3, WAIT_MS = 10000 };

struct report {
	int	rc;
	int	has_user;
	int	step;
};

static const char *const steps[] = { "a network namespace cannot be made",
	"interfaces cannot be made in a network namespace",
	"the kernel has no nf_tables (CONFIG_NF_TABLES)" };

/* --- the child --- */

static int
make_link(struct netlink *nl, const char *name, const char *kind)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_msg *m = netlink_message(RTM_NEWLINK,
	    NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
	struct nlattr *info;

	if (m == NULL)
		return -ENOMEM;
	if (nla_put_string(m, IFLA_IFNAME, name) < 0 ||
	    (info = nla_nest_start(m, IFLA_LINKINFO)) == NULL ||
	    nla_put_string(m, IFLA_INFO_KIND, kind) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	nla_nest_end(m, info);
	return netlink_request(nl, m);
}

/* Whichever kind this kernel has. */
static int
make_device(struct netlink *nl, const char *name)
{
	static const char *const kinds[] = { "dummy", "bridge", "ifb",
		"veth" };
	size_t i;
	int rc = -EOPNOTSUPP;

	if (strcmp(name, "lo") == 0)
		return 0;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		rc = make_link(nl, name, kinds[i]);
		if (rc == 0 || rc == -EEXIST)
			return 0;
	}
	return rc;
}

static int
make_devices(const char (*devices)[NETPLAN_IFNAME], size_t n)
{
	struct netlink *nl;
	size_t i;
	int rc;

	if (n == 0)
		return 0;
	if ((rc = netlink_open(&nl)) < 0)
		return rc;
	for (i = 0; i < n && rc == 0; i++)
		rc = make_device(nl, devices[i]);
	netlink_close(nl);
	return rc;
}

static int
leave(int *has_user)
{
	*has_user = 0;
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	*has_user = 1;
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? -errno : 0;
}

static int
send_fds(int to, const struct report *r, const int *fds)
{
	union {
		char		buf[CMSG_SPACE(FDS * sizeof(int))];
		struct cmsghdr	align;
	} u;
	struct report copy = *r;
	struct iovec iov = { .iov_base = &copy, .iov_len = sizeof(copy) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (r->rc == 0) {
		memset(&u, 0, sizeof(u));
		m.msg_control = u.buf;
		m.msg_controllen = sizeof(u.buf);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(FDS * sizeof(int));
		memcpy(CMSG_DATA(c), fds, FDS * sizeof(int));
	}
	return sendmsg(to, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void __attribute__((noreturn))
child(int to, const char (*devices)[NETPLAN_IFNAME], size_t n)
{
	struct report r = { .rc = 0 };
	int fds[FDS] = { -1, -1, -1 };

	if ((r.rc = leave(&r.has_user)) == 0) {
		fds[0] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		fds[1] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
		if (fds[0] < 0 || fds[1] < 0)
			r.rc = -errno;
	}
	if (r.rc == 0) {
		r.step = 1;
		r.rc = make_devices(devices, n);
	}
	if (r.rc == 0) {
		r.step = 2;
		fds[2] = nftsock_open();
		r.rc = fds[2] < 0 ? fds[2] : 0;
	}
	_exit(send_fds(to, &r, fds) < 0);
}

/* --- the parent --- */

static int
take_fds(int from, struct report *r, int *fds)
{
	union {
		char		buf[CMSG_SPACE(FDS * sizeof(int))];
		struct cmsghdr	align;
	} u;
	struct iovec iov = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	struct pollfd p = { .fd = from, .events = POLLIN };
	struct cmsghdr *c;

	if (poll(&p, 1, WAIT_MS) <= 0)
		return -ETIMEDOUT;
	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) != sizeof(*r))
		return -EIO;
	if (r->rc < 0)
		return 0;
	c = CMSG_FIRSTHDR(&m);
	if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(FDS * sizeof(int)))
		return -EIO;
	memcpy(fds, CMSG_DATA(c), FDS * sizeof(int));
	return 0;
}

static void
fill(struct scratch *s, const struct report *r, const int *fds)
{
	s->net = fds[0];
	s->user = fds[1];
	s->nft = fds[2];
	if (!r->has_user) {
		close(s->user);
		s->user = -1;
	}
}

int
scratch_open(struct scratch *s, const char (*devices)[NETPLAN_IFNAME],
    size_t n, char *why, size_t max)
{
	struct report r = { .rc = 0 };
	int pair[2], fds[FDS], rc, status;
	pid_t pid;

	memset(s, 0, sizeof(*s));
	s->net = s->user = s->nft = -1;
	snprintf(why, max, "%s", steps[0]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	if ((pid = fork()) == 0)
		child(pair[1], devices, n);
	rc = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (rc == 0) {
		if ((rc = take_fds(pair[0], &r, fds)) < 0)
			kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
	}
	close(pair[0]);
	rc = rc < 0 ? rc : r.rc;
	if (rc == 0)
		fill(s, &r, fds);
	else
		snprintf(why, max, "rules cannot be tried: %s: %s",
		    steps[r.step], strerror(-rc));
	return rc;
}

void
scratch_close(struct scratch *s)
{
	if (s->net > 0)
		close(s->net);
	if (s->user > 0)
		close(s->user);
	if (s->nft > 0)
		close(s->nft);
	s->net = s->user = s->nft = -1;
}

int
scratch_enter(const struct scratch *s)
{
	if (s->user >= 0 && setns(s->user, CLONE_NEWUSER) < 0)
		return -errno;
	return setns(s->net, CLONE_NEWNET) < 0 ? -errno : 0;
}
