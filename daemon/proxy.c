/* daemon/proxy.c - clients that say where they want to go: SOCKS, HTTP CONNECT
 *
 * Theory of operation
 *	Two endpoints are one client: the one below is its socket, whose holder
 *	we are; the one above is ours, which the gateway holds.
 *
 *	  ASKING -- request --> WAITING -- accept() --> OPEN
 *	     |  \-- lookup --> LOOKUP        |            |
 *	     |                   |           | kill(why)  | either side ends
 *	     '------ refused ----+-----------'            v
 *	                         v                       DEAD
 *	                      LEAVING -- it closes, or 2 s --'
 *
 *	While it is ASKING it has credit for PROXY_EARLY_MAX bytes in all, so
 *	what comes behind the request always has its place in @early until the
 *	holder has granted enough.  Nothing is handed up from within a call of
 *	the holder: that is done when the turn ends.
 *
 *	Credit towards the socket is what the holder granted and the socket was
 *	not granted yet, @out of it being under way.
 *
 *	A client that was answered with a failure is LEAVING: it reads the
 *	answer, and what it may still send is read and dropped, for to close on
 *	unread bytes would take the answer from it.
 * Limits
 *	PROXIES_MAX clients that are neither WAITING nor OPEN; those are the
 *	gateway's, who counts them among its flows.  Where that is reached, or
 *	the lower one of whoever comes, the oldest one gives way that is still
 *	ASKING, of all or of his: who means to ask does so at once.  A client
 *	that asks has SocksTimeout for it, one that leaves PROXY_LINGER_MS.
 */
#include "daemon/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/quota.h"
#include "base/why.h"
#include "daemon/conf.h"
#include "daemon/gateway.h"
#include "daemon/httpconnect.h"
#include "daemon/socks.h"

enum state { ST_DEAD, ST_ASKING, ST_LOOKUP, ST_WAITING, ST_OPEN, ST_LEAVING };

union request {
	struct socks	 socks;
	struct httpconnect http;
};

struct proxy {
	TAILQ_ENTRY(proxy) link;	/* of those without a flow */
	struct endpoint	 ep;		/* what the gateway holds */
	struct endpoint	*sock;		/* the client's; NULL: gone */
	struct proxies	*set;
	struct door	 door;
	struct proxy_rules rules;
	struct addr	 client;
	struct addr	 share;		/* whose place it takes */
	uint8_t		 state;
	uint8_t		 placed;	/* has a place of the quota */
	uint8_t		 fin;		/* the client sends no more */
	uint8_t		 fin_told;
	uint8_t		 broken;	/* the reply could not be sent */
	union request	*u;		/* until it is let in; NULL */
	struct gateway_lookup *lookup;
	struct buf	 early;
	int64_t		 since;		/* ms; the oldest in it */
	size_t		 credit;	/* that the holder granted */
	size_t		 out;		/* that the socket has of it, or of
					 * what we granted it ourselves */
	size_t		 drained;	/* read and dropped */
	struct loop_timer timer;
	struct loop_item deliver, reap;
};

struct proxies {
	struct proxies_conf conf;
	struct quota	*quota;
	TAILQ_HEAD(, proxy) list;	/* the first came first */
	size_t		 n;		/* all that are not freed */
	int		 closed;
	struct proxies_totals totals;
};

static int
is_http(const struct proxy *p)
{
	return p->door.proto == DOOR_HTTP;
}

/* --- the end --- */

static void
set_reap(struct proxies *set)
{
	if (!set->closed || set->n > 0)
		return;
	quota_free(set->quota);
	free(set);
}

static void
forget_request(struct proxy *p)
{
	if (p->u == NULL)
		return;
	if (is_http(p))
		httpconnect_fini(&p->u->http);
	else
		socks_wipe(&p->u->socks);
	free(p->u);
	p->u = NULL;
	p->door.auth = NULL;
	p->door.auth_len = 0;
}

static void
reap(void *arg)
{
	struct proxy *p = arg;
	struct proxies *set = p->set;

	forget_request(p);
	buf_free(&p->early);
	free(p);
	set->n--;
	set_reap(set);
}

