/* daemon/runsock.c - the socket that `onion-transparent run` asks a daemon at
 *
 * Theory of operation
 *	  accept -> OPEN with a TUN -> tunnel -> PROGRESS ... ready -> silence
 *	         \\-> anything else, or nothing in RUNSOCK_TIMEOUT_S: gone
 *
 *	Whoever connects may be any user of the machine, and is believed
 *	nothing: what it passes must be a TUN device, and from then on is no
 *	more than a client's network.  The sender may still have it open, and
 *	read from it, change its modes or take it down; that must harm nobody
 *	else, and reading and writing do not wait for it (tun/nowait.h).  Asking
 *	a descriptor what it is can take for ever where its file system is the
 *	sender's own, so that only what the kernel knows by itself is asked, and
 *	it is closed by runmsg_drop().
 *
 *	Each client is a session group of its own, whose number never comes
 *	again: two programs never share a circuit, nor do one program and the
 *	next.  Within the program they do, whatever its address.
 * Limits
 *	RUNSOCK_CLIENTS_MAX, RUNSOCK_USER_MAX; over them a client is told so.
 *	What one client of the gateway may have is for all tunnels of a user.
 *	What waits in tunnels is bounded for all of them, and shared out as in
 *	tun/memory.h.
 *	Where a device could make us wait, for a moment (tun/nowait.h), its
 *	client keeps its place for RUNSOCK_PENALTY_S, though it is gone: a user
 *	has no more than RUNSOCK_USER_MAX such moments in that time.
 *	Out of descriptors, accepting rests for REST_MS.
 */
#include "daemon/runsock.h"

#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/borrow.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/wire.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/runmsg.h"
#include "daemon/runnet.h"
#include "daemon/tunnel.h"
#include "daemon/unixsock.h"
#include "tun/memory.h"
#include "tun/stack.h"
#include "tun/tundev.h"

/* seccomp: accept4 getsockopt recvmsg sendmsg unlink unlinkat
 * close */

enum {
	REST_MS = 1000,
	BACKLOG = 64,
	MTU_MIN = 1280,
	TUN_MAJOR = 10, TUN_MINOR = 200	/* of /dev/net/tun, on any Linux */
};

_Static_assert((int)RUNNET_OWN <= (int)STACK_OWN_MAX, "they fit");

struct client {
	LIST_ENTRY(client) link;
	struct runsock	*rs;
	int		 fd;
	struct event	*event;
	struct loop_timer timeout;
	struct loop_item reap;
	struct ucred	 peer;
	struct door	 door;
	struct tunnel	*tunnel;	/* NULL until OPEN */
	int		 told_ready;
	int		 dead;
	int		 made_us_wait;
};

struct runsock {
	struct runsock_conf conf;
	char		*path;
	int		 fd;
	struct event	*accept;
	struct loop_timer rest;
	LIST_HEAD(, client) clients;
	size_t		 nclients;
	int		 last_group;
	struct memory	 memory;	/* of all tunnels */
	struct runmsg	 state;		/* PROGRESS, as it is now */
};

/* --- an end --- */

static void
client_free(struct client *c)
{
	struct runsock *rs = c->rs;
	struct loop *loop = &rs->conf.ev->loop;

	LIST_REMOVE(c, link);
	rs->nclients--;
	loop_timer_clear(loop, &c->timeout);
	loop_item_clear(loop, &c->reap);
	tunnel_free(c->tunnel);
	event_free(c->event);
	close(c->fd);
	free(c);
}

static void
client_reap(void *arg)
{
	struct client *c = arg;
	struct runsock *rs = c->rs;
	pid_t pid = c->peer.pid;

	if (c->made_us_wait) {		/* its place stays taken */
		c->made_us_wait = 0;
		tunnel_free(c->tunnel);
		c->tunnel = NULL;
		shutdown(c->fd, SHUT_RDWR);
		loop_timer_in(&rs->conf.ev->loop, &c->timeout,
		    RUNSOCK_PENALTY_S * 1000);
		return;
	}
	client_free(c);
	if (rs->conf.left)
		rs->conf.left(rs->conf.arg, pid);
}

static void
client_kill(struct client *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = 1;
	log_info(LD_CONTROL, "run: process %ld of user %lu: %s",
	    (long)c->peer.pid, (unsigned long)c->peer.uid, why);
	event_del(c->event);
	loop_item_add(&c->rs->conf.ev->loop, &c->reap);
}

static void
refuse(struct client *c, const char *why)
{
	if (c->dead)
		return;
	runmsg_refuse(c->fd, why);
	client_kill(c, why);
}

static void
timed_out(void *arg)
{
	struct client *c = arg;

	if (c->dead)
		client_reap(c);
	else
		refuse(c, "it did not say what it wants");
}

/* --- a tunnel --- */

