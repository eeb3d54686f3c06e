/* base/why.h - why something ended: errno, and what errno has no word for
 *
 * Reasons are 0 (in order), -errno, or one of these, negative, too: what can be
 * wrong with an onion service.  SOCKS tells clients (proposal 304: 0xF0 to 0xF7
 * in this order), DNS as an extended error, the log in words.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

enum {
	WHY_HS_FIRST = 4096,		/* beyond every errno */
	WHY_HS_NOT_FOUND = WHY_HS_FIRST,	/* no descriptor anywhere */
	WHY_HS_INVALID,			/* a descriptor that is none */
	WHY_HS_INTRO,			/* no introduction point is of use */
	WHY_HS_REND,			/* no rendezvous came about */
	WHY_HS_AUTH_MISSING,		/* it wants a key that we don't have */
	WHY_HS_AUTH_WRONG,		/* the key that we have is not it */
	WHY_HS_ADDRESS,			/* no such address can be */
	WHY_HS_TIMEOUT,			/* introduced, but it did not come */
	WHY_HS_END
};

/* In words, of @why <= 0; never NULL. */
const char *why_text(int why);

#endif
