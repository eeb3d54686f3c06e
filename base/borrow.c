/* base/borrow.c - descriptors that this process may not open itself */
#include "base/borrow.h"

#include <errno.h>
#include <stddef.h>

static borrow_fn *lender;
static void *lender_arg;

void
borrow_from(borrow_fn *fn, void *arg)
{
	lender = fn;
	lender_arg = arg;
}

int
borrow_has_lender(void)
{
	return lender != NULL;
}

unsigned
borrow_count(enum borrow_kind kind)
{
	return kind == BORROW_DNS ? 2 : 1;
}

int
borrow(const struct borrow_want *w, int fd[BORROW_FDS_MAX])
{
	return lender ? lender(lender_arg, w, fd) : -ENOSYS;
}

int
borrow_path(enum borrow_kind kind, const char *path)
{
	struct borrow_want w = { .kind = kind, .path = path };
	int fd[BORROW_FDS_MAX], rc = borrow(&w, fd);

	return rc < 0 ? rc : fd[0];
}
