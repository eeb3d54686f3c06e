/* tests/dnsport/test_dnsport.c - questions in, answers out, and the ceilings */
#include "dnsport/dnsport.h"

#include <check.h>

#include "base/loop.h"
#include "tests/dnsport/query.h"
#include "tests/unit.h"

enum { KEEP = DNSPORT_QUERIES_MAX };

static struct loop loop;
static struct dnsport *dp;
static struct query query;

static struct {
	int		 at_once;	/* answer within ask() */
	enum dns_outcome outcome;
	unsigned	 asked, forgotten;
	struct dns_question last;
	struct dns_from	 from;
	struct dns_query *queries[KEEP];
} asker;

static struct {
	unsigned	 n;		/* replies */
	unsigned	 silent;
	unsigned	 rcode;		/* of the last */
	size_t		 ancount;
	void		*arg;
} got;

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *question,
    const struct dns_from *from)
{
	struct dns_record r = { .ttl = 300 };

	ck_assert_ptr_eq(arg, &asker);
	asker.last = *question;
	asker.from = *from;
	if (asker.asked < KEEP)
		asker.queries[asker.asked] = q;
	asker.asked++;
	addr_v4(&r.addr, 0x01020304, 0);
	if (asker.at_once)
		dnsport_answer(q, asker.outcome, &r, 1);
}

/* 11.x: all of them are one client. */
static void
on_share(void *arg, const struct dns_from *from, struct addr *out)
{
	ck_assert_ptr_eq(arg, &asker);
	ck_assert_ptr_eq(from->listener, &query);
	*out = from->client;
	if (out->ip[0] == 11)
		memset(out->ip, 11, 4);
}

static void
on_forget(void *arg, struct dns_query *q)
{
	ck_assert_ptr_eq(arg, &asker);
	ck_assert_ptr_nonnull(q);
	asker.forgotten++;
}

static struct {
	int		 n;
	char		 name[DNSPORT_NAME_MAX + 1];
	size_t		 nnames, naddrs;
	uint32_t	 ttl, client;
	int		 ifindex;
} told;

static void
on_told(void *arg, const struct dns_from *from, const struct dns_told *t)
{
	ck_assert_ptr_eq(arg, &asker);
	ck_assert_ptr_eq(from->listener, &query);
	told.n++;
	strcpy(told.name, t->names[0]);
	told.nnames = t->nnames;
	told.naddrs = t->naddrs;
	told.ttl = t->ttl;
	told.client = from->client.ip[3];
	told.ifindex = from->ifindex;
}

static const struct dnsport_user user = {
	.ask = on_ask, .share = on_share, .told = on_told, .forget = on_forget
};

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	ldns_pkt *pkt;

	got.n++;
	got.arg = arg;
	if (msg == NULL) {
		got.silent++;
		return;
	}
	pkt = query_read(msg, len);
	ck_assert_uint_eq(ldns_pkt_id(pkt), Q_ID);
	got.rcode = ldns_pkt_get_rcode(pkt);
	got.ancount = ldns_pkt_ancount(pkt);
	ldns_pkt_free(pkt);
}

static void
open_port(void)
{
	memset(&asker, 0, sizeof(asker));
	memset(&got, 0, sizeof(got));
	memset(&told, 0, sizeof(told));
	loop_init(&loop, 1000, 1700000000);
	ck_assert_int_eq(dnsport_new(&dp, &loop, &user, &asker), 0);
}

static void
close_port(void)
{
	dnsport_free(dp);
	loop_end_turn(&loop);
}

static struct dns_query *
ask_from(uint32_t client)
{
	struct dns_from from = { .listener = &query, .ifindex = 7 };
	struct dns_query *q = NULL;

	addr_v4(&from.client, client, 40000);
	ck_assert_int_eq(dnsport_query(dp, query.buf, query_len(&query), &from,
	    on_reply, &got, &q), 0);
	return q;
}

static struct dnsport_totals
totals(void)
{
	struct dnsport_totals t;

	dnsport_totals(dp, &t);
	return t;
}

START_TEST(dnsport_query_asks_upward_and_waits)
{
	struct dns_query *q;

	open_port();
	query_make(&query, "WWW.example.test", Q_A);
	q = ask_from(0x0a000001);
	ck_assert_ptr_nonnull(q);
	ck_assert_uint_eq(asker.asked, 1);
	ck_assert_ptr_eq(asker.queries[0], q);
	ck_assert_str_eq(asker.last.name, "www.example.test");
	ck_assert_ptr_eq(asker.from.listener, &query);
	ck_assert_uint_eq(got.n, 0);
	ck_assert_uint_eq(totals().waiting, 1);
	close_port();
	ck_assert_uint_eq(asker.forgotten, 1);
	ck_assert_uint_eq(got.n, 0);
}
END_TEST

