/* onion/dir/intern.c - equal lists stored once
 *
 * Found by SHA-256 of the bytes: they come from relays, which must not be able
 * to make two lists pass for one.
 */
#include "onion/dir/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "onion/crypto/crypt.h"

struct list {
	uint8_t		key[SHA256_LEN];
	size_t		size;
	uint32_t	nr;
	uint32_t	users;
	uint8_t		bytes[] __attribute__((aligned(16)));
};

struct intern {
	struct map	*map;
	size_t		 bytes;		/* of all lists, with their heads */
	size_t		 max_bytes;
	size_t		 slots;		/* numbers given so far */
	uint32_t	*spare;		/* numbers that are free again */
	size_t		 nspare;
	size_t		 room;		/* in spare */
};

static struct list *
list_of(const void *bytes)
{
	return (struct list *)((char *)bytes - offsetof(struct list, bytes));
}

struct intern *
intern_new(size_t max_bytes, size_t max_lists)
{
	struct intern *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	in->max_bytes = max_bytes;
	if ((in->map = map_new(SHA256_LEN, max_lists)) == NULL) {
		free(in);
		return NULL;
	}
	return in;
}

void
intern_free(struct intern *in)
{
	struct list *l;
	size_t i = 0;

	if (in == NULL)
		return;
	while ((l = map_next(in->map, &i)) != NULL)
		free(l);
	map_free(in->map);
	free(in->spare);
	free(in);
}

/* Room to give every number back, made while failing is still possible. */
static int
reserve_spare(struct intern *in)
{
	size_t room = in->room > 0 ? in->room * 2 : 64;
	uint32_t *more;

	if (in->slots < in->room)
		return 1;
	if ((more = reallocarray(in->spare, room, sizeof(*more))) == NULL)
		return 0;
	in->spare = more;
	in->room = room;
	return 1;
}

static struct list *
list_new(struct intern *in, const uint8_t key[SHA256_LEN], const void *bytes,
    size_t size)
{
	struct list *l;

	if (size > in->max_bytes ||
	    in->bytes + sizeof(*l) + size > in->max_bytes ||
	    !reserve_spare(in) || (l = malloc(sizeof(*l) + size)) == NULL)
		return NULL;
	memcpy(l->key, key, sizeof(l->key));
	memcpy(l->bytes, bytes, size);
	l->size = size;
	l->users = 0;
	if (map_put(in->map, key, l) < 0) {
		free(l);
		return NULL;
	}
	l->nr = in->nspare > 0 ? in->spare[--in->nspare] :
	    (uint32_t)in->slots++;
	in->bytes += sizeof(*l) + size;
	return l;
}

const void *
intern_get(struct intern *in, const void *bytes, size_t size)
{
	uint8_t key[SHA256_LEN];
	struct list *l;

	crypt_sha256(key, bytes, size);
	if ((l = map_get(in->map, key)) == NULL &&
	    (l = list_new(in, key, bytes, size)) == NULL)
		return NULL;
	l->users++;
	return l->bytes;
}

void
intern_drop(struct intern *in, const void *bytes)
{
	struct list *l;

	if (bytes == NULL)
		return;
	l = list_of(bytes);
	if (--l->users > 0)
		return;
	map_del(in->map, l->key);
	in->spare[in->nspare++] = l->nr;
	in->bytes -= sizeof(*l) + l->size;
	free(l);
}

size_t
intern_bytes(const struct intern *in)
{
	return in->bytes;
}

size_t
intern_slots(const struct intern *in)
{
	return in->slots;
}

size_t
intern_nr(const void *bytes)
{
	return list_of(bytes)->nr;
}

size_t
intern_size(const void *bytes)
{
	return list_of(bytes)->size;
}
