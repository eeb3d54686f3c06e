/* daemon/app.c - the running gateway: its parts, its signals, its reload
 *
 * Theory of operation
 *	Start: the engine is made as the configured user, so that its files are
 *	that user's; sockets are bound as root; then rights are given up for
 *	good, and only then does anything from the network get in.  Whatever
 *	fails before that ends the program with one sentence.
 *
 *	SIGHUP reads the configuration anew.  It is made whole first, checked
 *	against what cannot change while running, and everything that it needs
 *	is opened beside what is there.  Only when all of that held is it put in
 *	place, which cannot fail; else all of it is dropped.
 *	SIGUSR1 logs statistics, SIGUSR2 makes the log as detailed as it gets,
 *	until a reload; SIGTERM and SIGINT end the program in order.
 */
#include "daemon/app.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rand.h"
#include "daemon/conf.h"
#include "daemon/control.h"
#include "daemon/doors.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/kin.h"
#include "daemon/netup.h"
#include "daemon/onionconf.h"
#include "daemon/owner.h"
#include "daemon/process.h"
#include "daemon/runsock.h"
#include "daemon/status.h"
#include "daemon/virtnet.h"
#include "onion/onion.h"

enum {
	WHY_MAX = 512,
	SPARE_DESCRIPTORS = 128,	/* for relays, DNS, files, control */
	NSIGNALS = 5
};

static const int signals[NSIGNALS] = {
	SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT
};

struct app {
	const struct conf_args *args;
	struct conf	*conf;
	struct evloop	 ev;
	struct onion	*onion;
	struct kin	*kin;
	struct owner_source owners;
	struct owner	*owner;
	struct gateway	*gateway;
	struct doors	*doors;
	struct control	*control;
	struct netup	*netup;
	struct runsock	*runsock;
	struct event	*signal[NSIGNALS];
	struct loop_timer heartbeat;
	int		 ready_fd;	/* RunAsDaemon: tell the parent */
	int		 wrote_pid;	/* the PidFile is ours */
	int		 failed;	/* it lost what it has to have */
};

static void
on_progress(void *arg, int percent, const char *tag, const char *summary)
{
	const struct app *a = arg;

	log_notice(LD_GENERAL, "Bootstrapped %d%% (%s): %s", percent, tag,
	    summary);
	runsock_progress(a->runsock, percent, summary);
}

static void
on_ready(void *arg, int ready)
{
	const struct app *a = arg;

	if (!ready)
		log_notice(LD_GENERAL, "circuits cannot be built any more: "
		    "connections wait");
	runsock_ready(a->runsock, ready);
}

static void
on_enter(void *arg)
{
	struct app *a = arg;

	evloop_enter(&a->ev);
}

static void
on_leave(void *arg)
{
	struct app *a = arg;

	evloop_leave(&a->ev);
}

static uint64_t
on_queued(void *arg, int64_t *oldest)
{
	const struct app *a = arg;

	*oldest = INT64_MAX;
	return a->gateway ? gateway_queued(a->gateway, oldest) : 0;
}

static uint64_t
on_shed(void *arg, uint64_t bytes, int64_t at)
{
	const struct app *a = arg;

	return a->gateway ? gateway_shed(a->gateway, bytes, at) : 0;
}

static const struct onion_user onion_users = {
	.progress = on_progress, .ready = on_ready, .enter = on_enter,
	.leave = on_leave, .queued = on_queued, .shed = on_shed
};

static void
say_what_closes(const struct conf *c)
{
	if (!c->fail_closed && (c->ntrans_ports || conf_has_tun(c)))
		log_notice(LD_CONFIG, "FailClosed is 0: what leaves past Tor "
		    "is up to the firewall's own rules; "
		    "'onion-transparent firewall' writes some that close it");
}

static void
log_warnings(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->warnings.n; i++)
		log_warn(LD_CONFIG, "%s", c->warnings.item[i]);
}

