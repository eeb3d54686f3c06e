/* onion/circ/xonxoff.h - start, stop and pace of one stream
 *
 * Streams of circuits with congestion control have no window of their own;
 * who can't take more says XOFF, and later XON with the rate at which it gets
 * rid of data (proposal 324, section 4).
 */
#ifndef ONION_CIRC_XONXOFF_H
#define ONION_CIRC_XONXOFF_H

#include <stddef.h>
#include <stdint.h>

struct flow_params;

enum {
	XONXOFF_GRACE_MS = 5,	/* so long a queue may be over the limit */
	/* How many more than their bytes account for a relay may send: its
	 * consensus, and so its parameters, may be older than ours. */
	XONXOFF_SLACK = 4
};

struct xonxoff {
	/* They tell us. */
	uint64_t	sent;		/* bytes of ours */
	uint32_t	xoffs, xons;	/* that came */
	uint64_t	rate;		/* bytes/s we may send; 0: any */
	int64_t		tokens;		/* bytes; below 0 is debt */
	int64_t		filled_at;	/* ms */
	uint8_t		stopped;

	/* We tell them. */
	uint8_t		xoff_out;	/* XOFF was sent, XON was not */
	int64_t		over_since;	/* ms; 0: not over the limit */
	int64_t		drain_since;	/* ms; 0: nothing waits */
	uint64_t	drained;	/* bytes, since then */
	uint32_t	kbps;		/* 1000 bytes/s, averaged; 0: unknown */
	uint32_t	kbps_told;
};

/* Their word: 0, or -EPROTO where it is one too many. */
int	xonxoff_stop(struct xonxoff *, const struct flow_params *);
int	xonxoff_start(struct xonxoff *, const struct flow_params *,
	    uint32_t kbps, int64_t now);
/* May we send?  If not, *when is when to ask again, LOOP_NEVER if XON has to
 * come first; and that we did. */
int	xonxoff_may_send(struct xonxoff *, int64_t now, int64_t *when);
void	xonxoff_sent(struct xonxoff *, size_t bytes);

/* Our word.  @held bytes wait for the holder: must XOFF go out?  @drained of
 * them went and @held still wait: must XON? */
int	xonxoff_over(struct xonxoff *, const struct flow_params *,
	    size_t held, int64_t now);
int	xonxoff_drained(struct xonxoff *, const struct flow_params *,
	    size_t drained, size_t held, int64_t now);
/* That it went out; the rate to tell. */
void	xonxoff_xoff_sent(struct xonxoff *);
uint32_t xonxoff_xon_sent(struct xonxoff *);

#endif
