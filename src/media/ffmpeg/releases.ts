// Which releases of ffmpeg are known: from the oldest that works to the newest that was proven. Pure.

export interface Release {
  readonly major: number;
  readonly minor: number;
}

export const OLDEST: Release = { major: 5, minor: 1 };
/** Every job was compared with plain ffmpeg's output up to this one (docs/TESTING.md). */
export const NEWEST_PROVEN: Release = { major: 9, minor: 0 };

/** Negative: `a` is older than `b`; 0: the same release line. */
export function compareReleases(a: Release, b: Release): number {
  return a.major - b.major || a.minor - b.minor;
}

export function isTooOld(release: Release): boolean {
  return compareReleases(release, OLDEST) < 0;
}

/** Nobody has tried it: its self-test decides. */
export function isUnproven(release: Release): boolean {
  return compareReleases(release, NEWEST_PROVEN) > 0;
}

export function releaseText({ major, minor }: Release): string {
  return `${major}.${minor}`;
}

export function knownReleases(): string {
  return `${releaseText(OLDEST)} to ${releaseText(NEWEST_PROVEN)}`;
}
