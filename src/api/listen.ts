// The sockets of the server on its one port: TLS for other machines, plain http for this one, and a change of certificate
// that keeps what is open. Knows no request.
import { isIP } from "node:net";
import { AppError, errnoOf } from "../base/errors.ts";
import type { SocketData } from "./link.ts";
import { hostPort, isWildcard } from "./server-address.ts";

/** PEM. */
export interface ServerKeys {
  readonly cert: string;
  readonly key: string;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Null: plain http. */
  readonly tls: ServerKeys | null;
  /** With TLS on every interface: loopback addresses speak plain http. */
  readonly plainOnLoopback: boolean;
}

interface SocketOptions {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly tls?: ServerKeys;
}

type Server = Bun.Server<SocketData>;
/** Opens one listening socket. */
export type Bind = (socket: SocketOptions) => Server;

export interface Listening {
  readonly port: number;
  /** Where this machine may call with plain http although others need TLS: "127.0.0.1"; null: nowhere. */
  readonly plainHost: string | null;
  /** New connections get these; those that are open go on with what they have. */
  changeKeys(tls: ServerKeys): void;
  /** Closes every connection and frees the port. */
  stop(): Promise<void>;
}

function portError(options: ListenOptions, thrown: unknown): unknown {
  const where = hostPort({ isTls: false, host: options.host, port: options.port });
  const errno = errnoOf(thrown);
  if (errno === "EADDRINUSE" && isIP(options.host) === 0 && options.host !== "localhost") {
    // Bun 1.4.5 also says "in use" of names that do not resolve.
    const hint = `Either ${options.host} is no name of this machine, or another program has that port.`;
    return new AppError("E_PORT", `cannot listen on ${where}`, hint, { cause: thrown });
  }
  if (errno === "EADDRINUSE") {
    const hint = "Another program has it, perhaps a server that still runs; choose another with --port.";
    return new AppError("E_PORT", `${where} is in use`, hint, { cause: thrown });
  }
  // A name that nothing resolves is ENOENT from Bun 1.4.5.
  if (errno === "EACCES" || errno === "EADDRNOTAVAIL" || errno === "ENOTFOUND" || errno === "ENOENT") {
    const hint = "Give an address of this machine with --host and a port above 1023 with --port.";
    return new AppError("E_PORT", `cannot listen on ${where}`, hint, { cause: thrown });
  }
  return thrown;
}

/** The system gives a connection to the socket with its very address, before one for all addresses. */
function bindPlain(bind: Bind, host: string, port: number): Server[] {
  const loopback = host === "::" ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
  return loopback.flatMap((hostname) => {
    try {
      return [bind({ hostname, port, reusePort: true })];
    } catch (thrown) {
      // No such address here, or a system that does not share ports: that address speaks TLS like the others.
      if (errnoOf(thrown) === "EADDRINUSE" || errnoOf(thrown) === "EADDRNOTAVAIL") return [];
      throw thrown;
    }
  });
}

/** Shared ports hide that another server of the same user has one, so the port is first taken alone. */
function bindShared(bind: Bind, { host, port }: ListenOptions, tls: ServerKeys): Server[] {
  const alone = bind({ hostname: host, port, reusePort: false, tls });
  const taken = alone.port ?? port;
  void alone.stop(true); // the port is free when this returns
  return [bind({ hostname: host, port: taken, reusePort: true, tls }), ...bindPlain(bind, host, taken)];
}

/** Errors: E_PORT. */
export function listen(bind: Bind, options: ListenOptions): Listening {
  const { host, tls } = options;
  // Windows shares no port between sockets.
  const isShared = tls !== null && options.plainOnLoopback && isWildcard(host) && process.platform !== "win32";
  const servers: Server[] = [];
  try {
    if (isShared) servers.push(...bindShared(bind, options, tls));
    // Without `reusePort: false`, `development: false` shares a port that is in use (measured on Bun 1.4.5).
    else servers.push(bind({ hostname: host, port: options.port, reusePort: false, ...(tls === null ? {} : { tls }) }));
  } catch (thrown) {
    throw portError(options, thrown);
  }
  const port = servers[0]?.port ?? options.port;
  return {
    port,
    plainHost: isShared && servers.length > 1 ? "127.0.0.1" : null,
    changeKeys(keys) {
      // Bun 1.4.5 ignores `reload({ tls })`. Both calls are done before any connection can come in between.
      void servers[0]?.stop();
      servers.unshift(bind({ hostname: host, port, reusePort: isShared, tls: keys }));
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop(true)));
    },
  };
}
