/* dnsport/upstream.c - questions to the resolvers of DNSUpstream
 *
 * Theory of operation
 *	A conn is a stream to one resolver, for one client at one listener; it
 *	is found by that key.  A query is a question under way:
 *
 *	  ask -> [start, at the turn's end] -> on a conn -> done
 *	              ^----- try over, conn gone, resolver has no answer
 *
 *	Each try is at the next resolver, in the order of the configuration;
 *	with one resolver it is on a new conn.  A query whose try is over leaves
 *	its conn, and its id is not drawn again there while others wait; where
 *	the conn brought nothing in all that time it is ended.
 *
 *	What is written to a conn goes into @plain first, is encrypted where the
 *	resolver has a name for TLS, and waits in @out for the stream's room.
 * States
 *	Of a conn: in the map (takes questions), out of it (too old: finishes
 *	what it has), dead (freed when the turn ends).
 * Limits
 *	The UPSTREAM_*_MAX of the header.  The longest unused conn without a
 *	question gives way to a new one, for a client that has all of its own
 *	one of these; where all have some, there is no new one.  A conn keeps at
 *	most IN_MAX and OUT_MAX bytes.
 * Not here
 *	What an answer says: its id, question and rcode are all that is read.
 */
#include "dnsport/upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/quota.h"
#include "base/rand.h"
#include "base/wire.h"
#include "dnsport/dnstls.h"
#include "dnsport/record.h"

enum {
	HEAD = 2, HEADER = 12,
	FRAME_MAX = HEAD + UINT16_MAX,
	IN_MAX = FRAME_MAX + 32 * 1024,	/* and what comes with a last record */
	OUT_MAX = 128 * 1024, CREDIT = 64 * 1024,
	QUERY_MAX = 512,		/* of ours, padded */
	PAD = 128,			/* RFC 8467 4.1 */
	UDP_SIZE = 1232, CLASS_IN = 1, TYPE_OPT = 41, OPT_DO = 0x8000,
	OPTION_PADDING = 12, OPT_LEN = 11, OPTION_HEAD = 4,
	FLAGS_RD = 0x0100, FLAGS_CD = 0x0010, FLAGS_QR = 0x8000,
	FLAGS_TC = 0x0200,
	RCODE_REFUSED = 5, RCODE_NXDOMAIN = 3
};

struct key {			/* no padding: it is hashed */
	uint64_t	listener;
	uint8_t		ip[16];
	uint8_t		family;
	uint8_t		zero[3];
	uint32_t	resolver;
};

TAILQ_HEAD(query_list, upstream_query);

struct conn {
	TAILQ_ENTRY(conn) link;		/* the longest unused first */
	struct upstream	*up;
	struct key	 key;
	struct addr	 share;
	struct endpoint	*ep;
	struct dnstls	*tls;		/* NULL: none is wanted */
	struct buf	 plain;		/* before TLS is up */
	struct buf	 in, out;
	struct query_list queries;
	size_t		 nqueries;
	unsigned	 strays;
	int64_t		 born, heard;
	struct loop_timer idle;
	struct loop_item reap;
	uint8_t		 mapped, dead;
};

struct upstream_query {
	TAILQ_ENTRY(upstream_query) link;
	struct upstream	*up;
	struct conn	*conn;		/* NULL: in up->waiting */
	struct dns_from	 from;
	uint8_t		 name[UPSTREAM_NAME_MAX];
	size_t		 name_len;
	uint16_t	 type;
	uint16_t	 id;
	unsigned	 flags, tries;
	int64_t		 until;
	int		 err;		/* why the last try failed */
	struct loop_timer timer;
	struct loop_item item;		/* start, then the end */
	upstream_done_fn *done;
	void		*arg;
	uint8_t		 over;
};

struct upstream {
	struct upstream_conf conf;
	struct map	*map;
	TAILQ_HEAD(, conn) conns;
	struct quota	*nconns, *nqueries;	/* by share */
	struct query_list waiting;
	uint8_t		 closing;
};

static void conn_end(struct conn *, int why);
static void query_next(struct upstream_query *, int err);

/* --- queries --- */

static void
query_reap(void *arg)
{
	free(arg);
}

static void
query_leave(struct upstream_query *q)
{
	if (q->conn) {
		TAILQ_REMOVE(&q->conn->queries, q, link);
		q->conn->nqueries--;
		if (q->conn->nqueries == 0 && !q->conn->dead)
			loop_timer_in(q->up->conf.loop, &q->conn->idle,
			    q->conn->mapped ? UPSTREAM_IDLE_MS : 0);
	} else
		TAILQ_REMOVE(&q->up->waiting, q, link);
	q->conn = NULL;
}

