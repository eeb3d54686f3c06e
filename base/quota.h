/* base/quota.h - a ceiling for all, and a lower one for each client address
 *
 * Whoever makes something for a client takes a place first and gives it back
 * when that something goes, so that one client cannot use up what all share.
 * Ports do not count, and nothing is remembered of who has nothing.  Which
 * addresses are one client is for the owner to know (daemon/kin.h).
 */
#ifndef BASE_QUOTA_H
#define BASE_QUOTA_H

#include <stddef.h>

struct addr;
struct quota;

struct quota	*quota_new(size_t all, size_t each);	/* NULL: no memory */
void		 quota_free(struct quota *);
/* 0; -ENOSPC: no more for this client, or for anybody; -ENOMEM. */
int		 quota_take(struct quota *, const struct addr *client);
void		 quota_give(struct quota *, const struct addr *client);
/* A number for the owner's own use, 0 at first, of a client that has a place:
 * it goes with the last one.  NULL: it has none. */
size_t		*quota_note(const struct quota *, const struct addr *client);
size_t		 quota_count(const struct quota *);	/* taken, in all */
/* Has the client all that it may have, so that no other's place would help? */
int		 quota_is_full(const struct quota *, const struct addr *client);

#endif
