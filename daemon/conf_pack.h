/* daemon/conf_pack.h - what packing (conf.h) and loading share */
#ifndef DAEMON_CONF_PACK_H
#define DAEMON_CONF_PACK_H

struct conf;
struct conf_err;

/* Of conf_load.c: from the texts to the fields. */
int	conf_load_values(struct conf *, struct conf_err *);

#endif
