/* natlook/natlook_int.h - the rows of natlook, and the kernel they talk to
 *
 * Only for this folder and its tests.  struct natlook_sys is the seam: the
 * system calls a row makes, so that a test can be the kernel.
 */
#ifndef NATLOOK_NATLOOK_INT_H
#define NATLOOK_NATLOOK_INT_H

#include <sys/socket.h>

#include "base/addr.h"

struct natlook;

struct natlook_sys {
	int	(*open)(const char *path, int flags);
	int	(*close)(int fd);
	int	(*ioctl)(int fd, unsigned long request, void *arg);
	int	(*getsockopt)(int fd, int level, int name, void *val,
		    socklen_t *len);
	int	(*setsockopt)(int fd, int level, int name, const void *val,
		    socklen_t len);
	int	(*getsockname)(int fd, struct sockaddr *, socklen_t *);
	int	(*is_ours)(const struct addr *);	/* 1: on this machine */
};

struct natlook {
	const struct natlook_row	*row;
	const struct natlook_sys	*sys;
	int				 dev;	/* -1 where none is needed */
};

struct natlook_row {
	const char	*name;
	int		(*init)(struct natlook *);	/* may be NULL */
	int		(*listen_opts)(const struct natlook_sys *, int fd,
			    int family);		/* may be NULL */
	int		(*find)(struct natlook *, int fd,
			    const struct addr *client, const struct addr *name,
			    struct addr *orig);
};	/* @name: the accepted socket's own name */

extern const struct natlook_sys natlook_kernel;
extern const struct natlook_row natlook_netfilter;
extern const struct natlook_row natlook_tproxy;
extern const struct natlook_row natlook_pf;

#endif
