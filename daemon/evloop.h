/* daemon/evloop.h - libevent drives struct loop
 *
 * Every libevent callback of the program stands between evloop_enter(), which
 * sets the time of the turn, and evloop_leave(), which runs what the turn
 * queued (flushes, deaths) and arms libevent for the next deadline.
 */
#ifndef DAEMON_EVLOOP_H
#define DAEMON_EVLOOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct event;
struct event_base;

enum { EVLOOP_SCRATCH = 256 * 1024 };

struct evloop {
	struct loop		 loop;
	struct event_base	*base;
	struct event		*deadline;
	int64_t			 armed_for;	/* ms; LOOP_NEVER */
	int			 depth;
	uint8_t			*scratch;	/* for reads; dies with the turn */
};

int	evloop_init(struct evloop *);	/* 0 or -ENOMEM */
void	evloop_fini(struct evloop *);
void	evloop_enter(void *evloop);
void	evloop_leave(void *evloop);
int	evloop_run(struct evloop *);	/* until evloop_stop() */
void	evloop_stop(struct evloop *);

#endif
