/* policy/fwlinks.c - are a LAN and an uplink one network? */
#include "policy/fwlinks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/fwplan.h"
#include "policy/netlink.h"
#include "policy/netplan.h"
#include "policy/networld.h"

enum { DEPTH_MAX = 8 };			/* bonds in bridges in ... */

int
fwlinks_list(struct netplan_link **out, size_t *n)
{
	struct netlink *nl;
	int rc = netlink_open(&nl);

	if (rc < 0)
		return rc;
	rc = netlink_links(nl, out, n);
	netlink_close(nl);
	return rc;
}

static const struct netplan_link *
by_index(const struct netplan_link *l, size_t n, int index)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (index && l[i].index == index)
			return &l[i];
	return NULL;
}

static const struct netplan_link *
by_name(const struct netplan_link *l, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(l[i].name, name) == 0)
			return &l[i];
	return NULL;
}

/* What it is a part of, in the end. */
static const struct netplan_link *
top(const struct netplan_link *l, size_t n, const char *name)
{
	const struct netplan_link *at = by_name(l, n, name), *above;
	int i;

	for (i = 0; at && i < DEPTH_MAX; i++) {
		above = by_index(l, n, at->master);
		if (above == NULL || above->is_vrf)
			break;
		at = above;
	}
	return at;
}

int
fwlinks_joined(const struct netplan_link *l, size_t n, const char *a,
    const char *b)
{
	const struct netplan_link *ta = top(l, n, a);

	return ta && ta == top(l, n, b);
}

static const struct fwplan_links *
lans(const struct fwplan_conf *c, int which)
{
	return which ? &c->tun_lans : &c->lans;
}

static int
is_uplink(const struct fwplan_conf *c, const char *name)
{
	unsigned i;

	for (i = 0; i < c->uplinks.n; i++)
		if (strcmp(c->uplinks.name[i], name) == 0)
			return 1;
	return 0;
}

static int
check_bridges(const struct netplan_world *w, const struct fwplan_conf *c,
    const char *lan, char *why, size_t max)
{
	unsigned i;

	for (i = 0; i < c->uplinks.n; i++)
		if (fwlinks_joined(w->links, w->nlinks, lan,
		    c->uplinks.name[i])) {
			snprintf(why, max, "%s, where clients are, and the "
			    "uplink %s are joined, as by a bridge: take one of "
			    "them out of it", lan, c->uplinks.name[i]);
			return -EINVAL;
		}
	return 0;
}

/* Of IPv4: one of IPv6 anybody in the LAN can make, by an advertisement, and that
 * must not keep the rules from being in force, which have nobody believe it. */
static int
check_way_out(const struct netplan_world *w, const char *lan, char *why,
    size_t max)
{
	const struct netplan_link *l = by_name(w->links, w->nlinks, lan);
	const struct netplan_route *r;
	size_t i;

	for (i = 0; l && i < w->nmain; i++) {
		r = &w->main[i];
		if (r->dst.bits || r->dst.addr.family != 4 ||
		    r->type != NETPLAN_UNICAST || r->link != l->index)
			continue;
		snprintf(why, max, "%s, where clients are, is the way out as "
		    "well: a default route leads there.  Take it away; the "
		    "uplink has to be another interface", lan);
		return -EINVAL;
	}
	return 0;
}

int
fwlinks_check(const struct netplan_world *w, const struct fwplan_conf *c,
    char *why, size_t max)
{
	const struct fwplan_links *l;
	unsigned i;
	int which, rc;

	for (which = 0; which < 2; which++) {
		l = lans(c, which);
		for (i = 0; i < l->n; i++)
			if (!is_uplink(c, l->name[i]) &&
			    ((rc = check_bridges(w, c, l->name[i], why,
			    max)) < 0 ||
			    (rc = check_way_out(w, l->name[i], why, max)) < 0))
				return rc;
	}
	return 0;
}

int
fwlinks_check_now(const struct fwplan_conf *c, char *why, size_t max)
{
	struct netplan_world w;
	struct netlink *nl;
	int rc = netlink_open(&nl);

	if (rc == 0) {
		if ((rc = networld_read(&w, nl)) == 0) {
			netlink_close(nl);
			rc = fwlinks_check(&w, c, why, max);
			networld_free(&w);
			return rc;
		}
		netlink_close(nl);
	}
	snprintf(why, max, "interfaces and routes: %s", strerror(-rc));
	return rc;
}
