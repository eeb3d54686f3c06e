/* onion/circ/relaymsg.c - the messages inside relay cells (tor-spec 6.1) */
#include "onion/circ/relaymsg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/rand.h"
#include "base/wire.h"

enum {				/* in a body */
	V0_CMD = 0, V0_STREAM = 3, V0_LEN = 9, V0_DATA = 11,
	V1_CMD = 16, V1_LEN = 17, V1_STREAM = 19, V1_DATA = 19,
	V1_DATA_OF_STREAM = 21
};

/* In V1: what is for a stream, and never for none. */
static int
has_stream(uint8_t cmd)
{
	switch (cmd) {
	case RELAY_BEGIN:
	case RELAY_BEGIN_DIR:
	case RELAY_CONNECTED:
	case RELAY_DATA:
	case RELAY_END:
	case RELAY_RESOLVE:
	case RELAY_RESOLVED:
	case RELAY_XOFF:
	case RELAY_XON:
		return 1;
	default:
		return 0;
	}
}

static const char *
name_of(uint8_t cmd)
{
	static const char *const names[] = {
		[RELAY_BEGIN] = "BEGIN", [RELAY_DATA] = "DATA",
		[RELAY_END] = "END", [RELAY_CONNECTED] = "CONNECTED",
		[RELAY_SENDME] = "SENDME", [RELAY_TRUNCATED] = "TRUNCATED",
		[RELAY_DROP] = "DROP", [RELAY_RESOLVE] = "RESOLVE",
		[RELAY_RESOLVED] = "RESOLVED",
		[RELAY_BEGIN_DIR] = "BEGIN_DIR", [RELAY_EXTEND2] = "EXTEND2",
		[RELAY_EXTENDED2] = "EXTENDED2", [RELAY_XOFF] = "XOFF",
		[RELAY_XON] = "XON", [RELAY_CONFLUX_LINK] = "CONFLUX_LINK",
		[RELAY_CONFLUX_LINKED] = "CONFLUX_LINKED",
		[RELAY_CONFLUX_LINKED_ACK] = "CONFLUX_LINKED_ACK",
		[RELAY_CONFLUX_SWITCH] = "CONFLUX_SWITCH",
		[RELAY_ESTABLISH_RENDEZVOUS] = "ESTABLISH_RENDEZVOUS",
		[RELAY_INTRODUCE1] = "INTRODUCE1",
		[RELAY_RENDEZVOUS2] = "RENDEZVOUS2",
		[RELAY_RENDEZVOUS_ESTABLISHED] = "RENDEZVOUS_ESTABLISHED",
		[RELAY_INTRODUCE_ACK] = "INTRODUCE_ACK",
		[RELAY_PADDING_NEGOTIATE] = "PADDING_NEGOTIATE",
		[RELAY_PADDING_NEGOTIATED] = "PADDING_NEGOTIATED"
	};

	return cmd < sizeof(names) / sizeof(names[0]) ? names[cmd] : NULL;
}

size_t
relaymsg_at(enum relay_format format, uint8_t cmd)
{
	if (format == RELAY_V0)
		return V0_DATA;
	return has_stream(cmd) ? V1_DATA_OF_STREAM : V1_DATA;
}

size_t
relaymsg_max(enum relay_format format, uint8_t cmd)
{
	return RELAY_BODY - relaymsg_at(format, cmd);
}

size_t
relaymsg_tag(enum relay_format format)
{
	return format == RELAY_V0 ? RELAY_TAG : RELAY_TAG_V1;
}

int
relaymsg_parse(struct relaymsg *m, enum relay_format format,
    const uint8_t body[RELAY_BODY])
{
	m->cmd = body[format == RELAY_V0 ? V0_CMD : V1_CMD];
	if (format == RELAY_V1 && name_of(m->cmd) == NULL)
		return -EPROTO;
	m->len = wire_get16(body + (format == RELAY_V0 ? V0_LEN : V1_LEN));
	if (m->len > relaymsg_max(format, m->cmd))
		return -EMSGSIZE;
	m->stream = 0;
	if (format == RELAY_V0)
		m->stream = wire_get16(body + V0_STREAM);
	else if (has_stream(m->cmd))
		m->stream = wire_get16(body + V1_STREAM);
	m->data = body + relaymsg_at(format, m->cmd);
	return 0;
}

