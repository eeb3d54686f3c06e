/* base/borrow.h - descriptors that this process may not open itself
 *
 * A process that gave up its rights, and its files, still needs a log file, a
 * listening socket or a list of countries when its configuration changes.  Who
 * has the rights lends them.  Whoever opens such a thing asks here first; where
 * there is no lender the answer is -ENOSYS, and it is opened as always.
 */
#ifndef BASE_BORROW_H
#define BASE_BORROW_H

struct addr;

enum borrow_kind {
	BORROW_NONE,
	BORROW_FILE,		/* path, to be read */
	BORROW_LOG,		/* path, to be appended to */
	BORROW_UNIX,		/* path, a socket that listens */
	BORROW_TCP,		/* addr, a socket that listens */
	BORROW_TRANS,		/* the same, for connections turned around */
	BORROW_DNS,		/* addr, two: UDP, and TCP that listens */
	BORROW_TUN,		/* the device */
	BORROW_NKINDS
};
enum { BORROW_FDS_MAX = 2 };

struct borrow_want {
	enum borrow_kind kind;
	const char	*path;
	const struct addr *addr;
};

/* As many descriptors as that kind has, the caller's; 0 or -errno. */
typedef int borrow_fn(void *arg, const struct borrow_want *,
	    int fd[BORROW_FDS_MAX]);

/* For the whole process; NULL: nobody lends. */
void	borrow_from(borrow_fn *, void *arg);
int	borrow_has_lender(void);
unsigned borrow_count(enum borrow_kind);	/* how many descriptors */

int	borrow(const struct borrow_want *, int fd[BORROW_FDS_MAX]);
/* The descriptor, or -errno. */
int	borrow_path(enum borrow_kind, const char *path);

#endif
