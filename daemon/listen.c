/* daemon/listen.c - clients' connections come in here
 *
 * Theory of operation
 *	Accepts up to LISTEN_BATCH connections a turn.  Out of descriptors, a
 *	listener would be readable for ever and spin: it rests for LISTEN_REST_MS
 *	instead, while its backlog fills and the kernel makes clients wait.
 */
#include "daemon/listen.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arrival.h"
#include "base/borrow.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/evloop.h"
#include "daemon/sock.h"
#include "daemon/unixsock.h"
#include "natlook/natlook.h"

/* seccomp: accept4 accept getsockname setsockopt unlink unlinkat close */

enum { LISTEN_BATCH = 64, LISTEN_BACKLOG = 1024, LISTEN_REST_MS = 1000 };

struct listener {
	struct listen_conf conf;
	enum natlook_kind kind;
	int		 fd;
	struct event	*ev;
	struct loop_timer rest;
	struct addr	 addr;		/* as bound */
	char		*path;		/* a unix socket's, or NULL */
};

static void
reset(int fd)
{
	struct linger hard = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

static void
how_it_came(const struct listener *l, int fd, struct came *came)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (l->path) {
		came->has_uid = unixsock_peer(fd, &came->uid) == 0;
		return;
	}
	came->ifindex = arrival_of_socket(fd);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
	    addr_from_sock(&came->to, (struct sockaddr *)&ss) < 0)
		came->to.family = 0;
}

static void
take_proxied(struct listener *l, int fd, const struct addr *client)
{
	static struct log_limit limit = { .every_s = 30 };
	struct door door = *l->conf.door;
	struct endpoint *ep;
	int rc;

	how_it_came(l, fd, &door.came);
	if ((rc = sock_new(&ep, l->conf.ev, fd)) == 0) {
		l->conf.take(l->conf.arg, &door, client, ep);
		return;
	}
	log_limited(&limit, LL_WARN, LD_NET, "cannot take a connection: %s",
	    strerror(-rc));
	reset(fd);
}

static void
take_redirected(struct listener *l, int fd, const struct addr *client)
{
	static struct log_limit limit = { .every_s = 30 };
	struct door door = *l->conf.door;
	struct endpoint *ep;
	struct addr dest;
	char text[ADDR_TEXT];
	int rc;

	door.came.ifindex = arrival_of_socket(fd);
	rc = natlook_find(l->conf.natlook, fd, client, &l->addr, &dest);
	if (rc == 0 && (rc = sock_new(&ep, l->conf.ev, fd)) == 0) {
		gateway_flow(l->conf.gateway, &door, client, &dest, ep);
		return;
	}
	if (rc == -ELOOP)
		log_limited(&limit, LL_WARN, LD_NET, "%s connected to the "
		    "TransPort itself: refused (redirect traffic to it "
		    "instead)", addr_show(client, text));
	else
		log_limited(&limit, LL_WARN, LD_NET, "where a connection was "
		    "going cannot be found out: refused: %s", strerror(-rc));
	reset(fd);
}

static void
take(struct listener *l, int fd, const struct addr *client)
{
	if (l->conf.take)
		take_proxied(l, fd, client);
	else
		take_redirected(l, fd, client);
}

/* A unix socket's client has no address, but is on this host. */
static int
client_of(const struct listener *l, const struct sockaddr_storage *ss,
    struct addr *client)
{
	if (l->path == NULL)
		return addr_from_sock(client, (const struct sockaddr *)ss);
	addr_v4(client, INADDR_LOOPBACK, 0);
	return 0;
}

static void
rest(struct listener *l, int err)
{
	static struct log_limit limit = { .every_s = 60 };

	log_limited(&limit, LL_WARN, LD_NET, "cannot accept connections "
	    "for a moment: %s%s", strerror(err), err == EMFILE ?
	    " (raise ConnLimit and the limit on open files)" : "");
	event_del(l->ev);
	loop_timer_in(&l->conf.ev->loop, &l->rest, LISTEN_REST_MS);
}

static void
rested(void *arg)
{
	struct listener *l = arg;

	event_add(l->ev, NULL);
}

static void
on_ready(evutil_socket_t lfd, short what, void *arg)
{
	struct listener *l = arg;
	struct sockaddr_storage ss;
	struct addr client;
	socklen_t len;
	int i, fd;

	(void)what;
	evloop_enter(l->conf.ev);
	for (i = 0; i < LISTEN_BATCH; i++) {
		len = sizeof(ss);
		fd = accept4(lfd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			if (client_of(l, &ss, &client) < 0)
				reset(fd);
			else
				take(l, fd, &client);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			rest(l, errno);
		break;
	}
	evloop_leave(l->conf.ev);
}

int
listen_open(const struct addr *addr, enum natlook_kind kind)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(addr, &ss);
	int fd, rc, on = 1;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (kind != NATLOOK_NONE &&
	    (rc = natlook_listen_opts(fd, kind, ss.ss_family)) < 0)
		goto fail;
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    listen(fd, LISTEN_BACKLOG) < 0) {
		rc = -errno;
		goto fail;
	}
	return fd;

fail:
	close(fd);
	return rc;
}

static int
get_socket(const struct addr *addr, enum natlook_kind kind)
{
	struct borrow_want w = { .addr = addr,
		.kind = kind == NATLOOK_NONE ? BORROW_TCP : BORROW_TRANS };
	int fd[BORROW_FDS_MAX], rc = borrow(&w, fd);

	return rc == -ENOSYS ? listen_open(addr, kind) : rc < 0 ? rc : fd[0];
}

/* Where it listens, as bound. */
static int
open_listener(struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (l->conf.path) {
		if ((l->path = strdup(l->conf.path)) == NULL)
			return -ENOMEM;
		l->fd = unixsock_listen(l->path, SOCK_STREAM, l->conf.mode,
		    LISTEN_BACKLOG);
		if (l->fd >= 0)
			return 0;
		free(l->path);
		l->path = NULL;
		return l->fd;
	}
	if ((l->fd = get_socket(&l->conf.addr, l->kind)) < 0)
		return l->fd;
	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == 0 &&
	    addr_from_sock(&l->addr, (struct sockaddr *)&ss) == 0)
		return 0;
	close(l->fd);
	return -EINVAL;
}

static void
close_listener(struct listener *l)
{
	close(l->fd);
	if (l->path)
		unlink(l->path);
	free(l->path);
}

int
listen_new(struct listener **out, const struct listen_conf *conf,
    enum natlook_kind kind)
{
	struct listener *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return -ENOMEM;
	l->conf = *conf;
	l->kind = kind;
	if ((rc = open_listener(l)) < 0)
		goto fail;
	rc = -ENOMEM;
	l->ev = event_new(conf->ev->base, l->fd, EV_READ | EV_PERSIST,
	    on_ready, l);
	if (l->ev == NULL || event_add(l->ev, NULL) < 0)
		goto fail_event;
	loop_timer_init(&l->rest, rested, l);
	*out = l;
	return 0;

fail_event:
	if (l->ev)
		event_free(l->ev);
	close_listener(l);
fail:
	free(l);
	return rc;
}

void
listen_free(struct listener *l)
{
	if (l == NULL)
		return;
	loop_timer_clear(&l->conf.ev->loop, &l->rest);
	event_free(l->ev);
	close_listener(l);
	free(l);
}

const struct addr *
listen_addr(const struct listener *l)
{
	return &l->addr;
}
