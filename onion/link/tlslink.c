/* onion/link/tlslink.c - links over TLS and TCP: the real network
 *
 * Theory of operation
 *	OpenSSL never touches a socket.  It reads from and writes to memory of
 *	the dialer, which all its links share, one after the other:
 *
 *	  recv -> gulp -> SSL_read -> plain -> input()
 *	          reserve(), commit() -> out -> SSL_write -> stage -> send
 *
 *	One recv() takes up to TLSLINK_GULP bytes, all records in it are
 *	decrypted side by side into one buffer, and input() gets that in one
 *	call.  A link that is at rest owns none of these; what it keeps is a
 *	partial cell (left), the partial record inside its SSL, and what the
 *	kernel did not take (wire).
 *
 *	Output is queued in one block, encrypted and sent when the turn ends, in
 *	records of CELL_RECORD whole cells, by one send().  TCP_NOTSENT_LOWAT
 *	keeps what the kernel has and can't send yet small, and nothing is
 *	encrypted while older bytes wait for the kernel: so cells stay here,
 *	where the queue's ceiling tells those who send them to wait.
 *	A busy link (bulk) is not read for every record that arrives: a wakeup,
 *	a recv() and the sends that follow cost as much as the cryptography of
 *	16 KiB.  SO_RCVLOWAT lets the kernel collect, a timer bounds the wait:
 *	the exit takes what we add to the round trip for congestion.
 * States
 *	ASKED (for leave to connect; there is no socket yet), TCP, TLS, UP, DEAD.
 *	DEAD links lie on the dialer's list until the turn ends.
 * Invariants
 *	Between a call to us and our return, gulp, plain and stage belong to one
 *	link (->busy); they are empty before and after.
 * Limits
 *	The TLSLINK_*_MAX of the header; a link that exceeds one goes down.
 * Not here
 *	Who the relay is: TLS proves nothing in this protocol, CERTS does.
 */
#include "onion/link/tlslink.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/permit.h"
#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/link/cell.h"
#include "onion/link/link.h"

/* seccomp: recvfrom sendto getsockopt getpeername shutdown close */

enum {
	STAGE_LEN	= 262144,	/* out, encrypted, and to spare */
	PLAIN_LEN	= TLSLINK_LEFT_MAX + TLSLINK_GULP,
	RECORD_PLAIN	= CELL_RECORD * CELL_LEN,
	TIMEOUT_MS	= 60000,
	BLOCKS_KEPT	= 4,		/* of out, for the next who needs one */
	/* A link that brings BULK_BYTES in a window is busy: it wakes us for
	 * BULK_LOWAT bytes or after BULK_WAIT_MS, whichever comes first. */
	BULK_WINDOW_MS	= 100,
	BULK_BYTES	= 131072,
	BULK_LOWAT	= 65536,
	BULK_WAIT_MS	= 3,
	SPARSE_BYTES	= 16384		/* in a window: no more than that */
};

/* What C tor offers, in its order (lib/tls/ciphers.inc, tortls_openssl.c). */
static const char ciphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:"
    "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA";
static const char ciphers13[] =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
    "TLS_AES_256_GCM_SHA384";
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
static const char groups[] =
    "?*X25519MLKEM768 / ?SecP256r1MLKEM768 / *P-256:?X25519:P-224";
#else
static const char groups[] = "P-256:X25519:P-224";
#endif

enum tls_state { TLS_DEAD, TLS_ASKED, TLS_TCP, TLS_HANDSHAKE, TLS_UP };

struct tlslink {
	struct link		 link;		/* first: cast back and forth */
	struct tlslink_dialer	*dialer;
	TAILQ_ENTRY(tlslink)	 list;
	enum tls_state		 state;
	int			 fd;		/* -1 while ASKED */
	struct permit		 permit;
	SSL			*ssl;
	struct event		 readable, writable;
	struct loop_timer	 timer;		/* for TCP and TLS */
	struct loop_timer	 lull;		/* while bulk */
	struct loop_item	 flush;
	int64_t			 window_at;	/* ms; see note_rate() */
	size_t			 window_bytes;
	uint8_t			*out;		/* a block, or NULL */
	size_t			 out_off, out_len;
	struct buf		 wire;
	uint8_t			*left;		/* the start of a cell */
	size_t			 left_len;
	uint8_t			 bulk;		/* SO_RCVLOWAT is set */
	uint8_t			 pressed;	/* out went over the low mark */
	uint8_t			 failing;	/* says nothing any more */
};
TAILQ_HEAD(tlslinks, tlslink);

