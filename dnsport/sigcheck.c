/* dnsport/sigcheck.c - is a set of records signed by these keys? */
#include "dnsport/sigcheck.h"

#include <ldns/ldns.h>

#include "dnsport/dname.h"
#include "dnsport/record.h"
#include "dnsport/rrset.h"

enum { SIG_FIELDS = 9, KEY_FIELDS = 4, DS_FIELDS = 4 };
enum { KEY_ZONE = 0x100, KEY_REVOKED = 0x80, KEY_PROTOCOL = 3 };

/* RFC 8624 and 9905: what is to be validated; SHA-1 is no proof any more. */
int
sigcheck_knows_algorithm(unsigned a)
{
	return a == 8 || a == 10 || a == 13 || a == 14 || a == 15;
}

int
sigcheck_knows_digest(unsigned d)
{
	return d == 2 || d == 4;
}

static unsigned
byte(const ldns_rr *rr, size_t i)
{
	return ldns_rdf2native_int8(ldns_rr_rdf(rr, i));
}

static uint32_t
number(const ldns_rr *rr, size_t i)
{
	return ldns_rdf2native_int32(ldns_rr_rdf(rr, i));
}

/* --- keys --- */

/* RFC 3110 2: an exponent behind its length of 1 byte, or of 2 behind a 0. */
static int
has_short_exponent(const ldns_rdf *rdf)
{
	const uint8_t *b = ldns_rdf_data(rdf);
	size_t len = ldns_rdf_size(rdf);

	return len && b[0] && b[0] <= SIGCHECK_EXPONENT_MAX;
}

static int
is_rsa(unsigned algorithm)
{
	return algorithm == 8 || algorithm == 10;
}

static int
is_usable(const ldns_rr *key)
{
	const ldns_rdf *rdf;
	uint16_t flags;

	if (ldns_rr_get_type(key) != LDNS_RR_TYPE_DNSKEY ||
	    ldns_rr_rd_count(key) != KEY_FIELDS)
		return 0;
	flags = ldns_rdf2native_int16(ldns_rr_rdf(key, 0));
	rdf = ldns_rr_rdf(key, 3);
	return (flags & KEY_ZONE) && !(flags & KEY_REVOKED) &&
	    byte(key, 1) == KEY_PROTOCOL &&
	    ldns_rdf_size(rdf) <= SIGCHECK_KEY_MAX &&
	    (!is_rsa(byte(key, 2)) || has_short_exponent(rdf));
}

/* Keys with their tags, which cost as much as a look at each key. */
struct keyring {
	ldns_rr		*key[SIGCHECK_KEYS_MAX];
	uint16_t	 tag[SIGCHECK_KEYS_MAX];
	size_t		 n;
};

static void
read_keys(struct keyring *r, const ldns_rr_list *keys)
{
	size_t i, n = rrset_count(keys);

	r->n = 0;
	for (i = 0; i < n && i < SIGCHECK_KEYS_MAX; i++) {
		ldns_rr *key = ldns_rr_list_rr(keys, i);

		if (!is_usable(key))
			continue;
		r->key[r->n] = key;
		r->tag[r->n++] = ldns_calc_keytag(key);
	}
}

static int
same_rdf(const ldns_rr *a, const ldns_rr *b, size_t i)
{
	return ldns_rdf_compare(ldns_rr_rdf(a, i), ldns_rr_rdf(b, i)) == 0;
}

static int
has_digest(const ldns_rr *ds, const ldns_rr *key, unsigned digest)
{
	ldns_rr *made = ldns_key_rr2ds(key, digest == 2 ? LDNS_SHA256 :
	    LDNS_SHA384);
	int rc = made && same_rdf(ds, made, 3);

	ldns_rr_free(made);
	return rc;
}

static int
is_ds_of(const ldns_rr *ds, const ldns_rr *key, uint16_t tag, unsigned *wrong)
{
	unsigned digest;
	int rc;

	if (ldns_rr_rd_count(ds) != DS_FIELDS || byte(ds, 1) != byte(key, 2) ||
	    ldns_rdf2native_int16(ldns_rr_rdf(ds, 0)) != tag ||
	    *wrong >= SIGCHECK_DIGESTS_MAX)
		return 0;
	digest = byte(ds, 2);
	if (!sigcheck_knows_digest(digest))
		return 0;
	rc = has_digest(ds, key, digest);
	*wrong += !rc;
	return rc;
}

static int
stands_for(const ldns_rr *anchor, const ldns_rr *key, uint16_t tag,
    unsigned *wrong)
{
	if (!dname_rdf_same(ldns_rr_owner(anchor), ldns_rr_owner(key)))
		return 0;
	if (ldns_rr_get_type(anchor) == LDNS_RR_TYPE_DNSKEY)
		return ldns_rr_rd_count(anchor) == KEY_FIELDS &&
		    same_rdf(anchor, key, 2) && same_rdf(anchor, key, 3);
	return is_ds_of(anchor, key, tag, wrong);
}

static int
is_entry(const ldns_rr_list *anchors, const ldns_rr *key, uint16_t tag,
    unsigned *wrong)
{
	size_t i, ds = 0, n = rrset_count(anchors);

	for (i = 0; i < n && ds < SIGCHECK_DS_MAX; i++) {
		const ldns_rr *anchor = ldns_rr_list_rr(anchors, i);

		ds += ldns_rr_get_type(anchor) == LDNS_RR_TYPE_DS;
		if (stands_for(anchor, key, tag, wrong))
			return 1;
	}
	return 0;
}

