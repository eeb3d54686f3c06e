/* daemon/gateway_rules.c - what a configuration says of flows */
#include "daemon/gateway_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/dnsconf.h"
#include "daemon/mapaddress.h"
#include "daemon/names.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/rules.h"

struct gateway_rules {
	struct dnsconf	*dns;
	struct policy_conf policy;
	struct rule	*rules;				/* owned copies */
	struct rules	*table;				/* of them */
	uint32_t	*dotexit;			/* numbers, of those that
							 * have it */
	size_t		 ndotexit;
	uint16_t	*reject_ports, *warn_ports;
	struct names_rules names;
	char		**suffixes;
	struct mapaddress *map;
	struct addr_net	 net4, net6;
};

/* Never NULL for want of items. */
static void *
copy(const void *items, size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p && n)
		memcpy(p, items, n * size);
	return p;
}

static void *
copy_ports(const struct conf_numbers *from)
{
	return copy(from->item, from->n, sizeof(*from->item));
}

static char **
copy_strings(const struct conf_strings *from)
{
	char **p = calloc(from->n + 1, sizeof(*p));
	size_t i;

	for (i = 0; p && i < from->n; i++)
		if ((p[i] = strdup(from->item[i])) == NULL) {
			while (i > 0)
				free(p[--i]);
			free(p);
			return NULL;
		}
	return p;
}

static void
free_strings(char **p, size_t n)
{
	while (p && n > 0)
		free(p[--n]);
	free(p);
}

static void
fill_names(struct gateway_rules *r, const struct conf *conf)
{
	r->names.automap = conf->automap_hosts_on_resolve;
	r->names.suffix = r->suffixes;
	r->names.nsuffix = conf->automap_hosts_suffixes.n;
	r->names.target.map = r->map;
	r->names.target.allow_dot_exit = conf->allow_dot_exit;
	r->net4 = conf->virtual_addr_network4;
	r->net6 = conf->virtual_addr_network6;
}

static int
make_names(struct gateway_rules *r, const struct conf *conf)
{
	const struct conf_strings *lines = &conf->map_address;
	int rc;

	if ((r->suffixes = copy_strings(&conf->automap_hosts_suffixes)) ==
	    NULL)
		return -ENOMEM;
	r->names.nsuffix = conf->automap_hosts_suffixes.n;
	if ((rc = mapaddress_new(&r->map, lines->item, lines->n)) < 0)
		return rc;
	fill_names(r, conf);
	return 0;
}

static int
find_dotexit(struct gateway_rules *r, size_t n)
{
	size_t i;

	if ((r->dotexit = calloc(n + 1, sizeof(*r->dotexit))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (r->rules[i].dotexit)
			r->dotexit[r->ndotexit++] = (uint32_t)i;
	return 0;
}

static void
fill(struct policy_conf *p, const struct gateway_rules *r,
    const struct conf *conf)
{
	p->rules = r->table;
	p->no_network = conf->disable_network;
	p->allow_dot_exit = conf->allow_dot_exit;
	p->reject_internal = conf->client_reject_internal_addresses;
	p->reject_ports = r->reject_ports;
	p->nreject_ports = conf->reject_plaintext_ports.n;
	p->warn_ports = r->warn_ports;
	p->nwarn_ports = conf->warn_plaintext_ports.n;
}

int
gateway_rules_new(struct gateway_rules **out, const struct conf *conf)
{
	struct gateway_rules *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return -ENOMEM;
	if ((rc = dnsconf_new(&r->dns, conf)) < 0) {
		gateway_rules_free(r);
		return rc;
	}
	r->rules = copy(conf->flow_rules, conf->nflow_rules,
	    sizeof(*r->rules));
	r->reject_ports = copy_ports(&conf->reject_plaintext_ports);
	r->warn_ports = copy_ports(&conf->warn_plaintext_ports);
	if (r->rules == NULL || r->reject_ports == NULL ||
	    r->warn_ports == NULL || make_names(r, conf) < 0 ||
	    rules_new(&r->table, r->rules, conf->nflow_rules) < 0 ||
	    find_dotexit(r, conf->nflow_rules) < 0) {
		gateway_rules_free(r);
		return -ENOMEM;
	}
	r->names.table = r->table;
	fill(&r->policy, r, conf);
	*out = r;
	return 0;
}

void
gateway_rules_free(struct gateway_rules *r)
{
	if (r == NULL)
		return;
	dnsconf_free(r->dns);
	rules_free(r->table);
	free(r->rules);
	free(r->dotexit);
	free(r->reject_ports);
	free(r->warn_ports);
	free_strings(r->suffixes, r->names.nsuffix);
	mapaddress_free(r->map);
	free(r);
}

const struct policy_conf *
gateway_rules_policy(const struct gateway_rules *r)
{
	return &r->policy;
}

const struct names_rules *
gateway_rules_names(const struct gateway_rules *r)
{
	return &r->names;
}

int
gateway_rules_have_dotexit(const struct gateway_rules *r)
{
	return r->ndotexit != 0;
}

int
gateway_rules_may_dotexit(const struct gateway_rules *r,
    const struct rule_flow *f)
{
	unsigned lacks;
	size_t i;

	for (i = 0; i < r->ndotexit; i++)
		if (rule_could_match(&r->rules[r->dotexit[i]], f, &lacks))
			return 1;
	return 0;
}

const struct addr_net *
gateway_rules_virtual(const struct gateway_rules *r, int family)
{
	return family == 6 ? &r->net6 : &r->net4;
}

void
gateway_rules_set_relay(struct gateway_rules *r, int (*relay)(void *,
    const char *, uint8_t *, struct addr *), void *arg)
{
	r->names.target.relay = relay;
	r->names.target.arg = arg;
}

const struct dnsport_conf *
gateway_rules_dns(const struct gateway_rules *r)
{
	return dnsconf_get(r->dns);
}

void
gateway_rules_tell(const struct gateway_rules *r)
{
	char text[RULE_TEXT];
	size_t i;

	for (i = 0; i < rules_count(r->table); i++)
		if (r->rules[i].action == RULE_DIRECT)
			log_notice(LD_CONFIG, "'FlowRule %s': these connections "
			    "do not go through Tor; where they go to, this "
			    "host's own address is seen",
			    rule_text(&r->rules[i], text));
}
