/* tests/dnsport/test_validate.c - real answers of signed zones, judged */
#include "dnsport/validate.h"

#include <errno.h>

#include "dnsport/anchors.h"
#include "dnsport/chain.h"
#include "dnsport/record.h"
#include "dnsport/reply.h"
#include "dnsport/sigcheck.h"
#include "dnsport/zones.h"
#include "tests/dnsport/answers.h"
#include "tests/unit.h"

enum { WANTED_MAX = 256 };

static struct anchors *anchors;
static struct zones *zones;
static struct validate *v;
static ldns_rdf *name;
static ldns_pkt *reply;		/* of the last that was secure */

static struct {
	char		 name[256], type[16];
} wanted[WANTED_MAX];
static size_t nwanted, given;

/* Instead of what the file has, for one name and type. */
static struct {
	const char	*name, *type;
	ldns_pkt	*pkt;		/* NULL: it can't be had */
} forged;

static void
on_want(void *arg, const ldns_rdf *rdf, uint16_t type)
{
	char *s = ldns_rdf2str(rdf), *t = ldns_rr_type2str(type);

	ck_assert_ptr_eq(arg, &wanted);
	ck_assert_uint_lt(nwanted, WANTED_MAX);
	snprintf(wanted[nwanted].name, sizeof(wanted[0].name), "%s", s);
	snprintf(wanted[nwanted].type, sizeof(wanted[0].type), "%s", t);
	nwanted++;
	free(s);
	free(t);
}

/* What a client that validates gets, as an answer of its own. */
static void
keep_reply(const struct chain *chain)
{
	ldns_pkt_free(reply);
	reply = chain ? reply_make(chain, 1, 1) : NULL;
}

static void
open_zones(void)
{
	size_t line;

	answers_load();
	memset(&forged, 0, sizeof(forged));
	nwanted = given = 0;
	ck_assert_int_eq(anchors_new(&anchors, answers.anchor,
	    strlen(answers.anchor), &line), 0);
	zones = zones_new();
	ck_assert_ptr_nonnull(zones);
}

static void
close_zones(void)
{
	keep_reply(NULL);
	zones_free(zones);
	anchors_free(anchors);
}

static ldns_pkt *
answer_for(const char *owner, const char *type)
{
	const struct answer_msg *m = answers_get(owner, type);

	if (forged.name && strcmp(forged.name, owner) == 0 &&
	    strcmp(forged.type, type) == 0)
		return forged.pkt ? ldns_pkt_clone(forged.pkt) : NULL;
	ck_assert_msg(m != NULL, "%s %s is wanted, and not in the file", owner,
	    type);
	return answers_pkt(m);
}

static void
give_all(void)
{
	ldns_rdf *rdf;

	for (; given < nwanted; given++) {
		rdf = ldns_dname_new_frm_str(wanted[given].name);
		validate_give(v, rdf, answers_type(wanted[given].type),
		    answer_for(wanted[given].name, wanted[given].type));
		ldns_rdf_deep_free(rdf);
	}
}

static enum validate_verdict
judge_at(const char *owner, const char *type, ldns_pkt *pkt, int64_t wall,
    uint16_t *why)
{
	struct validate_conf conf = { .anchors = anchors, .zones = zones,
		.want = on_want, .arg = &wanted };
	enum validate_verdict r;
	struct chain *chain;
	int rc;

	name = ldns_dname_new_frm_str(owner);
	rc = chain_find(&chain, pkt, name, answers_type(type));
	ldns_rdf_deep_free(name);
	*why = DNS_EDE_BOGUS;
	if (rc < 0)
		return VALIDATE_BOGUS;
	ck_assert_int_eq(validate_new(&v, &conf, chain), 0);
	while ((r = validate_run(v, wall)) == VALIDATE_NEED) {
		ck_assert_uint_lt(given, nwanted);
		give_all();
	}
	*why = validate_why(v);
	validate_free(v);
	keep_reply(r == VALIDATE_SECURE ? chain : NULL);
	chain_free(chain);
	ck_assert_uint_le(nwanted, VALIDATE_FETCH_MAX);
	ck_assert_uint_le(zones_count(zones), ZONES_MAX);
	return r;
}

