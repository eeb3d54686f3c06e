/* daemon/socks.c - SOCKS 4, 4a and 5, the server's side
 *
 * Theory of operation
 *	Of each message it is known at any time how many bytes are needed to
 *	know more, and no more than these are taken; a message is looked at when
 *	it is whole.
 *
 *	  FIRST -- 4 --> ASK4 ------------------------------.
 *	     \---- 5 --> METHODS --> AUTH --> ASK5 ----------+--> DONE
 *	                        \------------/ \__ 1: AUTH
 *	     \-- anything else: OVER
 *
 *	A client that was told to send no password and sends one all the same is
 *	listened to, as by tor, for it may say so before it was told.  So may
 *	all the rest come: who doesn't wait for our replies saves round trips.
 *
 *	What begins like HTTP is answered by a page that says what port this is;
 *	a TLS hello can't be, and is named in the log.
 * Limits
 *	SOCKS_IN_MAX bytes of one message.
 */
#include "daemon/socks.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/why.h"
#include "base/wire.h"

enum state {
	STATE_OVER, STATE_FIRST, STATE_ASK4, STATE_METHODS, STATE_AUTH,
	STATE_ASK5, STATE_DONE
};
enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };
enum { GRANTED4 = 90, REJECTED4 = 91, REPLY4_LEN = 8, HEAD4 = 8, HEAD5 = 4 };
enum {				/* RFC 1928 6 */
	REP_OK, REP_GENERAL, REP_NOT_ALLOWED, REP_NET_UNREACHABLE,
	REP_HOST_UNREACHABLE, REP_REFUSED, REP_TTL_EXPIRED, REP_COMMAND,
	REP_ADDRESS_TYPE, REP_HS_FIRST = 0xf0
};

static const char http_page[] =
	"HTTP/1.0 501 This is a SOCKS proxy, not an HTTP proxy\r\n"
	"Content-Type: text/html; charset=utf-8\r\n"
	"Connection: close\r\n"
	"\r\n"
	"<!DOCTYPE html>\n"
	"<html><head><title>A SOCKS port, not an HTTP proxy</title></head>\n"
	"<body><h1>A SOCKS port, not an HTTP proxy</h1>\n"
	"<p>Your program speaks HTTP to the SocksPort of\n"
	"onion-transparent. Set it up to use this address as a SOCKS proxy\n"
	"(SOCKS 5 with remote names, if it offers that), or use the address\n"
	"of an HTTPTunnelPort as its HTTP proxy.</p>\n"
	"</body></html>\n";

void
socks_init(struct socks *s, const struct socks_rules *rules)
{
	memset(s, 0, sizeof(*s));
	s->rules = *rules;
	s->state = STATE_FIRST;
}

void
socks_wipe(struct socks *s)
{
	secret_wipe(s, sizeof(*s));
}

/* --- replies --- */

static void
reply(struct socks *s, size_t len)
{
	s->reply = s->out;
	s->reply_len = len;
}

static void
reply4(struct socks *s, int granted, const uint8_t ip[4])
{
	memset(s->out, 0, REPLY4_LEN);
	s->out[1] = granted ? GRANTED4 : REJECTED4;
	if (ip)
		memcpy(s->out + 4, ip, 4);
	reply(s, REPLY4_LEN);
}

/* With an address of @len bytes, and port 0. */
static void
reply5(struct socks *s, uint8_t rep, uint8_t type, const void *p, size_t len)
{
	static const uint8_t none[4];
	size_t n = 4;

	if (p == NULL) {
		type = TYPE_IPV4;
		p = none;
		len = sizeof(none);
	}
	s->out[0] = 5;
	s->out[1] = rep;
	s->out[2] = 0;
	s->out[3] = type;
	if (type == TYPE_NAME)
		s->out[n++] = (uint8_t)len;
	memcpy(s->out + n, p, len);
	n += len;
	s->out[n++] = 0;
	s->out[n++] = 0;
	reply(s, n);
}

static uint8_t
rep_of(int why)
{
	switch (why) {
	case 0:
		return REP_OK;
	case -EACCES:
		return REP_NOT_ALLOWED;
	case -ENETUNREACH:
		return REP_NET_UNREACHABLE;
	case -ENOENT:
	case -EHOSTUNREACH:
		return REP_HOST_UNREACHABLE;
	case -ECONNREFUSED:
	case -ECONNRESET:
		return REP_REFUSED;
	case -ETIMEDOUT:
		return REP_TTL_EXPIRED;
	case -WHY_HS_NOT_FOUND:
		return REP_HOST_UNREACHABLE;
	default:
		return REP_GENERAL;
	}
}

