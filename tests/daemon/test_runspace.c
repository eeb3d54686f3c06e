/* tests/daemon/test_runspace.c - namespaces, and what is left of rights */
#include "daemon/runspace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"

/* --- whom to blame --- */

static const struct {
	const char	*file, *text, *want;
} knobs[] = {
	{ "kernel/unprivileged_userns_clone", "0\n",
	    "kernel.unprivileged_userns_clone is 0" },
	{ "kernel/unprivileged_userns_clone", "1\n", NULL },
	{ "user/max_user_namespaces", "0\n", "user.max_user_namespaces is 0" },
	{ "user/max_user_namespaces", "96365\n", NULL },
	{ "user/max_net_namespaces", "0\n", "user.max_net_namespaces is 0" },
	{ "user/max_mnt_namespaces", "0\n", "user.max_mnt_namespaces is 0" },
	{ "kernel/apparmor_restrict_unprivileged_userns", "1\n",
	    "kernel.apparmor_restrict_unprivileged_userns is 1" },
	{ "kernel/apparmor_restrict_unprivileged_userns", "0\n", NULL },
	{ "kernel/other", "0\n", NULL },
};

START_TEST(runspace_blame_names_the_setting)
{
	char top[] = "/tmp/test_runspace.XXXXXX", path[200], out[200];
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(mkdir("kernel", 0755) | mkdir("user", 0755), 0);
	f = fopen(knobs[_i].file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(knobs[_i].text, f);
	fclose(f);
	runspace_blame(top, out, sizeof(out));
	if (knobs[_i].want)
		ck_assert_ptr_nonnull(strstr(out, knobs[_i].want));
	else
		ck_assert_str_eq(out, "");
	snprintf(path, sizeof(path), "rm -rf %s", top);
	ck_assert_int_eq(system(path), 0);
}
END_TEST

/* --- namespaces --- */

static uint64_t
status_of(const char *name)
{
	unsigned long long value = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), ":%llx", &value);
	fclose(f);
	return value;
}

static int
enter(void)
{
	char why[512] = "";

	if (runspace_enter(why, sizeof(why)) == 0)
		return 1;
	ck_assert_str_ne(why, "");
	printf("no namespaces here: %s\n", why);
	return 0;
}

static void
confine(void)
{
	char why[512] = "";

	ck_assert_msg(runspace_confine(why, sizeof(why)) == 0, "%s", why);
}

static void
cannot_go_back(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setns(fd, CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(unshare(CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", 0, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	close(fd);
}

/* Changes what it is; the checks fork. */
static int
become_nobody(void)
{
	return getuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0 &&
	    prctl(PR_SET_DUMPABLE, 1) == 0);
}

START_TEST(runspace_confine_user_has_no_right_at_all)
{
	uid_t uid;
	gid_t gid;

	ck_assert(become_nobody());
	uid = getuid();
	gid = getgid();
	if (!enter())
		return;
	ck_assert_uint_eq(getuid(), uid);	/* not root, not nobody's */
	ck_assert_uint_eq(getgid(), gid);
	confine();
	ck_assert_uint_eq(status_of("CapPrm"), 0);
	ck_assert_uint_eq(status_of("CapEff"), 0);
	ck_assert_uint_eq(status_of("CapBnd"), 0);
	ck_assert_uint_eq(status_of("CapInh"), 0);
	ck_assert_uint_eq(status_of("CapAmb"), 0);
	ck_assert_uint_eq(status_of("NoNewPrivs"), 1);
	cannot_go_back();
}
END_TEST

START_TEST(runspace_enter_user_keeps_the_files)
{
	char path[] = "/tmp/test_runspace.XXXXXX";
	struct stat st;
	int fd;

	ck_assert(become_nobody());
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	unlink(path);
	if (!enter())
		return;
	confine();
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_uid, getuid());
	close(fd);
}
END_TEST

START_TEST(runspace_confine_root_can_become_others_but_not_go_back)
{
	if (getuid() != 0 || !enter())
		return;
	confine();
	cannot_go_back();
	ck_assert_uint_eq(status_of("CapEff"), status_of("CapBnd"));
	if (status_of("CapEff") == 0)	/* root of a container only */
		return;
	ck_assert_int_eq(setuid(65534), 0);
	ck_assert_uint_eq(status_of("CapEff"), 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(runspace_blame_names_the_setting, NELEM(knobs)),
	UNIT(runspace_confine_user_has_no_right_at_all),
	UNIT(runspace_enter_user_keeps_the_files),
	UNIT(runspace_confine_root_can_become_others_but_not_go_back),
};

UNIT_MAIN("runspace", tests)
