/* tests/onion/crypto/test_crypt.c - the primitives, against published values */
#include "onion/crypto/crypt.h"

#include <errno.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"

/* --- digests --- */

static const struct {
	const char	*in;
	const char	*sha1, *sha256, *sha3;
} hashes[] = {	/* FIPS 180-4 and FIPS 202 examples */
	{ "",
	  "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a" },
	{ "abc",
	  "a9993e364706816aba3e25717850c26c9cd0d89d",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	  "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376" },
};

START_TEST(crypt_digest_known_input_gives_known_output)
{
	const char *in = hashes[_i].in;
	uint8_t out[32];

	crypt_init();
	crypt_sha1(out, in, strlen(in));
	CK_HEX(out, 20, hashes[_i].sha1);
	crypt_sha256(out, in, strlen(in));
	CK_HEX(out, 32, hashes[_i].sha256);
	crypt_sha3(out, in, strlen(in));
	CK_HEX(out, 32, hashes[_i].sha3);
}
END_TEST

START_TEST(crypt_shake256_known_input_gives_known_output)
{
	uint8_t out[64], again[16];

	crypt_init();
	crypt_shake256(out, 64, "", 0);
	CK_HEX(out, 64,
	    "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
	    "d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be");
	crypt_shake256(again, sizeof(again), "", 0);
	ck_assert(memcmp(out, again, sizeof(again)) == 0);
}
END_TEST

START_TEST(crypt_sha1_run_fork_leaves_the_original)
{
	struct crypt_sha1_run r, fork;
	uint8_t out[20];

	crypt_init();
	crypt_sha1_begin(&r);
	crypt_sha1_add(&r, "a", 1);
	fork = r;
	crypt_sha1_add(&fork, "xyz", 3);
	crypt_sha1_end(&fork, out);
	crypt_sha1_add(&r, "bc", 2);
	fork = r;
	crypt_sha1_end(&fork, out);
	CK_HEX(out, 20, hashes[1].sha1);
	crypt_sha1_end(&r, out);
	CK_HEX(out, 20, hashes[1].sha1);
}
END_TEST

static const struct {	/* RFC 4231, cases 1, 2, 6 */
	const char	*key, *in, *out;
} hmacs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665",
	  "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
	  "65204b6579202d2048617368204b6579204669727374",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
};

START_TEST(crypt_hmac_sha256_rfc4231_gives_known_output)
{
	uint8_t key[256], in[256], out[32];
	size_t keylen, inlen;

	crypt_init();
	keylen = unhex(key, sizeof(key), hmacs[_i].key);
	inlen = unhex(in, sizeof(in), hmacs[_i].in);
	crypt_hmac_sha256(out, key, keylen, in, inlen);
	CK_HEX(out, 32, hmacs[_i].out);
}
END_TEST

static const struct {	/* RFC 5869, cases 1-3 */
	const char	*ikm, *salt, *info, *out;
} hkdfs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
	  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
	  "34007208d5b887185865" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
	  "404142434445464748494a4b4c4d4e4f",
	  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
	  "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
	  "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
	  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
	  "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
	  "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	  "9d201395faa4b61a96c8" },
};

START_TEST(crypt_hkdf_sha256_rfc5869_gives_known_output)
{
	uint8_t ikm[128], salt[128], info[128], out[128];
	size_t ikmlen, saltlen, infolen, outlen;

	crypt_init();
	ikmlen = unhex(ikm, sizeof(ikm), hkdfs[_i].ikm);
	saltlen = unhex(salt, sizeof(salt), hkdfs[_i].salt);
	infolen = unhex(info, sizeof(info), hkdfs[_i].info);
	outlen = strlen(hkdfs[_i].out) / 2;
	crypt_hkdf_sha256(out, outlen, ikm, ikmlen, saltlen > 0 ? salt : NULL,
	    saltlen, infolen > 0 ? info : NULL, infolen);
	CK_HEX(out, outlen, hkdfs[_i].out);
}
END_TEST

/* --- AES-CTR --- */

static const struct {	/* key of zeros: blocks 0-2, from the GCM test cases */
	size_t		 keylen;
	const char	*stream;
} ctrs[] = {
	{ 16, "66e94bd4ef8a2c3b884cfa59ca342b2e58e2fccefa7e3061367f1d57a4e7455a"
	      "0388dace60b6a392f328c2b971b2fe78" },
	{ 32, "dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b"
	      "cea7403d4d606b6e074ec5d3baf39d18" },
};

