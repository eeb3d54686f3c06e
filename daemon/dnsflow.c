/* daemon/dnsflow.c - DNS over TCP that comes in through the TUN
 *
 * Theory of operation
 *	A flow is one connection: an endpoint, and a dnspipe that understands
 *	what comes.  It is granted as much credit as the longest question needs;
 *	what is taken out of @in is granted anew.  While too many questions
 *	wait, or the client does not take what it is sent, nothing is taken out,
 *	and its window closes.
 *
 *	FIN -> what was asked is answered -> our FIN -> gone
 *	a length of 0, a client that takes nothing -> reset
 *	nothing to do for DNSFLOW_IDLE_MS -> closed
 * Limits
 *	DNSFLOW_MAX flows, DNSFLOW_CLIENT_MAX of one client: the newest is
 *	refused.  But where all are taken one that never said a word makes room,
 *	the oldest of them, or else the one on which nothing is asked for the
 *	longest time (RFC 7766 6.2.3): so that neither SYNs nor whoever only
 *	sits shuts anybody out.
 */
#include "daemon/dnsflow.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "base/loop.h"
#include "base/quota.h"
#include "dnsport/dnspipe.h"
#include "dnsport/dnsport.h"

_Static_assert((int)DNSFLOW_CREDIT >= DNSPIPE_FRAME_MAX + 15, "it fits");

struct dnsflow {
	TAILQ_ENTRY(dnsflow) link;
	struct dnsflows	*set;
	struct endpoint	*ep;
	struct addr	 share;
	struct dnspipe	 pipe;
	struct buf	 in, out;
	struct loop_timer idle;
	size_t		 left;		/* that the client had not got when it
					 * was last looked at */
	uint8_t		 taking;	/* questions out of @in */
	uint8_t		 spoke;		/* the client; in which list it is */
	uint8_t		 eof;		/* it asks no more */
	uint8_t		 fin;		/* nor is anything sent */
	uint8_t		 dead;
	struct loop_item reap;
};

TAILQ_HEAD(flow_list, dnsflow);

struct dnsflows {
	struct dnsflow_conf conf;
	struct quota	*quota;
	/* The first came first, of those that talk with its last question. */
	struct flow_list mute, talking;
};

static void
reap(void *arg)
{
	free(arg);
}

static struct flow_list *
list_of(struct dnsflow *f)
{
	return f->spoke ? &f->set->talking : &f->set->mute;
}

static void
retire(struct dnsflow *f)
{
	struct dnsflows *set = f->set;

	f->dead = 1;
	dnspipe_fini(&f->pipe);
	TAILQ_REMOVE(list_of(f), f, link);
	quota_give(set->quota, &f->share);
	loop_timer_clear(set->conf.loop, &f->idle);
	buf_free(&f->in);
	buf_free(&f->out);
	loop_item_add(set->conf.loop, &f->reap);
}

static void
end(struct dnsflow *f, int why)
{
	if (f->dead)
		return;
	retire(f);
	endpoint_kill(f->ep, why);
}

static void
move_last(struct dnsflow *f)
{
	TAILQ_REMOVE(list_of(f), f, link);
	f->spoke = 1;
	TAILQ_INSERT_TAIL(list_of(f), f, link);
}

static void
touch(struct dnsflow *f)
{
	f->left = SIZE_MAX;
	loop_timer_in(f->set->conf.loop, &f->idle, DNSFLOW_IDLE_MS);
}

static int
full(const struct dnsflow *f)
{
	return f->out.len > 0 || dnspipe_full(&f->pipe);
}

/* A client that reads slowly gets some of it in each while; answers that it
 * waits for come in the end. */
static void
on_idle(void *arg)
{
	struct dnsflow *f = arg;
	size_t left = f->out.len + endpoint_under_way(f->ep);

	if ((left && left < f->left) ||
	    (left == 0 && f->pipe.npending && (f->eof || full(f)))) {
		f->left = left;
		loop_timer_in(f->set->conf.loop, &f->idle, DNSFLOW_IDLE_MS);
	} else
		end(f, left ? -ETIMEDOUT : 0);
}

static void
put(struct dnsflow *f, const void *p, size_t len)
{
	size_t n = 0;

	if (f->out.len == 0)
		n = endpoint_send(f->ep, p, len);
	if (f->dead)
		return;
	if (n < len && buf_add(&f->out, (const uint8_t *)p + n, len - n) < 0)
		end(f, -ENOBUFS);
}

static void
on_answer(void *arg, const uint8_t head[DNSPIPE_HEAD], const uint8_t *msg,
    size_t len)
{
	struct dnsflow *f = arg;

	put(f, head, DNSPIPE_HEAD);
	if (!f->dead)
		put(f, msg, len);
}

/* One question out of the input: 1; 0: there is no whole one; negative: the
 * connection cannot go on. */
static int
take_question(struct dnsflow *f)
{
	const uint8_t *frame = buf_head(&f->in);
	int rc, len = dnspipe_frame(frame, f->in.len);

	if (len <= 0)
		return len;
	if (f->in.len < (size_t)len)
		return 0;
	rc = dnspipe_take(&f->pipe, frame, (size_t)len);
	if (rc < 0 || f->dead)
		return rc;
	buf_drain(&f->in, (size_t)len);
	move_last(f);
	endpoint_grant(f->ep, (size_t)len);
	return 1;
}

