/* tun/tcp_life.h - what happens to a connection, and what follows from it */
#ifndef TUN_TCP_LIFE_H
#define TUN_TCP_LIFE_H

#include <stddef.h>

#include "tun/tcp_fsm.h"

struct tcp;

/* The only place where its state changes.  The holder may be called, and may
 * have killed it when this returns: look at its state.  @why is for KILL and
 * TIMEOUT. */
void	tcp_event(struct tcp *, enum tcp_event, int why);
/* An ACK that an attacker might want, but not too many (RFC 5961 7). */
void	tcp_challenge(struct tcp *);
/* What waits in it, and the memory for that, has changed. */
void	tcp_count(struct tcp *);
/* How much more may wait in it: all of a client's connections have no more than
 * what they leave to others. */
size_t	tcp_room(const struct tcp *);

#endif
