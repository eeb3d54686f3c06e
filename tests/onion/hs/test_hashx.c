/* tests/onion/hs/test_hashx.c - HashX against the vectors of C tor and arti */
#include "onion/hs/hashx_int.h"

#include <errno.h>

#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"

#define SEED(s)	s, sizeof(s) - 1

/* Of the SipHash paper, appendix A. */
START_TEST(sip_round_is_that_of_the_paper)
{
	struct sip s = { { 0x7469686173716475, 0x6b617f6d656e6665,
	    0x6b7f62616d677361, 0x7c6d6c6a717c6d7b } };
	static const uint64_t want[4] = { 0x4d07749cdd0858e0,
	    0x0d52f6f62a4f59a4, 0x634cb3577b01fd3d, 0xa5224d6f55c7d9c8 };

	sip_round(&s);
	sip_round(&s);
	ck_assert_mem_eq(s.v, want, sizeof(want));
}
END_TEST

static const struct {
	const char	*seed;
	uint64_t	 generator[4], registers[4];
} seeds[] = {
	{ "", { 0xcaca7747b3c5be92, 0x296abd268b5f21de, 0x9e4c4d2f95add72a,
	    0x00ac7f27331ec1c7 }, { 0xc32d197f86f1c419, 0xbbe47abaf4e28dfe,
	    0xc174b9d5786f28d4, 0xa2bd4197b22a035a } },
	{ "abc", { 0xc538fa793ed99a50, 0xd2fd3e8871310ea1, 0xd2be7d8aff1f823a,
	    0x557b84887cfe6c0e }, { 0x610218b2104c3f5a, 0x4222e8a58e702331,
	    0x0d53a2563a33148d, 0x7c24f97da4bff21f } },
};

START_TEST(hashx_seed_makes_two_keys)
{
	struct sip generator, registers;

	hashx_seed(seeds[_i].seed, strlen(seeds[_i].seed), &generator,
	    &registers);
	ck_assert_mem_eq(generator.v, seeds[_i].generator, 32);
	ck_assert_mem_eq(registers.v, seeds[_i].registers, 32);
}
END_TEST

static const struct {
	uint64_t	n, want[HASHX_REGS];
} fills[] = {
	{ 0, { 0xe8a59a4b3ccb5e4a, 0xe45153f8bb93540d, 0x32c6accb77141596,
	    0xd5deaa56a3b1cfd7, 0xc5f6ff8435b80af4, 0xd26fd3ccfdf2a04f,
	    0x3d7fa0f14653348e, 0xf5a4750be0aa2ccf } },
	{ 999, { 0x312470a168998148, 0xc9624473753e8d0e, 0xc0879d8f0de37dbf,
	    0xfa4cc48f4f6e95d5, 0x9940dc39eaaceb2c, 0x29143feae886f221,
	    0x98f119184c4cffe5, 0xcf1571c6d0d18131 } },
};

START_TEST(siphash24_at_fills_the_registers)
{
	struct sip generator, registers;
	uint64_t got[HASHX_REGS];

	hashx_seed(SEED("abc"), &generator, &registers);
	siphash24_at(&registers, fills[_i].n, got);
	ck_assert_mem_eq(got, fills[_i].want, sizeof(got));
}
END_TEST

/* What a generator drew; those below 256 are bytes. */
START_TEST(hashx_rng_serves_both_kinds_from_one_row)
{
	static const uint32_t want[] = {
		0xf695edd0, 0x2205449d, 0x51c1ac51, 0xcd19a7d1, 0xad,
		0x79793a52, 0xd965083d, 0xf4, 0x915e9969, 0x7563b6e2,
		0x4e5a9d8b, 0xef2bb9ce, 0xcb, 0xa4beee16, 0x78fa6e6f, 0x30,
		0xc321cb9f, 0xbbf29635, 0x919450f4, 0xf3d8f358, 0x3b,
		0x818a72e9, 0x58225fcf, 0x98, 0x3fcb5059, 0xaf5bcb70, 0x14,
		0xd41e0326, 0xe79aebc6, 0xa348672c, 0xcf, 0x5d51b520,
		0x73afc36f, 0x31348711, 0xca25b040, 0x3700c37b, 0x62,
		0xf0d1d6a6, 0xc1edebf3, 0x9d, 0x9bb1f33f, 0xf1309c95,
		0x0797718a, 0xa3bbcf7e, 0x80, 0x28, 0xe9, 0x2e, 0xf5506289,
		0x97b46d7c, 0x64, 0xc99fe4ad, 0x6e756189, 0x54, 0xf7, 0x0f,
		0x7d, 0x38c983eb
	};
	struct sip generator, registers;
	struct hashx_rng rng;
	size_t i;

	hashx_seed(SEED("abc"), &generator, &registers);
	hashx_rng_init(&rng, &generator);
	for (i = 0; i < NELEM(want); i++)
		ck_assert_uint_eq(want[i] < 256 ? hashx_rng_u8(&rng) :
		    hashx_rng_u32(&rng), want[i]);
}
END_TEST

/* Of C tor's unit tests (8 bytes), the first ones of HashX (its seeds end with
 * a NUL), and seeds where the second attempt at an instruction is needed. */
