/* tests/sim/simrelay.h - a network of fake relays behind one link
 *
 * All relays of a simnet live in one object: CREATE2 or CREATE_FAST makes a
 * circuit at the relay that the cell came to, EXTEND2 makes it longer by
 * whichever relay it names, and the last hop is an exit that plays by script.
 * Written from the same specifications as the client, not from its code.
 *
 * Cells come in by simnet_cell() and go out through the struct simpipe that
 * was given there; simnet_attach() lays it on a simlink.
 *
 * What BEGIN's port makes the exit do:
 *
 *	SIM_ECHO	sends back what it gets
 *	SIM_SINK	counts it
 *	SIM_SOURCE	sends ->source bytes of sim_byte(), then END DONE
 *	SIM_MUTE	CONNECTED, and nothing more
 *	SIM_DEAD	no answer at all
 *	SIM_HTTP	sends ->source bytes, then END, once it got a byte
 *	SIM_REFUSE + r	END with reason r
 *	SIM_CLOSE + r	CONNECTED, and END with reason r
 *
 * Circuits that the client links by one nonce (conflux, proposal 329) are legs
 * of a simset, to which their streams belong.  What it says over them is put
 * in order before scripts see it; what they say goes over the legs by
 * knobs.switch_every and knobs.pass_by, or where ->cur is set to.  A leg's
 * cells can be held back, so that the other's come first.
 *
 * A last hop answers ESTABLISH_RENDEZVOUS and INTRODUCE1 as a rendezvous and
 * an introduction point would, and keeps what they said; simcirc_join() puts a
 * service behind it, which is the last hop then, with the same scripts.
 *
 * The second hop pads, where it is asked to, as C tor's relays do.
 *
 * A relay whose ->cgo is set, as all are at first, agrees to Counter Galois
 * Onion where it is asked; messages from and to such a hop are in format V1
 * (proposal 359), all others in V0.
 *
 * A client that breaks the rules (windows, tags, ids, RELAY_EARLY, numbers) is
 * counted in ->broken, with what it did last in ->broke.  Nothing here defends
 * itself.
 */
#ifndef TESTS_SIM_SIMRELAY_H
#define TESTS_SIM_SIMRELAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "tests/sim/simhand.h"

struct hopinfo;
struct loop;
struct simcirc;
struct simlink;
struct simlink_relay;
struct simnet;
struct simset;

enum { SIM_RELAYS_MAX = 16, SIM_HOPS_MAX = 8, SIM_LEGS = 2, SIM_LINK_LEN = 50,
	SIM_SLOTS = 512 };

enum {
	SIM_ECHO = 7, SIM_SINK = 9, SIM_SOURCE = 19, SIM_HTTP = 80,
	SIM_MUTE = 81, SIM_DEAD = 82, SIM_REFUSE = 1000, SIM_CLOSE = 2000
};

struct simpipe {		/* the way back to the client */
	void	(*send)(void *arg, uint32_t circ_id, uint8_t cmd,
		    const uint8_t body[509]);
	void	*arg;
};

struct simstream {
	struct simstream *next;
	uint16_t	 id;
	uint16_t	 port;
	uint32_t	 flags;
	char		 host[256];
	uint8_t		 is_dir;
	uint8_t		 connected;
	uint8_t		 ended;		/* we sent END */
	uint8_t		 stopped;	/* XOFF came */
	uint64_t	 got;		/* bytes */
	uint64_t	 bad;		/* of them were not sim_byte() */
	uint64_t	 sent;
	uint64_t	 left;		/* to send */
	uint8_t		*echo;		/* SIM_ECHO; BEGIN_DIR: all it got */
	size_t		 echo_len, echo_cap;
	int		 window, rwindow;	/* without cc */
	unsigned	 cells, full;	/* DATA cells in, and those of them
					 * that had room for nothing more */
	unsigned	 xons, xoffs, sendmes;
	uint32_t	 kbps;
};

/* Thousands of streams are found without a walk through all of them. */
struct simfind {
	uint8_t		 used[65536 / 8];	/* ids that ever were */
	struct simstream *slot[SIM_SLOTS];	/* by id; the last of each */
	int		 talks;			/* one of them has something */
};

