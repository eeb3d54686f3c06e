/* daemon/selftest_items.c - what a selftest tries, as a table */
#include "daemon/selftest_items.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/conf.h"
#include "daemon/links.h"

enum { CONNECT_MS = 3000, NAP_US = 1000, HELD_MS = 300 };

/* --- doors --- */

static int
connect_to(struct trial *t, const struct lab_lan *n, unsigned f,
    uint16_t port)
{
	struct addr to = n->gw[f].addr;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	to.port = port;
	len = addr_to_sock(&to, &ss);
	fd = lab_socket(&t->lab, LAB_LAN, t->lab.other, ss.ss_family,
	    SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, n->peer,
	    (socklen_t)strlen(n->peer));
	if (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

/* Somebody who would answer, while the program is not there. */
static int
stand_in(struct trial *t, unsigned f, uint16_t port)
{
	struct addr any = { .family = f == LAB_6 ? 6 : 4, .port = port };
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(&any, &ss);
	int fd, one = 1;

	if (t->armed)
		return -1;
	fd = lab_socket(&t->lab, LAB_GW, 0, ss.ss_family, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (f == LAB_6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
		    sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len) == 0 && listen(fd, 8) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
knock_at(struct trial *t, const struct lab_lan *n, unsigned f, uint16_t port)
{
	int64_t until = clock_ms() + CONNECT_MS;
	int door = stand_in(t, f, port), fd = connect_to(t, n, f, port), rc;

	t->now->sent++;
	if (fd < 0) {
		t->now->unseen += !t->armed;
	} else {
		while ((rc = trial_connected(fd)) == 0 && clock_ms() < until)
			usleep(NAP_US);
		if (rc == 1)
			t->now->seen.leak[f]++;
		else
			t->now->unseen++;
		close(fd);
	}
	if (door >= 0)
		close(door);
}

/* C02: the TransPort's own port.  A connection that was not redirected there
 * has no destination but the program itself. */
static void
try_doors(struct trial *t)
{
	const struct conf *c = t->conf;
	const struct lab_lan *n;
	unsigned i, f;
	size_t j;

	for (j = 0; j < c->ntrans_ports; j++)
		for (i = 0; i < t->lab.nlan; i++) {
			n = &t->lab.lan[i];
			f = c->trans_ports[j].addr.family == 6 ? LAB_6 : LAB_4;
			if (c->trans_ports[j].path[0] ||
			    c->trans_ports[j].addr.port == 0 ||
			    f >= t->lab.nfamilies)
				continue;
			knock_at(t, n, f, c->trans_ports[j].addr.port);
		}
	if (t->now->seen.leak[LAB_4] + t->now->seen.leak[LAB_6])
		t->now->unseen = 0;
}

/* --- loopback --- */

static void
hear_loopback(struct trial *t, int fd)
{
	char b[256];

	trial_settle(t);
	while (recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
		t->now->seen.leak[LAB_4]++;
}

static void
send_loopback(struct trial *t, struct shot *s, int fd, const char *link)
{
	unsigned before = t->now->seen.leak[LAB_4];
	struct packet p;

	lab_enter(&t->lab, LAB_GW);
	lab_sysctl_of("net/ipv4/conf/%/route_localnet", link, "1");
	(void)addr_parse_ip(&s->way.dst, "127.0.0.1", -1);
	packet_udp(&p, &s->way, 40000, LAB_STRAY, "x", 1);
	shoot(s, &p);
	hear_loopback(t, fd);
	lab_enter(&t->lab, LAB_GW);
	lab_sysctl_of("net/ipv4/conf/%/route_localnet", link, "0");
	t->now->sent += s->sent;
	t->now->unseen += t->now->seen.leak[LAB_4] == before;
}

/* C03: 127.0.0.1, by LANs and uplinks; IPv6's the kernel never takes. */
static void
try_loopback(struct trial *t)
{
	struct addr at = { .family = 4, .port = LAB_STRAY };
	struct sockaddr_storage ss;
	struct shot s;
	socklen_t len;
	unsigned i;
	int fd = lab_socket(&t->lab, LAB_GW, t->lab.other, AF_INET, SOCK_DGRAM,
	    0);

	(void)addr_parse_ip(&at, "127.0.0.1", -1);
	at.port = LAB_STRAY;
	len = addr_to_sock(&at, &ss);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) < 0) {
		snprintf(t->now->why, sizeof(t->now->why), "there is no "
		    "socket at 127.0.0.1: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	for (i = 0; i < t->lab.nlan; i++) {
		shot_from_lan(&s, &t->lab, i, LAB_4);
		send_loopback(t, &s, fd, t->lab.lan[i].name);
	}
	shot_from_net(&s, &t->lab, 0, LAB_4, &at);
	send_loopback(t, &s, fd, t->lab.uplink[0].name);
	close(fd);
}

/* --- between clients, and from outside --- */

/* What is on its way in the LANs is seen, too. */
static void
see_lan(struct trial *t, const struct seen *before, unsigned f)
{
	int64_t until = clock_ms() + TRIAL_SEEN_MS;

	do {
		trial_settle(t);
		oracle_lan(&t->lab, STIM_TOKEN, &t->now->seen);
	} while (!t->armed && t->now->seen.leak[f] == before->leak[f] &&
	    clock_ms() < until);
	t->now->unseen += t->now->seen.leak[f] == before->leak[f];
}

/* C12: by way of the gateway, be it to another LAN or to the same. */
static void
try_neighbours(struct trial *t)
{
	struct lab *l = &t->lab;
	struct seen before;
	struct shot s;
	unsigned i, f;

	oracle_lan(l, NULL, &t->now->seen);
	for (i = 0; i < l->nlan; i++)
		for (f = 0; f < l->nfamilies; f++) {
			before = t->now->seen;
			shot_from_lan(&s, l, i, (enum lab_family)f);
			s.way.dst = l->nlan > 1 ?
			    l->lan[(i + 1) % l->nlan].client[f] :
			    l->lan[i].other[f];
			stim_inject(&s);
			t->now->sent += s.sent;
			see_lan(t, &before, f);
		}
}

static const struct addr *
tun_address(const struct conf *c, unsigned f)
{
	unsigned i;

	for (i = 0; conf_has_tun(c) && i < c->tun_address.n; i++)
		if (c->tun_address.net[i].addr.family == (f ? 6 : 4))
			return &c->tun_address.net[i].addr;
	return NULL;
}

static void
inject(struct trial *t, unsigned f, const struct addr *dst)
{
	struct seen before = t->now->seen;
	struct shot s;

	shot_from_net(&s, &t->lab, 0, (enum lab_family)f, dst);
	stim_inject(&s);
	t->now->sent += s.sent;
	see_lan(t, &before, f);
}

/* Nobody has the TUN's address while the program is not there: then the
 * gateway gets it, as it would be with one. */
static void
inject_tun(struct trial *t, unsigned f, const struct addr *dst)
{
	struct addr_net own = { .addr = *dst, .bits = f ? 128 : 32 };

	lab_enter(&t->lab, LAB_GW);
	if (!t->armed)
		(void)link_address(t->lab.nl[LAB_GW], "lo", &own, 1);
	inject(t, f, dst);
	lab_enter(&t->lab, LAB_GW);
	if (!t->armed)
		(void)link_address(t->lab.nl[LAB_GW], "lo", &own, 0);
}

/* D16: segments that would belong to a flow behind the gateway. */
static void
try_injected(struct trial *t)
{
	const struct addr *tun;
	unsigned i, f;

	oracle_lan(&t->lab, NULL, &t->now->seen);
	for (f = 0; f < t->lab.nfamilies; f++) {
		for (i = 0; i < t->lab.nlan; i++)
			inject(t, f, &t->lab.lan[i].client[f]);
		if ((tun = tun_address(t->conf, f)) != NULL)
			inject_tun(t, f, tun);
	}
}

/* C01: every address that the gateway has. */
static void
try_knocking(struct trial *t)
{
	struct lab *l = &t->lab;
	struct seen before;
	struct shot s;
	unsigned i, f;

	for (f = 0; f < l->nfamilies; f++)
		for (i = 0; i < l->nuplink + l->nlan; i++) {
			before = t->now->seen;
			shot_from_net(&s, l, i < l->nuplink ? i : 0,
			    (enum lab_family)f, i < l->nuplink ?
			    &l->uplink[i].gw[f].addr :
			    &l->lan[i - l->nuplink].gw[f].addr);
			stim_knock(&s);
			t->now->sent += s.sent;
			trial_see(t, &before, 1u << f);
		}
}

/* --- sockets from before --- */

static void
keep(struct trial *t, int fd, const struct addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(to, &ss);
	int64_t until = clock_ms() + CONNECT_MS;

	if (fd < 0 || t->nold == TRIAL_OLD_MAX)
		return;
	(void)connect(fd, (struct sockaddr *)&ss, len);
	while (trial_connected(fd) == 0 && clock_ms() < until) {
		usleep(NAP_US);
		lab_serve(&t->lab);
	}
	t->old[t->nold++] = fd;
}

/* One of each family in each LAN, then the gateway's own. */
static void
open_old(struct trial *t)
{
	const struct lab_lan *n;
	unsigned i, f;
	int fd, af;

	for (i = 0; i <= t->lab.nlan; i++)
		for (f = 0; f < t->lab.nfamilies; f++) {
			n = &t->lab.lan[i];
			af = f == LAB_6 ? AF_INET6 : AF_INET;
			fd = lab_socket(&t->lab, i < t->lab.nlan ? LAB_LAN :
			    LAB_GW, t->lab.other, af, SOCK_STREAM, 0);
			if (fd >= 0 && i < t->lab.nlan)
				(void)setsockopt(fd, SOL_SOCKET,
				    SO_BINDTODEVICE, n->peer,
				    (socklen_t)strlen(n->peer));
			if (fd >= 0 && i == t->lab.nlan)
				(void)lab_bind(fd, f, LAB_STRAY);
			keep(t, fd, &t->lab.far[f]);
			if (i < t->lab.nlan)
				t->nold_lan = t->nold;
		}
}

static void
use_old(struct trial *t, unsigned from, unsigned to)
{
	struct seen before = t->now->seen;
	unsigned i;

	for (i = from; i < to; i++)
		t->now->sent += send(t->old[i], "still here?", 11,
		    MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
	trial_see(t, &before, (1u << t->lab.nfamilies) - 1);
}

static void
try_old_clients(struct trial *t)
{
	if (t->nold == 0)
		open_old(t);
	use_old(t, 0, t->nold_lan);
}

static void
try_old_own(struct trial *t)
{
	if (t->nold == 0)
		open_old(t);
	use_old(t, t->nold_lan, t->nold);
}

/* --- what ordinary programs do --- */

static void
try_one(struct trial *t, int fd, const struct addr *to, uint16_t port)
{
	struct addr a = *to;
	struct sockaddr_storage ss;
	socklen_t len;

	a.port = port;
	len = addr_to_sock(&a, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		t->now->sent++;
	/* a question for example.com, or what it is to whoever listens */
	(void)send(fd, "\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1",
	    29, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
wait_held(struct trial *t)
{
	int64_t until = clock_ms() + HELD_MS;

	do {
		trial_settle(t);
		usleep(NAP_US);
	} while (clock_ms() < until);
}

static void
programs_of(struct trial *t, const struct lab_lan *n, unsigned f)
{
	static const uint16_t ports[] = { LAB_FAR_PORT, 443, 53 };
	struct seen before = t->now->seen;
	int fd[6], i, type;

	for (i = 0; i < 6; i++) {
		type = i % 2 ? SOCK_DGRAM : SOCK_STREAM;
		fd[i] = lab_socket(&t->lab, n ? LAB_LAN : LAB_GW, t->lab.other,
		    f == LAB_6 ? AF_INET6 : AF_INET, type, 0);
		if (fd[i] < 0)
			continue;
		if (n)
			(void)setsockopt(fd[i], SOL_SOCKET, SO_BINDTODEVICE,
			    n->peer, (socklen_t)strlen(n->peer));
		else
			(void)lab_bind(fd[i], f, LAB_STRAY);
		try_one(t, fd[i], &t->lab.far[f], ports[i / 2]);
	}
	wait_held(t);
	trial_see(t, &before, 1u << f);
	for (i = 0; i < 6; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* B14: there is no network to be had, so nothing has a circuit to go by.  The
 * program's own connections to its relay are what may leave. */
static void
try_held(struct trial *t)
{
	int64_t until = clock_ms() + TRIAL_CONTROL_MS;
	unsigned i, f;

	for (f = 0; f < t->lab.nfamilies; f++) {
		for (i = 0; i < t->lab.nlan; i++)
			programs_of(t, &t->lab.lan[i], f);
		programs_of(t, NULL, f);
	}
	while (t->armed && t->lab.engine_came == 0 && clock_ms() < until) {
		usleep(20 * NAP_US);
		trial_settle(t);
	}
	if (t->armed && t->lab.engine_came == 0)
		snprintf(t->now->why, sizeof(t->now->why), "the program "
		    "itself never reached its relay");
}

/* --- the table --- */

#define FRAMES(i, w, f) { .id = i, .what = w, .group = ITEM_CLIENTS,	\
	.kind = ITEM_FRAMES, .needs = ITEM_LAN, .frames = f }
#define SOCKETS(i, w, f) { .id = i, .what = w, .group = ITEM_OWN,	\
	.kind = ITEM_SOCKETS, .sockets = f }
#define OTHER(g, i, w, n, f) { .id = i, .what = w, .group = g,		\
	.kind = ITEM_EVENT, .needs = n, .event = f }
#define EVENT(i, w, n, f) OTHER(ITEM_EVENTS, i, w, n, f)

const struct item items[] = {
	FRAMES("A01", "all 256 IP protocols", stim_protocols),
	FRAMES("A02", "TCP and UDP to all ports", stim_ports),
	FRAMES("A03", "every combination of TCP's flags", stim_flags),
	FRAMES("A04", "QUIC, STUN, WireGuard, games, NTP", stim_udp),
	FRAMES("A05", "ICMP, all kinds", stim_icmp),
	FRAMES("A06", "names, asked of any resolver", stim_names),
	FRAMES("A11", "fragments", stim_fragments),
	FRAMES("A12", "IP options, extension headers", stim_options),
	FRAMES("A13", "forged sources", stim_forged),
	FRAMES("A14", "packets in packets", stim_inner),
	FRAMES("A18", "to a relay's address", stim_relay),
	OTHER(ITEM_CLIENTS, "A21", "connections from before the start",
	    ITEM_LAN, try_old_clients),
	FRAMES("A24", "traceroute", stim_hops),
	SOCKETS("A08", "multicast and broadcast", stim_own_multicast),
	SOCKETS("A10", "TCP and UDP", stim_own_sockets),
	SOCKETS("A19", "another account, to a relay", stim_own_relay),
	SOCKETS("A20a", "bound to the uplink, and marked", stim_own_bound),
	SOCKETS("A20b", "root's raw sockets", stim_own_raw),
	SOCKETS("A20c", "root's packet sockets", stim_own_packet),
	OTHER(ITEM_OWN, "A21b", "connections from before the start", 0,
	    try_old_own),
	OTHER(ITEM_OWN, "B14", "programs, while Tor is not reached", 0,
	    try_held),
	OTHER(ITEM_OUTSIDE, "C01", "knocking: nobody answers", 0,
	    try_knocking),
	OTHER(ITEM_OUTSIDE, "D16", "segments for whoever is behind",
	    ITEM_LAN_OR_TUN, try_injected),
	{ .id = "C03", .what = "to 127.0.0.1 of this host",
	    .group = ITEM_HOUSE, .kind = ITEM_EVENT4, .event = try_loopback },
	{ .id = "C02", .what = "to TransPort's own port",
	    .group = ITEM_HOUSE, .kind = ITEM_EVENT4,
	    .needs = ITEM_LAN | ITEM_TRANS, .event = try_doors },
	OTHER(ITEM_HOUSE, "C12", "from client to client", ITEM_LAN,
	    try_neighbours),
	EVENT("A26", "forwarding is turned on", 0, event_forward),
	EVENT("A27a", "a second uplink comes", 0, event_second),
	EVENT("A27b", "the uplink is renamed", 0, event_rename),
	EVENT("A27c", "others' rules accept all", 0, event_accept),
	EVENT("B07", "the engine is stopped, and goes on", 0, event_frozen),
	EVENT("B10", "reload, six times", 0, event_reload),
	EVENT("B12", "the uplink goes down and up", 0, event_flap),
	EVENT("B17", "reload of a wrong configuration", 0, event_bad_reload),
	EVENT("flush", "nft flush ruleset", ITEM_CLOSED, event_flush),
	EVENT("B06a", "SIGKILL: the engine", 0, event_engine),
	EVENT("B06b", "SIGKILL: the firewall's process", ITEM_CLOSED,
	    event_firewall),
	EVENT("B06c", "SIGKILL: the holder of the rules", ITEM_CLOSED,
	    event_holder),
	EVENT("B06d", "SIGKILL: the keeper", ITEM_TUN, event_keeper),
	EVENT("B11", "the TUN is deleted", ITEM_TUN, event_tun),
	EVENT("B06e", "SIGKILL: the first process", 0, event_parent),
	EVENT("B04", "the end, by SIGTERM", 0, event_stop),
	EVENT("B05", "a start, and another one", 0, event_start),
};
const size_t nitems = sizeof(items) / sizeof(items[0]);

const char *
item_group_name(enum item_group g)
{
	static const char *const names[ITEM_NGROUPS] = {
		[ITEM_CLIENTS] = "What clients send does not get out",
		[ITEM_OWN] = "What this host's programs send does not get out",
		[ITEM_OUTSIDE] = "What comes from outside is not answered",
		[ITEM_HOUSE] = "What no client may reach is not reached",
		[ITEM_EVENTS] = "In a flood of all that, nothing gets out while"
	};

	return names[g];
}

int
item_fits(const struct item *it, const struct conf *c)
{
	int lan = c->trans_clients.nlan + c->tun_clients.nlan > 0;
	int tun = conf_has_tun(c);

	return (lan || !(it->needs & ITEM_LAN)) &&
	    (c->ntrans_ports || !(it->needs & ITEM_TRANS)) &&
	    (tun || !(it->needs & ITEM_TUN)) &&
	    (lan || tun || !(it->needs & ITEM_LAN_OR_TUN)) &&
	    (c->fail_closed || !(it->needs & ITEM_CLOSED));
}

const struct item *
item_find(const char *id)
{
	size_t i;

	for (i = 0; i < nitems; i++)
		if (strcasecmp(items[i].id, id) == 0)
			return &items[i];
	return NULL;
}

void
item_try(const struct item *it, struct trial *t)
{
	static const struct seen nothing;
	unsigned all = (1u << t->lab.nfamilies) - 1;

	switch (it->kind) {
	case ITEM_FRAMES:
		trial_frames(t, it->frames);
		break;
	case ITEM_SOCKETS:
		t->now->sent += it->sockets(&t->lab);
		trial_see(t, &nothing, all);
		break;
	case ITEM_EVENT:
		it->event(t);
		trial_see(t, &nothing, all);
		break;
	case ITEM_EVENT4:
		it->event(t);
		break;
	}
}
