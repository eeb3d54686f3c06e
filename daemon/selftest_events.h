/* daemon/selftest_events.h - what happens while a flood goes on
 *
 * Deaths, reloads, changes by others and by the network.  In the first half
 * only the flood is there, and what the network does.
 */
#ifndef DAEMON_SELFTEST_EVENTS_H
#define DAEMON_SELFTEST_EVENTS_H

#include "daemon/selftest_trial.h"

typedef void trial_event(struct trial *);

trial_event event_engine, event_firewall, event_keeper, event_holder,
    event_parent, event_stop, event_start, event_frozen, event_reload,
    event_bad_reload, event_flush, event_accept, event_forward, event_second,
    event_rename, event_flap, event_tun;

#endif
