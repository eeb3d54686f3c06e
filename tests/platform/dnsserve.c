/* tests/platform/dnsserve.c - the DNS server on plain sockets
 *
 * For tests/platform/dns.
 *
 *	dnsserve LISTEN VALIDATE ANCHORS CA RESOLVER[=NAME]...
 *
 * Its streams to the resolvers are TCP connections of this host's: nothing of
 * this is for use outside of a test's own namespace.  All names may leave, and
 * nobody else is there to be asked.  ANCHORS and CA are files, or "-".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "daemon/evloop.h"
#include "daemon/sock.h"
#include "dnsport/dnsport.h"
#include "dnsport/dnssock.h"

enum { FILE_MAX = 65536, RESOLVERS_MAX = 4 };

static struct evloop ev;

static void
on_ask(void *arg, struct dns_query *q, const struct dns_question *what,
    const struct dns_from *from)
{
	(void)arg;
	(void)what;
	(void)from;
	dnsport_answer(q, DNS_REFUSED, NULL, 0);
}

static int
on_connect(void *arg, const struct dns_from *from, const struct addr *a,
    struct endpoint **out)
{
	(void)arg;
	(void)from;
	return sock_dial(out, &ev, a, NULL);
}

static enum dns_leave
on_may_leave(void *arg, const struct dns_question *q,
    const struct dns_from *from)
{
	(void)arg;
	(void)q;
	(void)from;
	return DNS_LEAVE_MAY;
}

static int
on_is_public(void *arg, const char *zone)
{
	(void)arg;
	(void)zone;
	return 1;
}

static void
on_forget(void *arg, struct dns_query *q)
{
	(void)arg;
	(void)q;
}

static const struct dnsport_user user = { .ask = on_ask,
	.connect = on_connect, .may_leave = on_may_leave,
	.is_public = on_is_public, .forget = on_forget };

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "dnsserve: %s\n", what);
	exit(1);
}

/* NULL for "-". */
static char *
slurp(const char *path, size_t *len)
{
	char *text;
	FILE *f;

	*len = 0;
	if (strcmp(path, "-") == 0)
		return NULL;
	if ((f = fopen(path, "r")) == NULL ||
	    (text = calloc(1, FILE_MAX)) == NULL)
		die(path);
	*len = fread(text, 1, FILE_MAX - 1, f);
	fclose(f);
	return text;
}

static void
read_resolver(struct dns_resolver *r, const char *s)
{
	const char *name = strchr(s, '=');

	if (addr_parse(&r->addr, s, name ? (int)(name - s) : -1) < 0)
		die(s);
	if (name)
		snprintf(r->name, sizeof(r->name), "%s", name + 1);
}

static void
configure(struct dnsport *dp, char **argv)
{
	static struct dns_resolver resolvers[RESOLVERS_MAX];
	struct dnsport_conf conf = { .resolvers = resolvers,
		.validate = atoi(argv[1]), .reject_internal = 1 };
	char *anchors = slurp(argv[2], &conf.anchors_len);
	char *ca = slurp(argv[3], &conf.ca_len);
	int i;

	conf.anchors = anchors;
	conf.ca = ca;
	for (i = 4; argv[i] && conf.nresolvers < RESOLVERS_MAX; i++)
		read_resolver(&resolvers[conf.nresolvers++], argv[i]);
	if (dnsport_set_conf(dp, &conf) < 0)
		die("an anchor or a certificate is none");
	free(anchors);
	free(ca);
}

int
main(int argc, char **argv)
{
	struct dnssock_conf sc = { .loop = &ev.loop, .enter = evloop_enter,
		.leave = evloop_leave, .turn = &ev, .listener = &ev };
	struct dnssock *ds;
	struct dnsport *dp;

	if (argc < 6)
		die("LISTEN VALIDATE ANCHORS CA RESOLVER[=NAME]...");
	signal(SIGPIPE, SIG_IGN);
	rand_init();
	if (evloop_init(&ev) < 0 ||
	    dnsport_new(&dp, &ev.loop, &user, NULL) < 0)
		die("no memory");
	configure(dp, argv + 1);
	if (addr_parse(&sc.addr, argv[1], -1) < 0)
		die(argv[1]);
	sc.base = ev.base;
	sc.dnsport = dp;
	if (dnssock_new(&ds, &sc) < 0)
		die("cannot listen");
	return evloop_run(&ev) < 0;
}
