/* tests/onion/test_onion.c - the door: making, changing and ending it
 *
 * Over real sockets on loopback, to nobody who answers: what a network does is
 * tested below (tests/onion/circ) and above (tests/net).
 */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/bootstrap_int.h"
#include "onion/onion.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "onion/onion_int.h"
#include "onion/onionconf.h"
#include "onion/path/guard.h"
#include "tests/onion/dir/fakeauth.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/sim/simdir.h"

struct rig {
	struct loop		 loop;
	struct event_base	*base;
	struct onion		*o;
	struct onion_conf	 conf;
	struct onion_authority	 auth;
	int			 listener;
	unsigned		 progressed, gones, answers;
	int			 percent, why, err;
	struct onion_summary	 sum;	/* its texts are gone */
	char			 trouble[512];
	struct endpoint		*e;
	struct onion_lookup	*l;
	int			 cancel_inside;
};

static const uint8_t TOKEN[ONION_TOKEN] = { 1 };

static void
on_progress(void *arg, int percent, const char *tag, const char *summary)
{
	struct rig *r = arg;

	ck_assert(tag && summary);
	ck_assert(percent == 0 || percent >= r->percent);
	r->percent = percent;
	r->progressed++;
}

static void
on_ready(void *arg, int ready)
{
	(void)arg;
	ck_assert_int_eq(ready, 0);	/* nobody answers here */
}

static void
on_enter(void *arg)
{
	(void)arg;
}

static void
on_leave(void *arg)
{
	struct rig *r = arg;

	loop_end_turn(&r->loop);
}

static const struct onion_user users = {
	.progress = on_progress, .ready = on_ready, .enter = on_enter,
	.leave = on_leave
};

/* Takes connections, and says nothing. */
static void
listen_silently(struct rig *r)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(r->listener, 0);
	ck_assert_int_eq(bind(r->listener, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(r->listener, 8), 0);
	ck_assert_int_eq(getsockname(r->listener, (struct sockaddr *)&sin,
	    &len), 0);
	addr_v4(&r->auth.or4, INADDR_LOOPBACK, ntohs(sin.sin_port));
}

static void
rig_init(struct rig *r)
{
	struct onion_conf c = {
		.version = "1.2.3", .auths = &r->auth, .nauths = 1,
		.testing = 1, .geoip_exclude_unknown = -1,
		.distinct_subnets = 1, .paths_needed = -1, .use_guards = 1,
		.dirtiness_s = 600, .new_circuit_period_s = 30,
		.learn_timeout = 1, .request_timeout_s = 120, .predict = 1,
		.max_pending = 32, .extend_by_ed = -1, .use_v4 = 1,
		.prefer_v6_or = -1, .padding = -1
	};

	be_quiet();
	memset(r, 0, sizeof(*r));
	loop_init(&r->loop, 1000, 1795300000);
	r->base = event_base_new();
	listen_silently(r);
	strcpy(r->auth.nickname, "silent");
	memset(r->auth.rsa_id, 7, 20);
	memset(r->auth.v3ident, 8, 20);
	r->auth.weight = 1;
	r->conf = c;
	r->conf.auths = &r->auth;
	r->conf.data_dir = tmpdir_make();
}

static int
rig_make(struct rig *r, char *why)
{
	return onion_new(&r->o, &r->conf, &r->loop, r->base, &users, r, why,
	    256);
}

static void
rig_new(struct rig *r)
{
	char why[256];

	rig_init(r);
	ck_assert_msg(rig_make(r, why) == 0, "%s", why);
}

static void
rig_free(struct rig *r)
{
	onion_free(r->o);
	loop_end_turn(&r->loop);
	ck_assert_ptr_null(r->loop.items);
	ck_assert_ptr_null(r->loop.timers);
	event_base_free(r->base);
	close(r->listener);
	tmpdir_remove();
}

static int
reconf(struct rig *r, char why[256])
{
	struct onion_change *ch;
	int rc = onion_prepare(&ch, &r->conf, why, 256);

	if (rc == 0)
		onion_commit(r->o, ch);
	return rc;
}

