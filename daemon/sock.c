/* daemon/sock.c - a TCP socket as an endpoint
 *
 * Theory of operation
 *	One that we dialled ourselves connects first, once it may: nothing is
 *	read then, what is sent waits in @out, and it is open, or gone, when it
 *	becomes writable.
 *
 *	Two directions that end apart.  Reading goes on while there is credit
 *	and the peer has not shut down: to where the holder wants it, else
 *	data() gets slices of the loop's scratch buffer.  What send() takes in small slices is copied into @out (one copy
 *	of 498 bytes costs less than an iovec entry of that size in the kernel)
 *	and written by one system call when the turn ends; what the kernel does
 *	not take waits for writability.  A slice of SOCK_LARGE bytes is worth a
 *	system call of its own: where nothing waits in @out it is written at
 *	once, and what the kernel does not take is refused, so that it is not
 *	copied here and once more by whoever offers it.
 *
 *	  fin()  -> @out drains -> shutdown(SHUT_WR) -.
 *	  EOF    -> user->fin()  ---------------------+-> both: gone(0)
 *
 *	kill() with a reason below 0, or while bytes wait in @out, resets the
 *	connection, so that the client does not take a cut for an end.
 *
 *	A peer's FIN may mean that it will send no more or that it is gone; TCP
 *	has no word for the difference, and an onion stream has no FIN to pass
 *	on.  So after it the kernel probes: a program that still reads has a
 *	socket that answers, while one that closed it leaves none behind after
 *	a minute or so, and what answers then is a reset.  That error comes as
 *	an edge, since end-of-file keeps the descriptor readable for good.
 *
 *	Without credit nothing is read, and nothing is asked of the kernel.  A
 *	stall that lasts is watched by edges, too, so that a client that went
 *	during a long upload does not keep its stream.
 * Limits
 *	SOCK_OUT_MAX bytes in @out; one read a turn, of EVLOOP_SCRATCH bytes: few
 *	large reads cost least, and no socket keeps the others waiting.
 */
#include "daemon/sock.h"

#include <errno.h>
#include <event2/event.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/permit.h"
#include "daemon/dial.h"
#include "daemon/evloop.h"

/* seccomp: recvfrom sendto sendmsg read write readv writev shutdown
 * getsockopt setsockopt getsockname getpeername close */

enum {
	/* After the peer's FIN: seconds until it is asked whether it is there,
	 * and between questions that it does not answer, and how many. */
	PROBE_AFTER_S = 30,
	PROBE_EVERY_S = 15,
	PROBES = 4,
	STALL_MS = 1000,		/* without credit, until it is watched */
	SOCK_LARGE = 16 * 1024
};

struct sock {
	struct endpoint	 ep;
	struct evloop	*ev;
	int		 fd;
	struct event	*rd, *wr;
	struct buf	 out;
	int64_t		 since;		/* ms; the oldest in it */
	struct loop_item flush;
	struct loop_item reap;
	struct loop_timer stall;
	size_t		 credit;
	int		 broken;	/* errno that came within send(), from
					 * where gone() must not be called */
	struct asking	*asking;	/* connecting, and without a socket */
	uint8_t		 connecting;	/* and wr is added */
	uint8_t		 reading;	/* rd is added, to read */
	uint8_t		 edges;		/* rd is added, for errors alone */
	uint8_t		 writing;	/* wr is added */
	uint8_t		 eof;		/* the peer shut down */
	uint8_t		 fin;		/* we shall, once out is empty */
	uint8_t		 shut;		/* we did */
	uint8_t		 refused;	/* somebody waits for room */
	uint8_t		 dead;
};

static void
reap(void *arg)
{
	struct sock *s = arg;

	if (s->rd)
		event_free(s->rd);
	if (s->wr)
		event_free(s->wr);
	buf_free(&s->out);
	free(s);
}

/* A socket that has to be asked for. */
struct asking {
	struct permit		 permit;
	const struct dial_conf	*conf;
};

static void
stop_asking(struct sock *s)
{
	if (s->asking)
		permit_withdraw(s->asking->conf->permit, &s->asking->permit);
	free(s->asking);
	s->asking = NULL;
}

static void
die(struct sock *s, int why)
{
	struct linger hard = { .l_onoff = 1 };

	s->dead = 1;
	loop_item_clear(&s->ev->loop, &s->flush);
	loop_timer_clear(&s->ev->loop, &s->stall);
	event_del(s->rd);
	event_del(s->wr);
	stop_asking(s);
	if (s->fd >= 0 && (why < 0 || s->out.len))
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	loop_item_add(&s->ev->loop, &s->reap);
}

