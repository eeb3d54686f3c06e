/* policy/nftsock.c - netfilter's netlink: asking, telling, listening
 *
 * A list is made of several questions: there is none for all that is in a
 * table.  The kernel marks an answer during which something was changed, by
 * anybody; between the questions, the number of the last transaction tells.
 */
#include "policy/nftsock.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "policy/nftbatch.h"
#include "policy/nftevent.h"
#include "policy/nfthold.h"
#include "policy/nftlist.h"

enum {
	RECV_MAX = 128 << 10,
	WAIT_S = 5,
	WATCH_ROOM = 4 << 20,	/* of what nobody has heard yet */
	HEAR_MAX = 10000,	/* messages at a time; then it is a storm */
	SEND_ROOM = 1 << 20
};

static void
put_room(int fd, int forced, int plain, int room)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &room, sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &room, sizeof(room));
}

static int
open_bound(void)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_NETFILTER), rc;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int
nftsock_open(void)
{
	return open_bound();
}

int
nftsock_watch(void)
{
	int fd = open_bound(), group = NFNLGRP_NFTABLES, rc;

	if (fd < 0)
		return fd;
	put_room(fd, SO_RCVBUFFORCE, SO_RCVBUF, WATCH_ROOM);
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
	    sizeof(group)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* --- one question --- */

struct question {
	struct nlmsghdr	 h;
	struct nfgenmsg	 g;
	uint8_t		 attrs[2 * (NLA_HDRLEN + 256)];
};

static void
ask_init(struct question *q, unsigned subsys, unsigned type, unsigned flags,
    uint8_t family)
{
	static uint32_t seq;

	memset(q, 0, sizeof(*q));
	q->h.nlmsg_len = NLMSG_LENGTH(sizeof(q->g));
	q->h.nlmsg_type = (uint16_t)(subsys << 8 | type);
	q->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	q->h.nlmsg_seq = ++seq;
	q->g.nfgen_family = family;
	q->g.version = NFNETLINK_V0;
}

static int
ask_text(struct question *q, unsigned type, const char *s)
{
	size_t len = strlen(s) + 1, all = NLA_HDRLEN + NLA_ALIGN(len);
	struct nlattr a = { .nla_type = (uint16_t)type,
		.nla_len = (uint16_t)(NLA_HDRLEN + len) };
	uint8_t *at = (uint8_t *)q + q->h.nlmsg_len;

	if (q->h.nlmsg_len + all > sizeof(*q))
		return -EMSGSIZE;
	memcpy(at, &a, sizeof(a));
	memcpy(at + NLA_HDRLEN, s, len);
	q->h.nlmsg_len += (uint32_t)all;
	return 0;
}

static int
say(int fd, const void *p, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	while (sendto(fd, p, len, 0, (struct sockaddr *)&kernel,
	    sizeof(kernel)) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* From the kernel and nobody else, and whole. */
static ssize_t
hear(int fd, void *buf, size_t max, int flags)
{
	struct sockaddr_nl from = { .nl_pid = 1 };
	struct iovec iov = { .iov_base = buf, .iov_len = max };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		n = recvmsg(fd, &m, flags);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

struct answer {
	int		 (*found)(void *arg, const struct nlmsghdr *);
	void		*arg;
	int		 mixed;		/* changed meanwhile */
	int		 over;
};

static int
error_of(const struct nlmsghdr *h)
{
	struct nlmsgerr e;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
		return -EPROTO;
	memcpy(&e, NLMSG_DATA(h), sizeof(e));
	return e.error;
}

static int
take(struct answer *a, const struct nlmsghdr *h)
{
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		a->mixed = 1;
	a->over = h->nlmsg_type == NLMSG_DONE ||
	    h->nlmsg_type == NLMSG_ERROR || !(h->nlmsg_flags & NLM_F_MULTI);
	if (h->nlmsg_type == NLMSG_ERROR)
		return error_of(h);
	if (h->nlmsg_type == NLMSG_DONE || a->found == NULL)
		return 0;
	return a->found(a->arg, h);
}

/* An answer that nobody wanted, since an earlier question was given up, is
 * passed over. */
static int
ask(int fd, struct question *q, struct answer *a)
{
	uint8_t *buf = malloc(RECV_MAX);
	struct nlmsghdr *h;
	ssize_t n = 0;
	int left, rc = buf ? say(fd, q, q->h.nlmsg_len) : -ENOMEM;

	while (rc == 0 && !a->over) {
		if ((n = hear(fd, buf, RECV_MAX, 0)) < 0) {
			rc = (int)n;
			break;
		}
		left = (int)n;
		for (h = (struct nlmsghdr *)(void *)buf;
		    rc == 0 && !a->over && nlmsg_ok(h, left);
		    h = nlmsg_next(h, &left))
			if (h->nlmsg_seq == q->h.nlmsg_seq)
				rc = take(a, h);
	}
	free(buf);
	return rc;
}

/* --- a list --- */

struct lister {
	struct nftlist	*out;
	const struct nftlist_table *ours;
	size_t		 n;
};

static int
found_item(void *arg, const struct nlmsghdr *h)
{
	struct lister *l = arg;

	return nftlist_read(l->out, h, l->ours, l->n);
}

/* 1: it was changed meanwhile.  Not there: nothing is in it. */
static int
list(int fd, unsigned type, struct lister *l, const struct nftlist_table *t,
    const char *set)
{
	struct answer a = { .found = found_item, .arg = l };
	struct question q;
	int rc = 0;

	ask_init(&q, NFNL_SUBSYS_NFTABLES, type, NLM_F_DUMP,
	    t ? t->family : 0);
	if (t)		/* NFTA_*_TABLE is the same of all of them */
		rc = ask_text(&q, NFTA_SET_TABLE, t->name);
	if (rc == 0 && set)
		rc = ask_text(&q, NFTA_SET_ELEM_LIST_SET, set);
	if (rc == 0)
		rc = ask(fd, &q, &a);
	if (rc == -ENOENT && t)
		rc = 0;
	if (rc == -EINTR || rc == -EAGAIN || rc == -EBUSY)
		return 1;
	return rc < 0 ? rc : a.mixed;
}

static int
list_elements(int fd, struct lister *l)
{
	struct nftlist_table t = { .family = 0 };
	size_t i, n = l->out->n;
	int rc, mixed = 0;

	for (i = 0; i < n; i++) {
		const struct nftlist_item *s = &l->out->items[i];

		if (s->kind != NFTLIST_SET)
			continue;
		t.family = s->family;
		snprintf(t.name, sizeof(t.name), "%s", s->table);
		if ((rc = list(fd, NFT_MSG_GETSETELEM, l, &t, s->name)) < 0)
			return rc;
		mixed |= rc;
	}
	return mixed;
}

static int
list_tables(int fd, struct lister *l)
{
	static const unsigned whole[] = { NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN,
		NFT_MSG_GETFLOWTABLE }, each[] = { NFT_MSG_GETSET,
		NFT_MSG_GETOBJ, NFT_MSG_GETRULE };
	size_t i, k;
	int rc, mixed = 0;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if ((rc = list(fd, whole[i], l, NULL, NULL)) < 0)
			return rc;
		mixed |= rc;
	}
	for (k = 0; k < l->n; k++)
		for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
			if ((rc = list(fd, each[i], l, &l->ours[k], NULL)) < 0)
				return rc;
			mixed |= rc;
		}
	if ((rc = list_elements(fd, l)) < 0)
		return rc;
	return mixed | rc;
}

static int
found_generation(void *arg, const struct nlmsghdr *h)
{
	struct nlattr *tb[NFTA_GEN_MAX + 1];

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)h,
	    sizeof(struct nfgenmsg), tb, NFTA_GEN_MAX, NULL) < 0 ||
	    tb[NFTA_GEN_ID] == NULL || nla_len(tb[NFTA_GEN_ID]) < 4)
		return -EPROTO;
	*(uint32_t *)arg = ntohl(nla_get_u32(tb[NFTA_GEN_ID]));
	return 0;
}

