// Bun 1.4.5 takes tus-js-client's part for Node also where it bundles for browsers: the other part is named by its path, which
// has no types of its own.
declare module "tus-js-client/lib.esm/browser/index.js" {
  export { DetailedError, Upload } from "tus-js-client";
}
