// Where a job stands among the others that wait for clients: what people ask for, kept with the job.

/** The priority of a job that asks for none. */
export const ORDINARY_PRIORITY = 50;
export const HIGHEST_PRIORITY = 100;

export interface QueuePlace {
  /** 0 to 100. */
  readonly priority: number;
  /** Id of the token that it was submitted with; absent: an admin's. Owners share the cluster equally. */
  readonly owner?: string;
  /**
   * Jobs of one owner go by this number, the smallest first; equal ones by the rule. Absent: 0. `jobs move` makes it
   * smaller or larger than that of all other jobs of the owner, or one between two of them.
   */
  readonly place?: number;
}

/** `to` and `before` exclude each other. */
export interface QueueMove {
  /** Before or behind all other jobs of its owner; absent: as it is. */
  readonly to?: "first" | "last";
  /** Id of another job of its owner, which it goes before; absent: as it is. */
  readonly before?: string;
  readonly priority?: number;
}
