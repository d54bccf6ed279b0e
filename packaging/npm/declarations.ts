// Prints the types of the client library: those of the contract from its schemas, so that nothing else is needed to read
// them, and those of the library from its sources, by the compiler.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { jobFieldsSchema } from "../../src/api/contract.ts";
import { ERROR_CATALOGUE } from "../../src/base/errors.ts";
import {
  clientDetailSchema,
  clientSchema,
  jobDetailSchema,
  jobSchema,
  serverInfoSchema,
} from "../../src/cluster/server/views.ts";
import { proofSchema } from "../../src/media/model/proof.ts";
import { runProgram } from "../run-program.ts";

const ROOT = join(import.meta.dir, "../..");
const LIBRARY = "src/api/sdk";
/** In this order; each exports only what programs may name. */
const FILES = ["ffcluster-error", "upload", "download", "jobs", "clients", "ffcluster-client"] as const;

const TYPES = {
  Job: { schema: jobSchema, doc: "A job, as lists and streams show it." },
  JobDetail: { schema: jobDetailSchema, doc: "A job with its history." },
  Client: { schema: clientSchema, doc: "A machine that encodes." },
  ClientDetail: { schema: clientDetailSchema, doc: "A client with its encoders, devices and events." },
  Proof: { schema: proofSchema, doc: "What shows that an output is exact." },
  ServerInfo: { schema: serverInfoSchema, doc: "A server." },
  NewJob: {
    schema: jobFieldsSchema.omit({ source_id: true, source_url: true }),
    doc: "A job's request; all of it has defaults.",
  },
} as const;

type Schema = z.core.JSONSchema.BaseSchema;

/** A type as TypeScript writes it. */
export function typeText(schema: Schema | boolean, indent = ""): string {
  if (typeof schema === "boolean") return schema ? "unknown" : "never";
  const { anyOf, const: constant, enum: options, type } = schema;
  if (anyOf !== undefined) return anyOf.map((option) => typeText(option as Schema, indent)).join(" | ");
  if (constant !== undefined) return JSON.stringify(constant);
  if (options !== undefined) return options.map((option) => JSON.stringify(option)).join(" | ");
  if (Array.isArray(type)) return type.map((each) => typeText({ ...schema, type: each } as Schema, indent)).join(" | ");
  if (type === "array") {
    const item = typeText(schema.items as Schema, indent);
    return `readonly ${/^[^{]* \| /.test(item) ? `(${item})` : item}[]`;
  }
  if (type === "object") return objectText(schema, indent);
  return type === "integer" ? "number" : (type ?? "unknown");
}

function objectText({ properties, required = [], additionalProperties }: Schema, indent: string): string {
  if (properties === undefined) {
    return `{ readonly [name: string]: ${typeText((additionalProperties as Schema | undefined) ?? true, indent)} }`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, value]) => {
    const mark = required.includes(name) ? "" : "?";
    return `${inner}readonly ${name}${mark}: ${typeText(value as Schema, inner)};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

function contractText(): string {
  return Object.entries(TYPES)
    .map(([name, { schema, doc }]) => {
      const io = name === "NewJob" ? "input" : "output";
      return `/** ${doc} */\nexport interface ${name} ${typeText(z.toJSONSchema(schema, { io, unrepresentable: "any" }))}\n`;
    })
    .join("\n");
}

/** What the compiler says of the library's own files, without their imports and what only they use. */
async function libraryText(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-declarations-"));
  try {
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const options = [
      ...["--declaration", "--emitDeclarationOnly", "--noCheck", "--stripInternal", "--skipLibCheck"],
      ...["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler", "--allowImportingTsExtensions"],
      ...["--types", "bun", "--ignoreConfig", "--rootDir", join(ROOT, "src"), "--outDir", folder],
    ];
    const entry = join(ROOT, LIBRARY, "ffcluster-client.ts");
    await runProgram("node", [compiler, ...options, entry], {}, ROOT);
    const texts: string[] = [];
    for (const name of FILES) texts.push(await readFile(join(folder, "api/sdk", `${name}.d.ts`), "utf8"));
    return texts.map(ownText).join("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function ownText(text: string): string {
  return text
    .replace(/^import [^;]*;\n/gm, "")
    .replace(/^export \{[^;]*;\n/gm, "")
    .replace(/^(?:\/\*\*[^\n]*\*\/\n)?export declare function [^;]*;\n/gm, "")
    .replace(/^\/\/.*\n/gm, "")
    .trimStart();
}

/** The content of `client.d.ts`. */
export async function declarations(): Promise<string> {
  const codes = Object.keys(ERROR_CATALOGUE).map((code) => JSON.stringify(code));
  const head = `// ffcluster/client: made by the build from the server's own schemas.\n\n`;
  const code = `/** Codes of errors: docs/ERRORS.md. */\nexport type ErrorCode = ${codes.join(" | ")};\n\n`;
  return `${head}${code}${contractText()}\n${await libraryText()}`;
}
