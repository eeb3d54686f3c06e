/* daemon/conf_tun.c - the options of the TUN */
#include "daemon/conf_tun.h"

#include <errno.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_port.h"
#include "daemon/conf_util.h"
#include "policy/netplan.h"

/* As the kernel takes it; and as a path of a sysctl takes it. */
int
conf_read_ifname(char *out, const char *s, size_t len,
    struct conf_note *note)
{
	size_t i;

	if (len >= CONF_IFNAME)
		return conf_wrong(note, "'%.*s' is longer than %d characters",
		    len < 60 ? (int)len : 60, s, CONF_IFNAME - 1);
	for (i = 0; i < len; i++)
		if (s[i] < '!' || s[i] > '~' || strchr("/:%", s[i]))
			return conf_wrong(note, "'%.*s' is no name of an "
			    "interface", (int)len, s);
	if (s[0] == '.' || conf_is(s, len, "all") || conf_is(s, len, "default"))
		return conf_wrong(note, "'%.*s' is no name of an interface",
		    (int)len, s);
	if (conf_is(s, len, "lo"))
		return conf_wrong(note, "lo is this host's own");
	memcpy(out, s, len);
	out[len] = '\0';
	return 0;
}

int
conf_read_tun_device(void *field, const char *s, struct conf_note *note)
{
	struct conf_tun_device d = { .name = "" };
	const char *word;
	size_t len;
	int rc;

	if ((word = conf_word(&s, &len)) == NULL)
		return conf_wrong(note, "there is none");
	if ((rc = conf_read_ifname(d.name, word, len, note)) < 0 ||
	    (rc = conf_port_flags(&d.rules, s, note)) < 0)
		return rc;
	memcpy(field, &d, sizeof(d));
	return 0;
}

void
conf_print_tun_device(FILE *f, const void *field)
{
	const struct conf_tun_device *d = field;

	fputs(d->name, f);
	conf_print_flags(f, &d->rules);
}

static int
read_net(struct addr_net *net, const char *s, size_t len,
    struct conf_note *note)
{
	int n = len < 60 ? (int)len : 60, i, bits;
	struct addr peer;
	uint8_t host = 0;

	if (memchr(s, '/', len) == NULL ||
	    addr_net_parse(net, s, (int)len) < 0)
		return conf_wrong(note, "'%.*s' is no ADDRESS/BITS", n, s);
	bits = (int)addr_iplen(&net->addr) * 8;
	for (i = net->bits; i < bits; i++)
		host |= net->addr.ip[i / 8] & (uint8_t)(0x80 >> i % 8);
	if (!host || net->bits == 0)
		return conf_wrong(note, "'%.*s' is a network, not an address "
		    "in one", n, s);
	/* the kernel's, the stack's, and those that mean the network */
	if (net->bits > bits - 2 || netplan_peer(net, &peer) < 0)
		return conf_wrong(note, "there is no address after '%.*s' in "
		    "its network, for the gateway's own", n, s);
	return 0;
}

int
conf_read_tun_address(void *field, const char *s, struct conf_note *note)
{
	struct conf_tun_address a = { .n = 0 };
	const char *word;
	size_t len;
	int rc;

	while ((word = conf_word(&s, &len)) != NULL) {
		if (a.n == CONF_TUN_ADDRS)
			return conf_wrong(note, "there are more than %d",
			    CONF_TUN_ADDRS);
		if ((rc = read_net(&a.net[a.n], word, len, note)) < 0)
			return rc;
		if (a.n && a.net[0].addr.family == a.net[1].addr.family)
			return conf_wrong(note, "two addresses of one family");
		if (!addr_is_internal(&a.net[a.n].addr))
			conf_odd(note, "%.*s is an address of the internet; "
			    "who has it cannot be reached", (int)len, word);
		a.n++;
	}
	if (a.n == 0)
		return conf_wrong(note, "there is none");
	memcpy(field, &a, sizeof(a));
	return 0;
}

void
conf_print_tun_address(FILE *f, const void *field)
{
	const struct conf_tun_address *a = field;
	char text[ADDR_TEXT];
	unsigned i;

	for (i = 0; i < a->n; i++)
		fprintf(f, "%s%s/%u", i ? " " : "",
		    addr_ip_raw(&a->net[i].addr, text), a->net[i].bits);
}

int
conf_tun_has(const struct conf_tun_clients *c, const char *name)
{
	unsigned i;

	for (i = 0; i < c->nlan; i++)
		if (strcmp(c->lan[i], name) == 0)
			return 1;
	return 0;
}

static int
read_client(struct conf_tun_clients *c, const char *word, size_t len,
    struct conf_note *note)
{
	char name[CONF_IFNAME];
	int rc;

	if (conf_is(word, len, "local")) {
		c->local = 1;
		return 0;
	}
	if ((rc = conf_read_ifname(name, word, len, note)) < 0)
		return rc;
	if (conf_tun_has(c, name))
		return conf_wrong(note, "%s stands twice", name);
	if (c->nlan == CONF_TUN_LANS_MAX)
		return conf_wrong(note, "there are more than %d",
		    CONF_TUN_LANS_MAX);
	memcpy(c->lan[c->nlan++], name, sizeof(name));
	return 0;
}

int
conf_read_tun_clients(void *field, const char *s, struct conf_note *note)
{
	struct conf_tun_clients c = { .nlan = 0 };
	const char *word;
	size_t len;
	int rc;

	while ((word = conf_word(&s, &len)) != NULL)
		if ((rc = read_client(&c, word, len, note)) < 0)
			return rc;
	memcpy(field, &c, sizeof(c));
	return 0;
}

void
conf_print_tun_clients(FILE *f, const void *field)
{
	const struct conf_tun_clients *c = field;
	unsigned i;

	for (i = 0; i < c->nlan; i++)
		fprintf(f, "%s%s", i ? " " : "", c->lan[i]);
	if (c->local)
		fprintf(f, "%slocal", i ? " " : "");
}

int
conf_has_tun(const struct conf *c)
{
	return c->tun_clients.nlan || c->tun_clients.local;
}
