/* dnsport/dnssock.c - UDP and TCP sockets in front of the DNS server
 *
 * Theory of operation
 *	A pending is one question that waits for its answer: over UDP it knows
 *	whom to answer and from which of our addresses, over TCP on which
 *	connection.  It ends with the answer, or when its connection or the
 *	whole door closes, which drops the question.
 *
 *	TCP connections are libevent's bufferevents (RFC 7766: several questions
 *	at a time, answers in any order).  Reading stops while too many
 *	questions of a connection wait, or too much was not read by the client.
 * Limits
 *	DNSSOCK_TCP_MAX connections, DNSSOCK_TCP_CLIENT_MAX of one client: the
 *	newest is turned away.  A connection without progress for
 *	DNSSOCK_TCP_IDLE_MS is closed.
 */
#include "dnsport/dnssock.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/wire.h"
#include "dnsport/dnsport.h"

enum { UDP_BATCH = 64, UDP_MSG_MAX = 4096, TCP_BACKLOG = 64 };

struct conn {
	LIST_ENTRY(conn) link;
	struct dnssock	*ds;
	struct bufferevent *bev;
	struct addr	 client;
	LIST_HEAD(, pending) pending;
	unsigned	 npending;
	uint8_t		 eof;		/* the client asks no more */
	uint8_t		 dead;
	struct loop_item reap;
};

struct pending {
	LIST_ENTRY(pending) link;
	struct dnssock	*ds;
	struct conn	*conn;		/* NULL: UDP */
	struct dns_query *query;
	struct sockaddr_storage peer;
	socklen_t	 peer_len;
	uint8_t		 local[64];	/* control message: our address */
	size_t		 local_len;
	uint8_t		 asking;	/* inside dnsport_query() */
	uint8_t		 answered;
};

struct dnssock {
	struct dnssock_conf conf;
	struct addr	 addr;
	int		 udp, tcp;
	struct event	*udp_ev, *tcp_ev;
	LIST_HEAD(, pending) pending;	/* of UDP */
	LIST_HEAD(, conn) conns;
	unsigned	 nconns;
};

static void conn_close(struct conn *);
static void conn_read(struct conn *);

/* --- questions --- */

static void
pending_free(struct pending *p)
{
	LIST_REMOVE(p, link);
	if (p->conn)
		p->conn->npending--;
	free(p);
}

static void
send_udp(struct pending *p, const uint8_t *msg, size_t len)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)msg,
		.iov_len = len };
	struct msghdr mh = {
		.msg_name = &p->peer, .msg_namelen = p->peer_len,
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = p->local_len ? p->local : NULL,
		.msg_controllen = p->local_len
	};

	/* What can't be sent is lost, as UDP may be; the client asks again. */
	if (sendmsg(p->ds->udp, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static void
send_tcp(struct conn *c, const uint8_t *msg, size_t len)
{
	uint8_t head[2];

	if (c->dead || len > UINT16_MAX)
		return;
	wire_set16(head, (uint16_t)len);
	bufferevent_write(c->bev, head, sizeof(head));
	bufferevent_write(c->bev, msg, len);
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	struct pending *p = arg;
	struct conn *c = p->conn;

	if (msg && c)
		send_tcp(c, msg, len);
	else if (msg)
		send_udp(p, msg, len);
	p->answered = 1;
	if (p->asking)
		return;		/* its maker is still looking at it */
	pending_free(p);
	if (c && !c->dead)
		conn_read(c);
}

static struct pending *
pending_new(struct dnssock *ds, struct conn *c)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->ds = ds;
	p->conn = c;
	if (c) {
		LIST_INSERT_HEAD(&c->pending, p, link);
		c->npending++;
	} else
		LIST_INSERT_HEAD(&ds->pending, p, link);
	return p;
}

static void
ask(struct pending *p, const struct addr *client, const uint8_t *msg,
    size_t len)
{
	struct dns_from from = {
		.client = *client, .tcp = p->conn != NULL,
		.listener = p->ds->conf.listener
	};

	p->asking = 1;
	if (dnsport_query(p->ds->conf.dnsport, msg, len, &from, on_reply, p,
	    &p->query) < 0)
		p->answered = 1;
	p->asking = 0;
	if (p->answered)
		pending_free(p);
}

static void
drop(struct pending *p)
{
	if (p->query)
		dnsport_drop(p->query);
	pending_free(p);
}

/* --- UDP --- */

/* Keep the destination address as a control message for the answer. */
static void
keep_local(struct pending *p, struct msghdr *mh)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (!(c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_PKTINFO) &&
		    !(c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO))
			continue;
		if (c->cmsg_len > sizeof(p->local))
			return;
		memcpy(p->local, c, c->cmsg_len);
		p->local_len = CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
		if (c->cmsg_level == IPPROTO_IP) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			info.ipi_ifindex = 0;	/* let routing decide */
			info.ipi_spec_dst = info.ipi_addr;
			memcpy(p->local + CMSG_LEN(0), &info, sizeof(info));
		}
	}
}

