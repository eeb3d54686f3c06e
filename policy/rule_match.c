/* policy/rule_match.c - does a rule speak of a flow? */
#include <string.h>

#include "policy/rule.h"

/* What has no address, but a name, is in the whole internet. */
static int
in_net(const struct addr *a, const struct addr_net *net)
{
	if (net->addr.family == 0)
		return 1;
	return a->family ? addr_in_net(a, net) : net->bits == 0;
}

static int
in_ports(const struct rule *r, const struct rule_flow *f)
{
	unsigned i;

	for (i = 0; i < r->nports && !f->any_port; i++)
		if (f->dest.port >= r->ports[i].lo &&
		    f->dest.port <= r->ports[i].hi)
			return 1;
	return r->nports == 0 || f->any_port;
}

/* A period that goes past midnight is of the day on which it begins. */
static int
in_time(const struct rule *r, const struct rule_flow *f)
{
	unsigned day = f->minute / RULE_DAY;
	unsigned minute = f->minute % RULE_DAY;
	unsigned before = (day + 6) % 7;

	if (r->begin < r->end)
		return (r->days & 1 << day) && minute >= r->begin &&
		    minute < r->end;
	return ((r->days & 1 << day) && minute >= r->begin) ||
	    ((r->days & 1 << before) && minute < r->end);
}

static int
in_app(const struct rule *r, const char *app)
{
	size_t n = strlen(r->app);

	return strncmp(app, r->app, n) == 0 &&
	    (app[n] == '\0' || app[n] == '/' || r->app[n - 1] == '/');
}

int
rule_is_by_name(const struct rule *r)
{
	return r->to_kind == RULE_TO_NAME || r->to_kind == RULE_TO_WITHIN ||
	    r->to_kind == RULE_TO_BELOW || r->to_kind == RULE_TO_NAMED;
}

int
rule_names(const struct rule *r, const char *name)
{
	size_t n = strlen(r->name), len = strlen(name);

	if (r->to_kind == RULE_TO_NAMED || !rule_is_by_name(r))
		return r->to_kind == RULE_TO_NAMED;
	if (len == n)
		return r->to_kind != RULE_TO_BELOW &&
		    memcmp(name, r->name, n) == 0;
	return r->to_kind != RULE_TO_NAME && len > n &&
	    name[len - n - 1] == '.' && memcmp(name + len - n, r->name, n) == 0;
}

static int
has_name(const struct rule *r, const struct rule_flow *f)
{
	size_t i;

	for (i = 0; i < f->nnames; i++)
		if (rule_names(r, f->names[i]))
			return 1;
	return 0;
}

/* Does it hold what the rule asks for?  Where it is not @known, it may. */
static int
holds(unsigned *lacks, enum rule_fact fact, int known, int is_so)
{
	if (!known)
		*lacks |= (unsigned)fact;
	return !known || is_so;
}

/* Of an address, names and a country may be found out; of a name alone there is
 * neither an address nor a country. */
static int
goes_to(const struct rule *r, const struct rule_flow *f, unsigned *lacks)
{
	int has_addr = f->dest.family != 0;

	switch (r->to_kind) {
	case RULE_TO_ANY:
		return 1;
	case RULE_TO_NET:
		return in_net(&f->dest, &r->to);
	case RULE_TO_COUNTRY:
		return (has_addr || f->country[0]) &&
		    holds(lacks, RULE_FACT_COUNTRY, f->country[0] != '\0',
		    strcmp(f->country, r->country) == 0);
	default:
		return (has_addr || f->nnames) && holds(lacks, RULE_FACT_NAME,
		    f->nnames != 0, has_name(r, f));
	}
}

static int
comes_from(const struct rule *r, const struct rule_flow *f, unsigned *lacks)
{
	if (r->from.addr.family && !holds(lacks, RULE_FACT_CLIENT,
	    f->client.family != 0 || r->from.bits == 0,
	    in_net(&f->client, &r->from)))
		return 0;
	if (r->has_mac && !holds(lacks, RULE_FACT_MAC, f->mac != NULL,
	    f->mac && memcmp(f->mac, r->mac, sizeof(r->mac)) == 0))
		return 0;
	if (r->in[0] && !holds(lacks, RULE_FACT_IN, f->in != NULL,
	    f->in && strcmp(f->in, r->in) == 0))
		return 0;
	/* A user that is not there has no programs. */
	if (r->user[0] && (!r->has_uid || !holds(lacks, RULE_FACT_USER,
	    f->uid != NULL, f->uid && *f->uid == r->uid)))
		return 0;
	return r->app[0] == '\0' || holds(lacks, RULE_FACT_APP,
	    f->app != NULL, f->app && in_app(r, f->app));
}

int
rule_could_match(const struct rule *r, const struct rule_flow *f,
    unsigned *lacks)
{
	*lacks = 0;
	if ((r->proto && r->proto != f->proto) || !in_ports(r, f))
		return 0;
	return goes_to(r, f, lacks) && comes_from(r, f, lacks) &&
	    (r->days == 0 || holds(lacks, RULE_FACT_TIME,
	    f->has_time && f->minute < RULE_WEEK,
	    f->minute < RULE_WEEK && in_time(r, f)));
}

int
rule_is_plain(const struct rule *r)
{
	return r->from.addr.family == 0 && !r->has_mac && r->in[0] == '\0' &&
	    r->user[0] == '\0' && r->app[0] == '\0' && r->nports == 0 &&
	    r->days == 0 && r->proto <= RULE_PROTO_TCP;
}

int
rule_matches(const struct rule *r, const struct rule_flow *f)
{
	unsigned lacks;

	return rule_could_match(r, f, &lacks) && lacks == 0;
}

/* Whose program it is, is known of this host's own alone. */
int
rule_merges_clients(const struct rule *r)
{
	int one = r->has_mac || r->user[0] || r->app[0] ||
	    (r->from.addr.family &&
	    r->from.bits == (r->from.addr.family == 4 ? 32 : 128));

	return !one && r->isolate &&
	    !(r->isolate & (RULE_ISOLATE_CLIENT | RULE_ISOLATE_FLOW));
}
