/* tests/dnsport/test_question.c - every way for a query to be wrong */
#include "dnsport/question.h"

#include <check.h>

#include "tests/dnsport/query.h"
#include "tests/unit.h"

static struct query query;
static struct question question;

/* From a copy of exact size, so that a sanitizer sees a read past its end. */
static enum question_verdict
parse(void)
{
	size_t len = query_len(&query);
	uint8_t *copy = malloc(len);
	enum question_verdict v;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, query.buf, len);
	v = question_parse(&question, copy, len);
	free(copy);
	return v;
}

static void
expect_error(uint16_t rcode)
{
	ck_assert_int_eq(parse(), QUESTION_ERROR);
	ck_assert_uint_eq(question.rcode, rcode);
}

static void
expect_ask(enum dns_ask ask, const char *name)
{
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_int_eq(question.q.ask, ask);
	ck_assert_str_eq(question.q.name, name);
}

START_TEST(question_parse_takes_a_plain_question)
{
	query_make(&query, "www.example.test", Q_A);
	expect_ask(DNS_ASK_A, "www.example.test");
	ck_assert_uint_eq(question.id, Q_ID);
	ck_assert_uint_eq(question.rd, 1);
	ck_assert_uint_eq(question.cd, 0);
	ck_assert_uint_eq(question.edns, 0);
	ck_assert_uint_eq(question.udp_size, 512);
	query_make(&query, "www.example.test", Q_AAAA);
	expect_ask(DNS_ASK_AAAA, "www.example.test");
}
END_TEST

START_TEST(question_parse_keeps_the_case_on_the_wire_and_lowers_the_name)
{
	query_make(&query, "wWw.ExAmPlE.TeSt", Q_A);
	expect_ask(DNS_ASK_A, "www.example.test");
	ck_assert_uint_eq(question.name_len, 18);
	ck_assert_mem_eq(question.name, "\3wWw\7ExAmPlE\4TeSt", 18);
}
END_TEST

START_TEST(question_parse_keeps_rd_and_cd_as_they_are)
{
	query_head(&query, 0x0010, 1, 0, 0, 0);
	query_ask(&query, "a.b", Q_A, 1);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_uint_eq(question.rd, 0);
	ck_assert_uint_eq(question.cd, 1);
}
END_TEST

START_TEST(question_parse_message_cut_anywhere_is_no_question)
{
	size_t len, cut;
	uint8_t *copy;
	enum question_verdict v;

	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "www.example.test", Q_A, 1);
	query_opt(&query, 1232, 0, 4, 4);
	len = query_len(&query);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	for (cut = 0; cut < len; cut++) {
		copy = malloc(cut ? cut : 1);
		memcpy(copy, query.buf, cut);
		v = question_parse(&question, copy, cut);
		free(copy);
		ck_assert_int_eq(v, cut < 12 ? QUESTION_SILENCE :
		    QUESTION_ERROR);
		if (cut >= 12)
			ck_assert_uint_eq(question.rcode, RCODE_FORMERR);
	}
}
END_TEST

START_TEST(question_parse_an_answer_is_met_with_silence)
{
	query_head(&query, 0x8100, 1, 0, 0, 0);
	query_ask(&query, "www.example.test", Q_A, 1);
	ck_assert_int_eq(parse(), QUESTION_SILENCE);
}
END_TEST

START_TEST(question_parse_other_opcode_is_not_implemented)
{
	query_head(&query, (uint16_t)((_i + 1) << 11), 1, 0, 0, 0);
	query_ask(&query, "www.example.test", Q_A, 1);
	expect_error(RCODE_NOTIMP);
	ck_assert_uint_eq(question.opcode, _i + 1);
	ck_assert_uint_eq(question.name_len, 0);
}
END_TEST

