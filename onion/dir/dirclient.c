/* onion/dir/dirclient.c - one directory request over one stream
 *
 * Theory of operation
 *	The text of the request goes out as the endpoint takes it.  What comes
 *	back passes through http (head) and inflate (body) into one block; each
 *	byte taken is granted anew, so that a window's worth is always on its
 *	way and no more than that is held anywhere else.
 *
 *	Done when the endpoint says fin, or goes in order, or the promised
 *	length is there, or the status is not 200 (whose text nobody wants).
 *
 *	Any end: the endpoint is killed if it lives, the callback is called, and
 *	the request is freed when the turn ends.
 * Limits
 *	dir_kind_max() bytes; DIR_SILENCE_MS without a byte; TOTAL_MS in all,
 *	since a byte a minute is no silence.
 */
#include "onion/dir/dirclient.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/enc.h"
#include "base/loop.h"
#include "onion/dir/consensus.h"
#include "onion/dir/http.h"
#include "onion/dir/inflate.h"

enum {
	WINDOW = 256 * 1024,		/* bytes granted ahead */
	TOTAL_MS = 10 * 60 * 1000,
	FIELDS_MAX = 4
};

struct dirclient {
	struct loop		*loop;
	struct endpoint		*ep;		/* NULL: gone */
	dirclient_fn		*fn;		/* NULL: over, or cancelled */
	void			*arg;
	void			(*stage)(void *, uint32_t, enum dir_stage);
	void			*stage_arg;
	uint32_t		 stage_id;
	int			 begun;
	char			*text;		/* of the request */
	size_t			 len, sent;
	struct http_resp	 http;
	struct inflate		*body;
	struct loop_timer	 silence, total;
	struct loop_item	 reap;
};

static const struct {
	const char	*name;
	size_t		 max;
} kinds[DIR_NKINDS] = {
	[DIR_KIND_NONE] = { "nothing", 0 },
	[DIR_KIND_CERTS] = { "authority certificates", 2 << 20 },
	[DIR_KIND_CONSENSUS] = { "consensus", CONSENSUS_TEXT_MAX },
	[DIR_KIND_MICRODESCS] = { "microdescriptors", 8 << 20 },
	[DIR_KIND_HSDESC] = { "onion service descriptor", 50000 },
	[DIR_KIND_BRIDGEDESC] = { "bridge descriptor", 128 << 10 }
};

size_t
dir_kind_max(enum dir_kind k)
{
	return (unsigned)k < DIR_NKINDS ? kinds[k].max : 0;
}

const char *
dir_kind_name(enum dir_kind k)
{
	return (unsigned)k < DIR_NKINDS ? kinds[k].name : "unknown";
}

static void
reap(void *arg)
{
	struct dirclient *d = arg;

	inflate_free(d->body);
	free(d->text);
	free(d);
}

static void
die(struct dirclient *d, int why)
{
	struct endpoint *ep = d->ep;

	d->fn = NULL;
	d->stage = NULL;
	d->ep = NULL;
	loop_timer_clear(d->loop, &d->silence);
	loop_timer_clear(d->loop, &d->total);
	loop_item_add(d->loop, &d->reap);
	if (ep)
		endpoint_kill(ep, why);
}

/* The end, whatever it is. */
static void
finish(struct dirclient *d, int err)
{
	struct dir_result r = { .err = err };
	dirclient_fn *fn = d->fn;

	if (fn == NULL)
		return;
	if (r.err == 0 && d->http.status == 200)
		r.err = inflate_finish(d->body, &r.body, &r.len);
	if (d->http.done)
		r.status = d->http.status;
	if (d->http.done && d->http.has_date) {
		r.has_date = 1;
		r.skew_s = d->http.date - d->loop->wall;
	}
	die(d, err);
	fn(d->arg, &r);
	free(r.body);
}

static void
tell_stage(struct dirclient *d, enum dir_stage s)
{
	if (d->stage)
		d->stage(d->stage_arg, d->stage_id, s);
}

static void
send_more(struct dirclient *d)
{
	size_t left = d->len - d->sent, took;

	if (d->ep == NULL || left == 0)
		return;
	took = endpoint_send(d->ep, d->text + d->sent, left);
	d->sent += took;
	if (took == left)
		tell_stage(d, DIR_STAGE_SENT);
}

/* --- what the endpoint tells --- */

