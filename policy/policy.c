/* policy/policy.c - what may happen to a flow: pure decisions */
#include "policy/policy.h"

#include <string.h>
#include <strings.h>

#include "policy/isolate.h"
#include "policy/rule.h"
#include "policy/rules.h"

enum { ONION_KEY = 56, ONION_KEY_OLD = 16 };	/* characters */

static int
port_in(uint16_t port, const uint16_t *ports, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ports[i] == port)
			return 1;
	return 0;
}

static void
decide(struct policy_decision *d, enum policy_verdict v, const char *why)
{
	d->verdict = v;
	d->why = why;
}

/* Where the client speaks first, it learns nothing from a connection that is
 * accepted: it waits for an answer in any case, and saves a round trip if its
 * question travels with the request to connect.  Where the server does (SSH,
 * SMTP, FTP, IMAP, POP, MySQL, VNC), there is nothing to send along.  HTTP, and
 * what begins with TLS; no ports that anything may be on. */
static const uint16_t client_first[] = {
	80, 443, 8008, 8080, 8443,	/* http, https */
	853,				/* DNS over TLS */
	465, 993, 995,			/* submissions, imaps, pop3s */
	563, 636, 990, 992,		/* nntps, ldaps, ftps, telnets */
	5061, 5223, 6697		/* sips, xmpp, ircs */
};

/* Only to names: who connects to an address may want to know whether anybody
 * is there, and a scan of ports must not find all of them open.  Nor for what
 * goes direct: its round trips are not so long. */
static int
optimistic(const struct policy_flow *flow, const struct policy_decision *d)
{
	if (d->rule && d->rule->accept != RULE_ACCEPT_UNSAID)
		return d->rule->accept == RULE_ACCEPT_OPTIMISTIC;
	return d->verdict == POLICY_TORIFY && flow->name &&
	    port_in(flow->about.dest.port, client_first,
	    sizeof(client_first) / sizeof(client_first[0]));
}

/* Would a socket of ours that connects there reach one host, and another one
 * than this?  0.0.0.0 and ::, too, mean this host to the kernel; ::/8 holds
 * all forms of IPv4 in IPv6. */
static int
is_one_other(const struct addr *a)
{
	if (a->family == 4)
		return a->ip[0] != 0 && a->ip[0] != 127 && a->ip[0] < 224;
	return a->family == 6 && a->ip[0] != 0 && a->ip[0] != 0xff;
}

static enum rule_action
action(const struct policy_decision *d)
{
	return d->rule ? d->rule->action : RULE_TORIFY;
}

/* What the action forbids, or NULL. */
static const char *
against_action(const struct policy_conf *conf, const struct policy_flow *flow,
    enum rule_action a)
{
	if (a == RULE_DIRECT) {
		if (conf->no_network)
			return "there is to be no network (DisableNetwork)";
		if (flow->name)
			return "a FlowRule lets its name go direct, but only to "
			    "an address that our DNS server told this client: "
			    "let it ask there and connect to that";
		if (!is_one_other(&flow->about.dest))
			return "its destination is not another host, and a "
			    "FlowRule can let it go direct to none but one";
	} else if (conf->reject_internal && !flow->no_addr &&
	    addr_is_internal(&flow->about.dest))
		return "its destination is a private address, which no exit "
		    "can reach (ClientRejectInternalAddresses)";
	return NULL;
}

/* Of a name it is the exit that finds an address, and it is told of which
 * family; of an onion service there is none. */
static const char *
against_family(const struct policy_flow *flow)
{
	if (flow->onion)
		return flow->no_onion ? "its port's line in the configuration "
		    "does not allow onion services" : NULL;
	if (flow->no_addr ? flow->no_ipv4 && flow->no_ipv6 :
	    flow->about.dest.family == 4 ? flow->no_ipv4 : flow->no_ipv6)
		return "its port's line in the configuration does not allow "
		    "this address family";
	return NULL;
}

/* Who wrote .exit has to be allowed to, by the configuration or by the rule
 * that decides. */
static const char *
against_exit(const struct policy_conf *conf, const struct policy_flow *flow,
    const struct rule *r)
{
	if (!flow->asked_exit || conf->allow_dot_exit || (r && r->dotexit))
		return NULL;
	return "clients must not choose exits (AllowDotExit, or dotexit in a "
	    "FlowRule)";
}

static const char *
against(const struct policy_conf *conf, const struct policy_flow *flow,
    const struct policy_decision *d)
{
	const char *why;

	if ((why = against_action(conf, flow, action(d))) != NULL ||
	    (why = against_exit(conf, flow, d->rule)) != NULL ||
	    (why = against_family(flow)) != NULL)
		return why;
	if (port_in(flow->about.dest.port, conf->reject_ports,
	    conf->nreject_ports))
		return "its port is in RejectPlaintextPorts";
	return NULL;
}