void
relaymsg_head(enum relay_format format, uint8_t body[RELAY_BODY], uint8_t cmd,
    uint16_t stream, size_t len)
{
	body[format == RELAY_V0 ? V0_CMD : V1_CMD] = cmd;
	wire_set16(body + (format == RELAY_V0 ? V0_LEN : V1_LEN),
	    (uint16_t)len);
	if (format == RELAY_V0)
		wire_set16(body + V0_STREAM, stream);
	else if (has_stream(cmd))
		wire_set16(body + V1_STREAM, stream);
}

/* Random, so that who relays a cell can't know what it looked like, and can't
 * quote it in a SENDME without having seen it (proposal 289, 3.3). */
void
relaymsg_pad(enum relay_format format, uint8_t body[RELAY_BODY], uint8_t cmd,
    size_t len)
{
	size_t used = relaymsg_at(format, cmd) + len, gap = RELAY_PAD_GAP;

	if (used + gap >= RELAY_BODY)
		gap = RELAY_BODY - used;
	memset(body + used, 0, gap);
	used += gap;
	if (used < RELAY_BODY)
		rand_bytes(body + used, RELAY_BODY - used);
}

const char *
relaymsg_name(uint8_t cmd)
{
	const char *name = name_of(cmd);

	return name ? name : "unknown";
}

/* A host name as it may stand in BEGIN: printable, nothing that would end it
 * early or be taken for a port or a bracket.  Writes it in lower case. */
