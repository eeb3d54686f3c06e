/* daemon/app.c - the running gateway: its parts, its signals, its reload
 *
 * Theory of operation
 *	Start: the engine is made as the configured user, so that its files are
 *	that user's; sockets are bound as root; then rights are given up for
 *	good, and only then does anything from the network get in.  Whatever
 *	fails before that ends the program with one sentence.
 *
 *	SIGHUP reads the configuration anew.  It is made whole first, checked
 *	against what cannot change while running, and then put in place part by
 *	part; where any part refuses, the old configuration stays.
 *	SIGUSR1 logs statistics; SIGTERM and SIGINT end the program in order.
 */
#include "daemon/app.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rand.h"
#include "daemon/conf.h"
#include "daemon/control.h"
#include "daemon/doors.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/onionconf.h"
#include "daemon/process.h"
#include "daemon/status.h"
#include "onion/onion.h"

enum {
	WHY_MAX = 512,
	SPARE_DESCRIPTORS = 128,	/* for relays, DNS, files, control */
	NSIGNALS = 4
};

static const int signals[NSIGNALS] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT };

struct app {
	const struct conf_args *args;
	struct conf	*conf;
	struct evloop	 ev;
	struct onion	*onion;
	struct gateway	*gateway;
	struct doors	*doors;
	struct control	*control;
	struct event	*signal[NSIGNALS];
	struct loop_timer heartbeat;
	int		 ready_fd;	/* RunAsDaemon: tell the parent */
};

static void
on_progress(void *arg, int percent, const char *tag, const char *summary)
{
	(void)arg;
	log_notice(LD_GENERAL, "Bootstrapped %d%% (%s): %s", percent, tag,
	    summary);
}

static void
on_ready(void *arg, int ready)
{
	(void)arg;
	if (!ready)
		log_notice(LD_GENERAL, "circuits cannot be built any more: "
		    "connections wait");
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

static const struct onion_user onion_users = {
	.progress = on_progress, .ready = on_ready, .enter = on_enter,
	.leave = on_leave
};

static void
log_warnings(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->warnings.n; i++)
		log_warn(LD_CONFIG, "%s", c->warnings.item[i]);
}

