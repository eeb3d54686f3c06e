/* tests/onion/circ/probe_circ.c - a circuit through real relays, by hand
 *
 *	probe_circ RELAYS KIND HOPS dir PATH
 *	probe_circ RELAYS KIND HOPS get HOST PORT BYTES [STREAMS [KBPS]]
 *	probe_circ RELAYS KIND HOPS put HOST PORT BYTES [STREAMS]
 *
 * RELAYS is a file with a relay in each line, "address:port RSA-hex Ed-b64
 * ntor-b64 nickname"; HOPS are indices into it, "0,2,1".  KIND is what the last
 * hop is made with: fast, ntor or cc.  `get` sends "GET BYTES\n" and counts
 * what comes until the end; `put` sends "PUT BYTES\n" and as many, and waits
 * for a line.  With KBPS each stream takes no more than that of what comes, so
 * that the exit has to be stopped and started.
 *
 * Prints times and CPU seconds per GB.  No directory, no guards, no paths: for
 * trying the layers up to circ against what they have to talk to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/enc.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/rand.h"
#include "daemon/evloop.h"
#include "onion/circ/circ.h"
#include "onion/circ/flowctl.h"
#include "onion/crypto/crypt.h"
#include "onion/link/chan.h"
#include "onion/link/relayid.h"
#include "onion/link/tlslink.h"

enum { RELAYS_MAX = 64, STREAMS = 16, CHUNK = 65536, TICK_MS = 20 };

struct probe;

struct one {			/* stream */
	struct probe	*p;
	struct endpoint	*e;
	uint64_t	 left;		/* to send */
	uint64_t	 got;
	char		 head[64];
	size_t		 head_len;
	char		 tail[80];	/* the last bytes that came */
	int		 why;
	int		 over;
};

struct probe {
	struct evloop	 ev;
	struct hopinfo	 relay[RELAYS_MAX];
	size_t		 nrelays;
	struct circ_hop	 hop[CIRC_HOPS_MAX];
	size_t		 nhops;
	const char	*what;
	const char	*host;
	uint16_t	 port;
	uint64_t	 bytes;
	struct one	 s[STREAMS];
	size_t		 nstreams;
	struct circ	*circ;
	struct flow_params flow;
	double		 began, built, cpu;
	size_t		 kbps;		/* 0: all that comes */
	struct loop_timer tick;
	int		 status;
};

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
cpu_seconds(double *sys)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	*sys = (double)r.ru_stime.tv_sec + (double)r.ru_stime.tv_usec / 1e6;
	return (double)r.ru_utime.tv_sec + (double)r.ru_utime.tv_usec / 1e6 +
	    *sys;
}

static void
die(const char *why)
{
	fprintf(stderr, "probe_circ: %s\n", why);
	exit(2);
}

static void
read_relays(struct probe *p, const char *path)
{
	char addr[80], rsa[48], ed[48], ntor[48], nick[20];
	FILE *f = fopen(path, "r");
	struct hopinfo *h;

	if (f == NULL)
		die("no such file of relays");
	while (p->nrelays < RELAYS_MAX && fscanf(f, "%79s %47s %47s %47s %19s",
	    addr, rsa, ed, ntor, nick) == 5) {
		h = &p->relay[p->nrelays++];
		memset(h, 0, sizeof(*h));
		if (addr_parse(&h->or4, addr, -1) < 0 ||
		    dec_hex(h->id.rsa, 20, rsa, strlen(rsa)) != 20 ||
		    dec_b64(h->id.ed, 32, ed, strlen(ed)) != 32 ||
		    dec_b64(h->ntor, 32, ntor, strlen(ntor)) != 32)
			die("a line of relays is malformed");
		h->id.has_ed = h->has_ntor = 1;
		h->caps = CAP_NTOR3 | CAP_FLOWCTRL;
		memcpy(h->nickname, nick, sizeof(nick));
	}
	fclose(f);
}

