import { describe, expect, test } from "bun:test";
import { confinementFor, deviceGrants } from "./tool-access.ts";

const ENV = { HOME: "/home/me" };
const NAMES = ["null", "sda", "dri", "nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-caps", "mem", "video11"];
const SANDBOX = { mode: "require", programs: ["/opt/ffmpeg"] } as const;
const ACCESS = { reads: ["/films/a.mkv"], writes: ["/work/segment.nut"], urls: ["http://127.0.0.1:4711/token"] };

describe("an encoder on a device", () => {
  test("gets the devices of all vendors, their drivers' settings and caches, and no other device", () => {
    const { reads, devices } = deviceGrants([...NAMES, "mali0", "mpp_service", "rga"], ENV);
    for (const path of ["/dev/dri", "/dev/kfd", "/dev/dxg", "/dev/shm", "/dev/dma_heap"])
      expect(devices).toContain(path);
    for (const name of ["nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-caps", "video11", "mali0", "rga"])
      expect(devices).toContain(`/dev/${name}`);
    expect(devices).toContain("/home/me/.nv");
    expect(devices).toContain("/home/me/.cache/mesa_shader_cache");
    for (const path of ["/dev/sda", "/dev/mem", "/dev", "/home/me", "/home/me/.cache"])
      expect(devices).not.toContain(path);
    expect(reads).toEqual(expect.arrayContaining(["/sys", "/etc/vulkan", "/etc/OpenCL", "/etc/nvidia"]));
  });

  test("has no bound of memory, because drivers map their own; one on the processor has, and no device", async () => {
    const onDevice = await confinementFor(SANDBOX, { ...ACCESS, usesDevice: true }, ENV);
    const onProcessor = await confinementFor(SANDBOX, ACCESS, ENV);
    expect(onDevice?.memoryBytes).toBeNull();
    expect(onDevice?.devices).toEqual(expect.arrayContaining(["/dev/null", "/dev/dri", "/dev/kfd"]));
    expect(onDevice?.reads).toContain("/sys");
    expect(onProcessor?.memoryBytes).toBeGreaterThanOrEqual(8 * 1024 ** 3);
    expect(onProcessor?.devices).toEqual(["/dev/null"]);
    expect(onProcessor?.reads).not.toContain("/sys");
    for (const each of [onDevice, onProcessor])
      expect(each).toMatchObject({ writes: ACCESS.writes, ports: [4711], isRequired: true });
  });
});
