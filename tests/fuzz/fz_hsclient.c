/* tests/fuzz/fz_hsclient.c - two clients of two onion services, and a world
 * that does anything
 *
 * Each byte is a step, with its operands behind it: somebody asks, circuits are
 * built and go, peers say what is due or anything else, directories have this
 * descriptor or that, puzzles are solved, time passes, the consensus changes.
 *
 * Oracles (mostly hsrig.c's): INTRODUCE1 has the cookie of a rendezvous that is
 * established, and opens; only a right RENDEZVOUS2 joins; nothing is done with
 * a circuit that is closed, gone or condemned; a circuit that is given to a
 * client is joined and of its token; when nobody asks any more nothing is
 * tried; at the end all is closed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/why.h"
#include "tests/fuzz/fuzz.h"
#include "tests/onion/hs/hsrig.h"	/* must() with a line */
#include "tests/quiet.h"

static struct rig r;
static const uint8_t *at, *end;

static uint8_t
byte(void)
{
	return at < end ? *at++ : 0;
}

/* One of those that are open; @purpose 0: any. */
static struct rig_circ *
some(enum hs_purpose purpose)
{
	struct rig_circ *c, *found = NULL;
	size_t i, n = byte() & 15;

	for (i = r.ncircs; i > 0; i--) {	/* the last is 0 */
		c = &r.circ[i - 1];
		if (!c->open || c->doomed || (purpose && c->purpose != purpose))
			continue;
		found = c;
		if (n-- == 0)
			break;
	}
	return found;
}

static void
ask(void)
{
	uint8_t b = byte();
	void *circ;
	int rc = rig_get(&r, b & 1, b >> 1 & 1, &circ);

	/* -ENOBUFS, and what the world says: what fails again and again is not
	 * the service's. */
	must(rc == 0 || rc == -EAGAIN || rc == -ENOBUFS ||
	    rc == -EHOSTUNREACH ||
	    (-rc >= WHY_HS_FIRST && -rc < WHY_HS_END));
	if (b & 128)
		rig_turn(&r);
}

static void
say(void)
{
	static const uint8_t cmds[] = { 32, 33, 34, 35, 36, 37, 38, 39, 40 };
	struct rig_circ *c = some(0);
	uint8_t cmd = cmds[byte() % sizeof(cmds)], data[256];
	size_t i, len = byte();

	for (i = 0; i < len; i++)
		data[i] = byte();
	/* What would be the rendezvous point's good right. */
	if (c == NULL || (cmd == 39 && c->purpose == HS_REND))
		return;
	(void)rig_say(&r, c, cmd, data, len);
}

/* What may not be said closes the circuit, unless it is closing anyhow. */
static void
say_wrong(struct rig_circ *c, uint8_t cmd, const void *data, size_t len)
{
	if (rig_say(&r, c, cmd, data, len) == -EPROTO)
		return;
	rig_turn(&r);
	must(!c->open);
}

static void
establish(void)
{
	struct rig_circ *c = some(HS_REND);

	if (c == NULL)
		return;
	if (c->nsent == 0)		/* as 41297 has it */
		say_wrong(c, 39, "", 0);
	else
		(void)rig_established(&r, c);
}

static void
acknowledge(void)
{
	struct rig_circ *c = some(HS_INTRO);
	uint8_t status = byte() & 3;

	if (c)
		(void)rig_ack(&r, c, status);
}

/* The service answers, perhaps to the wrong place, or spoilt. */
static void
meet(void)
{
	struct rig_circ *intro = some(HS_INTRO), *rend = some(HS_REND);
	uint8_t how = byte(), reply[HSNTOR_REPLY];
	struct rig_intro1 i;

	if (intro == NULL || rend == NULL || intro->nsent == 0 ||
	    rig_read(&r, intro, &i) < 0)
		return;
	if (how == 0) {
		if (rend->nsent)
			(void)rig_meet(&r, intro, rend);
		return;
	}
	rig_reply(&r, &i, reply, &rend->keys);
	reply[how % HSNTOR_REPLY] ^= (uint8_t)(1 + byte() % 127);
	rend->right = 0;
	say_wrong(rend, 37, reply, sizeof(reply));
}

static void
fetch(void)
{
	static const int statuses[] = { 200, 404, 0, 503 };
	struct rig_circ *c = some(HS_DIR);
	int status = statuses[byte() & 3];

	if (c && c->path[0])
		rig_fetched(&r, c, status);
}

