/* tests/policy/test_isolate.c - who may share with whom
 *
 * Each row changes one thing of a key; under each set of flags the token must
 * change exactly where that thing counts.
 */
#include "policy/isolate.h"

#include <check.h>
#include <string.h>

#include "tests/unit.h"

enum { FLAGS_ALL = 0x1ff, ALWAYS = 0x200 };

static struct isolate *is;

static void
setup(void)
{
	is = isolate_new();
	ck_assert_ptr_nonnull(is);
}

static const uint32_t one_uid = 1000, other_uid = 1001, root_uid = 0;
static const char *const two_names[] = { "a.example", "b.example" };
static const char *const others[] = { "a.example", "c.example" };

static struct isolate_key
base_key(unsigned flags)
{
	struct isolate_key k = { .flags = flags, .session_group = -1,
		.proto = 1, .auth = "user\0password", .auth_len = 13,
		.uid = &one_uid, .app = "/a", .names = two_names,
		.nnames = 2, .flow = 7 };

	addr_v4(&k.client, 0x0a000001, 40000);
	addr_v4(&k.dest, 0xcb007150, 443);
	return k;
}

static int
same(const struct isolate_key *a, const struct isolate_key *b)
{
	uint8_t ta[ISOLATE_TOKEN], tb[ISOLATE_TOKEN];

	isolate_token(is, a, ta);
	isolate_token(is, b, tb);
	return memcmp(ta, tb, sizeof(ta)) == 0;
}

static void other_group(struct isolate_key *k) { k->session_group = -2; }
static void zero_group(struct isolate_key *k) { k->session_group = 0; }
static void other_proto(struct isolate_key *k) { k->proto = 2; }
static void other_client(struct isolate_key *k) { k->client.ip[3] = 2; }
static void client_port(struct isolate_key *k) { k->client.port = 40001; }
static void other_port(struct isolate_key *k) { k->dest.port = 80; }
static void other_dest(struct isolate_key *k) { k->dest.ip[3] = 81; }
static void a_name(struct isolate_key *k) { k->dest_name = "203.0.113.80"; }
static void no_auth(struct isolate_key *k) { k->auth = NULL; }
static void other_auth(struct isolate_key *k) { k->auth = "user\0passwore"; }
static void short_auth(struct isolate_key *k) { k->auth_len = 12; }

static void of_other(struct isolate_key *k) { k->uid = &other_uid; }
static void of_root(struct isolate_key *k) { k->uid = &root_uid; }
static void of_nobody(struct isolate_key *k) { k->uid = NULL; }
static void other_app(struct isolate_key *k) { k->app = "/a/b"; }
static void no_app(struct isolate_key *k) { k->app = NULL; }
static void fewer_names(struct isolate_key *k) { k->nnames = 1; }
static void no_names(struct isolate_key *k) { k->nnames = 0; }
static void other_names(struct isolate_key *k) { k->names = others; }
static void other_flow(struct isolate_key *k) { k->flow = 8; }

static void
six_client(struct isolate_key *k)
{
	memset(&k->client, 0, sizeof(k->client));
	k->client.family = 6;
	memcpy(k->client.ip, "\x0a\0\0\1", 4);
}

static void a_place(struct isolate_key *k) { k->place = "3a"; k->place_len = 2; }
static void other_link(struct isolate_key *k) { k->client.scope = 2; }

static const struct {
	const char	*what;
	void		(*change)(struct isolate_key *);
	unsigned	 counts;	/* under any of these flags */
} changes[] = {
	{ "session group", other_group, ALWAYS },
	{ "session group 0", zero_group, ALWAYS },
	{ "protocol", other_proto, ISOLATE_CLIENT_PROTO },
	{ "client", other_client, ISOLATE_CLIENT_ADDR },
	{ "client of the other family", six_client, ISOLATE_CLIENT_ADDR },
	{ "client of another link", other_link, ISOLATE_CLIENT_ADDR },
	{ "client's place", a_place, ISOLATE_CLIENT_ADDR },
	{ "client's port", client_port, 0 },
	{ "destination port", other_port, ISOLATE_DEST_PORT },
	{ "destination", other_dest, ISOLATE_DEST_ADDR },
	{ "destination by name", a_name, ISOLATE_DEST_ADDR },
	{ "no credentials", no_auth, ISOLATE_SOCKS_AUTH },
	{ "other credentials", other_auth, ISOLATE_SOCKS_AUTH },
	{ "shorter credentials", short_auth, ISOLATE_SOCKS_AUTH },
	{ "another user", of_other, ISOLATE_USER },
	{ "root", of_root, ISOLATE_USER },
	{ "an unknown user", of_nobody, ISOLATE_USER },
	{ "another program", other_app, ISOLATE_APP },
	{ "an unknown program", no_app, ISOLATE_APP },
	{ "fewer names", fewer_names, ISOLATE_NAME },
	{ "no names", no_names, ISOLATE_NAME },
	{ "another name", other_names, ISOLATE_NAME },
	{ "another flow", other_flow, ISOLATE_FLOW },
};