START_TEST(crypt_ctr_zero_key_gives_known_stream)
{
	static const uint8_t key[32];
	struct crypt_ctr *c;
	uint8_t buf[48] = { 0 };

	crypt_init();
	c = crypt_ctr_new(key, ctrs[_i].keylen);
	ck_assert_ptr_nonnull(c);
	crypt_ctr_xor(c, buf, sizeof(buf));
	CK_HEX(buf, sizeof(buf), ctrs[_i].stream);
	crypt_ctr_free(c);
}
END_TEST

/* NIST SP 800-38A, F.5.5: the counter carries over. */
START_TEST(crypt_ctr_new_iv_begins_at_the_counter_given)
{
	uint8_t key[32], iv[16], buf[32];
	struct crypt_ctr *c;

	crypt_init();
	UNHEX(key, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30"
	    "914dff4");
	UNHEX(iv, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	UNHEX(buf, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac4"
	    "5af8e51");
	c = crypt_ctr_new_iv(key, sizeof(key), iv);
	ck_assert_ptr_nonnull(c);
	crypt_ctr_xor(c, buf, sizeof(buf));
	crypt_ctr_free(c);
	CK_HEX(buf, sizeof(buf), "601ec313775789a5b7a7f504bbf3d228f443e3ca4d6"
	    "2b59aca84e990cacaf5c5");
}
END_TEST

/* However a stream is cut up, it is what one call of OpenSSL makes of it. */
START_TEST(crypt_ctr_any_pieces_give_the_same_stream)
{
	static uint8_t want[40000], got[40000], plain[40000];
	static const uint8_t iv[16];
	static const size_t sizes[] = { 1, 509, 16, 0, 2048, 511, 4097, 3 };
	uint8_t key[16];
	EVP_CIPHER_CTX *e = EVP_CIPHER_CTX_new();
	struct crypt_ctr *c;
	size_t at, n, i;
	int len;

	crypt_init();
	rand_bytes(key, sizeof(key));
	rand_bytes(plain, sizeof(plain));
	ck_assert_int_eq(EVP_EncryptInit_ex(e, EVP_aes_128_ctr(), NULL, key,
	    iv), 1);
	ck_assert_int_eq(EVP_EncryptUpdate(e, want, &len, plain,
	    sizeof(plain)), 1);
	EVP_CIPHER_CTX_free(e);
	c = crypt_ctr_new(key, sizeof(key));
	memcpy(got, plain, sizeof(got));
	for (at = 0, i = 0; at < sizeof(got); at += n, i++) {
		n = _i > 0 ? sizes[i % NELEM(sizes)] : 509;
		if (n > sizeof(got) - at)
			n = sizeof(got) - at;
		crypt_ctr_xor(c, got + at, n);
	}
	crypt_ctr_free(c);
	ck_assert(memcmp(want, got, sizeof(got)) == 0);
}
END_TEST

/* FIPS 197, appendix C.1; there, back, and there with another key between. */
START_TEST(crypt_aes_known_block_gives_known_block)
{
	static const char pt[] = "00112233445566778899aabbccddeeff";
	static const char ct[] = "69c4e0d86a7b0430d8cdb78070b4c55a";
	uint8_t key[16], other[16] = { 1 }, block[16];
	struct crypt_aes *enc, *dec;
	int i;

	crypt_init();
	UNHEX(key, "000102030405060708090a0b0c0d0e0f");
	UNHEX(block, pt);
	enc = crypt_aes_new_enc(key);
	dec = crypt_aes_new_dec(other);
	ck_assert(enc != NULL && dec != NULL);
	for (i = 0; i < 3; i++) {
		crypt_aes_block(enc, block);
		CK_HEX(block, 16, ct);
		crypt_aes_key(dec, other);
		crypt_aes_block(dec, block);
		crypt_aes_key(enc, other);
		crypt_aes_block(enc, block);
		CK_HEX(block, 16, ct);
		crypt_aes_key(dec, key);
		crypt_aes_block(dec, block);
		CK_HEX(block, 16, pt);
		crypt_aes_key(enc, key);
	}
	crypt_aes_free(enc);
	crypt_aes_free(dec);
	crypt_aes_free(NULL);
}
END_TEST

/* However many keys there were before, and up to the last counter. */
START_TEST(crypt_aes_stream_is_counter_mode)
{
	uint8_t key[16], iv[16], got[256 * 16], want[256 * 16];
	struct crypt_aes *a;
	struct crypt_ctr *c;
	size_t n;
	int i;

	crypt_init();
	rand_bytes(key, sizeof(key));
	ck_assert((a = crypt_aes_new_enc(key)) != NULL);
	for (i = 0; i < 1000; i++) {
		rand_bytes(key, sizeof(key));
		rand_bytes(iv, sizeof(iv));
		crypt_aes_key(a, key);
		n = 256 - iv[15];
		crypt_aes_stream(a, iv, got, n);
		memset(want, 0, sizeof(want));
		c = crypt_ctr_new_iv(key, sizeof(key), iv);
		ck_assert(c != NULL);
		crypt_ctr_xor(c, want, n * 16);
		crypt_ctr_free(c);
		ck_assert(memcmp(got, want, n * 16) == 0);
	}
	crypt_aes_free(a);
}
END_TEST

START_TEST(crypt_xor_any_length_touches_no_more)
{
	uint8_t a[700], b[700], want[700];
	size_t at, len, i;

	rand_bytes(b, sizeof(b));
	for (len = 0; len <= 600; len++) {
		at = len % 17;
		rand_bytes(a, sizeof(a));
		memcpy(want, a, sizeof(a));
		for (i = 0; i < len; i++)
			want[at + i] ^= b[i + 1];
		crypt_xor(a + at, b + 1, len);
		ck_assert_msg(memcmp(a, want, sizeof(a)) == 0, "%zu", len);
	}
}
END_TEST

/* --- X25519 --- */

static const struct {	/* RFC 7748, 5.2 */
	const char	*sec, *pub, *out;
} dhs[] = {
	{ "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	  "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	  "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" },
	{ "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	  "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	  "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
};

START_TEST(crypt_dh_rfc7748_gives_known_output)
{
	uint8_t sec[32], pub[32], out[32];

	crypt_init();
	UNHEX(sec, dhs[_i].sec);
	UNHEX(pub, dhs[_i].pub);
	ck_assert_int_eq(crypt_dh(out, sec, pub), 0);
	CK_HEX(out, 32, dhs[_i].out);
}
END_TEST

static const struct {	/* RFC 7748, 6.1 */
	const char	*sec, *pub;
} pairs[] = {
	{ "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a" },
	{ "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f" },
};

START_TEST(crypt_x25519_pub_rfc7748_gives_known_output)
{
	uint8_t sec[32], pub[32];

	crypt_init();
	UNHEX(sec, pairs[_i].sec);
	ck_assert_int_eq(crypt_x25519_pub(pub, sec), 0);
	CK_HEX(pub, 32, pairs[_i].pub);
}
END_TEST

START_TEST(crypt_x25519_new_two_sides_share_a_secret)
{
	uint8_t a[32], A[32], b[32], B[32], ab[32], ba[32];

	crypt_init();
	ck_assert_int_eq(crypt_x25519_new(a, A), 0);
	ck_assert_int_eq(crypt_x25519_new(b, B), 0);
	ck_assert(memcmp(a, b, 32) != 0);
	ck_assert_int_eq(crypt_dh(ab, a, B), 0);
	ck_assert_int_eq(crypt_dh(ba, b, A), 0);
	ck_assert(memcmp(ab, ba, 32) == 0);
}
END_TEST

static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0100000000000000000000000000000000000000000000000000000000000080",
};

START_TEST(crypt_dh_low_order_point_is_refused)
{
	uint8_t sec[32], pub[32], out[32];

	crypt_init();
	memset(out, 0x5a, sizeof(out));
	ck_assert_int_eq(crypt_x25519_new(sec, pub), 0);
	UNHEX(pub, low_order[_i]);
	ck_assert_int_eq(crypt_dh(out, sec, pub), -EBADMSG);
	CK_HEX(out, 32, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
	    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
}
END_TEST

/* --- Ed25519 --- */

static const struct {	/* RFC 8032, 7.1: tests 1-3 */
	const char	*pub, *msg, *sig;
} eds[] = {
	{ "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	  "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	  "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	  "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

START_TEST(crypt_ed25519_verify_rfc8032_holds_and_tampered_does_not)
{
	uint8_t pub[32], sig[64], msg[16];
	size_t len, i;

	crypt_init();
	UNHEX(pub, eds[_i].pub);
	UNHEX(sig, eds[_i].sig);
	len = unhex(msg, sizeof(msg), eds[_i].msg);
	ck_assert_int_eq(crypt_ed25519_verify(pub, sig, msg, len), 0);
	for (i = 0; i < 512; i++) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(crypt_ed25519_verify(pub, sig, msg, len),
		    -EBADMSG);
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	msg[len] = 'x';
	ck_assert_int_eq(crypt_ed25519_verify(pub, sig, msg, len + 1),
	    -EBADMSG);
	pub[5] ^= 1;
	ck_assert_int_eq(crypt_ed25519_verify(pub, sig, msg, len), -EBADMSG);
}
END_TEST

/* S + L is the same scalar; taking it would make signatures malleable. */
START_TEST(crypt_ed25519_verify_unreduced_s_is_refused)
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
		0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10
	};
	uint8_t pub[32], sig[64];
	unsigned i, carry = 0;

	crypt_init();
	UNHEX(pub, eds[0].pub);
	UNHEX(sig, eds[0].sig);
	for (i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ck_assert_uint_eq(carry, 0);
	ck_assert_int_eq(crypt_ed25519_verify(pub, sig, "", 0), -EBADMSG);
}
END_TEST

/* --- RSA and X.509 --- */

static EVP_PKEY *
rsa_new(size_t bits)
{
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

	ck_assert_ptr_nonnull(k);
	return k;
}

static size_t
rsa_der(EVP_PKEY *k, uint8_t *out)
{
	uint8_t *at = out;
	int len = i2d_PublicKey(k, &at);

	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

static size_t
rsa_sign(EVP_PKEY *k, const uint8_t *p, size_t len, int pad, uint8_t *sig)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);
	size_t n = 512;

	ck_assert(EVP_PKEY_sign_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, pad) == 1 &&
	    EVP_PKEY_sign(c, sig, &n, p, len) == 1);
	EVP_PKEY_CTX_free(c);
	return n;
}

START_TEST(crypt_rsa_from_der_whole_key_gives_its_fingerprint)
{
	EVP_PKEY *k = rsa_new(1024);
	uint8_t der[1024], id[20], want[20];
	size_t len = rsa_der(k, der);
	struct crypt_rsa *r = NULL;

	crypt_init();
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, len), 0);
	ck_assert_int_eq(crypt_rsa_bits(r), 1024);
	crypt_rsa_id(r, id);
	crypt_sha1(want, der, len);
	ck_assert(memcmp(id, want, sizeof(id)) == 0);
	crypt_rsa_free(r);
	EVP_PKEY_free(k);
}
END_TEST