static void
gone(struct sock *s, int why)
{
	if (s->dead)
		return;
	die(s, why);
	s->ep.user->gone(s->ep.arg, why);
}

static void
failed(struct sock *s, int err)
{
	/* What Linux calls a reset that comes after a FIN. */
	gone(s, err == EPIPE ? -ECONNRESET : -err);
}

static void on_event(evutil_socket_t, short, void *);

/* With edges only an error is news.  Both events change, as libevent has all
 * events of a descriptor be of one kind. */
static void
set_edges(struct sock *s, int edges)
{
	struct event_base *base = s->ev->base;
	short how = edges ? EV_PERSIST | EV_ET : EV_PERSIST;

	if (edges == s->edges ||
	    (event_base_get_features(base) & EV_FEATURE_ET) == 0)
		return;
	s->edges = (uint8_t)edges;
	s->reading = 0;
	event_del(s->rd);
	event_del(s->wr);
	event_assign(s->rd, base, s->fd, (short)(EV_READ | how), on_event, s);
	event_assign(s->wr, base, s->fd, (short)(EV_WRITE | how), on_event, s);
	if (edges)
		event_add(s->rd, NULL);
	if (s->writing)
		event_add(s->wr, NULL);
}

static void
want_read(struct sock *s)
{
	int want = s->credit > 0 && !s->eof;

	if (want == s->reading)
		return;
	if (want)
		set_edges(s, 0);
	s->reading = (uint8_t)want;
	if (want) {
		event_add(s->rd, NULL);
		loop_timer_clear(&s->ev->loop, &s->stall);
	} else {
		event_del(s->rd);
		loop_timer_in(&s->ev->loop, &s->stall, STALL_MS);
	}
}

static void
on_stall(void *arg)
{
	struct sock *s = arg;

	if (s->connecting)
		gone(s, -ETIMEDOUT);
	else
		set_edges(s, 1);
}

static void
want_write(struct sock *s, int want)
{
	if (want == s->writing)
		return;
	s->writing = (uint8_t)want;
	if (want)
		event_add(s->wr, NULL);
	else
		event_del(s->wr);
}

static void
ask_for_probes(const struct sock *s)
{
	const int opt[][2] = {
		{ TCP_KEEPIDLE, PROBE_AFTER_S },
		{ TCP_KEEPINTVL, PROBE_EVERY_S },
		{ TCP_KEEPCNT, PROBES }
	};
	size_t i;

	for (i = 0; i < sizeof(opt) / sizeof(opt[0]); i++)
		setsockopt(s->fd, IPPROTO_TCP, opt[i][0], &opt[i][1],
		    sizeof(opt[i][1]));
}

static void
end_of_input(struct sock *s)
{
	s->eof = 1;
	want_read(s);
	loop_timer_clear(&s->ev->loop, &s->stall);
	ask_for_probes(s);
	set_edges(s, 1);
	if (s->shut)
		gone(s, 0);
	else
		s->ep.user->fin(s->ep.arg);
}

static int
fatal(int err)
{
	return err != EAGAIN && err != EWOULDBLOCK && err != EINTR;
}

/* Into place where much is wanted, and there is one; else into the scratch buffer,
 * of which data() is told.  What recv() says. */
static ssize_t
fetch(struct sock *s, size_t want, int *in_place)
{
	const struct endpoint_user *user = s->ep.user;
	struct iovec v[2];
	unsigned n = user->place ? user->place(s->ep.arg, want, v) : 0;
	ssize_t got;
	int err;

	*in_place = n > 0;
	if (n == 0)
		return recv(s->fd, s->ev->scratch, want, 0);
	got = readv(s->fd, v, (int)n);
	err = errno;
	if (got > 0)
		s->credit -= (size_t)got;
	user->placed(s->ep.arg, got > 0 ? (size_t)got : 0);
	errno = err;
	return got;
}

/* All of the credit at once, as far as the scratch buffer reaches: each recv()
 * that takes much has the kernel tell the peer of the room there is now. */
static void
on_readable(struct sock *s)
{
	size_t want = s->credit < EVLOOP_SCRATCH ? s->credit : EVLOOP_SCRATCH;
	int in_place;
	ssize_t n;

	if (want == 0)
		return;
	n = fetch(s, want, &in_place);
	if (n == 0) {
		end_of_input(s);
		return;
	}
	if (n < 0) {
		if (fatal(errno))
			failed(s, errno);
		return;
	}
	if (!in_place) {
		s->credit -= (size_t)n;
		s->ep.user->data(s->ep.arg, s->ev->scratch, (size_t)n);
	}
	if (!s->dead)
		want_read(s);
}

