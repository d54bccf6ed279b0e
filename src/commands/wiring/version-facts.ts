// What this program is: for bug reports, and for whoever compares two machines.
import { COMMIT, machineKind, VERSION } from "../../base/version.ts";
import { PROTOCOL_VERSION } from "../../cluster/protocol/messages.ts";

export interface VersionFacts {
  readonly version: string;
  readonly commit: string | null;
  /** Of the link between server and client: both sides need the same. */
  readonly protocol: number;
  readonly platform: string;
  readonly bun: string;
}

export function versionFacts(): VersionFacts {
  return {
    version: VERSION,
    commit: COMMIT,
    protocol: PROTOCOL_VERSION,
    platform: machineKind(),
    bun: Bun.version,
  };
}
