/* policy/fwdrop.c - everything is dropped, whatever else is wrong
 *
 * Literals only.  Where the table is there already, even asleep (dormant), it
 * is woken up, its base chains get the policy drop again and lose their rules;
 * parts that only rules jumped to are left, since nothing leads there.
 */
#include "policy/fwdrop.h"

#include <errno.h>
#include <netinet/in.h>		/* before linux/, which has the same */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/fwplan.h"
#include "policy/nftbatch.h"
#include "policy/nftlist.h"
#include "policy/nftsock.h"

enum { ATTRS = 32, IFNAME = 16 };

static const struct dropped {
	enum fwplan_chain chain;
	uint32_t	 hook;
	uint32_t	 loopback;	/* the key by which it is known; 0: it
					 * does not come here */
} dropped[] = {
	{ FWPLAN_INPUT, NF_INET_LOCAL_IN, NFT_META_IIFNAME },
	{ FWPLAN_FORWARD, NF_INET_FORWARD, 0 },
	{ FWPLAN_OUTPUT, NF_INET_LOCAL_OUT, NFT_META_OIFNAME },
	{ FWPLAN_POSTROUTING, NF_INET_POST_ROUTING, NFT_META_OIFNAME },
};
enum { NDROPPED = sizeof(dropped) / sizeof(dropped[0]) };

static const struct nftlist_table table = { NFPROTO_INET, FWPLAN_TABLE };

/* --- what is sent --- */

static void
put_table(struct nftbatch *b)
{
	nftbatch_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_INET);
	nftbatch_text(b, NFTA_TABLE_NAME, FWPLAN_TABLE);
	nftbatch_u32(b, NFTA_TABLE_FLAGS, 0);
}

static void
put_chain(struct nftbatch *b, const struct dropped *d)
{
	const struct fwplan_place *at = fwplan_place(d->chain);
	size_t hook;

	nftbatch_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_INET);
	nftbatch_text(b, NFTA_CHAIN_TABLE, FWPLAN_TABLE);
	nftbatch_text(b, NFTA_CHAIN_NAME, at->name);
	hook = nftbatch_nest(b, NFTA_CHAIN_HOOK);
	nftbatch_u32(b, NFTA_HOOK_HOOKNUM, d->hook);
	nftbatch_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)at->priority);
	nftbatch_unnest(b, hook);
	nftbatch_u32(b, NFTA_CHAIN_POLICY, NF_DROP);
	nftbatch_text(b, NFTA_CHAIN_TYPE, "filter");
	nftbatch_message(b, NFT_MSG_DELRULE, 0, NFPROTO_INET);
	nftbatch_text(b, NFTA_RULE_TABLE, FWPLAN_TABLE);
	nftbatch_text(b, NFTA_RULE_CHAIN, at->name);
}

static size_t
begin_expr(struct nftbatch *b, const char *name, size_t *data)
{
	size_t at = nftbatch_nest(b, NFTA_LIST_ELEM);

	nftbatch_text(b, NFTA_EXPR_NAME, name);
	*data = nftbatch_nest(b, NFTA_EXPR_DATA);
	return at;
}

static void
end_expr(struct nftbatch *b, size_t at, size_t data)
{
	nftbatch_unnest(b, data);
	nftbatch_unnest(b, at);
}

static void
put_is_lo(struct nftbatch *b, uint32_t key)
{
	static const char lo[IFNAME] = "lo";
	size_t at, data, value;

	at = begin_expr(b, "meta", &data);
	nftbatch_u32(b, NFTA_META_DREG, NFT_REG_1);
	nftbatch_u32(b, NFTA_META_KEY, key);
	end_expr(b, at, data);
	at = begin_expr(b, "cmp", &data);
	nftbatch_u32(b, NFTA_CMP_SREG, NFT_REG_1);
	nftbatch_u32(b, NFTA_CMP_OP, NFT_CMP_EQ);
	value = nftbatch_nest(b, NFTA_CMP_DATA);
	nftbatch_put(b, NFTA_DATA_VALUE, lo, sizeof(lo));
	nftbatch_unnest(b, value);
	end_expr(b, at, data);
}

