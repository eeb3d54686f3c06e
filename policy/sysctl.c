/* policy/sysctl.c - small numbers below /proc/sys/ */
#include "policy/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 128, LINE_LEN = 64 };

static int
open_path(const char *path, int flags)
{
	char full[PATH_LEN];
	int n = snprintf(full, sizeof(full), "/proc/sys/%s", path), fd;

	if (n < 0 || (size_t)n >= sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
sysctl_read(const char *path, char *out, size_t max)
{
	char text[LINE_LEN];
	int fd = open_path(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	n = n < 0 ? -errno : n;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strlen(text) >= max)
		return -EMSGSIZE;
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

int
sysctl_number(const char *path, int none)
{
	char text[LINE_LEN];

	return sysctl_read(path, text, sizeof(text)) < 0 ? none : atoi(text);
}

int
sysctl_write(const char *path, const char *value)
{
	char text[LINE_LEN];
	int rc = sysctl_read(path, text, sizeof(text)), fd;
	ssize_t n;

	if (rc < 0 || strcmp(text, value) == 0)
		return rc;
	if ((fd = open_path(path, O_WRONLY)) < 0)
		return fd;
	n = write(fd, value, strlen(value));
	rc = n < 0 ? -errno : 1;
	close(fd);
	return rc;
}

int
sysctl_exists(const char *path)
{
	int fd = open_path(path, O_RDONLY);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}
