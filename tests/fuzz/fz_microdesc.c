/* tests/fuzz/fz_microdesc.c - microdescriptors, as downloaded or cached */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/portlist.h"
#include "tests/fuzz/fuzz.h"

static void
check(const struct microdesc *md)
{
	uint32_t i;

	for (i = 1; md->family != NULL && i < md->family->n; i++)
		if (memcmp(md->family->member[i - 1], md->family->member[i],
		    21) >= 0)
			abort();
	for (i = 1; md->famids != NULL && i < md->famids->n; i++)
		if (memcmp(md->famids->id[i - 1], md->famids->id[i], 32) >= 0)
			abort();
	if (md->exit4 != NULL && !portlist_accepts_any(md->exit4))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data, *last = text;
	struct microdesc_reader r;
	const struct microdesc *md;
	struct microdesc_raw raw;
	struct mdset *s;
	static int ready;
	int rc;

	if (!ready++) {
		rand_init();
		crypt_init();
	}
	if ((s = mdset_new()) == NULL)
		return 0;
	microdesc_read_init(&r, text, len);
	while (microdesc_read(&r, &raw) > 0) {
		if (raw.body < last || raw.len == 0 ||
		    raw.body + raw.len > text + len)
			abort();
		last = raw.body + raw.len;
		rc = mdset_add(s, &raw, 1);
		if ((md = mdset_find(s, raw.digest)) != NULL)
			check(md);
		else if (rc != -ENOMEM)
			abort();
	}
	(void)mdset_expire(s, MICRODESC_KEEP_S + 2);
	if (mdset_count(s) != 0 || mdset_bytes(s) != 0)
		abort();
	mdset_free(s);
	return 0;
}
