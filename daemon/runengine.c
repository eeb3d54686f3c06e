/* daemon/runengine.c - an engine of the user's own, where there is no daemon
 *
 * Theory of operation
 *	The command that finds neither a daemon nor such an engine takes the
 *	lock, which leaves with it no room for another, and forks.  The child is
 *	a small daemon: engine, gateway, and the socket of `run`, at which the
 *	command is its first client.  Others join it, so that guards and
 *	circuits are there once for each user, and when the last one has gone
 *	it writes its state and ends.
 *
 *	It is in a session of its own, so that what is typed at the terminal
 *	does not reach it, and its messages go to the standard error of the
 *	command that started it for as long as that lives.  Whoever waits for
 *	the end of that file does not wait for us.
 */
#include "daemon/runengine.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rand.h"
#include "daemon/control.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/onionconf.h"
#include "daemon/process.h"
#include "daemon/runmsg.h"
#include "daemon/runsock.h"
#include "daemon/status.h"
#include "onion/onion.h"

enum {
	WHY_MAX = 512,
	ADDRESSES_MAX = 64,		/* to look for a route to */
	SPARE_DESCRIPTORS = 128,
	FD_CLIENT = STDERR_FILENO + 1, FD_LOCK, FD_FREE
};

struct engine {
	const struct conf *conf;
	pid_t		 starter;
	struct evloop	 ev;
	struct onion	*onion;
	struct gateway	*gateway;
	struct control	*control;
	struct runsock	*runsock;
	struct event	*term, *intr;
};

char *
runengine_socket(const struct conf *c)
{
	char *path;

	return asprintf(&path, "%s/run", c->data_directory) < 0 ? NULL : path;
}

/* --- the lock --- */

/* All directories that @path needs; the last one is the engine's. */
static int
make_directories(const char *path, const char *user)
{
	char *copy = strdup(path), *p;
	int rc = 0;

	if (copy == NULL)
		return -ENOMEM;
	for (p = strchr(copy + 1, '/'); p && rc == 0; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST &&
		    access(copy, F_OK) < 0)
			rc = -errno;
		*p = '/';
	}
	free(copy);
	return rc < 0 ? rc : process_directory(path, user);
}

