/* dnsport/answer.h - a DNS message that answers a question */
#ifndef DNSPORT_ANSWER_H
#define DNSPORT_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "dnsport/dnsport.h"
#include "dnsport/question.h"

/* The whole message, to be freed with free(); NULL without memory.  @tcp: no
 * truncation; else what does not fit is left out and TC is set. */
uint8_t	*answer_build(const struct question *, uint16_t rcode,
	    const struct dns_record *, size_t n, int tcp, size_t *len);

#endif
