/* daemon/owner_kernel.c - sockets and control groups, of the kernel
 *
 * A socket is asked for by its four-tuple (sock_diag, which anybody may ask),
 * and the answer has its user and the number of its group.  The kernel answers
 * at once, while it is asked.  A socket that no process has any more, or that
 * is not connected, says nothing of anybody: it seems to be root's.
 *
 * That number is the inode of the group's directory, whole where the kernel's
 * inodes have 64 bits.  The tree is walked for it through a descriptor of its
 * root: names and inodes are all that is read.
 */
#include "daemon/owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"

/* seccomp: sendto recvfrom openat fstat newfstatat getdents64 getdents close */

enum {
	ANSWER = 8192,
	CGROUP_ID = 21,			/* INET_DIAG_CGROUP_ID; Linux 5.8 */
	DEPTH_MAX = 32, GROUPS_MAX = 4096,	/* walked through */
	STALE_MAX = 16			/* answers to what was asked before */
};

struct kernel {
	int		 netlink;
	int		 root;		/* of the groups; -1: there are none */
	uint32_t	 seq;
};

/* --- sockets --- */

static void
put_addr(uint32_t out[4], const struct addr *a)
{
	memcpy(out, a->ip, addr_iplen(a));
}

/* A socket of IPv6 may be connected to IPv4. */
static int
is_addr(const struct inet_diag_msg *d, const uint32_t in[4],
    const struct addr *a)
{
	struct addr b = { .family = d->idiag_family == AF_INET ? 4 : 6 };

	memcpy(b.ip, in, addr_iplen(&b));
	addr_unmap(&b);
	return b.family == a->family && memcmp(b.ip, a->ip, sizeof(b.ip)) == 0;
}

static int
ask(struct kernel *k, const struct addr *at, const struct addr *to)
{
	struct {
		struct nlmsghdr	h;
		struct inet_diag_req_v2 r;
	} m = {
		.h = { .nlmsg_len = sizeof(m), .nlmsg_seq = ++k->seq,
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.r = { .sdiag_family = at->family == 4 ? AF_INET : AF_INET6,
		    .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = UINT32_MAX,
		    .id = { .idiag_sport = htons(at->port),
		    .idiag_dport = htons(to->port), .idiag_if = at->scope,
		    .idiag_cookie = { INET_DIAG_NOCOOKIE,
		    INET_DIAG_NOCOOKIE } } }
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	put_addr(m.r.id.idiag_src, at);
	put_addr(m.r.id.idiag_dst, to);
	return sendto(k->netlink, &m, sizeof(m), MSG_DONTWAIT,
	    (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

static void
read_group(struct owner_is *out, const struct nlmsghdr *h,
    const struct inet_diag_msg *d)
{
	struct rtattr *at = (struct rtattr *)(void *)((char *)(uintptr_t)d +
	    NLMSG_ALIGN(sizeof(*d)));
	int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*d)));

	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == CGROUP_ID &&
		    RTA_PAYLOAD(at) == sizeof(out->group))
			memcpy(&out->group, RTA_DATA(at), sizeof(out->group));
}

static int
read_socket(const struct nlmsghdr *h, const struct addr *at,
    const struct addr *to, struct owner_is *out)
{
	const struct inet_diag_msg *d = NLMSG_DATA((uintptr_t)h);

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*d)))
		return -ENOENT;
	if (d->idiag_inode == 0 || d->idiag_state == TCP_LISTEN ||
	    d->idiag_state == TCP_CLOSE ||
	    d->id.idiag_sport != htons(at->port) ||
	    d->id.idiag_dport != htons(to->port) ||
	    !is_addr(d, d->id.idiag_src, at) ||
	    !is_addr(d, d->id.idiag_dst, to))
		return -ENOENT;
	out->has_uid = 1;
	out->uid = d->idiag_uid;
	read_group(out, h, d);
	return 0;
}

static int
find(void *arg, const struct addr *at, const struct addr *to,
    struct owner_is *out)
{
	static _Alignas(struct nlmsghdr) char buf[ANSWER];
	struct kernel *k = arg;
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
	int i, rc = ask(k, at, to);
	struct sockaddr_nl from;
	socklen_t len;
	ssize_t n;

