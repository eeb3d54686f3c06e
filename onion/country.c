/* onion/country.c - which country an address is in, for those outside */
#include "onion/onion.h"

#include "onion/nodes.h"
#include "onion/onion_int.h"
#include "onion/path/geoip.h"

const char *
onion_country(const struct onion *o, const struct addr *a, char out[3])
{
	uint16_t cc = GEOIP_UNKNOWN;

	if (o->nodes && o->nodes->geoip && a->family)
		cc = geoip_country(o->nodes->geoip, a);
	out[0] = '\0';
	return cc == GEOIP_UNKNOWN ? out : geoip_text(cc, out);
}
