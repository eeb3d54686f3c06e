/* base/permit.h - leave to connect, asked for first
 *
 * Where a firewall lets out only what it was told of, whoever is about to
 * connect asks, and waits for the answer without holding up anything else:
 *
 *	permit_init(&me->permit, on_answer, me);
 *	rc = permit_ask(giver, &me->permit, &to);
 *	0		connect
 *	-EINPROGRESS	on_answer() comes, once, in a later turn
 *	-errno		it must not be
 *
 * A struct permit is embedded in its owner, who withdraws the question
 * (permit_withdraw) before it goes.
 */
#ifndef BASE_PERMIT_H
#define BASE_PERMIT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/addr.h"

struct permit {
	void			(*answer)(void *arg, int rc);	/* 0 or -errno */
	void			*arg;
	/* the giver's, while it waits */
	TAILQ_ENTRY(permit)	 list;
	struct addr		 to;
	int32_t			 number;
	uint32_t		 asked;
	uint8_t			 waits, kind;
};
TAILQ_HEAD(permits, permit);

struct permit_giver {			/* NULL for all of it: anywhere */
	int	(*ask)(void *arg, struct permit *, const struct addr *to);
	void	(*withdraw)(void *arg, struct permit *);
	void	*arg;
};

static inline void
permit_init(struct permit *p, void (*answer)(void *, int), void *arg)
{
	*p = (struct permit){ .answer = answer, .arg = arg };
}

static inline int
permit_ask(const struct permit_giver *g, struct permit *p,
    const struct addr *to)
{
	return g && g->ask ? g->ask(g->arg, p, to) : 0;
}

/* Harmless where nothing is asked. */
static inline void
permit_withdraw(const struct permit_giver *g, struct permit *p)
{
	if (p->waits)
		g->withdraw(g->arg, p);
}

#endif