static void
log_everything(const struct app *a)
{
	struct conf_err err = { 0 };
	struct log_set *set;

	if (conf_log_open_debug(a->conf, a->args->quiet, &set, &err) < 0) {
		log_err(LD_CONFIG, "%s", err.text);
		return;
	}
	conf_log_use(a->conf, set);
	log_notice(LD_GENERAL, "logging everything (SIGUSR2), until the "
	    "configuration is read again (SIGHUP)");
	log_debug(LD_GENERAL, "such as this");
}

/* --- statistics --- */

static void
log_summary(void *arg, const struct onion_summary *s)
{
	(void)arg;
	log_notice(LD_GENERAL, "Heartbeat: %d%% bootstrapped, %zu circuits, "
	    "%zu streams, %" PRIu64 " KiB read and %" PRIu64 " KiB written",
	    s->percent, s->circuits, s->streams, s->bytes_in / 1024,
	    s->bytes_out / 1024);
}

static void
log_statistics(struct app *a)
{
	static const struct onion_show show = { .summary = log_summary };
	struct gateway_totals t;

	onion_show(a->onion, &show, NULL);
	gateway_totals(a->gateway, &t);
	log_notice(LD_GENERAL, "Heartbeat: %zu flows now, %" PRIu64 " taken (%"
	    PRIu64 " direct), %" PRIu64 " refused, %" PRIu64 " dropped; %"
	    PRIu64 " DNS questions, %" PRIu64 " answered", t.flows,
	    t.accepted, t.direct, t.rejected, t.dropped, t.dns.queries,
	    t.dns.answered);
	netup_log(a->netup);
}

static void
set_heartbeat(struct app *a)
{
	if (a->conf->heartbeat_period_s > 0)
		loop_timer_in(&a->ev.loop, &a->heartbeat,
		    a->conf->heartbeat_period_s * 1000);
	else
		loop_timer_clear(&a->ev.loop, &a->heartbeat);
}

static void
on_heartbeat(void *arg)
{
	struct app *a = arg;

	log_statistics(a);
	set_heartbeat(a);
}

/* --- reload --- */

struct change {			/* all that a reload replaces */
	struct conf	*conf;
	struct onionconf_store store;
	struct log_set	*log;
	struct onion_change *onion;
	struct gateway_rules *rules;
	struct doors	*doors;
};

static void
change_drop(struct app *a, struct change *ch)
{
	if (ch->doors)
		doors_drop(ch->doors, a->doors);
	gateway_rules_free(ch->rules);
	onion_change_free(ch->onion);
	log_set_free(ch->log);
	onionconf_free(&ch->store);
	conf_free(ch->conf);
}

/* Everything that can fail, and nothing that shows. */
static int
change_prepare(struct app *a, struct change *ch, char *why, size_t max)
{
	struct conf_err err = { 0 };
	struct onion_conf oc;
	int rc;

	if ((rc = conf_load(&ch->conf, a->args, &err)) < 0 ||
	    (rc = conf_can_reload(a->conf, ch->conf, &err)) < 0 ||
	    (rc = conf_log_open(ch->conf, a->args->quiet, &ch->log,
	    &err)) < 0) {
		snprintf(why, max, "%s", err.text);
		return rc;
	}
	snprintf(why, max, "no memory");
	if ((rc = onionconf_make(&oc, &ch->store, ch->conf)) < 0 ||
	    (rc = gateway_rules_new(&ch->rules, ch->conf)) < 0 ||
	    (rc = onion_prepare(&ch->onion, &oc, why, max)) < 0)
		return rc;
	return doors_prepare(&ch->doors, a->doors, &a->ev, a->gateway,
	    ch->conf, why, max);
}

static void
change_commit(struct app *a, struct change *ch)
{
	struct conf *old = a->conf;

	conf_log_use(ch->conf, ch->log);
	onion_commit(a->onion, ch->onion);
	gateway_set_rules(a->gateway, ch->rules);
	doors_commit(ch->doors, a->doors, ch->conf);
	a->doors = ch->doors;
	a->conf = ch->conf;
	onionconf_free(&ch->store);
	conf_free(old);
	set_heartbeat(a);
}

static int
is_stdin(const char *file)
{
	return file && strcmp(file, "-") == 0;
}

/* What came from standard input is at its end: read again it would be empty,
 * and every door would be closed. */