int
nftsock_generation(int fd, uint32_t *out)
{
	struct answer a = { .found = found_generation, .arg = out };
	struct question q;

	ask_init(&q, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, 0, 0);
	return ask(fd, &q, &a);
}

int
nftsock_list(int fd, const struct nftlist_table *ours, size_t n,
    struct nftlist *out)
{
	struct lister l = { .out = out, .ours = ours, .n = n };
	uint32_t before = 0, after = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = nftsock_generation(fd, &before)) < 0)
		return rc;
	rc = list_tables(fd, &l);
	if (rc == 0 && (rc = nftsock_generation(fd, &after)) == 0)
		rc = before != after;
	if (rc < 0)
		nftlist_free(out);
	return rc;
}

/* --- others' copies --- */

struct search {
	const char	*instance;
	char		*name;
	size_t		 max;
	int		 found;
};

static int
found_table(void *arg, const struct nlmsghdr *h)
{
	struct nlattr *tb[NFTA_TABLE_MAX + 1];
	struct search *s = arg;
	char ours[NFTLIST_NAME];
	const char *name;
	size_t len;

	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)h,
	    sizeof(struct nfgenmsg), tb, NFTA_TABLE_MAX, NULL) < 0 ||
	    tb[NFTA_TABLE_NAME] == NULL)
		return 0;
	name = nla_data(tb[NFTA_TABLE_NAME]);
	len = (size_t)nla_len(tb[NFTA_TABLE_NAME]);
	if (len == 0 || memchr(name, '\0', len) == NULL || !nfthold_is(name))
		return 0;
	len = (size_t)snprintf(ours, sizeof(ours), NFTHOLD_PREFIX "%.32s_",
	    s->instance);
	if (strncmp(name, ours, len) != 0) {
		s->found = 1;
		snprintf(s->name, s->max, "%s", name);
	}
	return 0;
}

