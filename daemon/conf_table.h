/* daemon/conf_table.h - every option name that torrc may hold
 *
 * One row an option: what it is called, what its values look like, where they
 * go, and what becomes of it.  All options of tor 0.4.9 are here, so that each
 * is either obeyed, or named in a warning, or refused, but never passed over:
 *
 *	BUILT		obeyed
 *	LATER		not built yet; a warning names it, unless its value asks
 *			for nothing
 *	RELAY		for relays, authorities and onion services; the same
 *	UNSAFE		to pass it over could leak or weaken: an error, unless
 *			its value asks for nothing
 *	OBSOLETE	tor takes it and does nothing; a warning
 */
#ifndef DAEMON_CONF_TABLE_H
#define DAEMON_CONF_TABLE_H

#include <stddef.h>

#include "daemon/conf_type.h"

enum conf_role {
	CONF_R_OBSOLETE,
	CONF_R_RELAY,
	CONF_R_LATER,
	CONF_R_UNSAFE,
	CONF_R_BUILT,
};

enum {
	CONF_F_RESTART	= 1 << 0,	/* can't change while running */
	CONF_F_TESTING	= 1 << 1,	/* only with TestingTorNetwork */
	CONF_F_OURS	= 1 << 2,	/* tor has no such option */
};

enum { CONF_NO_FIELD = -1 };

struct conf_opt {
	const char	*name;
	enum conf_kind	 kind;
	enum conf_role	 role;
	int		 flags;
	int		 field;		/* offset in struct conf */
	const char	*def;		/* NULL: unset */
	const char	*ok;		/* not BUILT: a value that asks for no
					 * more than we do anyway, or NULL */
	const char	*note;		/* BUILT: help; UNSAFE, LATER: what is
					 * missing without it, or NULL */
};

extern const struct conf_opt conf_options[];	/* ends with a NULL name */

/* What a name was written for: exactly, an old name, or the beginning of one
 * name only.  NULL: none, with *@near the likeliest or NULL. */
const struct conf_opt *conf_option_find(const char *name, const char **near);
/* The default as a text, "" for unset. */
const char *conf_option_default(const struct conf_opt *, int testing);

#endif
