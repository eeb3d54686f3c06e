/* tests/tun/test_nowait.c - descriptors without O_NONBLOCK, and no waiting
 *
 * A terminal is what a TUN device is before Linux 6.4: it does not take it from
 * a call that it must not wait.  A pipe does; were it to wait, these would not
 * end.
 */
#include "tun/nowait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "tests/unit.h"

static char block[4096];
static const struct iovec iov = { block, sizeof(block) };

/* Both ends, raw, and neither with O_NONBLOCK. */
static void
terminal(int *master, int *slave)
{
	struct termios t;

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(*master, 0);
	ck_assert_int_eq(grantpt(*master), 0);
	ck_assert_int_eq(unlockpt(*master), 0);
	*slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(*slave, 0);
	ck_assert_int_eq(tcgetattr(*slave, &t), 0);
	cfmakeraw(&t);
	ck_assert_int_eq(tcsetattr(*slave, TCSANOW, &t), 0);
}

START_TEST(nowait_readv_of_what_says_so_in_the_call_would_have_to_wait)
{
	struct nowait w = { .shared = 1 };
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	w.fd = p[0];
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EAGAIN);
	ck_assert_int_eq(w.plain, 0);
	ck_assert_int_eq(write(p[1], "hello", 5), 5);
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), 5);
	ck_assert_int_eq(memcmp(block, "hello", 5), 0);
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EAGAIN);
}
END_TEST

START_TEST(nowait_writev_of_what_says_so_in_the_call_would_have_to_wait)
{
	struct nowait w = { .shared = 1 };
	ssize_t rc;
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	w.fd = p[1];
	while ((rc = nowait_writev(&w, &iov, 1)) > 0)
		;
	ck_assert_int_eq(rc, -EAGAIN);
	ck_assert_int_eq(w.plain, 0);
}
END_TEST

START_TEST(nowait_readv_that_was_made_to_wait_is_interrupted_and_the_last)
{
	struct nowait w = { .shared = 1 };
	int master;

	terminal(&master, &w.fd);
	ck_assert_int_eq(write(master, "hello", 5), 5);
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), 5);
	ck_assert_int_eq(w.plain, 1);
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EINTR);
	ck_assert_int_eq(write(master, "hello", 5), 5);
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EINTR);
	ck_assert_int_eq(nowait_writev(&w, &iov, 1), -EINTR);
}
END_TEST

START_TEST(nowait_writev_that_was_made_to_wait_is_interrupted)
{
	struct nowait w = { .shared = 1 };
	ssize_t rc;
	int master;

	terminal(&master, &w.fd);
	while ((rc = nowait_writev(&w, &iov, 1)) > 0)
		;
	ck_assert_int_eq(rc, -EINTR);
}
END_TEST

/* What others do not have is left as it is: one call, no timer. */
START_TEST(nowait_readv_of_our_own_is_an_ordinary_one)
{
	struct nowait w = { 0 };
	int master;

	terminal(&master, &w.fd);
	ck_assert_int_eq(fcntl(w.fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EAGAIN);
	ck_assert_int_eq(poll(NULL, 0, 10 * NOWAIT_TICK_MS), 0);
}
END_TEST

/* A tick interrupts poll().  When none comes for so long there is no timer. */
START_TEST(nowait_timer_stops_when_there_are_no_calls_and_starts_again)
{
	struct nowait w = { .shared = 1 };
	int master, i;

	for (i = 0; i < 3; i++) {
		terminal(&master, &w.fd);
		ck_assert_int_eq(fcntl(w.fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
		ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EAGAIN);
		ck_assert_int_lt(poll(NULL, 0, 1000 * NOWAIT_TICK_MS), 0);
		while (poll(NULL, 0, 10 * NOWAIT_TICK_MS) < 0)
			ck_assert_int_eq(errno, EINTR);
		ck_assert_int_eq(fcntl(w.fd, F_SETFL, O_RDWR), 0);
		ck_assert_int_eq(nowait_readv(&w, &iov, 1), -EINTR);
		w.waited = 0;
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(nowait_readv_of_what_says_so_in_the_call_would_have_to_wait),
	UNIT(nowait_writev_of_what_says_so_in_the_call_would_have_to_wait),
	UNIT(nowait_readv_that_was_made_to_wait_is_interrupted_and_the_last),
	UNIT(nowait_writev_that_was_made_to_wait_is_interrupted),
	UNIT(nowait_readv_of_our_own_is_an_ordinary_one),
	UNIT(nowait_timer_stops_when_there_are_no_calls_and_starts_again),
};

UNIT_MAIN("nowait", tests)
