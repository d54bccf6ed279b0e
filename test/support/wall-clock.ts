// A wall clock that jumps on command under a running process: a preloaded library adds to what the system says as many
// seconds as a file names. Linux with a C compiler; the monotonic clock is left as it is.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const LIBRARY = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long ahead(void) {
  const char *path = getenv("WALL_CLOCK_FILE");
  char text[32] = {0};
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  long got = read(file, text, sizeof text - 1);
  close(file);
  return got > 0 ? atol(text) : 0;
}
int clock_gettime(clockid_t which, struct timespec *out) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(which, out);
  if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) out->tv_sec += ahead();
  return result;
}
int gettimeofday(struct timeval *out, void *zone) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
`;

export interface WallClock {
  /** For the processes that are to live by it. */
  readonly env: { readonly LD_PRELOAD: string; readonly WALL_CLOCK_FILE: string };
  /** From now on it is so much later than it is. */
  setAhead(seconds: number): Promise<void>;
}

const COMPILER = process.platform === "linux" ? Bun.which("cc") : null;

/** What it takes that not every machine has: Linux and a C compiler. */
export const hasWallClock = COMPILER !== null;

export async function makeWallClock(folder: string): Promise<WallClock> {
  if (COMPILER === null) throw new Error("a clock that jumps needs Linux and a C compiler");
  await mkdir(folder, { recursive: true });
  const [source, library, file] = ["clock.c", "clock.so", "ahead"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(source, LIBRARY);
  const built = Bun.spawnSync([COMPILER, "-shared", "-fPIC", "-o", library, source, "-ldl"]);
  if (!built.success) throw new Error(built.stderr.toString());
  const setAhead = async (seconds: number) => {
    await writeFile(`${file}.new`, String(seconds));
    await rename(`${file}.new`, file);
  };
  await setAhead(0);
  return { env: { LD_PRELOAD: library, WALL_CLOCK_FILE: file }, setAhead };
}