void
socks_answer(struct socks *s, int why)
{
	uint8_t rep = rep_of(why);

	s->state = STATE_OVER;
	if (s->version == 4) {
		reply4(s, why == 0, NULL);
		return;
	}
	if (s->rules.extended && -why >= WHY_HS_FIRST && -why < WHY_HS_END)
		rep = (uint8_t)(REP_HS_FIRST + (-why - WHY_HS_FIRST));
	reply5(s, rep, 0, NULL, 0);
}

void
socks_answer_addr(struct socks *s, const struct addr *a)
{
	s->state = STATE_OVER;
	if (s->version == 4)
		reply4(s, a->family == 4, a->family == 4 ? a->ip : NULL);
	else if (a->family == 0)
		reply5(s, REP_HOST_UNREACHABLE, 0, NULL, 0);
	else
		reply5(s, REP_OK, a->family == 6 ? TYPE_IPV6 : TYPE_IPV4,
		    a->ip, addr_iplen(a));
}

void
socks_answer_name(struct socks *s, const char *name)
{
	size_t len = strlen(name);

	if (s->version == 4 || len == 0 || len > HOSTNAME_MAX) {
		socks_answer(s, -ENOENT);
		return;
	}
	s->state = STATE_OVER;
	reply5(s, REP_OK, TYPE_NAME, name, len);
}

/* --- messages --- */

static enum socks_result
over(struct socks *s, const char *what)
{
	s->state = STATE_OVER;
	s->what = what;
	return SOCKS_OVER;
}

static enum socks_result
refuse4(struct socks *s, const char *what)
{
	reply4(s, 0, NULL);
	return over(s, what);
}

static enum socks_result
refuse5(struct socks *s, uint8_t rep, const char *what)
{
	reply5(s, rep, 0, NULL, 0);
	return over(s, what);
}

static enum socks_result
next(struct socks *s, enum state state)
{
	s->state = (uint8_t)state;
	s->in_len = 0;
	return SOCKS_MORE;
}

/* Was the name asked elsewhere first?  Not if it is an address that stands for
 * a name here. */
static int
is_unsafe(const struct socks *s, const struct addr *a)
{
	if (s->ask.command == SOCKS_RESOLVE_PTR)
		return 0;
	return s->rules.is_ours == NULL || !s->rules.is_ours(s->rules.arg, a);
}

static void
set_addr(struct socks *s, const struct addr *a)
{
	char text[ADDR_TEXT];

	s->ask.by_addr = (uint8_t)is_unsafe(s, a);
	strcpy(s->ask.host, addr_ip_raw(a, text));
}

static void
add_auth(struct socks *s, const uint8_t *p, size_t len)
{
	s->auth[s->auth_len++] = (uint8_t)(len >> 8);
	s->auth[s->auth_len++] = (uint8_t)len;
	if (len)
		memcpy(s->auth + s->auth_len, p, len);
	s->auth_len += len;
}

static enum socks_result
first(struct socks *s)
{
	switch (s->in[0]) {
	case 4:
		s->version = 4;
		s->state = STATE_ASK4;
		return SOCKS_MORE;
	case 5:
		s->state = STATE_METHODS;
		return SOCKS_MORE;
	case 'G':
	case 'H':
	case 'P':
	case 'C':
	case 'O':
	case 'D':
		s->reply = (const uint8_t *)http_page;
		s->reply_len = sizeof(http_page) - 1;
		return over(s, "it speaks HTTP (HTTPTunnelPort is for that)");
	case 0x16:
		return over(s, "it speaks TLS, which no proxy of ours does");
	default:
		return over(s, "it speaks neither SOCKS 4 nor SOCKS 5");
	}
}

/* VER NMETHODS METHODS */
static enum socks_result
methods(struct socks *s)
{
	size_t n = s->in[1];
	const uint8_t *m = s->in + 2;
	int none = memchr(m, METHOD_NONE, n) != NULL;
	int password = memchr(m, METHOD_PASSWORD, n) != NULL;

	s->version = 5;
	s->out[0] = 5;
	s->out[1] = METHOD_REFUSED;
	reply(s, 2);
	if (!none && !password)
		return over(s, "it offers no method of authentication that is "
		    "known here");
	s->no_auth = none && (!password || s->rules.prefer_no_auth);
	s->out[1] = s->no_auth ? METHOD_NONE : METHOD_PASSWORD;
	return next(s, s->no_auth ? STATE_ASK5 : STATE_AUTH);
}

/* "<torS0X>" begins what is meant for us and no user's name; of its formats we
 * know 0, which is as if it were one. */
