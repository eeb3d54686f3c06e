/* tests/daemon/test_lender.c - what the parent lends, and to whom it does not
 *
 * tests/fuzz/fz_ipc_parent.c has what is said as bytes.
 */
#include "daemon/lender.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/lend.h"
#include "daemon/procmsg.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

static const char text[] = "DataDirectory /x\nSocksPort 127.0.0.1:1\n"
    "DNSPort 127.0.0.1:2\nTransPort 127.0.0.1:3\nStatusSocket /x/status\n"
    "RunSocket 0\nLog notice file /x/log\nLog info syslog\n"
    "SocksPort unix:/x/http\n";

static struct lender l;
static struct procmsg answer;
static unsigned opened;

static int
fake_open(const struct conf *c, size_t row, int *fd)
{
	struct lend_row r;
	unsigned i;

	ck_assert_int_eq(lend_row(c, row, &r), 1);
	for (i = 0; i < borrow_count(r.kind); i++)
		fd[i] = 100 + (int)i;
	opened++;
	return 0;
}

static void
set_up(void)
{
	memset(&l, 0, sizeof(l));
	l.open = fake_open;
	opened = 0;
}

static enum lender_verdict
hear(enum procmsg_type type, int32_t value, const struct conf *c,
    const struct conf *fresh)
{
	struct procmsg m = { .type = type, .value = value };

	return lender_hear(&l, 0, &m, c, fresh, &answer);
}

static int
row_of(const struct conf *c, enum borrow_kind kind, const char *path,
    uint16_t port)
{
	struct borrow_want w = { .kind = kind, .path = path };
	struct addr a;

	addr_v4(&a, INADDR_LOOPBACK, port);
	if (port)
		w.addr = &a;
	return lend_find(c, &w);
}

START_TEST(lend_find_is_what_the_configuration_names)
{
	struct conf *c = testconf(text);
	struct lend_row r;
	int i;

	ck_assert_int_ge(row_of(c, BORROW_TCP, NULL, 1), 0);
	ck_assert_int_ge(row_of(c, BORROW_DNS, NULL, 2), 0);
	ck_assert_int_ge(row_of(c, BORROW_TRANS, NULL, 3), 0);
	ck_assert_int_ge(row_of(c, BORROW_UNIX, "/x/status", 0), 0);
	ck_assert_int_ge(row_of(c, BORROW_UNIX, "/x/http", 0), 0);
	ck_assert_int_ge(i = row_of(c, BORROW_LOG, "/x/log", 0), 0);
	ck_assert_int_eq(lend_row(c, (size_t)i, &r), 1);
	ck_assert_str_eq(r.path, "/x/log");
	ck_assert_int_ge(row_of(c, BORROW_FILE, c->geoip_file, 0), 0);
	conf_free(c);
}
END_TEST

START_TEST(lend_find_is_nothing_else)
{
	struct conf *c = testconf(text);

	ck_assert_int_eq(row_of(c, BORROW_TCP, NULL, 2), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_TCP, NULL, 3), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_DNS, NULL, 53), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_FILE, "/x/log", 0), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_LOG, "/etc/shadow", 0), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_UNIX, "/x/other", 0), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_TUN, NULL, 0), -EPERM);
	ck_assert_int_eq(row_of(c, BORROW_NONE, NULL, 0), -EPERM);
	conf_free(c);
}
END_TEST

/* Whatever stands there: the number of a row is one of the same list. */
START_TEST(lend_find_is_the_same_of_a_packed_one)
{
	struct conf *c = testconf(text), *c2;
	struct lend_row a, b;
	struct conf_err err;
	char *packed;
	size_t len, i;

	ck_assert_int_eq(conf_pack(c, &packed, &len), 0);
	ck_assert_int_eq(conf_unpack(&c2, packed, len, &err), 0);
	for (i = 0; lend_row(c, i, &a); i++) {
		ck_assert_int_eq(lend_row(c2, i, &b), 1);
		ck_assert_int_eq(a.kind, b.kind);
		ck_assert(a.addr.family == b.addr.family &&
		    (a.addr.family == 0 ||
		    addr_equal(&a.addr, &b.addr)));
		if (a.path)
			ck_assert_str_eq(a.path, b.path);
	}
	ck_assert_int_eq(lend_row(c2, i, &b), 0);
	ck_assert_uint_gt(i, 12);
	free(packed);
	conf_free(c);
	conf_free(c2);
}
END_TEST

