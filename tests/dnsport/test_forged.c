/* tests/dnsport/test_forged.c - forged answers, and what of them gets through
 *
 * The zone "island." is signed here, and its key is the anchor.  Whoever
 * answers may put what he likes beside, before and instead of its records.
 */
#include <errno.h>
#include <ldns/ldns.h>

#include "dnsport/anchors.h"
#include "dnsport/chain.h"
#include "dnsport/denial.h"
#include "dnsport/record.h"
#include "dnsport/reply.h"
#include "dnsport/rrset.h"
#include "dnsport/sigcheck.h"
#include "dnsport/validate.h"
#include "dnsport/zones.h"
#include "tests/dnsport/signer.h"
#include "tests/unit.h"

enum { WANTED_MAX = VALIDATE_ASKED_MAX, GIVEN_MAX = 16 };
#define ANSWER LDNS_SECTION_ANSWER
#define AUTHORITY LDNS_SECTION_AUTHORITY
#define BOGUS VALIDATE_BOGUS
#define SECURE VALIDATE_SECURE
#define INSECURE VALIDATE_INSECURE

static struct signer island;
static struct anchors *anchors;
static struct zones *zones;
static ldns_pkt *pkt;		/* the answer to be judged */
static ldns_pkt *reply;		/* what of it gets through */
static uint16_t why;

static struct { ldns_rdf *name; uint16_t type; } wanted[WANTED_MAX];
static size_t nwanted;

/* What can be had of DS and DNSKEY, for the asking. */
static struct { const char *name; uint16_t type; ldns_pkt *pkt; }
    had[GIVEN_MAX];
static size_t nhad;

static void
open_forged(void)
{
	char *text;
	size_t line;

	signer_open(&island, "island.");
	text = ldns_rr2str(island.dnskey);
	ck_assert_int_eq(anchors_new(&anchors, text, strlen(text), &line), 0);
	free(text);
	zones = zones_new();
	pkt = signer_pkt(0);
	nwanted = nhad = 0;
	had[nhad].name = "island.";
	had[nhad].type = LDNS_RR_TYPE_DNSKEY;
	had[nhad++].pkt = signer_keys(&island);
}

static void
close_forged(void)
{
	while (nhad)
		ldns_pkt_free(had[--nhad].pkt);
	while (nwanted)
		ldns_rdf_deep_free(wanted[--nwanted].name);
	ldns_pkt_free(pkt);
	ldns_pkt_free(reply);
	pkt = reply = NULL;
	zones_free(zones);
	anchors_free(anchors);
	signer_close(&island);
}

static void
good(ldns_pkt_section where, const char *text)
{
	signer_put(&island, pkt, where, text);
}

static void
forge(ldns_pkt_section where, const char *text)
{
	ldns_pkt_push_rr(pkt, where, signer_rr(text));
}

/* --- judging --- */

static void
on_want(void *arg, const ldns_rdf *name, uint16_t type)
{
	ck_assert_ptr_eq(arg, &wanted);
	ck_assert_uint_lt(nwanted, WANTED_MAX);
	wanted[nwanted].name = ldns_rdf_clone(name);
	wanted[nwanted++].type = type;
}

static ldns_pkt *
have(const ldns_rdf *name, uint16_t type)
{
	ldns_rdf *n;
	size_t i;
	int same;

	for (i = 0; i < nhad; i++) {
		n = ldns_dname_new_frm_str(had[i].name);
		same = ldns_dname_compare(n, name) == 0;
		ldns_rdf_deep_free(n);
		if (same && had[i].type == type)
			return ldns_pkt_clone(had[i].pkt);
	}
	return NULL;
}

static enum validate_verdict
run(struct validate *v)
{
	enum validate_verdict r;
	size_t given = 0;

	while ((r = validate_run(v, SIGNER_WALL)) == VALIDATE_NEED) {
		ck_assert_uint_lt(given, nwanted);
		for (; given < nwanted; given++)
			validate_give(v, wanted[given].name,
			    wanted[given].type, have(wanted[given].name,
			    wanted[given].type));
	}
	return r;
}

static enum validate_verdict
judge(const char *owner, uint16_t type)
{
	struct validate_conf conf = { .anchors = anchors, .zones = zones,
		.want = on_want, .arg = &wanted };
	ldns_rdf *name = ldns_dname_new_frm_str(owner);
	enum validate_verdict r = BOGUS;
	struct validate *v;
	struct chain *c;

	if (chain_find(&c, pkt, name, type) == 0) {
		ck_assert_int_eq(validate_new(&v, &conf, c), 0);
		r = run(v);
		why = validate_why(v);
		ldns_pkt_free(reply);
		reply = reply_make(c, r == SECURE, 1);
		ck_assert_ptr_nonnull(reply);
		validate_free(v);
		chain_free(c);
	}
	ldns_rdf_deep_free(name);
	return r;
}

