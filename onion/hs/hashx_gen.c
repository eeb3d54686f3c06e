/* onion/hs/hashx_gen.c - the programs of HashX
 *
 * Theory of operation
 *	There is no specification of HashX beyond its implementations; what must
 *	be the same in all of them is said here.
 *
 *	The generator writes for an imagined processor, which decodes three
 *	micro-operations a cycle for 192 cycles and executes them at three ports
 *	(P5, P0, P1, taken in this order).  Time is counted in thirds of a
 *	cycle, the place in the program: an instruction takes as many as it has
 *	micro-operations.  What kind of instruction comes is decided by the
 *	place alone, by a pattern that repeats every 36:
 *
 *	  1 TARGET   19 BRANCH   12, 24 a multiplication for the high word
 *	  other multiples of three: MUL      all others: one of plain[]
 *
 *	Which one of a list, and all that belongs to the instruction, is drawn.
 *	The order of the draws, and that some are not made where there is no
 *	choice, is a part of the function:
 *
 *	  operation (again while it may not follow the one drawn before)
 *	  mask, constant, distance, or the tag of a high multiplication
 *	  source register, then destination register
 *
 *	An instruction is issued in the first cycle from its place on in which
 *	its ports are free.  Only registers that are ready in that cycle can be
 *	chosen, and for the destination what wrote it last matters (mark).
 *
 *	Where no register is left, a second attempt is made, which has only
 *	instructions without a source instead of plain[], and lets MUL follow
 *	MUL.  If that fails as well, other implementations wait for a cycle and
 *	go on; but who waited ends up with less than 512 instructions (a cycle
 *	holds three places, and at most one of the 64 instructions that need two
 *	can be lost with it), and such programs are refused.  So we stop there.
 *
 *	A program that was written whole is refused unless its last result is
 *	ready in cycle 194.
 * Invariants
 *	512 instructions, 192 of them multiplications, 16 targets, each before
 *	its branch: all by the pattern.
 */
#include <errno.h>
#include <string.h>

#include "onion/hs/hashx_int.h"

enum { PLACES = 3, CYCLES = 192, SCHEDULE = CYCLES + 4, LAST_RESULT = 194 };
enum { PERIOD = 36, MASK_BITS = 4, NO_REG = -1 };
/* The result of an address calculation on x86-64 can't go into R13 with every
 * encoding; it would be this one. */
enum { NOT_FOR_ADD_SHIFT = 5 };

enum { P5 = 1, P0 = 2, P1 = 4, ANY = P5 | P0 | P1 };

/* Ports of the micro-operations; the second is 0 where there is only one. */
static const struct {
	uint8_t		ports[2];
	uint8_t		latency;	/* cycles */
} ops[HASHX_NOPS] = {
	[HASHX_TARGET] = { { ANY, ANY }, 1 },
	[HASHX_BRANCH] = { { ANY, ANY }, 1 },
	[HASHX_MUL] = { { P1, 0 }, 3 },
	[HASHX_UMULH] = { { P1, P5 }, 4 },
	[HASHX_SMULH] = { { P1, P5 }, 4 },
	[HASHX_ADD_SHIFT] = { { P0 | P1, 0 }, 1 },
	[HASHX_ADD] = { { ANY, 0 }, 1 },
	[HASHX_SUB] = { { ANY, 0 }, 1 },
	[HASHX_XOR] = { { ANY, 0 }, 1 },
	[HASHX_XOR_CONST] = { { ANY, 0 }, 1 },
	[HASHX_ROTATE] = { { P0 | P5, 0 }, 1 },
};

static const uint8_t plain[8] = {
	HASHX_ROTATE, HASHX_XOR_CONST, HASHX_ADD, HASHX_ADD,
	HASHX_SUB, HASHX_XOR, HASHX_XOR_CONST, HASHX_ADD_SHIFT
};
static const uint8_t sourceless[4] = {
	HASHX_ROTATE, HASHX_XOR_CONST, HASHX_ADD, HASHX_ADD
};
static const uint8_t high[2] = { HASHX_SMULH, HASHX_UMULH };

/* What wrote a register: two writers in a row must not be the same.  ADD_SHIFT
 * counts as SUB; constants do not tell writers apart, sources and tags do. */
struct mark {
	uint8_t		op;		/* 0, a TARGET: nothing yet */
	uint32_t	with;
};

struct generator {
	struct hashx_rng	rng;
	unsigned		place;
	int			last_op;	/* drawn; HASHX_NOPS: none */
	int			second;		/* attempt */
	uint8_t			busy[SCHEDULE];	/* ports */
	unsigned		ready[HASHX_REGS];	/* cycle */
	struct mark		mark[HASHX_REGS];
};

