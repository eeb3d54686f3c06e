/* tests/daemon/test_socks.c - SOCKS conversations, whole and in all pieces */
#include "daemon/socks.h"

#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "tests/unit.h"

#define BYTES(s)	s, sizeof(s) - 1
#define ASK5(cmd, rest)	"\5\1\0" "\5" cmd "\0" rest
#define METHOD0		"\5\0"
#define FAILED5(rep)	"\5" rep "\0\1\0\0\0\0\0\0"
#define REJECTED4	"\0\x5b\0\0\0\0\0\0"
#define LABEL63		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaa"
#define LABEL64		LABEL63 "a"

static const uint8_t safe_on = 1;

struct heard {
	enum socks_result r;
	size_t	used;
	char	said[1024];
	size_t	said_len;
};

static int
is_ten(const void *arg, const struct addr *a)
{
	ck_assert_ptr_eq(arg, &safe_on);
	return a->family == 4 && a->ip[0] == 10;
}

/* All of @in in pieces: up to @cut, then up to @step bytes each. */
static void
hear(struct socks *s, const char *in, size_t len, size_t cut, size_t step,
    struct heard *h)
{
	size_t at = 0, n, used;

	memset(h, 0, sizeof(*h));
	h->r = SOCKS_MORE;
	while (h->r == SOCKS_MORE && at < len) {
		n = at < cut ? cut - at : step;
		if (n > len - at)
			n = len - at;
		h->r = socks_input(s, in + at, n, &used);
		ck_assert_uint_le(used, n);
		ck_assert(used > 0 || h->r != SOCKS_MORE);
		at += used;
		ck_assert_uint_lt(h->said_len + s->reply_len, sizeof(h->said));
		if (s->reply_len)
			memcpy(h->said + h->said_len, s->reply, s->reply_len);
		h->said_len += s->reply_len;
	}
	h->used = at;
}

