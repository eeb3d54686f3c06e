/* tests/onion/dir/test_bootcache.c - bootstrap and its disk */
#include "onion/dir/bootstrap.h"

#include <errno.h>
#include <string.h>

#include "base/enc.h"
#include "base/sanitizer.h"
#include "onion/crypto/crypt.h"
#include "onion/dir/dirsource.h"
#include "onion/dir/microdesc.h"
#include "onion/dir/netdir.h"
#include "onion/dir/netdoc.h"
#include "onion/dir/store.h"
#include "tests/onion/dir/bootrig.h"
#include "tests/onion/dir/fakeauth.h"
#include "tests/onion/dir/tmpdir.h"
#include "tests/unit.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

#define CERTS "cached-certs"
#define CONSENSUS "cached-microdesc-consensus"
#define WAITING "unverified-microdesc-consensus"
#define MICRODESCS "cached-microdescs"
#define JOURNAL "cached-microdescs.new"

static const char *const files[] = {
	CERTS, CONSENSUS, MICRODESCS, JOURNAL, WAITING
};
static struct rig rig;

/* A first run that leaves a cache behind. */
static void
fill_cache(size_t n)
{
	be_quiet();
	tmpdir_make();
	rig_init(&rig, n, tmpdir);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, 5 * SECOND);
	ck_assert_uint_eq(rig.view->nusable, n);
	rig_stop(&rig);
}

static void
done(void)
{
	rig_fini(&rig);
	tmpdir_remove();
}

static unsigned
requests(void)
{
	return rig.to_guards + rig.to_authorities + rig.to_fallbacks;
}

START_TEST(bootstrap_warm_start_is_ready_without_a_request)
{
	fill_cache(100);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.view->nusable, 100);
	ck_assert_uint_eq(rig.netdirs, 1);
	ck_assert_uint_eq(requests(), 0);
	ck_assert_int_eq(rig.percent, 75);
	rig_run(&rig, MINUTE);
	ck_assert_uint_eq(requests(), 0);
	done();
}
END_TEST

START_TEST(bootstrap_warm_start_with_a_stale_consensus_asks_guards_only)
{
	fill_cache(100);
	rig_run(&rig, 20 * HOUR);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	rig_run(&rig, 15 * SECOND);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.to_authorities + rig.to_fallbacks, 0);
	ck_assert_uint_eq(rig.diffs, 1);
	ck_assert_int_gt(rig.view->valid_until, rig.loop.wall);
	done();
}
END_TEST

static const struct {
	const char	*name;
	int64_t		 ahead;		/* s that went by */
	int		 diff;		/* a difference can be had */
} ages[] = {
	{ "two days", 2 * 86400, 1 },
	{ "six days", 6 * 86400, 0 },
	{ "a month", 30 * 86400, 0 },
	{ "from the future", -3 * 86400, 0 }
};

START_TEST(bootstrap_cache_out_of_its_time_is_not_used)
{
	fill_cache(100);
	rig.churn = 0;
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + ages[_i].ahead);
	rig_start(&rig);
	ck_assert_ptr_null(rig.view);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CONSENSUS);
	rig_run(&rig, MINUTE);
	if (ages[_i].ahead < 0) {
		/* What a majority signed is not replaced by older. */
		ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CONSENSUS);
		done();
		return;
	}
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_ge(rig.to_fallbacks, 1);
	ck_assert_uint_eq(rig.diffs, (unsigned)ages[_i].diff);
	ck_assert_uint_eq(rig.view->nusable, 100);
	done();
}
END_TEST

/* A clock that is far ahead makes all that is on disk look old.  Once it is
 * right again nothing is missing. */
START_TEST(bootstrap_clock_ahead_for_a_while_leaves_the_cache_alone)
{
	int64_t wall;

	fill_cache(60);
	wall = rig.loop.wall;
	loop_set(&rig.loop, rig.loop.now + 1, wall + 400 * 86400);
	rig.mangle = rig_all_down;
	rig_start(&rig);
	ck_assert_ptr_null(rig.view);
	rig_run(&rig, 10 * SECOND);
	rig_stop(&rig);
	loop_set(&rig.loop, rig.loop.now + 1, wall + 60);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.view->nusable, 60);
	ck_assert_uint_eq(requests(), 0);
	done();
}
END_TEST