/* The end, if all that was promised is there or nobody wants the rest. */
static int
is_complete(const struct dirclient *d)
{
	return d->http.done && (d->http.status != 200 ||
	    (d->http.has_length && d->http.got >= d->http.length));
}

static int
take(struct dirclient *d, const uint8_t *p, size_t len)
{
	int n;

	if ((n = http_feed(&d->http, p, len)) < 0)
		return n;
	if (!d->http.done || d->http.status != 200)
		return 0;
	if (d->http.coding == HTTP_CODING_OTHER)
		return -EPROTO;
	return inflate_feed(d->body, p + n, len - (size_t)n);
}

static void
on_data(void *arg, const void *p, size_t len)
{
	struct dirclient *d = arg;
	int rc;

	if (d->fn == NULL)
		return;
	loop_timer_in(d->loop, &d->silence, DIR_SILENCE_MS);
	if ((rc = take(d, p, len)) < 0) {
		finish(d, rc);
		return;
	}
	if (!d->begun && d->http.done && d->http.status == 200) {
		d->begun = 1;
		tell_stage(d, DIR_STAGE_BEGUN);
	}
	if (is_complete(d))
		finish(d, d->http.status == 200 ? http_end(&d->http) : 0);
	else if (d->ep)
		endpoint_grant(d->ep, len);
}

static void
on_room(void *arg)
{
	send_more(arg);
}

static void
on_fin(void *arg)
{
	struct dirclient *d = arg;

	finish(d, http_end(&d->http));
}

static void
on_gone(void *arg, int why)
{
	struct dirclient *d = arg;

	d->ep = NULL;
	finish(d, why ? why : http_end(&d->http));
}

static void
on_timeout(void *arg)
{
	finish(arg, -ETIMEDOUT);
}

static const struct endpoint_user ears = {
	.data = on_data, .room = on_room, .fin = on_fin, .gone = on_gone
};

/* --- the request --- */

static int
write_request(struct dirclient *d, const struct dir_request *r)
{
	struct http_field f[FIELDS_MAX];
	char date[HTTP_DATE_LEN], hex[2 * 32 + 1];
	size_t n = 0, max = strlen(r->path) + 1024;
	int len;

	if (max > DIR_PATH_MAX + 1024)
		return -EINVAL;
	if (r->host)
		f[n++] = (struct http_field){ "Host", r->host };
	if (r->if_newer) {
		http_date_build(date, r->if_newer);
		f[n++] = (struct http_field){ "If-Modified-Since", date };
	}
	/* What we can undo tells who we are: not on anonymised streams. */
	if (!r->anonymised)
		f[n++] = (struct http_field){ "Accept-Encoding",
		    "deflate, gzip, identity" };
	if (r->has_diff_from) {
		enc_hex(hex, r->diff_from, 32);
		f[n++] = (struct http_field){ "X-Or-Diff-From-Consensus", hex };
	}
	if ((d->text = malloc(max)) == NULL)
		return -ENOMEM;
	if ((len = http_get(d->text, max, r->path, f, n)) < 0)
		return len;
	d->len = (size_t)len;
	return 0;
}

static void
start(struct dirclient *d, struct endpoint *ep)
{
	loop_timer_in(d->loop, &d->silence, DIR_SILENCE_MS);
	loop_timer_in(d->loop, &d->total, TOTAL_MS);
	d->ep = ep;
	endpoint_hold(ep, &ears, d);
	endpoint_grant(ep, WINDOW);
	send_more(d);
}

int
dirclient_get(struct dirclient **out, struct loop *loop, struct endpoint *ep,
    const struct dir_request *r, dirclient_fn *fn, void *arg)
{
	struct dirclient *d;
	int rc = -ENOMEM;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		goto fail;
	d->loop = loop;
	d->fn = fn;
	d->arg = arg;
	d->stage = r->stage;
	d->stage_arg = r->stage_arg;
	d->stage_id = r->stage_id;
	loop_timer_init(&d->silence, on_timeout, d);
	loop_timer_init(&d->total, on_timeout, d);
	loop_item_init(&d->reap, reap, d);
	if ((rc = write_request(d, r)) < 0 ||
	    (rc = inflate_new(&d->body, dir_kind_max(r->kind))) < 0)
		goto fail_client;
	*out = d;
	start(d, ep);
	return 0;

fail_client:
	reap(d);
fail:
	endpoint_kill(ep, rc);
	return rc;
}

void
dirclient_cancel(struct dirclient *d)
{
	if (d && d->fn)
		die(d, -ECANCELED);
}
