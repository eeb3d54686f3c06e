/* daemon/selftest_lab.h - a LAN, a gateway and a net, in namespaces
 *
 *	LAN: c0, c1 ... ===== gateway: interfaces ===== net: w0, w1 ...
 *	(clients)              as torrc has them         (relay, oracle)
 *
 * The caller is the first process of a PID namespace with mounts of its own:
 * all that is made here ends with it.  The gateway forwards whatever it is
 * given, as a machine may: what stops that is what is tested.  Time and again
 * the caller enters one of the three; sockets stay where they were made.
 */
#ifndef DAEMON_SELFTEST_LAB_H
#define DAEMON_SELFTEST_LAB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "daemon/selftest_packet.h"

struct conf;
struct nl_sock;

#define LAB_AT	"/mnt"		/* a file system in memory */
#define LAB_DATA LAB_AT "/data"

enum lab_place { LAB_LAN, LAB_GW, LAB_NET, LAB_NPLACES };
enum lab_family { LAB_4, LAB_6, LAB_NFAMILIES };
enum {
	LAB_LANS_MAX = 32, LAB_UPLINKS_MAX = 16, LAB_IFNAME = 16,
	LAB_OTHER = 54321,	/* an account, or the next one */
	LAB_STRAY = 20000,	/* others' ports, and ours, so that the */
	LAB_CONTROL = 19000,	/* oracle tells whose they are: 1000 each */
	LAB_PORTS = 1000,
	LAB_DIRECTORY_PORT = 9030,
	LAB_FAR_PORT = 80,
	LAB_HELD = 256		/* connections that are kept open there */
};

struct lab_lan {
	char		name[LAB_IFNAME], peer[LAB_IFNAME];
	struct addr_net	gw[LAB_NFAMILIES];	/* the gateway's address */
	struct addr	client[LAB_NFAMILIES], other[LAB_NFAMILIES];
	uint8_t		gw_mac[PACKET_MAC], mac[PACKET_MAC];
	int		raw;		/* packet socket at @peer */
};

struct lab_uplink {
	char		name[LAB_IFNAME], peer[LAB_IFNAME];
	struct addr_net	gw[LAB_NFAMILIES];
	struct addr	router[LAB_NFAMILIES];
	uint8_t		gw_mac[PACKET_MAC], mac[PACKET_MAC];
	int		raw;		/* packet socket at @peer */
	int		foreign;	/* by that name torrc has it not */
};

struct lab {
	int		ns[LAB_NPLACES];
	enum lab_place	at;
	struct nl_sock	*nl[LAB_NPLACES];
	struct lab_lan	lan[LAB_LANS_MAX];
	unsigned	nlan;
	struct lab_uplink uplink[LAB_UPLINKS_MAX + 1];	/* one more comes */
	unsigned	nuplink;
	unsigned	nfamilies;	/* 1: no IPv6 in this kernel */
	struct addr	relay[LAB_NFAMILIES], far[LAB_NFAMILIES];
	uid_t		uid, other;	/* the program's, and somebody's */
	uint32_t	mark;		/* that its sockets have; 0 */
	int		listeners[2 * LAB_NFAMILIES];	/* relay, far side */
	unsigned	engine_came;	/* connections of the program itself */
	int		held[LAB_HELD];	/* what came: the first ones */
	unsigned	nheld;
};

/* 0 or -errno with a sentence in @why that says what the kernel lacks. */
int	lab_make(struct lab *, const struct conf *, char *why, size_t max);
void	lab_enter(struct lab *, enum lab_place);
/* An uplink goes down, is perhaps called otherwise, and comes up again. */
int	lab_move_uplink(struct lab *, unsigned i, const char *name);
/* One more uplink, the last of them, and not any more. */
int	lab_add_uplink(struct lab *, const char *name);
void	lab_remove_uplink(struct lab *);
/* Below /proc/sys, of the place where one is. */
void	lab_sysctl(const char *path, const char *value);
void	lab_sysctl_of(const char *format, const char *link, const char *value);
/* Connections that came to relay and far side are taken; the first of them are
 * kept open. */
void	lab_serve(struct lab *);
/* A socket in @place of @uid's; -errno. */
int	lab_socket(struct lab *, enum lab_place, uid_t uid, int family,
	    int type, int proto);
/* Bound to a port from @first on, whichever is free. */
int	lab_bind(int fd, unsigned family, unsigned first);
void	lab_mac(const char *name, uint8_t mac[PACKET_MAC]);

#endif