static void
rig_run(struct rig *r, int64_t ms)
{
	int64_t step = ms < 50 ? 1 : ms / 50;
	int64_t until = r->loop.now + ms;

	do {
		event_base_loop(r->base, EVLOOP_NONBLOCK);
		loop_advance(&r->loop, step);
	} while (r->loop.now < until);
}

static void
on_summary(void *arg, const struct onion_summary *s)
{
	struct rig *r = arg;

	r->sum = *s;
	snprintf(r->trouble, sizeof(r->trouble), "%s", s->trouble);
}

static void
look(struct rig *r)
{
	static const struct onion_show show = { .summary = on_summary };

	onion_show(r->o, &show, r);
}

static void
on_gone(void *arg, int why)
{
	struct rig *r = arg;

	r->gones++;
	r->why = why;
	r->e = NULL;
}

static const struct endpoint_user stream_users = { .gone = on_gone };

static void
on_answer(void *arg, int err, const struct onion_answer *a, size_t n)
{
	struct rig *r = arg;

	(void)a;
	(void)n;
	r->answers++;
	r->err = err;
	if (r->cancel_inside)
		onion_lookup_cancel(r->l);
	r->l = NULL;
}

static void
ask(struct rig *r)
{
	struct onion_target t = { .host = "www.example.test", .port = 80 };
	struct onion_question q = { .name = "192.0.2.1" };

	ck_assert_int_eq(onion_connect(r->o, TOKEN, &t, &r->e), 0);
	endpoint_hold(r->e, &stream_users, r);
	ck_assert_int_eq(onion_resolve(r->o, TOKEN, &q, on_answer, r,
	    &r->l), 0);
}

/* --- a network on disk, whose relays take connections and say nothing --- */

#define DAY INT64_C(1795392000)		/* 2026-11-23 00:00:00 */

static char *
make_consensus(struct simdir *sd, int64_t valid_after, const char *lines,
    size_t *len)
{
	struct fakeauth_conf c = {
		.valid_after = valid_after, .signers = 1, .lines = lines
	};

	return fakeauth_consensus(sd, &c, len);
}

static void
put_network(struct rig *r, struct simdir *sd, const char *lines)
{
	size_t i, len;
	char *text;

	loop_init(&r->loop, 1000, DAY + 1800);
	memcpy(r->auth.v3ident, fakeauth_id(0), 20);
	r->conf.distinct_subnets = 0;
	simdir_init_plain(sd, 12, 7, DAY);
	for (i = 0; i < sd->n; i++)
		sd->relay[i].or4 = r->auth.or4;
	text = fakeauth_cert(0, 0, DAY - 86400, DAY + 8640000, &len);
	tmpdir_put("cached-certs", text, len);
	free(text);
	text = make_consensus(sd, DAY, lines, &len);
	tmpdir_put("cached-microdesc-consensus", text, len);
	free(text);
	text = simdir_microdescs(sd, &len);
	tmpdir_put("cached-microdescs", text, len);
	free(text);
}

static void
check_gone(struct rig *r)
{
	look(r);
	ck_assert_str_eq(r->sum.state, "obsolete");
	ck_assert_uint_eq(r->sum.channels, 0);
	ck_assert_uint_eq(r->sum.circuits, 0);
	ck_assert_int_eq(r->sum.percent, 0);
}

#define TOO_NEW "required-client-protocols Link=63\n"

/* The network comes to require what we don't speak while circuits are made. */
START_TEST(onion_obsolete_while_running_leaves_the_network)
{
	struct simdir sd;
	struct rig r;
	size_t len;
	char *text;

	rig_init(&r);
	put_network(&r, &sd, NULL);
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 2000);
	look(&r);
	ck_assert_str_eq(r.sum.state, "ready");
	ck_assert_uint_ge(r.sum.channels, 1);
	ck_assert_uint_ge(r.sum.circuits, 1);
	ck_assert_int_ge(r.sum.percent, 75);
	text = make_consensus(&sd, DAY + 1500, TOO_NEW, &len);
	ck_assert_int_eq(bootdocs_offer(r.o->boot, text, len, 0), 0);
	loop_end_turn(&r.loop);
	check_gone(&r);
	ask(&r);
	rig_run(&r, 60000);
	check_gone(&r);
	ck_assert_uint_eq(r.gones + r.answers, 0);	/* they wait */
	simdir_fini(&sd);
	rig_free(&r);
}
END_TEST

