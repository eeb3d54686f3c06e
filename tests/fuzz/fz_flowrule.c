/* tests/fuzz/fz_flowrule.c - a FlowRule: text, rule, text, the same rule */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/rules.h"
#include "tests/fuzz/fuzz.h"

/* A flow that it speaks of, as far as it can be said of one. */
static void
make_flow(struct rule_flow *f, const struct rule *r, const char **name)
{
	memset(f, 0, sizeof(*f));
	f->client = r->from.addr;
	f->dest = r->to.addr;
	if (f->dest.family == 0)
		addr_v4(&f->dest, 0x08080808, 0);
	if (f->client.family == 0)
		addr_v4(&f->client, 0x0a000001, 0);
	f->dest.port = r->nports ? r->ports[r->nports - 1].hi : 443;
	f->mac = r->mac;
	f->in = r->in;
	f->app = r->app;
	f->uid = &r->uid;
	f->names = name;
	f->nnames = *name != NULL;
	memcpy(f->country, r->country, sizeof(f->country));
	f->proto = r->proto ? r->proto : RULE_PROTO_TCP;
	f->has_time = 1;
}

static int
day_of(const struct rule *r)
{
	int day = 0;

	while (r->days && (r->days & 1 << day) == 0)
		day++;
	return day;
}

/* What it matches it decides, and never anything unsafe. */
static void
check_decision(const struct rule *r)
{
	const char *name = r->name[0] ? r->name :
	    r->to_kind == RULE_TO_NAMED ? "a.example" : NULL;
	struct policy_conf conf = { .no_network = 0 };
	struct policy_flow flow = { .no_addr = 0 };
	struct policy_decision d;
	struct rules *table;
	char below[RULE_NAME_MAX + 3];

	if (r->to_kind == RULE_TO_BELOW) {
		snprintf(below, sizeof(below), "a.%s", r->name);
		name = below;
	}
	make_flow(&flow.about, r, &name);
	flow.about.minute = (uint16_t)(day_of(r) * RULE_DAY + r->begin);
	must(rules_new(&table, r, 1) == 0);
	must(rule_matches(r, &flow.about) ==
	    (r->user[0] == '\0' || r->has_uid));
	must((rules_find(table, 0, &flow.about) == r) ==
	    rule_matches(r, &flow.about));
	conf.rules = table;
	policy_decide(&conf, &flow, &d);
	if (d.rule) {
		must((d.verdict == POLICY_DROP) == (r->action == RULE_DROP));
		must(d.verdict != POLICY_TORIFY || r->action == RULE_TORIFY);
	}
	must(d.verdict != POLICY_DIRECT || (r->action == RULE_DIRECT &&
	    r->to_kind != RULE_TO_ANY && flow.about.dest.ip[0] != 0));
	rules_free(table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), out[RULE_TEXT], again[RULE_TEXT];
	struct rule_error err = { .at = SIZE_MAX };
	struct rule r, s;

	must(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	if (rule_parse(&r, text, &err) < 0) {
		must(err.at <= strlen(text));
		must(err.why[0] && memchr(err.why, '\0', RULE_WHY) != NULL);
	} else {
		must(strlen(rule_text(&r, out)) < RULE_TEXT - 1);
		must(rule_parse(&s, out, &err) == 0);
		must(strcmp(rule_text(&s, again), out) == 0);
		check_decision(&r);
	}
	free(text);
	return 0;
}
