/* policy/sentence.c - what went wrong with the kernel, in words */
#include "policy/sentence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
sentence(char *why, size_t max, int rc, const char *fmt, va_list ap)
{
	size_t n;

	vsnprintf(why, max, fmt, ap);
	n = strlen(why);
	snprintf(why + n, max - n, ": %s%s", strerror(-rc),
	    rc == -EPERM ? " (CAP_NET_ADMIN is needed)" : "");
	return rc;
}