struct tlslink_dialer {
	struct link_dialer	 dialer;
	struct tlslink_conf	 conf;
	SSL_CTX			*ctx;
	BIO_METHOD		*bio;
	struct tlslinks		 links, dead;
	struct loop_item	 reap;
	uint8_t			*blocks[BLOCKS_KEPT];
	size_t			 nblocks;

	const uint8_t		*gulp_at;	/* not yet read by OpenSSL */
	size_t			 gulp_len;
	size_t			 stage_len;
	uint8_t			 gulp[TLSLINK_GULP];
	uint8_t			 plain[PLAIN_LEN];
	uint8_t			 stage[STAGE_LEN];
};

static const struct link_ops ops;

static struct tlslink *
of(const struct link *l)
{
	return (struct tlslink *)(uintptr_t)l;
}

/* ---- blocks of the output queue ---- */

static uint8_t *
block_get(struct tlslink_dialer *d)
{
	if (d->nblocks > 0)
		return d->blocks[--d->nblocks];
	return malloc(TLSLINK_OUT_MAX);
}

static void
block_give(struct tlslink_dialer *d, uint8_t *p)
{
	if (p && d->nblocks < BLOCKS_KEPT)
		d->blocks[d->nblocks++] = p;
	else
		free(p);
}

/* ---- the BIO between OpenSSL and the dialer's buffers ---- */

