/* daemon/httpconnect.c - HTTP CONNECT, the server's side
 *
 * Theory of operation
 *	A request is gathered until its empty line and then looked at once.
 *	Lines end with CR LF and nothing else does; names of headers are tokens,
 *	values have no control characters, and none is continued on the next
 *	line.  What is not so is no HTTP, and is not answered.
 *
 *	CONNECT HOST:PORT HTTP/1.0 or 1.1 is what is asked for.  There is no
 *	body: who announces one means something else than we do.
 * Limits
 *	HTTPCONNECT_IN_MAX bytes until the empty line.
 */
#include "daemon/httpconnect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/secret.h"
#include "base/why.h"

enum { IN_FIRST = 1024, NAUTH = 3 };
enum state { STATE_OVER, STATE_REQUEST, STATE_DONE };

#define VIA	"Tor-Capabilities: \r\nVia: 1.0 onion-transparent\r\n"
#define SERVER	"Tor-Capabilities: \r\nServer: onion-transparent\r\n"

static const char options[] =
	"HTTP/1.0 200 OK\r\nAllow: OPTIONS, CONNECT\r\n" SERVER "\r\n";
static const char not_a_proxy[] =
	"HTTP/1.0 405 Method Not Allowed\r\n"
	"Allow: OPTIONS, CONNECT\r\n"
	"Content-Type: text/html; charset=utf-8\r\n" SERVER "\r\n"
	"<!DOCTYPE html>\n"
	"<html><head><title>A tunnel, not a full HTTP proxy</title></head>\n"
	"<body><h1>A tunnel, not a full HTTP proxy</h1>\n"
	"<p>This is the HTTPTunnelPort of onion-transparent. It takes\n"
	"CONNECT only, which programs use for https. For plain http use\n"
	"a SocksPort.</p>\n"
	"</body></html>\n";

struct text {
	const char	*s;
	size_t		 len;
};

struct request {
	struct text	method, target, host;
	struct text	auth[NAUTH];
	int		has_auth;
	int		body;		/* it announces one */
	int		rpc;		/* Tor-RPC-Target */
};

void
httpconnect_init(struct httpconnect *h)
{
	memset(h, 0, sizeof(*h));
	h->state = STATE_REQUEST;
}

void
httpconnect_fini(struct httpconnect *h)
{
	if (h->in)
		secret_wipe(h->in, h->in_cap);
	free(h->in);
	if (h->auth)
		secret_wipe(h->auth, h->auth_len);
	free(h->auth);
	memset(h, 0, sizeof(*h));
}

/* --- answers --- */

static void
say(struct httpconnect *h, const char *status, const char *failed)
{
	int n = snprintf(h->out, sizeof(h->out), "HTTP/1.0 %s\r\n" VIA
	    "%s%s%s\r\n", status, failed ? "Tor-Request-Failed: " : "",
	    failed ? failed : "", failed ? "\r\n" : "");

	h->reply = h->out;
	h->reply_len = (size_t)n;
}

static const struct {
	int		 why;
	const char	*status;
	const char	*failed;	/* tor's word for it */
} answers[] = {
	{ 0, "200 OK", NULL },
	{ -ENOENT, "503 Service Unavailable (resolve failed)",
	    "end/RESOLVEFAILED" },
	{ -EHOSTUNREACH, "503 Service Unavailable (no route)", "end/NOROUTE" },
	{ -ENETUNREACH, "503 Service Unavailable (network unreachable)",
	    "c-tor/NET_UNREACHABLE" },
	{ -ECONNREFUSED, "403 Forbidden (connection refused)",
	    "end/CONNECTREFUSED" },
	{ -ECONNRESET, "403 Forbidden (connection reset)", "end/CONNRESET" },
	{ -EACCES, "403 Forbidden (entry policy violation)",
	    "c-tor/ENTRYPOLICY" },
	{ -ETIMEDOUT, "504 Gateway Timeout", "end/TIMEOUT" },
	{ -EAGAIN, "502 Bad Gateway (resource limit)", "c-tor/RESOURCELIMIT" },
	{ -WHY_HS_NOT_FOUND, "503 Service Unavailable (resolve failed)",
	    "end/RESOLVEFAILED" },
	{ -WHY_HS_TIMEOUT, "504 Gateway Timeout", "end/TIMEOUT" },
	{ -WHY_HS_ADDRESS, "502 Bad Gateway (tor protocol violation)",
	    "end/TORPROTOCOL" },
};

void
httpconnect_answer(struct httpconnect *h, int why)
{
	size_t i;

	h->state = STATE_OVER;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].why == why) {
			say(h, answers[i].status, answers[i].failed);
			return;
		}
	say(h, "500 Internal Server Error", "end/MISC");
}

