/* onion/dir/bootclock.c - what bootstrap makes of the time
 *
 * Opinions of our clock come from consensuses (a majority signed that it was no
 * earlier), from the Date of configured sources, and from NETINFO of any relay;
 * skew weighs them.  A wall clock that moves against the loop's steady one was
 * set, or the machine slept: all opinions are void then, and all waiting too.
 */
#include "onion/dir/bootstrap_int.h"

#include <string.h>

#include "onion/dir/dirsource.h"
#include "onion/link/relayid.h"

enum {
	JUMP_MS = 30 * 1000,
	FUTURE_SLOP_S = 60
};

static void
set_clock(struct bootstrap *b, enum bootstrap_clock c, int64_t off)
{
	char text[32];
	int same = c == b->clock;

	b->clock = c;
	b->skew_s = off;
	if (same)
		return;
	if (c == BOOTSTRAP_CLOCK_BEHIND || c == BOOTSTRAP_CLOCK_AHEAD)
		log_warn(LD_DIR, "Our clock is %s %s what the network says. "
		    "Please set the clock: without the right time no circuit "
		    "may be possible.", skew_text(text, sizeof(text), off),
		    off > 0 ? "behind" : "ahead of");
	else if (c == BOOTSTRAP_CLOCK_GOOD)
		log_info(LD_DIR, "Our clock agrees with the network's.");
	bootstrap_tell_changed(b);
}

static void
judge_opinions(struct bootstrap *b)
{
	int64_t off;

	if (!skew_estimate(&b->skew, b->loop->now / 1000, &off))
		set_clock(b, BOOTSTRAP_CLOCK_UNKNOWN, 0);
	else
		set_clock(b, off == 0 ? BOOTSTRAP_CLOCK_GOOD : off > 0 ?
		    BOOTSTRAP_CLOCK_BEHIND : BOOTSTRAP_CLOCK_AHEAD, off);
}

static void
add_opinion(struct bootstrap *b, const uint8_t who[20], int trusted,
    int64_t off)
{
	skew_add(&b->skew, who, trusted, off, b->loop->now / 1000);
	judge_opinions(b);
}

/* What a majority signed was made no later than now. */
void
bootclock_judge(struct bootstrap *b)
{
	static const uint8_t network[20] = "consensus";
	int64_t off = b->cons ? b->cons->valid_after - b->loop->wall : 0;

	if (off > FUTURE_SLOP_S)
		add_opinion(b, network, 1, off);
}

void
bootstrap_skew(struct bootstrap *b, const struct relayid *who, int64_t off)
{
	const struct dirsource *d = dirsources_find(b->conf.sources, who->rsa);

	add_opinion(b, who->rsa, d && dirsource_votes(d), off);
}

void
bootclock_date(struct bootstrap *b, const struct fetch *f,
    const struct dir_result *r)
{
	struct hopinfo hop;

	if (r->err != 0 || !r->has_date || f->source == NULL)
		return;
	dirsource_hopinfo(f->source, &hop);
	bootstrap_skew(b, &hop.id, r->skew_s);
}

/* The wall clock was set, or the machine slept: by how much, or 0. */
static int64_t
jump_ms(const struct bootstrap *b)
{
	int64_t jump = b->loop->wall * 1000 - b->loop->now - b->offset;

	return jump > -JUMP_MS && jump < JUMP_MS ? 0 : jump;
}

/* At once, as the owner's next step may use what has become stale; once. */
static void
tell_jumped(struct bootstrap *b)
{
	if (!b->jumped && b->conf.user->jumped) {
		b->jumped = 1;
		b->conf.user->jumped(b->conf.arg);
	}
}

void
bootstrap_check_clock(struct bootstrap *b)
{
	if (!b->running || jump_ms(b) == 0)
		return;
	tell_jumped(b);
	bootstrap_look(b);
}

void
bootclock_notice_jump(struct bootstrap *b)
{
	int64_t jump = jump_ms(b);
	char text[32];

	b->offset = b->loop->wall * 1000 - b->loop->now;
	if (jump == 0)
		return;
	log_notice(LD_DIR, "The clock jumped %s by %s.",
	    jump > 0 ? "ahead" : "back",
	    skew_text(text, sizeof(text), jump / 1000));
	tell_jumped(b);
	b->jumped = 0;
	skew_forget(&b->skew);
	judge_opinions(b);
	bootclock_judge(b);
	bootplan_forgive(b);
	bootplan_schedule_consensus(b);
}
