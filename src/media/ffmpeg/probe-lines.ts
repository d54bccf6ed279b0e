// ffprobe's JSON, taken apart while it comes: each packet as it is read, the sections after them at the end. Knows
// nothing of what the fields mean.

/** `-of` for it: few lines, most packets on one. */
export const PROBE_LINES_FORMAT = "json=compact=1";

/** Nearly all of them. */
const WHOLE_PACKET = /^ *\{[^{}[\]]*\},?$/;
const PACKETS_BEGIN = /^\s*"packets": \[\s*$/;

export class ProbeLines {
  readonly #onPacket: (packet: unknown) => void;
  readonly #rest: string[] = [];
  #isAmongPackets = false;
  /** Lines of a packet that has side data, and how many brackets are open. */
  #piece = "";
  #depth = 0;

  constructor(onPacket: (packet: unknown) => void) {
    this.#onPacket = onPacket;
  }

  /** Errors: SyntaxError. */
  add(line: string): void {
    if (!this.#isAmongPackets) {
      this.#isAmongPackets = PACKETS_BEGIN.test(line);
      this.#rest.push(line);
      return;
    }
    if (this.#depth === 0 && WHOLE_PACKET.test(line)) {
      this.#onPacket(JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line));
      return;
    }
    const depth = this.#depth + openBrackets(line);
    if (depth < 0) {
      this.#isAmongPackets = false;
      this.#rest.push(line);
      return;
    }
    this.#piece += line;
    this.#depth = depth;
    if (depth > 0) return;
    const packet = this.#piece.trim().replace(/,$/, "");
    this.#piece = "";
    if (packet !== "") this.#onPacket(JSON.parse(packet));
  }

  /** Everything but the packets. Errors: SyntaxError when ffprobe broke off. */
  end(): unknown {
    return JSON.parse(this.#rest.join("\n"));
  }
}

/** Opened less closed. No text in a packet's fields has a bracket of its own. */
function openBrackets(line: string): number {
  let open = 0;
  for (const character of line) {
    if (character === "{" || character === "[") open += 1;
    else if (character === "}" || character === "]") open -= 1;
  }
  return open;
}
