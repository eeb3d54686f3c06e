/* tests/sim/simdir.c - a network that exists in documents only */
#include "tests/sim/simdir.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/enc.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/consensus.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/netdir.h"

static const char pr_now[] = "Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 "
    "FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=3-5 LinkAuth=3 "
    "Microdesc=1-3 Padding=2 Relay=2-6";
static const char pr_old[] = "Cons=1-2 Desc=1-2 DirCache=2 HSDir=2 HSIntro=3-4 "
    "HSRend=1-2 Link=1-5 LinkAuth=1,3 Microdesc=1-2 Padding=2 Relay=1-2";

/* As the live network had them in 2026, about. */
static const char live_weights[] = "Wbd=0 Wbe=0 Wbg=4136 Wbm=10000 Wdb=10000 "
    "Web=10000 Wed=10000 Wee=10000 Weg=10000 Wem=10000 Wgb=10000 Wgd=0 "
    "Wgg=5864 Wgm=5864 Wmb=10000 Wmd=0 Wme=0 Wmg=4136 Wmm=10000";

/* splitmix64 */
uint64_t
simdir_rand(struct simdir *sd)
{
	uint64_t z = sd->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t
simdir_below(struct simdir *sd, uint64_t n)
{
	return simdir_rand(sd) % n;
}

static void
fill(struct simdir *sd, void *p, size_t len)
{
	uint8_t *b = p;

	while (len-- > 0)
		*b++ = (uint8_t)simdir_rand(sd);
}

static int
by_rsa(const void *a, const void *b)
{
	return memcmp(((const struct simdir_relay *)a)->rsa,
	    ((const struct simdir_relay *)b)->rsa, 20);
}

static void
addr_v6(struct addr *a, uint32_t net, uint32_t host, uint16_t port)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	a->family = 6;
	a->port = port;
	for (i = 0; i < 4; i++) {
		a->ip[i] = (uint8_t)(net >> (24 - 8 * i));
		a->ip[12 + i] = (uint8_t)(host >> (24 - 8 * i));
	}
}

void
simdir_init_plain(struct simdir *sd, size_t n, uint64_t seed,
    int64_t valid_after)
{
	struct simdir_relay *r;
	size_t i;

	memset(sd, 0, sizeof(*sd));
	sd->state = seed;
	sd->valid_after = valid_after;
	sd->n = n;
	sd->relay = calloc(n ? n : 1, sizeof(*sd->relay));
	assert(sd->relay != NULL);
	for (i = 0; i < n; i++) {
		r = &sd->relay[i];
		fill(sd, r->rsa, sizeof(r->rsa));
		fill(sd, r->ed, sizeof(r->ed));
		fill(sd, r->ntor, sizeof(r->ntor));
		snprintf(r->nickname, sizeof(r->nickname), "relay%u",
		    (unsigned)i);
		addr_v4(&r->or4, (uint32_t)((20 + i / 200) << 24 |
		    (i % 200) << 16 | 7), 9001);
		r->bw = 1000;
		r->flags = RELAY_RUNNING | RELAY_VALID | RELAY_FAST |
		    RELAY_STABLE | RELAY_GUARD | RELAY_EXIT | RELAY_V2DIR |
		    RELAY_HSDIR | RELAY_HAS_BW | RELAY_HAS_MD;
		strcpy(r->p, "accept 1-65535");
		strcpy(r->pr, pr_now);
	}
	qsort(sd->relay, n, sizeof(*sd->relay), by_rsa);
}

static void
vary_flags(struct simdir *sd, struct simdir_relay *r)
{
	r->flags &= ~(uint32_t)(RELAY_GUARD | RELAY_EXIT);
	if (simdir_below(sd, 100) < 45)
		r->flags |= RELAY_GUARD;
	if (simdir_below(sd, 100) < 25)
		r->flags |= RELAY_EXIT;
	if (simdir_below(sd, 100) < 10)
		r->flags &= ~(uint32_t)RELAY_FAST;
	if (simdir_below(sd, 100) < 20)
		r->flags &= ~(uint32_t)RELAY_STABLE;
	if (simdir_below(sd, 100) < 10)
		r->flags &= ~(uint32_t)RELAY_V2DIR;
	if (simdir_below(sd, 100) < 3)
		r->flags |= RELAY_BADEXIT;
	if (simdir_below(sd, 100) < 3)
		r->flags |= RELAY_MIDDLEONLY;
	if (simdir_below(sd, 100) < 2)
		r->flags &= ~(uint32_t)RELAY_HAS_BW;
	if (simdir_below(sd, 100) < 2)
		r->flags &= ~(uint32_t)RELAY_HAS_MD;
	if (simdir_below(sd, 100) < 10)
		strcpy(r->pr, pr_old);
}

