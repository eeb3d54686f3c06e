/* dnsport/answer.h - a DNS message that answers a question */
#ifndef DNSPORT_ANSWER_H
#define DNSPORT_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "dnsport/record.h"
#include "dnsport/question.h"

/* The whole message, to be freed with free(); NULL without memory.  Records
 * that are not of the type asked for, and names that are none, are left out.
 * @tcp: no truncation; else, where not all fits, TC is set and none given. */
uint8_t	*answer_build(const struct question *, uint16_t rcode,
	    const struct dns_record *, size_t n, int tcp, size_t *len);

#endif
