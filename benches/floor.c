/*
 * The physical floor of any shim: a static program whose whole work is to become another one.
 * Built by `cargo xtask bench` with -DREAL='"/path/to/program"'.
 */
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    (void)argc;
    execve(REAL, argv, environ);
    return 127;
}
