/* tests/fuzz/fz_store_cache.c - a data directory full of anything
 *
 * The input is cut at each 00 FF into the files of the cache, in this order:
 * certificates, consensus, the waiting one, microdescriptors, journal.  The
 * authorities are those of tests/vectors/dir, so that real documents get past
 * the signatures.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/rand.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/bootstrap.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/netdir.h"
#include "onion/dir/store.h"
#include "tests/fuzz/fuzz.h"

static const char *const names[] = {
	"cached-certs", "cached-microdesc-consensus",
	"unverified-microdesc-consensus", "cached-microdescs",
	"cached-microdescs.new"
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static const char *const authorities[3] = {
	"C77CD27FD025A3321BCB0C53AEB2987AF8C18F16",
	"1016C382D83451C74F2E6F34EE987E70C8160790",
	"FA49DBE96C0AACADDCC316487C13FE6173E01154"
};

static char dir[256];
static struct netdir *view;

static void
clean_up(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	size_t i;

	for (i = 0; i < NAMES; i++)
		unlinkat(fd, names[i], 0);
	unlinkat(fd, "lock", 0);
	close(fd);
	rmdir(dir);
}

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");
	struct log_set *quiet;

	if (dir[0])
		return;
	rand_init();
	crypt_init();
	must((quiet = log_set_new()) != NULL);
	must(log_set_add(quiet, LL_ERR, LL_ERR, LOG_TO_STDERR, NULL) == 0);
	log_set_use(quiet);
	snprintf(dir, sizeof(dir), "%s/fz-store-XXXXXX", base ? base : "/tmp");
	must(mkdtemp(dir) != NULL);
	atexit(clean_up);
}

static int
on_fetch(void *arg, const struct dir_fetch *f)
{
	(void)arg;
	must(f->request.path[0] == '/');
	return -ENETUNREACH;
}

static void
on_cancel(void *arg, uint32_t id)
{
	(void)arg;
	(void)id;
	abort();
}

static void
on_netdir(void *arg, struct netdir *nd)
{
	(void)arg;
	netdir_free(view);
	view = nd;
}

static int
on_enough(void *arg, const struct netdir *nd, int *percent)
{
	(void)arg;
	*percent = 0;
	return nd->nusable > 3;
}

static void
on_progress(void *arg, int percent, const char *tag, const char *summary)
{
	(void)arg;
	must(percent >= 0 && percent <= 75 && tag && summary);
}

static const struct bootstrap_user owner = {
	.fetch = on_fetch, .cancel = on_cancel, .netdir = on_netdir,
	.enough = on_enough, .progress = on_progress
};

static void
put_files(struct store *s, const uint8_t *p, size_t len)
{
	struct store_part part;
	const uint8_t *cut;
	size_t i;

	for (i = 0; i < NAMES; i++) {
		cut = len ? memmem(p, len, "\0\xff", 2) : NULL;
		part.p = p;
		part.len = cut ? (size_t)(cut - p) : len;
		if (part.len)
			must(store_append(s, names[i], &part, 1, NULL) == 0);
		len = cut ? len - part.len - 2 : 0;
		p = cut ? cut + 2 : p;
	}
}

static struct dirsources *
make_sources(struct loop *loop)
{
	struct dirsource_conf a[3];
	struct dirsources *s;
	size_t i;

	memset(a, 0, sizeof(a));
	for (i = 0; i < 3; i++) {
		a[i].weight = 1;
		a[i].rsa_id[0] = (uint8_t)(i + 1);
		addr_v4(&a[i].or4, 0x7f000001, 9001);
		dec_hex(a[i].v3ident, 20, authorities[i], 40);
	}
	must(dirsources_new(&s, loop, a, 3, NULL, 0, 1) == 0);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct bootstrap_conf c = { .testing = 1, .user = &owner };
	struct bootstrap *b;
	struct loop loop;
	char why[100];
	size_t i;

	set_up();
	loop_init(&loop, 0, 1795388875);
	must(store_open(&c.store, dir, why, sizeof(why)) == 0);
	put_files(c.store, p, len);
	c.loop = &loop;
	c.sources = make_sources(&loop);
	must(bootstrap_new(&b, &c) == 0);
	must(bootstrap_start(b) == 0);
	loop_advance(&loop, 100);
	bootstrap_free(b);
	loop_end_turn(&loop);
	dirsources_free(c.sources);
	netdir_free(view);
	view = NULL;
	for (i = 0; i < NAMES; i++)
		store_remove(c.store, names[i]);
	store_close(c.store);
	return 0;
}
