// What has not changed since the last time is drawn as it was: of thousands of bars only those that live are looked at again.
import type { VNode } from "preact";
import { useRef } from "preact/hooks";

interface Kept {
  readonly sign: string;
  readonly drawn: VNode;
}

/** `sign`: all that its drawing depends on. */
type Keep = (id: string, sign: string, draw: () => VNode) => VNode;

/** For one row of things, each time that it is drawn. */
export function useKept(): Keep {
  const last = useRef<ReadonlyMap<string, Kept>>(new Map());
  const before = last.current;
  const now = new Map<string, Kept>();
  last.current = now;
  return (id, sign, draw) => {
    const known = before.get(id);
    const kept = known?.sign === sign ? known : { sign, drawn: draw() };
    now.set(id, kept);
    return kept.drawn;
  };
}
