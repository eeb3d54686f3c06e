/* tests/natlook/test_natlook.c - the rows of natlook against a fake kernel */
#include "natlook/natlook.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "natlook/natlook_int.h"
#include "natlook/pfvar.h"
#include "tests/unit.h"

enum { FD = 77, DEV = 88 };

static struct {
	struct addr	name;		/* of the accepted socket */
	struct addr	orig;		/* what conntrack or pf knows */
	struct addr	client;		/* whom pf knows */
	struct addr	ours;		/* another address of the machine */
	int		fail;		/* errno of the lookup */
	int		fail_set;	/* errno of setsockopt */
	int		level;		/* last one asked */
	int		nset;
	int		set[4][2];	/* level, name */
	int		opened;
} k;

static int
fake_open(const char *path, int flags)
{
	(void)flags;
	if (k.fail) {
		errno = k.fail;
		return -1;
	}
	ck_assert_str_eq(path, "/dev/pf");
	k.opened++;
	return DEV;
}

static int
fake_close(int fd)
{
	ck_assert_int_eq(fd, DEV);
	k.opened--;
	return 0;
}

static int
give(const struct addr *a, void *out, socklen_t *len)
{
	struct sockaddr_storage ss;
	socklen_t n = addr_to_sock(a, &ss);

	ck_assert_uint_ge(*len, n);
	memcpy(out, &ss, n);
	*len = n;
	return 0;
}

static int
fake_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	ck_assert_int_eq(fd, FD);
	return give(&k.name, sa, len);
}

static int
fake_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	ck_assert_int_eq(fd, FD);
	ck_assert_int_eq(name, 80);
	k.level = level;
	if (k.fail) {
		errno = k.fail;
		return -1;
	}
	return give(&k.orig, val, len);
}

static int
fake_setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	ck_assert_int_eq(fd, FD);
	ck_assert_uint_eq(len, sizeof(int));
	ck_assert_int_eq(*(const int *)val, 1);
	if (k.fail_set) {
		errno = k.fail_set;
		return -1;
	}
	k.set[k.nset][0] = level;
	k.set[k.nset++][1] = name;
	return 0;
}

static int
same(const struct pf_addr *a, const struct addr *b)
{
	return memcmp(a, b->ip, addr_iplen(b)) == 0;
}

static int
fake_pf(int fd, unsigned long request, void *arg)
{
	struct pfioc_natlook *q = arg;

	ck_assert_int_eq(fd, DEV);
	ck_assert(request == DIOCNATLOOK);
	ck_assert_uint_eq(q->proto, IPPROTO_TCP);
	ck_assert_uint_eq(q->direction, PF_OUT);
	if (q->af != (k.client.family == 4 ? AF_INET : AF_INET6) ||
	    !same(&q->saddr, &k.client) || !same(&q->daddr, &k.name) ||
	    q->sport != htons(k.client.port) ||
	    q->dport != htons(k.name.port)) {
		errno = ENOENT;
		return -1;
	}
	memcpy(&q->rdaddr, k.orig.ip, addr_iplen(&k.orig));
	q->rdport = htons(k.orig.port);
	return 0;
}

static int
fake_is_ours(const struct addr *a)
{
	return addr_same_ip(a, &k.ours);
}

static const struct natlook_sys fake = {
	.open = fake_open, .close = fake_close, .ioctl = fake_pf,
	.getsockopt = fake_getsockopt, .setsockopt = fake_setsockopt,
	.getsockname = fake_getsockname, .is_ours = fake_is_ours,
};

static struct addr
at(const char *text)
{
	struct addr a = { 0 };

	if (text && addr_parse(&a, text, -1) < 0)
		ck_abort_msg("%s", text);
	return a;
}

/* An unspecified address with a port, as a listener on all has. */
static struct addr
any4(uint16_t port)
{
	struct addr a;

	addr_v4(&a, 0, port);
	return a;
}

