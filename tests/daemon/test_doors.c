/* tests/daemon/test_doors.c - which sockets open and close at a reload
 *
 * Listeners are made up: they count, and refuse where the test says so.
 */
#include "daemon/doors.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/listen.h"
#include "daemon/proxy.h"
#include "dnsport/dnssock.h"
#include "natlook/natlook.h"
#include "policy/isolate.h"
#include "tests/daemon/testconf.h"
#include "tests/quiet.h"
#include "tests/unit.h"

enum { MAX = 32 };

static struct made {			/* a listener of either kind */
	struct addr	 addr;
	const struct door *door;
	int		 open;
	char		 path[64];	/* a unix socket's */
	int		 mode;
	void		(*take)(void *arg, const struct door *,
			    const struct addr *, struct endpoint *);
	void		*arg;
} made[MAX];
static int nmade, nopen, refuse_port = -1, natlooks;
static struct evloop ev;		/* looked at by nobody */
static char why[512];

static int
make(struct made **out, const struct addr *a, const struct door *d)
{
	struct made *m = &made[nmade];

	if (a->port == refuse_port)
		return -EACCES;
	ck_assert_int_lt(nmade++, MAX);
	m->addr = *a;
	m->door = d;
	m->open = 1;
	nopen++;
	*out = m;
	return 0;
}

static void
unmake(struct made *m)
{
	if (m == NULL)
		return;
	ck_assert_int_eq(m->open, 1);
	m->open = 0;
	nopen--;
}

int
listen_new(struct listener **out, const struct listen_conf *lc,
    enum natlook_kind kind)
{
	struct made *m;
	int rc;

	ck_assert_int_eq(kind, lc->take ? NATLOOK_NONE : NATLOOK_NETFILTER);
	ck_assert((lc->natlook != NULL) == (lc->take == NULL));
	if ((rc = make(&m, &lc->addr, lc->door)) < 0)
		return rc;
	if (lc->path)
		snprintf(m->path, sizeof(m->path), "%s", lc->path);
	m->mode = lc->mode;
	m->take = lc->take;
	m->arg = lc->arg;
	*out = (struct listener *)(void *)m;
	return 0;
}

void listen_free(struct listener *l) { unmake((struct made *)(void *)l); }

const struct addr *
listen_addr(const struct listener *l)
{
	return &((const struct made *)(const void *)l)->addr;
}

int
dnssock_new(struct dnssock **out, const struct dnssock_conf *dc)
{
	return make((struct made **)(void *)out, &dc->addr, dc->listener);
}

void dnssock_free(struct dnssock *s) { unmake((struct made *)(void *)s); }

const struct addr *
dnssock_addr(const struct dnssock *s)
{
	return &((const struct made *)(const void *)s)->addr;
}

int
natlook_init(struct natlook **out, enum natlook_kind kind)
{
	static int some;

	(void)kind;
	natlooks++;
	*out = (struct natlook *)(void *)&some;
	return 0;
}

void natlook_free(struct natlook *n) { natlooks -= n != NULL; }
const char *natlook_name(enum natlook_kind k) { (void)k; return "made up"; }

static int sets, taken;
static struct door last_door;
static struct proxy_rules last_rules;

int
proxies_new(struct proxies **out, const struct proxies_conf *pc)
{
	static int some;

	ck_assert_ptr_eq(pc->loop, &ev.loop);
	sets++;
	*out = (struct proxies *)(void *)&some;
	return 0;
}

void proxies_close(struct proxies *set) { sets -= set != NULL; }

void
proxies_totals(const struct proxies *set, struct proxies_totals *t)
{
	(void)set;
	memset(t, 0, sizeof(*t));
	t->taken = (uint64_t)taken;
}

void
proxies_take(struct proxies *set, const struct door *d,
    const struct proxy_rules *r, const struct addr *client,
    struct endpoint *ep)
{
	(void)client;
	(void)ep;
	ck_assert_ptr_nonnull(set);
	last_door = *d;
	last_rules = *r;
	taken++;
}

struct dnsport *
gateway_dnsport(struct gateway *gw)
{
	(void)gw;
	return NULL;
}

/* The open listener at that port. */
static const struct made *
at(int port)
{
	const struct made *found = NULL;
	int i;

	for (i = 0; i < nmade; i++)
		if (made[i].open && made[i].addr.port == port) {
			ck_assert_ptr_null(found);
			found = &made[i];
		}
	return found;
}

static void
apply(struct doors **d, const char *text)
{
	struct conf *c = testconf(text);
	struct doors *new;

	log_capture(quiet, NULL);
	ck_assert_msg(doors_prepare(&new, *d, &ev, NULL, c, why,
	    sizeof(why)) == 0, "%s", why);
	doors_commit(new, *d, c);
	*d = new;
	conf_free(c);
}

static void
end(struct doors *d)
{
	doors_close(d);
	ck_assert_int_eq(nopen, 0);
	ck_assert_int_eq(natlooks, 0);
	ck_assert_int_eq(sets, 0);
}

