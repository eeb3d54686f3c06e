/* tun/tcp_in.h - a segment, or an ICMP error, arrives at a connection */
#ifndef TUN_TCP_IN_H
#define TUN_TCP_IN_H

#include "tun/drop.h"

struct icmp;
struct tcp;
struct tcp_seg;

enum drop	tcp_input(struct tcp *, const struct tcp_seg *);
enum drop	tcp_icmp(struct tcp *, const struct icmp *);

#endif
