/* tests/sim/simlink.h - links to fake relays, in one process and by hand
 *
 * A simlink is a small internet: a link_dialer that leads, by address, to fake
 * relays, which do the channel handshake from the relay's side with keys and
 * certificates of their own (the TLS certificate's hash is 32 made-up bytes).
 * Bytes take @latency_ms in either direction, on the clock of the struct loop:
 *
 *	sl = simlink_new(&loop);
 *	r = simlink_relay_new(sl, NULL);
 *	simlink_relay_hopinfo(r, &hop);
 *	conf.dialer = simlink_dialer(sl);
 *	... chanset_get(set, &hop, &chan) ...
 *	loop_advance(&loop, 1000);	the channel is open now
 *
 * What an honest relay would not do stands in struct simlink_knobs.  Whatever
 * the client sends after VERSIONS and NETINFO is given to the relay's user.
 * Nothing here defends itself: where a client breaks the framing or the order
 * of the handshake, simlink_broken() counts it and the link goes down.
 */
#ifndef TESTS_SIM_SIMLINK_H
#define TESTS_SIM_SIMLINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct hopinfo;
struct link_dialer;
struct loop;
struct simlink;
struct simlink_conn;
struct simlink_relay;

enum { SIMLINK_QUEUE = 65536 };	/* the client's output queue takes so much */

struct simlink_user {		/* who plays the relay; any may be NULL */
	/* The handshake is done: the client's NETINFO came. */
	void	(*open)(void *arg, struct simlink_conn *);
	/* A cell from the client, NETINFO and VERSIONS included. @body may be
	 * changed in place and dies with the call. */
	void	(*cell)(void *arg, struct simlink_conn *, uint32_t circ_id,
		    uint8_t cmd, uint8_t *body, size_t len);
	/* The client killed the link, or simlink_close(); conn goes. */
	void	(*closed)(void *arg, struct simlink_conn *);
};

struct simlink_knobs {		/* all zero: an honest relay */
	/* the way there */
	int		refuse;		/* dial() gives this (negative errno) */
	int		down_at_dial;	/* down(this) instead of connected() */
	uint8_t		no_answer;	/* TCP never comes up */
	uint8_t		no_tls;		/* connected(), and then silence */
	uint8_t		tls_fails;	/* down() instead of up() */
	/* VERSIONS */
	uint8_t		silent;		/* TLS is up and nothing is sent */
	uint8_t		versions_odd;	/* a body of odd length */
	uint8_t		versions_none;	/* the cell is left out */
	uint8_t		versions_twice;
	uint8_t		versions_wide;	/* with a circuit id of 4 bytes */
	uint16_t	versions[8];	/* instead of 3 4 5; ends with 0 */
	/* CERTS */
	uint8_t		certs_none;
	uint8_t		certs_cell_twice;
	uint8_t		certs_circ_id;	/* circuit id not 0 */
	uint8_t		certs_drop;	/* leave out this type */
	uint8_t		certs_double;	/* show this type twice */
	uint8_t		certs_flip;	/* a bit of this one is wrong */
	uint8_t		certs_short;	/* the cell ends within the last one */
	uint8_t		impostor;	/* good certificates of other keys */
	uint8_t		wrong_ed;	/* hopinfo() promises another Ed25519
					 * identity than is shown later */
	uint8_t		wrong_tls;	/* up() tells another hash */
	uint8_t		expired;	/* the Ed25519 certificates */
	/* AUTH_CHALLENGE and NETINFO */
	uint8_t		challenge_first;	/* before CERTS */
	uint8_t		challenge_none;
	uint8_t		challenge_twice;
	uint8_t		netinfo_none;
	uint8_t		netinfo_first;	/* before CERTS */
	uint8_t		netinfo_bad_other;	/* length 3 for IPv4 */
	uint8_t		netinfo_bad_mine;	/* one odd address; is legal */
	int64_t		netinfo_skew;	/* s its clock is ahead of ours */
	int64_t		netinfo_late_ms;/* sent so much later */
	/* any time in the handshake */
	uint8_t		vpadding;	/* VPADDING before every cell */
	uint8_t		unknown_var;	/* a var cell 200 before every cell */
	uint8_t		padding;	/* fixed PADDING after VERSIONS */
	size_t		giant_var;	/* var cell that claims this length,
					 * and comes before VERSIONS */
	size_t		chop;		/* bytes come in pieces of this size */
	size_t		close_after;	/* it is gone when so many have come */
	int		close_err;	/* and down() is given this */
	/* later */
	unsigned	drop_every;	/* of its cells for circuits, each so
					 * many-th is lost */
};

struct simlink_relay {
	struct addr		 addr;
	uint8_t			 rsa_id[20];
	uint8_t			 ed_id[32];
	char			 nickname[20];
	struct simlink_knobs	 knobs;
	const struct simlink_user *user;
	void			*arg;
	unsigned		 dials;		/* so many were tried */
	unsigned		 conns;		/* are there now */
	unsigned		 opened;	/* handshakes done, ever */
	struct simlink		*net;
	/* private to simlink.c */
	struct simlink_relay	*next;
	struct mint		*mint, *other_mint;
};

struct simlink_conn {
	struct simlink_relay	*relay;
	void			*data;		/* the user's own */
	uint16_t		 version;	/* link protocol agreed, or 0 */
	uint8_t			 open;
	uint8_t			 versions_in, netinfo_in;
	uint64_t		 cells_in;	/* from the client */
	uint64_t		 bytes_in, bytes_out;
};

struct simlink *simlink_new(struct loop *);
void	 simlink_free(struct simlink *);	/* relays and conns too */
const struct link_dialer *simlink_dialer(struct simlink *);
void	 simlink_latency(struct simlink *, int64_t ms);	/* 5 from the start */
unsigned simlink_broken(const struct simlink *);
			/* how often a client broke the framing */

/* A relay with keys of its own; @addr NULL: 10.1.x.y:9001, one of its own. */
struct simlink_relay *simlink_relay_new(struct simlink *, const struct addr *);
void	 simlink_relay_user(struct simlink_relay *, const struct simlink_user *,
	    void *arg);
/* Identity, address and nickname; ntor and caps are left to the caller. */
void	 simlink_relay_hopinfo(const struct simlink_relay *, struct hopinfo *);
/* All conns are lost and nobody answers at its address, until the test sets
 * knobs.down_at_dial back to 0. */
void	 simlink_relay_gone(struct simlink_relay *);
struct simlink_conn *simlink_relay_conn(struct simlink_relay *);
			/* the latest that is up, or NULL */

/* Relay to client. @body NULL or short: the rest of the cell is zeros. */
void	 sim_send_cell(struct simlink_conn *, uint32_t circ_id, uint8_t cmd,
	    const void *body, size_t len);
void	 sim_send_var(struct simlink_conn *, uint32_t circ_id, uint8_t cmd,
	    const void *body, size_t len);
void	 sim_send_raw(struct simlink_conn *, const void *, size_t);
/* How many bytes are under way to the client. */
size_t	 sim_pending(const struct simlink_conn *);
/* The link goes down at once: @err as given to down(). */
void	 sim_close(struct simlink_conn *, int err);
/* Nothing more is taken off the client's queue, until @on is 0. */
void	 sim_stall(struct simlink_conn *, int on);

#endif
