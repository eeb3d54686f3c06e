/* tun/tcp_snd_int.h - what the parts of tcp_snd share: nobody else's */
#ifndef TUN_TCP_SND_INT_H
#define TUN_TCP_SND_INT_H

#include <stdint.h>

struct tcp_snd;

enum { TCP_SND_RETRY_MS = 100 };	/* after there was no memory */

enum tcp_snd_soon {
	TCP_SND_SOON_NOTHING,
	TCP_SND_SOON_LOST,	/* RACK: what did not arrive until then */
	TCP_SND_SOON_PROBE,	/* RFC 8985 7: the tail may be lost */
	TCP_SND_SOON_MEMORY	/* there was none */
};

enum tcp_snd_probe {
	TCP_SND_PROBE_NONE,
	TCP_SND_PROBE_WINDOW,
	TCP_SND_PROBE_TAIL
};

static inline uint32_t
min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* RFC 6675's pipe: bytes that are on their way as far as we know. */
uint32_t tcp_snd_pipe(const struct tcp_snd *);
/* Bytes that the client's window leaves from @seq on. */
uint32_t tcp_snd_left(const struct tcp_snd *, uint32_t seq);
uint32_t tcp_snd_unsent(const struct tcp_snd *);	/* bytes of payload */
/* How many new bytes may go: at most @room, at most @most in one segment. */
uint32_t tcp_snd_fresh(const struct tcp_snd *, uint32_t room, uint32_t most);

/* Timers.  The deadline follows from the state, after each change of it. */
void	 tcp_snd_soon(struct tcp_snd *, enum tcp_snd_soon, int64_t at);
void	 tcp_snd_soon_probe(struct tcp_snd *, int64_t now);
void	 tcp_snd_schedule(struct tcp_snd *, int64_t now);
/* What is lost by now?  Recovery begins with the first. */
void	 tcp_snd_detect(struct tcp_snd *, int64_t now);
void	 tcp_snd_recover(struct tcp_snd *);

#endif
