/* policy/nfthold.c - a copy of what lets packets out, in tables with an owner
 *
 * The kernel tells rules in the form in which it takes them, so that copying is
 * to change the table's name.  Anonymous sets and chains get the number by
 * which they are known there for their name: they belong to a rule, and the
 * kernel takes them only with numbers of its own.
 */
#include "policy/nfthold.h"

#include <netinet/in.h>		/* before linux/, which has the same */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

#include "policy/nftbatch.h"

enum { ATTRS = 32 };

struct copy {
	struct nftbatch	*b;
	const struct nftlist *list;
	const struct nftlist_table *table;
	const char	*as;
	uint32_t	 set_id;
};

void
nfthold_name(char out[NFTLIST_NAME], const char *instance, size_t nth)
{
	snprintf(out, NFTLIST_NAME, NFTHOLD_PREFIX "%.32s_%zu", instance, nth);
}

int
nfthold_is(const char *name)
{
	return strncmp(name, NFTHOLD_PREFIX, strlen(NFTHOLD_PREFIX)) == 0;
}

static int
is_in(const struct copy *c, const struct nftlist_item *i)
{
	return i->family == c->table->family &&
	    strcmp(i->table, c->table->name) == 0;
}

static int
parse(const struct nftlist_item *i, struct nlattr **tb)
{
	return nla_parse(tb, ATTRS, i->attrs, (int)i->len, NULL) == 0;
}

static int
leads_out(uint8_t family, uint32_t hook)
{
	switch (family) {
	case NFPROTO_NETDEV:
		return hook == NF_NETDEV_EGRESS;
	case NFPROTO_ARP:
		return hook == NF_ARP_OUT || hook == NF_ARP_FORWARD;
	default:
		return hook == NF_INET_FORWARD || hook == NF_INET_LOCAL_OUT ||
		    hook == NF_INET_POST_ROUTING;
	}
}

static int
is_filter(struct nlattr *type)
{
	return type && nla_len(type) == sizeof("filter") &&
	    memcmp(nla_data(type), "filter", sizeof("filter")) == 0;
}

/* 0: not to be copied; 1: it is; 2: and it decides what leaves. */
static int
wanted(const struct nftlist_item *chain)
{
	struct nlattr *tb[ATTRS + 1], *hook[NFTA_HOOK_MAX + 1];

	if (!parse(chain, tb))
		return 0;
	if (tb[NFTA_CHAIN_HOOK] == NULL)
		return 1;
	if (!is_filter(tb[NFTA_CHAIN_TYPE]) ||
	    nla_parse_nested(hook, NFTA_HOOK_MAX, tb[NFTA_CHAIN_HOOK],
	    NULL) < 0 || hook[NFTA_HOOK_HOOKNUM] == NULL ||
	    nla_len(hook[NFTA_HOOK_HOOKNUM]) < 4)
		return 0;
	return leads_out(chain->family,
	    ntohl(nla_get_u32(hook[NFTA_HOOK_HOOKNUM]))) ? 2 : 0;
}

static int
is_wanted(const struct copy *c, const char *chain)
{
	const struct nftlist_item *i;
	size_t k;

	for (k = 0; k < c->list->n; k++) {
		i = &c->list->items[k];
		if (i->kind == NFTLIST_CHAIN && is_in(c, i) &&
		    strcmp(i->name, chain) == 0)
			return wanted(i);
	}
	return 0;
}

/* --- one thing each --- */

static void
put_as_it_is(struct copy *c, struct nlattr **tb, const uint8_t *types)
{
	for (; *types; types++)
		if (tb[*types])
			nftbatch_put(c->b, *types, nla_data(tb[*types]),
			    (size_t)nla_len(tb[*types]));
}

static void
start(struct copy *c, unsigned type, unsigned flags, unsigned table_attr)
{
	nftbatch_message(c->b, type, NLM_F_CREATE | flags, c->table->family);
	nftbatch_text(c->b, table_attr, c->as);
}

