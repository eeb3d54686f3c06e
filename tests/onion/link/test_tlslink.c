/* tests/onion/link/test_tlslink.c - real TLS over loopback, with a server
 *
 * The server is a thread with a blocking socket and OpenSSL as it comes.  The
 * clock is by hand, except for a limit on how long a test may hang.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/loop.h"
#include "onion/crypto/crypt.h"
#include "onion/link/cell.h"
#include "onion/link/link.h"
#include "onion/link/tlslink.h"
#include "tests/fakepermit.h"
#include "tests/unit.h"

enum mode {
	ECHO,		/* what comes in, in the same order */
	POUR,		/* 4 MiB at once, then close_notify */
	DRIBBLE,	/* 3000 bytes, one record each */
	HOLD,		/* TLS, and then it reads nothing */
	RUDE,		/* TLS, 10 bytes, and the socket is closed */
	MUTE,		/* accepts, and says nothing */
	GARBAGE,	/* no TLS at all */
	REKEY,		/* ECHO, with KeyUpdate before each answer */
	RENEGOTIATE,	/* TLS 1.2: wants another handshake, once */
	TAIL,		/* TAIL_FIRST bytes in two halves, TAIL_REST; each but
			 * the first when it is told to */
	RAW,		/* s.raw, which is no TLS, and closes */
	TRICKLE		/* the start of a record, then byte after byte */
};
enum { POUR_LEN = 4 << 20, TAIL_FIRST = 1 << 20, TAIL_REST = 1000 };

struct server {
	enum mode	 mode;
	int		 fd;
	struct addr	 addr;
	SSL_CTX		*ctx;
	uint8_t		 cert[32];
	pthread_t	 thread;
	char		 sni[64];
	int		 stop[2];
	int		 go[2];		/* a byte in it: go on */
	const uint8_t	*raw;
	size_t		 raw_len;
	int		 sha1;		/* has signed the certificate */
	/* what the client said; read when the thread is joined, or is_done */
	unsigned	 hellos;
	unsigned	 offers;	/* hellos that offer to resume */
	unsigned	 resumed;
	int		 again;		/* SSL_R_* of the second handshake */
	atomic_int	 done;
};

struct client {
	struct loop		 loop;
	struct event_base	*base;
	struct tlslink_dialer	*dialer;
	struct link		*link;
	unsigned		 connected, up, inputs, drained, downs;
	int			 err;
	uint8_t			 cert[32];
	size_t			 got, sent, biggest, to_send;
	int			 wrong;		/* bytes out of order */
	size_t			 bite;		/* consumes so much at once */
	const char		*kill_in;
};

static struct server s;
static struct client c;

/* ---- the server ---- */

static void
make_cert(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	uint8_t *der = NULL;
	int len;

	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), -60);	/* nobody looks */
	X509_set_pubkey(x, k);
	if (s.sha1)
		SSL_CTX_set_security_level(s.ctx, 0);
	ck_assert_int_gt(X509_sign(x, k, s.sha1 ? EVP_sha1() : EVP_sha256()),
	    0);
	ck_assert_int_eq(SSL_CTX_use_certificate(s.ctx, x), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(s.ctx, k), 1);
	len = i2d_X509(x, &der);
	crypt_sha256(s.cert, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(k);
}

static int
on_hello(SSL *ssl, int *alert, void *arg)
{
	const uint8_t *p;
	size_t len;

	(void)alert;
	(void)arg;
	s.hellos++;
	/* A session id proves nothing: TLS 1.3 has one that means nothing. */
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &p, &len) == 1)
		s.offers++;
	else if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_session_ticket, &p,
	    &len) == 1 && len > 0)
		s.offers++;
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Says HelloRequest and waits for what the client makes of it. */
static void
serve_renegotiation(SSL *ssl)
{
	uint8_t b[CELL_LEN];

	SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	ERR_clear_error();
	if (SSL_read(ssl, b, sizeof(b)) == CELL_LEN &&
	    SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1 &&
	    SSL_read(ssl, b, sizeof(b)) <= 0)
		s.again = ERR_GET_REASON(ERR_peek_error());
	s.done = 1;
}

