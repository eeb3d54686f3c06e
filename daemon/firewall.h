/* daemon/firewall.h - the firewall, as the engine sees it
 *
 * With FailClosed 1 the kernel lets this program connect only to addresses that
 * are in the firewall's sets.  Here they are asked for, of the process that
 * keeps those (daemon/fwproc.h).  What was allowed is remembered; what is new
 * waits for its answer in the turn: relays are few.
 *
 * And here is heard whether the gate is open, that is, whether the kernel's
 * rules are as planned.  It is shut until that was heard.
 */
#ifndef DAEMON_FIREWALL_H
#define DAEMON_FIREWALL_H

struct addr;
struct conf;
struct evloop;
struct firewall;

struct firewall_user {
	/* From the loop, never from within a call here. */
	void	(*gate)(void *arg, int open);
	/* Its process is no more: once. */
	void	(*gone)(void *arg);
};

/* @fd is taken, also where it fails.  0 or -ENOMEM. */
int	firewall_new(struct firewall **, int fd, struct evloop *,
	    const struct conf *, const struct firewall_user *, void *arg);
void	firewall_free(struct firewall *);
int	firewall_is_open(const struct firewall *);
/* Another configuration: what may go direct is asked for anew. */
int	firewall_set_conf(struct firewall *, const struct conf *);

/* May it be connected to?  0; -EACCES no; -ETIMEDOUT, -EPIPE: who would know
 * does not answer. */
int	firewall_relay(void *firewall, const struct addr *);
int	firewall_direct(void *firewall, const struct addr *);

#endif