static void
reload_nothing(struct app *a)
{
	struct conf_err err = { 0 };
	struct log_set *set;

	log_warn(LD_CONFIG, "the configuration came from standard input and "
	    "cannot be read again: it stays in force");
	if (conf_log_open(a->conf, a->args->quiet, &set, &err) < 0)
		log_err(LD_CONFIG, "%s", err.text);
	else		/* a file may have been moved away */
		conf_log_use(a->conf, set);
}

static void
reload(struct app *a)
{
	struct change ch = { .conf = NULL };
	char why[WHY_MAX] = "";

	if (is_stdin(a->args->file) || is_stdin(a->args->defaults_file)) {
		reload_nothing(a);
		return;
	}
	log_notice(LD_CONFIG, "reading the configuration again (SIGHUP)");
	if (change_prepare(a, &ch, why, sizeof(why)) < 0) {
		change_drop(a, &ch);
		log_err(LD_CONFIG, "%s", why);
		log_err(LD_CONFIG, "the old configuration stays in force");
		return;
	}
	change_commit(a, &ch);
	log_warnings(a->conf);
	say_what_closes(a->conf);
	virtnet_check(a->conf);
	log_notice(LD_CONFIG, "the new configuration is in force");
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct app *a = arg;

	(void)what;
	evloop_enter(&a->ev);
	if (sig == SIGHUP)
		reload(a);
	else if (sig == SIGUSR1)
		log_statistics(a);
	else if (sig == SIGUSR2)
		log_everything(a);
	else {
		log_notice(LD_GENERAL, "stopping (signal %d)", (int)sig);
		evloop_stop(&a->ev);
	}
	evloop_leave(&a->ev);
}

/* --- start and end --- */

static int
make_engine(struct app *a, char *why, size_t max)
{
	struct onionconf_store store;
	struct onion_conf oc;
	int rc;

	if ((rc = onionconf_make(&oc, &store, a->conf)) < 0)
		return rc;
	netup_sockets(a->netup, &oc);
	rc = onion_new(&a->onion, &oc, &a->ev.loop, a->ev.base, &onion_users,
	    a, why, max);
	onionconf_free(&store);
	return rc;
}

/* A kernel that cannot tell whose a socket is leaves rules that ask for it
 * without a match. */
static int
make_owner(struct app *a)
{
	int rc = owner_kernel_open(&a->owners);

	if (rc == 0)
		return owner_new(&a->owner, &a->ev.loop, &a->owners);
	log_info(LD_GENERAL, "whose a program's connection is cannot be found "
	    "out here: %s", strerror(-rc));
	return 0;
}

static int
make_gateway(struct app *a)
{
	size_t fds = process_descriptors();
	struct gateway_conf gc = { .loop = &a->ev.loop, .onion = a->onion,
	    .ev = &a->ev, .flows_max = ONION_STREAMS_MAX,
	    .dial = netup_dial(a->netup) };
	int rc = kin_new(&a->kin, &a->ev.loop, &kin_kernel);

	if (rc < 0 || (rc = make_owner(a)) < 0)
		return rc;
	tzset();	/* rules say local times; later it may see no files */
	gc.kin = a->kin;
	gc.owner = a->owner;
	gc.tun = netup_networks(a->netup, &gc.ntun);
	gc.sockets_max = fds > 2 * SPARE_DESCRIPTORS ?
	    fds - SPARE_DESCRIPTORS : fds / 2;
	return gateway_new(&a->gateway, &gc, a->conf);
}

static void
on_tunnels(void *arg, status_tunnel_fn *fn, void *fn_arg)
{
	const struct app *a = arg;

	netup_tunnels(a->netup, fn, fn_arg);
	runsock_tunnels(a->runsock, fn, fn_arg);
}

static int
on_proxies(void *arg, struct proxies_totals *t)
{
	const struct app *a = arg;

	return doors_proxies(a->doors, t);
}

