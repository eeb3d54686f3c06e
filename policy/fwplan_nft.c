/* policy/fwplan_nft.c - a firewall's plan as text for nft(8)
 *
 * One `nft -f -` is one transaction: all of it, or nothing, and no packet sees
 * half of it.  But a base chain that is deleted and made anew, even in one
 * transaction, lets packets through in between; so none ever is: what is there
 * is added again, which changes nothing, and its rules are flushed and filled.
 *
 * Everything is a literal.  Protocols are numbers where nft takes them, users
 * always; interfaces are compared by name (iifname), so that one that is not
 * there yet, or comes back with another index, is no error.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "policy/fwplan.h"
#include "policy/fwplan_int.h"

#define T FWPLAN_TABLE

static const char *
table_of(enum fwplan_chain chain)
{
	return fwplan_place(chain)->netdev ? "netdev " T : "inet " T;
}

/* A name with nothing in it that nft takes for something else. */
const char *
fwplan_nft_egress(const char *link, char out[FWPLAN_CHAIN_NAME])
{
	size_t n = (size_t)snprintf(out, FWPLAN_CHAIN_NAME, "egress_");

	for (; *link && n + 4 < FWPLAN_CHAIN_NAME; link++)
		if ((*link >= 'a' && *link <= 'z') ||
		    (*link >= 'A' && *link <= 'Z') ||
		    (*link >= '0' && *link <= '9'))
			out[n++] = *link;
		else
			n += (size_t)snprintf(out + n, 4, "_%02x",
			    (unsigned char)*link);
	out[n] = '\0';
	return out;
}

/* --- sets, chains, counters --- */

static void
add_set(FILE *f, const char *table, enum fwplan_set set)
{
	const char *type = fwplan_set_is_links(set) ? "ifname" :
	    set == FWPLAN_RELAYS4 || set == FWPLAN_DIRECT4 ?
	    "ipv4_addr . inet_service" : "ipv6_addr . inet_service";

	fprintf(f, "add set %s " T " %s { type %s;%s }\n", table,
	    fwplan_set_name(set), type,
	    fwplan_set_is_links(set) ? "" : " flags timeout;");
}

static void
add_links(FILE *f, enum fwplan_set set, const struct fwplan_links *l)
{
	unsigned i;

	fprintf(f, "flush set inet " T " %s\n", fwplan_set_name(set));
	if (l->n == 0)
		return;
	fprintf(f, "add element inet " T " %s {", fwplan_set_name(set));
	for (i = 0; i < l->n; i++)
		fprintf(f, "%s \"%s\"", i ? "," : "", l->name[i]);
	fputs(" }\n", f);
}

static void
print_element(FILE *f, const struct addr *a)
{
	char text[ADDR_TEXT];

	fprintf(f, "%s . %u", addr_ip_raw(a, text), a->port);
}

static int
set_family(enum fwplan_set set)
{
	return set == FWPLAN_RELAYS6 || set == FWPLAN_DIRECT6 ? 6 : 4;
}

/* Those of its family. */
static void
add_elements(FILE *f, const char *table, enum fwplan_set set,
    const struct addr *a, size_t n)
{
	const char *sep = "";
	size_t i;

	for (i = 0; i < n; i++) {
		if (a[i].family != set_family(set))
			continue;
		if (*sep == '\0')
			fprintf(f, "add element %s " T " %s {", table,
			    fwplan_set_name(set));
		fprintf(f, "%s ", sep);
		print_element(f, &a[i]);
		sep = ",";
	}
	if (*sep)
		fputs(" }\n", f);
}

static void
add_sets(FILE *f, const struct fwplan *p)
{
	static const char *const tables[] = { "inet", "netdev" };
	enum fwplan_set set;
	size_t i;

	for (set = 0; set < FWPLAN_NSETS; set++)
		if (fwplan_set_is_links(set)) {
			add_set(f, "inet", set);
			add_links(f, set, &p->links[set]);
		} else
			for (i = 0; i < 2; i++)
				add_set(f, tables[i], set);
	for (i = 0; i < 2; i++) {
		add_elements(f, tables[i], FWPLAN_RELAYS4, p->relays,
		    p->nrelays);
		add_elements(f, tables[i], FWPLAN_RELAYS6, p->relays,
		    p->nrelays);
	}
}

