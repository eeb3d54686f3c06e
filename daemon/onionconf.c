/* daemon/onionconf.c - what torrc says, in the engine's words */
#include "daemon/onionconf.h"

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "policy/rule.h"

static int
convert_sources(struct onionconf_store *store, const struct conf *conf)
{
	struct onion_authority *a;
	size_t i;

	store->auths = calloc(conf->nauthorities + 1, sizeof(*a));
	store->fallbacks = calloc(conf->nfallbacks + 1, sizeof(*a));
	if (store->auths == NULL || store->fallbacks == NULL)
		return -ENOMEM;
	for (i = 0; i < conf->nauthorities; i++) {
		const struct conf_authority *c = &conf->authorities[i];

		a = &store->auths[i];
		memcpy(a->nickname, c->nickname, sizeof(a->nickname));
		memcpy(a->rsa_id, c->id, sizeof(a->rsa_id));
		if (c->has_v3ident && !c->is_bridge)
			memcpy(a->v3ident, c->v3ident, sizeof(a->v3ident));
		a->or4 = c->or4;
		a->or6 = c->or6;
		a->weight = c->is_bridge ? 0 : c->weight;
	}
	for (i = 0; i < conf->nfallbacks; i++) {
		const struct conf_fallback *c = &conf->fallbacks[i];

		a = &store->fallbacks[i];
		memcpy(a->rsa_id, c->id, sizeof(a->rsa_id));
		a->or4 = c->or4;
		a->or6 = c->or6;
		a->weight = c->weight;
	}
	return 0;
}

static int
convert_bridges(struct onionconf_store *store, struct onion_conf *o,
    const struct conf *c)
{
	size_t i;

	if (!c->use_bridges)
		return 0;
	store->bridges = calloc(c->nbridges + 1, sizeof(*store->bridges));
	if (store->bridges == NULL)
		return -ENOMEM;
	for (i = 0; i < c->nbridges; i++) {
		memcpy(store->bridges[i].rsa_id, c->bridges[i].id, CONF_ID);
		store->bridges[i].addr = c->bridges[i].addr;
	}
	o->bridges = store->bridges;
	o->nbridges = c->nbridges;
	return 0;
}

/* exit= of FlowRule. */
static int
convert_exits(struct onionconf_store *store, struct onion_conf *o,
    const struct conf *c)
{
	size_t i;

	store->exit_sets = calloc(c->nflow_rules + 1,
	    sizeof(*store->exit_sets));
	if (store->exit_sets == NULL)
		return -ENOMEM;
	for (i = 0; i < c->nflow_rules; i++)
		if (c->flow_rules[i].exit[0])
			store->exit_sets[o->nexit_sets++] =
			    c->flow_rules[i].exit;
	o->exit_sets = store->exit_sets;
	return 0;
}

static int
may_reach(void *arg, const struct addr *a)
{
	return conf_may_reach(arg, a);
}

/* The first FlowRule that names a country; none: their number. */
static size_t
country_rule(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->nflow_rules; i++)
		if (c->flow_rules[i].to_kind == RULE_TO_COUNTRY)
			break;
	return i;
}

/* The line to blame where countries are not known: the one that names the
 * file, or else the first that names a country. */
static const char *
geoip_where(const struct conf *c)
{
	const struct {
		const char	*name, *text;
	} sets[] = {
		{ "ExcludeNodes", c->exclude_nodes },
		{ "ExcludeExitNodes", c->exclude_exit_nodes },
		{ "ExitNodes", c->exit_nodes },
		{ "EntryNodes", c->entry_nodes },
		{ "MiddleNodes", c->middle_nodes },
	};
	const char *where = conf_where(c, "GeoIPFile", 0);
	size_t i;

	if (*where == '\0')
		where = conf_where(c, "GeoIPv6File", 0);
	for (i = 0; *where == '\0' && i < sizeof(sets) / sizeof(sets[0]); i++)
		if (sets[i].text && strchr(sets[i].text, '{'))
			where = conf_where(c, sets[i].name, 0);
	if (*where == '\0' && country_rule(c) < c->nflow_rules)
		where = conf_where(c, "FlowRule", country_rule(c));
	for (i = 0; *where == '\0' && i < c->node_families.n; i++)
		if (strchr(c->node_families.item[i], '{'))
			where = conf_where(c, "NodeFamily", i);
	for (i = 0; *where == '\0' && i < c->nflow_rules; i++)
		if (strchr(c->flow_rules[i].exit, '{'))
			where = conf_where(c, "FlowRule", i);
	return where;
}

