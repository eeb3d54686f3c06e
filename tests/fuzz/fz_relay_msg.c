/* tests/fuzz/fz_relay_msg.c - the body of a relay cell, as any message, in
 * both formats
 *
 * Oracles: no view leaves the body, and what a builder writes from what was
 * read is read the same way again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/rand.h"
#include "onion/circ/circpad.h"
#include "onion/circ/relaymsg.h"
#include "tests/fuzz/fuzz.h"

static void
read_all(const struct relaymsg *m, enum relay_format format)
{
	uint8_t again[RELAY_DATA_MAX], reason, version;
	struct relaymsg n = *m;
	const uint8_t *tag;
	struct addr a;
	uint32_t u, v;

	if (relaymsg_get_connected(m, &a, &u) == 0)
		must(a.family == 0 || a.family == 4 || a.family == 6);
	if (relaymsg_get_end(m, &reason, &a) == 0) {
		must(reason == m->data[0]);
		must(relaymsg_end_errno(reason, 0) < 0);
	}
	n.data = again;
	if (relaymsg_get_sendme(m, format, &version, &tag) == 0 && tag) {
		must(tag >= m->data &&
		    tag + relaymsg_tag(format) <= m->data + m->len);
		n.len = (uint16_t)relaymsg_put_sendme(again, format, tag);
		must(n.len <= m->len && memcmp(again, m->data, n.len) == 0);
	}
	(void)relaymsg_get_xoff(m);
	if (relaymsg_get_xon(m, &u) == 0) {
		n.len = (uint16_t)relaymsg_put_xon(again, u);
		must(relaymsg_get_xon(&n, &v) == 0 && u == v);
	}
	must(relaymsg_name(m->cmd) != NULL);
}

/* However often it comes, no more is taken than was negotiated. */
static void
pad(struct relaymsg m)
{
	uint8_t data[CIRCPAD_ASK_LEN];
	struct circpad p = { 0 };
	int i;

	must(circpad_got(&p, &m) < 0);
	(void)circpad_ask(&p, (enum circpad_machine)(m.cmd & 1), data);
	m.cmd = RELAY_PADDING_NEGOTIATED;
	if (circpad_got(&p, &m) < 0) {
		must(p.state == CIRCPAD_ASKED);
		return;
	}
	must(p.state == CIRCPAD_ON || p.state == CIRCPAD_REFUSED);
	m.cmd = RELAY_DROP;
	for (i = 0; circpad_got(&p, &m) == 0; i++)
		must(i < CIRCPAD_INTRO_MAX);
}

static void
read_body(enum relay_format format, const uint8_t *p, size_t len)
{
	uint8_t *body = calloc(1, RELAY_BODY);	/* of exact size */
	struct relaymsg m, n;
	uint8_t *exact;

	must(body != NULL);
	memcpy(body, p, len < RELAY_BODY ? len : RELAY_BODY);
	if (relaymsg_parse(&m, format, body) == 0) {
		must(m.data == body + relaymsg_at(format, m.cmd));
		must(m.data + m.len <= body + RELAY_BODY);
		/* With nothing behind the data that could be read. */
		must((exact = malloc(m.len + 1u)) != NULL);
		memcpy(exact, m.data, m.len);
		must((exact = realloc(exact, m.len ? m.len : 1u)) != NULL);
		m.data = exact;
		read_all(&m, format);
		pad(m);
		free(exact);
		relaymsg_head(format, body, m.cmd, m.stream, m.len);
		relaymsg_pad(format, body, m.cmd, m.len);
		must(relaymsg_parse(&n, format, body) == 0 &&
		    n.cmd == m.cmd && n.stream == m.stream && n.len == m.len);
	}
	free(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	rand_init();
	read_body(RELAY_V0, p, len);
	read_body(RELAY_V1, p, len);
	return 0;
}
