/* natlook/kernel.c - the system calls of natlook, as they are */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "natlook/natlook_int.h"

/* seccomp: connect getsockname close */

static int
kernel_open(const char *path, int flags)
{
	return open(path, flags);
}

static int
kernel_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

/* Only an address of this machine can be bound to. */
static int
kernel_is_ours(const struct addr *a)
{
	struct sockaddr_storage ss;
	struct addr any = *a;
	socklen_t len;
	int fd, ours;

	any.port = 0;
	len = addr_to_sock(&any, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	ours = bind(fd, (struct sockaddr *)&ss, len) == 0;
	close(fd);
	return ours;
}

const struct natlook_sys natlook_kernel = {
	.open = kernel_open,
	.close = close,
	.ioctl = kernel_ioctl,
	.getsockopt = getsockopt,
	.setsockopt = setsockopt,
	.getsockname = getsockname,
	.is_ours = kernel_is_ours,
};
