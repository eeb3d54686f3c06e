/* daemon/gateway_memory.c - what waits in all flows, and which go for it */
#include "daemon/gateway_int.h"

#include <errno.h>
#include <stdlib.h>

#include "base/endpoint.h"

uint64_t
gateway_queued(const struct gateway *gw, int64_t *oldest)
{
	struct endpoint_queued q;
	const struct flow *f;
	uint64_t sum = 0;

	*oldest = INT64_MAX;
	LIST_FOREACH(f, &gw->flows, link) {
		splice_queued(&f->splice, &q);
		sum += q.bytes;
		if (q.since < *oldest)
			*oldest = q.since;
	}
	return sum;
}

struct candidate {
	struct flow	*flow;
	struct endpoint_queued q;
};

static int
by_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->q.since > y->q.since) - (x->q.since < y->q.since);
}

static size_t
candidates(const struct gateway *gw, struct candidate *c, int64_t at)
{
	struct flow *f;
	size_t n = 0;

	LIST_FOREACH(f, &gw->flows, link) {
		c[n].flow = f;
		splice_queued(&f->splice, &c[n].q);
		n += c[n].q.since != INT64_MAX && c[n].q.since <= at;
	}
	return n;
}

/* To end one flow calls nobody up, and so ends no other. */
uint64_t
gateway_shed(struct gateway *gw, uint64_t bytes, int64_t at)
{
	struct candidate *c;
	uint64_t sum = 0;
	size_t i, n;

	if ((c = calloc(gw->totals.flows + 1, sizeof(*c))) == NULL)
		return 0;
	n = candidates(gw, c, at);
	qsort(c, n, sizeof(*c), by_age);
	for (i = 0; i < n && sum < bytes; i++) {
		sum += c[i].q.bytes + c[i].q.counted;
		splice_kill(&c[i].flow->splice, -ENOBUFS);
	}
	free(c);
	return sum;
}
