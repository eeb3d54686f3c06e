/* daemon/resolve.c - `onion-transparent resolve`: a name through Tor */
#include "daemon/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/why.h"
#include "base/wire.h"
#include "daemon/conf.h"
#include "daemon/hostname.h"
#include "daemon/unixsock.h"

enum { CMD_RESOLVE = 0xf0, CMD_RESOLVE_PTR = 0xf1 };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };
enum { HEAD = 4, REQUEST_MAX = 3 + HEAD + 1 + HOSTNAME_MAX + 2 };

static void
complain(const char *about, const char *what)
{
	fprintf(stderr, "onion-transparent: %s: %s\n", about, what);
}

int
resolve_port(struct resolve_place *at, const char *s)
{
	memset(at, 0, sizeof(*at));
	if (addr_port_parse(&at->addr.port, s, -1) == 0) {
		addr_v4(&at->addr, 0x7f000001, at->addr.port);
		return 0;
	}
	return addr_parse(&at->addr, s, -1) == 0 && at->addr.port ? 0 :
	    -EINVAL;
}

/* Who listens on all addresses is met on this host's own. */
static void
make_local(struct addr *a)
{
	static const struct addr any4 = { .family = 4 }, any6 = { .family = 6 };

	if (addr_same_ip(a, &any4))
		addr_v4(a, 0x7f000001, a->port);
	else if (addr_same_ip(a, &any6))
		a->ip[15] = 1;
}

int
resolve_find(struct resolve_place *at, const struct conf *c)
{
	const struct conf_port *p;
	size_t i;

	for (i = 0; i < c->nsocks_ports; i++) {
		p = &c->socks_ports[i];
		if (!p->dns_request || (p->path[0] == '\0' &&
		    p->addr.port == 0))
			continue;
		memset(at, 0, sizeof(*at));
		if (p->path[0])
			at->path = p->path;
		at->addr = p->addr;
		make_local(&at->addr);
		return 0;
	}
	return -ENOENT;
}

static int
dial(const struct resolve_place *at)
{
	struct timeval limit = { .tv_sec = RESOLVE_TIMEOUT_S };
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, rc;

	if (at->path)
		return unixsock_dial(at->path, SOCK_STREAM, RESOLVE_TIMEOUT_S);
	len = addr_to_sock(&at->addr, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&ss, len) < 0) {
		rc = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int
read_all(int fd, void *to, size_t len)
{
	ssize_t n = recv(fd, to, len, MSG_WAITALL);

	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)n == len ? 0 : -EPROTO;
}

/* Methods and the request at once; how long that is, or -EINVAL. */
static int
put_request(uint8_t out[REQUEST_MAX], const char *name, int reverse)
{
	size_t n = 0, len = strlen(name);
	struct addr a;

	out[n++] = 5;
	out[n++] = 1;
	out[n++] = 0;
	out[n++] = 5;
	out[n++] = reverse ? CMD_RESOLVE_PTR : CMD_RESOLVE;
	out[n++] = 0;
	if (reverse) {
		if (addr_parse_ip(&a, name, -1) < 0)
			return -EINVAL;
		out[n++] = a.family == 6 ? TYPE_IPV6 : TYPE_IPV4;
		memcpy(out + n, a.ip, addr_iplen(&a));
		n += addr_iplen(&a);
	} else {
		if (len == 0 || len > HOSTNAME_MAX)
			return -EINVAL;
		out[n++] = TYPE_NAME;
		out[n++] = (uint8_t)len;
		memcpy(out + n, name, len);
		n += len;
	}
	out[n++] = 0;
	out[n++] = 0;
	return (int)n;
}

static int
is_printable(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return 0;
	return 1;
}

static int
read_answer(int fd, int type, struct addr *a, char *out)
{
	uint8_t len;
	int rc;

	memset(a, 0, sizeof(*a));
	switch (type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
		a->family = type == TYPE_IPV6 ? 6 : 4;
		return read_all(fd, a->ip, addr_iplen(a));
	case TYPE_NAME:
		if ((rc = read_all(fd, &len, 1)) < 0 ||
		    (rc = read_all(fd, out, len)) < 0)
			return rc;
		out[len] = '\0';
		return len && strlen(out) == len && is_printable(out) ? 0 :
		    -EPROTO;
	default:
		return -EPROTO;
	}
}

