// Lines that are drawn again in place, on a terminal that wraps lines anew when it becomes narrower.
import { expect, test } from "bun:test";
import { createLiveArea, redraw, rowsOf } from "./live-area.ts";

function terminal() {
  const written: string[] = [];
  let listener: (() => void) | null = null;
  const sink = {
    isTty: true,
    columns: 20,
    rows: 5,
    write: (text: string) => void written.push(text),
    onResize(on: () => void) {
      listener = on;
      return () => {
        listener = null;
      };
    },
  };
  return { sink, written, resize: () => listener?.(), isHeard: () => listener !== null };
}

test("rows are counted as the terminal wraps lines", () => {
  expect(rowsOf(["", "12345678901", "12345"], 5)).toBe(5);
  expect(rowsOf(["\u001b[31m12345\u001b[39m"], 5)).toBe(1);
});

test("a drawing goes up over the one before, and clears what it no longer covers", () => {
  expect(redraw([], ["a"], 20)).toBe("\ra\u001b[K\n\u001b[J");
  expect(redraw(["a", "b"], ["c"], 20)).toBe("\u001b[2A\rc\u001b[K\n\u001b[J");
});

test("after a resize it goes up over all rows that the lines take now", () => {
  const { sink, written, resize, isHeard } = terminal();
  const area = createLiveArea(sink);
  area.show((columns) => ["x".repeat(columns - 1)]);
  sink.columns = 10;
  resize();
  expect(written.at(-1)).toBe(`\u001b[2A\r${"x".repeat(9)}\u001b[K\n\u001b[J`);
  area.end();
  expect(written.at(-1)).toBe("\u001b[1A\r\u001b[J");
  expect(isHeard()).toBe(false);
});

test("printed lines stay above; no more is drawn than the terminal has rows", () => {
  const { sink, written } = terminal();
  const area = createLiveArea(sink);
  area.show(() => ["1", "2", "3", "4", "5", "6"]);
  expect(written.at(-1)).toContain("4\u001b[K\n\u001b[J");
  area.print("said\n");
  expect(written.at(-2)).toBe("\u001b[4A\r\u001b[Jsaid\n");
  area.end();
});

test("elsewhere nothing is drawn, and lines are printed", () => {
  for (const kind of [{ isTty: false }, { isTty: true, isDumb: true }]) {
    const { sink, written } = terminal();
    const area = createLiveArea({ ...sink, ...kind });
    area.show(() => ["live"]);
    area.print("said\n");
    area.end();
    expect(written).toEqual(["said\n"]);
  }
});
