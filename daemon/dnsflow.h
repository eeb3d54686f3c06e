/* daemon/dnsflow.h - DNS over TCP that comes in through the TUN
 *
 * A client connects to port 53 of some address and talks to our DNS server.
 * It is let in at once: there is always somebody to talk to.
 */
#ifndef DAEMON_DNSFLOW_H
#define DAEMON_DNSFLOW_H

struct addr;
struct dnsflows;
struct dnsport;
struct endpoint;
struct loop;

enum {
	DNSFLOW_MAX = 256,		/* connections */
	DNSFLOW_CLIENT_MAX = 64,	/* of one client, which for a
					 * workstation is all programs */
	/* Bytes of questions: the longest, and more, since a window is offered
	 * in units of 16 bytes, and less than one is left unsaid. */
	DNSFLOW_CREDIT = 65552,
	DNSFLOW_OUT_MAX = 512 * 1024,	/* bytes that the connection did not
					 * take; as many answers as may wait */
	DNSFLOW_IDLE_MS = 30 * 1000
};

struct dnsflow_conf {
	struct loop	*loop;
	struct dnsport	*dnsport;
	void		*listener;	/* for struct dns_from */
};

int	dnsflows_new(struct dnsflows **, const struct dnsflow_conf *);
/* Ends them all.  The loop's turn must end after it. */
void	dnsflows_free(struct dnsflows *);
/* Takes the client's endpoint, whatever becomes of it. */
void	dnsflows_take(struct dnsflows *, const struct addr *client,
	    struct endpoint *take);

#endif
