/* tests/onion/dir/dirtest.h - documents for the tests of onion/dir
 *
 * The vectors come from a private network of tor 0.4.9.11 with three
 * authorities (a1 to a3), five exits (r1 to r5) and the live network's
 * parameters.  r1 and r2, and r1 and r3, name each other as family; r2 names r3
 * but is not named by it; r4 and r5 have a proven family.
 */
#ifndef TESTS_ONION_DIR_DIRTEST_H
#define TESTS_ONION_DIR_DIRTEST_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/authcert.h"
#include "onion/dir/netdoc.h"
#include "tests/unit.h"

#define DIRTEST_MAIN(name, tests)					\
int									\
main(void)								\
{									\
	crypt_init();							\
	return unit_run(name, tests, NELEM(tests));			\
}

/* 2026-11-22 23:07:50: valid-after of the consensus. */
#define VECTOR_TIME INT64_C(1795388870)

struct text {
	char	*p;
	size_t	 len;
};

/* A copy of its own size, so that the sanitizer sees every step beyond. */
static inline struct text
text_copy(const char *p, size_t len)
{
	struct text t = { malloc(len > 0 ? len : 1), len };

	ck_assert_ptr_nonnull(t.p);
	memcpy(t.p, p, len);
	return t;
}

static inline struct text
load(const char *name)
{
	const char *dir = getenv("srcdir");
	char path[512], buf[65536];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/tests/vectors/dir/%s",
	    dir != NULL ? dir : ".", name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	ck_assert(n > 0 && n < sizeof(buf));
	return text_copy(buf, n);
}

/* @text with the first @old replaced. */
static inline struct text
replace(struct text t, const char *old, const char *with)
{
	char *at = memmem(t.p, t.len, old, strlen(old));
	struct text out;
	size_t head;

	ck_assert_msg(at != NULL, "no '%s' in the document", old);
	head = (size_t)(at - t.p);
	out.len = t.len - strlen(old) + strlen(with);
	out.p = malloc(out.len);
	memcpy(out.p, t.p, head);
	memcpy(out.p + head, with, strlen(with));
	memcpy(out.p + head + strlen(with), at + strlen(old),
	    t.len - head - strlen(old));
	return out;
}

static const char *const vector_ids[3] = {
	"C77CD27FD025A3321BCB0C53AEB2987AF8C18F16",
	"1016C382D83451C74F2E6F34EE987E70C8160790",
	"FA49DBE96C0AACADDCC316487C13FE6173E01154",
};

/* The set of the first @n real authorities and @strangers invented ones. */
static inline struct authcert_set *
vector_set(size_t n, size_t strangers)
{
	uint8_t ids[16][20];
	size_t i;

	ck_assert(n <= 3 && n + strangers <= 16);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(dec_hex(ids[i], 20, vector_ids[i], 40), 20);
	for (; i < n + strangers; i++)
		memset(ids[i], (int)i, 20);
	return authcert_set_new(ids, n + strangers);
}

static inline struct authcert_set *
vector_set_with_certs(size_t n, size_t strangers)
{
	struct authcert_set *s = vector_set(n, strangers);
	struct text certs = load("certs");

	ck_assert_int_eq(authcert_set_add(s, certs.p, certs.len, VECTOR_TIME),
	    (int)n);
	free(certs.p);
	return s;
}

/* --- a network of any size --- */

struct gen {
	struct text	consensus;
	struct text	microdescs;
	size_t		room_c, room_m;
};

static inline void
gen_put(struct text *t, size_t *room, const char *s, size_t n)
{
	if (t->len + n > *room) {
		*room = (t->len + n) * 2;
		t->p = realloc(t->p, *room);
		ck_assert_ptr_nonnull(t->p);
	}
	memcpy(t->p + t->len, s, n);
	t->len += n;
}

static inline void
gen_key(char *out, uint32_t seed, uint32_t kind, size_t len)
{
	uint8_t in[8] = { 0 }, digest[32];

	memcpy(in, &seed, 4);
	memcpy(in + 4, &kind, 4);
	crypt_sha256(digest, in, sizeof(in));
	enc_b64_bare(out, digest, len);
}

/* Relay @i is of the family of all with the same i / 16; one in 8 is an exit;
 * one in 4 has IPv6.  Identities ascend with @i. */