static int
receive(struct dnssock *ds)
{
	uint8_t msg[UDP_MSG_MAX], control[256];
	struct sockaddr_storage peer;
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(msg) };
	struct msghdr mh = {
		.msg_name = &peer, .msg_namelen = sizeof(peer),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control)
	};
	struct pending *p;
	struct addr client;
	ssize_t n = recvmsg(ds->udp, &mh, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	if ((mh.msg_flags & MSG_TRUNC) ||
	    addr_from_sock(&client, (struct sockaddr *)&peer) < 0 ||
	    client.port == 0)
		return 0;
	if ((p = pending_new(ds, NULL)) == NULL)
		return 0;
	memcpy(&p->peer, &peer, sizeof(peer));
	p->peer_len = mh.msg_namelen;
	keep_local(p, &mh);
	ask(p, &client, msg, (size_t)n);
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
conn_reap(void *arg)
{
	struct conn *c = arg;

	bufferevent_free(c->bev);
	free(c);
}

static void
conn_close(struct conn *c)
{
	struct pending *p;

	if (c->dead)
		return;
	c->dead = 1;
	while ((p = LIST_FIRST(&c->pending)) != NULL)
		drop(p);
	LIST_REMOVE(c, link);
	c->ds->nconns--;
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	loop_item_add(c->ds->conf.loop, &c->reap);
}

static int
full(const struct conn *c)
{
	return c->npending >= DNSSOCK_TCP_PIPELINE_MAX ||
	    evbuffer_get_length(bufferevent_get_output(c->bev)) >
	    DNSSOCK_TCP_OUT_MAX;
}

/* Takes one question out of the input; 0: there is no whole one. */
static int
next_question(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct pending *p;
	uint8_t head[2];
	uint8_t *msg;
	size_t len;

	if (evbuffer_copyout(in, head, sizeof(head)) < 2)
		return 0;
	len = wire_get16(head);
	if (evbuffer_get_length(in) < len + 2)
		return 0;
	if (len == 0 || (p = pending_new(c->ds, c)) == NULL) {
		conn_close(c);
		return 0;
	}
	msg = evbuffer_pullup(in, (ev_ssize_t)len + 2);
	if (msg)
		ask(p, &c->client, msg + 2, len);
	else
		drop(p);
	evbuffer_drain(in, len + 2);
	return !c->dead;
}

static void
conn_read(struct conn *c)
{
	while (!c->dead && !full(c) && next_question(c))
		;
	if (c->dead)
		return;
	if (full(c))
		bufferevent_disable(c->bev, EV_READ);
	else if (!c->eof)
		bufferevent_enable(c->bev, EV_READ);
	if (c->eof && c->npending == 0 &&
	    evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		conn_close(c);
}

static void
on_conn_io(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;
	struct dnssock *ds = c->ds;

	(void)bev;
	ds->conf.enter(ds->conf.turn);
	conn_read(c);
	ds->conf.leave(ds->conf.turn);
}

static void
on_conn_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;
	struct dnssock *ds = c->ds;

	(void)bev;
	ds->conf.enter(ds->conf.turn);
	if ((what & BEV_EVENT_EOF) && c->npending) {
		c->eof = 1;	/* its answers may still be wanted */
		bufferevent_disable(c->bev, EV_READ);
	} else
		conn_close(c);
	ds->conf.leave(ds->conf.turn);
}

static unsigned
conns_of(const struct dnssock *ds, const struct addr *client)
{
	const struct conn *c;
	unsigned n = 0;

	LIST_FOREACH(c, &ds->conns, link)
		n += (unsigned)addr_same_ip(&c->client, client);
	return n;
}

static void
conn_new(struct dnssock *ds, int fd, const struct addr *client)
{
	struct timeval idle = { .tv_sec = DNSSOCK_TCP_IDLE_MS / 1000 };
	struct conn *c;

	if (ds->nconns >= DNSSOCK_TCP_MAX ||
	    conns_of(ds, client) >= DNSSOCK_TCP_CLIENT_MAX ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->bev = bufferevent_socket_new(ds->conf.base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		free(c);
		return;
	}
	c->ds = ds;
	c->client = *client;
	LIST_INIT(&c->pending);
	loop_item_init(&c->reap, conn_reap, c);
	LIST_INSERT_HEAD(&ds->conns, c, link);
	ds->nconns++;
	bufferevent_setcb(c->bev, on_conn_io, on_conn_io, on_conn_event, c);
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	bufferevent_setwatermark(c->bev, EV_READ, 0, UINT16_MAX + 2);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_tcp(evutil_socket_t lfd, short what, void *arg)
{
	struct dnssock *ds = arg;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr client;
	int fd;

	(void)what;
	fd = accept4(lfd, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	ds->conf.enter(ds->conf.turn);
	if (addr_from_sock(&client, (struct sockaddr *)&ss) < 0)
		close(fd);
	else
		conn_new(ds, fd, &client);
	ds->conf.leave(ds->conf.turn);
}

/* --- opening --- */

static int
bind_socket(const struct addr *a, int type)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(a, &ss);
	int fd, rc, on = 1;

	fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (type == SOCK_DGRAM && (a->family == 6 ?
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) :
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on))) < 0)
		goto fail;
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, TCP_BACKLOG) < 0))
		goto fail;
	return fd;

