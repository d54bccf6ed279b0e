// Finds the CRF at which an encoder gives a wanted size, between one that gives more and one that gives less, by the
// logarithm of the size, which is nearly a straight line over the CRF.

/** Six steps of CRF halve the size, about: where the first guess begins. */
const LOG_PER_CRF = -Math.LN2 / 6;
const TOLERANCE = 0.002;
const MOST_TRIES = 12;

export interface Sized {
  readonly crf: number;
  readonly bytes: number;
}

/** Where the line through two of them meets the wanted size, but well inside a pair that has it between them. */
function between(low: Sized, high: Sized, error: (sized: Sized) => number): number {
  const share = error(low) / (error(low) - error(high));
  return low.crf + Math.min(0.9, Math.max(0.1, share)) * (high.crf - low.crf);
}

/** `encode` answers the bytes at a CRF. The nearest that was tried: within 0.2 % unless the encoder leaps. */
export async function equalSize(
  wanted: number,
  known: Sized,
  encode: (crf: number) => Promise<number>,
): Promise<Sized> {
  const error = ({ bytes }: Sized) => Math.log(bytes / wanted);
  let larger = error(known) > 0 ? known : null;
  let smaller = error(known) > 0 ? null : known;
  let best = known;
  let last = known;
  for (let tries = 0; tries < MOST_TRIES && Math.abs(error(best)) > TOLERANCE; tries += 1) {
    const next =
      larger === null || smaller === null
        ? last.crf - (1.5 * error(last)) / LOG_PER_CRF
        : between(larger, smaller, error);
    const crf = Number(next.toFixed(3));
    if (crf === larger?.crf || crf === smaller?.crf) break; // it leaps between them
    last = { crf, bytes: await encode(crf) };
    if (error(last) > 0) larger = last;
    else smaller = last;
    if (Math.abs(error(last)) < Math.abs(error(best))) best = last;
  }
  return best;
}