static void
copy_nodes(struct onion_conf *o, const struct conf *c)
{
	o->exclude_nodes = c->exclude_nodes;
	o->exclude_exit_nodes = c->exclude_exit_nodes;
	o->exit_nodes = c->exit_nodes;
	o->entry_nodes = c->entry_nodes;
	o->middle_nodes = c->middle_nodes;
	o->strict_nodes = c->strict_nodes;
	o->families = (const char *const *)c->node_families.item;
	o->nfamilies = c->node_families.n;
	o->client_onion_auth_dir = c->client_onion_auth_dir;
	o->geoip = c->geoip_file;
	o->geoip6 = c->geoip6_file;
	o->geoip_where = geoip_where(c);
	o->countries = country_rule(c) < c->nflow_rules;
	o->geoip_exclude_unknown = c->geoip_exclude_unknown;
	o->distinct_subnets = c->enforce_distinct_subnets;
	o->paths_needed = c->paths_needed_to_build_circuits;
	o->use_guards = c->use_entry_guards;
	o->num_entry_guards = c->num_entry_guards;
	o->num_dir_guards = c->num_directory_guards;
	o->num_primary_guards = c->num_primary_guards;
	o->guard_lifetime_s = c->guard_lifetime_s;
}

static void
copy_circuits(struct onion_conf *o, const struct conf *c)
{
	o->dirtiness_s = c->max_circuit_dirtiness_s;
	o->new_circuit_period_s = c->new_circuit_period_s;
	o->build_timeout_s = c->circuit_build_timeout_s;
	o->learn_timeout = c->learn_circuit_build_timeout;
	o->stream_timeout_s = c->circuit_stream_timeout_s;
	o->request_timeout_s = c->socks_timeout_s;
	o->predict = !c->disable_predicted_circuits;
	o->predict_s = c->circuits_available_timeout_s;
	o->max_pending = c->max_client_circuits_pending;
	o->long_lived_ports = c->long_lived_ports.item;
	o->nlong_lived_ports = c->long_lived_ports.n;
	o->reject_internal_answers = c->client_dns_reject_internal_addresses;
	o->extend_by_ed = c->extend_by_ed25519_id;
	o->conflux = c->conflux_enabled;
	o->conflux_ux = c->conflux_client_ux;
	o->max_memory = c->max_mem_in_queues;
}

static void
copy_links(struct onion_conf *o, const struct conf *c)
{
	o->use_v4 = c->client_use_ipv4;
	o->use_v6 = c->client_use_ipv6;
	o->prefer_v6_or = c->client_prefer_ipv6_orport;
	o->padding = c->connection_padding;
	o->reduced_padding = c->reduced_connection_padding;
	o->bind4 = c->outbound_or4;
	o->bind6 = c->outbound_or6;
	o->may_reach = may_reach;
	o->may_reach_arg = (void *)(uintptr_t)c;
}

int
onionconf_make(struct onion_conf *o, struct onionconf_store *store,
    const struct conf *c)
{
	memset(o, 0, sizeof(*o));
	memset(store, 0, sizeof(*store));
	if (convert_sources(store, c) < 0 || convert_bridges(store, o, c) < 0 ||
	    convert_exits(store, o, c) < 0) {
		onionconf_free(store);
		return -ENOMEM;
	}
	o->auths = store->auths;
	o->nauths = c->nauthorities;
	o->fallbacks = store->fallbacks;
	o->nfallbacks = c->nfallbacks;
	o->data_dir = c->data_directory;
	o->version = PACKAGE_VERSION;
	o->testing = c->testing_tor_network;
	o->disable_network = c->disable_network;
	copy_nodes(o, c);
	copy_circuits(o, c);
	copy_links(o, c);
	return 0;
}

void
onionconf_free(struct onionconf_store *store)
{
	free(store->auths);
	free(store->fallbacks);
	free(store->bridges);
	free(store->exit_sets);
	memset(store, 0, sizeof(*store));
}

size_t
onionconf_memory(const struct conf *c)
{
	return c->max_mem_in_queues ? (size_t)c->max_mem_in_queues :
	    ONION_MEMORY;
}
