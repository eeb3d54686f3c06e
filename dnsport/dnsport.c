/* dnsport/dnsport.c - the DNS server's door: questions in, answers out
 *
 * Theory of operation
 *	A query is a question that was asked, upward or of the resolvers (stub),
 *	and not answered yet.  It lives from dnsport_query() to the answer or
 *	dnsport_drop(), whichever comes first; the one who was asked is told to
 *	forget it in the latter case.  Nothing is cached here: what one client
 *	learned must not be visible to another, not even by time.  (A circuit,
 *	which has one user, keeps what its exit said: onion/circ/circ_lookup.c.)
 *
 *	  question -> malformed, of another class, localhost: answered here
 *	           -> A, AAAA, PTR -> validate, and may_leave()? -> stub
 *	           |                  otherwise -> ask()
 *	           -> other types  -> may_leave()? -> stub, or NOTIMP
 *
 *	A UDP question may come from anywhere, whatever address it says.  So its
 *	answer is a packet of at most FAIR_NUM / FAIR_DEN of the question's
 *	bytes, headers included, since it is packets that whoever owns that
 *	address would have to take.  That leaves room for an address or two;
 *	where there is more, TC sends the client to TCP.  A cookie (RFC 7873)
 *	that we gave to that address proves it, and lifts that.
 * Limits
 *	DNSPORT_QUERIES_MAX queries, DNSPORT_CLIENT_MAX of one client; over
 *	either: REFUSED at once, which is kinder than silence.  Who is one
 *	client share() says.
 */
#include "dnsport/dnsport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "base/loop.h"
#include "base/quota.h"
#include "dnsport/answer.h"
#include "dnsport/cookie.h"
#include "dnsport/question.h"
#include "dnsport/stub.h"

enum { TEXT_MAX = 80 };

/* What there is to know of a client to answer it. */
struct saying {
	struct addr	 client, share;
	size_t		 asked;		/* bytes */
	uint8_t		 tcp;
	uint8_t		 explained;
	uint16_t	 ede;
	char		 text[TEXT_MAX];
};

struct dns_query {
	LIST_ENTRY(dns_query) link;
	struct dnsport	*dp;
	struct question	 question;
	struct saying	 saying;
	struct dns_from	 from;
	dnsport_reply_fn *reply;
	void		*reply_arg;
	void		*user_data;
	struct stub_lookup *lookup;	/* at a resolver; NULL: the asker's */
	struct loop_item reap;
	uint8_t		 over;
	uint8_t		 lost;		/* nobody will answer it */
};

struct dnsport {
	struct loop	*loop;
	const struct dnsport_user *user;
	void		*arg;
	struct quota	*quota;
	struct hash_key	 cookie_key;
	struct stub	*stub;		/* NULL: no resolvers */
	LIST_HEAD(, dns_query) queries;
	LIST_HEAD(, dns_query) lost;	/* while a reload tells them */
	struct dnsport_totals totals;
};

enum { PORT_LOW = 1024, PORT_DNS = 53 };
enum { FAIR_NUM = 3, FAIR_DEN = 2, HEADERS4 = 28, HEADERS6 = 48 };
enum { TYPE_PTR = 12 };

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
	hash_draw(&dp->cookie_key);
	LIST_INIT(&dp->queries);
	LIST_INIT(&dp->lost);
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
	quota_give(dp->quota, &q->saying.share);
	loop_item_add(dp->loop, &q->reap);
}

/* --- saying it --- */

static void
tally(struct dnsport *dp, uint16_t rcode)
{
	dp->totals.answered += rcode == RCODE_NOERROR ||
	    rcode == RCODE_NXDOMAIN;
	dp->totals.refused += rcode == RCODE_REFUSED || rcode == RCODE_NOTIMP;
	dp->totals.malformed += rcode == RCODE_FORMERR ||
	    rcode == RCODE_BADVERS;
	dp->totals.failed += rcode == RCODE_SERVFAIL;
}

static size_t
fair_len(const struct saying *s)
{
	size_t headers = s->client.family == 6 ? HEADERS6 : HEADERS4;

	return (s->asked + headers) * FAIR_NUM / FAIR_DEN - headers;
}

