/* daemon/conf_firewall.c - the options of the firewall */
#include "daemon/conf_firewall.h"

#include <errno.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_tun.h"
#include "daemon/conf_util.h"
#include "policy/fwplan.h"

static const struct {
	const char	*word;
	enum fwplan_allow_proto proto;
} protos[] = {
	{ "tcp", FWPLAN_ALLOW_TCP }, { "udp", FWPLAN_ALLOW_UDP },
	{ "ping", FWPLAN_ALLOW_PING }, { "eapol", FWPLAN_ALLOW_EAPOL },
	{ "vrrp", FWPLAN_ALLOW_VRRP },
};
enum { NPROTOS = sizeof(protos) / sizeof(protos[0]) };

/* One that rules of a firewall can name, too. */
static int
read_link(char out[CONF_IFNAME], const char *s, size_t len,
    struct conf_note *note)
{
	int rc = conf_read_ifname(out, s, len, note);

	if (rc == 0 && !fwplan_link_is_plain(out))
		return conf_wrong(note, "a firewall's rules cannot name '%s'",
		    out);
	return rc;
}

/* --- Uplink --- */

static int
add_link(struct conf_links *l, const char *word, size_t len,
    struct conf_note *note)
{
	char name[CONF_IFNAME];
	unsigned i;
	int rc;

	if ((rc = read_link(name, word, len, note)) < 0)
		return rc;
	for (i = 0; i < l->n; i++)
		if (strcmp(l->name[i], name) == 0)
			return conf_wrong(note, "%s stands twice", name);
	if (l->n == CONF_LINKS_MAX)
		return conf_wrong(note, "there are more than %d",
		    CONF_LINKS_MAX);
	memcpy(l->name[l->n++], name, sizeof(name));
	return 0;
}

int
conf_read_links(void *field, const char *s, struct conf_note *note)
{
	struct conf_links l = { .n = 0 };
	const char *begin = s, *word;
	size_t len;
	int rc;

	while ((word = conf_word(&s, &len)) != NULL)
		if ((rc = add_link(&l, word, len, note)) < 0) {
			note->column = (size_t)(word - begin) + 1;
			return rc;
		}
	memcpy(field, &l, sizeof(l));
	return 0;
}

void
conf_print_links(FILE *f, const void *field)
{
	const struct conf_links *l = field;
	unsigned i;

	for (i = 0; i < l->n; i++)
		fprintf(f, "%s%s", i ? " " : "", l->name[i]);
}

/* --- FirewallAllow --- */

static int
read_direction(struct conf_allow *a, const char *s, size_t len,
    struct conf_note *note)
{
	a->out = conf_is(s, len, "out");
	if (!a->out && !conf_is(s, len, "in"))
		return conf_wrong(note, "'%.*s' is neither in nor out",
		    len < 60 ? (int)len : 60, s);
	return 0;
}

static int
read_proto(struct conf_allow *a, const char *s, size_t len,
    struct conf_note *note)
{
	size_t i;

	for (i = 0; i < NPROTOS; i++)
		if (conf_is(s, len, protos[i].word))
			a->proto = protos[i].proto;
	if (a->proto == 0)
		return conf_wrong(note, "'%.*s' is none of tcp, udp, ping, "
		    "eapol, vrrp", len < 60 ? (int)len : 60, s);
	if (a->proto == FWPLAN_ALLOW_EAPOL && !a->out)
		return conf_wrong(note, "eapol only goes out: it comes in "
		    "anyway");
	if (a->proto == FWPLAN_ALLOW_VRRP && a->out)
		return conf_wrong(note, "vrrp is said with in, and is let out "
		    "with it");
	return 0;
}

static int
has_ports(const struct conf_allow *a)
{
	return a->proto == FWPLAN_ALLOW_TCP || a->proto == FWPLAN_ALLOW_UDP;
}

static int
is_ports(const char *s, size_t len)
{
	return memchr(s, '.', len) == NULL && memchr(s, ':', len) == NULL;
}

static int
read_net(struct conf_allow *a, const char *s, size_t len,
    struct conf_note *note)
{
	if (a->proto == FWPLAN_ALLOW_EAPOL)
		return conf_wrong(note, "eapol has no addresses");
	if (a->net.addr.family)
		return conf_wrong(note, "there is a network already");
	if (addr_net_parse(&a->net, s, (int)len) < 0)
		return conf_wrong(note, "'%.*s' is no network",
		    len < 60 ? (int)len : 60, s);
	return 0;
}

