/* tests/dnsport/test_stub.c - what a lookup may keep while it validates
 *
 * What lookups are for is in test_dnsup.
 */
#include "dnsport/stub.h"

#include "base/loop.h"
#include "dnsport/question.h"
#include "dnsport/record.h"
#include "tests/dnsport/query.h"
#include "tests/dnsport/resolver.h"
#include "tests/unit.h"

enum { RECORDS = 250, RECORD = 2 + 2 + 2 + 4 + 2 + 240, LOOKUPS = 200 };

static struct loop loop;
static struct stub *stub;
static struct question question;
static unsigned done;
static uint8_t junk[RECORDS * RECORD];

static void
on_done(void *arg, const struct stub_answer *a)
{
	(void)arg;
	ck_assert_uint_eq(a->rcode, RCODE_SERVFAIL);
	ck_assert(a->explained && a->pkt == NULL);
	done++;
}

static int
is_public(void *arg, const char *zone)
{
	(void)arg;
	(void)zone;
	return 1;
}

static void
open_stub(int validate)
{
	struct stub_user user = { .loop = &loop, .connect = fake_connect,
		.is_public = is_public };
	struct dns_resolver r = { .name = "" };
	struct dnsport_conf conf = { .resolvers = &r, .nresolvers = 1,
		.validate = validate };
	struct query q;
	struct pack p;
	size_t i;

	done = 0;
	loop_init(&loop, 1000, 1795300000);
	addr_v4(&r.addr, 0x09090909, 53);
	ck_assert_int_eq(stub_new(&stub, &user, &conf), 0);
	query_make(&q, "www.example.test", Q_TXT);
	ck_assert_int_eq(question_parse(&question, q.buf, query_len(&q)),
	    QUESTION_ASK);
	pack_init(&p, junk, sizeof(junk));
	for (i = 0; i < RECORDS; i++) {		/* of the name asked for */
		pack_u16(&p, 0xc00c);
		pack_u16(&p, Q_TXT);
		pack_u16(&p, 1);
		pack_u32(&p, 60);
		pack_u16(&p, 240);
		pack_u8(&p, 239);
		while (pack_len(&p) < (i + 1) * RECORD)
			pack_u8(&p, 'x');
	}
	ck_assert_int_eq(p.err, 0);
}

static void
ask(uint32_t client, uint32_t share)
{
	struct dns_from from = { .listener = &loop };
	struct stub_lookup *l;

	addr_v4(&from.client, client, 4000);
	addr_v4(&from.share, share, 0);
	ck_assert_int_eq(stub_ask(stub, &question, &from, on_done, NULL, &l),
	    0);
	loop_end_turn(&loop);
}

/* All questions but @but of each stream are answered by @n records of junk. */
static void
answer_all(uint16_t n, unsigned but)
{
	const uint8_t *p, *q[64];
	unsigned i, j, m;
	size_t len;

	for (i = 0; i < fakes.n; i++) {
		if (fakes.f[i]->dead)
			continue;
		for (m = 0; (p = fake_next(fakes.f[i], &len)) != NULL; m++)
			q[m] = p;
		for (j = 0; j + but < m; j++)
			fake_answer(fakes.f[i], q[j], 0x8180, n, junk,
			    (size_t)n * RECORD);
	}
	loop_end_turn(&loop);
}

/* The first question is, by @n records, which are junk's first @len bytes. */
static void
answer_some(uint16_t n, size_t len)
{
	const uint8_t *p;
	size_t question_len;

	ck_assert_uint_eq(fakes.n, 1);
	p = fake_next(fakes.f[0], &question_len);
	ck_assert_ptr_nonnull(p);
	fake_answer(fakes.f[0], p, 0x8180, n, junk, len);
	loop_end_turn(&loop);
}

START_TEST(stub_lookup_keeps_no_more_than_it_may)
{
	open_stub(1);
	ask(0x0a000001, 0x0a000001);
	answer_all(RECORDS, 0);
	ck_assert_uint_gt(stub_held(stub), RECORDS * RECORD);
	answer_all(RECORDS, 1);			/* for one it waits */
	ck_assert_uint_eq(done, 0);
	ck_assert_uint_gt(stub_held(stub), 2 * RECORDS * RECORD);
	ck_assert_uint_le(stub_held(stub), STUB_LOOKUP_HELD_MAX);
	loop_advance(&loop, STUB_TOTAL_MS);
	ck_assert_uint_eq(done, 1);
	ck_assert_uint_eq(stub_held(stub), 0);
	stub_free(stub);
	loop_end_turn(&loop);
	fakes_free();
}
END_TEST

/* The first question of each lookup, by junk that is kept. */
static void
answer_first(void)
{
	const uint8_t *p;
	unsigned i, n;
	size_t len;

	for (i = 0; i < fakes.n; i++)
		for (n = 0; n < LOOKUPS &&
		    (p = fake_next(fakes.f[i], &len)) != NULL; n++)
			fake_answer(fakes.f[i], p, 0x8180, RECORDS, junk,
			    sizeof(junk));
}

/* Many clients: @_i is 0.  Or one, who has many addresses. */
START_TEST(stub_lookups_together_keep_no_more_than_they_may)
{
	size_t max = _i ? STUB_CLIENT_HELD_MAX : STUB_HELD_MAX;
	uint32_t i;

	open_stub(1);
	for (i = 0; i < LOOKUPS; i++)
		ask(0x0a000001 + (i & 15), _i ? 0x0a000001 :
		    0x0a000001 + (i & 15));
	ck_assert_uint_eq(fakes.n, 16);
	answer_first();
	ck_assert_uint_gt(stub_held(stub), max - sizeof(junk));
	ck_assert_uint_le(stub_held(stub), max);
	ck_assert_uint_gt(done, 0);		/* those are refused at once */
	ck_assert_uint_lt(done, LOOKUPS);
	loop_advance(&loop, STUB_TOTAL_MS);
	ck_assert_uint_eq(done, LOOKUPS);
	ck_assert_uint_eq(stub_held(stub), 0);
	ask(0x0a000001, 0x0a000001);
	answer_all(RECORDS, 0);
	ck_assert_uint_gt(stub_held(stub), 0);	/* there is room again */
	stub_free(stub);
	loop_end_turn(&loop);
	fakes_free();
}
END_TEST

/* Records of the type asked for, and an alias beside them: whoever validates
 * nothing does not choose between them, either. */
START_TEST(stub_answer_that_contradicts_itself_is_servfail)
{
	static const uint8_t alias[] = { 0xc0, 0x0c, 0, 5, 0, 1, 0, 0, 0, 60,
		0, 6, 4, 'e', 'v', 'i', 'l', 0 };
	int validate;

	for (validate = 0; validate < 2; validate++) {
		open_stub(validate);
		memcpy(junk + RECORD, alias, sizeof(alias));
		ask(0x0a000001, 0x0a000001);
		answer_some(2, RECORD + sizeof(alias));
		ck_assert_uint_eq(done, 1);
		stub_free(stub);
		loop_end_turn(&loop);
		fakes_free();
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(stub_answer_that_contradicts_itself_is_servfail),
	UNIT(stub_lookup_keeps_no_more_than_it_may),
	UNIT_LOOP(stub_lookups_together_keep_no_more_than_they_may, 2),
};

UNIT_MAIN("stub", tests)
