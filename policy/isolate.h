/* policy/isolate.h - which streams may share a circuit
 *
 * A token stands for all that must be equal for two streams to share one:
 * equal tokens may, others never do.  It is a keyed hash, drawn anew at each
 * start, so it says nothing about what went into it.  The listener always
 * counts (session group); what else does is the listener's choice, as with
 * tor's isolation flags, or a FlowRule's; the client's address does by default.
 * What is to count but is not known is a value of its own.
 *
 * Its first bytes say whose it is, as to how much one client may have: whatever
 * of the key a client can choose at will does not change them.  Where clients
 * may share circuits (neither ISOLATE_CLIENT_ADDR nor ISOLATE_FLOW) they are one
 * owner.
 */
#ifndef POLICY_ISOLATE_H
#define POLICY_ISOLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {				/* tor's Isolate* flags, and FlowRule's isolate= */
	ISOLATE_DEST_PORT	= 1 << 0,
	ISOLATE_DEST_ADDR	= 1 << 1,
	ISOLATE_SOCKS_AUTH	= 1 << 2,
	ISOLATE_CLIENT_PROTO	= 1 << 3,
	ISOLATE_CLIENT_ADDR	= 1 << 4,
	ISOLATE_USER		= 1 << 5,
	ISOLATE_APP		= 1 << 6,
	ISOLATE_NAME		= 1 << 7,
	ISOLATE_FLOW		= 1 << 8	/* each by itself */
};

enum { ISOLATE_TOKEN = 16, ISOLATE_OWNER = 6 };

struct isolate_key {
	unsigned	flags;		/* ISOLATE_* */
	int		session_group;
	uint8_t		proto;		/* of the client: which kind of door */
	struct addr	client;		/* its port never counts */
	const void	*place;		/* where the client is, in bytes; counts
					 * with its address */
	size_t		 place_len;
	struct addr	owner;		/* what stands for the client, whichever
					 * of its addresses it has now; neither
					 * does this one's port */
	struct addr	dest;		/* address and port */
	const char	*dest_name;	/* or NULL; instead of the address */
	const char	*auth;		/* SOCKS user and password, or NULL */
	size_t		auth_len;
	const uint32_t	*uid;		/* of the client's program; NULL: unknown */
	const char	*app;		/* its cgroup; NULL: unknown */
	/* All that the destination is known to be called, whether or not it was
	 * connected to by name; 0: nothing. */
	const char	*const *names;
	size_t		nnames;
	uint64_t	flow;		/* another one for each */
};

struct isolate;

struct isolate	*isolate_new(void);	/* NULL: no memory */
void		 isolate_free(struct isolate *);
void		 isolate_token(const struct isolate *,
		    const struct isolate_key *, uint8_t out[ISOLATE_TOKEN]);

#endif