int
nftsock_other_hold(int fd, const char *instance, char *name, size_t max)
{
	struct search s = { .instance = instance, .name = name, .max = max };
	struct answer a = { .found = found_table, .arg = &s };
	struct question q;
	int rc;

	ask_init(&q, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE, NLM_F_DUMP, 0);
	rc = ask(fd, &q, &a);
	return rc < 0 ? rc : s.found;
}

/* --- changes --- */

/* The last message's answer is the last one; what is wrong with the whole batch
 * is told in answer to its begin (0). */
static int
verdict(int fd, uint32_t last)
{
	uint8_t *buf = malloc(RECV_MAX);
	struct nlmsghdr *h;
	int left, rc = 0, e, over = buf == NULL;
	ssize_t n;

	while (!over) {
		if ((n = hear(fd, buf, RECV_MAX, 0)) < 0) {
			rc = rc ? rc : (int)n;
			break;
		}
		left = (int)n;
		for (h = (struct nlmsghdr *)(void *)buf; nlmsg_ok(h, left);
		    h = nlmsg_next(h, &left)) {
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			e = error_of(h);
			rc = rc ? rc : e;
			over |= h->nlmsg_seq == last ||
			    (h->nlmsg_seq == 0 && e < 0);
		}
	}
	free(buf);
	return buf ? rc : -ENOMEM;
}

int
nftsock_batch(int fd, const struct nftbatch *b)
{
	int rc;

	if (b->err < 0 || b->n == 0)
		return b->err;
	put_room(fd, SO_SNDBUFFORCE, SO_SNDBUF, (int)b->len + SEND_ROOM);
	put_room(fd, SO_RCVBUFFORCE, SO_RCVBUF, WATCH_ROOM);
	if ((rc = say(fd, b->bytes, b->len)) < 0)
		return rc;
	return verdict(fd, b->n);
}

int
nftsock_flush_flows(int fd)
{
	struct answer a = { .found = NULL };
	struct question q;

	ask_init(&q, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
	    AF_UNSPEC);
	return ask(fd, &q, &a);
}

/* --- listening --- */

void
nftsock_hear(int fd, struct nftevent *e, const struct nftlist_table *ours,
    size_t n)
{
	static uint8_t buf[RECV_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *h;
	ssize_t got;
	int left, i;

	for (i = 0; i < HEAR_MAX; i++) {
		got = hear(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (got == -ETIMEDOUT)		/* there is no more */
			return;
		if (got < 0) {
			nftevent_lost(e);
			if (got != -ENOBUFS && got != -EMSGSIZE)
				return;
			continue;
		}
		left = (int)got;
		for (h = (struct nlmsghdr *)(void *)buf; nlmsg_ok(h, left);
		    h = nlmsg_next(h, &left))
			nftevent_read(e, h, ours, n);
	}
}
