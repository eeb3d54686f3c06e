/* tests/tun/hostile_ip.c - packets, scans and floods: D10 to D12, D14, D15 */
#include "tests/tun/hostile.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"
#include "tests/tun/rawdev.h"
#include "tests/tun/rawsum.h"

static struct client a, b;

enum {
	HOLD_MS = 1500,			/* echo_tun's */
	OPENING_MAX = 8192, CROWD = OPENING_MAX / 32
};

/* --- D10: fragments --- */

/* A fragment at @at, in eights, of a packet that is @len bytes at @whole. */
static size_t
fragment(uint8_t *out, const uint8_t *whole, size_t len, size_t at, int more,
    uint32_t id)
{
	size_t head = ip_head(), ext = family == 6 ? 8 : 0;

	memcpy(out, whole, head);
	memmove(out + head + ext, whole + head, len - head);
	if (family == 4) {
		raw_set16(out + 2, len);
		raw_set16(out + 4, id & 0xffff);
		raw_set16(out + 6, at | (more ? 0x2000 : 0));
		raw_set16(out + 10, raw_sum4(out));
		return len;
	}
	raw_set16(out + 4, len - head + ext);
	out[head] = out[6];
	out[head + 1] = 0;
	out[6] = 44;
	raw_set16(out + head + 2, at << 3 | (unsigned)more);
	wire_set32(out + head + 4, id);
	return len + ext;
}

static void
d10_fragment_is_dropped(int n)
{
	static const struct {
		const char	*name;
		size_t		at;
		int		more;
	} c[] = {
		{ "first", 0, 1 }, { "middle", 3, 1 }, { "last", 3, 0 },
		{ "beyond_64_KiB", 0x1fff, 0 }, { "endless", 0x1fff, 1 },
		{ "overlapping_the_header", 1, 0 }
	};
	uint8_t whole[CLIENT_FRAME], f[CLIENT_FRAME], data[1000] = { 0 };
	uint64_t dropped = rawdev_total("fragment");
	size_t len;

	label = c[n].name;
	client_init(&a, family, ECHO);
	len = client_make(&a, &(struct seg){ .flags = SYN, .seq = a.iss,
	    .data = data, .len = sizeof(data) }, whole);
	rawdev_send(f, fragment(f, whole, len, c[n].at, c[n].more, 7));
	need(client_silent(&a));
	need(rawdev_total("fragment") == dropped + 1);
}

static void
d10_two_halves_make_no_whole(int n)
{
	uint8_t whole[CLIENT_FRAME], f[CLIENT_FRAME];
	size_t head = ip_head(), len, half;

	(void)n;
	client_init(&a, family, ECHO);
	len = client_make(&a, &(struct seg){ .flags = SYN, .seq = a.iss,
	    .data = "sixteen bytes...", .len = 16 }, whole);
	half = fragment(f, whole, head + 24, 0, 1, 9);
	rawdev_send(f, half);
	memmove(whole + head, whole + head + 24, len - head - 24);
	rawdev_send(f, fragment(f, whole, len - 24, 3, 0, 9));
	need(client_silent(&a));
	need(serves());
}

/* RFC 6946: it is all of the packet. */
static void
d10_fragment_that_is_all_is_none(int n)
{
	uint8_t whole[CLIENT_FRAME], f[CLIENT_FRAME];
	size_t len;

	(void)n;
	only_if(family == 6);
	client_init(&a, family, ECHO);
	len = client_make(&a, &(struct seg){ .flags = SYN, .seq = a.iss },
	    whole);
	rawdev_send(f, fragment(f, whole, len, 0, 0, 5));
	need(client_got(&a) && a.got.flags == (SYN | ACK));
	a.nxt = a.iss + 1;
	client_kill(&a);
}

static void
d10_flood_of_fragments_is_not_kept(int n)
{
	uint8_t whole[CLIENT_FRAME], f[CLIENT_FRAME], data[1400] = { 0 };
	uint64_t dropped = rawdev_total("fragment");
	size_t before = rawdev_memory(), len;
	uint32_t i;

	(void)n;
	client_init(&a, family, ECHO);
	len = client_make(&a, &(struct seg){ .flags = SYN, .seq = a.iss,
	    .data = data, .len = sizeof(data) }, whole);
	for (i = 0; i < 20000; i++)
		rawdev_send(f, fragment(f, whole, len, 0, 1, i));
	need(client_silent(&a));
	need(rawdev_total("fragment") == dropped + 20000);
	need(rawdev_memory() < before + 2 * MIB);
	need(serves());
}

