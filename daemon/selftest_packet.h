/* daemon/selftest_packet.h - frames that a hostile or careless client sends
 *
 * Ethernet frames of IPv4 or IPv6, right in their checksums and in nothing
 * else: whoever makes one says what is odd about it.  All is put into one
 * buffer of a fixed size; what does not fit is cut off.
 */
#ifndef DAEMON_SELFTEST_PACKET_H
#define DAEMON_SELFTEST_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum { PACKET_MAX = 1514, PACKET_MAC = 6, PACKET_HEAD = 14 };

enum {					/* TCP's flags */
	PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_PSH = 8,
	PACKET_ACK = 16, PACKET_URG = 32
};

struct packet_way {			/* what all of a row have in common */
	uint8_t		 from_mac[PACKET_MAC], to_mac[PACKET_MAC];
	struct addr	 src, dst;	/* of one family; ports don't count */
	uint8_t		 hops;		/* 0 is one, too */
	uint16_t	 id, frag;	/* IPv4's fragment field */
	const uint8_t	*options;	/* IPv4; a multiple of 4 bytes */
	size_t		 noptions;
};

struct packet {
	uint8_t		 b[PACKET_MAX];
	size_t		 len;
};

void	packet_ip(struct packet *, const struct packet_way *, uint8_t proto,
	    const void *payload, size_t len);
void	packet_tcp(struct packet *, const struct packet_way *, uint16_t sport,
	    uint16_t dport, unsigned flags, const void *data, size_t len);
void	packet_udp(struct packet *, const struct packet_way *, uint16_t sport,
	    uint16_t dport, const void *data, size_t len);
/* Of ICMP or ICMPv6; @rest are the four bytes after the checksum. */
void	packet_icmp(struct packet *, const struct packet_way *, uint8_t type,
	    uint8_t code, const uint8_t rest[4], const void *data, size_t len);
/* Who has @way's dst? tell its src. */
void	packet_arp(struct packet *, const struct packet_way *);
/* The parts of a packet as the payload of another one: no Ethernet. */
size_t	packet_inner(const struct packet *, const uint8_t **ip);

#endif
