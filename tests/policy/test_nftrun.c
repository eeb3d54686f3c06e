/* tests/policy/test_nftrun.c - what nft says, and the process that holds */
#include "policy/nftrun.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy/holder.h"
#include "tests/unit.h"

static const struct { const char *said, *why; } cases[] = {
	{ "/dev/stdin:12:5-9: Error: syntax error, unexpected string\n"
	    "add foo\n    ^^^\n",
	    "nft refuses the rules (line 12): syntax error, unexpected "
	    "string" },
	{ "warning: old\n/dev/stdin:3:1-9: Error: Could not process rule: "
	    "File exists\n", "nft refuses the rules (line 3): Could not "
	    "process rule: File exists" },
	{ "Error: Could not process rule: Operation not permitted\n",
	    "the kernel's rules may not be changed from here: CAP_NET_ADMIN "
	    "is needed" },
	{ "netlink: Error: cache initialization failed: Protocol not "
	    "supported\n", "the kernel has no nf_tables (modprobe nf_tables, "
	    "or a kernel with CONFIG_NF_TABLES)" },
	{ "/dev/stdin:1:1-9: Error: Could not process rule: Operation not "
	    "supported\n", "the kernel lacks what a rule needs (a part of "
	    "nf_tables: modules nft_*, or CONFIG_NFT_* in the kernel)" },
	{ "", "nft refuses the rules: it did not say why" },
	{ "\n", "nft refuses the rules: it did not say why" },
	{ "something \x1b[31melse\n", "nft refuses the rules: something "
	    "?[31melse" },
	{ "Error: a\tb", "nft refuses the rules: a?b" },
};

START_TEST(nftrun_explain_is_one_plain_sentence)
{
	char why[200];

	nftrun_explain(cases[_i].said, strlen(cases[_i].said), why,
	    sizeof(why));
	ck_assert_str_eq(why, cases[_i].why);
}
END_TEST

/* nft reads a pipe whose other end we have: as long as somebody reads, it
 * lives. */
START_TEST(nftrun_that_is_killed_leaves_no_nft)
{
	struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
	char dir[] = "/tmp/ot-nftrun-XXXXXX", path[64], text[128], why[200];
	int fd = -1, i, status;
	ssize_t n = 1;
	pid_t pid;

	if (nftrun_path() == NULL)
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pipe", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	snprintf(text, sizeof(text), "include \"%s\"\n", path);
	if ((pid = fork()) == 0)
		_exit(nftrun(NULL, text, strlen(text), why, sizeof(why)) < 0);
	for (i = 0; i < 3000 &&
	    (fd = open(path, O_WRONLY | O_NONBLOCK)) < 0; i++)
		nanosleep(&step, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "#", 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	for (i = 0; i < 500 && (n = write(fd, "#", 1)) == 1; i++)
		nanosleep(&step, NULL);
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fd);
	unlink(path);
	rmdir(dir);
}
END_TEST

static void
name_of(pid_t pid, char out[32])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	out[0] = '\0';
	if ((f = fopen(path, "r")) == NULL)
		return;
	if (fgets(out, 32, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

/* By the end that is left to us: who else has the other one? */
START_TEST(holder_holds_what_it_is_given_until_it_ends)
{
	struct holder h;
	char name[32], ours[32], c;
	int fds[2];

	snprintf(ours, sizeof(ours), "ot-t%d", (int)getpid() % 100000);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(holder_start(&h, ours, &fds[1], 1), 0);
	close(fds[1]);
	name_of(h.pid, name);
	ck_assert_str_eq(name, ours);
	ck_assert(!holder_is_gone(&h));
	ck_assert_int_eq(kill(h.pid, SIGTERM), 0);	/* not it */
	ck_assert(!holder_is_gone(&h));
	holder_stop(&h);
	ck_assert(holder_is_gone(&h));
	ck_assert_int_eq(read(fds[0], &c, 1), 0);	/* the end */
	close(fds[0]);
}
END_TEST

static int
ended(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

/* Not in the order of their numbers, and with others in between. */
START_TEST(holder_holds_all_that_it_is_given_and_nothing_else)
{
	int held[3], pairs[6][2], i;
	struct holder h;

	for (i = 0; i < 6; i++)
		ck_assert_int_eq(pipe(pairs[i]), 0);
	for (i = 0; i < 3; i++)
		held[i] = pairs[4 - 2 * i][1];
	ck_assert_int_eq(holder_start(&h, "ot-t", held, 3), 0);
	for (i = 0; i < 6; i++)
		close(pairs[i][1]);
	for (i = 0; i < 6; i++)
		ck_assert_int_eq(ended(pairs[i][0]), i % 2);
	holder_stop(&h);
	for (i = 0; i < 6; i++) {
		ck_assert(ended(pairs[i][0]));
		close(pairs[i][0]);
	}
}
END_TEST

START_TEST(holder_that_was_killed_is_gone)
{
	struct holder h;
	int fds[2];
	siginfo_t i;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(holder_start(&h, "ot-t", fds, 1), 0);
	ck_assert_int_eq(kill(h.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)h.pid, &i, WEXITED | WNOWAIT), 0);
	ck_assert(holder_is_gone(&h));
	holder_stop(&h);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(holder_stop_others_ends_those_of_its_name)
{
	struct holder keep, old, other;
	char ours[16], theirs[16];
	int fds[2];

	snprintf(ours, sizeof(ours), "ot-a%d", (int)getpid() % 100000);
	snprintf(theirs, sizeof(theirs), "ot-b%d", (int)getpid() % 100000);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(holder_start(&old, ours, fds, 1), 0);
	ck_assert_int_eq(holder_start(&other, theirs, fds, 1), 0);
	ck_assert_int_eq(holder_start(&keep, ours, fds, 1), 0);
	ck_assert_int_eq(holder_stop_others(ours, &keep), 1);
	ck_assert(holder_is_gone(&old));
	ck_assert(!holder_is_gone(&other));
	ck_assert(!holder_is_gone(&keep));
	holder_stop(&old);
	holder_stop(&other);
	holder_stop(&keep);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(nftrun_explain_is_one_plain_sentence, NELEM(cases)),
	UNIT(nftrun_that_is_killed_leaves_no_nft),
	UNIT(holder_holds_what_it_is_given_until_it_ends),
	UNIT(holder_holds_all_that_it_is_given_and_nothing_else),
	UNIT(holder_that_was_killed_is_gone),
	UNIT(holder_stop_others_ends_those_of_its_name),
};
UNIT_MAIN("nftrun", tests)
