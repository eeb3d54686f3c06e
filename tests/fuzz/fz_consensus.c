/* tests/fuzz/fz_consensus.c - a consensus, to the netdir made of it */
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/authcert.h"
#include "onion/dir/consensus.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/netdir.h"
#include "tests/fuzz/fuzz.h"

static struct mdset *no_mds;
static struct authcert_set *nobody;

static void
start(void)
{
	static const uint8_t ids[1][20] = { { 1 } };

	if (no_mds != NULL)
		return;
	rand_init();
	crypt_init();
	no_mds = mdset_new();
	nobody = authcert_set_new(ids, 1);
	if (no_mds == NULL || nobody == NULL)
		abort();
}

static void
check(const struct consensus *c, size_t len)
{
	struct consensus_tally t;
	struct netdir *nd;
	size_t i;

	if (c->steps > len)
		abort();
	for (i = 1; i < c->nrouters; i++)
		if (memcmp(c->routers[i - 1].rsa, c->routers[i].rsa, 20) >= 0)
			abort();
	if (consensus_verify(c, nobody, c->valid_after, &t) == 0)
		abort();
	(void)consensus_excludes_us(c);
	if (netdir_build(&nd, c, no_mds) < 0)
		return;
	for (i = 0; i < nd->nrelays; i++)
		if (netdir_by_rsa(nd, nd->relays[i].rsa) != &nd->relays[i] ||
		    nd->relays[i].nickname[19] != '\0')
			abort();
	netdir_free(nd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct consensus *c;

	start();
	if (consensus_parse(&c, (const char *)data, len, 1) < 0)
		return 0;
	check(c, len);
	consensus_free(c);
	return 0;
}
