/* tests/onion/test_bridges.c - when bridges are asked, and what of it is believed
 *
 * Requests go nowhere: what dircirc.c does is done here, by hand.
 */
#include "onion/bridges.h"

#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/loop.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/dirclient.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dircirc.h"
#include "onion/onionconf.h"
#include "tests/onion/dir/dirtest.h"
#include "tests/quiet.h"

/* Of the vector, whose "published" that is. */
#define FINGERPRINT "09CC63DF75DFD3F8D3436563FE3E40A65512A8CB"
#define WRITTEN INT64_C(1795954423)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static struct loop loop;
static struct bridges *b;
static struct onion_conf conf;
static struct onion_bridge line[BRIDGES_MAX + 1];
static int nchanged, excluded;

/* --- who asks --- */

static const struct dircirc_user *dir_user;
static void *dir_arg;
static unsigned nfetched, ncancelled;
static uint32_t out;			/* the request that is out */

int
dircirc_new(struct dircircs **set, const struct dircirc_conf *c,
    const struct dircirc_user *user, void *arg)
{
	(void)c;
	dir_user = user;
	dir_arg = arg;
	*set = NULL;
	return 0;
}

void
dircirc_free(struct dircircs *set)
{
	(void)set;
}

int
dircirc_fetch(struct dircircs *set, const struct dir_fetch *f)
{
	struct hopinfo hop;

	(void)set;
	ck_assert_uint_eq(out, 0);	/* one at a time */
	ck_assert_int_eq(f->request.kind, DIR_KIND_BRIDGEDESC);
	ck_assert_str_eq(f->request.path, "/tor/server/authority.z");
	dirsource_hopinfo(f->source, &hop);
	ck_assert_mem_eq(hop.id.rsa, line[f->id - 1].rsa_id, 20);
	ck_assert(addr_equal(&hop.or4, &line[f->id - 1].addr));
	out = f->id;
	nfetched++;
	return 0;
}

void
dircirc_cancel(struct dircircs *set, uint32_t id)
{
	(void)set;
	ck_assert_uint_eq(id, out);
	out = 0;
	ncancelled++;
}

static int
answer(int err, int status, const char *body, size_t len)
{
	struct dir_result res = { .err = err, .status = status, .len = len,
		.body = (uint8_t *)(uintptr_t)body };
	uint32_t id = out;

	ck_assert_uint_ne(id, 0);
	out = 0;
	return dir_user->result(dir_arg, id, &res);
}

/* --- one bridge --- */

static void
on_changed(void *arg)
{
	(void)arg;
	nchanged++;
}

static int
is_excluded(void *arg, const struct relay *r)
{
	(void)arg;
	(void)r;
	return excluded;
}

static const struct bridges_user users = { on_changed, is_excluded };

static void
begin_as(const char *fingerprint)
{
	log_capture(quiet, NULL);
	loop_init(&loop, 1000, WRITTEN);
	nchanged = excluded = 0;
	nfetched = ncancelled = out = 0;
	ck_assert_int_eq(dec_hex(line[0].rsa_id, 20, fingerprint, 40), 20);
	addr_v4(&line[0].addr, 0xcb007107, 15002);
	conf = (struct onion_conf){ .bridges = line, .nbridges = 1,
		.use_v4 = 1, .use_v6 = 1 };
	ck_assert_int_eq(bridges_new(&b, &loop, &conf, &users, NULL), 0);
	ck_assert_int_eq(bridges_attach(b, NULL), 0);
}

static void
begin(void)
{
	begin_as(FINGERPRINT);
}

static void
end(void)
{
	bridges_free(b);
	ck_assert_ptr_null(loop.timers);
}

static int
usable(void)
{
	size_t n;
	const struct relay *r = bridges_relays(b, &n);

	ck_assert_uint_eq(n, 1);
	return relay_usable(r);
}

/* How long until it is asked again; -1: not within a day. */
static int64_t
asked_in(void)
{
	int64_t from = loop.now;
	unsigned before = nfetched;

	while (nfetched == before && loop.now - from < 24 * HOUR)
		loop_advance(&loop, loop_next(&loop) - loop.now);
	return nfetched == before ? -1 : loop.now - from;
}