static void
give_place(struct proxy *p)
{
	if (!p->placed)
		return;
	p->placed = 0;
	TAILQ_REMOVE(&p->set->list, p, link);
	quota_give(p->set->quota, &p->share);
}

/* Nobody is called any more. */
static void
die(struct proxy *p)
{
	struct loop *loop = p->set->conf.loop;

	if (p->state == ST_DEAD)
		return;
	p->state = ST_DEAD;
	give_place(p);
	if (p->lookup)
		gateway_lookup_cancel(p->lookup);
	p->lookup = NULL;
	loop_timer_clear(loop, &p->timer);
	loop_item_clear(loop, &p->deliver);
	loop_item_add(loop, &p->reap);
}

static void
hang_up(struct proxy *p, int why)
{
	struct endpoint *sock = p->sock;

	p->sock = NULL;
	die(p);
	if (sock)
		endpoint_kill(sock, why);
}

/* --- what the client is told --- */

static const void *
reply(const struct proxy *p, size_t *len)
{
	if (is_http(p)) {
		*len = p->u->http.reply_len;
		return p->u->http.reply;
	}
	*len = p->u->socks.reply_len;
	return p->u->socks.reply;
}

/* A reply is among the first bytes that a socket gets: there is room. */
static int
send_reply(struct proxy *p)
{
	size_t len;
	const void *text = reply(p, &len);

	if (len && endpoint_send(p->sock, text, len) < len)
		return -ENOBUFS;
	return 0;
}

static void
on_timer(void *arg)
{
	struct proxy *p = arg;

	if (p->state == ST_ASKING)
		log_info(LD_NET, "a proxy's client did not say in time what it "
		    "wants");
	hang_up(p, p->state == ST_LEAVING ? 0 : -ETIMEDOUT);
}

static void
grant(struct proxy *p, size_t n)
{
	if (n == 0)
		return;
	p->out += n;
	endpoint_grant(p->sock, n);
}

/* What had to be said was said, if there was anything. */
static void
leave(struct proxy *p)
{
	size_t len;

	reply(p, &len);
	if (send_reply(p) < 0 || len == 0 || p->set->closed) {
		hang_up(p, len && p->set->closed ? 0 : -ECONNRESET);
		return;
	}
	p->state = ST_LEAVING;
	buf_free(&p->early);
	loop_timer_in(p->set->conf.loop, &p->timer, PROXY_LINGER_MS);
	endpoint_fin(p->sock);
	if (!p->fin && p->out < PROXY_EARLY_MAX)
		grant(p, PROXY_EARLY_MAX - p->out);
}

static void
answer(struct proxy *p, int why)
{
	if (is_http(p))
		httpconnect_answer(&p->u->http, why);
	else
		socks_answer(&p->u->socks, why);
}

static void
refuse(struct proxy *p, int why)
{
	p->set->totals.failed++;
	answer(p, why);
	leave(p);
}

/* --- the endpoint that the gateway holds --- */

static struct proxy *
of(struct endpoint *e)
{
	return (struct proxy *)((char *)e - offsetof(struct proxy, ep));
}

static size_t
op_send(struct endpoint *e, const void *data, size_t len)
{
	struct proxy *p = of(e);

	if (p->state != ST_OPEN || p->sock == NULL)
		return 0;
	return endpoint_send(p->sock, data, len);
}

static void
op_grant(struct endpoint *e, size_t credit)
{
	struct proxy *p = of(e);

	p->credit += credit;
	if (p->state == ST_OPEN)
		loop_item_add(p->set->conf.loop, &p->deliver);
}

static void
op_fin(struct endpoint *e)
{
	struct proxy *p = of(e);

	if (p->state == ST_OPEN && p->sock)
		endpoint_fin(p->sock);
}

/* The oldest that did not say yet what it wants; @share: of that client's;
 * NULL: of all. */
static struct proxy *
oldest_asking(const struct proxies *set, const struct addr *share)
{
	struct proxy *p;

	TAILQ_FOREACH(p, &set->list, link)
		if (p->state == ST_ASKING && (share == NULL ||
		    addr_same_ip(&p->share, share)))
			return p;
	return NULL;
}