static int
make_control(struct app *a, char *why, size_t max)
{
	struct status_source src = {
		.onion = a->onion, .gateway = a->gateway,
		.tunnels = on_tunnels, .proxies = on_proxies, .arg = a
	};
	int rc;

	if (a->conf->status_socket[0] == '\0')
		return 0;
	rc = control_new(&a->control, &a->ev, a->conf->status_socket, &src);
	if (rc < 0)
		snprintf(why, max, "%sStatusSocket %s: %s",
		    conf_where(a->conf, "StatusSocket", 0),
		    a->conf->status_socket, strerror(-rc));
	return rc;
}

/* Without RunSocket in the configuration it is an offer, and may fail: an
 * ordinary user cannot make it, and another daemon may have it. */
static int
run_socket_failed(const struct app *a, int rc, char *why, size_t max)
{
	const char *where = conf_where(a->conf, "RunSocket", 0);

	snprintf(why, max, "%sRunSocket %s: %s", where, a->conf->run_socket,
	    rc == -EADDRINUSE ? "another daemon has it" : strerror(-rc));
	if (*where || conf_where(a->conf, "RunSocketGroup", 0)[0])
		return rc;
	log_at(getuid() == 0 ? LL_NOTICE : LL_INFO, LD_GENERAL, "%s: programs "
	    "cannot be run through this daemon", why);
	return 0;
}

static int
make_runsock(struct app *a, char *why, size_t max)
{
	const struct conf *c = a->conf;
	struct runsock_conf rc_conf = {
		.ev = &a->ev, .gateway = a->gateway, .path = c->run_socket,
		.group = c->run_socket_group,
		.bytes_max = onionconf_memory(c) / 4,
		.mode = c->run_socket_group ? 0660 : 0666
	};
	int rc;

	if (c->run_socket[0] == '\0')
		return 0;
	rc = runsock_new(&a->runsock, &rc_conf);
	return rc < 0 ? run_socket_failed(a, rc, why, max) : 0;
}

