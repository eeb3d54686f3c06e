/* dnsport/dnssock.c - UDP and TCP sockets in front of the DNS server
 *
 * Theory of operation
 *	A pending is one UDP question that waits for its answer: it knows whom
 *	to answer and from which of our addresses.  It ends with the answer, or
 *	when the door closes, which drops the question.  How many there can be
 *	is dnsport's to say.
 *
 *	A seat is one TCP connection (dnsconn).  Out of descriptors, the socket
 *	would be readable for ever and we should spin: accepting rests for
 *	REST_MS instead, while the kernel makes clients wait.
 * Limits
 *	DNSSOCK_TCP_MAX seats, DNSSOCK_TCP_CLIENT_MAX of one client: the newest
 *	is turned away.  But where all are taken, the one on which nothing is
 *	asked for the longest time makes room (RFC 7766 6.2.3): so that whoever
 *	only sits shuts nobody out.
 */
#include "dnsport/dnssock.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arrival.h"
#include "base/borrow.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/quota.h"
#include "dnsport/dnsconn.h"
#include "dnsport/dnsport.h"

/* seccomp: recvmsg sendmsg accept4 getsockname setsockopt close */

enum {
	UDP_BATCH = 64, UDP_MSG_MAX = 4096, UDP_CONTROL = 256,
	UDP_ROOM = 1 << 20,	/* bytes of questions that nobody read yet */
	TCP_BATCH = 16, TCP_BACKLOG = 64, REST_MS = 1000,
	PORT_TRIES = 16		/* for one that is free for UDP and TCP */
};

/* Our address, as the control message that sends from it. */
struct local {
	_Alignas(struct cmsghdr) uint8_t
	    bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	size_t		 len;		/* 0: unknown */
};

struct pending {
	LIST_ENTRY(pending) link;
	struct dnssock	*ds;
	struct dns_query *query;
	struct sockaddr_storage peer;
	socklen_t	 peer_len;
	struct local	 local;
};

struct seat {
	LIST_ENTRY(seat) link;
	struct dnssock	*ds;
	struct dnsconn	*conn;
	struct addr	 share;
};

struct dnssock {
	struct dnssock_conf conf;
	struct dnsconn_conf conn_conf;
	struct addr	 addr;
	int		 udp, tcp;
	struct event	*udp_ev, *tcp_ev;
	struct loop_timer rest;
	LIST_HEAD(, pending) pending;
	LIST_HEAD(, seat) seats;
	struct quota	*quota;		/* of seats */
};

/* --- UDP --- */

static void
pending_free(struct pending *p)
{
	LIST_REMOVE(p, link);
	free(p);
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	struct pending *p = arg;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)msg,
		.iov_len = len };
	struct msghdr mh = {
		.msg_name = &p->peer, .msg_namelen = p->peer_len,
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = p->local.len ? p->local.bytes : NULL,
		.msg_controllen = p->local.len
	};

	/* What can't be sent is lost, as UDP may be; the client asks again. */
	if (msg)
		(void)!sendmsg(p->ds->udp, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	pending_free(p);
}

static void
put_local(struct local *out, const struct cmsghdr *c, const void *info,
    size_t len)
{
	struct cmsghdr head = { .cmsg_len = CMSG_LEN(len),
		.cmsg_level = c->cmsg_level, .cmsg_type = c->cmsg_type };

	memcpy(out->bytes, &head, sizeof(head));
	memcpy(out->bytes + CMSG_LEN(0), info, len);
	out->len = CMSG_SPACE(len);
}

/* The address that was asked.  With IPv4 routing decides on the interface;
 * with IPv6 it stays, since a link-local address means nothing without. */
static void
keep_local(struct local *out, struct msghdr *mh)
{
	struct in6_pktinfo six;
	struct in_pktinfo four;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&four, CMSG_DATA(c), sizeof(four));
			four.ipi_ifindex = 0;
			four.ipi_spec_dst = four.ipi_addr;
			put_local(out, c, &four, sizeof(four));
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&six, CMSG_DATA(c), sizeof(six));
			put_local(out, c, &six, sizeof(six));
		}
	}
}

static void
ask(struct dnssock *ds, const struct addr *client, struct msghdr *mh,
    const uint8_t *msg, size_t len)
{
	struct dns_from from = {
		.client = *client, .listener = ds->conf.listener,
		.ifindex = arrival_of_datagram(mh)
	};
	struct pending *p = calloc(1, sizeof(*p));
	struct dns_query *query = NULL;

	if (p == NULL)
		return;
	p->ds = ds;
	memcpy(&p->peer, mh->msg_name, mh->msg_namelen);
	p->peer_len = mh->msg_namelen;
	keep_local(&p->local, mh);
	LIST_INSERT_HEAD(&ds->pending, p, link);
	if (dnsport_query(ds->conf.dnsport, msg, len, &from, on_reply, p,
	    &query) < 0)
		pending_free(p);
	else if (query)		/* else it was answered, and @p is gone */
		p->query = query;
}

