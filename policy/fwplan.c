/* policy/fwplan.c - what the kernel's firewall is to let through, as data
 *
 * Theory of operation
 *	A packet leaves by an uplink only if three things say so: the chain
 *	output, the chain postrouting, and the device's own egress (netdev),
 *	which packet sockets, bridges and whatever else goes past the first two
 *	have to pass as well.  Nothing says so but for packets of the engine's
 *	sockets to a relay, ARP, neighbour discovery, DHCP in its exact shape,
 *	and what the operator allows.  Nothing is ever forwarded but between a
 *	LAN and the TUN.
 *
 *	the engine	is known by the owner of its sockets, and goes to the
 *			addresses and ports of relays: either alone would let
 *			somebody out.  It is the one who begins: a LAN's client
 *			that pretends to be a relay is answered by a socket of
 *			the engine's, too, and that answer must not go.
 *	established	is no reason to let anything pass by an uplink: sockets
 *			from before the start would live on.  What comes back
 *			has to come from a relay.
 *	a LAN		is given what answers it, and what has an address of no
 *			place in the internet: a program that binds its socket
 *			to the interface would make the kernel ask there who has
 *			an address of the internet, and give it to whoever says
 *			so.
 *	interfaces	that are not named anywhere are like uplinks that nobody
 *			may use; but a packet socket's frames (root's) go out by
 *			them, as only uplinks have an egress of ours.
 *	conntrack	does not know our own ICMP errors to a LAN's packets
 *			that were refused early, and takes the stack's answers
 *			behind the TUN for invalid: so what goes to a LAN or
 *			into the TUN is let go before such is dropped.
 *	postrouting	decides with output, because a redirected packet of this
 *			host is still "for the uplink" in output, and goes to
 *			the loopback; and that of a socket that is bound to the
 *			uplink is for 127.0.0.1, and goes to the uplink.
 *
 *	A LAN's packets that nobody will carry are refused before routing, which
 *	would drop them silently, so that programs try TCP at once.
 * Not here
 *	What the engine itself may do with a flow is FlowRule's (rules.h): the
 *	networks of direct rules are let through for it here, no more.  Whether
 *	an ARP request asks for the right things is the sysctls'; ARP that
 *	speaks of addresses which are only ours is dropped.  The arp family has
 *	no chain, since the egress of each uplink sees ARP, too.
 */
#include "policy/fwplan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/fwplan_int.h"

static const struct fwplan_place places[FWPLAN_NCHAINS] = {
	[FWPLAN_PRE_RAW] = { .name = "pre_raw",
		.hook = FWPLAN_HOOK_PREROUTING, .priority = -300, .accept = 1 },
	[FWPLAN_PRE_DIVERT] = { .name = "pre_divert",
		.hook = FWPLAN_HOOK_PREROUTING, .priority = -150, .accept = 1 },
	[FWPLAN_PRE_NAT] = { .name = "pre_nat", .nat = 1,
		.hook = FWPLAN_HOOK_PREROUTING, .priority = -100, .accept = 1 },
	[FWPLAN_PRE_REFUSE] = { .name = "pre_refuse",
		.hook = FWPLAN_HOOK_PREROUTING, .priority = -90, .accept = 1 },
	[FWPLAN_INPUT] = { .name = "input", .hook = FWPLAN_HOOK_INPUT },
	[FWPLAN_FORWARD] = { .name = "forward", .hook = FWPLAN_HOOK_FORWARD },
	[FWPLAN_OUT_NAT] = { .name = "out_nat", .nat = 1,
		.hook = FWPLAN_HOOK_OUTPUT, .priority = -100, .accept = 1 },
	[FWPLAN_OUTPUT] = { .name = "output", .hook = FWPLAN_HOOK_OUTPUT },
	[FWPLAN_POSTROUTING] = { .name = "postrouting",
		.hook = FWPLAN_HOOK_POSTROUTING },
	[FWPLAN_FROM_UPLINK] = { .name = "from_uplink" },
	[FWPLAN_FROM_LAN] = { .name = "from_lan" },
	[FWPLAN_TO_LAN] = { .name = "to_lan" },
	[FWPLAN_LEAVE] = { .name = "leave" },
	[FWPLAN_ENGINE] = { .name = "engine" },
	[FWPLAN_WIRE] = { .name = "wire", .netdev = 1 },
	[FWPLAN_WIRE_ENGINE] = { .name = "wire_engine", .netdev = 1 },
};