static enum validate_verdict
judge(const char *owner, const char *type, uint16_t *why)
{
	ldns_pkt *pkt = answer_for(owner, type);
	enum validate_verdict r = judge_at(owner, type, pkt, ANSWERS_WALL,
	    why);

	ldns_pkt_free(pkt);
	return r;
}

#define BOGUS VALIDATE_BOGUS
#define SECURE VALIDATE_SECURE
#define INSECURE VALIDATE_INSECURE

static const struct {
	const char	*name, *type;
	enum validate_verdict want;
	uint16_t	 why;
} cases[] = {
	/* NSEC */
	{ "www.secure.test.", "A", SECURE, 0 },
	{ "www.secure.test.", "AAAA", SECURE, 0 },
	{ "www.secure.test.", "TXT", SECURE, 0 },
	{ "www.secure.test.", "MX", SECURE, 0 },	/* NODATA */
	{ "secure.test.", "MX", SECURE, 0 },
	{ "secure.test.", "CAA", SECURE, 0 },
	{ "secure.test.", "SOA", SECURE, 0 },
	{ "secure.test.", "NS", SECURE, 0 },
	{ "secure.test.", "DNSKEY", SECURE, 0 },
	{ "secure.test.", "DS", SECURE, 0 },
	{ "_sip._tcp.secure.test.", "SRV", SECURE, 0 },
	{ "svc.secure.test.", "HTTPS", SECURE, 0 },
	{ "alias.secure.test.", "A", SECURE, 0 },
	{ "alias.secure.test.", "CNAME", SECURE, 0 },
	{ "far.secure.test.", "A", SECURE, 0 },
	{ "out.secure.test.", "A", INSECURE, 0 },
	{ "gone.secure.test.", "A", SECURE, 0 },	/* NXDOMAIN */
	{ "nothing.secure.test.", "A", SECURE, 0 },
	{ "a.nothing.secure.test.", "A", SECURE, 0 },
	{ "x.wild.secure.test.", "A", SECURE, 0 },
	{ "y.x.wild.secure.test.", "A", SECURE, 0 },
	{ "x.wild.secure.test.", "MX", SECURE, 0 },
	{ "x.wildalias.secure.test.", "A", SECURE, 0 },
	{ "a.b.c.secure.test.", "TXT", SECURE, 0 },
	{ "b.c.secure.test.", "A", SECURE, 0 },		/* empty */
	{ "c.secure.test.", "TXT", SECURE, 0 },
	{ "www.tree.secure.test.", "A", SECURE, 0 },	/* DNAME */
	{ "nothing.tree.secure.test.", "A", SECURE, 0 },
	{ "chain9.secure.test.", "A", SECURE, 0 },
	{ "inside.secure.test.", "A", SECURE, 0 },
	{ "www.sub.secure.test.", "A", SECURE, 0 },
	{ "www.sub.secure.test.", "MX", SECURE, 0 },
	{ "sub.secure.test.", "DS", SECURE, 0 },
	{ "plain.secure.test.", "DS", SECURE, 0 },	/* none, proven */
	{ "www.plain.secure.test.", "A", INSECURE, 0 },
	{ "nothing.plain.secure.test.", "A", INSECURE, 0 },
	/* NSEC3 */
	{ "www.nsec3.test.", "A", SECURE, 0 },
	{ "www.nsec3.test.", "MX", SECURE, 0 },
	{ "nothing.nsec3.test.", "A", SECURE, 0 },
	{ "a.nothing.nsec3.test.", "A", SECURE, 0 },
	{ "gone.nsec3.test.", "A", SECURE, 0 },
	{ "x.wild.nsec3.test.", "A", SECURE, 0 },
	{ "y.x.wild.nsec3.test.", "A", SECURE, 0 },
	{ "x.wild.nsec3.test.", "MX", SECURE, 0 },
	{ "x.wildalias.nsec3.test.", "A", SECURE, 0 },
	{ "b.c.nsec3.test.", "A", SECURE, 0 },
	{ "c.nsec3.test.", "TXT", SECURE, 0 },
	{ "www.tree.nsec3.test.", "A", SECURE, 0 },
	{ "nsec3.test.", "DS", SECURE, 0 },
	{ "nothing.nsec3.test.", "CNAME", SECURE, 0 },
	/* opt-out: what is there is secure, what is not may be */
	{ "www.optout.test.", "A", SECURE, 0 },
	{ "www.optout.test.", "MX", SECURE, 0 },
	{ "nothing.optout.test.", "A", INSECURE, 0 },
	{ "x.wild.optout.test.", "A", INSECURE, 0 },
	{ "plain.optout.test.", "DS", INSECURE, 0 },
	{ "www.plain.optout.test.", "A", INSECURE, 0 },
	{ "www.signed.optout.test.", "A", SECURE, 0 },
	/* too many iterations (RFC 9276) */
	{ "www.iter.test.", "A", SECURE, 0 },
	{ "www.iter.test.", "MX", INSECURE, DNS_EDE_NSEC3_ITERATIONS },
	{ "nothing.iter.test.", "A", INSECURE, DNS_EDE_NSEC3_ITERATIONS },
	/* algorithms */
	{ "www.rsa.test.", "A", SECURE, 0 },
	{ "nothing.rsa.test.", "A", SECURE, 0 },
	{ "www.rsa512.test.", "A", SECURE, 0 },
	{ "www.ed.test.", "A", SECURE, 0 },
	{ "nothing.ed.test.", "A", SECURE, 0 },
	{ "www.p384.test.", "A", SECURE, 0 },
	{ "www.old.test.", "A", INSECURE, 0 },		/* SHA-1 */
	{ "nothing.old.test.", "A", INSECURE, 0 },
	/* nobody signs */
	{ "www.insecure.test.", "A", INSECURE, 0 },
	{ "nothing.insecure.test.", "A", INSECURE, 0 },
	{ "www.plain.", "A", INSECURE, 0 },
	{ "www.plain.", "MX", INSECURE, 0 },
	/* above */
	{ "test.", "DS", SECURE, 0 }, { ".", "DNSKEY", SECURE, 0 },
	{ ".", "NS", SECURE, 0 }, { "test.", "DNSKEY", SECURE, 0 },
	{ "nothing.", "A", SECURE, 0 }, { "nothing.test.", "A", SECURE, 0 },
	{ "empty.test.", "A", SECURE, 0 },
	/* wrong */
	{ "www.expired.test.", "A", BOGUS, DNS_EDE_SIG_EXPIRED },
	{ "nothing.expired.test.", "A", BOGUS, DNS_EDE_SIG_EXPIRED },
	{ "www.future.test.", "A", BOGUS, DNS_EDE_SIG_NOT_YET },
	{ "www.wrong.test.", "A", BOGUS, DNS_EDE_NO_DNSKEY },
	{ "nothing.wrong.test.", "A", BOGUS, DNS_EDE_NO_DNSKEY },
	{ "www.nokey.test.", "A", BOGUS, DNS_EDE_NO_DNSKEY },
	{ "nothing.nokey.test.", "A", BOGUS, DNS_EDE_NO_DNSKEY },
};