static void
serve_tail(SSL *ssl)
{
	static uint8_t buf[TAIL_FIRST + TAIL_REST];
	size_t i;
	char b;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 31 + (i >> 9));
	SSL_write(ssl, buf, TAIL_FIRST / 2);
	(void)!read(s.go[0], &b, 1);
	SSL_write(ssl, buf + TAIL_FIRST / 2, TAIL_FIRST / 2);
	(void)!read(s.go[0], &b, 1);
	SSL_write(ssl, buf + TAIL_FIRST, TAIL_REST);
	(void)!read(s.stop[0], &b, 1);
}

/* A handshake record of 16 KiB that holds a ServerHello as long. */
static void
serve_trickle(int fd)
{
	static const uint8_t head[] = { 22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc };
	ssize_t n = write(fd, head, sizeof(head));
	char b;

	while (n > 0 && read(s.go[0], &b, 1) == 1)
		n = write(fd, "", 1);
}

static void
serve_echo(SSL *ssl)
{
	static uint8_t buf[65536];
	int n;

	while ((n = SSL_read(ssl, buf, sizeof(buf))) > 0) {
		if (s.mode == REKEY)
			SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
		if (SSL_write(ssl, buf, n) != n)
			break;
	}
}

static void
serve_pour(SSL *ssl)
{
	static uint8_t buf[POUR_LEN];
	size_t i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 31 + (i >> 9));
	SSL_write(ssl, buf, sizeof(buf));
	SSL_shutdown(ssl);
}

static void
serve_dribble(SSL *ssl)
{
	uint8_t b;
	size_t i;

	for (i = 0; i < 3000; i++) {
		b = (uint8_t)(i * 31 + (i >> 9));
		SSL_write(ssl, &b, 1);
	}
	SSL_shutdown(ssl);
}

static void
serve_tls(int fd)
{
	SSL *ssl = SSL_new(s.ctx);
	char b;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		s.resumed += SSL_session_reused(ssl) == 1;
		if (SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
			strncpy(s.sni, SSL_get_servername(ssl,
			    TLSEXT_NAMETYPE_host_name), sizeof(s.sni) - 1);
		if (s.mode == POUR)
			serve_pour(ssl);
		else if (s.mode == DRIBBLE)
			serve_dribble(ssl);
		else if (s.mode == RUDE)
			SSL_write(ssl, "0123456789", 10);
		else if (s.mode == RENEGOTIATE)
			serve_renegotiation(ssl);
		else if (s.mode == TAIL)
			serve_tail(ssl);
		else if (s.mode == HOLD)
			(void)!read(s.stop[0], &b, 1);
		else
			serve_echo(ssl);
	}
	SSL_free(ssl);
}

static void *
serve(void *arg)
{
	int fd = accept(s.fd, NULL, NULL);
	char b;

	(void)arg;
	if (fd < 0)
		return NULL;
	if (s.mode == MUTE)
		(void)!read(s.stop[0], &b, 1);
	else if (s.mode == GARBAGE)
		(void)!write(fd, "HTTP/1.0 400 Bad Request\r\n\r\n", 28);
	else if (s.mode == RAW)
		(void)!write(fd, s.raw, s.raw_len);
	else if (s.mode == TRICKLE)
		serve_trickle(fd);
	else
		serve_tls(fd);
	shutdown(fd, SHUT_WR);
	while (read(fd, &b, 1) > 0)
		;
	close(fd);
	return NULL;
}

