// How one call of the API is described: what it takes and what it answers, as schemas. Knows no call.
import { z } from "zod";

export interface Answer {
  readonly description: string;
  /** Absent: no body. */
  readonly json?: z.ZodType;
  /** Another type of body than JSON: bytes, events. */
  readonly type?: string;
  readonly headers?: z.ZodObject;
}

export interface Operation {
  readonly tag: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Of a body that is not JSON. */
  readonly bytes?: string;
  /** What is no failure, by status. Every failure is a problem. */
  readonly answers: Readonly<Record<number, Answer>>;
}

export function ok(json: z.ZodType, description = "Done."): Readonly<Record<number, Answer>> {
  return { 200: { description, json } };
}

export function created(json: z.ZodType, description: string): Readonly<Record<number, Answer>> {
  const headers = z.object({ location: z.string().optional().meta({ description: "Its path." }) });
  return { 201: { description, json, headers } };
}

/** An array, and where it goes on. */
export function page(item: z.ZodType, description: string): Readonly<Record<number, Answer>> {
  const link = z
    .string()
    .optional()
    .meta({ description: 'The next page, `<PATH>; rel="next"`; absent: there is none.' });
  return { 200: { description, json: z.array(item), headers: z.object({ link }) } };
}

export function bytes(description: string, more: Readonly<Record<number, Answer>> = {}) {
  return { 200: { description, type: "application/octet-stream" }, ...more };
}
