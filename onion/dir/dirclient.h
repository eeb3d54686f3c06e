/* onion/dir/dirclient.h - one directory request over one stream
 *
 * HTTP/1.0 GET on an endpoint that the caller obtained (BEGIN_DIR), with the
 * answer uncompressed, held to a ceiling by the kind of document and to 60 s
 * of silence (dir-spec 5; map 14).  The request owns the endpoint from the
 * moment it is given, also when dirclient_get() fails.
 *
 * The callback comes exactly once, unless dirclient_cancel() came before; the
 * request is then gone, and so is its endpoint.
 */
#ifndef ONION_DIR_DIRCLIENT_H
#define ONION_DIR_DIRCLIENT_H

#include <stddef.h>
#include <stdint.h>

struct dirclient;
struct endpoint;
struct loop;

enum dir_kind {
	DIR_KIND_NONE,
	DIR_KIND_CERTS,		/* /tor/keys/... */
	DIR_KIND_CONSENSUS,	/* .../consensus-microdesc/..., whole or diff */
	DIR_KIND_MICRODESCS,	/* /tor/micro/d/... */
	DIR_KIND_HSDESC,	/* /tor/hs/3/...: anonymised */
	DIR_KIND_BRIDGEDESC,	/* /tor/server/authority, from a bridge */
	DIR_NKINDS
};

enum dir_stage {			/* how far a request is */
	DIR_STAGE_NONE,
	DIR_STAGE_SENT,		/* the request went out whole */
	DIR_STAGE_BEGUN		/* the first bytes of a document (200) came */
};

enum {
	DIR_PATH_MAX = 32 * 1024,	/* 500 digests are 22 kB */
	DIR_SILENCE_MS = 60 * 1000
};

struct dir_request {
	enum dir_kind	 kind;
	const char	*path;		/* "/tor/..."; copied */
	const char	*host;		/* "address:port" of the relay's ORPort
					 * for the Host line, as tor tells it;
					 * copied; NULL: no such line */
	uint8_t		 anonymised;	/* over a 3-hop circuit: the request
					 * must look like everybody's */
	uint8_t		 has_diff_from;
	uint8_t		 diff_from[32];	/* SHA3-256 of the consensus we hold */
	int64_t		 if_newer;	/* If-Modified-Since, s since 1970;
					 * 0: none */
	/* Told of every stage, once; may be NULL.  The stage calls may cancel
	 * other requests, not this one. */
	void		(*stage)(void *arg, uint32_t id, enum dir_stage);
	void		*stage_arg;
	uint32_t	 stage_id;
};

struct dir_result {
	int		 err;		/* 0: an HTTP answer came whole; else
					 * -ETIMEDOUT, -EPROTO, -EMSGSIZE (over
					 * the ceiling), -EPIPE (cut short),
					 * or what the endpoint said */
	int		 status;	/* HTTP status; where err is not 0: of
					 * the head, if one came; else 0 */
	uint8_t		*body;		/* NUL follows; NULL where there is
					 * none.  Whoever sets this NULL has
					 * taken it and frees it with free() */
	size_t		 len;
	int		 has_date;
	int64_t		 skew_s;	/* their clock minus ours, seconds:
					 * positive where we are behind */
};

typedef void dirclient_fn(void *arg, struct dir_result *);

int	dirclient_get(struct dirclient **, struct loop *,
	    struct endpoint *take, const struct dir_request *,
	    dirclient_fn *, void *arg);
void	dirclient_cancel(struct dirclient *);

size_t	dir_kind_max(enum dir_kind);	/* bytes of a document, most */
const char *dir_kind_name(enum dir_kind);

#endif
