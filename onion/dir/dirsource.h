/* onion/dir/dirsource.h - where directory documents come from at first
 *
 * The configured authorities and fallback directories, and for each of them
 * how it fared lately.  Once there is a network view and a guard sample, the
 * owner's directory guards are asked instead, and this only serves when they
 * are not to be had (map 14.1).
 *
 * The set copies what it is given; a struct dirsource belongs to the set and
 * lives as long as it does.
 */
#ifndef ONION_DIR_DIRSOURCE_H
#define ONION_DIR_DIRSOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "onion/link/relayid.h"

struct dirsource;
struct dirsources;
struct loop;

enum {
	DIRSOURCES_MAX = 2000,
	DIRSOURCE_AUTH_DELAY_MS = 6000	/* fallbacks alone, for so long */
};

struct dirsource_conf {		/* one DirAuthority or FallbackDir line */
	char		nickname[20];	/* may be empty */
	uint8_t		rsa_id[20];
	uint8_t		v3ident[20];	/* all zero: has no vote (a fallback,
					 * or the bridge authority) */
	struct addr	or4, or6;	/* ORPort; family 0: none */
	double		weight;		/* 1.0 by default; 0: never asked */
};

/* @testing: TestingTorNetwork; all delays are short.  -EINVAL: one has neither
 * address nor identity; -E2BIG; -ENOMEM. */
int	 dirsources_new(struct dirsources **, struct loop *,
	    const struct dirsource_conf *auths, size_t nauths,
	    const struct dirsource_conf *fallbacks, size_t nfallbacks,
	    int testing);
void	 dirsources_free(struct dirsources *);

/* The authorities that vote: what a consensus' signatures are counted
 * against. @i < dirsources_nvoters(). */
size_t	 dirsources_nvoters(const struct dirsources *);
const uint8_t *dirsources_voter(const struct dirsources *, size_t i);

/* Which address families can be dialled at all, both by default; and which
 * addresses of them, all where @may_reach is NULL.  @arg lives until another
 * is set. */
void	 dirsources_use(struct dirsources *, int v4, int v6);
void	 dirsources_reach(struct dirsources *,
	    int (*may_reach)(void *arg, const struct addr *), void *arg);
/* Whom ExcludeNodes names: asked by nobody, unless there is nobody else and
 * not @strict (StrictNodes).  NULL: nobody is excluded. */
void	 dirsources_exclude(struct dirsources *, int (*excluded)(void *arg,
	    const struct dirsource_conf *), void *arg, int strict);

/* They are so few that one that fails makes a difference: whoever has failed
 * less often comes first. */
void	 dirsources_are_few(struct dirsources *);

/* Whom to ask now: a fallback, or, once @since (loop ms, when the need arose)
 * is long enough past or there is no fallback that can be asked, an authority;
 * none that is busy or backing off.  It is busy from now
 * until dirsource_done().  NULL: nobody; *retry_at is when to ask again (loop
 * ms; LOOP_NEVER where there is nobody at all). */
struct dirsource *dirsources_pick(struct dirsources *, int64_t since,
	    int64_t *retry_at);
/* @err 0: it answered with what was wanted; else it backs off.  -ECANCELED: it
 * is not to blame and may be asked at once. */
void	 dirsource_done(struct dirsource *, int err);
/* The network came back, or a user waits: nobody backs off any more. */
void	 dirsources_forgive(struct dirsources *);

/* Who it is and where, for a one-hop circuit by CREATE_FAST. */
void	 dirsource_hopinfo(const struct dirsource *, struct hopinfo *);
const char *dirsource_name(const struct dirsource *);	/* for the log */
int	 dirsource_is_authority(const struct dirsource *);
/* An authority whose signature on a consensus counts. */
int	 dirsource_votes(const struct dirsource *);
/* The source with that identity, or NULL: is this peer's clock trusted? */
struct dirsource *dirsources_find(struct dirsources *,
	    const uint8_t rsa_id[20]);

#endif