/* One after the original's priority: what it counts, it goes on to count. */
static void
copy_hook(struct copy *c, struct nlattr *from)
{
	static const uint8_t same[] = { NFTA_HOOK_HOOKNUM, NFTA_HOOK_DEV,
		NFTA_HOOK_DEVS, 0 };
	struct nlattr *tb[NFTA_HOOK_MAX + 1];
	int32_t priority = 0;
	size_t at;

	if (nla_parse_nested(tb, NFTA_HOOK_MAX, from, NULL) < 0)
		return;
	if (tb[NFTA_HOOK_PRIORITY] && nla_len(tb[NFTA_HOOK_PRIORITY]) >= 4)
		priority = (int32_t)ntohl(nla_get_u32(tb[NFTA_HOOK_PRIORITY]));
	if (priority < INT32_MAX)
		priority++;
	at = nftbatch_nest(c->b, NFTA_CHAIN_HOOK);
	put_as_it_is(c, tb, same);
	nftbatch_u32(c->b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	nftbatch_unnest(c->b, at);
}

static void
copy_chain(struct copy *c, const struct nftlist_item *i)
{
	static const uint8_t base[] = { NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE,
		0 };
	struct nlattr *tb[ATTRS + 1];

	if (!wanted(i) || !parse(i, tb))
		return;
	start(c, NFT_MSG_NEWCHAIN, 0, NFTA_CHAIN_TABLE);
	nftbatch_text(c->b, NFTA_CHAIN_NAME, i->name);
	if (tb[NFTA_CHAIN_HOOK])
		copy_hook(c, tb[NFTA_CHAIN_HOOK]);
	put_as_it_is(c, tb, base);
}

static void
copy_set(struct copy *c, const struct nftlist_item *i)
{
	static const uint8_t same[] = { NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN,
		NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN, NFTA_SET_POLICY,
		NFTA_SET_DESC, NFTA_SET_TIMEOUT, NFTA_SET_GC_INTERVAL,
		NFTA_SET_USERDATA, NFTA_SET_OBJ_TYPE, NFTA_SET_EXPR,
		NFTA_SET_EXPRESSIONS, 0 };
	struct nlattr *tb[ATTRS + 1];

	if (!parse(i, tb))
		return;
	start(c, NFT_MSG_NEWSET, 0, NFTA_SET_TABLE);
	nftbatch_text(c->b, NFTA_SET_NAME, i->name);
	nftbatch_u32(c->b, NFTA_SET_FLAGS,
	    nftlist_flags(i) & ~(uint32_t)NFT_SET_ANONYMOUS);
	nftbatch_u32(c->b, NFTA_SET_ID, ++c->set_id);
	put_as_it_is(c, tb, same);
}

/* A message each: a nested attribute has no room for many. */
static void
copy_element(struct copy *c, const struct nftlist_item *i)
{
	static const uint8_t same[] = { NFTA_SET_ELEM_KEY,
		NFTA_SET_ELEM_KEY_END, NFTA_SET_ELEM_DATA,
		NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_TIMEOUT,
		NFTA_SET_ELEM_EXPIRATION, NFTA_SET_ELEM_USERDATA,
		NFTA_SET_ELEM_OBJREF, NFTA_SET_ELEM_EXPR,
		NFTA_SET_ELEM_EXPRESSIONS, 0 };
	struct nlattr *tb[ATTRS + 1];
	size_t list, element;

	if (!parse(i, tb))
		return;
	start(c, NFT_MSG_NEWSETELEM, 0, NFTA_SET_ELEM_LIST_TABLE);
	nftbatch_text(c->b, NFTA_SET_ELEM_LIST_SET, i->name);
	list = nftbatch_nest(c->b, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = nftbatch_nest(c->b, NFTA_LIST_ELEM);
	put_as_it_is(c, tb, same);
	nftbatch_unnest(c->b, element);
	nftbatch_unnest(c->b, list);
}

static void
copy_rule(struct copy *c, const struct nftlist_item *i)
{
	static const uint8_t same[] = { NFTA_RULE_EXPRESSIONS,
		NFTA_RULE_USERDATA, 0 };
	struct nlattr *tb[ATTRS + 1];

	if (!is_wanted(c, i->name) || !parse(i, tb))
		return;
	start(c, NFT_MSG_NEWRULE, NLM_F_APPEND, NFTA_RULE_TABLE);
	nftbatch_text(c->b, NFTA_RULE_CHAIN, i->name);
	put_as_it_is(c, tb, same);
}

static void
copy_object(struct copy *c, const struct nftlist_item *i)
{
	static const uint8_t same[] = { NFTA_OBJ_TYPE, NFTA_OBJ_DATA,
		NFTA_OBJ_USERDATA, 0 };
	struct nlattr *tb[ATTRS + 1];

	if (!parse(i, tb))
		return;
	start(c, NFT_MSG_NEWOBJ, 0, NFTA_OBJ_TABLE);
	nftbatch_text(c->b, NFTA_OBJ_NAME, i->name);
	put_as_it_is(c, tb, same);
}

/* --- all of it --- */

static const struct step {
	enum nftlist_kind kind;
	void		(*copy)(struct copy *, const struct nftlist_item *);
} steps[] = {		/* what is named comes before what names it */
	{ NFTLIST_OBJECT, copy_object },
	{ NFTLIST_CHAIN, copy_chain },
	{ NFTLIST_SET, copy_set },
	{ NFTLIST_ELEMENT, copy_element },
	{ NFTLIST_RULE, copy_rule },
};

static int
decides(const struct copy *c)
{
	const struct nftlist_item *i;
	size_t k;

	for (k = 0; k < c->list->n; k++) {
		i = &c->list->items[k];
		if (i->kind == NFTLIST_CHAIN && is_in(c, i) && wanted(i) == 2)
			return 1;
	}
	return 0;
}

/* What packets put into a set is theirs. */
static int
is_filled_by_packets(const struct copy *c, const struct nftlist_item *e)
{
	const struct nftlist_item *i;
	size_t k;

	for (k = 0; k < c->list->n; k++) {
		i = &c->list->items[k];
		if (i->kind == NFTLIST_SET && is_in(c, i) &&
		    strcmp(i->name, e->name) == 0)
			return (nftlist_flags(i) & NFT_SET_EVAL) != 0;
	}
	return 1;
}

int
nfthold_copy(struct nftbatch *b, const struct nftlist *list,
    const struct nftlist_table *table, const char *as)
{
	struct copy c = { .b = b, .list = list, .table = table, .as = as };
	const struct nftlist_item *i;
	size_t k, s;

	if (!decides(&c))
		return 0;
	nfthold_empty(b, table->family, as);
	for (s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
		for (k = 0; k < list->n; k++) {
			i = &list->items[k];
			if (i->kind != steps[s].kind || !is_in(&c, i) ||
			    (i->kind == NFTLIST_ELEMENT &&
			    is_filled_by_packets(&c, i)))
				continue;
			steps[s].copy(&c, i);
		}
	return 1;
}

void
nfthold_empty(struct nftbatch *b, uint8_t family, const char *as)
{
	nftbatch_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, family);
	nftbatch_text(b, NFTA_TABLE_NAME, as);
	nftbatch_u32(b, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
}

void
nfthold_delete(struct nftbatch *b, uint8_t family, const char *as)
{
	nftbatch_message(b, NFT_MSG_DELTABLE, 0, family);
	nftbatch_text(b, NFTA_TABLE_NAME, as);
}
