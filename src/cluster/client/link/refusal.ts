// Finds out why a connection failed. A refused WebSocket upgrade shows only its status, so the server is asked over
// plain HTTP.
import { z } from "zod";
import { AppError } from "../../../base/errors.ts";
import { foreignAnswer, foreignProtocol, isPassingStatus, silenceWords } from "../../../base/foreign-answer.ts";
import { PROTOCOL_VERSION } from "../../protocol/messages.ts";
import type { ClientKey } from "./client-key.ts";
import { callRemote, parseJson, type Remote, refusalIn } from "./remote.ts";

const ASK_WITHIN_MS = 5000;
const helloSchema = z.object({ protocol: z.number(), version: z.string() });

export type WhyNot =
  /** The server refuses: E_TOKEN, E_PROTOCOL or another error that waiting does not cure. */
  | { readonly kind: "refused"; readonly error: AppError }
  /** No ffcluster server answers: the address is wrong, unless one has answered there before. */
  | { readonly kind: "foreign"; readonly error: AppError }
  /** It is not there, is starting, or does not refuse this client. `reason`: null if nothing is known. */
  | { readonly kind: "passing"; readonly reason: string | null };

const passing = (reason: string | null): WhyNot => ({ kind: "passing", reason });
const refused = (error: AppError): WhyNot => ({ kind: "refused", error });

export async function askWhyNot(remote: Remote, signal: AbortSignal): Promise<WhyNot> {
  const where = new URL(remote.serverUrl);
  try {
    const response = await callRemote(remote, "/api/v1/hello", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_WITHIN_MS)]),
      redirect: "manual",
    });
    return judge(response.status, await response.text(), foreignAnswer(where.host, response));
  } catch (thrown) {
    const error = await foreignProtocol(where, thrown, remote.tls);
    return error === null ? passing(silenceWords(where.host, thrown)) : { kind: "foreign", error };
  }
}

/** The same, after trying what the user gave where the server no longer knows the client's key. */
export async function askWithKey(remote: Remote, key: ClientKey | undefined, signal: AbortSignal): Promise<WhyNot> {
  const why = await askWhyNot(remote, signal);
  if (why.kind !== "refused" || why.error.code !== "E_TOKEN" || key === undefined) return why;
  return (await key.forget()) ? await askWhyNot(remote, signal) : why;
}

function judge(status: number, body: string, foreign: AppError): WhyNot {
  const refusal = refusalIn(body);
  if (refusal !== null) return status < 500 ? refused(refusal) : passing(`it answers: ${refusal.message}`);
  if (isPassingStatus(status)) return passing(`a proxy, or another program, answers ${status}`);
  if (status !== 200) return { kind: "foreign", error: foreign };
  const hello = helloSchema.safeParse(parseJson(body));
  if (!hello.success) return { kind: "foreign", error: foreign };
  if (hello.data.protocol === PROTOCOL_VERSION) return passing(null);
  const { protocol, version } = hello.data;
  return refused(
    protocolMismatch(`the server (version ${version}) speaks protocol ${protocol}, this client ${PROTOCOL_VERSION}`),
  );
}

export function protocolMismatch(message: string): AppError {
  return new AppError("E_PROTOCOL", message, "Use the same version of ffcluster on both machines.");
}
