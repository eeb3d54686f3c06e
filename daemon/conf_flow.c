/* daemon/conf_flow.c - FlowRule: lines of rules (policy/rule.h) */
#include "daemon/conf_flow.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/conf.h"
#include "daemon/conf_nodes.h"
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

/* Flows of several clients over one circuit: an exit sees them together, and
 * what one of them does shows in the others'. */
static void
warn_if_shared(const struct rule *r, struct conf_note *note)
{
	char text[RULE_TEXT];

	if (rule_merges_clients(r))
		conf_odd(note, "'%.60s': THESE CLIENTS SHARE CIRCUITS, since "
		    "isolate= does not name client", rule_text(r, text));
}

static int
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What exit= has in the rule that @s was read to: it has one. */
static const char *
find_exit(const char *s)
{
	static const char key[] = "exit=";
	const char *at;

	for (at = s; *at; at++)
		if (at > s && is_space(at[-1]) &&
		    strncasecmp(at, key, sizeof(key) - 1) == 0)
			break;
	return *at ? at + sizeof(key) - 1 : at;
}

static int
check_exit(const struct rule *r, const char *s, struct conf_note *note)
{
	const char *at = r->exit[0] ? find_exit(s) : "";
	size_t len;

	if (*at == '\0')
		return 0;
	for (;; at += len + 1) {
		for (len = 0; at[len] && at[len] != ',' && !is_space(at[len]);
		    len++)
			;
		if (conf_check_node(at, len, note) < 0) {
			note->column = (size_t)(at - s) + 1;
			return -EINVAL;
		}
		if (at[len] != ',')
			return 0;
	}
}

/* What was looked up by another process, where names can't be any more: "uid
 * name" each. */
static struct conf_strings known;

int
conf_flow_know(const char *name, uint32_t uid)
{
	char text[300];
	int n = snprintf(text, sizeof(text), "%lu %s", (unsigned long)uid,
	    name);

	return conf_strings_add(&known, text, (size_t)n < sizeof(text) ?
	    (size_t)n : sizeof(text) - 1);
}

void
conf_flow_forget(void)
{
	conf_strings_free(&known);
}

static int
is_known(struct rule *r)
{
	unsigned long uid;
	size_t i;
	char *end;

	for (i = 0; i < known.n; i++) {
		uid = strtoul(known.item[i], &end, 10);
		if (strcmp(end + 1, r->user) != 0)
			continue;
		r->uid = (uint32_t)uid;
		r->has_uid = 1;
		return 1;
	}
	return 0;
}

/* Who that is, now: rules are asked where no names of users can be looked up,
 * and one that matches nobody would be a hole in what the operator meant. */
static int
find_user(struct rule *r, size_t at, struct conf_note *note)
{
	const struct passwd *pw;

	if (r->user[0] == '\0' || r->has_uid || is_known(r))
		return 0;
	if ((pw = getpwnam(r->user)) == NULL) {
		note->column = at + 1;
		return conf_wrong(note, "there is no user '%s' here (a number "
		    "will do, too)", r->user);
	}
	r->uid = pw->pw_uid;
	r->has_uid = 1;
	return 0;
}

int
conf_read_flow_rule(void *array, const char *s, struct conf_note *note)
{
	struct rule_error err;
	struct rule r, *at;
	int rc;

	if (rule_parse(&r, s, &err) < 0) {
		note->column = err.at + 1;
		return conf_wrong(note, "%s", err.why);
	}
	if ((rc = check_exit(&r, s, note)) < 0)
		return rc;
	if ((rc = find_user(&r, err.at, note)) < 0)
		return rc;
	warn_if_wide(&r, note);
	warn_if_shared(&r, note);
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
