/* daemon/netup.c - the TUN's life: helper, device, stack */
#include "daemon/netup.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/borrow.h"
#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/dial.h"
#include "daemon/doors.h"
#include "daemon/gateway.h"
#include "daemon/keeper.h"
#include "daemon/keepproc.h"
#include "daemon/onionconf.h"
#include "daemon/process.h"
#include "daemon/tunnel.h"
#include "policy/netplan.h"
#include "policy/netstate.h"
#include "tun/tundev.h"

_Static_assert((int)CONF_TUN_LANS_MAX <= (int)NETPLAN_LANS_MAX &&
    (int)CONF_TUN_ADDRS <= (int)NETPLAN_OWN_MAX &&
    (int)CONF_IFNAME == (int)NETPLAN_IFNAME, "a plan holds what torrc can say");

struct netup {
	struct netplan_conf plan;
	struct keeper	*keeper;
	struct tunnel	*tunnel;
	struct door	 door;
	struct dial_conf dial;
	size_t		 bytes_max;
	int		 undo;		/* TunUndo */
	void		(*gone)(void *arg, const char *why);
	void		*arg;
};

static int
make_plan(struct netplan_conf *p, const struct conf *c)
{
	unsigned i;

	memset(p, 0, sizeof(*p));
	memcpy(p->tun, c->tun_device.name, sizeof(p->tun));
	memcpy(p->own, c->tun_address.net, sizeof(c->tun_address.net));
	p->nown = c->tun_address.n;
	for (i = 0; i < c->tun_clients.nlan; i++)
		memcpy(p->lan[i], c->tun_clients.lan[i], CONF_IFNAME);
	p->nlan = c->tun_clients.nlan;
	p->local = c->tun_clients.local;
	p->mtu = (uint16_t)c->tun_mtu;
	return process_uid(c->user, &p->uid);
}

/* A line without SessionGroup is a group of its own: no number that
 * daemon/doors draws. */
static void
make_door(struct door *d, const struct conf *c)
{
	doors_rules(d, &c->tun_device.rules);
	d->proto = DOOR_TUN;
	if (c->tun_device.rules.session_group < 0)
		d->session_group = INT_MIN;
}

int
netup_fork(struct netup **out, const struct conf *c, char *why, size_t max)
{
	struct netup *n;
	struct keepproc_conf kc = { .directory = c->data_directory,
		.user = c->user, .undo = c->tun_undo };
	int rc;

	*out = NULL;
	if (!conf_has_tun(c))
		return 0;
	snprintf(why, max, "no memory");
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return -ENOMEM;
	kc.plan = &n->plan;
	n->undo = c->tun_undo;
	n->bytes_max = onionconf_memory(c) / 2;
	make_door(&n->door, c);
	if ((rc = make_plan(&n->plan, c)) < 0)
		snprintf(why, max, "%sUser: %s", conf_where(c, "User", 0),
		    strerror(-rc));
	if (rc < 0 || (rc = keeper_new(&n->keeper, &kc, why, max)) < 0) {
		free(n);
		return rc;
	}
	n->dial.socket = keeper_socket;
	n->dial.arg = n->keeper;
	*out = n;
	return 0;
}

void
netup_sockets(struct netup *n, struct onion_conf *oc)
{
	if (n == NULL || !n->plan.local)
		return;
	oc->socket = keeper_socket;
	oc->socket_arg = n->keeper;
}

const struct dial_conf *
netup_dial(const struct netup *n)
{
	return n && n->plan.local ? &n->dial : NULL;
}

const struct addr_net *
netup_networks(const struct netup *n, unsigned *count)
{
	*count = n ? n->plan.nown : 0;
	return n ? n->plan.own : NULL;
}

/* --- start --- */

static void
on_tunnel_gone(void *arg, int why)
{
	struct netup *n = arg;
	char text[128];

	snprintf(text, sizeof(text), "%s is gone: %s", n->plan.tun,
	    strerror(-why));
	n->gone(n->arg, text);
}

static void
on_keeper_gone(void *arg)
{
	struct netup *n = arg;

	n->gone(n->arg, "the process that keeps the network's state died");
}

static const char *
advice(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENODEV:
		return ": is the module tun there?";
	case -EPERM:
	case -EACCES:
		return ": start it as root; it gives up its rights by User";
	case -EBUSY:
		return ": another program has it";
	case -EINVAL:
		return ": there is another kind of interface of that name";
	default:
		return "";
	}
}

static int
open_device(struct netup *n, struct tundev **dev, char *why, size_t max)
{
	struct borrow_want w = { .kind = BORROW_TUN };
	int fd[BORROW_FDS_MAX], rc = borrow(&w, fd);

	if (rc == 0 && (rc = tundev_take(dev, fd[0])) < 0)
		close(fd[0]);
	if (rc < 0)
		snprintf(why, max, "TunDevice %s cannot be opened: %s%s",
		    n->plan.tun, strerror(-rc), advice(rc));
	return rc;
}