static void
choose_hops(struct probe *p, const char *kind, char *list)
{
	struct circ_hop *last;
	char *t;

	for (t = strtok(list, ","); t; t = strtok(NULL, ",")) {
		if (p->nhops == CIRC_HOPS_MAX ||
		    (size_t)atoi(t) >= p->nrelays)
			die("no such hop");
		p->hop[p->nhops].info = p->relay[atoi(t)];
		p->hop[p->nhops++].kind = HANDSHAKE_NTOR;
	}
	if (p->nhops == 0)
		die("no hops");
	last = &p->hop[p->nhops - 1];
	if (strcmp(kind, "fast") == 0)
		p->hop[0].kind = HANDSHAKE_FAST;
	else if (strcmp(kind, "cc") == 0) {
		last->kind = HANDSHAKE_NTOR3;
		last->want_cc = 1;
	}
}

/* Streams. */

static void
finish(struct probe *p)
{
	double sys, cpu = cpu_seconds(&sys) - p->cpu, t = seconds() - p->built;
	uint64_t fwd, bwd;
	size_t i;

	for (i = 0; i < p->nstreams; i++) {
		if (!p->s[i].over)
			return;
		printf("stream %zu: %llu bytes, why %d; ended with \"%.60s\"\n",
		    i, (unsigned long long)p->s[i].got, p->s[i].why,
		    p->s[i].tail);
		p->status |= p->s[i].why != 0;
	}
	circ_totals(p->circ, &fwd, &bwd);
	printf("built in %.3f s; %llu out, %llu in, %.3f s, %.2f MB/s; CPU "
	    "%.3f s (%.3f sys since start), %.2f s/GB\n", p->built - p->began,
	    (unsigned long long)fwd, (unsigned long long)bwd, t,
	    (double)(fwd + bwd) / t / 1e6, cpu, sys,
	    cpu / ((double)(fwd + bwd) / 1e9));
	circ_kill(p->circ, CIRC_WHY_FINISHED);
	evloop_stop(&p->ev);
}

static void
send_some(struct one *s)
{
	static uint8_t chunk[CHUNK];
	size_t n, took;

	if (s->head_len) {
		took = endpoint_send(s->e, s->head, s->head_len);
		s->head_len -= took;
		memmove(s->head, s->head + took, s->head_len);
	}
	while (s->head_len == 0 && s->left > 0) {
		n = s->left < sizeof(chunk) ? (size_t)s->left : sizeof(chunk);
		took = endpoint_send(s->e, chunk, n);
		s->left -= took;
		if (took < n)
			return;
	}
}

static void
on_data(void *arg, const void *data, size_t n)
{
	struct one *s = arg;
	size_t keep = n < 60 ? n : 60, i;

	s->got += n;
	if (s->p->kbps == 0)
		endpoint_grant(s->e, n);
	memcpy(s->tail, (const char *)data + n - keep, keep);
	for (i = 0; i < keep; i++)
		if (s->tail[i] < ' ' || s->tail[i] > '~')
			s->tail[i] = '.';
	s->tail[keep] = '\0';
}

static void
on_room(void *arg)
{
	send_some(arg);
}

static void
on_fin(void *arg)
{
	(void)arg;
}

static void
on_end(void *arg, int why)
{
	struct one *s = arg;

	s->why = why;
	s->over = 1;
	finish(s->p);
}

static const struct endpoint_user users = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_end
};

static void
begin(struct probe *p, struct one *s)
{
	int dir = strcmp(p->what, "dir") == 0;
	int put = strcmp(p->what, "put") == 0, rc;

	s->p = p;
	if (dir)
		rc = circ_begin_dir(p->circ, &s->e);
	else
		rc = circ_connect(p->circ, p->host, p->port, 0, &s->e);
	if (rc < 0)
		die(strerror(-rc));
	if (dir)
		s->head_len = (size_t)snprintf(s->head, sizeof(s->head),
		    "GET %.40s HTTP/1.0\r\n\r\n", p->host);
	else
		s->head_len = (size_t)snprintf(s->head, sizeof(s->head),
		    "%s %llu\n", put ? "PUT" : "GET",
		    (unsigned long long)p->bytes);
	s->left = put ? p->bytes : 0;
	endpoint_hold(s->e, &users, s);
	endpoint_grant(s->e, p->kbps ? 1 : 1024 * 1024);
	send_some(s);
}

static void
on_tick(void *arg)
{
	struct probe *p = arg;
	size_t i;

	for (i = 0; i < p->nstreams; i++)
		if (p->s[i].e && !p->s[i].over)
			endpoint_grant(p->s[i].e, p->kbps * TICK_MS);
	loop_timer_in(&p->ev.loop, &p->tick, TICK_MS);
}

