/* dnsport/record.h - what is asked for and what is answered, without DNS
 *
 * The nouns that questions, answers and those who find out have in common.
 */
#ifndef DNSPORT_RECORD_H
#define DNSPORT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	DNSPORT_UDP_MAX = 1232,		/* bytes of a UDP answer with EDNS0 */
	DNSPORT_NAME_MAX = 253,
	DNSPORT_TTL_MIN = 60,		/* s; what an exit says is clipped */
	DNSPORT_TTL_MAX = 3600
};

enum dns_ask {
	DNS_ASK_NONE, DNS_ASK_A, DNS_ASK_AAAA,
	DNS_ASK_PTR,			/* of a name that is an address */
	DNS_ASK_OTHER			/* anything else; see .type */
};

struct dns_question {
	enum dns_ask	 ask;
	uint16_t	 type;		/* as on the wire */
	char		 name[DNSPORT_NAME_MAX + 1];	/* lower case, no final
							 * dot; of OTHER, "?"
							 * for other bytes */
	struct addr	 addr;		/* that the name is the reverse name of,
					 * whatever the type; family 0: none */
};

struct dns_record {		/* one answer */
	struct addr	 addr;		/* A, AAAA */
	const char	*name;		/* PTR */
	uint32_t	 ttl;		/* s */
};

/* What an answer told somebody: that these are addresses of that name.  All
 * borrowed. */
struct dns_told {
	const char	*const *names;	/* as in struct dns_question: the one
					 * asked for, then those that it led
					 * to (CNAME) */
	size_t		 nnames;	/* at least 1 */
	const struct addr *addrs;
	size_t		 naddrs;
	uint32_t	 ttl;		/* s, the longest */
};

/* Where a question came from; copied. */
struct dns_from {
	struct addr	 client;
	int		 ifindex;	/* the interface that it came by; 0: not
					 * known */
	struct addr	 share;		/* who is as one client with it, as to
					 * what one may have; dnsport's to fill
					 * in */
	int		 tcp;		/* no truncation */
	void		*listener;	/* which door; passed to ask() */
};

/* A resolver of DNSUpstream. */
struct dns_resolver {
	struct addr	 addr;
	/* In its certificate: it is asked by TLS; "": by TCP. */
	char		 name[DNSPORT_NAME_MAX + 1];
};

struct dnsport_conf {			/* all borrowed for the call */
	const struct dns_resolver *resolvers;	/* in the order to be asked */
	size_t		 nresolvers;
	const char	*ca;		/* certificates to trust, PEM; NULL: the
					 * system's */
	size_t		 ca_len;
	int		 validate;	/* DNSSEC */
	const char	*anchors;	/* DS or DNSKEY records; NULL: the
					 * root's, as shipped */
	size_t		 anchors_len;
	int		 reject_internal;	/* answers that point to private
						 * addresses */
};
enum { DNSPORT_RESOLVERS_MAX = 16 };

/* Extended errors (RFC 8914). */
enum {
	DNS_EDE_OTHER = 0, DNS_EDE_BOGUS = 6, DNS_EDE_SIG_EXPIRED = 7,
	DNS_EDE_SIG_NOT_YET = 8, DNS_EDE_NO_DNSKEY = 9, DNS_EDE_NO_RRSIG = 10,
	DNS_EDE_NO_NSEC = 12, DNS_EDE_NOT_READY = 14,
	DNS_EDE_BLOCKED = 15, DNS_EDE_FILTERED = 17, DNS_EDE_PROHIBITED = 18,
	DNS_EDE_NOT_AUTH = 20, DNS_EDE_NOT_SUPPORTED = 21,
	DNS_EDE_NO_REACHABLE = 22, DNS_EDE_NETWORK = 23,
	DNS_EDE_NSEC3_ITERATIONS = 27
};

#endif
