/* tests/tun/hostile.c - what no decent client sends, by a real TUN
 *
 *	hostile [-v] ECHO_TUN [WORD...]
 *
 * As root.  The rows D01 to D15 of the threat catalogue as raw frames: each is
 * made by hand, and goes into the TUN on which echo_tun has our stack, by a
 * packet socket that is bound to that device (rawdev.h).  So a frame comes to
 * the stack by the kernel's driver as it is, LAND, runts and wrong lengths too,
 * which no router would hand on; and what the stack answers is read there,
 * before a kernel's TCP could say something to it.  Silence is told by order,
 * not by time.  Only one client is the kernel's: who connects during the SYN
 * flood.
 *
 * All rows are played for IPv4 and IPv6, with offloads and without, each of the
 * four on a stack and device of its own.  Each check is a line "ok name" or
 * "FAIL name: why"; a WORD runs those whose names hold it.  The network is a
 * namespace without a name, and echo_tun dies with us, so nothing is left.
 *
 * Not here, for their time: states that are held for minutes (test_tcp_hard),
 * and a CPU's load.  D16 is of the way from the uplink (tests/net).
 */
#include "tests/tun/hostile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/tun/rawdev.h"

int family, plain;
char reason[200];
const char *label;
int left_out;

void
sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

size_t
ip_head(void)
{
	return family == 6 ? 40 : 20;
}

void
open_to(struct client *p, uint16_t port)
{
	client_init(p, family, port);
	if (!client_open(p))
		snprintf(reason, sizeof(reason), "port %u does not open", port);
}

int
serves(void)
{
	struct client c;

	client_init(&c, family, ECHO);
	if (!client_open(&c) || !client_alive(&c))
		return 0;
	client_kill(&c);
	return 1;
}

void
in_flight(struct client *p)
{
	client_init(p, family, SOURCE);
	p->wnd = 1000;
	if (!client_open(p))
		return;
	client_data(p, "1000000\n", 8);
	while (client_flight(p) < 1000 || p->ack - p->irs < 20000) {
		client_ack(p);
		if (!client_wait(p) || client_take(p))
			return;
	}
}

uint32_t
where(struct client *p)
{
	rawdev_drop();
	client_flags(p, ACK, p->nxt - 1000, p->ack);
	while (client_got(p))
		if (p->got.len == 0)
			return p->got.ack;
	return 0;
}

static unsigned passed, failed;
static int verbose;

static void
name_it(char *out, size_t size, const struct row *row, int n)
{
	char what[64] = "";

	if (label)
		snprintf(what, sizeof(what), "_%s", label);
	else if (row->n > 1)
		snprintf(what, sizeof(what), "_%d", n);
	snprintf(out, size, "%s%s_ipv%d%s", row->name, what, family,
	    plain ? "_without_offloads" : "");
}

static void
play(const struct row *row, int n)
{
	int64_t ms = rawdev_now();
	char name[200];

	reason[0] = '\0';
	label = NULL;
	rawdev_drop();
	left_out = 0;
	row->fn(n);
	if (left_out)
		return;
	name_it(name, sizeof(name), row, n);
	if (reason[0]) {
		failed++;
		printf("FAIL %s: %s\n", name, reason);
		rawdev_stop();		/* what it left is nobody else's */
		rawdev_start(plain);
	} else {
		passed++;
		printf("ok %s\n", name);
	}
	if (verbose)
		printf("   in %d ms\n", (int)(rawdev_now() - ms));
	fflush(stdout);
}

static int
wanted(const char *name, char **words)
{
	if (*words == NULL)
		return 1;
	for (; *words; words++)
		if (strstr(name, *words))
			return 1;
	return 0;
}

static void
play_all(const struct row *row, char **words)
{
	int n;

	for (; row->name; row++)
		for (n = 0; n < row->n && wanted(row->name, words); n++)
			play(row, n);
}

int
main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "v")) != -1)
		if (c == 'v')
			verbose = 1;
	if (c == '?' || optind == argc) {
		fprintf(stderr, "usage: hostile [-v] ECHO_TUN [WORD...]\n");
		return 2;
	}
	rawdev_init(argv[optind++]);
	for (c = 0; c < 4; c++) {
		family = c & 1 ? 6 : 4;
		plain = c >> 1;
		rawdev_start(plain);
		play_all(hostile_tcp, argv + optind);
		play_all(hostile_seg, argv + optind);
		play_all(hostile_ip, argv + optind);
		rawdev_stop();
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

