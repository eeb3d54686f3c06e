noinst_LIBRARIES += policy/libpolicy.a
policy_libpolicy_a_SOURCES = \
	policy/fwdrop.c policy/fwdrop.h \
	policy/fwlinks.c policy/fwlinks.h \
	policy/fwplan.c policy/fwplan.h policy/fwplan_int.h \
	policy/fwplan_in.c policy/fwplan_iptables.c policy/fwplan_nft.c \
	policy/fwplan_out.c policy/fwplan_rule.c \
	policy/fwstate.c policy/fwstate.h policy/fwstate_int.h \
	policy/fwstate_check.c policy/fwstate_hold.c policy/fwstate_load.c \
	policy/fwstate_look.c policy/fwstate_unseen.c \
	policy/fwstate_sysctl.c policy/fwstate_watch.c \
	policy/fwsysctl.c policy/fwsysctl.h \
	policy/grow.c policy/grow.h \
	policy/ifindex.c policy/ifindex.h \
	policy/lock.c policy/lock.h \
	policy/sentence.c policy/sentence.h \
	policy/holder.c policy/holder.h \
	policy/isolate.c policy/isolate.h \
	policy/netlink.c policy/netlink.h policy/netlink_int.h \
	policy/netlink_route.c policy/netlink_rule.c policy/netlink_tc.c \
	policy/netplan.c policy/netplan.h policy/netplan_int.h \
	policy/netplan_print.c policy/netplan_sysctl.c \
	policy/netrecord.c policy/netrecord.h \
	policy/netstate.c policy/netstate.h policy/netstate_int.h \
	policy/netstate_set.c \
	policy/networld.c policy/networld.h \
	policy/nftbatch.c policy/nftbatch.h policy/nftdiff.c \
	policy/nftevent.c policy/nftevent.h \
	policy/nfthold.c policy/nfthold.h \
	policy/nftlist.c policy/nftlist.h policy/nftnormal.c \
	policy/nftrun.c policy/nftrun.h policy/nftpath.c policy/nftsaid.c \
	policy/nftsock.c policy/nftsock.h \
	policy/policy.c policy/policy.h \
	policy/rule.c policy/rule.h policy/rule_int.h \
	policy/rule_match.c policy/rule_text.c \
	policy/rules.c policy/rules.h \
	policy/scratch.c policy/scratch.h \
	policy/sysctl.c policy/sysctl.h \
	policy/tcxgate.c policy/tcxgate.h \
	policy/xskhold.c policy/xskhold.h