START_TEST(onion_obsolete_on_disk_dials_nobody)
{
	struct simdir sd;
	struct rig r;

	rig_init(&r);
	put_network(&r, &sd, TOO_NEW);
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	ask(&r);
	rig_run(&r, 20000);
	check_gone(&r);
	ck_assert_int_eq(r.percent, 0);
	simdir_fini(&sd);
	rig_free(&r);
}
END_TEST

/* A consensus long out of its time: it is told that nothing works. */
START_TEST(onion_view_lost_is_told)
{
	struct simdir sd;
	struct rig r;

	rig_init(&r);
	put_network(&r, &sd, NULL);
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 2000);
	ck_assert_int_ge(r.percent, 75);
	loop_set(&r.loop, r.loop.now + 1, DAY + 2 * 86400);
	rig_run(&r, 61000);
	look(&r);
	ck_assert_str_eq(r.sum.state, "no consensus");
	ck_assert_int_lt(r.percent, 75);
	ck_assert_int_lt(r.sum.percent, 75);
	simdir_fini(&sd);
	rig_free(&r);
}
END_TEST

static const struct {
	const char	*name;
	const char	*exclude, *dir;
	const char	*why;
} bad_cases[] = {
	{ "node set", "10.0.0.0/99", NULL, "ExcludeNodes" },
	{ "directory", NULL, "/nonexistent/dir/ectory",
	    "directory" },
};

START_TEST(onion_new_bad_configuration_says_why_and_leaves_nothing)
{
	struct rig r;
	char why[256];

	rig_init(&r);
	r.conf.exclude_nodes = bad_cases[_i].exclude;
	if (bad_cases[_i].dir)
		r.conf.data_dir = bad_cases[_i].dir;
	ck_assert_int_lt(rig_make(&r, why), 0);
	ck_assert_msg(strstr(why, bad_cases[_i].why) != NULL, "%s: %s",
	    bad_cases[_i].name, why);
	ck_assert_ptr_null(r.o);
	rig_free(&r);
}
END_TEST

/* With a directory request under way, and streams and lookups that wait. */
START_TEST(onion_free_at_any_moment_ends_all)
{
	struct rig r;

	rig_new(&r);
	if (_i > 0)
		ck_assert_int_eq(onion_start(r.o), 0);
	if (_i > 1)
		ask(&r);
	if (_i > 2)
		rig_run(&r, _i * 100);
	onion_free(r.o);
	r.o = NULL;
	ck_assert_uint_eq(r.gones, _i > 1);
	ck_assert_uint_eq(r.answers, _i > 1);
	if (_i > 1)
		ck_assert_int_eq(r.why, -ECANCELED);
	rig_free(&r);
}
END_TEST

START_TEST(onion_start_disabled_dials_nobody)
{
	struct rig r;

	rig_init(&r);
	r.conf.disable_network = 1;
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	ask(&r);
	rig_run(&r, 20000);
	look(&r);
	ck_assert_uint_eq(r.sum.channels, 0);
	ck_assert_int_eq(r.percent, 0);
	ck_assert_uint_eq(r.sum.waiting, 2);
	/* and does, once it may */
	r.conf.disable_network = 0;
	ck_assert_int_eq(reconf(&r, (char[256]){ 0 }), 0);
	rig_run(&r, 2000);
	look(&r);
	ck_assert_uint_ge(r.sum.channels, 1);
	ck_assert_int_ge(r.percent, 5);
	rig_free(&r);
}
END_TEST

static const struct {
	const char	*exclude;
	int		 strict, dials;
} excluded_auths[] = {
	{ "silent", 1, 0 },
	{ "$0707070707070707070707070707070707070707", 1, 0 },
	{ "127.0.0.0/8", 1, 0 },
	{ "127.0.0.0/8", 0, 1 },	/* there is nobody else */
	{ "10.0.0.0/8", 1, 1 },
};

