/* tests/onion/path/guardtest.h - guards of a made-up network, for their tests
 */
#ifndef TESTS_ONION_PATH_GUARDTEST_H
#define TESTS_ONION_PATH_GUARDTEST_H

#include <errno.h>
#include <stdio.h>

#include "base/loop.h"
#include "onion/dir/consensus.h"
#include "onion/path/guard.h"
#include "onion/path/kin.h"
#include "tests/onion/path/pathtest.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static struct simdir sd;
static struct netdir *nd;
static struct loop loop;
static struct guards *gs;
static struct guard_conf conf;
static struct kin kin;

/* What was called back. */
static int ndirty, nready, nstale, nswitched;
static struct guard_use *last_ready, *last_stale;

static void
on_dirty(void *arg)
{
	(void)arg;
	ndirty++;
}

static void
on_ready(void *arg, struct guard_use *u, void *use_arg)
{
	(void)arg;
	ck_assert_ptr_eq(use_arg, &sd);
	ck_assert_int_eq(guard_is_complete(u), 1);
	last_ready = u;
	nready++;
}

static void
on_stale(void *arg, struct guard_use *u, void *use_arg)
{
	(void)arg;
	ck_assert_ptr_eq(use_arg, &sd);
	last_stale = u;
	nstale++;
}

static void
on_switched(void *arg)
{
	(void)arg;
	nswitched++;
}

static const struct guard_user user = {
	on_dirty, on_ready, on_stale, on_switched
};

/* The documents again, as of now, with what a test changed. */
static inline void
renew(void)
{
	struct netdir *old = nd;

	sd.valid_after = loop.wall - 1800;
	nd = simdir_netdir(&sd);
	ck_assert_int_eq(guard_set_netdir(gs, nd), 0);
	netdir_free(old);
	loop_end_turn(&loop);
}

static inline void
open_guards(void)
{
	ck_assert_int_eq(guard_new(&gs, &loop, &conf, &user, NULL), 0);
}

static inline void
begin_params(size_t n, const char *params)
{
	memset(&conf, 0, sizeof(conf));
	conf.version = "0.1";
	kin = (struct kin){ .subnets = 1 };
	conf.kin = &kin;
	loop_init(&loop, 1000, PATHTEST_NOW);
	simdir_init_plain(&sd, n, 99, PATHTEST_NOW);
	strcpy(sd.params, params);
	nd = NULL;
	open_guards();
}

static inline void
begin(size_t n)
{
	begin_params(n, "");
	renew();
}

static inline void
end(void)
{
	guard_free(gs);
	netdir_free(nd);
	simdir_fini(&sd);
}

static inline struct guard_use *
pick(void)
{
	struct guard_use *u;

	ck_assert_int_eq(guard_pick(gs, GUARD_FOR_TRAFFIC, NULL, &sd, &u), 0);
	return u;
}

/* A pick that comes to nothing at once. */
static inline void
fail_one(void)
{
	struct guard_use *u = pick();

	guard_failed(u);
	guard_use_free(u);
}

static inline void
info(struct guard_info *out, size_t n)
{
	ck_assert_uint_ge(guard_list(gs, out, n), n);
}

static inline int
is_rsa(const struct guard_use *u, const struct guard_info *g)
{
	return memcmp(guard_rsa(u), g->rsa, 20) == 0;
}

static inline size_t
count_primary(void)
{
	struct guard_info g[200];
	size_t i, n = guard_list(gs, g, 200), primary = 0;

	for (i = 0; i < n && i < 200; i++)
		primary += g[i].primary;
	return primary;
}

#endif