static const struct {
	const char	*seed;
	size_t		 len;
	uint64_t	 in;
	const char	*want;
} hashes[] = {
	{ SEED(""), 0, "466cc2021c268560" },
	{ SEED("a"), 0, "b2a110ee695c475c" },
	{ SEED("ab"), 0, "57c77f7e0d2c1727" },
	{ SEED("abc"), 0, "ef560991338086d1" },
	{ SEED(""), 999, "304068b62bc4874e" },
	{ SEED("a"), 999, "c8b66a8eb4bba304" },
	{ SEED("ab"), 999, "26c1f7031f0b3645" },
	{ SEED("abc"), 999, "de84f9d286b39ab5" },
	{ SEED("abc"), UINT64_MAX, "f756c266a3cb3b5a" },
	{ SEED("This is a test\0"), 0,
	  "2b2f54567dcbea98fdb5d5e5ce9a65983c4a4e35ab1464b1efb61e83b7074bb2" },
	{ SEED("This is a test\0"), 123456,
	  "aebdd50aa67c93afb82a4c534603b65e46decd584c55161c526ebc099415ccf1" },
	{ SEED("Lorem ipsum dolor sit amet\0"), 123456,
	  "ab3d155bf4bbb0aa3a71b7801089826186e44300e6932e6ffd287cf302bbb0ba" },
	{ SEED("Lorem ipsum dolor sit amet\0"), 987654321123456789,
	  "8dfef0497c323274a60d1d93292b68d9a0496379ba407b4341cf868a14d30113" },
	{ SEED("llompmb"), 0xce3917d056269f6e,
	  "cafda60c4c351be4ccdc8a9375fd9aea830200dc472da04651150868591bd32f" },
	{ SEED("nqgxgl"), 0x502d1f959c141a1b,
	  "73c0aa53b1c6a667e85c5c4d4263e0029b6c117ff29ca3d6f7c89db87500feea" },
	{ SEED("yatmebd"), 0xc431100bf283cd89,
	  "3792c60a2616b04a8eebfb76ce11f7cb7786fd3d767a47f10a4f63db50a36e11" },
	{ SEED("jvanmtb"), 0x399b83de5eb85d81,
	  "24d1ce6019c3ceb4be0af9ea57ee636472902cce04c10cee97b07eb141904e2d" },
	{ SEED("amftbk"), 0x81d20d7110e3c280,
	  "04458aa05b54322ca87cd773d0177f223df0c930b4db6e0371ecb3c2cc653770" },
	{ SEED("ebrazua"), 0xebc19ba9cafb0863,
	  "41cb0b4b24551d26b0a98a57b4da5d22d03883a0626ed674995a6d8688b38bf9" },
	{ SEED("zsakied"), 0xd190bb98e2d7ebdf,
	  "1c4b22f9710ef2a8fc54296e64b62580a1aaadc66ab4031549e9e30c57c2cc18" },
	{ SEED("wlmaqhb"), 0xf9b239ca5919578c,
	  "1cf2a67e5836a0486580bde5a7e51551cf269eb05d53c8872375e11137f41937" },
	{ SEED("ezfvvx"), 0x06b4a7079456083b,
	  "c0d2d29ce6d67d0ae6bf178b4d61359dd0e4631d7f2aab936b04c480c7259603" },
	{ SEED("jxzoddc"), 0x1e37c61f64bb59c6,
	  "c3a9c90b17a74be31ad538d5d569dca7e77332ff92e4f68793ca0049b7a1a0cd" },
	{ SEED("\xf8\x05\0\0"), 0, "" },	/* neighbours of bad ones */
	{ SEED("\x5e\x93\x02\0"), 0, "" },
};

START_TEST(hashx_hash_is_that_of_others)
{
	uint8_t got[HASHX_LEN];
	struct hashx h;

	ck_assert_int_eq(hashx_make(&h, hashes[_i].seed, hashes[_i].len), 0);
	hashx_hash(&h, hashes[_i].in, got);
	CK_HEX(got, strlen(hashes[_i].want) / 2, hashes[_i].want);
}
END_TEST

static const struct {
	const char	*seed;
	size_t		 len;
} bad[] = {
	{ SEED("cflngib") }, { SEED("qzdfsbb") }, { SEED("klwysfa") },
	{ SEED("ijuorca") }, { SEED("naivvwc") }, { SEED("nnbved") },
	{ SEED("mhelht") }, { SEED("pjkzbyc") }, { SEED("hnpzsn") },
	{ SEED("qfjsfv") }, { SEED("\xf9\x05\0\0") },
	{ SEED("\x5d\x93\x02\0") }, { SEED("tvfdrjb") }, { SEED("zuneuh") },
	{ SEED("augbcgc") }, { SEED("ldspzed") }, { SEED("bsipdp") },
	{ SEED("espceob") },
};

START_TEST(hashx_make_refuses_seeds_that_make_no_function)
{
	struct hashx h;

	ck_assert_int_eq(hashx_make(&h, bad[_i].seed, bad[_i].len), -EDOM);
}
END_TEST