START_TEST(onion_start_excluded_authority_is_not_asked_if_strict)
{
	struct rig r;

	rig_init(&r);
	r.conf.exclude_nodes = excluded_auths[_i].exclude;
	r.conf.strict_nodes = excluded_auths[_i].strict;
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 5000);
	look(&r);
	ck_assert_int_eq(r.sum.channels > 0, excluded_auths[_i].dials);
	rig_free(&r);
}
END_TEST

START_TEST(onion_commit_of_disabled_hangs_up)
{
	char why[256];
	struct rig r;
	int i;

	rig_new(&r);
	ck_assert_int_eq(onion_start(r.o), 0);
	for (i = 0; i < 3; i++) {
		rig_run(&r, 40000);
		look(&r);
		ck_assert_uint_ge(r.sum.channels, 1);
		r.conf.disable_network = 1;
		ck_assert_int_eq(reconf(&r, why), 0);
		rig_run(&r, 40000);
		look(&r);
		ck_assert_uint_eq(r.sum.channels, 0);
		ck_assert_uint_eq(r.sum.circuits, 0);
		r.conf.disable_network = 0;
		ck_assert_int_eq(reconf(&r, why), 0);
	}
	rig_free(&r);
}
END_TEST

START_TEST(onion_prepare_bad_node_set_changes_nothing)
{
	char why[256];
	struct rig r;

	rig_new(&r);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 1000);
	r.conf.exit_nodes = "$XYZ";
	r.conf.disable_network = 1;
	ck_assert_int_eq(reconf(&r, why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "ExitNodes"));
	rig_run(&r, 1000);
	look(&r);
	ck_assert_uint_ge(r.sum.channels, 1);	/* not disabled */
	r.conf.exit_nodes = "moria1";
	r.conf.disable_network = 0;
	ck_assert_int_eq(reconf(&r, why), 0);
	ck_assert_int_eq(reconf(&r, why), 0);
	rig_free(&r);
}
END_TEST

START_TEST(onion_prepare_without_commit_changes_nothing)
{
	struct onion_change *ch;
	char why[256];
	struct rig r;

	rig_new(&r);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 1000);
	r.conf.disable_network = 1;
	ck_assert_int_eq(onion_prepare(&ch, &r.conf, why, 256), 0);
	onion_change_free(ch);
	rig_run(&r, 1000);
	look(&r);
	ck_assert_uint_ge(r.sum.channels, 1);
	rig_free(&r);
}
END_TEST

static int
nobody(void *arg, const struct addr *a)
{
	(void)a;
	++*(int *)arg;
	return 0;
}

/* What is dialled, by a configuration and after a change to it. */
static const struct {
	int	use_v4, may_reach, dials;
} reach_cases[] = { { 1, 1, 1 }, { 0, 1, 0 }, { 1, 0, 0 } };

START_TEST(onion_new_and_commit_dial_only_what_may_be_reached)
{
	struct rig r;
	int asked = 0;

	rig_init(&r);
	if (_i / 3 == 0)	/* else it is changed to that */
		r.conf.use_v4 = reach_cases[_i % 3].use_v4;
	if (_i / 3 == 0 && !reach_cases[_i % 3].may_reach) {
		r.conf.may_reach = nobody;
		r.conf.may_reach_arg = &asked;
	}
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	if (_i / 3) {
		r.conf.use_v4 = reach_cases[_i % 3].use_v4;
		if (!reach_cases[_i % 3].may_reach)
			r.conf.may_reach = nobody;
		r.conf.may_reach_arg = &asked;
		ck_assert_int_eq(reconf(&r, (char[256]){ 0 }), 0);
	}
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 20000);
	look(&r);
	ck_assert_int_eq(r.sum.channels > 0, reach_cases[_i % 3].dials);
	ck_assert_int_eq(asked > 0, !reach_cases[_i % 3].may_reach);
	rig_free(&r);
}
END_TEST

/* --- bridges --- */

