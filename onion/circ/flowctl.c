/* onion/circ/flowctl.c - the numbers of flow control, from the consensus */
#include "onion/circ/flowctl.h"

#include <stddef.h>

#include "onion/dir/params.h"

enum {
	INC = 31,			/* cells in one TLS record */
	OUTBUF = 2 * INC		/* what a relay queues, roughly */
};

struct row {
	const char	*name;
	size_t		 at;
	int32_t		 def, min, max;
	int32_t		 unit;
};

#define ROW(name, field, def, min, max, unit)				\
	{ name, offsetof(struct flow_params, field), def, min, max, unit }

/* Queue use is allowed for in outbufs: three hops, three of them; six to an
 * onion service, and one more. */
static const struct row rows[] = {
	ROW("cc_alg", cc_on, 2, 0, 3, 1),
	ROW("cc_sendme_inc", sendme_inc, INC, 1, 254, 1),
	ROW("cc_cwnd_init", cwnd_init, 4 * INC, INC, 10000, 1),
	ROW("cc_cwnd_min", cwnd_min, 4 * INC, INC, 1000, 1),
	ROW("cc_cwnd_max", cwnd_max, INT32_MAX, 500, INT32_MAX, 1),
	ROW("cc_cwnd_inc", cwnd_inc, 1, 1, 1000, 1),
	ROW("cc_cwnd_inc_rate", cwnd_inc_rate, INC, 1, 250, 1),
	ROW("cc_cwnd_inc_pct_ss", cwnd_inc_pct_ss, 100, 1, 500, 1),
	ROW("cc_cwnd_full_gap", cwnd_full_gap, 4, 0, INT16_MAX, 1),
	ROW("cc_cwnd_full_minpct", cwnd_full_minpct, 25, 0, 100, 1),
	ROW("cc_cwnd_full_per_cwnd", cwnd_full_per_cwnd, 1, 0, 1, 1),
	ROW("cc_ewma_cwnd_pct", ewma_cwnd_pct, 50, 1, 255, 1),
	ROW("cc_ewma_max", ewma_max, 10, 2, INT32_MAX, 1),
	ROW("cc_ewma_ss", ewma_ss, 2, 2, INT32_MAX, 1),
	ROW("cc_rtt_reset_pct", rtt_reset_pct, 100, 0, 100, 1),
	ROW("cc_sscap_exit", ss_cap, 600, 100, INT32_MAX, 1),
	ROW("cc_ss_max", ss_max, 5000, 500, INT32_MAX, 1),
	ROW("cc_vegas_alpha_exit", alpha, 3 * OUTBUF, 0, 1000, 1),
	ROW("cc_vegas_beta_exit", beta, 4 * OUTBUF, 0, 1000, 1),
	ROW("cc_vegas_gamma_exit", gamma, 3 * OUTBUF, 0, 1000, 1),
	ROW("cc_vegas_delta_exit", delta, 5 * OUTBUF, 0, INT32_MAX, 1),
	ROW("cc_sscap_onion", service_ss_cap, 475, 100, INT32_MAX, 1),
	ROW("cc_vegas_alpha_onion", service_alpha, 3 * OUTBUF, 0, 1000, 1),
	ROW("cc_vegas_beta_onion", service_beta, 6 * OUTBUF, 0, 1000, 1),
	ROW("cc_vegas_gamma_onion", service_gamma, 4 * OUTBUF, 0, 1000, 1),
	ROW("cc_vegas_delta_onion", service_delta, 7 * OUTBUF, 0, INT32_MAX,
	    1),
	ROW("cc_xoff_client", xoff_client, 500, 1, 10000, FLOWCTL_CELL_MIN),
	ROW("cc_xoff_exit", xoff_exit, 500, 1, 10000, FLOWCTL_CELL_MIN),
	ROW("cc_xon_change_pct", xon_change_pct, 25, 1, 99, 1),
	ROW("cc_xon_rate", xon_rate, 500, 1, 5000, FLOWCTL_CELL_MAX),
	ROW("cc_xon_ewma_cnt", xon_ewma, 2, 2, 100, 1),
	ROW("cfx_max_oooq_bytes", conflux_held, INT32_MAX, 0, INT32_MAX, 1)
};

void
flow_params_load(struct flow_params *f, const struct params *params)
{
	const struct row *r;
	int32_t *field;

	for (r = rows; r < rows + sizeof(rows) / sizeof(rows[0]); r++) {
		field = (int32_t *)(void *)((char *)f + r->at);
		*field = r->def;
		if (params)
			*field = params_get(params, r->name, r->def, r->min,
			    r->max);
		*field *= r->unit;
	}
}

void
flow_params_for_service(struct flow_params *f)
{
	f->ss_cap = f->service_ss_cap;
	f->alpha = f->service_alpha;
	f->beta = f->service_beta;
	f->gamma = f->service_gamma;
	f->delta = f->service_delta;
}
