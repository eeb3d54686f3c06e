/* tests/policy/test_nftlist.c - lists of tables compared, and copied
 *
 * Messages are written by the same hand that writes those for the kernel; that
 * the kernel's own are read is shown by tests/platform/fwstate and the corpus
 * of fz_nftlist.
 */
#include "policy/nftlist.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "policy/nftbatch.h"
#include "policy/nftevent.h"
#include "policy/nfthold.h"
#include "tests/unit.h"

static const struct nftlist_table ours[] = { { NFPROTO_INET, "ot" } };

/* --- a table, in a few words --- */

struct world {
	struct nftbatch	b;
	const char	*table;
	uint32_t	 handle;	/* of the next thing */
};

static void
start(struct world *w, uint32_t handle)
{
	nftbatch_begin(&w->b);
	w->table = "ot";
	w->handle = handle;
}

static void
put_u64(struct nftbatch *b, unsigned type, uint64_t v)
{
	uint64_t be = htobe64(v);

	nftbatch_put(b, type, &be, sizeof(be));
}

static void
table(struct world *w, uint32_t flags)
{
	nftbatch_message(&w->b, NFT_MSG_NEWTABLE, 0, NFPROTO_INET);
	nftbatch_text(&w->b, NFTA_TABLE_NAME, w->table);
	nftbatch_u32(&w->b, NFTA_TABLE_FLAGS, flags);
	nftbatch_u32(&w->b, NFTA_TABLE_USE, w->handle % 7);
	put_u64(&w->b, NFTA_TABLE_HANDLE, w->handle++);
}

static void
chain(struct world *w, const char *name, uint32_t flags)
{
	nftbatch_message(&w->b, NFT_MSG_NEWCHAIN, 0, NFPROTO_INET);
	nftbatch_text(&w->b, NFTA_CHAIN_TABLE, w->table);
	nftbatch_text(&w->b, NFTA_CHAIN_NAME, name);
	put_u64(&w->b, NFTA_CHAIN_HANDLE, w->handle++);
	nftbatch_u32(&w->b, NFTA_CHAIN_FLAGS, flags);
}

static void
base(struct world *w, const char *name, const char *type, uint32_t hook,
    uint32_t policy)
{
	size_t at;

	chain(w, name, NFT_CHAIN_BASE);
	at = nftbatch_nest(&w->b, NFTA_CHAIN_HOOK);
	nftbatch_u32(&w->b, NFTA_HOOK_HOOKNUM, hook);
	nftbatch_u32(&w->b, NFTA_HOOK_PRIORITY, 0);
	nftbatch_unnest(&w->b, at);
	nftbatch_u32(&w->b, NFTA_CHAIN_POLICY, policy);
	nftbatch_text(&w->b, NFTA_CHAIN_TYPE, type);
}

static void
set(struct world *w, const char *name, uint32_t flags)
{
	nftbatch_message(&w->b, NFT_MSG_NEWSET, 0, NFPROTO_INET);
	nftbatch_text(&w->b, NFTA_SET_TABLE, w->table);
	nftbatch_text(&w->b, NFTA_SET_NAME, name);
	nftbatch_u32(&w->b, NFTA_SET_FLAGS, flags);
	nftbatch_u32(&w->b, NFTA_SET_KEY_LEN, 4);
	put_u64(&w->b, NFTA_SET_HANDLE, w->handle++);
}

static void
element(struct world *w, const char *of, uint32_t key, uint64_t timeout)
{
	size_t list, one, data;

	nftbatch_message(&w->b, NFT_MSG_NEWSETELEM, 0, NFPROTO_INET);
	nftbatch_text(&w->b, NFTA_SET_ELEM_LIST_TABLE, w->table);
	nftbatch_text(&w->b, NFTA_SET_ELEM_LIST_SET, of);
	list = nftbatch_nest(&w->b, NFTA_SET_ELEM_LIST_ELEMENTS);
	one = nftbatch_nest(&w->b, NFTA_LIST_ELEM);
	data = nftbatch_nest(&w->b, NFTA_SET_ELEM_KEY);
	nftbatch_u32(&w->b, NFTA_DATA_VALUE, key);
	nftbatch_unnest(&w->b, data);
	if (timeout) {
		put_u64(&w->b, NFTA_SET_ELEM_TIMEOUT, timeout);
		put_u64(&w->b, NFTA_SET_ELEM_EXPIRATION, w->handle++);
	}
	nftbatch_unnest(&w->b, one);
	nftbatch_unnest(&w->b, list);
}

