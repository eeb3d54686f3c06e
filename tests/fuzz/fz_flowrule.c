/* tests/fuzz/fz_flowrule.c - a FlowRule: text, rule, text, the same rule */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/rule.h"
#include "tests/fuzz/fuzz.h"

/* What it matches it decides, and never anything unsafe. */
static void
check_decision(const struct rule *r)
{
	struct policy_conf conf = { .rules = r, .nrules = 1 };
	struct policy_flow flow = {
		.client = r->from.addr, .dest = r->to.addr
	};
	struct policy_decision d;

	if (flow.dest.family == 0)
		addr_v4(&flow.dest, 0x08080808, 0);
	if (flow.client.family == 0)
		addr_v4(&flow.client, 0x0a000001, 0);
	flow.dest.port = r->nports ? r->ports[r->nports - 1].hi : 443;
	must(rule_find(r, 1, &flow.client, &flow.dest) == r);
	policy_decide(&conf, &flow, &d);
	must((d.verdict == POLICY_DROP) == (r->action == RULE_DROP));
	must(d.verdict != POLICY_DIRECT || (r->action == RULE_DIRECT &&
	    r->to.addr.family != 0 && flow.dest.ip[0] != 0));
	must(d.verdict != POLICY_TORIFY || r->action == RULE_TORIFY);
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
