/* tests/daemon/test_runsock.c - who gets a tunnel, and who does not
 *
 * The tunnel and the device are the test's own; what is passed as a TUN is
 * /dev/net/tun opened and nothing more.  Where that cannot be, what needs it is
 * not tested.
 */
#include "daemon/runsock.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/wire.h"
#include "daemon/evloop.h"
#include "daemon/runmsg.h"
#include "daemon/tunnel.h"
#include "daemon/unixsock.h"
#include "tests/unit.h"
#include "tun/memory.h"
#include "tun/tundev.h"

enum { MANY = 8, BYTES_MAX = 12345678 };

struct tundev {
	int	fd;
};
struct tunnel {
	struct tunnel_conf conf;
	struct tundev	*dev;
};

static struct tunnel *made[MANY];
static struct door doors[MANY];		/* outlive them */
static int nmade, nfreed, adopt_fails, nleft;

int
tundev_adopt(struct tundev **out, int fd)
{
	if (adopt_fails)
		return -EINVAL;
	*out = calloc(1, sizeof(**out));
	ck_assert_ptr_nonnull(*out);
	(*out)->fd = fd;
	return 0;
}

void
tundev_free(struct tundev *d)
{
	close(d->fd);
	free(d);
}

int
tunnel_new(struct tunnel **out, const struct tunnel_conf *conf,
    struct tundev *take)
{
	struct tunnel *t = calloc(1, sizeof(*t));

	ck_assert_ptr_nonnull(t);
	ck_assert_int_lt(nmade, MANY);
	t->conf = *conf;
	doors[nmade] = *conf->door;
	t->dev = take;
	made[nmade++] = *out = t;
	return 0;
}

void
tunnel_free(struct tunnel *t)
{
	if (t == NULL)
		return;
	nfreed++;
	tundev_free(t->dev);
	free(t);
}

void
tunnel_totals(const struct tunnel *t, struct stack_totals *out)
{
	(void)t;
	memset(out, 0, sizeof(*out));
}

/* --- a daemon of which we turn the loop --- */

static struct evloop ev;
static struct runsock *rs;
static char dir[40], path[64];

static void
on_left(void *arg, pid_t pid)
{
	(void)arg;
	ck_assert_int_eq(pid, getpid());
	nleft++;
}

static int
make(int mode, const char *group)
{
	struct runsock_conf conf = { .ev = &ev, .path = path, .mode = mode,
		.group = group, .bytes_max = BYTES_MAX, .left = on_left };

	strcpy(dir, "/tmp/test_runsock.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/run", dir);
	ck_assert_int_eq(evloop_init(&ev), 0);
	return runsock_new(&rs, &conf);
}

static void
end(void)
{
	evloop_enter(&ev);
	runsock_free(rs);
	evloop_leave(&ev);
	evloop_fini(&ev);
	ck_assert_int_eq(access(path, F_OK), -1);
	rmdir(dir);
}

/* All that is there to be done is done: nothing comes from elsewhere. */
static void
turn(void)
{
	int i;

	for (i = 0; i < 4; i++)
		event_base_loop(ev.base, EVLOOP_NONBLOCK);
}

static int
dial(void)
{
	int fd = unixsock_dial(path, SOCK_SEQPACKET, 60);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	turn();
	return fd;
}

static int
open_tun(void)
{
	int fd = open("/dev/net/tun", O_RDWR);

	if (fd < 0)
		printf("no /dev/net/tun here: %s\n", strerror(errno));
	return fd;
}

static void
send_open(int fd, int pass)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = 1500 };

	ck_assert_int_eq(runmsg_send(fd, &m, pass), 0);
	turn();
}

static void
is_refused(int fd, const char *why)
{
	struct runmsg m;
	int passed;

	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), 1);
	ck_assert_int_eq(m.type, RUNMSG_REFUSED);
	ck_assert_msg(strstr(m.text, why) != NULL, "%s", m.text);
	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), 0);
	close(fd);
}

