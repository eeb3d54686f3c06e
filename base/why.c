/* base/why.c - why something ended, in words */
#include "base/why.h"

#include <string.h>

static const char *const hs_texts[] = {
	"no descriptor of the onion service was found",
	"the onion service's descriptor is invalid",
	"none of the onion service's introduction points could be reached",
	"the rendezvous with the onion service failed",
	"the onion service wants client authorization (ClientOnionAuthDir)",
	"the client authorization key is not one of the onion service's",
	"the onion address is not valid",
	"the onion service did not come to the rendezvous"
};

_Static_assert(sizeof(hs_texts) / sizeof(hs_texts[0]) ==
    WHY_HS_END - WHY_HS_FIRST, "each has words");

const char *
why_text(int why)
{
	if (-why >= WHY_HS_FIRST && -why < WHY_HS_END)
		return hs_texts[-why - WHY_HS_FIRST];
	return why ? strerror(-why) : "in order";
}
