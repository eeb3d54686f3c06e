/* daemon/names.c - clients' questions for names, answered by the engine
 *
 * Theory of operation
 *	The DNS server asks us; may this name leave, whose circuit may it share,
 *	onion_resolve, answer.  A lookup is what a question waits for: it ends
 *	with the engine's answer, or when whoever asked is forgotten.
 */
#include "daemon/names.h"

#include <errno.h>
#include <stdlib.h>

#include "base/addr.h"
#include "dnsport/dnsport.h"
#include "onion/onion.h"
#include "policy/policy.h"

enum { ANSWERS_MAX = 16 };

_Static_assert((int)NAMES_TOKEN == (int)ONION_TOKEN, "the engine's");

struct names {
	struct names_conf conf;
	struct dnsport	*dnsport;
	uint64_t	 rejected;
};

static size_t
records(struct dns_record *out, const struct onion_answer *ans, size_t n,
    int family)
{
	size_t i, got = 0;

	for (i = 0; i < n && got < ANSWERS_MAX; i++) {
		if (ans[i].addr.family != family)
			continue;
		out[got].addr = ans[i].addr;
		out[got].name = ans[i].name;
		out[got].ttl = ans[i].ttl;
		got++;
	}
	return got;
}

struct lookup {
	struct dns_query *query;
	struct onion_lookup *onion;
	int		 family;	/* wanted; 0: a name */
};

static void
on_lookup(void *arg, int err, const struct onion_answer *ans, size_t n)
{
	struct lookup *l = arg;
	struct dns_record rr[ANSWERS_MAX];
	enum dns_outcome outcome = DNS_SERVFAIL;
	size_t got = 0;

	if (err == 0) {
		outcome = DNS_OK;
		got = records(rr, ans, n, l->family);
		if (got == 0 && l->family == 0)
			outcome = DNS_NXDOMAIN;
	} else if (err == -ENOENT)
		outcome = DNS_NXDOMAIN;
	else if (err == -EACCES)
		outcome = DNS_REFUSED;
	dnsport_answer(l->query, outcome, rr, got);
	free(l);
}

static int
ask_onion(struct names *n, struct dns_query *query,
    const struct dns_question *q, const struct dns_from *from)
{
	uint8_t token[ONION_TOKEN];
	struct lookup *l = calloc(1, sizeof(*l));
	char text[ADDR_TEXT];
	const char *name = q->name;
	int rc;

	if (l == NULL)
		return -ENOMEM;
	if (q->ask == DNS_ASK_PTR)
		name = addr_ip_raw(&q->addr, text);
	l->query = query;
	l->family = q->ask == DNS_ASK_A ? 4 : q->ask == DNS_ASK_AAAA ? 6 : 0;
	n->conf.token(n->conf.arg, from, name, token);
	rc = onion_resolve(n->conf.onion, token, name, on_lookup, l,
	    &l->onion);
	if (rc < 0) {
		free(l);
		return rc;
	}
	dns_query_set(query, l);
	return 0;
}

static void
on_ask(void *arg, struct dns_query *query, const struct dns_question *q,
    const struct dns_from *from)
{
	struct names *n = arg;
	int may = q->ask == DNS_ASK_PTR ? policy_addr_may_leave(&q->addr) :
	    policy_name_may_leave(q->name);

	if (!may) {
		n->rejected++;
		dnsport_answer(query, DNS_NXDOMAIN, NULL, 0);
	} else if (ask_onion(n, query, q, from) < 0)
		dnsport_answer(query, DNS_SERVFAIL, NULL, 0);
}

static void
on_forget(void *arg, struct dns_query *query)
{
	struct lookup *l = dns_query_get(query);

	(void)arg;
	if (l == NULL)
		return;
	onion_lookup_cancel(l->onion);
	free(l);
}

/* What a question is about, whatever its type: a host, a zone, an address.  The
 * root is nobody's secret. */
static enum dns_leave
on_may_leave(void *arg, const struct dns_question *q,
    const struct dns_from *from)
{
	struct names *n = arg;
	int may = (q->addr.family == 0 || policy_addr_may_leave(&q->addr)) &&
	    (q->name[0] == '\0' || policy_name_may_leave(q->name));

	(void)from;
	n->rejected += !may && q->ask == DNS_ASK_OTHER;
	return may ? DNS_LEAVE_MAY : DNS_LEAVE_NOT;
}

static int
on_connect(void *arg, const struct dns_from *from, const struct addr *resolver,
    struct endpoint **out)
{
	struct names *n = arg;

	return n->conf.connect ? n->conf.connect(n->conf.arg, from, resolver,
	    out) : -ENETUNREACH;
}

static const struct dnsport_user dns_user = {
	.ask = on_ask, .connect = on_connect, .may_leave = on_may_leave,
	.forget = on_forget
};

int
names_new(struct names **out, const struct names_conf *conf)
{
	struct names *n = calloc(1, sizeof(*n));
	int rc;

	if (n == NULL)
		return -ENOMEM;
	n->conf = *conf;
	if ((rc = dnsport_new(&n->dnsport, conf->loop, &dns_user, n)) < 0) {
		free(n);
		return rc;
	}
	*out = n;
	return 0;
}

int
names_set_dns(struct names *n, const struct dnsport_conf *conf)
{
	return dnsport_set_conf(n->dnsport, conf);
}

void
names_free(struct names *n)
{
	if (n == NULL)
		return;
	dnsport_free(n->dnsport);
	free(n);
}

struct dnsport *
names_dnsport(struct names *n)
{
	return n->dnsport;
}

uint64_t
names_rejected(const struct names *n)
{
	return n->rejected;
}
