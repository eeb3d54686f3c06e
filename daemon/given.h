/* daemon/given.h - which names a client was told have an address
 *
 * Rules by name hold for connections to the address that the name was given.
 * So what our DNS server tells a client is remembered, for that client alone:
 * the address, the name that was asked for and those that it led to (CNAME).
 * Who is one client its owner says, by a group, that begins with whose share it
 * counts in.
 *
 * It is known for as long as the client was told, and GIVEN_GRACE_S more: a
 * program may use an answer for longer than it is good for (browsers and Java
 * do), and a rule that forbids a name is not to end with that.  All that is
 * known of an address goes together, so that what is left of it never seems to
 * be all that there was.
 *
 * One client may have a quarter of the room.  Over that its own oldest goes;
 * where the room is full, the oldest of whoever has most.
 */
#ifndef DAEMON_GIVEN_H
#define DAEMON_GIVEN_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct given;
struct loop;

enum {
	GIVEN_GROUP = 16,
	GIVEN_OWNER = 6,		/* of that, at its start */
	GIVEN_GRACE_S = 3600,
	GIVEN_BYTES_MAX = 16 << 20,
	GIVEN_CLIENT_MAX = GIVEN_BYTES_MAX / 4,
	GIVEN_CLIENTS_MAX = 4096,	/* the one who was idle longest goes */
	GIVEN_ANSWERS_MAX = 32,		/* of one address; the oldest goes */
	GIVEN_NAMES_MAX = 16,		/* of one answer; the first ones */
	GIVEN_SWEEP_MS = 10 * 60 * 1000
};

/* All that a client was told an address is called; borrowed until something is
 * told or time passes. */
struct given_names {
	const char	*name[GIVEN_ANSWERS_MAX * GIVEN_NAMES_MAX];
	uint8_t		 answer[GIVEN_ANSWERS_MAX * GIVEN_NAMES_MAX];
	size_t		 n;
	int		 more;		/* than is known here */
};

int	given_new(struct given **, struct loop *);	/* 0 or -ENOMEM */
void	given_free(struct given *);
/* @names: as rules have them, in small letters, the one that was asked for
 * first.  Without memory it is not known that there was anything. */
void	given_add(struct given *, const uint8_t group[GIVEN_GROUP],
	    const struct addr *, const char *const *names, size_t n,
	    uint32_t ttl);
void	given_find(struct given *, const uint8_t group[GIVEN_GROUP],
	    const struct addr *, struct given_names *);
/* Of all clients. */
void	given_forget(struct given *);
size_t	given_bytes(const struct given *);

#endif
