import { expect, test } from "bun:test";
import { type FilterText, writeFilter } from "../../ffmpeg/filter-graph.ts";
import { stripLayout } from "./measure/strips.ts";
import { type Branch, branchedArgs } from "./shared-decode.ts";

const place = (start: number, seek: string[] = [], head: FilterText[] = []): Branch => ({
  input: [...seek, "-i", "a.mp4"],
  stream: "0",
  head,
  tail: [writeFilter("trim", [["start_pts", start]])],
});

function graphOf(branches: readonly Branch[]) {
  const args = branchedArgs(branches, stripLayout(320, 180));
  return { inputs: args.filter((arg) => arg === "-i").length, graph: args[args.indexOf("-filter_complex") + 1] };
}

test("places without a seek share one input and the filters before their cuts", () => {
  expect(graphOf([place(0, [], [writeFilter("yadif")]), place(9, [], [writeFilter("yadif")])])).toEqual({
    inputs: 1,
    graph:
      "[0:0]yadif,split=outputs=2[s0][s1];[s0]trim=start_pts=0[p0];[s1]trim=start_pts=9[p1];[p0][p1]concat=n=2:v=1:a=0[v];[v]null[strips]",
  });
});

test("places that are sought elsewhere are inputs of their own, in the order of the places", () => {
  expect(graphOf([place(0), place(9, ["-ss", "1"]), place(5)])).toEqual({
    inputs: 2,
    graph:
      "[0:0]split=outputs=2[s0][s2];[s0]trim=start_pts=0[p0];[s2]trim=start_pts=5[p2];[1:0]trim=start_pts=9[p1];[p0][p1][p2]concat=n=3:v=1:a=0[v];[v]null[strips]",
  });
});
