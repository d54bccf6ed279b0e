// What each system says of running processes: whose child one is, and the processor time it used.

export interface ProcessTable {
  /** Null: this system does not say. */
  childrenOf(pid: number): number[] | null;
  /** Milliseconds of user and system time, on Linux also those that it waited for a processor; 0 for a process that has ended, or is another user's. */
  cpuMsOf(pid: number): number;
}