/* --- D12: what can't be --- */

struct edit {
	uint8_t	at, n, b[16];
};
enum seal { AS_IT_IS, HEADER, ALL };
struct impossible {
	const char	*name, *drop;
	struct edit	 edit[2];
	size_t		 cut;		/* to so many bytes; 0: none */
	enum seal	 seal;
};

static const struct impossible no4[] = {
	{ "land", "source", { { 12, 4, { 203, 0, 113, 5 } } }, 0, ALL },
	{ "from_multicast", "source", { { 12, 4, { 224, 0, 0, 1 } } }, 0, ALL },
	{ "from_broadcast", "source",
	    { { 12, 4, { 255, 255, 255, 255 } } }, 0, ALL },
	{ "from_reserved", "source", { { 12, 4, { 240, 0, 0, 1 } } }, 0, ALL },
	{ "from_nobody", "source", { { 12, 4, { 0, 0, 0, 0 } } }, 0, ALL },
	{ "from_loopback", "source", { { 12, 4, { 127, 0, 0, 1 } } }, 0, ALL },
	{ "from_link_local", "source",
	    { { 12, 4, { 169, 254, 1, 1 } } }, 0, ALL },
	{ "from_ourselves", "source",
	    { { 12, 4, { 10, 191, 0, 2 } } }, 0, ALL },
	{ "to_multicast", "destination",
	    { { 16, 4, { 224, 0, 0, 1 } } }, 0, ALL },
	{ "to_broadcast", "destination",
	    { { 16, 4, { 255, 255, 255, 255 } } }, 0, ALL },
	{ "to_nobody", "destination", { { 16, 4, { 0, 0, 0, 0 } } }, 0, ALL },
	{ "to_loopback", "destination",
	    { { 16, 4, { 127, 0, 0, 1 } } }, 0, ALL },
	{ "source_port_0", "segment", { { 20, 2, { 0, 0 } } }, 0, ALL },
	{ "destination_port_0", "segment", { { 22, 2, { 0, 0 } } }, 0, ALL },
	{ "tcp_checksum", "checksum", { { 36, 2, { 1, 2 } } }, 0, AS_IT_IS },
	{ "tcp_checksum_0", "checksum", { { 36, 2, { 0, 0 } } }, 0, AS_IT_IS },
	{ "ip_checksum", "checksum", { { 10, 2, { 1, 2 } } }, 0, AS_IT_IS },
	{ "longer_than_the_frame", "runt", { { 2, 2, { 0, 45 } } }, 0, HEADER },
	{ "64_KiB_long", "runt", { { 2, 2, { 255, 255 } } }, 0, HEADER },
	{ "shorter_than_its_header", "header",
	    { { 2, 2, { 0, 19 } } }, 0, HEADER },
	{ "0_long", "header", { { 2, 2, { 0, 0 } } }, 0, HEADER },
	{ "header_of_0", "header", { { 0, 1, { 0x40 } } }, 0, AS_IT_IS },
	{ "header_of_4", "header", { { 0, 1, { 0x44 } } }, 0, HEADER },
	{ "header_beyond_the_end", "header",
	    { { 0, 1, { 0x4f } } }, 0, HEADER },
	{ "1_byte", "runt", { { 0, 0, { 0 } } }, 1, AS_IT_IS },
	{ "10_bytes", "runt", { { 0, 0, { 0 } } }, 10, AS_IT_IS },
	{ "19_bytes", "runt", { { 0, 0, { 0 } } }, 19, AS_IT_IS },
	{ "no_payload", "runt", { { 2, 2, { 0, 20 } } }, 20, HEADER },
	{ "half_a_tcp_header", "runt", { { 2, 2, { 0, 39 } } }, 39, HEADER },
	{ "version_0", "version", { { 0, 1, { 0x05 } } }, 0, AS_IT_IS },
	{ "version_5", "version", { { 0, 1, { 0x55 } } }, 0, AS_IT_IS },
	{ "version_15", "version", { { 0, 1, { 0xf5 } } }, 0, AS_IT_IS },
	{ "loose_source_route", "options", { { 0, 1, { 0x46 } },
	    { 20, 4, { 131, 4, 4, 0 } } }, 0, HEADER },
	{ "strict_source_route", "options", { { 0, 1, { 0x46 } },
	    { 20, 4, { 137, 4, 4, 0 } } }, 0, HEADER },
	{ "record_route", "options", { { 0, 1, { 0x46 } },
	    { 20, 4, { 7, 4, 4, 0 } } }, 0, HEADER },
	{ "ip_option_of_0", "header", { { 0, 1, { 0x46 } },
	    { 20, 4, { 130, 0, 0, 0 } } }, 0, HEADER },
	{ "ip_option_beyond_the_end", "header", { { 0, 1, { 0x46 } },
	    { 20, 4, { 130, 9, 0, 0 } } }, 0, HEADER },
	{ "udp_length_0", "datagram", { { 9, 1, { UDP } },
	    { 22, 4, { 0, DNS, 0, 0 } } }, 0, HEADER },
	{ "udp_length_beyond_the_end", "datagram", { { 9, 1, { UDP } },
	    { 22, 4, { 0, DNS, 0, 25 } } }, 0, HEADER },
	{ "udp_port_0", "datagram", { { 9, 1, { UDP } },
	    { 22, 4, { 0, 0, 0, 24 } } }, 0, HEADER },
	{ "udp_source_port_0", "datagram", { { 9, 1, { UDP } },
	    { 20, 8, { 0, 0, 0, DNS, 0, 24, 0, 0 } } }, 0, HEADER },
	{ "udp_checksum", "checksum", { { 9, 1, { UDP } },
	    { 22, 6, { 0, DNS, 0, 24, 1, 2 } } }, 0, HEADER },
	{ "icmp_checksum", "checksum", { { 9, 1, { ICMP } },
	    { 20, 4, { 8, 0, 1, 2 } } }, 0, HEADER },
	{ "icmp_of_another_ip", "protocol",
	    { { 9, 1, { ICMP6 } } }, 0, HEADER },
};

