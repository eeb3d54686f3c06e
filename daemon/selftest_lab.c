/* daemon/selftest_lab.c - a LAN, a gateway and a net, in namespaces */
#include "daemon/selftest_lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "daemon/links.h"
#include "daemon/process.h"
#include "policy/fwplan.h"
#include "policy/netplan.h"

enum { ROOM_NET = 64 << 20, ROOM_LAN = 1 << 20 };	/* for what waits */

/* Addresses that nobody has. */
static const char *const relays[] = { "203.0.113.7", "2001:db8:7::7" };
static const char *const fars[] = { "203.0.113.80", "2001:db8:80::80" };
static const uint16_t relay_ports[] = { 9001, 443, 80, 9030 };

void
lab_enter(struct lab *l, enum lab_place to)
{
	if (l->at != to && setns(l->ns[to], CLONE_NEWNET) < 0)
		_exit(1);	/* nothing may be done in the wrong one */
	l->at = to;
}

/* --- small things --- */

void
lab_sysctl(const char *path, const char *value)
{
	char full[128];
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	if ((fd = open(full, O_WRONLY | O_CLOEXEC)) < 0)
		return;		/* a kernel that lacks it needs none */
	if (write(fd, value, strlen(value)) < 0) {
		/* what depends on it is not shown then */
	}
	close(fd);
}

void
lab_sysctl_of(const char *format, const char *link, const char *value)
{
	char path[128];
	const char *at = strchr(format, '%');

	snprintf(path, sizeof(path), "%.*s%s%s", (int)(at - format), format,
	    link, at + 1);
	lab_sysctl(path, value);
}

void
lab_mac(const char *name, uint8_t mac[PACKET_MAC])
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	memset(mac, 0, PACKET_MAC);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &r) == 0)
		memcpy(mac, r.ifr_hwaddr.sa_data, PACKET_MAC);
	if (fd >= 0)
		close(fd);
}

int
lab_socket(struct lab *l, enum lab_place place, uid_t uid, int family,
    int type, int proto)
{
	int fd;

	lab_enter(l, place);
	setfsuid(uid);		/* whose a socket is, for routes and rules */
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);
	fd = fd < 0 ? -errno : fd;
	setfsuid(0);
	return fd;
}

int
lab_bind(int fd, unsigned family, unsigned first)
{
	static unsigned next;
	struct sockaddr_storage ss;
	struct addr any = { .family = family == LAB_6 ? 6 : 4 };
	unsigned i;
	socklen_t len;

	for (i = 0; i < LAB_PORTS; i++) {
		any.port = (uint16_t)(first + next++ % LAB_PORTS);
		len = addr_to_sock(&any, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) == 0)
			return 0;
	}
	return -EADDRINUSE;
}

static int
packet_socket(const char *name, int room)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* --- what torrc says of it --- */

static int
is_usable(const struct addr *a, uint8_t family)
{
	static const uint8_t none[16], one[16] = { [15] = 1 };

	return a->family == family && memcmp(a->ip, none, 16) != 0 &&
	    !(family == 4 && a->ip[0] == 127) &&
	    !(family == 6 && memcmp(a->ip, one, 16) == 0);
}

/* The @n-th address of its own that a TransPort has. */
static int
door_address(struct addr *out, const struct conf *c, uint8_t family, unsigned n)
{
	size_t i;

	for (i = 0; i < c->ntrans_ports; i++)
		if (is_usable(&c->trans_ports[i].addr, family) && n-- == 0) {
			*out = c->trans_ports[i].addr;
			out->port = 0;
			return 1;
		}
	return 0;
}

static void
neighbour(struct addr *out, const struct addr *of, uint8_t last)
{
	size_t n = addr_iplen(of);

	*out = *of;
	out->ip[n - 1] = of->ip[n - 1] == last ? (uint8_t)(last + 2) : last;
}