/* @cookie is room for the one that goes with it. */
static void
how_to_say(struct dnsport *dp, const struct question *q,
    const struct saying *s, struct answer_how *how,
    uint8_t cookie[COOKIE_LEN])
{
	int proven = cookie_is_ours(&dp->cookie_key, q->cookie, q->cookie_len,
	    &s->client, dp->loop->wall);

	*how = (struct answer_how){ .explained = s->explained, .ede = s->ede,
		.text = s->text[0] ? s->text : NULL, .max = UINT16_MAX };
	if (q->cookie_len) {
		cookie_make(&dp->cookie_key, q->cookie, &s->client,
		    dp->loop->wall, cookie);
		how->cookie = cookie;
	}
	if (s->tcp)
		return;
	how->max = q->udp_size < DNSPORT_UDP_MAX ? q->udp_size :
	    DNSPORT_UDP_MAX;
	how->fair = proven ? 0 : fair_len(s);
}

struct records {
	const struct dns_record *r;
	size_t		 n;
};

static void
reply_with(struct dnsport *dp, const struct question *q,
    const struct saying *s, uint16_t rcode, const struct records *records,
    dnsport_reply_fn *fn, void *arg)
{
	uint8_t cookie[COOKIE_LEN], *msg;
	struct answer_how how;
	size_t len = 0;

	how_to_say(dp, q, s, &how, cookie);
	msg = answer_build(q, rcode, records->r, records->n, &how, &len);
	tally(dp, rcode);
	fn(arg, msg, msg ? len : 0);
	free(msg);
}

static void
explain(struct saying *s, uint16_t ede, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= TEXT_MAX)
		len = TEXT_MAX - 1;
	s->explained = 1;
	s->ede = ede;
	if (len)
		memcpy(s->text, text, len);
	s->text[len] = '\0';
}

void
dnsport_explain(struct dns_query *q, uint16_t ede, const char *text)
{
	explain(&q->saying, ede, text);
}

static int
is_for_addrs(const struct dns_query *q)
{
	return q->dp->user->told && (q->question.q.ask == DNS_ASK_A ||
	    q->question.q.ask == DNS_ASK_AAAA);
}

static void
tell(struct dns_query *q, const struct dns_told *t)
{
	if (t->naddrs)
		q->dp->user->told(q->dp->arg, &q->from, t);
}

static void
tell_records(struct dns_query *q, const struct dns_record *r, size_t n)
{
	const char *name = q->question.q.name;
	struct addr addrs[ANSWER_ADDRS_MAX];
	struct dns_told t = { .names = &name, .nnames = 1, .addrs = addrs };
	size_t i;

	for (i = 0; i < n && t.naddrs < ANSWER_ADDRS_MAX; i++) {
		if (r[i].addr.family !=
		    (q->question.q.ask == DNS_ASK_A ? 4 : 6))
			continue;
		addrs[t.naddrs++] = r[i].addr;
		if (r[i].ttl > t.ttl)
			t.ttl = r[i].ttl;
	}
	if (t.ttl > DNSPORT_TTL_MAX)
		t.ttl = DNSPORT_TTL_MAX;
	tell(q, &t);
}

static void
tell_passed(struct dns_query *q, const struct stub_answer *a)
{
	struct answer_room room;
	struct dns_told t;

	answer_tells(&q->question, a->pkt, &room, &t);
	tell(q, &t);
}

static void
answer(struct dns_query *q, uint16_t rcode, const struct dns_record *r,
    size_t n)
{
	struct records records = { r, n };

	if (n && is_for_addrs(q))
		tell_records(q, r, n);
	retire(q);
	reply_with(q->dp, &q->question, &q->saying, rcode, &records, q->reply,
	    q->reply_arg);
}

void
dnsport_answer(struct dns_query *q, enum dns_outcome outcome,
    const struct dns_record *r, size_t n)
{
	static const uint16_t rcodes[] = {
		[DNS_SERVFAIL] = RCODE_SERVFAIL, [DNS_OK] = RCODE_NOERROR,
		[DNS_NXDOMAIN] = RCODE_NXDOMAIN, [DNS_REFUSED] = RCODE_REFUSED
	};

	if (!q->over)
		answer(q, rcodes[outcome], r, outcome == DNS_OK ? n : 0);
}

/* --- the resolvers --- */