START_TEST(bridges_start_descriptor_makes_it_usable_and_is_asked_again)
{
	struct text t = load("bridgedesc");

	begin();
	loop_advance(&loop, HOUR);
	ck_assert_uint_eq(nfetched, 0);		/* it has not begun */
	bridges_start(b);
	ck_assert_int_le(asked_in(), 1);
	ck_assert_int_eq(usable(), 0);
	ck_assert_int_eq(answer(0, 200, t.p, t.len), 0);
	ck_assert_int_eq(usable(), 1);
	ck_assert_int_eq(nchanged, 1);
	ck_assert_str_eq(bridges_trouble(b, 0), "");
	ck_assert_int_eq(asked_in(), 3 * HOUR);
	ck_assert_int_eq(answer(0, 200, t.p, t.len), 0);
	ck_assert_int_eq(nchanged, 1);		/* it says nothing new */
	ck_assert_int_eq(asked_in(), 3 * HOUR);
	/* one that is no good any more does not take the old one away */
	ck_assert_int_lt(answer(0, 404, NULL, 0), 0);
	ck_assert_int_eq(usable(), 1);
	ck_assert_int_lt(asked_in(), MINUTE);
	end();
	free(t.p);
}
END_TEST

START_TEST(bridges_start_failures_make_it_wait_longer_and_a_user_does_not)
{
	int64_t wait, longest = 0;
	int i;

	begin();
	bridges_start(b);
	(void)asked_in();
	for (i = 0; i < 60; i++) {
		answer(-EHOSTUNREACH, 0, NULL, 0);
		wait = asked_in();
		ck_assert_int_ge(wait, 2 * SECOND);
		ck_assert_int_le(wait, 5 * MINUTE);
		if (wait > longest)
			longest = wait;
	}
	ck_assert_int_gt(longest, MINUTE);
	answer(-EHOSTUNREACH, 0, NULL, 0);
	bridges_retry(b);
	ck_assert_int_le(asked_in(), 1);
	end();
}
END_TEST

static const struct {
	int		 err, status;
	const char	*body, *trouble;
} bad[] = {
	{ 0, 404, NULL, "it may be no bridge" },
	{ 0, 200, "", "no good" },
	{ 0, 200, "router x\n", "no good" },
	{ -EPIPE, 0, NULL, "did not give its descriptor" },
};

START_TEST(bridges_start_a_bad_answer_is_no_descriptor)
{
	begin();
	bridges_start(b);
	(void)asked_in();
	ck_assert_int_lt(answer(bad[_i].err, bad[_i].status, bad[_i].body,
	    bad[_i].body ? strlen(bad[_i].body) : 0), 0);
	ck_assert_int_eq(usable(), 0);
	ck_assert_int_eq(nchanged, 0);
	ck_assert_ptr_nonnull(strstr(bridges_trouble(b, 0), bad[_i].trouble));
	end();
}
END_TEST

START_TEST(bridges_start_a_descriptor_of_another_or_of_old_is_none)
{
	static const char other[] = "0BCC63DF75DFD3F8D3436563FE3E40A65512A8CB";
	struct text t = load("bridgedesc");

	begin_as(_i ? other : FINGERPRINT);
	if (_i == 0)
		loop.wall += 40 * 86400;
	bridges_start(b);
	(void)asked_in();
	ck_assert_int_eq(answer(0, 200, t.p, t.len), _i ? -ENOENT : -ESTALE);
	ck_assert_int_eq(usable(), 0);
	ck_assert_ptr_nonnull(strstr(bridges_trouble(b, 0), _i ?
	    "another relay's" : "clock"));
	end();
	free(t.p);
}
END_TEST

