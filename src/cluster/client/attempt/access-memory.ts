// Remembers how each source is reached, so that only its first attempt has to prove it.
import {
  chooseAccess,
  type Nonce,
  type PathMapping,
  type SourceAccess,
  type SourceAccessMode,
} from "./source-access.ts";

/** Remembers how each source is reached, for as long as the server's nonce is the same. */
export interface AccessMemory {
  learn(nonce: Nonce): void;
  of(source: Parameters<typeof chooseAccess>[1]): Promise<SourceAccess>;
}

export function createAccessMemory(mode: SourceAccessMode, pathMap: readonly PathMapping[]): AccessMemory {
  let nonce: Nonce = { path: "", sha256: "" };
  const known = new Map<string, Promise<SourceAccess>>();
  return {
    learn(next) {
      if (next.sha256 !== nonce.sha256) known.clear();
      nonce = next;
    },
    of(source) {
      const remembered = known.get(source.sourceId);
      if (remembered) return remembered;
      const choice = chooseAccess(mode, source, nonce, pathMap);
      known.set(source.sourceId, choice);
      return choice;
    },
  };
}