/* The circuit. */

static void
on_hop(void *arg, size_t n)
{
	struct probe *p = arg;

	printf("hop %zu of %zu stands: %s\n", n, p->nhops,
	    p->hop[n - 1].info.nickname);
}

static void
on_built(void *arg)
{
	struct probe *p = arg;
	double sys;
	size_t i;

	p->built = seconds();
	p->cpu = cpu_seconds(&sys);
	for (i = 0; i < p->nstreams; i++)
		begin(p, &p->s[i]);
	if (p->kbps)
		on_tick(p);
}

static void
on_circ_gone(void *arg, enum circ_why why)
{
	struct probe *p = arg;

	printf("the circuit went, reason %d\n", (int)why);
	p->status = 1;
	evloop_stop(&p->ev);
}

static const struct circ_user circ_users = {
	.hop = on_hop, .built = on_built, .gone = on_circ_gone
};

static void
on_dialling(void *arg, const struct hopinfo *h)
{
	(void)arg;
	(void)h;
}

static void
on_open(void *arg, struct chan *c)
{
	(void)arg;
	(void)c;
}

static void
on_gone(void *arg, const struct hopinfo *h, enum chan_why why, int was_open)
{
	(void)arg;
	(void)h;
	printf("the channel went, reason %d, open %d\n", (int)why, was_open);
}

static void
on_skew(void *arg, const struct relayid *id, int64_t s)
{
	(void)arg;
	(void)id;
	(void)s;
}

static const struct chanset_user chan_users = {
	.dialling = on_dialling, .connected = on_dialling, .open = on_open,
	.gone = on_gone, .skew = on_skew
};

static void
run(struct probe *p)
{
	struct tlslink_conf tls = {
		.loop = &p->ev.loop, .base = p->ev.base,
		.enter = evloop_enter, .leave = evloop_leave, .arg = &p->ev
	};
	struct chanset_conf conf = {
		.loop = &p->ev.loop, .user = &chan_users, .arg = p,
		.padding = { .off = 1 }, .use_v4 = 1
	};
	struct circ_conf cc = { .loop = &p->ev.loop, .flow = &p->flow };
	struct tlslink_dialer *dialer;
	struct chanset *set;
	struct chan *chan;
	int rc;

	if ((rc = tlslink_dialer_new(&dialer, &tls)) < 0)
		die(strerror(-rc));
	conf.dialer = tlslink_dialer(dialer);
	if ((rc = chanset_new(&set, &conf)) < 0 ||
	    (rc = chanset_get(set, &p->hop[0].info, &chan)) < 0 ||
	    (rc = circ_new(&p->circ, &cc, chan, p->hop, p->nhops, &circ_users,
	    p)) < 0)
		die(strerror(-rc));
	p->began = seconds();
	(void)evloop_run(&p->ev);
	loop_timer_clear(&p->ev.loop, &p->tick);
	loop_end_turn(&p->ev.loop);
	chanset_free(set);
	tlslink_dialer_free(dialer);
}

int
main(int argc, char **argv)
{
	static struct probe p;
	size_t i;

	if (argc < 6)
		die("RELAYS KIND HOPS dir|get|put ...: see the source");
	rand_init();
	crypt_init();
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_relays(&p, argv[1]);
	choose_hops(&p, argv[2], argv[3]);
	p.what = argv[4];
	p.host = argv[5];
	p.nstreams = 1;
	if (strcmp(p.what, "dir") != 0) {
		if (argc < 8)
			die("HOST PORT BYTES are wanted");
		p.port = (uint16_t)atoi(argv[6]);
		p.bytes = strtoull(argv[7], NULL, 10);
		if (argc > 8)
			p.nstreams = (size_t)atoi(argv[8]);
		if (argc > 9)
			p.kbps = (size_t)atoi(argv[9]);
	}
	if (p.nstreams < 1 || p.nstreams > STREAMS)
		die("so many streams can't be");
	for (i = 0; i < p.nstreams; i++)
		p.s[i].why = -EINPROGRESS;
	flow_params_load(&p.flow, NULL);
	loop_timer_init(&p.tick, on_tick, &p);
	if (evloop_init(&p.ev) < 0)
		die("no memory");
	run(&p);
	evloop_fini(&p.ev);
	return p.status;
}
