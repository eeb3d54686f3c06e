/* daemon/doors.c - all listeners of a configuration
 *
 * Theory of operation
 *	An entry is one TransPort or DNSPort line with its open sockets.  At a
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
#include "dnsport/dnssock.h"
#include "natlook/natlook.h"
#include "policy/isolate.h"

struct entry {			/* one line of torrc */
	struct conf_port port;	/* as configured */
	struct door	 door;
	struct listener	*listener;	/* a TransPort ... */
	struct dnssock	*dns;		/* ... or a DNSPort */
	int		 told;		/* the log says that it is open */
};

struct doors {
	enum conf_trans	 kind;
	struct natlook	*natlook;
	struct entry	**entry;
	size_t		 n;
	int		 last_group;	/* of those drawn here; negative */
};

static enum natlook_kind
kind_of(enum conf_trans t)
{
	switch (t) {
	case CONF_TRANS_NETFILTER:
		return NATLOOK_NETFILTER;
	case CONF_TRANS_TPROXY:
		return NATLOOK_TPROXY;
	case CONF_TRANS_PF:
		return NATLOOK_PF;
	default:
		return NATLOOK_NONE;
	}
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
		    addr_equal(&old->entry[i]->port.addr, &p->addr) &&
		    !has(d, old->entry[i]))
			return old->entry[i];
	return NULL;
}

static int
open_trans(struct entry *e, struct doors *d, struct evloop *ev,
    struct gateway *gw)
{
	struct listen_conf lc = {
		.ev = ev, .gateway = gw, .natlook = d->natlook,
		.door = &e->door, .addr = e->port.addr
	};

	return listen_new(&e->listener, &lc, kind_of(d->kind));
}

static int
open_dns(struct entry *e, struct evloop *ev, struct gateway *gw)
{
	struct dnssock_conf dc = {
		.loop = &ev->loop, .base = ev->base,
		.dnsport = gateway_dnsport(gw), .addr = e->port.addr,
		.listener = &e->door, .enter = evloop_enter,
		.leave = evloop_leave, .turn = ev
	};

	return dnssock_new(&e->dns, &dc);
}

static void
tell(struct entry *e, enum conf_trans kind)
{
	char text[ADDR_TEXT];

	if (e->told)
		return;
	e->told = 1;
	if (e->listener)
		log_notice(LD_NET, "TransPort listens on %s (%s)",
		    addr_raw(listen_addr(e->listener), text),
		    natlook_name(kind_of(kind)));
	else
		log_notice(LD_NET, "DNSPort listens on %s, UDP and TCP",
		    addr_raw(dnssock_addr(e->dns), text));
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

struct opening {		/* what add() needs besides the line */
	struct doors	*old;
	struct evloop	*ev;
	struct gateway	*gw;
	const struct conf *conf;
	char		*why;
	size_t		 max;
};

static int
add(struct doors *d, const struct opening *o, size_t i, uint8_t proto)
{
	static const char *const names[] = { [DOOR_TRANS] = "TransPort",
		[DOOR_DNS] = "DNSPort" };
	const struct conf_port *p = proto == DOOR_TRANS ?
	    &o->conf->trans_ports[i] : &o->conf->dns_ports[i];
	struct entry *e = find(o->old, d, p, proto);
	char text[ADDR_TEXT];
	int rc;

	if (e) {
		d->entry[d->n++] = e;
		return 0;
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -ENOMEM;
	e->port = *p;
	e->door.proto = proto;
	set_door(&e->door, p, &d->last_group);
	rc = proto == DOOR_TRANS ? open_trans(e, d, o->ev, o->gw) :
	    open_dns(e, o->ev, o->gw);
	if (rc < 0) {
		snprintf(o->why, o->max, "%s%s: cannot listen on %s: %s%s",
		    conf_where(o->conf, names[proto], i), names[proto],
		    addr_raw(&p->addr, text), strerror(-rc), advice(rc));
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
	if ((rc = natlook_init(&d->natlook, kind_of(d->kind))) < 0)
		snprintf(why, max, "%sTransProxyType: %s does not work on this "
		    "system: %s", conf_where(c, "TransProxyType", 0),
		    natlook_name(kind_of(d->kind)), strerror(-rc));
	return rc;
}

static int
add_all(struct doors *d, const struct opening *o)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < o->conf->ntrans_ports && rc == 0; i++)
		rc = add(d, o, i, DOOR_TRANS);
	for (i = 0; i < o->conf->ndns_ports && rc == 0; i++)
		rc = add(d, o, i, DOOR_DNS);
	return rc;
}

/* Entries stand in the order of the configuration. */
static void
set_rules(struct doors *d, const struct conf *c)
{
	const struct conf_port *p;
	struct entry *e;
	size_t i;

	for (i = 0; i < d->n; i++) {
		e = d->entry[i];
		p = i < c->ntrans_ports ? &c->trans_ports[i] :
		    &c->dns_ports[i - c->ntrans_ports];
		e->port = *p;
		set_door(&e->door, p, &d->last_group);
		tell(e, d->kind);
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
	d->entry = calloc(c->ntrans_ports + c->ndns_ports + 1,
	    sizeof(struct entry *));
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
