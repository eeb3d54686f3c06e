/* onion/hs/hsnet.h - the network as the client of onion services sees it
 *
 * Joins hsclient (what to do) with the pool, dirclient and hspow (by whom), and
 * both with attach, whose streams want to go to a service.
 */
#ifndef ONION_HS_HSNET_H
#define ONION_HS_HSNET_H

#include <stdint.h>

struct event_base;
struct hsauth;
struct hsclient_totals;
struct hsnet;
struct loop;
struct netdir;
struct path_ctx;
struct pool;
struct pool_circ;
struct pool_need;

struct hsnet_conf {
	struct loop	*loop;
	struct event_base *base;	/* for the thread that proves work;
					 * NULL: no proofs are made */
	void		(*enter)(void *turn);	/* around each event of it */
	void		(*leave)(void *turn);
	void		*turn;
	struct pool	*pool;
	const struct path_ctx *path;	/* who is excluded */
	int		 testing;	/* TestingTorNetwork */
	/* hsnet_get() may give another answer. */
	void		(*wake)(void *arg);
	void		*arg;
};

/* @take: the clients' keys, also where it fails; NULL: none. */
int	hsnet_new(struct hsnet **, const struct hsnet_conf *,
	    struct hsauth *take);
void	hsnet_free(struct hsnet *);	/* before the pool */
void	hsnet_set_auth(struct hsnet *, struct hsauth *take);
void	hsnet_set_netdir(struct hsnet *, const struct netdir *);
void	hsnet_newnym(struct hsnet *);	/* behind pool_newnym() */
void	hsnet_room(struct hsnet *);	/* the pool's ready() */
void	hsnet_totals(const struct hsnet *, struct hsclient_totals *);

/* struct attach_services; @hsnet is one. */
int	hsnet_get(void *hsnet, const struct pool_need *,
	    const uint8_t service[32], struct pool_circ **);
void	hsnet_spoil(void *hsnet, struct pool_circ *);

#endif
