/* tests/dnsport/test_answer.c - what we say, read by another parser */
#include "dnsport/answer.h"

#include <check.h>

#include "dnsport/cookie.h"
#include "tests/dnsport/query.h"
#include "tests/unit.h"

static struct query query;
static struct question question;
static size_t query_size, answer_size;

static void
ask(const char *name, uint16_t type, int edns_size)
{
	query_head(&query, 0x0100, 1, 0, 0, edns_size >= 0);
	query_ask(&query, name, type, 1);
	if (edns_size >= 0)
		query_opt(&query, (uint16_t)edns_size, 0, 0, 0);
	query_size = query_len(&query);
	ck_assert_int_ne(question_parse(&question, query.buf, query_size),
	    QUESTION_SILENCE);
}

static ldns_pkt *
answer_as(uint16_t rcode, const struct dns_record *r, size_t n,
    const struct answer_how *how)
{
	uint8_t *msg = answer_build(&question, rcode, r, n, how, &answer_size);
	ldns_pkt *pkt;

	ck_assert_ptr_nonnull(msg);
	pkt = query_read(msg, answer_size);
	free(msg);
	return pkt;
}

static ldns_pkt *
answer(uint16_t rcode, const struct dns_record *r, size_t n, int tcp)
{
	struct answer_how how = { .max = tcp ? 0 : question.udp_size };

	if (how.max > DNSPORT_UDP_MAX)
		how.max = DNSPORT_UDP_MAX;
	return answer_as(rcode, r, n, &how);
}

static void
fill_v4(struct dns_record *r, size_t n, uint32_t ttl)
{
	size_t i;

	for (i = 0; i < n; i++) {
		memset(&r[i], 0, sizeof(r[i]));
		addr_v4(&r[i].addr, 0x01020300 + (uint32_t)i, 0);
		r[i].ttl = ttl;
	}
}

static ldns_rr *
rr_of(ldns_pkt *pkt, size_t i)
{
	ck_assert_uint_gt(ldns_rr_list_rr_count(ldns_pkt_answer(pkt)), i);
	return ldns_rr_list_rr(ldns_pkt_answer(pkt), i);
}

START_TEST(answer_build_a_records_are_read_back)
{
	struct dns_record r[3];
	ldns_pkt *pkt;
	size_t i;

	fill_v4(r, 3, 300);
	ask("WwW.example.TEST", Q_A, -1);
	pkt = answer(RCODE_NOERROR, r, 3, 0);
	ck_assert_uint_eq(ldns_pkt_id(pkt), Q_ID);
	ck_assert_uint_eq(ldns_pkt_qdcount(pkt), 1);
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), 3);
	ck_assert(ldns_pkt_rd(pkt) && ldns_pkt_ra(pkt));
	ck_assert(!ldns_pkt_tc(pkt) && !ldns_pkt_aa(pkt) &&
	    !ldns_pkt_ad(pkt) && !ldns_pkt_edns(pkt));
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(ldns_rr_ttl(rr_of(pkt, i)), 300);
		ck_assert_mem_eq(ldns_rdf_data(ldns_rr_rdf(rr_of(pkt, i), 0)),
		    r[i].addr.ip, 4);
	}
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(answer_build_gives_the_question_back_byte_by_byte)
{
	struct answer_how how = { .max = 0 };
	struct dns_record r[1];
	uint8_t *msg;

	fill_v4(r, 1, 300);
	ask("WwW.ExAmPlE.TEST", Q_A, -1);
	msg = answer_build(&question, RCODE_NOERROR, r, 1, &how, &answer_size);
	ck_assert_ptr_nonnull(msg);
	ck_assert_uint_gt(answer_size, query_size);
	ck_assert_mem_eq(msg + 12, query.buf + 12, query_size - 12);
	free(msg);
}
END_TEST

START_TEST(answer_build_aaaa_record_is_read_back)
{
	struct dns_record r = { .ttl = 100 };
	ldns_pkt *pkt;

	ck_assert_int_eq(addr_parse_ip(&r.addr, "2001:db8::1", -1), 0);
	ask("a.test", Q_AAAA, -1);
	pkt = answer(RCODE_NOERROR, &r, 1, 0);
	ck_assert_mem_eq(ldns_rdf_data(ldns_rr_rdf(rr_of(pkt, 0), 0)),
	    r.addr.ip, 16);
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(answer_build_leaves_out_what_was_not_asked_for)
{
	struct dns_record r[3];
	ldns_pkt *pkt;

	fill_v4(r, 3, 100);
	ck_assert_int_eq(addr_parse_ip(&r[1].addr, "2001:db8::1", -1), 0);
	memset(&r[2].addr, 0, sizeof(r[2].addr));
	r[2].name = "name.test";
	ask("a.test", Q_A, -1);
	pkt = answer(RCODE_NOERROR, r, 3, 0);
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), 1);
	ldns_pkt_free(pkt);
}
END_TEST

