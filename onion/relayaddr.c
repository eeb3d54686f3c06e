/* onion/relayaddr.c - where a relay listens, for whoever is sent to it by name */
#include <errno.h>

#include "onion/dir/netdir.h"
#include "onion/onion.h"
#include "onion/onion_int.h"

int
onion_relay_addr(const struct onion *o, const uint8_t rsa[20],
    struct addr *out)
{
	const struct relay *r = o->netdir ? netdir_by_rsa(o->netdir, rsa) :
	    NULL;

	if (r == NULL)
		return o->netdir ? -ENOENT : -EAGAIN;
	*out = r->or4.family ? r->or4 : r->or6;
	out->port = 0;
	return 0;
}
