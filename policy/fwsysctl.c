/* policy/fwsysctl.c - the sysctls that have to hold while the rules do
 *
 * What counts for an interface is, as the case may be, the higher of its own
 * value and that of "all", or both, or one of them; so both are set, and
 * "default", which interfaces have that come later.
 */
#include "policy/fwsysctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/grow.h"

struct list {
	struct fwsysctl	*at;
	size_t		 n;
	int		 err;
};

static const struct { const char *leaf; int8_t value; } always4[] = {
	{ "arp_ignore", 2 },		/* no answer for another interface's */
	{ "arp_announce", 2 },		/* no address of another one is told */
	{ "accept_redirects", 0 },
	{ "send_redirects", 0 },
	{ "accept_source_route", 0 },
	{ "route_localnet", 0 },
	{ "proxy_arp", 0 },
}, always6[] = {
	{ "accept_redirects", 0 },
	{ "accept_source_route", 0 },
	{ "proxy_ndp", 0 },
};

static void __attribute__((format(printf, 3, 4)))
add(struct list *l, int value, const char *fmt, ...)
{
	struct fwsysctl *s;
	va_list ap;

	if (l->err < 0 || value == FWSYSCTL_LEAVE)
		return;
	if ((s = grow(&l->at, &l->n, sizeof(*s))) == NULL) {
		l->err = -ENOMEM;
		return;
	}
	snprintf(s->value, sizeof(s->value), "%d", value);
	va_start(ap, fmt);
	vsnprintf(s->path, sizeof(s->path), fmt, ap);
	va_end(ap);
}

static void
add_link(struct list *l, const struct fwsysctl_link *k)
{
	size_t i;

	add(l, k->rp_filter, "net/ipv4/conf/%s/rp_filter", k->name);
	for (i = 0; i < sizeof(always4) / sizeof(always4[0]); i++)
		add(l, always4[i].value, "net/ipv4/conf/%s/%s", k->name,
		    always4[i].leaf);
	add(l, k->accept_ra, "net/ipv6/conf/%s/accept_ra", k->name);
	for (i = 0; i < sizeof(always6) / sizeof(always6[0]); i++)
		add(l, always6[i].value, "net/ipv6/conf/%s/%s", k->name,
		    always6[i].leaf);
}

static int
is_name(const char *s)
{
	size_t n = strnlen(s, NETPLAN_IFNAME);

	return n > 0 && n < NETPLAN_IFNAME && s[0] != '.' &&
	    strcspn(s, "/ \t\n") == n;
}

int
fwsysctl_make(struct fwsysctl **out, size_t *n, const struct fwsysctl_conf *c)
{
	struct fwsysctl_link all = { "all", c->rp_filter, c->accept_ra },
	    new = { "default", c->rp_filter, c->accept_ra };
	struct list l = { .at = NULL };
	size_t i;

	for (i = 0; i < c->nlinks; i++)
		if (!is_name(c->links[i].name))
			return -EINVAL;
	add(&l, c->forward4, "net/ipv4/ip_forward");
	add(&l, c->forward6, "net/ipv6/conf/all/forwarding");
	add(&l, 1, "net/ipv4/icmp_echo_ignore_broadcasts");
	add(&l, c->timestamps, "net/ipv4/tcp_timestamps");
	add(&l, 0, "net/netfilter/nf_conntrack_tcp_loose");
	if (c->liberal)
		add(&l, 1, "net/netfilter/nf_conntrack_tcp_be_liberal");
	add_link(&l, &all);
	add_link(&l, &new);
	for (i = 0; i < c->nlinks; i++)
		add_link(&l, &c->links[i]);
	if (l.err < 0) {
		free(l.at);
		return l.err;
	}
	*out = l.at;
	*n = l.n;
	return 0;
}
