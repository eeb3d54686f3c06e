/* onion/circ/sendme.c - who owes whom a SENDME, and what it has to quote */
#include "onion/circ/sendme.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { QUEUE_FIRST = 8 };

/* A ring whose room is a power of two. */
static int
queue_grow(struct sendme_queue *q)
{
	uint32_t i, cap = q->cap ? q->cap * 2 : QUEUE_FIRST;
	struct sendme_tag *v;

	if ((v = calloc(cap, sizeof(*v))) == NULL)
		return -ENOMEM;
	for (i = 0; i < q->n; i++)
		v[i] = q->v[(q->head + i) & (q->cap - 1)];
	free(q->v);
	q->v = v;
	q->cap = cap;
	q->head = 0;
	return 0;
}

static int
queue_put(struct sendme_queue *q, const uint8_t tag[SENDME_TAG], int64_t at)
{
	struct sendme_tag *t;
	int rc;

	if (q->n >= q->max)
		return -EPROTO;
	if (q->n == q->cap && (rc = queue_grow(q)) < 0)
		return rc;
	t = &q->v[(q->head + q->n++) & (q->cap - 1)];
	memcpy(t->tag, tag, SENDME_TAG);
	t->at = at;
	return 0;
}

static void
queue_pop(struct sendme_queue *q)
{
	q->head = (q->head + 1) & (q->cap - 1);
	q->n--;
}

void
sendme_init(struct sendme *s, uint32_t inc)
{
	memset(s, 0, sizeof(*s));
	s->inc = inc ? inc : 1;
	s->wanted.max = SENDME_WANTED_MAX;
	s->owed.max = SENDME_OWED_MAX;
}

void
sendme_fini(struct sendme *s)
{
	free(s->wanted.v);
	free(s->owed.v);
	memset(s, 0, sizeof(*s));
}

int
sendme_sent(struct sendme *s, const uint8_t tag[SENDME_TAG], int64_t now)
{
	if (++s->sent < s->inc)
		return 0;
	s->sent = 0;
	return queue_put(&s->wanted, tag, now) < 0 ? -ENOMEM : 0;
}

int
sendme_acked(struct sendme *s, const uint8_t *tag, int64_t *sent_at)
{
	const struct sendme_tag *t;

	if (s->wanted.n == 0 || tag == NULL)
		return -EPROTO;
	t = &s->wanted.v[s->wanted.head];
	if (!secret_equal(t->tag, tag, SENDME_TAG))
		return -EPROTO;
	*sent_at = t->at;
	queue_pop(&s->wanted);
	return 0;
}

int
sendme_got(struct sendme *s, const uint8_t tag[SENDME_TAG])
{
	if (++s->got < s->inc)
		return 0;
	s->got = 0;
	return queue_put(&s->owed, tag, 0);
}

const uint8_t *
sendme_due(const struct sendme *s)
{
	return s->owed.n ? s->owed.v[s->owed.head].tag : NULL;
}

void
sendme_paid(struct sendme *s)
{
	queue_pop(&s->owed);
}