static int
receive(struct dnssock *ds)
{
	_Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL];
	uint8_t msg[UDP_MSG_MAX];
	struct sockaddr_storage peer;
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(msg) };
	struct msghdr mh = {
		.msg_name = &peer, .msg_namelen = sizeof(peer),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control)
	};
	struct addr client;
	ssize_t n = recvmsg(ds->udp, &mh, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	if (!(mh.msg_flags & MSG_TRUNC) &&
	    addr_from_sock(&client, (struct sockaddr *)&peer) == 0 &&
	    dnsport_may_answer(client.port))
		ask(ds, &client, &mh, msg, (size_t)n);
	return 0;
}

static void
on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct dnssock *ds = arg;
	int i;

	(void)fd;
	(void)what;
	ds->conf.enter(ds->conf.turn);
	for (i = 0; i < UDP_BATCH && receive(ds) == 0; i++)
		;
	ds->conf.leave(ds->conf.turn);
}

/* --- TCP --- */

static void
on_closed(void *arg)
{
	struct seat *s = arg;

	LIST_REMOVE(s, link);
	quota_give(s->ds->quota, &s->share);
	free(s);
}

/* The one that nobody would miss; NULL: there is none. */
static struct seat *
idlest(const struct dnssock *ds)
{
	struct seat *s, *found = NULL;
	int64_t at, least = INT64_MAX;

	LIST_FOREACH(s, &ds->seats, link)
		if ((at = dnsconn_idle(s->conn)) < least) {
			least = at;
			found = s;
		}
	return found;
}

static int
take_place(struct dnssock *ds, const struct addr *share)
{
	int rc = quota_take(ds->quota, share);
	struct seat *s;

	if (rc != -ENOSPC || quota_is_full(ds->quota, share) ||
	    (s = idlest(ds)) == NULL)
		return rc;
	dnsconn_kill(s->conn);
	on_closed(s);
	return quota_take(ds->quota, share);
}

static int
seat_new(struct dnssock *ds, int fd, const struct addr *client)
{
	struct addr share;
	struct seat *s;
	int rc;

	dnsport_share(ds->conf.dnsport, client, ds->conf.listener, &share);
	if ((rc = take_place(ds, &share)) < 0)
		return rc;
	rc = -ENOMEM;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		goto fail;
	s->ds = ds;
	s->share = share;
	rc = dnsconn_new(&s->conn, &ds->conn_conf, fd, client, on_closed, s);
	if (rc < 0)
		goto fail_seat;
	LIST_INSERT_HEAD(&ds->seats, s, link);
	return 0;

fail_seat:
	free(s);
fail:
	quota_give(ds->quota, &share);
	return rc;
}

/* 0, or negative where there is nothing to accept at the moment. */
static int
accept_one(struct dnssock *ds)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr client;
	int fd = accept4(ds->tcp, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
	if (addr_from_sock(&client, (struct sockaddr *)&ss) < 0 ||
	    seat_new(ds, fd, &client) < 0)
		close(fd);
	return 0;
}

static void
rest(struct dnssock *ds, int err)
{
	static struct log_limit limit = { .every_s = 60 };

	log_limited(&limit, LL_WARN, LD_DNS, "cannot accept DNS connections "
	    "for a moment: %s", strerror(err));
	event_del(ds->tcp_ev);
	loop_timer_in(ds->conf.loop, &ds->rest, REST_MS);
}

static void
rested(void *arg)
{
	struct dnssock *ds = arg;

	event_add(ds->tcp_ev, NULL);
}

static void
on_tcp(evutil_socket_t fd, short what, void *arg)
{
	struct dnssock *ds = arg;
	int i, rc = 0;

	(void)fd;
	(void)what;
	ds->conf.enter(ds->conf.turn);
	for (i = 0; i < TCP_BATCH && rc == 0; i++)
		rc = accept_one(ds);
	if (rc < 0 && rc != -EAGAIN && rc != -EWOULDBLOCK)
		rest(ds, -rc);
	ds->conf.leave(ds->conf.turn);
}

/* --- opening --- */

/* Who is turned away is told so at once; what the kernel drops is asked again
 * after seconds.  Its own measure holds few questions: each counts as much as a
 * packet could.  Beyond net.core.rmem_max only root may ask. */
static void
make_room(int fd)
{
	int room = UDP_ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
	    sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room,
		    sizeof(room));
}

