/* daemon/kin.c - which addresses are one client
 *
 * Theory of operation
 *	The kernel's neighbour table tells which link-layer address is behind an
 *	IPv6 address, and which IPv4 address is, too.  It is read whole, but not
 *	more often than every READ_MS, and only when somebody with IPv6 is asked
 *	for that was not within KIN_FRESH_MS.
 *
 *	The kernel forgets neighbours that were quiet for some time.  What was
 *	found is remembered for KIN_KEEP_MS, unless the table says otherwise:
 *	another link-layer address, or two of them, or two IPv4 addresses behind
 *	it.
 *
 *	Where one link-layer address has several IPv4 addresses (a bridge of a
 *	wireless network, containers that share one) they are several clients,
 *	and an IPv6 address behind it is nobody's kin.
 * Limits
 *	KIN_MAX remembered; the longest unused goes.  Of a longer table the
 *	first KIN_NEIGHBOURS_MAX are known.
 */
#include "daemon/kin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "base/map.h"

enum {
	READ_MS = 20, OWN_MAX = 256, IP = 16,
	KEY = IP + 4,			/* and a scope */
	NET6 = 8, MAC = 6
};

struct entry {			/* an IPv6 address whose link is known */
	TAILQ_ENTRY(entry) link;
	struct kin_neighbour six;
	struct addr	 four;		/* its kin; family 0: it has none */
	int64_t		 looked, found;		/* loop ms */
};

struct kin {
	struct loop	*loop;
	struct kin_source source;
	struct map	*by_ip;
	TAILQ_HEAD(, entry) entries;	/* the longest unused first */
	struct kin_neighbour *table;
	size_t		 n, room;
	struct addr	 own[OWN_MAX];
	size_t		 nown;
	int64_t		 read, read_own;
};

static void
key_of(uint8_t key[KEY], const struct addr *six)
{
	memcpy(key, six->ip, IP);
	memcpy(key + IP, &six->scope, KEY - IP);
}

static struct entry *
entry_of(const struct kin *k, const struct addr *six)
{
	uint8_t key[KEY];

	key_of(key, six);
	return map_get(k->by_ip, key);
}

static void
drop(struct kin *k, struct entry *e)
{
	uint8_t key[KEY];

	TAILQ_REMOVE(&k->entries, e, link);
	key_of(key, &e->six.addr);
	map_del(k->by_ip, key);
	free(e);
}

/* --- what the kernel knows --- */

static void
take_neighbour(void *arg, const struct kin_neighbour *n)
{
	struct kin *k = arg;
	struct kin_neighbour *more;
	size_t room = k->room ? k->room * 2 : 64;

	if (n->link_len == 0 || k->n == KIN_NEIGHBOURS_MAX)
		return;
	if (k->n == k->room) {
		if ((more = reallocarray(k->table, room, sizeof(*more))) ==
		    NULL)
			return;
		k->table = more;
		k->room = room;
	}
	k->table[k->n] = *n;
	if (addr_is_link_local(&n->addr))
		k->table[k->n].addr.scope = (uint32_t)n->ifindex;
	k->n++;
}

static void
read_table(struct kin *k)
{
	if (k->loop->now - k->read < READ_MS)
		return;
	k->read = k->loop->now;
	k->n = 0;
	if (k->source.neighbours(k->source.arg, take_neighbour, k) < 0)
		k->n = 0;
}

static void
take_own(void *arg, const struct addr *a)
{
	struct kin *k = arg;

	if (k->nown < OWN_MAX)
		k->own[k->nown++] = *a;
}

static int
is_own(struct kin *k, const struct addr *a)
{
	size_t i;

	if (k->loop->now - k->read_own >= KIN_FRESH_MS) {
		k->read_own = k->loop->now;
		k->nown = 0;
		if (k->source.own(k->source.arg, take_own, k) < 0)
			k->nown = 0;
	}
	for (i = 0; i < k->nown; i++)
		if (addr_same_ip(&k->own[i], a))
			return 1;
	return 0;
}

/* --- kin --- */

static int
same_link(const struct kin_neighbour *a, const struct kin_neighbour *b)
{
	return a->ifindex == b->ifindex && a->link_len == b->link_len &&
	    memcmp(a->link, b->link, a->link_len) == 0;
}

/* The neighbour with that address; NULL: none, or, as is said, more. */
static const struct kin_neighbour *
neighbour(const struct kin *k, const struct addr *a, int *is_ambiguous)
{
	const struct kin_neighbour *found = NULL;
	size_t i;

	*is_ambiguous = 0;
	for (i = 0; i < k->n; i++) {
		if (!addr_same_ip(&k->table[i].addr, a))
			continue;
		if (found && !same_link(found, &k->table[i])) {
			*is_ambiguous = 1;
			return NULL;
		}
		found = &k->table[i];
	}
	return found;
}

/* How many IPv4 addresses are behind the link-layer address of @six. */
static int
count_four(const struct kin *k, const struct kin_neighbour *six,
    struct addr *four)
{
	size_t i;
	int n = 0;

