import { describe, expect, it } from "vitest"
import { withPlainZone } from "./rtsp-url.ts"

describe("withPlainZone", () => {
  it.each([
    ["rtsp://[fe80::1%25eth0]:8554/live", "rtsp://[fe80::1%eth0]:8554/live"],
    ["rtsps://u:p%25q@[fe80::1%25eth0]/live%25", "rtsps://u:p%25q@[fe80::1%eth0]/live%25"],
    ["rtsp://[fe80::1%eth0]/live", "rtsp://[fe80::1%eth0]/live"],
    ["rtsp://host/live%25", "rtsp://host/live%25"],
    ["rtsp://[::1]/live%25", "rtsp://[::1]/live%25"],
  ])("%s is %s to ffmpeg", (url, plain) => expect(withPlainZone(url)).toBe(plain))
})
