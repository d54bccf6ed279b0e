// The API's description as one page of plain HTML: no script, nothing from elsewhere, its style named by digest in its own
// Content-Security-Policy.
import { ERROR_CATALOGUE } from "../../base/errors.ts";
import type { ApiDescription } from "./describe-api.ts";

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
summary{cursor:pointer;padding:.3rem 0}summary b{display:inline-block;min-width:4rem}code,pre{font:13px/1.4 ui-monospace,monospace}
pre{overflow:auto;padding:.6rem;border:1px solid #8886;border-radius:4px}details details{margin-left:1rem}td{padding:.1rem 1rem .1rem 0;vertical-align:top}:target{outline:2px solid}`;

const styleDigest = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");

/** As that of every answer, but for the one style. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${styleDigest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox`;

const METHODS = ["get", "head", "post", "patch", "delete", "options"] as const;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function text(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** JSON, in which the name of a schema leads to it. */
function json(value: unknown): string {
  const link = (_: string, name: string) => `<a href="#${name}">${name}</a>`;
  return `<pre>${text(JSON.stringify(value, null, 2)).replace(/#\/components\/schemas\/(\w+)/g, link)}</pre>`;
}

type Operation = NonNullable<NonNullable<ApiDescription["paths"]>[string]["get"]>;

function parameterRow(parameter: NonNullable<Operation["parameters"]>[number]): string {
  if ("$ref" in parameter) return "";
  const need = parameter.required === true ? "required" : "";
  return `<tr><td><code>${text(parameter.name)}</code><td>${parameter.in}<td>${need}<td>${text(parameter.description ?? "")}`;
}

function bodies(what: string, content: Readonly<Record<string, object>> | undefined): string {
  const [first] = Object.entries(content ?? {});
  if (first === undefined) return `<p>${what}`;
  const [type, found] = first;
  const schema = "schema" in found ? found.schema : {};
  return `<details><summary>${what} <code>${text(type)}</code></summary>${json(schema)}</details>`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody, responses = {} } = operation;
  const rows = parameters.map(parameterRow).join("");
  const body = requestBody !== undefined && "content" in requestBody ? bodies("Body", requestBody.content) : "";
  const answers = Object.entries(responses).map(([status, answer]) => {
    if (answer === undefined || "$ref" in answer) return "";
    return bodies(`${text(status)}: ${text(answer.description)}`, answer.content);
  });
  return `<details id="${text(operation.operationId ?? "")}"><summary><b>${method.toUpperCase()}</b> <code>${text(path)}</code> ${text(summary ?? "")}</summary>
<p>${text(description ?? "")}${rows === "" ? "" : `<table>${rows}</table>`}${body}${answers.join("")}</details>`;
}

export function docsPage(description: ApiDescription): string {
  const { info, tags = [], paths = {}, components } = description;
  const sections = tags.map(({ name }) => {
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = item[method];
        return operation?.tags?.includes(name) ? [operationHtml(method, path, operation)] : [];
      }),
    );
    return `<h2>${text(name)}</h2>${operations.join("")}`;
  });
  const schemas = Object.entries(components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<details open id="${text(name)}"><summary><b>${text(name)}</b></summary>${json(schema)}</details>`,
  );
  const errors = Object.entries(ERROR_CATALOGUE).map(
    ([code, { http, exit }]) => `<tr id="${code}"><td><code>${code}</code><td>HTTP ${http}<td>exit code ${exit}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(info.title)} API</title><style>${STYLE}</style>
<h1>${text(info.title)} ${text(info.version)}: the API</h1><p>${text(info.description ?? "")}
<p><a href="/api/v1/openapi.json">openapi.json</a> says the same to programs.
${sections.join("\n")}<h2>Schemas</h2>${schemas.join("")}<h2>Errors</h2><table>${errors.join("")}</table></html>`;
}