/* ---- random numbers ---- */

void
hashx_rng_init(struct hashx_rng *r, const struct sip *key)
{
	memset(r, 0, sizeof(*r));
	r->key = *key;
}

uint8_t
hashx_rng_u8(struct hashx_rng *r)
{
	uint8_t v;

	if (r->nbytes == 0) {
		r->bytes = siphash13_at(&r->key, r->next++);
		r->nbytes = 8;
	}
	v = (uint8_t)(r->bytes >> 56);
	r->bytes <<= 8;
	r->nbytes--;
	return v;
}

uint32_t
hashx_rng_u32(struct hashx_rng *r)
{
	uint64_t v;

	if (r->has_half) {
		r->has_half = 0;
		return r->half;
	}
	v = siphash13_at(&r->key, r->next++);
	r->half = (uint32_t)v;
	r->has_half = 1;
	return (uint32_t)(v >> 32);
}

static uint32_t
draw_nonzero(struct generator *g, uint32_t mask)
{
	uint32_t v;

	do
		v = hashx_rng_u32(&g->rng) & mask;
	while (v == 0);
	return v;
}

static uint32_t
draw_mask(struct generator *g)
{
	uint32_t mask = 0, bit;
	int n = 0;

	while (n < MASK_BITS) {
		bit = UINT32_C(1) << hashx_rng_u8(&g->rng) % 32;
		if ((mask & bit) == 0)
			n++;
		mask |= bit;
	}
	return mask;
}

/* One of a set of registers; NO_REG if it is empty. */
static int
draw_reg(struct generator *g, unsigned set)
{
	unsigned n = (unsigned)__builtin_popcount(set);

	if (n == 0)
		return NO_REG;
	n = n == 1 ? 0 : hashx_rng_u32(&g->rng) % n;
	while (n-- > 0)
		set &= set - 1;		/* without its lowest */
	return __builtin_ctz(set);
}

/* ---- which operation ---- */

static int
may_follow(int last, int op)
{
	switch (op) {
	case HASHX_ADD:
	case HASHX_XOR:
	case HASHX_XOR_CONST:
	case HASHX_ROTATE:
		return last != op;
	case HASHX_ADD_SHIFT:
	case HASHX_SUB:
		return last != HASHX_ADD_SHIFT && last != HASHX_SUB;
	default:
		return 1;
	}
}

static int
draw_op(struct generator *g)
{
	unsigned at = g->place % PERIOD;

	if (at == 1)
		return HASHX_TARGET;
	if (at == 19)
		return HASHX_BRANCH;
	if (at == 12 || at == 24)
		return high[hashx_rng_u8(&g->rng) % 2];
	if (at % 3 == 0)
		return HASHX_MUL;
	if (g->second)
		return sourceless[hashx_rng_u8(&g->rng) % 4];
	return plain[hashx_rng_u8(&g->rng) % 8];
}

static int
choose_op(struct generator *g)
{
	int op;

	do
		op = draw_op(g);
	while (!may_follow(g->last_op, op));
	return g->last_op = op;
}

/* ---- when ---- */

/* The port for a micro-operation in that cycle, or 0. */
static unsigned
free_port(const struct generator *g, unsigned cycle, unsigned ports)
{
	unsigned can = ports & ~g->busy[cycle];

	return can & -can;
}

/* The cycle in which @op is issued and its ports; 0, or -EDOM after the end.
 * Micro-operations do not see each other: the two of a branch get one port. */
static int
plan(const struct generator *g, int op, unsigned *cycle, unsigned *ports)
{
	unsigned at, first, second;

	for (at = g->place / PLACES; at < SCHEDULE; at++) {
		first = free_port(g, at, ops[op].ports[0]);
		second = free_port(g, at, ops[op].ports[1]);
		if (first == 0 || (second == 0 && ops[op].ports[1] != 0))
			continue;
		*cycle = at;
		*ports = first | second;
		return 0;
	}
	return -EDOM;
}

/* ---- which registers ---- */

static unsigned
ready_regs(const struct generator *g, unsigned cycle)
{
	unsigned set = 0, r;

	for (r = 0; r < HASHX_REGS; r++)
		if (g->ready[r] <= cycle)
			set |= 1u << r;
	return set;
}

