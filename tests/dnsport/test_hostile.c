/* tests/dnsport/test_hostile.c - what clients and resolvers may send, beyond
 * what each module's own tests have (threats E)
 */
#include <check.h>
#include <errno.h>

#include "base/loop.h"
#include "dnsport/automap.h"
#include "dnsport/dnsport.h"
#include "dnsport/question.h"
#include "dnsport/reply.h"
#include "tests/dnsport/query.h"
#include "tests/unit.h"

enum { T_HIP = 55, T_OWN = 65280 };

static struct query query;

static void
pointer(size_t to)
{
	pack_u16(&query.p, (uint16_t)(0xc000 | to));
}

/* --- clients --- */

static const struct { uint16_t port; int may; } sources[] = {
	{ 0, 0 }, { 1, 0 }, { 7, 0 }, { 19, 0 }, { 52, 0 }, { 53, 1 },
	{ 54, 0 }, { 123, 0 }, { 161, 0 }, { 1023, 0 }, { 1024, 1 },
	{ 65535, 1 }
};

/* Reflection: who would answer our answer, or never asked. */
START_TEST(dnsport_may_answer_only_where_resolvers_ask_from)
{
	ck_assert_int_eq(dnsport_may_answer(sources[_i].port),
	    sources[_i].may);
}
END_TEST

/* A question whose name is the last of @n pointers, each to the one before. */
START_TEST(question_parse_chain_of_pointers_is_malformed)
{
	struct question q;
	size_t at;
	int i;

	query_head(&query, 0x0100, 1, 0, 0, 0);
	query_label(&query, "a", 1);
	for (i = 0; i < 127; i++) {
		at = query_len(&query);
		pointer(i ? at - 2 : 12);
	}
	pack_u16(&query.p, Q_A);
	pack_u16(&query.p, 1);
	ck_assert_int_eq(question_parse(&q, query.buf, query_len(&query)),
	    QUESTION_ERROR);
	ck_assert_uint_eq(q.rcode, RCODE_FORMERR);
}
END_TEST

/* Names of additional records, and whether the question counts: pointers are
 * not followed, so that none does harm. */
static const struct { uint8_t name[12]; size_t len; int good; } owners[] = {
	{ { 0xc0, 0x0c }, 2, 1 }, { { 0xc0, 0x18 }, 2, 1 },	/* itself */
	{ { 0xc0, 0x1a }, 2, 1 }, { { 0xff, 0xff }, 2, 1 },	/* forward */
	{ { 0xc0, 0x00 }, 2, 1 },				/* header */
	{ { 1, 'x', 0xc0, 0x18 }, 4, 1 },
	{ { 0x40, 'x', 0 }, 3, 0 }, { { 0x80, 'x', 0 }, 3, 0 },
	{ { 63, 'x', 0 }, 3, 0 },
};

START_TEST(question_parse_follows_no_pointer_behind_the_question)
{
	enum question_verdict v;
	struct question q;

	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);		/* up to 24 */
	ck_assert_uint_eq(query_len(&query), 24);
	pack_put(&query.p, owners[_i].name, owners[_i].len);
	pack_u16(&query.p, T_OWN);
	pack_u16(&query.p, 1);
	pack_u32(&query.p, 0);
	pack_u16(&query.p, 0);
	v = question_parse(&q, query.buf, query_len(&query));
	ck_assert_int_eq(v, owners[_i].good ? QUESTION_ASK : QUESTION_ERROR);
	if (owners[_i].good)
		ck_assert_str_eq(q.q.name, "a.test");
	else
		ck_assert_uint_eq(q.rcode, RCODE_FORMERR);
}
END_TEST

/* --- amplification, over IPv6 --- */

