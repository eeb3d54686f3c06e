/* tun/memory.h - bytes that may wait, in several stacks together
 *
 * A stack may have as much as is free: half of all where it is the only one,
 * and of the N that want all they can get each has a part of N + 1.  So there
 * is always some for one more, and nobody has to know how many there are.
 */
#ifndef TUN_MEMORY_H
#define TUN_MEMORY_H

#include <stddef.h>

struct memory {
	size_t	used, max;
};

/* How many more for one that has @own: then it has as much as is free. */
static inline size_t
memory_room(const struct memory *m, size_t own)
{
	size_t left = m->used < m->max ? m->max - m->used : 0;

	return own < left ? (left - own) / 2 : 0;
}

#endif
