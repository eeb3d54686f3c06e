/* onion/path/pathstate.h - guards and build times as owners of state lines
 *
 * For statefile_own(): the argument is the struct guards, the struct timeout.
 * After statefile_load(): guard_set_netdir() when there is one, and
 * timeout_state_done().  Their dirty() callbacks lead to statefile_dirty().
 */
#ifndef ONION_PATH_PATHSTATE_H
#define ONION_PATH_PATHSTATE_H

struct statefile_owner;

const struct statefile_owner *pathstate_guards(void);
const struct statefile_owner *pathstate_timeout(void);

#endif