static size_t given, heard;

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *question,
    const struct dns_from *from)
{
	struct dns_record r[16];
	size_t i;

	(void)arg;
	(void)from;
	memset(r, 0, sizeof(r));
	for (i = 0; i < NELEM(r); i++) {
		r[i].addr.family = question->ask == DNS_ASK_A ? 4 : 6;
		r[i].addr.ip[0] = 0x20;
		r[i].addr.ip[3] = (uint8_t)i;
		r[i].ttl = 60;
	}
	dnsport_answer(q, DNS_OK, r, NELEM(r));
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
	ldns_pkt *pkt = query_read(msg, len);

	(void)arg;
	heard = len;
	given = ldns_pkt_ancount(pkt);
	ck_assert(given || ldns_pkt_tc(pkt));
	ldns_pkt_free(pkt);
}

static const struct dnsport_user user = { .ask = on_ask, .forget = on_forget };

/* The headers are larger, and what goes back is no more for that. */
START_TEST(dnsport_no_udp_answer_over_ipv6_is_more_than_half_as_long_again)
{
	static const uint16_t types[] = { Q_A, Q_AAAA };
	struct dns_from from = { .client = { .family = 6, .port = 4000,
	    .ip = { 0xfd, [15] = 1 } } };
	size_t len, i, edns, most = 0;
	struct dnsport *dp;
	struct dns_query *q;
	struct loop loop;

	loop_init(&loop, 1000, 1795300000);
	ck_assert_int_eq(dnsport_new(&dp, &loop, &user, NULL), 0);
	for (i = 0; i < NELEM(types); i++)
		for (edns = 0; edns < 2; edns++) {
			query_head(&query, 0x0100, 1, 0, 0, (uint16_t)edns);
			query_ask(&query, "www.example.test", types[i], 1);
			if (edns)
				query_opt(&query, 65535, 0, 0, 0);
			len = query_len(&query);
			heard = 0;
			ck_assert_int_eq(dnsport_query(dp, query.buf, len,
			    &from, on_reply, NULL, &q), 0);
			ck_assert_uint_gt(heard, 0);
			ck_assert_uint_le(2 * (heard + 48), 3 * (len + 48));
			most = given > most ? given : most;
		}
	ck_assert_uint_gt(most, 0);
	dnsport_free(dp);
	loop_end_turn(&loop);
}
END_TEST

/* --- virtual addresses --- */

/* C10: whoever makes us forget names does not make addresses come again: who
 * still has one of them must not come to another name. */
START_TEST(automap_address_of_what_was_pushed_out_does_not_come_again)
{
	static const uint8_t group[AUTOMAP_GROUP] = { 1 };
	static uint8_t given_out[1 << 22];
	struct automap_conf conf = { .net4 = { .bits = 0 } };
	struct automap *map;
	struct addr a;
	char name[32];
	size_t at;
	int i;

	ck_assert_int_eq(addr_net_parse(&conf.net4, "10.192.0.0/10", -1), 0);
	ck_assert_int_eq(automap_new(&map, &conf), 0);
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "n%d.onion", i);
		ck_assert_int_eq(automap_address(map, group, name, 4, 0, &a),
		    0);
		at = wire_get32(a.ip) & 0x3fffff;
		ck_assert_uint_eq(given_out[at]++, 0);
	}
	ck_assert_uint_lt(automap_count(map), 100000);
	automap_free(map);
}
END_TEST

/* --- resolvers --- */

static int
is_taken(void)
{
	size_t len = query_len(&query);
	uint8_t *copy = malloc(len);	/* so that a sanitizer sees its end */
	ldns_pkt *pkt;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, query.buf, len);
	pkt = reply_parse(copy, len);
	free(copy);
	ldns_pkt_free(pkt);
	return pkt != NULL;
}

/* A message to "a.test MX", up to where its records are. */
static void
reply(uint16_t an, uint16_t ns, uint16_t ar)
{
	query_head(&query, 0x8180, 1, an, ns, ar);
	query_ask(&query, "a.test", Q_MX, 1);
	ck_assert_uint_eq(query_len(&query), 24);
}

static void
record(uint16_t type, uint16_t len)
{
	pack_u16(&query.p, type);
	pack_u16(&query.p, 1);
	pack_u32(&query.p, 60);
	pack_u16(&query.p, len);
}

