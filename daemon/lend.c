/* daemon/lend.c - what the parent opens for the engine */
#include "daemon/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/dnsconf.h"
#include "daemon/listen.h"
#include "daemon/process.h"
#include "daemon/runsock.h"
#include "daemon/unixsock.h"
#include "dnsport/dnssock.h"
#include "natlook/natlook.h"
#include "tun/tundev.h"

enum { BACKLOG = 1024 };

/* --- the list --- */

/* Its files, those that are always the same in number; NULL: not there. */
static int
fixed_row(const struct conf *c, size_t i, struct lend_row *r)
{
	const char *const file[] = { c->geoip_file, c->geoip6_file,
		c->dns_upstream_ca, dnsconf_system_ca, c->dns_trust_anchor };
	const size_t n = sizeof(file) / sizeof(file[0]);

	if (i < n) {
		r->kind = BORROW_FILE;
		r->path = file[i];
		return 1;
	}
	switch (i - n) {
	case 0:
		r->kind = BORROW_UNIX;
		r->path = c->status_socket;
		r->type = SOCK_STREAM;
		r->mode = 0600;
		return 1;
	case 1:
		r->kind = BORROW_UNIX;
		r->path = c->run_socket;
		r->type = SOCK_SEQPACKET;
		r->mode = c->run_socket_group ? 0660 : 0666;
		r->group = c->run_socket_group;
		return 1;
	case 2:
		r->kind = conf_has_tun(c) ? BORROW_TUN : BORROW_NONE;
		return 1;
	default:
		return 0;
	}
}
enum { NFIXED = 8 };

static void
port_row(const struct conf *c, const struct conf_port *p,
    enum borrow_kind kind, struct lend_row *r)
{
	r->kind = p->path[0] ? BORROW_UNIX : kind;
	r->addr = p->addr;
	if (p->path[0] == '\0')
		return;
	r->path = p->path;
	r->type = SOCK_STREAM;
	r->mode = p->world_writable ? 0666 : p->group_writable ||
	    c->unix_socks_group_writable ? 0660 : 0600;
	r->root = 1;
}

static int
is_turned(const struct conf *c)
{
	return c->trans_proxy_type != CONF_TRANS_NONE;
}

int
lend_row(const struct conf *c, size_t i, struct lend_row *r)
{
	const struct {
		const struct conf_port *port;
		size_t		 n;
		enum borrow_kind kind;
	} all[] = {
		{ c->trans_ports, c->ntrans_ports,
		    is_turned(c) ? BORROW_TRANS : BORROW_TCP },
		{ c->dns_ports, c->ndns_ports, BORROW_DNS },
		{ c->socks_ports, c->nsocks_ports, BORROW_TCP },
		{ c->http_ports, c->nhttp_ports, BORROW_TCP },
	};
	size_t k;

	memset(r, 0, sizeof(*r));
	if (fixed_row(c, i, r))
		return 1;
	i -= NFIXED;
	for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		if (i < all[k].n) {
			port_row(c, &all[k].port[i], all[k].kind, r);
			return 1;
		}
		i -= all[k].n;
	}
	if (i >= c->nlogs)
		return 0;
	if (c->logs[i].path) {
		r->kind = BORROW_LOG;
		r->path = c->logs[i].path;
	}
	return 1;
}

static int
is_wanted(const struct lend_row *r, const struct borrow_want *w)
{
	if (r->kind == BORROW_NONE || r->kind != w->kind)
		return 0;
	if (w->addr)
		return addr_equal(&r->addr, w->addr);
	if (w->path)
		return r->path && strcmp(r->path, w->path) == 0;
	return w->kind == BORROW_TUN;
}

int
lend_find(const struct conf *c, const struct borrow_want *w)
{
	struct lend_row r;
	size_t i;

	for (i = 0; lend_row(c, i, &r); i++)
		if (is_wanted(&r, w))
			return (int)i;
	return -EPERM;
}

/* --- opening --- */

static int
open_tun(const struct conf *c)
{
	struct tundev *dev;
	int fd, rc = tundev_open(&dev, c->tun_device.name, 1);

	if (rc < 0)
		return rc;
	fd = fcntl(tundev_fd(dev), F_DUPFD_CLOEXEC, 0);
	rc = fd < 0 ? -errno : fd;
	tundev_free(dev);
	return rc;
}

/* Whoever we run as has to be able to take it away. */
static void
give_path(const char *path, const char *user)
{
	const struct passwd *pw;

	if (user && geteuid() == 0 && (pw = getpwnam(user)) != NULL &&
	    lchown(path, pw->pw_uid, pw->pw_gid) < 0)
		log_warn(LD_NET, "%s cannot be given to %s: %s", path, user,
		    strerror(errno));
}

static int
open_unix(const struct conf *c, const struct lend_row *r)
{
	int fd = unixsock_listen(r->path, r->type, r->mode, BACKLOG), rc;

	if (fd < 0)
		return fd;
	if (r->root)
		give_path(r->path, c->user);
	if ((rc = runsock_give(r->path, r->group)) < 0) {
		close(fd);
		unlink(r->path);
		return rc;
	}
	return fd;
}

static int
open_path(const struct conf *c, const struct lend_row *r)
{
	int fd;

	if (r->path == NULL || r->path[0] == '\0')
		return -EPERM;
	if (r->kind == BORROW_UNIX)
		return open_unix(c, r);
	if (r->kind == BORROW_LOG)
		return log_open(r->path);
	fd = open(r->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int
open_as_user(const struct conf *c, const struct lend_row *r)
{
	int rc = process_as_user(c->user);

	if (rc == 0)
		rc = open_path(c, r);
	process_as_root();
	return rc;
}

int
lend_open(const struct conf *c, size_t i, int fd[BORROW_FDS_MAX])
{
	struct lend_row r;
	int rc = -EPERM;

	if (!lend_row(c, i, &r))
		return rc;
	switch (r.kind) {
	case BORROW_DNS:
		return dnssock_open(&r.addr, fd);
	case BORROW_TCP:
		rc = listen_open(&r.addr, NATLOOK_NONE);
		break;
	case BORROW_TRANS:
		rc = listen_open(&r.addr, listen_kind(c->trans_proxy_type));
		break;
	case BORROW_TUN:
		rc = open_tun(c);
		break;
	case BORROW_FILE:
	case BORROW_LOG:
	case BORROW_UNIX:
		rc = r.root ? open_path(c, &r) : open_as_user(c, &r);
		break;
	default:
		break;
	}
	fd[0] = rc;
	return rc < 0 ? rc : 0;
}

static int
names_socket(const struct conf *c, const char *path)
{
	struct borrow_want w = { .kind = BORROW_UNIX, .path = path };

	return c && lend_find(c, &w) >= 0;
}

/* As the User: what lies on the way there may be the engine's to change. */
void
lend_unlink(const struct conf_strings *made, const char *user,
    const struct conf *but)
{
	size_t i;

	if (process_as_user(user) == 0)
		for (i = 0; i < made->n; i++)
			if (!names_socket(but, made->item[i]))
				(void)unlink(made->item[i]);
	process_as_root();
}
