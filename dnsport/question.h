/* dnsport/question.h - a DNS query message, understood
 *
 * Parsing is ldns' work; what it means to us is decided here.  The question's
 * name is kept as the client wrote it, case and all, to be given back in the
 * answer.
 */
#ifndef DNSPORT_QUESTION_H
#define DNSPORT_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "dnsport/dnsport.h"

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

struct question {
	struct dns_question q;
	uint16_t	 id;
	uint8_t		 opcode;
	uint8_t		 rd, cd;	/* as in the query */
	uint8_t		 edns;		/* it had an OPT record */
	uint16_t	 udp_size;	/* 512 without EDNS */
	uint16_t	 rcode;
	void		*rr;		/* ldns_rr of the question, or NULL */
};

/* The caller ends it with question_fini(), whatever the verdict. */
enum question_verdict question_parse(struct question *, const uint8_t *,
	    size_t);
void	question_fini(struct question *);

#endif
