// A client that a test writes by hand: it speaks the protocol of a link and of results, and does with an offer what the test
// says. Nothing in it keeps to what a client should do.
import { sha256Of } from "../../src/base/digest.ts";
import { newId } from "../../src/base/ids.ts";
import { headersOfPiece, UPLOAD_BLOCK_BYTES } from "../../src/base/upload/resumable-upload.ts";
import {
  HEADER_REPORT,
  type Offer,
  PROTOCOL_VERSION,
  type ResultReport,
  type ServerMessage,
} from "../../src/cluster/protocol/messages.ts";
import { readInventory } from "../../src/media/ffmpeg/builds/inventory.ts";
import type { Tools } from "../../src/media/ffmpeg/tools.ts";
import { until } from "./cluster.ts";

const PATIENCE_MS = 60_000;

export interface ProtocolClientOptions {
  readonly url: string;
  /** What it shows when it enrols. */
  readonly token: string;
  readonly name: string;
  readonly tools: Tools;
}

export class ProtocolClient {
  readonly clientId = newId();
  readonly received: ServerMessage[] = [];
  key = "";
  isOpen = false;
  readonly #options: ProtocolClientOptions;
  #socket: WebSocket | null = null;

  constructor(options: ProtocolClientOptions) {
    this.#options = options;
  }

  /** The answer's status and text, with the key when there is one. */
  async enrol(clientId = this.clientId): Promise<{ readonly status: number; readonly text: string }> {
    const { url, token, name } = this.#options;
    const response = await fetch(`${url}/api/v1/enrol`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ client_id: clientId, name }),
    });
    const text = await response.text();
    if (response.status === 201 && clientId === this.clientId) this.key = (JSON.parse(text) as { key: string }).key;
    return { status: response.status, text };
  }

  async open(): Promise<void> {
    const { url } = this.#options;
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/link`, {
      headers: { authorization: `Bearer ${this.key}` },
    } as unknown as string[]);
    this.#socket = socket;
    socket.onmessage = (event) => this.received.push(JSON.parse(String(event.data)) as ServerMessage);
    socket.onclose = () => {
      this.isOpen = false;
    };
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    this.isOpen = true;
    await this.hello();
  }

  async hello(): Promise<void> {
    const { name, tools } = this.#options;
    const { decodes, filters } = await readInventory(tools);
    const can = { slots: 1, encoders: ["libx264"], families: ["software"], benchmarkSeconds: null };
    const build = { ffmpeg: tools.version, release: { major: tools.major, minor: tools.minor } };
    const own = { version: "0.1.0", clientId: this.clientId, instance: newId(), host: name, name };
    this.say({
      ...{ type: "hello", protocol: PROTOCOL_VERSION, platform: "linux-x64", heldAttempts: [] },
      ...{ ...own, ...can, ...build, decodes: [...decodes], filters: [...filters] },
    });
  }

  say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** As a machine that loses its power, but for the kernel's last word. */
  drop(): void {
    this.#socket?.terminate();
  }

  async offer(): Promise<Offer> {
    let offer: Offer | undefined;
    await until(`${this.#options.name} has an offer`, PATIENCE_MS, async () => {
      offer = this.received.find((message) => message.type === "offer");
      return offer !== undefined;
    });
    if (offer === undefined) throw new Error("unreachable");
    return offer;
  }

  /** Sends a result in pieces as the protocol wants them; the first answer that is no success, or the last. */
  async sendResult(
    attemptId: string,
    content: Uint8Array,
    report: Partial<ResultReport> & Pick<ResultReport, "secret">,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const whole: ResultReport = {
      ...{ clientId: this.clientId, sha256: sha256Of(content), bytes: content.length, frames: 25, seconds: 0.1 },
      ...{ encoder: "libx264", ffmpegVersion: this.#options.tools.version, decodeErrors: [] },
      ...{ seamStart: null, seamAfterEnd: null },
      ...report,
    };
    for (let offset = 0; ; ) {
      const bytes = content.slice(offset, offset + UPLOAD_BLOCK_BYTES);
      const isLast = offset + bytes.length >= content.length;
      const piece = { offset, bytes, digests: [sha256Of(bytes)], isLast };
      const response = await fetch(`${this.#options.url}/api/v1/attempts/${attemptId}/result`, {
        method: "PATCH",
        headers: {
          ...headersOfPiece(piece),
          authorization: `Bearer ${this.key}`,
          [HEADER_REPORT]: JSON.stringify(whole),
        },
        body: bytes,
      });
      const answer = { status: response.status, text: await response.text() };
      if (isLast || !response.ok) return answer;
      offset += bytes.length;
    }
  }
}
