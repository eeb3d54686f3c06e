/* dnsport/automap.c - virtual addresses: a name, and an address that stands for
 * it
 *
 * Theory of operation
 *	An entry is one name in one group, with an address of either family or
 *	of both.  It is found by (group, name), hashed to a key of fixed length,
 *	and by each address; the address alone is no use, for the group must be
 *	the entry's.
 *
 *	Who is drawn next: a counter goes through all numbers of the pool, and a
 *	permutation under a secret key makes an address of each.  So what comes
 *	next cannot be told from what came before, and no address comes again
 *	before all others have been: with a pool of usual size, not in years.
 *	The permutation is a Feistel network of ROUNDS rounds with SipHash-2-4
 *	as the round's function; its halves need not be equal, so that any
 *	number of bits will do.
 *
 *	Entries that no flow holds stand in two lists, of all and of their
 *	owner, in the order of their last use: what is at the head goes when it
 *	is old (AUTOMAP_KEEP_S), or when there is no room.  A held entry stands
 *	in neither, so it cannot go.
 *
 *	When there is no room it is made by who has the most, so that nobody who
 *	asks for many names takes theirs from others, whether he has one address
 *	or makes up many.  Owners stand in lists by the size of what they have,
 *	a power of two each; so "the most" is so but for a factor of two.
 *
 *	The networks are those of the beginning for as long as it lives: were
 *	they others one day, who still has an address of the old ones would go to
 *	whatever host has it, with a name that was for Tor alone.
 * Invariants
 *	held == 0 <=> the entry is in both lists; an owner is there for as long
 *	as it has entries, and in the list of its size; each address of an entry
 *	is in by_addr.
 * Limits
 *	AUTOMAP_MAX entries, AUTOMAP_OWNER_MAX of an owner.  A pool that is full
 *	before that gives up an address of who has the most.
 * Not here
 *	Who is in which group; whether a name is to be mapped at all.
 */
#include "dnsport/automap.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/secret.h"

enum {
	FAMILIES = 2,
	SIZES = 15,			/* 1, 2..3, 4..7, ..: lists of owners */
	ID = AUTOMAP_GROUP - AUTOMAP_OWNER,	/* who may use a mapping */
	ROUNDS = 10,
	KEY = 16,			/* of a name in a group */
	ADDR_KEY = 17,			/* family, address */
	/* Tries to find a free address by chance: where half of the pool or
	 * more is free, as it is with more than 2 * AUTOMAP_MAX addresses, all
	 * of them fail once in 2^256. */
	TRIES = 256,
	SMALL_BITS = 17			/* a smaller pool can be full: then go
					 * through all of it */
};

_Static_assert(AUTOMAP_OWNER_MAX < 1 << SIZES, "each size has a list");

struct owner {
	TAILQ_ENTRY(owner) link;	/* in the list of its size */
	uint8_t		 id[AUTOMAP_OWNER];
	size_t		 count;
	TAILQ_HEAD(, automap_entry) unused;	/* the longest first */
};

TAILQ_HEAD(owners, owner);

struct automap_entry {
	TAILQ_ENTRY(automap_entry) link, owner_link;
	struct owner	*owner;
	uint8_t		 group[ID];
	uint8_t		 key[KEY];
	struct addr	 addr[FAMILIES];	/* family 0: none yet */
	int64_t		 used_s;
	unsigned	 held;
	char		 name[];
};

struct pool {
	struct addr_net	 net;		/* family 0: there is none */
	unsigned	 bits;		/* that are free in it */
	struct hash_key	 key;
	uint64_t	 next;		/* to be drawn */
};

struct automap {
	struct pool	 pool[FAMILIES];
	uint8_t		 name_key[crypto_generichash_KEYBYTES];
	struct map	*by_name, *by_addr, *owners;
	struct owners	 by_size[SIZES];
	TAILQ_HEAD(, automap_entry) unused;
};

/* --- addresses that nobody can foretell --- */

struct number {			/* of 128 bits, as two halves */
	uint64_t	hi, lo;
};

