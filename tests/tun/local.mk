check_PROGRAMS += \
	tests/tun/test_csum \
	tests/tun/test_icmp \
	tests/tun/test_ip \
	tests/tun/test_tcp_seg
RAW = tests/tun/raw.h tests/tun/rawsum.h
TUN_TESTS_LDADD = $(TUN_LIBS) $(CHECK_LIBS)
tests_tun_test_csum_SOURCES = tests/tun/test_csum.c
tests_tun_test_csum_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_icmp_SOURCES = tests/tun/test_icmp.c $(RAW)
tests_tun_test_icmp_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_ip_SOURCES = tests/tun/test_ip.c $(RAW)
tests_tun_test_ip_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_seg_SOURCES = tests/tun/test_tcp_seg.c $(RAW)
tests_tun_test_tcp_seg_LDADD = $(TUN_TESTS_LDADD)
check_PROGRAMS += tests/tun/test_ring
tests_tun_test_ring_SOURCES = tests/tun/test_ring.c
tests_tun_test_ring_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/tun/test_tcp_cwnd
tests_tun_test_tcp_cwnd_SOURCES = tests/tun/test_tcp_cwnd.c
tests_tun_test_tcp_cwnd_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/tun/test_tcp_rack
tests_tun_test_tcp_rack_SOURCES = tests/tun/test_tcp_rack.c
tests_tun_test_tcp_rack_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/tun/test_tcp_rtt
tests_tun_test_tcp_rtt_SOURCES = tests/tun/test_tcp_rtt.c
tests_tun_test_tcp_rtt_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/tun/test_tcp_tx
tests_tun_test_tcp_tx_SOURCES = tests/tun/test_tcp_tx.c
tests_tun_test_tcp_tx_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/tun/test_tcp_snd
tests_tun_test_tcp_snd_SOURCES = tests/tun/test_tcp_snd.c \
	tests/tun/sndcheck.h
tests_tun_test_tcp_snd_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_tun_test_tcp_snd_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/tun/test_tcp_snd_link
tests_tun_test_tcp_snd_link_SOURCES = tests/tun/test_tcp_snd_link.c \
	tests/tun/simtcp.c tests/tun/simtcp.h tests/tun/sndcheck.h
tests_tun_test_tcp_snd_link_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

NOMEM = tests/tun/nomem.c tests/tun/nomem.h
PEER = tests/tun/peer.c tests/tun/peer.h $(NOMEM)
WRAP_MEMORY = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=free
check_PROGRAMS += \
	tests/tun/test_proven \
	tests/tun/test_rate \
	tests/tun/test_stack \
	tests/tun/test_tcp \
	tests/tun/test_tcp_fsm \
	tests/tun/test_tcp_hard \
	tests/tun/test_tcp_link \
	tests/tun/test_tcp_rcv \
	tests/tun/test_tcp_table \
	tests/tun/test_udp
tests_tun_test_proven_SOURCES = tests/tun/test_proven.c
tests_tun_test_proven_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_rate_SOURCES = tests/tun/test_rate.c
tests_tun_test_rate_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_stack_SOURCES = tests/tun/test_stack.c $(RAW) $(PEER)
tests_tun_test_stack_LDFLAGS = $(WRAP_MEMORY)
tests_tun_test_stack_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_SOURCES = tests/tun/test_tcp.c $(PEER)
tests_tun_test_tcp_LDFLAGS = $(WRAP_MEMORY)
tests_tun_test_tcp_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_fsm_SOURCES = tests/tun/test_tcp_fsm.c
tests_tun_test_tcp_fsm_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_hard_SOURCES = tests/tun/test_tcp_hard.c $(PEER)
tests_tun_test_tcp_hard_LDFLAGS = $(WRAP_MEMORY)
tests_tun_test_tcp_hard_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_link_SOURCES = tests/tun/test_tcp_link.c $(PEER)
tests_tun_test_tcp_link_LDFLAGS = $(WRAP_MEMORY)
tests_tun_test_tcp_link_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_rcv_SOURCES = tests/tun/test_tcp_rcv.c $(NOMEM)
tests_tun_test_tcp_rcv_LDFLAGS = $(WRAP_MEMORY)
tests_tun_test_tcp_rcv_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_tcp_table_SOURCES = tests/tun/test_tcp_table.c $(PEER)
tests_tun_test_tcp_table_LDFLAGS = $(WRAP_MEMORY)
tests_tun_test_tcp_table_LDADD = $(TUN_TESTS_LDADD)
tests_tun_test_udp_SOURCES = tests/tun/test_udp.c $(RAW)
tests_tun_test_udp_LDADD = $(TUN_TESTS_LDADD)

check_PROGRAMS += tests/tun/test_vnet
tests_tun_test_vnet_SOURCES = tests/tun/test_vnet.c
tests_tun_test_vnet_LDADD = $(TUN_LIBS) $(CHECK_LIBS)

# For tests/platform/run and tests/tun/run, as root, on Linux.
if LINUX_TUN
check_PROGRAMS += tests/tun/test_nowait
tests_tun_test_nowait_SOURCES = tests/tun/test_nowait.c
tests_tun_test_nowait_LDADD = $(TUN_TESTS_LDADD)
noinst_PROGRAMS += tests/platform/tundev tests/tun/difftcp tests/tun/echo_tun \
	tests/tun/hostile
endif
tests_platform_tundev_SOURCES = tests/platform/tundev.c
tests_platform_tundev_LDADD = $(TUN_LIBS)
tests_tun_difftcp_SOURCES = tests/tun/difftcp.c
tests_tun_difftcp_LDADD = $(TUN_LIBS)
tests_tun_echo_tun_SOURCES = tests/tun/echo_tun.c
tests_tun_echo_tun_LDADD = $(DAEMON_LIBS)
tests_tun_hostile_SOURCES = tests/tun/hostile.c tests/tun/hostile.h \
	tests/tun/hostile_tcp.c tests/tun/hostile_seg.c \
	tests/tun/hostile_ip.c tests/tun/rawdev.c tests/tun/rawdev.h \
	tests/tun/rawclient.c tests/tun/rawclient.h tests/tun/rawsum.h
tests_tun_hostile_LDADD = $(TUN_LIBS)
EXTRA_DIST += tests/tun/run tests/tun/peer.py
