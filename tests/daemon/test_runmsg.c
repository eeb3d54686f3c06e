/* tests/daemon/test_runmsg.c - messages with descriptors, good and bad */
#include "daemon/runmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/unit.h"

static const struct runmsg good[] = {
	{ .type = RUNMSG_OPEN, .mtu = 1500 },
	{ .type = RUNMSG_OPEN, .mtu = 65535 },
	{ .type = RUNMSG_PROGRESS, .percent = 0, .text = "Starting" },
	{ .type = RUNMSG_PROGRESS, .percent = 100, .ready = 1, .text = "Done" },
	{ .type = RUNMSG_REFUSED, .text = "no" },
	{ .type = RUNMSG_REFUSED, .text = "" },
};

START_TEST(runmsg_parse_gives_what_was_built)
{
	uint8_t buf[RUNMSG_MAX];
	struct runmsg m;
	int n = runmsg_build(&good[_i], buf, sizeof(buf));

	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(runmsg_parse(&m, buf, (size_t)n), 0);
	ck_assert_int_eq(m.type, good[_i].type);
	ck_assert_uint_eq(m.mtu, good[_i].mtu);
	ck_assert_uint_eq(m.percent, good[_i].percent);
	ck_assert_uint_eq(m.ready, good[_i].ready);
	ck_assert_str_eq(m.text, good[_i].text);
}
END_TEST

START_TEST(runmsg_build_longest_text_fits_and_comes_back)
{
	struct runmsg m = { .type = RUNMSG_PROGRESS }, out;
	uint8_t buf[RUNMSG_MAX];
	int n;

	memset(m.text, 'x', RUNMSG_TEXT - 1);
	n = runmsg_build(&m, buf, sizeof(buf));
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(runmsg_parse(&out, buf, (size_t)n), 0);
	ck_assert_str_eq(out.text, m.text);
	ck_assert_int_eq(runmsg_build(&m, buf, 20), -EMSGSIZE);
}
END_TEST

static const struct {
	const char	*name, *bytes;
	size_t		 len;
	int		 want;
} bad[] = {
	{ "nothing", "", 0, -EPROTO },
	{ "no type", "\1", 1, -EPROTO },
	{ "type 0", "\1\0", 2, -EPROTO },
	{ "type 4", "\1\4", 2, -EPROTO },
	{ "type 255", "\1\377", 2, -EPROTO },
	{ "version 0", "\0\1\5\0", 4, -EPROTONOSUPPORT },
	{ "version 2", "\2\1\5\0", 4, -EPROTONOSUPPORT },
	{ "OPEN without mtu", "\1\1", 2, -EPROTO },
	{ "OPEN cut", "\1\1\5", 3, -EPROTO },
	{ "OPEN and more", "\1\1\5\0x", 5, -EPROTO },
	{ "PROGRESS cut", "\1\2\12", 3, -EPROTO },
	{ "PROGRESS of 101", "\1\2\145\0x", 5, -EPROTO },
	{ "PROGRESS ready 2", "\1\2\144\2x", 5, -EPROTO },
	{ "a terminal's escape", "\1\3a\033[2J", 7, -EPROTO },
	{ "a zero byte", "\1\3a\0b", 5, -EPROTO },
	{ "a byte over 126", "\1\3\177", 3, -EPROTO },
};

START_TEST(runmsg_parse_wrong_bytes_leave_the_message_alone)
{
	struct runmsg m = { .type = RUNMSG_REFUSED, .text = "before" };

	ck_assert_msg(runmsg_parse(&m, bad[_i].bytes, bad[_i].len) ==
	    bad[_i].want, "%s", bad[_i].name);
	ck_assert_str_eq(m.text, "before");
}
END_TEST

START_TEST(runmsg_parse_text_too_long_is_refused)
{
	uint8_t buf[2 + RUNMSG_TEXT] = { RUNMSG_VERSION, RUNMSG_REFUSED };
	struct runmsg m;

	memset(buf + 2, 'x', RUNMSG_TEXT);
	ck_assert_int_eq(runmsg_parse(&m, buf, sizeof(buf)), -EPROTO);
	ck_assert_int_eq(runmsg_parse(&m, buf, sizeof(buf) - 1), 0);
}
END_TEST

/* --- with descriptors --- */

static int end[2];

static void
make_pair(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    end), 0);
}

/* @n copies of the writing end of a pipe go out with @bytes; its reading end,
 * at whose end of file all of them have been closed. */
