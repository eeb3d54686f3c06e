/* policy/xskhold.c - the queues of interfaces, taken before others do
 *
 * How many queues an interface has is asked by trying: the number after the
 * last is refused (EINVAL).  One socket is always at hand for that, made once.
 */
#include "policy/xskhold.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/grow.h"
#include "policy/ifindex.h"

enum { CHUNK = 2048, STEP_MS = 1 };

void
xskhold_init(struct xskhold *h)
{
	memset(h, 0, sizeof(*h));
	h->spare = -1;
}

void
xskhold_free(struct xskhold *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		close(h->queues[i].fd);
	if (h->spare >= 0)
		close(h->spare);
	free(h->queues);
	xskhold_init(h);
}

/* --- a socket --- */

/* The page is the kernel's from then on. */
static int
give_memory(int fd)
{
	struct xdp_umem_reg reg = { .chunk_size = CHUNK };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc;

	if (p == MAP_FAILED)
		return -errno;
	reg.addr = (uintptr_t)p;
	reg.len = page;
	rc = setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg));
	rc = rc < 0 ? -errno : 0;
	munmap(p, page);
	return rc;
}

/* None of them is ever filled, and there is none to send from. */
static int
make_rings(int fd)
{
	static const int names[] = { XDP_UMEM_FILL_RING,
		XDP_UMEM_COMPLETION_RING, XDP_RX_RING };
	int one = 1;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (setsockopt(fd, SOL_XDP, names[i], &one, sizeof(one)) < 0)
			return -errno;
	return 0;
}

/* 1, 0, or -errno */
static int
kernel_has_xdp(void)
{
	FILE *f = fopen("/proc/self/net/protocols", "re");
	char line[256];
	int found = 0;

	if (f == NULL)
		return -errno;
	while (!found && fgets(line, sizeof(line), f))
		found = strncmp(line, "XDP ", 4) == 0;
	fclose(f);
	return found;
}

static int
explain(int rc, char *why, size_t max)
{
	if (rc == -EAFNOSUPPORT)
		snprintf(why, max, "AF_XDP sockets may not be made here, and "
		    "others may: add AF_XDP to the unit's "
		    "RestrictAddressFamilies");
	else if (rc == -ENOBUFS)
		snprintf(why, max, "no more memory may be locked for AF_XDP "
		    "sockets: raise the unit's LimitMEMLOCK");
	else
		snprintf(why, max, "an AF_XDP socket cannot be made: %s%s",
		    strerror(-rc), rc == -EPERM ? " (CAP_NET_RAW is needed)" :
		    "");
	return rc;
}

/* 0: it is at hand; 1: nobody can make one here. */
static int
make_spare(struct xskhold *h, char *why, size_t max)
{
	int rc;

	if (h->spare >= 0)
		return 0;
	h->spare = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (h->spare < 0) {
		rc = -errno;
		h->spare = -1;
		return rc == -EAFNOSUPPORT && kernel_has_xdp() == 0 ? 1 :
		    explain(rc, why, max);
	}
	if ((rc = give_memory(h->spare)) == 0 &&
	    (rc = make_rings(h->spare)) == 0)
		return 0;
	close(h->spare);
	h->spare = -1;
	return explain(rc, why, max);
}

static int
bind_to(int fd, unsigned index, unsigned number)
{
	struct sockaddr_xdp to = { .sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY, .sxdp_ifindex = index,
		.sxdp_queue_id = number };

	return bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

static int
bind_patiently(int fd, unsigned index, unsigned number, int64_t end)
{
	int rc;

	while ((rc = bind_to(fd, index, number)) == -EBUSY && clock_ms() < end)
		poll(NULL, 0, STEP_MS);
	return rc;
}

/* Nothing is sent: what is bound lacks a ring for that, or is down, or else is
 * bound no more. */
static int
is_bound(int fd)
{
	return !(sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 &&
	    errno == ENXIO);
}

/* Where it can't be marked it can't be inherited, no more. */
static void
mark(int fd, unsigned index, unsigned number)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &number, sizeof(number));
	(void)setsockopt(fd, SOL_SOCKET, SO_MARK, &index, sizeof(index));
}

static int
marked(int fd, int name, unsigned *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, SOL_SOCKET, name, value, &len) == 0 &&
	    len == sizeof(*value);
}

/* --- all of them --- */

static int
index_of(const char *name, unsigned *index, char *why, size_t max)
{
	int rc = ifindex_of(name, index);

	if (rc < 0 && rc != -ENODEV)
		snprintf(why, max, "interface %s cannot be looked up: %s",
		    name, strerror(-rc));
	return rc;
}

static void
drop_gone(struct xskhold *h)
{
	size_t i, kept = 0;

	for (i = 0; i < h->n; i++)
		if (is_bound(h->queues[i].fd))
			h->queues[kept++] = h->queues[i];
		else
			close(h->queues[i].fd);
	h->changes += kept != h->n;
	h->n = kept;
}

