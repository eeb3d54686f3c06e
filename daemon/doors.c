/* daemon/doors.c - all listeners of a configuration
 *
 * Theory of operation
 *	An entry is one line of a port with its open sockets.  At a
 *	reload an entry whose address is wanted again is kept, and only its
 *	rules change, at the commit; so a new isolation flag does not need a
 *	second socket on an address that is taken.
 *
 *	A line without SessionGroup is a group of its own.  Its number is drawn
 *	here and never again, so that after a reload no door finds itself in a
 *	group that was another's, whose circuits are still there.
 */
#include "daemon/doors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/evloop.h"
#include "daemon/gateway.h"
#include "daemon/listen.h"
#include "daemon/proxy.h"
#include "dnsport/dnssock.h"
#include "natlook/natlook.h"
#include "policy/isolate.h"

struct entry {			/* one line of torrc */
	struct conf_port port;	/* as configured */
	struct door	 door;
	struct listener	*listener;	/* a TransPort or a proxy's port ... */
	struct dnssock	*dns;		/* ... or a DNSPort */
	struct proxies	*proxies;	/* a proxy's: its clients, all doors' */
	struct proxy_rules proxy;
	int		 told;		/* the log says that it is open */
};

struct doors {
	enum conf_trans	 kind;
	struct natlook	*natlook;
	struct proxies	*proxies;	/* NULL: there never was such a port */
	struct entry	**entry;
	size_t		 n;
	int		 last_group;	/* of those drawn here; negative */
};

struct line {			/* of a configuration, a port's */
	const struct conf_port *port;
	uint8_t		 proto;		/* DOOR_* */
	const char	*name;
	size_t		 i;		/* among those of its name */
};

/* The @i-th of all; 0: there are no more. */
static int
line_at(const struct conf *c, size_t i, struct line *l)
{
	const struct {
		const struct conf_port *port;
		size_t		 n;
		uint8_t		 proto;
		const char	*name;
	} all[] = {
		{ c->trans_ports, c->ntrans_ports, DOOR_TRANS, "TransPort" },
		{ c->dns_ports, c->ndns_ports, DOOR_DNS, "DNSPort" },
		{ c->socks_ports, c->nsocks_ports, DOOR_SOCKS, "SocksPort" },
		{ c->http_ports, c->nhttp_ports, DOOR_HTTP, "HTTPTunnelPort" },
	};
	size_t k;

	for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		if (i < all[k].n) {
			l->port = &all[k].port[i];
			l->proto = all[k].proto;
			l->name = all[k].name;
			l->i = i;
			return 1;
		}
		i -= all[k].n;
	}
	return 0;
}

static int
is_proxy(uint8_t proto)
{
	return proto == DOOR_SOCKS || proto == DOOR_HTTP;
}

static unsigned
isolation(unsigned conf_iso)
{
	static const struct { unsigned conf, flag; } same[] = {
		{ CONF_ISO_DESTPORT, ISOLATE_DEST_PORT },
		{ CONF_ISO_DESTADDR, ISOLATE_DEST_ADDR },
		{ CONF_ISO_SOCKSAUTH, ISOLATE_SOCKS_AUTH },
		{ CONF_ISO_CLIENTPROTO, ISOLATE_CLIENT_PROTO },
		{ CONF_ISO_CLIENTADDR, ISOLATE_CLIENT_ADDR }
	};
	unsigned out = 0;
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (conf_iso & same[i].conf)
			out |= same[i].flag;
	return out;
}

void
doors_rules(struct door *d, const struct conf_port *p)
{
	d->isolate = isolation(p->isolate);
	if (p->session_group >= 0)
		d->session_group = p->session_group;
	d->no_ipv4 = !p->ipv4_traffic;
	d->no_ipv6 = !p->ipv6_traffic;
	d->no_onion = !p->onion_traffic;
	d->virtual_ipv6 = p->prefer_ipv6_automap;
	d->prefer_ipv6 = p->prefer_ipv6;
}

static void
set_proxy(struct proxy_rules *r, const struct conf_port *p,
    const struct conf *c)
{
	memset(r, 0, sizeof(*r));
	r->prefer_no_auth = p->prefer_no_auth ||
	    !(p->isolate & CONF_ISO_SOCKSAUTH);
	r->extended = p->extended_errors;
	r->test = (uint8_t)(c->test_socks != 0);
	r->safe = (uint8_t)(c->safe_socks != 0);
	r->no_dns = !p->dns_request;
	r->no_onion = !p->onion_traffic;
	r->handshake_ms = c->socks_timeout_s * 1000;
	r->ours[0] = c->virtual_addr_network4;
	r->ours[1] = c->virtual_addr_network6;
	r->policy = c->socks_policy;
	r->npolicy = c->nsocks_policy;
}

