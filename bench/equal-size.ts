// Finds the CRF at which an encoder gives a wanted size, by the secant method on the logarithm of the size, which is
// nearly a straight line over the CRF.

/** Six steps of CRF halve the size, about: where the first guess begins. */
const LOG_PER_CRF = -Math.LN2 / 6;
const TOLERANCE = 0.002;
const MOST_TRIES = 10;

export interface Sized {
  readonly crf: number;
  readonly bytes: number;
}

/** `encode` answers the bytes at a CRF. The nearest that was tried, within 0.2 % unless the encoder leaps. */
export async function equalSize(
  wanted: number,
  known: Sized,
  encode: (crf: number) => Promise<number>,
): Promise<Sized> {
  const error = ({ bytes }: Sized) => Math.log(bytes / wanted);
  let before: Sized | null = null;
  let last = known;
  let best = known;
  for (let tries = 0; tries < MOST_TRIES && Math.abs(error(best)) > TOLERANCE; tries += 1) {
    const measured = before === null ? LOG_PER_CRF : (error(last) - error(before)) / (last.crf - before.crf);
    const slope = measured < LOG_PER_CRF / 10 ? measured : LOG_PER_CRF;
    const crf = Number((last.crf - error(last) / slope).toFixed(3));
    if (crf === last.crf) break;
    before = last;
    last = { crf, bytes: await encode(crf) };
    if (Math.abs(error(last)) < Math.abs(error(best))) best = last;
  }
  return best;
}