static void
place_lan(struct lab *l, const struct conf *c, const char *name)
{
	struct lab_lan *n = &l->lan[l->nlan];
	unsigned i = l->nlan++, f;

	snprintf(n->name, sizeof(n->name), "%s", name);
	snprintf(n->peer, sizeof(n->peer), "c%u", i);
	if (!door_address(&n->gw[LAB_4].addr, c, 4, i))
		addr_v4(&n->gw[LAB_4].addr, 0x0a4d0001 + (i << 8), 0);
	if (!door_address(&n->gw[LAB_6].addr, c, 6, i)) {
		(void)addr_parse_ip(&n->gw[LAB_6].addr, "fd4d:6c61:6e00::1",
		    -1);
		n->gw[LAB_6].addr.ip[7] = (uint8_t)i;
	}
	n->gw[LAB_4].bits = 24;
	n->gw[LAB_6].bits = 64;
	for (f = 0; f < LAB_NFAMILIES; f++) {
		neighbour(&n->client[f], &n->gw[f].addr, 11);
		neighbour(&n->other[f], &n->gw[f].addr, 12);
	}
}

static int
has_lan(const struct lab *l, const char *name)
{
	unsigned i;

	for (i = 0; i < l->nlan; i++)
		if (strcmp(l->lan[i].name, name) == 0)
			return 1;
	return 0;
}

static void
place_lans(struct lab *l, const struct conf *c)
{
	const struct conf_tun_clients *all[] = { &c->trans_clients,
		&c->tun_clients };
	unsigned i, j;

	for (i = 0; i < 2; i++)
		for (j = 0; j < all[i]->nlan && l->nlan < LAB_LANS_MAX; j++)
			if (!has_lan(l, all[i]->lan[j]))
				place_lan(l, c, all[i]->lan[j]);
}

static void
place_uplink(struct lab *l, unsigned i, const char *name)
{
	struct lab_uplink *u = &l->uplink[i];

	memset(u, 0, sizeof(*u));
	snprintf(u->name, sizeof(u->name), "%s", name);
	snprintf(u->peer, sizeof(u->peer), "w%u", i);
	addr_v4(&u->gw[LAB_4].addr, 0xc6336402 + (i << 8), 0);
	addr_v4(&u->router[LAB_4], 0xc6336401 + (i << 8), 0);
	u->gw[LAB_4].bits = 24;
	(void)addr_parse_ip(&u->router[LAB_6], "2001:db8:100::1", -1);
	u->router[LAB_6].ip[7] = (uint8_t)i;
	u->gw[LAB_6].addr = u->router[LAB_6];
	u->gw[LAB_6].addr.ip[15] = 2;
	u->gw[LAB_6].bits = 64;
}

static void
place_uplinks(struct lab *l, const struct conf *c)
{
	unsigned i;

	for (i = 0; i < c->uplink.n; i++)
		place_uplink(l, i, c->uplink.name[i]);
	if (i == 0)
		place_uplink(l, i++, has_lan(l, "up0") ? "otup0" : "up0");
	l->nuplink = i;
}

static int
place_far(struct lab *l, const struct conf *c, char *why, size_t max)
{
	uint32_t uid = 0;
	unsigned f;
	size_t i;
	int rc;

	for (f = 0; f < LAB_NFAMILIES; f++) {
		(void)addr_parse_ip(&l->relay[f], relays[f], -1);
		(void)addr_parse_ip(&l->far[f], fars[f], -1);
		l->relay[f].port = relay_ports[0];
		for (i = 0; i < sizeof(relay_ports) / sizeof(relay_ports[0]);
		    i++)
			if (!conf_may_reach(c, &l->relay[f]))
				l->relay[f].port = relay_ports[i];
		l->far[f].port = LAB_FAR_PORT;
	}
	if ((rc = process_uid(c->user, &uid)) < 0)
		snprintf(why, max, "User %s: there is no such account",
		    c->user);
	l->uid = uid;
	l->other = uid == LAB_OTHER ? LAB_OTHER + 1 : LAB_OTHER;
	l->mark = c->tun_clients.local ? NETPLAN_MARK : 0;
	return rc;
}

/* --- the kernel --- */

static int
make_place(struct lab *l, enum lab_place p)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	l->ns[p] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (l->ns[p] < 0)
		return -errno;
	l->at = p;
	lab_sysctl("net/ipv6/conf/all/disable_ipv6", "0");
	lab_sysctl("net/ipv6/conf/default/disable_ipv6", "0");
	lab_sysctl("net/ipv6/conf/default/accept_dad", "0");
	return link_open(&l->nl[p]);
}