static void
query_retire(struct upstream_query *q)
{
	struct loop *loop = q->up->conf.loop;

	q->over = 1;
	query_leave(q);
	quota_give(q->up->nqueries, &q->from.share);
	loop_timer_clear(loop, &q->timer);
	loop_item_clear(loop, &q->item);
	loop_item_init(&q->item, query_reap, q);
	loop_item_add(loop, &q->item);
}

static void
query_end(struct upstream_query *q, int err, const uint8_t *msg, size_t len)
{
	query_retire(q);
	q->done(q->arg, err, msg, len);
}

void
upstream_cancel(struct upstream_query *q)
{
	if (!q->over)
		query_retire(q);
}

/* --- what is written --- */

static int
flush(struct conn *c)
{
	size_t n;

	if (c->tls && dnstls_pull(c->tls, &c->out) < 0)
		return -ENOBUFS;
	while (c->out.len) {
		n = endpoint_send(c->ep, buf_head(&c->out), c->out.len);
		if (c->dead)
			return -ECONNRESET;
		if (n == 0)
			break;
		buf_drain(&c->out, n);
	}
	return 0;
}

static int
encrypt_waiting(struct conn *c)
{
	int rc;

	if (c->tls == NULL || !dnstls_is_up(c->tls) || c->plain.len == 0)
		return 0;
	rc = dnstls_output(c->tls, buf_head(&c->plain), c->plain.len);
	buf_drain(&c->plain, c->plain.len);
	return rc;
}

static int
put(struct conn *c, const uint8_t *p, size_t len)
{
	int rc;

	if (c->tls && !dnstls_is_up(c->tls))
		rc = buf_add(&c->plain, p, len);
	else if (c->tls)
		rc = dnstls_output(c->tls, p, len);
	else
		rc = buf_add(&c->out, p, len);
	return rc < 0 ? rc : flush(c);
}

/* How many bytes to add, so that the length of the message says little. */
static size_t
padding(size_t len)
{
	return (PAD - (len + OPTION_HEAD) % PAD) % PAD;
}

static void
put_opt(struct pack *p, const struct upstream_query *q, int pad)
{
	static const uint8_t zeros[PAD];
	size_t n = padding(pack_len(p) - HEAD + OPT_LEN);

	pack_u8(p, 0);
	pack_u16(p, TYPE_OPT);
	pack_u16(p, UDP_SIZE);
	pack_u32(p, q->flags & UPSTREAM_DO ? OPT_DO : 0);
	pack_u16(p, pad ? (uint16_t)(OPTION_HEAD + n) : 0);
	if (!pad)
		return;
	pack_u16(p, OPTION_PADDING);
	pack_u16(p, (uint16_t)n);
	pack_put(p, zeros, n);
}

static int
send_question(struct conn *c, const struct upstream_query *q)
{
	uint8_t buf[HEAD + QUERY_MAX];
	struct pack p;

	pack_init(&p, buf, sizeof(buf));
	pack_u16(&p, 0);
	pack_u16(&p, q->id);
	pack_u16(&p, (uint16_t)(FLAGS_RD |
	    (q->flags & UPSTREAM_CD ? FLAGS_CD : 0)));
	pack_u16(&p, 1);
	pack_u32(&p, 0);
	pack_u16(&p, 1);
	pack_put(&p, q->name, q->name_len);
	pack_u16(&p, q->type);
	pack_u16(&p, CLASS_IN);
	put_opt(&p, q, c->tls != NULL);
	if (p.err)
		return p.err;
	wire_set16(buf, (uint16_t)(pack_len(&p) - HEAD));
	return put(c, buf, pack_len(&p));
}

/* --- what is read --- */

static struct upstream_query *
find_id(const struct conn *c, uint16_t id)
{
	struct upstream_query *q;

	TAILQ_FOREACH(q, &c->queries, link)
		if (q->id == id)
			return q;
	return NULL;
}

static int
same_name(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		uint8_t x = a[i], y = b[i];

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return 0;
	}
	return 1;
}

static int
has_no_answer(const uint8_t *msg)
{
	unsigned rcode = msg[3] & 15u;

	return rcode != 0 && rcode != RCODE_NXDOMAIN;
}

/* Is it the answer to that question, whole?  Who refuses may leave the question
 * out (RFC 1035 4.1.1 asks for no more than the id). */