static const struct { uint16_t qd, an, ns, ar; } counts[] = {
	{ 0, 0, 0, 0 }, { 2, 0, 0, 0 }, { 65535, 0, 0, 0 }, { 1, 1, 0, 0 },
	{ 1, 0, 1, 0 }, { 1, 0, 0, 1 }, { 1, 65535, 65535, 65535 },
	{ 1, 0, 0, 65535 }, { 0, 1, 0, 0 }, { 256, 0, 0, 0 }
};

START_TEST(question_parse_counts_that_lie_are_malformed)
{
	query_head(&query, 0x0100, counts[_i].qd, counts[_i].an, counts[_i].ns,
	    counts[_i].ar);
	query_ask(&query, "www.example.test", Q_A, 1);
	expect_error(RCODE_FORMERR);
}
END_TEST

START_TEST(question_parse_two_questions_are_malformed)
{
	query_head(&query, 0x0100, 2, 0, 0, 0);
	query_ask(&query, "a.test", Q_A, 1);
	query_ask(&query, "b.test", Q_AAAA, 1);
	expect_error(RCODE_FORMERR);
}
END_TEST

START_TEST(question_parse_bytes_left_over_are_malformed)
{
	query_make(&query, "www.example.test", Q_A);
	pack_u8(&query.p, 0);
	expect_error(RCODE_FORMERR);
}
END_TEST

/* Names as raw bytes, each followed by type A, class IN. */
static const struct { const char *what; uint8_t name[24]; size_t len; }
    bad_names[] = {
	{ "pointer to itself", { 0xc0, 12 }, 2 },
	{ "pointer forward", { 0xc0, 14, 1, 'a', 0 }, 5 },
	{ "pointer into the header", { 0xc0, 0 }, 2 },
	{ "pointer after a label", { 1, 'a', 0xc0, 12 }, 4 },
	{ "pointer past the end", { 0xff, 0xff }, 2 },
	{ "chain of pointers", { 0xc0, 14, 0xc0, 16, 0xc0, 12 }, 6 },
	{ "label type 0x40", { 0x40, 'a', 0 }, 3 },
	{ "label type 0x80", { 0x80, 'a', 0 }, 3 },
	{ "label past the end", { 63, 'a', 'b', 'c' }, 4 },
};

START_TEST(question_parse_bad_name_is_malformed)
{
	query_head(&query, 0x0100, 1, 0, 0, 0);
	pack_put(&query.p, bad_names[_i].name, bad_names[_i].len);
	pack_u16(&query.p, Q_A);
	pack_u16(&query.p, 1);
	expect_error(RCODE_FORMERR);
	ck_assert_uint_eq(question.name_len, 0);
}
END_TEST

START_TEST(question_parse_label_length_64_to_255_is_malformed)
{
	static uint8_t text[255];

	memset(text, 'a', sizeof(text));
	query_head(&query, 0x0100, 1, 0, 0, 0);
	query_label(&query, text, (size_t)_i + 64);
	pack_u8(&query.p, 0);
	pack_u16(&query.p, Q_A);
	pack_u16(&query.p, 1);
	expect_error(RCODE_FORMERR);
}
END_TEST

/* @len bytes on the wire, in labels of 63 and a rest. */
static void
long_name(size_t len)
{
	static uint8_t text[63];
	size_t n;

	memset(text, 'a', sizeof(text));
	for (len--; len; len -= n + 1) {
		n = len > 64 ? 63 : len - 1;
		if (len - n - 1 == 1)
			n--;		/* no room for a label would be left */
		query_label(&query, text, n);
	}
	pack_u8(&query.p, 0);
}

START_TEST(question_parse_name_of_255_is_taken_and_of_256_malformed)
{
	query_head(&query, 0x0100, 1, 0, 0, 0);
	long_name(255);
	pack_u16(&query.p, Q_A);
	pack_u16(&query.p, 1);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_uint_eq(strlen(question.q.name), DNSPORT_NAME_MAX);
	query_head(&query, 0x0100, 1, 0, 0, 0);
	long_name(256);
	pack_u16(&query.p, Q_A);
	pack_u16(&query.p, 1);
	expect_error(RCODE_FORMERR);
}
END_TEST

