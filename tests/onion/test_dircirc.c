/* tests/onion/test_dircirc.c - directory requests over one-hop circuits */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/loop.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/dirclient.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dircirc.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "onion/path/guard.h"
#include "onion/path/path.h"
#include "tests/sim/simdir.h"
#include "tests/sim/simlink.h"
#include "tests/sim/simrelay.h"

enum { NOW = 1795300000, RELAYS = 6 };

struct rig {
	struct loop		 loop;
	struct simlink		*sl;
	struct simnet		*net;
	struct simlink_relay	*relay[RELAYS];
	struct simdir		 sd;
	struct netdir		*nd;
	struct chanset		*chans;
	struct guards		*guards;
	struct path_ctx		*path;
	struct path_conf	 pconf;
	struct dirsources	*sources;
	struct dirsource	*source;
	struct dircircs		*dc;
	unsigned		 begun, results, stages;
	uint32_t		 id, stage_id;
	int			 err, status, verdict;
	char			 body[64];
	int			 again;		/* from within the result */
};

static void rig_fetch(struct rig *, uint32_t id, int guard);

static void
on_begun(void *arg)
{
	struct rig *r = arg;

	r->begun++;
}

static int
on_result(void *arg, uint32_t id, struct dir_result *res)
{
	struct rig *r = arg;

	r->results++;
	r->id = id;
	r->err = res->err;
	r->status = res->status;
	if (res->body)
		snprintf(r->body, sizeof(r->body), "%.*s", (int)res->len,
		    (const char *)res->body);
	if (r->again-- > 0)
		rig_fetch(r, id + 1, 0);
	return res->err ? res->err : r->verdict;
}

static const struct dircirc_user users = {
	.begun = on_begun, .result = on_result
};

static void
on_hop(void *arg, const struct hopinfo *hop)
{
	(void)arg;
	(void)hop;
}

static void
on_open(void *arg, struct chan *c)
{
	(void)arg;
	(void)c;
}

static void
on_gone(void *arg, const struct hopinfo *hop, enum chan_why why, int was_open)
{
	(void)arg;
	(void)hop;
	(void)why;
	(void)was_open;
}

static void
on_skew(void *arg, const struct relayid *id, int64_t s)
{
	(void)arg;
	(void)id;
	(void)s;
}

static const struct chanset_user chan_users = {
	.dialling = on_hop, .connected = on_hop, .open = on_open,
	.gone = on_gone, .skew = on_skew
};
static const struct guard_user guard_users = { .dirty = NULL };

static int
by_rsa(const void *a, const void *b)
{
	return memcmp(((const struct simdir_relay *)a)->rsa,
	    ((const struct simdir_relay *)b)->rsa, 20);
}

static void
make_network(struct rig *r)
{
	size_t i;

	simdir_init_plain(&r->sd, RELAYS, 7, NOW - 600);
	for (i = 0; i < RELAYS; i++) {
		struct simdir_relay *d = &r->sd.relay[i];

		r->relay[i] = simnet_attach(r->net, i, r->sl);
		memcpy(d->rsa, r->net->relay[i].rsa_id, 20);
		memcpy(d->ed, r->net->relay[i].ed_id, 32);
		memcpy(d->ntor, r->net->relay[i].ntor_pub, 32);
		d->or4 = r->net->addr[i];
	}
	qsort(r->sd.relay, r->sd.n, sizeof(*r->sd.relay), by_rsa);
	r->nd = simdir_netdir(&r->sd);
}

