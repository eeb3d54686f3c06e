/* daemon/conf_names.c - what is said of names: MapAddress, virtual networks */
#include "daemon/conf_names.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "daemon/conf.h"
#include "daemon/conf_util.h"
#include "daemon/mapaddress.h"

enum {
	BITS4_MAX = 16,			/* the smallest pools, as tor's */
	BITS6_MAX = 104
};

static int
is_suffix(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '*' ||
		    (i && s[i] == '.' && s[i - 1] == '.'))
			return 0;
	return len == 1 || s[len - 1] != '.';
}

int
conf_read_suffixes(void *field, const char *s, struct conf_note *note)
{
	struct conf_strings *list = field;
	const char *item;
	size_t len;

	conf_strings_free(list);
	while ((item = conf_item(&s, &len)) != NULL) {
		if (!is_suffix(item, len))
			return conf_wrong(note, "'%.*s' is not the end of a "
			    "name", len < 60 ? (int)len : 60, item);
		if (conf_strings_add(list, item, len) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int
is_link_local(const struct addr *a)
{
	if (a->family == 4)
		return a->ip[0] == 127 || (a->ip[0] == 169 && a->ip[1] == 254);
	return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

static int
is_no_host(const struct addr *a)
{
	if (a->family == 4)
		return a->ip[0] == 0 || a->ip[0] >= 224;
	return a->ip[0] == 0 || a->ip[0] == 0xff;
}

static void
clear_host(struct addr_net *net)
{
	size_t i, n = addr_iplen(&net->addr) * 8;

	for (i = net->bits; i < n; i++)
		net->addr.ip[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

static int
read_net(void *field, const char *s, int family, int bits_max,
    struct conf_note *note)
{
	struct addr_net net;

	if (addr_net_parse(&net, s, -1) < 0)
		return conf_wrong(note, "it is no network");
	if (net.addr.family != family)
		return conf_wrong(note, "it is a network of IPv%d",
		    net.addr.family);
	if (net.bits > bits_max)
		return conf_wrong(note, "it is too small: a /%d at least",
		    bits_max);
	clear_host(&net);
	if (is_no_host(&net.addr))
		return conf_wrong(note, "nobody can connect to its addresses");
	if (is_link_local(&net.addr))
		conf_odd(note, "this network is not routed: only programs of "
		    "this host itself can use it, if any");
	else if (!addr_is_internal(&net.addr))
		conf_odd(note, "this is a network of the internet; who has an "
		    "address in it cannot be reached");
	*(struct addr_net *)field = net;
	return 0;
}

int
conf_read_net4(void *field, const char *s, struct conf_note *note)
{
	return read_net(field, s, 4, BITS4_MAX, note);
}

int
conf_read_net6(void *field, const char *s, struct conf_note *note)
{
	return read_net(field, s, 6, BITS6_MAX, note);
}

void
conf_print_net(FILE *f, const void *field)
{
	const struct addr_net *net = field;
	char ip[ADDR_TEXT];

	fprintf(f, net->addr.family == 6 ? "[%s]/%u" : "%s/%u",
	    addr_ip_raw(&net->addr, ip), net->bits);
}

int
conf_nets_overlap(const struct addr_net *a, const struct addr_net *b)
{
	return a->addr.family && addr_same_prefix(&a->addr, &b->addr,
	    a->bits < b->bits ? a->bits : b->bits);
}

int
conf_read_map_address(void *array, const char *s, struct conf_note *note)
{
	char why[MAPADDRESS_WHY], text[MAPADDRESS_TEXT];
	struct mapaddress_rule r;

	if (mapaddress_parse(&r, s, why) < 0)
		return conf_wrong(note, "%s", why);
	mapaddress_text(&r, text);
	return conf_strings_add(array, text, strlen(text));
}
