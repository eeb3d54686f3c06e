/* policy/netstate.c - the kernel made to agree with a plan, and put back
 *
 * Theory of operation
 *	One way leads to the state that is wanted, from wherever the machine is:
 *	nothing of ours is there, or all, or what a process left that was killed
 *	midway, or a plan of another configuration.  What is there is read, and
 *	what differs is changed:
 *
 *	  sysctls of the TUN -> TUN up, addresses -> routes -> rules ->
 *	  forwarding
 *
 *	Rules have no numbers by which one could be put in the middle (see
 *	netplan.c), so where they differ the whole list is added behind what is
 *	there, and then the old one goes: first what is about others' packets,
 *	from the top, so that the old list's last rule closes it until there is
 *	nothing left to close; then what is for the host itself.  So at every
 *	moment one whole list is in force, the old or the new, and the host is
 *	never without its local table.
 *	Undoing is the same way to another list: the kernel's one rule.
 * Limits
 *	Rules of others with priority 0 are left where they are, before ours.
 */
#include "policy/netstate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/lock.h"
#include "policy/netlink.h"
#include "policy/netplan.h"
#include "policy/netrecord.h"
#include "policy/netstate_int.h"
#include "policy/networld.h"
#include "policy/sentence.h"
#include "policy/sysctl.h"

int
netstate_fail(struct netstate *s, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)sentence(s->why, s->max, rc, fmt, ap);
	va_end(ap);
	return rc;
}

/* --- open --- */

/* The directory itself: nothing is left behind, and whoever may look into it
 * can ask. */
static int
take_lock(struct netstate *s, const char *directory)
{
	int rc;

	s->lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->lock < 0)
		return netstate_fail(s, -errno, "DataDirectory %s", directory);
	rc = lock_take(s->lock);
	if (rc == -EBUSY)
		snprintf(s->why, s->max, "a daemon that has a TUN runs with "
		    "DataDirectory %s", directory);
	else if (rc < 0)
		return netstate_fail(s, rc, "DataDirectory %s", directory);
	return rc;
}

int
netstate_open(struct netstate **out, const char *directory, char *why,
    size_t max)
{
	struct netstate *s = calloc(1, sizeof(*s));
	int rc;

	snprintf(why, max, "no memory");
	if (s == NULL)
		return -ENOMEM;
	s->lock = -1;
	s->why = why;
	s->max = max;
	if (asprintf(&s->path, "%s/tun-before", directory) < 0) {
		free(s);
		return -ENOMEM;
	}
	if ((rc = take_lock(s, directory)) < 0)
		goto fail;
	if ((rc = netlink_open(&s->nl)) < 0 ||
	    (rc = netlink_watch(s->nl)) < 0) {
		netstate_fail(s, rc, "netlink");
		goto fail;
	}
	*out = s;
	return 0;

fail:
	netstate_close(s);
	return rc;
}

void
netstate_close(struct netstate *s)
{
	if (s == NULL)
		return;
	netlink_close(s->nl);
	netrecord_free(&s->record);
	if (s->lock >= 0)
		close(s->lock);
	free(s->path);
	free(s);
}

int
netstate_watch_fd(const struct netstate *s)
{
	return netlink_watch_fd(s->nl);
}

void
netstate_calm(struct netstate *s)
{
	netlink_calm(s->nl);
}

/* --- how it was before --- */

static int
load_record(struct netstate *s)
{
	int rc;

	netrecord_free(&s->record);
	rc = netrecord_load(&s->record, s->path);
	if (rc < 0 && rc != -ENOENT)
		return netstate_fail(s, rc, "%s, which tells what to put back",
		    s->path);
	return 0;
}

static int
save_record(struct netstate *s)
{
	int rc = netrecord_save(&s->record, s->path);

	return rc < 0 ? netstate_fail(s, rc, "%s", s->path) : 0;
}

/* What changes by itself when another sysctl is set is remembered only as long
 * as that is not set.  1: there was something new. */
static int
remember(struct netstate *s, const struct netplan *p)
{
	static const char all6[] = "net/ipv6/conf/all/forwarding";
	int was_set = netrecord_find(&s->record, all6) != NULL;
	size_t had = s->record.n;
	const struct netplan_sysctl *c;
	char now[NETPLAN_VALUE];
	size_t i;
	int rc;

	for (i = 0; i < p->nsysctls; i++) {
		c = &p->sysctls[i];
		if ((c->when == NETPLAN_KEEP && was_set) ||
		    sysctl_read(c->path, now, sizeof(now)) < 0)
			continue;
		if ((rc = netrecord_add(&s->record, c->path, now)) < 0)
			return netstate_fail(s, rc, "%s", c->path);
	}
	return s->record.n > had;
}

