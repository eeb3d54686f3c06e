/* tests/onion/path/test_path_million.c - whatever is asked for, no rule breaks
 *
 * A million paths in a network of a thousand relays of all kinds, with guards
 * up and down and with node options of each kind, against rules worked out from
 * what the generator wrote and not by the code under test.
 */
#include "onion/path/path.h"

#include "base/enc.h"
#include "tests/onion/path/choosetest.h"

#if defined(__SANITIZE_ADDRESS__)
enum { PATHS = 200000 };
#else
enum { PATHS = 1000000 };
#endif
enum { ROUNDS = 24, N = 1000 };

static uint8_t kin_of[N][N];

/* What is configured in this round: networks, as first bytes of addresses, out
 * of 20 to 24, and ends with 0. */
static const struct rules {
	uint8_t	exits[4], entries[4], middles[4], family[4];
	int	strict;
} rules[] = {
	{ .strict = 0 },
	{ .exits = { 20, 22 } },
	{ .entries = { 22, 24 } },
	{ .middles = { 20, 23 } },
	{ .family = { 20, 23 } },
	{ .exits = { 23, 24 }, .entries = { 20 }, .middles = { 20, 22 },
	    .family = { 22 }, .strict = 1 },
};
static const struct rules *rule;
static uint64_t chosen, refused, pairs;