fail:
	rc = -errno;
	close(fd);
	return rc;
}

static int
open_sockets(struct dnssock *ds)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if ((ds->udp = bind_socket(&ds->conf.addr, SOCK_DGRAM)) < 0)
		return ds->udp;
	if (getsockname(ds->udp, (struct sockaddr *)&ss, &len) < 0 ||
	    addr_from_sock(&ds->addr, (struct sockaddr *)&ss) < 0)
		return -EINVAL;
	/* The same port, also where "any" was asked for. */
	ds->tcp = bind_socket(&ds->addr, SOCK_STREAM);
	return ds->tcp < 0 ? ds->tcp : 0;
}

int
dnssock_new(struct dnssock **out, const struct dnssock_conf *conf)
{
	struct dnssock *ds = calloc(1, sizeof(*ds));
	int rc;

	if (ds == NULL)
		return -ENOMEM;
	ds->conf = *conf;
	ds->udp = ds->tcp = -1;
	LIST_INIT(&ds->pending);
	LIST_INIT(&ds->conns);
	if ((rc = open_sockets(ds)) < 0)
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

void
dnssock_free(struct dnssock *ds)
{
	struct pending *p;
	struct conn *c;

	if (ds == NULL)
		return;
	while ((c = LIST_FIRST(&ds->conns)) != NULL)
		conn_close(c);
	while ((p = LIST_FIRST(&ds->pending)) != NULL)
		drop(p);
	if (ds->udp_ev)
		event_free(ds->udp_ev);
	if (ds->tcp_ev)
		event_free(ds->tcp_ev);
	if (ds->udp >= 0)
		close(ds->udp);
	if (ds->tcp >= 0)
		close(ds->tcp);
	loop_end_turn(ds->conf.loop);	/* connections point at us till then */
	free(ds);
}

const struct addr *
dnssock_addr(const struct dnssock *ds)
{
	return &ds->addr;
}