/* With what stands in s beside the mode, which a test may have set. */
static void
server_go(enum mode mode)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	s.mode = mode;
	s.ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_client_hello_cb(s.ctx, on_hello, NULL);
	make_cert();
	ck_assert_int_eq(pipe(s.stop), 0);
	ck_assert_int_eq(pipe(s.go), 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s.fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(s.fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(s.fd, 5), 0);
	getsockname(s.fd, (struct sockaddr *)&sin, &len);
	addr_v4(&s.addr, INADDR_LOOPBACK, ntohs(sin.sin_port));
	pthread_create(&s.thread, NULL, serve, NULL);
}

static void
server_start(enum mode mode)
{
	memset(&s, 0, sizeof(s));
	server_go(mode);
}

/* Once more, with all that it knows of sessions. */
static void
server_again(void)
{
	pthread_join(s.thread, NULL);
	pthread_create(&s.thread, NULL, serve, NULL);
}

static void
server_stop(void)
{
	close(s.stop[1]);
	close(s.go[1]);
	shutdown(s.fd, SHUT_RDWR);
	pthread_join(s.thread, NULL);
	close(s.fd);
	close(s.stop[0]);
	close(s.go[0]);
	SSL_CTX_free(s.ctx);
}

/* ---- the client ---- */

static void
maybe_kill(const char *where)
{
	if (c.kill_in && strcmp(c.kill_in, where) == 0) {
		link_kill(c.link);
		c.link = NULL;
	}
}

static void
send_more(void)
{
	uint8_t *p;
	size_t i;

	while (c.link && c.to_send > 0) {
		if ((p = link_reserve(c.link, CELL_LEN)) == NULL)
			return;
		link_commit(c.link, CELL_LEN);
		for (i = 0; i < CELL_LEN; i++, c.sent++)
			p[i] = (uint8_t)(c.sent * 31 + (c.sent >> 9));
		c.to_send--;
	}
}

static void
on_connected(void *arg)
{
	(void)arg;
	c.connected++;
	maybe_kill("connected");
}

static void
on_up(void *arg, const uint8_t cert[32])
{
	(void)arg;
	c.up++;
	memcpy(c.cert, cert, 32);
	maybe_kill("up");
	send_more();
}

static size_t
on_input(void *arg, uint8_t *p, size_t len)
{
	size_t i, n = c.bite && len > c.bite ? len - len % c.bite : len;

	(void)arg;
	c.inputs++;
	if (c.bite && len < c.bite)
		n = 0;
	for (i = 0; i < n; i++, c.got++)
		c.wrong += p[i] != (uint8_t)(c.got * 31 + (c.got >> 9));
	c.biggest = n > c.biggest ? n : c.biggest;
	memset(p, 0xee, n);
	maybe_kill("input");
	return n;
}

static void
on_drained(void *arg)
{
	(void)arg;
	c.drained++;
	maybe_kill("drained");
	send_more();
}

static void
on_down(void *arg, int err)
{
	(void)arg;
	c.downs++;
	c.err = err;
	c.link = NULL;
}

static const struct link_user user = {
	.connected = on_connected, .up = on_up, .input = on_input,
	.drained = on_drained, .down = on_down
};

static void
on_leave(void *arg)
{
	(void)arg;
	loop_end_turn(&c.loop);
}

static void
client_init(int tls12)
{
	struct tlslink_conf conf = { .loop = &c.loop, .leave = on_leave,
	    .permit = &fakepermit_giver, .tls12 = (uint8_t)tls12 };

	memset(&fakepermit, 0, sizeof(fakepermit));
	memset(&c, 0, sizeof(c));
	crypt_init();
	loop_init(&c.loop, 0, 1790000000);
	c.base = event_base_new();
	conf.base = c.base;
	ck_assert_int_eq(tlslink_dialer_new(&c.dialer, &conf), 0);
}

static int
dial(const struct addr *to)
{
	const struct link_dialer *d = tlslink_dialer(c.dialer);

	return d->dial(d->arg, to, &user, &c, &c.link);
}

