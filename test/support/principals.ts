// Callers, for tests that call a coordinator without a server in between.
import type { Principal } from "../../src/cluster/protocol/roles.ts";

/** Who came with the server's own token. */
export const ADMIN: Principal = {
  tokenId: "admin",
  name: "admin",
  role: "admin",
  clientId: null,
  ended: new AbortController().signal,
};
