/* policy/netstate.c - the kernel made to agree with a plan, and put back
 *
 * Theory of operation
 *	One way leads to the state that is wanted, from wherever the machine is:
 *	nothing of ours is there, or all, or what a process left that was killed
 *	midway, or a plan of another configuration.  What is there is read, and
 *	what differs is changed:
 *
 *	  sysctls of the TUN -> TUN up, addresses -> routes -> rules -> forwarding
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
#include <sys/file.h>
#include <unistd.h>

#include "policy/netlink.h"
#include "policy/netplan.h"
#include "policy/netrecord.h"
#include "policy/networld.h"
#include "policy/sysctl.h"

enum {
	QUEUE = 4096		/* packets that wait for us to read them */
};

struct netstate {
	struct netlink	*nl;
	struct netplan_conf conf;
	struct netrecord record;
	char		*path;		/* of the record */
	int		 lock;
	int		 changed;	/* in this pass */
	char		*why;
	size_t		 max;
};

static int __attribute__((format(printf, 3, 4)))
fail(struct netstate *s, int rc, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(s->why, s->max, fmt, ap);
	va_end(ap);
	n = strlen(s->why);
	snprintf(s->why + n, s->max - n, ": %s%s", strerror(-rc),
	    rc == -EPERM ? " (CAP_NET_ADMIN is needed)" : "");
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
		return fail(s, -errno, "DataDirectory %s", directory);
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	rc = -errno;
	if (rc != -EWOULDBLOCK)
		return fail(s, rc, "DataDirectory %s", directory);
	snprintf(s->why, s->max, "a daemon that has a TUN runs with "
	    "DataDirectory %s", directory);
	return -EBUSY;
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
		fail(s, rc, "netlink");
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
		return fail(s, rc, "%s, which tells what to put back",
		    s->path);
	return 0;
}

/* What changes by itself when another sysctl is set is remembered only as long
 * as that is not set. */
static int
remember(struct netstate *s, const struct netplan *p)
{
	static const char all6[] = "net/ipv6/conf/all/forwarding";
	int was_set = netrecord_find(&s->record, all6) != NULL;
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
			return fail(s, rc, "%s", c->path);
	}
	if ((rc = netrecord_save(&s->record, s->path)) < 0)
		return fail(s, rc, "%s", s->path);
	return 0;
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
	if ((rc = netlink_addrs(s->nl, &list, &n)) < 0)
		return fail(s, rc, "addresses cannot be listed");
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
		return fail(s, rc, "the network cannot be read");
	if ((rc = netplan_make(&p, conf, &w)) < 0) {
		networld_free(&w);
		return fail(s, rc, "no plan");
	}
	if ((rc = check(s, &w)) == 0 && (rc = load_record(s)) == 0) {
		if (netplan_link(&w, conf->tun) == NULL)
			strcpy(s->record.link, conf->tun);
		rc = remember(s, &p);
	}
	netplan_free(&p);
	networld_free(&w);
	return rc;
}

/* --- sysctls and the TUN --- */

/* An interface may have gone, and a kernel may lack one; what is not there
 * opens nothing. */
static int
set_sysctls(struct netstate *s, const struct netplan *p, enum netplan_when when)
{
	size_t i;
	int rc;

	for (i = 0; i < p->nsysctls; i++) {
		if (p->sysctls[i].when != when)
			continue;
		rc = sysctl_write(p->sysctls[i].path, p->sysctls[i].value);
		if (rc < 0 && rc != -ENOENT)
			return fail(s, rc, "/proc/sys/%s cannot be set to %s",
			    p->sysctls[i].path, p->sysctls[i].value);
		s->changed |= rc == 1;
	}
	return 0;
}

static int
is_own(const struct netplan_conf *c, const struct addr_net *net)
{
	unsigned i;

	for (i = 0; i < c->nown; i++)
		if (c->own[i].bits == net->bits &&
		    addr_same_ip(&c->own[i].addr, &net->addr))
			return 1;
	return 0;
}

static int
add_address(struct netstate *s, int link, const struct addr_net *net)
{
	struct netlink_addr a = { .link = link, .net = *net };
	char text[ADDR_TEXT];
	int rc = netlink_addr(s->nl, NETLINK_ADD, &a);

	if (rc == -EEXIST)
		return 0;
	if (rc < 0)
		return fail(s, rc, "%s cannot get the address %s/%u",
		    s->conf.tun, addr_ip_raw(&net->addr, text), net->bits);
	s->changed = 1;
	return 0;
}

