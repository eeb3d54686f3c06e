/* daemon/conf_text.c - a configuration file as lines
 *
 * Theory of operation
 *	struct scan walks over one text in memory and counts its lines.  Files
 *	are read whole, up to CONF_FILE_MAX; %include recurses, up to
 *	CONF_INCLUDE_MAX deep and CONF_FILES_MAX files, so a file that includes
 *	itself ends in an error that says so.
 *
 *	What tor's reader takes is taken here, with one exception: a comment
 *	behind text in a continued line, which tor lets swallow the line break
 *	too, is an error, because nobody means that.
 */
#include "daemon/conf_text.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf_util.h"

struct scan {
	struct conf_lines	*out;
	struct conf_err		*err;
	const char		*text;
	const char		*at;
	const char		*end;
	size_t			 file;
	int			 line;		/* of at */
	int			 depth;
};

static int	read_text(struct conf_lines *, const char *, const char *, size_t,
		    int, struct conf_err *);
static int	read_file(struct conf_lines *, const char *, int, int,
		    struct conf_err *);

static int
scan_fail(struct scan *s, int line, const char *what)
{
	return conf_fail(s->err, -EINVAL, "%s:%d: %s",
	    s->out->files.item[s->file], line, what);
}

/* What stands at @i from here, or 0 beyond the end: a NUL in the text was
 * refused before. */
static char
peek(const struct scan *s, size_t i)
{
	return (size_t)(s->end - s->at) > i ? s->at[i] : 0;
}

static void
step(struct scan *s, size_t n)
{
	while (n-- > 0 && s->at < s->end)
		if (*s->at++ == '\n')
			s->line++;
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' ||
	    c == '\f';
}

/* The length of a backslash and line break that stand here, or 0. */
static size_t
continuation(const struct scan *s)
{
	if (peek(s, 0) != '\\')
		return 0;
	if (peek(s, 1) == '\n')
		return 2;
	return peek(s, 1) == '\r' && peek(s, 2) == '\n' ? 3 : 0;
}

static void
skip_line(struct scan *s)
{
	while (s->at < s->end && *s->at != '\n')
		s->at++;
	step(s, 1);
}

static void
skip_blank(struct scan *s)
{
	while (s->at < s->end) {
		if (is_space(*s->at))
			step(s, 1);
		else if (*s->at == '#')
			skip_line(s);
		else
			return;
	}
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	p = c ? strchr(digits, c) : NULL;
	return p ? (int)(p - digits) : -1;
}

static int
is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* An escape whose backslash is at s->at: the byte, or -1. */
static int
unescape(struct scan *s)
{
	static const char names[] = "n\nr\rt\t\"\"\\\\''";
	const char *p;
	int v = 0, i;

	step(s, 1);
	if (peek(s, 0) == 'x' || peek(s, 0) == 'X') {
		if (hex_value(peek(s, 1)) < 0 || hex_value(peek(s, 2)) < 0)
			return -1;
		v = hex_value(peek(s, 1)) * 16 + hex_value(peek(s, 2));
		step(s, 3);
		return v;
	}
	if (is_octal(peek(s, 0))) {
		for (i = 0; i < 3 && is_octal(peek(s, 0)); i++) {
			v = v * 8 + (peek(s, 0) - '0');
			step(s, 1);
		}
		return v > 255 ? -1 : v;
	}
	for (p = names; *p; p += 2)
		if (*p == peek(s, 0)) {
			step(s, 1);
			return p[1];
		}
	return -1;
}

static int
quoted_value(struct scan *s, char *out)
{
	int line = s->line, c;

	step(s, 1);
	while (peek(s, 0) != '"') {
		if (s->at == s->end || peek(s, 0) == '\n')
			return scan_fail(s, line,
			    "this quoted value has no closing quote");
		if (peek(s, 0) == '\\') {
			c = unescape(s);
			if (c <= 0)
				return scan_fail(s, line, c == 0 ?
				    "a quoted value can't hold a zero byte" :
				    "in a quoted value a backslash wants one "
				    "of n r t \" ' \\, xHH or octal digits");
			*out++ = (char)c;
			continue;
		}
		*out++ = *s->at;
		step(s, 1);
	}
	*out = '\0';
	step(s, 1);
	while (peek(s, 0) == ' ' || peek(s, 0) == '\t' || peek(s, 0) == '\r')
		step(s, 1);
	if (s->at < s->end && peek(s, 0) != '\n' && peek(s, 0) != '#')
		return scan_fail(s, line,
		    "there is more after the closing quote");
	skip_line(s);
	return 0;
}

/* A comment line inside a continued value: is there only space before it? */
static int
at_line_start(const struct scan *s, const char *line_start)
{
	const char *p;

	for (p = line_start; p < s->at; p++)
		if (*p != ' ' && *p != '\t')
			return 0;
	return 1;
}

