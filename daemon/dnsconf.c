/* daemon/dnsconf.c - what a configuration says of the DNS server */
#include "daemon/dnsconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/borrow.h"
#include "base/log.h"
#include "daemon/conf.h"
#include "dnsport/dnsport.h"

/* seccomp: open openat fstat newfstatat read lseek close */

enum { FILE_MAX = 4 * 1024 * 1024 };

/* Debian's, and most others'; where it is not, OpenSSL knows. */
const char dnsconf_system_ca[] = "/etc/ssl/certs/ca-certificates.crt";

struct dnsconf {
	struct dnsport_conf conf;
	struct dns_resolver *resolvers;
	char		*ca, *anchors;
};

static char *
slurp(FILE *f, size_t *len)
{
	char *text = malloc(FILE_MAX + 1);
	char *less;

	if (text == NULL)
		return NULL;
	*len = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f) || *len > FILE_MAX) {
		free(text);
		return NULL;
	}
	less = realloc(text, *len + 1);
	return less ? less : text;
}

/* 0 or -errno. */
static int
read_file(char **out, size_t *len, const char *path)
{
	int fd = borrow_path(BORROW_FILE, path), rc;
	FILE *f;

	if (fd < 0 && fd != -ENOSYS)
		return fd;
	f = fd < 0 ? fopen(path, "re") : fdopen(fd, "r");
	if (f == NULL) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	errno = 0;
	*out = slurp(f, len);
	rc = *out ? 0 : errno ? -errno : -EFBIG;
	fclose(f);
	return rc;
}

static int
read_named(char **out, size_t *len, const char *option, const char *path)
{
	int rc = read_file(out, len, path);

	if (rc < 0)
		log_warn(LD_CONFIG, "%s %s: %s", option, path, strerror(-rc));
	return rc;
}

static int
read_ca(struct dnsconf *d, const struct conf *conf)
{
	size_t len = 0;
	int rc = 0;

	if (conf->dns_upstream_ca)
		rc = read_named(&d->ca, &len, "DNSUpstreamCA",
		    conf->dns_upstream_ca);
	else
		(void)read_file(&d->ca, &len,
		    dnsconf_system_ca);
	d->conf.ca = d->ca;
	d->conf.ca_len = len;
	return rc;
}

static int
read_anchors(struct dnsconf *d, const struct conf *conf)
{
	size_t len = 0;
	int rc = 0;

	if (conf->dns_trust_anchor)
		rc = read_named(&d->anchors, &len, "DNSTrustAnchor",
		    conf->dns_trust_anchor);
	d->conf.anchors = d->anchors;
	d->conf.anchors_len = len;
	return rc;
}

static int
copy_resolvers(struct dnsconf *d, const struct conf *conf)
{
	size_t i;

	d->resolvers = calloc(conf->ndns_upstream + 1, sizeof(*d->resolvers));
	if (d->resolvers == NULL)
		return -ENOMEM;
	for (i = 0; i < conf->ndns_upstream; i++) {
		d->resolvers[i].addr = conf->dns_upstream[i].addr;
		memcpy(d->resolvers[i].name, conf->dns_upstream[i].name,
		    sizeof(d->resolvers[i].name));
	}
	d->conf.resolvers = d->resolvers;
	d->conf.nresolvers = conf->ndns_upstream;
	return 0;
}

static int
check(const struct dnsconf *d)
{
	enum dnsport_wrong wrong;
	int rc = dnsport_check_conf(&d->conf, &wrong);

	if (wrong == DNSPORT_WRONG_CA)
		log_warn(LD_CONFIG, "DNSUpstreamCA: there is no certificate "
		    "in that file");
	else if (wrong == DNSPORT_WRONG_ANCHORS)
		log_warn(LD_CONFIG, "DNSTrustAnchor: that file has something "
		    "else than DS and DNSKEY records, or nothing");
	return rc;
}

int
dnsconf_new(struct dnsconf **out, const struct conf *conf)
{
	struct dnsconf *d = calloc(1, sizeof(*d));
	int rc;

	if (d == NULL)
		return -ENOMEM;
	d->conf.validate = conf->dns_validate;
	d->conf.reject_internal = conf->client_dns_reject_internal_addresses;
	if ((rc = copy_resolvers(d, conf)) < 0 ||
	    (conf->ndns_upstream && (rc = read_ca(d, conf)) < 0) ||
	    (conf->dns_validate && (rc = read_anchors(d, conf)) < 0) ||
	    (rc = check(d)) < 0) {
		dnsconf_free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void
dnsconf_free(struct dnsconf *d)
{
	if (d == NULL)
		return;
	free(d->resolvers);
	free(d->ca);
	free(d->anchors);
	free(d);
}

const struct dnsport_conf *
dnsconf_get(const struct dnsconf *d)
{
	return &d->conf;
}
