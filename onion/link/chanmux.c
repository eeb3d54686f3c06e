/* onion/link/chanmux.c - the circuits of a channel: ids, cells, turns
 *
 * Theory of operation
 *	A circuit that attaches gets a slot and a random id with the high bit
 *	set (we are the initiator: tor-spec 5.1.1).  When it detaches, the slot
 *	stays as a ghost for a while: cells that are still under way find it and
 *	are dropped, and its id is not given out.
 *
 *	Sending.  The link's queue has a ceiling, of which CHAN_HEADROOM is kept
 *	for CREATE, DESTROY and the channel's own cells.  A circuit that finds
 *	it full waits in line; when there is room, each one in line gets a turn
 *	of CHAN_QUANTUM cells, and while there is a line nobody goes past it.
 *	So circuits share a slow link evenly, whatever they have to send.
 *
 *	A DESTROY for which there is no room at all is owed by its ghost, and
 *	goes as soon as there is, before any other cell of a circuit.  So no
 *	more can be owed than there were circuits when the link stalled.  Only
 *	when it went the ghost's time begins.
 * Invariants
 *	Each slot is in exactly one of opening, circs, owing and ghosts; waiting
 *	holds only those of the first two.  ncircs counts these, nghosts the
 *	others.
 * Limits
 *	CHAN_CIRCS_MAX circuits, CHAN_GHOSTS_MAX ghosts.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/rand.h"
#include "onion/link/chan_int.h"

_Static_assert(CHAN_GHOSTS_MAX >= CHAN_CIRCS_MAX, "all may be owed");

int
chanmux_init(struct chan *c)
{
	TAILQ_INIT(&c->opening);
	TAILQ_INIT(&c->circs);
	TAILQ_INIT(&c->waiting);
	TAILQ_INIT(&c->owing);
	TAILQ_INIT(&c->ghosts);
	c->ids = map_new(sizeof(uint32_t), CHAN_CIRCS_MAX + CHAN_GHOSTS_MAX);
	return c->ids ? 0 : -ENOMEM;
}

static void
free_all(struct slots *q)
{
	struct slot *s;

	while ((s = TAILQ_FIRST(q)) != NULL) {
		TAILQ_REMOVE(q, s, link);
		free(s);
	}
}

void
chanmux_fini(struct chan *c)
{
	free_all(&c->opening);
	free_all(&c->circs);
	free_all(&c->owing);
	free_all(&c->ghosts);
	map_free(c->ids);
}

static struct slot *
find(struct chan *c, uint32_t id)
{
	/* Cells of one circuit come in runs. */
	if (c->last == NULL || c->last->id != id)
		c->last = map_get(c->ids, &id);
	return c->last;
}

static struct slot *
find_live(struct chan *c, uint32_t id)
{
	struct slot *s = find(c, id);

	return s && s->user ? s : NULL;
}

static void
forget(struct chan *c, struct slot *s)
{
	map_del(c->ids, &s->id);
	if (c->last == s)
		c->last = NULL;
	free(s);
}

static void
lay_ghost(struct chan *c, struct slot *s)
{
	TAILQ_REMOVE(&c->ghosts, s, link);
	c->nghosts--;
	forget(c, s);
}

/* Those whose time is over, and one more where all places are taken. */
static void
expire_ghosts(struct chan *c)
{
	int64_t now = c->set->conf.loop->now;
	struct slot *s;

	while ((s = TAILQ_FIRST(&c->ghosts)) != NULL &&
	    (s->until <= now || c->nghosts >= CHAN_GHOSTS_MAX))
		lay_ghost(c, s);
	assert(c->nghosts < CHAN_GHOSTS_MAX);
}

static int
draw_id(struct chan *c, uint32_t *out)
{
	uint32_t id;
	int i;

	for (i = 0; i < CHAN_ID_TRIES; i++) {
		id = rand_u32() | 0x80000000u;
		if (map_get(c->ids, &id) == NULL) {
			*out = id;
			return 0;
		}
	}
	return -ENOSPC;
}

