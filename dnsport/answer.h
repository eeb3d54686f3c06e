/* dnsport/answer.h - a DNS message that answers a question */
#ifndef DNSPORT_ANSWER_H
#define DNSPORT_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "dnsport/record.h"
#include "dnsport/question.h"

struct ldns_struct_pkt;

/* How it is to be said. */
struct answer_how {
	size_t		 max;		/* bytes that it may have: where it has
					 * more, TC is set and none given.  0:
					 * any (TCP) */
	size_t		 fair;		/* the same, but addresses are left out
					 * before that; 0: any */
	uint8_t		 ad;		/* it is proven (RFC 4035) */
	uint8_t		 explained;	/* .ede counts */
	uint16_t	 ede;		/* RFC 8914 */
	const char	*text;		/* to go with it, or NULL */
	const uint8_t	*cookie;	/* COOKIE_LEN bytes, or NULL */
};

/* The whole message, to be freed with free(); NULL without memory.  Records
 * that are not of the type asked for, and names that are none, are left out.
 * What EDNS adds goes before records do: a text, then the rest. */
uint8_t	*answer_build(const struct question *, uint16_t rcode,
	    const struct dns_record *, size_t n, const struct answer_how *,
	    size_t *len);
/* The same with the records of another's answer, in their sections, under our
 * question and header; TTLs are clipped. */
uint8_t	*answer_pass(const struct question *, uint16_t rcode,
	    const struct ldns_struct_pkt *, const struct answer_how *,
	    size_t *len);

/* What such an answer tells of addresses; @names and @addrs are room for it.
 * Of more than there is room for the rest is left out. */
enum { ANSWER_NAMES_MAX = 16, ANSWER_ADDRS_MAX = 128 };
struct answer_room {
	char		 text[ANSWER_NAMES_MAX][DNSPORT_NAME_MAX + 1];
	const char	*names[ANSWER_NAMES_MAX];
	struct addr	 addrs[ANSWER_ADDRS_MAX];
};
void	answer_tells(const struct question *, const struct ldns_struct_pkt *,
	    struct answer_room *, struct dns_told *);

#endif
