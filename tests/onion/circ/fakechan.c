/* tests/onion/circ/fakechan.c - a channel that is two lists of cells */
#include "tests/onion/circ/fakechan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "onion/link/chan.h"
#include "tests/sim/simrelay.h"

enum { CIRCS = 64 };

struct fcell {
	uint32_t	id;
	uint8_t		cmd;
	uint8_t		body[CELL_BODY];
};

struct fqueue {
	struct fcell	*v;
	size_t		 head, n, cap;
};

struct fcirc {
	uint32_t		 id;		/* 0: free */
	const struct chan_user	*user;
	void			*arg;
	int			 waits;
	int			 used;
};

struct chan {
	struct loop	*loop;
	struct simnet	*net;
	size_t		 at;
	int		 open;
	struct fcirc	 circ[CIRCS];
	struct fqueue	 out, in;
	struct simpipe	 pipe;
	size_t		 room, used;
	uint32_t	 next_id;
	unsigned	 destroys;
	size_t		 sent;
	uint8_t		 last;
};

static struct fcell *
put(struct fqueue *q)
{
	if (q->head == q->n)
		q->head = q->n = 0;
	if (q->n == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 64;
		if ((q->v = realloc(q->v, q->cap * sizeof(*q->v))) == NULL)
			abort();
	}
	memset(&q->v[q->n], 0, sizeof(q->v[0]));
	return &q->v[q->n++];
}

static void
on_pipe(void *arg, uint32_t id, uint8_t cmd, const uint8_t body[CELL_BODY])
{
	struct chan *c = arg;
	struct fcell *cell = put(&c->in);

	cell->id = id;
	cell->cmd = cmd;
	memcpy(cell->body, body, CELL_BODY);
}

struct chan *
fakechan_new(struct loop *loop, struct simnet *net, size_t at, int open)
{
	struct chan *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->loop = loop;
	c->net = net;
	c->at = at;
	c->open = open;
	c->room = SIZE_MAX;
	c->next_id = 0x80000001u;
	c->pipe.send = on_pipe;
	c->pipe.arg = c;
	return c;
}

void
fakechan_free(struct chan *c)
{
	if (c->net)
		simnet_closed(c->net, &c->pipe);
	free(c->in.v);
	free(c->out.v);
	free(c);
}

static struct fcirc *
find(struct chan *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < CIRCS; i++)
		if (c->circ[i].id == id)
			return &c->circ[i];
	return NULL;
}

void
fakechan_open(struct chan *c)
{
	size_t i;

	c->open = 1;
	for (i = 0; i < CIRCS; i++)
		if (c->circ[i].id)
			c->circ[i].user->open(c->circ[i].arg);
	loop_end_turn(c->loop);
}

void
fakechan_lose(struct chan *c)
{
	struct fcirc was;
	size_t i;

	c->open = 0;
	for (i = 0; i < CIRCS; i++) {
		was = c->circ[i];
		c->circ[i].id = 0;
		if (was.id)
			was.user->gone(was.arg, CHAN_WHY_LOST);
	}
	loop_end_turn(c->loop);
}

void
fakechan_room(struct chan *c, size_t cells)
{
	size_t i;

	c->room = cells;
	c->used = 0;
	for (i = 0; i < CIRCS && c->used < c->room; i++)
		if (c->circ[i].id && c->circ[i].waits) {
			c->circ[i].waits = 0;
			c->circ[i].user->room(c->circ[i].arg);
		}
	loop_end_turn(c->loop);
}

static int
take(struct fqueue *q, struct fcell *out)
{
	if (q->head == q->n)
		return 0;
	*out = q->v[q->head++];
	return 1;
}

int
fakechan_out(struct chan *c)
{
	struct fcell cell;
	int moved = 0;

	while (take(&c->out, &cell)) {
		if (c->net)
			simnet_cell(c->net, c->at, &c->pipe, cell.id, cell.cmd,
			    cell.body);
		moved = 1;
	}
	return moved;
}

int
fakechan_in(struct chan *c)
{
	struct fcirc *circ;
	struct fcell cell;
	int moved = 0;

	while (take(&c->in, &cell)) {
		circ = find(c, cell.id);
		if (circ)
			circ->user->cell(circ->arg, cell.cmd, cell.body);
		moved = 1;
	}
	loop_end_turn(c->loop);
	return moved;
}

int
fakechan_run(struct chan *c)
{
	int moved, any = 0;

	loop_end_turn(c->loop);
	do {
		moved = fakechan_out(c);
		moved |= fakechan_in(c);
		any |= moved;
	} while (moved);
	return any;
}

void
fakechan_deliver(struct chan *c, uint8_t cmd, uint8_t *body)
{
	size_t i;

	for (i = 0; i < CIRCS; i++)
		if (c->circ[i].id) {
			c->circ[i].user->cell(c->circ[i].arg, cmd, body);
			return;
		}
}

size_t
fakechan_circs(const struct chan *c)
{
	size_t i, n = 0;

	for (i = 0; i < CIRCS; i++)
		n += c->circ[i].id != 0;
	return n;
}

unsigned
fakechan_destroys(const struct chan *c)
{
	return c->destroys;
}

size_t
fakechan_sent(const struct chan *c)
{
	return c->sent;
}

uint8_t
fakechan_last(const struct chan *c)
{
	return c->last;
}

/* What circuits call. */

int
chan_attach(struct chan *c, const struct chan_user *user, void *arg,
    uint32_t *circ_id)
{
	struct fcirc *circ = find(c, 0);

	if (circ == NULL)
		return -ENOSPC;
	memset(circ, 0, sizeof(*circ));
	circ->id = *circ_id = c->next_id++;
	circ->user = user;
	circ->arg = arg;
	return 0;
}

static uint8_t *
queue_cell(struct chan *c, uint32_t id, uint8_t cmd)
{
	struct fcell *cell = put(&c->out);

	cell->id = id;
	cell->cmd = cmd;
	c->sent++;
	c->last = cmd;
	return cell->body;
}

void
chan_detach(struct chan *c, uint32_t circ_id, int destroy)
{
	struct fcirc *circ = find(c, circ_id);

	if (circ == NULL)
		abort();
	circ->id = 0;
	if (destroy && circ->used) {
		c->destroys++;
		(void)queue_cell(c, circ_id, CELL_DESTROY);
	}
}

int
chan_is_open(const struct chan *c)
{
	return c->open;
}

uint8_t *
chan_cell(struct chan *c, uint32_t circ_id, uint8_t cmd)
{
	struct fcirc *circ = find(c, circ_id);
	int urgent = cmd == CELL_CREATE2 || cmd == CELL_CREATE_FAST;

	if (circ == NULL || !c->open)
		return NULL;
	if (c->used >= c->room && !urgent)
		return NULL;
	c->used++;
	circ->used = 1;
	return queue_cell(c, circ_id, cmd);
}

void
chan_want_room(struct chan *c, uint32_t circ_id)
{
	struct fcirc *circ = find(c, circ_id);

	if (circ)
		circ->waits = 1;
}

size_t
chan_room(const struct chan *c)
{
	return c->used >= c->room ? 0 : c->room - c->used;
}
