/* daemon/conf_check.h - what depends on several options
 *
 * The last step of conf_load(): bounds, contradictions, and the fields that
 * are made from more than one option.
 */
#ifndef DAEMON_CONF_CHECK_H
#define DAEMON_CONF_CHECK_H

struct conf;
struct conf_err;

int	conf_check(struct conf *, struct conf_err *);

#endif