static int
make_places(struct lab *l, char *why, size_t max)
{
	int p, rc = 0;

	for (p = 0; p < LAB_NPLACES && rc == 0; p++)
		if ((rc = make_place(l, (enum lab_place)p)) == 0)
			rc = link_set(l->nl[p], "lo", 1);
	if (rc < 0)
		snprintf(why, max, "network namespaces cannot be made: %s "
		    "(CONFIG_NET_NS, user.max_net_namespaces; a container may "
		    "forbid them)", strerror(-rc));
	l->nfamilies = access("/proc/sys/net/ipv6", F_OK) == 0 ? 2 : 1;
	return rc;
}

static int
give_address(struct lab *l, enum lab_place p, const char *link,
    const struct addr *a, unsigned bits)
{
	struct addr_net net = { .addr = *a, .bits = (uint8_t)bits };
	int rc;

	lab_enter(l, p);
	rc = link_address(l->nl[p], link, &net, 1);
	return rc == -EEXIST ? 0 : rc;
}

static unsigned
whole(unsigned f)
{
	return f == LAB_6 ? 128 : 32;
}

static int
connect_lan(struct lab *l, unsigned i)
{
	struct lab_lan *n = &l->lan[i];
	unsigned f;
	int rc;

	lab_enter(l, LAB_GW);
	if ((rc = link_pair(l->nl[LAB_GW], n->name, n->peer,
	    l->ns[LAB_LAN])) < 0 ||
	    (rc = link_set(l->nl[LAB_GW], n->name, 1)) < 0)
		return rc;
	lab_mac(n->name, n->gw_mac);
	lab_enter(l, LAB_LAN);
	if ((rc = link_set(l->nl[LAB_LAN], n->peer, 1)) < 0)
		return rc;
	lab_mac(n->peer, n->mac);
	for (f = 0; f < l->nfamilies; f++) {
		if ((rc = give_address(l, LAB_GW, n->name, &n->gw[f].addr,
		    n->gw[f].bits)) < 0 ||
		    (rc = give_address(l, LAB_LAN, n->peer, &n->client[f],
		    n->gw[f].bits)) < 0 ||
		    (rc = give_address(l, LAB_LAN, n->peer, &n->other[f],
		    n->gw[f].bits)) < 0)
			return rc;
		if ((rc = link_route(l->nl[LAB_LAN], n->peer, NULL,
		    &n->gw[f].addr, 100 + i)) < 0)
			return rc;
	}
	n->raw = packet_socket(n->peer, ROOM_LAN);
	return n->raw < 0 ? n->raw : 0;
}

/* Up, with its addresses and routes, which it loses when it goes down. */
static int
raise_uplink(struct lab *l, unsigned i)
{
	struct lab_uplink *u = &l->uplink[i];
	unsigned f;
	int rc;

	lab_enter(l, LAB_GW);
	if ((rc = link_set(l->nl[LAB_GW], u->name, 1)) < 0)
		return rc;
	for (f = 0; f < l->nfamilies; f++)
		if ((rc = give_address(l, LAB_GW, u->name, &u->gw[f].addr,
		    u->gw[f].bits)) < 0)
			return rc;
	for (f = 0; f < l->nfamilies; f++) {
		rc = link_route(l->nl[LAB_GW], u->name, NULL, &u->router[f],
		    10 + i);
		if (rc < 0 && rc != -EEXIST)
			return rc;
	}
	return 0;
}

int
lab_move_uplink(struct lab *l, unsigned i, const char *name)
{
	struct lab_uplink *u = &l->uplink[i];
	int rc;

	lab_enter(l, LAB_GW);
	if ((rc = link_set(l->nl[LAB_GW], u->name, 0)) < 0)
		return rc;
	if (strcmp(name, u->name) != 0) {
		if ((rc = link_rename(l->nl[LAB_GW], u->name, name)) < 0)
			return rc;
		snprintf(u->name, sizeof(u->name), "%s", name);
	}
	return raise_uplink(l, i);
}

