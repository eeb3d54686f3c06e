/* tests/tun/rawclient.h - a client's TCP by hand, on rawdev
 *
 * Each segment is made as it is told, right or wrong; what comes is only read.
 * The bookkeeping is the caller's but where it says so.
 */
#ifndef TESTS_TUN_RAWCLIENT_H
#define TESTS_TUN_RAWCLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

struct seg {			/* to be sent; 0 is what most of them have */
	uint8_t		flags;
	uint32_t	seq, ack;
	const void	*data;
	size_t		len;
	const uint8_t	*opt;		/* as it is; padded with what ends it */
	size_t		nopt;
	uint16_t	urgent;
	uint8_t		doff;		/* 0: the right one */
};

struct got {			/* one that came */
	uint8_t		flags;
	uint32_t	seq, ack, wnd;
	size_t		len, part;	/* of its payload; of its parts */
	int64_t		at;		/* ms */
	const uint8_t	*data;		/* until the next comes */
};

struct client {
	struct addr	me, it;
	uint32_t	iss, irs;
	uint32_t	nxt;		/* my next byte */
	uint32_t	ack;		/* behind what came in order */
	uint32_t	una;		/* the last ACK that I sent */
	uint16_t	wnd;
	uint8_t		scale;		/* its window's */
	int		up;		/* irs and ack are known */
	uint8_t		opt[40];	/* of the SYN: MSS 1460, no more */
	size_t		nopt;
	int		ts;		/* in all segments */
	uint32_t	ts_val, ts_ecr;
	struct got	got;
};

/* A client that nobody was before, in @family, for a port of echo_tun's. */
void	client_init(struct client *, int family, uint16_t port);
/* The frame; @out has room for CLIENT_FRAME. */
enum { CLIENT_FRAME = 2048 };
size_t	client_make(const struct client *, const struct seg *, uint8_t *out);
void	client_seal(uint8_t *, size_t len);	/* checksums, after a change */
void	client_say(struct client *, const struct seg *);
/* Without a payload. */
void	client_flags(struct client *, uint8_t flags, uint32_t seq,
	    uint32_t ack);
void	client_ack(struct client *);		/* where we are */
/* Sends at ->nxt, which goes on. */
void	client_data(struct client *, const void *, size_t len);

/* The next of this connection that has come; 0: there is none.  Others are
 * passed over, and what a timer sent again: who runs this may be slow. */
int	client_got(struct client *);
int	client_wait(struct client *);		/* the same, but waits for it */

int	client_syn(struct client *);	/* 1: it was answered by a SYN|ACK */
int	client_open(struct client *);	/* and by us */
/* All that came: exactly an ACK of where we are. */
int	client_challenged(struct client *);
/* Nothing at all came, but for what a timer of this one sent again. */
int	client_silent(struct client *);
/* On an echo port: a byte comes back. */
int	client_alive(struct client *);
/* What we say next is of no connection. */
int	client_gone(struct client *);
/* On the source port: takes what is in ->got, if it is what comes next: 0, or
 * the number of bytes that are not what they should be. */
size_t	client_take(struct client *);
/* Takes and ACKs @len bytes more: 1, and all were right. */
int	client_read(struct client *, size_t len);
/* Takes all that has come: how many bytes are under way? */
uint32_t client_flight(struct client *);
void	client_kill(struct client *);	/* a reset that counts */

#endif
