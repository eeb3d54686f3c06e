/* tests/daemon/test_owner.c - whose a connection is, by a kernel made up; and by
 * the one we run on
 */
#include "daemon/owner.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/loop.h"
#include "tests/unit.h"

static struct loop loop;
static struct owner *owner;
static int finds, paths, find_rc, path_rc;

static int
find(void *arg, const struct addr *at, const struct addr *to,
    struct owner_is *out)
{
	(void)arg;
	finds++;
	out->has_uid = 1;
	out->uid = at->port;
	out->group = to->port;
	return find_rc;
}

static int
path(void *arg, uint64_t group, char out[OWNER_APP])
{
	(void)arg;
	paths++;
	snprintf(out, OWNER_APP, "/group%u", (unsigned)group);
	return path_rc;
}

static void
init(void)
{
	static const struct owner_source source = { .find = find,
	    .path = path };

	finds = paths = find_rc = path_rc = 0;
	loop_init(&loop, 1000, 1795300000);
	ck_assert_int_eq(owner_new(&owner, &loop, &source), 0);
}

static struct addr
at(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text, -1), 0);
	return a;
}

START_TEST(owner_find_asks_each_time)
{
	struct addr a = at("127.0.0.1:4000"), b = at("127.0.0.1:80");
	struct owner_is is;

	init();
	ck_assert_int_eq(owner_find(owner, &a, &b, &is), 0);
	ck_assert_uint_eq(is.uid, 4000);
	ck_assert_int_eq(owner_find(owner, &a, &b, &is), 0);
	ck_assert_int_eq(finds, 2);
	owner_free(owner);
}
END_TEST

START_TEST(owner_find_that_fails_says_nothing)
{
	struct addr a = at("127.0.0.1:4000"), b = at("127.0.0.1:80");
	struct owner_is is;

	init();
	find_rc = -ENOENT;
	ck_assert_int_eq(owner_find(owner, &a, &b, &is), -ENOENT);
	ck_assert_int_eq(is.has_uid, 0);
	ck_assert_uint_eq(is.uid + is.group, 0);
	ck_assert_ptr_null(owner_app(owner, &is));
	ck_assert_int_eq(paths, 0);
	owner_free(owner);
}
END_TEST

START_TEST(owner_find_of_half_a_connection_asks_nobody)
{
	struct addr a = at("127.0.0.1:1"), b = at(_i == 2 ? "[::1]:80" :
	    "127.0.0.1:80"), none = { .family = 0 };
	struct owner_is is;

	init();
	if (_i == 0)
		a.port = 0;
	if (_i == 1)
		b.port = 0;
	ck_assert_int_eq(owner_find(owner, &a, &b, &is), -ENOENT);
	ck_assert_int_eq(owner_find(owner, &none, &none, &is), -ENOENT);
	ck_assert_int_eq(finds, 0);
	owner_free(owner);
}
END_TEST

START_TEST(owner_app_is_looked_for_once)
{
	struct owner_is is = { .group = 7 };

	init();
	ck_assert_str_eq(owner_app(owner, &is), "/group7");
	loop_advance(&loop, 1000000);
	ck_assert_str_eq(owner_app(owner, &is), "/group7");
	ck_assert_int_eq(paths, 1);
	is.group = 8;
	ck_assert_str_eq(owner_app(owner, &is), "/group8");
	is.group = 7;
	ck_assert_str_eq(owner_app(owner, &is), "/group7");
	ck_assert_int_eq(paths, 2);
	owner_free(owner);
}
END_TEST

START_TEST(owner_app_that_is_not_found_is_looked_for_again_later)
{
	struct owner_is is = { .group = 7 };

	init();
	path_rc = -ENOENT;
	ck_assert_ptr_null(owner_app(owner, &is));
	path_rc = 0;
	ck_assert_ptr_null(owner_app(owner, &is));
	loop_advance(&loop, OWNER_AGAIN_MS - 1);
	ck_assert_ptr_null(owner_app(owner, &is));
	ck_assert_int_eq(paths, 1);
	loop_advance(&loop, 1);
	ck_assert_str_eq(owner_app(owner, &is), "/group7");
	owner_free(owner);
}
END_TEST

START_TEST(owner_app_of_many_is_not_looked_for_without_end)
{
	struct owner_is is;
	int i;

	init();
	for (i = 1; i <= OWNER_LOOKS_MAX + 5; i++) {
		is.group = (uint64_t)i;
		ck_assert_int_eq(owner_app(owner, &is) != NULL,
		    i <= OWNER_LOOKS_MAX);
	}
	ck_assert_int_eq(paths, OWNER_LOOKS_MAX);
	is.group = 3;				/* which is known */
	ck_assert_str_eq(owner_app(owner, &is), "/group3");
	loop_advance(&loop, OWNER_AGAIN_MS);
	is.group = OWNER_LOOKS_MAX + 1;
	ck_assert_ptr_nonnull(owner_app(owner, &is));
	owner_free(owner);
}
END_TEST