START_TEST(question_parse_name_without_an_end_is_malformed)
{
	int i;

	query_head(&query, 0x0100, 1, 0, 0, 0);
	for (i = 0; i < 200; i++)
		query_label(&query, "a", 1);
	expect_error(RCODE_FORMERR);
}
END_TEST

static const struct { const char *label; size_t len; } odd_labels[] = {
	{ "a\0b", 3 }, { "a.b", 3 }, { "a b", 3 }, { "\xc3\xa9", 2 },
	{ "%s%n", 4 }, { "a\nb", 3 }, { "a\\b", 3 }, { "\x1b[31m", 5 },
	{ "a\x7f", 2 }, { "\xff", 1 }, { "a/b", 3 }, { "*", 1 }, { "a@b", 3 }
};

START_TEST(question_parse_name_that_no_host_has_is_refused)
{
	query_head(&query, 0x0100, 1, 0, 0, 0);
	query_label(&query, odd_labels[_i].label, odd_labels[_i].len);
	query_label(&query, "test", 4);
	pack_u8(&query.p, 0);
	pack_u16(&query.p, Q_A);
	pack_u16(&query.p, 1);
	expect_error(RCODE_REFUSED);
	ck_assert_uint_gt(question.name_len, 0);
}
END_TEST

START_TEST(question_parse_host_characters_are_taken)
{
	query_make(&query, "_dmarc.xn--bcher-kva.0-9.Z_z", Q_A);
	expect_ask(DNS_ASK_A, "_dmarc.xn--bcher-kva.0-9.z_z");
}
END_TEST

/* A relay's fingerprint may stand before .exit, with its "$". */
START_TEST(question_parse_dollar_is_taken_in_exit_alone)
{
	query_make(&query, "a.$0123456789abcdef.Exit", Q_A);
	expect_ask(DNS_ASK_A, "a.$0123456789abcdef.exit");
	query_make(&query, "a.$0.exit.test", Q_A);
	expect_error(RCODE_REFUSED);
	query_make(&query, "a.$0.xexit", Q_A);
	expect_error(RCODE_REFUSED);
	query_make(&query, "$.test", Q_A);
	expect_error(RCODE_REFUSED);
	query_make(&query, "a.$/.exit", Q_A);
	expect_error(RCODE_REFUSED);
}
END_TEST

START_TEST(question_parse_the_root_is_refused)
{
	query_make(&query, "", Q_A);
	expect_error(RCODE_REFUSED);
}
END_TEST

static const uint16_t other_types[] = {
	2, 5, 6, 10, Q_MX, Q_TXT, 33, 35, 43, 46, 48, 52, 64, Q_HTTPS, 256, 257,
	65535
};

START_TEST(question_parse_other_type_is_to_be_asked_for)
{
	query_make(&query, "Www.example.test", other_types[_i]);
	expect_ask(DNS_ASK_OTHER, "www.example.test");
	ck_assert_uint_eq(question.type, other_types[_i]);
	ck_assert_uint_eq(question.q.type, other_types[_i]);
	ck_assert_uint_eq(question.q.addr.family, 0);
}
END_TEST

static const uint16_t no_types[] = {
	0, Q_OPT, 128, 249, 250, 251, 252, 253, 254, Q_ANY
};

START_TEST(question_parse_type_that_no_record_has_is_not_implemented)
{
	query_make(&query, "www.example.test", no_types[_i]);
	expect_error(RCODE_NOTIMP);
	ck_assert_uint_eq(question.type, no_types[_i]);
}
END_TEST

