/* tests/tun/simtcp.h - a link and a receiver for tcp_snd, in virtual time
 *
 * The link loses, delays, reorders and doubles packets as a seeded generator
 * says, in both directions; it may have a rate and a queue that overflows.  The
 * receiver is an honest TCP: delayed ACKs, reassembly, SACK with D-SACK,
 * timestamps, a window that its application's reading opens.  It checks every
 * byte against simtcp_byte().  Time is in microseconds, and goes to tcp_snd as
 * whole milliseconds.
 */
#ifndef TESTS_TUN_SIMTCP_H
#define TESTS_TUN_SIMTCP_H

#include <stddef.h>
#include <stdint.h>

struct simtcp_conf {
	uint64_t	seed;
	double		loss, ack_loss;		/* of packets, [0, 1) */
	double		reorder, twice;
	uint32_t	delay_us;		/* one way */
	uint32_t	reorder_us;		/* most, on top */
	uint32_t	rate;			/* bytes/ms; 0: any */
	uint32_t	queue;			/* bytes; where rate */
	uint32_t	rcvbuf;
	uint32_t	read;			/* bytes/ms; 0: any */
	int		no_sack, no_ts;
	int		whole;			/* a super-segment arrives, or
						 * is lost, as it was sent */
	uint16_t	mss;
	size_t		most;			/* of tcp_snd_next() */
	uint64_t	bytes;			/* to carry */
	uint32_t	iss;
	int64_t		limit_ms;		/* of virtual time */
};

struct simtcp_result {
	int		rc;		/* 0, -ETIMEDOUT, or -ETIME */
	int64_t		ms;
	uint64_t	sent;		/* payload, with what was sent again */
	uint64_t	packets;
	const char	*broken;	/* NULL, or what did not hold */
};

uint8_t	simtcp_byte(uint64_t at);
void	simtcp_run(const struct simtcp_conf *, struct simtcp_result *);

#endif