/* How often that record is in the reply, with whatever TTL. */
static unsigned
replied(const char *text)
{
	ldns_rr_list *l = ldns_rr_list_cat_clone(ldns_pkt_answer(reply),
	    ldns_pkt_authority(reply));
	ldns_rr *want = signer_rr(text);
	size_t i;
	unsigned n = 0;

	for (i = 0; i < ldns_rr_list_rr_count(l); i++)
		n += ldns_rr_compare(ldns_rr_list_rr(l, i), want) == 0;
	ldns_rr_free(want);
	ldns_rr_list_deep_free(l);
	return n;
}

#define A 1
#define CNAME 5

static const char www[] = "www.island. A 192.0.2.80";

START_TEST(reply_of_what_is_verified_goes_through)
{
	open_forged();
	good(ANSWER, www);
	ck_assert_int_eq(judge("www.island.", A), SECURE);
	ck_assert_uint_eq(replied(www), 1);
	close_forged();
}
END_TEST

/* Beside the true address, an alias that leads to a false one. */
START_TEST(reply_with_an_alias_beside_records_is_bogus)
{
	open_forged();
	good(ANSWER, www);
	forge(ANSWER, "www.island. CNAME evil.example.");
	forge(ANSWER, "evil.example. A 203.0.113.66");
	ck_assert_int_eq(judge("www.island.", A), BOGUS);
	close_forged();
}
END_TEST

START_TEST(reply_of_a_dname_has_the_alias_that_follows_from_it)
{
	open_forged();
	forge(ANSWER, "a.tree.island. CNAME evil.example.");
	forge(ANSWER, "evil.example. A 203.0.113.66");
	good(ANSWER, "tree.island. DNAME other.island.");
	good(ANSWER, "a.other.island. A 192.0.2.81");
	ck_assert_int_eq(judge("a.tree.island.", A), SECURE);
	ck_assert_uint_eq(replied("a.tree.island. CNAME a.other.island."), 1);
	ck_assert_uint_eq(replied("a.other.island. A 192.0.2.81"), 1);
	ck_assert_uint_eq(replied("a.tree.island. CNAME evil.example."), 0);
	ck_assert_uint_eq(replied("evil.example. A 203.0.113.66"), 0);
	close_forged();
}
END_TEST


START_TEST(reply_of_a_dname_to_who_asks_for_aliases)
{
	open_forged();
	forge(ANSWER, "a.tree.island. CNAME evil.example.");
	good(ANSWER, "tree.island. DNAME other.island.");
	ck_assert_int_eq(judge("a.tree.island.", CNAME), SECURE);
	ck_assert_uint_eq(ldns_pkt_ancount(reply), 3);
	ck_assert_uint_eq(replied("tree.island. DNAME other.island."), 1);
	ck_assert_uint_eq(replied("a.tree.island. CNAME a.other.island."), 1);
	close_forged();
}
END_TEST

/* What is put in between, or into the way's end. */
static const char *const contradictions[] = {
	"b.island. CNAME evil.example.", "B.ISLAND. CNAME evil.example.",
	"a.island. CNAME evil.example.", "a.island. TXT \"beside\"",
	"A.island. A 203.0.113.66"
};

START_TEST(chain_find_alias_beside_other_data_is_none)
{
	ldns_rdf *name = ldns_dname_new_frm_str("a.island.");
	struct chain *c;

	open_forged();
	good(ANSWER, "a.island. CNAME b.island.");
	good(ANSWER, "b.island. A 192.0.2.82");
	ck_assert_int_eq(judge("a.island.", A), SECURE);
	forge(ANSWER, contradictions[_i]);
	ck_assert_int_eq(chain_find(&c, pkt, name, A), -EBADMSG);
	ldns_rdf_deep_free(name);
	close_forged();
}
END_TEST

START_TEST(reply_has_nothing_that_is_not_on_the_way)
{
	open_forged();
	good(ANSWER, www);
	good(ANSWER, "mail.island. A 192.0.2.25");
	forge(ANSWER, "evil.example. A 203.0.113.66");
	forge(ANSWER, "www.island. TXT \"not asked for\"");
	forge(AUTHORITY, "island. NS evil.example.");
	forge(AUTHORITY, "www.island. NSEC zzz.island. TXT");
	forge(AUTHORITY, "island. SOA a. b. 1 2 3 4 5");
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ADDITIONAL,
	    signer_rr("evil.example. A 203.0.113.66"));
	ck_assert_int_eq(judge("www.island.", A), SECURE);
	ck_assert_uint_eq(replied(www), 1);
	ck_assert_uint_eq(ldns_pkt_ancount(reply), 2);	/* and the RRSIG */
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 0);
	ck_assert_uint_eq(ldns_pkt_arcount(reply), 0);
	close_forged();
}
END_TEST