static unsigned
count_certs(void)
{
	size_t len;
	char *text = tmpdir_get(CERTS, &len), *at = text;
	unsigned n = 0;

	ck_assert_ptr_nonnull(text);
	for (; (at = strstr(at, "dir-key-certificate-version")) != NULL; at++)
		n++;
	free(text);
	return n;
}

/* A hundred days later the authorities have other keys. */
START_TEST(bootstrap_certificates_out_of_their_time_leave_the_disk)
{
	fill_cache(16);
	rig.churn = 0;
	ck_assert_uint_eq(count_certs(), 3);
	rig_start(&rig);
	rig.generation = 1;
	rig_run(&rig, 3 * HOUR);
	ck_assert_uint_eq(count_certs(), 6);
	rig.generation = 0;
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + 100 * 86400);
	rig_run(&rig, 2 * MINUTE);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(count_certs(), 3);
	done();
}
END_TEST

/* --- damage --- */

/* Whatever the files hold, it ends in a view that is right. */
static void
check_recovers(const char *what)
{
	rig_start(&rig);
	ck_assert_msg(rig_until_ready(&rig, 3 * MINUTE) >= 0, "%s", what);
	rig_run(&rig, 11 * MINUTE);
	ck_assert_msg(rig.view->nusable == rig.sd.n, "%s: %zu", what,
	    rig.view->nusable);
	ck_assert_uint_le(requests(), 20);
	rig_stop(&rig);
}

struct saved {
	char	*p;
	size_t	 len;
};

static void
save_all(struct saved s[5])
{
	size_t i;

	for (i = 0; i < 5; i++)
		s[i].p = tmpdir_get(files[i], &s[i].len);
}

static void
restore_all(const struct saved s[5])
{
	size_t i;

	for (i = 0; i < 5; i++) {
		unlink(tmpdir_path(files[i]));
		if (s[i].p)
			tmpdir_put(files[i], s[i].p, s[i].len);
	}
	loop_set(&rig.loop, rig.loop.now + 1, RIG_T0 + 1900);
}

static void
free_all(struct saved s[5])
{
	size_t i;

	for (i = 0; i < 5; i++)
		free(s[i].p);
}

/* The journal is filled in the first run; half of the tests want it merged. */
static void
merge_journal(struct saved s[5])
{
	s[2] = s[3];
	s[3].p = NULL;
}

START_TEST(bootstrap_cache_file_truncated_anywhere_is_got_over)
{
	struct saved s[5];
	size_t cut, step, f = (size_t)_i % 4;
	char what[100];

	fill_cache(16);
	rig.churn = 0;
	save_all(s);
	if (f == 2)
		merge_journal(s);
	ck_assert_ptr_nonnull(s[f].p);
	step = SANITIZERS ? s[f].len / 60 + 1 : 1;	/* else: at every byte */
	for (cut = 0; cut < s[f].len; cut += step) {
		restore_all(s);
		tmpdir_put(files[f], s[f].p, cut);
		snprintf(what, sizeof(what), "%s cut at %zu", files[f], cut);
		check_recovers(what);
	}
	free_all(s);
	done();
}
END_TEST

START_TEST(bootstrap_cache_file_with_flipped_bits_is_got_over)
{
	struct saved s[5];
	size_t at, step, f = (size_t)_i % 4;
	char what[100];

	fill_cache(16);
	rig.churn = 0;
	save_all(s);
	if (f == 2)
		merge_journal(s);
	step = SANITIZERS ? s[f].len / 60 + 1 : 11;
	for (at = 0; at < s[f].len; at += step) {
		restore_all(s);
		s[f].p[at] ^= (char)(1 << at % 8);
		tmpdir_put(files[f], s[f].p, s[f].len);
		s[f].p[at] ^= (char)(1 << at % 8);
		snprintf(what, sizeof(what), "%s flipped at %zu", files[f],
		    at);
		check_recovers(what);
	}
	free_all(s);
	done();
}
END_TEST

static const char nul_bytes[64];