static const char *const set_names[FWPLAN_NSETS] = {
	[FWPLAN_LANS] = "lans", [FWPLAN_TUN_LANS] = "tun_lans",
	[FWPLAN_TRANS_LANS] = "trans_lans", [FWPLAN_UPLINKS] = "uplinks",
	[FWPLAN_RELAYS4] = "relays4", [FWPLAN_RELAYS6] = "relays6",
	[FWPLAN_DIRECT4] = "direct4", [FWPLAN_DIRECT6] = "direct6",
};

static const char *const reason_names[FWPLAN_NREASONS] = {
	[FWPLAN_UNCOUNTED] = "",
	[FWPLAN_R_SPOOFED] = "drop_spoofed",
	[FWPLAN_R_LOOPBACK] = "drop_loopback",
	[FWPLAN_R_TUN_RANGE] = "drop_tun_range",
	[FWPLAN_R_VIRTUAL] = "drop_virtual",
	[FWPLAN_R_INVALID] = "drop_invalid",
	[FWPLAN_R_NO_SYN] = "drop_no_syn",
	[FWPLAN_R_REFUSED] = "refused",
	[FWPLAN_R_INPUT] = "drop_input",
	[FWPLAN_R_FORWARD] = "drop_forward",
	[FWPLAN_R_OUTPUT] = "drop_output",
	[FWPLAN_R_POSTROUTING] = "drop_postrouting",
	[FWPLAN_R_WIRE] = "drop_wire",
};

const struct fwplan_place *
fwplan_place(enum fwplan_chain chain)
{
	return &places[chain];
}

const char *
fwplan_set_name(enum fwplan_set set)
{
	return set_names[set];
}

const char *
fwplan_reason_name(enum fwplan_reason reason)
{
	return reason_names[reason];
}

int
fwplan_set_is_links(enum fwplan_set set)
{
	return set <= FWPLAN_UPLINKS;
}

const char *
fwplan_net_text(const struct addr_net *net, char out[FWPLAN_NET_TEXT])
{
	struct addr a = net->addr;
	char text[ADDR_TEXT];
	size_t i;

	for (i = net->bits; i < addr_iplen(&a) * 8; i++)
		a.ip[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	snprintf(out, FWPLAN_NET_TEXT, "%s/%u", addr_ip_raw(&a, text),
	    net->bits);
	return out;
}

/* --- lists of interfaces --- */

static int
has_link(const struct fwplan_links *l, const char *name)
{
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->name[i], name) == 0)
			return 1;
	return 0;
}

/* "*" and "+" are patterns, and quotes would end the word. */
int
fwplan_link_is_plain(const char *name)
{
	size_t i, len = strnlen(name, FWPLAN_IFNAME);

	for (i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= 'A' && name[i] <= 'Z') &&
		    !(name[i] >= '0' && name[i] <= '9') &&
		    strchr("-_.@#", name[i]) == NULL)
			return 0;
	return len > 0 && len < FWPLAN_IFNAME;
}

int
fwplan_is_shared(const struct fwplan_conf *c, const char *lan)
{
	unsigned i;

	for (i = 0; i < c->nallow; i++)
		if (c->allow[i].proto == FWPLAN_ALLOW_VRRP &&
		    strcmp(c->allow[i].link, lan) == 0)
			return 1;
	return 0;
}

/* --- is it something that can be planned? --- */

static void
check_links(struct fwplan_build *b, const struct fwplan_links *l,
    const char *what)
{
	unsigned i;

	if (l->n > FWPLAN_LINKS_MAX)
		fwp_fail(b, -E2BIG, "there are more than %d %ss",
		    FWPLAN_LINKS_MAX, what);
	for (i = 0; b->err == 0 && i < l->n; i++) {
		if (!fwplan_link_is_plain(l->name[i]))
			fwp_fail(b, -EINVAL,
			    "the firewall's rules cannot name the %s '%.15s': "
			    "rename it", what, l->name[i]);
		if (strcmp(l->name[i], "lo") == 0)
			fwp_fail(b, -EINVAL, "lo is no %s", what);
	}
}