/* The proof, and nothing that looks like one. */
START_TEST(reply_of_nothing_has_what_proves_it)
{
	open_forged();
	good(AUTHORITY, "island. SOA a. b. 1 2 3 4 5");
	good(AUTHORITY, "island. NSEC www.island. SOA NS RRSIG NSEC DNSKEY");
	forge(AUTHORITY, "www.island. NSEC zzz.island. TXT");
	forge(AUTHORITY, ". SOA a. b. 1 2 3 4 5");
	ldns_pkt_set_rcode(pkt, LDNS_RCODE_NXDOMAIN);
	ck_assert_int_eq(judge("none.island.", A), SECURE);
	ck_assert_uint_eq(ldns_pkt_get_rcode(reply), LDNS_RCODE_NXDOMAIN);
	ck_assert_uint_eq(ldns_pkt_ancount(reply), 0);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 4);
	ck_assert_uint_eq(replied("island. SOA a. b. 1 2 3 4 5"), 1);
	close_forged();
}
END_TEST

/* --- whatever is mixed --- */

enum { MIXES = 2000, MIX_MAX = 12 };

static const char *const true_sets[] = {
	"www.island. A 192.0.2.80\nwww.island. A 192.0.2.81",
	"a.island. CNAME b.island.", "b.island. CNAME www.island.",
	"b.island. TXT \"of another time\"", "tree.island. DNAME other.island.",
	"www.other.island. A 192.0.2.82", "a.other.island. CNAME a.island.",
	"island. SOA a. b. 1 2 3 4 5",
	"island. NSEC a.island. SOA NS RRSIG NSEC DNSKEY",
	"a.island. NSEC b.island. CNAME RRSIG NSEC",
	"other.island. NSEC tree.island. RRSIG NSEC",
	"tree.island. NSEC www.island. DNAME RRSIG NSEC",
	"www.island. NSEC island. A RRSIG NSEC",
};

static const char *const lies[] = {
	"www.island. A 203.0.113.66", "www.island. CNAME evil.island.",
	"WWW.ISLAND. CNAME evil.island.", "a.island. A 203.0.113.66",
	"a.island. CNAME evil.island.", "b.island. A 203.0.113.66",
	"tree.island. DNAME evil.island.", "TREE.island. DNAME evil.island.",
	"island. DNAME evil.", "www.tree.island. CNAME evil.island.",
	"www.tree.island. A 203.0.113.66", "evil.island. A 203.0.113.66",
	"www.evil.island. A 203.0.113.66", "www.evil. A 203.0.113.66",
	"a.island. NSEC zzz.island. TXT", "island. SOA evil. b. 1 2 3 4 5",
	("www.island. RRSIG A 13 2 3600 20270101000000 20250101000000 1 "
	    "island. AAAA"),
};

static const struct { const char *name; uint16_t type; } mix_questions[] = {
	{ "www.island.", A }, { "a.island.", A }, { "a.island.", CNAME },
	{ "www.tree.island.", A }, { "www.tree.island.", CNAME },
	{ "a.tree.island.", A }, { "none.island.", A }, { "www.island.", 16 },
	{ "tree.island.", A },
};

/* The same each time. */
static unsigned
draw(unsigned n)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 16) % n;
}

/* True: records of @all, or what follows from a DNAME of it. */
static int
is_true(ldns_rr *rr, const ldns_rr_list *all)
{
	ldns_rr *made[] = { signer_rr("www.tree.island. CNAME "
	    "www.other.island."), signer_rr("a.tree.island. CNAME "
	    "a.other.island.") };
	size_t i;
	int rc = 0;

	for (i = 0; i < NELEM(made); i++) {
		rc |= ldns_rr_compare(rr, made[i]) == 0;
		ldns_rr_free(made[i]);
	}
	for (i = 0; i < ldns_rr_list_rr_count(all); i++)
		rc |= ldns_rr_compare(rr, ldns_rr_list_rr(all, i)) == 0;
	return rc;
}

static void
mix(ldns_pkt *const *sets)
{
	unsigned n = 1 + draw(MIX_MAX), i, which;
	ldns_pkt_section where;

	ldns_pkt_free(pkt);
	pkt = signer_pkt(draw(3) ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN);
	while (n--) {
		which = draw(NELEM(true_sets) + NELEM(lies) / 4);
		where = which < 7 ? ANSWER : AUTHORITY;
		if (draw(8) == 0)
			where = where == ANSWER ? AUTHORITY : ANSWER;
		if (which >= NELEM(true_sets)) {
			forge(draw(3) ? ANSWER : AUTHORITY,
			    lies[draw(NELEM(lies))]);
			continue;
		}
		for (i = 0; i < ldns_pkt_ancount(sets[which]); i++)
			ldns_pkt_push_rr(pkt, where, ldns_rr_clone(
			    ldns_rr_list_rr(ldns_pkt_answer(sets[which]),
			    i)));
	}
}