ldns_rr_list *
sigcheck_entry(const ldns_rr_list *anchors, const ldns_rr_list *keys)
{
	ldns_rr_list *out = ldns_rr_list_new();
	struct keyring ring;
	unsigned wrong = 0;
	size_t i;

	read_keys(&ring, keys);
	for (i = 0; i < ring.n && out; i++)
		if (is_entry(anchors, ring.key[i], ring.tag[i], &wrong))
			ldns_rr_list_push_rr(out, ring.key[i]);
	return out;
}

/* --- signatures --- */

/* The labels of a name as a signature counts them: a "*" is none. */
static unsigned
labels_of(const ldns_rdf *name)
{
	struct dname d;

	if (dname_set(&d, ldns_rdf_data(name), ldns_rdf_size(name)) < 0)
		return 0;
	return d.n - (unsigned)dname_is_wildcard(&d);
}

static int
is_for(const ldns_rr *sig, const ldns_rr *rr, const ldns_rdf *zone)
{
	return ldns_rr_rd_count(sig) == SIG_FIELDS &&
	    ldns_rdf2rr_type(ldns_rr_rdf(sig, 0)) == ldns_rr_get_type(rr) &&
	    dname_rdf_same(ldns_rr_owner(sig), ldns_rr_owner(rr)) &&
	    dname_rdf_same(ldns_rr_rdf(sig, 7), zone) &&
	    byte(sig, 2) <= labels_of(ldns_rr_owner(rr));
}

/* RFC 1982: times of 32 bits go round. */
static int
is_in_time(struct sigcheck *s, const ldns_rr *sig)
{
	uint32_t now = (uint32_t)s->now;

	if ((int32_t)(number(sig, 4) - now) < 0)
		s->ede = DNS_EDE_SIG_EXPIRED;
	else if ((int32_t)(now - number(sig, 5)) < 0)
		s->ede = DNS_EDE_SIG_NOT_YET;
	else
		return 1;
	return 0;
}

static int
may_try(struct sigcheck *s)
{
	return s->tried < SIGCHECK_MAX && s->wrong < SIGCHECK_WRONG_MAX;
}

/* The time was looked at; ldns would take one after 2038 for one before. */
static int
is_right(struct sigcheck *s, const ldns_rr_list *set, const ldns_rr *sig,
    ldns_rr *key)
{
	ldns_rr_list *keys = ldns_rr_list_new(), *good = ldns_rr_list_new();
	int rc = keys && good && ldns_rr_list_push_rr(keys, key) &&
	    ldns_verify_rrsig_keylist_notime(set, sig, keys, good) ==
	    LDNS_STATUS_OK;

	s->tried++;
	s->wrong += !rc;
	ldns_rr_list_free(keys);
	ldns_rr_list_free(good);
	return rc;
}

static uint32_t
least_ttl(const ldns_rr_list *set, const ldns_rr *sig)
{
	uint32_t least = ldns_rr_ttl(sig);
	size_t i, n = rrset_count(set);

	if (number(sig, 3) < least)
		least = number(sig, 3);
	for (i = 0; i < n; i++)
		if (ldns_rr_ttl(ldns_rr_list_rr(set, i)) < least)
			least = ldns_rr_ttl(ldns_rr_list_rr(set, i));
	return least;
}

/* RFC 4035 5.3.3. */
static void
keep(struct sigcheck *s, const ldns_rr_list *set, const ldns_rr *sig)
{
	int64_t ttl = least_ttl(set, sig);
	int64_t rest = (int32_t)(number(sig, 4) - (uint32_t)s->now);

	s->until = s->now + (ttl < rest ? ttl : rest);
	s->labels = byte(sig, 2);
}

static int
by_any(struct sigcheck *s, const ldns_rr_list *set, const ldns_rr *sig,
    const struct keyring *ring)
{
	uint16_t tag = ldns_rdf2native_int16(ldns_rr_rdf(sig, 6));
	unsigned same = 0;
	size_t i;

	for (i = 0; i < ring->n && may_try(s) && same < SIGCHECK_SAME_TAG_MAX;
	    i++) {
		if (byte(ring->key[i], 2) != byte(sig, 1) ||
		    ring->tag[i] != tag)
			continue;
		same++;
		if (is_right(s, set, sig, ring->key[i])) {
			keep(s, set, sig);
			return 1;
		}
		s->ede = DNS_EDE_BOGUS;
	}
	if (same == 0 && s->ede == DNS_EDE_NO_RRSIG)
		s->ede = DNS_EDE_NO_DNSKEY;
	return 0;
}

int
sigcheck_set(struct sigcheck *s, const ldns_rr_list *set,
    const ldns_rr_list *sigs, const ldns_rr_list *keys, const ldns_rdf *zone)
{
	size_t i, n = rrset_count(sigs);
	struct keyring ring;

	s->ede = may_try(s) ? DNS_EDE_NO_RRSIG : DNS_EDE_BOGUS;
	if (n == 0 || !may_try(s))
		return 0;
	read_keys(&ring, keys);
	for (i = 0; i < n && i < RRSET_SIGS_MAX; i++) {
		const ldns_rr *sig = ldns_rr_list_rr(sigs, i);

		if (is_for(sig, ldns_rr_list_rr(set, 0), zone) &&
		    sigcheck_knows_algorithm(byte(sig, 1)) &&
		    is_in_time(s, sig) && by_any(s, set, sig, &ring))
			return 1;
	}
	return 0;
}
