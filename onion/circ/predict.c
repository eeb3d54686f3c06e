/* onion/circ/predict.c - which ports will be wanted next (path-spec 2.1.1)
 *
 * A table of the most recent ports; where it is full the one that was not seen
 * for longest makes room, so a port scan costs nothing but its own rows.
 */
#include "onion/circ/predict.h"

void
predict_init(struct predict *p, int64_t now)
{
	p->n = 0;
	predict_note(p, 443, now);
}

void
predict_note(struct predict *p, uint16_t port, int64_t now)
{
	size_t i, oldest = 0;

	for (i = 0; i < p->n; i++) {
		if (p->row[i].port == port) {
			p->row[i].seen = now;
			return;
		}
		if (p->row[i].seen < p->row[oldest].seen)
			oldest = i;
	}
	i = p->n < PREDICT_PORTS_MAX ? p->n++ : oldest;
	p->row[i].port = port;
	p->row[i].seen = now;
}

void
predict_drop(struct predict *p, uint16_t port)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->row[i].port == port)
			p->row[i--] = p->row[--p->n];
}

size_t
predict_ports(struct predict *p, int64_t now, int64_t keep_ms,
    uint16_t out[PREDICT_PORTS_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		if (now - p->row[i].seen > keep_ms)
			continue;
		p->row[n] = p->row[i];
		out[n] = p->row[n].port;
		n++;
	}
	p->n = n;
	return n;
}
