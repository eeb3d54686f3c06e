/* daemon/hostname.h - what a proxy's client may ask for as a host
 *
 * A name of labels (letters, digits, '-' and '_'; in names under .exit also
 * what names a relay: '$', '=' and '~') with at most one dot at its end, or an
 * address as text, IPv6 with or without brackets.
 */
#ifndef DAEMON_HOSTNAME_H
#define DAEMON_HOSTNAME_H

#include <stddef.h>

enum { HOSTNAME_MAX = 255, HOSTNAME_TEXT = HOSTNAME_MAX + 1 };

/* 0 and the host as the gateway wants it, NUL-terminated and without brackets;
 * or -EINVAL.  @s need not be terminated; a NUL in it is no letter. */
int	hostname_take(char out[HOSTNAME_TEXT], const void *s, size_t len);
/* Does it end in @suffix (".onion"), whatever the case and a final dot? */
int	hostname_is_under(const char *host, const char *suffix);

#endif
