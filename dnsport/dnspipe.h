/* dnsport/dnspipe.h - DNS over a byte stream (RFC 7766), sans IO
 *
 * Several questions at a time, answers in any order, each behind its length.
 * What carries the bytes (a socket, a connection of the TUN) embeds a dnspipe,
 * feeds it what came, and is given what is to go.
 */
#ifndef DNSPORT_DNSPIPE_H
#define DNSPORT_DNSPIPE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dnsport/dnsport.h"

struct dnspipe_pending;

enum {
	DNSPIPE_PENDING_MAX = 64,	/* unanswered questions */
	DNSPIPE_HEAD = 2,		/* the length before a message */
	DNSPIPE_FRAME_MAX = DNSPIPE_HEAD + UINT16_MAX
};

struct dnspipe {
	struct dnsport	*dnsport;
	struct dns_from	 from;
	/* An answer, its length in @head; @arg is the pipe's owner.  Whether
	 * it comes from within dnspipe_take() or later is not said. */
	void		(*send)(void *arg, const uint8_t head[DNSPIPE_HEAD],
			    const uint8_t *msg, size_t len);
	/* A question got its answer, or silence: another may be taken. */
	void		(*settled)(void *arg);
	void		*arg;
	LIST_HEAD(, dnspipe_pending) pending;
	unsigned	 npending;
};

/* Set send, settled and arg before. */
void	dnspipe_init(struct dnspipe *, struct dnsport *,
	    const struct addr *client, void *listener);
/* Drops what waits for an answer; no call comes from then on. */
void	dnspipe_fini(struct dnspipe *);
int	dnspipe_full(const struct dnspipe *);
/* How long is the frame that begins with @p?  0: too few bytes to tell;
 * -EPROTO: none can be. */
int	dnspipe_frame(const uint8_t *p, size_t len);
/* Asks one question, of a whole frame.  0 or -ENOMEM. */
int	dnspipe_take(struct dnspipe *, const uint8_t *frame, size_t len);

#endif
