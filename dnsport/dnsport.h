/* dnsport/dnsport.h - the DNS server's door: questions in, answers out
 *
 * Sans IO: whoever listens (dnssock, later the TUN) hands in a message and
 * gets a message back, at once or later.  A question that needs the network is
 * asked upward by ask(); nothing here opens a socket or knows a circuit, so no
 * lookup can leave any other way.
 *
 * A, AAAA and PTR are asked of the asker; other types of class IN go to the
 * resolvers of DNSUpstream, by a stream that connect() gives, or are answered
 * NOTIMP where there are none; other classes REFUSED, and what is malformed
 * FORMERR, or nothing where it is not a question at all (RFC 1035, 6891;
 * threats E).  Where answers are to be validated, A, AAAA and PTR go to the
 * resolvers, too, but for names that the asker answers itself: may_leave() has
 * the first word on every question that goes there.  localhost is answered here
 * (RFC 6761 6.3).
 *
 * Over UDP nobody gets more than half as much again as they sent, IP and UDP
 * headers included, unless they show a cookie that we gave to their address.
 */
#ifndef DNSPORT_DNSPORT_H
#define DNSPORT_DNSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dnsport/record.h"

struct dnsport;
struct dns_query;
struct endpoint;
struct loop;

enum {
	DNSPORT_QUERIES_MAX = 4096,	/* unanswered, in all */
	DNSPORT_CLIENT_MAX = 512	/* unanswered, of one client */
};

enum dns_leave {
	DNS_LEAVE_NOT,		/* 0: no such name outside: NXDOMAIN */
	DNS_LEAVE_HERE,		/* the asker answers for the name: it has no
				 * records of other types */
	DNS_LEAVE_LATER,	/* nothing may just now: SERVFAIL */
	DNS_LEAVE_MAY
};

enum dns_outcome {
	DNS_SERVFAIL,		/* 0: could not find out */
	DNS_OK,			/* with records, or none: NODATA */
	DNS_NXDOMAIN,
	DNS_REFUSED
};

struct dnsport_user {
	/* Find out.  The answer comes by dnsport_answer(), at once or later,
	 * exactly once. */
	void	(*ask)(void *arg, struct dns_query *,
		    const struct dns_question *, const struct dns_from *);
	/* A stream for whoever asked to a resolver, at an address that leaves
	 * through an exit; 0 or -errno.  NULL: there are no streams. */
	int	(*connect)(void *arg, const struct dns_from *,
		    const struct addr *resolver, struct endpoint **);
	/* May that question go to a resolver?  NULL: none may. */
	enum dns_leave (*may_leave)(void *arg, const struct dns_question *,
		    const struct dns_from *);
	/* May an answer have that address?  NULL: any may. */
	int	(*may_be)(void *arg, const struct addr *);
	/* Is it a zone of the internet, so that a resolver may be asked for its
	 * keys, and an answer lead there?  The root and what is below it are.
	 * NULL: none is. */
	int	(*is_public)(void *arg, const char *zone);
	/* Who has one share of what all have, with whoever asks?  NULL: each
	 * address has its own. */
	void	(*share)(void *arg, const struct dns_from *, struct addr *out);
	/* Whoever asked is told these addresses of a name, right after.  NULL:
	 * nobody wants to know. */
	void	(*told)(void *arg, const struct dns_from *,
		    const struct dns_told *);
	/* The asker is gone: forget it; no answer is wanted. */
	void	(*forget)(void *arg, struct dns_query *);
};

/* Is a UDP question from @port to be answered?  Not from one below 1024, but
 * for 53: no resolver asks from there, and what does (echo, chargen, SNMP) is
 * either somebody whose address was borrowed or would answer our answer for
 * ever. */
int	dnsport_may_answer(uint16_t port);

/* Gets the message that answers; @msg NULL: silence.  Called exactly once per
 * accepted question unless the query was dropped. */
typedef void dnsport_reply_fn(void *arg, const uint8_t *msg, size_t len);

int	dnsport_new(struct dnsport **, struct loop *,
	    const struct dnsport_user *, void *arg);
/* Forgets all questions.  The loop's turn must end after it. */
void	dnsport_free(struct dnsport *);
/* Before that there are no resolvers.  What is under way at the old ones fails.
 * 0; -EINVAL: a certificate or an anchor is none; -ENOMEM: it stays as it
 * was. */
int	dnsport_set_conf(struct dnsport *, const struct dnsport_conf *);
/* Would it be taken?  0, or -EINVAL with what is wrong; -ENOMEM. */
enum dnsport_wrong { DNSPORT_WRONG_NOTHING, DNSPORT_WRONG_CA,
	DNSPORT_WRONG_ANCHORS };
int	dnsport_check_conf(const struct dnsport_conf *, enum dnsport_wrong *);
/* Who it is that has one share with that client, for whoever counts, too. */
void	dnsport_share(const struct dnsport *, const struct addr *client,
	    void *listener, struct addr *out);
/* That door is gone, with all its questions. */
void	dnsport_forget(struct dnsport *, const void *listener);

/* 0, with *out NULL where reply() was already called, else a handle for
 * dnsport_drop(). */
int	dnsport_query(struct dnsport *, const uint8_t *msg, size_t len,
	    const struct dns_from *, dnsport_reply_fn *, void *arg,
	    struct dns_query **out);
/* The client went away.  NULL is fine. */
void	dnsport_drop(struct dns_query *);

void	dnsport_answer(struct dns_query *, enum dns_outcome,
	    const struct dns_record *, size_t n);
/* Before that: an extended error (RFC 8914) for askers that know EDNS; @text is
 * copied and may be NULL. */
void	dnsport_explain(struct dns_query *, uint16_t ede, const char *text);
/* For the asker's own use between ask() and the answer. */
void	dns_query_set(struct dns_query *, void *);
void	*dns_query_get(const struct dns_query *);

struct dnsport_totals {
	uint64_t	queries, answered, refused, malformed, failed;
	size_t		waiting;
};
void	dnsport_totals(const struct dnsport *, struct dnsport_totals *);

#endif
