/* onion/dircirc.h - directory requests over one-hop circuits
 *
 * Opens a circuit of one hop to a directory (a configured source, a directory
 * guard, or, without guards, any relay that is a directory), a BEGIN_DIR stream
 * on it, and sends the request.  Tells the guards how it went.
 */
#ifndef ONION_DIRCIRC_H
#define ONION_DIRCIRC_H

#include <stddef.h>
#include <stdint.h>

struct chanset;
struct circ;
struct dir_fetch;
struct dir_result;
struct dircircs;
struct guards;
struct loop;
struct path_ctx;

struct dircirc_conf {
	struct loop	*loop;
	struct chanset	*chans;
	struct guards	*guards;	/* NULL: none are used, but who */
	struct path_ctx	*path;		/* is drawn from this */
};

struct dircirc_user {
	void	(*begun)(void *arg);	/* a one-hop circuit is being made */
	/* Exactly once for each begun request that was not cancelled; returns
	 * as bootstrap_result() does. */
	int	(*result)(void *arg, uint32_t id, struct dir_result *);
};

int	dircirc_new(struct dircircs **, const struct dircirc_conf *,
	    const struct dircirc_user *, void *arg);
void	dircirc_free(struct dircircs *);
/* 0; -EAGAIN: nobody to ask, or the channel is held back; -errno. */
int	dircirc_fetch(struct dircircs *, const struct dir_fetch *);
void	dircirc_cancel(struct dircircs *, uint32_t id);
size_t	dircirc_count(const struct dircircs *);
void	dircirc_each(const struct dircircs *, void (*fn)(void *arg,
	    const struct circ *, int64_t age_ms), void *arg);

#endif
