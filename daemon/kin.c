/* daemon/kin.c - which addresses are one client
 *
 * Theory of operation
 *	The kernel's neighbour table tells which link-layer address is behind an
 *	IPv6 address, and which IPv4 address is, too.  It is read whole, but not
 *	more often than every KIN_READ_MS, and only when somebody is asked for
 *	that was not within KIN_FRESH_MS.
 *
 *	The kernel forgets neighbours that were quiet for some time.  What was
 *	found is remembered for KIN_KEEP_MS, unless the table says otherwise:
 *	another link-layer address, or two of them, or two IPv4 addresses behind
 *	it.
 *
 *	Where one link-layer address has several IPv4 addresses (a bridge of a
 *	wireless network, containers that share one) they are several clients,
 *	and an IPv6 address behind it is nobody's kin.
 *
 *	Where a client is tells kin_place.c, by the same table.
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
#include "daemon/kin_int.h"

enum { IP = 16, NET6 = 8, MAC = 6 };

struct entry {			/* an IPv6 address whose link is known */
	TAILQ_ENTRY(entry) link;
	struct kin_neighbour six;
	struct addr	 four;		/* its kin; family 0: it has none */
	int64_t		 looked, found;		/* loop ms */
};

void
kin_key(uint8_t key[KIN_KEY], const struct addr *a)
{
	memset(key, 0, KIN_KEY);
	key[0] = a->family;
	memcpy(key + 1, a->ip, sizeof(a->ip));
	memcpy(key + 1 + sizeof(a->ip), &a->scope, sizeof(a->scope));
}

static struct entry *
entry_of(const struct kin *k, const struct addr *six)
{
	uint8_t key[KIN_KEY];

	kin_key(key, six);
	return map_get(k->by_ip, key);
}

static void
drop(struct kin *k, struct entry *e)
{
	uint8_t key[KIN_KEY];

	TAILQ_REMOVE(&k->entries, e, link);
	kin_key(key, &e->six.addr);
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

void
kin_read_table(struct kin *k, int old_ms)
{
	if (k->loop->now - k->read < old_ms)
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

	if (k->nown < KIN_OWN_MAX)
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

const struct kin_neighbour *
kin_neighbour(const struct kin *k, const struct addr *a, int ifindex,
    int *is_ambiguous)
{
	const struct kin_neighbour *found = NULL;
	size_t i;

	*is_ambiguous = 0;
	for (i = 0; i < k->n; i++) {
		if (!addr_same_ip(&k->table[i].addr, a) ||
		    (ifindex && k->table[i].ifindex != ifindex))
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
	uint8_t key[KIN_KEY];

	if (e == NULL) {
		if (map_count(k->by_ip) >= KIN_MAX)
			drop(k, TAILQ_FIRST(&k->entries));
		if ((e = calloc(1, sizeof(*e))) == NULL)
			return;
		kin_key(key, &six->addr);
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

	kin_read_table(k, KIN_READ_MS);
	if ((six = kin_neighbour(k, client, 0, &is_ambiguous)) != NULL)
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

int
kin_is_local(struct kin *k, const struct addr *client)
{
	return client->family == 0 || is_loopback(client) || is_own(k, client);
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
	if (kin_is_local(k, client)) {
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
	k->read = loop->now - KIN_READ_KNOWN_MS;
	k->read_own = loop->now - KIN_FRESH_MS;
	TAILQ_INIT(&k->entries);
	kin_init_places(k);
	k->by_ip = map_new(KIN_KEY, KIN_MAX);
	k->place_of = map_new(KIN_KEY, KIN_MAX);
	if (k->by_ip == NULL || k->place_of == NULL) {
		kin_free(k);
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
	kin_free_places(k);
	map_free(k->by_ip);
	free(k->table);
	free(k);
}
