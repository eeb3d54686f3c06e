/* daemon/fwconf.c - from a configuration to a plan of the firewall
 *
 * Which doors are for whom is told by their addresses: what stands on the
 * loopback is this host's, anything else a LAN's, and what has no address both.
 * REDIRECT leads to a port of the interface that a packet came in by, so that
 * there can be one port for all LANs of a family only.
 *
 * Without FailClosed there is nobody who would fill the sets of relays: then
 * the program may reach any address by TCP.  With it, the sets begin with the
 * authorities and fallbacks, by which it finds the others; or with the bridges,
 * besides which there are none.
 */
#include "daemon/fwconf.h"

#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/fwlinks.h"
#include "policy/fwplan.h"
#include "policy/netplan.h"
#include "policy/rule.h"

struct fwconf {
	struct fwplan_conf plan;
	struct addr	*relays;
	size_t		 nrelays, relays_room;
	struct fwplan_direct *direct;
	size_t		 ndirect, direct_room;
};

/* --- accounts, interfaces --- */

static int
find_uid(const char *user, uint32_t *uid, char *why, size_t max)
{
	struct passwd *pw;

	if (user == NULL) {
		*uid = getuid();
		return 0;
	}
	if ((pw = getpwnam(user)) == NULL) {
		snprintf(why, max, "User %s: there is no such account", user);
		return -ENOENT;
	}
	*uid = pw->pw_uid;
	return 0;
}

static void
take_lans(struct fwplan_links *to, const struct conf_tun_clients *from)
{
	memcpy(to->name, from->lan, sizeof(from->lan));
	to->n = from->nlan;
}

/* A LAN's, the ports of its bridge as well, or ours. */
static int
has_part(const struct fwplan_conf *p, const struct netplan_link *all, size_t n,
    const char *name)
{
	const struct fwplan_links *l[] = { &p->lans, &p->tun_lans };
	unsigned i, j;

	for (i = 0; i < 2; i++)
		for (j = 0; j < l[i]->n; j++)
			if (fwlinks_joined(all, n, l[i]->name[j], name))
				return 1;
	return strcmp(name, "lo") == 0 || strcmp(name, p->tun) == 0;
}

/* A name that rules cannot hold stays closed. */
static int
add_uplink(struct fwplan_links *l, const char *name, char *why, size_t max)
{
	if (!fwplan_link_is_plain(name))
		return 0;
	if (l->n == FWPLAN_LINKS_MAX) {
		snprintf(why, max, "there are more than %d interfaces that "
		    "could be uplinks: name yours by Uplink",
		    FWPLAN_LINKS_MAX);
		return -E2BIG;
	}
	snprintf(l->name[l->n++], FWPLAN_IFNAME, "%s", name);
	return 0;
}

int
fwconf_find_uplinks(struct fwconf *f, const struct conf *c, char *why,
    size_t max)
{
	struct netplan_link *l;
	size_t i, n;
	int rc;

	if (c->uplink.n)
		return 0;
	f->plan.uplinks.n = 0;
	if ((rc = fwlinks_list(&l, &n)) < 0) {
		snprintf(why, max, "interfaces: %s", strerror(-rc));
		return rc;
	}
	for (i = 0; i < n && rc == 0; i++)
		if (!has_part(&f->plan, l, n, l[i].name))
			rc = add_uplink(&f->plan.uplinks, l[i].name, why, max);
	free(l);
	return rc;
}

void
fwconf_drop_missing(struct fwconf *f)
{
	struct fwplan_links *l = &f->plan.uplinks;
	unsigned i, n = 0;

	for (i = 0; i < l->n; i++)
		if (if_nametoindex(l->name[i])) {
			if (n != i)
				memcpy(l->name[n], l->name[i], FWPLAN_IFNAME);
			n++;
		}
	l->n = n;
}

/* --- doors --- */

static int
is_loopback(const struct addr *a)
{
	static const uint8_t one6[16] = { [15] = 1 };

	return a->family == 4 ? a->ip[0] == 127 :
	    memcmp(a->ip, one6, sizeof(one6)) == 0;
}

static int
is_any(const struct addr *a)
{
	static const uint8_t none[16];

	return memcmp(a->ip, none, addr_iplen(a)) == 0;
}

enum whose { A_LANS, THIS_HOSTS, TPROXYS };

static int
is_for(const struct conf_port *p, uint8_t family, enum whose whose)
{
	if (p->path[0] || p->addr.family != family)
		return 0;
	return whose == TPROXYS || is_any(&p->addr) ||
	    is_loopback(&p->addr) == (whose == THIS_HOSTS);
}

struct ports {				/* of one kind */
	const char	*name;
	const struct conf_port *port;
	size_t		 n;
};

static int
find_door(struct addr *out, const struct ports *all, uint8_t family,
    enum whose whose, char *why, size_t max)
{
	const struct conf_port *p;
	size_t i;