/* --- can it be? --- */

static int
overlap(const struct addr_net *a, const struct addr_net *b)
{
	return addr_same_prefix(&a->addr, &b->addr,
	    a->bits < b->bits ? a->bits : b->bits);
}

static const char *
name_of(const struct netplan_world *w, int link)
{
	size_t i;

	for (i = 0; i < w->nlinks; i++)
		if (w->links[i].index == link)
			return w->links[i].name;
	return "";
}

static int
check_overlap(struct netstate *s, const struct netplan_world *w,
    const struct netlink_addr *a)
{
	char ours[ADDR_TEXT], theirs[ADDR_TEXT];
	const char *name = name_of(w, a->link);
	unsigned i;

	if (strcmp(name, s->conf.tun) == 0)
		return 0;
	for (i = 0; i < s->conf.nown; i++) {
		if (!overlap(&s->conf.own[i], &a->net))
			continue;
		snprintf(s->why, s->max, "TunAddress %s/%u overlaps the "
		    "network of %s, %s/%u: choose another",
		    addr_ip_raw(&s->conf.own[i].addr, ours),
		    s->conf.own[i].bits, name,
		    addr_ip_raw(&a->net.addr, theirs), a->net.bits);
		return -EADDRINUSE;
	}
	return 0;
}

/* Another daemon, with another DataDirectory and TUN, has the same tables: the
 * two would undo each other's rules for ever. */
static int
check_alone(struct netstate *s, const struct netplan_world *w)
{
	const struct netplan_link *l;
	struct netplan_rule *list;
	size_t i, n;
	int rc = netlink_rules(s->nl, 4, &list, &n);

	if (rc < 0)
		return netstate_fail(s, rc, "rules cannot be listed");
	for (i = 0; i < n && rc == 0; i++) {
		l = netplan_link(w, list[i].iif);
		if (list[i].table != NETPLAN_LAN || l == NULL || !l->carrier ||
		    !l->is_tun || strcmp(l->name, s->conf.tun) == 0)
			continue;
		snprintf(s->why, s->max, "another daemon carries what is "
		    "routed into %s: there can be one", l->name);
		rc = -EBUSY;
	}
	free(list);
	return rc;
}

static int
check(struct netstate *s, const struct netplan_world *w)
{
	struct netlink_addr *list;
	unsigned i;
	size_t k, n;
	int rc;

	for (i = 0; i < s->conf.nlan; i++)
		if (netplan_link(w, s->conf.lan[i]) == NULL) {
			snprintf(s->why, s->max, "TunClients: there is no "
			    "interface %s", s->conf.lan[i]);
			return -ENODEV;
		}
	if ((rc = check_alone(s, w)) < 0)
		return rc;
	if ((rc = netlink_addrs(s->nl, &list, &n)) < 0)
		return netstate_fail(s, rc, "addresses cannot be listed");
	for (k = 0; k < n && rc == 0; k++)
		rc = check_overlap(s, w, &list[k]);
	free(list);
	return rc;
}

int
netstate_prepare(struct netstate *s, const struct netplan_conf *conf,
    char *why, size_t max)
{
	struct netplan_world w;
	struct netplan p;
	int rc;

	s->conf = *conf;
	s->why = why;
	s->max = max;
	if ((rc = networld_read(&w, s->nl)) < 0)
		return netstate_fail(s, rc, "the network cannot be read");
	if ((rc = netplan_make(&p, conf, &w)) < 0) {
		networld_free(&w);
		return netstate_fail(s, rc, "no plan");
	}
	if ((rc = check(s, &w)) == 0 && (rc = load_record(s)) == 0) {
		if (netplan_link(&w, conf->tun) == NULL)
			strcpy(s->record.link, conf->tun);
		if ((rc = remember(s, &p)) >= 0)
			rc = save_record(s);
	}
	s->prepared = rc == 0;
	netplan_free(&p);
	networld_free(&w);
	return rc;
}

/* --- all of it --- */

static int
set_plan(struct netstate *s, const struct netplan *p,
    const struct netplan_world *w)
{
	size_t i, n4;
	int rc, err = 0;

	for (n4 = 0; n4 < p->nrules && p->rules[n4].family == 4; n4++)
		;
	err = netstate_set_routes(s, 4, p->routes, p->nroutes, w);
	if (w->has_ipv6 &&
	    (rc = netstate_set_routes(s, 6, p->routes, p->nroutes, w)) < 0)
		err = rc;
	i = p->nrules - n4;
	if ((rc = netstate_set_rules(s, 4, p->rules, n4)) < 0 ||
	    (w->has_ipv6 &&
	    (rc = netstate_set_rules(s, 6, p->rules + n4, i)) < 0) ||
	    (rc = netstate_set_sysctls(s, p, NETPLAN_LATE)) < 0)
		return rc;
	return err;
}

