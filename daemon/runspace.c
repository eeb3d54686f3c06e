/* daemon/runspace.c - namespaces for a program of `run`, and no way back */
#include "daemon/runspace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int in_user_namespace;	/* of our own making */

#define BIT(cap)	(UINT64_C(1) << (cap))
/* What root keeps where it is root of the machine: over files and identities.
 * Not among them what enters or changes namespaces (SYS_ADMIN), networks
 * (NET_ADMIN, NET_RAW), other processes (SYS_PTRACE) or the kernel. */
static const uint64_t roots = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) |
    BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) |
    BIT(CAP_SETUID) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
    BIT(CAP_IPC_LOCK) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_NICE) |
    BIT(CAP_SYS_RESOURCE) | BIT(CAP_LEASE) | BIT(CAP_AUDIT_WRITE) |
    BIT(CAP_SETFCAP);

/* --- why not --- */

static const struct {
	const char	*file;
	char		 bad;		/* its first character */
	const char	*name, *want;
} knobs[] = {
	{ "kernel/unprivileged_userns_clone", '0',
	    "kernel.unprivileged_userns_clone", "1" },
	{ "user/max_user_namespaces", '0', "user.max_user_namespaces",
	    "10000" },
	{ "user/max_net_namespaces", '0', "user.max_net_namespaces",
	    "10000" },
	{ "user/max_mnt_namespaces", '0', "user.max_mnt_namespaces",
	    "10000" },
	{ "kernel/apparmor_restrict_unprivileged_userns", '1',
	    "kernel.apparmor_restrict_unprivileged_userns", "0" },
};

static char
first_char(const char *dir, const char *file)
{
	char path[256], c = '\0';
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return '\0';
	if (read(fd, &c, 1) != 1)
		c = '\0';
	close(fd);
	return c;
}

const char *
runspace_blame(const char *proc_sys, char *out, size_t max)
{
	size_t i;

	*out = '\0';
	for (i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		if (first_char(proc_sys, knobs[i].file) != knobs[i].bad)
			continue;
		snprintf(out, max, "sysctl %s is %c; the administrator can "
		    "set it to %s", knobs[i].name, knobs[i].bad,
		    knobs[i].want);
		break;
	}
	return out;
}

/* AppArmor lets a namespace be made, and then forbids everything in it. */
static int
refused(const char *what, int rc, char *why, size_t max)
{
	char blame[200];

	runspace_blame("/proc/sys", blame, sizeof(blame));
	snprintf(why, max, "cannot %s: %s (%s)", what, strerror(-rc),
	    *blame ? blame : rc == -ENOSPC ? "too many of them, or too deep "
	    "inside each other" : "a container, or a security module, may "
	    "forbid user namespaces");
	return rc;
}

/* --- in --- */

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int
map_ids(uid_t uid, gid_t gid)
{
	char map[64];
	int rc;

	/* without it the group could not be mapped */
	if ((rc = write_file("/proc/self/setgroups", "deny")) < 0 &&
	    rc != -ENOENT)
		return rc;
	snprintf(map, sizeof(map), "%lu %lu 1", (unsigned long)uid,
	    (unsigned long)uid);
	if ((rc = write_file("/proc/self/uid_map", map)) < 0)
		return rc;
	snprintf(map, sizeof(map), "%lu %lu 1", (unsigned long)gid,
	    (unsigned long)gid);
	return write_file("/proc/self/gid_map", map);
}

int
runspace_enter(char *why, size_t max)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int flags = CLONE_NEWNS | CLONE_NEWNET, rc;

	if (uid == 0 && unshare(flags) == 0)
		return 0;
	if (unshare(flags | CLONE_NEWUSER) < 0)
		return refused("make namespaces", -errno, why, max);
	in_user_namespace = 1;
	if ((rc = map_ids(uid, gid)) < 0)
		return refused("map the user into its namespace", rc, why,
		    max);
	return 0;
}

/* --- no way back --- */

static int
drop_bounding(uint64_t keep)
{
	int cap;

	for (cap = 0; cap < 64; cap++) {
		if (keep & BIT(cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -errno;	/* the last */
	}
	return 0;
}

static int
set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2];
	int i;

	memset(d, 0, sizeof(d));
	if (keep) {
		if (syscall(SYS_capget, &h, d) < 0)
			return -errno;
		for (i = 0; i < 2; i++) {
			d[i].permitted &= (uint32_t)(keep >> (32 * i));
			d[i].effective = d[i].permitted;
			d[i].inheritable = 0;
		}
	}
	return syscall(SYS_capset, &h, d) < 0 ? -errno : 0;
}

int
runspace_confine(char *why, size_t max)
{
	uint64_t keep = in_user_namespace ? 0 : roots;
	int rc;

	if ((rc = drop_bounding(keep)) < 0 ||
	    (rc = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0
	    ? -errno : 0) < 0 ||
	    (rc = set_capabilities(keep)) < 0 ||
	    (rc = keep == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ?
	    -errno : 0) < 0)
		snprintf(why, max, "cannot give its rights up: %s",
		    strerror(-rc));
	return rc;
}
