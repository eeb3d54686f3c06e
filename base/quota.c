/* base/quota.c - a ceiling for all, and a lower one for each client address */
#include "base/quota.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/map.h"
#include "base/wire.h"

enum { KEY = 1 + 4 + 16 };	/* family, scope, address */

struct share {
	uint8_t		key[KEY];
	size_t		n;	/* never 0 while it is in the map */
	size_t		note;
};

struct quota {
	struct map	*shares;
	size_t		 all, each;
	size_t		 n;
};

struct quota *
quota_new(size_t all, size_t each)
{
	struct quota *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	if ((q->shares = map_new(KEY, all)) == NULL) {
		free(q);
		return NULL;
	}
	q->all = all;
	q->each = each;
	return q;
}

void
quota_free(struct quota *q)
{
	struct share *s;
	size_t i = 0;

	if (q == NULL)
		return;
	while ((s = map_next(q->shares, &i)) != NULL)
		free(s);
	map_free(q->shares);
	free(q);
}

static void
make_key(uint8_t key[KEY], const struct addr *a)
{
	memset(key, 0, KEY);
	key[0] = a->family;
	wire_set32(key + 1, a->scope);
	memcpy(key + 5, a->ip, addr_iplen(a));
}

static int
share_new(struct quota *q, const uint8_t key[KEY])
{
	struct share *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	memcpy(s->key, key, KEY);
	s->n = 1;
	if ((rc = map_put(q->shares, key, s)) < 0)
		free(s);
	return rc;
}

int
quota_take(struct quota *q, const struct addr *client)
{
	uint8_t key[KEY];
	struct share *s;
	int rc = 0;

	make_key(key, client);
	s = map_get(q->shares, key);
	if (q->n >= q->all || (s ? s->n : 0) >= q->each)
		return -ENOSPC;
	if (s)
		s->n++;
	else
		rc = share_new(q, key);
	if (rc == 0)
		q->n++;
	return rc;
}

void
quota_give(struct quota *q, const struct addr *client)
{
	uint8_t key[KEY];
	struct share *s;

	make_key(key, client);
	s = map_get(q->shares, key);
	assert(s && q->n > 0);
	q->n--;
	if (--s->n > 0)
		return;
	map_del(q->shares, key);
	free(s);
}

static struct share *
share_of(const struct quota *q, const struct addr *client)
{
	uint8_t key[KEY];

	make_key(key, client);
	return map_get(q->shares, key);
}

size_t *
quota_note(const struct quota *q, const struct addr *client)
{
	struct share *s = share_of(q, client);

	return s ? &s->note : NULL;
}

int
quota_is_full(const struct quota *q, const struct addr *client)
{
	const struct share *s = share_of(q, client);

	return (s ? s->n : 0) >= q->each;
}

size_t
quota_count(const struct quota *q)
{
	return q->n;
}