/* Owners of an MX for the root. */
static const struct { uint8_t name[12]; size_t len; int good; } theirs[] = {
	{ { 0xc0, 0x0c }, 2, 1 }, { { 1, 'x', 0xc0, 0x0c }, 4, 1 },
	{ { 0xc0, 0x0e }, 2, 1 },
	{ { 0xc0, 0x18 }, 2, 0 }, { { 1, 'x', 0xc0, 0x18 }, 4, 0 },
	{ { 0xc0, 0x1a, 0xc0, 0x18 }, 4, 0 },
	{ { 0xff, 0xff }, 2, 0 }, { { 0x40, 'x', 0 }, 3, 0 },
	{ { 0x80, 'x', 0 }, 3, 0 }, { { 63, 'x', 0 }, 3, 0 },
};

START_TEST(reply_parse_name_that_is_none_is_no_message)
{
	reply(1, 0, 0);
	pack_put(&query.p, theirs[_i].name, theirs[_i].len);
	record(Q_MX, 3);
	pack_u16(&query.p, 10);
	pack_u8(&query.p, 0);
	ck_assert_int_eq(is_taken(), theirs[_i].good);
}
END_TEST

static const struct { uint16_t qd, an, ns, ar, len; int good; } lies[] = {
	{ 1, 1, 0, 0, 3, 1 }, { 1, 0, 1, 0, 3, 1 }, { 1, 0, 0, 1, 3, 1 },
	{ 1, 2, 0, 0, 3, 0 }, { 1, 1, 1, 0, 3, 0 }, { 1, 1, 0, 1, 3, 0 },
	{ 1, 65535, 65535, 65535, 3, 0 }, { 2, 1, 0, 0, 3, 0 },
	{ 65535, 1, 0, 0, 3, 0 }, { 0, 1, 0, 0, 3, 0 },
	{ 1, 1, 0, 0, 4, 0 }, { 1, 1, 0, 0, 65535, 0 },
	{ 1, 1, 0, 0, 1, 0 },
};

START_TEST(reply_parse_count_or_length_that_lies_is_no_message)
{
	reply(0, 0, 0);
	wire_set16(query.buf + 4, lies[_i].qd);
	wire_set16(query.buf + 6, lies[_i].an);
	wire_set16(query.buf + 8, lies[_i].ns);
	wire_set16(query.buf + 10, lies[_i].ar);
	pointer(12);
	record(Q_MX, lies[_i].len);
	pack_u16(&query.p, 10);
	pack_u8(&query.p, 0);
	ck_assert_int_eq(is_taken(), lies[_i].good);
}
END_TEST

/* An MX that points to @labels labels of "a", each behind a pointer. */
START_TEST(reply_parse_name_is_255_bytes_though_it_is_compressed)
{
	size_t at, before, labels = 124 + (size_t)_i;	/* and a.test */
	size_t i;

	reply(2, 0, 0);
	pointer(12);
	record(T_OWN, (uint16_t)(labels * 4));
	at = query_len(&query);
	for (i = 0, before = 14; i < labels; i++, before = at, at += 4) {
		query_label(&query, "a", 1);
		pointer(before);
	}
	pointer(12);
	record(Q_MX, 4);
	pack_u16(&query.p, 10);
	pointer(before);
	ck_assert_int_eq(is_taken(), _i == 0);
}
END_TEST

/* @n pointers, each to the one before and the first to the question's name, in
 * a record that nobody knows: the place of the last. */
static size_t
row(size_t n)
{
	size_t i, at = 0;

	pointer(12);
	record(T_OWN, (uint16_t)(2 * n));
	for (i = 0; i < n; i++) {
		at = query_len(&query);
		pointer(i ? at - 2 : 12);
	}
	return at;
}

static const struct { size_t n; int good; } rows[] = {
	{ 2, 1 }, { 8, 1 }, { 16, 1 }, { 17, 0 }, { 127, 0 }, { 8000, 0 }
};

