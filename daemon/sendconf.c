/* daemon/sendconf.c - a configuration, given to another process
 *
 * As a file in memory: it can be longer than a message.
 */
#include "daemon/sendconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "daemon/procmsg.h"

/* seccomp: fstat newfstatat pread64 close */

static int
write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n)
		if ((n = write(fd, text, len)) <= 0)
			return n < 0 ? -errno : -EIO;
	return 0;
}

int
sendconf(int to, const struct conf *c)
{
	struct procmsg m = { .type = PROCMSG_RELOAD };
	char *text;
	size_t len;
	int rc = conf_pack(c, &text, &len), fd;

	if (rc < 0)
		return rc;
	fd = memfd_create("torrc", MFD_CLOEXEC);
	rc = fd < 0 ? -errno : write_all(fd, text, len);
	free(text);
	m.fds[m.nfds++] = fd;
	if (rc == 0)
		rc = procmsg_send_now(to, &m);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* What was written, whole. */
static char *
read_all(int fd, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size <= 0 ||
	    st.st_size > CONF_PACK_MAX ||
	    (text = malloc((size_t)st.st_size)) == NULL)
		return NULL;
	n = pread(fd, text, (size_t)st.st_size, 0);
	if (n != st.st_size) {
		free(text);
		return NULL;
	}
	*len = (size_t)n;
	return text;
}

int
sendconf_take(struct conf **out, const struct procmsg *m, char *why, size_t max)
{
	struct conf_err err = { 0 };
	size_t len = 0;
	char *text = m->nfds ? read_all(m->fds[0], &len) : NULL;
	int rc;

	snprintf(why, max, "the new configuration did not come through");
	if (text == NULL)
		return -EPROTO;
	if ((rc = conf_unpack(out, text, len, &err)) < 0)
		snprintf(why, max, "%s", err.text);
	free(text);
	return rc;
}