static uint64_t
low_bits(unsigned n)
{
	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static uint64_t
round_of(const struct pool *p, unsigned round, uint64_t half)
{
	uint8_t in[9] = { (uint8_t)round };

	memcpy(in + 1, &half, sizeof(half));
	return hash_keyed(&p->key, in, sizeof(in));
}

/* The number as its two halves, of bits / 2 and the rest.  Each round changes
 * one by what the other is, and so can be undone. */
static struct number
permuted(const struct pool *p, struct number n)
{
	uint64_t hi = low_bits(p->bits / 2), lo = low_bits(p->bits -
	    p->bits / 2);
	unsigned i;

	for (i = 0; i < ROUNDS; i++)
		if (i % 2)
			n.lo ^= round_of(p, i, n.hi) & lo;
		else
			n.hi ^= round_of(p, i, n.lo) & hi;
	return n;
}

static struct number
drawn(struct pool *p)
{
	unsigned lo = p->bits - p->bits / 2;
	struct number n = {
		.hi = lo >= 64 ? 0 : p->next >> lo & low_bits(p->bits / 2),
		.lo = p->next & low_bits(lo)
	};

	p->next++;			/* comes round where no more are */
	return permuted(p, n);
}

/* @n bits of @v into the address, the lowest at @shift from its end. */
static void
put_bits(struct addr *a, uint64_t v, unsigned n, unsigned shift)
{
	size_t last = addr_iplen(a) * 8 - 1;
	unsigned i;

	for (i = 0; i < n; i++)
		if (v >> i & 1) {
			size_t at = last - shift - i;

			a->ip[at / 8] |= (uint8_t)(0x80 >> at % 8);
		}
}

static void
clear_bits(struct addr *a, unsigned from)
{
	unsigned i, n = (unsigned)addr_iplen(a) * 8;

	for (i = from; i < n; i++)
		a->ip[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

static struct addr
draw(struct pool *p)
{
	struct number n = drawn(p);
	unsigned lo = p->bits - p->bits / 2;
	struct addr a = p->net.addr;

	put_bits(&a, n.lo, lo, 0);
	put_bits(&a, n.hi, p->bits / 2, lo);
	return a;
}

/* Those that some programs take for a network's or for all of its hosts. */
static int
is_usable(const struct pool *p, const struct addr *a)
{
	if (a->family == 4)
		return a->ip[3] != 0 && a->ip[3] != 255;
	return !addr_same_ip(a, &p->net.addr);	/* all routers' (RFC 4291) */
}

static void
pool_set(struct pool *p, const struct addr_net *net)
{
	p->net = *net;
	p->net.addr.port = 0;
	if (net->addr.family == 0)
		return;
	p->bits = (unsigned)addr_iplen(&net->addr) * 8 - net->bits;
	clear_bits(&p->net.addr, net->bits);
	hash_draw(&p->key);
}

static struct pool *
pool_of(struct automap *m, int family)
{
	struct pool *p = &m->pool[family == 6];

	return (family == 4 || family == 6) && p->net.addr.family ? p : NULL;
}

static int
in_pool(const struct automap *m, const struct addr *a)
{
	const struct pool *p = &m->pool[a->family == 6];

	return a->family && p->net.addr.family == a->family &&
	    addr_in_net(a, &p->net);
}

/* --- keys --- */

static void
addr_key(uint8_t key[ADDR_KEY], const struct addr *a)
{
	memset(key, 0, ADDR_KEY);
	key[0] = a->family;
	memcpy(key + 1, a->ip, addr_iplen(a));
}

static void
name_key(const struct automap *m, const uint8_t group[AUTOMAP_GROUP],
    const char *name, uint8_t key[KEY])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, m->name_key, sizeof(m->name_key), KEY);
	crypto_generichash_update(&h, group + AUTOMAP_OWNER, ID);
	crypto_generichash_update(&h, (const uint8_t *)name, strlen(name));
	crypto_generichash_final(&h, key, KEY);
}

/* Lower case, no final dot, nothing that would harm a log or a message. */
static int
read_name(char out[AUTOMAP_NAME_MAX + 1], const char *name)
{
	size_t i, len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	if (len == 0 || len > AUTOMAP_NAME_MAX)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return -EINVAL;
		out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ?
		    name[i] | 0x20 : name[i]);
	}
	out[len] = '\0';
	return 0;
}

/* --- entries --- */

static void
out_of_lists(struct automap *m, struct automap_entry *e)
{
	TAILQ_REMOVE(&m->unused, e, link);
	TAILQ_REMOVE(&e->owner->unused, e, owner_link);
}

static void
into_lists(struct automap *m, struct automap_entry *e)
{
	TAILQ_INSERT_TAIL(&m->unused, e, link);
	TAILQ_INSERT_TAIL(&e->owner->unused, e, owner_link);
}

static void
touch(struct automap *m, struct automap_entry *e, int64_t now_s)
{
	e->used_s = now_s;
	if (e->held)
		return;
	out_of_lists(m, e);
	into_lists(m, e);
}

static void
drop_addr(struct automap *m, struct automap_entry *e, int i)
{
	uint8_t key[ADDR_KEY];

	if (e->addr[i].family == 0)
		return;
	addr_key(key, &e->addr[i]);
	map_del(m->by_addr, key);
	e->addr[i].family = 0;
}

static struct owners *
list_of(struct automap *m, const struct owner *o)
{
	unsigned i = 0;
	size_t n;

	for (n = o->count; n > 1; n /= 2)
		i++;
	return &m->by_size[i];
}

