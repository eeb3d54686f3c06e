/* daemon/selftest_trial.c - one stimulus, and what was seen of it
 *
 * All frames are sent by one process, which stays on one processor: Linux takes
 * what came by a virtual link in the order in which it was sent there.  So when
 * an ARP request that was sent last has its answer, all that was sent before
 * has passed, or never will.  What a process of the program makes of it may
 * come later: whatever is seen until the end counts, for the item that is tried
 * then.
 */
#include "daemon/selftest_trial.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/conf.h"

enum { NAP_US = 1000, FLOOD_NAP_US = 5000 };

static void
look(struct trial *t)
{
	lab_serve(&t->lab);
	oracle_read(&t->lab, t->conf, &t->now->seen);
	(void)tested_lives(&t->tested);
}

static void
drain(void *arg)
{
	look(arg);
}

/* One that is down, or has no address, does not answer: then there is nothing
 * to wait for. */
static void
settle_uplink(struct trial *t, unsigned i)
{
	struct lab_uplink *u = &t->lab.uplink[i];
	int64_t until = clock_ms() + TRIAL_SETTLE_MS;
	unsigned before = t->now->seen.arp;
	struct packet p;
	struct shot s;

	shot_from_net(&s, &t->lab, i, LAB_4, &u->gw[LAB_4].addr);
	s.way.src = u->router[LAB_4];
	packet_arp(&p, &s.way);
	shoot(&s, &p);
	if (s.sent == 0)
		return;
	for (look(t); t->now->seen.arp == before && clock_ms() < until;
	    look(t))
		usleep(NAP_US);
}

void
trial_settle(struct trial *t)
{
	unsigned i;

	for (i = 0; i < t->lab.nuplink; i++)
		settle_uplink(t, i);
	look(t);
}

void
trial_see(struct trial *t, const struct seen *before, unsigned wanted)
{
	int64_t until = clock_ms() + TRIAL_SEEN_MS;
	unsigned f, missing;

	do {
		trial_settle(t);
		for (f = missing = 0; f < t->lab.nfamilies; f++)
			missing += (wanted & 1u << f) &&
			    t->now->seen.leak[f] == before->leak[f];
	} while (!t->armed && missing && clock_ms() < until);
	t->now->unseen += missing;
}

/* --- control --- */

int
trial_connected(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err)
		return -1;
	return 1;
}

static int
reach_once(struct trial *t, unsigned f, int64_t until)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sock(&t->lab.relay[f], &ss);
	struct linger now = { .l_onoff = 1 };
	unsigned before = t->now->seen.control[f];
	int fd, rc = 0;

	fd = lab_socket(&t->lab, LAB_GW, t->lab.uid, ss.ss_family, SOCK_STREAM,
	    0);
	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (t->lab.mark)
		(void)setsockopt(fd, SOL_SOCKET, SO_MARK, &t->lab.mark,
		    sizeof(t->lab.mark));
	if (lab_bind(fd, f, LAB_CONTROL) == 0 &&
	    (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS))
		while ((rc = trial_connected(fd)) == 0 && clock_ms() < until) {
			usleep(NAP_US);
			look(t);
		}
	close(fd);
	look(t);
	return rc == 1 && t->now->seen.control[f] > before;
}

static int
reach(struct trial *t, unsigned f)
{
	int64_t until = clock_ms() + TRIAL_CONTROL_MS;

	do {
		if (reach_once(t, f, until))
			return 1;
		usleep(20 * NAP_US);
		look(t);
	} while (clock_ms() < until);
	return 0;
}

int
trial_control(struct trial *t)
{
	if (!reach(t, LAB_4))
		return -1;
	if (t->lab.nfamilies > 1 && t->conf->client_use_ipv6 &&
	    !reach(t, LAB_6))
		return -1;
	return 0;
}

/* --- stimuli --- */

void
trial_frames(struct trial *t, stimulus *what)
{
	struct seen before;
	struct shot s;
	unsigned i, f;

	for (i = 0; i < t->lab.nlan; i++)
		for (f = 0; f < t->lab.nfamilies; f++) {
			before = t->now->seen;
			shot_from_lan(&s, &t->lab, i, (enum lab_family)f);
			s.drain = drain;
			s.arg = t;
			what(&s);
			t->now->sent += s.sent;
			trial_see(t, &before, 1u << f);
		}
}

void
trial_flood(struct trial *t)
{
	struct shot s;
	unsigned i, f;

	for (i = 0; i < t->lab.nlan; i++)
		for (f = 0; f < t->lab.nfamilies; f++) {
			shot_from_lan(&s, &t->lab, i, (enum lab_family)f);
			stim_few(&s);
			t->now->sent += s.sent;
		}
	t->now->sent += stim_own_sockets(&t->lab);
	t->now->sent += stim_own_relay(&t->lab);
	t->now->sent += stim_own_packet(&t->lab);
	look(t);
}

int
trial_flood_until(struct trial *t, int (*done)(struct trial *), int ms)
{
	int64_t until = clock_ms() + ms;
	int is_done;

	do {
		trial_flood(t);
		usleep(FLOOD_NAP_US);
		is_done = done(t);
	} while (!is_done && clock_ms() < until);
	trial_flood(t);
	trial_settle(t);
	return is_done;
}

/* --- the program --- */

static int
has_come(struct trial *t)
{
	return tested_is_up(&t->tested) || !tested_lives(&t->tested);
}

int
trial_ensure(struct trial *t, char *why, size_t max)
{
	int64_t until = clock_ms() + TRIAL_EVENT_MS;
	char said[TRIAL_WHY];
	int rc;

	if (tested_is_up(&t->tested))
		return 0;
	if (!tested_lives(&t->tested) && (rc = tested_start(&t->tested)) < 0) {
		snprintf(why, max, "the program cannot be started: %s",
		    strerror(-rc));
		return rc;
	}
	while (!has_come(t) && clock_ms() < until) {
		look(t);
		usleep(20 * NAP_US);
	}
	if (tested_is_up(&t->tested))
		return 0;
	tested_complaint(said, sizeof(said));
	snprintf(why, max, "the program does not start with this "
	    "configuration here: %s", *said ? said : "it said nothing");
	return -ECHILD;
}
