// What every program that this one runs finds in its environment beside what it inherits.

/**
 * A folder that isn't there. Builds of ffmpeg that are linked statically (6.0 and 7.0 of johnvansickle.com, measured) die by
 * SIGSEGV on every transport stream that names its programme: their C library reads the cache of another one's character
 * conversions. With a path of its own glibc reads no cache (iconv/gconv_cache.c); it still looks where it always does, so
 * that builds which can convert still do (5.1, 7.1, 8.0, 9.0: the same names, measured).
 */
const NO_CONVERSION_CACHE = "/nonexistent/gconv";

/** `inherited`: what the user has set stays. */
export function toolEnvironment(inherited: Record<string, string | undefined>): Record<string, string | undefined> {
  const conversions = process.platform === "linux" ? { GCONV_PATH: inherited.GCONV_PATH ?? NO_CONVERSION_CACHE } : {};
  return { ...inherited, ...conversions, AV_LOG_FORCE_NOCOLOR: "1" };
}
