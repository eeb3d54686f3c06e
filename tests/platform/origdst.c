/* tests/platform/origdst.c - says where the next connection was going
 *
 *	origdst KIND 4|6 PORT
 *
 * Listens on PORT of all addresses (6: of both families) as natlook wants for
 * KIND (netfilter, tproxy), writes "ready", accepts one connection and writes
 * what natlook found, or the name of the error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "natlook/natlook.h"
#include "tests/platform/listenat.h"

static int
fail(const char *what, int rc)
{
	printf("%s: %s\n", what, strerrorname_np(-rc));
	return 1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr client, local = { 0 }, orig;
	enum natlook_kind kind;
	struct natlook *n;
	char text[ADDR_TEXT];
	int rc, lfd, fd;

	if (argc != 4)
		return 2;
	kind = strcmp(argv[1], "tproxy") == 0 ? NATLOOK_TPROXY :
	    NATLOOK_NETFILTER;
	local.family = argv[2][0] == '6' ? 6 : 4;
	local.port = (uint16_t)atoi(argv[3]);
	if ((rc = natlook_init(&n, kind)) < 0)
		return fail("init", rc);
	if ((lfd = listen_at(kind, local.family == 6, local.port)) < 0)
		return fail("listen", lfd);
	printf("ready\n");
	fflush(stdout);
	alarm(20);
	if ((fd = accept(lfd, (struct sockaddr *)&ss, &len)) < 0)
		return fail("accept", -errno);
	addr_from_sock(&client, (struct sockaddr *)&ss);
	if ((rc = natlook_find(n, fd, &client, &local, &orig)) < 0)
		return fail("find", rc);
	printf("%s\n", addr_raw(&orig, text));
	natlook_free(n);
	return 0;
}
