// Parses ffprobe's JSON as it arrives: each packet at once, the sections after the packets at the end. Knows nothing
// about what the fields mean.

/** The `-of` value for it: few lines, with most packets on one line. */
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

/** Opened minus closed brackets. No text in a packet's fields contains a bracket. */
function openBrackets(line: string): number {
  let open = 0;
  for (const character of line) {
    if (character === "{" || character === "[") open += 1;
    else if (character === "}" || character === "]") open -= 1;
  }
  return open;
}