static int
bio_read(BIO *b, char *out, int len)
{
	struct tlslink_dialer *d = BIO_get_data(b);
	size_t n = (size_t)len;

	BIO_clear_retry_flags(b);
	if (d->gulp_len == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (n > d->gulp_len)
		n = d->gulp_len;
	memcpy(out, d->gulp_at, n);
	d->gulp_at += n;
	d->gulp_len -= n;
	return (int)n;
}

static int
bio_write(BIO *b, const char *p, int len)
{
	struct tlslink_dialer *d = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if ((size_t)len > STAGE_LEN - d->stage_len) {
		BIO_set_retry_write(b);
		return -1;
	}
	memcpy(d->stage + d->stage_len, p, (size_t)len);
	d->stage_len += (size_t)len;
	return len;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

static int
bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static int
make_bio_method(struct tlslink_dialer *d)
{
	int type = BIO_get_new_index();

	if (type == -1)
		return -ENOMEM;
	d->bio = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "tlslink");
	if (d->bio == NULL)
		return -ENOMEM;
	BIO_meth_set_read(d->bio, bio_read);
	BIO_meth_set_write(d->bio, bio_write);
	BIO_meth_set_ctrl(d->bio, bio_ctrl);
	BIO_meth_set_create(d->bio, bio_create);
	return 0;
}

/* ---- death ---- */

static void
on_reap(void *arg)
{
	struct tlslink_dialer *d = arg;
	struct tlslink *t;

	while ((t = TAILQ_FIRST(&d->dead)) != NULL) {
		TAILQ_REMOVE(&d->dead, t, list);
		SSL_free(t->ssl);
		free(t->left);
		buf_free(&t->wire);
		free(t);
	}
}

/* Says goodbye as TLS wants it, as far as the kernel takes it. */
static void
say_goodbye(struct tlslink *t)
{
	struct tlslink_dialer *d = t->dialer;
	size_t keep = d->stage_len;

	if (t->state != TLS_UP || t->failing || t->wire.len > 0 || keep > 0)
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	if (d->stage_len > 0 &&
	    send(t->fd, d->stage, d->stage_len, MSG_NOSIGNAL) > 0)
		t->link.net_out += d->stage_len;
	d->stage_len = 0;
}

static void
close_socket(struct tlslink *t)
{
	if (t->fd < 0)
		return;
	event_del(&t->readable);
	event_del(&t->writable);
	close(t->fd);
	t->fd = -1;
}

static void
bury(struct tlslink *t)
{
	struct tlslink_dialer *d = t->dialer;

	if (t->state == TLS_DEAD)
		return;
	say_goodbye(t);
	t->state = TLS_DEAD;
	loop_timer_clear(d->conf.loop, &t->timer);
	loop_timer_clear(d->conf.loop, &t->lull);
	loop_item_clear(d->conf.loop, &t->flush);
	permit_withdraw(d->conf.permit, &t->permit);
	close_socket(t);
	block_give(d, t->out);
	t->out = NULL;
	TAILQ_REMOVE(&d->links, t, list);
	TAILQ_INSERT_TAIL(&d->dead, t, list);
	loop_item_add(d->conf.loop, &d->reap);
}

static void
go_down(struct tlslink *t, int err)
{
	if (t->state == TLS_DEAD)
		return;
	t->failing = 1;
	bury(t);
	t->link.user->down(t->link.arg, err);
}

static void
op_kill(struct link *l)
{
	bury(of(l));
}

/* ---- output ---- */

static void
want_write(struct tlslink *t)
{
	event_add(&t->writable, NULL);
}

/* 0: all was taken; 1: the kernel is full; or a negative errno. */
static int
push(struct tlslink *t, const uint8_t *p, size_t len, size_t *took)
{
	ssize_t n;

	*took = 0;
	while (*took < len) {
		n = send(t->fd, p + *took, len - *took, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 1 :
			    -errno;
		*took += (size_t)n;
		t->link.net_out += (size_t)n;
	}
	return 0;
}

/* What the kernel did not take before. */
static int
push_wire(struct tlslink *t)
{
	size_t took;
	int rc;

	if (t->wire.len == 0)
		return 0;
	rc = push(t, buf_head(&t->wire), t->wire.len, &took);
	buf_drain(&t->wire, took);
	return rc;
}

/* What OpenSSL wrote in this call. */
static int
push_stage(struct tlslink *t)
{
	struct tlslink_dialer *d = t->dialer;
	size_t took = 0;
	int rc;

	if (d->stage_len == 0)
		return 0;
	rc = push_wire(t);
	if (rc == 0)
		rc = push(t, d->stage, d->stage_len, &took);
	if (rc == 1) {
		want_write(t);
		if (buf_add(&t->wire, d->stage + took,
		    d->stage_len - took) < 0)
			rc = -ENOBUFS;
	}
	d->stage_len = 0;
	return rc;
}

/* All of the queue, in whole records; OpenSSL's or ours, never the kernel's
 * errors here. */
static int
encrypt(struct tlslink *t)
{
	size_t n;
	int rc;

	while (t->out_len > 0) {
		n = t->out_len < RECORD_PLAIN ? t->out_len : RECORD_PLAIN;
		ERR_clear_error();
		rc = SSL_write(t->ssl, t->out + t->out_off, (int)n);
		if (rc <= 0)
			return -EPROTO;
		t->out_off += (size_t)rc;
		t->out_len -= (size_t)rc;
	}
	t->out_off = 0;
	block_give(t->dialer, t->out);
	t->out = NULL;
	return 0;
}

static void
tell_drained(struct tlslink *t)
{
	if (!t->pressed || t->out_len > TLSLINK_OUT_LOW)
		return;
	t->pressed = 0;
	t->link.user->drained(t->link.arg);
}

static void
flush(struct tlslink *t)
{
	int rc;

	if (t->state != TLS_UP)
		return;
	if ((rc = push_wire(t)) == 0 && t->out_len > 0) {
		rc = encrypt(t);
		if (rc == 0)
			rc = push_stage(t);
		t->dialer->stage_len = 0;
	}
	if (rc < 0) {
		go_down(t, rc);
		return;
	}
	if (t->wire.len > 0)
		want_write(t);
	tell_drained(t);
}

static void
on_flush(void *arg)
{
	flush(arg);
}

static uint8_t *
op_reserve(struct link *l, size_t n)
{
	struct tlslink *t = of(l);

	if (t->state != TLS_UP || n > TLSLINK_OUT_MAX - t->out_len)
		return NULL;
	if (t->out == NULL && (t->out = block_get(t->dialer)) == NULL)
		return NULL;
	if (n > TLSLINK_OUT_MAX - t->out_off - t->out_len) {
		memmove(t->out, t->out + t->out_off, t->out_len);
		t->out_off = 0;
	}
	return t->out + t->out_off + t->out_len;
}

static void
op_commit(struct link *l, size_t n)
{
	struct tlslink *t = of(l);

	t->out_len += n;
	if (t->out_len > TLSLINK_OUT_LOW)
		t->pressed = 1;
	if (t->wire.len == 0)		/* else when the kernel has room */
		loop_item_add(t->dialer->conf.loop, &t->flush);
}

static size_t
op_room(const struct link *l)
{
	const struct tlslink *t = of(l);

	return t->state == TLS_UP ? TLSLINK_OUT_MAX - t->out_len : 0;
}

static size_t
op_queued(const struct link *l)
{
	const struct tlslink *t = of(l);

	return t->out_len + t->wire.len;
}

static const struct link_ops ops = {
	.reserve = op_reserve, .commit = op_commit, .room = op_room,
	.queued = op_queued, .kill = op_kill
};

/* ---- input ---- */

static int
keep_left(struct tlslink *t, const uint8_t *p, size_t len)
{
	uint8_t *q;

	if (len > TLSLINK_LEFT_MAX)
		return -EMSGSIZE;
	if (len == 0) {
		free(t->left);
		t->left = NULL;
	} else {
		if ((q = realloc(t->left, len)) == NULL)
			return -ENOMEM;
		memcpy(q, p, len);
		t->left = q;
	}
	t->left_len = len;
	return 0;
}

/* Hands the user what is in plain; the rest of it, moved to the front. */
static size_t
deliver(struct tlslink *t, size_t have)
{
	uint8_t *plain = t->dialer->plain;
	size_t used = 0;

	if (have > 0)
		used = t->link.user->input(t->link.arg, plain, have);
	if (t->state == TLS_DEAD)
		return 0;
	if (used > 0 && used < have)
		memmove(plain, plain + used, have - used);
	return have - used;
}

/* Decrypts all of the gulp, and delivers.  0, 1 where the peer closed TLS, or
 * a negative errno. */
static int
decrypt(struct tlslink *t)
{
	struct tlslink_dialer *d = t->dialer;
	size_t have = t->left_len;
	int n, rc = 0, fresh = 0;

	if (have > 0)
		memcpy(d->plain, t->left, have);
	ERR_clear_error();		/* not for each of many records */
	for (;;) {
		if (have == PLAIN_LEN) {
			have = deliver(t, have);
			if (t->state == TLS_DEAD)
				return 0;
			if (have > TLSLINK_LEFT_MAX)
				return -EMSGSIZE;
			fresh = 0;
			ERR_clear_error();
		}
		n = SSL_read(t->ssl, d->plain + have, (int)(PLAIN_LEN - have));
		if (n <= 0)
			break;
		have += (size_t)n;
		fresh = 1;
	}
	switch (SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_ZERO_RETURN:
		rc = 1;
		break;
	default:
		rc = -EPROTO;
	}
	if (fresh)
		have = deliver(t, have);
	if (t->state == TLS_DEAD)
		return 0;
	if (rc == 0)
		rc = keep_left(t, d->plain, have);
	return rc;
}

static int
cert_hash(struct tlslink *t, uint8_t out[32])
{
	X509 *cert = SSL_get1_peer_certificate(t->ssl);
	uint8_t *der = NULL;
	int len;

	len = cert ? i2d_X509(cert, &der) : -1;
	X509_free(cert);
	if (len <= 0)
		return -EPROTO;
	crypt_sha256(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

static int
handshake(struct tlslink *t)
{
	uint8_t hash[32];
	int n, rc;

	ERR_clear_error();
	n = SSL_do_handshake(t->ssl);
	if (n != 1 && SSL_get_error(t->ssl, n) == SSL_ERROR_WANT_READ)
		return 0;
	if (n != 1) {
		log_debug(LD_NET, "TLS handshake: %s",
		    ERR_reason_error_string(ERR_peek_error()));
		return -EPROTO;
	}
	if ((rc = cert_hash(t, hash)) < 0)
		return rc;
	t->state = TLS_UP;
	loop_timer_clear(t->dialer->conf.loop, &t->timer);
	t->link.user->up(t->link.arg, hash);
	return 0;
}

/* All that one gulp brings. */
static int
digest(struct tlslink *t)
{
	int rc = 0, sent;

	if (t->state == TLS_HANDSHAKE)
		rc = handshake(t);
	if (rc == 0 && t->state == TLS_UP)
		rc = decrypt(t);
	t->dialer->gulp_len = 0;
	if (t->state == TLS_DEAD) {
		t->dialer->stage_len = 0;
		return 0;
	}
	/* The handshake's flight, an alert, an answer to KeyUpdate. */
	sent = push_stage(t);
	return rc == 0 && sent < 0 ? sent : rc;
}

static void
set_bulk(struct tlslink *t, int on)
{
	int lowat = on ? BULK_LOWAT : 1;

	if (t->bulk == on)
		return;
	if (setsockopt(t->fd, SOL_SOCKET, SO_RCVLOWAT, &lowat,
	    sizeof(lowat)) < 0)
		return;			/* it only costs time */
	t->bulk = (uint8_t)on;
	/* While it is busy it keeps OpenSSL's buffers, too: relays write
	 * records of a few cells, and each took a block and gave it back. */
	if (on)
		SSL_clear_mode(t->ssl, SSL_MODE_RELEASE_BUFFERS);
	else
		SSL_set_mode(t->ssl, SSL_MODE_RELEASE_BUFFERS);
	loop_timer_clear(t->dialer->conf.loop, &t->lull);
	if (on)
		loop_timer_in(t->dialer->conf.loop, &t->lull, BULK_WAIT_MS);
}

/* Counts what comes, in windows of BULK_WINDOW_MS; a busy link is read less
 * often, and more at a time. */
static void
note_rate(struct tlslink *t, size_t n)
{
	int64_t now = t->dialer->conf.loop->now;

	if (now - t->window_at >= BULK_WINDOW_MS) {
		set_bulk(t, t->window_bytes >= BULK_BYTES);
		t->window_at = now;
		t->window_bytes = 0;
	}
	t->window_bytes += n;
}

/* Relays leave Nagle's algorithm on: the next cell of a link with little traffic
 * waits until we acknowledge the one before it, which the kernel puts off for
 * 40 ms, hoping that we have something to say.  It forgets that we asked. */
static void
acknowledge(struct tlslink *t)
{
#ifdef TCP_QUICKACK
	int one = 1;

	if (t->window_bytes < SPARSE_BYTES)
		(void)setsockopt(t->fd, IPPROTO_TCP, TCP_QUICKACK, &one,
		    sizeof(one));
#else
	(void)t;
#endif
}

static void
read_on(struct tlslink *t)
{
	struct tlslink_dialer *d = t->dialer;
	size_t total = 0;
	ssize_t n;
	int rc;

	do {
		n = recv(t->fd, d->gulp, sizeof(d->gulp), 0);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR))
			break;
		if (n <= 0) {
			go_down(t, n < 0 ? -errno : 0);
			return;
		}
		d->gulp_at = d->gulp;
		d->gulp_len = (size_t)n;
		t->link.net_in += (size_t)n;
		rc = digest(t);
		if (rc != 0) {
			go_down(t, rc < 0 ? rc : 0);
			return;
		}
		total += (size_t)n;
		/* A full gulp: there is more.  But others want a turn too. */
	} while (t->state != TLS_DEAD && n == (ssize_t)sizeof(d->gulp) &&
	    total < TLSLINK_TURN);
	if (t->state == TLS_DEAD)
		return;
	note_rate(t, total);
	acknowledge(t);
}

/* ---- libevent's calls ---- */

static void
call_enter(struct tlslink_dialer *d)
{
	if (d->conf.enter)
		d->conf.enter(d->conf.arg);
}

static void
call_leave(struct tlslink_dialer *d)
{
	if (d->conf.leave)
		d->conf.leave(d->conf.arg);
}

static void
tcp_up(struct tlslink *t)
{
	int err = 0, rc;
	socklen_t len = sizeof(err);

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err) {
		go_down(t, -err);
		return;
	}
	t->state = TLS_HANDSHAKE;
	event_add(&t->readable, NULL);
	t->link.user->connected(t->link.arg);
	if (t->state == TLS_DEAD)
		return;
	if ((rc = digest(t)) != 0)
		go_down(t, rc < 0 ? rc : 0);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tlslink *t = arg;
	struct tlslink_dialer *d = t->dialer;
	int rc;

	(void)fd;
	(void)what;
	call_enter(d);
	if (t->state == TLS_TCP)
		tcp_up(t);
	else if (t->state == TLS_UP)
		flush(t);
	else if (t->state == TLS_HANDSHAKE) {
		if ((rc = push_wire(t)) < 0)
			go_down(t, rc);
		else if (rc == 1)
			want_write(t);
	}
	call_leave(d);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tlslink *t = arg;
	struct tlslink_dialer *d = t->dialer;

	(void)fd;
	(void)what;
	call_enter(d);
	if (t->state != TLS_DEAD)
		read_on(t);
	call_leave(d);
}

/* What came meanwhile, though it is less than the low-water mark. */
static void
on_lull(void *arg)
{
	struct tlslink *t = arg;

	read_on(t);
	if (t->state != TLS_DEAD && t->bulk)
		loop_timer_in(t->dialer->conf.loop, &t->lull, BULK_WAIT_MS);
}

static void
on_timeout(void *arg)
{
	go_down(arg, -ETIMEDOUT);
}

/* ---- dialling ---- */

/* "www.", 4 to 25 letters of base32, ".com": a new one each time. */
static void
random_name(char out[40])
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	int i, n = (int)rand_range(4, 25);

	memcpy(out, "www.", 4);
	for (i = 0; i < n; i++)
		out[4 + i] = base32[rand_below(32)];
	memcpy(out + 4 + n, ".com", 5);
}