static void
allow(const struct policy_conf *conf, const struct policy_flow *flow,
    struct policy_decision *d)
{
	decide(d, action(d) == RULE_DIRECT ? POLICY_DIRECT : POLICY_TORIFY,
	    NULL);
	d->plaintext = d->verdict == POLICY_TORIFY &&
	    port_in(flow->about.dest.port, conf->warn_ports, conf->nwarn_ports);
	d->optimistic = optimistic(flow, d);
}

/* Does the rule mean one name at least of that answer? */
static int
means_answer(const struct rule *r, const struct policy_flow *flow, uint8_t n)
{
	size_t i;

	for (i = 0; i < flow->about.nnames; i++)
		if ((flow->answer == NULL || flow->answer[i] == n) &&
		    rule_names(r, flow->about.names[i]))
			return 1;
	return 0;
}

/* A direct rule that matches: does it hold for this flow?  Not where it is not
 * known whether a rule before it takes the flow for itself. */
static int
direct_holds(const struct policy_conf *conf, const struct rule *r,
    const struct policy_flow *flow)
{
	size_t i;

	if (!flow->supposed && rules_unsure(conf->rules,
	    rules_number(conf->rules, r), &flow->about))
		return 0;
	if (!rule_is_by_name(r))
		return flow->name == NULL;
	if (flow->name)			/* to be refused, see against_action */
		return !flow->onion;
	for (i = 0; i < flow->about.nnames; i++)
		if (!means_answer(r, flow, flow->answer ? flow->answer[i] : 0))
			return 0;
	return !flow->more_names;
}

/* The first that matches, and holds. */
const struct rule *
policy_rule(const struct policy_conf *conf, const struct policy_flow *flow)
{
	const struct rule *r = NULL;
	size_t from = 0;

	while (conf->rules &&
	    (r = rules_find(conf->rules, from, &flow->about)) != NULL &&
	    r->action == RULE_DIRECT && !direct_holds(conf, r, flow))
		from = rules_number(conf->rules, r) + 1;
	return r;
}

unsigned
policy_isolation(const struct rule *r, unsigned door)
{
	static const struct {
		unsigned	rule, flag;
	} words[] = {
		{ RULE_ISOLATE_CLIENT, ISOLATE_CLIENT_ADDR },
		{ RULE_ISOLATE_DEST, ISOLATE_DEST_ADDR },
		{ RULE_ISOLATE_PORT, ISOLATE_DEST_PORT },
		{ RULE_ISOLATE_USER, ISOLATE_USER },
		{ RULE_ISOLATE_APP, ISOLATE_APP },
		{ RULE_ISOLATE_NAME, ISOLATE_NAME },
		{ RULE_ISOLATE_FLOW, ISOLATE_FLOW },
	};
	unsigned flags = door & (ISOLATE_SOCKS_AUTH | ISOLATE_CLIENT_PROTO);
	size_t i;

	if (r == NULL || r->isolate == 0)
		return door;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (r->isolate & words[i].rule)
			flags |= words[i].flag;
	return flags;
}

static int
is_known(const struct policy_flow *flow)
{
	return flow->about.dest.port != 0 && (flow->about.dest.family != 0 ||
	    (flow->name && flow->no_addr));
}

void
policy_decide(const struct policy_conf *conf, const struct policy_flow *flow,
    struct policy_decision *d)
{
	const char *why;

	memset(d, 0, sizeof(*d));
	if (flow->shut) {
		decide(d, POLICY_DROP, "the kernel's rules are not in force");
		return;
	}
	if (!is_known(flow)) {
		decide(d, POLICY_DROP, "its original destination is unknown");
		return;
	}
	d->rule = policy_rule(conf, flow);
	if (action(d) == RULE_DROP)
		decide(d, POLICY_DROP, "a FlowRule says drop");
	else if (action(d) == RULE_REJECT)
		decide(d, POLICY_REJECT, "a FlowRule says reject");
	else if ((why = against(conf, flow, d)) != NULL)
		decide(d, POLICY_REJECT, why);
	else
		allow(conf, flow, d);
}

/* Names that mean nothing outside of where they are used; each also stands for
 * all names below it.  The last one is there to be found missing, by which a
 * browser knows that it is to ask the network's own DNS server and no other. */
static const char *const local_names[] = {
	"local", "localhost", "localdomain", "internal", "home.arpa", "lan",
	"intranet", "corp", "home", "private", "test", "invalid", "onion",
	"exit", "noconnect", "i2p", "alt", "resolver.arpa", "service.arpa",
	"use-application-dns.net"
};

static int
is_or_below(const char *name, size_t len, const char *top)
{
	size_t n = strlen(top);

	if (len < n || strncasecmp(name + len - n, top, n) != 0)
		return 0;
	return len == n || name[len - n - 1] == '.';
}

/* Would a resolver take it for an address?  Its last label is a number, decimal
 * or hexadecimal; no top-level domain is. */
