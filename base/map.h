/* base/map.h - a table from keys of one fixed length to pointers
 *
 * Hashed by SipHash-2-4 under a key that is drawn per table, so that nobody
 * outside can choose collisions; and it has a ceiling.  Keys are copied,
 * values are borrowed.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>

struct map;

struct map	*map_new(size_t keylen, size_t max);	/* NULL: no memory */
void		 map_free(struct map *);		/* not the values */
void		*map_get(const struct map *, const void *key);
int		 map_put(struct map *, const void *key, void *val);
			/* 0, -EEXIST, -ENOSPC (ceiling), -ENOMEM */
void		*map_del(struct map *, const void *key);	/* the value */
size_t		 map_count(const struct map *);

/* Visits all: for (i = 0; (v = map_next(m, &i)) != NULL;).  Removing the
 * value just visited is safe; adding is not. */
void		*map_next(const struct map *, size_t *i);

#endif
