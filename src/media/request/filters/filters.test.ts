import { expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../../base/errors.ts";
import { ALLOWED_FILTERS } from "./filter-list.ts";
import { parseFilters } from "./parse-filters.ts";
import { renderFilters } from "./render-filters.ts";

test("ffmpeg's two levels of quoting", () => {
  const text = (source: string): string | undefined => parseFilters("-vf", source, "video")[0]?.options[0]?.[1];
  expect(text("drawtext=text=a b ")).toBe("a b");
  expect(text("drawtext=text='a, b; [c]'")).toBe("a, b; [c]");
  expect(text(String.raw`drawtext=text=a\\:b\\\'c`)).toBe("a:b'c");
});

const chain = fc.array(
  fc.oneof(
    fc.record({
      name: fc.constant("drawtext"),
      options: fc.tuple(
        fc.tuple(
          fc.constant("text"),
          fc.string({ maxLength: 40, unit: "binary" }).filter((text) => !/\p{Cc}|%\{/u.test(text)),
        ),
      ),
    }),
    fc.record({
      name: fc.constant("scale"),
      options: fc.tuple(
        fc.tuple(fc.constant("w"), fc.constantFrom("iw/2", "trunc(iw*t, 2);3", "min(1\\,2)".replace("\\", ""), "-2")),
      ),
    }),
    fc.record({ name: fc.constantFrom("hflip", "null"), options: fc.constant([]) }),
  ),
  { minLength: 1, maxLength: 5 },
);

test("what is written out is read back equal, whatever the text holds", () => {
  fc.assert(
    fc.property(chain, (calls) => {
      expect(parseFilters("-vf", renderFilters(calls), "video")).toEqual(calls);
    }),
    { numRuns: 500 },
  );
});

test("no text is taken as more than the filters it names, or thrown as anything but a refusal", () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        "'",
        "\\",
        ";",
        "[",
        "]",
        ",",
        ":",
        "=",
        "movie=/x",
        "/textfile=/x",
        "drawtext",
        "text",
        "%{",
        "}",
        " ",
        "hflip",
        "scale",
        "a",
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(hostile, (source) => {
      try {
        const calls = parseFilters("-vf", source, "video");
        for (const call of calls) {
          const spec = ALLOWED_FILTERS.get(call.name);
          for (const [key] of call.options) {
            expect(
              key === "enable" || spec?.options.some((each) => each.name === key && each.value !== "refused"),
            ).toBe(true);
          }
        }
        expect(parseFilters("-vf", renderFilters(calls), "video")).toEqual(calls);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        expect(error.code).toBe("E_ENCODE_REQUEST");
      }
    }),
    { numRuns: 2000 },
  );
});