	for (i = 0; i < all->n; i++) {
		p = &all->port[i];
		if (!is_for(p, family, whose))
			continue;
		if (p->addr.port == 0) {
			snprintf(why, max, "%s auto: the firewall's rules need "
			    "its number", all->name);
			return -EINVAL;
		}
		if (out->family && out->port != p->addr.port) {
			snprintf(why, max, "%s: packets can be redirected to "
			    "one port only, not to %u and %u", all->name,
			    out->port, p->addr.port);
			return -EINVAL;
		}
		if (out->family == 0)
			*out = p->addr;
	}
	return 0;
}

static int
find_doors(struct fwplan_doors *d, const struct conf *c, enum whose whose,
    char *why, size_t max)
{
	const struct ports trans = { "TransPort", c->trans_ports,
		c->ntrans_ports };
	const struct ports dns = { "DNSPort", c->dns_ports, c->ndns_ports };
	enum whose names = whose == TPROXYS ? A_LANS : whose;
	int rc;

	if ((rc = find_door(&d->trans4, &trans, 4, whose, why, max)) < 0 ||
	    (rc = find_door(&d->trans6, &trans, 6, whose, why, max)) < 0 ||
	    (rc = find_door(&d->dns4, &dns, 4, names, why, max)) < 0 ||
	    (rc = find_door(&d->dns6, &dns, 6, names, why, max)) < 0)
		return rc;
	if (d->trans4.family || d->trans6.family)
		return 0;
	snprintf(why, max, "TransClients: there is no TransPort %s",
	    whose == THIS_HOSTS ? "on 127.0.0.1 or [::1], where this host's "
	    "connections are redirected to" : "at the LAN's own address, where "
	    "its connections are redirected to");
	return -EINVAL;
}

static int
take_doors(struct fwconf *f, const struct conf *c, char *why, size_t max)
{
	struct fwplan_conf *p = &f->plan;
	int rc = 0;

	p->tproxy = c->trans_proxy_type == CONF_TRANS_TPROXY;
	p->local = c->trans_clients.local != 0;
	if (p->lans.n)
		rc = find_doors(&p->lan_doors, c, p->tproxy ? TPROXYS : A_LANS,
		    why, max);
	if (rc == 0 && p->local)
		rc = find_doors(&p->local_doors, c, THIS_HOSTS, why, max);
	return rc;
}

static int
take_listeners(struct fwplan_conf *p, const struct conf_port *port, size_t n,
    char *why, size_t max)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (port[i].path[0] || is_loopback(&port[i].addr))
			continue;
		if (port[i].addr.port == 0) {
			snprintf(why, max, "a SocksPort or HTTPTunnelPort for "
			    "LANs is auto: the firewall's rules need its "
			    "number");
			return -EINVAL;
		}
		if (p->nlisten == FWPLAN_LISTEN_MAX) {
			snprintf(why, max, "there are more than %d ports for "
			    "LANs", FWPLAN_LISTEN_MAX);
			return -E2BIG;
		}
		p->listen[p->nlisten++] = port[i].addr;
	}
	return 0;
}

/* --- where to --- */

static void *
more(void *array, size_t n, size_t *room, size_t size)
{
	void *p;

	if (n < *room)
		return array;
	p = reallocarray(array, *room ? 2 * *room : 64, size);
	if (p)
		*room = *room ? 2 * *room : 64;
	return p;
}

static int
add_relay(struct fwconf *f, const struct addr *a)
{
	struct addr *p;

	if (a->family == 0 || a->port == 0)
		return 0;
	if ((p = more(f->relays, f->nrelays, &f->relays_room,
	    sizeof(*p))) == NULL)
		return -ENOMEM;
	f->relays = p;
	p[f->nrelays++] = *a;
	return 0;
}

static int
take_relays(struct fwconf *f, const struct conf *c)
{
	struct addr a;
	size_t i;
	int rc;

	for (i = 0; conf_first_relay(c, i, &a); i++)
		if ((rc = add_relay(f, &a)) < 0)
			return rc;
	f->plan.relays = f->relays;
	f->plan.nrelays = f->nrelays;
	return 0;
}

static int
add_direct(struct fwconf *f, const struct addr_net *net, uint16_t lo,
    uint16_t hi)
{
	struct fwplan_direct *p = more(f->direct, f->ndirect, &f->direct_room,
	    sizeof(*p));

	if (p == NULL)
		return -ENOMEM;
	f->direct = p;
	p[f->ndirect++] = (struct fwplan_direct){ .net = *net, .lo = lo,
		.hi = hi };
	return 0;
}

/* Those to names and countries have addresses once there are flows: these go
 * into the sets then. */