static void
rig_new(struct rig *r, int guards)
{
	struct chanset_conf cc = { .loop = &r->loop, .user = &chan_users,
		.arg = r, .use_v4 = 1 };
	struct dircirc_conf dc = { .loop = &r->loop };
	struct dirsource_conf src = { .weight = 1 };
	struct guard_conf gc = { .version = "test" };
	int64_t at;

	memset(r, 0, sizeof(*r));
	crypt_init();
	loop_init(&r->loop, 1000000, NOW);
	r->sl = simlink_new(&r->loop);
	r->net = simnet_new(&r->loop, RELAYS);
	make_network(r);
	cc.dialer = simlink_dialer(r->sl);
	ck_assert_int_eq(chanset_new(&r->chans, &cc), 0);
	memcpy(src.rsa_id, r->net->relay[0].rsa_id, 20);
	memset(src.v3ident, 1, 20);
	src.or4 = r->net->addr[0];
	ck_assert_int_eq(dirsources_new(&r->sources, &r->loop, &src, 1, NULL,
	    0, 1), 0);
	r->source = dirsources_pick(r->sources, 0, &at);
	ck_assert_ptr_nonnull(r->source);
	if (guards) {
		ck_assert_int_eq(guard_new(&r->guards, &r->loop, &gc,
		    &guard_users, r), 0);
		guard_set_netdir(r->guards, r->nd);
	}
	dc.chans = r->chans;
	dc.guards = r->guards;
	r->pconf.paths_needed = -1;
	r->pconf.guards = r->guards;
	ck_assert_int_eq(path_new(&r->path, &r->loop, &r->pconf), 0);
	dc.path = r->path;
	ck_assert_int_eq(dircirc_new(&r->dc, &dc, &users, r), 0);
}

static void
rig_free(struct rig *r)
{
	dircirc_free(r->dc);
	chanset_free(r->chans);
	loop_end_turn(&r->loop);
	path_free(r->path);
	guard_free(r->guards);
	dirsources_free(r->sources);
	netdir_free(r->nd);
	simdir_fini(&r->sd);
	simlink_free(r->sl);
	ck_assert_msg(r->net->broken == 0, "%s", r->net->broke);
	simnet_free(r->net);
	ck_assert_ptr_null(r->loop.items);
	ck_assert_ptr_null(r->loop.timers);
}

static void
on_stage(void *arg, uint32_t id, enum dir_stage stage)
{
	struct rig *r = arg;

	(void)stage;
	r->stages++;
	r->stage_id = id;
}

/* What is lent for the call does not outlive it. */
static void
rig_fetch(struct rig *r, uint32_t id, int guard)
{
	char path[] = "/tor/micro/d/x";
	struct dir_fetch f = {
		.id = id, .source = guard ? NULL : r->source,
		.request = { .kind = DIR_KIND_MICRODESCS, .path = path,
		    .stage = on_stage, .stage_arg = r, .stage_id = id }
	};

	ck_assert_int_eq(dircirc_fetch(r->dc, &f), 0);
	memset(path, 'X', sizeof(path) - 1);
	memset(&f, 0x55, sizeof(f));
}

static struct simstream *
dir_stream(struct rig *r)
{
	struct simcirc *c = simnet_circ(r->net);

	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->n, 1);
	ck_assert_ptr_nonnull(c->streams);
	ck_assert(c->streams->is_dir);
	return c->streams;
}

static void
answer(struct rig *r, const char *text)
{
	struct simcirc *c = simnet_circ(r->net);

	simcirc_data(c, c->streams->id, text, strlen(text));
	simcirc_say(c, 0, 3, c->streams->id, "\6", 1);	/* END DONE */
}

#define OK_TEXT "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"

START_TEST(dircirc_fetch_answer_is_told_once)
{
	struct rig r;
	char addr[ADDR_TEXT], host[ADDR_TEXT + 16];

	rig_new(&r, _i);
	rig_fetch(&r, 7, _i);
	ck_assert_uint_eq(dircirc_count(r.dc), 1);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.begun, 1);
	ck_assert_uint_eq(r.stages, 1);
	ck_assert_uint_eq(r.stage_id, 7);
	/* the request names the relay that it went to */
	snprintf(host, sizeof(host), "Host: %s\r\n", addr_raw(
	    &r.net->addr[simnet_circ(r.net)->relay[0]], addr));
	ck_assert_ptr_nonnull(memmem(dir_stream(&r)->echo,
	    dir_stream(&r)->echo_len, host, strlen(host)));
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_uint_eq(r.id, 7);
	ck_assert_int_eq(r.err, 0);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.body, "hello");
	ck_assert_uint_eq(r.stages, 2);
	ck_assert_uint_eq(dircirc_count(r.dc), 0);
	rig_free(&r);
}
END_TEST

START_TEST(dircirc_fetch_from_within_result_works)
{
	struct rig r;

	rig_new(&r, 0);
	r.again = 1;
	rig_fetch(&r, 7, 0);
	loop_advance(&r.loop, 1000);
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_uint_eq(dircirc_count(r.dc), 1);
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.results, 2);
	ck_assert_uint_eq(r.id, 8);
	rig_free(&r);
}
END_TEST