START_TEST(bootstrap_cache_of_nonsense_is_got_over)
{
	char junk[5000];
	size_t f, k;

	fill_cache(16);
	rig.churn = 0;
	for (k = 0; k < sizeof(junk); k++)
		junk[k] = (char)(k * 7919 >> 3);
	for (f = 0; f < NELEM(files); f++) {
		tmpdir_put(files[f], "", 0);
		check_recovers("empty");
		tmpdir_put(files[f], nul_bytes, sizeof(nul_bytes));
		check_recovers("zeros");
		tmpdir_put(files[f], junk, sizeof(junk));
		check_recovers("junk");
		tmpdir_put(files[f], "onion-key\nonion-key\n@\n\n", 23);
		check_recovers("words");
		unlink(tmpdir_path(files[f]));
		ck_assert_int_eq(symlink("/etc/passwd", tmpdir_path(files[f])),
		    0);
		check_recovers("a link");
		unlink(tmpdir_path(files[f]));
		ck_assert_int_eq(mkfifo(tmpdir_path(files[f]), 0600), 0);
		check_recovers("a pipe");
		unlink(tmpdir_path(files[f]));
		check_recovers("missing");
	}
	done();
}
END_TEST

/* Files swapped: each is a sound document of another kind. */
START_TEST(bootstrap_cache_files_swapped_are_got_over)
{
	struct saved s[5];
	size_t i;

	fill_cache(16);
	rig.churn = 0;
	save_all(s);
	for (i = 0; i < 4; i++) {
		restore_all(s);
		if (s[(i + 1) % 4].p)
			tmpdir_put(files[i], s[(i + 1) % 4].p,
			    s[(i + 1) % 4].len);
		check_recovers(files[i]);
	}
	free_all(s);
	done();
}
END_TEST

START_TEST(bootstrap_cache_of_another_network_is_not_used)
{
	fill_cache(16);
	rig.signers = 1 << RIG_AUTHS;	/* a stranger's signature only */
	tmpdir_put(CONSENSUS, rig_doc(&rig, RIG_T0 + 3600)->text,
	    rig_doc(&rig, RIG_T0 + 3600)->len);
	rig.signers = 0;
	rig_start(&rig);
	ck_assert_ptr_null(rig.view);
	ck_assert_int_ne(access(tmpdir_path(CONSENSUS), F_OK), 0);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	done();
}
END_TEST

START_TEST(bootstrap_cache_of_a_network_that_excludes_us_asks_for_nothing)
{
	fill_cache(16);
	rig.lines = "required-client-protocols Link=63\n";
	tmpdir_put(CONSENSUS, rig_doc(&rig, RIG_T0 + 3600)->text,
	    rig_doc(&rig, RIG_T0 + 3600)->len);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_OBSOLETE);
	rig_run(&rig, 48 * HOUR);
	bootstrap_retry(rig.boot);
	rig_run(&rig, MINUTE);
	ck_assert_uint_eq(requests(), 0);
	ck_assert_ptr_null(rig.view);
	done();
}
END_TEST

/* --- what waits --- */

static int
no_certs(struct rig *r, const struct rig_job *j, struct dir_result *res)
{
	(void)r;
	if (j->request.kind == DIR_KIND_CERTS)
		rig_status(res, 404);
	return 0;
}

START_TEST(bootstrap_consensus_that_waits_survives_a_restart)
{
	be_quiet();
	tmpdir_make();
	rig_init(&rig, 16, tmpdir);
	rig.mangle = no_certs;
	rig_start(&rig);
	rig_run(&rig, 5 * SECOND);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CERTS);
	ck_assert_int_eq(access(tmpdir_path(WAITING), F_OK), 0);
	rig_stop(&rig);
	rig.mangle = NULL;
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_NO_CERTS);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	ck_assert_uint_eq(rig.asked[DIR_KIND_CONSENSUS], 0);
	ck_assert_int_ne(access(tmpdir_path(WAITING), F_OK), 0);
	ck_assert_int_eq(access(tmpdir_path(CONSENSUS), F_OK), 0);
	done();
}
END_TEST

START_TEST(bootstrap_waiting_consensus_with_certs_at_hand_is_taken)
{
	const struct rig_doc *d;
	size_t len;
	char *text;

	fill_cache(16);
	d = rig_doc(&rig, RIG_T0 + 3600);
	tmpdir_put(WAITING, d->text, d->len);
	loop_set(&rig.loop, rig.loop.now + 1, RIG_T0 + 3700);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_eq(rig.view->valid_after, RIG_T0 + 3600);
	text = tmpdir_get(CONSENSUS, &len);
	ck_assert_uint_eq(len, d->len);
	ck_assert_mem_eq(text, d->text, len);
	free(text);
	/* And it is the base of the next difference. */
	rig_run(&rig, 3 * HOUR);
	ck_assert_uint_ge(rig.diffs, 1);
	ck_assert_uint_eq(rig.full, 0);
	done();
}
END_TEST

