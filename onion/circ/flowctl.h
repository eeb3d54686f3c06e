/* onion/circ/flowctl.h - the numbers of flow control, from the consensus
 *
 * tor-spec 7.3-7.4, proposals 289 (authenticated SENDMEs) and 324 (congestion
 * control; the parameters are listed in its section 6.5).  A circuit copies
 * them when it is made, so that a new consensus changes nothing under way.
 */
#ifndef ONION_CIRC_FLOWCTL_H
#define ONION_CIRC_FLOWCTL_H

#include <stdint.h>

struct params;

enum {
	/* Fixed windows, in DATA cells: what hops do without congestion
	 * control (tor-spec 7.3, 7.4). */
	FLOWCTL_CIRC_WINDOW	= 1000,
	FLOWCTL_CIRC_INC	= 100,
	FLOWCTL_STREAM_WINDOW	= 500,
	FLOWCTL_STREAM_INC	= 50,
	/* A cell of the smaller relay cell format, by which relays reckon
	 * buffers, and of the larger one. */
	FLOWCTL_CELL_MIN	= 488,
	FLOWCTL_CELL_MAX	= 498,
	/* Ours, whatever a consensus says: cells in flight on a circuit. */
	FLOWCTL_CWND_MAX	= 20000
};

struct flow_params {			/* cells, unless said otherwise */
	int32_t	cc_on;			/* cc_alg: 0 no, else Vegas */
	int32_t	sendme_inc;
	int32_t	cwnd_init;
	int32_t	cwnd_min;
	int32_t	cwnd_max;
	int32_t	cwnd_inc;
	int32_t	cwnd_inc_rate;
	int32_t	cwnd_inc_pct_ss;	/* percent of sendme_inc */
	int32_t	cwnd_full_gap;		/* sendme_incs */
	int32_t	cwnd_full_minpct;
	int32_t	cwnd_full_per_cwnd;
	int32_t	ewma_cwnd_pct;
	int32_t	ewma_max;		/* SENDMEs */
	int32_t	ewma_ss;
	int32_t	rtt_reset_pct;
	int32_t	ss_cap;			/* slow start is slower from here */
	int32_t	ss_max;			/* ... and ends here */
	int32_t	alpha, beta, gamma, delta;	/* queue use */
	/* The same to onion services, whose paths are twice as long. */
	int32_t	service_ss_cap;
	int32_t	service_alpha, service_beta, service_gamma, service_delta;
	int32_t	xoff_client;		/* bytes */
	int32_t	xoff_exit;		/* bytes */
	int32_t	xon_change_pct;
	int32_t	xon_rate;		/* bytes */
	int32_t	xon_ewma;
	int32_t	conflux_held;		/* bytes that may come out of order */
};

/* NULL: what holds where a consensus says nothing. */
void	flow_params_load(struct flow_params *, const struct params *);
/* From now on those of a circuit that was joined with an onion service. */
void	flow_params_for_service(struct flow_params *);

#endif