static const struct {
	const char	*name;
	const char	*in;
	size_t		 len;
	const char	*said;
	size_t		 said_len;
	const char	*host;
	enum socks_command command;
	uint16_t	 port;
	uint8_t		 version, by_addr;
	const char	*auth;
	size_t		 auth_len;
} good[] = {
	{ "4", BYTES("\4\1\0\x50\1\2\3\4\0"), BYTES(""), "1.2.3.4",
	    SOCKS_CONNECT, 80, 4, 1, NULL, 0 },
	{ "4, user", BYTES("\4\1\1\xbb\1\2\3\4joe\0"), BYTES(""), "1.2.3.4",
	    SOCKS_CONNECT, 443, 4, 1, BYTES("\0\3joe\0\0") },
	{ "4a", BYTES("\4\1\0\x50\0\0\0\1\0example.com\0"), BYTES(""),
	    "example.com", SOCKS_CONNECT, 80, 4, 0, NULL, 0 },
	{ "4a, user", BYTES("\4\1\0\x50\0\0\0\x7f" "u\0a.onion\0"), BYTES(""),
	    "a.onion", SOCKS_CONNECT, 80, 4, 0, BYTES("\0\1u\0\0") },
	{ "4a, address as a name", BYTES("\4\1\0\x50\0\0\0\1\0" "1.2.3.4\0"),
	    BYTES(""), "1.2.3.4", SOCKS_CONNECT, 80, 4, 0, NULL, 0 },
	{ "4a RESOLVE", BYTES("\4\xf0\0\0\0\0\0\1\0example.com\0"), BYTES(""),
	    "example.com", SOCKS_RESOLVE, 0, 4, 0, NULL, 0 },
	{ "4, ours", BYTES("\4\1\0\x50\x0a\2\3\4\0"), BYTES(""), "10.2.3.4",
	    SOCKS_CONNECT, 80, 4, 0, NULL, 0 },
	{ "5, IPv4", BYTES(ASK5("\1", "\1\1\2\3\4\0\x50")), BYTES(METHOD0),
	    "1.2.3.4", SOCKS_CONNECT, 80, 5, 1, NULL, 0 },
	{ "5, ours", BYTES(ASK5("\1", "\1\x0a\2\3\4\0\x50")), BYTES(METHOD0),
	    "10.2.3.4", SOCKS_CONNECT, 80, 5, 0, NULL, 0 },
	{ "5, IPv6", BYTES(ASK5("\1", "\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\0\x50")), BYTES(METHOD0), "2001:db8::1", SOCKS_CONNECT, 80, 5, 1,
	    NULL, 0 },
	{ "5, name", BYTES(ASK5("\1", "\3\xb" "example.com\0\x50")),
	    BYTES(METHOD0), "example.com", SOCKS_CONNECT, 80, 5, 0, NULL, 0 },
	{ "5, final dot", BYTES(ASK5("\1", "\3\xc" "example.com.\0\x50")),
	    BYTES(METHOD0), "example.com.", SOCKS_CONNECT, 80, 5, 0, NULL, 0 },
	{ "5, IPv6 as a name", BYTES(ASK5("\1", "\3\5[::1]\0\x50")),
	    BYTES(METHOD0), "::1", SOCKS_CONNECT, 80, 5, 0, NULL, 0 },
	{ "5, .exit", BYTES(ASK5("\1", "\3\xe" "a.com.$AB.eXit\0\x50")),
	    BYTES(METHOD0), "a.com.$AB.eXit", SOCKS_CONNECT, 80, 5, 0, NULL,
	    0 },
	{ "5 RESOLVE", BYTES(ASK5("\xf0", "\3\xb" "example.com\0\0")),
	    BYTES(METHOD0), "example.com", SOCKS_RESOLVE, 0, 5, 0, NULL, 0 },
	{ "5 RESOLVE_PTR", BYTES(ASK5("\xf1", "\1\1\2\3\4\0\0")),
	    BYTES(METHOD0), "1.2.3.4", SOCKS_RESOLVE_PTR, 0, 5, 0, NULL, 0 },
	{ "5 RESOLVE_PTR of text", BYTES(ASK5("\xf1", "\3\7" "1.2.3.4\0\0")),
	    BYTES(METHOD0), "1.2.3.4", SOCKS_RESOLVE_PTR, 0, 5, 0, NULL, 0 },
	{ "5, password", BYTES("\5\1\2\1\1u\2pw\5\1\0\3\1a\0\1"),
	    BYTES("\5\2\1\0"), "a", SOCKS_CONNECT, 1, 5, 0,
	    BYTES("\0\1u\0\2pw") },
	{ "5, password preferred", BYTES("\5\2\0\2\1\1u\0\5\1\0\3\1a\0\1"),
	    BYTES("\5\2\1\0"), "a", SOCKS_CONNECT, 1, 5, 0,
	    BYTES("\0\1u\0\0") },
	{ "5, empty password", BYTES("\5\1\2\1\0\0\5\1\0\3\1a\0\1"),
	    BYTES("\5\2\1\0"), "a", SOCKS_CONNECT, 1, 5, 0, NULL, 0 },
	{ "5, a password that was not asked for",
	    BYTES("\5\1\0\1\1u\1p\5\1\0\3\1a\0\1"), BYTES("\5\0\1\0"), "a",
	    SOCKS_CONNECT, 1, 5, 0, BYTES("\0\1u\0\1p") },
	{ "5, format 0", BYTES("\5\1\2\1\x9<torS0X>0\1p\5\1\0\3\1a\0\1"),
	    BYTES("\5\2\1\0"), "a", SOCKS_CONNECT, 1, 5, 0,
	    BYTES("\0\x9<torS0X>0\0\1p") },
};

static void
check_good(size_t i, size_t cut, size_t step)
{
	static const struct socks_rules rules = {
		.is_ours = is_ten, .arg = &safe_on };
	char more[1024];
	struct socks s;
	struct heard h;

	/* what follows is not touched */
	memcpy(more, good[i].in, good[i].len);
	memcpy(more + good[i].len, "GET /", 5);
	socks_init(&s, &rules);
	hear(&s, more, good[i].len + 5, cut, step, &h);
	ck_assert_msg(h.r == SOCKS_ASKED, "%s: %s", good[i].name, s.what);
	ck_assert_msg(h.used == good[i].len, "%s: %zu", good[i].name, h.used);
	ck_assert_mem_eq(h.said, good[i].said, good[i].said_len);
	ck_assert_uint_eq(h.said_len, good[i].said_len);
	ck_assert_str_eq(s.ask.host, good[i].host);
	ck_assert_uint_eq(s.ask.command, good[i].command);
	ck_assert_uint_eq(s.ask.port, good[i].port);
	ck_assert_uint_eq(s.ask.by_addr, good[i].by_addr);
	ck_assert_uint_eq(s.version, good[i].version);
	ck_assert_uint_eq(s.auth_len, good[i].auth_len);
	if (s.auth_len)
		ck_assert_mem_eq(s.auth, good[i].auth, s.auth_len);
	socks_wipe(&s);
}