int
chan_attach(struct chan *c, const struct chan_user *user, void *arg,
    uint32_t *circ_id)
{
	struct slot *s;
	int rc;

	if (c->why)
		return -ENOTCONN;
	if (c->ncircs >= CHAN_CIRCS_MAX)
		return -ENOSPC;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	if ((rc = draw_id(c, &s->id)) < 0 ||
	    (rc = map_put(c->ids, &s->id, s)) < 0) {
		free(s);
		return rc;
	}
	s->user = user;
	s->arg = arg;
	s->opening = c->state != CHAN_S_OPEN;
	TAILQ_INSERT_TAIL(s->opening ? &c->opening : &c->circs, s, link);
	if (c->ncircs++ == 0 && c->state == CHAN_S_OPEN)
		loop_timer_clear(c->set->conf.loop, &c->timer);
	*circ_id = s->id;
	return 0;
}

/* Off every list of those that are alive. */
static void
unlink_live(struct chan *c, struct slot *s)
{
	TAILQ_REMOVE(s->opening ? &c->opening : &c->circs, s, link);
	s->opening = 0;
	if (s->waits) {
		TAILQ_REMOVE(&c->waiting, s, turn);
		s->waits = 0;
		c->nwaiting--;
	}
	if (c->serving == s)
		c->serving = NULL;
	s->user = NULL;
	c->ncircs--;
}

static int
send_destroy(struct chan *c, uint32_t id)
{
	uint8_t *p = link_reserve(c->wire, CELL_LEN);

	if (p == NULL)
		return -ENOBUFS;
	cell_begin(p, id, CELL_DESTROY);	/* reason 0, as C tor's */
	link_commit(c->wire, CELL_LEN);
	chan_sent(c);
	return 0;
}

static void
begin_ghost(struct chan *c, struct slot *s)
{
	s->until = c->set->conf.loop->now + CHAN_GHOST_MS;
	TAILQ_INSERT_TAIL(&c->ghosts, s, link);
}

static void
make_ghost(struct chan *c, struct slot *s, int destroy)
{
	expire_ghosts(c);
	c->nghosts++;
	if (!destroy || s->destroyed)	/* never answered with its like */
		begin_ghost(c, s);
	else if (TAILQ_EMPTY(&c->owing) && send_destroy(c, s->id) == 0)
		begin_ghost(c, s);
	else
		TAILQ_INSERT_TAIL(&c->owing, s, link);
}

void
chan_detach(struct chan *c, uint32_t circ_id, int destroy)
{
	struct slot *s = find_live(c, circ_id);

	if (s == NULL)
		return;
	unlink_live(c, s);
	if (c->state == CHAN_S_OPEN && s->used)
		make_ghost(c, s, destroy);
	else
		forget(c, s);
	if (c->ncircs == 0)
		chan_idle_again(c);
}

static void
pay_debts(struct chan *c)
{
	struct slot *s;

	while ((s = TAILQ_FIRST(&c->owing)) != NULL &&
	    send_destroy(c, s->id) == 0) {
		TAILQ_REMOVE(&c->owing, s, link);
		begin_ghost(c, s);
	}
}

/* Cells that the link would take, the headroom left alone. */
static size_t
link_cells(const struct chan *c)
{
	size_t room;

	if (c->state != CHAN_S_OPEN)
		return 0;
	room = link_room(c->wire);
	return room > CHAN_HEADROOM ? (room - CHAN_HEADROOM) / CELL_LEN : 0;
}

size_t
chan_room(const struct chan *c)
{
	size_t n = link_cells(c);

	if (c->serving)
		return n < c->quantum ? n : c->quantum;
	return TAILQ_EMPTY(&c->waiting) ? n : 0;
}