static int
was_dialled(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Two who listen: the bridge (as rig_init() made it), and an authority, who is
 * all relays of the network as well. */
static int
listen_apart(struct rig *r, struct onion_bridge *b)
{
	int bridge = r->listener;

	memset(b->rsa_id, 9, sizeof(b->rsa_id));
	b->addr = r->auth.or4;
	r->conf.bridges = b;
	r->conf.nbridges = 1;
	listen_silently(r);
	return bridge;
}

START_TEST(onion_start_with_bridges_dials_nobody_else)
{
	struct onion_bridge b;
	struct simdir sd;
	struct rig r;
	int bridge;

	rig_init(&r);
	bridge = listen_apart(&r, &b);
	if (_i == 1)
		put_network(&r, &sd, NULL);
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	ask(&r);
	rig_run(&r, 300000);
	ck_assert_int_eq(was_dialled(bridge), 1);
	ck_assert_int_eq(was_dialled(r.listener), 0);
	look(&r);
	ck_assert_ptr_nonnull(strstr(r.trouble, "bridge $09090909: "));
	rig_free(&r);
	close(bridge);
	if (_i == 1)
		simdir_fini(&sd);
}
END_TEST

/* That the above would see it. */
START_TEST(onion_start_without_bridges_dials_the_others)
{
	struct onion_bridge b;
	struct rig r;
	int bridge;

	rig_init(&r);
	bridge = listen_apart(&r, &b);
	r.conf.nbridges = 0;
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 20000);
	ck_assert_int_eq(was_dialled(bridge), 0);
	ck_assert_int_eq(was_dialled(r.listener), 1);
	rig_free(&r);
	close(bridge);
}
END_TEST

START_TEST(onion_start_with_a_bridge_that_may_not_be_reached_dials_nobody)
{
	struct onion_bridge b;
	int bridge, asked = 0;
	struct rig r;

	rig_init(&r);
	bridge = listen_apart(&r, &b);
	r.conf.may_reach_arg = &asked;
	if (_i == 0)
		r.conf.may_reach = nobody;
	else
		r.conf.exclude_nodes = "$0909090909090909090909090909090909090"
		    "909";
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	ask(&r);
	rig_run(&r, 20000);
	ck_assert_int_eq(was_dialled(bridge), 0);
	ck_assert_int_eq(was_dialled(r.listener), 0);
	rig_free(&r);
	close(bridge);
}
END_TEST

START_TEST(onion_new_bridge_without_address_or_fingerprint_is_refused)
{
	struct onion_bridge b;
	struct rig r;
	int bridge;

	rig_init(&r);
	bridge = listen_apart(&r, &b);
	if (_i == 0)
		memset(b.rsa_id, 0, sizeof(b.rsa_id));
	else
		b.addr.port = 0;
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), -EINVAL);
	r.o = NULL;
	rig_free(&r);
	close(bridge);
}
END_TEST

START_TEST(onion_prepare_too_many_long_lived_ports_says_so)
{
	static uint16_t ports[1000];
	char why[256];
	struct rig r;

	rig_new(&r);
	r.conf.long_lived_ports = ports;
	r.conf.nlong_lived_ports = NELEM(ports);
	ck_assert_int_eq(reconf(&r, why), -E2BIG);
	ck_assert_ptr_nonnull(strstr(why, "LongLivedPorts"));
	rig_free(&r);
}
END_TEST

START_TEST(onion_lookup_cancel_waiting_is_the_end)
{
	struct rig r;

	rig_new(&r);
	ask(&r);
	rig_run(&r, 100);
	onion_lookup_cancel(r.l);
	endpoint_kill(r.e, 0);
	look(&r);
	ck_assert_uint_eq(r.sum.waiting + r.sum.streams + r.sum.lookups, 0);
	rig_run(&r, 200000);
	ck_assert_uint_eq(r.answers + r.gones, 0);
	rig_free(&r);
}
END_TEST

START_TEST(onion_lookup_cancel_inside_its_callback_is_harmless)
{
	struct rig r;

	rig_new(&r);
	r.cancel_inside = 1;
	ask(&r);
	rig_run(&r, 130000);
	ck_assert_uint_eq(r.answers, 1);
	ck_assert_int_eq(r.err, -EAGAIN);
	ck_assert_uint_eq(r.gones, 1);
	ck_assert_int_eq(r.why, -ETIMEDOUT);
	rig_free(&r);
}
END_TEST