/* Turns, until @done or for 20 s. */
static void
run_until(int (*done)(void))
{
	time_t end = time(NULL) + 20;

	while (!done() && time(NULL) < end) {
		event_base_loop(c.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		loop_end_turn(&c.loop);
	}
	ck_assert_msg(done(), "up %u got %zu downs %u err %d", c.up, c.got,
	    c.downs, c.err);
}

static void
fini(void)
{
	if (c.link)
		link_kill(c.link);
	loop_end_turn(&c.loop);
	tlslink_dialer_free(c.dialer);
	event_base_free(c.base);
	ck_assert(c.loop.timers == NULL && c.loop.items == NULL);
	server_stop();
}

static size_t target;

static int
is_up(void)
{
	return c.up > 0;
}

static int
is_down(void)
{
	return c.downs > 0;
}

static int
has_all(void)
{
	return c.got >= target;
}

static int
is_killed(void)
{
	return c.link == NULL;
}

static int
is_done(void)
{
	return s.done;
}

/* The client's socket: the one whose peer is the server. */
static int
client_fd(void)
{
	struct sockaddr_in sin;
	socklen_t len;
	int fd;

	for (fd = 3; fd < 1024; fd++) {
		len = sizeof(sin);
		if (getpeername(fd, (struct sockaddr *)&sin, &len) == 0 &&
		    sin.sin_family == AF_INET &&
		    ntohs(sin.sin_port) == s.addr.port)
			return fd;
	}
	return -1;
}

static int
lowat(void)
{
	int val = -1;
	socklen_t len = sizeof(val);

	getsockopt(client_fd(), SOL_SOCKET, SO_RCVLOWAT, &val, &len);
	return val;
}

/* Has the kernel something that we have not read? */
static int
has_tail(void)
{
	int n = 0;

	return ioctl(client_fd(), FIONREAD, &n) == 0 && n > TAIL_REST;
}

static void
turns(int n)
{
	for (; n > 0; n--) {
		event_base_loop(c.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		loop_end_turn(&c.loop);
	}
}

/* ---- tests ---- */

START_TEST(tlslink_up_tells_the_hash_of_the_certificate)
{
	char text[80];

	client_init(_i);
	server_start(ECHO);
	ck_assert_int_eq(dial(&s.addr), 0);
	ck_assert(link_reserve(c.link, 1) == NULL);	/* not before */
	run_until(is_up);
	ck_assert_uint_eq(c.connected, 1);
	ck_assert_mem_eq(c.cert, s.cert, 32);
	tlslink_cipher(c.link, text, sizeof(text));
	ck_assert_int_eq(strncmp(text, _i ? "TLSv1.2" : "TLSv1.3", 7), 0);
	c.to_send = 1;
	send_more();
	target = CELL_LEN;
	run_until(has_all);
	ck_assert_int_eq(strncmp(s.sni, "www.", 4), 0);
	ck_assert_str_eq(s.sni + strlen(s.sni) - 4, ".com");
	ck_assert_uint_ge(strlen(s.sni), 12);
	ck_assert_uint_le(strlen(s.sni), 33);
	fini();
}
END_TEST

START_TEST(tlslink_echo_of_megabytes_is_in_order)
{
	client_init(_i & 1);
	server_start(_i < 2 ? ECHO : REKEY);
	c.bite = CELL_LEN;
	c.to_send = 10000;
	target = c.to_send * CELL_LEN;
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(has_all);
	ck_assert_int_eq(c.wrong, 0);
	ck_assert_uint_eq(c.got, target);
	ck_assert_uint_gt(c.drained, 0);
	ck_assert_uint_gt(c.link->net_out, target);
	ck_assert_uint_gt(c.link->net_in, target);
	fini();
}
END_TEST

START_TEST(tlslink_many_records_come_in_few_calls)
{
	client_init(_i);
	server_start(POUR);
	c.bite = CELL_LEN;
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_down);
	ck_assert_int_eq(c.err, 0);
	ck_assert_int_eq(c.wrong, 0);
	ck_assert_uint_eq(c.got, POUR_LEN - POUR_LEN % CELL_LEN);
	ck_assert_uint_gt(c.biggest, 16384);
	fini();
}
END_TEST

START_TEST(tlslink_one_byte_records_are_whole)
{
	client_init(_i);
	server_start(DRIBBLE);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_down);
	ck_assert_uint_eq(c.got, 3000);
	ck_assert_int_eq(c.wrong, 0);
	fini();
}
END_TEST