static const struct {
	const char		*what;
	enum natlook_kind	 kind;
	const char		*client, *name, *orig, *local, *ours;
	int			 want;
} cases[] = {
	{ "REDIRECT", NATLOOK_NETFILTER, "10.0.0.2:5000", "10.0.0.1:9040",
	    "1.2.3.4:80", "0.0.0.0:9040", NULL, 0 },
	{ "REDIRECT of a port like ours elsewhere", NATLOOK_NETFILTER,
	    "10.0.0.2:5000", "10.0.0.1:9040", "1.2.3.4:9040",
	    "0.0.0.0:9040", NULL, 0 },
	{ "REDIRECT IPv6", NATLOOK_NETFILTER, "[fd00::2]:5000",
	    "[fd00::1]:9040", "[2001:db8::5]:443", "[::]:9040", NULL, 0 },
	{ "to our port itself", NATLOOK_NETFILTER, "10.0.0.2:5000",
	    "10.0.0.1:9040", "10.0.0.1:9040", "0.0.0.0:9040", NULL, -ELOOP },
	{ "to our port itself, IPv6", NATLOOK_NETFILTER, "[fd00::2]:5000",
	    "[fd00::1]:9040", "[fd00::1]:9040", "[::]:9040", NULL, -ELOOP },
	{ "to our other address, turned", NATLOOK_NETFILTER, "10.0.0.2:5000",
	    "10.0.0.1:9040", "172.16.0.1:9040", "0.0.0.0:9040",
	    "172.16.0.1:1", -ELOOP },
	{ "to where we listen, turned", NATLOOK_NETFILTER, "10.0.0.2:5000",
	    "10.0.0.1:9041", "10.0.0.9:9040", "10.0.0.9:9040", NULL, -ELOOP },
	{ "to another port of ours", NATLOOK_NETFILTER, "10.0.0.2:5000",
	    "10.0.0.1:9040", "10.0.0.1:22", "0.0.0.0:9040", NULL, 0 },
	{ "TPROXY", NATLOOK_TPROXY, "10.0.0.2:5000", "1.2.3.4:80", NULL,
	    "0.0.0.0:9040", NULL, 0 },
	{ "TPROXY IPv6", NATLOOK_TPROXY, "[fd00::2]:5000",
	    "[2001:db8::5]:443", NULL, "[::]:9040", NULL, 0 },
	{ "TPROXY to our port itself", NATLOOK_TPROXY, "10.0.0.2:5000",
	    "10.0.0.1:9040", NULL, "10.0.0.1:9040", NULL, -ELOOP },
	{ "TPROXY to our port itself, listening on all", NATLOOK_TPROXY,
	    "10.0.0.2:5000", "10.0.0.1:9040", NULL, "0.0.0.0:9040",
	    "10.0.0.1:1", -ELOOP },
	{ "TPROXY of a port like ours elsewhere", NATLOOK_TPROXY,
	    "10.0.0.2:5000", "1.2.3.4:9040", NULL, "0.0.0.0:9040",
	    "10.0.0.1:1", 0 },
	{ "pf", NATLOOK_PF, "10.0.0.2:5000", "127.0.0.1:9040", "1.2.3.4:80",
	    "127.0.0.1:9040", NULL, 0 },
	{ "pf IPv6", NATLOOK_PF, "[fd00::2]:5000", "[::1]:9040",
	    "[2001:db8::5]:443", "[::1]:9040", NULL, 0 },
	{ "pf to our port itself", NATLOOK_PF, "10.0.0.2:5000",
	    "10.0.0.1:9040", "10.0.0.1:9040", "0.0.0.0:9040", NULL, -ELOOP },
};

START_TEST(natlook_find_case_gives_its_result)
{
	struct addr client = at(cases[_i].client), orig, want;
	struct addr local = strncmp(cases[_i].local, "0.0.0.0", 7) == 0 ?
	    any4(9040) : at(cases[_i].local);
	struct natlook *n;
	int rc;

	memset(&k, 0, sizeof(k));
	k.client = client;
	k.name = at(cases[_i].name);
	k.orig = at(cases[_i].orig);
	k.ours = at(cases[_i].ours);
	ck_assert_int_eq(natlook_init_sys(&n, cases[_i].kind, &fake), 0);
	memset(&orig, 0, sizeof(orig));
	rc = natlook_find(n, FD, &client, &local, &orig);
	ck_assert_msg(rc == cases[_i].want, "%s: %d", cases[_i].what, rc);
	want = at(cases[_i].orig ? cases[_i].orig : cases[_i].name);
	if (rc == 0)
		ck_assert_msg(addr_equal(&orig, &want), "%s", cases[_i].what);
	else
		ck_assert_uint_eq(orig.family, 0);
	natlook_free(n);
	ck_assert_int_eq(k.opened, 0);
}
END_TEST

START_TEST(natlook_find_mapped_client_asks_at_the_ipv4_level)
{
	struct addr client = at(_i ? "[fd00::2]:5" : "10.0.0.2:5"), orig;
	struct addr local = at("[::]:9040");
	struct natlook *n;

	memset(&k, 0, sizeof(k));
	k.name = at(_i ? "[fd00::1]:9040" : "10.0.0.1:9040");
	k.orig = at(_i ? "[fd00::9]:1" : "1.2.3.4:1");
	ck_assert_int_eq(natlook_init_sys(&n, NATLOOK_NETFILTER, &fake), 0);
	ck_assert_int_eq(natlook_find(n, FD, &client, &local, &orig), 0);
	ck_assert_int_eq(k.level, _i ? IPPROTO_IPV6 : IPPROTO_IP);
	natlook_free(n);
}
END_TEST