/* ldns would follow them all, for each name that points there. */
START_TEST(reply_parse_long_row_of_pointers_is_no_message)
{
	size_t last;

	reply(2, 0, 0);
	last = row(rows[_i].n - 1);
	pointer(12);
	record(Q_MX, 4);
	pack_u16(&query.p, 10);
	pointer(last);			/* one more */
	ck_assert_int_eq(is_taken(), rows[_i].good);
}
END_TEST

/* The same, the other way. */
START_TEST(reply_parse_long_row_that_leads_forward_is_no_message)
{
	size_t i, at;

	reply(1, 0, 0);
	pointer(12);
	record(T_OWN, 2 * 100 + 1);
	for (i = 0; i < 100; i++) {
		at = query_len(&query);
		pointer(at + 2);
	}
	pack_u8(&query.p, 0);
	ck_assert_int_eq(is_taken(), 0);
}
END_TEST

/* A key, or a signature: what looks like pointers in it are none. */
START_TEST(reply_parse_bytes_like_pointers_are_no_row)
{
	static const uint8_t like[][6] = {
		{ 0xc0, 0x24 },				/* itself */
		{ 0xc0, 0x26, 0xc0, 0x24 },		/* each other */
		{ 0xc0, 0x26, 0xc0, 0x28, 0xc0, 0x24 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0 },
	};

	reply(1, 0, 0);
	pointer(12);
	record(T_OWN, 6);
	ck_assert_uint_eq(query_len(&query), 0x24);
	pack_put(&query.p, like[_i], 6);
	ck_assert_int_eq(is_taken(), 1);
}
END_TEST

/* HIP: its servers. */
START_TEST(reply_parse_record_with_names_without_number_is_no_message)
{
	reply(1, 0, 0);
	pointer(12);
	record(T_HIP, 8 + 4);
	pack_u8(&query.p, 2);		/* HIT, algorithm, key */
	pack_u8(&query.p, 2);
	pack_u16(&query.p, 2);
	pack_u32(&query.p, 0);
	pointer(12);
	pointer(12);
	ck_assert_int_eq(is_taken(), 0);
}
END_TEST

/* Strings of no bytes, of which 64 kB have very many. */
START_TEST(reply_parse_more_parts_than_anybody_needs_is_no_message)
{
	static const struct { uint16_t n; int good; } texts[] = {
		{ 1, 1 }, { 9216, 1 }, { 9217, 0 }, { 60000, 0 }
	};
	uint16_t i, n = texts[_i % 4].n;
	int where = _i / 4;		/* answer, authority, additional */

	reply(where == 0, where == 1, where == 2);
	pointer(12);
	record(Q_TXT, n);
	for (i = 0; i < n; i++)
		pack_u8(&query.p, 0);
	ck_assert_int_eq(is_taken(), texts[_i % 4].good);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(dnsport_may_answer_only_where_resolvers_ask_from,
	    NELEM(sources)),
	UNIT(question_parse_chain_of_pointers_is_malformed),
	UNIT_LOOP(question_parse_follows_no_pointer_behind_the_question,
	    NELEM(owners)),
	UNIT(dnsport_no_udp_answer_over_ipv6_is_more_than_half_as_long_again),
	UNIT(automap_address_of_what_was_pushed_out_does_not_come_again),
	UNIT_LOOP(reply_parse_name_that_is_none_is_no_message, NELEM(theirs)),
	UNIT_LOOP(reply_parse_count_or_length_that_lies_is_no_message,
	    NELEM(lies)),
	UNIT_LOOP(reply_parse_name_is_255_bytes_though_it_is_compressed, 2),
	UNIT_LOOP(reply_parse_long_row_of_pointers_is_no_message, NELEM(rows)),
	UNIT(reply_parse_long_row_that_leads_forward_is_no_message),
	UNIT_LOOP(reply_parse_bytes_like_pointers_are_no_row, 5),
	UNIT(reply_parse_record_with_names_without_number_is_no_message),
	UNIT_LOOP(reply_parse_more_parts_than_anybody_needs_is_no_message, 12),
};

UNIT_MAIN("hostile", tests)