static int
make_tunnel(struct netup *n, struct tundev *dev, struct evloop *ev,
    struct gateway *gw, char *why, size_t max)
{
	struct tunnel_conf tc = {
		.ev = ev, .gateway = gw, .door = &n->door, .mtu = n->plan.mtu,
		.conns_max = TUNNEL_CONNS_MAX,
		.opening_max = TUNNEL_OPENING_MAX, .bytes_max = n->bytes_max,
		.gone = on_tunnel_gone, .arg = n
	};
	unsigned i;
	int rc;

	for (i = 0; i < n->plan.nown; i++)
		if (netplan_peer(&n->plan.own[i], &tc.own[tc.nown]) == 0)
			tc.nown++;
	if ((rc = tunnel_new(&n->tunnel, &tc, dev)) < 0)
		snprintf(why, max, "TunDevice %s: %s", n->plan.tun,
		    strerror(-rc));
	return rc;
}

static void
tell(const struct netup *n)
{
	char names[NETPLAN_LANS_MAX * (NETPLAN_IFNAME + 1) + 16] = "";
	size_t len = 0;
	unsigned i;

	for (i = 0; i < n->plan.nlan; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    " %s", n->plan.lan[i]);
	if (n->plan.local)
		snprintf(names + len, sizeof(names) - len, " this host");
	log_notice(LD_NET, "%s is up, for%s", n->plan.tun, names);
}

int
netup_start(struct netup *n, struct evloop *ev, struct gateway *gw,
    void (*gone)(void *arg, const char *why), void *arg, char *why, size_t max)
{
	struct tundev *dev;
	int rc;

	if (n == NULL)
		return 0;
	n->gone = gone;
	n->arg = arg;
	if ((rc = keeper_prepare(n->keeper, why, max)) < 0 ||
	    (rc = open_device(n, &dev, why, max)) < 0)
		return rc;
	if ((rc = keeper_apply(n->keeper, why, max)) < 0 ||
	    (rc = make_tunnel(n, dev, ev, gw, why, max)) < 0) {
		tundev_free(dev);
		return rc;
	}
	snprintf(why, max, "no memory");
	if ((rc = keeper_watch(n->keeper, ev, on_keeper_gone, n)) < 0)
		return rc;
	tell(n);
	return 0;
}

/* --- end --- */

static void
undo(struct netup *n)
{
	char why[512];

	if (keeper_undo(n->keeper, why, sizeof(why)) < 0)
		log_err(LD_NET, "not all could be undone: %s", why);
	else
		log_notice(LD_NET, "%s is undone (TunUndo 1)", n->plan.tun);
}

void
netup_stop(struct netup *n)
{
	if (n == NULL)
		return;
	tunnel_free(n->tunnel);
	n->tunnel = NULL;
}

void
netup_free(struct netup *n)
{
	if (n == NULL)
		return;
	keeper_free(n->keeper);
	free(n);
}

void
netup_end(struct netup *n, int applied)
{
	if (n && applied && n->undo)
		undo(n);
	else if (n && applied)
		log_notice(LD_NET, "%s stays, and all stays closed; "
		    "'onion-transparent undo' opens it", n->plan.tun);
	netup_free(n);
}

pid_t
netup_keeper(const struct netup *n)
{
	return n ? keeper_pid(n->keeper) : 0;
}

unsigned
netup_ping(struct netup *n)
{
	return n ? keeper_ping(n->keeper) : 0;
}

void
netup_parents(struct netup *n)
{
	if (n)
		keeper_parents(n->keeper);
}

void
netup_engines(struct netup *n)
{
	if (n)
		keeper_engines(n->keeper);
}

void
netup_log(const struct netup *n)
{
	struct stack_totals t;
	uint64_t dropped = 0;
	int i;

	if (n == NULL || n->tunnel == NULL)
		return;
	tunnel_totals(n->tunnel, &t);
	for (i = 0; i < DROP_N; i++)
		dropped += t.dropped[i];
	log_notice(LD_NET, "Heartbeat: %s: %zu connections now, %" PRIu64
	    " opened, %" PRIu64 " refused; %" PRIu64 " packets in, %" PRIu64
	    " out, %" PRIu64 " dropped", n->plan.tun, t.conns, t.opened,
	    t.refused, t.packets_in, t.packets_out, dropped);
}

void
netup_tunnels(const struct netup *n, status_tunnel_fn *fn, void *arg)
{
	struct stack_totals t;

	if (n == NULL || n->tunnel == NULL)
		return;
	tunnel_totals(n->tunnel, &t);
	fn(arg, tunnel_name(n->tunnel), &t);
}

int
netup_undo(const struct conf *c, char *why, size_t max)
{
	struct netstate *s;
	int rc = netstate_open(&s, c->data_directory, why, max);

	if (rc < 0)
		return rc;
	rc = netstate_undo(s, why, max);
	netstate_close(s);
	return rc;
}