static unsigned
guards_down(struct rig *r)
{
	struct guard_info info[RELAYS];
	size_t i, n = guard_list(r->guards, info, RELAYS);
	unsigned down = 0;

	for (i = 0; i < n && i < RELAYS; i++)
		down += info[i].reach == GUARD_NO;
	return down;
}

#define HTTP(status) "HTTP/1.0 " status "\r\nContent-Length: 0\r\n\r\n"

static const struct {
	const char	*answer;
	int		 verdict;
	unsigned	 down;
	int		 avoided;	/* for documents of this kind */
} verdicts[] = {
	{ OK_TEXT, 0, 0, 0 }, { OK_TEXT, -ENOENT, 0, 0 },
	{ OK_TEXT, -EBADMSG, 0, 1 },
	{ HTTP("503 Directory busy"), -EBUSY, 0, 1 },
	{ HTTP("500 Internal"), -EPROTO, 0, 1 },
	{ HTTP("304 Not modified"), -EPROTO, 0, 1 },
	{ HTTP("304 Not modified"), 0, 0, 0 },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nshort", 0, 0, 1 },
	{ "SSH-2.0-OpenSSH\r\n\r\n", 0, 1, 0 }
};

START_TEST(dircirc_fetch_from_guard_tells_how_it_went)
{
	struct rig r;

	rig_new(&r, 1);
	r.verdict = verdicts[_i].verdict;
	rig_fetch(&r, 7, 1);
	loop_advance(&r.loop, 1000);
	answer(&r, verdicts[_i].answer);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_uint_eq(guards_down(&r), verdicts[_i].down);
	rig_free(&r);
}
END_TEST

/* Which relay has the request that is out. */
static size_t
asked(struct rig *r, uint32_t id)
{
	rig_fetch(r, id, 1);
	loop_advance(&r->loop, 1000);
	return simnet_circ(r->net)->relay[0];
}

/* A guard whose answer was no good is not asked for that kind of document for
 * a while; nor are more than a few avoided. */
START_TEST(dircirc_fetch_after_a_bad_answer_asks_another_guard)
{
	struct rig r;
	size_t first;
	unsigned i, again = 0;

	rig_new(&r, 1);
	first = asked(&r, 7);
	r.verdict = verdicts[_i].verdict;
	answer(&r, verdicts[_i].answer);
	loop_advance(&r.loop, 1000);
	r.verdict = 0;
	for (i = 0; i < 40; i++) {
		again += asked(&r, 8 + i) == first;
		answer(&r, OK_TEXT);
		loop_advance(&r.loop, 1000);
	}
	ck_assert_int_eq(again == 0, verdicts[_i].avoided ||
	    verdicts[_i].down);
	/* All are bad: they are asked none the less. */
	r.verdict = -EBUSY;
	for (i = 0; i < 20; i++) {
		asked(&r, 100 + i);
		answer(&r, HTTP("503 Busy"));
		loop_advance(&r.loop, 1000);
	}
	loop_advance(&r.loop, 11 * 60 * 1000);
	ck_assert_uint_eq(guards_down(&r), verdicts[_i].down);
	rig_free(&r);
}
END_TEST

START_TEST(dircirc_fetch_relay_unreachable_fails_and_backs_off)
{
	struct dir_fetch f = { .id = 8, .request = { .kind = DIR_KIND_CERTS,
		.path = "/tor/keys/x" } };
	struct rig r;
	size_t i;

	rig_new(&r, 1);
	for (i = 0; i < RELAYS; i++)
		simlink_relay_gone(r.relay[i]);
	rig_fetch(&r, 7, _i);
	loop_advance(&r.loop, 100);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_int_eq(r.err, -EHOSTUNREACH);
	if (_i)
		ck_assert_uint_eq(guards_down(&r), 1);
	else {
		f.source = r.source;
		ck_assert_int_lt(dircirc_fetch(r.dc, &f), 0);
	}
	rig_free(&r);
}
END_TEST

