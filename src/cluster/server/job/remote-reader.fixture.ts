// For tests of jobs whose sources are files: nothing is remote.
import type { RemoteReader } from "./remote-reader.ts";

function none(): never {
  throw new Error("no source of this test is remote");
}

export const NOTHING_REMOTE: RemoteReader = {
  hold: none,
  block: none,
  failure: () => null,
  ask: none,
  forget: none,
};
