/* policy/isolate.c - which streams may share a circuit
 *
 * The key is written out field by field, each with its length, so that no two
 * different keys have the same bytes; a field that does not count is left
 * empty.  The flags count too: doors with different rules never share.
 *
 * The owner's bytes are a hash of their own.  It starts with a byte that no key
 * starts with.
 */
#include "policy/isolate.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret.h"

struct isolate {
	uint8_t key[32];
};

struct isolate *
isolate_new(void)
{
	struct isolate *is = calloc(1, sizeof(*is));

	if (is)
		rand_bytes(is->key, sizeof(is->key));
	return is;
}

void
isolate_free(struct isolate *is)
{
	if (is == NULL)
		return;
	secret_wipe(is->key, sizeof(is->key));
	free(is);
}

static void
field(crypto_generichash_state *h, const void *p, size_t len)
{
	uint8_t n[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len };

	crypto_generichash_update(h, n, sizeof(n));
	if (len)
		crypto_generichash_update(h, p, len);
}

static void
field_ip(crypto_generichash_state *h, const struct addr *a, int counts)
{
	field(h, a->ip, counts ? addr_iplen(a) : 0);
	field(h, &a->scope, counts && a->scope ? sizeof(a->scope) : 0);
}

static void
put_owner(const struct isolate *is, const struct isolate_key *k, uint8_t *out)
{
	uint8_t whole[ISOLATE_TOKEN];
	crypto_generichash_state h;
	int alone = (k->flags & (ISOLATE_CLIENT_ADDR | ISOLATE_FLOW)) != 0;

	crypto_generichash_init(&h, is->key, sizeof(is->key), sizeof(whole));
	crypto_generichash_update(&h, (const uint8_t *)"o", 1);
	field(&h, &k->session_group, alone ? 0 : sizeof(k->session_group));
	field_ip(&h, &k->owner, alone);
	crypto_generichash_final(&h, whole, sizeof(whole));
	memcpy(out, whole, ISOLATE_OWNER);
}

/* With their number, so that one more is not the next field. */
static void
field_names(crypto_generichash_state *h, const struct isolate_key *k,
    int counts)
{
	uint64_t n = k->nnames;
	size_t i;

	field(h, &n, counts ? sizeof(n) : 0);
	for (i = 0; counts && i < k->nnames; i++)
		field(h, k->names[i], strlen(k->names[i]));
}

static void
put_rule(crypto_generichash_state *h, const struct isolate_key *k)
{
	int user = (k->flags & ISOLATE_USER) && k->uid;
	int app = (k->flags & ISOLATE_APP) && k->app;

	field(h, k->uid, user ? sizeof(*k->uid) : 0);
	field(h, k->app, app ? strlen(k->app) : 0);
	field_names(h, k, (k->flags & ISOLATE_NAME) != 0);
	field(h, &k->flow, k->flags & ISOLATE_FLOW ? sizeof(k->flow) : 0);
}

void
isolate_token(const struct isolate *is, const struct isolate_key *k,
    uint8_t out[ISOLATE_TOKEN])
{
	crypto_generichash_state h;
	int dest = (k->flags & ISOLATE_DEST_ADDR) != 0;
	int auth = (k->flags & ISOLATE_SOCKS_AUTH) && k->auth;

	crypto_generichash_init(&h, is->key, sizeof(is->key), ISOLATE_TOKEN);
	field(&h, &k->flags, sizeof(k->flags));
	field(&h, &k->session_group, sizeof(k->session_group));
	field(&h, &k->proto, k->flags & ISOLATE_CLIENT_PROTO ? 1 : 0);
	field_ip(&h, &k->client, (k->flags & ISOLATE_CLIENT_ADDR) != 0);
	field(&h, k->place,
	    k->flags & ISOLATE_CLIENT_ADDR ? k->place_len : 0);
	field(&h, &k->dest.port,
	    k->flags & ISOLATE_DEST_PORT ? sizeof(k->dest.port) : 0);
	field_ip(&h, &k->dest, dest && k->dest_name == NULL);
	field(&h, k->dest_name, dest && k->dest_name ? strlen(k->dest_name) : 0);
	field(&h, k->auth, auth ? k->auth_len : 0);
	put_rule(&h, k);
	crypto_generichash_final(&h, out, ISOLATE_TOKEN);
	put_owner(is, k, out);
}
