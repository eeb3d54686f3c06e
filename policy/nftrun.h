/* policy/nftrun.h - the program nft, given a text
 *
 * All of the text is done or nothing.  No shell, no environment, no descriptor
 * but what it reads and where it writes, and some seconds at most.  Whoever
 * calls must not have its children reaped by anybody else.
 */
#ifndef POLICY_NFTRUN_H
#define POLICY_NFTRUN_H

#include <stddef.h>

struct scratch;

/* Where it is: of the places for programs of the system, the first that nobody
 * but root can write to; NULL: it is missing. */
const char *nftrun_path(void);

/* @in: in that namespace; NULL: in ours.  0 or a negative errno, and @why says
 * what is wrong and what to do. */
int	nftrun(const struct scratch *in, const char *text, size_t len,
	    char *why, size_t max);

/* The sentence for what nft wrote, @len bytes, when it ended badly. */
void	nftrun_explain(const char *said, size_t len, char *why, size_t max);

#endif