START_TEST(question_parse_other_type_may_have_any_name)
{
	query_head(&query, 0x0100, 1, 0, 0, 0);
	query_label(&query, odd_labels[_i].label, odd_labels[_i].len);
	query_label(&query, "local", 5);
	pack_u8(&query.p, 0);
	pack_u16(&query.p, Q_TXT);
	pack_u16(&query.p, 1);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_int_eq(question.q.ask, DNS_ASK_OTHER);
	ck_assert_uint_eq(strlen(question.q.name), odd_labels[_i].len + 6);
	ck_assert_ptr_nonnull(strchr(question.q.name, '?'));
	ck_assert_str_eq(strchr(question.q.name, '.'), ".local");
}
END_TEST

START_TEST(question_parse_other_type_of_the_root_is_to_be_asked_for)
{
	query_make(&query, "", 2);
	expect_ask(DNS_ASK_OTHER, "");
}
END_TEST

START_TEST(question_parse_other_type_of_a_reverse_name_gives_the_address)
{
	query_make(&query, "1.0.0.10.in-addr.arpa", Q_TXT);
	expect_ask(DNS_ASK_OTHER, "1.0.0.10.in-addr.arpa");
	ck_assert_uint_eq(question.q.addr.family, 4);
	ck_assert_uint_eq(wire_get32(question.q.addr.ip), 0x0a000001);
}
END_TEST

static const uint16_t other_classes[] = { 0, 2, 3, 4, 254, 255, 0x8001, 65535 };

START_TEST(question_parse_other_class_is_refused)
{
	query_head(&query, 0x0100, 1, 0, 0, 0);
	query_ask(&query, "version.bind", Q_TXT, other_classes[_i]);
	expect_error(RCODE_REFUSED);
	query_head(&query, 0x0100, 1, 0, 0, 0);
	query_ask(&query, "www.example.test", Q_A, other_classes[_i]);
	expect_error(RCODE_REFUSED);
}
END_TEST

/* EDNS. */

static const struct { uint16_t size; unsigned want; } sizes[] = {
	{ 0, 512 }, { 1, 512 }, { 511, 512 }, { 512, 512 }, { 1232, 1232 },
	{ 4096, 4096 }, { 65535, 65535 }
};

START_TEST(question_parse_opt_size_is_512_or_more)
{
	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);
	query_opt(&query, sizes[_i].size, 0, 0, 0);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_uint_eq(question.edns, 1);
	ck_assert_uint_eq(question.udp_size, sizes[_i].want);
}
END_TEST

START_TEST(question_parse_opt_of_a_later_version_is_badvers)
{
	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);
	query_opt(&query, 1232, (uint8_t)(_i + 1), 0, 0);
	expect_error(RCODE_BADVERS);
	ck_assert_uint_eq(question.edns, 1);
}
END_TEST

START_TEST(question_parse_two_opts_are_malformed)
{
	query_head(&query, 0x0100, 1, 0, 0, 2);
	query_ask(&query, "a.test", Q_A, 1);
	query_opt(&query, 1232, 0, 0, 0);
	query_opt(&query, 512, 0, 0, 0);
	expect_error(RCODE_FORMERR);
}
END_TEST

START_TEST(question_parse_opt_with_a_name_is_malformed)
{
	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);
	query_name(&query, "x");
	pack_u16(&query.p, Q_OPT);
	pack_u16(&query.p, 1232);
	pack_u32(&query.p, 0);
	pack_u16(&query.p, 0);
	expect_error(RCODE_FORMERR);
}
END_TEST

START_TEST(question_parse_rdlength_past_the_end_is_malformed)
{
	static const uint16_t lie[] = { 1, 5, 255, 65535 };

	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);
	query_opt(&query, 1232, 0, lie[_i], _i == 1 ? 4 : 0);
	expect_error(RCODE_FORMERR);
}
END_TEST

START_TEST(question_parse_rdlength_that_is_short_is_malformed)
{
	query_head(&query, 0x0100, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);
	query_opt(&query, 1232, 0, 3, 4);
	expect_error(RCODE_FORMERR);
}
END_TEST

