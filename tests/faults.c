/* Fails the n-th call of the C library that opens, writes, syncs, renames, makes or removes a file below a folder.

   Loaded with LD_PRELOAD, so that it sees what Python, PyTorch, pyarrow and all others do. Nothing fails until
   fault_arm() is called. sticky: every later call that needs room fails too, as on a full disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char below[4096];
static long at = 0, count = 0;
static int sticky = 0, error_number = ENOSPC;
static char last[4200];

void fault_arm(const char *folder, long n, int is_sticky, int number) {
    strncpy(below, folder, sizeof below - 1);
    at = n; sticky = is_sticky; error_number = number; count = 0; last[0] = 0;
}
long fault_count(void) { return count; }
const char *fault_last(void) { return last; }

static int due(const char *call, const char *path, int needs_room) {
    if (!below[0] || !path || !strstr(path, below)) return 0;
    long mine = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (at && (mine == at || (sticky && needs_room && mine > at))) {
        if (mine == at) snprintf(last, sizeof last, "%s %s", call, path);
        errno = error_number;
        return 1;
    }
    return 0;
}
static int due_fd(const char *call, int fd) {
    if (!below[0]) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int saved = errno;
    ssize_t size = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (size <= 0) return 0;
    path[size] = 0;
    return due(call, path, 1);
}
#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); } \
        if (due("open", path, flags & O_CREAT)) return -1; \
        return real(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)
#define OPENATS(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); } \
        if (due("open", path, flags & O_CREAT)) return -1; \
        return real(folder, path, flags, mode); \
    }
OPENATS(openat)
OPENATS(openat64)
#define FOPENS(name) \
    FILE *name(const char *path, const char *mode) { \
        REAL(name); \
        if (due("open", path, mode[0] != 'r')) return NULL; \
        return real(path, mode); \
    }
FOPENS(fopen)
FOPENS(fopen64)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    return due_fd("write", fd) ? -1 : real(fd, data, size);
}
ssize_t writev(int fd, const struct iovec *data, int n) {
    REAL(writev);
    return due_fd("write", fd) ? -1 : real(fd, data, n);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    REAL(pwrite);
    return due_fd("write", fd) ? -1 : real(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    REAL(pwrite64);
    return due_fd("write", fd) ? -1 : real(fd, data, size, offset);
}
/* The write() within the C library's own buffers cannot be seen from outside. */
size_t fwrite(const void *data, size_t size, size_t n, FILE *file) {
    REAL(fwrite);
    return due_fd("write", fileno(file)) ? 0 : real(data, size, n, file);
}
int fsync(int fd) {
    REAL(fsync);
    return due_fd("fsync", fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(fdatasync);
    return due_fd("fsync", fd) ? -1 : real(fd);
}
int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    return due_fd("truncate", fd) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    return due_fd("truncate", fd) ? -1 : real(fd, size);
}
int posix_fallocate(int fd, off_t offset, off_t size) {
    REAL(posix_fallocate);
    return due_fd("allocate", fd) ? error_number : real(fd, offset, size);
}
int posix_fallocate64(int fd, off64_t offset, off64_t size) {
    REAL(posix_fallocate64);
    return due_fd("allocate", fd) ? error_number : real(fd, offset, size);
}
int rename(const char *from, const char *to) {
    REAL(rename);
    return due("rename", to, 1) ? -1 : real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat);
    return due("rename", to, 1) ? -1 : real(a, from, b, to);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return due("mkdir", path, 1) ? -1 : real(path, mode);
}
int chmod(const char *path, mode_t mode) {
    REAL(chmod);
    return due("chmod", path, 0) ? -1 : real(path, mode);
}
