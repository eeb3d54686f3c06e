CIRC_TESTS_LDADD = $(ONION_LIBS) $(CHECK_LIBS)
SIMRELAY = tests/sim/simrelay.c tests/sim/simrelay.h \
	tests/sim/simhand.c tests/sim/simhand.h \
	tests/onion/crypto/cgorelay.c tests/onion/crypto/cgorelay.h \
	tests/sim/simlink.c tests/sim/simlink.h \
	tests/onion/crypto/mint.c tests/onion/crypto/mint.h
# A channel by hand; its chan_*() come before those of liblink.a.
FAKECHAN = tests/onion/circ/fakechan.c tests/onion/circ/fakechan.h
CIRC_RIG = tests/onion/circ/rig.c tests/onion/circ/rig.h \
	$(FAKECHAN) $(SIMRELAY)
CIRC_TWIN = tests/onion/circ/twin.c tests/onion/circ/twin.h $(CIRC_RIG)

check_PROGRAMS += \
	tests/onion/circ/test_relaymsg \
	tests/onion/circ/test_flow \
	tests/onion/circ/test_circ_fsm \
	tests/onion/circ/test_circ \
	tests/onion/circ/test_circ_service \
	tests/onion/circ/test_stream \
	tests/onion/circ/test_stream_hostile \
	tests/onion/circ/test_lookup \
	tests/onion/circ/test_circ_link \
	tests/onion/circ/test_conflux \
	tests/onion/circ/test_conflux_circ \
	tests/onion/circ/test_conflux_hostile \
	tests/onion/circ/test_cgo_circ
tests_onion_circ_test_relaymsg_SOURCES = tests/onion/circ/test_relaymsg.c
tests_onion_circ_test_relaymsg_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_flow_SOURCES = tests/onion/circ/test_flow.c
tests_onion_circ_test_flow_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_circ_fsm_SOURCES = tests/onion/circ/test_circ_fsm.c
tests_onion_circ_test_circ_fsm_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_circ_SOURCES = tests/onion/circ/test_circ.c $(CIRC_RIG)
tests_onion_circ_test_circ_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_circ_service_SOURCES = \
	tests/onion/circ/test_circ_service.c $(CIRC_RIG)
tests_onion_circ_test_circ_service_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_stream_SOURCES = \
	tests/onion/circ/test_stream.c $(CIRC_RIG)
tests_onion_circ_test_stream_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_stream_hostile_SOURCES = \
	tests/onion/circ/test_stream_hostile.c $(CIRC_RIG)
tests_onion_circ_test_stream_hostile_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_lookup_SOURCES = \
	tests/onion/circ/test_lookup.c $(CIRC_RIG)
tests_onion_circ_test_lookup_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_circ_link_SOURCES = \
	tests/onion/circ/test_circ_link.c $(SIMRELAY)
tests_onion_circ_test_circ_link_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_conflux_SOURCES = tests/onion/circ/test_conflux.c
tests_onion_circ_test_conflux_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_conflux_circ_SOURCES = \
	tests/onion/circ/test_conflux_circ.c $(CIRC_TWIN)
tests_onion_circ_test_conflux_circ_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_conflux_hostile_SOURCES = \
	tests/onion/circ/test_conflux_hostile.c $(CIRC_TWIN)
tests_onion_circ_test_conflux_hostile_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_cgo_circ_SOURCES = \
	tests/onion/circ/test_cgo_circ.c $(CIRC_TWIN)
tests_onion_circ_test_cgo_circ_LDADD = $(CIRC_TESTS_LDADD)

CIRC_POOLRIG = tests/onion/circ/poolrig.c tests/onion/circ/poolrig.h \
	tests/sim/simdir.c tests/sim/simdir.h $(SIMRELAY)
check_PROGRAMS += \
	tests/onion/circ/test_predict \
	tests/onion/circ/test_pool \
	tests/onion/circ/test_poolset \
	tests/onion/circ/test_poolhs \
	tests/onion/circ/test_poolshare \
	tests/onion/circ/test_attach \
	tests/onion/circ/test_exits \
	tests/onion/circ/test_attach_service
