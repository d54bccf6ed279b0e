// The moments that leases, links and waiting are measured by.

/** A lease and the silence that ends a link; the protocol's LEASE_MS, which a test holds equal. */
export const LEASE_MS = 15_000;

/** A client that lives says something every two seconds; one that is silent for longer than this may not be heard at all. */
export const SILENT_MS = 5000;

/** What is left of a lease when the client's socket closes without a goodbye: time enough to reconnect and carry on. */
export const RECONNECT_GRACE_MS = 2000;
