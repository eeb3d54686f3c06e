/* daemon/process.h - what a daemon is to the system
 *
 * Into the background, which user it is, what it must not be able to do.  All
 * of it happens before the loop starts; each failure ends the start.
 */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conf;

/* RunAsDaemon: the caller goes on as the child; the parent waits until the
 * child says that it is up and exits with its status. */
int	process_background(int *ready_fd);	/* 0 or -errno */
void	process_up(int *ready_fd);

/* Can we become @c's User?  -ENOENT: there is no such user; -EPERM: we are not
 * root, and it is somebody else.  @why gets a sentence. */
int	process_check_user(const struct conf *c, char *why, size_t max);
/* Acts as @user for files from now on, if we are root and @user is not NULL;
 * process_as_root() goes back.  -ENOENT: no such user. */
int	process_as_user(const char *user);
void	process_as_root(void);
/* For good, and checked. */
int	process_drop(const char *user);

enum { PROCESS_GROUPS_MAX = 256 };

struct process_user {		/* as looked up */
	int	other;		/* we are root, and it is to be somebody else */
	uid_t	uid;
	gid_t	gid, group[PROCESS_GROUPS_MAX];
	int	ngroups;
};

/* process_drop() in two steps: names need files that may be gone then.  @user
 * NULL: as we are.  -ENOENT: no such user. */
int	process_find(struct process_user *, const char *user);
int	process_become(const struct process_user *);
/* No capability, and none that could come back: the bounds first, while there
 * is the right to set them. */
void	process_no_bounds(void);
int	process_no_rights(void);
/* No core dumps, no new privileges, and no debugger unless it may. */
int	process_closed(int debugger);

/* The same, but these capabilities (1 << CAP_*) stay, of those that were there.
 * For a child that does nothing else. */
int	process_keep(const char *user, uint32_t capabilities);
/* Whoever we are: of those that are there no other ones stay, or come back. */
int	process_limit(uint32_t capabilities);
/* Whose it will be: @user's, or ours. */
int	process_uid(const char *user, uint32_t *uid);	/* 0 or -errno */

/* No core dumps, no debugger, no new privileges. */
int	process_harden(const struct conf *);
/* Descriptors: as many as allowed; returns the limit. */
size_t	process_descriptors(void);
/* What is freed is kept for what comes next, up to some MiB. */
void	process_memory(void);
int	process_pid_file(const char *path);
/* DataDirectory, made for @user where it is missing. */
int	process_directory(const char *path, const char *user);
/* The directory of a socket that others may reach, made for @user where it is
 * missing.  With @ours it is by its name nobody else's, and becomes @user's also
 * where a start as root left it root's. */
int	process_socket_directory(const char *socket, const char *user,
	    int ours);

#endif