int
resolve_ask(int fd, const char *name, int reverse, struct addr *a, char *out)
{
	uint8_t request[REQUEST_MAX], method[2], head[HEAD];
	int len = put_request(request, name, reverse), rc;

	if (len < 0)
		return len;
	if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len)
		return errno ? -errno : -EPROTO;
	if ((rc = read_all(fd, method, sizeof(method))) < 0)
		return rc;
	if (method[0] != 5 || method[1] != 0)
		return -EPROTO;
	if ((rc = read_all(fd, head, sizeof(head))) < 0)
		return rc;
	if (head[0] != 5)
		return -EPROTO;
	return head[1] ? head[1] : read_answer(fd, head[3], a, out);
}

/* RFC 1928 6 and proposal 304 */
static const char *
reply_text(int rep)
{
	static const char *const texts[] = { "", "it failed",
		"the daemon's rules do not allow it", "network unreachable",
		"not found", "connection refused", "timed out",
		"this SocksPort does not look up names",
		"no such address can be looked up" };

	if (rep >= 0xf0 && rep < 0xf0 + WHY_HS_END - WHY_HS_FIRST)
		return why_text(-(WHY_HS_FIRST + rep - 0xf0));
	return rep < (int)(sizeof(texts) / sizeof(texts[0])) ? texts[rep] :
	    "it failed";
}

static int
failed(const char *name, int rc)
{
	if (rc > 0)
		complain(name, reply_text(rc));
	else if (rc == -EPROTO)
		complain(name, "what answers there is no SocksPort");
	else if (rc == -EINVAL)
		complain(name, "no name and no address is like that");
	else
		complain(name, strerror(-rc));
	if (rc == 4 && hostname_is_under(name, ".onion"))
		fprintf(stderr, "onion services have no address; with "
		    "AutomapHostsOnResolve 1 they get one that stands for "
		    "them\n");
	return EXIT_FAILURE;
}

static int
ask(const struct resolve_place *at, const struct conf_args *args)
{
	char name[HOSTNAME_TEXT], text[ADDR_TEXT];
	struct addr a;
	int fd, rc;

	if (args->reverse && addr_parse_ip(&a, args->name, -1) < 0) {
		complain(args->name, "-x wants an address");
		return EXIT_FAILURE;
	}
	if ((fd = dial(at)) < 0) {
		fprintf(stderr, "onion-transparent: nobody answers at %s: %s "
		    "(is it running, and with this configuration?)\n",
		    at->path ? at->path : addr_raw(&at->addr, text),
		    strerror(-fd));
		return EXIT_FAILURE;
	}
	errno = 0;
	rc = resolve_ask(fd, args->name, args->reverse, &a, name);
	close(fd);
	if (rc != 0)
		return failed(args->name, rc);
	puts(a.family ? addr_ip_raw(&a, text) : name);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
resolve_command(const struct conf_args *args)
{
	struct resolve_place at;
	struct conf_err err = { 0 };
	struct conf *c;
	int status;

	if (args->port) {
		if (resolve_port(&at, args->port) == 0)
			return ask(&at, args);
		complain(args->port, "-p wants PORT or ADDRESS:PORT");
		return EXIT_FAILURE;
	}
	if (conf_load(&c, args, &err) < 0) {
		fprintf(stderr, "onion-transparent: %s\n", err.text);
		return EXIT_FAILURE;
	}
	if (resolve_find(&at, c) == 0)
		status = ask(&at, args);
	else {
		fprintf(stderr, "onion-transparent: the configuration has no "
		    "SocksPort of a known number to ask (SocksPort 9050), and "
		    "there is no -p\n");
		status = EXIT_FAILURE;
	}
	conf_free(c);
	return status;
}