START_TEST(isolate_token_differs_exactly_where_it_counts)
{
	unsigned flags;

	setup();
	for (flags = 0; flags <= FLAGS_ALL; flags++) {
		struct isolate_key a = base_key(flags), b = a;

		changes[_i].change(&b);
		ck_assert_msg(same(&a, &b) ==
		    !(changes[_i].counts & (flags | ALWAYS)),
		    "%s under flags %#x", changes[_i].what, flags);
	}
	isolate_free(is);
}
END_TEST

START_TEST(isolate_token_of_equal_keys_is_equal)
{
	unsigned flags;

	setup();
	for (flags = 0; flags <= FLAGS_ALL; flags++) {
		struct isolate_key a = base_key(flags), b = base_key(flags);

		ck_assert(same(&a, &b));
	}
	isolate_free(is);
}
END_TEST

START_TEST(isolate_token_differs_by_flags_alone)
{
	unsigned f, g;

	setup();
	for (f = 0; f <= FLAGS_ALL; f++)
		for (g = 0; g <= FLAGS_ALL; g++) {
			struct isolate_key a = base_key(f), b = base_key(g);

			ck_assert_int_eq(same(&a, &b), f == g);
		}
	isolate_free(is);
}
END_TEST

/* Bytes that move from one field into the next are another key. */
START_TEST(isolate_token_fields_do_not_run_into_each_other)
{
	struct isolate_key a = base_key(FLAGS_ALL), b = base_key(FLAGS_ALL);

	setup();
	a.dest_name = "ab";
	a.auth = "c";
	a.auth_len = 1;
	b.dest_name = "a";
	b.auth = "bc";
	b.auth_len = 2;
	ck_assert(!same(&a, &b));
	a.auth_len = 0;			/* empty, and none at all: both none */
	b.dest_name = "ab";
	b.auth = NULL;
	ck_assert(same(&a, &b));
	a.dest_name = "abc";
	b.dest_name = "ab";
	ck_assert(!same(&a, &b));
	/* A name of four bytes is not the address of the same bytes. */
	a = base_key(ISOLATE_DEST_ADDR);
	b = a;
	memcpy(a.dest.ip, "abcd", 4);
	b.dest_name = "abcd";
	ck_assert(!same(&a, &b));
	isolate_free(is);
}
END_TEST

START_TEST(isolate_token_differs_between_two_instances)
{
	struct isolate *other = isolate_new();
	struct isolate_key k = base_key(FLAGS_ALL);
	uint8_t ta[ISOLATE_TOKEN], tb[ISOLATE_TOKEN];

	setup();
	ck_assert_ptr_nonnull(other);
	isolate_token(is, &k, ta);
	isolate_token(other, &k, tb);
	ck_assert_mem_ne(ta, tb, sizeof(ta));
	isolate_free(other);
	isolate_free(is);
	isolate_free(NULL);
}
END_TEST

static int
same_owner(const struct isolate_key *a, const struct isolate_key *b)
{
	uint8_t ta[ISOLATE_TOKEN], tb[ISOLATE_TOKEN];

	isolate_token(is, a, ta);
	isolate_token(is, b, tb);
	return memcmp(ta, tb, ISOLATE_OWNER) == 0;
}

/* Whatever a client chooses at will, its tokens begin alike. */
START_TEST(isolate_token_begins_with_its_owner_whatever_else_changes)
{
	unsigned flags;
	size_t i;

	setup();
	for (flags = 0; flags <= FLAGS_ALL; flags++)
		for (i = 0; i < NELEM(changes); i++) {
			struct isolate_key a = base_key(flags), b = a;

			addr_v4(&a.owner, 0x0a000001, 1);
			addr_v4(&b.owner, 0x0a000001, 2);
			changes[i].change(&b);
			ck_assert_msg(same_owner(&a, &b) ==
			    (!(changes[i].counts & ALWAYS) ||
			    (flags & (ISOLATE_CLIENT_ADDR | ISOLATE_FLOW))),
			    "%s under flags %#x", changes[i].what, flags);
		}
	isolate_free(is);
}
END_TEST

START_TEST(isolate_token_of_another_owner_begins_otherwise)
{
	struct isolate_key a = base_key(FLAGS_ALL), b = a;

	setup();
	addr_v4(&a.owner, 0x0a000001, 0);
	addr_v4(&b.owner, 0x0a000002, 0);
	ck_assert(!same_owner(&a, &b));
	b.owner.family = 6;
	ck_assert(!same_owner(&a, &b));
	/* Where clients may share circuits nobody has one of his own. */
	a.flags = b.flags = FLAGS_ALL & ~(ISOLATE_CLIENT_ADDR | ISOLATE_FLOW);
	ck_assert(same(&a, &b));
	/* But a circuit that is a flow's alone is its client's. */
	a.flags = b.flags = ISOLATE_FLOW;
	ck_assert(!same_owner(&a, &b));
	b.owner = a.owner;
	ck_assert(same_owner(&a, &b));
	isolate_free(is);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(isolate_token_differs_exactly_where_it_counts,
	    NELEM(changes)),
	UNIT(isolate_token_of_equal_keys_is_equal),
	UNIT(isolate_token_differs_by_flags_alone),
	UNIT(isolate_token_fields_do_not_run_into_each_other),
	UNIT(isolate_token_differs_between_two_instances),
	UNIT(isolate_token_begins_with_its_owner_whatever_else_changes),
	UNIT(isolate_token_of_another_owner_begins_otherwise),
};

UNIT_MAIN("isolate", tests)
