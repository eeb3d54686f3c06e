/* tests/fuzz/nomem.c - one input again and again, each time with less memory
 *
 * Theory of operation
 *	malloc() and its like are ours, as the linker takes these before libc's;
 *	who calls is known by the address to return to, and only what lies in the
 *	program itself is refused.  abort() is ours too, so that a target that
 *	gives up is told from a heap that libc finds damaged.
 */
#include "tests/fuzz/nomem.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "tests/fuzz/fuzz.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
    !__has_feature(address_sanitizer)

enum {
	ONE_BY_ONE = 40,	/* then with gaps that grow */
	LAST = 4000,
	SECONDS = 60,		/* for one input */
	LIVED = 10, ENOUGH, GAVE_UP	/* exit statuses */
};

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t),
    *__libc_realloc(void *, size_t);
extern const char __executable_start[], etext[];

static long left;		/* until one fails; 0: none does */
static const char **refused;	/* who wanted it; the parent sees it, too */

static int
refuse(const char *caller)
{
	if (left == 0 || caller < __executable_start || caller >= etext ||
	    --left > 0)
		return 0;
	*refused = caller;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t n)
{
	return refuse(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL :
	    __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return refuse(__builtin_return_address(0)) ? NULL :
	    __libc_realloc(p, n);
}

void
abort(void)
{
	if (refused && *refused)
		_exit(GAVE_UP);
	raise(SIGABRT);
	_exit(128 + SIGABRT);
}

int
nomem_possible(void)
{
	void *p;

	if (refused)
		return 1;
	p = mmap(NULL, sizeof(*refused), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return 0;
	refused = p;
	return 1;
}

static _Noreturn void
child(const uint8_t *p, size_t len, long at)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (copy == NULL)
		_exit(1);
	if (len)
		memcpy(copy, p, len);
	alarm(SECONDS);
	left = at;
	LLVMFuzzerTestOneInput(copy, len);
	left = 0;
	free(copy);
	_exit(*refused ? LIVED : ENOUGH);
}

/* 1: something was refused; 0: there was no such allocation. */
static int
once(const char *name, const uint8_t *p, size_t len, long at,
    struct nomem_tally *t)
{
	pid_t pid;
	int status, code;

	*refused = NULL;
	fflush(stdout);
	if ((pid = fork()) == 0)
		child(p, len, at);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("nomem");
		exit(1);
	}
	code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	t->refused += *refused != NULL;
	if (code == LIVED || code == ENOUGH || code == GAVE_UP)
		return *refused != NULL;
	t->died++;
	printf("FAIL %s: status %#x, without allocation %ld, at %#lx of the "
	    "program\n", name, (unsigned)status, at,
	    *refused ? (unsigned long)(*refused - __executable_start) : 0);
	return *refused != NULL;
}

void
nomem_input(const char *name, const uint8_t *p, size_t len,
    struct nomem_tally *t)
{
	long at;

	for (at = 1; at < LAST && once(name, p, len, at, t);
	    at += at < ONE_BY_ONE ? 1 : at / 8)
		;
}

#else

int
nomem_possible(void)
{
	return 0;
}

void
nomem_input(const char *name, const uint8_t *p, size_t len,
    struct nomem_tally *t)
{
	(void)name;
	(void)p;
	(void)len;
	(void)t;
}

#endif
