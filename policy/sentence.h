/* policy/sentence.h - what went wrong with the kernel, in words */
#ifndef POLICY_SENTENCE_H
#define POLICY_SENTENCE_H

#include <stdarg.h>
#include <stddef.h>

/* Into @why: what @fmt says, why (@rc: -errno), and what to do where that is
 * known.  Returns @rc. */
int	sentence(char *why, size_t max, int rc, const char *fmt, va_list)
	    __attribute__((format(printf, 4, 0)));

#endif