START_TEST(validate_run_judges_what_zones_say)
{
	enum validate_verdict r;
	uint16_t why;

	open_zones();
	r = judge(cases[_i].name, cases[_i].type, &why);
	ck_assert_msg(r == cases[_i].want && why == cases[_i].why,
	    "%s %s: %d (%u), not %d (%u)", cases[_i].name, cases[_i].type, r,
	    why, cases[_i].want, cases[_i].why);
	close_zones();
}
END_TEST

/* What is passed on is enough to be judged the same: all that was verified is
 * in it. */
START_TEST(validate_run_judges_a_reply_as_what_it_was_made_of)
{
	const char *owner = cases[_i].name, *type = cases[_i].type;
	ldns_pkt *made;
	uint16_t why;

	open_zones();
	if (judge(owner, type, &why) == SECURE) {
		made = reply;
		reply = NULL;
		nwanted = given = 0;
		ck_assert_int_eq(judge_at(owner, type, made, ANSWERS_WALL,
		    &why), SECURE);
		ck_assert_uint_eq(ldns_pkt_ancount(made),
		    ldns_pkt_ancount(reply));
		ck_assert_uint_eq(ldns_pkt_nscount(made),
		    ldns_pkt_nscount(reply));
		ldns_pkt_free(made);
	}
	close_zones();
}
END_TEST

