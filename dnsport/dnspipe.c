/* dnsport/dnspipe.c - DNS over a byte stream (RFC 7766), sans IO
 *
 * Theory of operation
 *	A pending is one question that waits for its answer; it goes with the
 *	answer, or with the pipe, which drops the question.
 * Limits
 *	DNSPIPE_PENDING_MAX of them; that no more are taken is for the owner to
 *	see to, who leaves the rest unread.
 */
#include "dnsport/dnspipe.h"

#include <errno.h>
#include <stdlib.h>

#include "base/wire.h"

struct dnspipe_pending {
	LIST_ENTRY(dnspipe_pending) link;
	struct dnspipe	*pipe;
	struct dns_query *query;
};

void
dnspipe_init(struct dnspipe *d, struct dnsport *dnsport,
    const struct addr *client, void *listener)
{
	d->dnsport = dnsport;
	d->from = (struct dns_from){ .client = *client, .tcp = 1,
		.listener = listener };
	LIST_INIT(&d->pending);
	d->npending = 0;
}

static void
pending_free(struct dnspipe_pending *p)
{
	LIST_REMOVE(p, link);
	p->pipe->npending--;
	free(p);
}

void
dnspipe_fini(struct dnspipe *d)
{
	struct dnspipe_pending *p;

	while ((p = LIST_FIRST(&d->pending)) != NULL) {
		dnsport_drop(p->query);
		pending_free(p);
	}
}

int
dnspipe_full(const struct dnspipe *d)
{
	return d->npending >= DNSPIPE_PENDING_MAX;
}

int
dnspipe_frame(const uint8_t *p, size_t len)
{
	if (len < DNSPIPE_HEAD)
		return 0;
	return wire_get16(p) ? DNSPIPE_HEAD + wire_get16(p) : -EPROTO;
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	struct dnspipe_pending *p = arg;
	struct dnspipe *d = p->pipe;
	uint8_t head[DNSPIPE_HEAD];

	pending_free(p);
	if (msg && len <= UINT16_MAX) {
		wire_set16(head, (uint16_t)len);
		d->send(d->arg, head, msg, len);
	}
	d->settled(d->arg);
}

int
dnspipe_take(struct dnspipe *d, const uint8_t *frame, size_t len)
{
	struct dnspipe_pending *p = calloc(1, sizeof(*p));
	struct dns_query *query = NULL;
	int rc;

	if (p == NULL)
		return -ENOMEM;
	p->pipe = d;
	LIST_INSERT_HEAD(&d->pending, p, link);
	d->npending++;
	rc = dnsport_query(d->dnsport, frame + DNSPIPE_HEAD,
	    len - DNSPIPE_HEAD, &d->from, on_reply, p, &query);
	if (rc < 0)
		pending_free(p);
	else if (query)		/* else it was answered, and @p is gone */
		p->query = query;
	return rc;
}