static void
make_room(struct proxies *set, const struct addr *share)
{
	struct proxy *p = NULL;

	if (quota_is_full(set->quota, share))
		p = oldest_asking(set, share);
	else if (quota_count(set->quota) >= PROXIES_MAX)
		p = oldest_asking(set, NULL);
	if (p)
		hang_up(p, -ECONNRESET);
}

static int
take_place(struct proxy *p)
{
	struct proxies *set = p->set;
	int rc;

	make_room(set, &p->share);
	if ((rc = quota_take(set->quota, &p->share)) < 0)
		return rc;
	p->placed = 1;
	TAILQ_INSERT_TAIL(&set->list, p, link);
	return 0;
}

/* Before it was let in this is the answer.  Only what is to be dropped hears
 * none: as a connection stands already, that is a reset. */
static void
op_kill(struct endpoint *e, int why)
{
	struct proxy *p = of(e);

	if (p->state != ST_WAITING) {
		hang_up(p, why);
		return;
	}
	loop_item_clear(p->set->conf.loop, &p->deliver);
	if (why == 0 || p->sock == NULL || take_place(p) < 0)
		hang_up(p, -ECONNRESET);
	else
		refuse(p, why);
}

static void
op_accept(struct endpoint *e)
{
	struct proxy *p = of(e);

	if (p->state != ST_WAITING)
		return;
	answer(p, 0);
	p->state = ST_OPEN;
	/* if not it is cut off when the turn ends, from where gone() may be
	 * called */
	p->broken = send_reply(p) < 0;
	forget_request(p);
	loop_item_add(p->set->conf.loop, &p->deliver);
}

static void
op_queued(const struct endpoint *e, struct endpoint_queued *q)
{
	const struct proxy *p = of((struct endpoint *)(uintptr_t)e);

	if (p->sock)
		endpoint_queued(p->sock, q);
	if (p->early.len == 0)
		return;
	q->bytes += p->early.cap;
	if (p->since < q->since)
		q->since = p->since;
}

static size_t
op_under_way(const struct endpoint *e)
{
	const struct proxy *p = of((struct endpoint *)(uintptr_t)e);

	return p->sock ? endpoint_under_way(p->sock) : 0;
}

static const struct endpoint_ops proxy_ops = {
	.send = op_send, .grant = op_grant, .fin = op_fin, .kill = op_kill,
	.accept = op_accept, .queued = op_queued, .under_way = op_under_way
};

/* --- data --- */

static void
cut_off(struct proxy *p, int why)
{
	const struct endpoint_user *user = p->ep.user;
	void *arg = p->ep.arg;

	hang_up(p, why);
	user->gone(arg, why);
}

static void
deliver_early(struct proxy *p)
{
	size_t n = p->early.len < p->credit ? p->early.len : p->credit;

	if (n == 0)
		return;
	p->credit -= n;
	p->since = buf_since(p->since, p->set->conf.loop->now, n,
	    p->early.len);
	p->ep.user->data(p->ep.arg, buf_head(&p->early), n);
	if (p->state == ST_OPEN)
		buf_drain(&p->early, n);
}

static void
tell_fin(struct proxy *p)
{
	if (!p->fin || p->fin_told || p->early.len)
		return;
	p->fin_told = 1;
	p->ep.user->fin(p->ep.arg);
}

static void
on_deliver(void *arg)
{
	struct proxy *p = arg;

	if (p->state != ST_OPEN)
		return;
	if (p->broken) {
		cut_off(p, -ENOBUFS);
		return;
	}
	deliver_early(p);
	if (p->state != ST_OPEN)
		return;
	if (p->early.len == 0) {
		buf_free(&p->early);
		if (!p->fin && p->credit > p->out)
			grant(p, p->credit - p->out);
	}
	if (p->state == ST_OPEN)
		tell_fin(p);
}

/* It was granted, so it has its place. */
static void
keep(struct proxy *p, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (p->early.len == 0)
		p->since = p->set->conf.loop->now;
	if (buf_add(&p->early, data, len) == 0)
		return;
	if (p->state == ST_WAITING || p->state == ST_OPEN)
		cut_off(p, -ENOBUFS);
	else
		hang_up(p, -ENOBUFS);
}

