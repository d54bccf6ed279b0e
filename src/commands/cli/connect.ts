// Makes an API client from `--server`, `--token` and `--tls-ca`. Without --token it takes the one remembered for that host
// and port.
import { resolve } from "node:path";
import { ApiClient } from "../../api/client.ts";
import type { Connection } from "../../api/http-call.ts";
import { hostPort, parseServerAddress, type ServerAddress } from "../../api/server-address.ts";
import { rememberedToken } from "../../base/config/token-store.ts";
import { userConfigDir } from "../../base/config/user-config-dir.ts";
import { AppError } from "../../base/errors.ts";
import { readTrusted } from "../../base/tls-files.ts";
import type { CommandContext } from "./command.ts";

interface Credentials {
  readonly token: string | null;
  readonly "tls-ca": string | null;
}

/** Errors: E_BAD_OPTION for certificates that can't be read; E_USAGE for --tls-ca with a plain http server. */
export async function connectionTo(
  server: ServerAddress,
  given: Credentials,
  context: CommandContext,
): Promise<Connection> {
  const token = given.token ?? (await rememberedToken(userConfigDir(context.env), hostPort(server)));
  const path = given["tls-ca"];
  if (path === null) return { server, token };
  if (server.isTls) return { server, token, tls: { ca: await readTrusted(resolve(context.cwd, path)) } };
  const hint = `Write --server https://${hostPort(server)}, or leave --tls-ca out.`;
  throw new AppError("E_USAGE", `--tls-ca is given, but ${hostPort(server)} would be called with plain http`, hint);
}

/** Errors: E_BAD_OPTION for a malformed address, and those of connectionTo. */
export async function connect(
  options: Credentials & { readonly server: string },
  context: CommandContext,
): Promise<ApiClient> {
  const connection = await connectionTo(parseServerAddress(options.server), options, context);
  return new ApiClient(connection, context.signal);
}