/* The rules of a line; @d has the old ones, or nothing. */
static void
set_door(struct door *d, const struct conf_port *p, int *last_group)
{
	doors_rules(d, p);
	if (p->session_group < 0 && d->session_group >= 0)
		d->session_group = --*last_group;
}

static void
entry_close(struct entry *e)
{
	if (e == NULL)
		return;
	listen_free(e->listener);
	dnssock_free(e->dns);
	free(e);
}

static int
has(const struct doors *d, const struct entry *e)
{
	size_t i;

	for (i = 0; d && i < d->n; i++)
		if (d->entry[i] == e)
			return 1;
	return 0;
}

/* Of a unix socket its mode counts too: it is made with the socket. */
static int
is_there(const struct conf_port *a, const struct conf_port *b)
{
	if (a->path[0] == '\0' && b->path[0] == '\0')
		return addr_equal(&a->addr, &b->addr);
	return strcmp(a->path, b->path) == 0 &&
	    a->group_writable == b->group_writable &&
	    a->world_writable == b->world_writable;
}

/* An entry of the old set that listens where it is wanted, and which the new
 * one has not got yet ("auto" can stand there twice). */
static struct entry *
find(const struct doors *old, const struct doors *d, const struct conf_port *p,
    uint8_t proto)
{
	size_t i;

	if (old == NULL || (proto == DOOR_TRANS && old->kind != d->kind))
		return NULL;
	for (i = 0; i < old->n; i++)
		if (old->entry[i]->door.proto == proto &&
		    is_there(&old->entry[i]->port, p) &&
		    !has(d, old->entry[i]))
			return old->entry[i];
	return NULL;
}

static void
on_client(void *arg, const struct door *door, const struct addr *client,
    struct endpoint *ep)
{
	const struct entry *e = arg;

	proxies_take(e->proxies, door, &e->proxy, client, ep);
}

struct opening {		/* what add() needs besides the line */
	struct doors	*old;
	struct evloop	*ev;
	struct gateway	*gw;
	const struct conf *conf;
	char		*why;
	size_t		 max;
};

static int
open_trans(struct entry *e, const struct doors *d, const struct opening *o)
{
	struct listen_conf lc = {
		.ev = o->ev, .gateway = o->gw, .natlook = d->natlook,
		.door = &e->door, .addr = e->port.addr
	};

	return listen_new(&e->listener, &lc, listen_kind(d->kind));
}

static int
open_proxy(struct entry *e, const struct doors *d, const struct opening *o)
{
	const struct conf_port *p = &e->port;
	struct listen_conf lc = {
		.ev = o->ev, .door = &e->door, .addr = p->addr,
		.take = on_client, .arg = e,
		.path = p->path[0] ? p->path : NULL,
		.mode = p->world_writable ? 0666 : p->group_writable ||
		    o->conf->unix_socks_group_writable ? 0660 : 0600
	};

	e->proxies = d->proxies;
	return listen_new(&e->listener, &lc, NATLOOK_NONE);
}

static int
open_dns(struct entry *e, const struct opening *o)
{
	struct dnssock_conf dc = {
		.loop = &o->ev->loop, .base = o->ev->base,
		.dnsport = gateway_dnsport(o->gw), .addr = e->port.addr,
		.listener = &e->door, .enter = evloop_enter,
		.leave = evloop_leave, .turn = o->ev
	};

	return dnssock_new(&e->dns, &dc);
}

static int
open_entry(struct entry *e, const struct doors *d, const struct opening *o)
{
	if (is_proxy(e->door.proto))
		return open_proxy(e, d, o);
	return e->door.proto == DOOR_TRANS ? open_trans(e, d, o) :
	    open_dns(e, o);
}

static const char *
place_of(const struct conf_port *p, char text[ADDR_TEXT])
{
	return p->path[0] ? p->path : addr_raw(&p->addr, text);
}

static void
tell(struct entry *e, const char *name, enum conf_trans kind)
{
	char text[ADDR_TEXT];

	if (e->told)
		return;
	e->told = 1;
	if (e->dns)
		log_notice(LD_NET, "DNSPort listens on %s, UDP and TCP",
		    addr_raw(dnssock_addr(e->dns), text));
	else if (is_proxy(e->door.proto))
		log_notice(LD_NET, "%s listens on %s", name, e->port.path[0] ?
		    e->port.path : addr_raw(listen_addr(e->listener), text));
	else
		log_notice(LD_NET, "TransPort listens on %s (%s)",
		    addr_raw(listen_addr(e->listener), text),
		    natlook_name(listen_kind(kind)));
}

