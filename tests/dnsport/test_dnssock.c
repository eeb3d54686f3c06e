/* tests/dnsport/test_dnssock.c - over real sockets on the loopback interface */
#include "dnsport/dnssock.h"

#include <check.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/dnsport/server.h"
#include "tests/unit.h"

static struct dnssock *ds;
static struct query query;
static uint8_t in[65536];

static void
open_at(const char *where)
{
	struct dnssock_conf conf = {
		.loop = &server.loop, .listener = &ds, .enter = server_enter,
		.leave = server_leave, .turn = &server
	};

	server_open();
	conf.base = server.base;
	conf.dnsport = server.dp;
	ck_assert_int_eq(addr_parse_ip(&conf.addr, where, -1), 0);
	ck_assert_int_eq(dnssock_new(&ds, &conf), 0);
	ck_assert_uint_ne(dnssock_addr(ds)->port, 0);
}

static void
close_all(void)
{
	dnssock_free(ds);
	loop_end_turn(&server.loop);
	server_close();
}

/* A socket of ours, connected to the server's port at @to, from @from. */
static int
dial(const char *to, int type, const char *from, uint16_t from_port)
{
	struct sockaddr_storage ss;
	struct addr a;
	socklen_t len;
	int fd;

	ck_assert_int_eq(addr_parse_ip(&a, to, -1), 0);
	a.port = dnssock_addr(ds)->port;
	fd = socket(a.family == 4 ? AF_INET : AF_INET6,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (from) {
		struct addr me;

		ck_assert_int_eq(addr_parse_ip(&me, from, -1), 0);
		me.port = from_port;
		len = addr_to_sock(&me, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) < 0) {
			close(fd);
			return -errno;
		}
	}
	len = addr_to_sock(&a, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -errno;
	}
	return fd;
}

static void
ask_udp(int fd, const char *name)
{
	size_t len;

	query_make(&query, name, Q_A);
	len = query_len(&query);
	ck_assert_int_eq(send(fd, query.buf, len, 0), len);
}

static void
ask_tcp(int fd, const char *name)
{
	static struct query q;
	uint8_t head[2];

	query_make(&q, name, Q_A);
	wire_set16(head, (uint16_t)query_len(&q));
	PUMP_UNTIL(send(fd, head, 2, MSG_NOSIGNAL) == 2);
	ck_assert_int_eq(send(fd, q.buf, query_len(&q), MSG_NOSIGNAL),
	    query_len(&q));
}

static ssize_t
hear(int fd)
{
	return recv(fd, in, sizeof(in), 0);
}

static void
expect_udp(int fd, unsigned rcode)
{
	ldns_pkt *pkt;
	ssize_t n = 0;

	PUMP_UNTIL((n = hear(fd)) > 0);
	pkt = query_read(in, (size_t)n);
	ck_assert_uint_eq(ldns_pkt_id(pkt), Q_ID);
	ck_assert_uint_eq(ldns_pkt_get_rcode(pkt), rcode);
	ldns_pkt_free(pkt);
}

START_TEST(dnssock_udp_question_is_answered)
{
	int fd;

	open_at("127.0.0.1");
	fd = dial("127.0.0.1", SOCK_DGRAM, NULL, 0);
	ask_udp(fd, "www.example.test");
	expect_udp(fd, 0);
	ck_assert_int_eq(server.from.ifindex, (int)if_nametoindex("lo"));
	ck_assert_int_eq(server.from.tcp, 0);
	ck_assert_ptr_eq(server.from.listener, &ds);
	ask_udp(fd, "none.example.test");
	expect_udp(fd, 3);
	close(fd);
	close_all();
}
END_TEST

/* The client's socket is connected: it hears only whom it asked. */
START_TEST(dnssock_udp_answer_comes_from_the_address_asked)
{
	static const char *const asked[] = { "127.0.0.1", "127.0.0.2",
		"127.9.8.7" };
	size_t i;
	int fd;

	open_at("0.0.0.0");
	for (i = 0; i < NELEM(asked); i++) {
		fd = dial(asked[i], SOCK_DGRAM, "127.0.0.1", 0);
		ask_udp(fd, "hold.example.test");
		PUMP_UNTIL(server.nheld == 1);
		server_release();
		expect_udp(fd, 0);
		close(fd);
	}
	close_all();
}
END_TEST

