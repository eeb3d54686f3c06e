/* onion/circ/circ_build.c - a circuit's handshakes, hop by hop (tor-spec 5)
 *
 * A handshake is started when its message goes out, so that there is never
 * more than one, and none that nobody has heard of: an answer that comes while
 * there is none breaks the protocol.
 */
#include <string.h>

#include "base/secret.h"
#include "onion/circ/circ_int.h"
#include "onion/circ/extendmsg.h"
#include "onion/link/chan.h"

static const struct circ_hop *
next_hop(const struct circ *c)
{
	return &c->hop[c->hops.n];
}

int
circ_build_wants_fast(const struct circ *c)
{
	return c->hops.n == 0 && c->hop[0].kind == HANDSHAKE_FAST;
}

/* The client's side of the handshake with the next hop: its length in @out. */
static int
start_handshake(struct circ *c, uint8_t out[HANDSHAKE_DATA_MAX])
{
	const struct circ_hop *hop = next_hop(c);
	struct handshake_ask ask = {
		.want_cc = hop->want_cc, .want_cgo = hop->want_cgo,
		.sendme_inc = (uint8_t)c->flow.sendme_inc
	};

	handshake_free(c->shake);
	c->shake = NULL;
	return handshake_start(&c->shake, hop->kind, hop->info.id.rsa,
	    hop->info.id.ed, hop->info.ntor, &ask, out, HANDSHAKE_DATA_MAX);
}

void
circ_build_create(struct circ *c)
{
	int fast = circ_build_wants_fast(c);
	uint8_t data[HANDSHAKE_DATA_MAX], *body;
	int len;

	if ((len = start_handshake(c, data)) < 0) {
		circ_log(c, LL_INFO, "no handshake: %s", strerror(-len));
		circ_die(c, CIRC_WHY_HANDSHAKE, 0);
		return;
	}
	body = chan_cell(c->chan, c->chan_id,
	    fast ? CELL_CREATE_FAST : CELL_CREATE2);
	if (body == NULL) {
		circ_die(c, CIRC_WHY_CHANNEL, 0);
		return;
	}
	if (fast)
		memcpy(body, data, (size_t)len);
	else
		(void)extendmsg_put_create2(body, (uint16_t)next_hop(c)->kind,
		    data, (size_t)len);
}

/* Goes to the last hop that stands, about the one behind it. */
void
circ_build_extend(struct circ *c)
{
	const struct circ_hop *hop = next_hop(c);
	uint8_t data[HANDSHAKE_DATA_MAX], msg[RELAY_DATA_MAX];
	uint8_t *body, tag[RELAY_TAG];
	size_t to = c->hops.n - 1u;
	int len;

	len = start_handshake(c, data);
	if (len >= 0)
		len = extendmsg_put_extend2(msg, &hop->info,
		    c->conf.extend_by_ed, (uint16_t)hop->kind, data,
		    (size_t)len);
	if (len < 0) {
		circ_log(c, LL_INFO, "can't extend: %s", strerror(-len));
		circ_die(c, CIRC_WHY_HANDSHAKE, 1);
		return;
	}
	body = hops_cell(&c->hops, to, RELAY_EXTEND2);
	c->owes_extend = body == NULL;
	if (body == NULL) {
		handshake_free(c->shake);	/* nobody has it: a new one */
		c->shake = NULL;
		return;
	}
	hops_send(&c->hops, to, body, RELAY_EXTEND2, 0, msg, (size_t)len, tag);
}

static int
add_hop(struct circ *c, const struct handshake_keys *keys)
{
	int rc;

	if ((rc = hops_add(&c->hops, keys)) < 0)
		return rc;
	return c->hops.n < c->nhops ? 0 :
	    circ_make_streams(c, keys->cc_on, keys->sendme_inc);
}

static void
finish_handshake(struct circ *c, const uint8_t *reply, size_t len)
{
	static struct log_limit limit = { .every_s = 60 };
	struct handshake_keys keys;
	int rc;

	rc = handshake_finish(c->shake, reply, len, &keys);
	handshake_free(c->shake);
	c->shake = NULL;
	if (rc < 0) {
		log_limited(&limit, LL_INFO, LD_CIRC, "circuit %u: hop %u did "
		    "not prove who it is: %s", c->id, c->hops.n + 1u,
		    strerror(-rc));
		circ_die(c, CIRC_WHY_HANDSHAKE, 1);
		return;
	}
	rc = add_hop(c, &keys);
	secret_wipe(&keys, sizeof(keys));
	if (rc < 0) {
		circ_die(c, CIRC_WHY_MEMORY, 1);
		return;
	}
	if (c->user && c->user->hop)
		c->user->hop(c->arg, c->hops.n);
	if (!c->why)
		circ_event(c, c->hops.n < c->nhops ? CIRC_E_MORE : CIRC_E_LAST,
		    NULL, NULL, NULL);
}

void
circ_build_reply(struct circ *c, const uint8_t *body, const struct relaymsg *m)
{
	const uint8_t *hdata;
	size_t len;
	int rc;

	if (c->shake == NULL) {		/* EXTEND2 isn't even out yet */
		circ_die_of_protocol(c, "an answer to no question");
		return;
	}
	if (m == NULL && circ_build_wants_fast(c)) {
		finish_handshake(c, body, HANDSHAKE_FAST_REPLY_LEN);
		return;
	}
	if (m)
		rc = extendmsg_get_reply(m->data, m->len, &hdata, &len);
	else
		rc = extendmsg_get_reply(body, RELAY_BODY, &hdata, &len);
	if (rc < 0)
		circ_die_of_protocol(c, "a reply that is cut short");
	else
		finish_handshake(c, hdata, len);
}