static void
tell(struct client *c)
{
	int rc;

	if (c->tunnel == NULL || c->told_ready || c->dead)
		return;
	if ((rc = runmsg_send(c->fd, &c->rs->state, -1)) < 0)
		client_kill(c, strerror(-rc));
	else
		c->told_ready = c->rs->state.ready;
}

static void
tunnel_gone(void *arg, int why)
{
	struct client *c = arg;
	char text[RUNMSG_TEXT];

	c->made_us_wait = why == -EINTR;
	snprintf(text, sizeof(text), "its device is gone: %s",
	    strerror(why < 0 ? -why : why));
	refuse(c, text);
}

/* DONT_SYNC: the kernel's own knowledge will do, nobody is asked. */
static int
is_tun(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE,
	    &st) == 0 && S_ISCHR(st.stx_mode) &&
	    st.stx_rdev_major == TUN_MAJOR && st.stx_rdev_minor == TUN_MINOR;
}

static int
make_tunnel(struct client *c, uint16_t mtu, struct tundev *dev)
{
	struct tunnel_conf tc = {
		.ev = c->rs->conf.ev, .gateway = c->rs->conf.gateway,
		.door = &c->door, .nown = RUNNET_OWN, .mtu = mtu,
		.conns_max = RUNSOCK_CONNS_MAX,
		.opening_max = RUNSOCK_OPENING_MAX,
		.bytes_max = c->rs->memory.max, .memory = &c->rs->memory,
		.gone = tunnel_gone, .arg = c
	};

	runnet_own(tc.own);
	return tunnel_new(&c->tunnel, &tc, dev);
}

static void
open_tunnel(struct client *c, uint16_t mtu, int fd)
{
	struct tundev *dev;
	int rc;

	if (c->tunnel) {
		runmsg_drop(fd);
		refuse(c, "it asked twice");
		return;
	}
	if (mtu < MTU_MIN || !is_tun(fd) || tundev_adopt(&dev, fd) < 0) {
		runmsg_drop(fd);
		refuse(c, "what it passed is no TUN device");
		return;
	}
	if ((rc = make_tunnel(c, mtu, dev)) < 0) {
		tundev_free(dev);
		refuse(c, strerror(-rc));
		return;
	}
	loop_timer_clear(&c->rs->conf.ev->loop, &c->timeout);
	log_info(LD_CONTROL, "run: process %ld of user %lu: a tunnel",
	    (long)c->peer.pid, (unsigned long)c->peer.uid);
	tell(c);
}

/* --- clients --- */

/* A user's programs, all with the same address in networks of their own, or
 * with any other, have one client's share, and each user another one.  There
 * is no client in 100::/64 (RFC 6666). */
static struct addr
as_client(uid_t uid)
{
	struct addr a = { .family = 6, .ip = { 1 } };

	wire_set32(a.ip + 12, (uint32_t)uid);
	return a;
}

static void
read_one(struct client *c)
{
	struct runmsg m;
	int fd, rc = runmsg_recv(c->fd, &m, &fd);

	if (rc == -EAGAIN || rc == -EINTR)
		return;
	if (rc == 0)
		client_kill(c, "it ended");
	else if (rc == -EPROTONOSUPPORT)
		refuse(c, "it speaks another version; is one of the two an "
		    "old one?");
	else if (rc < 0)
		refuse(c, "it sent what is no message");
	else if (m.type != RUNMSG_OPEN)
		refuse(c, "it sent what is not for us");
	else
		open_tunnel(c, m.mtu, fd);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	struct evloop *ev = c->rs->conf.ev;

	(void)fd;
	(void)what;
	evloop_enter(ev);
	if (!c->dead)
		read_one(c);
	evloop_leave(ev);
}

static size_t
count_user(const struct runsock *rs, uid_t uid)
{
	const struct client *c;
	size_t n = 0;

	LIST_FOREACH(c, &rs->clients, link)
		n += c->peer.uid == uid;
	return n;
}

/* Those over the ceilings, who have no struct client. */
static int
turn_away(int fd, const char *why)
{
	runmsg_refuse(fd, why);
	log_info(LD_CONTROL, "run: turned away: %s", why);
	return -ENOSPC;
}

int
runsock_add(struct runsock *rs, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (rs->nclients >= RUNSOCK_CLIENTS_MAX)
		return turn_away(fd, "there are too many programs already");
	if (count_user(rs, peer.uid) >= RUNSOCK_USER_MAX)
		return turn_away(fd, "this user has too many programs already");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -ENOMEM;
	c->rs = rs;
	c->fd = fd;
	c->peer = peer;
	c->door = (struct door){ .session_group = ++rs->last_group,
		.proto = DOOR_TUN, .as_client = as_client(peer.uid),
		.came = { .has_uid = 1, .uid = peer.uid } };
	loop_timer_init(&c->timeout, timed_out, c);
	loop_item_init(&c->reap, client_reap, c);
	c->event = event_new(rs->conf.ev->base, fd, EV_READ | EV_PERSIST,
	    on_read, c);
	if (c->event == NULL || event_add(c->event, NULL) < 0) {
		if (c->event)
			event_free(c->event);
		free(c);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&rs->clients, c, link);
	rs->nclients++;
	loop_timer_in(&rs->conf.ev->loop, &c->timeout,
	    RUNSOCK_TIMEOUT_S * 1000);
	return 0;
}