static size_t
rule(struct world *w, const char *of)
{
	nftbatch_message(&w->b, NFT_MSG_NEWRULE, 0, NFPROTO_INET);
	nftbatch_text(&w->b, NFTA_RULE_TABLE, w->table);
	nftbatch_text(&w->b, NFTA_RULE_CHAIN, of);
	put_u64(&w->b, NFTA_RULE_HANDLE, w->handle++);
	put_u64(&w->b, NFTA_RULE_POSITION, w->handle);
	return nftbatch_nest(&w->b, NFTA_RULE_EXPRESSIONS);
}

static size_t
expr(struct world *w, const char *name, size_t *data)
{
	size_t at = nftbatch_nest(&w->b, NFTA_LIST_ELEM);

	nftbatch_text(&w->b, NFTA_EXPR_NAME, name);
	*data = nftbatch_nest(&w->b, NFTA_EXPR_DATA);
	return at;
}

static void
end_expr(struct world *w, size_t at, size_t data)
{
	nftbatch_unnest(&w->b, data);
	nftbatch_unnest(&w->b, at);
}

static void
lookup(struct world *w, const char *of, const char *name)
{
	size_t exprs = rule(w, of), data, at = expr(w, "lookup", &data);

	nftbatch_text(&w->b, NFTA_LOOKUP_SET, name);
	nftbatch_u32(&w->b, NFTA_LOOKUP_SREG, 1);
	end_expr(w, at, data);
	nftbatch_unnest(&w->b, exprs);
}

static void
counter(struct world *w, const char *of, uint64_t packets)
{
	size_t exprs = rule(w, of), data, at = expr(w, "counter", &data);

	put_u64(&w->b, NFTA_COUNTER_PACKETS, packets);
	nftbatch_put(&w->b, NFTA_COUNTER_PAD, NULL, 0);
	end_expr(w, at, data);
	nftbatch_unnest(&w->b, exprs);
}

static void
verdict(struct world *w, const char *of, uint32_t code, const char *to)
{
	size_t exprs = rule(w, of), data, at = expr(w, "immediate", &data), v,
	    d;

	nftbatch_u32(&w->b, NFTA_IMMEDIATE_DREG, 0);
	d = nftbatch_nest(&w->b, NFTA_IMMEDIATE_DATA);
	v = nftbatch_nest(&w->b, NFTA_DATA_VERDICT);
	nftbatch_u32(&w->b, NFTA_VERDICT_CODE, code);
	if (to)
		nftbatch_text(&w->b, NFTA_VERDICT_CHAIN, to);
	nftbatch_unnest(&w->b, v);
	nftbatch_unnest(&w->b, d);
	end_expr(w, at, data);
	nftbatch_unnest(&w->b, exprs);
}

static void
read_into(struct nftlist *l, struct nftbatch *b,
    const struct nftlist_table *tables, size_t n)
{
	const struct nlmsghdr *h;
	int left;

	ck_assert_int_eq(b->err, 0);
	nftbatch_end(b);
	left = (int)b->len;
	for (h = (const void *)b->bytes; nlmsg_ok(h, left);
	    h = nlmsg_next((struct nlmsghdr *)(uintptr_t)h, &left))
		ck_assert_int_eq(nftlist_read(l, h, tables, n), 0);
	ck_assert_int_eq(left, 0);
	nftbatch_free(b);
}

static void
finish(struct world *w, struct nftnormal *out)
{
	struct nftlist l = { .n = 0 };

	read_into(&l, &w->b, ours, 1);
	ck_assert_int_eq(nftnormal_make(out, &l), 0);
	nftlist_free(&l);
}

/* --- what differs --- */