struct simcirc {
	struct simcirc	*next;
	struct simnet	*net;
	struct simpipe	*pipe;
	uint32_t	 id;
	size_t		 n;		/* hops */
	unsigned	 relay[SIM_HOPS_MAX];
	struct simhand_hop *hop[SIM_HOPS_MAX + 1];	/* and a service */
	struct simstream *streams;
	struct simfind	 find;
	unsigned	 early;		/* RELAY_EARLY cells in */
	unsigned	 extends;
	int		 cc;
	unsigned	 inc;
	int		 window;	/* without cc: cells we may send */
	unsigned	 cwnd, inflight;
	unsigned	 data_in;	/* DATA cells, modulo inc */
	unsigned	 data_out;
	uint8_t		 tag_in[20];	/* of the last DATA that is due a
					 * SENDME, and of the one before it */
	uint8_t		 tag_before[20];
	unsigned	 sendmes_in, sendmes_out;
	uint8_t		(*tags)[20];	/* what SENDMEs have to quote; V1: 16
					 * of each */
	size_t		 ntags, cap, head;
	int		 destroyed;
	uint8_t		 last_cmd;	/* of the last message in */
	uint16_t	 last_stream;
	unsigned	 ends, resolves;
	struct simlate	*late;
	int64_t		 sendme_late_ms;	/* instead of the knob's */
	uint8_t		 carried;	/* something of a stream's */
	/* Onion services. */
	unsigned	 establishes, introduces;	/* messages in */
	uint8_t		 cookie[20];	/* of ESTABLISH_RENDEZVOUS */
	uint8_t		 introduce[498];	/* INTRODUCE1 */
	size_t		 introduce_len;
	uint8_t		 joined;	/* with a service */
	unsigned	 pad_asked, pad_drops;	/* of hop 2; in */
	uint8_t		 pad_machine;
	/* Conflux. */
	struct simset	*set;		/* LINK came; or NULL */
	size_t		 leg;		/* of it */
	uint8_t		 nonce[32], ux;	/* that LINK said */
	uint8_t		 said_linked, acked;
	uint64_t	 count_in, count_out;	/* with SWITCH's jumps */
	uint8_t		 switched_in;	/* and nothing numbered since */
	unsigned	 switches_in, switches_out;
	uint8_t		 holds;		/* what we send waits in ->back */
	struct simcell	*back, **back_end;
};

struct simset {			/* of circuits that are linked */
	struct simset	*next;
	struct simnet	*net;
	uint8_t		 nonce[32];
	struct simcirc	*leg[SIM_LEGS];	/* NULL: not yet, or no more */
	size_t		 nlegs;		/* ever */
	struct simstream *streams;
	struct simfind	 find;
	size_t		 cur;		/* the leg that we send over */
	unsigned	 run;		/* messages since we took it */
	uint64_t	 delivered;	/* number of the last in order */
	struct simheld	*held;		/* came before their turn */
	size_t		 nheld, most_held;
	int		 over;		/* a leg went: nothing more is sent */
};

struct simknobs {		/* all zero: honest and quick */
	size_t	 destroy_at;	/* DESTROY instead of making hop n (from 1) */
	size_t	 truncate_at;	/* TRUNCATED instead of hop n (from 2) */
	size_t	 mute_at;	/* no answer for hop n */
	size_t	 flip_reply;	/* a bit of the handshake of hop n */
	size_t	 short_reply;	/* HLEN of hop n's reply is too long */
	size_t	 twice_at;	/* the reply of hop n comes twice */
	uint8_t	 reason;	/* for DESTROY, TRUNCATED */
	uint8_t	 no_connected_addr;
	uint8_t	 no_sendmes;	/* no SENDMEs for what comes in */
	uint8_t	 bad_sendmes;	/* they quote something else */
	int64_t	 sendme_late_ms;
	unsigned cwnd;		/* the exit's, fixed; 0: as in simcirc */
	uint8_t	 no_linked;	/* no answer to LINK */
	uint8_t	 ux;		/* in LINKED; 0: 1, the least delay */
	uint8_t	 no_established;	/* nor INTRODUCE_ACK */
	uint16_t ack_status;	/* in INTRODUCE_ACK */
	uint8_t	 pad_refused;	/* by hop 2 */
	uint8_t	 pad_mute;	/* no answer to PADDING_NEGOTIATE */
	unsigned switch_every;	/* numbered messages; 0: no change of leg */
	uint8_t	 pass_by;	/* a leg whose window is full */
};

