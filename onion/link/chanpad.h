/* onion/link/chanpad.h - padding an idle channel (padding-spec 2)
 *
 * Decides when one PADDING cell is due; sending it is the owner's.  Belongs to
 * a channel and is embedded in it; the configuration is borrowed and may
 * change, which chanpad_changed() must then be told.
 */
#ifndef ONION_LINK_CHANPAD_H
#define ONION_LINK_CHANPAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct chan_padding {		/* padding-spec 2; ms */
	uint8_t	off;		/* ConnectionPadding 0 */
	uint8_t	reduced;	/* ReducedConnectionPadding 1 */
	int32_t	low_ms;		/* nf_ito_low, 1500 */
	int32_t	high_ms;	/* nf_ito_high, 9500 */
	int32_t	low_reduced_ms;	/* nf_ito_low_reduced, 9000 */
	int32_t	high_reduced_ms;/* nf_ito_high_reduced, 14000 */
	uint8_t	after_use;	/* nf_pad_before_usage 0: not for circuits that
				 * were only built */
};

struct chanpad_user {
	int	(*busy)(void *arg);	/* is something waiting to be sent? */
	void	(*send)(void *arg);	/* one PADDING cell, now */
};

struct chanpad {
	struct loop			*loop;
	const struct chan_padding	*conf;
	const struct chanpad_user	*user;
	void				*arg;
	struct loop_timer		 timer;
	int64_t				 due;	/* ms; not before the timer */
	int64_t				 seen;	/* ms, when due was drawn */
	uint8_t				 on;
};

void	chanpad_init(struct chanpad *, struct loop *,
	    const struct chan_padding *, const struct chanpad_user *,
	    void *arg);
void	chanpad_start(struct chanpad *);	/* may be called again */
void	chanpad_stop(struct chanpad *);
void	chanpad_changed(struct chanpad *);
/* A cell went in either direction.  Cheap. */
void	chanpad_touch(struct chanpad *);

/* How long to be idle before the next PADDING, drawn anew; 0: never. */
int64_t	chanpad_draw(const struct chan_padding *);
/* Shall the relay pad towards us? */
int	chanpad_wants_relay(const struct chan_padding *);
/* The body of PADDING_NEGOTIATE; @body holds zeros. */
void	chanpad_negotiate(uint8_t *body, const struct chan_padding *);

#endif
