/* base/addr.h - the one type for an internet address with a port
 *
 * Zeroed memory is "no address", which matches nothing and can't be dialled.
 * IPv4 sits in the first 4 bytes of @ip; an IPv4-mapped IPv6 address becomes
 * IPv4 when it comes from a socket, never when it comes from text; addr_unmap()
 * does it for whoever takes both for the same.
 *
 * A link-local address is one of an interface, and another one on the next: to
 * be the same it has to be so in @scope, too.  To a network it belongs or not,
 * wherever it is.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct addr {
	uint8_t		family;		/* 0: none; 4; 6 */
	uint16_t	port;		/* host order */
	uint8_t		ip[16];
	uint32_t	scope;		/* index of the interface that it is on,
					 * of a link-local one; 0: not known */
};

struct addr_net {			/* 10.0.0.0/8 */
	struct addr	addr;
	uint8_t		bits;
};

enum { ADDR_TEXT = 64 };		/* fits "[v6]:port" and a NUL */

void	addr_v4(struct addr *, uint32_t host_order, uint16_t port);
int	addr_from_sock(struct addr *, const struct sockaddr *);
socklen_t addr_to_sock(const struct addr *, struct sockaddr_storage *);
size_t	addr_iplen(const struct addr *);	/* 4, 16 or 0 */
void	addr_unmap(struct addr *);	/* ::ffff:1.2.3.4 -> 1.2.3.4 */
int	addr_is_link_local(const struct addr *);	/* fe80::/10 */

/* "1.2.3.4", "2001:db8::1", "[2001:db8::1]"; 0 or -EINVAL.  @len < 0: strlen. */
int	addr_parse_ip(struct addr *, const char *, int len);
/* The same with ":port" (IPv6 in brackets). */
int	addr_parse(struct addr *, const char *, int len);
int	addr_net_parse(struct addr_net *, const char *, int len);
int	addr_port_parse(uint16_t *, const char *, int len);	/* 1..65535 */

int	addr_same_ip(const struct addr *, const struct addr *);
int	addr_equal(const struct addr *, const struct addr *);	/* and port */
int	addr_in_net(const struct addr *, const struct addr_net *);
/* Do the first @bits agree?  0 for different families. */
int	addr_same_prefix(const struct addr *, const struct addr *, int bits);
/* Not routable in the internet: private, loopback, link-local, multicast,
 * reserved, unspecified; for IPv6 also what has one of those in it and is
 * translated to it, or tunnelled by it (mapped, SIIT, NAT64, 6to4, Teredo). */
int	addr_is_internal(const struct addr *);
/* All of it? */
int	addr_net_is_internal(const struct addr_net *);

/* Raw text, for the wire and configuration. @out holds ADDR_TEXT. */
const char *addr_ip_raw(const struct addr *, char *out);
const char *addr_raw(const struct addr *, char *out);
/* For the log: "[scrubbed]" unless SafeLogging is 0. */
const char *addr_show(const struct addr *, char *out);

#endif
