/* daemon/mapaddress.h - MapAddress: one name or address in another's place
 *
 *	MapAddress FROM TO
 *
 * FROM is a host's name, an IP address, or "*." and a name: that name and all
 * below it.  TO is the same, "*." only where FROM has it, too: then what stands
 * before the name is kept.  TO may end in ".RELAY.exit".  Of several lines for
 * one name the last counts; the longest name that matches counts before others,
 * and what comes of it is looked up again.
 */
#ifndef DAEMON_MAPADDRESS_H
#define DAEMON_MAPADDRESS_H

#include <stddef.h>

enum {
	MAPADDRESS_NAME = 253,
	MAPADDRESS_CHAIN = 16,		/* one after the other, and no more */
	MAPADDRESS_WHY = 120,
	MAPADDRESS_TEXT = 2 * MAPADDRESS_NAME + 8
};

struct mapaddress;

struct mapaddress_rule {		/* lower case; addresses in one form */
	char	from[MAPADDRESS_NAME + 1], to[MAPADDRESS_NAME + 1];
	int	from_all, to_all;	/* "*." */
	size_t	line;			/* of those given; the last counts */
};

/* 0, or -EINVAL with what is wrong. */
int	mapaddress_parse(struct mapaddress_rule *, const char *text,
	    char why[MAPADDRESS_WHY]);
const char *mapaddress_text(const struct mapaddress_rule *,
	    char out[MAPADDRESS_TEXT]);

/* Of lines that mapaddress_parse() takes; nothing is borrowed. */
int	mapaddress_new(struct mapaddress **, char *const *lines, size_t n);
void	mapaddress_free(struct mapaddress *);

/* What stands in the place of @name (lower case, no final dot): how often it
 * was replaced, 0 where not at all, and in @out what came of it.  -ELOOP: it
 * does not come to an end; -ENAMETOOLONG. */
int	mapaddress_find(const struct mapaddress *, const char *name,
	    char out[MAPADDRESS_NAME + 1]);

/* "x.RELAY.exit" or "RELAY.exit": the length of what stands before the last dot
 * but one (0 for the latter), and where the relay's name is; -EINVAL: it is no
 * such name, or the relay's cannot be one. */
int	mapaddress_exit(const char *name, size_t *rest, const char **relay,
	    size_t *relay_len);

#endif
