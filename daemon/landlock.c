/* daemon/landlock.c - files and ports that a process may touch
 *
 * By system calls, since headers are older than kernels: the numbers and
 * structures are those of linux/landlock.h, and a kernel takes a structure that
 * is as long as its ABI wants it.
 */
#include "daemon/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

enum {
	ASK_VERSION = 1,
	RULE_PATH = 1,
	RULE_PORT = 2
};
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SYM = 1 << 12,
	FS_REFER = 1 << 13,		/* ABI 2 */
	FS_TRUNCATE = 1 << 14,		/* ABI 3 */
	FS_IOCTL_DEV = 1 << 15,		/* ABI 5 */
	FS_ABI1 = (FS_MAKE_SYM << 1) - 1,
	FS_READ = FS_READ_FILE | FS_READ_DIR,
	FS_CHANGE = FS_READ | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG |
	    FS_MAKE_DIR | FS_TRUNCATE
};
enum { NET_BIND_TCP = 1 << 0 };		/* ABI 4 */
enum { SCOPE_ABSTRACT = 1 << 0, SCOPE_SIGNAL = 1 << 1 };	/* ABI 6 */

struct ruleset_attr {
	uint64_t	fs, net, scoped;
};

struct path_rule {
	uint64_t	allowed;
	int32_t		dir;
} __attribute__((packed));

struct port_rule {
	uint64_t	allowed, port;
};

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t
handled_fs(int abi)
{
	return FS_ABI1 | (abi >= 2 ? FS_REFER : 0) |
	    (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
}

static int
make_ruleset(int abi)
{
	struct ruleset_attr a = {
		.fs = handled_fs(abi),
		.net = abi >= 4 ? NET_BIND_TCP : 0,
		.scoped = abi >= 6 ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0
	};
	size_t size = abi >= 6 ? 3 : abi >= 4 ? 2 : 1;
	long fd = syscall(SYS_landlock_create_ruleset, &a,
	    size * sizeof(uint64_t), 0);

	return fd < 0 ? -errno : (int)fd;
}

static int
allow_directory(int ruleset, const struct landlock_dir *d, int abi)
{
	struct path_rule r = {
		.allowed = (d->writable ? FS_CHANGE : FS_READ) &
		    handled_fs(abi)
	};
	int rc = 0;

	r.dir = open(d->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r.dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &r, 0) < 0)
		rc = -errno;
	close(r.dir);
	return rc;
}

/* Whoever connects from an address of its choice binds to port 0. */
static int
allow_no_port(int ruleset, int abi)
{
	struct port_rule r = { .allowed = NET_BIND_TCP, .port = 0 };

	if (abi >= 4 &&
	    syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &r, 0) < 0)
		return -errno;
	return 0;
}

int
landlock_enter(const struct landlock_dir *d, size_t n)
{
	int abi = landlock_abi(), fd, rc;
	size_t i;

	if (abi == 0)
		return 0;
	if ((fd = make_ruleset(abi)) < 0)
		return fd;
	rc = allow_no_port(fd, abi);
	for (i = 0; i < n && rc == 0; i++)
		rc = allow_directory(fd, &d[i], abi);
	if (rc == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0))
		rc = -errno;
	close(fd);
	return rc < 0 ? rc : abi;
}
