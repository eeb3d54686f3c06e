/* Made by tests/vectors/make-hs.py; see there. */

#define HSV_NOW INT64_C(1795867200)
#define HSV_PERIOD 20785
#define HSV_MINUTES 1440

static const char hsv_service[] =
	"51a3d0de09d9e254626f2f7ff98a0ada45110c709653184eac1cc1cf187d4cf2";

static const char hsv_address[] =
	"kgr5bxqj3hrfiytpf577tcqk3jcrcddqszjrqtvmdta46gd5jtzahbyd";

static const char hsv_blinded[] =
	"ba254169dbed47dc662b56112075883879bd07ff9e41ef67b57ff7d571839120";

static const char hsv_subcredential[] =
	"07b73e828e185860dd51ed0f6e2b71cf6f9a31916ffaa0ccb33fd8c5722cfbb5";

static const char hsv_blinded_240[] =
	"56fa06c0b419b79744c075e98bc3c0652053f1e39c1649c6b1b5c242e0b62949";

static const char hsv_ring_srv[] =
	"02dcdf0d6cd5b4609ef57207ab3bcb920c4fb46acc699d7669ad49502cd4933c";

static const char hsv_address_torsion_8[] =
	"fpuz4dw72ezpq6wbj2vopvt467gvmwmriommgylhvc5fvibiznh6t2qd";

static const char hsv_address_small_8[] =
	"y4lwu4b5jxme7or4bn3a2edhb4vcau72fq44zrsoy76xpevman5hhfqd";

static const char hsv_address_torsion_4[] =
	"s2i63pvahmw5vzrzmmqlesznif4oaklpzuhc2hkre256jkbhtexmodad";

static const char hsv_address_small_4[] =
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacaejzad";

static const char hsv_address_torsion_2[] =
	"troc6ipweyo2xhmq2caam5pvew5o544pngwopmkt4m7dbz4cwmgswsyd";

static const char hsv_address_small_2[] =
	"5t777777777777777777777777777777777777777777777775774ayd";

static const char hsv_address_identity[] =
	"aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaahmjqd";

static const char hsv_address_not_canonical[] =
	"537777777777777777777777777777777777777777777777757vndid";

static const char hsv_address_off_curve[] =
	"aiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab3did";

static const char hsv_address_version_4[] =
	"kgr5bxqj3hrfiytpf577tcqk3jcrcddqszjrqtvmdta46gd5jtzlwsqe";

static const char hsv_ring_relays[] =
	"6265cb8ff0ce398dbb548e8b4d42d7c8701b916ad7e92d2192d2c39a4d73a56e"
	"0c584deb2144add50c91d8229bb8b50b7ce8c64a82b46eea4926233b6fbea79e"
	"60907da46f52c609c340fb0d86204ca98baa34149db2aa8475e4bcd4103d2c7a"
	"d87df906b3818d534db50a42814992021246e424dec343d0c22b5972b6bce2ce"
	"58d1c78eec76ee8220b4a30c64b97469c8e5007ecb7c2855b6b642d7bbf32af6"
	"456afaeed6bedfd7b785c478523e791e41109ce3c1ba578a4843684bc761e91b"
	"24ddf35a3d2b6c57237f49c98378826587078c910981d02deb9867b620374473"
	"d3042896deb1fa42062784eac91fc3e42a6a8ae18aa6f888cd573e09e6118e8c"
	"48413a5475294a9beea26374aea3423adce6a9cccb5c6183a232ea678da3bd1c"
	"2cb053f545a71065bac9c8385e4214f6a6ee4645b5b1f01d1a53c2f96704e41e"
	"c89133f1e9e18af7f0c643015d6b3bf83f63d78958248d829c507f78c9baea97"
	"1e280e98a28c7ecdac5037b07e67f319a0f2c04bd3eab1f55c308e9872d509ab"
	"912e512b4886371919d6517dd14761cfb9a4b4c3f74fb2fb7b72de7cb42fa0ad"
	"e82628b4090194e499b2d2dff20313b49cee306246242de488a953540125f124"
	"d12858da121e1ec5c7f768531622e3047d2dd596c6530b748a2dd0322712ee91"
	"20eb90fd7618fdd2217b5e15052e8428df5c04d1b3debf3e257e42513d0d955c"
	"fb76733e41d458ad75284168e38569d2674e3786999594351e780d2bebc1c633"
	"a0a687e04ba72158654b4d5eabfa14c23b82a8596b6afc026fcbbb0b2d15ffbb"
	"f05352ab246782c1b68f6e77cdfebd6c9a65819e61fecfe25e629144284a1b21"
	"27817464c1663c9ba3a694fc061c4d06e85e69884ed2db8594078d00b8cc8de7"
	"c8084f4f53adefb6dee07b9f9405d32ea2b2a797800b7635d77e45e2922c98d8"
	"2d0296f71da2201115bb1abe6952626c7ac43563d38c287b820c16db0827f06e"
	"d79001f51b516833208edfd833ad5bd99e2b51bb3b4f8247522e51c4cd307098"
	"1a2a5231028a1da3fbbe9fad1f663fd8e3cb13ef040710f8f50bfa30863e7eed"
	"cae752dbaaa811c3df2868df5ae079052c3236d8136410b5ec7059c24301e7fc"
	"cda7947454cb76c67df3c9ac3bc4e9d07f7a4b26d5c9b52170025c098afbb9c4"
	"cf3bcdbd5cc9bc5137d05af4e6ff3ffe988b16db7f5b3f6ec3b1516b4758322c"
	"ad4c0ed6a40f18572a53b810eb392132564a3e2c35542d62126aa6e96310f7b2"
	"3a6c55679557b91197c5cd6cbce01abd27a6b313419950d2d8b39692ea770c28"
	"d31ef06812821e8ed2a00a4b3a7e62cbd3b913efd5b07e7f0b7c7c39fc3cdf5e"
	"3e2f81756927c8cdcf2204051dda43730217299276bce7efa4144627d0f406ae"
	"991068554c99eff1385b7002793c291529dc0d08b2dc8c6315644e7cffe4aff3"
	"f816f9ddf9f5a5b0c6b95ab7830f6d602e1ff49a4098a4ca2aca0e3e9d0164c1"
	"57701a13fdf5c3f810da22970249ec78f519a2341f699fe664f4280ff30c66e4"
	"388c459b0e640f0556fa50d309e32d89206f9bf53ee65ed32e5ed850eb37187c"
	"718ad28d180a960a4b293c916adef99651f535416a10a4565ac7ab587ae62f44"
	"58d39f09d6d6cf47b11d88aef178e5ffd5726adf37e9f76a2135b8fbd08e9832"
	"19064c6b230b3df801705a4babdda76a199253f50f012d94968bf52707448028"
	"375a9a4d832592856db89eba4b20ece9d0c939f25c1dd83df331b45b1def18c0"
	"ef50fdc196876ae718d924da026e7054566d058b58619eab7e468cc18af3b1e4";

