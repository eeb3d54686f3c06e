/* tun/proven.c - addresses that have shown that they are there
 *
 * Theory of operation
 *	A table of sets of SET places each; a keyed hash of the address says
 *	which set, and stands in the place for the address itself.  A cookie is
 *	a keyed hash of both ends and the time in steps of PROVEN_COOKIE_MS; the
 *	step before counts too.  Nothing is kept for whoever is asked.
 */
#include "tun/proven.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/hash.h"

enum { SET = 4, SETS = PROVEN_MAX / SET };

struct place {
	uint64_t	id;
	int64_t		until;		/* ms */
};

struct proven {
	struct hash_key	key;
	struct place	sets[SETS][SET];
};

struct proven *
proven_new(void)
{
	struct proven *p = calloc(1, sizeof(*p));

	if (p)
		hash_draw(&p->key);
	return p;
}

void
proven_free(struct proven *p)
{
	free(p);
}

static uint64_t
id_of(const struct proven *p, const struct addr *a)
{
	uint8_t in[1 + sizeof(a->ip)] = { a->family };

	memcpy(in + 1, a->ip, addr_iplen(a));
	return hash_keyed(&p->key, in, sizeof(in));
}

void
proven_add(struct proven *p, const struct addr *a, int64_t now)
{
	uint64_t id = id_of(p, a);
	struct place *set = p->sets[id % SETS], *at = &set[0];
	size_t i;

	for (i = 0; i < SET; i++) {
		if (set[i].id == id) {
			at = &set[i];
			break;
		}
		if (set[i].until < at->until)
			at = &set[i];
	}
	at->id = id;
	at->until = now + PROVEN_MS;
}

int
proven_has(const struct proven *p, const struct addr *a, int64_t now)
{
	uint64_t id = id_of(p, a);
	const struct place *set = p->sets[id % SETS];
	size_t i;

	for (i = 0; i < SET; i++)
		if (set[i].id == id && set[i].until > now)
			return 1;
	return 0;
}

static uint32_t
cookie_at(const struct proven *p, const struct addr *client,
    const struct addr *dest, int64_t step)
{
	struct {
		int64_t	 step;
		uint8_t	 ip[2][sizeof(client->ip)];
		uint16_t port[2];
		uint8_t	 what[4];	/* never as long as an address's */
	} in;

	memset(&in, 0, sizeof(in));
	in.step = step;
	memcpy(in.ip[0], client->ip, addr_iplen(client));
	memcpy(in.ip[1], dest->ip, addr_iplen(dest));
	in.port[0] = client->port;
	in.port[1] = dest->port;
	return (uint32_t)hash_keyed(&p->key, &in, sizeof(in));
}

/* It may fall on what it must not be; then it is turned over. */
enum { OTHER = 1u << 30 };

uint32_t
proven_cookie(const struct proven *p, const struct addr *client,
    const struct addr *dest, uint32_t not, int64_t now)
{
	uint32_t c = cookie_at(p, client, dest, now / PROVEN_COOKIE_MS);

	return c == not ? c ^ OTHER : c;
}

int
proven_cookie_ok(const struct proven *p, const struct addr *client,
    const struct addr *dest, uint32_t cookie, int64_t now)
{
	int64_t step = now / PROVEN_COOKIE_MS;
	uint32_t a = cookie_at(p, client, dest, step);
	uint32_t b = cookie_at(p, client, dest, step - 1);

	return cookie == a || cookie == (a ^ OTHER) || cookie == b ||
	    cookie == (b ^ OTHER);
}