static void
put_accept(struct nftbatch *b)
{
	size_t at, data, value, verdict;

	at = begin_expr(b, "immediate", &data);
	nftbatch_u32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = nftbatch_nest(b, NFTA_IMMEDIATE_DATA);
	verdict = nftbatch_nest(b, NFTA_DATA_VERDICT);
	nftbatch_u32(b, NFTA_VERDICT_CODE, NF_ACCEPT);
	nftbatch_unnest(b, verdict);
	nftbatch_unnest(b, value);
	end_expr(b, at, data);
}

static void
put_loopback(struct nftbatch *b, const struct dropped *d)
{
	size_t all;

	nftbatch_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
	    NFPROTO_INET);
	nftbatch_text(b, NFTA_RULE_TABLE, FWPLAN_TABLE);
	nftbatch_text(b, NFTA_RULE_CHAIN, fwplan_place(d->chain)->name);
	all = nftbatch_nest(b, NFTA_RULE_EXPRESSIONS);
	put_is_lo(b, d->loopback);
	put_accept(b);
	nftbatch_unnest(b, all);
}

/* By itself: the kernel takes no chains with a table that wakes up. */
static int
send_table(int fd)
{
	struct nftbatch b;
	int rc;

	nftbatch_begin(&b);
	put_table(&b);
	nftbatch_end(&b);
	rc = nftsock_batch(fd, &b);
	nftbatch_free(&b);
	return rc;
}

static int
send_chains(int fd)
{
	struct nftbatch b;
	size_t i;
	int rc;

	nftbatch_begin(&b);
	for (i = 0; i < NDROPPED; i++)
		put_chain(&b, &dropped[i]);
	for (i = 0; i < NDROPPED; i++)
		if (dropped[i].loopback)
			put_loopback(&b, &dropped[i]);
	nftbatch_end(&b);
	rc = nftsock_batch(fd, &b);
	nftbatch_free(&b);
	return rc;
}

/* --- what is there --- */

static int
drops(const struct nftlist_item *chain)
{
	struct nlattr *tb[ATTRS + 1];

	return nla_parse(tb, ATTRS, chain->attrs, (int)chain->len, NULL) == 0 &&
	    tb[NFTA_CHAIN_HOOK] && tb[NFTA_CHAIN_POLICY] &&
	    nla_len(tb[NFTA_CHAIN_POLICY]) >= 4 &&
	    nla_get_u32(tb[NFTA_CHAIN_POLICY]) == NF_DROP;	/* it is 0 */
}

static int
is_as_sent(const struct nftlist *l, const struct dropped *d)
{
	const char *name = fwplan_place(d->chain)->name;
	size_t k, chains = 0, rules = 0;

	for (k = 0; k < l->n; k++) {
		if (strcmp(l->items[k].name, name) != 0)
			continue;
		chains += l->items[k].kind == NFTLIST_CHAIN &&
		    drops(&l->items[k]);
		rules += l->items[k].kind == NFTLIST_RULE;
	}
	return chains == 1 && rules == (d->loopback != 0);
}

static int
is_awake(const struct nftlist *l)
{
	size_t k;

	for (k = 0; k < l->n; k++)
		if (l->items[k].kind == NFTLIST_TABLE)
			return nftlist_flags(&l->items[k]) == 0;
	return 0;
}

static int
look(int fd)
{
	struct nftlist list;
	size_t i;
	int rc = nftsock_list(fd, &table, 1, &list);

	if (rc < 0)
		return rc;
	rc = is_awake(&list) ? 0 : -EBUSY;
	for (i = 0; i < NDROPPED && rc == 0; i++)
		rc = is_as_sent(&list, &dropped[i]) ? 0 : -EBUSY;
	nftlist_free(&list);
	return rc;
}

int
fwdrop(char *why, size_t max)
{
	const char *what = "cannot be loaded";
	int fd = nftsock_open(), rc = fd;

	if (fd >= 0 && (rc = send_table(fd)) == 0 &&
	    (rc = send_chains(fd)) == 0) {
		what = "are not found in the kernel";
		rc = look(fd);
	}
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		snprintf(why, max, "the rules that drop everything %s: %s%s",
		    what, strerror(-rc), rc == -EPERM ? " (it takes root)" :
		    rc == -EPROTONOSUPPORT ? " (the kernel has no nf_tables)" :
		    "");
	return rc;
}
