/* Preloaded below HDF5 and Python: counts what changes files under one folder, and does harm at chosen points.
 *
 *   gcc -shared -fPIC -O1 -o crash_shim.so crash_shim.c -ldl
 *
 * Points are calls of write, pwrite, writev, ftruncate, fsync, fdatasync, rename, unlink, sendfile, copy_file_range, and
 * of open where it may create a file.  Nothing is counted before crash_arm. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, HALF, PAGE, FAIL, SIGNAL };
enum { LIMIT = 1 << 20, PAGE_BYTES = 4096 };

static char folder[PATH_MAX], kinds[LIMIT];
static int armed, mode, code;
static long first, last;
static atomic_long counted;

/* From now on: COUNT; KILL at point `from`; HALF: write half of it, then kill; PAGE: write up to where the last page of
 * the file begins, as a kill may cut a write under Linux (all of it, if it stays within a page), then kill; FAIL with
 * errno `what` at points `from` to `to`; SIGNAL: send `what` to this process at points `from` and `to`. */
void crash_arm(const char *where, int how, long from, long to, int what)
{
    snprintf(folder, sizeof folder, "%s/", where);
    mode = how, first = from, last = to, code = what;
    counted = 0;
    armed = 1;
}

long crash_points(void) { return counted; }

/* One letter a point: w(rite), t(runcate), s(ync), r(ename), u(nlink), c(reate). */
const char *crash_kinds(void) { return kinds; }

static int inside(const char *path) { return path && strncmp(path, folder, strlen(folder)) == 0; }

static int inside_fd(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return inside(path);
}

/* What to do at this point: 0 go on, 1 fail (errno is set), 2 write a part and die. */
static int point(char kind)
{
    long here = ++counted;
    if (here < LIMIT) kinds[here - 1] = kind;
    if (mode == KILL && here == first) kill(getpid(), SIGKILL);
    if ((mode == HALF || mode == PAGE) && here == first) return 2;
    if (mode == SIGNAL && (here == first || here == last)) raise(code);
    if (mode == FAIL && here >= first && here <= last && (kind != 'u' || code != ENOSPC)) return errno = code, 1;
    return 0;
}

/* How much of a write is done before the kill. */
static size_t part(size_t n, long at)
{
    long last_page = (at + (long)n - 1) / PAGE_BYTES * PAGE_BYTES;
    return mode == HALF ? n / 2 : last_page > at ? (size_t)(last_page - at) : n;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define DIE() kill(getpid(), SIGKILL)

#define WRITER(name, parameters, fd, whole, half)                                                                     \
    ssize_t name parameters                                                                                           \
    {                                                                                                                 \
        static __typeof__(&name) real;                                                                                \
        if (!real) real = REAL(name);                                                                                 \
        int harm = armed && inside_fd(fd) ? point('w') : 0;                                                           \
        if (harm == 1) return -1;                                                                                     \
        if (harm == 2) half, DIE();                                                                                   \
        return whole;                                                                                                 \
    }

WRITER(write, (int fd, const void *data, size_t n), fd, real(fd, data, n), real(fd, data, n / 2))
WRITER(pwrite, (int fd, const void *data, size_t n, off_t at), fd, real(fd, data, n, at), real(fd, data, part(n, at), at))
WRITER(pwrite64, (int fd, const void *data, size_t n, off64_t at), fd, real(fd, data, n, at), real(fd, data, part(n, at), at))
WRITER(writev, (int fd, const struct iovec *v, int n), fd, real(fd, v, n), real(fd, v, n / 2))
WRITER(pwritev, (int fd, const struct iovec *v, int n, off_t at), fd, real(fd, v, n, at), real(fd, v, n / 2, at))
WRITER(sendfile, (int fd, int from, off_t *at, size_t n), fd, real(fd, from, at, n), real(fd, from, at, n / 2))
WRITER(sendfile64, (int fd, int from, off64_t *at, size_t n), fd, real(fd, from, at, n), real(fd, from, at, n / 2))
WRITER(copy_file_range, (int from, off64_t *a, int fd, off64_t *b, size_t n, unsigned f), fd, real(from, a, fd, b, n, f),
       real(from, a, fd, b, n / 2, f))

/* Calls that happen or do not: the torn variants die just after. */
#define OTHER(name, parameters, seen, kind, call)                                                                     \
    int name parameters                                                                                               \
    {                                                                                                                 \
        static __typeof__(&name) real;                                                                                \
        if (!real) real = REAL(name);                                                                                 \
        int harm = armed && (seen) ? point(kind) : 0;                                                                 \
        if (harm == 1) return -1;                                                                                     \
        int result = call;                                                                                            \
        if (harm == 2) DIE();                                                                                         \
        return result;                                                                                                \
    }

OTHER(ftruncate, (int fd, off_t n), inside_fd(fd), 't', real(fd, n))
OTHER(ftruncate64, (int fd, off64_t n), inside_fd(fd), 't', real(fd, n))
OTHER(fsync, (int fd), inside_fd(fd), 's', real(fd))
OTHER(fdatasync, (int fd), inside_fd(fd), 's', real(fd))
OTHER(rename, (const char *a, const char *b), inside(b), 'r', real(a, b))
OTHER(renameat, (int da, const char *a, int db, const char *b), inside(b), 'r', real(da, a, db, b))
OTHER(unlink, (const char *a), inside(a), 'u', real(a))
OTHER(unlinkat, (int d, const char *a, int f), inside(a), 'u', real(d, a, f))

#define OPENER(name, parameters, path, call)                                                                          \
    int name parameters                                                                                               \
    {                                                                                                                 \
        static __typeof__(&name) real;                                                                                \
        if (!real) real = REAL(name);                                                                                 \
        int bits = 0;                                                                                                 \
        if (flags & O_CREAT) {                                                                                        \
            va_list more;                                                                                             \
            va_start(more, flags);                                                                                    \
            bits = va_arg(more, int);                                                                                 \
            va_end(more);                                                                                             \
        }                                                                                                             \
        int harm = armed && (flags & O_CREAT) && inside(path) ? point('c') : 0;                                       \
        if (harm == 1) return -1;                                                                                     \
        int result = call;                                                                                            \
        if (harm == 2) DIE();                                                                                         \
        return result;                                                                                                \
    }

OPENER(open, (const char *path, int flags, ...), path, real(path, flags, bits))
OPENER(open64, (const char *path, int flags, ...), path, real(path, flags, bits))
OPENER(openat, (int d, const char *path, int flags, ...), path, real(d, path, flags, bits))
OPENER(openat64, (int d, const char *path, int flags, ...), path, real(d, path, flags, bits))
