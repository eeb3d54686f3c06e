/* tests/fuzz/fz_dns_upstream.c - bytes from a resolver, to the whole server
 *
 * Some questions wait, two resolvers are there.  The input is a list of steps:
 * bytes as they are; a message that answers the next question that was written,
 * with the input's flags, counts and records behind that question; the end of a
 * stream; room; time.  A client gets at most one answer to each question, that
 * a second parser (ldns) reads, and no more than is fair.
 */
#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "base/rand.h"
#include "base/wire.h"
#include "dnsport/dnsport.h"
#include "tests/fuzz/fuzz.h"

enum { STREAMS = 64, WRITTEN = 65536, QUESTIONS = 6, HEADER = 12 };

struct stream {
	struct endpoint	 ep;		/* first: cast back */
	int		 dead;
	size_t		 credit, room, len, read;
	uint8_t		 got[WRITTEN];
};

static struct {
	struct loop	 loop;
	struct dnsport	*dp;
	struct stream	*s[STREAMS];
	size_t		 n;
	size_t		 asked[QUESTIONS];	/* bytes */
	int		 replies[QUESTIONS];
	int		 door;
} fz;

static size_t
ep_send(struct endpoint *e, const void *p, size_t len)
{
	struct stream *s = (struct stream *)e;

	must(!s->dead);
	if (len > s->room)
		len = s->room;
	if (len > WRITTEN - s->len)
		len = WRITTEN - s->len;
	memcpy(s->got + s->len, p, len);
	s->len += len;
	s->room -= len;
	return len;
}

static void
ep_grant(struct endpoint *e, size_t n)
{
	struct stream *s = (struct stream *)e;

	must(!s->dead);
	s->credit += n;
	must(s->credit <= 65536);
}

static void
ep_fin(struct endpoint *e)
{
	(void)e;
}

static void
ep_kill(struct endpoint *e, int why)
{
	struct stream *s = (struct stream *)e;

	(void)why;
	must(!s->dead);
	s->dead = 1;
}

static const struct endpoint_ops ops = {
	.send = ep_send, .grant = ep_grant, .fin = ep_fin, .kill = ep_kill
};

static int
on_connect(void *arg, const struct dns_from *from, const struct addr *a,
    struct endpoint **out)
{
	struct stream *s;

	(void)arg;
	(void)a;
	must(from->listener == &fz.door);
	if (fz.n >= STREAMS || (s = calloc(1, sizeof(*s))) == NULL)
		return -EAGAIN;
	s->ep.ops = &ops;
	s->room = 4096;
	fz.s[fz.n++] = s;
	*out = &s->ep;
	return 0;
}

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *what,
    const struct dns_from *from)
{
	(void)arg;
	(void)what;
	(void)from;
	dnsport_answer(q, DNS_SERVFAIL, NULL, 0);
}

static void
on_forget(void *arg, struct dns_query *q)
{
	(void)arg;
	(void)q;
}

static enum dns_leave
on_may_leave(void *arg, const struct dns_question *q,
    const struct dns_from *from)
{
	(void)arg;
	(void)q;
	(void)from;
	return DNS_LEAVE_MAY;
}

static void
on_reply(void *arg, const uint8_t *msg, size_t len)
{
	int *replies = arg;
	ptrdiff_t i = replies - fz.replies;
	ldns_pkt *pkt = NULL;

	must(msg && (*replies)++ == 0);
	must(ldns_wire2pkt(&pkt, msg, len) == LDNS_STATUS_OK);
	must(ldns_pkt_qr(pkt) && ldns_pkt_id(pkt) == 0x1000 + i);
	must(i % 2 || (len + 28) * 2 <= (fz.asked[i] + 28) * 3);
	ldns_pkt_free(pkt);
}

static void
ask(size_t i)
{
	static const uint16_t types[QUESTIONS] = { 1, 15, 65, 16, 28, 48 };
	static const char name[] = "\3Www\6secure\4test";
	struct dns_from from = { .listener = &fz.door, .tcp = (int)(i % 2) };
	struct dns_query *q;
	uint8_t msg[128];
	struct pack p;

	pack_init(&p, msg, sizeof(msg));
	pack_u16(&p, (uint16_t)(0x1000 + i));
	pack_u16(&p, i == 3 ? 0x0110 : 0x0120);
	pack_u16(&p, 1);
	pack_u32(&p, 0);
	pack_u16(&p, 1);
	pack_put(&p, name, sizeof(name));
	pack_u16(&p, types[i]);
	pack_u16(&p, 1);
	pack_u8(&p, 0);
	pack_u16(&p, 41);
	pack_u16(&p, 1232);
	pack_u32(&p, i > 2 ? 0x8000 : 0);
	pack_u16(&p, 0);
	fz.asked[i] = pack_len(&p);
	addr_v4(&from.client, 0x0a000001 + (uint32_t)(i & 1), 4000);
	must(dnsport_query(fz.dp, msg, pack_len(&p), &from, on_reply,
	    &fz.replies[i], &q) == 0);
}