static int
connect_uplink(struct lab *l, unsigned i)
{
	struct lab_uplink *u = &l->uplink[i];
	unsigned f;
	int rc;

	lab_enter(l, LAB_GW);
	if ((rc = link_pair(l->nl[LAB_GW], u->name, u->peer,
	    l->ns[LAB_NET])) < 0)
		return rc;
	lab_mac(u->name, u->gw_mac);
	lab_enter(l, LAB_NET);
	lab_mac(u->peer, u->mac);
	if ((rc = link_set(l->nl[LAB_NET], u->peer, 1)) < 0)
		return rc;
	if ((u->raw = packet_socket(u->peer, ROOM_NET)) < 0)
		return u->raw;
	for (f = 0; f < l->nfamilies; f++)
		if ((rc = give_address(l, LAB_NET, u->peer, &u->router[f],
		    u->gw[f].bits)) < 0)
			return rc;
	return raise_uplink(l, i);
}

/* The net knows its way to the LANs, or what leaks could not be answered. */
static int
net_routes(struct lab *l)
{
	struct addr_net to;
	unsigned i, f;
	int rc;

	lab_enter(l, LAB_NET);
	for (i = 0; i < l->nlan; i++)
		for (f = 0; f < l->nfamilies; f++) {
			to = l->lan[i].gw[f];
			to.addr.ip[addr_iplen(&to.addr) - 1] = 0;
			if (f == LAB_6)
				memset(to.addr.ip + 8, 0, 8);
			if ((rc = link_route(l->nl[LAB_NET], l->uplink[0].peer,
			    &to, &l->uplink[0].gw[f].addr, 0)) < 0)
				return rc;
		}
	return 0;
}

/* Doors may stand at addresses that the LANs here have not got. */
static int
door_addresses(struct lab *l, const struct conf *c)
{
	const struct { const struct conf_port *port; size_t n; } all[] = {
		{ c->trans_ports, c->ntrans_ports },
		{ c->dns_ports, c->ndns_ports },
		{ c->socks_ports, c->nsocks_ports },
		{ c->http_ports, c->nhttp_ports },
	};
	const struct addr *a;
	unsigned f;
	size_t i, j;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (j = 0; j < all[i].n; j++)
			for (f = 0; f < l->nfamilies; f++) {
				a = &all[i].port[j].addr;
				if (is_usable(a, f == LAB_6 ? 6 : 4))
					(void)give_address(l, LAB_GW, "lo", a,
					    whole(f));
			}
	return 0;
}

static int
listen_at(struct lab *l, const struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(a, &ss);
	int fd = lab_socket(l, LAB_NET, 0, ss.ss_family, SOCK_STREAM, 0);
	int one = 1, rc;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len) == 0 && listen(fd, 64) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int
make_far(struct lab *l)
{
	unsigned f;
	int *at = l->listeners, rc;

	/* it asks as the router that it is, and not as the far side */
	lab_enter(l, LAB_NET);
	lab_sysctl("net/ipv4/conf/all/arp_announce", "2");
	for (f = 0; f < l->nfamilies; f++) {
		if ((rc = give_address(l, LAB_NET, "lo", &l->relay[f],
		    whole(f))) < 0 ||
		    (rc = give_address(l, LAB_NET, "lo", &l->far[f],
		    whole(f))) < 0)
			return rc;
		if ((*at++ = listen_at(l, &l->relay[f])) < 0 ||
		    (*at++ = listen_at(l, &l->far[f])) < 0)
			return at[-1];
	}
	return 0;
}

/* A machine that lets everything through, but for what is tested. */
static int
open_gateway(struct lab *l, const struct conf *c)
{
	unsigned f;
	int rc = 0;

	lab_enter(l, LAB_GW);
	lab_sysctl("net/ipv4/ip_forward", "1");
	lab_sysctl("net/ipv6/conf/all/forwarding", "1");
	lab_sysctl("net/ipv4/conf/all/rp_filter", "0");
	lab_sysctl("net/ipv4/conf/default/rp_filter", "0");
	lab_sysctl("net/ipv4/conf/all/send_redirects", "0");
	lab_sysctl("net/ipv4/icmp_ratelimit", "0");
	lab_sysctl("net/ipv6/icmp/ratelimit", "0");
	lab_sysctl("net/ipv4/ip_local_port_range", "32768 60999");
	for (f = 0; c->trans_proxy_type == CONF_TRANS_TPROXY &&
	    f < l->nfamilies && rc == 0; f++)
		rc = link_marked_home(l->nl[LAB_GW], f == LAB_6 ? 6 : 4,
		    FWPLAN_MARK);
	return rc;
}

