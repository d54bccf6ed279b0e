// From `--server` and `--token` to a client of the API: the token given, else the one remembered for that host and port.

import { ApiClient } from "../api/client.ts";
import type { Connection } from "../api/http-call.ts";
import { hostPort, parseServerAddress, type ServerAddress } from "../api/server-address.ts";
import { rememberedToken } from "../base/config/token-store.ts";
import { userConfigDir } from "../base/config/user-config-dir.ts";
import type { CommandContext } from "./command.ts";

export async function connectionTo(
  server: ServerAddress,
  token: string | null,
  context: CommandContext,
): Promise<Connection> {
  if (token !== null) return { server, token };
  return { server, token: await rememberedToken(userConfigDir(context.env), hostPort(server)) };
}

/** Errors: E_BAD_OPTION for an address that is none. */
export async function connect(
  options: { readonly server: string; readonly token: string | null },
  context: CommandContext,
): Promise<ApiClient> {
  const connection = await connectionTo(parseServerAddress(options.server), options.token, context);
  return new ApiClient(connection, context.signal);
}
