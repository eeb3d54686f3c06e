/* tests/onion/dir/fakeauth.c - directory authorities that sign what they are
 * told */
#include "tests/onion/dir/fakeauth.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/netdoc.h"
#include "tests/sim/simdir.h"

enum { BITS = 1024, SIG_MAX = BITS / 8 };

struct key {
	EVP_PKEY	*pkey;
	uint8_t		*der;		/* PKCS#1 RSAPublicKey */
	size_t		 derlen;
	uint8_t		 id[20];
};

struct auth {
	struct key	id, sk[2];
};

static struct auth auths[FAKEAUTH_MAX];
static size_t nauths;

static void
make_key(struct key *k)
{
	X509_PUBKEY *pub = NULL;
	const unsigned char *p;
	int len, rc;

	k->pkey = EVP_RSA_gen(BITS);
	assert(k->pkey != NULL);
	rc = X509_PUBKEY_set(&pub, k->pkey);
	assert(rc == 1);
	rc = X509_PUBKEY_get0_param(NULL, &p, &len, NULL, pub);
	assert(rc == 1);
	k->derlen = (size_t)len;
	k->der = malloc(k->derlen);
	memcpy(k->der, p, k->derlen);
	crypt_sha1(k->id, k->der, k->derlen);
	X509_PUBKEY_free(pub);
}

void
fakeauth_init(size_t n)
{
	size_t i;

	assert(n <= FAKEAUTH_MAX);
	for (i = 0; i < n; i++) {
		make_key(&auths[i].id);
		make_key(&auths[i].sk[0]);
		make_key(&auths[i].sk[1]);
	}
	nauths = n;
}

size_t
fakeauth_count(void)
{
	return nauths;
}

const uint8_t *
fakeauth_id(size_t i)
{
	return auths[i].id.id;
}

const uint8_t *
fakeauth_sk(size_t i, int generation)
{
	return auths[i].sk[generation].id;
}

static size_t
sign(const struct key *k, const uint8_t *digest, size_t len, uint8_t *sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
	size_t siglen = SIG_MAX;
	int rc;

	rc = EVP_PKEY_sign_init(ctx);
	assert(rc == 1);
	rc = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	assert(rc == 1);
	rc = EVP_PKEY_sign(ctx, sig, &siglen, digest, len);
	assert(rc == 1);
	(void)rc;
	EVP_PKEY_CTX_free(ctx);
	return siglen;
}

static void
put_object(FILE *f, const char *type, const uint8_t *p, size_t len)
{
	char b64[ENC_B64_LEN(1024)];
	size_t i;

	enc_b64(b64, p, len);
	fprintf(f, "-----BEGIN %s-----\n", type);
	for (i = 0; b64[i] != '\0'; i += strnlen(b64 + i, 64))
		fprintf(f, "%.64s\n", b64 + i);
	fprintf(f, "-----END %s-----\n", type);
}

static void
put_time(FILE *f, const char *key, int64_t when)
{
	char text[20];

	netdoc_time_text(text, when);
	fprintf(f, "%s %s\n", key, text);
}

char *
fakeauth_cert(size_t i, int generation, int64_t published, int64_t expires,
    size_t *len)
{
	const struct key *id = &auths[i].id, *sk = &auths[i].sk[generation];
	uint8_t sig[SIG_MAX], digest[20];
	char *text = NULL, hex[41];
	FILE *f = open_memstream(&text, len);
	size_t n;

	enc_hex(hex, id->id, 20);
	fprintf(f, "dir-key-certificate-version 3\nfingerprint %s\n", hex);
	put_time(f, "dir-key-published", published);
	put_time(f, "dir-key-expires", expires);
	fprintf(f, "dir-identity-key\n");
	put_object(f, "RSA PUBLIC KEY", id->der, id->derlen);
	fprintf(f, "dir-signing-key\n");
	put_object(f, "RSA PUBLIC KEY", sk->der, sk->derlen);
	fprintf(f, "dir-key-crosscert\n");
	n = sign(sk, id->id, 20, sig);
	put_object(f, "ID SIGNATURE", sig, n);
	fprintf(f, "dir-key-certification\n");
	fflush(f);
	crypt_sha1(digest, text, *len);
	n = sign(id, digest, 20, sig);
	put_object(f, "SIGNATURE", sig, n);
	fclose(f);
	return text;
}

