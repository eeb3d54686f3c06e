/* tests/fuzz/fz_dns_query.c - a message from a client of the DNS server
 *
 * Whatever comes is answered by at most one message; an answer is for that
 * question, is a response, is read by a second parser (ldns), and over UDP is
 * no packet of more than one and a half times the question's.
 */
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/rand.h"
#include "dnsport/dnsport.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	const uint8_t	*in;
	size_t		 in_len;
	int		 replies, tcp;
};

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *what,
    const struct dns_from *from)
{
	struct dns_record r = { .ttl = 0x80000000u, .name = "a.example.test" };

	(void)arg;
	(void)from;
	addr_v4(&r.addr, 0xcb007150, 0);
	if (what->ask == DNS_ASK_NONE || strlen(what->name) > DNSPORT_NAME_MAX)
		abort();
	dnsport_answer(q, DNS_OK, &r, 1);
}

static void
on_forget(void *arg, struct dns_query *q)
{
	(void)arg;
	(void)q;
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	struct seen *seen = arg;
	ldns_pkt *pkt = NULL;

	if (seen->replies++)
		abort();
	if (msg == NULL)
		return;
	if (len < 12 || memcmp(msg, seen->in, 2) != 0 || !(msg[2] & 0x80))
		abort();
	if (ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK)
		abort();
	if (!seen->tcp && (len + 28) * 2 > (seen->in_len + 28) * 3)
		abort();
	ldns_pkt_free(pkt);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct dnsport_user user = {
		.ask = on_ask, .forget = on_forget
	};
	struct dns_from from = { .tcp = (int)(len & 1) };
	struct seen seen = { .in = data, .in_len = len,
		.tcp = from.tcp };
	struct dns_query *q;
	struct dnsport *dp;
	struct loop loop;

	rand_init();
	loop_init(&loop, 1000, 1795300000);
	addr_v4(&from.client, 0x0a090002, 1234);
	if (dnsport_new(&dp, &loop, &user, NULL) < 0)
		return 0;
	dnsport_query(dp, data, len, &from, on_reply, &seen, &q);
	if (seen.replies != 1)
		abort();
	loop_end_turn(&loop);
	dnsport_free(dp);
	return 0;
}