static const struct { uint32_t ttl, want; } ttls[] = {
	{ 0, 60 }, { 1, 60 }, { 59, 60 }, { 60, 60 }, { 61, 61 },
	{ 3600, 3600 }, { 3601, 3600 }, { 0x7fffffff, 3600 },
	{ 0x80000000, 3600 }, { 0xffffffff, 3600 }
};

START_TEST(answer_build_clips_the_ttl)
{
	struct dns_record r[1];
	ldns_pkt *pkt;

	fill_v4(r, 1, ttls[_i].ttl);
	ask("a.test", Q_A, -1);
	pkt = answer(RCODE_NOERROR, r, 1, 0);
	ck_assert_uint_eq(ldns_rr_ttl(rr_of(pkt, 0)), ttls[_i].want);
	ldns_pkt_free(pkt);
}
END_TEST

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct { const char *name; const char *want; } names[] = {
	{ "host.test", "host.test." }, { "host.test.", "host.test." },
	{ "Under_Score-1.test", "Under_Score-1.test." },
	{ LABEL_63 ".test", LABEL_63 ".test." },
	{ "", NULL }, { "a..b", NULL }, { ".a", NULL }, { "a b", NULL },
	{ "a\\.b", NULL }, { "a\\000b", NULL }, { "a\nb", NULL },
	{ "\xc3\xa9.test", NULL }, { LABEL_63 "a.test", NULL },
	{ LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, NULL }
};

START_TEST(answer_build_ptr_takes_host_names_only)
{
	struct dns_record r = { .name = names[_i].name, .ttl = 100 };
	ldns_pkt *pkt;
	char *text;

	ask("4.3.2.1.in-addr.arpa", Q_PTR, 4096);
	pkt = answer(RCODE_NOERROR, &r, 1, 0);
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), names[_i].want ? 1 : 0);
	if (names[_i].want) {
		text = ldns_rdf2str(ldns_rr_rdf(rr_of(pkt, 0), 0));
		ck_assert_str_eq(text, names[_i].want);
		free(text);
	}
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(answer_build_without_a_question_is_a_header)
{
	struct query q;
	ldns_pkt *pkt;

	query_head(&q, 0x2100, 1, 0, 0, 0);	/* NOTIFY */
	query_ask(&q, "a.test", Q_A, 1);
	ck_assert_int_eq(question_parse(&question, q.buf, query_len(&q)),
	    QUESTION_ERROR);
	pkt = answer(question.rcode, NULL, 0, 0);
	ck_assert_uint_eq(ldns_pkt_get_rcode(pkt), RCODE_NOTIMP);
	ck_assert_int_eq(ldns_pkt_get_opcode(pkt), 4);
	ck_assert_uint_eq(ldns_pkt_qdcount(pkt), 0);
	ck_assert_uint_eq(answer_size, 12);
	ldns_pkt_free(pkt);
}
END_TEST

static const uint16_t rcodes[] = { RCODE_NOERROR, RCODE_FORMERR,
	RCODE_SERVFAIL, RCODE_NXDOMAIN, RCODE_NOTIMP, RCODE_REFUSED,
	RCODE_BADVERS };

START_TEST(answer_build_without_records_is_no_longer_than_the_question)
{
	static const int edns[] = { -1, 0, 512, 65535 };
	ldns_pkt *pkt;
	size_t i;

	for (i = 0; i < NELEM(edns); i++) {
		ask("a.test", Q_A, edns[i]);
		if (rcodes[_i] == RCODE_BADVERS && edns[i] < 0)
			continue;
		pkt = answer(rcodes[_i], NULL, 0, 0);
		ck_assert_uint_le(answer_size, query_size);
		ck_assert_uint_eq(ldns_pkt_get_rcode(pkt) |
		    ldns_pkt_edns_extended_rcode(pkt) << 4, rcodes[_i]);
		ldns_pkt_free(pkt);
	}
}
END_TEST

