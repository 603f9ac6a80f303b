// Preloaded into the command: lets system calls on the files of one folder fail, while a file says so.
//
//   FAULT_FOLDER   whose files
//   FAULT_WHEN     the file; its first word is fsync (EIO), full (ENOSPC) or readonly (EROFS)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int is_on(const char *fault) {
    const char *when = getenv("FAULT_WHEN");
    char word[16] = "";
    int file = when ? (int)syscall(SYS_openat, AT_FDCWD, when, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    ssize_t length = syscall(SYS_read, file, word, sizeof word - 1);
    syscall(SYS_close, file);
    return length > 0 && strncmp(word, fault, strlen(fault)) == 0;
}

static int is_ours(const char *path) {
    const char *folder = getenv("FAULT_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int fails(int file, const char *fault, int code) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!is_ours(path) || !is_on(fault)) return 0;
    errno = code;
    return 1;
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

int fsync(int file) { return fails(file, "fsync", EIO) ? -1 : REAL(fsync)(file); }

int fdatasync(int file) { return fails(file, "fsync", EIO) ? -1 : REAL(fdatasync)(file); }

ssize_t write(int file, const void *bytes, size_t count) {
    return fails(file, "full", ENOSPC) ? -1 : REAL(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return fails(file, "full", ENOSPC) ? -1 : REAL(pwrite)(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return fails(file, "full", ENOSPC) ? -1 : REAL(pwrite64)(file, bytes, count, offset);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
    return fails(file, "full", ENOSPC) ? -1 : REAL(fallocate)(file, mode, offset, length);
}

static int refuses(const char *path, int flags) {
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT)) return 0;
    if (!is_ours(path) || !is_on("readonly")) return 0;
    errno = EROFS;
    return 1;
}

#define OPEN(name)                                               \
    int name(const char *path, int flags, ...) {                 \
        va_list rest;                                            \
        va_start(rest, flags);                                   \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                            \
        return refuses(path, flags) ? -1 : REAL(name)(path, flags, mode); \
    }

OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) {
    if (is_ours(path) && is_on("readonly")) {
        errno = EROFS;
        return -1;
    }
    return REAL(mkdir)(path, mode);
}
