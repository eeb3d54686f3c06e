/* tests/onion/link/probe_link.c - a channel to a real relay, and CREATE_FAST
 *
 * usage: probe_link HOST:PORT [FINGERPRINT] [12] [CIRCUITS]
 *
 * Opens a channel over real TLS (12: at most TLS 1.2), makes one circuit by
 * CREATE_FAST (or so many), checks what the relay answers, and prints what it
 * saw.  Exit status 0 if all of it was right.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/link/chan.h"
#include "onion/link/link.h"
#include "onion/link/relayid.h"
#include "onion/link/tlslink.h"

static struct loop loop;
static struct event_base *base;
static struct chanset *set;
static unsigned want = 1, good, bad;
static int failed = 1;

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
on_enter(void *arg)
{
	(void)arg;
	loop_set(&loop, now_ms(), time(NULL));
}

static void
on_leave(void *arg)
{
	(void)arg;
	loop_end_turn(&loop);
}

struct probe {
	struct chan	*chan;
	uint32_t	 id;
	uint8_t		 x[20];
};

/* KDF-TOR: KH is the first 20 bytes of SHA1(X | Y | 0). */
static int
kh_holds(const struct probe *p, const uint8_t *body)
{
	uint8_t in[41], kh[20];

	memcpy(in, p->x, 20);
	memcpy(in + 20, body, 20);
	in[40] = 0;
	crypt_sha1(kh, in, sizeof(in));
	return memcmp(kh, body + 20, 20) == 0;
}

static void
on_circ_open(void *arg)
{
	struct probe *p = arg;
	uint8_t *body = chan_cell(p->chan, p->id, CELL_CREATE_FAST);

	if (body == NULL)
		return;
	rand_bytes(p->x, sizeof(p->x));
	memcpy(body, p->x, sizeof(p->x));
}

static void
on_cell(void *arg, uint8_t cmd, uint8_t body[CELL_BODY])
{
	struct probe *p = arg;
	int ok = cmd == CELL_CREATED_FAST && kh_holds(p, body);

	if (good + bad < 3)
		printf("circuit %08x: %s, %s\n", p->id, cell_name(cmd),
		    ok ? "KH holds" : "wrong");
	chan_detach(p->chan, p->id, cmd != CELL_DESTROY);
	if (ok)
		good++;
	else
		bad++;
	if (good + bad == want) {
		failed = bad > 0;
		chanset_close(set, 1);
		event_base_loopexit(base, NULL);
	}
}

static void
on_room(void *arg)
{
	(void)arg;
}

static void
on_circ_gone(void *arg, enum chan_why why)
{
	struct probe *p = arg;

	printf("circuit %08x: channel gone, reason %d\n", p->id, why);
}

static const struct chan_user circ_user = {
	.open = on_circ_open, .cell = on_cell, .room = on_room,
	.gone = on_circ_gone
};

static void
on_connected(void *arg, const struct hopinfo *hop)
{
	(void)arg;
	(void)hop;
	printf("TLS is up\n");
}

static void
on_open(void *arg, struct chan *c)
{
	char hex[65];

	(void)arg;
	enc_hex(hex, chan_id(c)->rsa, 20);
	printf("open: RSA identity %s\n", hex);
	enc_hex(hex, chan_id(c)->ed, 32);
	printf("      Ed25519 identity %s\n", hex);
}

static void
on_gone(void *arg, const struct hopinfo *hop, enum chan_why why, int was_open)
{
	(void)arg;
	(void)hop;
	printf("gone: reason %d, %s\n", why,
	    was_open ? "was open" : "was never open");
	event_base_loopexit(base, NULL);
}

static void
on_skew(void *arg, const struct relayid *id, int64_t s)
{
	(void)arg;
	(void)id;
	printf("clock skew %lld s\n", (long long)s);
}

static const struct chanset_user set_user = {
	.connected = on_connected, .open = on_open, .gone = on_gone,
	.skew = on_skew
};

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	loop_set(&loop, now_ms(), time(NULL));
	loop_run_timers(&loop);
	loop_end_turn(&loop);
}

int
main(int argc, char **argv)
{
	struct timeval tick = { 0, 50000 }, most = { 20, 0 };
	struct tlslink_dialer *dialer;
	struct tlslink_conf tls = { .loop = &loop, .enter = on_enter,
	    .leave = on_leave };
	struct chanset_conf conf = { .loop = &loop, .user = &set_user,
	    .use_v4 = 1, .use_v6 = 1, .padding = { .low_ms = 1500,
	    .high_ms = 9500 } };
	struct chanset_totals t;
	struct hopinfo hop = { 0 };
	struct probe *probes;
	struct event *ev;
	struct chan *c;
	struct addr a;
	unsigned i;

	if (argc < 2 || addr_parse(&a, argv[1], -1) < 0) {
		fprintf(stderr, "usage: probe_link HOST:PORT [FINGERPRINT] "
		    "[12] [CIRCUITS]\n");
		return 2;
	}
	rand_init();
	crypt_init();
	*(a.family == 6 ? &hop.or6 : &hop.or4) = a;
	if (argc > 2)
		(void)dec_hex(hop.id.rsa, 20, argv[2], strlen(argv[2]));
	tls.tls12 = argc > 3 && strcmp(argv[3], "12") == 0;
	if (argc > 4)
		want = (unsigned)atoi(argv[4]);
	loop_init(&loop, now_ms(), time(NULL));
	base = event_base_new();
	tls.base = base;
	if (tlslink_dialer_new(&dialer, &tls) < 0)
		return 2;
	conf.dialer = tlslink_dialer(dialer);
	if (chanset_new(&set, &conf) < 0 ||
	    chanset_get(set, &hop, &c) < 0)
		return 2;
	probes = calloc(want, sizeof(*probes));
	for (i = 0; i < want; i++) {
		probes[i].chan = c;
		if (chan_attach(c, &circ_user, &probes[i], &probes[i].id) < 0)
			return 2;
	}
	loop_end_turn(&loop);
	ev = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	event_add(ev, &tick);
	event_base_loopexit(base, &most);
	event_base_dispatch(base);
	chanset_totals(set, &t);
	printf("%u right, %u wrong; %llu cells in, %llu out; "
	    "%llu bytes in, %llu out\n", good, bad,
	    (unsigned long long)t.cells_in, (unsigned long long)t.cells_out,
	    (unsigned long long)t.bytes_in, (unsigned long long)t.bytes_out);
	chanset_free(set);
	tlslink_dialer_free(dialer);
	event_free(ev);
	event_base_free(base);
	free(probes);
	return failed;
}