enum variant {
	SAME, HANDLES, COUNTERS, SET_NUMBER, CHAIN_NUMBER, CHAIN_ORDER,
	ELEMENT_ORDER, EXPIRED, PACKETS_ADDED,
	RULE_ADDED, RULE_GONE, RULES_SWAPPED, POLICY, DORMANT, TABLE_GONE,
	CHAIN_ADDED, CHAIN_GONE, SET_CONTENT, ELEMENT_ADDED, ELEMENT_GONE,
	TIMED_ADDED, SET_ADDED, JUMP_ELSEWHERE, INNER_RULE, NVARIANTS
};

static void
chains(struct world *w, enum variant v, const char *numbered)
{
	if (v == CHAIN_ORDER)
		chain(w, "ours", 0);
	base(w, "output", "filter", NF_INET_LOCAL_OUT, v == POLICY);
	if (v != CHAIN_ORDER && v != CHAIN_GONE)
		chain(w, "ours", 0);
	chain(w, numbered, NFT_CHAIN_BINDING);
	if (v == CHAIN_ADDED)
		base(w, "mine", "filter", NF_INET_FORWARD, 1);
}

static void
sets(struct world *w, enum variant v, const char *numbered)
{
	set(w, "guards", 0);
	element(w, "guards", v == ELEMENT_ORDER ? 2 : 1, 0);
	if (v != ELEMENT_GONE)
		element(w, "guards", v == ELEMENT_ORDER ? 1 : 2, 0);
	if (v == ELEMENT_ADDED)
		element(w, "guards", 3, 0);
	set(w, "clients", NFT_SET_TIMEOUT);
	if (v != EXPIRED)
		element(w, "clients", 1, 3600);
	if (v == TIMED_ADDED)
		element(w, "clients", 2, 3600);
	set(w, "seen", NFT_SET_EVAL);
	if (v == PACKETS_ADDED)
		element(w, "seen", 1, 60);
	set(w, numbered, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
	element(w, numbered, v == SET_CONTENT ? 1001 : 1000, 0);
	if (v == SET_ADDED)
		set(w, "mine", 0);
}

static void
make(struct nftnormal *out, enum variant v)
{
	const char *s = v == SET_NUMBER ? "__set7" : "__set0",
	    *c = v == CHAIN_NUMBER ? "__chain9" : "__chain1";
	struct world w;

	start(&w, v == HANDLES ? 1000 : 1);
	if (v != TABLE_GONE) {
		table(&w, v == DORMANT ? NFT_TABLE_F_DORMANT : 0);
		chains(&w, v, c);
		sets(&w, v, s);
		if (v == RULES_SWAPPED)
			counter(&w, "output", 0);
		lookup(&w, "output", s);
		if (v != RULES_SWAPPED)
			counter(&w, "output", v == COUNTERS ? 77 : 0);
		verdict(&w, "output", (uint32_t)NFT_JUMP, c);
		if (v != RULE_GONE)
			verdict(&w, "output", (uint32_t)NFT_JUMP,
			    v == JUMP_ELSEWHERE ? c : "ours");
		if (v == RULE_ADDED)
			verdict(&w, "output", NF_ACCEPT, NULL);
		verdict(&w, c, v == INNER_RULE ? NF_ACCEPT : NF_DROP, NULL);
		if (v != CHAIN_GONE)
			lookup(&w, "ours", "guards");
	}
	finish(&w, out);
}

static const struct {
	enum variant	 v;
	const char	*says;		/* NULL: it is the same */
} cases[] = {
	{ SAME, NULL }, { HANDLES, NULL }, { COUNTERS, NULL },
	{ SET_NUMBER, NULL }, { CHAIN_NUMBER, NULL }, { CHAIN_ORDER, NULL },
	{ ELEMENT_ORDER, NULL }, { EXPIRED, NULL }, { PACKETS_ADDED, NULL },
	{ RULE_ADDED, "chain output of table inet ot has 5 rules instead of "
	    "4" },
	{ RULE_GONE, "chain output of table inet ot has 3 rules instead of "
	    "4" },
	{ RULES_SWAPPED, "rule 1 of chain output of table inet ot was "
	    "changed" },
	{ POLICY, "chain output of table inet ot was changed" },
	{ DORMANT, "table inet ot was changed" },
	{ TABLE_GONE, "table inet ot is gone" },
	{ CHAIN_ADDED, "chain mine of table inet ot was added" },
	{ CHAIN_GONE, "chain ours of table inet ot is gone" },
	{ SET_CONTENT, "set #0 of table inet ot has other elements" },
	{ ELEMENT_ADDED, "set guards of table inet ot has other elements" },
	{ ELEMENT_GONE, "set guards of table inet ot has other elements" },
	{ TIMED_ADDED, "set clients of table inet ot has other elements" },
	{ SET_ADDED, "set mine of table inet ot was added" },
	{ JUMP_ELSEWHERE, "rule 4 of chain output of table inet ot was "
	    "changed" },
	{ INNER_RULE, "rule 1 of chain #1 of table inet ot was changed" },
};

START_TEST(nftnormal_differ_tells_what_counts_and_nothing_else)
{
	struct nftnormal want, have;
	char why[160] = "";
	int rc;

	make(&want, SAME);
	make(&have, cases[_i].v);
	rc = nftnormal_differ(&want, &have, why, sizeof(why));
	ck_assert_int_eq(rc, cases[_i].says != NULL);
	if (cases[_i].says)
		ck_assert_str_eq(why, cases[_i].says);
	nftnormal_free(&want);
	nftnormal_free(&have);
}
END_TEST

static void
note(void *arg, const char *what)
{
	strcat(arg, what);
	strcat(arg, "\n");
}

START_TEST(nftnormal_differences_are_told_as_the_first_one_is)
{
	struct nftnormal want, have;
	char all[2048] = "", line[200];

	make(&want, SAME);
	make(&have, cases[_i].v);
	ck_assert_int_eq(nftnormal_differences(&want, &have, note, all) > 0,
	    cases[_i].says != NULL);
	if (cases[_i].says) {
		snprintf(line, sizeof(line), "%s\n", cases[_i].says);
		ck_assert_msg(strstr(all, line) != NULL, "%s", all);
	} else
		ck_assert_str_eq(all, "");
	nftnormal_free(&want);
	nftnormal_free(&have);
}
END_TEST

START_TEST(nftnormal_differences_of_what_is_gone_is_said_once)
{
	struct nftnormal want, have;
	char all[2048] = "";

	make(&want, SAME);
	make(&have, TABLE_GONE);
	ck_assert_uint_eq(nftnormal_differences(&want, &have, note, all), 1);
	ck_assert_str_eq(all, "table inet ot is gone\n");
	nftnormal_free(&have);
	make(&have, CHAIN_GONE);
	all[0] = '\0';
	(void)nftnormal_differences(&want, &have, note, all);
	ck_assert_ptr_nonnull(strstr(all, "chain ours of table inet ot is gone"));
	ck_assert_ptr_null(strstr(all, "chain ours of table inet ot has"));
	nftnormal_free(&have);
	nftnormal_free(&want);
}
END_TEST

START_TEST(nftnormal_differ_a_strange_name_is_one_plain_word)
{
	struct nftnormal want, have;
	char why[160] = "";
	struct world w;

	start(&w, 1);
	table(&w, 0);
	finish(&w, &want);
	start(&w, 1);
	table(&w, 0);
	chain(&w, "a b\n\x1b[2J", 0);
	finish(&w, &have);
	ck_assert_int_eq(nftnormal_differ(&want, &have, why, sizeof(why)), 1);
	ck_assert_str_eq(why, "chain a\\20b\\0a\\1b\\5b2J of table inet ot was "
	    "added");
	nftnormal_free(&want);
	nftnormal_free(&have);
}
END_TEST

/* --- reading --- */

START_TEST(nftlist_read_others_tables_are_passed_over)
{
	struct nftlist l = { .n = 0 };
	struct world w;

	start(&w, 1);
	w.table = "otx";
	table(&w, 0);
	chain(&w, "c", 0);
	w.table = "o";
	set(&w, "s", 0);
	element(&w, "s", 1, 0);
	nftbatch_message(&w.b, NFT_MSG_NEWTABLE, 0, NFPROTO_IPV4);
	nftbatch_text(&w.b, NFTA_TABLE_NAME, "ot");
	read_into(&l, &w.b, ours, 1);
	ck_assert_uint_eq(l.n, 0);
	nftlist_free(&l);
}
END_TEST

static int
read_first(struct nftbatch *b)
{
	struct nftlist l = { .n = 0 };
	const struct nlmsghdr *h;
	int left, rc;

	nftbatch_end(b);
	left = (int)b->len;
	h = nlmsg_next((void *)b->bytes, &left);	/* after the begin */
	rc = nftlist_read(&l, h, ours, 1);
	nftlist_free(&l);
	nftbatch_free(b);
	return rc;
}

START_TEST(nftlist_read_without_a_name_is_refused)
{
	struct nftbatch b;

	nftbatch_begin(&b);
	nftbatch_message(&b, NFT_MSG_NEWCHAIN, 0, NFPROTO_INET);
	nftbatch_text(&b, NFTA_CHAIN_TABLE, "ot");
	ck_assert_int_eq(read_first(&b), -EPROTO);
}
END_TEST

START_TEST(nftlist_read_a_name_without_an_end_is_refused)
{
	struct nftbatch b;

	nftbatch_begin(&b);
	nftbatch_message(&b, NFT_MSG_NEWTABLE, 0, NFPROTO_INET);
	nftbatch_put(&b, NFTA_TABLE_NAME, "ot", 2);
	ck_assert_int_eq(read_first(&b), -EPROTO);
}
END_TEST

START_TEST(nftnormal_make_an_expression_without_a_name_is_refused)
{
	struct nftlist l = { .n = 0 };
	struct nftnormal f;
	struct world w;
	size_t exprs, one;

	start(&w, 1);
	chain(&w, "c", 0);
	exprs = rule(&w, "c");
	one = nftbatch_nest(&w.b, NFTA_LIST_ELEM);
	nftbatch_unnest(&w.b, one);
	nftbatch_unnest(&w.b, exprs);
	read_into(&l, &w.b, ours, 1);
	ck_assert_int_eq(nftnormal_make(&f, &l), -EPROTO);
	nftlist_free(&l);
}
END_TEST

/* --- events --- */

static void
generation(struct nftbatch *b, uint32_t id, uint32_t pid, const char *comm)
{
	nftbatch_message(b, NFT_MSG_NEWGEN, 0, 0);
	nftbatch_u32(b, NFTA_GEN_ID, id);
	nftbatch_u32(b, NFTA_GEN_PROC_PID, pid);
	nftbatch_text(b, NFTA_GEN_PROC_NAME, comm);
}

static void
hear(struct nftevent *e, struct nftbatch *b)
{
	const struct nlmsghdr *h;
	int left;

	nftbatch_end(b);
	left = (int)b->len;
	for (h = (const void *)b->bytes; nlmsg_ok(h, left);
	    h = nlmsg_next((struct nlmsghdr *)(uintptr_t)h, &left))
		nftevent_read(e, h, ours, 1);
	nftbatch_free(b);
}

START_TEST(nftevent_others_transaction_is_none_of_ours)
{
	struct nftevent e = { .touched = 0 };
	struct world w;

	start(&w, 1);
	w.table = "filter";
	chain(&w, "DOCKER", 0);
	generation(&w.b, 8, 77, "dockerd");
	hear(&e, &w.b);
	ck_assert_int_eq(e.touched, 0);
	ck_assert_int_eq(e.touching, 0);
}
END_TEST

START_TEST(nftevent_transaction_on_our_table_names_who_did_it)
{
	struct nftevent e = { .touched = 0 };
	struct world w;

	start(&w, 1);
	chain(&w, "mine", 0);
	w.table = "filter";
	chain(&w, "DOCKER", 0);
	generation(&w.b, 8, 77, "n\nt\x1b(0");
	generation(&w.b, 9, 78, "other");
	hear(&e, &w.b);
	ck_assert_int_eq(e.touched, 1);
	ck_assert_uint_eq(e.generation, 8);
	ck_assert_uint_eq(e.pid, 77);
	ck_assert_str_eq(e.comm, "n?t?(0");
}
END_TEST

START_TEST(nftevent_transaction_that_is_not_over_is_not_told)
{
	struct nftevent e = { .touched = 0 };
	struct world w;

	start(&w, 1);
	chain(&w, "mine", 0);
	hear(&e, &w.b);
	ck_assert_int_eq(e.touched, 0);
	ck_assert_int_eq(e.touching, 1);
}
END_TEST

START_TEST(nftevent_what_was_lost_may_have_been_ours)
{
	struct nftevent e = { .touched = 0, .generation = 5, .pid = 7 };

	nftevent_lost(&e);
	ck_assert_int_eq(e.touched, 1);
	ck_assert_uint_eq(e.generation, 0);
	ck_assert_uint_eq(e.pid, 0);
}
END_TEST

/* --- a copy --- */

static void
copy_of(struct nftlist *out, void (*fill)(struct world *), int want)
{
	static const struct nftlist_table as = { NFPROTO_INET, "ot_hold_1_0" };
	struct nftlist l = { .n = 0 };
	struct nftbatch b;
	struct world w;

	start(&w, 1);
	table(&w, 0);
	fill(&w);
	read_into(&l, &w.b, ours, 1);
	nftbatch_begin(&b);
	ck_assert_int_eq(nfthold_copy(&b, &l, &ours[0], as.name), want);
	if (want)
		read_into(out, &b, &as, 1);
	else
		nftbatch_free(&b);
	nftlist_free(&l);
}

static void
fill_all(struct world *w)
{
	base(w, "output", "filter", NF_INET_LOCAL_OUT, 0);
	base(w, "input", "filter", NF_INET_LOCAL_IN, 0);
	base(w, "nat", "nat", NF_INET_PRE_ROUTING, 1);
	base(w, "natout", "nat", NF_INET_LOCAL_OUT, 1);
	chain(w, "__chain1", NFT_CHAIN_BINDING);
	set(w, "__set0", NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
	element(w, "__set0", 1000, 0);
	set(w, "seen", NFT_SET_EVAL);
	element(w, "seen", 1, 60);
	lookup(w, "output", "__set0");
	verdict(w, "output", (uint32_t)NFT_JUMP, "__chain1");
	verdict(w, "__chain1", NF_DROP, NULL);
	counter(w, "input", 0);
	counter(w, "natout", 0);
}

static size_t
count(const struct nftlist *l, enum nftlist_kind kind, const char *name)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += l->items[i].kind == kind &&
		    (name == NULL || strcmp(l->items[i].name, name) == 0);
	return n;
}

START_TEST(nfthold_copy_has_what_decides_what_leaves)
{
	struct nftlist l = { .n = 0 };
	size_t i;

	copy_of(&l, fill_all, 1);
	ck_assert_uint_eq(nftlist_flags(&l.items[0]), NFT_TABLE_F_OWNER);
	ck_assert_uint_eq(count(&l, NFTLIST_CHAIN, NULL), 2);
	ck_assert_uint_eq(count(&l, NFTLIST_CHAIN, "output"), 1);
	ck_assert_uint_eq(count(&l, NFTLIST_CHAIN, "__chain1"), 1);
	ck_assert_uint_eq(count(&l, NFTLIST_RULE, NULL), 3);
	ck_assert_uint_eq(count(&l, NFTLIST_SET, NULL), 2);
	ck_assert_uint_eq(count(&l, NFTLIST_ELEMENT, NULL), 1);
	for (i = 0; i < l.n; i++)
		ck_assert_uint_eq(l.items[i].kind == NFTLIST_SET &&
		    (nftlist_flags(&l.items[i]) & NFT_SET_ANONYMOUS), 0);
	nftlist_free(&l);
}
END_TEST

static int32_t
priority_of(const struct nftlist_item *i)
{
	struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];

	ck_assert_int_eq(nla_parse(tb, NFTA_CHAIN_MAX, i->attrs, (int)i->len,
	    NULL), 0);
	ck_assert_ptr_nonnull(tb[NFTA_CHAIN_HOOK]);
	ck_assert_int_eq(nla_parse_nested(hook, NFTA_HOOK_MAX,
	    tb[NFTA_CHAIN_HOOK], NULL), 0);
	ck_assert_ptr_nonnull(hook[NFTA_HOOK_PRIORITY]);
	return (int32_t)ntohl(nla_get_u32(hook[NFTA_HOOK_PRIORITY]));
}

