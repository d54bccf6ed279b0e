// The server's own steps for a job, for those who watch how long each takes.

export type StepName = "index" | "audio" | "stitch" | "proof";

/** Runs the piece and answers what it answers; whoever watches sees when it began and ended. */
export type RunStep = <T>(jobId: string, name: StepName, piece: () => Promise<T>) => Promise<T>;

/** Nobody watches. */
export const unwatched: RunStep = (_jobId, _name, piece) => piece();
