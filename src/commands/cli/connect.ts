// Makes an API client from `--server`, `--token` and the options about its certificate. Without --token it takes the one
// remembered for that host and port.
import { ApiClient } from "../../api/client.ts";
import type { Connection } from "../../api/http-call.ts";
import { type GivenAddress, hostPort, parseServerAddress } from "../../api/server-address.ts";
import { rememberedToken } from "../../base/config/token-store.ts";
import { userConfigDir } from "../../base/config/user-config-dir.ts";
import type { CommandContext } from "./command.ts";
import { type TrustOptions, trustServer } from "./server-trust.ts";

interface Credentials extends TrustOptions {
  readonly token: string | null;
}

/** Errors: those of trustServer. */
export async function connectionTo(
  server: GivenAddress,
  given: Credentials,
  context: CommandContext,
): Promise<Connection> {
  const token = given.token ?? (await rememberedToken(userConfigDir(context.env), hostPort(server)));
  return { ...(await trustServer(server, given, context)), token };
}

/** Errors: E_BAD_OPTION for a malformed address, and those of connectionTo. */
export async function connect(
  options: Credentials & { readonly server: string },
  context: CommandContext,
): Promise<ApiClient> {
  const connection = await connectionTo(parseServerAddress(options.server), options, context);
  return new ApiClient(connection, context.signal);
}