/* --- a disk that refuses --- */

/* Directories stand where files are to be made. */
static void
block(int on)
{
	char name[100];
	size_t i;

	for (i = 0; i < NELEM(files); i++) {
		snprintf(name, sizeof(name), "%s%s", files[i],
		    strcmp(files[i], JOURNAL) == 0 ? "" : ".tmp");
		if (on)
			ck_assert_int_eq(mkdir(tmpdir_path(name), 0700), 0);
		else
			ck_assert_int_eq(rmdir(tmpdir_path(name)), 0);
	}
}

START_TEST(bootstrap_disk_that_refuses_does_not_stop_it)
{
	struct bootstrap_status s;

	be_quiet();
	tmpdir_make();
	rig_init(&rig, 60, tmpdir);
	rig_make(&rig);
	block(1);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, 6 * HOUR);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.diffs, 0);	/* nothing to start from */
	bootstrap_status(rig.boot, &s);
	ck_assert_ptr_nonnull(strstr(s.trouble, "data directory"));
	block(0);
	rig_run(&rig, 12 * HOUR);
	bootstrap_status(rig.boot, &s);
	ck_assert_str_eq(s.trouble, "");
	ck_assert_uint_ge(rig.diffs, 1);	/* it is back */
	done();
}
END_TEST

START_TEST(bootstrap_disk_read_back_changed_under_us_costs_one_request)
{
	fill_cache(60);
	rig_start(&rig);
	tmpdir_put(CONSENSUS, "network-status-version 3 microdesc\n", 35);
	rig_run(&rig, 3 * HOUR);
	ck_assert_uint_ge(rig.full, 1);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_int_gt(rig.view->valid_after, RIG_T0);
	done();
}
END_TEST

/* --- the journal --- */

static size_t
count_microdescs(const char *name, int64_t *oldest, size_t *size)
{
	struct microdesc_reader r;
	struct microdesc_raw one;
	size_t n = 0;
	char *text = tmpdir_get(name, size);

	*oldest = INT64_MAX;
	if (text == NULL) {
		*size = 0;
		return 0;
	}
	microdesc_read_init(&r, text, *size);
	while (microdesc_read(&r, &one) > 0) {
		n++;
		if (one.listed < *oldest)
			*oldest = one.listed;
	}
	free(text);
	return n;
}

START_TEST(bootstrap_journal_is_merged_and_old_ones_go)
{
	size_t main_n, journal_n, main_size, journal_size;
	int64_t oldest, oldest_new;

	be_quiet();
	tmpdir_make();
	rig_init(&rig, 2500, tmpdir);
	rig.churn = 250;
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, 12 * HOUR);
	main_n = count_microdescs(MICRODESCS, &oldest, &main_size);
	journal_n = count_microdescs(JOURNAL, &oldest_new, &journal_size);
	/* All that are listed are on disk, the most of them merged. */
	ck_assert_uint_ge(main_n, 2500);
	ck_assert_uint_ge(main_n + journal_n, 2500 + 250);
	ck_assert_uint_lt(journal_size, 600 << 10);
	rig_stop(&rig);
	rig_start(&rig);
	ck_assert_int_eq(rig_state(&rig), BOOTSTRAP_READY);
	ck_assert_uint_eq(rig.view->nusable, rig.view->nrelays);
	ck_assert_uint_eq(rig.asked[DIR_KIND_MICRODESCS], 0);
	done();
}
END_TEST

START_TEST(bootstrap_microdescs_unlisted_for_a_week_leave_the_disk)
{
	size_t n, journal_n, size, journal_size;
	int64_t oldest, oldest_new;
	struct saved s[5];

	fill_cache(60);
	save_all(s);
	/* Ten days later all relays have others; the file is damaged, which
	 * is a reason to write it anew. */
	loop_set(&rig.loop, rig.loop.now + 1, rig.loop.wall + 10 * 86400);
	rig.churn = 60;
	tmpdir_put(JOURNAL, s[3].p, s[3].len - 1);
	rig_start(&rig);
	ck_assert_int_ge(rig_until_ready(&rig, MINUTE), 0);
	rig_run(&rig, MINUTE);
	n = count_microdescs(MICRODESCS, &oldest, &size);
	journal_n = count_microdescs(JOURNAL, &oldest_new, &journal_size);
	ck_assert_uint_eq(n + journal_n, 60);
	if (n)
		ck_assert_int_ge(oldest, rig.loop.wall - 7 * 86400);
	free_all(s);
	done();
}
END_TEST

