/* tun/tcp_out.h - the segments that a connection sends, and those of none
 *
 * Nothing in them depends on what the client's own look like, but for the
 * options that both must have.
 */
#ifndef TUN_TCP_OUT_H
#define TUN_TCP_OUT_H

#include <stdint.h>

enum { TCP_OUT_TS = 12 };	/* bytes that timestamps take of each segment */

struct addr;
struct pkt_out;
struct tcp;
struct tcp_seg;

/* All that is due now. */
void	tcp_out_flush(struct tcp *);
/* An ACK before all that. */
void	tcp_out_ack(struct tcp *);
void	tcp_out_rst(struct tcp *);
/* Is anybody there?  An old sequence number makes it answer. */
void	tcp_out_probe(struct tcp *);
uint16_t tcp_out_mss(uint16_t mtu, const struct addr *);	/* ours */
/* A segment without options and payload. */
void	tcp_out_bare(struct pkt_out *, const struct addr *from,
	    const struct addr *to, const struct tcp_seg *, int offload);

#endif
