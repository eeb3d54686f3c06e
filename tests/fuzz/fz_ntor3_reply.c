/* tests/fuzz/fz_ntor3_reply.c - what a relay may answer to ntor-v3
 *
 * Byte 0 even: the rest is the reply as such, which no fuzzer can sign.  Odd:
 * the rest is the message in a good reply.
 */
#include <stdlib.h>

#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/crypto/handshake.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/simhand.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct handshake_ask ask = {
		.want_cc = 1, .sendme_inc = 31
	};
	static struct simhand_relay relay;
	static int ready;
	uint8_t out[HANDSHAKE_DATA_MAX], reply[HANDSHAKE_REPLY_MAX];
	struct handshake_keys k, theirs;
	struct handshake *h;
	int n, rc;

	if (!ready) {
		rand_init();
		crypt_init();
		simhand_relay_new(&relay);
		ready = 1;
	}
	if (len < 1)
		return 0;
	n = handshake_start(&h, HANDSHAKE_NTOR3, relay.rsa_id, relay.ed_id,
	    relay.ntor_pub, &ask, out, sizeof(out));
	if (n < 0)
		abort();
	if (data[0] % 2 == 0) {
		rc = handshake_finish(h, data + 1, len - 1, &k);
		if (rc == 0)
			abort();
	} else if ((n = simhand_ntor3(&relay, out, (size_t)n, data + 1,
	    len - 1, reply, sizeof(reply), &theirs)) >= 0) {
		rc = handshake_finish(h, reply, (size_t)n, &k);
		if (rc == 0 && k.cc_on && (k.sendme_inc < 30 ||
		    k.sendme_inc > 32))
			abort();
		if (rc == 0 && !k.cc_on && k.sendme_inc != 0)
			abort();
	}
	handshake_free(h);
	return 0;
}