	for (i = 0; i < k->n; i++)
		if (k->table[i].addr.family == 4 &&
		    same_link(&k->table[i], six)) {
			*four = k->table[i].addr;
			n++;
		}
	return n;
}

static void
remember(struct kin *k, struct entry *e, const struct kin_neighbour *six,
    const struct addr *four)
{
	uint8_t key[KEY];

	if (e == NULL) {
		if (map_count(k->by_ip) >= KIN_MAX)
			drop(k, TAILQ_FIRST(&k->entries));
		if ((e = calloc(1, sizeof(*e))) == NULL)
			return;
		key_of(key, &six->addr);
		if (map_put(k->by_ip, key, e) < 0) {
			free(e);
			return;
		}
		TAILQ_INSERT_TAIL(&k->entries, e, link);
	}
	e->six = *six;
	e->four = *four;
	e->looked = e->found = k->loop->now;
}

/* Has the table, which knows @six for it or, twice, nothing certain, anything
 * against what is remembered? */
static int
is_over(const struct kin *k, const struct entry *e,
    const struct kin_neighbour *six, int is_ambiguous, int n)
{
	if (k->loop->now - e->found > KIN_KEEP_MS || is_ambiguous)
		return 1;
	return six && (n > 1 || !same_link(six, &e->six));
}

static struct entry *
look(struct kin *k, struct entry *e, const struct addr *client)
{
	const struct kin_neighbour *six;
	struct addr four = { .family = 0 };
	int is_ambiguous, n = 0;

	read_table(k);
	if ((six = neighbour(k, client, &is_ambiguous)) != NULL)
		n = count_four(k, six, &four);
	if (e && is_over(k, e, six, is_ambiguous, n)) {
		drop(k, e);
		e = NULL;
	}
	/* an IPv4 neighbour that is forgotten is no reason to forget, too */
	if (six && (n == 1 || (n == 0 && (e == NULL || e->four.family == 0))))
		remember(k, e, six, &four);
	else if (e)
		e->looked = k->loop->now;
	return entry_of(k, client);
}

static int
is_loopback(const struct addr *a)
{
	static const uint8_t one[IP] = { [IP - 1] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : memcmp(a->ip, one, IP) == 0;
}

/* What is known of a client's IPv6 address; NULL: nothing. */
static const struct entry *
known(struct kin *k, const struct addr *client)
{
	struct entry *e = entry_of(k, client);

	if (e == NULL || k->loop->now - e->looked >= KIN_FRESH_MS)
		e = look(k, e, client);
	if (e == NULL)
		return NULL;
	TAILQ_REMOVE(&k->entries, e, link);
	TAILQ_INSERT_TAIL(&k->entries, e, link);
	return e;
}

/* What stands for all that is behind a link-layer address.  No client has it:
 * of those that are not known the lower half is taken away. */
static void
link_share(const struct kin_neighbour *n, struct addr *out)
{
	size_t len = n->link_len < MAC ? n->link_len : MAC;

	memset(out, 0, sizeof(*out));
	out->family = 6;
	out->ip[0] = 0xfe;
	out->ip[1] = 0x80;
	memcpy(out->ip + IP - len, n->link + n->link_len - len, len);
	out->scope = (uint32_t)n->ifindex;
}

/* @share: else the kin. */
static void
find(struct kin *k, const struct addr *client, int share, struct addr *out)
{
	const struct entry *e;

	*out = *client;
	out->port = 0;
	if (client->family == 0 || is_loopback(client) || is_own(k, client)) {
		addr_v4(out, 0x7f000001, 0);
		return;
	}
	if (client->family != 6)
		return;
	e = known(k, client);
	if (e && e->four.family) {
		*out = e->four;
		out->port = 0;
	} else if (e && share)
		link_share(&e->six, out);
	else if (share)
		memset(out->ip + NET6, 0, IP - NET6);
}

void
kin_of(struct kin *k, const struct addr *client, struct addr *out)
{
	find(k, client, 0, out);
}

void
kin_share(struct kin *k, const struct addr *client, struct addr *out)
{
	find(k, client, 1, out);
}

int
kin_new(struct kin **out, struct loop *loop, const struct kin_source *source)
{
	struct kin *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return -ENOMEM;
	k->loop = loop;
	k->source = *source;
	k->read = loop->now - READ_MS;
	k->read_own = loop->now - KIN_FRESH_MS;
	TAILQ_INIT(&k->entries);
	if ((k->by_ip = map_new(KEY, KIN_MAX)) == NULL) {
		free(k);
		return -ENOMEM;
	}
	*out = k;
	return 0;
}

void
kin_free(struct kin *k)
{
	struct entry *e;

	if (k == NULL)
		return;
	while ((e = TAILQ_FIRST(&k->entries)) != NULL)
		drop(k, e);
	map_free(k->by_ip);
	free(k->table);
	free(k);
}