static enum httpconnect_result
over(struct httpconnect *h, const char *what)
{
	h->state = STATE_OVER;
	h->what = what;
	return HTTPCONNECT_OVER;
}

static enum httpconnect_result
refuse(struct httpconnect *h, const char *status, const char *what)
{
	say(h, status, NULL);
	return over(h, what);
}

static enum httpconnect_result
page(struct httpconnect *h, const char *text, size_t len, const char *what)
{
	h->reply = text;
	h->reply_len = len;
	return over(h, what);
}

/* --- the request --- */

static int
text_is(const struct text *t, const char *want)
{
	return t->len == strlen(want) && strncasecmp(t->s, want, t->len) == 0;
}

/* RFC 9110 5.6.2 */
static int
is_token(const struct text *t)
{
	size_t i;

	for (i = 0; i < t->len; i++) {
		unsigned char c = (unsigned char)t->s[i];

		if (c <= ' ' || c >= 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
			return 0;
	}
	return t->len > 0;
}

static int
is_value(const struct text *t)
{
	size_t i;

	for (i = 0; i < t->len; i++) {
		unsigned char c = (unsigned char)t->s[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return 0;
	}
	return 1;
}

/* What stands before the next @c, or -1 where there is none; @t is what
 * follows. */
static int
cut(struct text *t, char c, struct text *before)
{
	const char *at = memchr(t->s, c, t->len);

	if (at == NULL)
		return -1;
	before->s = t->s;
	before->len = (size_t)(at - t->s);
	t->len -= before->len + 1;
	t->s = at + 1;
	return 0;
}

static void
trim(struct text *t)
{
	while (t->len && (*t->s == ' ' || *t->s == '\t')) {
		t->s++;
		t->len--;
	}
	while (t->len && (t->s[t->len - 1] == ' ' || t->s[t->len - 1] == '\t'))
		t->len--;
}

static int
request_line(struct request *r, struct text line)
{
	struct text version;

	if (cut(&line, ' ', &r->method) < 0 || cut(&line, ' ', &r->target) < 0)
		return -EINVAL;
	version = line;
	if (!is_token(&r->method) || r->target.len == 0 ||
	    !is_value(&r->target) ||
	    (!text_is(&version, "HTTP/1.0") && !text_is(&version, "HTTP/1.1")))
		return -EINVAL;
	return 0;
}

static int
header(struct request *r, struct text line)
{
	static const char *const auth[NAUTH] = { "Proxy-Authorization",
		"Tor-Stream-Isolation", "X-Tor-Stream-Isolation" };
	struct text name, value;
	int i;

	if (cut(&line, ':', &name) < 0 || !is_token(&name))
		return -EINVAL;
	value = line;
	trim(&value);
	if (!is_value(&value))
		return -EINVAL;
	for (i = 0; i < NAUTH; i++)
		if (text_is(&name, auth[i])) {
			if (r->auth[i].s)
				return -EINVAL;		/* which of them? */
			r->auth[i] = value;
			r->has_auth = 1;
		}
	if (text_is(&name, "Host"))
		r->host = value;
	if (text_is(&name, "Transfer-Encoding") ||
	    (text_is(&name, "Content-Length") && !text_is(&value, "0")))
		r->body = 1;
	if (text_is(&name, "Tor-RPC-Target"))
		r->rpc = 1;
	return 0;
}

static int
parse(struct request *r, const uint8_t *in, size_t len)
{
	/* without the empty line; each line ends with CR LF */
	struct text all = { (const char *)in, len - 2 }, line;
	int n = 0;

	memset(r, 0, sizeof(*r));
	while (all.len) {
		if (cut(&all, '\n', &line) < 0 || line.len == 0 ||
		    line.s[--line.len] != '\r')
			return -EINVAL;
		if ((n++ ? header(r, line) : request_line(r, line)) < 0)
			return -EINVAL;
	}
	return n ? 0 : -EINVAL;
}

/* HOST or HOST:PORT; *@port is 0 where there is none. */
static int
split(struct text t, struct text *host, uint16_t *port)
{
	const char *colon = memrchr(t.s, ':', t.len);

	*port = 0;
	*host = t;
	if (t.len && t.s[t.len - 1] == ']')
		return 0;
	if (colon == NULL)
		return 0;
	host->len = (size_t)(colon - t.s);
	/* an IPv6 address wants brackets: where would its port begin? */
	if (host->len == 0 || (*t.s != '[' &&
	    memchr(t.s, ':', host->len) != NULL))
		return -EINVAL;
	return addr_port_parse(port, colon + 1,
	    (int)(t.len - host->len - 1));
}

static int
is_here(const struct request *r)
{
	static const struct addr six = { .family = 6, .ip = { [15] = 1 } };
	char host[HOSTNAME_TEXT];
	struct text t;
	struct addr a;
	uint16_t port;

	if (r->host.s == NULL || split(r->host, &t, &port) < 0 ||
	    hostname_take(host, t.s, t.len) < 0)
		return 0;
	if (addr_parse_ip(&a, host, -1) < 0)
		return strcasecmp(host, "localhost") == 0;
	return a.family == 4 ? a.ip[0] == 127 : addr_same_ip(&a, &six);
}

static int
take_auth(struct httpconnect *h, const struct request *r)
{
	size_t len = 0;
	int i;

	if (!r->has_auth)
		return 0;
	for (i = 0; i < NAUTH; i++)
		len += 2 + r->auth[i].len;
	if ((h->auth = malloc(len)) == NULL)
		return -ENOMEM;
	for (i = 0; i < NAUTH; i++) {
		h->auth[h->auth_len++] = (uint8_t)(r->auth[i].len >> 8);
		h->auth[h->auth_len++] = (uint8_t)r->auth[i].len;
		if (r->auth[i].len)
			memcpy(h->auth + h->auth_len, r->auth[i].s,
			    r->auth[i].len);
		h->auth_len += r->auth[i].len;
	}
	return 0;
}

static enum httpconnect_result
asked(struct httpconnect *h, const struct request *r)
{
	static const char bad[] = "400 Bad Request";
	struct text host;

	if (split(r->target, &host, &h->port) < 0 || h->port == 0)
		return refuse(h, bad, "it asks for no HOST:PORT");
	if (host.len > HOSTNAME_MAX)
		return refuse(h, "414 Request-URI Too Long", "what it asks for "
		    "is too long for a host's name");
	if (hostname_take(h->host, host.s, host.len) < 0)
		return refuse(h, bad, "what it asks for is no host's name");
	if (r->body)
		return refuse(h, bad, "it announces a body, which a request "
		    "for a tunnel has not");
	if (r->rpc)
		return refuse(h, "501 Not Implemented (no RPC)", "it asks for "
		    "an RPC session");
	if (take_auth(h, r) < 0)
		return refuse(h, "502 Bad Gateway (resource limit)",
		    "no memory");
	h->state = STATE_DONE;
	return HTTPCONNECT_ASKED;
}

static enum httpconnect_result
look(struct httpconnect *h)
{
	struct request r;

	if (parse(&r, h->in, h->in_len) < 0)
		return over(h, "it speaks no HTTP");
	if (text_is(&r.method, "CONNECT"))
		return asked(h, &r);
	if (!is_here(&r))
		return over(h, "it asks for something else than a tunnel");
	if (text_is(&r.method, "OPTIONS"))
		return page(h, options, sizeof(options) - 1, NULL);
	return page(h, not_a_proxy, sizeof(not_a_proxy) - 1, "it takes the "
	    "HTTPTunnelPort for a full HTTP proxy");
}

/* --- what comes --- */

static int
make_room(struct httpconnect *h)
{
	size_t cap = h->in_cap ? h->in_cap * 2 : IN_FIRST;
	uint8_t *in;

	if (h->in_len < h->in_cap)
		return 0;
	if (cap > HTTPCONNECT_IN_MAX)
		return -EMSGSIZE;
	if ((in = malloc(cap)) == NULL)
		return -ENOMEM;
	if (h->in) {
		memcpy(in, h->in, h->in_len);
		secret_wipe(h->in, h->in_cap);
		free(h->in);
	}
	h->in = in;
	h->in_cap = cap;
	return 0;
}

static int
is_whole(const struct httpconnect *h)
{
	return h->in_len >= 4 &&
	    memcmp(h->in + h->in_len - 4, "\r\n\r\n", 4) == 0;
}

/* What can be no method, from its first byte. */
static enum httpconnect_result
check_first(struct httpconnect *h)
{
	uint8_t c = h->in[0];

	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return HTTPCONNECT_MORE;
	return over(h, c == 4 || c == 5 ? "it speaks SOCKS (SocksPort is for "
	    "that)" : c == 0x16 ? "it speaks TLS, which no proxy of ours does" :
	    "it speaks no HTTP");
}

enum httpconnect_result
httpconnect_input(struct httpconnect *h, const void *data, size_t len,
    size_t *used)
{
	const uint8_t *p = data;
	size_t at = 0;

	*used = 0;
	if (h->state != STATE_REQUEST)
		return HTTPCONNECT_OVER;
	while (at < len) {
		if (make_room(h) < 0)
			return over(h, "its request is too long");
		h->in[h->in_len++] = p[at++];
		*used = at;
		if (h->in_len == 1 && check_first(h) == HTTPCONNECT_OVER)
			return HTTPCONNECT_OVER;
		if (is_whole(h))
			return look(h);
	}
	return HTTPCONNECT_MORE;
}
