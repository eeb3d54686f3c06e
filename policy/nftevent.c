/* policy/nftevent.c - who changed which tables, as the kernel tells it */
#include "policy/nftevent.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "policy/nftlist.h"

/* The table's name is the first attribute of whatever is in one, as it is of
 * the table itself. */
enum { TABLE_NAME = NFTA_TABLE_NAME };
_Static_assert((int)NFTA_CHAIN_TABLE == TABLE_NAME &&
    (int)NFTA_RULE_TABLE == TABLE_NAME && (int)NFTA_SET_TABLE == TABLE_NAME &&
    (int)NFTA_SET_ELEM_LIST_TABLE == TABLE_NAME &&
    (int)NFTA_OBJ_TABLE == TABLE_NAME &&
    (int)NFTA_FLOWTABLE_TABLE == TABLE_NAME, "a table's name");

static int
is_about(const struct nlmsghdr *m, struct nlattr *name,
    const struct nftlist_table *ours, size_t n)
{
	struct nfgenmsg g;
	size_t i, len;

	memcpy(&g, nlmsg_data(m), sizeof(g));
	for (i = 0; i < n; i++) {
		len = strlen(ours[i].name) + 1;
		if (ours[i].family == g.nfgen_family &&
		    (size_t)nla_len(name) >= len &&
		    memcmp(nla_data(name), ours[i].name, len) == 0)
			return 1;
	}
	return 0;
}

/* Whoever did it chose its name. */
static void
copy_comm(char out[NFTEVENT_COMM], struct nlattr *a)
{
	const char *from = a ? nla_data(a) : "";
	size_t i, n = a && nla_len(a) > 0 ? (size_t)nla_len(a) : 0;

	for (i = 0; i < n && i < NFTEVENT_COMM - 1 && from[i]; i++)
		out[i] = from[i] > ' ' && from[i] < 0x7f ? from[i] : '?';
	out[i] = '\0';
}

static void
end_transaction(struct nftevent *e, struct nlattr **tb)
{
	struct nlattr *id = tb[NFTA_GEN_ID], *pid = tb[NFTA_GEN_PROC_PID];

	if (e->touching) {
		e->touched = 1;
		e->generation = id && nla_len(id) >= 4 ?
		    ntohl(nla_get_u32(id)) : 0;
		e->pid = pid && nla_len(pid) >= 4 ?
		    ntohl(nla_get_u32(pid)) : 0;
		copy_comm(e->comm, tb[NFTA_GEN_PROC_NAME]);
	}
	e->touching = 0;
}

void
nftevent_read(struct nftevent *e, const struct nlmsghdr *h,
    const struct nftlist_table *ours, size_t n)
{
	struct nlmsghdr *m = (struct nlmsghdr *)(uintptr_t)h; /* libnl's way */
	struct nlattr *tb[NFTA_GEN_MAX + 1];

	if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return;
	if (nlmsg_parse(m, sizeof(struct nfgenmsg), tb, NFTA_GEN_MAX,
	    NULL) < 0) {
		nftevent_lost(e);
		return;
	}
	if (NFNL_MSG_TYPE(h->nlmsg_type) == NFT_MSG_NEWGEN)
		end_transaction(e, tb);
	else if (tb[TABLE_NAME] && is_about(m, tb[TABLE_NAME], ours, n))
		e->touching = 1;
}

void
nftevent_lost(struct nftevent *e)
{
	e->touching = 0;
	e->touched = 1;
	e->generation = 0;
	e->pid = 0;
	e->comm[0] = '\0';
}