#define V6(...) 16, { __VA_ARGS__ }
static const struct impossible no6[] = {
	{ "land", "source", { { 8, V6(0x20, 1, 0xd, 0xb8, [15] = 5) } }, 0,
	    ALL },
	{ "from_multicast", "source",
	    { { 8, V6(0xff, 2, [15] = 1) } }, 0, ALL },
	{ "from_nobody", "source", { { 8, V6(0) } }, 0, ALL },
	{ "from_loopback", "source", { { 8, V6([15] = 1) } }, 0, ALL },
	{ "from_link_local", "source", { { 8, V6(0xfe, 0x80, [15] = 1) } }, 0,
	    ALL },
	{ "from_mapped", "source",
	    { { 8, V6([10] = 0xff, 0xff, 10, 9, 0, 1) } }, 0, ALL },
	{ "from_ourselves", "source",
	    { { 8, V6(0xfd, 0, 0x6f, 0x74, [15] = 2) } }, 0, ALL },
	{ "to_multicast", "destination",
	    { { 24, V6(0xff, 0xe, [15] = 1) } }, 0, ALL },
	{ "to_nobody", "destination", { { 24, V6(0) } }, 0, ALL },
	{ "to_loopback", "destination", { { 24, V6([15] = 1) } }, 0, ALL },
	{ "to_mapped", "destination",
	    { { 24, V6([10] = 0xff, 0xff, 203, 0, 113, 5) } }, 0, ALL },
	{ "source_port_0", "segment", { { 40, 2, { 0, 0 } } }, 0, ALL },
	{ "destination_port_0", "segment", { { 42, 2, { 0, 0 } } }, 0, ALL },
	{ "tcp_checksum", "checksum", { { 56, 2, { 1, 2 } } }, 0, AS_IT_IS },
	{ "longer_than_the_frame", "runt",
	    { { 4, 2, { 0, 25 } } }, 0, AS_IT_IS },
	{ "64_KiB_long", "runt", { { 4, 2, { 255, 255 } } }, 0, AS_IT_IS },
	{ "1_byte", "runt", { { 0, 0, { 0 } } }, 1, AS_IT_IS },
	{ "39_bytes", "runt", { { 0, 0, { 0 } } }, 39, AS_IT_IS },
	{ "no_payload", "runt", { { 4, 2, { 0, 0 } } }, 40, AS_IT_IS },
	{ "half_a_tcp_header", "runt", { { 4, 2, { 0, 19 } } }, 59, AS_IT_IS },
	{ "jumbogram", "options", { { 4, 3, { 0, 0, 0 } },
	    { 40, 8, { 6, 0, 0xc2, 4, 0, 1, 0, 0 } } }, 0, AS_IT_IS },
	{ "unknown_option_that_matters", "options", { { 6, 1, { 60 } },
	    { 40, 8, { 6, 0, 0x80, 4 } } }, 0, AS_IT_IS },
	{ "routing_header_0", "options", { { 6, 1, { 43 } },
	    { 40, 8, { 6, 0, 0, 0 } } }, 0, AS_IT_IS },
	{ "routing_header_that_is_not_spent", "options", { { 6, 1, { 43 } },
	    { 40, 8, { 6, 0, 4, 1 } } }, 0, AS_IT_IS },
	{ "extension_beyond_the_end", "runt", { { 6, 1, { 60 } },
	    { 40, 8, { 6, 200, 1, 4 } } }, 0, AS_IT_IS },
	{ "option_beyond_the_end", "header", { { 6, 1, { 60 } },
	    { 40, 8, { 6, 0, 1, 9 } } }, 0, AS_IT_IS },
	{ "hop_by_hop_behind_another", "header", { { 6, 1, { 60 } },
	    { 40, 16, { 0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4 } } }, 0, AS_IT_IS },
	{ "udp_length_0", "datagram", { { 6, 1, { UDP } },
	    { 42, 4, { 0, DNS, 0, 0 } } }, 0, AS_IT_IS },
	{ "udp_port_0", "datagram", { { 6, 1, { UDP } },
	    { 42, 4, { 0, 0, 0, 24 } } }, 0, AS_IT_IS },
	{ "udp_source_port_0", "datagram", { { 6, 1, { UDP } },
	    { 40, 8, { 0, 0, 0, DNS, 0, 24, 0, 0 } } }, 0, AS_IT_IS },
	{ "udp_checksum", "checksum", { { 6, 1, { UDP } },
	    { 42, 6, { 0, DNS, 0, 24, 1, 2 } } }, 0, AS_IT_IS },
	{ "udp_without_checksum", "checksum", { { 6, 1, { UDP } },
	    { 42, 6, { 0, DNS, 0, 24, 0, 0 } } }, 0, AS_IT_IS },
	{ "icmp_checksum", "checksum", { { 6, 1, { ICMP6 } },
	    { 40, 4, { 128, 0, 1, 2 } } }, 0, AS_IT_IS },
	{ "icmp_of_another_ip", "protocol",
	    { { 6, 1, { ICMP } } }, 0, AS_IT_IS },
};

