/* tun/icmp.h - ICMP and ICMPv6 (RFC 792, 1812, 4443)
 *
 * What we say: errors about a packet, and answers to echo requests.  What we
 * hear: echo requests, and errors about a TCP segment of ours.  Everything else
 * is dropped.  No error is ever sent about an error, or to many (RFC 1122
 * 3.2.2, RFC 4443 2.4): who asks for one has parsed the packet by ip_parse().
 */
#ifndef TUN_ICMP_H
#define TUN_ICMP_H

#include <stddef.h>
#include <stdint.h>

#include "tun/drop.h"
#include "tun/ip.h"

enum icmp_error {
	ICMP_NO_HOST,			/* 3/1; 1/3 */
	ICMP_NO_NET,			/* 3/0; 1/0 */
	ICMP_PROHIBITED,		/* 3/13; 1/1 */
	ICMP_NO_PORT,			/* 3/3; 1/4 */
	ICMP_NO_PROTOCOL		/* 3/2; parameter problem 4/1 */
};

enum { ICMP_MAX = 1280 };		/* bytes of what is built, IP and all */

/* A whole packet from @from to the sender of @about, quoting as much of it as
 * fits (IPv4: 576 bytes in all, IPv6: 1280): its length, or 0 where @about may
 * be an error itself.  @out: ICMP_MAX. */
size_t	icmp_error_build(uint8_t *out, const struct addr *from,
	    enum icmp_error, const struct ip *about);

enum icmp_kind {
	ICMP_OTHER,
	ICMP_ECHO,			/* a request */
	ICMP_TOO_BIG,			/* about a segment of ours */
	ICMP_UNREACHABLE		/* hard or soft, the same; time
					 * exceeded, parameter problem */
};
struct icmp {
	enum icmp_kind	 kind;
	uint32_t	 mtu;		/* ICMP_TOO_BIG; 0: not told */
	/* What is quoted: a TCP segment from src to dst. */
	struct addr	 src, dst;	/* with ports */
	uint32_t	 seq;
};
/* DROP_NOT; DROP_CHECKSUM, DROP_ICMP, DROP_RUNT.  @csum_ok as in pkt_in. */
enum drop	icmp_parse(struct icmp *, const struct ip *, int csum_ok);

/* The answer to an echo request: a head in @out (IP6_HEAD + 8 at least), the
 * payload behind it stays where it is: @about->payload + 8.  Its length. */
size_t	icmp_echo_build(uint8_t *out, const struct ip *about);

#endif
