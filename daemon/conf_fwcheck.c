/* daemon/conf_fwcheck.c - what depends on several options of the firewall */
#include "daemon/conf_fwcheck.h"

#include <errno.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_tun.h"
#include "daemon/conf_util.h"
#include "daemon/conf_values.h"
#include "policy/fwplan.h"

static const char *
where(const struct conf *c, const char *name)
{
	return conf_where(c, name, 0);
}

static int
is_lan(const struct conf *c, const char *name)
{
	return conf_tun_has(&c->tun_clients, name) ||
	    conf_tun_has(&c->trans_clients, name);
}

static int
is_client(const struct conf *c, const char *name)
{
	return is_lan(c, name) ||
	    (conf_has_tun(c) && strcmp(c->tun_device.name, name) == 0);
}

static int
check_uplinks(struct conf *c, struct conf_err *err)
{
	unsigned i;

	for (i = 0; i < c->uplink.n; i++)
		if (is_client(c, c->uplink.name[i]))
			return conf_fail(err, -EINVAL, "%sUplink: %s is the "
			    "TUN, or stands in TunClients or TransClients: it "
			    "can only be one of them", where(c, "Uplink"),
			    c->uplink.name[i]);
	return 0;
}

static int
check_clients(struct conf *c, struct conf_err *err)
{
	static const char name[] = "TransClients";
	const struct conf_tun_clients *t = &c->trans_clients;
	unsigned i;

	if (t->nlan == 0 && !t->local)
		return 0;
	for (i = 0; i < t->nlan; i++)
		if (!fwplan_link_is_plain(t->lan[i]))
			return conf_fail(err, -EINVAL, "%s%s: a firewall's "
			    "rules cannot name '%s'", where(c, name), name,
			    t->lan[i]);
		else if (conf_tun_has(&c->tun_clients, t->lan[i]) ||
		    (conf_has_tun(c) &&
		    strcmp(c->tun_device.name, t->lan[i]) == 0))
			return conf_fail(err, -EINVAL, "%s%s: %s is the TUN, "
			    "or stands in TunClients: it can only be one of "
			    "them", where(c, name), name, t->lan[i]);
	if (t->local && c->tun_clients.local)
		return conf_fail(err, -EINVAL, "%s%s: local stands in "
		    "TunClients, too: it can only be one of them",
		    where(c, name), name);
	if (t->local && c->trans_proxy_type == CONF_TRANS_TPROXY)
		return conf_fail(err, -EINVAL, "%s%s: this host's own packets "
		    "cannot be taken by TPROXY", where(c, name), name);
	if (c->ntrans_ports == 0)
		return conf_fail(err, -EINVAL, "%s%s wants a TransPort",
		    where(c, name), name);
	return 0;
}

static int
check_vrrp_line(const struct conf *c, const struct conf_value *v,
    struct conf_err *err)
{
	const char *s = v->text, *link, *proto;
	struct conf_note note = { .column = 0 };
	char name[CONF_IFNAME];
	size_t len, plen;

	(void)conf_word(&s, &len);
	link = conf_word(&s, &len);
	proto = conf_word(&s, &plen);
	if (link == NULL || proto == NULL || !conf_is(proto, plen, "vrrp"))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)len, link);
	if (is_lan(c, name))
		return 0;
	note.column = (size_t)(link - v->text) + 1;
	conf_wrong(&note, "vrrp is for LANs, and %s is no interface of "
	    "TransClients or TunClients", name);
	return conf_bad_word("FirewallAllow", v, &note, err);
}

static int
check_vrrp(const struct conf *c, struct conf_err *err)
{
	const struct conf_given *g = conf_values_of(c->values,
	    "FirewallAllow");
	size_t i;
	int rc;

	for (i = 0; i < g->n; i++)
		if ((rc = check_vrrp_line(c, &g->value[i], err)) < 0)
			return rc;
	return 0;
}

static int
warn_of_allowed(struct conf *c, struct conf_err *err)
{
	const struct conf_allow *a;
	size_t i;

	if (c->nallows > CONF_ALLOWS_MAX)
		return conf_fail(err, -EINVAL, "%sFirewallAllow: %d are the "
		    "most", where(c, "FirewallAllow"), CONF_ALLOWS_MAX);
	for (i = 0; i < c->nallows; i++) {
		a = &c->allows[i];
		if (!a->out && !is_client(c, a->link) && conf_warn(
		    &c->warnings, where(c, "FirewallAllow"), "FirewallAllow "
		    "in %s: that is no interface of TransClients or "
		    "TunClients; whoever is there sees answers of this host",
		    a->link) < 0)
			return conf_fail(err, -ENOMEM, "no memory for the "
			    "configuration");
	}
	return 0;
}

int
conf_check_firewall(struct conf *c, struct conf_err *err)
{
	int rc;

	if ((rc = check_uplinks(c, err)) < 0 ||
	    (rc = check_clients(c, err)) < 0 ||
	    (rc = check_vrrp(c, err)) < 0 ||
	    (rc = warn_of_allowed(c, err)) < 0)
		return rc;
	if (c->fail_closed && c->user == NULL)
		return conf_fail(err, -EINVAL, "%sFailClosed 1 wants User: "
		    "the firewall knows the program by its account",
		    where(c, "FailClosed"));
	return 0;
}
