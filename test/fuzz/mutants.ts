// Damaged messages from a seed: what is valid, changed in its types, numbers, sizes, depth and text, cut, doubled, or with
// keys that mean something to JavaScript.
import type { Random } from "../sim/random.ts";

type Path = readonly (string | number)[];

/** Written as JSON: numbers that JavaScript rounds or cannot hold, text that is no text, keys of every object. */
const ODD_VALUES: readonly string[] = [
  ...["null", "true", "false", "[]", "{}", '""', '" "', '"0"', "[[]]", "[null]", '{"":null}'],
  ...[
    "0",
    "-0",
    "-1",
    "1.5",
    "1e309",
    "-1e309",
    "1e-400",
    "9007199254740993",
    "1e21",
    "18446744073709551616",
    "2147483648",
  ],
  ...["0.1e-1", "123456789012345678901234567890", "4294967296", "-9223372036854775809"],
  ...[
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u202e"',
    '"\\u2028"',
    '"\\ufeff"',
    '"a\\u0000b"',
    '"\\n\\r\\t"',
    '"\\u001b[2J"',
  ],
  ...[
    '"../../etc/passwd"',
    '"/dev/zero"',
    '"%00"',
    '"%2e%2e%2f"',
    '"C:\\\\con"',
    '"file:///etc/passwd"',
    '"\u{1f600}"',
    '"é"',
    '"ﬃ"',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"hasOwnProperty"',
    '"then"',
    '"toJSON"',
    '"-i"',
    '"$(id)"',
    '"\' OR 1=1 --"',
  ],
  ...[
    '{"__proto__":{"isAdmin":true}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"then":1}',
    '{"toJSON":1}',
    '{"length":1e9}',
  ],
  ...['"00000000-0000-0000-0000-000000000000"', '"2026-99-99T99:99:99Z"', '"NaN"', '"Infinity"', '"1e5"', '"0x10"'],
];
const ODD_KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "",
  "\u0000",
  "then",
  "0",
  "length",
  "type",
  "extra",
];
/** Bytes that are no UTF-8, marks of other encodings, and what ends or begins things. */
const ODD_BYTES: readonly (readonly number[])[] = [
  [0],
  [0xff],
  [0xfe, 0xff],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0x0d, 0x0a],
  [0x22],
  [0x7d],
  [0x5b],
  [0x2c],
  [0x5c],
];

export function pick<T>(random: Random, values: readonly T[]): T {
  const found = values[random.whole(0, values.length - 1)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

/** A value, written; `raw` stands where it says so. */
interface Written {
  readonly raw: string;
}

function isWritten(value: unknown): value is Written {
  return typeof value === "object" && value !== null && "raw" in value;
}

function write(value: unknown): string {
  if (isWritten(value)) return value.raw;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}:${write(inner)}`)
    .join(",")}}`;
}

function replaced(value: unknown, [key, ...rest]: Path, by: Written | null): unknown {
  if (key === undefined) return by;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([each, inner]): [string, unknown][] => {
    if (each !== String(key)) return [[each, inner]];
    return rest.length === 0 && by === null ? [] : [[each, replaced(inner, rest, by)]];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

function large(random: Random, mostBytes: number): string {
  // One in fifty goes beyond what is taken.
  const bytes = random.chance(0.02) ? mostBytes + 10 : random.whole(1, Math.min(mostBytes, 20_000));
  const depth = Math.floor(bytes / 2);
  switch (random.whole(0, 4)) {
    case 0:
      return `"${"x".repeat(bytes)}"`;
    case 1:
      return "[".repeat(depth) + "]".repeat(depth);
    case 2:
      return `${'{"a":'.repeat(Math.floor(bytes / 6))}1${"}".repeat(Math.floor(bytes / 6))}`;
    case 3:
      return `[${"0,".repeat(depth)}0]`;
    default:
      return "9".repeat(bytes);
  }
}

function oddValue(random: Random, mostBytes: number): Written {
  return { raw: random.chance(0.9) ? pick(random, ODD_VALUES) : large(random, mostBytes) };
}

/** Another value somewhere, one left out, or one more. */
function changed(valid: unknown, random: Random, mostBytes: number): string {
  const path = pick(random, pathsOf(valid));
  const action = random.whole(0, 3);
  if (action === 0) return write(replaced(valid, path, null));
  const text = write(replaced(valid, path, oddValue(random, mostBytes)));
  if (action !== 1) return text;
  // One more key in the first object, perhaps one that is there already.
  const known = typeof valid === "object" && valid !== null ? Object.keys(valid) : [];
  const key = JSON.stringify(pick(random, [...ODD_KEYS, ...known]));
  return text.replace("{", `{${key}:${oddValue(random, mostBytes).raw}${text.startsWith("{}") ? "" : ","}`);
}

/** Text and bytes as no program would write them. */
function spoiled(text: string, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const at = random.whole(0, bytes.length);
  switch (random.whole(0, 4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Uint8Array.from([...bytes.slice(0, at), ...pick(random, ODD_BYTES), ...bytes.slice(at)]);
    case 2:
      return Uint8Array.from([...bytes, ...bytes]);
    case 3:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + random.whole(1, 9))]);
    default:
      return bytes.map((byte, index) => (index === at ? byte ^ (1 << random.whole(0, 7)) : byte));
  }
}

/** `valid`: a message of JSON. Some mutants are valid too; most are not. */
export function mutant(valid: unknown, random: Random, mostBytes: number): Uint8Array<ArrayBuffer> {
  let text = JSON.stringify(valid);
  if (random.chance(0.7)) {
    text = changed(valid, random, mostBytes);
    if (random.chance(0.7)) return new TextEncoder().encode(text);
  }
  return spoiled(text, random);
}
