// What ffmpeg and ffprobe find in their environment besides what they inherit.

/**
 * A folder that does not exist. Statically linked builds of ffmpeg (6.0 and 7.0 of johnvansickle.com, measured) die by
 * SIGSEGV on every transport stream that names its programme: their C library reads the cache that another C library made
 * of character conversions. With this path set, glibc reads no cache (iconv/gconv_cache.c). It still looks in its usual
 * places, so builds that can convert still do (5.1, 7.1, 8.0, 9.0: the same names, measured).
 */
const NO_CONVERSION_CACHE = "/nonexistent/gconv";

/** A variable that the user has set in `inherited` stays. */
export function toolEnvironment(inherited: Record<string, string | undefined>): Record<string, string | undefined> {
  const conversions = process.platform === "linux" ? { GCONV_PATH: inherited.GCONV_PATH ?? NO_CONVERSION_CACHE } : {};
  return { ...inherited, ...conversions, AV_LOG_FORCE_NOCOLOR: "1" };
}
