// Holds every answer of a server in this process against the API's description: whoever imports this file has Bun.serve
// replaced by one that looks at what goes out. `requireDescribed` throws for what did not fit.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describeApi, ROUTE_KEYS, templateOf } from "../../src/api/openapi/describe-api.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
const description = describeApi({ isStrict: true });
ajv.addSchema(description, "api");

const validators = new Map<string, ValidateFunction>();
const faults: string[] = [];

/** How often each call was answered, and with which status: `GET /api/v1/jobs 200`. */
export const answered = new Map<string, number>();

function pointer(...words: readonly string[]): string {
  return `api#/${words.map((word) => encodeURIComponent(word.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;
}

function templateFor(method: string, pathname: string): string | null {
  const given = pathname.split("/");
  for (const key of ROUTE_KEYS) {
    const [of = "", path = ""] = key.split(" ");
    const wanted = path.split("/");
    const fits = wanted.every((word, at) => word.startsWith(":") || word === given[at]);
    if (of === method && fits && wanted.length === given.length) return templateOf(path);
  }
  return null;
}

async function look(request: Request, response: Response): Promise<void> {
  const { pathname } = new URL(request.url);
  const name = `${request.method} ${pathname} ${response.status}`;
  const type = response.headers.get("content-type")?.split(";")[0] ?? null;
  const isJson = type !== null && /json$/.test(type);
  const template = templateFor(request.method, pathname);
  if (template === null) {
    // No such path, or not with this method.
    if (isJson) check(name, "api#/components/schemas/Problem", await response.clone().json());
    return;
  }
  const call = `${request.method} ${template} ${response.status}`;
  answered.set(call, (answered.get(call) ?? 0) + 1);
  const responses = description.paths?.[template]?.[request.method.toLowerCase() as "get"]?.responses ?? {};
  const isFailure = response.status >= 400;
  const status = isFailure ? "default" : String(response.status);
  const described = responses[status as "default"];
  if (described === undefined || "$ref" in described) return void faults.push(`${name}: the status is not described`);
  if (request.method === "HEAD" || response.body === null) return;
  if (type === null || described.content?.[type] === undefined) {
    faults.push(`${name}: the type ${type} is not described`);
    return;
  }
  if (!isJson) return;
  const place = ["paths", template, request.method.toLowerCase(), "responses", status, "content", type, "schema"];
  check(name, pointer(...place), await response.clone().json());
}

function check(name: string, schema: string, body: unknown): void {
  const validator = validators.get(schema) ?? ajv.compile({ $ref: schema });
  validators.set(schema, validator);
  if (!validator(body)) faults.push(`${name}: ${ajv.errorsText(validator.errors)}`);
}

/** Throws for the answers since the last call that were not as described. */
export function requireDescribed(): void {
  const found = faults.splice(0);
  if (found.length > 0) throw new Error(`answers that openapi.json does not describe:\n${found.join("\n")}`);
}

/** Tests have servers of other kinds, too. */
function isOurs({ headers }: Response): boolean {
  return headers.has("cross-origin-resource-policy");
}

type Serve = typeof Bun.serve;
type Options = Parameters<Serve>[0] & { fetch: (...args: unknown[]) => unknown };

const serve = Bun.serve as (options: Options) => ReturnType<Serve>;
Bun.serve = ((options: Options) => {
  const { fetch: answer } = options;
  return serve({
    ...options,
    async fetch(request: Request, server: unknown) {
      const response = await answer(request, server);
      if (response instanceof Response && isOurs(response) && URL.canParse(request.url)) await look(request, response);
      return response;
    },
  } as unknown as Options);
}) as Serve;
