/* policy/lock.h - one process at a time
 *
 * A lock on an open file (flock), which ends with the process.  It is waited
 * for a little: the helpers of a daemon that was killed still end when whoever
 * follows it is there.
 */
#ifndef POLICY_LOCK_H
#define POLICY_LOCK_H

/* 0, or -errno: -EBUSY where another process has it still, after 3 seconds. */
int	lock_take(int fd);

#endif