static void
is_told(int fd, int percent, int ready)
{
	struct runmsg m;
	int passed;

	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), 1);
	ck_assert_int_eq(m.type, RUNMSG_PROGRESS);
	ck_assert_int_eq(m.percent, percent);
	ck_assert_int_eq(m.ready, ready);
}

static void
is_told_nothing(int fd)
{
	struct runmsg m;
	int passed;

	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), -EAGAIN);
}

/* --- good --- */

START_TEST(runsock_open_is_told_how_far_the_bootstrap_is)
{
	int tun = open_tun(), fd;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	runsock_progress(rs, 10, "first\tsteps");
	fd = dial();
	is_told_nothing(fd);
	send_open(fd, tun);
	ck_assert_int_eq(nmade, 1);
	ck_assert_uint_eq(made[0]->conf.mtu, 1500);
	ck_assert_uint_eq(made[0]->conf.nown, 2);
	is_told(fd, 10, 0);
	runsock_progress(rs, 90, "nearly");
	is_told(fd, 90, 0);
	runsock_ready(rs, 1);
	is_told(fd, 90, 1);
	runsock_ready(rs, 0);		/* it has begun: it need not know */
	runsock_progress(rs, 100, "done");
	is_told_nothing(fd);
	end();
	ck_assert_int_eq(nfreed, 1);
}
END_TEST

START_TEST(runsock_open_each_client_has_a_group_of_its_own)
{
	int tun = open_tun(), fd[3], i;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	for (i = 0; i < 3; i++) {
		fd[i] = dial();
		send_open(fd[i], tun);
		if (i == 1) {		/* its number does not come again */
			close(fd[i]);
			turn();
		}
	}
	ck_assert_int_eq(nmade, 3);
	for (i = 0; i < 3; i++) {
		ck_assert_int_lt(doors[i].session_group, -1000000);
		ck_assert_uint_eq(doors[i].isolate, 0);
		ck_assert_uint_eq(doors[i].proto, DOOR_TUN);
		ck_assert_int_eq(doors[i].as_client.family, 6);
		ck_assert_uint_eq(wire_get32(doors[i].as_client.ip + 12),
		    getuid());
		ck_assert_int_ne(doors[i].session_group,
		    doors[(i + 1) % 3].session_group);
	}
	end();
}
END_TEST

START_TEST(runsock_tunnels_share_what_may_wait_in_them)
{
	int tun = open_tun(), i;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	for (i = 0; i < 2; i++)
		send_open(dial(), tun);
	ck_assert_int_eq(nmade, 2);
	for (i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(made[i]->conf.memory);
		ck_assert_uint_eq(made[i]->conf.memory->max, BYTES_MAX);
		ck_assert_uint_eq(made[i]->conf.conns_max, RUNSOCK_CONNS_MAX);
	}
	ck_assert_ptr_eq(made[0]->conf.memory, made[1]->conf.memory);
	end();
}
END_TEST

START_TEST(runsock_client_that_goes_takes_its_tunnel_along)
{
	int tun = open_tun(), fd, other;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	other = dial();
	send_open(fd, tun);
	send_open(other, tun);
	ck_assert_uint_eq(runsock_clients(rs), 2);
	close(fd);
	turn();
	ck_assert_int_eq(nfreed, 1);
	ck_assert_int_eq(nleft, 1);
	ck_assert_uint_eq(runsock_clients(rs), 1);
	end();
	ck_assert_int_eq(nfreed, 2);
}
END_TEST

static void
on_tunnel(void *arg, const char *name, const struct stack_totals *t)
{
	char want[32];

	snprintf(want, sizeof(want), "run:%lu", (unsigned long)getuid());
	ck_assert_str_eq(name, want);
	ck_assert_uint_eq(t->conns, 0);
	++*(int *)arg;
}

START_TEST(runsock_tunnels_are_shown_by_their_user)
{
	int tun = open_tun(), n = 0;

	if (tun < 0)
		return;
	runsock_tunnels(NULL, on_tunnel, &n);
	ck_assert_int_eq(make(0600, NULL), 0);
	dial();			/* has none yet */
	send_open(dial(), tun);
	runsock_tunnels(rs, on_tunnel, &n);
	ck_assert_int_eq(n, 1);
	end();
}
END_TEST

