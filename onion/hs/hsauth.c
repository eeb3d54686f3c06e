/* onion/hs/hsauth.c - keys of clients for services that want them
 *
 * Read whole at the start and at a reload, sorted by service.  Of two files for
 * one service the first by name counts.
 *
 * The folder must be ours (or root's, or whoever's where we are root: the
 * user that we are about to become) and nobody else's to look into; of its
 * files nothing is asked but that they are files.
 */
#include "onion/hs/hsauth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/secret.h"
#include "onion/hs/onionaddr.h"

/* seccomp: open openat fstat newfstatat getdents64 getdents read lseek
 * close */

#define SUFFIX	".auth_private"

enum { KEY = 32, KEY_TEXT = 52, FIELDS = 4 };

struct entry {
	uint8_t	service[32];
	uint8_t	key[KEY];
};

struct hsauth {
	size_t		n;
	struct entry	*e;		/* ascending by service */
};

/* --- one file --- */

struct field {
	const char	*p;
	size_t		 len;
};

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct field
trim(const char *p, size_t len)
{
	while (len > 0 && is_space(p[len - 1]))
		len--;
	for (; len > 0 && is_space(*p); p++)
		len--;
	return (struct field){ p, len };
}

/* How many fields there are; at most FIELDS + 1. */
static size_t
split(struct field f[FIELDS], const char *text, size_t len)
{
	const char *colon;
	size_t n = 0;

	while (n < FIELDS && (colon = memchr(text, ':', len)) != NULL) {
		f[n++] = trim(text, (size_t)(colon - text));
		len -= (size_t)(colon - text) + 1;
		text = colon + 1;
	}
	if (n < FIELDS)
		f[n] = trim(text, len);
	return n + 1;
}

static int
is(struct field f, const char *s)
{
	return f.len == strlen(s) && memcmp(f.p, s, f.len) == 0;
}

static int
read_service(uint8_t service[32], struct field f)
{
	char host[ONIONADDR_TEXT];

	if (f.len != ONIONADDR_LABEL || memchr(f.p, '\0', f.len) != NULL)
		return -EBADMSG;
	snprintf(host, sizeof(host), "%.*s.onion", (int)f.len, f.p);
	return onionaddr_parse(host, service) == ONIONADDR_OK ? 0 : -EBADMSG;
}

static int
wrong(const char **why, const char *text)
{
	*why = text;
	return -EBADMSG;
}

int
hsauth_parse(const char *text, size_t len, uint8_t service[32],
    uint8_t key[KEY], const char **why)
{
	struct field f[FIELDS] = { { NULL, 0 } };
	uint8_t id[32], sec[KEY];
	int rc = 0;

	if (len > HSAUTH_FILE_MAX)
		return wrong(why, "it is too long");
	if (split(f, text, len) != FIELDS)
		return wrong(why, "it is not ADDRESS:descriptor:x25519:KEY");
	if (!is(f[1], "descriptor") || !is(f[2], "x25519"))
		return wrong(why, "only descriptor:x25519 is known");
	if (read_service(id, f[0]) < 0)
		return wrong(why, "the address is no onion address");
	if (f[3].len != KEY_TEXT ||
	    dec_b32(sec, sizeof(sec), f[3].p, f[3].len) != KEY)
		rc = wrong(why, "the key is not base32 of 52 characters");
	else if (secret_is_zero(sec, sizeof(sec)))
		rc = wrong(why, "the key is all zeros");
	if (rc == 0) {
		memcpy(service, id, sizeof(id));
		memcpy(key, sec, sizeof(sec));
	}
	secret_wipe(sec, sizeof(sec));
	return rc;
}

/* --- the folder --- */

static int
is_wanted(const struct dirent *d)
{
	size_t len = strlen(d->d_name), tail = sizeof(SUFFIX) - 1;

	return len > tail && d->d_name[0] != '.' &&
	    strcmp(d->d_name + len - tail, SUFFIX) == 0;
}

/* The number of bytes, or -errno. */
static ssize_t
read_file(int dir, const char *name, char *buf, size_t max)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		n = -EINVAL;
	else if ((n = read(fd, buf, max)) < 0)
		n = -errno;
	close(fd);
	return n;
}

