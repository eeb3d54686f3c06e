/* tests/fuzz/fz_hsdesc.c - descriptors of onion services, each layer
 *
 * The first byte says what the rest is: "o" the text as fetched, "m" and "i"
 * the texts within, which no mutation would ever reach through signature and
 * seals, "s" an inner text that is sealed and signed here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/why.h"
#include "onion/crypto/crypt.h"
#include "onion/hs/hsdesc_int.h"
#include "tests/fuzz/fuzz.h"
#include "tests/onion/hs/descmint.h"
#include "tests/vectors/hs.h"

static struct blind blind;
static uint8_t signing[32], alice[32];

static void
ready(void)
{
	static int done;

	if (done++)
		return;
	rand_init();
	crypt_init();
	log_set_use(log_set_new());
	must(dec_hex(blind.key, 32, hsv_blinded, 64) == 32);
	must(dec_hex(blind.subcredential, 32, hsv_subcredential, 64) == 32);
	must(dec_hex(signing, 32, hsv_signing, 64) == 32);
	must(dec_hex(alice, 32, hsv_alice, 64) == 32);
}

/* What every descriptor promises that was taken. */
static void
check(const struct hsdesc *d)
{
	size_t i;

	must(d->nintros <= HSDESC_INTROS_MAX);
	must(!d->flow_control || d->sendme_inc > 0);
	for (i = 0; i < d->nintros; i++) {
		const struct hsdesc_intro *in = &d->intro[i];

		must(in->relay.or4.family == 4 && in->relay.or4.port != 0);
		must(in->relay.has_ntor &&
		    !secret_is_zero(in->relay.ntor, 32) &&
		    !secret_is_zero(in->relay.id.rsa, 20) &&
		    !secret_is_zero(in->auth, 32) &&
		    !secret_is_zero(in->enc, 32));
		must(in->relay.id.has_ed == !secret_is_zero(in->relay.id.ed,
		    32));
	}
}

static void
outer(const char *text, size_t len)
{
	struct hsdesc *d = NULL;
	int rc;

	rc = hsdesc_open(&d, text, len, &blind, alice, HSV_NOW);
	must(rc == 0 || rc == -WHY_HS_INVALID || rc == -WHY_HS_AUTH_WRONG);
	if (rc == 0) {
		must(d->lifetime_s >= 1800 && d->lifetime_s <= 43200);
		must(d->cert_expires >= HSV_NOW);
		check(d);
	}
	free(d);
}

static void
middle(const char *text, size_t len)
{
	uint8_t cookie[HSDESC_COOKIE];
	struct hsdesc_middle m;

	if (hsdesc_middle(&m, text, len) < 0)
		return;
	must(m.sealed.p >= text && m.sealed.p + m.sealed.len <= text + len);
	(void)hsdesc_cookie(cookie, text, len, alice, alice);
}

static int
inner(struct hsdesc *d, const char *text, size_t len, const uint8_t key[32])
{
	int rc;

	memset(d, 0, sizeof(*d));
	rc = hsdesc_inner(d, text, len, key, HSV_NOW);
	must(rc == 0 || rc == -EBADMSG);
	if (rc == 0)
		check(d);
	return rc;
}

/* What is sealed and opened again is read as it would be without. */
static void
sealed(const char *bytes, size_t len)
{
	struct hsdesc *d = NULL, direct;
	struct descmint m;
	const char *text;
	int rc;

	len = strnlen(bytes, len);	/* there the padding would begin */
	if (len == 0 || len > 16 * 1024)
		return;
	descmint_init(&m, HSV_NOW);
	text = descmint_text(&m, "%.*s%s", (int)len, bytes,
	    bytes[len - 1] == '\n' ? "" : "\n");
	rc = inner(&direct, text, strlen(text), m.signing);
	text = descmint_all(&m, text);
	must((hsdesc_open(&d, text, strlen(text), &m.blind, NULL, HSV_NOW) ==
	    0) == (rc == 0));
	if (d != NULL) {
		must(d->nintros == direct.nintros);
		must(memcmp(d->intro, direct.intro, sizeof(d->intro)) == 0);
	}
	free(d);
	descmint_fini(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;
	struct hsdesc d;

	ready();
	if (len == 0)
		return 0;
	len--;
	if (data[0] == 'o')
		outer(text, len);
	else if (data[0] == 'm')
		middle(text, len);
	else if (data[0] == 'i')
		(void)inner(&d, text, len, signing);
	else if (data[0] == 's')
		sealed(text, len);
	return 0;
}
