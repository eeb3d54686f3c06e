/* tests/dnsport/test_points.c - where an answer may not lead */
#include "dnsport/points.h"

#include <check.h>
#include <ldns/ldns.h>
#include <string.h>

#include "base/addr.h"
#include "tests/unit.h"

static char asked[256];			/* is_public(), the last */

static int
may_be(void *arg, const struct addr *a)
{
	(void)arg;
	return a->family != 4 || a->ip[0] != 99;
}

static int
is_public(void *arg, const char *zone)
{
	(void)arg;
	snprintf(asked, sizeof(asked), "%s", zone);
	return strstr(zone, "local") == NULL;
}

static const struct {
	const char	*record;
	int		 astray;	/* where private ones are rejected, */
	int		 anyway;	/* and where they are not */
} records[] = {
	{ "x.test. A 192.0.2.1", 0, 0 },
	{ "x.test. A 10.0.0.1", 1, 0 },
	{ "x.test. A 99.0.0.1", 1, 1 },
	{ "x.test. AAAA 2001:db8::1", 0, 0 },
	{ "x.test. AAAA fe80::1", 1, 0 },
	{ "x.test. AAAA 2002:a00:1::1", 1, 0 },
	{ "x.test. CNAME y.test.", 0, 0 },
	{ "x.test. CNAME y.local.", 1, 0 },
	{ "x.test. CNAME Y.LOCAL.", 1, 0 },
	{ "x.test. CNAME printer.", 1, 0 },
	{ "x.test. DNAME test.", 0, 0 },
	{ "x.test. DNAME local.", 1, 0 },
	{ "x.test. MX 10 mx.test.", 0, 0 },
	{ "x.test. MX 0 .", 0, 0 },
	{ "x.test. MX 10 mx.local.", 1, 0 },
	{ "x.test. MX 10 mx.", 1, 0 },
	{ "x.test. SRV 0 0 0 .", 0, 0 },
	{ "x.test. SRV 0 0 53 y.test.", 0, 0 },
	{ "x.test. SRV 0 0 53 y.local.", 1, 0 },
	{ "x.test. NAPTR 1 1 \"S\" \"SIP+D2U\" \"\" _sip._udp.test.", 0, 0 },
	{ "x.test. NAPTR 1 1 \"S\" \"SIP+D2U\" \"\" _sip._udp.local.", 1, 0 },
	{ "x.test. KX 1 y.local.", 1, 0 },
	{ "x.test. AFSDB 1 y.local.", 1, 0 },
	{ "x.test. RT 1 y.local.", 1, 0 },
	{ "x.test. TXT \"y.local\"", 0, 0 },
	{ "x.test. NS ns.local.", 0, 0 },	/* nobody connects there */
	{ "x.test. PTR y.local.", 0, 0 },
	/* 1 . */
	{ "x.test. TYPE65 \\# 3 000100", 0, 0 },
	/* 1 y.test. */
	{ "x.test. TYPE65 \\# 11 0001017904746573740000", 1, 1 },
	{ "x.test. TYPE65 \\# 10 00010179047465737400", 0, 0 },
	/* 0 y.local., the alias form */
	{ "x.test. TYPE64 \\# 11 00000179056c6f63616c00", 1, 0 },
	{ "x.test. TYPE64 \\# 5 0000017900", 1, 0 },
	/* 1 . ipv4hint=10.0.0.1; 192.0.2.1,99.0.0.1; 192.0.2.1 */
	{ "x.test. TYPE65 \\# 11 000100000400040a000001", 1, 0 },
	{ "x.test. TYPE65 \\# 15 00010000040008c000020163000001", 1, 1 },
	{ "x.test. TYPE65 \\# 11 00010000040004c0000201", 0, 0 },
	/* 1 . ipv6hint=fd00::1 */
	{ "x.test. TYPE65 \\# 23 "
	  "00010000060010fd000000000000000000000000000001", 1, 0 },
};

static ldns_pkt *
packet_of(const char *text)
{
	ldns_pkt *pkt = ldns_pkt_new(), *read = NULL;
	uint8_t *wire = NULL;
	ldns_rr *rr = NULL;
	size_t len;

	ck_assert_msg(ldns_rr_new_frm_str(&rr, text, 60, NULL, NULL) ==
	    LDNS_STATUS_OK, "%s", text);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
	ck_assert_int_eq(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
	ck_assert_msg(ldns_wire2pkt(&read, wire, len) == LDNS_STATUS_OK, "%s",
	    text);
	ldns_pkt_free(pkt);
	free(wire);
	return read;
}

START_TEST(points_astray_follows_the_table)
{
	struct points_conf conf = { .reject_internal = 1, .may_be = may_be,
		.is_public = is_public };
	ldns_pkt *pkt = packet_of(records[_i].record);

	ck_assert_msg(points_astray(&conf, pkt) == records[_i].astray, "%s",
	    records[_i].record);
	conf.reject_internal = 0;
	ck_assert_msg(points_astray(&conf, pkt) == records[_i].anyway,
	    "%s, if allowed", records[_i].record);
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(points_astray_asks_for_the_name_as_text)
{
	struct points_conf conf = { .reject_internal = 1,
		.is_public = is_public };
	ldns_pkt *pkt = packet_of("x.test. CNAME A\\.b.oni\\000on\\255.");

	ck_assert(!points_astray(&conf, pkt));
	ck_assert_str_eq(asked, "a?b.oni?on?");
	conf.is_public = NULL;
	ck_assert(points_astray(&conf, pkt));
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(points_astray_looks_at_all_records)
{
	struct points_conf conf = { .reject_internal = 1,
		.is_public = is_public };
	ldns_pkt *pkt = packet_of("x.test. A 192.0.2.1");
	ldns_rr *rr = NULL;

	ck_assert(!points_astray(&conf, pkt));
	ck_assert_int_eq(ldns_rr_new_frm_str(&rr, "x.test. A 10.0.0.1", 60,
	    NULL, NULL), LDNS_STATUS_OK);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
	ck_assert(points_astray(&conf, pkt));
	ldns_pkt_free(pkt);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(points_astray_follows_the_table, NELEM(records)),
	UNIT(points_astray_asks_for_the_name_as_text),
	UNIT(points_astray_looks_at_all_records),
};

UNIT_MAIN("points", tests)