static void
count_on(struct automap *m, struct owner *o)
{
	if (o->count)
		TAILQ_REMOVE(list_of(m, o), o, link);
	o->count++;
	TAILQ_INSERT_TAIL(list_of(m, o), o, link);
}

static void
count_off(struct automap *m, struct owner *o)
{
	TAILQ_REMOVE(list_of(m, o), o, link);
	if (--o->count) {
		TAILQ_INSERT_TAIL(list_of(m, o), o, link);
		return;
	}
	map_del(m->owners, o->id);
	free(o);
}

/* One that nobody holds. */
static void
drop(struct automap *m, struct automap_entry *e)
{
	int i;

	out_of_lists(m, e);
	for (i = 0; i < FAMILIES; i++)
		drop_addr(m, e, i);
	map_del(m->by_name, e->key);
	count_off(m, e->owner);
	free(e);
}

static void
drop_old(struct automap *m, int64_t now_s)
{
	struct automap_entry *e;

	while ((e = TAILQ_FIRST(&m->unused)) != NULL &&
	    now_s - e->used_s > AUTOMAP_KEEP_S)
		drop(m, e);
}

static struct owner *
owner_get(struct automap *m, const uint8_t id[AUTOMAP_OWNER])
{
	struct owner *o = map_get(m->owners, id);

	if (o || (o = calloc(1, sizeof(*o))) == NULL)
		return o;
	memcpy(o->id, id, AUTOMAP_OWNER);
	TAILQ_INIT(&o->unused);
	if (map_put(m->owners, id, o) < 0) {
		free(o);
		return NULL;
	}
	return o;
}

/* The longest unused of an owner's, with an address of @i unless that is
 * negative, but not @but; NULL: none. */
static struct automap_entry *
unused_of(const struct owner *o, const struct automap_entry *but, int i)
{
	struct automap_entry *e;

	TAILQ_FOREACH(e, &o->unused, owner_link)
		if (e != but && (i < 0 || e->addr[i].family))
			return e;
	return NULL;
}

/* The same of who has the most, as far as he has one. */
static struct automap_entry *
unused_of_most(const struct automap *m, const struct automap_entry *but, int i)
{
	struct automap_entry *e;
	const struct owner *o;
	unsigned size;

	for (size = SIZES; size-- > 0;)
		TAILQ_FOREACH(o, &m->by_size[size], link)
			if ((e = unused_of(o, but, i)) != NULL)
				return e;
	return NULL;
}

/* For one more of that owner's; -ENOSPC: all are in use. */
static int
make_room(struct automap *m, const uint8_t id[AUTOMAP_OWNER])
{
	const struct owner *o = map_get(m->owners, id);
	struct automap_entry *e;

	if (o && o->count >= AUTOMAP_OWNER_MAX)
		e = unused_of(o, NULL, -1);
	else if (map_count(m->by_name) >= AUTOMAP_MAX)
		e = unused_of_most(m, NULL, -1);
	else
		return 0;
	if (e == NULL)
		return -ENOSPC;
	drop(m, e);
	return 0;
}

static int
entry_new(struct automap *m, const uint8_t group[AUTOMAP_GROUP],
    const char *name, const uint8_t key[KEY], struct automap_entry **out)
{
	struct automap_entry *e;
	int rc = make_room(m, group);

	if (rc < 0)
		return rc;
	if ((e = calloc(1, sizeof(*e) + strlen(name) + 1)) == NULL)
		return -ENOMEM;
	memcpy(e->key, key, KEY);
	memcpy(e->group, group + AUTOMAP_OWNER, ID);
	memcpy(e->name, name, strlen(name));
	if ((rc = map_put(m->by_name, key, e)) < 0) {
		free(e);
		return rc;
	}
	if ((e->owner = owner_get(m, group)) == NULL) {
		map_del(m->by_name, key);
		free(e);
		return -ENOMEM;
	}
	count_on(m, e->owner);
	into_lists(m, e);
	*out = e;
	return 0;
}

/* --- an address for an entry --- */

static int
is_taken(const struct automap *m, const struct addr *a)
{
	uint8_t key[ADDR_KEY];

	addr_key(key, a);
	return map_get(m->by_addr, key) != NULL;
}

static int
find_free(struct automap *m, struct pool *p, uint64_t tries, struct addr *out)
{
	while (tries-- > 0) {
		*out = draw(p);
		if (is_usable(p, out) && !is_taken(m, out))
			return 0;
	}
	return -ENOSPC;
}

/* An address of who has the most, but not of @but. */
static int
take_away(struct automap *m, const struct automap_entry *but, int i,
    struct addr *out)
{
	struct automap_entry *e = unused_of_most(m, but, i);

	if (e == NULL)
		return -ENOSPC;
	*out = e->addr[i];
	drop(m, e);
	return 0;
}