START_TEST(dircirc_fetch_silent_relay_times_out)
{
	struct rig r;

	rig_new(&r, 0);
	r.net->knobs.mute_at = 1;
	rig_fetch(&r, 7, 0);
	loop_advance(&r.loop, 29000);
	ck_assert_uint_eq(r.results, 0);
	loop_advance(&r.loop, 2000);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_int_eq(r.err, -ETIMEDOUT);
	rig_free(&r);
}
END_TEST

/* F08: a relay that loses cells.  The first is CREATED, the second CONNECTED,
 * the others are of the answer.  What comes behind a gap is not recognised. */
START_TEST(dircirc_fetch_from_relay_that_loses_cells_fails)
{
	static char text[12000];
	struct rig r;
	int n;

	rig_new(&r, 0);
	r.relay[0]->knobs.drop_every = (unsigned)_i + 1;
	rig_fetch(&r, 7, 0);
	loop_advance(&r.loop, 1000);
	n = snprintf(text, sizeof(text),
	    "HTTP/1.0 200 OK\r\nContent-Length: 11000\r\n\r\n");
	memset(text + n, 'x', 11000);
	if (_i > 0)
		answer(&r, text);
	loop_advance(&r.loop, _i > 0 ? 1000 : 31000);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_int_lt(r.err, 0);
	ck_assert_uint_eq(dircirc_count(r.dc), 0);
	/* The channel can do nothing for it, unless nothing came at all. */
	ck_assert_uint_eq(r.relay[0]->conns, _i > 0);
	r.relay[0]->knobs.drop_every = 0;
	rig_fetch(&r, 8, 0);
	loop_advance(&r.loop, 1000);
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_int_eq(r.err, 0);
	rig_free(&r);
}
END_TEST

/* The network lost the connection and nobody was told: the second request on
 * it is the last. */
START_TEST(dircirc_fetch_on_dead_channel_is_retried_on_a_new_one)
{
	struct rig r;

	rig_new(&r, 0);
	rig_fetch(&r, 7, 0);
	loop_advance(&r.loop, 1000);
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_int_eq(r.err, 0);
	ck_assert_uint_eq(r.relay[0]->dials, 1);
	r.net->knobs.mute_at = 1;
	rig_fetch(&r, 8, 0);
	loop_advance(&r.loop, 31000);
	ck_assert_int_eq(r.err, -ETIMEDOUT);
	ck_assert_uint_eq(r.relay[0]->conns, 0);
	r.net->knobs.mute_at = 0;
	rig_fetch(&r, 9, 0);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.relay[0]->dials, 2);
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.results, 3);
	ck_assert_int_eq(r.err, 0);
	rig_free(&r);
}
END_TEST

/* Its handshake took so long that CREATE could hardly be answered: nothing
 * says that it is dead, and the next request finds it open. */
START_TEST(dircirc_fetch_timed_out_on_slow_dial_keeps_the_channel)
{
	struct rig r;

	rig_new(&r, 0);
	r.net->knobs.mute_at = 1;
	r.relay[0]->knobs.netinfo_late_ms = 25000;
	rig_fetch(&r, 7, 0);
	loop_advance(&r.loop, 31000);
	ck_assert_int_eq(r.err, -ETIMEDOUT);
	ck_assert_uint_eq(r.relay[0]->conns, 1);
	r.net->knobs.mute_at = 0;
	rig_fetch(&r, 8, 0);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.relay[0]->dials, 1);
	answer(&r, OK_TEXT);
	loop_advance(&r.loop, 1000);
	ck_assert_int_eq(r.err, 0);
	rig_free(&r);
}
END_TEST

START_TEST(dircirc_fetch_circuit_lost_fails_once)
{
	struct rig r;

	rig_new(&r, 0);
	rig_fetch(&r, 7, 0);
	loop_advance(&r.loop, 1000);
	simlink_relay_gone(r.relay[0]);
	loop_advance(&r.loop, 1000);
	ck_assert_uint_eq(r.results, 1);
	ck_assert_int_lt(r.err, 0);
	rig_free(&r);
}
END_TEST

static int
only_fourth(void *arg, const struct addr *a)
{
	struct rig *r = arg;

	return a->family == 4 && memcmp(a->ip, r->net->addr[4].ip, 4) == 0;
}

