/* daemon/conf_logs.h - Log lines, and the sinks they open
 *
 *	Log [domains]severity[-severity] ... [stdout|stderr|syslog|file PATH]
 *
 * tor's log domains are taken by their names; each is one of ours, which are
 * fewer (doc: onion-transparent.conf(5)).
 */
#ifndef DAEMON_CONF_LOGS_H
#define DAEMON_CONF_LOGS_H

#include <stdio.h>

struct conf_note;

int	conf_read_log(void *array, const char *, struct conf_note *);
void	conf_print_log(FILE *, const void *item);
void	conf_free_log(void *item);

#endif