START_TEST(crypt_rsa_from_der_other_lengths_are_refused)
{
	EVP_PKEY *k = rsa_new(1024);
	uint8_t der[1024] = { 0 }, *exact;
	size_t n, len = rsa_der(k, der);
	struct crypt_rsa *r = NULL;

	crypt_init();
	for (n = 0; n <= len + 1; n++) {
		if (n == len)
			continue;
		exact = malloc(n > 0 ? n : 1);
		memcpy(exact, der, n);
		ck_assert_int_eq(crypt_rsa_from_der(&r, exact, n), -EPROTO);
		free(exact);
	}
	ck_assert_ptr_null(r);
	EVP_PKEY_free(k);
}
END_TEST

static const struct {
	size_t	bits;
	int	want;
} sizes[] = {
	{ 512, -EPROTO }, { 1016, -EPROTO }, { 1024, 0 }, { 3072, 0 }
};

START_TEST(crypt_rsa_from_der_small_key_is_refused)
{
	EVP_PKEY *k = rsa_new(sizes[_i].bits);
	uint8_t der[1024];
	struct crypt_rsa *r = NULL;

	crypt_init();
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, rsa_der(k, der)),
	    sizes[_i].want);
	crypt_rsa_free(r);
	EVP_PKEY_free(k);
}
END_TEST