static void
vary_policy(struct simdir *sd, struct simdir_relay *r)
{
	static const char *const policies[] = {
		"accept 1-65535", "reject 25,119,135-139,445,563,1214,6346",
		"accept 80,443", "accept 20-23,43,53,79-81,88,110,143,443,993",
		"reject 1-65535", "accept 443,5222-5223,6667"
	};
	const size_t n = sizeof(policies) / sizeof(policies[0]);

	r->p[0] = r->p6[0] = '\0';
	if (r->flags & RELAY_EXIT || simdir_below(sd, 100) < 3)
		strcpy(r->p, policies[simdir_below(sd, n)]);
	if (r->flags & RELAY_EXIT && simdir_below(sd, 100) < 30)
		strcpy(r->p6, policies[simdir_below(sd, n)]);
}

/* Some share a /16 with the one before, or an IPv6 /32. */
static void
vary_address(struct simdir *sd, size_t i)
{
	struct simdir_relay *r = &sd->relay[i];

	if (i > 0 && simdir_below(sd, 100) < 15) {
		memcpy(r->or4.ip, sd->relay[i - 1].or4.ip, 2);
		r->or4.ip[3] = (uint8_t)i;
	}
	if (simdir_below(sd, 100) < 30)
		addr_v6(&r->or6, 0x20010000 | (uint32_t)simdir_below(sd, 60),
		    (uint32_t)i, 9001);
}

static void
name_member(char *out, size_t max, const struct simdir_relay *r, int hex)
{
	char id[41];
	size_t at = strlen(out);

	enc_hex(id, r->rsa, sizeof(r->rsa));
	snprintf(out + at, max - at, "%s%s%s", at ? " " : "", hex ? "$" : "",
	    hex ? id : r->nickname);
}

/* Some say that the one before is of their family; most of those say it
 * back. */
static void
vary_family(struct simdir *sd, size_t i)
{
	struct simdir_relay *r = &sd->relay[i], *before;

	if (i == 0)
		return;
	before = &sd->relay[i - 1];
	if (simdir_below(sd, 100) < 15) {
		name_member(r->family, sizeof(r->family), before, i % 2);
		if (simdir_below(sd, 100) < 70)
			name_member(before->family, sizeof(before->family), r,
			    i % 3 != 0);
	}
	if (simdir_below(sd, 100) < 10) {
		snprintf(r->family_ids, sizeof(r->family_ids), "ed25519:fam%zu",
		    i % 17);
	}
}

void
simdir_init(struct simdir *sd, size_t n, uint64_t seed, int64_t valid_after)
{
	size_t i;

	simdir_init_plain(sd, n, seed, valid_after);
	strcpy(sd->weights, live_weights);
	for (i = 0; i < n; i++) {
		struct simdir_relay *r = &sd->relay[i];

		r->bw = (uint32_t)(1 + simdir_below(sd, 100) *
		    simdir_below(sd, 100) * simdir_below(sd, 20));
		vary_flags(sd, r);
		vary_policy(sd, r);
		vary_address(sd, i);
		vary_family(sd, i);
	}
}

void
simdir_fini(struct simdir *sd)
{
	free(sd->relay);
	memset(sd, 0, sizeof(*sd));
}

struct simdir_relay *
simdir_by_rsa(struct simdir *sd, const uint8_t rsa[20])
{
	return bsearch(rsa, sd->relay, sd->n, sizeof(*sd->relay), by_rsa);
}

struct simdir_relay *
simdir_by_name(struct simdir *sd, const char *nickname)
{
	size_t i;

	for (i = 0; i < sd->n; i++)
		if (strcmp(sd->relay[i].nickname, nickname) == 0)
			return &sd->relay[i];
	return NULL;
}

/* --- documents --- */

static void
put_time(FILE *f, const char *key, int64_t when)
{
	time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(f, "%s %s\n", key, text);
}

static void
put_microdesc(FILE *f, const struct simdir_relay *r)
{
	char b64[ENC_B64_LEN(32)];

	enc_b64(b64, r->ntor, sizeof(r->ntor));
	fprintf(f, "onion-key\nntor-onion-key %s\n", b64);
	if (r->family[0])
		fprintf(f, "family %s\n", r->family);
	if (r->family_ids[0])
		fprintf(f, "family-ids %s\n", r->family_ids);
	if (r->p[0])
		fprintf(f, "p %s\n", r->p);
	if (r->p6[0])
		fprintf(f, "p6 %s\n", r->p6);
	enc_b64_bare(b64, r->ed, sizeof(r->ed));
	fprintf(f, "id ed25519 %s\n", b64);
}

static FILE *
text_open(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	assert(f != NULL);
	return f;
}

static char *
text_close(FILE *f, char **text)
{
	int rc = fclose(f);

	assert(rc == 0);
	return *text;
}

char *
simdir_microdescs(struct simdir *sd, size_t *len)
{
	char *text = NULL;
	FILE *f = text_open(&text, len);
	size_t i;

	for (i = 0; i < sd->n; i++)
		if (sd->relay[i].flags & RELAY_HAS_MD && !sd->relay[i].gone)
			put_microdesc(f, &sd->relay[i]);
	return text_close(f, &text);
}

static void
md_digest(uint8_t out[32], const struct simdir_relay *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = text_open(&text, &len);

	put_microdesc(f, r);
	text_close(f, &text);
	crypt_sha256(out, text, len);
	free(text);
}

