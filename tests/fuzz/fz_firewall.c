/* tests/fuzz/fz_firewall.c - whatever is wanted, the rules fail closed
 *
 * Bytes become a wish, names of interfaces and all.  Either it is refused, and
 * it is said why, or there is a text with every base chain in it that drops
 * what no rule accepts, that is bounded, and in which no name ends a line or a
 * word.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/fwplan.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_MAX = 4 << 20, DIRECT = 40, RELAYS = 40 };

struct bytes {
	const uint8_t	*at;
	size_t		 left;
};

static unsigned
take(struct bytes *b, unsigned below)
{
	if (b->left == 0)
		return 0;
	b->left--;
	return *b->at++ % below;
}

static void
take_bytes(struct bytes *b, void *to, size_t n)
{
	uint8_t *p = to;

	while (n--)
		*p++ = (uint8_t)take(b, 256);
}

/* Mostly a good name: a rule that is never reached is never tried. */
static void
take_link(struct bytes *b, char *name)
{
	if (take(b, 8) == 0) {
		take_bytes(b, name, FWPLAN_IFNAME);
		name[FWPLAN_IFNAME - 1] = '\0';
	} else
		snprintf(name, FWPLAN_IFNAME, "if%u", take(b, 200));
}

static void
take_links(struct bytes *b, struct fwplan_links *l)
{
	unsigned i;

	l->n = take(b, 8) == 0 ? take(b, 256) : take(b, 4);
	for (i = 0; i < l->n && i < FWPLAN_LINKS_MAX; i++)
		take_link(b, l->name[i]);
}

static void
take_addr(struct bytes *b, struct addr *a)
{
	static const uint8_t families[] = { 0, 4, 6 };

	a->family = families[take(b, 3)];
	take_bytes(b, a->ip, addr_iplen(a));
	take_bytes(b, &a->port, sizeof(a->port));
}

static void
take_net(struct bytes *b, struct addr_net *n)
{
	take_addr(b, &n->addr);
	n->bits = (uint8_t)take(b, (unsigned)addr_iplen(&n->addr) * 8 + 1);
}

static void
take_doors(struct bytes *b, struct fwplan_doors *d)
{
	struct addr *all[] = { &d->trans4, &d->dns4, &d->trans6, &d->dns6 };
	size_t i;

	for (i = 0; i < 4; i++) {
		take_addr(b, all[i]);
		if (all[i]->family != (i < 2 ? 4 : 6))
			memset(all[i], 0, sizeof(*all[i]));
	}
}

static void
take_allowed(struct bytes *b, struct fwplan_conf *c)
{
	struct fwplan_allow *a;
	unsigned i;

	c->nallow = take(b, 8) == 0 ? take(b, 256) : take(b, 5);
	for (i = 0; i < c->nallow && i < FWPLAN_ALLOW_MAX; i++) {
		a = &c->allow[i];
		a->out = (uint8_t)take(b, 2);
		a->proto = (uint8_t)take(b, 6);
		take_bytes(b, &a->lo, sizeof(a->lo));
		take_bytes(b, &a->hi, sizeof(a->hi));
		take_net(b, &a->net);
		take_link(b, a->link);
	}
}

static struct addr relays[RELAYS];
static struct fwplan_direct direct[DIRECT];

static void
take_ways(struct bytes *b, struct fwplan_conf *c)
{
	size_t i;

	c->relays = relays;
	c->direct = direct;
	c->nrelays = take(b, RELAYS + 1);
	c->ndirect = take(b, DIRECT + 1);
	for (i = 0; i < c->nrelays; i++)
		take_addr(b, &relays[i]);
	for (i = 0; i < c->ndirect; i++) {
		take_net(b, &direct[i].net);
		take_bytes(b, &direct[i].lo, 2);
		direct[i].hi = direct[i].lo;
	}
}

