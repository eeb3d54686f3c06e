/* tests/onion/hs/descmint.c - descriptors made to order, good and bad */
#include "tests/onion/hs/descmint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/enc.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* The same bytes for the same name, each time. */
static void
bytes(uint8_t *out, size_t len, const char *what, unsigned nr)
{
	char name[64];

	snprintf(name, sizeof(name), "descmint: %s %u", what, nr);
	crypt_shake256(out, len, name, strlen(name));
}

static void
pair(uint8_t pub[32], uint8_t sec[64], const char *what)
{
	uint8_t seed[32];

	bytes(seed, sizeof(seed), what, 0);
	must(crypto_sign_seed_keypair(pub, sec, seed) == 0);
}

void
descmint_init(struct descmint *m, int64_t now)
{
	uint8_t other[32];

	memset(m, 0, sizeof(*m));
	pair(m->blind.key, m->blinded_sec, "blinded");
	pair(m->signing, m->signing_sec, "signing");
	pair(other, m->other_sec, "other");
	bytes(m->blind.subcredential, 32, "subcredential", 0);
	m->revision = 42;
	m->now = now;
}

void
descmint_fini(struct descmint *m)
{
	while (m->n > 0)
		free(m->text[--m->n]);
}

static const char *
keep(struct descmint *m, char *text)
{
	must(text != NULL && m->n < DESCMINT_TEXTS);
	m->text[m->n++] = text;
	return text;
}

const char *
descmint_text(struct descmint *m, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	must(vasprintf(&p, fmt, ap) >= 0);
	va_end(ap);
	return keep(m, p);
}

const char *
descmint_swap(struct descmint *m, const char *text, const char *from,
    const char *to)
{
	const char *at = strstr(text, from);

	must(at != NULL);
	return descmint_text(m, "%.*s%s%s", (int)(at - text), text, to,
	    at + strlen(from));
}

static const char *
b64(struct descmint *m, const void *p, size_t len)
{
	char *text = malloc(ENC_B64_LEN(len));

	must(text != NULL);
	enc_b64(text, p, len);
	return keep(m, text);
}

static const char *
armor(struct descmint *m, const char *kind, const void *p, size_t len)
{
	const char *flat = b64(m, p, len);
	size_t i, n = strlen(flat), size = n + n / 64 + 128, at;
	char *text = malloc(size);

	must(text != NULL);
	at = (size_t)snprintf(text, size, "-----BEGIN %s-----\n", kind);
	for (i = 0; i < n; i += 64)
		at += (size_t)snprintf(text + at, size - at, "%.64s\n",
		    flat + i);
	snprintf(text + at, size - at, "-----END %s-----\n", kind);
	return keep(m, text);
}

const char *
descmint_cert(struct descmint *m, const struct descmint_cert *c)
{
	const uint8_t *sec = c->signer != NULL ? c->signer : m->signing_sec;
	int64_t expires = c->expires ? c->expires : m->now + 54 * 3600;
	uint8_t out[256], key[32], sig[64];
	struct pack p;

	bytes(key, sizeof(key), "certified", c->type);
	pack_init(&p, out, sizeof(out));
	pack_u8(&p, 1);
	pack_u8(&p, c->type);
	pack_u32(&p, (uint32_t)(expires / 3600));
	pack_u8(&p, c->key_type ? c->key_type : 1);
	pack_put(&p, c->key != NULL ? c->key : key, 32);
	pack_u8(&p, !c->no_name);
	if (!c->no_name) {
		pack_u16(&p, 32);
		pack_u8(&p, 4);
		pack_u8(&p, 0);
		pack_put(&p, c->named != NULL ? c->named : sec + 32, 32);
	}
	must(crypto_sign_detached(sig, NULL, out, pack_len(&p), sec) == 0);
	sig[5] ^= c->spoilt;
	pack_put(&p, sig, sizeof(sig));
	return armor(m, "ED25519 CERT", out, pack_len(&p));
}

static const char *
specs(struct descmint *m, unsigned nr)
{
	uint8_t out[128], id[32];
	struct pack p;

	pack_init(&p, out, sizeof(out));
	pack_u8(&p, 3);
	pack_u16(&p, 6);
	pack_u32(&p, 0xc0000200 + nr + 1);	/* 192.0.2.x */
	pack_u16(&p, (uint16_t)(9001 + nr));
	bytes(id, sizeof(id), "rsa", nr);
	pack_u16(&p, 2 << 8 | 20);
	pack_put(&p, id, 20);
	bytes(id, sizeof(id), "ed", nr);
	pack_u16(&p, 3 << 8 | 32);
	pack_put(&p, id, 32);
	return b64(m, out, pack_len(&p));
}

static const char *
x25519(struct descmint *m, const char *what, unsigned nr)
{
	uint8_t sec[32], pub[32];

	bytes(sec, sizeof(sec), what, nr);
	must(crypt_x25519_pub(pub, sec) == 0);
	return b64(m, pub, sizeof(pub));
}

const char *
descmint_intro(struct descmint *m, unsigned nr)
{
	struct descmint_cert auth = { .type = 9 }, enc = { .type = 11 };
	uint8_t key[32];

	bytes(key, sizeof(key), "auth", nr);
	auth.key = key;
	return descmint_text(m, "introduction-point %s\n"
	    "onion-key ntor %s\nauth-key\n%senc-key ntor %s\nenc-key-cert\n%s",
	    specs(m, nr), x25519(m, "onion", nr), descmint_cert(m, &auth),
	    x25519(m, "enc", nr), descmint_cert(m, &enc));
}

