/* tests/fuzz/fz_guard_state.c - guards from a state file
 *
 * Whatever was read must come back as it is written, and be of use.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/rand.h"
#include "onion/path/guard.h"
#include "onion/path/timeout.h"
#include "tests/fuzz/fuzz.h"

static void
on_use(void *arg, struct guard_use *u, void *use_arg)
{
	(void)arg;
	(void)u;
	(void)use_arg;
}

static void
save(const struct guards *gs, struct buf *b)
{
	buf_init(b, 64 * 1024 * 1024);
	if (guard_save(gs, b) < 0)
		abort();
}

static void
try_timeout(struct loop *loop, const uint8_t *data, size_t len)
{
	static const struct timeout_conf conf = { .learn = 1 };
	struct timeout *t;

	if (timeout_new(&t, loop, &conf) < 0)
		return;
	(void)timeout_load(t, (const char *)data, len);
	if (timeout_use_ms(t, 3) < 1 ||
	    timeout_close_ms(t, 3) < timeout_use_ms(t, 3))
		abort();
	timeout_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct guard_user user = { NULL, on_use, on_use, NULL };
	static const struct guard_conf conf = { 0 };
	struct guards *gs;
	struct buf once, again;
	struct loop loop;

	rand_init();
	loop_init(&loop, 1000, 1795300000);
	if (guard_new(&gs, &loop, &conf, &user, NULL) < 0)
		return 0;
	(void)guard_load(gs, (const char *)data, len);
	save(gs, &once);
	if (guard_load(gs, (const char *)buf_head(&once), once.len) != 0)
		abort();
	save(gs, &again);
	if (once.len != again.len || (once.len && memcmp(buf_head(&once),
	    buf_head(&again), once.len) != 0))
		abort();
	(void)guard_list(gs, NULL, 0);
	(void)guard_set_netdir(gs, NULL);
	loop_end_turn(&loop);
	guard_free(gs);
	buf_free(&once);
	buf_free(&again);
	try_timeout(&loop, data, len);
	return 0;
}
