// The names in an expression as libavutil/eval.c sees them: it drops white space first, and takes a name for a function
// where anything but a letter, a digit or "_" follows it, up to the next "(". Pure.

/** What `text` is to ffmpeg's evaluator. */
export function withoutSpace(text: string): string {
  return text.replace(/[ \t\n\v\f\r]/g, "");
}

/** The first of `names` that stands in an expression as a word of its own, whatever stands behind it; null: none. */
export function wordIn(text: string, names: readonly string[]): string | null {
  const found = new RegExp(`(?:^|[^a-z_])(${names.join("|")})(?![a-z0-9_])`, "i").exec(withoutSpace(text));
  return found?.[1] ?? null;
}
