// The names by which jobs, clients and attempts know each other. They are made outside and come in as input.

export type JobId = string;
export type ClientId = string;
export type AttemptId = string;
