/* tun/tcp_table.h - all connections of a stack, and segments of none
 *
 * Finds the connection of a segment by both ends, makes one for a SYN within
 * the limits, and ends those that have waited long enough or are in the way.
 */
#ifndef TUN_TCP_TABLE_H
#define TUN_TCP_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "tun/drop.h"

struct addr;
struct endpoint;
struct icmp;
struct ip;
struct loop;
struct memory;
struct pkt_out;
struct tcp_seg;
struct tcp_table;
struct tell;

enum {
	TCP_TIME_WAIT_MS = 10 * 1000,
	TCP_TIME_WAIT_MAX = 4096,	/* then the oldest goes */
	TCP_EVICT_MS = 300 * 1000	/* idle for as long: may have to go */
};

struct tcp_table_conf {
	struct loop	*loop;
	struct tell	*tell;		/* borrowed */
	uint16_t	 mtu;
	int		 offload;
	size_t		 conns_max, conns_client_max;
	size_t		 opening_max, opening_client_max;
	size_t		 bytes_max;
	struct memory	*memory;	/* borrowed; or NULL */
	void		(*emit)(void *arg, const struct pkt_out *);
	void		(*open)(void *arg, const struct addr *client,
			    const struct addr *dest, struct endpoint *take);
	void		*arg;
};

struct tcp_totals {
	size_t		conns, opening, waiting, bytes;	/* now */
	uint64_t	opened, refused, resets;
};

int	tcp_table_new(struct tcp_table **, const struct tcp_table_conf *);
/* Resets what is open.  What has died goes with the turn. */
void	tcp_table_close(struct tcp_table *);
void	tcp_table_free(struct tcp_table *);	/* closed, and a turn after */

/* Of a segment whose checksum is right. */
enum drop	tcp_table_input(struct tcp_table *, const struct ip *,
		    const struct tcp_seg *);
enum drop	tcp_table_icmp(struct tcp_table *, const struct icmp *);
void		tcp_table_totals(const struct tcp_table *, struct tcp_totals *);

#endif
