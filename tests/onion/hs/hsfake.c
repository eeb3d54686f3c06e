/* tests/onion/hs/hsfake.c - descriptors, the ring and keys of clients, made up
 *
 * Stands in for hsdesc.c, hsring.c and hsauth.c, whose functions it defines as
 * far as hsclient calls them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/why.h"
#include "onion/hs/hsauth.h"
#include "onion/hs/hsring.h"
#include "tests/onion/hs/hsrig.h"

struct text {				/* a descriptor's */
	uint8_t		wants_key[32];
	int		rc;
	uint8_t		blinded[32];	/* all zero: of any */
	struct hsdesc	d;
};

_Static_assert(sizeof(struct text) <= RIG_TEXT, "one fits");

int
hsdesc_open(struct hsdesc **out, const char *text, size_t len,
    const struct blind *b, const uint8_t auth[32], int64_t now)
{
	struct text t;

	must(now > 0 && !secret_is_zero(b->key, 32));
	if (len != sizeof(t))
		return -WHY_HS_INVALID;
	memcpy(&t, text, sizeof(t));
	if (t.rc)
		return t.rc;
	if (!secret_is_zero(t.blinded, 32) &&
	    memcmp(t.blinded, b->key, 32) != 0)
		return -WHY_HS_INVALID;
	if (!secret_is_zero(t.wants_key, 32)) {
		if (auth == NULL)
			return -WHY_HS_AUTH_MISSING;
		if (memcmp(auth, t.wants_key, 32) != 0)
			return -WHY_HS_AUTH_WRONG;
	}
	if ((*out = malloc(sizeof(**out))) == NULL)
		return -ENOMEM;
	**out = t.d;
	return 0;
}

struct hsring {
	uint8_t	is_one;
};

int
hsring_new(struct hsring **out, const struct netdir *nd,
    const struct hstime *t)
{
	must(nd == &rig->netdir && t->minutes > 0);
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return -ENOMEM;
	(*out)->is_one = 1;
	rig->rings++;
	return 0;
}

void
hsring_free(struct hsring *ring)
{
	free(ring);
}

size_t
hsring_find(const struct hsring *ring, const uint8_t blinded[BLIND_KEY],
    const struct relay *out[HSRING_MAX])
{
	size_t i;

	must(ring->is_one && !secret_is_zero(blinded, BLIND_KEY));
	for (i = 0; i < rig->ndirs; i++)
		out[i] = &rig->dirs[i];
	return rig->ndirs;
}

struct hsauth {
	uint8_t	key[32];
};

const uint8_t *
hsauth_key(const struct hsauth *a, const uint8_t service[32])
{
	return memcmp(service, rig_service[0], 32) == 0 ? a->key : NULL;
}

void
rig_key(struct rig *r, const uint8_t key[32])
{
	struct hsauth *was = r->auth;

	r->auth = NULL;
	if (key) {
		must((r->auth = calloc(1, sizeof(*r->auth))) != NULL);
		memcpy(r->auth->key, key, 32);
	}
	hsclient_set_auth(r->hs, r->auth);
	free(was);
}

size_t
rig_text(const struct rig *r, uint8_t *out, size_t max)
{
	struct text t;

	must(max >= sizeof(t));
	memset(&t, 0, sizeof(t));
	t.rc = r->desc_rc;
	memcpy(t.wants_key, r->wants_key, 32);
	t.d = r->desc;
	memcpy(out, &t, sizeof(t));
	return sizeof(t);
}
