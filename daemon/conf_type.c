/* daemon/conf_type.c - kinds of values: how they are read and written */
#include "daemon/conf_type.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_dir.h"
#include "daemon/conf_dns.h"
#include "daemon/conf_firewall.h"
#include "daemon/conf_flow.h"
#include "daemon/conf_logs.h"
#include "daemon/conf_names.h"
#include "daemon/conf_nodes.h"
#include "daemon/conf_port.h"
#include "daemon/conf_reach.h"
#include "daemon/conf_scalar.h"
#include "daemon/conf_tun.h"
#include "daemon/conf_util.h"
#include "policy/rule.h"

static const struct conf_type types[CONF_NKINDS] = {
	[CONF_K_BOOL] = { .wants = "0 or 1",
		.read = conf_read_bool, .print = conf_print_int },
	[CONF_K_AUTOBOOL] = { .wants = "0, 1 or auto",
		.read = conf_read_autobool, .print = conf_print_autobool },
	[CONF_K_INT] = { .wants = "a whole number",
		.read = conf_read_int, .print = conf_print_int },
	[CONF_K_POSINT] = { .wants = "a whole number that is not negative",
		.read = conf_read_posint, .print = conf_print_int },
	[CONF_K_UINT64] = { .wants = "a whole number that is not negative",
		.read = conf_read_uint64, .print = conf_print_uint64 },
	[CONF_K_SECONDS] = { .wants = "a time, such as 10 minutes or 1 hour "
		"(a bare number is seconds)",
		.read = conf_read_seconds, .print = conf_print_int64 },
	[CONF_K_MSEC] = { .wants = "a time, such as 100 msec or 1 second "
		"(a bare number is milliseconds)",
		.read = conf_read_msec, .print = conf_print_int64 },
	[CONF_K_SIZE] = { .wants = "a size, such as 64 KB or 1 GB "
		"(a bare number is bytes)",
		.read = conf_read_size, .print = conf_print_uint64 },
	[CONF_K_DOUBLE] = { .wants = "a number",
		.read = conf_read_double, .print = conf_print_double },
	[CONF_K_STRING] = { .wants = "a text",
		.read = conf_read_string, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_PATH] = { .wants = "a path",
		.read = conf_read_string, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_WORDS] = { .wants = "a list with commas",
		.read = conf_read_words, .print = conf_print_words,
		.free = conf_free_words },
	[CONF_K_NUMBERS] = { .wants = "a list of ports with commas",
		.read = conf_read_numbers, .print = conf_print_numbers,
		.free = conf_free_numbers },
	[CONF_K_DELAY] = { .wants = "a time in seconds",
		.read = conf_read_delay, .print = conf_print_int64 },
	[CONF_K_NODES] = { .wants = "a list with commas of fingerprints, "
		"nicknames, {country codes}, addresses and networks",
		.read = conf_read_nodes, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_SCRUB] = { .wants = "0, 1 or relay",
		.read = conf_read_scrub, .print = conf_print_scrub },
	[CONF_K_TRANS_TYPE] = { .wants = "default or TPROXY",
		.read = conf_read_trans_type, .print = conf_print_trans_type },
	[CONF_K_UX] = { .wants = "throughput, latency, throughput_lowmem or "
		"latency_lowmem", .read = conf_read_ux, .print = conf_print_ux },
	[CONF_K_SUFFIXES] = { .wants = "ends of names with commas, such as "
		".onion,.exit", .read = conf_read_suffixes,
		.print = conf_print_words, .free = conf_free_words },
	[CONF_K_NET4] = { .wants = "an IPv4 network, such as 10.192.0.0/10",
		.read = conf_read_net4, .print = conf_print_net },
	[CONF_K_NET6] = { .wants = "an IPv6 network, such as "
		"[FD61:7574:6F6D::]/48",
		.read = conf_read_net6, .print = conf_print_net },
	[CONF_K_TUN_DEVICE] = { .wants = "the name of an interface, and then "
		"flags", .read = conf_read_tun_device,
		.print = conf_print_tun_device },
	[CONF_K_TUN_ADDRESS] = { .wants = "ADDRESS/BITS, one of each family",
		.read = conf_read_tun_address,
		.print = conf_print_tun_address },
	[CONF_K_TUN_CLIENTS] = { .wants = "names of interfaces, or local, or "
		"both", .read = conf_read_tun_clients,
		.print = conf_print_tun_clients },
	[CONF_K_LINKS] = { .wants = "names of interfaces",
		.read = conf_read_links, .print = conf_print_links },
	[CONF_K_LINES] = { .wants = "a text", .item = sizeof(char *),
		.read = conf_read_line, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_NODE_SETS] = { .wants = "a list with commas of fingerprints, "
		"nicknames, {country codes}, addresses and networks",
		.item = sizeof(char *),
		.read = conf_read_node_set, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_TRANS_PORTS] = { .wants = "PORT, ADDRESS:PORT, auto or 0, and "
		"then flags", .item = sizeof(struct conf_port),
		.read = conf_read_trans_port, .print = conf_print_port },
	[CONF_K_DNS_PORTS] = { .wants = "PORT, ADDRESS:PORT, auto or 0, and "
		"then flags", .item = sizeof(struct conf_port),
		.read = conf_read_dns_port, .print = conf_print_port },
	[CONF_K_SOCKS_PORTS] = { .wants = "PORT, ADDRESS:PORT, unix:PATH, auto "
		"or 0, and then flags", .item = sizeof(struct conf_port),
		.read = conf_read_socks_port, .print = conf_print_port },
	[CONF_K_HTTP_PORTS] = { .wants = "PORT, ADDRESS:PORT, auto or 0, and "
		"then flags", .item = sizeof(struct conf_port),
		.read = conf_read_http_port, .print = conf_print_port },
	[CONF_K_OTHER_PORTS] = { .wants = "a port", .item = sizeof(char *),
		.read = conf_read_line, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_AUTHORITIES] = { .wants = "[NICKNAME] [FLAGS] IPV4:DIRPORT "
		"FINGERPRINT", .item = sizeof(struct conf_authority),
		.read = conf_read_authority, .print = conf_print_authority },
	[CONF_K_FALLBACKS] = { .wants = "ADDRESS:DIRPORT orport=PORT "
		"id=FINGERPRINT [weight=N] [ipv6=[ADDRESS]:PORT]",
		.item = sizeof(struct conf_fallback),
		.read = conf_read_fallback, .print = conf_print_fallback },
	[CONF_K_BRIDGES] = { .wants = "ADDRESS:PORT FINGERPRINT",
		.item = sizeof(struct conf_bridge),
		.read = conf_read_bridge, .print = conf_print_bridge,
		.free = conf_free_bridge },
	[CONF_K_LOGS] = { .wants = "[DOMAINS]SEVERITY[-SEVERITY] and then "
		"stdout, stderr, syslog or file PATH",
		.item = sizeof(struct conf_log), .read = conf_read_log,
		.print = conf_print_log, .free = conf_free_log },
	[CONF_K_RULES] = { .wants = "accept or reject ADDRESS[/BITS][:PORT], "
		"and more with commas", .item = sizeof(struct conf_rule),
		.read = conf_read_rules, .print = conf_print_rule },
	[CONF_K_FLOW_RULES] = { .wants = "torify, direct, reject or drop, and "
		"then from NETWORK, to NETWORK, port PORTS, accept=deferred or "
		"accept=optimistic", .item = sizeof(struct rule),
		.read = conf_read_flow_rule, .print = conf_print_flow_rule },
	[CONF_K_ALLOWS] = { .wants = "in or out, an interface, tcp, udp, ping, "
		"eapol or vrrp, and then NETWORK and PORTS",
		.item = sizeof(struct conf_allow),
		.read = conf_read_allow, .print = conf_print_allow },
	[CONF_K_ADDRS] = { .wants = "an IP address",
		.item = sizeof(struct addr),
		.read = conf_read_addr, .print = conf_print_addr },
	[CONF_K_MAP_ADDRESSES] = { .wants = "FROM TO, each a name or an "
		"address, or *. and a name", .item = sizeof(char *),
		.read = conf_read_map_address, .print = conf_print_string,
		.free = conf_free_string },
	[CONF_K_RESOLVERS] = { .wants = "ADDRESS[:PORT] [tls=NAME]",
		.item = sizeof(struct conf_resolver),
		.read = conf_read_resolver, .print = conf_print_resolver },
};

const struct conf_type *
conf_type(enum conf_kind kind)
{
	return &types[kind];
}

int
conf_type_many(enum conf_kind kind)
{
	return types[kind].item != 0;
}

void
conf_type_free(enum conf_kind kind, void *field)
{
	const struct conf_type *t = &types[kind];
	char *items;
	size_t i, n;

	if (t->item == 0) {
		if (t->free)
			t->free(field);
		return;
	}
	conf_array_get(field, (void **)&items, &n);
	for (i = 0; i < n && t->free; i++)
		t->free(items + i * t->item);
	free(items);
	memset(field, 0, sizeof(items) + sizeof(n));
}

size_t
conf_type_count(enum conf_kind kind, const void *field)
{
	void *items;
	size_t n = 1;

	if (types[kind].item)
		conf_array_get(field, &items, &n);
	return n;
}

void
conf_type_print(enum conf_kind kind, FILE *f, const void *field, size_t i)
{
	const struct conf_type *t = &types[kind];
	char *items;
	size_t n;

	if (t->item == 0) {
		t->print(f, field);
		return;
	}
	conf_array_get(field, (void **)&items, &n);
	t->print(f, items + i * t->item);
}