/* Does the family text of @a name @b? */
static int
says(const struct simdir_relay *a, const struct simdir_relay *b)
{
	char text[sizeof(a->family)], hex[42] = "$", *w, *save;

	strcpy(text, a->family);
	enc_hex(hex + 1, b->rsa, 20);
	for (w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (strcmp(w, hex) == 0 || strcmp(w, b->nickname) == 0)
			return 1;
	return 0;
}

/* What the generator meant, without the code under test. */
static int
meant_kin(const struct simdir_relay *a, const struct simdir_relay *b)
{
	if (a == b || memcmp(a->or4.ip, b->or4.ip, 2) == 0)
		return 1;
	if (a->or6.family && b->or6.family &&
	    memcmp(a->or6.ip, b->or6.ip, 4) == 0)
		return 1;
	if (a->flags & b->flags & RELAY_HAS_MD && a->family_ids[0] &&
	    strcmp(a->family_ids, b->family_ids) == 0)
		return 1;
	return a->family[0] && b->family[0] && says(a, b) && says(b, a);
}

static int
is_in(const uint8_t *nets, const struct simdir_relay *r)
{
	for (; *nets; nets++)
		if (r->or4.ip[0] == *nets)
			return 1;
	return 0;
}

/* Nothing configured: all may. */
static int
may_be(const uint8_t *nets, const struct simdir_relay *r)
{
	return nets[0] == 0 || is_in(nets, r);
}

static void
fill_kin(void)
{
	size_t i, k;

	for (i = 0; i < N; i++)
		for (k = 0; k < N; k++)
			kin_of[i][k] = (uint8_t)(meant_kin(&sd.relay[i],
			    &sd.relay[k]) || (is_in(rule->family,
			    &sd.relay[i]) && is_in(rule->family,
			    &sd.relay[k])));
}

/* "accept 80,443,1000-2000" */
static int
meant_open(const char *p, uint16_t port)
{
	int accept = strncmp(p, "accept", 6) == 0, hit = 0;
	unsigned lo, hi;
	int n;

	if (*p == '\0')
		return 0;
	for (p += 7; *p; p += *p == ',') {
		if (sscanf(p, "%u-%u%n", &lo, &hi, &n) == 2)
			p += n;
		else if (sscanf(p, "%u%n", &lo, &n) == 1) {
			hi = lo;
			p += n;
		} else
			break;
		hit |= port >= lo && port <= hi;
	}
	return hit ? accept : !accept;
}

static struct simdir_relay *
source(const struct relay *r)
{
	return &sd.relay[r - nd->relays];
}

static int
is_excluded(const struct simdir_relay *r)
{
	return r->or4.ip[0] == 21 || r->or4.ip[1] == 33 ||
	    strcmp(r->nickname, "relay500") == 0;
}

static void
check_guard(const struct path *p)
{
	struct guard_info info[100];
	size_t i, n = guard_list(guards, info, 100);
	const struct simdir_relay *r = source(p->hop[0]);

	for (i = 0; i < n && i < 100; i++)
		if (memcmp(info[i].rsa, r->rsa, 20) == 0)
			break;
	ck_assert_uint_lt(i, n);
	ck_assert_int_eq(info[i].filtered, 1);
	ck_assert(r->flags & RELAY_GUARD);
}

static void
check_exit(const struct path *p, const struct path_request *req)
{
	const struct simdir_relay *r = source(p->hop[p->n - 1]);
	const char *policy = req->targets->family == 6 ? r->p6 : r->p;

	ck_assert(!(r->flags & RELAY_BADEXIT));
	ck_assert(may_be(rule->exits, r));
	ck_assert(!req->need_conflux || strstr(r->pr, "Conflux=1"));
	ck_assert(meant_open(policy, req->targets->port));
	if (req->targets->port == 22 && !p->relaxed)
		ck_assert(r->flags & RELAY_STABLE);
}

/* ck_assert() is slow: whatever must hold for each pair is gathered first. */
static void
check_path(const struct path *p, const struct path_request *req)
{
	size_t i, k, at[PATH_HOPS_MAX];
	int wrong = 0;

	ck_assert_uint_eq(p->n, req->hops ? req->hops : 3);
	for (i = 0; i < p->n; i++) {
		const struct simdir_relay *r = source(p->hop[i]);

		at[i] = (size_t)(p->hop[i] - nd->relays);
		wrong |= !(r->flags & RELAY_HAS_MD) || is_excluded(r);
		wrong |= req->need_capacity && !p->relaxed &&
		    !(r->flags & RELAY_FAST);
		wrong |= (i == 0 || i + 1 == p->n) &&
		    r->flags & RELAY_MIDDLEONLY;
		wrong |= i > 0 && req->need_uptime && !p->relaxed &&
		    !(r->flags & RELAY_STABLE);
		wrong |= i == 0 && !may_be(rule->entries, r);
		wrong |= i > 0 && i + 1 < p->n && !may_be(rule->middles, r);
		for (k = 0; k < i; k++)
			wrong |= kin_of[at[i]][at[k]];
	}
	ck_assert_int_eq(wrong, 0);
	if (req->kind == PATH_EXIT)
		check_exit(p, req);
}

static const struct path_target targets[] = {
	{ 443, 0 }, { 443, 4 }, { 80, 0 }, { 22, 0 }, { 25, 0 }, { 443, 6 },
	{ 6667, 0 }
};

/* Another way to the exit of @first, as for a set that is linked. */
static void
second_path(const struct path *first)
{
	const uint8_t (*guard)[20] = &first->hop[0]->rsa;
	const uint8_t (*middle)[20] = &first->hop[1]->rsa;
	struct path_request req = { .kind = PATH_EXIT, .need_capacity = 1,
	    .need_uptime = 1, .last = first->hop[first->n - 1],
	    .avoid_guards = guard, .navoid_guards = 1,
	    .avoid_middles = middle, .navoid_middles = 1,
	    .targets = &targets[0] };
	struct path p;

	if (path_choose(ctx, &req, &p) < 0)
		return;
	req.kind = PATH_INTERNAL;	/* the exit was looked at already */
	check_path(&p, &req);
	ck_assert_ptr_eq(p.hop[p.n - 1], first->hop[first->n - 1]);
	ck_assert_ptr_ne(p.hop[0], first->hop[0]);
	ck_assert_ptr_ne(p.hop[1], first->hop[1]);
	pairs++;
	guard_use_free(p.guard);
}

static void
one_path(uint64_t i)
{
	const struct path_target *t = &targets[i % NELEM(targets)];
	struct path_request req = { .kind = i % 5 == 4 ? PATH_INTERNAL :
	    PATH_EXIT, .targets = t, .ntargets = 1, .need_capacity = 1,
	    .need_uptime = i % 3 == 2, .hops = i % 11 == 10 ? 4 : 0 };
	struct path p;

	if (req.kind == PATH_INTERNAL)
		req.ntargets = 0;
	else
		req.need_conflux = i % 13 == 12;
	req.need_uptime |= req.need_conflux;
	if (path_choose(ctx, &req, &p) < 0) {
		refused++;	/* those few exits let nobody out there */
		ck_assert_int_ne(rule->exits[0], 0);
		return;
	}
	chosen++;
	check_path(&p, &req);
	if (i % 64 == 0)
		check_guard(&p);
	if (req.need_conflux)
		second_path(&p);
	guard_use_free(p.guard);
}

/* Each round has guards of its own; in every other one the first guards are
 * down, so that those behind them are used. */
static void
one_round(int round, uint64_t paths)
{
	struct guard_info info[4];
	size_t k, n;
	uint64_t i;

	n = guard_list(guards, info, 4);
	ck_assert_uint_ge(n, 4);
	for (k = 0; round % 2 && k < 4; k++)
		guard_chan_failed(guards, info[k].rsa);
	for (i = 0; i < paths; i++)
		one_path(i + (uint64_t)round);
}

static struct relayset *
set_of(const uint8_t *nets)
{
	char text[128] = "";
	size_t n = 0;

	if (nets[0] == 0)
		return NULL;
	for (; *nets; nets++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%u.0.0.0/8,", *nets);
	return make_set(text);
}

static const struct relayset *families[1];

static void
configure(struct guard_conf *gc)
{
	conf.exits = set_of(rule->exits);
	conf.entries = set_of(rule->entries);
	conf.middles = set_of(rule->middles);
	families[0] = set_of(rule->family);
	conf.kin.families = families;
	conf.kin.nfamilies = families[0] != NULL;
	conf.strict = (uint8_t)rule->strict;
	kin = conf.kin;
	gc->entries = conf.entries;
	fill_kin();
}

static void
unconfigure(void)
{
	relayset_free((struct relayset *)conf.exits);
	relayset_free((struct relayset *)conf.entries);
	relayset_free((struct relayset *)conf.middles);
	relayset_free((struct relayset *)families[0]);
	families[0] = NULL;
}

START_TEST(path_choose_a_million_times_breaks_no_rule)
{
	static const uint16_t long_lived[] = { 22, 6667 };
	struct guard_conf gc = { 0 };
	struct relayset *exclude;
	int round;

	rule = &rules[0];

	plain(0);
	simdir_fini(&sd);
	simdir_init(&sd, N, 4711, PATHTEST_NOW);
	exclude = make_set("21.0.0.0/8, relay500, 20.33.0.0/16,22.33.0.0/16,"
	    "23.33.0.0/16,24.33.0.0/16");
	conf.exclude = exclude;
	conf.long_lived = long_lived;
	conf.nlong_lived = 2;
	begin_conf(0);
	gc.exclude = exclude;
	gc.kin = &kin;
	for (round = 0; round < ROUNDS; round++) {
		/* each with guards up, and with some down */
		rule = &rules[(size_t)round / 2 % NELEM(rules)];
		configure(&gc);
		ck_assert_int_eq(guard_new(&guards, &loop, &gc, &guard_user,
		    NULL), 0);
		guard_set_netdir(guards, nd);
		conf.guards = guards;
		ck_assert_int_eq(path_set_conf(ctx, &conf), 0);
		one_round(round, PATHS / ROUNDS);
		guard_free(guards);
		unconfigure();
	}
	guards = NULL;
	ck_assert_uint_lt(refused, chosen / 10);
	ck_assert_uint_gt(pairs, chosen / 20);
	conf.exits = conf.entries = conf.middles = NULL;
	end();
	relayset_free(exclude);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(path_choose_a_million_times_breaks_no_rule),
};
PATHTEST_MAIN("path_million", tests)
