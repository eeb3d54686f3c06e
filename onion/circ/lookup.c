/* onion/circ/lookup.c - one RESOLVE and what comes back (tor-spec 6.4)
 *
 * A lookup is embedded in what its owner allocated.  It has no timeout of its
 * own: whoever asked knows how long an answer is worth waiting for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "onion/circ/streams_int.h"

int
lookup_start(struct lookup *l, struct streams *s, const char *name,
    lookup_fn *done)
{
	uint8_t data[RELAY_DATA_MAX];
	int rc;

	if ((rc = relaymsg_put_resolve(data, name)) < 0)
		return rc;
	memset(l, 0, sizeof(*l));
	l->slot.kind = SLOT_LOOKUP;
	l->set = s;
	l->done = done;
	if ((rc = streams_draw_id(s, &l->slot.id)) < 0)
		return rc;
	if ((l->name = strdup(name)) == NULL)
		return -ENOMEM;
	if ((rc = streams_put(s, &l->slot)) < 0) {
		free(l->name);
		return rc;
	}
	TAILQ_INSERT_TAIL(&s->lookups, l, link);
	s->live++;
	s->busy = 1;
	streams_owe(s, &l->slot, OWES_BEGIN);
	return 0;
}

int
lookup_pay(struct lookup *l)
{
	uint8_t data[RELAY_DATA_MAX];
	int len = relaymsg_put_resolve(data, l->name);

	if (streams_send(l->set, RELAY_RESOLVE, l->slot.id, data,
	    (size_t)len) < 0)
		return -ENOBUFS;
	free(l->name);
	l->name = NULL;
	streams_waive(l->set, &l->slot, OWES_BEGIN);
	return 0;
}

static void
retire(struct lookup *l)
{
	streams_drop(l->set, &l->slot);
	TAILQ_REMOVE(&l->set->lookups, l, link);
	l->set->live--;
	streams_wake(l->set);
	free(l->name);
	l->name = NULL;
}

void
lookup_gone(struct lookup *l, int why)
{
	retire(l);
	l->done(l, NULL, 0, why);
}

void
lookup_cancel(struct lookup *l)
{
	struct streams *s = l->set;
	int asked = !(l->slot.owes & OWES_BEGIN);

	if (asked && !s->cut && half_from_lookup(l) < 0)
		streams_fail(s, -ENOMEM);
	retire(l);
}

/* Answers that point into our own network are a trap (DNS rebinding), or a
 * resolver's lie. */
static size_t
drop_internal(struct resolved *v, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if (!addr_is_internal(&v[i].addr) || v[i].addr.family == 0)
			v[kept++] = v[i];
	return kept;
}

int
lookup_answered(struct lookup *l, const struct relaymsg *m)
{
	struct resolved v[RESOLVED_MAX];
	int n = resolvemsg_parse(v, m);
	size_t kept;

	if (n < 0)
		return n;
	kept = (size_t)n;
	if (l->set->conf.reject_internal)
		kept = drop_internal(v, kept);
	if (kept == 0) {
		memset(&v[0], 0, sizeof(v[0]));
		v[0].type = RESOLVED_TRANSIENT;
		kept = 1;
	}
	retire(l);
	l->done(l, v, kept, 0);
	return 0;
}

/* Not what the specification has relays say, but they could. */
int
lookup_ended(struct lookup *l, const struct relaymsg *m)
{
	struct addr a;
	uint8_t reason;

	if (relaymsg_get_end(m, &reason, &a) < 0)
		return -EPROTO;
	lookup_gone(l, relaymsg_end_errno(reason, 0));
	return 0;
}
