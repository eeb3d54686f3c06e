check_PROGRAMS += tests/policy/test_isolate tests/policy/test_policy \
	tests/policy/test_rule tests/policy/test_rules
check_PROGRAMS += tests/policy/test_isolate tests/policy/test_netplan \
	tests/policy/test_netrecord tests/policy/test_policy
check_PROGRAMS += tests/policy/test_fwplan tests/policy/test_fwlinks \
	tests/policy/test_xskhold tests/policy/test_netlink_tc \
	tests/policy/test_tcxgate
tests_policy_test_tcxgate_SOURCES = tests/policy/test_tcxgate.c
tests_policy_test_tcxgate_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_netlink_tc_SOURCES = tests/policy/test_netlink_tc.c
tests_policy_test_netlink_tc_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_xskhold_SOURCES = tests/policy/test_xskhold.c
tests_policy_test_xskhold_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_fwlinks_SOURCES = tests/policy/test_fwlinks.c
tests_policy_test_fwlinks_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_fwplan_SOURCES = tests/policy/test_fwplan.c
tests_policy_test_fwplan_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_netplan_SOURCES = tests/policy/test_netplan.c
tests_policy_test_netplan_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_netrecord_SOURCES = tests/policy/test_netrecord.c
tests_policy_test_netrecord_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
EXTRA_DIST += tests/golden/netplan tests/golden/firewall
tests_policy_test_isolate_SOURCES = tests/policy/test_isolate.c
tests_policy_test_isolate_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_policy_SOURCES = tests/policy/test_policy.c
tests_policy_test_policy_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_rule_SOURCES = tests/policy/test_rule.c
tests_policy_test_rule_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_rules_SOURCES = tests/policy/test_rules.c
tests_policy_test_rules_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)

# The kernel's part of a TUN, run as root in namespaces by tests/platform/tun.
noinst_PROGRAMS += tests/platform/netctl
tests_platform_netctl_SOURCES = tests/platform/netctl.c
tests_platform_netctl_LDADD = $(POLICY_LIBS)
tests_platform_netctl_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=nl_send_auto \
	-Wl,--wrap=sysctl_write -Wl,--wrap=sysctl_exists
EXTRA_DIST += tests/platform/firewall tests/platform/fwraw.py
EXTRA_DIST += tests/platform/tun tests/platform/tun-checks \
	tests/platform/tun-daemon

# The kernel's rules kept in force, run as root by tests/platform/fwstate.
noinst_PROGRAMS += tests/platform/fwctl
tests_platform_fwctl_SOURCES = tests/platform/fwctl.c
tests_platform_fwctl_LDADD = $(POLICY_LIBS)
tests_platform_fwctl_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=nftrun_path \
	-Wl,--wrap=nftsock_batch
EXTRA_DIST += tests/platform/fwstate tests/platform/fwstate-checks \
	tests/platform/fwstate-queues tests/platform/fwstate-tc \
	tests/platform/fwstate-tcx tests/platform/fwbpf.py \
	tests/platform/fwxdp.py tests/platform/flowtable tests/platform/vm \
	tests/platform/boot tests/platform/bootlab.sh tests/platform/package \
	tests/platform/fwclose tests/platform/fwdaemon \
	tests/platform/fwlab.sh \
	tests/platform/neighbours tests/platform/neighbours-root \
	tests/platform/neighbours-lab tests/platform/neighbours-firewalls \
	tests/platform/neighbours-managers tests/platform/neighbours-dhcp \
	tests/platform/neighbours-routers
check_PROGRAMS += tests/policy/test_fwsysctl tests/policy/test_nftlist \
	tests/policy/test_nftrun
tests_policy_test_fwsysctl_SOURCES = tests/policy/test_fwsysctl.c
tests_policy_test_fwsysctl_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_nftlist_SOURCES = tests/policy/test_nftlist.c
tests_policy_test_nftlist_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_nftrun_SOURCES = tests/policy/test_nftrun.c
tests_policy_test_nftrun_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