START_TEST(nfthold_copy_comes_after_its_original)
{
	struct nftlist l = { .n = 0 };
	size_t i, n = 0;

	copy_of(&l, fill_all, 1);
	for (i = 0; i < l.n; i++)
		if (strcmp(l.items[i].name, "output") == 0 &&
		    l.items[i].kind == NFTLIST_CHAIN) {
			ck_assert_int_eq(priority_of(&l.items[i]), 1);
			n++;
		}
	ck_assert_uint_eq(n, 1);
	nftlist_free(&l);
}
END_TEST

static void
fill_input(struct world *w)
{
	base(w, "input", "filter", NF_INET_LOCAL_IN, 0);
	base(w, "nat", "nat", NF_INET_POST_ROUTING, 1);
	chain(w, "ours", 0);
}

START_TEST(nfthold_copy_of_what_decides_nothing_is_none)
{
	copy_of(NULL, fill_input, 0);
}
END_TEST

START_TEST(nfthold_name_is_known_as_one)
{
	char name[NFTLIST_NAME];

	nfthold_name(name, "abcdef0_01234567", 4000000000u);
	ck_assert(nfthold_is(name));
	ck_assert_str_eq(name, "ot_hold_abcdef0_01234567_4000000000");
	ck_assert(!nfthold_is("ot_holder"));
}
END_TEST

