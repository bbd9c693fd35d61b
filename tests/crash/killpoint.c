/* Ends the process with SIGKILL just before the k-th of its system calls that reach anything outside: what it receives,
 * sends, writes, syncs. Between two of them nothing outside changes, so all k together are every point of a crash.
 * Loaded with LD_PRELOAD.
 *
 * KILLPOINT_CONTROL  a file of `struct control`, shared with the test that sets it
 *
 * Built by tests/crash/killpoint.py, which writes the same struct. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct control {
    _Atomic uint64_t at;   /* kill before this call, counted from 1 since it was set; 0: only count */
    _Atomic uint64_t seen; /* calls since then */
    _Atomic uint64_t armed;
    char name[64]; /* of the call that was killed */
};

static struct control *control;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("KILLPOINT_CONTROL");
    if (!path) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) { perror("killpoint: KILLPOINT_CONTROL"); abort(); }
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (control == MAP_FAILED) { perror("killpoint: mmap"); abort(); }
}

/* Sockets and files are the outside; pipes and the loop's own pair of sockets carry nothing out of the process. */
static int outside(int fd) {
    struct stat status;
    if (fstat(fd, &status)) return 0;
    if (S_ISREG(status.st_mode)) return fd > 2; /* not the log */
    if (!S_ISSOCK(status.st_mode)) return 0;
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    return !getsockname(fd, (struct sockaddr *)&address, &size) && address.ss_family == AF_INET;
}

static void count(int fd, const char *name) {
    if (!control || !control->armed || !outside(fd)) return;
    uint64_t number = atomic_fetch_add(&control->seen, 1) + 1;
    if (control->at && number == control->at) {
        snprintf(control->name, sizeof control->name, "%s", name);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

#define COUNTED(result, name, parameters, types, arguments) \
    result name parameters { \
        static result (*real) types; \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        count(fd, #name); \
        return real arguments; \
    }

COUNTED(ssize_t, recv, (int fd, void *to, size_t size, int flags), (int, void *, size_t, int), (fd, to, size, flags))
COUNTED(ssize_t, send, (int fd, const void *from, size_t size, int flags), (int, const void *, size_t, int),
        (fd, from, size, flags))
COUNTED(ssize_t, write, (int fd, const void *from, size_t size), (int, const void *, size_t), (fd, from, size))
COUNTED(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (int, const void *, size_t, off64_t),
        (fd, from, size, at))
COUNTED(int, fsync, (int fd), (int), (fd))
COUNTED(int, fdatasync, (int fd), (int), (fd))
COUNTED(int, ftruncate64, (int fd, off64_t size), (int, off64_t), (fd, size))
