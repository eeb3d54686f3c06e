/* policy/netplan_sysctl.c - the part of a plan below /proc/sys/ */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "policy/grow.h"
#include "policy/netplan_int.h"

static int __attribute__((format(printf, 4, 5)))
add_sysctl(struct netplan *p, enum netplan_when when, int value,
    const char *fmt, ...)
{
	struct netplan_sysctl *at = grow(&p->sysctls, &p->nsysctls,
	    sizeof(*at));
	va_list ap;

	if (at == NULL)
		return -ENOMEM;
	at->when = when;
	if (when != NETPLAN_KEEP)
		snprintf(at->value, sizeof(at->value), "%d", value);
	va_start(ap, fmt);
	vsnprintf(at->path, sizeof(at->path), fmt, ap);
	va_end(ap);
	return 0;
}

static int
any_strict(const struct netplan_world *w)
{
	size_t i;

	for (i = 0; i < w->nlinks; i++)
		if (w->links[i].rp_filter == 1)
			return 1;
	return w->rp_filter_all == 1;
}

/* The higher of "all" and the interface's own counts.  On the TUN sources are
 * from everywhere.  With local, what relays send comes in where the way back,
 * asked for without their socket's mark, does not lead. */
static int
add_rp_filter(struct netplan *p, const struct netplan_world *w)
{
	int all = w->rp_filter_all, rc;

	if (p->conf.local && any_strict(w)) {
		all = 2;
		if ((rc = add_sysctl(p, NETPLAN_EARLY, all,
		    "net/ipv4/conf/all/rp_filter")) < 0)
			return rc;
	}
	return add_sysctl(p, NETPLAN_EARLY, all ? 2 : 0,
	    "net/ipv4/conf/%s/rp_filter", p->conf.tun);
}

/* It is nobody's neighbour: it solicits nothing and learns nothing. */
static int
add_tun6(struct netplan *p)
{
	static const struct { const char *name; int value; } quiet[] = {
		{ "disable_ipv6", 0 }, { "addr_gen_mode", 1 },
		{ "accept_ra", 0 }, { "autoconf", 0 },
		{ "router_solicitations", 0 }
	};
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(quiet) / sizeof(quiet[0]) && rc == 0; i++)
		rc = add_sysctl(p, NETPLAN_EARLY, quiet[i].value,
		    "net/ipv6/conf/%s/%s", p->conf.tun, quiet[i].name);
	return rc;
}

/* Whoever learned its routes by advertisements goes on to do so; who forwards
 * did not. */
static int
add_accept_ra(struct netplan *p, const struct netplan_link *l)
{
	if (l->accept_ra != 1 || l->forward6 > 0 ||
	    netplan_is_lan(&p->conf, l->name) ||
	    strcmp(l->name, p->conf.tun) == 0 || strcmp(l->name, "lo") == 0)
		return 0;
	return add_sysctl(p, NETPLAN_EARLY, 2, "net/ipv6/conf/%s/accept_ra",
	    l->name);
}

static int
add_forward6(struct netplan *p, const struct netplan_world *w)
{
	unsigned i;
	size_t k;
	int rc;

	for (k = 0; k < w->nlinks; k++)
		if ((rc = add_accept_ra(p, &w->links[k])) < 0)
			return rc;
	if (!w->has_force6) {
		if ((rc = add_accept_ra(p, &w->default6)) < 0 ||
		    (rc = add_sysctl(p, NETPLAN_KEEP, 0,
		    "net/ipv6/conf/default/forwarding")) < 0)
			return rc;
		for (k = 0; k < w->nlinks; k++)
			if (strcmp(w->links[k].name, p->conf.tun) != 0 &&
			    w->links[k].forward6 >= 0 &&
			    (rc = add_sysctl(p, NETPLAN_KEEP, 0,
			    "net/ipv6/conf/%s/forwarding",
			    w->links[k].name)) < 0)
				return rc;
		return add_sysctl(p, NETPLAN_LATE, 1,
		    "net/ipv6/conf/all/forwarding");
	}
	for (i = 0; i < p->conf.nlan; i++)
		if ((rc = add_sysctl(p, NETPLAN_LATE, 1,
		    "net/ipv6/conf/%s/forwarding", p->conf.lan[i])) < 0 ||
		    (rc = add_sysctl(p, NETPLAN_LATE, 1,
		    "net/ipv6/conf/%s/force_forwarding",
		    p->conf.lan[i])) < 0)
			return rc;
	return add_sysctl(p, NETPLAN_LATE, 1,
	    "net/ipv6/conf/%s/force_forwarding", p->conf.tun);
}

static int
add_forward4(struct netplan *p)
{
	unsigned i;
	int rc;

	for (i = 0; i < p->conf.nlan; i++)
		if ((rc = add_sysctl(p, NETPLAN_LATE, 1,
		    "net/ipv4/conf/%s/forwarding", p->conf.lan[i])) < 0)
			return rc;
	return add_sysctl(p, NETPLAN_LATE, 1, "net/ipv4/conf/%s/forwarding",
	    p->conf.tun);
}

int
netplan_add_sysctls(struct netplan *p, const struct netplan_world *w)
{
	int rc;

	if ((rc = add_rp_filter(p, w)) < 0 ||
	    (w->has_ipv6 && (rc = add_tun6(p)) < 0))
		return rc;
	if (p->conf.nlan == 0)
		return 0;
	if ((netplan_has_errors(&p->conf) &&
	    (rc = add_sysctl(p, NETPLAN_EARLY, 1,
	    "net/ipv4/icmp_errors_use_inbound_ifaddr")) < 0) ||
	    (rc = add_forward4(p)) < 0)
		return rc;
	return w->has_ipv6 ? add_forward6(p, w) : 0;
}