START_TEST(nftbatch_what_is_too_long_for_an_attribute_is_an_error)
{
	static const uint8_t big[40000];
	struct nftbatch b;
	size_t at;

	nftbatch_begin(&b);
	nftbatch_message(&b, NFT_MSG_NEWRULE, 0, NFPROTO_INET);
	at = nftbatch_nest(&b, NFTA_RULE_EXPRESSIONS);
	nftbatch_put(&b, 1, big, sizeof(big));
	nftbatch_put(&b, 1, big, sizeof(big));
	nftbatch_unnest(&b, at);
	nftbatch_end(&b);
	ck_assert_int_eq(b.err, -EMSGSIZE);
	nftbatch_free(&b);
}
END_TEST

START_TEST(nftbatch_what_is_too_long_altogether_is_an_error)
{
	static const uint8_t big[60000];
	struct nftbatch b;
	int i;

	nftbatch_begin(&b);
	for (i = 0; i < NFTBATCH_MAX / 60000 + 1; i++) {
		nftbatch_message(&b, NFT_MSG_NEWRULE, 0, NFPROTO_INET);
		nftbatch_put(&b, 1, big, sizeof(big));
	}
	nftbatch_end(&b);
	ck_assert_int_eq(b.err, -E2BIG);
	ck_assert_uint_le(b.len, NFTBATCH_MAX);
	nftbatch_free(&b);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(nftnormal_differ_tells_what_counts_and_nothing_else,
	    NELEM(cases)),
	UNIT_LOOP(nftnormal_differences_are_told_as_the_first_one_is,
	    sizeof(cases) / sizeof(cases[0])),
	UNIT(nftnormal_differences_of_what_is_gone_is_said_once),
	UNIT(nftnormal_differ_a_strange_name_is_one_plain_word),
	UNIT(nftlist_read_others_tables_are_passed_over),
	UNIT(nftlist_read_without_a_name_is_refused),
	UNIT(nftlist_read_a_name_without_an_end_is_refused),
	UNIT(nftnormal_make_an_expression_without_a_name_is_refused),
	UNIT(nftevent_others_transaction_is_none_of_ours),
	UNIT(nftevent_transaction_on_our_table_names_who_did_it),
	UNIT(nftevent_transaction_that_is_not_over_is_not_told),
	UNIT(nftevent_what_was_lost_may_have_been_ours),
	UNIT(nfthold_copy_has_what_decides_what_leaves),
	UNIT(nfthold_copy_comes_after_its_original),
	UNIT(nfthold_copy_of_what_decides_nothing_is_none),
	UNIT(nfthold_name_is_known_as_one),
	UNIT(nftbatch_what_is_too_long_for_an_attribute_is_an_error),
	UNIT(nftbatch_what_is_too_long_altogether_is_an_error),
};
UNIT_MAIN("nftlist", tests)
