/* tests/net/wrongclock.c - a program sees the wrong time of day
 *
 * LD_PRELOAD=wrongclock.so WRONGCLOCK=93600: the wall clock is 26 hours
 * ahead.  The monotonic clocks are left alone, as they are when a machine's
 * battery clock is wrong.  (libfaketime does more, locks included: tor
 * aborts under it.)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t
offset(void)
{
	static time_t value;
	static int known;
	const char *text;

	if (!known) {
		if ((text = getenv("WRONGCLOCK")) != NULL)
			value = atol(text);
		known = 1;
	}
	return value;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	int rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	rc = real(id, ts);
	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += offset();
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