START_TEST(socks_input_request_in_any_pieces_is_the_same)
{
	size_t i = (size_t)_i, cut, step;

	for (step = 1; step <= good[i].len + 5; step++)
		check_good(i, 0, step);
	for (cut = 1; cut < good[i].len; cut++)
		check_good(i, cut, good[i].len);
}
END_TEST

static const struct {
	const char	*name;
	const char	*in;
	size_t		 len;
	const char	*said;
	size_t		 said_len;
} bad[] = {
	{ "no version", BYTES("\0"), BYTES("") },
	{ "version 1 first", BYTES("\1\0\0"), BYTES("") },
	{ "version 6", BYTES("\6\1\0"), BYTES("") },
	{ "TLS", BYTES("\x16\3\1"), BYTES("") },
	{ "4 BIND", BYTES("\4\2\0\x50\1\2\3\4\0"), BYTES(REJECTED4) },
	{ "4 RESOLVE_PTR", BYTES("\4\xf1\0\0\1\2\3\4\0"), BYTES(REJECTED4) },
	{ "4 port 0", BYTES("\4\1\0\0\1\2\3\4\0"), BYTES(REJECTED4) },
	{ "4 address 0", BYTES("\4\1\0\x50\0\0\0\0\0"), BYTES(REJECTED4) },
	{ "4a no name", BYTES("\4\1\0\x50\0\0\0\1\0\0"), BYTES(REJECTED4) },
	{ "4a no such name", BYTES("\4\1\0\x50\0\0\0\1\0a b\0"),
	    BYTES(REJECTED4) },
	{ "4a empty label", BYTES("\4\1\0\x50\0\0\0\1\0a..b\0"),
	    BYTES(REJECTED4) },
	{ "4a label of 64", BYTES("\4\1\0\x50\0\0\0\1\0" LABEL64 "\0"),
	    BYTES(REJECTED4) },
	{ "5 no methods", BYTES("\5\0"), BYTES("") },
	{ "5 no method of ours", BYTES("\5\2\1\x80"), BYTES("\5\xff") },
	{ "5 no password", BYTES("\5\1\2\5"), BYTES("\5\2") },
	{ "5 unknown format", BYTES("\5\1\2\1\x9<torS0X>1\0"),
	    BYTES("\5\2\1\1") },
	{ "5 no format", BYTES("\5\1\2\1\x8<torS0X>\0"), BYTES("\5\2\1\1") },
	{ "5 long format", BYTES("\5\1\2\1\xa<torS0X>00\0"),
	    BYTES("\5\2\1\1") },
	{ "5 two passwords", BYTES("\5\1\0\1\0\0\1"),
	    BYTES("\5\0\1\0" FAILED5("\1")) },
	{ "5 then 4", BYTES("\5\1\0\4"), BYTES(METHOD0 FAILED5("\1")) },
	{ "5 BIND", BYTES(ASK5("\2", "\1\1")), BYTES(METHOD0 FAILED5("\7")) },
	{ "5 UDP", BYTES(ASK5("\3", "\1\1")), BYTES(METHOD0 FAILED5("\7")) },
	{ "5 CONNECT_DIR", BYTES(ASK5("\xf2", "\1")),
	    BYTES(METHOD0 FAILED5("\7")) },
	{ "5 command 0", BYTES(ASK5("\0", "\1")),
	    BYTES(METHOD0 FAILED5("\7")) },
	{ "5 reserved", BYTES("\5\1\0\5\1\1\1"),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 type 2", BYTES(ASK5("\1", "\2")), BYTES(METHOD0 FAILED5("\x8")) },
	{ "5 type 0", BYTES(ASK5("\1", "\0")), BYTES(METHOD0 FAILED5("\x8")) },
	{ "5 no name", BYTES(ASK5("\1", "\3\0\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 NUL in a name", BYTES(ASK5("\1", "\3\3a\0b\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 blank in a name", BYTES(ASK5("\1", "\3\3a b\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 port in a name", BYTES(ASK5("\1", "\3\4" "a:80\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 percent", BYTES(ASK5("\1", "\3\4" "a%%b\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 UTF-8", BYTES(ASK5("\1", "\3\3" "\xc3\xa4" "b\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 a dot", BYTES(ASK5("\1", "\3\1.\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 a dash", BYTES(ASK5("\1", "\3\2-a\0\x50")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 port 0", BYTES(ASK5("\1", "\3\1a\0\0")),
	    BYTES(METHOD0 FAILED5("\1")) },
	{ "5 PTR of a name", BYTES(ASK5("\xf1", "\3\1a\0\0")),
	    BYTES(METHOD0 FAILED5("\x8")) },
};

START_TEST(socks_input_malformed_is_refused_in_any_pieces)
{
	static const struct socks_rules rules = { .safe = 0 };
	struct socks s;
	struct heard h;
	size_t i = (size_t)_i, step, used;

	for (step = 1; step <= bad[i].len; step++) {
		socks_init(&s, &rules);
		hear(&s, bad[i].in, bad[i].len, 0, step, &h);
		ck_assert_msg(h.r == SOCKS_OVER, "%s", bad[i].name);
		ck_assert_ptr_nonnull(s.what);
		ck_assert_msg(h.said_len == bad[i].said_len, "%s: %zu",
		    bad[i].name, h.said_len);
		ck_assert_mem_eq(h.said, bad[i].said, h.said_len);
		/* and it stays so */
		ck_assert_int_eq(socks_input(&s, "\5\1\0", 3, &used),
		    SOCKS_OVER);
		ck_assert_uint_eq(used, 0);
		ck_assert_uint_eq(s.reply_len, 0);
	}
}
END_TEST

START_TEST(socks_input_http_gets_a_page)
{
	static const char *const lines[] = { "GET / HTTP/1.1", "HEAD /",
		"POST /", "CONNECT a:1 HTTP/1.1", "OPTIONS *", "DELETE /" };
	static const struct socks_rules rules = { .safe = 0 };
	struct socks s;
	size_t used;

	socks_init(&s, &rules);
	ck_assert_int_eq(socks_input(&s, lines[_i], strlen(lines[_i]), &used),
	    SOCKS_OVER);
	ck_assert_mem_eq(s.reply, "HTTP/1.0 501 ", 13);
	ck_assert_ptr_nonnull(memmem(s.reply, s.reply_len, "HTTPTunnelPort",
	    14));
}
END_TEST

START_TEST(socks_input_longest_messages_fit)
{
	static const struct socks_rules rules = { .safe = 0 };
	static char in[2048];
	struct socks s;
	struct heard h;
	size_t n = 0, i;

	in[n++] = 5;
	in[n++] = (char)255;
	for (i = 0; i < 255; i++)
		in[n++] = (char)(i == 254 ? 2 : 9);
	in[n++] = 1;
	for (i = 0; i < 2; i++) {
		in[n++] = (char)255;
		memset(in + n, 'u', 255);
		n += 255;
	}
	in[n++] = 5;
	in[n++] = 1;
	in[n++] = 0;
	in[n++] = 3;
	in[n++] = (char)255;
	for (i = 0; i < 255; i++)
		in[n++] = i % 64 == 63 ? '.' : 'a';
	in[n++] = 0;
	in[n++] = 1;
	socks_init(&s, &rules);
	hear(&s, in, n, 0, n, &h);
	ck_assert_int_eq(h.r, SOCKS_ASKED);
	ck_assert_uint_eq(h.used, n);
	ck_assert_uint_eq(strlen(s.ask.host), 255);
	ck_assert_uint_eq(s.auth_len, 2 * (2 + 255));
}
END_TEST

START_TEST(socks_input_endless_strings_of_4_end)
{
	static const struct socks_rules rules = { .safe = 0 };
	static char in[1024];
	struct socks s;
	struct heard h;

	memset(in, 'a', sizeof(in));
	memcpy(in, _i ? "\4\1\0\x50\0\0\0\1\0" : "\4\1\0\x50\1\2\3\4", _i ? 9 :
	    8);
	socks_init(&s, &rules);
	hear(&s, in, sizeof(in), 0, 7, &h);
	ck_assert_int_eq(h.r, SOCKS_OVER);
	ck_assert_uint_eq(h.used, SOCKS_4_MAX);
	ck_assert_mem_eq(h.said, REJECTED4, 8);
}
END_TEST

START_TEST(socks_input_prefer_no_auth_takes_it_where_offered)
{
	static const struct socks_rules rules = { .prefer_no_auth = 1 };
	struct socks s;
	size_t used;

	socks_init(&s, &rules);
	socks_input(&s, "\5\2\2\0", 4, &used);
	ck_assert_mem_eq(s.reply, "\5\0", 2);
	socks_init(&s, &rules);
	socks_input(&s, "\5\1\2", 3, &used);
	ck_assert_mem_eq(s.reply, "\5\2", 2);
}
END_TEST

static const struct {
	const char	*in;
	size_t		 len;
	int		 refused;
	uint8_t		 code;
} safes[] = {
	{ BYTES("\4\1\0\x50\1\2\3\4\0"), 1, 0x5b },
	{ BYTES("\4\1\0\x50\x0a\2\3\4\0"), 0, 0 },	/* ours */
	{ BYTES("\4\1\0\x50\0\0\0\1\0a.onion\0"), 0, 0 },
	{ BYTES(ASK5("\1", "\1\1\2\3\4\0\x50")), 1, 2 },
	{ BYTES(ASK5("\1", "\1\x0a\2\3\4\0\x50")), 0, 0 },
	{ BYTES(ASK5("\1", "\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x50")), 1, 2 },
	{ BYTES(ASK5("\1", "\3\7a.onion\0\x50")), 0, 0 },
	{ BYTES(ASK5("\xf0", "\3\1a\0\0")), 0, 0 },
	{ BYTES(ASK5("\xf1", "\1\1\2\3\4\0\0")), 0, 0 },
};

START_TEST(socks_input_safe_socks_refuses_addresses_alone)
{
	static const struct socks_rules rules = { .safe = 1,
		.is_ours = is_ten, .arg = &safe_on };
	struct socks s;
	struct heard h;

	socks_init(&s, &rules);
	hear(&s, safes[_i].in, safes[_i].len, 0, 1, &h);
	ck_assert_int_eq(h.r, safes[_i].refused ? SOCKS_OVER : SOCKS_ASKED);
	if (!safes[_i].refused)
		return;
	ck_assert_uint_eq(s.reply[1], safes[_i].code);
	ck_assert_ptr_nonnull(strstr(s.what, "SafeSocks"));
}
END_TEST

static const struct {
	int	why;
	uint8_t	plain, extended;
} whys[] = {
	{ 0, 0, 0 }, { -EACCES, 2, 2 }, { -ENETUNREACH, 3, 3 },
	{ -EHOSTUNREACH, 4, 4 }, { -ENOENT, 4, 4 }, { -ECONNREFUSED, 5, 5 },
	{ -ECONNRESET, 5, 5 }, { -ETIMEDOUT, 6, 6 }, { -EAGAIN, 1, 1 },
	{ -ENOMEM, 1, 1 },
	{ -WHY_HS_NOT_FOUND, 4, 0xf0 }, { -WHY_HS_INVALID, 1, 0xf1 },
	{ -WHY_HS_INTRO, 1, 0xf2 }, { -WHY_HS_REND, 1, 0xf3 },
	{ -WHY_HS_AUTH_MISSING, 1, 0xf4 }, { -WHY_HS_AUTH_WRONG, 1, 0xf5 },
	{ -WHY_HS_ADDRESS, 1, 0xf6 }, { -WHY_HS_TIMEOUT, 1, 0xf7 },
	{ -WHY_HS_END, 1, 1 },
};

static void
ask(struct socks *s, const struct socks_rules *rules, int version)
{
	struct heard h;

	socks_init(s, rules);
	if (version == 4)
		hear(s, BYTES("\4\1\0\x50\1\2\3\4\0"), 0, 64, &h);
	else
		hear(s, BYTES(ASK5("\1", "\3\1a\0\1")), 0, 64, &h);
	ck_assert_int_eq(h.r, SOCKS_ASKED);
}

START_TEST(socks_answer_has_the_code_of_the_reason)
{
	static const struct socks_rules plain, ext = { .extended = 1 };
	struct socks s;

	ask(&s, &plain, 5);
	socks_answer(&s, whys[_i].why);
	ck_assert_uint_eq(s.reply_len, 10);
	ck_assert_uint_eq(s.reply[1], whys[_i].plain);
	ask(&s, &ext, 5);
	socks_answer(&s, whys[_i].why);
	ck_assert_uint_eq(s.reply[1], whys[_i].extended);
	ask(&s, &ext, 4);
	socks_answer(&s, whys[_i].why);
	ck_assert_uint_eq(s.reply_len, 8);
	ck_assert_uint_eq(s.reply[0], 0);
	ck_assert_uint_eq(s.reply[1], whys[_i].why ? 91 : 90);
}
END_TEST

START_TEST(socks_answer_addr_and_name_are_as_the_specification_says)
{
	static const struct socks_rules plain;
	struct addr four, six, none = { .family = 0 };
	char name[300];
	struct socks s;

	addr_v4(&four, 0x01020304, 0);
	ck_assert_int_eq(addr_parse_ip(&six, "2001:db8::1", -1), 0);
	ask(&s, &plain, 5);
	socks_answer_addr(&s, &four);
	ck_assert_uint_eq(s.reply_len, 10);
	ck_assert_mem_eq(s.reply, "\5\0\0\1\1\2\3\4\0\0", 10);
	socks_answer_addr(&s, &six);
	ck_assert_uint_eq(s.reply_len, 22);
	ck_assert_mem_eq(s.reply, "\5\0\0\4\x20\1\xd\xb8", 8);
	socks_answer_addr(&s, &none);
	ck_assert_mem_eq(s.reply, "\5\4\0\1", 4);
	socks_answer_name(&s, "a.b");
	ck_assert_uint_eq(s.reply_len, 10);
	ck_assert_mem_eq(s.reply, "\5\0\0\3\3a.b\0\0", 10);
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	socks_answer_name(&s, name);
	ck_assert_uint_eq(s.reply_len, SOCKS_REPLY_MAX);
	name[255] = 'a';
	name[256] = '\0';
	socks_answer_name(&s, name);
	ck_assert_uint_eq(s.reply[1], 4);
	socks_answer_name(&s, "");
	ck_assert_uint_eq(s.reply[1], 4);
	ask(&s, &plain, 4);
	socks_answer_addr(&s, &four);
	ck_assert_mem_eq(s.reply, "\0\x5a\0\0\1\2\3\4", 8);
	socks_answer_addr(&s, &six);
	ck_assert_uint_eq(s.reply[1], 91);
	socks_answer_name(&s, "a.b");
	ck_assert_uint_eq(s.reply[1], 91);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(socks_input_request_in_any_pieces_is_the_same, NELEM(good)),
	UNIT_LOOP(socks_input_malformed_is_refused_in_any_pieces, NELEM(bad)),
	UNIT_LOOP(socks_input_http_gets_a_page, 6),
	UNIT(socks_input_longest_messages_fit),
	UNIT_LOOP(socks_input_endless_strings_of_4_end, 2),
	UNIT(socks_input_prefer_no_auth_takes_it_where_offered),
	UNIT_LOOP(socks_input_safe_socks_refuses_addresses_alone,
	    NELEM(safes)),
	UNIT_LOOP(socks_answer_has_the_code_of_the_reason, NELEM(whys)),
	UNIT(socks_answer_addr_and_name_are_as_the_specification_says),
};

UNIT_MAIN("socks", tests)
