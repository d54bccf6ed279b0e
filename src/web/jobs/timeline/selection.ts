// Which bar or segment is looked at, by mouse or keyboard, and how the arrow keys go from one to the next.
import { signal } from "@preact/signals";

/** Id of an attempt, or "segment-N"; null: none. */
export const selected = signal<string | null>(null);

/** What the arrow keys do in a row of things; true: the key was one of them. */
export function moveSelection(ids: readonly string[], key: string): boolean {
  const now = ids.indexOf(selected.value ?? "");
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: Math.max(0, now - 1),
    ArrowRight: Math.min(ids.length - 1, now + 1),
    Home: 0,
    End: ids.length - 1,
  };
  const next = steps[key];
  if (next === undefined) return false;
  selected.value = ids[next] ?? null;
  return true;
}

/** The props of a row whose things the arrow keys reach, one of them at a time. */
export function rowProps(ids: readonly string[]) {
  const isHere = selected.value !== null && ids.includes(selected.value);
  return {
    tabIndex: 0,
    ...(isHere ? { "aria-activedescendant": `at-${selected.value}` } : {}),
    onFocus: () => {
      if (!isHere) selected.value = ids[0] ?? null;
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (moveSelection(ids, event.key)) event.preventDefault();
    },
  };
}
