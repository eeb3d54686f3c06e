/* policy/lock.c */
#include "policy/lock.h"

#include <errno.h>
#include <poll.h>
#include <sys/file.h>

#include "base/clock.h"

enum {
	LATEST_MS = 3000,
	STEP_MS = 20
};

int
lock_take(int fd)
{
	int64_t end = clock_ms() + LATEST_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (clock_ms() >= end)
			return -EBUSY;
		poll(NULL, 0, STEP_MS);
	}
	return 0;
}