static int
is_ours(const struct xskhold *h, unsigned index, unsigned number)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->queues[i].index == index &&
		    h->queues[i].number == number)
			return 1;
	return 0;
}

static int
add(struct xskhold *h, unsigned index, unsigned number)
{
	struct xskhold_queue *q;

	if (h->n == XSKHOLD_MAX)
		return -E2BIG;
	if ((q = grow(&h->queues, &h->n, sizeof(*q))) == NULL)
		return -ENOMEM;
	mark(h->spare, index, number);
	*q = (struct xskhold_queue){ h->spare, index, number };
	h->spare = -1;
	h->changes++;
	return 0;
}

/* 0; 1: another's; -ENODEV: there is no such queue, nor one after it. */
static int
take_one(struct xskhold *h, const char *name, unsigned index, unsigned number,
    int64_t end, char *why, size_t max)
{
	int rc = make_spare(h, why, max);

	if (rc != 0)
		return rc > 0 ? -ENODEV : rc;
	rc = bind_patiently(h->spare, index, number, end);
	if (rc == 0)
		rc = add(h, index, number);
	if (rc == 0 || rc == -ENODEV || (rc == -EINVAL && number > 0))
		return rc == 0 ? 0 : -ENODEV;
	if (rc == -EBUSY) {
		snprintf(why, max, "another program has an AF_XDP socket on "
		    "interface %s (queue %u), whose frames no rule sees: end "
		    "that program", name, number);
		return 1;
	}
	snprintf(why, max, "interface %s, queue %u cannot be taken from AF_XDP "
	    "sockets: %s", name, number, strerror(-rc));
	return rc;
}

/* One that is another's leaves none of the others to anybody. */
static int
take_all(struct xskhold *h, const char *name, int64_t end, char *why,
    size_t max)
{
	unsigned index, number;
	int rc = index_of(name, &index, why, max), first;

	first = rc == -ENODEV ? 0 : rc;
	for (number = 0; rc >= 0; number++) {
		if (is_ours(h, index, number))
			continue;
		rc = take_one(h, name, index, number, end, why,
		    first ? 0 : max);
		if (first == 0 && rc != -ENODEV)
			first = rc;
	}
	return first;
}

int
xskhold_take(struct xskhold *h, const char (*devices)[NETPLAN_IFNAME],
    size_t n, int64_t patience_ms, char *why, size_t max)
{
	int64_t end = clock_ms() + patience_ms;
	int rc, first = 0;
	size_t i;

	drop_gone(h);
	for (i = 0; i < n; i++) {
		rc = take_all(h, devices[i], end, why, first ? 0 : max);
		first = first ? first : rc;
	}
	return first;
}

/* --- from one process to the next --- */

void
xskhold_inherit(struct xskhold *h, int fd)
{
	unsigned family, index, number;
	struct xskhold_queue *q;

	if (!marked(fd, SO_DOMAIN, &family) || family != AF_XDP ||
	    !marked(fd, SO_MARK, &index) || index == 0 ||
	    !marked(fd, SO_PRIORITY, &number) || number >= XSKHOLD_MAX ||
	    !is_bound(fd) || is_ours(h, index, number) ||
	    h->n == XSKHOLD_MAX ||
	    (q = grow(&h->queues, &h->n, sizeof(*q))) == NULL) {
		close(fd);
		return;
	}
	*q = (struct xskhold_queue){ fd, index, number };
	h->changes++;
}

void
xskhold_keep(struct xskhold *h, const char (*devices)[NETPLAN_IFNAME],
    size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < h->n; i++)
		if (ifindex_may_be(h->queues[i].index, devices, n))
			h->queues[kept++] = h->queues[i];
		else
			close(h->queues[i].fd);
	h->changes += kept != h->n;
	h->n = kept;
}

/* --- by whomever --- */

/* 1: nobody has it; 0: somebody has; -ENODEV as above. */
static int
look_at(struct xskhold *h, const char *name, unsigned index, unsigned number,
    char *why, size_t max)
{
	int rc = take_one(h, name, index, number, 0, why, max);

	if (rc == 0)
		snprintf(why, max, "interface %s, queue %u is not taken: "
		    "frames of an AF_XDP socket would leave by it", name,
		    number);
	return rc < 0 ? rc : !rc;
}

int
xskhold_look(const char (*devices)[NETPLAN_IFNAME], size_t n, char *why,
    size_t max)
{
	unsigned index, number;
	struct xskhold h;
	int rc = 0;
	size_t i;

	xskhold_init(&h);
	for (i = 0; i < n && rc == 0; i++) {
		rc = index_of(devices[i], &index, why, max);
		for (number = 0; rc == 0; number++)
			rc = look_at(&h, devices[i], index, number, why, max);
		rc = rc == -ENODEV ? 0 : rc;
	}
	xskhold_free(&h);
	return rc;
}