static int
connect_all(struct lab *l, const struct conf *c)
{
	unsigned i;
	int rc;

	if ((rc = open_gateway(l, c)) < 0)
		return rc;
	for (i = 0; i < l->nlan; i++)
		if ((rc = connect_lan(l, i)) < 0)
			return rc;
	for (i = 0; i < l->nuplink; i++)
		if ((rc = connect_uplink(l, i)) < 0)
			return rc;
	if ((rc = net_routes(l)) < 0 || (rc = door_addresses(l, c)) < 0)
		return rc;
	return make_far(l);
}

static int
make_mounts(struct lab *l, char *why, size_t max)
{
	int rc = 0;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    NULL) < 0 ||
	    mount("tmpfs", LAB_AT, "tmpfs", MS_NOSUID | MS_NODEV,
	    "size=64m,mode=755") < 0)
		rc = -errno;
	else if (mkdir(LAB_DATA, 0700) < 0 ||
	    chown(LAB_DATA, l->uid, (gid_t)-1) < 0)
		rc = -errno;
	if (rc < 0)
		snprintf(why, max, "mounts cannot be made (/proc, " LAB_AT
		    "): %s", strerror(-rc));
	return rc;
}

int
lab_make(struct lab *l, const struct conf *c, char *why, size_t max)
{
	int rc;

	memset(l, 0, sizeof(*l));
	memset(l->listeners, 0xff, sizeof(l->listeners));
	place_lans(l, c);
	place_uplinks(l, c);
	if ((rc = place_far(l, c, why, max)) < 0 ||
	    (rc = make_mounts(l, why, max)) < 0 ||
	    (rc = make_places(l, why, max)) < 0)
		return rc;
	if ((rc = connect_all(l, c)) < 0)
		snprintf(why, max, "the laboratory's links cannot be made: "
		    "%s%s", strerror(-rc), rc == -EOPNOTSUPP ? " (has the "
		    "kernel veth and packet sockets? modprobe veth af_packet)" :
		    "");
	return rc;
}

void
lab_remove_uplink(struct lab *l)
{
	struct lab_uplink *u = &l->uplink[l->nuplink - 1];

	lab_enter(l, LAB_GW);
	(void)link_delete(l->nl[LAB_GW], u->name);
	if (u->raw >= 0)
		close(u->raw);
	l->nuplink--;
}

/* Whatever goes out goes by this one, from now on; or else it is not there. */
int
lab_add_uplink(struct lab *l, const char *name)
{
	unsigned i = l->nuplink++, f;
	struct lab_uplink *u = &l->uplink[i];
	int rc;

	place_uplink(l, i, name);
	u->raw = -1;
	u->foreign = 1;
	rc = connect_uplink(l, i);
	lab_enter(l, LAB_GW);
	for (f = 0; f < l->nfamilies && rc == 0; f++)
		rc = link_route(l->nl[LAB_GW], name, NULL, &u->router[f], 1);
	if (rc < 0)
		lab_remove_uplink(l);
	return rc;
}

/* --- the far side --- */

/* 0: nobody is there. */
static int
take_one(struct lab *l, int fd, int is_relay)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a;
	int c = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);

	if (c < 0)
		return 0;
	if (is_relay && addr_from_sock(&a, (struct sockaddr *)&ss) == 0 &&
	    (a.port < LAB_CONTROL || a.port >= LAB_STRAY + LAB_PORTS))
		l->engine_came++;
	/* the first ones stay: they are to be tried again */
	if (l->nheld < LAB_HELD)
		l->held[l->nheld++] = c;
	else
		close(c);
	return 1;
}

void
lab_serve(struct lab *l)
{
	unsigned i, j;

	for (i = 0; i < 2 * LAB_NFAMILIES; i++)
		for (j = 0; j < LAB_HELD && l->listeners[i] >= 0; j++)
			if (!take_one(l, l->listeners[i], i % 2 == 0))
				break;
}