START_TEST(owner_app_of_many_forgets_the_longest_unused)
{
	struct owner_is is = { .group = 1 };
	uint64_t i;

	init();
	ck_assert_ptr_nonnull(owner_app(owner, &is));
	for (i = 2; i <= OWNER_PATHS_MAX + 1; i++) {
		if (i % OWNER_LOOKS_MAX == 0)
			loop_advance(&loop, OWNER_AGAIN_MS);
		is.group = 1;			/* is used */
		if (i > 3)
			owner_app(owner, &is);
		is.group = i;
		ck_assert_ptr_nonnull(owner_app(owner, &is));
	}
	ck_assert_int_eq(paths, OWNER_PATHS_MAX + 1);
	loop_advance(&loop, OWNER_AGAIN_MS);
	is.group = 1;
	ck_assert_str_eq(owner_app(owner, &is), "/group1");
	ck_assert_int_eq(paths, OWNER_PATHS_MAX + 1);
	is.group = 2;
	ck_assert_str_eq(owner_app(owner, &is), "/group2");
	ck_assert_int_eq(paths, OWNER_PATHS_MAX + 2);
	owner_free(owner);
}
END_TEST

/* --- this kernel --- */

struct pair {
	int		 listener, client, server;
	struct addr	 at, to;
};

static void
name_of(int fd, struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(addr_from_sock(a, (struct sockaddr *)&ss), 0);
}

/* 46: a client of IPv6 that is connected to IPv4. */
static void
join(struct pair *p, int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_storage ss;
	struct addr a;
	socklen_t len;

	ck_assert_int_eq(addr_parse_ip(&a, family == 6 ? "::1" : "127.0.0.1",
	    -1), 0);
	len = addr_to_sock(&a, &ss);
	p->listener = socket(ss.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(p->listener, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(listen(p->listener, 1), 0);
	name_of(p->listener, &p->to);
	len = addr_to_sock(&p->to, &ss);
	if (family == 46) {
		six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
		memcpy(six.sin6_addr.s6_addr + 12, p->to.ip, 4);
		six.sin6_port = htons(p->to.port);
		memcpy(&ss, &six, sizeof(six));
		len = sizeof(six);
	}
	p->client = socket(ss.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(p->client, (struct sockaddr *)&ss, len), 0);
	p->server = accept(p->listener, NULL, NULL);
	ck_assert_int_ge(p->server, 0);
	name_of(p->client, &p->at);
}

static void
part(struct pair *p)
{
	close(p->client);
	close(p->server);
	close(p->listener);
}

/* Ours is in /proc/self/cgroup, "0::/PATH". */
static int
own_group(char out[OWNER_APP])
{
	FILE *f = fopen("/proc/self/cgroup", "r");
	char line[OWNER_APP + 10];
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (strncmp(line, "0::", 3) == 0) {
			line[strcspn(line, "\n")] = '\0';
			strcpy(out, line + 3);
			found = 1;
		}
	if (f)
		fclose(f);
	return found;
}

static const int families[] = { 4, 6, 46 };

START_TEST(owner_kernel_knows_our_socket)
{
	struct owner_source s;
	char place[OWNER_PLACE];
	char path_is[OWNER_APP];
	struct owner_is is;
	const char *app;
	struct pair p;

	loop_init(&loop, 1000, 1795300000);
	ck_assert_int_eq(owner_kernel_open(&s, place), 0);
	ck_assert_int_eq(owner_new(&owner, &loop, &s), 0);
	join(&p, families[_i]);
	ck_assert_int_eq(owner_find(owner, &p.at, &p.to, &is), 0);
	ck_assert_int_eq(is.has_uid, 1);
	ck_assert_uint_eq(is.uid, geteuid());
	app = owner_app(owner, &is);
	if (app && own_group(path_is))
		ck_assert_str_eq(app, path_is);
	/* the other way round it is the server's */
	ck_assert_int_eq(owner_find(owner, &p.to, &p.at, &is), 0);
	part(&p);
	owner_free(owner);
	owner_kernel_close(&s);
	owner_kernel_close(&s);
}
END_TEST

/* None of these is to be taken for somebody, least of all for root. */
START_TEST(owner_kernel_does_not_know_what_is_nobodys)
{
	struct owner_source s;
	char place[OWNER_PLACE];
	struct owner_is is;
	struct addr other;
	struct pair p;

	loop_init(&loop, 1000, 1795300000);
	ck_assert_int_eq(owner_kernel_open(&s, place), 0);
	ck_assert_int_eq(owner_new(&owner, &loop, &s), 0);
	join(&p, families[_i]);
	other = p.at;
	other.port = (uint16_t)(p.at.port ^ 1);
	/* a listener, by its own address */
	ck_assert_int_lt(owner_find(owner, &p.to, &other, &is), 0);
	ck_assert_int_lt(owner_find(owner, &other, &p.to, &is), 0);
	ck_assert_int_eq(is.has_uid, 0);
	/* closed, and nobody's any more, but still there */
	close(p.client);
	ck_assert_int_lt(owner_find(owner, &p.at, &p.to, &is), 0);
	ck_assert_int_eq(is.has_uid, 0);
	close(p.server);			/* TIME_WAIT */
	ck_assert_int_lt(owner_find(owner, &p.at, &p.to, &is), 0);
	close(p.listener);
	owner_free(owner);
	owner_kernel_close(&s);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(owner_find_asks_each_time),
	UNIT(owner_find_that_fails_says_nothing),
	UNIT_LOOP(owner_find_of_half_a_connection_asks_nobody, 3),
	UNIT(owner_app_is_looked_for_once),
	UNIT(owner_app_that_is_not_found_is_looked_for_again_later),
	UNIT(owner_app_of_many_is_not_looked_for_without_end),
	UNIT(owner_app_of_many_forgets_the_longest_unused),
	UNIT_LOOP(owner_kernel_knows_our_socket, NELEM(families)),
	UNIT_LOOP(owner_kernel_does_not_know_what_is_nobodys,
	    NELEM(families)),
};

UNIT_MAIN("owner", tests)
