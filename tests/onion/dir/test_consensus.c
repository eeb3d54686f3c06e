/* tests/onion/dir/test_consensus.c */
#include "onion/dir/consensus.h"

#include "onion/dir/params.h"
#include "onion/dir/protover.h"
#include "onion/link/relayid.h"
#include "tests/onion/dir/dirtest.h"

enum { DAY = 24 * 3600, NSIGS = 3 };

static const char sig_key[] = "directory-signature sha256 ";

static struct consensus *
parsed(struct text t)
{
	struct consensus *c = NULL;

	ck_assert_int_eq(consensus_parse(&c, t.p, t.len, 1), 0);
	return c;
}

static int
parse_rc(struct text t)
{
	struct consensus *c = NULL;
	int rc = consensus_parse(&c, t.p, t.len, 1);

	consensus_free(c);
	return rc;
}

/* Parses and verifies; anything but 0 is the reason why not. */
static int
accept_rc(struct text t, const struct authcert_set *set)
{
	struct consensus_tally tally;
	struct consensus *c = NULL;
	int rc = consensus_parse(&c, t.p, t.len, 1);

	if (rc == 0)
		rc = consensus_verify(c, set, VECTOR_TIME, &tally);
	consensus_free(c);
	return rc;
}

/* The consensus with signatures as @order says: "02" the first and the third,
 * "000" the first three times. */
static struct text
with_sigs(const char *order)
{
	struct text t = load("consensus"), out;
	struct text sig[NSIGS];
	char *p = memmem(t.p, t.len, sig_key, strlen(sig_key)), *next;
	size_t i;

	out.p = malloc(t.len * 3);		/* room for repetitions */
	out.len = (size_t)(p - t.p);
	memcpy(out.p, t.p, out.len);
	for (i = 0; i < NSIGS; i++, p = next) {
		size_t left = t.len - (size_t)(p - t.p);

		next = memmem(p + 1, left - 1, sig_key, strlen(sig_key));
		if (next == NULL)
			next = t.p + t.len;
		sig[i].p = p;
		sig[i].len = (size_t)(next - p);
	}
	for (; *order != '\0'; order++) {
		i = (size_t)(*order - '0');
		memcpy(out.p + out.len, sig[i].p, sig[i].len);
		out.len += sig[i].len;
	}
	free(t.p);
	return out;
}

START_TEST(consensus_parse_real_document)
{
	struct text t = load("consensus");
	struct consensus *c = parsed(t);
	const struct consensus_router *r;

	ck_assert_int_eq(c->valid_after, VECTOR_TIME);
	ck_assert_int_eq(c->fresh_until, VECTOR_TIME + 10);
	ck_assert_int_eq(c->valid_until, VECTOR_TIME + 20);
	ck_assert_uint_eq(c->method, 35);
	ck_assert_uint_eq(c->vote_delay, 2);
	ck_assert_int_eq(c->lacks_required, 0);
	ck_assert_int_eq(c->lacks_recommended, 0);
	ck_assert_int_eq(params_get(c->params, "cc_alg", 0, 0, 9), 2);
	ck_assert_int_eq(params_get(c->weights, "Wed", 0, 0, 10000), 3333);
	ck_assert_uint_eq(c->nsigs, NSIGS);
	ck_assert_uint_eq(c->nrouters, 8);
	r = &c->routers[1];
	ck_assert_str_eq(r->nickname, "r1");
	ck_assert_uint_eq(r->or4.family, 4);
	ck_assert_uint_eq(r->or4.port, 23321);
	ck_assert_uint_eq(r->or6.family, 0);
	ck_assert_uint_eq(r->rsa[0], 0x1a);
	ck_assert(r->flags & RELAY_EXIT);
	ck_assert(r->flags & RELAY_RUNNING);
	ck_assert(r->flags & RELAY_VALID);
	ck_assert(r->flags & RELAY_HAS_BW);
	ck_assert(!(r->flags & RELAY_AUTHORITY));
	ck_assert(r->caps & CAP_NTOR3);
	ck_assert(r->caps & CAP_FLOWCTRL);
	ck_assert(c->routers[3].flags & RELAY_AUTHORITY);
	consensus_free(c);
	free(t.p);
}
END_TEST