	for (i = 0; rc == 0 && i < STALE_MAX; i++) {
		len = sizeof(from);
		n = recvfrom(k->netlink, buf, sizeof(buf), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &len);
		if (n < 0)
			return errno == ENOBUFS ? -ENOENT : -errno;
		if (from.nl_pid == 0 && NLMSG_OK(h, (size_t)n) &&
		    h->nlmsg_seq == k->seq)
			return read_socket(h, at, to, out);
	}
	return rc < 0 ? rc : -ENOENT;
}

/* --- groups --- */

struct walk {
	uint64_t	 id;
	char		*path;
	size_t		 len;
	unsigned	 left;		/* that may still be looked at */
};

static int	walk_in(struct walk *, int dir, unsigned depth);

/* 0: it is in there, and the path says where. */
static int
walk_entry(struct walk *w, int dir, const struct dirent *e, unsigned depth)
{
	size_t n = strlen(e->d_name), len = w->len;
	int fd, rc = -ENOENT;

	if (e->d_type != DT_DIR || e->d_name[0] == '.' ||
	    len + n + 2 > OWNER_APP || w->left == 0)
		return -ENOENT;
	w->left--;
	w->path[len] = '/';
	memcpy(w->path + len + 1, e->d_name, n + 1);
	w->len = len + 1 + n;
	if (e->d_ino == w->id)
		return 0;
	fd = depth < DEPTH_MAX ? openat(dir, e->d_name, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd >= 0)
		rc = walk_in(w, fd, depth + 1);
	if (rc < 0) {
		w->len = len;
		w->path[len] = '\0';
	}
	return rc;
}

/* Takes @dir. */
static int
walk_in(struct walk *w, int dir, unsigned depth)
{
	DIR *d = fdopendir(dir);
	const struct dirent *e;
	int rc = -ENOENT;

	if (d == NULL) {
		close(dir);
		return -ENOENT;
	}
	while (rc < 0 && (e = readdir(d)) != NULL)
		rc = walk_entry(w, dirfd(d), e, depth);
	closedir(d);
	return rc;
}

static int
path(void *arg, uint64_t group, char out[OWNER_APP])
{
	struct kernel *k = arg;
	struct walk w = { .id = group, .path = out, .left = GROUPS_MAX };
	int fd = openat(k->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	out[0] = '\0';
	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) == 0 && st.st_ino == group) {
		memcpy(out, "/", 2);
		close(fd);
		return 0;
	}
	return walk_in(&w, fd, 0);
}

/* Where groups are: in /proc/self/mountinfo " - cgroup2 ..." ends the line of
 * the mount, whose fifth word is the place. */
static int
open_root(char place[OWNER_PLACE])
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	int fd = -1;

	place[0] = '\0';
	while (f && fd < 0 && fgets(line, sizeof(line), f))
		if (strstr(line, " - cgroup2 ") &&
		    sscanf(line, "%*s %*s %*s %*s %1023s", place) == 1)
			fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f)
		fclose(f);
	if (fd < 0)
		place[0] = '\0';
	return fd;
}

int
owner_kernel_open(struct owner_source *s, char place[OWNER_PLACE])
{
	struct kernel *k = calloc(1, sizeof(*k));
	int rc;

	if (k == NULL)
		return -ENOMEM;
	k->netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
	if (k->netlink < 0) {
		rc = -errno;
		free(k);
		return rc;
	}
	k->root = open_root(place);
	*s = (struct owner_source){ .find = find, .path = path, .arg = k };
	return 0;
}

void
owner_kernel_close(struct owner_source *s)
{
	struct kernel *k = s->arg;

	if (k == NULL)
		return;
	close(k->netlink);
	if (k->root >= 0)
		close(k->root);
	free(k);
	s->arg = NULL;
}
#else
int
owner_kernel_open(struct owner_source *s, char place[OWNER_PLACE])
{
	(void)s;
	place[0] = '\0';
	return -EOPNOTSUPP;
}

void
owner_kernel_close(struct owner_source *s)
{
	(void)s;
}
#endif