static const struct { enum dns_outcome outcome; unsigned rcode; size_t an; }
    outcomes[] = {
	{ DNS_SERVFAIL, 2, 0 }, { DNS_OK, 0, 1 }, { DNS_NXDOMAIN, 3, 0 },
	{ DNS_REFUSED, 5, 0 }
};

START_TEST(dnsport_answer_later_is_given_once)
{
	struct dns_record r = { .ttl = 300 };
	struct dns_query *q;

	open_port();
	addr_v4(&r.addr, 0x01020304, 0);
	query_make(&query, "www.example.test", Q_A);
	q = ask_from(0x0a000001);
	dns_query_set(q, &r);
	ck_assert_ptr_eq(dns_query_get(q), &r);
	dnsport_answer(q, outcomes[_i].outcome, &r, 1);
	dnsport_answer(q, DNS_OK, &r, 1);	/* too late */
	dnsport_drop(q);
	ck_assert_uint_eq(got.n, 1);
	ck_assert_ptr_eq(got.arg, &got);
	ck_assert_uint_eq(got.rcode, outcomes[_i].rcode);
	ck_assert_uint_eq(got.ancount, outcomes[_i].an);
	ck_assert_uint_eq(asker.forgotten, 0);
	ck_assert_uint_eq(totals().waiting, 0);
	close_port();
	ck_assert_uint_eq(asker.forgotten, 0);
}
END_TEST

START_TEST(dnsport_query_answered_within_ask_gives_no_handle)
{
	open_port();
	asker.at_once = 1;
	asker.outcome = DNS_OK;
	query_make(&query, "www.example.test", Q_A);
	ck_assert_ptr_null(ask_from(0x0a000001));
	ck_assert_uint_eq(got.n, 1);
	ck_assert_uint_eq(got.ancount, 1);
	ck_assert_uint_eq(totals().waiting, 0);
	close_port();
}
END_TEST

START_TEST(dnsport_drop_forgets_and_says_nothing)
{
	struct dns_query *q;

	open_port();
	query_make(&query, "www.example.test", Q_A);
	q = ask_from(0x0a000001);
	dnsport_drop(q);
	dnsport_drop(q);
	dnsport_answer(q, DNS_OK, NULL, 0);
	ck_assert_uint_eq(asker.forgotten, 1);
	ck_assert_uint_eq(got.n, 0);
	ck_assert_uint_eq(totals().waiting, 0);
	close_port();
}
END_TEST

START_TEST(dnsport_query_that_is_wrong_is_answered_without_asking)
{
	static const struct { uint16_t flags, type, class; unsigned rcode; }
	    rows[] = {
		{ 0x0100, Q_MX, 1, 4 }, { 0x0100, Q_TXT, 3, 5 },
		{ 0x2900, Q_A, 1, 4 }, { 0x0100, Q_ANY, 1, 4 }
	};
	size_t i;

	open_port();
	for (i = 0; i < NELEM(rows); i++) {
		query_head(&query, rows[i].flags, 1, 0, 0, 0);
		query_ask(&query, "a.test", rows[i].type, rows[i].class);
		ck_assert_ptr_null(ask_from(0x0a000001));
		ck_assert_uint_eq(got.n, i + 1);
		ck_assert_uint_eq(got.rcode, rows[i].rcode);
	}
	ck_assert_uint_eq(asker.asked, 0);
	ck_assert_uint_eq(totals().refused, NELEM(rows));
	close_port();
}
END_TEST

START_TEST(dnsport_query_that_is_an_answer_is_met_with_silence)
{
	open_port();
	query_head(&query, 0x8180, 1, 0, 0, 0);
	query_ask(&query, "a.test", Q_A, 1);
	ck_assert_ptr_null(ask_from(0x0a000001));
	ck_assert_uint_eq(got.n, 1);
	ck_assert_uint_eq(got.silent, 1);
	ck_assert_uint_eq(totals().malformed, 1);
	close_port();
}
END_TEST

START_TEST(dnsport_query_over_the_clients_ceiling_is_refused)
{
	struct dns_query *first = NULL;
	unsigned i;

	open_port();
	query_make(&query, "www.example.test", Q_A);
	for (i = 0; i < DNSPORT_CLIENT_MAX; i++) {
		struct dns_query *q = ask_from(0x0a000001);

		ck_assert_ptr_nonnull(q);
		first = first ? first : q;
	}
	ck_assert_ptr_null(ask_from(0x0a000001));
	ck_assert_uint_eq(got.n, 1);
	ck_assert_uint_eq(got.rcode, 5);
	ck_assert_ptr_nonnull(ask_from(0x0a000002));	/* others go on */
	dnsport_answer(first, DNS_SERVFAIL, NULL, 0);
	ck_assert_ptr_nonnull(ask_from(0x0a000001));	/* room again */
	ck_assert_ptr_null(ask_from(0x0a000001));
	close_port();
	ck_assert_uint_eq(asker.forgotten, DNSPORT_CLIENT_MAX + 1);
}
END_TEST

