/* tests/onion/hs/test_hsring.c - which directories have a descriptor */
#include "onion/hs/hsring.h"

#include <string.h>

#include "onion/crypto/crypt.h"
#include "onion/dir/netdir.h"
#include "onion/dir/params.h"
#include "onion/dir/router.h"
#include "onion/link/relayid.h"
#include "tests/onion/crypto/hex.h"
#include "tests/unit.h"
#include "tests/vectors/hs.h"

enum { RELAYS = 40 };

static struct relay relays[RELAYS];
static struct netdir net;
static struct hstime when;
static uint8_t blinded[BLIND_KEY];

/* The network of make-hs.py: its first @n relays. */
static void
make_net(size_t n, const char *params)
{
	uint8_t ed[RELAYS][32];
	struct params *p;
	size_t i;

	UNHEX(ed, hsv_ring_relays);
	UNHEX(blinded, hsv_blinded);
	UNHEX(when.srv, hsv_ring_srv);
	when.period = HSV_PERIOD;
	when.minutes = HSV_MINUTES;
	for (i = 0; i < n; i++) {
		struct relay *r = &relays[i];

		memcpy(r->ed, ed[i], sizeof(r->ed));
		r->has_ed = 1;
		r->flags = RELAY_RUNNING | RELAY_VALID | RELAY_HSDIR;
		r->caps = CAP_HSDIR;
	}
	ck_assert_int_eq(params_parse(&p, params, strlen(params)), 0);
	net.relays = relays;
	net.nrelays = n;
	net.params = p;
}

/* By a ring of its own. */
static size_t
find(const struct relay **got)
{
	struct hsring *ring;
	size_t n;

	ck_assert_int_eq(hsring_new(&ring, &net, &when), 0);
	n = hsring_find(ring, blinded, got);
	hsring_free(ring);
	return n;
}

static void
check(const int *want, size_t n)
{
	const struct relay *got[HSRING_MAX];
	size_t i;

	ck_assert_uint_eq(find(got), n);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(got[i] - relays, want[i]);
	params_free(net.params);
}

START_TEST(hsring_find_is_where_the_service_puts_it)
{
	make_net(RELAYS, "");
	check(hsv_ring_default, NELEM(hsv_ring_default));
}
END_TEST

START_TEST(hsring_find_takes_the_numbers_of_the_consensus)
{
	make_net(RELAYS, "hsdir_n_replicas=3 hsdir_spread_fetch=5");
	check(hsv_ring_wide, NELEM(hsv_ring_wide));
}
END_TEST

START_TEST(hsring_find_few_relays_each_once)
{
	make_net(5, "");
	check(hsv_ring_few, NELEM(hsv_ring_few));
}
END_TEST

START_TEST(hsring_find_never_gives_more_than_its_ceiling)
{
	make_net(RELAYS, "hsdir_n_replicas=99 hsdir_spread_fetch=999");
	ck_assert_uint_eq(NELEM(hsv_ring_many), HSRING_MAX);
	check(hsv_ring_many, HSRING_MAX);
}
END_TEST

START_TEST(hsring_find_without_relays_finds_none)
{
	const struct relay *got[HSRING_MAX];

	make_net(0, "");
	ck_assert_uint_eq(find(got), 0);
	params_free(net.params);
}
END_TEST

/* Each way of being none: the first choice falls out, the others stay. */
START_TEST(hsring_find_passes_over_who_is_no_directory)
{
	const struct relay *got[HSRING_MAX];
	struct relay *first;
	size_t i, n;

	make_net(RELAYS, "");
	first = &relays[hsv_ring_default[0]];
	switch (_i) {
	case 0:
		first->flags &= ~(uint32_t)RELAY_HSDIR;
		break;
	case 1:
		first->flags |= RELAY_NOED;
		break;
	case 2:
		first->caps = ~(uint32_t)CAP_HSDIR;
		break;
	default:
		first->has_ed = 0;
		break;
	}
	n = find(got);
	ck_assert_uint_eq(n, NELEM(hsv_ring_default));
	for (i = 0; i < n; i++)
		ck_assert_ptr_ne(got[i], first);
	ck_assert_int_eq(got[0] - relays, hsv_ring_default[1]);
	ck_assert_int_eq(got[1] - relays, hsv_ring_default[2]);
	params_free(net.params);
}
END_TEST

/* Another value, another period, another service: another place. */
START_TEST(hsring_find_everything_counts)
{
	const struct relay *got[HSRING_MAX], *other[HSRING_MAX];
	size_t n;

	make_net(RELAYS, "");
	n = find(got);
	switch (_i) {
	case 0:
		when.srv[31] ^= 1;
		break;
	case 1:
		when.period++;
		break;
	case 2:
		when.minutes = 720;
		break;
	default:
		blinded[0] ^= 1;
		break;
	}
	ck_assert_uint_eq(find(other), n);
	ck_assert_mem_ne(got, other, n * sizeof(got[0]));
	params_free(net.params);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(hsring_find_is_where_the_service_puts_it),
	UNIT(hsring_find_takes_the_numbers_of_the_consensus),
	UNIT(hsring_find_few_relays_each_once),
	UNIT(hsring_find_never_gives_more_than_its_ceiling),
	UNIT(hsring_find_without_relays_finds_none),
	UNIT_LOOP(hsring_find_passes_over_who_is_no_directory, 4),
	UNIT_LOOP(hsring_find_everything_counts, 4),
};

int
main(void)
{
	crypt_init();
	return unit_run("hsring", tests, NELEM(tests));
}
