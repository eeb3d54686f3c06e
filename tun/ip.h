/* tun/ip.h - IPv4 and IPv6 headers (RFC 791, 8200)
 *
 * ip_parse() walks one packet to its transport header, with all bounds, and
 * says of what it does not take why.  IPv6 extension headers are walked
 * (hop-by-hop, destination options; RFC 8200 4, 7045); routing headers other
 * than a spent one, source routes and fragments are refused.  An atomic
 * fragment (RFC 6946) is no fragment.  Addresses that no unicast packet may
 * bear are refused here, too: multicast, broadcast, loopback, unspecified,
 * IPv4 in the clothes of IPv6, link-local sources, source equal to destination.
 * Not here: which networks there are, and so their broadcast addresses.
 */
#ifndef TUN_IP_H
#define TUN_IP_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "tun/drop.h"

enum { IP_TCP = 6, IP_UDP = 17, IP_ICMP = 1, IP_ICMP6 = 58, IP6_NONE = 59 };
enum { IP4_HEAD = 20, IP6_HEAD = 40, IP_EXT_MAX = 8 };
enum { IP_HOPS = 64 };		/* TTL, hop limit of what we send */

struct ip {			/* a packet; borrows it */
	struct addr	 src, dst;	/* port 0 */
	uint8_t		 proto;		/* behind all extension headers */
	uint16_t	 proto_at;	/* where @head says so: an offset */
	const uint8_t	*head;		/* the packet, headlen + len bytes */
	size_t		 headlen;	/* up to the payload */
	const uint8_t	*payload;
	size_t		 len;
};

/* A frame that is longer than its packet is trimmed.  Of a packet that is
 * dropped nothing is said. */
enum drop	ip_parse(struct ip *, const uint8_t *, size_t len);

/* Writes a header for @len bytes of payload, PKT_MAX in all: its length.  @out
 * has room for IP6_HEAD.  IPv4: don't fragment, identification 0, checksum
 * whole.  Both addresses are of one family. */
size_t	ip_build(uint8_t *out, const struct addr *src, const struct addr *dst,
	    uint8_t proto, size_t len);

#endif