static int
is_netdev_reason(enum fwplan_reason r)
{
	return r == FWPLAN_R_WIRE || r == FWPLAN_R_TUN_RANGE ||
	    r == FWPLAN_R_VIRTUAL;
}

static void
add_counters(FILE *f)
{
	enum fwplan_reason r;

	for (r = FWPLAN_UNCOUNTED + 1; r < FWPLAN_NREASONS; r++) {
		if (r != FWPLAN_R_WIRE)
			fprintf(f, "add counter inet " T " %s\n",
			    fwplan_reason_name(r));
		if (is_netdev_reason(r))
			fprintf(f, "add counter netdev " T " %s\n",
			    fwplan_reason_name(r));
	}
}

static const char *
hook_name(enum fwplan_hook hook)
{
	switch (hook) {
	case FWPLAN_HOOK_PREROUTING:
		return "prerouting";
	case FWPLAN_HOOK_INPUT:
		return "input";
	case FWPLAN_HOOK_FORWARD:
		return "forward";
	case FWPLAN_HOOK_OUTPUT:
		return "output";
	case FWPLAN_HOOK_POSTROUTING:
		return "postrouting";
	case FWPLAN_NO_HOOK:
		break;
	}
	return "";
}

static void
add_chains(FILE *f)
{
	const struct fwplan_place *at;
	enum fwplan_chain chain;

	for (chain = 0; chain < FWPLAN_NCHAINS; chain++) {
		at = fwplan_place(chain);
		fprintf(f, "add chain %s %s", table_of(chain), at->name);
		if (at->hook)
			fprintf(f, " { type %s hook %s priority %d; "
			    "policy %s; }", at->nat ? "nat" : "filter",
			    hook_name(at->hook), at->priority,
			    at->accept ? "accept" : "drop");
		fprintf(f, "\nflush chain %s %s\n", table_of(chain), at->name);
	}
}

/* --- rules --- */

static const char *
th(uint32_t proto)
{
	return proto == IPPROTO_UDP ? "udp" : "tcp";
}

static const char *
ip(int family)
{
	return family == 6 ? "ip6" : "ip";
}

static void
print_ports(FILE *f, uint32_t proto, const char *side,
    const struct fwplan_match *m)
{
	fprintf(f, " %s %s %u", th(proto), side, m->lo);
	if (m->hi != m->lo)
		fprintf(f, "-%u", m->hi);
}

static void
print_net(FILE *f, const char *field, const struct fwplan_match *m)
{
	char text[FWPLAN_NET_TEXT];

	fprintf(f, " %s %s %s%s", ip(m->net.addr.family), field,
	    m->invert ? "!= " : "", fwplan_net_text(&m->net, text));
}

static void
print_icmp(FILE *f, const struct fwplan_match *m, uint32_t proto)
{
	const char *name = proto == IPPROTO_ICMPV6 ? "icmpv6" : "icmp";

	fprintf(f, " %s type %u", name, m->n);
	if (m->hi < 255)
		fprintf(f, " %s code %u", name, m->lo);
}

static void
print_ct(FILE *f, uint32_t state)
{
	fprintf(f, " ct state %s", state == FWPLAN_CT_INVALID ? "invalid" :
	    state == FWPLAN_CT_NEW ? "new" :
	    state == FWPLAN_CT_RELATED ? "related" : "established");
}

static void
print_family(FILE *f, uint32_t family, int netdev)
{
	if (netdev)
		fprintf(f, " meta protocol %s", ip((int)family));
	else
		fprintf(f, " meta nfproto ipv%u", family);
}

/* What a socket, conntrack or the routes know of it. */
static void
print_known(FILE *f, const struct fwplan_match *m)
{
	switch ((enum fwplan_match_kind)m->kind) {
	case FWPLAN_M_CT:
		print_ct(f, m->n);
		break;
	case FWPLAN_M_CT_DNAT:
		fputs(" ct status dnat", f);
		break;
	case FWPLAN_M_CT_ORIGINAL:
		fprintf(f, " ct direction %s", m->invert ? "reply" :
		    "original");
		break;
	case FWPLAN_M_UID:
		fprintf(f, " meta skuid %u", m->n);
		break;
	case FWPLAN_M_MARK:
		fprintf(f, " meta mark %u", m->n);
		break;
	case FWPLAN_M_TO_LOCAL:
		fputs(" fib daddr type local", f);
		break;
	case FWPLAN_M_TO_UNICAST:
		fputs(" fib daddr type unicast", f);
		break;
	case FWPLAN_M_NO_WAY_BACK:
		fputs(" fib saddr . iif oif missing", f);
		break;
	default:
		break;
	}
}

