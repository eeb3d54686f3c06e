/* dnsport/record.h - what is asked for and what is answered, without DNS
 *
 * The nouns that questions, answers and those who find out have in common.
 */
#ifndef DNSPORT_RECORD_H
#define DNSPORT_RECORD_H

#include <stdint.h>

#include "base/addr.h"

enum {
	DNSPORT_UDP_MAX = 1232,		/* bytes of a UDP answer with EDNS0 */
	DNSPORT_NAME_MAX = 253,
	DNSPORT_TTL_MIN = 60,		/* s; what an exit says is clipped */
	DNSPORT_TTL_MAX = 3600
};

enum dns_ask { DNS_ASK_NONE, DNS_ASK_A, DNS_ASK_AAAA, DNS_ASK_PTR };

struct dns_question {
	enum dns_ask	 ask;
	char		 name[DNSPORT_NAME_MAX + 1];	/* lower case, no final
							 * dot; A and AAAA */
	struct addr	 addr;		/* PTR: of which address */
};

struct dns_record {		/* one answer */
	struct addr	 addr;		/* A, AAAA */
	const char	*name;		/* PTR */
	uint32_t	 ttl;		/* s */
};

#endif