static void
take_conf(struct bytes *b, struct fwplan_conf *c)
{
	unsigned flags = take(b, 256), i;

	memset(c, 0, sizeof(*c));
	take_bytes(b, &c->uid, sizeof(c->uid));
	c->any_relay = flags & 1;
	c->ipv6 = flags >> 1 & 1;
	c->dhcp = flags >> 2 & 1;
	c->local = flags >> 3 & 1;
	c->tproxy = flags >> 4 & 1;
	if (flags >> 5 & 1)
		take_link(b, c->tun);
	take_links(b, &c->uplinks);
	take_links(b, &c->lans);
	take_links(b, &c->tun_lans);
	take_doors(b, &c->lan_doors);
	take_doors(b, &c->local_doors);
	c->ntun_net = take(b, FWPLAN_NET_MAX + 1);
	c->nvirt = take(b, FWPLAN_NET_MAX + 1);
	for (i = 0; i < FWPLAN_NET_MAX; i++) {
		take_net(b, &c->tun_net[i]);
		take_net(b, &c->virt[i]);
	}
	take_allowed(b, c);
	c->nlisten = take(b, 4);
	for (i = 0; i < c->nlisten; i++) {
		take_addr(b, &c->listen[i]);
		if (c->listen[i].family == 0)
			c->listen[i].family = 4;
	}
	take_ways(b, c);
}

/* --- what has to hold --- */

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
check_bytes(const char *text, size_t size)
{
	size_t i;

	must(size > 0 && size < TEXT_MAX && text[size - 1] == '\n');
	for (i = 0; i < size; i++)
		must(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	must(strchr(text, '*') == NULL || text[0] == '#');	/* tables */
	must(strchr(text, '$') == NULL && strchr(text, '`') == NULL);
}

static void
check_nft(const struct fwplan *p)
{
	static const char *const base[] = { "input", "forward", "output",
		"postrouting" };
	char want[200], *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	must(f != NULL);
	fwplan_nft(f, p);
	fclose(f);
	check_bytes(text, size);
	for (i = 0; i < 4; i++) {
		snprintf(want, sizeof(want), "\nadd chain inet "
		    FWPLAN_TABLE " %s { type filter hook %s priority 0; "
		    "policy drop; }\n", base[i], base[i]);
		must(count(text, want) == 1);
		snprintf(want, sizeof(want), "\nadd rule inet " FWPLAN_TABLE
		    " %s counter name drop_%s drop\n", base[i], base[i]);
		must(count(text, want) == 1);
	}
	must(count(text, "hook egress") == p->links[FWPLAN_UPLINKS].n);
	must(count(text, "priority 0; policy drop;") ==
	    4 + p->links[FWPLAN_UPLINKS].n);
	must(count(text, "delete") == 0);
	must(count(text, "hook forward") == 1);
	free(text);
}

static void
check_iptables(const struct fwplan *p, int family)
{
	static const char *const base[] = { ":INPUT DROP [0:0]\n",
		":FORWARD DROP [0:0]\n", ":OUTPUT DROP [0:0]\n",
		":POSTROUTING DROP [0:0]\n" };
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	must(f != NULL);
	fwplan_iptables(f, p, family);
	fclose(f);
	check_bytes(text, size);
	for (i = 0; i < 4; i++)
		must(count(text, base[i]) == 1);
	must(count(text, "COMMIT\n") == 4);
	must(count(text, "-A ") == count(text, "\n-A "));
	free(text);
}

/* Nothing leaves but by a rule that says how: there is no bare accept. */
static void
check_rules(const struct fwplan *p)
{
	const struct fwplan_rule *r;
	size_t i;

	must(p->nrules <= FWPLAN_RULES_MAX);
	for (i = 0; i < p->nrules; i++) {
		r = &p->rules[i];
		must(r->nmatches <= FWPLAN_MATCHES_MAX);
		must(r->nmatches > 0 || r->verdict != FWPLAN_ACCEPT);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes b = { data, len };
	char why[FWPLAN_WHY] = "";
	struct fwplan_conf c;
	struct fwplan p;
	int early;

	take_conf(&b, &c);
	for (early = 0; early < 2; early++) {
		if ((early ? fwplan_make_early(&p, &c, why) :
		    fwplan_make(&p, &c, why)) < 0) {
			must(*why && memchr(why, '\0', sizeof(why)) != NULL);
			must(p.rules == NULL && p.relays == NULL);
			continue;
		}
		check_rules(&p);
		check_nft(&p);
		check_iptables(&p, 4);
		check_iptables(&p, 6);
		fwplan_free(&p);
	}
	return 0;
}
