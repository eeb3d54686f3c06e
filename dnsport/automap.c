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
 *	group, in the order of their last use: what is at the head goes when it
 *	is old (AUTOMAP_KEEP_S), or when there is no room.  A held entry stands
 *	in neither, so it cannot go.
 * Invariants
 *	held == 0 <=> the entry is in both lists; a group is there for as long
 *	as it has entries; an address of an entry is in by_addr, also one that a
 *	new configuration has put outside of the pool (then only while held).
 * Limits
 *	AUTOMAP_MAX entries, AUTOMAP_GROUP_MAX of a group.  A pool that is full
 *	before that gives up the address of whoever is longest unused.
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

struct group {
	uint8_t		 id[AUTOMAP_GROUP];
	size_t		 count;
	TAILQ_HEAD(, automap_entry) unused;	/* the longest first */
};

struct automap_entry {
	TAILQ_ENTRY(automap_entry) link, group_link;
	struct group	*group;
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
	struct map	*by_name, *by_addr, *groups;
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
	p->next = 0;
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
	crypto_generichash_update(&h, group, AUTOMAP_GROUP);
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
	TAILQ_REMOVE(&e->group->unused, e, group_link);
}

static void
into_lists(struct automap *m, struct automap_entry *e)
{
	TAILQ_INSERT_TAIL(&m->unused, e, link);
	TAILQ_INSERT_TAIL(&e->group->unused, e, group_link);
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

static void
leave_group(struct automap *m, struct group *g)
{
	if (--g->count)
		return;
	map_del(m->groups, g->id);
	free(g);
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
	leave_group(m, e->group);
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

static struct group *
group_get(struct automap *m, const uint8_t id[AUTOMAP_GROUP])
{
	struct group *g = map_get(m->groups, id);

	if (g || (g = calloc(1, sizeof(*g))) == NULL)
		return g;
	memcpy(g->id, id, AUTOMAP_GROUP);
	TAILQ_INIT(&g->unused);
	if (map_put(m->groups, id, g) < 0) {
		free(g);
		return NULL;
	}
	return g;
}

/* For one more of that group; -ENOSPC: all are in use. */
static int
make_room(struct automap *m, const uint8_t id[AUTOMAP_GROUP])
{
	struct group *g = map_get(m->groups, id);
	struct automap_entry *e = NULL;

	if (g && g->count >= AUTOMAP_GROUP_MAX)
		e = TAILQ_FIRST(&g->unused);
	else if (map_count(m->by_name) >= AUTOMAP_MAX)
		e = TAILQ_FIRST(&m->unused);
	else
		return 0;
	if (e == NULL)
		return -ENOSPC;
	drop(m, e);
	return 0;
}

static int
entry_new(struct automap *m, const uint8_t id[AUTOMAP_GROUP],
    const char *name, const uint8_t key[KEY], struct automap_entry **out)
{
	struct automap_entry *e;
	int rc = make_room(m, id);

	if (rc < 0)
		return rc;
	if ((e = calloc(1, sizeof(*e) + strlen(name) + 1)) == NULL)
		return -ENOMEM;
	memcpy(e->key, key, KEY);
	memcpy(e->name, name, strlen(name));
	if ((rc = map_put(m->by_name, key, e)) < 0) {
		free(e);
		return rc;
	}
	if ((e->group = group_get(m, id)) == NULL) {
		map_del(m->by_name, key);
		free(e);
		return -ENOMEM;
	}
	e->group->count++;
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

/* The address of whoever is longest unused, but for @e; it has to be one of the
 * pool's. */
static int
take_away(struct automap *m, const struct automap_entry *but, int i,
    struct addr *out)
{
	struct automap_entry *e;

	TAILQ_FOREACH(e, &m->unused, link)
		if (e != but && in_pool(m, &e->addr[i])) {
			*out = e->addr[i];
			drop(m, e);
			return 0;
		}
	return -ENOSPC;
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
	/* A flow that began before another configuration may hold one that is
	 * none any more. */
	if (e->addr[i].family && !in_pool(m, &e->addr[i]))
		drop_addr(m, e, i);
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
	return e && memcmp(e->group->id, group, AUTOMAP_GROUP) == 0 ? e : NULL;
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

static void
drop_foreign(struct automap *m, struct automap_entry *e)
{
	int i, left = 0;

	for (i = 0; i < FAMILIES; i++) {
		if (!in_pool(m, &e->addr[i]))
			drop_addr(m, e, i);
		left += e->addr[i].family != 0;
	}
	if (left == 0)
		drop(m, e);
}

void
automap_release(struct automap *m, struct automap_entry *e, int64_t now_s)
{
	if (e == NULL || --e->held)
		return;
	e->used_s = now_s;
	into_lists(m, e);
	drop_foreign(m, e);
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

static int
same_net(const struct addr_net *a, const struct addr_net *b)
{
	return a->addr.family == b->addr.family && (a->addr.family == 0 ||
	    (a->bits == b->bits && addr_same_prefix(&a->addr, &b->addr,
	    a->bits)));
}

int
automap_set_conf(struct automap *m, const struct automap_conf *conf)
{
	const struct addr_net *nets[FAMILIES] = { &conf->net4, &conf->net6 };
	struct automap_entry *e, *next;
	int i, changed = 0;

	if (!is_right(nets[0], 4) || !is_right(nets[1], 6))
		return -EINVAL;
	for (i = 0; i < FAMILIES; i++)
		if (!same_net(nets[i], &m->pool[i].net)) {
			pool_set(&m->pool[i], nets[i]);
			changed = 1;
		}
	if (!changed)
		return 0;
	for (e = TAILQ_FIRST(&m->unused); e; e = next) {
		next = TAILQ_NEXT(e, link);
		drop_foreign(m, e);
	}
	return 0;
}

int
automap_new(struct automap **out, const struct automap_conf *conf)
{
	struct automap *m = calloc(1, sizeof(*m));
	int rc = -ENOMEM;

	if (m == NULL)
		return rc;
	TAILQ_INIT(&m->unused);
	rand_bytes(m->name_key, sizeof(m->name_key));
	/* One more than there are: what is new is put in first. */
	m->by_name = map_new(KEY, AUTOMAP_MAX + 1);
	m->by_addr = map_new(ADDR_KEY, FAMILIES * (AUTOMAP_MAX + 1));
	m->groups = map_new(AUTOMAP_GROUP, AUTOMAP_MAX + 1);
	if (m->by_name && m->by_addr && m->groups &&
	    (rc = automap_set_conf(m, conf)) == 0) {
		*out = m;
		return 0;
	}
	automap_free(m);
	return rc;
}

void
automap_free(struct automap *m)
{
	struct automap_entry *e;
	struct group *g;
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; m->by_name && (e = map_next(m->by_name, &i)) != NULL;)
		free(e);
	for (i = 0; m->groups && (g = map_next(m->groups, &i)) != NULL;)
		free(g);
	map_free(m->by_name);
	map_free(m->by_addr);
	map_free(m->groups);
	secret_wipe(m->pool, sizeof(m->pool));
	free(m);
}
