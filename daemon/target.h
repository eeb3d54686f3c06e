/* daemon/target.h - a name that a client connects to, understood
 *
 * What it is in the end: an onion service, a host that an exit finds, an
 * address; and which relay is to be the exit.  Or why it is refused: nothing
 * that ends in .onion or .exit is ever left in what goes to an exit, nor a name
 * that means nothing outside of where it is used (policy.h).
 *
 *	as the client wrote it -> [.exit: may clients?] -> MapAddress ->
 *	.onion: service | x.RELAY.exit: x by that relay | address | host's name
 */
#ifndef DAEMON_TARGET_H
#define DAEMON_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct mapaddress;

enum { TARGET_HOST = 253, TARGET_ID = 20 };

enum target_kind {
	TARGET_REFUSED,
	TARGET_NAME,		/* @host, by an exit */
	TARGET_ADDR,		/* @addr, and @host has its text; by an exit */
	TARGET_ONION		/* @host */
};

struct target_conf {
	const struct mapaddress *map;	/* or NULL */
	int		 allow_dot_exit;	/* from clients */
	/* As onion_relay_named(), and the relay's address. */
	int		(*relay)(void *arg, const char *name,
			    uint8_t id[TARGET_ID], struct addr *);
	void		*arg;
};

struct target {
	enum target_kind kind;
	char		 host[TARGET_HOST + 1];	/* lower case, no final dot */
	struct addr	 addr;			/* no port */
	int		 has_exit;
	int		 asked_exit;	/* ... by the client's own words */
	uint8_t		 exit[TARGET_ID];
	char		 asked[TARGET_HOST + 1]; /* as @host; "": an address */
	int		 mapped;		/* MapAddress had a say */
	int		 err;		/* REFUSED: -errno, base/why.h */
	const char	*why;			/* and in words; static */
};

void	target_find(struct target *, const struct target_conf *,
	    const char *name);
/* All that it is called, in small letters: as it was asked for, and what became
 * of that.  0, 1 or 2; they are @t's. */
size_t	target_names(const struct target *t, const char *names[2]);
/* Of an address: the same, but that it stays what it is where MapAddress says
 * nothing of it. */
void	target_find_addr(struct target *, const struct target_conf *,
	    const struct addr *);

#endif
