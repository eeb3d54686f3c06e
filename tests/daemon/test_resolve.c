/* tests/daemon/test_resolve.c - `resolve`: whom it asks, and what it is told */
#include "daemon/resolve.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "tests/daemon/testconf.h"
#include "tests/unit.h"

#define BYTES(s)	s, sizeof(s) - 1

static const struct {
	const char	*conf, *want;	/* NULL: none */
} finds[] = {
	{ "SocksPort 9050\n", "127.0.0.1:9050" },
	{ "SocksPort 0.0.0.0:9051\n", "127.0.0.1:9051" },
	{ "SocksPort [::]:9051\n", "[::1]:9051" },
	{ "SocksPort 192.168.1.1:9052\n", "192.168.1.1:9052" },
	{ "SocksPort unix:/run/s\n", "/run/s" },
	{ "SocksPort auto\nSocksPort 9053 NoDNSRequest\nSocksPort 9054\n",
	    "127.0.0.1:9054" },
	{ "SocksPort auto\n", NULL },
	{ "SocksPort 0\n", NULL },
	{ "DNSPort 53\n", NULL },
};

START_TEST(resolve_find_takes_the_first_that_can_be_asked)
{
	struct conf *c = testconf(finds[_i].conf);
	struct resolve_place at;
	char text[ADDR_TEXT];
	int rc = resolve_find(&at, c);

	if (finds[_i].want == NULL)
		ck_assert_int_eq(rc, -ENOENT);
	else {
		ck_assert_int_eq(rc, 0);
		ck_assert_str_eq(at.path ? at.path :
		    addr_raw(&at.addr, text), finds[_i].want);
	}
	conf_free(c);
}
END_TEST

START_TEST(resolve_port_is_a_port_or_an_address_and_a_port)
{
	struct resolve_place at;
	char text[ADDR_TEXT];

	ck_assert_int_eq(resolve_port(&at, "9050"), 0);
	ck_assert_str_eq(addr_raw(&at.addr, text), "127.0.0.1:9050");
	ck_assert_int_eq(resolve_port(&at, "[::1]:9050"), 0);
	ck_assert_str_eq(addr_raw(&at.addr, text), "[::1]:9050");
	ck_assert_int_eq(resolve_port(&at, "0"), -EINVAL);
	ck_assert_int_eq(resolve_port(&at, "65536"), -EINVAL);
	ck_assert_int_eq(resolve_port(&at, "1.2.3.4"), -EINVAL);
	ck_assert_int_eq(resolve_port(&at, "host:9050"), -EINVAL);
	ck_assert_int_eq(resolve_port(&at, ""), -EINVAL);
}
END_TEST

static const struct {
	const char	*name;
	int		 reverse;
	const char	*request;
	size_t		 request_len;
	const char	*answer;
	size_t		 answer_len;
	int		 rc;
	const char	*want;
} talks[] = {
	{ "a.b", 0, BYTES("\5\1\0\5\xf0\0\3\3a.b\0\0"),
	    BYTES("\5\0\5\0\0\1\1\2\3\4\0\0"), 0, "1.2.3.4" },
	{ "a.b", 0, BYTES("\5\1\0\5\xf0\0\3\3a.b\0\0"), BYTES("\5\0\5\0\0\4"
	    "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\0"), 0, "2001:db8::1" },
	{ "1.2.3.4", 1, BYTES("\5\1\0\5\xf1\0\1\1\2\3\4\0\0"),
	    BYTES("\5\0\5\0\0\3\3x.y\0\0"), 0, "x.y" },
	{ "::1", 1, BYTES("\5\1\0\5\xf1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\0\0"), BYTES("\5\0\5\4\0\1\0\0\0\0\0\0"), 4, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\5\xf6\0\1\0\0\0\0\0\0"), 0xf6, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\2"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\4\0"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES(""), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\5\0\0\2"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\4\0\0\1\1\2\3\4\0\0"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\5\0\0\1\1\2"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\5\0\0\3\0\0\0"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\5\0\0\3\3a\nb\0\0"), -EPROTO, NULL },
	{ "a", 0, NULL, 0, BYTES("\5\0\5\0\0\3\3a\0b\0\0"), -EPROTO, NULL },
	{ "a", 1, NULL, 0, BYTES(""), -EINVAL, NULL },
	{ "", 0, NULL, 0, BYTES(""), -EINVAL, NULL },
};

START_TEST(resolve_ask_says_and_hears_what_socks_has)
{
	char name[256], got[512], text[ADDR_TEXT];
	struct addr a;
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ck_assert_int_eq(write(fd[1], talks[_i].answer, talks[_i].answer_len),
	    talks[_i].answer_len);
	shutdown(fd[1], SHUT_WR);
	ck_assert_int_eq(resolve_ask(fd[0], talks[_i].name, talks[_i].reverse,
	    &a, name), talks[_i].rc);
	if (talks[_i].request) {
		ck_assert_int_eq(read(fd[1], got, sizeof(got)),
		    talks[_i].request_len);
		ck_assert_mem_eq(got, talks[_i].request,
		    talks[_i].request_len);
	}
	if (talks[_i].want)
		ck_assert_str_eq(a.family ? addr_ip_raw(&a, text) : name,
		    talks[_i].want);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(resolve_find_takes_the_first_that_can_be_asked,
	    NELEM(finds)),
	UNIT(resolve_port_is_a_port_or_an_address_and_a_port),
	UNIT_LOOP(resolve_ask_says_and_hears_what_socks_has, NELEM(talks)),
};

UNIT_MAIN("resolve", tests)
