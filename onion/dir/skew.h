/* onion/dir/skew.h - what the others think of our clock
 *
 * Collects opinions of how far our clock is off and makes up its mind: what an
 * authority says, or a signed consensus, stands by itself; relays must be
 * several and agree.  Plain values, seconds; positive is "we are behind".
 */
#ifndef ONION_DIR_SKEW_H
#define ONION_DIR_SKEW_H

#include <stddef.h>
#include <stdint.h>

enum {
	SKEW_OPINIONS = 16,
	SKEW_AGREE = 3,			/* relays that must agree ... */
	SKEW_AGREE_S = 10 * 60,		/* ... by this much */
	SKEW_MIN_S = 30 * 60,		/* less is nobody's trouble */
	SKEW_KEEP_S = 6 * 3600		/* opinions are forgotten */
};

struct skew_opinion {
	uint8_t	who[20];
	uint8_t	used;
	uint8_t	trusted;
	int64_t	off;
	int64_t	at;			/* s, of any steady clock */
};

struct skew {				/* zeroed memory knows nothing */
	struct skew_opinion o[SKEW_OPINIONS];
};

/* A later opinion of the same replaces the earlier. */
void	skew_add(struct skew *, const uint8_t who[20], int trusted,
	    int64_t off, int64_t now);
/* 1 and *off: that is how far off we are (0 where it is less than SKEW_MIN_S);
 * 0: no idea. */
int	skew_estimate(const struct skew *, int64_t now, int64_t *off);
void	skew_forget(struct skew *);	/* the clock was set */
/* "4 hours" for 14400; for the user. */
const char *skew_text(char *out, size_t max, int64_t off);

#endif