static int
is_answer(const struct upstream_query *q, const uint8_t *msg, size_t len)
{
	struct wire w;
	const uint8_t *name;
	uint16_t flags, n;

	wire_init(&w, msg, len);
	wire_u16(&w);
	flags = wire_u16(&w);
	n = wire_u16(&w);
	wire_take(&w, HEADER - 6);
	if (w.err || !(flags & FLAGS_QR) || (flags & FLAGS_TC))
		return 0;
	if (n == 0)
		return has_no_answer(msg);
	name = wire_take(&w, q->name_len);
	if (w.err || n != 1 || !same_name(name, q->name, q->name_len))
		return 0;
	return wire_u16(&w) == q->type && wire_u16(&w) == CLASS_IN && !w.err;
}

static int
may_try_again(const struct upstream_query *q)
{
	return q->tries < UPSTREAM_TRIES_MAX && q->up->conf.n > 1;
}

static int
on_message(struct conn *c, const uint8_t *msg, size_t len)
{
	struct upstream_query *q;

	if (len < HEADER)
		return -EPROTO;
	q = find_id(c, wire_get16(msg));
	if (q == NULL)		/* given up, or never asked */
		return ++c->strays > UPSTREAM_STRAYS_MAX ? -EPROTO : 0;
	if (!is_answer(q, msg, len))
		return -EPROTO;
	if (has_no_answer(msg) && may_try_again(q))
		query_next(q, -EAGAIN);
	else
		query_end(q, 0, msg, len);
	return 0;
}

static int
take_messages(struct conn *c)
{
	const uint8_t *p;
	size_t len;
	int rc = 0;

	while (rc == 0 && !c->dead && c->in.len >= HEAD) {
		p = buf_head(&c->in);
		len = wire_get16(p);
		if (c->in.len < HEAD + len)
			break;
		rc = on_message(c, p + HEAD, len);
		if (!c->dead)
			buf_drain(&c->in, HEAD + len);
	}
	return rc;
}

/* --- connections --- */

static void
on_data(void *arg, const void *p, size_t len)
{
	struct conn *c = arg;
	int over = 0, rc;

	c->heard = c->up->conf.loop->now;
	if (c->tls)
		rc = dnstls_input(c->tls, p, len, &c->in);
	else
		rc = buf_add(&c->in, p, len);
	if (rc == -ECONNRESET) {	/* it said goodbye after all that */
		over = 1;
		rc = 0;
	}
	if (rc == 0 && (rc = encrypt_waiting(c)) == 0 &&
	    (rc = flush(c)) == 0)
		rc = take_messages(c);
	if (c->dead)
		return;
	if (rc < 0 || over)
		conn_end(c, rc < 0 ? rc : -ECONNRESET);
	else
		endpoint_grant(c->ep, len);
}

static void
on_room(void *arg)
{
	struct conn *c = arg;
	int rc = flush(c);

	if (rc < 0 && !c->dead)
		conn_end(c, rc);
}

static void
on_fin(void *arg)
{
	conn_end(arg, -ECONNRESET);
}

static void
conn_reap(void *arg)
{
	struct conn *c = arg;

	dnstls_free(c->tls);
	buf_free(&c->plain);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void
unmap(struct conn *c)
{
	if (c->mapped)
		map_del(c->up->map, &c->key);
	c->mapped = 0;
}

static void
conn_retire(struct conn *c, int why)
{
	struct upstream *up = c->up;
	struct upstream_query *q;

	c->dead = 1;
	unmap(c);
	TAILQ_REMOVE(&up->conns, c, link);
	quota_give(up->nconns, &c->share);
	loop_timer_clear(up->conf.loop, &c->idle);
	loop_item_add(up->conf.loop, &c->reap);
	while ((q = TAILQ_FIRST(&c->queries)) != NULL) {
		if (up->closing)
			query_retire(q);
		else
			query_next(q, why);
	}
}

static void
conn_end(struct conn *c, int why)
{
	struct endpoint *ep = c->ep;
	static struct log_limit limit = { .every_s = 600 };

	if (c->dead)
		return;
	if (why == -EKEYREJECTED)
		log_limited(&limit, LL_WARN, LD_DNS, "a resolver of "
		    "DNSUpstream has no certificate that is valid for its "
		    "name: it is not asked");
	conn_retire(c, why);
	endpoint_kill(ep, 0);
}

static void
on_gone(void *arg, int why)
{
	struct conn *c = arg;

	if (!c->dead)
		conn_retire(c, why < 0 ? why : -ECONNRESET);
}

static const struct endpoint_user conn_user = {
	.open = on_room, .data = on_data, .room = on_room, .fin = on_fin,
	.gone = on_gone
};

static void
on_idle(void *arg)
{
	conn_end(arg, 0);
}

static struct conn *
conn_make(struct upstream *up, const struct dns_from *from,
    const struct key *key)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->up = up;
	c->key = *key;
	c->share = from->share;
	c->born = c->heard = up->conf.loop->now;
	buf_init(&c->plain, OUT_MAX);
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, OUT_MAX);
	TAILQ_INIT(&c->queries);
	loop_timer_init(&c->idle, on_idle, c);
	loop_item_init(&c->reap, conn_reap, c);
	return c;
}

