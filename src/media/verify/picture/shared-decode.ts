// The filter graph that reads several samples from one file: samples with the same input and the same filters before
// their cut share one decode, and `concat` joins the pictures. Pure.

import { type StripLayout, stripGraph } from "./strips.ts";

/** One sample. */
export interface Branch {
  /** Options up to the input's name. */
  readonly input: readonly string[];
  /** Stream specifier. */
  readonly stream: string;
  /** Filters that see what comes before the place, and those that begin with its cut. */
  readonly head: readonly string[];
  readonly tail: readonly string[];
}

/** From a graph whose output is `[v]` to the strips of raw pictures on the pipe. */
export function rawOutput(graph: string, layout: StripLayout): string[] {
  const cut = [graph, stripGraph(layout)].join(";");
  return [
    ...["-filter_complex_threads", "1", "-filter_complex", cut, "-map", "[strips]"],
    ...["-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"],
  ];
}

/**
 * Places in rising order: each trim ends its branch, so that nothing is decoded behind the last one, and of a branch that
 * waits for its turn no more is held than it puts out.
 */
export function branchedArgs(branches: readonly Branch[], layout: StripLayout): string[] {
  const inputs = [...new Map(branches.map(({ input }) => [input.join("\n"), input])).entries()];
  const groups = Map.groupBy(branches.keys(), (number) => {
    const { input, stream, head } = branches[number] ?? { input: [], stream: "", head: [] };
    const from = inputs.findIndex(([key]) => key === input.join("\n"));
    return [`[${from}:${stream}]`, head.join(",")].join("");
  });
  const chains = [...groups].flatMap(([start, members]) => {
    const tailOf = (number: number) => `${branches[number]?.tail.join(",") ?? ""}[p${number}]`;
    const join = start.endsWith("]") ? "" : ",";
    const [only] = members;
    if (members.length === 1 && only !== undefined) return [`${start}${join}${tailOf(only)}`];
    const labels = members.map((number) => `[s${number}]`).join("");
    return [
      `${start}${join}split=${members.length}${labels}`,
      ...members.map((number) => `[s${number}]${tailOf(number)}`),
    ];
  });
  const all = branches.map((_, number) => `[p${number}]`).join("");
  const graph = [...chains, `${all}concat=n=${branches.length}:v=1:a=0[v]`].join(";");
  return [...inputs.flatMap(([, input]) => input), ...rawOutput(graph, layout)];
}