static int
take_error(const struct sock *s)
{
	int err = 0;
	socklen_t len = sizeof(err);

	return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ?
	    errno : err;
}

static void
on_edge(struct sock *s)
{
	int err = take_error(s);

	if (err)
		failed(s, err);
}

/* What waits goes to the kernel.  0, or -1: the connection failed. */
static int
push(struct sock *s)
{
	ssize_t n;

	if (s->out.len == 0)
		return 0;
	n = send(s->fd, buf_head(&s->out), s->out.len, MSG_NOSIGNAL);
	if (n < 0 && fatal(errno)) {
		failed(s, errno);
		return -1;
	}
	if (n > 0) {
		s->since = buf_since(s->since, s->ev->loop.now, (size_t)n,
		    s->out.len);
		buf_drain(&s->out, (size_t)n);
	}
	return 0;
}

/* Until the kernel is full or there is no more to write: after the peer's end
 * nothing tells that there is room but that it was full before.  -1: it is
 * dead. */
static int
push_all(struct sock *s)
{
	size_t had;

	do {
		if (push(s) < 0)
			return -1;
		had = s->out.len;
		if (!s->refused || had > SOCK_OUT_MAX / 2)
			return 0;
		s->refused = 0;
		s->ep.user->room(s->ep.arg);
		if (s->dead)
			return -1;
	} while (had == 0 && s->out.len > 0);
	return 0;
}

static void
write_out(void *arg)
{
	struct sock *s = arg;

	if (s->broken) {
		failed(s, s->broken);
		return;
	}
	if (push_all(s) < 0)
		return;
	want_write(s, s->out.len > 0 || s->refused);
	if (s->out.len == 0 && s->fin && !s->shut) {
		s->shut = 1;
		shutdown(s->fd, SHUT_WR);
		if (s->eof)
			gone(s, 0);
	}
}

static void
connected(struct sock *s)
{
	int err = take_error(s);

	if (err) {
		failed(s, err);
		return;
	}
	s->connecting = 0;
	loop_timer_in(&s->ev->loop, &s->stall, STALL_MS);
	if (s->ep.user->open)
		s->ep.user->open(s->ep.arg);
	if (s->dead)
		return;
	want_read(s);
	write_out(s);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct sock *s = arg;
	struct evloop *ev = s->ev;

	(void)fd;
	evloop_enter(ev);
	if ((what & EV_WRITE) && s->connecting)
		connected(s);
	else if (what & EV_WRITE)
		write_out(s);
	if ((what & EV_READ) && !s->dead) {
		if (s->eof || s->edges)
			on_edge(s);
		else
			on_readable(s);
	}
	evloop_leave(ev);
}

static struct sock *
of(struct endpoint *e)
{
	return (struct sock *)e;	/* its first member */
}

static void
broke(struct sock *s, int err)
{
	s->broken = err;
	loop_item_add(&s->ev->loop, &s->flush);
}

/* Takes what the kernel takes. */
static size_t
send_now(struct sock *s, const void *p, size_t len)
{
	ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL);

	if (n < 0 && fatal(errno)) {
		broke(s, errno);
		return 0;
	}
	if (n < (ssize_t)len) {
		s->refused = 1;
		want_write(s, 1);
	}
	return n < 0 ? 0 : (size_t)n;
}

static size_t
send_later(struct sock *s, const void *p, size_t len)
{
	size_t room = buf_room(&s->out);

	if (len > room) {
		s->refused = 1;
		len = room;
	}
	if (s->out.len == 0)
		s->since = s->ev->loop.now;
	if (len && buf_add(&s->out, p, len) < 0) {
		broke(s, ENOMEM);
		return 0;
	}
	if (!s->writing)
		loop_item_add(&s->ev->loop, &s->flush);
	return len;
}

static size_t
op_send(struct endpoint *e, const void *p, size_t len)
{
	struct sock *s = of(e);

	if (s->dead || s->fin || s->broken)
		return 0;
	if (len >= SOCK_LARGE && s->out.len == 0 && !s->connecting)
		return send_now(s, p, len);
	return send_later(s, p, len);
}

static void
op_grant(struct endpoint *e, size_t credit)
{
	struct sock *s = of(e);

	if (s->dead)
		return;
	s->credit += credit;
	if (!s->connecting)
		want_read(s);
}

