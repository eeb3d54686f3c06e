/* daemon/conf_port.h - TransPort, DNSPort, SocksPort, HTTPTunnelPort, and the
 * doors that are not built
 *
 * [ADDRESS:]PORT|auto [flags], 0 for none; a SocksPort may be unix:PATH.
 */
#ifndef DAEMON_CONF_PORT_H
#define DAEMON_CONF_PORT_H

#include <stddef.h>
#include <stdio.h>

struct conf_note;
struct conf_port;

int	conf_read_trans_port(void *array, const char *, struct conf_note *);
int	conf_read_dns_port(void *array, const char *, struct conf_note *);
int	conf_read_socks_port(void *array, const char *, struct conf_note *);
int	conf_read_http_port(void *array, const char *, struct conf_note *);
void	conf_print_port(FILE *, const void *item);

/* The flags of a door that has no address (the TUN's), and what was read. */
int	conf_port_flags(struct conf_port *, const char *, struct conf_note *);
void	conf_print_flags(FILE *, const struct conf_port *);

/* A line that says 0 makes an entry with this session_group, so that "0" and a
 * port in the same configuration can be seen; conf_load.c takes it out. */
enum { CONF_PORT_OFF = -1000000 };

/* Of other doors: is it off?  Only the first word is looked at. */
int	conf_port_is_off(const char *);

#endif
