#include "onion/path/pathstate.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "onion/dir/statefile.h"
#include "onion/dir/store.h"
#include "onion/path/guard.h"
#include "onion/path/timeout.h"
#include "tests/onion/path/pathtest.h"

static struct statefile *file;

static void
on_dirty(void *arg)
{
	(void)arg;
	if (file)
		statefile_dirty(file, 1);
}

static void
on_use(void *arg, struct guard_use *u, void *use_arg)
{
	(void)arg;
	(void)u;
	(void)use_arg;
}

struct client {			/* what lives from start to stop */
	struct loop	 loop;
	struct store	*store;
	struct guards	*guards;
	struct timeout	*timeout;
};

static void
start(struct client *c, const char *dir, const struct netdir *nd)
{
	static const struct guard_user user = { on_dirty, on_use, on_use,
	    NULL };
	static const struct guard_conf gc = { .version = "1" };
	static const struct timeout_conf tc = { .learn = 1, .dirty = on_dirty };
	char why[256];

	file = NULL;
	loop_init(&c->loop, 1000, PATHTEST_NOW + 600);
	ck_assert_int_eq(store_open(&c->store, dir, why, sizeof(why)), 0);
	ck_assert_int_eq(guard_new(&c->guards, &c->loop, &gc, &user, NULL), 0);
	ck_assert_int_eq(timeout_new(&c->timeout, &c->loop, &tc), 0);
	timeout_cell(c->timeout);
	ck_assert_int_eq(statefile_new(&file, &c->loop, c->store), 0);
	ck_assert_int_eq(statefile_own(file, pathstate_guards(), c->guards),
	    0);
	ck_assert_int_eq(statefile_own(file, pathstate_timeout(), c->timeout),
	    0);
	ck_assert_int_eq(statefile_load(file), 0);
	ck_assert_int_eq(timeout_state_done(c->timeout), 0);
	guard_set_netdir(c->guards, nd);
}

static void
stop(struct client *c)
{
	ck_assert_int_eq(statefile_flush(file), 0);
	statefile_free(file);
	guard_free(c->guards);
	timeout_free(c->timeout);
	store_close(c->store);
}

START_TEST(pathstate_owners_bring_guards_and_times_through_a_restart)
{
	char dir[] = "/tmp/pathstate-test-XXXXXX", cmd[64];
	struct guard_info before[5], after[5];
	struct guard_use *u;
	struct simdir sd;
	struct netdir *nd;
	struct client c;
	int i;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	simdir_init_plain(&sd, 60, 3, PATHTEST_NOW);
	nd = simdir_netdir(&sd);
	start(&c, dir, nd);
	ck_assert_int_eq(guard_pick(c.guards, GUARD_FOR_TRAFFIC, NULL, NULL,
	    &u), 0);
	ck_assert_int_eq(guard_succeeded(u), GUARD_NOW);
	guard_use_free(u);
	for (i = 0; i < 120; i++)
		timeout_built(c.timeout, 700);
	guard_list(c.guards, before, 5);
	stop(&c);
	start(&c, dir, nd);
	guard_list(c.guards, after, 5);
	for (i = 0; i < 5; i++)
		ck_assert_mem_eq(before[i].rsa, after[i].rsa, 20);
	ck_assert_int_eq(after[0].confirmed, 1);
	ck_assert_int_eq(timeout_use_ms(c.timeout, 3), 705);
	stop(&c);
	netdir_free(nd);
	simdir_fini(&sd);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(pathstate_owners_bring_guards_and_times_through_a_restart),
};
PATHTEST_MAIN("pathstate", tests)
