// Long tables of files and options keep one row of each mechanism in `npm test`; `npm run test:long` runs all of them.
// It takes the test files that name this one.

/** Whether all rows are asked for. */
export const IS_LONG = process.env.FFCLUSTER_TEST_LONG === "1";

/** The usual rows, and in the long run those that meet a mechanism that a usual row meets already. */
export function rowsOf<Row>(usual: readonly Row[], more: readonly Row[]): readonly Row[] {
  return IS_LONG ? [...usual, ...more] : usual;
}