START_TEST(runsock_device_that_goes_is_told)
{
	struct runmsg m;
	int tun = open_tun(), fd, passed;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	send_open(fd, tun);
	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), 1);
	evloop_enter(&ev);
	made[0]->conf.gone(made[0]->conf.arg, -EBADFD);
	ck_assert_int_eq(nfreed, 0);	/* not while it calls */
	evloop_leave(&ev);
	ck_assert_int_eq(nfreed, 1);
	is_refused(fd, "device is gone");
	end();
}
END_TEST

/* --- bad --- */

START_TEST(runsock_device_that_made_us_wait_keeps_its_place_for_a_while)
{
	struct runmsg m;
	int tun = open_tun(), fd, passed;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	send_open(fd, tun);
	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), 1);
	evloop_enter(&ev);
	made[0]->conf.gone(made[0]->conf.arg, -EINTR);
	evloop_leave(&ev);
	ck_assert_int_eq(nfreed, 1);
	is_refused(fd, "device is gone");
	turn();
	loop_advance(&ev.loop, RUNSOCK_PENALTY_S * 1000 - 10000);
	ck_assert_uint_eq(runsock_clients(rs), 1);
	ck_assert_int_eq(nleft, 0);
	loop_advance(&ev.loop, 11000);
	ck_assert_uint_eq(runsock_clients(rs), 0);
	ck_assert_int_eq(nleft, 1);
	end();
}
END_TEST

START_TEST(runsock_open_what_is_no_tun_is_refused)
{
	int pair[2], fd;

	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	send_open(fd, STDOUT_FILENO);
	is_refused(fd, "no TUN");
	fd = dial();
	send_open(fd, open("/dev/null", O_RDWR));
	is_refused(fd, "no TUN");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fd = dial();
	send_open(fd, pair[0]);
	is_refused(fd, "no TUN");
	fd = dial();
	send_open(fd, open("/dev", O_PATH));
	is_refused(fd, "no TUN");
	ck_assert_int_eq(nmade, 0);
	end();
}
END_TEST

START_TEST(runsock_open_tun_that_cannot_be_used_is_refused)
{
	int tun = open_tun(), fd;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	adopt_fails = 1;
	fd = dial();
	send_open(fd, tun);
	is_refused(fd, "no TUN");
	ck_assert_int_eq(nmade, 0);
	end();
}
END_TEST

START_TEST(runsock_open_twice_is_refused)
{
	struct runmsg m;
	int tun = open_tun(), fd, passed;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	send_open(fd, tun);
	ck_assert_int_eq(runmsg_recv(fd, &m, &passed), 1);
	send_open(fd, tun);
	is_refused(fd, "twice");
	ck_assert_int_eq(nmade, 1);
	ck_assert_int_eq(nfreed, 1);
	end();
}
END_TEST

static const struct {
	const char	*bytes;
	size_t		 len;
	const char	*why;
} wrong[] = {
	{ "\1\2\144\1Done", 8, "not for us" },	/* the daemon's own */
	{ "\1\3no", 4, "not for us" },
	{ "\1\1\5\334", 4, "no message" },	/* without a descriptor */
	{ "\2\1\5\334", 4, "version" },
	{ "GET / HTTP/1.0", 14, "version" },
	{ "\1\11", 2, "no message" },
};

START_TEST(runsock_wrong_message_is_refused)
{
	int fd;

	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	ck_assert_int_eq(send(fd, wrong[_i].bytes, wrong[_i].len, 0),
	    (ssize_t)wrong[_i].len);
	turn();
	is_refused(fd, wrong[_i].why);
	ck_assert_uint_eq(runsock_clients(rs), 0);
	end();
}
END_TEST

