/* tests/onion/dir/fakeauth.h - directory authorities that sign what they are
 * told
 *
 * fakeauth_init() draws keys for a few authorities; from then on they give
 * certificates and sign consensuses (from simdir, with other times or other
 * lines where wanted).  Uses OpenSSL directly, being no part of the program.
 * What cannot be made ends the test.
 */
#ifndef TESTS_ONION_DIR_FAKEAUTH_H
#define TESTS_ONION_DIR_FAKEAUTH_H

#include <stddef.h>
#include <stdint.h>

struct simdir;

enum { FAKEAUTH_MAX = 5 };

void		 fakeauth_init(size_t n);
size_t		 fakeauth_count(void);
const uint8_t	*fakeauth_id(size_t i);		/* v3ident, 20 bytes */
/* There are two signing keys each, by generation 0 or 1. */
const uint8_t	*fakeauth_sk(size_t i, int generation);

/* A certificate; free() it. */
char	*fakeauth_cert(size_t i, int generation, int64_t published,
	    int64_t expires, size_t *len);

struct fakeauth_conf {
	int64_t		 valid_after;
	int64_t		 interval;	/* s until no longer fresh; 0: 3600 */
	int64_t		 lifetime;	/* s until not valid; 0: 10800 */
	unsigned	 signers;	/* bit i: authority i; 0: all */
	int		 generation;	/* of the signing keys */
	unsigned	 forged;	/* bit i: its signature is wrong */
	const char	*lines;		/* added to the head, or NULL */
};

/* simdir's consensus at these times, signed; free() it. */
char	*fakeauth_consensus(struct simdir *, const struct fakeauth_conf *,
	    size_t *len);
/* A difference that turns @from into @to; free() it. */
char	*fakeauth_diff(const char *from, size_t fromlen, const char *to,
	    size_t tolen, size_t *len);

#endif
