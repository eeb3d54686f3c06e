/* tests/daemon/test_listen.c - a TransPort on loopback
 *
 * Where a connection was going is ours to say here (natlook_find()), and ours
 * to see who was handed on (gateway_flow()).
 */
#include "daemon/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <net/if.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/log.h"
#include "daemon/evloop.h"
#include "daemon/sock.h"
#include "daemon/unixsock.h"
#include "tests/quiet.h"
#include "tests/unit.h"

enum { WAIT_MS = 120 * 1000, MANY = 100 };

static struct evloop ev;
static struct listener *l;
static const struct door door = { .proto = DOOR_TRANS };
static int find_rc, opts_rc, flows;
static struct addr client, dest;
static struct endpoint *ep;

int
natlook_listen_opts(int fd, enum natlook_kind kind, int family)
{
	(void)fd;
	(void)kind;
	(void)family;
	return opts_rc;
}

int
natlook_find(struct natlook *nl, int fd, const struct addr *from,
    const struct addr *local, struct addr *orig)
{
	(void)nl;
	(void)fd;
	(void)from;
	ck_assert(addr_equal(local, listen_addr(l)));
	addr_v4(orig, 0x01020304, 80);
	return find_rc;
}

static void on_gone(void *arg, int why) { (void)arg; (void)why; }
static const struct endpoint_user user = { .gone = on_gone };

void
gateway_flow(struct gateway *gw, const struct door *d, const struct addr *from,
    const struct addr *to, struct endpoint *take)
{
	(void)gw;
	ck_assert_int_eq(d->proto, door.proto);
	ck_assert_int_eq(d->session_group, door.session_group);
	ck_assert_int_eq(d->came.ifindex, (int)if_nametoindex("lo"));
	client = *from;
	dest = *to;
	flows++;
	ep = take;
	endpoint_hold(take, &user, NULL);
	endpoint_kill(take, 0);
}

static int
make(const char *addr)
{
	struct listen_conf lc = { .ev = &ev, .door = &door };

	log_capture(quiet, NULL);
	flows = find_rc = 0;
	ck_assert_int_eq(evloop_init(&ev), 0);
	ck_assert_int_eq(addr_parse_ip(&lc.addr, addr, -1), 0);
	return listen_new(&l, &lc, NATLOOK_NETFILTER);
}

static void
end(void)
{
	evloop_enter(&ev);
	listen_free(l);
	evloop_leave(&ev);
	evloop_fini(&ev);
}

