/* daemon/conf_values.h - what was said for each option, as text
 *
 * The lines of the defaults file, of torrc and of the command line, put
 * together as tor does: a later source replaces what an earlier one said for
 * an option, +Name adds to it, /Name takes it away.
 */
#ifndef DAEMON_CONF_VALUES_H
#define DAEMON_CONF_VALUES_H

#include <stddef.h>

#include "daemon/conf.h"
#include "daemon/conf_table.h"

struct conf_lines;
struct conf_note;

struct conf_value {
	char	*text;
	char	*where;			/* "torrc:12: " */
	size_t	 column;		/* see conf_line */
};

struct conf_given {			/* for one option */
	struct conf_value	*value;
	size_t			 n;
	int			 inherited;	/* from an earlier source */
	int			 seen;		/* in this one */
};

struct conf_values {			/* one for each row of the table */
	struct conf_given	*given;
	size_t			 n;
	int			 testing;
};

int	conf_values_new(struct conf_values **);
void	conf_values_free(struct conf_values *);
/* Puts one source's lines on top.  Warnings go to @warnings. */
int	conf_values_add(struct conf_values *, const struct conf_lines *,
	    struct conf_strings *warnings, struct conf_err *);
const struct conf_given *conf_values_of(const struct conf_values *,
	    const char *name);

/* "where" and a text, to @warnings, up to CONF_WARNINGS_MAX. */
int	conf_warn(struct conf_strings *warnings, const char *where,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Of a word of a value.  Writes @err and returns -EINVAL: "torrc:12:30: ..." where
 * it can be found so, else where in the value it stands. */
int	conf_bad_word(const char *option, const struct conf_value *,
	    const struct conf_note *, struct conf_err *);

#endif