const char *
descmint_inner(struct descmint *m, unsigned nintros)
{
	const char *text = "create2-formats 2\nflow-control 1-2 31\n";
	unsigned i;

	for (i = 0; i < nintros; i++)
		text = descmint_text(m, "%s%s", text, descmint_intro(m, i));
	return text;
}

const char *
descmint_seal(struct descmint *m, int second, const uint8_t *cookie,
    const char *plain, size_t padded)
{
	static const uint8_t salt[16] = "sixteen bytes :";
	size_t len = strlen(plain), n = padded > len ? padded : len;
	uint8_t in[256], keys[80], *out = calloc(1, n + 16 + 32), *mac;
	struct crypt_ctr *c;
	const char *text;
	struct pack p;

	must(out != NULL);
	pack_init(&p, in, sizeof(in));
	pack_put(&p, m->blind.key, 32);
	if (cookie != NULL)
		pack_put(&p, cookie, DESCMINT_COOKIE);
	pack_put(&p, m->blind.subcredential, 32);
	pack_u64(&p, m->revision);
	pack_put(&p, salt, 16);
	if (second)
		pack_put(&p, "hsdir-encrypted-data", 20);
	else
		pack_put(&p, "hsdir-superencrypted-data", 25);
	crypt_shake256(keys, sizeof(keys), in, pack_len(&p));
	memcpy(out, salt, 16);
	memcpy(out + 16, plain, len);
	must((c = crypt_ctr_new_iv(keys, 32, keys + 32)) != NULL);
	crypt_ctr_xor(c, out + 16, n);
	crypt_ctr_free(c);

	must((mac = malloc(48 + 16 + n)) != NULL);
	pack_init(&p, mac, 48);
	pack_u64(&p, 32);
	pack_put(&p, keys + 48, 32);
	pack_u64(&p, 16);
	memcpy(mac + 48, out, 16 + n);
	crypt_sha3(out + 16 + n, mac, 48 + 16 + n);
	free(mac);
	text = armor(m, "MESSAGE", out, n + 16 + 32);
	free(out);
	return text;
}

/* "auth-client ID IV COOKIE"; of nobody where @client is NULL. */
static const char *
client_line(struct descmint *m, unsigned nr, const uint8_t *client,
    const uint8_t *cookie)
{
	uint8_t ephemeral[32], in[64], keys[40], iv[16], sealed[16];
	struct crypt_ctr *c;

	bytes(keys, sizeof(keys), "client", nr);
	bytes(iv, sizeof(iv), "iv", nr);
	bytes(sealed, sizeof(sealed), "no cookie", nr);
	if (client != NULL) {
		bytes(ephemeral, sizeof(ephemeral), "ephemeral", 0);
		memcpy(in, m->blind.subcredential, 32);
		must(crypt_dh(in + 32, ephemeral, client) == 0);
		crypt_shake256(keys, sizeof(keys), in, sizeof(in));
		memcpy(sealed, cookie, 16);
		must((c = crypt_ctr_new_iv(keys + 8, 32, iv)) != NULL);
		crypt_ctr_xor(c, sealed, 16);
		crypt_ctr_free(c);
	}
	return descmint_text(m, "auth-client %s %s %s\n", b64(m, keys, 8),
	    b64(m, iv, 16), b64(m, sealed, 16));
}

const char *
descmint_first(struct descmint *m, const char *sealed, const uint8_t *client,
    const uint8_t *cookie)
{
	const char *lines = "";
	unsigned i;

	for (i = 0; i < 16; i++)
		lines = descmint_text(m, "%s%s", lines, client_line(m, i,
		    i == 9 ? client : NULL, cookie));
	return descmint_text(m, "desc-auth-type x25519\n"
	    "desc-auth-ephemeral-key %s\n%sencrypted\n%s",
	    x25519(m, "ephemeral", 0), lines, sealed);
}

const char *
descmint_outer(struct descmint *m, const char *sealed)
{
	struct descmint_cert c = { .type = 8 };

	c.key = m->signing;
	c.signer = m->blinded_sec;
	return descmint_text(m, "hs-descriptor 3\ndescriptor-lifetime 180\n"
	    "descriptor-signing-key-cert\n%srevision-counter %" PRIu64 "\n"
	    "superencrypted\n%s", descmint_cert(m, &c), m->revision, sealed);
}

const char *
descmint_sign(struct descmint *m, const char *outer)
{
	const char *in = descmint_text(m,
	    "Tor onion service descriptor sig v3%s", outer);
	uint8_t sig[64];
	char text[ENC_B64_LEN(64)];

	must(crypto_sign_detached(sig, NULL, (const uint8_t *)in, strlen(in),
	    m->signing_sec) == 0);
	enc_b64_bare(text, sig, sizeof(sig));
	return descmint_text(m, "%ssignature %s\n", outer, text);
}

const char *
descmint_all(struct descmint *m, const char *inner)
{
	const char *second = descmint_seal(m, 1, NULL, inner, 0);
	const char *first = descmint_first(m, second, NULL, NULL);

	return descmint_sign(m, descmint_outer(m, descmint_seal(m, 0, NULL,
	    first, 10000)));
}