static int
make_ssl(struct tlslink *t)
{
	struct tlslink_dialer *d = t->dialer;
	char name[40];
	BIO *bio;

	if ((t->ssl = SSL_new(d->ctx)) == NULL)
		return -ENOMEM;
	if ((bio = BIO_new(d->bio)) == NULL)
		return -ENOMEM;
	BIO_set_data(bio, d);
	SSL_set_bio(t->ssl, bio, bio);
	random_name(name);
	if (SSL_set_tlsext_host_name(t->ssl, name) != 1)
		return -ENOMEM;
	SSL_set_connect_state(t->ssl);
	return 0;
}

static int
connect_to(struct tlslink *t, const struct addr *to)
{
	struct tlslink_dialer *d = t->dialer;
	int rc;

	if ((rc = tcpdial(&t->fd, to, to->family == 6 ? &d->conf.bind6 :
	    &d->conf.bind4, &d->conf.dial)) < 0)
		return rc;
	t->state = TLS_TCP;
	event_assign(&t->readable, d->conf.base, t->fd, EV_READ | EV_PERSIST,
	    on_readable, t);
	event_assign(&t->writable, d->conf.base, t->fd, EV_WRITE, on_writable,
	    t);
	event_add(&t->writable, NULL);
	return 0;
}

static void
on_permit(void *arg, int rc)
{
	struct tlslink *t = arg;

	if (rc == 0)
		rc = connect_to(t, &t->permit.to);
	if (rc < 0)
		go_down(t, rc);
}

