/* tests/net/fault.c - a machine that sleeps, and a disk that fails
 *
 * LD_PRELOAD=fault.so FAULTS=FILE: what FILE says holds for the program and all
 * its children, and may change while they run (the file is mapped, so that a
 * process which can't open it any more reads it too):
 *
 *	0	seconds that the wall clock is ahead
 *	1	seconds that the monotonic clocks stood still
 *	2	an errno: fsync, rename and writes of vectors fail with it
 *	3	milliseconds that each fsync takes
 *
 * as numbers of 8 bytes in the machine's order.  A machine that was suspended is
 * one whose monotonic clocks stood still, while the wall clock went on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { AHEAD, STOOD, BAD, SLOW, NWORDS };

static const int64_t none[NWORDS];
static const volatile int64_t *now = none;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_fsync)(int);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_renameat)(int, const char *, int, const char *);

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAULTS");
	void *p;
	int fd;

	*(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
	*(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
	*(void **)&real_renameat = dlsym(RTLD_NEXT, "renameat");
	if (path == NULL || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	p = mmap(NULL, sizeof(none), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		now = p;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = real_gettime(id, ts);

	switch (rc == 0 ? (int)id : -1) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		ts->tv_sec += now[AHEAD];
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
		ts->tv_sec -= now[STOOD];
		break;
	}
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

static int
fails(void)
{
	if (now[BAD] == 0)
		return 0;
	errno = (int)now[BAD];
	return 1;
}

int
fsync(int fd)
{
	struct timespec ts = { now[SLOW] / 1000,
		now[SLOW] % 1000 * 1000000 };

	if (now[SLOW] > 0)
		nanosleep(&ts, NULL);
	return fails() ? -1 : real_fsync(fd);
}

/* Pipes, sockets and the log are no disk. */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	return lseek(fd, 0, SEEK_CUR) >= 0 && fails() ? -1 :
	    real_writev(fd, v, n);
}

int
renameat(int from, const char *a, int to, const char *b)
{
	return fails() ? -1 : real_renameat(from, a, to, b);
}