static void
check_truth(const ldns_rr_list *l, const ldns_rr_list *all)
{
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(l); i++)
		ck_assert(ldns_rr_get_type(ldns_rr_list_rr(l, i)) ==
		    LDNS_RR_TYPE_RRSIG || is_true(ldns_rr_list_rr(l, i),
		    all));
}

/* True records and forged ones, in any order and section: whatever is secure
 * has nothing but true ones. */
START_TEST(reply_of_a_mixture_has_only_what_is_true)
{
	ldns_pkt *sets[NELEM(true_sets)];
	ldns_rr_list *all = ldns_rr_list_new();
	unsigned i, q, secure = 0;

	open_forged();
	for (i = 0; i < NELEM(true_sets); i++) {
		sets[i] = signer_pkt(0);
		signer_put(&island, sets[i], ANSWER, true_sets[i]);
		ldns_rr_list_push_rr_list(all, ldns_pkt_answer(sets[i]));
	}
	for (i = 0; i < MIXES; i++) {
		mix(sets);
		while (nwanted)
			ldns_rdf_deep_free(wanted[--nwanted].name);
		q = draw(NELEM(mix_questions));
		if (judge(mix_questions[q].name, mix_questions[q].type) !=
		    SECURE)
			continue;
		secure++;
		check_truth(ldns_pkt_answer(reply), all);
		check_truth(ldns_pkt_authority(reply), all);
	}
	ck_assert_uint_gt(secure, MIXES / 50);
	for (i = 0; i < NELEM(true_sets); i++)
		ldns_pkt_free(sets[i]);
	ldns_rr_list_free(all);
	close_forged();
}
END_TEST

/* --- records that lack something --- */

static const char *const wholes[] = {
	"x.island. A 1.2.3.4", "x.island. AAAA 2001:db8::1",
	"x.island. CNAME a.", "x.island. DNAME a.",
	"x.island. SOA a. b. 1 2 3 4 5", "x.island. DS 1 8 2 00",
	"x.island. DNSKEY 257 3 13 AAAA", "x.island. NSEC a. A",
	"x.island. RRSIG A 13 1 60 20300101000000 20200101000000 1 a. AAAA",
	"x.island. NSEC3 1 0 0 - 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S",
};

static int
is_parsed(const ldns_pkt *p)
{
	uint8_t *wire = NULL;
	ldns_pkt *parsed;
	size_t len;

	ck_assert_int_eq(ldns_pkt2wire(&wire, p, &len), LDNS_STATUS_OK);
	parsed = reply_parse(wire, len);
	ldns_pkt_free(parsed);
	free(wire);
	return parsed != NULL;
}

START_TEST(reply_parse_record_that_lacks_a_part_is_none)
{
	ldns_pkt_section where[] = { ANSWER, AUTHORITY };
	size_t i, n;
	ldns_rr *rr;

	for (i = 0; i < NELEM(where); i++) {
		rr = signer_rr(wholes[_i]);
		n = ldns_rr_rd_count(rr);
		pkt = signer_pkt(0);
		ldns_pkt_push_rr(pkt, where[i], rr);
		ck_assert(is_parsed(pkt));
		while (n--) {
			ldns_rdf_deep_free(ldns_rr_pop_rdf(rr));
			ck_assert_msg(!is_parsed(pkt), "%s: %zu", wholes[_i],
			    n);
		}
		ldns_pkt_free(pkt);
	}
}
END_TEST

/* Before the whole one, so that the set begins with it. */
START_TEST(validate_run_dname_without_data_is_bogus)
{
	ldns_rr *rr;

	open_forged();
	rr = signer_rr("tree.island. DNAME other.island.");
	ldns_rdf_deep_free(ldns_rr_pop_rdf(rr));
	ldns_pkt_push_rr(pkt, ANSWER, rr);
	ck_assert_int_eq(judge("a.tree.island.", A), BOGUS);
	good(ANSWER, "tree.island. DNAME other.island.");
	ck_assert_int_eq(judge("a.tree.island.", A), BOGUS);
	close_forged();
}
END_TEST

START_TEST(validate_run_records_with_an_error_are_bogus)
{
	open_forged();
	good(ANSWER, www);
	ldns_pkt_set_rcode(pkt, LDNS_RCODE_NXDOMAIN);
	ck_assert_int_eq(judge("www.island.", A), BOGUS);
	ldns_pkt_set_rcode(pkt, LDNS_RCODE_NOERROR);
	ck_assert_int_eq(judge("www.island.", A), SECURE);
	close_forged();
}
END_TEST