/* What is on both sides of the wall is a hole in it. */
static void
check_apart(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	const char *name;
	unsigned i;

	for (i = 0; b->err == 0 && i < c->uplinks.n; i++) {
		name = c->uplinks.name[i];
		if (has_link(&c->lans, name) || has_link(&c->tun_lans, name))
			fwp_fail(b, -EINVAL,
			    "%s is an uplink and a LAN: it can only be one of "
			    "them", name);
		if (strcmp(c->tun, name) == 0)
			fwp_fail(b, -EINVAL, "%s is an uplink and the TUN",
			    name);
	}
	for (i = 0; b->err == 0 && i < c->lans.n; i++)
		if (has_link(&c->tun_lans, c->lans.name[i]))
			fwp_fail(b, -EINVAL,
			    "%s is led into the TUN and turned around: it can "
			    "only be one of them",
			    c->lans.name[i]);
}

static void
check_sizes(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;

	if (c->uplinks.n > FWPLAN_LINKS_MAX)
		fwp_fail(b, -E2BIG, "there are more than %d uplinks",
		    FWPLAN_LINKS_MAX);
	if (c->nrelays > FWPLAN_RELAYS_MAX)
		fwp_fail(b, -E2BIG,
		    "there are more than %d relays to begin with",
		    FWPLAN_RELAYS_MAX);
	if (c->ndirect > FWPLAN_DIRECT_MAX)
		fwp_fail(b, -E2BIG,
		    "direct rules have more than %d networks and ports",
		    FWPLAN_DIRECT_MAX);
	if (c->nlisten > FWPLAN_LISTEN_MAX || c->nallow > FWPLAN_ALLOW_MAX)
		fwp_fail(b, -E2BIG,
		    "there are more than %d ports for LANs, or %d allowances",
		    FWPLAN_LISTEN_MAX, FWPLAN_ALLOW_MAX);
	if (c->ntun_net > FWPLAN_NET_MAX || c->nvirt > FWPLAN_NET_MAX)
		fwp_fail(b, -E2BIG, "there are more networks than families");
}

static void
check_allowed(struct fwplan_build *b)
{
	const struct fwplan_allow *a;
	unsigned i;

	for (i = 0; b->err == 0 && i < b->conf->nallow; i++) {
		a = &b->conf->allow[i];
		if (!fwplan_link_is_plain(a->link))
			fwp_fail(b, -EINVAL,
			    "the firewall's rules cannot name the interface "
			    "'%.15s': rename it", a->link);
		if (a->proto < FWPLAN_ALLOW_TCP ||
		    a->proto > FWPLAN_ALLOW_VRRP || a->lo > a->hi ||
		    (a->proto == FWPLAN_ALLOW_EAPOL && !a->out) ||
		    (a->proto == FWPLAN_ALLOW_VRRP && a->out))
			fwp_fail(b, -EINVAL, "an allowance makes no sense");
		if (a->proto == FWPLAN_ALLOW_VRRP &&
		    has_link(&b->conf->uplinks, a->link))
			fwp_fail(b, -EINVAL, "VRRP is spoken on LANs, and %s is "
			    "an uplink", a->link);
	}
}

static void
check(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;

	check_links(b, &c->uplinks, "uplink");
	check_links(b, &c->lans, "LAN");
	check_links(b, &c->tun_lans, "LAN");
	if (c->lans.n + c->tun_lans.n > FWPLAN_LINKS_MAX)
		fwp_fail(b, -E2BIG, "there are more than %d LANs",
		    FWPLAN_LINKS_MAX);
	if (c->tun[0] && !fwplan_link_is_plain(c->tun))
		fwp_fail(b, -EINVAL, "the firewall's rules cannot name the TUN "
		    "'%.15s': rename it", c->tun);
	check_apart(b);
	check_sizes(b);
	check_allowed(b);
	if (c->uid == 0)
		fwp_fail(b, -EINVAL,
		    "the firewall knows the engine by its user, and root is "
		    "everybody's: set User to an account of its own");
}

/* --- the plan --- */

static void
add_links(struct fwplan_build *b)
{
	const struct fwplan_conf *c = b->conf;
	struct fwplan_links *all = &b->plan->links[FWPLAN_LANS];
	unsigned i;

	b->plan->links[FWPLAN_UPLINKS] = c->uplinks;
	b->plan->links[FWPLAN_TRANS_LANS] = c->lans;
	b->plan->links[FWPLAN_TUN_LANS] = c->tun_lans;
	*all = c->lans;
	for (i = 0; i < c->tun_lans.n; i++)
		memcpy(all->name[all->n++], c->tun_lans.name[i],
		    FWPLAN_IFNAME);
}