START_TEST(lender_hear_lends_what_is_there)
{
	struct conf *c = testconf(text);

	set_up();
	ck_assert_int_eq(hear(PROCMSG_LEND, row_of(c, BORROW_DNS, NULL, 2), c,
	    NULL), LENDER_ANSWER);
	ck_assert_int_eq(answer.type, PROCMSG_LENT);
	ck_assert_uint_eq(answer.nfds, 2);
	ck_assert_int_eq(answer.fds[1], 101);
	ck_assert_uint_eq(opened, 1);
	lender_free(&l);
	conf_free(c);
}
END_TEST

START_TEST(lender_hear_refuses_what_is_not_there)
{
	static const int32_t odd[] = { -1, INT32_MIN, INT32_MAX, 4711 };
	struct conf *c = testconf(text);
	size_t i;

	set_up();
	for (i = 0; i < NELEM(odd); i++) {
		ck_assert_int_eq(hear(PROCMSG_LEND, odd[i], c, NULL),
		    LENDER_ANSWER);
		ck_assert_int_eq(answer.type, PROCMSG_FAILED);
		ck_assert_int_eq(answer.value, -EPERM);
	}
	/* no new configuration is tried */
	ck_assert_int_eq(hear(PROCMSG_LEND_NEW, 0, c, NULL), LENDER_ANSWER);
	ck_assert_int_eq(answer.value, -EPERM);
	ck_assert_uint_eq(opened, 0);
	lender_free(&l);
	conf_free(c);
}
END_TEST

START_TEST(lender_hear_new_row_is_of_the_new_configuration)
{
	struct conf *c = testconf(text), *c2 = testconf("SocksPort 7\n"
	    "TransPort 127.0.0.1:3\nTransPort 127.0.0.1:4\n");
	int row = row_of(c2, BORROW_TRANS, NULL, 4);

	set_up();
	ck_assert_int_ge(row, 0);
	ck_assert_int_eq(hear(PROCMSG_LEND_NEW, row, c, c2), LENDER_ANSWER);
	ck_assert_int_eq(answer.type, PROCMSG_LENT);
	lender_free(&l);
	conf_free(c);
	conf_free(c2);
}
END_TEST

START_TEST(lender_hear_unix_socket_is_lent_once_in_a_round)
{
	struct conf *c = testconf(text);
	int row = row_of(c, BORROW_UNIX, "/x/status", 0);

	set_up();
	hear(PROCMSG_LEND, row, c, NULL);
	ck_assert_int_eq(answer.type, PROCMSG_LENT);
	hear(PROCMSG_LEND, row, c, NULL);
	ck_assert_int_eq(answer.value, -EPERM);
	lender_round(&l);
	hear(PROCMSG_LEND, row, c, NULL);
	ck_assert_int_eq(answer.type, PROCMSG_LENT);
	ck_assert_uint_eq(opened, 2);
	ck_assert_uint_eq(l.made.n, 1);		/* to be removed at the end */
	lender_free(&l);
	conf_free(c);
}
END_TEST

START_TEST(lender_hear_there_is_an_end_to_questions)
{
	struct conf *c = testconf(text);
	int row = row_of(c, BORROW_TCP, NULL, 1), i;

	set_up();
	for (i = 0; i < LENDER_HEARD_MAX; i++)
		ck_assert_int_eq(hear(PROCMSG_LEND, row, c, NULL),
		    LENDER_ANSWER);
	ck_assert_int_eq(hear(PROCMSG_LEND, row, c, NULL), LENDER_KILL);
	lender_round(&l);
	ck_assert_int_eq(hear(PROCMSG_LEND, row, c, NULL), LENDER_ANSWER);
	lender_free(&l);
	conf_free(c);
}
END_TEST