START_TEST(tlslink_peer_that_does_not_read_meets_the_ceiling)
{
	size_t before;
	int i;

	client_init(0);
	server_start(HOLD);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_up);
	c.to_send = SIZE_MAX;
	for (i = 0; i < 2000; i++) {
		send_more();
		event_base_loop(c.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		loop_end_turn(&c.loop);
	}
	before = c.sent;
	for (i = 0; i < 100; i++) {
		send_more();
		event_base_loop(c.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		loop_end_turn(&c.loop);
	}
	ck_assert_uint_eq(c.sent, before);
	ck_assert_uint_lt(link_room(c.link), CELL_LEN);
	ck_assert_uint_ge(link_queued(c.link), TLSLINK_OUT_MAX - CELL_LEN);
	ck_assert_uint_lt(link_queued(c.link),
	    TLSLINK_OUT_MAX + TLSLINK_WIRE_MAX);
	ck_assert_uint_eq(c.downs, 0);
	fini();
}
END_TEST

START_TEST(tlslink_unconsumed_input_has_a_ceiling)
{
	client_init(0);
	server_start(POUR);
	c.bite = SIZE_MAX;			/* never enough */
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_down);
	ck_assert_int_eq(c.err, -EMSGSIZE);
	ck_assert_uint_eq(c.got, 0);
	fini();
}
END_TEST

START_TEST(tlslink_socket_closed_without_goodbye_is_down)
{
	client_init(0);
	server_start(RUDE);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_down);
	ck_assert_uint_eq(c.got, 10);
	ck_assert_int_eq(c.err, 0);
	ck_assert_uint_eq(c.downs, 1);
	fini();
}
END_TEST

START_TEST(tlslink_garbage_instead_of_tls_is_down)
{
	client_init(0);
	server_start(GARBAGE);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_down);
	ck_assert_int_eq(c.err, -EPROTO);
	ck_assert_uint_eq(c.up, 0);
	fini();
}
END_TEST

START_TEST(tlslink_renegotiation_is_refused)
{
	client_init(1);
	server_start(RENEGOTIATE);
	c.to_send = 1;
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_done);
	ck_assert_int_eq(s.again, SSL_R_NO_RENEGOTIATION);
	ck_assert_uint_eq(s.hellos, 1);
	ck_assert_uint_eq(c.up, 1);
	fini();
}
END_TEST

/* Who resumes a session says who he was before. */
START_TEST(tlslink_second_link_offers_no_session_of_the_first)
{
	int i;

	client_init(_i);
	server_start(ECHO);
	for (i = 0; i < 2; i++) {
		if (i)
			server_again();
		c.up = 0;
		c.got = c.sent = 0;
		c.to_send = 100;	/* tickets come behind the handshake */
		target = c.to_send * CELL_LEN;
		ck_assert_int_eq(dial(&s.addr), 0);
		run_until(has_all);
		link_kill(c.link);
		c.link = NULL;
		loop_end_turn(&c.loop);
	}
	fini();
	ck_assert_uint_eq(s.hellos, 2);
	ck_assert_uint_eq(s.offers, 0);
	ck_assert_uint_eq(s.resumed, 0);
}
END_TEST

/* F01: whatever the certificate is, TLS takes it; it's its hash that has to be
 * in CERTS. */
START_TEST(tlslink_certificate_signed_with_sha1_is_taken)
{
	client_init(_i);
	memset(&s, 0, sizeof(s));
	s.sha1 = 1;
	server_go(ECHO);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_up);
	ck_assert_mem_eq(c.cert, s.cert, 32);
	fini();
}
END_TEST

