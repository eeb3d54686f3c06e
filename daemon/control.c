/* daemon/control.c - the local socket for `onion-transparent status`
 *
 * Theory of operation
 *	libevent's bufferevents do the talking: there is no speed to be won
 *	here.  A client goes when it has its answer, when what it says is no
 *	request, or when it said or read nothing for CONTROL_TIMEOUT_S.
 * Limits
 *	More than CONTROL_CLIENTS_MAX at a time are turned away.  Out of
 *	descriptors, accepting rests for REST_MS instead of spinning.
 */
#include "daemon/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "daemon/evloop.h"
#include "daemon/status.h"
#include "daemon/unixsock.h"

/* seccomp: accept4 readv writev recvfrom sendto unlink unlinkat close */

enum { REQUEST_MAX = 64, REST_MS = 1000 };

struct client {
	struct control	 *control;
	struct bufferevent *bev;
	struct client	 *next;
	struct client	 **prevp;
	int		  answered;
};

struct control {
	struct evloop	*ev;
	struct status_source src;
	struct event	*accept;
	struct loop_timer rest;
	int		 fd;
	struct client	*clients;
	int		 nclients;
	char		*path;
};

static void
client_free(struct client *c)
{
	*c->prevp = c->next;
	if (c->next)
		c->next->prevp = c->prevp;
	c->control->nclients--;
	bufferevent_free(c->bev);
	free(c);
}

static void
answer(struct client *c, const char *request)
{
	size_t len = 0;
	char *text = NULL;
	int json = strcmp(request, "status json") == 0;

	if (json || strcmp(request, "status") == 0)
		text = status_text(&c->control->src, json, &len);
	if (text == NULL) {
		client_free(c);
		return;
	}
	c->answered = 1;
	bufferevent_write(c->bev, text, len);
	bufferevent_disable(c->bev, EV_READ);
	free(text);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evloop *ev = c->control->ev;
	char *line;

	evloop_enter(ev);
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	if (line)
		answer(c, line);
	else if (evbuffer_get_length(in) > REQUEST_MAX)
		client_free(c);
	free(line);
	evloop_leave(ev);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	struct evloop *ev = c->control->ev;

	evloop_enter(ev);
	if (c->answered &&
	    evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		client_free(c);
	evloop_leave(ev);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;
	struct evloop *ev = c->control->ev;

	(void)bev;
	(void)what;
	evloop_enter(ev);
	client_free(c);
	evloop_leave(ev);
}

static void
client_new(struct control *ctl, int fd)
{
	struct timeval limit = { .tv_sec = CONTROL_TIMEOUT_S };
	struct client *c;

	if (ctl->nclients >= CONTROL_CLIENTS_MAX ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->bev = bufferevent_socket_new(ctl->ev->base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		free(c);
		return;
	}
	c->control = ctl;
	c->next = ctl->clients;
	if (c->next)
		c->next->prevp = &c->next;
	c->prevp = &ctl->clients;
	ctl->clients = c;
	ctl->nclients++;
	bufferevent_setcb(c->bev, on_read, on_written, on_end, c);
	bufferevent_set_timeouts(c->bev, &limit, &limit);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
rest(struct control *ctl, int err)
{
	static struct log_limit limit = { .every_s = 60 };

	log_limited(&limit, LL_WARN, LD_CONTROL, "cannot accept a status "
	    "connection for a moment: %s", strerror(err));
	event_del(ctl->accept);
	loop_timer_in(&ctl->ev->loop, &ctl->rest, REST_MS);
}

static void
rested(void *arg)
{
	struct control *ctl = arg;

	event_add(ctl->accept, NULL);
}

static void
on_accept(evutil_socket_t lfd, short what, void *arg)
{
	struct control *ctl = arg;
	int fd;

	(void)what;
	evloop_enter(ctl->ev);
	fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		client_new(ctl, fd);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
	    errno != ECONNABORTED)
		rest(ctl, errno);
	evloop_leave(ctl->ev);
}

int
control_new(struct control **out, struct evloop *ev, const char *path,
    const struct status_source *src)
{
	struct control *ctl = calloc(1, sizeof(*ctl));
	int rc = -ENOMEM;

	if (ctl == NULL)
		return rc;
	ctl->ev = ev;
	ctl->src = *src;
	loop_timer_init(&ctl->rest, rested, ctl);
	if ((ctl->path = strdup(path)) == NULL ||
	    (rc = ctl->fd = unixsock_listen(path, SOCK_STREAM, 0600,
	    CONTROL_CLIENTS_MAX)) < 0)
		goto fail;
	ctl->accept = event_new(ev->base, ctl->fd, EV_READ | EV_PERSIST,
	    on_accept, ctl);
	if (ctl->accept == NULL || event_add(ctl->accept, NULL) < 0) {
		rc = -ENOMEM;
		goto fail_fd;
	}
	*out = ctl;
	return 0;

fail_fd:
	if (ctl->accept)
		event_free(ctl->accept);
	close(ctl->fd);
	unlink(path);
fail:
	free(ctl->path);
	free(ctl);
	return rc;
}

void
control_free(struct control *ctl)
{
	if (ctl == NULL)
		return;
	while (ctl->clients)
		client_free(ctl->clients);
	loop_timer_clear(&ctl->ev->loop, &ctl->rest);
	event_free(ctl->accept);
	close(ctl->fd);
	unlink(ctl->path);
	free(ctl->path);
	free(ctl);
}

static int
print_all(int fd)
{
	char buf[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return -EIO;
		total += (size_t)n;
	}
	if (n < 0)
		return -errno;
	if (fflush(stdout) != 0)
		return -errno;
	return total ? 0 : -EBUSY;
}

int
control_ask(const char *path, int json)
{
	const char *request = json ? "status json\n" : "status\n";
	int fd, rc;

	fd = unixsock_dial(path, SOCK_STREAM, CONTROL_TIMEOUT_S);
	if (fd < 0)
		return fd;
	rc = send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ?
	    -errno : print_all(fd);
	close(fd);
	return rc;
}
