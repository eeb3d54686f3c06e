/* daemon/conf_fwcheck.h - what depends on several options of the firewall */
#ifndef DAEMON_CONF_FWCHECK_H
#define DAEMON_CONF_FWCHECK_H

struct conf;
struct conf_err;

int	conf_check_firewall(struct conf *, struct conf_err *);

#endif
