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
 *	another link-layer address, or two IPv4 addresses behind it.
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

enum { READ_MS = 20, OWN_MAX = 256, IP = 16 };

struct entry {			/* an IPv6 address that has kin */
	TAILQ_ENTRY(entry) link;
	struct kin_neighbour six;
	struct addr	 four;
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
drop(struct kin *k, struct entry *e)
{
	TAILQ_REMOVE(&k->entries, e, link);
	map_del(k->by_ip, e->six.addr.ip);
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
	k->table[k->n++] = *n;
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

/* The neighbour with that address; NULL: none, or there are two. */
static const struct kin_neighbour *
neighbour(const struct kin *k, const struct addr *a)
{
	const struct kin_neighbour *found = NULL;
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (!addr_same_ip(&k->table[i].addr, a))
			continue;
		if (found && !same_link(found, &k->table[i]))
			return NULL;
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
	if (e == NULL) {
		if (map_count(k->by_ip) >= KIN_MAX)
			drop(k, TAILQ_FIRST(&k->entries));
		if ((e = calloc(1, sizeof(*e))) == NULL)
			return;
		if (map_put(k->by_ip, six->addr.ip, e) < 0) {
			free(e);
			return;
		}
		TAILQ_INSERT_TAIL(&k->entries, e, link);
	}
	e->six = *six;
	e->four = *four;
	e->looked = e->found = k->loop->now;
}

/* Has the table anything against what is remembered? */
static int
is_over(const struct kin *k, const struct entry *e,
    const struct kin_neighbour *six, int n)
{
	if (k->loop->now - e->found > KIN_KEEP_MS)
		return 1;
	return six && (n > 1 || !same_link(six, &e->six));
}

static struct entry *
look(struct kin *k, struct entry *e, const struct addr *client)
{
	const struct kin_neighbour *six;
	struct addr four;
	int n = 0;

	read_table(k);
	if ((six = neighbour(k, client)) != NULL)
		n = count_four(k, six, &four);
	if (n == 1)
		remember(k, e, six, &four);
	else if (e && is_over(k, e, six, n))
		drop(k, e);
	else if (e)
		e->looked = k->loop->now;
	return map_get(k->by_ip, client->ip);
}

static int
is_loopback(const struct addr *a)
{
	static const uint8_t one[IP] = { [IP - 1] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : memcmp(a->ip, one, IP) == 0;
}

void
kin_of(struct kin *k, const struct addr *client, struct addr *out)
{
	struct entry *e;

	*out = *client;
	out->port = 0;
	if (client->family == 0 || is_loopback(client) || is_own(k, client)) {
		addr_v4(out, 0x7f000001, 0);
		return;
	}
	if (client->family != 6)
		return;
	e = map_get(k->by_ip, client->ip);
	if (e == NULL || k->loop->now - e->looked >= KIN_FRESH_MS)
		e = look(k, e, client);
	if (e == NULL)
		return;
	TAILQ_REMOVE(&k->entries, e, link);
	TAILQ_INSERT_TAIL(&k->entries, e, link);
	*out = e->four;
	out->port = 0;
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
	if ((k->by_ip = map_new(IP, KIN_MAX)) == NULL) {
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
