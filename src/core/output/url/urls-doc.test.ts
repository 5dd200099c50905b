import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { FFMPEG_KEYS, SRT_TOOL_KEYS, SRT_URL_KEYS } from "../../srt/url-keys.ts"
import { PACED_SLOTS } from "../../ts/pcr-pacer.ts"
import { parseOutputUrl, protocolOfUrl } from "../output-url.ts"
import { DATAGRAM_URL_KEYS, PACING_DELAY_MS } from "./datagram-url.ts"

const doc = readFileSync(new URL("../../../../docs/urls.md", import.meta.url), "utf8")

/** Rows of the tables under a heading, with trimmed cells. */
const rowsUnder = (heading: string): string[][] => {
  const section = doc.split(/^## /m).find((part) => part.startsWith(heading)) ?? ""
  return section
    .split("\n")
    .filter((line) => /^\| `/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** The URLs of the list of examples. */
const examples = (/```\n([\s\S]*?)```/.exec(doc)?.[1] ?? "").split("\n").flatMap((line) => line.split(" ")[0] || [])

it.each(examples)("docs/urls.md: %s is understood without a warning", (url) => {
  expect(parseOutputUrl(url)).toMatchObject({ ok: true, ignored: [], warnings: [] })
})

it("docs/urls.md has an example and a section of every protocol", () => {
  expect(new Set(examples.map(protocolOfUrl))).toEqual(new Set(["srt", "udp", "rtp", "rtmp", "rtsp", "hls", "file"]))
  for (const heading of ["SRT", "UDP and RTP", "RTMP", "RTSP", "HLS", "File"])
    expect(doc).toMatch(new RegExp(`^## ${heading}$`, "m"))
})

const code = (keys: Iterable<string>): string => [...keys].map((key) => `\`${key}\``).join(" ")

it.each([
  ["SRT", SRT_URL_KEYS],
  ["UDP and RTP", DATAGRAM_URL_KEYS],
] as const)(
  "docs/urls.md has the keys of %s with meaning, unit, default and name in the API, and no others",
  (heading, keys) => {
    const expected = keys.map((row) =>
      row.use === "no-effect"
        ? [code(row.keys), row.description]
        : [code(row.keys), row.description, row.unit, row.default, row.api === null ? "" : `\`${row.api}\``],
    )
    expect(rowsUnder(heading).sort()).toEqual(expected.sort())
  },
)

it("docs/urls.md names the keys that tell the dialect, and the bounds of pacing_delay", () => {
  expect(doc).toContain(`(${code(FFMPEG_KEYS)}), latencies are microseconds`)
  expect(doc).toContain(`(${code(SRT_TOOL_KEYS)}), latencies are milliseconds`)
  expect(doc).toContain(`${PACING_DELAY_MS.min} to ${PACING_DELAY_MS.max}`)
})

it("docs/urls.md says how many datagrams pacing holds, and up to which bit rates delays fit", () => {
  const mbit = (PACED_SLOTS * 1316 * 8) / 1e6
  const down = (value: number, digits: number) => (Math.floor(value * 10 ** digits) / 10 ** digits).toFixed(digits)
  const text = doc.replace(/\s+/g, " ")
  expect(text).toContain(`At most ${PACED_SLOTS} datagrams of 1316 bytes are held`)
  expect(text).toContain(
    `fit into ${down(mbit, 2)} Mbit: 100 ms up to ${down(mbit / 0.1, 0)} Mbit/s, 1000 ms up to ${down(mbit, 1)} Mbit/s`,
  )
})
