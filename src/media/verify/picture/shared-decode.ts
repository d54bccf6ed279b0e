// The filter graph that reads several samples from one file: samples with the same input and the same filters before
// their cut share one decode, and `concat` joins the pictures. Pure.

import {
  complexGraph,
  type FilterText,
  type GraphChain,
  type GraphText,
  writeFilter,
  writeGraph,
} from "../../ffmpeg/filter-graph.ts";
import { type StripLayout, stripGraph } from "./measure/strips.ts";

/** One sample. */
export interface Branch {
  /** Options up to the input's name. */
  readonly input: readonly string[];
  /** Stream specifier. */
  readonly stream: string;
  /** Filters that see what comes before the place, and those that begin with its cut. */
  readonly head: readonly FilterText[];
  readonly tail: readonly FilterText[];
}

/** From a graph whose output is `[v]` to the strips of raw pictures on the pipe. */
export function rawOutput(graph: GraphText, layout: StripLayout): string[] {
  return [
    ...["-filter_complex_threads", "1", ...complexGraph(graph, stripGraph(layout)), "-map", "[strips]"],
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
    return [`${from}:${stream}`, ...head].join("\n");
  });
  const chains = [...groups].flatMap(([start, members]): GraphChain[] => {
    const from = [start.split("\n")[0] ?? ""];
    const head = branches[members[0] ?? 0]?.head ?? [];
    const tailOf = (number: number) => branches[number]?.tail ?? [];
    const [only] = members;
    if (members.length === 1 && only !== undefined)
      return [{ from, filters: [...head, ...tailOf(only)], to: [`p${only}`] }];
    const split = writeFilter("split", [["outputs", members.length]]);
    return [
      { from, filters: [...head, split], to: members.map((number) => `s${number}`) },
      ...members.map((number) => ({ from: [`s${number}`], filters: tailOf(number), to: [`p${number}`] })),
    ];
  });
  const concat = writeFilter("concat", [
    ["n", branches.length],
    ["v", 1],
    ["a", 0],
  ]);
  const all = branches.map((_, number) => `p${number}`);
  const graph = writeGraph([...chains, { from: all, filters: [concat], to: ["v"] }]);
  return [...inputs.flatMap(([, input]) => input), ...rawOutput(graph, layout)];
}
