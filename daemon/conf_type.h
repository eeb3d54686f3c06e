/* daemon/conf_type.h - kinds of values: how they are read, written, let go of
 *
 * A kind knows one sort of field of struct conf.  Where an option may stand in
 * several lines, the field is an array (a pointer, then a size_t) and read()
 * adds to it; otherwise read() replaces what is there.  print() writes the one
 * form that read() gives back exactly.
 */
#ifndef DAEMON_CONF_TYPE_H
#define DAEMON_CONF_TYPE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf_note;

enum conf_kind {
	CONF_K_BOOL,
	CONF_K_AUTOBOOL,
	CONF_K_INT,
	CONF_K_POSINT,
	CONF_K_UINT64,
	CONF_K_SECONDS,
	CONF_K_MSEC,
	CONF_K_SIZE,
	CONF_K_DOUBLE,
	CONF_K_STRING,
	CONF_K_PATH,
	CONF_K_WORDS,		/* comma separated */
	CONF_K_NUMBERS,		/* ports, comma separated */
	CONF_K_DELAY,		/* the first of a list of seconds */
	CONF_K_NODES,
	CONF_K_SCRUB,
	CONF_K_TRANS_TYPE,
	CONF_K_UX,		/* of conflux */
	CONF_K_SUFFIXES,
	CONF_K_NET4,
	CONF_K_NET6,
	CONF_K_TUN_DEVICE,
	CONF_K_TUN_ADDRESS,
	CONF_K_TUN_CLIENTS,
	CONF_K_LINKS,		/* interfaces */
	CONF_K_LINES,		/* from here: several lines make an array */
	CONF_K_NODE_SETS,
	CONF_K_TRANS_PORTS,
	CONF_K_DNS_PORTS,
	CONF_K_SOCKS_PORTS,
	CONF_K_HTTP_PORTS,
	CONF_K_OTHER_PORTS,	/* of doors that are not built */
	CONF_K_AUTHORITIES,
	CONF_K_FALLBACKS,
	CONF_K_BRIDGES,
	CONF_K_LOGS,
	CONF_K_RULES,
	CONF_K_FLOW_RULES,
	CONF_K_ALLOWS,
	CONF_K_ADDRS,
	CONF_K_MAP_ADDRESSES,
	CONF_K_RESOLVERS,
	CONF_NKINDS
};

struct conf_type {
	const char	*wants;		/* "0 or 1": what would be right */
	size_t		 item;		/* size of one in the array, or 0 */
	/* 0, -EINVAL with what is wrong in the note, or -ENOMEM */
	int		(*read)(void *field, const char *, struct conf_note *);
	void		(*print)(FILE *, const void *item);
	void		(*free)(void *item);	/* may be NULL */
};

/* As large and as aligned as any field that a kind has. */
union conf_field {
	int		 i;
	int64_t		 i64;
	uint64_t	 u64;
	double		 d;
	char		*s;
	struct {
		void	*items;
		size_t	 n;
	} array;
	unsigned char	 room[512];
};

const struct conf_type *conf_type(enum conf_kind);
int	conf_type_many(enum conf_kind);		/* may it stand in several lines? */
void	conf_type_free(enum conf_kind, void *field);
/* How many values there are to print, and one of them. */
size_t	conf_type_count(enum conf_kind, const void *field);
void	conf_type_print(enum conf_kind, FILE *, const void *field, size_t i);

#endif
