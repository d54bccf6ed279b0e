// Ids of jobs, clients and attempts. The shell makes them; they come in as input.

export type JobId = string;
export type ClientId = string;
export type AttemptId = string;