static void
d12_impossible_packet_is_dropped(int n)
{
	const struct impossible *i = family == 6 ? no6 : no4;
	uint8_t f[CLIENT_FRAME];
	uint64_t dropped;
	size_t len, e;

	only_if(n < (family == 6 ? COUNT(no6) : COUNT(no4)));
	i += n;
	label = i->name;
	client_init(&a, family, ECHO);
	len = client_make(&a, &(struct seg){ .flags = SYN, .seq = a.iss,
	    .opt = a.opt, .nopt = a.nopt }, f);
	for (e = 0; e < 2; e++)
		memcpy(f + i->edit[e].at, i->edit[e].b, i->edit[e].n);
	if (i->cut)
		len = i->cut;
	if (i->seal == ALL)
		client_seal(f, len);
	else if (i->seal == HEADER)
		raw_set16(f + 10, raw_sum4(f));
	dropped = rawdev_total(i->drop);
	rawdev_drop();
	rawdev_send(f, len);
	need(client_silent(&a));
	need(rawdev_total(i->drop) == dropped + 1);
	need(rawdev_total("opening") == 0);
}

/* --- D14: what a scan sees --- */

/* An ICMP error that quotes the SYN. */
static int
told(const struct client *p, uint8_t type, uint8_t code)
{
	struct frame *f;
	size_t head = ip_head();
	int rc = 0;

	rawdev_settle();
	if ((f = rawdev_take()) == NULL)
		return 0;
	if (f->proto == (family == 6 ? ICMP6 : ICMP) &&
	    f->payload_len >= 8 + head + 8 && f->payload[0] == type &&
	    f->payload[1] == code && addr_same_ip(&f->dst, &p->me))
		rc = wire_get16(f->payload + 8 + head) == p->me.port &&
		    wire_get16(f->payload + 8 + head + 2) == p->it.port &&
		    wire_get32(f->payload + 8 + head + 4) == p->iss;
	free(f);
	return rc;
}

