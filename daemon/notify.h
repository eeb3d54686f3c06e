/* daemon/notify.h - tells the service manager how far it is
 *
 * sd_notify(3)'s protocol: a datagram to the socket that NOTIFY_SOCKET names.
 * Without one, nothing is told; nobody waits for the one who is told.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* Remembers who is to be told, and takes it from the environment, which
 * children have. */
void	notify_take(void);
void	notify(const char *state);	/* "READY=1" */

#endif