static int
use_log(const struct app *a, const struct conf *c, struct conf_err *err)
{
	struct log_set *set;
	int rc = conf_log_open(c, a->args->quiet, &set, err);

	if (rc < 0)
		return rc;
	log_set_scrub(c->safe_logging != CONF_SCRUB_NONE);
	log_set_use(set);
	return 0;
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
	log_notice(LD_GENERAL, "Heartbeat: %zu flows now, %" PRIu64 " taken, %"
	    PRIu64 " refused, %" PRIu64 " dropped; %" PRIu64 " DNS questions, "
	    "%" PRIu64 " answered", t.flows, t.accepted, t.rejected,
	    t.dropped, t.dns.queries, t.dns.answered);
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

static int
put_in_place(struct app *a, struct conf *new, char *why, size_t max)
{
	struct onionconf_store store;
	struct onion_conf oc;
	struct conf_err err;
	struct doors *doors;
	int rc;

	if ((rc = onionconf_make(&oc, &store, new)) < 0) {
		snprintf(why, max, "no memory");
		return rc;
	}
	/* Listeners first: they are what can fail for outside reasons, and
	 * those that stay are not touched. */
	rc = doors_open(&doors, a->doors, &a->ev, a->gateway, new, why, max);
	if (rc == 0) {
		a->doors = doors;
		rc = onion_reconf(a->onion, &oc, why, max);
	}
	onionconf_free(&store);
	if (rc < 0)
		return rc;
	gateway_set_conf(a->gateway, new);
	if (use_log(a, new, &err) < 0)
		log_warn(LD_CONFIG, "%s: logging goes on as before",
		    err.text);
	return 0;
}

/* Back to the listeners of the configuration that stays. */
static void
put_back(struct app *a)
{
	char why[WHY_MAX];
	struct doors *doors;

	if (doors_open(&doors, a->doors, &a->ev, a->gateway, a->conf, why,
	    sizeof(why)) == 0)
		a->doors = doors;
	else
		log_err(LD_CONFIG, "%s", why);
}

static void
reload(struct app *a)
{
	struct conf *new = NULL, *old = a->conf;
	char why[WHY_MAX] = "";
	struct conf_err err = { 0 };

	log_notice(LD_CONFIG, "reading the configuration again (SIGHUP)");
	if (conf_load(&new, a->args, &err) < 0 ||
	    conf_can_reload(old, new, &err) < 0) {
		log_err(LD_CONFIG, "%s", err.text);
		log_err(LD_CONFIG, "the old configuration stays in force");
		conf_free(new);
		return;
	}
	if (put_in_place(a, new, why, sizeof(why)) < 0) {
		log_err(LD_CONFIG, "%s", why);
		log_err(LD_CONFIG, "the old configuration stays in force");
		put_back(a);
		conf_free(new);
		return;
	}
	a->conf = new;
	set_heartbeat(a);
	log_warnings(new);
	conf_free(old);
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
	rc = onion_new(&a->onion, &oc, &a->ev.loop, a->ev.base, &onion_users,
	    a, why, max);
	onionconf_free(&store);
	return rc;
}

static int
make_gateway(struct app *a)
{
	size_t fds = process_descriptors();
	struct gateway_conf gc = { .loop = &a->ev.loop, .onion = a->onion };

	gc.flows_max = fds > 2 * SPARE_DESCRIPTORS ? fds - SPARE_DESCRIPTORS :
	    fds / 2;
	return gateway_new(&a->gateway, &gc, a->conf);
}

static int
make_control(struct app *a, char *why, size_t max)
{
	struct status_source src = {
		.onion = a->onion, .gateway = a->gateway
	};
	int rc;

	if (a->conf->status_socket[0] == '\0')
		return 0;
	rc = control_new(&a->control, &a->ev, a->conf->status_socket, &src);
	if (rc < 0)
		snprintf(why, max, "StatusSocket %s: %s",
		    a->conf->status_socket, strerror(-rc));
	return rc;
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

/* What belongs to the user's own files. */
static int
start_as_user(struct app *a, char *why, size_t max)
{
	const struct conf *c = a->conf;
	int rc;

	if ((rc = process_directory(c->data_directory, c->user)) < 0) {
		snprintf(why, max, "DataDirectory %s: %s", c->data_directory,
		    strerror(-rc));
		return rc;
	}
	if ((rc = process_as_user(c->user)) < 0) {
		snprintf(why, max, "User %s: %s", c->user, rc == -ENOENT ?
		    "there is no such user" : strerror(-rc));
		return rc;
	}
	if ((rc = make_engine(a, why, max)) == 0 &&
	    (rc = make_gateway(a)) == 0)
		rc = make_control(a, why, max);
	process_as_root();
	return rc;
}

static int
start(struct app *a, char *why, size_t max)
{
	const struct conf *c = a->conf;
	struct conf_err err = { 0 };
	int rc;

	snprintf(why, max, "no memory");
	if ((rc = make_signals(a)) < 0 ||
	    (rc = start_as_user(a, why, max)) < 0 ||
	    (rc = doors_open(&a->doors, NULL, &a->ev, a->gateway, c, why,
	    max)) < 0)
		return rc;
	if (c->pid_file && (rc = process_pid_file(c->pid_file)) < 0) {
		snprintf(why, max, "PidFile %s: %s", c->pid_file,
		    strerror(-rc));
		return rc;
	}
	if ((rc = process_drop(c->user)) < 0 ||
	    (rc = process_harden(c)) < 0) {
		snprintf(why, max, "rights cannot be given up: %s",
		    strerror(-rc));
		return rc;
	}
	if ((rc = use_log(a, c, &err)) < 0) {
		snprintf(why, max, "%s", err.text);
		return rc;
	}
	log_warnings(c);
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
	control_free(a->control);
	gateway_free(a->gateway);
	loop_timer_clear(&a->ev.loop, &a->heartbeat);
	evloop_leave(&a->ev);
	onion_free(a->onion);
	if (a->conf->pid_file)
		unlink(a->conf->pid_file);
	for (i = 0; i < NSIGNALS; i++)
		if (a->signal[i])
			event_free(a->signal[i]);
	conf_free(a->conf);
	evloop_fini(&a->ev);
}

int
app_run(const struct conf_args *args, struct conf *conf)
{
	struct app a = { .args = args, .conf = conf, .ready_fd = -1 };
	char why[WHY_MAX];
	int rc;

	rand_init();
	if (conf->run_as_daemon && process_background(&a.ready_fd) < 0)
		return EXIT_FAILURE;
	if (evloop_init(&a.ev) < 0)
		return EXIT_FAILURE;
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
		log_err(LD_GENERAL, "%s", why);
	else if ((rc = evloop_run(&a.ev)) < 0)
		log_err(LD_GENERAL, "the event loop failed");
	stop(&a);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
