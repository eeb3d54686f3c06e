/* dnsport/glance.c - a look at a resolver's message before it is parsed
 *
 * Theory of operation
 *	ldns follows up to 65535 pointers for each name, and takes the end of a
 *	HIP record (RFC 8005) for as many names as fit.  So one message can have
 *	tens of thousands of names, each behind thousands of pointers: more than
 *	a second of work.  Servers send neither:
 *
 *	- names are compressed by pointing to labels (RFC 1035 4.1.4), so that
 *	  there is no long row of pointers, each of which leads to the next;
 *	- HIP records are in use nowhere.
 *
 *	Where names are in a message is not known before it is parsed.  So no
 *	long row may begin anywhere; and random bytes, such as a key's, must not
 *	be taken for one.  Some in a row they may well be, and a small circle,
 *	too: of a name that goes round ldns makes nothing.
 */
#include "dnsport/glance.h"

#include "base/wire.h"

enum { HEADER = 12, POINTER = 0xc0, ROW_MAX = 8, TYPE_HIP = 55 };

static int
is_pointer(const uint8_t *msg, size_t len, size_t at)
{
	return at + 1 < len && (msg[at] & POINTER) == POINTER;
}

static size_t
target(const uint8_t *msg, size_t at)
{
	return wire_get16(msg + at) & 0x3fffu;
}

/* At most 2 * ROW_MAX pointers, or ROW_MAX and then a circle of as many. */
static int
is_short_row(const uint8_t *msg, size_t len, size_t at)
{
	size_t i, mark;

	for (i = 0; i < ROW_MAX && is_pointer(msg, len, at); i++)
		at = target(msg, at);
	mark = at;
	for (i = 0; i < ROW_MAX && is_pointer(msg, len, at); i++)
		if ((at = target(msg, at)) == mark)
			return 1;
	return !is_pointer(msg, len, at);
}

static int
all_rows_are_short(const uint8_t *msg, size_t len)
{
	size_t at;

	for (at = HEADER; at < len; at++)
		if (!is_short_row(msg, len, at))
			return 0;
	return 1;
}

static void
pass_name(struct wire *w)
{
	uint8_t n;

	while ((n = wire_u8(w)) != 0 && (n & POINTER) != POINTER)
		wire_take(w, n);
	if (n)
		wire_u8(w);
}

static uint16_t
pass_record(struct wire *w)
{
	uint16_t type;

	pass_name(w);
	type = wire_u16(w);
	wire_take(w, 2 + 4);		/* class, TTL */
	wire_take(w, wire_u16(w));
	return type;
}

/* As far as its records can be read; ldns judges the rest. */
static int
has_hip(const uint8_t *msg, size_t len)
{
	uint16_t questions;
	struct wire w;
	size_t n;

	wire_init(&w, msg, len);
	wire_take(&w, 4);
	questions = wire_u16(&w);
	n = wire_u16(&w);
	n += wire_u16(&w);
	n += wire_u16(&w);
	for (; questions && !w.err; questions--) {
		pass_name(&w);
		wire_take(&w, 4);
	}
	for (; n && !w.err; n--)
		if (pass_record(&w) == TYPE_HIP)
			return 1;
	return 0;
}

int
glance_is_cheap(const uint8_t *msg, size_t len)
{
	return all_rows_are_short(msg, len) && !has_hip(msg, len);
}
