/* daemon/splice.h - joins two endpoints; the only place with backpressure
 *
 * splice_open() takes both.  Bytes flow from either to the other as the other
 * takes them; nothing is granted that has no place to go, so what waits in a
 * splice is bounded by SPLICE_CREDIT each way.  When both are gone, also by
 * splice_kill(), done() is called, once.  The struct is its holder's, who
 * frees it at the end of the turn in which done() came.
 *
 * Ends: the client's FIN is passed on, and its answer still comes; the far
 * side's end becomes a FIN to the client after all data; a failure on either
 * side becomes a reset on the other, of the client after all data too.
 */
#ifndef DAEMON_SPLICE_H
#define DAEMON_SPLICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"

struct endpoint;
struct splice;

enum {
	SPLICE_CREDIT = 256 * 1024,	/* bytes in flight each way */
	SPLICE_GRANT = 128 * 1024,	/* of it at a time, where bytes wait */
	SPLICE_EARLY = 16 * 1024,	/* bytes taken before the stream opens */
	SPLICE_LINGER_MS = 300 * 1000,	/* without progress, for a client that
					 * never closes or never reads */
	SPLICE_POLL_MS = 200		/* has it all, that it may be reset? */
};

struct splice_side {
	struct splice	*splice;
	struct splice_side *other;
	struct endpoint	*ep;		/* NULL once gone */
	struct buf	 wait;		/* from @ep, not yet taken by other */
	int64_t		 since;		/* ms; the oldest in it */
	size_t		 owed;		/* credit that is yet to be granted */
	uint64_t	 bytes;		/* that came from @ep */
	uint8_t		 fin;		/* @ep ended its sending */
	uint8_t		 fin_sent;	/* and the other was told */
};

struct splice {
	struct splice_side client;	/* fwd comes from here */
	struct splice_side stream;	/* bwd comes from here */
	struct loop	*loop;
	struct loop_timer linger;
	size_t		 left;		/* that the client had not got ... */
	int64_t		 moved;		/* ... when it last got some; ms */
	void		(*opened)(void *arg);	/* the stream is connected */
	void		(*done)(void *arg, int why);
	void		*arg;
	int		 why;
	uint8_t		 open;
	uint8_t		 accepted;	/* the client is not kept waiting */
	uint8_t		 over;
};

void	splice_open(struct splice *, struct loop *, struct endpoint *client,
	    struct endpoint *stream);	/* set opened, done, arg before */
/* Lets a client in that was kept waiting, before the stream is open: it sends
 * its first bytes, which then travel with BEGIN.  Where the stream fails after
 * that the client is reset. */
void	splice_accept(struct splice *);
void	splice_kill(struct splice *, int why);
struct endpoint_queued;
/* What waits in it and in both of its sides. */
void	splice_queued(const struct splice *, struct endpoint_queued *);

#endif
