/* tests/dnsport/test_validate.c - real answers of signed zones, judged */
#include "dnsport/validate.h"

#include "dnsport/anchors.h"
#include "dnsport/record.h"
#include "dnsport/sigcheck.h"
#include "dnsport/zones.h"
#include "tests/dnsport/answers.h"
#include "tests/unit.h"

enum { WANTED_MAX = 256 };

static struct anchors *anchors;
static struct zones *zones;
static struct validate *v;
static ldns_rdf *name;

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

	name = ldns_dname_new_frm_str(owner);
	ck_assert_int_eq(validate_new(&v, &conf, name, answers_type(type),
	    pkt), 0);
	while ((r = validate_run(v, wall)) == VALIDATE_NEED) {
		ck_assert_uint_lt(given, nwanted);
		give_all();
	}
	*why = validate_why(v);
	validate_free(v);
	ldns_rdf_deep_free(name);
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

static const struct unit_test tests[] = {
	UNIT_LOOP(validate_run_judges_what_zones_say, NELEM(cases)),
	UNIT(validate_run_judges_the_same_with_what_it_learned),
};

UNIT_MAIN("validate", tests)
