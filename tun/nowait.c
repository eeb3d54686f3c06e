/* tun/nowait.c - reading and writing a descriptor that others have, too
 *
 * Theory of operation
 *	RWF_NOWAIT says it with the call, and nobody can interfere.  Where the
 *	kernel has it not for such a file, there is no way to ask first: what
 *	poll() or fcntl() say can be untrue a moment later, and somebody who
 *	wants us to wait has as many tries as it likes.  So a call that waits is
 *	interrupted, by the signal of a timer that ticks while such calls are
 *	made.  Only what waits is ever interrupted: whoever finds -EINTR here
 *	has been made to wait.
 *
 *	The timer is started by the first call and stops itself at a tick since
 *	the last of which there was none, so that a call costs nothing.  A call
 *	that waits is @inside: the timer goes on, and should its tick come
 *	between the flag and the wait, the next one will do.
 */
#include "tun/nowait.h"

#include "config.h"

#ifdef HAVE_LINUX_IF_TUN_H

#include <errno.h>
#include <signal.h>
#include <sys/uio.h>
#include <time.h>

/* seccomp: preadv2 pwritev2 readv writev timer_create timer_settime
 * timer_delete */

enum { SIGNAL = SIGVTALRM };		/* nobody else here uses it */

typedef ssize_t now_fn(int, const struct iovec *, int, off_t, int);
typedef ssize_t plain_fn(int, const struct iovec *, int);

static struct {
	timer_t		timer;
	int		made;
	volatile sig_atomic_t ticks, used, inside;
} watch;

/* --- the watch --- */

static int
set_timer(long ms)
{
	struct itimerspec it = { .it_value.tv_nsec = ms * 1000000,
		.it_interval.tv_nsec = ms * 1000000 };

	return timer_settime(watch.timer, 0, &it, NULL) < 0 ? -errno : 0;
}

static void
on_tick(int sig)
{
	int saved = errno;

	(void)sig;
	if (!watch.inside && !watch.used && set_timer(0) == 0)
		watch.ticks = 0;
	watch.used = 0;
	errno = saved;
}

static int
make_timer(void)
{
	struct sigaction sa = { .sa_handler = on_tick };	/* no restart */
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGNAL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	if (sigaction(SIGNAL, &sa, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &set, NULL) < 0 ||
	    timer_create(CLOCK_MONOTONIC, &ev, &watch.timer) < 0)
		return -errno;
	watch.made = 1;
	return 0;
}

static int
start_timer(void)
{
	int rc;

	if (!watch.made && (rc = make_timer()) < 0)
		return rc;
	if ((rc = set_timer(NOWAIT_TICK_MS)) == 0)
		watch.ticks = 1;
	return rc;
}

static ssize_t
watched(struct nowait *w, plain_fn *plain, const struct iovec *iov, int n)
{
	ssize_t rc = 0;

	watch.inside = watch.used = 1;
	if (!watch.ticks)
		rc = start_timer();
	if (rc == 0 && (rc = plain(w->fd, iov, n)) < 0)
		rc = -errno;
	watch.inside = 0;
	w->waited = rc == -EINTR;
	return rc;
}

/* --- the calls --- */

static ssize_t
call(struct nowait *w, now_fn *now, plain_fn *plain, const struct iovec *iov,
    int n)
{
	ssize_t rc;

	if (w->waited)
		return -EINTR;
	if (!w->plain) {
		rc = now(w->fd, iov, n, -1, RWF_NOWAIT);
		if (rc >= 0)
			return rc;
		if (errno != EOPNOTSUPP && errno != ENOSYS)
			return -errno;
		w->plain = 1;
	}
	if (w->shared)
		return watched(w, plain, iov, n);
	return (rc = plain(w->fd, iov, n)) < 0 ? -errno : rc;
}

ssize_t
nowait_readv(struct nowait *w, const struct iovec *iov, int n)
{
	return call(w, preadv2, readv, iov, n);
}

ssize_t
nowait_writev(struct nowait *w, const struct iovec *iov, int n)
{
	return call(w, pwritev2, writev, iov, n);
}

#endif /* HAVE_LINUX_IF_TUN_H */
