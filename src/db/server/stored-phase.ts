// The parts of a segment that the database keeps in another form than the scheduler: lead-ins and phases. The forms are
// those that earlier versions wrote, so databases work across versions in both directions.
import { z } from "zod";
import type { Attempt, SegmentPhase } from "../../cluster/scheduler/model/segment.ts";
import type { LeadIn } from "../../media/model/segment.ts";

/** "From the beginning" in the column `lead_in`, which is an integer. */
const BEGINNING = 1_000_000_000;

const leadInSchema = z.union([z.literal([0, 1, 3]), z.literal(BEGINNING).transform((): LeadIn => "beginning")]);

/** Throws for a number that no version writes. */
export function leadInFromDatabase(stored: number): LeadIn {
  return leadInSchema.parse(stored);
}

export function leadInToDatabase(leadIn: LeadIn): number {
  return leadIn === "beginning" ? BEGINNING : leadIn;
}

type StoredAttempt = Omit<Attempt, "leadIn"> & { readonly leadIn: number };
type Pending = Extract<SegmentPhase, { kind: "pending" }>;
type Verifying = Extract<SegmentPhase, { kind: "verifying" }>;

/** A phase as JSON; all other phases are stored as they are. */
type StoredPhase =
  | (Omit<Pending, "lost"> & { readonly lost?: StoredAttempt })
  | (Omit<Verifying, "speculative"> & { readonly rivals?: Verifying["speculative"] })
  | Exclude<SegmentPhase, Pending | Verifying>;

function storedForm(phase: SegmentPhase): StoredPhase {
  switch (phase.kind) {
    case "pending": {
      // A waiting time is monotonic and means nothing after a restart: such a segment is ready at once.
      const { lost } = phase;
      const pending = { kind: phase.kind, notBefore: 0 };
      return lost === undefined ? pending : { ...pending, lost: { ...lost, leadIn: leadInToDatabase(lost.leadIn) } };
    }
    case "verifying": {
      const { speculative, ...verifying } = phase;
      return speculative === undefined ? verifying : { ...verifying, rivals: speculative };
    }
    default:
      return phase;
  }
}

export function phaseToJson(phase: SegmentPhase): string {
  return JSON.stringify(storedForm(phase));
}

export function phaseFromJson(json: string): SegmentPhase {
  const phase = JSON.parse(json) as StoredPhase;
  switch (phase.kind) {
    case "pending": {
      const { lost, ...pending } = phase;
      return lost === undefined ? pending : { ...pending, lost: { ...lost, leadIn: leadInFromDatabase(lost.leadIn) } };
    }
    case "verifying": {
      const { rivals, ...verifying } = phase;
      return rivals === undefined ? verifying : { ...verifying, speculative: rivals };
    }
    default:
      return phase;
  }
}