/* A DNAME says nothing of its own name, in whatever case that is. */
START_TEST(chain_find_dname_is_not_for_its_own_name)
{
	ldns_rdf *name = ldns_dname_new_frm_str("tree.island.");
	struct chain *c;

	open_forged();
	forge(ANSWER, "TREE.island. DNAME other.island.");
	ck_assert_int_eq(chain_find(&c, pkt, name, A), 0);
	ck_assert_uint_eq(c->n, 1);
	ck_assert_ptr_null(c->link[0].set.rrs);
	chain_free(c);
	ldns_rdf_deep_free(name);
	close_forged();
}
END_TEST

/* --- who signs --- */

/* The DS of @name, for the asking: @p, taken. */
static void
give_ds(const char *name, ldns_pkt *p)
{
	ck_assert_uint_lt(nhad, GIVEN_MAX);
	had[nhad].name = name;
	had[nhad].type = LDNS_RR_TYPE_DS;
	had[nhad++].pkt = p;
}

/* There is none, as @nsec proves. */
static void
give_no_ds(const char *name, const char *nsec)
{
	ldns_pkt *p = signer_pkt(0);

	signer_put(&island, p, AUTHORITY, nsec);
	give_ds(name, p);
}

/* Above the anchor nothing is known, which is no excuse. */
START_TEST(validate_run_signer_above_the_anchor_is_bogus)
{
	struct signer other;

	open_forged();
	give_no_ds("www.island.", "www.island. NSEC zzz.island. A");
	signer_open(&other, ".");
	signer_put(&other, pkt, ANSWER, "www.island. A 203.0.113.66");
	ck_assert_int_eq(judge("www.island.", A), BOGUS);
	ldns_pkt_free(pkt);
	pkt = signer_pkt(LDNS_RCODE_NXDOMAIN);
	signer_put(&other, pkt, AUTHORITY, "island. NSEC zzz.island. NS");
	ck_assert_int_eq(judge("www.island.", A), BOGUS);
	signer_close(&other);
	close_forged();
}
END_TEST

/* Nor is its signature in the way of one that counts. */
START_TEST(validate_run_signer_above_the_anchor_is_passed_over)
{
	ldns_pkt *scratch = signer_pkt(0);
	struct signer other;

	open_forged();
	signer_open(&other, ".");
	signer_put(&other, scratch, ANSWER, www);
	ldns_pkt_push_rr(pkt, ANSWER, ldns_rr_clone(ldns_rr_list_rr(
	    ldns_pkt_answer(scratch), 1)));
	good(ANSWER, www);
	ck_assert_int_eq(judge("www.island.", A), SECURE);
	ldns_pkt_free(scratch);
	signer_close(&other);
	close_forged();
}
END_TEST

/* Its owner and its signature's become @text's. */
static void
rename_last(ldns_pkt_section where, const char *text)
{
	ldns_rr_list *l = where == ANSWER ? ldns_pkt_answer(pkt) :
	    ldns_pkt_authority(pkt);
	size_t i, n = ldns_rr_list_rr_count(l);

	for (i = n - 2; i < n; i++) {
		ldns_rr *rr = ldns_rr_list_rr(l, i);

		ldns_rdf_deep_free(ldns_rr_owner(rr));
		ldns_rr_set_owner(rr, ldns_dname_new_frm_str(text));
	}
}

START_TEST(validate_run_dname_from_a_wildcard_is_bogus)
{
	open_forged();
	good(ANSWER, "*.w.island. DNAME other.island.");
	rename_last(ANSWER, "x.w.island.");
	good(ANSWER, "a.other.island. A 192.0.2.81");
	good(AUTHORITY, "w.island. NSEC zzz.island. NSEC RRSIG");
	ck_assert_int_eq(judge("a.x.w.island.", A), BOGUS);
	close_forged();
}
END_TEST

/* An alias that a wildcard made instead of a DS: no zone begins there only if
 * the wildcard was right to. */
START_TEST(validate_run_alias_from_a_wildcard_is_no_proof_by_itself)
{
	int proven;

	for (proven = 0; proven < 2; proven++) {
		open_forged();
		good(ANSWER, "*.w.island. CNAME other.island.");
		rename_last(ANSWER, "x.w.island.");
		if (proven)
			good(AUTHORITY, "*.w.island. NSEC zzz.island. CNAME");
		give_ds("x.w.island.", pkt);
		give_no_ds("w.island.", "island. NSEC *.w.island. NS SOA");
		pkt = signer_pkt(0);
		forge(ANSWER, "x.w.island. A 203.0.113.66");
		ck_assert_int_eq(judge("x.w.island.", A), BOGUS);
		ck_assert_uint_eq(why, proven ? DNS_EDE_NO_RRSIG :
		    DNS_EDE_NO_NSEC);
		close_forged();
	}
}
END_TEST