static void
d14_refused_port_shows_as_what_it_is(int n)
{
	static const struct { uint16_t port; uint8_t v4[2], v6[2]; } c[] = {
		{ REFUSED, { 0 }, { 0 } }, { NO_HOST, { 3, 1 }, { 1, 3 } },
		{ PROHIBITED, { 3, 13 }, { 1, 1 } }, { SILENT, { 0 }, { 0 } }
	};
	const uint8_t *icmp = family == 6 ? c[n].v6 : c[n].v4;

	client_init(&a, family, c[n].port);
	client_flags(&a, SYN, a.iss, 0);
	if (icmp[0])
		need(told(&a, icmp[0], icmp[1]));
	else if (c[n].port == REFUSED) {
		need(client_got(&a));
		need(a.got.flags == (RST | ACK) && a.got.ack == a.iss + 1);
	}
	need(client_silent(&a));
	need(rawdev_total("opening") == 0);
}

/* Not before its holder has accepted, which is a lower bound of time. */
static void
d14_syn_is_not_answered_before_it_is_accepted(int n)
{
	int64_t sent = rawdev_now();

	(void)n;
	client_init(&a, family, HOLD);
	client_flags(&a, SYN, a.iss, 0);
	need(client_wait(&a));
	need(a.got.flags == (SYN | ACK));
	need(a.got.at - sent >= HOLD_MS - 10);
	a.nxt = a.iss + 1;
	client_kill(&a);
}

/* ACK, FIN, NULL and XMAS scans: the same of all ports. */
static void
d14_other_scans_learn_nothing(int n)
{
	static const uint8_t flags[] = { ACK, FIN, 0, FIN | PSH | URG };
	static const uint16_t ports[] = { REFUSED, SILENT, ECHO, HOLD, SOURCE };
	size_t i;

	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		client_init(&a, family, ports[i]);
		client_flags(&a, flags[n], a.iss, 99);
		need(client_got(&a));
		need(a.got.flags == (flags[n] & ACK ? RST : RST | ACK));
		need(client_silent(&a));
	}
}

/* --- D15: datagrams --- */

static void
send_udp(const struct client *p, const void *data, size_t len)
{
	size_t head = ip_head(), n = addr_iplen(&p->me), all = 8 + len;
	uint8_t f[CLIENT_FRAME] = { 0 }, *u = f + head;

	f[0] = n == 4 ? 0x45 : 0x60;
	f[n == 4 ? 8 : 7] = 60;
	f[n == 4 ? 9 : 6] = UDP;
	raw_set16(f + (n == 4 ? 2 : 4), (n == 4 ? 20 : 0) + all);
	memcpy(f + (n == 4 ? 12 : 8), p->me.ip, n);
	memcpy(f + (n == 4 ? 16 : 24), p->it.ip, n);
	if (n == 4)
		raw_set16(f + 10, raw_sum4(f));
	raw_set16(u, p->me.port);
	raw_set16(u + 2, p->it.port);
	raw_set16(u + 4, all);
	memcpy(u + 8, data, len);
	raw_set16(u + 6, raw_sum(u, all, 6, &p->me, &p->it, UDP));
	rawdev_send(f, head + all);
}

static void
d15_answer_is_from_what_was_asked_to_who_asked(int n)
{
	struct frame *f;
	int i, ok;

	(void)n;
	for (i = 0; i < 50; i++) {
		client_init(&a, family, DNS);
		a.it.ip[addr_iplen(&a.it) - 1] = (uint8_t)(1 + i);
		send_udp(&a, "question", 8);
		rawdev_settle();
		need((f = rawdev_take()) != NULL);
		ok = f->proto == UDP && f->payload_len == 16 &&
		    addr_same_ip(&f->src, &a.it) &&
		    addr_same_ip(&f->dst, &a.me) &&
		    wire_get16(f->payload) == DNS &&
		    wire_get16(f->payload + 2) == a.me.port &&
		    memcmp(f->payload + 8, "question", 8) == 0;
		free(f);
		need(ok);
		need(client_silent(&a));
	}
}

static void
d15_no_header_tells_anything(int n)
{
	(void)n;
	need(rawdev_strange() == 0);
}

/* --- D11: SYN flood; the last, since it leaves a crowd --- */

enum { FLOOD = 20000 };