/* Connects, or will. */
static int
begin(struct tlslink *t, const struct addr *to)
{
	int rc;

	if ((rc = make_ssl(t)) < 0)
		return rc;
	t->state = TLS_ASKED;
	rc = permit_ask(t->dialer->conf.permit, &t->permit, to);
	if (rc == 0)
		rc = connect_to(t, to);
	return rc == -EINPROGRESS ? 0 : rc;
}

static int
op_dial(void *arg, const struct addr *to, const struct link_user *user,
    void *user_arg, struct link **out)
{
	struct tlslink_dialer *d = arg;
	struct tlslink *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return -ENOMEM;
	t->dialer = d;
	t->fd = -1;
	permit_init(&t->permit, on_permit, t);
	if ((rc = begin(t, to)) < 0) {
		SSL_free(t->ssl);
		free(t);
		return rc;
	}
	t->link.ops = &ops;
	t->link.user = user;
	t->link.arg = user_arg;
	buf_init(&t->wire, TLSLINK_WIRE_MAX);
	loop_timer_init(&t->timer, on_timeout, t);
	loop_timer_init(&t->lull, on_lull, t);
	loop_item_init(&t->flush, on_flush, t);
	loop_timer_in(d->conf.loop, &t->timer,
	    d->conf.timeout_ms ? d->conf.timeout_ms : TIMEOUT_MS);
	TAILQ_INSERT_TAIL(&d->links, t, list);
	*out = &t->link;
	return 0;
}

