/* What of tc's answers is an action that leads packets to an interface. */
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <stdlib.h>
#include <string.h>

#include "policy/netlink_int.h"
#include "tests/unit.h"

enum { MAX = 4 };

/* One action, as the kernel tells of it. */
static void
put_action(struct nl_msg *m, int number, const char *kind, int eaction,
    unsigned index, size_t len)
{
	struct tc_mirred p = { .eaction = eaction, .ifindex = index };
	struct nlattr *one = nla_nest_start(m, number), *options;

	ck_assert_int_eq(nla_put_string(m, TCA_ACT_KIND, kind), 0);
	options = nla_nest_start(m, TCA_ACT_OPTIONS);
	ck_assert_int_eq(nla_put(m, TCA_MIRRED_PARMS, (int)len, &p), 0);
	nla_nest_end(m, options);
	nla_nest_end(m, one);
}

static size_t
look(struct nl_msg *m, int *to, size_t max)
{
	struct nlmsghdr *h = nlmsg_hdr(m);

	return netlink_mirred_in(nlmsg_attrdata(h, 0), nlmsg_attrlen(h, 0), to,
	    max);
}

static const struct {
	const char	*name, *kind;
	int		 eaction;
	unsigned	 index;
	size_t		 len, n;
} cases[] = {
	{ "redirect", "mirred", TCA_EGRESS_REDIR, 7, sizeof(struct tc_mirred),
	    1 },
	{ "mirror", "mirred", TCA_EGRESS_MIRROR, 7, sizeof(struct tc_mirred),
	    1 },
	{ "block", "mirred", TCA_EGRESS_REDIR, 0, sizeof(struct tc_mirred), 1 },
	{ "inwards", "mirred", TCA_INGRESS_REDIR, 7, sizeof(struct tc_mirred),
	    0 },
	{ "mirrored inwards", "mirred", TCA_INGRESS_MIRROR, 7,
	    sizeof(struct tc_mirred), 0 },
	{ "another kind", "mirre", TCA_EGRESS_REDIR, 7,
	    sizeof(struct tc_mirred), 0 },
	{ "a longer kind", "mirred2", TCA_EGRESS_REDIR, 7,
	    sizeof(struct tc_mirred), 0 },
	{ "cut off", "mirred", TCA_EGRESS_REDIR, 7,
	    sizeof(struct tc_mirred) - 1, 0 },
};

START_TEST(netlink_mirred_in_finds_what_leads_out)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_GETACTION, 0);
	struct nlattr *tab = nla_nest_start(m, TCA_ACT_TAB);
	int to[MAX] = { -1, -1, -1, -1 };

	put_action(m, 1, cases[_i].kind, cases[_i].eaction, cases[_i].index,
	    cases[_i].len);
	nla_nest_end(m, tab);
	ck_assert_msg(look(m, to, MAX) == cases[_i].n, "%s", cases[_i].name);
	if (cases[_i].n)
		ck_assert_int_eq(to[0], (int)cases[_i].index);
	nlmsg_free(m);
}
END_TEST

/* Whatever the number of the attribute in which a classifier has its actions. */
START_TEST(netlink_mirred_in_finds_it_in_any_kind_of_filter)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWTFILTER, 0);
	struct nlattr *options, *actions;
	int to[MAX];

	ck_assert_int_eq(nla_put_string(m, TCA_KIND, "any"), 0);
	options = nla_nest_start(m, TCA_OPTIONS);
	ck_assert_int_eq(nla_put_u32(m, 1, 0xffffffff), 0);
	actions = nla_nest_start(m, 1 + _i);
	put_action(m, 1, "gact", TCA_EGRESS_REDIR, 5,
	    sizeof(struct tc_mirred));
	put_action(m, 2, "mirred", TCA_EGRESS_MIRROR, 7,
	    sizeof(struct tc_mirred));
	put_action(m, 3, "mirred", TCA_EGRESS_REDIR, 9,
	    sizeof(struct tc_mirred));
	nla_nest_end(m, actions);
	nla_nest_end(m, options);
	ck_assert_uint_eq(look(m, to, MAX), 2);
	ck_assert_int_eq(to[0], 7);
	ck_assert_int_eq(to[1], 9);
	ck_assert_uint_eq(look(m, to, 1), 1);
	nlmsg_free(m);
}
END_TEST

/* Of any bytes: no more than there is room for, and nothing beyond the end. */
START_TEST(netlink_mirred_in_takes_whatever_comes)
{
	uint8_t *bytes;
	unsigned r = 1, round;
	int to[MAX], len, i;

	for (round = 0; round < 2000; round++) {
		len = (int)(round % 97);
		ck_assert_ptr_nonnull(bytes = malloc((size_t)len + 1));
		for (i = 0; i < len; i++) {
			r = r * 1103515245 + 12345;
			bytes[i] = (uint8_t)(r >> 16) & (round & 1 ? 0xff :
			    0x0f);
		}
		ck_assert_uint_le(netlink_mirred_in((struct nlattr *)
		    (void *)bytes, len, to, MAX), MAX);
		free(bytes);
	}
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(netlink_mirred_in_finds_what_leads_out, NELEM(cases)),
	UNIT_LOOP(netlink_mirred_in_finds_it_in_any_kind_of_filter, 12),
	UNIT(netlink_mirred_in_takes_whatever_comes),
};
UNIT_MAIN("netlink_tc", tests)