static void
take_questions(struct dnsflow *f)
{
	int rc = 1;

	f->taking = 1;
	while (rc > 0 && !f->dead && !full(f))
		rc = take_question(f);
	f->taking = 0;
	if (f->dead)
		return;
	if (rc < 0)
		end(f, rc);
	else if (f->eof && !f->fin && f->pipe.npending == 0 &&
	    f->out.len == 0) {
		f->fin = 1;
		endpoint_fin(f->ep);
	}
}

static void
on_settled(void *arg)
{
	struct dnsflow *f = arg;

	if (!f->taking && !f->dead)
		take_questions(f);
}

static void
on_data(void *arg, const void *p, size_t len)
{
	struct dnsflow *f = arg;

	if (!f->spoke)
		move_last(f);
	touch(f);
	if (buf_add(&f->in, p, len) < 0)
		end(f, -ENOMEM);
	else
		take_questions(f);
}

static void
on_room(void *arg)
{
	struct dnsflow *f = arg;
	size_t n;

	touch(f);
	if (f->out.len) {
		n = endpoint_send(f->ep, buf_head(&f->out), f->out.len);
		if (f->dead)
			return;
		buf_drain(&f->out, n);
	}
	take_questions(f);
}

static void
on_fin(void *arg)
{
	struct dnsflow *f = arg;

	f->eof = 1;
	take_questions(f);
}

static void
on_gone(void *arg, int why)
{
	struct dnsflow *f = arg;

	(void)why;
	if (!f->dead)
		retire(f);
}

static const struct endpoint_user flow_user = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

static void
refused_gone(void *arg, int why)
{
	(void)arg;
	(void)why;
}

static const struct endpoint_user refused_user = { .gone = refused_gone };

/* The one that nobody would miss; NULL: there is none. */
static struct dnsflow *
idlest(const struct dnsflows *set)
{
	struct dnsflow *f = TAILQ_FIRST(&set->mute);

	if (f == NULL)
		TAILQ_FOREACH(f, &set->talking, link)
			if (f->pipe.npending == 0 && f->out.len == 0 &&
			    endpoint_under_way(f->ep) == 0)
				break;
	return f;
}

static int
take_place(struct dnsflows *set, const struct addr *share)
{
	int rc = quota_take(set->quota, share);
	struct dnsflow *f;

	if (rc != -ENOSPC || quota_is_full(set->quota, share) ||
	    (f = idlest(set)) == NULL)
		return rc;
	end(f, f->spoke ? 0 : -ECONNRESET);
	return quota_take(set->quota, share);
}

static struct dnsflow *
flow_new(struct dnsflows *set, const struct addr *client, struct endpoint *ep)
{
	struct dnsflow *f;
	struct addr share;

	dnsport_share(set->conf.dnsport, client, set->conf.listener, &share);
	if (take_place(set, &share) < 0)
		return NULL;
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		quota_give(set->quota, &share);
		return NULL;
	}
	f->set = set;
	f->ep = ep;
	f->share = share;
	f->pipe.send = on_answer;
	f->pipe.settled = on_settled;
	f->pipe.arg = f;
	dnspipe_init(&f->pipe, set->conf.dnsport, client, set->conf.listener);
	buf_init(&f->in, DNSFLOW_CREDIT);	/* it was granted: it fits */
	buf_init(&f->out, DNSFLOW_OUT_MAX);
	loop_timer_init(&f->idle, on_idle, f);
	loop_item_init(&f->reap, reap, f);
	TAILQ_INSERT_TAIL(&set->mute, f, link);
	return f;
}

void
dnsflows_take(struct dnsflows *set, const struct addr *client,
    struct endpoint *ep)
{
	struct dnsflow *f = flow_new(set, client, ep);

	if (f == NULL) {
		endpoint_hold(ep, &refused_user, NULL);
		endpoint_kill(ep, -ECONNREFUSED);
		return;
	}
	endpoint_hold(ep, &flow_user, f);
	touch(f);
	endpoint_grant(ep, DNSFLOW_CREDIT);
	if (!f->dead)
		endpoint_accept(ep);
}

int
dnsflows_new(struct dnsflows **out, const struct dnsflow_conf *conf)
{
	struct dnsflows *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	set->conf = *conf;
	TAILQ_INIT(&set->mute);
	TAILQ_INIT(&set->talking);
	set->quota = quota_new(DNSFLOW_MAX, DNSFLOW_CLIENT_MAX);
	if (set->quota == NULL) {
		free(set);
		return -ENOMEM;
	}
	*out = set;
	return 0;
}

void
dnsflows_free(struct dnsflows *set)
{
	struct dnsflow *f;

	if (set == NULL)
		return;
	while ((f = TAILQ_FIRST(&set->mute)) != NULL ||
	    (f = TAILQ_FIRST(&set->talking)) != NULL)
		end(f, -ECONNRESET);
	quota_free(set->quota);
	free(set);
}