static int
is_known_format(const uint8_t *user, size_t len)
{
	static const char mark[] = "<torS0X>";
	size_t n = sizeof(mark) - 1;

	if (len < n || memcmp(user, mark, n) != 0)
		return 1;
	return len == n + 1 && user[n] == '0';
}

/* VER ULEN USER PLEN PASSWORD; either may be empty, as with tor. */
static enum socks_result
auth(struct socks *s)
{
	size_t ulen = s->in[1], plen = s->in[2 + ulen];
	const uint8_t *user = s->in + 2, *password = user + ulen + 1;

	s->out[0] = 1;
	s->out[1] = !is_known_format(user, ulen);
	reply(s, 2);
	if (s->out[1])
		return over(s, "its user name asks for what is not known here");
	s->got_auth = 1;
	if (ulen || plen) {
		add_auth(s, user, ulen);
		add_auth(s, password, plen);
	}
	return next(s, STATE_ASK5);
}

static enum socks_result
asked(struct socks *s)
{
	s->state = STATE_DONE;
	return SOCKS_ASKED;
}

/* VER CMD PORT(2) IP(4) USER NUL, and with an IP of 0.0.0.x NAME NUL */
static enum socks_result
ask4(struct socks *s)
{
	const char *user = (const char *)s->in + HEAD4;
	size_t ulen = strlen(user);
	const char *name = user + ulen + 1;
	uint32_t ip = wire_get32(s->in + 4);
	struct addr a;

	s->ask.command = s->in[1];
	s->ask.port = wire_get16(s->in + 2);
	if (ulen) {
		add_auth(s, s->in + HEAD4, ulen);
		add_auth(s, NULL, 0);
	}
	if (s->in[1] != SOCKS_CONNECT && s->in[1] != SOCKS_RESOLVE)
		return refuse4(s, "it asks for a command that is not known "
		    "here");
	if (ip == 0 || (s->ask.port == 0 && s->in[1] == SOCKS_CONNECT))
		return refuse4(s, "it asks for address 0 or port 0");
	if (ip >> 8) {
		addr_v4(&a, ip, 0);
		set_addr(s, &a);
	} else if (hostname_take(s->ask.host, name, strlen(name)) < 0)
		return refuse4(s, "what it asks for is no host's name");
	if (s->ask.by_addr && s->rules.safe)
		return refuse4(s, "it gives an address and no name "
		    "(SafeSocks)");
	return asked(s);
}

/* 0, or the reply. */
static uint8_t
take_host5(struct socks *s)
{
	const uint8_t *p = s->in + HEAD5;
	struct addr a = { .family = 4 };

	switch (s->in[3]) {
	case TYPE_IPV6:
		a.family = 6;
		/* FALLTHROUGH */
	case TYPE_IPV4:
		memcpy(a.ip, p, addr_iplen(&a));
		set_addr(s, &a);
		return 0;
	default:
		return hostname_take(s->ask.host, p + 1, p[0]) < 0 ?
		    REP_GENERAL : 0;
	}
}

static int
is_command5(uint8_t cmd)
{
	return cmd == SOCKS_CONNECT || cmd == SOCKS_RESOLVE ||
	    cmd == SOCKS_RESOLVE_PTR;
}

/* VER CMD 0 TYPE HOST PORT(2) */
static enum socks_result
ask5(struct socks *s)
{
	struct addr a;
	uint8_t rep;

	s->ask.command = s->in[1];
	s->ask.port = wire_get16(s->in + s->in_len - 2);
	if ((rep = take_host5(s)) != 0)
		return refuse5(s, rep, "what it asks for is no host's name");
	if (s->ask.command == SOCKS_RESOLVE_PTR &&
	    addr_parse_ip(&a, s->ask.host, -1) < 0)
		return refuse5(s, REP_ADDRESS_TYPE, "it asks for the name of "
		    "what is no address");
	if (s->ask.command == SOCKS_CONNECT && s->ask.port == 0)
		return refuse5(s, REP_GENERAL, "it asks for port 0");
	if (s->ask.by_addr && s->rules.safe)
		return refuse5(s, REP_NOT_ALLOWED, "it gives an address and "
		    "no name (SafeSocks)");
	return asked(s);
}

/* --- how much there is to come --- */

