/* tests/fuzz/fz_tls_peer_bytes.c - what may come where TLS should begin
 *
 * Byte 0: bit 0, whether the client takes nothing newer than TLS 1.2; bits 1-2,
 * in pieces of which size the rest is sent to it.  A real socket on loopback.
 *
 * Oracle: nobody gets through the handshake without being able to do it; when
 * the peer is gone down() is called, once, and nothing is left on the loop.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/link/link.h"
#include "onion/link/tlslink.h"
#include "tests/fuzz/fuzz.h"
#include "tests/quiet.h"

static struct loop loop;
static struct event_base *base;
static struct tlslink_dialer *dialers[2];	/* any TLS, TLS 1.2 */
static struct addr addr;
static int listener;
static unsigned downs;

static void
on_leave(void *arg)
{
	(void)arg;
	loop_end_turn(&loop);
}

static void
start_listening(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(listener, (struct sockaddr *)&sin, len) == 0);
	must(listen(listener, 5) == 0);
	getsockname(listener, (struct sockaddr *)&sin, &len);
	addr_v4(&addr, INADDR_LOOPBACK, ntohs(sin.sin_port));
}

static void
setup(void)
{
	struct tlslink_conf conf = { .loop = &loop, .leave = on_leave };

	rand_init();
	crypt_init();
	signal(SIGPIPE, SIG_IGN);
	log_capture(quiet, NULL);
	loop_init(&loop, 1000, 1790000000);
	must((base = event_base_new()) != NULL);
	conf.base = base;
	must(tlslink_dialer_new(&dialers[0], &conf) == 0);
	conf.tls12 = 1;
	must(tlslink_dialer_new(&dialers[1], &conf) == 0);
	start_listening();
}

static void
on_connected(void *arg)
{
	(void)arg;
}

static void
on_up(void *arg, const uint8_t cert[32])
{
	(void)arg;
	(void)cert;
	abort();
}

static size_t
on_input(void *arg, uint8_t *p, size_t len)
{
	(void)arg;
	(void)p;
	(void)len;
	abort();
}

static void
on_drained(void *arg)
{
	(void)arg;
	abort();
}

static void
on_down(void *arg, int err)
{
	(void)arg;
	(void)err;
	downs++;
}

static const struct link_user user = {
	.connected = on_connected, .up = on_up, .input = on_input,
	.drained = on_drained, .down = on_down
};

static void
feed(int fd, const uint8_t *p, size_t len, size_t piece)
{
	size_t n;

	for (; len > 0 && downs == 0; p += n, len -= n) {
		n = piece && piece < len ? piece : len;
		must(send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t pieces[4] = { 0, 1, 5, 100 };
	static const struct linger gone = { 1, 0 };
	const struct link_dialer *d;
	struct link *l;
	int fd, one = 1;

	if (base == NULL)
		setup();
	if (len < 1 || len > 20000)
		return 0;
	downs = 0;
	d = tlslink_dialer(dialers[data[0] & 1]);
	must(d->dial(d->arg, &addr, &user, NULL, &l) == 0);
	must((fd = accept(listener, NULL, NULL)) >= 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	event_base_loop(base, EVLOOP_ONCE);
	feed(fd, data + 1, len - 1, pieces[data[0] >> 1 & 3]);
	shutdown(fd, SHUT_WR);
	while (downs == 0)
		event_base_loop(base, EVLOOP_ONCE);
	/* No TIME_WAIT: ports are fewer than inputs. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &gone, sizeof(gone));
	close(fd);
	loop_end_turn(&loop);
	must(downs == 1);
	must(loop.timers == NULL && loop.items == NULL);
	return 0;
}