/* --- signatures --- */

static const struct {
	const char	*sigs;
	size_t		 real, strangers;	/* authorities trusted */
	int		 rc;
	size_t		 good, unknown;
} tally_cases[] = {
	{ "012", 3, 0, 0, 3, 0 },
	{ "01", 3, 0, 0, 2, 0 },
	{ "21", 3, 0, 0, 2, 0 },
	{ "0", 3, 0, -EBADMSG, 1, 0 },		/* n/2 is not enough */
	{ "000", 3, 0, -EBADMSG, 1, 0 },	/* nor is saying it thrice */
	{ "0001", 3, 0, 0, 2, 0 },
	{ "012", 3, 2, 0, 3, 0 },		/* 3 of 5 */
	{ "012", 3, 3, -EBADMSG, 3, 0 },	/* 3 of 6 */
	{ "012", 2, 0, 0, 2, 1 },
	{ "012", 1, 2, -EBADMSG, 1, 2 },
	{ "012", 0, 3, -EBADMSG, 0, 3 },
	{ "012", 0, 0, -EBADMSG, 0, 3 },	/* nobody is trusted */
};

START_TEST(consensus_verify_wants_more_than_half_of_the_authorities)
{
	struct text t = with_sigs(tally_cases[_i].sigs);
	struct consensus *c = parsed(t);
	struct authcert_set *s = vector_set_with_certs(tally_cases[_i].real,
	    tally_cases[_i].strangers);
	struct consensus_tally tally;
	int rc = consensus_verify(c, s, VECTOR_TIME, &tally);

	ck_assert_int_eq(rc, tally_cases[_i].rc);
	ck_assert_uint_eq(tally.good, tally_cases[_i].good);
	ck_assert_uint_eq(tally.unknown, tally_cases[_i].unknown);
	ck_assert_uint_eq(tally.bad, 0);
	ck_assert_uint_eq(tally.nmissing, 0);
	authcert_set_free(s);
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(consensus_verify_without_certificates_names_them)
{
	struct text t = load("consensus");
	struct consensus *c = parsed(t);
	struct authcert_set *s = vector_set(3, 1);
	struct consensus_tally tally;
	const struct authcert *cert;
	struct text certs = load("certs");
	size_t i;

	ck_assert_int_eq(consensus_verify(c, s, VECTOR_TIME, &tally),
	    -EAGAIN);
	ck_assert_uint_eq(tally.nmissing, 3);
	ck_assert_uint_eq(tally.needed, 3);
	authcert_set_add(s, certs.p, certs.len, VECTOR_TIME);
	for (i = 0; i < 3; i++) {
		cert = authcert_set_find(s, tally.missing[i].id,
		    tally.missing[i].sk);
		ck_assert_ptr_nonnull(cert);
	}
	ck_assert_int_eq(consensus_verify(c, s, VECTOR_TIME, &tally), 0);
	authcert_set_free(s);
	consensus_free(c);
	free(certs.p);
	free(t.p);
}
END_TEST

START_TEST(consensus_verify_too_few_even_with_all_certificates_is_hopeless)
{
	struct text t = with_sigs("02");
	struct consensus *c = parsed(t);
	struct authcert_set *s = vector_set(3, 1);
	struct consensus_tally tally;

	ck_assert_int_eq(consensus_verify(c, s, VECTOR_TIME, &tally),
	    -EBADMSG);
	authcert_set_free(s);
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(consensus_verify_expired_certificate_counts_as_missing)
{
	struct text t = load("consensus");
	struct consensus *c = parsed(t);
	struct authcert_set *s = vector_set_with_certs(3, 0);
	struct consensus_tally tally;

	ck_assert_int_eq(consensus_verify(c, s, VECTOR_TIME + 366 * DAY,
	    &tally), -EAGAIN);
	ck_assert_uint_eq(tally.good, 0);
	ck_assert_uint_eq(tally.nmissing, 3);
	authcert_set_free(s);
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(consensus_verify_sha1_signatures_do_not_count)
{
	struct text t = load("consensus"), u, v;
	struct consensus *c;

	u = replace(t, sig_key, "directory-signature sha1 ");
	v = replace(u, sig_key, "directory-signature ");
	c = parsed(v);
	ck_assert_uint_eq(c->nsigs, 1);
	consensus_free(c);
	free(t.p);
	free(u.p);
	free(v.p);
}
END_TEST

START_TEST(consensus_verify_any_altered_signed_byte_is_refused)
{
	struct text t = load("consensus");
	struct authcert_set *s = vector_set_with_certs(3, 0);
	size_t begin, end, i;

	ck_assert_int_eq(consensus_signed_part(t.p, t.len, &begin, &end), 0);
	ck_assert_uint_eq(begin, 0);
	for (i = begin; i < end; i++) {
		char was = t.p[i];

		t.p[i] ^= 1;
		ck_assert_msg(accept_rc(t, s) == -EBADMSG, "byte %zu", i);
		t.p[i] = was;
	}
	ck_assert_int_eq(accept_rc(t, s), 0);
	authcert_set_free(s);
	free(t.p);
}
END_TEST

START_TEST(consensus_verify_altered_signature_does_not_count)
{
	struct text t = with_sigs("01");
	struct authcert_set *s = vector_set_with_certs(3, 0);
	size_t begin, end, i;

	ck_assert_int_eq(consensus_signed_part(t.p, t.len, &begin, &end), 0);
	for (i = end; i < t.len; i++) {
		char was = t.p[i];
		int rc;

		t.p[i] ^= 1;
		rc = accept_rc(t, s);
		/* Another signing key may be one that we have not seen; hex
		 * digits may only change their case. */
		ck_assert_msg(rc == -EBADMSG || rc == -EAGAIN, "byte %zu", i);
		t.p[i] = was;
	}
	authcert_set_free(s);
	free(t.p);
}
END_TEST

/* --- structure --- */

START_TEST(consensus_parse_truncated_at_any_byte_is_refused)
{
	struct text t = with_sigs("0");
	size_t i;

	for (i = 0; i < t.len; i++) {
		struct text part = text_copy(t.p, i);

		ck_assert_msg(parse_rc(part) == -EBADMSG, "%zu bytes", i);
		free(part.p);
	}
	ck_assert_int_eq(parse_rc(t), 0);
	free(t.p);
}
END_TEST

static const struct {
	const char	*old, *with;
	int		 rc;
} edits[] = {
	/* head */
	{ "version 3 microdesc", "version 4 microdesc", -EBADMSG },
	{ "version 3 microdesc", "version 3", -EBADMSG },
	{ "version 3 microdesc", "version 3 ns", -EBADMSG },
	{ "version 3 microdesc", "version 3 microdesc more", 0 },
	{ "vote-status consensus", "vote-status vote", -EBADMSG },
	{ "consensus-method 35", "consensus-method 9999", 0 },
	{ "consensus-method 35", "consensus-method 0", -EBADMSG },
	{ "consensus-method 35", "consensus-method -1", -EBADMSG },
	{ "valid-after 2026", "valid-after 1026", -EBADMSG },
	{ "valid-after 2026", "valid-after 2038", -EBADMSG },
	{ "valid-until 2026", "valid-until 2038", 0 },
	{ "valid-until 2026", "valid-until 9999", 0 },
	{ "valid-until 2026", "valid-until 99999", -EBADMSG },
	{ "valid-until", "opt valid-until", 0 },
	{ "valid-until", "valid-untill", -EBADMSG },
	{ "fresh-until 2026-11-22 23:08:00", "fresh-until 2026-11-22 23:07:59",
	    -EBADMSG },
	{ "valid-until 2026-11-22 23:08:10", "valid-until 2026-11-22 23:08:09",
	    -EBADMSG },
	{ "voting-delay 2 2", "voting-delay 2", -EBADMSG },
	{ "voting-delay 2 2", "voting-delay 4294967295 2", -EBADMSG },
	{ "voting-delay", "vote-status consensus\nvoting-delay", -EBADMSG },
	{ "known-flags Authority Exit", "known-flags Exit Authority",
	    -EBADMSG },
	{ "known-flags Authority Exit", "known-flags Exit Exit", -EBADMSG },
	{ "known-flags", "unknown-flags", -EBADMSG },
	{ "params ", "future-line 1 2 3\nparams ", 0 },
	{ "cc_alg=2", "cc_alg=2147483648", -EBADMSG },
	{ "cc_alg=2", "cc_alg=2147483647", 0 },
	{ "cc_alg=2", "cc_alg=", -EBADMSG },
	{ "Link=4 Microdesc=2 Relay=2", "Link=4 Relay=99", -EBADMSG },
	{ "Link=4 Microdesc=2 Relay=2", "Link=4 Fribble=9", 0 },
	{ "known-flags", "shared-rand-current-value 9 x\nknown-flags", 0 },
	{ "known-flags", "directory-footer\nknown-flags", -EBADMSG },
	/* relays */
	{ "r r1 ", "r r1_ ", -EBADMSG },
	{ "r r1 ", "r aVeryLongNickname123 ", -EBADMSG },
	{ "r r1 ", "r  r1 ", 0 },
	{ "Go7Ty/Q3T6cIg3N8TdWrwNZZIQQ", "Go7Ty/Q3T6cIg3N8TdWrwNZZIQ",
	    -EBADMSG },
	{ "2038-01-01 00:00:00 127.0.0.1 23321", "2038-01-01 00:00:00",
	    -EBADMSG },
	{ "2038-01-01 00:00:00 127.0.0.1 23321",
	    "2038-13-01 00:00:00 127.0.0.1 23321", -EBADMSG },
	{ "127.0.0.1 23321 0", "127.0.0.256 23321 0", -EBADMSG },
	{ "127.0.0.1 23321 0", "127.0.0.1 65536 0", -EBADMSG },
	{ "127.0.0.1 23321 0", "127.0.0.1 0 0", 0 },
	{ "127.0.0.1 23321 0", "::1 23321 0", -EBADMSG },
	{ "\ns ", "\nx ", -EBADMSG },
	{ "\ns ", "\ns \ns ", -EBADMSG },
	{ "\nw Bandwidth=0", "\nw Bandwidth=4294967296", -EBADMSG },
	{ "\nw Bandwidth=0", "\nw Bandwidth=-1", -EBADMSG },
	{ "\nw Bandwidth=0", "\nw Bandwidth=4294967295", 0 },
	{ "\nw Bandwidth=0", "\nx Bandwidth=0", 0 },
	{ "\nm ", "\nm A", -EBADMSG },
	{ "\nm ", "\nx ", 0 },
	{ "\npr Conflux=1", "\npr Conflux=4294967295", 0 },
	{ "\npr Conflux=1", "\npr junk", 0 },
	{ "\nv ", "\na junk\na [::1]:99999\na 1.2.3.4:5\nv ", 0 },
	{ "\nv ", "\nfuture 1\nv ", 0 },
	/* foot and signatures */
	{ "directory-footer\n", "", 0 },
	{ "directory-footer\n", "directory-footer\nr x\n", -EBADMSG },
	{ "Wbd=3333", "Wbd=x", -EBADMSG },
	{ "bandwidth-weights ", "bandwidth-weights\nbandwidth-weights ",
	    -EBADMSG },
	{ "directory-signature ", "directory-signature  ", 0 },
	{ "directory-signature ", "directory-signatures ", 0 }, /* not signed */
	{ "directory-signature ", " directory-signature ", -EBADMSG },
	{ "directory-signature ", "opt directory-signature ", -EBADMSG },
	{ "-----END SIGNATURE-----\n", "-----END SIGNATURE-----\nr x\n",
	    -EBADMSG },
	{ "-----END SIGNATURE-----\n", "-----END SIGNATURE-----\nfoo\n",
	    -EBADMSG },
	{ "-----END SIGNATURE-----\n",
	    "-----END SIGNATURE-----\nnetwork-status-version 3 microdesc\n",
	    -EBADMSG },
	{ "directory-footer\n", "foo\n-----BEGIN A-----\n"
	    "directory-signature x\n-----END A-----\ndirectory-footer\n",
	    -EBADMSG },
	{ "network-status", "\nnetwork-status", -EBADMSG },
	{ "network-status", "foo\nnetwork-status", -EBADMSG },
};

START_TEST(consensus_parse_edited_document_is_taken_or_refused)
{
	struct text t = load("consensus");
	struct text u = replace(t, edits[_i].old, edits[_i].with);
	int rc = parse_rc(u);

	ck_assert_msg(rc == edits[_i].rc, "%s -> %s: %d", edits[_i].old,
	    edits[_i].with, rc);
	free(t.p);
	free(u.p);
}
END_TEST

START_TEST(consensus_parse_nul_or_cr_anywhere_is_refused)
{
	struct text t = load("consensus");
	size_t i;

	for (i = 0; i < t.len; i += 7) {
		char was = t.p[i];

		t.p[i] = i % 2 ? '\0' : '\r';
		ck_assert_int_eq(parse_rc(t), -EBADMSG);
		t.p[i] = was;
	}
	free(t.p);
}
END_TEST

/* Where the n-th line "r ..." begins. */
static char *
router_at(struct text t, size_t n)
{
	char *p = memmem(t.p, t.len, "\nr ", 3);

	while (n-- > 0)
		p = memmem(p + 1, t.len - (size_t)(p + 1 - t.p), "\nr ", 3);
	return p + 1;
}

START_TEST(consensus_parse_relays_out_of_order_are_refused)
{
	struct text t = load("consensus");
	char *a = router_at(t, 2), *b = router_at(t, 3), *c = router_at(t, 4);
	size_t an = (size_t)(b - a), bn = (size_t)(c - b);
	char *copy = malloc(an + bn);

	memcpy(copy, b, bn);
	memcpy(copy + bn, a, an);
	memcpy(a, copy, an + bn);
	ck_assert_int_eq(parse_rc(t), -EBADMSG);
	free(copy);
	free(t.p);
}
END_TEST

START_TEST(consensus_parse_relay_listed_twice_is_refused)
{
	struct text t = load("consensus"), u;
	char *a = router_at(t, 2), *b = router_at(t, 3);
	size_t an = (size_t)(b - a), head = (size_t)(b - t.p);

	u.len = t.len + an;
	u.p = malloc(u.len);
	memcpy(u.p, t.p, head);
	memcpy(u.p + head, a, an);
	memcpy(u.p + head + an, b, t.len - head);
	ck_assert_int_eq(parse_rc(u), -EBADMSG);
	free(t.p);
	free(u.p);
}
END_TEST

START_TEST(consensus_parse_interval_of_seconds_only_in_a_testing_network)
{
	struct text t = load("consensus");
	struct consensus *c;

	ck_assert_int_eq(consensus_parse(&c, t.p, t.len, 0), -EBADMSG);
	ck_assert_int_eq(consensus_parse(&c, t.p, t.len, 1), 0);
	consensus_free(c);
	free(t.p);
}
END_TEST

START_TEST(consensus_parse_too_many_signatures_are_refused)
{
	struct text one = load("consensus"), t;
	char *sig = memmem(one.p, one.len, sig_key, strlen(sig_key));
	char *end = memmem(sig + 1, one.len - (size_t)(sig + 1 - one.p),
	    sig_key, strlen(sig_key));
	size_t head = (size_t)(sig - one.p), n = (size_t)(end - sig), i;

	t.p = malloc(head + n * (CONSENSUS_SIGS_MAX + 1));
	memcpy(t.p, one.p, head);
	for (i = 0; i <= CONSENSUS_SIGS_MAX; i++)
		memcpy(t.p + head + i * n, sig, n);
	t.len = head + n * CONSENSUS_SIGS_MAX;
	ck_assert_int_eq(parse_rc(t), 0);
	t.len += n;
	ck_assert_int_eq(parse_rc(t), -E2BIG);
	free(one.p);
	free(t.p);
}
END_TEST

/* --- what is read --- */

START_TEST(consensus_parse_reads_what_the_vector_lacks)
{
	static const char value[] =
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
	struct text t = load("consensus"), u, v;
	struct consensus *c;
	char line[256];

	snprintf(line, sizeof(line), "shared-rand-previous-value 9 %s\n"
	    "shared-rand-current-value 7 %s\nknown-flags", value, value);
	u = replace(t, "known-flags", line);
	v = replace(u, "\nv ", "\na [2001:db8::1]:443\na [2001:db8::2]:80\nv ");
	c = parsed(v);
	ck_assert(c->srv_previous.has);
	ck_assert_uint_eq(c->srv_previous.reveals, 9);
	ck_assert_uint_eq(c->srv_current.reveals, 7);
	ck_assert_uint_eq(c->srv_current.value[31], 0x1f);
	ck_assert_uint_eq(c->routers[0].or6.family, 6);
	ck_assert_uint_eq(c->routers[0].or6.port, 443);
	ck_assert_uint_eq(c->routers[0].or6.ip[15], 1);
	consensus_free(c);
	free(t.p);
	free(u.p);
	free(v.p);
}
END_TEST

START_TEST(consensus_parse_without_params_has_none)
{
	struct text t = load("consensus");
	struct text u = replace(t, "\nparams ", "\nno-params ");
	struct consensus *c = parsed(u);

	ck_assert_ptr_null(c->params);
	ck_assert_int_eq(params_get(c->params, "cc_alg", 1, 0, 9), 1);
	consensus_free(c);
	free(t.p);
	free(u.p);
}
END_TEST

START_TEST(consensus_parse_bad_pr_line_costs_only_that_relay)
{
	struct text t = load("consensus");
	struct text u = replace(t, "\npr Conflux=1", "\npr Conflux=64");
	struct consensus *c = parsed(u);

	ck_assert_uint_eq(c->routers[0].caps, 0);
	ck_assert_uint_ne(c->routers[1].caps, 0);
	consensus_free(c);
	free(t.p);
	free(u.p);
}
END_TEST

static const struct {
	const char	*required;
	const char	*year;
	int		 excluded;
} exclude_cases[] = {
	{ "Link=4", "2027", 0 },
	{ "Link=9", "2027", 1 },
	{ "Link=9", "2025", 0 },	/* older than we are */
	{ "HSIntro=9", "2027", 0 },	/* costs onion services only */
	{ "Novel=1", "2027", 1 },
};

START_TEST(consensus_excludes_us_only_where_newer_and_core)
{
	struct gen g = gen_network(1);
	char line[128];
	struct text u, v, w, x;
	struct consensus *c;

	snprintf(line, sizeof(line), "required-client-protocols %s\nparams",
	    exclude_cases[_i].required);
	u = replace(g.consensus, "params", line);
	snprintf(line, sizeof(line), "valid-after %s",
	    exclude_cases[_i].year);
	v = replace(u, "valid-after 2026", line);
	w = replace(v, "fresh-until 2026", "fresh-until 2028");
	x = replace(w, "valid-until 2026", "valid-until 2028");
	ck_assert_int_eq(consensus_parse(&c, x.p, x.len, 0), 0);
	ck_assert_int_eq(consensus_excludes_us(c),
	    exclude_cases[_i].excluded);
	consensus_free(c);
	gen_free(&g);
	free(u.p);
	free(v.p);
	free(w.p);
	free(x.p);
}
END_TEST

static const struct {
	int64_t	now;		/* from valid-after; valid for 3 h */
	int	live, reasonably, ancient;
} age_cases[] = {
	{ -DAY - 1, 0, 0, 0 }, { -DAY, 0, 1, 0 }, { -1, 0, 1, 0 },
	{ 0, 1, 1, 0 }, { 3 * 3600, 1, 1, 0 }, { 3 * 3600 + 1, 0, 1, 0 },
	{ 3 * 3600 + DAY, 0, 1, 0 }, { 3 * 3600 + DAY + 1, 0, 0, 0 },
	{ 3 * 3600 + 5 * DAY, 0, 0, 0 }, { 3 * 3600 + 5 * DAY + 1, 0, 0, 1 },
};

START_TEST(consensus_live_and_its_sisters_know_the_age)
{
	/* also beyond what 32 bits of time hold */
	static const int64_t starts[] = { VECTOR_TIME, INT64_C(2147483647) };
	size_t i;

	for (i = 0; i < NELEM(starts); i++) {
		int64_t from = starts[i], until = from + 3 * 3600;
		int64_t now = from + age_cases[_i].now;

		ck_assert_int_eq(consensus_live(from, until, now),
		    age_cases[_i].live);
		ck_assert_int_eq(consensus_reasonably_live(from, until, now),
		    age_cases[_i].reasonably);
		ck_assert_int_eq(consensus_ancient(until, now),
		    age_cases[_i].ancient);
	}
}
END_TEST

/* --- size --- */

START_TEST(consensus_parse_work_grows_with_the_document_and_no_faster)
{
	size_t steps[2];
	int i;

	for (i = 0; i < 2; i++) {
		struct gen g = gen_network(i == 0 ? 4500 : 9000);
		struct consensus *c;

		ck_assert_int_eq(consensus_parse(&c, g.consensus.p,
		    g.consensus.len, 0), 0);
		ck_assert_uint_eq(c->nrouters, i == 0 ? 4500 : 9000);
		steps[i] = c->steps;
		consensus_free(c);
		gen_free(&g);
	}
	ck_assert_uint_lt(steps[1] * 10, steps[0] * 25);
	ck_assert_uint_lt(steps[1], 9000 * 10);
}
END_TEST

START_TEST(consensus_parse_over_the_ceilings_is_refused)
{
	struct gen g = gen_network(CONSENSUS_ROUTERS_MAX + 1);
	struct consensus *c;

	ck_assert_int_eq(consensus_parse(&c, g.consensus.p, g.consensus.len,
	    0), -E2BIG);
	ck_assert_int_eq(consensus_parse(&c, g.consensus.p,
	    CONSENSUS_TEXT_MAX + 1, 0), -E2BIG);
	gen_free(&g);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(consensus_parse_real_document),
	UNIT_LOOP(consensus_verify_wants_more_than_half_of_the_authorities,
	    NELEM(tally_cases)),
	UNIT(consensus_verify_without_certificates_names_them),
	UNIT(consensus_verify_too_few_even_with_all_certificates_is_hopeless),
	UNIT(consensus_verify_expired_certificate_counts_as_missing),
	UNIT(consensus_verify_sha1_signatures_do_not_count),
	UNIT(consensus_verify_any_altered_signed_byte_is_refused),
	UNIT(consensus_verify_altered_signature_does_not_count),
	UNIT(consensus_parse_truncated_at_any_byte_is_refused),
	UNIT_LOOP(consensus_parse_edited_document_is_taken_or_refused,
	    NELEM(edits)),
	UNIT(consensus_parse_nul_or_cr_anywhere_is_refused),
	UNIT(consensus_parse_relays_out_of_order_are_refused),
	UNIT(consensus_parse_relay_listed_twice_is_refused),
	UNIT(consensus_parse_interval_of_seconds_only_in_a_testing_network),
	UNIT(consensus_parse_too_many_signatures_are_refused),
	UNIT(consensus_parse_reads_what_the_vector_lacks),
	UNIT(consensus_parse_without_params_has_none),
	UNIT(consensus_parse_bad_pr_line_costs_only_that_relay),
	UNIT_LOOP(consensus_excludes_us_only_where_newer_and_core,
	    NELEM(exclude_cases)),
	UNIT_LOOP(consensus_live_and_its_sisters_know_the_age,
	    NELEM(age_cases)),
	UNIT(consensus_parse_work_grows_with_the_document_and_no_faster),
	UNIT(consensus_parse_over_the_ceilings_is_refused),
};
DIRTEST_MAIN("consensus", tests)
