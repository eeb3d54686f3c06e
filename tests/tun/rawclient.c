/* tests/tun/rawclient.c - a client's TCP by hand, on rawdev */
#include "tests/tun/rawclient.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "tests/tun/rawdev.h"
#include "tests/tun/rawsum.h"

enum { TCP_PROTO = 6, TCP_HEAD = 20, OPT_TS = 8, OPT_WSCALE = 3 };

void
client_init(struct client *p, int family, uint16_t port)
{
	static uint16_t sport = 20000;
	static uint32_t number;

	memset(p, 0, sizeof(*p));
	addr_parse_ip(&p->me, family == 6 ? "fd98::" : "10.98.0.0", -1);
	addr_parse_ip(&p->it, family == 6 ? "2001:db8::5" : "203.0.113.5", -1);
	/* 1 to 254 twice, so that it is no network's, and an unproven one */
	number++;
	p->me.ip[addr_iplen(&p->me) - 1] = (uint8_t)(1 + number % 254);
	p->me.ip[addr_iplen(&p->me) - 2] = (uint8_t)(1 + number / 254 % 254);
	p->me.port = sport = (uint16_t)(sport == 60000 ? 20000 : sport + 1);
	p->it.port = port;
	p->iss = 0xfffff000 + number * 7;	/* it wraps soon */
	p->wnd = 65535;
	p->opt[0] = 2;
	p->opt[1] = 4;
	raw_set16(p->opt + 2, 1460);
	p->nopt = 4;
}

static size_t
put_ip(const struct client *p, uint8_t *b, size_t len)
{
	size_t head = p->me.family == 6 ? 40 : 20, n = addr_iplen(&p->me);

	memset(b, 0, head);
	memcpy(b + (n == 4 ? 12 : 8), p->me.ip, n);
	memcpy(b + (n == 4 ? 16 : 24), p->it.ip, n);
	if (n == 4) {
		b[0] = 0x45;
		raw_set16(b + 2, head + len);
		b[6] = 0x40;
		b[8] = 63;
		b[9] = TCP_PROTO;
		return head;
	}
	b[0] = 0x60;
	raw_set16(b + 4, len);
	b[6] = TCP_PROTO;
	b[7] = 63;
	return head;
}

static size_t
put_options(const struct client *p, const struct seg *s, uint8_t *b)
{
	size_t n = 0;

	if (p->ts && (s->flags & RST) == 0) {
		b[0] = b[1] = 1;
		b[2] = OPT_TS;
		b[3] = 10;
		wire_set32(b + 4, p->ts_val);
		wire_set32(b + 8, p->ts_ecr);
		n = 12;
	}
	if (s->nopt)
		memcpy(b + n, s->opt, s->nopt);
	for (n += s->nopt; n % 4; n++)
		b[n] = 0;
	return n;
}

void
client_seal(uint8_t *b, size_t len)
{
	size_t head = b[0] >> 4 == 6 ? 40 : (b[0] & 15u) * 4u;
	struct addr src = { .family = b[0] >> 4 }, dst = src;
	size_t n = addr_iplen(&src);

	memcpy(src.ip, b + (n == 4 ? 12 : 8), n);
	memcpy(dst.ip, b + (n == 4 ? 16 : 24), n);
	if (n == 4)
		raw_set16(b + 10, raw_sum4(b));
	raw_set16(b + head + 16, raw_sum(b + head, len - head, 16, &src, &dst,
	    TCP_PROTO));
}

size_t
client_make(const struct client *p, const struct seg *s, uint8_t *out)
{
	uint8_t opt[64];
	size_t nopt = put_options(p, s, opt), len = TCP_HEAD + nopt + s->len;
	uint8_t *h = out + put_ip(p, out, len);

	raw_set16(h, p->me.port);
	raw_set16(h + 2, p->it.port);
	wire_set32(h + 4, s->seq);
	wire_set32(h + 8, s->ack);
	h[12] = (uint8_t)((s->doff ? s->doff : 5 + nopt / 4) << 4);
	h[13] = s->flags;
	raw_set16(h + 14, p->wnd);
	raw_set16(h + 16, 0);
	raw_set16(h + 18, s->urgent);
	memcpy(h + TCP_HEAD, opt, nopt);
	if (s->len)
		memcpy(h + TCP_HEAD + nopt, s->data, s->len);
	len += (size_t)(h - out);
	client_seal(out, len);
	return len;
}

void
client_say(struct client *p, const struct seg *s)
{
	uint8_t b[CLIENT_FRAME];

	rawdev_send(b, client_make(p, s, b));
	if ((s->flags & ACK) && s->ack == p->ack)
		p->una = p->ack;
}

void
client_flags(struct client *p, uint8_t flags, uint32_t seq, uint32_t ack)
{
	client_say(p, &(struct seg){ .flags = flags, .seq = seq, .ack = ack });
}

void
client_ack(struct client *p)
{
	client_flags(p, ACK, p->nxt, p->ack);
}

void
client_data(struct client *p, const void *data, size_t len)
{
	client_say(p, &(struct seg){ .flags = ACK | PSH, .seq = p->nxt,
	    .ack = p->ack, .data = data, .len = len });
	p->nxt += (uint32_t)len;
}

/* --- what came --- */

