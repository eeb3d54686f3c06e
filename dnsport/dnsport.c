/* dnsport/dnsport.c - the DNS server's door: questions in, answers out
 *
 * Theory of operation
 *	A query is a question that was asked upward and not answered yet.  It
 *	lives from dnsport_query() to dnsport_answer() or dnsport_drop(),
 *	whichever comes first; the one who asked upward is told to forget it in
 *	the latter case.  Nothing is cached: what one client learned must not be
 *	visible to another, not even by time.
 * Limits
 *	DNSPORT_QUERIES_MAX queries, DNSPORT_CLIENT_MAX of one client; over
 *	either: REFUSED at once, which is kinder than silence.
 */
#include "dnsport/dnsport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "base/quota.h"
#include "dnsport/answer.h"
#include "dnsport/question.h"

struct dns_query {
	LIST_ENTRY(dns_query) link;
	struct dnsport	*dp;
	struct addr	 client;
	struct question	 question;
	dnsport_reply_fn *reply;
	void		*reply_arg;
	void		*user_data;
	struct loop_item reap;
	uint8_t		 tcp;
	uint8_t		 over;
};

struct dnsport {
	struct loop	*loop;
	const struct dnsport_user *user;
	void		*arg;
	struct quota	*quota;
	LIST_HEAD(, dns_query) queries;
	struct dnsport_totals totals;
};

enum { PORT_LOW = 1024, PORT_DNS = 53 };

int
dnsport_may_answer(uint16_t port)
{
	return port >= PORT_LOW || port == PORT_DNS;
}

int
dnsport_new(struct dnsport **out, struct loop *loop,
    const struct dnsport_user *user, void *arg)
{
	struct dnsport *dp = calloc(1, sizeof(*dp));

	if (dp == NULL)
		return -ENOMEM;
	dp->quota = quota_new(DNSPORT_QUERIES_MAX, DNSPORT_CLIENT_MAX);
	if (dp->quota == NULL) {
		free(dp);
		return -ENOMEM;
	}
	dp->loop = loop;
	dp->user = user;
	dp->arg = arg;
	LIST_INIT(&dp->queries);
	*out = dp;
	return 0;
}

static void
reap(void *arg)
{
	free(arg);
}

static void
retire(struct dns_query *q)
{
	struct dnsport *dp = q->dp;

	q->over = 1;
	LIST_REMOVE(q, link);
	dp->totals.waiting--;
	quota_give(dp->quota, &q->client);
	loop_item_add(dp->loop, &q->reap);
}

static void
reply_with(struct dnsport *dp, const struct question *q, uint16_t rcode,
    const struct dns_record *r, size_t n, int tcp, dnsport_reply_fn *fn,
    void *arg)
{
	size_t len = 0;
	uint8_t *msg = answer_build(q, rcode, r, n, tcp, &len);

	dp->totals.answered += rcode == RCODE_NOERROR ||
	    rcode == RCODE_NXDOMAIN;
	dp->totals.refused += rcode == RCODE_REFUSED || rcode == RCODE_NOTIMP;
	dp->totals.malformed += rcode == RCODE_FORMERR ||
	    rcode == RCODE_BADVERS;
	dp->totals.failed += rcode == RCODE_SERVFAIL;
	fn(arg, msg, msg ? len : 0);
	free(msg);
}

static struct dns_query *
query_new(struct dnsport *dp, const struct question *question,
    const struct dns_from *from)
{
	struct dns_query *q;

	if (quota_take(dp->quota, &from->client) < 0)
		return NULL;
	if ((q = calloc(1, sizeof(*q))) == NULL) {
		quota_give(dp->quota, &from->client);
		return NULL;
	}
	q->dp = dp;
	q->client = from->client;
	q->question = *question;
	q->tcp = from->tcp != 0;
	loop_item_init(&q->reap, reap, q);
	LIST_INSERT_HEAD(&dp->queries, q, link);
	dp->totals.waiting++;
	return q;
}

int
dnsport_query(struct dnsport *dp, const uint8_t *msg, size_t len,
    const struct dns_from *from, dnsport_reply_fn *fn, void *arg,
    struct dns_query **out)
{
	struct question question;
	struct dns_query *q;

	*out = NULL;
	dp->totals.queries++;
	switch (question_parse(&question, msg, len)) {
	case QUESTION_ASK:
		break;
	case QUESTION_ERROR:
		reply_with(dp, &question, question.rcode, NULL, 0, from->tcp,
		    fn, arg);
		return 0;
	default:
		dp->totals.malformed++;
		fn(arg, NULL, 0);
		return 0;
	}
	if ((q = query_new(dp, &question, from)) == NULL) {
		reply_with(dp, &question, RCODE_REFUSED, NULL, 0, from->tcp,
		    fn, arg);
		return 0;
	}
	q->reply = fn;
	q->reply_arg = arg;
	*out = q;
	dp->user->ask(dp->arg, q, &q->question.q, from);
	if (q->over)
		*out = NULL;
	return 0;
}

void
dnsport_answer(struct dns_query *q, enum dns_outcome outcome,
    const struct dns_record *r, size_t n)
{
	static const uint16_t rcodes[] = {
		[DNS_SERVFAIL] = RCODE_SERVFAIL, [DNS_OK] = RCODE_NOERROR,
		[DNS_NXDOMAIN] = RCODE_NXDOMAIN, [DNS_REFUSED] = RCODE_REFUSED
	};

	if (q->over)
		return;
	retire(q);
	reply_with(q->dp, &q->question, rcodes[outcome], r,
	    outcome == DNS_OK ? n : 0, q->tcp, q->reply, q->reply_arg);
}

void
dnsport_drop(struct dns_query *q)
{
	if (q->over)
		return;
	retire(q);
	q->dp->user->forget(q->dp->arg, q);
}

void
dnsport_free(struct dnsport *dp)
{
	struct dns_query *q;

	if (dp == NULL)
		return;
	while ((q = LIST_FIRST(&dp->queries)) != NULL)
		dnsport_drop(q);
	quota_free(dp->quota);
	free(dp);
}

void
dns_query_set(struct dns_query *q, void *data)
{
	q->user_data = data;
}

void *
dns_query_get(const struct dns_query *q)
{
	return q->user_data;
}

void
dnsport_totals(const struct dnsport *dp, struct dnsport_totals *t)
{
	*t = dp->totals;
}
