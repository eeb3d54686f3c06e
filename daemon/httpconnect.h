/* daemon/httpconnect.h - HTTP CONNECT, the server's side (RFC 9110 9.3.6, as
 * tor's HTTPTunnelPort speaks it)
 *
 * Bytes of one client go in, and a request to connect or an answer comes out.
 * It takes not a byte beyond the empty line that ends the headers.  What is no
 * request for a tunnel is answered only if the client believes to speak with
 * this host: a web page that was tricked into asking learns nothing of us.
 */
#ifndef DAEMON_HTTPCONNECT_H
#define DAEMON_HTTPCONNECT_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/hostname.h"

enum {
	HTTPCONNECT_IN_MAX = 8192,	/* bytes of a request, as tor */
	HTTPCONNECT_REPLY_MAX = 512
};

enum httpconnect_result {
	HTTPCONNECT_OVER,	/* send ->reply if there is any, and close */
	HTTPCONNECT_MORE,
	HTTPCONNECT_ASKED	/* answer it by httpconnect_answer() */
};

struct httpconnect {
	uint8_t		state;
	char		host[HOSTNAME_TEXT];
	uint16_t	port;		/* not 0 */
	/* Proxy-Authorization, Tor-Stream-Isolation and
	 * X-Tor-Stream-Isolation, so that no two triples are the same. */
	uint8_t		*auth;
	size_t		auth_len;	/* 0: none was given */
	const char	*reply;
	size_t		reply_len;
	const char	*what;		/* OVER: what was wrong, or NULL */
	uint8_t		*in;
	size_t		in_len, in_cap;
	char		out[HTTPCONNECT_REPLY_MAX];
};

void	httpconnect_init(struct httpconnect *);
void	httpconnect_fini(struct httpconnect *);
/* @used: how much of @data it took; all of it with MORE. */
enum httpconnect_result httpconnect_input(struct httpconnect *,
	    const void *data, size_t len, size_t *used);
/* The answer, in ->reply.  @why: 0 or as base/endpoint.h has it. */
void	httpconnect_answer(struct httpconnect *, int why);

#endif