static size_t
guards_down(struct rig *r)
{
	struct guard_info g[32];
	size_t i, n = guard_list(r->o->guards, g, NELEM(g)), down = 0;

	for (i = 0; i < n && i < NELEM(g); i++)
		down += g[i].reach == GUARD_NO;
	return down;
}

/* How many of the relays may not be dialled because they failed. */
static size_t
held_back(struct rig *r, const struct simdir *sd)
{
	struct hopinfo hop = { .or4 = r->auth.or4, .id.has_ed = 1 };
	size_t i, n = 0;

	for (i = 0; i < sd->n; i++) {
		memcpy(hop.id.rsa, sd->relay[i].rsa, 20);
		memcpy(hop.id.ed, sd->relay[i].ed, 32);
		n += chanset_retry_at(r->o->chans, &hop) > 0;
	}
	return n;
}

static void
want_something(struct rig *r, int name)
{
	struct onion_target t = { .host = "www.example.test", .port = 80 };
	struct onion_question q = { .name = "example.test" };
	struct onion_lookup *l;
	struct endpoint *e;

	if (name)
		ck_assert_int_eq(onion_resolve(r->o, TOKEN, &q,
		    on_answer, r, &l), 0);
	else {
		ck_assert_int_eq(onion_connect(r->o, TOKEN, &t, &e), 0);
		endpoint_hold(e, &stream_users, r);
	}
}

/* Nobody can be reached; a user comes: all get another chance at once, but not
 * again for the next who comes in that minute. */
START_TEST(onion_user_who_waits_hurries_all)
{
	struct simdir sd;
	struct rig r;
	int i;

	rig_init(&r);
	put_network(&r, &sd, NULL);
	r.conf.testing = 0;
	close(r.listener);
	r.listener = dup(0);
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	for (i = 0; i < 30; i++)
		rig_run(&r, 1000);
	guard_chan_failed(r.o->guards, sd.relay[0].rsa);
	ck_assert_uint_gt(guards_down(&r), 0);
	ck_assert_uint_gt(held_back(&r, &sd), 0);
	want_something(&r, _i);
	ck_assert_uint_eq(guards_down(&r), 0);
	ck_assert_uint_eq(held_back(&r, &sd), 0);
	for (i = 0; i < 30; i++)
		rig_run(&r, 1000);
	ck_assert_uint_gt(guards_down(&r), 0);
	want_something(&r, !_i);
	ck_assert_uint_gt(guards_down(&r), 0);
	simdir_fini(&sd);
	rig_free(&r);
}
END_TEST

/* The clock is looked at before the first stream after a sleep, or the first
 * name, finds a circuit: no timer of ours has run yet. */
START_TEST(onion_user_who_comes_after_a_sleep_has_it_noticed_first)
{
	struct simdir sd;
	struct rig r;

	rig_init(&r);
	put_network(&r, &sd, NULL);
	ck_assert_int_eq(rig_make(&r, (char[256]){ 0 }), 0);
	ck_assert_int_eq(onion_start(r.o), 0);
	rig_run(&r, 1000);
	loop_set(&r.loop, r.loop.now, r.loop.wall + 60);
	ck_assert_int_eq(r.o->boot->jumped, 0);
	want_something(&r, _i);
	ck_assert_int_eq(r.o->boot->jumped, 1);
	loop_end_turn(&r.loop);
	ck_assert_int_eq(r.o->boot->jumped, 0);
	simdir_fini(&sd);
	rig_free(&r);
}
END_TEST

static const char *const bad_hosts[] = { "", "a b.test", "a\nb" };

START_TEST(onion_connect_impossible_host_is_einval)
{
	struct onion_target t = { .host = bad_hosts[_i], .port = 80 };
	struct onion_question q = { .name = bad_hosts[_i] };
	struct onion_lookup *l;
	struct endpoint *e;
	struct rig r;

	rig_new(&r);
	ck_assert_int_eq(onion_connect(r.o, TOKEN, &t, &e), -EINVAL);
	ck_assert_int_eq(onion_resolve(r.o, TOKEN, &q, on_answer,
	    &r, &l), -EINVAL);
	rig_free(&r);
}
END_TEST

/* As of a client that was busy: guards, build times, of which some were never
 * to be known, and a line that is nobody's.  Without its last line, so that it
 * is written anew. */