static int
plain_value(struct scan *s, char *out)
{
	const char *line_start = NULL;	/* of a continued line */
	char *from = out;
	size_t n;

	while (s->at < s->end && *s->at != '\n') {
		if ((n = continuation(s)) > 0) {
			step(s, n);
			line_start = s->at;
		} else if (*s->at == '#') {
			if (line_start == NULL)
				break;
			if (!at_line_start(s, line_start))
				return scan_fail(s, s->line, "a comment in a "
				    "continued line must be a line of its own");
			skip_line(s);
			line_start = s->at;
		} else {
			*out++ = *s->at;
			step(s, 1);
		}
	}
	skip_line(s);
	while (out > from && is_space(out[-1]))
		out--;
	*out = '\0';
	return 0;
}

static struct conf_line *
add_line(struct conf_lines *out, const char *name, size_t len)
{
	struct conf_line *l;
	enum conf_how how = CONF_HOW_SET;

	if (len && (*name == '+' || *name == '/')) {
		how = *name == '+' ? CONF_HOW_ADD : CONF_HOW_CLEAR;
		name++;
		len--;
	}
	if ((l = conf_array_add(out, sizeof(*l))) == NULL)
		return NULL;
	l->how = how;
	l->name = strndup(name, len);
	return l->name ? l : NULL;
}

static int
no_memory(struct conf_err *err)
{
	return conf_fail(err, -ENOMEM, "no memory for the configuration");
}

/* Where a value stands that was read from @raw on. */
static size_t
column_of(const struct scan *s, const char *raw, const char *value)
{
	size_t len = strlen(value), column = 1;

	if (raw < s->end && *raw == '"')
		raw++;
	if ((size_t)(s->end - raw) < len || memcmp(raw, value, len) != 0)
		return 0;
	for (; raw > s->text && raw[-1] != '\n'; raw--)
		column++;
	return column;
}

static int
one_line(struct scan *s, const char *name, size_t len, int line,
    const char *value, size_t column)
{
	struct conf_line *l;

	if (s->out->n >= CONF_LINES_MAX)
		return scan_fail(s, line, "too many lines");
	if ((l = add_line(s->out, name, len)) == NULL)
		return no_memory(s->err);
	l->file = s->file;
	l->line = line;
	l->column = column;
	l->value = strdup(l->how == CONF_HOW_CLEAR ? "" : value);
	return l->value ? 0 : no_memory(s->err);
}

static int	include(struct scan *, int line, const char *pattern);

static int
scan_all(struct scan *s, char *value)
{
	const char *name, *raw;
	size_t len;
	int rc, line;

	for (;;) {
		skip_blank(s);
		if (s->at == s->end)
			return 0;
		name = s->at;
		line = s->line;
		while (s->at < s->end && !is_space(*s->at) && *s->at != '#' &&
		    continuation(s) == 0)
			s->at++;
		len = (size_t)(s->at - name);
		while (peek(s, 0) == ' ' || peek(s, 0) == '\t')
			s->at++;
		raw = s->at;
		rc = peek(s, 0) == '"' ? quoted_value(s, value) :
		    plain_value(s, value);
		if (rc < 0)
			return rc;
		if (len == 8 && memcmp(name, "%include", 8) == 0)
			rc = include(s, line, value);
		else
			rc = one_line(s, name, len, line, value,
			    column_of(s, raw, value));
		if (rc < 0)
			return rc;
	}
}

static int
read_text(struct conf_lines *out, const char *name, const char *text,
    size_t len, int depth, struct conf_err *err)
{
	struct scan s = { .out = out, .err = err, .text = text,
		.at = text, .end = len ? text + len : text, .line = 1, .depth = depth };
	char *value;
	int rc;

	if (len > CONF_FILE_MAX)
		return conf_fail(err, -EFBIG, "%s is larger than %d bytes",
		    name, CONF_FILE_MAX);
	if (out->files.n >= CONF_FILES_MAX)
		return conf_fail(err, -EMFILE, "%s: more than %d files", name,
		    CONF_FILES_MAX);
	if (conf_strings_add(&out->files, name, strlen(name)) < 0)
		return no_memory(err);
	s.file = out->files.n - 1;
	if (len && memchr(text, '\0', len) != NULL)
		return conf_fail(err, -EINVAL,
		    "%s holds a zero byte: is it text?", name);
	if ((value = malloc(len + 1)) == NULL)
		return no_memory(err);
	rc = scan_all(&s, value);
	free(value);
	return rc;
}

int
conf_text_read(struct conf_lines *out, const char *name, const char *text,
    size_t len, struct conf_err *err)
{
	return read_text(out, name, text, len, 0, err);
}