static int
may_send(struct chan *c, const struct slot *s)
{
	if (c->serving && c->serving != s)
		return 0;
	return chan_room(c) > 0;
}

static int
is_urgent(uint8_t cmd)
{
	return cmd == CELL_CREATE2 || cmd == CELL_CREATE_FAST ||
	    cmd == CELL_DESTROY;
}

uint8_t *
chan_cell(struct chan *c, uint32_t circ_id, uint8_t cmd)
{
	struct slot *s = find_live(c, circ_id);
	uint8_t *p;

	if (c->state != CHAN_S_OPEN || s == NULL || s->destroyed)
		return NULL;
	pay_debts(c);
	if (!TAILQ_EMPTY(&c->owing) || (!is_urgent(cmd) && !may_send(c, s)))
		return NULL;
	if ((p = link_reserve(c->wire, CELL_LEN)) == NULL)
		return NULL;
	link_commit(c->wire, CELL_LEN);
	if (c->serving == s)
		c->quantum -= c->quantum > 0;
	s->used = 1;
	chan_note_use(c, cmd);
	chan_sent(c);
	return cell_begin(p, circ_id, cmd);
}

void
chan_want_room(struct chan *c, uint32_t circ_id)
{
	struct slot *s = find_live(c, circ_id);

	if (s == NULL || s->waits || c->why)
		return;
	s->waits = 1;
	c->nwaiting++;
	TAILQ_INSERT_TAIL(&c->waiting, s, turn);
	if (c->serving == NULL && link_cells(c) > 0)
		loop_item_add(c->set->conf.loop, &c->work);
}

static void
give_turn(struct chan *c)
{
	struct slot *s = TAILQ_FIRST(&c->waiting);

	TAILQ_REMOVE(&c->waiting, s, turn);
	s->waits = 0;
	c->nwaiting--;
	c->serving = s;
	c->quantum = c->nwaiting ? CHAN_QUANTUM : UINT32_MAX;
	s->user->room(s->arg);		/* the slot may be gone now */
	c->serving = NULL;
}

void
chanmux_serve(struct chan *c)
{
	size_t passes = 0;
	uint64_t before;

	if (c->state != CHAN_S_OPEN || c->serving)
		return;
	pay_debts(c);
	/* Until the queue is full again, the line is empty, or all in it have
	 * been asked and none of them sent anything. */
	while (!c->why && c->nwaiting > 0 && link_cells(c) > 0 &&
	    passes <= c->nwaiting) {
		before = c->cells_out;
		give_turn(c);
		passes = c->cells_out == before ? passes + 1 : 0;
	}
}

void
chanmux_opened(struct chan *c)
{
	struct slot *s;

	while (!c->why && (s = TAILQ_FIRST(&c->opening)) != NULL) {
		TAILQ_REMOVE(&c->opening, s, link);
		TAILQ_INSERT_TAIL(&c->circs, s, link);
		s->opening = 0;
		s->user->open(s->arg);
	}
	if (!c->why && c->nwaiting > 0)
		loop_item_add(c->set->conf.loop, &c->work);
}

void
chanmux_deliver(struct chan *c, struct cell *cell)
{
	struct slot *s = find_live(c, cell->circ_id);

	if (s == NULL || s->destroyed)
		return;		/* a race with our DESTROY, or nonsense */
	if (cell->cmd == CELL_DESTROY)
		s->destroyed = 1;
	s->user->cell(s->arg, cell->cmd, cell->body);
}

void
chanmux_tell_gone(struct chan *c)
{
	const struct chan_user *user;
	struct slot *s;
	void *arg;

	while ((s = TAILQ_FIRST(&c->circs)) != NULL ||
	    (s = TAILQ_FIRST(&c->opening)) != NULL) {
		user = s->user;
		arg = s->arg;
		unlink_live(c, s);
		forget(c, s);
		user->gone(arg, c->why);
	}
}

size_t
chan_circuits(const struct chan *c)
{
	return c->ncircs;
}
