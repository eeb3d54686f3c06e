/* onion/hs/hspow_search.c - the search for a proof of work, and its check
 * (proposal 327, 3.2 and 3.4.1)
 *
 *	challenge C = P | blinded key | seed | nonce N | effort E
 *	proof	    = version | N | E | head of the seed | solution S
 *
 * S is a solution of Equi-X for C, and R * E < 2^32 with R = BLAKE2b-32(C | S):
 * about one solution in E will do.
 */
#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "onion/hs/blake2b.h"
#include "onion/hs/hspow_int.h"

enum { VERSION = 1, DOUBLE_UNTIL = 1000 };

_Static_assert(1 + HSPOW_NONCE + 4 + HSPOW_SEED_HEAD + EQUIX_LEN ==
    INTROMSG_POW, "length of a proof");

uint32_t
hspow_effort_first(uint32_t suggested)
{
	return suggested > HSPOW_EFFORT_MAX ? HSPOW_EFFORT_MAX : suggested;
}

uint32_t
hspow_effort_again(uint32_t effort)
{
	if (effort >= HSPOW_EFFORT_MAX)
		return HSPOW_EFFORT_MAX;
	effort = effort < DOUBLE_UNTIL ? 2 * effort : effort + effort / 2;
	if (effort < HSPOW_EFFORT_MIN)
		return HSPOW_EFFORT_MIN;
	return hspow_effort_first(effort);
}

void
hspow_search_init(struct hspow_search *s, const struct hspow_ask *ask,
    const uint8_t nonce[HSPOW_NONCE])
{
	static const char p[HSPOW_P] = "Tor hs intro v1";

	memcpy(s->challenge, p, sizeof(p));
	memcpy(s->challenge + HSPOW_BLINDED_AT, ask->blinded, 32);
	memcpy(s->challenge + HSPOW_SEED_AT, ask->seed, 32);
	memcpy(s->challenge + HSPOW_NONCE_AT, nonce, HSPOW_NONCE);
	wire_set32(s->challenge + HSPOW_EFFORT_AT, ask->effort);
	s->effort = ask->effort;
	s->attempts = 0;
}

/* R * E <= UINT32_MAX */
static int
is_worth(const struct hspow_search *s, const uint8_t solution[EQUIX_LEN])
{
	uint8_t in[HSPOW_CHALLENGE + EQUIX_LEN], r[4];

	memcpy(in, s->challenge, HSPOW_CHALLENGE);
	memcpy(in + HSPOW_CHALLENGE, solution, EQUIX_LEN);
	blake2b(r, sizeof(r), in, sizeof(in), NULL, NULL);
	return (uint64_t)wire_get32(r) * s->effort <= UINT32_MAX;
}

static void
next_nonce(struct hspow_search *s)
{
	uint8_t *n = s->challenge + HSPOW_NONCE_AT;
	int i;

	for (i = 0; i < HSPOW_NONCE; i++)	/* little-endian */
		if (++n[i] != 0)
			return;
}

static void
make_proof(const struct hspow_search *s, const uint8_t solution[EQUIX_LEN],
    uint8_t proof[INTROMSG_POW])
{
	struct pack p;

	pack_init(&p, proof, INTROMSG_POW);
	pack_u8(&p, VERSION);
	pack_put(&p, s->challenge + HSPOW_NONCE_AT, HSPOW_NONCE);
	pack_u32(&p, s->effort);
	pack_put(&p, s->challenge + HSPOW_SEED_AT, HSPOW_SEED_HEAD);
	pack_put(&p, solution, EQUIX_LEN);
}

int
hspow_search_attempt(struct hspow_search *s, struct equix *e,
    uint8_t proof[INTROMSG_POW])
{
	uint8_t found[EQUIX_FOUND_MAX][EQUIX_LEN];
	int n, i;

	s->attempts++;
	/* A challenge that makes no function is one without solutions. */
	n = equix_solve(e, s->challenge, HSPOW_CHALLENGE, found);
	for (i = 0; i < n; i++)
		if (is_worth(s, found[i])) {
			make_proof(s, found[i], proof);
			return 1;
		}
	next_nonce(s);
	return 0;
}

int
hspow_verify(const struct hspow_ask *ask, const uint8_t proof[INTROMSG_POW])
{
	const uint8_t *nonce, *seed, *solution;
	struct hspow_search s;
	uint32_t effort;
	struct wire w;
	uint8_t version;

	wire_init(&w, proof, INTROMSG_POW);
	version = wire_u8(&w);
	nonce = wire_take(&w, HSPOW_NONCE);
	effort = wire_u32(&w);
	seed = wire_take(&w, HSPOW_SEED_HEAD);
	solution = wire_take(&w, EQUIX_LEN);
	if (wire_done(&w) < 0 || version != VERSION || effort != ask->effort ||
	    memcmp(seed, ask->seed, HSPOW_SEED_HEAD) != 0)
		return 0;
	hspow_search_init(&s, ask, nonce);
	return is_worth(&s, solution) &&
	    equix_verify(s.challenge, HSPOW_CHALLENGE, solution) == 0;
}
