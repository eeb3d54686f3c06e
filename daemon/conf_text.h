/* daemon/conf_text.h - a configuration file as lines
 *
 * Reads torrc's format and nothing of what it means: name and value, comments,
 * quoted values with C's escapes, lines continued by a backslash, + and / in
 * front of a name, %include.  The lines of included files stand where the
 * %include stood; each knows the file and line that it came from.
 */
#ifndef DAEMON_CONF_TEXT_H
#define DAEMON_CONF_TEXT_H

#include <stddef.h>

#include "daemon/conf.h"

enum conf_how {
	CONF_HOW_SET,
	CONF_HOW_ADD,			/* +Name */
	CONF_HOW_CLEAR,			/* /Name */
};

struct conf_line {
	char		*name;		/* without + and / */
	char		*value;		/* "" where there was none */
	enum conf_how	 how;
	size_t		 file;		/* index in conf_lines->files */
	int		 line;		/* 0: the command line */
	size_t		 column;	/* of the value in its line, from 1; 0
					 * where the value is not one piece of
					 * it (escapes, continued lines) */
};

struct conf_lines {			/* zeroed is empty */
	struct conf_line	*line;
	size_t			 n;
	struct conf_strings	 files;	/* names, in the order of opening */
	int			 no_files;	/* %include is an error */
};

/* All append to @lines.  0 or negative, with @err. */
int	conf_text_read(struct conf_lines *, const char *name, const char *text,
	    size_t len, struct conf_err *);
/* @path "-" is standard input.  @missing_ok: one that is not there is empty. */
int	conf_text_file(struct conf_lines *, const char *path, int missing_ok,
	    struct conf_err *);
/* One from the command line; the value is taken as it is. */
int	conf_text_arg(struct conf_lines *, const char *name, const char *value,
	    struct conf_err *);
void	conf_lines_free(struct conf_lines *);

/* "torrc:12: " or "command line: ", for the start of a message. */
const char *conf_line_where(const struct conf_lines *, const struct conf_line *,
	    char *out, size_t max);

#endif
