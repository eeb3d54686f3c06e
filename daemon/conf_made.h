/* daemon/conf_made.h - fields that are made from more than one option
 *
 * For conf_check.c.  Each fills its fields of struct conf from what was given;
 * 0 or negative, with the error.
 */
#ifndef DAEMON_CONF_MADE_H
#define DAEMON_CONF_MADE_H

struct conf;
struct conf_err;
struct conf_given;
struct conf_opt;
struct conf_strings;

int	conf_made_ports(struct conf *, struct conf_err *);
int	conf_made_dirs(struct conf *, struct conf_err *);
int	conf_made_reach(struct conf *, struct conf_err *);
int	conf_made_outbound(struct conf *, struct conf_err *);

/* Reads what was given for an option, or else its default, into a field of the
 * option's kind. */
int	conf_read_given(const struct conf_opt *, const struct conf_given *,
	    int testing, void *field, struct conf_strings *warnings,
	    struct conf_err *);
#endif
