/* policy/rule_text.c - FlowRule, written */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/rule_int.h"

const char *const rule_actions[RULE_NACTIONS] = {
	[RULE_DROP] = "drop", [RULE_REJECT] = "reject",
	[RULE_TORIFY] = "torify", [RULE_DIRECT] = "direct"
};
const char *const rule_accepts[RULE_NACCEPTS] = {
	[RULE_ACCEPT_UNSAID] = "", [RULE_ACCEPT_DEFERRED] = "deferred",
	[RULE_ACCEPT_OPTIMISTIC] = "optimistic"
};
const char *const rule_protos[RULE_NPROTOS] = {
	[RULE_PROTO_ANY] = "", [RULE_PROTO_TCP] = "tcp",
	[RULE_PROTO_UDP] = "udp", [RULE_PROTO_ICMP] = "icmp"
};
const char *const rule_isolations[RULE_NISOLATIONS] = {	/* by bit */
	"client", "dest", "port", "user", "app", "name", "flow"
};
const char *const rule_days[RULE_NDAYS] = {
	"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"
};

static void
add(char *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add(char *out, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, RULE_TEXT - n, fmt, ap);
	va_end(ap);
}

static void
add_net(char *out, const char *key, const struct addr_net *net)
{
	char ip[ADDR_TEXT];

	if (net->addr.family)
		add(out, " %s %s/%u", key, addr_ip_raw(&net->addr, ip),
		    net->bits);
}

static void
add_word(char *out, const char *key, const char *value)
{
	if (*value)
		add(out, " %s%s", key, value);
}

static void
add_from(char *out, const struct rule *r)
{
	const uint8_t *m = r->mac;

	add_net(out, "from", &r->from);
	if (r->has_mac)
		add(out, " mac %02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
		    m[2], m[3], m[4], m[5]);
	add_word(out, "in ", r->in);
	add_word(out, "user ", r->user);
	add_word(out, "app ", r->app);
}

static void
add_to(char *out, const struct rule *r)
{
	unsigned i;

	switch (r->to_kind) {
	case RULE_TO_NET:
		add_net(out, "to", &r->to);
		break;
	case RULE_TO_COUNTRY:
		add(out, " to {%s}", r->country);
		break;
	case RULE_TO_NAMED:
		add(out, " to *");
		break;
	case RULE_TO_NAME:
	case RULE_TO_WITHIN:
	case RULE_TO_BELOW:
		add(out, " to %s%s", r->to_kind == RULE_TO_NAME ? "" :
		    r->to_kind == RULE_TO_WITHIN ? "." : "*.", r->name);
		break;
	}
	for (i = 0; i < r->nports; i++) {
		add(out, "%s%u", i ? "," : " port ", r->ports[i].lo);
		if (r->ports[i].hi != r->ports[i].lo)
			add(out, "-%u", r->ports[i].hi);
	}
	add_word(out, "proto ", rule_protos[r->proto]);
}

/* Runs of rule_days, the first after a day that is not in it. */
static void
add_days(char *out, unsigned set)
{
	const char *sep = "";
	unsigned i, n;

	if (set == 0x7f)
		return;
	for (i = 0; i < 7; i += n + 1) {
		for (n = 0; set & 1 << (i + n) && i + n < 7; n++)
			;
		if (n == 0)
			continue;
		add(out, "%s%s", sep, rule_days[i]);
		if (n > 1)
			add(out, "-%s", rule_days[i + n - 1]);
		sep = ",";
	}
}

static void
add_time(char *out, const struct rule *r)
{
	int hours = r->begin != 0 || r->end != RULE_DAY || r->days == 0x7f;

	if (r->days == 0)
		return;
	add(out, " time ");
	add_days(out, r->days);
	if (hours)
		add(out, "%s%02u:%02u-%02u:%02u", r->days == 0x7f ? "" : ",",
		    r->begin / 60, r->begin % 60, r->end / 60, r->end % 60);
}

static void
add_isolate(char *out, unsigned set)
{
	unsigned i;

	if (set == 0)
		return;
	add(out, " isolate=");
	for (i = 0; i < RULE_NISOLATIONS; i++)
		if (set & 1 << i)
			add(out, "%s%s", set & ((1u << i) - 1) ? "," : "",
			    rule_isolations[i]);
}

const char *
rule_text(const struct rule *r, char out[RULE_TEXT])
{
	*out = '\0';
	add(out, "%s", rule_actions[r->action]);
	add_from(out, r);
	add_to(out, r);
	add_time(out, r);
	add_isolate(out, r->isolate);
	add_word(out, "exit=", r->exit);
	add_word(out, "accept=", rule_accepts[r->accept]);
	if (r->dotexit)
		add(out, " dotexit");
	return out;
}