START_TEST(doors_commit_has_the_rules_of_each_line)
{
	struct doors *d = NULL;
	const struct door *one, *two, *dns;

	apply(&d, "TransPort 1 IsolateDestPort NoIPv6Traffic\n"
	    "TransPort 2 SessionGroup=5\nDNSPort 3\n");
	ck_assert_int_eq(nopen, 3);
	one = at(1)->door;
	two = at(2)->door;
	dns = at(3)->door;
	ck_assert_int_eq(one->proto, DOOR_TRANS);
	ck_assert_int_eq(dns->proto, DOOR_DNS);
	ck_assert_uint_eq(one->isolate, ISOLATE_DEST_PORT |
	    ISOLATE_CLIENT_ADDR | ISOLATE_SOCKS_AUTH);
	ck_assert_uint_eq(one->no_ipv6, 1);
	ck_assert_uint_eq(one->no_ipv4, 0);
	ck_assert_int_eq(two->session_group, 5);
	ck_assert_int_lt(one->session_group, 0);
	ck_assert_int_lt(dns->session_group, 0);
	ck_assert_int_ne(one->session_group, dns->session_group);
	end(d);
}
END_TEST

START_TEST(doors_commit_keeps_what_both_have_and_changes_its_rules)
{
	struct doors *d = NULL;
	const struct made *kept;
	int group;

	apply(&d, "TransPort 1\nDNSPort 3\n");
	kept = at(1);
	group = kept->door->session_group;
	apply(&d, "TransPort 2\nTransPort 1 IsolateDestAddr\n");
	ck_assert_ptr_eq(at(1), kept);
	ck_assert_int_eq(nmade, 3);
	ck_assert_uint_ne(kept->door->isolate & ISOLATE_DEST_ADDR, 0);
	ck_assert_int_eq(kept->door->session_group, group);
	ck_assert_int_ne(at(2)->door->session_group, group);
	ck_assert_ptr_null(at(3));
	ck_assert_int_eq(nopen, 2);
	ck_assert_int_eq(natlooks, 1);
	end(d);
}
END_TEST

/* A number that was a door's is never another's, whose circuits it would
 * share. */
START_TEST(doors_commit_gives_no_group_twice)
{
	struct doors *d = NULL;
	int groups[4], i, j;

	for (i = 0; i < 4; i++) {
		apply(&d, i % 2 ? "TransPort 2\n" : "TransPort 1\n");
		groups[i] = at(i % 2 ? 2 : 1)->door->session_group;
		for (j = 0; j < i; j++)
			ck_assert_int_ne(groups[i], groups[j]);
	}
	end(d);
}
END_TEST

START_TEST(doors_prepare_that_fails_touches_nothing)
{
	struct doors *d = NULL, *new;
	const struct made *one, *dns;
	unsigned isolate;
	struct conf *c;

	apply(&d, "TransPort 1\nDNSPort 3\n");
	one = at(1);
	dns = at(3);
	isolate = one->door->isolate;
	refuse_port = 53;
	c = testconf("TransPort 1 IsolateDestAddr\nTransPort 2\nDNSPort 53\n");
	ck_assert_int_eq(doors_prepare(&new, d, &ev, NULL, c, why,
	    sizeof(why)), -EACCES);
	ck_assert_ptr_nonnull(strstr(why, "rc:3: DNSPort: cannot listen on "
	    "127.0.0.1:53: "));
	conf_free(c);
	ck_assert_ptr_eq(at(1), one);
	ck_assert_ptr_eq(at(3), dns);
	ck_assert_ptr_null(at(2));
	ck_assert_uint_eq(one->door->isolate, isolate);
	ck_assert_int_eq(nopen, 2);
	end(d);
}
END_TEST

START_TEST(doors_drop_leaves_the_old_ones_as_they_are)
{
	struct doors *d = NULL, *new;
	const struct made *one;
	unsigned isolate;
	struct conf *c;

	apply(&d, "DNSPort 3\nTransPort 1\n");
	one = at(1);
	isolate = one->door->isolate;
	c = testconf("TransPort 1 IsolateDestAddr\nTransPort 2\n");
	ck_assert_int_eq(doors_prepare(&new, d, &ev, NULL, c, why,
	    sizeof(why)), 0);
	ck_assert_int_eq(nopen, 3);	/* the old ones are not closed yet */
	doors_drop(new, d);
	conf_free(c);
	ck_assert_int_eq(nopen, 2);
	ck_assert_ptr_eq(at(1), one);
	ck_assert_uint_eq(one->door->isolate, isolate);
	ck_assert_int_eq(natlooks, 1);
	end(d);
}
END_TEST

START_TEST(doors_prepare_auto_twice_is_two)
{
	struct doors *d = NULL;

	apply(&d, "DNSPort auto\n");
	apply(&d, "DNSPort auto\nDNSPort auto\n");
	ck_assert_int_eq(nopen, 2);
	ck_assert_int_eq(nmade, 2);
	end(d);
}
END_TEST