static int
dial(void)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(listen_addr(l), &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static void
turn_until(int want)
{
	int i;

	for (i = 0; i < 1000 && flows < want; i++)
		event_base_loop(ev.base, EVLOOP_ONCE);
	ck_assert_int_eq(flows, want);
}

START_TEST(listen_connection_is_handed_on_with_where_it_was_going)
{
	struct addr own;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	ck_assert_int_eq(make("127.0.0.1"), 0);
	ck_assert_uint_ne(listen_addr(l)->port, 0);
	fd = dial();
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(addr_from_sock(&own, (struct sockaddr *)&ss), 0);
	turn_until(1);
	ck_assert(addr_equal(&client, &own));
	ck_assert_uint_eq(dest.port, 80);
	close(fd);
	end();
}
END_TEST

START_TEST(listen_more_than_a_batch_all_come)
{
	int fd[MANY], i;

	ck_assert_int_eq(make("127.0.0.1"), 0);
	for (i = 0; i < MANY; i++)
		fd[i] = dial();
	turn_until(MANY);
	for (i = 0; i < MANY; i++)
		close(fd[i]);
	end();
}
END_TEST

static struct came came;

static void
on_take(void *arg, const struct door *by, const struct addr *from,
    struct endpoint *take)
{
	ck_assert_ptr_eq(arg, &client);
	ck_assert_int_eq(by->proto, door.proto);
	came = by->came;
	client = *from;
	flows++;
	endpoint_hold(take, &user, NULL);
	endpoint_kill(take, 0);
}

static void
make_proxy(const char *addr, const char *path)
{
	struct listen_conf lc = { .ev = &ev, .door = &door, .take = on_take,
	    .arg = &client, .path = path, .mode = 0660 };

	log_capture(quiet, NULL);
	flows = 0;
	ck_assert_int_eq(evloop_init(&ev), 0);
	if (addr)
		ck_assert_int_eq(addr_parse_ip(&lc.addr, addr, -1), 0);
	ck_assert_int_eq(listen_new(&l, &lc, NATLOOK_NONE), 0);
}

START_TEST(listen_proxys_client_is_handed_on_and_not_looked_up)
{
	int fd;

	opts_rc = -EPERM;		/* nobody asks for them */
	make_proxy("127.0.0.1", NULL);
	fd = dial();
	turn_until(1);
	ck_assert_uint_eq(client.ip[0], 127);
	ck_assert_int_eq(came.ifindex, (int)if_nametoindex("lo"));
	ck_assert(addr_equal(&came.to, listen_addr(l)));
	ck_assert_int_eq(came.has_uid, 0);
	close(fd);
	end();
}
END_TEST

START_TEST(listen_unix_socket_has_its_mode_and_goes_with_its_listener)
{
	char path[] = "/tmp/ot-listen-XXXXXX", name[64];
	struct stat st;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/s", path);
	make_proxy(NULL, name);
	ck_assert_int_eq(stat(name, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0660);
	ck_assert_uint_eq(listen_addr(l)->family, 0);
	ck_assert_int_ge(fd = unixsock_dial(name, SOCK_STREAM, 10), 0);
	turn_until(1);
	ck_assert_uint_eq(client.family, 4);
	ck_assert_uint_eq(client.ip[0], 127);
	ck_assert_int_eq(came.ifindex, 0);
	ck_assert_int_eq(came.has_uid, 1);
	ck_assert_uint_eq(came.uid, geteuid());
	close(fd);
	end();
	ck_assert_int_lt(stat(name, &st), 0);
	rmdir(path);
}
END_TEST

static const int unknown[] = { -ELOOP, -ENOENT };

START_TEST(listen_connection_to_nowhere_is_reset)
{
	struct pollfd p = { .events = POLLIN };
	char c;

	ck_assert_int_eq(make("127.0.0.1"), 0);
	find_rc = unknown[_i];
	p.fd = dial();
	event_base_loop(ev.base, EVLOOP_ONCE);
	ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
	ck_assert_int_eq(read(p.fd, &c, 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_int_eq(flows, 0);
	close(p.fd);
	end();
}
END_TEST

START_TEST(listen_out_of_descriptors_rests_and_goes_on)
{
	struct rlimit lim, none;
	int fd;

	ck_assert_int_eq(make("127.0.0.1"), 0);
	fd = dial();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	none = lim;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	event_base_loop(ev.base, EVLOOP_ONCE);
	ck_assert_int_eq(flows, 0);
	/* nothing is ready now: it does not spin */
	ck_assert_int_eq(event_base_loop(ev.base, EVLOOP_NONBLOCK), 0);
	ck_assert_int_eq(event_base_get_num_events(ev.base,
	    EVENT_BASE_COUNT_ACTIVE), 0);
	ck_assert_int_ne(loop_next(&ev.loop), LOOP_NEVER);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	turn_until(1);
	close(fd);
	end();
}
END_TEST

START_TEST(listen_new_says_why_it_cannot)
{
	struct listen_conf lc = { .ev = &ev, .door = &door };
	struct listener *second;

	ck_assert_int_eq(make("127.0.0.1"), 0);
	lc.addr = *listen_addr(l);
	ck_assert_int_eq(listen_new(&second, &lc, NATLOOK_NETFILTER),
	    -EADDRINUSE);
	addr_v4(&lc.addr, 0xc000024d, 0);
	ck_assert_int_eq(listen_new(&second, &lc, NATLOOK_NETFILTER),
	    -EADDRNOTAVAIL);
	addr_v4(&lc.addr, 0x7f000001, 0);
	opts_rc = -EPERM;
	ck_assert_int_eq(listen_new(&second, &lc, NATLOOK_NETFILTER), -EPERM);
	opts_rc = 0;
	end();
}
END_TEST

START_TEST(listen_ipv6_does_not_take_ipv4)
{
	struct listen_conf lc = { .ev = &ev, .door = &door };
	struct listener *four;

	if (make("::") < 0)
		return;			/* no IPv6 here */
	addr_v4(&lc.addr, 0, listen_addr(l)->port);
	ck_assert_int_eq(listen_new(&four, &lc, NATLOOK_NETFILTER), 0);
	listen_free(four);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(listen_proxys_client_is_handed_on_and_not_looked_up),
	UNIT(listen_unix_socket_has_its_mode_and_goes_with_its_listener),
	UNIT(listen_connection_is_handed_on_with_where_it_was_going),
	UNIT(listen_more_than_a_batch_all_come),
	UNIT_LOOP(listen_connection_to_nowhere_is_reset, NELEM(unknown)),
	UNIT(listen_out_of_descriptors_rests_and_goes_on),
	UNIT(listen_new_says_why_it_cannot),
	UNIT(listen_ipv6_does_not_take_ipv4),
};

UNIT_MAIN("listen", tests)