/* UseEntryGuards 0: relays are asked and not the few that all know. */
START_TEST(dircirc_fetch_without_guards_asks_any_relay_that_it_may)
{
	unsigned i, asked[RELAYS] = { 0 };
	struct rig r;

	rig_new(&r, 0);
	path_set_netdir(r.path, r.nd);
	r.pconf.reachable = _i ? only_fourth : NULL;
	r.pconf.reachable_arg = &r;
	ck_assert_int_eq(path_set_conf(r.path, &r.pconf), 0);
	for (i = 0; i < 100; i++) {
		rig_fetch(&r, i, 1);
		loop_advance(&r.loop, 1000);
		asked[simnet_circ(r.net)->relay[0]]++;
		answer(&r, OK_TEXT);
		loop_advance(&r.loop, 1000);
		ck_assert_uint_eq(r.results, i + 1);
		ck_assert_int_eq(r.status, 200);
	}
	for (i = 0; i < RELAYS; i++)	/* one not drawn: 1e-7 */
		ck_assert_int_eq(asked[i] > 0, _i ? i == 4 : 1);
	rig_free(&r);
}
END_TEST

START_TEST(dircirc_fetch_without_guards_relay_held_back_is_eagain)
{
	struct dir_fetch f = { .id = 9, .request = { .kind = DIR_KIND_CERTS,
		.path = "/tor/keys/x" } };
	struct rig r;
	unsigned i;

	rig_new(&r, 0);
	path_set_netdir(r.path, r.nd);
	r.pconf.reachable = only_fourth;
	r.pconf.reachable_arg = &r;
	ck_assert_int_eq(path_set_conf(r.path, &r.pconf), 0);
	for (i = 0; i < RELAYS; i++)
		simlink_relay_gone(r.relay[i]);
	rig_fetch(&r, 7, 1);
	loop_advance(&r.loop, 100);
	ck_assert_int_eq(r.err, -EHOSTUNREACH);
	ck_assert_int_eq(dircirc_fetch(r.dc, &f), -EAGAIN);
	rig_free(&r);
}
END_TEST

START_TEST(dircirc_fetch_without_guards_or_source_is_eagain)
{
	struct dir_fetch f = { .id = 7, .request = { .kind = DIR_KIND_CERTS,
		.path = "/tor/keys/x" } };
	struct rig r;

	rig_new(&r, 0);
	ck_assert_int_eq(dircirc_fetch(r.dc, &f), -EAGAIN);
	ck_assert_uint_eq(dircirc_count(r.dc), 0);
	rig_free(&r);
}
END_TEST

/* Cancelled, or all of it freed, at any moment. */
START_TEST(dircirc_cancel_at_any_moment_is_the_end)
{
	struct rig r;

	rig_new(&r, 1);
	rig_fetch(&r, 7, 1);
	rig_fetch(&r, 8, 0);
	loop_advance(&r.loop, _i * 4);
	dircirc_cancel(r.dc, 7);
	dircirc_cancel(r.dc, 99);
	ck_assert_uint_eq(dircirc_count(r.dc), 1);
	loop_advance(&r.loop, 40);
	ck_assert_uint_eq(r.results, 0);
	rig_free(&r);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(dircirc_fetch_answer_is_told_once, 2),
	UNIT(dircirc_fetch_from_within_result_works),
	UNIT_LOOP(dircirc_fetch_from_guard_tells_how_it_went, NELEM(verdicts)),
	UNIT_LOOP(dircirc_fetch_after_a_bad_answer_asks_another_guard,
	    NELEM(verdicts)),
	UNIT_LOOP(dircirc_fetch_relay_unreachable_fails_and_backs_off, 2),
	UNIT(dircirc_fetch_silent_relay_times_out),
	UNIT_LOOP(dircirc_fetch_from_relay_that_loses_cells_fails, 8),
	UNIT(dircirc_fetch_on_dead_channel_is_retried_on_a_new_one),
	UNIT(dircirc_fetch_timed_out_on_slow_dial_keeps_the_channel),
	UNIT(dircirc_fetch_circuit_lost_fails_once),
	UNIT_LOOP(dircirc_fetch_without_guards_asks_any_relay_that_it_may, 2),
	UNIT(dircirc_fetch_without_guards_relay_held_back_is_eagain),
	UNIT(dircirc_fetch_without_guards_or_source_is_eagain),
	UNIT_LOOP(dircirc_cancel_at_any_moment_is_the_end, 16),
};
UNIT_MAIN("dircirc", tests)