START_TEST(runsock_mtu_below_that_of_ipv6_is_refused)
{
	struct runmsg m = { .type = RUNMSG_OPEN, .mtu = 1279 };
	int tun = open_tun(), fd;

	if (tun < 0)
		return;
	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	ck_assert_int_eq(runmsg_send(fd, &m, tun), 0);
	turn();
	is_refused(fd, "no TUN");
	end();
}
END_TEST

START_TEST(runsock_silent_client_is_sent_away)
{
	int fd;

	ck_assert_int_eq(make(0600, NULL), 0);
	fd = dial();
	evloop_enter(&ev);
	loop_set(&ev.loop, ev.loop.now + RUNSOCK_TIMEOUT_S * 1000 - 1, 0);
	loop_run_timers(&ev.loop);
	ck_assert_uint_eq(runsock_clients(rs), 1);
	loop_set(&ev.loop, ev.loop.now + 1, 0);
	loop_run_timers(&ev.loop);
	evloop_leave(&ev);
	is_refused(fd, "did not say");
	ck_assert_uint_eq(runsock_clients(rs), 0);
	end();
}
END_TEST

START_TEST(runsock_user_over_the_ceiling_is_told_so)
{
	int fd[RUNSOCK_USER_MAX], i;

	ck_assert_int_eq(make(0600, NULL), 0);
	for (i = 0; i < RUNSOCK_USER_MAX; i++)
		fd[i] = dial();
	is_refused(dial(), "this user has too many");
	ck_assert_uint_eq(runsock_clients(rs), RUNSOCK_USER_MAX);
	close(fd[0]);
	turn();
	fd[0] = dial();
	is_told_nothing(fd[0]);
	ck_assert_uint_eq(runsock_clients(rs), RUNSOCK_USER_MAX);
	end();
}
END_TEST

/* --- the socket --- */

START_TEST(runsock_new_socket_has_its_mode_and_group)
{
	const struct group *gr = getgrgid(getgid());
	struct stat st;

	ck_assert_int_eq(make(0666, NULL), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	end();
	if (gr == NULL)
		return;
	ck_assert_int_eq(make(0660, gr->gr_name), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	ck_assert_uint_eq(st.st_gid, getgid());
	end();
}
END_TEST

START_TEST(runsock_new_group_that_is_none_is_an_error)
{
	ck_assert_int_eq(make(0660, "no-such-group"), -ENOENT);
	ck_assert_int_eq(access(path, F_OK), -1);
	rmdir(dir);
}
END_TEST

START_TEST(runsock_new_second_one_finds_the_first)
{
	struct runsock_conf conf = { .ev = &ev, .path = path, .mode = 0600 };
	struct runsock *second;

	ck_assert_int_eq(make(0600, NULL), 0);
	ck_assert_int_eq(runsock_new(&second, &conf), -EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
	end();
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(runsock_open_is_told_how_far_the_bootstrap_is),
	UNIT(runsock_open_each_client_has_a_group_of_its_own),
	UNIT(runsock_tunnels_share_what_may_wait_in_them),
	UNIT(runsock_client_that_goes_takes_its_tunnel_along),
	UNIT(runsock_tunnels_are_shown_by_their_user),
	UNIT(runsock_device_that_goes_is_told),
	UNIT(runsock_device_that_made_us_wait_keeps_its_place_for_a_while),
	UNIT(runsock_open_what_is_no_tun_is_refused),
	UNIT(runsock_open_tun_that_cannot_be_used_is_refused),
	UNIT(runsock_open_twice_is_refused),
	UNIT_LOOP(runsock_wrong_message_is_refused, NELEM(wrong)),
	UNIT(runsock_mtu_below_that_of_ipv6_is_refused),
	UNIT(runsock_silent_client_is_sent_away),
	UNIT(runsock_user_over_the_ceiling_is_told_so),
	UNIT(runsock_new_socket_has_its_mode_and_group),
	UNIT(runsock_new_group_that_is_none_is_an_error),
	UNIT(runsock_new_second_one_finds_the_first),
};

UNIT_MAIN("runsock", tests)
