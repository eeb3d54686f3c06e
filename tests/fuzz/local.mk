# Each target is one program: with libFuzzer under --enable-fuzzers, else with
# replay.c, which feeds it its corpus once, as a part of `make check`.
FUZZ_TARGETS = \
	tests/fuzz/fz_authcert \
	tests/fuzz/fz_bridgedesc \
	tests/fuzz/fz_certs \
	tests/fuzz/fz_chan_cells \
	tests/fuzz/fz_config \
	tests/fuzz/fz_conflux \
	tests/fuzz/fz_consdiff \
	tests/fuzz/fz_consensus \
	tests/fuzz/fz_decompress \
	tests/fuzz/fz_dns_flow \
	tests/fuzz/fz_dns_query \
	tests/fuzz/fz_dns_tcp \
	tests/fuzz/fz_dns_upstream \
	tests/fuzz/fz_dns_validate \
	tests/fuzz/fz_dotexit \
	tests/fuzz/fz_edcert \
	tests/fuzz/fz_equix \
	tests/fuzz/fz_extended \
	tests/fuzz/fz_firewall \
	tests/fuzz/fz_flowrule \
	tests/fuzz/fz_geoip \
	tests/fuzz/fz_guard_state \
	tests/fuzz/fz_hello \
	tests/fuzz/fz_hsauth \
	tests/fuzz/fz_hsdesc \
	tests/fuzz/fz_hsclient \
	tests/fuzz/fz_http_resp \
	tests/fuzz/fz_httpconnect \
	tests/fuzz/fz_intro_ack \
	tests/fuzz/fz_ip \
	tests/fuzz/fz_mapaddress \
	tests/fuzz/fz_microdesc \
	tests/fuzz/fz_netrecord \
	tests/fuzz/fz_nftlist \
	tests/fuzz/fz_ntor \
	tests/fuzz/fz_ntor3_reply \
	tests/fuzz/fz_onionaddr \
	tests/fuzz/fz_portlist \
	tests/fuzz/fz_protover \
	tests/fuzz/fz_relay_msg \
	tests/fuzz/fz_relay_stream \
	tests/fuzz/fz_relayset \
	tests/fuzz/fz_resolved \
	tests/fuzz/fz_stack \
	tests/fuzz/fz_ipc_firewall \
	tests/fuzz/fz_ipc_parent \
	tests/fuzz/fz_run_msg \
	tests/fuzz/fz_socks \
	tests/fuzz/fz_state_file \
	tests/fuzz/fz_store_cache \
	tests/fuzz/fz_tcp_seg \
	tests/fuzz/fz_tcp_snd \
	tests/fuzz/fz_tls_peer_bytes

if FUZZERS
noinst_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_MAIN =
NOMEM_TEST =
FUZZ_FLAGS = -fsanitize=fuzzer
else
check_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_MAIN = tests/fuzz/replay.c tests/fuzz/nomem.c tests/fuzz/nomem.h
FUZZ_FLAGS =
dist_check_SCRIPTS += tests/fuzz/check-nomem
NOMEM_TEST = tests/fuzz/check-nomem
endif

tests_fuzz_fz_authcert_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_authcert.c
tests_fuzz_fz_authcert_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_authcert_LDADD = $(ONION_LIBS)

tests_fuzz_fz_bridgedesc_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_bridgedesc.c
tests_fuzz_fz_bridgedesc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_bridgedesc_LDADD = $(ONION_LIBS)

tests_fuzz_fz_certs_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_certs.c
tests_fuzz_fz_certs_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_certs_LDADD = $(ONION_LIBS)

tests_fuzz_fz_chan_cells_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_chan_cells.c \
	tests/onion/crypto/mint.c \
	tests/onion/crypto/mint.h \
	tests/sim/simlink.c \
	tests/sim/simlink.h
tests_fuzz_fz_chan_cells_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_chan_cells_LDADD = $(ONION_LIBS)

tests_fuzz_fz_config_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_config.c
tests_fuzz_fz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_config_LDADD = $(DAEMON_LIBS)

tests_fuzz_fz_conflux_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_conflux.c \
	tests/onion/circ/fakechan.c \
	tests/onion/circ/fakechan.h \
	tests/onion/crypto/cgorelay.c \
	tests/onion/crypto/cgorelay.h \
	tests/onion/crypto/mint.c \
	tests/onion/crypto/mint.h \
	tests/sim/simhand.c \
	tests/sim/simhand.h \
	tests/sim/simlink.c \
	tests/sim/simlink.h \
	tests/sim/simrelay.c \
	tests/sim/simrelay.h
