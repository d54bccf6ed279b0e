// Calls whose answer is JSON, checked against the contract's schemas; and how long a transfer retries over a broken link.
import type { z } from "zod";
import { delay } from "../../base/clock.ts";
import { API_PREFIX } from "../contract.ts";
import { FfclusterError } from "./ffcluster-error.ts";
import { type Asked, parseJson, type Transport, textOf } from "./transport.ts";

/** The server probes a source before it takes a job. */
export const SLOW_CALL_MS = 300_000;
const ITEMS_OF_A_PAGE = 1000;
const GIVE_UP_AFTER_MS = 5 * 60_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

export const part = (id: string): string => encodeURIComponent(id);

async function answerOf<T>(transport: Transport, path: string, schema: z.ZodType<T>, asked: Asked) {
  const { body, headers } = await transport.ask(path, asked);
  const parsed = schema.safeParse(parseJson(await textOf(body)));
  if (parsed.success) return { value: parsed.data, headers };
  const issue = parsed.error.issues[0];
  const what = `the server at ${transport.where} answers in another form (${issue?.path.join(".")}: ${issue?.message})`;
  throw new FfclusterError("E_PROTOCOL", what, "Use the same version of ffcluster on both sides.");
}

export async function get<T>(transport: Transport, path: string, schema: z.ZodType<T>, asked: Asked = {}): Promise<T> {
  return (await answerOf(transport, API_PREFIX + path, schema, asked)).value;
}

export async function post<T>(
  transport: Transport,
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
  asked: Asked = {},
): Promise<T> {
  const headers = { "content-type": "application/json", ...asked.headers };
  const options: Asked = { ...asked, method: "POST", headers, body: JSON.stringify(body) };
  return (await answerOf(transport, API_PREFIX + path, schema, options)).value;
}

/** All items, page by page. `query`: what is undefined is left out. */
export async function all<T>(
  transport: Transport,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType<T[]>,
): Promise<T[]> {
  const wanted = Object.entries({ ...query, limit: String(ITEMS_OF_A_PAGE) });
  const given = wanted.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${part(value)}`]));
  const items: T[] = [];
  for (let next: string | null = `${API_PREFIX}${path}?${given.join("&")}`; next !== null; ) {
    const page: Awaited<ReturnType<typeof answerOf<T[]>>> = await answerOf(transport, next, schema, {});
    for (const item of page.value) items.push(item);
    // RFC 8288. Only a path: the token goes to no other server.
    next = /<(\/[^/>][^>]*)>;\s*rel="?next"?/.exec(String(page.headers.link ?? ""))?.[1] ?? null;
  }
  return items;
}

/** Waits after a failure that passes, throws any other, and a failure that has lasted for five minutes. */
export class Patience {
  readonly #signal: AbortSignal | undefined;
  #brokenAt: number | null = null;
  #waitMs = FIRST_WAIT_MS;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Something got through. */
  advanced(): void {
    this.#brokenAt = null;
    this.#waitMs = FIRST_WAIT_MS;
  }

  /** Until it succeeds. */
  async retry<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (thrown) {
        await this.pause(thrown);
      }
    }
  }

  async pause(thrown: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    if (!isPassing(thrown)) throw thrown;
    this.#brokenAt ??= performance.now();
    if (performance.now() - this.#brokenAt > GIVE_UP_AFTER_MS) throw thrown;
    await delay(this.#waitMs, this.#signal);
    this.#signal?.throwIfAborted();
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 1.7);
  }
}

function isPassing(thrown: unknown): boolean {
  if (thrown instanceof FfclusterError) return thrown.code === "E_UNREACHABLE" || thrown.code === "E_UPLOAD_OFFSET";
  // What a body throws whose connection broke.
  return /ECONNRESET|EPIPE|ETIMEDOUT|aborted|socket hang up|terminated/i.test(
    thrown instanceof Error ? `${thrown.message} ${"code" in thrown ? String(thrown.code) : ""}` : "",
  );
}
