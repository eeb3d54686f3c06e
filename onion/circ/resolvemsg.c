/* onion/circ/resolvemsg.c - the answers in RESOLVED (tor-spec 6.4) */
#include "onion/circ/resolvemsg.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"

static int
name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* 1 if it is one that may be handed on. */
static int
take_name(char out[RELAY_HOST_MAX + 1], const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!name_char(p[i]))
			return 0;
	memcpy(out, p, len);
	out[len] = '\0';
	return 1;
}

/* 1: an answer; 0: one to pass over; -EPROTO. */
static int
take_value(struct resolved *r, const uint8_t *p, size_t len)
{
	memset(&r->addr, 0, sizeof(r->addr));
	r->name[0] = '\0';
	switch (r->type) {
	case RESOLVED_V4:
	case RESOLVED_V6:
		r->addr.family = r->type;
		if (len != addr_iplen(&r->addr))
			return -EPROTO;
		memcpy(r->addr.ip, p, len);
		return 1;
	case RESOLVED_NAME:
		return len == 0 ? -EPROTO : take_name(r->name, p, len);
	case RESOLVED_TRANSIENT:
	case RESOLVED_PERMANENT:
		return 1;
	default:
		return 0;
	}
}

int
resolvemsg_parse(struct resolved out[RESOLVED_MAX], const struct relaymsg *m)
{
	struct wire w;
	const uint8_t *value;
	size_t len;
	int rc, n = 0;

	wire_init(&w, m->data, m->len);
	while (wire_left(&w) > 0) {
		out[n].type = wire_u8(&w);
		len = wire_u8(&w);
		value = wire_take(&w, len);
		out[n].ttl = wire_u32(&w);
		if (w.err)
			return -EPROTO;
		if ((rc = take_value(&out[n], value, len)) < 0)
			return rc;
		n += rc;
	}
	return n;
}
