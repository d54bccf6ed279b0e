// curl as people run it, against a real server: each answer is held against the server's own openapi.json, and what of that
// document was not called is known at the end.
import { join } from "node:path";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";

const WITHIN_S = 60;

interface Described {
  readonly content?: Readonly<Record<string, unknown>>;
}
interface Operation {
  readonly description?: string;
  readonly responses: Readonly<Record<string, Described>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface CurlCall {
  /** The token; null: none. */
  readonly token?: string | null;
  readonly ids?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly json?: unknown;
  /** Path of a file that is the body. */
  readonly file?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Most seconds; curl tells of a change to another protocol only when it ends. */
  readonly within?: number;
}

export interface CurlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a JSON body. */
  readonly body: never;
}

export class Curl {
  readonly #url: string;
  readonly #folder: string;
  readonly #token: string;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  readonly #called = new Set<string>();
  #document: Document = { paths: {} };

  private constructor(url: string, folder: string, token: string) {
    this.#url = url;
    this.#folder = folder;
    this.#token = token;
  }

  /** Reads openapi.json of the server. `token`: that of calls that name none. */
  static async open(url: string, folder: string, token: string): Promise<Curl> {
    const curl = new Curl(url, folder, token);
    const { text } = await curl.plain(["/api/v1/openapi.json"]);
    curl.#document = JSON.parse(text) as Document;
    curl.#ajv.addSchema(JSON.parse(text) as AnySchema, "api");
    return curl;
  }

  /** Every call of the document, as `GET /api/v1/jobs/{id}`, with the text that names its roles. */
  get operations(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const [path, item] of Object.entries(this.#document.paths)) {
      for (const [method, { description = "" }] of Object.entries(item)) {
        found.set(`${method.toUpperCase()} ${path}`, description);
      }
    }
    return found;
  }

  get neverCalled(): string[] {
    return [...this.operations.keys()].filter((key) => !this.#called.has(key));
  }

  #args(method: string, path: string, { token, json, file, headers = {} }: CurlCall): string[] {
    const shown = token === undefined ? this.#token : token;
    const all = {
      ...(shown === null ? {} : { authorization: `Bearer ${shown}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    };
    return [
      ...(method === "HEAD" ? ["--head"] : ["--request", method]),
      ...Object.entries(all).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
      ...(json === undefined ? [] : ["--data-binary", JSON.stringify(json)]),
      ...(file === undefined ? [] : ["--data-binary", `@${file}`]),
      this.#url + path,
    ];
  }

  /** curl with arguments of the caller's own, the last of which is a path. */
  async plain(args: readonly string[]): Promise<CurlAnswer> {
    const head = join(this.#folder, "curl-head");
    const path = args.at(-1) ?? "";
    const url = path.startsWith("/") ? this.#url + path : path;
    const all = [...args.slice(0, -1), url];
    const child = Bun.spawn(["curl", "-sS", "--max-time", String(WITHIN_S), "--dump-header", head, ...all], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [text, stderr, exit] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (exit !== 0) throw new Error(`curl ${all.join(" ")}: exit ${exit}\n${stderr}`);
    const lines =
      (await Bun.file(head).text())
        .trim()
        .split(/\r?\n\r?\n/)
        .at(-1)
        ?.split(/\r?\n/) ?? [];
    const headers = new Headers();
    for (const line of lines.slice(1))
      headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1));
    const isJson = /json$/.test(typeOf(headers)) && text !== "";
    const status = Number(lines[0]?.split(" ")[1]);
    return { status, headers, text, body: (isJson ? JSON.parse(text) : null) as never };
  }

  /** One call of the document, whose answer must be as described. */
  async call(key: string, call: CurlCall = {}): Promise<CurlAnswer> {
    const [method = "", template = ""] = key.split(" ");
    const answer = await this.plain(this.#args(method, pathOf(template, call), call));
    this.#check(key, answer);
    return answer;
  }

  #check(key: string, { status, headers, text, body }: CurlAnswer): void {
    const [method = "", template = ""] = key.split(" ");
    const responses = this.#document.paths[template]?.[method.toLowerCase()]?.responses;
    if (responses === undefined) throw new Error(`${key} is not in openapi.json`);
    if (status < 400) this.#called.add(key);
    const name = responses[status] === undefined && status >= 400 ? "default" : String(status);
    const described = responses[name];
    if (described === undefined) throw new Error(`${key}: ${status} is not described\n${text}`);
    if (method === "HEAD" || text === "") return;
    const type = typeOf(headers);
    if (described.content?.[type] === undefined) throw new Error(`${key}: ${status} with ${type} is not described`);
    if (/json$/.test(type))
      this.fits(pointer("paths", template, method.toLowerCase(), "responses", name, "content", type, "schema"), body);
  }

  /** Errors: what of `body` is not as the schema at `place` says. */
  fits(place: string, body: unknown): void {
    if (!this.#ajv.validate({ $ref: place }, body)) throw new Error(`${place}: ${this.#ajv.errorsText()}`);
  }

  /** A call that does not end by itself: until its answer, head and all, has `text`. */
  async until(key: string, text: string, call: CurlCall = {}): Promise<string> {
    const [method = "", template = ""] = key.split(" ");
    const args = this.#args(method, pathOf(template, call), call);
    const child = Bun.spawn(
      ["curl", "-sS", "-N", "--include", "--max-time", String(call.within ?? WITHIN_S), ...args],
      {
        stdout: "pipe",
        stderr: "ignore",
      },
    );
    let got = "";
    const decoder = new TextDecoder();
    try {
      for await (const bytes of child.stdout) {
        got += decoder.decode(bytes, { stream: true });
        if (got.includes(text)) break;
      }
    } finally {
      child.kill();
      await child.exited;
    }
    if (!got.includes(text)) throw new Error(`${key}: no ${text} in\n${got}`);
    if (/^HTTP\/1\.1 (200|101)/.test(got)) this.#called.add(key);
    return got;
  }

  /** The status of each of many calls, by one curl. */
  async statuses(keys: readonly string[], call: CurlCall & { readonly token: string }): Promise<Map<string, number>> {
    const args = keys.flatMap((key, at) => {
      const [method = "", template = ""] = key.split(" ");
      const path = template.replace(/\{\w+\}/g, "none");
      const quiet = ["-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}\n"];
      return [...(at === 0 ? [] : ["--next"]), ...quiet, ...this.#args(method, path, call)];
    });
    const child = Bun.spawn(["curl", ...args], { stdout: "pipe", stderr: "ignore" });
    const lines = (await new Response(child.stdout).text()).trim().split("\n");
    return new Map(keys.map((key, at) => [key, Number(lines[at])]));
  }
}

/** Without its parameters. */
export function typeOf(headers: Headers): string {
  return headers.get("content-type")?.split(";")[0]?.trim() ?? "";
}

function pathOf(template: string, { ids = {}, query }: CurlCall): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? "none"));
  return query === undefined ? path : `${path}?${query}`;
}

function pointer(...words: readonly string[]): string {
  return `api#/${words.map((word) => encodeURIComponent(word.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;
}