tests_onion_circ_test_predict_SOURCES = tests/onion/circ/test_predict.c
tests_onion_circ_test_predict_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_pool_SOURCES = tests/onion/circ/test_pool.c \
	$(CIRC_POOLRIG)
tests_onion_circ_test_pool_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_exits_SOURCES = tests/onion/circ/test_exits.c \
	$(CIRC_POOLRIG)
tests_onion_circ_test_exits_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_poolset_SOURCES = tests/onion/circ/test_poolset.c \
	$(CIRC_POOLRIG)
tests_onion_circ_test_poolset_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_poolhs_SOURCES = tests/onion/circ/test_poolhs.c \
	$(CIRC_POOLRIG)
tests_onion_circ_test_poolhs_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_poolshare_SOURCES = tests/onion/circ/test_poolshare.c \
	$(CIRC_POOLRIG)
tests_onion_circ_test_poolshare_LDADD = $(CIRC_TESTS_LDADD)
tests_onion_circ_test_attach_SOURCES = tests/onion/circ/test_attach.c \
	$(CIRC_POOLRIG)
tests_onion_circ_test_attach_LDADD = $(CIRC_TESTS_LDADD)

tests_onion_circ_test_attach_service_SOURCES = \
	tests/onion/circ/test_attach_service.c $(CIRC_POOLRIG)
tests_onion_circ_test_attach_service_LDADD = $(CIRC_TESTS_LDADD)

# Against real relays, by hand.
noinst_PROGRAMS += tests/onion/circ/probe_circ
tests_onion_circ_probe_circ_SOURCES = tests/onion/circ/probe_circ.c
tests_onion_circ_probe_circ_LDADD = $(DAEMON_LIBS)

