/* tests/daemon/probe_splice.c - what a byte costs between two endpoints
 *
 * usage: probe_splice [MIB [STREAMS [SLICE]]]
 *
 * Two children, one that sends and one that reads, and this process between
 * them, with a splice for each stream: as a flow under `direct' has it.  With a
 * SLICE the bytes come in slices of that size, 64 KiB of them a turn, from an
 * endpoint that costs nothing: 498 is an onion stream, 1448 a TUN without
 * offloads, 65000 one with them.
 * Prints MiB/s, and CPU seconds of this process alone per GB.
 */
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/rand.h"
#include "daemon/evloop.h"
#include "daemon/sock.h"
#include "daemon/splice.h"

enum { STREAMS_MAX = 64, CHUNK = 256 * 1024, TURN = 64 * 1024 };

struct made {			/* the endpoint that costs nothing */
	struct endpoint	 ep;
	struct event	*ev;
	size_t		 credit, left;
	int		 dead;
};

static struct evloop ev;
static struct splice splices[STREAMS_MAX];
static struct made made[STREAMS_MAX];
static uint8_t bytes[CHUNK];
static size_t slice;
static int streams = 1, done;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* A connection over loopback: the two ends. */
static void
pair(int fd[2])
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(l, (struct sockaddr *)&sin, len) < 0 || listen(l, 1) < 0 ||
	    getsockname(l, (struct sockaddr *)&sin, &len) < 0 ||
	    connect(fd[0], (struct sockaddr *)&sin, len) < 0 ||
	    (fd[1] = accept(l, NULL, NULL)) < 0)
		die("loopback");
	close(l);
}

static void
send_all(int fd, size_t total)
{
	ssize_t n;

	for (; total; total -= (size_t)n)
		if ((n = send(fd, bytes, total < CHUNK ? total : CHUNK,
		    MSG_NOSIGNAL)) < 0)
			die("send");
	shutdown(fd, SHUT_WR);
	while (recv(fd, bytes, CHUNK, 0) > 0)
		;
}

static void
read_all(int fd, size_t total)
{
	ssize_t n;

	while ((n = recv(fd, bytes, CHUNK, 0)) > 0)
		total -= (size_t)n;
	if (n < 0 || total)
		die("recv");
}

static pid_t
child(void (*fn)(int, size_t), int fd, int other, size_t total)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(other);
		fn(fd, total);
		_exit(0);
	}
	close(fd);
	return pid;
}

static size_t
made_send(struct endpoint *e, const void *p, size_t len)
{
	(void)e;
	(void)p;
	return len;
}

static void
made_grant(struct endpoint *e, size_t n)
{
	struct made *m = (struct made *)(void *)e;
	struct timeval now = { 0 };

	if (m->credit == 0 && m->left && !m->dead)
		event_add(m->ev, &now);
	m->credit += n;
}

static void made_fin(struct endpoint *e) { (void)e; }

static void
made_kill(struct endpoint *e, int why)
{
	(void)why;
	((struct made *)(void *)e)->dead = 1;
}

static const struct endpoint_ops made_ops = {
	.send = made_send, .grant = made_grant, .fin = made_fin,
	.kill = made_kill
};

static void
made_turn(evutil_socket_t fd, short what, void *arg)
{
	struct timeval now = { 0 };
	struct made *m = arg;
	size_t n, sum = 0;

	(void)fd;
	(void)what;
	evloop_enter(&ev);
	while (sum < TURN && m->credit && m->left && !m->dead) {
		n = slice < m->credit ? slice : m->credit;
		n = n < m->left ? n : m->left;
		m->credit -= n;
		m->left -= n;
		sum += n;
		m->ep.user->data(m->ep.arg, bytes, n);
	}
	if (m->left == 0 && !m->dead) {
		m->dead = 1;
		m->ep.user->gone(m->ep.arg, 0);
	}
	evloop_leave(&ev);
	if (m->credit && m->left)
		event_add(m->ev, &now);
}

static void
on_done(void *arg, int why)
{
	(void)arg;
	if (why < 0) {
		errno = -why;
		die("splice");
	}
	if (++done == streams)
		evloop_stop(&ev);
}

static struct endpoint *
source(int i, size_t total)
{
	struct endpoint *ep;
	int fd[2];

	if (slice) {
		made[i].ep.ops = &made_ops;
		made[i].left = total;
		made[i].ev = event_new(ev.base, -1, 0, made_turn, &made[i]);
		return &made[i].ep;
	}
	pair(fd);
	child(send_all, fd[0], fd[1], total);
	if (sock_new(&ep, &ev, fd[1]) < 0)
		die("sock_new");
	return ep;
}

/* The sink stands in for the client: the reader's side of a download. */
static void
join(int i, size_t total)
{
	struct endpoint *from, *to;
	int fd[2];

	pair(fd);
	child(read_all, fd[0], fd[1], total);
	if (sock_new(&to, &ev, fd[1]) < 0)
		die("sock_new");
	from = source(i, total);
	splices[i].done = on_done;
	splice_open(&splices[i], &ev.loop, to, from);
	from->user->open(from->arg);
}

static double
cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	size_t total = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1024) << 20;
	double t, c;
	int i;

	if (argc > 2)
		streams = atoi(argv[2]);
	if (argc > 3)
		slice = strtoul(argv[3], NULL, 10);
	if (streams < 1 || streams > STREAMS_MAX || slice > CHUNK) {
		fprintf(stderr, "usage: probe_splice [MIB [STREAMS "
		    "[SLICE]]]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	rand_init();
	if (evloop_init(&ev) < 0)
		die("evloop");
	evloop_enter(&ev);
	for (i = 0; i < streams; i++)
		join(i, total / (size_t)streams);
	evloop_leave(&ev);
	t = seconds();
	c = cpu();
	evloop_run(&ev);
	t = seconds() - t;
	c = cpu() - c;
	printf("%.0f MiB/s, %.3f CPU-s/GB\n", (double)total / (1 << 20) / t,
	    c / ((double)total / 1e9));
	while (wait(NULL) > 0)
		;
	evloop_fini(&ev);
	return 0;
}
