/* daemon/conf_util.h - what all of conf needs: errors, lists, quoting
 *
 * Only for daemon/conf*.
 */
#ifndef DAEMON_CONF_UTIL_H
#define DAEMON_CONF_UTIL_H

#include <stddef.h>
#include <stdio.h>

struct conf_err;
struct conf_strings;

/* What a parser has to say about a value: why it is wrong, or what is odd
 * about it though it is taken.  Empty: nothing. */
struct conf_note {
	char	why[200];
	char	odd[200];
	size_t	column;		/* of what is wrong, in the value, from 1; 0:
				 * the whole of it */
};

/* Writes @err and returns @code. */
int	conf_fail(struct conf_err *, int code, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Writes @note->why and returns -EINVAL. */
int	conf_wrong(struct conf_note *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	conf_odd(struct conf_note *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

int	conf_strings_add(struct conf_strings *, const char *, size_t len);
void	conf_strings_free(struct conf_strings *);

/* Any array that is a pointer followed by a size_t: room for one more, zeroed,
 * or NULL.  The count grows. */
void	*conf_array_add(void *array, size_t item_size);
void	 conf_array_get(const void *array, void **items, size_t *n);

/* The next word of *@s, which moves on; words end at white space.  NULL: no
 * more.  The word's length in *@len. */
const char *conf_word(const char **s, size_t *len);
/* The same where items end at commas; white space around them is dropped and
 * empty items are passed over. */
const char *conf_item(const char **s, size_t *len);
int	conf_is(const char *s, size_t len, const char *want);	/* any case */
/* Does @s begin with @want, any case? Then *@rest is what follows. */
int	conf_begins(const char *s, size_t len, const char *want,
	    const char **rest);

/* A value as it must be written in a file: quoted where it has to be. */
void	conf_quote(FILE *, const char *);
/* For an error: escaped, cut to fit. */
const char *conf_shown(char *out, size_t max, const char *s, size_t len);

/* An absolute path: "~/" is $HOME, what is relative begins where we stand.
 * NULL: no memory.  *@relative (may be NULL) tells. */
char	*conf_path(const char *, int *relative);
/* Remembers where that is, for who will not be able to find out: 0, -errno. */
int	conf_base(void);

#endif
