// Remembers how this client reaches each source, so that only the first attempt has to find out.
import {
  chooseAccess,
  type Nonce,
  type PathMapping,
  type SourceAccess,
  type SourceAccessMode,
} from "./source-access.ts";

/** Forgets everything when the server's nonce changes. */
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