/* A modulus of 16384 bits: 2 s of work for every signature, if it were let. */
START_TEST(crypt_rsa_from_der_huge_key_is_refused)
{
	static uint8_t der[4 + 4 + 2049 + 5];
	struct crypt_rsa *r = NULL;
	uint8_t *p = der;

	crypt_init();
	memcpy(p, "\x30\x82\x08\x0a\x02\x82\x08\x01", 8);
	memset(p + 8, 0xff, 2049);
	p[8] = 0;
	memcpy(p + 8 + 2049, "\x02\x03\x01\x00\x01", 5);
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, sizeof(der)), -EPROTO);
	ck_assert_ptr_null(r);
}
END_TEST

START_TEST(crypt_rsa_from_der_other_kinds_of_key_are_refused)
{
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	uint8_t der[1024], *at = der;
	struct crypt_rsa *r = NULL;
	int len;

	crypt_init();
	len = i2d_PUBKEY(k, &at);	/* SubjectPublicKeyInfo */
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, (size_t)len), -EPROTO);
	EVP_PKEY_free(k);
	k = rsa_new(1024);
	at = der;
	len = i2d_PUBKEY(k, &at);
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, (size_t)len), -EPROTO);
	EVP_PKEY_free(k);
}
END_TEST

START_TEST(crypt_rsa_verify_bare_digest_holds_and_tampered_does_not)
{
	EVP_PKEY *k = rsa_new(1024);
	uint8_t der[1024], sig[512], digest[32];
	struct crypt_rsa *r = NULL;
	size_t n, len, i;

	crypt_init();
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, rsa_der(k, der)), 0);
	rand_bytes(digest, sizeof(digest));
	n = rsa_sign(k, digest, sizeof(digest), RSA_PKCS1_PADDING, sig);
	ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 32), 0);
	/* The directory signs SHA-1 or SHA-256; more may be in there. */
	ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 20), 0);
	for (len = 0; len < n; len++)
		ck_assert_int_eq(crypt_rsa_verify(r, sig, len, digest, 32),
		    -EBADMSG);
	for (i = 0; i < n; i++) {
		sig[i] ^= 0x10;
		ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 32),
		    -EBADMSG);
		sig[i] ^= 0x10;
	}
	digest[31] ^= 1;
	ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 32), -EBADMSG);
	ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 0), -EBADMSG);
	crypt_rsa_free(r);
	EVP_PKEY_free(k);
}
END_TEST

