/* daemon/conf_flow.c - FlowRule: lines of rules (policy/rule.h) */
#include "daemon/conf_flow.h"

#include <errno.h>

#include "daemon/conf.h"
#include "daemon/conf_util.h"
#include "policy/rule.h"

enum {
	WIDE4 = 8,		/* 10.0.0.0/8 is the widest private network, */
	WIDE6 = 7		/* and fc00::/7 the widest of IPv6 */
};

/* It may be meant, but it must not go unseen. */
static void
warn_if_wide(const struct rule *r, struct conf_note *note)
{
	char text[RULE_TEXT];

	if (r->action != RULE_DIRECT || r->to_kind != RULE_TO_NET ||
	    r->to.bits >= (r->to.addr.family == 4 ? WIDE4 : WIDE6))
		return;
	conf_odd(note, "'%.60s' is wider than any private network: THESE "
	    "CONNECTIONS DO NOT GO THROUGH TOR, and their destinations see "
	    "this host's own address", rule_text(r, text));
}

int
conf_read_flow_rule(void *array, const char *s, struct conf_note *note)
{
	struct rule_error err;
	struct rule r, *at;

	if (rule_parse(&r, s, &err) < 0) {
		note->column = err.at + 1;
		return conf_wrong(note, "%s", err.why);
	}
	warn_if_wide(&r, note);
	if ((at = conf_array_add(array, sizeof(*at))) == NULL)
		return -ENOMEM;
	*at = r;
	return 0;
}

void
conf_print_flow_rule(FILE *f, const void *item)
{
	char text[RULE_TEXT];

	fputs(rule_text(item, text), f);
}