/* Those of an older configuration go, where the interface is ours. */
static int
set_addresses(struct netstate *s, const struct netplan_world *w, int link)
{
	struct netlink_addr *list;
	unsigned i;
	size_t k, n;
	int have[NETPLAN_OWN_MAX] = { 0 }, rc;

	if ((rc = netlink_addrs(s->nl, &list, &n)) < 0)
		return fail(s, rc, "addresses cannot be listed");
	for (k = 0; k < n; k++) {
		if (list[k].link != link)
			continue;
		for (i = 0; i < s->conf.nown; i++)
			have[i] |= s->conf.own[i].bits == list[k].net.bits &&
			    addr_same_ip(&s->conf.own[i].addr,
			    &list[k].net.addr);
		if (s->record.link[0] && !is_own(&s->conf, &list[k].net)) {
			(void)netlink_addr(s->nl, NETLINK_DELETE, &list[k]);
			s->changed = 1;
		}
	}
	free(list);
	for (i = 0; i < s->conf.nown && rc == 0; i++)
		if (!have[i] && (w->has_ipv6 ||
		    s->conf.own[i].addr.family == 4))
			rc = add_address(s, link, &s->conf.own[i]);
	return rc;
}

static int
set_link(struct netstate *s, const struct netplan_link *tun)
{
	int rc;

	if (tun->up && tun->mtu == s->conf.mtu)
		return 0;
	if ((rc = netlink_link_up(s->nl, tun->index, s->conf.mtu, QUEUE)) < 0)
		return fail(s, rc, "%s cannot be set up", s->conf.tun);
	s->changed = 1;
	return 0;
}

/* --- routes --- */

static int
has_route(const struct netplan_route *list, size_t n,
    const struct netplan_route *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (netplan_route_equal(&list[i], r))
			return 1;
	return 0;
}

static int
route_failed(struct netstate *s, int rc, const struct netplan_route *r,
    const struct netplan_world *w)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return rc;
	netplan_print_route(f, r, w);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	fail(s, rc, "%s", text);
	free(text);
	return rc;
}

/* Adds what is wanted, then takes away what is not.  What cannot be added does
 * not keep the others from it; without a route into a LAN, packets for it go
 * nowhere, and that is no reason to end. */
static int
set_routes(struct netstate *s, uint8_t family, const struct netplan_route *want,
    size_t nwant, const struct netplan_world *w)
{
	struct netplan_route *have;
	size_t i, n;
	int rc = netlink_routes(s->nl, family, &have, &n), err = 0;

	if (rc < 0)
		return fail(s, rc, "routes cannot be listed");
	for (i = 0; i < nwant; i++) {
		if (want[i].dst.addr.family != family ||
		    has_route(have, n, &want[i]))
			continue;
		rc = netlink_route(s->nl, NETLINK_ADD, &want[i]);
		if (rc == 0)
			s->changed = 1;
		else if (rc != -EEXIST && (rc = route_failed(s, rc, &want[i],
		    w)) && want[i].table != NETPLAN_LAN)
			err = rc;
	}
	for (i = 0; i < n; i++) {
		if (have[i].table == NETPLAN_MAIN ||
		    has_route(want, nwant, &have[i]))
			continue;
		rc = netlink_route(s->nl, NETLINK_DELETE, &have[i]);
		if (rc < 0 && rc != -ESRCH && rc != -ENOENT && rc != -ENODEV)
			err = route_failed(s, rc, &have[i], w);
		s->changed = 1;
	}
	free(have);
	return err;
}

/* --- rules --- */

static int
rule_failed(struct netstate *s, int rc, const struct netplan_rule *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return rc;
	netplan_print_rule(f, r);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	fail(s, rc, "%s", text);
	free(text);
	return rc;
}

static int
is_first(const struct netplan_rule *r)
{
	struct netplan_rule first;

	netplan_first_rule(&first, r->family);
	return netplan_rule_equal(r, &first);
}

/* Only ours, and the kernel's first. */
static int
read_rules(struct netstate *s, uint8_t family, struct netplan_rule **out,
    size_t *n)
{
	size_t i, kept = 0;
	int rc = netlink_rules(s->nl, family, out, n);

	if (rc < 0)
		return fail(s, rc, "rules cannot be listed");
	for (i = 0; i < *n; i++)
		if (netplan_rule_is_ours(&(*out)[i]) || is_first(&(*out)[i]))
			(*out)[kept++] = (*out)[i];
	*n = kept;
	return 0;
}

