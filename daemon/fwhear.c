/* daemon/fwhear.c - what the firewall's process makes of the engine's words */
#include "daemon/fwhear.h"

#include <errno.h>

#include "daemon/conf.h"
#include "daemon/procmsg.h"
#include "policy/rule.h"

static int
fits_port(const struct rule *r, uint16_t port)
{
	unsigned i;

	for (i = 0; i < r->nports; i++)
		if (port >= r->ports[i].lo && port <= r->ports[i].hi)
			return 1;
	return r->nports == 0;
}

int
fwhear_may_direct(const struct conf *c, const struct addr *a)
{
	const struct rule *r;
	size_t i;

	for (i = 0; i < c->nflow_rules; i++) {
		r = &c->flow_rules[i];
		if (r->action == RULE_DIRECT && r->to_kind != RULE_TO_NET &&
		    (r->proto == RULE_PROTO_ANY ||
		    r->proto == RULE_PROTO_TCP) && fits_port(r, a->port))
			return 1;
	}
	return 0;
}

static int
may_be_relay(const struct conf *c, const struct addr *a)
{
	return !addr_is_internal(a) || c->testing_tor_network ||
	    !c->default_authorities;
}

/* With UseBridges, whoever the engine is: nobody else is a relay. */
static int
is_bridge(const struct conf *c, const struct addr *a)
{
	size_t i;

	for (i = 0; i < c->nbridges; i++)
		if (addr_equal(&c->bridges[i].addr, a))
			return 1;
	return 0;
}

/* Room for a new one? */
static int
take_drop(struct fwhear *h, enum fwsets_kind kind, int64_t now)
{
	unsigned *used = &h->bucket[kind].used;
	int64_t *at = &h->bucket[kind].at, drops;

	if (*used == 0)
		*at = now;
	drops = (now - *at) / FWHEAR_EACH_MS;
	if (drops > 0) {
		*used -= drops < *used ? (unsigned)drops : *used;
		*at += drops * FWHEAR_EACH_MS;
	}
	if (*used >= FWHEAR_BURST)
		return 0;
	(*used)++;
	return 1;
}

static enum fwhear_verdict
refuse(struct fwhear *h, const char *why)
{
	h->why = why;
	return FWHEAR_REFUSED;
}

static enum fwhear_verdict
kill_it(struct fwhear *h, const char *why)
{
	h->why = why;
	return FWHEAR_KILL;
}

static enum fwhear_verdict
permit(struct fwhear *h, int64_t now, enum fwsets_kind kind,
    const struct addr *a)
{
	if (kind == FWSETS_RELAYS && h->conf->use_bridges &&
	    !is_bridge(h->conf, a))
		return refuse(h, "that is no bridge's address");
	if (kind == FWSETS_RELAYS && !h->conf->use_bridges &&
	    !may_be_relay(h->conf, a) &&
	    !fwsets_has(h->sets, kind, a))
		return refuse(h, "that is no relay's address");
	if (kind == FWSETS_DIRECT && !fwhear_may_direct(h->conf, a))
		return refuse(h, "no FlowRule lets that go direct");
	if (!fwsets_has(h->sets, kind, a) && !take_drop(h, kind, now))
		return refuse(h, "these are too many new addresses");
	switch (fwsets_add(h->sets, kind, a)) {
	case 0:
		return FWHEAR_NEW;
	case 1:
		return FWHEAR_KNOWN;
	default:
		return refuse(h, "there is no room for it");
	}
}

enum fwhear_verdict
fwhear(struct fwhear *h, int rc, struct procmsg *m, int64_t now,
    enum fwsets_kind *kind, struct addr *a)
{
	if (rc < 0)
		return kill_it(h, "says what is no message");
	if (m->nfds) {
		procmsg_close(m);
		return kill_it(h, "gives what nobody asked for");
	}
	if (m->type != PROCMSG_PERMIT_RELAY && m->type != PROCMSG_PERMIT_DIRECT)
		return kill_it(h, "says what it has no business to");
	if (addr_parse(a, m->text, -1) < 0 || a->port == 0)
		return kill_it(h, "asks for what is no address");
	*kind = m->type == PROCMSG_PERMIT_RELAY ? FWSETS_RELAYS :
	    FWSETS_DIRECT;
	return permit(h, now, *kind, a);
}