static void
pass(struct proxy *p, const void *data, size_t len)
{
	if (p->early.len || len > p->credit) {
		keep(p, data, len);
		if (p->state == ST_OPEN && p->credit)
			loop_item_add(p->set->conf.loop, &p->deliver);
		return;
	}
	p->credit -= len;
	p->ep.user->data(p->ep.arg, data, len);
}

/* --- requests --- */

static int
is_ours(const void *arg, const struct addr *a)
{
	const struct proxy_rules *r = arg;
	size_t i;

	for (i = 0; i < sizeof(r->ours) / sizeof(r->ours[0]); i++)
		if (addr_in_net(a, &r->ours[i]))
			return 1;
	return 0;
}

/* What this port lets through, as far as that can be seen before a lookup. */
static int
may_go(const struct proxy *p, const char *host)
{
	struct addr a;

	if (hostname_is_under(host, ".onion"))
		return !p->rules.no_onion;
	if (addr_parse_ip(&a, host, -1) < 0)
		return !p->rules.no_dns;
	if (is_ours(&p->rules, &a))
		return 1;
	return a.family == 4 ? !p->door.no_ipv4 : !p->door.no_ipv6;
}

static void
go(struct proxy *p, const char *host, uint16_t port)
{
	struct proxies *set = p->set;
	char copy[HOSTNAME_TEXT];

	strcpy(copy, host);		/* the request may go meanwhile */
	set->totals.asked++;
	if (!may_go(p, host)) {
		log_info(LD_STREAM, "refused a proxy's client: its port lets "
		    "nothing of that kind through");
		refuse(p, -EACCES);
		return;
	}
	give_place(p);
	loop_timer_clear(set->conf.loop, &p->timer);
	p->state = ST_WAITING;
	gateway_flow_to(set->conf.gateway, &p->door, &p->client, copy, port,
	    &p->ep);
}

static void
on_lookup(void *arg, int err, const struct addr *a, const char *name,
    uint32_t ttl)
{
	struct proxy *p = arg;

	(void)ttl;
	p->lookup = NULL;
	if (err < 0)
		p->set->totals.failed++;
	/* as tor: whatever the reason is, there is none to be found */
	if (err <= -WHY_HS_FIRST && p->rules.extended)
		socks_answer(&p->u->socks, err);
	else if (err < 0 || (a == NULL && name == NULL))
		socks_answer(&p->u->socks, -ENOENT);
	else if (name)
		socks_answer_name(&p->u->socks, name);
	else
		socks_answer_addr(&p->u->socks, a);
	leave(p);
}

/* An address of the family that the client can be told, if only one. */
static int
family_of(const struct proxy *p)
{
	if (p->u->socks.version == 4 || p->door.no_ipv6)
		return 4;
	return p->door.no_ipv4 ? 6 : 0;
}

static void
look_up(struct proxy *p)
{
	const struct socks_ask *ask = &p->u->socks.ask;
	int reverse = ask->command == SOCKS_RESOLVE_PTR;
	struct addr a;
	int rc;

	p->set->totals.resolved++;
	if (!reverse && addr_parse_ip(&a, ask->host, -1) == 0) {
		socks_answer_addr(&p->u->socks, &a);
		leave(p);
		return;
	}
	if (p->rules.no_dns || (!reverse && !may_go(p, ask->host))) {
		refuse(p, -EACCES);
		return;
	}
	p->state = ST_LOOKUP;
	rc = gateway_resolve(p->set->conf.gateway, &p->door, &p->client,
	    ask->host, reverse ? 0 : family_of(p), reverse, on_lookup, p,
	    &p->lookup);
	if (rc < 0)
		refuse(p, rc);
	else
		loop_timer_clear(p->set->conf.loop, &p->timer);
}