/* A TSIG, whose name may well be compressed, is passed over. */
START_TEST(question_parse_other_additional_record_is_passed_over)
{
	query_head(&query, 0x0100, 1, 0, 0, 2);
	query_ask(&query, "a.test", Q_A, 1);
	query_opt(&query, 1400, 0, 0, 0);
	query_label(&query, "key", 3);
	pack_u16(&query.p, 0xc00c);
	pack_u16(&query.p, 250);
	pack_u16(&query.p, 255);
	pack_u32(&query.p, 0);
	pack_u16(&query.p, 4);
	pack_u32(&query.p, 0xdeadbeef);
	expect_ask(DNS_ASK_A, "a.test");
	ck_assert_uint_eq(question.udp_size, 1400);
}
END_TEST

/* PTR. */

static const struct { const char *name; const char *addr; } reverses[] = {
	{ "4.3.2.1.in-addr.arpa", "1.2.3.4" },
	{ "255.0.10.203.IN-ADDR.ARPA", "203.10.0.255" },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "ip6.arpa", "2001:db8::1" },
	{ "F.E.D.C.B.A.9.8.7.6.5.4.3.2.1.0.F.E.D.C.B.A.9.8.7.6.5.4.3.2.1.2."
	  "ip6.arpa", "2123:4567:89ab:cdef:0123:4567:89ab:cdef" },
};

START_TEST(question_parse_reverse_name_gives_the_address)
{
	struct addr want;

	ck_assert_int_eq(addr_parse_ip(&want, reverses[_i].addr, -1), 0);
	query_make(&query, reverses[_i].name, Q_PTR);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_int_eq(question.q.ask, DNS_ASK_PTR);
	ck_assert(addr_same_ip(&question.q.addr, &want));
}
END_TEST

static const char *const no_reverses[] = {
	"in-addr.arpa", "1.in-addr.arpa", "3.2.1.in-addr.arpa",
	"5.4.3.2.1.in-addr.arpa", "256.3.2.1.in-addr.arpa",
	"0004.3.2.1.in-addr.arpa", "04.3.2.1.in-addr.arpa",
	"a.3.2.1.in-addr.arpa", "-1.3.2.1.in-addr.arpa",
	"4.3.2.1.in-addr.arpa.test", "4.3.2.1.ip6.arpa", "4.3.2.1", "x.test",
	"lb._dns-sd._udp.0.2.0.192.in-addr.arpa", "ip6.arpa",
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0."
	"ip6.arpa",
	"g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	"ip6.arpa",
	"00.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	"ip6.arpa",
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	"ip6.arpa"
};

START_TEST(question_parse_ptr_of_no_address_is_another_type)
{
	query_make(&query, no_reverses[_i], Q_PTR);
	expect_ask(DNS_ASK_OTHER, no_reverses[_i]);
	ck_assert_uint_eq(question.q.addr.family, 0);
}
END_TEST

/* EDNS options: RFC 6891 6.1.2, RFC 7873 4. */

static void
ask_with_option(uint16_t code, uint16_t says, const void *p, size_t len)
{
	query_head(&query, 0x0120, 1, 0, 0, 1);
	query_ask(&query, "a.test", Q_A, 1);
	pack_u8(&query.p, 0);
	pack_u16(&query.p, Q_OPT);
	pack_u16(&query.p, 1232);
	pack_u32(&query.p, 0x8000);
	pack_u16(&query.p, (uint16_t)(4 + len));
	pack_u16(&query.p, code);
	pack_u16(&query.p, says);
	pack_put(&query.p, p, len);
}

