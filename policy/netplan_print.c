/* policy/netplan_print.c - a plan as text, in the words of ip(8) */
#include <string.h>

#include "policy/netplan.h"

static void
print_table(FILE *f, uint32_t table)
{
	switch (table) {
	case NETPLAN_MAIN:
		fputs("main", f);
		break;
	case NETPLAN_LOCAL:
		fputs("local", f);
		break;
	case NETPLAN_TUN:
		fputs("TUN", f);
		break;
	case NETPLAN_LAN:
		fputs("LAN", f);
		break;
	case NETPLAN_HOST:
		fputs("HOST", f);
		break;
	default:
		fprintf(f, "%u", table);
	}
}

void
netplan_print_rule(FILE *f, const struct netplan_rule *r)
{
	char text[ADDR_TEXT];

	fprintf(f, "rule%u %sfrom %s", r->family, r->not_iif ? "not " : "",
	    r->from.family ? addr_ip_raw(&r->from, text) : "all");
	if (r->to.family)
		fprintf(f, " to %s", addr_ip_raw(&r->to, text));
	if (r->mark)
		fprintf(f, " fwmark 0x%x", r->mark);
	if (r->iif[0])
		fprintf(f, " iif %s", r->iif);
	if (r->has_uid)
		fprintf(f, " uidrange %u-%u", r->uid, r->uid);
	if (r->proto)
		fprintf(f, " ipproto %u", r->proto);
	if (r->action == NETPLAN_LOOKUP) {
		fputs(" lookup ", f);
		print_table(f, r->table);
		if (r->on_link)
			fputs(" suppress_prefixlength 0", f);
	} else
		fputs(r->action == NETPLAN_REFUSE ? " unreachable" :
		    " blackhole", f);
	fputc('\n', f);
}

static const char *
link_name(const struct netplan_world *w, int index)
{
	size_t i;

	for (i = 0; i < w->nlinks; i++)
		if (w->links[i].index == index)
			return w->links[i].name;
	return "?";
}

void
netplan_print_route(FILE *f, const struct netplan_route *r,
    const struct netplan_world *w)
{
	static const char *const types[] = {
		[NETPLAN_UNREACHABLE] = "unreachable ",
		[NETPLAN_UNICAST] = "", [NETPLAN_AT_HOME] = "local "
	};
	char text[ADDR_TEXT];

	fprintf(f, "route%u table ", r->dst.addr.family);
	print_table(f, r->table);
	fprintf(f, ": %s", types[r->type]);
	if (r->dst.bits)
		fprintf(f, "%s/%u", addr_ip_raw(&r->dst.addr, text),
		    r->dst.bits);
	else
		fputs("default", f);
	if (r->gateway.family)
		fprintf(f, " via %s", addr_ip_raw(&r->gateway, text));
	if (r->link)
		fprintf(f, " dev %s", link_name(w, r->link));
	if (r->from.family)
		fprintf(f, " src %s", addr_ip_raw(&r->from, text));
	fprintf(f, " metric %u\n", r->metric);
}

static void
print_sysctl(FILE *f, const struct netplan_sysctl *s)
{
	if (s->when == NETPLAN_KEEP)
		fprintf(f, "sysctl %s is remembered\n", s->path);
	else
		fprintf(f, "sysctl %s = %s%s\n", s->path, s->value,
		    s->when == NETPLAN_LATE ? ", after the rules" : "");
}

void
netplan_print(FILE *f, const struct netplan *p, const struct netplan_world *w)
{
	char text[ADDR_TEXT];
	size_t i;

	fprintf(f, "link %s mtu %u up\n", p->conf.tun, p->conf.mtu);
	for (i = 0; i < p->conf.nown; i++)
		fprintf(f, "address %s/%u dev %s\n",
		    addr_ip_raw(&p->conf.own[i].addr, text),
		    p->conf.own[i].bits, p->conf.tun);
	for (i = 0; i < p->nroutes; i++)
		netplan_print_route(f, &p->routes[i], w);
	for (i = 0; i < p->nrules; i++)
		netplan_print_rule(f, &p->rules[i]);
	for (i = 0; i < p->nsysctls; i++)
		print_sysctl(f, &p->sysctls[i]);
}