static void
tell_of(const struct proxy *p)
{
	static struct log_limit limit = { .every_s = 60 };
	const struct socks *s = &p->u->socks;

	if (p->rules.test)
		log_notice(LD_NET, s->ask.by_addr ? "TestSocks: a client "
		    "(SOCKS %u) gave an address and no name: it may have "
		    "looked the name up outside of Tor, for all to see" :
		    "TestSocks: a client (SOCKS %u) left the lookup of the "
		    "name to Tor, as it should", s->version);
	else if (s->ask.by_addr)
		log_limited(&limit, LL_INFO, LD_NET, "a client (SOCKS %u) gave "
		    "an address and no name", s->version);
}

static void
socks_asked(struct proxy *p)
{
	struct socks *s = &p->u->socks;

	tell_of(p);
	if (s->auth_len) {
		p->door.auth = (const char *)s->auth;
		p->door.auth_len = s->auth_len;
	}
	if (s->ask.command == SOCKS_CONNECT)
		go(p, s->ask.host, s->ask.port);
	else
		look_up(p);
}

static void
http_asked(struct proxy *p)
{
	struct httpconnect *h = &p->u->http;

	if (h->auth_len) {
		p->door.auth = (const char *)h->auth;
		p->door.auth_len = h->auth_len;
	}
	go(p, h->host, h->port);
}

static void
was_wrong(struct proxy *p, const char *what)
{
	static struct log_limit limit = { .every_s = 30 };

	p->set->totals.failed++;
	if (what)
		log_limited(&limit, LL_WARN, LD_NET, "refused a client of the "
		    "%s: %s", is_http(p) ? "HTTPTunnelPort" : "SocksPort",
		    what);
	leave(p);
}

/* What follows the request is for whom it asked for. */
static void
on_asked(struct proxy *p, const uint8_t *rest, size_t len)
{
	keep(p, rest, len);
	if (p->state != ST_ASKING)
		return;
	if (is_http(p))
		http_asked(p);
	else
		socks_asked(p);
}

static void
hear_socks(struct proxy *p, const uint8_t *data, size_t len)
{
	struct socks *s = &p->u->socks;
	enum socks_result r = SOCKS_MORE;
	size_t at = 0, n;

	while (r == SOCKS_MORE && at < len) {
		r = socks_input(s, data + at, len - at, &n);
		at += n;
		if (r == SOCKS_MORE && send_reply(p) < 0) {
			hang_up(p, -ENOBUFS);
			return;
		}
	}
	if (r == SOCKS_ASKED)
		on_asked(p, data + at, len - at);
	else if (r == SOCKS_OVER)
		was_wrong(p, s->what);
}

static void
hear_http(struct proxy *p, const uint8_t *data, size_t len)
{
	size_t n;

	switch (httpconnect_input(&p->u->http, data, len, &n)) {
	case HTTPCONNECT_ASKED:
		on_asked(p, data + n, len - n);
		break;
	case HTTPCONNECT_OVER:
		was_wrong(p, p->u->http.what);
		break;
	default:
		break;
	}
}

/* --- the client's socket, whose holder we are --- */

static void
on_data(void *arg, const void *data, size_t len)
{
	struct proxy *p = arg;

	p->out -= len;
	switch (p->state) {
	case ST_ASKING:
		if (is_http(p))
			hear_http(p, data, len);
		else
			hear_socks(p, data, len);
		break;
	case ST_WAITING:
		keep(p, data, len);
		break;
	case ST_OPEN:
		pass(p, data, len);
		break;
	case ST_LEAVING:
		p->drained += len;
		if (p->drained >= PROXY_EARLY_MAX)
			hang_up(p, 0);
		break;
	default:		/* it asked for a name: there is no more */
		break;
	}
}

static void
on_room(void *arg)
{
	struct proxy *p = arg;

	if (p->state == ST_OPEN)
		p->ep.user->room(p->ep.arg);
}

static void
on_fin(void *arg)
{
	struct proxy *p = arg;

	p->fin = 1;
	if (p->state == ST_ASKING)
		hang_up(p, 0);
	else if (p->state == ST_OPEN)
		tell_fin(p);
}

static void
on_gone(void *arg, int why)
{
	struct proxy *p = arg;
	const struct endpoint_user *user = p->ep.user;
	void *holder = p->ep.arg;
	int told = p->state == ST_WAITING || p->state == ST_OPEN;

	p->sock = NULL;
	die(p);
	if (told)
		user->gone(holder, why);
}

