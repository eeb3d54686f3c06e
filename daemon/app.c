/* daemon/app.c - the running gateway: its parts, its reload
 *
 * Theory of operation
 *	This is the engine's process.  It gives up all rights first, and makes
 *	its parts then: whatever it reads, of the network or of what an engine
 *	before it wrote, it reads without rights.  What needs some is lent by
 *	the parent (daemon/parent.c), at the start and at a reload.  Whatever
 *	fails before it is up ends it with one sentence.
 *
 *	The parent tells it what to do; signals are the parent's affair, since
 *	whoever stops a service sends them to all of its processes.
 *
 *	A new configuration is made whole first, and everything that it needs
 *	is opened beside what is there.  Only when all of that held is it put in
 *	place, which cannot fail; else all of it is dropped.
 */
#include "daemon/app.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/borrow.h"
#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/control.h"
#include "daemon/doors.h"
#include "daemon/dial.h"
#include "daemon/evloop.h"
#include "daemon/firewall.h"
#include "daemon/fwconf.h"
#include "daemon/gateway.h"
#include "daemon/gateway_rules.h"
#include "daemon/kin.h"
#include "daemon/lend.h"
#include "daemon/netup.h"
#include "daemon/onionconf.h"
#include "daemon/owner.h"
#include "daemon/process.h"
#include "daemon/procmsg.h"
#include "daemon/runsock.h"
#include "daemon/sandbox.h"
#include "daemon/sendconf.h"
#include "daemon/status.h"
#include "daemon/virtnet.h"
#include "onion/onion.h"

enum {
	WHY_MAX = 512,
	SPARE_DESCRIPTORS = 128,	/* for relays, DNS, files, control */
	LEND_MS = 30 * 1000		/* the parent's answer */
};

/* seccomp: dup2 dup3 */

struct app {
	const struct app_conf *start;	/* how it was started */
	struct conf	*conf;
	struct conf	*fresh;		/* to which it is to be changed */
	struct evloop	 ev;
	struct onion	*onion;
	struct kin	*kin;
	struct owner_source owners;
	struct owner	*owner;
	struct gateway	*gateway;
	struct doors	*doors;
	struct control	*control;
	struct netup	*netup;
	struct firewall	*firewall;	/* FailClosed */
	struct dial_conf dial;		/* of direct flows */
	struct runsock	*runsock;
	struct event	*tell;
	struct loop_timer heartbeat;
	int		 root;		/* we were, before we gave it up */
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