/* ---- the dialer ---- */

static int
make_ctx(struct tlslink_dialer *d)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return -ENOMEM;
	d->ctx = ctx;
	/* Relays' certificates may have keys of 1024 bits; what proves them is
	 * not TLS. */
	SSL_CTX_set_security_level(ctx, 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* No session is ever resumed; but C tor's clients say that they know
	 * tickets, so SSL_OP_NO_TICKET would tell us from them. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_TLSEXT_PADDING |
	    SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, d->conf.tls12 ?
	    TLS1_2_VERSION : 0) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, ciphers12) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, ciphers13) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, groups) != 1)
		return -ENOTSUP;
	return 0;
}

int
tlslink_dialer_new(struct tlslink_dialer **out, const struct tlslink_conf *conf)
{
	struct tlslink_dialer *d = calloc(1, sizeof(*d));
	int rc;

	if (d == NULL)
		return -ENOMEM;
	d->conf = *conf;
	d->dialer.dial = op_dial;
	d->dialer.arg = d;
	TAILQ_INIT(&d->links);
	TAILQ_INIT(&d->dead);
	loop_item_init(&d->reap, on_reap, d);
	if ((rc = make_bio_method(d)) < 0 || (rc = make_ctx(d)) < 0) {
		ERR_clear_error();
		tlslink_dialer_free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void
tlslink_dialer_free(struct tlslink_dialer *d)
{
	struct tlslink *t;

	if (d == NULL)
		return;
	while ((t = TAILQ_FIRST(&d->links)) != NULL)
		bury(t);
	on_reap(d);
	loop_item_clear(d->conf.loop, &d->reap);
	while (d->nblocks > 0)
		free(d->blocks[--d->nblocks]);
	SSL_CTX_free(d->ctx);
	BIO_meth_free(d->bio);
	free(d);
}

const struct link_dialer *
tlslink_dialer(const struct tlslink_dialer *d)
{
	return &d->dialer;
}

void
tlslink_set_bind(struct tlslink_dialer *d, const struct addr *v4,
    const struct addr *v6)
{
	d->conf.bind4 = *v4;
	d->conf.bind6 = *v6;
}

const char *
tlslink_cipher(const struct link *l, char *out, size_t len)
{
	const struct tlslink *t = of(l);

	snprintf(out, len, "%s %s", SSL_get_version(t->ssl),
	    SSL_get_cipher_name(t->ssl));
	return out;
}