tests_fuzz_fz_conflux_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_conflux_LDADD = $(ONION_LIBS)

tests_fuzz_fz_consdiff_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_consdiff.c
tests_fuzz_fz_consdiff_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_consdiff_LDADD = $(ONION_LIBS)

tests_fuzz_fz_consensus_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_consensus.c
tests_fuzz_fz_consensus_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_consensus_LDADD = $(ONION_LIBS)

tests_fuzz_fz_decompress_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_decompress.c
tests_fuzz_fz_decompress_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_decompress_LDADD = $(ONION_LIBS)

tests_fuzz_fz_dns_flow_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_dns_flow.c
tests_fuzz_fz_dns_flow_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_dns_flow_LDADD = $(DAEMON_LIBS)

tests_fuzz_fz_dns_query_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_dns_query.c
tests_fuzz_fz_dns_query_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_dns_query_LDADD = $(DNSPORT_LIBS)

tests_fuzz_fz_dns_tcp_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_dns_tcp.c
tests_fuzz_fz_dns_tcp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_dns_tcp_LDADD = $(DNSPORT_LIBS)

tests_fuzz_fz_dns_upstream_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_dns_upstream.c
tests_fuzz_fz_dns_upstream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_dns_upstream_LDADD = $(DNSPORT_LIBS)

tests_fuzz_fz_dns_validate_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_dns_validate.c
tests_fuzz_fz_dns_validate_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_dns_validate_LDADD = $(DNSPORT_LIBS)
tests_fuzz_fz_dotexit_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_dotexit.c
tests_fuzz_fz_dotexit_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_dotexit_LDADD = $(DAEMON_LIBS)

tests_fuzz_fz_edcert_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_edcert.c
tests_fuzz_fz_edcert_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_edcert_LDADD = $(ONION_LIBS)

tests_fuzz_fz_equix_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_equix.c
tests_fuzz_fz_equix_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_equix_LDADD = $(ONION_LIBS)

tests_fuzz_fz_extended_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_extended.c
tests_fuzz_fz_extended_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_extended_LDADD = $(ONION_LIBS)

tests_fuzz_fz_firewall_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_firewall.c
tests_fuzz_fz_firewall_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_firewall_LDADD = $(POLICY_LIBS)

tests_fuzz_fz_flowrule_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_flowrule.c
tests_fuzz_fz_flowrule_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_flowrule_LDADD = $(POLICY_LIBS)

tests_fuzz_fz_geoip_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_geoip.c
tests_fuzz_fz_geoip_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_geoip_LDADD = $(ONION_LIBS)

tests_fuzz_fz_guard_state_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_guard_state.c
tests_fuzz_fz_guard_state_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_guard_state_LDADD = $(ONION_LIBS)

tests_fuzz_fz_hello_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_hello.c
tests_fuzz_fz_hello_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_hello_LDADD = $(ONION_LIBS)

tests_fuzz_fz_hsauth_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_hsauth.c
tests_fuzz_fz_hsauth_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_hsauth_LDADD = $(ONION_LIBS)

tests_fuzz_fz_hsdesc_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_hsdesc.c \
	tests/onion/hs/descmint.c \
	tests/onion/hs/descmint.h \
	tests/vectors/hs.h
tests_fuzz_fz_hsdesc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_hsdesc_LDADD = $(ONION_LIBS)

tests_fuzz_fz_hsclient_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_hsclient.c \
	$(HS_RIG)
tests_fuzz_fz_hsclient_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_hsclient_LDADD = $(ONION_LIBS)

tests_fuzz_fz_http_resp_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_http_resp.c
tests_fuzz_fz_http_resp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_http_resp_LDADD = $(ONION_LIBS)

tests_fuzz_fz_intro_ack_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_intro_ack.c
tests_fuzz_fz_intro_ack_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_intro_ack_LDADD = $(ONION_LIBS)

tests_fuzz_fz_ip_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_ip.c
tests_fuzz_fz_ip_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_ip_LDADD = $(TUN_LIBS)

tests_fuzz_fz_mapaddress_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_mapaddress.c
tests_fuzz_fz_mapaddress_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_mapaddress_LDADD = $(DAEMON_LIBS)

tests_fuzz_fz_microdesc_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_microdesc.c
tests_fuzz_fz_microdesc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_microdesc_LDADD = $(ONION_LIBS)

tests_fuzz_fz_netrecord_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_netrecord.c
tests_fuzz_fz_netrecord_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_netrecord_LDADD = $(POLICY_LIBS)
tests_fuzz_fz_nftlist_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_nftlist.c
tests_fuzz_fz_nftlist_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_nftlist_LDADD = $(POLICY_LIBS)

