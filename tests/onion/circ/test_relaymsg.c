/* tests/onion/circ/test_relaymsg.c - messages and their parts */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "onion/circ/extendmsg.h"
#include "onion/circ/relaymsg.h"
#include "onion/circ/resolvemsg.h"
#include "onion/link/relayid.h"

/* What a cell is made of, in each format: @_i of the loop tests. */
static const struct shape {
	enum relay_format format;
	uint8_t		 cmd;
	uint16_t	 stream;
	size_t		 at, max, tag;
} shapes[] = {
	{ RELAY_V0, RELAY_DATA, 0xabcd, 11, 498, 20 },
	{ RELAY_V0, RELAY_SENDME, 0, 11, 498, 20 },
	{ RELAY_V1, RELAY_DATA, 0xabcd, 21, 488, 16 },
	{ RELAY_V1, RELAY_SENDME, 0, 19, 490, 16 }
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

START_TEST(relaymsg_parse_reads_what_head_wrote)
{
	const struct shape *s = &shapes[_i];
	uint8_t body[RELAY_BODY];
	struct relaymsg m;

	memset(body, 0xee, sizeof(body));
	ck_assert_uint_eq(relaymsg_at(s->format, s->cmd), s->at);
	ck_assert_uint_eq(relaymsg_max(s->format, s->cmd), s->max);
	ck_assert_uint_eq(relaymsg_tag(s->format), s->tag);
	relaymsg_head(s->format, body, s->cmd, s->stream, 300);
	ck_assert_int_eq(relaymsg_parse(&m, s->format, body), 0);
	ck_assert_uint_eq(m.cmd, s->cmd);
	ck_assert_uint_eq(m.stream, s->stream);
	ck_assert_uint_eq(m.len, 300);
	ck_assert_ptr_eq(m.data, body + s->at);
	ck_assert_uint_eq(body[s->at], 0xee);
}
END_TEST

/* recognized and digest, or the tag, are hopcrypt's */
START_TEST(relaymsg_head_leaves_what_is_hopcrypt_s)
{
	uint8_t v0[RELAY_BODY], v1[RELAY_BODY];
	size_t i;

	memset(v0, 0xee, sizeof(v0));
	memset(v1, 0xee, sizeof(v1));
	relaymsg_head(RELAY_V0, v0, RELAY_DATA, 1, 2);
	relaymsg_head(RELAY_V1, v1, RELAY_DATA, 1, 2);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(v0[5 + i], 0xee);
	ck_assert_uint_eq(v0[1], 0xee);
	ck_assert_uint_eq(v0[2], 0xee);
	for (i = 0; i < 16; i++)
		ck_assert_uint_eq(v1[i], 0xee);
}
END_TEST

START_TEST(relaymsg_v1_head_is_as_the_proposal_has_it)
{
	static const uint8_t data[] = { 2, 0x01, 0x2c, 0xab, 0xcd };
	static const uint8_t sendme[] = { 5, 0x00, 0x13, 0xee };
	uint8_t body[RELAY_BODY];

	memset(body, 0xee, sizeof(body));
	relaymsg_head(RELAY_V1, body, RELAY_DATA, 0xabcd, 300);
	ck_assert_mem_eq(body + 16, data, sizeof(data));
	memset(body, 0xee, sizeof(body));
	relaymsg_head(RELAY_V1, body, RELAY_SENDME, 0, 19);
	ck_assert_mem_eq(body + 16, sendme, sizeof(sendme));
}
END_TEST

START_TEST(relaymsg_v1_has_a_stream_where_the_command_says_so)
{
	static const uint8_t of_stream[] = { RELAY_BEGIN, RELAY_BEGIN_DIR,
		RELAY_CONNECTED, RELAY_DATA, RELAY_END, RELAY_RESOLVE,
		RELAY_RESOLVED, RELAY_XOFF, RELAY_XON };
	uint8_t body[RELAY_BODY];
	struct relaymsg m;
	unsigned cmd;
	int known = 0, with = 0;

	for (cmd = 0; cmd < 256; cmd++) {
		memset(body, 0x01, sizeof(body));
		body[16] = (uint8_t)cmd;
		if (strcmp(relaymsg_name((uint8_t)cmd), "unknown") == 0) {
			ck_assert_int_eq(relaymsg_parse(&m, RELAY_V1, body),
			    -EPROTO);
			ck_assert_uint_eq(m.cmd, cmd);
			continue;
		}
		known++;
		ck_assert_int_eq(relaymsg_parse(&m, RELAY_V1, body), 0);
		ck_assert_uint_eq(m.len, 0x0101);
		ck_assert_uint_eq(m.stream, memchr(of_stream, (int)cmd,
		    sizeof(of_stream)) ? 0x0101 : 0);
		with += m.stream != 0;
	}
	ck_assert_int_eq(with, (int)sizeof(of_stream));
	ck_assert_int_gt(known, with);
}
END_TEST

START_TEST(relaymsg_parse_takes_lengths_up_to_the_cell)
{
	const struct shape *s = &shapes[_i];
	uint8_t body[RELAY_BODY] = { 0 };
	struct relaymsg m;
	size_t len;

	for (len = 0; len <= 65535; len++) {
		relaymsg_head(s->format, body, s->cmd, s->stream, len);
		ck_assert_int_eq(relaymsg_parse(&m, s->format, body),
		    len <= s->max ? 0 : -EMSGSIZE);
	}
}
END_TEST

static void
pad(const struct shape *s, size_t len)
{
	uint8_t a[RELAY_BODY + 4], b[RELAY_BODY + 4];
	size_t i, used = s->at + len;

	memset(a, 0xee, sizeof(a));
	memset(b, 0xee, sizeof(b));
	relaymsg_pad(s->format, a, s->cmd, len);
	relaymsg_pad(s->format, b, s->cmd, len);
	for (i = 0; i < used; i++)
		ck_assert_uint_eq(a[i], 0xee);
	for (; i < used + RELAY_PAD_GAP && i < RELAY_BODY; i++)
		ck_assert_uint_eq(a[i], 0);
	if (RELAY_BODY > used + RELAY_PAD_GAP + 8)
		ck_assert_mem_ne(a + i, b + i, RELAY_BODY - i);
	for (i = RELAY_BODY; i < sizeof(a); i++)
		ck_assert_uint_eq(a[i], 0xee);
}

START_TEST(relaymsg_pad_leaves_a_gap_and_fills_the_rest)
{
	const struct shape *s = &shapes[_i];
	size_t len;

	for (len = 0; len <= s->max; len++)
		pad(s, len);
}
END_TEST

static struct relaymsg
message(uint8_t cmd, const void *p, size_t len)
{
	struct relaymsg m = { .cmd = cmd, .stream = 1, .len = (uint16_t)len,
	    .data = p };

	return m;
}

START_TEST(relaymsg_put_begin_writes_address_port_and_flags)
{
	static const struct {
		const char *host;
		uint16_t port;
		uint32_t flags;
		const char *want;
		size_t len;
	} t[] = {
		{ "a", 1, 0, "a:1", 4 },
		{ "Example.COM", 65535, 0, "example.com:65535", 18 },
		{ "a", 80, 0, "a:80", 5 },
		{ "2001:db8::A", 443, 0, "[2001:db8::a]:443", 18 },
		{ "a", 80, 0x01020304, "a:80\0\1\2\3\4", 9 },
	};
	uint8_t data[RELAY_DATA_MAX];
	int n = relaymsg_put_begin(data, t[_i].host, t[_i].port, t[_i].flags);

	ck_assert_int_eq(n, (int)t[_i].len);
	ck_assert_mem_eq(data, t[_i].want, t[_i].len);
}
END_TEST

START_TEST(relaymsg_put_begin_service_has_no_host_and_others_do)
{
	uint8_t data[RELAY_DATA_MAX];

	ck_assert_int_eq(relaymsg_put_begin_service(data, 80), 4);
	ck_assert_mem_eq(data, ":80", 4);
	ck_assert_int_eq(relaymsg_put_begin_service(data, 0), -EINVAL);
	ck_assert_int_eq(relaymsg_put_begin(data, "", 80, 0), -EINVAL);
}
END_TEST

START_TEST(relaymsg_put_resolve_refuses_what_no_name_can_be)
{
	uint8_t data[RELAY_DATA_MAX];
	char longer[300];

	memset(longer, 'a', sizeof(longer));
	longer[256] = '\0';
	ck_assert_int_eq(relaymsg_put_resolve(data, "A.b"), 4);
	ck_assert_mem_eq(data, "a.b", 4);
	ck_assert_int_eq(relaymsg_put_resolve(data, ""), -EINVAL);
	ck_assert_int_eq(relaymsg_put_resolve(data, "a b"), -EINVAL);
	ck_assert_int_eq(relaymsg_put_resolve(data, "a:b"), -EINVAL);
	ck_assert_int_eq(relaymsg_put_resolve(data, longer), -EINVAL);
	longer[255] = '\0';
	ck_assert_int_eq(relaymsg_put_resolve(data, longer), 256);
}
END_TEST

START_TEST(relaymsg_sendme_goes_there_and_back)
{
	const struct shape *s = &shapes[_i];
	uint8_t data[RELAY_DATA_MAX] = { 0 }, tag[RELAY_TAG], version;
	const uint8_t *got;
	struct relaymsg m;
	size_t i, n = 3 + s->tag;

	for (i = 0; i < sizeof(tag); i++)
		tag[i] = (uint8_t)(i + 1);
	m = message(RELAY_SENDME, data, relaymsg_put_sendme(data, s->format,
	    tag));
	ck_assert_uint_eq(m.len, n);
	ck_assert_int_eq(relaymsg_get_sendme(&m, s->format, &version, &got),
	    0);
	ck_assert_uint_eq(version, 1);
	ck_assert_mem_eq(got, tag, s->tag);
	m.len = 30;			/* what follows is ignored */
	ck_assert_int_eq(relaymsg_get_sendme(&m, s->format, &version, &got),
	    0);
	/* a tag as the other format has it */
	ck_assert_int_eq(relaymsg_get_sendme(&m, s->format == RELAY_V0 ?
	    RELAY_V1 : RELAY_V0, &version, &got), -EPROTO);
	for (i = 1; i < n; i++) {
		m.len = (uint16_t)i;
		ck_assert_int_eq(relaymsg_get_sendme(&m, s->format, &version,
		    &got), -EPROTO);
	}
	m.len = 0;
	ck_assert_int_eq(relaymsg_get_sendme(&m, s->format, &version, &got),
	    0);
	ck_assert_uint_eq(version, 0);
	ck_assert_ptr_null(got);
}
END_TEST

START_TEST(relaymsg_xon_goes_there_and_back)
{
	uint8_t data[RELAY_DATA_MAX];
	struct relaymsg m;
	uint32_t kbps;

	m = message(RELAY_XON, data, relaymsg_put_xon(data, 0x01020304));
	ck_assert_uint_eq(m.len, 5);
	ck_assert_int_eq(relaymsg_get_xon(&m, &kbps), 0);
	ck_assert_uint_eq(kbps, 0x01020304);
	m.len = 4;
	ck_assert_int_eq(relaymsg_get_xon(&m, &kbps), -EPROTO);
	data[0] = 1;
	m.len = 5;
	ck_assert_int_eq(relaymsg_get_xon(&m, &kbps), -EPROTO);
	m = message(RELAY_XOFF, data, relaymsg_put_xoff(data));
	ck_assert_int_eq(relaymsg_get_xoff(&m), 0);
	m.len = 0;
	ck_assert_int_eq(relaymsg_get_xoff(&m), -EPROTO);
}
END_TEST

START_TEST(relaymsg_get_connected_takes_both_families_or_none)
{
	static const uint8_t v6[26] = { 0, 0, 0, 0, 6, 0x20, 0x01,
	    [21] = 0, 0, 1, 2, 9 };
	static const uint8_t v4[9] = { 192, 0, 2, 1, 0, 0, 0, 60, 7 };
	static const struct {
		const uint8_t *p;
		size_t len;
		int want;
		uint8_t family;
		uint32_t ttl;
	} t[] = {
		{ v4, 0, 0, 0, 0 }, { v4, 1, -EPROTO, 0, 0 },
		{ v4, 3, -EPROTO, 0, 0 }, { v4, 4, 0, 4, 0 },
		{ v4, 7, 0, 4, 0 }, { v4, 8, 0, 4, 60 },
		{ v4, 9, 0, 4, 60 }, { v6, 24, -EPROTO, 0, 0 },
		{ v6, 25, 0, 6, 258 }, { v6, 26, 0, 6, 258 },
		{ v6, 5, -EPROTO, 0, 0 },
	};
	struct relaymsg m = message(RELAY_CONNECTED, t[_i].p, t[_i].len);
	struct addr a;
	uint32_t ttl;

	ck_assert_int_eq(relaymsg_get_connected(&m, &a, &ttl), t[_i].want);
	ck_assert_uint_eq(a.family, t[_i].family);
	if (t[_i].want == 0)
		ck_assert_uint_eq(ttl, t[_i].ttl);
}
END_TEST

START_TEST(relaymsg_end_errno_is_zero_only_for_done_on_an_open_stream)
{
	unsigned r;

	for (r = 0; r < 256; r++) {
		ck_assert_int_le(relaymsg_end_errno((uint8_t)r, 1), 0);
		ck_assert_int_lt(relaymsg_end_errno((uint8_t)r, 0), 0);
		ck_assert_int_eq(relaymsg_end_errno((uint8_t)r, 1) == 0,
		    r == END_DONE);
	}
}
END_TEST

/* EXTEND2 and its kind. */

static struct hopinfo
relay(void)
{
	struct hopinfo h;

	memset(&h, 0, sizeof(h));
	memset(h.id.rsa, 0xaa, 20);
	memset(h.id.ed, 0xbb, 32);
	h.id.has_ed = 1;
	addr_v4(&h.or4, 0xc0000201, 9001);
	return h;
}

START_TEST(extendmsg_put_extend2_has_specifiers_in_order)
{
	static const uint8_t want[] = { 3, 0, 6, 192, 0, 2, 1, 0x23, 0x29,
	    2, 20 };
	uint8_t data[RELAY_DATA_MAX], hdata[84] = { 1, 2, 3 };
	struct hopinfo h = relay();
	int n;

	n = extendmsg_put_extend2(data, &h, 1, 2, hdata, sizeof(hdata));
	ck_assert_int_eq(n, 1 + 8 + 22 + 34 + 4 + 84);
	ck_assert_mem_eq(data, want, sizeof(want));
	ck_assert_mem_eq(data + 11, h.id.rsa, 20);
	ck_assert_uint_eq(data[31], 3);
	ck_assert_uint_eq(data[32], 32);
	ck_assert_mem_eq(data + 33, h.id.ed, 32);
	ck_assert_mem_eq(data + 65, "\0\2\0\124", 4);
	ck_assert_mem_eq(data + 69, hdata, sizeof(hdata));
	/* The Ed25519 identity only where it is wanted, and known. */
	n = extendmsg_put_extend2(data, &h, 0, 2, hdata, sizeof(hdata));
	ck_assert_int_eq(n, 1 + 8 + 22 + 4 + 84);
	ck_assert_uint_eq(data[0], 2);
	h.id.has_ed = 0;
	ck_assert_int_eq(extendmsg_put_extend2(data, &h, 1, 2, hdata,
	    sizeof(hdata)), n);
}
END_TEST

START_TEST(extendmsg_put_what_does_not_fit_is_refused)
{
	uint8_t data[RELAY_BODY], hdata[600] = { 0 };
	struct hopinfo h = relay();

	ck_assert_int_eq(extendmsg_put_extend2(data, &h, 1, 3, hdata,
	    498 - 69), 498);
	ck_assert_int_eq(extendmsg_put_extend2(data, &h, 1, 3, hdata,
	    498 - 68), -EMSGSIZE);
	ck_assert_int_eq(extendmsg_put_create2(data, 3, hdata, 505), 509);
	ck_assert_int_eq(extendmsg_put_create2(data, 3, hdata, 506),
	    -EMSGSIZE);
	h.or4.family = 0;
	ck_assert_int_eq(extendmsg_put_extend2(data, &h, 1, 3, hdata, 1),
	    -EADDRNOTAVAIL);
}
END_TEST

START_TEST(extendmsg_get_reply_stays_within_the_message)
{
	uint8_t in[10] = { 0, 8 };
	const uint8_t *p;
	size_t n;

	ck_assert_int_eq(extendmsg_get_reply(in, 10, &p, &n), 0);
	ck_assert_uint_eq(n, 8);
	ck_assert_ptr_eq(p, in + 2);
	ck_assert_int_eq(extendmsg_get_reply(in, 9, &p, &n), -EPROTO);
	ck_assert_int_eq(extendmsg_get_reply(in, 1, &p, &n), -EPROTO);
	ck_assert_int_eq(extendmsg_get_reply(in, 0, &p, &n), -EPROTO);
	in[1] = 0;
	ck_assert_int_eq(extendmsg_get_reply(in, 10, &p, &n), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* RESOLVED. */

static const struct {
	const char	*name;
	const char	*in;
	size_t		 len;
	int		 want;
	uint8_t		 type;		/* of the first */
	uint32_t	 ttl;
} resolved_cases[] = {
	{ "empty", "", 0, 0, 0, 0 },
	{ "IPv4", "\4\4\1\2\3\4\0\0\1\0", 10, 1, 4, 256 },
	{ "IPv4, short", "\4\4\1\2\3\4\0\0\1", 9, -EPROTO, 0, 0 },
	{ "IPv4 of 5 bytes", "\4\5\1\2\3\4\5\0\0\1\0", 11, -EPROTO, 0, 0 },
	{ "IPv6", "\6\20" "0123456789abcdef" "\0\0\0\5", 22, 1, 6, 5 },
	{ "IPv6 of 4 bytes", "\6\4\1\2\3\4\0\0\1\0", 10, -EPROTO, 0, 0 },
	{ "name", "\0\3" "a.b" "\0\0\0\1", 9, 1, 0, 1 },
	{ "name, empty", "\0\0\0\0\0\1", 6, -EPROTO, 0, 0 },
	{ "name with NUL", "\0\3" "a\0b" "\0\0\0\1", 9, 0, 0, 0 },
	{ "name with escape", "\0\3" "a\033b" "\0\0\0\1", 9, 0, 0, 0 },
	{ "error", "\xf1\0\0\0\0\7", 6, 1, 0xf1, 7 },
	{ "transient with text", "\xf0\2no\0\0\0\7", 8, 1, 0xf0, 7 },
	{ "unknown type", "\x77\1x\0\0\0\7", 7, 0, 0, 0 },
	{ "two", "\4\4\1\2\3\4\0\0\1\0\4\4\1\2\3\5\0\0\1\0", 20, 2, 4, 256 },
	{ "one and a half", "\4\4\1\2\3\4\0\0\1\0\4\4\1\2", 14, -EPROTO, 0, 0 },
	{ "one and one byte", "\4\4\1\2\3\4\0\0\1\0\4", 11, -EPROTO, 0, 0 },
};

START_TEST(resolvemsg_parse_gives_the_answers)
{
	struct resolved v[RESOLVED_MAX];
	struct relaymsg m = message(RELAY_RESOLVED, resolved_cases[_i].in,
	    resolved_cases[_i].len);
	int n = resolvemsg_parse(v, &m);

	ck_assert_msg(n == resolved_cases[_i].want, "%s: %d",
	    resolved_cases[_i].name, n);
	if (n < 1)
		return;
	ck_assert_uint_eq(v[0].type, resolved_cases[_i].type);
	ck_assert_uint_eq(v[0].ttl, resolved_cases[_i].ttl);
}
END_TEST

START_TEST(resolvemsg_parse_as_many_as_fit_all_fit)
{
	struct resolved v[RESOLVED_MAX];
	uint8_t in[RELAY_DATA_MAX];
	struct relaymsg m;
	size_t i;

	memset(in, 0, sizeof(in));
	for (i = 0; i + RESOLVED_MIN <= sizeof(in); i += RESOLVED_MIN)
		in[i] = 0xf0;
	m = message(RELAY_RESOLVED, in, sizeof(in));
	ck_assert_int_eq(resolvemsg_parse(v, &m), RESOLVED_MAX);
	ck_assert_int_eq(RESOLVED_MAX * RESOLVED_MIN, (int)sizeof(in));
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(relaymsg_parse_reads_what_head_wrote, SHAPES),
	UNIT(relaymsg_head_leaves_what_is_hopcrypt_s),
	UNIT(relaymsg_v1_head_is_as_the_proposal_has_it),
	UNIT(relaymsg_v1_has_a_stream_where_the_command_says_so),
	UNIT_LOOP(relaymsg_parse_takes_lengths_up_to_the_cell, SHAPES),
	UNIT_LOOP(relaymsg_pad_leaves_a_gap_and_fills_the_rest, SHAPES),
	UNIT(relaymsg_put_begin_service_has_no_host_and_others_do),
	UNIT_LOOP(relaymsg_put_begin_writes_address_port_and_flags, 5),
	UNIT(relaymsg_put_resolve_refuses_what_no_name_can_be),
	UNIT_LOOP(relaymsg_sendme_goes_there_and_back, SHAPES),
	UNIT(relaymsg_xon_goes_there_and_back),
	UNIT_LOOP(relaymsg_get_connected_takes_both_families_or_none, 11),
	UNIT(relaymsg_end_errno_is_zero_only_for_done_on_an_open_stream),
	UNIT(extendmsg_put_extend2_has_specifiers_in_order),
	UNIT(extendmsg_put_what_does_not_fit_is_refused),
	UNIT(extendmsg_get_reply_stays_within_the_message),
	UNIT_LOOP(resolvemsg_parse_gives_the_answers, NELEM(resolved_cases)),
	UNIT(resolvemsg_parse_as_many_as_fit_all_fit),
};
UNIT_MAIN("relaymsg", tests)
