/* tests/onion/path/choosetest.h - a made-up network to choose paths in */
#ifndef TESTS_ONION_PATH_CHOOSETEST_H
#define TESTS_ONION_PATH_CHOOSETEST_H

#include <errno.h>
#include <stdio.h>

#include "base/loop.h"
#include "onion/dir/consensus.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"
#include "tests/onion/path/pathtest.h"

/* One network and all that chooses paths in it. */
static struct simdir sd;
static struct netdir *nd;
static struct loop loop;
static struct guards *guards;
static struct path_ctx *ctx;
static struct path_conf conf;
static struct kin kin;

static inline void
quiet_use(void *arg, struct guard_use *u, void *use_arg)
{
	(void)arg;
	(void)u;
	(void)use_arg;
}

static const struct guard_user guard_user = {
	.ready = quiet_use, .stale = quiet_use
};

static inline void
begin_conf(int with_guards)
{
	struct guard_conf gc = { .exclude = conf.exclude,
	    .entries = conf.entries, .kin = &kin };

	loop_init(&loop, 1000, PATHTEST_NOW + 1800);
	nd = simdir_netdir(&sd);
	kin = conf.kin;
	if (with_guards) {
		ck_assert_int_eq(guard_new(&guards, &loop, &gc, &guard_user,
		    NULL), 0);
		ck_assert_int_eq(guard_set_netdir(guards, nd), 0);
	}
	conf.guards = with_guards ? guards : NULL;
	ck_assert_int_eq(path_new(&ctx, &loop, &conf), 0);
	ck_assert_int_eq(path_set_netdir(ctx, nd), 0);
}

/* Plain relays, named relay0 and so on, all good for everything. */
static inline void
plain(size_t n)
{
	memset(&conf, 0, sizeof(conf));
	conf.kin.subnets = 1;
	conf.paths_needed = -1;
	guards = NULL;
	simdir_init_plain(&sd, n, 77, PATHTEST_NOW);
}

static inline void
end(void)
{
	path_free(ctx);
	guard_free(guards);
	netdir_free(nd);
	simdir_fini(&sd);
}

static inline int
choose(const struct path_request *req, struct path *p)
{
	int rc = path_choose(ctx, req, p);

	if (rc == 0)
		guard_use_free(p->guard);
	return rc;
}

#endif