/* Of what ends with a NUL the next byte, as it may be the last. */
static size_t
need4(const struct socks *s)
{
	const uint8_t *nul;
	size_t at;

	if (s->in_len < HEAD4)
		return HEAD4;
	nul = memchr(s->in + HEAD4, 0, s->in_len - HEAD4);
	if (nul == NULL)
		return s->in_len + 1;
	at = (size_t)(nul + 1 - s->in);
	if (wire_get32(s->in + 4) == 0 || wire_get32(s->in + 4) >> 8)
		return at;
	return memchr(s->in + at, 0, s->in_len - at) ? s->in_len :
	    s->in_len + 1;
}

static size_t
need5(const struct socks *s)
{
	if (s->in_len < HEAD5)
		return HEAD5;
	switch (s->in[3]) {
	case TYPE_IPV4:
		return HEAD5 + 4 + 2;
	case TYPE_IPV6:
		return HEAD5 + 16 + 2;
	default:
		if (s->in_len < HEAD5 + 1)
			return HEAD5 + 1;
		return HEAD5 + 1u + s->in[HEAD5] + 2;
	}
}

static size_t
need_auth(const struct socks *s)
{
	size_t n = 2;

	if (s->in_len < n)
		return n;
	n += s->in[1] + 1u;
	if (s->in_len < n)
		return n;
	return n + s->in[n - 1];
}

/* How long the message is, as far as can be said. */
static size_t
need(const struct socks *s)
{
	switch (s->state) {
	case STATE_ASK4:
		return need4(s);
	case STATE_METHODS:
		return s->in_len < 2 ? 2 : 2u + s->in[1];
	case STATE_AUTH:
		return need_auth(s);
	case STATE_ASK5:
		return need5(s);
	default:
		return 1;
	}
}

/* What is wrong already with the part of a message that is here.  MORE: nothing
 * is. */
static enum socks_result
check_part(struct socks *s)
{
	if (s->state == STATE_METHODS && s->in_len == 2 && s->in[1] == 0)
		return over(s, "it offers no method of authentication");
	if (s->state == STATE_ASK4 && s->in_len >= SOCKS_4_MAX)
		return refuse4(s, "its request is too long");
	if (s->state == STATE_AUTH && s->in_len == 1 && s->in[0] != 1)
		return over(s, "it sends no password where one must come");
	if (s->state != STATE_ASK5)
		return SOCKS_MORE;
	if (s->in_len == 1 && s->in[0] == 1 && s->no_auth && !s->got_auth) {
		s->state = STATE_AUTH;
		return SOCKS_MORE;
	}
	if (s->in_len == 1 && s->in[0] != 5)
		return refuse5(s, REP_GENERAL, "versions are mixed up");
	if (s->in_len != HEAD5)
		return SOCKS_MORE;
	if (!is_command5(s->in[1]))
		return refuse5(s, REP_COMMAND, "it asks for a command that is "
		    "not known here");
	if (s->in[2] != 0)
		return refuse5(s, REP_GENERAL, "its request is malformed");
	if (s->in[3] != TYPE_IPV4 && s->in[3] != TYPE_IPV6 &&
	    s->in[3] != TYPE_NAME)
		return refuse5(s, REP_ADDRESS_TYPE, "it gives an address of no "
		    "known type");
	return SOCKS_MORE;
}

/* The message is whole. */
static enum socks_result
message(struct socks *s)
{
	switch (s->state) {
	case STATE_FIRST:
		return first(s);
	case STATE_ASK4:
		return ask4(s);
	case STATE_METHODS:
		return methods(s);
	case STATE_AUTH:
		return auth(s);
	case STATE_ASK5:
		return ask5(s);
	default:
		return over(s, "it is over");
	}
}

/* Parts of a message are taken so that each check sees the moment at which it
 * can be made: no further than the next byte that says how long it is. */
static size_t
take(struct socks *s, const uint8_t *p, size_t len)
{
	size_t want = need(s) - s->in_len;

	if (s->in_len == 0)
		want = 1;
	if (want > len)
		want = len;
	memcpy(s->in + s->in_len, p, want);
	s->in_len += want;
	return want;
}

enum socks_result
socks_input(struct socks *s, const void *data, size_t len, size_t *used)
{
	enum socks_result r = SOCKS_MORE;
	const uint8_t *p = data;
	size_t at = 0;

	s->reply_len = 0;
	if (s->state == STATE_DONE || s->state == STATE_OVER)
		r = SOCKS_OVER;
	/* a reply is sent before the next one is made */
	while (r == SOCKS_MORE && at < len && s->reply_len == 0) {
		at += take(s, p + at, len - at);
		r = check_part(s);
		while (r == SOCKS_MORE && s->reply_len == 0 &&
		    s->in_len > 0 && s->in_len >= need(s))
			r = message(s);
	}
	*used = at;
	return r;
}
