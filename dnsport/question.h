/* dnsport/question.h - a DNS query message, understood
 *
 * The question is kept as the client wrote it, case and all, to be given back
 * in the answer; what it asks for is decided here.
 */
#ifndef DNSPORT_QUESTION_H
#define DNSPORT_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "dnsport/record.h"

enum question_verdict {
	QUESTION_SILENCE,	/* no query at all: say nothing */
	QUESTION_ASK,		/* find out; .q tells what */
	QUESTION_ERROR		/* answer with .rcode */
};

enum {				/* rcodes, RFC 1035, 6891 */
	RCODE_NOERROR = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5,
	RCODE_BADVERS = 16
};

enum {
	QUESTION_WIRE_MAX = 255,	/* bytes of a name on the wire */
	QUESTION_COOKIE_MAX = 40,	/* client's 8, server's 8 to 32 */
	QUESTION_UDP_MIN = 512		/* what every client can take */
};

struct question {
	struct dns_question q;
	uint16_t	 id;
	uint8_t		 opcode;
	uint8_t		 rd, ad, cd;	/* as in the query */
	uint8_t		 edns;		/* it had an OPT record */
	uint8_t		 dnssec;	/* with DO */
	uint8_t		 cookie_len;	/* 0: none */
	uint8_t		 cookie[QUESTION_COOKIE_MAX];	/* RFC 7873 */
	uint16_t	 udp_size;	/* QUESTION_UDP_MIN or more */
	uint16_t	 rcode;
	uint16_t	 type, class;	/* of the question */
	uint16_t	 name_len;	/* 0: no question could be read */
	uint8_t		 name[QUESTION_WIRE_MAX];	/* its labels */
};

/* A name on the wire (whole, not compressed) as text, lower case, without a final
 * dot, "?" for bytes that no host's name has.  0; -EINVAL: an exit can't be
 * asked for it. */
int	question_text(char out[DNSPORT_NAME_MAX + 1], const uint8_t *name,
	    size_t len);

enum question_verdict question_parse(struct question *, const uint8_t *,
	    size_t);

#endif
