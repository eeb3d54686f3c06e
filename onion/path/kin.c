/* onion/path/kin.c - which relays must not share a path (path-spec 2.2) */
#include "onion/path/kin.h"

#include "base/addr.h"
#include "onion/dir/netdir.h"
#include "onion/path/relayset.h"

enum { SUBNET4_BITS = 16, SUBNET6_BITS = 32 };

static int
in_one_subnet(const struct relay *a, const struct relay *b)
{
	return addr_same_prefix(&a->or4, &b->or4, SUBNET4_BITS) ||
	    addr_same_prefix(&a->or6, &b->or6, SUBNET6_BITS);
}

static int
in_one_set(const struct kin *k, const struct netdir *nd, const struct relay *a,
    const struct relay *b)
{
	size_t i;

	for (i = 0; i < k->nfamilies; i++)
		if (relayset_has(k->families[i], nd, a) &&
		    relayset_has(k->families[i], nd, b))
			return 1;
	return 0;
}

int
kin_same(const struct kin *k, const struct netdir *nd, const struct relay *a,
    const struct relay *b)
{
	return a == b || (k->subnets && in_one_subnet(a, b)) ||
	    netdir_same_family(nd, a, b) || in_one_set(k, nd, a, b);
}
