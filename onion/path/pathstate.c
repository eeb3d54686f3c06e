/* onion/path/pathstate.c - guards and build times as owners of state lines */
#include "onion/path/pathstate.h"

#include "onion/dir/statefile.h"
#include "onion/path/guard.h"
#include "onion/path/timeout.h"

static int
guards_line(void *arg, const char *key, const char *value)
{
	(void)key;
	return guard_state_line(arg, value);
}

static int
timeout_line(void *arg, const char *key, const char *value)
{
	return timeout_state_line(arg, key, value);
}

static void
put(void *arg, const char *key, const char *value)
{
	statefile_put(arg, key, "%s", value);
}

static void
guards_save(void *arg, struct statefile *f)
{
	guard_state_each(arg, put, f);
}

static void
timeout_lines(void *arg, struct statefile *f)
{
	timeout_state_each(arg, put, f);
}

const struct statefile_owner *
pathstate_guards(void)
{
	static const struct statefile_owner owner = {
		guard_state_keys, guards_line, guards_save
	};

	return &owner;
}

const struct statefile_owner *
pathstate_timeout(void)
{
	static const struct statefile_owner owner = {
		timeout_state_keys, timeout_line, timeout_lines
	};

	return &owner;
}
