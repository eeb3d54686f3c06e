/* onion/link/tlslink.h - links over TLS and TCP: the real network
 *
 * A dialer makes links (link.h) with non-blocking sockets on an event base and
 * OpenSSL.  On the wire it looks as much like C tor's client as it can.
 *
 * The dialer belongs to its maker and must outlive its links; freeing it frees
 * those that are left, without a call.  Each of libevent's calls to it stands
 * between conf.enter() and conf.leave(): enter() sets the loop's time, leave()
 * ends the turn (loop_end_turn) or sees to it that it is ended soon.
 */
#ifndef ONION_LINK_TLSLINK_H
#define ONION_LINK_TLSLINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "onion/link/tcpdial.h"

struct event_base;
struct link_dialer;
struct loop;
struct permit_giver;
struct tlslink_dialer;

enum {
	TLSLINK_OUT_MAX	 = 131072,	/* plain bytes queued on one link */
	TLSLINK_OUT_LOW	 = 32768,	/* drained() when it falls below */
	TLSLINK_WIRE_MAX = 524288,	/* encrypted ones not yet sent */
	TLSLINK_LEFT_MAX = 32768,	/* not consumed by input() */
	TLSLINK_GULP	 = 131072,	/* bytes of one recv() */
	TLSLINK_TURN	 = 1048576	/* bytes of one link read in a turn */
};

struct tlslink_conf {
	struct loop		*loop;
	struct event_base	*base;
	void			(*enter)(void *arg);	/* both may be NULL */
	void			(*leave)(void *arg);
	void			*arg;
	struct addr		 bind4, bind6;	/* OutboundBindAddress */
	struct tcpdial_conf	 dial;		/* how sockets are made */
	/* Asked before each connection; NULL: any is fine. */
	const struct permit_giver *permit;
	int64_t			 timeout_ms;	/* TCP and TLS; 0: 60 s */
	uint8_t			 tls12;		/* tests: not TLS 1.3 */
};

/* -ENOTSUP: this OpenSSL can't do what is needed. */
int	 tlslink_dialer_new(struct tlslink_dialer **,
	    const struct tlslink_conf *);
void	 tlslink_dialer_free(struct tlslink_dialer *);
const struct link_dialer *tlslink_dialer(const struct tlslink_dialer *);
/* For links dialled from now on.  Family 0: the system chooses. */
void	 tlslink_set_bind(struct tlslink_dialer *, const struct addr *v4,
	    const struct addr *v6);

struct link;
/* "TLSv1.3 TLS_AES_256_GCM_SHA384", for the log; only of a tlslink. */
const char *tlslink_cipher(const struct link *, char *out, size_t);

#endif