static int
send_raw(const char *bytes, size_t len, size_t n)
{
	union {
		char		buf[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr	align;
	} control = { .buf = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes,
		.iov_len = len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int fds[2];
	size_t i;

	ck_assert_int_eq(pipe(fds), 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fds[1], sizeof(int));
	ck_assert_int_eq(sendmsg(end[0], &h, 0), (ssize_t)len);
	close(fds[1]);
	return fds[0];
}

static int
all_closed(int reader)
{
	struct pollfd p = { .fd = reader, .events = POLLIN };

	return poll(&p, 1, 60 * 1000) == 1 && (p.revents & POLLHUP);
}

START_TEST(runmsg_recv_open_brings_its_descriptor)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = 1280 }, got;
	int fds[2], fd;

	make_pair();
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(runmsg_send(end[0], &m, fds[1]), 0);
	ck_assert_int_eq(runmsg_recv(end[1], &got, &fd), 1);
	ck_assert_uint_eq(got.mtu, 1280);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(runmsg_recv(end[1], &got, &fd), -EAGAIN);
	close(end[0]);
	ck_assert_int_eq(runmsg_recv(end[1], &got, &fd), 0);
	ck_assert_int_eq(runmsg_send(end[1], &m, -1), -EPIPE);
}
END_TEST

static const struct {
	const char	*name, *bytes;
	size_t		 len, passed;
} wrong[] = {
	{ "two", "\1\1\5\334", 4, 2 },
	{ "four", "\1\1\5\334", 4, 4 },
	{ "more than there is room for", "\1\1\5\334", 4, 8 },
	{ "with a message that has none", "\1\3no", 4, 1 },
	{ "with no message", "\1\1\5", 3, 1 },
	{ "with another version", "\7\1\5\334", 4, 1 },
};

START_TEST(runmsg_recv_wrong_descriptors_are_closed)
{
	struct runmsg m;
	int fd, rc, reader;

	make_pair();
	reader = send_raw(wrong[_i].bytes, wrong[_i].len, wrong[_i].passed);
	rc = runmsg_recv(end[1], &m, &fd);
	ck_assert_msg(rc == -EPROTO || rc == -EPROTONOSUPPORT, "%s: %d",
	    wrong[_i].name, rc);
	ck_assert_int_eq(fd, -1);
	ck_assert_msg(all_closed(reader), "%s", wrong[_i].name);
}
END_TEST

START_TEST(runmsg_recv_open_without_descriptor_is_refused)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = 1500 };
	int fd;

	make_pair();
	ck_assert_int_eq(runmsg_send(end[0], &m, -1), 0);
	ck_assert_int_eq(runmsg_recv(end[1], &m, &fd), -EPROTO);
}
END_TEST

START_TEST(runmsg_recv_last_words_of_one_who_did_not_listen_arrive)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = 1500 };
	struct runmsg last = { .type = RUNMSG_REFUSED, .text = "no" };
	int fd;

	make_pair();
	ck_assert_int_eq(runmsg_send(end[0], &m, -1), 0);
	ck_assert_int_eq(runmsg_send(end[1], &last, -1), 0);
	close(end[1]);
	ck_assert_int_eq(runmsg_recv(end[0], &m, &fd), 1);
	ck_assert_str_eq(m.text, "no");
	ck_assert_int_eq(runmsg_recv(end[0], &m, &fd), 0);
}
END_TEST

START_TEST(runmsg_refuse_says_why_in_printable_words)
{
	char longer[2 * RUNMSG_TEXT];
	struct runmsg m;
	int pair[2], passed;

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	runmsg_refuse(pair[0], "no\nmore\x1b[2J\xff");
	ck_assert_int_eq(runmsg_recv(pair[1], &m, &passed), 1);
	ck_assert_int_eq(m.type, RUNMSG_REFUSED);
	ck_assert_str_eq(m.text, "no?more?[2J?");
	runmsg_refuse(pair[0], longer);
	ck_assert_int_eq(runmsg_recv(pair[1], &m, &passed), 1);
	ck_assert_uint_eq(strlen(m.text), RUNMSG_TEXT - 1);
	close(pair[1]);
	runmsg_refuse(pair[0], "nobody is there");
	close(pair[0]);
}
END_TEST

START_TEST(runmsg_recv_too_long_is_refused)
{
	char buf[RUNMSG_MAX + 1] = { RUNMSG_VERSION, RUNMSG_REFUSED };
	struct runmsg m;
	int fd;

	make_pair();
	memset(buf + 2, 'x', sizeof(buf) - 2);
	ck_assert_int_eq(send(end[0], buf, sizeof(buf), 0), sizeof(buf));
	ck_assert_int_eq(runmsg_recv(end[1], &m, &fd), -EPROTO);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(runmsg_parse_gives_what_was_built, NELEM(good)),
	UNIT(runmsg_build_longest_text_fits_and_comes_back),
	UNIT_LOOP(runmsg_parse_wrong_bytes_leave_the_message_alone,
	    NELEM(bad)),
	UNIT(runmsg_parse_text_too_long_is_refused),
	UNIT(runmsg_recv_open_brings_its_descriptor),
	UNIT_LOOP(runmsg_recv_wrong_descriptors_are_closed, NELEM(wrong)),
	UNIT(runmsg_recv_open_without_descriptor_is_refused),
	UNIT(runmsg_recv_last_words_of_one_who_did_not_listen_arrive),
	UNIT(runmsg_refuse_says_why_in_printable_words),
	UNIT(runmsg_recv_too_long_is_refused),
};

UNIT_MAIN("runmsg", tests)
