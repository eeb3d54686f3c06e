/* policy/fwdrop.c - everything is dropped, whatever else is wrong
 *
 * Literals only.  Where the table is there already, even asleep (dormant), it
 * is woken up, its base chains get the policy drop again and lose their rules;
 * parts that only rules jumped to are left, since nothing leads there.
 */
#include "policy/fwdrop.h"

#include <errno.h>
#include <net/if.h>
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

static const struct nftlist_table tables[] = {
	{ NFPROTO_INET, FWPLAN_TABLE }, { NFPROTO_NETDEV, FWPLAN_TABLE }
};

/* --- what is sent --- */

static void
put_table(struct nftbatch *b, uint8_t family)
{
	nftbatch_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, family);
	nftbatch_text(b, NFTA_TABLE_NAME, FWPLAN_TABLE);
	nftbatch_u32(b, NFTA_TABLE_FLAGS, 0);
}

struct base {				/* a chain that drops */
	uint8_t		 family;
	const char	*name, *device;	/* NULL: it is not of one */
	uint32_t	 hook;
	int		 priority;
};

static void
put_chain(struct nftbatch *b, const struct base *c)
{
	size_t hook;

	nftbatch_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, c->family);
	nftbatch_text(b, NFTA_CHAIN_TABLE, FWPLAN_TABLE);
	nftbatch_text(b, NFTA_CHAIN_NAME, c->name);
	hook = nftbatch_nest(b, NFTA_CHAIN_HOOK);
	nftbatch_u32(b, NFTA_HOOK_HOOKNUM, c->hook);
	nftbatch_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
	if (c->device)
		nftbatch_text(b, NFTA_HOOK_DEV, c->device);
	nftbatch_unnest(b, hook);
	nftbatch_u32(b, NFTA_CHAIN_POLICY, NF_DROP);
	nftbatch_text(b, NFTA_CHAIN_TYPE, "filter");
	nftbatch_message(b, NFT_MSG_DELRULE, 0, c->family);
	nftbatch_text(b, NFTA_RULE_TABLE, FWPLAN_TABLE);
	nftbatch_text(b, NFTA_RULE_CHAIN, c->name);
}

static void
put_dropped(struct nftbatch *b, const struct dropped *d)
{
	const struct fwplan_place *at = fwplan_place(d->chain);
	struct base c = { NFPROTO_INET, at->name, NULL, d->hook,
		at->priority };

	put_chain(b, &c);
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

static int
finish(int fd, struct nftbatch *b)
{
	int rc;

	nftbatch_end(b);
	rc = nftsock_batch(fd, b);
	nftbatch_free(b);
	return rc;
}

/* By itself: the kernel takes no chains with a table that wakes up. */
static int
send_table(int fd, uint8_t family)
{
	struct nftbatch b;

	nftbatch_begin(&b);
	put_table(&b, family);
	return finish(fd, &b);
}

static int
send_chains(int fd)
{
	struct nftbatch b;
	size_t i;

	nftbatch_begin(&b);
	for (i = 0; i < NDROPPED; i++)
		put_dropped(&b, &dropped[i]);
	for (i = 0; i < NDROPPED; i++)
		if (dropped[i].loopback)
			put_loopback(&b, &dropped[i]);
	return finish(fd, &b);
}

static int
send_egress(int fd, const char *link)
{
	char name[FWPLAN_CHAIN_NAME];
	struct base c = { NFPROTO_NETDEV, fwplan_nft_egress(link, name), link,
		NF_NETDEV_EGRESS, 0 };
	struct nftbatch b;

	nftbatch_begin(&b);
	put_chain(&b, &c);
	return finish(fd, &b);
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
is_awake(const struct nftlist *l)
{
	size_t k;

	for (k = 0; k < l->n; k++)
		if (l->items[k].kind == NFTLIST_TABLE)
			return nftlist_flags(&l->items[k]) == 0;
	return 0;
}

static int
is_as_sent(const struct nftlist *l, const char *chain, size_t want_rules)
{
	size_t k, chains = 0, rules = 0;

	for (k = 0; k < l->n; k++) {
		if (strcmp(l->items[k].name, chain) != 0)
			continue;
		chains += l->items[k].kind == NFTLIST_CHAIN &&
		    drops(&l->items[k]);
		rules += l->items[k].kind == NFTLIST_RULE;
	}
	return is_awake(l) && chains == 1 && rules == want_rules;
}

static int
look(int fd)
{
	struct nftlist list;
	size_t i;
	int rc = nftsock_list(fd, &tables[0], 1, &list);

	if (rc < 0)
		return rc;
	rc = 0;
	for (i = 0; i < NDROPPED && rc == 0; i++)
		if (!is_as_sent(&list, fwplan_place(dropped[i].chain)->name,
		    dropped[i].loopback != 0))
			rc = -EBUSY;
	nftlist_free(&list);
	return rc;
}

static int
look_at_egress(int fd, const char *link)
{
	char name[FWPLAN_CHAIN_NAME];
	struct nftlist list;
	int rc = nftsock_list(fd, &tables[1], 1, &list);

	if (rc < 0)
		return rc;
	rc = is_as_sent(&list, fwplan_nft_egress(link, name), 0) ? 0 : -EBUSY;
	nftlist_free(&list);
	return rc;
}

/* --- all of it --- */

static int
drop_inet(int fd, char *why, size_t max)
{
	const char *what = "cannot be loaded";
	int rc = fd;

	if (fd >= 0 && (rc = send_table(fd, NFPROTO_INET)) == 0 &&
	    (rc = send_chains(fd)) == 0) {
		what = "are not found in the kernel";
		rc = look(fd);
	}
	if (rc < 0)
		snprintf(why, max, "the rules that drop everything %s: %s%s",
		    what, strerror(-rc), rc == -EPERM ? " (it takes root)" :
		    rc == -EPROTONOSUPPORT ? " (the kernel has no nf_tables)" :
		    "");
	return rc;
}

/* Of one that cannot be closed the others still are. */
static int
drop_egress(int fd, char *why, size_t max)
{
	struct if_nameindex *all = if_nameindex(), *at;
	int rc = all == NULL ? -errno : send_table(fd, NFPROTO_NETDEV);
	int left = rc < 0, one;

	if (rc < 0)
		snprintf(why, max, "packet sockets are not kept from sending: "
		    "%s", strerror(-rc));
	for (at = all; rc == 0 && at->if_index; at++) {
		if (strcmp(at->if_name, "lo") == 0 ||
		    ((one = send_egress(fd, at->if_name)) == 0 &&
		    (one = look_at_egress(fd, at->if_name)) == 0))
			continue;
		snprintf(why, max, "packet sockets are not kept from sending "
		    "by %s: %s", at->if_name, strerror(-one));
		left = 1;
	}
	if (all)
		if_freenameindex(all);
	return left;
}

int
fwdrop(char *why, size_t max)
{
	int fd = nftsock_open(), rc = drop_inet(fd, why, max);

	if (rc == 0)
		rc = drop_egress(fd, why, max);
	if (fd >= 0)
		close(fd);
	return rc;
}