static void
on_stub(void *arg, const struct stub_answer *a)
{
	struct dns_query *q = arg;
	struct dnsport *dp = q->dp;
	uint8_t cookie[COOKIE_LEN], *msg;
	struct answer_how how;
	size_t len = 0;

	q->lookup = NULL;
	if (a->explained)
		explain(&q->saying, a->ede, a->text);
	if (a->pkt == NULL) {
		answer(q, a->rcode, NULL, 0);
		return;
	}
	if (is_for_addrs(q))
		tell_passed(q, a);
	retire(q);
	how_to_say(dp, &q->question, &q->saying, &how, cookie);
	how.ad = a->secure && (q->question.ad || q->question.dnssec);
	msg = answer_pass(&q->question, a->rcode, a->pkt, &how, &len);
	tally(dp, a->rcode);
	q->reply(q->reply_arg, msg, msg ? len : 0);
	free(msg);
}

static void
ask_stub(struct dns_query *q, const struct dns_from *from)
{
	if (stub_ask(q->dp->stub, &q->question, from, on_stub, q,
	    &q->lookup) < 0)
		answer(q, RCODE_SERVFAIL, NULL, 0);
}

static enum dns_leave
may_leave(const struct dns_query *q, const struct dns_from *from)
{
	const struct dnsport *dp = q->dp;

	return dp->user->may_leave ? dp->user->may_leave(dp->arg,
	    &q->question.q, from) : DNS_LEAVE_NOT;
}

static void
not_implemented(struct dns_query *q)
{
	explain(&q->saying, DNS_EDE_NOT_SUPPORTED, "no DNSUpstream");
	answer(q, q->question.type == TYPE_PTR ? RCODE_NXDOMAIN :
	    RCODE_NOTIMP, NULL, 0);
}

static void
route_other(struct dns_query *q, const struct dns_from *from)
{
	enum dns_leave leave = may_leave(q, from);

	if (leave == DNS_LEAVE_HERE)
		answer(q, RCODE_NOERROR, NULL, 0);
	else if (q->dp->stub == NULL)
		not_implemented(q);
	else if (leave == DNS_LEAVE_MAY)
		ask_stub(q, from);
	else if (leave == DNS_LEAVE_LATER) {
		explain(&q->saying, DNS_EDE_NOT_READY, NULL);
		answer(q, RCODE_SERVFAIL, NULL, 0);
	} else
		answer(q, RCODE_NXDOMAIN, NULL, 0);
}

static int
is_localhost(const char *name)
{
	static const char top[] = "localhost";
	size_t len = strlen(name), n = sizeof(top) - 1;

	return len >= n && strcmp(name + len - n, top) == 0 &&
	    (len == n || name[len - n - 1] == '.');
}

static void
answer_localhost(struct dns_query *q)
{
	struct dns_record r = { .ttl = DNSPORT_TTL_MAX };
	enum dns_ask ask = q->question.q.ask;

	if (ask == DNS_ASK_AAAA) {
		r.addr.family = 6;
		r.addr.ip[15] = 1;
	} else
		addr_v4(&r.addr, 0x7f000001, 0);
	answer(q, RCODE_NOERROR, &r, ask == DNS_ASK_A || ask == DNS_ASK_AAAA);
}

static void
route(struct dns_query *q, const struct dns_from *from)
{
	struct dnsport *dp = q->dp;

	if (is_localhost(q->question.q.name))
		answer_localhost(q);
	else if (q->question.q.ask == DNS_ASK_OTHER)
		route_other(q, from);
	else if (dp->stub && stub_validates(dp->stub) &&
	    may_leave(q, from) == DNS_LEAVE_MAY)
		ask_stub(q, from);
	else
		dp->user->ask(dp->arg, q, &q->question.q, from);
}

/* --- questions --- */

static struct dns_query *
query_new(struct dnsport *dp, const struct question *question,
    const struct saying *s)
{
	struct dns_query *q;

	if (quota_take(dp->quota, &s->share) < 0)
		return NULL;
	if ((q = calloc(1, sizeof(*q))) == NULL) {
		quota_give(dp->quota, &s->share);
		return NULL;
	}
	q->dp = dp;
	q->question = *question;
	q->saying = *s;
	loop_item_init(&q->reap, reap, q);
	LIST_INSERT_HEAD(&dp->queries, q, link);
	dp->totals.waiting++;
	return q;
}