tests_fuzz_fz_ntor_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_ntor.c \
	tests/onion/crypto/cgorelay.c \
	tests/onion/crypto/cgorelay.h \
	tests/sim/simhand.c \
	tests/sim/simhand.h
tests_fuzz_fz_ntor_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_ntor_LDADD = $(ONION_LIBS)

tests_fuzz_fz_ntor3_reply_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_ntor3_reply.c \
	tests/onion/crypto/cgorelay.c \
	tests/onion/crypto/cgorelay.h \
	tests/sim/simhand.c \
	tests/sim/simhand.h
tests_fuzz_fz_ntor3_reply_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_ntor3_reply_LDADD = $(ONION_LIBS)

tests_fuzz_fz_onionaddr_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_onionaddr.c
tests_fuzz_fz_onionaddr_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_onionaddr_LDADD = $(ONION_LIBS)

tests_fuzz_fz_portlist_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_portlist.c
tests_fuzz_fz_portlist_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_portlist_LDADD = $(ONION_LIBS)

tests_fuzz_fz_protover_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_protover.c
tests_fuzz_fz_protover_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_protover_LDADD = $(ONION_LIBS)

tests_fuzz_fz_relay_msg_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_relay_msg.c
tests_fuzz_fz_relay_msg_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_relay_msg_LDADD = $(ONION_LIBS)

tests_fuzz_fz_relay_stream_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_relay_stream.c \
	tests/onion/circ/fakechan.c \
	tests/onion/circ/fakechan.h \
	tests/onion/crypto/cgorelay.c \
	tests/onion/crypto/cgorelay.h \
	tests/onion/crypto/mint.c \
	tests/onion/crypto/mint.h \
	tests/sim/simhand.c \
	tests/sim/simhand.h \
	tests/sim/simlink.c \
	tests/sim/simlink.h \
	tests/sim/simrelay.c \
	tests/sim/simrelay.h
tests_fuzz_fz_relay_stream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_relay_stream_LDADD = $(ONION_LIBS)

tests_fuzz_fz_relayset_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_relayset.c
tests_fuzz_fz_relayset_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_relayset_LDADD = $(ONION_LIBS)

tests_fuzz_fz_resolved_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_resolved.c
tests_fuzz_fz_resolved_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_resolved_LDADD = $(ONION_LIBS)

tests_fuzz_fz_stack_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_stack.c \
	$(PEER)
tests_fuzz_fz_stack_LDFLAGS = $(WRAP_MEMORY) $(FUZZ_FLAGS)
tests_fuzz_fz_stack_LDADD = $(TUN_LIBS)
tests_fuzz_fz_ipc_firewall_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_ipc_firewall.c
tests_fuzz_fz_ipc_firewall_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_ipc_firewall_LDADD = $(DAEMON_LIBS)
tests_fuzz_fz_ipc_parent_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_ipc_parent.c
tests_fuzz_fz_ipc_parent_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_ipc_parent_LDADD = $(DAEMON_LIBS)
tests_fuzz_fz_run_msg_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_run_msg.c
tests_fuzz_fz_run_msg_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_run_msg_LDADD = $(DAEMON_LIBS)

tests_fuzz_fz_state_file_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_state_file.c
tests_fuzz_fz_state_file_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_state_file_LDADD = $(ONION_LIBS)

tests_fuzz_fz_store_cache_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_store_cache.c
tests_fuzz_fz_store_cache_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_store_cache_LDADD = $(ONION_LIBS)

tests_fuzz_fz_tcp_seg_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_tcp_seg.c
tests_fuzz_fz_tcp_seg_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_tcp_seg_LDADD = $(TUN_LIBS)
tests_fuzz_fz_tcp_snd_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_tcp_snd.c \
	tests/tun/sndcheck.h
tests_fuzz_fz_tcp_snd_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_tcp_snd_LDADD = $(TUN_LIBS)

tests_fuzz_fz_tls_peer_bytes_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_tls_peer_bytes.c
tests_fuzz_fz_tls_peer_bytes_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_tls_peer_bytes_LDADD = $(ONION_LIBS)

tests_fuzz_fz_httpconnect_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_httpconnect.c
tests_fuzz_fz_httpconnect_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_httpconnect_LDADD = $(DAEMON_LIBS)

tests_fuzz_fz_socks_SOURCES = $(FUZZ_MAIN) \
	tests/fuzz/fz_socks.c
tests_fuzz_fz_socks_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_FLAGS)
tests_fuzz_fz_socks_LDADD = $(DAEMON_LIBS)

EXTRA_DIST += tests/fuzz/corpus
