import { expect, test } from "bun:test";
import { ACCIDENTS } from "./accidents.ts";
import { lineRandom, tellStory } from "./story.ts";

const ROUND = ACCIDENTS.length;

/** `use` stands for what accidents do with their numbers, more or less of it each time. */
function firstOf(seed: number, count: number, use: (random: { next(): number }, at: number) => void = () => {}) {
  const told: string[] = [];
  for (const { accident, waitMs, random } of tellStory(seed)) {
    told.push(`${accident.name} after ${waitMs} ms: ${random.fork().next()}`);
    use(random, told.length);
    if (told.length === count) break;
  }
  return told;
}

test("a seed fixes every accident, whatever the accidents before it took of chance", () => {
  const told = firstOf(7, 3 * ROUND);
  const again = firstOf(7, 3 * ROUND, (random, at) => {
    for (let times = at % 5; times > 0; times--) random.next();
  });
  expect(again).toEqual(told);
  expect(firstOf(8, ROUND)).not.toEqual(told.slice(0, ROUND));
});

test("each accident happens before any comes again", () => {
  const names = firstOf(7, 2 * ROUND).map((line) => line.split(" after ")[0]);
  for (const round of [names.slice(0, ROUND), names.slice(ROUND)]) expect(new Set(round).size).toBe(ROUND);
});

test("each line has a sequence of its own", () => {
  const [one, same, other] = [lineRandom(7, 1), lineRandom(7, 1), lineRandom(7, 2)];
  const first = one();
  expect(same()).toBe(first);
  expect(other()).not.toBe(first);
});
