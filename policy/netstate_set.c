/* policy/netstate_set.c - one part of the state at a time
 *
 * What is there is read, and what differs is changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/netlink.h"
#include "policy/netstate_int.h"
#include "policy/sysctl.h"

enum {
	QUEUE = 4096		/* packets that wait for us to read them */
};

/* --- sysctls and the TUN --- */

/* An interface may have gone, and a kernel may lack one; what is not there
 * opens nothing. */
int
netstate_set_sysctls(struct netstate *s, const struct netplan *p,
    enum netplan_when when)
{
	size_t i;
	int rc;

	for (i = 0; i < p->nsysctls; i++) {
		if (p->sysctls[i].when != when)
			continue;
		rc = sysctl_write(p->sysctls[i].path, p->sysctls[i].value);
		if (rc < 0 && rc != -ENOENT)
			return netstate_fail(s, rc,
			    "/proc/sys/%s cannot be set to %s",
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
		return netstate_fail(s, rc, "%s cannot get the address %s/%u",
		    s->conf.tun, addr_ip_raw(&net->addr, text), net->bits);
	s->changed = 1;
	return 0;
}

/* Those of an older configuration go, where the interface is ours. */
int
netstate_set_addresses(struct netstate *s, const struct netplan_world *w,
    int link)
{
	struct netlink_addr *list;
	unsigned i;
	size_t k, n;
	int have[NETPLAN_OWN_MAX] = { 0 }, rc;

	if ((rc = netlink_addrs(s->nl, &list, &n)) < 0)
		return netstate_fail(s, rc, "addresses cannot be listed");
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

int
netstate_set_link(struct netstate *s, const struct netplan_link *tun)
{
	int rc;

	if (tun->up && tun->mtu == s->conf.mtu)
		return 0;
	if ((rc = netlink_link_up(s->nl, tun->index, s->conf.mtu, QUEUE)) < 0)
		return netstate_fail(s, rc, "%s cannot be set up", s->conf.tun);
	s->changed = 1;
	return 0;
}

static const struct netplan_link *
renamed(const struct netstate *s, const struct netplan_link *links, size_t n)
{
	const struct netplan_link *is = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(links[i].name, s->conf.tun) == 0)
			return NULL;
		if (links[i].index == s->tun && links[i].is_tun)
			is = &links[i];
	}
	return is;
}

/* The engine has its descriptor, so that there would be no packets for a device
 * that took its place, and all that is planned goes by its name. */
int
netstate_keep_name(struct netstate *s)
{
	const struct netplan_link *is;
	struct netplan_link *links;
	size_t n;
	int rc;

	if (s->tun == 0)
		return 0;
	if ((rc = netlink_links(s->nl, &links, &n)) < 0)
		return netstate_fail(s, rc, "interfaces cannot be listed");
	if ((is = renamed(s, links, n)) != NULL) {
		rc = netlink_link_rename(s->nl, is->index, s->conf.tun);
		if (rc < 0)
			netstate_fail(s, rc, "%s is called %s now, and cannot "
			    "be renamed", s->conf.tun, is->name);
		else
			s->changed = 1;
	}
	free(links);
	return rc;
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
	netstate_fail(s, rc, "%s", text);
	free(text);
	return rc;
}

/* Adds what is wanted, then takes away what is not.  What cannot be added does
 * not keep the others from it; without a route into a LAN, packets for it go
 * nowhere, and that is no reason to end. */
int
netstate_set_routes(struct netstate *s, uint8_t family,
    const struct netplan_route *want, size_t nwant,
    const struct netplan_world *w)
{
	struct netplan_route *have;
	size_t i, n;
	int rc = netlink_routes(s->nl, family, &have, &n), err = 0;

	if (rc < 0)
		return netstate_fail(s, rc, "routes cannot be listed");
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
	netstate_fail(s, rc, "%s", text);
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
		return netstate_fail(s, rc, "rules cannot be listed");
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

int
netstate_set_rules(struct netstate *s, uint8_t family,
    const struct netplan_rule *want, size_t nwant)
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
