/* policy/sysctl.h - small numbers below /proc/sys/
 *
 * Paths are as in "net/ipv4/conf/lan0/forwarding".  0 or a negative errno;
 * -ENOENT: this kernel, or this interface, has no such thing.
 */
#ifndef POLICY_SYSCTL_H
#define POLICY_SYSCTL_H

#include <stddef.h>

/* The first line, without its end; it has to fit. */
int	sysctl_read(const char *path, char *out, size_t max);
int	sysctl_number(const char *path, int none);	/* @none: it has none */
/* Writes only what is not so already: 1 if it did, 0 if not. */
int	sysctl_write(const char *path, const char *value);
int	sysctl_exists(const char *path);

#endif
