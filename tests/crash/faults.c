/* Fails the Nth call that touches a file below one folder, or makes a pipe; preloaded into a real `keys`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NONE, FULL, BROKEN, SHORT, FLUSH, PIPE };

struct plan { int calls, met; };

static struct plan *shared;
static int fail_at, kind, is_lasting;
static char folder[PATH_MAX];

void faults_begin(struct plan *counted, int at, int what, int lasting, const char *below) {
  shared = counted;
  fail_at = at;
  kind = what;
  is_lasting = lasting;
  snprintf(folder, sizeof folder, "%s", below);
}

static int is_below(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

static int is_ours(int file) {
  char link[64], path[PATH_MAX];
  if (!shared) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_below(path);
}

static int fails(void) {
  int call = ++shared->calls;
  int is_now = call == fail_at || (is_lasting && fail_at && call > fail_at);
  if (is_now) shared->met++;
  return is_now;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

static ssize_t written(ssize_t (*again)(int, const void *, size_t, off_t, int), int file, const void *data,
                       size_t size, off_t at, int has_place) {
  if (!shared || kind == FLUSH || kind == PIPE || !is_ours(file) || !fails())
    return again(file, data, size, at, has_place);
  if (kind == SHORT && size > 1 && shared->met == 1) return again(file, data, size / 2, at, has_place);
  errno = kind == BROKEN ? EIO : ENOSPC;
  return -1;
}

static ssize_t do_write(int file, const void *data, size_t size, off_t at, int has_place) {
  if (has_place) return REAL(ssize_t, pwrite64, int, const void *, size_t, off_t)(file, data, size, at);
  return REAL(ssize_t, write, int, const void *, size_t)(file, data, size);
}

ssize_t write(int file, const void *data, size_t size) { return written(do_write, file, data, size, 0, 0); }
ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return written(do_write, file, data, size, at, 1); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) { return written(do_write, file, data, size, at, 1); }

static int flush_fails(int file) {
  if (!shared || (kind != FLUSH && kind != BROKEN) || !is_ours(file) || !fails()) return 0;
  errno = EIO;
  return 1;
}

int fsync(int file) { return flush_fails(file) ? -1 : REAL(int, fsync, int)(file); }
int fdatasync(int file) { return flush_fails(file) ? -1 : REAL(int, fdatasync, int)(file); }

static int change_fails(int is_it_ours) {
  if (!shared || (kind != FULL && kind != BROKEN) || !is_it_ours || !fails()) return 0;
  errno = kind == FULL ? ENOSPC : EIO;
  return 1;
}

int ftruncate(int file, off_t size) { return change_fails(shared && is_ours(file)) ? -1 : REAL(int, ftruncate, int, off_t)(file, size); }
int ftruncate64(int file, off64_t size) { return change_fails(shared && is_ours(file)) ? -1 : REAL(int, ftruncate64, int, off64_t)(file, size); }
int mkdir(const char *path, mode_t mode) { return change_fails(shared && is_below(path)) ? -1 : REAL(int, mkdir, const char *, mode_t)(path, mode); }

static int opened(const char *name, const char *path, int flags, mode_t mode) {
  if ((flags & O_CREAT) && change_fails(shared && is_below(path))) return -1;
  return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name))(path, flags, mode);
}

#define MODE(flags) mode_t mode = 0; if ((flags) & O_CREAT) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { MODE(flags) return opened("open", path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened("open64", path, flags, mode); }

int pipe2(int ends[2], int flags) {
  if (shared && kind == PIPE && fails()) {
    errno = EMFILE;
    return -1;
  }
  return REAL(int, pipe2, int *, int)(ends, flags);
}
