// Uploads that an earlier visit began and did not end, as tus-js-client notes them in the browser. A page can't open files by
// itself: whoever chooses the same file again goes on where it stopped.

export interface LeftBehind {
  readonly name: string;
  readonly bytes: number;
}

/** The server keeps them as long. */
const KEPT_MS = 24 * 60 * 60_000;

interface Note {
  readonly size?: number | null;
  readonly metadata?: { readonly filename?: string };
  readonly creationTime?: string;
}

export function leftBehind(nowMs = Date.now()): readonly LeftBehind[] {
  return Object.keys(localStorage).flatMap((key) => {
    if (!key.startsWith("tus::")) return [];
    const { size, metadata, creationTime } = noteOf(localStorage.getItem(key) ?? "");
    const isOld = !(nowMs - Date.parse(creationTime ?? "") < KEPT_MS);
    return isOld || metadata?.filename === undefined ? [] : [{ name: metadata.filename, bytes: size ?? 0 }];
  });
}

function noteOf(text: string): Note {
  try {
    return JSON.parse(text) as Note;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return {}; // something else keeps its own under such a name
    throw thrown;
  }
}