/* "22", or "8000-8010". */
static int
read_range(struct conf_allow *a, const char *s, size_t len)
{
	const char *dash = memchr(s, '-', len);
	size_t n = dash ? (size_t)(dash - s) : len;

	if (addr_port_parse(&a->lo, s, (int)n) < 0)
		return -EINVAL;
	a->hi = a->lo;
	if (dash && addr_port_parse(&a->hi, dash + 1, (int)(len - n - 1)) < 0)
		return -EINVAL;
	return a->lo <= a->hi ? 0 : -EINVAL;
}

static int
add_allow(void *array, const struct conf_allow *a)
{
	struct conf_allow *at = conf_array_add(array, sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	*at = *a;
	return 0;
}

static int
add_ranges(void *array, struct conf_allow *a, const char *s, size_t len,
    struct conf_note *note)
{
	const char *comma;
	size_t n;
	int rc;

	for (;; s += n + 1, len -= n + 1) {
		comma = memchr(s, ',', len);
		n = comma ? (size_t)(comma - s) : len;
		if (read_range(a, s, n) < 0)
			return conf_wrong(note, "'%.*s' is no port, and no "
			    "range of ports", n < 60 ? (int)n : 60, s);
		if ((rc = add_allow(array, a)) < 0 || comma == NULL)
			return rc;
	}
}

static void
say_what_it_means(const struct conf_allow *a, struct conf_note *note)
{
	char net[ADDR_TEXT] = "anywhere";

	if (!a->out || a->proto == FWPLAN_ALLOW_EAPOL)
		return;
	if (a->net.addr.family)
		addr_ip_raw(&a->net.addr, net);
	conf_odd(note, "what goes out by %s to %s so DOES NOT GO THROUGH TOR: "
	    "it shows this host's own address", a->link, net);
}

static int
read_fixed(struct conf_allow *a, const char **s, const char **word,
    struct conf_note *note)
{
	int (*const step[])(struct conf_allow *, const char *, size_t,
	    struct conf_note *) = { read_direction, NULL, read_proto };
	size_t len, i;
	int rc;

	for (i = 0; i < 3; i++) {
		if ((*word = conf_word(s, &len)) == NULL) {
			*word = *s;
			return conf_wrong(note, "there must be in or out, an "
			    "interface, and a protocol");
		}
		rc = step[i] ? step[i](a, *word, len, note) :
		    read_link(a->link, *word, len, note);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* [NETWORK] [PORTS] */
static int
read_rest(void *array, struct conf_allow *a, const char **s,
    const char **word, struct conf_note *note)
{
	size_t len;
	int rc;

	while ((*word = conf_word(s, &len)) != NULL) {
		if (!is_ports(*word, len)) {
			if ((rc = read_net(a, *word, len, note)) < 0)
				return rc;
			continue;
		}
		if (!has_ports(a))
			return conf_wrong(note, "only tcp and udp have ports");
		if ((rc = add_ranges(array, a, *word, len, note)) < 0)
			return rc;
		if ((*word = conf_word(s, &len)) != NULL)
			return conf_wrong(note, "ports come last");
		return 0;
	}
	return add_allow(array, a);
}

int
conf_read_allow(void *array, const char *s, struct conf_note *note)
{
	struct conf_allow a = { .out = 0 };
	const char *begin = s, *word = s;
	int rc;

	if ((rc = read_fixed(&a, &s, &word, note)) == 0)
		rc = read_rest(array, &a, &s, &word, note);
	if (rc == -EINVAL)
		note->column = (size_t)(word - begin) + 1;
	if (rc == 0)
		say_what_it_means(&a, note);
	return rc;
}

void
conf_print_allow(FILE *f, const void *item)
{
	const struct conf_allow *a = item;
	char text[ADDR_TEXT];
	size_t i;

	fprintf(f, "%s %s", a->out ? "out" : "in", a->link);
	for (i = 0; i < NPROTOS; i++)
		if (protos[i].proto == (enum fwplan_allow_proto)a->proto)
			fprintf(f, " %s", protos[i].word);
	if (a->net.addr.family)
		fprintf(f, " %s/%u", addr_ip_raw(&a->net.addr, text),
		    a->net.bits);
	if (a->hi)
		fprintf(f, " %u", a->lo);
	if (a->hi != a->lo)
		fprintf(f, "-%u", a->hi);
}
