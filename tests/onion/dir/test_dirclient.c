/* tests/onion/dir/test_dirclient.c */
#include "onion/dir/dirclient.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/endpoint.h"
#include "base/loop.h"
#include "tests/unit.h"

struct fake {			/* the stream that it speaks over */
	struct endpoint	ep;
	char		sent[64 * 1024];
	size_t		nsent, room, granted;
	int		killed, why;
};

struct ear {			/* who asked */
	struct dir_result r;
	char		 body[64 * 1024];
	unsigned	 calls, sent, begun;
	uint8_t		*taken;
	int		 take;
};

static struct loop loop;
static struct fake fake;
static struct ear ear;
static struct dirclient *client;

static size_t
fake_send(struct endpoint *e, const void *p, size_t len)
{
	(void)e;
	if (len > fake.room)
		len = fake.room;
	memcpy(fake.sent + fake.nsent, p, len);
	fake.nsent += len;
	fake.room -= len;
	return len;
}

static void
fake_grant(struct endpoint *e, size_t n)
{
	(void)e;
	fake.granted += n;
}

static void
fake_fin(struct endpoint *e)
{
	(void)e;
}

static void
fake_kill(struct endpoint *e, int why)
{
	(void)e;
	ck_assert_int_eq(fake.killed, 0);
	fake.killed = 1;
	fake.why = why;
}

static const struct endpoint_ops fake_ops = {
	.send = fake_send, .grant = fake_grant, .fin = fake_fin,
	.kill = fake_kill
};

static void
on_result(void *arg, struct dir_result *r)
{
	(void)arg;
	ear.calls++;
	ear.r = *r;
	if (r->body) {
		ck_assert_uint_lt(r->len, sizeof(ear.body));
		memcpy(ear.body, r->body, r->len + 1);
	}
	if (ear.take) {
		ear.taken = r->body;
		r->body = NULL;
	}
}

static void
on_stage(void *arg, uint32_t id, enum dir_stage s)
{
	(void)arg;
	ck_assert_uint_eq(id, 7);
	ear.sent += s == DIR_STAGE_SENT;
	ear.begun += s == DIR_STAGE_BEGUN;
}

static struct dir_request
request(void)
{
	struct dir_request r = {
		.kind = DIR_KIND_CERTS, .path = "/tor/keys/all.z",
		.host = "127.0.0.1:5001", .stage = on_stage, .stage_id = 7
	};

	return r;
}

static void
begin(const struct dir_request *r, size_t room)
{
	memset(&fake, 0, sizeof(fake));
	memset(&ear, 0, sizeof(ear));
	fake.ep.ops = &fake_ops;
	fake.room = room;
	loop_init(&loop, 5000, 1795387500);
	ck_assert_int_eq(dirclient_get(&client, &loop, &fake.ep, r, on_result,
	    NULL), 0);
}

static void
data(const char *text)
{
	if (!fake.killed)
		fake.ep.user->data(fake.ep.arg, text, strlen(text));
}

static void
fin(void)
{
	if (!fake.killed)
		fake.ep.user->fin(fake.ep.arg);
}

/* Everything has ended: nothing is armed, nothing is called again. */
static void
check_over(unsigned calls)
{
	ck_assert_uint_eq(ear.calls, calls);
	loop_end_turn(&loop);
	ck_assert_int_eq(loop_next(&loop), LOOP_NEVER);
	loop_advance(&loop, 3600 * 1000);
	ck_assert_uint_eq(ear.calls, calls);
}