/* --- a long way --- */

enum { WAY = 11, WAY_FETCHES = 2 * 4 };	/* a link's, in its own zone */

/* Aliases from @host in one zone that nobody signs to @host in the next. */
static void
forge_way(const char *host)
{
	static const char *const zone[WAY] = { "a.island.", "b.island.",
		"c.island.", "d.island.", "e.island.", "f.island.",
		"g.island.", "h.island.", "i.island.", "j.island.",
		"k.island." };
	char text[512];
	int i;

	for (i = 0; i < WAY; i++) {
		snprintf(text, sizeof(text), "%s NSEC z.island. NS", zone[i]);
		give_no_ds(zone[i], text);
		snprintf(text, sizeof(text), i == WAY - 1 ?
		    "%s.%s A 192.0.2.1" : "%s.%s CNAME %s.%s", host, zone[i],
		    host, zone[i + (i < WAY - 1)]);
		forge(ANSWER, text);
	}
}

/* What one link asked for makes room for the next one's. */
START_TEST(validate_run_goes_a_long_way_through_many_zones)
{
	open_forged();
	forge_way("1.2.3");
	ck_assert_int_eq(judge("1.2.3.a.island.", A), INSECURE);
	ck_assert_uint_gt(nwanted, VALIDATE_FETCH_MAX);
	ck_assert_uint_le(nwanted, 1 + WAY * WAY_FETCHES);
	close_forged();
}
END_TEST

/* But not for ever. */
START_TEST(validate_run_asks_no_more_than_it_may)
{
	open_forged();
	forge_way("1.2.3.4.5.6.7");
	ck_assert_int_eq(judge("1.2.3.4.5.6.7.a.island.", A), BOGUS);
	ck_assert_uint_eq(nwanted, VALIDATE_ASKED_MAX);
	close_forged();
}
END_TEST

/* --- how long it counts --- */

static void
set_ttls(uint32_t ttl)
{
	ldns_rr_list *l = ldns_pkt_answer(pkt);
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(l); i++)
		ldns_rr_set_ttl(ldns_rr_list_rr(l, i), ttl);
}

static const struct { uint32_t ttl, left; uint32_t want; } ttls[] = {
	{ 600, 86400, 600 },		/* less than when it was signed */
	{ 99999, 86400, 3600 },		/* more */
	{ 99999, 120, 120 },		/* longer than the signature */
};

START_TEST(reply_counts_no_longer_than_its_signature)
{
	ldns_rr_list *l;
	size_t i;

	open_forged();
	island.until = SIGNER_WALL + ttls[_i].left;
	good(ANSWER, "tree.island. DNAME other.island.");
	good(ANSWER, "a.other.island. A 192.0.2.81");
	set_ttls(ttls[_i].ttl);
	ck_assert_int_eq(judge("a.tree.island.", A), SECURE);
	l = ldns_pkt_answer(reply);
	ck_assert_uint_eq(ldns_rr_list_rr_count(l), 5);
	for (i = 0; i < ldns_rr_list_rr_count(l); i++)
		ck_assert_uint_eq(ldns_rr_ttl(ldns_rr_list_rr(l, i)),
		    ttls[_i].want);
	close_forged();
}
END_TEST

START_TEST(reply_proof_counts_no_longer_than_its_signature)
{
	ldns_rr_list *l;
	size_t i;

	open_forged();
	island.until = SIGNER_WALL + 120;
	good(AUTHORITY, "island. SOA a. b. 1 2 3 4 5");
	good(AUTHORITY, "www.island. NSEC zzz.island. A NSEC RRSIG");
	ck_assert_int_eq(judge("www.island.", 16), SECURE);
	l = ldns_pkt_authority(reply);
	ck_assert_uint_eq(ldns_rr_list_rr_count(l), 4);
	for (i = 0; i < ldns_rr_list_rr_count(l); i++)
		ck_assert_uint_eq(ldns_rr_ttl(ldns_rr_list_rr(l, i)), 120);
	close_forged();
}
END_TEST

/* --- how much work there is --- */

static const struct { int before; enum validate_verdict want; } amounts[] = {
	{ DENIAL_RECORDS_MAX - 1, SECURE }, { DENIAL_RECORDS_MAX, BOGUS },
	{ 400, BOGUS }
};

