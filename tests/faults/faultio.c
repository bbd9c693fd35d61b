/* Makes system calls on files under one folder fail, or take long, as a dying disk does. Loaded with LD_PRELOAD.
 *
 * FAULTIO_PATH  prefix of the paths that are meant
 * FAULTIO_CONTROL  a file of `struct control`, shared with the test that sets it
 *
 * Built by tests/faults/injector.py, which writes the same struct. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, READ = 2, WRITE = 4, SYNC = 8, TRUNCATE = 16 };

struct control {
    uint32_t calls;    /* which calls are meant: a sum of the above; 0: none */
    int32_t error;     /* errno they fail with; 0: they only take long */
    uint32_t delay_ms; /* before anything else */
    uint32_t torn;     /* a write that fails has first written half of its bytes */
    uint64_t first;    /* of the calls meant, the first that is hit; counts from 1 */
    uint64_t count;    /* how many in a row are hit; 0: all from the first on */
    _Atomic uint64_t seen;
    _Atomic uint64_t hit;
};

static struct control *control;
static const char *prefix;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTIO_CONTROL");
    prefix = getenv("FAULTIO_PATH");
    if (!path || !prefix) return;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int fd = real_open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) { perror("faultio: FAULTIO_CONTROL"); abort(); }
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (control == MAP_FAILED) { perror("faultio: mmap"); abort(); }
}

/* Whether this call fails; errno is then set. */
static int fails(uint32_t call, const char *path) {
    if (strncmp(path, prefix, strlen(prefix))) return 0;
    uint64_t number = atomic_fetch_add(&control->seen, 1) + 1;
    if (number < control->first || (control->count && number >= control->first + control->count)) return 0;
    atomic_fetch_add(&control->hit, 1);
    struct timespec left = {control->delay_ms / 1000, control->delay_ms % 1000 * 1000000L};
    while (left.tv_sec + left.tv_nsec && nanosleep(&left, &left)) {}
    if (control->error) errno = control->error;
    return control->error != 0;
}

static int fails_at(uint32_t call, int fd) {
    char link[64], path[512];
    if (!control || !(control->calls & call)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(call, path);
}

static int fails_named(const char *path) {
    return control && (control->calls & OPEN) && fails(OPEN, path);
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = dlsym(RTLD_NEXT, #name)

#define ON_DESCRIPTOR(result, name, call, parameters, arguments) \
    result name parameters { \
        REAL(result, name, ON_DESCRIPTOR_##name); \
        return fails_at(call, fd) ? -1 : real arguments; \
    }

#define ON_DESCRIPTOR_read int, void *, size_t
#define ON_DESCRIPTOR_pread int, void *, size_t, off_t
#define ON_DESCRIPTOR_pread64 int, void *, size_t, off64_t
#define ON_DESCRIPTOR_fsync int
#define ON_DESCRIPTOR_fdatasync int
#define ON_DESCRIPTOR_ftruncate int, off_t
#define ON_DESCRIPTOR_ftruncate64 int, off64_t

ON_DESCRIPTOR(ssize_t, read, READ, (int fd, void *to, size_t size), (fd, to, size))
ON_DESCRIPTOR(ssize_t, pread, READ, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
ON_DESCRIPTOR(ssize_t, pread64, READ, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
ON_DESCRIPTOR(int, fsync, SYNC, (int fd), (fd))
ON_DESCRIPTOR(int, fdatasync, SYNC, (int fd), (fd))
ON_DESCRIPTOR(int, ftruncate, TRUNCATE, (int fd, off_t size), (fd, size))
ON_DESCRIPTOR(int, ftruncate64, TRUNCATE, (int fd, off64_t size), (fd, size))

#define WRITING(name, types, parameters, whole, half) \
    ssize_t name parameters { \
        REAL(ssize_t, name, types); \
        if (!fails_at(WRITE, fd)) return real whole; \
        int error = errno; \
        if (control->torn && size > 1 && real half < 0) return -1; \
        errno = error; \
        return -1; \
    }
#define T_WRITE int, const void *, size_t
#define T_PWRITE int, const void *, size_t, off_t
#define T_PWRITE64 int, const void *, size_t, off64_t

WRITING(write, T_WRITE, (int fd, const void *from, size_t size), (fd, from, size), (fd, from, size / 2))
WRITING(pwrite, T_PWRITE, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at), (fd, from, size / 2, at))
WRITING(pwrite64, T_PWRITE64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at),
        (fd, from, size / 2, at))

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, const char *, int, ...); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return fails_named(path) ? -1 : real(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)
