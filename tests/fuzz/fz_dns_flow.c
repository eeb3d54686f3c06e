/* tests/fuzz/fz_dns_flow.c - DNS over a connection of the TUN, with all that
 * its client and its window can do
 *
 * The input is a list of steps: bytes that come, room that there is, a FIN, the
 * end, time, an answer to a name that begins with "h".  What comes back must be
 * frames that a second parser (ldns) reads, no more of them than questions; the
 * credit is never more than was promised, and nothing is said to a connection
 * after its end.
 */
#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "daemon/dnsflow.h"
#include "dnsport/dnspipe.h"
#include "tests/fuzz/fuzz.h"

enum { OUT = 1 << 21, HELD_MAX = DNSPIPE_PENDING_MAX + 1 };

static struct {
	struct loop	 loop;
	struct dnsport	*dp;
	struct dnsflows	*set;
	struct endpoint	 ep;
	int		 dead, fin, said_fin, accepted;
	size_t		 credit, room, len;
	uint8_t		 out[OUT];
	struct dns_query *held[HELD_MAX];
	size_t		 nheld;
} fz;

static size_t
ep_send(struct endpoint *e, const void *p, size_t len)
{
	size_t n = len < fz.room ? len : fz.room;

	(void)e;
	must(fz.accepted && !fz.dead && !fz.fin);
	if (n > OUT - fz.len)
		n = OUT - fz.len;
	memcpy(fz.out + fz.len, p, n);
	fz.len += n;
	fz.room -= n;
	return n;
}

static void
ep_grant(struct endpoint *e, size_t n)
{
	(void)e;
	must(!fz.dead);
	fz.credit += n;
	must(fz.credit <= DNSFLOW_CREDIT);
}

static void
ep_fin(struct endpoint *e)
{
	(void)e;
	must(!fz.dead && !fz.fin);
	fz.fin = 1;
}

static void
ep_kill(struct endpoint *e, int why)
{
	(void)e;
	(void)why;
	must(!fz.dead);
	fz.dead = 1;
}

static void
ep_accept(struct endpoint *e)
{
	(void)e;
	must(!fz.dead && !fz.accepted);
	fz.accepted = 1;
}

static const struct endpoint_ops ops = {
	.send = ep_send, .grant = ep_grant, .fin = ep_fin, .kill = ep_kill,
	.accept = ep_accept
};

static void
give(struct dns_query *q)
{
	struct dns_record r = { .ttl = 1, .name = "host.test" };

	addr_v4(&r.addr, 0xc0000207, 0);
	dnsport_answer(q, DNS_OK, &r, 1);
}

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *what,
    const struct dns_from *from)
{
	(void)arg;
	(void)from;
	if (what->name[0] != 'h') {
		give(q);
		return;
	}
	must(fz.nheld < DNSPIPE_PENDING_MAX);
	fz.held[fz.nheld++] = q;
}

static void
on_forget(void *arg, struct dns_query *q)
{
	size_t i;

	(void)arg;
	for (i = 0; i < fz.nheld && fz.held[i] != q; i++)
		;
	must(i < fz.nheld);
	fz.held[i] = fz.held[--fz.nheld];
}

static void
say(const uint8_t **data, size_t *len, uint8_t how)
{
	size_t n = 1 + how % 16u * 7;

	if (n > *len)
		n = *len;
	if (n > fz.credit)
		n = fz.credit;
	if (n == 0 || fz.said_fin)
		return;
	fz.credit -= n;
	fz.ep.user->data(fz.ep.arg, *data, n);
	*data += n;
	*len -= n;
}

static void
step(const uint8_t **data, size_t *len)
{
	uint8_t how = *(*data)++;

	--*len;
	switch (how >> 5) {
	case 0: case 1: case 2: case 3:
		say(data, len, how);
		break;
	case 4:
		fz.room = how % 32u * 16;
		fz.ep.user->room(fz.ep.arg);
		break;
	case 5:
		if (fz.nheld)
			give(fz.held[--fz.nheld]);
		break;
	case 6:
		loop_advance(&fz.loop, how % 32 * 1000);
		break;
	default:
		if (how == 255) {
			fz.dead = 1;
			fz.ep.user->gone(fz.ep.arg, -ECONNRESET);
		} else if (!fz.said_fin) {
			fz.said_fin = 1;
			fz.ep.user->fin(fz.ep.arg);
		}
	}
	loop_end_turn(&fz.loop);
}

static void
check_answers(void)
{
	struct dnsport_totals t;
	uint64_t answers = 0;
	ldns_pkt *pkt;
	size_t at = 0, n;

	while (fz.len - at >= 2 &&
	    fz.len - at >= 2u + (n = wire_get16(fz.out + at))) {
		must(ldns_wire2pkt(&pkt, fz.out + at + 2, n) ==
		    LDNS_STATUS_OK);
		must(ldns_pkt_qr(pkt));
		ldns_pkt_free(pkt);
		at += 2 + n;
		answers++;
	}
	dnsport_totals(fz.dp, &t);
	must(answers <= t.queries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct dnsport_user user = {
		.ask = on_ask, .forget = on_forget
	};
	struct dnsflow_conf conf = { .loop = &fz.loop };
	struct addr client;

	rand_init();
	fz.dead = fz.fin = fz.said_fin = fz.accepted = 0;
	fz.credit = fz.len = fz.nheld = 0;
	fz.room = 4096;
	loop_init(&fz.loop, 1000, 1795300000);
	must(dnsport_new(&fz.dp, &fz.loop, &user, NULL) == 0);
	conf.dnsport = fz.dp;
	must(dnsflows_new(&fz.set, &conf) == 0);
	addr_v4(&client, 0x0a090002, 1234);
	fz.ep.ops = &ops;
	dnsflows_take(fz.set, &client, &fz.ep);
	while (len > 0 && !fz.dead)
		step(&data, &len);
	check_answers();
	dnsflows_free(fz.set);
	must(fz.dead && fz.nheld == 0);
	dnsport_free(fz.dp);
	loop_end_turn(&fz.loop);
	must(loop_next(&fz.loop) == LOOP_NEVER);
	return 0;
}