static int
same_rules(const struct netplan_rule *a, size_t na,
    const struct netplan_rule *b, size_t nb)
{
	size_t i;

	if (na != nb)
		return 0;
	for (i = 0; i < na; i++)
		if (!netplan_rule_equal(&a[i], &b[i]))
			return 0;
	return 1;
}

static int
delete_rules(struct netstate *s, const struct netplan_rule *old, size_t n,
    int home)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		if (netplan_rule_is_home(&old[i]) != home)
			continue;
		rc = netlink_rule(s->nl, NETLINK_DELETE, &old[i]);
		if (rc < 0 && rc != -ENOENT)
			return rule_failed(s, rc, &old[i]);
	}
	return 0;
}

static int
replace_rules(struct netstate *s, const struct netplan_rule *old, size_t nold,
    const struct netplan_rule *want, size_t nwant)
{
	size_t i;
	int rc;

	s->changed = 1;
	for (i = 0; i < nwant; i++)
		if ((rc = netlink_rule(s->nl, NETLINK_ADD, &want[i])) < 0)
			return rule_failed(s, rc, &want[i]);
	if ((rc = delete_rules(s, old, nold, 0)) < 0)
		return rc;
	return delete_rules(s, old, nold, 1);
}

/* @want: all of one family */
static int
set_rules(struct netstate *s, uint8_t family, const struct netplan_rule *want,
    size_t nwant)
{
	struct netplan_rule *old;
	size_t n;
	int rc = read_rules(s, family, &old, &n);

	if (rc < 0)
		return rc;
	if (!same_rules(old, n, want, nwant))
		rc = replace_rules(s, old, n, want, nwant);
	free(old);
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
	err = set_routes(s, 4, p->routes, p->nroutes, w);
	if (w->has_ipv6 &&
	    (rc = set_routes(s, 6, p->routes, p->nroutes, w)) < 0)
		err = rc;
	i = p->nrules - n4;
	if ((rc = set_rules(s, 4, p->rules, n4)) < 0 ||
	    (w->has_ipv6 && (rc = set_rules(s, 6, p->rules + n4, i)) < 0) ||
	    (rc = set_sysctls(s, p, NETPLAN_LATE)) < 0)
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
		return needed ? fail(s, -ENODEV, "%s", s->conf.tun) : 0;
	if ((rc = set_sysctls(s, p, NETPLAN_EARLY)) < 0 ||
	    (rc = set_link(s, tun)) < 0)
		return rc;
	return set_addresses(s, w, tun->index);
}

/* Twice: routes are planned when the TUN is up. */
static int
agree(struct netstate *s, int needed, char *why, size_t max)
{
	struct netplan_world w;
	struct netplan p;
	int rc = 0, step;

	s->why = why;
	s->max = max;
	s->changed = 0;
	why[0] = '\0';
	for (step = 0; step < 2 && rc == 0; step++) {
		if ((rc = networld_read(&w, s->nl)) < 0)
			return fail(s, rc, "the network cannot be read");
		if ((rc = netplan_make(&p, &s->conf, &w)) < 0) {
			networld_free(&w);
			return fail(s, rc, "no plan");
		}
		rc = step == 0 ? set_tun(s, &p, &w, needed) :
		    set_plan(s, &p, &w);
		netplan_free(&p);
		networld_free(&w);
	}
	return rc < 0 ? rc : s->changed;
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
			err = fail(s, rc, "/proc/sys/%s cannot be put back to "
			    "%s", o->path, o->value);
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
	if ((rc = set_rules(s, family, &first, 1)) < 0)
		return rc;
	return set_routes(s, family, NULL, 0, &none);
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
		return fail(s, rc, "interfaces cannot be listed");
	for (i = 0; i < n && rc == 0; i++)
		if (strcmp(links[i].name, s->record.link) == 0 &&
		    (rc = netlink_link_delete(s->nl, links[i].index)) < 0)
			rc = fail(s, rc, "%s cannot be deleted",
			    links[i].name);
	free(links);
	return rc;
}

int
netstate_undo(struct netstate *s, char *why, size_t max)
{
	int rc;

	s->why = why;
	s->max = max;
	if ((rc = load_record(s)) < 0 || (rc = restore_sysctls(s)) < 0 ||
	    (rc = restore_family(s, 4)) < 0 ||
	    (networld_has_ipv6() && (rc = restore_family(s, 6)) < 0) ||
	    (rc = delete_link(s)) < 0)
		return rc;
	if (unlink(s->path) < 0 && errno != ENOENT)
		return fail(s, -errno, "%s", s->path);
	return 0;
}
