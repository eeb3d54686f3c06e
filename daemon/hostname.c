/* daemon/hostname.c - what a proxy's client may ask for as a host */
#include "daemon/hostname.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"

enum { LABEL_MAX = 63 };

static int
is_letter(char c, int exit)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	    (exit && (c == '$' || c == '=' || c == '~'));
}

/* Labels of 1 to LABEL_MAX letters that don't begin with a dash. */
static int
is_name(const char *s, int exit)
{
	size_t label = 0;

	for (; *s; s++) {
		if (*s == '.') {
			if (label == 0)
				return 0;
			label = 0;
			continue;
		}
		if (!is_letter(*s, exit) || (*s == '-' && label == 0) ||
		    ++label > LABEL_MAX)
			return 0;
	}
	return label > 0 || s[-1] == '.';
}

static int
is_address(const char *s)
{
	struct addr a;

	return addr_parse_ip(&a, s, -1) == 0;
}

int
hostname_take(char out[HOSTNAME_TEXT], const void *p, size_t len)
{
	const char *s = p;

	if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
		s++;
		len -= 2;
		if (memchr(s, ':', len) == NULL)
			return -EINVAL;
	}
	if (len == 0 || len > HOSTNAME_MAX || memchr(s, '\0', len) != NULL)
		return -EINVAL;
	memcpy(out, s, len);
	out[len] = '\0';
	if (*out == '.' || *out == '[')
		return -EINVAL;
	return is_address(out) ||
	    is_name(out, hostname_is_under(out, ".exit")) ? 0 : -EINVAL;
}

int
hostname_is_under(const char *host, const char *suffix)
{
	size_t len = strlen(host), n = strlen(suffix);

	len -= len && host[len - 1] == '.';
	return len >= n && strncasecmp(host + len - n, suffix, n) == 0;
}