	if (conf_log_open_debug(a->conf, a->start->quiet, &set, &err) < 0) {
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

static int
has_syslog(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->nlogs; i++)
		if (c->logs[i].where == LOG_TO_SYSLOG)
			return 1;
	return 0;
}

/* The way to it is a socket that only the parent could open, at the start. */
static int
check_syslog(const struct app *a, const struct conf *fresh, char *why,
    size_t max)
{
	if (!has_syslog(fresh) || has_syslog(a->conf))
		return 0;
	snprintf(why, max, "Log: syslog cannot be added while the program "
	    "runs; restart it");
	return -EBUSY;
}

/* Everything that can fail, and nothing that shows. */
static int
change_prepare(struct app *a, struct change *ch, char *why, size_t max)
{
	struct conf_err err = { 0 };
	struct onion_conf oc;
	int rc;

	if ((rc = check_syslog(a, ch->conf, why, max)) < 0)
		return rc;
	if ((rc = conf_log_open(ch->conf, a->start->quiet, &ch->log,
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
	if (a->firewall && firewall_set_conf(a->firewall, a->conf) < 0)
		log_warn(LD_NET, "no memory: authorities and fallbacks are "
		    "asked for of the firewall, too");
	onionconf_free(&ch->store);
	conf_free(old);
	set_heartbeat(a);
}

/* A file may have been moved away. */
static void
reopen_log(struct app *a)
{
	struct conf_err err = { 0 };
	struct log_set *set;

	if (conf_log_open(a->conf, a->start->quiet, &set, &err) < 0)
		log_err(LD_CONFIG, "%s", err.text);
	else
		conf_log_use(a->conf, set);
}

static void
answer(const struct app *a, int rc)
{
	struct procmsg m = { .type = rc < 0 ? PROCMSG_FAILED : PROCMSG_DONE,
		.value = rc };

	(void)procmsg_send(a->start->tell, &m);
}

static void
reload(struct app *a, const struct procmsg *m)
{
	struct change ch = { .conf = NULL };
	char why[WHY_MAX] = "";
	int rc = sendconf_take(&ch.conf, m, why, sizeof(why));

	a->fresh = ch.conf;
	if (rc == 0)
		rc = change_prepare(a, &ch, why, sizeof(why));
	a->fresh = NULL;
	if (rc < 0) {
		change_drop(a, &ch);
		log_err(LD_CONFIG, "%s", why);
		log_err(LD_CONFIG, "the old configuration stays in force");
	} else {
		change_commit(a, &ch);
		log_warnings(a->conf);
		fwconf_tell(a->conf);
		virtnet_check(a->conf);
	}
	answer(a, rc);
}

/* --- the parent --- */

/* A parent that does not answer is as good as one that is gone. */
static int
ask(const struct app *a, struct procmsg *m)
{
	int rc = procmsg_send(a->start->ask, m);

	if (rc == 0)
		rc = procmsg_recv(a->start->ask, m, LEND_MS);
	if (rc < 0)
		return rc;
	if (m->type == PROCMSG_LENT)
		return 0;
	procmsg_close(m);
	return m->type == PROCMSG_FAILED && m->value < 0 ? m->value : -EIO;
}

static int
on_borrow(void *arg, const struct borrow_want *w, int fd[BORROW_FDS_MAX])
{
	const struct app *a = arg;
	int row = lend_find(a->fresh ? a->fresh : a->conf, w), rc;
	struct procmsg m = { .value = row,
		.type = a->fresh ? PROCMSG_LEND_NEW : PROCMSG_LEND };
	unsigned i;

	if (row < 0)
		return row;
	if ((rc = ask(a, &m)) < 0)
		return rc;
	if (m.nfds != borrow_count(w->kind)) {
		procmsg_close(&m);
		return -EIO;
	}
	for (i = 0; i < m.nfds; i++)
		fd[i] = m.fds[i];
	return 0;
}

static void
live(const struct app *a)
{
	struct procmsg m = { .type = PROCMSG_PONG };

	(void)procmsg_send(a->start->tell, &m);
}

static void
obey(struct app *a, const struct procmsg *m)
{
	switch (m->type) {
	case PROCMSG_RELOAD:
		reload(a, m);
		break;
	case PROCMSG_REOPEN:
		reopen_log(a);
		break;
	case PROCMSG_STATISTICS:
		log_statistics(a);
		break;
	case PROCMSG_DEBUG:
		log_everything(a);
		break;
	case PROCMSG_PING:
		live(a);
		break;
	case PROCMSG_STOP:
		evloop_stop(&a->ev);
		break;
	default:
		break;
	}
}

static void
on_tell(evutil_socket_t fd, short what, void *arg)
{
	struct app *a = arg;
	struct procmsg m;
	int rc;

	(void)what;
	evloop_enter(&a->ev);
	rc = procmsg_recv(fd, &m, 0);
	if (rc == 0) {
		obey(a, &m);
		procmsg_close(&m);
	} else if (rc != -ETIMEDOUT) {		/* the parent is gone */
		event_del(a->tell);
		evloop_stop(&a->ev);
	}
	evloop_leave(&a->ev);
}

/* --- the firewall --- */

static void
on_gate(void *arg, int open)
{
	struct app *a = arg;

	if (a->gateway)
		gateway_gate(a->gateway, open);
}

/* Nobody would say what may be reached, nor that rules are gone. */
static void
on_firewall_gone(void *arg)
{
	struct app *a = arg;

	log_err(LD_NET, "the process that keeps the firewall's rules is gone: "
	    "stopping");
	a->failed = 1;
	evloop_stop(&a->ev);
}

static const struct firewall_user firewall_users = {
	.gate = on_gate, .gone = on_firewall_gone
};

static int
make_firewall(struct app *a)
{
	const struct dial_conf *d = netup_dial(a->netup);
	int rc;

	if (d)
		a->dial = *d;
	if (a->start->firewall < 0)
		return 0;
	if ((rc = firewall_new(&a->firewall, a->start->firewall, &a->ev,
	    a->conf, &firewall_users, a)) < 0)
		return rc;
	a->dial.permit = firewall_direct(a->firewall);
	return 0;
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
	if (a->firewall)
		oc.permit = firewall_relays(a->firewall);
	rc = onion_new(&a->onion, &oc, &a->ev.loop, a->ev.base, &onion_users,
	    a, why, max);
	onionconf_free(&store);
	return rc;
}

/* A kernel that cannot tell whose a socket is leaves rules that ask for it
 * without a match. */
static void
open_owners(struct app *a, char place[OWNER_PLACE])
{
	int rc = owner_kernel_open(&a->owners, place);

	if (rc < 0)
		log_info(LD_GENERAL, "whose a program's connection is cannot "
		    "be found out here: %s", strerror(-rc));
}

static int
make_owner(struct app *a)
{
	return a->owners.arg == NULL ? 0 :
	    owner_new(&a->owner, &a->ev.loop, &a->owners);
}

static int
make_gateway(struct app *a)
{
	size_t fds = process_descriptors();
	struct gateway_conf gc = { .loop = &a->ev.loop, .onion = a->onion,
	    .ev = &a->ev, .flows_max = ONION_STREAMS_MAX,
	    .dial = &a->dial };
	int rc = kin_new(&a->kin, &a->ev.loop, &kin_kernel);

	if (rc < 0 || (rc = make_owner(a)) < 0)
		return rc;
	gc.kin = a->kin;
	gc.owner = a->owner;
	gc.tun = netup_networks(a->netup, &gc.ntun);
	gc.sockets_max = fds > 2 * SPARE_DESCRIPTORS ?
	    fds - SPARE_DESCRIPTORS : fds / 2;
	rc = gateway_new(&a->gateway, &gc, a->conf);
	if (rc == 0 && a->firewall)
		gateway_gate(a->gateway, firewall_is_open(a->firewall));
	return rc;
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
on_gate_asked(void *arg)
{
	const struct app *a = arg;

	return a->firewall ? firewall_is_open(a->firewall) : -1;
}

static int
make_control(struct app *a, char *why, size_t max)
{
	struct status_source src = {
		.onion = a->onion, .gateway = a->gateway,
		.tunnels = on_tunnels, .proxies = on_proxies,
		.gate = on_gate_asked, .arg = a
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
	log_at(a->root ? LL_NOTICE : LL_INFO, LD_GENERAL, "%s: programs "
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
hear_parent(struct app *a)
{
	a->tell = event_new(a->ev.base, a->start->tell, EV_READ | EV_PERSIST,
	    on_tell, a);
	return a->tell && event_add(a->tell, NULL) == 0 ? 0 : -ENOMEM;
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

/* What is left of the file system: its state, the keys of services, and which
 * programs belong together. */
static int
enter_sandbox(struct app *a, char *why, size_t max)
{
	const struct conf *c = a->conf;
	char groups[OWNER_PLACE] = "";
	struct sandbox_conf sc = {
		.user = c->user, .parent = a->start->parent,
		.dir = { { c->data_directory, 1 },
		    { c->client_onion_auth_dir, 0 }, { groups, 0 } },
		.ndirs = 2, .syslog = has_syslog(c),
		.debugger = !c->disable_debugger_attachment
	};
	char lacks[SANDBOX_TEXT];
	int rc;

	(void)process_descriptors();
	onion_init();
	tzset();		/* rules say local times */
	open_owners(a, groups);
	sc.ndirs += groups[0] != '\0';
	if ((rc = sandbox_enter(&sc, lacks, why, max)) < 0)
		return rc;
	if (lacks[0])	/* who is not root can't have all of it, and knows */
		log_at(a->root ? LL_NOTICE : LL_INFO, LD_GENERAL, "locked in "
		    "less well than it could be: %s", lacks);
	if (getuid() == 0)
		log_warn(LD_GENERAL, "running as root: set User to an account "
		    "without rights");
	return 0;
}

static int
make_parts(struct app *a, char *why, size_t max)
{
	int rc;

	snprintf(why, max, "no memory");
	if ((rc = hear_parent(a)) < 0 ||
	    (rc = make_firewall(a)) < 0 ||
	    (rc = make_engine(a, why, max)) < 0 ||
	    (rc = make_gateway(a)) < 0 ||
	    (rc = make_control(a, why, max)) < 0 ||
	    (rc = make_runsock(a, why, max)) < 0 ||
	    (rc = netup_start(a->netup, &a->ev, a->gateway, on_gone, a, why,
	    max)) < 0 ||
	    (rc = doors_prepare(&a->doors, NULL, &a->ev, a->gateway, a->conf,
	    why, max)) < 0)
		return rc;
	doors_commit(a->doors, NULL, a->conf);
	return 0;
}

static int
start(struct app *a, char *why, size_t max)
{
	struct procmsg up = { .type = PROCMSG_UP };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), rc;

	if ((rc = enter_sandbox(a, why, max)) < 0 ||
	    (rc = make_parts(a, why, max)) < 0)
		return rc;
	snprintf(why, max, "the parent is gone");
	if ((rc = procmsg_send(a->start->ask, &up)) < 0)
		return rc;
#ifdef EVIL_ENGINE		/* tests/platform/evil.c */
	evil(a->start->ask, a->start->tell, a->conf->data_directory);
#endif
	if (a->start->background && null >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	close(null);
	snprintf(why, max, "the engine cannot start");
	return onion_start(a->onion);
}

static void
stop(struct app *a)
{
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
	evloop_enter(&a->ev);
	firewall_free(a->firewall);
	evloop_leave(&a->ev);
	if (a->tell)
		event_free(a->tell);
	borrow_from(NULL, NULL);
	conf_free(a->conf);
	evloop_fini(&a->ev);
}

/* A daemon logs nothing to the console, but whoever starts it still looks
 * there. */
static void
failed(const struct app *a, const char *why)
{
	log_err(LD_GENERAL, "%s", why);
	if (a->start->background && a->start->quiet != CONF_QUIET)
		fprintf(stderr, "onion-transparent: %s\n", why);
}

int
app_run(const struct app_conf *start_conf)
{
	struct app a = { .start = start_conf, .conf = start_conf->conf,
		.netup = start_conf->netup, .root = geteuid() == 0 };
	char why[WHY_MAX];
	int rc;

	borrow_from(on_borrow, &a);
	if ((rc = evloop_init(&a.ev)) < 0) {
		failed(&a, strerror(-rc));
		return EXIT_FAILURE;
	}
	loop_timer_init(&a.heartbeat, on_heartbeat, &a);
	evloop_enter(&a.ev);
	if ((rc = start(&a, why, sizeof(why))) == 0)
		set_heartbeat(&a);
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
