/* daemon/run.h - `onion-transparent run`: a program in a network of its own
 *
 * The program has a TUN device, and nothing else; what is on its other side is
 * a running daemon, or an engine that ends with the program.  Nothing that it
 * says or is told passes through us: descriptors, terminal, signals and exit
 * status are the program's.
 */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

struct conf_args;

/* The exit status: the program's, or one of RUNCHILD_*.  Where a signal killed
 * the program, the same signal kills the caller. */
int	run_program(const struct conf_args *);

#endif
