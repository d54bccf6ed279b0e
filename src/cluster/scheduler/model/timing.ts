// The bounds of leases and of silence on links, in milliseconds.

/** The length of a lease, and the silence that ends a link. Equal to the protocol's LEASE_MS (a test compares them). */
export const LEASE_MS = 15_000;

/** A client speaks every two seconds: one that is silent for longer than this has probably lost its link. */
export const SILENT_MS = 5000;

/** What is left of a lease when the client's socket closes without a goodbye: enough time to reconnect. */
export const RECONNECT_GRACE_MS = 2000;