EXTRA_DIST += \
	tests/fuzz/corpus/conflux/bursts \
	tests/fuzz/corpus/conflux/cgo_bursts \
	tests/fuzz/corpus/conflux/cgo_kill_in_data \
	tests/fuzz/corpus/conflux/cgo_linked_by_input \
	tests/fuzz/corpus/conflux/cgo_lookup \
	tests/fuzz/corpus/conflux/cgo_out_of_order \
	tests/fuzz/corpus/conflux/cgo_two_legs \
	tests/fuzz/corpus/conflux/cgo_upload_passes_by \
	tests/fuzz/corpus/conflux/cgo_xoff \
	tests/fuzz/corpus/conflux/die \
	tests/fuzz/corpus/conflux/early_raw \
	tests/fuzz/corpus/conflux/half \
	tests/fuzz/corpus/conflux/held_too_much \
	tests/fuzz/corpus/conflux/kill_in_data \
	tests/fuzz/corpus/conflux/kill_in_open \
	tests/fuzz/corpus/conflux/kill_second_in_data \
	tests/fuzz/corpus/conflux/linked_by_input \
	tests/fuzz/corpus/conflux/linked_wrong \
	tests/fuzz/corpus/conflux/lookup \
	tests/fuzz/corpus/conflux/lose \
	tests/fuzz/corpus/conflux/number_twice \
	tests/fuzz/corpus/conflux/out_of_order \
	tests/fuzz/corpus/conflux/outlives \
	tests/fuzz/corpus/conflux/room \
	tests/fuzz/corpus/conflux/switch_hole \
	tests/fuzz/corpus/conflux/switch_twice \
	tests/fuzz/corpus/conflux/two_legs \
	tests/fuzz/corpus/conflux/unjoined \
	tests/fuzz/corpus/conflux/unlinked \
	tests/fuzz/corpus/conflux/upload_latency \
	tests/fuzz/corpus/conflux/upload_passes_by \
	tests/fuzz/corpus/conflux/xoff \
	tests/fuzz/corpus/extended/empty \
	tests/fuzz/corpus/extended/host \
	tests/fuzz/corpus/extended/long \
	tests/fuzz/corpus/extended/long_host \
	tests/fuzz/corpus/extended/ntor \
	tests/fuzz/corpus/extended/space \
	tests/fuzz/corpus/extended/v6 \
	tests/fuzz/corpus/relay_msg/connected4 \
	tests/fuzz/corpus/relay_msg/connected6 \
	tests/fuzz/corpus/relay_msg/end_policy \
	tests/fuzz/corpus/relay_msg/full \
	tests/fuzz/corpus/relay_msg/padding \
	tests/fuzz/corpus/relay_msg/padding_refused \
	tests/fuzz/corpus/relay_msg/sendme1 \
	tests/fuzz/corpus/relay_msg/sendme_short \
	tests/fuzz/corpus/relay_msg/too_long \
	tests/fuzz/corpus/relay_msg/v1_connected \
	tests/fuzz/corpus/relay_msg/v1_sendme \
	tests/fuzz/corpus/relay_msg/v1_sendme_of_v0 \
	tests/fuzz/corpus/relay_msg/v1_too_long \
	tests/fuzz/corpus/relay_msg/v1_unknown \
	tests/fuzz/corpus/relay_msg/xon \
	tests/fuzz/corpus/relay_stream/cc_destroy \
	tests/fuzz/corpus/relay_stream/cc_echo \
	tests/fuzz/corpus/relay_stream/cc_fin \
	tests/fuzz/corpus/relay_stream/cc_kill \
	tests/fuzz/corpus/relay_stream/cc_resolve \
	tests/fuzz/corpus/relay_stream/cc_room \
	tests/fuzz/corpus/relay_stream/cc_say_end \
	tests/fuzz/corpus/relay_stream/cc_source \
	tests/fuzz/corpus/relay_stream/cc_suicide \
	tests/fuzz/corpus/relay_stream/cc_xoff \
	tests/fuzz/corpus/relay_stream/cgo_data_full \
	tests/fuzz/corpus/relay_stream/cgo_data_too_long \
	tests/fuzz/corpus/relay_stream/cgo_destroy \
	tests/fuzz/corpus/relay_stream/cgo_echo \
	tests/fuzz/corpus/relay_stream/cgo_fin \
	tests/fuzz/corpus/relay_stream/cgo_kill \
	tests/fuzz/corpus/relay_stream/cgo_resolve \
	tests/fuzz/corpus/relay_stream/cgo_resolved \
	tests/fuzz/corpus/relay_stream/cgo_room \
	tests/fuzz/corpus/relay_stream/cgo_say_end \
	tests/fuzz/corpus/relay_stream/cgo_sendme \
	tests/fuzz/corpus/relay_stream/cgo_sendme_of_v0 \
	tests/fuzz/corpus/relay_stream/cgo_source \
	tests/fuzz/corpus/relay_stream/cgo_suicide \
	tests/fuzz/corpus/relay_stream/cgo_unknown \
	tests/fuzz/corpus/relay_stream/cgo_xoff \
	tests/fuzz/corpus/relay_stream/cgo_xoff_stream_0 \
	tests/fuzz/corpus/relay_stream/fast_destroy \
	tests/fuzz/corpus/relay_stream/fast_echo \
	tests/fuzz/corpus/relay_stream/fast_fin \
	tests/fuzz/corpus/relay_stream/fast_kill \
	tests/fuzz/corpus/relay_stream/fast_resolve \
	tests/fuzz/corpus/relay_stream/fast_room \
	tests/fuzz/corpus/relay_stream/fast_say_end \
	tests/fuzz/corpus/relay_stream/fast_source \
	tests/fuzz/corpus/relay_stream/fast_suicide \
	tests/fuzz/corpus/relay_stream/fast_xoff \
	tests/fuzz/corpus/resolved/bad_name \
	tests/fuzz/corpus/resolved/cut \
	tests/fuzz/corpus/resolved/errors \
	tests/fuzz/corpus/resolved/many \
	tests/fuzz/corpus/resolved/name \
	tests/fuzz/corpus/resolved/v4 \
	tests/fuzz/corpus/resolved/v6
