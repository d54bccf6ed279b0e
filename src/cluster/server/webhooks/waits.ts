// When a delivery that did not get through is tried again.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Before the second try, the third, and so on: three days, in the steps that Standard Webhooks 1.0.0 gives as an example. */
export const WAITS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** So that not everything comes back at the same moment. */
const JITTER = 0.2;

/** `tries`: how many there were; `random`: 0 to 1; `asked`: by the endpoint. Null: there is no further try. */
export function waitBeforeNext(tries: number, random: number, asked: number | null): number | null {
  const wait = WAITS_MS[tries - 1];
  return wait === undefined ? null : Math.max(wait * (1 + JITTER * random), asked ?? 0);
}
