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
in_ports(const struct rule *r, uint16_t port)
{
	unsigned i;

	for (i = 0; i < r->nports; i++)
		if (port >= r->ports[i].lo && port <= r->ports[i].hi)
			return 1;
	return r->nports == 0;
}

/* A period that goes past midnight is of the day on which it begins. */
static int
in_time(const struct rule *r, const struct rule_flow *f)
{
	unsigned day, minute, before;

	if (r->days == 0)
		return 1;
	if (!f->has_time || f->minute >= RULE_WEEK)
		return 0;
	day = f->minute / RULE_DAY;
	minute = f->minute % RULE_DAY;
	before = (day + 6) % 7;
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

	if (n == 0)
		return 1;
	return app && strncmp(app, r->app, n) == 0 &&
	    (app[n] == '\0' || app[n] == '/' || r->app[n - 1] == '/');
}

static int
is_called(const struct rule *r, const char *name)
{
	size_t n = strlen(r->name), len = strlen(name);

	if (r->to_kind == RULE_TO_NAMED)
		return 1;
	if (len == n)
		return r->to_kind != RULE_TO_BELOW &&
		    memcmp(name, r->name, n) == 0;
	return r->to_kind != RULE_TO_NAME && len > n &&
	    name[len - n - 1] == '.' && memcmp(name + len - n, r->name, n) == 0;
}

static int
goes_to(const struct rule *r, const struct rule_flow *f)
{
	size_t i;

	switch (r->to_kind) {
	case RULE_TO_ANY:
		return 1;
	case RULE_TO_NET:
		return in_net(&f->dest, &r->to);
	case RULE_TO_COUNTRY:
		return f->country[0] && strcmp(f->country, r->country) == 0;
	default:
		for (i = 0; i < f->nnames; i++)
			if (is_called(r, f->names[i]))
				return 1;
		return 0;
	}
}

static int
comes_from(const struct rule *r, const struct rule_flow *f)
{
	if (r->from.addr.family && !in_net(&f->client, &r->from))
		return 0;
	if (r->has_mac && (f->mac == NULL ||
	    memcmp(f->mac, r->mac, sizeof(r->mac)) != 0))
		return 0;
	if (r->in[0] && (f->in == NULL || strcmp(f->in, r->in) != 0))
		return 0;
	if (r->user[0] && (!r->has_uid || f->uid == NULL || *f->uid != r->uid))
		return 0;
	return in_app(r, f->app);
}

int
rule_matches(const struct rule *r, const struct rule_flow *f)
{
	if (r->proto && r->proto != f->proto)
		return 0;
	return goes_to(r, f) && comes_from(r, f) &&
	    in_ports(r, f->dest.port) && in_time(r, f);
}