/* What the comment in hashx_gen.c says of every program. */
START_TEST(hashx_make_programs_have_the_pattern)
{
	unsigned seed, i, op, muls, targets, branches, wide, refused = 0;
	struct hashx h;

	for (seed = 0; seed < 2000; seed++) {
		if (hashx_make(&h, &seed, sizeof(seed)) < 0) {
			refused++;
			continue;
		}
		muls = targets = branches = wide = 0;
		for (i = 0; i < HASHX_PROGRAM; i++) {
			op = h.code[i].op;
			wide += op == HASHX_UMULH || op == HASHX_SMULH;
			muls += op == HASHX_MUL;
			targets += op == HASHX_TARGET;
			branches += op == HASHX_BRANCH;
			ck_assert_uint_eq(targets, branches +
			    (i % 32 >= 1 && i % 32 < 17));
			if (op == HASHX_BRANCH)
				ck_assert_int_eq(
				    __builtin_popcount(h.code[i].imm), 4);
			if (op == HASHX_ADD_SHIFT)
				ck_assert_uint_ne(h.code[i].dst, 5);
		}
		ck_assert_uint_eq(muls + wide, 192);
		ck_assert_uint_eq(wide, 32);
		ck_assert_uint_eq(branches, 16);
	}
	ck_assert_uint_lt(refused, 20);
}
END_TEST

#ifdef __SIZEOF_INT128__
/* One number at a time, as the words of arti's documentation have it: with a
 * real jump.  What the lanes do instead must come to the same. */
static uint64_t
by_jumping(const struct hashx *h, uint64_t in)
{
	struct hashx_insn code;
	struct sip key, x, y;
	uint64_t r[HASHX_REGS], imm;
	uint32_t last = 0;
	int pc, target = 0, jumped = 0;

	memcpy(key.v, h->key, sizeof(key.v));
	siphash24_at(&key, in, r);
	for (pc = 0; pc < HASHX_PROGRAM; pc++) {
		code = h->code[pc];
		imm = (uint64_t)(int64_t)(int32_t)code.imm;
		switch (code.op) {
		case HASHX_TARGET:
			target = pc;
			break;
		case HASHX_BRANCH:
			if (!jumped && (last & code.imm) == 0) {
				jumped = 1;
				pc = target;
			}
			break;
		case HASHX_MUL:
			r[code.dst] *= r[code.src];
			break;
		case HASHX_UMULH:
			r[code.dst] = (uint64_t)((unsigned __int128)
			    r[code.dst] * r[code.src] >> 64);
			last = (uint32_t)r[code.dst];
			break;
		case HASHX_SMULH:
			r[code.dst] = (uint64_t)((__int128)(int64_t)
			    r[code.dst] * (int64_t)r[code.src] >> 64);
			last = (uint32_t)r[code.dst];
			break;
		case HASHX_ADD_SHIFT:
			r[code.dst] += r[code.src] << code.bits;
			break;
		case HASHX_ADD:
			r[code.dst] += imm;
			break;
		case HASHX_SUB:
			r[code.dst] -= r[code.src];
			break;
		case HASHX_XOR:
			r[code.dst] ^= r[code.src];
			break;
		case HASHX_XOR_CONST:
			r[code.dst] ^= imm;
			break;
		case HASHX_ROTATE:
			r[code.dst] = r[code.dst] >> code.bits |
			    r[code.dst] << (64 - code.bits);
			break;
		}
	}
	x = (struct sip){ { r[0] + h->key[0], r[1] + h->key[1], r[2], r[3] } };
	y = (struct sip){ { r[4], r[5], r[6] + h->key[2], r[7] + h->key[3] } };
	sip_round(&x);
	sip_round(&y);
	return x.v[0] ^ y.v[0];
}

START_TEST(hashx_words_lanes_do_not_depend_on_each_other)
{
	uint64_t in[HASHX_LANES], out[HASHX_LANES];
	struct hashx h;
	unsigned seed, i;

	for (seed = 0; seed < 50; seed++) {
		if (hashx_make(&h, &seed, sizeof(seed)) < 0)
			continue;
		for (i = 0; i < HASHX_LANES; i++)
			in[i] = rand_u64();
		hashx_words(&h, in, out);
		for (i = 0; i < HASHX_LANES; i++)
			ck_assert_uint_eq(out[i], by_jumping(&h, in[i]));
	}
}
END_TEST
#endif

static const struct unit_test tests[] = {
	UNIT(sip_round_is_that_of_the_paper),
	UNIT_LOOP(hashx_seed_makes_two_keys, NELEM(seeds)),
	UNIT_LOOP(siphash24_at_fills_the_registers, NELEM(fills)),
	UNIT(hashx_rng_serves_both_kinds_from_one_row),
	UNIT_LOOP(hashx_hash_is_that_of_others, NELEM(hashes)),
	UNIT_LOOP(hashx_make_refuses_seeds_that_make_no_function, NELEM(bad)),
	UNIT(hashx_make_programs_have_the_pattern),
#ifdef __SIZEOF_INT128__
	UNIT(hashx_words_lanes_do_not_depend_on_each_other),
#endif
};

UNIT_MAIN("hashx", tests)