START_TEST(answer_build_answers_edns_with_edns)
{
	struct dns_record r[1];
	ldns_pkt *pkt;

	fill_v4(r, 1, 100);
	ask("a.test", Q_A, 0);
	pkt = answer(RCODE_NOERROR, r, 1, 0);
	ck_assert(ldns_pkt_edns(pkt));
	ck_assert_uint_eq(ldns_pkt_edns_udp_size(pkt), DNSPORT_UDP_MAX);
	ck_assert_uint_eq(ldns_pkt_edns_version(pkt), 0);
	ldns_pkt_free(pkt);
}
END_TEST

/* What a client can take, and how many A records of a.test that is. */
static const struct { int edns; size_t fits; size_t max; } limits[] = {
	{ -1, 30, 512 }, { 0, 29, 512 }, { 512, 29, 512 }, { 1232, 74, 1232 },
	{ 4096, 74, 1232 }, { 65535, 74, 1232 }
};

START_TEST(answer_build_over_udp_is_cut_where_it_does_not_fit)
{
	struct dns_record r[100];
	ldns_pkt *pkt;

	fill_v4(r, 100, 100);
	ask("a.test", Q_A, limits[_i].edns);
	pkt = answer(RCODE_NOERROR, r, limits[_i].fits, 0);
	ck_assert(!ldns_pkt_tc(pkt));
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), limits[_i].fits);
	ck_assert_uint_le(answer_size, limits[_i].max);
	ldns_pkt_free(pkt);
	pkt = answer(RCODE_NOERROR, r, limits[_i].fits + 1, 0);
	ck_assert(ldns_pkt_tc(pkt));
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), 0);
	ck_assert_uint_le(answer_size, query_size);
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(answer_build_over_tcp_is_never_cut)
{
	struct dns_record r[100];
	ldns_pkt *pkt;

	fill_v4(r, 100, 100);
	ask("a.test", Q_A, -1);
	pkt = answer(RCODE_NOERROR, r, 100, 1);
	ck_assert(!ldns_pkt_tc(pkt));
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), 100);
	ldns_pkt_free(pkt);
}
END_TEST

/* The data of an option of the answer's OPT; NULL: there is none. */
static const uint8_t *
option(const ldns_pkt *pkt, uint16_t code, size_t *len)
{
	ldns_rdf *data = ldns_pkt_edns_data(pkt);
	struct wire w;
	uint16_t c;

	if (data == NULL)
		return NULL;
	wire_init(&w, ldns_rdf_data(data), ldns_rdf_size(data));
	while (wire_left(&w)) {
		c = wire_u16(&w);
		*len = wire_u16(&w);
		if (c == code)
			return wire_take(&w, *len);
		wire_take(&w, *len);
		ck_assert_int_eq(w.err, 0);
	}
	return NULL;
}

static const uint8_t cookie[COOKIE_LEN] = "12345678abcdefgh";

/* What there is room for, in bytes over those of the question and a bare OPT:
 * an EDE with text 12 (6 and "reason"), a cookie 28. */
static const struct { size_t room; int cookie, ede, text; } rooms[] = {
	{ 0, 0, 0, 0 }, { 5, 0, 0, 0 }, { 6, 0, 1, 0 }, { 12, 0, 1, 0 },
	{ 27, 0, 1, 0 }, { 28, 1, 0, 0 }, { 33, 1, 0, 0 }, { 34, 1, 1, 0 },
	{ 39, 1, 1, 0 }, { 40, 1, 1, 1 }, { 1000, 1, 1, 1 }
};