/* A client comes to the open listener at that port. */
static void
visit(int port)
{
	const struct made *m = at(port);

	ck_assert_ptr_nonnull(m);
	m->take(m->arg, m->door, NULL, NULL);
}

START_TEST(doors_proxies_have_the_rules_of_their_lines)
{
	struct doors *d = NULL;

	apply(&d, "SocksPort 1 ExtendedErrors PreferIPv6 NoOnionTraffic\n"
	    "SocksPort 2 PreferSOCKSNoAuth NoDNSRequest\n"
	    "SocksPort 3 NoIsolateSOCKSAuth\nHTTPTunnelPort 4\n"
	    "SafeSocks 1\nSocksTimeout 7\nSocksPolicy accept 10.0.0.0/8,"
	    "reject *\n");
	ck_assert_int_eq(nopen, 4);
	ck_assert_int_eq(sets, 1);
	ck_assert_int_eq(natlooks, 0);
	visit(1);
	ck_assert_int_eq(last_door.proto, DOOR_SOCKS);
	ck_assert_uint_eq(last_door.prefer_ipv6, 1);
	ck_assert_uint_eq(last_rules.extended, 1);
	ck_assert_uint_eq(last_rules.no_onion, 1);
	ck_assert_uint_eq(last_rules.no_dns, 0);
	ck_assert_uint_eq(last_rules.prefer_no_auth, 0);
	ck_assert_uint_eq(last_rules.safe, 1);
	ck_assert_uint_eq(last_rules.test, 0);
	ck_assert_int_eq(last_rules.handshake_ms, 7000);
	ck_assert_uint_eq(last_rules.npolicy, 2);
	ck_assert_uint_eq(last_rules.ours[0].addr.family, 4);
	ck_assert_uint_eq(last_rules.ours[1].addr.family, 6);
	visit(2);
	ck_assert_uint_eq(last_rules.prefer_no_auth, 1);
	ck_assert_uint_eq(last_rules.no_dns, 1);
	visit(3);
	ck_assert_uint_eq(last_rules.prefer_no_auth, 1);
	visit(4);
	ck_assert_int_eq(last_door.proto, DOOR_HTTP);
	ck_assert_int_ne(last_door.session_group, at(1)->door->session_group);
	end(d);
}
END_TEST

START_TEST(doors_proxies_are_kept_under_new_rules_at_a_reload)
{
	struct doors *d = NULL;
	struct proxies_totals t;
	const struct made *kept;

	apply(&d, "DNSPort 9\n");
	ck_assert_int_eq(sets, 0);
	ck_assert_int_eq(doors_proxies(d, &t), 0);
	apply(&d, "DNSPort 9\nSocksPort 1\n");
	kept = at(1);
	apply(&d, "SocksPort 1 ExtendedErrors\nTestSocks 1\n");
	ck_assert_ptr_eq(at(1), kept);
	ck_assert_int_eq(sets, 1);
	visit(1);
	ck_assert_uint_eq(last_rules.extended, 1);
	ck_assert_uint_eq(last_rules.test, 1);
	/* the same port, but another kind of door */
	apply(&d, "HTTPTunnelPort 2\nDNSPort 9\n");
	ck_assert_int_eq(nopen, 2);
	ck_assert_int_eq(sets, 1);
	ck_assert_int_eq(doors_proxies(d, &t), 1);
	ck_assert_uint_eq(t.taken, 1);
	end(d);
}
END_TEST

static const struct {
	const char	*line;
	int		 mode;
} modes[] = {
	{ "SocksPort unix:/run/s\n", 0600 },
	{ "SocksPort unix:/run/s GroupWritable\n", 0660 },
	{ "SocksPort unix:/run/s WorldWritable\n", 0666 },
	{ "SocksPort unix:/run/s\nUnixSocksGroupWritable 1\n", 0660 },
};

START_TEST(doors_unix_socket_has_the_mode_of_its_line)
{
	struct doors *d = NULL;

	apply(&d, modes[_i].line);
	ck_assert_int_eq(nmade, 1);
	ck_assert_str_eq(made[0].path, "/run/s");
	ck_assert_int_eq(made[0].mode, modes[_i].mode);
	apply(&d, modes[_i].line);
	ck_assert_int_eq(nmade, 1);
	end(d);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(doors_commit_has_the_rules_of_each_line),
	UNIT(doors_commit_keeps_what_both_have_and_changes_its_rules),
	UNIT(doors_commit_gives_no_group_twice),
	UNIT(doors_prepare_that_fails_touches_nothing),
	UNIT(doors_drop_leaves_the_old_ones_as_they_are),
	UNIT(doors_prepare_auto_twice_is_two),
	UNIT(doors_proxies_have_the_rules_of_their_lines),
	UNIT(doors_proxies_are_kept_under_new_rules_at_a_reload),
	UNIT_LOOP(doors_unix_socket_has_the_mode_of_its_line, NELEM(modes)),
};

UNIT_MAIN("doors", tests)