static int
put_name(struct pack *p, const char *name)
{
	size_t i, n = strlen(name);
	char c;

	if (n > RELAY_HOST_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		c = name[i];
		if (c <= ' ' || c > '~' || c == ':' || c == '[' || c == ']')
			return -EINVAL;
		pack_u8(p, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
	}
	return 0;
}

static int
put_host(struct pack *p, const char *host)
{
	struct addr a;
	char text[ADDR_TEXT];

	if (strchr(host, ':') == NULL)
		return put_name(p, host);
	if (host[0] == '[' || addr_parse_ip(&a, host, -1) < 0 || a.family != 6)
		return -EINVAL;
	addr_ip_raw(&a, text);
	pack_u8(p, '[');
	pack_put(p, text, strlen(text));
	pack_u8(p, ']');
	return 0;
}

static void
put_port(struct pack *p, uint16_t port)
{
	char text[8];
	int n = snprintf(text, sizeof(text), ":%u", (unsigned)port);

	pack_put(p, text, (size_t)n + 1);	/* and the NUL */
}

int
relaymsg_put_begin(uint8_t data[RELAY_DATA_MAX], const char *host,
    uint16_t port, uint32_t flags)
{
	struct pack p;

	pack_init(&p, data, RELAY_DATA_MAX);
	if (port == 0 || host[0] == '\0' || put_host(&p, host) < 0)
		return -EINVAL;
	put_port(&p, port);
	if (flags)
		pack_u32(&p, flags);
	return p.err ? -EINVAL : (int)pack_len(&p);
}

int
relaymsg_put_begin_service(uint8_t data[RELAY_DATA_MAX], uint16_t port)
{
	struct pack p;

	pack_init(&p, data, RELAY_DATA_MAX);
	if (port == 0)
		return -EINVAL;
	put_port(&p, port);
	return p.err ? -EINVAL : (int)pack_len(&p);
}

int
relaymsg_put_resolve(uint8_t data[RELAY_DATA_MAX], const char *name)
{
	struct pack p;

	pack_init(&p, data, RELAY_DATA_MAX);
	if (name[0] == '\0' || put_name(&p, name) < 0)
		return -EINVAL;
	pack_u8(&p, 0);
	return p.err ? -EINVAL : (int)pack_len(&p);
}

size_t
relaymsg_put_end(uint8_t data[RELAY_DATA_MAX], enum relay_end reason)
{
	data[0] = (uint8_t)reason;
	return 1;
}

size_t
relaymsg_put_sendme(uint8_t data[RELAY_DATA_MAX], enum relay_format format,
    const uint8_t *tag)
{
	size_t n = relaymsg_tag(format);

	data[0] = 1;
	wire_set16(data + 1, (uint16_t)n);
	memcpy(data + 3, tag, n);
	return 3 + n;
}

size_t
relaymsg_put_xoff(uint8_t data[RELAY_DATA_MAX])
{
	data[0] = 0;		/* version */
	return 1;
}

size_t
relaymsg_put_xon(uint8_t data[RELAY_DATA_MAX], uint32_t kbps)
{
	data[0] = 0;
	wire_set32(data + 1, kbps);
	return 5;
}

/* IPv4, or an IPv6 address behind it if that is 0.0.0.0; the shortest that
 * relays ever sent has no TTL. */
int
relaymsg_get_connected(const struct relaymsg *m, struct addr *a,
    uint32_t *ttl_s)
{
	struct wire w;
	struct addr got;
	uint32_t v4;

	memset(&got, 0, sizeof(got));
	memset(a, 0, sizeof(*a));
	*ttl_s = 0;
	if (m->len == 0)
		return 0;
	wire_init(&w, m->data, m->len);
	if ((v4 = wire_u32(&w)) != 0)
		addr_v4(&got, v4, 0);
	else {
		got.family = wire_u8(&w);
		wire_copy(&w, got.ip, 16);
	}
	if (w.err || (got.family != 4 && got.family != 6))
		return -EPROTO;
	if (got.family == 6 || wire_left(&w) >= 4)
		*ttl_s = wire_u32(&w);
	if (w.err)
		return -EPROTO;
	*a = got;
	return 0;
}

/* An address may follow EXITPOLICY; where it has a wrong length the rest of
 * the message counts all the same.  Empty is MISC to the specification, but
 * no relay that lives sends it, and C tor closes the circuit; so do we. */
int
relaymsg_get_end(const struct relaymsg *m, uint8_t *reason, struct addr *a)
{
	size_t iplen;

	memset(a, 0, sizeof(*a));
	if (m->len == 0)
		return -EPROTO;
	*reason = m->data[0];
	if (*reason != END_EXITPOLICY)
		return 0;
	if (m->len == 1 + 4 || m->len == 1 + 4 + 4)
		iplen = 4;
	else if (m->len == 1 + 16 || m->len == 1 + 16 + 4)
		iplen = 16;
	else
		return 0;
	a->family = iplen == 4 ? 4 : 6;
	memcpy(a->ip, m->data + 1, iplen);
	return 0;
}

int
relaymsg_get_sendme(const struct relaymsg *m, enum relay_format format,
    uint8_t *version, const uint8_t **tag)
{
	struct wire w;
	uint16_t len;

	*version = 0;
	*tag = NULL;
	if (m->len == 0)
		return 0;
	wire_init(&w, m->data, m->len);
	*version = wire_u8(&w);
	len = wire_u16(&w);
	*tag = wire_take(&w, len);
	if (w.err || *version != 1 || len != relaymsg_tag(format))
		return -EPROTO;
	return 0;
}

int
relaymsg_get_xoff(const struct relaymsg *m)
{
	return m->len >= 1 && m->data[0] == 0 ? 0 : -EPROTO;
}

int
relaymsg_get_xon(const struct relaymsg *m, uint32_t *kbps)
{
	struct wire w;

	wire_init(&w, m->data, m->len);
	if (wire_u8(&w) != 0)
		return -EPROTO;
	*kbps = wire_u32(&w);
	return w.err ? -EPROTO : 0;
}

/* Reasons that are not listed must be taken (tor-spec 6.3); they are MISC. */
int
relaymsg_end_errno(uint8_t reason, int was_open)
{
	switch (reason) {
	case END_RESOLVEFAILED:
		return -ENOENT;
	case END_CONNECTREFUSED:
	case END_NOTDIRECTORY:
		return -ECONNREFUSED;
	case END_EXITPOLICY:
		return -EACCES;
	case END_DONE:
		return was_open ? 0 : -ECONNRESET;
	case END_TIMEOUT:
		return -ETIMEDOUT;
	case END_NOROUTE:
		return -EHOSTUNREACH;
	case END_HIBERNATING:
	case END_RESOURCELIMIT:
		return -EAGAIN;
	default:
		return -ECONNRESET;
	}
}
