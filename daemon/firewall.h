/* daemon/firewall.h - the firewall, as the engine sees it
 *
 * With FailClosed 1 the kernel lets this program connect only to addresses that
 * are in the firewall's sets.  Here they are asked for, of the process that
 * keeps those (daemon/fwproc.h): what was allowed is remembered, and who wants
 * something new waits for its answer (base/permit.h), while all else goes on.
 *
 * And here is heard whether the gate is open, that is, whether the kernel's
 * rules are as planned.  It is shut until that was heard.
 */
#ifndef DAEMON_FIREWALL_H
#define DAEMON_FIREWALL_H

struct conf;
struct evloop;
struct firewall;
struct permit_giver;

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

/* Whom to ask, and as long as it lives.  The answer is 0; -EACCES no;
 * -ETIMEDOUT, -EPIPE: who would know does not answer; -EAGAIN: too many ask. */
const struct permit_giver *firewall_relays(const struct firewall *);
const struct permit_giver *firewall_direct(const struct firewall *);

#endif
