/* base/arrival.h - by which interface a connection came
 *
 * Of a TCP socket that was accepted it is the one by which the packet came that
 * ended the handshake.  Whoever sent that knew what we had answered, so it was
 * on the way there; what a neighbour table or a route says of the client's
 * address, others on the link may have had a hand in.  It is what the routing
 * layer calls the interface: a bridge, not its port; "lo" for programs of this
 * host.  No rights are needed.
 */
#ifndef BASE_ARRIVAL_H
#define BASE_ARRIVAL_H

struct msghdr;

/* Its index; 0: not known. */
int	arrival_of_socket(int fd);
/* The same of a datagram, received with IP_PKTINFO or IPV6_RECVPKTINFO. */
int	arrival_of_datagram(const struct msghdr *);

#endif
