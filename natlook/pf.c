/* natlook/pf.c - BSD: pf's rdr-to, asked by DIOCNATLOOK
 *
 * pf keeps a state per redirected connection.  Asked with the client's address
 * and the one that our accepted socket has (what pf changed it to), as the
 * outgoing direction, it gives the destination before the change.  A connection
 * that has no state was not redirected: ENOENT.
 *
 * No real pf has run this; the test plays pf.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "natlook/natlook_int.h"
#include "natlook/pfvar.h"

static int
pf_init(struct natlook *n)
{
	/* The question changes nothing, but FreeBSD wants the descriptor
	 * writable for any request it does not list as harmless. */
#ifdef __OpenBSD__
	int flags = O_RDONLY | O_CLOEXEC;
#else
	int flags = O_RDWR | O_CLOEXEC;
#endif

	if (!NATLOOK_HAVE_PF && n->sys == &natlook_kernel)
		return -EOPNOTSUPP;
	n->dev = n->sys->open("/dev/pf", flags);
	return n->dev < 0 ? -errno : 0;
}

static int
pf_find(struct natlook *n, int fd, const struct addr *client,
    const struct addr *name, struct addr *orig)
{
	struct pfioc_natlook q;
	struct addr a = { .family = client->family };

	(void)fd;
	if (client->family != name->family || addr_iplen(client) == 0)
		return -EAFNOSUPPORT;
	memset(&q, 0, sizeof(q));
	q.af = client->family == 4 ? AF_INET : AF_INET6;
	q.proto = IPPROTO_TCP;
	q.direction = PF_OUT;
	memcpy(&q.saddr, client->ip, addr_iplen(client));
	memcpy(&q.daddr, name->ip, addr_iplen(name));
	q.sport = htons(client->port);
	q.dport = htons(name->port);
	if (n->sys->ioctl(n->dev, DIOCNATLOOK, &q) < 0)
		return -errno;
	memcpy(a.ip, &q.rdaddr, addr_iplen(&a));
	a.port = ntohs(q.rdport);
	*orig = a;
	return 0;
}

const struct natlook_row natlook_pf = {
	.name = "pf",
	.init = pf_init,
	.find = pf_find,
};
