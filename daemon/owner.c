/* daemon/owner.c - whose a local program's connection is
 *
 * Theory of operation
 *	A socket is asked for each time: ports are used again.  The path of a
 *	group never changes while it exists, and its number is not given to
 *	another, so paths are remembered; that one was not found is, too, for
 *	OWNER_AGAIN_MS, since to look for it is to walk through all of them.
 * Limits
 *	OWNER_PATHS_MAX; the longest unused goes.  OWNER_LOOKS_MAX walks in
 *	OWNER_AGAIN_MS, whoever makes groups to keep us walking; what comes then
 *	is not known.
 */
#include "daemon/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/addr.h"
#include "base/loop.h"
#include "base/map.h"

struct group {
	TAILQ_ENTRY(group) link;
	uint64_t	 id;
	int64_t		 again;		/* loop ms; without a path */
	char		*path;		/* NULL: not found */
};

struct owner {
	struct loop	*loop;
	struct owner_source source;
	struct map	*groups;
	TAILQ_HEAD(, group) list;	/* the longest unused first */
	int64_t		 since;		/* loop ms */
	unsigned	 looks;		/* for groups, since then */
};

static void
drop(struct owner *o, struct group *g)
{
	TAILQ_REMOVE(&o->list, g, link);
	map_del(o->groups, &g->id);
	free(g->path);
	free(g);
}

static struct group *
group_of(struct owner *o, uint64_t id)
{
	struct group *g = map_get(o->groups, &id);

	if (g) {
		TAILQ_REMOVE(&o->list, g, link);
		TAILQ_INSERT_TAIL(&o->list, g, link);
		return g;
	}
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	if (map_count(o->groups) >= OWNER_PATHS_MAX)
		drop(o, TAILQ_FIRST(&o->list));
	g->id = id;
	g->again = o->loop->now;
	if (map_put(o->groups, &g->id, g) < 0) {
		free(g);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&o->list, g, link);
	return g;
}

int
owner_find(struct owner *o, const struct addr *at, const struct addr *to,
    struct owner_is *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	if (at->family == 0 || at->port == 0 || at->family != to->family ||
	    to->port == 0)
		return -ENOENT;
	if ((rc = o->source.find(o->source.arg, at, to, out)) < 0)
		memset(out, 0, sizeof(*out));
	return rc;
}

static int
may_look(struct owner *o)
{
	if (o->loop->now - o->since >= OWNER_AGAIN_MS) {
		o->since = o->loop->now;
		o->looks = 0;
	}
	return o->looks++ < OWNER_LOOKS_MAX;
}

const char *
owner_app(struct owner *o, const struct owner_is *is)
{
	char path[OWNER_APP];
	struct group *g;

	if (is->group == 0 || (g = group_of(o, is->group)) == NULL)
		return NULL;
	if (g->path || o->loop->now < g->again)
		return g->path;
	if (!may_look(o))
		return NULL;
	if (o->source.path(o->source.arg, is->group, path) == 0)
		g->path = strdup(path);
	g->again = o->loop->now + OWNER_AGAIN_MS;
	return g->path;
}

int
owner_new(struct owner **out, struct loop *loop,
    const struct owner_source *source)
{
	struct owner *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return -ENOMEM;
	o->loop = loop;
	o->source = *source;
	o->since = loop->now;
	TAILQ_INIT(&o->list);
	if ((o->groups = map_new(sizeof(uint64_t), OWNER_PATHS_MAX)) == NULL) {
		free(o);
		return -ENOMEM;
	}
	*out = o;
	return 0;
}

void
owner_free(struct owner *o)
{
	struct group *g;

	if (o == NULL)
		return;
	while ((g = TAILQ_FIRST(&o->list)) != NULL)
		drop(o, g);
	map_free(o->groups);
	free(o);
}
