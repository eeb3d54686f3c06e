/* policy/fwplan_iptables.c - a firewall's plan as text for iptables-restore(8)
 *
 * For kernels without nftables.  Each family and each table is loaded by
 * itself, so it begins with the one that closes, and all tables are whole: what
 * others have in them is gone.  Sets do not exist; interfaces are written out,
 * and addresses are chains of their own, one rule an address.
 */
#include <netinet/in.h>
#include <string.h>

#include "policy/fwplan.h"
#include "policy/fwplan_int.h"

enum table { FILTER, RAW, MANGLE, NAT, NTABLES };

static const char *const table_names[NTABLES] = { "filter", "raw", "mangle",
	"nat" };

/* Beginnings of lines: what tables have, in the order of their hooks. */
static const char *const policies[NTABLES] = {
	(":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n"),
	(":PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"),
	(":PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n"
	    ":FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
	    ":POSTROUTING DROP [0:0]\n"),
	(":PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n"
	    ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"),
};

static const struct {
	const char	*name;		/* NULL: cannot be said here */
	unsigned	 tables;	/* 1 << which */
} chains[FWPLAN_NCHAINS] = {
	[FWPLAN_PRE_RAW] = { "PREROUTING", 1 << RAW },
	[FWPLAN_PRE_DIVERT] = { "PREROUTING", 1 << MANGLE },
	[FWPLAN_PRE_NAT] = { "PREROUTING", 1 << NAT },
	/* REJECT is only there; then the kernel has to forward */
	[FWPLAN_PRE_REFUSE] = { "FORWARD", 1 << FILTER },
	[FWPLAN_INPUT] = { "INPUT", 1 << FILTER },
	[FWPLAN_FORWARD] = { "FORWARD", 1 << FILTER },
	[FWPLAN_OUT_NAT] = { "OUTPUT", 1 << NAT },
	[FWPLAN_OUTPUT] = { "OUTPUT", 1 << FILTER },
	[FWPLAN_POSTROUTING] = { "POSTROUTING", 1 << MANGLE },
	[FWPLAN_FROM_UPLINK] = { "ot_from_uplink", 1 << FILTER },
	[FWPLAN_FROM_LAN] = { "ot_from_lan", 1 << FILTER },
	[FWPLAN_TO_LAN] = { "ot_to_lan", 1 << FILTER },
	[FWPLAN_LEAVE] = { "ot_leave", 1 << FILTER | 1 << MANGLE },
	[FWPLAN_ENGINE] = { "ot_engine", 1 << FILTER | 1 << MANGLE },
	[FWPLAN_WIRE] = { NULL, 0 },
	[FWPLAN_WIRE_ENGINE] = { NULL, 0 },
};

/* --- which family it is of --- */

static int
match_family(const struct fwplan_match *m)
{
	switch ((enum fwplan_match_kind)m->kind) {
	case FWPLAN_M_FAMILY:
		return (int)m->n;
	case FWPLAN_M_SADDR:
	case FWPLAN_M_DADDR:
		return m->net.addr.family;
	case FWPLAN_M_SET_FROM:
	case FWPLAN_M_SET_TO:
		return m->set == FWPLAN_RELAYS6 || m->set == FWPLAN_DIRECT6 ?
		    6 : 4;
	default:
		return 0;
	}
}

static int
is_of(const struct fwplan_rule *r, int family)
{
	unsigned i;
	int f;

	for (i = 0; i < r->nmatches; i++)
		if ((f = match_family(&r->match[i])) != 0 && f != family)
			return 0;
	return 1;
}

/* --- one rule --- */

static const char *
set_chain(enum fwplan_set set, int to)
{
	int relays = set == FWPLAN_RELAYS4 || set == FWPLAN_RELAYS6;

	if (to)
		return relays ? "ot_relays" : "ot_direct";
	return relays ? "ot_from_relays" : "ot_from_direct";
}

static void
print_ports(FILE *f, const char *side, const struct fwplan_match *m)
{
	fprintf(f, " --%s %u", side, m->lo);
	if (m->hi != m->lo)
		fprintf(f, ":%u", m->hi);
}

static void
print_proto(FILE *f, uint32_t n)
{
	fprintf(f, " -p %u", n);
	if (n == IPPROTO_TCP || n == IPPROTO_UDP)
		fprintf(f, " -m %s", n == IPPROTO_TCP ? "tcp" : "udp");
}

static void
print_icmp(FILE *f, const struct fwplan_match *m, int family)
{
	fputs(family == 4 ? " -m icmp --icmp-type " :
	    " -m icmp6 --icmpv6-type ", f);
	fprintf(f, m->hi < 255 ? "%u/0" : "%u", m->n);
}

static void
print_ct(FILE *f, uint32_t state)
{
	fprintf(f, " -m conntrack --ctstate %s",
	    state == FWPLAN_CT_INVALID ? "INVALID" :
	    state == FWPLAN_CT_NEW ? "NEW" :
	    state == FWPLAN_CT_RELATED ? "RELATED" : "ESTABLISHED");
}

static void
print_known(FILE *f, const struct fwplan_match *m)
{
	switch ((enum fwplan_match_kind)m->kind) {
	case FWPLAN_M_CT:
		print_ct(f, m->n);
		break;
	case FWPLAN_M_CT_DNAT:
		fputs(" -m conntrack --ctstate DNAT", f);
		break;
	case FWPLAN_M_CT_ORIGINAL:
		fprintf(f, " -m conntrack --ctdir %s", m->invert ? "REPLY" :
		    "ORIGINAL");
		break;
	case FWPLAN_M_UID:
		fprintf(f, " -m owner --uid-owner %u", m->n);
		break;
	case FWPLAN_M_MARK:
		fprintf(f, " -m mark --mark %u", m->n);
		break;
	case FWPLAN_M_TO_LOCAL:
		fputs(" -m addrtype --dst-type LOCAL", f);
		break;
	case FWPLAN_M_TO_UNICAST:
		fputs(" -m addrtype --dst-type UNICAST", f);
		break;
	case FWPLAN_M_NO_WAY_BACK:
		fputs(" -m rpfilter --invert", f);
		break;
	default:
		break;
	}
}

static void
print_match(FILE *f, const struct fwplan_match *m, int family)
{
	char text[FWPLAN_NET_TEXT];

	switch ((enum fwplan_match_kind)m->kind) {
	case FWPLAN_M_IIF:
		fprintf(f, " -i %s", m->link);
		break;
	case FWPLAN_M_OIF:
		fprintf(f, " -o %s", m->link);
		break;
	case FWPLAN_M_SADDR:
		fprintf(f, " -s %s", fwplan_net_text(&m->net, text));
		break;
	case FWPLAN_M_DADDR:
		fprintf(f, " -d %s", fwplan_net_text(&m->net, text));
		break;
	case FWPLAN_M_SET_FROM:
	case FWPLAN_M_SET_TO:
		print_proto(f, IPPROTO_TCP);
		break;
	case FWPLAN_M_PROTO:
		print_proto(f, m->n);
		break;
	case FWPLAN_M_SPORT:
		print_ports(f, "sport", m);
		break;
	case FWPLAN_M_DPORT:
		print_ports(f, "dport", m);
		break;
	case FWPLAN_M_ICMP:
		print_icmp(f, m, family);
		break;
	case FWPLAN_M_HOPS:
		fprintf(f, " -m hl --hl-eq %u", m->n);
		break;
	case FWPLAN_M_TTL:
		fprintf(f, " -m ttl --ttl-eq %u", m->n);
		break;
	case FWPLAN_M_SYN:
		fprintf(f, "%s --tcp-flags FIN,SYN,RST,ACK SYN",
		    m->invert ? " !" : "");
		break;
	default:
		print_known(f, m);
		break;
	}
}

static void
print_tproxy(FILE *f, const struct addr *door)
{
	static const uint8_t none[16];
	char text[ADDR_TEXT];

	fputs(" -j TPROXY", f);
	if (memcmp(door->ip, none, addr_iplen(door)) != 0)
		fprintf(f, " --on-ip %s", addr_ip_raw(door, text));
	fprintf(f, " --on-port %u --tproxy-mark %u", door->port, FWPLAN_MARK);
}

static void
print_verdict(FILE *f, const struct fwplan_rule *r, const char *set, int family)
{
	if (r->reason)
		fprintf(f, " -m comment --comment %s",
		    fwplan_reason_name((enum fwplan_reason)r->reason));
	switch ((enum fwplan_verdict)r->verdict) {
	case FWPLAN_ACCEPT:
		fprintf(f, " -j %s", set ? set : "ACCEPT");
		break;
	case FWPLAN_JUMP:
		fprintf(f, " -j %s", chains[r->to].name);
		break;
	case FWPLAN_REFUSE:
		fprintf(f, " -j REJECT --reject-with %s", family == 4 ?
		    "icmp-admin-prohibited" : "icmp6-adm-prohibited");
		break;
	case FWPLAN_RESET:
		fputs(" -j REJECT --reject-with tcp-reset", f);
		break;
	case FWPLAN_REDIRECT:
		fprintf(f, " -j REDIRECT --to-ports %u", r->door.port);
		break;
	case FWPLAN_TPROXY:
		print_tproxy(f, &r->door);
		break;
	case FWPLAN_DROP:
		fputs(" -j DROP", f);
		break;
	}
}

/* A set of addresses accepts what is in it, and of the rest goes on. */
static const char *
set_of(const struct fwplan_rule *r)
{
	unsigned i;

	for (i = 0; i < r->nmatches; i++)
		if (r->match[i].kind == FWPLAN_M_SET_TO ||
		    r->match[i].kind == FWPLAN_M_SET_FROM)
			return set_chain(r->match[i].set,
			    r->match[i].kind == FWPLAN_M_SET_TO);
	return NULL;
}

static void
print_rule(FILE *f, const struct fwplan_rule *r, int family)
{
	unsigned i;

	fprintf(f, "-A %s", chains[r->chain].name);
	for (i = 0; i < r->nmatches; i++)
		print_match(f, &r->match[i], family);
	print_verdict(f, r, set_of(r), family);
	fputc('\n', f);
}

/* Once for each interface of a set: a rule names at most one set. */
static void
add_rule(FILE *f, const struct fwplan *p, const struct fwplan_rule *r,
    int family)
{
	const struct fwplan_links *l = NULL;
	struct fwplan_rule one = *r;
	struct fwplan_match *m = NULL;
	unsigned i;

	for (i = 0; i < one.nmatches && l == NULL; i++)
		if (one.match[i].kind == FWPLAN_M_IIFS ||
		    one.match[i].kind == FWPLAN_M_OIFS) {
			m = &one.match[i];
			l = &p->links[m->set];
			m->kind = m->kind == FWPLAN_M_IIFS ? FWPLAN_M_IIF :
			    FWPLAN_M_OIF;
		}
	if (l == NULL)
		print_rule(f, r, family);
	for (i = 0; l && i < l->n; i++) {
		memcpy(m->link, l->name[i], FWPLAN_IFNAME);
		print_rule(f, &one, family);
	}
}

/* --- a table --- */

static void
declare(FILE *f, enum table t)
{
	static const enum fwplan_chain own[] = { FWPLAN_FROM_UPLINK,
		FWPLAN_FROM_LAN, FWPLAN_TO_LAN, FWPLAN_LEAVE, FWPLAN_ENGINE };
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (chains[own[i]].tables & 1u << t)
			fprintf(f, ":%s - [0:0]\n", chains[own[i]].name);
	if (t == FILTER)
		fputs(":ot_from_relays - [0:0]\n:ot_from_direct - [0:0]\n", f);
	if (t == FILTER || t == MANGLE)
		fputs(":ot_relays - [0:0]\n:ot_direct - [0:0]\n", f);
}

static void
add_relays(FILE *f, enum table t, const struct fwplan *p, int family)
{
	const struct addr *a;
	char text[ADDR_TEXT];
	size_t i;

	if (t != FILTER && t != MANGLE)
		return;
	for (i = 0; i < p->nrelays; i++) {
		a = &p->relays[i];
		if (a->family != family)
			continue;
		addr_ip_raw(a, text);
		if (t == FILTER)
			fprintf(f, "-A ot_from_relays -s %s -p 6 -m tcp "
			    "--sport %u -j ACCEPT\n", text, a->port);
		fprintf(f, "-A ot_relays -d %s -p 6 -m tcp --dport %u "
		    "-j ACCEPT\n", text, a->port);
	}
}

/* By mark nothing is accepted but what is for this host. */
static int
says_something(const struct fwplan_rule *r)
{
	return r->chain != FWPLAN_PRE_REFUSE || r->verdict != FWPLAN_ACCEPT;
}

static void
add_table(FILE *f, const struct fwplan *p, enum table t, int family)
{
	enum fwplan_chain chain;
	size_t i;

	fprintf(f, "*%s\n%s", table_names[t], policies[t]);
	declare(f, t);
	for (chain = 0; chain < FWPLAN_NCHAINS; chain++)
		for (i = 0; i < p->nrules; i++)
			if (p->rules[i].chain == chain &&
			    chains[chain].tables & 1u << t &&
			    says_something(&p->rules[i]) &&
			    is_of(&p->rules[i], family))
				add_rule(f, p, &p->rules[i], family);
	add_relays(f, t, p, family);
	fputs("COMMIT\n", f);
}

void
fwplan_iptables(FILE *f, const struct fwplan *p, int family)
{
	enum table t;

	fprintf(f, "# For %s-restore.  It lacks what nft has: the egress of "
	    "devices, so that\n# packet sockets (root's) get out; ICMP for "
	    "what nobody carries, where the\n# kernel does not forward; "
	    "and one step for all: each table is replaced by\n# itself, "
	    "the one that closes first.  Relays are rules in ot_relays "
	    "and\n# ot_from_relays.\n",
	    family == 4 ? "iptables" : "ip6tables");
	for (t = 0; t < NTABLES; t++)
		add_table(f, p, t, family);
}
