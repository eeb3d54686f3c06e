/* tests/tun/nomem.h - memory that fails when told, and is counted
 *
 * For programs linked with WRAP_MEMORY.
 */
#ifndef TESTS_TUN_NOMEM_H
#define TESTS_TUN_NOMEM_H

#include <stddef.h>

extern long	nomem_after;	/* so many succeed, then none; < 0: all do */
extern size_t	nomem_calls;	/* malloc(), calloc(), realloc(), ever */
extern size_t	nomem_live;	/* bytes that were not freed */

/* The test's own: it never fails. */
void	*nomem_own(size_t);

#endif