/* A client that no one ever hears of again. */
static void
spoof(void)
{
	static struct client p;

	client_init(&p, family, ECHO);
	p.me.ip[1] = (uint8_t)(family == 6 ? 0x98 : 100);
	client_say(&p, &(struct seg){ .flags = SYN, .seq = p.iss, .opt = p.opt,
	    .nopt = p.nopt });
}

/* Each costs a kilobyte, would they all be kept. */
static void
d11_flood_of_spoofed_syns_leaves_memory_flat(int n)
{
	size_t before = rawdev_memory(), i;
	uint64_t out = rawdev_total("packets_out");

	(void)n;
	for (i = 0; i < FLOOD; i++) {
		spoof();
		if (i % 1000 == 0)
			rawdev_drop();
	}
	need(rawdev_total("opening") <= CROWD + 1);
	need(rawdev_memory() < before + 4 * MIB);
	/* one small packet for each at most, pings of ours, and some again */
	out = rawdev_total("packets_out") - out;
	need(out <= FLOOD + FLOOD / 20 + 6 * CROWD);
	rawdev_drop();
}

/* By hand: an ACK that it did not expect, its reset, and then its SYN. */
static void
d11_client_proves_itself_during_the_flood(int n)
{
	int i;

	(void)n;
	for (i = 0; i < 2000; i++)
		spoof();
	rawdev_settle();
	rawdev_drop();
	client_init(&a, family, ECHO);
	client_flags(&a, SYN, a.iss, 0);
	need(client_got(&a));
	need(a.got.flags == ACK && a.got.len == 0 && a.got.ack != a.iss + 1);
	/* a guess at the cookie is no proof */
	client_flags(&a, RST, a.got.ack + 1, 0);
	client_flags(&a, SYN, a.iss, 0);
	need(client_got(&a) && a.got.flags == ACK);
	client_flags(&a, RST, a.got.ack, 0);
	need(client_open(&a));
	need(client_alive(&a));
	/* which is its own alone */
	client_init(&b, family, ECHO);
	client_flags(&b, RST, a.got.ack, 0);
	client_flags(&b, SYN, b.iss, 0);
	need(client_got(&b) && b.got.flags == ACK);
	client_kill(&a);
}

/* The kernel's; without addresses of its own it has none for IPv6. */
static void
d11_real_client_connects_during_the_flood(int n)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(ECHO) };
	struct pollfd p = { .events = POLLOUT };
	int64_t end = rawdev_now() + RAWDEV_PATIENCE_MS;
	int i, rc = -1;
	char c = 0;

	(void)n;
	only_if(family == 4);
	inet_pton(AF_INET, "203.0.113.5", &to.sin_addr);
	p.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	connect(p.fd, (struct sockaddr *)&to, sizeof(to));
	while (rc < 0 && rawdev_now() < end) {
		for (i = 0; i < 100; i++)
			spoof();
		rawdev_settle();
		rawdev_drop();
		if (poll(&p, 1, 1) == 1)
			rc = connect(p.fd, (struct sockaddr *)&to, sizeof(to));
	}
	if (rc == 0)
		rc = send(p.fd, "x", 1, 0) == 1 ? 0 : -1;
	p.events = POLLIN;
	if (rc == 0 && poll(&p, 1, RAWDEV_PATIENCE_MS) == 1)
		rc = recv(p.fd, &c, 1, 0) == 1 ? 0 : -1;
	close(p.fd);
	need(rc == 0 && c == 'x');
}

const struct row hostile_ip[] = {
	ROW(d10_fragment_is_dropped, 6),
	ROW(d10_two_halves_make_no_whole, 1),
	ROW(d10_fragment_that_is_all_is_none, 1),
	ROW(d10_flood_of_fragments_is_not_kept, 1),
	ROW(d12_impossible_packet_is_dropped, COUNT(no4)),
	ROW(d14_refused_port_shows_as_what_it_is, 4),
	ROW(d14_syn_is_not_answered_before_it_is_accepted, 1),
	ROW(d14_other_scans_learn_nothing, 4),
	ROW(d15_answer_is_from_what_was_asked_to_who_asked, 1),
	ROW(d15_no_header_tells_anything, 1),
	ROW(d11_flood_of_spoofed_syns_leaves_memory_flat, 1),
	ROW(d11_client_proves_itself_during_the_flood, 1),
	ROW(d11_real_client_connects_during_the_flood, 1),
	{ NULL, NULL, 0 }
};
