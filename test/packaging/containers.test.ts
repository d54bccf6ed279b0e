// The files in packaging/containers: their YAML is read, and every command line, option and variable in them is held against
// the commands as they are declared.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { executableName } from "../../packaging/platforms.ts";
import { secondsOption } from "../../src/base/config/option.ts";
import { Metrics } from "../../src/cluster/server/monitoring/metrics.ts";
import { type CommandLine, commandLines, complaints, knownVariables, shellBlocks } from "../support/command-lines.ts";

const FOLDER = join(import.meta.dir, "../../packaging/containers");
const textOf = (name: string) => Bun.file(join(FOLDER, name)).text();
const dockerfile = await textOf("Dockerfile");
const targets = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
const seconds = (text: string) => secondsOption({ description: "", min: 0, max: 1e6, fallback: 0 }).parse([text]);
const toLine = (words: readonly string[], variables: Record<string, string> = {}): CommandLine => ({
  words,
  variables: new Map(Object.entries(variables)),
});

test("every variable that a file names is one that a command reads", async () => {
  const known = await knownVariables();
  for (const name of new Bun.Glob("**/*").scanSync({ cwd: FOLDER })) {
    const named = (await textOf(name)).match(/FFCLUSTER_[A-Z_]+/g) ?? [];
    expect({ name, unknown: named.filter((each) => !known.has(each)) }).toEqual({ name, unknown: [] });
  }
});

test("README: every command line would be taken", async () => {
  const lines = shellBlocks(await textOf("README.md")).flatMap(commandLines);
  expect(lines.length).toBeGreaterThan(4);
  expect((await Promise.all(lines.map(complaints))).flat()).toEqual([]);
});

test("Dockerfile: it copies what a build makes, and starts a server", async () => {
  expect(targets).toEqual(expect.arrayContaining(["cpu", "vaapi", "nvidia"]));
  const copied = [...dockerfile.matchAll(/^COPY (ffcluster\S+)/gm)].map(([, name]) => name);
  expect(copied).toEqual([executableName("linux-x64"), executableName("linux-arm64")]);
  const list = (word: string) => JSON.parse(new RegExp(`^${word} (\\[.*)$`, "m").exec(dockerfile)?.[1] ?? "[]");
  expect(list("ENTRYPOINT")).toEqual(["tini", "-s", "--", "ffcluster"]);
  expect(await complaints(toLine(list("CMD")))).toEqual([]);
});

describe("compose", async () => {
  const service = z.looseObject({
    image: z.string(),
    build: z.object({ context: z.literal("../../dist"), dockerfile: z.string(), target: z.string() }),
    command: z.array(z.string()),
    environment: z.record(z.string(), z.string()),
    stop_grace_period: z.string(),
    healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  });
  const { services } = z
    .looseObject({ services: z.record(z.string(), service) })
    .parse(Bun.YAML.parse(await textOf("compose.yaml")));

  test.each(Object.entries(services))("%s is started with what its command takes", async (_, each) => {
    expect(targets).toContain(each.build.target);
    expect(each.image).toBe(`ffcluster:${each.build.target}`);
    expect(await complaints(toLine(each.command, each.environment))).toEqual([]);
    const drain = each.environment.FFCLUSTER_DRAIN_TIMEOUT;
    if (each.command[0] === "join") expect(seconds(drain ?? "")).toBeLessThan(seconds(each.stop_grace_period));
    const [, program, ...words] = each.healthcheck?.test ?? ["CMD", "ffcluster", "version"];
    expect(program).toBe("ffcluster");
    expect(await complaints(toLine(words))).toEqual([]);
  });
});

describe("Kubernetes", async () => {
  const variable = z.object({
    name: z.string(),
    value: z.string().default("PLACEHOLDER"),
    valueFrom: z.unknown().optional(),
  });
  const container = z.looseObject({ image: z.string(), args: z.array(z.string()), env: z.array(variable) });
  const pod = z.looseObject({ terminationGracePeriodSeconds: z.number(), containers: z.array(container).length(1) });
  const workload = z.looseObject({
    metadata: z.looseObject({ name: z.string() }),
    spec: z.looseObject({ template: z.looseObject({ spec: pod }) }),
  });
  const read = async (name: string) =>
    z
      .array(z.looseObject({ kind: z.string() }))
      .parse([Bun.YAML.parse(await textOf(`kubernetes/${name}.yaml`))].flat());
  const workloads = (await Promise.all(["server", "clients"].map(read)))
    .flat()
    .filter(({ kind }) => kind !== "Service")
    .map((each) => workload.parse(each));

  test.each(workloads.map((each) => [each.metadata.name, each] as const))(
    "%s is started as its command is declared",
    async (_, { spec }) => {
      const { containers, terminationGracePeriodSeconds } = spec.template.spec;
      for (const { image, args, env } of containers) {
        expect(targets).toContain(image.replace("ffcluster:", ""));
        const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
        expect(await complaints(toLine(args, variables))).toEqual([]);
        const drain = variables.FFCLUSTER_DRAIN_TIMEOUT;
        if (args[0] === "join") expect(seconds(drain ?? "")).toBeLessThan(terminationGracePeriodSeconds);
      }
    },
  );

  /** As KEDA's metrics-api reads the text format of Prometheus: name and labels, all equal; the first that fits. */
  function valueAt(text: string, location: string): number | null {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(location) ?? [];
    const wanted = labels === "" ? [] : labels.split(",");
    for (const line of text.split("\n")) {
      const [, found = "", all = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (found === name && wanted.every((label) => all.split(",").includes(label))) return Number(value);
    }
    return null;
  }

  test("the number of clients follows from metrics that the server has, in the formula by their names", async () => {
    const metadata = z.strictObject({
      url: z.literal("https://ffcluster:5001/metrics"),
      format: z.literal("prometheus"),
      valueLocation: z.string(),
      targetValue: z.string(),
      authMode: z.literal("bearer"),
      unsafeSsl: z.string(),
    });
    const scaled = z.looseObject({
      spec: z.looseObject({
        scaleTargetRef: z.object({ name: z.string() }),
        advanced: z.object({ scalingModifiers: z.looseObject({ formula: z.string() }) }),
        triggers: z.array(z.looseObject({ name: z.string(), metadata })),
      }),
    });
    const [, object] = await read("scaling");
    const { spec } = scaled.parse(object);
    expect(workloads.map(({ metadata: { name } }) => name)).toContain(spec.scaleTargetRef.name);
    const inFormula = [...spec.advanced.scalingModifiers.formula.matchAll(/[a-z]+/g)].map(([name]) => name);
    expect(inFormula).toEqual(spec.triggers.map(({ name }) => name));
    const metrics = new Metrics(() => 0);
    const text = await metrics.text({ jobs: new Map(), clients: new Map(), attempts: new Map() });
    metrics.stop();
    const values = spec.triggers.map((each) => valueAt(text, each.metadata.valueLocation));
    expect(values).toEqual(values.map(() => 0));
  });
});