START_TEST(bridges_start_excluded_or_unreachable_is_never_asked)
{
	begin();
	excluded = _i == 0;
	conf.use_v4 = _i == 0;
	bridges_set_reach(b, &conf);
	bridges_start(b);
	ck_assert_int_eq(asked_in(), -1);
	ck_assert_ptr_nonnull(strstr(bridges_trouble(b, 0), _i ?
	    "ClientUseIPv4" : "ExcludeNodes"));
	end();
}
END_TEST

START_TEST(bridges_stop_takes_the_question_back)
{
	begin();
	bridges_start(b);
	(void)asked_in();
	bridges_stop(b);
	ck_assert_uint_eq(ncancelled, 1);
	ck_assert_ptr_null(loop.timers);
	bridges_retry(b);
	ck_assert_ptr_null(loop.timers);
	bridges_start(b);
	ck_assert_int_le(asked_in(), 1);
	end();
}
END_TEST

START_TEST(bridges_may_dial_their_addresses_alone)
{
	struct addr a;

	begin();
	ck_assert_int_eq(bridges_may_dial(b, &line[0].addr), 1);
	a = line[0].addr;
	a.port++;
	ck_assert_int_eq(bridges_may_dial(b, &a), 0);
	a = line[0].addr;
	a.ip[3]++;
	ck_assert_int_eq(bridges_may_dial(b, &a), 0);
	memset(&a, 0, sizeof(a));
	ck_assert_int_eq(bridges_may_dial(b, &a), 0);
	conf.use_v4 = 0;
	bridges_set_reach(b, &conf);
	ck_assert_int_eq(bridges_may_dial(b, &line[0].addr), 0);
	end();
}
END_TEST

START_TEST(bridges_chan_failed_is_trouble_until_one_is_open)
{
	struct text t = load("bridgedesc");
	uint8_t other[20] = { 1 };

	begin();
	bridges_start(b);
	(void)asked_in();
	answer(0, 200, t.p, t.len);
	bridges_chan_failed(b, other, CHAN_WHY_CONNECT);
	ck_assert_str_eq(bridges_trouble(b, 0), "");
	bridges_chan_failed(b, line[0].rsa_id, CHAN_WHY_IDENTITY);
	ck_assert_ptr_nonnull(strstr(bridges_trouble(b, 0), "another relay"));
	bridges_chan_open(b, other);
	ck_assert_ptr_nonnull(strstr(bridges_trouble(b, 0), "another relay"));
	bridges_chan_open(b, line[0].rsa_id);
	ck_assert_str_eq(bridges_trouble(b, 0), "");
	end();
	free(t.p);
}
END_TEST

START_TEST(bridges_new_too_many_or_none_is_refused)
{
	struct bridges *more;
	size_t i;

	begin();
	for (i = 1; i <= BRIDGES_MAX; i++) {
		memset(line[i].rsa_id, (int)i, 20);
		addr_v4(&line[i].addr, 0xcb007200 + (uint32_t)i, 443);
	}
	conf.nbridges = BRIDGES_MAX;
	ck_assert_int_eq(bridges_new(&more, &loop, &conf, &users, NULL), 0);
	bridges_free(more);
	conf.nbridges++;
	ck_assert_int_eq(bridges_new(&more, &loop, &conf, &users, NULL),
	    -E2BIG);
	conf.nbridges = 0;
	ck_assert_int_eq(bridges_new(&more, &loop, &conf, &users, NULL),
	    -EINVAL);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(bridges_start_descriptor_makes_it_usable_and_is_asked_again),
	UNIT(bridges_start_failures_make_it_wait_longer_and_a_user_does_not),
	UNIT_LOOP(bridges_start_a_bad_answer_is_no_descriptor, NELEM(bad)),
	UNIT_LOOP(bridges_start_a_descriptor_of_another_or_of_old_is_none, 2),
	UNIT_LOOP(bridges_start_excluded_or_unreachable_is_never_asked, 2),
	UNIT(bridges_stop_takes_the_question_back),
	UNIT(bridges_may_dial_their_addresses_alone),
	UNIT(bridges_chan_failed_is_trouble_until_one_is_open),
	UNIT(bridges_new_too_many_or_none_is_refused),
};
DIRTEST_MAIN("bridges", tests)