START_TEST(validate_run_looks_at_few_proofs_only)
{
	char text[64];
	int i;

	open_forged();
	for (i = 0; i < amounts[_i].before; i++) {
		snprintf(text, sizeof(text), "x%d.island. NSEC a.island. A",
		    i);
		forge(AUTHORITY, text);
	}
	good(AUTHORITY, "www.island. NSEC zzz.island. A NSEC RRSIG");
	ck_assert_int_eq(judge("www.island.", 16), amounts[_i].want);
	close_forged();
}
END_TEST

START_TEST(rrset_find_takes_few_signatures_only)
{
	ldns_rr_list *l;
	struct rrset s;
	ldns_rr *sig;
	int i;

	open_forged();
	good(ANSWER, www);
	l = ldns_pkt_answer(pkt);
	sig = ldns_rr_list_rr(l, 1);
	for (i = 0; i < 400; i++)
		ldns_rr_list_push_rr(l, ldns_rr_clone(sig));
	ck_assert_int_eq(rrset_find(&s, l, ldns_rr_owner(sig), A), 1);
	ck_assert_uint_eq(ldns_rr_list_rr_count(s.sigs), RRSET_SIGS_MAX);
	rrset_fini(&s);
	close_forged();
}
END_TEST

static size_t
entries(const ldns_rr_list *anchors_, const ldns_rr_list *keys)
{
	ldns_rr_list *l = sigcheck_entry(anchors_, keys);
	size_t n = ldns_rr_list_rr_count(l);

	ldns_rr_list_free(l);
	return n;
}

/* @n of these before the right one. */
static const struct { int wrong_ds, old_ds, keys; size_t want; } entry_cases[] =
{
	{ 0, 0, 0, 1 },
	{ SIGCHECK_DIGESTS_MAX - 1, 0, 0, 1 },
	{ SIGCHECK_DIGESTS_MAX, 0, 0, 0 },
	{ 0, SIGCHECK_DS_MAX - 1, 0, 1 }, { 0, SIGCHECK_DS_MAX, 0, 0 },
	{ 0, 0, SIGCHECK_KEYS_MAX - 1, 1 }, { 0, 0, SIGCHECK_KEYS_MAX, 0 },
};

START_TEST(sigcheck_entry_looks_at_few_keys_and_digests_only)
{
	ldns_rr_list *ds = ldns_rr_list_new(), *keys = ldns_rr_list_new();
	ldns_rr *rr;
	int i;

	open_forged();
	for (i = 0; i < entry_cases[_i].wrong_ds; i++) {
		rr = signer_ds(&island);
		ldns_rdf_data(ldns_rr_rdf(rr, 3))[i] ^= 1;
		ldns_rr_list_push_rr(ds, rr);
	}
	for (i = 0; i < entry_cases[_i].old_ds; i++)
		ldns_rr_list_push_rr(ds, signer_rr("island. DS 1 5 1 00"));
	ldns_rr_list_push_rr(ds, signer_ds(&island));
	for (i = 0; i < entry_cases[_i].keys; i++)
		ldns_rr_list_push_rr(keys,
		    signer_rr("island. DNSKEY 256 3 13 AAAA"));
	ldns_rr_list_push_rr(keys, ldns_rr_clone(island.dnskey));
	ck_assert_uint_eq(entries(ds, keys), entry_cases[_i].want);
	ldns_rr_list_deep_free(ds);
	ldns_rr_list_deep_free(keys);
	close_forged();
}
END_TEST

/* RSA, with an exponent of so many bytes (RFC 3110 2). */
static const struct { size_t len; int two; size_t want; } exponents[] = {
	{ 1, 0, 1 }, { 3, 0, 1 }, { SIGCHECK_EXPONENT_MAX, 0, 1 },
	{ SIGCHECK_EXPONENT_MAX + 1, 0, 0 }, { 200, 0, 0 }, { 3, 1, 0 },
	{ 256, 1, 0 }, { 0, 0, 0 }
};

START_TEST(sigcheck_entry_takes_no_key_with_a_long_exponent)
{
	uint8_t key[3 + 256 + 256];
	size_t at = 0, len = exponents[_i].len;
	ldns_rr_list *l = ldns_rr_list_new();
	ldns_rr *rr = signer_rr("island. DNSKEY 257 3 8 AAAA");

	memset(key, 0x5b, sizeof(key));
	if (exponents[_i].two) {
		key[at++] = 0;
		key[at++] = (uint8_t)(len >> 8);
	}
	key[at++] = (uint8_t)len;
	ldns_rdf_deep_free(ldns_rr_set_rdf(rr, ldns_rdf_new_frm_data(
	    LDNS_RDF_TYPE_B64, at + len + 256, key), 3));
	ldns_rr_list_push_rr(l, rr);
	ck_assert_uint_eq(entries(l, l), exponents[_i].want);
	ldns_rr_list_deep_free(l);
}
END_TEST

/* --- proofs that are none --- */

