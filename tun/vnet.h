/* tun/vnet.h - what stands before each packet of a device with IFF_VNET_HDR
 *
 * The header of virtio-net (virtio 1.2, 5.1.6), in the byte order of this
 * machine: it says of a packet how far its checksum has come, and of a
 * super-segment into what pieces it is to be cut.
 */
#ifndef TUN_VNET_H
#define TUN_VNET_H

#include <stdint.h>

struct pkt_in;
struct pkt_out;

enum { VNET_HEAD = 10 };		/* bytes */

void	vnet_build(uint8_t out[VNET_HEAD], const struct pkt_out *);
/* Sets csum_ok.  0; -EPROTONOSUPPORT: a super-segment, but not of TCP. */
int	vnet_parse(const uint8_t in[VNET_HEAD], struct pkt_in *);

#endif
