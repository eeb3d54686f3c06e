/* tests/dnsport/signer.h - zones that a test signs itself
 *
 * A key of its own for each zone, drawn by ldns; sets of records, given as
 * text, are put into a message with a signature.
 */
#ifndef TESTS_DNSPORT_SIGNER_H
#define TESTS_DNSPORT_SIGNER_H

#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNER_WALL = 1795300000, SIGNER_TEXT_MAX = 4096 };

struct signer {
	ldns_rdf	*zone;
	ldns_key	*key;
	ldns_key_list	*keys;		/* it, owned */
	ldns_rr		*dnskey;
	uint32_t	 until;		/* its signatures are good */
};

static inline ldns_rr *
signer_rr(const char *text)
{
	ldns_rr *rr = NULL;

	ck_assert_msg(ldns_rr_new_frm_str(&rr, text, 3600, NULL, NULL) ==
	    LDNS_STATUS_OK, "%s", text);
	return rr;
}

static inline void
signer_open(struct signer *s, const char *zone)
{
	s->zone = ldns_dname_new_frm_str(zone);
	s->key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
	ck_assert(s->zone && s->key);
	s->until = SIGNER_WALL + 86400;
	ldns_key_set_flags(s->key, 0x101);
	ldns_key_set_pubkey_owner(s->key, ldns_rdf_clone(s->zone));
	s->dnskey = ldns_key2rr(s->key);
	ck_assert_ptr_nonnull(s->dnskey);
	ldns_rr_set_ttl(s->dnskey, 3600);
	ldns_key_set_keytag(s->key, ldns_calc_keytag(s->dnskey));
	s->keys = ldns_key_list_new();
	ldns_key_list_push_key(s->keys, s->key);
}

static inline void
signer_close(struct signer *s)
{
	ldns_rr_free(s->dnskey);
	ldns_key_list_free(s->keys);
	ldns_rdf_deep_free(s->zone);
}

/* @set, taken, and its signature into the message. */
static inline void
signer_add(struct signer *s, ldns_pkt *pkt, ldns_pkt_section where,
    ldns_rr_list *set)
{
	ldns_rr_list *sigs;

	ldns_key_set_inception(s->key, SIGNER_WALL - 86400);
	ldns_key_set_expiration(s->key, s->until);
	sigs = ldns_sign_public(set, s->keys);
	ck_assert_ptr_nonnull(sigs);
	ldns_pkt_push_rr_list(pkt, where, set);
	ldns_pkt_push_rr_list(pkt, where, sigs);
	ldns_rr_list_free(set);
	ldns_rr_list_free(sigs);
}

/* The same of lines of text. */
static inline void
signer_put(struct signer *s, ldns_pkt *pkt, ldns_pkt_section where,
    const char *text)
{
	ldns_rr_list *set = ldns_rr_list_new();
	char buf[SIGNER_TEXT_MAX], *line, *save = NULL;

	ck_assert_uint_lt(strlen(text), sizeof(buf));
	strcpy(buf, text);
	for (line = strtok_r(buf, "\n", &save); line;
	    line = strtok_r(NULL, "\n", &save))
		ldns_rr_list_push_rr(set, signer_rr(line));
	signer_add(s, pkt, where, set);
}

static inline ldns_pkt *
signer_pkt(uint8_t rcode)
{
	ldns_pkt *pkt = ldns_pkt_new();

	ck_assert_ptr_nonnull(pkt);
	ldns_pkt_set_qr(pkt, 1);
	ldns_pkt_set_rcode(pkt, rcode);
	return pkt;
}

/* Its keys, as they are asked for. */
static inline ldns_pkt *
signer_keys(struct signer *s)
{
	ldns_pkt *pkt = signer_pkt(0);
	ldns_rr_list *set = ldns_rr_list_new();

	ldns_rr_list_push_rr(set, ldns_rr_clone(s->dnskey));
	signer_add(s, pkt, LDNS_SECTION_ANSWER, set);
	return pkt;
}

static inline ldns_rr *
signer_ds(const struct signer *s)
{
	ldns_rr *ds = ldns_key_rr2ds(s->dnskey, LDNS_SHA256);

	ck_assert_ptr_nonnull(ds);
	ldns_rr_set_ttl(ds, 3600);
	return ds;
}

#endif