/* All of them by one client, twice: the same, whatever is known of zones. */
START_TEST(validate_run_judges_the_same_with_what_it_learned)
{
	enum validate_verdict r;
	size_t i, round, first = 0;
	uint16_t why;

	open_zones();
	for (round = 0; round < 2; round++)
		for (i = 0; i < NELEM(cases); i++) {
			nwanted = given = 0;
			r = judge(cases[i].name, cases[i].type, &why);
			ck_assert_msg(r == cases[i].want, "%s %s",
			    cases[i].name, cases[i].type);
			if (i == 0 && round == 0)
				first = nwanted;
			else if (i == 0)
				ck_assert_uint_lt(nwanted, first);
		}
	close_zones();
}
END_TEST

/* --- forgeries --- */

static const char www[] = "www.secure.test.";

static ldns_pkt *
pkt_of(const char *owner, const char *type)
{
	return answers_pkt(answers_get(owner, type));
}

/* The records of a section that are of that type are taken away; 0: all. */
static void
strip(ldns_pkt *pkt, ldns_pkt_section where, uint16_t type)
{
	ldns_rr_list *from = where == LDNS_SECTION_ANSWER ?
	    ldns_pkt_answer(pkt) : ldns_pkt_authority(pkt);
	ldns_rr_list *left = ldns_rr_list_new();
	size_t i, n = ldns_rr_list_rr_count(from);

	for (i = 0; i < n; i++)
		if (type && ldns_rr_get_type(ldns_rr_list_rr(from, i)) != type)
			ldns_rr_list_push_rr(left,
			    ldns_rr_clone(ldns_rr_list_rr(from, i)));
	ldns_rr_list_deep_free(from);
	if (where == LDNS_SECTION_ANSWER)
		ldns_pkt_set_answer(pkt, left);
	else
		ldns_pkt_set_authority(pkt, left);
}

static ldns_rr *
rr(const char *text)
{
	ldns_rr *r = NULL;

	ck_assert_int_eq(ldns_rr_new_frm_str(&r, text, 3600, NULL, NULL), 0);
	return r;
}

static void
expect(const char *owner, const char *type, ldns_pkt *pkt,
    enum validate_verdict want, uint16_t why_want)
{
	uint16_t why;

	ck_assert_int_eq(judge_at(owner, type, pkt, ANSWERS_WALL, &why), want);
	ck_assert_uint_eq(why, why_want);
	ldns_pkt_free(pkt);
}

/* Whatever byte is another: if it is said to be secure, it is still the same
 * address (times to live may differ). */
START_TEST(validate_run_never_calls_a_changed_answer_secure)
{
	const struct answer_msg *m;
	uint8_t *msg, was[4];
	ldns_pkt *pkt;
	size_t i, secure = 0;
	uint16_t why;

	open_zones();
	m = answers_get(www, "A");
	ck_assert_int_eq(judge(www, "A", &why), SECURE);
	pkt = answers_pkt(m);
	memcpy(was, ldns_rdf_data(ldns_rr_rdf(ldns_rr_list_rr(
	    ldns_pkt_answer(pkt), 0), 0)), 4);
	ldns_pkt_free(pkt);
	msg = malloc(m->len);
	for (i = 2; i < m->len; i++) {
		memcpy(msg, m->msg, m->len);
		msg[i] ^= (uint8_t)(1u << (i % 8));
		nwanted = given = 0;
		if (ldns_wire2pkt(&pkt, msg, m->len) != LDNS_STATUS_OK)
			continue;
		if (judge_at(www, "A", pkt, ANSWERS_WALL, &why) == SECURE) {
			ldns_rr *a = ldns_rr_list_rr(ldns_pkt_answer(pkt), 0);

			secure++;
			ck_assert_uint_eq(ldns_rr_get_type(a),
			    LDNS_RR_TYPE_A);
			ck_assert_mem_eq(ldns_rdf_data(ldns_rr_rdf(a, 0)),
			    was, 4);
		}
		ldns_pkt_free(pkt);
	}
	ck_assert_uint_gt(secure, 0);	/* flags, TTLs, other sections */
	ck_assert_uint_lt(secure, m->len / 2);
	free(msg);
	close_zones();
}
END_TEST