/* --- real documents --- */

static const char *const real_ids[3] = {
	"C77CD27FD025A3321BCB0C53AEB2987AF8C18F16",
	"1016C382D83451C74F2E6F34EE987E70C8160790",
	"FA49DBE96C0AACADDCC316487C13FE6173E01154"
};

static void
copy_vector(const char *from, const char *to)
{
	const char *srcdir = getenv("srcdir");
	char path[512];
	static char buf[65536];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/vectors/dir/%s",
	    srcdir ? srcdir : ".", from);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	tmpdir_put(to, buf, n);
}

START_TEST(bootstrap_cache_written_by_tor_is_read)
{
	struct dirsource_conf a[3] = { { .weight = 1 } };
	struct bootstrap_status s;
	struct bootstrap_conf c;
	char why[200];
	size_t i;

	be_quiet();
	tmpdir_make();
	copy_vector("certs", CERTS);
	copy_vector("consensus", CONSENSUS);
	copy_vector("microdescs", MICRODESCS);
	/* Borrow the rig's owner: make it, then put real authorities in. */
	rig_init(&rig, 1, NULL);
	rig.testing = 1;
	rig_make(&rig);
	bootstrap_free(rig.boot);
	dirsources_free(rig.sources);
	for (i = 0; i < 3; i++) {
		a[i].weight = 1;
		memset(a[i].rsa_id, (int)i + 1, 20);
		addr_v4(&a[i].or4, 0x7f000001, (uint16_t)(5001 + i));
		ck_assert_int_eq(dec_hex(a[i].v3ident, 20, real_ids[i], 40),
		    20);
	}
	loop_init(&rig.loop, 0, 1795388875);	/* 23:07:55, while it lived */
	ck_assert_int_eq(dirsources_new(&rig.sources, &rig.loop, a, 3, NULL, 0,
	    1), 0);
	ck_assert_int_eq(store_open(&rig.store, tmpdir, why, sizeof(why)), 0);
	c = rig_conf(&rig);
	ck_assert_int_eq(bootstrap_new(&rig.boot, &c), 0);
	rig_start(&rig);
	bootstrap_status(rig.boot, &s);
	ck_assert_int_eq(s.state, BOOTSTRAP_READY);
	ck_assert_int_eq(s.live, 2);
	ck_assert_uint_eq(s.relays, 8);
	ck_assert_uint_eq(s.missing, 0);
	ck_assert_uint_eq(rig.view->nusable, 8);
	ck_assert_uint_eq(requests(), 0);
	done();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(bootstrap_warm_start_is_ready_without_a_request),
	UNIT(bootstrap_warm_start_with_a_stale_consensus_asks_guards_only),
	UNIT_LOOP(bootstrap_cache_out_of_its_time_is_not_used, NELEM(ages)),
	UNIT(bootstrap_clock_ahead_for_a_while_leaves_the_cache_alone),
	UNIT(bootstrap_certificates_out_of_their_time_leave_the_disk),
	UNIT_LOOP(bootstrap_cache_file_truncated_anywhere_is_got_over, 4),
	UNIT_LOOP(bootstrap_cache_file_with_flipped_bits_is_got_over, 4),
	UNIT(bootstrap_cache_of_nonsense_is_got_over),
	UNIT(bootstrap_cache_files_swapped_are_got_over),
	UNIT(bootstrap_cache_of_another_network_is_not_used),
	UNIT(bootstrap_cache_of_a_network_that_excludes_us_asks_for_nothing),
	UNIT(bootstrap_consensus_that_waits_survives_a_restart),
	UNIT(bootstrap_waiting_consensus_with_certs_at_hand_is_taken),
	UNIT(bootstrap_disk_that_refuses_does_not_stop_it),
	UNIT(bootstrap_disk_read_back_changed_under_us_costs_one_request),
	UNIT(bootstrap_journal_is_merged_and_old_ones_go),
	UNIT(bootstrap_microdescs_unlisted_for_a_week_leave_the_disk),
	UNIT(bootstrap_cache_written_by_tor_is_read)
};

int
main(void)
{
	crypt_init();
	fakeauth_init(RIG_AUTHS + 1);
	return unit_run("bootcache", tests, NELEM(tests));
}
