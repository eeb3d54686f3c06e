/* daemon/gateway_who.c - whose a flow is: circuits, names and shares */
#include "daemon/gateway_int.h"

#include <string.h>

#include "daemon/facts.h"
#include "daemon/kin.h"
#include "dnsport/automap.h"
#include "onion/onion.h"

_Static_assert((int)ISOLATE_OWNER == (int)ONION_OWNER &&
    (int)ISOLATE_OWNER == (int)AUTOMAP_OWNER &&
    (int)ISOLATE_OWNER == (int)GIVEN_OWNER &&
    (int)ISOLATE_TOKEN == (int)GIVEN_GROUP, "what tokens begin with");

void
gateway_share(struct gateway *gw, const struct door *door,
    const struct addr *client, struct addr *out)
{
	if (door->as_client.family || gw->conf.kin == NULL)
		*out = *door_share(door, client);
	else
		kin_share(gw->conf.kin, client, out);
}

/* Where a client is, as bytes; none where that is not known. */
enum { PLACE = sizeof(int) + 1 + KIN_LINK };

static size_t
place_of(struct gateway *gw, const struct door *door,
    const struct addr *client, int ifindex, uint8_t out[PLACE])
{
	struct kin_place as;

	if (gw->conf.kin == NULL || door->as_client.family)
		return 0;
	kin_place(gw->conf.kin, client, ifindex, NULL, &as);
	if (as.ifindex == 0 && as.link_len == 0)
		return 0;
	memcpy(out, &as.ifindex, sizeof(as.ifindex));
	out[sizeof(as.ifindex)] = as.link_len;
	memcpy(out + sizeof(as.ifindex) + 1, as.link, KIN_LINK);
	return PLACE;
}

/* Fills in what is the door's and the client's.  An address that another host
 * has by now, or that hosts of two networks have, is another client's. */
void
gateway_token(struct gateway *gw, const struct door *door, int ifindex,
    const struct addr *client, struct isolate_key *key,
    uint8_t token[ISOLATE_TOKEN])
{
	uint8_t place[PLACE];

	key->session_group = door->session_group;
	key->proto = door->proto;
	key->client = *client;
	key->auth = door->auth;
	key->auth_len = door->auth_len;
	key->place = place;
	if (key->flags & ISOLATE_CLIENT_ADDR)
		key->place_len = place_of(gw, door, client, ifindex, place);
	gateway_share(gw, door, client, &key->owner);
	isolate_token(gw->isolate, key, token);
}

/* Who is one client to the address map: whatever door it comes by, since it
 * asks at one and connects at another; but where all that comes by a door is
 * one client, no other door's. */
void
gateway_group(struct gateway *gw, const struct door *door, int ifindex,
    const struct addr *client, uint8_t group[ISOLATE_TOKEN])
{
	uint8_t place[PLACE];
	struct isolate_key key = { .flags = ISOLATE_CLIENT_ADDR,
	    .client = *client };

	if (door->as_client.family) {
		key.flags = 0;
		key.session_group = door->session_group;
	} else if (gw->conf.kin) {
		kin_of(gw->conf.kin, client, &key.client);
		key.place = place;
		key.place_len = place_of(gw, door, &key.client, ifindex,
		    place);
	}
	gateway_share(gw, door, client, &key.owner);
	isolate_token(gw->isolate, &key, group);
}

const char *
gateway_exits(const struct rule *r)
{
	return r && r->exit[0] ? r->exit : NULL;
}

void
gateway_flow_token(struct gateway *gw, const struct request *r,
    uint8_t token[ISOLATE_TOKEN])
{
	const struct rule_flow *about = &r->flow.about;
	const struct target *t = &r->target;
	struct isolate_key key = {
		.flags = policy_isolation(r->d.rule, r->door->isolate),
		.dest = r->dest,
		.dest_name = t->kind == TARGET_ADDR ? NULL : t->host,
		.uid = about->uid, .app = about->app,
		.names = about->names, .nnames = about->nnames,
		.flow = ++gw->flow
	};

	gateway_token(gw, r->door, r->door->came.ifindex, r->client, &key,
	    token);
}
