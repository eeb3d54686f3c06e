/* natlook/natlook.c - where was this socket really going?
 *
 * Theory of operation
 *	One row per way a kernel turns connections around; the door asks the
 *	row and then makes sure that the answer is no loop:
 *
 *	  accepted socket's name == original destination	not turned
 *	    (but with TPROXY this is how it always is)
 *	  original destination == where we listen		to us, turned
 *	  its port is ours and its address is on this machine	the same, when
 *								we listen on any
 *
 *	The last costs a system call, and only where the port is ours.
 */
#include "natlook/natlook.h"

#include <errno.h>
#include <stdlib.h>

#include "natlook/natlook_int.h"

static const struct natlook_row *const rows[NATLOOK_NKINDS] = {
	[NATLOOK_NETFILTER] = &natlook_netfilter,
	[NATLOOK_TPROXY] = &natlook_tproxy,
	[NATLOOK_PF] = &natlook_pf,
};

static const struct natlook_row *
row_of(enum natlook_kind kind)
{
	return (unsigned)kind < NATLOOK_NKINDS ? rows[kind] : NULL;
}

const char *
natlook_name(enum natlook_kind kind)
{
	const struct natlook_row *row = row_of(kind);

	return row ? row->name : "none";
}

int
natlook_init_sys(struct natlook **out, enum natlook_kind kind,
    const struct natlook_sys *sys)
{
	const struct natlook_row *row = row_of(kind);
	struct natlook *n;
	int rc;

	if (row == NULL)
		return -EINVAL;
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return -ENOMEM;
	n->row = row;
	n->sys = sys;
	n->dev = -1;
	if (row->init && (rc = row->init(n)) < 0) {
		free(n);
		return rc;
	}
	*out = n;
	return 0;
}

int
natlook_init(struct natlook **out, enum natlook_kind kind)
{
	return natlook_init_sys(out, kind, &natlook_kernel);
}

void
natlook_free(struct natlook *n)
{
	if (n == NULL)
		return;
	if (n->dev >= 0)
		n->sys->close(n->dev);
	free(n);
}

int
natlook_listen_opts_sys(const struct natlook_sys *sys, int fd,
    enum natlook_kind kind, int family)
{
	const struct natlook_row *row = row_of(kind);

	if (row == NULL || (family != AF_INET && family != AF_INET6))
		return -EINVAL;
	return row->listen_opts ? row->listen_opts(sys, fd, family) : 0;
}

int
natlook_listen_opts(int fd, enum natlook_kind kind, int family)
{
	return natlook_listen_opts_sys(&natlook_kernel, fd, kind, family);
}

static int
own_name(struct natlook *n, int fd, struct addr *name)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (n->sys->getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	return addr_from_sock(name, (struct sockaddr *)&ss);
}

static int
is_loop(struct natlook *n, const struct addr *orig, const struct addr *name,
    const struct addr *local)
{
	if (n->row != &natlook_tproxy && addr_equal(orig, name))
		return 1;
	if (orig->port != local->port)
		return 0;
	return addr_same_ip(orig, local) || n->sys->is_ours(orig);
}

int
natlook_find(struct natlook *n, int fd, const struct addr *client,
    const struct addr *local, struct addr *orig)
{
	struct addr name, found;
	int rc;

	if ((rc = own_name(n, fd, &name)) < 0 ||
	    (rc = n->row->find(n, fd, client, &name, &found)) < 0)
		return rc;
	if (found.family == 0 || found.port == 0)
		return -ENOENT;
	if (is_loop(n, &found, &name, local))
		return -ELOOP;
	*orig = found;
	return 0;
}