struct simnet {
	struct loop	*loop;
	size_t		 nrelays;
	struct simhand_relay relay[SIM_RELAYS_MAX];
	struct addr	 addr[SIM_RELAYS_MAX];
	struct simknobs	 knobs;
	uint64_t	 source;	/* bytes that SIM_SOURCE sends */
	const uint8_t	*dir_answer;	/* what BEGIN_DIR's streams say; */
	size_t		 dir_len;	/* NULL: as SIM_HTTP */
	struct addr	 exit_addr;	/* told in CONNECTED */
	uint8_t		 resolved[498];	/* body of RESOLVED */
	size_t		 resolved_len;	/* 0: no answer */
	struct simcirc	*circs;
	struct simset	*sets;
	unsigned	 broken;
	char		 broke[128];
	unsigned	 circuits;	/* ever */
	struct simlay	*lays;		/* on simlinks */
};

struct simnet *simnet_new(struct loop *, size_t nrelays);
void	 simnet_free(struct simnet *);
void	 simnet_hopinfo(const struct simnet *, size_t i, struct hopinfo *);
/* A cell from the client, at the relay @at; the body may be changed. */
void	 simnet_cell(struct simnet *, size_t at, struct simpipe *,
	    uint32_t circ_id, uint8_t cmd, uint8_t *body);
/* The link to the client went: so did its circuits. */
void	 simnet_closed(struct simnet *, struct simpipe *);
/* Make relay @i one of @sl's, and have its cells come here. */
struct simlink_relay *simnet_attach(struct simnet *, size_t i,
	    struct simlink *);
/* The latest circuit, or NULL. */
struct simcirc *simnet_circ(const struct simnet *);

/* Say anything, from any hop, honest or not.  @len may lie: only as many bytes
 * as fit are written, and the length field says @len. */
void	 simcirc_say(struct simcirc *, size_t hop, uint8_t cmd,
	    uint16_t stream, const void *data, size_t len);
/* The same, with bit @bit of the cell's 509 bytes wrong when it arrives. */
void	 simcirc_say_flipped(struct simcirc *, size_t hop, uint8_t cmd,
	    uint16_t stream, const void *data, size_t len, unsigned bit);
/* A DATA cell that counts: for windows, and for SENDMEs that we expect. */
void	 simcirc_data(struct simcirc *, uint16_t stream, const void *, size_t);
void	 simcirc_cell(struct simcirc *, uint8_t cmd, const void *body,
	    size_t len);
/* Is that hop of CGO?  How much a DATA cell to or from the last one holds. */
int	 simcirc_is_v1(const struct simcirc *, size_t hop);
size_t	 simcirc_data_max(const struct simcirc *);
struct simstream *simcirc_stream(struct simcirc *, uint16_t id);
/* All of them, the latest first: the circuit's, or its set's. */
struct simstream *simcirc_streams(const struct simcirc *);

/* An onion service is behind the last relay from now on. */
void	 simcirc_join(struct simcirc *, const uint8_t df[32],
	    const uint8_t db[32], const uint8_t kf[32], const uint8_t kb[32],
	    int cc, unsigned inc);

/* Conflux.  The body of LINK and LINKED. */
void	 sim_put_link(uint8_t out[SIM_LINK_LEN], const uint8_t nonce[32],
	    uint64_t sent, uint64_t received, uint8_t ux);
/* The set's next message, over this leg: numbered, behind a SWITCH if it needs
 * one.  (simcirc_say() and simcirc_data() count no numbers.) */
void	 simcirc_say_next(struct simcirc *, uint8_t cmd, uint16_t stream,
	    const void *data, size_t len);
/* Cells to the client wait; so many of them go; all go, and none waits. */
void	 simcirc_hold(struct simcirc *);
void	 simcirc_let_go(struct simcirc *, size_t cells);
void	 simcirc_release(struct simcirc *);
/* Send what scripts have left to send, as windows allow. */
void	 simcirc_pump(struct simcirc *);

static inline uint8_t
sim_byte(uint64_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 3 + (at >> 16));
}

#endif
