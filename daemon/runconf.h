/* daemon/runconf.h - the configuration of `run`
 *
 * What the command line says, and the file that it names; without one,
 * ~/.config/onion-transparent/torrc, if it exists.  Where nothing is said of
 * DataDirectory it is ~/.local/state/onion-transparent.
 */
#ifndef DAEMON_RUNCONF_H
#define DAEMON_RUNCONF_H

struct conf;
struct conf_args;
struct conf_err;

int	runconf_load(struct conf **, const struct conf_args *,
	    struct conf_err *);		/* as conf_load() */

#endif
