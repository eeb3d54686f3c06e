/* tests/daemon/test_runchild.c - what `run` decides before it begins
 *
 * The rest of it, which is processes, is for tests/net/t_55_run.sh.
 */
#include "daemon/runchild.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

static char top[64];

static void
make_files(void)
{
	strcpy(top, "/tmp/test_run.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(system("mkdir a b a/dir; echo >a/text; "
	    "echo >a/both; echo >b/both; echo >b/good; "
	    "chmod 755 b/both b/good"), 0);
}

static const struct {
	const char	*name, *path;
	int		 want;
} names[] = {
	{ "good", "a:b", 0 },
	{ "good", "a", RUNCHILD_NOT_FOUND },
	{ "good", "nowhere:b", 0 },
	{ "good", "b/good:b", 0 },
	{ "both", "a:b", 0 },		/* the first can't be executed */
	{ "text", "a:b", RUNCHILD_CANNOT_EXECUTE },
	{ "dir", "a", RUNCHILD_CANNOT_EXECUTE },
	{ "", "a:b", RUNCHILD_NOT_FOUND },
	{ "good", "", RUNCHILD_NOT_FOUND },
	{ "./b/good", "", 0 },
	{ "b/good", "a", 0 },
	{ "b/none", "b", RUNCHILD_NOT_FOUND },
	{ "a/text", "a", RUNCHILD_CANNOT_EXECUTE },
	{ "b/good/x", "b", RUNCHILD_NOT_FOUND },
	{ "sh", NULL, 0 },
};

START_TEST(runchild_find_finds_what_execvp_would)
{
	char cmd[100];

	make_files();
	ck_assert_int_eq(runchild_find(names[_i].name, names[_i].path),
	    names[_i].want);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	ck_assert_int_eq(system(cmd), 0);
}
END_TEST

START_TEST(runchild_clean_environment_takes_proxies_and_buses_away)
{
	setenv("http_proxy", "http://proxy.corp:3128", 1);
	setenv("ALL_PROXY", "socks5://127.0.0.1:1080", 1);
	setenv("LOCALDOMAIN", "corp.example", 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/tmp/bus", 1);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/tmp/bus", 1);
	setenv("KEPT", "yes", 1);
	runchild_clean_environment();
	ck_assert_ptr_null(getenv("http_proxy"));
	ck_assert_ptr_null(getenv("ALL_PROXY"));
	ck_assert_ptr_null(getenv("LOCALDOMAIN"));
	ck_assert_str_eq(getenv("DBUS_SESSION_BUS_ADDRESS"), "disabled:");
	ck_assert_ptr_null(getenv("DBUS_SYSTEM_BUS_ADDRESS"));
	ck_assert_str_eq(getenv("KEPT"), "yes");
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(runchild_find_finds_what_execvp_would, NELEM(names)),
	UNIT(runchild_clean_environment_takes_proxies_and_buses_away),
};

UNIT_MAIN("runchild", tests)