START_TEST(lender_hear_it_is_up_once)
{
	set_up();
	ck_assert_int_eq(hear(PROCMSG_UP, 0, NULL, NULL), LENDER_UP);
	ck_assert_int_eq(hear(PROCMSG_UP, 0, NULL, NULL), LENDER_KILL);
	lender_free(&l);
}
END_TEST

START_TEST(lender_hear_what_is_not_the_engines_to_say_is_its_end)
{
	int type;

	for (type = PROCMSG_NONE; type <= PROCMSG_NTYPES; type++) {
		if (type == PROCMSG_LEND || type == PROCMSG_LEND_NEW ||
		    type == PROCMSG_UP)
			continue;
		set_up();
		ck_assert_int_eq(hear((enum procmsg_type)type, 0, NULL, NULL),
		    LENDER_KILL);
		ck_assert_ptr_nonnull(l.why);
	}
	set_up();
	ck_assert_int_eq(lender_hear(&l, -EPROTO, &answer, NULL, NULL,
	    &answer), LENDER_KILL);
}
END_TEST

START_TEST(lender_hear_gifts_are_closed_and_its_end)
{
	struct procmsg m = { .type = PROCMSG_LENT, .nfds = 1 };
	int fd = dup(STDERR_FILENO);

	set_up();
	m.fds[0] = fd;
	ck_assert_int_eq(lender_hear(&l, 0, &m, NULL, NULL, &answer),
	    LENDER_KILL);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

/* --- lend_open(), on this machine --- */

START_TEST(lend_open_opens_files_and_sockets)
{
	char dir[] = "/tmp/test_lender.XXXXXX", lines[512], path[64];
	struct borrow_want w = { .kind = BORROW_LOG, .path = path };
	struct conf *c;
	struct stat st;
	int fd[BORROW_FDS_MAX], type;
	socklen_t len = sizeof(type);

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(lines, sizeof(lines), "DataDirectory %s\nSocksPort auto\n"
	    "DNSPort 127.0.0.1:auto\nStatusSocket %s/status\n"
	    "Log notice file %s/log\n", dir, dir, dir);
	c = testconf(lines);
	snprintf(path, sizeof(path), "%s/log", dir);
	ck_assert_int_eq(lend_open(c, (size_t)lend_find(c, &w), fd), 0);
	ck_assert_int_eq(write(fd[0], "x", 1), 1);
	ck_assert(fcntl(fd[0], F_GETFL) & O_APPEND);
	close(fd[0]);
	unlink(path);

	snprintf(path, sizeof(path), "%s/status", dir);
	w.kind = BORROW_UNIX;
	ck_assert_int_eq(lend_open(c, (size_t)lend_find(c, &w), fd), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	close(fd[0]);
	unlink(path);

	ck_assert_int_eq(lend_open(c, (size_t)row_of(c, BORROW_NONE, NULL, 0),
	    fd), -EPERM);
	w.kind = BORROW_DNS;
	w.addr = &c->dns_ports[0].addr;
	ck_assert_int_eq(lend_open(c, (size_t)lend_find(c, &w), fd), 0);
	getsockopt(fd[0], SOL_SOCKET, SO_TYPE, &type, &len);
	ck_assert_int_eq(type, SOCK_DGRAM);
	getsockopt(fd[1], SOL_SOCKET, SO_TYPE, &type, &len);
	ck_assert_int_eq(type, SOCK_STREAM);
	close(fd[0]);
	close(fd[1]);
	conf_free(c);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(lend_find_is_what_the_configuration_names),
	UNIT(lend_find_is_nothing_else),
	UNIT(lend_find_is_the_same_of_a_packed_one),
	UNIT(lender_hear_lends_what_is_there),
	UNIT(lender_hear_refuses_what_is_not_there),
	UNIT(lender_hear_new_row_is_of_the_new_configuration),
	UNIT(lender_hear_unix_socket_is_lent_once_in_a_round),
	UNIT(lender_hear_there_is_an_end_to_questions),
	UNIT(lender_hear_it_is_up_once),
	UNIT(lender_hear_what_is_not_the_engines_to_say_is_its_end),
	UNIT(lender_hear_gifts_are_closed_and_its_end),
	UNIT(lend_open_opens_files_and_sockets),
};
UNIT_MAIN("lender", tests)
