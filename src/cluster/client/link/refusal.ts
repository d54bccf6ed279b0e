// Why a connection failed, in words: a refused WebSocket upgrade says nothing but its status, so the server is asked
// over plain HTTP.
import { z } from "zod";
import { AppError } from "../../../base/errors.ts";
import { PROTOCOL_VERSION } from "../../protocol/messages.ts";
import { type Remote, readRefusal } from "./remote.ts";

const ASK_WITHIN_MS = 5000;
const helloSchema = z.object({ protocol: z.number(), version: z.string() });

/**
 * E_TOKEN or E_PROTOCOL (or another refusal that waiting does not cure) when the server says so; null when it cannot
 * be reached, is starting, or has nothing against this client.
 */
export async function askForRefusal(remote: Remote, signal: AbortSignal): Promise<AppError | null> {
  let response: Response;
  try {
    response = await fetch(`${remote.serverUrl}/api/v1/hello`, {
      headers: { authorization: `Bearer ${remote.token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_WITHIN_MS)]),
      redirect: "error",
    });
    if (response.status === 401 || response.status === 403 || response.status === 426) {
      return await readRefusal(response);
    }
    if (response.status !== 200) return null;
    const hello = helloSchema.safeParse(await response.json());
    if (!hello.success || hello.data.protocol === PROTOCOL_VERSION) return null;
    return protocolMismatch(
      `the server (version ${hello.data.version}) speaks protocol ${hello.data.protocol}, this client ${PROTOCOL_VERSION}`,
    );
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    return null; // not there, not HTTP, not JSON: nothing that a refusal would look like
  }
}

export function protocolMismatch(message: string): AppError {
  return new AppError("E_PROTOCOL", message, "Use the same version of ffcluster on both machines.");
}
