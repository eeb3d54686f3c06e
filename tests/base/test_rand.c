/* tests/base/test_rand.c
 *
 * What is random can only be tested for gross errors; the bounds here are so
 * wide that a good generator misses them less than once in 10^9 runs.
 */
#include "base/rand.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/unit.h"

START_TEST(rand_bytes_fills_exactly_the_length)
{
	uint8_t b[66], any[64] = { 0 };
	size_t i, k;

	for (k = 0; k < 40; k++) {
		memset(b, 0, sizeof(b));
		rand_bytes(b + 1, 64);
		ck_assert_uint_eq(b[0], 0);
		ck_assert_uint_eq(b[65], 0);
		for (i = 0; i < 64; i++)
			any[i] |= b[i + 1];
	}
	for (i = 0; i < 64; i++)
		ck_assert_uint_ne(any[i], 0);
	rand_bytes(b, 0);
}
END_TEST

static const uint64_t below[] = { 1, 2, 3, 7, 10, 16, 1000 };

START_TEST(rand_below_reaches_all_and_only_what_is_below)
{
	static unsigned hit[1000];
	uint64_t n = below[_i], v;
	unsigned i, draws = 200 * (unsigned)n;

	memset(hit, 0, sizeof(hit));
	for (i = 0; i < draws; i++) {
		v = rand_below(n);
		ck_assert(v < n);
		hit[v]++;
	}
	for (i = 0; i < n; i++) {
		ck_assert_uint_gt(hit[i], 90);
		ck_assert_uint_lt(hit[i], 320);
	}
}
END_TEST

START_TEST(rand_below_of_zero_and_one_is_zero)
{
	ck_assert(rand_below(0) == 0);
	ck_assert(rand_below(1) == 0);
}
END_TEST

START_TEST(rand_below_of_huge_uses_the_high_half)
{
	uint64_t n = (UINT64_C(1) << 63) + 12345;
	int i, high = 0;

	for (i = 0; i < 1000; i++) {
		uint64_t v = rand_below(n);

		ck_assert(v < n);
		high += v >= UINT64_C(1) << 62;
	}
	ck_assert_int_gt(high, 350);
	ck_assert_int_lt(high, 650);
}
END_TEST

START_TEST(rand_range_stays_in_range)
{
	static const struct { int64_t lo, hi; } r[] = {
		{ 0, 0 }, { -5, 5 }, { 5, 5 }, { INT64_MIN, INT64_MAX },
		{ INT64_MIN, 0 }, { -1, INT64_MAX }, { INT64_MAX, INT64_MAX },
		{ INT64_MIN, INT64_MIN + 1 },
	};
	int64_t v, least, most;
	int i;

	least = INT64_MAX;
	most = INT64_MIN;
	for (i = 0; i < 1000; i++) {
		v = rand_range(r[_i].lo, r[_i].hi);
		ck_assert(v >= r[_i].lo && v <= r[_i].hi);
		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	if (r[_i].lo != r[_i].hi)
		ck_assert(least != most);
}
END_TEST

START_TEST(rand_range_upside_down_is_its_start)
{
	ck_assert(rand_range(5, 4) == 5);
	ck_assert(rand_range(INT64_MAX, INT64_MIN) == INT64_MAX);
}
END_TEST

START_TEST(rand_unit_is_at_least_0_and_below_1)
{
	double v, sum = 0, least = 1, most = 0;
	int i;

	for (i = 0; i < 10000; i++) {
		v = rand_unit();
		ck_assert(v >= 0 && v < 1);
		sum += v;
		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	ck_assert(sum > 4500 && sum < 5500);
	ck_assert(least < 0.01 && most > 0.99);
}
END_TEST

START_TEST(rand_shuffle_keeps_all_and_reaches_every_order)
{
	unsigned seen[6] = { 0 };
	uint16_t a[3];
	int i;

	for (i = 0; i < 1200; i++) {
		a[0] = 0, a[1] = 1, a[2] = 2;
		rand_shuffle(a, 3, sizeof(a[0]));
		ck_assert_uint_eq((1u << a[0]) | (1u << a[1]) | (1u << a[2]),
		    7);
		seen[a[0] * 2 + (a[1] > a[2])]++;
	}
	for (i = 0; i < 6; i++) {
		ck_assert_uint_gt(seen[i], 100);
		ck_assert_uint_lt(seen[i], 320);
	}
	rand_shuffle(a, 0, sizeof(a[0]));
	rand_shuffle(a, 1, sizeof(a[0]));
}
END_TEST

/* Two relays' keys from two children with one stream would be the same key. */
START_TEST(rand_after_fork_is_a_new_stream)
{
	uint8_t got[3][32];
	int fds[2], i;

	rand_bytes(got[0], 32);
	ck_assert_int_eq(pipe(fds), 0);
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			rand_bytes(got[0], 32);
			_exit(write(fds[1], got[0], 32) == 32 ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		ck_assert_int_eq(read(fds[0], got[i + 1], 32), 32);
	}
	rand_bytes(got[0], 32);
	ck_assert_mem_ne(got[0], got[1], 32);
	ck_assert_mem_ne(got[0], got[2], 32);
	ck_assert_mem_ne(got[1], got[2], 32);
}
END_TEST

/* From now on the kernel has no randomness for us: no system call that asks for
 * it, and no device to open. */
static int
lose_entropy(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { NELEM(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno :
	    0;
}

/* Nothing that is drawn without entropy is safe, so there is nothing to be done
 * but to end: at the start, and in a child that has to have a new stream. */
START_TEST(rand_without_entropy_is_the_end)
{
	static const struct rlimit no_core;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		if (lose_entropy() < 0)
			_exit(77);
		if (_i == 0)
			rand_init();
		else if (fork() == 0) {
			uint32_t v = rand_u32();

			_exit((int)(v & 1));
		} else {
			wait(&status);
			_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return;			/* we may not play this here */
	if (_i == 0)
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	else
		ck_assert_int_eq(WEXITSTATUS(status), SIGABRT);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(rand_bytes_fills_exactly_the_length),
	UNIT_LOOP(rand_below_reaches_all_and_only_what_is_below, NELEM(below)),
	UNIT(rand_below_of_zero_and_one_is_zero),
	UNIT(rand_below_of_huge_uses_the_high_half),
	UNIT_LOOP(rand_range_stays_in_range, 8),
	UNIT(rand_range_upside_down_is_its_start),
	UNIT(rand_unit_is_at_least_0_and_below_1),
	UNIT(rand_shuffle_keeps_all_and_reaches_every_order),
	UNIT(rand_after_fork_is_a_new_stream),
	UNIT_LOOP(rand_without_entropy_is_the_end, 2),
};

UNIT_MAIN("rand", tests)
