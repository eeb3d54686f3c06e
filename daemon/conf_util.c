/* daemon/conf_util.c - what all of conf needs: errors, lists, quoting */
#include "daemon/conf_util.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/conf.h"

int
conf_fail(struct conf_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

int
conf_wrong(struct conf_note *note, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(note->why, sizeof(note->why), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void
conf_odd(struct conf_note *note, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(note->odd, sizeof(note->odd), fmt, ap);
	va_end(ap);
}

void
conf_array_get(const void *array, void **items, size_t *n)
{
	memcpy(items, array, sizeof(*items));
	memcpy(n, (const char *)array + sizeof(*items), sizeof(*n));
}

void *
conf_array_add(void *array, size_t item_size)
{
	void *items, *bigger;
	size_t n;

	conf_array_get(array, &items, &n);
	/* grows by doubling, so its capacity follows from its count */
	if ((n & (n - 1)) == 0) {
		bigger = reallocarray(items, n ? n * 2 : 1, item_size);
		if (bigger == NULL)
			return NULL;
		items = bigger;
		memcpy(array, &items, sizeof(items));
	}
	memset((char *)items + n * item_size, 0, item_size);
	n++;
	memcpy((char *)array + sizeof(items), &n, sizeof(n));
	return (char *)items + (n - 1) * item_size;
}

int
conf_strings_add(struct conf_strings *list, const char *s, size_t len)
{
	char *copy = strndup(s, len), **at;

	if (copy == NULL)
		return -ENOMEM;
	if ((at = conf_array_add(list, sizeof(*at))) == NULL) {
		free(copy);
		return -ENOMEM;
	}
	*at = copy;
	return 0;
}

void
conf_strings_free(struct conf_strings *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	memset(list, 0, sizeof(*list));
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' ||
	    c == '\f';
}

const char *
conf_word(const char **s, size_t *len)
{
	const char *p = *s, *from;

	while (is_space(*p))
		p++;
	from = p;
	while (*p && !is_space(*p))
		p++;
	*s = p;
	*len = (size_t)(p - from);
	return *len ? from : NULL;
}

const char *
conf_item(const char **s, size_t *len)
{
	const char *p = *s, *from, *to;

	while (is_space(*p) || *p == ',')
		p++;
	from = p;
	while (*p && *p != ',')
		p++;
	for (to = p; to > from && is_space(to[-1]);)
		to--;
	*s = p;
	*len = (size_t)(to - from);
	return *len ? from : NULL;
}

int
conf_is(const char *s, size_t len, const char *want)
{
	return strlen(want) == len && strncasecmp(s, want, len) == 0;
}

int
conf_begins(const char *s, size_t len, const char *want, const char **rest)
{
	size_t n = strlen(want);

	if (len < n || strncasecmp(s, want, n) != 0)
		return 0;
	*rest = s + n;
	return 1;
}

static int
needs_quotes(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = strlen(s);

	if (n == 0)
		return 0;
	if (*s == '"' || is_space(*s) || is_space(s[n - 1]) ||
	    s[n - 1] == '\\')
		return 1;
	for (; *p; p++)
		if (*p < 0x20 || *p == 0x7f || *p == '#')
			return 1;
	return 0;
}

void
conf_quote(FILE *f, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	if (!needs_quotes(s)) {
		fputs(s, f);
		return;
	}
	fputc('"', f);
	for (; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(f, "\\x%02x", *p);
		else
			fputc(*p, f);
	}
	fputc('"', f);
}

const char *
conf_shown(char *out, size_t max, const char *s, size_t len)
{
	return log_text(out, max, s, len);
}

/* Where the program was started, for its life: a process that has another root
 * by now means the same by a path. */
static char cwd[PATH_MAX];

int
conf_base(void)
{
	return cwd[0] || getcwd(cwd, sizeof(cwd)) ? 0 : -errno;
}

char *
conf_path(const char *s, int *relative)
{
	const char *home = getenv("HOME");
	char *out;
	int n;

	if (relative)
		*relative = 0;
	if (s[0] == '/')
		return strdup(s);
	if (s[0] == '~' && (s[1] == '/' || s[1] == '\0') && home)
		n = asprintf(&out, "%s%s", home, s + 1);
	else {
		if (relative)
			*relative = 1;
		if (conf_base() < 0)
			return NULL;
		n = asprintf(&out, "%s/%s", strcmp(cwd, "/") ? cwd : "", s);
	}
	return n < 0 ? NULL : out;
}
