/* daemon/socks.h - SOCKS 4, 4a and 5, the server's side (RFC 1928, 1929; tor's
 * socks-extensions, proposal 304)
 *
 * Bytes of one client go in, replies and at last a request come out.  It takes
 * not a byte beyond the request: what the client sends after it is for whom it
 * wants to talk to.  A request is made of checked parts only, but says nothing
 * of whether it is wise; and all that is kept is in the struct, of a fixed
 * size.
 *
 *	socks_input() -> SOCKS_MORE	send ->reply if there is any, and go on
 *		      -> SOCKS_ASKED	->ask is what it wants; answer it by
 *					one of socks_answer*()
 *		      -> SOCKS_OVER	send ->reply if there is any; nothing
 *					more is taken: why is in ->what
 */
#ifndef DAEMON_SOCKS_H
#define DAEMON_SOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "daemon/hostname.h"

enum {
	SOCKS_IN_MAX = 513,	/* bytes of a message: RFC 1929's is longest */
	SOCKS_4_MAX = 512,	/* of one of SOCKS 4, as tor */
	SOCKS_AUTH_MAX = 2 * (2 + 512),
	SOCKS_REPLY_MAX = 4 + 1 + 255 + 2
};

enum socks_command {
	SOCKS_CONNECT = 1, SOCKS_RESOLVE = 0xf0, SOCKS_RESOLVE_PTR = 0xf1
};

enum socks_result { SOCKS_OVER, SOCKS_MORE, SOCKS_ASKED };

struct socks_rules {
	uint8_t		prefer_no_auth;	/* PreferSOCKSNoAuth */
	uint8_t		extended;	/* ExtendedErrors */
	uint8_t		safe;		/* SafeSocks */
	/* Does the address stand for a name that we were asked for?  NULL: it
	 * does not. */
	int		(*is_ours)(const void *arg, const struct addr *);
	const void	*arg;
};

struct socks_ask {
	enum socks_command command;
	uint8_t		by_addr;	/* not by a name: whoever asks may have
					 * looked it up elsewhere (SafeSocks) */
	uint16_t	port;		/* not 0 with SOCKS_CONNECT */
	char		host[HOSTNAME_TEXT];
};

struct socks {
	struct socks_rules rules;
	uint8_t		state;
	uint8_t		version;	/* 4, 5; 0: not known yet */
	uint8_t		no_auth;	/* was agreed on */
	uint8_t		got_auth;
	struct socks_ask ask;
	uint8_t		auth[SOCKS_AUTH_MAX];	/* user and password, so that no
					 * two pairs are the same */
	size_t		auth_len;	/* 0: neither was given */
	const uint8_t	*reply;		/* to be sent; until the next call */
	size_t		reply_len;
	const char	*what;		/* OVER: what was wrong, for the log */
	uint8_t		in[SOCKS_IN_MAX];	/* the message that is coming */
	size_t		in_len;
	uint8_t		out[SOCKS_REPLY_MAX];
};

void	socks_init(struct socks *, const struct socks_rules *);
void	socks_wipe(struct socks *);
/* @used: how much of @data it took: all of it, or as far as the request went,
 * or as far as a reply is due.  After MORE the rest is given again. */
enum socks_result socks_input(struct socks *, const void *data, size_t len,
	    size_t *used);

/* The last reply, in ->reply.  @why: 0 or as base/endpoint.h has it. */
void	socks_answer(struct socks *, int why);
void	socks_answer_addr(struct socks *, const struct addr *);
void	socks_answer_name(struct socks *, const char *name);

#endif
