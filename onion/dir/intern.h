/* onion/dir/intern.h - equal lists stored once
 *
 * Thousands of relays have the same few exit policies and families.  A pool
 * keeps each distinct run of bytes once and counts its users; what nobody uses
 * any more is freed.  Bytes are aligned for any type, and never change.
 */
#ifndef ONION_DIR_INTERN_H
#define ONION_DIR_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern;

struct intern	*intern_new(size_t max_bytes, size_t max_lists);
void		 intern_free(struct intern *);
/* The one copy, with a user more; NULL: over a ceiling, or no memory. */
const void	*intern_get(struct intern *, const void *, size_t);
void		 intern_drop(struct intern *, const void *); /* NULL is fine */
size_t		 intern_bytes(const struct intern *);

/* Lists have numbers below intern_slots(), for tables beside the pool. */
size_t		 intern_slots(const struct intern *);
size_t		 intern_nr(const void *);
size_t		 intern_size(const void *);

#endif