/* One that nobody needs; @share: of its own, or any where that is NULL. */
static struct conn *
find_unused(const struct upstream *up, const struct addr *share)
{
	struct conn *c;

	TAILQ_FOREACH(c, &up->conns, link)
		if (c->nqueries == 0 &&
		    (share == NULL || addr_same_ip(&c->share, share)))
			return c;
	return NULL;
}

static int
take_place(struct upstream *up, const struct addr *share)
{
	int rc = quota_take(up->nconns, share);
	struct conn *c;

	if (rc != -ENOSPC)
		return rc;
	c = find_unused(up, quota_is_full(up->nconns, share) ? share : NULL);
	if (c == NULL)
		return rc;
	conn_end(c, 0);
	return quota_take(up->nconns, share);
}

static void
conn_enter(struct conn *c)
{
	struct upstream *up = c->up;

	c->mapped = 1;
	TAILQ_INSERT_TAIL(&up->conns, c, link);
	endpoint_hold(c->ep, &conn_user, c);
	endpoint_grant(c->ep, CREDIT);
}

static int
conn_new(struct conn **out, struct upstream *up, const struct dns_from *from,
    const struct key *key)
{
	const struct dns_resolver *r = &up->conf.resolvers[key->resolver];
	struct conn *c;
	int rc;

	if ((rc = take_place(up, &from->share)) < 0)
		return rc;
	if ((c = conn_make(up, from, key)) == NULL) {
		quota_give(up->nconns, &from->share);
		return -ENOMEM;
	}
	if (r->name[0] && (rc = up->conf.tls == NULL ? -EINVAL :
	    dnstls_new(&c->tls, up->conf.tls, r->name)) < 0)
		goto fail;
	if ((rc = map_put(up->map, key, c)) < 0)
		goto fail;
	rc = up->conf.connect(up->conf.arg, from, &r->addr, &c->ep);
	if (rc < 0) {
		map_del(up->map, key);
		goto fail;
	}
	conn_enter(c);
	if (c->dead)
		return -ECONNRESET;
	*out = c;
	return 0;

fail:
	quota_give(up->nconns, &c->share);
	conn_reap(c);
	return rc;
}

static int
conn_get(struct conn **out, struct upstream *up, const struct dns_from *from,
    uint32_t resolver)
{
	struct key key = { .listener = (uintptr_t)from->listener,
		.family = from->client.family, .resolver = resolver };
	struct conn *c;

	memcpy(key.ip, from->client.ip, addr_iplen(&from->client));
	c = map_get(up->map, &key);
	if (c && up->conf.loop->now - c->born >= UPSTREAM_OLD_MS) {
		unmap(c);
		if (c->nqueries == 0)
			conn_end(c, 0);
		c = NULL;
	}
	if (c == NULL)
		return conn_new(out, up, from, &key);
	TAILQ_REMOVE(&up->conns, c, link);
	TAILQ_INSERT_TAIL(&up->conns, c, link);
	*out = c;
	return 0;
}

/* --- a try --- */

static void
join(struct upstream_query *q, struct conn *c)
{
	TAILQ_REMOVE(&q->up->waiting, q, link);
	do
		q->id = (uint16_t)rand_u32();
	while (find_id(c, q->id));
	q->conn = c;
	TAILQ_INSERT_TAIL(&c->queries, q, link);
	c->nqueries++;
	loop_timer_clear(q->up->conf.loop, &c->idle);
}

