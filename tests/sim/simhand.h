/* tests/sim/simhand.h - the relay's side of handshakes and of relay crypto
 *
 * For fake relays in tests: written from the same specifications as the
 * client's side, but not from its code, except for the primitives.  Nothing
 * here defends itself.
 */
#ifndef TESTS_SIM_SIMHAND_H
#define TESTS_SIM_SIMHAND_H

#include <stddef.h>
#include <stdint.h>

struct handshake_keys;

/* What a relay has: fill id and ed freely, or let simhand_relay_new(). */
struct simhand_relay {
	uint8_t	rsa_id[20];
	uint8_t	ed_id[32];
	uint8_t	ntor_sec[32];
	uint8_t	ntor_pub[32];
	int	cc;		/* answers a request for congestion control */
	int	cgo;		/* grants one for CGO; else it refuses */
	uint8_t	sendme_inc;	/* ... with this; 31 from _new() */
};

/* A relay of random keys. */
void	simhand_relay_new(struct simhand_relay *);

/* Each gives the length of the reply and what both sides share (keys->cc_on,
 * sendme_inc and cgo_on as negotiated), or a negative errno where a relay would
 * send DESTROY: -EOPNOTSUPP if all that is wrong is a capability that it hasn't
 * got.  @kind is HTYPE: 1 fast (20 bytes in), 2 ntor, 3 ntor-v3. */
int	simhand_answer(const struct simhand_relay *, int kind,
	    const uint8_t *data, size_t len, uint8_t *reply, size_t max,
	    struct handshake_keys *keys);
/* ntor-v3 with a message of the test's own choosing, however wrong; the keys
 * are those of CGO if that was asked, whatever the relay grants. */
int	simhand_ntor3(const struct simhand_relay *, const uint8_t *data,
	    size_t len, const uint8_t *reply_msg, size_t reply_msg_len,
	    uint8_t *reply, size_t max, struct handshake_keys *keys);

/* Relay crypto of one hop, of CGO where the keys are.  fwd: takes a layer off;
 * 1 and the tag if the cell is for this hop, @cmd being the cell's.  originate:
 * a cell from this hop, backward.  pass_bwd: one layer onto a cell of a hop
 * behind it.  Cells that go backward are RELAY, always.  A tag of CGO has 16
 * bytes and 4 zeros. */
struct simhand_hop;
struct simhand_hop *simhand_hop_new(const struct handshake_keys *);
/* The other end of an onion service's hop: SHA3-256 and AES-256. */
struct simhand_hop *simhand_hop_new_service(const uint8_t df[32],
	    const uint8_t db[32], const uint8_t kf[32], const uint8_t kb[32]);
void	simhand_hop_free(struct simhand_hop *);
int	simhand_hop_is_cgo(const struct simhand_hop *);	/* so messages are V1 */
int	simhand_hop_fwd(struct simhand_hop *, uint8_t cmd, uint8_t body[509],
	    uint8_t tag[20]);
void	simhand_hop_originate(struct simhand_hop *, uint8_t body[509],
	    uint8_t tag[20]);
void	simhand_hop_pass_bwd(struct simhand_hop *, uint8_t body[509]);

/* N hops in a row, as a client with one link meets them.  hop 0 is the one
 * next to the client. */
/* Forward: which hop recognised it (0..n-1, tag written), or -1. */
int	simhand_fwd(struct simhand_hop *const *hops, size_t n, uint8_t cmd,
	    uint8_t body[509], uint8_t tag[20]);
/* Backward: from hop @from through all before it. */
void	simhand_bwd(struct simhand_hop *const *hops, size_t from,
	    uint8_t body[509], uint8_t tag[20]);

#endif