static void
print_link(FILE *f, const struct fwplan_match *m)
{
	switch ((enum fwplan_match_kind)m->kind) {
	case FWPLAN_M_IIF:
		fprintf(f, " iifname \"%s\"", m->link);
		break;
	case FWPLAN_M_OIF:
		fprintf(f, " oifname \"%s\"", m->link);
		break;
	case FWPLAN_M_IIFS:
		fprintf(f, " iifname @%s", fwplan_set_name(m->set));
		break;
	case FWPLAN_M_OIFS:
		fprintf(f, " oifname @%s", fwplan_set_name(m->set));
		break;
	default:
		print_known(f, m);
		break;
	}
}

static void
print_match(FILE *f, const struct fwplan_match *m, uint32_t proto, int netdev)
{
	switch ((enum fwplan_match_kind)m->kind) {
	case FWPLAN_M_FAMILY:
		print_family(f, m->n, netdev);
		break;
	case FWPLAN_M_SADDR:
		print_net(f, "saddr", m);
		break;
	case FWPLAN_M_DADDR:
		print_net(f, "daddr", m);
		break;
	case FWPLAN_M_SET_FROM:
		fprintf(f, " %s saddr . tcp sport @%s", ip(set_family(m->set)),
		    fwplan_set_name(m->set));
		break;
	case FWPLAN_M_SET_TO:
		fprintf(f, " %s daddr . tcp dport @%s", ip(set_family(m->set)),
		    fwplan_set_name(m->set));
		break;
	case FWPLAN_M_PROTO:
		fprintf(f, " meta l4proto %u", m->n);
		break;
	case FWPLAN_M_SPORT:
		print_ports(f, proto, "sport", m);
		break;
	case FWPLAN_M_DPORT:
		print_ports(f, proto, "dport", m);
		break;
	case FWPLAN_M_ICMP:
		print_icmp(f, m, proto);
		break;
	case FWPLAN_M_HOPS:
		fprintf(f, " ip6 hoplimit %u", m->n);
		break;
	case FWPLAN_M_TTL:
		fprintf(f, " ip ttl %u", m->n);
		break;
	case FWPLAN_M_SYN:
		fprintf(f, " tcp flags & (fin|syn|rst|ack) %s syn",
		    m->invert ? "!=" : "==");
		break;
	case FWPLAN_M_ETHER:
		fprintf(f, " meta protocol 0x%04x", m->n);
		break;
	case FWPLAN_M_ARP_SADDR:
		fprintf(f, " arp saddr ip %s", fwplan_net_text(&m->net,
		    (char[FWPLAN_NET_TEXT]){ 0 }));
		break;
	default:
		print_link(f, m);
		break;
	}
}

static void
print_tproxy(FILE *f, const struct addr *door)
{
	static const uint8_t none[16];
	char text[ADDR_TEXT];

	fprintf(f, " tproxy %s to ", ip(door->family));
	if (memcmp(door->ip, none, addr_iplen(door)) == 0)
		fprintf(f, ":%u", door->port);
	else
		fputs(addr_raw(door, text), f);
	fprintf(f, " meta mark set %u accept", FWPLAN_MARK);
}

static void
print_verdict(FILE *f, const struct fwplan_rule *r)
{
	if (r->reason)
		fprintf(f, " counter name %s",
		    fwplan_reason_name((enum fwplan_reason)r->reason));
	switch ((enum fwplan_verdict)r->verdict) {
	case FWPLAN_ACCEPT:
		fputs(" accept", f);
		break;
	case FWPLAN_JUMP:
		fprintf(f, " jump %s",
		    fwplan_place((enum fwplan_chain)r->to)->name);
		break;
	case FWPLAN_REFUSE:
		fputs(" reject with icmpx type admin-prohibited", f);
		break;
	case FWPLAN_RESET:
		fputs(" reject with tcp reset", f);
		break;
	case FWPLAN_REDIRECT:
		fprintf(f, " redirect to :%u", r->door.port);
		break;
	case FWPLAN_TPROXY:
		print_tproxy(f, &r->door);
		break;
	case FWPLAN_DROP:
		fputs(" drop", f);
		break;
	}
}