static void
op_fin(struct endpoint *e)
{
	struct sock *s = of(e);

	if (s->dead || s->fin)
		return;
	s->fin = 1;
	if (!s->writing)
		loop_item_add(&s->ev->loop, &s->flush);
}

static void
op_kill(struct endpoint *e, int why)
{
	if (!of(e)->dead)
		die(of(e), why);
}

/* Sent, but not acknowledged. */
static size_t
unacknowledged(int fd)
{
	int n = 0;

#ifdef SIOCOUTQ
	if (ioctl(fd, SIOCOUTQ, &n) < 0)
		n = 0;
#else
	(void)fd;
#endif
	return (size_t)n;
}

static void
op_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	const struct sock *s = (const struct sock *)e;

	if (s->dead || s->out.len == 0)
		return;
	q->bytes = s->out.cap;
	q->since = s->since;
}

static size_t
op_under_way(const struct endpoint *e)
{
	const struct sock *s = (const struct sock *)e;

	return s->dead ? 0 : s->out.len + unacknowledged(s->fd);
}

static const struct endpoint_ops sock_ops = {
	.send = op_send, .grant = op_grant, .fin = op_fin, .kill = op_kill,
	.queued = op_queued, .under_way = op_under_way
};

/* Without a socket yet. */
static int
make(struct sock **out, struct evloop *ev)
{
	struct sock *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	s->rd = event_new(ev->base, -1, EV_READ | EV_PERSIST, on_event, s);
	s->wr = event_new(ev->base, -1, EV_WRITE | EV_PERSIST, on_event, s);
	if (s->rd == NULL || s->wr == NULL) {
		reap(s);
		return -ENOMEM;
	}
	s->ep.ops = &sock_ops;
	s->ev = ev;
	s->fd = -1;
	buf_init(&s->out, SOCK_OUT_MAX);
	loop_item_init(&s->flush, write_out, s);
	loop_item_init(&s->reap, reap, s);
	loop_timer_init(&s->stall, on_stall, s);
	*out = s;
	return 0;
}

static void
take_socket(struct sock *s, int fd)
{
	int on = 1;

	s->fd = fd;
	event_assign(s->rd, s->ev->base, fd, EV_READ | EV_PERSIST, on_event, s);
	event_assign(s->wr, s->ev->base, fd, EV_WRITE | EV_PERSIST, on_event,
	    s);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

int
sock_new(struct endpoint **out, struct evloop *ev, int fd)
{
	struct sock *s;

	if (evutil_make_socket_nonblocking(fd) < 0 || make(&s, ev) < 0)
		return -ENOMEM;
	take_socket(s, fd);
	loop_timer_in(&ev->loop, &s->stall, STALL_MS);
	*out = &s->ep;
	return 0;
}

/* --- dialling --- */

static int
connect_to(struct sock *s, const struct addr *to, const struct dial_conf *conf)
{
	int fd = dial_start(conf, to);

	if (fd < 0)
		return fd;
	take_socket(s, fd);
	event_add(s->wr, NULL);
	return 0;
}

static void
on_permit(void *arg, int rc)
{
	struct sock *s = arg;

	if (rc == 0)
		rc = connect_to(s, &s->asking->permit.to, s->asking->conf);
	stop_asking(s);
	if (rc < 0)
		gone(s, rc);
}

/* Connects, or will. */
static int
ask(struct sock *s, const struct addr *to, const struct dial_conf *conf)
{
	int rc;

	if (conf == NULL || conf->permit == NULL)
		return connect_to(s, to, conf);
	if ((s->asking = calloc(1, sizeof(*s->asking))) == NULL)
		return -ENOMEM;
	s->asking->conf = conf;
	permit_init(&s->asking->permit, on_permit, s);
	rc = permit_ask(conf->permit, &s->asking->permit, to);
	if (rc == -EINPROGRESS)
		return 0;
	stop_asking(s);
	return rc < 0 ? rc : connect_to(s, to, conf);
}

int
sock_dial(struct endpoint **out, struct evloop *ev, const struct addr *to,
    const struct dial_conf *conf)
{
	struct sock *s;
	int rc;

	if ((rc = make(&s, ev)) < 0)
		return rc;
	s->connecting = s->writing = 1;
	if ((rc = ask(s, to, conf)) < 0) {
		reap(s);
		return rc;
	}
	loop_timer_in(&ev->loop, &s->stall, SOCK_DIAL_MS);
	*out = &s->ep;
	return 0;
}