START_TEST(natlook_find_unknown_connection_is_refused)
{
	static const enum natlook_kind kinds[] = { NATLOOK_NETFILTER,
		NATLOOK_PF };
	struct addr client = at("10.0.0.2:5"), local = any4(9040);
	struct addr orig = at("9.9.9.9:9"), before = orig;
	struct natlook *n;

	memset(&k, 0, sizeof(k));
	k.name = at("10.0.0.1:9040");
	k.client = at("10.0.0.3:5");
	ck_assert_int_eq(natlook_init_sys(&n, kinds[_i], &fake), 0);
	k.fail = ENOENT;
	ck_assert_int_eq(natlook_find(n, FD, &client, &local, &orig), -ENOENT);
	ck_assert(addr_equal(&orig, &before));
	natlook_free(n);
}
END_TEST

START_TEST(natlook_find_answer_without_port_is_refused)
{
	struct addr client = at("10.0.0.2:5"), local = any4(9040), orig;
	struct natlook *n;

	memset(&k, 0, sizeof(k));
	k.name = at("10.0.0.1:9040");
	k.orig = any4(0);
	ck_assert_int_eq(natlook_init_sys(&n, NATLOOK_NETFILTER, &fake), 0);
	ck_assert_int_eq(natlook_find(n, FD, &client, &local, &orig), -ENOENT);
	natlook_free(n);
}
END_TEST

START_TEST(natlook_listen_opts_tproxy_marks_the_socket)
{
	memset(&k, 0, sizeof(k));
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_TPROXY,
	    AF_INET), 0);
	ck_assert_int_eq(k.nset, 1);
	ck_assert_int_eq(k.set[0][0], IPPROTO_IP);
	ck_assert_int_eq(k.set[0][1], 19);
	k.nset = 0;
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_TPROXY,
	    AF_INET6), 0);
	ck_assert_int_eq(k.nset, 2);
	ck_assert_int_eq(k.set[0][0], IPPROTO_IPV6);
	ck_assert_int_eq(k.set[0][1], 75);
	k.fail_set = EPERM;
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_TPROXY,
	    AF_INET), -EPERM);
}
END_TEST

START_TEST(natlook_listen_opts_others_need_nothing)
{
	memset(&k, 0, sizeof(k));
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_NETFILTER,
	    AF_INET), 0);
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_PF,
	    AF_INET6), 0);
	ck_assert_int_eq(k.nset, 0);
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_NONE,
	    AF_INET), -EINVAL);
	ck_assert_int_eq(natlook_listen_opts_sys(&fake, FD, NATLOOK_TPROXY,
	    AF_UNIX), -EINVAL);
}
END_TEST

START_TEST(natlook_init_of_no_kind_is_refused)
{
	struct natlook *n;

	ck_assert_int_eq(natlook_init(&n, NATLOOK_NONE), -EINVAL);
	ck_assert_int_eq(natlook_init(&n, NATLOOK_NKINDS), -EINVAL);
	ck_assert_int_eq(natlook_init(&n, (enum natlook_kind)-1), -EINVAL);
	natlook_free(NULL);
	ck_assert_str_eq(natlook_name(NATLOOK_NONE), "none");
	ck_assert_str_eq(natlook_name(NATLOOK_TPROXY), "TPROXY");
}
END_TEST

START_TEST(natlook_init_pf_that_cannot_be_opened_fails)
{
	struct natlook *n;

	memset(&k, 0, sizeof(k));
	k.fail = EACCES;
	ck_assert_int_eq(natlook_init_sys(&n, NATLOOK_PF, &fake), -EACCES);
#ifdef __linux__
	ck_assert_int_eq(natlook_init(&n, NATLOOK_PF), -EOPNOTSUPP);
#endif
}
END_TEST

START_TEST(natlook_kernel_knows_its_own_addresses)
{
	struct addr a = at("127.0.0.1:9"), b = at("192.0.2.77:9");

	ck_assert_int_eq(natlook_kernel.is_ours(&a), 1);
	ck_assert_int_eq(natlook_kernel.is_ours(&b), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(natlook_find_case_gives_its_result, NELEM(cases)),
	UNIT_LOOP(natlook_find_mapped_client_asks_at_the_ipv4_level, 2),
	UNIT_LOOP(natlook_find_unknown_connection_is_refused, 2),
	UNIT(natlook_find_answer_without_port_is_refused),
	UNIT(natlook_listen_opts_tproxy_marks_the_socket),
	UNIT(natlook_listen_opts_others_need_nothing),
	UNIT(natlook_init_of_no_kind_is_refused),
	UNIT(natlook_init_pf_that_cannot_be_opened_fails),
	UNIT(natlook_kernel_knows_its_own_addresses),
};

UNIT_MAIN("natlook", tests)
