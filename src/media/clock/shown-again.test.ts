import { expect, test } from "bun:test";
import { ShownAgainWatch } from "./shown-again.ts";

const FRAME = 3000;
/** In the order of decoding: three pictures between two that they refer to, one of them referred to itself. */
const PYRAMID = [0, 4, 2, 1, 3];

/** Fifty pictures on a clock that goes back by `back` ticks in the middle. */
function pictures(order: readonly number[], back: number) {
  const length = order.length === 1 ? 1 : order.length - 1;
  const steps = order.length === 1 ? [0] : order.slice(1);
  return Array.from({ length: 50 }, (_, at) => {
    const shift = at < 24 ? 0 : -back;
    const shown = Math.floor(at / length) * length + (steps[at % length] ?? 0);
    return { pts: shown * FRAME + shift, dts: (at - 2) * FRAME + shift };
  });
}

function worst(packets: readonly { readonly pts: number; readonly dts: number }[]) {
  const watch = new ShownAgainWatch({ mostBack: 9000, close: 90 });
  for (const { pts, dts } of packets) watch.add(pts, dts);
  return watch.worst();
}

for (const [name, order] of Object.entries({ "pictures in order": [0], "a pyramid": PYRAMID })) {
  test(`${name}: none comes again on one clock`, () => expect(worst(pictures(order, 0))).toBeNull());
  test(`${name}: three come again where the clock goes back by a tenth of a second`, () => {
    expect(worst(pictures(order, 9000))).toEqual({ at: 21 * FRAME, by: 6000, pictures: 3, untold: 0 });
  });
  test(`${name}: two come at times of no other where it goes back by two and a half`, () => {
    expect(worst(pictures(order, 7500))).toMatchObject({ by: 4500, pictures: 2, untold: 2 });
  });
}

test("an odd hundredth of a frame is no time of its own in milliseconds", () => {
  expect(worst(pictures([0], 9030))).toMatchObject({ pictures: 3, untold: 0 });
  expect(worst(pictures([0], 8800))).toMatchObject({ pictures: 2, untold: 2 });
});

test("decoding times alone that go back change nothing of what is shown", () => {
  expect(worst(pictures(PYRAMID, 0).map(({ pts, dts }, at) => ({ pts, dts: at < 24 ? dts : dts - 9000 })))).toBeNull();
});

test("a clock that goes back further is another recording's", () => {
  expect(worst(pictures(PYRAMID, 24_000))).toBeNull();
});

test("a file that ends behind such a place", () => {
  expect(worst(pictures([0], 9000).slice(0, 27))?.pictures).toBe(3);
});