static int
want_options(int fd, const struct addr *a, int type)
{
	int on = 1, rc = 0;

	if (type == SOCK_STREAM)
		rc = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (rc == 0 && a->family == 6)
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (type == SOCK_DGRAM)
		make_room(fd);
	if (rc == 0 && type == SOCK_DGRAM)
		rc = a->family == 6 ? setsockopt(fd, IPPROTO_IPV6,
		    IPV6_RECVPKTINFO, &on, sizeof(on)) :
		    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	return rc;
}

static int
bind_socket(const struct addr *a, int type)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(a, &ss);
	int fd, rc;

	fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (want_options(fd, a, type) < 0 ||
	    bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, TCP_BACKLOG) < 0)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int
bound_to(int fd, struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
	    addr_from_sock(a, (struct sockaddr *)&ss) < 0)
		return -EINVAL;
	return 0;
}

static int
open_both(const struct addr *addr, int fd[2])
{
	struct addr at;
	int rc;

	if ((fd[0] = bind_socket(addr, SOCK_DGRAM)) < 0)
		return fd[0];
	if ((rc = bound_to(fd[0], &at)) == 0 &&
	    (rc = fd[1] = bind_socket(&at, SOCK_STREAM)) >= 0)
		return 0;
	close(fd[0]);
	return rc;
}

/* Where any port will do, one that UDP has free may be TCP's already. */
int
dnssock_open(const struct addr *addr, int fd[2])
{
	int i, rc = open_both(addr, fd);

	for (i = 0; i < PORT_TRIES && rc == -EADDRINUSE && addr->port == 0;
	    i++)
		rc = open_both(addr, fd);
	return rc;
}

static int
get_pair(struct dnssock *ds)
{
	struct borrow_want w = { .kind = BORROW_DNS, .addr = &ds->conf.addr };
	int fd[BORROW_FDS_MAX], rc = borrow(&w, fd);

	if (rc == -ENOSYS)
		rc = dnssock_open(&ds->conf.addr, fd);
	if (rc < 0)
		return rc;
	ds->udp = fd[0];
	ds->tcp = fd[1];
	return bound_to(ds->udp, &ds->addr);
}

static void
fill(struct dnssock *ds, const struct dnssock_conf *conf)
{
	ds->conf = *conf;
	ds->conn_conf = (struct dnsconn_conf){
		.loop = conf->loop, .base = conf->base,
		.dnsport = conf->dnsport, .listener = conf->listener,
		.enter = conf->enter, .leave = conf->leave,
		.turn = conf->turn, .idle_ms = DNSSOCK_TCP_IDLE_MS
	};
	ds->udp = ds->tcp = -1;
	LIST_INIT(&ds->pending);
	LIST_INIT(&ds->seats);
	loop_timer_init(&ds->rest, rested, ds);
}

int
dnssock_new(struct dnssock **out, const struct dnssock_conf *conf)
{
	struct dnssock *ds = calloc(1, sizeof(*ds));
	int rc;

	if (ds == NULL)
		return -ENOMEM;
	fill(ds, conf);
	rc = -ENOMEM;
	ds->quota = quota_new(DNSSOCK_TCP_MAX, DNSSOCK_TCP_CLIENT_MAX);
	if (ds->quota == NULL)
		goto fail;
	if ((rc = get_pair(ds)) < 0)
		goto fail;
	rc = -ENOMEM;
	ds->udp_ev = event_new(conf->base, ds->udp, EV_READ | EV_PERSIST,
	    on_udp, ds);
	ds->tcp_ev = event_new(conf->base, ds->tcp, EV_READ | EV_PERSIST,
	    on_tcp, ds);
	if (ds->udp_ev == NULL || ds->tcp_ev == NULL ||
	    event_add(ds->udp_ev, NULL) < 0 || event_add(ds->tcp_ev, NULL) < 0)
		goto fail;
	*out = ds;
	return 0;

fail:
	dnssock_free(ds);
	return rc;
}

static void
close_sockets(struct dnssock *ds)
{
	if (ds->udp_ev)
		event_free(ds->udp_ev);
	if (ds->tcp_ev)
		event_free(ds->tcp_ev);
	if (ds->udp >= 0)
		close(ds->udp);
	if (ds->tcp >= 0)
		close(ds->tcp);
}

void
dnssock_free(struct dnssock *ds)
{
	struct pending *p;
	struct seat *s;

	if (ds == NULL)
		return;
	while ((s = LIST_FIRST(&ds->seats)) != NULL) {
		dnsconn_kill(s->conn);
		on_closed(s);
	}
	while ((p = LIST_FIRST(&ds->pending)) != NULL) {
		dnsport_drop(p->query);
		pending_free(p);
	}
	dnsport_forget(ds->conf.dnsport, ds->conf.listener);
	loop_timer_clear(ds->conf.loop, &ds->rest);
	close_sockets(ds);
	quota_free(ds->quota);
	free(ds);
}

const struct addr *
dnssock_addr(const struct dnssock *ds)
{
	return &ds->addr;
}
