/* policy/netrecord.c - how the machine was before we changed it */
#include "policy/netrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/grow.h"
#include "policy/sysctl.h"

#define FIRST	"onion-transparent network 1\n"

enum { HERE = 128 };

void
netrecord_free(struct netrecord *r)
{
	free(r->old);
	memset(r, 0, sizeof(*r));
}

const struct netrecord_old *
netrecord_find(const struct netrecord *r, const char *path)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->old[i].path, path) == 0)
			return &r->old[i];
	return NULL;
}

static int
is_name(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len >= NETPLAN_IFNAME || s[0] == '.')
		return 0;
	for (i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] == '/' || s[i] == 0x7f)
			return 0;
	return 1;
}

static int
is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return 1;
	return 0;
}

static int
is_path(const char *s)
{
	static const char *const leaves4[] = { "forwarding", "rp_filter",
		"arp_ignore", "arp_announce", "accept_redirects",
		"send_redirects", "accept_source_route", "route_localnet",
		"proxy_arp", NULL };
	static const char *const leaves6[] = { "disable_ipv6", "addr_gen_mode",
		"accept_ra", "autoconf", "router_solicitations", "forwarding",
		"force_forwarding", "accept_redirects", "accept_source_route",
		"proxy_ndp", NULL };
	static const char *const others[] = { "net/ipv4/ip_forward",
		"net/ipv4/icmp_echo_ignore_broadcasts",
		"net/ipv4/icmp_errors_use_inbound_ifaddr",
		"net/ipv4/tcp_timestamps",
		"net/netfilter/nf_conntrack_tcp_loose",
		"net/netfilter/nf_conntrack_tcp_be_liberal", NULL };
	static const struct {
		const char	*root;
		const char *const *leaves;
	} links[] = { { "net/ipv4/conf/", leaves4 },
		{ "net/ipv6/conf/", leaves6 } };
	const char *slash;
	size_t k, n;

	if (strlen(s) >= NETPLAN_SYSCTL)
		return 0;
	for (k = 0; k < sizeof(links) / sizeof(links[0]); k++) {
		n = strlen(links[k].root);
		if (strncmp(s, links[k].root, n) == 0 &&
		    (slash = strchr(s + n, '/')) != NULL &&
		    is_name(s + n, (size_t)(slash - s) - n) &&
		    is_one_of(slash + 1, links[k].leaves))
			return 1;
	}
	return is_one_of(s, others);
}

static int
is_value(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	return n > 0 && n < 9 && s[n] == '\0';
}

int
netrecord_add(struct netrecord *r, const char *path, const char *value)
{
	struct netrecord_old *at;

	if (!is_path(path) || !is_value(value))
		return -EINVAL;
	if (netrecord_find(r, path))
		return 0;
	if (r->n >= NETRECORD_OLD_MAX)
		return -ENOSPC;
	if ((at = grow(&r->old, &r->n, sizeof(*at))) == NULL)
		return -ENOMEM;
	strcpy(at->path, path);
	strcpy(at->value, value);
	return 0;
}

size_t
netrecord_forget(struct netrecord *r, int (*exists)(const char *path))
{
	size_t i, n = 0, had = r->n;

	for (i = 0; i < had; i++) {
		if (!exists(r->old[i].path))
			continue;
		if (n != i)
			r->old[n] = r->old[i];
		n++;
	}
	r->n = n;
	return had - n;
}

/* --- reading --- */

static int
take_line(struct netrecord *r, char *line)
{
	char *value;
	int rc;

	if (strncmp(line, "link ", 5) == 0) {
		if (!is_name(line + 5, strlen(line + 5)))
			return -EPROTO;
		strcpy(r->link, line + 5);
		return 0;
	}
	if (strncmp(line, "old ", 4) != 0 ||
	    (value = strchr(line + 4, ' ')) == NULL)
		return -EPROTO;
	*value++ = '\0';
	rc = netrecord_add(r, line + 4, value);
	return rc == -EINVAL || rc == -ENOSPC ? -EPROTO : rc;
}