START_TEST(answer_build_says_as_much_by_edns_as_there_is_room_for)
{
	struct answer_how how = { .explained = 1, .ede = 18, .text = "reason",
		.cookie = cookie };
	const uint8_t *p;
	ldns_pkt *pkt;
	size_t len = 0;

	ask("www.example.test", Q_A, 1232);
	how.max = query_size + rooms[_i].room;
	pkt = answer_as(RCODE_REFUSED, NULL, 0, &how);
	ck_assert_uint_le(answer_size, how.max);
	ck_assert(!ldns_pkt_tc(pkt));
	p = option(pkt, 10, &len);
	ck_assert_int_eq(p != NULL, rooms[_i].cookie);
	if (p) {
		ck_assert_uint_eq(len, COOKIE_LEN);
		ck_assert_mem_eq(p, cookie, COOKIE_LEN);
	}
	p = option(pkt, 15, &len);
	ck_assert_int_eq(p != NULL, rooms[_i].ede);
	if (p) {
		ck_assert_uint_eq(wire_get16(p), 18);
		ck_assert_uint_eq(len, rooms[_i].text ? 8 : 2);
		ck_assert_mem_eq(p + 2, "reason", len - 2);
	}
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(answer_build_without_edns_explains_nothing)
{
	struct answer_how how = { .explained = 1, .ede = 18, .text = "reason" };
	ldns_pkt *pkt;

	ask("www.example.test", Q_A, -1);
	pkt = answer_as(RCODE_REFUSED, NULL, 0, &how);
	ck_assert(!ldns_pkt_edns(pkt));
	ck_assert_uint_eq(answer_size, query_size);
	ldns_pkt_free(pkt);
}
END_TEST

/* Addresses are left out for fairness, down to one; then it is TC. */
START_TEST(answer_build_leaves_addresses_out_before_it_is_cut)
{
	struct answer_how how = { .max = 1232 };
	struct dns_record r[9];
	ldns_pkt *pkt;
	size_t n;

	fill_v4(r, 9, 100);
	ask("www.example.test", Q_A, -1);
	for (n = 0; n <= 9; n++) {
		how.fair = query_size + n * 16 + 15;
		pkt = answer_as(RCODE_NOERROR, r, 9, &how);
		ck_assert_uint_eq(ldns_pkt_ancount(pkt), n);
		ck_assert_int_eq(ldns_pkt_tc(pkt), n == 0);
		ck_assert_uint_le(answer_size, how.fair);
		ldns_pkt_free(pkt);
	}
}
END_TEST

START_TEST(answer_build_when_cut_brings_the_cookie_that_helps)
{
	struct answer_how how = { .cookie = cookie };
	struct dns_record r[1];
	ldns_pkt *pkt;
	size_t len;

	fill_v4(r, 1, 100);
	ask("www.example.test", Q_AAAA, 1232);
	r[0].addr.family = 6;
	how.max = how.fair = query_size + 28 - 1;
	pkt = answer_as(RCODE_NOERROR, r, 1, &how);
	ck_assert(ldns_pkt_tc(pkt));
	ck_assert_ptr_null(option(pkt, 10, &len));
	ldns_pkt_free(pkt);
	how.max = how.fair = query_size + 28;
	pkt = answer_as(RCODE_NOERROR, r, 1, &how);
	ck_assert(!ldns_pkt_tc(pkt));	/* records before cookies */
	ck_assert_uint_eq(ldns_pkt_ancount(pkt), 1);
	ldns_pkt_free(pkt);
	ask("www.example.test", Q_A, 1232);
	fill_v4(r, 1, 100);
	how.max = how.fair = query_size + 15;
	how.cookie = NULL;
	pkt = answer_as(RCODE_NOERROR, r, 1, &how);
	ck_assert(ldns_pkt_tc(pkt));
	ldns_pkt_free(pkt);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(answer_build_a_records_are_read_back),
	UNIT(answer_build_gives_the_question_back_byte_by_byte),
	UNIT(answer_build_aaaa_record_is_read_back),
	UNIT(answer_build_leaves_out_what_was_not_asked_for),
	UNIT_LOOP(answer_build_clips_the_ttl, NELEM(ttls)),
	UNIT_LOOP(answer_build_ptr_takes_host_names_only, NELEM(names)),
	UNIT(answer_build_without_a_question_is_a_header),
	UNIT_LOOP(answer_build_without_records_is_no_longer_than_the_question,
	    NELEM(rcodes)),
	UNIT(answer_build_answers_edns_with_edns),
	UNIT_LOOP(answer_build_over_udp_is_cut_where_it_does_not_fit,
	    NELEM(limits)),
	UNIT(answer_build_over_tcp_is_never_cut),
	UNIT_LOOP(answer_build_says_as_much_by_edns_as_there_is_room_for,
	    NELEM(rooms)),
	UNIT(answer_build_without_edns_explains_nothing),
	UNIT(answer_build_leaves_addresses_out_before_it_is_cut),
	UNIT(answer_build_when_cut_brings_the_cookie_that_helps),
};

UNIT_MAIN("answer", tests)