START_TEST(question_parse_cookie_of_8_or_16_to_40_is_kept)
{
	static const uint8_t bytes[64] = "0123456789abcdef";
	size_t len = (size_t)_i;

	ask_with_option(10, (uint16_t)len, bytes, len);
	if (len != 8 && (len < 16 || len > 40)) {
		expect_error(RCODE_FORMERR);
		return;
	}
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_uint_eq(question.cookie_len, len);
	ck_assert_mem_eq(question.cookie, bytes, len);
	ck_assert(question.dnssec && question.ad && !question.cd);
}
END_TEST

START_TEST(question_parse_option_that_lies_about_its_length_is_malformed)
{
	static const uint8_t bytes[8];

	ask_with_option(3, 9, bytes, 8);
	expect_error(RCODE_FORMERR);
	ask_with_option(3, 65535, bytes, 8);
	expect_error(RCODE_FORMERR);
	ask_with_option(3, 5, bytes, 8);	/* three bytes are no option */
	expect_error(RCODE_FORMERR);
	ask_with_option(3, 8, bytes, 8);
	ck_assert_int_eq(parse(), QUESTION_ASK);
	ck_assert_uint_eq(question.cookie_len, 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(question_parse_takes_a_plain_question),
	UNIT(question_parse_keeps_the_case_on_the_wire_and_lowers_the_name),
	UNIT(question_parse_keeps_rd_and_cd_as_they_are),
	UNIT(question_parse_message_cut_anywhere_is_no_question),
	UNIT(question_parse_an_answer_is_met_with_silence),
	UNIT_LOOP(question_parse_other_opcode_is_not_implemented, 15),
	UNIT_LOOP(question_parse_counts_that_lie_are_malformed, NELEM(counts)),
	UNIT(question_parse_two_questions_are_malformed),
	UNIT(question_parse_bytes_left_over_are_malformed),
	UNIT_LOOP(question_parse_bad_name_is_malformed, NELEM(bad_names)),
	UNIT_LOOP(question_parse_label_length_64_to_255_is_malformed, 192),
	UNIT(question_parse_name_of_255_is_taken_and_of_256_malformed),
	UNIT(question_parse_name_without_an_end_is_malformed),
	UNIT_LOOP(question_parse_name_that_no_host_has_is_refused,
	    NELEM(odd_labels)),
	UNIT(question_parse_host_characters_are_taken),
	UNIT(question_parse_dollar_is_taken_in_exit_alone),
	UNIT(question_parse_the_root_is_refused),
	UNIT_LOOP(question_parse_type_that_no_record_has_is_not_implemented,
	    NELEM(no_types)),
	UNIT_LOOP(question_parse_other_type_may_have_any_name,
	    NELEM(odd_labels)),
	UNIT(question_parse_other_type_of_the_root_is_to_be_asked_for),
	UNIT(question_parse_other_type_of_a_reverse_name_gives_the_address),
	UNIT_LOOP(question_parse_cookie_of_8_or_16_to_40_is_kept, 48),
	UNIT(question_parse_option_that_lies_about_its_length_is_malformed),
	UNIT_LOOP(question_parse_other_type_is_to_be_asked_for,
	    NELEM(other_types)),
	UNIT_LOOP(question_parse_other_class_is_refused, NELEM(other_classes)),
	UNIT_LOOP(question_parse_opt_size_is_512_or_more, NELEM(sizes)),
	UNIT_LOOP(question_parse_opt_of_a_later_version_is_badvers, 255),
	UNIT(question_parse_two_opts_are_malformed),
	UNIT(question_parse_opt_with_a_name_is_malformed),
	UNIT_LOOP(question_parse_rdlength_past_the_end_is_malformed, 4),
	UNIT(question_parse_rdlength_that_is_short_is_malformed),
	UNIT(question_parse_other_additional_record_is_passed_over),
	UNIT_LOOP(question_parse_reverse_name_gives_the_address,
	    NELEM(reverses)),
	UNIT_LOOP(question_parse_ptr_of_no_address_is_another_type,
	    NELEM(no_reverses)),
};

UNIT_MAIN("question", tests)