static void
read_options(struct client *p, const uint8_t *o, size_t len, int syn)
{
	while (len > 1 && o[0]) {
		size_t n = o[0] == 1 ? 1 : o[1];

		if (n == 0 || n > len)
			return;
		if (o[0] == OPT_TS && n == 10)
			p->ts_ecr = wire_get32(o + 2);
		if (o[0] == OPT_WSCALE && n == 3 && syn)
			p->scale = o[2];
		o += n;
		len -= n;
	}
}

/* All of it came before. */
static int
is_again(const struct client *p)
{
	uint32_t end = p->got.seq + (uint32_t)p->got.len;

	end += !!(p->got.flags & SYN) + !!(p->got.flags & FIN);
	return p->up && end != p->got.seq && (int32_t)(end - p->ack) <= 0;
}

static int
read_frame(struct client *p, const struct frame *f)
{
	static uint8_t data[RAWDEV_RX];
	const uint8_t *h = f->payload;
	size_t head;

	if (f->proto != TCP_PROTO || f->payload_len < TCP_HEAD ||
	    !addr_same_ip(&f->src, &p->it) || !addr_same_ip(&f->dst, &p->me) ||
	    wire_get16(h) != p->it.port || wire_get16(h + 2) != p->me.port)
		return 0;
	head = (h[12] >> 4) * 4u;
	if (head < TCP_HEAD || head > f->payload_len)
		return 0;
	p->got.at = f->at;
	p->got.seq = wire_get32(h + 4);
	p->got.ack = wire_get32(h + 8);
	p->got.flags = h[13];
	p->got.wnd = wire_get16(h + 14);
	p->got.len = f->payload_len - head;
	p->got.part = f->seg ? f->seg : p->got.len;
	memcpy(data, h + head, p->got.len);
	p->got.data = data;
	read_options(p, h + TCP_HEAD, head - TCP_HEAD, p->got.flags & SYN);
	return 1;
}

int
client_got(struct client *p)
{
	struct frame *f;
	int rc = 0;

	rawdev_settle();
	while (!rc && (f = rawdev_take()) != NULL) {
		rc = read_frame(p, f) && !is_again(p);
		free(f);
	}
	return rc;
}

int
client_wait(struct client *p)
{
	struct frame *f;
	int rc = 0;

	while (!rc && (f = rawdev_wait()) != NULL) {
		rc = read_frame(p, f) && !is_again(p);
		free(f);
	}
	return rc;
}

int
client_silent(struct client *p)
{
	struct frame *f;
	int rc = 1;

	rawdev_settle();
	while ((f = rawdev_take()) != NULL) {
		rc &= read_frame(p, f) && is_again(p);
		free(f);
	}
	return rc;
}

int
client_syn(struct client *p)
{
	p->up = 0;
	client_say(p, &(struct seg){ .flags = SYN, .seq = p->iss, .opt = p->opt,
	    .nopt = p->nopt });
	p->nxt = p->iss + 1;
	if (!client_got(p) || p->got.flags != (SYN | ACK) ||
	    p->got.ack != p->nxt)
		return 0;
	p->irs = p->got.seq;
	p->ack = p->irs + 1;
	p->up = 1;
	return 1;
}

int
client_open(struct client *p)
{
	if (!client_syn(p))
		return 0;
	client_ack(p);
	return !client_got(p);
}

int
client_challenged(struct client *p)
{
	return client_got(p) && p->got.flags == ACK && p->got.len == 0 &&
	    p->got.seq == p->ack && p->got.ack == p->nxt && client_silent(p);
}

int
client_alive(struct client *p)
{
	rawdev_drop();
	client_data(p, "x", 1);
	if (!client_got(p) || (p->got.flags & (ACK | RST | SYN | FIN)) != ACK ||
	    p->got.len != 1 || p->got.data[0] != 'x' ||
	    p->got.seq != p->ack || p->got.ack != p->nxt)
		return 0;
	p->ack++;
	client_ack(p);
	return !client_got(p);
}

int
client_gone(struct client *p)
{
	rawdev_drop();
	client_ack(p);
	return client_got(p) && p->got.flags == RST && p->got.seq == p->ack;
}

/* As echo_tun gives them: each eight bytes say where they are. */
static uint8_t
byte_at(uint32_t at)
{
	uint64_t n = at / 8;

	return ((uint8_t *)&n)[at % 8];
}

size_t
client_take(struct client *p)
{
	uint32_t skip = p->ack - p->got.seq, at = p->ack - p->irs - 1;
	size_t wrong = 0;

	for (; skip < p->got.len; skip++, at++, p->ack++)
		wrong += p->got.data[skip] != byte_at(at);
	return wrong;
}

int
client_read(struct client *p, size_t len)
{
	uint32_t end = p->ack + (uint32_t)len;
	size_t wrong = 0;

	while ((int32_t)(end - p->ack) > 0) {
		if (!client_wait(p) || (p->got.flags & (RST | SYN)))
			return 0;
		wrong += client_take(p);
		client_ack(p);
	}
	return wrong == 0;
}

uint32_t
client_flight(struct client *p)
{
	while (client_got(p))
		if (client_take(p))
			return 0;
	return p->ack - p->una;
}

void
client_kill(struct client *p)
{
	client_flags(p, RST, p->nxt, 0);
	rawdev_settle();
	rawdev_drop();
}
