/* tun/seq.h - TCP sequence numbers (RFC 9293 3.4) */
#ifndef TUN_SEQ_H
#define TUN_SEQ_H

#include <stdint.h>

/* Is a before b? */
static inline int
seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline int
seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

#endif
