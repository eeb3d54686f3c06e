/* onion/circ/attach_lookup.c - a lookup, until it is answered
 *
 * Theory of operation
 *	An answer with at least one address or name in it is an answer.  One that
 *	says that there is none, for good, is believed, as tor does.  An exit
 *	whose resolver could not find out is one failure, and another is asked;
 *	where the circuit went, or was silent, another is asked too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "onion/circ/attach_int.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/resolvemsg.h"

struct attach_lookup {
	struct attach_waiter w;		/* first */
	struct circ_lookup *inner;	/* TRYING */
	attach_lookup_fn *fn;
	void		*arg;
	char		 name[];
};

static struct attach_lookup *
lookup_of(struct attach_waiter *w)
{
	return (struct attach_lookup *)(void *)w;
}

static void
on_answer(void *arg, const struct circ_answer *ans, size_t n, int why)
{
	struct attach_lookup *l = arg;
	struct attach_waiter *w = &l->w;
	size_t i, good = 0, lasting = 0;

	l->inner = NULL;
	for (i = 0; i < n; i++) {
		lasting += ans[i].type == RESOLVED_PERMANENT;
		good += ans[i].type != RESOLVED_PERMANENT &&
		    ans[i].type != RESOLVED_TRANSIENT;
	}
	if (why == 0 && good) {
		attach_retire(w);
		l->fn(l->arg, 0, ans, n);
		return;
	}
	if (why == -EACCES || (why == 0 && lasting)) {
		attach_finish(w, why ? why : -ENOENT);
		return;
	}
	w->seek->failures += why == 0;
	attach_try_again(w, pool_find(w->at->conf.pool, w->circ), -EAGAIN);
}

static int
begin(struct attach_waiter *w, struct pool_circ *pc)
{
	struct attach_lookup *l = lookup_of(w);

	return circ_resolve(pool_circ(pc), l->name, on_answer, l, &l->inner);
}

static void
abandon(struct attach_waiter *w, int why)
{
	struct circ_lookup *inner = lookup_of(w)->inner;

	(void)why;
	lookup_of(w)->inner = NULL;
	if (inner)
		circ_lookup_cancel(inner);
}

/* Who asked for a name is told no more than that it could not be found out. */
static void
tell(struct attach_waiter *w, int why)
{
	struct attach_lookup *l = lookup_of(w);

	if (why != -ENOENT && why != -EACCES && why != -ECANCELED)
		why = -EAGAIN;
	l->fn(l->arg, why, NULL, 0);
}

static void
reap(struct attach_waiter *w)
{
	free(lookup_of(w));
}

static const struct attach_kind lookup_kind = {
	.begin = begin, .abandon = abandon, .tell = tell, .reap = reap
};

int
attach_resolve(struct attach *at, const uint8_t token[POOL_TOKEN],
    const struct attach_question *q, attach_lookup_fn *fn, void *arg,
    struct attach_lookup **out)
{
	const char *name = q->name;
	size_t n = strlen(name);
	uint8_t scratch[RELAY_DATA_MAX];
	struct attach_lookup *l;
	int rc;

	if (n == 0 || n > ATTACH_HOST_MAX)
		return -EINVAL;
	if ((rc = relaymsg_put_resolve(scratch, name)) < 0)
		return rc;
	if (at->closing)
		return -ECANCELED;
	if (at->nlookups >= ATTACH_LOOKUPS_MAX)
		return -ENOSPC;
	if ((l = calloc(1, sizeof(*l) + n + 1)) == NULL)
		return -ENOMEM;
	memcpy(l->name, name, n + 1);
	l->fn = fn;
	l->arg = arg;
	if ((rc = attach_enter(at, &l->w, &lookup_kind, token)) < 0) {
		free(l);
		return rc;
	}
	attach_set_exits(&l->w, q->exits);
	*out = l;
	return 0;
}

void
attach_cancel(struct attach_lookup *l)
{
	if (l->w.state == ATTACH_GONE)
		return;
	abandon(&l->w, -ECANCELED);
	attach_retire(&l->w);
}
