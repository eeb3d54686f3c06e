/* tests/onion/link/test_tcpdial.c - what a relay's socket is set to */
#include <errno.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "onion/link/tcpdial.h"
#include "tests/unit.h"

static const struct tcpdial_conf plain;

static int
listen_at(struct addr *a)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	addr_v4(a, INADDR_LOOPBACK, ntohs(sin.sin_port));
	return fd;
}

static int
opt(int fd, int level, int name)
{
	int val = -1;
	socklen_t len = sizeof(val);

	ck_assert_int_eq(getsockopt(fd, level, name, &val, &len), 0);
	return val;
}

/* A peer that is gone without a word is noticed in minutes, not in the hours
 * that a kernel leaves it by itself. */
START_TEST(tcpdial_socket_notices_a_peer_that_went_silently)
{
	static const struct addr any;
	struct addr to;
	int lfd = listen_at(&to), fd;

	ck_assert_int_eq(tcpdial(&fd, &to, &any, &plain), 0);
	ck_assert_int_ne(opt(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
#ifdef TCP_USER_TIMEOUT
	ck_assert_int_eq(opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 100000);
#endif
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
	ck_assert_int_eq(opt(fd, IPPROTO_TCP, TCP_KEEPIDLE) +
	    opt(fd, IPPROTO_TCP, TCP_KEEPINTVL) *
	    opt(fd, IPPROTO_TCP, TCP_KEEPCNT), 100);
#endif
	close(fd);
	close(lfd);
}
END_TEST

START_TEST(tcpdial_without_an_address_is_refused)
{
	static const struct addr none;
	int fd;

	ck_assert_int_eq(tcpdial(&fd, &none, &none, &plain), -EAFNOSUPPORT);
}
END_TEST

static int asked;		/* for a socket of this family */

static int
given(void *arg, int family)
{
	asked = family;
	if (arg)
		return -ENOBUFS;
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

START_TEST(tcpdial_with_a_source_of_sockets_takes_one_from_there)
{
	static const struct tcpdial_conf conf = { .socket = given };
	static const struct addr any;
	struct addr to;
	int lfd = listen_at(&to), fd;

	ck_assert_int_eq(tcpdial(&fd, &to, &any, &conf), 0);
	ck_assert_int_eq(asked, AF_INET);
	ck_assert_int_ne(opt(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	close(fd);
	close(lfd);
}
END_TEST

START_TEST(tcpdial_where_the_source_has_none_fails_with_its_reason)
{
	static const struct addr any;
	struct tcpdial_conf conf = { .socket = given, .arg = &asked };
	struct addr to;
	int fd;

	ck_assert_int_eq(addr_parse(&to, "[::1]:9", -1), 0);
	ck_assert_int_eq(tcpdial(&fd, &to, &any, &conf), -ENOBUFS);
	ck_assert_int_eq(asked, AF_INET6);
}
END_TEST

/* It takes rights to set a mark; without them no unmarked socket goes out. */
START_TEST(tcpdial_with_a_mark_sets_it_or_fails)
{
	static const struct tcpdial_conf conf = { .mark = 77 };
	static const struct addr any;
	struct addr to;
	int lfd = listen_at(&to), fd, rc = tcpdial(&fd, &to, &any, &conf);

	if (rc == 0) {
		ck_assert_int_eq(opt(fd, SOL_SOCKET, SO_MARK), 77);
		close(fd);
	} else
		ck_assert_int_eq(rc, -EPERM);
	close(lfd);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(tcpdial_socket_notices_a_peer_that_went_silently),
	UNIT(tcpdial_without_an_address_is_refused),
	UNIT(tcpdial_with_a_source_of_sockets_takes_one_from_there),
	UNIT(tcpdial_where_the_source_has_none_fails_with_its_reason),
	UNIT(tcpdial_with_a_mark_sets_it_or_fails),
};
UNIT_MAIN("tcpdial", tests)
