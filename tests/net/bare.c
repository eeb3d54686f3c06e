/* tests/net/bare.c - a client as a static binary with a resolver of its own
 *
 * usage: bare NAME		GET / of http://NAME/, to standard output
 *
 * As Go programs do it, and others that no preloaded library can reach: it asks
 * the server that /etc/resolv.conf names, over UDP, and makes its system calls
 * itself as far as can be told from outside.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HEAD = 12, WAIT_S = 120 };

static int
name_server(char *out, size_t max)
{
	static const char word[] = "nameserver ";
	char line[256];
	FILE *f = fopen("/etc/resolv.conf", "r");
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (strncmp(line, word, sizeof(word) - 1) == 0) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(out, max, "%s", line + sizeof(word) - 1);
			found = 1;
		}
	if (f)
		fclose(f);
	return found ? 0 : -1;
}

/* A question for the A records of @name. */
static size_t
question(unsigned char *q, const char *name)
{
	static const unsigned char head[HEAD] = { 0x12, 0x34, 1, 0, 0, 1 };
	static const unsigned char tail[5] = { 0, 0, 1, 0, 1 };
	size_t at = HEAD, n;

	memcpy(q, head, HEAD);
	for (; *name; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		q[at++] = (unsigned char)n;
		memcpy(q + at, name, n);
		at += n;
	}
	memcpy(q + at, tail, sizeof(tail));
	return at + sizeof(tail);
}

/* The first answer's last 4 bytes: enough for a server that we know. */
static int
ask(const char *server, const char *name, struct in_addr *out)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(53) };
	struct timeval wait = { .tv_sec = WAIT_S };
	unsigned char q[512], a[512];
	size_t len = question(q, name);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (inet_pton(AF_INET, server, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, q, len, 0) < 0 || (n = recv(fd, a, sizeof(a), 0)) < 0 ||
	    (size_t)n < len + 16 || a[7] == 0)
		return -1;
	memcpy(out, a + len + 12, sizeof(*out));	/* past its head */
	close(fd);
	return 0;
}

static int
get(const struct in_addr *host)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(80), .sin_addr = *host };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[4096];
	ssize_t n;

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, request, sizeof(request) - 1, 0) < 0)
		return -1;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	return n < 0 || fflush(stdout) != 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct in_addr host;
	char server[64];

	if (argc != 2 || name_server(server, sizeof(server)) < 0 ||
	    ask(server, argv[1], &host) < 0 || get(&host) < 0) {
		perror("bare");
		return 1;
	}
	return 0;
}