#define BYTES(b) (const uint8_t *)(b), sizeof(b) - 1
static const struct {
	const char	*name;
	const uint8_t	*p;
	size_t		 len;
} raws[] = {
	{ "nothing at all", BYTES("") },
	{ "half a header", BYTES("\x16\x03") },
	{ "empty record", BYTES("\x16\x03\x03\0\0") },
	{ "empty records", BYTES("\x16\x03\x03\0\0\x16\x03\x03\0\0"
	    "\x16\x03\x03\0\0\x16\x03\x03\0\0") },
	{ "empty alert", BYTES("\x15\x03\x03\0\0") },
	{ "fatal alert", BYTES("\x15\x03\x03\0\2\2\x28") },
	{ "close_notify", BYTES("\x15\x03\x03\0\2\1\0") },
	{ "data first", BYTES("\x17\x03\x03\0\1x") },
	{ "too long a record", BYTES("\x16\x03\x03\xff\xff") },
	{ "ServerHello without a body", BYTES("\x16\x03\x03\0\4\2\0\0\0") },
	{ "a record cut short", BYTES("\x16\x03\x03\0\x20\2\0\0") },
	{ "SSL 2", BYTES("\x80\x2e\1\0\2\0\x15\0\0\0\x10\1\0\x80") },
};

START_TEST(tlslink_bytes_that_are_no_handshake_are_down)
{
	client_init(_i % 2);
	memset(&s, 0, sizeof(s));
	s.raw = raws[_i / 2].p;
	s.raw_len = raws[_i / 2].len;
	server_go(RAW);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_down);
	ck_assert_msg(c.up == 0, "%s", raws[_i / 2].name);
	ck_assert_uint_eq(c.downs, 1);
	fini();
}
END_TEST

/* F01: a byte a second keeps nobody busy for ever. */
START_TEST(tlslink_handshake_byte_by_byte_is_timed_out)
{
	int i;

	client_init(_i);
	server_start(TRICKLE);
	ck_assert_int_eq(dial(&s.addr), 0);
	for (i = 0; i < 59; i++) {
		ck_assert_int_eq(write(s.go[1], "", 1), 1);
		turns(20);
		loop_advance(&c.loop, 1000);
		ck_assert_uint_eq(c.downs, 0);
	}
	ck_assert_uint_eq(c.connected, 1);
	loop_advance(&c.loop, 1000);
	ck_assert_uint_eq(c.downs, 1);
	ck_assert_int_eq(c.err, -ETIMEDOUT);
	fini();
}
END_TEST

/* ---- a busy link ---- */

/* Half of it in one window, the other in the next; the end of that is less
 * than the low-water mark and comes when the lull is over. */
static void
run_until_bulk(void)
{
	int i, j;

	target = TAIL_FIRST / 2;
	run_until(has_all);
	ck_assert_int_eq(lowat(), 1);
	loop_advance(&c.loop, 100);
	ck_assert_int_eq(write(s.go[1], "", 1), 1);
	for (i = 0; i < 20 && c.got < TAIL_FIRST; i++) {
		for (j = 0; j < 100 && c.got < TAIL_FIRST; j++) {
			turns(1);
			usleep(500);
		}
		loop_advance(&c.loop, 4);
	}
	ck_assert_uint_eq(c.got, TAIL_FIRST);
	ck_assert_int_eq(lowat(), 65536);
}

START_TEST(tlslink_busy_link_is_read_in_gulps_and_loses_no_tail)
{
	int i;

	client_init(_i);
	server_start(TAIL);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_up);
	run_until_bulk();
	ck_assert_int_eq(write(s.go[1], "", 1), 1);
	for (i = 0; !has_tail() && i < 2000; i++)
		usleep(1000);
	ck_assert(has_tail());
	turns(100);			/* no time goes by: it's too little */
	ck_assert_uint_eq(c.got, TAIL_FIRST);
	loop_advance(&c.loop, 4);
	ck_assert_uint_eq(c.got, TAIL_FIRST + TAIL_REST);
	ck_assert_int_eq(c.wrong, 0);
	ck_assert_uint_eq(c.downs, 0);
	fini();
}
END_TEST