static const int hsv_ring_default[] = { 16, 5, 35, 0, 33, 12 };
static const int hsv_ring_wide[] = { 16, 5, 35, 13, 38, 0, 33, 12, 32, 19, 1, 8, 24, 23, 6 };
static const int hsv_ring_few[] = { 2, 3, 4, 0, 1 };
static const int hsv_ring_many[] = { 16, 5, 35, 13, 38, 8, 24, 23, 6, 26, 34, 11, 15, 36, 25, 39 };

static const char hsv_disaster[] =
	"8f2cc6c5eadb05fadec06372d5624535d49be96ef94d95c76ac5dfb60489f7bb";

static const char hsv_alice[] =
	"ee8c883556aec446218b76474ce00f7e58ddb020560b58917c7b549f3122020d";

static const char hsv_bob[] =
	"c20546898e0c5f21e9ef6b58cf33c0984b8e59a771d62f606384d52d1c0feee3";

static const char hsv_eve[] =
	"006655594ba965b322df8b6d887116136122ca79fc409fa4c340b4c05f7c133a";

static const char hsv_alice_base32[] =
	"52GIQNKWV3CEMIMLOZDUZYAPPZMN3MBAKYFVREL4PNKJ6MJCAIGQ";

static const char hsv_intro0_rsa[] =
	"8244b5885ceca4a1d8cfcbe70157d88466527980";

static const char hsv_intro0_ed[] =
	"d13c3987eddb96b6f3ba2246b9aadd6c42607c0f1f40a35c390c31a1552d17a0";

static const char hsv_intro0_onion[] =
	"f03c837865911fdaf6e7a8f9ca6ba00d60911e26c61a5910cc5ddbbd16496a06";

static const char hsv_intro0_auth[] =
	"e9b31206cf406a3c15119f9aeb231c46e4ff744b773303842f04282aae83063b";

static const char hsv_intro0_enc[] =
	"94b5086548a339658335f71d6932a8bd12f848781ed6f1ad7a49a6b1e338b364";

static const char hsv_intro1_rsa[] =
	"2994002c10735964424bb701124aee1a47793523";

static const char hsv_intro1_ed[] =
	"550f35180e1bc2b139c18dcee3d25839e7968a61cdab77bd4df63e784334e9c7";

static const char hsv_intro1_onion[] =
	"a1994470bab40125646e3429a092b3b9504d85e0a742257c83c28f14ddcfdd6a";

static const char hsv_intro1_auth[] =
	"ec85f71d39f5749fd1415e50b07c5124d25f14d81fae100cc269a08c93ab79ee";

static const char hsv_intro1_enc[] =
	"17de163708ae4668060a75a2ca22657e3b15254fa2675ae0d07e95833a2f4005";

static const char hsv_intro2_rsa[] =
	"16175b3912064b35375153ecd108836648ff73ac";

static const char hsv_intro2_ed[] =
	"6fbbd3f2ed0e9c2797db4c34cfca9617626ae603423169dd08987fde4a6b2923";

static const char hsv_intro2_onion[] =
	"82ef983dd3d11ab617eaae740e8003144db992d19acbcfb84b94c0da4366d77b";

static const char hsv_intro2_auth[] =
	"267a7f576f008dc2cb043a87f7eb8e61e5f786aae509041a4a85d32c0820732c";

static const char hsv_intro2_enc[] =
	"dd186222ec0bf1034eef7e3b0e58cc032386fea9d1cf43cfa6dad8999c5b6040";

static const char hsv_pow[] =
	"af52fc7c519179bbf5d467633025d6028822321e3781bf3e6d0b61c15f70223b";

static const char hsv_signing[] =
	"7ae70f471caf53eb686ec8a431fee3a5272bb9387e17f93a6575f4f1a430b7f4";

