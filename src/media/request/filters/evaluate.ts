// The arithmetic of ffmpeg's expressions (ffmpeg-utils, "Expression Evaluation") as far as sizes and rates use it. What
// depends on the picture or on time has no value here. Pure.
import { withoutSpace } from "./expression-words.ts";

export type Values = Readonly<Record<string, number>>;

const bool = (is: boolean) => (is ? 1 : 0);
const FUNCTIONS: ReadonlyMap<string, (a: number, b: number, c: number) => number> = new Map([
  ["min", (a, b) => Math.min(a, b)],
  ["max", (a, b) => Math.max(a, b)],
  ["trunc", (a) => Math.trunc(a)],
  ["floor", (a) => Math.floor(a)],
  ["ceil", (a) => Math.ceil(a)],
  ["round", (a) => Math.round(a)],
  ["abs", (a) => Math.abs(a)],
  ["sqrt", (a) => Math.sqrt(a)],
  ["pow", (a, b) => a ** b],
  ["hypot", (a, b) => Math.hypot(a, b)],
  ["mod", (a, b) => a - Math.floor(a / b) * b],
  ["gt", (a, b) => bool(a > b)],
  ["gte", (a, b) => bool(a >= b)],
  ["lt", (a, b) => bool(a < b)],
  ["lte", (a, b) => bool(a <= b)],
  ["eq", (a, b) => bool(a === b)],
  ["not", (a) => bool(a === 0)],
  ["between", (a, b, c) => bool(a >= b && a <= c)],
  ["clip", (a, b, c) => Math.min(Math.max(a, b), c)],
  ["if", (a, b, c) => (a === 0 ? c : b)],
  ["ifnot", (a, b, c) => (a === 0 ? b : c)],
]);

/** Numbers with ffmpeg's suffixes are left to ffmpeg. */
const TOKEN = /^(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|[A-Za-z_]\w*|[-+*/^(),])/i;
const DEEPEST = 50;

class Parser {
  readonly #values: Values;
  #rest: string;
  #depth = 0;

  constructor(text: string, values: Values) {
    this.#rest = withoutSpace(text);
    this.#values = values;
  }

  /** Null: there is something else in it. */
  whole(): number | null {
    const value = this.#sum();
    return this.#rest === "" && value !== null && Number.isFinite(value) ? value : null;
  }

  #take(...wanted: readonly string[]): string | null {
    const [token] = TOKEN.exec(this.#rest) ?? [];
    if (token === undefined || !wanted.includes(token)) return null;
    this.#rest = this.#rest.slice(token.length);
    return token;
  }

  #chain(next: () => number | null, ...signs: readonly string[]): number | null {
    let value = next();
    for (let sign = this.#take(...signs); sign !== null; sign = this.#take(...signs)) {
      const other = next();
      if (value === null || other === null) return null;
      if (sign === "+") value += other;
      else if (sign === "-") value -= other;
      else if (sign === "*") value *= other;
      else if (sign === "/") value /= other;
      else value **= other;
    }
    return value;
  }

  #sum(): number | null {
    this.#depth += 1;
    if (this.#depth > DEEPEST) return null;
    const value = this.#chain(() => this.#chain(() => this.#chain(() => this.#signed(), "^"), "*", "/"), "+", "-");
    this.#depth -= 1;
    return value;
  }

  #signed(): number | null {
    if (this.#take("+") !== null) return this.#atom();
    if (this.#take("-") === null) return this.#atom();
    const value = this.#atom();
    return value === null ? null : -value;
  }

  #atom(): number | null {
    const [token] = TOKEN.exec(this.#rest) ?? [];
    if (token === undefined || /^[-+*/^),]$/.test(token)) return null;
    this.#rest = this.#rest.slice(token.length);
    if (/^[\d.]/.test(token)) return /^[A-Za-z_]/.test(this.#rest) ? null : Number(token);
    if (token === "(") {
      const value = this.#sum();
      return this.#take(")") === null ? null : value;
    }
    const call = FUNCTIONS.get(token);
    if (call === undefined || this.#take("(") === null) return this.#values[token.toLowerCase()] ?? null;
    const args: (number | null)[] = [this.#sum()];
    while (this.#take(",") !== null) args.push(this.#sum());
    const [a, b = 0, c = 0] = args;
    if (this.#take(")") === null || a == null || b === null || c === null) return null;
    return call(a, b, c);
  }
}

/** Null: its value can't be told from the text and `values` (by names in small letters). */
export function evaluate(text: string, values: Values): number | null {
  return new Parser(text, values).whole();
}
