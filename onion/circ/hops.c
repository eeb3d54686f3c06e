/* onion/circ/hops.c - the hops of a circuit: cells to them and from them */
#include "onion/circ/hops.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "onion/crypto/hopcrypt.h"
#include "onion/link/chan.h"

void
hops_init(struct hops *h, struct chan *chan, uint32_t circ_id)
{
	memset(h, 0, sizeof(*h));
	h->chan = chan;
	h->circ_id = circ_id;
	h->early = (uint8_t)(HOPS_EARLY - rand_below(2));
}

void
hops_drop_last(struct hops *h)
{
	hopcrypt_free(h->crypt[--h->n]);
}

void
hops_fini(struct hops *h)
{
	while (h->n > 0)
		hops_drop_last(h);
}

int
hops_add(struct hops *h, const struct handshake_keys *keys)
{
	assert(h->n < HOPS_MAX);
	if ((h->crypt[h->n] = hopcrypt_new(keys)) == NULL)
		return -ENOMEM;
	h->n++;
	return 0;
}

int
hops_add_service(struct hops *h, const uint8_t df[32], const uint8_t db[32],
    const uint8_t kf[32], const uint8_t kb[32])
{
	assert(h->n < HOPS_MAX);
	h->crypt[h->n] = hopcrypt_new_service(df, db, kf, kb);
	if (h->crypt[h->n] == NULL)
		return -ENOMEM;
	h->n++;
	return 0;
}

enum relay_format
hops_format(const struct hops *h, size_t hop)
{
	return hopcrypt_is_cgo(h->crypt[hop]) ? RELAY_V1 : RELAY_V0;
}

/* As other clients do it: all that goes beyond the first hop, and EXTEND2, is
 * early while the budget lasts, so that an extending circuit does not stand
 * out.  Extending comes first, and HOPS_MAX - 1 times at most, so the budget
 * always suffices for it. */
static int
is_early(const struct hops *h, size_t to, enum relay_cmd cmd)
{
	return h->early > 0 && (to > 0 || cmd == RELAY_EXTEND2);
}

uint8_t *
hops_cell(struct hops *h, size_t to, enum relay_cmd cmd)
{
	int early = is_early(h, to, cmd);
	uint8_t *body;

	if (h->chan == NULL)
		return NULL;
	h->cell_cmd = early ? CELL_RELAY_EARLY : CELL_RELAY;
	body = chan_cell(h->chan, h->circ_id, h->cell_cmd);
	if (body == NULL) {
		if (!h->no_room)
			chan_want_room(h->chan, h->circ_id);
		h->no_room = 1;
	} else if (early)
		h->early--;
	return body;
}

void
hops_send(struct hops *h, size_t to, uint8_t *body, enum relay_cmd cmd,
    uint16_t stream, const uint8_t *data, size_t len, uint8_t tag[RELAY_TAG])
{
	enum relay_format format = hops_format(h, to);
	size_t i = to;

	assert(len <= relaymsg_max(format, (uint8_t)cmd));
	relaymsg_head(format, body, (uint8_t)cmd, stream, len);
	if (len)
		memcpy(body + relaymsg_at(format, (uint8_t)cmd), data, len);
	relaymsg_pad(format, body, (uint8_t)cmd, len);
	hopcrypt_originate(h->crypt[to], h->cell_cmd, body, tag);
	while (i-- > 0)
		hopcrypt_pass_fwd(h->crypt[i], h->cell_cmd, body);
}

int
hops_recv(struct hops *h, uint8_t body[RELAY_BODY], uint8_t tag[RELAY_TAG])
{
	int i;

	for (i = 0; i < h->n; i++)
		if (hopcrypt_bwd(h->crypt[i], CELL_RELAY, body, tag))
			return i;
	return -1;
}
