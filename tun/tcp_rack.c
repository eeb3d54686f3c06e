/* tun/tcp_rack.c - which transmissions are lost (RFC 8985, RACK) */
#include "tun/tcp_rack.h"

#include <string.h>

#include "base/loop.h"
#include "tun/seq.h"
#include "tun/tcp_tx.h"

enum {
	RACK_PERSIST = 16,		/* recoveries; RFC 8985 6.2 step 4 */
	RACK_MULT_MAX = 100,
	RACK_MARGIN_MIN = 1,		/* ms: the clock's grain */
	RACK_MARGIN_LAN = 4		/* ms, where a round trip is less */
};

void
tcp_rack_init(struct tcp_rack *k, uint32_t seq)
{
	memset(k, 0, sizeof(*k));
	k->fack = seq;
	k->mult = 1;
}

/* RFC 8985 6.2, steps 2 and 3. */
void
tcp_rack_arrived(struct tcp_rack *k, const struct tcp_tx *r, uint32_t rtt,
    int suspect)
{
	if (seq_lt(k->fack, r->to))
		k->fack = r->to;
	else if (seq_lt(r->to, k->fack) && !r->again)
		k->reordered = 1;
	if (r->again && suspect)
		return;
	if (k->known && tcp_tx_before(r, k->order, k->to))
		return;
	k->known = 1;
	k->order = r->order;
	k->to = r->to;
	k->rtt = rtt;
}

void
tcp_rack_dsack(struct tcp_rack *k, uint32_t una, uint32_t max)
{
	if (k->in_round && seq_lt(una, k->round))
		return;
	k->in_round = 1;
	k->round = max;
	k->persist = RACK_PERSIST;
	if (k->mult < RACK_MULT_MAX)
		k->mult++;
}

void
tcp_rack_recovered(struct tcp_rack *k)
{
	if (k->persist && --k->persist == 0)
		k->mult = 1;
}

/* RFC 8985 6.2, step 4. */
uint32_t
tcp_rack_margin(const struct tcp_rack *k, uint32_t min_rtt, uint32_t srtt,
    int sure)
{
	uint32_t most = srtt > RACK_MARGIN_LAN ? srtt : RACK_MARGIN_LAN;
	uint32_t ms = min_rtt / 4;

	if (!k->reordered && sure)
		return 0;
	if (ms < RACK_MARGIN_MIN)
		ms = RACK_MARGIN_MIN;
	ms *= k->mult;
	return ms < most ? ms : most;
}

/* RFC 8985 6.2, step 5. */
int64_t
tcp_rack_detect(const struct tcp_rack *k, struct tcp_txs *t, uint32_t margin,
    int64_t now)
{
	int64_t at, due = LOOP_NEVER;
	const struct tcp_tx *r;
	int i;

	for (i = 0; k->known && i < t->n; i++) {
		r = tcp_txs_at(t, i);
		if (r->sacked || r->lost ||
		    !tcp_tx_before(r, k->order, k->to))
			continue;
		at = r->sent_at + k->rtt + margin;
		if (at <= now)
			tcp_txs_lose(t, i);
		else if (at < due)
			due = at;
	}
	return due;
}
