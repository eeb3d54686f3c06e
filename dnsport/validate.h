/* dnsport/validate.h - is an answer what its zones say? (RFC 4033-4035, 6840)
 *
 * Sans IO.  A validation is made for one answer; validate_run() says what it
 * still has to know (DS and DNSKEY records), and goes on once that was given.
 *
 *	validate_new -> run -> NEED ... give ... run -> a verdict -> free
 */
#ifndef DNSPORT_VALIDATE_H
#define DNSPORT_VALIDATE_H

#include <stddef.h>
#include <stdint.h>

struct anchors;
struct chain;
struct ldns_struct_pkt;
struct ldns_struct_rdf;
struct validate;
struct zones;

enum {
	VALIDATE_FETCH_MAX = 48,	/* DS and DNSKEY sets, of one link */
	VALIDATE_ASKED_MAX = 128,	/* in all */
	VALIDATE_AHEAD = 8,		/* asked for at a time */
	VALIDATE_RECORDS_MAX = 512	/* in a message */
};

enum validate_verdict {
	VALIDATE_BOGUS,		/* 0: it is not */
	VALIDATE_SECURE,
	VALIDATE_INSECURE,	/* proven that nobody signs it */
	VALIDATE_FAILED,	/* could not find out */
	VALIDATE_NEED		/* something was asked for by want() */
};

/* @name is valid within the call.  The answer comes by validate_give(), not
 * from within. */
typedef void validate_want_fn(void *arg, const struct ldns_struct_rdf *name,
	    uint16_t type);

struct validate_conf {
	const struct anchors *anchors;
	struct zones	*zones;		/* of whoever asks */
	validate_want_fn *want;
	void		*arg;
};

/* The chain is borrowed for its life: its links are what is verified, and it is
 * told how long they count, and what proves them. */
int	validate_new(struct validate **, const struct validate_conf *,
	    struct chain *);
void	validate_free(struct validate *);
enum validate_verdict validate_run(struct validate *, int64_t wall_s);
/* Takes the message; NULL: it can't be had.  One that was not wanted is let go
 * of. */
void	validate_give(struct validate *, const struct ldns_struct_rdf *name,
	    uint16_t type, struct ldns_struct_pkt *take);
/* After BOGUS, FAILED or INSECURE: why, as an extended error; 0: no more to say
 * (DNS_EDE_OTHER is never the reason). */
uint16_t validate_why(const struct validate *);

#endif
