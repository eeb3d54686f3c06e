#include "onion/path/kin.h"

#include <stdio.h>

#include "base/enc.h"
#include "tests/onion/path/pathtest.h"

/* Relays 0 and 1 of a network of four; all apart but for what a case says. */
static struct simdir sd;
static struct simdir_relay *a, *b;

static void
begin(void)
{
	simdir_init_plain(&sd, 4, 5, PATHTEST_NOW);
	a = &sd.relay[0];
	b = &sd.relay[1];
}

static int
are_kin(const struct kin *k)
{
	struct netdir *nd = simdir_netdir(&sd);
	int kin = kin_same(k, nd, &nd->relays[0], &nd->relays[1]);

	ck_assert_int_eq(kin_same(k, nd, &nd->relays[1], &nd->relays[0]), kin);
	netdir_free(nd);
	simdir_fini(&sd);
	return kin;
}

static const struct kin subnets = { .subnets = 1 }, none = { .subnets = 0 };

static void
set_v6(struct addr *x, uint8_t a2, uint8_t a3, uint8_t a4)
{
	*x = (struct addr){ .family = 6, .port = 9001,
	    .ip = { 0x20, 0x01, a2, a3, a4 } };
}

START_TEST(kin_same_relays_apart_are_not)
{
	begin();
	ck_assert_int_eq(are_kin(&subnets), 0);
}
END_TEST

START_TEST(kin_same_a_relay_is_its_own)
{
	struct netdir *nd;

	begin();
	nd = simdir_netdir(&sd);
	ck_assert_int_eq(kin_same(&none, nd, nd->relays, nd->relays), 1);
	netdir_free(nd);
	simdir_fini(&sd);
}
END_TEST

START_TEST(kin_same_one_slash_16_unless_subnets_do_not_count)
{
	begin();
	addr_v4(&a->or4, 0x0a141e28, 1);
	addr_v4(&b->or4, 0x0a140102, 2);
	ck_assert_int_eq(are_kin(&subnets), 1);
	begin();
	addr_v4(&a->or4, 0x0a141e28, 1);
	addr_v4(&b->or4, 0x0a140102, 2);
	ck_assert_int_eq(are_kin(&none), 0);
	begin();
	addr_v4(&a->or4, 0x0a141e28, 1);
	addr_v4(&b->or4, 0x0a151e28, 1);
	ck_assert_int_eq(are_kin(&subnets), 0);
}
END_TEST

START_TEST(kin_same_one_ipv6_slash_32_unless_one_has_none)
{
	begin();
	set_v6(&a->or6, 0xd, 0xb8, 1);
	set_v6(&b->or6, 0xd, 0xb8, 2);
	ck_assert_int_eq(are_kin(&subnets), 1);
	begin();
	set_v6(&a->or6, 0xd, 0xb8, 1);
	set_v6(&b->or6, 0xd, 0xb9, 1);
	ck_assert_int_eq(are_kin(&subnets), 0);
	begin();
	set_v6(&a->or6, 0xd, 0xb8, 1);
	ck_assert_int_eq(are_kin(&subnets), 0);
}
END_TEST

static void
say(struct simdir_relay *who, const struct simdir_relay *of, int hex)
{
	char id[41];

	enc_hex(id, of->rsa, sizeof(of->rsa));
	snprintf(who->family, sizeof(who->family), "%s%s", hex ? "$" : "",
	    hex ? id : of->nickname);
}

START_TEST(kin_same_family_only_where_both_say_so)
{
	begin();
	say(a, b, 1);
	say(b, a, 0);
	ck_assert_int_eq(are_kin(&none), 1);
	begin();
	say(a, b, 1);
	ck_assert_int_eq(are_kin(&none), 0);
	begin();
	say(b, a, 0);
	ck_assert_int_eq(are_kin(&none), 0);
}
END_TEST

START_TEST(kin_same_family_id_in_common)
{
	begin();
	strcpy(a->family_ids, "ed25519:one ed25519:two");
	strcpy(b->family_ids, "ed25519:two ed25519:three");
	ck_assert_int_eq(are_kin(&none), 1);
	begin();
	strcpy(a->family_ids, "ed25519:one");
	strcpy(b->family_ids, "ed25519:three");
	ck_assert_int_eq(are_kin(&none), 0);
}
END_TEST

START_TEST(kin_same_family_kinds_that_the_consensus_turns_off_do_not_count)
{
	begin();
	strcpy(sd.params, "use-family-ids=0 use-family-lists=1");
	strcpy(a->family_ids, "ed25519:one");
	strcpy(b->family_ids, "ed25519:one");
	ck_assert_int_eq(are_kin(&none), 0);
	begin();
	strcpy(sd.params, "use-family-ids=1 use-family-lists=0");
	say(a, b, 1);
	say(b, a, 1);
	ck_assert_int_eq(are_kin(&none), 0);
}
END_TEST

START_TEST(kin_same_node_family_of_the_configuration)
{
	struct relayset *sets[2];
	struct kin k = { (const struct relayset *const *)sets, 2, 0 };
	char text[100];

	begin();
	snprintf(text, sizeof(text), "%s,%s", a->nickname, b->nickname);
	sets[0] = make_set("somebody,else");
	sets[1] = make_set(text);
	ck_assert_int_eq(are_kin(&k), 1);
	relayset_free(sets[1]);
	begin();
	sets[1] = make_set(a->nickname);
	relayset_free(sets[0]);
	sets[0] = make_set(b->nickname);
	ck_assert_int_eq(are_kin(&k), 0);
	relayset_free(sets[0]);
	relayset_free(sets[1]);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(kin_same_relays_apart_are_not),
	UNIT(kin_same_a_relay_is_its_own),
	UNIT(kin_same_one_slash_16_unless_subnets_do_not_count),
	UNIT(kin_same_one_ipv6_slash_32_unless_one_has_none),
	UNIT(kin_same_family_only_where_both_say_so),
	UNIT(kin_same_family_id_in_common),
	UNIT(kin_same_family_kinds_that_the_consensus_turns_off_do_not_count),
	UNIT(kin_same_node_family_of_the_configuration),
};
PATHTEST_MAIN("kin", tests)
