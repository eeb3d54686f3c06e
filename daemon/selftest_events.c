/* daemon/selftest_events.c - what happens while a flood goes on */
#include "daemon/selftest_events.h"

#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/links.h"
#include "policy/fwplan.h"

#define UP_AGAIN	"the engine is up again"
#define IN_FORCE	"the new configuration is in force"
#define OLD_STAYS	"the old configuration stays in force"

enum { RELOADS = 6, FLAPS = 3, BATCHES = 20, BARE_BATCHES = 4 };

static unsigned	 before;	/* lines of the log, before it happened */
static pid_t	 was;		/* who was killed */
static unsigned	 batches;

static void
fails(struct trial *t, const char *why)
{
	if (t->now->why[0] == '\0')
		snprintf(t->now->why, sizeof(t->now->why), "%s", why);
}

static int
is_enough(struct trial *t)
{
	return ++batches >= (t->armed ? (unsigned)BATCHES : BARE_BATCHES);
}

static void
flood_some(struct trial *t)
{
	batches = 0;
	(void)trial_flood_until(t, is_enough, TRIAL_EVENT_MS);
}

/* --- deaths --- */

static int
is_up_again(struct trial *t)
{
	(void)t;
	return tested_said(UP_AGAIN) > before;
}

/* Of the parent's children; whoever it is, the engine begins anew. */
static void
kill_child(struct trial *t, const char *name)
{
	if (!t->armed) {
		flood_some(t);
		return;
	}
	was = tested_child(&t->tested, name);
	before = tested_said(UP_AGAIN);
	if (was == 0 || kill(was, SIGKILL) < 0)
		fails(t, "that process is not there");
	else if (!trial_flood_until(t, is_up_again, TRIAL_EVENT_MS))
		fails(t, "the engine was not back within a minute");
}

void
event_engine(struct trial *t)
{
	kill_child(t, "ot-engine");
}

void
event_firewall(struct trial *t)
{
	kill_child(t, "ot-firewall");
}

void
event_keeper(struct trial *t)
{
	kill_child(t, "ot-keeper");
}

static int
is_another_holder(struct trial *t)
{
	pid_t now = tested_process("ot-hold-");

	(void)t;
	return now && now != was;
}

void
event_holder(struct trial *t)
{
	if (!t->armed) {
		flood_some(t);
		return;
	}
	was = tested_process("ot-hold-");
	if (was == 0 || kill(was, SIGKILL) < 0)
		fails(t, "that process is not there");
	else if (!trial_flood_until(t, is_another_holder, TRIAL_EVENT_MS))
		fails(t, "there was no other one within a minute");
}

static int
is_gone(struct trial *t)
{
	return !tested_lives(&t->tested) && tested_process("ot-engine") == 0;
}

static void
end_by(struct trial *t, int sig)
{
	if (!tested_lives(&t->tested))
		return;
	kill(t->tested.pid, sig);
	if (!trial_flood_until(t, is_gone, TRIAL_EVENT_MS))
		fails(t, "it did not end within a minute");
	flood_some(t);
}

static int
is_up(struct trial *t)
{
	return tested_is_up(&t->tested) || !tested_lives(&t->tested);
}

static void
begin(struct trial *t)
{
	if (tested_start(&t->tested) < 0 ||
	    !trial_flood_until(t, is_up, TRIAL_EVENT_MS) ||
	    !tested_is_up(&t->tested))
		fails(t, "it did not start again within a minute");
}

void
event_parent(struct trial *t)
{
	if (!t->armed) {
		flood_some(t);
		return;
	}
	end_by(t, SIGKILL);
	begin(t);
}

void
event_stop(struct trial *t)
{
	if (!t->armed)
		flood_some(t);
	else
		end_by(t, SIGTERM);
}

void
event_start(struct trial *t)
{
	if (!t->armed) {
		flood_some(t);
		return;
	}
	end_by(t, SIGTERM);
	begin(t);
}

void
event_frozen(struct trial *t)
{
	pid_t engine = t->armed ? tested_child(&t->tested, "ot-engine") : 0;

	if (t->armed && (engine == 0 || kill(engine, SIGSTOP) < 0))
		fails(t, "that process is not there");
	flood_some(t);
	if (engine)
		kill(engine, SIGCONT);
	trial_settle(t);
}

/* --- the configuration --- */

static int
is_in_force(struct trial *t)
{
	(void)t;
	return tested_said(IN_FORCE) > before;
}

static int
old_stays(struct trial *t)
{
	(void)t;
	return tested_said(OLD_STAYS) > before;
}

static void
reload(struct trial *t, const char *more, const char *says,
    int (*done)(struct trial *))
{
	before = tested_said(says);
	if (tested_write(&t->tested, more) < 0 || !t->tested.pid ||
	    kill(t->tested.pid, SIGHUP) < 0 ||
	    !trial_flood_until(t, done, TRIAL_EVENT_MS))
		fails(t, "there was no answer to it within a minute");
}

