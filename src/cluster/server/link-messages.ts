// What a client's link reads and what it answers with: a message, or why it is refused. Pure but for the socket.
import { AppError } from "../../base/errors.ts";
import { type ClientMessage, clientMessageSchema, type Hello, type ServerMessage } from "../protocol/messages.ts";
import type { Input } from "../scheduler/model/input.ts";
import type { LinkSocket } from "./ports.ts";

export function refuse(
  socket: LinkSocket,
  code: "E_PROTOCOL" | "E_IDENTITY_IN_USE" | "E_FORBIDDEN",
  reason: string,
): void {
  socket.send(JSON.stringify({ type: "goodbye", reason, reconnect: false, code } satisfies ServerMessage));
  socket.close(1008, code);
}

/** The link ends: what its client means is not known. */
export function refuseMessage(socket: LinkSocket, error: AppError): void {
  const goodbye = { type: "goodbye", reason: error.message, reconnect: true, error: error.toBody() } as const;
  socket.send(JSON.stringify(goodbye satisfies ServerMessage));
  socket.close(1008, "message not of the protocol");
}

export function placeOf({ name, host, platform }: Hello): string {
  return name === host ? `${name} (${platform})` : `${name} on ${host} (${platform})`;
}

/** Leaves absent keys out, so that what is unknown stays unknown. */
export function abilitiesOf(
  message: Pick<
    Hello,
    "slots" | "slotsReason" | "encoders" | "families" | "pools" | "limits" | "hardware" | "noRoom" | "resting"
  >,
) {
  const { slots, slotsReason, encoders, families, pools, limits, hardware, noRoom, resting } = message;
  return {
    slots,
    encoders,
    families,
    ...(slotsReason === undefined ? {} : { slotsReason }),
    ...(pools === undefined ? {} : { pools }),
    ...(limits === undefined ? {} : { limits }),
    ...(hardware === undefined ? {} : { hardware }),
    ...(noRoom === undefined || resting !== undefined ? {} : { noRoom }),
    ...(resting === undefined ? {} : { resting }),
  };
}

/** The client as its hello describes it; `link`: the number of the link that it came on. */
export function clientOf(hello: Hello, link: number): Extract<Input, { type: "client-hello" }>["client"] {
  return {
    id: hello.clientId,
    name: hello.name,
    instance: hello.instance,
    ...abilitiesOf(hello),
    platform: hello.platform,
    ffmpeg: hello.ffmpeg,
    version: hello.version,
    ...(hello.textPrints === undefined ? {} : { textPrints: hello.textPrints }),
    ...(hello.release === undefined ? {} : { release: hello.release }),
    ...(hello.decodes === undefined ? {} : { decodes: hello.decodes }),
    ...(hello.filters === undefined ? {} : { filters: hello.filters }),
    ...(hello.pixelFormats === undefined ? {} : { pixelFormats: hello.pixelFormats }),
    benchmarkSeconds: hello.benchmarkSeconds,
    link,
    heldAttempts: hello.heldAttempts,
  };
}

export function tooMany(): AppError {
  return new AppError("E_RATE_LIMIT", "too many messages in too short a time", "The client may come back.");
}

/** The message, or what is wrong with it. */
export function parseMessage(text: string): ClientMessage | AppError {
  const hint = "docs/PROTOCOL.md lists the messages; use the same ffcluster on both sides.";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return new AppError("E_MALFORMED", "the message is not valid JSON", hint, { cause });
  }
  const parsed = clientMessageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  const what = `the message is malformed${where}: ${issue?.message ?? "wrong shape"}`;
  return new AppError("E_MALFORMED", what.slice(0, 500), hint);
}