static const char busy_state[] =
    "Guard in=default rsa_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
    "nickname=one sampled_on=2026-11-01T00:00:00 sampled_by=1.2.3 "
    "sampled_idx=0 listed=1\n"
    "TotalBuildTimes 150\n"
    "CircuitBuildTimeBin 425 100\n"
    "CircuitBuildTimeBin 905 43\n"
    "CircuitBuildAbandonedCount 7\n"
    "SomethingOfTor 1\n";

/* Lives once with the state file as it is, less its end: what is it then? */
static char *
state_after_a_life(struct rig *r, int64_t *timeout_ms)
{
	size_t len;
	char *text, *end;

	ck_assert_int_eq(rig_make(r, (char[256]){ 0 }), 0);
	look(r);
	*timeout_ms = r->sum.build_timeout_ms;
	onion_free(r->o);
	r->o = NULL;
	ck_assert_ptr_nonnull(text = tmpdir_get("state", &len));
	ck_assert_ptr_nonnull(end = strstr(text, "LastWritten"));
	*end = '\0';
	tmpdir_put("state", text, (size_t)(end - text));
	return text;
}

START_TEST(onion_new_brings_state_through_two_restarts_unchanged)
{
	static const char *const lines[] = { "TotalBuildTimes 150\n",
		"CircuitBuildTimeBin 425 100\n",
		"CircuitBuildAbandonedCount 7\n", "nickname=one",
		"SomethingOfTor 1\n" };
	int64_t first_ms, second_ms;
	char *first, *second;
	struct rig r;
	size_t i;

	rig_init(&r);
	tmpdir_put("state", busy_state, sizeof(busy_state) - 1);
	first = state_after_a_life(&r, &first_ms);
	for (i = 0; i < NELEM(lines); i++)
		ck_assert_msg(strstr(first, lines[i]) != NULL, "lost: %s",
		    lines[i]);
	second = state_after_a_life(&r, &second_ms);
	ck_assert_str_eq(first, second);
	ck_assert_int_lt(first_ms, 2000);	/* it was learned */
	ck_assert_int_eq(first_ms, second_ms);
	free(first);
	free(second);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(onion_new_brings_state_through_two_restarts_unchanged),
	UNIT_LOOP(onion_new_bad_configuration_says_why_and_leaves_nothing,
	    NELEM(bad_cases)),
	UNIT_LOOP(onion_free_at_any_moment_ends_all, 6),
	UNIT(onion_start_disabled_dials_nobody),
	UNIT(onion_commit_of_disabled_hangs_up),
	UNIT(onion_prepare_bad_node_set_changes_nothing),
	UNIT(onion_prepare_without_commit_changes_nothing),
	UNIT_LOOP(onion_new_and_commit_dial_only_what_may_be_reached,
	    2 * NELEM(reach_cases)),
	UNIT_LOOP(onion_start_with_bridges_dials_nobody_else, 2),
	UNIT(onion_start_without_bridges_dials_the_others),
	UNIT_LOOP(onion_start_with_a_bridge_that_may_not_be_reached_dials_nobody,
	    2),
	UNIT_LOOP(onion_new_bridge_without_address_or_fingerprint_is_refused,
	    2),
	UNIT(onion_prepare_too_many_long_lived_ports_says_so),
	UNIT_LOOP(onion_start_excluded_authority_is_not_asked_if_strict,
	    NELEM(excluded_auths)),
	UNIT(onion_lookup_cancel_waiting_is_the_end),
	UNIT(onion_lookup_cancel_inside_its_callback_is_harmless),
	UNIT_LOOP(onion_connect_impossible_host_is_einval, NELEM(bad_hosts)),
	UNIT(onion_obsolete_while_running_leaves_the_network),
	UNIT(onion_obsolete_on_disk_dials_nobody),
	UNIT(onion_view_lost_is_told),
	UNIT_LOOP(onion_user_who_waits_hurries_all, 2),
	UNIT_LOOP(onion_user_who_comes_after_a_sleep_has_it_noticed_first, 2)
};

int
main(void)
{
	crypt_init();
	fakeauth_init(1);
	return unit_run("onion", tests, NELEM(tests));
}
