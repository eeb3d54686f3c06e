/* tests/platform/factsof.c - says what is found out of the next connections
 *
 *	factsof KIND 4|6 PORT COUNT [DIRECTORY]
 *
 * Listens on PORT of all addresses of one family, as natlook wants for KIND
 * (netfilter, tproxy; or none: what came is for us, as with a proxy).  With
 * DIRECTORY it is in there (chroot) from then on, with no rights.  It writes
 * "ready", takes COUNT connections one after the other, and for each writes
 *
 *	in IF mac MAC user UID app GROUP behind IF MAC
 *
 * with "-" for what is not known; the last two as they are known without the
 * socket, by the client's address alone, as with a TUN.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/arrival.h"
#include "base/loop.h"
#include "daemon/facts.h"
#include "daemon/kin.h"
#include "daemon/owner.h"
#include "natlook/natlook.h"
#include "policy/rules.h"
#include "tests/platform/listenat.h"

enum { NOBODY = 65534 };

static struct loop loop;
static struct facts_conf conf = { .loop = &loop };

static int
fail(const char *what, int rc)
{
	printf("%s: %s\n", what, strerror(-rc));
	return 1;
}

static void
name_of(int fd, struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
	    addr_from_sock(a, (struct sockaddr *)&ss) < 0)
		a->family = 0;
}

static const char *
show(const char *s)
{
	return *s ? s : "-";
}

static void
print_link(const struct facts *f, const char *before)
{
	const uint8_t *m = f->mac;

	printf("%s ", show(f->in));
	if (f->has_mac)
		printf("%s%02x:%02x:%02x:%02x:%02x:%02x", before, m[0], m[1],
		    m[2], m[3], m[4], m[5]);
	else
		printf("%s-", before);
}

static void
tell(int fd, const struct addr *client, const struct addr *to)
{
	struct facts_of of = { .client = client, .asked = to, .dest = to,
	    .ifindex = arrival_of_socket(fd) };
	static struct facts f;

	facts_find(&f, &conf, RULES_WANT_LINK | RULES_WANT_USER |
	    RULES_WANT_APP, &of);
	printf("in ");
	print_link(&f, "mac ");
	printf(" user ");
	if (f.has_uid)
		printf("%u", f.uid);
	else
		printf("-");
	printf(" app %s behind ", show(f.app));
	of.ifindex = 0;
	facts_find(&f, &conf, RULES_WANT_LINK, &of);
	print_link(&f, "");
	printf("\n");
}

static int
take_one(int lfd, struct natlook *n)
{
	struct sockaddr_storage ss;
	struct addr client, local, to;
	socklen_t len = sizeof(ss);
	int rc, fd;

	if ((fd = accept(lfd, (struct sockaddr *)&ss, &len)) < 0)
		return fail("accept", -errno);
	loop_set(&loop, loop.now + 60 * 1000, 0);	/* nothing is fresh */
	if (addr_from_sock(&client, (struct sockaddr *)&ss) < 0)
		return fail("its address", -EINVAL);
	name_of(lfd, &local);
	if (n == NULL)
		name_of(fd, &to);
	else if ((rc = natlook_find(n, fd, &client, &local, &to)) < 0)
		return fail("natlook", rc);
	tell(fd, &client, &to);
	close(fd);
	return 0;
}

/* As the daemon may be one day. */
static int
give_up(const char *directory)
{
	if (chroot(directory) < 0 || chdir("/") < 0 ||
	    setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 ||
	    setuid(NOBODY) < 0)
		return -errno;
	return 0;
}

int
main(int argc, char **argv)
{
	struct owner_source sockets;
	char place[OWNER_PLACE];
	struct natlook *n = NULL;
	enum natlook_kind kind;
	int lfd, rc, i;

	if (argc < 5)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	kind = strcmp(argv[1], "tproxy") == 0 ? NATLOOK_TPROXY :
	    strcmp(argv[1], "netfilter") == 0 ? NATLOOK_NETFILTER :
	    NATLOOK_NONE;
	loop_init(&loop, 3600 * 1000, 0);
	if ((rc = kin_new(&conf.kin, &loop, &kin_kernel)) < 0)
		return fail("kin", rc);
	if ((rc = owner_kernel_open(&sockets, place)) < 0 ||
	    (rc = owner_new(&conf.owner, &loop, &sockets)) < 0)
		return fail("owner", rc);
	if (kind != NATLOOK_NONE && (rc = natlook_init(&n, kind)) < 0)
		return fail("natlook", rc);
	if ((lfd = listen_at(kind, argv[2][0] == '6',
	    (uint16_t)atoi(argv[3]))) < 0)
		return fail("listen", lfd);
	if (argc > 5 && (rc = give_up(argv[5])) < 0)
		return fail("chroot", rc);
	printf("ready\n");
	for (i = 0; i < atoi(argv[4]); i++)
		if (take_one(lfd, n))
			return 1;
	natlook_free(n);
	owner_free(conf.owner);
	owner_kernel_close(&sockets);
	kin_free(conf.kin);
	close(lfd);
	return 0;
}
