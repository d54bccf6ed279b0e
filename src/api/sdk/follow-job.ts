// Follows one job over its stream of events, across broken links: who comes back says which view it has.
import type { IncomingMessage } from "node:http";
import { jobSchema } from "../../cluster/server/views.ts";
import { API_PREFIX, isTerminal } from "../contract.ts";
import { Patience, part } from "./calls.ts";
import { FfclusterError } from "./ffcluster-error.ts";
import { parseJson, type Transport } from "./transport.ts";
import type { Job } from "./types.ts";

/** The server sends a sign of life every 5 s. */
const SILENCE_MS = 20_000;
const MOST_EVENT_CHARACTERS = 1 << 20;

interface ServerEvent {
  readonly id: string | null;
  readonly data: string;
}

/** The job now, and at every change until it has ended. Errors: FfclusterError; the reason of `signal`. */
export async function* followJob(transport: Transport, id: string, signal?: AbortSignal): AsyncGenerator<Job> {
  const patience = new Patience(signal);
  for (let lastId: string | null = null; ; ) {
    try {
      const headers: Record<string, string> = lastId === null ? {} : { "last-event-id": lastId };
      const path = `${API_PREFIX}/jobs/${part(id)}/watch`;
      const { status, body } = await transport.ask(path, { headers, signal });
      if (status === 204) return void body.resume();
      for await (const event of eventsOf(body)) {
        const job = jobSchema.parse(parseJson(event.data));
        lastId = event.id;
        patience.advanced();
        yield job;
        if (isTerminal(job.status)) return;
      }
      throw broken(transport);
    } catch (thrown) {
      await patience.pause(thrown);
    }
  }
}

function broken({ where }: Transport): FfclusterError {
  return new FfclusterError("E_UNREACHABLE", `the link to ${where} broke`, "Try again.");
}

/** Server-sent events (WHATWG HTML, §9.2), as far as the server uses them. */
async function* eventsOf(body: IncomingMessage): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  const silent = () => body.destroy(new Error("ETIMEDOUT: the stream is silent"));
  let timer = setTimeout(silent, SILENCE_MS);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      timer = setTimeout(silent, SILENCE_MS);
      rest += decoder.decode(chunk, { stream: true });
      const texts = rest.split("\n\n");
      rest = texts.pop() ?? "";
      if (rest.length > MOST_EVENT_CHARACTERS)
        throw new FfclusterError("E_PROTOCOL", "an event is too long", "Is this an ffcluster server?");
      for (const text of texts) {
        const event = eventOf(text);
        if (event.data !== "") yield event;
      }
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

function eventOf(text: string): ServerEvent {
  const lines = text.split("\n");
  const values = (field: string) =>
    lines.flatMap((line) => (line.startsWith(`${field}:`) ? [line.slice(field.length + 1).replace(/^ /, "")] : []));
  return { id: values("id").at(-1) ?? null, data: values("data").join("\n") };
}