static int
has(const struct hsauth *a, const uint8_t service[32])
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (memcmp(a->e[i].service, service, 32) == 0)
			return 1;
	return 0;
}

static void
add_file(struct hsauth *a, int dir, const char *name)
{
	char buf[HSAUTH_FILE_MAX + 1];
	struct entry *e = &a->e[a->n];
	const char *why;
	ssize_t n;

	n = read_file(dir, name, buf, sizeof(buf));
	if (n < 0)
		why = n == -EINVAL ? "it is no file" : strerror((int)-n);
	else if (hsauth_parse(buf, (size_t)n, e->service, e->key, &why) == 0)
		why = has(a, e->service) ?
		    "there is a key for this service already" : NULL;
	secret_wipe(buf, sizeof(buf));
	if (why == NULL)
		a->n++;
	else
		log_warn(LD_CONFIG, "ClientOnionAuthDir: %s is left out: %s",
		    log_scrub(name), why);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(((const struct entry *)a)->service,
	    ((const struct entry *)b)->service, 32);
}

/* Takes @names. */
static int
add_files(struct hsauth *a, int dir, struct dirent **names, int n)
{
	int i, rc = 0;

	a->e = calloc((size_t)n + 1, sizeof(*a->e));
	if (a->e == NULL)
		rc = -ENOMEM;
	for (i = 0; i < n; i++) {
		if (rc == 0)
			add_file(a, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (rc == 0)
		qsort(a->e, a->n, sizeof(*a->e), compare);
	return rc;
}

static int
say(char *why, size_t max, const char *dir, const char *what)
{
	snprintf(why, max, "ClientOnionAuthDir %s: %s", dir, what);
	return -EINVAL;
}

static int
is_private(int fd, const char *dir, char *why, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return say(why, max, dir, strerror(errno));
	if (st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0)
		return say(why, max, dir, "belongs to somebody else");
	if (st.st_mode & 077)
		return say(why, max, dir, "others may look into it: "
		    "chmod 700");
	return 0;
}

static int
load(struct hsauth *a, const char *dir, char *why, size_t max)
{
	struct dirent **names = NULL;
	int fd, n, rc;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return say(why, max, dir, strerror(errno));
	if ((rc = is_private(fd, dir, why, max)) < 0)
		goto done;
	if ((n = scandir(dir, &names, is_wanted, alphasort)) < 0) {
		rc = say(why, max, dir, strerror(errno));
		goto done;
	}
	if (n > HSAUTH_MAX) {
		log_warn(LD_CONFIG, "ClientOnionAuthDir: %d files are too "
		    "many; those after the first %d are left out", n,
		    HSAUTH_MAX);
		while (n > HSAUTH_MAX)
			free(names[--n]);
	}
	rc = add_files(a, fd, names, n);
	if (rc < 0)
		say(why, max, dir, strerror(-rc));
done:
	close(fd);
	return rc;
}

int
hsauth_load(struct hsauth **out, const char *dir, char *why, size_t max)
{
	struct hsauth *a = calloc(1, sizeof(*a));
	int rc = 0;

	if (a == NULL) {
		snprintf(why, max, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (dir != NULL && dir[0] != '\0')
		rc = load(a, dir, why, max);
	if (rc < 0) {
		hsauth_free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void
hsauth_free(struct hsauth *a)
{
	if (a == NULL)
		return;
	if (a->e != NULL)		/* and one that was left out last */
		secret_wipe(a->e, (a->n + 1) * sizeof(*a->e));
	free(a->e);
	free(a);
}

size_t
hsauth_count(const struct hsauth *a)
{
	return a == NULL ? 0 : a->n;
}

const uint8_t *
hsauth_key(const struct hsauth *a, const uint8_t service[32])
{
	const struct entry *e;
	struct entry want;

	if (a == NULL || a->n == 0)
		return NULL;
	memcpy(want.service, service, sizeof(want.service));
	e = bsearch(&want, a->e, a->n, sizeof(*a->e), compare);
	return e == NULL ? NULL : e->key;
}