START_TEST(validate_run_without_signatures_is_bogus)
{
	ldns_pkt *pkt;

	open_zones();
	pkt = pkt_of(www, "A");
	strip(pkt, LDNS_SECTION_ANSWER, LDNS_RR_TYPE_RRSIG);
	expect(www, "A", pkt, BOGUS, DNS_EDE_NO_RRSIG);
	pkt = pkt_of("nothing.secure.test.", "A");
	strip(pkt, LDNS_SECTION_AUTHORITY, 0);
	expect("nothing.secure.test.", "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	pkt = pkt_of("nothing.nsec3.test.", "A");
	strip(pkt, LDNS_SECTION_AUTHORITY, LDNS_RR_TYPE_RRSIG);
	expect("nothing.nsec3.test.", "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	pkt = pkt_of("nothing.nsec3.test.", "A");
	strip(pkt, LDNS_SECTION_AUTHORITY, LDNS_RR_TYPE_NSEC3);
	expect("nothing.nsec3.test.", "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	/* A wildcard is only right where there is nothing nearer. */
	pkt = pkt_of("x.wild.secure.test.", "A");
	strip(pkt, LDNS_SECTION_AUTHORITY, 0);
	expect("x.wild.secure.test.", "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	pkt = pkt_of("x.wild.nsec3.test.", "A");
	strip(pkt, LDNS_SECTION_AUTHORITY, 0);
	expect("x.wild.nsec3.test.", "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	close_zones();
}
END_TEST

/* True records that prove something else: whose they are, for what. */
static const struct { const char *of, *type, *name, *asked; int nx; }
    replays[] = {
	{ "nothing.secure.test.", "A", "www.secure.test.", "A", 1 },
	{ "nothing.secure.test.", "A", "x.wild.secure.test.", "A", 1 },
	{ "nothing.nsec3.test.", "A", "www.nsec3.test.", "A", 1 },
	{ "nothing.nsec3.test.", "A", "nothing.secure.test.", "A", 1 },
	{ "www.secure.test.", "MX", "www.secure.test.", "A", 0 },
	{ "www.secure.test.", "MX", "www.secure.test.", "AAAA", 0 },
	{ "www.nsec3.test.", "MX", "www.nsec3.test.", "A", 0 },
	{ "x.wild.secure.test.", "MX", "x.wild.secure.test.", "A", 0 },
	{ "x.wild.nsec3.test.", "MX", "x.wild.nsec3.test.", "A", 0 },
	{ "www.secure.test.", "MX", "mail.secure.test.", "MX", 0 },
	{ "b.c.secure.test.", "A", "a.b.c.secure.test.", "TXT", 0 },
	/* a delegation's says nothing of the child */
	{ "plain.secure.test.", "DS", "plain.secure.test.", "A", 0 },
	{ "plain.secure.test.", "DS", "www.plain.secure.test.", "A", 1 },
	{ "plain.secure.test.", "DS", "sub.secure.test.", "DS", 0 },
	/* NODATA is not NXDOMAIN, nor the other way round */
	{ "www.secure.test.", "MX", "www.secure.test.", "MX", 1 },
	{ "nothing.secure.test.", "A", "nothing.secure.test.", "A", 0 },
	{ "nothing.nsec3.test.", "A", "nothing.nsec3.test.", "A", 0 },
	/* no type where there is an alias */
	{ "nothing.secure.test.", "CNAME", "alias.secure.test.", "A", 0 },
};

START_TEST(validate_run_proof_of_something_else_is_bogus)
{
	ldns_pkt *pkt;

	open_zones();
	pkt = pkt_of(replays[_i].of, replays[_i].type);
	strip(pkt, LDNS_SECTION_ANSWER, 0);
	ldns_pkt_set_rcode(pkt, replays[_i].nx ? LDNS_RCODE_NXDOMAIN :
	    LDNS_RCODE_NOERROR);
	expect(replays[_i].name, replays[_i].asked, pkt, BOGUS,
	    DNS_EDE_NO_NSEC);
	close_zones();
}
END_TEST

/* A DS that is hidden does not make the zone insecure. */
START_TEST(validate_run_with_the_ds_taken_away_is_bogus)
{
	ldns_pkt *pkt;

	open_zones();
	forged.name = "secure.test.";
	forged.type = "DS";
	forged.pkt = pkt_of("secure.test.", "DS");
	strip(forged.pkt, LDNS_SECTION_ANSWER, 0);
	pkt = pkt_of(www, "A");
	strip(pkt, LDNS_SECTION_ANSWER, LDNS_RR_TYPE_RRSIG);
	expect(www, "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	ldns_pkt_free(forged.pkt);
	close_zones();

	open_zones();		/* the child's own proof */
	forged.name = "secure.test.";
	forged.type = "DS";
	forged.pkt = pkt_of("nothing.secure.test.", "A");
	pkt = pkt_of(www, "A");
	expect(www, "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	ldns_pkt_free(forged.pkt);
	close_zones();

	open_zones();		/* another zone's */
	forged.name = "secure.test.";
	forged.type = "DS";
	forged.pkt = pkt_of("insecure.test.", "DS");
	pkt = pkt_of(www, "A");
	expect(www, "A", pkt, BOGUS, DNS_EDE_NO_NSEC);
	ldns_pkt_free(forged.pkt);
	close_zones();
}
END_TEST

START_TEST(validate_run_with_keys_that_cannot_be_had_fails)
{
	static const char *const names[] = { ".", "test.", "test.",
		"secure.test.", "secure.test." };
	static const char *const types[] = { "DNSKEY", "DS", "DNSKEY", "DS",
		"DNSKEY" };

	open_zones();
	forged.name = names[_i];
	forged.type = types[_i];
	expect(www, "A", pkt_of(www, "A"), VALIDATE_FAILED,
	    DNS_EDE_NO_REACHABLE);
	close_zones();
}
END_TEST

START_TEST(validate_run_with_another_zones_keys_is_bogus)
{
	open_zones();
	forged.name = "secure.test.";
	forged.type = "DNSKEY";
	forged.pkt = pkt_of("nsec3.test.", "DNSKEY");
	expect(www, "A", pkt_of(www, "A"), BOGUS, DNS_EDE_NO_DNSKEY);
	ldns_pkt_free(forged.pkt);
	close_zones();
}
END_TEST

START_TEST(validate_run_at_the_wrong_time_is_bogus)
{
	ldns_pkt *pkt;
	uint16_t why;

	open_zones();
	pkt = pkt_of(www, "A");
	ck_assert_int_eq(judge_at(www, "A", pkt, 1500000000, &why), BOGUS);
	ck_assert_uint_eq(why, DNS_EDE_SIG_NOT_YET);
	nwanted = given = 0;
	ck_assert_int_eq(judge_at(www, "A", pkt, 3640000000, &why), BOGUS);
	ck_assert_uint_eq(why, DNS_EDE_SIG_EXPIRED);
	nwanted = given = 0;
	ck_assert_int_eq(judge_at(www, "A", pkt, 2200000000, &why), SECURE);
	ldns_pkt_free(pkt);		/* after 2038 */
	close_zones();
}
END_TEST

START_TEST(validate_run_aliases_that_go_round_end)
{
	ldns_pkt *pkt;

	open_zones();
	pkt = pkt_of("www.insecure.test.", "A");
	strip(pkt, LDNS_SECTION_ANSWER, 0);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER,
	    rr("www.insecure.test. CNAME b.insecure.test."));
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER,
	    rr("b.insecure.test. CNAME www.insecure.test."));
	forged.name = "b.insecure.test.";
	forged.type = "DS";
	expect("www.insecure.test.", "A", pkt, BOGUS, DNS_EDE_BOGUS);
	close_zones();
}
END_TEST

/* --- how much work there is (CVE-2023-50387) --- */

START_TEST(sigcheck_many_keys_and_signatures_are_little_work)
{
	ldns_pkt *pkt, *keys_pkt;
	ldns_rr_list *set, *sigs, *keys;
	struct sigcheck check = { .now = ANSWERS_WALL };
	ldns_rdf *zone = ldns_dname_new_frm_str("secure.test.");
	ldns_rr *sig = NULL;
	size_t i, j;

	answers_load();
	pkt = pkt_of(www, "A");
	keys_pkt = pkt_of("secure.test.", "DNSKEY");
	set = ldns_rr_list_new();
	sigs = ldns_rr_list_new();
	keys = ldns_rr_list_new();
	for (i = 0; i < ldns_pkt_ancount(pkt); i++) {
		ldns_rr *r = ldns_rr_list_rr(ldns_pkt_answer(pkt), i);

		if (ldns_rr_get_type(r) == LDNS_RR_TYPE_RRSIG)
			sig = r;
		else
			ldns_rr_list_push_rr(set, r);
	}
	for (j = 0; j < 100; j++)
		for (i = 0; i < ldns_pkt_ancount(keys_pkt); i++)
			ldns_rr_list_push_rr(keys, ldns_rr_list_rr(
			    ldns_pkt_answer(keys_pkt), i));
	ldns_rr_list_push_rr(sigs, sig);
	ck_assert(sigcheck_set(&check, set, sigs, keys, zone));
	ck_assert_uint_eq(check.tried, 1);
	ldns_rdf_data(ldns_rr_rdf(sig, 8))[5] ^= 1;
	ck_assert(!sigcheck_set(&check, set, sigs, keys, zone));
	ck_assert_uint_eq(check.tried, 1 + SIGCHECK_SAME_TAG_MAX);
	for (j = 0; j < 100; j++)
		ldns_rr_list_push_rr(sigs, sig);
	ck_assert(!sigcheck_set(&check, set, sigs, keys, zone));
	ck_assert_uint_eq(check.wrong, SIGCHECK_WRONG_MAX);
	ldns_rdf_data(ldns_rr_rdf(sig, 8))[5] ^= 1;
	ck_assert(!sigcheck_set(&check, set, sigs, keys, zone));
	ck_assert_uint_eq(check.wrong, SIGCHECK_WRONG_MAX);
	ldns_rr_list_free(set);
	ldns_rr_list_free(sigs);
	ldns_rr_list_free(keys);
	ldns_rdf_deep_free(zone);
	ldns_pkt_free(pkt);
	ldns_pkt_free(keys_pkt);
}
END_TEST

START_TEST(anchors_new_takes_ds_and_dnskey_records_only)
{
	static const struct { const char *text; int rc; size_t line; }
	    rows[] = {
		{ "", -EINVAL, 0 }, { "; nothing\n\n", -EINVAL, 0 },
		{ ". IN A 1.2.3.4\n", -EINVAL, 1 }, { "x\n", -EINVAL, 1 },
		{ "; a comment\n. IN DS 20326 8 2 00\n. IN X\n", -EINVAL, 3 },
		{ ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E88040"
		  "9BBC683457104237C7F8EC8D ; the root's\r\n", 0, 1 },
		{ "test. 3600 IN DNSKEY 257 3 13 20FiUH3xTVJ+8Z7jSWH2mGcZkEYg"
		  "TP6KHPU453yh2AS8vZWi9aZAxhe1O9q3JvkWCLLg7jkt86px3UcX8NEYRg"
		  "==", 0, 1 },
	};
	struct anchors *a;
	size_t i, line;

	for (i = 0; i < NELEM(rows); i++) {
		ck_assert_int_eq(anchors_new(&a, rows[i].text,
		    strlen(rows[i].text), &line), rows[i].rc);
		ck_assert_uint_eq(line, rows[i].line);
		if (rows[i].rc == 0)
			anchors_free(a);
	}
}
END_TEST

START_TEST(anchors_shipped_are_the_roots)
{
	struct anchors *a;
	ldns_rdf *root = ldns_dname_new_frm_str("."),
	    *deep = ldns_dname_new_frm_str("a.b.example.");
	ldns_rr_list *l;
	size_t line;

	ck_assert_int_eq(anchors_new(&a, NULL, 0, &line), 0);
	ck_assert_int_eq(ldns_dname_compare(anchors_zone(a, deep), root), 0);
	l = anchors_of(a, root);
	ck_assert_uint_eq(ldns_rr_list_rr_count(l), 2);
	ck_assert_uint_eq(ldns_rdf2native_int16(ldns_rr_rdf(
	    ldns_rr_list_rr(l, 0), 0)), 20326);
	ck_assert_uint_eq(ldns_rdf2native_int16(ldns_rr_rdf(
	    ldns_rr_list_rr(l, 1), 0)), 38696);
	ldns_rr_list_free(l);
	ldns_rdf_deep_free(root);
	ldns_rdf_deep_free(deep);
	anchors_free(a);
}
END_TEST

/* Names below no anchor are not secured. */
START_TEST(validate_run_without_an_anchor_is_insecure)
{
	size_t line;
	uint16_t why;

	open_zones();
	anchors_free(anchors);
	ck_assert_int_eq(anchors_new(&anchors,
	    "example. IN DS 1 8 2 00", 23, &line), 0);
	ck_assert_int_eq(judge(www, "A", &why), INSECURE);
	ck_assert_uint_eq(nwanted, 0);
	close_zones();
}
END_TEST

START_TEST(zones_keep_no_more_than_there_may_be)
{
	struct zones *zs = zones_new();
	char text[32];
	ldns_rdf *n;
	int i;

	for (i = 0; i < 3 * ZONES_MAX; i++) {
		snprintf(text, sizeof(text), "z%d.test.", i);
		n = ldns_dname_new_frm_str(text);
		ck_assert_int_eq(zones_put(zs, n, ZONE_INSECURE, NULL, 100),
		    0);
		ck_assert_ptr_nonnull(zones_get(zs, n, 99));
		ck_assert_ptr_null(zones_get(zs, n, 100));
		ldns_rdf_deep_free(n);
	}
	n = ldns_dname_new_frm_str("z0.test.");
	ck_assert_ptr_nonnull(zones_get(zs, n, 99));	/* the latest used */
	zones_trim(zs);
	ck_assert_uint_eq(zones_count(zs), ZONES_MAX);
	ck_assert_ptr_nonnull(zones_get(zs, n, 99));
	ldns_rdf_deep_free(n);
	zones_free(zs);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(validate_run_judges_what_zones_say, NELEM(cases)),
	UNIT_LOOP(validate_run_judges_a_reply_as_what_it_was_made_of,
	    NELEM(cases)),
	UNIT(validate_run_judges_the_same_with_what_it_learned),
	UNIT(validate_run_never_calls_a_changed_answer_secure),
	UNIT(validate_run_without_signatures_is_bogus),
	UNIT_LOOP(validate_run_proof_of_something_else_is_bogus,
	    NELEM(replays)),
	UNIT(validate_run_with_the_ds_taken_away_is_bogus),
	UNIT_LOOP(validate_run_with_keys_that_cannot_be_had_fails, 5),
	UNIT(validate_run_with_another_zones_keys_is_bogus),
	UNIT(validate_run_at_the_wrong_time_is_bogus),
	UNIT(validate_run_aliases_that_go_round_end),
	UNIT(sigcheck_many_keys_and_signatures_are_little_work),
	UNIT(anchors_new_takes_ds_and_dnskey_records_only),
	UNIT(anchors_shipped_are_the_roots),
	UNIT(validate_run_without_an_anchor_is_insecure),
	UNIT(zones_keep_no_more_than_there_may_be),
};

UNIT_MAIN("validate", tests)