static char *
hashed(const char *text)
{
	ldns_rdf *n = ldns_dname_new_frm_str(text), *h;
	char *s;

	h = ldns_nsec3_hash_name(n, 1, 0, 0, NULL);
	s = ldns_rdf2str(h);
	s[strcspn(s, ".")] = '\0';
	ldns_rdf_deep_free(n);
	ldns_rdf_deep_free(h);
	return s;
}

/* RFC 5155 8.2: flags that nobody knows. */
START_TEST(validate_run_nsec3_with_unknown_flags_proves_nothing)
{
	char text[256], *h = hashed("www.island.");
	unsigned flags = (unsigned)_i;

	open_forged();
	snprintf(text, sizeof(text), "%s.island. NSEC3 1 %u 0 - %s A RRSIG", h,
	    flags, h);
	good(AUTHORITY, text);
	ck_assert_int_eq(judge("www.island.", 16), flags > 1 ? BOGUS : SECURE);
	free(h);
	close_forged();
}
END_TEST

static const struct { uint8_t b[40]; size_t len; enum validate_verdict want; }
    bitmaps[] = {
	{ { 0, 1, 0x40 }, 3, SECURE },		/* A */
	{ { 0, 1, 0x40, 1, 1, 1 }, 6, SECURE },
	{ { 0 }, 1, BOGUS }, { { 0, 1 }, 2, BOGUS },
	{ { 0, 0 }, 2, BOGUS }, { { 0, 1, 0x40, 0 }, 4, BOGUS },
	{ { 0, 1, 0x40, 0, 1, 0x40 }, 6, BOGUS },	/* twice */
	{ { 1, 1, 0x40, 0, 1, 0x40 }, 6, BOGUS },	/* backwards */
	{ { 0, 33, 0x40 }, 35, BOGUS },
	{ { 0, 200, 0x40 }, 3, BOGUS },
};

START_TEST(validate_run_nsec_with_a_wrong_bitmap_proves_nothing)
{
	ldns_rr_list *set = ldns_rr_list_new();
	ldns_rr *rr = signer_rr("www.island. NSEC zzz.island. A");

	open_forged();
	ldns_rdf_deep_free(ldns_rr_set_rdf(rr, ldns_rdf_new_frm_data(
	    LDNS_RDF_TYPE_BITMAP, bitmaps[_i].len, bitmaps[_i].b), 1));
	ldns_rr_list_push_rr(set, rr);
	signer_add(&island, pkt, AUTHORITY, set);
	ck_assert_int_eq(judge("www.island.", 16), bitmaps[_i].want);
	close_forged();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(reply_of_what_is_verified_goes_through),
	UNIT(reply_with_an_alias_beside_records_is_bogus),
	UNIT(reply_of_a_dname_has_the_alias_that_follows_from_it),
	UNIT(reply_of_a_dname_to_who_asks_for_aliases),
	UNIT_LOOP(chain_find_alias_beside_other_data_is_none,
	    NELEM(contradictions)),
	UNIT(reply_has_nothing_that_is_not_on_the_way),
	UNIT(reply_of_nothing_has_what_proves_it),
	UNIT(reply_of_a_mixture_has_only_what_is_true),
	UNIT_LOOP(reply_parse_record_that_lacks_a_part_is_none, NELEM(wholes)),
	UNIT(validate_run_dname_without_data_is_bogus),
	UNIT(validate_run_records_with_an_error_are_bogus),
	UNIT(chain_find_dname_is_not_for_its_own_name),
	UNIT(validate_run_signer_above_the_anchor_is_bogus),
	UNIT(validate_run_signer_above_the_anchor_is_passed_over),
	UNIT(validate_run_dname_from_a_wildcard_is_bogus),
	UNIT(validate_run_alias_from_a_wildcard_is_no_proof_by_itself),
	UNIT(validate_run_goes_a_long_way_through_many_zones),
	UNIT(validate_run_asks_no_more_than_it_may),
	UNIT_LOOP(reply_counts_no_longer_than_its_signature, NELEM(ttls)),
	UNIT(reply_proof_counts_no_longer_than_its_signature),
	UNIT_LOOP(validate_run_looks_at_few_proofs_only, NELEM(amounts)),
	UNIT(rrset_find_takes_few_signatures_only),
	UNIT_LOOP(sigcheck_entry_looks_at_few_keys_and_digests_only,
	    NELEM(entry_cases)),
	UNIT_LOOP(sigcheck_entry_takes_no_key_with_a_long_exponent,
	    NELEM(exponents)),
	UNIT_LOOP(validate_run_nsec3_with_unknown_flags_proves_nothing, 4),
	UNIT_LOOP(validate_run_nsec_with_a_wrong_bitmap_proves_nothing,
	    NELEM(bitmaps)),
};

UNIT_MAIN("forged", tests)