static int
is_numeric(const char *name, size_t len)
{
	size_t n = 0;

	while (n < len && name[len - n - 1] != '.')
		n++;
	name += len - n;
	if (n >= 2 && name[0] == '0' && (name[1] | 0x20) == 'x')
		return strspn(name + 2, "0123456789abcdefABCDEF") >= n - 2;
	return strspn(name, "0123456789") >= n;
}

/* The label that ends at *@len, which moves on to the one before it. */
static const char *
last_label(const char *name, size_t *len, size_t *n)
{
	size_t end = *len;

	while (*len && name[*len - 1] != '.')
		--*len;
	*n = end - *len;
	if (*len)
		return name + (*len)--;
	return name;
}

static int
read_byte(const char *s, size_t n, uint8_t *out)
{
	unsigned v = 0;
	size_t i;

	for (i = 0; i < n && i < 3 && s[i] >= '0' && s[i] <= '9'; i++)
		v = v * 10 + (unsigned)(s[i] - '0');
	*out = (uint8_t)v;
	return n && i == n && v <= 255;
}

static int
read_nibble(const char *s, size_t n, uint8_t *out)
{
	static const char hex[] = "0123456789abcdef";
	char c = n == 1 ? *s : '\0';
	const char *at = c ? strchr(hex, c >= 'A' && c <= 'F' ? c | 0x20 : c) :
	    NULL;

	if (at)
		*out = (uint8_t)(at - hex);
	return at != NULL;
}

/* The addresses that a reverse name tells in its last labels.  It may be a zone,
 * or have services before it (b._dns-sd._udp...).  Of no bits: it is none, or
 * tells of all addresses. */
static void
reverse_of(const char *name, size_t len, struct addr_net *net)
{
	static const char top4[] = ".in-addr.arpa", top6[] = ".ip6.arpa";
	int six = len >= sizeof(top6) && strncasecmp(name + len -
	    (sizeof(top6) - 1), top6, sizeof(top6) - 1) == 0;
	size_t n, i;
	const char *s;
	uint8_t v;

	memset(net, 0, sizeof(*net));
	if (!six && (len < sizeof(top4) || strncasecmp(name + len -
	    (sizeof(top4) - 1), top4, sizeof(top4) - 1) != 0))
		return;
	len -= six ? sizeof(top6) - 1 : sizeof(top4) - 1;
	net->addr.family = six ? 6 : 4;
	for (i = 0; i < (six ? 32 : 4) && len; i++) {
		s = last_label(name, &len, &n);
		if (six ? !read_nibble(s, n, &v) : !read_byte(s, n, &v))
			return;
		if (six)
			net->addr.ip[i / 2] |= (uint8_t)(i % 2 ? v : v << 4);
		else
			net->addr.ip[i] = v;
		net->bits = (uint8_t)(net->bits + (six ? 4 : 8));
	}
}

static int
is_reverse_of_internal(const char *name, size_t len)
{
	struct addr_net net;

	reverse_of(name, len, &net);
	return net.bits && addr_net_is_internal(&net);
}

/* Names of the internet end in letters, digits and hyphens.  Others are what is
 * left of bytes that no text has, and may be "onion" with something added. */
static int
ends_oddly(const char *name, size_t len)
{
	size_t n;
	const char *s = last_label(name, &len, &n);

	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-") < n;
}

static int
is_onion_key(const char *s, size_t n)
{
	return (n == ONION_KEY || n == ONION_KEY_OLD) &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") >= n;
}

/* An onion service's name with more behind it, as a resolver makes that tries
 * its search domains. */
static int
has_onion(const char *name, size_t len)
{
	const char *s;
	int after = 0;			/* the label after is "onion" */
	size_t n;

	while (len) {
		s = last_label(name, &len, &n);
		if (after && is_onion_key(s, n))
			return 1;
		after = n == 5 && strncasecmp(s, "onion", 5) == 0;
	}
	return 0;
}

static int
may_leave(const char *name, size_t len)
{
	size_t i;

	if (is_numeric(name, len) || ends_oddly(name, len) ||
	    has_onion(name, len) || is_reverse_of_internal(name, len))
		return 0;
	for (i = 0; i < sizeof(local_names) / sizeof(local_names[0]); i++)
		if (is_or_below(name, len, local_names[i]))
			return 0;
	return 1;
}

static size_t
length(const char *name)
{
	size_t len = strlen(name);

	return len && name[len - 1] == '.' ? len - 1 : len;
}

int
policy_name_may_leave(const char *name)
{
	size_t len = length(name);

	return memchr(name, '.', len) != NULL && may_leave(name, len);
}

int
policy_zone_may_leave(const char *name)
{
	size_t len = length(name);

	return len == 0 || may_leave(name, len);
}

int
policy_addr_may_leave(const struct addr *a)
{
	return !addr_is_internal(a);
}
