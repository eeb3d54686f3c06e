/* tests/fuzz/fz_ntor.c - a handshake on whose bytes somebody in between works
 *
 * Byte 0 says which handshake (CREATE_FAST, ntor, ntor-v3).  What follows are
 * groups of three bytes: a place (2 bytes, big endian; from 0x8000 on in the
 * relay's reply, below in the client's data) and what is XORed there.
 *
 * Oracle: either nothing was changed and both have the same keys, or the client
 * gets none.  CREATE_FAST signs nothing of its own accord, but its KH covers
 * what both sent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/wire.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/handshake.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/simhand.h"

/* Applies those of the groups that are meant for this side. */
static void
tamper(uint8_t *p, size_t len, int side, const uint8_t *groups, size_t n)
{
	uint16_t at;

	for (; n >= 3; groups += 3, n -= 3) {
		at = wire_get16(groups);
		if (at >> 15 == side && len > 0)
			p[(at & 0x7fff) % len] ^= groups[2];
	}
}

static void
check(const struct simhand_relay *relay, enum handshake_kind kind,
    const uint8_t *groups, size_t ngroups)
{
	static const struct handshake_ask ask = {
		.want_cc = 1, .sendme_inc = 31
	};
	uint8_t out[HANDSHAKE_DATA_MAX], reply[HANDSHAKE_REPLY_MAX];
	uint8_t sent[sizeof(out)], answered[sizeof(reply)];
	struct handshake_keys ours, none, theirs = { 0 };
	struct handshake *h;
	int n, m, rc;

	n = handshake_start(&h, kind, relay->rsa_id, relay->ed_id,
	    relay->ntor_pub, &ask, out, sizeof(out));
	must(n > 0);
	memcpy(sent, out, (size_t)n);
	tamper(out, (size_t)n, 0, groups, ngroups);
	m = simhand_answer(relay, (int)kind, out, (size_t)n, reply,
	    sizeof(reply), &theirs);
	if (m > 0) {
		memcpy(answered, reply, (size_t)m);
		tamper(reply, (size_t)m, 1, groups, ngroups);
		memset(&ours, 0x77, sizeof(ours));
		none = ours;
		rc = handshake_finish(h, reply, (size_t)m, &ours);
		must((rc == 0) == (memcmp(sent, out, (size_t)n) == 0 &&
		    memcmp(answered, reply, (size_t)m) == 0));
		must(memcmp(&ours, rc == 0 ? &theirs : &none,
		    sizeof(ours)) == 0);
	} else
		must(memcmp(sent, out, (size_t)n) != 0);
	handshake_free(h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum handshake_kind kinds[] = {
		HANDSHAKE_FAST, HANDSHAKE_NTOR, HANDSHAKE_NTOR3
	};
	static struct simhand_relay relay;
	static int ready;

	if (!ready) {
		rand_init();
		crypt_init();
		simhand_relay_new(&relay);
		relay.cc = 1;
		ready = 1;
	}
	if (len > 0)
		check(&relay, kinds[data[0] % 3], data + 1, len - 1);
	return 0;
}