static int
compare(const void *a, const void *b)
{
	const struct addr *x = a, *y = b;
	int d;

	if (x->family != y->family)
		return x->family - y->family;
	if ((d = memcmp(x->ip, y->ip, addr_iplen(x))) != 0)
		return d;
	return x->port - y->port;
}

/* In order, each once. */
static void
add_relays(struct fwplan_build *b)
{
	struct fwplan *p = b->plan;
	size_t i, n = b->conf->nrelays;

	if (n == 0)
		return;
	if ((p->relays = calloc(n, sizeof(*p->relays))) == NULL) {
		fwp_fail(b, -ENOMEM, "no memory");
		return;
	}
	memcpy(p->relays, b->conf->relays, n * sizeof(*p->relays));
	qsort(p->relays, n, sizeof(*p->relays), compare);
	for (i = 0; i < n; i++)
		if (p->relays[i].family && p->relays[i].port &&
		    (p->nrelays == 0 || compare(&p->relays[i],
		    &p->relays[p->nrelays - 1]) != 0))
			p->relays[p->nrelays++] = p->relays[i];
}

static int
finish(struct fwplan_build *b)
{
	if (b->err)
		fwplan_free(b->plan);
	return b->err;
}

int
fwplan_make(struct fwplan *p, const struct fwplan_conf *c, char *why)
{
	struct fwplan_build b = { .plan = p, .conf = c, .why = why };

	memset(p, 0, sizeof(*p));
	check(&b);
	if (b.err)
		return b.err;
	add_links(&b);
	if (!c->any_relay)
		add_relays(&b);
	fwp_add_in(&b);
	fwp_add_out(&b);
	return finish(&b);
}

static void
add_base(struct fwplan_build *b)
{
	fwp_drop_odd(b, FWPLAN_INPUT);
	fwp_on_link(fwp_add(b, FWPLAN_INPUT, FWPLAN_ACCEPT), FWPLAN_M_IIF,
	    "lo");
	fwp_add_allowed(b, FWPLAN_INPUT, 0);
	fwp_drop(b, FWPLAN_INPUT, FWPLAN_R_INPUT);
	fwp_drop(b, FWPLAN_FORWARD, FWPLAN_R_FORWARD);
	fwp_jump(b, FWPLAN_OUTPUT, FWPLAN_LEAVE);
	fwp_drop(b, FWPLAN_OUTPUT, FWPLAN_R_OUTPUT);
	fwp_jump(b, FWPLAN_POSTROUTING, FWPLAN_LEAVE);
	fwp_drop(b, FWPLAN_POSTROUTING, FWPLAN_R_POSTROUTING);
	fwp_on_link(fwp_add(b, FWPLAN_LEAVE, FWPLAN_ACCEPT), FWPLAN_M_OIF,
	    "lo");
	fwp_drop_odd(b, FWPLAN_LEAVE);
	fwp_add_allowed(b, FWPLAN_LEAVE, 1);
}

int
fwplan_make_early(struct fwplan *p, const struct fwplan_conf *c, char *why)
{
	struct fwplan_build b = { .plan = p, .conf = c, .why = why };

	memset(p, 0, sizeof(*p));
	check_sizes(&b);
	check_allowed(&b);
	if (b.err)
		return b.err;
	add_base(&b);
	return finish(&b);
}

/* Who gets addresses by DHCP sends from packet sockets, and what these send
 * the other chains do not see. */
int
fwplan_make_closed(struct fwplan *p, const struct fwplan_conf *c, char *why)
{
	struct fwplan_build b = { .plan = p, .conf = c, .why = why };

	memset(p, 0, sizeof(*p));
	check(&b);
	if (b.err)
		return b.err;
	p->links[FWPLAN_UPLINKS] = c->uplinks;
	add_base(&b);
	fwp_add_wire(&b, 0);
	return finish(&b);
}

void
fwplan_free(struct fwplan *p)
{
	free(p->rules);
	free(p->relays);
	memset(p, 0, sizeof(*p));
}
