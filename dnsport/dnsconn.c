/* dnsport/dnsconn.c - a client's TCP connection to the DNS server
 *
 * Theory of operation
 *	A libevent bufferevent does the reading and writing, a dnspipe the rest.
 *
 *	Questions are taken out of the input while few enough wait and the
 *	client reads what it is sent; otherwise reading stops until either
 *	changes, so a client that asks a thousand questions in one breath is
 *	served, and one that never reads costs no more than it is allowed.
 *
 *	EOF -> no more is read; what was asked is answered -> closed
 *	failure, a length of 0, no progress for idle_ms -> closed
 */
#include "dnsport/dnsconn.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arrival.h"
#include "base/loop.h"
#include "dnsport/dnspipe.h"

/* seccomp: recvfrom sendto readv writev shutdown getsockopt close */

struct dnsconn {
	const struct dnsconn_conf *conf;
	struct bufferevent *bev;
	struct dnspipe	 pipe;
	void		(*closed)(void *arg);
	void		*arg;
	int64_t		 asked;		/* a question, the last: loop ms */
	uint8_t		 taking;	/* questions out of the input */
	uint8_t		 eof;		/* the client asks no more */
	uint8_t		 dead;
	struct loop_item reap;
};

static void take_questions(struct dnsconn *);

static void
reap(void *arg)
{
	struct dnsconn *c = arg;

	bufferevent_free(c->bev);
	free(c);
}

void
dnsconn_kill(struct dnsconn *c)
{
	if (c->dead)
		return;
	c->dead = 1;
	dnspipe_fini(&c->pipe);
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	loop_item_add(c->conf->loop, &c->reap);
}

static void
end(struct dnsconn *c)
{
	if (c->dead)
		return;
	dnsconn_kill(c);
	c->closed(c->arg);
}

static size_t
unread(const struct dnsconn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

int64_t
dnsconn_idle(const struct dnsconn *c)
{
	return c->pipe.npending || unread(c) ? INT64_MAX : c->asked;
}

static int
full(const struct dnsconn *c)
{
	return dnspipe_full(&c->pipe) || unread(c) > DNSCONN_OUT_MAX;
}

static void
on_answer(void *arg, const uint8_t head[DNSPIPE_HEAD], const uint8_t *msg,
    size_t len)
{
	struct dnsconn *c = arg;

	bufferevent_write(c->bev, head, DNSPIPE_HEAD);
	bufferevent_write(c->bev, msg, len);
}

static void
on_settled(void *arg)
{
	struct dnsconn *c = arg;

	if (!c->taking)
		take_questions(c);
}

/* One question out of the input: 1; 0: there is no whole one; negative: the
 * connection cannot go on. */
static int
take_question(struct dnsconn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	uint8_t head[DNSPIPE_HEAD], *frame;
	ev_ssize_t got = evbuffer_copyout(in, head, sizeof(head));
	int rc, len = dnspipe_frame(head, got > 0 ? (size_t)got : 0);

	if (len <= 0)
		return len;
	if (evbuffer_get_length(in) < (size_t)len)
		return 0;
	if ((frame = evbuffer_pullup(in, len)) == NULL)
		return -ENOMEM;
	if ((rc = dnspipe_take(&c->pipe, frame, (size_t)len)) < 0)
		return rc;
	evbuffer_drain(in, (size_t)len);
	c->asked = c->conf->loop->now;
	return 1;
}

static void
take_questions(struct dnsconn *c)
{
	int rc = 1;

	c->taking = 1;
	while (rc > 0 && !full(c))
		rc = take_question(c);
	c->taking = 0;
	if (rc < 0 || (c->eof && c->pipe.npending == 0 && unread(c) == 0))
		end(c);
	else if (c->eof || full(c))
		bufferevent_disable(c->bev, EV_READ);
	else
		bufferevent_enable(c->bev, EV_READ);
}

static void
on_io(struct bufferevent *bev, void *arg)
{
	struct dnsconn *c = arg;
	const struct dnsconn_conf *conf = c->conf;

	(void)bev;
	conf->enter(conf->turn);
	take_questions(c);
	conf->leave(conf->turn);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct dnsconn *c = arg;
	const struct dnsconn_conf *conf = c->conf;

	(void)bev;
	conf->enter(conf->turn);
	if (what & BEV_EVENT_EOF) {
		c->eof = 1;
		take_questions(c);
	} else
		end(c);
	conf->leave(conf->turn);
}

int
dnsconn_new(struct dnsconn **out, const struct dnsconn_conf *conf, int fd,
    const struct addr *client, void (*closed)(void *arg), void *arg)
{
	struct timeval idle = { .tv_sec = (time_t)(conf->idle_ms / 1000),
		.tv_usec = (suseconds_t)(conf->idle_ms % 1000 * 1000) };
	struct dnsconn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->bev = bufferevent_socket_new(conf->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		free(c);
		return -ENOMEM;
	}
	c->conf = conf;
	c->asked = conf->loop->now;
	c->pipe.send = on_answer;
	c->pipe.settled = on_settled;
	c->pipe.arg = c;
	dnspipe_init(&c->pipe, conf->dnsport, client, conf->listener);
	c->pipe.from.ifindex = arrival_of_socket(fd);
	c->closed = closed;
	c->arg = arg;
	loop_item_init(&c->reap, reap, c);
	bufferevent_setcb(c->bev, on_io, on_io, on_event, c);
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	bufferevent_setwatermark(c->bev, EV_READ, 0, DNSPIPE_FRAME_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	*out = c;
	return 0;
}
