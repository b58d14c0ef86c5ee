/* Disturbs the Nth call that touches a file below one folder, or makes a pipe; preloaded into a real `keys`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NONE, FULL, BROKEN, SHORT, FLUSH, PIPE, DIE, TORN, UNREAD, PART, CLOCK };

struct plan { int calls, met; };

static struct plan *shared;
static int fail_at, kind, is_lasting;
static long long step_seconds;
static char folder[PATH_MAX];

void faults_begin(struct plan *counted, int at, int what, int lasting, const char *below, long long seconds) {
  shared = counted;
  fail_at = at;
  kind = what;
  is_lasting = lasting;
  step_seconds = seconds;
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

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Before a call that changes something: whether it is the one before which the process dies or the clock is set. */
static int is_end(int is_it_ours) {
  if (!shared || (kind != DIE && kind != TORN && kind != CLOCK) || !is_it_ours || !fails()) return 0;
  if (kind == DIE) die();
  return kind == TORN;
}

static int died(int is_over, int result) {
  if (is_over) die();
  return result;
}

static ssize_t written(ssize_t (*again)(int, const void *, size_t, off_t, int), int file, const void *data,
                       size_t size, off_t at, int has_place) {
  if (is_end(shared && is_ours(file))) {
    again(file, data, size / 2, at, has_place);
    die();
  }
  if (!shared || kind > SHORT || !is_ours(file) || !fails()) return again(file, data, size, at, has_place);
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

#define DYING(is_it_ours, call) do { int is_over = is_end(shared && (is_it_ours)); return died(is_over, call); } while (0)

int fsync(int file) { if (flush_fails(file)) return -1; DYING(is_ours(file), REAL(int, fsync, int)(file)); }
int fdatasync(int file) { if (flush_fails(file)) return -1; DYING(is_ours(file), REAL(int, fdatasync, int)(file)); }

static int change_fails(int is_it_ours) {
  if (!shared || (kind != FULL && kind != BROKEN) || !is_it_ours || !fails()) return 0;
  errno = kind == FULL ? ENOSPC : EIO;
  return 1;
}

int ftruncate(int file, off_t size) {
  if (change_fails(shared && is_ours(file))) return -1;
  DYING(is_ours(file), REAL(int, ftruncate, int, off_t)(file, size));
}

int ftruncate64(int file, off64_t size) {
  if (change_fails(shared && is_ours(file))) return -1;
  DYING(is_ours(file), REAL(int, ftruncate64, int, off64_t)(file, size));
}

int mkdir(const char *path, mode_t mode) {
  if (change_fails(shared && is_below(path))) return -1;
  DYING(is_below(path), REAL(int, mkdir, const char *, mode_t)(path, mode));
}

int rename(const char *from, const char *to) { DYING(is_below(to), REAL(int, rename, const char *, const char *)(from, to)); }
int link(const char *from, const char *to) { DYING(is_below(to), REAL(int, link, const char *, const char *)(from, to)); }
int unlink(const char *path) { DYING(is_below(path), REAL(int, unlink, const char *)(path)); }
int rmdir(const char *path) { DYING(is_below(path), REAL(int, rmdir, const char *)(path)); }

static int read_fails(int is_it_ours) {
  if (!shared || kind != UNREAD || !is_it_ours || !fails()) return 0;
  errno = EIO;
  return 1;
}

static size_t part_of(int file, size_t size) {
  return shared && kind == PART && size > 1 && is_ours(file) && fails() ? size / 2 : size;
}

ssize_t read(int file, void *data, size_t size) {
  if (read_fails(shared && is_ours(file))) return -1;
  return REAL(ssize_t, read, int, void *, size_t)(file, data, part_of(file, size));
}

ssize_t pread(int file, void *data, size_t size, off_t at) {
  if (read_fails(shared && is_ours(file))) return -1;
  return REAL(ssize_t, pread, int, void *, size_t, off_t)(file, data, part_of(file, size), at);
}

ssize_t pread64(int file, void *data, size_t size, off64_t at) {
  if (read_fails(shared && is_ours(file))) return -1;
  return REAL(ssize_t, pread64, int, void *, size_t, off64_t)(file, data, part_of(file, size), at);
}

void *mmap(void *place, size_t size, int rights, int flags, int file, off_t at) {
  if (!(flags & MAP_ANONYMOUS) && read_fails(shared && is_ours(file))) return MAP_FAILED;
  return REAL(void *, mmap, void *, size_t, int, int, int, off_t)(place, size, rights, flags, file, at);
}

void *mmap64(void *place, size_t size, int rights, int flags, int file, off64_t at) {
  if (!(flags & MAP_ANONYMOUS) && read_fails(shared && is_ours(file))) return MAP_FAILED;
  return REAL(void *, mmap64, void *, size_t, int, int, int, off64_t)(place, size, rights, flags, file, at);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
  int is_it_ours = shared && is_below(path);
  if ((flags & O_CREAT) && change_fails(is_it_ours)) return -1;
  if (!(flags & O_CREAT) && read_fails(is_it_ours)) return -1;
  int is_over = (flags & O_CREAT) && is_end(is_it_ours);
  return died(is_over, ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name))(path, flags, mode));
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

static long long ahead(void) { return shared && kind == CLOCK && shared->met ? step_seconds : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = REAL(int, clock_gettime, clockid_t, struct timespec *);
  int result = real(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += ahead();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  int result = REAL(int, gettimeofday, struct timeval *, void *)(now, zone);
  now->tv_sec += ahead();
  return result;
}

time_t time(time_t *kept) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (kept) *kept = now.tv_sec;
  return now.tv_sec;
}
