/* onion/dir/consensus.h - the network's agreed list of relays
 *
 * dir-spec 3.4, flavour "microdesc".  consensus_parse() checks the syntax,
 * consensus_verify() (in consverify.c) the signatures; nothing of a consensus
 * may be used before both held.  The result keeps no pointer into the text and
 * is immutable; its owner frees it.  Times are seconds since 1970.
 */
#ifndef ONION_DIR_CONSENSUS_H
#define ONION_DIR_CONSENSUS_H

#include <stddef.h>
#include <stdint.h>

#include "onion/dir/router.h"

struct authcert_set;
struct params;

enum {
	CONSENSUS_TEXT_MAX = 32 * 1024 * 1024,	/* bytes; the live one has 3M */
	CONSENSUS_ROUTERS_MAX = 65535,
	CONSENSUS_SIGS_MAX = 64,
	CONSENSUS_SIG_MIN = 128,	/* bytes of RSA */
	CONSENSUS_SIG_MAX = 512
};

struct consensus_srv {			/* shared random value (srv-spec) */
	uint8_t		has;
	uint8_t		value[32];
	uint32_t	reveals;
};

struct consensus_sig {			/* for consensus_verify() only */
	uint8_t		id[20];		/* of the authority */
	uint8_t		sk[20];		/* of the key that signed */
	uint16_t	len;
	uint8_t		bytes[CONSENSUS_SIG_MAX];
};

struct consensus {
	int64_t			 valid_after;
	int64_t			 fresh_until;
	int64_t			 valid_until;
	uint32_t		 vote_delay;	/* s */
	uint32_t		 dist_delay;	/* s */
	uint32_t		 method;
	uint8_t			 sha256[32];	/* of the signed part */
	uint8_t			 sha3[32];	/* of the signed part: what to
						 * ask a diff from */
	struct consensus_srv	 srv_previous;
	struct consensus_srv	 srv_current;
	struct params		*params;	/* NULL: no line */
	struct params		*weights;	/* NULL: no line */
	int			 lacks_required;	/* PROTOVER_LACK_* */
	int			 lacks_recommended;
	char			 lacks_required_text[256];
	char			 lacks_recommended_text[256];
	struct consensus_router	*routers;	/* ascending by rsa */
	size_t			 nrouters;
	struct consensus_sig	*sigs;
	size_t			 nsigs;
	size_t			 steps;		/* lines parsed */
};

/* @testing: a private network, whose voting interval may be seconds.
 * -EBADMSG, -ENOMEM, -E2BIG. */
int	consensus_parse(struct consensus **, const char *, size_t,
	    int testing);
void	consensus_free(struct consensus *);

/* Who signed.  Each trusted authority counts once at most.  Only SHA-256
 * signatures count: authorities make no others of this flavour, and nobody
 * should be able to gain from a collision of SHA-1.  A certificate that has
 * expired is as good as missing. */
struct consensus_tally {
	size_t	trusted;	/* authorities configured */
	size_t	needed;		/* more than half of them */
	size_t	good;
	size_t	bad;		/* trusted authorities with a wrong one */
	size_t	unknown;	/* signatures of authorities not configured */
	size_t	nmissing;	/* certificates to fetch */
	struct consensus_missing {
		uint8_t	id[20];
		uint8_t	sk[20];
	} missing[CONSENSUS_SIGS_MAX];
};

/* 0: signed by more than half of the trusted authorities; -EAGAIN: not yet,
 * but with the missing certificates it might be; -EBADMSG: it never will. */
int	consensus_verify(const struct consensus *, const struct authcert_set *,
	    int64_t now, struct consensus_tally *);

/* Must this program stay away from the network?  True where the consensus
 * requires what we lack and is newer than we are (tor-spec 9). */
int	consensus_excludes_us(const struct consensus *);

/* Validity of anything with the times of a consensus.  "Reasonably" is within
 * 24 h either side: good enough to build circuits.  "Ancient" is over five
 * days past: not even to be loaded from the cache. */
int	consensus_live(int64_t valid_after, int64_t valid_until, int64_t now);
int	consensus_reasonably_live(int64_t valid_after, int64_t valid_until,
	    int64_t now);
int	consensus_ancient(int64_t valid_until, int64_t now);

/* Where the signed part stands: from "network-status-version" to the blank
 * after the first "directory-signature".  0 or -EBADMSG. */
int	consensus_signed_part(const char *, size_t len, size_t *begin,
	    size_t *end);

#endif
