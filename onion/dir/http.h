/* onion/dir/http.h - the client's side of HTTP/1.0 GET, as directories speak it
 *
 * No IO: text of a request, and a parser that is fed an answer in pieces.  The
 * body is whatever follows the head until the stream ends; a Content-Length is
 * held to if it came (dir-spec 5, 6).
 */
#ifndef ONION_DIR_HTTP_H
#define ONION_DIR_HTTP_H

#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_HEAD_MAX = 16 * 1024	/* status line and headers */
};

enum http_coding {
	HTTP_CODING_NONE,		/* not said, or identity: sniff */
	HTTP_CODING_DEFLATE,
	HTTP_CODING_GZIP,
	HTTP_CODING_OTHER		/* something that we can't undo */
};

struct http_field {
	const char	*name;
	const char	*value;
};

struct http_resp {			/* zeroed memory is a new one */
	char		 head[HTTP_HEAD_MAX];
	size_t		 headlen;	/* bytes of it so far */
	int		 done;		/* the head is whole: */
	int		 status;	/* 100..599 */
	enum http_coding coding;
	int		 has_length;
	uint64_t	 length;	/* of the body as transferred */
	int		 has_date;
	int64_t		 date;		/* s since 1970 */
	uint64_t	 got;		/* bytes of body so far */
};

/* The text of a GET; its length, or -ENOBUFS, or -EINVAL where @path or a
 * field has a character that would end it. */
int	http_get(char *out, size_t max, const char *path,
	    const struct http_field *, size_t n);

/* Eats from the front of what came: returns how many of @len bytes belonged to
 * the head (all, until it is whole), the rest is body; or -EPROTO, -EMSGSIZE
 * (head too long). Once the head is whole it is given only body: returns 0
 * and counts. */
int	http_feed(struct http_resp *, const void *, size_t len);
/* The stream ended: 0, -EPIPE (cut short), -EPROTO. */
int	http_end(const struct http_resp *);

/* "Sun, 06 Nov 1994 08:49:37 GMT" both ways; 0 or -EINVAL. */
enum { HTTP_DATE_LEN = 30 };
int	http_date_parse(const char *, size_t len, int64_t *wall_s);
void	http_date_build(char out[HTTP_DATE_LEN], int64_t wall_s);

#endif