static int
set_tun(struct netstate *s, const struct netplan *p,
    const struct netplan_world *w, int needed)
{
	const struct netplan_link *tun = netplan_link(w, s->conf.tun);
	int rc;

	if (tun == NULL)
		return needed ? netstate_fail(s, -ENODEV, "%s",
		    s->conf.tun) : 0;
	s->tun = tun->index;
	/* an interface that was not there before may ask for more */
	if (((rc = remember(s, p)) > 0 && (rc = save_record(s)) < 0) ||
	    rc < 0)
		return rc;
	if ((rc = netstate_set_sysctls(s, p, NETPLAN_EARLY)) < 0 ||
	    (rc = netstate_set_link(s, tun)) < 0)
		return rc;
	return netstate_set_addresses(s, w, tun->index);
}

/* Twice: routes are planned when the TUN is up. */
static int
agree(struct netstate *s, int needed, char *why, size_t max)
{
	struct netplan_world w;
	struct netplan p;
	int rc = 0, named, step;

	s->why = why;
	s->max = max;
	s->changed = 0;
	why[0] = '\0';
	named = netstate_keep_name(s);
	for (step = 0; step < 2 && rc == 0; step++) {
		if ((rc = networld_read(&w, s->nl)) < 0)
			return netstate_fail(s, rc,
			    "the network cannot be read");
		if ((rc = netplan_make(&p, &s->conf, &w)) < 0) {
			networld_free(&w);
			return netstate_fail(s, rc, "no plan");
		}
		rc = step == 0 ? set_tun(s, &p, &w, needed) :
		    set_plan(s, &p, &w);
		netplan_free(&p);
		networld_free(&w);
	}
	return rc < 0 ? rc : named < 0 ? named : s->changed;
}

int
netstate_apply(struct netstate *s, char *why, size_t max)
{
	int rc = agree(s, 1, why, max);

	return rc < 0 ? rc : 0;
}

int
netstate_follow(struct netstate *s, char *why, size_t max)
{
	return agree(s, 0, why, max);
}

/* --- and back --- */

/* The last change first; what an interface had that is gone, went with it. */
static int
restore_sysctls(struct netstate *s)
{
	const struct netrecord_old *o;
	size_t i;
	int rc, err = 0;

	for (i = s->record.n; i > 0; i--) {
		o = &s->record.old[i - 1];
		rc = sysctl_write(o->path, o->value);
		if (rc < 0 && rc != -ENOENT)
			err = netstate_fail(s, rc, "/proc/sys/%s cannot be "
			    "put back to %s", o->path, o->value);
	}
	return err;
}

static int
restore_family(struct netstate *s, uint8_t family)
{
	struct netplan_world none = { .links = NULL };
	struct netplan_rule first;
	int rc;

	netplan_first_rule(&first, family);
	if ((rc = netstate_set_rules(s, family, &first, 1)) < 0)
		return rc;
	return netstate_set_routes(s, family, NULL, 0, &none);
}

static int
delete_link(struct netstate *s)
{
	struct netplan_link *links;
	size_t i, n;
	int rc;

	if (s->record.link[0] == '\0')
		return 0;
	if ((rc = netlink_links(s->nl, &links, &n)) < 0)
		return netstate_fail(s, rc, "interfaces cannot be listed");
	for (i = 0; i < n && rc == 0; i++)
		if (strcmp(links[i].name, s->record.link) == 0 &&
		    links[i].is_tun && (rc = netlink_link_delete(s->nl, links[i].index)) < 0)
			rc = netstate_fail(s, rc, "%s cannot be deleted",
			    links[i].name);
	free(links);
	return rc;
}

/* The file is read where nothing is known: who runs may not be the only one
 * who writes to it. */
int
netstate_undo(struct netstate *s, char *why, size_t max)
{
	int rc;

	s->why = why;
	s->max = max;
	if ((!s->prepared && (rc = load_record(s)) < 0) ||
	    (rc = restore_sysctls(s)) < 0 ||
	    (rc = restore_family(s, 4)) < 0 ||
	    (networld_has_ipv6() && (rc = restore_family(s, 6)) < 0) ||
	    (rc = delete_link(s)) < 0)
		return rc;
	if (unlink(s->path) < 0 && errno != ENOENT)
		return netstate_fail(s, -errno, "%s", s->path);
	return 0;
}