static const struct endpoint_user sock_user = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

/* --- clients --- */

static int
may_come(const struct proxy_rules *r, const struct addr *client)
{
	const struct conf_rule *rule;
	size_t i;

	for (i = 0; i < r->npolicy; i++) {
		rule = &r->policy[i];
		if (rule->net.addr.family == 0 ||
		    (rule->net.bits == 0 &&
		    rule->net.addr.family == client->family) ||
		    addr_in_net(client, &rule->net))
			return rule->accept;
	}
	return 1;
}

static void
begin(struct proxy *p)
{
	struct socks_rules sr = {
		.prefer_no_auth = p->rules.prefer_no_auth,
		.extended = p->rules.extended, .safe = p->rules.safe,
		.is_ours = is_ours, .arg = &p->rules
	};

	if (is_http(p))
		httpconnect_init(&p->u->http);
	else
		socks_init(&p->u->socks, &sr);
	p->rules.policy = NULL;		/* it may go at a reload */
	p->state = ST_ASKING;
	loop_timer_in(p->set->conf.loop, &p->timer, p->rules.handshake_ms);
	endpoint_hold(p->sock, &sock_user, p);
	grant(p, PROXY_EARLY_MAX);
}

static int
make(struct proxy **out, struct proxies *set, const struct door *door,
    const struct proxy_rules *rules, const struct addr *client)
{
	struct proxy *p;
	int rc;

	if (!may_come(rules, client))
		return -EACCES;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return -ENOMEM;
	if ((p->u = calloc(1, sizeof(*p->u))) == NULL) {
		free(p);
		return -ENOMEM;
	}
	p->ep.ops = &proxy_ops;
	p->set = set;
	p->door = *door;
	p->rules = *rules;
	p->client = *client;
	gateway_share(set->conf.gateway, door, client, &p->share);
	buf_init(&p->early, PROXY_EARLY_MAX);
	loop_timer_init(&p->timer, on_timer, p);
	loop_item_init(&p->deliver, on_deliver, p);
	loop_item_init(&p->reap, reap, p);
	if ((rc = take_place(p)) < 0) {
		free(p->u);
		free(p);
		return rc;
	}
	set->n++;
	*out = p;
	return 0;
}

static void
nothing(void *arg, int why)
{
	(void)arg;
	(void)why;
}

void
proxies_take(struct proxies *set, const struct door *door,
    const struct proxy_rules *rules, const struct addr *client,
    struct endpoint *ep)
{
	static const struct endpoint_user nobody = { .gone = nothing };
	static struct log_limit limit = { .every_s = 30 };
	struct proxy *p;
	int rc = make(&p, set, door, rules, client);

	if (rc < 0) {
		set->totals.refused++;
		log_limited(&limit, LL_WARN, LD_NET, "refused a client of a "
		    "proxy port: %s", rc == -EACCES ? "SocksPolicy says so" :
		    rc == -ENOSPC ? "too many are there that have not said "
		    "what they want" : strerror(-rc));
		endpoint_hold(ep, &nobody, NULL);
		endpoint_kill(ep, -ECONNREFUSED);
		return;
	}
	set->totals.taken++;
	p->sock = ep;
	begin(p);
}

/* --- the whole --- */

int
proxies_new(struct proxies **out, const struct proxies_conf *conf)
{
	struct proxies *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	set->quota = quota_new(PROXIES_MAX, PROXIES_EACH_MAX);
	if (set->quota == NULL) {
		free(set);
		return -ENOMEM;
	}
	set->conf = *conf;
	TAILQ_INIT(&set->list);
	*out = set;
	return 0;
}

void
proxies_close(struct proxies *set)
{
	struct proxy *p;

	if (set == NULL)
		return;
	while ((p = TAILQ_FIRST(&set->list)) != NULL)
		hang_up(p, 0);
	set->closed = 1;
	set_reap(set);
}

void
proxies_totals(const struct proxies *set, struct proxies_totals *t)
{
	*t = set->totals;
	t->now = quota_count(set->quota);
}