void
event_reload(struct trial *t)
{
	char more[128];
	int i;

	if (!t->armed) {
		flood_some(t);
		return;
	}
	/* other rules of the firewall, which let nothing in that is sent */
	snprintf(more, sizeof(more), "FirewallAllow in %s udp 192.0.2.99 9\n",
	    t->lab.uplink[0].name);
	for (i = 0; i < RELOADS; i++)
		reload(t, i % 2 ? NULL : more, IN_FORCE, is_in_force);
}

void
event_bad_reload(struct trial *t)
{
	if (!t->armed) {
		flood_some(t);
		return;
	}
	reload(t, "NoOptionIsCalledSo 1\n", OLD_STAYS, old_stays);
	(void)tested_write(&t->tested, NULL);
}

/* --- other programs --- */

static int
is_repaired(struct trial *t)
{
	(void)t;
	return tested_said("repaired") > before;
}

void
event_flush(struct trial *t)
{
	before = tested_said("repaired");
	if (tested_nft(&t->lab, "flush ruleset\n") < 0)
		fails(t, "nft could not be run");
	if (!t->armed)
		flood_some(t);
	else if (!trial_flood_until(t, is_repaired, TRIAL_EVENT_MS))
		fails(t, "the rules were not back within a minute");
}

/* As container and virtual machine managers do. */
void
event_accept(struct trial *t)
{
	static const char rules[] = "table ip selftest {\n"
	    "chain f { type filter hook forward priority -10; policy accept; "
	    "accept; }\n"
	    "chain o { type filter hook output priority -10; policy accept; "
	    "accept; }\n"
	    "chain n { type nat hook postrouting priority 100; "
	    "policy accept; masquerade; }\n}\n";

	if (t->armed && tested_nft(&t->lab, rules) < 0)
		fails(t, "nft could not be run");
	flood_some(t);
	if (t->armed)
		(void)tested_nft(&t->lab, "delete table ip selftest\n");
}

void
event_forward(struct trial *t)
{
	static const char *const paths[] = { "net/ipv4/ip_forward",
		"net/ipv4/conf/all/proxy_arp",
		"net/ipv4/conf/all/route_localnet",
		"net/ipv6/conf/all/forwarding" };
	size_t i;

	lab_enter(&t->lab, LAB_GW);
	for (i = 0; t->armed && i < sizeof(paths) / sizeof(paths[0]); i++)
		lab_sysctl(paths[i], "1");
	flood_some(t);
	lab_enter(&t->lab, LAB_GW);
	for (i = 1; t->armed && i < 3; i++)
		lab_sysctl(paths[i], "0");
}

/* --- the network --- */

void
event_second(struct trial *t)
{
	if (lab_add_uplink(&t->lab, "otnew0") < 0) {
		fails(t, "the kernel refused an interface, or a default "
		    "route by it");
		return;
	}
	flood_some(t);
	lab_remove_uplink(&t->lab);
}

static int
is_watched(struct trial *t)
{
	char chain[FWPLAN_CHAIN_NAME], text[256];

	if (!t->armed || !t->conf->fail_closed)
		return 1;
	snprintf(text, sizeof(text), "list chain netdev " FWPLAN_TABLE " %s\n",
	    fwplan_nft_egress(t->lab.uplink[0].name, chain));
	return tested_nft(&t->lab, text) == 0;
}

void
event_rename(struct trial *t)
{
	struct lab_uplink *u = &t->lab.uplink[0];
	char name[LAB_IFNAME];

	memcpy(name, u->name, sizeof(name));
	u->foreign = 1;
	if (lab_move_uplink(&t->lab, 0, "otold0") < 0)
		fails(t, "the uplink could not be renamed, or has no route");
	flood_some(t);
	if (lab_move_uplink(&t->lab, 0, name) < 0)
		fails(t, "the uplink could not be renamed, or has no route");
	flood_some(t);
	if (!trial_flood_until(t, is_watched, TRIAL_EVENT_MS))
		fails(t, "its rules were not back within a minute");
	u->foreign = 0;
}

void
event_flap(struct trial *t)
{
	int i;

	for (i = 0; i < FLAPS; i++) {
		if (lab_move_uplink(&t->lab, 0, t->lab.uplink[0].name) < 0)
			fails(t, "the uplink did not come up, or has no route");
		flood_some(t);
	}
}

static int
has_tun_again(struct trial *t)
{
	lab_enter(&t->lab, LAB_GW);
	return if_nametoindex(t->conf->tun_device.name) != 0 &&
	    tested_is_up(&t->tested) && tested_child(&t->tested, "ot-engine");
}

void
event_tun(struct trial *t)
{
	if (!t->armed) {
		flood_some(t);
		return;
	}
	lab_enter(&t->lab, LAB_GW);
	if (link_delete(t->lab.nl[LAB_GW], t->conf->tun_device.name) < 0)
		fails(t, "there is no such device");
	else if (!trial_flood_until(t, has_tun_again, TRIAL_EVENT_MS))
		fails(t, "it was not back within a minute");
}