START_TEST(dnssock_ipv6_udp_and_tcp_answer)
{
	int udp, tcp;

	udp = socket(AF_INET6, SOCK_DGRAM, 0);
	if (udp < 0)
		return;			/* a machine without IPv6 */
	close(udp);
	open_at("::1");
	udp = dial("::1", SOCK_DGRAM, NULL, 0);
	tcp = dial("::1", SOCK_STREAM, NULL, 0);
	ck_assert(udp >= 0 && tcp >= 0);
	ask_udp(udp, "www.example.test");
	expect_udp(udp, 0);
	ck_assert_uint_eq(server.from.client.family, 6);
	ck_assert_int_eq(server.from.ifindex, (int)if_nametoindex("lo"));
	server.from.ifindex = 0;
	ask_tcp(tcp, "www.example.test");
	PUMP_UNTIL(hear(tcp) > 2);
	ck_assert_int_eq(server.from.ifindex, (int)if_nametoindex("lo"));
	close(udp);
	close(tcp);
	close_all();
}
END_TEST

static int
is_mine(const struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(a, &ss);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	ck_assert_int_ge(fd, 0);
	rc = bind(fd, (struct sockaddr *)&ss, len);
	close(fd);
	return rc == 0;
}

/* A network of this test's own where the loopback interface has @addr, too. */
static int
have_network(const char *const addr[], size_t n)
{
	struct { struct in6_addr ip; uint32_t bits; int ifindex; } six;
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct addr a;
	size_t i;
	int fd, rc, waits;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0 ||
	    (fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return 0;
	rc = ioctl(fd, SIOCSIFFLAGS, &lo);
	for (i = 0; i < n && rc == 0; i++) {
		ck_assert_int_eq(addr_parse_ip(&a, addr[i], -1), 0);
		memcpy(&six.ip, a.ip, sizeof(six.ip));
		six.bits = 128;
		six.ifindex = 1;
		rc = ioctl(fd, SIOCSIFADDR, &six);
		for (waits = 0; rc == 0 && !is_mine(&a) && waits < 5000;
		    waits++)
			usleep(1000);	/* the kernel's worker makes it so */
	}
	close(fd);
	return rc == 0;
}

/* As with IPv4; what would be chosen for an answer is its receiver's own. */
START_TEST(dnssock_ipv6_udp_answer_comes_from_the_address_asked)
{
	static const char *const asked[] = { "fd09::1", "fd09::2", "::1" };
	size_t i;
	int fd;

	if (!have_network(asked, 2))
		return;			/* not root, or without IPv6 */
	open_at("::");
	for (i = 0; i < NELEM(asked); i++) {
		fd = dial(asked[i], SOCK_DGRAM, "fd09::1", 0);
		ck_assert_int_ge(fd, 0);
		ask_udp(fd, "hold.example.test");
		PUMP_UNTIL(server.nheld == 1);
		server_release();
		expect_udp(fd, 0);
		close(fd);
	}
	close_all();
}
END_TEST

START_TEST(dnssock_udp_garbage_is_met_with_silence)
{
	static uint8_t big[5000];
	int fd;

	open_at("127.0.0.1");
	fd = dial("127.0.0.1", SOCK_DGRAM, NULL, 0);
	ck_assert_int_eq(send(fd, "", 0, 0), 0);
	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	ck_assert_int_eq(send(fd, big, sizeof(big), 0), sizeof(big));
	server_pump();
	ck_assert_int_lt(hear(fd), 0);
	ask_udp(fd, "www.example.test");
	expect_udp(fd, 0);
	close(fd);
	close_all();
}
END_TEST

/* Ports below 1024 can be had as root only; the rest of the table is always
 * tried. */
static const struct { uint16_t port; int answered; } ports[] = {
	{ 7, 0 }, { 19, 0 }, { 53, 1 }, { 161, 0 }, { 1023, 0 }, { 1024, 1 },
	{ 61999, 1 }
};

START_TEST(dnssock_udp_source_port_that_no_resolver_has_is_not_answered)
{
	int fd;

	open_at("127.0.0.1");
	fd = dial("127.0.0.1", SOCK_DGRAM, "127.0.0.3", ports[_i].port);
	if (fd < 0) {
		ck_assert(fd == -EACCES || fd == -EADDRINUSE);
		close_all();
		return;
	}
	ask_udp(fd, "www.example.test");
	if (ports[_i].answered)
		expect_udp(fd, 0);
	else {
		server_pump();
		ck_assert_int_lt(hear(fd), 0);
		ck_assert_uint_eq(server.asked, 0);
	}
	close(fd);
	close_all();
}
END_TEST

START_TEST(dnssock_thousand_udp_questions_are_all_answered)
{
	unsigned i, got = 0;
	int fd;

	open_at("127.0.0.1");
	fd = dial("127.0.0.1", SOCK_DGRAM, NULL, 0);
	for (i = 0; i < 1000; i++) {
		ask_udp(fd, "www.example.test");
		event_base_loop(server.base, EVLOOP_NONBLOCK);
		while (hear(fd) > 0)
			got++;
	}
	PUMP_UNTIL((got += hear(fd) > 0) == 1000);
	close(fd);
	close_all();
}
END_TEST

/* They come while it is busy with something else.  (As nobody, where the system
 * gives sockets little, as many as it has room for.) */
START_TEST(dnssock_questions_all_at_once_are_all_answered)
{
	unsigned i, got = 0, many = geteuid() == 0 ? 1000 : 100;
	int fd, room = 1 << 20;

	open_at("127.0.0.1");
	fd = dial("127.0.0.1", SOCK_DGRAM, NULL, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	for (i = 0; i < many; i++)
		ask_udp(fd, "www.example.test");
	for (i = 0; i < 100 * many && got < many; i++) {
		event_base_loop(server.base, EVLOOP_NONBLOCK);
		while (hear(fd) > 0)
			got++;
	}
	ck_assert_uint_eq(got, many);
	close(fd);
	close_all();
}
END_TEST

START_TEST(dnssock_close_with_questions_waiting_forgets_them)
{
	int udp, tcp;

	open_at("127.0.0.1");
	udp = dial("127.0.0.1", SOCK_DGRAM, NULL, 0);
	tcp = dial("127.0.0.1", SOCK_STREAM, NULL, 0);
	ask_udp(udp, "hold.test");
	ask_tcp(tcp, "hold.test");
	PUMP_UNTIL(server.nheld == 2);
	close_all();
	ck_assert_uint_eq(server.forgotten, 2);
	close(udp);
	close(tcp);
}
END_TEST

static int
is_closed(int fd)
{
	ssize_t n = hear(fd);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

START_TEST(dnssock_more_connections_than_a_client_may_have_are_turned_away)
{
	int fd[DNSSOCK_TCP_CLIENT_MAX], more, other, i;

	open_at("127.0.0.1");
	for (i = 0; i < DNSSOCK_TCP_CLIENT_MAX; i++) {
		fd[i] = dial("127.0.0.1", SOCK_STREAM, NULL, 0);
		ck_assert_int_ge(fd[i], 0);
		server_pump();
	}
	more = dial("127.0.0.1", SOCK_STREAM, NULL, 0);
	PUMP_UNTIL(is_closed(more));
	close(more);
	other = dial("127.0.0.1", SOCK_STREAM, "127.0.0.5", 0);
	ask_tcp(other, "www.example.test");
	PUMP_UNTIL(hear(other) > 2);
	close(fd[0]);				/* a place is free again */
	server_pump();
	fd[0] = dial("127.0.0.1", SOCK_STREAM, NULL, 0);
	ask_tcp(fd[0], "www.example.test");
	PUMP_UNTIL(hear(fd[0]) > 2);
	for (i = 0; i < DNSSOCK_TCP_CLIENT_MAX; i++)
		close(fd[i]);
	close(other);
	close_all();
}
END_TEST

START_TEST(dnssock_all_addresses_of_a_client_have_one_share)
{
	int fd[DNSSOCK_TCP_CLIENT_MAX + 1], i;
	char from[ADDR_TEXT];

	open_at("127.0.0.1");
	for (i = 0; i <= DNSSOCK_TCP_CLIENT_MAX; i++) {
		snprintf(from, sizeof(from), "127.9.1.%d", i + 1);
		fd[i] = dial("127.0.0.1", SOCK_STREAM, from, 0);
		ck_assert_int_ge(fd[i], 0);
		server_pump();
	}
	PUMP_UNTIL(is_closed(fd[i - 1]));
	for (i = 0; i <= DNSSOCK_TCP_CLIENT_MAX; i++) {
		ck_assert(i == DNSSOCK_TCP_CLIENT_MAX || !is_closed(fd[i]));
		close(fd[i]);
	}
	close_all();
}
END_TEST

/* Who waits for an answer stays; who only sits makes room. */
START_TEST(dnssock_over_the_limit_the_idlest_connection_goes)
{
	static int fd[DNSSOCK_TCP_MAX];
	char from[ADDR_TEXT];
	int more, i;

	open_at("127.0.0.1");
	for (i = 0; i < DNSSOCK_TCP_MAX; i++) {
		snprintf(from, sizeof(from), "127.0.1.%d", i % 250 + 1);
		fd[i] = dial("127.0.0.1", SOCK_STREAM, from, 0);
		ck_assert_int_ge(fd[i], 0);
		ask_tcp(fd[i], "hold.example.test");
		PUMP_UNTIL(server.nheld == (unsigned)i + 1);
	}
	more = dial("127.0.0.1", SOCK_STREAM, "127.0.2.1", 0);
	PUMP_UNTIL(is_closed(more));	/* nobody can be spared */
	close(more);
	server_release();
	PUMP_UNTIL(hear(fd[0]) > 2);
	more = dial("127.0.0.1", SOCK_STREAM, "127.0.2.1", 0);
	ask_tcp(more, "www.example.test");
	PUMP_UNTIL(hear(more) > 2);
	PUMP_UNTIL(is_closed(fd[0]));
	close(fd[0]);
	for (i = 1; i < DNSSOCK_TCP_MAX; i++) {
		ck_assert(!is_closed(fd[i]));
		close(fd[i]);
	}
	close(more);
	close_all();
}
END_TEST

/* Out of descriptors: it must neither spin nor give up. */
START_TEST(dnssock_without_descriptors_rests_and_goes_on)
{
	struct rlimit lim, tight;
	unsigned enters;
	int fd, spare, i;

	open_at("127.0.0.1");
	fd = dial("127.0.0.1", SOCK_STREAM, NULL, 0);
	spare = dup(fd);
	close(spare);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	tight = lim;
	tight.rlim_cur = (rlim_t)spare;		/* not one more */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
	PUMP_UNTIL(loop_next(&server.loop) != LOOP_NEVER);
	enters = server.enters;
	ck_assert_uint_gt(enters, 0);
	for (i = 0; i < 20; i++)
		event_base_loop(server.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(server.enters, enters);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	loop_advance(&server.loop, 1500);
	ask_tcp(fd, "www.example.test");
	PUMP_UNTIL(hear(fd) > 2);
	close(fd);
	close_all();
}
END_TEST

START_TEST(dnssock_new_where_somebody_listens_fails)
{
	struct dnssock_conf conf = {
		.loop = &server.loop, .enter = server_enter,
		.leave = server_leave, .turn = &server
	};
	struct dnssock *second = NULL;

	open_at("127.0.0.1");
	conf.base = server.base;
	conf.dnsport = server.dp;
	conf.addr = *dnssock_addr(ds);
	ck_assert_int_eq(dnssock_new(&second, &conf), -EADDRINUSE);
	memset(&conf.addr, 0, sizeof(conf.addr));
	ck_assert_int_lt(dnssock_new(&second, &conf), 0);
	ck_assert_ptr_null(second);
	close_all();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(dnssock_udp_question_is_answered),
	UNIT(dnssock_udp_answer_comes_from_the_address_asked),
	UNIT(dnssock_ipv6_udp_and_tcp_answer),
	UNIT(dnssock_ipv6_udp_answer_comes_from_the_address_asked),
	UNIT(dnssock_udp_garbage_is_met_with_silence),
	UNIT_LOOP(dnssock_udp_source_port_that_no_resolver_has_is_not_answered,
	    NELEM(ports)),
	UNIT(dnssock_thousand_udp_questions_are_all_answered),
	UNIT(dnssock_questions_all_at_once_are_all_answered),
	UNIT(dnssock_close_with_questions_waiting_forgets_them),
	UNIT(dnssock_more_connections_than_a_client_may_have_are_turned_away),
	UNIT(dnssock_all_addresses_of_a_client_have_one_share),
	UNIT(dnssock_over_the_limit_the_idlest_connection_goes),
	UNIT(dnssock_without_descriptors_rests_and_goes_on),
	UNIT(dnssock_new_where_somebody_listens_fails),
};

UNIT_MAIN("dnssock", tests)