static int
try_at(struct upstream_query *q, uint32_t resolver)
{
	struct upstream *up = q->up;
	int64_t at = up->conf.loop->now + UPSTREAM_TRY_MS;
	struct conn *c;
	int rc;

	if ((rc = conn_get(&c, up, &q->from, resolver)) < 0)
		return rc;
	join(q, c);
	loop_timer_set(up->conf.loop, &q->timer, at < q->until ? at :
	    q->until);
	rc = send_question(c, q);
	if (rc < 0 && !c->dead)
		conn_end(c, rc);	/* which tries the next */
	return 0;
}

/* A query that is on no conn: the next try, or the end. */
static void
start(void *arg)
{
	struct upstream_query *q = arg;
	struct upstream *up = q->up;
	int rc = -ETIMEDOUT;

	while (q->tries < UPSTREAM_TRIES_MAX &&
	    up->conf.loop->now < q->until) {
		rc = try_at(q, (uint32_t)(q->tries++ % up->conf.n));
		if (rc == 0)
			return;
	}
	query_end(q, q->err ? q->err : rc, NULL, 0);
}

/* Leaves its conn, and goes on when the turn ends: whoever calls may be in the
 * middle of that conn's list. */
static void
query_next(struct upstream_query *q, int err)
{
	struct upstream *up = q->up;

	q->err = err;
	query_leave(q);
	TAILQ_INSERT_TAIL(&up->waiting, q, link);
	loop_timer_clear(up->conf.loop, &q->timer);
	loop_item_add(up->conf.loop, &q->item);
}

static void
on_timer(void *arg)
{
	struct upstream_query *q = arg;
	struct conn *c = q->conn;
	int mute = c->heard <= q->up->conf.loop->now - UPSTREAM_TRY_MS;

	query_next(q, -ETIMEDOUT);
	if (mute)
		conn_end(c, -ETIMEDOUT);
}

/* --- the door --- */

int
upstream_ask(struct upstream *up, const struct upstream_ask *a,
    upstream_done_fn *done, void *arg, struct upstream_query **out)
{
	struct upstream_query *q;
	int rc;

	if (a->name_len > UPSTREAM_NAME_MAX)
		return -EINVAL;
	if ((rc = quota_take(up->nqueries, &a->from->share)) < 0)
		return rc;
	if ((q = calloc(1, sizeof(*q))) == NULL) {
		quota_give(up->nqueries, &a->from->share);
		return -ENOMEM;
	}
	q->up = up;
	q->from = *a->from;
	memcpy(q->name, a->name, a->name_len);
	q->name_len = a->name_len;
	q->type = a->type;
	q->flags = a->flags;
	q->until = up->conf.loop->now + UPSTREAM_TOTAL_MS;
	q->done = done;
	q->arg = arg;
	loop_timer_init(&q->timer, on_timer, q);
	loop_item_init(&q->item, start, q);
	TAILQ_INSERT_TAIL(&up->waiting, q, link);
	loop_item_add(up->conf.loop, &q->item);
	*out = q;
	return 0;
}

int
upstream_new(struct upstream **out, const struct upstream_conf *conf)
{
	struct upstream *up = calloc(1, sizeof(*up));

	if (up == NULL)
		return -ENOMEM;
	up->conf = *conf;
	TAILQ_INIT(&up->conns);
	TAILQ_INIT(&up->waiting);
	up->map = map_new(sizeof(struct key), UPSTREAM_CONNS_MAX);
	up->nconns = quota_new(UPSTREAM_CONNS_MAX, UPSTREAM_CONNS_CLIENT_MAX);
	up->nqueries = quota_new(UPSTREAM_QUERIES_MAX, UPSTREAM_CLIENT_MAX);
	if (up->map == NULL || up->nconns == NULL || up->nqueries == NULL) {
		upstream_free(up);
		return -ENOMEM;
	}
	*out = up;
	return 0;
}

void
upstream_forget(struct upstream *up, const void *listener)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&up->conns); c; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->key.listener != (uintptr_t)listener)
			continue;
		unmap(c);
		if (c->nqueries == 0)
			conn_end(c, 0);
	}
}

size_t
upstream_conns(const struct upstream *up)
{
	return quota_count(up->nconns);
}

void
upstream_free(struct upstream *up)
{
	struct upstream_query *q;
	struct conn *c;

	if (up == NULL)
		return;
	up->closing = 1;
	while ((c = TAILQ_FIRST(&up->conns)) != NULL)
		conn_end(c, 0);
	while ((q = TAILQ_FIRST(&up->waiting)) != NULL)
		query_retire(q);
	map_free(up->map);
	quota_free(up->nconns);
	quota_free(up->nqueries);
	free(up);
}