static void
put_flags(FILE *f, uint32_t flags)
{
	static const struct {
		uint32_t	 flag;
		const char	*name;
	} names[] = {
		{ RELAY_AUTHORITY, "Authority" }, { RELAY_BADEXIT, "BadExit" },
		{ RELAY_EXIT, "Exit" }, { RELAY_FAST, "Fast" },
		{ RELAY_GUARD, "Guard" }, { RELAY_HSDIR, "HSDir" },
		{ RELAY_MIDDLEONLY, "MiddleOnly" },
		{ RELAY_NOED, "NoEdConsensus" }, { RELAY_RUNNING, "Running" },
		{ RELAY_STABLE, "Stable" }, { RELAY_STALEDESC, "StaleDesc" },
		{ RELAY_SYBIL, "Sybil" }, { RELAY_V2DIR, "V2Dir" },
		{ RELAY_VALID, "Valid" }
	};
	size_t i;

	fputs("s", f);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			fprintf(f, " %s", names[i].name);
	fputc('\n', f);
}

static void
put_router(FILE *f, const struct simdir_relay *r)
{
	char b64[ENC_B64_LEN(32)], ip[ADDR_TEXT];
	uint8_t md[32];

	enc_b64_bare(b64, r->rsa, sizeof(r->rsa));
	fprintf(f, "r %s %s 2038-01-01 00:00:00 %s %u 0\n", r->nickname, b64,
	    addr_ip_raw(&r->or4, ip), r->or4.port);
	if (r->or6.family)
		fprintf(f, "a %s\n", addr_raw(&r->or6, ip));
	md_digest(md, r);
	enc_b64_bare(b64, md, sizeof(md));
	fprintf(f, "m %s\n", b64);
	put_flags(f, r->flags);
	fprintf(f, "v Tor 0.4.9.11\n");
	if (r->pr[0])
		fprintf(f, "pr %s\n", r->pr);
	if (r->flags & RELAY_HAS_BW)
		fprintf(f, "w Bandwidth=%u%s\n", r->bw,
		    r->flags & RELAY_UNMEASURED ? " Unmeasured=1" : "");
}

static void
put_head(FILE *f, const struct simdir *sd)
{
	fputs("network-status-version 3 microdesc\nvote-status consensus\n"
	    "consensus-method 33\n", f);
	put_time(f, "valid-after", sd->valid_after);
	put_time(f, "fresh-until", sd->valid_after + 3600);
	put_time(f, "valid-until", sd->valid_after + 3 * 3600);
	fputs("voting-delay 300 300\n"
	    "known-flags Authority BadExit Exit Fast Guard HSDir MiddleOnly "
	    "NoEdConsensus Running Stable StaleDesc Sybil V2Dir Valid\n", f);
	if (sd->params[0])
		fprintf(f, "params %s\n", sd->params);
}

static void
put_foot(FILE *f, const struct simdir *sd)
{
	char b64[ENC_B64_LEN(256)];
	uint8_t sig[256] = { 0 };
	size_t i;

	fputs("directory-footer\n", f);
	if (sd->weights[0])
		fprintf(f, "bandwidth-weights %s\n", sd->weights);
	enc_b64(b64, sig, sizeof(sig));
	fprintf(f, "directory-signature sha256 %040d %040d\n"
	    "-----BEGIN SIGNATURE-----\n", 1, 2);
	for (i = 0; i < strlen(b64); i += 64)
		fprintf(f, "%.64s\n", b64 + i);
	fputs("-----END SIGNATURE-----\n", f);
}

char *
simdir_consensus(struct simdir *sd, size_t *len)
{
	char *text = NULL;
	FILE *f = text_open(&text, len);
	size_t i;

	put_head(f, sd);
	for (i = 0; i < sd->n; i++)
		if (!sd->relay[i].gone)
			put_router(f, &sd->relay[i]);
	put_foot(f, sd);
	return text_close(f, &text);
}

static struct mdset *
make_mdset(struct simdir *sd)
{
	struct mdset *set = mdset_new();
	struct microdesc_reader rd;
	struct microdesc_raw raw;
	size_t len;
	char *text = simdir_microdescs(sd, &len);
	int rc;

	assert(set != NULL);
	microdesc_read_init(&rd, text, len);
	while (microdesc_read(&rd, &raw) > 0) {
		rc = mdset_add(set, &raw, sd->valid_after);
		assert(rc == 0);
	}
	free(text);
	return set;
}

struct netdir *
simdir_netdir(struct simdir *sd)
{
	struct mdset *set = make_mdset(sd);
	struct consensus *c;
	struct netdir *nd;
	size_t len;
	char *text = simdir_consensus(sd, &len);
	int rc = consensus_parse(&c, text, len, 0);

	assert(rc == 0);
	rc = netdir_build(&nd, c, set);
	assert(rc == 0);
	(void)rc;
	consensus_free(c);
	mdset_free(set);
	free(text);
	return nd;
}