static void
rest(struct runsock *rs, int err)
{
	static struct log_limit limit = { .every_s = 60 };

	log_limited(&limit, LL_WARN, LD_CONTROL, "cannot accept at RunSocket "
	    "for a moment: %s", strerror(err));
	event_del(rs->accept);
	loop_timer_in(&rs->conf.ev->loop, &rs->rest, REST_MS);
}

static void
rested(void *arg)
{
	struct runsock *rs = arg;

	event_add(rs->accept, NULL);
}

static void
on_accept(evutil_socket_t lfd, short what, void *arg)
{
	struct runsock *rs = arg;
	int fd;

	(void)what;
	evloop_enter(rs->conf.ev);
	fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 && runsock_add(rs, fd) < 0)
		close(fd);
	else if (fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != EINTR && errno != ECONNABORTED)
		rest(rs, errno);
	evloop_leave(rs->conf.ev);
}

/* --- all of it --- */

void
runsock_progress(struct runsock *rs, int percent, const char *summary)
{
	struct client *c;

	if (rs == NULL)
		return;
	rs->state.percent = (uint8_t)(percent < 0 ? 0 : percent > 100 ? 100 :
	    percent);
	runmsg_set_text(&rs->state, summary);
	LIST_FOREACH(c, &rs->clients, link)
		tell(c);
}

void
runsock_ready(struct runsock *rs, int ready)
{
	struct client *c;

	if (rs == NULL)
		return;
	rs->state.ready = ready != 0;
	LIST_FOREACH(c, &rs->clients, link)
		tell(c);
}

size_t
runsock_clients(const struct runsock *rs)
{
	return rs->nclients;
}

void
runsock_tunnels(void *runsock, void (*fn)(void *, const char *,
    const struct stack_totals *), void *fn_arg)
{
	const struct runsock *rs = runsock;
	const struct client *c;
	struct stack_totals t;
	char name[32];		/* the device's own is anybody's text */

	if (rs == NULL)
		return;
	LIST_FOREACH(c, &rs->clients, link)
		if (c->tunnel) {
			tunnel_totals(c->tunnel, &t);
			snprintf(name, sizeof(name), "run:%lu",
			    (unsigned long)c->peer.uid);
			fn(fn_arg, name, &t);
		}
}

int
runsock_give(const char *path, const char *group)
{
	const struct group *gr;

	if (group == NULL)
		return 0;
	errno = 0;
	if ((gr = getgrnam(group)) == NULL)
		return errno ? -errno : -ENOENT;
	return lchown(path, (uid_t)-1, gr->gr_gid) < 0 ? -errno : 0;
}

int
runsock_new(struct runsock **out, const struct runsock_conf *conf)
{
	struct runsock *rs = calloc(1, sizeof(*rs));
	int rc = -ENOMEM;

	if (rs == NULL)
		return rc;
	rs->conf = *conf;
	rs->memory.max = conf->bytes_max;
	rs->last_group = INT_MIN;	/* far from those of other doors */
	rs->state.type = RUNMSG_PROGRESS;
	runmsg_set_text(&rs->state, "Starting");
	loop_timer_init(&rs->rest, rested, rs);
	if ((rs->path = strdup(conf->path)) == NULL ||
	    (rc = rs->fd = unixsock_listen(conf->path, SOCK_SEQPACKET,
	    conf->mode, BACKLOG)) < 0)
		goto fail;
	if (!borrow_has_lender() &&
	    (rc = runsock_give(conf->path, conf->group)) < 0)
		goto fail_fd;
	rc = -ENOMEM;
	rs->accept = event_new(conf->ev->base, rs->fd, EV_READ | EV_PERSIST,
	    on_accept, rs);
	if (rs->accept == NULL || event_add(rs->accept, NULL) < 0)
		goto fail_fd;
	*out = rs;
	return 0;

fail_fd:
	if (rs->accept)
		event_free(rs->accept);
	close(rs->fd);
	unlink(conf->path);
fail:
	free(rs->path);
	free(rs);
	return rc;
}

void
runsock_free(struct runsock *rs)
{
	struct loop *loop;

	if (rs == NULL)
		return;
	loop = &rs->conf.ev->loop;
	while (!LIST_EMPTY(&rs->clients))
		client_free(LIST_FIRST(&rs->clients));
	loop_timer_clear(loop, &rs->rest);
	event_free(rs->accept);
	close(rs->fd);
	unlink(rs->path);
	free(rs->path);
	free(rs);
}