int
runengine_lock(const struct conf *c)
{
	char *path;
	int fd, rc;

	rc = make_directories(c->data_directory, c->user);
	if (rc < 0)
		return rc;
	if (asprintf(&path, "%s/run.lock", c->data_directory) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	rc = fd < 0 ? -errno : 0;
	free(path);
	if (rc == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		rc = -errno;
		close(fd);
	}
	return rc < 0 ? rc : fd;
}

/* --- what its parts tell --- */

static void
on_progress(void *arg, int percent, const char *tag, const char *summary)
{
	struct engine *e = arg;

	log_notice(LD_GENERAL, "Bootstrapped %d%% (%s): %s", percent, tag,
	    summary);
	runsock_progress(e->runsock, percent, summary);
}

static void
on_ready(void *arg, int ready)
{
	struct engine *e = arg;

	runsock_ready(e->runsock, ready);
}

static void
on_enter(void *arg)
{
	struct engine *e = arg;

	evloop_enter(&e->ev);
}

static void
on_leave(void *arg)
{
	struct engine *e = arg;

	evloop_leave(&e->ev);
}

static uint64_t
on_queued(void *arg, int64_t *oldest)
{
	const struct engine *e = arg;

	*oldest = INT64_MAX;
	return e->gateway ? gateway_queued(e->gateway, oldest) : 0;
}

static uint64_t
on_shed(void *arg, uint64_t bytes, int64_t at)
{
	const struct engine *e = arg;

	return e->gateway ? gateway_shed(e->gateway, bytes, at) : 0;
}

static const struct onion_user onion_users = {
	.progress = on_progress, .ready = on_ready, .enter = on_enter,
	.leave = on_leave, .queued = on_queued, .shed = on_shed
};

/* Standard error belongs to the command that started us. */
static void
let_go_of_stderr(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

static void
on_left(void *arg, pid_t pid)
{
	struct engine *e = arg;

	if (pid == e->starter)
		let_go_of_stderr();
	if (runsock_clients(e->runsock) == 0)
		evloop_stop(&e->ev);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct engine *e = arg;

	(void)sig;
	(void)what;
	evloop_stop(&e->ev);
}

/* --- start --- */

static int
has_route(const struct addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(to, &ss);
	int fd, ok;

	if (to->family == 0 || to->port == 0)
		return 0;
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	/* sends nothing; asks the routing only */
	ok = connect(fd, (const struct sockaddr *)&ss, len) == 0;
	close(fd);
	return ok;
}

/* Is there a way to any relay that we could begin with? */
static int
has_network(const struct conf *c)
{
	struct addr a;
	size_t i;

	for (i = 0; i < 2 * ADDRESSES_MAX && conf_first_relay(c, i, &a); i++)
		if (has_route(&a))
			return 1;
	return 0;
}

/* Unless there is a Log, warnings only: the terminal is the program's. */
static int
open_log(const struct conf *c, enum conf_quiet quiet, char *why, size_t max)
{
	struct conf_err err = { 0 };
	struct log_set *set;
	size_t i;
	int rc = 0;

	if (c->default_logs) {
		if ((set = log_set_new()) == NULL)
			return -ENOMEM;
		if (quiet != CONF_QUIET)
			rc = log_set_add(set, LL_ERR, LL_WARN, LOG_TO_STDERR,
			    NULL);
		if (rc < 0)
			log_set_free(set);
	} else if ((rc = conf_log_open(c, quiet, &set, &err)) < 0)
		snprintf(why, max, "%s", err.text);
	if (rc < 0)
		return rc;
	conf_log_use(c, set);
	for (i = 0; i < c->warnings.n; i++)
		if (strcmp(c->warnings.item[i], CONF_NO_DOORS) != 0)
			log_warn(LD_CONFIG, "%s", c->warnings.item[i]);
	return 0;
}

static int
make_onion(struct engine *e, char *why, size_t max)
{
	struct onionconf_store store;
	struct onion_conf oc;
	int rc;

	if ((rc = onionconf_make(&oc, &store, e->conf)) < 0)
		return rc;
	rc = onion_new(&e->onion, &oc, &e->ev.loop, e->ev.base, &onion_users,
	    e, why, max);
	onionconf_free(&store);
	return rc;
}

static int
make_gateway(struct engine *e)
{
	size_t fds = process_descriptors();
	struct gateway_conf gc = { .loop = &e->ev.loop, .onion = e->onion,
		.ev = &e->ev, .flows_max = ONION_STREAMS_MAX };

	gc.sockets_max = fds > 2 * SPARE_DESCRIPTORS ?
	    fds - SPARE_DESCRIPTORS : fds / 2;
	return gateway_new(&e->gateway, &gc, e->conf);
}

/* The status socket is an offer. */
static int
make_sockets(struct engine *e, char *why, size_t max)
{
	struct status_source src = { .onion = e->onion,
		.gateway = e->gateway };
	struct runsock_conf rc_conf = { .ev = &e->ev, .gateway = e->gateway,
		.mode = 0600, .bytes_max = onionconf_memory(e->conf) / 2,
		.left = on_left, .arg = e };
	char *path = runengine_socket(e->conf);
	int rc;

	if ((rc_conf.path = path) == NULL)
		return -ENOMEM;
	if ((rc = runsock_new(&e->runsock, &rc_conf)) < 0)
		snprintf(why, max, "%s: %s", path, strerror(-rc));
	free(path);
	src.tunnels = runsock_tunnels;
	src.arg = e->runsock;
	if (rc < 0 || (rc = runsock_add(e->runsock, FD_CLIENT)) < 0)
		return rc;
	if (e->conf->status_socket[0] && (rc = control_new(&e->control,
	    &e->ev, e->conf->status_socket, &src)) < 0)
		log_warn(LD_CONTROL, "StatusSocket %s: %s",
		    e->conf->status_socket, strerror(-rc));
	return 0;
}

static int
make_signals(struct engine *e)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	e->term = evsignal_new(e->ev.base, SIGTERM, on_signal, e);
	e->intr = evsignal_new(e->ev.base, SIGINT, on_signal, e);
	return e->term && e->intr && event_add(e->term, NULL) == 0 &&
	    event_add(e->intr, NULL) == 0 ? 0 : -ENOMEM;
}

static int
start(struct engine *e, enum conf_quiet quiet, char *why, size_t max)
{
	const struct conf *c = e->conf;
	int rc;

	snprintf(why, max, "no memory");
	if ((rc = process_drop(c->user)) < 0) {
		snprintf(why, max, "User %s: %s", c->user, strerror(-rc));
		return rc;
	}
	if ((rc = open_log(c, quiet, why, max)) < 0)
		return rc;
	if (!c->disable_network && !has_network(c)) {
		snprintf(why, max, "this machine has no network: there is no "
		    "route to any relay");
		return -ENETUNREACH;
	}
	if ((rc = make_signals(e)) < 0 ||
	    (rc = make_onion(e, why, max)) < 0 ||
	    (rc = make_gateway(e)) < 0 ||
	    (rc = make_sockets(e, why, max)) < 0)
		return rc;
	if ((rc = process_harden(c)) < 0) {
		snprintf(why, max, "rights cannot be given up: %s",
		    strerror(-rc));
		return rc;
	}
	snprintf(why, max, "the engine cannot start");
	return onion_start(e->onion);
}

static void
stop(struct engine *e)
{
	evloop_enter(&e->ev);
	control_free(e->control);
	runsock_free(e->runsock);
	e->runsock = NULL;
	gateway_free(e->gateway);
	e->gateway = NULL;
	evloop_leave(&e->ev);
	onion_free(e->onion);
	if (e->term)
		event_free(e->term);
	if (e->intr)
		event_free(e->intr);
	evloop_fini(&e->ev);
}

/* --- the process --- */

static void
fail(const char *why)
{
	runmsg_refuse(FD_CLIENT, why);
}

/* Nothing of the command's or the shell's stays open here, but standard error:
 * somebody may wait for its end. */
static int
part(int lock, int client)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), high[2];
	sigset_t none;

	if (null < 0)
		return -errno;
	high[0] = fcntl(client, F_DUPFD_CLOEXEC, FD_FREE);
	high[1] = fcntl(lock, F_DUPFD_CLOEXEC, FD_FREE);
	if (high[0] < 0 || high[1] < 0 ||
	    dup3(high[0], FD_CLIENT, O_CLOEXEC) < 0 ||
	    dup3(high[1], FD_LOCK, O_CLOEXEC) < 0 ||
	    dup2(null, STDIN_FILENO) < 0 ||
	    (fcntl(STDERR_FILENO, F_GETFD) < 0 &&
	    dup2(STDIN_FILENO, STDERR_FILENO) < 0) ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    close_range(FD_FREE, UINT_MAX, 0) < 0 ||
	    fcntl(FD_CLIENT, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	setsid();
	umask(077);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return chdir("/") < 0 ? -errno : 0;
}

static int
engine_main(const struct conf *c, enum conf_quiet quiet, pid_t starter)
{
	struct engine e = { .conf = c, .starter = starter };
	char why[WHY_MAX];
	int rc;

	rand_init();
	process_memory();
	if ((rc = evloop_init(&e.ev)) < 0) {
		fail(strerror(-rc));
		return EXIT_FAILURE;
	}
	evloop_enter(&e.ev);
	rc = start(&e, quiet, why, sizeof(why));
	if (rc < 0)
		fail(why);
	evloop_leave(&e.ev);
	if (rc == 0)
		rc = evloop_run(&e.ev);
	stop(&e);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
runengine_start(const struct conf *c, enum conf_quiet quiet, int lock,
    int client)
{
	pid_t starter = getpid(), pid = fork();
	int rc;

	if (pid == 0) {
		if (part(lock, client) < 0)
			_exit(EXIT_FAILURE);
		rc = engine_main(c, quiet, starter);
		_exit(rc);
	}
	rc = pid < 0 ? -errno : 0;
	close(lock);
	close(client);
	return rc;
}