START_TEST(dirclient_get_sends_what_tor_sends)
{
	struct dir_request r = request();

	begin(&r, 100000);
	fake.sent[fake.nsent] = '\0';
	ck_assert_str_eq(fake.sent, "GET /tor/keys/all.z HTTP/1.0\r\n"
	    "Host: 127.0.0.1:5001\r\n"
	    "Accept-Encoding: deflate, gzip, identity\r\n\r\n");
	ck_assert_uint_eq(ear.sent, 1);
	dirclient_cancel(client);
	check_over(0);
	r.kind = DIR_KIND_CONSENSUS;
	r.has_diff_from = 1;
	memset(r.diff_from, 0xab, 32);
	r.if_newer = 784111777;
	begin(&r, 100000);
	fake.sent[fake.nsent] = '\0';
	ck_assert_ptr_nonnull(strstr(fake.sent, "\r\nX-Or-Diff-From-Consensus: "
	    "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"
	    "\r\n"));
	ck_assert_ptr_nonnull(strstr(fake.sent,
	    "\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
	dirclient_cancel(client);
	check_over(0);
}
END_TEST

START_TEST(dirclient_get_anonymised_tells_nothing_of_us)
{
	struct dir_request r = request();

	r.anonymised = 1;
	begin(&r, 100000);
	fake.sent[fake.nsent] = '\0';
	ck_assert_ptr_null(strstr(fake.sent, "Encoding"));
	dirclient_cancel(client);
	check_over(0);
}
END_TEST

START_TEST(dirclient_get_request_goes_out_as_there_is_room)
{
	struct dir_request r = request();
	char whole[200];
	size_t n, i;

	begin(&r, 100000);
	n = fake.nsent;
	memcpy(whole, fake.sent, n);
	dirclient_cancel(client);
	loop_end_turn(&loop);
	begin(&r, 1);
	for (i = 1; i < n; i++) {
		ck_assert_uint_eq(ear.sent, 0);
		fake.room = 1;
		fake.ep.user->room(fake.ep.arg);
	}
	ck_assert_uint_eq(ear.sent, 1);
	ck_assert_uint_eq(fake.nsent, n);
	ck_assert_mem_eq(fake.sent, whole, n);
	dirclient_cancel(client);
	check_over(0);
}
END_TEST

START_TEST(dirclient_answer_until_fin_is_delivered)
{
	struct dir_request r = request();
	size_t granted;

	begin(&r, 100000);
	data("HTTP/1.0 200 OK\r\nDate: Sun, 22 Nov 2026 23:45:00 GMT\r\n");
	ck_assert_uint_eq(ear.begun, 0);
	data("\r\nhel");
	ck_assert_uint_eq(ear.begun, 1);
	granted = fake.granted;
	data("lo");
	ck_assert_uint_eq(fake.granted, granted + 2);
	fin();
	ck_assert_int_eq(ear.r.err, 0);
	ck_assert_int_eq(ear.r.status, 200);
	ck_assert_str_eq(ear.body, "hello");
	ck_assert_int_eq(ear.r.has_date, 1);
	ck_assert_int_eq(ear.r.skew_s, 3600);
	ck_assert_int_eq(fake.killed, 1);
	ck_assert_uint_eq(ear.begun, 1);
	check_over(1);
}
END_TEST

START_TEST(dirclient_answer_compressed_is_undone)
{
	uint8_t z[200];
	uLongf n = sizeof(z);
	struct dir_request r = request();

	ck_assert_int_eq(compress(z, &n, (const Bytef *)"hello hello", 11),
	    Z_OK);
	begin(&r, 100000);
	data("HTTP/1.0 200 OK\r\n\r\n");
	fake.ep.user->data(fake.ep.arg, z, n);
	fin();
	ck_assert_str_eq(ear.body, "hello hello");
	check_over(1);
}
END_TEST

START_TEST(dirclient_answer_compressed_and_cut_is_an_error)
{
	uint8_t z[200];
	uLongf n = sizeof(z);
	struct dir_request r = request();

	ck_assert_int_eq(compress(z, &n, (const Bytef *)"hello hello", 11),
	    Z_OK);
	begin(&r, 100000);
	data("HTTP/1.0 200 OK\r\n\r\n");
	fake.ep.user->data(fake.ep.arg, z, n - 1);
	fin();
	ck_assert_int_eq(ear.r.err, -EPIPE);
	ck_assert_ptr_null(ear.r.body);
	check_over(1);
}
END_TEST

START_TEST(dirclient_promised_length_ends_it_without_fin)
{
	struct dir_request r = request();

	begin(&r, 100000);
	data("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	ck_assert_int_eq(ear.r.err, 0);
	ck_assert_str_eq(ear.body, "hello");
	check_over(1);
}
END_TEST

static const struct {
	const char	*name;
	const char	*text;
	int		 gone;	/* 1: gone with @why instead of fin */
	int		 why;
	int		 err, status;
} failures[] = {
	{ "nothing came", "", 0, 0, -EPIPE, 0 },
	{ "half a head", "HTTP/1.0 200 O", 0, 0, -EPIPE, 0 },
	{ "reset in the head", "HTTP/1.0 200 O", 1, -ECONNRESET, -ECONNRESET,
	    0 },
	{ "reset in the body", "HTTP/1.0 200 OK\r\n\r\nhel", 1, -ECONNRESET,
	    -ECONNRESET, 200 },
	{ "gone in order", "HTTP/1.0 200 OK\r\n\r\nhel", 1, 0, 0, 200 },
	{ "too short", "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhel", 0, 0,
	    -EPIPE, 200 },
	{ "too long", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhel", 0, 0,
	    -EPROTO, 200 },
	{ "404", "HTTP/1.0 404 Not found\r\n\r\n", 0, 0, 0, 404 },
	{ "404 with a text", "HTTP/1.0 404 Not found\r\n\r\nsorry", 0, 0, 0,
	    404 },
	{ "503", "HTTP/1.0 503 Busy\r\n\r\n", 0, 0, 0, 503 },
	{ "304", "HTTP/1.0 304 Not modified\r\n\r\n", 0, 0, 0, 304 },
	{ "not HTTP", "220 smtp ready\r\n\r\n", 0, 0, -EPROTO, 0 },
	{ "unknown coding",
	    "HTTP/1.0 200 OK\r\nContent-Encoding: br\r\n\r\nx", 0, 0,
	    -EPROTO, 200 }
};

START_TEST(dirclient_answer_is_told_as_it_was)
{
	struct dir_request r = request();
	const struct endpoint_user *user;
	void *arg;

	begin(&r, 100000);
	user = fake.ep.user;
	arg = fake.ep.arg;
	if (failures[_i].text[0])
		data(failures[_i].text);
	if (!fake.killed && failures[_i].gone)
		user->gone(arg, failures[_i].why);
	else
		fin();
	ck_assert_msg(ear.calls == 1 && ear.r.err == failures[_i].err,
	    "%s: %d", failures[_i].name, ear.r.err);
	ck_assert_int_eq(ear.r.status, failures[_i].status);
	if (failures[_i].gone)
		ck_assert_int_eq(fake.killed, 0);
	else
		ck_assert_int_eq(fake.killed, 1);
	check_over(1);
}
END_TEST

/* What we did not say we can undo is refused, whatever it holds. */
static const struct {
	const char	*head;
	const char	*body;
} codings[] = {
	{ "Content-Encoding: x-tor-lzma\r\n", "\x5d\x01\x01\x80\x01" },
	{ "Content-Encoding: x-zstd\r\n", "\x28\xb5\x2f\xfd\x04" },
	{ "Content-Encoding: xz\r\n", "\xfd\x37zXZ" },
	{ "Content-Encoding: br\r\n", "plain text\n" },
	{ "Content-Encoding: x-zstd\r\n", "plain text\n" }
};

START_TEST(dirclient_answer_in_another_coding_is_refused)
{
	struct dir_request r = request();
	char head[200];

	begin(&r, 100000);
	snprintf(head, sizeof(head), "HTTP/1.0 200 OK\r\n%s\r\n",
	    codings[_i].head);
	data(head);
	data(codings[_i].body);
	fin();
	ck_assert_int_eq(ear.r.err, -EPROTO);
	ck_assert_int_eq(ear.r.status, 200);
	ck_assert_ptr_null(ear.r.body);
	ck_assert_uint_eq(ear.begun, 0);
	check_over(1);
}
END_TEST

START_TEST(dirclient_silence_of_a_minute_is_a_timeout)
{
	struct dir_request r = request();

	begin(&r, 100000);
	loop_advance(&loop, DIR_SILENCE_MS - 1);
	ck_assert_uint_eq(ear.calls, 0);
	data("H");
	loop_advance(&loop, DIR_SILENCE_MS - 1);
	ck_assert_uint_eq(ear.calls, 0);
	loop_advance(&loop, 1);
	ck_assert_int_eq(ear.r.err, -ETIMEDOUT);
	check_over(1);
}
END_TEST

START_TEST(dirclient_a_byte_now_and_then_does_not_last_for_ever)
{
	struct dir_request r = request();
	int i;

	begin(&r, 100000);
	data("HTTP/1.0 200 OK\r\n\r\n");
	for (i = 0; i < 60 && ear.calls == 0; i++) {
		data("x");
		loop_advance(&loop, 30000);
	}
	ck_assert_int_eq(ear.r.err, -ETIMEDOUT);
	ck_assert_int_le(i, 20);
	check_over(1);
}
END_TEST

START_TEST(dirclient_body_over_the_ceiling_is_refused)
{
	static char block[65536];
	struct dir_request r = request();
	size_t fed = 0;

	memset(block, 'x', sizeof(block));
	begin(&r, 100000);
	data("HTTP/1.0 200 OK\r\n\r\n");
	for (; ear.calls == 0 && fed < 64 << 20; fed += sizeof(block))
		fake.ep.user->data(fake.ep.arg, block, sizeof(block));
	ck_assert_int_eq(ear.r.err, -EMSGSIZE);
	ck_assert_uint_le(fed, dir_kind_max(DIR_KIND_CERTS) + sizeof(block));
	check_over(1);
}
END_TEST

START_TEST(dirclient_body_can_be_taken)
{
	struct dir_request r = request();

	begin(&r, 100000);
	ear.take = 1;
	data("HTTP/1.0 200 OK\r\n\r\nhello");
	fin();
	check_over(1);
	ck_assert_str_eq((char *)ear.taken, "hello");
	free(ear.taken);
}
END_TEST

START_TEST(dirclient_cancel_at_any_time_is_silent)
{
	static const char text[] = "HTTP/1.0 200 OK\r\n\r\nhello";
	struct dir_request r = request();
	size_t i;

	for (i = 0; i < sizeof(text); i++) {
		begin(&r, i % 2 ? 5 : 100000);
		if (i)
			fake.ep.user->data(fake.ep.arg, text, i);
		dirclient_cancel(client);
		ck_assert_int_eq(fake.killed, 1);
		check_over(0);
	}
}
END_TEST

START_TEST(dirclient_get_impossible_request_kills_the_endpoint)
{
	struct dir_request r = request();

	memset(&fake, 0, sizeof(fake));
	memset(&ear, 0, sizeof(ear));
	fake.ep.ops = &fake_ops;
	loop_init(&loop, 0, 0);
	r.path = "no slash";
	ck_assert_int_eq(dirclient_get(&client, &loop, &fake.ep, &r, on_result,
	    NULL), -EINVAL);
	ck_assert_int_eq(fake.killed, 1);
	check_over(0);
}
END_TEST

START_TEST(dirclient_500_microdescs_fit_in_a_request)
{
	struct dir_request r = request();
	char *path = malloc(13 + 500 * 44 + 3);

	memset(path, 'A', 13 + 500 * 44);
	memcpy(path, "/tor/micro/d/", 13);
	strcpy(path + 13 + 500 * 44 - 1, ".z");
	r.path = path;
	begin(&r, 100000);
	ck_assert_uint_eq(ear.sent, 1);
	free(path);
	dirclient_cancel(client);
	check_over(0);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(dirclient_get_sends_what_tor_sends),
	UNIT(dirclient_get_anonymised_tells_nothing_of_us),
	UNIT(dirclient_get_request_goes_out_as_there_is_room),
	UNIT(dirclient_answer_until_fin_is_delivered),
	UNIT(dirclient_answer_compressed_is_undone),
	UNIT(dirclient_answer_compressed_and_cut_is_an_error),
	UNIT(dirclient_promised_length_ends_it_without_fin),
	UNIT_LOOP(dirclient_answer_is_told_as_it_was, NELEM(failures)),
	UNIT_LOOP(dirclient_answer_in_another_coding_is_refused,
	    NELEM(codings)),
	UNIT(dirclient_silence_of_a_minute_is_a_timeout),
	UNIT(dirclient_a_byte_now_and_then_does_not_last_for_ever),
	UNIT(dirclient_body_over_the_ceiling_is_refused),
	UNIT(dirclient_body_can_be_taken),
	UNIT(dirclient_cancel_at_any_time_is_silent),
	UNIT(dirclient_get_impossible_request_kills_the_endpoint),
	UNIT(dirclient_500_microdescs_fit_in_a_request)
};

UNIT_MAIN("dirclient", tests)
