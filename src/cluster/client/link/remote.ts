// HTTP calls to the server, and the errors in its refusals.
import { z } from "zod";
import { AppError, isErrorCode } from "../../../base/errors.ts";
import type { Trust } from "../../../base/tls/trust.ts";

export interface Remote {
  /** "http://host:port" or "https://host:port", no slash at the end. */
  readonly serverUrl: string;
  readonly token: string;
  /** Absent: the system's authorities are trusted. */
  readonly tls?: Trust;
}

interface RemoteCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** Redirects are never followed: that would send the token elsewhere. */
  readonly redirect?: "error" | "manual";
  /** False: no limit by Bun, for calls that have their own in the signal. */
  readonly timeout?: false;
}

/** One HTTP call; `path` begins with a slash. */
export function callRemote({ serverUrl, token, tls }: Remote, path: string, call: RemoteCall): Promise<Response> {
  return fetch(serverUrl + path, {
    redirect: "error",
    ...call,
    headers: { ...call.headers, authorization: `Bearer ${token}` },
    ...(tls === undefined ? {} : { tls }),
  } as BunFetchRequestInit);
}

const bodySchema = z.object({ code: z.string(), message: z.string(), hint: z.string().default("") });

/** The error object in the body of a refusal; null: there is none. */
export function refusalIn(body: string): AppError | null {
  const parsed = bodySchema.safeParse(innerError(parseJson(body)));
  if (!parsed.success || !isErrorCode(parsed.data.code)) return null;
  return new AppError(parsed.data.code, parsed.data.message, parsed.data.hint);
}

/** The error object in the body of a refusal, or one made from the status. */
export async function readRefusal(response: Response): Promise<AppError> {
  const refusal = refusalIn(await response.text());
  if (refusal !== null) return refusal;
  const code = response.status === 401 ? "E_TOKEN" : "E_UNREACHABLE";
  return new AppError(
    code,
    `the server answered ${response.status}`,
    "Check that the address is that of an ffcluster server.",
    { retry: response.status >= 500 },
  );
}

function innerError(value: unknown): unknown {
  return typeof value === "object" && value !== null && "error" in value ? value.error : value;
}

/** Null: it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null; // not our server, or a proxy's page
    throw thrown;
  }
}