static void
add_rule(FILE *f, const struct fwplan_rule *r)
{
	const struct fwplan_place *at = fwplan_place(r->chain);
	uint32_t proto = 0;
	unsigned i;

	fprintf(f, "add rule %s %s", table_of(r->chain), at->name);
	for (i = 0; i < r->nmatches; i++) {
		if (r->match[i].kind == FWPLAN_M_PROTO)
			proto = r->match[i].n;
		print_match(f, &r->match[i], proto, at->netdev);
	}
	print_verdict(f, r);
	fputc('\n', f);
}

/* --- devices --- */

static void
add_egress(FILE *f, const char *link)
{
	char name[FWPLAN_CHAIN_NAME];

	fwplan_nft_egress(link, name);
	fprintf(f, "add chain netdev " T " %s { type filter hook egress "
	    "device \"%s\" priority 0; policy drop; }\n", name, link);
	fprintf(f, "flush chain netdev " T " %s\n", name);
	fprintf(f, "add rule netdev " T " %s meta mark set meta mark and "
	    "0x%x or 0x%x\n", name, ~FWPLAN_OUT_MASK, FWPLAN_OUT_MARK);
	fprintf(f, "add rule netdev " T " %s jump %s\n", name,
	    fwplan_place(FWPLAN_WIRE)->name);
	fprintf(f, "add rule netdev " T " %s counter name %s drop\n", name,
	    fwplan_reason_name(FWPLAN_R_WIRE));
}

void
fwplan_nft(FILE *f, const struct fwplan *p)
{
	enum fwplan_chain chain;
	unsigned i;
	size_t j;

	fputs("add table inet " T "\nadd table netdev " T "\n", f);
	add_counters(f);
	add_chains(f);
	add_sets(f, p);
	for (chain = 0; chain < FWPLAN_NCHAINS; chain++)
		for (j = 0; j < p->nrules; j++)
			if (p->rules[j].chain == chain)
				add_rule(f, &p->rules[j]);
	for (i = 0; i < p->links[FWPLAN_UPLINKS].n; i++)
		add_egress(f, p->links[FWPLAN_UPLINKS].name[i]);
}

int
fwplan_nft_uplink(FILE *f, const char *name)
{
	if (!fwplan_link_is_plain(name) || strcmp(name, "lo") == 0)
		return -EINVAL;
	add_egress(f, name);
	fprintf(f, "add element inet " T " %s { \"%s\" }\n",
	    fwplan_set_name(FWPLAN_UPLINKS), name);
	return 0;
}

/* --- elements --- */

static void
element(FILE *f, const char *verb, const char *table, enum fwplan_set set,
    const struct addr *a, unsigned timeout_s)
{
	fprintf(f, "%s element %s " T " %s { ", verb, table,
	    fwplan_set_name(set));
	print_element(f, a);
	if (timeout_s)
		fprintf(f, " timeout %us", timeout_s);
	fputs(" }\n", f);
}

/* Adding what is there already leaves its time as it was: so it goes first,
 * and to take it away it has to be there. */
static int
change(FILE *f, enum fwplan_set set, const struct addr *a, int keep,
    unsigned timeout_s)
{
	static const char *const tables[] = { "inet", "netdev" };
	size_t i;

	if (set >= FWPLAN_NSETS || fwplan_set_is_links(set) ||
	    a->family != set_family(set) || a->port == 0)
		return -EINVAL;
	for (i = 0; i < 2; i++) {
		element(f, "add", tables[i], set, a, 0);
		element(f, "delete", tables[i], set, a, 0);
		if (keep)
			element(f, "add", tables[i], set, a, timeout_s);
	}
	return 0;
}

int
fwplan_nft_add(FILE *f, enum fwplan_set set, const struct addr *a,
    unsigned timeout_s)
{
	return change(f, set, a, 1, timeout_s);
}

int
fwplan_nft_delete(FILE *f, enum fwplan_set set, const struct addr *a)
{
	return change(f, set, a, 0, 0);
}

int
fwplan_nft_elements(FILE *f, enum fwplan_set set, const struct addr *a,
    size_t n)
{
	static const char *const tables[] = { "inet", "netdev" };
	size_t i;

	if (set >= FWPLAN_NSETS || fwplan_set_is_links(set))
		return -EINVAL;
	for (i = 0; i < 2; i++) {
		fprintf(f, "flush set %s " T " %s\n", tables[i],
		    fwplan_set_name(set));
		add_elements(f, tables[i], set, a, n);
	}
	return 0;
}
