noinst_LIBRARIES += tun/libtun.a
tun_libtun_a_SOURCES = \
	tun/csum.c tun/csum.h \
	tun/drop.c tun/drop.h \
	tun/icmp.c tun/icmp.h \
	tun/ip.c tun/ip.h \
	tun/memory.h \
	tun/nowait.c tun/nowait.h \
	tun/pkt.h \
	tun/proven.c tun/proven.h \
	tun/rate.c tun/rate.h \
	tun/ring.c tun/ring.h \
	tun/seq.h \
	tun/stack.c tun/stack.h \
	tun/tcp.c tun/tcp.h \
	tun/tcp_conn.h \
	tun/tcp_cwnd.c tun/tcp_cwnd.h \
	tun/tcp_fsm.c tun/tcp_fsm.h \
	tun/tcp_in.c tun/tcp_in.h \
	tun/tcp_life.c tun/tcp_life.h \
	tun/tcp_out.c tun/tcp_out.h \
	tun/tcp_rack.c tun/tcp_rack.h \
	tun/tcp_rcv.c tun/tcp_rcv.h \
	tun/tcp_rtt.c tun/tcp_rtt.h \
	tun/tcp_seg.c tun/tcp_seg.h \
	tun/tcp_snd.c tun/tcp_snd.h tun/tcp_snd_int.h \
	tun/tcp_snd_ack.c \
	tun/tcp_snd_out.c \
	tun/tcp_table.c tun/tcp_table.h \
	tun/tcp_tx.c tun/tcp_tx.h \
	tun/tell.c tun/tell.h \
	tun/tundev.h \
	tun/tundev_bsd.c \
	tun/tundev_linux.c \
	tun/udp.c tun/udp.h \
	tun/vnet.c tun/vnet.h
