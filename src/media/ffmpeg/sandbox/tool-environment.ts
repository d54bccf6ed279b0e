// The environment of ffmpeg and ffprobe: what their libraries and drivers read, and nothing of this program's own. No
// token, proxy or key is in it.

/**
 * A folder that does not exist. Statically linked builds of ffmpeg (6.0 and 7.0 of johnvansickle.com, measured) die by
 * SIGSEGV on every transport stream that names its programme: their C library reads the cache that another C library made
 * of character conversions. With this path set, glibc reads no cache (iconv/gconv_cache.c). It still looks in its usual
 * places, so builds that can convert still do (5.1, 7.1, 8.0, 9.0: the same names, measured).
 */
const NO_CONVERSION_CACHE = "/nonexistent/gconv";

/** Whole names, in upper case: the system's own, fonts, and settings of libraries. */
const NAMES = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "GCONV_PATH", "LOCPATH", "LOCALE_ARCHIVE"],
  ...["LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"],
  ...["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS"],
  ...["FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT", "SVT_LOG", "MALLOC_ARENA_MAX"],
  ...["DRI_PRIME", "VDPAU_DRIVER", "ONEVPL_SEARCH_PATH", "ONEVPL_PRIORITY_PATH", "LIBGL_DRIVERS_PATH"],
  // Windows
  ...["SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "PATHEXT", "COMSPEC", "USERPROFILE", "APPDATA"],
  ...["LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "NUMBER_OF_PROCESSORS"],
]);
/** How names of languages and of drivers' settings begin. */
const BEGINNINGS =
  /^(?:LC_|LIBVA_|MESA_|INTEL_MEDIA_|GALLIUM_|AMD_|RADV_|RADEON_|VK_|CUDA_|NVIDIA_|__GL|HSA_|ROCR_|HIP_|PROCESSOR_)/;

/** A variable that the user has set in `inherited` stays, when ffmpeg's libraries read it. */
export function toolEnvironment(inherited: Record<string, string | undefined>): Record<string, string | undefined> {
  const kept = Object.entries(inherited).filter(([name]) => {
    const upper = name.toUpperCase();
    return NAMES.has(upper) || BEGINNINGS.test(upper);
  });
  const conversions = process.platform === "linux" ? { GCONV_PATH: inherited.GCONV_PATH ?? NO_CONVERSION_CACHE } : {};
  return { ...Object.fromEntries(kept), ...conversions, AV_LOG_FORCE_NOCOLOR: "1" };
}