void
dnsport_share(const struct dnsport *dp, const struct addr *client,
    void *listener, struct addr *out)
{
	struct dns_from from = { .client = *client, .listener = listener };

	if (dp->user->share)
		dp->user->share(dp->arg, &from, out);
	else
		*out = *client;
}

int
dnsport_query(struct dnsport *dp, const uint8_t *msg, size_t len,
    const struct dns_from *asker, dnsport_reply_fn *fn, void *arg,
    struct dns_query **out)
{
	struct saying s = { .client = asker->client, .asked = len,
		.tcp = asker->tcp != 0 };
	struct dns_from from = *asker;
	struct records none = { NULL, 0 };
	struct question question;
	struct dns_query *q;

	*out = NULL;
	dp->totals.queries++;
	switch (question_parse(&question, msg, len)) {
	case QUESTION_ASK:
		break;
	case QUESTION_ERROR:
		reply_with(dp, &question, &s, question.rcode, &none, fn, arg);
		return 0;
	default:
		dp->totals.malformed++;
		fn(arg, NULL, 0);
		return 0;
	}
	dnsport_share(dp, &from.client, from.listener, &from.share);
	s.share = from.share;
	if ((q = query_new(dp, &question, &s)) == NULL) {
		reply_with(dp, &question, &s, RCODE_REFUSED, &none, fn, arg);
		return 0;
	}
	q->from = from;
	q->reply = fn;
	q->reply_arg = arg;
	*out = q;
	route(q, &from);
	if (q->over)
		*out = NULL;
	return 0;
}

void
dnsport_drop(struct dns_query *q)
{
	if (q == NULL || q->over)
		return;
	retire(q);
	if (q->lookup)
		stub_cancel(q->lookup);
	else if (!q->lost)
		q->dp->user->forget(q->dp->arg, q);
	q->lookup = NULL;
}

/* --- the whole --- */

/* There will be no answer from those who were asked.  Whoever is told so may
 * drop others within the call, and ask new ones, which go to the new stub; so
 * first all are taken from the old one, and then the first is told until there
 * is none. */
static void
fail_lookups(struct dnsport *dp)
{
	struct dns_query *q, *next;

	for (q = LIST_FIRST(&dp->queries); q; q = next) {
		next = LIST_NEXT(q, link);
		if (q->lookup == NULL)
			continue;
		stub_cancel(q->lookup);
		q->lookup = NULL;
		q->lost = 1;
		LIST_REMOVE(q, link);
		LIST_INSERT_HEAD(&dp->lost, q, link);
	}
	while ((q = LIST_FIRST(&dp->lost)) != NULL)
		answer(q, RCODE_SERVFAIL, NULL, 0);
}

int
dnsport_check_conf(const struct dnsport_conf *conf, enum dnsport_wrong *wrong)
{
	int rc;

	*wrong = DNSPORT_WRONG_NOTHING;
	if ((rc = stub_check_ca(conf)) < 0)
		*wrong = DNSPORT_WRONG_CA;
	else if ((rc = stub_check_anchors(conf)) < 0)
		*wrong = DNSPORT_WRONG_ANCHORS;
	return rc;
}

int
dnsport_set_conf(struct dnsport *dp, const struct dnsport_conf *conf)
{
	struct stub_user user = { .loop = dp->loop,
		.connect = dp->user->connect, .may_be = dp->user->may_be,
		.is_public = dp->user->is_public, .arg = dp->arg };
	struct stub *stub = NULL, *old = dp->stub;
	int rc;

	if (conf->nresolvers && user.connect &&
	    (rc = stub_new(&stub, &user, conf)) < 0)
		return rc;
	dp->stub = stub;
	fail_lookups(dp);
	stub_free(old);
	return 0;
}

void
dnsport_forget(struct dnsport *dp, const void *listener)
{
	if (dp->stub)
		stub_forget(dp->stub, listener);
}

void
dnsport_free(struct dnsport *dp)
{
	struct dns_query *q;

	if (dp == NULL)
		return;
	while ((q = LIST_FIRST(&dp->queries)) != NULL)
		dnsport_drop(q);
	stub_free(dp->stub);
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