/* --- steps --- */

static void
say(struct stream *s, const uint8_t *p, size_t len)
{
	if (len > s->credit)
		len = s->credit;
	if (len == 0)
		return;
	s->credit -= len;
	s->ep.user->data(s->ep.arg, p, len);
}

/* To the next question of that stream. */
static void
answer(struct stream *s, const uint8_t *p, size_t len)
{
	uint8_t msg[2 + 1024];
	size_t n, end = HEADER;
	uint8_t *q = s->got + s->read;

	if (s->len - s->read < 2 || len < 8)
		return;
	n = wire_get16(q);
	if (s->len - s->read < 2 + n)
		return;
	q += 2;
	s->read += 2 + n;
	while (q[end])
		end += 1u + q[end];
	end += 5;
	memcpy(msg + 2, q, end);
	memcpy(msg + 4, p, 2);
	msg[4] |= 0x80;
	memcpy(msg + 8, p + 2, 6);
	wire_set16(msg, (uint16_t)(end + len - 8));
	memcpy(msg + 2 + end, p + 8, len - 8);
	say(s, msg, 2 + end + len - 8);
}

static struct stream *
pick(uint8_t how)
{
	size_t i;

	for (i = 0; i < fz.n; i++) {
		struct stream *s = fz.s[(how + i) % fz.n];

		if (!s->dead)
			return s;
	}
	return NULL;
}

static void
step(struct wire *w)
{
	uint8_t how = wire_u8(w);
	struct stream *s = pick(how & 15);
	size_t n;

	switch (how >> 4 & 7) {
	case 0: case 1:
		n = wire_u8(w);
		if (n > wire_left(w))
			n = wire_left(w);
		if (s)
			say(s, w->at, n);
		wire_take(w, n);
		break;
	case 2: case 3: case 4:
		n = wire_u16(w) % 700;
		if (n > wire_left(w))
			n = wire_left(w);
		if (s)
			answer(s, w->at, n);
		wire_take(w, n);
		break;
	case 5:
		if (s) {
			s->room += 512;
			s->ep.user->room(s->ep.arg);
		}
		break;
	case 6:
		if (s && how & 8)
			s->ep.user->fin(s->ep.arg);
		else if (s) {
			s->dead = 1;
			s->ep.user->gone(s->ep.arg, -ECONNRESET);
		}
		break;
	default:
		loop_advance(&fz.loop, (how & 15) * 1000);
	}
	loop_end_turn(&fz.loop);
}

/* By a byte that the fuzzer can choose. */
static int
on_is_public(void *arg, const char *zone)
{
	(void)arg;
	return strchr(zone, 'h') == NULL;
}

static void
open_all(int validate)
{
	static const struct dnsport_user user = { .ask = on_ask,
		.connect = on_connect, .may_leave = on_may_leave,
		.is_public = on_is_public, .forget = on_forget };
	struct dns_resolver r[2];
	struct dnsport_conf conf = { .resolvers = r, .nresolvers = 2,
		.validate = validate, .reject_internal = 1 };

	memset(&fz, 0, sizeof(fz));
	memset(r, 0, sizeof(r));
	addr_v4(&r[0].addr, 0x09090909, 53);
	addr_v4(&r[1].addr, 0x09090908, 53);
	loop_init(&fz.loop, 1000, 1795300000);
	must(dnsport_new(&fz.dp, &fz.loop, &user, NULL) == 0);
	must(dnsport_set_conf(fz.dp, &conf) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire w;
	size_t i;

	rand_init();
	open_all(len & 1);
	for (i = 0; i < QUESTIONS; i++)
		ask(i);
	loop_end_turn(&fz.loop);
	wire_init(&w, data, len);
	while (wire_left(&w) && !w.err)
		step(&w);
	loop_advance(&fz.loop, 60 * 1000);
	for (i = 0; i < QUESTIONS; i++)
		must(fz.replies[i] == 1);
	dnsport_free(fz.dp);
	loop_end_turn(&fz.loop);
	must(loop_next(&fz.loop) == LOOP_NEVER);
	for (i = 0; i < fz.n; i++) {
		must(fz.s[i]->dead);
		free(fz.s[i]);
	}
	return 0;
}
