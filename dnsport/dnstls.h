/* dnsport/dnstls.h - TLS to a resolver (RFC 7858), sans IO
 *
 * OpenSSL over memory: bytes from the network and bytes of ours go in, bytes of
 * the resolver's and bytes for the network come out.  A session is up only with
 * a certificate that was verified for the resolver's name; none is resumed,
 * since that would tell the resolver who of its clients are one.
 */
#ifndef DNSPORT_DNSTLS_H
#define DNSPORT_DNSTLS_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct dnstls;
struct dnstls_ctx;

/* Whom to trust: the certificates in @pem, or, where that is NULL, the system's
 * store.  0, -EINVAL where there are none in it, -ENOMEM. */
int	dnstls_ctx_new(struct dnstls_ctx **, const char *pem, size_t len);
void	dnstls_ctx_free(struct dnstls_ctx *);

/* @name is a host's name, or an address as text.  0 or -ENOMEM. */
int	dnstls_new(struct dnstls **, struct dnstls_ctx *, const char *name);
void	dnstls_free(struct dnstls *);
/* Bytes from the network; what they are in plain text goes into @plain.  0;
 * -ECONNRESET: it is over; -EKEYREJECTED: the certificate is not the
 * resolver's; -EPROTO; -ENOBUFS. */
int	dnstls_input(struct dnstls *, const void *, size_t, struct buf *plain);
/* Bytes of ours, to be taken whole: 0, -EAGAIN before it is up, or as above. */
int	dnstls_output(struct dnstls *, const void *, size_t);
/* Moves what is for the network into @wire.  0 or -ENOBUFS. */
int	dnstls_pull(struct dnstls *, struct buf *wire);
int	dnstls_is_up(const struct dnstls *);

#endif
