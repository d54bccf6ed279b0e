import { describe, expect, test } from "bun:test";
import { compareContainerData } from "./check-container-data.ts";

const round = { side_data_type: "Spherical Mapping", projection: "equirectangular", yaw: 10 };
const display = { side_data_type: "Mastering display metadata", red_x: "33899/50000", max_luminance: "10000000/10000" };
const turned = { side_data_type: "Display Matrix", rotation: -90 };
const none = { sideData: [], timecode: null, frameRate: 25 };

describe("side data", () => {
  const compared = (source: object[], output: object[]) =>
    compareContainerData({ sideData: source as never, timecode: null }, { ...none, sideData: output as never }, "mp4");
  test("kept, by the value of its fields", () => {
    const read = { ...display, red_x: "2119/3125", max_luminance: "1000/1", in_newer_versions: 1 };
    expect(compared([display, round], [round, read])).toMatchObject({ checks: [{ ok: true }], lost: [] });
  });
  test("missing is lost, and said", () => {
    expect(compared([round], [])).toMatchObject({
      checks: [{ ok: true }],
      lost: ['"Spherical Mapping" of the source\'s container is not in the mp4'],
    });
  });
  test("differing fails", () => {
    expect(compared([round], [{ ...round, yaw: 0 }]).checks).toMatchObject([{ ok: false }]);
    expect(compared([round], [{ ...round, projection: "cubemap" }]).checks).toMatchObject([{ ok: false }]);
  });
  test("a rotation is applied, not carried", () => expect(compared([turned], [])).toEqual({ checks: [], lost: [] }));
});

describe("timecode", () => {
  const compared = (wanted: string, found: string | null, frameRate = 25) => {
    const { checks, lost } = compareContainerData(
      { sideData: [], timecode: wanted },
      { ...none, timecode: found, frameRate },
      "mov",
    );
    return { ok: checks[0]?.ok, lost: lost.length };
  };
  test.each([
    ["10:20:30:12", "10:20:30:12", true, 0],
    ["01:00:00;00", "01:00:00.00", true, 0],
    ["10:20:30:12", null, true, 1],
    ["10:20:30:12", "00:00:00:00", false, 1],
  ])("%s in the source, %p in the output", (wanted, found, ok, lost) => {
    expect(compared(wanted, found)).toEqual({ ok, lost });
  });
  test("a rate that does not count so far carries over, and it is said", () => {
    expect(compared("10:20:30:12", "10:20:31:02", 10)).toEqual({ ok: true, lost: 1 });
  });
});
