// The client's store in memory: test/conformance holds it to the same contract as the one on SQLite.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { newId } from "../../src/base/ids.ts";
import type { ClaimedIdentity, ClientStore, FinishedResult } from "../../src/cluster/client/ports.ts";

/** What the processes of one work directory share, and what outlives them. */
export class MemoryWorkDir {
  readonly folder: string;
  /** In the order in which they were made, with whether a process holds them. */
  readonly identities = new Map<string, { isHeld: boolean }>();
  readonly results = new Map<string, FinishedResult>();
  readonly encoders = new Map<string, string>();

  constructor(folder: string) {
    this.folder = folder;
  }
}

export function openMemoryClientStore(shared: MemoryWorkDir): ClientStore {
  const claim = (clientId: string): ClaimedIdentity => {
    const held = { isHeld: true };
    shared.identities.set(clientId, held);
    const folder = resolve(shared.folder, "client", clientId);
    mkdirSync(folder, { recursive: true });
    return {
      clientId,
      folder,
      release() {
        held.isHeld = false;
      },
    };
  };
  return {
    claimIdentity() {
      const free = [...shared.identities].find(([, { isHeld }]) => !isHeld);
      return claim(free?.[0] ?? newId());
    },
    keepResult(result) {
      if (!shared.identities.has(result.clientId)) throw new Error(`no client ${result.clientId} was ever here`);
      shared.results.set(result.attemptId, structuredClone(result));
    },
    keptResults: (clientId) =>
      structuredClone([...shared.results.values()].filter((result) => result.clientId === clientId)),
    forgetResult: (attemptId) => void shared.results.delete(attemptId),
    encoders: {
      get: (key) => shared.encoders.get(key) ?? null,
      set: (key, report) => void shared.encoders.set(key, report),
    },
    close() {},
  };
}