START_TEST(tlslink_busy_link_that_falls_silent_is_an_ordinary_one)
{
	client_init(_i);
	server_start(TAIL);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_up);
	run_until_bulk();
	loop_advance(&c.loop, 250);
	ck_assert_int_eq(lowat(), 1);
	ck_assert(c.loop.timers == NULL);	/* no lull any more */
	ck_assert_int_eq(write(s.go[1], "", 1), 1);
	target = TAIL_FIRST + TAIL_REST;
	run_until(has_all);
	fini();
}
END_TEST

START_TEST(tlslink_silent_peer_is_timed_out)
{
	int i;

	client_init(0);
	server_start(MUTE);
	ck_assert_int_eq(dial(&s.addr), 0);
	for (i = 0; i < 1000 && !c.connected; i++)
		event_base_loop(c.base, EVLOOP_ONCE);
	ck_assert_uint_eq(c.connected, 1);
	loop_advance(&c.loop, 59999);
	ck_assert_uint_eq(c.downs, 0);
	loop_advance(&c.loop, 1);
	ck_assert_uint_eq(c.downs, 1);
	ck_assert_int_eq(c.err, -ETIMEDOUT);
	fini();
}
END_TEST

START_TEST(tlslink_refused_connection_is_down)
{
	struct addr nobody;
	int rc;

	client_init(0);
	server_start(MUTE);
	nobody = s.addr;
	addr_v4(&nobody, INADDR_LOOPBACK + 1, 1);
	rc = dial(&nobody);
	if (rc == 0) {
		run_until(is_down);
		rc = c.err;
	}
	ck_assert_int_eq(rc, -ECONNREFUSED);
	ck_assert_uint_eq(c.connected, 0);
	fini();
}
END_TEST

START_TEST(tlslink_dial_without_an_address_is_refused)
{
	static const struct addr none;

	client_init(0);
	server_start(MUTE);
	ck_assert_int_eq(dial(&none), -EAFNOSUPPORT);
	ck_assert(c.link == NULL);
	fini();
}
END_TEST

START_TEST(tlslink_bind_address_is_used)
{
	struct addr from, bad;
	struct addr none = { 0 };

	client_init(0);
	server_start(ECHO);
	addr_v4(&bad, 0xc0000201, 0);		/* not ours */
	tlslink_set_bind(c.dialer, &bad, &none);
	ck_assert_int_eq(dial(&s.addr), -EADDRNOTAVAIL);
	addr_v4(&from, INADDR_LOOPBACK + 7, 0);
	tlslink_set_bind(c.dialer, &from, &none);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_up);
	fini();
}
END_TEST

START_TEST(tlslink_asks_before_it_connects)
{
	client_init(0);
	server_start(ECHO);
	fakepermit.rc = -EACCES;
	ck_assert_int_eq(dial(&s.addr), -EACCES);
	ck_assert(addr_equal(&fakepermit.to, &s.addr));
	ck_assert_int_eq(client_fd(), -1);
	fakepermit.rc = -EINPROGRESS;
	ck_assert_int_eq(dial(&s.addr), 0);
	turns(10);
	ck_assert_int_eq(client_fd(), -1);
	ck_assert(link_reserve(c.link, CELL_LEN) == NULL);
	fakepermit_say(0);
	run_until(is_up);
	ck_assert_uint_eq(fakepermit.asked, 2);
	fini();
	ck_assert_uint_eq(fakepermit.withdrawn, 0);
}
END_TEST