static int
take_direct(struct fwconf *f, const struct conf *c)
{
	const struct rule *r;
	unsigned j;
	size_t i;
	int rc = 0;

	for (i = 0; i < c->nflow_rules && rc == 0; i++) {
		r = &c->flow_rules[i];
		if (r->action != RULE_DIRECT || r->to_kind != RULE_TO_NET ||
		    (r->proto != RULE_PROTO_ANY && r->proto != RULE_PROTO_TCP))
			continue;
		if (r->nports == 0)
			rc = add_direct(f, &r->to, 1, UINT16_MAX);
		for (j = 0; j < r->nports && rc == 0; j++)
			rc = add_direct(f, &r->to, r->ports[j].lo,
			    r->ports[j].hi);
	}
	f->plan.direct = f->direct;
	f->plan.ndirect = f->ndirect;
	return rc;
}

static void
take_allowed(struct fwplan_conf *p, const struct conf *c)
{
	const struct conf_allow *a;
	size_t i;

	for (i = 0; i < c->nallows && i < FWPLAN_ALLOW_MAX; i++) {
		a = &c->allows[i];
		p->allow[i] = (struct fwplan_allow){ .out = a->out != 0,
			.proto = (uint8_t)a->proto, .lo = a->lo, .hi = a->hi,
			.net = a->net };
		memcpy(p->allow[i].link, a->link, FWPLAN_IFNAME);
	}
	p->nallow = (unsigned)i;
}

static void
take_networks(struct fwplan_conf *p, const struct conf *c)
{
	unsigned i;

	p->virt[p->nvirt++] = c->virtual_addr_network4;
	p->virt[p->nvirt++] = c->virtual_addr_network6;
	if (!conf_has_tun(c))
		return;
	memcpy(p->tun, c->tun_device.name, FWPLAN_IFNAME);
	for (i = 0; i < c->tun_address.n; i++)
		p->tun_net[p->ntun_net++] = c->tun_address.net[i];
}

/* --- all of it --- */

static int
fill(struct fwconf *f, const struct conf *c, char *why, size_t max)
{
	struct fwplan_conf *p = &f->plan;
	int rc;

	p->any_relay = !c->fail_closed;
	p->ipv6 = c->client_use_ipv6 != 0;
	p->dhcp = 1;
	memcpy(p->uplinks.name, c->uplink.name, sizeof(p->uplinks.name));
	p->uplinks.n = c->uplink.n;
	take_lans(&p->lans, &c->trans_clients);
	take_lans(&p->tun_lans, &c->tun_clients);
	take_networks(p, c);
	take_allowed(p, c);
	if ((rc = find_uid(c->user, &p->uid, why, max)) < 0 ||
	    (rc = take_doors(f, c, why, max)) < 0 ||
	    (rc = take_listeners(p, c->socks_ports, c->nsocks_ports, why,
	    max)) < 0 ||
	    (rc = take_listeners(p, c->http_ports, c->nhttp_ports, why,
	    max)) < 0)
		return rc;
	snprintf(why, max, "no memory");
	if ((rc = take_direct(f, c)) < 0)
		return rc;
	return p->any_relay ? 0 : take_relays(f, c);
}

int
fwconf_new(struct fwconf **out, const struct conf *c, char *why, size_t max)
{
	struct fwconf *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM;

	if (f == NULL)
		snprintf(why, max, "no memory");
	if (f == NULL || (rc = fill(f, c, why, max)) < 0) {
		fwconf_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

void
fwconf_free(struct fwconf *f)
{
	if (f == NULL)
		return;
	free(f->relays);
	free(f->direct);
	free(f);
}

const struct fwplan_conf *
fwconf_plan(const struct fwconf *f)
{
	return &f->plan;
}

static int
write_plan(const struct fwplan_conf *c, enum conf_format format, FILE *f,
    char *why, size_t max)
{
	char text[FWPLAN_WHY] = "";
	struct fwplan p;
	int rc = format == CONF_FORMAT_EARLY ? fwplan_make_early(&p, c, text) :
	    fwplan_make(&p, c, text);

	if (rc < 0) {
		snprintf(why, max, "%s", text);
		return rc;
	}
	if (format == CONF_FORMAT_IPTABLES)
		fwplan_iptables(f, &p, 4);
	else if (format == CONF_FORMAT_IP6TABLES)
		fwplan_iptables(f, &p, 6);
	else
		fwplan_nft(f, &p);
	fwplan_free(&p);
	return 0;
}

int
fwconf_print(const struct conf *c, enum conf_format format, FILE *to,
    char *why, size_t max)
{
	struct fwconf *f;
	int rc;

	if ((rc = fwconf_new(&f, c, why, max)) < 0)
		return rc;
	if (format == CONF_FORMAT_EARLY ||
	    (rc = fwconf_find_uplinks(f, c, why, max)) == 0)
		rc = write_plan(&f->plan, format, to, why, max);
	fwconf_free(f);
	return rc;
}

void
fwconf_tell(const struct conf *c)
{
	if (!c->fail_closed && (c->ntrans_ports || conf_has_tun(c)))
		log_notice(LD_CONFIG, "FailClosed is 0: what leaves past Tor "
		    "is up to the firewall's own rules; "
		    "'onion-transparent firewall' writes some that close it");
}