START_TEST(dnsport_query_counts_all_addresses_of_a_client)
{
	uint32_t i;

	open_port();
	query_make(&query, "www.example.test", Q_A);
	for (i = 0; i < DNSPORT_CLIENT_MAX; i++)
		ck_assert_ptr_nonnull(ask_from(0x0b000000 + i));
	ck_assert_ptr_null(ask_from(0x0b00ffff));
	ck_assert_uint_eq(got.rcode, 5);
	ck_assert_uint_eq(asker.from.client.ip[3], (i - 1) & 0xff);
	ck_assert_ptr_nonnull(ask_from(0x0a000001));
	dnsport_drop(asker.queries[3]);
	ck_assert_ptr_nonnull(ask_from(0x0b00ffff));
	close_port();
}
END_TEST

START_TEST(dnsport_query_over_the_ceiling_for_all_is_refused)
{
	uint32_t i;

	open_port();
	query_make(&query, "www.example.test", Q_A);
	for (i = 0; i < DNSPORT_QUERIES_MAX; i++)
		ck_assert_ptr_nonnull(ask_from(0x0a000000 + i));
	ck_assert_ptr_null(ask_from(0x0c000000));
	ck_assert_uint_eq(got.rcode, 5);
	dnsport_drop(asker.queries[7]);
	ck_assert_ptr_nonnull(ask_from(0x0c000000));
	ck_assert_uint_eq(totals().waiting, DNSPORT_QUERIES_MAX);
	close_port();
	ck_assert_uint_eq(asker.forgotten, DNSPORT_QUERIES_MAX + 1);
}
END_TEST

static const struct {
	const char	*name;
	uint16_t	 type;
	enum dns_outcome outcome;
	int		 told;
} tells[] = {
	{ "WWW.example.test", Q_A, DNS_OK, 1 },
	{ "www.example.test", Q_AAAA, DNS_OK, 0 },	/* these are of IPv4 */
	{ "www.example.test", Q_A, DNS_NXDOMAIN, 0 },
	{ "www.example.test", Q_A, DNS_SERVFAIL, 0 },
	{ "4.3.2.1.in-addr.arpa", Q_PTR, DNS_OK, 0 },
};

START_TEST(dnsport_answer_tells_what_the_client_is_told)
{
	struct dns_record r[2] = { { .ttl = 300 }, { .ttl = 1 << 30 } };
	struct dns_query *q;

	open_port();
	addr_v4(&r[0].addr, 0x01020304, 0);
	addr_v4(&r[1].addr, 0x01020305, 0);
	query_make(&query, tells[_i].name, tells[_i].type);
	q = ask_from(0x0a000009);
	ck_assert_int_eq(told.n, 0);
	dnsport_answer(q, tells[_i].outcome, r, 2);
	ck_assert_int_eq(told.n, tells[_i].told);
	if (told.n) {
		ck_assert_str_eq(told.name, "www.example.test");
		ck_assert_uint_eq(told.nnames, 1);
		ck_assert_uint_eq(told.naddrs, 2);
		ck_assert_uint_eq(told.ttl, DNSPORT_TTL_MAX);
		ck_assert_uint_eq(told.client, 9);
		ck_assert_int_eq(told.ifindex, 7);
	}
	close_port();
}
END_TEST

START_TEST(dnsport_query_ptr_hands_up_the_address)
{
	struct addr want;

	open_port();
	addr_v4(&want, 0x01020304, 0);
	query_make(&query, "4.3.2.1.in-addr.arpa", Q_PTR);
	ck_assert_ptr_nonnull(ask_from(0x0a000001));
	ck_assert_int_eq(asker.last.ask, DNS_ASK_PTR);
	ck_assert(addr_same_ip(&asker.last.addr, &want));
	close_port();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(dnsport_query_asks_upward_and_waits),
	UNIT_LOOP(dnsport_answer_later_is_given_once, NELEM(outcomes)),
	UNIT(dnsport_query_answered_within_ask_gives_no_handle),
	UNIT(dnsport_drop_forgets_and_says_nothing),
	UNIT(dnsport_query_that_is_wrong_is_answered_without_asking),
	UNIT(dnsport_query_that_is_an_answer_is_met_with_silence),
	UNIT(dnsport_query_over_the_clients_ceiling_is_refused),
	UNIT(dnsport_query_counts_all_addresses_of_a_client),
	UNIT(dnsport_query_over_the_ceiling_for_all_is_refused),
	UNIT_LOOP(dnsport_answer_tells_what_the_client_is_told, NELEM(tells)),
	UNIT(dnsport_query_ptr_hands_up_the_address),
};

UNIT_MAIN("dnsport", tests)
