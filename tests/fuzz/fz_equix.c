/* tests/fuzz/fz_equix.c - what somebody may claim to be a solution or a proof
 *
 * Byte 0 even: a solution, and the rest is the challenge of Equi-X.  Odd:
 * effort, seed and key of who asks, then a proof of work.
 */
#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "onion/hs/equix.h"
#include "onion/hs/hspow.h"
#include "tests/fuzz/fuzz.h"

static void
solution(struct wire *w)
{
	uint8_t in[EQUIX_LEN] = { 0 }, other[EQUIX_LEN];
	size_t len;
	const uint8_t *challenge;
	int rc;

	wire_copy(w, in, sizeof(in));
	if (w->err)
		return;
	len = wire_left(w);
	challenge = wire_take(w, len);
	rc = equix_verify(challenge, len, in);
	must(rc == 0 || rc == -EINVAL || rc == -EDOM || rc == -EBADMSG);
	if (rc != 0)
		return;
	/* There is one form only. */
	memcpy(other, in + 8, 8);
	memcpy(other + 8, in, 8);
	must(memcmp(in, in + 8, 8) == 0 ||
	    equix_verify(challenge, len, other) == -EINVAL);
}

static void
proof(struct wire *w)
{
	uint8_t in[INTROMSG_POW] = { 0 };
	struct hspow_ask ask;

	memset(&ask, 0, sizeof(ask));
	ask.effort = wire_u32(w);
	wire_copy(w, ask.seed, sizeof(ask.seed));
	wire_copy(w, ask.blinded, sizeof(ask.blinded));
	wire_copy(w, in, sizeof(in));
	if (w->err || !hspow_verify(&ask, in))
		return;
	ask.effort ^= 1;
	must(!hspow_verify(&ask, in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire w;

	wire_init(&w, data, len);
	if (wire_u8(&w) % 2 == 0)
		solution(&w);
	else
		proof(&w);
	return 0;
}
