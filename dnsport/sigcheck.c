/* dnsport/sigcheck.c - is a set of records signed by these keys? */
#include "dnsport/sigcheck.h"

#include <ldns/ldns.h>

#include "dnsport/dname.h"
#include "dnsport/record.h"

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

static int
is_usable(const ldns_rr *key)
{
	uint16_t flags;

	if (ldns_rr_get_type(key) != LDNS_RR_TYPE_DNSKEY ||
	    ldns_rr_rd_count(key) != KEY_FIELDS)
		return 0;
	flags = ldns_rdf2native_int16(ldns_rr_rdf(key, 0));
	return (flags & KEY_ZONE) && !(flags & KEY_REVOKED) &&
	    ldns_rdf2native_int8(ldns_rr_rdf(key, 1)) == KEY_PROTOCOL &&
	    ldns_rdf_size(ldns_rr_rdf(key, 3)) <= SIGCHECK_KEY_MAX;
}

static int
same_rdf(const ldns_rr *a, const ldns_rr *b, size_t i)
{
	return ldns_rdf_compare(ldns_rr_rdf(a, i), ldns_rr_rdf(b, i)) == 0;
}

static int
is_ds_of(const ldns_rr *ds, const ldns_rr *key)
{
	unsigned digest;
	ldns_rr *made;
	int rc;

	if (ldns_rr_rd_count(ds) != DS_FIELDS || byte(ds, 1) != byte(key, 2) ||
	    ldns_rdf2native_int16(ldns_rr_rdf(ds, 0)) !=
	    ldns_calc_keytag(key))
		return 0;
	digest = ldns_rdf2native_int8(ldns_rr_rdf(ds, 2));
	if (!sigcheck_knows_digest(digest))
		return 0;
	made = ldns_key_rr2ds(key, digest == 2 ? LDNS_SHA256 : LDNS_SHA384);
	rc = made && same_rdf(ds, made, 3);
	ldns_rr_free(made);
	return rc;
}

int
sigcheck_is_key(const ldns_rr *anchor, const ldns_rr *key)
{
	if (!is_usable(key) || ldns_dname_compare(ldns_rr_owner(anchor),
	    ldns_rr_owner(key)) != 0)
		return 0;
	if (ldns_rr_get_type(anchor) == LDNS_RR_TYPE_DNSKEY)
		return ldns_rr_rd_count(anchor) == KEY_FIELDS &&
		    same_rdf(anchor, key, 2) && same_rdf(anchor, key, 3);
	return is_ds_of(anchor, key);
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
	    ldns_dname_compare(ldns_rr_owner(sig), ldns_rr_owner(rr)) == 0 &&
	    ldns_dname_compare(ldns_rr_rdf(sig, 7), zone) == 0 &&
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

static void
keep(struct sigcheck *s, const ldns_rr_list *set, const ldns_rr *sig)
{
	int64_t ttl = ldns_rr_ttl(ldns_rr_list_rr(set, 0));
	int64_t rest = (int32_t)(number(sig, 4) - (uint32_t)s->now);

	if (ttl > number(sig, 3))
		ttl = number(sig, 3);
	s->until = s->now + (ttl < rest ? ttl : rest);
	s->labels = byte(sig, 2);
}

static int
by_any(struct sigcheck *s, const ldns_rr_list *set, const ldns_rr *sig,
    const ldns_rr_list *keys)
{
	size_t i, n = ldns_rr_list_rr_count(keys);
	uint16_t tag = ldns_rdf2native_int16(ldns_rr_rdf(sig, 6));
	unsigned same = 0;

	for (i = 0; i < n && may_try(s) && same < SIGCHECK_SAME_TAG_MAX; i++) {
		ldns_rr *key = ldns_rr_list_rr(keys, i);

		if (!is_usable(key) || byte(key, 2) != byte(sig, 1) ||
		    ldns_calc_keytag(key) != tag)
			continue;
		same++;
		if (is_right(s, set, sig, key)) {
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
	size_t i, n = ldns_rr_list_rr_count(sigs);

	s->ede = DNS_EDE_NO_RRSIG;
	for (i = 0; i < n; i++) {
		const ldns_rr *sig = ldns_rr_list_rr(sigs, i);

		if (is_for(sig, ldns_rr_list_rr(set, 0), zone) &&
		    sigcheck_knows_algorithm(byte(sig, 1)) &&
		    is_in_time(s, sig) && by_any(s, set, sig, keys))
			return 1;
	}
	return 0;
}