START_TEST(crypt_rsa_verify_less_than_the_digest_is_refused)
{
	EVP_PKEY *k = rsa_new(1024);
	uint8_t der[1024], sig[512], digest[128] = { 0 };
	struct crypt_rsa *r = NULL;
	size_t n;

	crypt_init();
	ck_assert_int_eq(crypt_rsa_from_der(&r, der, rsa_der(k, der)), 0);
	n = rsa_sign(k, digest, 20, RSA_PKCS1_PADDING, sig);
	ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 32), -EBADMSG);
	/* No padding at all: the recovered bytes would be ours to choose. */
	digest[1] = 1;
	n = rsa_sign(k, digest, sizeof(digest), RSA_NO_PADDING, sig);
	ck_assert_int_eq(crypt_rsa_verify(r, sig, n, digest, 20), -EBADMSG);
	crypt_rsa_free(r);
	EVP_PKEY_free(k);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(crypt_digest_known_input_gives_known_output, NELEM(hashes)),
	UNIT(crypt_shake256_known_input_gives_known_output),
	UNIT(crypt_sha1_run_fork_leaves_the_original),
	UNIT_LOOP(crypt_hmac_sha256_rfc4231_gives_known_output, NELEM(hmacs)),
	UNIT_LOOP(crypt_hkdf_sha256_rfc5869_gives_known_output, NELEM(hkdfs)),
	UNIT_LOOP(crypt_ctr_zero_key_gives_known_stream, NELEM(ctrs)),
	UNIT(crypt_ctr_new_iv_begins_at_the_counter_given),
	UNIT_LOOP(crypt_ctr_any_pieces_give_the_same_stream, 2),
	UNIT(crypt_aes_known_block_gives_known_block),
	UNIT(crypt_aes_stream_is_counter_mode),
	UNIT(crypt_xor_any_length_touches_no_more),
	UNIT_LOOP(crypt_dh_rfc7748_gives_known_output, NELEM(dhs)),
	UNIT_LOOP(crypt_x25519_pub_rfc7748_gives_known_output, NELEM(pairs)),
	UNIT(crypt_x25519_new_two_sides_share_a_secret),
	UNIT_LOOP(crypt_dh_low_order_point_is_refused, NELEM(low_order)),
	UNIT_LOOP(crypt_ed25519_verify_rfc8032_holds_and_tampered_does_not,
	    NELEM(eds)),
	UNIT(crypt_ed25519_verify_unreduced_s_is_refused),
	UNIT(crypt_rsa_from_der_whole_key_gives_its_fingerprint),
	UNIT(crypt_rsa_from_der_other_lengths_are_refused),
	UNIT_LOOP(crypt_rsa_from_der_small_key_is_refused, NELEM(sizes)),
	UNIT(crypt_rsa_from_der_huge_key_is_refused),
	UNIT(crypt_rsa_from_der_other_kinds_of_key_are_refused),
	UNIT(crypt_rsa_verify_bare_digest_holds_and_tampered_does_not),
	UNIT(crypt_rsa_verify_less_than_the_digest_is_refused),
};
UNIT_MAIN("crypt", tests)