/* All of @fd, but no more than one byte beyond CONF_FILE_MAX. */
static int
slurp(int fd, char **text, size_t *len)
{
	size_t cap = 65536, n = 0;
	char *buf = malloc(cap), *bigger;
	ssize_t got = 1;

	while (buf && got > 0 && n <= CONF_FILE_MAX) {
		if (n == cap) {
			if ((bigger = realloc(buf, cap *= 2)) == NULL)
				break;
			buf = bigger;
		}
		got = read(fd, buf + n, cap - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			n += (size_t)got;
	}
	if (buf == NULL || got < 0 || (got > 0 && n <= CONF_FILE_MAX)) {
		free(buf);
		return got < 0 ? -errno : -ENOMEM;
	}
	*text = buf;
	*len = n;
	return 0;
}

static int
read_fd(struct conf_lines *out, const char *name, int fd, int depth,
    struct conf_err *err)
{
	size_t len = 0;
	char *text = NULL;
	int rc = slurp(fd, &text, &len);

	if (rc < 0)
		return conf_fail(err, rc, "cannot read %s: %s", name,
		    strerror(-rc));
	rc = read_text(out, name, text, len, depth, err);
	free(text);
	return rc;
}

static int
read_file(struct conf_lines *out, const char *path, int missing_ok, int depth,
    struct conf_err *err)
{
	int fd, rc;

	if (strcmp(path, "-") == 0 && depth == 0)
		return read_fd(out, "standard input", STDIN_FILENO, 0, err);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		if (missing_ok && errno == ENOENT)
			return 0;
		return conf_fail(err, -errno, "cannot open %s: %s", path,
		    strerror(errno));
	}
	rc = read_fd(out, path, fd, depth, err);
	close(fd);
	return rc;
}

int
conf_text_file(struct conf_lines *out, const char *path, int missing_ok,
    struct conf_err *err)
{
	return read_file(out, path, missing_ok, 0, err);
}

static int
not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int
include_dir(struct scan *s, const char *dir)
{
	struct dirent **names;
	struct stat st;
	int i, n, rc = 0;
	char *path;

	if ((n = scandir(dir, &names, not_hidden, alphasort)) < 0)
		return conf_fail(s->err, -errno, "cannot read directory %s: "
		    "%s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		if (rc == 0 && asprintf(&path, "%s/%s", dir,
		    names[i]->d_name) < 0)
			rc = no_memory(s->err);
		else if (rc == 0) {
			if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
				rc = read_file(s->out, path, 0, s->depth + 1,
				    s->err);
			free(path);
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

static int
include_path(struct scan *s, int line, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return conf_fail(s->err, -errno, "%s:%d: cannot include %s: "
		    "%s", s->out->files.item[s->file], line, path,
		    strerror(errno));
	if (S_ISDIR(st.st_mode))
		return include_dir(s, path);
	if (!S_ISREG(st.st_mode))
		return scan_fail(s, line,
		    "%include wants a file, a directory or a pattern of them");
	return read_file(s->out, path, 0, s->depth + 1, s->err);
}

static int
is_pattern(const char *s)
{
	for (; *s; s++) {
		if (*s == '*' || *s == '?')
			return 1;
		if (*s == '\\' && s[1])
			s++;
	}
	return 0;
}

static int
include(struct scan *s, int line, const char *pattern)
{
	glob_t g;
	size_t i;
	int rc = 0;

	if (s->out->no_files)
		return scan_fail(s, line, "%include is not possible here");
	if (*pattern == '\0')
		return scan_fail(s, line,
		    "%include wants a file, a directory or a pattern of them");
	if (s->depth >= CONF_INCLUDE_MAX)
		return scan_fail(s, line,
		    "too many %include inside each other: a circle?");
	if (!is_pattern(pattern))
		return include_path(s, line, pattern);
	rc = glob(pattern, GLOB_ERR, NULL, &g);		/* sorted */
	if (rc == GLOB_NOMATCH)
		return 0;
	if (rc != 0)
		return scan_fail(s, line, "cannot look up this pattern");
	for (i = 0; i < g.gl_pathc && rc == 0; i++)
		rc = include_path(s, line, g.gl_pathv[i]);
	globfree(&g);
	return rc;
}

int
conf_text_arg(struct conf_lines *out, const char *name, const char *value,
    struct conf_err *err)
{
	struct conf_line *l = add_line(out, name, strlen(name));

	if (l == NULL || (l->value = strdup(value)) == NULL)
		return no_memory(err);
	return 0;
}

void
conf_lines_free(struct conf_lines *lines)
{
	size_t i;

	for (i = 0; i < lines->n; i++) {
		free(lines->line[i].name);
		free(lines->line[i].value);
	}
	free(lines->line);
	conf_strings_free(&lines->files);
	memset(lines, 0, sizeof(*lines));
}

const char *
conf_line_where(const struct conf_lines *lines, const struct conf_line *l,
    char *out, size_t max)
{
	if (l->line == 0)
		snprintf(out, max, "command line: ");
	else
		snprintf(out, max, "%s:%d: ", lines->files.item[l->file],
		    l->line);
	return out;
}
