/* onion/path/guard.h - the few relays that we let know who we are (guard-spec)
 *
 * A circuit, or a request to a directory, that is to begin at a guard asks for
 * one and gets a struct guard_use: its claim on that guard.  Whoever asked
 * owns it and frees it when the circuit is gone, whatever became of it.
 *
 *	guard_pick() -> use ... the circuit stands:  guard_succeeded()
 *				GUARD_NOW	streams may go over it
 *				GUARD_WAIT	keep it; ready() tells when
 *						it is good enough, stale()
 *						when to close it
 *				GUARD_NEVER	close it
 *			... its first hop failed:    guard_failed()
 *			... always, at the end:      guard_use_free()
 *
 * Only a failure that the guard is to blame for counts: no connection, no
 * answer to the first CREATE, the wrong identity.  That a later hop failed, or
 * that we closed the circuit, is no failure of the guard.
 *
 * Nothing here is called back from inside a call to this module: ready(),
 * stale() and switched() come at the end of the turn or from a timer; dirty()
 * alone comes at once.
 */
#ifndef ONION_PATH_GUARD_H
#define ONION_PATH_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct buf;
struct guard_use;
struct guards;
struct kin;
struct loop;
struct netdir;
struct relay;
struct relayset;

enum {
	GUARD_STATE_MAX = 4096,		/* guards that a state file may bring */
	GUARD_SELECTIONS_MAX = 16,
	GUARD_USES_MAX = 4096,
	GUARD_LINE_MAX = 4096,		/* longest line of state */
	GUARD_EXCLUDE_MAX = 32
};

enum guard_usage {
	GUARD_FOR_TRAFFIC,	/* needs the guard's microdescriptor */
	GUARD_FOR_DIR		/* one hop, BEGIN_DIR; needs none */
};

enum guard_verdict { GUARD_NEVER, GUARD_WAIT, GUARD_NOW };

enum guard_reach { GUARD_NO, GUARD_MAYBE, GUARD_YES };

struct guard_user {
	/* What guard_save() would write has changed. */
	void	(*dirty)(void *arg);
	/* A use that was told GUARD_WAIT may be used from now on. */
	void	(*ready)(void *arg, struct guard_use *, void *use_arg);
	/* A use waited for too long: its circuit should be closed. */
	void	(*stale)(void *arg, struct guard_use *, void *use_arg);
	/* Another selection is in use (default, restricted): circuits that
	 * stand should get no new streams.  May be NULL. */
	void	(*switched)(void *arg);
};

struct guard_conf {			/* copied; the sets are borrowed */
	/* 0: as the consensus says. */
	int32_t			 nguards;	/* NumEntryGuards */
	int32_t			 ndir;		/* NumDirectoryGuards */
	int32_t			 nprimary;	/* NumPrimaryGuards */
	int64_t			 lifetime_s;	/* GuardLifetime; >= 1 day */
	const struct relayset	*exclude;	/* ExcludeNodes */
	const struct relayset	*entries;	/* EntryNodes; NULL: not set */
	/* ReachableAddresses, FascistFirewall, ClientUseIPv4/6: may we connect
	 * to that address and port?  NULL: yes, to all. */
	int			(*reachable)(void *arg, const struct addr *);
	void			*reachable_arg;
	const struct kin	*kin;		/* borrowed */
	const char		*version;	/* sampled_by=; no spaces */
	/* UseBridges: guards are those of these relays that are usable (their
	 * descriptors are here), and nobody else, whatever the netdir lists;
	 * the same ones as long as the guards live.  NULL: as the netdir has
	 * it. */
	const struct relay	*bridges;
	size_t			 nbridges;
};

/* What a circuit can't have as its guard. */
struct guard_limit {
	const struct relay	*exit;	/* it and its kin; or NULL */
	const uint8_t		(*exclude)[20];	/* RSA ids */
	size_t			 nexclude;	/* <= GUARD_EXCLUDE_MAX */
};

int	 guard_new(struct guards **, struct loop *, const struct guard_conf *,
	    const struct guard_user *, void *arg);
void	 guard_free(struct guards *);	/* all uses must be gone */

/* A new configuration, or a new netdir (borrowed until the next call; NULL:
 * none).  Both redo all that is derived from them. */
int	 guard_set_conf(struct guards *, const struct guard_conf *);
int	 guard_set_netdir(struct guards *, const struct netdir *);
/* What the bridges say of themselves has changed. */
void	 guard_bridges_changed(struct guards *);

/* State: the "Guard" lines of tor's state file, which are read before the first
 * pick.  Line by line: 0, or -EINVAL for one that can't be read and is lost. */
typedef void guard_put_fn(void *arg, const char *key, const char *value);
extern const char *const guard_state_keys[];	/* ends with NULL */
int	 guard_state_line(struct guards *, const char *value);
void	 guard_state_each(const struct guards *, guard_put_fn *, void *arg);
/* The same with a text, of which other lines are passed over.  guard_load()
 * replaces all guards and returns how many Guard lines it could not read;
 * guard_save() appends; -ENOBUFS where it does not fit. */
int	 guard_load(struct guards *, const char *text, size_t len);
int	 guard_save(const struct guards *, struct buf *);

/* @limit may be NULL.  -EAGAIN: no guard at this time (all have been given
 * another chance, try later); -ENOENT: no guard fits, or no netdir; -ENOSPC:
 * GUARD_USES_MAX. */
int	 guard_pick(struct guards *, enum guard_usage,
	    const struct guard_limit *, void *use_arg, struct guard_use **);
/* The guard, in the netdir of now; NULL where that does not list it. */
const struct relay *guard_relay(const struct guard_use *);
const uint8_t *guard_rsa(const struct guard_use *);		/* 20 bytes */
enum guard_verdict guard_succeeded(struct guard_use *);
void	 guard_failed(struct guard_use *);
void	 guard_use_free(struct guard_use *);	/* NULL is fine */
int	 guard_is_complete(const struct guard_use *);

/* A channel to that relay could not be opened: whatever was to go over it has
 * failed.  Nothing happens where it is no guard of ours. */
void	 guard_chan_failed(struct guards *, const uint8_t rsa[20]);
/* Something came from the network: it is there.  Cheap; for any cell. */
void	 guard_note_online(struct guards *);
/* Try all again now: the network came back, or a user waits. */
void	 guard_retry_all(struct guards *);

/* How many bridges can be guards; -1: no bridges are used. */
int	 guard_usable_bridges(const struct guards *);
/* Of the primary guards that would be used next, how many have no
 * microdescriptor yet?  No circuits are built until none is missing. */
size_t	 guard_missing_descs(struct guards *);

struct guard_info {
	uint8_t			rsa[20];
	char			nickname[20];
	int64_t			sampled_on;	/* s since 1970 */
	int64_t			confirmed_on;	/* 0: not confirmed */
	int64_t			unlisted_since;	/* 0: listed */
	enum guard_reach	reach;
	uint8_t			listed, filtered, confirmed, primary, pending;
};

/* Guards of the selection in use, in order of preference: primary ones first,
 * then confirmed ones, then the rest of the sample.  Returns how many there
 * are; at most @max are written. */
size_t	 guard_list(struct guards *, struct guard_info *, size_t max);
const char *guard_selection(const struct guards *);	/* "default", ... */

#endif