static inline void
gen_relay(struct gen *g, uint32_t i)
{
	char line[4096], rsa[32], md[48], key[48];
	uint8_t id[20] = { 0 }, digest[32];
	size_t begin = g->microdescs.len, n;
	uint32_t j;

	n = 0;
	gen_key(key, i, 1, 32);
	n += (size_t)snprintf(line + n, sizeof(line) - n,
	    "onion-key\nntor-onion-key %s\nfamily", key);
	for (j = i / 16 * 16; j < i / 16 * 16 + 16; j++)
		n += (size_t)snprintf(line + n, sizeof(line) - n,
		    " $%08X%032d", j, 0);
	if (i % 8 == 0)
		n += (size_t)snprintf(line + n, sizeof(line) - n,
		    "\np reject 25,119,135-139,%u\np6 accept 80,443",
		    1000 + i % 300);
	gen_key(key, i, 2, 32);
	n += (size_t)snprintf(line + n, sizeof(line) - n,
	    "\nid ed25519 %s\n", key);
	gen_put(&g->microdescs, &g->room_m, line, n);
	crypt_sha256(digest, g->microdescs.p + begin,
	    g->microdescs.len - begin);
	enc_b64_bare(md, digest, 32);
	for (j = 0; j < 4; j++)
		id[j] = (uint8_t)(i >> (24 - 8 * j));
	enc_b64_bare(rsa, id, 20);
	n = (size_t)snprintf(line, sizeof(line),
	    "r relay%u %s 2038-01-01 00:00:00 10.%u.%u.%u 9001 0\n", i, rsa,
	    i >> 16 & 255, i >> 8 & 255, i & 255);
	if (i % 4 == 0)
		n += (size_t)snprintf(line + n, sizeof(line) - n,
		    "a [2001:db8::%x]:9001\n", i + 1);
	n += (size_t)snprintf(line + n, sizeof(line) - n,
	    "m %s\ns %sFast %sRunning Stable V2Dir Valid\nv Tor 0.4.8.21\n"
	    "pr Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 "
	    "HSIntro=4-5 HSRend=1-2 Link=1-5 LinkAuth=1,3 Microdesc=1-2 "
	    "Padding=2 Relay=1-4\nw Bandwidth=%u\n", md,
	    i % 8 == 0 ? "Exit " : "", i % 3 == 0 ? "Guard HSDir " : "",
	    i % 5000 + 1);
	gen_put(&g->consensus, &g->room_c, line, n);
}

static inline struct gen
gen_network(uint32_t n)
{
	static const char head[] =
	    "network-status-version 3 microdesc\nvote-status consensus\n"
	    "consensus-method 33\nvalid-after 2026-11-22 22:00:00\n"
	    "fresh-until 2026-11-22 23:00:00\n"
	    "valid-until 2026-11-23 01:00:00\nvoting-delay 300 300\n"
	    "known-flags Exit Fast Guard HSDir Running Stable V2Dir Valid\n"
	    "params bwweightscale=10000 cc_alg=2\n";
	static const char foot[] = "directory-footer\n"
	    "bandwidth-weights Wgg=10000\n"
	    "directory-signature sha256 "
	    "C77CD27FD025A3321BCB0C53AEB2987AF8C18F16 "
	    "C77CD27FD025A3321BCB0C53AEB2987AF8C18F16\n"
	    "-----BEGIN SIGNATURE-----\n";
	static const char end[] = "\n-----END SIGNATURE-----\n";
	struct gen g;
	char sig[ENC_B64_LEN(256)];
	uint8_t zeros[256] = { 0 };
	uint32_t i;

	memset(&g, 0, sizeof(g));
	gen_put(&g.consensus, &g.room_c, head, strlen(head));
	for (i = 0; i < n; i++)
		gen_relay(&g, i);
	gen_put(&g.consensus, &g.room_c, foot, strlen(foot));
	enc_b64(sig, zeros, sizeof(zeros));
	gen_put(&g.consensus, &g.room_c, sig, strlen(sig));
	gen_put(&g.consensus, &g.room_c, end, strlen(end));
	return g;
}

static inline void
gen_free(struct gen *g)
{
	free(g->consensus.p);
	free(g->microdescs.p);
}

#endif