static void
change_descriptor(void)
{
	static const int rcs[] = { 0, -WHY_HS_INVALID, -ENOMEM, 0 };
	uint8_t b = byte(), x = byte();

	switch (b & 7) {
	case 0:
		r.desc.revision = x;
		break;
	case 1:
		r.desc.nintros = x % (RIG_INTROS + 1);
		break;
	case 2:
		r.desc.flow_control = x & 1;
		r.desc.sendme_inc = x >> 1;
		break;
	case 3:
		r.desc.pow.has = x & 1;
		r.desc.pow.effort = (uint32_t)x * 64;
		r.desc.pow.expires = r.loop.wall + (x & 2 ? 600 : -1);
		memset(r.desc.pow.seed, x, sizeof(r.desc.pow.seed));
		break;
	case 4:
		r.desc.lifetime_s = (int64_t)x * 60;
		break;
	case 5:
		r.desc_rc = rcs[x & 3];
		break;
	case 6:
		memset(r.wants_key, x & 3, sizeof(r.wants_key));
		break;
	case 7:
		r.desc.intro[x % RIG_INTROS] = r.intro[x >> 4 & 1].pub;
		if (x & 128)
			memset(r.desc.intro[0].enc, 0, 32);
		break;
	}
	r.desc.cert_expires = r.loop.wall + 54 * 3600;
}

static void
change_net(void)
{
	static const int rcs[] = { 0, -EAGAIN, -EHOSTUNREACH, 0 };
	uint8_t b = byte();

	switch (b & 7) {
	case 0:
		r.send_rc = b & 8 ? -ENOBUFS : 0;
		break;
	case 1:
		r.fetch_rc = b & 8 ? -ENOBUFS : 0;
		break;
	case 2:
		r.join_rc = b & 8 ? -ENOMEM : 0;
		break;
	case 3:
		r.solve_rc = b & 8 ? -ENOSPC : 0;
		break;
	case 4:
		r.no_last = b & 8;
		break;
	case 5:
		r.ndirs = (b >> 3) % (RIG_DIRS + 1);
		break;
	default:
		r.open_rc[HS_DIR + (b >> 3 & 3) % 3] = rcs[b >> 5 & 3];
		break;
	}
}

static void
change_world(void)
{
	static const uint8_t keys[2][32] = { { 1, 1, 1 }, { 2, 2, 2 } };
	struct rig_circ *c;
	uint8_t b = byte();

	switch (b & 7) {
	case 0:
		hsclient_newnym(r.hs);
		break;
	case 1:
		rig_key(&r, b & 8 ? keys[b >> 4 & 1] : NULL);
		break;
	case 2:
		rig_later(&r, b >> 3 & 31);
		break;
	case 3:
		hsclient_set_netdir(r.hs, b & 8 ? NULL : &r.netdir);
		break;
	case 4:
		hsclient_room(r.hs);
		break;
	case 5:
		if ((c = some(0)) != NULL)
			hsclient_spoil(r.hs, c);
		break;
	default:
		rig_turn(&r);
		break;
	}
}

static void
solve(void)
{
	size_t i;

	for (i = 0; i < r.njobs; i++)
		if (r.job[i].open) {
			rig_solve(&r, i, byte() & 1 ? -ETIMEDOUT : 0);
			return;
		}
}

static void
step(void)
{
	uint8_t b = byte();
	struct rig_circ *c;

	switch (b & 15) {
	case 0:
	case 1:
		ask();
		break;
	case 2:
		rig_wait(&r, (int64_t)byte() * 500);
		break;
	case 3:
	case 4:
		if ((c = some(0)) != NULL)
			rig_built(&r, c);
		break;
	case 5:
		if ((c = some(0)) != NULL)
			rig_gone(&r, c);
		break;
	case 6:
		say();
		break;
	case 7:
		establish();
		break;
	case 8:
		acknowledge();
		break;
	case 9:
		meet();
		break;
	case 10:
		fetch();
		break;
	case 11:
		change_descriptor();
		break;
	case 12:
		change_net();
		break;
	case 13:
		change_world();
		break;
	case 14:
		solve();
		break;
	case 15:
		rig_turn(&r);
		break;
	}
}

/* Those that were condemned go, as was promised. */
static void
bury(void)
{
	size_t i;

	for (i = 0; i < r.ncircs; i++)
		if (r.circ[i].open && r.circ[i].doomed)
			rig_gone(&r, &r.circ[i]);
}

static void
check_idle(void)
{
	struct hsclient_totals t;
	size_t i;

	bury();
	rig_wait(&r, 200 * 1000);
	bury();
	hsclient_totals(r.hs, &t);
	must(t.trying == 0);
	for (i = 0; i < r.ncircs; i++)
		must(!r.circ[i].open || r.circ[i].joined);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int ready;

	if (!ready) {
		rand_init();
		log_capture(quiet, NULL);
		ready = 1;
	}
	at = data;
	end = data + (len < 2048 ? len : 2048);
	rig_new(&r, 0);
	while (at < end)
		step();
	check_idle();
	rig_free(&r);
	return 0;
}
