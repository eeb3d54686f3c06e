/* tests/fuzz/fz_tcp_seg.c - a TCP segment
 *
 * Oracles: payload lies behind the header and up to the end; what was parsed is
 * built to a header that is parsed to the same, but for SACK blocks that have
 * no room beside the padding; and that one is built to itself.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tun/tcp_seg.h"

static void
same(const struct tcp_seg *a, const struct tcp_seg *b)
{
	must(a->sport == b->sport && a->dport == b->dport);
	must(a->seq == b->seq && a->ack == b->ack);
	must(a->flags == b->flags && a->wnd == b->wnd);
	must(a->mss == b->mss && a->wscale == b->wscale);
	must(a->sack_ok == b->sack_ok && a->has_ts == b->has_ts);
	must(a->ts_val == b->ts_val && a->ts_ecr == b->ts_ecr);
}

static unsigned
room(const struct tcp_seg *s)
{
	unsigned used = TCP_HEAD;

	used += s->mss ? 4 : 0;
	used += s->has_ts ? 12 : s->sack_ok ? 4 : 0;
	used += s->wscale >= 0 ? 4 : 0;
	return (TCP_HEAD_MAX - used - 4) / 8;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t first[TCP_HEAD_MAX], second[TCP_HEAD_MAX];
	struct tcp_seg a, b;
	enum drop drop;
	unsigned i;
	size_t n;

	drop = tcp_seg_parse(&a, data, size);
	must(drop == DROP_NOT || drop == DROP_SEGMENT ||
	    (drop == DROP_RUNT && size < TCP_HEAD));
	if (drop)
		return 0;
	must(a.data == data + (data[12] >> 4) * 4 && a.len <= size);
	must(a.data + a.len == data + size);
	must(a.sport && a.dport);
	must(a.wscale >= -1 && a.wscale <= 14);
	must(a.nsack <= TCP_SND_SACK_MAX);

	n = tcp_seg_build(first, &a);
	must(n >= TCP_HEAD && n <= TCP_HEAD_MAX && n % 4 == 0);
	must(tcp_seg_parse(&b, first, n) == DROP_NOT);
	must(b.len == 0);
	same(&a, &b);
	must(b.nsack == (a.nsack < room(&a) ? a.nsack : room(&a)));
	for (i = 0; i < b.nsack; i++)
		must(a.sack[i].from == b.sack[i].from &&
		    a.sack[i].to == b.sack[i].to);
	must(tcp_seg_build(second, &b) == n);
	must(memcmp(first, second, n) == 0);
	return 0;
}