static int
give_addr(struct automap *m, struct automap_entry *e, int i)
{
	struct pool *p = &m->pool[i];
	uint8_t key[ADDR_KEY];
	struct addr a;
	int rc = find_free(m, p, TRIES, &a);

	if (rc < 0 && p->bits < SMALL_BITS)
		rc = find_free(m, p, UINT64_C(1) << p->bits, &a);
	if (rc < 0)
		rc = take_away(m, e, i, &a);
	if (rc < 0)
		return rc;
	addr_key(key, &a);
	if ((rc = map_put(m->by_addr, key, e)) == 0)
		e->addr[i] = a;
	return rc;
}

int
automap_address(struct automap *m, const uint8_t group[AUTOMAP_GROUP],
    const char *name, int family, int64_t now_s, struct addr *out)
{
	char clean[AUTOMAP_NAME_MAX + 1];
	struct automap_entry *e;
	uint8_t key[KEY];
	int rc, i = family == 6;

	if (pool_of(m, family) == NULL || read_name(clean, name) < 0)
		return -EINVAL;
	drop_old(m, now_s);
	name_key(m, group, clean, key);
	if ((e = map_get(m->by_name, key)) == NULL &&
	    (rc = entry_new(m, group, clean, key, &e)) < 0)
		return rc;
	touch(m, e, now_s);
	if (e->addr[i].family == 0 && (rc = give_addr(m, e, i)) < 0) {
		if (e->addr[!i].family == 0 && e->held == 0)
			drop(m, e);
		return rc;
	}
	*out = e->addr[i];
	return 0;
}

/* --- and back --- */

static struct automap_entry *
find(const struct automap *m, const uint8_t group[AUTOMAP_GROUP],
    const struct addr *a)
{
	struct automap_entry *e;
	uint8_t key[ADDR_KEY];

	if (!in_pool(m, a))
		return NULL;
	addr_key(key, a);
	e = map_get(m->by_addr, key);
	return e && memcmp(e->group, group + AUTOMAP_OWNER, ID) == 0 ? e : NULL;
}

int
automap_is_virtual(const struct automap *m, const struct addr *a)
{
	return in_pool(m, a);
}

const char *
automap_name(struct automap *m, const uint8_t group[AUTOMAP_GROUP],
    const struct addr *a, int64_t now_s)
{
	struct automap_entry *e;

	drop_old(m, now_s);
	if ((e = find(m, group, a)) == NULL)
		return NULL;
	touch(m, e, now_s);
	return e->name;
}

struct automap_entry *
automap_hold(struct automap *m, const uint8_t group[AUTOMAP_GROUP],
    const struct addr *a)
{
	struct automap_entry *e = find(m, group, a);

	if (e && e->held++ == 0)
		out_of_lists(m, e);
	return e;
}

void
automap_release(struct automap *m, struct automap_entry *e, int64_t now_s)
{
	if (e == NULL || --e->held)
		return;
	e->used_s = now_s;
	into_lists(m, e);
}

const char *
automap_held_name(const struct automap_entry *e)
{
	return e->name;
}

size_t
automap_count(const struct automap *m)
{
	return map_count(m->by_name);
}

/* --- the whole --- */

static int
is_right(const struct addr_net *net, int family)
{
	return net->addr.family == 0 || (net->addr.family == family &&
	    net->bits <= addr_iplen(&net->addr) * 8);
}

int
automap_new(struct automap **out, const struct automap_conf *conf)
{
	struct automap *m;
	int i;

	if (!is_right(&conf->net4, 4) || !is_right(&conf->net6, 6))
		return -EINVAL;
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return -ENOMEM;
	pool_set(&m->pool[0], &conf->net4);
	pool_set(&m->pool[1], &conf->net6);
	TAILQ_INIT(&m->unused);
	for (i = 0; i < SIZES; i++)
		TAILQ_INIT(&m->by_size[i]);
	rand_bytes(m->name_key, sizeof(m->name_key));
	/* One more than there are: what is new is put in first. */
	m->by_name = map_new(KEY, AUTOMAP_MAX + 1);
	m->by_addr = map_new(ADDR_KEY, FAMILIES * (AUTOMAP_MAX + 1));
	m->owners = map_new(AUTOMAP_OWNER, AUTOMAP_MAX + 1);
	if (m->by_name && m->by_addr && m->owners) {
		*out = m;
		return 0;
	}
	automap_free(m);
	return -ENOMEM;
}

void
automap_free(struct automap *m)
{
	struct automap_entry *e;
	struct owner *o;
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; m->by_name && (e = map_next(m->by_name, &i)) != NULL;)
		free(e);
	for (i = 0; m->owners && (o = map_next(m->owners, &i)) != NULL;)
		free(o);
	map_free(m->by_name);
	map_free(m->by_addr);
	map_free(m->owners);
	secret_wipe(m->pool, sizeof(m->pool));
	free(m);
}