/* Of two for ADD_SHIFT, the one that can't be the destination is the source. */
static int
choose_src(struct generator *g, int op, unsigned cycle)
{
	unsigned set = ready_regs(g, cycle), special = 1u << NOT_FOR_ADD_SHIFT;

	if (op == HASHX_ADD_SHIFT && (set & special) != 0 &&
	    __builtin_popcount(set) == 2)
		set = special;
	return draw_reg(g, set);
}

static int
may_overwrite(const struct generator *g, const struct mark *old,
    const struct mark *new)
{
	if (old->op == HASHX_MUL && new->op == HASHX_MUL && !g->second)
		return 0;
	return old->op != new->op || old->with != new->with;
}

/* @not: a register that it must not be, or NO_REG. */
static int
choose_dst(struct generator *g, int op, unsigned cycle, int not,
    const struct mark *mark)
{
	unsigned set = ready_regs(g, cycle), r;

	if (op == HASHX_ADD_SHIFT)
		set &= ~(1u << NOT_FOR_ADD_SHIFT);
	if (not != NO_REG)
		set &= ~(1u << not);
	for (r = 0; r < HASHX_REGS; r++)
		if (!may_overwrite(g, &g->mark[r], mark))
			set &= ~(1u << r);
	return draw_reg(g, set);
}

/* ---- instructions ---- */

static int
has_src(int op)
{
	return op == HASHX_MUL || op == HASHX_UMULH || op == HASHX_SMULH ||
	    op == HASHX_ADD_SHIFT || op == HASHX_SUB || op == HASHX_XOR;
}

/* What is drawn before the registers. */
static void
draw_rest(struct generator *g, struct hashx_insn *in, struct mark *mark)
{
	mark->op = in->op;
	mark->with = 0;
	switch (in->op) {
	case HASHX_BRANCH:
		in->imm = draw_mask(g);
		break;
	case HASHX_UMULH:
	case HASHX_SMULH:
		mark->with = hashx_rng_u32(&g->rng);
		break;
	case HASHX_ADD_SHIFT:
		mark->op = HASHX_SUB;
		in->bits = hashx_rng_u32(&g->rng) & 3;
		break;
	case HASHX_ADD:
	case HASHX_XOR_CONST:
		in->imm = draw_nonzero(g, UINT32_MAX);
		break;
	case HASHX_ROTATE:
		in->bits = (uint8_t)draw_nonzero(g, 63);
		break;
	}
}

/* 0 or -EDOM: no register is left. */
static int
choose_regs(struct generator *g, struct hashx_insn *in, unsigned cycle,
    struct mark *mark)
{
	int is_high = in->op == HASHX_UMULH || in->op == HASHX_SMULH;
	int src = NO_REG, dst;

	if (has_src(in->op)) {
		if ((src = choose_src(g, in->op, cycle)) == NO_REG)
			return -EDOM;
		in->src = (uint8_t)src;
		if (!is_high)
			mark->with = (uint32_t)src;
	}
	dst = choose_dst(g, in->op, cycle, is_high ? NO_REG : src, mark);
	if (dst == NO_REG)
		return -EDOM;
	in->dst = (uint8_t)dst;
	return 0;
}

static int
attempt(struct generator *g, int second, struct hashx_insn *in)
{
	unsigned cycle, ports;
	struct mark mark;
	int op;

	g->second = second;
	op = choose_op(g);
	memset(in, 0, sizeof(*in));
	in->op = (uint8_t)op;
	if (plan(g, op, &cycle, &ports) < 0)
		return -EDOM;
	draw_rest(g, in, &mark);
	if (op != HASHX_TARGET && op != HASHX_BRANCH) {
		if (choose_regs(g, in, cycle, &mark) < 0)
			return -EDOM;
		g->ready[in->dst] = cycle + ops[op].latency;
		g->mark[in->dst] = mark;
	}
	g->busy[cycle] |= (uint8_t)ports;
	g->place += ops[op].ports[1] ? 2 : 1;
	return 0;
}

int
hashx_generate(const struct sip *key, struct hashx_insn code[HASHX_PROGRAM])
{
	struct generator g;
	unsigned last = 0;
	size_t i;

	memset(&g, 0, sizeof(g));
	hashx_rng_init(&g.rng, key);
	g.last_op = HASHX_NOPS;
	for (i = 0; i < HASHX_PROGRAM; i++)
		if (attempt(&g, 0, &code[i]) < 0 &&
		    attempt(&g, 1, &code[i]) < 0)
			return -EDOM;
	for (i = 0; i < HASHX_REGS; i++)
		if (g.ready[i] > last)
			last = g.ready[i];
	return last == LAST_RESULT ? 0 : -EDOM;
}
