/* tests/tun/nomem.c - memory that fails when told, and is counted */
#include "tests/tun/nomem.h"

#include <malloc.h>
#include <stdlib.h>

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	 __real_free(void *);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);
void	 __wrap_free(void *);

long nomem_after = -1;
size_t nomem_calls, nomem_live;

static int
fails(void)
{
	nomem_calls++;
	if (nomem_after < 0)
		return 0;
	if (nomem_after == 0)
		return 1;
	nomem_after--;
	return 0;
}

static void *
counted(void *p)
{
	nomem_live += p ? malloc_usable_size(p) : 0;
	return p;
}

static void
uncount(void *p)
{
	nomem_live -= p ? malloc_usable_size(p) : 0;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : counted(__real_malloc(n));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	uncount(p);
	return counted(__real_realloc(p, n));
}

void
__wrap_free(void *p)
{
	uncount(p);
	__real_free(p);
}

void *
nomem_own(size_t n)
{
	void *p = counted(__real_malloc(n));

	if (p == NULL)
		abort();
	return p;
}