/* --- consensus --- */

/* Copies @from, without its signatures, and with our times and lines. */
static void
put_signed_part(FILE *f, const char *from, const struct fakeauth_conf *c)
{
	int64_t interval = c->interval ? c->interval : 3600;
	int64_t lifetime = c->lifetime ? c->lifetime : 10800;
	const char *line, *end;

	for (line = from;; line = end + 1) {
		if (strncmp(line, "directory-signature ", 20) == 0)
			break;
		end = strchr(line, '\n');
		if (strncmp(line, "valid-after ", 12) == 0)
			put_time(f, "valid-after", c->valid_after);
		else if (strncmp(line, "fresh-until ", 12) == 0)
			put_time(f, "fresh-until", c->valid_after + interval);
		else if (strncmp(line, "valid-until ", 12) == 0)
			put_time(f, "valid-until", c->valid_after + lifetime);
		else
			fprintf(f, "%.*s", (int)(end + 1 - line), line);
		if (c->lines && strncmp(line, "known-flags ", 12) == 0)
			fputs(c->lines, f);
	}
	fputs("directory-signature ", f);
	fflush(f);
}

static void
put_signature(FILE *f, size_t i, const struct fakeauth_conf *c,
    const uint8_t digest[32])
{
	const struct key *sk = &auths[i].sk[c->generation];
	char id[41], skid[41];
	uint8_t sig[SIG_MAX];
	size_t n;

	enc_hex(id, auths[i].id.id, 20);
	enc_hex(skid, sk->id, 20);
	n = sign(sk, digest, 32, sig);
	if (c->forged >> i & 1)
		sig[n / 2] ^= 1;
	fprintf(f, "sha256 %s %s\n", id, skid);
	put_object(f, "SIGNATURE", sig, n);
}

char *
fakeauth_consensus(struct simdir *sd, const struct fakeauth_conf *c,
    size_t *len)
{
	size_t rawlen, i, done = 0;
	char *raw = simdir_consensus(sd, &rawlen), *text = NULL;
	FILE *f = open_memstream(&text, len);
	uint8_t digest[32];

	put_signed_part(f, raw, c);
	crypt_sha256(digest, text, *len);
	for (i = 0; i < nauths; i++) {
		if (c->signers && !(c->signers >> i & 1))
			continue;
		if (done++)
			fputs("directory-signature ", f);
		put_signature(f, i, c, digest);
	}
	fclose(f);
	free(raw);
	return text;
}

/* All lines changed for all lines: simple, and still a difference. */
char *
fakeauth_diff(const char *from, size_t fromlen, const char *to, size_t tolen,
    size_t *len)
{
	uint8_t before[32], after[32];
	size_t begin, end, lines = 0, i;
	char *text = NULL, hex[65];
	FILE *f = open_memstream(&text, len);
	int rc;

	rc = consensus_signed_part(from, fromlen, &begin, &end);
	assert(rc == 0);
	(void)rc;
	crypt_sha3(before, from + begin, end - begin);
	crypt_sha3(after, to, tolen);
	for (i = 0; i < fromlen; i++)
		lines += from[i] == '\n';
	fputs("network-status-diff-version 1\nhash ", f);
	enc_hex(hex, before, 32);
	fprintf(f, "%s ", hex);
	enc_hex(hex, after, 32);
	fprintf(f, "%s\n1,%zuc\n", hex, lines);
	fwrite(to, 1, tolen, f);
	fputs(".\n", f);
	fclose(f);
	return text;
}
