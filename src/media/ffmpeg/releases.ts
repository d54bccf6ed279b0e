// The known releases of ffmpeg: from the oldest that works to the newest that has been proven. Pure.

export interface Release {
  readonly major: number;
  readonly minor: number;
}

export const OLDEST: Release = { major: 5, minor: 1 };
/** The newest release whose output was compared with plain ffmpeg's for every kind of job (docs/TESTING.md). */
export const NEWEST_PROVEN: Release = { major: 9, minor: 0 };

/** Negative: `a` is older than `b`; 0: the same release line. */
export function compareReleases(a: Release, b: Release): number {
  return a.major - b.major || a.minor - b.minor;
}

export function isTooOld(release: Release): boolean {
  return compareReleases(release, OLDEST) < 0;
}

/** This release has not been tried: its self-test decides. */
export function isUnproven(release: Release): boolean {
  return compareReleases(release, NEWEST_PROVEN) > 0;
}

export function releaseText({ major, minor }: Release): string {
  return `${major}.${minor}`;
}

export function knownReleases(): string {
  return `${releaseText(OLDEST)} to ${releaseText(NEWEST_PROVEN)}`;
}
