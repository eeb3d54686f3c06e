/* tun/tcp_seg.h - a TCP segment: header and options (RFC 9293 3.1, 7323, 2018)
 *
 * Parsing takes what is well-formed and nothing else: the offset within the
 * segment, each option within the offset, one that is known of its own length,
 * no port 0.  Values are as they are on the wire; whether they make sense is
 * for the connection to say.  Of an option that comes twice the last counts.
 * The urgent pointer means nothing.
 */
#ifndef TUN_TCP_SEG_H
#define TUN_TCP_SEG_H

#include <stddef.h>
#include <stdint.h>

#include "tun/drop.h"
#include "tun/seq.h"
#include "tun/tcp_snd.h"

enum {
	TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16,
	TCP_URG = 32, TCP_ECE = 64, TCP_CWR = 128
};
enum { TCP_HEAD = 20, TCP_HEAD_MAX = 60 };

struct tcp_seg {
	uint16_t	 sport, dport;
	uint32_t	 seq, ack;
	uint8_t		 flags;
	uint16_t	 wnd;		/* the field, not scaled */
	uint16_t	 mss;		/* 0: none */
	int8_t		 wscale;	/* -1: none; above 14 is 14 (RFC 7323
					 * 2.3) */
	uint8_t		 sack_ok;
	uint8_t		 has_ts;
	uint32_t	 ts_val, ts_ecr;
	struct tcp_sack	 sack[TCP_SND_SACK_MAX];
	unsigned	 nsack;
	const uint8_t	*data;		/* parse only; borrowed */
	size_t		 len;
};

/* DROP_NOT, DROP_RUNT, DROP_SEGMENT.  The checksum is not looked at. */
enum drop	tcp_seg_parse(struct tcp_seg *, const uint8_t *, size_t len);

/* The header with its options: its length, a multiple of 4, at most
 * TCP_HEAD_MAX; as many SACK blocks as fit.  The checksum field is 0. */
size_t	tcp_seg_build(uint8_t *out, const struct tcp_seg *);

#endif