static int
make_signals(struct app *a)
{
	int i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < NSIGNALS; i++) {
		a->signal[i] = evsignal_new(a->ev.base, signals[i], on_signal,
		    a);
		if (a->signal[i] == NULL || event_add(a->signal[i], NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int
open_log(struct app *a, char *why, size_t max)
{
	struct conf_err err = { 0 };
	struct log_set *set;
	int rc = conf_log_open(a->conf, a->args->quiet, &set, &err);

	if (rc < 0) {
		snprintf(why, max, "%s", err.text);
		return rc;
	}
	conf_log_use(a->conf, set);
	log_warnings(a->conf);
	virtnet_check(a->conf);
	return 0;
}

/* Nothing is left open by whoever is not there to see to it. */
static void
on_gone(void *arg, const char *why)
{
	struct app *a = arg;

	log_err(LD_NET, "%s: stopping", why);
	a->failed = 1;
	evloop_stop(&a->ev);
}

/* The helper is forked before there is anything that it should not have. */
static int
start_helper(struct app *a, char *why, size_t max)
{
	int rc = process_check_user(a->conf, why, max);

	return rc < 0 ? rc : netup_fork(&a->netup, a->conf, why, max);
}

/* What belongs to the user's own files; the log first, so that it holds
 * whatever goes wrong from then on. */
static int
start_as_user(struct app *a, char *why, size_t max)
{
	const struct conf *c = a->conf;
	int rc;

	if ((rc = process_directory(c->data_directory, c->user)) < 0) {
		snprintf(why, max, "%sDataDirectory %s: %s",
		    conf_where(c, "DataDirectory", 0), c->data_directory,
		    strerror(-rc));
		return rc;
	}
	if (c->run_socket[0] &&
	    (rc = process_socket_directory(c->run_socket, c->user,
	    conf_where(c, "RunSocket", 0)[0] == '\0')) < 0 &&
	    (rc = run_socket_failed(a, rc, why, max)) < 0)
		return rc;
	if ((rc = process_as_user(c->user)) < 0) {
		snprintf(why, max, "%sUser %s: %s", conf_where(c, "User", 0),
		    c->user, strerror(-rc));
		return rc;
	}
	if ((rc = open_log(a, why, max)) == 0 &&
	    (rc = make_engine(a, why, max)) == 0 &&
	    (rc = make_gateway(a)) == 0 &&
	    (rc = make_control(a, why, max)) == 0)
		rc = make_runsock(a, why, max);
	process_as_root();
	return rc;
}

static int
write_pid(struct app *a, char *why, size_t max)
{
	const char *path = a->conf->pid_file;
	int rc;

	if (path == NULL)
		return 0;
	if ((rc = process_pid_file(path)) < 0) {
		snprintf(why, max, "%sPidFile %s: %s",
		    conf_where(a->conf, "PidFile", 0), path, strerror(-rc));
		return rc;
	}
	a->wrote_pid = 1;
	return 0;
}

static int
start(struct app *a, char *why, size_t max)
{
	const struct conf *c = a->conf;
	int rc;

	snprintf(why, max, "no memory");
	if ((rc = start_helper(a, why, max)) < 0)
		return rc;
	snprintf(why, max, "no memory");
	if ((rc = make_signals(a)) < 0 ||
	    (rc = start_as_user(a, why, max)) < 0 ||
	    (rc = netup_start(a->netup, &a->ev, a->gateway, on_gone, a, why,
	    max)) < 0 ||
	    (rc = doors_prepare(&a->doors, NULL, &a->ev, a->gateway, c, why,
	    max)) < 0)
		return rc;
	doors_commit(a->doors, NULL, c);
	if ((rc = write_pid(a, why, max)) < 0)
		return rc;
	if ((rc = process_drop(c->user)) < 0 ||
	    (rc = process_harden(c)) < 0) {
		snprintf(why, max, "rights cannot be given up: %s",
		    strerror(-rc));
		return rc;
	}
	if (getuid() == 0)
		log_warn(LD_GENERAL, "running as root: set User to an account "
		    "without rights");
	return 0;
}

static void
stop(struct app *a)
{
	int i;

	evloop_enter(&a->ev);
	doors_close(a->doors);
	a->doors = NULL;
	netup_stop(a->netup);
	control_free(a->control);
	runsock_free(a->runsock);
	a->runsock = NULL;
	gateway_free(a->gateway);
	a->gateway = NULL;
	kin_free(a->kin);
	owner_free(a->owner);
	owner_kernel_close(&a->owners);
	loop_timer_clear(&a->ev.loop, &a->heartbeat);
	evloop_leave(&a->ev);
	onion_free(a->onion);
	netup_free(a->netup);
	if (a->wrote_pid)	/* else it may be another instance's */
		unlink(a->conf->pid_file);
	for (i = 0; i < NSIGNALS; i++)
		if (a->signal[i])
			event_free(a->signal[i]);
	conf_free(a->conf);
	evloop_fini(&a->ev);
}

/* A daemon logs nothing to the console, but whoever starts it still looks
 * there. */
static void
failed(const struct app *a, const char *why)
{
	log_err(LD_GENERAL, "%s", why);
	if (a->ready_fd >= 0 && a->args->quiet != CONF_QUIET)
		fprintf(stderr, "onion-transparent: %s\n", why);
}

int
app_run(const struct conf_args *args, struct conf *conf)
{
	struct app a = { .args = args, .conf = conf, .ready_fd = -1 };
	char why[WHY_MAX];
	int rc;

	rand_init();
	process_memory();
	if ((conf->run_as_daemon &&
	    (rc = process_background(&a.ready_fd)) < 0) ||
	    (rc = evloop_init(&a.ev)) < 0) {
		failed(&a, strerror(-rc));
		conf_free(conf);
		return EXIT_FAILURE;
	}
	loop_timer_init(&a.heartbeat, on_heartbeat, &a);
	evloop_enter(&a.ev);
	if ((rc = start(&a, why, sizeof(why))) == 0) {
		set_heartbeat(&a);
		process_up(&a.ready_fd);
		rc = onion_start(a.onion);
		snprintf(why, sizeof(why), "the engine cannot start");
	}
	evloop_leave(&a.ev);
	if (rc < 0)
		failed(&a, why);
	else if ((rc = evloop_run(&a.ev)) < 0)
		log_err(LD_GENERAL, "the event loop failed");
	if (a.failed)
		rc = -EIO;
	stop(&a);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