/* Every line has its end: a file that was cut off is none. */
static int
take_lines(struct netrecord *r, const char *at, const char *end)
{
	char line[NETPLAN_SYSCTL + NETPLAN_VALUE + 16];
	const char *nl;
	size_t n;
	int rc = 0;

	for (; at < end && rc == 0; at = nl + 1) {
		if ((nl = memchr(at, '\n', (size_t)(end - at))) == NULL ||
		    (n = (size_t)(nl - at)) >= sizeof(line) ||
		    memchr(at, '\0', n))
			return -EPROTO;
		memcpy(line, at, n);
		line[n] = '\0';
		rc = take_line(r, line);
	}
	return rc;
}

static int
begins(const char **at, const char *end, const char *with)
{
	size_t n = strlen(with);

	if ((size_t)(end - *at) < n || memcmp(*at, with, n) != 0)
		return 0;
	*at += n;
	return 1;
}

int
netrecord_parse(struct netrecord *r, const char *text, size_t len,
    const char *here)
{
	const char *at = text, *end = text + len;
	int rc;

	memset(r, 0, sizeof(*r));
	if (!begins(&at, end, FIRST))
		return -EPROTO;
	if (!begins(&at, end, here))
		return -ENOENT;
	if ((rc = take_lines(r, at, end)) < 0)
		netrecord_free(r);
	return rc;
}

static int
where_we_are(char here[HERE])
{
	char boot[64];
	struct stat st;
	int rc = sysctl_read("kernel/random/boot_id", boot, sizeof(boot));

	if (rc < 0)
		return rc;
	if (stat("/proc/self/ns/net", &st) < 0)
		return -errno;
	snprintf(here, HERE, "boot %s\nnetns %llu\n", boot,
	    (unsigned long long)st.st_ino);
	return 0;
}

static int
read_file(const char *path, char **out, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t n = 0;
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > NETRECORD_FILE_MAX) {
		close(fd);
		return -EPROTO;
	}
	if ((*out = malloc((size_t)st.st_size + 1)) == NULL)
		rc = -ENOMEM;
	else if ((n = read(fd, *out, (size_t)st.st_size)) < 0)
		rc = -errno;
	close(fd);
	*len = (size_t)n;
	if (rc < 0)
		free(*out);
	return rc;
}

int
netrecord_load(struct netrecord *r, const char *path)
{
	char here[HERE], *text = NULL;
	size_t len;
	int rc;

	memset(r, 0, sizeof(*r));
	if ((rc = where_we_are(here)) < 0 ||
	    (rc = read_file(path, &text, &len)) < 0)
		return rc;
	rc = netrecord_parse(r, text, len, here);
	free(text);
	return rc;
}

/* --- writing --- */

static void
print(FILE *f, const struct netrecord *r, const char *here)
{
	size_t i;

	fprintf(f, FIRST "%s", here);
	if (r->link[0])
		fprintf(f, "link %s\n", r->link);
	for (i = 0; i < r->n; i++)
		fprintf(f, "old %s %s\n", r->old[i].path, r->old[i].value);
}

static int
write_file(const char *path, const struct netrecord *r, const char *here)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0600), rc = 0;
	FILE *f;

	if (fd < 0)
		return -errno;
	if ((f = fdopen(fd, "w")) == NULL) {
		rc = -errno;
		close(fd);
		return rc;
	}
	print(f, r, here);
	if (fflush(f) != 0 || fsync(fd) < 0)
		rc = -errno;
	fclose(f);
	return rc;
}

int
netrecord_save(const struct netrecord *r, const char *path)
{
	char here[HERE], *tmp;
	int rc;

	if ((rc = where_we_are(here)) < 0)
		return rc;
	if (asprintf(&tmp, "%s.new", path) < 0)
		return -ENOMEM;
	rc = write_file(tmp, r, here);
	if (rc == 0 && rename(tmp, path) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(tmp);
	free(tmp);
	return rc;
}
