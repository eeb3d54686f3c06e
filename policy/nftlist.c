/* policy/nftlist.c - the kernel's messages about our tables, taken apart */
#include "policy/nftlist.h"

#include <errno.h>
#include <netinet/in.h>	/* before linux/, which has the same */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/grow.h"

/* For each kind of message: the attributes that hold the names. */
static const struct shape {
	uint8_t		 message;
	uint8_t		 table, name;	/* NFTA_*; name 0: is the table's */
	uint8_t		 flags;
	enum nftlist_kind kind;
} shapes[] = {
	{ NFT_MSG_NEWTABLE, NFTA_TABLE_NAME, 0, NFTA_TABLE_FLAGS,
	    NFTLIST_TABLE },
	{ NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME,
	    NFTA_CHAIN_FLAGS, NFTLIST_CHAIN },
	{ NFT_MSG_NEWRULE, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, 0, NFTLIST_RULE },
	{ NFT_MSG_NEWSET, NFTA_SET_TABLE, NFTA_SET_NAME, NFTA_SET_FLAGS,
	    NFTLIST_SET },
	{ NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_TABLE,
	    NFTA_SET_ELEM_LIST_SET, 0, NFTLIST_ELEMENT },
	{ NFT_MSG_NEWOBJ, NFTA_OBJ_TABLE, NFTA_OBJ_NAME, 0, NFTLIST_OBJECT },
	{ NFT_MSG_NEWFLOWTABLE, NFTA_FLOWTABLE_TABLE, NFTA_FLOWTABLE_NAME, 0,
	    NFTLIST_FLOWTABLE },
};

enum { ATTRS = 32 };		/* more than any of them has */

static const struct shape *
shape_of(uint16_t type)
{
	size_t i;

	if (NFNL_SUBSYS_ID(type) != NFNL_SUBSYS_NFTABLES)
		return NULL;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].message == NFNL_MSG_TYPE(type))
			return &shapes[i];
	return NULL;
}

/* A string that ends within its attribute, or NULL. */
static const char *
text_of(struct nlattr *a)
{
	if (a == NULL || nla_len(a) <= 0 ||
	    memchr(nla_data(a), '\0', (size_t)nla_len(a)) == NULL)
		return NULL;
	return nla_data(a);
}

static int
is_ours(uint8_t family, const char *table, const struct nftlist_table *ours,
    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ours[i].family == family &&
		    strcmp(ours[i].name, table) == 0)
			return 1;
	return 0;
}

/* One block holds it all: the attributes, which want to be aligned, and then
 * both names. */
static int
add_item(struct nftlist *l, const struct nftlist_item *from)
{
	size_t ntable = strlen(from->table) + 1, nname = strlen(from->name) + 1,
	    len = NLA_ALIGN(from->len);
	struct nftlist_item *at;
	char *block;

	if (l->n >= NFTLIST_ITEMS_MAX)
		return -E2BIG;
	if ((block = calloc(1, len + ntable + nname)) == NULL)
		return -ENOMEM;
	if ((at = grow(&l->items, &l->n, sizeof(*at))) == NULL) {
		free(block);
		return -ENOMEM;
	}
	*at = *from;
	if (from->len)
		memcpy(block, from->attrs, from->len);
	memcpy(block + len, from->table, ntable);
	memcpy(block + len + ntable, from->name, nname);
	at->attrs = block;
	at->table = block + len;
	at->name = block + len + ntable;
	return 0;
}

static int
add_elements(struct nftlist *l, struct nftlist_item *item, struct nlattr *list)
{
	struct nlattr *a;
	int left, rc = 0;

	if (list == NULL)
		return 0;
	nla_for_each_nested(a, list, left) {
		if (nla_type(a) != NFTA_LIST_ELEM)
			continue;
		item->attrs = nla_data(a);
		item->len = (size_t)nla_len(a);
		if ((rc = add_item(l, item)) < 0)
			break;
	}
	return rc;
}

int
nftlist_read(struct nftlist *l, const struct nlmsghdr *h,
    const struct nftlist_table *ours, size_t n)
{
	struct nlmsghdr *m = (struct nlmsghdr *)(uintptr_t)h; /* libnl's way */
	const struct shape *s = shape_of(h->nlmsg_type);
	struct nlattr *tb[ATTRS + 1];
	struct nftlist_item item = { .kind = NFTLIST_NONE };

	if (s == NULL)
		return 0;
	if (nlmsg_parse(m, sizeof(struct nfgenmsg), tb, ATTRS, NULL) < 0)
		return -EPROTO;
	item.kind = s->kind;
	item.family = ((struct nfgenmsg *)nlmsg_data(m))->nfgen_family;
	item.table = text_of(tb[s->table]);
	item.name = s->name ? text_of(tb[s->name]) : "";
	if (item.table == NULL || item.name == NULL)
		return -EPROTO;
	if (!is_ours(item.family, item.table, ours, n))
		return 0;
	if (item.kind == NFTLIST_ELEMENT)
		return add_elements(l, &item,
		    tb[NFTA_SET_ELEM_LIST_ELEMENTS]);
	item.attrs = nlmsg_attrdata(m, sizeof(struct nfgenmsg));
	item.len = (size_t)nlmsg_attrlen(m, sizeof(struct nfgenmsg));
	return add_item(l, &item);
}

void
nftlist_free(struct nftlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->items[i].attrs);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

uint32_t
nftlist_flags(const struct nftlist_item *item)
{
	struct nlattr *tb[ATTRS + 1], *a;
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].kind != item->kind || shapes[i].flags == 0 ||
		    nla_parse(tb, ATTRS, item->attrs, (int)item->len,
		    NULL) < 0)
			continue;
		a = tb[shapes[i].flags];
		return a && nla_len(a) >= 4 ? ntohl(nla_get_u32(a)) : 0;
	}
	return 0;
}

const char *
nftlist_family(uint8_t family, char out[16])
{
	static const struct { uint8_t family; const char *name; } names[] = {
		{ NFPROTO_INET, "inet" }, { NFPROTO_IPV4, "ip" },
		{ NFPROTO_IPV6, "ip6" }, { NFPROTO_ARP, "arp" },
		{ NFPROTO_NETDEV, "netdev" }, { NFPROTO_BRIDGE, "bridge" }
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].family == family) {
			snprintf(out, 16, "%s", names[i].name);
			return out;
		}
	snprintf(out, 16, "family %u", family);
	return out;
}
