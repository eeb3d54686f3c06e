/* tun/pkt.h - packets as the stack and its device pass them
 *
 * A packet begins with its IP header.  Both structs borrow what they point to,
 * for the length of the call.  A device that can (IFF_VNET_HDR) passes
 * super-segments of up to 64 KiB and leaves checksums to whoever needs them.
 */
#ifndef TUN_PKT_H
#define TUN_PKT_H

#include <stddef.h>
#include <stdint.h>

enum {
	PKT_MAX = 65535,	/* bytes, from the IP header on */
	PKT_HEAD_MAX = 120,	/* IPv6 or IPv4, and TCP with all options */
	PKT_BODY_MAX = 2	/* slices */
};

struct pkt_in {
	const uint8_t	*p;
	size_t		 len;
	uint8_t		 csum_ok;	/* the transport checksum needs no
					 * look: it was never made, or was
					 * verified */
};

struct pkt_slice {
	const void	*p;
	size_t		 len;
};

struct pkt_out {
	uint8_t		 head[PKT_HEAD_MAX];	/* IP and transport headers */
	size_t		 headlen;
	struct pkt_slice body[PKT_BODY_MAX];
	unsigned	 nbody;
	uint16_t	 seg;		/* payload of each segment to be cut;
					 * 0: it is one packet */
	uint16_t	 csum_start;	/* of the transport header; with seg or
					 * without, where the field at
					 * csum_start + csum_offset holds the
					 * sum of the pseudo header alone; 0:
					 * the checksum is whole */
	uint16_t	 csum_offset;
};

#endif