static const char *
advice(int err)
{
	switch (err) {
	case -EADDRINUSE:
		return ": is another program, or another instance, listening "
		    "there?";
	case -EACCES:
	case -EPERM:
		return ": start it as root; it gives up its rights by User";
	case -EADDRNOTAVAIL:
		return ": no interface here has this address (yet)";
	default:
		return "";
	}
}

static int
add(struct doors *d, const struct opening *o, const struct line *l)
{
	struct entry *e = find(o->old, d, l->port, l->proto);
	char text[ADDR_TEXT];
	int rc;

	if (e) {
		d->entry[d->n++] = e;
		return 0;
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -ENOMEM;
	e->port = *l->port;
	e->door.proto = l->proto;
	set_door(&e->door, l->port, &d->last_group);
	if ((rc = open_entry(e, d, o)) < 0) {
		snprintf(o->why, o->max, "%s%s: cannot listen on %s: %s%s",
		    conf_where(o->conf, l->name, l->i), l->name,
		    place_of(l->port, text), strerror(-rc), advice(rc));
		free(e);
		return rc;
	}
	d->entry[d->n++] = e;
	return 0;
}

static void
close_but(struct doors *d, const struct doors *keep)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (!has(keep, d->entry[i]))
			entry_close(d->entry[i]);
	if (keep == NULL || keep->natlook != d->natlook)
		natlook_free(d->natlook);
	if (keep == NULL || keep->proxies != d->proxies)
		proxies_close(d->proxies);
	free(d->entry);
	free(d);
}

static int
use_natlook(struct doors *d, const struct doors *old, const struct conf *c,
    char *why, size_t max)
{
	int rc;

	if (old && old->kind == d->kind)
		d->natlook = old->natlook;
	if (d->natlook || c->ntrans_ports == 0)
		return 0;
	if ((rc = natlook_init(&d->natlook, listen_kind(d->kind))) < 0)
		snprintf(why, max, "%sTransProxyType: %s does not work on this "
		    "system: %s", conf_where(c, "TransProxyType", 0),
		    natlook_name(listen_kind(d->kind)), strerror(-rc));
	return rc;
}

static int
use_proxies(struct doors *d, const struct opening *o)
{
	struct proxies_conf pc = { .loop = &o->ev->loop, .gateway = o->gw };

	if (o->old)
		d->proxies = o->old->proxies;
	if (d->proxies || o->conf->nsocks_ports + o->conf->nhttp_ports == 0)
		return 0;
	return proxies_new(&d->proxies, &pc);
}

static int
add_all(struct doors *d, const struct opening *o)
{
	struct line l;
	size_t i;
	int rc = use_proxies(d, o);

	for (i = 0; rc == 0 && line_at(o->conf, i, &l); i++)
		rc = add(d, o, &l);
	return rc;
}

/* Entries stand in the order of the configuration. */
static void
set_rules(struct doors *d, const struct conf *c)
{
	struct entry *e;
	struct line l;
	size_t i;

	for (i = 0; i < d->n && line_at(c, i, &l); i++) {
		e = d->entry[i];
		e->port = *l.port;
		set_door(&e->door, l.port, &d->last_group);
		if (is_proxy(l.proto))
			set_proxy(&e->proxy, l.port, c);
		tell(e, l.name, d->kind);
	}
}

int
doors_prepare(struct doors **out, struct doors *old, struct evloop *ev,
    struct gateway *gw, const struct conf *c, char *why, size_t max)
{
	struct opening o = { .old = old, .ev = ev, .gw = gw, .conf = c,
	    .why = why, .max = max };
	struct doors *d = calloc(1, sizeof(*d));
	int rc = -ENOMEM;

	snprintf(why, max, "no memory");
	if (d == NULL)
		return rc;
	d->kind = c->trans_proxy_type;
	d->last_group = old ? old->last_group : 0;
	d->entry = calloc(c->ntrans_ports + c->ndns_ports + c->nsocks_ports +
	    c->nhttp_ports + 1, sizeof(struct entry *));
	if (d->entry == NULL ||
	    (rc = use_natlook(d, old, c, why, max)) < 0 ||
	    (rc = add_all(d, &o)) < 0) {
		close_but(d, old);
		return rc;
	}
	*out = d;
	return 0;
}

void
doors_commit(struct doors *d, struct doors *old, const struct conf *c)
{
	set_rules(d, c);
	if (old)
		close_but(old, d);
}

void
doors_drop(struct doors *d, struct doors *old)
{
	close_but(d, old);
}

void
doors_close(struct doors *d)
{
	if (d)
		close_but(d, NULL);
}

int
doors_proxies(const struct doors *d, struct proxies_totals *t)
{
	if (d == NULL || d->proxies == NULL)
		return 0;
	proxies_totals(d->proxies, t);
	return 1;
}
