/* base/wire.c - bounded cursors over bytes from and to the network */
#include "base/wire.h"

#include <errno.h>
#include <string.h>

uint16_t
wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

void
wire_set16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
wire_set32(uint8_t *p, uint32_t v)
{
	wire_set16(p, (uint16_t)(v >> 16));
	wire_set16(p + 2, (uint16_t)v);
}

void
wire_init(struct wire *w, const void *buf, size_t len)
{
	w->at = buf;
	w->end = len ? w->at + len : w->at;	/* NULL + 0 is undefined */
	w->err = 0;
}

size_t
wire_left(const struct wire *w)
{
	return w->err ? 0 : (size_t)(w->end - w->at);
}

const uint8_t *
wire_take(struct wire *w, size_t len)
{
	const uint8_t *p = w->at;

	if (w->err || (size_t)(w->end - w->at) < len) {
		w->err = -EMSGSIZE;
		return NULL;
	}
	if (len)
		w->at += len;
	return p;
}

uint8_t
wire_u8(struct wire *w)
{
	const uint8_t *p = wire_take(w, 1);

	return p ? *p : 0;
}

uint16_t
wire_u16(struct wire *w)
{
	const uint8_t *p = wire_take(w, 2);

	return p ? wire_get16(p) : 0;
}

uint32_t
wire_u32(struct wire *w)
{
	const uint8_t *p = wire_take(w, 4);

	return p ? wire_get32(p) : 0;
}

uint64_t
wire_u64(struct wire *w)
{
	const uint8_t *p = wire_take(w, 8);

	return p ? (uint64_t)wire_get32(p) << 32 | wire_get32(p + 4) : 0;
}

void
wire_copy(struct wire *w, void *out, size_t len)
{
	const uint8_t *p = wire_take(w, len);

	if (len == 0)
		return;
	if (p)
		memcpy(out, p, len);
	else
		memset(out, 0, len);
}

void
wire_sub(struct wire *w, struct wire *out, size_t len)
{
	const uint8_t *p = wire_take(w, len);

	wire_init(out, p ? p : w->at, p ? len : 0);
	out->err = w->err;
}

int
wire_done(const struct wire *w)
{
	if (w->err)
		return w->err;
	return w->at == w->end ? 0 : -EPROTO;
}

void
pack_init(struct pack *p, void *buf, size_t len)
{
	p->base = p->at = buf;
	p->end = len ? p->at + len : p->at;
	p->err = 0;
}

static uint8_t *
room(struct pack *p, size_t len)
{
	uint8_t *at = p->at;

	if (p->err || (size_t)(p->end - p->at) < len) {
		p->err = -ENOBUFS;
		return NULL;
	}
	if (len)
		p->at += len;
	return at;
}

void
pack_u8(struct pack *p, uint8_t v)
{
	uint8_t *at = room(p, 1);

	if (at)
		*at = v;
}

void
pack_u16(struct pack *p, uint16_t v)
{
	uint8_t *at = room(p, 2);

	if (at)
		wire_set16(at, v);
}

void
pack_u32(struct pack *p, uint32_t v)
{
	uint8_t *at = room(p, 4);

	if (at)
		wire_set32(at, v);
}

void
pack_u64(struct pack *p, uint64_t v)
{
	uint8_t *at = room(p, 8);

	if (at) {
		wire_set32(at, (uint32_t)(v >> 32));
		wire_set32(at + 4, (uint32_t)v);
	}
}

void
pack_put(struct pack *p, const void *from, size_t len)
{
	uint8_t *at = room(p, len);

	if (at && len)
		memcpy(at, from, len);
}

size_t
pack_len(const struct pack *p)
{
	return p->err ? 0 : (size_t)(p->at - p->base);
}