START_TEST(tlslink_that_may_not_connect_is_down)
{
	client_init(0);
	server_start(ECHO);
	fakepermit.rc = -EINPROGRESS;
	ck_assert_int_eq(dial(&s.addr), 0);
	fakepermit_say(_i ? -EACCES : 0);
	turns(1);
	ck_assert_uint_eq(c.downs, _i ? 1 : 0);
	ck_assert_int_eq(c.err, _i ? -EACCES : 0);
	fini();
}
END_TEST

/* 0: by its user, 1: by its dialer, 2: by the clock */
START_TEST(tlslink_that_goes_while_it_asks_withdraws)
{
	client_init(0);
	server_start(ECHO);
	fakepermit.rc = -EINPROGRESS;
	ck_assert_int_eq(dial(&s.addr), 0);
	if (_i == 0)
		link_kill(c.link);
	else if (_i == 2)
		loop_advance(&c.loop, 60000);
	ck_assert_int_eq(c.err, _i == 2 ? -ETIMEDOUT : 0);
	c.link = NULL;
	fini();
	ck_assert_uint_eq(fakepermit.withdrawn, 1);
}
END_TEST

static const char *const moments[] = { "connected", "up", "input", "drained" };

START_TEST(tlslink_kill_in_any_call_is_the_last)
{
	client_init(_i & 1);
	server_start(ECHO);
	c.kill_in = moments[_i / 2];
	c.to_send = 2000;
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_killed);
	for (target = 0; target < 100; target++) {
		event_base_loop(c.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		loop_end_turn(&c.loop);
	}
	ck_assert_uint_eq(c.downs, 0);
	fini();
}
END_TEST

START_TEST(tlslink_dialer_free_frees_what_is_left)
{
	client_init(0);
	server_start(ECHO);
	ck_assert_int_eq(dial(&s.addr), 0);
	run_until(is_up);
	ck_assert(link_reserve(c.link, 100) != NULL);
	link_commit(c.link, 100);
	c.link = NULL;
	fini();
	ck_assert_uint_eq(c.downs, 0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(tlslink_up_tells_the_hash_of_the_certificate, 2),
	UNIT_LOOP(tlslink_echo_of_megabytes_is_in_order, 3),
	UNIT_LOOP(tlslink_many_records_come_in_few_calls, 2),
	UNIT_LOOP(tlslink_one_byte_records_are_whole, 2),
	UNIT(tlslink_peer_that_does_not_read_meets_the_ceiling),
	UNIT(tlslink_unconsumed_input_has_a_ceiling),
	UNIT(tlslink_socket_closed_without_goodbye_is_down),
	UNIT(tlslink_garbage_instead_of_tls_is_down),
	UNIT(tlslink_renegotiation_is_refused),
	UNIT_LOOP(tlslink_second_link_offers_no_session_of_the_first, 2),
	UNIT_LOOP(tlslink_certificate_signed_with_sha1_is_taken, 2),
	UNIT(tlslink_asks_before_it_connects),
	UNIT_LOOP(tlslink_that_may_not_connect_is_down, 2),
	UNIT_LOOP(tlslink_that_goes_while_it_asks_withdraws, 3),
	UNIT_LOOP(tlslink_bytes_that_are_no_handshake_are_down,
	    2 * NELEM(raws)),
	UNIT_LOOP(tlslink_handshake_byte_by_byte_is_timed_out, 2),
	UNIT_LOOP(tlslink_busy_link_is_read_in_gulps_and_loses_no_tail, 2),
	UNIT_LOOP(tlslink_busy_link_that_falls_silent_is_an_ordinary_one, 2),
	UNIT(tlslink_silent_peer_is_timed_out),
	UNIT(tlslink_refused_connection_is_down),
	UNIT(tlslink_dial_without_an_address_is_refused),
	UNIT(tlslink_bind_address_is_used),
	UNIT_LOOP(tlslink_kill_in_any_call_is_the_last, 8),
	UNIT(tlslink_dialer_free_frees_what_is_left),
};
UNIT_MAIN("tlslink", tests)
