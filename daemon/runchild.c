/* daemon/runchild.c - the child of `run`, until it is the program */
#include "daemon/runchild.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/runmounts.h"
#include "daemon/runmsg.h"
#include "daemon/runnet.h"
#include "daemon/runspace.h"
#include "tun/tundev.h"

enum { WHY_MAX = 512 };

/* --- what to run --- */

/* A directory of PATH that may not be searched has nothing for us; nor has a
 * path that was given, but that is another thing to be told. */
static int
can_execute(const char *path, int given)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return given && errno == EACCES ? RUNCHILD_CANNOT_EXECUTE :
		    RUNCHILD_NOT_FOUND;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 :
	    RUNCHILD_CANNOT_EXECUTE;
}

int
runchild_find(const char *name, const char *path)
{
	const char *at = path ? path : "/bin:/usr/bin", *end;
	int best = RUNCHILD_NOT_FOUND, rc;
	char *full;

	if (strchr(name, '/'))
		return can_execute(name, 1);
	for (; *name; at = end + 1) {
		end = strchrnul(at, ':');
		if (asprintf(&full, "%.*s%s%s", (int)(end - at), at,
		    end > at ? "/" : "", name) < 0)
			return RUNCHILD_CANNOT_EXECUTE;
		rc = can_execute(full, 0);
		free(full);
		if (rc == 0)
			return 0;
		if (rc == RUNCHILD_CANNOT_EXECUTE)
			best = rc;
		if (*end == '\0')
			break;
	}
	return best;
}

void
runchild_clean_environment(void)
{
	static const char *const names[] = {
		/* proxies: they are outside, and named by addresses there */
		"http_proxy", "https_proxy", "ftp_proxy", "all_proxy",
		"socks_proxy", "rsync_proxy", "no_proxy", "HTTP_PROXY",
		"HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "SOCKS_PROXY",
		"RSYNC_PROXY", "NO_PROXY", "SOCKS_SERVER", "SOCKS5_SERVER",
		/* domains that the resolver would try, and tell the exit */
		"LOCALDOMAIN",
		/* buses */
		"DBUS_SYSTEM_BUS_ADDRESS", "DBUS_STARTER_ADDRESS",
		"DBUS_STARTER_BUS_TYPE", NULL
	};
	size_t i;

	for (i = 0; names[i]; i++)
		unsetenv(names[i]);
	/* unset, some would look for one by way of X11 */
	setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
}

/* --- on the way --- */

static void __attribute__((noreturn))
fails(int pair, const char *what)
{
	runmsg_refuse(pair, what);
	_exit(RUNCHILD_FAILED);
}

/* Where rights are missing though there is a namespace, AppArmor's setting is
 * the likeliest reason. */
static int
device_failed(int rc, char *why, size_t max)
{
	char blame[200] = "";

	if (rc == -ENOENT || rc == -ENODEV)
		snprintf(why, max, "there is no /dev/net/tun; the "
		    "administrator can load it: modprobe tun");
	else if (access("/dev/net/tun", R_OK | W_OK) < 0)
		snprintf(why, max, "no right to open /dev/net/tun; it should "
		    "have mode 0666, as it has with udev");
	else {
		if (rc == -EPERM)
			runspace_blame("/proc/sys", blame, sizeof(blame));
		snprintf(why, max, "cannot make its device: %s%s%s%s",
		    strerror(-rc), *blame ? " (" : "", blame,
		    *blame ? ")" : "");
	}
	return rc;
}

/* All that needs rights in the namespaces; then there are none. */
static int
settle(int pair, char *why, size_t max)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = RUNNET_MTU };
	struct tundev *dev;
	int rc;

	if ((rc = runspace_enter(why, max)) < 0)
		return rc;
	if ((rc = tundev_open(&dev, RUNNET_DEVICE, 0)) < 0)
		return device_failed(rc, why, max);
	if ((rc = runnet_up(RUNNET_DEVICE, why, max)) == 0 &&
	    (rc = runmounts_apply(why, max)) == 0 &&
	    (rc = runspace_confine(why, max)) == 0 &&
	    (rc = runmsg_send(pair, &m, tundev_fd(dev))) < 0)
		snprintf(why, max, "cannot pass its device on: %s",
		    strerror(-rc));
	tundev_free(dev);
	return rc;
}

static void __attribute__((noreturn))
execute(const struct runchild *c)
{
	char *const *argv = c->program;
	int status;

	runchild_clean_environment();
	sigaction(SIGCHLD, &c->chld, NULL);
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	execvp(argv[0], argv);
	status = errno == ENOENT ? RUNCHILD_NOT_FOUND : RUNCHILD_CANNOT_EXECUTE;
	fprintf(stderr, "onion-transparent: cannot run %s: %s\n", argv[0],
	    strerror(errno));
	_exit(status);
}

void
runchild_main(const struct runchild *c, int pair, pid_t parent)
{
	char why[WHY_MAX] = "no memory", go;

	if (settle(pair, why, sizeof(why)) < 0)
		fails(pair, why);
	/* if we are killed it should not go on alone */
	if (recv(pair, &go, 1, 0) != 1 ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 ||
	    getppid() != parent)
		_exit(RUNCHILD_FAILED);
	execute(c);
}
